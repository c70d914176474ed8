//! Every expression that requirements 138 to 150 write, as they write it: parsed, checked, and evaluated to what they mean.

use chrono::{DateTime, Utc};
use nexus_expr::{Env, Expr, JsonValues, Names, Template, Type, Value};
use serde_json::{Value as Json, json};

/// The 21st of November 2026 is a Saturday.
fn env() -> Env<'static> {
    Env::utc("2026-11-21T09:30:00Z".parse::<DateTime<Utc>>().unwrap())
}

/// States as descriptions write them, in small letters; requirements write them in capitals.
fn order_states() -> Type {
    Type::option([
        "draft",
        "submitted",
        "approved",
        "rejected",
        "picking",
        "shipped",
        "on_hold",
        "delivered",
        "returned",
        "invoiced",
        "cancelled",
    ])
}

/// The records that the templates of 138 to 140 and the guard of 150 speak of.
fn scope() -> Names {
    let roots = ["order", "customer", "invoice", "product", "inventory"];
    let names = roots.iter().fold(Names::new(), |names, root| names.with(root, Type::record(root)));
    names
        .with("approval_count", Type::Number)
        .with("required_approvals", Type::Number)
        .with_record(
            "order",
            [
                ("orderId", Type::Text),
                ("status", order_states()),
                ("totalAmount", Type::Money),
                ("customerId", Type::reference("customer")),
                ("lineItems", Type::list(Type::record("line"))),
            ],
        )
        .with_record("line", [("sku", Type::Text), ("amount", Type::Money)])
        .with_record("customer", [("status", Type::option(["active", "inactive"])), ("email", Type::Text)])
        .with_record(
            "invoice",
            [
                ("invoiceNumber", Type::Text),
                ("status", Type::option(["open", "paid"])),
                ("dueDate", Type::Date),
                ("daysOverdue", Type::Number),
            ],
        )
        .with_record(
            "product",
            [
                ("sku", Type::Text),
                ("status", Type::option(["active", "discontinued"])),
                ("leadTime", Type::Number),
                ("reorderPoint", Type::Number),
                ("preferredVendor", Type::reference("vendor")),
                ("reorderQuantity", Type::Number),
            ],
        )
        .with_record("inventory", [("quantity", Type::Number)])
}

fn values() -> Json {
    json!({
        "order": {
            "orderId": "ORD-000123", "status": "shipped", "totalAmount": { "amount": "12500.00", "currency": "KES" },
            "customerId": "0192f0c1-0000-7000-8000-000000000001",
            "lineItems": [{ "sku": "A-1", "amount": { "amount": "12500.00", "currency": "KES" } }],
        },
        "customer": { "status": "active", "email": "accounts@lakeside.example" },
        "invoice": { "invoiceNumber": "INV-000042", "status": "open", "dueDate": "2026-11-28", "daysOverdue": 61 },
        "product": {
            "sku": "PAD-9", "status": "active", "leadTime": 14, "reorderPoint": 10, "reorderQuantity": 50,
            "preferredVendor": "0192f0c1-0000-7000-8000-000000000002",
        },
        "inventory": { "quantity": 9 },
        "approval_count": 1,
        "required_approvals": 2,
    })
}

fn value(source: &str, scope: &Names, values: &Json) -> Value {
    let expr = Expr::parse(source).unwrap_or_else(|fault| panic!("{source}: {fault}"));
    let checked = expr.check(scope).unwrap_or_else(|faults| panic!("{source}: {faults:?}"));
    checked.eval(&JsonValues(values), &env()).unwrap_or_else(|fault| panic!("{source}: {fault}"))
}

/// The condition holds with the values above, and no longer with the other value at that place.
fn turns(source: &str, pointer: &str, other: Json) {
    let scope = scope().about("product");
    conditions_turn(source, &scope, pointer, other);
}

fn conditions_turn(source: &str, scope: &Names, pointer: &str, other: Json) {
    let mut values = values();
    let checked = Expr::parse(source)
        .unwrap()
        .check_as(scope, &Type::Bool)
        .unwrap_or_else(|faults| panic!("{source}: {faults:?}"));
    assert_eq!(checked.test(&JsonValues(&values), &env()), Ok(true), "{source}");
    *values.pointer_mut(pointer).unwrap() = other;
    assert_eq!(checked.test(&JsonValues(&values), &env()), Ok(false), "{source} after {pointer}");
}

#[test]
fn r138_order_to_invoice() {
    turns("order.status == 'SHIPPED'", "/order/status", json!("picking"));
    turns("order.totalAmount > 0", "/order/totalAmount/amount", json!("0.00"));
    turns("customer.status == ACTIVE", "/customer/status", json!("inactive"));
    turns("order.totalAmount > 10000", "/order/totalAmount/amount", json!("10000.00"));
    let (scope, values) = (scope(), values());
    assert_eq!(value("addDays(today(), 30)", &scope, &values).to_json(), json!("2026-12-21"));
    assert_eq!(value("order.customerId", &scope, &values).to_json(), values["order"]["customerId"]);
    assert_eq!(value("order.totalAmount", &scope, &values).to_json(), values["order"]["totalAmount"]);
    assert_eq!(value("order.lineItems", &scope, &values).to_json(), values["order"]["lineItems"]);
    assert_eq!(value("customer.email", &scope, &values).to_json(), json!("accounts@lakeside.example"));
}

#[test]
fn r139_low_stock_alert() {
    turns("inventory.quantity < reorderPoint", "/inventory/quantity", json!(10));
    turns("product.status == ACTIVE", "/product/status", json!("discontinued"));
    let (scope, values) = (scope().about("product"), values());
    assert_eq!(value("addDays(today(), product.leadTime)", &scope, &values).to_json(), json!("2026-12-05"));
    assert_eq!(value("preferredVendor", &scope, &values).to_json(), values["product"]["preferredVendor"]);
    assert_eq!(value("reorderQuantity", &scope, &values).to_json(), json!(50));
}

#[test]
fn r140_payment_reminder() {
    turns("invoice.dueDate - TODAY() <= 7", "/invoice/dueDate", json!("2026-11-29"));
    turns("invoice.status != PAID", "/invoice/status", json!("paid"));
    turns("invoice.daysOverdue > 0", "/invoice/daysOverdue", json!(0));
    conditions_turn("daysOverdue > 60", &scope().about("invoice"), "/invoice/daysOverdue", json!(60));
    assert_eq!(value("today()", &scope(), &values()).to_json(), json!("2026-11-21"));
}

#[test]
fn r138_to_r140_and_r142_texts() {
    for (source, shown) in [
        ("Invoice #{{invoice.invoiceNumber}}", "Invoice #INV-000042"),
        ("Order {{order.orderId}} shipped", "Order ORD-000123 shipped"),
        ("Stock low for {{product.sku}}", "Stock low for PAD-9"),
        ("Follow up: Invoice {{invoice.invoiceNumber}}", "Follow up: Invoice INV-000042"),
    ] {
        let template = Template::parse(source).unwrap().check(&scope()).unwrap();
        assert_eq!(template.render(&JsonValues(&values()), &env()).unwrap(), shown);
    }
}

/// The states of 143 to 149 in guards, whatever the case of the writer.
#[test]
fn r143_to_r149_states_are_bare_words() {
    let (scope, mut values) = (scope().about("order"), values());
    let words = [
        "DRAFT",
        "SUBMITTED",
        "CANCELLED",
        "APPROVED",
        "REJECTED",
        "PICKING",
        "SHIPPED",
        "ON_HOLD",
        "DELIVERED",
        "RETURNED",
        "INVOICED",
    ];
    for word in words {
        values["order"]["status"] = json!(word.to_lowercase());
        for condition in [format!("order.status == {word}"), format!("{word} == status"), format!("status in [{word}]")]
        {
            assert_eq!(value(&condition, &scope, &values), Value::Bool(true), "{condition}");
        }
        let others = words.iter().filter(|other| **other != word).copied().collect::<Vec<_>>().join(", ");
        assert_eq!(value(&format!("status in [{others}]"), &scope, &values), Value::Bool(false), "{word}");
    }
}

#[test]
fn r150_guard_counts_approvals() {
    let source = "approval_count >= required_approvals";
    let (scope, mut values) = (scope(), values());
    assert_eq!(value(source, &scope, &values), Value::Bool(false));
    values["approval_count"] = json!(2);
    assert_eq!(value(source, &scope, &values), Value::Bool(true));
}

#[test]
fn what_is_not_written_right_is_told_when_it_is_saved() {
    for (source, told) in [
        ("order.totalAmont > 0", "line 1, column 7: order has no field totalAmont; did you mean totalAmount?"),
        ("ordr.status == SHIPPED", "line 1, column 1: There is no ordr here; did you mean order?"),
        ("customer.status == ACTVE", "line 1, column 20: ACTVE is not one of active, inactive; did you mean ACTIVE?"),
        (
            "customer.status == 'ACTVE'",
            "line 1, column 20: ACTVE is not one of active, inactive; did you mean 'active'?",
        ),
        ("invoice.dueDate - 'x' <= 7", "line 1, column 1: A date and a text do not go together with -"),
    ] {
        let faults = Expr::parse(source).unwrap().check(&scope()).unwrap_err();
        assert_eq!(faults.first().unwrap().to_string(), told);
    }
}
