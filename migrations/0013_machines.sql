-- What machines call with: keys of a workspace, and the token pair of a person.
--
-- Why so: a key acts for a member and never for more than the member, so it holds no rights, only limits to them. It is found by its SHA-256
-- before the workspace is known, by the platform role, as an invitation is. A token pair is a session that no browser holds: one row of
-- `sessions`, so that whatever ends, lists or limits sessions does it to tokens too, and `tokens` holds what opens it.

create table api_keys (
    tenant_id uuid not null constraint api_keys_tenant references tenants (id),
    id uuid not null,
    -- On whose behalf: who made it.
    member_id uuid not null,
    name text not null constraint api_keys_name_length check (char_length(name) between 1 and 80),
    hash bytea not null,
    -- The letters behind `nx_live_` by which its owner knows it again. Enough random bits stay secret without them.
    prefix text not null constraint api_keys_prefix_shape check (prefix ~ '^[0-9A-Za-z]{6}$'),
    -- Grants; what a call may is what these and the member's roles allow both.
    scopes jsonb not null,
    -- Networks that it may be used from; none for any.
    addresses cidr[] not null default '{}',
    per_minute integer not null constraint api_keys_per_minute check (per_minute between 1 and 60000),
    created_at timestamptz not null,
    expires_at timestamptz,
    -- Written at most once a minute.
    last_used_at timestamptz,
    revoked_at timestamptz,
    revoked_by uuid,
    primary key (tenant_id, id),
    constraint api_keys_member foreign key (tenant_id, member_id) references members (tenant_id, id),
    constraint api_keys_revoker foreign key (tenant_id, revoked_by) references members (tenant_id, id),
    constraint api_keys_revoked_whole check ((revoked_at is null) = (revoked_by is null))
);
-- Not unique: a unique index would compare keys across workspaces. Nobody draws the same 214 random bits twice.
create index api_keys_by_hash on api_keys (hash);
create index api_keys_by_member on api_keys (tenant_id, member_id);
call secure_tenant_table('api_keys', 'insert');
grant update (revoked_at, revoked_by) on api_keys to nexus_app;
revoke select on api_keys from nexus_ai;
create policy platform_uses on api_keys for update to nexus_platform using (true) with check (true);
grant update (last_used_at) on api_keys to nexus_platform;

alter table sessions
    add column kind text not null default 'browser' constraint sessions_kind_known check (kind in ('browser', 'token'));

-- Access and refresh tokens of a session, by their SHA-256. A refresh token that was used stays until the session ends: should it come again,
-- somebody has a copy of it.
create table tokens (
    hash bytea primary key,
    session_id uuid not null constraint tokens_session references sessions (id) on delete cascade,
    kind text not null constraint tokens_kind_known check (kind in ('access', 'refresh')),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index tokens_by_session on tokens (session_id);
create index tokens_by_end on tokens (expires_at);
grant select, insert, update, delete on tokens to nexus_platform;
