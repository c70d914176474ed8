//! The document of the API, OpenAPI 3.1: made from the table of routes, the descriptions of entities and the types of operations, so that it says
//! what the server does. There is no list of paths beside the table: a route that [`paths::describe`] does not know is missing here, and a test
//! says so.
//!
//! Who asks sees the industry of their workspace, without the fields that they may not read.

#![expect(
    clippy::needless_pass_by_value,
    reason = "schemas are made to be put into others, and `json!` borrows what it takes in"
)]

mod fields;
mod operations;
mod paths;
mod words;

use crate::caller::ApiCaller;
use crate::records::json_text;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Grants;
use domain::schema::{Catalog, Entity, Field};
use platform::Registry;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Documents that were made, by industry and by what is hidden from whoever asked. There are few of them: fields have few permissions.
#[derive(Default)]
pub struct Documents(Mutex<HashMap<Seen, Arc<str>>>);

/// An industry, and the fields of it that are hidden.
type Seen = (String, BTreeSet<String>);

impl Documents {
    fn of(&self, registry: &Registry, catalog: &Catalog, grants: &Grants) -> Arc<str> {
        let key = (catalog.industry.clone(), lacking(catalog, grants));
        if let Some(made) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return made.clone();
        }
        // Made outside of the lock: two who ask first make it twice.
        let here = json!([{ "url": ".", "description": "Where this document is" }]);
        let made: Arc<str> = document(registry, catalog, Some(grants), here).to_string().into();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, made.clone());
        made
    }
}

/// The permissions of fields that a caller does not hold: all that tells two documents of an industry apart.
fn lacking(catalog: &Catalog, grants: &Grants) -> BTreeSet<String> {
    let fields = catalog.iter().flat_map(|entity| &entity.fields);
    let named = fields.flat_map(|field| [&field.permissions.read, &field.permissions.write]).flatten();
    named.filter(|permission| !grants.allows(permission)).cloned().collect()
}

pub async fn show(caller: ApiCaller) -> Response {
    let registry = caller.platform.registry();
    let documents = registry.hooks::<Documents>();
    // In English whoever asks: it is kept for the next one.
    let made = ::words::within(::words::Language::English, || {
        let (catalog, grants) = (caller.catalog(), &caller.caller.access.grants);
        match documents.first() {
            Some(documents) => documents.of(registry, &catalog, grants),
            None => Documents::default().of(registry, &catalog, grants),
        }
    });
    json_text(StatusCode::OK, made.to_string())
}

/// Below every workspace, for whoever has the document without a server.
pub fn any_workspace() -> Value {
    json!([{
        "url": "/w/{workspace}/api/v1",
        "description": "A workspace; whoever belongs to one only may call /api/v1",
        "variables": { "workspace": { "default": "demo", "description": "As the address of its pages shows it" } },
    }])
}

/// Without `grants` nothing is hidden.
pub fn document(registry: &Registry, catalog: &Catalog, grants: Option<&Grants>, servers: Value) -> Value {
    let types = operations::Types::of(registry);
    let view = View { catalog, grants, types: &types };
    let mut paths: Map<String, Value> = Map::new();
    for route in crate::table::<()>().routes() {
        for (path, operation) in paths::describe(&view, &route.method, &route.path) {
            let methods = paths.entry(path).or_insert_with(|| json!({}));
            methods[route.method.to_lowercase()] = operation;
        }
    }
    let mut schemas = types.components.clone();
    for entity in catalog.iter() {
        schemas.extend(fields::components(&view, entity));
    }
    schemas.extend(words::components());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("Nexus, {}", catalog.industry_label),
            "version": env!("CARGO_PKG_VERSION"),
            "description": words::ABOUT,
        },
        "servers": servers,
        "security": [{ "session": [] }, { "key": [] }],
        "tags": tags(catalog),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": words::responses(),
            "parameters": words::parameters(),
            "headers": words::headers(),
            "securitySchemes": words::security(registry),
        },
    })
}

fn tags(catalog: &Catalog) -> Value {
    let entities = catalog.iter().map(
        |entity| json!({ "name": entity.plural, "description": entity.help.as_deref().unwrap_or(&entity.labels.many) }),
    );
    let others = [
        ("operations", "Everything that can be done, by name"),
        ("inventory", "Stock"),
        ("audit", "The audit trail"),
        ("document", "This document"),
    ];
    entities.chain(others.map(|(name, description)| json!({ "name": name, "description": description }))).collect()
}

/// What a document is made from, and for whom.
struct View<'a> {
    catalog: &'a Catalog,
    grants: Option<&'a Grants>,
    types: &'a operations::Types,
}

impl View<'_> {
    fn readable<'e>(&self, entity: &'e Entity) -> impl Iterator<Item = &'e Field> {
        entity.fields.iter().filter(|field| self.grants.is_none_or(|grants| field.readable(grants)))
    }

    fn writable<'e>(&self, entity: &'e Entity) -> impl Iterator<Item = &'e Field> {
        entity.editable().filter(|field| self.grants.is_none_or(|grants| field.writable(grants)))
    }
}
