//! Sessions: limits to the second, no revival, lists, and what happens to a person's sessions when the person changes.

use crate::database::{PASSWORD, TestDb};
use chrono::Duration;
use nexus_platform::auth::{self, Auth, Staff, UserSessions, Users, cookie_name, create_staff, current};
use nexus_platform::random::SystemRandom;
use sqlx::Row;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use tower_sessions::session::Id;
use tower_sessions::{Session, SessionStore};
use uuid::Uuid;

/// What the layer makes of a request with this cookie.
fn request(store: &UserSessions, id: Option<Id>) -> Session {
    Session::new(id, Arc::new(store.clone()), None)
}

async fn sign_in(auth: &Auth, user: Uuid) -> (Id, Uuid) {
    let session = request(&auth.users, None);
    let address: IpAddr = "::ffff:203.0.113.9".parse().unwrap();
    let handle = auth.users.begin(&session, user, Some(address), Some("Firefox\n on Linux")).await.unwrap();
    (session.id().unwrap(), handle)
}

async fn alive(store: &UserSessions, id: Id) -> bool {
    current(&request(store, Some(id))).await.unwrap().is_some()
}

#[tokio::test]
async fn a_session_holds_its_person_and_only_a_hash_of_its_cookie() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let user = db.user(&auth, "asa@example.com").await.0;
    let (id, handle) = sign_in(&auth, user).await;
    let session = request(&auth.users, Some(id));
    let now = current(&session).await.unwrap().unwrap();
    assert_eq!((now.owner, now.handle), (user, handle));
    session.insert("theme", "dark").await.unwrap();
    session.save().await.unwrap();
    assert_eq!(request(&auth.users, Some(id)).get::<String>("theme").await.unwrap().as_deref(), Some("dark"));
    let listed = auth.users.list(user).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].id, listed[0].address.as_deref(), listed[0].agent.as_deref()),
        (handle, Some("203.0.113.9"), Some("Firefox on Linux"))
    );
    let row =
        sqlx::query("select to_jsonb(s)::text from sessions s").fetch_one(&db.owner).await.unwrap().get::<String, _>(0);
    let hex: String = id.0.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!row.contains(&id.to_string()) && !row.contains(&hex), "{row}");
    assert!(row.contains(r#""data": {"theme": "dark"}"#), "{row}");
    db.close().await;
}

#[tokio::test]
async fn nothing_begins_a_session_but_a_sign_in() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let anonymous = request(&auth.users, None);
    anonymous.insert("theme", "dark").await.unwrap();
    assert!(anonymous.save().await.is_err());
    // An id somebody planted is never adopted.
    let planted = Id(0x1234_5678);
    let user = db.user(&auth, "asa@example.com").await.0;
    let session = request(&auth.users, Some(planted));
    auth.users.begin(&session, user, None, None).await.unwrap();
    assert_ne!(session.id(), Some(planted));
    assert!(!alive(&auth.users, planted).await);
    assert!(alive(&auth.users, session.id().unwrap()).await);
    db.close().await;
}

#[tokio::test]
async fn signing_in_over_a_session_ends_it() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let (asa, ben) = (db.user(&auth, "asa@example.com").await.0, db.user(&auth, "ben@example.com").await.0);
    let (old, _) = sign_in(&auth, asa).await;
    let session = request(&auth.users, Some(old));
    session.insert("theme", "dark").await.unwrap();
    auth.users.begin(&session, ben, None, None).await.unwrap();
    let new = request(&auth.users, session.id());
    assert_eq!(current(&new).await.unwrap().unwrap().owner, ben);
    assert_eq!(new.get::<String>("theme").await.unwrap(), None);
    assert!(!alive(&auth.users, old).await);
    db.close().await;
}

/// C-04, exact to the second.
#[tokio::test]
async fn idle_and_absolute_limits() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let user = db.user(&auth, "asa@example.com").await.0;
    let (id, _) = sign_in(&auth, user).await;
    db.clock.advance(Duration::hours(8) - Duration::seconds(1));
    assert!(alive(&auth.users, id).await);
    db.clock.advance(Duration::hours(8) - Duration::seconds(1));
    assert!(alive(&auth.users, id).await);
    db.clock.advance(Duration::hours(8) + Duration::seconds(1));
    assert!(!alive(&auth.users, id).await);

    let (id, _) = sign_in(&auth, user).await;
    let end = Duration::days(7) - Duration::seconds(1);
    let mut passed = Duration::zero();
    while passed + Duration::hours(7) < end {
        db.clock.advance(Duration::hours(7));
        passed += Duration::hours(7);
        assert!(alive(&auth.users, id).await, "{passed}");
    }
    db.clock.advance(end - passed);
    assert!(alive(&auth.users, id).await);
    db.clock.advance(Duration::seconds(2));
    assert!(!alive(&auth.users, id).await);
    assert_eq!(auth.users.purge_expired(10).await.unwrap(), 2);
    db.close().await;
}

#[tokio::test]
async fn activity_is_written_at_most_once_a_minute() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let user = db.user(&auth, "asa@example.com").await.0;
    let (id, _) = sign_in(&auth, user).await;
    let seen = || async { auth.users.list(user).await.unwrap()[0].last_seen_at };
    let first = seen().await;
    db.clock.advance(Duration::seconds(59));
    assert!(alive(&auth.users, id).await);
    assert_eq!(seen().await, first);
    db.clock.advance(Duration::seconds(1));
    assert!(alive(&auth.users, id).await);
    assert_eq!((seen().await - first).num_seconds(), 60);
    db.close().await;
}

#[tokio::test]
async fn staff_have_shorter_sessions_of_their_own() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let hash = auth.passwords().hash(PASSWORD, &SystemRandom).await.unwrap();
    let staff = create_staff(
        &db.pools.platform,
        db.clock.as_ref(),
        &SystemRandom,
        "Root",
        "root@example.com",
        "SUPER_ADMIN",
        &hash,
    )
    .await
    .unwrap();
    let session = Session::new(None, Arc::new(auth.staff.clone()), None);
    auth.staff.begin(&session, staff, None, None).await.unwrap();
    let id = session.id().unwrap();
    // The cookie of one realm is nobody in the other.
    assert!(!alive(&auth.users, id).await);
    for _ in 0..34 {
        assert!(auth.staff.load(&id).await.unwrap().is_some());
        db.clock.advance(Duration::minutes(15) - Duration::seconds(30));
    }
    assert!(auth.staff.load(&id).await.unwrap().is_none());
    assert_eq!(cookie_name::<Users>(true), "__Host-nexus");
    assert_eq!(cookie_name::<Staff>(false), "nexus-staff");
    db.close().await;
}

/// C-06: whoever is disabled or changes the password is out everywhere else on the next request.
#[tokio::test]
async fn a_changed_person_is_signed_out_elsewhere() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let user = db.user(&auth, "asa@example.com").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(sign_in(&auth, user.0).await);
    }
    let (kept, handle) = ids[2];
    auth.set_password(user, "another good passphrase", &["Åsa"], Some(handle)).await.unwrap();
    for (id, _) in &ids {
        assert_eq!(alive(&auth.users, *id).await, *id == kept);
    }
    assert!(auth.set_password(user, "password1", &[], None).await.is_err());
    assert!(alive(&auth.users, kept).await);
    sqlx::query("update users set status = 'DISABLED'").execute(&db.pools.platform).await.unwrap();
    assert!(!alive(&auth.users, kept).await);
    db.close().await;
}

#[tokio::test]
async fn sessions_are_ended_one_by_one_or_all_but_one() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let (asa, ben) = (db.user(&auth, "asa@example.com").await.0, db.user(&auth, "ben@example.com").await.0);
    let (mine, my_handle) = sign_in(&auth, asa).await;
    let (second, second_handle) = sign_in(&auth, asa).await;
    let (third, _) = sign_in(&auth, asa).await;
    let (other, other_handle) = sign_in(&auth, ben).await;
    assert!(!auth.users.end(asa, other_handle).await.unwrap());
    assert!(auth.users.end(asa, second_handle).await.unwrap());
    assert!(!alive(&auth.users, second).await);
    assert_eq!(auth.users.end_others(asa, my_handle).await.unwrap(), 1);
    assert!(!alive(&auth.users, third).await && alive(&auth.users, mine).await && alive(&auth.users, other).await);
    assert_eq!(auth.users.end_all(asa).await.unwrap(), 1);
    assert!(auth.users.list(asa).await.unwrap().is_empty());
    db.close().await;
}

#[tokio::test]
async fn a_rotated_session_keeps_its_row_under_a_new_id() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let user = db.user(&auth, "asa@example.com").await.0;
    let (old, handle) = sign_in(&auth, user).await;
    let session = request(&auth.users, Some(old));
    session.insert("theme", "dark").await.unwrap();
    auth.users.rotate(&session).await.unwrap();
    let new = session.id().unwrap();
    assert_ne!(new, old);
    assert!(!alive(&auth.users, old).await);
    let again = request(&auth.users, Some(new));
    assert_eq!(current(&again).await.unwrap().unwrap().handle, handle);
    assert_eq!(again.get::<String>("theme").await.unwrap().as_deref(), Some("dark"));
    assert!(auth.users.rotate(&request(&auth.users, Some(old))).await.is_err());
    assert!(auth.users.rotate(&request(&auth.users, None)).await.is_err());
    db.close().await;
}

/// C-05: a thousand sign-outs, each against eight requests that change the session, two of which give it a new id.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn signing_out_wins_against_requests_under_way() {
    const TRIALS: usize = 1_000;
    let db = TestDb::new().await;
    let auth = Arc::new(db.auth());
    let user = db.user(&auth, "asa@example.com").await.0;
    let (mut revived, mut effective) = (0, 0);
    for trial in 0..TRIALS {
        let (id, _) = sign_in(&auth, user).await;
        let mut tasks = tokio::task::JoinSet::new();
        for place in 0..8_u32 {
            let auth = auth.clone();
            tasks.spawn(async move {
                let session = request(&auth.users, Some(id));
                current(&session).await.unwrap()?;
                let rotated = if place < 2 {
                    auth.users.rotate(&session).await.is_ok()
                } else {
                    session.insert("place", place).await.is_ok()
                };
                let saved = session.save().await.is_ok();
                (rotated && saved).then(|| session.id()).flatten()
            });
        }
        // Sometimes early, sometimes late.
        for _ in 0..trial % 40 {
            tokio::task::yield_now().await;
        }
        let session = request(&auth.users, Some(id));
        // Not so where the id was given up before the sign-out was read: then its browser holds a newer cookie, and this was none.
        let signed_out = current(&session).await.unwrap().is_some();
        auth.users.finish(&session).await.unwrap();
        let ids: HashSet<Id> = tasks.join_all().await.into_iter().flatten().chain([id]).collect();
        if signed_out {
            effective += 1;
            for id in ids {
                revived += usize::from(alive(&auth.users, id).await);
            }
            revived += auth.users.list(user).await.unwrap().len();
        }
        auth.users.end_all(user).await.unwrap();
    }
    println!("{effective} of {TRIALS} sign-outs were in time, {revived} sessions outlived one");
    assert!(effective > TRIALS / 4, "{effective}");
    assert_eq!(revived, 0);
    db.close().await;
}

/// The control: with saves and deletes alone (no rotation), the sign-out is never too late, and nothing is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_left_after_a_sign_out() {
    let db = TestDb::new().await;
    let auth = Arc::new(db.auth());
    let user = db.user(&auth, "asa@example.com").await.0;
    for _ in 0..200 {
        let (id, _) = sign_in(&auth, user).await;
        let mut tasks = tokio::task::JoinSet::new();
        for place in 0..8_u32 {
            let auth = auth.clone();
            tasks.spawn(async move {
                let session = request(&auth.users, Some(id));
                if current(&session).await.unwrap().is_some() {
                    session.insert("place", place).await.unwrap();
                    session.save().await.unwrap();
                }
            });
        }
        auth.users.finish(&request(&auth.users, Some(id))).await.unwrap();
        tasks.join_all().await;
        assert!(!alive(&auth.users, id).await);
        assert!(auth.users.list(user).await.unwrap().is_empty());
    }
    db.close().await;
}

/// One statement answers what session store and membership answer one after the other: never more, whatever ends either.
#[tokio::test]
async fn entering_a_workspace_asks_for_session_and_membership_at_once() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let user = db.user(&auth, "asa@example.com").await;
    let (acme, _) = (db.tenant("acme").await, db.tenant("other").await);
    let member = db.member(acme, user, &["USER"]).await;
    let (id, handle) = sign_in(&auth, user.0).await;
    let enter = async |id, slug| auth.users.enter(&db.pools, &request(&auth.users, id), slug, false).await.unwrap();
    let entered = enter(Some(id), "acme").await.expect("a member with a session");
    let (current, access) = (entered.current, entered.access);
    assert_eq!((current.owner, current.handle), (user.0, handle));
    assert_eq!((access.tenant, access.member, access.role.as_str()), (acme, member, "USER"));
    assert!(enter(Some(id), "other").await.is_none(), "no member");
    let page = auth.users.enter(&db.pools, &request(&auth.users, Some(id)), "acme", true).await.unwrap().unwrap();
    let others = page.access.workspaces.unwrap();
    assert_eq!(others, auth::workspaces(&db.pools, user).await.unwrap(), "the list of the chooser");
    assert_eq!(others.iter().map(|other| other.slug.as_str()).collect::<Vec<_>>(), ["acme"]);
    assert!(enter(Some(id), "nowhere").await.is_none());
    assert!(enter(Some(Id(7)), "acme").await.is_none(), "no session");
    assert!(enter(None, "acme").await.is_none());
    for (ends, restores) in [
        ("update users set status = 'DISABLED'", "update users set status = 'ACTIVE'"),
        ("update members set status = 'SUSPENDED'", "update members set status = 'ACTIVE'"),
        ("update tenants set status = 'SUSPENDED'", "update tenants set status = 'ACTIVE'"),
        ("update tenants set deleted_at = now()", "update tenants set deleted_at = null"),
    ] {
        sqlx::query(ends).execute(&db.owner).await.unwrap();
        assert!(enter(Some(id), "acme").await.is_none(), "{ends}");
        sqlx::query(restores).execute(&db.owner).await.unwrap();
        assert!(enter(Some(id), "acme").await.is_some(), "{restores}");
    }
    // Entering keeps a session alive, as reading it does; leaving it alone ends it.
    for _ in 0..3 {
        db.clock.advance(Duration::hours(7));
        assert!(enter(Some(id), "acme").await.is_some());
    }
    db.clock.advance(Duration::hours(9));
    assert!(enter(Some(id), "acme").await.is_none());
    db.close().await;
}
