-- The showroom pack: projects in thirteen stages. And how rows of any table stand in theirs: since when, until when, what is done.
--
-- Why so: printed by `nexus check --ddl`. Ticks are one column of the row, so that whatever knows a field knows them: versions, the past, undo,
-- merges (ARCHITECTURE.md, 2026-11-29). A table has these columns where the description of some industry asks for them; rows that stand there
-- already are not said to be late, since nobody knows when they came: the columns are empty until the next move.

create table showroom_projects (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    name text not null,
    name_norm text collate "C" not null default '',
    client_id uuid not null,
    contact_id uuid,
    project_status text collate "C" not null,
    room text collate "C",
    phone text collate "C",
    email text,
    email_norm text collate "C" not null default '',
    site_address text,
    city text,
    city_norm text collate "C" not null default '',
    budget_minor bigint,
    budget_currency text,
    quoted_minor bigint,
    quoted_currency text,
    deposit_minor bigint,
    deposit_currency text,
    visit_on date,
    survey_on timestamptz,
    presented_on date,
    signed_on date,
    delivery_on date,
    install_from date,
    handed_over_on date,
    order_reference text,
    order_reference_norm text collate "C" not null default '',
    order_id uuid,
    lost_reason text,
    notes text,
    status_since timestamptz,
    status_due date,
    checklist jsonb,
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
    constraint showroom_projects_tenant foreign key (tenant_id) references tenants (id),
    constraint showroom_projects_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint showroom_projects_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint showroom_projects_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint showroom_projects_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint showroom_projects_status_known check (status in ('enquiry', 'qualified', 'showroom_visit', 'survey_booked', 'survey_done', 'design_in_progress', 'design_presented', 'quote_sent', 'contract_signed', 'ordered', 'install_scheduled', 'installing', 'completed')),
    constraint showroom_projects_project_status_known check (project_status in ('active', 'on_hold', 'lost')),
    constraint showroom_projects_room_known check (room in ('bathroom', 'kitchen', 'bedroom', 'utility', 'whole_home')),
    constraint showroom_projects_budget_whole check ((budget_minor is null) = (budget_currency is null)),
    constraint showroom_projects_budget_currency_shape check (budget_currency ~ '^[A-Z]{3}$'),
    constraint showroom_projects_budget_range check (budget_minor >= 0),
    constraint showroom_projects_quoted_whole check ((quoted_minor is null) = (quoted_currency is null)),
    constraint showroom_projects_quoted_currency_shape check (quoted_currency ~ '^[A-Z]{3}$'),
    constraint showroom_projects_quoted_range check (quoted_minor >= 0),
    constraint showroom_projects_deposit_whole check ((deposit_minor is null) = (deposit_currency is null)),
    constraint showroom_projects_deposit_currency_shape check (deposit_currency ~ '^[A-Z]{3}$'),
    constraint showroom_projects_deposit_range check (deposit_minor >= 0)
);
create unique index showroom_projects_number_key on showroom_projects (tenant_id, number);
create index showroom_projects_name_norm_order on showroom_projects (tenant_id, name_norm, id) where deleted_at is null;
create index showroom_projects_client_id_order on showroom_projects (tenant_id, client_id, id) where deleted_at is null;
create index showroom_projects_contact_id_order on showroom_projects (tenant_id, contact_id, id) where deleted_at is null;
create index showroom_projects_project_status_order on showroom_projects (tenant_id, project_status, id) where deleted_at is null;
create index showroom_projects_room_order on showroom_projects (tenant_id, room, id) where deleted_at is null;
create index showroom_projects_phone_order on showroom_projects (tenant_id, phone, id) where deleted_at is null;
create index showroom_projects_email_norm_order on showroom_projects (tenant_id, email_norm, id) where deleted_at is null;
create index showroom_projects_city_norm_order on showroom_projects (tenant_id, city_norm, id) where deleted_at is null;
create index showroom_projects_budget_minor_order on showroom_projects (tenant_id, budget_minor, id) where deleted_at is null;
create index showroom_projects_quoted_minor_order on showroom_projects (tenant_id, quoted_minor, id) where deleted_at is null;
create index showroom_projects_visit_on_order on showroom_projects (tenant_id, visit_on, id) where deleted_at is null;
create index showroom_projects_survey_on_order on showroom_projects (tenant_id, survey_on, id) where deleted_at is null;
create index showroom_projects_presented_on_order on showroom_projects (tenant_id, presented_on, id) where deleted_at is null;
create index showroom_projects_signed_on_order on showroom_projects (tenant_id, signed_on, id) where deleted_at is null;
create index showroom_projects_delivery_on_order on showroom_projects (tenant_id, delivery_on, id) where deleted_at is null;
create index showroom_projects_install_from_order on showroom_projects (tenant_id, install_from, id) where deleted_at is null;
create index showroom_projects_handed_over_on_order on showroom_projects (tenant_id, handed_over_on, id) where deleted_at is null;
create index showroom_projects_order_reference_norm_order on showroom_projects (tenant_id, order_reference_norm, id) where deleted_at is null;
create index showroom_projects_order_id_order on showroom_projects (tenant_id, order_id, id) where deleted_at is null;
create index showroom_projects_status_due_order on showroom_projects (tenant_id, status_due, id) where deleted_at is null;
create index showroom_projects_number_order on showroom_projects (tenant_id, number, id) where deleted_at is null;
create index showroom_projects_status_order on showroom_projects (tenant_id, status, id) where deleted_at is null;
create index showroom_projects_owner_id_order on showroom_projects (tenant_id, owner_id, id) where deleted_at is null;
create index showroom_projects_created_at_order on showroom_projects (tenant_id, created_at, id) where deleted_at is null;
create index showroom_projects_updated_at_order on showroom_projects (tenant_id, updated_at, id) where deleted_at is null;
create index showroom_projects_trash on showroom_projects (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('showroom_projects', 'insert, update, delete');

alter table showroom_projects add constraint showroom_projects_client_id_fkey foreign key (tenant_id, client_id) references customers (tenant_id, id);
alter table showroom_projects add constraint showroom_projects_contact_id_fkey foreign key (tenant_id, contact_id) references contacts (tenant_id, id);
alter table showroom_projects add constraint showroom_projects_order_id_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id);

alter table opportunities
    add column status_since timestamptz,
    add column status_due date,
    add column checklist jsonb;
create index opportunities_status_due_order on opportunities (tenant_id, status_due, id) where deleted_at is null;
