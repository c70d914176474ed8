//! The rows of a list as a table, which a phone shows as cards. What islands need stands in `data-` attributes.

use super::list_state::ListState;
use super::values::{Values, is_numeric};
use crate::page::{PageContext, Viewer, encode};
use domain::Verb;
use domain::records::Record;
use domain::schema::{Entity, Field, FieldKind, Sort};
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, Cell, DataTable, HeadActions, HeadCell, IconButton, Row, RowActions, Size, SortDirection,
    SortHead,
};

/// What all rows of one table share.
struct Frame<'a> {
    page: &'a PageContext,
    viewer: &'a Viewer,
    entity: &'a Entity,
    values: Values,
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
    let rows: Vec<AnyView> = rows.iter().map(|record| row(&frame, columns, record, acts)).collect();
    view! { <DataTable label=entity.labels.many.clone() head=head.into_any()>{rows}</DataTable> }.into_any()
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

fn row(frame: &Frame<'_>, columns: &[&Field], record: &Record, acts: bool) -> AnyView {
    let lead = columns.iter().position(|field| field.key == frame.entity.title).unwrap_or(0);
    let mut cells: Vec<AnyView> = columns
        .iter()
        .enumerate()
        .map(|(place, field)| if place == lead { lead_cell(frame, field, record) } else { cell(frame, field, record) })
        .collect();
    if frame.trash {
        let deleted = record.deleted_at.as_deref().map(|moment| frame.values.clock.moment(moment));
        cells.push(view! { <Cell label="Deleted">{deleted}</Cell> }.into_any());
    }
    if acts {
        cells.push(actions(frame, record));
    }
    view! { <Row id=record.id.to_string() version=record.version.to_string()>{cells}</Row> }.into_any()
}

/// What the row is called; the way to its page.
fn lead_cell(frame: &Frame<'_>, field: &Field, record: &Record) -> AnyView {
    let title = record
        .text(&field.key)
        .filter(|title| !title.is_empty())
        .or_else(|| record.text("number"))
        .unwrap_or("Without a name")
        .to_owned();
    let href = frame.viewer.path(&format!("{}/{}", frame.entity.plural, record.id));
    let (label, key) = (field.label.clone(), field.key.clone());
    view! { <Cell label lead=true field=key><a href=href>{title}</a></Cell> }.into_any()
}

fn cell(frame: &Frame<'_>, field: &Field, record: &Record) -> AnyView {
    let value = frame.values.cell(frame.entity, field, record);
    let (label, key, numeric) = (field.label.clone(), field.key.clone(), is_numeric(field));
    view! { <Cell label numeric field=key>{value}</Cell> }.into_any()
}

/// Edit, or out of the trash.
fn actions(frame: &Frame<'_>, record: &Record) -> AnyView {
    if frame.trash {
        // In the trash this is what one came for: always in sight.
        let restore = restore(frame, record);
        return view! { <Cell label="Actions" numeric=true>{restore}</Cell> }.into_any();
    }
    let edit = edit(frame, record);
    view! { <RowActions>{edit}</RowActions> }.into_any()
}

fn edit(frame: &Frame<'_>, record: &Record) -> AnyView {
    let href = frame.viewer.path(&format!("{}/{}/edit?back={}", frame.entity.plural, record.id, frame.back));
    let label = format!("Edit {}", record.text(&frame.entity.title).unwrap_or("this row"));
    view! { <IconButton icon="pencil" label href size=Size::Small/> }.into_any()
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
