-- The second factor, confirmation, what a workspace asks of sign-ins, and support staff acting for a member.
--
-- Why so: a password that was guessed or given away must not be enough. Seeds of authenticator apps are sealed with a key that the database
-- never sees; recovery codes, half-open sign-ins and sessions are kept as hashes. A half-open sign-in is no session: it lives in a table of
-- its own, so that no query for sessions can take it for one. Both realms share these tables and nothing else: a row belongs to a user or to
-- a member of staff, and `owner` is whichever it is.

create table second_factors (
    user_id uuid constraint second_factors_user references users (id),
    staff_id uuid constraint second_factors_staff references staff (id),
    owner uuid not null generated always as (coalesce(user_id, staff_id)) stored,
    sealed_by text not null,
    sealed bytea not null,
    -- The last step of time whose code was taken: none of it or before it is taken again.
    last_step bigint not null,
    set_up_at timestamptz not null,
    constraint second_factors_pkey primary key (owner),
    constraint second_factors_of_one check (num_nonnulls(user_id, staff_id) = 1)
);
-- A seed that was shown and not yet proved. It replaces the other one when it is.
create table second_factor_setups (
    user_id uuid constraint second_factor_setups_user references users (id),
    staff_id uuid constraint second_factor_setups_staff references staff (id),
    owner uuid not null generated always as (coalesce(user_id, staff_id)) stored,
    sealed_by text not null,
    sealed bytea not null,
    expires_at timestamptz not null,
    constraint second_factor_setups_pkey primary key (owner),
    constraint second_factor_setups_of_one check (num_nonnulls(user_id, staff_id) = 1)
);
-- SHA-256 of 120 random bits each: nothing to guess, so nothing slow is needed to hide it.
create table recovery_codes (
    hash bytea primary key,
    owner uuid not null constraint recovery_codes_factor references second_factors (owner) on delete cascade
);
create index recovery_codes_by_owner on recovery_codes (owner);
-- The password was right, the code is still to come. `key` is the SHA-256 of a cookie.
create table half_sign_ins (
    key bytea primary key,
    user_id uuid constraint half_sign_ins_user references users (id),
    staff_id uuid constraint half_sign_ins_staff references staff (id),
    owner uuid not null generated always as (coalesce(user_id, staff_id)) stored,
    tries integer not null default 0,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint half_sign_ins_of_one check (num_nonnulls(user_id, staff_id) = 1)
);
create index half_sign_ins_by_owner on half_sign_ins (owner);
create index half_sign_ins_by_end on half_sign_ins (expires_at);
grant select, insert, update, delete on second_factors, second_factor_setups, recovery_codes, half_sign_ins to nexus_platform;

-- Until then this browser is asked for the password alone.
alter table known_devices add column trusted_until timestamptz;

-- What a workspace asks of those who come in. No row: what Nexus asks of everybody.
create table security_policies (
    tenant_id uuid not null constraint security_policies_tenant references tenants (id),
    second_factor text not null default 'nobody' constraint security_policies_second_factor_known
        check (second_factor in ('nobody', 'roles', 'everybody')),
    second_factor_roles text[] not null default '{}',
    idle_minutes bigint constraint security_policies_idle check (idle_minutes between 5 and 480),
    absolute_minutes bigint constraint security_policies_absolute check (absolute_minutes between 30 and 10080),
    support_access boolean not null default true,
    updated_at timestamptz not null,
    primary key (tenant_id)
);
call secure_tenant_table('security_policies', 'insert, update');

-- Support staff acting for a member: who, for whom, why, how long. The workspace reads them; the platform role writes them.
create table impersonations (
    tenant_id uuid not null constraint impersonations_tenant references tenants (id),
    id uuid not null,
    staff_id uuid not null constraint impersonations_staff references staff (id),
    staff_name text not null,
    member_id uuid not null,
    reason text not null constraint impersonations_reason check (length(reason) between 10 and 500),
    started_at timestamptz not null,
    ends_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant_id, id),
    constraint impersonations_member foreign key (tenant_id, member_id) references members (tenant_id, id),
    constraint impersonations_an_hour check (ends_at > started_at and ends_at <= started_at + interval '60 minutes')
);
create index impersonations_by_staff on impersonations (staff_id, started_at);
call secure_tenant_table('impersonations', '');
create policy platform_writes on impersonations for insert to nexus_platform with check (true);
create policy platform_ends on impersonations for update to nexus_platform using (true) with check (true);
grant insert, update (ended_at) on impersonations to nexus_platform;

-- `confirmed_at` is when its person last proved who they are; `tenants` are the workspaces that the session was in, so that an administrator
-- sees those of their own workspace and no others. A session for somebody else is bound to one workspace. `rotate` asks for a new id with the
-- next page: its person may do more than before.
alter table sessions
    add column confirmed_at timestamptz not null default now(),
    add column tenants uuid[] not null default '{}',
    add column rotate boolean not null default false,
    add column impersonated_tenant uuid,
    add column impersonation uuid,
    add constraint sessions_impersonation foreign key (impersonated_tenant, impersonation) references impersonations (tenant_id, id);
create index sessions_by_impersonation on sessions (impersonation) where impersonation is not null;
alter table staff_sessions add column confirmed_at timestamptz not null default now();
