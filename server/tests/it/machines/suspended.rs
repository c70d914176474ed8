//! A workspace that is suspended while it is at work.

use super::{LEADS, Program, ask, make};
use crate::support::Server;
use domain::Kind;
use domain::people::KeyAccess;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::PASSWORD;
use tokio::time::Instant;

/// Eight programs and browsers call all the time; nothing of it succeeds later than a second after the commit, and all of it again when the
/// workspace is opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_suspended_workspace_stops_at_once() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (browser, caller) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let mut fast = ask("Busy", KeyAccess::Write);
    fast.per_minute = Some(60_000);
    let (_, key) = make(&server, &caller, fast).await;
    let login = json!({ "login": "olive@lakeside.example", "password": PASSWORD });
    let (_, pair) = Program::new(&server, "").post("/api/v1/auth/login", &login).await;
    let token = Program::new(&server, pair["accessToken"].as_str().unwrap());

    // When each call was sent and answered, and whether it did what it was asked.
    let calls: Arc<Mutex<Vec<(Instant, Instant, bool)>>> = Arc::default();
    let stop = Arc::new(AtomicBool::new(false));
    let mut at_work = Vec::new();
    for place in 0..8 {
        let (calls, stop, browser, key, token) =
            (calls.clone(), stop.clone(), browser.clone(), key.clone(), token.clone());
        at_work.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let sent = Instant::now();
                let write = json!({ "name": format!("Call of {place}") });
                let done = match place % 4 {
                    0 => browser.get(LEADS).await.status() == 200,
                    1 => browser.write(reqwest::Method::POST, LEADS, &write).await.0 == 201,
                    2 => key.post(LEADS, &write).await.0 == 201,
                    _ => token.post(LEADS, &write).await.0 == 201,
                };
                calls.lock().unwrap().push((sent, Instant::now(), done));
            }
        }));
    }
    let owner = server.world.owner().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    sqlx::query("update tenants set status = 'SUSPENDED'").execute(&owner).await.unwrap();
    let suspended = Instant::now();
    tokio::time::sleep(Duration::from_secs(3)).await;
    // What goes on by itself asks for a member, or for the automation, and gets neither.
    let pools = &server.world.services().pools;
    let member = platform::auth::member(pools, tenant.id, caller.access.member).await.unwrap_err();
    let automation = platform::auth::automation(pools, tenant.id).await.unwrap_err();
    assert_eq!((member.kind, automation.kind), (Kind::Forbidden, Kind::Forbidden));
    assert_eq!(key.status(LEADS).await, 403, "and says why");
    sqlx::query("update tenants set status = 'ACTIVE'").execute(&owner).await.unwrap();
    let restored = Instant::now();
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.store(true, Ordering::Relaxed);
    for task in at_work {
        task.await.unwrap();
    }
    owner.close().await;
    let calls = std::mem::take(&mut *calls.lock().unwrap());
    let count = |good: bool, from: Instant, to: Instant| {
        calls.iter().filter(|(sent, _, done)| *done == good && *sent >= from && *sent < to).count()
    };
    let far = restored + Duration::from_secs(60);
    let before = calls.iter().filter(|(_, answered, done)| *done && *answered <= suspended).count();
    let late = calls.iter().filter(|(sent, answered, done)| {
        *done && *sent < restored && *answered > suspended + Duration::from_secs(1) && *answered <= restored
    });
    let late = late.count();
    let (refused, after) = (count(false, suspended, restored), count(true, restored, far));
    println!(
        "bar=A-14 clients=8 before={before} refused={refused} later_than_a_second={late} after={after} pass={}",
        i32::from(late == 0)
    );
    assert_eq!(late, 0, "calls that succeeded more than a second after the commit");
    assert!(before > 50 && refused > 50 && after > 20, "{before} before, {refused} refused, {after} after");
    server.end().await;
}
