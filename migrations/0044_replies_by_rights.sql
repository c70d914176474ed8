-- What the member might do when the reply of an idempotency key was made, as a digest. The operation is not asked again when the same is sent once
-- more, so what it answered is shown only while that is the same (platform/src/idempotency.rs). Replies of before have none and are not shown
-- again: they are forgotten within a day.
alter table idempotency_keys add column rights bytea not null default '';
