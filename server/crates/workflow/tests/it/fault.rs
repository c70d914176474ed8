//! A database that does not answer for a moment is no closed workspace: what happened meanwhile is told and set going when it answers again.

use crate::world::World;
use domain::workflow::Definition;
use serde_json::{Value, json};
use std::time::Duration;
use workflow::EngineConfig;
use workflow::matcher::Matcher;

/// Longer than an engine keeps what it knows of a workspace's automation.
const FORGOTTEN: Duration = Duration::from_millis(1200);
const TOLD: &str = "select count(*) from notifications";
const RUNS: &str = "select count(*) from runs";

fn on_created(key: &str) -> Value {
    let step = json!({ "key": "turn", "type": "update_record", "input": { "values": { "pieces": "1" } } });
    json!({ "key": key, "name": key, "trigger": { "on": "created", "entity": "order" }, "steps": [step] })
}

/// A round in which the automation cannot be asked for.
async fn fails(world: &World, matcher: &mut Matcher) {
    tokio::time::sleep(FORGOTTEN).await;
    sqlx::query("revoke select on members from nexus_platform").execute(&world.owner).await.unwrap();
    let round = matcher.round().await;
    sqlx::query("grant select on members to nexus_platform").execute(&world.owner).await.unwrap();
    assert!(round.is_err(), "the round is to be repeated, it answered {round:?}");
}

/// Rounds until there are so many. The first of them may still find the place held by the round that failed.
async fn until(world: &World, matcher: &mut Matcher, sql: &'static str, many: i64) {
    for _ in 0..100 {
        matcher.round().await.expect("a round");
        if world.number(sql).await == many {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{many} were expected of {sql}, there are {}", world.number(sql).await);
}

#[tokio::test]
async fn a_database_that_does_not_answer_loses_no_notification_and_no_run() {
    let world = World::new().await;
    let john = world.member("John Otieno", &["SALES_MANAGER"]).await;
    let given = json!({ "owner": john.access.member.0 });
    let mut matcher = Matcher::new(world.another("another", Duration::from_secs(30)));
    world.create("order", given.clone()).await;
    until(&world, &mut matcher, TOLD, 1).await;
    world.create("order", given.clone()).await;
    fails(&world, &mut matcher).await;
    assert_eq!(world.number(TOLD).await, 1);
    until(&world, &mut matcher, TOLD, 2).await;

    world.workflow(on_created("w")).await;
    world.create("order", given).await;
    fails(&world, &mut matcher).await;
    assert_eq!(world.number(RUNS).await, 0);
    until(&world, &mut matcher, RUNS, 1).await;
    assert_eq!(world.number(TOLD).await, 3, "each told once");
    world.end().await;
}

/// A template that a workspace did not get in one round it gets in the next, before its events are passed over.
#[tokio::test]
async fn a_database_that_does_not_answer_keeps_no_workspace_without_its_templates() {
    let template: Definition = serde_json::from_value({
        let mut template = on_created("template");
        template["active"] = json!(true);
        template
    })
    .unwrap();
    let world = World::with(vec![template], EngineConfig::default()).await;
    world.create("order", json!({})).await;
    let mut matcher = Matcher::new(world.engine.clone());
    fails(&world, &mut matcher).await;
    until(&world, &mut matcher, RUNS, 1).await;
    world.end().await;
}

/// A workspace that is closed is passed over, and holds up no other.
#[tokio::test]
async fn a_closed_workspace_is_passed_over() {
    let world = World::new().await;
    let john = world.member("John Otieno", &["SALES_MANAGER"]).await;
    world.workflow(on_created("w")).await;
    world.match_events().await;
    world.create("order", json!({ "owner": john.access.member.0 })).await;
    tokio::time::sleep(FORGOTTEN).await;
    sqlx::query("update tenants set status = 'SUSPENDED'").execute(&world.owner).await.unwrap();
    assert!(world.match_events().await > 0);
    assert_eq!(world.match_events().await, 0, "its events are behind");
    assert_eq!((world.number(TOLD).await, world.number(RUNS).await), (0, 0));
    world.end().await;
}
