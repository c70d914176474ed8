//! The rows of a list as a table, which a phone shows as cards. What islands need stands in `data-` attributes.

use super::list_state::ListState;
use super::values::{Values, is_numeric};
use crate::page::{PageContext, Viewer, encode};
use domain::Verb;
use domain::records::Record;
use domain::schema::{Entity, Field, FieldKind, Sort};
use leptos::prelude::*;
use ui::markup::{Markup, PreEscaped, drawn, html};
use ui::{Button, ButtonKind, CellOf, DataTable, HeadActions, HeadCell, Size, SortDirection, SortHead};

/// What all rows of one table share.
struct Frame<'a> {
    page: &'a PageContext,
    viewer: &'a Viewer,
    entity: &'a Entity,
    values: Values,
    /// Path of the list, under which its rows are.
    list: String,
    /// Where the edit page leads back to.
    back: String,
    may_update: bool,
    may_restore: bool,
    trash: bool,
}

pub fn table(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    state: &ListState,
    columns: &[&Field],
    rows: &[Record],
) -> AnyView {
    let frame = Frame {
        page,
        viewer,
        entity,
        values: Values::of(page),
        list: viewer.path(&entity.plural),
        back: encode(&page.address()),
        may_update: viewer.may(entity, Verb::Update),
        may_restore: viewer.may(entity, Verb::Delete),
        trash: state.trash,
    };
    let acts = if state.trash { frame.may_restore } else { frame.may_update };
    let mut head: Vec<AnyView> = columns.iter().map(|field| head_cell(page, state, field)).collect();
    if state.trash {
        head.push(view! { <HeadCell label="Deleted"/> }.into_any());
    }
    if acts {
        head.push(view! { <HeadActions/> }.into_any());
    }
    // A row is one to two kilobytes; text that grows by doubling is copied as it grows.
    let mut text = String::with_capacity(rows.len() * 2048);
    for record in rows {
        text.push_str(&row(&frame, columns, record, acts).into_string());
    }
    let rows = PreEscaped(text);
    view! { <DataTable label=entity.labels.many.clone() head=head.into_any()>{drawn(rows)}</DataTable> }.into_any()
}

/// A header that leads to the other order: ascending first for words, descending first for amounts and days.
fn head_cell(page: &PageContext, state: &ListState, field: &Field) -> AnyView {
    let (label, numeric) = (field.label.clone(), is_numeric(field));
    if !field.indexed {
        return view! { <HeadCell label numeric/> }.into_any();
    }
    let now = state.sort.first().filter(|sort| sort.field == field.key);
    let direction = now.map(|sort| if sort.descending { SortDirection::Descending } else { SortDirection::Ascending });
    let falls_first = numeric || matches!(field.kind, FieldKind::Date { .. } | FieldKind::Datetime);
    let descending = now.map_or(falls_first, |sort| !sort.descending);
    let sort = Sort::print_list(&[Sort { field: field.key.clone(), descending }]);
    let own = state.view.sort.as_deref() == Some(sort.as_str());
    let href = page.with_query(&[("sort", (!own).then_some(sort.as_str()))]);
    view! { <SortHead label href direction numeric/> }.into_any()
}

fn row(frame: &Frame<'_>, columns: &[&Field], record: &Record, acts: bool) -> Markup {
    let lead = columns.iter().position(|field| field.key == frame.entity.title).unwrap_or(0);
    let cells = html! {
        @for (place, field) in columns.iter().enumerate() {
            (if place == lead { lead_cell(frame, field, record) } else { cell(frame, field, record) })
        }
        @if frame.trash {
            (ui::cell(CellOf { label: "Deleted", ..CellOf::default() }, &deleted(frame, record)))
        }
        @if acts { (actions(frame, record)) }
    };
    ui::row(&record.id.to_string(), Some(record.version), &cells)
}

/// What the row is called; the way to its page.
fn lead_cell(frame: &Frame<'_>, field: &Field, record: &Record) -> Markup {
    let title = record
        .text(&field.key)
        .filter(|title| !title.is_empty())
        .or_else(|| record.text("number"))
        .unwrap_or("Without a name");
    let content = html! { a href={ (frame.list) "/" (record.id) } { (title) } };
    ui::cell(CellOf { label: &field.label, lead: true, field: Some(&field.key), ..CellOf::default() }, &content)
}

fn cell(frame: &Frame<'_>, field: &Field, record: &Record) -> Markup {
    let of = CellOf { label: &field.label, numeric: is_numeric(field), lead: false, field: Some(&field.key) };
    ui::cell(of, &frame.values.cell_text(frame.entity, field, record))
}

fn deleted(frame: &Frame<'_>, record: &Record) -> Markup {
    html! { @if let Some(moment) = &record.deleted_at { (frame.values.clock.moment_text(moment)) } }
}

/// Edit, or out of the trash.
fn actions(frame: &Frame<'_>, record: &Record) -> Markup {
    if frame.trash {
        // In the trash this is what one came for: always in sight.
        let of = CellOf { label: "Actions", numeric: true, ..CellOf::default() };
        return ui::cell(of, &PreEscaped(restore(frame, record).to_html()));
    }
    let href = format!("{}/{}/edit?back={}", frame.list, record.id, frame.back);
    let label = format!("Edit {}", record.text(&frame.entity.title).unwrap_or("this row"));
    ui::row_actions(&ui::icon_link(&href, "pencil", &label, ButtonKind::Ghost, Size::Small))
}

fn restore(frame: &Frame<'_>, record: &Record) -> AnyView {
    let envelope = super::post::envelope(
        frame.page,
        &format!("restore-{}", record.id),
        &frame.page.address(),
        &format!("{} restored", frame.entity.labels.one),
    );
    view! {
        <form method="post" action=frame.viewer.action("records.restore")>
            {super::post::hidden("entity", frame.entity.key.clone())}
            {super::post::hidden("id", record.id.to_string())}
            {envelope}
            <Button kind=ButtonKind::Secondary size=Size::Small icon="undo-2" r#type="submit">"Restore"</Button>
        </form>
    }
    .into_any()
}
