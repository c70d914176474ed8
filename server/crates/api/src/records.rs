//! Records of any described entity.

use crate::caller::ApiCaller;
use crate::problem::Problem;
use crate::query::list_query;
use axum::body::Bytes;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::records::{GetRecord, ListRecords, PastRecord, Record, RecordTimeline, RecordVersions, Values};
use domain::{Error, Kind};
use platform::Idempotent;
use platform::Reply;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) type Pairs = Query<Vec<(String, String)>>;

pub async fn list(caller: ApiCaller, Path(path): Path<ListPath>, Query(pairs): Pairs) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    let query = list_query(&entity.known_to(&caller.caller.access.grants), &pairs, true)
        .map_err(|error| caller.problem(error))?;
    let (limit, offset) = (query.limit, query.offset);
    let page = caller.run(ListRecords { entity: entity.key.clone(), query }).await?;
    let mut pagination = json!({ "limit": limit, "offset": offset, "next": page.next });
    if let Some(total) = page.total {
        pagination["total"] = json!(total.value);
        pagination["totalExact"] = json!(total.exact);
    }
    // The rows pass unparsed, as the engine wrote them.
    let rows = page.rows.json().map_err(|error| caller.problem(error))?;
    let body = format!(r#"{{"data":{rows},"pagination":{pagination},"timestamp":"{}"}}"#, caller.timestamp());
    Ok(json_text(StatusCode::OK, body))
}

/// Path parameters are read by name: the same handlers serve with and without the workspace in front.
#[derive(Deserialize)]
pub struct ListPath {
    pub entity: String,
}

#[derive(Deserialize)]
pub struct RecordPath {
    entity: String,
    id: String,
}

#[derive(Deserialize)]
pub struct TransitionPath {
    entity: String,
    id: String,
    name: String,
}

/// An id that is no UUID is a record that does not exist.
pub(crate) fn record_id(caller: &ApiCaller, text: &str) -> Result<Uuid, Problem> {
    id(caller, text)
}

fn id(caller: &ApiCaller, text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text)
        .map_err(|_| caller.problem(Error { resource_id: Some(text.chars().take(64).collect()), ..Error::not_found() }))
}

pub async fn get(caller: ApiCaller, Path(path): Path<RecordPath>, Query(pairs): Pairs) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    let id = id(&caller, &path.id)?;
    let text = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let (at, version) = (text("as_of").map(str::to_owned), text("version").map(str::parse::<i64>).transpose());
    let version = version.map_err(|_| caller.problem(Error::field("version", "Use a whole number")))?;
    if at.is_some() || version.is_some() {
        let past = caller.run(PastRecord { entity: entity.key.clone(), id, version, at }).await?;
        // Without an ETag: what was cannot be written to.
        return Ok(json_text(StatusCode::OK, json!({ "data": past }).to_string()));
    }
    let record = caller.run(GetRecord { entity: entity.key.clone(), id }).await?;
    Ok(one(StatusCode::OK, &record))
}

pub async fn create(caller: ApiCaller, Path(path): Path<ListPath>, request: Write) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    let input = json!({ "entity": entity.key, "values": request.object(&caller)? });
    let reply = caller.run_json("records.create", input, request.once).await?;
    written(StatusCode::CREATED, &reply)
}

pub async fn update(caller: ApiCaller, Path(path): Path<RecordPath>, request: Write) -> Result<Response, Problem> {
    save(caller, path, request, false).await
}

/// PUT is the whole record: fields that the body leaves out are emptied.
pub async fn replace(caller: ApiCaller, Path(path): Path<RecordPath>, request: Write) -> Result<Response, Problem> {
    save(caller, path, request, true).await
}

async fn save(caller: ApiCaller, path: RecordPath, request: Write, whole: bool) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    let mut values = request.object(&caller)?;
    let version = request.version.or_else(|| values.remove("version").and_then(|version| version.as_i64()));
    if whole {
        for field in entity.editable().filter(|field| field.writable(&caller.caller.access.grants)) {
            values.entry(field.key.clone()).or_insert(Value::Null);
        }
    }
    let input = json!({ "entity": entity.key, "id": id(&caller, &path.id)?, "version": version, "values": values });
    let reply = caller.run_json("records.update", input, request.once).await?;
    written(StatusCode::OK, &reply)
}

/// Into the trash, or by the transition that the description names in its place.
pub async fn delete(caller: ApiCaller, Path(path): Path<RecordPath>, request: Write) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    if let Some(name) = entity.states.as_ref().and_then(|states| states.deletion.clone()) {
        let RecordPath { entity, id } = path;
        return transition(caller, Path(TransitionPath { entity, id, name }), request).await;
    }
    let input = json!({ "entity": entity.key, "id": id(&caller, &path.id)?, "version": request.version });
    let reply = caller.run_json("records.delete", input, request.once).await?;
    let mut response = json_text(StatusCode::OK, r#"{"success":true,"message":"Record deleted"}"#.to_owned());
    mark_replay(&mut response, &reply);
    Ok(response)
}

pub async fn restore(caller: ApiCaller, Path(path): Path<RecordPath>, request: Write) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    let input = json!({ "entity": entity.key, "id": id(&caller, &path.id)? });
    let reply = caller.run_json("records.restore", input, request.once).await?;
    written(StatusCode::OK, &reply)
}

pub async fn transition(
    caller: ApiCaller,
    Path(path): Path<TransitionPath>,
    request: Write,
) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    let mut values = if request.body.is_empty() { Values::new() } else { request.object(&caller)? };
    let version = request.version.or_else(|| values.remove("version").and_then(|version| version.as_i64()));
    let input = json!({
        "entity": entity.key, "id": id(&caller, &path.id)?, "version": version, "name": path.name, "values": values,
    });
    let reply = caller.run_json("records.transition", input, request.once).await?;
    written(StatusCode::OK, &reply)
}

pub async fn timeline(
    caller: ApiCaller,
    Path(path): Path<RecordPath>,
    Query(pairs): Pairs,
) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    let text = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let limit = match text("limit").map(str::parse::<u32>) {
        None => 50,
        Some(Ok(limit @ 1..=500)) => limit,
        Some(_) => return Err(caller.problem(Error::field("limit", "Use a whole number from 1 to 500"))),
    };
    let before = match text("before") {
        Some(before) => Some(id(&caller, before)?),
        None => None,
    };
    let operation = RecordTimeline { entity: entity.key.clone(), id: id(&caller, &path.id)?, limit, before };
    let entries = caller.run(operation).await?;
    Ok(json_text(StatusCode::OK, json!({ "data": entries, "timestamp": caller.timestamp() }).to_string()))
}

pub async fn versions(
    caller: ApiCaller,
    Path(path): Path<RecordPath>,
    Query(pairs): Pairs,
) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    let number = |name: &str, most: i64| match pairs.iter().find(|(key, _)| key == name) {
        None => Ok(None),
        Some((_, value)) => match value.parse::<i64>() {
            Ok(number) if (1..=most).contains(&number) => Ok(Some(number)),
            _ => Err(caller.problem(Error::field(name, format!("Use a whole number from 1 to {most}")))),
        },
    };
    let limit = number("limit", 500)?.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(50);
    let before = number("before", i64::from(u32::MAX))?;
    let operation = RecordVersions { entity: entity.key.clone(), id: id(&caller, &path.id)?, limit, before };
    let versions = caller.run(operation).await?;
    Ok(json_text(StatusCode::OK, json!({ "data": versions, "timestamp": caller.timestamp() }).to_string()))
}

/// A write: its body, the version that it names and the key that makes it happen once.
pub struct Write {
    pub body: Bytes,
    pub version: Option<i64>,
    pub once: Option<Idempotent>,
}

impl Write {
    /// The body as an object of values.
    pub fn object(&self, caller: &ApiCaller) -> Result<Values, Problem> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(values)) => Ok(values),
            Ok(_) => Err(caller.problem(Error::invalid("The body should be a JSON object of fields"))),
            Err(error) => Err(caller.problem(Error::invalid(format!("The body is not JSON: {error}")))),
        }
    }
}

impl<S: Send + Sync> axum::extract::FromRequest<S> for Write {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        let asking = request.extensions().get::<ApiCaller>();
        let key = asking.and_then(|caller| caller.caller.access.key.as_ref().map(|key| key.id));
        let caller = asking.map(|caller| caller.request);
        let refuse = |error| Problem { error, request: caller };
        let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            refuse(if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Error::new(Kind::TooLarge, "The body is larger than 1 MiB")
            } else {
                Error::invalid("The body could not be read")
            })
        })?;
        let is_json = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim() == "application/json");
        if !body.is_empty() && !is_json {
            return Err(refuse(Error::invalid("Send the body as application/json")));
        }
        Ok(Self {
            version: if_match(&headers).map_err(refuse)?,
            once: once(&method, &uri, &headers, &body, key).map_err(refuse)?,
            body,
        })
    }
}

/// The version in `If-Match`, as `ETag` gave it.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let version =
        value.to_str().ok().and_then(|text| text.trim().trim_start_matches("W/").trim_matches('"').parse().ok());
    version.map(Some).ok_or_else(|| Error::field("If-Match", "Send the ETag that the record came with, such as \"3\""))
}

/// Programs that act for one member count by themselves: each of its keys has idempotency keys of its own, apart from those of the member.
fn once(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
    by: Option<Uuid>,
) -> Result<Option<Idempotent>, Error> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().map_err(|_| Error::field("Idempotency-Key", "Use printable ASCII"))?;
    let route = match by {
        Some(by) => format!("{by} {method} {}", uri.path()),
        None => format!("{method} {}", uri.path()),
    };
    Ok(Some(Idempotent::new(route, key.to_owned(), body)))
}

fn one(status: StatusCode, record: &Record) -> Response {
    #[derive(serde::Serialize)]
    struct One<'a> {
        data: &'a Record,
    }
    // Straight to text: by way of a tree every value would be copied once more.
    let mut response = json_text(status, serde_json::to_string(&One { data: record }).unwrap_or_default());
    set_etag(&mut response, record.version);
    response
}

/// A written record, from the dispatcher's text.
fn written(status: StatusCode, reply: &Reply) -> Result<Response, Problem> {
    #[derive(Deserialize)]
    struct Head {
        version: i64,
    }
    let head: Head =
        serde_json::from_str(&reply.json).map_err(|_| Problem { error: Error::internal(), request: None })?;
    let mut response = json_text(status, format!(r#"{{"data":{}}}"#, reply.json));
    set_etag(&mut response, head.version);
    mark_replay(&mut response, reply);
    Ok(response)
}

fn set_etag(response: &mut Response, version: i64) {
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, etag);
    }
}

pub(crate) fn mark_replay(response: &mut Response, reply: &Reply) {
    if reply.replayed {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
}

pub(crate) fn json_text(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
