-- Workflows: their versions, runs, attempts of steps, what a run waits for, approvals, and what members are told.
--
-- Why so: a run is pinned to one version, which is never changed, and keeps its cause. Whatever a step does commits together with its
-- attempt row and the run's next place in one transaction of the tenant, fenced by the lease's token: a worker that lost the run cannot
-- commit. Claiming looks across workspaces and is the platform role's; it may touch the lease and nothing else. Leases and timers go by
-- the database's clock. An event starts a workflow once for a record by a unique key, so that reading events again starts nothing twice.

create table workflows (
    tenant_id uuid not null constraint workflows_tenant references tenants (id),
    id uuid not null,
    key text not null constraint workflows_key_shape check (key ~ '^[a-z][a-z0-9_]{0,62}$'),
    name text not null,
    active boolean not null default false,
    -- The version that new runs begin with.
    version integer not null default 1,
    -- Key of the template it came from; its own later versions stay when the template changes.
    template text,
    -- Entity and kind of the trigger of that version, for the list and for matching.
    entity text,
    trigger text not null,
    -- Events from before this moment start nothing.
    active_since timestamptz not null default now(),
    -- Schedules: when it is due next, by the database's clock.
    next_tick_at timestamptz,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    primary key (tenant_id, id),
    constraint workflows_member foreign key (tenant_id, created_by) references members (tenant_id, id)
);
create unique index workflows_key_key on workflows (tenant_id, key) where deleted_at is null;
create index workflows_ticking on workflows (next_tick_at) where active and deleted_at is null and next_tick_at is not null;

create table workflow_versions (
    tenant_id uuid not null constraint workflow_versions_tenant references tenants (id),
    workflow_id uuid not null,
    version integer not null,
    definition jsonb not null,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, workflow_id, version),
    constraint workflow_versions_workflow foreign key (tenant_id, workflow_id) references workflows (tenant_id, id),
    constraint workflow_versions_member foreign key (tenant_id, created_by) references members (tenant_id, id)
);

create table runs (
    tenant_id uuid not null constraint runs_tenant references tenants (id),
    id uuid not null,
    workflow_id uuid not null,
    version integer not null,
    state text not null default 'PENDING' constraint runs_state_known
        check (state in ('PENDING', 'RUNNING', 'WAITING', 'WAITING_APPROVAL', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED')),
    -- The event that began it; the run's own id where a person did.
    event_id uuid not null,
    entity text,
    record_id uuid,
    -- The person or source at the beginning of the chain: nobody approves what they set going themselves.
    started_by uuid,
    correlation_id uuid not null,
    depth smallint not null default 0,
    -- One at a time for a workflow and record, in the order in which they began. Ids of one millisecond are in no order.
    ordered boolean not null default true,
    begun_at timestamptz not null default clock_timestamp(),
    step text,
    -- What steps have answered so far, by key, and the names that they bound.
    context jsonb not null default '{}',
    -- Failed tries of the step that is due.
    tries integer not null default 0,
    due_at timestamptz not null default now(),
    lease_owner text,
    lease_token bigint not null default 0,
    lease_until timestamptz,
    -- Workers that took it up since it last got on.
    claims integer not null default 0,
    error jsonb,
    outcome text,
    replayed_from uuid,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    primary key (tenant_id, id),
    constraint runs_version foreign key (tenant_id, workflow_id, version) references workflow_versions (tenant_id, workflow_id, version),
    constraint runs_replayed foreign key (tenant_id, replayed_from) references runs (tenant_id, id),
    constraint runs_leased check ((state = 'RUNNING') = (lease_until is not null)),
    constraint runs_ended check ((state in ('COMPLETED', 'FAILED', 'CANCELLED')) = (finished_at is not null))
);
-- An event starts a workflow once for each record.
create unique index runs_once on runs (tenant_id, workflow_id, event_id, record_id) nulls not distinct;
create index runs_due on runs (due_at, begun_at) where state = 'PENDING';
create index runs_expiring on runs (lease_until) where state = 'RUNNING';
create index runs_in_line on runs (tenant_id, workflow_id, record_id, begun_at, id)
    where ordered and state in ('PENDING', 'RUNNING', 'WAITING', 'WAITING_APPROVAL', 'PAUSED');
create index runs_by_workflow on runs (tenant_id, workflow_id, id);
create index runs_by_record on runs (tenant_id, record_id, id);
create index runs_by_correlation on runs (tenant_id, correlation_id);
create index runs_by_state on runs (tenant_id, state, id);

create table step_attempts (
    tenant_id uuid not null,
    run_id uuid not null,
    step text not null,
    attempt integer not null,
    outcome text not null constraint step_attempts_outcome_known check (outcome in ('done', 'skipped', 'waiting', 'failed')),
    input jsonb not null default '{}',
    output jsonb,
    error jsonb,
    started_at timestamptz not null,
    finished_at timestamptz,
    primary key (tenant_id, run_id, step, attempt),
    constraint step_attempts_run foreign key (tenant_id, run_id) references runs (tenant_id, id)
);

create table waitpoints (
    tenant_id uuid not null,
    run_id uuid not null,
    step text not null,
    kind text not null constraint waitpoints_kind_known check (kind in ('time', 'approval')),
    state text not null default 'open' constraint waitpoints_state_known check (state in ('open', 'resolved', 'cancelled')),
    -- When it ends by itself.
    due_at timestamptz,
    payload jsonb,
    created_at timestamptz not null default now(),
    resolved_at timestamptz,
    primary key (tenant_id, run_id, step),
    constraint waitpoints_run foreign key (tenant_id, run_id) references runs (tenant_id, id)
);
create index waitpoints_due on waitpoints (due_at) where state = 'open' and due_at is not null;

create table approvals (
    tenant_id uuid not null constraint approvals_tenant references tenants (id),
    id uuid not null,
    state text not null default 'PENDING' constraint approvals_state_known
        check (state in ('PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED')),
    title text not null,
    -- A run's step, or a move of a record that is held back.
    run_id uuid,
    step text,
    entity text,
    record_id uuid,
    transition text,
    roles text[] not null default '{}',
    members uuid[] not null default '{}',
    policy text not null default 'any' constraint approvals_policy_known check (policy in ('any', 'all', 'count')),
    required smallint not null default 1 constraint approvals_required_some check (required > 0),
    self_approval boolean not null default false,
    -- Whose act began it.
    requested_by uuid,
    expires_at timestamptz,
    on_expiry text not null default 'reject' constraint approvals_expiry_known check (on_expiry in ('reject', 'approve', 'fail')),
    created_at timestamptz not null default now(),
    decided_at timestamptz,
    -- When the move that it allowed was made: it allows one.
    taken_at timestamptz,
    primary key (tenant_id, id),
    constraint approvals_run foreign key (tenant_id, run_id) references runs (tenant_id, id),
    constraint approvals_of_something check ((run_id is not null and step is not null) or (record_id is not null and transition is not null)),
    constraint approvals_decided check ((state = 'PENDING') = (decided_at is null))
);
create unique index approvals_move_key on approvals (tenant_id, record_id, transition) where state = 'PENDING' and run_id is null;
create unique index approvals_step_key on approvals (tenant_id, run_id, step) where state = 'PENDING' and run_id is not null;
create index approvals_pending on approvals (tenant_id, id) where state = 'PENDING';
create index approvals_by_record on approvals (tenant_id, record_id, id);
create index approvals_expiring on approvals (expires_at) where state = 'PENDING' and expires_at is not null;

create table approval_decisions (
    tenant_id uuid not null,
    approval_id uuid not null,
    member_id uuid not null,
    decision text not null constraint approval_decisions_known check (decision in ('approve', 'reject')),
    reason text,
    at timestamptz not null default now(),
    primary key (tenant_id, approval_id, member_id),
    constraint approval_decisions_approval foreign key (tenant_id, approval_id) references approvals (tenant_id, id),
    constraint approval_decisions_member foreign key (tenant_id, member_id) references members (tenant_id, id),
    constraint approval_decisions_reasoned check (decision = 'approve' or length(btrim(reason)) > 0)
);

create table notifications (
    tenant_id uuid not null constraint notifications_tenant references tenants (id),
    id uuid not null,
    member_id uuid not null,
    title text not null,
    body text,
    entity text,
    record_id uuid,
    -- The same key tells a member once.
    key text not null,
    at timestamptz not null default now(),
    read_at timestamptz,
    primary key (tenant_id, id),
    constraint notifications_member foreign key (tenant_id, member_id) references members (tenant_id, id),
    constraint notifications_once unique (tenant_id, member_id, key)
);
create index notifications_of_member on notifications (tenant_id, member_id, id);

call secure_tenant_table('workflows', 'insert, update');
call secure_tenant_table('workflow_versions', 'insert');
call secure_tenant_table('runs', 'insert, update');
call secure_tenant_table('step_attempts', 'insert');
call secure_tenant_table('waitpoints', 'insert, update');
call secure_tenant_table('approvals', 'insert, update');
call secure_tenant_table('approval_decisions', 'insert');
call secure_tenant_table('notifications', 'insert, update');

-- Claiming: the lease, handing a run back, and giving up on one that no worker survives.
create policy claiming on runs for update to nexus_platform using (true) with check (true);
grant update (state, due_at, lease_owner, lease_token, lease_until, claims, error, started_at, finished_at) on runs to nexus_platform;
