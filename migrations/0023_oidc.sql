-- Signing in by an OpenID Connect provider: who somebody is there, which returns were used, and what the trail says of it.
--
-- Why so: a person is known by what the provider promises never to give to another one, its own address and the subject there; the e-mail address
-- is looked at once, when the two are put together, and never again to find somebody. People are global, so these tables are as those of users are:
-- the platform role alone reaches them. A build without the feature `oidc` has them too, empty, so that one can follow the other.

create table user_identities (
    -- Of whoever says so: the provider's own address.
    issuer text not null,
    subject text not null constraint user_identities_subject check (length(subject) between 1 and 255),
    user_id uuid not null constraint user_identities_user references users (id),
    -- As the provider had it when the person last came from there; for reading, not for finding.
    email text not null,
    linked_at timestamptz not null,
    last_used_at timestamptz not null,
    constraint user_identities_pkey primary key (issuer, subject),
    -- An address that the provider gives to somebody else leads that person into nobody's account.
    constraint user_identities_one_each unique (user_id, issuer)
);
grant select, insert, update, delete on user_identities to nexus_platform;

-- Each journey to the provider and back ends once. `key` is the SHA-256 of what the browser held.
create table oidc_returns (
    key bytea primary key,
    expires_at timestamptz not null
);
create index oidc_returns_by_end on oidc_returns (expires_at);
grant select, insert, update, delete on oidc_returns to nexus_platform;

-- Who comes from a provider is asked for the code as well, and only then put together with the account: until then it waits here.
alter table half_sign_ins
    add column issuer text,
    add column subject text,
    add column email text,
    add constraint half_sign_ins_identity check (num_nonnulls(subject, email) in (0, 2) and (subject is null or issuer is not null and user_id is not null));

-- The provider vouched for more than a password, and whoever runs the installation believes it.
alter table sessions add column strong boolean not null default false;

-- By which provider, and whether it was the first time.
alter table sign_ins
    add column issuer text,
    add column linked boolean not null default false;
