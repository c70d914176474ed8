//! What the URL of a list says: view, filter, sort, search, place. Read in one place for table and board, with everything that cannot be
//! read named.

use crate::page::{PageContext, Viewer};
use domain::schema::query::{DEFAULT_LIMIT, MAX_LIMIT};
use domain::schema::{Count, Entity, Field, Filter, ListQuery, Sort, View, ViewKind};
use domain::{Error, Result};

/// The parameters that make a list; links carry them along.
pub const PARAMETERS: [&str; 6] = ["view", "filter", "sort", "search", "limit", "trash"];

#[derive(Debug, Clone)]
pub struct ListState {
    pub view: View,
    /// The filter of the URL, else the view's own.
    pub filter: Option<Filter>,
    pub sort: Vec<Sort>,
    pub search: Option<String>,
    pub limit: u32,
    pub cursor: Option<String>,
    /// How many rows come before this page, as far as the links know.
    pub before: u32,
    pub trash: bool,
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
    /// What can be read, and what cannot.
    pub fn read(page: &PageContext, entity: &Entity) -> Result<(Self, Vec<Unreadable>)> {
        let mut problems = Vec::new();
        let view = view_of(page, entity)?;
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
            Ok(sort) if sort.len() < 2 => sort,
            Ok(_) => {
                let message = "A list is sorted by one field; choose the one that matters most".to_owned();
                problems.push(Unreadable { parameter: "sort", text: sort_text.to_owned(), message });
                Vec::new()
            }
            Err(error) => {
                problems.push(Unreadable { parameter: "sort", text: sort_text.to_owned(), message: error.to_string() });
                Vec::new()
            }
        };
        let limit = read_limit(page, &mut problems);
        let state = Self {
            view,
            filter,
            sort,
            search: page.query("search").map(str::to_owned),
            limit,
            cursor: page.query("cursor").map(str::to_owned),
            before: page.query("offset").and_then(|text| text.parse().ok()).unwrap_or(0),
            trash,
        };
        Ok((state, problems))
    }

    /// The query behind the page, asking for these fields.
    pub fn query(&self, fields: Vec<String>) -> ListQuery {
        ListQuery {
            filter: self.filter.clone(),
            sort: self.sort.clone(),
            search: self.search.clone(),
            limit: self.limit,
            // A cursor says where the page begins; the offset beside it is for the words under the table only.
            offset: if self.cursor.is_some() { 0 } else { self.before },
            cursor: self.cursor.clone(),
            fields,
            count: Count::Estimated,
            trash: self.trash,
        }
    }

    /// Whether the URL asks for something else than the view.
    pub fn changed(&self, page: &PageContext) -> bool {
        written(page, "filter").is_some() || page.query("sort").is_some()
    }

    /// Whether anything narrows the rows.
    pub fn narrowed(&self) -> bool {
        self.filter.is_some() || self.search.is_some()
    }

    /// The value of `filter=` for this filter in this view: none where it is the view's own.
    pub fn filter_parameter(&self, filter: Option<&Filter>) -> Option<String> {
        let text = filter.map(Filter::print).unwrap_or_default();
        let own = if self.trash { "" } else { self.view.filter.as_deref().unwrap_or_default() };
        (text != own).then_some(text)
    }
}

/// A parameter that is present, also where it is empty: `filter=` takes the view's filter away.
fn written<'a>(page: &'a PageContext, name: &str) -> Option<&'a str> {
    page.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The view that the URL names, else the first table, else one made of the title.
fn view_of(page: &PageContext, entity: &Entity) -> Result<View> {
    match page.query("view") {
        Some(key) => entity.view(key).cloned().ok_or_else(Error::not_found),
        None => Ok(entity.first_view(ViewKind::Table).cloned().unwrap_or_else(|| plain_view(entity))),
    }
}

fn plain_view(entity: &Entity) -> View {
    let fields = [Some(&entity.title), entity.subtitle.as_ref()].into_iter().flatten().cloned();
    View {
        key: "all".to_owned(),
        label: "All".to_owned(),
        kind: ViewKind::Table,
        fields: fields.chain(["number", "owner", "updatedAt"].map(str::to_owned)).collect(),
        filter: None,
        sort: None,
        group: None,
        measure: None,
    }
}

fn read_limit(page: &PageContext, problems: &mut Vec<Unreadable>) -> u32 {
    let Some(text) = page.query("limit") else { return DEFAULT_LIMIT };
    match text.parse() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => limit,
        _ => {
            let message = format!("{text} rows cannot be shown on a page; choose 1 to {MAX_LIMIT}");
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
    use super::{ListState, columns};
    use crate::records::fixture::{entity, page, viewer};
    use domain::schema::Filter;

    fn read(query: &[(&str, &str)]) -> (ListState, Vec<&'static str>) {
        let (state, problems) = ListState::read(&page(query), &entity()).unwrap();
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
        assert_eq!(read(&[("sort", "name,value")]).1, ["sort"]);
        assert!(ListState::read(&page(&[("view", "nonsense")]), &entity()).is_err());
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
    fn a_cursor_says_where_the_page_begins_and_the_offset_only_counts() {
        let (state, _) = read(&[("cursor", "abc"), ("offset", "50")]);
        assert_eq!((state.query(Vec::new()).offset, state.before), (0, 50));
        assert_eq!(read(&[("offset", "100")]).0.query(Vec::new()).offset, 100);
    }
}
