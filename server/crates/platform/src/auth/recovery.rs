//! Links for a forgotten password and for a new address, and changing a password while signed in.
//!
//! A link is made by the worker that mails it. It is good once and for 30 minutes, and a change of the password ends it: it is bound to the
//! hash that it was made for. Opening one signs nobody in, so that it skips no second factor.
//!
//! It is also the way in for an owner whose account others try to open (`throttle.rs`), because none of them has the mailbox: it ends the count of
//! their tries and makes the browser a known one. Nobody closes this way by asking in another's name: at most a few links are sent in a while, and
//! each outlasts that while, so that whoever is refused another one has some that are good.

use super::password::check_password;
use super::sign_in::{Auth, device_by_reset, device_key, email_norm, phone_norm};
use super::taken;
use super::throttle::{Account, subject};
use crate::db::db_error;
use crate::random::{token, token_hash};
use crate::secret::Secret;
use chrono::{DateTime, Duration, Utc};
use domain::{Error, Kind, Result, UserId};
use sqlx::FromRow;
use std::net::IpAddr;
use uuid::Uuid;
use words::t;

/// Minutes that a link for a forgotten password is good.
const PASSWORD_MINUTES: i64 = 30;
/// Hours that a link to confirm an address is good.
const EMAIL_HOURS: i64 = 24;
/// Links for a forgotten password that an account is sent in so many minutes; more would be somebody else's doing.
const PASSWORD_LINKS: i64 = 3;
const PASSWORD_LINKS_MINUTES: i64 = 20;
const _: () =
    assert!(PASSWORD_LINKS_MINUTES < PASSWORD_MINUTES, "whoever is refused another link has one that is good");
pub(super) const TOKEN_BYTES: usize = 32;

const OWNER_OF_LOGIN: &str = "\
select u.id, u.name, u.email, u.phone, u.language, c.password_hash from users u join user_credentials c on c.user_id = u.id
where (u.email_norm = $1 or u.phone = $2) and u.status = 'ACTIVE'
    and (select count(*) from account_links l where l.user_id = u.id and l.kind = 'password' and l.created_at > $3 and l.used_at is null
        and l.state = sha256(convert_to(c.password_hash, 'UTF8'))) < $4";

const MAKE: &str = "\
insert into account_links (key, kind, user_id, state, email, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)";

const OPEN: &str = "\
select u.id, u.name, coalesce(u.email, u.phone) as login, u.email_norm, u.phone
from account_links l join users u on u.id = l.user_id join user_credentials c on c.user_id = u.id
where l.key = $1 and l.kind = 'password' and l.used_at is null and l.expires_at > $2 and u.status = 'ACTIVE'
    and l.state = sha256(convert_to(c.password_hash, 'UTF8'))";

// One statement: of twenty clicks at once, one finds the link unused.
const RESET: &str = "\
with link as (
    update account_links l set used_at = $3 from user_credentials c join users u on u.id = c.user_id
    where l.key = $1 and l.kind = 'password' and l.used_at is null and l.expires_at > $3 and c.user_id = l.user_id and u.status = 'ACTIVE'
        and l.state = sha256(convert_to(c.password_hash, 'UTF8'))
    returning l.user_id),
changed as (update user_credentials c set password_hash = $2, changed_at = $3 from link where c.user_id = link.user_id returning c.user_id),
forgotten as (delete from known_devices d using changed c where d.user_id = c.user_id),
known as (insert into known_devices (key, user_id, created_at, last_used_at) select $4, user_id, $3, $3 from changed),
cleared as (delete from sign_in_attempts a using changed where a.subject = any ($5)),
ended as (delete from sessions s using changed c where s.user_id = c.user_id)
select user_id from changed";

const PURGE_LINKS: &str = "\
delete from account_links where key in (select key from account_links where expires_at < $1 order by expires_at limit $2 for update skip locked)";
const PURGE_SIGN_UPS: &str = "\
delete from sign_ups where id in (select id from sign_ups where expires_at < $1 order by expires_at limit $2 for update skip locked)";

/// For the mail about a forgotten password.
#[derive(Debug, Clone)]
pub struct PasswordLink {
    pub token: Secret<String>,
    pub user: UserId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub language: String,
}

/// For the mail that confirms a new address.
#[derive(Debug, Clone)]
pub struct EmailLink {
    pub token: Secret<String>,
    pub name: String,
    pub language: String,
    /// Somebody else signs in with this address; no link was made.
    pub taken: bool,
}

/// A change of address that was confirmed.
#[derive(Debug, Clone, FromRow)]
pub struct NewEmail {
    pub user: Uuid,
    pub name: String,
    pub language: String,
    pub before: Option<String>,
    pub email: String,
}

/// Whose password a link sets.
#[derive(FromRow)]
struct Linked {
    id: Uuid,
    name: String,
    login: String,
    email_norm: Option<String>,
    phone: Option<String>,
}

impl Linked {
    /// Where the tries to sign in as this person are counted, and those to confirm by the password. Codes go on being counted: a new password must
    /// not be a way to guess at them.
    fn counters(&self) -> Vec<Vec<u8>> {
        let names = [&self.email_norm, &self.phone].into_iter().flatten();
        let tries = names.map(|name| subject("user", name.as_bytes()));
        tries.chain([subject("confirm", self.id.as_bytes())]).collect()
    }
}

#[derive(FromRow)]
struct Owner {
    id: Uuid,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    language: String,
    password_hash: String,
}

impl Auth {
    /// Counts a mail that somebody asks for who is not signed in.
    pub async fn count_mail(&self, address: IpAddr) -> Result<()> {
        self.throttle.count_mail(&self.pool, address, self.clock.now()).await
    }

    /// Makes a link for a new password. `None` where nobody has this name, or where too many that are good were made lately.
    pub async fn password_link(&self, login: &str) -> Result<Option<PasswordLink>> {
        let phone = phone_norm(login);
        let email = phone.is_none().then(|| email_norm(login).replace('\0', "\u{fffd}"));
        let now = self.clock.now();
        let owner: Option<Owner> = sqlx::query_as(OWNER_OF_LOGIN)
            .bind(email)
            .bind(phone)
            .bind(now - Duration::minutes(PASSWORD_LINKS_MINUTES))
            .bind(PASSWORD_LINKS)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        let Some(owner) = owner else { return Ok(None) };
        let state = token_hash(owner.password_hash.as_bytes());
        let until = now + Duration::minutes(PASSWORD_MINUTES);
        let token = self.link("password", Some(owner.id), Some(&state), None, until).await?;
        let Owner { id, name, email, phone, language, .. } = owner;
        Ok(Some(PasswordLink { token, user: UserId(id), name, email, phone, language }))
    }

    /// A link whose mail did not go out is none of those that were sent.
    pub async fn forget_password_link(&self, token: &str) -> Result<()> {
        let gone = sqlx::query("delete from account_links where key = $1 and kind = 'password' and used_at is null");
        gone.bind(hash(token)).execute(&self.pool).await.map_err(db_error)?;
        Ok(())
    }

    /// Name and sign-in name of the account that a link is for, while it is good.
    pub async fn open_password_link(&self, token: &str) -> Result<Option<(String, String)>> {
        Ok(self.linked(token).await?.map(|linked| (linked.name, linked.login)))
    }

    async fn linked(&self, token: &str) -> Result<Option<Linked>> {
        let found = sqlx::query_as(OPEN).bind(hash(token)).bind(self.clock.now()).fetch_optional(&self.pool);
        found.await.map_err(db_error)
    }

    /// Sets the password by a link, ends every session of the account and what was counted against it. The link is used up only when the password will
    /// do. The value is for a cookie by which this browser is known: those who go on trying do not keep its owner out.
    pub async fn reset_password(&self, token: &str, password: &str) -> Result<(UserId, String)> {
        let linked = self.linked(token).await?.ok_or_else(void)?;
        check_password(password, &[&linked.name, &linked.login])?;
        let new = self.passwords().hash(password, self.random.as_ref()).await?;
        let device = device_by_reset(self.random.as_ref());
        let changed: Option<Uuid> = sqlx::query_scalar(RESET)
            .bind(hash(token))
            .bind(new)
            .bind(self.clock.now())
            .bind(device_key(&device))
            .bind(linked.counters())
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        changed.map(|user| (UserId(user), device)).ok_or_else(void)
    }

    /// Sets another password for somebody who knows the present one. Ends every session but `keep`.
    pub async fn change_password(
        &self,
        user: UserId,
        current: &str,
        password: &str,
        context: &[&str],
        keep: Option<Uuid>,
    ) -> Result<()> {
        self.confirm_password(user, current).await?;
        if current == password {
            return Err(Error::field("password", t!("This is the password that you have already. Choose another one")));
        }
        self.set_password(user, password, context, keep).await
    }

    /// Whether somebody who is signed in knows the password; tries are counted as those to sign in are.
    async fn confirm_password(&self, user: UserId, password: &str) -> Result<()> {
        let now = self.clock.now();
        let account = Account::new("confirm", user.0.as_bytes());
        let counted = self.throttle.count_account(&self.pool, account, now).await?;
        let hash: Option<String> = sqlx::query_scalar("select password_hash from user_credentials where user_id = $1")
            .bind(user.0)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        match self.passwords().verify(password, hash.as_deref()).await {
            Ok(verdict) if verdict.matches => counted.right(&self.pool).await,
            Ok(_) => {
                counted.wrong(&self.pool).await?;
                Err(Error::field(
                    "current",
                    t!(
                        "This is not your present password. Type it again, or use \"Forgot your password?\" when signing in"
                    ),
                ))
            }
            Err(error) => {
                counted.undo(&self.pool).await?;
                Err(error)
            }
        }
    }

    /// Makes the link that confirms a new address of an account.
    pub async fn email_link(&self, user: UserId, email: &str) -> Result<Option<EmailLink>> {
        let found: Option<(String, String, bool)> = sqlx::query_as(
            "select name, language, exists (select from users o where o.email_norm = $2 and o.id <> $1) from users where id = $1 and status = 'ACTIVE'",
        )
        .bind(user.0)
        .bind(email_norm(email))
        .fetch_optional(&self.pool)
        .await
        .map_err(db_error)?;
        let Some((name, language, taken)) = found else { return Ok(None) };
        let until = self.clock.now() + Duration::hours(EMAIL_HOURS);
        let token = match taken {
            true => Secret::new(String::new()),
            false => self.link("email", Some(user.0), None, Some(email), until).await?,
        };
        Ok(Some(EmailLink { token, name, language, taken }))
    }

    /// The address that a link would set, while it is good.
    pub async fn open_email_link(&self, token: &str) -> Result<Option<String>> {
        let found = sqlx::query_scalar(
            "select email from account_links where key = $1 and kind = 'email' and used_at is null and expires_at > $2",
        );
        found.bind(hash(token)).bind(self.clock.now()).fetch_optional(&self.pool).await.map_err(db_error)
    }

    /// Sets the address that a link confirms. Older links for another address end with it.
    pub async fn take_email_link(&self, token: &str) -> Result<NewEmail> {
        let changed = sqlx::query_as(
            "with link as (
                update account_links set used_at = $2 where key = $1 and kind = 'email' and used_at is null and expires_at > $2
                returning user_id, email),
             before as (select u.id, u.email from users u join link on link.user_id = u.id),
             rest as (delete from account_links l using link where l.user_id = link.user_id and l.kind = 'email' and l.key <> $1)
             update users u set email = link.email, email_norm = lower(trim(link.email)), updated_at = $2 from link, before
             where u.id = link.user_id and before.id = u.id and u.status = 'ACTIVE'
             returning u.id as user, u.name, u.language, before.email as before, u.email",
        );
        match changed.bind(hash(token)).bind(self.clock.now()).fetch_optional(&self.pool).await {
            Ok(changed) => changed.ok_or_else(void),
            Err(error) if taken(&error) == Some("users_email_key") => {
                let words = t!("Somebody signs in with this address already. Ask for another one in your profile");
                Err(Error::conflict(words))
            }
            Err(error) => Err(db_error(error)),
        }
    }

    /// The address that waits to be confirmed.
    pub async fn pending_email(&self, user: UserId) -> Result<Option<String>> {
        let found = sqlx::query_scalar(
            "select email from account_links where user_id = $1 and kind = 'email' and used_at is null and expires_at > $2 order by created_at desc limit 1",
        );
        found.bind(user.0).bind(self.clock.now()).fetch_optional(&self.pool).await.map_err(db_error)
    }

    /// What a person signs in with.
    pub async fn login_of_user(&self, user: UserId) -> Result<Option<String>> {
        let found = sqlx::query_scalar("select coalesce(email, phone) from users where id = $1").bind(user.0);
        found.fetch_optional(&self.pool).await.map_err(db_error)
    }

    /// Name, address and number of an account.
    pub async fn identity(&self, user: UserId) -> Result<Option<(String, Option<String>, Option<String>)>> {
        let found =
            sqlx::query_as("select name, email, phone from users where id = $1 and status = 'ACTIVE'").bind(user.0);
        found.fetch_optional(&self.pool).await.map_err(db_error)
    }

    /// A link for the first owner of an installation in which nobody has an account yet.
    pub async fn setup_link(&self) -> Result<Option<Secret<String>>> {
        let anybody: bool =
            sqlx::query_scalar("select exists (select from users)").fetch_one(&self.pool).await.map_err(db_error)?;
        if anybody {
            return Ok(None);
        }
        self.link("setup", None, None, None, self.clock.now() + Duration::days(1)).await.map(Some)
    }

    pub async fn open_setup_link(&self, token: &str) -> Result<bool> {
        let found = sqlx::query_scalar(
            "select exists (select from account_links where key = $1 and kind = 'setup' and used_at is null and expires_at > $2)
                and not exists (select from users)",
        );
        found.bind(hash(token)).bind(self.clock.now()).fetch_one(&self.pool).await.map_err(db_error)
    }

    /// Uses the first owner's link up; [`Auth::give_setup_link_back`] if nothing came of it.
    pub async fn take_setup_link(&self, token: &str) -> Result<()> {
        let taken = sqlx::query(
            "update account_links set used_at = $2 where key = $1 and kind = 'setup' and used_at is null and expires_at > $2
                and not exists (select from users)",
        );
        let taken = taken.bind(hash(token)).bind(self.clock.now()).execute(&self.pool).await.map_err(db_error)?;
        if taken.rows_affected() == 1 { Ok(()) } else { Err(Error::not_found()) }
    }

    pub async fn give_setup_link_back(&self, token: &str) -> Result<()> {
        let back = sqlx::query("update account_links set used_at = null where key = $1 and kind = 'setup'");
        back.bind(hash(token)).execute(&self.pool).await.map_err(db_error)?;
        Ok(())
    }

    async fn link(
        &self,
        kind: &'static str,
        user: Option<Uuid>,
        state: Option<&[u8]>,
        email: Option<&str>,
        until: DateTime<Utc>,
    ) -> Result<Secret<String>> {
        let value = token(self.random.as_ref(), TOKEN_BYTES);
        sqlx::query(MAKE)
            .bind(hash(&value))
            .bind(kind)
            .bind(user)
            .bind(state)
            .bind(email)
            .bind(self.clock.now())
            .bind(until)
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(value.into())
    }

    /// Removes up to `limit` links and sign-ups each that ran out a day ago.
    pub async fn purge_links(&self, limit: i64) -> Result<u64> {
        let before = self.clock.now() - Duration::days(1);
        let mut gone = 0;
        for sql in [PURGE_LINKS, PURGE_SIGN_UPS] {
            gone +=
                sqlx::query(sql).bind(before).bind(limit).execute(&self.pool).await.map_err(db_error)?.rows_affected();
        }
        Ok(gone)
    }
}

pub(super) fn hash(token: &str) -> Vec<u8> {
    token_hash(token.as_bytes()).to_vec()
}

/// The same for a link that never was, was used, ran out, or was overtaken by a change of the password.
fn void() -> Error {
    Error::new(
        Kind::NotFound,
        t!("This link is no longer good: it was used, it ran out, or a newer one took its place. Ask for another one"),
    )
}
