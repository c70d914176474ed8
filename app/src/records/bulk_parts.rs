//! Choosing many rows: the bar over a table, and what its form says on the page that it leads to.

use super::list_parts::lower;
use super::list_state::{FORMER_FILTER, FORMER_SEARCH, ListState, written};
use super::post::hidden;
use crate::page::{PageContext, Replay, Viewer, encode};
use domain::Verb;
use domain::money::group_thousands;
use domain::records::{MOST_NAMED, Total};
use domain::schema::{Entity, Filter};
use leptos::prelude::*;
use std::borrow::Cow;
use std::sync::Arc;
use ui::{BulkBar, ButtonKind, FilterChip, Size, SubmitButton};
use uuid::Uuid;
use words::t;

/// Id of the form that the boxes of the rows belong to.
pub const FORM: &str = "bulk";

/// Whether the viewer may do anything to many of these rows.
pub fn offered(viewer: &Viewer, entity: &Entity, state: &ListState) -> bool {
    let verbs: &[Verb] = if state.trash { &[Verb::Delete] } else { &[Verb::Update, Verb::Delete, Verb::Export] };
    // Rows of the past are there to be looked at.
    state.as_of.is_none() && verbs.iter().any(|verb| viewer.may(entity, *verb))
}

/// Where a tab of the browser keeps which rows of a list are chosen, page after page: of this member in this workspace, those in the trash by
/// themselves. The server keeps nothing of it.
pub fn shelf(viewer: &Viewer, entity: &Entity, trash: bool) -> String {
    let place = if trash { "trash" } else { "list" };
    format!("nexus.chosen {} {} {} {place}", viewer.slug, entity.key, viewer.member)
}

/// That the list is of chosen rows alone, and the way back to all of them.
pub fn only(page: &PageContext, state: &ListState) -> Option<AnyView> {
    (!state.ids.is_empty()).then(|| {
        let remove_href = back_href(page);
        let value = group_thousands(&state.ids.len().to_string());
        view! { <FilterChip field=t!("Only chosen rows") relation="" value remove_href/> }.into_any()
    })
}

/// The list as it was before the chosen rows were looked at by themselves.
fn back_href(page: &PageContext) -> String {
    page.with_query(&[
        ("row", None),
        ("filter", written(page, FORMER_FILTER)),
        ("search", written(page, FORMER_SEARCH)),
        (FORMER_FILTER, None),
        (FORMER_SEARCH, None),
    ])
}

/// The chosen rows by themselves, to which the browser adds which they are. What narrows the list now is kept for the way back; where it is of chosen rows
/// already, what narrowed it before.
fn see_href(page: &PageContext, state: &ListState) -> String {
    let former = if state.ids.is_empty() { ["filter", "search"] } else { [FORMER_FILTER, FORMER_SEARCH] };
    let [filter, search] = former.map(|name| written(page, name));
    page.with_query(&[
        ("filter", Some("")),
        ("search", None),
        ("row", None),
        ("open", None),
        (FORMER_FILTER, filter),
        (FORMER_SEARCH, search),
    ])
}

/// Over the table: on with the chosen rows, or with all that match.
pub fn bar(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    state: &ListState,
    total: Option<Total>,
) -> Option<AnyView> {
    if !offered(viewer, entity, state) {
        return None;
    }
    let action = viewer.path(&format!("{}/bulk", entity.plural));
    let filter = state.filter.as_ref().map(|filter| hidden("filter", filter.print()));
    let search = state.search.clone().map(|words| hidden("search", words));
    let trash = state.trash.then(|| hidden("trash", "1"));
    // Where the list is of chosen rows alone, all that match would be others than those on the screen.
    let all = state.ids.is_empty().then(|| {
        let rows = match total {
            Some(total) => super::list_parts::total_words(entity, total),
            None => lower(&entity.labels.many),
        };
        let all = t!("All {rows}", rows);
        view! { <SubmitButton size=Size::Small kind=ButtonKind::Secondary name="all" value="true">{all}</SubmitButton> }
    });
    let back = hidden("back", page.address());
    let many = lower(&entity.labels.many);
    let text = t!("Do something with the chosen {rows}", rows = many);
    let full = t!("Up to {most} {rows} are ticked. For more, choose all that match", most = MOST_NAMED, rows = many);
    let one = t!("# {row} chosen", row = lower(&entity.labels.one));
    let many = t!("# {rows} chosen", rows = many);
    let apart = t!("{chosen}, {here} of them on this page", chosen = "#", here = "~");
    let see_href = see_href(page, state);
    let shelf = shelf(viewer, entity, state.trash);
    Some(
        view! {
            <form id=FORM class="bulk-form" method="get" action=action data-shelf=shelf data-full=full>
                {filter}{search}{trash}{back}
                <BulkBar text one many apart see_href>
                    <SubmitButton size=Size::Small>{t!("The chosen ones")}</SubmitButton>
                    {all}
                </BulkBar>
            </form>
        }
        .into_any(),
    )
}

/// Which rows the page of a change is about.
pub struct Meant {
    pub ids: Vec<Uuid>,
    pub all: bool,
    pub filter: Option<Filter>,
    pub search: Option<String>,
    pub trash: bool,
}

/// Whether a parameter names rows: as the form of a list says it, or as a form of the page itself does.
fn names_rows(key: &str) -> bool {
    key == "row" || key == "ids" || key.starts_with("ids[")
}

fn named(sent: &[(String, String)]) -> Vec<Uuid> {
    let values = sent.iter().filter(|(key, _)| names_rows(key)).flat_map(|(_, value)| value.split(','));
    values.filter_map(|id| Uuid::try_parse(id).ok()).collect()
}

/// The page with rows that it names in this way alone.
fn naming(page: &PageContext, ids: Option<(String, String)>) -> PageContext {
    let others = page.query.iter().filter(|(key, _)| !names_rows(key)).cloned();
    PageContext { query: Arc::new(others.chain(ids).collect()), ..page.clone() }
}

/// The page without its rows: where its forms stand. They say the rows themselves, and an address has no room for both when one of them is sent to look
/// something up.
pub fn unnamed(page: &PageContext) -> PageContext {
    naming(page, None)
}

impl Meant {
    /// As the address says it, or the form that was refused. What cannot be read is said in words.
    pub fn read(page: &PageContext, replay: Option<&Replay>, entity: &Entity) -> Result<Self, String> {
        let all = page.query("all") == Some("true");
        let mut ids = named(&page.query);
        if ids.is_empty() {
            ids = replay.map(|replay| named(&replay.fields)).unwrap_or_default();
        }
        let known = page.viewer.as_ref().map_or(Cow::Borrowed(entity), |viewer| entity.known_to(&viewer.grants));
        let filter = page.query("filter").filter(|_| all).map(|text| Filter::parse(text, &known)).transpose();
        Ok(Self {
            ids: if all { Vec::new() } else { ids },
            all,
            filter: filter.map_err(|error| error.to_string())?,
            search: page.query("search").filter(|_| all).map(str::to_owned),
            trash: page.query("trash").is_some(),
        })
    }

    /// The page that is about them, for its links.
    pub fn page(&self, page: &PageContext) -> PageContext {
        naming(page, self.list().map(|ids| ("ids".to_owned(), ids)))
    }

    /// In one value, which takes less room in an address than one for each.
    fn list(&self) -> Option<String> {
        let ids: Vec<String> = self.ids.iter().map(Uuid::to_string).collect();
        (!ids.is_empty()).then(|| ids.join(","))
    }

    /// As hidden fields of a form that acts on them.
    pub fn fields(&self) -> Vec<AnyView> {
        let ids = self.list().map(|ids| hidden("ids", ids));
        let all = self.all.then(|| hidden("all", "true"));
        let filter = self.filter.as_ref().map(|filter| hidden("filter", filter.print()));
        let search = self.search.clone().map(|words| hidden("search", words));
        ids.into_iter().chain(all).chain(filter).chain(search).collect()
    }

    /// The same rows as a file.
    pub fn export_href(&self, viewer: &Viewer, entity: &Entity, kind: &str) -> String {
        let ids = self.ids.iter().map(|id| format!("row={id}"));
        let filter = self.filter.as_ref().map(|filter| format!("filter={}", encode(&filter.print())));
        let search = self.search.as_ref().map(|words| format!("search={}", encode(words)));
        let trash = self.trash.then(|| "trash=1".to_owned());
        let pairs: Vec<String> = ids.chain(filter).chain(search).chain(trash).collect();
        viewer.path(&format!("{}/export.{kind}?{}", entity.plural, pairs.join("&")))
    }
}

#[cfg(test)]
mod tests {
    use super::{Meant, back_href, see_href, unnamed};
    use crate::page::Replay;
    use crate::records::filter_form::kept;
    use crate::records::fixture::{entity, page, viewer};
    use crate::records::list_state::ListState;
    use crate::records::saved::keep_href;

    #[test]
    fn chosen_rows_by_themselves_lead_back_to_what_the_list_was_narrowed_to() {
        let see = |query: &[(&str, &str)]| {
            let (page, entity) = (page(query), entity());
            see_href(&page, &ListState::read(&page, &entity, &[]).unwrap().0)
        };
        let there = "/w/lakeside/leads?sort=name&filter=&former.filter=status%20%3D%20new&former.search=a%20b";
        assert_eq!(see(&[("filter", "status = new"), ("search", "a b"), ("sort", "name")]), there);
        let chosen = [
            ("sort", "name"),
            ("filter", "score > 3"),
            ("former.filter", "status = new"),
            ("former.search", "a b"),
            ("row", "0199a000-0000-7000-8000-000000000001"),
        ];
        assert_eq!(see(&chosen), there, "whatever narrows the chosen ones");
        let page = page(&chosen);
        assert_eq!(back_href(&page), "/w/lakeside/leads?sort=name&filter=status%20%3D%20new&search=a%20b");
        // Forms of the list carry it along; a view keeps nothing of it.
        let names: Vec<String> = kept(&page, &["sort"]).map(|(name, _)| name).collect();
        assert_eq!(names, ["filter", "former.filter", "former.search", "row"]);
        let keep = keep_href(&page, &viewer(), &entity());
        assert!(keep.contains("sort=name") && !keep.contains("row=") && !keep.contains("former"), "{keep}");
    }

    #[test]
    fn named_rows_and_all_that_match_are_two_things() {
        let id = "0199a000-0000-7000-8000-000000000001";
        let named = [("row", id), ("row", "nonsense"), ("filter", "status = new")];
        let read = |query: &[(&str, &str)]| Meant::read(&page(query), None, &entity());
        let meant = read(&named).unwrap();
        assert_eq!((meant.ids.len(), meant.all, meant.filter), (1, false, None));
        let meant = read(&[&named[..], &[("all", "true")]].concat()).unwrap();
        assert_eq!((meant.ids.len(), meant.all, meant.filter.unwrap().print()), (0, true, "status = new".to_owned()));
        assert!(read(&[("all", "true"), ("filter", "stauts = new")]).is_err());
    }

    #[test]
    fn the_rows_are_named_once_and_come_back_with_a_form_that_was_refused() {
        let [one, other] = [1, 2].map(|number| uuid::Uuid::from_u128(number).to_string());
        let asked = page(&[("row", &one), ("row", &other), ("field", "name")]);
        let meant = Meant::read(&asked, None, &entity()).unwrap();
        let both = format!("{one},{other}");
        assert_eq!(meant.page(&asked).query.last(), Some(&("ids".to_owned(), both.clone())));
        let bare = unnamed(&asked);
        assert_eq!(bare.address(), "/w/lakeside/leads?field=name");
        let fields = vec![("ids".to_owned(), both)];
        let error = domain::Error::invalid("No");
        let replay = Replay { operation: "records.bulk".to_owned(), fields, error };
        let again = Meant::read(&bare, Some(&replay), &entity()).unwrap();
        assert_eq!((again.ids.len(), &again.ids), (2, &meant.ids));
    }
}
