-- What is posted stays, but whom it belongs to may change: when somebody leaves, their payments and entries are handed over like everything
-- else, and whoever sees only what is theirs sees them. What the row says stays as it was.

create function posted_stays_but_owner() returns trigger language plpgsql as $$
declare
    handed constant text[] := array['owner_id', 'version', 'updated_at', 'updated_by'];
begin
    if tg_op = 'UPDATE' and to_jsonb(new) - handed = to_jsonb(old) - handed then
        return new;
    end if;
    raise exception 'what is posted is neither changed nor removed: reverse it' using errcode = 'check_violation', constraint = 'posted_stays';
end
$$;
drop trigger journal_entries_stay on journal_entries;
create trigger journal_entries_stay before update or delete on journal_entries for each row execute function posted_stays_but_owner();
drop trigger payments_stay on payments;
create trigger payments_stay before update or delete on payments for each row execute function posted_stays_but_owner();
grant update (owner_id, version, updated_at, updated_by) on journal_entries, payments to nexus_app;
