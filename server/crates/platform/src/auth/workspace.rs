//! What somebody may do in a workspace: tenant, member, roles and grants in one statement, for each request.

use super::session_store::{UserSessions, key};
use super::sessions::{Current, store_error};
use crate::access::{Access, StaffAccess};
use crate::db::{Pools, db_error};
use crate::statement::{Bind, Row};
use domain::{Error, Grants, Kind, MemberId, Result, TenantId, UserId};
use serde::Deserialize;
use sqlx::PgPool;
use tower_sessions::Session;
use uuid::Uuid;

/// A workspace in the list of those a person may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceLink {
    pub slug: String,
    pub name: String,
    pub industry: String,
}

macro_rules! select_access {
    ($condition:literal) => {
        select_access!("", "", "", $condition)
    };
    ($columns:literal, $others:literal, $joins:literal, $condition:literal) => {
        concat!(
            "select ",
            $columns,
            "t.id as tenant, t.slug, t.name as workspace, t.industry, t.plan, t.status, t.currency, t.timezone,
                u.id as user_id, m.id as member, m.name, m.email, m.location_id, m.roles,
                coalesce((select jsonb_agg(jsonb_build_object('key', r.key, 'rank', r.rank, 'grants', r.grants))
                    from roles r where r.tenant_id = t.id and r.key = any(m.roles)), '[]')::text as held,
                u.timezone as own_timezone",
            $others,
            " from tenants t join members m on m.tenant_id = t.id left join users u on u.id = m.user_id and u.status = 'ACTIVE'",
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
    "",
    " join sessions s on s.user_id = u.id",
    "s.key = $1 and s.idle_until > $2 and t.slug = $3 and m.kind = 'person'"
);
/// The same for a page, which shows the other workspaces of the person as well.
const BY_SESSION_AND_OTHERS: &str = select_access!(
    "s.id as session, s.last_seen_at as seen, ",
    ", (select coalesce(json_agg(json_build_array(o.slug, o.name, o.industry) order by o.name, o.slug), '[]')::text
        from members w join tenants o on o.id = w.tenant_id
        where w.user_id = u.id and w.kind = 'person' and w.status = 'ACTIVE' and o.deleted_at is null and o.status in ('TRIAL', 'ACTIVE'))",
    " join sessions s on s.user_id = u.id",
    "s.key = $1 and s.idle_until > $2 and t.slug = $3 and m.kind = 'person'"
);
const BY_MEMBER: &str = select_access!("t.id = $1 and m.id = $2");
const AUTOMATION: &str = select_access!("t.id = $1 and m.kind = 'automation' order by m.id limit 1");

const WORKSPACES: &str = "\
select t.slug, t.name, t.industry from members m join tenants t on t.id = m.tenant_id
where m.user_id = $1 and m.kind = 'person' and m.status = 'ACTIVE' and t.deleted_at is null and t.status in ('TRIAL', 'ACTIVE')
order by t.name, t.slug";

#[derive(Deserialize)]
struct Role {
    key: String,
    rank: Option<i16>,
    grants: Grants,
}

/// A member as the statements above have it, with what of its workspace a request needs.
struct Entry {
    status: String,
    access: Access,
}

/// How many columns of a statement are an entry's.
const COLUMNS: usize = 16;

impl Entry {
    /// `at` is where its first column stands.
    fn read(row: &Row, at: usize) -> Result<Self> {
        let held: Vec<Role> = serde_json::from_str(row.get(at + 14)?).map_err(|error| {
            tracing::error!(%error, "a role's grants cannot be read");
            Error::internal()
        })?;
        let mut grants = Grants::default();
        for role in &held {
            grants.merge(&role.grants);
        }
        let roles: Vec<String> = row.get(at + 13)?;
        let highest = held.iter().filter(|role| role.rank.is_some()).max_by_key(|role| role.rank);
        let role = highest.map(|role| role.key.clone()).or_else(|| roles.first().cloned()).unwrap_or_default();
        let access = Access {
            tenant: TenantId(row.get(at)?),
            slug: row.get(at + 1)?,
            workspace: row.get(at + 2)?,
            industry: row.get(at + 3)?,
            plan: row.get(at + 4)?,
            currency: row.get(at + 6)?,
            timezone: row.get(at + 7)?,
            own_timezone: row.get(at + 15)?,
            user: row.get::<Option<Uuid>>(at + 8)?.map(UserId),
            member: MemberId(row.get(at + 9)?),
            name: row.get(at + 10)?,
            email: row.get(at + 11)?,
            location: row.get(at + 12)?,
            roles,
            role,
            grants,
            workspaces: None,
        };
        Ok(Self { status: row.get(at + 5)?, access })
    }
}

impl UserSessions {
    /// Session and membership in one round trip, for every request of a workspace. `None` where either is missing or the workspace is
    /// closed: `current` and [`access`], asked one after the other, then say which. With `others` also where else the person may go.
    pub async fn enter(
        &self,
        pools: &Pools,
        session: &Session,
        slug: &str,
        others: bool,
    ) -> Result<Option<(Current, Access)>> {
        let Some(id) = session.id() else { return Ok(None) };
        let (key, now) = (key(id), self.clock.now());
        let binds = vec![Bind::Bytes(Some(key.clone())), Bind::Moment(Some(now)), Bind::text(slug)];
        let sql = if others { BY_SESSION_AND_OTHERS } else { BY_SESSION };
        let Some(row) = pools.ask_platform(sql, binds).await?.into_iter().next() else { return Ok(None) };
        let Ok(mut access) = granted(Some(Entry::read(&row, 2)?)) else { return Ok(None) };
        if others {
            let links: Vec<(String, String, String)> =
                serde_json::from_str(row.get(2 + COLUMNS)?).map_err(|_| Error::internal())?;
            let link = |(slug, name, industry)| WorkspaceLink { slug, name, industry };
            access.workspaces = Some(links.into_iter().map(link).collect());
        }
        let Some(UserId(owner)) = access.user else { return Ok(None) };
        self.touch(&key, row.get(1)?, now).await.map_err(|error| store_error(error.into()))?;
        Ok(Some((Current { owner, handle: row.get(0)? }, access)))
    }
}

/// A person in a workspace. Who is not a member learns nothing, not even that it exists; a member of a suspended one is told.
pub async fn access(pools: &Pools, user: UserId, slug: &str) -> Result<Access> {
    found(pools, BY_SLUG, vec![Bind::Id(Some(user.0)), Bind::text(slug)]).await
}

/// The same by member, for keys and jobs that act for one.
pub async fn member(pools: &Pools, tenant: TenantId, member: MemberId) -> Result<Access> {
    found(pools, BY_MEMBER, vec![Bind::Id(Some(tenant.0)), Bind::Id(Some(member.0))]).await
}

/// The workspace's automation, for what happens on its own.
pub async fn automation(pools: &Pools, tenant: TenantId) -> Result<Access> {
    found(pools, AUTOMATION, vec![Bind::Id(Some(tenant.0))]).await
}

async fn found(pools: &Pools, sql: &'static str, binds: Vec<Bind>) -> Result<Access> {
    let rows = pools.ask_platform(sql, binds).await?;
    granted(rows.first().map(|row| Entry::read(row, 0)).transpose()?)
}

/// The workspaces that a person may enter, by name.
pub async fn workspaces(pools: &Pools, user: UserId) -> Result<Vec<WorkspaceLink>> {
    let rows = pools.ask_platform(WORKSPACES, vec![Bind::Id(Some(user.0))]).await?;
    rows.iter().map(|row| Ok(WorkspaceLink { slug: row.get(0)?, name: row.get(1)?, industry: row.get(2)? })).collect()
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

fn granted(entry: Option<Entry>) -> Result<Access> {
    let Entry { status, access } = entry.ok_or_else(Error::not_found)?;
    match status.as_str() {
        "TRIAL" | "ACTIVE" => Ok(access),
        status => Err(Error::new(
            Kind::Forbidden,
            format!(
                "The workspace {} is {}, so nobody can work in it at the moment. Its data is kept. Ask its owner or Nexus support to open it again",
                access.workspace,
                status.to_lowercase()
            ),
        )),
    }
}
