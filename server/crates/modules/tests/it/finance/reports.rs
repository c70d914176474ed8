//! What the books add up to, and who may see it.

use crate::world::World;
use chrono::{Days, NaiveDate, TimeDelta};
use domain::Kind;
use domain::finance::{AgeInvoices, PostInvoice, ReceivablesByAge, RecordPayment, TrialBalance};
use domain::sales::CreateInvoice;

#[tokio::test]
async fn receivables_fall_into_their_buckets_and_days_are_counted() {
    let world = World::new().await;
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    for overdue in [0, 30, 31, 60, 61, 90, 91, 200] {
        let order = world.shipped("100", false).await;
        let due = today - Days::new(overdue);
        let make = CreateInvoice { order, due_on: Some(due), issued_on: Some(due) };
        let invoice = world.run(make).await.unwrap().invoice;
        world.run(PostInvoice { invoice }).await.unwrap();
        let days = world.get("invoice", invoice).await.values["daysOverdue"].as_u64();
        assert_eq!(days, Some(overdue));
    }
    let report = world.run(ReceivablesByAge { on: None }).await.unwrap();
    let counts: Vec<(&str, i64, i64)> =
        report.buckets.iter().map(|bucket| (bucket.key.as_str(), bucket.count, bucket.base.minor())).collect();
    assert_eq!(counts, [("0-30", 2, 20_000), ("31-60", 2, 20_000), ("61-90", 2, 20_000), ("90+", 2, 20_000)]);
    assert_eq!((report.customers.len(), report.customers[0].total.minor()), (1, 80_000));
    // Each tile opens its rows.
    let entity = world.test.library.catalog("core").unwrap().get("invoice").unwrap().clone();
    for bucket in &report.buckets {
        let filter = domain::schema::Filter::parse(&bucket.filter, &entity).unwrap();
        let query = domain::schema::ListQuery { filter: Some(filter), ..Default::default() };
        let page = world.run(domain::records::ListRecords { entity: "invoice".into(), query }).await.unwrap();
        assert_eq!(i64::from(page.returned), bucket.count, "{}", bucket.key);
    }
    let first: uuid::Uuid = sqlx::query_scalar("select id from invoices where number = 'INV-000008'")
        .fetch_one(&world.owner)
        .await
        .unwrap();
    let all = RecordPayment { invoice: first, amount: None, received_on: None, method: None, reference: None };
    world.run(all).await.unwrap();
    let report = world.run(ReceivablesByAge { on: None }).await.unwrap();
    assert_eq!(report.buckets[3].count, 1);
    // A day later all that are open have grown older by one, and that is told once.
    world.test.clock.advance(TimeDelta::days(1));
    assert_eq!(
        nexus_modules::finance::age_all(&world.test.platform, &world.test.services().pools.platform).await.unwrap(),
        7
    );
    assert_eq!(world.number("select days_overdue from invoices where number = 'INV-000002'").await, 31);
    assert_eq!(world.run(AgeInvoices {}).await.unwrap(), 0);
    // The one that was due yesterday became overdue; the others were before.
    assert_eq!(world.number("select count(*) from events where type = 'finance.invoice.overdue'").await, 1);
    world.end().await;
}

#[tokio::test]
async fn the_receivable_account_is_what_is_open_and_reports_are_for_those_who_see_all() {
    let world = World::new().await;
    for (price, pay) in [("100", Some("40")), ("250.55", None), ("3", Some("3"))] {
        let invoice = world.posted(price, false).await;
        if let Some(amount) = pay {
            let amount = Some(domain::finance::Amount::Text(amount.into()));
            world
                .run(RecordPayment { invoice, amount, received_on: None, method: None, reference: None })
                .await
                .unwrap();
        }
    }
    let trial = world.run(TrialBalance { on: None }).await.unwrap();
    assert_eq!(trial.debit, trial.credit);
    let receivable = trial.accounts.iter().find(|account| account.code == "1200").unwrap();
    assert_eq!(receivable.balance.minor(), world.number("select sum(open_amount_minor)::bigint from invoices").await);
    let before = world.run(TrialBalance { on: NaiveDate::from_ymd_opt(2026, 11, 19) }).await.unwrap();
    assert!(before.accounts.is_empty());
    let seller = world.test.member(&world.tenant, "Sam", &["SALES_MANAGER"]).await;
    assert_eq!(world.test.run(&seller, TrialBalance { on: None }).await.unwrap_err().kind, Kind::Forbidden);
    let error = world.test.run(&seller, ReceivablesByAge { on: None }).await.unwrap_err();
    assert_eq!(error.kind, Kind::Forbidden, "their own reach is the team");
    let finance = world.test.member(&world.tenant, "Fay", &["FINANCE_MANAGER"]).await;
    assert!(world.test.run(&finance, TrialBalance { on: None }).await.is_ok());
    world.end().await;
}
