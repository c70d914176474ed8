//! The second factor: codes of an authenticator app (TOTP, RFC 6238) and recovery codes, for people and for staff alike.
//!
//! - The seed is sealed with a key that the database never sees, bound to its owner.
//! - A code is taken once: the step of time that it belongs to is written down in the statement that takes it, and nothing at or before
//!   that step is taken again. One step of difference between the clocks is allowed, no more.
//! - Every try is counted before the code is looked at: at most ten a sign-in and a hundred a day. A browser that its owner used before is
//!   counted by itself, and some of the hundred are kept for one that has just set a new password, so that somebody who knows the password
//!   cannot lock the owner out.
//! - Recovery codes have 120 random bits, are kept as SHA-256 and work once.

use super::sign_in::{Auth, device_key, is_by_reset, not_right_code};
use super::throttle::Account;
use crate::db::db_error;
use crate::random::{token, token_hash};
use crate::secret::Secret;
use chrono::{DateTime, Duration, Utc};
use domain::{Error, Kind, Result};
use sqlx::FromRow;
use std::net::IpAddr;
use totp_rs::{Algorithm, Builder, Totp};
use uuid::Uuid;
use words::t;

const STEP_SECONDS: u64 = 30;
const SEED_BYTES: usize = 20;
/// How long a seed that was shown waits for its first code.
const SETUP_MINUTES: i64 = 15;
/// How long somebody has between the password and the code.
pub(super) const HALF_MINUTES: i64 = 10;
const TRIES_PER_SIGN_IN: i32 = 10;
/// Of the hundred tries of a day, those of browsers that nobody knows. The rest is for a browser that has just set a new password: whoever used these up
/// knew the password before and knows it no more, and whoever has the mailbox and not the second factor guesses no more than a hundred times either.
const STRANGERS: i32 = 80;
/// Days in which a browser is asked for the password alone.
const TRUSTED_DAYS: i64 = 30;
const RECOVERY_CODES: usize = 10;
/// Letters and digits that nobody takes for one another (Crockford): five bits each.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const GROUPS: usize = 6;
const GROUP: usize = 4;

/// Whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    User(Uuid),
    Staff(Uuid),
}

impl Owner {
    pub const fn id(self) -> Uuid {
        match self {
            Self::User(id) | Self::Staff(id) => id,
        }
    }

    const fn user(self) -> Option<Uuid> {
        match self {
            Self::User(id) => Some(id),
            Self::Staff(_) => None,
        }
    }

    const fn staff(self) -> Option<Uuid> {
        match self {
            Self::User(_) => None,
            Self::Staff(id) => Some(id),
        }
    }
}

/// What somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct SecondFactor {
    pub set_up_at: DateTime<Utc>,
    /// Recovery codes that were not used yet.
    pub codes_left: i64,
}

/// What an authenticator app needs: as a link (and picture) and as text to type.
#[derive(Debug, Clone)]
pub struct SetUp {
    pub uri: Secret<String>,
    pub seed: Secret<String>,
    /// Dark squares of the picture, row by row, and how many there are in a row. Whoever has them has the seed.
    pub dark: Secret<Vec<bool>>,
    pub width: usize,
}

/// A code that comes after the password.
#[derive(Clone, Copy)]
pub struct CodeAttempt<'a> {
    /// Value of the cookie that [`SignIn::Half`](super::SignIn) gave.
    pub half: &'a str,
    /// Six digits of the app, or a recovery code; spaces and hyphens do not matter.
    pub code: &'a str,
    pub address: IpAddr,
    pub device: Option<&'a str>,
}

const STATE: &str = "\
select f.set_up_at, (select count(*) from recovery_codes c where c.owner = f.owner) as codes_left from second_factors f where f.owner = $1";

const PREPARE: &str = "\
insert into second_factor_setups (user_id, staff_id, sealed_by, sealed, expires_at) values ($1, $2, $3, $4, $5)
on conflict (owner) do update set sealed_by = $3, sealed = $4, expires_at = $5";

const PREPARED: &str = "select sealed_by, sealed from second_factor_setups where owner = $1 and expires_at > $2";

// The seed moves over, sealed for its new place, and every code of the one before goes; browsers that were let in by it are asked again.
const FINISH: &str = "\
with ready as (delete from second_factor_setups where owner = $1 and sealed = $2 and expires_at > $4 returning user_id, staff_id),
     forgotten as (update known_devices d set trusted_until = null from ready r where d.user_id = r.user_id)
insert into second_factors (user_id, staff_id, sealed_by, sealed, last_step, set_up_at)
select user_id, staff_id, $5, $6, $3, $4 from ready
on conflict (owner) do update set sealed_by = excluded.sealed_by, sealed = excluded.sealed, last_step = excluded.last_step, set_up_at = excluded.set_up_at";

const TAKE_STEP: &str = "update second_factors set last_step = $2 where owner = $1 and last_step < $2";
const TAKE_RECOVERY: &str = "delete from recovery_codes where owner = $1 and hash = $2";

const HALF: &str = "\
insert into half_sign_ins (key, user_id, staff_id, created_at, expires_at) values ($1, $2, $3, $4, $5)";

// A try is counted by the statement that looks the sign-in up. One that began before the password changed is over.
const TRY_HALF: &str = "\
update half_sign_ins h set tries = h.tries + 1
where h.key = $1 and h.expires_at > $2 and h.tries < $3 and ((h.user_id is not null and exists (
    select from users u join user_credentials c on c.user_id = u.id where u.id = h.user_id and u.status = 'ACTIVE' and c.changed_at <= h.created_at))
  or (h.staff_id is not null and exists (
    select from staff s join staff_credentials c on c.staff_id = s.id where s.id = h.staff_id and s.status = 'ACTIVE' and c.changed_at <= h.created_at)))
returning h.user_id, h.staff_id";

// Two right codes at once finish one sign-in. Who came from a provider for the first time is put together with the account here and not before.
const FINISH_HALF: &str = "\
with gone as (delete from half_sign_ins where key = $1 returning user_id, issuer, subject, email),
     linked as (insert into user_identities (issuer, subject, user_id, email, linked_at, last_used_at)
        select issuer, subject, user_id, email, $2, $2 from gone where subject is not null on conflict do nothing returning user_id)
select issuer, subject is not null, exists (select from linked) from gone";

/// A sign-in whose code was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    pub owner: Owner,
    /// The provider that the person came from, where it was one and no password.
    pub issuer: Option<String>,
    /// For the first time.
    pub linked: bool,
}

impl Auth {
    /// What somebody has set up; `None` for nothing.
    pub async fn second_factor(&self, owner: Uuid) -> Result<Option<SecondFactor>> {
        sqlx::query_as(STATE).bind(owner).fetch_optional(&self.pool).await.map_err(db_error)
    }

    /// Makes a seed, over one that was not proved yet. What is set up already stays until [`Auth::finish_second_factor`].
    pub async fn prepare_second_factor(&self, owner: Owner) -> Result<()> {
        let mut seed = [0; SEED_BYTES];
        self.random.fill(&mut seed);
        let (sealed_by, sealed) = self.keyring.seal_at(waiting(owner.id()), &seed, self.random.as_ref())?;
        sqlx::query(PREPARE)
            .bind(owner.user())
            .bind(owner.staff())
            .bind(sealed_by)
            .bind(sealed)
            .bind(self.clock.now() + Duration::minutes(SETUP_MINUTES))
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(())
    }

    /// The seed that waits for its first code. `account` is the name that the app shows.
    pub async fn prepared_second_factor(&self, owner: Owner, account: &str) -> Result<Option<SetUp>> {
        let Some((seed, _)) = self.prepared(owner).await? else { return Ok(None) };
        let totp = totp(&seed, account)?;
        let uri = totp.to_url().map_err(|_| Error::internal())?;
        let picture = qrcode::QrCode::new(uri.as_bytes()).map_err(|_| Error::internal())?;
        let dark = picture.to_colors().into_iter().map(|colour| colour == qrcode::Color::Dark).collect();
        let seed = Secret::new(base32(seed.expose()));
        Ok(Some(SetUp { uri: uri.into(), seed, dark: Secret::new(dark), width: picture.width() }))
    }

    async fn prepared(&self, owner: Owner) -> Result<Option<(Secret<Vec<u8>>, Vec<u8>)>> {
        let found: Option<(String, Vec<u8>)> = sqlx::query_as(PREPARED)
            .bind(owner.id())
            .bind(self.clock.now())
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        let Some((sealed_by, sealed)) = found else { return Ok(None) };
        Ok(Some((self.keyring.open_at(&sealed_by, waiting(owner.id()), &sealed)?, sealed)))
    }

    /// Takes the first code of the seed that was shown. From now on signing in needs one. The recovery codes are told once, here.
    pub async fn finish_second_factor(&self, owner: Owner, code: &str, address: IpAddr) -> Result<Vec<String>> {
        let Some((seed, sealed)) = self.prepared(owner).await? else {
            return Err(Error::conflict(t!("The picture is older than 15 minutes. Begin again to get a new one")));
        };
        let now = self.clock.now();
        let account = Account::new("factor-setup", owner.id().as_bytes());
        let counted = self.throttle.count(&self.pool, account, address, now).await?;
        let Some(step) = totp(&seed, "")?.check(&bare(code), seconds(now)) else {
            counted.wrong(&self.pool).await?;
            return Err(Error::field(
                "code",
                t!(
                    "This is not the code that the app shows now. Wait for the next one, and see that the phone's clock is right"
                ),
            ));
        };
        counted.right(&self.pool).await?;
        let (sealed_by, moved) = self.keyring.seal_at(proved(owner.id()), seed.expose(), self.random.as_ref())?;
        let mut tx = self.begin_tx().await?;
        let done = sqlx::query(FINISH)
            .bind(owner.id())
            .bind(sealed)
            .bind(i64::try_from(step).unwrap_or_default())
            .bind(now)
            .bind(sealed_by)
            .bind(moved)
            .execute(tx.conn())
            .await
            .map_err(db_error)?;
        if done.rows_affected() == 0 {
            return Err(Error::conflict(t!("Somebody began again meanwhile. Scan the new picture")));
        }
        let codes = self.replace_codes(tx.conn(), owner.id()).await?;
        tx.commit().await.map_err(db_error)?;
        Ok(codes)
    }

    /// Ten new recovery codes; those before are void.
    pub async fn new_recovery_codes(&self, owner: Uuid) -> Result<Vec<String>> {
        let mut tx = self.begin_tx().await?;
        let codes = self.replace_codes(tx.conn(), owner).await?;
        tx.commit().await.map_err(db_error)?;
        Ok(codes)
    }

    async fn replace_codes(&self, conn: &mut sqlx::PgConnection, owner: Uuid) -> Result<Vec<String>> {
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| self.recovery_code()).collect();
        let hashes: Vec<Vec<u8>> = codes.iter().map(|code| token_hash(bare(code).as_bytes()).to_vec()).collect();
        // Locks the row of the factor, so that two at once do not leave twenty.
        let held = sqlx::query("select from second_factors where owner = $1 for update").bind(owner);
        if held.fetch_optional(&mut *conn).await.map_err(db_error)?.is_none() {
            return Err(Error::conflict(t!("There is no second factor to have recovery codes. Set one up first")));
        }
        sqlx::query("delete from recovery_codes where owner = $1")
            .bind(owner)
            .execute(&mut *conn)
            .await
            .map_err(db_error)?;
        sqlx::query("insert into recovery_codes (hash, owner) select hash, $2 from unnest($1::bytea[]) as c (hash)")
            .bind(hashes)
            .bind(owner)
            .execute(conn)
            .await
            .map_err(db_error)?;
        Ok(codes)
    }

    fn recovery_code(&self) -> String {
        let mut bytes = [0; GROUPS * GROUP];
        self.random.fill(&mut bytes);
        let letters: Vec<u8> = bytes.iter().map(|byte| ALPHABET[usize::from(byte % 32)]).collect();
        let groups: Vec<String> =
            letters.chunks(GROUP).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        groups.join("-")
    }

    /// Takes the second factor away, with its codes and with what was let in by it.
    pub async fn remove_second_factor(&self, owner: Owner) -> Result<bool> {
        let gone = sqlx::query(
            "with gone as (delete from second_factors where owner = $1 returning owner),
                  begun as (delete from second_factor_setups where owner = $1),
                  half as (delete from half_sign_ins where owner = $1),
                  forgotten as (update known_devices set trusted_until = null where user_id = $1)
             select owner from gone",
        );
        let gone = gone.bind(owner.id()).fetch_optional(&self.pool).await.map_err(db_error)?;
        Ok(gone.is_some())
    }

    /// Whether signing in needs a code after the password: there is a factor, and this browser was not let off.
    pub(super) async fn needs_code(&self, owner: Owner, device: Option<&str>) -> Result<bool> {
        let needs = sqlx::query_scalar(
            "select not exists (select from known_devices where user_id = $1 and key = $2 and trusted_until > $3)
             from second_factors where owner = $1",
        );
        let needs: Option<bool> = needs
            .bind(owner.id())
            .bind(device.map(device_key))
            .bind(self.clock.now())
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(needs.unwrap_or(false))
    }

    /// Keeps that the password was right. The value is for a cookie; it opens nothing but the page for the code.
    pub(super) async fn half_open(&self, owner: Owner) -> Result<Secret<String>> {
        let (value, now) = (token(self.random.as_ref(), 32), self.clock.now());
        sqlx::query(HALF)
            .bind(token_hash(value.as_bytes()).to_vec())
            .bind(owner.user())
            .bind(owner.staff())
            .bind(now)
            .bind(now + Duration::minutes(HALF_MINUTES))
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(value.into())
    }

    /// Whether a half-open sign-in can still be finished.
    pub async fn is_half_open(&self, half: &str) -> Result<bool> {
        let open = sqlx::query_scalar(
            "select exists (select from half_sign_ins where key = $1 and expires_at > $2 and tries < $3)",
        );
        open.bind(token_hash(half.as_bytes()).to_vec())
            .bind(self.clock.now())
            .bind(TRIES_PER_SIGN_IN)
            .fetch_one(&self.pool)
            .await
            .map_err(db_error)
    }

    /// [`Auth::finish_half`] where it does not matter how the first half went.
    pub async fn finish_sign_in(&self, attempt: &CodeAttempt<'_>) -> Result<Owner> {
        self.finish_half(attempt).await.map(|finished| finished.owner)
    }

    /// The second half of signing in. *Unauthenticated* where the first half is over; *invalid* where the code is not right.
    pub async fn finish_half(&self, attempt: &CodeAttempt<'_>) -> Result<Finished> {
        let key = token_hash(attempt.half.as_bytes()).to_vec();
        let found: Option<(Option<Uuid>, Option<Uuid>)> = sqlx::query_as(TRY_HALF)
            .bind(&key)
            .bind(self.clock.now())
            .bind(TRIES_PER_SIGN_IN)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        let owner = match found {
            Some((Some(user), _)) => Owner::User(user),
            Some((None, Some(staff))) => Owner::Staff(staff),
            _ => return Err(half_over()),
        };
        self.check_code(owner, attempt.code, attempt.address, attempt.device).await?;
        let gone: Option<(Option<String>, bool, bool)> = sqlx::query_as(FINISH_HALF)
            .bind(&key)
            .bind(self.clock.now())
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        match gone {
            // Somebody else of the provider was put together with the account meanwhile.
            None | Some((_, true, false)) => Err(half_over()),
            Some((issuer, _, linked)) => Ok(Finished { owner, issuer, linked }),
        }
    }

    /// Takes a code of the app or a recovery code, once. Counts the try first.
    pub(super) async fn check_code(
        &self,
        owner: Owner,
        code: &str,
        address: IpAddr,
        device: Option<&str>,
    ) -> Result<()> {
        let id = owner.id();
        let known = match (owner.user(), device) {
            (Some(user), Some(device)) => self.knows_device(user, device).await?,
            _ => false,
        };
        let account = Account::new("factor", id.as_bytes());
        let account = match device.filter(|_| known) {
            Some(device) if !is_by_reset(device) => Account::new("factor-device", &device_key(device)),
            None if owner.user().is_some() => Account { most: STRANGERS, reset: true, ..account },
            _ => account,
        };
        let counted = self.throttle.count(&self.pool, account, address, self.clock.now()).await?;
        match self.take_code(id, &bare(code)).await {
            Ok(true) => counted.right(&self.pool).await,
            Ok(false) => {
                counted.wrong(&self.pool).await?;
                Err(not_right_code())
            }
            Err(error) => {
                counted.undo(&self.pool).await?;
                Err(error)
            }
        }
    }

    async fn take_code(&self, owner: Uuid, code: &str) -> Result<bool> {
        if code.len() == GROUPS * GROUP {
            let hash = token_hash(code.as_bytes()).to_vec();
            let taken = sqlx::query(TAKE_RECOVERY).bind(owner).bind(hash).execute(&self.pool).await;
            return Ok(taken.map_err(db_error)?.rows_affected() == 1);
        }
        let found: Option<(String, Vec<u8>)> =
            sqlx::query_as("select sealed_by, sealed from second_factors where owner = $1")
                .bind(owner)
                .fetch_optional(&self.pool)
                .await
                .map_err(db_error)?;
        let Some((sealed_by, sealed)) = found else { return Ok(false) };
        let seed = self.keyring.open_at(&sealed_by, proved(owner), &sealed)?;
        let Some(step) = totp(&seed, "")?.check(code, seconds(self.clock.now())) else { return Ok(false) };
        let taken = sqlx::query(TAKE_STEP).bind(owner).bind(i64::try_from(step).unwrap_or_default());
        Ok(taken.execute(&self.pool).await.map_err(db_error)?.rows_affected() == 1)
    }

    async fn knows_device(&self, user: Uuid, device: &str) -> Result<bool> {
        let known = sqlx::query_scalar("select exists (select from known_devices where user_id = $1 and key = $2)");
        known.bind(user).bind(device_key(device)).fetch_one(&self.pool).await.map_err(db_error)
    }

    /// Asks this browser for the password alone in the next 30 days. Ends with a new password or another second factor.
    pub async fn trust_device(&self, user: Uuid, device: &str) -> Result<()> {
        sqlx::query("update known_devices set trusted_until = $3 where user_id = $1 and key = $2")
            .bind(user)
            .bind(device_key(device))
            .bind(self.clock.now() + Duration::days(TRUSTED_DAYS))
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(())
    }

    pub(super) async fn purge_half_open(&self, limit: i64) -> Result<u64> {
        let now = self.clock.now();
        let halves = sqlx::query(
            "delete from half_sign_ins where key in (
                select key from half_sign_ins where expires_at <= $1 order by expires_at limit $2 for update skip locked)",
        );
        let halves = halves.bind(now).bind(limit).execute(&self.pool).await.map_err(db_error)?.rows_affected();
        let setups = sqlx::query("delete from second_factor_setups where expires_at <= $1").bind(now);
        Ok(halves + setups.execute(&self.pool).await.map_err(db_error)?.rows_affected())
    }
}

/// Where a seed is sealed that was proved, and where one that waits for its first code.
const fn proved(owner: Uuid) -> (&'static str, &'static str, Uuid) {
    ("second_factors", "sealed", owner)
}

const fn waiting(owner: Uuid) -> (&'static str, &'static str, Uuid) {
    ("second_factor_setups", "sealed", owner)
}

fn totp(seed: &Secret<Vec<u8>>, account: &str) -> Result<Totp> {
    let account = account.replace(':', " ");
    let made = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(STEP_SECONDS)
        .with_secret(seed.expose().clone())
        .with_issuer(Some("Nexus"))
        .with_account_name(account)
        .build();
    made.map_err(|error| {
        tracing::error!(%error, "a second factor cannot be worked out");
        Error::internal()
    })
}

fn seconds(now: DateTime<Utc>) -> u64 {
    u64::try_from(now.timestamp()).unwrap_or_default()
}

/// What was typed, without what only makes it readable.
fn bare(code: &str) -> String {
    code.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).take(64).collect()
}

/// RFC 4648, as apps take it.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut out, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(LETTERS[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.push(char::from(LETTERS[(held << (5 - bits) & 31) as usize]));
    }
    out
}

fn half_over() -> Error {
    Error::new(Kind::Unauthenticated, t!("The sign-in took too long or had too many wrong codes. Sign in again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let seed = Secret::new(b"12345678901234567890".to_vec());
        let totp = totp(&seed, "asa@example.com").unwrap();
        for (moment, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(totp.check(code, moment), Some(moment / 30), "{moment}");
        }
        // The code of the half minute from 30 to 59 seconds, by clocks that go wrong.
        assert_eq!(totp.check("287082", 45 + 31), Some(1), "one step late");
        assert_eq!(totp.check("287082", 45 - 31), Some(1), "one step early");
        assert_eq!(totp.check("287082", 45 + 61), None, "two steps late");
        assert_eq!(base32(seed.expose()), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(totp.to_url().unwrap().starts_with("otpauth://totp/Nexus:asa%40example.com?secret=GEZDGNBV"));
    }

    #[test]
    fn what_is_typed_is_read_as_it_is_meant() {
        assert_eq!(bare(" 123 456\n"), "123456");
        assert_eq!(bare("ABCD-efgh-0123-4567-jkmn-PQRS"), "abcdefgh01234567jkmnpqrs");
    }
}
