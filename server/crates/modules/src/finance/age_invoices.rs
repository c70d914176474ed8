//! How many days each open invoice is overdue, counted anew. It follows from the calendar, so a day more is no change to tell; the day that
//! makes an invoice overdue is.

use domain::Result;
use domain::finance::AgeInvoices;
use platform::{Change, Ctx, Platform, db_error};
use serde_json::json;
use sqlx::PgPool;
use std::sync::Arc;
use uuid::Uuid;

const AGE: &str = "\
update invoices i set days_overdue = o.days
from (select id, coalesce(days_overdue, 0) as was, greatest(0, $2::date - due_date) as days from invoices
    where tenant_id = $1 and status in ('posted', 'partially_paid') and deleted_at is null order by id for update) o
where i.tenant_id = $1 and i.id = o.id and o.days <> o.was
returning i.id, o.was, i.days_overdue";

pub async fn age_invoices(ctx: &mut Ctx, _: AgeInvoices) -> Result<u64> {
    let (tenant, today) = (ctx.access.tenant.0, ctx.today());
    let query = sqlx::query_as(AGE).bind(tenant).bind(today);
    let aged: Vec<(Uuid, i64, i64)> = query.fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    for (invoice, _, days) in aged.iter().filter(|(_, was, days)| *was == 0 && *days > 0) {
        ctx.changed(Change {
            entity: "invoice".to_owned(),
            record: Some(*invoice),
            before: Some(json!({ "daysOverdue": 0 })),
            after: Some(json!({ "daysOverdue": days })),
            event: Some("finance.invoice.overdue".to_owned()),
        });
    }
    Ok(aged.len() as u64)
}

/// Workspaces with an open invoice whose days are not those of today: a day has begun there, or its due date was moved.
const DUE: &str = "\
select distinct i.tenant_id from invoices i join tenants t on t.id = i.tenant_id
where i.status in ('posted', 'partially_paid') and i.deleted_at is null and t.deleted_at is null and t.status in ('TRIAL', 'ACTIVE')
    and coalesce(i.days_overdue, 0) <> greatest(0, ($1 at time zone t.timezone)::date - i.due_date)";

/// Counts in every workspace that has something to count. Answers how many invoices changed.
pub async fn age_all(platform: &Arc<Platform>, pool: &PgPool) -> Result<u64> {
    let now = platform.services.clock.now();
    let due: Vec<Uuid> = sqlx::query_scalar(DUE).bind(now).fetch_all(pool).await.map_err(db_error)?;
    let mut aged = 0;
    for tenant in due {
        let access = platform::auth::automation(&platform.services.pools, domain::TenantId(tenant)).await?;
        let caller = platform::Caller { access: Arc::new(access), session: None, origin: platform.origin(None) };
        aged += platform.clone().backend(caller).run(AgeInvoices {}).await?;
    }
    Ok(aged)
}
