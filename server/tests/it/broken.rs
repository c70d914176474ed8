//! What breaks in the server itself: said on a page to people and as a problem to programs, with the reference of the log and nothing of the fault.

use crate::support::Server;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use nexus_server::middleware::request::{REQUEST_ID, request};
use nexus_server::site::draw;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

const CANARY: &str = "a canary in the fault";

async fn breaks() -> &'static str {
    panic!("{CANARY}")
}

#[tokio::test]
async fn what_breaks_is_said_with_its_reference() {
    let server = Server::new().await;
    let app = server.app();
    // As the server has them: see `site::router`.
    let router: Router = Router::new()
        .route("/w/lakeside/leads", get(breaks))
        .layer(CatchPanicLayer::custom(draw::panicked))
        .layer(from_fn_with_state(app.clone(), draw::broken))
        .layer(from_fn_with_state(app, request));
    for (accept, page) in [("text/html", true), ("application/json", false)] {
        let asked = Request::builder().uri("/w/lakeside/leads?view=all").header(header::ACCEPT, accept);
        let answer = router.clone().oneshot(asked.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{accept}");
        let reference = answer.headers()[REQUEST_ID].to_str().unwrap().to_owned();
        let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let text = String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
        assert!(text.contains(&reference) && !text.contains(CANARY), "{accept}: {text}");
        if page {
            assert!(kind.starts_with("text/html") && text.contains("Something broke on our side"), "{kind}: {text}");
            // Trying again asks for the same address, which is the one that the browser shows.
            assert!(text.contains("Try again") && !text.contains("/_refused"), "{text}");
        } else {
            assert_eq!(kind, "application/problem+json");
        }
    }
    server.end().await;
}

/// A link to a file leads a person to a page when there is no file, and a program to a problem.
#[tokio::test]
async fn a_file_that_cannot_be_had_is_said_on_a_page() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    for path in ["leads/export.csv?sort=vlaue", "imports/0199a000-0000-7000-8000-000000000000/errors.csv"] {
        let path = format!("/w/lakeside/{path}");
        let (status, page) = amina.page(&path).await;
        assert!(status.is_client_error() && page.contains("<h1") && page.contains("Reference"), "{path}: {page}");
        let answer = amina.get(&path).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json", "{path}");
    }
    server.end().await;
}
