//! Signing in: from a name and a password to a person, with the same words and the same time for everything that is not right.

use super::password::{Cost, Passwords, check_password};
use super::second_factor::Owner;
use super::session_store::{Limits, Staff, StaffSessions, UserSessions, Users};
use super::throttle::{self, Account, Throttle};
use crate::audit::Client;
use crate::audit::sign_ins::{self, SignIn as Told};
use crate::clock::Clock;
use crate::db::TenantTx;
use crate::db::db_error;
use crate::random::{Random, token, token_hash};
use crate::secret::{Keyring, Secret};
use domain::{Error, Kind, Result, UserId};
use sqlx::PgPool;
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;
use words::t;

/// Days that a browser is remembered after it was last used to sign in.
const DEVICE_DAYS: i64 = 90;
const DEVICE_BYTES: usize = 32;
/// What the value of a browser begins with that is known by a new password alone.
const BY_RESET: &str = "reset.";

#[derive(Debug, Clone, Copy, Default)]
pub struct AuthConfig {
    pub cost: Cost,
    pub throttle: Throttle,
    /// `None` for 8 h idle and 7 d at most.
    pub user_limits: Option<Limits>,
    /// `None` for 15 min idle and 8 h at most.
    pub staff_limits: Option<Limits>,
}

/// One try.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// E-mail address or phone number, as typed.
    pub login: &'a str,
    pub password: &'a str,
    pub address: IpAddr,
    /// Value of the cookie that [`Auth::remember_device`] made, if the browser has one.
    pub device: Option<&'a str>,
    /// What the browser says it is.
    pub agent: Option<&'a str>,
}

/// What came of a name and a password that are right.
#[derive(Debug, PartialEq, Eq)]
pub enum SignIn<T> {
    /// Nothing else is asked. Follow it by [`Sessions::begin`](super::Sessions::begin).
    Whole(T),
    /// A code comes next: [`Auth::finish_sign_in`] with this value. Nothing is open until then.
    Half(Secret<String>),
}

/// Everything about signing in that a process has once.
pub struct Auth {
    pub(super) pool: PgPool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) keyring: Arc<Keyring>,
    passwords: Passwords,
    pub(super) throttle: Throttle,
    pub users: UserSessions,
    pub staff: StaffSessions,
}

// One statement for those who are there and those who are not.
const FIND_USER: &str = "\
select u.id, u.status, c.password_hash, d.key is not null
from users u join user_credentials c on c.user_id = u.id
left join known_devices d on d.user_id = u.id and d.key = $3 and d.last_used_at > $4
where u.email_norm = $1 or u.phone = $2";

const FIND_STAFF: &str = "\
select s.id, s.status, c.password_hash, false from staff s join staff_credentials c on c.staff_id = s.id where s.email_norm = $1";

const REHASH_USER: &str = "update user_credentials set password_hash = $3 where user_id = $1 and password_hash = $2";
const REHASH_STAFF: &str = "update staff_credentials set password_hash = $3 where staff_id = $1 and password_hash = $2";

type Found = (Uuid, String, String, bool);

impl Auth {
    pub fn new(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        keyring: Arc<Keyring>,
        config: AuthConfig,
    ) -> Result<Self> {
        let passwords = Passwords::new(config.cost, random.as_ref())?;
        let users = UserSessions::new(
            pool.clone(),
            clock.clone(),
            random.clone(),
            config.user_limits.unwrap_or(Limits::of::<Users>()),
        );
        let staff = StaffSessions::new(
            pool.clone(),
            clock.clone(),
            random.clone(),
            config.staff_limits.unwrap_or(Limits::of::<Staff>()),
        );
        Ok(Self { pool, clock, random, keyring, passwords, throttle: config.throttle, users, staff })
    }

    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// A transaction of the platform role.
    pub(super) async fn begin_tx(&self) -> Result<TenantTx> {
        TenantTx::begin_platform(&self.pool).await.map_err(db_error)
    }

    /// Signs a person in, as far as a password goes.
    pub async fn sign_in(&self, attempt: &Attempt<'_>) -> Result<SignIn<UserId>> {
        let (email, phone) = login_names(attempt.login);
        let device = attempt.device.map(device_key);
        let since = self.clock.now() - chrono::Duration::days(DEVICE_DAYS);
        let found: Option<Found> = sqlx::query_as(FIND_USER)
            .bind(&email)
            .bind(&phone)
            .bind(device.as_deref())
            .bind(since)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        let account = match (&found, device) {
            (Some((_, _, _, true)), Some(device)) => Account::new("device", &device),
            _ => Account::new("user", email.as_deref().or(phone.as_deref()).unwrap_or_default().as_bytes()),
        };
        let account = Account { reset: true, ..account };
        let user = found.as_ref().map(|(id, ..)| *id);
        let checked = self.check(attempt, found, account, REHASH_USER).await;
        if let Err(error) = &checked
            && error.kind == Kind::Unauthenticated
        {
            // Whether or not anybody has the name: what follows must take as long.
            let client = Client::new(attempt.address, attempt.agent);
            self.write_down(&Told { user, refused: true, client, ..Told::default() }).await?;
        }
        let user = checked?;
        if self.needs_code(Owner::User(user), attempt.device).await? {
            return self.half_open(Owner::User(user)).await.map(SignIn::Half);
        }
        Ok(SignIn::Whole(UserId(user)))
    }

    /// Writes down that somebody signed in or out, or was refused; the workspaces of the person are told in a moment.
    pub async fn write_down(&self, told: &Told) -> Result<()> {
        sign_ins::write(&self.pool, self.clock.as_ref(), self.random.as_ref(), told).await
    }

    /// Signs a member of the platform's staff in, as far as a password goes.
    pub async fn sign_in_staff(&self, attempt: &Attempt<'_>) -> Result<SignIn<Uuid>> {
        let email = email_norm(attempt.login);
        let found: Option<Found> =
            sqlx::query_as(FIND_STAFF).bind(&email).fetch_optional(&self.pool).await.map_err(db_error)?;
        let id = self.check(attempt, found, Account::new("staff", email.as_bytes()), REHASH_STAFF).await?;
        if self.needs_code(Owner::Staff(id), None).await? {
            return self.half_open(Owner::Staff(id)).await.map(SignIn::Half);
        }
        Ok(SignIn::Whole(id))
    }

    /// Notes that somebody of the staff came in.
    pub async fn staff_came_in(&self, staff: Uuid) -> Result<()> {
        let seen =
            sqlx::query("update staff set last_sign_in_at = $2 where id = $1").bind(staff).bind(self.clock.now());
        seen.execute(&self.pool).await.map_err(db_error)?;
        Ok(())
    }

    async fn check(
        &self,
        attempt: &Attempt<'_>,
        found: Option<Found>,
        account: Account,
        rehash: &'static str,
    ) -> Result<Uuid> {
        let counted = self.throttle.count(&self.pool, account, attempt.address, self.clock.now()).await?;
        let hash = found.as_ref().map(|(_, _, hash, _)| hash.as_str());
        let verdict = match self.passwords.verify(attempt.password, hash).await {
            Ok(verdict) => verdict,
            Err(error) => {
                counted.undo(&self.pool).await?;
                return Err(error);
            }
        };
        let Some((id, _, hash, _)) = found.filter(|(_, status, _, _)| verdict.matches && status == "ACTIVE") else {
            counted.wrong(&self.pool).await?;
            return Err(not_right());
        };
        counted.right(&self.pool).await?;
        if verdict.outdated {
            let fresh = self.passwords.hash(attempt.password, self.random.as_ref()).await?;
            sqlx::query(rehash).bind(id).bind(hash).bind(fresh).execute(&self.pool).await.map_err(db_error)?;
        }
        Ok(id)
    }

    /// Makes the value of a cookie by which this browser is known as the person's from now on. It opens nothing by itself: with it, the
    /// tries of others do not lock its owner out.
    pub async fn remember_device(&self, user: UserId) -> Result<String> {
        let value = token(self.random.as_ref(), DEVICE_BYTES);
        sqlx::query("insert into known_devices (key, user_id, created_at, last_used_at) values ($1, $2, $3, $3)")
            .bind(device_key(&value))
            .bind(user.0)
            .bind(self.clock.now())
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(value)
    }

    /// [`Auth::remember_device`] for a browser that may be known already: then its value stays, and its 90 days begin again. One that was known by
    /// a new password alone gets another value: somebody has signed in there now, with everything that is asked for.
    pub async fn keep_device(&self, user: UserId, held: Option<&str>) -> Result<String> {
        if let Some(held) = held {
            let value = match is_by_reset(held) {
                true => token(self.random.as_ref(), DEVICE_BYTES),
                false => held.to_owned(),
            };
            let kept = "update known_devices set key = $4, last_used_at = $3 where key = $1 and user_id = $2";
            let known = sqlx::query(kept)
                .bind(device_key(held))
                .bind(user.0)
                .bind(self.clock.now())
                .bind(device_key(&value))
                .execute(&self.pool)
                .await
                .map_err(db_error)?;
            if known.rows_affected() == 1 {
                return Ok(value);
            }
        }
        self.remember_device(user).await
    }

    /// Sets a new password and ends every session but `keep` (a handle).
    pub async fn set_password(&self, user: UserId, password: &str, context: &[&str], keep: Option<Uuid>) -> Result<()> {
        check_password(password, context)?;
        let hash = self.passwords.hash(password, self.random.as_ref()).await?;
        sqlx::query(
            "with changed as (
                insert into user_credentials (user_id, password_hash, changed_at) values ($1, $2, $3)
                on conflict (user_id) do update set password_hash = $2, changed_at = $3 returning user_id),
             forgotten as (delete from known_devices d using changed c where d.user_id = c.user_id)
             delete from sessions s using changed c where s.user_id = c.user_id and s.id is distinct from $4",
        )
        .bind(user.0)
        .bind(hash)
        .bind(self.clock.now())
        .bind(keep)
        .execute(&self.pool)
        .await
        .map_err(db_error)?;
        Ok(())
    }

    /// Removes up to `limit` rows of each table that only matter for a while: ended sessions, old tries, browsers long unused.
    pub async fn purge(&self, limit: i64) -> Result<u64> {
        let now = self.clock.now();
        let devices = sqlx::query(
            "delete from known_devices where key in (
                select key from known_devices where last_used_at < $1 order by last_used_at limit $2 for update skip locked)",
        );
        let devices = devices
            .bind(now - chrono::Duration::days(DEVICE_DAYS))
            .bind(limit)
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        let tries = throttle::purge(&self.pool, now, limit).await?;
        let told = sign_ins::purge(&self.pool, now, limit).await?;
        #[cfg(feature = "oidc")]
        let told = told + self.purge_returns(limit).await?;
        Ok(devices.rows_affected()
            + tries
            + self.purge_half_open(limit).await?
            + self.users.purge_tokens(limit).await?
            + self.staff.purge_tokens(limit).await?
            + told
            + self.users.purge_expired(limit).await?
            + self.staff.purge_expired(limit).await?)
    }
}

/// The same for a name nobody has, a wrong password and an account that was closed.
fn not_right() -> Error {
    Error::new(Kind::Unauthenticated, t!("The sign-in name or the password is not right. Check both and try again"))
}

pub(super) fn not_right_code() -> Error {
    Error::field("code", t!("The code is not right, or it was used already. Take the one that the app shows now"))
}

pub(super) fn device_key(value: &str) -> Vec<u8> {
    token_hash(value.as_bytes()).to_vec()
}

/// The value of a browser that has just set a new password by a link. Until somebody has signed in there, it is known where the password is tried and
/// not where the code is: whoever has the mailbox and not the second factor could make as many of these as they like.
pub(super) fn device_by_reset(random: &dyn Random) -> String {
    format!("{BY_RESET}{}", token(random, DEVICE_BYTES))
}

pub(super) fn is_by_reset(device: &str) -> bool {
    device.starts_with(BY_RESET)
}

/// An address as it is compared: trimmed, lower case.
pub(super) fn email_norm(email: &str) -> String {
    domain::text::normal(email)
}

/// A number as it is compared: digits, with a leading `+` for one with its country.
pub(super) fn phone_norm(phone: &str) -> Option<String> {
    let shown: String =
        phone.chars().filter(|letter| !matches!(letter, ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}')).collect();
    let international = shown.strip_prefix('+').or_else(|| shown.strip_prefix("00"));
    let digits = international.unwrap_or(&shown);
    let fits = (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| if international.is_some() { format!("+{digits}") } else { digits.to_owned() })
}

/// What was typed, as an address or as a number. What is neither is looked up all the same, so that it takes as long.
fn login_names(login: &str) -> (Option<String>, Option<String>) {
    match phone_norm(login) {
        Some(phone) => (None, Some(phone)),
        // PostgreSQL takes no NUL; nobody's address has one.
        None => (Some(email_norm(login).replace('\0', "\u{fffd}").chars().take(320).collect()), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_their_digits() {
        for shown in ["+254 712 345-678", "00254712345678", "+254 (712) 345.678"] {
            assert_eq!(phone_norm(shown).as_deref(), Some("+254712345678"), "{shown}");
        }
        assert_eq!(phone_norm("0712 345 678").as_deref(), Some("0712345678"));
        for other in ["asa@example.com", "12345", "+", "", "++254712345678", "1234567890123456"] {
            assert_eq!(phone_norm(other), None, "{other}");
        }
        assert_eq!(login_names(" Asa@Example.com "), (Some("asa@example.com".into()), None));
    }
}
