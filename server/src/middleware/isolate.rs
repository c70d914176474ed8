//! A reactive owner of its own for each request. Without one, Leptos 0.8 makes a request the child of another request that happens to be
//! streaming on the same thread, and contexts leak from tenant to tenant; tests/it/bleed.rs holds this shut on the version in use.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use leptos::prelude::Owner;
use leptos::reactive::computed::ScopedFuture;

pub async fn isolate(request: Request, next: Next) -> Response {
    let root = Owner::new_root(None);
    root.with(|| ScopedFuture::new(next.run(request))).await
}
