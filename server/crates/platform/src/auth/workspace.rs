//! What somebody may do in a workspace: tenant, member, roles and grants in one statement, for each request.

use super::session_store::{UserSessions, key};
use super::sessions::{Current, store_error};
use crate::access::{Access, StaffAccess};
use crate::db::db_error;
use chrono::{DateTime, Utc};
use domain::{Error, Grants, Kind, MemberId, Result, TenantId, UserId};
use serde::Deserialize;
use sqlx::PgPool;
use sqlx::types::Json;
use tower_sessions::Session;
use uuid::Uuid;

/// A workspace in the list of those a person may enter.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct WorkspaceLink {
    pub slug: String,
    pub name: String,
    pub industry: String,
}

macro_rules! select_access {
    ($condition:literal) => {
        select_access!("", "", $condition)
    };
    ($columns:literal, $joins:literal, $condition:literal) => {
        concat!(
            "select ",
            $columns,
            "t.id as tenant, t.slug, t.name as workspace, t.industry, t.plan, t.status, t.currency, t.timezone,
                u.id as user_id, m.id as member, m.name, m.email, m.location_id, m.roles,
                coalesce((select jsonb_agg(jsonb_build_object('key', r.key, 'rank', r.rank, 'grants', r.grants))
                    from roles r where r.tenant_id = t.id and r.key = any(m.roles)), '[]') as held
            from tenants t join members m on m.tenant_id = t.id left join users u on u.id = m.user_id and u.status = 'ACTIVE'",
            $joins,
            " where t.deleted_at is null and m.status = 'ACTIVE' and (u.id is not null or m.kind = 'automation') and ",
            $condition
        )
    };
}

const BY_SLUG: &str = select_access!("t.slug = $2 and m.user_id = $1 and m.kind = 'person'");
/// Holds of a session what its own store asks of it.
const BY_SESSION: &str = select_access!(
    "s.id as session, s.last_seen_at as seen, ",
    " join sessions s on s.user_id = u.id",
    "s.key = $1 and s.idle_until > $2 and t.slug = $3 and m.kind = 'person'"
);
const BY_MEMBER: &str = select_access!("t.id = $1 and m.id = $2");
const AUTOMATION: &str = select_access!("t.id = $1 and m.kind = 'automation' order by m.id limit 1");

const WORKSPACES: &str = "\
select t.slug, t.name, t.industry from members m join tenants t on t.id = m.tenant_id
where m.user_id = $1 and m.kind = 'person' and m.status = 'ACTIVE' and t.deleted_at is null and t.status in ('TRIAL', 'ACTIVE')
order by t.name, t.slug";

#[derive(sqlx::FromRow)]
struct Row {
    tenant: Uuid,
    slug: String,
    workspace: String,
    industry: String,
    plan: String,
    status: String,
    currency: String,
    timezone: String,
    user_id: Option<Uuid>,
    member: Uuid,
    name: String,
    email: Option<String>,
    location_id: Option<Uuid>,
    roles: Vec<String>,
    held: Json<Vec<Role>>,
}

#[derive(Deserialize)]
struct Role {
    key: String,
    rank: Option<i16>,
    grants: Grants,
}

#[derive(sqlx::FromRow)]
struct Entered {
    session: Uuid,
    seen: DateTime<Utc>,
    #[sqlx(flatten)]
    row: Row,
}

impl UserSessions {
    /// Session and membership in one round trip, for every request of a workspace. `None` where either is missing or the workspace is
    /// closed: `current` and [`access`], asked one after the other, then say which.
    pub async fn enter(&self, session: &Session, slug: &str) -> Result<Option<(Current, Access)>> {
        let Some(id) = session.id() else { return Ok(None) };
        let (key, now) = (key(id), self.clock.now());
        let found: Option<Entered> = sqlx::query_as(BY_SESSION)
            .bind(&key)
            .bind(now)
            .bind(slug)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        let Some(Entered { session, seen, row }) = found else { return Ok(None) };
        let Some(owner) = row.user_id else { return Ok(None) };
        let Ok(access) = granted(Some(row)) else { return Ok(None) };
        self.touch(&key, seen, now).await.map_err(|error| store_error(error.into()))?;
        Ok(Some((Current { owner, handle: session }, access)))
    }
}

/// A person in a workspace. Who is not a member learns nothing, not even that it exists; a member of a suspended one is told.
pub async fn access(platform: &PgPool, user: UserId, slug: &str) -> Result<Access> {
    let row: Option<Row> =
        sqlx::query_as(BY_SLUG).bind(user.0).bind(slug).fetch_optional(platform).await.map_err(db_error)?;
    granted(row)
}

/// The same by member, for keys and jobs that act for one.
pub async fn member(platform: &PgPool, tenant: TenantId, member: MemberId) -> Result<Access> {
    let row: Option<Row> =
        sqlx::query_as(BY_MEMBER).bind(tenant.0).bind(member.0).fetch_optional(platform).await.map_err(db_error)?;
    granted(row)
}

/// The workspace's automation, for what happens on its own.
pub async fn automation(platform: &PgPool, tenant: TenantId) -> Result<Access> {
    let row: Option<Row> =
        sqlx::query_as(AUTOMATION).bind(tenant.0).fetch_optional(platform).await.map_err(db_error)?;
    granted(row)
}

/// The workspaces that a person may enter, by name.
pub async fn workspaces(platform: &PgPool, user: UserId) -> Result<Vec<WorkspaceLink>> {
    sqlx::query_as(WORKSPACES).bind(user.0).fetch_all(platform).await.map_err(db_error)
}

/// A member of staff; *unauthenticated* where the account is gone or disabled.
pub async fn staff_access(platform: &PgPool, staff: Uuid) -> Result<StaffAccess> {
    let found: Option<(Uuid, String, String, String)> =
        sqlx::query_as("select id, name, email, role from staff where id = $1 and status = 'ACTIVE'")
            .bind(staff)
            .fetch_optional(platform)
            .await
            .map_err(db_error)?;
    let (id, name, email, role) = found.ok_or_else(Error::unauthenticated)?;
    Ok(StaffAccess { id, name, email, role })
}

fn granted(row: Option<Row>) -> Result<Access> {
    let row = row.ok_or_else(Error::not_found)?;
    match row.status.as_str() {
        "TRIAL" | "ACTIVE" => Ok(Access::from(row)),
        status => Err(Error::new(
            Kind::Forbidden,
            format!(
                "The workspace {} is {}, so nobody can work in it at the moment. Its data is kept. Ask its owner or Nexus support to open it again",
                row.workspace,
                status.to_lowercase()
            ),
        )),
    }
}

impl From<Row> for Access {
    fn from(row: Row) -> Self {
        let mut grants = Grants::default();
        for role in &row.held.0 {
            grants.merge(&role.grants);
        }
        let highest = row.held.0.iter().filter(|role| role.rank.is_some()).max_by_key(|role| role.rank);
        let role = highest.map(|role| role.key.clone()).or_else(|| row.roles.first().cloned()).unwrap_or_default();
        Self {
            tenant: TenantId(row.tenant),
            slug: row.slug,
            workspace: row.workspace,
            industry: row.industry,
            plan: row.plan,
            currency: row.currency,
            timezone: row.timezone,
            user: row.user_id.map(UserId),
            member: MemberId(row.member),
            name: row.name,
            email: row.email,
            location: row.location_id,
            roles: row.roles,
            role,
            grants,
        }
    }
}
