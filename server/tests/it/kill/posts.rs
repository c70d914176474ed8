//! Records are posted while the server is killed: each accepted one is there once (L-07) and has started its workflow once (H-01).

use super::clerk::insist;
use super::fleet::{Fleet, SERVER};
use super::{Dice, LEASE, REST, setting, signed_in};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use testkit::{SmtpSink, TestWorld};
use tokio::task::JoinSet;
use tokio::time::Instant;

const WRITERS: usize = 8;
/// Kills for each of so many posts.
const POSTS_A_KILL: u64 = 50;
/// Posted at once under one key.
const PARALLEL: usize = 100;
const FOUND: &str = "\
select (select count(*) from tasks where title like 'Post %'), (select count(distinct title) from tasks where title like 'Post %'),
    (select count(*) from runs), (select count(distinct record_id) from runs)";
const WAITING: &str = "select count(*) from runs where state <> 'COMPLETED'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_accepted_under_kills_is_there_once_and_starts_one_run() {
    let (kills, seed) = (setting("NEXUS_KILLS", 5), setting("NEXUS_KILL_SEED", 20_261_128));
    let posts = usize::try_from(kills * POSTS_A_KILL).unwrap();
    let mut dice = Dice(seed);
    let sink = SmtpSink::start().await;
    let world = TestWorld::new(|registry| *registry = nexus_server::start::registry()).await;
    let lakeside = world.tenant("lakeside", "core").await;
    let user = world.user("grace", "grace@lakeside.example").await;
    world.join(&lakeside, user, &["OWNER"], None).await;
    let owner = world.owner().await;
    let mut fleet = Fleet::start(&world, &sink.url(), LEASE).await;
    let grace = signed_in(&format!("http://{}", fleet.address), "grace@lakeside.example").await;
    let workflow = json!({
        "key": "seen", "name": "Seen", "maxPerMinute": 1_000_000, "trigger": { "on": "created", "entity": "task" },
        "steps": [{ "key": "look", "type": "branch", "input": { "if": "task.title != ''", "else": "end" } }],
    });
    let saved = insist(&grace, "/operations/workflow.save", &json!({ "definition": workflow }), "seen").await;
    let active = json!({ "id": saved["id"], "active": true });
    insist(&grace, "/operations/workflow.set_active", &active, "seen-active").await;

    let next = Arc::<AtomicUsize>::default();
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (grace, next) = (grace.clone(), next.clone());
        writers.spawn(async move {
            let mut accepted = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= posts {
                    return accepted;
                }
                let made = insist(&grace, "/tasks", &task(number), &format!("post-{number}")).await;
                accepted.push((number, made["id"].clone()));
            }
        });
    }
    let mut killed = 0;
    // The moments are random, but spread over all of the posts.
    while killed < kills {
        let reached = usize::try_from(killed * POSTS_A_KILL).unwrap() + dice.below(POSTS_A_KILL as usize);
        while next.load(Ordering::Relaxed) < reached.min(posts) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(dice.millis(20)).await;
        // The matcher is in the workers: they go too.
        let which = if killed % 3 == 2 { 1 + dice.below(fleet.workers()) } else { SERVER };
        fleet.kill(which).await;
        killed += 1;
    }
    let accepted: Vec<(usize, Value)> = writers.join_all().await.into_iter().flatten().collect();

    // Each key answers again what it answered, and so do a hundred at once.
    for (number, id) in accepted.iter().step_by(7) {
        let again = insist(&grace, "/tasks", &task(*number), &format!("post-{number}")).await;
        assert_eq!(again["id"], *id, "post {number} was answered differently the second time");
    }
    let mut parallel = JoinSet::new();
    for _ in 0..PARALLEL {
        let grace = grace.clone();
        parallel.spawn(async move { insist(&grace, "/tasks", &task(posts), "parallel").await["id"].clone() });
    }
    let ids = parallel.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "a hundred at once under one key were answered differently");

    let all = posts as i64 + 1;
    let since = Instant::now();
    let mut found: (i64, i64, i64, i64);
    loop {
        found = sqlx::query_as(FOUND).fetch_one(&owner).await.unwrap();
        let waiting: i64 = sqlx::query_scalar(WAITING).fetch_one(&owner).await.unwrap();
        if (found.2 >= all && waiting == 0) || since.elapsed() > REST {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // One more look, for a run too many that comes late.
    tokio::time::sleep(Duration::from_millis(500)).await;
    found = sqlx::query_as(FOUND).fetch_one(&owner).await.unwrap();
    let pass = found == (all, all, all, all);
    println!(
        "bar=H-01,L-07 seed={seed} kills={killed} posts={all} accepted={} rows={} runs={} lost={} phantom={} pass={}",
        accepted.len() + 1,
        found.0,
        found.2,
        all - found.3,
        found.2 - found.3,
        i32::from(pass),
    );
    assert!(
        pass,
        "tasks, their titles, runs and their records: {found:?} in place of {all}; the log is in {}",
        fleet.log().display()
    );
    fleet.end().await;
    owner.close().await;
    world.end().await;
}

fn task(number: usize) -> Value {
    json!({ "title": format!("Post {number}") })
}
