-- Who a workspace is on paper: what invoices, order confirmations and receipts carry of their sender.
--
-- Why so: one row a workspace, made when it is first saved; until then documents carry the workspace's name alone. Plain columns, because
-- all of it is looked at by people and nothing of it is searched for.

create table companies (
    tenant_id uuid primary key constraint companies_tenant references tenants (id),
    legal_name text,
    address text,
    tax_number text,
    registration text,
    email text,
    phone text,
    website text,
    account_name text,
    bank text,
    branch text,
    account_number text,
    iban text,
    swift text,
    payment_instructions text,
    payment_terms text,
    invoice_note text,
    version bigint not null default 1,
    updated_at timestamptz not null,
    updated_by uuid not null,
    constraint companies_updated_by foreign key (tenant_id, updated_by) references members (tenant_id, id),
    constraint companies_short check (
        greatest(length(legal_name), length(tax_number), length(registration), length(email), length(phone), length(website), length(account_name),
            length(bank), length(branch), length(account_number), length(iban), length(swift), length(payment_terms)) <= 200
        and greatest(length(address), length(payment_instructions), length(invoice_note)) <= 2000)
);
call secure_tenant_table('companies', 'insert, update');
