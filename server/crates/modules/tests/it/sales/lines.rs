//! Lines: what they cost, where the price comes from, and who may change them.

use crate::world::World;
use domain::Kind;
use domain::records::TransitionRecord;
use domain::sales::{LineInput, MakeOrder, SaveOrderLines};
use serde_json::json;

fn line(quantity: &str, price: &str) -> LineInput {
    LineInput {
        description: Some("Work".into()),
        quantity: Some(quantity.into()),
        unit_price: Some(price.into()),
        ..LineInput::default()
    }
}

#[tokio::test]
async fn a_line_is_calculated_and_the_order_is_their_sum() {
    let world = World::new().await;
    let pad = world.product("Brake pad", 10).await;
    let made = world.order(&[(pad, 3)]).await;
    let first = &made.lines[0];
    assert_eq!((first.description.as_str(), first.sku.as_deref()), ("Brake pad", Some("Brake pad")));
    assert_eq!(
        (first.net.amount(), first.tax.amount(), first.total.amount()),
        ("3000.00".into(), "480.00".into(), "3480.00".into())
    );
    let id = made.order.id;
    let odd = LineInput {
        discount: Some("10".to_owned().try_into().unwrap()),
        tax_rate: Some(world.vat),
        ..line("1.5", "33.33")
    };
    let save =
        SaveOrderLines { id, version: Some(made.order.version), currency: None, lines: vec![odd, line("2", "0.05")] };
    let saved = world.run(save.clone()).await.unwrap();
    // 49.995 rounds to 50.00, less 5.00, tax 7.20; and 0.10 without tax.
    assert_eq!(saved.lines[0].net.amount(), "45.00");
    assert_eq!(saved.order.values["totalAmount"], json!({ "amount": "52.30", "currency": "KES" }));
    assert_eq!(saved.order.values["netAmount"]["amount"], "45.10");
    assert_eq!(world.run(save).await.unwrap_err().kind, Kind::Stale, "the version that was read is gone");
    let none = SaveOrderLines { id, version: None, currency: None, lines: vec![] };
    assert_eq!(world.run(none).await.unwrap_err().kind, Kind::VersionRequired);
    // In yen there is no half.
    let yen = SaveOrderLines {
        id,
        version: Some(saved.order.version),
        currency: Some("JPY".into()),
        lines: vec![line("1", "33.5")],
    };
    let error = world.run(yen).await.unwrap_err();
    assert_eq!(
        (error.fields[0].field.as_str(), error.fields[0].message.as_str()),
        ("lines.1.unitPrice", "JPY has no decimals")
    );
    world.end().await;
}

#[tokio::test]
async fn everything_wrong_with_lines_is_told_at_once() {
    let world = World::new().await;
    let lines = vec![
        line("0", "1"),
        line("1.2345", "1"),
        line("1", "-1"),
        LineInput { product: Some(uuid::Uuid::nil()), ..LineInput::default() },
        LineInput::default(),
        LineInput { tax_rate: Some(uuid::Uuid::nil()), ..line("1", "1") },
        line("999999999999999999999", "1"),
        line("1000000000", "99999999999999"),
    ];
    let order = MakeOrder { customer: Some(world.customer), lines, ..MakeOrder::default() };
    let error = world.run(order).await.unwrap_err();
    let fields: Vec<&str> = error.fields.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "lines.1.quantity",
            "lines.2.quantity",
            "lines.3.unitPrice",
            "lines.4.product",
            "lines.5.description",
            "lines.6.taxRate",
            "lines.7.quantity",
            "lines.8.unitPrice"
        ]
    );
    assert_eq!(world.number("select count(*) from orders").await, 0, "nothing is left of a refused order");
    world.end().await;
}

#[tokio::test]
async fn the_closest_price_counts() {
    let world = World::new().await;
    let pad = world.product("Brake pad", 0).await;
    let price = |name: &str, customer: Option<uuid::Uuid>, from: &str, amount: &str, currency: &str| json!({ "name": name, "product": pad, "customer": customer, "fromQuantity": from, "unitPrice": { "amount": amount, "currency": currency } });
    world.create("price", price("Ten", None, "10", "900", "KES")).await;
    world.create("price", price("Fifty", None, "50", "800", "KES")).await;
    world.create("price", price("Theirs", Some(world.customer), "5", "950", "KES")).await;
    world.create("price", price("Dollars", None, "0", "8", "USD")).await;
    let old = json!({ "name": "Old", "product": pad, "unitPrice": { "amount": "1", "currency": "KES" }, "validUntil": "2026-11-19" });
    world.create("price", old).await;
    let other = world.create("customer", json!({ "name": "Other" })).await.id;
    let cases = [
        (other, "KES", "1", "1000.00"),
        (other, "KES", "10", "900.00"),
        (other, "KES", "60", "800.00"),
        (world.customer, "KES", "4", "1000.00"),
        (world.customer, "KES", "60", "950.00"),
        (other, "USD", "1", "8.00"),
    ];
    for (customer, currency, quantity, wanted) in cases {
        let lines = vec![LineInput { product: Some(pad), quantity: Some(quantity.into()), ..LineInput::default() }];
        let order =
            MakeOrder { customer: Some(customer), currency: Some(currency.into()), lines, ..MakeOrder::default() };
        let made = world.run(order).await.unwrap();
        assert_eq!(made.lines[0].unit_price.amount(), wanted, "{quantity} in {currency}");
    }
    let lines = vec![LineInput { product: Some(pad), ..LineInput::default() }];
    let order = MakeOrder { customer: Some(other), currency: Some("EUR".into()), lines, ..MakeOrder::default() };
    assert_eq!(world.run(order).await.unwrap_err().message, "Brake pad has no price in EUR; type one");
    world.end().await;
}

#[tokio::test]
async fn a_won_deal_becomes_an_order() {
    let world = World::new().await;
    let deal = world
        .create(
            "opportunity",
            json!({ "name": "2 x Pickup", "customer": world.customer, "value": { "amount": "500", "currency": "USD" }, "closeOn": "2026-11-20" }),
        )
        .await;
    let make = MakeOrder { opportunity: Some(deal.id), ..MakeOrder::default() };
    let error = world.run(make.clone()).await.unwrap_err();
    assert_eq!(error.message, "This opportunity is Qualification; an order is made from it once it is won");
    let win = TransitionRecord {
        entity: "opportunity".into(),
        id: deal.id,
        version: None,
        name: Some("win".into()),
        to: None,
        pipeline: None,
        values: serde_json::Map::new(),
    };
    world.run(win).await.unwrap();
    let made = world.run(make).await.unwrap();
    assert_eq!(made.order.label("customer"), Some("Lake Transport"));
    assert_eq!(made.lines[0].description, "2 x Pickup");
    assert_eq!(made.order.values["totalAmount"], json!({ "amount": "500.00", "currency": "USD" }));
    assert!(made.actions.contains(&"EDIT_ITEMS".to_owned()));
    world.end().await;
}
