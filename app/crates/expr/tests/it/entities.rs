//! Names bound to descriptions: fields, states, references, and what a description does not write.

use domain::schema::{Catalog, Entity};
use nexus_expr::{EntityScope, Env, Expr, JsonValues, Names, Template, Type};
use serde_json::{Value as Json, json};

fn entity(key: &str, title: &str, fields: &Json, states: &Json) -> Entity {
    serde_json::from_value(json!({
        "key": key, "plural": format!("{key}s"), "area": "sales", "table": format!("{key}s"), "prefix": key.to_uppercase(),
        "labels": { "one": key, "many": format!("{key}s") }, "icon": "box", "title": title, "fields": fields, "states": states,
    }))
    .unwrap()
}

fn field(key: &str, kind: &Json) -> Json {
    json!({ "key": key, "label": key, "kind": kind })
}

fn states(keys: &[&str]) -> Json {
    let list: Vec<Json> = keys.iter().map(|key| json!({ "key": key, "label": key })).collect();
    json!({ "label": "Status", "initial": keys[0], "list": list, "transitions": [] })
}

fn catalog() -> Catalog {
    let customer = entity(
        "customer",
        "name",
        &json!([field("name", &json!({ "type": "text" })), field("creditLimit", &json!({ "type": "money" }))]),
        &states(&["active", "inactive"]),
    );
    let order = entity(
        "order",
        "number",
        &json!([
            field("totalAmount", &json!({ "type": "money" })),
            field("discount", &json!({ "type": "decimal", "scale": 2 })),
            field("pieces", &json!({ "type": "integer" })),
            field("placedOn", &json!({ "type": "date" })),
            field("urgent", &json!({ "type": "boolean" })),
            field("channel", &json!({ "type": "option", "options": [{ "key": "web", "label": "Web" }] })),
            field("customer", &json!({ "type": "reference", "entity": "customer" })),
        ]),
        &states(&["draft", "shipped"]),
    );
    Catalog::build("core", "Core", vec![customer, order]).unwrap()
}

/// An order and what the step before answered.
fn names() -> Names {
    Names::new()
        .with("order", Type::record("order"))
        .with("step", Type::record("step"))
        .with_record("step", [("invoiceId", Type::Text)])
        .about("order")
}

fn row() -> Json {
    json!({ "order": {
        "id": "o-1", "version": 3, "number": "ORDER-000007", "status": "shipped",
        "totalAmount": { "amount": "12.50", "currency": "KES" }, "discount": "0.15", "pieces": 4, "placedOn": "2026-11-20",
        "urgent": true, "channel": "web", "createdAt": "2026-11-20T08:00:00Z",
        "owner": { "id": "m-1", "name": "Amina", "email": "amina@lakeside.example" },
        "customer": { "id": "c-1", "name": "Lakeside", "status": "active", "number": "CUSTOMER-000001" },
    }, "step": { "invoiceId": "i-1" } })
}

#[test]
fn every_kind_of_field_has_its_type() {
    let (catalog, row) = (catalog(), row());
    let scope = EntityScope::new(&catalog, names());
    let env = Env::utc("2026-11-21T09:30:00Z".parse().unwrap());
    for (source, value) in [
        ("order.status == SHIPPED && status == 'Shipped'", json!(true)),
        ("order.totalAmount > 12 && totalAmount * 2 == 25", json!(true)),
        ("order.discount * order.pieces", json!("0.6")),
        ("today() - order.placedOn", json!(1)),
        ("order.urgent && order.channel == WEB", json!(true)),
        ("order.customer.status == ACTIVE && has(order.customer.name)", json!(true)),
        ("order.createdAt < today() && order.version == 3", json!(true)),
        ("order.owner.name + ' ' + order.owner.email", json!("Amina amina@lakeside.example")),
        ("order.owner", json!("m-1")),
        ("order.id", json!("o-1")),
        ("step.invoiceId", json!("i-1")),
        // Names of requirement 138 that no description writes.
        ("order.customerId", json!("c-1")),
        ("order.customerId == order.customer", json!(true)),
        ("order.orderId", json!("o-1")),
        ("order.orderId.customer.name", json!("Lakeside")),
        ("order.orderNumber + order.customer.customerNumber", json!("ORDER-000007CUSTOMER-000001")),
    ] {
        let checked =
            Expr::parse(source).unwrap().check(&scope).unwrap_or_else(|faults| panic!("{source}: {faults:?}"));
        assert_eq!(checked.eval(&JsonValues(&row), &env).unwrap().to_json(), value, "{source}");
    }
}

#[test]
fn texts_show_titles_instead_of_ids() {
    let (catalog, row) = (catalog(), row());
    let scope = EntityScope::new(&catalog, names());
    let env = Env::utc("2026-11-21T09:30:00Z".parse().unwrap());
    for (source, shown) in [
        ("Order {{order.orderId}} shipped", "Order ORDER-000007 shipped"),
        ("For {{order.customer}} by {{owner}}", "For Lakeside by Amina"),
        ("{{text(order.customerId)}} {{order.customer.customerNumber}}", "Lakeside CUSTOMER-000001"),
        ("/orders/{{order.id}}", "/orders/o-1"),
    ] {
        let template = Template::parse(source).unwrap().check(&scope).unwrap();
        assert_eq!(template.render(&JsonValues(&row), &env).unwrap(), shown);
    }
    let template = Template::parse("{{order.customer}}").unwrap().check(&scope).unwrap();
    let read: Vec<_> = template.reads().iter().map(|read| (read.record.as_deref(), read.field.as_str())).collect();
    assert_eq!(read, [(Some("order"), "customer"), (Some("customer"), "name")]);
}

#[test]
fn unknown_fields_are_faults_with_their_place() {
    let catalog = catalog();
    let scope = EntityScope::new(&catalog, names());
    for (source, told) in [
        ("order.totalAmont > 0", "line 1, column 7: order has no field totalAmont; did you mean totalAmount?"),
        ("order.customer.creditLimt", "line 1, column 16: customer has no field creditLimt; did you mean creditLimit?"),
        ("order.status == SHIPED", "line 1, column 17: SHIPED is not one of draft, shipped; did you mean SHIPPED?"),
        ("order.owner.phone", "line 1, column 13: member has no field phone"),
        ("totalAmonut > 0", "line 1, column 1: There is no totalAmonut here; did you mean totalAmount?"),
        ("order.channelId", "line 1, column 7: order has no field channelId; did you mean channel?"),
        ("step.invoiceIdd", "line 1, column 6: step has no field invoiceIdd; did you mean invoiceId?"),
        (
            "order.customer == order.owner",
            "line 1, column 1: A record of customer cannot be compared with a record of member",
        ),
    ] {
        let faults = Expr::parse(source).unwrap().check(&scope).unwrap_err();
        assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [told]);
    }
}

/// An id where a record is needed is told, not taken for nothing.
#[test]
fn a_record_that_was_not_given_is_a_fault() {
    let (catalog, mut row) = (catalog(), row());
    row["order"]["customer"] = json!("c-1");
    let scope = EntityScope::new(&catalog, names());
    let env = Env::utc("2026-11-21T09:30:00Z".parse().unwrap());
    let eval = |source: &str| Expr::parse(source).unwrap().check(&scope).unwrap().eval(&JsonValues(&row), &env);
    assert_eq!(eval("order.customer").unwrap().to_json(), json!("c-1"));
    assert_eq!(eval("order.customer.name").unwrap_err().kind, nexus_expr::EvalFaultKind::Data);
}
