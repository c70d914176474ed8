//! A reactive owner of its own for each request. Leptos 0.8 leaves the owner of a page that streams on its thread, where whatever else runs
//! on that thread finds its context: a server function, a plain handler, a task. The version in use puts it back; this is the second lock,
//! and tests/it/bleed.rs holds both shut.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use leptos::prelude::Owner;
use leptos::reactive::computed::ScopedFuture;

pub async fn isolate(request: Request, next: Next) -> Response {
    detached().with(|| ScopedFuture::new(next.run(request))).await
}

/// A root that nobody else finds: making one sets it on the thread, so what was there before is put back.
fn detached() -> Owner {
    let before = Owner::current();
    let root = Owner::new_root(None);
    match before {
        Some(before) => before.set(),
        None => root.clone().unset(),
    }
    root
}

#[cfg(test)]
mod tests {
    use super::{detached, isolate};
    use axum::body::Body;
    use axum::extract::Request;
    use axum::middleware::{Next, from_fn};
    use axum::response::Response;
    use axum::routing::get;
    use axum::{Router, http};
    use leptos::prelude::{Owner, provide_context, use_context};
    use std::time::Duration;
    use tower::ServiceExt;

    #[derive(Clone)]
    struct Who(String);

    async fn provide(request: Request, next: Next) -> Response {
        if let Some(who) = request.uri().query().filter(|who| !who.is_empty()) {
            provide_context(Who(who.to_owned()));
        }
        next.run(request).await
    }

    #[test]
    fn a_detached_root_is_not_left_on_the_thread() {
        assert!(Owner::current().is_none());
        let first = detached();
        assert!(Owner::current().is_none());
        first.with(|| {
            let before = Owner::current();
            let _second = detached();
            assert_eq!(Owner::current(), before);
        });
    }

    /// What a request provides is for itself alone: while it waits, while others run in between on the same thread, and for whatever else
    /// runs there, such as a task that belongs to no request.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_one_request_provides_no_other_finds() {
        let found = || use_context::<Who>().map(|who| who.0).unwrap_or_default();
        let routes = Router::new()
            .route(
                "/",
                get(move || async move {
                    let at_once = found();
                    let beside = tokio::spawn(async move {
                        tokio::task::yield_now().await;
                        found()
                    });
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    format!("{at_once} {} {}", found(), beside.await.unwrap())
                }),
            )
            .layer(from_fn(provide))
            .layer(from_fn(isolate));
        let asked = (0..300).map(|number| {
            let (routes, who) =
                (routes.clone(), if number % 3 == 0 { String::new() } else { format!("tenant{number}") });
            tokio::spawn(async move {
                let request = http::Request::get(format!("/?{who}")).body(Body::empty()).unwrap();
                let answer = routes.oneshot(request).await.unwrap();
                let body = axum::body::to_bytes(answer.into_body(), 1024).await.unwrap();
                assert_eq!(String::from_utf8(body.to_vec()).unwrap(), format!("{who} {who} "));
            })
        });
        for done in futures::future::join_all(asked).await {
            done.unwrap();
        }
    }
}
