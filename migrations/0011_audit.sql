-- The audit trail shows from where, by which browser and with what outcome, and can be proven whole.
--
-- Why so: `changes` is sealed behind the writing transactions, in the order of their commits, so that no writer waits for a chain. Each seal
-- lists its changes and hashes them onto the one before; the head of each workspace is also kept outside the database (anchors). Nothing here
-- rewrites rows that are there: they take part with what they have.

alter table changes
    -- Of the client; personal, so covered by the salted digest alone and erased with it.
    add column address text,
    add column agent text,
    -- Handle of the session; sessions end and are cleared away, so nothing holds it to one.
    add column session_id uuid,
    add column outcome text not null default 'done' constraint changes_outcome_known check (outcome in ('done', 'refused')),
    -- A constant for what was there before, so that the table is not rewritten: it is sealed first.
    add column xid xid8 not null default '0';
alter table changes alter column xid set default pg_current_xact_id();
create index changes_in_commit_order on changes (xid, id);

create table change_seals (
    tenant_id uuid not null constraint change_seals_tenant references tenants (id),
    seq bigint not null,
    sealed_at timestamptz not null,
    -- In the order in which they are hashed.
    changes uuid[] not null,
    head bytea not null,
    primary key (tenant_id, seq)
);
create table change_heads (
    tenant_id uuid primary key constraint change_heads_tenant references tenants (id),
    seq bigint not null,
    head bytea not null,
    -- All that were ever sealed.
    changes bigint not null
);
-- What was moved into files: the chain goes on from here. The code keeps a forged one from passing for an archive.
create table change_archives (
    tenant_id uuid not null constraint change_archives_tenant references tenants (id),
    seq bigint not null,
    head bytea not null,
    changes bigint not null,
    file_hash bytea not null,
    archived_at timestamptz not null,
    code_key text not null,
    code bytea not null,
    primary key (tenant_id, seq)
);
call secure_tenant_table('change_seals', '');
call secure_tenant_table('change_heads', '');
call secure_tenant_table('change_archives', '');
create policy sealing on change_seals for insert to nexus_platform with check (true);
create policy sealing on change_heads for insert to nexus_platform with check (true);
create policy moving on change_heads for update to nexus_platform using (true) with check (true);
grant insert on change_seals to nexus_platform;
grant insert, update on change_heads to nexus_platform;

-- Signing in and out, before it is told to the workspaces of the person. One row for every try, whether or not anybody has that name, so that
-- the time it takes tells nothing.
create table sign_ins (
    id uuid primary key,
    user_id uuid constraint sign_ins_user references users (id),
    action text not null constraint sign_ins_action_known check (action in ('sign_in', 'sign_out')),
    outcome text not null constraint sign_ins_outcome_known check (outcome in ('done', 'refused')),
    address text,
    agent text,
    session_id uuid,
    at timestamptz not null,
    told_at timestamptz
);
create index sign_ins_untold on sign_ins (id) where told_at is null;
create index sign_ins_by_age on sign_ins (at);
grant select, insert, update, delete on sign_ins to nexus_platform;
