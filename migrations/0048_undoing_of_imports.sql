-- An import is taken back as it was made: by a job, in batches, each row with what became of it. `undoing` while that goes on.
--
-- Why so: one transaction over 100,000 rows holds them all until a request is long over. A row that was taken back is marked with it in its own
-- transaction, so that a worker who takes over after another died goes on with the others and comes to none twice.

alter table imports
    add column removed bigint not null default 0,
    add column reverted bigint not null default 0,
    -- Rows that were gone for good already when their turn came.
    add column gone bigint not null default 0,
    add column undo_began_at timestamptz,
    drop constraint imports_status_known,
    add constraint imports_status_known
        check (status in ('uploaded', 'mapped', 'queued', 'running', 'done', 'failed', 'undoing', 'undone'));
alter table import_rows
    drop constraint import_rows_outcome_known,
    add constraint import_rows_outcome_known
        check (outcome in ('created', 'updated', 'unchanged', 'refused', 'removed', 'reverted', 'gone'));

-- Of imports that were taken back before, whatever has no reason to have been kept is.
update import_rows r set outcome = case r.outcome when 'created' then 'removed' else 'reverted' end
from imports i
where i.tenant_id = r.tenant_id and i.id = r.import_id and i.status = 'undone'
    and r.outcome in ('created', 'updated') and r.record_id is not null and r.problems is null;
update imports i set removed = n.removed, reverted = n.reverted
from (
    select tenant_id, import_id, count(*) filter (where outcome = 'removed') as removed, count(*) filter (where outcome = 'reverted') as reverted
    from import_rows where outcome in ('removed', 'reverted') group by tenant_id, import_id
) n
where n.tenant_id = i.tenant_id and n.import_id = i.id;
