//! The rows of a list as a table, which a phone shows as cards. What islands need stands in `data-` attributes.

use super::bulk_parts;
use super::list_state::ListState;
use super::values::{Values, is_numeric};
use super::widths::Widths;
use crate::page::{PageContext, Viewer, encode};
use domain::Verb;
use domain::records::Record;
use domain::schema::query::MAX_SORTS;
use domain::schema::{Entity, Field, FieldKind, Sort};
use domain::views::WIDEST;
use leptos::prelude::*;
use ui::markup::{HOLES, Markup, Mould, PreEscaped, Render, drawn, html};
use ui::{
    Button, ButtonKind, CellOf, DataTable, Edge, HeadActions, HeadCell, HeadCheck, Size, SortDirection, SortHead,
};
use words::t;

/// What all rows of one table share.
struct Frame<'a> {
    page: &'a PageContext,
    viewer: &'a Viewer,
    entity: &'a Entity,
    values: Values,
    widths: &'a Widths,
    /// Path of the list, under which its rows are.
    list: String,
    /// Where the edit page leads back to.
    back: String,
    may_update: bool,
    may_restore: bool,
    trash: bool,
    /// Whether rows can be chosen, for doing something to many.
    choose: bool,
    /// Behind the addresses of rows of the past.
    as_of: String,
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
        widths: &state.widths,
        list: viewer.path(&entity.plural),
        back: encode(&page.address()),
        may_update: viewer.may(entity, Verb::Update),
        may_restore: viewer.may(entity, Verb::Delete),
        trash: state.trash,
        choose: bulk_parts::offered(viewer, entity, state),
        as_of: state.as_of.as_deref().map(|at| format!("?as_of={}", encode(at))).unwrap_or_default(),
    };
    let acts = state.as_of.is_none() && if state.trash { frame.may_restore } else { frame.may_update };
    let check = frame.choose.then(|| view! { <HeadCheck/> }.into_any());
    let mut head: Vec<AnyView> = check.into_iter().collect();
    head.extend(columns.iter().map(|field| head_cell(page, state, field)));
    if state.trash {
        head.push(view! { <HeadCell label=t!("Deleted")/> }.into_any());
    }
    if acts {
        head.push(view! { <HeadActions/> }.into_any());
    }
    let moulds = Moulds::of(&frame, columns, acts);
    // A row is one to two kilobytes; text that grows by doubling is copied as it grows.
    let mut text = String::with_capacity(rows.len() * 2048);
    for record in rows {
        row(&frame, &moulds, columns, record, &mut text);
    }
    let rows = PreEscaped(text);
    view! { <DataTable label=entity.labels.many.clone() head=head.into_any()>{drawn(rows)}</DataTable> }.into_any()
}

/// A header that leads to the other order: ascending first for words, descending first for amounts and days.
fn head_cell(page: &PageContext, state: &ListState, field: &Field) -> AnyView {
    let (label, numeric) = (field.label.clone(), is_numeric(field));
    let edge = Some(Edge { key: field.key.clone(), width: state.widths.get(&field.key).copied(), most: WIDEST });
    if !field.is_sorting() {
        return view! { <HeadCell label numeric edge/> }.into_any();
    }
    let place = state.sort.iter().position(|sort| sort.field == field.key);
    let now = place.and_then(|place| state.sort.get(place));
    let direction = now.map(|sort| if sort.descending { SortDirection::Descending } else { SortDirection::Ascending });
    let falls_first = numeric || matches!(field.kind, FieldKind::Date { .. } | FieldKind::Datetime);
    let descending = now.map_or(falls_first, |sort| !sort.descending);
    let turned = Sort { field: field.key.clone(), descending };
    let several = state.sort.len() > 1;
    // One of several turns round in its place; a column that does not sort yet takes the place of all.
    let sorts = match place.filter(|_| several) {
        Some(place) => {
            let mut sorts = state.sort.clone();
            sorts[place] = turned.clone();
            sorts
        }
        None => vec![turned.clone()],
    };
    let add = (place.is_none() && !state.sort.is_empty() && state.sort.len() < MAX_SORTS).then(|| {
        let sorts: Vec<Sort> = state.sort.iter().cloned().chain([turned]).collect();
        page.with_query(&[("sort", Some(&Sort::print_list(&sorts)))])
    });
    let sort = Sort::print_list(&sorts);
    let own = state.view.sort.as_deref() == Some(sort.as_str());
    let href = page.with_query(&[("sort", (!own).then_some(sort.as_str()))]);
    let rank = place.filter(|_| several).map(|place| place + 1);
    view! { <SortHead label href direction numeric rank add_href=add edge/> }.into_any()
}

/// What is the same in every row. Its holes are the row's id and what it is called, or the content of a cell.
struct Moulds {
    /// Around the cells, with the version in the hole of the name.
    row: Mould,
    check: Option<Mould>,
    /// Of the columns, in their order; of the one that names the row the link is part of it.
    cells: Vec<Mould>,
    lead: usize,
    /// The last cell, where one may do something.
    acts: Option<Acts>,
}

enum Acts {
    Edit(Mould),
    /// A form of its own for each row.
    Restore,
}

impl Moulds {
    fn of(frame: &Frame<'_>, columns: &[&Field], acts: bool) -> Self {
        let [id, name, content] = HOLES;
        // Without a version nothing of the past can be edited in its place.
        let version = frame.as_of.is_empty().then_some(name);
        let check = frame
            .choose
            .then(|| ui::row_check("row", id, &t!("Choose {record}", record = name), false, Some(bulk_parts::FORM)));
        let lead = columns.iter().position(|field| field.key == frame.entity.title).unwrap_or(0);
        let link = html! { a href={ (frame.list) "/" (id) (frame.as_of) } { (name) } };
        let inside = PreEscaped(content.to_owned());
        let cell = |(place, field): (usize, &&Field)| {
            let (label, key) = (field.label.as_str(), Some(field.key.as_str()));
            let lead = place == lead;
            let (numeric, width) = (!lead && is_numeric(field), frame.widths.get(&field.key).copied());
            Mould::of(ui::cell(CellOf { label, numeric, lead, field: key, width }, if lead { &link } else { &inside }))
        };
        let edit = || {
            let href = format!("{}/{id}/edit?back={}", frame.list, frame.back);
            let label = t!("Edit {record}", record = name);
            ui::row_actions(&ui::icon_link(&href, "pencil", &label, ButtonKind::Ghost, Size::Small))
        };
        Self {
            row: Mould::of(ui::row(id, version, &inside)),
            check: check.map(Mould::of),
            cells: columns.iter().enumerate().map(cell).collect(),
            lead,
            acts: acts.then(|| if frame.trash { Acts::Restore } else { Acts::Edit(Mould::of(edit())) }),
        }
    }
}

fn row(frame: &Frame<'_>, moulds: &Moulds, columns: &[&Field], record: &Record, out: &mut String) {
    let (id, version, name) = (record.id.to_string(), record.version.to_string(), name_of(frame, record));
    moulds.row.pour(out, |hole, out| match hole {
        0 => out.push_str(&id),
        1 => out.push_str(&version),
        _ => cells(frame, moulds, columns, record, [&id, name], out),
    });
}

fn cells(frame: &Frame<'_>, moulds: &Moulds, columns: &[&Field], record: &Record, called: [&str; 2], out: &mut String) {
    if let Some(check) = &moulds.check {
        check.pour_texts(out, called);
    }
    for (place, (mould, field)) in moulds.cells.iter().zip(columns).enumerate() {
        if place == moulds.lead {
            mould.pour_texts(out, called);
        } else {
            mould.pour(out, |_, out| frame.values.cell_text(frame.entity, field, record).render_to(out));
        }
    }
    if frame.trash {
        ui::cell(CellOf { label: t!("Deleted"), ..CellOf::default() }, &deleted(frame, record)).render_to(out);
    }
    match &moulds.acts {
        Some(Acts::Edit(mould)) => mould.pour_texts(out, called),
        Some(Acts::Restore) => {
            // In the trash this is what one came for: always in sight.
            let of = CellOf { label: t!("Actions"), numeric: true, ..CellOf::default() };
            ui::cell(of, &PreEscaped(restore(frame, record).to_html())).render_to(out);
        }
        None => {}
    }
}

/// What the row is called.
fn name_of<'a>(frame: &Frame<'_>, record: &'a Record) -> &'a str {
    let title = record.text(&frame.entity.title).filter(|title| !title.is_empty());
    title.or_else(|| record.text("number")).unwrap_or(t!("Without a name"))
}

fn deleted(frame: &Frame<'_>, record: &Record) -> Markup {
    // Nothing changes a row in the trash, so whoever changed it last threw it away.
    let Some(moment) = &record.deleted_at else { return html! {} };
    let moment = frame.values.clock.moment_text(moment);
    let Some(name) = record.label("updatedBy") else { return moment };
    let (before, rest) = words::around(t!("{moment} by {name}"), "moment");
    let (between, after) = words::around(rest, "name");
    html! { (before) (moment) (between) bdi { (name) } (after) }
}

/// Out of the trash.
fn restore(frame: &Frame<'_>, record: &Record) -> AnyView {
    let envelope = super::post::envelope(
        frame.page,
        &format!("restore-{}", record.id),
        &frame.page.address(),
        &t!("{entity} restored", entity = frame.entity.labels.one),
    );
    view! {
        <form method="post" action=frame.viewer.action("records.restore")>
            {super::post::hidden("entity", frame.entity.key.clone())}
            {super::post::hidden("id", record.id.to_string())}
            {envelope}
            <Button kind=ButtonKind::Secondary size=Size::Small icon="undo-2" r#type="submit">{t!("Restore")}</Button>
        </form>
    }
    .into_any()
}
