//! What stands around the rows of a list: tabs, actions, the sentence of the filter, the foot, and the empty screens. The board shares it.

use super::filter_tree::{Join, Place, replaced};
use super::list_state::{CHOSEN, ListState, columns, readable};
use super::sentence::{Names, Phrase, Reader};
use super::{bulk_parts, chooser, dates, filter_form, saved};
use crate::page::{PageContext, Viewer, encode};
use crate::time::Clock;
use domain::Verb;
use domain::money::group_thousands;
use domain::records::{Page, Total};
use domain::schema::{Entity, Filter, PIPELINE, Sort, View, ViewKind};
use domain::views::SavedView;
use leptos::prelude::*;
use ui::markup::{PreEscaped, Render, drawn};
use ui::{
    ButtonKind, EmptyState, FilterBar, FilterChip, Icon, LinkButton, Menu, MenuLink, MenuLinkOf, MenuSide, Pagination,
    SearchInput, SegmentedControl, Size, TabItem, TableFoot, Tabs, menu_link,
};
use words::t;

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

/// The tables of the description, the saved views that are pinned, then the trash.
pub fn tabs(page: &PageContext, viewer: &Viewer, entity: &Entity, current: &View, views: &[SavedView]) -> AnyView {
    let trash = page.query("trash").is_some();
    let mut items: Vec<TabItem> = entity
        .views
        .iter()
        .filter(|view| view.kind == ViewKind::Table)
        .map(|view| {
            TabItem::new(view.label.clone(), view_href(viewer, entity, view), !trash && view.key == current.key)
        })
        .collect();
    items.extend(saved::tabs(viewer, entity, views, if trash { "" } else { &current.key }));
    if viewer.may(entity, Verb::Delete) {
        items.push(TabItem::new(t!("Trash"), viewer.path(&format!("{}?trash=1", entity.plural)), trash));
    }
    view! { <Tabs label=t!("Views") items/> }.into_any()
}

/// Import, export and the one next action. What may not be done says what it needs.
pub fn actions(viewer: &Viewer, entity: &Entity, state: &ListState) -> AnyView {
    let path = |rest: &str| viewer.path(&format!("{}/{rest}", entity.plural));
    // From the board of a pipeline one begins in it.
    let pipeline = state.pipeline.as_deref().map(|key| format!("?{PIPELINE}={}", encode(key)));
    let (import, new) = (path("import"), format!("{}{}", path("new"), pipeline.unwrap_or_default()));
    let label = t!("New {entity}", entity = lower(&entity.labels.one));
    view! {
        <LinkButton href=import icon="upload" kind=ButtonKind::Ghost reason=viewer.missing(entity, Verb::Import)>{t!("Import")}</LinkButton>
        {export_menu(viewer, entity, state)}
        <LinkButton attr:data-new="" href=new icon="plus" kind=ButtonKind::Primary reason=viewer.missing(entity, Verb::Create)>{label}</LinkButton>
    }
    .into_any()
}

/// What is on the screen as a file of each kind. The first one is a button by itself, for those who export often.
fn export_menu(viewer: &Viewer, entity: &Entity, state: &ListState) -> AnyView {
    let reason = viewer.missing(entity, Verb::Export);
    if reason.is_some() {
        let href = export_href(viewer, entity, state, "csv");
        return view! { <LinkButton href icon="download" kind=ButtonKind::Ghost reason>{t!("Export")}</LinkButton> }
            .into_any();
    }
    let kinds = [
        ("csv", "CSV", t!("For other programs")),
        ("xlsx", "Excel", t!("With columns that add up")),
        ("json", "JSON", t!("As the API gives it")),
    ];
    let links: Vec<_> = kinds
        .into_iter()
        .map(|(kind, name, hint)| {
            let href = export_href(viewer, entity, state, kind);
            view! { <MenuLink href hint>{name}</MenuLink> }
        })
        .collect();
    let before = viewer.path("exports");
    view! {
        <Menu label=t!("Export") icon="download" side=MenuSide::End>
            {links}
            <MenuLink href=before hint=t!("Those that take a while")>{t!("Your exports")}</MenuLink>
        </Menu>
    }
    .into_any()
}

/// What is on the screen as a file: the same filter, order, search and columns, written out.
pub fn export_href(viewer: &Viewer, entity: &Entity, state: &ListState, kind: &str) -> String {
    let path = viewer.path(&format!("{}/export.{kind}", entity.plural));
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
    let rows = state.ids.iter().map(|id| format!("row={id}"));
    let pairs: Vec<String> = parameters
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={}", encode(value))))
        .chain(rows)
        .collect();
    format!("{path}?{}", pairs.join("&"))
}

/// Table, board, calendar, timeline: those that there are. What the address narrows by comes along, and so does what a saved view does.
pub fn kinds(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState) -> Option<AnyView> {
    let dated = !dates::offered(viewer, entity).is_empty();
    let items: Vec<TabItem> = ViewKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let key = match entity.first_view(kind) {
                Some(view) if !kind.is_dated() || dated => view.key.as_str(),
                None if kind.is_dated() && dated => kind.as_str(),
                _ => return None,
            };
            let icon = match kind {
                ViewKind::Table => "table-2",
                ViewKind::Board => "square-kanban",
                ViewKind::Calendar => "calendar",
                ViewKind::Timeline => "chart-gantt",
            };
            let active = state.view.kind == kind;
            let href = if active { page.address() } else { kind_href(page, viewer, entity, state, key) };
            Some(TabItem::new(kind.label(), href, active).icon(icon))
        })
        .collect();
    (items.len() > 1).then(|| view! { <SegmentedControl label=t!("Shown as") items/> }.into_any())
}

/// A view of another kind over the same rows.
fn kind_href(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState, key: &str) -> String {
    let asked = page.query.iter().any(|(name, _)| name == "filter") || state.saved.is_some();
    let filter = asked.then(|| state.filter.as_ref().map(Filter::print).unwrap_or_default());
    let mut href = viewer.path(&format!("{}?view={}", entity.plural, encode(key)));
    for (name, value) in [("filter", &filter), ("search", &state.search), ("as_of", &state.as_of)] {
        if let Some(value) = value {
            href.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    for (name, value) in page.query.iter().filter(|(name, _)| CHOSEN.contains(&name.as_str())) {
        href.push_str(&format!("&{name}={}", encode(value)));
    }
    href
}

/// The filter as a sentence whose every condition can be taken away, and the ways to narrow further.
pub fn filter_bar(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState, names: &Names) -> AnyView {
    let conditions = state.filter.as_ref().map(Filter::conditions).unwrap_or_default();
    let clock = Clock::new(&page.now, &viewer.timezone);
    let reader = Reader { entity, catalog: Some(&viewer.catalog), names, clock };
    let bar = Conditions { page, state, reader };
    let chips: Vec<_> = conditions
        .iter()
        .enumerate()
        .map(|(at, condition)| bar.draw(condition, &Place::default().inside(at)))
        .collect();
    let changed = saved::changed(page, viewer, entity, state);
    let kinds = if state.trash { None } else { kinds(page, viewer, entity, state) };
    let end = view! { {search(page, entity)}{tools(page, viewer, entity, state)}{kinds} }.into_any();
    let menu = filter_form::menu(page, viewer, entity);
    let only = bulk_parts::only(page, state);
    view! { <FilterBar end=end>{only}{chips}{menu}{changed}</FilterBar> }.into_any()
}

/// Columns, groups, totals and the saved views.
fn tools(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState) -> AnyView {
    let views = saved::manage(viewer, entity);
    match state.view.kind {
        ViewKind::Table => {
            let columns = chooser::open_href(page);
            view! {
                <LinkButton href=columns icon="columns-3" kind=ButtonKind::Ghost size=Size::Small>{t!("Columns")}</LinkButton>
                {groups(page, viewer, entity, state)}
                {views}
            }
            .into_any()
        }
        ViewKind::Board => view! { {groups(page, viewer, entity, state)}{views} }.into_any(),
        ViewKind::Calendar | ViewKind::Timeline => views,
    }
}

/// The fields that make groups of a table, or the columns of a board, which always has some.
fn groups(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState) -> AnyView {
    let board = state.view.kind == ViewKind::Board;
    let current = state.group.as_deref().or(board.then_some("status"));
    let fields = entity.fields.iter().filter(|field| readable(viewer, field) && field.is_grouping());
    let mut by = String::new();
    for field in fields {
        let href = page.with_query(&[("group", Some(&field.key)), ("open", None)]);
        let (label, active) = (field.label.as_str(), current == Some(field.key.as_str()));
        menu_link(MenuLinkOf { href: &href, label, active, ..MenuLinkOf::default() }).render_to(&mut by);
    }
    let by = drawn(PreEscaped(by));
    let none = (state.group.is_some() && !board).then(|| {
        let own = state.saved.as_ref().is_some_and(|saved| saved.content.group.is_some());
        let href = page.with_query(&[("group", own.then_some("")), ("open", None)]);
        view! { <MenuLink href icon="x">{t!("No groups")}</MenuLink> }
    });
    let (label, icon) = if board { (t!("Columns by"), "square-kanban") } else { (t!("Group" in "verb"), "layers") };
    view! { <Menu label icon size=Size::Small side=MenuSide::End>{by}{none}</Menu> }.into_any()
}

/// The conditions of a filter: those that must all hold as chips, those of which one is enough as a group of chips.
struct Conditions<'a> {
    page: &'a PageContext,
    state: &'a ListState,
    reader: Reader<'a>,
}

impl Conditions<'_> {
    fn draw(&self, condition: &Filter, place: &Place) -> AnyView {
        let (parts, word, join) = match condition {
            Filter::Test(_) => return self.chip(condition, place),
            Filter::Any(parts) => (parts, t!("or"), Join::Or),
            Filter::All(parts) => (parts, t!("and"), Join::And),
        };
        let drawn: Vec<_> = parts
            .iter()
            .enumerate()
            .map(|(at, part)| {
                let between = (at > 0).then(|| view! { <span class="filter-join">{word}</span> });
                view! { {between}{self.draw(part, &place.inside(at))} }
            })
            .collect();
        let sentence = self.reader.phrase(condition);
        let remove = t!("Remove the group {conditions}", conditions = sentence);
        let (more, href) = (filter_form::beside_href(self.page, place, join), self.without(place));
        view! {
            <span class="filter-group" role="group" aria-label=sentence>
                {drawn}
                <a class="filter-more" href=more aria-label=t!("Add another: {word}", word)>{format!("+ {word}")}</a>
                <a class="filter-remove" href=href aria-label=remove.clone() title=remove.clone()><Icon name="x"/></a>
            </span>
        }
        .into_any()
    }

    /// One condition, and a way to let another one do in its place.
    fn chip(&self, condition: &Filter, place: &Place) -> AnyView {
        let Phrase { field, relation, value } = self.reader.parts(condition);
        let edit_href = filter_form::edit_href(self.page, condition, place);
        let label = t!("{condition}, or", condition = self.reader.phrase(condition));
        let or = filter_form::beside_href(self.page, place, Join::Or);
        view! {
            <FilterChip field relation value remove_href=self.without(place) edit_href/>
            <a class="filter-more" href=or aria-label=label>{t!("or")}</a>
        }
        .into_any()
    }

    /// This page without one condition. All conditions gone, but the view has some: `filter=` stays, and is empty.
    fn without(&self, place: &Place) -> String {
        let rest = self.state.filter.as_ref().and_then(|filter| replaced(filter, place, None));
        self.page.with_query(&[("filter", self.state.filter_parameter(rest.as_ref()).as_deref())])
    }
}

/// Words looked for among the rows.
pub fn search(page: &PageContext, entity: &Entity) -> AnyView {
    let hidden: Vec<_> = filter_form::kept(page, &["search"])
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect();
    let label = t!("Find in {entities}", entities = lower(&entity.labels.many));
    let value = page.query("search").map(str::to_owned);
    view! { <form class="toolbar-search" method="get" action=page.path.clone() role="search">{hidden}<SearchInput name="search" label value/></form> }.into_any()
}

/// "9,900 leads", "about 120,000 leads".
pub fn total_words(entity: &Entity, total: Total) -> String {
    let noun = if total.value == 1 && total.exact { &entity.labels.one } else { &entity.labels.many };
    let (count, noun) = (group_thousands(&total.value.to_string()), lower(noun));
    if total.exact { t!("{count} {noun}", count, noun) } else { t!("about {count} {noun}", count, noun) }
}

/// How many there are, where one stands, and the way on.
pub fn foot(page: &PageContext, entity: &Entity, state: &ListState, answer: &Page) -> AnyView {
    let before = i64::from(state.before);
    let (first, last) = (before + 1, before + i64::from(answer.returned));
    let number = |value: i64| group_thousands(&value.to_string());
    let range = format!("{}–{}", number(first), number(last));
    let range = match answer.total.map(|total| (total.exact, group_thousands(&total.value.to_string()))) {
        Some((true, total)) => t!("{range} of {total}", range, total),
        Some((false, total)) => t!("{range} of about {total}", range, total),
        None => range,
    };
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
        let text = t!("Deleted {entities} are kept here and can be restored.", entities = many);
        let href = viewer.path(&entity.plural);
        let action = view! { <LinkButton href>{t!("To the {entities}", entities = many)}</LinkButton> }.into_any();
        return view! { <EmptyState icon="trash-2" title=t!("The trash is empty") text action/> }.into_any();
    }
    if any || state.cursor.is_some() {
        return no_match(page, state, &many);
    }
    let here = entity.help.clone().unwrap_or_else(|| t!("{entities} will stand here", entities = entity.labels.many));
    // What comes about by itself is not asked for: its description says how it does.
    let next = entity.managed.as_deref().unwrap_or(t!("Add the first one, or bring in the ones you have"));
    let text = [&here, next].map(|sentence| format!("{}.", sentence.trim_end_matches('.'))).join(" ");
    let title = t!("No {entities} yet", entities = many);
    let add = t!("New {entity}", entity = lower(&entity.labels.one));
    let path = |rest: &str| viewer.path(&format!("{}/{rest}", entity.plural));
    let action = if viewer.may(entity, Verb::Create) {
        let import = viewer
            .may(entity, Verb::Import)
            .then(|| view! { <LinkButton href=path("import") icon="upload">{t!("Import a file")}</LinkButton> });
        view! { <LinkButton href=path("new") kind=ButtonKind::Primary icon="plus">{add}</LinkButton>{import} }
            .into_any()
    } else {
        let reason = viewer.missing(entity, Verb::Create).unwrap_or_default();
        view! { <LinkButton href=path("new") icon="plus" reason>{add}</LinkButton> }.into_any()
    };
    view! { <EmptyState icon=entity.icon.clone() title text action/> }.into_any()
}

fn no_match(page: &PageContext, state: &ListState, many: &str) -> AnyView {
    let (title, text) = match &state.search {
        Some(words) => {
            let title = t!("No {entities} match “{words}”", entities = many, words);
            (title, t!("Check the spelling, or look among all of them."))
        }
        None => {
            let title = t!("No {entities} match", entities = many);
            (title, t!("Every one of them is outside these conditions."))
        }
    };
    let mut all = vec![("filter", Some("")), ("search", None)];
    all.extend(CHOSEN.map(|name| (name, None)));
    let everything = page.with_query(&all);
    let all = t!("Show all {entities}", entities = many);
    let action = view! { <LinkButton href=everything size=Size::Medium>{all}</LinkButton> }.into_any();
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
