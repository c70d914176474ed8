-- A change names who really acted: support staff for a member, or a key for one.
--
-- Why beside the cause: a merge, an undo, an import and a change of many rows put their own cause into `cause_kind`, so that what they did is
-- found together. Who acted is another question, and what answers it is nobody's to overwrite. Rows that are there keep what they have: their
-- digests were made without these columns, and those of acts for a member stand in their cause.

alter table changes
    -- Of a row of `impersonations` or `api_keys`; the kind says which, also in a file without them.
    add column through_kind text constraint changes_through_known check (through_kind in ('impersonation', 'api_key')),
    add column through_id uuid,
    add constraint changes_through_whole check ((through_kind is null) = (through_id is null));

-- A change of many rows is taken back as it was made: by a job, in batches, each row with what became of it. `undoing` while that goes on.
alter table bulk_changes
    add column reverted bigint not null default 0,
    drop constraint bulk_changes_status_known,
    add constraint bulk_changes_status_known check (status in ('queued', 'running', 'done', 'failed', 'undoing', 'undone'));
alter table bulk_rows
    drop constraint bulk_rows_outcome_known,
    add constraint bulk_rows_outcome_known check (outcome in ('changed', 'unchanged', 'refused', 'kept', 'reverted'));
