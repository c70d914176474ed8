//! Theme, density and language: cookies, so that the server writes them into the page and nothing flashes. Of a member the language of their
//! profile counts.

use super::cookies;
use super::draw::local_path;
use crate::middleware::language;
use crate::state::App;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use ui::{Density, Theme};
use words::Language;

#[derive(Deserialize)]
pub struct Preferences {
    theme: Option<String>,
    density: Option<String>,
    language: Option<String>,
    #[serde(rename = "_next")]
    next: Option<String>,
}

const YEAR: u32 = 365 * 24 * 3600;

pub async fn save(State(state): State<App>, headers: HeaderMap, Form(form): Form<Preferences>) -> Response {
    let (theme, density) = cookies::read(&headers, cookies::LOOK, state.config.secure())
        .and_then(|look| look.split_once('.'))
        .unwrap_or_default();
    let theme = Theme::parse(form.theme.as_deref().unwrap_or(theme));
    let density = Density::parse(form.density.as_deref().unwrap_or(density));
    let mut response = Redirect::to(&local_path(form.next.as_deref(), "/")).into_response();
    if let Some(cookie) =
        cookies::set(cookies::LOOK, &format!("{}.{}", theme.as_str(), density.as_str()), YEAR, state.config.secure())
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    if let Some(language) = form.language.as_deref().and_then(Language::parse)
        && let Some(cookie) = language::keep(language, state.config.secure())
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
