//! Refuses writes that another site makes the browser send. Cookies alone would let them through.
//!
//! `Sec-Fetch-Site` decides where the browser sends it; `Origin` decides where it does not; a request with neither is refused, because a
//! browser always sends one of them with a write. Calls of programs, which carry a key or a token and no cookie, have nothing to forge: no page of
//! another site can add either, and nothing that the browser keeps goes with them.

use crate::site::machine;
use crate::state::App;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use words::t;

pub async fn cross_site(State(app): State<App>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || same_origin(request.headers(), &app.config.base_url) || machine::is_program(&request) {
        return next.run(request).await;
    }
    let error = domain::Error::new(
        domain::Kind::Forbidden,
        t!("This request did not come from a page of this site, so nothing was done. Open the page here and try again"),
    );
    crate::site::problem(&error, &request).into_response()
}

fn same_origin(headers: &HeaderMap, base_url: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin") => true,
        Some(_) => false,
        None => text(header::ORIGIN).is_some_and(|origin| {
            let host = text(header::HOST).unwrap_or_default();
            // Reached by another name, it is still the same site; by another scheme it is not: who reads the wire could have written the page.
            let scheme = base_url.split_once("://").map(|(scheme, _)| scheme);
            origin == base_url || origin.split_once("://").is_some_and(|(by, at)| at == host && Some(by) == scheme)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&'static str, &str)]) -> bool {
        check_at("http://127.0.0.1:3000", pairs)
    }

    fn check_at(base_url: &str, pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        same_origin(&headers, base_url)
    }

    #[test]
    fn only_our_own_pages_may_write() {
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        assert!(check(&[("origin", "http://127.0.0.1:3000")]));
        assert!(check(&[("origin", "http://localhost:3000"), ("host", "localhost:3000")]));
        for refused in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:3000")],
            &[("origin", "null")],
            &[("origin", "http://127.0.0.1:3001"), ("host", "127.0.0.1:3000")],
            &[("origin", "https://localhost:3000"), ("host", "localhost:3000")],
            &[],
        ] {
            assert!(!check(refused), "{refused:?}");
        }
        let secure = "https://erp.example.com";
        assert!(check_at(secure, &[("origin", "https://erp.example.com")]));
        assert!(check_at(secure, &[("origin", "https://other.example.com"), ("host", "other.example.com")]));
        for scheme in ["http", "https:", "httpsx", ""] {
            let origin = format!("{scheme}://erp.example.com");
            assert!(!check_at(secure, &[("origin", &origin), ("host", "erp.example.com")]), "{origin}");
        }
    }
}
