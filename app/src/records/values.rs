//! How a value looks, wherever it stands: list, record, board, timeline.

use crate::page::PageContext;
use crate::time::Clock;
use domain::records::Record;
use domain::schema::{Catalog, Entity, Field, FieldKind, StateKind, States, value};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;
use ui::{Avatar, Blank, Hue, MoneyText, Size, StateChip, StateShape, TextLink};

/// What drawing values needs to know of the page; made once and used for every cell.
#[derive(Clone)]
pub struct Values {
    pub clock: Clock,
    slug: String,
    catalog: Option<Arc<Catalog>>,
}

impl Values {
    pub fn of(page: &PageContext) -> Self {
        match &page.viewer {
            Some(viewer) => Self {
                clock: Clock::new(&page.now, &viewer.timezone),
                slug: viewer.slug.clone(),
                catalog: Some(viewer.catalog.clone()),
            },
            None => Self { clock: Clock::new(&page.now, "UTC"), slug: String::new(), catalog: None },
        }
    }

    /// The value of a field of a row. What is empty says so.
    pub fn cell(&self, entity: &Entity, field: &Field, record: &Record) -> AnyView {
        let value = record.values.get(&field.key).unwrap_or(&Value::Null);
        self.value(entity, field, value, record.label(&field.key))
    }

    /// A value by itself; `label` is the title of the row or member that it points at.
    pub fn value(&self, entity: &Entity, field: &Field, value: &Value, label: Option<&str>) -> AnyView {
        let text = value::show(field, entity.states.as_ref(), value, label);
        if text.is_empty() {
            return view! { <Blank/> }.into_any();
        }
        let raw = value.as_str().unwrap_or_default();
        match &field.kind {
            FieldKind::State => state_chip(entity.states.as_ref(), raw),
            FieldKind::Option { .. } => option_chip(field, raw),
            FieldKind::Money { .. } => {
                let negative = value::money(value).is_some_and(|money| money.minor() < 0);
                view! { <MoneyText text negative/> }.into_any()
            }
            FieldKind::Date { .. } => self.clock.day(raw),
            FieldKind::Datetime => self.clock.moment(raw),
            FieldKind::Member => match label {
                Some(name) => member(name),
                None => view! { <Blank label="somebody who left"/> }.into_any(),
            },
            FieldKind::Reference { entity: target } => self.reference(target, raw, label),
            FieldKind::Email => view! { <TextLink href=format!("mailto:{raw}")>{text}</TextLink> }.into_any(),
            FieldKind::Phone => {
                view! { <TextLink href=telephone(raw)><bdi dir="ltr">{text}</bdi></TextLink> }.into_any()
            }
            FieldKind::Number => view! { <span class="mono">{text}</span> }.into_any(),
            FieldKind::Integer { .. } | FieldKind::Decimal { .. } => {
                view! { <span class="money">{text}</span> }.into_any()
            }
            FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Country | FieldKind::Boolean => {
                view! { <span class="value-text" dir="auto">{text}</span> }.into_any()
            }
        }
    }

    /// The page of the referenced row. A row that the viewer may not see has no label, and no link either.
    fn reference(&self, target: &str, id: &str, label: Option<&str>) -> AnyView {
        let Some(label) = label.filter(|label| !label.is_empty()) else {
            return view! { <Blank label="not yours to see"/> }.into_any();
        };
        match self.catalog.as_ref().and_then(|catalog| catalog.get(target)) {
            Some(target) => {
                let (href, label) = (format!("/w/{}/{}/{id}", self.slug, target.plural), label.to_owned());
                view! { <TextLink href>{label}</TextLink> }.into_any()
            }
            None => view! { <span dir="auto">{label.to_owned()}</span> }.into_any(),
        }
    }
}

/// Whether the value stands at the end of its cell.
pub fn is_numeric(field: &Field) -> bool {
    field.is_numeric()
}

/// 1 to 8 of a description, else the place in the list.
pub fn hue(described: Option<u8>, place: usize) -> Hue {
    described.filter(|hue| *hue > 0).map_or(Hue::nth(place), |hue| Hue::nth(usize::from(hue) - 1))
}

/// The shape that a state has beside its colour.
pub fn state_shape(states: &States, key: &str) -> StateShape {
    match states.get(key).map(|state| state.kind) {
        Some(StateKind::Won | StateKind::Done) => StateShape::Done,
        Some(StateKind::Lost) => StateShape::Lost,
        Some(StateKind::Open) => {
            let open = || states.list.iter().filter(|state| state.kind == StateKind::Open);
            StateShape::along(open().position(|state| state.key == key).unwrap_or(0), open().count())
        }
        None => StateShape::Paused,
    }
}

/// A state by hue, shape and word. A key that the description no longer knows is shown as it is.
pub fn state_chip(states: Option<&States>, key: &str) -> AnyView {
    let Some(states) = states else {
        return view! { <StateChip label=key shape=StateShape::Paused/> }.into_any();
    };
    let (label, hue) = match states.get(key) {
        Some(state) => (state.label.clone(), hue(state.hue, states.position(key))),
        None => (key.to_owned(), Hue::default()),
    };
    view! { <StateChip label hue shape=state_shape(states, key)/> }.into_any()
}

/// One of the choices of an option field: a dot in its hue and the word. Filled chips are left to states, which matter more.
pub fn option_chip(field: &Field, key: &str) -> AnyView {
    let found = field.choices().iter().enumerate().find(|(_, choice)| choice.key == key);
    let (hue, label) = match found {
        Some((place, choice)) => (hue(choice.hue, place), choice.label.clone()),
        None => (Hue::default(), key.to_owned()),
    };
    view! { <span class=format!("option {}", hue.class())><span class="option-mark"></span><span dir="auto">{label}</span></span> }.into_any()
}

/// A member by avatar and name.
pub fn member(name: &str) -> AnyView {
    view! { <span class="person"><Avatar name size=Size::Small/><span class="person-name" dir="auto">{name.to_owned()}</span></span> }.into_any()
}

/// `tel:` takes digits and a leading plus; what people type between them goes.
fn telephone(typed: &str) -> String {
    let number = typed.split(['x', '#', ',', '*', 'e']).next().unwrap_or(typed);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let plus = if number.trim_start().starts_with('+') { "+" } else { "" };
    format!("tel:{plus}{digits}")
}

#[cfg(test)]
mod tests {
    use super::telephone;

    #[test]
    fn telephone_links_hold_what_can_be_dialled() {
        assert_eq!(telephone("+254 (0)712 345-678"), "tel:+2540712345678");
        assert_eq!(telephone("0712.345.678 ext 12"), "tel:0712345678");
        assert_eq!(telephone("020 123 x5"), "tel:020123");
    }
}
