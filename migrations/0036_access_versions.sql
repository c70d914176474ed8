-- How often what members may do in a workspace has changed, so that a process may keep what it has read of them for as long as the number
-- stands still: a request then reads session, workspace and number, and nothing of roles, policies and people.
--
-- Why so: whatever writes one of these tables counts, in its own transaction, so a right that was taken holds on the very next request, in
-- every process. Nobody has to remember to count, and an operator's own statement counts too. A row of its own, so that counting never waits
-- for whoever works on the workspace itself.

create table access_versions (
    tenant_id uuid not null constraint access_versions_tenant references tenants (id),
    version bigint not null default 1,
    primary key (tenant_id)
);
call secure_tenant_table('access_versions', 'insert, update');
create policy counted on access_versions for insert to nexus_platform with check (true);
create policy counted_again on access_versions for update to nexus_platform using (true) with check (true);
grant insert, update on access_versions to nexus_platform;
insert into access_versions (tenant_id) select id from tenants;

-- Of one workspace: tenants, members, roles, security_policies.
create function access_changed() returns trigger language plpgsql as $$
declare
    changed constant jsonb := to_jsonb(coalesce(new, old));
begin
    insert into access_versions as v (tenant_id) values (coalesce(changed ->> 'tenant_id', changed ->> 'id')::uuid)
    on conflict (tenant_id) do update set version = v.version + 1;
    return null;
end
$$;
-- Of a person: every workspace that they are a member of, always in the same order. Second factors of staff are nobody's here.
create function access_of_person_changed() returns trigger language plpgsql as $$
declare
    changed constant jsonb := to_jsonb(coalesce(new, old));
begin
    insert into access_versions as v (tenant_id)
    select tenant_id from members where user_id = coalesce(changed ->> 'user_id', changed ->> 'id')::uuid order by tenant_id
    on conflict (tenant_id) do update set version = v.version + 1;
    return null;
end
$$;
create trigger access_changed after insert or update or delete on members for each row execute function access_changed();
create trigger access_changed after insert or update or delete on roles for each row execute function access_changed();
create trigger access_changed after insert or update or delete on security_policies for each row execute function access_changed();
create trigger access_changed after insert or update on tenants for each row execute function access_changed();
create trigger access_changed after update of status, timezone on users for each row execute function access_of_person_changed();
create trigger access_changed after insert or delete on second_factors for each row execute function access_of_person_changed();
