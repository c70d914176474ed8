//! Who may decide, and what a decision does.

use crate::world::{World, object};
use domain::Kind;
use domain::records::UpdateRecord;
use domain::workflow::{
    ApprovalRow, DecideApproval, Decision, ListApprovals, ListNotifications, NotificationKind, RetryRun, RunState,
};
use platform::Caller;
use serde_json::{Value, json};

impl World {
    pub async fn mine(&self, caller: &Caller) -> Vec<ApprovalRow> {
        self.run(caller, ListApprovals { all: false, limit: 50 }).await.expect("approvals")
    }

    pub async fn decide(
        &self,
        caller: &Caller,
        id: uuid::Uuid,
        decision: Decision,
        reason: Option<&str>,
    ) -> domain::Result<ApprovalRow> {
        self.run(caller, DecideApproval { id, decision, reason: reason.map(str::to_owned), version: None }).await
    }

    /// The only thing that waits for somebody.
    pub async fn asked(&self, caller: &Caller) -> ApprovalRow {
        let mut mine = self.mine(caller).await;
        assert_eq!(mine.len(), 1, "{mine:#?}");
        mine.remove(0)
    }

    /// What a member makes of the pieces of an order that they have just read.
    pub async fn change_pieces(&self, caller: &Caller, order: uuid::Uuid, pieces: i64) {
        let version = Some(self.get("order", order).await.version);
        let values = object(json!({ "pieces": pieces }));
        let update = UpdateRecord { entity: "order".to_owned(), id: order, version, values, base: None };
        self.run(caller, update).await.expect("an update");
    }

    /// Approves the record as it was looked at.
    pub async fn approve(&self, caller: &Caller, id: uuid::Uuid, version: Option<i64>) -> domain::Result<ApprovalRow> {
        self.run(caller, DecideApproval { id, decision: Decision::Approve, reason: None, version }).await
    }
}

fn asking(input: &Value) -> Value {
    json!({
        "key": "w", "name": "W", "trigger": { "on": "created", "entity": "order" },
        "steps": [
            { "key": "ask", "type": "approval", "input": input },
            { "key": "after", "type": "run_operation", "input": { "operation": "test.count", "values": { "what": "'after'" } } },
            { "key": "rejected", "type": "run_operation", "when": "ask.decision == 'rejected'", "input": { "operation": "test.count", "values": { "what": "'rejected'" } } },
        ],
    })
}

#[tokio::test]
async fn nobody_approves_what_they_began() {
    let world = World::new().await;
    let fiona = world.member("Fiona", &["FINANCE_MANAGER", "MANAGER"]).await;
    let frank = world.member("Frank", &["FINANCE_MANAGER"]).await;
    let vera = world.member("Vera", &["VIEWER"]).await;
    world.workflow(asking(&json!({ "title": "Well?", "roles": ["FINANCE_MANAGER"] }))).await;
    world.create_as(&fiona, "order", json!({})).await;
    world.settle().await;
    // Whom it asks is told once; who began it is not asked.
    let told = async |caller: &Caller| {
        let list = ListNotifications { unread: true, limit: 10 };
        let rows = world.run(caller, list).await.unwrap();
        rows.into_iter().map(|row| (row.kind, row.title)).collect::<Vec<_>>()
    };
    assert_eq!(told(&frank).await, [(NotificationKind::Approval, "You are asked to decide: Well?".to_owned())]);
    assert!(told(&fiona).await.is_empty() && told(&vera).await.is_empty());
    let own = world.mine(&fiona).await;
    assert!(
        own.len() == 1 && !own[0].mine && own[0].because.as_ref().is_some_and(|why| why.contains("yourself")),
        "{own:?}"
    );
    let id = own[0].id;
    let error = world.decide(&fiona, id, Decision::Approve, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Forbidden);
    assert!(error.message.contains("Frank"), "{error}");
    assert!(world.mine(&vera).await.is_empty());
    assert_eq!(world.decide(&vera, id, Decision::Approve, None).await.unwrap_err().kind, Kind::Forbidden);
    let error = world.decide(&frank, id, Decision::Reject, Some("  ")).await.unwrap_err();
    assert_eq!((error.kind, error.fields[0].field.as_str()), (Kind::Invalid, "reason"));
    let decided = world.decide(&frank, id, Decision::Approve, None).await.unwrap();
    assert_eq!((decided.state.as_str(), decided.mine), ("APPROVED", false));
    assert_eq!(world.decide(&frank, id, Decision::Approve, None).await.unwrap_err().kind, Kind::Conflict);
    world.settle().await;
    assert_eq!(world.only().await.run.state, RunState::Completed);
    assert_eq!(world.effects("after").await, 1);
    world.end().await;
}

#[tokio::test]
async fn a_rejection_ends_the_run_or_leads_elsewhere() {
    for (input, outcome, after) in [
        (json!({ "title": "Well?", "roles": ["FINANCE_MANAGER"] }), Some("rejected"), 0),
        (json!({ "title": "Well?", "roles": ["FINANCE_MANAGER"], "onReject": "rejected" }), None, 1),
    ] {
        let world = World::new().await;
        let frank = world.member("Frank", &["FINANCE_MANAGER"]).await;
        world.workflow(asking(&input)).await;
        world.create("order", json!({})).await;
        world.settle().await;
        let id = world.mine(&frank).await[0].id;
        world.decide(&frank, id, Decision::Reject, Some("Too dear")).await.unwrap();
        world.settle().await;
        let run = world.only().await;
        assert_eq!((run.run.state, run.run.outcome.as_deref()), (RunState::Completed, outcome));
        assert_eq!((world.effects("after").await, world.effects("rejected").await), (0, after));
        assert_eq!(run.approvals[0].decisions[0].reason.as_deref(), Some("Too dear"));
        world.end().await;
    }
}

#[tokio::test]
async fn all_and_so_many_have_to_agree() {
    let world = World::new().await;
    let fiona = world.member("Fiona", &["FINANCE_MANAGER"]).await;
    let frank = world.member("Frank", &["FINANCE_MANAGER"]).await;
    let walt = world.member("Walt", &["WAREHOUSE"]).await;
    world
        .workflow(asking(&json!({ "title": "All", "roles": ["FINANCE_MANAGER", "WAREHOUSE"], "policy": "all" })))
        .await;
    world.create("order", json!({})).await;
    world.settle().await;
    let id = world.mine(&walt).await[0].id;
    assert_eq!(world.decide(&fiona, id, Decision::Approve, None).await.unwrap().state, "PENDING");
    assert_eq!(world.decide(&fiona, id, Decision::Approve, None).await.unwrap_err().kind, Kind::Conflict);
    assert_eq!(world.decide(&frank, id, Decision::Approve, None).await.unwrap().state, "PENDING");
    assert_eq!(world.decide(&walt, id, Decision::Approve, None).await.unwrap().state, "APPROVED");
    world.settle().await;
    assert_eq!(world.effects("after").await, 1);
    world.end().await;
}

/// A step's question is about the record of its run, as that was when it was asked.
#[tokio::test]
async fn a_step_asks_about_the_record_as_it_is() {
    let world = World::new().await;
    let fiona = world.member("Fiona", &["FINANCE_MANAGER", "MANAGER"]).await;
    let frank = world.member("Frank", &["FINANCE_MANAGER"]).await;
    world.workflow(asking(&json!({ "title": "Well?", "roles": ["FINANCE_MANAGER"] }))).await;
    let order = world.create("order", json!({})).await;
    world.settle().await;
    let seen = world.asked(&frank).await;
    assert_eq!((seen.version, seen.changed_by.len()), (Some(order.version), 0));
    world.change_pieces(&fiona, order.id, 900).await;
    let now = world.asked(&frank).await;
    assert!(now.mine && now.changed_by == ["Fiona"], "{now:?}");
    assert_eq!(world.approve(&fiona, now.id, now.version).await.unwrap_err().kind, Kind::Forbidden);
    for looked in [seen.version, None] {
        assert_eq!(world.approve(&frank, now.id, looked).await.unwrap_err().kind, Kind::Conflict);
    }
    assert_eq!(world.approve(&frank, now.id, now.version).await.unwrap().state, "APPROVED");
    world.settle().await;
    assert_eq!((world.only().await.run.state, world.effects("after").await), (RunState::Completed, 1));
    world.end().await;
}

#[tokio::test]
async fn what_expires_is_over() {
    for (then, state, after) in
        [("reject", RunState::Completed, 0), ("approve", RunState::Completed, 1), ("fail", RunState::Failed, 0)]
    {
        let world = World::new().await;
        let frank = world.member("Frank", &["FINANCE_MANAGER"]).await;
        world
            .workflow(asking(
                &json!({ "title": "Well?", "roles": ["FINANCE_MANAGER"], "expiresInHours": 720, "onExpiry": then }),
            ))
            .await;
        world.create("order", json!({})).await;
        world.settle().await;
        let id = world.mine(&frank).await[0].id;
        world.skip_pauses().await;
        // Late, though nobody has written down yet that it is over.
        assert_eq!(world.decide(&frank, id, Decision::Approve, None).await.unwrap_err().kind, Kind::Conflict);
        world.settle().await;
        assert_eq!(world.decide(&frank, id, Decision::Approve, None).await.unwrap_err().kind, Kind::Conflict);
        let run = world.only().await;
        assert_eq!((run.run.state, world.effects("after").await), (state, after), "{then}");
        if state == RunState::Failed {
            // Tried again, it asks again.
            world.run(&world.admin, RetryRun { id: run.run.id }).await.unwrap();
            world.settle().await;
            let again = world.mine(&frank).await;
            assert_eq!(again.len(), 1);
            world.decide(&frank, again[0].id, Decision::Approve, None).await.unwrap();
            world.settle().await;
            assert_eq!(world.only().await.run.state, RunState::Completed);
        }
        world.end().await;
    }
}
