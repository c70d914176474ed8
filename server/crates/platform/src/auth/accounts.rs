//! Making workspaces, people, members and staff: for seeding, the demo, tests and, later, sign-up.

use crate::db::{TenantTx, TxMode, db_error};
use crate::random::uuid_v7;
use crate::services::Services;
use domain::permission::ROLES;
use domain::text::normal;
use domain::{Error, Grants, MemberId, Result, TenantId, UserId};
use sqlx::types::Json;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct NewTenant<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub industry: &'a str,
    pub currency: &'a str,
    pub timezone: &'a str,
}

/// Makes a workspace with the roles of the ladder, or answers the one that has the slug already.
pub async fn ensure_tenant(services: &Services, new: &NewTenant<'_>) -> Result<TenantId> {
    const SQL: &str = "insert into tenants (id, slug, name, industry, currency, timezone) values ($1, $2, $3, $4, $5, $6) on conflict (slug) do nothing";
    const FIND: &str = "select id from tenants where slug = $1";
    let pool = &services.pools.platform;
    let id = new_id(services);
    let made = sqlx::query(SQL)
        .bind(id)
        .bind(new.slug)
        .bind(new.name)
        .bind(new.industry)
        .bind(new.currency)
        .bind(new.timezone)
        .execute(pool)
        .await
        .map_err(|error| named(error, "tenants_slug_shape", "slug", "Use small letters, digits and hyphens, such as lakeside-motors"))?;
    let tenant: Uuid = sqlx::query_scalar(FIND).bind(new.slug).fetch_one(pool).await.map_err(db_error)?;
    if made.rows_affected() > 0 {
        ensure_roles(services, TenantId(tenant)).await?;
    }
    Ok(TenantId(tenant))
}

async fn ensure_roles(services: &Services, tenant: TenantId) -> Result<()> {
    const SQL: &str = "insert into roles (tenant_id, key, label, rank, grants) values ($1, $2, $3, $4, $5) on conflict do nothing";
    let mut tx = TenantTx::begin(&services.pools.app, tenant, TxMode::ReadWrite).await.map_err(db_error)?;
    for role in ROLES {
        let grants = Grants(role.grants.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect());
        sqlx::query(SQL)
            .bind(tenant.0)
            .bind(role.key)
            .bind(role.label)
            .bind(role.rank)
            .bind(Json(grants))
            .execute(tx.conn())
            .await
            .map_err(db_error)?;
    }
    tx.commit().await.map_err(db_error)
}

/// Makes a person who signs in by e-mail, or answers the one who has the address already (whose password stays as it is).
pub async fn ensure_user(services: &Services, name: &str, email: &str, password_hash: &str) -> Result<UserId> {
    const SQL: &str = "\
        with made as (
            insert into users (id, name, email, email_norm) values ($1, $2, $3, $4) on conflict (email_norm) do nothing returning id
        )
        insert into user_credentials (user_id, password_hash) select id, $5 from made";
    const FIND: &str = "select id from users where email_norm = $1";
    let pool = &services.pools.platform;
    let norm = normal(email);
    sqlx::query(SQL)
        .bind(new_id(services))
        .bind(name)
        .bind(email)
        .bind(&norm)
        .bind(password_hash)
        .execute(pool)
        .await
        .map_err(db_error)?;
    sqlx::query_scalar(FIND).bind(&norm).fetch_one(pool).await.map(UserId).map_err(db_error)
}

/// Makes somebody of the platform's staff.
pub async fn ensure_staff(services: &Services, name: &str, email: &str, role: &str, password_hash: &str) -> Result<()> {
    const SQL: &str = "\
        with made as (
            insert into staff (id, name, email, email_norm, role) values ($1, $2, $3, $4, $5) on conflict (email_norm) do nothing returning id
        )
        insert into staff_credentials (staff_id, password_hash) select id, $6 from made";
    sqlx::query(SQL)
        .bind(new_id(services))
        .bind(name)
        .bind(email)
        .bind(normal(email))
        .bind(role)
        .bind(password_hash)
        .execute(&services.pools.platform)
        .await
        .map_err(db_error)?;
    Ok(())
}

/// A member of a workspace: a person, or automation where `user` is nobody. Found again by its person or address.
pub async fn ensure_member(
    services: &Services,
    tenant: TenantId,
    user: Option<UserId>,
    name: &str,
    email: Option<&str>,
    roles: &[&str],
) -> Result<MemberId> {
    const SQL: &str = "\
        insert into members (tenant_id, id, user_id, kind, name, email, email_norm, roles) values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict do nothing";
    const FIND: &str = "\
        select id from members where tenant_id = $1
        and (user_id = $2 or ($2 is null and kind = 'automation' and name = $3))";
    let mut tx = TenantTx::begin(&services.pools.app, tenant, TxMode::ReadWrite).await.map_err(db_error)?;
    let user_id = user.map(|user| user.0);
    let found: Option<Uuid> =
        sqlx::query_scalar(FIND).bind(tenant.0).bind(user_id).bind(name).fetch_optional(tx.conn()).await.map_err(db_error)?;
    if let Some(found) = found {
        return Ok(MemberId(found));
    }
    let id = new_id(services);
    sqlx::query(SQL)
        .bind(tenant.0)
        .bind(id)
        .bind(user_id)
        .bind(if user.is_some() { "person" } else { "automation" })
        .bind(name)
        .bind(email)
        .bind(email.map(normal))
        .bind(roles)
        .execute(tx.conn())
        .await
        .map_err(db_error)?;
    tx.commit().await.map_err(db_error)?;
    Ok(MemberId(id))
}

/// Sets the manager of a member: the chain along which team reach goes.
pub async fn set_manager(services: &Services, tenant: TenantId, member: MemberId, manager: Option<MemberId>) -> Result<()> {
    const SQL: &str = "update members set manager_id = $3, updated_at = $4 where tenant_id = $1 and id = $2";
    let mut tx = TenantTx::begin(&services.pools.app, tenant, TxMode::ReadWrite).await.map_err(db_error)?;
    sqlx::query(SQL)
        .bind(tenant.0)
        .bind(member.0)
        .bind(manager.map(|manager| manager.0))
        .bind(services.clock.now())
        .execute(tx.conn())
        .await
        .map_err(db_error)?;
    tx.commit().await.map_err(db_error)
}

fn new_id(services: &Services) -> Uuid {
    uuid_v7(services.clock.as_ref(), services.random.as_ref())
}

/// A broken constraint as a word about the field that it is on.
fn named(error: sqlx::Error, constraint: &str, field: &str, words: &str) -> Error {
    let broken = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) == Some(constraint);
    if broken { Error::field(field, words) } else { db_error(error) }
}
