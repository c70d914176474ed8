-- What dealers are asked for beside their name: licence, services, terms, website and where they are.
--
-- Why so: as `nexus check --ddl` prints the table. An address is five columns and a point two, so that each can be compared, indexed and
-- erased by itself; several choices are one array, since they are read and written together.

alter table automotive_dealers
    add column licence text,
    add column licence_norm text collate "C" not null default '',
    add column services text[],
    add column discount bigint,
    add column handover bigint,
    add column website text collate "C",
    add column address_street text,
    add column address_postcode text,
    add column address_city text,
    add column address_region text,
    add column address_country text,
    add column place_lat bigint,
    add column place_lon bigint,
    add constraint automotive_dealers_services_known check (services <@ array['service', 'parts', 'body_shop', 'fleet', 'charging'] and cardinality(services) > 0),
    add constraint automotive_dealers_discount_range check (discount >= 0 and discount <= 5000),
    add constraint automotive_dealers_handover_range check (handover <= 86400),
    add constraint automotive_dealers_website_shape check (website ~ '^https?://'),
    add constraint automotive_dealers_address_country_shape check (address_country ~ '^[A-Z]{2}$'),
    add constraint automotive_dealers_place_whole check ((place_lat is null) = (place_lon is null)),
    add constraint automotive_dealers_place_range check (abs(place_lat) <= 90000000 and abs(place_lon) <= 180000000);
create index automotive_dealers_licence_norm_order on automotive_dealers (tenant_id, licence_norm, id) where deleted_at is null;
create index automotive_dealers_discount_order on automotive_dealers (tenant_id, discount, id) where deleted_at is null;
create index automotive_dealers_handover_order on automotive_dealers (tenant_id, handover, id) where deleted_at is null;
create index automotive_dealers_website_order on automotive_dealers (tenant_id, website, id) where deleted_at is null;
