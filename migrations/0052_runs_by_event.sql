-- The runs that an event has begun.
--
-- Why so: the page of a run shows what followed from it, and looked for that among all runs of the same act. Since a job of many rows is one act, those
-- can be a hundred thousand. They are found from what the run has changed, by the events that tell of it. The index by correlation stays for
-- processes of the release before. Runs cannot be written while this one is made, some seconds for a million of them.

create index runs_by_event on runs (tenant_id, event_id);
