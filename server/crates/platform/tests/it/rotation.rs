//! F-10 (c): the outer key is replaced while people sign in and secrets are read and stored, and then taken away. And (b) for second factors:
//! what is sealed opens in its own row alone.

use crate::database::{PASSWORD, TestDb};
use domain::{Result, TenantId, UserId};
use nexus_platform::auth::{Attempt, Auth, AuthConfig, CodeAttempt, Owner, SignIn, Throttle};
use nexus_platform::random::{Random, SystemRandom};
use nexus_platform::rotation::{self, COLUMNS, Kept};
use nexus_platform::secret::{Keyring, Secret, Vault};
use nexus_platform::{Pools, TenantTx, TxMode};
use sqlx::AssertSqlSafe;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use totp_rs::{Builder, Totp};
use uuid::Uuid;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
const TENANTS: usize = 5;
const PEOPLE: usize = 20;

fn ring(keys: &[&str]) -> Arc<Keyring> {
    Arc::new(Keyring::parse(&keys.join(",")).unwrap())
}

fn auth(db: &TestDb, keyring: &Arc<Keyring>) -> Auth {
    let throttle = Throttle { address_burst: 1_000_000, address_per_minute: 1_000_000 };
    let config = AuthConfig { throttle, ..AuthConfig::default() };
    let clock = db.clock.clone();
    Auth::new(db.pools.platform.clone(), clock, Arc::new(SystemRandom), keyring.clone(), config).unwrap()
}

async fn store(pools: &Pools, keyring: &Keyring, tenant: TenantId, name: &str) -> Result<()> {
    let vault = Vault { tenant, keyring, random: &SystemRandom };
    let mut tx = TenantTx::begin(&pools.app, tenant, TxMode::ReadWrite).await.unwrap();
    let mut id = [0; 16];
    SystemRandom.fill(&mut id);
    vault.put(tx.conn(), name, &Secret::new(name.as_bytes().to_vec()), Uuid::from_bytes(id)).await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn is_read(pools: &Pools, keyring: &Keyring, tenant: TenantId, name: &str) -> bool {
    let vault = Vault { tenant, keyring, random: &SystemRandom };
    let mut tx = TenantTx::begin(&pools.app, tenant, TxMode::ReadOnly).await.unwrap();
    let read = vault.get(tx.conn(), name).await;
    matches!(read, Ok(Some(secret)) if secret.expose() == name.as_bytes())
}

/// Somebody with a phone.
async fn person(db: &TestDb, auth: &Auth, at: usize) -> (UserId, Totp) {
    let email = format!("p{at}@example.com");
    let user = db.user(auth, &email).await;
    auth.prepare_second_factor(Owner::User(user.0)).await.unwrap();
    let seed = auth.prepared_second_factor(Owner::User(user.0), "asa").await.unwrap().unwrap().seed;
    let seed = totp_rs::Secret::try_from_base32(seed.expose()).unwrap();
    let totp = Builder::new().with_secret(seed).with_account_name("asa").with_issuer(Some("Nexus")).build().unwrap();
    auth.finish_second_factor(Owner::User(user.0), &code(db, &totp, 0), HOME).await.unwrap();
    (user, totp)
}

fn code(db: &TestDb, totp: &Totp, seconds: i64) -> String {
    totp.generate(u64::try_from(db.auth_now().timestamp() + seconds).unwrap()).to_string()
}

/// Whether somebody gets in by the code of an app at a server with these keys.
async fn gets_in(auth: &Auth, at: usize, code: &str) -> bool {
    let login = format!("p{at}@example.com");
    let attempt = Attempt { login: &login, password: PASSWORD, address: HOME, device: None, agent: None };
    let half = match auth.sign_in(&attempt).await.unwrap() {
        SignIn::Half(half) => half.into_exposed(),
        SignIn::Whole(_) => panic!("no code was asked for"),
    };
    auth.finish_sign_in(&CodeAttempt { half: &half, code, address: HOME, device: None }).await.is_ok()
}

/// Rows of every column of the list that an outer key seals, by whether the old key does.
async fn sealed(db: &TestDb, old: &str) -> Vec<(String, i64, i64)> {
    let mut found = Vec::new();
    for (table, _, kept) in COLUMNS {
        if *kept == Kept::Sealed {
            let sql = format!("select count(*), count(*) filter (where sealed_by = '{old}') from {table}");
            let (all, old): (i64, i64) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&db.owner).await.unwrap();
            found.push(((*table).to_owned(), all, old));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_is_replaced_under_load_and_then_taken_away() {
    let db = Arc::new(TestDb::new().await);
    let key = |id: &str| Keyring::generate(id, &SystemRandom).into_exposed();
    let (old, new) = (key("old"), key("new"));
    // A server from before, one that was started with the new key in front, and one without the old key.
    let (before, both, after) = (ring(&[&old, &new]), ring(&[&new, &old]), ring(&[&new]));
    let (early, late) = (auth(&db, &before), Arc::new(auth(&db, &both)));
    let mut tenants = Vec::new();
    for at in 0..TENANTS {
        let tenant = db.tenant(&format!("acme{at}")).await;
        store(&db.pools, &before, tenant, "stripe").await.unwrap();
        tenants.push(tenant);
    }
    let mut people = Vec::new();
    for at in 0..PEOPLE {
        people.push(person(&db, &early, at).await);
    }
    // Somebody has the picture on the screen meanwhile.
    let (waiting, _) = person(&db, &early, PEOPLE).await;
    early.prepare_second_factor(Owner::User(waiting.0)).await.unwrap();
    let planted = sealed(&db, "old").await;
    assert!(planted.len() >= 3 && planted.iter().all(|(_, all, old)| *all > 0 && all == old), "{planted:?}");
    let clash = Keyring::parse(&new).unwrap();
    assert!(!is_read(&db.pools, &clash, tenants[0], "stripe").await, "the old key is needed until then");

    db.clock.advance(chrono::Duration::seconds(90));
    let (stop, tried, failed) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut load = tokio::task::JoinSet::new();
    for (turn, tenant) in tenants.iter().copied().enumerate() {
        let (pools, both, before) = (db.pools.clone(), both.clone(), before.clone());
        let (stop, tried, failed) = (stop.clone(), tried.clone(), failed.clone());
        load.spawn(async move {
            for round in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let by = if (turn + round) % 2 == 0 { &both } else { &before };
                let name = format!("credential {}", round % 7);
                let stored = store(&pools, by, tenant, &name).await.is_ok();
                let read = is_read(&pools, by, tenant, &name).await && is_read(&pools, by, tenant, "stripe").await;
                tried.fetch_add(3, Ordering::Relaxed);
                failed.fetch_add(u32::from(!stored || !read), Ordering::Relaxed);
            }
        });
    }
    let rotating = {
        let (db, both) = (db.clone(), both.clone());
        tokio::spawn(async move {
            let mut turns = Vec::new();
            for _ in 0..10 {
                turns.push(rotation::rotate(&db.pools, &both, &SystemRandom, 7).await.unwrap());
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            turns
        })
    };
    // A code is good once, so each person signs in once while the key goes.
    for (at, (_, totp)) in people.iter().enumerate() {
        let taken = gets_in(&late, at, &code(&db, totp, 0)).await;
        tried.fetch_add(1, Ordering::Relaxed);
        failed.fetch_add(u32::from(!taken), Ordering::Relaxed);
    }
    let turns = rotating.await.unwrap();
    stop.store(true, Ordering::Relaxed);
    load.join_all().await;
    // Servers with the old key in front are gone now; what they sealed last moves too.
    let last = rotation::rotate(&db.pools, &both, &SystemRandom, 7).await.unwrap();
    let moved: u64 = turns.iter().chain([&last]).map(|turn| turn.workspace_keys + turn.second_factors).sum();
    assert_eq!(turns.iter().chain([&last]).map(|turn| turn.stuck).sum::<u64>(), 0);
    let left = sealed(&db, "old").await;
    assert!(left.iter().all(|(_, all, old)| *all > 0 && *old == 0), "{left:?}");
    assert_eq!(rotation::by_key(&db.pools.platform).await.unwrap().len(), 1);

    // The old key is gone.
    db.clock.advance(chrono::Duration::seconds(90));
    let alone = auth(&db, &after);
    let mut unreadable = 0;
    for tenant in &tenants {
        let mut tx = TenantTx::begin(&db.pools.app, *tenant, TxMode::ReadOnly).await.unwrap();
        let names: Vec<String> =
            sqlx::query_scalar("select name from secrets order by name").fetch_all(tx.conn()).await.unwrap();
        drop(tx);
        assert!(names.len() > 1);
        for name in names {
            unreadable += u32::from(!is_read(&db.pools, &after, *tenant, &name).await);
        }
    }
    for (at, (_, totp)) in people.iter().enumerate() {
        unreadable += u32::from(!gets_in(&alone, at, &code(&db, totp, 0)).await);
    }
    unreadable += u32::from(alone.prepared_second_factor(Owner::User(waiting.0), "asa").await.unwrap().is_none());
    let (tried, failed) = (tried.load(Ordering::Relaxed), failed.load(Ordering::Relaxed));
    println!("bar=F-10 part=rotation under_load={tried} errors={failed} moved={moved} unreadable_after={unreadable}");
    assert!(tried > 100, "{tried}");
    assert_eq!((failed, unreadable), (0, 0));
    Arc::into_inner(db).unwrap().close().await;
}

/// Swaps between the rows of one table, between tables and between owners: not one opens.
#[tokio::test]
async fn a_seed_opens_in_its_own_row_alone() {
    let db = TestDb::new().await;
    let keyring = db.keyring.clone();
    let auth = auth(&db, &keyring);
    let mut people = Vec::new();
    for at in 0..10 {
        let (user, totp) = person(&db, &auth, at).await;
        auth.prepare_second_factor(Owner::User(user.0)).await.unwrap();
        people.push((user, totp));
    }
    for sql in [
        "create table kept as select owner, sealed from second_factors",
        "create table kept_setups as select owner, sealed from second_factor_setups",
    ] {
        sqlx::query(sql).execute(&db.owner).await.unwrap();
    }
    let next = "(select owner, lead(owner, 1, first) over (order by owner) as other from (select owner, first_value(owner) over (order by owner) as first from kept) k)";
    let swaps = [
        // Each row gets the seed of the next.
        format!(
            "update second_factors f set sealed = k.sealed from {next} n join kept k on k.owner = n.other where n.owner = f.owner"
        ),
        // One's own, from the table beside.
        "update second_factors f set sealed = k.sealed from kept_setups k where k.owner = f.owner".to_owned(),
        // Anything but what was sealed.
        "update second_factors f set sealed = set_byte(sealed, length(sealed) - 1, 255 - get_byte(sealed, length(sealed) - 1))"
            .to_owned(),
    ];
    let (mut swapped, mut opened) = (0, 0);
    for swap in swaps {
        db.clock.advance(chrono::Duration::seconds(90));
        let done = sqlx::query(AssertSqlSafe(swap)).execute(&db.owner).await.unwrap();
        swapped += done.rows_affected();
        for (at, (_, totp)) in people.iter().enumerate() {
            opened += u32::from(gets_in(&auth, at, &code(&db, totp, 0)).await);
        }
        // One that does not open does not hold up the others.
        let done = rotation::rotate(&db.pools, &other_in_front(&keyring), &SystemRandom, 3).await.unwrap();
        assert_eq!((done.stuck, done.second_factors), (20, 0), "none of them is of this key");
        sqlx::query("update second_factors f set sealed = k.sealed from kept k where k.owner = f.owner")
            .execute(&db.owner)
            .await
            .unwrap();
    }
    for (at, (_, totp)) in people.iter().enumerate() {
        db.clock.advance(chrono::Duration::seconds(1));
        assert!(gets_in(&auth, at, &code(&db, totp, 0)).await, "in its place it opens");
    }
    println!("bar=F-10 part=swaps swapped={swapped} opened={opened}");
    assert_eq!((swapped, opened), (30, 0));
    db.close().await;
}

/// A ring that never held the key of the rows.
fn other_in_front(known: &Keyring) -> Keyring {
    let ring = Keyring::parse(Keyring::generate("other", &SystemRandom).expose()).unwrap();
    assert_ne!(ring.current(), known.current());
    ring
}
