//! Support staff acting for a member of a workspace, to see what that person sees. Bound to one workspace, over after an hour at the latest,
//! with a reason, and written into the workspace's own log before anything opens. The workspace may forbid it.
//!
//! The session is the person's in everything that is shown, and nobody's where it concerns the person alone: no password, second factor,
//! key, session or export (`dispatch.rs`, `site/sign_in.rs`).

use super::sessions::current;
use super::sign_in::Auth;
use crate::access::StaffAccess;
use crate::db::{Pools, db_error};
use crate::random::uuid_v7;
use chrono::{DateTime, Duration, Utc};
use domain::{Error, Kind, MemberId, Result, TenantId, UserId};
use std::net::IpAddr;
use tower_sessions::Session;
use uuid::Uuid;
use words::t;

const MAX_MINUTES: i64 = 60;
const REASON: std::ops::RangeInclusive<usize> = 10..=500;

/// Who may act for members.
pub const MAY_IMPERSONATE: &[&str] = &["SUPER_ADMIN", "ADMIN", "SUPPORT"];

/// What somebody of the staff asks for.
#[derive(Debug, Clone)]
pub struct Impersonate {
    pub tenant: TenantId,
    pub member: MemberId,
    pub reason: String,
    pub minutes: i64,
}

/// One that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impersonation {
    pub id: Uuid,
    /// Name of who acts.
    pub staff: String,
    pub until: DateTime<Utc>,
}

/// A session that is of one, and the workspace that it is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    pub id: Uuid,
    pub slug: String,
}

/// What was asked for, found and allowed, and not begun yet.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub id: Uuid,
    pub user: UserId,
    pub tenant: TenantId,
    pub member: MemberId,
    pub slug: String,
    pub reason: String,
    pub until: DateTime<Utc>,
}

const FIND: &str = "\
select t.slug, m.user_id, coalesce(p.support_access, true)
from tenants t join members m on m.tenant_id = t.id join users u on u.id = m.user_id
left join security_policies p on p.tenant_id = t.id
where t.id = $1 and m.id = $2 and m.kind = 'person' and m.status = 'ACTIVE' and u.status = 'ACTIVE' and t.deleted_at is null
  and t.status in ('TRIAL', 'ACTIVE')";

const NOTE: &str = "\
insert into impersonations (tenant_id, id, staff_id, staff_name, member_id, reason, started_at, ends_at) values ($1, $2, $3, $4, $5, $6, $7, $8)";

const BIND: &str = "update sessions set impersonated_tenant = $2, impersonation = $3 where id = $1";

const END: &str = "\
with ended as (update impersonations set ended_at = least($2, ends_at) where id = $1 and ended_at is null returning tenant_id, member_id),
     gone as (delete from sessions where impersonation = $1)
select tenant_id, member_id from ended";

const OVERDUE: &str = "\
select id, tenant_id, member_id from impersonations where ended_at is null and ends_at <= $1 order by ends_at limit $2";

fn may_act(staff: &StaffAccess) -> Result<()> {
    if MAY_IMPERSONATE.contains(&staff.role.as_str()) {
        return Ok(());
    }
    let message = t!("Only support and administrators of the platform may act for a member. Ask one of them");
    Err(Error::new(Kind::Forbidden, message))
}

impl Auth {
    /// Checks what was asked for and writes it down. The caller writes it into the workspace's log, then calls [`Auth::impersonate`].
    pub async fn prepare_impersonation(&self, staff: &StaffAccess, ask: &Impersonate) -> Result<Prepared> {
        may_act(staff)?;
        let reason = ask.reason.trim();
        if !REASON.contains(&reason.chars().count()) {
            return Err(Error::field("reason", t!("Say why in 10 to 500 characters; the workspace reads it")));
        }
        if !(1..=MAX_MINUTES).contains(&ask.minutes) {
            return Err(Error::field("minutes", t!("Choose 1 to 60 minutes")));
        }
        let found: Option<(String, Uuid, bool)> = sqlx::query_as(FIND)
            .bind(ask.tenant.0)
            .bind(ask.member.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        let (slug, user, allowed) = found.ok_or_else(Error::not_found)?;
        if !allowed {
            return Err(Error::new(
                Kind::Forbidden,
                t!(
                    "This workspace does not let support act for its members. An administrator there can allow it under Settings, Security"
                ),
            ));
        }
        let (id, now) = (uuid_v7(self.clock.as_ref(), self.random.as_ref()), self.clock.now());
        let until = now + Duration::minutes(ask.minutes);
        sqlx::query(NOTE)
            .bind(ask.tenant.0)
            .bind(id)
            .bind(staff.id)
            .bind(&staff.name)
            .bind(ask.member.0)
            .bind(reason)
            .bind(now)
            .bind(until)
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        let (tenant, member, reason) = (ask.tenant, ask.member, reason.to_owned());
        Ok(Prepared { id, user: UserId(user), tenant, member, slug, reason, until })
    }

    /// Begins the session of the one that is acted for, under a new id. One that the browser had before ends.
    pub async fn impersonate(
        &self,
        session: &Session,
        prepared: &Prepared,
        address: Option<IpAddr>,
        agent: Option<&str>,
    ) -> Result<()> {
        let handle = self.users.begin_until(session, prepared.user.0, address, agent, Some(prepared.until)).await?;
        let bound = sqlx::query(BIND).bind(handle).bind(prepared.tenant.0).bind(prepared.id).execute(&self.pool).await;
        if let Err(error) = bound {
            // Nobody has its id yet; it must not stay behind as a session like others.
            self.users.end(prepared.user.0, handle).await?;
            return Err(db_error(error));
        }
        Ok(())
    }

    /// Ends an impersonation and every session of it. Whose it was, if it was under way.
    pub async fn end_impersonation(&self, id: Uuid) -> Result<Option<(TenantId, MemberId)>> {
        let ended: Option<(Uuid, Uuid)> =
            sqlx::query_as(END).bind(id).bind(self.clock.now()).fetch_optional(&self.pool).await.map_err(db_error)?;
        Ok(ended.map(|(tenant, member)| (TenantId(tenant), MemberId(member))))
    }

    /// Those whose time is over and that nobody stopped.
    pub async fn overdue_impersonations(&self, limit: i64) -> Result<Vec<(Uuid, TenantId, MemberId)>> {
        let overdue: Vec<(Uuid, Uuid, Uuid)> =
            sqlx::query_as(OVERDUE).bind(self.clock.now()).bind(limit).fetch_all(&self.pool).await.map_err(db_error)?;
        Ok(overdue.into_iter().map(|(id, tenant, member)| (id, TenantId(tenant), MemberId(member))).collect())
    }

    /// The impersonation that a session is of; `None` for a session of one's own.
    pub async fn impersonation(&self, session: &Session) -> Result<Option<Acting>> {
        let Some(current) = current(session).await? else { return Ok(None) };
        let found: Option<(Option<Uuid>, Option<String>)> = sqlx::query_as(
            "select s.impersonation, t.slug from sessions s left join tenants t on t.id = s.impersonated_tenant where s.id = $1",
        )
        .bind(current.handle)
        .fetch_optional(&self.pool)
        .await
        .map_err(db_error)?;
        // A session that is gone by now is nobody's.
        let (id, slug) = found.ok_or_else(Error::unauthenticated)?;
        Ok(id.map(|id| Acting { id, slug: slug.unwrap_or_default() }))
    }

    /// Members of a workspace for whom somebody may act: id, name, address. None where the workspace does not let support in.
    pub async fn members_of(&self, pools: &Pools, staff: &StaffAccess, slug: &str) -> Result<Option<Workspace>> {
        may_act(staff)?;
        let tenant: Option<(Uuid, String, bool)> = sqlx::query_as(
            "select t.id, t.name, coalesce(p.support_access, true) from tenants t
             left join security_policies p on p.tenant_id = t.id where t.slug = $1 and t.deleted_at is null",
        )
        .bind(slug)
        .fetch_optional(&pools.platform)
        .await
        .map_err(db_error)?;
        let Some((id, name, allowed)) = tenant else { return Ok(None) };
        if !allowed {
            return Ok(Some(Workspace { tenant: TenantId(id), name, allowed, members: Vec::new() }));
        }
        let members = sqlx::query_as(
            "select id, name, email, roles from members where tenant_id = $1 and kind = 'person' and status = 'ACTIVE'
             order by lower(name), id limit 500",
        );
        let members = members.bind(id).fetch_all(&pools.platform).await.map_err(db_error)?;
        Ok(Some(Workspace { tenant: TenantId(id), name, allowed, members }))
    }
}

/// What the page needs that asks for whom.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub tenant: TenantId,
    pub name: String,
    /// Whether the workspace lets support in.
    pub allowed: bool,
    pub members: Vec<(Uuid, String, Option<String>, Vec<String>)>,
}
