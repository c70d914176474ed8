//! What stands in the rail: the workspaces, the places that the viewer may see, and the person.

use super::places::{self, Fixed, Rail};
use crate::page::{PageContext, Viewer, encode};
use domain::Verb;
use domain::schema::Entity;
use leptos::prelude::*;
use std::sync::Arc;
use ui::{
    Density, MenuItem, MenuLabel, MenuLink, MenuSeparator, NavItem, NavSection, Theme, UserCard, WorkspaceSwitch,
};
use words::{say, t};

/// Workspaces named in the switch; the rest is a page.
const SWITCH: usize = 8;

fn place(path: &str, href: String, label: &str, icon: &str) -> NavItem {
    let active = path == href || path.strip_prefix(href.as_str()).is_some_and(|rest| rest.starts_with('/'));
    NavItem::new(href, label, icon).active(active)
}

fn home(path: &str, viewer: &Viewer) -> NavItem {
    let href = viewer.path("");
    let active = path == href;
    NavItem::new(href, t!("Home"), "home").active(active)
}

fn readable(viewer: &Viewer) -> impl Iterator<Item = &Arc<Entity>> {
    viewer.catalog.iter().filter(|entity| viewer.may(entity, Verb::Read))
}

fn entity_item(path: &str, viewer: &Viewer, entity: &Entity) -> NavItem {
    place(path, viewer.path(&entity.plural), &entity.labels.many, &entity.icon)
}

/// What an area is called in the rail.
fn area_title(viewer: &Viewer, area: &str) -> String {
    match area {
        "crm" => t!("Sales").to_owned(),
        "sales" => t!("Orders").to_owned(),
        area if area == viewer.catalog.industry => viewer.catalog.industry_label.clone(),
        "finance" => t!("Finance").to_owned(),
        "inventory" => t!("Inventory").to_owned(),
        "messaging" => t!("Messaging").to_owned(),
        "automation" => t!("Automation").to_owned(),
        other => words(other),
    }
}

fn fixed_item(path: &str, viewer: &Viewer, page: &Fixed) -> NavItem {
    match page.path {
        "" => home(path, viewer),
        other => {
            let item = place(path, viewer.path(other), say(page.label), page.icon);
            match other {
                "approvals" => item.count(viewer.waiting.approvals),
                "notifications" => item.counted(viewer.waiting.notifications, "told"),
                _ => item,
            }
        }
    }
}

fn put<'a>(areas: &mut Vec<(&'a str, Vec<NavItem>)>, area: &'a str, item: NavItem) {
    match areas.iter_mut().find(|(known, _)| *known == area) {
        Some((_, items)) => items.push(item),
        None => areas.push((area, vec![item])),
    }
}

/// Home, dashboards and what waits, then the entities that may be read, by area; areas and entities in the order of the catalogue. The pages that are
/// there whatever is described stand in their table.
pub fn sections(path: &str, viewer: &Viewer) -> Vec<NavSection> {
    let (mut first, mut areas) = (Vec::new(), Vec::new());
    for entity in readable(viewer) {
        put(&mut areas, &entity.area, entity_item(path, viewer, entity));
    }
    for (rail, page) in places::pages(viewer) {
        match rail {
            Rail::First => first.push(fixed_item(path, viewer, page)),
            Rail::Area(area) => put(&mut areas, area, fixed_item(path, viewer, page)),
            Rail::Elsewhere => {}
        }
    }
    let rest = areas.into_iter().map(|(area, items)| NavSection::titled(area_title(viewer, area), items));
    std::iter::once(NavSection::new(first)).chain(rest).collect()
}

/// Feedback remembers the page that it was opened from; its own page keeps the one that it knows. Help is that of the page, and last, so that no
/// other place gives its letter up to it.
pub fn foot(page: &PageContext, viewer: &Viewer) -> Vec<NavItem> {
    let form = viewer.path("feedback");
    let active = page.path == form;
    let from = if active { page.query("from").unwrap_or_default().to_owned() } else { page.address() };
    let feedback = NavItem::new(format!("{form}?from={}", encode(&from)), t!("Send feedback"), "message-square");
    // Where it leads is the article of this page, so where it stands is asked of the other.
    let reading = place(&page.path, viewer.path("help"), "", "").active;
    let help = NavItem::new(crate::help::href(page, viewer), t!("Help"), "circle-question-mark").active(reading);
    let settings = place(&page.path, viewer.path("settings"), t!("Settings"), "settings");
    vec![feedback.active(active), settings, help]
}

/// The bottom bar of a phone: home, two places, and search. The shell adds the way to the others.
pub fn bottom(path: &str, viewer: &Viewer) -> Vec<NavItem> {
    let mut items = vec![home(path, viewer)];
    items.extend(readable(viewer).take(2).map(|entity| entity_item(path, viewer, entity)));
    items.push(place(path, viewer.path("go"), t!("Search"), "search"));
    items
}

pub fn user(viewer: &Viewer) -> UserCard {
    UserCard { name: viewer.name.clone(), detail: role_words(&viewer.role), href: viewer.path("settings") }
}

/// `SALES_REP` as "Sales representative"; a role that a workspace made itself by its key.
pub fn role_words(role: &str) -> String {
    let seeded = domain::permission::ROLES.iter().find(|seed| seed.key == role);
    seeded.map_or_else(|| words(role), |seed| say(seed.label).to_owned())
}

/// A key as words: `financial_services` as "Financial services", `TRIAL` as "Trial".
pub fn words(key: &str) -> String {
    let lower = key.replace(['_', '-'], " ").to_lowercase();
    let mut letters = lower.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The head of the rail, with the other workspaces, how things look, and the way out.
pub fn workspace_switch(page: &PageContext, viewer: &Viewer) -> AnyView {
    let links: Vec<_> = viewer
        .workspaces
        .iter()
        .take(SWITCH)
        .map(|workspace| {
            let (href, name) = (format!("/w/{}", workspace.slug), workspace.name.clone());
            view! { <MenuLink href active=workspace.slug == viewer.slug hint=viewer.catalog.say(&words(&workspace.industry)).to_owned()><span dir="auto">{name}</span></MenuLink> }
        })
        .collect();
    let all = (viewer.workspaces.len() > SWITCH)
        .then(|| view! { <MenuLink href="/workspaces" icon="building-2">{t!("All workspaces")}</MenuLink> });
    let settings = viewer.path("settings");
    let appearance = appearance(page);
    view! {
        <WorkspaceSwitch name=viewer.workspace.clone() detail=viewer.catalog.industry_label.clone()>
            <MenuLabel>{t!("Workspaces")}</MenuLabel>
            {links}
            {all}
            <MenuLink href="/workspaces/new" icon="plus">{t!("Create a workspace")}</MenuLink>
            <MenuSeparator/>
            {appearance}
            <MenuSeparator/>
            <MenuLink href=settings icon="settings">{t!("Settings")}</MenuLink>
            <form method="post" action="/sign-out"><MenuItem icon="log-out">{t!("Sign out")}</MenuItem></form>
        </WorkspaceSwitch>
    }
    .into_any()
}

pub fn theme_choice(theme: Theme) -> (&'static str, &'static str) {
    match theme {
        Theme::System => (t!("As the device"), "monitor"),
        Theme::Light => (t!("Light"), "sun"),
        Theme::Dark => (t!("Dark"), "moon"),
        Theme::Contrast => (t!("High contrast"), "eye"),
    }
}

pub fn density_choice(density: Density) -> &'static str {
    match density {
        Density::Compact => t!("Compact"),
        Density::Regular => t!("Regular"),
        Density::Comfortable => t!("Comfortable"),
    }
}

/// The looks that the page does not have now, as buttons of one form; the answer is this page again. Settings has all of them.
fn appearance(page: &PageContext) -> AnyView {
    let themes: Vec<_> = [Theme::System, Theme::Light, Theme::Dark]
        .into_iter()
        .filter(|theme| *theme != page.theme)
        .map(|theme| {
            let (_, icon) = theme_choice(theme);
            let label = match theme {
                Theme::System => t!("Theme of the device"),
                Theme::Light => t!("Light theme"),
                Theme::Dark => t!("Dark theme"),
                Theme::Contrast => t!("High contrast theme"),
            };
            view! { <MenuItem icon name="theme" value=theme.as_str()>{label}</MenuItem> }
        })
        .collect();
    let densities: Vec<_> = Density::ALL
        .into_iter()
        .filter(|density| *density != page.density)
        .map(|density| {
            let label = match density {
                Density::Compact => t!("Compact rows"),
                Density::Regular => t!("Regular rows"),
                Density::Comfortable => t!("Comfortable rows"),
            };
            view! { <MenuItem icon="rows-3" name="density" value=density.as_str()>{label}</MenuItem> }
        })
        .collect();
    view! {
        <form method="post" action="/preferences">
            <input type="hidden" name="_next" value=page.address()/>
            {themes}
            {densities}
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{place, role_words, words};

    #[test]
    fn a_place_is_active_on_its_own_pages_only() {
        assert!(place("/w/a/leads/1", "/w/a/leads".to_owned(), "Leads", "target").active);
        assert!(!place("/w/a/leads-old", "/w/a/leads".to_owned(), "Leads", "target").active);
    }

    #[test]
    fn roles_have_words() {
        assert_eq!(role_words("SALES_REP"), "Sales representative");
        assert_eq!(role_words("FIELD_TECHNICIAN"), "Field technician");
        assert_eq!(words("financial-services"), "Financial services");
    }
}
