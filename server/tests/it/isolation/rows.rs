//! A workspace with a row in every table: the demo, one of each object that operations are about, and by hand what comes about by neither.

use crate::matrix::fixtures::Fixtures;
use crate::support::Server;
use packs::seed::{Size, seed};
use testkit::TestTenant;

/// Rows that neither the demo nor an operation leaves behind so quickly.
const BY_HAND: &[&str] = &[
    "insert into locations (tenant_id, id, name) values ($1, gen_random_uuid(), 'Kisumu')",
    "insert into invitations (tenant_id, id, email, email_norm, roles, invited_by, created_at, expires_at)
     select tenant_id, gen_random_uuid(), 'new@kisumu.example', 'new@kisumu.example', '{USER}', id, now(), now() + interval '7 days'
     from members where tenant_id = $1 limit 1",
    "insert into api_keys (tenant_id, id, member_id, name, hash, prefix, scopes, per_minute, created_at)
     select tenant_id, gen_random_uuid(), id, 'Till', '\\x00', 'abcdef', '{}', 600, now() from members where tenant_id = $1 limit 1",
    "insert into security_policies (tenant_id, updated_at) values ($1, now()) on conflict do nothing",
    "insert into companies (tenant_id, legal_name, updated_at, updated_by) select tenant_id, 'Lakeside Ltd', now(), id from members
     where tenant_id = $1 limit 1 on conflict do nothing",
    "insert into tenant_keys (tenant_id, id, sealed_by, sealed) values ($1, gen_random_uuid(), 'test', '\\x00')",
    "insert into secrets (tenant_id, id, name, key_id, sealed) select tenant_id, gen_random_uuid(), 'smtp', id, '\\x00' from tenant_keys
     where tenant_id = $1 limit 1",
    "insert into change_archives (tenant_id, seq, head, changes, file_hash, archived_at, code_key, code) values ($1, 0, '', 0, '', now(), '', '')",
    "insert into change_seals (tenant_id, seq, sealed_at, changes, head) values ($1, 1000000, now(), '{}', '')",
    "insert into change_heads (tenant_id, seq, head, changes) values ($1, 0, '', 0) on conflict do nothing",
    "insert into exchange_rates (tenant_id, id, number, currency, rate, valid_from, created_by) select tenant_id, gen_random_uuid(), 'RATE-1', 'USD', 129, '2026-11-01', id
     from members where tenant_id = $1 limit 1",
    "insert into prices (tenant_id, id, number, name, product_id, unit_price_minor, unit_price_currency, created_by)
     select tenant_id, gen_random_uuid(), 'PRICE-1', 'For all', id, 100, 'KES', created_by from products where tenant_id = $1 limit 1",
    "insert into staff (id, name, email, email_norm, role) values ($1, 'Support', 'support@nexus.example', 'support@nexus.example', 'SUPPORT')",
    "insert into impersonations (tenant_id, id, staff_id, staff_name, member_id, reason, started_at, ends_at)
     select tenant_id, gen_random_uuid(), $1, 'Support', id, 'A reason of ten letters', now(), now() + interval '1 hour' from members where tenant_id = $1 limit 1",
    "insert into import_rows (tenant_id, import_id, row_number, outcome) select tenant_id, id, 1000000, 'refused' from imports where tenant_id = $1 limit 1",
    "insert into saved_views (tenant_id, id, entity, owner_id, label, content, created_at, updated_at, updated_by)
     select tenant_id, gen_random_uuid(), 'lead', id, 'Mine', '{}', now(), now(), id from members where tenant_id = $1 limit 1",
    "insert into bulk_changes (tenant_id, id, entity, change, status, created_by, created_at)
     select tenant_id, gen_random_uuid(), 'lead', '{\"action\": \"delete\"}', 'done', id, now() from members where tenant_id = $1 limit 1",
    "insert into bulk_rows (tenant_id, bulk_id, position, record_id) select tenant_id, id, 1, id from bulk_changes where tenant_id = $1 limit 1",
    "insert into exports (tenant_id, id, entity, format, query, reach, status, file_name, created_by, created_at, expires_at)
     select tenant_id, gen_random_uuid(), 'lead', 'csv', '{}', 'all', 'done', 'leads.csv', id, now(), now() + interval '7 days'
     from members where tenant_id = $1 limit 1",
    "insert into message_attachments (tenant_id, message_id, position, document, source_id) select tenant_id, id, 100, 'invoice', id from messages
     where tenant_id = $1 limit 1",
    "insert into payments (tenant_id, id, number, status, customer_id, amount_minor, amount_currency, received_on, method, created_by)
     select tenant_id, gen_random_uuid(), 'PAY-1', 'completed', id, 100, 'KES', '2026-11-01', 'cash', created_by from customers where tenant_id = $1 limit 1",
    "insert into payment_allocations (tenant_id, payment_id, invoice_id, amount_minor, currency) select p.tenant_id, p.id, i.id, 1, 'KES'
     from payments p join invoices i on i.tenant_id = p.tenant_id where p.tenant_id = $1 limit 1",
    "insert into idempotency_keys (tenant_id, member_id, key, route, body_hash) select tenant_id, id, 'k', 'POST /leads', '' from members where tenant_id = $1 limit 1",
    "insert into waitpoints (tenant_id, run_id, step, kind) select tenant_id, id, 'never', 'time' from runs where tenant_id = $1 limit 1",
    "insert into merges (tenant_id, id, entity, kept_id, merged_id, merged_at, merged_by)
     select tenant_id, gen_random_uuid(), 'lead', gen_random_uuid(), gen_random_uuid(), now(), id from members where tenant_id = $1 limit 1",
    "insert into notes (tenant_id, id, entity, record_id, author_id, body, created_at)
     select tenant_id, gen_random_uuid(), 'lead', gen_random_uuid(), id, 'A note', now() from members where tenant_id = $1 limit 1",
    "insert into mentions (tenant_id, note_id, member_id, mentioned_at) select tenant_id, id, author_id, now() from notes where tenant_id = $1 limit 1",
    "insert into notification_mutes (tenant_id, member_id, kind, muted_at) select tenant_id, id, 'workflow', now() from members where tenant_id = $1 limit 1",
    "insert into first_steps_put_away (tenant_id, member_id, put_away_at) select tenant_id, id, now() from members where tenant_id = $1 limit 1",
    "insert into files (tenant_id, id, entity, record_id, name, media_type, bytes, sha256, state, uploaded_by, uploaded_at)
     select tenant_id, gen_random_uuid(), 'lead', gen_random_uuid(), 'a.txt', 'text/plain', 1, decode(repeat('00', 32), 'hex'), 'ready', id, now()
     from members where tenant_id = $1 limit 1",
    "insert into erasures (tenant_id, id, due_at) values ($1, gen_random_uuid(), now() + interval '1 year')",
    "insert into showroom_projects (tenant_id, id, number, status, name, client_id, project_status, created_by)
     select tenant_id, gen_random_uuid(), 'PROJ-1', 'enquiry', 'Kitchen', id, 'active', created_by from customers where tenant_id = $1 limit 1",
    "insert into opportunities_participants (tenant_id, from_id, to_id) select o.tenant_id, o.id, c.id
     from opportunities o join contacts c on c.tenant_id = o.tenant_id where o.tenant_id = $1 limit 1 on conflict do nothing",
    "insert into jobs (id, tenant_id, kind, payload, run_at) values (gen_random_uuid(), $1, 'never', '{}', now() + interval '1 year')",
];

pub async fn fill(server: &Server, tenant: &TestTenant) {
    let mut fixtures = Fixtures::new(server, tenant, "Grace").await;
    for kind in
        ["lead", "order", "import", "message", "workflow", "notification", "invoice", "entry", "run", "approval"]
    {
        fixtures.make(kind, None).await;
    }
    seed(&server.world.platform, &server.world.library, "automotive", Size::Small, &tenant.slug).await.unwrap();
    server.settle().await;
    let owner = server.world.owner().await;
    for sql in BY_HAND {
        sqlx::query(*sql).bind(tenant.id.0).execute(&owner).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
    owner.close().await;
}
