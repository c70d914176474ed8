//! A filter read out: "Stage is Qualified or Proposal", "owner is me", "value over 5,000".

use super::list_parts::lower;
use crate::time::Clock;
use domain::schema::{Catalog, Comparison, Entity, Field, FieldKind, Filter, Test, duration, pointing, value};
use std::collections::BTreeMap;
use words::t;

/// Names of the members and rows that a filter points at, by id.
pub type Names = BTreeMap<String, String>;

pub struct Reader<'a> {
    pub entity: &'a Entity,
    /// What entities are called that a field may point at.
    pub catalog: Option<&'a Catalog>,
    pub names: &'a Names,
    pub clock: Clock,
}

/// A condition in the three parts of a sentence; a group of conditions is all value.
pub struct Phrase {
    pub field: String,
    pub relation: String,
    pub value: String,
}

impl Reader<'_> {
    pub fn parts(&self, filter: &Filter) -> Phrase {
        match filter {
            Filter::Test(test) => self.test(test),
            group => Phrase { field: String::new(), relation: String::new(), value: self.phrase(group) },
        }
    }

    pub fn phrase(&self, filter: &Filter) -> String {
        match filter {
            Filter::Test(test) => {
                let Phrase { field, relation, value } = self.test(test);
                format!("{field} {relation} {value}").trim_end().to_owned()
            }
            Filter::All(filters) => self.joined(filters, t!("and")),
            Filter::Any(filters) => self.joined(filters, t!("or")),
        }
    }

    fn joined(&self, filters: &[Filter], word: &str) -> String {
        let inner = |filter: &Filter| match filter {
            Filter::Test(_) => self.phrase(filter),
            group => format!("({})", self.phrase(group)),
        };
        filters.iter().map(inner).collect::<Vec<_>>().join(&format!(" {word} "))
    }

    fn test(&self, test: &Test) -> Phrase {
        let Some(field) = self.entity.field(&test.field) else {
            return Phrase { field: test.field.clone(), relation: String::new(), value: String::new() };
        };
        let (before, rest) = words::around(said(field, test.comparison), "field");
        let (relation, after) = words::around(rest, "value");
        Phrase {
            field: format!("{before}{}", field.label),
            relation: relation.trim().to_owned(),
            value: format!("{}{after}", self.values(field, test)),
        }
    }

    fn values(&self, field: &Field, test: &Test) -> String {
        let values: Vec<String> = test.values.iter().map(|text| self.value(field, text)).collect();
        match values.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [first @ .., last] => {
                let first = first.join(", ");
                match test.comparison {
                    Comparison::NotEquals | Comparison::NotIn => t!("{first} or {last}" in "behind not", first, last),
                    _ => t!("{first} or {last}", first, last),
                }
            }
        }
    }

    fn value(&self, field: &Field, text: &str) -> String {
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        match &field.kind {
            FieldKind::Member if text == "me" => t!("me").to_owned(),
            FieldKind::Option { options } | FieldKind::Options { options } => options
                .iter()
                .find(|choice| choice.key == text)
                .map_or_else(|| text.to_owned(), |choice| choice.label.clone()),
            FieldKind::State => self.entity.state_label(text).to_owned(),
            FieldKind::Date { .. } | FieldKind::Datetime => self.day(text),
            FieldKind::Boolean => if text == "true" { t!("yes") } else { t!("no") }.to_owned(),
            FieldKind::Money { .. } => match text.rsplit_once(' ') {
                Some((amount, currency)) => {
                    format!("{} {}", currency.to_uppercase(), grouped(amount.trim_end_matches(".00")))
                }
                None => grouped(text),
            },
            FieldKind::Integer { .. } | FieldKind::Decimal { .. } => grouped(text),
            FieldKind::Percentage { .. } => format!("{}%", text.trim_end_matches('%').trim_end()),
            FieldKind::Duration { .. } => {
                text.parse().or_else(|_| duration::parse(text)).map_or_else(|_| text.to_owned(), duration::show)
            }
            FieldKind::Text { .. }
            | FieldKind::Email
            | FieldKind::Phone
            | FieldKind::Url
            | FieldKind::LongText { .. } => {
                format!("“{text}”")
            }
            FieldKind::AnyReference { .. } if text.ends_with(":*") => {
                field.read_pointer(text).map_or_else(|_| text.to_owned(), |pointed| self.any(pointed.entity))
            }
            FieldKind::Member
            | FieldKind::Reference { .. }
            | FieldKind::References { .. }
            | FieldKind::AnyReference { .. } => t!("somebody or something that is gone").to_owned(),
            FieldKind::Country
            | FieldKind::Number
            | FieldKind::Address
            | FieldKind::Geo
            | FieldKind::Checklist
            | FieldKind::File { .. }
            | FieldKind::Image { .. } => text.to_owned(),
        }
    }

    /// Every row of an entity.
    fn any(&self, entity: &str) -> String {
        let known = self.catalog.and_then(|catalog| catalog.get(entity));
        let entity = known.map_or_else(|| pointing::words(entity), |known| lower(&known.labels.one));
        t!("any {entity}", entity)
    }

    /// `today`, `today-7`, `2026-11-21`, a moment.
    fn day(&self, text: &str) -> String {
        let Some(rest) = text.strip_prefix("today") else {
            return if text.contains('T') { self.clock.full(text) } else { value::show_date(text) };
        };
        match rest.parse::<i64>() {
            _ if rest.is_empty() => t!("today").to_owned(),
            Ok(1) => t!("tomorrow").to_owned(),
            Ok(-1) => t!("yesterday").to_owned(),
            Ok(days) if days < 0 => t!("{days} days ago" in "sentence", days = -days),
            Ok(days) => t!("{days} days from now", days),
            Err(_) => text.to_owned(),
        }
    }
}

/// What a condition says. A chip shows the parts one after the other, so the field stands before the value in every language; what else there
/// is may stand around both.
fn said(field: &Field, comparison: Comparison) -> &'static str {
    use Comparison::{
        Empty, Equals, Greater, GreaterOrEqual, In, Less, LessOrEqual, NotEmpty, NotEquals, NotIn, StartsWith,
    };
    let (many, days) = (field.is_many(), matches!(field.kind, FieldKind::Date { .. } | FieldKind::Datetime));
    match comparison {
        Equals | In if many => t!("{field} includes {value}"),
        Equals | In => t!("{field} is {value}"),
        NotEquals | NotIn if many => t!("{field} does not include {value}"),
        NotEquals | NotIn => t!("{field} is not {value}"),
        Less if days => t!("{field} is before {value}"),
        Less => t!("{field} under {value}"),
        LessOrEqual if days => t!("{field} is on or before {value}"),
        LessOrEqual => t!("{field} at most {value}"),
        Greater if days => t!("{field} is after {value}"),
        Greater => t!("{field} over {value}"),
        GreaterOrEqual if days => t!("{field} is on or after {value}"),
        GreaterOrEqual => t!("{field} at least {value}"),
        StartsWith => t!("{field} starts with {value}"),
        Empty => t!("{field} is empty"),
        NotEmpty => t!("{field} is not empty"),
    }
}

/// `5000` as `5,000`; what is no plain number stays as it is.
fn grouped(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let whole = domain::money::group_thousands(whole);
    fraction.map_or_else(|| whole.clone(), |fraction| format!("{whole}.{fraction}"))
}

/// Ids in a filter that stand for members and for rows, each with the field that holds it; of a row of one of several entities, the entity with it.
pub fn pointed<'a>(entity: &'a Entity, filter: &'a Filter) -> Vec<(&'a Field, &'a str)> {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => {
            filters.iter().flat_map(|filter| pointed(entity, filter)).collect()
        }
        Filter::Test(test) => {
            let points = |field: &&Field| field.kind == FieldKind::Member || !field.entities().is_empty();
            let Some(field) = entity.field(&test.field).filter(points) else { return Vec::new() };
            let is_id = |text: &&String| match field.is_any_reference() {
                true => field.read_pointer(text).is_ok(),
                false => uuid::Uuid::try_parse(text).is_ok(),
            };
            test.values.iter().filter(is_id).map(|id| (field, id.as_str())).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, Reader, grouped, pointed};
    use crate::time::Clock;
    use domain::schema::{Entity, Filter};
    use serde_json::json;

    #[test]
    fn a_row_of_one_of_several_entities_is_said_by_name_and_all_rows_by_their_entity() {
        let entity: Entity = serde_json::from_value(json!({
            "key": "call", "plural": "calls", "area": "crm", "table": "calls", "prefix": "CALL", "icon": "phone", "title": "about",
            "labels": { "one": "Call", "many": "Calls" },
            "fields": [{
                "key": "about", "label": "About", "indexed": true,
                "kind": { "type": "any_reference", "entities": ["customer", "ledger_account"] },
            }],
        }))
        .unwrap();
        let one = "customer:0199a000-0000-7000-8000-000000000001";
        let names = Names::from([(one.to_owned(), "Lake Gallery".to_owned())]);
        let clock = Clock::new("2026-11-21T09:00:00Z", "UTC");
        let reader = Reader { entity: &entity, catalog: None, names: &names, clock };
        for (text, said) in [
            (format!("about = {one}"), "About is Lake Gallery"),
            ("about = ledger_account:*".to_owned(), "About is any ledger account"),
            (format!("about not in ({one}, customer:*)"), "About is not Lake Gallery or any customer"),
            ("about is not empty".to_owned(), "About is not empty"),
        ] {
            let filter = Filter::parse(&text, &entity).unwrap();
            assert_eq!((reader.phrase(&filter).as_str(), filter.print()), (said, text));
        }
        let filter = Filter::parse(&format!("about in ({one}, customer:*, nonsense)"), &entity).unwrap();
        let ids: Vec<&str> = pointed(&entity, &filter).into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids, [one, "customer:*"]);
    }

    #[test]
    fn numbers_are_grouped_and_the_rest_is_left() {
        assert_eq!(grouped("5000"), "5,000");
        assert_eq!(grouped("-1250000.50"), "-1,250,000.50");
        assert_eq!(grouped("5,000"), "5,000");
        assert_eq!(grouped("abc"), "abc");
    }
}
