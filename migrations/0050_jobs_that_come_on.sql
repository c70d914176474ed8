-- Long jobs that come on have all their tries again, and what a job left behind that is no more is found.
--
-- Why so: tries were counted over the whole life of a job, so that an export of two hundred parts was thrown away for five faults that passed within
-- an hour. They are counted since the last step now, in the transaction of that step, which is the tenant's. And a job that was given up without its
-- handler (its workers died, it panicked at its last try) left an import, an export or a change of many rows as if somebody were at it: a sweep looks
-- for those, by indexes that hold only what is open.

grant update (attempts) on jobs to nexus_app;

create index imports_open on imports (tenant_id, id) where status in ('queued', 'running', 'undoing');
create index bulk_changes_open on bulk_changes (tenant_id, id) where status in ('queued', 'running', 'undoing');
create index exports_open on exports (tenant_id, id) where status in ('queued', 'running');
