//! The same for routes below a workspace: pages, and paths of the API under each of their three addresses, each like the operation that stands
//! behind it. A form is refused like the operation that it posts to.

use super::calls::input;
use super::fixtures::CANARY;
use super::made::{Made, Person};
use super::rows::{OBJECTS, Object, Row, Wanted, wanted};
use super::{Cell, THEIRS};
use crate::support::{Client, Server, encoded};
use reqwest::{Method, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub const ROUTES: &str = include_str!("routes.toml");
/// Where the API of a workspace stands: by its path, and for whoever has one workspace only, plain and under its industry.
const APIS: [&str; 3] = ["/w/lakeside/api/v1", "/api/v1", "/api/automotive"];
const JSON: &str = "application/json";

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

/// Every route below a workspace with its row; a route that has none, and a row without a route, are faults. Under the other addresses of the
/// API stands what stands under the workspace's, and nothing else.
pub fn rows(server: &Server) -> BTreeMap<String, RouteRow> {
    let rows: BTreeMap<String, RouteRow> =
        toml::from_str(ROUTES).unwrap_or_else(|fault| panic!("routes.toml: {fault}"));
    let below = |base: &str| -> BTreeSet<String> {
        let routes = server.routes();
        let below = routes.iter().filter(|route| route.guard == api::Guard::Workspace);
        let below = below.filter_map(|route| Some((route, route.path.strip_prefix(base)?)));
        below.map(|(route, path)| format!("{} {}", route.method, if path.is_empty() { "/" } else { path })).collect()
    };
    let routes = below("/w/{workspace}");
    let missing: Vec<&String> = routes.iter().filter(|route| !rows.contains_key(*route)).collect();
    assert!(missing.is_empty(), "routes without a row in tests/it/matrix/routes.toml: {missing:?}");
    let gone: Vec<&String> = rows.keys().filter(|route| !routes.contains(*route)).collect();
    assert!(gone.is_empty(), "rows of routes.toml without a route: {gone:?}");
    let api = below("/w/{workspace}/api/v1");
    assert_eq!(below("/api/v1"), api, "the API of whoever has one workspace is another one");
    assert_eq!(below("/api/{industry}"), api, "the API under the name of an industry is another one");
    let workspaces = server.routes().iter().filter(|route| route.guard == api::Guard::Workspace).count();
    assert_eq!(workspaces, routes.len() + 2 * api.len(), "a route of workspaces stands where nobody looks");
    rows
}

/// Each read by everybody; each write where it is refused.
pub async fn walk(
    person: &Person,
    route: &str,
    row: &RouteRow,
    operations: &BTreeMap<String, Row>,
    made: &Made,
) -> Vec<Cell> {
    let mut cells = Vec::new();
    if row.by.is_some() {
        return cells;
    }
    let (method, path) = route.split_once(' ').unwrap();
    let path = row.at.as_deref().unwrap_or(path);
    let alone = row.needs.clone().map(Row::needing);
    let named = |like: &String| operations.get(like).unwrap_or_else(|| panic!("{route}: no operation {like}"));
    let like = row.like.as_ref().map(named).or(alone.as_ref());
    let about = like.and_then(|like| like.about.as_deref());
    let filled = path.contains("{id}") || row.body.as_deref().is_some_and(|body| body.contains("{id}"));
    let objects = if filled && about.is_some() { OBJECTS.map(Some).to_vec() } else { vec![None] };
    for object in objects {
        let wanted = like.map_or(Wanted::Allowed, |like| wanted(like, &person.grants, object));
        if method != "GET" && wanted == Wanted::Allowed {
            continue;
        }
        let Some(id) = made.id(person, about, object, wanted) else { continue };
        for address in addresses(path) {
            let (status, text) = call(&person.client, method, &address, row, &id).await;
            let right = row.own && status == StatusCode::OK
                || like.is_some_and(|like| fits(like, wanted, object, !path.starts_with("/api/"), status));
            let hidden = if wanted == Wanted::Unseen || wanted == Wanted::Forbidden { CANARY } else { THEIRS };
            let right = right && !text.contains(hidden);
            let what = format!("{} {method} {address} {object:?} {id}", person.role);
            cells.push(match wanted {
                Wanted::Allowed => Cell::of(&what, right, "a success", status, &text),
                _ => Cell::refused(&what, right, &format!("{wanted:?}"), status, &text),
            });
        }
    }
    cells
}

fn addresses(path: &str) -> Vec<String> {
    match path.strip_prefix("/api/v1") {
        Some(rest) => APIS.map(|base| format!("{base}{rest}")).to_vec(),
        None => vec![format!("/w/lakeside{}", if path == "/" { "" } else { path })],
    }
}

/// A page of what one may not read at all is not there; a form for what lies in the trash says so.
fn fits(like: &Row, wanted: Wanted, object: Option<Object>, page: bool, status: StatusCode) -> bool {
    let code = status.as_u16();
    match wanted {
        Wanted::Allowed => status.is_success() || like.also.contains(&code),
        Wanted::Forbidden | Wanted::Beyond if page && code == 404 => true,
        Wanted::Unseen if page && object == Some(Object::Trashed) && code == 409 => true,
        // Where the body says 400, the path says 404.
        Wanted::Unseen if code == 404 => true,
        wanted => like.refuses(wanted, code),
    }
}

async fn call(client: &Client, method: &str, address: &str, row: &RouteRow, id: &str) -> (StatusCode, String) {
    let (record, inner) = id.split_once('/').unwrap_or((id, id));
    let filled = |text: &str| text.replace("{record}", record).replace("{id}", inner);
    let accept = if address.contains("/api/") { JSON } else { "text/html" };
    let mut request = client.request(method.parse().unwrap(), &filled(address)).header(header::ACCEPT, accept);
    if let Some(body) = &row.body {
        request = request.header(header::CONTENT_TYPE, JSON).body(filled(body));
    }
    let answer = client.send(request).await;
    (answer.status(), answer.text().await.unwrap_or_default())
}

/// The form of an operation that the role lacks the permission for. What no form can say is nobody's form.
pub async fn form(person: &Person, name: &str, row: &Row, made: &Made) -> Vec<Cell> {
    let object = row.about.as_ref().map(|_| Object::Colleagues);
    if row.late || wanted(row, &person.grants, object) != Wanted::Forbidden {
        return Vec::new();
    }
    let Some(id) = made.id(person, row.about.as_deref(), object, Wanted::Forbidden) else { return Vec::new() };
    let input: Value = serde_json::from_str(&input(row, &id, person.member)).unwrap();
    let mut fields = Vec::new();
    if !flat("", &input, &mut fields) {
        return Vec::new();
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = person
        .client
        .request(Method::POST, &format!("/w/lakeside/do/{}", super::rows::operation(name)))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "text/html");
    let answer = person.client.send(request.body(encoded(&fields))).await;
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    let right = status == StatusCode::FORBIDDEN && !text.contains(THEIRS);
    vec![Cell::refused(&format!("{} form {name} {id}", person.role), right, "Forbidden", status, "a page")]
}

/// The fields of a form; whether a form can say it at all: it has words, ticks, versions and rows of them, and no bytes and no other numbers.
fn flat(at: &str, value: &Value, fields: &mut Vec<(String, String)>) -> bool {
    let last = at.rsplit(['.', ']']).next().unwrap_or_default();
    match value {
        Value::Object(members) => members.iter().all(|(name, value)| {
            let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            flat(&at, value, fields)
        }),
        Value::Array(rows) if last == "roles" => {
            fields.extend(rows.iter().filter_map(Value::as_str).map(|role| (format!("{at}.{role}"), "on".to_owned())));
            true
        }
        Value::Array(rows) => {
            let mut rows = rows.iter().enumerate();
            rows.all(|(place, row)| row.is_object() && flat(&format!("{at}[{place}]"), row, fields))
        }
        Value::String(text) => {
            fields.push((at.to_owned(), text.clone()));
            true
        }
        Value::Number(number) => {
            fields.push((at.to_owned(), number.to_string()));
            last == "version" || last.ends_with("Version")
        }
        Value::Bool(tick) => {
            fields.push((at.to_owned(), tick.to_string()));
            true
        }
        Value::Null => true,
    }
}
