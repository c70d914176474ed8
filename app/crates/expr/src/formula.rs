//! Formulas of descriptions: the value of a field, computed from the others of the same row.
//!
//! A formula is computed where a row is written, so that its value is stored like any other: it is filtered, sorted, summed, exported and kept
//! in versions. Therefore it reads nothing that changes by itself, neither the clock nor other rows.

use crate::checked::{Checked, Op, Typed};
use crate::decimal::Decimal;
use crate::entity::{POINTED, pointed, type_of};
use crate::env::Env;
use crate::expr::Expr;
use crate::function::Function;
use crate::scope::Names;
use crate::types::Type;
use crate::value::Value;
use crate::values::JsonValues;
use chrono::DateTime;
use domain::schema::value::{Rules, check};
use domain::schema::{Entity, Field, FieldKind};
use serde_json::{Map, Value as Json, json};

/// Fields that the server fills in while the row is written, after the formulas.
const LATER: [&str; 6] = ["number", "version", "createdAt", "createdBy", "updatedAt", "updatedBy"];
const ROOT: &str = "row";

/// One that has been held to its entity.
#[derive(Debug, Clone)]
pub struct Formula {
    checked: Checked,
}

impl Formula {
    /// Nothing for a field without a formula. The error says what is wrong with it, for whoever writes the description.
    pub fn of(entity: &Entity, field: &Field) -> Result<Option<Self>, String> {
        let Some(source) = &field.formula else { return Ok(None) };
        let at = entity.fields.iter().position(|other| other.key == field.key).unwrap_or(entity.fields.len());
        // What is computed after it, itself included, is not there yet.
        let there =
            entity.fields.iter().enumerate().filter(|(place, other)| {
                !LATER.contains(&other.key.as_str()) && (other.formula.is_none() || *place < at)
            });
        let fields = there.filter_map(|(_, other)| Some((other.key.as_str(), type_of(entity, other)?)));
        let names = Names::new().with(ROOT, Type::record(ROOT)).with_record(ROOT, fields).about(ROOT);
        let names = names.with_record(POINTED, pointed());
        let parsed = Expr::parse(source).map_err(|fault| fault.to_string())?;
        let checked = parsed
            .check(&names)
            .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        if reads_clock(&checked.root) {
            return Err("a formula is computed when a row is written, so it cannot ask what day it is".to_owned());
        }
        let fits = match field.kind {
            // Seconds.
            FieldKind::Duration { .. } if *checked.ty() == Type::Duration => true,
            _ => type_of(entity, field).is_some_and(|wanted| checked.ty().fits(&wanted)),
        };
        if storable(&field.kind) && fits {
            Ok(Some(Self { checked }))
        } else {
            Err(format!("it gives {}, which {} cannot hold", checked.ty().words(), field.key))
        }
    }

    /// The fields of the row that the value follows from. Of an expression that takes the row as a whole these may be any of them.
    pub fn reads<'e>(&self, entity: &'e Entity) -> Vec<&'e Field> {
        let reads = self.checked.reads();
        let whole = reads.iter().any(|read| read.record.is_none() && read.path == [ROOT]);
        let named = |key: &str| reads.iter().any(|read| read.record.as_deref() == Some(ROOT) && read.field == key);
        entity.fields.iter().filter(|field| whole || named(&field.key)).collect()
    }

    /// The canonical value of the field for a row of these values. Null where a part that it needs is null, and where it cannot be
    /// computed: two currencies, a division by zero, a result that is out of the field's bounds.
    pub fn value(&self, field: &Field, values: &Map<String, Json>) -> Json {
        let row = json!({ ROOT: values });
        let Ok(value) = self.checked.eval(&JsonValues(&row), &Env::utc(DateTime::UNIX_EPOCH)) else {
            return Json::Null;
        };
        let json = match (&field.kind, &value) {
            (_, Value::Number(number)) => match fitted(*number, field.scale()) {
                Some(json) => json,
                None => return Json::Null,
            },
            (FieldKind::Duration { .. }, Value::Duration(seconds)) => json!(seconds),
            _ => value.to_json(),
        };
        check(field, &json, Rules { today: chrono::NaiveDate::MAX }).unwrap_or(Json::Null)
    }
}

/// Rounded half up to the decimals of the field, in its wire form.
fn fitted(number: Decimal, scale: Option<u32>) -> Option<Json> {
    match scale? {
        0 => number.round(0).ok()?.whole().map(|whole| json!(whole)),
        scale => Some(json!(number.to_fixed(scale))),
    }
}

const fn storable(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Text { .. }
            | FieldKind::LongText { .. }
            | FieldKind::Integer { .. }
            | FieldKind::Decimal { .. }
            | FieldKind::Percentage { .. }
            | FieldKind::Duration { .. }
            | FieldKind::Money { .. }
            | FieldKind::Boolean
            | FieldKind::Date { .. }
            | FieldKind::Datetime
            | FieldKind::Option { .. }
    )
}

fn reads_clock(part: &Typed) -> bool {
    let any = |parts: &[Typed]| parts.iter().any(reads_clock);
    match &part.op {
        Op::Call(Function::Today | Function::Now, _) => true,
        Op::Call(_, parts) | Op::Logic(_, parts) | Op::List(parts) => any(parts),
        Op::Member(base, _) | Op::Not(base) | Op::Negate(base) => reads_clock(base),
        Op::Index(parts) => any(&parts[..]),
        Op::Binary { sides, .. } => any(&sides[..]),
        Op::Conditional(parts) => any(&parts[..]),
        Op::Literal(_) | Op::Path(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Formula;
    use domain::schema::{Catalog, Entity, FieldKind};
    use serde_json::{Value, json};
    use std::sync::Arc;

    /// A line of an offer, whose last field has the formula.
    fn entity(kind: &Value, formula: &str) -> Result<Arc<Entity>, Vec<domain::schema::CatalogFault>> {
        let field = |key: &str, kind: Value| json!({ "key": key, "label": key, "kind": kind });
        let described = serde_json::from_value(json!({
            "key": "item", "plural": "items", "area": "crm", "table": "items", "prefix": "ITM", "icon": "box", "title": "name",
            "labels": { "one": "Item", "many": "Items" },
            "fields": [
                field("name", json!({ "type": "text" })),
                field("pieces", json!({ "type": "integer" })),
                field("weight", json!({ "type": "decimal", "scale": 3 })),
                field("share", json!({ "type": "percentage" })),
                field("price", json!({ "type": "money", "allowNegative": true })),
                field("fee", json!({ "type": "money" })),
                field("day", json!({ "type": "date" })),
                field("length", json!({ "type": "duration" })),
                field("customer", json!({ "type": "reference", "entity": "item" })),
                field("about", json!({ "type": "any_reference", "entities": ["item", "other"] })),
                { "key": "out", "label": "Out", "kind": kind, "formula": formula },
            ],
        }))
        .unwrap();
        let other = serde_json::from_value(json!({
            "key": "other", "plural": "others", "area": "crm", "table": "others", "prefix": "OTH", "icon": "box", "title": "name",
            "labels": { "one": "Other", "many": "Others" }, "fields": [field("name", json!({ "type": "text" }))],
        }))
        .unwrap();
        Catalog::build("core", "Core", vec![described, other]).map(|catalog| catalog.get("item").unwrap().clone())
    }

    #[expect(clippy::needless_pass_by_value, reason = "reads like the row of a table")]
    fn computed(kind: Value, formula: &str, values: Value) -> Result<Value, String> {
        let entity = entity(&kind, formula).unwrap();
        let field = entity.field("out").unwrap();
        assert!(field.read_only, "what is computed is not typed");
        let Value::Object(values) = values else { panic!() };
        Ok(Formula::of(&entity, field)?.unwrap().value(field, &values))
    }

    #[test]
    fn values_come_from_the_others_in_the_form_of_the_field() {
        let money = json!({ "type": "money", "allowNegative": true });
        let kes = |amount: &str| json!({ "amount": amount, "currency": "KES" });
        for (kind, formula, values, wanted) in [
            (money.clone(), "price * pieces", json!({ "price": kes("12.50"), "pieces": 3 }), kes("37.50")),
            (
                money.clone(),
                "price * (1 - share / 100)",
                json!({ "price": kes("10.00"), "share": "12.35" }),
                kes("8.77"),
            ),
            (money.clone(), "price - fee", json!({ "price": kes("1.00"), "fee": kes("2.50") }), kes("-1.50")),
            (
                money.clone(),
                "price - fee",
                json!({ "price": kes("1.00"), "fee": { "amount": "1.00", "currency": "EUR" } }),
                Value::Null,
            ),
            (money, "price * pieces", json!({ "price": kes("1.00") }), Value::Null),
            (
                json!({ "type": "decimal", "scale": 2 }),
                "weight * pieces",
                json!({ "weight": "1.255", "pieces": 1 }),
                json!("1.26"),
            ),
            (json!({ "type": "integer" }), "pieces / 2", json!({ "pieces": 5 }), json!(3)),
            (json!({ "type": "integer", "max": 2 }), "pieces", json!({ "pieces": 5 }), Value::Null),
            (
                json!({ "type": "decimal", "scale": 1 }),
                "pieces / weight",
                json!({ "pieces": 5, "weight": "0.000" }),
                Value::Null,
            ),
            (json!({ "type": "percentage" }), "share / 2", json!({ "share": "12.50" }), json!("6.25")),
            (json!({ "type": "duration" }), "length * pieces", json!({ "length": 90, "pieces": 2 }), json!(180)),
            (
                json!({ "type": "date" }),
                "addDays(day, pieces)",
                json!({ "day": "2026-11-28", "pieces": 3 }),
                json!("2026-12-01"),
            ),
            (
                json!({ "type": "boolean" }),
                "pieces > 3 && has(day)",
                json!({ "day": "2026-11-28", "pieces": 4 }),
                json!(true),
            ),
            (
                json!({ "type": "boolean" }),
                "about != null && about.entity == 'other'",
                json!({ "about": { "entity": "other", "id": "0199a000-0000-7000-8000-000000000001" } }),
                json!(true),
            ),
            (json!({ "type": "boolean" }), "has(about)", json!({ "about": null }), json!(false)),
            (
                json!({ "type": "text" }),
                "upper(name) + ' x' + text(pieces)",
                json!({ "name": "tyre", "pieces": 4 }),
                json!("TYRE x4"),
            ),
        ] {
            assert_eq!(computed(kind, formula, values), Ok(wanted), "{formula}");
        }
    }

    #[test]
    fn what_a_value_follows_from_is_known() {
        for (formula, wanted) in [
            ("1", vec![]),
            ("price.currency == 'KES' ? pieces : 2 * pieces", vec!["price", "pieces"]),
            ("row.pieces", vec!["pieces"]),
            ("row['pieces']", vec!["pieces"]),
        ] {
            let entity = entity(&json!({ "type": "integer" }), formula).unwrap();
            let read = Formula::of(&entity, entity.field("out").unwrap()).unwrap().unwrap();
            let mut found: Vec<&str> = read.reads(&entity).iter().map(|field| field.key.as_str()).collect();
            found.sort_by_key(|key| wanted.iter().position(|wanted| wanted == key));
            assert_eq!(found, wanted, "{formula}");
        }
    }

    #[test]
    fn what_changes_by_itself_or_does_not_fit_is_refused() {
        for (kind, formula, words) in [
            (json!({ "type": "integer" }), "piecs * 2", "pieces"),
            (json!({ "type": "integer" }), "pieces *", "line 1"),
            (json!({ "type": "integer" }), "price", "which out cannot hold"),
            (json!({ "type": "integer" }), "out + 1", "out"),
            (json!({ "type": "integer" }), "version + 1", "version"),
            (json!({ "type": "integer" }), "daysBetween(day, today())", "what day it is"),
            (json!({ "type": "text" }), "customer.name", "name"),
            (json!({ "type": "text" }), "about.name", "any_reference has no field name"),
            (json!({ "type": "text" }), "about", "which out cannot hold"),
            (json!({ "type": "address" }), "name", "which out cannot hold"),
        ] {
            let entity = entity(&kind, formula).unwrap();
            let error = Formula::of(&entity, entity.field("out").unwrap()).unwrap_err();
            assert!(error.contains(words), "{formula}: {error}");
        }
        let plain = entity(&json!({ "type": "text" }), "name").unwrap();
        assert!(Formula::of(&plain, plain.field("name").unwrap()).unwrap().is_none());
        assert!(matches!(plain.field("out").unwrap().kind, FieldKind::Text { .. }));
    }
}
