//! What stands around the rows of a list: tabs, actions, the sentence of the filter, the foot, and the empty screens. The board shares it.

use super::filter_form;
use super::list_state::{ListState, columns};
use super::sentence::{Names, Phrase, Reader};
use crate::page::{PageContext, Viewer, encode};
use crate::time::Clock;
use domain::Verb;
use domain::money::group_thousands;
use domain::records::{Page, Total};
use domain::schema::{Entity, Filter, Sort, View, ViewKind};
use leptos::prelude::*;
use ui::{
    ButtonKind, EmptyState, FilterBar, FilterChip, LinkButton, Pagination, SearchInput, SegmentedControl, Size,
    TabItem, TableFoot, Tabs,
};

/// "lead" of "Lead", but "VIN" of "VIN".
pub fn lower(label: &str) -> String {
    let mut letters = label.chars();
    let first = letters.next();
    if letters.clone().next().is_some_and(char::is_uppercase) {
        return label.to_owned();
    }
    first.into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

fn view_href(viewer: &Viewer, entity: &Entity, view: &View) -> String {
    viewer.path(&format!("{}?view={}", entity.plural, encode(&view.key)))
}

/// The tables of the description, then the trash.
pub fn tabs(page: &PageContext, viewer: &Viewer, entity: &Entity, current: &View) -> AnyView {
    let trash = page.query("trash").is_some();
    let mut items: Vec<TabItem> = entity
        .views
        .iter()
        .filter(|view| view.kind == ViewKind::Table)
        .map(|view| {
            TabItem::new(view.label.clone(), view_href(viewer, entity, view), !trash && view.key == current.key)
        })
        .collect();
    if viewer.may(entity, Verb::Delete) {
        items.push(TabItem::new("Trash", viewer.path(&format!("{}?trash=1", entity.plural)), trash));
    }
    view! { <Tabs label="Views" items/> }.into_any()
}

/// Import, export and the one next action. What may not be done says what it needs.
pub fn actions(page: &PageContext, viewer: &Viewer, entity: &Entity) -> AnyView {
    let path = |rest: &str| viewer.path(&format!("{}/{rest}", entity.plural));
    let (import, new) = (path("import"), path("new"));
    let export = export_href(page, viewer, entity);
    let label = format!("New {}", lower(&entity.labels.one));
    view! {
        <LinkButton href=import icon="upload" kind=ButtonKind::Ghost reason=viewer.missing(entity, Verb::Import)>"Import"</LinkButton>
        <LinkButton href=export icon="download" kind=ButtonKind::Ghost reason=viewer.missing(entity, Verb::Export)>"Export"</LinkButton>
        <LinkButton href=new icon="plus" kind=ButtonKind::Primary reason=viewer.missing(entity, Verb::Create)>{label}</LinkButton>
    }
    .into_any()
}

/// What is on the screen as a file: the same filter, order, search and columns, written out.
pub fn export_href(page: &PageContext, viewer: &Viewer, entity: &Entity) -> String {
    let path = viewer.path(&format!("{}/export.csv", entity.plural));
    let Ok((state, _)) = ListState::read(page, entity) else { return path };
    let columns: Vec<&str> = columns(viewer, entity, &state.view).into_iter().map(|field| field.key.as_str()).collect();
    let sort = Sort::print_list(&state.sort);
    let trash = state.trash.then(|| "1".to_owned());
    let parameters = [
        ("filter", state.filter.as_ref().map(Filter::print)),
        ("sort", (!sort.is_empty()).then_some(sort)),
        ("search", state.search.clone()),
        ("trash", trash),
        ("fields", Some(columns.join(","))),
    ];
    let pairs: Vec<String> = parameters
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={}", encode(value))))
        .collect();
    format!("{path}?{}", pairs.join("&"))
}

/// Table or board, where there is a board.
pub fn kinds(viewer: &Viewer, entity: &Entity, current: &View) -> Option<AnyView> {
    let board = entity.first_view(ViewKind::Board)?;
    let table = entity.first_view(ViewKind::Table)?;
    let items = vec![
        TabItem::new("Table", view_href(viewer, entity, table), current.kind == ViewKind::Table).icon("table-2"),
        TabItem::new("Board", view_href(viewer, entity, board), current.kind == ViewKind::Board).icon("square-kanban"),
    ];
    Some(view! { <SegmentedControl label="Shown as" items/> }.into_any())
}

/// The filter as a sentence whose every condition can be taken away, and the ways to narrow further.
pub fn filter_bar(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState, names: &Names) -> AnyView {
    let conditions = state.filter.as_ref().map(Filter::conditions).unwrap_or_default();
    let reader = Reader { entity, names, clock: Clock::new(&page.now, &viewer.timezone) };
    let chips: Vec<_> = conditions
        .iter()
        .enumerate()
        .map(|(place, condition)| {
            let Phrase { field, relation, value } = reader.parts(condition);
            let remove_href = without(page, state, &conditions, place);
            let edit_href = filter_form::edit_href(page, condition, place);
            view! { <FilterChip field relation value remove_href edit_href/> }
        })
        .collect();
    let reset = state.changed(page).then(|| {
        let href = page.with_query(&[("filter", None), ("sort", None)]);
        view! { <a class="link filter-reset" href=href>{format!("Back to {}", state.view.label)}</a> }
    });
    let kinds = if state.trash { None } else { kinds(viewer, entity, &state.view) };
    let end = view! { {search(page, entity)}{kinds} }.into_any();
    let menu = filter_form::menu(page, viewer, entity);
    view! { <FilterBar end=end>{chips}{menu}{reset}</FilterBar> }.into_any()
}

/// This page without one condition. All conditions gone, but the view has some: `filter=` stays, and is empty.
fn without(page: &PageContext, state: &ListState, conditions: &[&Filter], place: usize) -> String {
    let rest: Vec<Filter> = conditions
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != place)
        .map(|(_, condition)| (*condition).clone())
        .collect();
    let filter = match rest.len() {
        0 => None,
        1 => rest.into_iter().next(),
        _ => Some(Filter::All(rest)),
    };
    page.with_query(&[("filter", state.filter_parameter(filter.as_ref()).as_deref())])
}

/// Words looked for among the rows.
pub fn search(page: &PageContext, entity: &Entity) -> AnyView {
    let hidden: Vec<_> = filter_form::kept(page, &["search"])
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect();
    let label = format!("Find in {}", lower(&entity.labels.many));
    let value = page.query("search").map(str::to_owned);
    view! { <form class="toolbar-search" method="get" action=page.path.clone() role="search">{hidden}<SearchInput name="search" label value/></form> }.into_any()
}

/// "9,900 leads", "about 120,000 leads".
pub fn total_words(entity: &Entity, total: Total) -> String {
    let noun = if total.value == 1 && total.exact { &entity.labels.one } else { &entity.labels.many };
    format!("{}{} {}", if total.exact { "" } else { "about " }, group_thousands(&total.value.to_string()), lower(noun))
}

/// How many there are, where one stands, and the way on.
pub fn foot(page: &PageContext, entity: &Entity, state: &ListState, answer: &Page) -> AnyView {
    let before = i64::from(state.before);
    let (first, last) = (before + 1, before + i64::from(answer.returned));
    let of = answer.total.map(|total| {
        format!(" of {}{}", if total.exact { "" } else { "about " }, group_thousands(&total.value.to_string()))
    });
    let number = |value: i64| group_thousands(&value.to_string());
    let range = format!("{}–{}{}", number(first), number(last), of.unwrap_or_default());
    let next = answer
        .next
        .as_deref()
        .map(|cursor| page.with_query(&[("cursor", Some(cursor)), ("offset", Some(&last.to_string()))]));
    let previous = previous(page, state, answer);
    let words = answer.total.map(|total| total_words(entity, total));
    view! { <TableFoot end=view! { <Pagination range previous next/> }.into_any()>{words}</TableFoot> }.into_any()
}

fn previous(page: &PageContext, state: &ListState, answer: &Page) -> Option<String> {
    if state.before == 0 && state.cursor.is_none() {
        return None;
    }
    let before = state.before.saturating_sub(state.limit);
    if before == 0 {
        return Some(page.with_query(&[("cursor", None)]));
    }
    let offset = before.to_string();
    let cursor = answer.previous.as_deref();
    Some(page.with_query(&[("cursor", cursor), ("offset", Some(&offset))]))
}

/// Nothing matches, or nothing is here yet: what belongs here, and the one next action.
pub fn empty(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState, any: bool) -> AnyView {
    let many = lower(&entity.labels.many);
    if state.trash && !state.narrowed() {
        let text = format!("Deleted {many} are kept here and can be restored.");
        return view! { <EmptyState icon="trash-2" title="The trash is empty" text/> }.into_any();
    }
    if any || state.cursor.is_some() {
        return no_match(page, state, &many);
    }
    let here = entity.help.clone().unwrap_or_else(|| format!("{} will stand here", entity.labels.many));
    // What comes about by itself is not asked for: its description says how it does.
    let next = entity.managed.as_deref().unwrap_or("Add the first one, or bring in the ones you have");
    let text = [&here, next].map(|sentence| format!("{}.", sentence.trim_end_matches('.'))).join(" ");
    let (title, one) = (format!("No {many} yet"), lower(&entity.labels.one));
    let path = |rest: &str| viewer.path(&format!("{}/{rest}", entity.plural));
    let action = if viewer.may(entity, Verb::Create) {
        let import = viewer
            .may(entity, Verb::Import)
            .then(|| view! { <LinkButton href=path("import") icon="upload">"Import a file"</LinkButton> });
        view! { <LinkButton href=path("new") kind=ButtonKind::Primary icon="plus">{format!("New {one}")}</LinkButton>{import} }.into_any()
    } else {
        let reason = viewer.missing(entity, Verb::Create).unwrap_or_default();
        view! { <LinkButton href=path("new") icon="plus" reason>{format!("New {one}")}</LinkButton> }.into_any()
    };
    view! { <EmptyState icon=entity.icon.clone() title text action/> }.into_any()
}

fn no_match(page: &PageContext, state: &ListState, many: &str) -> AnyView {
    let (title, text) = match &state.search {
        Some(words) => {
            (format!("No {many} match “{words}”"), "Check the spelling, or look among all of them.".to_owned())
        }
        None => (format!("No {many} match"), "Every one of them is outside these conditions.".to_owned()),
    };
    let everything = page.with_query(&[("filter", Some("")), ("search", None)]);
    let action =
        view! { <LinkButton href=everything size=Size::Medium>{format!("Show all {many}")}</LinkButton> }.into_any();
    view! { <EmptyState icon="funnel" title text action/> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::lower;

    #[test]
    fn labels_inside_a_sentence_are_lower_case_unless_they_are_initials() {
        assert_eq!(lower("Lead"), "lead");
        assert_eq!(lower("VIN"), "VIN");
        assert_eq!(lower(""), "");
    }
}
