-- How people come and go: invitations, sign-ups that wait for their address to be confirmed, links that are good once, and members who left.
--
-- Why so: whatever opens something travels by mail and is kept as a SHA-256 only, so reading the database steals no account. Links are made
-- by the worker that sends them, never by the request that asks: what a request does is the same for an address that has an account and for
-- one that has none.

alter table users
    add column language text not null default 'en' constraint users_language_known check (language in ('en', 'sw')),
    -- IANA name; null for that of the workspace.
    add column timezone text;

-- Members are never removed: changes name them. Who left keeps the row and may be invited again.
alter table members drop constraint members_status_known;
alter table members add constraint members_status_known check (status in ('ACTIVE', 'SUSPENDED', 'LEFT'));
alter table locations add column updated_at timestamptz not null default now();
create unique index locations_name_key on locations (tenant_id, lower(name));

create table invitations (
    tenant_id uuid not null constraint invitations_tenant references tenants (id),
    id uuid not null,
    name text,
    email text,
    email_norm text,
    phone text,
    roles text[] not null,
    location_id uuid,
    manager_id uuid,
    -- Of the link that was sent last; sending again makes another one and ends this.
    key bytea,
    status text not null default 'PENDING' constraint invitations_status_known check (status in ('PENDING', 'ACCEPTED', 'REVOKED')),
    invited_by uuid not null,
    created_at timestamptz not null,
    sent_at timestamptz,
    expires_at timestamptz not null,
    ended_at timestamptz,
    accepted_by uuid,
    primary key (tenant_id, id),
    constraint invitations_reachable check ((email_norm is null) <> (phone is null)),
    constraint invitations_inviter foreign key (tenant_id, invited_by) references members (tenant_id, id),
    constraint invitations_manager foreign key (tenant_id, manager_id) references members (tenant_id, id),
    constraint invitations_member foreign key (tenant_id, accepted_by) references members (tenant_id, id),
    constraint invitations_location foreign key (tenant_id, location_id) references locations (tenant_id, id)
);
create unique index invitations_pending_key on invitations (tenant_id, coalesce(email_norm, phone)) where status = 'PENDING';
create index invitations_by_key on invitations (key) where key is not null;
call secure_tenant_table('invitations', 'insert, update');
revoke select on invitations from nexus_ai;

-- A person and a workspace to be. Nothing of it exists until the link in the mail, or the code sent to the phone, comes back.
create table sign_ups (
    id uuid primary key,
    key bytea constraint sign_ups_key unique,
    name text not null,
    email text,
    email_norm text,
    phone text,
    password_hash text not null,
    language text not null,
    -- Name, address, industry, currency and time zone of the workspace.
    workspace jsonb not null,
    -- Of the code for a phone, with the id of the row; its tries are few and counted before it is compared.
    code bytea,
    tries smallint not null default 0,
    used_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint sign_ups_reachable check ((email_norm is null) <> (phone is null))
);
create index sign_ups_by_end on sign_ups (expires_at);
grant select, insert, update, delete on sign_ups to nexus_platform;

-- Links that are good once: for a forgotten password, a new address, and the first owner of an installation.
create table account_links (
    key bytea primary key,
    kind text not null constraint account_links_kind_known check (kind in ('password', 'email', 'setup')),
    user_id uuid constraint account_links_user references users (id),
    -- SHA-256 of the password's hash as it was: a change of the password ends the link.
    state bytea,
    email text,
    used_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint account_links_whose check ((user_id is null) = (kind = 'setup'))
);
create index account_links_by_user on account_links (user_id, created_at);
create index account_links_by_end on account_links (expires_at);
grant select, insert, update, delete on account_links to nexus_platform;
