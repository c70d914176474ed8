-- Lead to cash: products and stock, orders, invoices, payments, and the ledger that they are posted to.
--
-- Why so: the tables of described entities are what their descriptions ask for (`nexus check --ddl`). Lines, movements and allocations
-- belong to hand-written verbs. What must never be wrong is held here and not only in the server: an entry that does not balance is refused
-- when the transaction commits; what is posted is neither changed nor removed, by trigger and because the tenant role is granted neither;
-- the quantity of a product is the sum of its movements and never less than what is reserved; invoices and entries are numbered without a
-- gap, in the order of commit; nobody pays more than is open. Quantities and per cents are counted in thousandths, rates in 10^-8.

create table orders (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    customer_id uuid not null,
    contact_id uuid,
    opportunity_id uuid,
    reference text,
    reference_norm text collate "C" not null default '',
    currency text,
    net_amount_minor bigint,
    net_amount_currency text,
    tax_amount_minor bigint,
    tax_amount_currency text,
    total_amount_minor bigint,
    total_amount_currency text,
    deliver_on date,
    deliver_to text,
    approved_at timestamptz,
    approved_by_id uuid,
    shipped_on date,
    delivered_on date,
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
    constraint orders_tenant foreign key (tenant_id) references tenants (id),
    constraint orders_approved_by_id_fkey foreign key (tenant_id, approved_by_id) references members (tenant_id, id),
    constraint orders_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint orders_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint orders_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint orders_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint orders_status_known check (status in ('draft', 'submitted', 'approved', 'picking', 'on_hold', 'shipped', 'delivered', 'invoiced', 'rejected', 'returned', 'cancelled')),
    constraint orders_net_amount_whole check ((net_amount_minor is null) = (net_amount_currency is null)),
    constraint orders_net_amount_currency_shape check (net_amount_currency ~ '^[A-Z]{3}$'),
    constraint orders_net_amount_range check (net_amount_minor >= 0),
    constraint orders_tax_amount_whole check ((tax_amount_minor is null) = (tax_amount_currency is null)),
    constraint orders_tax_amount_currency_shape check (tax_amount_currency ~ '^[A-Z]{3}$'),
    constraint orders_tax_amount_range check (tax_amount_minor >= 0),
    constraint orders_total_amount_whole check ((total_amount_minor is null) = (total_amount_currency is null)),
    constraint orders_total_amount_currency_shape check (total_amount_currency ~ '^[A-Z]{3}$'),
    constraint orders_total_amount_range check (total_amount_minor >= 0)
);
create unique index orders_number_key on orders (tenant_id, number);
create index orders_customer_id_order on orders (tenant_id, customer_id, id) where deleted_at is null;
create index orders_contact_id_order on orders (tenant_id, contact_id, id) where deleted_at is null;
create index orders_opportunity_id_order on orders (tenant_id, opportunity_id, id) where deleted_at is null;
create index orders_reference_norm_order on orders (tenant_id, reference_norm, id) where deleted_at is null;
create index orders_total_amount_minor_order on orders (tenant_id, total_amount_minor, id) where deleted_at is null;
create index orders_deliver_on_order on orders (tenant_id, deliver_on, id) where deleted_at is null;
create index orders_approved_at_order on orders (tenant_id, approved_at, id) where deleted_at is null;
create index orders_shipped_on_order on orders (tenant_id, shipped_on, id) where deleted_at is null;
create index orders_delivered_on_order on orders (tenant_id, delivered_on, id) where deleted_at is null;
create index orders_number_order on orders (tenant_id, number, id) where deleted_at is null;
create index orders_status_order on orders (tenant_id, status, id) where deleted_at is null;
create index orders_owner_id_order on orders (tenant_id, owner_id, id) where deleted_at is null;
create index orders_created_at_order on orders (tenant_id, created_at, id) where deleted_at is null;
create index orders_updated_at_order on orders (tenant_id, updated_at, id) where deleted_at is null;
create index orders_trash on orders (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('orders', 'insert, update, delete');

create table products (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    name text not null,
    name_norm text collate "C" not null default '',
    sku text not null,
    sku_norm text collate "C" not null default '',
    price_minor bigint,
    price_currency text,
    tax_rate_id uuid,
    unit text,
    stocked boolean,
    quantity bigint,
    reserved bigint,
    reorder_point bigint,
    reorder_quantity bigint,
    lead_time bigint,
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
    constraint products_tenant foreign key (tenant_id) references tenants (id),
    constraint products_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint products_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint products_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint products_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint products_status_known check (status in ('active', 'inactive')),
    constraint products_price_whole check ((price_minor is null) = (price_currency is null)),
    constraint products_price_currency_shape check (price_currency ~ '^[A-Z]{3}$'),
    constraint products_price_range check (price_minor >= 0),
    constraint products_quantity_range check (quantity >= 0),
    constraint products_reserved_range check (reserved >= 0),
    constraint products_reorder_point_range check (reorder_point >= 0),
    constraint products_reorder_quantity_range check (reorder_quantity >= 0),
    constraint products_lead_time_range check (lead_time >= 0 and lead_time <= 1000)
);
create unique index products_number_key on products (tenant_id, number);
create index products_name_norm_order on products (tenant_id, name_norm, id) where deleted_at is null;
create unique index products_sku_key on products (tenant_id, sku_norm) where deleted_at is null and sku_norm <> '';
create index products_sku_norm_order on products (tenant_id, sku_norm, id) where deleted_at is null;
create index products_price_minor_order on products (tenant_id, price_minor, id) where deleted_at is null;
create index products_tax_rate_id_order on products (tenant_id, tax_rate_id, id) where deleted_at is null;
create index products_stocked_order on products (tenant_id, stocked, id) where deleted_at is null;
create index products_quantity_order on products (tenant_id, quantity, id) where deleted_at is null;
create index products_reorder_point_order on products (tenant_id, reorder_point, id) where deleted_at is null;
create index products_number_order on products (tenant_id, number, id) where deleted_at is null;
create index products_status_order on products (tenant_id, status, id) where deleted_at is null;
create index products_owner_id_order on products (tenant_id, owner_id, id) where deleted_at is null;
create index products_created_at_order on products (tenant_id, created_at, id) where deleted_at is null;
create index products_updated_at_order on products (tenant_id, updated_at, id) where deleted_at is null;
create index products_trash on products (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('products', 'insert, update, delete');

create table prices (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    name text not null,
    name_norm text collate "C" not null default '',
    product_id uuid not null,
    customer_id uuid,
    from_quantity bigint,
    unit_price_minor bigint not null,
    unit_price_currency text not null,
    valid_from date,
    valid_until date,
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
    constraint prices_tenant foreign key (tenant_id) references tenants (id),
    constraint prices_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint prices_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint prices_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint prices_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint prices_from_quantity_range check (from_quantity >= 0),
    constraint prices_unit_price_whole check ((unit_price_minor is null) = (unit_price_currency is null)),
    constraint prices_unit_price_currency_shape check (unit_price_currency ~ '^[A-Z]{3}$'),
    constraint prices_unit_price_range check (unit_price_minor >= 0)
);
create unique index prices_number_key on prices (tenant_id, number);
create index prices_name_norm_order on prices (tenant_id, name_norm, id) where deleted_at is null;
create index prices_product_id_order on prices (tenant_id, product_id, id) where deleted_at is null;
create index prices_customer_id_order on prices (tenant_id, customer_id, id) where deleted_at is null;
create index prices_from_quantity_order on prices (tenant_id, from_quantity, id) where deleted_at is null;
create index prices_unit_price_minor_order on prices (tenant_id, unit_price_minor, id) where deleted_at is null;
create index prices_valid_from_order on prices (tenant_id, valid_from, id) where deleted_at is null;
create index prices_valid_until_order on prices (tenant_id, valid_until, id) where deleted_at is null;
create index prices_number_order on prices (tenant_id, number, id) where deleted_at is null;
create index prices_owner_id_order on prices (tenant_id, owner_id, id) where deleted_at is null;
create index prices_created_at_order on prices (tenant_id, created_at, id) where deleted_at is null;
create index prices_updated_at_order on prices (tenant_id, updated_at, id) where deleted_at is null;
create index prices_trash on prices (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('prices', 'insert, update, delete');

create table invoices (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    customer_id uuid not null,
    order_id uuid,
    reference text,
    reference_norm text collate "C" not null default '',
    invoice_date date not null,
    due_date date not null,
    days_overdue bigint,
    paid_at timestamptz,
    currency text,
    net_amount_minor bigint,
    net_amount_currency text,
    tax_amount_minor bigint,
    tax_amount_currency text,
    total_amount_minor bigint,
    total_amount_currency text,
    paid_amount_minor bigint,
    paid_amount_currency text,
    open_amount_minor bigint,
    open_amount_currency text,
    rate bigint,
    entry_id uuid,
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
    constraint invoices_tenant foreign key (tenant_id) references tenants (id),
    constraint invoices_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint invoices_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint invoices_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint invoices_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint invoices_status_known check (status in ('draft', 'posted', 'partially_paid', 'paid', 'cancelled')),
    constraint invoices_days_overdue_range check (days_overdue >= 0),
    constraint invoices_net_amount_whole check ((net_amount_minor is null) = (net_amount_currency is null)),
    constraint invoices_net_amount_currency_shape check (net_amount_currency ~ '^[A-Z]{3}$'),
    constraint invoices_net_amount_range check (net_amount_minor >= 0),
    constraint invoices_tax_amount_whole check ((tax_amount_minor is null) = (tax_amount_currency is null)),
    constraint invoices_tax_amount_currency_shape check (tax_amount_currency ~ '^[A-Z]{3}$'),
    constraint invoices_tax_amount_range check (tax_amount_minor >= 0),
    constraint invoices_total_amount_whole check ((total_amount_minor is null) = (total_amount_currency is null)),
    constraint invoices_total_amount_currency_shape check (total_amount_currency ~ '^[A-Z]{3}$'),
    constraint invoices_total_amount_range check (total_amount_minor >= 0),
    constraint invoices_paid_amount_whole check ((paid_amount_minor is null) = (paid_amount_currency is null)),
    constraint invoices_paid_amount_currency_shape check (paid_amount_currency ~ '^[A-Z]{3}$'),
    constraint invoices_paid_amount_range check (paid_amount_minor >= 0),
    constraint invoices_open_amount_whole check ((open_amount_minor is null) = (open_amount_currency is null)),
    constraint invoices_open_amount_currency_shape check (open_amount_currency ~ '^[A-Z]{3}$'),
    constraint invoices_open_amount_range check (open_amount_minor >= 0),
    constraint invoices_rate_range check (rate >= 1)
);
create unique index invoices_number_key on invoices (tenant_id, number);
create index invoices_customer_id_order on invoices (tenant_id, customer_id, id) where deleted_at is null;
create unique index invoices_order_id_key on invoices (tenant_id, order_id) where deleted_at is null;
create index invoices_order_id_order on invoices (tenant_id, order_id, id) where deleted_at is null;
create index invoices_reference_norm_order on invoices (tenant_id, reference_norm, id) where deleted_at is null;
create index invoices_invoice_date_order on invoices (tenant_id, invoice_date, id) where deleted_at is null;
create index invoices_due_date_order on invoices (tenant_id, due_date, id) where deleted_at is null;
create index invoices_days_overdue_order on invoices (tenant_id, days_overdue, id) where deleted_at is null;
create index invoices_paid_at_order on invoices (tenant_id, paid_at, id) where deleted_at is null;
create index invoices_total_amount_minor_order on invoices (tenant_id, total_amount_minor, id) where deleted_at is null;
create index invoices_open_amount_minor_order on invoices (tenant_id, open_amount_minor, id) where deleted_at is null;
create unique index invoices_entry_id_key on invoices (tenant_id, entry_id) where deleted_at is null;
create index invoices_entry_id_order on invoices (tenant_id, entry_id, id) where deleted_at is null;
create index invoices_number_order on invoices (tenant_id, number, id) where deleted_at is null;
create index invoices_status_order on invoices (tenant_id, status, id) where deleted_at is null;
create index invoices_owner_id_order on invoices (tenant_id, owner_id, id) where deleted_at is null;
create index invoices_created_at_order on invoices (tenant_id, created_at, id) where deleted_at is null;
create index invoices_updated_at_order on invoices (tenant_id, updated_at, id) where deleted_at is null;
create index invoices_trash on invoices (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('invoices', 'insert, update');

create table payments (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    customer_id uuid not null,
    amount_minor bigint not null,
    amount_currency text not null,
    received_on date not null,
    method text collate "C" not null,
    reference text,
    reference_norm text collate "C" not null default '',
    entry_id uuid,
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
    constraint payments_tenant foreign key (tenant_id) references tenants (id),
    constraint payments_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint payments_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint payments_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint payments_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint payments_status_known check (status in ('completed')),
    constraint payments_amount_whole check ((amount_minor is null) = (amount_currency is null)),
    constraint payments_amount_currency_shape check (amount_currency ~ '^[A-Z]{3}$'),
    constraint payments_amount_range check (amount_minor >= 0),
    constraint payments_method_known check (method in ('bank_transfer', 'mobile_money', 'card', 'cash', 'cheque'))
);
create unique index payments_number_key on payments (tenant_id, number);
create index payments_customer_id_order on payments (tenant_id, customer_id, id) where deleted_at is null;
create index payments_amount_minor_order on payments (tenant_id, amount_minor, id) where deleted_at is null;
create index payments_received_on_order on payments (tenant_id, received_on, id) where deleted_at is null;
create index payments_method_order on payments (tenant_id, method, id) where deleted_at is null;
create index payments_reference_norm_order on payments (tenant_id, reference_norm, id) where deleted_at is null;
create unique index payments_entry_id_key on payments (tenant_id, entry_id) where deleted_at is null;
create index payments_entry_id_order on payments (tenant_id, entry_id, id) where deleted_at is null;
create index payments_number_order on payments (tenant_id, number, id) where deleted_at is null;
create index payments_status_order on payments (tenant_id, status, id) where deleted_at is null;
create index payments_owner_id_order on payments (tenant_id, owner_id, id) where deleted_at is null;
create index payments_created_at_order on payments (tenant_id, created_at, id) where deleted_at is null;
create index payments_updated_at_order on payments (tenant_id, updated_at, id) where deleted_at is null;
create index payments_trash on payments (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('payments', 'insert');

create table journal_entries (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    description text not null,
    description_norm text collate "C" not null default '',
    posted_on date not null,
    amount_minor bigint not null,
    amount_currency text not null,
    line_count bigint not null,
    source_entity text,
    source_entity_norm text collate "C" not null default '',
    source_record text,
    source_record_norm text collate "C" not null default '',
    reversal_of_id uuid,
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
    constraint journal_entries_tenant foreign key (tenant_id) references tenants (id),
    constraint journal_entries_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint journal_entries_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint journal_entries_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint journal_entries_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint journal_entries_status_known check (status in ('posted')),
    constraint journal_entries_amount_whole check ((amount_minor is null) = (amount_currency is null)),
    constraint journal_entries_amount_currency_shape check (amount_currency ~ '^[A-Z]{3}$'),
    constraint journal_entries_amount_range check (amount_minor >= 0),
    constraint journal_entries_line_count_range check (line_count >= 2)
);
create unique index journal_entries_number_key on journal_entries (tenant_id, number);
create index journal_entries_description_norm_order on journal_entries (tenant_id, description_norm, id) where deleted_at is null;
create index journal_entries_posted_on_order on journal_entries (tenant_id, posted_on, id) where deleted_at is null;
create index journal_entries_amount_minor_order on journal_entries (tenant_id, amount_minor, id) where deleted_at is null;
create index journal_entries_source_entity_norm_order on journal_entries (tenant_id, source_entity_norm, id) where deleted_at is null;
create index journal_entries_source_record_norm_order on journal_entries (tenant_id, source_record_norm, id) where deleted_at is null;
create unique index journal_entries_reversal_of_id_key on journal_entries (tenant_id, reversal_of_id) where deleted_at is null;
create index journal_entries_reversal_of_id_order on journal_entries (tenant_id, reversal_of_id, id) where deleted_at is null;
create index journal_entries_number_order on journal_entries (tenant_id, number, id) where deleted_at is null;
create index journal_entries_status_order on journal_entries (tenant_id, status, id) where deleted_at is null;
create index journal_entries_owner_id_order on journal_entries (tenant_id, owner_id, id) where deleted_at is null;
create index journal_entries_created_at_order on journal_entries (tenant_id, created_at, id) where deleted_at is null;
create index journal_entries_updated_at_order on journal_entries (tenant_id, updated_at, id) where deleted_at is null;
create index journal_entries_trash on journal_entries (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('journal_entries', 'insert');

create table ledger_accounts (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    code text not null,
    code_norm text collate "C" not null default '',
    name text not null,
    name_norm text collate "C" not null default '',
    type text collate "C" not null,
    purpose text collate "C",
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
    constraint ledger_accounts_tenant foreign key (tenant_id) references tenants (id),
    constraint ledger_accounts_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint ledger_accounts_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint ledger_accounts_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint ledger_accounts_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint ledger_accounts_status_known check (status in ('active', 'closed')),
    constraint ledger_accounts_type_known check (type in ('asset', 'liability', 'equity', 'income', 'expense')),
    constraint ledger_accounts_purpose_known check (purpose in ('receivable', 'bank', 'tax', 'sales', 'exchange'))
);
create unique index ledger_accounts_number_key on ledger_accounts (tenant_id, number);
create unique index ledger_accounts_code_key on ledger_accounts (tenant_id, code_norm) where deleted_at is null and code_norm <> '';
create index ledger_accounts_code_norm_order on ledger_accounts (tenant_id, code_norm, id) where deleted_at is null;
create index ledger_accounts_name_norm_order on ledger_accounts (tenant_id, name_norm, id) where deleted_at is null;
create index ledger_accounts_type_order on ledger_accounts (tenant_id, type, id) where deleted_at is null;
create unique index ledger_accounts_purpose_key on ledger_accounts (tenant_id, purpose) where deleted_at is null;
create index ledger_accounts_purpose_order on ledger_accounts (tenant_id, purpose, id) where deleted_at is null;
create index ledger_accounts_number_order on ledger_accounts (tenant_id, number, id) where deleted_at is null;
create index ledger_accounts_status_order on ledger_accounts (tenant_id, status, id) where deleted_at is null;
create index ledger_accounts_owner_id_order on ledger_accounts (tenant_id, owner_id, id) where deleted_at is null;
create index ledger_accounts_created_at_order on ledger_accounts (tenant_id, created_at, id) where deleted_at is null;
create index ledger_accounts_updated_at_order on ledger_accounts (tenant_id, updated_at, id) where deleted_at is null;
create index ledger_accounts_trash on ledger_accounts (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('ledger_accounts', 'insert, update, delete');

create table tax_rates (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    status text collate "C" not null,
    name text not null,
    name_norm text collate "C" not null default '',
    percent bigint not null,
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
    constraint tax_rates_tenant foreign key (tenant_id) references tenants (id),
    constraint tax_rates_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint tax_rates_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint tax_rates_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint tax_rates_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint tax_rates_status_known check (status in ('active', 'inactive')),
    constraint tax_rates_percent_range check (percent >= 0 and percent <= 100000)
);
create unique index tax_rates_number_key on tax_rates (tenant_id, number);
create unique index tax_rates_name_key on tax_rates (tenant_id, name_norm) where deleted_at is null and name_norm <> '';
create index tax_rates_name_norm_order on tax_rates (tenant_id, name_norm, id) where deleted_at is null;
create index tax_rates_percent_order on tax_rates (tenant_id, percent, id) where deleted_at is null;
create index tax_rates_number_order on tax_rates (tenant_id, number, id) where deleted_at is null;
create index tax_rates_status_order on tax_rates (tenant_id, status, id) where deleted_at is null;
create index tax_rates_owner_id_order on tax_rates (tenant_id, owner_id, id) where deleted_at is null;
create index tax_rates_created_at_order on tax_rates (tenant_id, created_at, id) where deleted_at is null;
create index tax_rates_updated_at_order on tax_rates (tenant_id, updated_at, id) where deleted_at is null;
create index tax_rates_trash on tax_rates (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('tax_rates', 'insert, update, delete');

create table exchange_rates (
    tenant_id uuid not null,
    id uuid not null,
    number text collate "C" not null,
    currency text not null,
    currency_norm text collate "C" not null default '',
    rate bigint not null,
    valid_from date not null,
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
    constraint exchange_rates_tenant foreign key (tenant_id) references tenants (id),
    constraint exchange_rates_owner_id_fkey foreign key (tenant_id, owner_id) references members (tenant_id, id),
    constraint exchange_rates_location_id_fkey foreign key (tenant_id, location_id) references locations (tenant_id, id),
    constraint exchange_rates_created_by_fkey foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint exchange_rates_updated_by_fkey foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint exchange_rates_rate_range check (rate >= 1)
);
create unique index exchange_rates_number_key on exchange_rates (tenant_id, number);
create index exchange_rates_currency_norm_order on exchange_rates (tenant_id, currency_norm, id) where deleted_at is null;
create index exchange_rates_valid_from_order on exchange_rates (tenant_id, valid_from, id) where deleted_at is null;
create index exchange_rates_number_order on exchange_rates (tenant_id, number, id) where deleted_at is null;
create index exchange_rates_owner_id_order on exchange_rates (tenant_id, owner_id, id) where deleted_at is null;
create index exchange_rates_created_at_order on exchange_rates (tenant_id, created_at, id) where deleted_at is null;
create index exchange_rates_updated_at_order on exchange_rates (tenant_id, updated_at, id) where deleted_at is null;
create index exchange_rates_trash on exchange_rates (tenant_id, deleted_at, id) where deleted_at is not null;
call secure_tenant_table('exchange_rates', 'insert, update, delete');

alter table orders add constraint orders_customer_id_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
alter table orders add constraint orders_contact_id_fkey foreign key (tenant_id, contact_id) references contacts (tenant_id, id);
alter table orders add constraint orders_opportunity_id_fkey foreign key (tenant_id, opportunity_id) references opportunities (tenant_id, id);
alter table products add constraint products_tax_rate_id_fkey foreign key (tenant_id, tax_rate_id) references tax_rates (tenant_id, id);
alter table prices add constraint prices_product_id_fkey foreign key (tenant_id, product_id) references products (tenant_id, id);
alter table prices add constraint prices_customer_id_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
alter table invoices add constraint invoices_customer_id_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
alter table invoices add constraint invoices_order_id_fkey foreign key (tenant_id, order_id) references orders (tenant_id, id);
alter table invoices add constraint invoices_entry_id_fkey foreign key (tenant_id, entry_id) references journal_entries (tenant_id, id);
alter table payments add constraint payments_customer_id_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
alter table payments add constraint payments_entry_id_fkey foreign key (tenant_id, entry_id) references journal_entries (tenant_id, id);
alter table journal_entries add constraint journal_entries_reversal_of_id_fkey foreign key (tenant_id, reversal_of_id) references journal_entries (tenant_id, id);

-- Numbers without a gap ----------------------------------------------------------------------------------------------------------------

-- The row is locked by whoever takes a number until the transaction ends, so numbers follow the order of commit and a transaction that is
-- rolled back leaves no hole. Taken last, because everybody else waits for it.
create table gapless_series (
    tenant_id uuid not null constraint gapless_series_tenant references tenants (id),
    series text not null,
    next bigint not null default 1,
    primary key (tenant_id, series),
    constraint gapless_series_positive check (next > 0)
);
create function gapless_series_only_rise() returns trigger language plpgsql as $$
begin
    if new.next <= old.next or new.series <> old.series or new.tenant_id <> old.tenant_id then
        raise exception 'a series of numbers only rises' using errcode = 'check_violation', constraint = 'gapless_series_only_rise';
    end if;
    return new;
end
$$;
create trigger gapless_series_only_rise before update on gapless_series for each row execute function gapless_series_only_rise();
call secure_tenant_table('gapless_series', 'insert, update');

-- Orders -------------------------------------------------------------------------------------------------------------------------------

-- An order begins in the workspace's currency unless it says another, with nothing to pay.
create function orders_begin() returns trigger language plpgsql as $$
begin
    new.currency := coalesce(new.currency, (select currency from tenants where id = new.tenant_id));
    if new.total_amount_minor is null then
        new.net_amount_minor := 0;
        new.net_amount_currency := new.currency;
        new.tax_amount_minor := 0;
        new.tax_amount_currency := new.currency;
        new.total_amount_minor := 0;
        new.total_amount_currency := new.currency;
    end if;
    return new;
end
$$;
create trigger orders_begin before insert on orders for each row execute function orders_begin();

-- The moves of requirements 143 to 150 and of requirements.md, section 3. The description says the same (server/packs/_core).
create function orders_move() returns trigger language plpgsql as $$
begin
    if old.status <> new.status and (old.status || '>' || new.status) <> all (array[
        'draft>submitted', 'draft>cancelled', 'submitted>approved', 'submitted>rejected', 'rejected>draft', 'approved>picking',
        'approved>cancelled', 'picking>shipped', 'picking>on_hold', 'on_hold>picking', 'on_hold>cancelled', 'shipped>delivered',
        'shipped>returned', 'delivered>invoiced', 'delivered>returned'])
    then
        raise exception 'an order does not move from % to %', old.status, new.status
            using errcode = 'check_violation', constraint = 'orders_moves';
    end if;
    return new;
end
$$;
create trigger orders_move before update of status on orders for each row execute function orders_move();

create table order_lines (
    tenant_id uuid not null,
    id uuid not null,
    order_id uuid not null,
    position integer not null,
    product_id uuid,
    description text not null,
    quantity bigint not null,
    currency text not null,
    unit_price_minor bigint not null,
    discount bigint not null default 0,
    tax_rate_id uuid,
    tax_percent bigint not null default 0,
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    -- Of the quantity: waiting on the shelf for this order, and gone out with it.
    reserved bigint not null default 0,
    shipped bigint not null default 0,
    primary key (tenant_id, id),
    constraint order_lines_tenant foreign key (tenant_id) references tenants (id),
    constraint order_lines_order foreign key (tenant_id, order_id) references orders (tenant_id, id) on delete cascade,
    constraint order_lines_product foreign key (tenant_id, product_id) references products (tenant_id, id),
    constraint order_lines_tax_rate foreign key (tenant_id, tax_rate_id) references tax_rates (tenant_id, id),
    constraint order_lines_position_key unique (tenant_id, order_id, position),
    constraint order_lines_quantity_range check (quantity > 0),
    constraint order_lines_price_range check (unit_price_minor >= 0),
    constraint order_lines_discount_range check (discount between 0 and 100000),
    constraint order_lines_percent_range check (tax_percent between 0 and 100000),
    constraint order_lines_currency_shape check (currency ~ '^[A-Z]{3}$'),
    constraint order_lines_sum check (total_minor = net_minor + tax_minor and net_minor >= 0 and tax_minor >= 0),
    constraint order_lines_stock check (reserved between 0 and quantity and shipped between 0 and quantity)
);
create index order_lines_by_product on order_lines (tenant_id, product_id) where product_id is not null;
call secure_tenant_table('order_lines', 'insert, update, delete');

-- Stock --------------------------------------------------------------------------------------------------------------------------------

-- Stocked products begin with nothing on the shelf. From there only movements change what there is: pg_trigger_depth() is 1 where
-- somebody tries it by hand, and 2 where a movement does it.
create function products_stock() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        new.quantity := case when new.stocked then 0 end;
        new.reserved := case when new.stocked then 0 end;
    elsif pg_trigger_depth() < 2 then
        if old.stocked and not coalesce(new.stocked, false) and old.reserved > 0 then
            raise exception 'some of it is reserved' using errcode = 'check_violation', constraint = 'products_stocked_range';
        elsif new.stocked and old.quantity is null then
            new.quantity := 0;
            new.reserved := 0;
        elsif new.quantity is distinct from old.quantity or new.reserved is distinct from old.reserved or new.movements <> old.movements then
            raise exception 'stock changes by movements alone' using errcode = 'check_violation', constraint = 'products_stock_moved';
        end if;
    end if;
    return new;
end
$$;
create trigger products_stock before insert or update on products for each row execute function products_stock();
-- How many movements there were: the number of the last one.
alter table products add column movements bigint not null default 0;
alter table products add constraint products_reserved_covered check (coalesce(reserved, 0) <= coalesce(quantity, 0));

create table stock_movements (
    tenant_id uuid not null,
    id uuid not null,
    product_id uuid not null,
    -- From 1 for each product, in the order in which its stock changed.
    sequence bigint not null,
    kind text not null constraint stock_movements_kind_known check (kind in ('adjust', 'reserve', 'release', 'ship', 'take_back')),
    -- What it adds to what is on hand and to what is reserved.
    quantity bigint not null default 0,
    reserved bigint not null default 0,
    -- What there was afterwards.
    quantity_after bigint not null,
    reserved_after bigint not null,
    order_id uuid,
    reason text,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    constraint stock_movements_tenant foreign key (tenant_id) references tenants (id),
    constraint stock_movements_product foreign key (tenant_id, product_id) references products (tenant_id, id),
    constraint stock_movements_order foreign key (tenant_id, order_id) references orders (tenant_id, id),
    constraint stock_movements_member foreign key (tenant_id, created_by) references members (tenant_id, id),
    constraint stock_movements_sequence_key unique (tenant_id, product_id, sequence),
    constraint stock_movements_some check (quantity <> 0 or reserved <> 0),
    constraint stock_movements_reasoned check (kind <> 'adjust' or reason is not null)
);
create index stock_movements_by_order on stock_movements (tenant_id, order_id, id) where order_id is not null;
call secure_tenant_table('stock_movements', 'insert');

-- A movement moves the stock. The checks of the product refuse one that would sell what is not there.
create function stock_movements_apply() returns trigger language plpgsql as $$
begin
    update products p set quantity = p.quantity + new.quantity, reserved = p.reserved + new.reserved, movements = p.movements + 1
    where p.tenant_id = new.tenant_id and p.id = new.product_id and p.stocked
    returning p.quantity, p.reserved, p.movements into new.quantity_after, new.reserved_after, new.sequence;
    if not found then
        raise exception 'there is no such stocked product' using errcode = 'check_violation', constraint = 'stock_movements_stocked';
    end if;
    return new;
end
$$;
create trigger stock_movements_apply before insert on stock_movements for each row execute function stock_movements_apply();

-- Invoices and payments ----------------------------------------------------------------------------------------------------------------

alter table invoices add constraint invoices_sums check (
    total_amount_minor = net_amount_minor + tax_amount_minor and paid_amount_minor >= 0 and paid_amount_minor <= total_amount_minor
    and open_amount_minor = total_amount_minor - paid_amount_minor);
alter table invoices add constraint invoices_posted_whole check (status in ('draft', 'cancelled') or (entry_id is not null and rate is not null));
create function invoices_frozen() returns trigger language plpgsql as $$
begin
    if new.number <> old.number or new.customer_id <> old.customer_id or new.order_id is distinct from old.order_id
        or (old.status <> 'draft' and (new.status = 'draft' or new.currency <> old.currency or new.net_amount_minor <> old.net_amount_minor
            or new.tax_amount_minor <> old.tax_amount_minor or new.total_amount_minor <> old.total_amount_minor
            or new.invoice_date <> old.invoice_date or new.rate is distinct from old.rate or new.entry_id is distinct from old.entry_id
            or new.paid_amount_minor < old.paid_amount_minor))
    then
        raise exception 'a posted invoice does not change' using errcode = 'check_violation', constraint = 'invoices_frozen';
    end if;
    return new;
end
$$;
create trigger invoices_frozen before update on invoices for each row execute function invoices_frozen();

create table invoice_lines (
    tenant_id uuid not null,
    invoice_id uuid not null,
    position integer not null,
    product_id uuid,
    description text not null,
    quantity bigint not null,
    currency text not null,
    unit_price_minor bigint not null,
    discount bigint not null default 0,
    tax_percent bigint not null default 0,
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    primary key (tenant_id, invoice_id, position),
    constraint invoice_lines_tenant foreign key (tenant_id) references tenants (id),
    constraint invoice_lines_invoice foreign key (tenant_id, invoice_id) references invoices (tenant_id, id),
    constraint invoice_lines_product foreign key (tenant_id, product_id) references products (tenant_id, id),
    constraint invoice_lines_currency_shape check (currency ~ '^[A-Z]{3}$'),
    constraint invoice_lines_sum check (total_minor = net_minor + tax_minor and net_minor >= 0 and tax_minor >= 0)
);
call secure_tenant_table('invoice_lines', 'insert');
create function invoice_lines_of_draft() returns trigger language plpgsql as $$
begin
    if not exists (select from invoices where tenant_id = new.tenant_id and id = new.invoice_id and status = 'draft') then
        raise exception 'a posted invoice does not change' using errcode = 'check_violation', constraint = 'invoices_frozen';
    end if;
    return new;
end
$$;
create trigger invoice_lines_of_draft before insert on invoice_lines for each row execute function invoice_lines_of_draft();

create table payment_allocations (
    tenant_id uuid not null,
    payment_id uuid not null,
    invoice_id uuid not null,
    amount_minor bigint not null,
    currency text not null,
    primary key (tenant_id, payment_id, invoice_id),
    constraint payment_allocations_tenant foreign key (tenant_id) references tenants (id),
    constraint payment_allocations_payment foreign key (tenant_id, payment_id) references payments (tenant_id, id),
    constraint payment_allocations_invoice foreign key (tenant_id, invoice_id) references invoices (tenant_id, id),
    constraint payment_allocations_range check (amount_minor > 0),
    constraint payment_allocations_currency_shape check (currency ~ '^[A-Z]{3}$')
);
create index payment_allocations_by_invoice on payment_allocations (tenant_id, invoice_id);
call secure_tenant_table('payment_allocations', 'insert');

-- The ledger ---------------------------------------------------------------------------------------------------------------------------

create table journal_lines (
    tenant_id uuid not null,
    entry_id uuid not null,
    position bigint not null,
    account_id uuid not null,
    -- Of the entry, repeated: an account is read by day and number.
    posted_on date not null,
    sequence bigint not null,
    description text not null,
    customer_id uuid,
    currency text not null,
    debit_minor bigint not null default 0,
    credit_minor bigint not null default 0,
    base_currency text not null,
    base_debit_minor bigint not null default 0,
    base_credit_minor bigint not null default 0,
    -- Of the base currency for one of the line's, frozen.
    rate bigint not null,
    primary key (tenant_id, entry_id, position),
    constraint journal_lines_tenant foreign key (tenant_id) references tenants (id),
    constraint journal_lines_entry foreign key (tenant_id, entry_id) references journal_entries (tenant_id, id),
    constraint journal_lines_account foreign key (tenant_id, account_id) references ledger_accounts (tenant_id, id),
    constraint journal_lines_customer foreign key (tenant_id, customer_id) references customers (tenant_id, id),
    constraint journal_lines_currency_shape check (currency ~ '^[A-Z]{3}$' and base_currency ~ '^[A-Z]{3}$'),
    -- A difference of exchange has an amount in the base currency alone.
    constraint journal_lines_sided check (
        least(debit_minor, credit_minor, base_debit_minor, base_credit_minor) >= 0 and (debit_minor = 0 or credit_minor = 0)
        and (base_debit_minor = 0 or base_credit_minor = 0) and greatest(debit_minor, credit_minor, base_debit_minor, base_credit_minor) > 0),
    constraint journal_lines_rate_range check (rate > 0)
);
create index journal_lines_by_account on journal_lines (tenant_id, account_id, posted_on, sequence, position);
create index journal_lines_by_customer on journal_lines (tenant_id, customer_id, posted_on) where customer_id is not null;
call secure_tenant_table('journal_lines', 'insert');

-- Asked once everything of the transaction is there. The number of lines is the entry's own, so that a balanced pair that is added later
-- is refused too.
create function journal_entry_balances() returns trigger language plpgsql as $$
declare
    entry uuid;
    lines bigint;
    alike boolean;
    head record;
begin
    if tg_table_name = 'journal_entries' then
        entry := new.id;
    else
        entry := new.entry_id;
    end if;
    select e.line_count, e.posted_on, e.amount_minor, e.amount_currency into strict head
    from journal_entries e where e.tenant_id = new.tenant_id and e.id = entry;
    select count(*), coalesce(bool_and(l.posted_on = head.posted_on and l.base_currency = head.amount_currency), false)
        and coalesce(sum(l.base_debit_minor), 0) = head.amount_minor
    into lines, alike from journal_lines l where l.tenant_id = new.tenant_id and l.entry_id = entry;
    if lines <> head.line_count or not alike
        or exists (select from journal_lines l where l.tenant_id = new.tenant_id and l.entry_id = entry
            group by l.currency having sum(l.debit_minor) <> sum(l.credit_minor))
        or exists (select from journal_lines l where l.tenant_id = new.tenant_id and l.entry_id = entry
            group by l.base_currency having sum(l.base_debit_minor) <> sum(l.base_credit_minor))
    then
        raise exception 'entry % does not balance', entry using errcode = 'check_violation', constraint = 'journal_entries_balanced';
    end if;
    return null;
end
$$;
create constraint trigger journal_entries_balanced after insert on journal_entries deferrable initially deferred
    for each row execute function journal_entry_balances();
create constraint trigger journal_lines_balanced after insert on journal_lines deferrable initially deferred
    for each row execute function journal_entry_balances();

-- What is posted stays, whoever asks: the owner of the tables too.
create function posted_stays() returns trigger language plpgsql as $$
begin
    raise exception 'what is posted is neither changed nor removed: reverse it' using errcode = 'check_violation', constraint = 'posted_stays';
end
$$;
create trigger journal_entries_stay before update or delete on journal_entries for each row execute function posted_stays();
create trigger journal_lines_stay before update or delete on journal_lines for each row execute function posted_stays();
create trigger payment_allocations_stay before update or delete on payment_allocations for each row execute function posted_stays();
create trigger payments_stay before update or delete on payments for each row execute function posted_stays();
create trigger stock_movements_stay before update or delete on stock_movements for each row execute function posted_stays();
create trigger invoice_lines_stay before update or delete on invoice_lines for each row execute function posted_stays();

-- Locking a row asks for the right to change one of its columns. The trigger refuses the change itself.
grant update (custom) on journal_entries, payments to nexus_app;

-- What is open, whoever it is from: the server looks through it to count the days.
create index invoices_open on invoices (tenant_id, due_date) where status in ('posted', 'partially_paid') and deleted_at is null;

-- Workspaces that there are keep what they changed about their roles; what the roles lack is added. New roles come with the chart of accounts.
update roles set grants = '{"sales.order.create": "all", "sales.order.update": "all", "sales.order.delete": "own", "sales.order.export": "all"}'::jsonb
    || grants where key = 'USER';
update roles set grants = '{"sales.order.read": "own", "sales.order.create": "all", "sales.order.update": "own", "sales.order.export": "own",
    "sales.price.read": "all", "inventory.product.read": "all", "finance.tax_rate.read": "all"}'::jsonb || grants where key = 'SALES_REP';
update roles set grants = '{"sales.order.read": "team", "sales.order.create": "all", "sales.order.update": "team", "sales.order.delete": "team",
    "sales.order.export": "team", "sales.price.*": "all", "inventory.product.read": "all", "finance.tax_rate.read": "all",
    "finance.invoice.read": "team", "finance.invoice.create": "all"}'::jsonb || grants where key = 'SALES_MANAGER';
