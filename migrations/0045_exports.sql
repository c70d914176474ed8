-- Exports of many rows: written by a job, part by part, and fetched as one file.
--
-- Why so: a file of a million rows that one request streams starts anew when the line breaks, and nobody sees how far it is. Parts are objects in
-- the file store; which of them count, and behind which row the next one begins, stands in one row that changes with each part in one transaction. So a worker
-- that takes over after another died goes on behind the last part that was committed, and a part that none counts stands in `erasures`.

create table exports (
    tenant_id uuid not null constraint exports_tenant references tenants (id),
    id uuid not null,
    entity text not null,
    format text not null constraint exports_format_known check (format in ('csv', 'json')),
    -- What its pages are asked for.
    query jsonb not null,
    -- How far its rows reach, from the first to the last.
    reach text not null constraint exports_reach_known check (reach in ('own', 'team', 'location', 'all')),
    status text not null constraint exports_status_known check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
    -- Written so far, and how many there may be in all.
    rows bigint not null default 0,
    total bigint,
    -- Behind which row the next part begins.
    cursor text,
    -- Objects in the file store: one after the other they are the file.
    parts uuid[] not null default '{}',
    file_name text not null,
    error text,
    created_by uuid not null,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    expires_at timestamptz not null,
    primary key (tenant_id, id),
    constraint exports_member foreign key (tenant_id, created_by) references members (tenant_id, id)
);
create index exports_by_member on exports (tenant_id, created_by, id);
create index exports_expired on exports (expires_at);
call secure_tenant_table('exports', 'insert, update');
-- The platform role clears away what has run out, and writes into `erasures` which parts go.
create policy clearing on exports for delete to nexus_platform using (true);
grant delete on exports to nexus_platform;
