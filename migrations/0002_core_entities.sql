-- The core entities: leads, customers, contacts, opportunities, activities, tasks.
--
-- Why so: each table is what its description in server/packs/_core/entities asks for, printed by `nexus check --ddl`. Text that is
-- filtered or sorted has a normalised twin (`_norm`) and sorts by bytes, because under row security only leakproof operators become index
-- conditions. Every filterable column has an index that is led by the tenant and ended by the id, over the rows that are not in the trash.
-- Constraints are named after their column, so that a refusal of the database becomes a message at the field. Keys between the tables come
-- last: leads and opportunities point at each other. The tenant role may delete, for undoing an import; in normal use rows go to the trash.

create table leads (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    name text not null,
    name_norm text collate "C" not null default '',
    email text,
    email_norm text collate "C" not null default '',
    phone text collate "C",
    company text,
    company_norm text collate "C" not null default '',
    city text,
    city_norm text collate "C" not null default '',
    country text collate "C",
    value_minor bigint,
    value_currency text,
    source text collate "C",
    enquired_on date,
    next_step text,
    notes text,
    customer_id uuid,
    opportunity_id uuid,
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
    constraint leads_tenant foreign key (tenant_id) references tenants (id),
    constraint leads_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint leads_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint leads_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint leads_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint leads_status_known check (status in ('new', 'contacted', 'qualified', 'proposal', 'negotiation', 'won', 'lost')),
    constraint leads_country_shape check (country ~ '^[A-Z]{2}$'),
    constraint leads_value_whole check ((value_minor is null) = (value_currency is null)),
    constraint leads_value_currency_shape check (value_currency ~ '^[A-Z]{3}$'),
    constraint leads_value_range check (value_minor >= 0),
    constraint leads_source_known check (source in ('web_form', 'walk_in', 'referral', 'trade_fair', 'whatsapp', 'cold_call', 'partner', 'import'))
);
create unique index leads_number_key on leads (tenant_id, number);
create index leads_name_norm_order on leads (tenant_id, name_norm, id) where deleted_at is null;
create unique index leads_email_key on leads (tenant_id, email_norm) where deleted_at is null and email_norm <> '';
create index leads_email_norm_order on leads (tenant_id, email_norm, id) where deleted_at is null;
create index leads_phone_order on leads (tenant_id, phone, id) where deleted_at is null;
create index leads_company_norm_order on leads (tenant_id, company_norm, id) where deleted_at is null;
create index leads_city_norm_order on leads (tenant_id, city_norm, id) where deleted_at is null;
create index leads_country_order on leads (tenant_id, country, id) where deleted_at is null;
create index leads_value_minor_order on leads (tenant_id, value_minor, id) where deleted_at is null;
create index leads_source_order on leads (tenant_id, source, id) where deleted_at is null;
create index leads_enquired_on_order on leads (tenant_id, enquired_on, id) where deleted_at is null;
create index leads_customer_id_order on leads (tenant_id, customer_id, id) where deleted_at is null;
create index leads_number_order on leads (tenant_id, number, id) where deleted_at is null;
create index leads_status_order on leads (tenant_id, status, id) where deleted_at is null;
create index leads_owner_id_order on leads (tenant_id, owner_id, id) where deleted_at is null;
create index leads_created_at_order on leads (tenant_id, created_at, id) where deleted_at is null;
create index leads_updated_at_order on leads (tenant_id, updated_at, id) where deleted_at is null;
create index leads_trash on leads (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('leads', 'insert, update, delete');

create table customers (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    name text not null,
    name_norm text collate "C" not null default '',
    type text collate "C",
    email text,
    email_norm text collate "C" not null default '',
    phone text collate "C",
    website text,
    city text,
    city_norm text collate "C" not null default '',
    country text collate "C",
    tax_number text,
    tax_number_norm text collate "C" not null default '',
    notes text,
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
    constraint customers_tenant foreign key (tenant_id) references tenants (id),
    constraint customers_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint customers_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint customers_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint customers_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint customers_status_known check (status in ('active', 'inactive')),
    constraint customers_type_known check (type in ('company', 'person')),
    constraint customers_country_shape check (country ~ '^[A-Z]{2}$')
);
create unique index customers_number_key on customers (tenant_id, number);
create index customers_name_norm_order on customers (tenant_id, name_norm, id) where deleted_at is null;
create index customers_type_order on customers (tenant_id, type, id) where deleted_at is null;
create unique index customers_email_key on customers (tenant_id, email_norm) where deleted_at is null and email_norm <> '';
create index customers_email_norm_order on customers (tenant_id, email_norm, id) where deleted_at is null;
create index customers_phone_order on customers (tenant_id, phone, id) where deleted_at is null;
create index customers_city_norm_order on customers (tenant_id, city_norm, id) where deleted_at is null;
create index customers_country_order on customers (tenant_id, country, id) where deleted_at is null;
create index customers_tax_number_norm_order on customers (tenant_id, tax_number_norm, id) where deleted_at is null;
create index customers_number_order on customers (tenant_id, number, id) where deleted_at is null;
create index customers_status_order on customers (tenant_id, status, id) where deleted_at is null;
create index customers_owner_id_order on customers (tenant_id, owner_id, id) where deleted_at is null;
create index customers_created_at_order on customers (tenant_id, created_at, id) where deleted_at is null;
create index customers_updated_at_order on customers (tenant_id, updated_at, id) where deleted_at is null;
create index customers_trash on customers (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('customers', 'insert, update, delete');

create table contacts (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    name text not null,
    name_norm text collate "C" not null default '',
    email text,
    email_norm text collate "C" not null default '',
    phone text collate "C",
    job_title text,
    job_title_norm text collate "C" not null default '',
    customer_id uuid,
    notes text,
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
    constraint contacts_tenant foreign key (tenant_id) references tenants (id),
    constraint contacts_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint contacts_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint contacts_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint contacts_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id)
);
create unique index contacts_number_key on contacts (tenant_id, number);
create index contacts_name_norm_order on contacts (tenant_id, name_norm, id) where deleted_at is null;
create unique index contacts_email_key on contacts (tenant_id, email_norm) where deleted_at is null and email_norm <> '';
create index contacts_email_norm_order on contacts (tenant_id, email_norm, id) where deleted_at is null;
create index contacts_phone_order on contacts (tenant_id, phone, id) where deleted_at is null;
create index contacts_job_title_norm_order on contacts (tenant_id, job_title_norm, id) where deleted_at is null;
create index contacts_customer_id_order on contacts (tenant_id, customer_id, id) where deleted_at is null;
create index contacts_number_order on contacts (tenant_id, number, id) where deleted_at is null;
create index contacts_owner_id_order on contacts (tenant_id, owner_id, id) where deleted_at is null;
create index contacts_created_at_order on contacts (tenant_id, created_at, id) where deleted_at is null;
create index contacts_updated_at_order on contacts (tenant_id, updated_at, id) where deleted_at is null;
create index contacts_trash on contacts (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('contacts', 'insert, update, delete');

create table opportunities (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    name text not null,
    name_norm text collate "C" not null default '',
    customer_id uuid not null,
    contact_id uuid,
    value_minor bigint,
    value_currency text,
    close_on date,
    next_step text,
    lead_id uuid,
    notes text,
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
    constraint opportunities_tenant foreign key (tenant_id) references tenants (id),
    constraint opportunities_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint opportunities_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint opportunities_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint opportunities_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint opportunities_status_known check (status in ('qualification', 'proposal', 'negotiation', 'won', 'lost')),
    constraint opportunities_value_whole check ((value_minor is null) = (value_currency is null)),
    constraint opportunities_value_currency_shape check (value_currency ~ '^[A-Z]{3}$'),
    constraint opportunities_value_range check (value_minor >= 0)
);
create unique index opportunities_number_key on opportunities (tenant_id, number);
create index opportunities_name_norm_order on opportunities (tenant_id, name_norm, id) where deleted_at is null;
create index opportunities_customer_id_order on opportunities (tenant_id, customer_id, id) where deleted_at is null;
create index opportunities_contact_id_order on opportunities (tenant_id, contact_id, id) where deleted_at is null;
create index opportunities_value_minor_order on opportunities (tenant_id, value_minor, id) where deleted_at is null;
create index opportunities_close_on_order on opportunities (tenant_id, close_on, id) where deleted_at is null;
create index opportunities_lead_id_order on opportunities (tenant_id, lead_id, id) where deleted_at is null;
create index opportunities_number_order on opportunities (tenant_id, number, id) where deleted_at is null;
create index opportunities_status_order on opportunities (tenant_id, status, id) where deleted_at is null;
create index opportunities_owner_id_order on opportunities (tenant_id, owner_id, id) where deleted_at is null;
create index opportunities_created_at_order on opportunities (tenant_id, created_at, id) where deleted_at is null;
create index opportunities_updated_at_order on opportunities (tenant_id, updated_at, id) where deleted_at is null;
create index opportunities_trash on opportunities (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('opportunities', 'insert, update, delete');

create table activities (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    subject text not null,
    subject_norm text collate "C" not null default '',
    kind text collate "C" not null,
    happened_on timestamptz,
    lead_id uuid,
    customer_id uuid,
    opportunity_id uuid,
    notes text,
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
    constraint activities_tenant foreign key (tenant_id) references tenants (id),
    constraint activities_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint activities_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint activities_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint activities_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint activities_kind_known check (kind in ('call', 'meeting', 'mail', 'note', 'visit'))
);
create unique index activities_number_key on activities (tenant_id, number);
create index activities_subject_norm_order on activities (tenant_id, subject_norm, id) where deleted_at is null;
create index activities_kind_order on activities (tenant_id, kind, id) where deleted_at is null;
create index activities_happened_on_order on activities (tenant_id, happened_on, id) where deleted_at is null;
create index activities_lead_id_order on activities (tenant_id, lead_id, id) where deleted_at is null;
create index activities_customer_id_order on activities (tenant_id, customer_id, id) where deleted_at is null;
create index activities_opportunity_id_order on activities (tenant_id, opportunity_id, id) where deleted_at is null;
create index activities_number_order on activities (tenant_id, number, id) where deleted_at is null;
create index activities_owner_id_order on activities (tenant_id, owner_id, id) where deleted_at is null;
create index activities_created_at_order on activities (tenant_id, created_at, id) where deleted_at is null;
create index activities_updated_at_order on activities (tenant_id, updated_at, id) where deleted_at is null;
create index activities_trash on activities (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('activities', 'insert, update, delete');

create table tasks (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    title text not null,
    title_norm text collate "C" not null default '',
    due_on date,
    priority text collate "C",
    lead_id uuid,
    customer_id uuid,
    opportunity_id uuid,
    notes text,
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
    constraint tasks_tenant foreign key (tenant_id) references tenants (id),
    constraint tasks_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint tasks_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint tasks_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint tasks_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint tasks_status_known check (status in ('open', 'in_progress', 'done', 'cancelled')),
    constraint tasks_priority_known check (priority in ('low', 'medium', 'high', 'urgent'))
);
create unique index tasks_number_key on tasks (tenant_id, number);
create index tasks_title_norm_order on tasks (tenant_id, title_norm, id) where deleted_at is null;
create index tasks_due_on_order on tasks (tenant_id, due_on, id) where deleted_at is null;
create index tasks_priority_order on tasks (tenant_id, priority, id) where deleted_at is null;
create index tasks_lead_id_order on tasks (tenant_id, lead_id, id) where deleted_at is null;
create index tasks_customer_id_order on tasks (tenant_id, customer_id, id) where deleted_at is null;
create index tasks_opportunity_id_order on tasks (tenant_id, opportunity_id, id) where deleted_at is null;
create index tasks_number_order on tasks (tenant_id, number, id) where deleted_at is null;
create index tasks_status_order on tasks (tenant_id, status, id) where deleted_at is null;
create index tasks_owner_id_order on tasks (tenant_id, owner_id, id) where deleted_at is null;
create index tasks_created_at_order on tasks (tenant_id, created_at, id) where deleted_at is null;
create index tasks_updated_at_order on tasks (tenant_id, updated_at, id) where deleted_at is null;
create index tasks_trash on tasks (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('tasks', 'insert, update, delete');

alter table leads add constraint leads_customer_id_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
alter table leads add constraint leads_opportunity_id_fkey foreign key (tenant_id, opportunity_id) references opportunities (tenant_id, id);
alter table contacts add constraint contacts_customer_id_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
alter table opportunities add constraint opportunities_customer_id_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
alter table opportunities add constraint opportunities_contact_id_fkey foreign key (tenant_id, contact_id) references contacts (tenant_id, id);
alter table opportunities add constraint opportunities_lead_id_fkey foreign key (tenant_id, lead_id) references leads (tenant_id, id);
alter table activities add constraint activities_lead_id_fkey foreign key (tenant_id, lead_id) references leads (tenant_id, id);
alter table activities add constraint activities_customer_id_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
alter table activities add constraint activities_opportunity_id_fkey foreign key (tenant_id, opportunity_id) references opportunities (tenant_id, id);
alter table tasks add constraint tasks_lead_id_fkey foreign key (tenant_id, lead_id) references leads (tenant_id, id);
alter table tasks add constraint tasks_customer_id_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
alter table tasks add constraint tasks_opportunity_id_fkey foreign key (tenant_id, opportunity_id) references opportunities (tenant_id, id);
