-- Messages to people outside a workspace, what goes with them, and every try to deliver them.
--
-- Why so: a message is written in the transaction of what it follows from, with its text made, so that what was sent is what is kept. Its
-- key is unique in the workspace, so that a step that runs again sends nothing again. Delivering is a job (kind `messaging.deliver`), queued in the
-- same transaction. Each try is a row that is written before the mail server is asked and completed after it answered: a try without an
-- answer is one that a worker did not survive.

create table messages (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    subject text not null,
    subject_norm text collate "C" not null default '',
    recipient text not null,
    recipient_norm text collate "C" not null default '',
    reply_to text,
    sent_at timestamptz,
    attempts bigint,
    error text,
    channel text not null,
    direction text not null,
    template text not null,
    template_norm text collate "C" not null default '',
    language text not null,
    record_entity text,
    record_id text,
    record_id_norm text collate "C" not null default '',
    repeats_id uuid,
    key text not null,
    body_text text not null,
    body_html text not null,
    owner_id uuid,
    location_id uuid,
    version bigint not null default 1,
    custom jsonb not null default '{}',
    created_by uuid not null,
    created_at timestamptz not null default now(),
    updated_by uuid,
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    primary key (tenant_id, id),
    constraint messages_tenant foreign key (tenant_id) references tenants (id),
    constraint messages_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint messages_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint messages_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint messages_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint messages_repeats_id_fkey foreign key (tenant_id, repeats_id) references messages (tenant_id, id),
    constraint messages_status_known check (status in ('queued', 'sending', 'sent', 'failed', 'sandboxed', 'cancelled')),
    constraint messages_channel_known check (channel in ('email')),
    constraint messages_direction_known check (direction in ('outbound', 'inbound')),
    constraint messages_language_known check (language in ('en', 'sw')),
    constraint messages_attempts_range check (attempts >= 0),
    -- The last line against a header smuggled into an address or a subject.
    constraint messages_one_line check (subject !~ '[\r\n]' and recipient !~ '[\r\n]' and reply_to !~ '[\r\n]')
);
create unique index messages_number_key on messages (tenant_id, number);
-- Over the rows in the trash too: a message that was thrown away was sent all the same.
create unique index messages_key_key on messages (tenant_id, key);
create index messages_subject_norm_order on messages (tenant_id, subject_norm, id) where deleted_at is null;
create index messages_recipient_norm_order on messages (tenant_id, recipient_norm, id) where deleted_at is null;
create index messages_sent_at_order on messages (tenant_id, sent_at, id) where deleted_at is null;
create index messages_template_norm_order on messages (tenant_id, template_norm, id) where deleted_at is null;
create index messages_record_id_norm_order on messages (tenant_id, record_id_norm, id) where deleted_at is null;
create index messages_repeats_id_order on messages (tenant_id, repeats_id, id) where deleted_at is null;
create index messages_number_order on messages (tenant_id, number, id) where deleted_at is null;
create index messages_status_order on messages (tenant_id, status, id) where deleted_at is null;
create index messages_owner_id_order on messages (tenant_id, owner_id, id) where deleted_at is null;
create index messages_created_at_order on messages (tenant_id, created_at, id) where deleted_at is null;
create index messages_updated_at_order on messages (tenant_id, updated_at, id) where deleted_at is null;
create index messages_trash on messages (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('messages', 'insert, update');

-- Documents that are rendered when the message is delivered: which, and from which record.
create table message_attachments (
    tenant_id uuid not null,
    message_id uuid not null,
    position smallint not null constraint message_attachments_position_range check (position >= 0),
    document text not null,
    source_id uuid not null,
    primary key (tenant_id, message_id, position),
    constraint message_attachments_message foreign key (tenant_id, message_id) references messages (tenant_id, id)
);
call secure_tenant_table('message_attachments', 'insert');

create table delivery_attempts (
    tenant_id uuid not null,
    message_id uuid not null,
    attempt bigint not null constraint delivery_attempts_attempt_range check (attempt >= 1),
    at timestamptz not null,
    outcome text not null constraint delivery_attempts_outcome_known
        check (outcome in ('started', 'lost', 'sent', 'sandboxed', 'waiting', 'failed')),
    response text,
    duration_ms bigint constraint delivery_attempts_duration_range check (duration_ms >= 0),
    primary key (tenant_id, message_id, attempt),
    constraint delivery_attempts_message foreign key (tenant_id, message_id) references messages (tenant_id, id)
);
call secure_tenant_table('delivery_attempts', 'insert, update');

-- What the roles of new workspaces may do with messages, for those that are there already.
update roles set grants = '{"messaging.message.create": "all", "messaging.message.update": "own"}'::jsonb || grants where key = 'USER';
update roles set grants = '{"messaging.message.read": "own", "messaging.message.create": "all", "messaging.message.update": "own"}'::jsonb || grants
    where key = 'SALES_REP';
update roles set grants = '{"messaging.message.read": "team", "messaging.message.create": "all", "messaging.message.update": "team"}'::jsonb || grants
    where key = 'SALES_MANAGER';
