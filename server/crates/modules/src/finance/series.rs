//! Numbers without a gap: taken inside the transaction that uses them. The row stays locked until it ends, so that the next number is given
//! only when this one is there, or never was. Take it as late as can be: everybody else of the workspace waits for it.

use domain::Result;
use platform::{Ctx, db_error};

pub const INVOICE: &str = "invoice";
pub const ENTRY: &str = "journal_entry";

const TAKE: &str = "\
insert into gapless_series as s (tenant_id, series, next) values ($1, $2, 2)
on conflict (tenant_id, series) do update set next = s.next + 1
returning next - 1";

pub async fn take(ctx: &mut Ctx, series: &str) -> Result<i64> {
    let tenant = ctx.access.tenant.0;
    sqlx::query_scalar(TAKE).bind(tenant).bind(series).fetch_one(ctx.conn().await?).await.map_err(db_error)
}
