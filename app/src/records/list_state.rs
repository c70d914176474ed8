//! What the URL of a list says: view, filter, sort, search, place. Read in one place for table and board, with everything that cannot be
//! read named.

use super::dates::{self, Dates};
use super::widths::{self, Widths};
use crate::page::{PageContext, Viewer};
use domain::records::MOST_NAMED;
use domain::schema::query::{DEFAULT_LIMIT, MAX_LIMIT};
use domain::schema::{Count, Entity, Field, Filter, ListQuery, PIPELINE, Sort, View, ViewKind};
use domain::views::{SavedView, ViewContent, column_parts};
use domain::{Error, Result};
use std::borrow::Cow;
use uuid::Uuid;
use words::{mark, t};

/// Said in the place of what a view names and this viewer may not know: not what it is.
const UNSEEN: &str = mark!("Some of it is gone, or not yours to see");

/// The parameters that make a list; links carry them along.
pub const PARAMETERS: [&str; 15] = [
    "view", "filter", "sort", "search", "limit", "trash", "columns", "group", "totals", "as_of", "date", "end",
    "scale", "on", "pipeline",
];

/// What makes it a list of chosen rows alone: the rows, and what it was narrowed to before that, by which the way back goes. Forms of the list carry it
/// along; no view keeps it.
pub const CHOSEN: [&str; 3] = ["row", FORMER_FILTER, FORMER_SEARCH];
pub const FORMER_FILTER: &str = "former.filter";
pub const FORMER_SEARCH: &str = "former.search";

#[derive(Debug, Clone)]
pub struct ListState {
    /// With the columns that the URL asks for.
    pub view: View,
    /// Where the view is one that somebody saved.
    pub saved: Option<SavedView>,
    /// What the view itself says of columns, for telling whether the URL says something else.
    own_columns: Vec<String>,
    /// Of columns that somebody gave one, in the address or in the saved view.
    pub widths: Widths,
    own_widths: Widths,
    /// What the view itself says of groups, for the same.
    own_group: Option<String>,
    /// The field that makes groups of the rows, or the columns of a board; `view` of a board has it too.
    pub group: Option<String>,
    /// Of a calendar or a timeline.
    pub dates: Dates,
    /// Key of the pipeline that a board shows, where the address or the view names one.
    pub pipeline: Option<String>,
    /// Whether the foot adds up the numbers.
    pub totals: bool,
    /// What a view names and the entity no longer has, or has not for this viewer.
    pub gone: Vec<String>,
    /// The filter of the URL, else the view's own.
    pub filter: Option<Filter>,
    pub sort: Vec<Sort>,
    pub search: Option<String>,
    /// The rows that the address names, where the list is of those alone: what was ticked on several of its pages.
    pub ids: Vec<Uuid>,
    pub limit: u32,
    pub cursor: Option<String>,
    /// How many rows come before this page, as far as the links know.
    pub before: u32,
    pub trash: bool,
    /// The moment that the rows are shown as they stood at.
    pub as_of: Option<String>,
}

/// A part of the URL that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Name of the parameter.
    pub parameter: &'static str,
    pub text: String,
    pub message: String,
}

impl ListState {
    /// What can be read, and what cannot. Views that somebody saved are found among `views`.
    pub fn read(page: &PageContext, entity: &Entity, views: &[SavedView]) -> Result<(Self, Vec<Unreadable>)> {
        let mut problems = Vec::new();
        let known = page.viewer.as_ref().map_or(Cow::Borrowed(entity), |viewer| entity.known_to(&viewer.grants));
        let (entity, whole) = (&*known, matches!(known, Cow::Borrowed(_)));
        let saved = page.query("view").and_then(|key| saved_view(key, views)).cloned();
        let (mut view, mut gone) = match &saved {
            Some(saved) => opened(entity, saved),
            None if whole => (view_of(page, entity)?, Vec::new()),
            None => described(entity, view_of(page, entity)?),
        };
        if saved.as_ref().is_some_and(|saved| saved.masked) || !(whole || gone.is_empty()) {
            gone = vec![words::say(UNSEEN).to_owned()];
        }
        let own_columns = view.fields.clone();
        let own_widths = saved.as_ref().map(|saved| widths::kept(entity, saved)).unwrap_or_default();
        let widths = match widths::asked(page, entity, &mut problems) {
            Some((columns, widths)) => {
                view.fields = columns;
                widths
            }
            None => own_widths.clone(),
        };
        let own_group = view.group.clone();
        let group = match written(page, "group") {
            Some(asked) => Some(asked.to_owned()).filter(|key| !key.is_empty()),
            None => own_group.clone(),
        };
        if view.kind == ViewKind::Board {
            view.group.clone_from(&group);
        }
        if let Some(key) = group.as_deref().filter(|key| entity.field(key).is_none_or(|field| !field.is_grouping())) {
            let message = t!("{entities} cannot be grouped by {field}", entities = entity.labels.many, field = key);
            problems.push(Unreadable { parameter: "group", text: key.to_owned(), message });
        }
        let dates = Dates::read(page, entity, &view, saved.as_ref(), &mut problems);
        let pipeline = asked_pipeline(page, entity, saved.as_ref(), &mut problems);
        let own_totals = saved.as_ref().is_some_and(|saved| saved.content.totals.is_some());
        let totals = written(page, "totals").map_or(own_totals, |text| text == "1");
        let trash = page.query("trash").is_some();
        let own_filter = if trash { None } else { view.filter.as_deref() };
        let filter = match written(page, "filter").or(own_filter).filter(|text| !text.trim().is_empty()) {
            None => None,
            Some(text) => match Filter::parse(text, entity) {
                Ok(filter) => Some(filter),
                Err(error) => {
                    problems.push(Unreadable {
                        parameter: "filter",
                        text: text.to_owned(),
                        message: error.to_string(),
                    });
                    None
                }
            },
        };
        let sort_text = page.query("sort").or(view.sort.as_deref()).unwrap_or_default();
        let sort = match Sort::parse_list(sort_text, entity) {
            Ok(sort) => sort,
            Err(error) => {
                problems.push(Unreadable { parameter: "sort", text: sort_text.to_owned(), message: error.to_string() });
                Vec::new()
            }
        };
        let limit = read_limit(page, &mut problems);
        let named = page.query.iter().filter(|(key, _)| key == "row");
        let state = Self {
            view,
            saved,
            own_columns,
            widths,
            own_widths,
            own_group,
            group,
            dates,
            pipeline,
            totals,
            gone,
            filter,
            sort,
            search: page.query("search").map(str::to_owned),
            ids: named.filter_map(|(_, id)| Uuid::try_parse(id).ok()).take(MOST_NAMED).collect(),
            limit,
            cursor: page.query("cursor").map(str::to_owned),
            before: page.query("offset").and_then(|text| text.parse().ok()).unwrap_or(0),
            trash,
            as_of: page.query("as_of").map(str::to_owned),
        };
        Ok((state, problems))
    }

    /// The query behind the page, asking for these fields.
    pub fn query(&self, fields: Vec<String>) -> ListQuery {
        ListQuery {
            filter: self.filter.clone(),
            sort: self.sort.clone(),
            search: self.search.clone(),
            ids: self.ids.clone(),
            limit: self.limit,
            // A cursor says where the page begins; the offset beside it is for the words under the table only.
            offset: if self.cursor.is_some() { 0 } else { self.before },
            cursor: self.cursor.clone(),
            fields,
            count: Count::Estimated,
            trash: self.trash,
            as_of: self.as_of.clone(),
        }
    }

    /// Whether the URL asks for something else than the view. Rows that were chosen are looked at, and are nothing that a view would keep.
    pub fn changed(&self, page: &PageContext) -> bool {
        if !self.ids.is_empty() {
            return false;
        }
        let own = self.saved.as_ref().map(|saved| &saved.content);
        // A board that says nothing is one of states.
        let states = (self.view.kind == ViewKind::Board).then_some("status");
        let other =
            |name: &str, own: Option<&str>| written(page, name).is_some_and(|text| text != own.unwrap_or_default());
        written(page, "filter").is_some()
            || page.query("sort").is_some()
            || self.view.fields != self.own_columns
            || self.widths != self.own_widths
            || other("group", self.own_group.as_deref().or(states))
            || other("totals", own.and_then(|own| own.totals.as_deref()))
            || other("date", self.view.date.as_deref())
            || other("end", self.view.end.as_deref())
            // One goes through months and weeks without changing anything; a saved view is one of them.
            || own.is_some_and(|own| other("scale", own.scale.as_deref()))
            || own.is_some_and(|own| other(PIPELINE, own.pipeline.as_deref()))
    }

    /// The whole of it, as a view keeps it.
    pub fn content(&self) -> ViewContent {
        let sort = Sort::print_list(&self.sort);
        let kind = self.view.kind;
        let board = kind == ViewKind::Board;
        let dated = |text: &Option<String>| text.clone().filter(|_| kind.is_dated());
        ViewContent {
            kind: (kind != ViewKind::Table).then(|| kind.as_str().to_owned()),
            filter: self.filter.as_ref().map(Filter::print),
            sort: (!sort.is_empty()).then_some(sort),
            columns: Some(widths::print(self.view.fields.iter().map(String::as_str), &self.widths)),
            group: if board { self.view.group.clone() } else { self.group.clone() },
            measure: self.view.measure.clone(),
            totals: self.totals.then(|| "1".to_owned()),
            date: dated(&self.dates.date),
            end: dated(&self.dates.end),
            scale: dated(&self.dates.scale),
            pipeline: self.pipeline.clone().filter(|_| board),
        }
    }

    /// Whether anything narrows the rows.
    pub fn narrowed(&self) -> bool {
        self.filter.is_some() || self.search.is_some() || !self.ids.is_empty()
    }

    /// The value of `filter=` for this filter in this view: none where it is the view's own.
    pub fn filter_parameter(&self, filter: Option<&Filter>) -> Option<String> {
        let text = filter.map(Filter::print).unwrap_or_default();
        let own = if self.trash { "" } else { self.view.filter.as_deref().unwrap_or_default() };
        (text != own).then_some(text)
    }
}

/// A parameter that is present, also where it is empty: `filter=` takes the view's filter away.
pub fn written<'a>(page: &'a PageContext, name: &str) -> Option<&'a str> {
    page.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The saved view with this id.
fn saved_view<'a>(key: &str, views: &'a [SavedView]) -> Option<&'a SavedView> {
    let id = Uuid::try_parse(key).ok()?;
    views.iter().find(|view| view.id == id)
}

/// A saved view as a view, and what it names that is gone. Without its filter it shows more than it meant to, and says so.
fn opened(entity: &Entity, saved: &SavedView) -> (View, Vec<String>) {
    let content = &saved.content;
    let mut gone = Vec::new();
    let named = column_parts(content.columns.as_deref().unwrap_or_default()).map(|(key, _)| key);
    let (known, unknown): (Vec<&str>, Vec<&str>) = named.partition(|key| entity.field(key).is_some());
    gone.extend(unknown.iter().map(|key| t!("The column {key} is gone", key)));
    let mut fields: Vec<String> = known.into_iter().map(str::to_owned).collect();
    if fields.is_empty() {
        fields =
            entity.first_view(ViewKind::Table).map_or_else(|| plain_view(entity).fields, |view| view.fields.clone());
        fields.retain(|key| entity.field(key).is_some());
    }
    let mut still = |part: &Option<String>, wrong: Option<String>| match wrong {
        Some(wrong) => {
            gone.push(wrong);
            None
        }
        None => part.clone(),
    };
    let filter = content.filter.as_deref().and_then(|text| Filter::parse(text, entity).err());
    let filter = still(&content.filter, filter.map(|error| t!("Its filter no longer holds: {error}", error)));
    let sort = content.sort.as_deref().and_then(|text| Sort::parse_list(text, entity).err());
    let sort = still(&content.sort, sort.map(|error| t!("Its order no longer holds: {error}", error)));
    let lost = |key: &Option<String>| key.clone().filter(|key| entity.field(key).is_none());
    let group = lost(&content.group).map(|key| t!("The field of its groups {key} is gone", key));
    let group = still(&content.group, group);
    let measure = lost(&content.measure).map(|key| t!("The field that it adds up {key} is gone", key));
    let measure = still(&content.measure, measure);
    let undated =
        |key: &Option<String>| key.clone().filter(|key| entity.field(key).is_none_or(|field| !field.is_dated()));
    let date = undated(&content.date).map(|key| t!("The day by which rows stand, {key} is gone", key));
    let date = still(&content.date, date);
    let end = undated(&content.end).map(|key| t!("The day that rows last until, {key} is gone", key));
    let end = still(&content.end, end);
    let (key, label, kind) = (saved.id.to_string(), saved.label.clone(), content.view_kind());
    (View { key, label, kind, fields, filter, sort, group, measure, date, end }, gone)
}

/// A view of the description, of which the viewer may not know every field: columns are missing without a word, as in any list.
fn described(entity: &Entity, mut view: View) -> (View, Vec<String>) {
    view.fields.retain(|key| entity.field(key).is_some());
    let (filter, sort) = (view.filter.clone(), view.sort.clone());
    view.filter = view.filter.filter(|text| Filter::parse(text, entity).is_ok());
    view.sort = view.sort.filter(|text| Sort::parse_list(text, entity).is_ok());
    for key in [&mut view.group, &mut view.measure, &mut view.date, &mut view.end] {
        *key = key.take().filter(|key| entity.field(key).is_some());
    }
    let lost = view.filter != filter || view.sort != sort;
    (view, lost.then(|| words::say(UNSEEN).to_owned()).into_iter().collect())
}

/// The pipeline of the address, else that of the saved view. Of a saved view that names one that is gone the first is shown.
fn asked_pipeline(
    page: &PageContext,
    entity: &Entity,
    saved: Option<&SavedView>,
    problems: &mut Vec<Unreadable>,
) -> Option<String> {
    let states = entity.states.as_ref().filter(|states| !states.pipelines.is_empty());
    let known = |key: &str| states.is_some_and(|states| states.pipeline(key).is_some());
    if let Some(key) = page.query(PIPELINE) {
        if known(key) {
            return Some(key.to_owned());
        }
        let keys = states.into_iter().flat_map(|states| &states.pipelines).map(|pipeline| pipeline.key.as_str());
        let many = &entity.labels.many;
        let message = match domain::text::nearest(key, keys) {
            Some(meant) => t!("{entities} have no pipeline {key}; did you mean {meant}?", entities = many, key, meant),
            None => t!("{entities} have no pipeline {key}", entities = many, key),
        };
        problems.push(Unreadable { parameter: PIPELINE, text: key.to_owned(), message });
        return None;
    }
    saved.and_then(|saved| saved.content.pipeline.clone()).filter(|key| known(key))
}

/// The view that the URL names, else the first table, else one made of the title. Whatever has a day has a calendar and a timeline, also where its
/// description says nothing of them.
fn view_of(page: &PageContext, entity: &Entity) -> Result<View> {
    match page.query("view") {
        Some(key) => entity.view(key).cloned().or_else(|| dates::view(entity, key)).ok_or_else(Error::not_found),
        None => Ok(entity.first_view(ViewKind::Table).cloned().unwrap_or_else(|| plain_view(entity))),
    }
}

pub fn plain_view(entity: &Entity) -> View {
    let fields = [Some(&entity.title), entity.subtitle.as_ref()].into_iter().flatten().cloned();
    View {
        key: "all".to_owned(),
        label: t!("All").to_owned(),
        kind: ViewKind::Table,
        fields: fields.chain(["number", "owner", "updatedAt"].map(str::to_owned)).collect(),
        filter: None,
        sort: None,
        group: None,
        measure: None,
        date: None,
        end: None,
    }
}

fn read_limit(page: &PageContext, problems: &mut Vec<Unreadable>) -> u32 {
    let Some(text) = page.query("limit") else { return DEFAULT_LIMIT };
    match text.parse() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => limit,
        _ => {
            let message =
                t!("{count} rows cannot be shown on a page; choose 1 to {most}", count = text, most = MAX_LIMIT);
            problems.push(Unreadable { parameter: "limit", text: text.to_owned(), message });
            DEFAULT_LIMIT
        }
    }
}

/// The columns of the view that this viewer may read, the one that names the row first.
pub fn columns<'a>(viewer: &Viewer, entity: &'a Entity, view: &View) -> Vec<&'a Field> {
    let mut fields: Vec<&Field> = view.fields.iter().filter_map(|key| entity.field(key)).collect();
    if !fields.iter().any(|field| field.key == entity.title) {
        fields.splice(0..0, entity.field(&entity.title));
    }
    fields.retain(|field| readable(viewer, field));
    fields
}

pub fn readable(viewer: &Viewer, field: &Field) -> bool {
    field.readable(&viewer.grants)
}

#[cfg(test)]
mod tests {
    use super::{ListState, UNSEEN, columns};
    use crate::page::PageContext;
    use crate::records::fixture::{entity, page, saved, viewer};
    use domain::schema::Filter;
    use domain::views::ViewContent;
    use std::sync::Arc;

    fn read(query: &[(&str, &str)]) -> (ListState, Vec<&'static str>) {
        let (state, problems) = ListState::read(&page(query), &entity(), &[]).unwrap();
        (state, problems.into_iter().map(|problem| problem.parameter).collect())
    }

    #[test]
    fn the_view_gives_what_the_address_leaves_out() {
        let (state, problems) = read(&[]);
        assert!(problems.is_empty());
        assert_eq!(state.filter.as_ref().unwrap().print(), "status not in (won, lost)");
        assert_eq!((state.sort[0].field.as_str(), state.sort[0].descending, state.limit), ("enquiredOn", true, 50));
        let (state, _) = read(&[("filter", ""), ("sort", "name")]);
        assert!(state.filter.is_none() && !state.sort[0].descending);
        assert!(state.changed(&page(&[("filter", "")])));
    }

    #[test]
    fn the_trash_has_no_filter_of_its_own() {
        assert!(read(&[("trash", "1")]).0.filter.is_none());
    }

    #[test]
    fn all_that_cannot_be_read_is_named() {
        let (_, problems) = read(&[("filter", "stauts = new"), ("sort", "valeu"), ("limit", "9999")]);
        assert_eq!(problems, ["filter", "sort", "limit"]);
        assert_eq!(read(&[("sort", "name,name")]).1, ["sort"]);
        assert_eq!(read(&[("columns", "name,vlaue"), ("group", "name")]).1, ["columns", "group"]);
        assert!(ListState::read(&page(&[("view", "nonsense")]), &entity(), &[]).is_err());
    }

    #[test]
    fn a_filter_that_is_the_views_own_needs_no_parameter() {
        let (state, _) = read(&[("filter", "")]);
        let own = Filter::parse("status not in (won, lost)", &entity()).unwrap();
        assert_eq!(state.filter_parameter(Some(&own)), None);
        assert_eq!(state.filter_parameter(None).as_deref(), Some(""));
        assert_eq!(read(&[("view", "everything")]).0.filter_parameter(None), None);
    }

    #[test]
    fn columns_lead_with_the_name_and_hide_what_may_not_be_read() {
        let entity = entity();
        let keys = |view: &str| {
            columns(&viewer(), &entity, entity.view(view).unwrap())
                .into_iter()
                .map(|field| field.key.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(keys("all"), ["name", "status", "value"]);
        assert_eq!(keys("everything"), ["name", "value"]);
    }

    #[test]
    fn rows_that_are_named_are_the_list_and_change_no_view() {
        let named = [("filter", ""), ("row", "0199a000-0000-7000-8000-000000000001"), ("row", "nonsense")];
        let (state, problems) = read(&named);
        assert!(problems.is_empty() && state.narrowed() && !state.changed(&page(&named)));
        assert_eq!(state.query(Vec::new()).ids, state.ids);
        assert_eq!((state.ids.len(), read(&named[..1]).0.changed(&page(&named[..1]))), (1, true));
    }

    #[test]
    fn a_cursor_says_where_the_page_begins_and_the_offset_only_counts() {
        let (state, _) = read(&[("cursor", "abc"), ("offset", "50")]);
        assert_eq!((state.query(Vec::new()).offset, state.before), (0, 50));
        assert_eq!(read(&[("offset", "100")]).0.query(Vec::new()).offset, 100);
    }
    #[test]
    fn a_saved_view_opens_as_it_was_kept_and_tells_when_it_was_changed() {
        let text = |text: &str| Some(text.to_owned());
        let content = ViewContent {
            filter: text("status = new"),
            sort: text("status,-value"),
            columns: text("value,name"),
            group: text("status"),
            ..ViewContent::default()
        };
        let (views, id) = ([saved(content.clone())], uuid::Uuid::from_u128(7).to_string());
        let read = |more: &[(&str, &str)]| {
            let query: Vec<(&str, &str)> = [("view", id.as_str())].into_iter().chain(more.iter().copied()).collect();
            let (state, problems) = ListState::read(&page(&query), &entity(), &views).unwrap();
            assert!(problems.is_empty());
            (state.changed(&page(&query)), state)
        };
        let (changed, state) = read(&[]);
        assert_eq!((changed, state.content()), (false, content));
        assert!(!read(&[("columns", "value,name"), ("group", "status")]).0);
        for other in [("columns", "name,value"), ("group", ""), ("totals", "1"), ("sort", "name"), ("filter", "")] {
            let (changed, state) = read(&[other]);
            assert!(changed && state.content() != views[0].content, "{other:?}");
        }
    }

    #[test]
    fn the_columns_of_a_board_are_those_of_its_view_until_the_address_says_others() {
        let text = |text: &str| Some(text.to_owned());
        let kept = |group: Option<&str>| {
            [saved(ViewContent { kind: text("board"), group: group.map(str::to_owned), ..ViewContent::default() })]
        };
        let id = uuid::Uuid::from_u128(7).to_string();
        let read = |group: Option<&str>, more: &[(&str, &str)]| {
            let query: Vec<(&str, &str)> = [("view", id.as_str())].into_iter().chain(more.iter().copied()).collect();
            let (state, problems) = ListState::read(&page(&query), &entity(), &kept(group)).unwrap();
            let problems: Vec<&str> = problems.iter().map(|problem| problem.parameter).collect();
            assert_eq!(state.view.group, state.content().group);
            (state.changed(&page(&query)), state.view.group, problems)
        };
        assert_eq!(read(Some("owner"), &[]), (false, text("owner"), vec![]));
        assert_eq!(read(Some("owner"), &[("group", "owner")]), (false, text("owner"), vec![]));
        assert_eq!(read(Some("owner"), &[("group", "status")]), (true, text("status"), vec![]));
        assert_eq!(read(Some("owner"), &[("group", "")]), (true, None, vec![]));
        assert_eq!(read(None, &[("group", "owner")]), (true, text("owner"), vec![]));
        assert_eq!(read(None, &[("group", "status")]), (false, text("status"), vec![]));
        // What cannot make columns is said, wherever it comes from, and not drawn as something else.
        assert_eq!(read(None, &[("group", "name")]).2, ["group"]);
        assert_eq!(read(Some("value"), &[]).2, ["group"]);
    }

    #[test]
    fn a_saved_view_that_names_what_is_gone_opens_and_says_so() {
        let text = |text: &str| Some(text.to_owned());
        let views = [saved(ViewContent {
            filter: text("budget > 5"),
            sort: text("-budget"),
            columns: text("name,budget"),
            group: text("budget"),
            ..ViewContent::default()
        })];
        let id = uuid::Uuid::from_u128(7).to_string();
        let (state, problems) = ListState::read(&page(&[("view", &id)]), &entity(), &views).unwrap();
        assert!(problems.is_empty());
        assert_eq!((state.view.fields, state.filter, state.group), (vec!["name".to_owned()], None, None));
        assert_eq!(state.gone.len(), 4, "{:?}", state.gone);
    }

    #[test]
    fn what_a_viewer_may_not_know_is_gone_for_them_and_not_named() {
        let text = |text: &str| Some(text.to_owned());
        let views = [saved(ViewContent {
            filter: text("closedOn > 2026-01-01"),
            sort: text("-closedOn"),
            columns: text("name,secret"),
            ..ViewContent::default()
        })];
        let id = uuid::Uuid::from_u128(7).to_string();
        let read = |query: &[(&str, &str)]| {
            let page = PageContext { viewer: Some(Arc::new(viewer())), ..page(query) };
            ListState::read(&page, &entity(), &views).unwrap()
        };
        let (state, problems) = read(&[("view", &id)]);
        assert!(problems.is_empty(), "the list opens: {problems:?}");
        assert_eq!((state.view.fields.as_slice(), &state.filter), (["name".to_owned()].as_slice(), &None));
        assert_eq!(state.gone, [UNSEEN]);
        // A view of the description leaves the column out, so that it can be kept under another name.
        assert_eq!(read(&[]).0.content().columns, text("name,status,value"));
        // Nor is it what they are asked whether they meant.
        for query in [
            [("filter", "secrat = x")],
            [("sort", "closedOm")],
            [("columns", "secre")],
            [("filter", "closedOn = 2026-01-01")],
        ] {
            let message = read(&query).1[0].message.clone();
            assert!(!message.contains("secret") && !message.contains("did you mean closedOn"), "{message}");
        }
        let (_, problems) = ListState::read(&page(&[("columns", "secre")]), &entity(), &views).unwrap();
        assert!(problems[0].message.contains("secret"), "who may know it is asked");
    }
}
