//! The second factor: codes are taken once, within a step, and not too often; recovery codes work once; nothing of it lies open in the database.

use crate::database::{PASSWORD, TestDb};
use chrono::Duration;
use domain::{Kind, UserId};
use nexus_platform::auth::{Attempt, Auth, AuthConfig, CodeAttempt, Owner, SignIn, Throttle};
use sqlx::Row;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use totp_rs::{Builder, Secret, Totp};

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

/// Tries of one address are another test's.
fn from_anywhere() -> AuthConfig {
    AuthConfig {
        throttle: Throttle { address_burst: 1_000_000, address_per_minute: 1_000_000 },
        ..AuthConfig::default()
    }
}

/// A phone.
struct Phone {
    totp: Totp,
    recovery: Vec<String>,
}

impl Phone {
    /// The code that it shows so many seconds from the server's now.
    fn code(&self, db: &TestDb, seconds: i64) -> String {
        let moment = db.auth_now().timestamp() + seconds;
        self.totp.generate(u64::try_from(moment).unwrap()).to_string()
    }
}

async fn set_up(db: &TestDb, auth: &Auth, owner: Owner) -> Phone {
    auth.prepare_second_factor(owner).await.unwrap();
    let shown = auth.prepared_second_factor(owner, "asa@example.com").await.unwrap().unwrap();
    let seed = Secret::try_from_base32(shown.seed.expose()).unwrap();
    let totp = Builder::new().with_secret(seed).with_account_name("asa").with_issuer(Some("Nexus")).build().unwrap();
    let mut phone = Phone { totp, recovery: Vec::new() };
    phone.recovery = auth.finish_second_factor(owner, &phone.code(db, 0), HOME).await.unwrap();
    db.clock.advance(Duration::seconds(90));
    phone
}

/// The password, and what has to follow it.
async fn half(auth: &Auth, device: Option<&str>) -> String {
    half_by(auth, PASSWORD, device).await
}

async fn half_by(auth: &Auth, password: &str, device: Option<&str>) -> String {
    let attempt = Attempt { login: "asa@example.com", password, address: HOME, device, agent: None };
    match auth.sign_in(&attempt).await.unwrap() {
        SignIn::Half(half) => half.into_exposed(),
        SignIn::Whole(_) => panic!("no code was asked for"),
    }
}

const fn with<'a>(half: &'a str, code: &'a str) -> CodeAttempt<'a> {
    CodeAttempt { half, code, address: HOME, device: None }
}

/// C-17. Replay, skew, and what the database holds.
#[tokio::test]
async fn a_code_is_taken_once_and_within_a_step() {
    let db = TestDb::new().await;
    let auth = db.auth_with(from_anywhere());
    let user = db.user(&auth, "asa@example.com").await;
    let phone = set_up(&db, &auth, Owner::User(user.0)).await;
    assert_eq!(phone.recovery.len(), 10);

    // The middle of a step, so that 31 seconds are one step away and 61 are two.
    let into = db.auth_now().timestamp().rem_euclid(30);
    db.clock.advance(Duration::seconds(45 - into));
    let mut replayed = 0;
    for (skew, taken) in [(-61, false), (61, false), (-31, true), (0, true), (31, true)] {
        let first = half(&auth, None).await;
        let code = phone.code(&db, skew);
        let answer = auth.finish_sign_in(&with(&first, &code)).await;
        assert_eq!(answer.is_ok(), taken, "{skew} s");
        db.clock.advance(Duration::seconds(12));
        let second = half(&auth, None).await;
        replayed += u32::from(auth.finish_sign_in(&with(&second, &code)).await.is_ok());
        // Past the wait, and on to a step whose neighbours were not used.
        db.clock.advance(Duration::seconds(108));
    }
    assert_eq!(replayed, 0);

    // Ten at once with the same code: one gets in.
    let auth = Arc::new(auth);
    let (code, mut tasks) = (phone.code(&db, 0), tokio::task::JoinSet::new());
    let mut halves = Vec::new();
    for _ in 0..10 {
        halves.push(half(&auth, None).await);
    }
    for half in halves {
        let (auth, code) = (auth.clone(), code.clone());
        tasks.spawn(async move { auth.finish_sign_in(&with(&half, &code)).await.is_ok() });
    }
    let raced = tasks.join_all().await.into_iter().filter(|taken| *taken).count();
    assert_eq!(raced, 1);
    db.clock.advance(Duration::minutes(2));

    // A half-open sign-in ends after ten minutes, after one success and when the password changes.
    let late = half(&auth, None).await;
    db.clock.advance(Duration::seconds(599));
    assert!(auth.is_half_open(&late).await.unwrap());
    db.clock.advance(Duration::seconds(2));
    assert_eq!(auth.finish_sign_in(&with(&late, &phone.code(&db, 0))).await.unwrap_err().kind, Kind::Unauthenticated);
    let once = half(&auth, None).await;
    auth.finish_sign_in(&with(&once, &phone.code(&db, 0))).await.unwrap();
    db.clock.advance(Duration::minutes(2));
    assert_eq!(auth.finish_sign_in(&with(&once, &phone.code(&db, 0))).await.unwrap_err().kind, Kind::Unauthenticated);
    let before = half(&auth, None).await;
    db.clock.advance(Duration::seconds(1));
    auth.set_password(user, "another battery staple horse", &[], None).await.unwrap();
    assert_eq!(auth.finish_sign_in(&with(&before, &phone.code(&db, 0))).await.unwrap_err().kind, Kind::Unauthenticated);

    // Neither seed, code nor cookie in clear.
    let dump = sqlx::query(
        "select (select json_agg(f)::text from second_factors f) || coalesce((select json_agg(r)::text from recovery_codes r), '')
            || coalesce((select json_agg(h)::text from half_sign_ins h), '')",
    );
    let dump: String = dump.fetch_one(&db.owner).await.unwrap().get(0);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let bare = phone.recovery[0].replace('-', "");
    for secret in [phone.recovery[0].clone(), hex(bare.as_bytes()), hex(late.as_bytes()), late.clone()] {
        assert!(!dump.contains(&secret), "{secret} lies open");
    }
    println!("bar=C-17 replayed={replayed} skews=5 raced={raced}/10 pass=1");
    db.close().await;
}

/// C-17. At most ten tries a sign-in and a hundred a day, of which twenty are kept; the owner's own browser still gets in (C-14).
#[tokio::test]
async fn guessing_ends_and_the_owner_still_gets_in() {
    let db = TestDb::new().await;
    let auth = db.auth_with(from_anywhere());
    let user = db.user(&auth, "asa@example.com").await;
    let phone = set_up(&db, &auth, Owner::User(user.0)).await;
    let device = auth.remember_device(user).await.unwrap();

    let (mut looked_at, mut halves, mut most) = (0, 0, 0);
    'day: for _ in 0..30 {
        let half = half(&auth, None).await;
        halves += 1;
        let mut here = 0;
        loop {
            db.clock.advance(Duration::seconds(11));
            match auth.finish_sign_in(&with(&half, "000000")).await.unwrap_err().kind {
                Kind::Invalid => (looked_at, here) = (looked_at + 1, here + 1),
                Kind::Unauthenticated => break,
                Kind::RateLimited => break 'day,
                other => panic!("{other:?}"),
            }
        }
        most = most.max(here);
    }
    assert_eq!((looked_at, most), (80, 10), "codes looked at in a day, and in a sign-in");
    // Even the right code does not help who has no browser that is known ...
    let stranger = half(&auth, None).await;
    let refused = auth.finish_sign_in(&with(&stranger, &phone.code(&db, 0))).await.unwrap_err();
    assert_eq!(refused.kind, Kind::RateLimited);
    // ... and the owner, at their own, is in at once.
    let own = half(&auth, Some(&device)).await;
    let attempt = CodeAttempt { device: Some(&device), ..with(&own, "") };
    let code = phone.code(&db, 0);
    assert_eq!(auth.finish_sign_in(&CodeAttempt { code: &code, ..attempt }).await.unwrap(), Owner::User(user.0));
    println!("bar=C-17 looked_at_a_day={looked_at} a_sign_in={most} half_open={halves} owner_tries=1 pass=1");
    db.close().await;
}

/// Guesses at the code until no more is looked at; how many were.
async fn guess(db: &TestDb, auth: &Auth, password: &str, device: Option<&str>) -> u32 {
    let mut looked_at = 0;
    loop {
        let half = half_by(auth, password, device).await;
        for _ in 0..10 {
            db.clock.advance(Duration::seconds(11));
            match auth.finish_sign_in(&CodeAttempt { device, ..with(&half, "000000") }).await.unwrap_err().kind {
                Kind::Invalid => looked_at += 1,
                _ => return looked_at,
            }
        }
    }
}

/// C-14 and C-17. Somebody who knows the password uses the codes of the day up; its owner sets another one, and finds some left. Whoever has the mailbox
/// and not the second factor gets no more of them by that, however often they set one.
#[tokio::test]
async fn a_new_password_leaves_codes_to_its_owner_and_no_more_to_others() {
    let db = TestDb::new().await;
    let auth = db.auth_with(from_anywhere());
    let user = db.user(&auth, "asa@example.com").await;
    let phone = set_up(&db, &auth, Owner::User(user.0)).await;
    let reset = async |password: &str| {
        let link = auth.password_link("asa@example.com").await.unwrap().unwrap();
        auth.reset_password(link.token.expose(), password).await.unwrap().1
    };
    let mut looked_at = guess(&db, &auth, PASSWORD, None).await;
    let stranger = half(&auth, None).await;
    let refused = auth.finish_sign_in(&with(&stranger, &phone.code(&db, 0))).await.unwrap_err();
    assert!(refused.kind == Kind::RateLimited && refused.message.contains("reset your password"), "{refused:?}");

    let password = "a new battery staple horse";
    let device = reset(password).await;
    let own = half_by(&auth, password, Some(&device)).await;
    let code = phone.code(&db, 0);
    let attempt = CodeAttempt { device: Some(&device), ..with(&own, &code) };
    assert_eq!(auth.finish_sign_in(&attempt).await.unwrap(), Owner::User(user.0));
    // From then on the browser is known for the code as well, under a value that no mailbox gives.
    let kept = auth.keep_device(user, Some(&device)).await.unwrap();
    assert_ne!(kept, device);
    assert_eq!(auth.keep_device(user, Some(&kept)).await.unwrap(), kept);

    for round in 0..3 {
        let password = format!("battery staple horse number {round}");
        let device = reset(&password).await;
        looked_at += guess(&db, &auth, &password, Some(&device)).await;
    }
    assert_eq!(looked_at, 100, "codes looked at in a day");
    println!("bar=C-14 way=new_password with=code owner_tries=1 looked_at_a_day={looked_at} pass=1");
    db.close().await;
}

/// C-17. Recovery codes have 120 bits, work once, and are void when there are new ones.
#[tokio::test]
async fn recovery_codes_work_once() {
    let db = TestDb::new().await;
    let auth = db.auth_with(from_anywhere());
    let user = db.user(&auth, "asa@example.com").await;
    let phone = set_up(&db, &auth, Owner::User(user.0)).await;
    for code in &phone.recovery {
        assert_eq!(code.chars().filter(|letter| *letter != '-').count() * 5, 120);
    }
    let first = half(&auth, None).await;
    let shouted = phone.recovery[3].to_uppercase().replace('-', " ");
    auth.finish_sign_in(&with(&first, &shouted)).await.unwrap();
    let second = half(&auth, None).await;
    assert_eq!(auth.finish_sign_in(&with(&second, &phone.recovery[3])).await.unwrap_err().kind, Kind::Invalid);
    assert_eq!(auth.second_factor(user.0).await.unwrap().unwrap().codes_left, 9);
    db.clock.advance(Duration::seconds(20));
    let fresh = auth.new_recovery_codes(user.0).await.unwrap();
    assert_eq!(auth.finish_sign_in(&with(&second, &phone.recovery[4])).await.unwrap_err().kind, Kind::Invalid);
    db.clock.advance(Duration::seconds(20));
    auth.finish_sign_in(&with(&second, &fresh[0])).await.unwrap();
    db.close().await;
}

/// A remembered browser skips the code and nothing else, for thirty days, until the password or the factor changes.
#[tokio::test]
async fn a_remembered_browser_skips_the_code_alone() {
    let db = TestDb::new().await;
    let auth = db.auth_with(from_anywhere());
    let user = db.user(&auth, "asa@example.com").await;
    set_up(&db, &auth, Owner::User(user.0)).await;
    let device = auth.remember_device(user).await.unwrap();
    let whole = async |password: &str, device: &str| {
        let attempt = Attempt { login: "asa@example.com", password, address: HOME, device: Some(device), agent: None };
        auth.sign_in(&attempt).await.map(|answer| answer == SignIn::Whole(UserId(user.0)))
    };
    assert!(!whole(PASSWORD, &device).await.unwrap(), "known is not remembered");
    auth.trust_device(user.0, &device).await.unwrap();
    assert!(whole(PASSWORD, &device).await.unwrap());
    assert!(whole("wrong", &device).await.is_err(), "the password is asked for all the same");
    db.clock.advance(Duration::seconds(30));
    assert!(!whole(PASSWORD, "another browser").await.unwrap());
    let days = Duration::days(30);
    db.clock.advance(days - Duration::seconds(31));
    assert!(whole(PASSWORD, &device).await.unwrap());
    db.clock.advance(Duration::seconds(2));
    assert!(!whole(PASSWORD, &device).await.unwrap());
    // Another phone ends it.
    auth.trust_device(user.0, &device).await.unwrap();
    assert!(whole(PASSWORD, &device).await.unwrap());
    set_up(&db, &auth, Owner::User(user.0)).await;
    assert!(!whole(PASSWORD, &device).await.unwrap());
    db.close().await;
}
