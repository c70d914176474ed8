//! Values that point at a row of one of several entities: of which it is, and which row.
//!
//! On the wire it is `{"entity": "customer", "id": "..."}`. Forms, addresses and filters hold texts, so there it is `customer:<id>`, and in a filter
//! `customer:*` means every row of that entity.

use super::{Field, FieldKind};
use crate::text::{listed, nearest, normal};
use serde_json::{Value, json};
use uuid::Uuid;
use words::t;

/// In the place of an id: whichever row it is.
const ANY: &str = "*";

/// A row, or with no id all rows of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointed<'a> {
    /// Key of the entity, as the description has it.
    pub entity: &'a str,
    pub id: Option<Uuid>,
}

impl Field {
    /// Whether its rows may be of several entities, so that a value says which.
    pub const fn is_any_reference(&self) -> bool {
        matches!(self.kind, FieldKind::AnyReference { .. })
    }

    /// The entities that its values point at.
    pub fn entities(&self) -> &[String] {
        match &self.kind {
            FieldKind::Reference { entity } | FieldKind::References { entity } => std::slice::from_ref(entity),
            FieldKind::AnyReference { entities } => entities,
            _ => &[],
        }
    }

    pub fn points_at(&self, entity: &str) -> bool {
        self.entities().iter().any(|known| known == entity)
    }

    /// The column that holds what points at rows of this entity, one of [`Field::entities`].
    pub fn column_to(&self, entity: &str) -> String {
        match self.kind {
            FieldKind::AnyReference { .. } => format!("{}_{entity}_id", self.column()),
            _ => self.column(),
        }
    }

    /// What a form or a filter writes of a row that this field points at.
    pub fn pointer(&self, entity: &str, id: &str) -> String {
        if self.is_any_reference() { format!("{entity}:{id}") } else { id.to_owned() }
    }

    /// Reads `customer:<id>` and, of a filter, `customer:*`. Entities are known by their key in any spelling.
    ///
    /// # Errors
    /// What is wrong, in words for the person: the text names no entity, one that the field does not point at, or no id.
    pub fn read_pointer(&self, text: &str) -> Result<Pointed<'_>, String> {
        let entities = self.entities();
        let Some((entity, id)) = text.trim().split_once(':') else {
            let (known, shapes) = (known(entities), shapes(entities));
            return Err(t!("{text} is not a known {entities}; write {shapes}", text, entities = known, shapes));
        };
        let entity = self.entity_named(entity)?;
        let id = match id.trim() {
            ANY => None,
            id => Some(Uuid::try_parse(id).map_err(|_| no_such(id, entity))?),
        };
        Ok(Pointed { entity, id })
    }

    /// The key of the entity that a word before a colon names.
    fn entity_named(&self, word: &str) -> Result<&str, String> {
        let (entities, wanted) = (self.entities(), normal(&word.replace('_', " ")));
        let found = entities.iter().find(|key| normal(&words(key)) == wanted);
        found.map(String::as_str).ok_or_else(|| {
            let meant = nearest(word, entities.iter().map(String::as_str));
            let meant = meant.map_or_else(String::new, |meant| t!("; did you mean {meant}?", meant));
            let known = known(entities);
            t!("{text} is not a known {entities}{meant}", text = word.trim(), entities = known, meant)
        })
    }

    /// What stands before the colon, where that names one of the entities, and the rest: `Customer: Lake Ltd`. A name may hold a colon of its own.
    pub fn split_pointer<'t>(&self, text: &'t str) -> (Option<&str>, &'t str) {
        let named = text.split_once(':').and_then(|(word, rest)| Some((self.entity_named(word).ok()?, rest.trim())));
        named.map_or((None, text), |(entity, rest)| (Some(entity), rest))
    }
}

/// The two parts of a value.
pub fn parts(value: &Value) -> Option<(&str, &str)> {
    Some((value.get("entity")?.as_str()?, value.get("id")?.as_str()?))
}

/// A value as forms and filters write it.
pub fn written(value: &Value) -> Option<String> {
    parts(value).map(|(entity, id)| format!("{entity}:{id}"))
}

pub fn value(entity: &str, id: Uuid) -> Value {
    json!({ "entity": entity, "id": id.to_string() })
}

/// A key as people read it inside a sentence: `ledger account`.
pub fn words(entity: &str) -> String {
    entity.replace('_', " ")
}

/// The same at the beginning of a text: `Ledger account`.
pub fn heading(entity: &str) -> String {
    let words = words(entity);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `customer, lead or opportunity`.
pub fn known(entities: &[String]) -> String {
    let names: Vec<String> = entities.iter().map(|entity| words(entity)).collect();
    listed(&names, t!("or"))
}

fn shapes(entities: &[String]) -> String {
    let shapes: Vec<String> = entities.iter().map(|entity| format!("{entity}:ID")).collect();
    listed(&shapes, t!("or"))
}

fn no_such(id: &str, entity: &str) -> String {
    t!("{text} is not a known {entity}", text = id, entity = words(entity))
}

/// The canonical form.
pub(super) fn check_pointing(field: &Field, value: &Value) -> Result<Value, String> {
    let Value::Object(members) = value else {
        return Err(t!("{value} should be an entity and an id", value));
    };
    if let Some(other) = members.keys().find(|key| !matches!(key.as_str(), "entity" | "id")) {
        return Err(t!("What is pointed at is written as an entity and an id; {other} is neither", other));
    }
    // As a program says it that asks for the row of a reference which is empty.
    if value.get("id").is_some_and(Value::is_null) {
        return Ok(Value::Null);
    }
    let Some((entity, id)) = parts(value) else {
        return Err(t!("What is pointed at is written as an entity and an id").to_owned());
    };
    let entity = field.entity_named(entity)?;
    let id = Uuid::try_parse(id).map_err(|_| no_such(id, entity))?;
    Ok(self::value(entity, id))
}

/// A value that was typed.
pub(super) fn read_pointing(field: &Field, text: &str) -> Result<Value, String> {
    match field.read_pointer(text)? {
        Pointed { entity, id: Some(id) } => Ok(value(entity, id)),
        Pointed { entity, id: None } => Err(t!("Say which {entity} is meant", entity = words(entity))),
    }
}

/// For people: the title behind the entity, since two of one name may be of two kinds.
pub(super) fn show_pointing(value: &Value, label: Option<&str>) -> String {
    parts(value).map_or_else(String::new, |(entity, id)| format!("{}: {}", heading(entity), label.unwrap_or(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199a000-0000-7000-8000-000000000001";

    fn field() -> Field {
        let kind = json!({ "type": "any_reference", "entities": ["customer", "ledger_account"] });
        serde_json::from_value(json!({ "key": "about", "label": "About", "kind": kind })).unwrap()
    }

    #[test]
    fn a_value_names_an_entity_of_the_field_and_an_id() {
        let field = field();
        let right = json!({ "entity": "customer", "id": ID });
        assert_eq!(check_pointing(&field, &right), Ok(right.clone()));
        assert_eq!(read_pointing(&field, &format!(" Customer: {ID} ")), Ok(right.clone()));
        assert_eq!(written(&right).as_deref(), Some(format!("customer:{ID}").as_str()));
        assert_eq!(read_pointing(&field, &written(&right).unwrap()), Ok(right));
        assert_eq!(check_pointing(&field, &json!({ "entity": "customer", "id": null })), Ok(Value::Null));
        for (wrong, says) in [
            (json!(ID), "should be an entity and an id"),
            (json!({ "id": ID }), "is written as an entity and an id"),
            (json!({ "entity": "customer", "id": 4 }), "is written as an entity and an id"),
            (json!({ "entity": "customer", "id": ID, "name": "x" }), "name is neither"),
            (json!({ "entity": "custmer", "id": ID }), "did you mean customer?"),
            (json!({ "entity": "lead", "id": ID }), "lead is not a known customer or ledger account"),
            (json!({ "entity": "customer", "id": "Lake" }), "Lake is not a known customer"),
        ] {
            let problem = check_pointing(&field, &wrong).unwrap_err();
            assert!(problem.contains(says), "{wrong}: {problem}");
        }
    }

    #[test]
    fn every_row_of_an_entity_can_be_asked_for_and_not_be_kept() {
        let field = field();
        assert_eq!(field.read_pointer("customer:*"), Ok(Pointed { entity: "customer", id: None }));
        assert!(field.read_pointer(ID).unwrap_err().contains("write customer:ID or ledger_account:ID"));
        assert!(field.read_pointer("lead:*").is_err());
        assert_eq!(read_pointing(&field, "customer:*").unwrap_err(), "Say which customer is meant");
    }

    #[test]
    fn a_name_may_hold_a_colon() {
        let field = field();
        assert_eq!(field.split_pointer("Ledger account: 1000"), (Some("ledger_account"), "1000"));
        assert_eq!(field.split_pointer("Lake: the second"), (None, "Lake: the second"));
        assert_eq!(field.split_pointer("customer: Lake: the second"), (Some("customer"), "Lake: the second"));
    }

    #[test]
    fn each_entity_has_a_column_of_its_own() {
        let field = field();
        assert_eq!(field.columns(), ["about_customer_id", "about_ledger_account_id"]);
        assert_eq!(field.column_to("ledger_account"), "about_ledger_account_id");
        assert!(field.points_at("customer") && !field.points_at("lead") && !field.is_ordered());
    }

    #[test]
    fn it_is_shown_with_its_entity() {
        let value = json!({ "entity": "ledger_account", "id": ID });
        assert_eq!(show_pointing(&value, Some("Bank")), "Ledger account: Bank");
        assert_eq!(show_pointing(&value, None), format!("Ledger account: {ID}"));
    }
}
