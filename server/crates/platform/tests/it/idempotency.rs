//! L-07: the same key has one effect and one answer.

use crate::database::TestDb;
use chrono::Duration;
use domain::{Kind, MemberId, TenantId};
use nexus_platform::Idempotent;
use nexus_platform::clock::Clock;
use nexus_platform::idempotency::{self, Holder, Outcome};
use std::sync::Arc;

fn once(key: &str, body: &[u8]) -> Idempotent {
    Idempotent {
        route: "POST /orders".into(),
        key: key.into(),
        body_hash: body.to_vec(),
        patience: std::time::Duration::ZERO,
    }
}

fn holder(tenant: TenantId, member: MemberId) -> Holder {
    Holder { tenant, member, rights: b"all of it".to_vec() }
}

async fn world() -> (TestDb, Holder) {
    let db = TestDb::new().await;
    let user = db.user(&db.auth(), "asa@example.com").await;
    let tenant = db.tenant("acme").await;
    let member = db.member(tenant, user, &["USER"]).await;
    sqlx::raw_sql("create table effects (n bigint generated always as identity, what text); grant select, insert on effects to nexus_app")
        .execute(&db.owner)
        .await
        .unwrap();
    (db, holder(tenant, member))
}

/// A write as the dispatcher does it. `crash` leaves before the commit.
async fn write(db: &TestDb, holder: &Holder, once: &Idempotent, crash: bool) -> Outcome {
    let (mut tx, outcome) = idempotency::claim(&db.pools.app, holder, once).await.unwrap();
    if outcome == Outcome::Fresh {
        let n: i64 = sqlx::query_scalar("insert into effects (what) values ($1) returning n")
            .bind(&once.key)
            .fetch_one(tx.conn())
            .await
            .unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        idempotency::finish_with(tx.conn(), holder, once, db.clock.now(), 201, &format!(r#"{{"n":{n}}}"#))
            .await
            .unwrap();
        if !crash {
            tx.commit().await.unwrap();
        }
    }
    outcome
}

async fn effects(db: &TestDb) -> i64 {
    sqlx::query_scalar("select count(*) from effects").fetch_one(&db.owner).await.unwrap()
}

#[tokio::test]
async fn replayed_to_the_byte_and_refused_for_another_body() {
    let (db, asa) = world().await;
    let first = once("k", b"body");
    assert_eq!(write(&db, &asa, &first, false).await, Outcome::Fresh);
    let body = r#"{"n":1}"#.to_owned();
    assert_eq!(write(&db, &asa, &first, false).await, Outcome::Replay { status: 201, body: body.clone() });
    assert_eq!(write(&db, &asa, &once("k", b"other"), false).await, Outcome::OtherBody);
    // Another route or another member is another key.
    let elsewhere = Idempotent { route: "POST /invoices".into(), ..first.clone() };
    assert_eq!(write(&db, &asa, &elsewhere, false).await, Outcome::Fresh);
    let ben = db.member(asa.tenant, db.user(&db.auth(), "ben@example.com").await, &["USER"]).await;
    assert_eq!(write(&db, &holder(asa.tenant, ben), &first, false).await, Outcome::Fresh);
    assert_eq!(effects(&db).await, 3);
    // Keys and paths travel in the text of a statement.
    let odd = Idempotent { route: "POST /ü'); drop table effects; --".into(), ..once("it's \\x27 \"$1\"", b"body") };
    assert_eq!(write(&db, &asa, &odd, false).await, Outcome::Fresh);
    let body4 = r#"{"n":4}"#.to_owned();
    assert_eq!(write(&db, &asa, &odd, false).await, Outcome::Replay { status: 201, body: body4 });
    assert_eq!(effects(&db).await, 4);
    // The dispatcher's words.
    assert_eq!(idempotency::begin(&db.pools.app, &asa, &first).await.unwrap().unwrap_err(), body);
    let refused = idempotency::begin(&db.pools.app, &asa, &once("k", b"other")).await.unwrap_err();
    assert_eq!((refused.kind, refused.fields[0].field.as_str()), (Kind::KeyReused, "Idempotency-Key"));
    db.close().await;
}

/// A reply shows what its holder might see then.
#[tokio::test]
async fn a_reply_of_other_rights_is_not_shown_and_nothing_is_done_twice() {
    let (db, asa) = world().await;
    let once = once("k", b"body");
    assert_eq!(write(&db, &asa, &once, false).await, Outcome::Fresh);
    let less = Holder { rights: b"less".to_vec(), ..asa.clone() };
    assert_eq!(write(&db, &less, &once, false).await, Outcome::OtherRights);
    let refused = idempotency::begin(&db.pools.app, &less, &once).await.unwrap_err();
    assert!(refused.kind == Kind::Conflict && !idempotency::is_in_flight(&refused), "{refused:?}");
    // Whatever else is wrong with the request comes first.
    let other = Idempotent { body_hash: b"other".to_vec(), ..once.clone() };
    assert_eq!(write(&db, &less, &other, false).await, Outcome::OtherBody);
    assert_eq!(effects(&db).await, 1);
    assert!(matches!(write(&db, &asa, &once, false).await, Outcome::Replay { .. }));
    db.close().await;
}

#[tokio::test]
async fn a_crash_before_the_commit_leaves_nothing_behind() {
    let (db, asa) = world().await;
    for crash in [true, true, true, false] {
        assert_eq!(effects(&db).await, 0);
        // The rollback of the one before may still be on its way.
        while write(&db, &asa, &once("k", b"body"), crash).await != Outcome::Fresh {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    assert_eq!(effects(&db).await, 1);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_have_one_effect() {
    let (db, asa) = world().await;
    let db = Arc::new(db);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (db, asa) = (db.clone(), asa.clone());
        tasks.spawn(async move { write(&db, &asa, &once("k", b"body"), false).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Fresh).count(), 1);
    assert!(outcomes.iter().all(|outcome| match outcome {
        Outcome::Replay { status, body } => (*status, body.as_str()) == (201, r#"{"n":1}"#),
        Outcome::OtherBody | Outcome::OtherRights => false,
        Outcome::Fresh | Outcome::InFlight => true,
    }));
    assert_eq!(effects(&db).await, 1);
    Arc::into_inner(db).unwrap().close().await;
}

/// Of two requests the second may look before the first has committed and get the lock after: the primary key tells it.
#[tokio::test]
async fn a_key_that_was_stored_meanwhile_is_in_flight_and_has_no_second_effect() {
    let (db, asa) = world().await;
    let once = once("k", b"body");
    let (mut tx, outcome) = idempotency::claim(&db.pools.app, &asa, &once).await.unwrap();
    assert_eq!(outcome, Outcome::Fresh);
    sqlx::query("insert into effects (what) values ('second')").execute(tx.conn()).await.unwrap();
    sqlx::query(
        "insert into idempotency_keys (tenant_id, member_id, route, key, body_hash, status, reply) values ($1, $2, $3, 'k', $4, 201, '{}')",
    )
    .bind(asa.tenant.0)
    .bind(asa.member.0)
    .bind(&once.route)
    .bind(&once.body_hash)
    .execute(&db.owner)
    .await
    .unwrap();
    let refused = idempotency::finish(tx.conn(), &asa, &once, db.clock.now(), "{}").await.unwrap_err();
    assert_eq!((refused.kind, refused.retry_after), (Kind::Conflict, Some(1)));
    drop(tx);
    assert_eq!(effects(&db).await, 0);
    db.close().await;
}

#[tokio::test]
async fn keys_are_kept_for_a_day_and_forgotten_after() {
    let (db, asa) = world().await;
    write(&db, &asa, &once("old", b"body"), false).await;
    write(&db, &asa, &once("young", b"body"), false).await;
    assert_eq!(idempotency::purge(&db.pools.platform, db.clock.now(), 10).await.unwrap(), 0);
    sqlx::query("update idempotency_keys set created_at = now() - interval '25 hours' where key = 'old'")
        .execute(&db.owner)
        .await
        .unwrap();
    // Even a clock that runs ahead cannot make it forget younger keys: row security counts by the database's own.
    let ahead = db.clock.now() + Duration::days(30);
    assert_eq!(idempotency::purge(&db.pools.platform, ahead, 10).await.unwrap(), 1);
    assert!(matches!(write(&db, &asa, &once("young", b"body"), false).await, Outcome::Replay { .. }));
    db.close().await;
}
