//! The form of any described entity: fields in groups, each kind with its control, what was typed kept, what is wrong said beside it.
//!
//! Names are `values.{key}`, of money `values.{key}.amount` and `.currency`, of other values with parts alike. `base.{key}` carries what was read, as JSON, so that a stale
//! save can say what it was.

use super::choices::{Choices, Offered};
use super::post::{carried, hidden};
use super::upload;
use crate::page::{PageContext, Replay, Viewer, set_status};
use crate::time::Clock;
use domain::currency;
use domain::records::Record;
use domain::schema::{Entity, Field, FieldKind, LONGEST_URL, pointing, value};
use leptos::prelude::*;
use serde_json::Value;
use ui::{
    Checkbox, Choice, DateInput, FieldSet, FormError, FormErrors, FormSection, MoneyInput, Select, TextArea, TextInput,
    Tick,
};
use words::t;

/// What the controls are filled from.
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    pub page: &'a PageContext,
    pub viewer: &'a Viewer,
    /// The row that is changed; a new one has none.
    pub record: Option<&'a Record>,
    pub replay: Option<&'a Replay>,
    pub choices: &'a Choices,
}

/// How a control stands.
#[derive(Clone, Copy, Default)]
pub struct Look {
    /// The label is only heard.
    pub bare: bool,
    pub autofocus: bool,
    /// Required here, whatever the description says.
    pub required: bool,
}

impl Look {
    /// In a form that asks for it.
    pub fn asked() -> Self {
        Self { required: true, ..Self::default() }
    }

    /// In the place of the value.
    pub fn inline() -> Self {
        Self { bare: true, autofocus: true, required: false }
    }
}

impl Draft<'_> {
    /// What stands in a control: what was typed, what the link asks for, what the row holds, the default of a new row.
    fn text(&self, field: &Field, part: Option<&str>) -> String {
        let name = part.map_or_else(|| name_of(field), |part| format!("{}.{part}", name_of(field)));
        if let Some(typed) = self.replay.and_then(|replay| replay.value(&name)) {
            return typed.to_owned();
        }
        // Not `query()`, which takes an emptied control for one that was not sent.
        if let Some((_, typed)) = self.page.query.iter().rev().find(|(key, _)| *key == name) {
            return typed.clone();
        }
        let held = match self.record {
            Some(record) => record.values.get(&field.key),
            None => match self.page.query(&field.key) {
                Some(asked) if part.is_none() => return asked.to_owned(),
                _ => field.default.as_ref(),
            },
        };
        let held = held.unwrap_or(&Value::Null);
        match (part, &field.kind) {
            (Some(_), _) => control_text(held, part),
            (None, FieldKind::Datetime) if self.record.is_some() => {
                Clock::new(&self.page.now, &self.viewer.timezone).shown(&control_text(held, None))
            }
            (None, _) => typed(field, held),
        }
    }

    /// The choices that are ticked.
    fn many(&self, field: &Field) -> Vec<String> {
        let name = name_of(field);
        let sent = |fields: &[(String, String)]| -> Option<Vec<String>> {
            let values: Vec<String> =
                fields.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.clone()).collect();
            (!values.is_empty()).then_some(values)
        };
        sent(self.replay.map_or(&[], |replay| &replay.fields))
            .or_else(|| sent(&self.page.query))
            .unwrap_or_else(|| self.text(field, None).split(',').map(str::to_owned).collect())
    }

    fn error(&self, field: &Field) -> Option<String> {
        let replay = self.replay?;
        let part = |(part, _): &(&str, &str)| replay.error_for(&format!("{}.{part}", field.key));
        replay.error_for(&field.key).or_else(|| field.parts().iter().find_map(part)).map(str::to_owned)
    }
}

fn name_of(field: &Field) -> String {
    format!("values.{}", field.key)
}

/// Id of the control that a fault of the field links to.
fn control_id(entity: &Entity, key: &str) -> String {
    let key = key.split('.').next().unwrap_or(key);
    match entity.field(key).map(|field| field.parts().first()) {
        Some(Some((part, _))) => format!("values.{key}.{part}"),
        Some(None) => format!("values.{key}"),
        None => String::new(),
    }
}

/// A canonical value as somebody could type it into one control.
pub fn typed(field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (FieldKind::Duration { .. } | FieldKind::Geo, value) => value::show(field, None, value, None),
        (FieldKind::AnyReference { .. }, value) => pointing::written(value).unwrap_or_default(),
        (FieldKind::Options { .. } | FieldKind::References { .. }, Value::Array(keys)) => {
            keys.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
        }
        (_, value) => control_text(value, None),
    }
}

/// A canonical value as its control wants it.
pub fn control_text(value: &Value, part: Option<&str>) -> String {
    let whole = match part {
        Some(part) => value.get(part).unwrap_or(&Value::Null),
        None => value,
    };
    match whole {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Fields that the viewer fills in, in the order of the description.
pub fn fields_of<'a>(viewer: &Viewer, entity: &'a Entity) -> Vec<&'a Field> {
    entity.editable().filter(|field| field.writable(&viewer.grants)).collect()
}

/// Some fields need a permission of their own.
pub fn may_see(viewer: &Viewer, field: &Field) -> bool {
    field.readable(&viewer.grants)
}

/// Why a field that can be edited is not this viewer's to edit.
pub fn write_missing(viewer: &Viewer, field: &Field) -> Option<String> {
    field.write_missing(&viewer.grants).map(|permission| t!("Needs the permission {permission}", permission))
}

/// Fields by their heading, in the order in which headings first appear; those without one come first.
pub fn groups<'a>(fields: &[&'a Field]) -> Vec<(Option<String>, Vec<&'a Field>)> {
    let mut groups: Vec<(Option<String>, Vec<&Field>)> = vec![(None, Vec::new())];
    for field in fields {
        match groups.iter_mut().find(|(group, _)| *group == field.group) {
            Some((_, members)) => members.push(field),
            None => groups.push((field.group.clone(), vec![field])),
        }
    }
    groups.retain(|(_, members)| !members.is_empty());
    groups
}

/// Every field in its section. In a form for a new row one begins to type in the first.
pub fn sections(draft: &Draft<'_>, fields: &[&Field]) -> Vec<AnyView> {
    let mut begins = draft.record.is_none() && draft.replay.is_none();
    groups(fields)
        .into_iter()
        .map(|(title, members)| {
            let long = members.iter().all(|field| matches!(field.kind, FieldKind::LongText { .. }));
            // A section of one field of the same name says it once.
            let mut look = |field: &Field| {
                let autofocus = std::mem::take(&mut begins);
                Look { bare: title.as_ref() == Some(&field.label), autofocus, ..Look::default() }
            };
            let controls: Vec<AnyView> = members.iter().map(|field| control(draft, field, look(field))).collect();
            view! { <FormSection title two_columns=!long>{controls}</FormSection> }.into_any()
        })
        .collect()
}

/// The values as they were read, for the conflict page.
pub fn base(draft: &Draft<'_>, fields: &[&Field]) -> Vec<AnyView> {
    let Some(record) = draft.record else { return Vec::new() };
    fields
        .iter()
        .map(|field| {
            let name = format!("base.{}", field.key);
            let read = draft.page.query(&name).map(str::to_owned);
            let value = read.unwrap_or_else(|| record.values.get(&field.key).unwrap_or(&Value::Null).to_string());
            hidden(name, value)
        })
        .collect()
}

/// The version that the values of the form were read at. A form that went to its own page to look something up keeps the first one, or a
/// change in between would be overwritten unseen.
pub fn read_version(page: &PageContext, record: &Record) -> String {
    page.query("version").map_or_else(|| record.version.to_string(), str::to_owned)
}

/// What is wrong, above the form.
pub fn problems(replay: &Replay, entity: &Entity, title: &str) -> AnyView {
    let mut errors: Vec<FormError> = replay
        .error
        .fields
        .iter()
        .map(|fault| {
            let key = fault.field.split('.').next().unwrap_or(&fault.field);
            let label = entity.field(key).map_or(fault.field.as_str(), |field| &field.label);
            FormError::new(control_id(entity, key), format!("{label}: {}", fault.message))
        })
        .collect();
    if errors.is_empty() {
        errors.push(FormError::new("", replay.error.message.clone()));
    }
    view! { <FormErrors errors title=title.to_owned()/> }.into_any()
}

/// The same of the form on this page that ran the operation, where it was refused; the page then has the status of the refusal.
pub fn refused(page: &PageContext, entity: &Entity, operation: &str, title: &str) -> Option<AnyView> {
    let replay = page.replay_of(operation)?;
    set_status(replay.error.kind.status());
    Some(problems(&replay, entity, title))
}

/// Whether a form of these fields holds a search of its own, and therefore needs [`default_button`].
pub fn searches(draft: &Draft<'_>, fields: &[&Field]) -> bool {
    fields.iter().any(|field| draft.choices.of(field).more)
}

/// Enter presses the first button of a form, which must not be the one of a search inside it.
pub fn default_button(draft: &Draft<'_>, fields: &[&Field]) -> Option<AnyView> {
    searches(draft, fields).then(|| {
        view! { <button type="submit" class="sr-only" tabindex="-1" aria-hidden="true">{t!("Save")}</button>{carried(draft.page)} }.into_any()
    })
}

/// The control of a field.
pub fn control(draft: &Draft<'_>, field: &Field, look: Look) -> AnyView {
    let (name, label) = (name_of(field), field.label.clone());
    let (hint, error) = (field.help.clone(), draft.error(field));
    let required = field.required || look.required;
    let (bare, autofocus) = (look.bare, look.autofocus);
    let value = draft.text(field, None);
    let text = |r#type: &'static str, maxlength: Option<u32>, mode: Option<&'static str>, hint: Option<String>| {
        let (name, label, value, error) = (name.clone(), label.clone(), value.clone(), error.clone());
        view! { <TextInput name label value r#type hint error required bare autofocus maxlength=maxlength.unwrap_or(400) inputmode=mode autocomplete="off"/> }
            .into_any()
    };
    match &field.kind {
        FieldKind::Text { max } => text("text", Some(*max), None, hint),
        FieldKind::LongText { max } => {
            view! { <TextArea name label value hint error required bare rows=5 maxlength=*max/> }.into_any()
        }
        FieldKind::Email => text("email", Some(254), None, hint),
        FieldKind::Phone => text("tel", Some(40), None, hint),
        FieldKind::Country => {
            text("text", Some(2), None, Some(hint.unwrap_or_else(|| t!("Two letters, such as KE or DE").to_owned())))
        }
        FieldKind::Url => text("text", Some(LONGEST_URL), Some("url"), hint),
        FieldKind::Integer { .. } => text("text", None, Some("numeric"), hint),
        FieldKind::Decimal { .. } => text("text", None, Some("decimal"), hint),
        FieldKind::Percentage { .. } => {
            let hint = match hint {
                None => t!("In percent").to_owned(),
                Some(help) => t!("{help} In percent.", help = ended(&help)),
            };
            text("text", None, Some("decimal"), Some(hint))
        }
        FieldKind::Duration { .. } => {
            text("text", None, None, Some(hint.unwrap_or_else(|| t!("Such as 1h 30m, or 1:30").to_owned())))
        }
        FieldKind::Geo => text(
            "text",
            Some(60),
            None,
            Some(hint.unwrap_or_else(|| t!("Latitude, longitude, such as -1.2921, 36.8219").to_owned())),
        ),
        FieldKind::Address => address(draft, field, look, error),
        FieldKind::Options { options } => {
            let choices = options.iter().map(|choice| Choice::new(choice.key.clone(), choice.label.clone())).collect();
            chosen(draft, field, choices, look, error)
        }
        FieldKind::References { .. } => references(draft, field, look, error),
        FieldKind::Money { .. } => money(draft, field, look, error),
        FieldKind::Boolean => {
            let checked = value == "true";
            view! { {hidden(name.clone(), "false")}<Checkbox name label checked hint error/> }.into_any()
        }
        FieldKind::Date { .. } => view! { <DateInput name label value hint error required bare/> }.into_any(),
        FieldKind::Datetime => {
            view! { <DateInput name label value with_time=true hint error required bare/> }.into_any()
        }
        FieldKind::Option { options } => {
            let choices = options.iter().map(|choice| Choice::new(choice.key.clone(), choice.label.clone())).collect();
            let blank = match (required, value.is_empty()) {
                (true, false) => None,
                (true, true) => Some(t!("Choose")),
                (false, _) => Some(t!("None")),
            };
            view! { <Select name label choices value blank hint error required bare/> }.into_any()
        }
        FieldKind::Reference { .. } | FieldKind::AnyReference { .. } | FieldKind::Member => {
            reference(draft, field, look, value, error)
        }
        FieldKind::File { .. } | FieldKind::Image { .. } => {
            field.upload().map(|takes| upload::control(draft, field, takes, look, value, error)).into_any()
        }
        // Made or moved by the server; no form shows them.
        FieldKind::State | FieldKind::Number | FieldKind::Checklist => ().into_any(),
    }
}

fn money(draft: &Draft<'_>, field: &Field, look: Look, error: Option<String>) -> AnyView {
    let name = name_of(field);
    let held = draft.text(field, Some("currency"));
    let chosen = if held.is_empty() { draft.viewer.currency.clone() } else { held };
    // The workspace's own currency first: it is the one that is nearly always meant.
    let mut currencies = vec![draft.viewer.currency.clone()];
    currencies
        .extend(currency::CODES.iter().filter(|code| **code != draft.viewer.currency).map(|code| (*code).to_owned()));
    view! {
        <MoneyInput
            name=format!("{name}.amount")
            currency_name=format!("{name}.currency")
            label=field.label.clone()
            value=draft.text(field, Some("amount"))
            currencies
            currency=chosen
            hint=field.help.clone()
            error
            required=field.required || look.required
            bare=look.bare
        />
    }
    .into_any()
}

/// A sentence with its full stop.
pub fn ended(words: &str) -> String {
    if words.ends_with('.') { words.to_owned() } else { format!("{words}.") }
}

/// One control for each part, in the order in which people write an address.
fn address(draft: &Draft<'_>, field: &Field, look: Look, error: Option<String>) -> AnyView {
    let name = name_of(field);
    let parts: Vec<AnyView> = field
        .parts()
        .iter()
        .map(|(part, label)| {
            let (name, value) = (format!("{name}.{part}"), draft.text(field, Some(part)));
            let label = words::say(label).to_owned();
            match *part {
                "street" => view! { <TextArea name label value rows=2 maxlength=200/> }.into_any(),
                "country" => {
                    let hint = t!("Two letters, such as KE or DE");
                    view! { <TextInput name label value maxlength=2 hint autocomplete="country"/> }.into_any()
                }
                part => {
                    let autocomplete = match part {
                        "postcode" => "postal-code",
                        "city" => "address-level2",
                        _ => "address-level1",
                    };
                    view! { <TextInput name label value maxlength=200 autocomplete/> }.into_any()
                }
            }
        })
        .collect();
    let bare = look.bare;
    view! { <FieldSet name=format!("{name}.street") label=field.label.clone() hint=field.help.clone() error required=field.required || look.required bare>
        <div class="address-parts">{parts}</div>
    </FieldSet> }
    .into_any()
}

/// A tick for each choice. The empty one says that the form carries the field at all: what has no tick is then taken out.
fn chosen(draft: &Draft<'_>, field: &Field, choices: Vec<Choice>, look: Look, error: Option<String>) -> AnyView {
    let name = name_of(field);
    let held = draft.many(field);
    let ticks: Vec<AnyView> = choices
        .into_iter()
        .enumerate()
        .map(|(place, Choice { value, label, .. })| {
            let name = name.clone();
            let checked = held.contains(&value);
            // The first has the id that a fault links to.
            let id = if place == 0 { name.clone() } else { format!("{name}-{value}") };
            view! { <Tick id name label value checked/> }.into_any()
        })
        .collect();
    let bare = look.bare;
    view! { <FieldSet name=name.clone() label=field.label.clone() hint=field.help.clone() error required=field.required || look.required bare>
        {hidden(name, String::new())}
        <div class="choice-ticks">{ticks}</div>
    </FieldSet> }
    .into_any()
}

fn reference(draft: &Draft<'_>, field: &Field, look: Look, value: String, error: Option<String>) -> AnyView {
    let Offered { choices, more, found } = draft.choices.of(field);
    let required = field.required || look.required;
    let nothing = choices.is_empty();
    let blank = match (&found, required) {
        (Some(_), _) if nothing => t!("Nothing found"),
        (Some(_), _) => t!("Choose from what was found"),
        (None, true) => t!("Choose"),
        (None, false) => t!("None"),
    };
    let select = view! {
        <Select
            name=name_of(field)
            label=field.label.clone()
            choices
            value
            blank
            hint=field.help.clone()
            error
            required
            bare=look.bare
        />
    };
    if !more {
        return select.into_any();
    }
    view! { <div class="reference">{select}{finder(draft, field, found)}</div> }.into_any()
}

/// A tick for each row that is offered; those that are chosen are always among them.
fn references(draft: &Draft<'_>, field: &Field, look: Look, error: Option<String>) -> AnyView {
    let Offered { choices, more, found } = draft.choices.of(field);
    let nothing = choices.is_empty().then(|| {
        let words = if found.is_some() { t!("Nothing found") } else { t!("There is nothing to choose from") };
        view! { <p class="field-hint">{words}</p> }
    });
    let ticks = chosen(draft, field, choices, look, error);
    let finder = more.then(|| finder(draft, field, found));
    view! { <div class="reference is-many">{ticks}{nothing}{finder}</div> }.into_any()
}

/// Looks for rows among more than are offered, by a button that sends the form to its own page.
fn finder(draft: &Draft<'_>, field: &Field, found: Option<String>) -> AnyView {
    let find = format!("find.{}", field.key);
    let label = t!("Find in {field}", field = field.label.to_lowercase());
    view! {
        <div class="reference-find">
            <input class="input" type="search" name=find value=found placeholder=t!("Name or number") aria-label=label autocomplete="off"/>
            <button class="btn btn-secondary size-m" type="submit" formmethod="get" formaction=draft.page.path.clone() formnovalidate=true>
                {t!("Find")}
            </button>
        </div>
    }
    .into_any()
}
