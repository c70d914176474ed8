//! H-09: a thousand races of approve, reject, expire and cancel. Exactly one comes first; the run follows that one.

use crate::world::World;
use domain::Kind;
use domain::workflow::{CancelRun, DecideApproval, Decision, RunState};
use serde_json::json;
use std::sync::Arc;
use workflow::timers;

const RACES: usize = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_all_decisions_exactly_one_counts() {
    let world = Arc::new(World::new().await);
    let fiona = world.member("Fiona", &["FINANCE_MANAGER"]).await;
    let frank = world.member("Frank", &["FINANCE_MANAGER"]).await;
    world
        .workflow(json!({
            "key": "w", "name": "W", "trigger": { "on": "created", "entity": "order" }, "maxPerMinute": 100_000,
            "steps": [
                { "key": "ask", "type": "approval", "input": { "title": "Well?", "roles": ["FINANCE_MANAGER"], "expiresInHours": 1 } },
                { "key": "after", "type": "run_operation", "input": { "operation": "test.count", "values": { "what": "'after'" } } },
            ],
        }))
        .await;
    let entity = world.platform.services.catalogs.core().get("order").unwrap().clone();
    let mut ctx = world.platform.open(&world.admin, "test", platform::TxMode::ReadWrite).await.unwrap();
    records::create_many(&mut ctx, &entity, vec![records::NewRow::default(); RACES]).await.unwrap();
    ctx.commit().await.unwrap();
    world.settle().await;
    let asked: Vec<(uuid::Uuid, uuid::Uuid)> =
        sqlx::query_as("select id, run_id from approvals where state = 'PENDING' order by id")
            .fetch_all(&world.owner)
            .await
            .unwrap();
    assert_eq!(asked.len(), RACES);
    let (mut decided, mut cancelled) = (0, 0);
    for (at, (approval, run)) in asked.into_iter().enumerate() {
        // A third of them may expire in the same moment.
        if at % 3 == 0 {
            sqlx::query("update approvals set expires_at = now() + interval '3 ms' where id = $1")
                .bind(approval)
                .execute(&world.owner)
                .await
                .unwrap();
        }
        let decide = |caller: &platform::Caller, decision| {
            let (world, caller) = (world.clone(), caller.clone());
            let reason = Some("No".to_owned());
            tokio::spawn(async move {
                world.run(&caller, DecideApproval { id: approval, decision, reason, version: None }).await.map(|_| ())
            })
        };
        let (approve, reject) = (decide(&fiona, Decision::Approve), decide(&frank, Decision::Reject));
        let again = decide(&fiona, Decision::Approve);
        let cancel = (at % 2 == 0).then(|| {
            let world = world.clone();
            tokio::spawn(async move { world.run(&world.admin, CancelRun { id: run, reason: None }).await.map(|_| ()) })
        });
        let engine = world.engine.clone();
        let expire = tokio::spawn(async move { timers::run_once(&engine).await.map(|_| ()) });
        let mut won = 0;
        for attempt in [approve, reject, again] {
            match attempt.await.unwrap() {
                Ok(()) => won += 1,
                Err(error) => assert_eq!(error.kind, Kind::Conflict, "{error:?}"),
            }
        }
        assert!(won <= 1, "two decisions of one approval were taken");
        decided += won;
        if let Some(cancel) = cancel {
            match cancel.await.unwrap() {
                Ok(()) => cancelled += 1,
                Err(error) => assert_eq!(error.kind, Kind::Conflict, "{error:?}"),
            }
        }
        expire.await.unwrap().unwrap();
    }
    world.skip_pauses().await;
    world.settle().await;
    world.holds().await;
    assert_eq!(world.number("select count(*) from approvals where state = 'PENDING'").await, 0);
    assert_eq!(
        world
            .number(
                "select count(*) from (select approval_id from approval_decisions group by 1 having count(*) > 1) d"
            )
            .await,
        0
    );
    assert_eq!(world.number("select count(*) from approval_decisions").await, decided);
    let approved = world.number("select count(*) from approvals where state = 'APPROVED'").await;
    // An approved run may have been cancelled before it went on.
    let went_on = world.effects("after").await;
    let after = world
        .number("select count(*) from approvals a join runs r on r.tenant_id = a.tenant_id and r.id = a.run_id where a.state = 'APPROVED' and r.state = 'COMPLETED'")
        .await;
    assert_eq!(went_on, after);
    assert!(approved > 50 && cancelled > 50 && decided > 300, "the races were none: {approved} {cancelled} {decided}");
    let odd = world
        .number("select count(*) from approvals a join runs r on r.tenant_id = a.tenant_id and r.id = a.run_id
            where (a.state = 'CANCELLED' and r.state <> 'CANCELLED') or (a.state in ('REJECTED', 'EXPIRED') and r.state not in ('COMPLETED', 'CANCELLED'))")
        .await;
    assert_eq!(odd, 0);
    let _ = RunState::Completed;
    Arc::into_inner(world).unwrap().end().await;
}
