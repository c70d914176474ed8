//! One invoice per order, whoever asks and however often.

use crate::world::World;
use domain::Kind;
use domain::finance::{CancelInvoice, GetInvoice, PostInvoice};
use domain::records::{MergeRecords, PreviewMerge};
use domain::sales::{CreateInvoice, GetOrder};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn thirty_two_at_once_get_one_invoice() {
    let world = World::new().await.shared();
    for _ in 0..4 {
        let order = world.shipped("100", true).await;
        let tries = (0..32).map(|_| {
            let world = world.clone();
            tokio::spawn(
                async move { world.run(CreateInvoice { order, due_on: None, issued_on: None }).await.unwrap() },
            )
        });
        let made: Vec<_> = futures::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
        let ids: BTreeSet<_> = made.iter().map(|made| made.invoice).collect();
        assert_eq!((ids.len(), made.iter().filter(|made| made.created).count()), (1, 1));
    }
    assert_eq!(world.number("select count(*) from invoices").await, 4);
    assert_eq!(world.number("select next from gapless_series where series = 'invoice'").await, 5, "no number is burnt");
    World::done(world).await;
}

#[tokio::test]
async fn an_invoice_says_what_was_ordered_and_posting_it_twice_posts_it_once() {
    let world = World::new().await.shared();
    let order = world.shipped("100", true).await;
    let early = world.order_at("1", false).await.order.id;
    let error = world.run(CreateInvoice { order: early, due_on: None, issued_on: None }).await.unwrap_err();
    assert!(error.message.ends_with("is Draft; its invoice is made once it has shipped"), "{error}");
    let made = world.run(CreateInvoice { order, due_on: None, issued_on: None }).await.unwrap();
    assert_eq!((made.number.as_str(), made.created), ("INV-000001", true));
    let view = world.run(GetInvoice { id: made.invoice }).await.unwrap();
    assert_eq!((view.invoice.text("dueDate"), view.invoice.text("status")), (Some("2026-12-20"), Some("draft")));
    assert_eq!((view.lines.len(), view.lines[0].total.amount()), (1, "116.00".into()));
    assert_eq!(world.run(GetOrder { id: order }).await.unwrap().invoice, Some(made.invoice));
    let tries = (0..16).map(|_| {
        let world = world.clone();
        tokio::spawn(async move { world.run(PostInvoice { invoice: made.invoice }).await.unwrap() })
    });
    let posted: Vec<_> = futures::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(posted.iter().filter(|posted| posted.created).count(), 1);
    assert_eq!(posted.iter().map(|posted| posted.entry).collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(world.number("select count(*) from journal_entries").await, 1);
    // From here on the database itself holds it.
    for change in [
        "total_amount_minor = total_amount_minor + 1, net_amount_minor = net_amount_minor + 1, open_amount_minor = open_amount_minor + 1",
        "status = 'draft'",
        "number = 'INV-9'",
    ] {
        let tried = world.attempt(&format!("update invoices set {change} where id = '{}'", made.invoice)).await;
        assert_eq!(tried.unwrap().1, "invoices_frozen", "{change}");
    }
    let tried = world.attempt("delete from invoices").await.unwrap();
    assert_eq!(tried.0, "42501");
    World::done(world).await;
}

#[tokio::test]
async fn a_cancelled_invoice_is_reversed_and_keeps_its_number() {
    let world = World::new().await;
    let invoice = world.posted("100", true).await;
    let cancel = CancelInvoice { invoice, reason: "Wrong customer".into() };
    let view = world.run(cancel.clone()).await.unwrap();
    assert_eq!((view.invoice.text("status"), view.invoice.text("number")), (Some("cancelled"), Some("INV-000001")));
    assert_eq!(world.number("select count(*) from journal_entries where reversal_of_id is not null").await, 1);
    let open = "select coalesce(sum(base_debit_minor - base_credit_minor), 0)::bigint from journal_lines l join ledger_accounts a on a.id = l.account_id where a.purpose = 'receivable'";
    assert_eq!(world.number(open).await, 0);
    assert_eq!(world.run(cancel).await.unwrap_err().kind, Kind::Conflict);
    let next = world.posted("1", false).await;
    assert_eq!(world.get("invoice", next).await.text("number"), Some("INV-000002"));
    world.end().await;
}

#[tokio::test]
async fn whose_invoices_stay_as_they_are_is_not_merged_and_the_preview_knows_it_by_looking() {
    let world = World::new().await;
    world.invoice("100", true).await;
    let kept = world.create("customer", json!({ "name": "Lake Transport Limited" })).await.id;
    let (entity, merged) = (String::from("customer"), world.customer);
    let plan = world.run(PreviewMerge { entity: entity.clone(), kept, merged }).await.unwrap();
    let why = plan.refused.expect("a reason");
    assert!(why.contains("invoices") && why.contains("kept as they are"), "{why}");
    let take = BTreeMap::new();
    let merge = MergeRecords { entity: entity.clone(), kept, merged, version: None, merged_version: None, take };
    assert_eq!(world.run(merge).await.unwrap_err().message, why);
    // The other way round nothing stands in the way.
    let plan = world.run(PreviewMerge { entity, kept: merged, merged: kept }).await.unwrap();
    assert_eq!(plan.refused, None);
    world.end().await;
}
