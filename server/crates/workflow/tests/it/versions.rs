//! H-12: a run stays on its version; editing and deleting in flight are safe.

use crate::world::World;
use domain::Kind;
use domain::workflow::{DeleteWorkflow, GetWorkflow, ListWorkflows, RunState, SaveWorkflow, SetActive};
use serde_json::{Value, json};

fn version(what: &str) -> Value {
    json!({
        "key": "w", "name": "W", "trigger": { "on": "created", "entity": "order" },
        "steps": [
            { "key": "wait", "type": "wait", "input": { "for": 1, "unit": "hours" } },
            { "key": "count", "type": "run_operation", "input": { "operation": "test.count", "values": { "what": format!("'{what}'") } } },
        ],
    })
}

#[tokio::test]
async fn a_run_stays_on_its_version() {
    let world = World::new().await;
    let saved = world.workflow(version("first")).await;
    world.create("order", json!({})).await;
    world.settle().await;
    let save = |version_read, definition| SaveWorkflow {
        id: Some(saved.id),
        version: Some(version_read),
        definition: serde_json::from_value(definition).unwrap(),
    };
    assert_eq!(world.run(&world.admin, save(1, version("second"))).await.unwrap().version, 2);
    assert_eq!(world.run(&world.admin, save(1, version("lost"))).await.unwrap_err().kind, Kind::Conflict);
    world.create("order", json!({})).await;
    world.settle().await;
    world.run(&world.admin, save(2, json!({
        "key": "w", "name": "W", "trigger": { "on": "created", "entity": "order" },
        "steps": [{ "key": "other", "type": "run_operation", "input": { "operation": "test.count", "values": { "what": "'third'" } } }],
    }))).await.unwrap();
    world.create("order", json!({})).await;
    // Deleted while two runs are under way and one is about to begin.
    world.match_events().await;
    world.run(&world.admin, DeleteWorkflow { id: saved.id }).await.unwrap();
    world.create("order", json!({})).await;
    world.settle().await;
    world.skip_pauses().await;
    world.settle().await;
    let runs = world.runs().await;
    assert_eq!(
        runs.iter().map(|run| (run.version, run.state)).collect::<Vec<_>>(),
        [1, 2, 3].map(|version| (version, RunState::Completed))
    );
    assert_eq!((world.effects("first").await, world.effects("second").await, world.effects("third").await), (1, 1, 1));
    // Its history is there, the workflow is not.
    assert!(world.run(&world.admin, ListWorkflows {}).await.unwrap().is_empty());
    assert_eq!(world.view(runs[0].id).await.definition.steps.len(), 2);
    assert_eq!(
        world.run(&world.admin, GetWorkflow { id: saved.id, version: None }).await.unwrap_err().kind,
        Kind::NotFound
    );
    world.end().await;
}

#[tokio::test]
async fn what_is_switched_off_starts_nothing_and_catches_up_on_nothing() {
    let world = World::new().await;
    let saved = world.workflow(version("first")).await;
    world.run(&world.admin, SetActive { id: saved.id, active: false }).await.unwrap();
    world.create("order", json!({})).await;
    world.test.clock.advance(chrono::Duration::minutes(5));
    world.run(&world.admin, SetActive { id: saved.id, active: true }).await.unwrap();
    world.settle().await;
    assert!(world.runs().await.is_empty(), "what happened while it was off is past");
    world.create("order", json!({})).await;
    world.settle().await;
    assert_eq!(world.runs().await.len(), 1);
    world.end().await;
}
