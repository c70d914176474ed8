-- The database roles of Nexus, their limits and their rights on the database it is run in. Harmless to repeat.
--
-- The private PostgreSQL runs this by itself. On a database of your own, once, as a superuser or a role that may create roles:
--
--   createdb nexus
--   psql -d nexus -v ON_ERROR_STOP=1 -f scripts/roles.sql
--
-- then give the roles passwords (\password nexus_app ...) and put three URLs into the environment:
-- DATABASE_URL (nexus_app), DATABASE_OWNER_URL (nexus_owner), DATABASE_PLATFORM_URL (nexus_platform).

do $$
declare
    wanted text;
begin
    foreach wanted in array array['nexus_owner', 'nexus_app', 'nexus_platform', 'nexus_ai'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I login inherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls', wanted);
        end if;
    end loop;
    -- Row security is what keeps workspaces apart. A role that can step over it makes every policy a comment.
    for wanted in
        select rolname from pg_roles
        where rolname in ('nexus_owner', 'nexus_app', 'nexus_platform', 'nexus_ai')
          and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
    loop
        raise exception 'role % is too powerful for Nexus', wanted
            using hint = format('alter role %I nosuperuser nobypassrls nocreaterole nocreatedb noreplication', wanted);
    end loop;
    -- Somebody who is not a superuser has to be a member of a role to hand a database over to it.
    if not (select rolsuper from pg_roles where rolname = current_user) and not pg_has_role('nexus_owner', 'member') then
        grant nexus_owner to current_user;
    end if;
    if (select datdba from pg_database where datname = current_database()) <> 'nexus_owner'::regrole then
        execute format('alter database %I owner to nexus_owner', current_database());
    end if;
    -- `public` alone may connect and make temporary tables by default; name who may instead.
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to nexus_owner, nexus_app, nexus_platform, nexus_ai', current_database());
end
$$;

alter schema public owner to nexus_owner;
revoke all on schema public from public;
grant usage on schema public to nexus_app, nexus_platform, nexus_ai;

-- A statement that runs away or a transaction somebody forgot must not hold up everybody else. Set only where it is not so
-- already: the settings of a role are one row of the whole cluster, which two databases may be prepared in at once.
do $$
declare
    wanted record;
begin
    for wanted in
        select * from (values
            ('nexus_app', 'statement_timeout', '30s'),
            ('nexus_app', 'lock_timeout', '10s'),
            ('nexus_app', 'idle_in_transaction_session_timeout', '30s'),
            ('nexus_platform', 'statement_timeout', '5min'),
            ('nexus_platform', 'lock_timeout', '10s'),
            ('nexus_platform', 'idle_in_transaction_session_timeout', '60s'),
            ('nexus_ai', 'statement_timeout', '10s'),
            ('nexus_ai', 'idle_in_transaction_session_timeout', '10s'),
            ('nexus_ai', 'default_transaction_read_only', 'on')
        ) as settings (role, name, value)
    loop
        if not exists (
            select from pg_db_role_setting
            where setdatabase = 0 and setrole = wanted.role::regrole and wanted.name || '=' || wanted.value = any (setconfig)
        ) then
            execute format('alter role %I set %I = %L', wanted.role, wanted.name, wanted.value);
        end if;
    end loop;
end
$$;
