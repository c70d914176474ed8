-- Files and several references as values of fields: a dealer's logo, and who takes part in an opportunity.
--
-- Why so: a file is kept before the row that will hold it is written, so that a form that is refused for something else has it already. Until then
-- it is nobody's: `record_id` is empty, and only who sent it can put it into a row. `field` says for which field it was kept: by it the
-- permission of the field holds for the content too, and what is a value is no file beside the record.
--
-- Several references are an array in the row, so that they are written, told, compared and put back as every other value is; and beside it, by
-- triggers, one row for each in a table of links. Its keys hold them to rows of the same workspace that are there, and its index finds who points
-- at one: under row security an array has no index to be asked by, because what arrays are compared with is not leakproof.

alter table files
    alter column record_id drop not null,
    add column field text,
    add constraint files_beside_or_value check (record_id is not null or field is not null);

alter table automotive_dealers
    add column logo_id uuid,
    add constraint automotive_dealers_logo_id_fkey foreign key (tenant_id, logo_id) references files (tenant_id, id);

-- Brings the links of a row in line with a column of it: `keep_links(table of the links, column)`. It runs with the rights of whoever writes the
-- row, so that row security holds for the links as it does for the row.
create function keep_links() returns trigger language plpgsql as $$
declare
    ids uuid[];
begin
    execute format('select ($1).%I', tg_argv[1]) into ids using new;
    execute format('delete from %I where tenant_id = $1 and from_id = $2 and to_id <> all ($3)', tg_argv[0])
        using new.tenant_id, new.id, coalesce(ids, '{}');
    execute format('insert into %I (tenant_id, from_id, to_id) select $1, $2, unnest($3) on conflict do nothing', tg_argv[0])
        using new.tenant_id, new.id, ids;
    return null;
end
$$;

alter table opportunities
    add column participants_ids uuid[],
    add constraint opportunities_participants_ids_range check (cardinality(participants_ids) >= 1 and cardinality(participants_ids) <= 100);

create table opportunities_participants (
    tenant_id uuid not null,
    from_id uuid not null,
    to_id uuid not null,
    primary key (tenant_id, from_id, to_id),
    constraint opportunities_participants_from foreign key (tenant_id, from_id) references opportunities (tenant_id, id) on delete cascade,
    constraint opportunities_participants_ids_fkey foreign key (tenant_id, to_id) references contacts (tenant_id, id)
);
create index opportunities_participants_back on opportunities_participants (tenant_id, to_id, from_id);
call secure_tenant_table('opportunities_participants', 'insert, delete');
create trigger opportunities_participants_made after insert on opportunities
    for each row when (new.participants_ids is not null) execute function keep_links('opportunities_participants', 'participants_ids');
create trigger opportunities_participants_changed after update of participants_ids on opportunities
    for each row when (new.participants_ids is distinct from old.participants_ids)
    execute function keep_links('opportunities_participants', 'participants_ids');
