-- Whoever changes something is the member who calls, whom the server has just read, and members are never removed: the look into `members` for
-- every change was the last of those that the rows beside a record were held to (0004_derived_rows.sql).
alter table changes drop constraint changes_actor;
