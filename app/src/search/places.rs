//! Every page and action of a workspace that the viewer may use, by name.

use crate::page::{Viewer, encode};
use crate::records::lower;
use domain::Verb;
use domain::text::normal;
use words::t;

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
        page(viewer.path(""), t!("Home"), "home", t!("start dashboard overview")),
        page(viewer.path("notifications"), t!("Notifications"), "bell", t!("inbox unread news told")),
        page(viewer.path("approvals"), t!("Approvals"), "badge-check", t!("approve decide waiting")),
    ];
    let mut boards = crate::dashboards::offered(viewer).peekable();
    if boards.peek().is_some() {
        let also = t!("charts figures reports kpi");
        places.push(page(viewer.path("dashboards"), t!("Dashboards"), "layout-dashboard", also));
    }
    for board in boards {
        let href = viewer.path(&format!("dashboards/{}", board.key));
        let label = t!("Dashboard: {title}", title = board.title);
        places.push(page(href, label, "layout-dashboard", t!("charts figures report kpi")));
    }
    for entity in viewer.catalog.iter().filter(|entity| viewer.may(entity, Verb::Read)) {
        let (one, many) = (lower(&entity.labels.one), lower(&entity.labels.many));
        let path = |rest: &str| viewer.path(&format!("{}{rest}", entity.plural));
        places.push(page(path(""), entity.labels.many.clone(), &entity.icon, t!("list table")));
        if !words.is_empty() {
            for view in &entity.views {
                places.push(page(
                    path(&format!("?view={}", encode(&view.key))),
                    format!("{}: {}", entity.labels.many, view.label),
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
    places.push(page(
        viewer.path("settings"),
        t!("Settings"),
        "settings",
        t!("appearance theme dark light density preferences sign out"),
    ));
    let also = t!("articles guides how manual support");
    places.push(page(viewer.path("help"), t!("Help"), "circle-question-mark", also));
    places.push(page(viewer.path("settings/people"), t!("People"), "users", t!("members team roles")));
    places.push(page(viewer.path("settings/sessions"), t!("Sessions"), "monitor", t!("devices security signed in")));
    places.push(page("/workspaces".to_owned(), t!("Workspaces"), "building-2", t!("switch change")));
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
