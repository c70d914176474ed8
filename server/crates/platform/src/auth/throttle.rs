//! How often a password may be tried, by account and by address.
//!
//! A try is counted before the password is looked at, in one statement, so that a hundred at once are not all let through; one that turns
//! out right is taken back. Names that nobody has are counted like any other. An account closes for the rest of its day after a hundred
//! wrong tries; its owner still gets in from a browser that was used before, which counts for itself, and from any other by a new password:
//! its link goes to the owner alone, ends the count, and makes the browser that opened it a known one (`recovery.rs`).

use crate::db::db_error;
use crate::limit::address_key;
use chrono::{DateTime, Utc};
use domain::{Error, Kind, Result};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use std::net::IpAddr;
use words::{mark, t, tn};

/// Wrong tries of one account in a day of its own.
const PER_DAY: i32 = 100;
/// Tries are forgotten after this time.
const KEPT_DAYS: i64 = 2;

/// Wrong tries from one address (IPv6: one /64): a burst, then so many a minute.
#[derive(Debug, Clone, Copy)]
pub struct Throttle {
    pub address_burst: u32,
    pub address_per_minute: u32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { address_burst: 10, address_per_minute: 3 }
    }
}

/// Seconds to wait after so many wrong tries in a row, as SQL.
macro_rules! ladder {
    ($streak:literal) => {
        concat!(
            "make_interval(secs => case when ",
            $streak,
            " <= 0 then 0 when ",
            $streak,
            " = 1 then 1 when ",
            $streak,
            " = 2 then 3 when ",
            $streak,
            " = 3 then 5 else 10 end)"
        )
    };
}

// While the answer is out, the next try waits as long as if this one were wrong already; only the second of all may overlap the first, so
// that a double click does not count as an attack.
const TRY_ACCOUNT: &str = concat!(
    "insert into sign_in_attempts as a (subject, failures, streak, since, last_at, blocked_until) values ($1, 1, 1, $2, $2, $2)
on conflict (subject) do update set
    failures = case when a.since <= $2 - interval '1 day' then 1 else a.failures + 1 end,
    since = case when a.since <= $2 - interval '1 day' then $2 else a.since end,
    streak = a.streak + 1, last_at = $2, blocked_until = $2 + ",
    ladder!("a.streak"),
    " where a.blocked_until <= $2 and (a.failures < $3 or a.since <= $2 - interval '1 day')"
);

const ACCOUNT_WAIT: &str = "\
select extract(epoch from greatest(blocked_until, case when failures >= $3 then since + interval '1 day' else blocked_until end) - $2)::float8
from sign_in_attempts where subject = $1";

const WRONG: &str = concat!(
    "update sign_in_attempts set blocked_until = greatest(blocked_until, $2 + ",
    ladder!("streak"),
    ") where subject = $1"
);

const RIGHT: &str = "\
update sign_in_attempts set failures = greatest(failures - 1, 0), streak = 0, blocked_until = $2 where subject = $1";

const UNDO: &str = "\
update sign_in_attempts set failures = greatest(failures - 1, 0), streak = greatest(streak - 1, 0), blocked_until = $2 where subject = $1";

// `blocked_until` is when the allowance is whole again; each try takes one period of it.
const TRY_ADDRESS: &str = "\
insert into sign_in_attempts as a (subject, failures, since, last_at, blocked_until)
values ($1, 1, $2, $2, $2 + make_interval(secs => $3))
on conflict (subject) do update set
    failures = a.failures + 1, last_at = $2, blocked_until = greatest(a.blocked_until, $2) + make_interval(secs => $3)
where greatest(a.blocked_until, $2) + make_interval(secs => $3) <= $2 + make_interval(secs => $4)";

const ADDRESS_WAIT: &str = "\
select extract(epoch from blocked_until + make_interval(secs => $3 - $4) - $2)::float8 from sign_in_attempts where subject = $1";

const ADDRESS_BACK: &str = "\
update sign_in_attempts set failures = greatest(failures - 1, 0), blocked_until = blocked_until - make_interval(secs => $2) where subject = $1";

const PURGE: &str = "\
delete from sign_in_attempts where subject in (
    select subject from sign_in_attempts where last_at < $1 and blocked_until < $1 order by last_at limit $2 for update skip locked)";

/// Whose tries are counted.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) key: Vec<u8>,
    /// Wrong tries in a day of its own.
    pub(super) most: i32,
    /// A new password is the way in past what others have tried, and a refusal says so, whether or not there is such an account.
    pub(super) reset: bool,
}

impl Account {
    /// A hundred tries a day, and no way past them.
    pub(super) fn new(kind: &str, name: &[u8]) -> Self {
        Self { key: subject(kind, name), most: PER_DAY, reset: false }
    }
}

/// A try that was let through and counted.
#[derive(Debug)]
pub(super) struct Counted {
    account: Vec<u8>,
    /// None for somebody who is signed in: their tries are no other's.
    address: Option<Vec<u8>>,
    now: DateTime<Utc>,
    throttle: Throttle,
}

/// What is tried: the name typed, or the browser that its owner used before.
pub(super) fn subject(kind: &str, name: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(name);
    hash.finalize().to_vec()
}

impl Throttle {
    fn period(self) -> f64 {
        60.0 / f64::from(self.address_per_minute.max(1))
    }

    fn depth(self) -> f64 {
        self.period() * f64::from(self.address_burst.max(1))
    }

    /// Counts a try, or refuses it. The address comes first: an account is not touched by who is refused already.
    pub(super) async fn count(
        self,
        pool: &PgPool,
        account: Account,
        address: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<Counted> {
        let address = subject("address", address_key(address).as_bytes());
        let (period, depth) = (self.period(), self.depth());
        let let_in = sqlx::query(TRY_ADDRESS)
            .bind(&address)
            .bind(now)
            .bind(period)
            .bind(depth)
            .execute(pool)
            .await
            .map_err(db_error)?;
        if let_in.rows_affected() == 0 {
            let wait = sqlx::query_scalar(ADDRESS_WAIT)
                .bind(&address)
                .bind(now)
                .bind(period)
                .bind(depth)
                .fetch_optional(pool)
                .await;
            return Err(too_many(wait.map_err(db_error)?, false));
        }
        self.count_account_from(pool, account, Some(address), now).await
    }

    /// Counts a try of somebody who is signed in, by the account alone.
    pub(super) async fn count_account(self, pool: &PgPool, account: Account, now: DateTime<Utc>) -> Result<Counted> {
        self.count_account_from(pool, account, None, now).await
    }

    async fn count_account_from(
        self,
        pool: &PgPool,
        account: Account,
        address: Option<Vec<u8>>,
        now: DateTime<Utc>,
    ) -> Result<Counted> {
        let Account { key, most, reset } = account;
        let counted = Counted { account: key, address, now, throttle: self };
        let let_in = sqlx::query(TRY_ACCOUNT)
            .bind(&counted.account)
            .bind(now)
            .bind(most)
            .execute(pool)
            .await
            .map_err(db_error)?;
        if let_in.rows_affected() == 0 {
            let wait =
                sqlx::query_scalar(ACCOUNT_WAIT).bind(&counted.account).bind(now).bind(most).fetch_optional(pool).await;
            counted.address_back(pool).await?;
            return Err(too_many(wait.map_err(db_error)?, reset));
        }
        Ok(counted)
    }
}

/// What is counted by address alone, and apart from tries to sign in, so that neither keeps anybody from the other.
impl Throttle {
    /// A mail that somebody asks for without being signed in.
    pub(super) async fn count_mail(self, pool: &PgPool, address: IpAddr, now: DateTime<Utc>) -> Result<()> {
        self.count_address(pool, "mail", address, now, mark!("Too many mails were asked for from here")).await
    }

    /// A key or token that was refused.
    pub(super) async fn count_key(self, pool: &PgPool, address: IpAddr, now: DateTime<Utc>) -> Result<()> {
        let words = mark!("Too many calls from here came with a key that is not right");
        self.count_address(pool, "key", address, now, words).await
    }

    async fn count_address(
        self,
        pool: &PgPool,
        kind: &'static str,
        address: IpAddr,
        now: DateTime<Utc>,
        words: &'static str,
    ) -> Result<()> {
        let subject = subject(kind, address_key(address).as_bytes());
        let (period, depth) = (self.period(), self.depth());
        let let_in = sqlx::query(TRY_ADDRESS).bind(&subject).bind(now).bind(period).bind(depth).execute(pool);
        if let_in.await.map_err(db_error)?.rows_affected() == 1 {
            return Ok(());
        }
        let wait = sqlx::query_scalar(ADDRESS_WAIT).bind(&subject).bind(now).bind(period).bind(depth);
        let wait: Option<f64> = wait.fetch_optional(pool).await.map_err(db_error)?;
        let (seconds, shown) = waiting(wait);
        let message = t!("{what}. Wait {time}, then try again", what = words::say(words), time = shown);
        Err(Error { retry_after: Some(seconds), ..Error::new(Kind::RateLimited, message) })
    }
}

impl Counted {
    pub(super) async fn wrong(self, pool: &PgPool) -> Result<()> {
        self.note(pool, WRONG).await
    }

    pub(super) async fn right(self, pool: &PgPool) -> Result<()> {
        self.note(pool, RIGHT).await?;
        self.address_back(pool).await
    }

    /// Nobody looked at the password.
    pub(super) async fn undo(self, pool: &PgPool) -> Result<()> {
        self.note(pool, UNDO).await?;
        self.address_back(pool).await
    }

    async fn note(&self, pool: &PgPool, sql: &'static str) -> Result<()> {
        sqlx::query(sql).bind(&self.account).bind(self.now).execute(pool).await.map_err(db_error)?;
        Ok(())
    }

    async fn address_back(&self, pool: &PgPool) -> Result<()> {
        let Some(address) = &self.address else { return Ok(()) };
        sqlx::query(ADDRESS_BACK).bind(address).bind(self.throttle.period()).execute(pool).await.map_err(db_error)?;
        Ok(())
    }
}

fn too_many(wait: Option<f64>, reset: bool) -> Error {
    let (seconds, shown) = waiting(wait);
    let message = if reset {
        t!(
            "Too many tries to sign in. Wait {time}, then try again, or reset your password by e-mail or phone to sign in now",
            time = shown
        )
    } else {
        t!("{what}. Wait {time}, then try again", what = t!("Too many tries to sign in"), time = shown)
    };
    Error { retry_after: Some(seconds), ..Error::new(Kind::RateLimited, message) }
}

/// Seconds to wait, and in words.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped; a float cast saturates")]
fn waiting(wait: Option<f64>) -> (u32, String) {
    let seconds = wait.unwrap_or(1.0).ceil().clamp(1.0, 86_400.0) as u32;
    let shown = match seconds {
        1 => t!("a second").to_owned(),
        2..=120 => tn!(seconds, "{count} second", "{count} seconds"),
        121..=7200 => tn!(seconds.div_ceil(60), "{count} minute", "{count} minutes"),
        _ => tn!(seconds.div_ceil(3600), "{count} hour", "{count} hours"),
    };
    (seconds, shown)
}

/// Forgets up to `limit` subjects that nobody tried for two days.
pub(super) async fn purge(pool: &PgPool, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let purged = sqlx::query(PURGE).bind(now - chrono::Duration::days(KEPT_DAYS)).bind(limit).execute(pool).await;
    Ok(purged.map_err(db_error)?.rows_affected())
}
