//! Every page and action of a workspace that the viewer may use, by name.

use crate::layout::places::{Fixed, Rail, called, pages};
use crate::page::{Viewer, encode};
use crate::records::lower;
use crate::settings::offered;
use domain::Verb;
use domain::text::normal;
use domain::views::SavedView;
use words::{say, t};

pub struct Place {
    pub href: String,
    pub label: String,
    pub icon: String,
    /// It makes something, rather than only leading somewhere.
    pub action: bool,
    /// Other words for it.
    also: &'static str,
}

fn page(href: String, label: impl Into<String>, icon: &str, also: &'static str) -> Place {
    Place { href, label: label.into(), icon: icon.to_owned(), action: false, also }
}

fn fixed(viewer: &Viewer, place: &'static Fixed) -> Place {
    page(viewer.path(place.path), say(place.label), place.icon, say(place.also))
}

/// Those whose name holds every word; all of them where there are no words. Views are found by name only, as there are many; `saved` are those
/// that stand beside the ones of descriptions.
pub fn places(viewer: &Viewer, words: &str, saved: &[SavedView]) -> Vec<Place> {
    let words = normal(words);
    let first = |rail: &Rail| *rail == Rail::First;
    let mut places: Vec<Place> =
        pages(viewer).filter(|(rail, _)| first(rail)).map(|(_, place)| fixed(viewer, place)).collect();
    for board in crate::dashboards::offered(viewer) {
        let href = viewer.path(&format!("dashboards/{}", board.key));
        let label = t!("Dashboard: {title}", title = board.title);
        places.push(page(href, label, "layout-dashboard", t!("charts figures report kpi")));
    }
    for entity in viewer.catalog.iter().filter(|entity| viewer.may(entity, Verb::Read)) {
        let (one, many) = (lower(&entity.labels.one), lower(&entity.labels.many));
        let path = |rest: &str| viewer.path(&format!("{}{rest}", entity.plural));
        places.push(page(path(""), entity.labels.many.clone(), &entity.icon, t!("list table")));
        if !words.is_empty() {
            let own = entity.views.iter().map(|view| (view.key.clone(), &view.label));
            let kept = saved.iter().filter(|view| view.entity == entity.key);
            for (key, label) in own.chain(kept.map(|view| (view.id.to_string(), &view.label))) {
                places.push(page(
                    path(&format!("?view={}", encode(&key))),
                    format!("{}: {label}", entity.labels.many),
                    &entity.icon,
                    t!("view" in "search"),
                ));
            }
        }
        let mut action = |verb: Verb, rest: &str, label: String, icon: &str, also: &'static str| {
            if viewer.may(entity, verb) {
                places.push(Place { action: true, ..page(path(rest), label, icon, also) });
            }
        };
        action(Verb::Create, "/new", t!("New {entity}", entity = one), "plus", t!("add create make"));
        action(
            Verb::Import,
            "/import",
            t!("Import {entities}", entities = many),
            "upload",
            t!("csv xlsx excel spreadsheet file upload load"),
        );
    }
    places.extend(pages(viewer).filter(|(rail, _)| !first(rail)).map(|(_, place)| fixed(viewer, place)));
    places.extend(offered(viewer).map(|setting| fixed(viewer, &setting.page)));
    places.push(page("/workspaces".to_owned(), t!("Workspaces"), "building-2", t!("switch change")));
    places.retain(|place| called(&words, &format!("{} {}", place.label, place.also)));
    if !words.is_empty() {
        places.sort_by_key(|place| !normal(&place.label).starts_with(&words));
    }
    places
}
