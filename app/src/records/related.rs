//! What points at a record: one tab for each entity with a reference to it, with its count, its first rows and a way to add one.

use super::address;
use super::list_parts::lower;
use super::post::{argument, base_address};
use super::values::{Values, is_numeric};
use crate::page::{PageContext, Viewer, encode};
use domain::money::group_thousands;
use domain::records::{ListRecords, Page, Record};
use domain::schema::{Comparison, Count, Entity, Field, Filter, ListQuery, Sort, Test, ViewKind};
use domain::{BackendHandle, Result, Verb};
use leptos::prelude::*;
use std::sync::Arc;
use ui::{Cell, DataTable, EmptyState, HeadCell, LinkButton, Row, Size, TabItem, Tabs, TextLink, Toolbar};
use uuid::Uuid;
use words::t;

/// Rows shown; the rest is in the list.
const ROWS: u32 = 20;
/// Columns shown, the title included.
const COLUMNS: usize = 5;
/// Messages, and their field that names what they are about. That may be any row, so it is a text and no reference.
const MESSAGE: &str = "message";
const ABOUT: &str = "recordId";

/// An entity and its field that points here.
#[derive(Clone)]
pub struct Related {
    pub entity: Arc<Entity>,
    pub field: String,
    /// Key of the entity that is pointed at, where the field may point at others too.
    here: Option<String>,
    /// Of the tab.
    pub label: String,
    /// In the URL: `?tab=tasks`.
    pub tab: String,
    /// Set by the server alone, so that nobody adds one by hand.
    pub read_only: bool,
    pub count: u64,
}

impl Related {
    /// What points at this row: as forms send it, and filters ask for it.
    pub fn pointer(&self, id: Uuid) -> String {
        let field = self.entity.field(&self.field);
        match (field, &self.here) {
            (Some(field), Some(here)) => field.pointer(here, &id.to_string()),
            _ => id.to_string(),
        }
    }

    pub fn filter(&self, id: Uuid) -> Filter {
        let values = vec![self.pointer(id)];
        Filter::Test(Test { field: self.field.clone(), comparison: Comparison::Equals, values })
    }

    /// Messages about the row, beside those that point at it otherwise.
    pub fn is_messages(&self) -> bool {
        self.entity.key == MESSAGE && self.field == ABOUT
    }
}

/// Everything that points at rows of `entity` and that the viewer may read. A field without an index cannot be looked up.
pub fn of(viewer: &Viewer, entity: &Entity) -> Vec<Related> {
    let mut found = Vec::new();
    for other in viewer.catalog.iter().filter(|other| viewer.may(other, Verb::Read)) {
        let points = |field: &&Field| found_by(field) && field.points_at(&entity.key);
        // Who may not know what points here may not ask for it either.
        let fields: Vec<&Field> =
            other.fields.iter().filter(|field| field.readable(&viewer.grants)).filter(points).collect();
        for field in &fields {
            let several = fields.len() > 1;
            found.push(Related {
                entity: other.clone(),
                field: field.key.clone(),
                here: field.is_any_reference().then(|| entity.key.clone()),
                label: if several {
                    format!("{} ({})", other.labels.many, field.label)
                } else {
                    other.labels.many.clone()
                },
                tab: if several { format!("{}.{}", other.plural, field.key) } else { other.plural.clone() },
                read_only: field.read_only,
                count: 0,
            });
        }
    }
    found.extend(messages(viewer, entity));
    // What is to be done comes before what was done and what belongs to it.
    found.sort_by_key(|related| match related.entity.key.as_str() {
        "task" => 0,
        "activity" => 1,
        _ => 2,
    });
    found
}

fn messages(viewer: &Viewer, entity: &Entity) -> Option<Related> {
    let message = viewer.catalog.get(MESSAGE).filter(|message| viewer.may(message, Verb::Read))?;
    let about = message.field(ABOUT).filter(|about| found_by(about) && about.readable(&viewer.grants))?;
    (entity.key != MESSAGE).then(|| Related {
        entity: message.clone(),
        field: about.key.clone(),
        here: None,
        label: message.labels.many.clone(),
        tab: message.plural.clone(),
        read_only: true,
        count: 0,
    })
}

/// Several references have the index of their links.
const fn found_by(field: &Field) -> bool {
    field.indexed || field.is_many()
}

/// Fills in how many there are of each.
pub async fn count(backend: &BackendHandle, id: Uuid, related: &mut [Related]) -> Result<()> {
    for one in related {
        let query = ListQuery {
            filter: Some(one.filter(id)),
            limit: 1,
            fields: vec![one.entity.title.clone()],
            ..ListQuery::default()
        };
        let page = backend.run(ListRecords { entity: one.entity.key.clone(), query }).await?;
        one.count = page.total.map_or(0, |total| u64::try_from(total.value).unwrap_or_default());
    }
    Ok(())
}

/// The tabs of the record; the timeline is the first.
pub fn tabs(page: &PageContext, related: &[Related]) -> AnyView {
    let chosen = argument(page, "tab").unwrap_or("timeline");
    let known = related.iter().any(|one| one.tab == chosen);
    let mut items = vec![TabItem::new(t!("Timeline"), page.path.clone(), !known)];
    // Nobody adds a message there; as long as there is none, its tab would only be in the way.
    let shown = related.iter().filter(|one| !one.is_messages() || one.count > 0 || one.tab == chosen);
    items.extend(shown.map(|one| {
        TabItem::new(one.label.clone(), format!("{}?tab={}", page.path, encode(&one.tab)), one.tab == chosen)
            .count(one.count)
    }));
    view! { <Tabs label=t!("About this record") items/> }.into_any()
}

/// The rows of one tab.
pub async fn list(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    record: &Record,
    related: &Related,
) -> Result<AnyView> {
    let entity = &related.entity;
    let columns = columns(viewer, entity, &related.field);
    let sort = if entity.field("createdAt").is_some() {
        vec![Sort { field: "createdAt".to_owned(), descending: true }]
    } else {
        Vec::new()
    };
    // What messages say is long, and shown by none of the columns.
    let shown = columns.iter().filter(|field| related.is_messages() && field.readable(&viewer.grants));
    let query = ListQuery {
        filter: Some(related.filter(record.id)),
        sort,
        limit: ROWS,
        fields: shown.map(|field| field.key.clone()).collect(),
        count: Count::None,
        ..ListQuery::default()
    };
    let mut answer: Page = backend.run(ListRecords { entity: entity.key.clone(), query }).await?;
    let rows = answer.take_records()?;
    let add = add_button(page, viewer, record, related);
    if rows.is_empty() {
        let title = t!("No {entities} yet", entities = lower(&entity.labels.many));
        let text = entity.help.clone();
        return Ok(view! { <EmptyState icon=entity.icon.clone() title text action=add/> }.into_any());
    }
    let values = Values::of(page);
    let head: Vec<AnyView> = columns
        .iter()
        .map(|field| view! { <HeadCell label=field.label.clone() numeric=is_numeric(field)/> }.into_any())
        .collect();
    let lines: Vec<AnyView> = rows.iter().map(|row| line(viewer, &values, entity, &columns, row)).collect();
    let filter = related.filter(record.id).print();
    let all = viewer.path(&format!("{}?filter={}", entity.plural, encode(&filter)));
    let all = (related.count > rows.len() as u64)
        .then(|| view! { <TextLink href=all>{t!("All of them in the list")}</TextLink> });
    let end = view! { {all}{add} };
    let noun = if related.count == 1 { &entity.labels.one } else { &entity.labels.many };
    let shown = t!("{count} {noun}", count = group_thousands(&related.count.to_string()), noun = lower(noun));
    Ok(view! {
        <Toolbar label=related.label.clone() end=end.into_any()><span class="related-count">{shown}</span></Toolbar>
        <div class="as-cards"><DataTable label=related.label.clone() head=head.into_any() inline=true>{lines}</DataTable></div>
    }
    .into_any())
}

/// The first columns of the entity's first table, without the one that would say this record in every row.
fn columns<'a>(viewer: &Viewer, entity: &'a Entity, without: &str) -> Vec<&'a Field> {
    let listed = entity.first_view(ViewKind::Table).map(|view| view.fields.clone()).unwrap_or_default();
    let mut columns: Vec<&Field> = entity.field(&entity.title).into_iter().collect();
    let others = listed.iter().filter(|key| **key != entity.title && *key != without);
    columns.extend(others.filter_map(|key| entity.field(key)).filter(|field| field.readable(&viewer.grants)));
    columns.truncate(COLUMNS);
    columns
}

fn line(viewer: &Viewer, values: &Values, entity: &Entity, columns: &[&Field], row: &Record) -> AnyView {
    let cells: Vec<AnyView> = columns
        .iter()
        .map(|field| {
            let label = field.label.clone();
            if field.key == entity.title {
                let (href, title) = (address::of(viewer, entity, row), address::title(entity, row));
                return view! { <Cell label lead=true><TextLink href>{title}</TextLink></Cell> }.into_any();
            }
            let value = values.cell(entity, field, row);
            view! { <Cell label numeric=is_numeric(field)>{value}</Cell> }.into_any()
        })
        .collect();
    view! { <Row id=row.id.to_string()>{cells}</Row> }.into_any()
}

/// "New task", with the reference filled in and the way back.
fn add_button(page: &PageContext, viewer: &Viewer, record: &Record, related: &Related) -> Option<AnyView> {
    if related.read_only || record.deleted_at.is_some() {
        return None;
    }
    let entity = &related.entity;
    let back = base_address(page, &[]);
    let (field, pointer) = (encode(&related.field), encode(&related.pointer(record.id)));
    let href = viewer.path(&format!("{}/new?{field}={pointer}&back={}", entity.plural, encode(&back)));
    let reason = viewer.missing(entity, Verb::Create);
    let words = t!("New {entity}", entity = lower(&entity.labels.one));
    Some(view! { <LinkButton href icon="plus" size=Size::Small reason>{words}</LinkButton> }.into_any())
}
