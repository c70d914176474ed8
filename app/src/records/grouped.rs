//! A table in groups: each with its count and what it adds up to, its rows behind a link; and the sums of a whole list. Both read every row
//! that matches, so they are there when they are asked for and not before.

use super::columns::{column_test, sum_words};
use super::list::keys;
use super::list_parts::{self, lower, total_words};
use super::list_state::ListState;
use super::{address, bulk_parts, table};
use crate::page::{PageContext, Viewer};
use domain::money::group_thousands;
use domain::people::ListMembers;
use domain::records::{Group, GroupBy, ListRecords, Record, Sum, SummariseRecords, Total};
use domain::schema::query::MAX_LIMIT;
use domain::schema::{Count, Entity, Field, FieldKind, ListQuery, duration};
use domain::{BackendHandle, Error, Result, Verb};
use leptos::prelude::*;
use std::collections::HashMap;
use ui::{Icon, LinkButton, Size};
use uuid::Uuid;
use words::t;

/// Groups that are shown; the largest ones, where they have no order of their own.
const MOST_GROUPS: usize = 100;
/// Groups that are open at once: each reads rows of its own.
const MOST_OPEN: usize = 5;
/// Rows of an open group; all of them are in the list.
const ROWS: u32 = 50;
/// The key of the group without a value, in the address.
pub const NONE: &str = "-";

/// A group as it is drawn.
struct Part {
    key: String,
    label: String,
    count: i64,
    sum: Option<String>,
    /// Drawn where the group is open.
    rows: Option<Vec<Record>>,
}

pub async fn draw(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    state: &ListState,
    columns: &[&Field],
    group: &str,
) -> Result<AnyView> {
    let missing = || Error::field("group", t!("There is no field {field}", field = group));
    let field = entity.field(group).ok_or_else(missing)?;
    let query = ListQuery { count: Count::None, cursor: None, offset: 0, ..state.query(Vec::new()) };
    let measure = columns.iter().find(|field| field.adds_up());
    let summary = SummariseRecords {
        entity: entity.key.clone(),
        query: query.clone(),
        group: GroupBy::Field(field.key.clone()),
        measure: measure.map(|field| field.key.clone()),
        limit: None,
        inner: None,
        weighted: false,
    };
    let groups = backend.run(summary).await?;
    if groups.is_empty() {
        return Ok(list_parts::empty(page, viewer, entity, state, state.narrowed()));
    }
    let all: i64 = groups.iter().map(|group| group.count).sum();
    let count = groups.len();
    let shown: Vec<Group> = groups.into_iter().take(MOST_GROUPS).collect();
    let labels = labels(viewer, backend, field, &shown).await?;
    let open = opened(page, &shown);
    let mut parts = Vec::new();
    for group in shown {
        let key = key_of(&group);
        let rows =
            if open.contains(&key) { Some(rows(backend, entity, &query, field, &group, columns).await?) } else { None };
        let label = label(entity, field, &labels, group.key.as_deref());
        let sum = measure.and_then(|measure| sum_said(measure, &group.sums, viewer));
        parts.push(Part { key, label, count: group.count, sum, rows });
    }
    let sections: Vec<_> =
        parts.iter().map(|part| section(page, viewer, entity, state, columns, field, &open, part)).collect();
    let total = total_words(entity, Total { value: all, exact: true });
    let mut sentences = vec![t!("{rows} by {field}.", rows = total, field = lower(&field.label))];
    sentences.extend(measure.map(|measure| t!("Sums are of {field}.", field = lower(&measure.label))));
    if let Some(left @ 1..) = count.checked_sub(MOST_GROUPS) {
        sentences.push(t!("The {most} largest groups are shown, {left} are not.", most = MOST_GROUPS, left));
    }
    let words = sentences.join(" ");
    let chosen = bulk_parts::bar(page, viewer, entity, state, Some(Total { value: all, exact: true }));
    Ok(view! { {chosen}<div class="groups">{sections}</div><p class="groups-foot">{words}</p> }.into_any())
}

/// What the rows add up to, as the field shows its values.
fn sum_said(field: &Field, sums: &[Sum], viewer: &Viewer) -> Option<String> {
    match (&field.kind, sums) {
        (FieldKind::Duration { .. }, [sum, ..]) => sum.amount.parse().ok().map(duration::show),
        _ => sum_words(sums, &viewer.currency),
    }
}

fn key_of(group: &Group) -> String {
    group.key.clone().filter(|key| !key.is_empty()).unwrap_or_else(|| NONE.to_owned())
}

/// The groups whose rows are shown: those that the address names, else the first. Of more than may be open it is those that were opened last.
fn opened(page: &PageContext, groups: &[Group]) -> Vec<String> {
    let Some((_, keys)) = page.query.iter().find(|(key, _)| key == "open") else {
        return groups.first().map(key_of).into_iter().collect();
    };
    let there: Vec<String> = groups.iter().map(key_of).collect();
    let mut open: Vec<String> = Vec::new();
    for key in keys.rsplit(',') {
        if open.len() < MOST_OPEN && there.iter().any(|there| there == key) && !open.iter().any(|open| open == key) {
            open.push(key.to_owned());
        }
    }
    open.reverse();
    open
}

async fn rows(
    backend: &BackendHandle,
    entity: &Entity,
    query: &ListQuery,
    field: &Field,
    group: &Group,
    columns: &[&Field],
) -> Result<Vec<Record>> {
    let test = column_test(&field.key, group.key.as_deref().unwrap_or_default());
    let filter = Some(match query.filter.clone() {
        Some(filter) => filter.and(test),
        None => test,
    });
    let query = ListQuery { filter, limit: query.limit.min(ROWS), fields: keys(columns), ..query.clone() };
    backend.run(ListRecords { entity: entity.key.clone(), query }).await?.take_records()
}

/// Names of members and rows that make groups.
async fn labels(
    viewer: &Viewer,
    backend: &BackendHandle,
    field: &Field,
    groups: &[Group],
) -> Result<HashMap<String, String>> {
    let mut labels = HashMap::new();
    match &field.kind {
        FieldKind::Member => {
            let members = backend.run(ListMembers {}).await?;
            labels.extend(members.into_iter().map(|member| (member.id.to_string(), member.name)));
        }
        FieldKind::Reference { entity } => {
            let Some(target) = viewer.catalog.get(entity) else { return Ok(labels) };
            let keys = groups.iter().filter_map(|group| group.key.as_deref());
            let ids: Vec<Uuid> = keys.filter_map(|key| Uuid::try_parse(key).ok()).collect();
            // What cannot be read keeps its rows together under no name.
            let rows = titled(viewer, backend, target, &ids).await;
            labels.extend(rows.iter().map(|row| (row.id.to_string(), address::title(target, row))));
        }
        _ => {}
    }
    Ok(labels)
}

/// Rows by id with what names them, as far as the viewer sees them, by one statement for all of them; by another for those in the trash, which have names
/// for whoever may take them out.
pub async fn titled(viewer: &Viewer, backend: &BackendHandle, target: &Entity, ids: &[Uuid]) -> Vec<Record> {
    let (mut left, mut found) = (ids.to_vec(), Vec::new());
    let places: &[bool] = if viewer.may(target, Verb::Delete) { &[false, true] } else { &[false] };
    for trash in places {
        for ids in left.chunks(MAX_LIMIT as usize) {
            found.extend(named(viewer, backend, target, ids, *trash).await.unwrap_or_default());
        }
        left.retain(|id| found.iter().all(|row: &Record| row.id != *id));
    }
    found
}

async fn named(
    viewer: &Viewer,
    backend: &BackendHandle,
    target: &Entity,
    ids: &[Uuid],
    trash: bool,
) -> Result<Vec<Record>> {
    let limit = u32::try_from(ids.len()).unwrap_or(MAX_LIMIT);
    let title = target.field(&target.title).filter(|title| title.readable(&viewer.grants));
    let fields = title.into_iter().map(|title| title.key.clone()).chain(["number".to_owned()]).collect();
    let query = ListQuery { ids: ids.to_vec(), limit, fields, count: Count::None, trash, ..ListQuery::default() };
    backend.run(ListRecords { entity: target.key.clone(), query }).await?.take_records()
}

/// What the group of a key is called.
pub fn label(entity: &Entity, field: &Field, labels: &HashMap<String, String>, key: Option<&str>) -> String {
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        return t!("No {field}", field = lower(&field.label));
    };
    match &field.kind {
        FieldKind::State => entity.state_label(key).to_owned(),
        FieldKind::Option { options } => options
            .iter()
            .find(|choice| choice.key == key)
            .map_or_else(|| key.to_owned(), |choice| choice.label.clone()),
        FieldKind::Boolean => format!("{}: {}", field.label, if key == "true" { t!("yes") } else { t!("no") }),
        FieldKind::Member | FieldKind::Reference { .. } => {
            labels.get(key).cloned().unwrap_or_else(|| t!("Somebody or something that is gone").to_owned())
        }
        _ => key.to_owned(),
    }
}

#[expect(clippy::too_many_arguments, reason = "what the table of a list takes, and the group")]
fn section(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    state: &ListState,
    columns: &[&Field],
    field: &Field,
    open: &[String],
    part: &Part,
) -> AnyView {
    let is_open = part.rows.is_some();
    let mut keys: Vec<&str> = open.iter().map(String::as_str).filter(|key| *key != part.key).collect();
    if !is_open {
        keys.push(&part.key);
    }
    let toggle = page.with_query(&[("open", Some(&keys.join(",")))]);
    let count = group_thousands(&part.count.to_string());
    let sum = part.sum.clone().map(|sum| view! { <span class="group-sum">{sum}</span> });
    let rows = part.rows.as_ref().map(|rows| {
        let more = part.count.saturating_sub(i64::try_from(rows.len()).unwrap_or_default());
        let all = (more > 0).then(|| {
            let test = column_test(&field.key, if part.key == NONE { "" } else { &part.key });
            let filter = match state.filter.clone() {
                Some(filter) => filter.and(test),
                None => test,
            };
            let href = page.with_query(&[("filter", Some(&filter.print())), ("group", Some("")), ("open", None)]);
            let words = t!("{count} more in the list", count = group_thousands(&more.to_string()));
            view! { <p class="group-more"><LinkButton href size=Size::Small>{words}</LinkButton></p> }
        });
        view! { {table::table(page, viewer, entity, state, columns, rows)}{all} }
    });
    let icon = if is_open { "chevron-down" } else { "chevron-right" };
    view! {
        <section class="group" data-group=part.key.clone()>
            <h2 class="group-head">
                <a class="group-toggle" href=toggle aria-expanded=is_open.to_string()>
                    <Icon name=icon/>
                    <span dir="auto">{part.label.clone()}</span>
                    <span class="group-count">{count}</span>
                </a>
                {sum}
            </h2>
            {rows}
        </section>
    }
    .into_any()
}

/// The sums of the numbers on the screen over the whole list, or the way to them.
pub async fn totals(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    state: &ListState,
    columns: &[&Field],
) -> Result<Option<AnyView>> {
    let numbers: Vec<&&Field> = columns.iter().filter(|field| field.adds_up()).collect();
    if numbers.is_empty() {
        return Ok(None);
    }
    if !state.totals {
        let href = page.with_query(&[("totals", Some("1"))]);
        let names: Vec<String> = numbers.iter().map(|field| lower(&field.label)).collect();
        let words = t!("Add up {fields}", fields = names.join(", "));
        return Ok(Some(view! { <p class="list-totals"><a class="link" href=href>{words}</a></p> }.into_any()));
    }
    let query = ListQuery { count: Count::None, cursor: None, offset: 0, ..state.query(Vec::new()) };
    let mut lines = Vec::new();
    for field in numbers {
        let operation = SummariseRecords {
            entity: entity.key.clone(),
            query: query.clone(),
            group: GroupBy::All,
            measure: Some(field.key.clone()),
            limit: None,
            inner: None,
            weighted: false,
        };
        let found = backend.run(operation).await?;
        // A sum without a group is one group for each currency.
        let sums: Vec<_> = found.into_iter().flat_map(|group| group.sums).collect();
        let sum = sum_said(field, &sums, viewer).unwrap_or_else(|| "0".to_owned());
        lines.push(view! { <span class="list-total"><span class="list-total-label">{field.label.clone()}</span>" "<strong>{sum}</strong></span> });
    }
    let own = state.saved.as_ref().is_some_and(|saved| saved.content.totals.is_some());
    let off = page.with_query(&[("totals", own.then_some(""))]);
    Ok(Some(
        view! {
            <p class="list-totals" data-totals="1">
                <span>{t!("All pages together")}</span>
                {lines}
                <a class="link" href=off>{t!("Hide")}</a>
            </p>
        }
        .into_any(),
    ))
}

#[cfg(test)]
mod tests {
    use super::{MOST_OPEN, NONE, label, opened};
    use crate::records::fixture::{entity, page};
    use domain::records::Group;
    use std::collections::HashMap;

    fn group(key: Option<&str>) -> Group {
        Group { key: key.map(str::to_owned), count: 1, ..Group::default() }
    }

    #[test]
    fn the_first_group_is_open_until_the_address_says_which() {
        let groups = [group(None), group(Some("new"))];
        assert_eq!(opened(&page(&[]), &groups), [NONE]);
        assert!(opened(&page(&[("open", "")]), &groups).is_empty());
        assert_eq!(opened(&page(&[("open", "new,-")]), &groups), ["new", NONE]);
    }

    #[test]
    fn a_few_groups_are_open_at_once_and_those_the_latest() {
        let keys: Vec<String> = (0..100).map(|key| format!("key{key}")).collect();
        let groups: Vec<Group> = keys.iter().map(|key| group(Some(key.as_str()))).collect();
        let all = format!("{},key99,nowhere", keys.join(","));
        assert_eq!(opened(&page(&[("open", &all)]), &groups), keys[100 - MOST_OPEN..]);
    }

    #[test]
    fn groups_are_called_what_the_field_calls_its_values() {
        let entity = entity();
        let field = entity.field("status").unwrap();
        let called = |key| label(&entity, field, &HashMap::new(), key);
        assert_eq!((called(Some("won")), called(None)), ("Won".to_owned(), "No stage".to_owned()));
    }
}
