//! Every page and action of a workspace that the viewer may use, by name.

use crate::page::{Viewer, encode};
use crate::records::lower;
use domain::Verb;
use domain::text::normal;

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

/// Those whose name holds every word; all of them where there are no words. Views are found by name only, as there are many.
pub fn places(viewer: &Viewer, words: &str) -> Vec<Place> {
    let words = normal(words);
    let mut places = vec![
        page(viewer.path(""), "Home", "home", "start dashboard overview"),
        page(viewer.path("notifications"), "Notifications", "bell", "inbox unread news told"),
        page(viewer.path("approvals"), "Approvals", "badge-check", "approve decide waiting"),
    ];
    let mut boards = crate::dashboards::offered(viewer).peekable();
    if boards.peek().is_some() {
        places.push(page(viewer.path("dashboards"), "Dashboards", "layout-dashboard", "charts figures reports kpi"));
    }
    for board in boards {
        let (href, label) = (viewer.path(&format!("dashboards/{}", board.key)), format!("Dashboard: {}", board.title));
        places.push(page(href, label, "layout-dashboard", "charts figures report kpi"));
    }
    for entity in viewer.catalog.iter().filter(|entity| viewer.may(entity, Verb::Read)) {
        let (one, many) = (lower(&entity.labels.one), lower(&entity.labels.many));
        let path = |rest: &str| viewer.path(&format!("{}{rest}", entity.plural));
        places.push(page(path(""), entity.labels.many.clone(), &entity.icon, "list table"));
        if !words.is_empty() {
            for view in &entity.views {
                places.push(page(
                    path(&format!("?view={}", encode(&view.key))),
                    format!("{}: {}", entity.labels.many, view.label),
                    &entity.icon,
                    "view",
                ));
            }
        }
        let mut action = |verb: Verb, rest: &str, label: String, icon: &str, also: &'static str| {
            if viewer.may(entity, verb) {
                places.push(Place { action: true, ..page(path(rest), label, icon, also) });
            }
        };
        action(Verb::Create, "/new", format!("New {one}"), "plus", "add create make");
        action(
            Verb::Import,
            "/import",
            format!("Import {many}"),
            "upload",
            "csv xlsx excel spreadsheet file upload load",
        );
    }
    places.push(page(
        viewer.path("settings"),
        "Settings",
        "settings",
        "appearance theme dark light density preferences sign out",
    ));
    places.push(page(viewer.path("help"), "Help", "circle-question-mark", "articles guides how manual support"));
    places.push(page(viewer.path("settings/people"), "People", "users", "members team roles"));
    places.push(page(viewer.path("settings/sessions"), "Sessions", "monitor", "devices security signed in"));
    places.push(page("/workspaces".to_owned(), "Workspaces", "building-2", "switch change"));
    places.retain(|place| matches(&words, place));
    if !words.is_empty() {
        places.sort_by_key(|place| !normal(&place.label).starts_with(&words));
    }
    places
}

fn matches(words: &str, place: &Place) -> bool {
    let name = format!("{} {}", normal(&place.label), place.also);
    words.split(' ').all(|word| name.split([' ', ':']).any(|known| known.starts_with(word)))
}

#[cfg(test)]
mod tests {
    use super::{matches, page};

    #[test]
    fn a_place_is_found_by_the_beginnings_of_its_words() {
        let place = page(String::new(), "New lead", "plus", "add create");
        for words in ["", "new", "lea", "lead new", "crea lead"] {
            assert!(matches(words, &place), "{words}");
        }
        assert!(!matches("old lead", &place));
    }
}
