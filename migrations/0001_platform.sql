-- The platform's own tables: workspaces, people, sessions, roles, changes, events, jobs, search, imports.
--
-- Why so: every table with a tenant_id leads its primary key and its foreign keys with it and forces row security, so that the database
-- itself keeps workspaces apart. The server connects as nexus_app, which owns nothing. Roles are made by scripts/roles.sql.
-- The setting reads nullif(current_setting(...), '') because set_config(..., true) leaves an empty string behind after the transaction.

create function tenant_of_setting() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('app.tenant_id', true), '')::uuid $$;

-- Row security and grants of one tenant table. `rights` is what the tenant role may do beside select, such as 'insert, update'.
create procedure secure_tenant_table(name regclass, rights text) language plpgsql as $$
declare
    -- Written out instead of calling the function: the planner folds it into an index condition.
    mine constant text := 'tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::uuid';
begin
    execute format('alter table %s enable row level security', name);
    execute format('alter table %s force row level security', name);
    execute format('create policy tenant on %s to nexus_app using (%s) with check (%s)', name, mine, mine);
    execute format('create policy assistant on %s for select to nexus_ai using (%s)', name, mine);
    execute format('create policy platform on %s for select to nexus_platform using (true)', name);
    execute format('create policy owner on %s to nexus_owner using (true) with check (true)', name);
    execute format('revoke all on %s from public', name);
    execute format('grant select on %s to nexus_app, nexus_ai, nexus_platform', name);
    if rights <> '' then
        execute format('grant %s on %s to nexus_app', rights, name);
    end if;
end
$$;

grant usage on schema public to nexus_app, nexus_platform, nexus_ai;

-- Workspaces -------------------------------------------------------------------------------------------------------------------------

create table tenants (
    id uuid primary key,
    slug text not null constraint tenants_slug_shape check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text not null,
    industry text not null,
    plan text not null default 'TRIAL',
    status text not null default 'ACTIVE' constraint tenants_status_known check (status in ('TRIAL', 'ACTIVE', 'SUSPENDED', 'CLOSED')),
    currency text not null default 'USD',
    timezone text not null default 'UTC',
    locale text not null default 'en',
    trial_ends_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint tenants_slug_key unique (slug)
);
alter table tenants enable row level security;
alter table tenants force row level security;
create policy tenant on tenants for select to nexus_app using (id = nullif(current_setting('app.tenant_id', true), '')::uuid);
create policy assistant on tenants for select to nexus_ai using (id = nullif(current_setting('app.tenant_id', true), '')::uuid);
create policy platform on tenants to nexus_platform using (true) with check (true);
create policy owner on tenants to nexus_owner using (true) with check (true);
grant select on tenants to nexus_app, nexus_ai;
grant select, insert, update on tenants to nexus_platform;

-- People: global, reached by the platform role only ------------------------------------------------------------------------------------

create table users (
    id uuid primary key,
    name text not null,
    email text,
    email_norm text,
    phone text,
    status text not null default 'ACTIVE' constraint users_status_known check (status in ('ACTIVE', 'DISABLED')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint users_email_key unique (email_norm),
    constraint users_phone_key unique (phone),
    constraint users_reachable check (email_norm is not null or phone is not null)
);
create table user_credentials (
    user_id uuid primary key constraint user_credentials_user references users (id),
    password_hash text not null,
    changed_at timestamptz not null default now()
);
-- The cookie's value is never stored: `key` is its SHA-256. `id` is the handle that a session list shows.
create table sessions (
    key bytea primary key,
    id uuid not null constraint sessions_id_key unique,
    user_id uuid not null constraint sessions_user references users (id),
    data jsonb not null default '{}',
    address text,
    agent text,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    idle_until timestamptz not null,
    expires_at timestamptz not null
);
create index sessions_by_user on sessions (user_id);
-- `idle_until` never passes `expires_at`, so it alone says when a session is over.
create index sessions_by_end on sessions (idle_until);

-- The platform's own staff: another realm, other tables.
create table staff (
    id uuid primary key,
    name text not null,
    email text not null,
    email_norm text not null constraint staff_email_key unique,
    role text not null constraint staff_role_known
        check (role in ('SUPER_ADMIN', 'ADMIN', 'DEVELOPER', 'SUPPORT', 'MARKETING', 'FINANCE', 'SALES')),
    status text not null default 'ACTIVE' constraint staff_status_known check (status in ('ACTIVE', 'DISABLED')),
    department text,
    last_sign_in_at timestamptz,
    created_at timestamptz not null default now()
);
create table staff_credentials (
    staff_id uuid primary key constraint staff_credentials_staff references staff (id),
    password_hash text not null,
    changed_at timestamptz not null default now()
);
create table staff_sessions (
    key bytea primary key,
    id uuid not null constraint staff_sessions_id_key unique,
    staff_id uuid not null constraint staff_sessions_staff references staff (id),
    data jsonb not null default '{}',
    address text,
    agent text,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    idle_until timestamptz not null,
    expires_at timestamptz not null
);
create index staff_sessions_by_staff on staff_sessions (staff_id);
create index staff_sessions_by_end on staff_sessions (idle_until);

-- Tries to sign in, by account and by address, for the throttle. `subject` is a hash, and names that nobody has are counted like others, so
-- the table tells nobody who has an account. An account's `since` begins its day of tries; an address' `blocked_until` is when its
-- allowance will be whole again.
create table sign_in_attempts (
    subject bytea primary key,
    failures integer not null,
    -- Failures since the last success.
    streak integer not null default 0,
    since timestamptz not null,
    last_at timestamptz not null,
    blocked_until timestamptz not null
);
create index sign_in_attempts_by_age on sign_in_attempts (last_at);
-- Browsers that a person has signed in from before, by the SHA-256 of a cookie: while somebody else tries passwords on the account, its
-- owner still gets in from there.
create table known_devices (
    key bytea primary key,
    user_id uuid not null constraint known_devices_user references users (id),
    created_at timestamptz not null,
    last_used_at timestamptz not null
);
create index known_devices_by_user on known_devices (user_id);
create index known_devices_by_age on known_devices (last_used_at);
-- Requests per key and window, shared by all server processes. Unlogged: losing it after a crash costs nothing.
create unlogged table rate_counters (
    key text not null,
    -- Number of the window since 1970.
    slot bigint not null,
    hits bigint not null,
    expires_at timestamptz not null,
    primary key (key, slot)
);
create index rate_counters_by_expiry on rate_counters (expires_at);
grant select, insert, update, delete on users, user_credentials, sessions, staff, staff_credentials, staff_sessions, sign_in_attempts,
    known_devices, rate_counters to nexus_platform;

-- Members and roles --------------------------------------------------------------------------------------------------------------------

create table locations (
    tenant_id uuid not null constraint locations_tenant references tenants (id),
    id uuid not null,
    name text not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id)
);
create table roles (
    tenant_id uuid not null constraint roles_tenant references tenants (id),
    key text not null,
    label text not null,
    rank smallint,
    grants jsonb not null,
    primary key (tenant_id, key)
);
create table members (
    tenant_id uuid not null constraint members_tenant references tenants (id),
    id uuid not null,
    -- Null for automation, which is a member too.
    user_id uuid constraint members_user references users (id),
    kind text not null default 'person' constraint members_kind_known check (kind in ('person', 'automation')),
    name text not null,
    email text,
    email_norm text,
    roles text[] not null default '{}',
    manager_id uuid,
    location_id uuid,
    status text not null default 'ACTIVE' constraint members_status_known check (status in ('ACTIVE', 'SUSPENDED')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint members_user_key unique (tenant_id, user_id),
    constraint members_email_key unique (tenant_id, email_norm),
    constraint members_manager foreign key (tenant_id, manager_id) references members (tenant_id, id),
    constraint members_location foreign key (tenant_id, location_id) references locations (tenant_id, id)
);
create index members_by_user on members (user_id);
call secure_tenant_table('locations', 'insert, update');
call secure_tenant_table('roles', 'insert, update, delete');
call secure_tenant_table('members', 'insert, update');

-- Changes: one row per change, written once, never updated by the tenant role ------------------------------------------------------------

create table changes (
    tenant_id uuid not null constraint changes_tenant references tenants (id),
    id uuid not null,
    at timestamptz not null default now(),
    operation text not null,
    entity text not null,
    record_id uuid,
    actor_id uuid,
    cause_kind text not null,
    cause_id uuid,
    request_id uuid,
    before jsonb,
    after jsonb,
    salt bytea,
    digest bytea not null,
    primary key (tenant_id, id),
    constraint changes_actor foreign key (tenant_id, actor_id) references members (tenant_id, id)
) partition by range (id);
create index changes_by_record on changes (tenant_id, record_id, id);
create index changes_by_cause on changes (tenant_id, cause_id, id) where cause_id is not null;

-- `xid` orders events by commit: a consumer reads up to the oldest transaction still running and so never skips one.
create table events (
    tenant_id uuid not null constraint events_tenant references tenants (id),
    id uuid not null,
    at timestamptz not null default now(),
    type text not null,
    entity text,
    record_id uuid,
    change_id uuid,
    actor_id uuid,
    source text not null,
    payload jsonb,
    correlation_id uuid not null,
    causation_id uuid,
    depth smallint not null default 0,
    xid xid8 not null default pg_current_xact_id(),
    primary key (tenant_id, id),
    constraint events_actor foreign key (tenant_id, actor_id) references members (tenant_id, id)
) partition by range (id);
create index events_in_commit_order on events (xid, id);
create index events_by_record on events (tenant_id, record_id, id);
call secure_tenant_table('changes', 'insert');
call secure_tenant_table('events', 'insert');

-- Monthly partitions by the time that a version 7 UUID begins with. Run at every start by the owner; the default partition catches what no
-- month covers, so that a server which runs for years without a restart loses nothing.
create procedure ensure_partitions(months integer) language plpgsql as $$
declare
    parent text;
    month timestamptz;
    name text;
begin
    foreach parent in array array['changes', 'events'] loop
        for step in -1..months loop
            month := date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' + make_interval(months => step);
            name := format('%s_%s', parent, to_char(month at time zone 'UTC', 'YYYYMM'));
            if to_regclass(name) is null then
                execute format('create table %I partition of %I for values from (%L) to (%L)', name, parent,
                    uuid_floor(month), uuid_floor(month + interval '1 month'));
                execute format('alter table %I enable row level security', name);
                execute format('alter table %I force row level security', name);
                execute format('create policy owner on %I to nexus_owner using (true) with check (true)', name);
            end if;
        end loop;
    end loop;
end
$$;
-- The least version 7 UUID of a moment.
create function uuid_floor(moment timestamptz) returns uuid language sql immutable parallel safe
    as $$ select (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid $$;
create table changes_default partition of changes default;
create table events_default partition of events default;
alter table changes_default enable row level security;
alter table changes_default force row level security;
create policy owner on changes_default to nexus_owner using (true) with check (true);
alter table events_default enable row level security;
alter table events_default force row level security;
create policy owner on events_default to nexus_owner using (true) with check (true);
call ensure_partitions(12);

-- Where each reader of events stands.
create table event_consumers (
    name text primary key,
    xid xid8 not null default '0',
    event_id uuid not null default '00000000-0000-0000-0000-000000000000',
    moved_at timestamptz not null default now()
);
grant select, insert, update on event_consumers to nexus_platform;

-- Jobs ---------------------------------------------------------------------------------------------------------------------------------

-- `tenant_id` is the scope that a job was queued under; maintenance has none. A tenant's transaction may queue, look at and fence its own
-- jobs; claiming across workspaces is the platform role's.
create table jobs (
    id uuid primary key,
    tenant_id uuid constraint jobs_tenant references tenants (id),
    -- The same with a value for maintenance, so that an index can step from scope to scope.
    scope uuid not null generated always as (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000')) stored,
    kind text not null,
    payload jsonb not null,
    state text not null default 'queued' constraint jobs_state_known check (state in ('queued', 'running', 'done', 'failed')),
    run_at timestamptz not null default now(),
    attempts integer not null default 0,
    max_attempts integer not null default 5,
    claim_no bigint not null default 0,
    lease_until timestamptz,
    worker text,
    -- At most one waiting or running job of the same key in a workspace.
    unique_key text,
    error text,
    created_at timestamptz not null default now(),
    finished_at timestamptz
);
create index jobs_due on jobs (kind, run_at) where state = 'queued';
create index jobs_due_by_scope on jobs (kind, scope, run_at) where state = 'queued';
create index jobs_leased on jobs (kind, lease_until) where state = 'running';
create index jobs_finished on jobs (finished_at) where state in ('done', 'failed');
create unique index jobs_unique_key on jobs (tenant_id, unique_key) nulls not distinct
    where state in ('queued', 'running') and unique_key is not null;
alter table jobs enable row level security;
alter table jobs force row level security;
create policy tenant on jobs to nexus_app using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
create policy platform on jobs to nexus_platform using (true) with check (true);
create policy owner on jobs to nexus_owner using (true) with check (true);
grant select, insert on jobs to nexus_app;
-- What a fence touches, and the end of a job in the transaction of its work.
grant update (lease_until, state, finished_at) on jobs to nexus_app;
grant select, insert, update, delete on jobs to nexus_platform;

-- Numbers, idempotency, secrets --------------------------------------------------------------------------------------------------------

create table number_series (
    tenant_id uuid not null constraint number_series_tenant references tenants (id),
    entity text not null,
    next bigint not null default 1,
    primary key (tenant_id, entity)
);
create table idempotency_keys (
    tenant_id uuid not null constraint idempotency_keys_tenant references tenants (id),
    member_id uuid not null,
    key text not null,
    -- Method and path; the same key on another route is another key.
    route text not null,
    body_hash bytea not null,
    status smallint,
    reply text,
    created_at timestamptz not null default now(),
    primary key (tenant_id, member_id, route, key),
    constraint idempotency_keys_member foreign key (tenant_id, member_id) references members (tenant_id, id)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
-- The platform role forgets keys, and only those that are a day old.
create policy purge on idempotency_keys for delete to nexus_platform using (created_at < now() - interval '24 hours');
grant delete on idempotency_keys to nexus_platform;
-- Sealed with a key of the workspace, itself sealed with a key that the database never sees; bound to tenant, table, column and row.
create table tenant_keys (
    tenant_id uuid not null constraint tenant_keys_tenant references tenants (id),
    id uuid not null,
    sealed_by text not null,
    sealed bytea not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id)
);
create table secrets (
    tenant_id uuid not null constraint secrets_tenant references tenants (id),
    id uuid not null,
    name text not null,
    key_id uuid not null,
    sealed bytea not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint secrets_name_key unique (tenant_id, name),
    constraint secrets_tenant_key foreign key (tenant_id, key_id) references tenant_keys (tenant_id, id)
);
call secure_tenant_table('number_series', 'insert, update');
call secure_tenant_table('idempotency_keys', 'insert, update, delete');
call secure_tenant_table('tenant_keys', 'insert, update');
call secure_tenant_table('secrets', 'insert, update, delete');
revoke select on tenant_keys, secrets from nexus_ai;

-- Search -------------------------------------------------------------------------------------------------------------------------------

-- Words of every described row, found by range over `term`: only operators that are leakproof become index conditions under row security.
create table search_terms (
    tenant_id uuid not null constraint search_terms_tenant references tenants (id),
    term text collate "C" not null,
    entity text not null,
    record_id uuid not null,
    weight smallint not null,
    primary key (tenant_id, term, entity, record_id)
);
create index search_terms_by_record on search_terms (tenant_id, record_id, term);
call secure_tenant_table('search_terms', 'insert, update, delete');

-- Imports ------------------------------------------------------------------------------------------------------------------------------

create table imports (
    tenant_id uuid not null constraint imports_tenant references tenants (id),
    id uuid not null,
    entity text not null,
    file_name text not null,
    status text not null default 'uploaded' constraint imports_status_known
        check (status in ('uploaded', 'mapped', 'queued', 'running', 'done', 'failed', 'undone')),
    bytes bigint not null,
    columns jsonb not null default '[]',
    sample jsonb not null default '[]',
    header_doubt text,
    mapping jsonb not null default '{}',
    rows bigint not null default 0,
    done bigint not null default 0,
    created bigint not null default 0,
    updated bigint not null default 0,
    unchanged bigint not null default 0,
    refused bigint not null default 0,
    kept bigint not null default 0,
    error text,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    primary key (tenant_id, id),
    constraint imports_member foreign key (tenant_id, created_by) references members (tenant_id, id)
);
create index imports_by_entity on imports (tenant_id, entity, id);
-- The uploaded file, in pieces, until the import is cleaned up.
create table import_chunks (
    tenant_id uuid not null constraint import_chunks_tenant references tenants (id),
    import_id uuid not null,
    position integer not null,
    content bytea not null,
    primary key (tenant_id, import_id, position),
    constraint import_chunks_import foreign key (tenant_id, import_id) references imports (tenant_id, id)
);
-- What became of each row: the error file, the undo and the place to resume from.
create table import_rows (
    tenant_id uuid not null constraint import_rows_tenant references tenants (id),
    import_id uuid not null,
    row_number bigint not null,
    outcome text not null constraint import_rows_outcome_known check (outcome in ('created', 'updated', 'unchanged', 'refused')),
    record_id uuid,
    -- Version that the import left; a higher one means that somebody changed the row since.
    version bigint,
    before jsonb,
    problems jsonb,
    cells jsonb,
    primary key (tenant_id, import_id, row_number),
    constraint import_rows_import foreign key (tenant_id, import_id) references imports (tenant_id, id)
);
create index import_rows_refused on import_rows (tenant_id, import_id, row_number) where outcome = 'refused';
call secure_tenant_table('imports', 'insert, update');
call secure_tenant_table('import_chunks', 'insert, delete');
call secure_tenant_table('import_rows', 'insert, update, delete');

-- What was seeded where and when (requirement 133).
create table demo_audit (
    tenant_id uuid not null constraint demo_audit_tenant references tenants (id),
    id uuid not null,
    industry text not null,
    size text not null,
    action text not null constraint demo_audit_action_known check (action in ('seed_completed', 'seed_failed', 'already_seeded')),
    records_created bigint not null default 0,
    error text,
    at timestamptz not null default now(),
    primary key (tenant_id, id)
);
call secure_tenant_table('demo_audit', 'insert');
