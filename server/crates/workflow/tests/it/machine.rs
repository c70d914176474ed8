//! The state machine's approvals: requirements 144 and 150.

use crate::world::{World, kes};
use domain::Kind;
use domain::records::{CreateRecord, TransitionRecord, Values};
use domain::workflow::{DecideApproval, Decision};
use platform::Caller;
use serde_json::json;

#[tokio::test]
async fn a_move_that_needs_approval_is_taken_by_the_approval() {
    let world = World::new().await;
    let sara = world.member("Sara Sales", &["USER"]).await;
    let bea = world.member("Bea Boss", &["SALES_MANAGER"]).await;
    let order = world.create("order", json!({})).await;
    world.go(&world.admin, "order", order.id, "submitted").await.unwrap();
    // By hand it is refused, and says who can.
    let error = world.go(&world.admin, "order", order.id, "approved").await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert_eq!(error.message, "approve needs an approval by SALES_MANAGER; Bea Boss can give it under My approvals");
    assert!(world.mine(&sara).await.is_empty());
    let mine = world.mine(&bea).await;
    assert_eq!(mine.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(), ["approve: order ORD-000001"]);
    // Bea may not change orders otherwise; her decision carries the one move.
    world.decide(&bea, mine[0].id, Decision::Approve, None).await.unwrap();
    let moved = world.get("order", order.id).await;
    assert_eq!(moved.text("status"), Some("approved"));
    assert_eq!(moved.text("approvedBy"), Some(bea.access.member.to_string().as_str()));
    assert_eq!(moved.text("approvedAt"), Some("2026-11-20T12:00:00Z"));
    assert_eq!(world.number("select count(*) from events where type = 'workflow.approval.approved'").await, 1);
    world.end().await;
}

#[tokio::test]
async fn a_rejection_takes_the_way_back_and_counts_for_nothing_later() {
    let world = World::new().await;
    let bea = world.member("Bea Boss", &["SALES_MANAGER"]).await;
    let order = world.create("order", json!({})).await;
    world.go(&world.admin, "order", order.id, "submitted").await.unwrap();
    let first = world.mine(&bea).await[0].id;
    world.decide(&bea, first, Decision::Reject, Some("No stock")).await.unwrap();
    assert_eq!(world.get("order", order.id).await.text("status"), Some("rejected"));
    world.go(&world.admin, "order", order.id, "draft").await.unwrap();
    world.go(&world.admin, "order", order.id, "submitted").await.unwrap();
    let second = world.mine(&bea).await;
    assert!(second.len() == 1 && second[0].id != first);
    assert_eq!(world.go(&world.admin, "order", order.id, "approved").await.unwrap_err().kind, Kind::Conflict);
    // Withdrawn, nobody is asked any more.
    world.go(&world.admin, "order", order.id, "cancelled").await.unwrap();
    assert!(world.mine(&bea).await.is_empty());
    assert_eq!(world.decide(&bea, second[0].id, Decision::Approve, None).await.unwrap_err().kind, Kind::Conflict);
    world.end().await;
}

#[tokio::test]
async fn so_many_approvals_are_counted() {
    let world = World::new().await;
    let bea = world.member("Bea Boss", &["SALES_MANAGER"]).await;
    let fiona = world.member("Fiona", &["FINANCE_MANAGER"]).await;
    let max = world.member("Max Manager", &["MANAGER", "SALES_MANAGER"]).await;
    let order = world.create_as(&max, "order", json!({})).await;
    world.go(&max, "order", order.id, "submitted").await.unwrap();
    // Whoever submitted it is not the one to approve it.
    let asked = world.mine(&max).await;
    assert_eq!(world.decide(&max, asked[0].id, Decision::Approve, None).await.unwrap_err().kind, Kind::Forbidden);
    world.decide(&bea, asked[0].id, Decision::Approve, None).await.unwrap();
    let release = world.mine(&fiona).await;
    assert_eq!(world.decide(&fiona, release[0].id, Decision::Approve, None).await.unwrap().state, "PENDING");
    let error = world.go(&world.admin, "order", order.id, "released").await.unwrap_err();
    assert!(error.message.starts_with("release has 1 of 2 approvals"), "{error}");
    world.decide(&max, release[0].id, Decision::Approve, None).await.unwrap();
    assert_eq!(world.get("order", order.id).await.text("status"), Some("released"));
    world.end().await;
}

/// B-07: what is approved is what the approver has seen.
#[tokio::test]
async fn a_decision_is_about_the_version_that_was_looked_at() {
    let world = World::new().await;
    let bea = world.member("Bea Boss", &["VIEWER", "SALES_MANAGER"]).await;
    let order = world.create("order", json!({ "totalAmount": kes("100.00") })).await;
    world.go(&world.admin, "order", order.id, "submitted").await.unwrap();
    let seen = world.asked(&bea).await;
    assert_eq!(seen.version, Some(world.get("order", order.id).await.version));
    // After she has looked, and before she decides.
    world.update("order", order.id, json!({ "totalAmount": kes("90000.00") })).await;
    let said = "Ada Admin changed this order since you looked: totalAmount. \
                Nothing was decided; look at it again, then decide";
    // Who names no version speaks of the one that was asked about.
    for version in [seen.version, None] {
        for decision in [Decision::Approve, Decision::Reject] {
            let decide = DecideApproval { id: seen.id, decision, reason: Some("Well".to_owned()), version };
            let error = world.run(&bea, decide).await.unwrap_err();
            assert_eq!((error.kind, error.message.as_str()), (Kind::Conflict, said));
        }
    }
    assert_eq!(world.number("select count(*) from approval_decisions").await, 0);
    assert_eq!(world.get("order", order.id).await.text("status"), Some("submitted"));
    let now = world.asked(&bea).await;
    assert!(now.mine && now.changed_by == ["Ada Admin"], "{now:?}");
    assert_eq!(now.version, seen.version.map(|version| version + 1));
    world.approve(&bea, now.id, now.version).await.unwrap();
    assert_eq!(world.get("order", order.id).await.text("status"), Some("approved"));
    world.end().await;
}

/// B-07: whoever has changed it since is as much its requester as whoever submitted it.
#[tokio::test]
async fn whoever_has_changed_it_since_does_not_decide_it() {
    let world = World::new().await;
    let bea = world.member("Bea Boss", &["SALES_MANAGER"]).await;
    let max = world.member("Max Manager", &["MANAGER", "SALES_MANAGER"]).await;
    world
        .workflow(json!({
            "key": "on_submission", "name": "On submission",
            "trigger": { "on": "transitioned", "entity": "order", "when": "order.status == 'submitted'" },
            "steps": [{ "key": "note", "type": "update_record", "input": { "values": { "note": "'seen'" } } }],
        }))
        .await;
    let order = world.create("order", json!({})).await;
    world.go(&world.admin, "order", order.id, "submitted").await.unwrap();
    world.settle().await;
    // What automation has done to it keeps nobody from deciding.
    let asked = world.asked(&max).await;
    assert!(asked.mine && asked.changed_by.len() == 1, "{asked:?}");
    world.change_pieces(&max, order.id, 900).await;
    let own = world.asked(&max).await;
    assert!(!own.mine && own.because.as_ref().is_some_and(|why| why.contains("changed it")), "{own:?}");
    for decision in [Decision::Approve, Decision::Reject] {
        let reason = Some("Mine".to_owned());
        let decide = DecideApproval { id: own.id, decision, reason, version: own.version };
        let error = world.run(&max, decide).await.unwrap_err();
        assert_eq!(error.kind, Kind::Forbidden, "{error}");
        assert!(error.message.contains("You have changed this order") && error.message.contains("Bea Boss"), "{error}");
    }
    let fresh = world.asked(&bea).await;
    world.approve(&bea, fresh.id, fresh.version).await.unwrap();
    assert_eq!(world.get("order", order.id).await.text("status"), Some("approved"));
    world.end().await;
}

/// Of several approvals each has to be about the same version.
#[tokio::test]
async fn what_was_agreed_to_of_an_earlier_version_does_not_count() {
    let world = World::new().await;
    let bea = world.member("Bea Boss", &["SALES_MANAGER"]).await;
    let fiona = world.member("Fiona", &["FINANCE_MANAGER"]).await;
    let max = world.member("Max Manager", &["MANAGER", "SALES_MANAGER"]).await;
    let order = world.create("order", json!({})).await;
    world.go(&world.admin, "order", order.id, "submitted").await.unwrap();
    world.decide(&bea, world.asked(&bea).await.id, Decision::Approve, None).await.unwrap();
    let release = world.asked(&fiona).await;
    assert_eq!(world.approve(&fiona, release.id, release.version).await.unwrap().approved, 1);
    assert!(!world.asked(&fiona).await.mine);
    world.update("order", order.id, json!({ "pieces": 900 })).await;
    let now = world.asked(&max).await;
    assert!(now.approved == 0 && now.decisions[0].outdated, "{now:?}");
    let half = world.approve(&max, now.id, now.version).await.unwrap();
    assert_eq!((half.state.as_str(), half.approved), ("PENDING", 1));
    let error = world.go(&world.admin, "order", order.id, "released").await.unwrap_err();
    assert!(error.message.starts_with("release has 1 of 2 approvals"), "{error}");
    let again = world.asked(&fiona).await;
    assert!(again.mine, "{again:?}");
    let whole = world.approve(&fiona, again.id, again.version).await.unwrap();
    assert_eq!((whole.state.as_str(), whole.approved), ("APPROVED", 2));
    assert_eq!(world.get("order", order.id).await.text("status"), Some("released"));
    world.end().await;
}

/// What demo data tells of was agreed to in its story, and its consequences are part of it.
#[tokio::test]
async fn demo_data_asks_nobody_and_sets_nothing_going() {
    let world = World::new().await;
    world
        .workflow(json!({
            "key": "on_submission", "name": "On submission",
            "trigger": { "on": "transitioned", "entity": "order", "when": "order.status == 'submitted'" },
            "steps": [{ "key": "note", "type": "update_record", "input": { "values": { "note": "'seen'" } } }],
        }))
        .await;
    let mut origin = world.platform.origin(None);
    for (cause, runs) in [("seed", 0), ("request", 1)] {
        origin.cause_kind = cause;
        let caller = Caller { origin: origin.clone(), ..world.admin.clone() };
        let backend = world.platform.clone().backend(caller);
        let order = backend.run(CreateRecord { entity: "order".to_owned(), values: Values::new() }).await.unwrap();
        let go = |to: &str| TransitionRecord {
            entity: "order".to_owned(),
            id: order.id,
            version: None,
            name: None,
            to: Some(to.to_owned()),
            pipeline: None,
            values: Values::new(),
        };
        backend.run(go("submitted")).await.unwrap();
        assert_eq!(backend.run(go("approved")).await.is_ok(), cause == "seed", "{cause}");
        world.settle().await;
        assert_eq!(world.runs().await.len(), runs, "{cause}");
    }
    world.end().await;
}
