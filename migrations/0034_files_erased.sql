-- Files go for good: those that were taken away a month ago, and those that no record was written with.
--
-- Why so: everything that was ever uploaded counted against the room of its workspace, so that files which were deleted filled it for good. What is
-- counted is the row. The content lies in the file store, which no transaction reaches: whatever is to go from there is written down here first, in
-- the transaction that takes the row, or before content is stored that may come to be no file. A process that dies in between leaves something to
-- erase, and nothing that is counted or served.

create table erasures (
    tenant_id uuid not null constraint erasures_tenant references tenants (id),
    -- Of the file: its content lies under a key made of both.
    id uuid not null,
    -- While a file is uploaded, later than its upload can take.
    due_at timestamptz not null,
    primary key (tenant_id, id)
);
create index erasures_due on erasures (due_at);
-- An upload strikes out its own where its file is written.
call secure_tenant_table('erasures', 'delete');
create policy erasing on erasures to nexus_platform using (true) with check (true);
grant insert, delete on erasures to nexus_platform;

create index files_deleted on files (deleted_at) where deleted_at is not null;
create index files_of_nobody on files (uploaded_at) where record_id is null;
-- The platform role takes rows of files that were deleted or are nobody's, and of no others. It may lock them to do so, and change nothing in them.
create policy erasing on files for delete to nexus_platform using (deleted_at is not null or record_id is null);
create policy holding on files for update to nexus_platform using (deleted_at is not null or record_id is null) with check (false);
grant delete, update (deleted_at) on files to nexus_platform;
