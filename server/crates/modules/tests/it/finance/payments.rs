//! Payments: never more than is open, whoever pays at the same time; and what exchange rates leave over.

use crate::world::World;
use domain::Kind;
use domain::finance::{Amount, GetInvoice, RecordPayment};
use domain::records::UpdateRecord;
use records::{Updated, update_many};
use serde_json::json;
use uuid::Uuid;

fn pay(invoice: Uuid, amount: &str) -> RecordPayment {
    RecordPayment {
        invoice,
        amount: Some(Amount::Text(amount.into())),
        received_on: None,
        method: None,
        reference: None,
    }
}

const RECEIVABLE: &str = "\
select coalesce(sum(base_debit_minor - base_credit_minor), 0)::bigint from journal_lines l join ledger_accounts a on a.id = l.account_id
where a.purpose = 'receivable'";

#[tokio::test]
async fn sixty_four_payers_never_pay_more_than_is_open() {
    let world = World::new().await.shared();
    let invoice = world.posted("1000", false).await;
    let tries = (0..64_u32).map(|at| {
        let world = world.clone();
        let amount = (7 + at % 60).to_string();
        tokio::spawn(async move { world.run(pay(invoice, &amount)).await })
    });
    for done in futures::future::join_all(tries).await {
        if let Err(error) = done.unwrap() {
            let full = error.message.contains("open; ") || error.message.ends_with("nothing is open");
            assert!(full, "{error:?}");
        }
    }
    let view = world.run(GetInvoice { id: invoice }).await.unwrap();
    let paid: i64 = view.payments.iter().map(|payment| payment.amount.minor()).sum();
    assert!(paid <= 100_000 && paid > 93_000, "{paid} were paid");
    let open = 100_000 - paid;
    assert_eq!(world.number("select open_amount_minor from invoices").await, open);
    assert_eq!(world.number(RECEIVABLE).await, open, "the account is not what is open");
    let last = RecordPayment { invoice, amount: None, received_on: None, method: Some("cash".into()), reference: None };
    if open > 0 {
        assert_eq!(view.invoice.text("status"), Some("partially_paid"));
        let settled = world.run(last.clone()).await.unwrap();
        assert_eq!((settled.open.minor(), settled.status.as_str()), (0, "paid"));
    }
    assert_eq!(world.run(last).await.unwrap_err().message, "INV-000001 is paid already; nothing is open");
    let paid = world.get("invoice", invoice).await;
    assert_eq!((paid.text("status"), paid.text("paidAt")), (Some("paid"), Some("2026-11-20T12:00:00Z")));
    assert_eq!(world.number(RECEIVABLE).await, 0);
    // And past the server.
    let tried = world
        .attempt("update invoices set paid_amount_minor = total_amount_minor + 1, open_amount_minor = -1")
        .await
        .unwrap();
    assert!(tried.1 == "invoices_sums" || tried.1 == "invoices_open_amount_range", "{tried:?}");
    World::done(world).await;
}

#[tokio::test]
async fn a_payment_that_cannot_be_is_refused_in_words() {
    let world = World::new().await;
    let draft = world.invoice("50", false).await.invoice;
    let error = world.run(pay(draft, "1")).await.unwrap_err();
    assert_eq!(error.message, "INV-000001 is not posted yet; post it, then record the payment");
    let invoice = world.posted("1000", true).await;
    for (amount, told) in [
        ("1160.01", "INV-000002 has KES 1,160 open; KES 1,160.01 are more than that"),
        ("0", "Record an amount above zero"),
        ("-1", "Record an amount above zero"),
        ("much", "much is not an amount; write digits and at most one decimal point, such as 1250.50"),
        ("1.001", "KES has 2 decimals at most"),
    ] {
        let error = world.run(pay(invoice, amount)).await.unwrap_err();
        assert_eq!((error.fields[0].field.as_str(), error.message.as_str()), ("amount", told));
    }
    let other = Amount::Money(domain::Money::parse("5", "USD").unwrap());
    let error = world.run(RecordPayment { amount: Some(other), ..pay(invoice, "1") }).await.unwrap_err();
    assert_eq!(error.message, "The amount is in USD, not in KES");
    let late = RecordPayment { received_on: "2026-11-21".parse().ok(), ..pay(invoice, "1") };
    assert_eq!(world.run(late).await.unwrap_err().fields[0].field, "receivedOn");
    let odd = RecordPayment { method: Some("barter".into()), ..pay(invoice, "1") };
    assert_eq!(world.run(odd).await.unwrap_err().fields[0].field, "method");
    assert_eq!(world.number("select count(*) from payments").await, 0);
    let viewer = world.test.member(&world.tenant, "Vic", &["VIEWER"]).await;
    assert_eq!(world.test.run(&viewer, pay(invoice, "1")).await.unwrap_err().kind, Kind::Forbidden);
    world.end().await;
}

#[tokio::test]
async fn an_invoice_in_dollars_clears_what_it_posted_and_the_rest_is_exchange() {
    let world = World::new().await;
    for (rate, from) in [("129.37", "2026-01-01"), ("131.11", "2026-11-20")] {
        world.create("exchange_rate", json!({ "currency": "USD", "rate": rate, "validFrom": from })).await;
    }
    let line = domain::sales::LineInput {
        description: Some("Work".into()),
        unit_price: Some("33.33".into()),
        tax_rate: Some(world.vat),
        ..Default::default()
    };
    let make = domain::sales::MakeOrder {
        customer: Some(world.customer),
        currency: Some("USD".into()),
        lines: vec![line],
        ..Default::default()
    };
    let order = world.run(make).await.unwrap().order.id;
    world.along(order, &["submitted", "approved", "picking", "shipped"]).await;
    let made = domain::sales::CreateInvoice { order, due_on: None, issued_on: "2026-10-01".parse().ok() };
    let invoice = world.run(made).await.unwrap().invoice;
    world.run(domain::finance::PostInvoice { invoice }).await.unwrap();
    // 38.66 dollars at 129.37.
    assert_eq!(world.number(RECEIVABLE).await, 500_144);
    world.run(pay(invoice, "10.01")).await.unwrap();
    world.run(pay(invoice, "7.77")).await.unwrap();
    world.run(RecordPayment { amount: None, ..pay(invoice, "1") }).await.unwrap();
    assert_eq!(world.number(RECEIVABLE).await, 0, "to the cent");
    let exchange = "select sum(base_credit_minor - base_debit_minor)::bigint from journal_lines l join ledger_accounts a on a.id = l.account_id where a.purpose = 'exchange'";
    let gain = world.number(exchange).await;
    assert!((6_700..6_760).contains(&gain), "38.66 x 1.74 is about 67.27, not {gain}");
    let trial = world.run(domain::finance::TrialBalance { on: None }).await.unwrap();
    assert_eq!(trial.debit, trial.credit);
    world.end().await;
}

/// What is posted stays as it is, and can be handed over: order, invoice, payment and entry belong to somebody else after it, in whatever state they
/// are, one by one and many at once.
#[tokio::test]
async fn what_is_posted_is_handed_over_and_stays_as_it_is() {
    let world = World::new().await;
    let other = world.test.member(&world.tenant, "Otto Other", &["USER"]).await.access.member.0;
    let invoice = world.posted("1000", false).await;
    let paid = world.run(pay(invoice, "1000")).await.unwrap();
    let order = world.get("invoice", invoice).await.text("order").and_then(|id| Uuid::try_parse(id).ok()).unwrap();
    let rows = [("order", order), ("invoice", invoice), ("payment", paid.payment), ("journal_entry", paid.entry)];
    for (entity, id) in rows {
        let version = world.get(entity, id).await.version;
        let change = |values: serde_json::Value| {
            let serde_json::Value::Object(values) = values else { panic!() };
            UpdateRecord { entity: entity.to_owned(), id, version: Some(version), values, base: None }
        };
        let editable = if matches!(entity, "order" | "invoice") { "notes" } else { "reference" };
        let refused = world.run(change(json!({ "owner": other, editable: "Changed" }))).await.unwrap_err();
        assert!(matches!(refused.kind, Kind::Conflict | Kind::Invalid), "{entity}: {refused:?}");
        let given =
            world.run(change(json!({ "owner": other }))).await.unwrap_or_else(|error| panic!("{entity}: {error:?}"));
        assert_eq!((given.text("owner"), given.version), (Some(other.to_string().as_str()), version + 1), "{entity}");
    }
    // Many at once pass the same gate.
    let boss = world.boss.access.member.0;
    let mut ctx = world.test.platform.open(&world.boss, "records.update", platform::TxMode::ReadWrite).await.unwrap();
    let payments = ctx.entity("payment").unwrap();
    let version = world.get("payment", paid.payment).await.version;
    let rows = |values: serde_json::Value| {
        let serde_json::Value::Object(values) = values else { panic!() };
        vec![(paid.payment, version, values)]
    };
    let told = update_many(&mut ctx, &payments, rows(json!({ "owner": boss, "reference": "Changed" }))).await.unwrap();
    assert!(matches!(told[..], [Updated::Refused(_)]), "{told:?}");
    let told = update_many(&mut ctx, &payments, rows(json!({ "owner": boss }))).await.unwrap();
    assert!(matches!(told[..], [Updated::Changed { .. }]), "{told:?}");
    ctx.commit().await.unwrap();
    // The database holds the rest, whoever asks.
    for (sql, right) in [
        ("update payments set reference = 'Changed'", "42501"),
        ("update payments set owner_id = owner_id, custom = '{\"a\": 1}'", "23514"),
    ] {
        assert_eq!(world.attempt(sql).await.map(|(code, _)| code).as_deref(), Some(right), "{sql}");
    }
    world.end().await;
}
