//! The templates of the core, run whole: what each step was given, answered and did. Those of requirements 138 to 140 are named after them.

use crate::shown;
use crate::world::{World, kes};
use domain::records::GetRecord;
use domain::workflow::{DecideApproval, Decision, Definition, ListApprovals, ListNotifications, RunState};
use serde_json::json;
use std::path::Path;
use workflow::EngineConfig;

/// As the pack ships it.
fn template(key: &str) -> Definition {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../packs/_core/workflows/{key}.toml"));
    let mut definition: Definition =
        toml::from_str(&std::fs::read_to_string(file).expect("the template")).expect("its shape");
    definition.active = true;
    definition
}

async fn world(key: &str) -> World {
    World::with(vec![template(key)], EngineConfig::default()).await
}

async fn shipped(world: &World, amount: &str) -> uuid::Uuid {
    let customer = world.create("customer", json!({ "name": "Kisumu Traders", "email": "pay@kisumu.example" })).await;
    let order = world.create("order", json!({ "customer": customer.id, "totalAmount": kes(amount) })).await;
    world.go(&world.admin, "order", order.id, "shipped").await.expect("it ships");
    order.id
}

#[tokio::test]
async fn r138_a_small_order_is_invoiced_posted_and_mailed() {
    let world = world("order_to_invoice").await;
    shipped(&world, "2500.00").await;
    world.settle().await;
    let run = world.only().await;
    assert_eq!(run.run.state, RunState::Completed);
    insta::assert_snapshot!("r138_small", shown::run(&run));
    world.end().await;
}

#[tokio::test]
async fn r138_a_large_order_waits_for_a_finance_manager() {
    let world = world("order_to_invoice").await;
    let fiona = world.member("Fiona Finance", &["FINANCE_MANAGER"]).await;
    shipped(&world, "12500.00").await;
    world.settle().await;
    let run = world.only().await;
    assert_eq!(run.run.state, RunState::WaitingApproval);
    let asked: Vec<&str> = run.effects.iter().map(|effect| effect.entity.as_str()).collect();
    assert_eq!(asked, ["approval"], "nothing is done before it is approved");
    let mine = world.run(&fiona, ListApprovals { all: false, limit: 50 }).await.unwrap();
    assert_eq!(mine.len(), 1);
    assert!(mine[0].mine, "{mine:?}");
    let decide = DecideApproval { id: mine[0].id, decision: Decision::Approve, reason: None, version: None };
    world.run(&fiona, decide).await.unwrap();
    world.settle().await;
    let run = world.only().await;
    assert_eq!(run.run.state, RunState::Completed, "{run:#?}");
    insta::assert_snapshot!("r138_large", shown::run(&run));
    world.end().await;
}

#[tokio::test]
async fn r138_nothing_begins_where_a_condition_does_not_hold() {
    let world = world("order_to_invoice").await;
    let customer = world.create("customer", json!({ "name": "Gone" })).await;
    world.go(&world.admin, "customer", customer.id, "inactive").await.unwrap();
    let order = world.create("order", json!({ "customer": customer.id, "totalAmount": kes("10.00") })).await;
    world.go(&world.admin, "order", order.id, "shipped").await.unwrap();
    shipped(&world, "0.00").await;
    world.settle().await;
    assert!(world.runs().await.is_empty());
    world.end().await;
}

/// Both requirements 145 and 147 ask for the invoice: the second trigger finds it made.
#[tokio::test]
async fn r138_an_order_has_one_invoice() {
    let world = world("order_to_invoice").await;
    let order = shipped(&world, "2500.00").await;
    world.settle().await;
    let event = world.number("select count(*) from events where type = 'sales.order.shipped'").await;
    assert_eq!(event, 1);
    // The same event read again, as after a restart.
    sqlx::query("update event_consumers set xid = '0', event_id = '00000000-0000-0000-0000-000000000000' where name = 'workflow'")
        .execute(&world.owner)
        .await
        .unwrap();
    workflow::matcher::run_once(&world.engine).await.unwrap();
    world.settle().await;
    assert_eq!(world.runs().await.len(), 1);
    assert_eq!(world.number("select count(*) from test_invoices").await, 1);
    let _ = order;
    world.end().await;
}

#[tokio::test]
async fn r139_low_stock_is_told_once_when_it_is_crossed() {
    let world = world("low_stock_alert").await;
    let mia = world.member("Mia Manager", &["MANAGER"]).await;
    let product = world
        .create(
            "product",
            json!({ "sku": "PAD-9", "quantity": 12, "reorderPoint": 10, "reorderQuantity": 50, "leadTime": 14 }),
        )
        .await;
    world.settle().await;
    assert!(world.runs().await.is_empty());
    world.update("product", product.id, json!({ "quantity": 9 })).await;
    world.update("product", product.id, json!({ "quantity": 8 })).await;
    world.settle().await;
    let run = world.only().await;
    assert_eq!(run.run.state, RunState::Completed);
    insta::assert_snapshot!("r139", shown::run(&run));
    let told = world.run(&mia, ListNotifications { unread: true, limit: 10 }).await.unwrap();
    let mut told: Vec<&str> = told.iter().map(|row| row.title.as_str()).collect();
    told.sort_unstable();
    // By the step, and since the task that it makes is hers.
    assert_eq!(told, ["Stock low for PAD-9", "Task assigned to you by Automation"]);
    // Filled up and sold again: crossed again.
    world.update("product", product.id, json!({ "quantity": 60 })).await;
    world.update("product", product.id, json!({ "quantity": 3 })).await;
    world.settle().await;
    assert_eq!(world.runs().await.len(), 2);
    world.end().await;
}

#[tokio::test]
async fn r140_reminders_come_before_and_after_the_day() {
    let world = world("payment_reminder").await;
    let boss = world.member("Bea Boss", &["SALES_MANAGER"]).await;
    let customer = world.create("customer", json!({ "name": "Kisumu Traders", "email": "pay@kisumu.example" })).await;
    let invoice = |due: &str, overdue: i64| {
        let values = json!({ "customer": customer.id, "totalAmount": kes("900.00"), "openAmount": kes("900.00"), "dueDate": due, "daysOverdue": overdue });
        world.create("invoice", values)
    };
    // Today is the 20th of November.
    let overdue = invoice("2026-09-17", 64).await;
    let soon = invoice("2026-11-23", 0).await;
    let later = invoice("2026-12-20", 0).await;
    let between = invoice("2026-11-25", 0).await;
    let paid = invoice("2026-09-17", 64).await;
    world.go(&world.admin, "invoice", paid.id, "paid").await.unwrap();
    // Events make it known to the engine that the workspace is there.
    world.settle().await;
    sqlx::query("update workflows set next_tick_at = now()").execute(&world.owner).await.unwrap();
    world.settle().await;
    let runs = world.runs().await;
    let mut about: Vec<_> = runs.iter().filter_map(|run| run.record).collect();
    about.sort();
    let mut wanted = vec![overdue.id, soon.id];
    wanted.sort();
    assert_eq!(about, wanted, "later {} between {} paid {}", later.id, between.id, paid.id);
    for run in runs {
        let view = world.view(run.id).await;
        assert_eq!(view.run.state, RunState::Completed, "{view:#?}");
        let name = if run.record == Some(overdue.id) { "r140_overdue" } else { "r140_soon" };
        insta::assert_snapshot!(name, shown::run(&view));
    }
    let tasks = world.number("select count(*) from tasks").await;
    assert_eq!(tasks, 1);
    let owner: uuid::Uuid = sqlx::query_scalar("select owner_id from tasks").fetch_one(&world.owner).await.unwrap();
    assert_eq!(owner, boss.access.member.0);
    // The same tick again starts nothing: it is moved on.
    world.settle().await;
    assert_eq!(world.runs().await.len(), 2);
    world.end().await;
}

#[tokio::test]
async fn a_won_deal_is_noted_on_its_customer_for_who_won_it() {
    let world = world("won_deal_note").await;
    let sally = world.member("Sally Sales", &["SALES_REP"]).await;
    let customer = world.create_as(&sally, "customer", json!({ "name": "Kisumu Traders" })).await;
    let deal = |name: &str| {
        let values = json!({ "name": name, "customer": customer.id, "value": kes("9000.00"), "closeOn": "2026-11-30" });
        world.create_as(&sally, "opportunity", values)
    };
    let (won, lost) = (deal("Ten pumps").await, deal("One pump").await);
    world.go(&sally, "opportunity", won.id, "won").await.unwrap();
    world.go(&sally, "opportunity", lost.id, "lost").await.unwrap();
    world.settle().await;
    let run = world.only().await;
    assert_eq!(run.run.state, RunState::Completed, "{run:#?}");
    insta::assert_snapshot!("won_deal_note", shown::run(&run));
    // She sees only what is her own.
    let id = run.effects.iter().find(|effect| effect.entity == "activity").unwrap().record.unwrap();
    let note = world.run(&sally, GetRecord { entity: "activity".to_owned(), id }).await.unwrap();
    assert_eq!(note.text("customer"), Some(customer.id.to_string().as_str()));
    world.end().await;
}
