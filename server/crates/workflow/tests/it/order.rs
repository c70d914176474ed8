//! Order and runaways: one run at a time for a record, no circles without end, not more than a minute bears.

use crate::stubs::most_inside;
use crate::world::World;
use domain::workflow::{ListRuns, RunState, StartWorkflow, Why};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::watch;
use workflow::{matcher, timers, worker};

fn slow() -> Value {
    json!([{ "key": "slow", "type": "run_operation", "input": { "operation": "test.slow", "values": { "milliseconds": "20" } } }])
}

/// The whole machinery at work, as the server starts it.
async fn at_work(world: &World, until: impl AsyncFn() -> bool) {
    let (stop, stopped) = watch::channel(false);
    let another = world.another("another", Duration::from_secs(30));
    let tasks = [
        tokio::spawn(matcher::run_forever(world.engine.clone(), stopped.clone())),
        tokio::spawn(worker::run_forever(world.engine.clone(), stopped.clone())),
        tokio::spawn(worker::run_forever(another, stopped.clone())),
        tokio::spawn(timers::run_forever(world.engine.clone(), stopped)),
    ];
    for _ in 0..600 {
        if until().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.send(true).unwrap();
    world.platform.services.wake.after_commit();
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(10), task).await.expect("it stops when told to").unwrap();
    }
}

#[tokio::test]
async fn runs_of_a_record_go_one_after_the_other_under_two_workers() {
    let world = World::new().await;
    world
        .workflow(
            json!({ "key": "w", "name": "W", "trigger": { "on": "updated", "entity": "order" }, "steps": slow() }),
        )
        .await;
    let order = world.create("order", json!({})).await;
    for pieces in 0..12 {
        world.update("order", order.id, json!({ "pieces": pieces })).await;
    }
    at_work(&world, async || world.number("select count(*) from runs where state = 'COMPLETED'").await == 12).await;
    assert_eq!(world.number("select count(*) from runs where state = 'COMPLETED'").await, 12);
    assert_eq!(most_inside(world.tenant.id.0), 1, "two runs of one record overlapped");
    let broken = world
        .number(
            "select count(*) from (
                select e.xid::text::bigint as committed, lag(e.xid::text::bigint) over (order by r.finished_at) as before
                from runs r join events e on e.tenant_id = r.tenant_id and e.id = r.event_id
            ) r where committed < before",
        )
        .await;
    assert_eq!(broken, 0, "they went in another order than what began them was committed");
    world.end().await;
}

#[tokio::test]
async fn a_workflow_is_not_set_off_by_itself() {
    let world = World::new().await;
    let update =
        json!([{ "key": "more", "type": "update_record", "input": { "values": { "pieces": "order.pieces + 1" } } }]);
    world
        .workflow(
            json!({ "key": "w", "name": "W", "trigger": { "on": "updated", "entity": "order" }, "steps": update }),
        )
        .await;
    let order = world.create("order", json!({ "pieces": 1 })).await;
    world.update("order", order.id, json!({ "pieces": 5 })).await;
    world.settle().await;
    assert_eq!(world.only().await.run.state, RunState::Completed);
    assert_eq!(world.get("order", order.id).await.values["pieces"], json!(6));
    world.end().await;
}

#[tokio::test]
async fn a_circle_is_stopped_and_named() {
    let world = World::new().await;
    for (key, name, field) in [("ping", "Ping", "pieces"), ("pong", "Pong", "note")] {
        let values = if field == "pieces" {
            json!({ "note": "text(order.pieces)" })
        } else {
            json!({ "pieces": "order.pieces + 1" })
        };
        let steps = json!([{ "key": "turn", "type": "update_record", "input": { "values": values } }]);
        world.workflow(json!({ "key": key, "name": name, "trigger": { "on": "updated", "entity": "order", "fields": [field] }, "steps": steps })).await;
    }
    let order = world.create("order", json!({ "pieces": 1 })).await;
    world.update("order", order.id, json!({ "pieces": 2 })).await;
    world.settle().await;
    let runs = world.runs().await;
    let (failed, done): (Vec<_>, Vec<_>) = runs.iter().partition(|run| run.state == RunState::Failed);
    assert_eq!((done.len(), failed.len()), (8, 1), "{runs:#?}");
    let error = failed[0].error.as_deref().unwrap();
    assert!(error.starts_with("Stopped after 8 workflows") && error.contains("Ping → Pong → Ping"), "{error}");
    // Anyone can ask why: from the last change back to the person.
    let why = world.run(&world.admin, Why { entity: "order".to_owned(), id: order.id, limit: 50 }).await.unwrap();
    let longest = why.iter().max_by_key(|row| row.causes.len()).unwrap();
    let shortest = why.iter().min_by_key(|row| row.causes.len()).unwrap();
    let (first, last) = (&longest.causes, &shortest.causes);
    assert_eq!(first.iter().filter(|cause| cause.kind == "run").count(), 8, "{first:#?}");
    assert_eq!(first.last().unwrap().what, "Ada Admin did it");
    assert_eq!(last.len(), 1);
    // And from a run down to what followed from it.
    let view = world.view(done[0].id).await;
    assert_eq!(view.consequences.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn what_is_too_much_for_a_minute_is_held() {
    let world = World::new().await;
    world
        .workflow(json!({ "key": "w", "name": "W", "trigger": { "on": "created", "entity": "order" }, "steps": slow(), "maxPerMinute": 3 }))
        .await;
    for _ in 0..5 {
        world.create("order", json!({})).await;
    }
    world.settle().await;
    let states: Vec<RunState> = world.runs().await.iter().map(|run| run.state).collect();
    assert_eq!(states.iter().filter(|state| **state == RunState::Completed).count(), 3, "{states:?}");
    let list = ListRuns { workflow: None, record: None, state: Some(RunState::Paused), before: None, limit: 10 };
    let held = world.run(&world.admin, list).await.unwrap();
    assert_eq!(held.len(), 2);
    world.run(&world.admin, domain::workflow::RetryRun { id: held[0].id }).await.unwrap();
    world.settle().await;
    assert_eq!(world.view(held[0].id).await.run.state, RunState::Completed);
    world.end().await;
}

#[tokio::test]
async fn a_wait_survives_and_a_person_starts_a_run() {
    let world = World::new().await;
    let steps = json!([
        { "key": "wait", "type": "wait", "input": { "for": 30, "unit": "days" } },
        { "key": "note", "type": "update_record", "input": { "values": { "note": "{{form.words}} by {{order.number}}" } } },
    ]);
    let saved = world
        .workflow(json!({ "key": "w", "name": "W", "trigger": { "on": "by_hand", "entity": "order" }, "steps": steps }))
        .await;
    let order = world.create("order", json!({})).await;
    let form = crate::world::object(json!({ "words": "Looked at" }));
    let start = StartWorkflow { id: saved.id, record: Some(order.id), form };
    let user = world.member("Uma User", &["USER"]).await;
    assert_eq!(world.run(&user, start.clone()).await.unwrap_err().kind, domain::Kind::Forbidden);
    world.run(&world.admin, start).await.unwrap();
    world.settle().await;
    let run = world.only().await;
    assert_eq!(run.run.state, RunState::Waiting);
    let days = world.number("select round(extract(epoch from due_at - now()) / 86400)::int8 from waitpoints").await;
    assert_eq!(days, 30);
    world.skip_pauses().await;
    world.settle().await;
    let run = world.only().await;
    assert_eq!(run.run.state, RunState::Completed, "{run:#?}");
    assert_eq!(world.get("order", order.id).await.text("note"), Some("Looked at by ORD-000001"));
    assert_eq!(run.causes[0].actor.as_deref(), Some("Ada Admin"));
    world.end().await;
}
