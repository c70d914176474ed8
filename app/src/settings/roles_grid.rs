//! The grid in which a role's grants are edited: a row for each entity, a column for each verb, and in every cell how far. It works without
//! a script: each cell is a select of its own.

use crate::layout::nav::words;
use crate::page::{Replay, Viewer};
use domain::people::RoleRow;
use domain::permission::FIXED;
use domain::schema::{Catalog, Entity};
use domain::{Grants, Reach, Verb};
use leptos::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use ui::{Panel, Select};
use words::{say, t};

/// As the rail calls it, but for abbreviations.
pub(super) fn area_name(catalog: &Catalog, key: &str) -> String {
    let name = match key {
        "crm" => return key.to_uppercase(),
        "sales" => t!("Sales"),
        "finance" => t!("Finance"),
        "inventory" => t!("Inventory"),
        "messaging" => t!("Messaging"),
        "people" => t!("People"),
        "workflow" => t!("Workflow"),
        "audit" => t!("Audit"),
        "records" => t!("Records"),
        "settings" => t!("Settings"),
        other => return catalog.say(&words(other)).to_owned(),
    };
    name.to_owned()
}

/// What a cell needs to draw itself.
pub struct Grid<'a> {
    pub viewer: &'a Viewer,
    pub role: &'a RoleRow,
    pub replay: Option<&'a Replay>,
    /// Nothing can be changed.
    pub closed: bool,
}

impl Grid<'_> {
    /// Whether a permission is one of an entity that this workspace's industry does not have.
    fn is_entity(&self, permission: &str) -> bool {
        let verb = permission.rsplit('.').next().unwrap_or_default();
        FIXED.iter().all(|fixed| fixed.key != permission) && Verb::ALL.iter().any(|known| known.as_str() == verb)
    }
}

/// Columns: any verb, then each.
const ANY: &str = "*";

fn verbs() -> impl Iterator<Item = (&'static str, &'static str)> {
    let label = |verb| match verb {
        Verb::Read => t!("See"),
        Verb::Create => t!("Create"),
        Verb::Update => t!("Change"),
        Verb::Delete => t!("Delete"),
        Verb::Import => t!("Import"),
        Verb::Export => t!("Export"),
    };
    std::iter::once((ANY, t!("Anything"))).chain(Verb::ALL.into_iter().map(move |verb| (verb.as_str(), label(verb))))
}

/// A section of the grid.
struct Area {
    key: String,
    entities: Vec<Arc<Entity>>,
    /// Permission and label.
    others: Vec<(String, String)>,
}

fn areas(viewer: &Viewer) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    for entity in viewer.catalog.iter() {
        let area = area(&mut areas, &entity.area);
        area.entities.push(entity.clone());
        let many = entity.labels.many.to_lowercase();
        for field in &entity.fields {
            let name = field.label.to_lowercase();
            if let Some(permission) = &field.permissions.read {
                area.add(permission, t!("See the {field} of {entities}", field = name, entities = many));
            }
            if let Some(permission) = &field.permissions.write {
                area.add(permission, t!("Change the {field} of {entities}", field = name, entities = many));
            }
        }
    }
    for fixed in FIXED {
        let key = fixed.key.split('.').next().unwrap_or_default();
        area(&mut areas, key).add(fixed.key, say(fixed.label).to_owned());
    }
    areas
}

fn area<'a>(areas: &'a mut Vec<Area>, key: &str) -> &'a mut Area {
    let at = areas.iter().position(|area| area.key == key).unwrap_or_else(|| {
        areas.push(Area { key: key.to_owned(), entities: Vec::new(), others: Vec::new() });
        areas.len() - 1
    });
    &mut areas[at]
}

impl Area {
    /// Two fields may ask for the same permission.
    fn add(&mut self, permission: &str, label: String) {
        if self.others.iter().all(|(known, _)| known != permission) {
            self.others.push((permission.to_owned(), label));
        }
    }
}

/// The whole grid. Grants that no cell shows stand at the end, so that saving loses none.
pub fn view(grid: &Grid<'_>) -> AnyView {
    let areas = areas(grid.viewer);
    let mut shown: BTreeSet<String> = BTreeSet::new();
    let everything = [("*.*".to_owned(), t!("Everything").to_owned(), None)];
    let first = table(grid, t!("All areas"), &everything, &mut shown);
    let sections: Vec<AnyView> = areas
        .iter()
        .map(|area| {
            let name = area_name(&grid.viewer.catalog, &area.key);
            let mut rows = Vec::new();
            if !area.entities.is_empty() {
                rows.push((format!("{}.*", area.key), t!("All of {area}", area = name), None));
            }
            rows.extend(area.entities.iter().map(|entity| {
                (format!("{}.{}", entity.area, entity.key), entity.labels.many.clone(), Some(entity.icon.clone()))
            }));
            let grid_of = (!rows.is_empty()).then(|| table(grid, &name, &rows, &mut shown));
            let others: Vec<AnyView> =
                area.others.iter().map(|(permission, label)| other(grid, permission, label, &mut shown)).collect();
            let others = (!others.is_empty()).then(|| view! { <div class="grant-list">{others}</div> });
            view! { <Panel title=name flush=true>{grid_of}{others}</Panel> }.into_any()
        })
        .collect();
    let rest: Vec<String> = grid.role.grants.0.keys().filter(|pattern| !shown.contains(*pattern)).cloned().collect();
    let rest: Vec<AnyView> = rest.iter().map(|pattern| other(grid, pattern, t!("Also granted"), &mut shown)).collect();
    let rest = (!rest.is_empty()).then(|| {
        view! { <Panel title=t!("Others") flush=true><div class="grant-list">{rest}</div></Panel> }
    });
    view! {
        <Panel title=t!("All areas") text=t!("What stands here holds in every area, and for whatever is added later.") flush=true>{first}</Panel>
        {sections}
        {rest}
    }
    .into_any()
}

fn table(
    grid: &Grid<'_>,
    label: &str,
    rows: &[(String, String, Option<String>)],
    shown: &mut BTreeSet<String>,
) -> AnyView {
    let heads: Vec<AnyView> = verbs().map(|(_, label)| view! { <th scope="col">{label}</th> }.into_any()).collect();
    let lines: Vec<AnyView> = rows
        .iter()
        .map(|(noun, name, icon)| {
            let cells: Vec<AnyView> = verbs()
                .map(|(verb, word)| {
                    let pattern = format!("{noun}.{verb}");
                    let control = cell(grid, &pattern, &format!("{name}: {word}"), true);
                    shown.insert(pattern);
                    view! { <td data-label=word>{control}</td> }.into_any()
                })
                .collect();
            let icon = icon.clone().map(|name| view! { <ui::Icon name/> });
            let wide = icon.is_none();
            view! { <tr class:is-wide=wide><th scope="row"><span class="grant-name">{icon}<span>{name.clone()}</span></span></th>{cells}</tr> }.into_any()
        })
        .collect();
    let caption = label.to_owned();
    view! {
        <div class="grants-wrap" role="region" aria-label=label.to_owned() tabindex="0">
            <table class="grants">
                <caption class="sr-only">{caption}</caption>
                <thead><tr><th scope="col"><span class="sr-only">{t!("What")}</span></th>{heads}</tr></thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A permission that is one row of its own.
fn other(grid: &Grid<'_>, permission: &str, label: &str, shown: &mut BTreeSet<String>) -> AnyView {
    let control = cell(grid, permission, label, permission.contains('*') || grid.is_entity(permission));
    shown.insert(permission.to_owned());
    let (label, permission) = (label.to_owned(), permission.to_owned());
    view! {
        <div class="grant-row">
            <span class="grant-text"><span>{label}</span><code>{permission}</code></span>
            {control}
        </div>
    }
    .into_any()
}

/// `rows` is false for what is held or not, whosever rows it is about.
fn cell(grid: &Grid<'_>, pattern: &str, label: &str, rows: bool) -> AnyView {
    let name = format!("grants.{pattern}");
    let held = grid.role.grants.0.get(pattern).copied();
    let typed = grid.replay.map(|replay| replay.value(&name).unwrap_or_default().to_owned());
    let value = typed.unwrap_or_else(|| held.map(Reach::as_str).unwrap_or_default().to_owned());
    let word = |reach| if rows || reach != Reach::All { word(reach) } else { t!("Yes") };
    let blank = match inherited(&grid.role.grants, pattern) {
        Some(reach) => format!("({})", word(reach)),
        None => "–".to_owned(),
    };
    let choices = Reach::ALL
        .into_iter()
        .filter(|reach| rows || *reach == Reach::All || held == Some(*reach))
        .map(|reach| {
            let choice = ui::Choice::new(reach.as_str(), word(reach));
            if grid.viewer.grants.cover(pattern, reach) || held == Some(reach) {
                choice
            } else {
                choice.refused(t!("beyond yours"))
            }
        })
        .collect();
    let class = if value.is_empty() { "grant" } else { "grant is-granted" };
    view! { <span class=class><Select name label=label.to_owned() choices value blank bare=true disabled=grid.closed/></span> }.into_any()
}

/// What wider rows and columns give already.
fn inherited(grants: &Grants, pattern: &str) -> Option<Reach> {
    let wider = grants.0.iter().filter(|(held, _)| held.as_str() != pattern);
    let others = Grants(wider.map(|(held, reach)| (held.clone(), *reach)).collect());
    Reach::ALL.into_iter().rev().find(|reach| others.cover(pattern, *reach))
}

fn word(reach: Reach) -> &'static str {
    match reach {
        Reach::Own => t!("Own" in "reach"),
        Reach::Team => t!("Team" in "reach"),
        Reach::Location => t!("Location" in "reach"),
        Reach::All => t!("All" in "reach"),
    }
}
