-- Indexes by which the database finds what points at a row that is deleted for good: undone imports, emptied trash.
--
-- Why so: those that orders and filters use leave out what is in the trash, so the check of a key could not use them and read a workspace's whole
-- table for each row that went: a quarter of a second a row where a million activities are. They hold every row now, or every row that points
-- anywhere. A table is locked against writes while its indexes are made, some seconds for a million rows.

drop index activities_customer_id_order;
create index activities_customer_id_order on activities (tenant_id, customer_id, id);
drop index activities_lead_id_order;
create index activities_lead_id_order on activities (tenant_id, lead_id, id);
drop index activities_opportunity_id_order;
create index activities_opportunity_id_order on activities (tenant_id, opportunity_id, id);
drop index automotive_dealers_customer_id_order;
create index automotive_dealers_customer_id_order on automotive_dealers (tenant_id, customer_id, id);
drop index contacts_customer_id_order;
create index contacts_customer_id_order on contacts (tenant_id, customer_id, id);
drop index invoices_customer_id_order;
create index invoices_customer_id_order on invoices (tenant_id, customer_id, id);
drop index invoices_entry_id_order;
create index invoices_entry_id_order on invoices (tenant_id, entry_id, id);
drop index invoices_order_id_order;
create index invoices_order_id_order on invoices (tenant_id, order_id, id);
drop index journal_entries_reversal_of_id_order;
create index journal_entries_reversal_of_id_order on journal_entries (tenant_id, reversal_of_id, id);
drop index leads_customer_id_order;
create index leads_customer_id_order on leads (tenant_id, customer_id, id);
drop index messages_repeats_id_order;
create index messages_repeats_id_order on messages (tenant_id, repeats_id, id);
drop index opportunities_contact_id_order;
create index opportunities_contact_id_order on opportunities (tenant_id, contact_id, id);
drop index opportunities_customer_id_order;
create index opportunities_customer_id_order on opportunities (tenant_id, customer_id, id);
drop index opportunities_lead_id_order;
create index opportunities_lead_id_order on opportunities (tenant_id, lead_id, id);
drop index orders_contact_id_order;
create index orders_contact_id_order on orders (tenant_id, contact_id, id);
drop index orders_customer_id_order;
create index orders_customer_id_order on orders (tenant_id, customer_id, id);
drop index orders_opportunity_id_order;
create index orders_opportunity_id_order on orders (tenant_id, opportunity_id, id);
drop index payments_customer_id_order;
create index payments_customer_id_order on payments (tenant_id, customer_id, id);
drop index payments_entry_id_order;
create index payments_entry_id_order on payments (tenant_id, entry_id, id);
drop index prices_customer_id_order;
create index prices_customer_id_order on prices (tenant_id, customer_id, id);
drop index prices_product_id_order;
create index prices_product_id_order on prices (tenant_id, product_id, id);
drop index products_tax_rate_id_order;
create index products_tax_rate_id_order on products (tenant_id, tax_rate_id, id);
drop index showroom_projects_client_id_order;
create index showroom_projects_client_id_order on showroom_projects (tenant_id, client_id, id);
drop index showroom_projects_contact_id_order;
create index showroom_projects_contact_id_order on showroom_projects (tenant_id, contact_id, id);
drop index showroom_projects_order_id_order;
create index showroom_projects_order_id_order on showroom_projects (tenant_id, order_id, id);
drop index tasks_customer_id_order;
create index tasks_customer_id_order on tasks (tenant_id, customer_id, id);
drop index tasks_lead_id_order;
create index tasks_lead_id_order on tasks (tenant_id, lead_id, id);
drop index tasks_opportunity_id_order;
create index tasks_opportunity_id_order on tasks (tenant_id, opportunity_id, id);
create index automotive_dealers_by_logo_id on automotive_dealers (tenant_id, logo_id, id) where logo_id is not null;
create index invoice_lines_by_product_id on invoice_lines (tenant_id, product_id) where product_id is not null;
create index leads_by_opportunity_id on leads (tenant_id, opportunity_id, id) where opportunity_id is not null;
create index order_lines_by_tax_rate_id on order_lines (tenant_id, tax_rate_id) where tax_rate_id is not null;
