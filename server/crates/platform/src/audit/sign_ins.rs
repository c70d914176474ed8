//! Signing in and out, told to the workspaces of the person.
//!
//! People are global and the trail is a workspace's. Every try is one row of `sign_ins`, written at once and in the same way whoever it was;
//! a moment later it becomes a change in each workspace that the person belongs to. It is told once, however often that is tried.

use super::Client;
use crate::auth;
use crate::change::Change;
use crate::clock::Clock;
use crate::db::{TenantTx, TxMode, db_error};
use crate::dispatch::{Caller, Platform};
use crate::random::{Random, uuid_v7};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::{Kind, MemberId, Result, TenantId};
use serde_json::json;
use sqlx::{FromRow, PgPool};
use std::sync::Arc;
use uuid::Uuid;

const BATCH: i64 = 100;

const WRITE: &str = "\
insert into sign_ins (id, user_id, action, outcome, address, agent, session_id, at, issuer, linked) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const ANY: &str = "select exists (select from sign_ins where told_at is null)";
const UNTOLD: &str = "\
select id, user_id, action, outcome, address, agent, session_id, at, issuer, linked from sign_ins where told_at is null order by id limit $1 for update skip locked";
const MEMBERSHIPS: &str = "\
select m.tenant_id, m.id from members m join tenants t on t.id = m.tenant_id
where m.user_id = $1 and m.kind = 'person' and m.status = 'ACTIVE' and t.deleted_at is null";
const TOLD: &str = "select exists (select from changes where tenant_id = $1 and cause_id = $2)";
const TELL: &str = "update sign_ins set told_at = $2 where id = any ($1)";
const PURGE: &str = "\
delete from sign_ins where id in (select id from sign_ins where at < $1 and told_at is not null order by at limit $2 for update skip locked)";

/// One try, or an end.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    /// Nobody where the name is nobody's.
    pub user: Option<Uuid>,
    pub out: bool,
    pub refused: bool,
    pub client: Client,
    pub session: Option<Uuid>,
    /// The provider that said who it is, in place of a password.
    pub issuer: Option<String>,
    /// For the first time: from now on the account opens to who that is there.
    pub linked: bool,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    user_id: Option<Uuid>,
    action: String,
    outcome: String,
    address: Option<String>,
    agent: Option<String>,
    session_id: Option<Uuid>,
    at: DateTime<Utc>,
    issuer: Option<String>,
    linked: bool,
}

pub async fn write(pool: &PgPool, clock: &dyn Clock, random: &dyn Random, sign_in: &SignIn) -> Result<()> {
    sqlx::query(WRITE)
        .bind(uuid_v7(clock, random))
        .bind(sign_in.user)
        .bind(if sign_in.out { "sign_out" } else { "sign_in" })
        .bind(if sign_in.refused { "refused" } else { "done" })
        .bind(&sign_in.client.address)
        .bind(&sign_in.client.agent)
        .bind(sign_in.session)
        .bind(clock.now())
        .bind(&sign_in.issuer)
        .bind(sign_in.linked)
        .execute(pool)
        .await
        .map_err(db_error)?;
    Ok(())
}

/// Tells what was not told yet.
pub async fn tell(platform: &Arc<Platform>) -> Result<usize> {
    let pool = &platform.services.pools.platform;
    if !sqlx::query_scalar::<_, bool>(ANY).fetch_one(pool).await.map_err(db_error)? {
        return Ok(0);
    }
    let mut tx = TenantTx::begin_platform(pool).await.map_err(db_error)?;
    let rows: Vec<Row> = sqlx::query_as(UNTOLD).bind(BATCH).fetch_all(tx.conn()).await.map_err(db_error)?;
    for row in &rows {
        let Some(user) = row.user_id else { continue };
        let memberships: Vec<(Uuid, Uuid)> =
            sqlx::query_as(MEMBERSHIPS).bind(user).fetch_all(tx.conn()).await.map_err(db_error)?;
        for (tenant, member) in memberships {
            let told: bool =
                sqlx::query_scalar(TOLD).bind(tenant).bind(row.id).fetch_one(tx.conn()).await.map_err(db_error)?;
            if !told {
                in_workspace(platform, row, TenantId(tenant), MemberId(member)).await?;
            }
        }
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    sqlx::query(TELL).bind(ids).bind(platform.services.clock.now()).execute(tx.conn()).await.map_err(db_error)?;
    tx.commit().await.map_err(db_error)?;
    Ok(rows.len())
}

async fn in_workspace(platform: &Arc<Platform>, row: &Row, tenant: TenantId, member: MemberId) -> Result<()> {
    let access = match auth::member(&platform.services.pools, tenant, member).await {
        Ok(access) => Arc::new(access),
        // Closed meanwhile, or not open.
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Forbidden) => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut origin = platform.origin(None);
    (origin.cause_kind, origin.cause_id) = ("sign_in", Some(row.id));
    origin.client = Some(Arc::new(Client { address: row.address.clone(), agent: row.agent.clone() }));
    let caller = Caller { access, session: row.session_id, origin };
    let operation = if row.action == "sign_out" { "people.sign_out" } else { "people.sign_in" };
    let mut ctx = platform.open(&caller, operation, TxMode::ReadWrite).await?;
    let mut after = json!({ "at": row.at.to_rfc3339_opts(SecondsFormat::Secs, true) });
    if let Some(issuer) = &row.issuer {
        after["provider"] = json!(issuer);
        after["firstTime"] = json!(row.linked);
    }
    ctx.outcome = if row.outcome == "refused" { "refused" } else { "done" };
    ctx.changed(Change {
        entity: "session".to_owned(),
        record: row.session_id,
        before: None,
        after: Some(after),
        event: None,
    });
    ctx.commit().await
}

/// Removes what was told long ago: the workspaces have it.
pub async fn purge(pool: &PgPool, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let removed = sqlx::query(PURGE).bind(now - chrono::Duration::days(30)).bind(limit).execute(pool).await;
    Ok(removed.map_err(db_error)?.rows_affected())
}
