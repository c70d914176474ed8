-- Two more reasons to be told something, how often one line was told, and until when it is put off.
--
-- Why so: what is put off keeps its row and is left out until its moment has come; nothing has to wake it. What fails again and again within an hour
-- counts up one row, so that a workflow which fails a thousand times is one line and not a thousand.

alter table notifications
    drop constraint notifications_kind_known,
    add constraint notifications_kind_known check (kind in ('mention', 'assignment', 'stage', 'approval', 'workflow', 'failure')),
    add column count bigint not null default 1,
    add column snoozed_until timestamptz;

alter table notification_mutes
    drop constraint notification_mutes_kind_known,
    add constraint notification_mutes_kind_known check (kind in ('mention', 'assignment', 'stage', 'approval', 'workflow', 'failure'));
