//! The pages of a workspace that are there whatever its entities are: one table of them, of which the rail and the palette are made. What a page
//! asks for stands beside it, so that nobody is led where they would be refused. Those of the settings have a table alike (`settings::index`).

use crate::page::Viewer;
use domain::text::normal;
use words::mark;

/// A page of a workspace. What it is called is said with `words::say`.
#[derive(Debug, Clone, Copy)]
pub struct Fixed {
    /// Below the workspace.
    pub path: &'static str,
    pub label: &'static str,
    pub icon: &'static str,
    /// Other words for it, by which it is found.
    pub also: &'static str,
    /// The permission without which it is refused.
    pub needs: Option<&'static str>,
}

impl Fixed {
    pub const fn new(path: &'static str, label: &'static str, icon: &'static str, also: &'static str) -> Self {
        Self { path, label, icon, also, needs: None }
    }

    pub const fn needs(self, permission: &'static str) -> Self {
        Self { needs: Some(permission), ..self }
    }

    pub fn is_open(&self, viewer: &Viewer) -> bool {
        self.needs.is_none_or(|permission| viewer.grants.allows(permission))
    }
}

/// Whether every word, in its normal form, begins one of the name.
pub fn called(words: &str, name: &str) -> bool {
    let name = normal(name);
    words.split(' ').all(|word| name.split([' ', ':']).any(|known| known.starts_with(word)))
}

/// Where a page stands in the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rail {
    /// Before the areas.
    First,
    /// Behind the entities of an area.
    Area(&'static str),
    /// Among those at its foot, or in none of its places.
    Elsewhere,
}

/// Where there is none for this viewer, there is no page of them.
const DASHBOARDS: &str = "dashboards";

const PAGES: &[(Rail, Fixed)] = &[
    (Rail::First, Fixed::new("", mark!("Home"), "home", mark!("start dashboard overview"))),
    (Rail::First, Fixed::new(DASHBOARDS, mark!("Dashboards"), "layout-dashboard", mark!("charts figures reports kpi"))),
    (Rail::First, Fixed::new("notifications", mark!("Notifications"), "bell", mark!("inbox unread news told"))),
    (Rail::First, Fixed::new("approvals", mark!("Approvals"), "badge-check", mark!("approve decide waiting"))),
    (
        Rail::Area("finance"),
        Fixed::new("ledger", mark!("Ledger"), "scale", mark!("books accounts trial balance postings"))
            .needs("finance.journal_entry.read"),
    ),
    (
        Rail::Elsewhere,
        Fixed::new("ledger/receivables", mark!("Receivables"), "scale", mark!("owed overdue aged debtors"))
            .needs("finance.invoice.read"),
    ),
    (
        Rail::Area("automation"),
        Fixed::new("workflows", mark!("Workflows"), "workflow", mark!("automation rules triggers steps"))
            .needs("workflow.workflow.read"),
    ),
    (
        Rail::Area("automation"),
        Fixed::new("runs", mark!("Runs"), "history", mark!("automation history failed retry"))
            .needs("workflow.run.read"),
    ),
    (Rail::Elsewhere, Fixed::new("exports", mark!("Your exports"), "download", mark!("files csv xlsx excel json"))),
    (
        Rail::Elsewhere,
        Fixed::new(
            "settings",
            mark!("Settings"),
            "settings",
            mark!("appearance theme dark light density preferences sign out"),
        ),
    ),
    (
        Rail::Elsewhere,
        Fixed::new("help", mark!("Help"), "circle-question-mark", mark!("articles guides how manual support")),
    ),
    (
        Rail::Elsewhere,
        Fixed::new("feedback", mark!("Send feedback"), "message-square", mark!("suggest complain idea fault")),
    ),
];

/// Those that the viewer may open, in the order of the table.
pub fn pages(viewer: &Viewer) -> impl Iterator<Item = &'static (Rail, Fixed)> {
    PAGES.iter().filter(|(_, page)| {
        page.is_open(viewer) && (page.path != DASHBOARDS || crate::dashboards::offered(viewer).next().is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::{PAGES, Rail, called, pages};
    use crate::records::fixture::viewer;
    use domain::{Grants, Reach};

    #[test]
    fn a_place_is_found_by_the_beginnings_of_its_words() {
        for words in ["", "new", "lea", "lead new", "crea lead"] {
            assert!(called(words, "New lead add create"), "{words}");
        }
        assert!(!called("old lead", "New lead add create"));
    }

    #[test]
    fn nobody_is_led_where_they_would_be_refused() {
        let mut viewer = viewer();
        let paths = |viewer: &crate::page::Viewer| pages(viewer).map(|(_, page)| page.path).collect::<Vec<_>>();
        let few = paths(&viewer);
        for closed in ["ledger", "ledger/receivables", "workflows", "runs", "dashboards"] {
            assert!(!few.contains(&closed), "{closed}");
        }
        for needed in PAGES.iter().filter_map(|(_, page)| page.needs) {
            viewer.grants = Grants([(needed.to_owned(), Reach::All)].into());
            let more = paths(&viewer);
            let opened = |path: &&str| PAGES.iter().any(|(_, page)| page.path == *path && page.needs == Some(needed));
            assert!(more.len() > few.len() && more.iter().all(|path| few.contains(path) || opened(path)), "{needed}");
        }
        assert!(PAGES.iter().any(|(rail, page)| *rail == Rail::Area("finance") && page.path == "ledger"));
    }
}
