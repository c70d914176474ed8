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

    /// What a request provides is for itself alone, while it waits and while others run in between on the same thread.
    #[tokio::test]
    async fn what_one_request_provides_no_other_finds() {
        let routes = Router::new()
            .route(
                "/",
                get(|| async {
                    let at_once = use_context::<Who>().map(|who| who.0);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    let later = use_context::<Who>().map(|who| who.0);
                    format!("{} {}", at_once.unwrap_or_default(), later.unwrap_or_default())
                }),
            )
            .layer(from_fn(provide))
            .layer(from_fn(isolate));
        let ask = |who: String| {
            let routes = routes.clone();
            async move {
                let request = http::Request::get(format!("/?{who}")).body(Body::empty()).unwrap();
                let answer = routes.oneshot(request).await.unwrap();
                let body = axum::body::to_bytes(answer.into_body(), 1024).await.unwrap();
                (who, String::from_utf8(body.to_vec()).unwrap())
            }
        };
        let asked = (0..300).map(|number| ask(if number % 3 == 0 { String::new() } else { format!("tenant{number}") }));
        for (who, said) in futures::future::join_all(asked).await {
            assert_eq!(said, format!("{who} {who}"));
        }
    }
}
