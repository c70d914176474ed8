//! A server with the exercise pack, people, rows to point at, and what every part of the test asks of pages and of
//! REST.

use super::pack;
use super::samples::{Known, Named, sample, upload};
use crate::support::{Client, Server, in_parts};
use domain::schema::{Entity, Field, FieldKind, pointing};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use testkit::TestTenant;

pub const API: &str = "/w/exhibit/api/v1";
pub const PIECES: &str = "/w/exhibit/pieces";

pub struct World {
    pub server: Server,
    pub tenant: TestTenant,
    /// Owns the workspace, and inspects.
    pub grace: Client,
    /// A manager: without the permissions that fields ask for, and no inspector.
    pub mia: Client,
    pub piece: Arc<Entity>,
    pub known: Known,
}

/// What was found wrong, each with the field and the step.
#[derive(Default)]
pub struct Faults {
    looked: usize,
    found: Vec<String>,
}

impl Faults {
    /// Notes what is not as it should be; `said` is what was there instead.
    pub fn unless(&mut self, right: bool, field: &str, step: &str, said: impl std::fmt::Display) {
        self.looked += 1;
        if !right {
            let said: String = said.to_string().chars().take(400).collect();
            self.found.push(format!("{field}, {step}: {said}"));
        }
    }

    /// Ends a part of the test. It has to have looked at something: a loop over nothing finds nothing.
    pub fn none(self, part: &str, least: usize) {
        assert!(self.found.is_empty(), "{part}: {:#?}", self.found);
        assert!(self.looked >= least, "{part} looked at {} things only", self.looked);
    }
}

impl World {
    pub async fn new() -> Self {
        Self::of(pack::library()).await
    }

    /// With another exercise pack.
    pub async fn of(library: packs::Library) -> Self {
        let piece = library.catalog(pack::INDUSTRY).unwrap().get("piece").unwrap().clone();
        let server = Server::of(library).await;
        let tenant = server.world.tenant("exhibit", pack::INDUSTRY).await;
        server.world.furnish(&tenant).await;
        let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER", "INSPECTOR"]).await;
        let (mia, manager) = server.signed_in(&tenant, "Mia", &["MANAGER"]).await;
        let named = |id: String, name: &str| Named { id, name: name.to_owned() };
        let members =
            vec![named(owner.access.member.to_string(), "Grace"), named(manager.access.member.to_string(), "Mia")];
        let mut rows: BTreeMap<String, Vec<Named>> = BTreeMap::new();
        for (entity, plural, name) in [
            ("customer", "customers", "Lake Gallery"),
            ("customer", "customers", "Hill Museum"),
            ("contact", "contacts", "Amina Otieno"),
            ("contact", "contacts", "Brian Kamau"),
            ("contact", "contacts", "Cecilia Moraa"),
        ] {
            let made = written(&grace, Method::POST, &format!("/{plural}"), &json!({ "name": name })).await;
            rows.entry(entity.to_owned()).or_default().push(named(text_of(&made, "id"), name));
        }
        Self { server, tenant, grace, mia, piece, known: Known { members, rows } }
    }

    /// Values that REST takes for a row: those of every field that a form holds, but for files.
    pub fn values(&self, number: usize) -> Value {
        let fields = self.piece.editable().filter(|field| !field.is_upload());
        let values = fields.filter_map(|field| Some((field.key.clone(), sample(field, number, &self.known)?.value)));
        Value::Object(values.collect())
    }

    /// What a row that was filled with the samples of this number holds in a field, and what pages show of it. Nothing
    /// for what the clock and the server decide. `parts` is whether parts point at it.
    pub fn expected(&self, field: &Field, number: usize, parts: bool) -> Option<(Value, Vec<String>)> {
        if !field.is_computed() {
            let sample = sample(field, number, &self.known).filter(|_| !field.read_only)?;
            return (!field.is_upload()).then_some((sample.value, sample.shown));
        }
        let (value, shown) = match (field.key.as_str(), number) {
            ("worth", 0) => (json!({ "amount": "1563125.00", "currency": "KES" }), "KES 1,563,125"),
            ("worth", 1) => (json!({ "amount": "3200.00", "currency": "EUR" }), "EUR 3,200"),
            ("worth", _) => (json!({ "amount": "35.00", "currency": "KES" }), "KES 35"),
            ("heavy", 0) => (json!(true), "Yes"),
            ("heavy", _) => (json!(false), "No"),
            ("partCount", _) if parts => (json!(3), "3"),
            ("partCount", _) => (json!(0), "0"),
            ("partCost", _) if parts => (json!({ "amount": "25.50", "currency": "KES" }), "KES 25.50"),
            ("firstPart", _) if parts => (json!("2026-09-01"), "1 Sep"),
            ("longestPart", _) if parts => (json!(10_800), "3 h"),
            ("partCost" | "firstPart" | "longestPart", _) => (Value::Null, ""),
            (key, _) => panic!("nobody has said what {key} is computed to"),
        };
        Some((value, if shown.is_empty() { Vec::new() } else { vec![shown.to_owned()] }))
    }

    /// Holds a row to the samples that it was filled with.
    pub fn hold(&self, faults: &mut Faults, row: &Value, number: usize, parts: bool, step: &str) {
        for field in &self.piece.fields {
            if let Some((value, _)) = self.expected(field, number, parts) {
                let held = &row[&field.key];
                faults.unless(*held == value, &field.key, step, format!("{held} is not {value}"));
            }
        }
    }

    /// The files of a row are there under their names.
    pub fn hold_files(&self, faults: &mut Faults, row: &Value, step: &str) {
        for field in &self.piece.fields {
            if let Some((name, _)) = upload(field) {
                let label = &row["_labels"][&field.key];
                faults.unless(
                    *label == *name && row[&field.key].is_string(),
                    &field.key,
                    step,
                    format!("{label} is not {name}"),
                );
            }
        }
    }

    /// Two readings of a row, field by field. What figures count and when it was touched is left out where `touched`.
    pub fn same(&self, faults: &mut Faults, before: &Value, after: &Value, touched: bool, step: &str) {
        for field in &self.piece.fields {
            let moves = matches!(field.key.as_str(), "updatedAt" | "updatedBy");
            if !(touched && moves) {
                let (was, is) = (&before[&field.key], &after[&field.key]);
                faults.unless(was == is, &field.key, step, format!("{is} is not {was}"));
            }
        }
    }

    pub async fn read(&self, id: &str) -> Value {
        read(&self.grace, &format!("/pieces/{id}")).await
    }
}

/// What REST answers to a read that has to work.
pub async fn read(client: &Client, path: &str) -> Value {
    let (status, answer) = client.json(&format!("{API}{path}")).await;
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    answer["data"].clone()
}

/// What REST answers to a write that has to work.
pub async fn written(client: &Client, method: Method, path: &str, body: &Value) -> Value {
    let (status, answer) = client.write(method, &format!("{API}{path}"), body).await;
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer.get("data").cloned().unwrap_or(answer)
}

pub async fn operation(client: &Client, name: &str, input: &Value) -> Value {
    written(client, Method::POST, &format!("/operations/{name}"), input).await
}

pub fn text_of(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_else(|| panic!("{key} is no text: {row}")).to_owned()
}

/// Ids of the rows that a list finds; or the refusal.
pub async fn found(client: &Client, query: &[(&str, &str)]) -> Result<Vec<String>, (StatusCode, Value)> {
    let (status, answer) = client.json(&format!("{API}/pieces?{}", crate::support::encoded(query))).await;
    match answer["data"].as_array() {
        Some(rows) if status == StatusCode::OK => Ok(rows.iter().map(|row| text_of(row, "id")).collect()),
        _ => Err((status, answer)),
    }
}

/// Sends a form as a browser sends one that may hold files.
pub async fn send(
    client: &Client,
    operation: &str,
    fields: &[(String, String)],
    files: &[(&str, &str, &[u8])],
) -> Response {
    let files: Vec<(String, String, &[u8])> =
        files.iter().map(|(field, name, content)| (format!("_file.{field}"), (*name).to_owned(), *content)).collect();
    in_parts(client, &format!("/w/exhibit/do/{operation}"), fields, &files).await
}

pub fn place_of(answer: &Response) -> String {
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

pub fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// What stands on a page between a mark and the first of the ends behind it.
pub fn between<'a>(page: &'a str, mark: &str, ends: &[&str]) -> Option<&'a str> {
    let rest = &page[page.find(mark)? + mark.len()..];
    let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    Some(&rest[..end])
}

/// What is read of HTML: its text, without elements.
pub fn text(html: &str) -> String {
    let mut out = String::new();
    for piece in html.split('<') {
        out.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
    }
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&amp;", "&")]
        .iter()
        .fold(out, |text, (code, letter)| text.replace(code, letter))
}

/// Whether all of this is in an element, in its text or, as the name of a picture, in an attribute.
pub fn shows(html: &str, shown: &[String]) -> bool {
    let words = text(html);
    shown.iter().all(|one| words.contains(one) || html.contains(&format!(": {one}\"")))
}

/// The value by which a filter asks for what a field holds.
pub fn literal(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(all) => literal(all.first()?),
        Value::Object(parts) if parts.contains_key("entity") => pointing::written(value),
        Value::Object(_) => Some(format!("{} {}", value["amount"].as_str()?, value["currency"].as_str()?)),
        Value::Null => None,
    }
}

/// The day of a date or a moment on the workspace's clock, three hours ahead.
pub fn day_of(field: &Field, value: &Value) -> Option<String> {
    let text = value.as_str()?;
    match field.kind {
        FieldKind::Datetime => {
            let moment = chrono::DateTime::parse_from_rfc3339(text).ok()?;
            Some((moment.naive_utc() + chrono::Duration::hours(3)).date().to_string())
        }
        _ => Some(text.to_owned()),
    }
}
