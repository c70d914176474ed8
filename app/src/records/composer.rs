//! The box above a timeline that writes down a call, a meeting or a note: a new activity that points at this record.

use super::form;
use super::list_parts::lower;
use super::post::{base_address, hidden, logging};
use super::related::Related;
use crate::page::{NOW, PageContext, Viewer};
use domain::Verb;
use domain::records::Record;
use domain::schema::{Entity, Field, FieldKind};
use leptos::prelude::*;
use ui::{Choice, Composer, Notice, Select, Size, SubmitButton, TextArea, TextInput, Tone};
use words::t;

/// What the composer asks of the activity entity, whatever its fields are called.
struct Parts<'a> {
    subject: &'a Field,
    kind: Option<&'a Field>,
    notes: Option<&'a Field>,
    happened: Option<&'a Field>,
}

fn parts(entity: &Entity) -> Option<Parts<'_>> {
    let mut own = entity.editable();
    Some(Parts {
        subject: entity.field(&entity.title)?,
        kind: entity.editable().find(|field| matches!(field.kind, FieldKind::Option { .. }) && field.required),
        notes: entity.editable().find(|field| matches!(field.kind, FieldKind::LongText { .. })),
        happened: own.find(|field| matches!(field.kind, FieldKind::Datetime)),
    })
}

/// `?log={kind}` chooses the kind beforehand: the "Log call" of the head.
pub fn view(page: &PageContext, viewer: &Viewer, record: &Record, related: &Related) -> Option<AnyView> {
    let entity = related.entity.as_ref();
    let parts = parts(entity)?;
    if record.deleted_at.is_some() || related.read_only {
        return None;
    }
    if let Some(reason) = viewer.missing(entity, Verb::Create) {
        let text = t!("{reason} to write down calls and notes here.", reason);
        return Some(view! { <Notice tone=Tone::Neutral>{text}</Notice> }.into_any());
    }
    let replay = page.replay_of("records.create");
    let typed = |field: &Field| {
        replay.as_deref().and_then(|replay| replay.value(&format!("values.{}", field.key))).map(str::to_owned)
    };
    let name = |field: &Field| format!("values.{}", field.key);
    let log = page.query("log").map(str::to_owned);
    let kind = parts.kind.map(|field| {
        let choices =
            field.choices().iter().map(|choice| Choice::new(choice.key.clone(), choice.label.clone())).collect();
        let default = field.default.as_ref().and_then(|value| value.as_str()).map(str::to_owned);
        let value = typed(field).or_else(|| log.clone()).or(default);
        view! { <Select name=name(field) label=field.label.clone() choices value bare=true/> }
    });
    let notes = parts.notes.map(|field| {
        view! { <TextArea name=name(field) label=field.label.clone() value=typed(field) rows=2 placeholder=t!("What was said, what was agreed") bare=true/> }
    });
    let subject = parts.subject;
    let error = replay.as_deref().and_then(|replay| replay.error_for(&subject.key)).map(str::to_owned);
    let next = base_address(page, &[]);
    let focus = log.is_some();
    let one = lower(&entity.labels.one);
    // A call is written down when it ends, on a page that may have been open since before it began. The activity itself lets one correct it.
    let happened = parts.happened.map(|field| hidden(name(field), NOW));
    let (subject_name, label, value) = (name(subject), subject.label.clone(), typed(subject));
    let placeholder = t!("Write down a call, a meeting, a note");
    let line = view! {
        <TextInput name=subject_name label value error required=true bare=true autofocus=focus placeholder autocomplete="off"/>
        {notes}
    };
    let verb = t!("Save {entity}", entity = one);
    let foot = view! { {kind}<SubmitButton size=Size::Small>{verb}</SubmitButton> };
    Some(
        view! {
            <form id="composer" method="post" action=viewer.action("records.create") data-form="composer">
                {replay.as_deref().map(|replay| form::problems(replay, entity, &t!("The {entity} was not saved", entity = one)))}
                {hidden("entity", entity.key.clone())}
                {hidden(format!("values.{}", related.field), related.pointer(record.id))}
                {happened}
                {logging(page, "composer", &next, &t!("{entity} saved", entity = entity.labels.one))}
                <Composer foot=foot.into_any()>{line}</Composer>
            </form>
        }
        .into_any(),
    )
}
