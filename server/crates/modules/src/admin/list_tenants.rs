//! Workspaces with their size, newest first. Runs as the platform role, which reads across workspaces and nothing more.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::admin::{ListTenants, TenantRow, Tenants};
use domain::{Error, Result};
use platform::{StaffCtx, db_error};
use sqlx::FromRow;
use uuid::Uuid;
use words::t;

// Names are matched by position, so that % and _ in the words mean themselves.
const ROWS: &str = "\
select t.id, t.slug, t.name, t.industry, t.plan, t.status, t.created_at,
       (select count(*) from members m where m.tenant_id = t.id and m.kind = 'person') as members,
       (select count(*) from leads l where l.tenant_id = t.id and l.deleted_at is null) as leads,
       (select max(s.last_seen_at) from sessions s join members m on m.user_id = s.user_id where m.tenant_id = t.id and s.impersonation is null) as last_seen_at,
       count(*) over () as total
from tenants t
where t.deleted_at is null
  and ($1::text is null or position(lower($1) in lower(t.name)) > 0 or position(lower($1) in t.slug) > 0)
  and ($2::text is null or t.status = $2)
order by t.created_at desc, t.id desc
limit $3 offset $4";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    slug: String,
    name: String,
    industry: String,
    plan: String,
    status: String,
    created_at: DateTime<Utc>,
    members: i64,
    leads: i64,
    last_seen_at: Option<DateTime<Utc>>,
    total: i64,
}

pub async fn list_tenants(ctx: &mut StaffCtx, query: ListTenants) -> Result<Tenants> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=500).contains(&limit) {
        return Err(Error::field("limit", t!("Use a whole number from 1 to 500")));
    }
    let rows: Vec<Row> = sqlx::query_as(ROWS)
        .bind(query.search.as_deref().map(str::trim).filter(|words| !words.is_empty()))
        .bind(query.status.as_deref().filter(|status| !status.is_empty()))
        .bind(i64::from(limit))
        .bind(i64::from(query.offset.unwrap_or(0)))
        .fetch_all(ctx.conn())
        .await
        .map_err(db_error)?;
    let total = rows.first().map_or(0, |row| row.total);
    Ok(Tenants { rows: rows.into_iter().map(row).collect(), total })
}

fn row(row: Row) -> TenantRow {
    let text = |moment: DateTime<Utc>| moment.to_rfc3339_opts(SecondsFormat::Secs, true);
    TenantRow {
        id: row.id,
        slug: row.slug,
        name: row.name,
        industry: row.industry,
        plan: row.plan,
        status: row.status,
        members: row.members,
        leads: row.leads,
        created_at: text(row.created_at),
        last_seen_at: row.last_seen_at.map(text),
    }
}
