//! The caller's own account. People are global and kept by another role of the database, so account and membership are two transactions;
//! the account comes first, and what a workspace shows follows it.

use super::account_mail::{AccountMail, queue_now};
use super::members::{hold, person_name, report, set_status};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::people::{ChangeEmail, ChangePassword, GetProfile, Leave, Profile, UpdateProfile};
use domain::{Error, Result, UserId};
use platform::auth::login_of;
use platform::{Change, Ctx, Platform, TenantTx, TxMode, db_error};
use serde_json::json;
use sqlx::FromRow;
use std::sync::Arc;
use uuid::Uuid;
use words::{Language, t};

const PROFILE: &str = "\
select u.name, u.email, u.phone as login_phone, u.contact_phone as phone, u.language, u.timezone, c.changed_at
from users u join user_credentials c on c.user_id = u.id where u.id = $1";
// Never `phone`: nobody has proven that the number typed here is theirs, and it would open the account.
const UPDATE: &str = "\
update users set name = $2, contact_phone = $3, language = $4, timezone = $5, updated_at = $6 where id = $1";
const RENAME: &str = "update members set name = $3, updated_at = $4 where tenant_id = $1 and id = $2 and name <> $3";
const MEMBERSHIPS: &str = "select tenant_id, id from members where user_id = $1";
const READDRESS: &str =
    "update members set email = $3, email_norm = lower(trim($3)), updated_at = $4 where tenant_id = $1 and id = $2";

#[derive(FromRow)]
struct Row {
    name: String,
    email: Option<String>,
    login_phone: Option<String>,
    phone: Option<String>,
    language: String,
    timezone: Option<String>,
    changed_at: DateTime<Utc>,
}

fn person(ctx: &Ctx) -> Result<UserId> {
    ctx.access.user.ok_or_else(|| Error::invalid(t!("Automation has no account")))
}

async fn row(ctx: &Ctx, user: UserId) -> Result<Row> {
    let found = sqlx::query_as(PROFILE).bind(user.0).fetch_optional(&ctx.services.pools.platform);
    found.await.map_err(db_error)?.ok_or_else(Error::not_found)
}

pub async fn get_profile(ctx: &mut Ctx, _: GetProfile) -> Result<Profile> {
    let user = person(ctx)?;
    let Row { name, email, login_phone, phone, language, timezone, changed_at } = row(ctx, user).await?;
    let pending_email = ctx.services.auth.pending_email(user).await?;
    let password_changed_at = changed_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let workspace_timezone = ctx.access.timezone.clone();
    Ok(Profile {
        name,
        email,
        login_phone,
        phone,
        language,
        timezone,
        workspace_timezone,
        pending_email,
        password_changed_at,
    })
}

pub async fn update_profile(ctx: &mut Ctx, update: UpdateProfile) -> Result<()> {
    let user = person(ctx)?;
    let before = row(ctx, user).await?;
    let name = person_name(&update.name)?;
    let phone = phone(update.phone.as_deref())?;
    if Language::ALL.iter().all(|known| known.tag() != update.language) {
        return Err(Error::field("language", t!("Choose one of the languages of the list")));
    }
    let timezone = update.timezone.as_deref().map(str::trim).filter(|zone| !zone.is_empty());
    if timezone.is_some_and(|zone| zone.parse::<chrono_tz::Tz>().is_err()) {
        return Err(Error::field("timezone", t!("This is no time zone. Choose one such as Africa/Nairobi")));
    }
    let (tenant, me, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    sqlx::query(UPDATE)
        .bind(user.0)
        .bind(&name)
        .bind(&phone)
        .bind(&update.language)
        .bind(timezone)
        .bind(now)
        .execute(&ctx.services.pools.platform)
        .await
        .map_err(db_error)?;
    sqlx::query(RENAME)
        .bind(tenant)
        .bind(me)
        .bind(&name)
        .bind(now)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let was =
        json!({ "name": before.name, "phone": before.phone, "language": before.language, "timezone": before.timezone });
    let is = json!({ "name": name, "phone": phone, "language": update.language, "timezone": timezone });
    if was != is {
        report(ctx, me, Some(was), is, "people.profile.updated");
    }
    Ok(())
}

/// A number to be reached at, if one was typed. It may be anybody's: whether others have it is not asked, so that nobody learns it here.
fn phone(typed: Option<&str>) -> Result<Option<String>> {
    let Some(typed) = typed.map(str::trim).filter(|typed| !typed.is_empty()) else { return Ok(None) };
    let login = login_of(typed).ok().and_then(|login| login.phone);
    login
        .map(Some)
        .ok_or_else(|| Error::field("phone", t!("This is no phone number. Type it with its country: +254 712 345 678")))
}

pub async fn change_password(ctx: &mut Ctx, change: ChangePassword) -> Result<()> {
    let user = person(ctx)?;
    let Row { name, email, login_phone, .. } = row(ctx, user).await?;
    let login = email.or(login_phone).unwrap_or_default();
    let context = [name.as_str(), &login, &ctx.access.workspace];
    let auth = ctx.services.auth.clone();
    auth.change_password(user, &change.current, &change.password, &context, ctx.session).await?;
    queue_now(&ctx.services, &AccountMail::PasswordChanged { user: user.0 }).await?;
    own(ctx, "people.password.changed");
    Ok(())
}

pub async fn change_email(ctx: &mut Ctx, change: ChangeEmail) -> Result<()> {
    let user = person(ctx)?;
    let login = login_of(&change.email).map_err(|error| Error::field("email", error.message))?;
    if login.email.is_none() {
        return Err(Error::field("email", t!("Type an e-mail address. Your phone number stands above")));
    }
    if row(ctx, user).await?.email.as_deref().map(str::to_lowercase) == login.email {
        return Err(Error::field("email", t!("You sign in with this address already")));
    }
    queue_now(&ctx.services, &AccountMail::Email { user: user.0, email: login.shown }).await?;
    own(ctx, "people.email.asked");
    Ok(())
}

/// What is not a workspace's to know in full is audited without its values.
fn own(ctx: &mut Ctx, event: &str) {
    let me = ctx.access.member.0;
    ctx.changed(Change {
        entity: "member".to_owned(),
        record: Some(me),
        before: None,
        after: None,
        event: Some(event.to_owned()),
    });
}

pub async fn leave(ctx: &mut Ctx, _: Leave) -> Result<()> {
    person(ctx)?;
    let me = ctx.access.member.0;
    let held = hold(ctx, me).await?;
    set_status(ctx, me, &held, "ACTIVE", "LEFT", "people.member.left").await
}

/// A password was set by a link: each workspace has it in its log. What fails there does not undo it.
pub async fn password_reset(platform: &Arc<Platform>, user: UserId, request: Uuid) -> Result<()> {
    let services = &platform.services;
    let memberships: Vec<(Uuid, Uuid)> =
        sqlx::query_as(MEMBERSHIPS).bind(user.0).fetch_all(&services.pools.platform).await.map_err(db_error)?;
    for (tenant, member) in memberships {
        let tenant = domain::TenantId(tenant);
        // Suspended or left: nobody is there to be named as doing it.
        let Ok(access) = platform::auth::member(&services.pools, tenant, domain::MemberId(member)).await else {
            continue;
        };
        let told = async {
            let origin = platform.origin(Some(request));
            let caller = platform::Caller { access: Arc::new(access), session: None, origin };
            let mut ctx = platform.open(&caller, "people.reset_password", TxMode::ReadWrite).await?;
            own(&mut ctx, "people.password.reset");
            ctx.commit().await
        };
        if let Err(error) = told.await {
            tracing::warn!(%tenant, %error, "a workspace's log does not say that a password was set by a link");
        }
    }
    Ok(())
}

/// A new address was confirmed: the memberships show it, each workspace has it in its log, and the old address is told.
pub async fn address_changed(platform: &Arc<Platform>, new: &platform::auth::NewEmail) -> Result<()> {
    let services = &platform.services;
    let memberships: Vec<(Uuid, Uuid)> =
        sqlx::query_as(MEMBERSHIPS).bind(new.user).fetch_all(&services.pools.platform).await.map_err(db_error)?;
    for (tenant, member) in memberships {
        let tenant = domain::TenantId(tenant);
        let changed = async {
            let Ok(access) = platform::auth::member(&services.pools, tenant, domain::MemberId(member)).await else {
                // Suspended or left: the row follows, nobody is there to be named as doing it.
                let mut tx = TenantTx::begin(&services.pools.app, tenant, TxMode::ReadWrite).await.map_err(db_error)?;
                let changed =
                    sqlx::query(READDRESS).bind(tenant.0).bind(member).bind(&new.email).bind(services.clock.now());
                changed.execute(tx.conn()).await.map_err(db_error)?;
                return tx.commit().await.map_err(db_error);
            };
            let caller = platform::Caller { access: Arc::new(access), session: None, origin: platform.origin(None) };
            let mut ctx = platform.open(&caller, "people.change_email", TxMode::ReadWrite).await?;
            let now = ctx.now();
            let changed = sqlx::query(READDRESS).bind(tenant.0).bind(member).bind(&new.email).bind(now);
            changed.execute(ctx.conn().await?).await.map_err(db_error)?;
            let (was, is) = (json!({ "email": new.before }), json!({ "email": new.email }));
            report(&mut ctx, member, Some(was), is, "people.email.changed");
            ctx.commit().await
        };
        if let Err(error) = changed.await {
            tracing::warn!(%tenant, %error, "a membership does not show its new address yet");
        }
    }
    if let Some(before) = new.before.clone() {
        let (name, language, email) = (new.name.clone(), new.language.clone(), new.email.clone());
        queue_now(services, &AccountMail::EmailChanged { name, language, before, email }).await?;
    }
    Ok(())
}
