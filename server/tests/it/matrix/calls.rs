//! Calls of operations by name: those that the table refuses, and those that it allows.

use super::fixtures::{CANARY, Fixtures, OWNED};
use super::made::{Made, Person};
use super::rows::{self, OBJECTS, Object, Row, Wanted, wanted};
use super::{Cell, THEIRS};
use crate::support::Client;
use domain::MemberId;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::sync::atomic::{AtomicU32, Ordering};

/// What an operation is sent: `{id}` is the object, `{record}` what it lies beside, `{me}` the caller, `{key}` another word at every call.
pub fn input(row: &Row, id: &str, me: MemberId) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let key = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
    let (record, id) = id.split_once('/').unwrap_or((id, id));
    let input = row.input.replace("{record}", record).replace("{id}", id);
    input.replace("{me}", &me.0.to_string()).replace("{key}", &key)
}

pub async fn send(client: &Client, name: &str, row: &Row, id: &str, me: MemberId) -> (StatusCode, Value) {
    let input = input(row, id, me);
    let input: Value = serde_json::from_str(&input).unwrap_or_else(|fault| panic!("{name}: {fault}: {input}"));
    let path = format!("/w/lakeside/api/v1/operations/{}", rows::operation(name));
    client.write(Method::POST, &path, &input).await
}

/// A refusal without what differs from request to request.
fn told(mut body: Value, id: &str) -> String {
    if let Some(body) = body.as_object_mut() {
        body.remove("requestId");
    }
    id.split('/').fold(body.to_string(), |body, part| body.replace(part, "ID"))
}

/// An answer that is no refusal and says nothing.
fn nothing(body: &Value) -> bool {
    match &body["data"] {
        Value::Null => true,
        Value::Number(count) => count.as_u64() == Some(0),
        Value::Array(rows) => rows.is_empty(),
        _ => false,
    }
}

/// Calls that the table refuses.
pub async fn denied(person: &Person, name: &str, row: &Row, made: &Made) -> Vec<Cell> {
    let objects: Vec<Option<Object>> = if row.about.is_some() { OBJECTS.map(Some).to_vec() } else { vec![None] };
    let (mut cells, mut unseen) = (Vec::new(), Vec::new());
    for object in objects {
        let wanted = wanted(row, &person.grants, object);
        if wanted == Wanted::Allowed || wanted == Wanted::Beyond && row.rowwise {
            continue;
        }
        let Some(id) = made.id(person, row.about.as_deref(), object, wanted) else { continue };
        let (status, body) = send(&person.client, name, row, &id, person.member).await;
        let text = body.to_string();
        // Of what may be seen and not changed something may be said; of another workspace never.
        let clean = !text.contains(if wanted == Wanted::Beyond { THEIRS } else { CANARY });
        let right = row.refuses(wanted, status.as_u16()) && clean && (!status.is_success() || nothing(&body));
        let what = format!("{} {name} {object:?} {id}", person.role);
        cells.push(Cell::refused(&what, right, &format!("{wanted:?}"), status, &text));
        if wanted == Wanted::Unseen && matches!(object, Some(Object::Foreign | Object::Random)) {
            unseen.push((status, told(body, &id)));
        }
    }
    // another workspace's is byte for byte like one that never was.
    if let [(status, one), (_, other)] = unseen.as_slice() {
        let what = format!("{} {name} foreign and random", person.role);
        cells.push(Cell::of(&what, one == other, &format!("as of one that never was: {other}"), *status, one));
    }
    cells
}

/// Calls that the table allows, each about an object made for it.
pub async fn allowed(person: &Person, name: &str, row: &Row, ours: &mut Fixtures) -> Vec<Cell> {
    let objects: &[Option<Object>] =
        if row.about.is_some() { &[Some(Object::Own), Some(Object::Colleagues)] } else { &[None] };
    let mut cells = Vec::new();
    for object in objects {
        if wanted(row, &person.grants, *object) != Wanted::Allowed {
            continue;
        }
        let id = match (row.about.as_deref(), object) {
            (Some(about), Some(Object::Own)) if OWNED.contains(&about) => match person.fresh(ours, about).await {
                Some(id) => id,
                None => continue,
            },
            (Some(about), _) => ours.make(about, None).await,
            _ => String::new(),
        };
        let (status, body) = send(&person.client, name, row, &id, person.member).await;
        let right = status.is_success() || row.also.contains(&status.as_u16());
        let wanted = if row.also.is_empty() { "a success".to_owned() } else { format!("a success or {:?}", row.also) };
        let what = format!("{} {name} {object:?} {id}", person.role);
        cells.push(Cell::of(&what, right, &wanted, status, &body.to_string()));
    }
    cells
}
