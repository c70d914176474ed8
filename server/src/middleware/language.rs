//! In which language a request is answered: pages in that of the browser until the membership is known (site/member.rs), programs in English.

use crate::site::cookies;
use crate::site::sign_in::wants_page;
use crate::state::App;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use words::Language;

const YEAR: u32 = 365 * 24 * 3600;

pub async fn language(State(app): State<App>, request: Request, next: Next) -> Response {
    let language = of_browser(request.headers(), app.config.secure());
    words::scope(language, next.run(request)).await
}

/// What was chosen in this browser, else what it asks for, as far as it is spoken.
pub fn of_browser(headers: &HeaderMap, secure: bool) -> Language {
    if !wants_page(headers) {
        return Language::English;
    }
    let chosen = cookies::read(headers, cookies::LANGUAGE, secure).and_then(Language::parse);
    let accepted = || Language::accepted(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?);
    chosen.or_else(accepted).unwrap_or_default()
}

/// Keeps a language in the browser, for the pages that know nobody.
pub fn keep(language: Language, secure: bool) -> Option<HeaderValue> {
    cookies::set(cookies::LANGUAGE, language.tag(), YEAR, secure)
}
