-- What stands beside a record: what two became one of, notes, who is mentioned in them, and files.
--
-- Why so: a merge is undone from `changes`, so its row says only which two, when and by whom; the changes carry its id as their cause. Notes and
-- files name their record by entity and id, as `changes` does, because entities are data; the engine asks for the record before it touches
-- either. The content of a file is not here: it lies in the file store under a key that begins with the workspace.

create table merges (
    tenant_id uuid not null constraint merges_tenant references tenants (id),
    id uuid not null,
    entity text not null,
    kept_id uuid not null,
    merged_id uuid not null,
    merged_at timestamptz not null,
    merged_by uuid not null,
    undone_at timestamptz,
    undone_by uuid,
    primary key (tenant_id, id),
    constraint merges_member foreign key (tenant_id, merged_by) references members (tenant_id, id),
    constraint merges_undoer foreign key (tenant_id, undone_by) references members (tenant_id, id),
    constraint merges_two check (kept_id <> merged_id),
    constraint merges_undone_whole check ((undone_at is null) = (undone_by is null))
);
create index merges_by_kept on merges (tenant_id, kept_id);
create index merges_by_merged on merges (tenant_id, merged_id);
call secure_tenant_table('merges', 'insert');
grant update (undone_at, undone_by) on merges to nexus_app;

create table notes (
    tenant_id uuid not null constraint notes_tenant references tenants (id),
    id uuid not null,
    entity text not null,
    record_id uuid not null,
    author_id uuid not null,
    -- Markdown as it was typed; it becomes HTML when it is read.
    body text not null constraint notes_body_length check (char_length(body) between 1 and 20000),
    version bigint not null default 1,
    pinned_at timestamptz,
    created_at timestamptz not null,
    edited_at timestamptz,
    deleted_at timestamptz,
    primary key (tenant_id, id),
    constraint notes_author foreign key (tenant_id, author_id) references members (tenant_id, id)
);
create index notes_by_record on notes (tenant_id, record_id, created_at);
call secure_tenant_table('notes', 'insert');
grant update (record_id, body, version, pinned_at, edited_at, deleted_at) on notes to nexus_app;

-- Who is mentioned in a note: what notifications are made from.
create table mentions (
    tenant_id uuid not null constraint mentions_tenant references tenants (id),
    note_id uuid not null,
    member_id uuid not null,
    mentioned_at timestamptz not null,
    primary key (tenant_id, note_id, member_id),
    constraint mentions_note foreign key (tenant_id, note_id) references notes (tenant_id, id),
    constraint mentions_member foreign key (tenant_id, member_id) references members (tenant_id, id)
);
create index mentions_by_member on mentions (tenant_id, member_id, mentioned_at);
call secure_tenant_table('mentions', 'insert, delete');

create table files (
    tenant_id uuid not null constraint files_tenant references tenants (id),
    id uuid not null,
    entity text not null,
    record_id uuid not null,
    -- As whoever uploaded it called it: shown, and never part of a path.
    name text not null constraint files_name_length check (char_length(name) between 1 and 200),
    -- By what is in it, not by what it was called.
    media_type text not null,
    bytes bigint not null constraint files_bytes check (bytes > 0),
    sha256 bytea not null constraint files_sha256_length check (octet_length(sha256) = 32),
    -- `ready` may be fetched; `held` waits for the scanner; `refused` did not pass it.
    state text not null constraint files_state_known check (state in ('ready', 'held', 'refused')),
    uploaded_by uuid not null,
    uploaded_at timestamptz not null,
    deleted_at timestamptz,
    primary key (tenant_id, id),
    constraint files_member foreign key (tenant_id, uploaded_by) references members (tenant_id, id)
);
create index files_by_record on files (tenant_id, record_id, uploaded_at);
call secure_tenant_table('files', 'insert');
grant update (record_id, state, deleted_at) on files to nexus_app;
