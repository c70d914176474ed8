//! What a person may do where: one statement per request, so that a change of roles holds on the very next one.

use crate::access::Access;
use crate::db::db_error;
use domain::permission::LADDER;
use domain::{Error, Grants, Kind, MemberId, Result, TenantId, UserId};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

/// One workspace of a person.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct WorkspaceLink {
    pub slug: String,
    pub name: String,
    pub industry: String,
}

#[derive(FromRow)]
struct Row {
    tenant_id: Uuid,
    slug: String,
    workspace: String,
    industry: String,
    plan: String,
    tenant_status: String,
    currency: String,
    timezone: String,
    user_id: Option<Uuid>,
    member_id: Uuid,
    name: String,
    email: Option<String>,
    location_id: Option<Uuid>,
    roles: Vec<String>,
    grants: Vec<sqlx::types::Json<Grants>>,
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "select t.id as tenant_id, t.slug, t.name as workspace, t.industry, t.plan, t.status as tenant_status, t.currency, t.timezone, ",
            "m.user_id, m.id as member_id, m.name, m.email, m.location_id, m.roles, ",
            "coalesce((select array_agg(r.grants) from roles r where r.tenant_id = m.tenant_id and r.key = any (m.roles)), '{}') as grants ",
            "from members m join tenants t on t.id = m.tenant_id where m.status = 'ACTIVE' and t.deleted_at is null and ",
            $condition
        )
    };
}

/// The access of a signed-in person to a workspace. A workspace that is not theirs is as unknown as one that never was.
pub async fn access(platform: &PgPool, user: UserId, slug: &str) -> Result<Access> {
    const SQL: &str = select!("m.user_id = $1 and t.slug = $2");
    let row: Option<Row> = sqlx::query_as(SQL).bind(user.0).bind(slug).fetch_optional(platform).await.map_err(db_error)?;
    row.ok_or_else(Error::not_found).and_then(Row::access)
}

/// The access of a member, for work that runs on without a session: jobs, seeding.
pub async fn access_of_member(platform: &PgPool, tenant: TenantId, member: MemberId) -> Result<Access> {
    const SQL: &str = select!("m.tenant_id = $1 and m.id = $2");
    let row: Option<Row> = sqlx::query_as(SQL).bind(tenant.0).bind(member.0).fetch_optional(platform).await.map_err(db_error)?;
    row.ok_or_else(Error::not_found).and_then(Row::access)
}

/// Workspaces that the person may enter, by name.
pub async fn workspaces(platform: &PgPool, user: UserId) -> Result<Vec<WorkspaceLink>> {
    const SQL: &str = "\
        select t.slug, t.name, t.industry from members m join tenants t on t.id = m.tenant_id
        where m.user_id = $1 and m.status = 'ACTIVE' and t.deleted_at is null order by t.name, t.slug";
    sqlx::query_as(SQL).bind(user.0).fetch_all(platform).await.map_err(db_error)
}

impl Row {
    fn access(self) -> Result<Access> {
        if matches!(self.tenant_status.as_str(), "SUSPENDED" | "CLOSED") {
            return Err(Error::new(Kind::Forbidden, format!("The workspace {} is suspended. Its owner can tell you more", self.workspace)));
        }
        let mut grants = Grants::default();
        for held in &self.grants {
            grants.merge(&held.0);
        }
        let highest = LADDER.iter().rev().find(|rank| self.roles.iter().any(|role| role == *rank)).map(|rank| (*rank).to_owned());
        let role = highest.or_else(|| self.roles.first().cloned()).unwrap_or_else(|| "none".to_owned());
        Ok(Access {
            tenant: TenantId(self.tenant_id),
            slug: self.slug,
            workspace: self.workspace,
            industry: self.industry,
            plan: self.plan,
            currency: self.currency,
            timezone: self.timezone,
            user: self.user_id.map(UserId),
            member: MemberId(self.member_id),
            name: self.name,
            email: self.email,
            location: self.location_id,
            roles: self.roles,
            role,
            grants,
        })
    }
}
