//! Cards in columns of a value move by setting the field: one update of the version that was read, whatever moves them.

use super::list_parts::lower;
use super::post::{envelope, hidden, own_address, subject};
use super::rights::Reached;
use super::value_columns::{Target, key_of};
use super::{address, form};
use crate::page::{PageContext, UNDO, Viewer, encode};
use domain::Verb;
use domain::records::Record;
use domain::schema::{Entity, Field, FieldKind};
use leptos::prelude::*;
use ui::{Menu, MenuItem, MenuLabel, MenuLink, MenuSeparator, MenuSide, Size};
use words::t;

/// Why nobody, or not this viewer, moves cards by this field, whatever the card.
pub fn fixed(viewer: &Viewer, field: &Field) -> Option<String> {
    if field.read_only {
        return Some(t!("{field} is set by the system: nothing is moved here", field = field.label));
    }
    form::write_missing(viewer, field)
}

/// Why this card stays where it is, or nothing.
pub fn missing(viewer: &Viewer, entity: &Entity, field: &Field, record: &Record, reached: &Reached) -> Option<String> {
    fixed(viewer, field).or_else(|| reached.missing(viewer, entity, Verb::Update, record))
}

/// "Move to" on a card; `reason` says why it cannot be moved.
pub fn menu(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    field: &Field,
    record: &Record,
    targets: &[Target],
    reason: Option<String>,
) -> AnyView {
    let name = t!("Move {record}", record = address::title(entity, record));
    let content = match reason {
        Some(reason) => view! { <MenuItem reason>{t!("Move")}</MenuItem> }.into_any(),
        None => view! {
            {move_form(page, viewer, entity, field, record, targets)}
            {another(page, viewer, entity, field, record)}
        }
        .into_any(),
    };
    view! { <Menu icon="ellipsis" name size=Size::Small side=MenuSide::End>{content}</Menu> }.into_any()
}

fn move_form(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    field: &Field,
    record: &Record,
    targets: &[Target],
) -> AnyView {
    let now = key_of(field, record);
    let items: Vec<AnyView> = targets
        .iter()
        .filter(|target| target.key != now)
        .map(|target| {
            let (name, value) = (format!("values.{}", field.key), target.key.clone());
            let (label, reason, hint) = (target.label.clone(), target.closed.clone(), target.full.clone());
            view! { <MenuItem name value reason hint>{label}</MenuItem> }.into_any()
        })
        .collect();
    let read = record.values.get(&field.key).cloned().unwrap_or_default().to_string();
    let done = t!("{entity} moved", entity = entity.labels.one);
    let title = t!("Change {field}", field = lower(&field.label));
    view! {
        <form method="post" action=viewer.action("records.update")>
            {subject(entity, record)}
            {hidden(format!("base.{}", field.key), read)}
            {hidden(UNDO, "1")}
            {envelope(page, &record.id.simple().to_string(), &own_address(page), &done)}
            <MenuLabel>{title}</MenuLabel>
            {items}
        </form>
    }
    .into_any()
}

/// The way to values that have no column here: rows and members that no card has yet.
fn another(page: &PageContext, viewer: &Viewer, entity: &Entity, field: &Field, record: &Record) -> Option<AnyView> {
    let pointing = matches!(field.kind, FieldKind::Member | FieldKind::Reference { .. } | FieldKind::Country);
    pointing.then(|| {
        let href = format!("{}/edit?back={}", address::of(viewer, entity, record), encode(&own_address(page)));
        let label = t!("Another {field}", field = lower(&field.label));
        view! { <MenuSeparator/><MenuLink href icon="pencil">{label}</MenuLink> }.into_any()
    })
}
