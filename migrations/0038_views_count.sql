-- Saved views stand on every list, and seldom change: pages keep them while the workspace's number stands, so they count as well (migration 36).

create trigger access_changed after insert or update or delete on saved_views for each row execute function access_changed();
