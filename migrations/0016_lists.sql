-- What people make of lists: views that they save, and changes of many rows at once.
--
-- Why so: a view is what an address of a list says, under a name; it grants nothing, since the list that it opens asks for every permission
-- again. A change of many rows writes its rows down before the first is touched, so that a worker which takes over goes on behind the last
-- one, each refusal stands beside its row, and the whole can be taken back without guessing what was changed.

create table saved_views (
    tenant_id uuid not null constraint saved_views_tenant references tenants (id),
    id uuid not null,
    entity text not null,
    owner_id uuid not null,
    -- Everybody's; else the owner's alone.
    team boolean not null default false,
    label text not null constraint saved_views_label_length check (char_length(label) between 1 and 80),
    -- Kind, filter, sort, columns and grouping, in the words of an address.
    content jsonb not null,
    pinned boolean not null default false,
    -- What the list opens with: the owner's own comes before the team's.
    standard boolean not null default false,
    position integer not null default 0,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    updated_by uuid not null,
    primary key (tenant_id, id),
    constraint saved_views_owner foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint saved_views_changer foreign key (tenant_id, updated_by) references members (tenant_id, id)
);
create index saved_views_by_entity on saved_views (tenant_id, entity);
create index saved_views_by_owner on saved_views (tenant_id, owner_id);
create index saved_views_by_changer on saved_views (tenant_id, updated_by);
create unique index saved_views_standard_team on saved_views (tenant_id, entity) where team and standard;
create unique index saved_views_standard_own on saved_views (tenant_id, entity, owner_id) where standard and not team;
call secure_tenant_table('saved_views', 'insert, update, delete');

create table bulk_changes (
    tenant_id uuid not null constraint bulk_changes_tenant references tenants (id),
    id uuid not null,
    entity text not null,
    -- set, move, delete or restore, with what it sets or where it moves to.
    change jsonb not null,
    status text not null constraint bulk_changes_status_known check (status in ('queued', 'running', 'done', 'failed', 'undone')),
    rows bigint not null default 0,
    changed bigint not null default 0,
    unchanged bigint not null default 0,
    refused bigint not null default 0,
    kept bigint not null default 0,
    error text,
    created_by uuid not null,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    primary key (tenant_id, id),
    constraint bulk_changes_member foreign key (tenant_id, created_by) references members (tenant_id, id)
);
create index bulk_changes_by_member on bulk_changes (tenant_id, created_by, id);
call secure_tenant_table('bulk_changes', 'insert, update');

create table bulk_rows (
    tenant_id uuid not null constraint bulk_rows_tenant references tenants (id),
    bulk_id uuid not null,
    position bigint not null,
    record_id uuid not null,
    -- Nothing yet while the row waits.
    outcome text constraint bulk_rows_outcome_known check (outcome in ('changed', 'unchanged', 'refused', 'kept')),
    -- Version that the change left; another one means that somebody has worked on the row since.
    version bigint,
    before jsonb,
    reason text,
    primary key (tenant_id, bulk_id, position),
    constraint bulk_rows_bulk foreign key (tenant_id, bulk_id) references bulk_changes (tenant_id, id)
);
create index bulk_rows_waiting on bulk_rows (tenant_id, bulk_id, position) where outcome is null;
call secure_tenant_table('bulk_rows', 'insert, update');
