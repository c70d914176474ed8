-- The automotive pack: its dealers, and the stages of its vehicle sales.
--
-- Why so: printed by `nexus check --ddl` from server/packs/automotive. Industries share the core tables, so the check of a state accepts
-- the stages of every industry; which of them a workspace may use is its description's to say.

create table automotive_dealers (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    name text not null,
    name_norm text collate "C" not null default '',
    tier text collate "C" not null,
    region text collate "C",
    customer_id uuid,
    email text,
    email_norm text collate "C" not null default '',
    phone text collate "C",
    city text,
    city_norm text collate "C" not null default '',
    country text collate "C",
    owner_id uuid,
    location_id uuid,
    version bigint not null default 1,
    custom jsonb not null default '{}',
    created_by uuid not null,
    created_at timestamptz not null default now(),
    updated_by uuid,
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    primary key (tenant_id, id),
    constraint automotive_dealers_tenant foreign key (tenant_id) references tenants (id),
    constraint automotive_dealers_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint automotive_dealers_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint automotive_dealers_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint automotive_dealers_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint automotive_dealers_status_known check (status in ('active', 'suspended', 'closed')),
    constraint automotive_dealers_tier_known check (tier in ('bronze', 'silver', 'gold')),
    constraint automotive_dealers_region_known check (region in ('north', 'south', 'east', 'west')),
    constraint automotive_dealers_country_shape check (country ~ '^[A-Z]{2}$')
);
create unique index automotive_dealers_number_key on automotive_dealers (tenant_id, number);
create index automotive_dealers_name_norm_order on automotive_dealers (tenant_id, name_norm, id) where deleted_at is null;
create index automotive_dealers_tier_order on automotive_dealers (tenant_id, tier, id) where deleted_at is null;
create index automotive_dealers_region_order on automotive_dealers (tenant_id, region, id) where deleted_at is null;
create index automotive_dealers_customer_id_order on automotive_dealers (tenant_id, customer_id, id) where deleted_at is null;
create unique index automotive_dealers_email_key on automotive_dealers (tenant_id, email_norm) where deleted_at is null and email_norm <> '';
create index automotive_dealers_email_norm_order on automotive_dealers (tenant_id, email_norm, id) where deleted_at is null;
create index automotive_dealers_phone_order on automotive_dealers (tenant_id, phone, id) where deleted_at is null;
create index automotive_dealers_city_norm_order on automotive_dealers (tenant_id, city_norm, id) where deleted_at is null;
create index automotive_dealers_country_order on automotive_dealers (tenant_id, country, id) where deleted_at is null;
create index automotive_dealers_number_order on automotive_dealers (tenant_id, number, id) where deleted_at is null;
create index automotive_dealers_status_order on automotive_dealers (tenant_id, status, id) where deleted_at is null;
create index automotive_dealers_owner_id_order on automotive_dealers (tenant_id, owner_id, id) where deleted_at is null;
create index automotive_dealers_created_at_order on automotive_dealers (tenant_id, created_at, id) where deleted_at is null;
create index automotive_dealers_updated_at_order on automotive_dealers (tenant_id, updated_at, id) where deleted_at is null;
create index automotive_dealers_trash on automotive_dealers (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('automotive_dealers', 'insert, update, delete');

alter table automotive_dealers add constraint automotive_dealers_customer_id_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
alter table opportunities drop constraint opportunities_status_known;
alter table opportunities add constraint opportunities_status_known check (status in ('qualification', 'proposal', 'negotiation', 'won', 'lost', 'enquiry', 'test_drive', 'quotation', 'finance', 'delivery_booked'));
