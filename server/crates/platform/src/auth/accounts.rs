//! Making people, staff, workspaces and members: what sign-up, invitations, seeding and tests have in common.

use super::sign_in::{email_norm, phone_norm};
use super::taken;
use crate::clock::Clock;
use crate::db::{Pools, TenantPool, TenantTx, TxMode, db_error};
use crate::random::{Random, uuid_v7};
use domain::permission::ROLES;
use domain::{Error, MemberId, Result, TenantId, UserId};
use sqlx::PgPool;
use std::collections::BTreeMap;
use uuid::Uuid;
use words::t;

/// A workspace to be.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// A new one unless it is given.
    pub id: Option<TenantId>,
    pub slug: String,
    pub name: String,
    pub industry: String,
    pub plan: String,
    /// ISO 4217.
    pub currency: String,
    /// IANA name.
    pub timezone: String,
    pub locale: String,
}

impl NewTenant {
    pub fn new(slug: impl Into<String>, name: impl Into<String>, industry: impl Into<String>) -> Self {
        Self {
            id: None,
            slug: slug.into(),
            name: name.into(),
            industry: industry.into(),
            plan: "TRIAL".into(),
            currency: "USD".into(),
            timezone: "UTC".into(),
            locale: "en".into(),
        }
    }
}

/// A person who can sign in, by address or by number (`login`). `password_hash` comes from [`Passwords::hash`](super::Passwords::hash).
pub async fn create_user(
    platform: &PgPool,
    clock: &dyn Clock,
    random: &dyn Random,
    name: &str,
    login: &str,
    password_hash: &str,
) -> Result<UserId> {
    let id = uuid_v7(clock, random);
    let phone = phone_norm(login);
    let email = phone.is_none().then(|| login.trim());
    if email.is_some_and(|email| !email.contains('@')) {
        return Err(Error::field("email", t!("{login} is neither an e-mail address nor a phone number", login)));
    }
    let made = sqlx::query(
        "with made as (
            insert into users (id, name, email, email_norm, phone, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $6) returning id)
         insert into user_credentials (user_id, password_hash, changed_at) select id, $7, $6 from made",
    )
    .bind(id)
    .bind(name.trim())
    .bind(email)
    .bind(email.map(email_norm))
    .bind(phone)
    .bind(clock.now())
    .bind(password_hash)
    .execute(platform)
    .await;
    match made {
        Ok(_) => Ok(UserId(id)),
        Err(error) if taken(&error) == Some("users_email_key") => {
            Err(Error::field("email", t!("There is an account with this e-mail address already")))
        }
        Err(error) if taken(&error) == Some("users_phone_key") => {
            Err(Error::field("phone", t!("There is an account with this phone number already")))
        }
        Err(error) => Err(db_error(error)),
    }
}

/// A member of the platform's own staff. `role` is one of those that the table knows.
pub async fn create_staff(
    platform: &PgPool,
    clock: &dyn Clock,
    random: &dyn Random,
    name: &str,
    email: &str,
    role: &str,
    password_hash: &str,
) -> Result<Uuid> {
    let id = uuid_v7(clock, random);
    let made = sqlx::query(
        "with made as (insert into staff (id, name, email, email_norm, role, created_at) values ($1, $2, $3, $4, $5, $6) returning id)
         insert into staff_credentials (staff_id, password_hash, changed_at) select id, $7, $6 from made",
    )
    .bind(id)
    .bind(name.trim())
    .bind(email.trim())
    .bind(email_norm(email))
    .bind(role)
    .bind(clock.now())
    .bind(password_hash)
    .execute(platform)
    .await;
    match made {
        Ok(_) => Ok(id),
        Err(error) if taken(&error) == Some("staff_email_key") => {
            Err(Error::field("email", t!("There is a staff account with this e-mail address already")))
        }
        Err(error) => Err(db_error(error)),
    }
}

/// A workspace with its roles and its automation. Owners are added with [`add_member`].
pub async fn create_tenant(pools: &Pools, clock: &dyn Clock, random: &dyn Random, new: &NewTenant) -> Result<TenantId> {
    let tenant = new.id.unwrap_or_else(|| TenantId(uuid_v7(clock, random)));
    let made = sqlx::query(
        "insert into tenants (id, slug, name, industry, plan, currency, timezone, locale, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
    )
    .bind(tenant.0)
    .bind(&new.slug)
    .bind(&new.name)
    .bind(&new.industry)
    .bind(&new.plan)
    .bind(&new.currency)
    .bind(&new.timezone)
    .bind(&new.locale)
    .bind(clock.now())
    .execute(&pools.platform)
    .await;
    if let Err(error) = made {
        return Err(match error.as_database_error().and_then(|error| error.constraint()) {
            Some("tenants_slug_key") => {
                Error::field("slug", t!("The address {address} is taken by another workspace", address = new.slug))
            }
            Some("tenants_slug_shape") => Error::field(
                "slug",
                t!("An address is 1 to 63 lower-case letters, digits and hyphens, and begins with a letter or digit"),
            ),
            _ => db_error(error),
        });
    }
    if let Err(error) = furnish(pools, clock, random, tenant).await {
        // Two roles of the database write here, so it cannot be one transaction: give the address back.
        let gone = sqlx::query("update tenants set slug = id::text, status = 'CLOSED', deleted_at = $2 where id = $1")
            .bind(tenant.0)
            .bind(clock.now());
        if let Err(error) = gone.execute(&pools.platform).await {
            tracing::error!(%tenant, %error, "a workspace without roles was left behind");
        }
        return Err(error);
    }
    Ok(tenant)
}

async fn furnish(pools: &Pools, clock: &dyn Clock, random: &dyn Random, tenant: TenantId) -> Result<()> {
    ensure_roles(&pools.app, tenant).await?;
    let mut tx = TenantTx::begin(&pools.app, tenant, TxMode::ReadWrite).await.map_err(db_error)?;
    sqlx::query("insert into members (tenant_id, id, kind, name, roles, created_at, updated_at) values ($1, $2, 'automation', 'Automation', '{ADMIN}', $3, $3)")
        .bind(tenant.0)
        .bind(uuid_v7(clock, random))
        .bind(clock.now())
        .execute(tx.conn())
        .await
        .map_err(db_error)?;
    tx.commit().await.map_err(db_error)
}

/// Writes the roles that a workspace begins with, where they are missing. What it changed about its own stays.
pub async fn ensure_roles(app: &TenantPool, tenant: TenantId) -> Result<()> {
    let keys: Vec<&str> = ROLES.iter().map(|role| role.key).collect();
    let labels: Vec<&str> = ROLES.iter().map(|role| role.label).collect();
    let ranks: Vec<Option<i16>> = ROLES.iter().map(|role| role.rank).collect();
    let grants =
        ROLES.iter().map(|role| serde_json::to_string(&role.grants.iter().copied().collect::<BTreeMap<_, _>>()));
    let grants: Vec<String> = grants.collect::<Result<_, _>>().map_err(|_| Error::internal())?;
    let mut tx = TenantTx::begin(app, tenant, TxMode::ReadWrite).await.map_err(db_error)?;
    sqlx::query(
        "insert into roles (tenant_id, key, label, rank, grants)
         select $1, key, label, rank, grants::jsonb from unnest($2::text[], $3::text[], $4::int2[], $5::text[]) as r (key, label, rank, grants)
         on conflict (tenant_id, key) do nothing",
    )
    .bind(tenant.0)
    .bind(keys)
    .bind(labels)
    .bind(ranks)
    .bind(grants)
    .execute(tx.conn())
    .await
    .map_err(db_error)?;
    tx.commit().await.map_err(db_error)
}

/// Makes a person a member with these roles, which must exist in the workspace. Name and address are copied from the account.
pub async fn add_member(
    pools: &Pools,
    clock: &dyn Clock,
    random: &dyn Random,
    tenant: TenantId,
    user: UserId,
    roles: &[&str],
    manager: Option<MemberId>,
) -> Result<MemberId> {
    let person: Option<(String, Option<String>, Option<String>)> =
        sqlx::query_as("select name, email, email_norm from users where id = $1")
            .bind(user.0)
            .fetch_optional(&pools.platform)
            .await
            .map_err(db_error)?;
    let (name, email, norm) = person.ok_or_else(Error::not_found)?;
    let id = uuid_v7(clock, random);
    let mut tx = TenantTx::begin(&pools.app, tenant, TxMode::ReadWrite).await.map_err(db_error)?;
    let made = sqlx::query(
        "insert into members (tenant_id, id, user_id, name, email, email_norm, roles, manager_id, created_at, updated_at)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $9
         where (select count(distinct key) from roles where tenant_id = $1 and key = any($7)) = (select count(distinct r) from unnest($7) r)",
    )
    .bind(tenant.0)
    .bind(id)
    .bind(user.0)
    .bind(name)
    .bind(email)
    .bind(norm)
    .bind(roles)
    .bind(manager.map(|manager| manager.0))
    .bind(clock.now())
    .execute(tx.conn())
    .await;
    match made {
        Ok(done) if done.rows_affected() == 1 => {}
        Ok(_) => {
            return Err(Error::field(
                "roles",
                t!("One of the roles {roles} does not exist in this workspace", roles = roles.join(", ")),
            ));
        }
        Err(error) if taken(&error).is_some() => {
            return Err(Error::conflict(t!("This person is a member of the workspace already")));
        }
        Err(error) => return Err(db_error(error)),
    }
    tx.commit().await.map_err(db_error)?;
    Ok(MemberId(id))
}
