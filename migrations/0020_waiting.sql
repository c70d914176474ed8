-- What waits for a member is counted with every page, and hardly anything is unread among all that was ever told.
create index notifications_unread on notifications (tenant_id, member_id) where read_at is null;
