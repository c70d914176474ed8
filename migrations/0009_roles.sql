-- Roles that a workspace edits, and the first field that not everybody may read.
--
-- Why so: a role is edited by several people at once, so it has a version. That a workspace keeps an owner is a rule over several rows, which
-- no check of one row can hold and no check in code can hold against two requests at the same moment: the trigger makes those who take an
-- owner away go one after the other, behind the row of the role OWNER, and lets none take the last one.

alter table roles
    add column about text not null default '',
    add column version bigint not null default 1,
    add constraint roles_key_shape check (key ~ '^[A-Z][A-Z0-9_]{0,39}$'),
    add constraint roles_label_length check (char_length(label) between 1 and 60),
    add constraint roles_about_length check (char_length(about) <= 500);
create unique index roles_label_key on roles (tenant_id, lower(label));

create function keep_an_owner() returns trigger language plpgsql as $$
begin
    -- Members are locked before this row, here and wherever roles are given; nobody takes both the other way round.
    perform from roles where tenant_id = old.tenant_id and key = 'OWNER' for no key update;
    if not exists (
        select from members where tenant_id = old.tenant_id and id <> old.id and kind = 'person' and status = 'ACTIVE' and 'OWNER' = any (roles)
    ) then
        raise exception 'the last owner of a workspace stays' using errcode = 'check_violation', constraint = 'members_owner_stays';
    end if;
    return new;
end
$$;
create trigger members_keep_an_owner before update of roles, status on members for each row
    when (old.kind = 'person' and old.status = 'ACTIVE' and 'OWNER' = any (old.roles)
        and not (new.status = 'ACTIVE' and 'OWNER' = any (new.roles)))
    execute function keep_an_owner();

-- What a product costs is not for everybody who sells it.
alter table products
    add column cost_minor bigint,
    add column cost_currency text,
    add constraint products_cost_whole check ((cost_minor is null) = (cost_currency is null)),
    add constraint products_cost_currency_shape check (cost_currency ~ '^[A-Z]{3}$'),
    add constraint products_cost_range check (cost_minor >= 0);
create index products_cost_minor_order on products (tenant_id, cost_minor, id) where deleted_at is null;
update roles set grants = '{"inventory.product.read_cost": "all", "inventory.product.write_cost": "all"}'::jsonb || grants where key = 'MANAGER';
update roles set grants = '{"inventory.product.read_cost": "all"}'::jsonb || grants where key = 'FINANCE_MANAGER';
