//! A described entity and a page to test with.

use crate::page::{PageContext, Viewer};
use domain::schema::{Catalog, Entity};
use domain::views::{SavedView, ViewContent};
use domain::{Grants, Reach};
use serde_json::json;
use std::sync::Arc;
use ui::{Density, Theme};

pub fn entity() -> Arc<Entity> {
    catalog().get("lead").unwrap().clone()
}

/// A catalogue of that entity alone.
pub fn catalog() -> Catalog {
    let described = json!({
        "key": "lead", "plural": "leads", "area": "crm", "table": "leads", "prefix": "LEAD",
        "labels": { "one": "Lead", "many": "Leads" }, "icon": "target", "title": "name",
        "fields": [
            { "key": "name", "label": "Name", "kind": { "type": "text" }, "indexed": true },
            { "key": "value", "label": "Value", "kind": { "type": "money" }, "indexed": true },
            { "key": "score", "label": "Score", "kind": { "type": "integer", "min": 0, "max": 10 }, "indexed": true },
            { "key": "enquiredOn", "label": "Enquired on", "kind": { "type": "date" }, "indexed": true },
            { "key": "closedOn", "label": "Closed on", "kind": { "type": "date" }, "indexed": true, "permissions": { "read": "crm.secret.read" } },
            { "key": "secret", "label": "Secret", "kind": { "type": "text" }, "permissions": { "read": "crm.secret.read" } },
        ],
        "states": { "label": "Stage", "initial": "new", "transitions": [], "list": [
            { "key": "new", "label": "New" }, { "key": "qualified", "label": "Qualified" },
            { "key": "won", "label": "Won", "kind": "won" }, { "key": "lost", "label": "Lost", "kind": "lost" },
        ] },
        "views": [
            { "key": "all", "label": "All open", "kind": "table", "fields": ["name", "secret", "status", "value"], "filter": "status not in (won, lost)", "sort": "-enquiredOn" },
            { "key": "everything", "label": "Everything", "kind": "table", "fields": ["value"] },
        ],
    });
    let entity: Entity = serde_json::from_value(described).unwrap();
    Catalog::build("core", "Core", vec![entity]).unwrap()
}

pub fn viewer() -> Viewer {
    Viewer {
        slug: "lakeside".to_owned(),
        workspace: "Lakeside Motors".to_owned(),
        currency: "KES".to_owned(),
        timezone: "Africa/Nairobi".to_owned(),
        member: uuid::Uuid::nil(),
        name: "Amina".to_owned(),
        email: None,
        role: "USER".to_owned(),
        roles: vec!["USER".to_owned()],
        grants: Grants([("crm.lead.read".to_owned(), Reach::All)].into()),
        catalog: Arc::new(Catalog::default()),
        workspaces: Vec::new(),
        waiting: crate::page::Waiting::default(),
        acted_for: None,
    }
}

pub fn page(query: &[(&str, &str)]) -> PageContext {
    PageContext {
        path: "/w/lakeside/leads".to_owned(),
        query: Arc::new(query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()),
        theme: Theme::Light,
        density: Density::Regular,
        backend: None,
        viewer: None,
        staff: None,
        flash: None,
        replay: None,
        reference: "reference".to_owned(),
        now: "2026-11-21T09:00:00Z".to_owned(),
        form_key: "key".to_owned(),
        about: None,
        provider: None,
    }
}

/// A saved view, by the id 7.
pub fn saved(content: ViewContent) -> SavedView {
    SavedView {
        id: uuid::Uuid::from_u128(7),
        entity: "lead".to_owned(),
        label: "Mine".to_owned(),
        content,
        masked: false,
        team: false,
        owner: "Amina".to_owned(),
        pinned: true,
        standard: false,
        version: 3,
        may_change: true,
    }
}
