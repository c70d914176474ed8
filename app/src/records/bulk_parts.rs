//! Choosing many rows: the bar over a table, and what its form says on the page that it leads to.

use super::list_parts::lower;
use super::list_state::ListState;
use super::post::hidden;
use crate::page::{PageContext, Viewer, encode};
use domain::Verb;
use domain::records::Page;
use domain::schema::{Entity, Filter};
use leptos::prelude::*;
use std::borrow::Cow;
use ui::{BulkBar, ButtonKind, Size, SubmitButton};
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

/// Over the table: on with the chosen rows, or with all that match.
pub fn bar(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState, answer: &Page) -> Option<AnyView> {
    if !offered(viewer, entity, state) {
        return None;
    }
    let action = viewer.path(&format!("{}/bulk", entity.plural));
    let filter = state.filter.as_ref().map(|filter| hidden("filter", filter.print()));
    let search = state.search.clone().map(|words| hidden("search", words));
    let trash = state.trash.then(|| hidden("trash", "1"));
    let all = match answer.total {
        Some(total) => super::list_parts::total_words(entity, total),
        None => lower(&entity.labels.many),
    };
    let all = t!("All {rows}", rows = all);
    let back = hidden("back", page.address());
    let text = t!("Do something with the chosen {rows}", rows = lower(&entity.labels.many));
    let one = t!("# {row} chosen", row = lower(&entity.labels.one));
    let many = t!("# {rows} chosen", rows = lower(&entity.labels.many));
    Some(
        view! {
            <form id=FORM class="bulk-form" method="get" action=action>
                {filter}{search}{trash}{back}
                <BulkBar text one many>
                    <SubmitButton size=Size::Small>{t!("The chosen ones")}</SubmitButton>
                    <SubmitButton size=Size::Small kind=ButtonKind::Secondary name="all" value="true">{all}</SubmitButton>
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

impl Meant {
    /// As the form of a list says it. What cannot be read is said in words.
    pub fn read(page: &PageContext, entity: &Entity) -> Result<Self, String> {
        let all = page.query("all") == Some("true");
        let chosen = page.query.iter().filter(|(key, _)| key == "row").filter_map(|(_, id)| Uuid::try_parse(id).ok());
        let known = page.viewer.as_ref().map_or(Cow::Borrowed(entity), |viewer| entity.known_to(&viewer.grants));
        let filter = page.query("filter").filter(|_| all).map(|text| Filter::parse(text, &known)).transpose();
        Ok(Self {
            ids: if all { Vec::new() } else { chosen.collect() },
            all,
            filter: filter.map_err(|error| error.to_string())?,
            search: page.query("search").filter(|_| all).map(str::to_owned),
            trash: page.query("trash").is_some(),
        })
    }

    /// As hidden fields of a form that acts on them.
    pub fn fields(&self) -> Vec<AnyView> {
        let ids = self.ids.iter().enumerate().map(|(at, id)| hidden(format!("ids[{at}]"), id.to_string()));
        let all = self.all.then(|| hidden("all", "true"));
        let filter = self.filter.as_ref().map(|filter| hidden("filter", filter.print()));
        let search = self.search.clone().map(|words| hidden("search", words));
        ids.chain(all).chain(filter).chain(search).collect()
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
    use super::Meant;
    use crate::records::fixture::{entity, page};

    #[test]
    fn named_rows_and_all_that_match_are_two_things() {
        let id = "0199a000-0000-7000-8000-000000000001";
        let named = [("row", id), ("row", "nonsense"), ("filter", "status = new")];
        let read = |query: &[(&str, &str)]| Meant::read(&page(query), &entity());
        let meant = read(&named).unwrap();
        assert_eq!((meant.ids.len(), meant.all, meant.filter), (1, false, None));
        let meant = read(&[&named[..], &[("all", "true")]].concat()).unwrap();
        assert_eq!((meant.ids.len(), meant.all, meant.filter.unwrap().print()), (0, true, "status = new".to_owned()));
        assert!(read(&[("all", "true"), ("filter", "stauts = new")]).is_err());
    }
}
