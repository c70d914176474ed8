//! How a value looks, wherever it stands: list, record, board, timeline.

use super::upload;
use crate::page::PageContext;
use crate::time::Clock;
use domain::records::Record;
use domain::schema::{Catalog, Entity, Field, FieldKind, StateKind, States, place, pointing, value};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;
use ui::markup::{Markup, Text, drawn, html};
use ui::{Hue, Size, StateShape};
use words::t;

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
        drawn(self.cell_text(entity, field, record))
    }

    /// The same as text, for lists of many.
    pub fn cell_text(&self, entity: &Entity, field: &Field, record: &Record) -> Markup {
        let value = record.values.get(&field.key).unwrap_or(&Value::Null);
        if let (true, Some(id)) = (field.is_upload(), value.as_str()) {
            return upload::cell(&self.slug, entity, field, record, id);
        }
        if let (FieldKind::References { entity: target }, Some(ids)) = (&field.kind, value.as_array()) {
            return self.references(target, ids, &record.titles(&field.key));
        }
        self.value(entity, field, value, record.label(&field.key))
    }

    /// A value by itself; `label` is the title of the row or member that it points at.
    pub fn value(&self, entity: &Entity, field: &Field, value: &Value, label: Option<&str>) -> Markup {
        if value.is_null() {
            return ui::blank(None);
        }
        let raw = value.as_str().unwrap_or_default();
        // What has a form of its own, which needs no text beside it.
        match &field.kind {
            FieldKind::State if !raw.is_empty() => return state_text(entity.states.as_ref(), raw),
            FieldKind::Option { .. } if !raw.is_empty() => return option_chip(field, raw),
            FieldKind::Date { .. } if !raw.is_empty() => return self.clock.day_text(raw),
            FieldKind::Datetime if !raw.is_empty() => return self.clock.moment_text(raw),
            FieldKind::Text { .. } | FieldKind::LongText { .. } if !raw.is_empty() => {
                return html! { span.value-text dir="auto" { (Text(raw)) } };
            }
            _ => {}
        }
        let text = value::show(field, entity.states.as_ref(), value, label);
        if text.is_empty() {
            return ui::blank(None);
        }
        match &field.kind {
            FieldKind::Options { .. } => {
                let keys = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                let chips: Vec<Markup> = keys.map(|key| option_chip(field, key)).collect();
                html! { span.options { @for chip in &chips { (chip) } } }
            }
            FieldKind::Url => web_link(raw, &text),
            FieldKind::Geo => map_link(value, &text),
            FieldKind::Address => html! { span.value-text.value-address dir="auto" { (text) } },
            FieldKind::Money { .. } => {
                ui::money_text(&text, value::money(value).is_some_and(|money| money.minor() < 0))
            }
            FieldKind::Member => match label {
                Some(name) => ui::person(name, Size::Small, false, None),
                None => ui::blank(Some(t!("somebody who left"))),
            },
            FieldKind::Reference { entity: target } => self.reference(target, raw, label),
            FieldKind::AnyReference { .. } => self.any_reference(value, label),
            FieldKind::Email => ui::text_link(&format!("mailto:{raw}"), &html! { (Text(&text)) }),
            FieldKind::Phone => ui::text_link(&telephone(raw), &html! { bdi dir="ltr" { (Text(&text)) } }),
            FieldKind::Number => html! { span.mono { (Text(&text)) } },
            FieldKind::Integer { .. }
            | FieldKind::Decimal { .. }
            | FieldKind::Percentage { .. }
            | FieldKind::Duration { .. } => ui::money_text(&text, text.starts_with('-')),
            FieldKind::Text { .. }
            | FieldKind::LongText { .. }
            | FieldKind::File { .. }
            | FieldKind::Image { .. }
            | FieldKind::References { .. }
            | FieldKind::Country
            | FieldKind::Boolean
            | FieldKind::State
            | FieldKind::Option { .. }
            | FieldKind::Date { .. }
            | FieldKind::Datetime
            | FieldKind::Checklist => {
                html! { span.value-text dir="auto" { (Text(&text)) } }
            }
        }
    }

    /// Each of several rows as one by itself.
    fn references(&self, target: &str, ids: &[Value], titles: &[Option<&str>]) -> Markup {
        let links: Vec<Markup> = ids
            .iter()
            .enumerate()
            .map(|(at, id)| self.reference(target, id.as_str().unwrap_or_default(), titles.get(at).copied().flatten()))
            .collect();
        html! { span.options { @for link in &links { span { (link) } } } }
    }

    /// The same of one of several entities, with what it is: two of one name may be of two kinds. Of a row that the viewer may not see nothing is said.
    fn any_reference(&self, value: &Value, label: Option<&str>) -> Markup {
        let Some((entity, id)) = pointing::parts(value) else { return ui::blank(None) };
        let link = self.reference(entity, id, label);
        if label.is_none_or(str::is_empty) {
            return link;
        }
        let known = self.catalog.as_ref().and_then(|catalog| catalog.get(entity));
        let kind = known.map_or_else(|| pointing::heading(entity), |entity| entity.labels.one.clone());
        html! { span.any-reference { (link) " " span.any-reference-kind { (kind) } } }
    }

    /// The page of the referenced row. A row that the viewer may not see has no label, and no link either.
    fn reference(&self, target: &str, id: &str, label: Option<&str>) -> Markup {
        let Some(label) = label.filter(|label| !label.is_empty()) else {
            return ui::blank(Some(t!("not yours to see")));
        };
        match self.catalog.as_ref().and_then(|catalog| catalog.get(target)) {
            Some(target) => {
                ui::text_link(&format!("/w/{}/{}/{id}", self.slug, target.plural), &html! { (Text(label)) })
            }
            None => html! { span dir="auto" { (label) } },
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
            let open = || states.along(states.pipeline_of(key)).filter(|state| state.kind == StateKind::Open);
            StateShape::along(open().position(|state| state.key == key).unwrap_or(0), open().count())
        }
        None => StateShape::Paused,
    }
}

/// A state by hue, shape and word. A key that the description no longer knows is shown as it is.
pub fn state_chip(states: Option<&States>, key: &str) -> AnyView {
    drawn(state_text(states, key))
}

fn state_text(states: Option<&States>, key: &str) -> Markup {
    let Some(states) = states else { return ui::state_chip(key, Hue::default(), StateShape::Paused) };
    let (label, hue) = match states.get(key) {
        Some(state) => (state.label.as_str(), hue(state.hue, states.position(key))),
        None => (key, Hue::default()),
    };
    ui::state_chip(label, hue, state_shape(states, key))
}

/// One of the choices of an option field: a dot in its hue and the word. Filled chips are left to states, which matter more.
fn option_chip(field: &Field, key: &str) -> Markup {
    let found = field.choices().iter().enumerate().find(|(_, choice)| choice.key == key);
    let (hue, label) = match found {
        Some((place, choice)) => (hue(choice.hue, place), choice.label.as_str()),
        None => (Hue::default(), key),
    };
    html! { span class={ "option " (Text(hue.class())) } { span.option-mark {} span dir="auto" { (Text(label)) } } }
}

/// A link out of Nexus. What is no address of the web, because it was stored by other rules, is text.
fn web_link(url: &str, text: &str) -> Markup {
    let shown = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let shown = shown.strip_suffix('/').filter(|site| !site.contains('/')).unwrap_or(shown);
    if url.starts_with("https://") || url.starts_with("http://") {
        html! { a.link href=(url) target="_blank" rel="noopener noreferrer nofollow" { bdi dir="ltr" { (shown) } } }
    } else {
        html! { span.value-text dir="auto" { (text) } }
    }
}

/// `geo:` opens the maps of whoever looks, on a phone too, and tells no map service what is looked at.
fn map_link(value: &Value, text: &str) -> Markup {
    match place::micro_degrees(value) {
        Some(_) => {
            let href = format!("geo:{}", text.replace(' ', ""));
            html! { a.link href=(href) { bdi dir="ltr" { (text) } } }
        }
        None => html! { span.value-text { (text) } },
    }
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
