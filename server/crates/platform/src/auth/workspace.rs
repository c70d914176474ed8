//! What somebody may do in a workspace: tenant, member, roles and grants in one statement, for each request.

use super::bearer;
use super::impersonate::Impersonation;
use super::kept::Membership;
use super::session_store::{UserSessions, key};
use super::sessions::{Current, SessionInfo, store_error};
use crate::access::{Access, StaffAccess, Waiting};
use crate::db::{Pools, db_error};
use crate::statement::{Bind, Row};
use chrono::{DateTime, Utc};
use domain::{Error, Grants, Kind, MemberId, Result, TenantId, UserId};
use serde::Deserialize;
use sqlx::PgPool;
use tower_sessions::Session;
use uuid::Uuid;
use words::{Language, t};

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
    ($columns:expr, $others:expr, $joins:expr, $condition:expr) => {
        concat!(
            "select ",
            $columns,
            "t.id as tenant, t.slug, t.name as workspace, t.industry, t.plan, t.status, t.currency, t.timezone,
                u.id as user_id, m.id as member, m.name, m.email, m.location_id, m.roles,
                coalesce((select jsonb_agg(jsonb_build_object('key', r.key, 'rank', r.rank, 'grants', r.grants))
                    from roles r where r.tenant_id = t.id and r.key = any(m.roles)), '[]')::text as held,
                u.timezone as own_timezone, u.language",
            $others,
            " from tenants t join members m on m.tenant_id = t.id left join users u on u.id = m.user_id and u.status = 'ACTIVE'",
            $joins,
            " where t.deleted_at is null and m.status = 'ACTIVE' and (u.id is not null or m.kind = 'automation') and ",
            $condition
        )
    };
}

const BY_SLUG: &str = select_access!("t.slug = $2 and m.user_id = $1 and m.kind = 'person'");
/// What of the session a request needs beside the membership.
macro_rules! session_columns {
    () => {
        "s.id as session, s.last_seen_at as seen, t.id = any (s.tenants) as known, i.id as impersonation, i.staff_name, i.ends_at,
            coalesce(s.impersonation is null and (p.second_factor = 'everybody' or p.second_factor = 'roles' and p.second_factor_roles && m.roles)
                and not s.strong and not exists (select from second_factors f where f.owner = u.id), false) as factor_missing, s.rotate,
            coalesce(v.version, 0) as version, coalesce(p.second_factor = 'nobody' and p.idle_minutes is null and p.absolute_minutes is null, true)
                and s.impersonation is null as plain, "
    };
}
macro_rules! session_joins {
    () => {
        " join sessions s on s.user_id = u.id
          left join impersonations i on i.tenant_id = s.impersonated_tenant and i.id = s.impersonation
          left join security_policies p on p.tenant_id = t.id
          left join access_versions v on v.tenant_id = t.id"
    };
}
/// Holds of a session what its own store asks of it, what the workspace asks beyond that, and what ends an impersonation.
macro_rules! session_holds {
    ($opens:literal) => {
        concat!($opens, " and s.idle_until > $2 and t.slug = $3 and m.kind = 'person'
         and (p.idle_minutes is null or s.last_seen_at + p.idle_minutes * interval '1 minute' > $2)
         and (p.absolute_minutes is null or s.created_at + p.absolute_minutes * interval '1 minute' > $2)
         and (s.impersonation is null or s.impersonated_tenant = t.id and i.ended_at is null and coalesce(p.support_access, true)
             and exists (select from staff f where f.id = i.staff_id and f.status = 'ACTIVE'))")
    };
}
const BY_SESSION: &str = select_access!(session_columns!(), "", session_joins!(), session_holds!("s.key = $1"));
/// What a page shows beside what it is about: the other workspaces of the person, and what waits for the member here. The count of approvals is
/// of those that the member can decide (workflow/src/approvals/list.rs, `mine`), but for what needs a look at the records: who has changed one since
/// may not decide and is counted all the same, and who decided before others saw a later version is counted once more.
macro_rules! beside {
    ($tenant:literal, $user:literal, $member:literal, $roles:literal) => {
        concat!(
            ", (select coalesce(json_agg(json_build_array(o.slug, o.name, o.industry) order by o.name, o.slug), '[]')::text
                from members w join tenants o on o.id = w.tenant_id
                where w.user_id = ", $user, " and w.kind = 'person' and w.status = 'ACTIVE' and o.deleted_at is null and o.status in ('TRIAL', 'ACTIVE')),
               (select count(*) from (select from notifications n where n.tenant_id = ", $tenant, " and n.member_id = ", $member, " and n.read_at is null
                   and (n.snoozed_until is null or n.snoozed_until <= $2) limit 100) told),
               (select count(*) from (select from approvals a where a.tenant_id = ", $tenant, " and a.state = 'PENDING' and (a.roles && ", $roles, " or ", $member, " = any (a.members))
                   and (a.self_approval or a.requested_by is distinct from ", $member, ")
                   and not exists (select from approval_decisions d where d.tenant_id = a.tenant_id and d.approval_id = a.id and d.member_id = ", $member, "
                       and d.version = (select max(l.version) from approval_decisions l where l.tenant_id = d.tenant_id and l.approval_id = d.approval_id))
                   limit 100) asked)"
        )
    };
}
macro_rules! still {
    ($columns:expr) => {
        concat!(
            "select s.id, s.last_seen_at, s.rotate, v.version",
            $columns,
            " from sessions s, access_versions v
             where s.key = $1 and s.idle_until > $2 and s.impersonation is null and $3 = any (s.tenants) and v.tenant_id = $3"
        )
    };
}
/// Whether a session holds that entered this workspace before, and the number that stands for all that its membership hangs on.
const STILL: &str = still!("");
const STILL_AND_BESIDE: &str = still!(beside!("$3", "$4", "$5", "$6"));
/// Columns of these two before what stands beside.
const STILL_COLUMNS: usize = 4;
/// The same by an access token: it opens a session that no browser holds.
const BY_TOKEN: &str = select_access!(
    session_columns!(),
    "",
    concat!(session_joins!(), " join tokens o on o.session_id = s.id"),
    session_holds!("o.hash = $1 and o.kind = 'access' and o.expires_at > $2")
);
/// The same for a page, with what it shows beside.
const BY_SESSION_AND_BESIDE: &str = select_access!(
    session_columns!(),
    beside!("t.id", "u.id", "m.id", "m.roles"),
    session_joins!(),
    session_holds!("s.key = $1")
);
/// By a key, whatever is wrong with it: whoever holds it is told. Workspace and member are the key's.
pub(super) const BY_KEY: &str = select_access!(
    "k.id as key, k.scopes::text as scopes, k.per_minute::bigint as per_minute, k.revoked_at is not null as revoked,
     coalesce(k.expires_at <= $2, false) as expired, k.addresses <> '{}' and not $3::text::inet <<= any (k.addresses) as elsewhere,
     k.last_used_at is null or k.last_used_at <= $2 - interval '1 minute' as unseen, ",
    "",
    " join api_keys k on k.tenant_id = t.id and k.member_id = m.id",
    "k.hash = $1"
);
const BY_MEMBER: &str = select_access!("t.id = $1 and m.id = $2");
/// By an impersonation, while it lasts: what `session_holds` asks of its session, asked of itself.
const BY_IMPERSONATION: &str = select_access!(
    "i.staff_name, i.ends_at, ",
    "",
    " join impersonations i on i.tenant_id = t.id and i.member_id = m.id left join security_policies p on p.tenant_id = t.id",
    "t.id = $1 and m.id = $2 and i.id = $3 and i.ended_at is null and i.ends_at > $4 and coalesce(p.support_access, true)
         and exists (select from staff f where f.id = i.staff_id and f.status = 'ACTIVE')"
);
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
pub(super) struct Entry {
    status: String,
    access: Access,
}

/// A request's session and membership, when the session holds in the workspace.
pub struct Entered {
    pub current: Current,
    pub access: Access,
    /// The workspace asks for a second factor, and the person has none.
    pub factor_missing: bool,
    /// What the person may do has grown since the session got its id: the next page gives it another one.
    pub rotate: bool,
}

/// As sessions of browsers are touched.
const TOUCHED_EVERY: chrono::Duration = chrono::Duration::minutes(1);

/// Columns before an entry's in the statements by session.
const BEFORE: usize = 10;
/// How many columns of a statement are an entry's.
const COLUMNS: usize = 17;

impl Entry {
    /// `at` is where its first column stands.
    pub(super) fn read(row: &Row, at: usize) -> Result<Self> {
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
            language: row.get::<Option<String>>(at + 16)?.and_then(|tag| Language::parse(&tag)).unwrap_or_default(),
            user: row.get::<Option<Uuid>>(at + 8)?.map(UserId),
            member: MemberId(row.get(at + 9)?),
            name: row.get(at + 10)?,
            email: row.get(at + 11)?,
            location: row.get(at + 12)?,
            roles,
            role,
            grants,
            workspaces: None,
            waiting: Waiting::default(),
            number: None,
            impersonation: None,
            key: None,
        };
        Ok(Self { status: row.get(at + 5)?, access })
    }
}

impl Access {
    /// Reads what a page shows beside; `at` is where its first column stands.
    fn look_beside(&mut self, row: &Row, at: usize) -> Result<()> {
        let links: Vec<(String, String, String)> = serde_json::from_str(row.get(at)?).map_err(|_| Error::internal())?;
        let link = |(slug, name, industry)| WorkspaceLink { slug, name, industry };
        self.workspaces = Some(links.into_iter().map(link).collect());
        let count = |at| row.get::<i64>(at).map(i64::unsigned_abs);
        self.waiting = Waiting { notifications: count(at + 1)?, approvals: count(at + 2)? };
        Ok(())
    }
}

impl UserSessions {
    /// Session and membership in one round trip, for every request of a workspace. `None` where either is missing or the workspace is
    /// closed: `current` and [`access`], asked one after the other, then say which. With `others` also where else the person may go.
    pub async fn enter(&self, pools: &Pools, session: &Session, slug: &str, others: bool) -> Result<Option<Entered>> {
        let Some(id) = session.id() else { return Ok(None) };
        let key = key(id);
        let Some((entered, seen)) = self.opened_again(pools, &key, slug, others).await? else { return Ok(None) };
        self.touch(&key, seen, self.clock.now()).await.map_err(|error| store_error(error.into()))?;
        Ok(Some(entered))
    }

    /// The same for what a page asks by itself: it does not keep a session alive that nobody uses.
    pub async fn look_in(&self, pools: &Pools, session: &Session, slug: &str) -> Result<Option<Entered>> {
        let Some(id) = session.id() else { return Ok(None) };
        Ok(self.opened_again(pools, &key(id), slug, false).await?.map(|(entered, _)| entered))
    }

    /// The same by an access token.
    pub async fn enter_by_token(&self, pools: &Pools, value: &str, slug: &str) -> Result<Option<Entered>> {
        let Some((entered, seen)) = self.opened(pools, BY_TOKEN, bearer::hash(value), slug, false).await? else {
            return Ok(None);
        };
        self.touch_token(entered.current.handle, seen).await?;
        Ok(Some(entered))
    }

    /// [`Self::opened`] by a session, of which as much is read as has changed since it was here before.
    async fn opened_again(
        &self,
        pools: &Pools,
        key: &[u8],
        slug: &str,
        others: bool,
    ) -> Result<Option<(Entered, DateTime<Utc>)>> {
        if let Some(Membership { version, owner, mut access }) = self.memberships.find(key, slug) {
            let (now, of) = (Bind::Moment(Some(self.clock.now())), Bind::Id(Some(access.tenant.0)));
            let mut binds = vec![Bind::Bytes(Some(key.to_vec())), now, of];
            if others {
                let (user, member) = (Bind::Id(Some(owner)), Bind::Id(Some(access.member.0)));
                binds.extend([user, member, Bind::texts(access.roles.clone())]);
            }
            let rows = pools.ask_platform(if others { STILL_AND_BESIDE } else { STILL }, binds).await?;
            if let Some(row) = rows.first()
                && row.get::<i64>(3)? == version
            {
                if others {
                    access.look_beside(row, STILL_COLUMNS)?;
                }
                access.number = Some(version);
                let current = Current { owner, handle: row.get(0)? };
                let entered = Entered { current, access, factor_missing: false, rotate: row.get(2)? };
                return Ok(Some((entered, row.get(1)?)));
            }
        }
        let sql = if others { BY_SESSION_AND_BESIDE } else { BY_SESSION };
        self.opened(pools, sql, key.to_vec(), slug, others).await
    }

    /// What a session opens in a workspace, and when it was seen before.
    async fn opened(
        &self,
        pools: &Pools,
        sql: &'static str,
        key: Vec<u8>,
        slug: &str,
        others: bool,
    ) -> Result<Option<(Entered, DateTime<Utc>)>> {
        let now = self.clock.now();
        let binds = vec![Bind::Bytes(Some(key.clone())), Bind::Moment(Some(now)), Bind::text(slug)];
        let Some(row) = pools.ask_platform(sql, binds).await?.into_iter().next() else {
            self.memberships.keep(&key, slug, None);
            return Ok(None);
        };
        let Ok(mut access) = granted(Some(Entry::read(&row, BEFORE)?)) else { return Ok(None) };
        let plain = access.clone();
        access.number = if row.get(9)? { Some(row.get(8)?) } else { None };
        if others {
            access.look_beside(&row, BEFORE + COLUMNS)?;
        }
        if let Some(id) = row.get::<Option<Uuid>>(3)? {
            let until: Option<DateTime<Utc>> = row.get(5)?;
            access.impersonation = Some(Impersonation { id, staff: row.get(4)?, until: until.unwrap_or(now) });
            // Where else the person works is not for who acts for them.
            let (slug, name, industry) = (access.slug.clone(), access.workspace.clone(), access.industry.clone());
            access.workspaces = Some(vec![WorkspaceLink { slug, name, industry }]);
        }
        let Some(UserId(owner)) = access.user else { return Ok(None) };
        let current = Current { owner, handle: row.get(0)? };
        if !row.get::<bool>(2)? {
            self.note_workspace(current.handle, access.tenant).await?;
        }
        if sql != BY_TOKEN {
            // What hangs on the time, or on who acts for whom, is worked out each time.
            let membership = Membership { version: row.get(8)?, owner, access: plain };
            self.memberships.keep(&key, slug, row.get::<bool>(9)?.then_some(membership));
        }
        let entered = Entered { current, access, factor_missing: row.get(6)?, rotate: row.get(7)? };
        Ok(Some((entered, row.get(1)?)))
    }
}

impl UserSessions {
    /// Keeps that a session was in a workspace: its administrators see it in a member's list from then on.
    async fn note_workspace(&self, handle: Uuid, tenant: TenantId) -> Result<()> {
        let noted = sqlx::query("update sessions set tenants = tenants || $2 where id = $1 and not $2 = any (tenants)");
        noted.bind(handle).bind(tenant.0).execute(&self.pool).await.map_err(db_error)?;
        Ok(())
    }

    /// Keeps when tokens were last used. Their session has no end but its last, so it is not moved as that of a browser is.
    async fn touch_token(&self, handle: Uuid, seen: DateTime<Utc>) -> Result<()> {
        let now = self.clock.now();
        if now - seen >= TOUCHED_EVERY {
            let touched = sqlx::query("update sessions set last_seen_at = $2 where id = $1 and last_seen_at < $2");
            touched.bind(handle).bind(now).execute(&self.pool).await.map_err(db_error)?;
        }
        Ok(())
    }

    /// A member's sessions that were in this workspace, newest first.
    pub async fn list_in(&self, owner: UserId, tenant: TenantId) -> Result<Vec<SessionInfo>> {
        let list = sqlx::query_as(
            "select id, kind, address, agent, created_at, last_seen_at, expires_at from sessions
             where user_id = $1 and $3 = any (tenants) and impersonation is null and idle_until > $2 order by last_seen_at desc, id",
        );
        list.bind(owner.0).bind(self.clock.now()).bind(tenant.0).fetch_all(&self.pool).await.map_err(db_error)
    }

    /// Ends a member's sessions that were in this workspace: one, or all of them. Returns how many.
    pub async fn end_in(&self, owner: UserId, tenant: TenantId, one: Option<Uuid>) -> Result<u64> {
        let ended = sqlx::query(
            "delete from sessions where user_id = $1 and $2 = any (tenants) and ($3::uuid is null or id = $3)",
        );
        let ended = ended.bind(owner.0).bind(tenant.0).bind(one).execute(&self.pool).await.map_err(db_error)?;
        Ok(ended.rows_affected())
    }

    /// After a change of what a member may do: where something was taken away, their sessions in this workspace end but for the one that did
    /// it; where something came, they get other ids. Requests under way with the old id of a session would be lost, so that happens with
    /// the next page and not here.
    pub async fn rights_changed(&self, owner: UserId, tenant: TenantId, less: bool, by: Option<Uuid>) -> Result<()> {
        if less {
            let ended = sqlx::query(
                "delete from sessions where user_id = $1 and $2 = any (tenants) and id is distinct from $3 and impersonation is null",
            );
            ended.bind(owner.0).bind(tenant.0).bind(by).execute(&self.pool).await.map_err(db_error)?;
        }
        let rotated = sqlx::query("update sessions set rotate = true where user_id = $1 and $2 = any (tenants)");
        rotated.bind(owner.0).bind(tenant.0).execute(&self.pool).await.map_err(db_error)?;
        Ok(())
    }

    /// The new id that [`Self::rights_changed`] asked for.
    pub async fn renew(&self, session: &Session, handle: Uuid) -> Result<()> {
        self.rotate(session).await?;
        let renewed = sqlx::query("update sessions set rotate = false where id = $1");
        renewed.bind(handle).execute(&self.pool).await.map_err(db_error)?;
        Ok(())
    }
}

/// A person in a workspace. Who is not a member learns nothing, not even that it exists; a member of a suspended one is told.
pub async fn access(pools: &Pools, user: UserId, slug: &str) -> Result<Access> {
    found(pools, BY_SLUG, vec![Bind::Id(Some(user.0)), Bind::text(slug)]).await
}

/// The same by member, for what happens behind their requests.
pub async fn member(pools: &Pools, tenant: TenantId, member: MemberId) -> Result<Access> {
    found(pools, BY_MEMBER, vec![Bind::Id(Some(tenant.0)), Bind::Id(Some(member.0))]).await
}

/// A member as the job acts for them that was asked for in their name. Where support staff asked, `impersonation` is the one in which they did:
/// the job goes on being theirs, and is *forbidden* as soon as they may not act for the member any more.
pub async fn member_of_job(
    pools: &Pools,
    tenant: TenantId,
    member: MemberId,
    impersonation: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Access> {
    let Some(id) = impersonation else { return self::member(pools, tenant, member).await };
    let mut binds: Vec<Bind> = [tenant.0, member.0, id].map(|id| Bind::Id(Some(id))).into();
    binds.push(Bind::Moment(Some(now)));
    let rows = pools.ask_platform(BY_IMPERSONATION, binds).await?;
    let Some(row) = rows.first() else {
        return Err(Error::new(
            Kind::Forbidden,
            "Nexus support began this for a member and does not act for them any more, so it stopped",
        ));
    };
    // Its own columns are two.
    let mut access = granted(Some(Entry::read(row, 2)?))?;
    access.impersonation = Some(Impersonation { id, staff: row.get(0)?, until: row.get(1)? });
    Ok(access)
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

pub(super) fn granted(entry: Option<Entry>) -> Result<Access> {
    let Entry { status, access } = entry.ok_or_else(Error::not_found)?;
    match status.as_str() {
        "TRIAL" | "ACTIVE" => Ok(access),
        status => Err(Error::new(
            Kind::Forbidden,
            t!(
                "The workspace {workspace} is {state}, so nobody can work in it at the moment. Its data is kept. Ask its owner or Nexus support to open it again",
                workspace = access.workspace,
                state = if status == "SUSPENDED" { t!("suspended") } else { t!("closed") }
            ),
        )),
    }
}
