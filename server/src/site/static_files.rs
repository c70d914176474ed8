//! Files of the build: hashed ones may be kept for ever, the others are asked for again.

use crate::state::App;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::services::{ServeDir, ServeFile};

/// Islands of the build before find their code here as well: the build keeps its `/pkg` files (scripts/build).
pub fn router(app: &App) -> Router<App> {
    let root = &app.config.site_root;
    let files = |name: &str| ServeFile::new(root.join(name)).precompressed_br();
    Router::new()
        .nest_service(
            "/pkg",
            ServeDir::new(root.join("pkg")).precompressed_br().append_index_html_on_directories(false),
        )
        .nest_service("/fonts", ServeDir::new(root.join("fonts")).append_index_html_on_directories(false))
        .route_service("/icons.svg", files("icons.svg"))
        .route_service("/favicon.svg", files("favicon.svg"))
        .route("/document.css", get(document_style))
        .layer(from_fn(cache))
}

/// Of printed documents on the screen: beside the writer that its classes belong to.
async fn document_style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], modules::documents::STYLE)
}

async fn cache(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let lasting = path.starts_with("/fonts/") || (path.starts_with("/pkg/") && hashed(&path));
    let value = if !response.status().is_success() {
        "no-store"
    } else if lasting {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=3600"
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    headers.insert(
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static("default-src 'none'; style-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    );
    response
}

/// `nexus.Ab12....wasm`: a name with a hash between dots.
fn hashed(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.split('.').rev().skip(1).any(|part| part.len() >= 12))
}
