//! The same for routes: pages and paths of the API, each like the operation that stands behind it.

use super::fixtures::{CANARY, NEVER};
use super::{OBJECTS, Object, Person, Row, Tally, Wanted, wanted};
use crate::support::{Client, Server, encoded};
use reqwest::{Method, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteRow {
    #[serde(default)]
    like: Option<String>,
    #[serde(default)]
    needs: Option<String>,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    own: bool,
    #[serde(default)]
    by: Option<String>,
}

/// Every route below a workspace with its row; a route that has none, and a row without a route, are faults.
pub fn rows(server: &Server) -> BTreeMap<String, RouteRow> {
    let rows: BTreeMap<String, RouteRow> =
        toml::from_str(include_str!("routes.toml")).unwrap_or_else(|fault| panic!("routes.toml: {fault}"));
    let mut routes: Vec<String> = Vec::new();
    for route in server.routes() {
        if let Some(below) = route.path.strip_prefix("/w/{workspace}") {
            let below = if below.is_empty() { "/" } else { below };
            routes.push(format!("{} {below}", route.method));
        }
    }
    for route in &routes {
        assert!(rows.contains_key(route), "{route} has no row in tests/it/matrix/routes.toml");
    }
    for route in rows.keys() {
        assert!(routes.contains(route), "there is no route {route}");
    }
    rows
}

/// Each read by everybody; each write where it is refused.
pub async fn walk(
    person: &Person,
    routes: &BTreeMap<String, RouteRow>,
    operations: &BTreeMap<String, Row>,
    made: &BTreeMap<(&str, u8), String>,
    tally: &mut Tally,
) {
    for (route, row) in routes {
        if row.by.is_some() {
            continue;
        }
        let (method, path) = route.split_once(' ').unwrap();
        let path = row.at.as_deref().unwrap_or(path);
        let alone = row.needs.clone().map(Row::needing);
        let like = row
            .like
            .as_ref()
            .map(|like| operations.get(like).unwrap_or_else(|| panic!("{route}: no operation {like}")));
        let like = like.or(alone.as_ref());
        let objects = if path.contains("{id}") || row.body.as_deref().is_some_and(|body| body.contains("{id}")) {
            OBJECTS.map(Some).to_vec()
        } else {
            vec![None]
        };
        for object in objects {
            let right = like.map_or(Wanted::Allowed, |like| wanted(like, &person.grants, object));
            let about = like.and_then(|like| like.about.as_deref()).unwrap_or_default();
            let id = match object {
                None => Some(String::new()),
                Some(Object::Random) => Some(NEVER.to_owned()),
                Some(Object::Own) => made.get(&(about, Object::Colleagues as u8)).cloned(),
                Some(object) => made.get(&(about, object as u8)).cloned(),
            };
            // What would be allowed about something of one's own is not about a colleague's.
            if object == Some(Object::Own) && right == Wanted::Allowed {
                continue;
            }
            let (Some(id), false) = (id, method != "GET" && right == Wanted::Allowed) else { continue };
            if like.is_some_and(|like| like.restores) && object == Some(Object::Trashed) {
                continue;
            }
            let (status, text) = call(&person.client, method, path, row, &id).await;
            // A page of what one may not read at all is not there; a form for what lies in the trash says so.
            let page = !path.starts_with("/api/");
            let fits = page && right == Wanted::Forbidden && status == StatusCode::NOT_FOUND
                || page && object == Some(Object::Trashed) && status == StatusCode::CONFLICT
                || row.own && status == StatusCode::OK
                || like.is_some_and(|like| match right {
                    Wanted::Forbidden => status == StatusCode::FORBIDDEN,
                    Wanted::Unseen => like.unseen.map_or(status == StatusCode::NOT_FOUND, |unseen| {
                        status.as_u16() == unseen || status == StatusCode::NOT_FOUND
                    }),
                    Wanted::Allowed => status.is_success() || like.also.contains(&status.as_u16()),
                });
            let clean = right == Wanted::Allowed || !text.contains(CANARY);
            tally.denied += usize::from(right != Wanted::Allowed);
            tally.check(&format!("{} {route} {object:?}", person.role), fits && clean, || {
                format!("{status} in place of {right:?}, {}", if clean { "clean" } else { "with a canary" })
            });
        }
    }
}

async fn call(client: &Client, method: &str, path: &str, row: &RouteRow, id: &str) -> (StatusCode, String) {
    let path = format!("/w/lakeside{}", if path == "/" { "" } else { path }).replace("{id}", id);
    let accept = if path.contains("/api/") { "application/json" } else { "text/html" };
    let mut request = client.request(method.parse().unwrap(), &path).header(header::ACCEPT, accept);
    if let Some(body) = &row.body {
        request = request.header(header::CONTENT_TYPE, "application/json").body(body.replace("{id}", id));
    }
    let answer = client.send(request).await;
    (answer.status(), answer.text().await.unwrap_or_default())
}

/// A form is refused like the operation that it posts to.
pub async fn forms(
    person: &Person,
    operations: &BTreeMap<String, Row>,
    made: &BTreeMap<(&str, u8), String>,
    tally: &mut Tally,
) {
    for (name, row) in operations {
        if wanted(row, &person.grants, Some(Object::Colleagues)) != Wanted::Forbidden || row.late {
            continue;
        }
        let id = row.about.as_deref().and_then(|about| made.get(&(about, Object::Colleagues as u8)));
        let input = row.input.replace("{id}", id.map_or("", String::as_str)).replace("{key}", "form");
        let input: Value = serde_json::from_str(&input.replace("{me}", NEVER)).unwrap();
        let mut fields = Vec::new();
        flat("", &input, &mut fields);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = person
            .client
            .request(Method::POST, &format!("/w/lakeside/do/{name}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html");
        let answer = person.client.send(request.body(encoded(&fields))).await;
        let status = answer.status();
        tally.denied += 1;
        // A shape that no form has may be refused before the permission is asked for; it does nothing either.
        let right = status == StatusCode::FORBIDDEN || status == StatusCode::UNPROCESSABLE_ENTITY;
        tally.check(&format!("{} form {name}", person.role), right, || status.to_string());
    }
}

fn flat(at: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                flat(&at, value, fields);
            }
        }
        Value::String(text) => fields.push((at.to_owned(), text.clone())),
        other => fields.push((at.to_owned(), other.to_string())),
    }
}
