//! The left side of a record: its fields in groups. Each that may be changed has a pencil, which draws that one field as a form in its
//! place (`?edit={field}`).

use super::choices::Choices;
use super::form::{self, Draft, Look};
use super::post::{argument, base_address, envelope, hidden};
use super::rights::Reached;
use super::upload;
use super::values::Values;
use crate::page::{PageContext, Viewer};
use domain::records::Record;
use domain::schema::{Entity, Field, FieldKind, PIPELINE};
use domain::{BackendHandle, Result, Verb};
use leptos::prelude::*;
use ui::{ButtonKind, DescriptionList, DescriptionRow, IconButton, LinkButton, Size, SubmitButton};
use words::t;

/// Standard fields that say how the row came about, under a heading of their own.
const HISTORY: [&str; 4] = ["createdAt", "createdBy", "updatedAt", "updatedBy"];

pub async fn view(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
) -> Result<AnyView> {
    let shown: Vec<&Field> =
        entity.fields.iter().filter(|field| belongs(viewer, field) && says_something(record, field)).collect();
    let (history, own): (Vec<&Field>, Vec<&Field>) =
        shown.into_iter().partition(|field| HISTORY.contains(&field.key.as_str()));
    let closed = closed(viewer, backend, entity, record).await?;
    let may_edit = closed.is_none();
    let edited = argument(page, "edit")
        .and_then(|key| own.iter().find(|field| field.key == key))
        .filter(|field| may_edit && !field.read_only && field.writable(&viewer.grants));
    let inline = match edited {
        Some(field) => Some((field.key.clone(), inline_form(page, viewer, backend, entity, record, field).await?)),
        None => None,
    };
    let values = Values::of(page);
    let mut inline = inline;
    let mut lists: Vec<AnyView> = Vec::new();
    for (title, fields) in form::groups(&own) {
        let rows: Vec<AnyView> = fields
            .into_iter()
            .map(|field| {
                let form = inline.take_if(|(key, _)| *key == field.key).map(|(_, form)| form);
                // Where nothing can be edited the head of the page says why, once.
                let pencil = match form::write_missing(viewer, field) {
                    _ if field.read_only || !may_edit => Pencil::None,
                    Some(reason) => Pencil::Closed(reason),
                    None => Pencil::Open,
                };
                let value = values.cell(entity, field, record);
                let again = upload::again(page, viewer, entity, record, field);
                row(page, field, (value, again), pencil, form)
            })
            .collect();
        lists.push(view! { <DescriptionList title>{rows}</DescriptionList> }.into_any());
    }
    let past: Vec<AnyView> = history
        .into_iter()
        .map(|field| row(page, field, (values.cell(entity, field, record), None), Pencil::None, None))
        .collect();
    lists.push(view! { <DescriptionList title=t!("Record")>{past}</DescriptionList> }.into_any());
    Ok(view! { <div class="about" data-record-id=record.id.to_string() data-version=record.version.to_string() data-entity=entity.key.clone()>{lists}</div> }.into_any())
}

/// The way to edit one value.
enum Pencil {
    None,
    Open,
    /// Why not.
    Closed(String),
}

/// Why nothing of the record can be edited.
async fn closed(viewer: &Viewer, backend: &BackendHandle, entity: &Entity, record: &Record) -> Result<Option<String>> {
    let reached = Reached::load(viewer, backend, entity, Verb::Update, std::iter::once(record)).await?;
    Ok(reached
        .missing(viewer, entity, Verb::Update, record)
        .or_else(|| record.deleted_at.is_some().then(|| t!("It is in the trash").to_owned())))
}

/// Number, state and pipeline stand in the head of the page, the checklist beside it.
fn belongs(viewer: &Viewer, field: &Field) -> bool {
    let apart =
        matches!(field.kind, FieldKind::Number | FieldKind::State | FieldKind::Checklist) || field.key == PIPELINE;
    !apart && form::may_see(viewer, field)
}

/// What nobody can fill in by hand and nothing has filled in yet is left out.
fn says_something(record: &Record, field: &Field) -> bool {
    !field.read_only || record.values.get(&field.key).is_some_and(|value| !value.is_null())
}

/// A value with its pencil; what else can be done about it stands behind.
fn row(
    page: &PageContext,
    field: &Field,
    (value, act): (AnyView, Option<AnyView>),
    pencil: Pencil,
    form: Option<AnyView>,
) -> AnyView {
    let label = field.label.clone();
    if let Some(form) = form {
        return view! { <DescriptionRow label>{form}</DescriptionRow> }.into_any();
    }
    let edit = t!("Edit {field}", field = field.label);
    let pencil = match pencil {
        Pencil::None => None,
        Pencil::Open => {
            let href = format!("{}#values.{}", base_address(page, &[("edit", &field.key)]), field.key);
            Some(view! { <IconButton icon="pencil" label=edit href size=Size::Small/> }.into_any())
        }
        Pencil::Closed(reason) => {
            Some(view! { <IconButton icon="lock" label=edit reason size=Size::Small/> }.into_any())
        }
    };
    let key = field.key.clone();
    if matches!(field.kind, FieldKind::LongText { .. }) {
        let class = if field.group.as_ref() == Some(&label) { "sr-only" } else { "" };
        return view! {
            <div class="desc-row is-block"><dt class=class>{label}</dt><dd dir="auto"><span class="about-value" data-field=key>{value}{pencil}</span></dd></div>
        }
        .into_any();
    }
    view! { <DescriptionRow label><span class="about-value" data-field=key>{value}{pencil}</span>{act}</DescriptionRow> }
        .into_any()
}

/// One field as a form in the place of its value.
async fn inline_form(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
    field: &Field,
) -> Result<AnyView> {
    let fields = [field];
    let replay = page.replay_of("records.update");
    let choices = Choices::load(page, viewer, backend, &fields, Some(record)).await?;
    let draft = Draft { page, viewer, record: Some(record), replay: replay.as_deref(), choices: &choices };
    let back = base_address(page, &[]);
    let general = replay.as_deref().filter(|replay| replay.error.fields.is_empty());
    Ok(view! {
        <form class="inline-form" method="post" enctype=upload::enctype(&fields) action=viewer.action("records.update") data-form="inline">
            {general.map(|replay| form::problems(replay, entity, t!("This was not saved")))}
            {form::default_button(&draft, &fields)}
            {hidden("entity", entity.key.clone())}
            {hidden("id", record.id.to_string())}
            {hidden("version", form::read_version(page, record))}
            {form::base(&draft, &fields)}
            {envelope(page, "inline", &back, &t!("{field} saved", field = field.label))}
            {form::control(&draft, field, Look::inline())}
            <div class="inline-actions">
                <SubmitButton size=Size::Small>{t!("Save")}</SubmitButton>
                <LinkButton href=back.clone() kind=ButtonKind::Ghost size=Size::Small>{t!("Cancel")}</LinkButton>
            </div>
        </form>
    }
    .into_any())
}
