//! Any operation by name, for what has no path of its own.

use crate::caller::ApiCaller;
use crate::problem::Problem;
use crate::records::{Write, json_text, mark_replay};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{OperationKind, Realm};
use serde::Deserialize;
use serde_json::{Value, json};

/// The catalogue of operations of the workspace realm.
pub async fn list(caller: ApiCaller) -> Response {
    let operations: Vec<Value> = caller
        .platform
        .registry()
        .infos()
        .filter(|info| info.realm == Realm::Workspace)
        .map(|info| json!({ "name": info.name, "writes": info.kind == OperationKind::Write }))
        .collect();
    json_text(StatusCode::OK, json!({ "data": operations, "timestamp": caller.timestamp() }).to_string())
}

#[derive(Deserialize)]
pub struct OperationPath {
    name: String,
}

pub async fn run(caller: ApiCaller, Path(path): Path<OperationPath>, request: Write) -> Result<Response, Problem> {
    let input = if request.body.is_empty() { json!({}) } else { Value::Object(request.object(&caller)?) };
    let writes =
        caller.platform.registry().infos().any(|info| info.name == path.name && info.kind == OperationKind::Write);
    let once = request.once.filter(|_| writes);
    let reply = caller.run_json(&path.name, input, once).await?;
    let mut response = json_text(StatusCode::OK, format!(r#"{{"data":{}}}"#, reply.json));
    mark_replay(&mut response, &reply);
    Ok(response)
}
