//! Which article belongs to which page: this table and no other place. A page without a row, and a row without a page, fail a test of the pages
//! (`app/src/help`); a row that leads to no article, or to no part of it, fails one of the articles (`server/tests/it/help.rs`).

/// How a list shows its rows, where that has help of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Whatever it shows.
    Any,
    Board,
    /// A calendar or a timeline.
    Dates,
    Trash,
}

/// A page and its help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Below the workspace, as routes are written: `/settings/people/{id}`.
    pub route: &'static str,
    pub shown: Shown,
    pub article: &'static str,
    /// The anchor of a part; empty for the article from its beginning.
    pub part: &'static str,
}

const fn at(route: &'static str, article: &'static str, part: &'static str) -> Place {
    Place { route, shown: Shown::Any, article, part }
}

const fn list(shown: Shown, article: &'static str, part: &'static str) -> Place {
    Place { route: "/{entity}", shown, article, part }
}

pub const PLACES: &[Place] = &[
    at("/", "start", "home"),
    at("/help", "start", "help"),
    at("/help/{key}", "start", "help"),
    at("/feedback", "start", "feedback"),
    at("/go", "search", ""),
    at("/dashboards", "dashboards", ""),
    at("/dashboards/{key}", "dashboards", ""),
    at("/settings", "account", "appearance"),
    at("/settings/profile", "account", "profile"),
    at("/settings/security", "account", "password-and-second-factor"),
    at("/settings/sessions", "account", "sessions"),
    at("/settings/keys", "keys", ""),
    at("/settings/people", "people", "invite-somebody"),
    at("/settings/people/{id}", "people", "change-suspend-hand-over"),
    at("/settings/people/{id}/sessions", "people", "sessions-of-a-member"),
    at("/settings/people/{id}/roles", "people", "give-roles"),
    at("/settings/roles", "people", "roles"),
    at("/settings/roles/{key}", "people", "roles"),
    at("/settings/locations", "people", "locations"),
    at("/settings/company", "company", ""),
    at("/settings/audit", "audit", ""),
    at("/settings/feedback", "start", "feedback"),
    at("/undo", "audit", "undo"),
    at("/imports/{id}", "importing", "look-before-it-is-written"),
    at("/notifications", "notifications", ""),
    at("/approvals", "approvals", ""),
    at("/approvals/{id}", "approvals", "decide"),
    at("/workflows", "workflows", ""),
    at("/workflows/{id}", "workflows", "read-and-change-a-workflow"),
    at("/runs", "workflows", "runs"),
    at("/runs/{id}", "workflows", "runs"),
    at("/ledger", "orders", "ledger"),
    at("/ledger/receivables", "orders", "ledger"),
    at("/ledger/accounts/{id}", "orders", "ledger"),
    at("/orders/{id}/lines", "orders", "lines-of-an-order"),
    at("/{entity}/{id}/document", "orders", "documents"),
    at("/messages/{id}", "messages", ""),
    at("/{entity}", "lists", ""),
    list(Shown::Board, "boards", ""),
    list(Shown::Dates, "lists", "calendar-and-timeline"),
    list(Shown::Trash, "trash", ""),
    at("/{entity}/new", "records", "make-one"),
    at("/{entity}/import", "importing", "upload-a-file"),
    at("/{entity}/views", "lists", "saved-views"),
    at("/{entity}/bulk", "lists", "many-rows-at-once"),
    at("/bulk/{id}", "lists", "many-rows-at-once"),
    at("/exports", "lists", "many-rows-at-once"),
    at("/exports/{id}", "lists", "many-rows-at-once"),
    at("/{entity}/{id}", "records", ""),
    at("/{entity}/{id}/edit", "records", "change-one"),
    at("/{entity}/{id}/access", "people", "who-can-see-a-record"),
    at("/{entity}/{id}/merge", "records", "two-that-are-the-same"),
    at("/{entity}/{id}/versions", "records", "versions"),
    at("/{entity}/{id}/why", "workflows", "why-something-happened"),
];

/// The help of the page at a path below the workspace (`/leads/new`, or nothing for home). The route that says most of the path by name wins.
pub fn place(path: &str, shown: Shown) -> Option<&'static Place> {
    let best = |shown: Shown| {
        let found = PLACES.iter().filter(|place| place.shown == shown);
        let found = found.filter_map(|place| Some((named(place.route, path)?, place)));
        found.max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, place)| place)
    };
    let any = best(Shown::Any)?;
    // Only where it is the list that is open, and not a page that happens to have such a word in its address.
    best(shown).filter(|place| place.route == any.route).or(Some(any))
}

/// Which parts of the path the route names, first to last; `None` where the path is another one.
fn named(route: &str, path: &str) -> Option<Vec<bool>> {
    let (route, path): (Vec<&str>, Vec<&str>) =
        (route.trim_matches('/').split('/').collect(), path.trim_matches('/').split('/').collect());
    if route.len() != path.len() {
        return None;
    }
    let says = |(route, path): (&&str, &&str)| {
        if route.starts_with('{') { (!path.is_empty()).then_some(false) } else { (route == path).then_some(true) }
    };
    route.iter().zip(&path).map(says).collect()
}

#[cfg(test)]
mod tests {
    use super::{PLACES, Shown, place};

    fn article(path: &str, shown: Shown) -> &'static str {
        place(path, shown).map_or("", |place| place.article)
    }

    #[test]
    fn the_route_that_names_most_of_a_path_wins() {
        for (path, wanted) in [
            ("", "start"),
            ("/", "start"),
            ("/leads", "lists"),
            ("/leads/new", "records"),
            ("/leads/import", "importing"),
            ("/imports/0199", "importing"),
            ("/settings", "account"),
            ("/settings/people/0199/roles", "people"),
            ("/orders/0199/lines", "orders"),
            ("/leads/0199/document", "orders"),
            ("/bulk/0199", "lists"),
            ("/nothing/of/this/kind/here", ""),
        ] {
            assert_eq!(article(path, Shown::Any), wanted, "{path}");
        }
    }

    #[test]
    fn a_list_has_help_for_how_it_shows_its_rows_and_other_pages_have_not() {
        assert_eq!(article("/leads", Shown::Board), "boards");
        assert_eq!(article("/leads", Shown::Trash), "trash");
        assert_eq!(article("/settings", Shown::Trash), "account");
        assert_eq!(article("/leads/0199", Shown::Board), "records");
    }

    #[test]
    fn no_page_stands_twice() {
        for (at, one) in PLACES.iter().enumerate() {
            let again = PLACES.iter().skip(at + 1).any(|other| (other.route, other.shown) == (one.route, one.shown));
            assert!(!again, "{}", one.route);
        }
    }
}
