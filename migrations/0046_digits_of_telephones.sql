-- The digits of telephone numbers, by which a form finds out whether somebody is there already (records/src/alike.rs). Without a column and an
-- index each look compared the number of every row.
--
-- Why so: the database fills the column from a number that is kept exactly as it was typed, so that no write can leave it out, one of the release
-- before included. As `nexus check --ddl` prints it. Each of the tables is written anew with its indexes, and all are locked until the last is done:
-- a minute and a quarter for a million leads on two processors (docs/operating.md, upgrading).

alter table leads add column phone_digits text collate "C" generated always as (regexp_replace(phone, '[^0-9]', '', 'g')) stored;
create index leads_phone_digits_order on leads (tenant_id, phone_digits, id) where deleted_at is null;
alter table customers add column phone_digits text collate "C" generated always as (regexp_replace(phone, '[^0-9]', '', 'g')) stored;
create index customers_phone_digits_order on customers (tenant_id, phone_digits, id) where deleted_at is null;
alter table contacts add column phone_digits text collate "C" generated always as (regexp_replace(phone, '[^0-9]', '', 'g')) stored;
create index contacts_phone_digits_order on contacts (tenant_id, phone_digits, id) where deleted_at is null;
alter table automotive_dealers add column phone_digits text collate "C" generated always as (regexp_replace(phone, '[^0-9]', '', 'g')) stored;
create index automotive_dealers_phone_digits_order on automotive_dealers (tenant_id, phone_digits, id) where deleted_at is null;
alter table showroom_projects add column phone_digits text collate "C" generated always as (regexp_replace(phone, '[^0-9]', '', 'g')) stored;
create index showroom_projects_phone_digits_order on showroom_projects (tenant_id, phone_digits, id) where deleted_at is null;
