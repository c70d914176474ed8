//! Exactly once: nothing starts from what was rolled back (H-01), a worker that lost its run cannot commit (H-04), failures are tried again
//! or told, and what was done once is not done again.

use crate::world::World;
use domain::workflow::{CancelRun, RetryRun, RunState};
use domain::{Kind, Result};
use platform::Ctx;
use serde_json::{Value, json};
use std::time::Duration;
use workflow::{claim, go_on, worker};

fn on_created(steps: &Value) -> Value {
    json!({ "key": "w", "name": "W", "trigger": { "on": "created", "entity": "order" }, "steps": steps, "overlapping": true })
}

fn count(key: &str) -> Value {
    json!({ "key": key, "type": "run_operation", "input": { "operation": "test.count", "values": { "what": format!("'{key}'") } } })
}

/// H-01.
#[tokio::test]
async fn a_rolled_back_transaction_starts_nothing_and_none_is_lost_over_a_restart() -> Result<()> {
    let world = World::new().await;
    world.workflow(on_created(&json!([count("one")]))).await;
    let mut other = on_created(&json!([count("one")]));
    (other["key"], other["trigger"]["entity"]) = (json!("other"), json!("product"));
    world.workflow(other).await;
    let make = |mut ctx: Ctx, key: &'static str| {
        let entity = world.platform.services.catalogs.core().get(key).unwrap().clone();
        async move {
            records::insert(&mut ctx, &entity, &domain::records::Values::new(), records::By::Caller).await?;
            ctx.flush().await?;
            Ok::<Ctx, domain::Error>(ctx)
        }
    };
    // Held open while later ones commit: its events come before theirs.
    let held = make(world.platform.open(&world.admin, "test", platform::TxMode::ReadWrite).await?, "product").await?;
    for turn in 0..100 {
        let ctx = make(world.platform.open(&world.admin, "test", platform::TxMode::ReadWrite).await?, "order").await?;
        if turn % 2 == 0 {
            ctx.commit().await?;
        } else {
            drop(ctx);
        }
        if turn == 30 {
            world.match_events().await;
        }
    }
    world.match_events().await;
    held.commit().await?;
    // A new process knows nothing but the place.
    while workflow::matcher::run_once(&world.engine).await? > 0 {}
    world.settle().await;
    assert_eq!(world.runs().await.len(), 51, "fifty that committed, and the one that was held");
    assert_eq!(world.effects("one").await, 51);
    assert_eq!(world.number("select count(*) from test_orders").await, 50);
    world.end().await;
    Ok(())
}

/// H-04: 200 trials. Half of the zombies wake up before they have done anything, half in the middle of their transaction.
#[tokio::test]
async fn a_zombie_cannot_commit() -> Result<()> {
    let world = World::new().await;
    let slow = json!({ "key": "slow", "type": "run_operation", "input": { "operation": "test.slow", "values": { "milliseconds": "30" } } });
    world.workflow(on_created(&json!([count("one"), slow, count("two")]))).await;
    for _ in 0..200 {
        world.create("order", json!({})).await;
    }
    while world.match_events().await > 0 {}
    let first = world.another("first", Duration::from_millis(1));
    let second = world.another("second", Duration::from_secs(30));
    let pool = &world.platform.services.pools.platform;
    let mut trials = 0;
    loop {
        let zombies = claim(pool, 20, first.config.lease, "first").await?;
        if zombies.is_empty() {
            break;
        }
        trials += zombies.len();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let takers = claim(pool, 20, second.config.lease, "second").await?;
        assert_eq!(takers.len(), zombies.len(), "every lease ran out");
        let (early, late) = zombies.split_at(zombies.len() / 2);
        let walk = |engine: std::sync::Arc<workflow::Engine>, runs: Vec<workflow::Claimed>| async move {
            let walks = runs.into_iter().map(|run| {
                let engine = engine.clone();
                tokio::spawn(async move { go_on(&engine, &run).await })
            });
            for walked in walks.collect::<Vec<_>>() {
                walked.await.unwrap().unwrap();
            }
        };
        // These are in the middle of it when the others begin.
        let in_the_middle = tokio::spawn(walk(first.clone(), late.to_vec()));
        tokio::time::sleep(Duration::from_millis(3)).await;
        walk(second.clone(), takers).await;
        in_the_middle.await.unwrap();
        walk(first.clone(), early.to_vec()).await;
        world.holds().await;
    }
    assert_eq!(trials, 200);
    assert_eq!((world.effects("one").await, world.effects("slow").await, world.effects("two").await), (200, 200, 200));
    assert_eq!(world.number("select count(*) from step_attempts").await, 600);
    assert_eq!(world.number("select count(*) from runs where state = 'COMPLETED' and lease_token = 2").await, 200);
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_was_done_is_not() {
    let world = World::new().await;
    let flaky = json!({ "key": "flaky", "type": "run_operation", "input": { "operation": "test.flaky", "values": { "times": "3" } }, "retries": 5 });
    world.workflow(on_created(&json!([count("before"), flaky, count("after")]))).await;
    world.create("order", json!({})).await;
    world.settle().await;
    let run = world.only().await;
    assert_eq!((run.run.state, run.run.step.as_deref()), (RunState::Pending, Some("flaky")));
    let mut pauses = Vec::new();
    for _ in 0..4 {
        // 5 seconds, doubled each time, between half and all of it.
        pauses.push(world.number("select round(extract(epoch from due_at - now()))::int8 from runs").await);
        world.skip_pauses().await;
        world.settle().await;
    }
    assert!((2..=5).contains(&pauses[0]) && (4..=10).contains(&pauses[1]), "{pauses:?}");
    let run = world.only().await;
    assert_eq!(run.run.state, RunState::Completed, "{run:#?}");
    let attempts: Vec<_> = run.attempts.iter().map(|a| (a.step.as_str(), a.attempt, a.outcome.as_str())).collect();
    assert_eq!(
        attempts.iter().filter(|(step, _, outcome)| *step == "flaky" && *outcome == "failed").count(),
        attempts.len() - 3,
        "{attempts:?}"
    );
    assert_eq!((world.effects("before").await, world.effects("flaky").await, world.effects("after").await), (1, 1, 1));
    world.end().await;
}

#[tokio::test]
async fn what_cannot_get_better_is_not_tried_again() {
    for kind in ["invalid", "forbidden", "missing"] {
        let world = World::new().await;
        let fail = json!({ "key": "fail", "type": "run_operation", "input": { "operation": "test.fail", "values": { "kind": format!("'{kind}'") } } });
        world.workflow(on_created(&json!([count("before"), fail, count("after")]))).await;
        world.create("order", json!({})).await;
        world.settle().await;
        let run = world.only().await;
        assert_eq!((run.run.state, run.run.step.as_deref()), (RunState::Failed, Some("fail")));
        let error = run.attempts.last().unwrap().error.clone().unwrap();
        assert!(
            error["message"].as_str().is_some_and(|message| !message.is_empty()) && error["kind"].is_string(),
            "{error}"
        );
        assert_eq!(
            (world.effects("before").await, world.effects("never").await, world.effects("after").await),
            (1, 0, 0)
        );
        // Denied access is written down, with the permission that the automation lacks, and nothing else is.
        let denied = i64::from(kind == "forbidden");
        let refused = "select count(*) from changes where outcome = 'refused' and after->>'permission' = 'test.fail' and cause_kind <> 'request'";
        assert_eq!(world.number(refused).await, denied, "{kind}");
        // By hand it is tried again, and comes to the same end.
        world.run(&world.admin, RetryRun { id: run.run.id }).await.unwrap();
        world.settle().await;
        let run = world.only().await;
        assert_eq!((run.run.state, run.attempts.len()), (RunState::Failed, 3));
        assert_eq!(world.number(refused).await, 2 * denied, "{kind}");
        // Whoever saved it is told by one line that both failed.
        let told = "select 10 * count(*) + sum(n.count)::bigint from notifications n join workflow_versions v
            on v.tenant_id = n.tenant_id and v.workflow_id = n.record_id and v.created_by = n.member_id
            where n.kind = 'failure' and n.entity = 'workflow'";
        assert_eq!(world.number(told).await, 12, "{kind}");
        assert_eq!(world.effects("before").await, 1);
        world.end().await;
    }
}

#[tokio::test]
async fn on_error_leads_elsewhere() {
    let world = World::new().await;
    let fail = |key: &str, way: &str| json!({ "key": key, "type": "run_operation", "onError": way, "input": { "operation": "test.fail", "values": { "kind": "'invalid'" } } });
    world
        .workflow(on_created(&json!([
            fail("first", "continue"),
            count("next"),
            fail("second", "rescue"),
            count("passed_over"),
            count("rescue")
        ])))
        .await;
    world.create("order", json!({})).await;
    world.settle().await;
    let run = world.only().await;
    assert_eq!(run.run.state, RunState::Completed, "{run:#?}");
    assert_eq!(
        (world.effects("next").await, world.effects("passed_over").await, world.effects("rescue").await),
        (1, 0, 1)
    );
    world.end().await;
}

#[tokio::test]
async fn a_run_that_kills_its_workers_is_given_up() -> Result<()> {
    let world = World::new().await;
    world.workflow(on_created(&json!([count("one")]))).await;
    world.create("order", json!({})).await;
    world.match_events().await;
    let pool = &world.platform.services.pools.platform;
    for _ in 0..10 {
        assert_eq!(claim(pool, 1, Duration::from_millis(1), "doomed").await?.len(), 1);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(claim(pool, 1, Duration::from_millis(1), "the next").await?.is_empty());
    let run = world.only().await;
    assert_eq!(run.run.state, RunState::Failed);
    assert!(
        run.run.error.as_ref().is_some_and(|error| error.contains("10 workers") && error.contains("doomed")),
        "{:?}",
        run.run.error
    );
    world.end().await;
    Ok(())
}

/// A run can be ended in every state; what ends it twice is told.
#[tokio::test]
async fn cancel_works_in_every_state() -> Result<()> {
    let world = World::new().await;
    let ask = json!({ "key": "ask", "type": "approval", "input": { "title": "Well?", "roles": ["ADMIN"] } });
    let wait = json!({ "key": "wait", "type": "wait", "when": "order.pieces == 1", "input": { "for": 1 } });
    world.workflow(on_created(&json!([wait, ask, count("after")]))).await;
    for pieces in [1, 2, 3, 4] {
        world.create("order", json!({ "pieces": pieces })).await;
    }
    world.match_events().await;
    let runs = world.runs().await;
    let cancel = |at: usize| world.run(&world.admin, CancelRun { id: runs[at].id, reason: Some("Enough".to_owned()) });
    // Pending, then running, then whatever the worker made of the others.
    cancel(2).await?;
    let claimed = claim(&world.platform.services.pools.platform, 10, Duration::from_secs(30), "w").await?;
    assert_eq!(claimed.len(), 3);
    cancel(3).await?;
    for run in &claimed {
        go_on(&world.engine, run).await?;
    }
    let states: Vec<RunState> = world.runs().await.iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Waiting, RunState::WaitingApproval, RunState::Cancelled, RunState::Cancelled]);
    cancel(0).await?;
    cancel(1).await?;
    world.skip_pauses().await;
    world.settle().await;
    assert!(
        world.runs().await.iter().all(|run| run.state == RunState::Cancelled && run.error.as_deref() == Some("Enough"))
    );
    assert_eq!(world.number("select count(*) from approvals where state = 'PENDING'").await, 0);
    assert_eq!(world.effects("after").await, 0);
    assert_eq!(cancel(0).await.unwrap_err().kind, Kind::Conflict);
    let error = world.run(&world.admin, RetryRun { id: runs[0].id }).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert_eq!(worker::run_once(&world.engine).await?, 0);
    world.end().await;
    Ok(())
}
