-- A month whose rows the default partition has caught already (a server that ran for longer than its partitions reached) cannot get one of its
-- own any more: PostgreSQL refuses it, and the next start would fail. Its rows stay where they are.

create or replace procedure ensure_partitions(months integer) language plpgsql as $$
declare
    parent text;
    month timestamptz;
    name text;
    caught boolean;
begin
    foreach parent in array array['changes', 'events'] loop
        for step in -1..months loop
            month := date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' + make_interval(months => step);
            name := format('%s_%s', parent, to_char(month at time zone 'UTC', 'YYYYMM'));
            continue when to_regclass(name) is not null;
            execute format('select exists (select from %I where id >= %L and id < %L)', parent || '_default',
                uuid_floor(month), uuid_floor(month + interval '1 month')) into caught;
            continue when caught;
            execute format('create table %I partition of %I for values from (%L) to (%L)', name, parent,
                uuid_floor(month), uuid_floor(month + interval '1 month'));
            execute format('alter table %I enable row level security', name);
            execute format('alter table %I force row level security', name);
            execute format('create policy owner on %I to nexus_owner using (true) with check (true)', name);
        end loop;
    end loop;
end
$$;
