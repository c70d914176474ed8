//! What leads to an account without one: signing up, invitations, a forgotten password, a new address, the first owner.
//!
//! No answer here depends on whether an address has an account, by words, status, length or time: what is asked for is written down, and the
//! worker that sends the mail finds out. Links are built from the server's own setting, never from the request's host. Opening a link only
//! shows a page; a press of its button uses it up, so that a scanner of mails does not.

mod invitation;
mod recovery;
mod sign_up;

pub use invitation::{accept, invitation_page};
pub use recovery::{change_password, confirm_email, email_page, forgot, reset, reset_page};
pub use sign_up::{code, confirm, confirm_page, new_workspace, register, setup, setup_page, sign_up};

use super::form_values::own;
use super::sign_in::{self, Person};
use super::{cookies, draw, page_context};
use crate::middleware::request::RequestInfo;
use crate::start;
use crate::state::App;
use app::page::{PageContext, Replay};
use app::session::{AccountFacts, Choosing, Industry, InvitationFacts, Looker};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::people::ChangePassword;
use domain::{Error, FieldError, Kind, Result, UserId};
use modules::people::{self, AccountMail};
use packs::seed::{Size, seed};
use platform::Caller;
use platform::auth::{self, MadeWorkspace, NewWorkspace, SignUp};
use serde::Deserialize;
use std::sync::{Arc, OnceLock};
use tower_sessions::Session;
use uuid::Uuid;
use words::t;

/// Described industries, for what a new workspace begins with. Read once: a process has one set of packs.
static LIBRARY: OnceLock<Option<packs::Library>> = OnceLock::new();

#[derive(Deserialize)]
pub struct TokenPath {
    token: String,
}

/// A request as these pages need it.
pub struct Asked<'a> {
    state: &'a App,
    headers: &'a HeaderMap,
    info: RequestInfo,
}

type Fields = Vec<(String, String)>;

fn fields(body: &Bytes) -> Fields {
    std::str::from_utf8(body).map(cookies::query_pairs).unwrap_or_default()
}

fn text(fields: &[(String, String)], name: &str) -> String {
    own(fields, name).unwrap_or_default()
}

impl Asked<'_> {
    async fn page(&self, address: &str, facts: Option<AccountFacts>) -> Response {
        let status = facts.is_none().then_some(StatusCode::NOT_FOUND);
        let page = page_context::public(self.state, self.headers, self.info, address);
        self.drawn(page, facts, status).await
    }

    /// The same with what was typed and what is wrong. A password is not sent back.
    async fn again(
        &self,
        address: &str,
        form: &str,
        fields: Fields,
        error: Error,
        facts: Option<AccountFacts>,
    ) -> Response {
        let status = if facts.is_none() { StatusCode::NOT_FOUND } else { draw::form_status(error.kind) };
        let retry = error.retry_after;
        let fields = fields.into_iter().filter(|(name, _)| name != "password").collect();
        let replay = Replay { operation: form.to_owned(), fields, error };
        let page = page_context::public(self.state, self.headers, self.info, address);
        let page = PageContext { replay: Some(Arc::new(replay)), ..page };
        let mut response = self.drawn(page, facts, Some(status)).await;
        if let Some(seconds) = retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The address of such a page is a secret, and no request is to carry it. Not no-referrer: a browser would call the origin of the form null.
    async fn drawn(&self, page: PageContext, facts: Option<AccountFacts>, status: Option<StatusCode>) -> Response {
        let mut response = draw::draw_account(self.state, page, facts, status).await;
        response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
        response
    }

    fn choosing(&self) -> AccountFacts {
        let mut industries: Vec<Industry> = self
            .state
            .platform
            .services
            .catalogs
            .industries()
            .map(|(slug, catalog)| Industry { slug: slug.to_owned(), label: catalog.industry_label.clone() })
            .collect();
        industries.sort_by(|a, b| a.label.cmp(&b.label));
        let (currency, timezone) = guess(self.headers);
        AccountFacts::Choosing(Choosing { industries, currency: currency.to_owned(), timezone: timezone.to_owned() })
    }

    /// The workspace that was asked for, with everything that is wrong in it.
    fn workspace(&self, fields: &[(String, String)]) -> Result<NewWorkspace, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut fault = |field: &str, message: &str| {
            faults.push(FieldError { field: field.to_owned(), message: message.to_owned() });
        };
        let name = text(fields, "workspace").split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() || name.chars().count() > 80 {
            fault("workspace", t!("A workspace has a name of 1 to 80 characters"));
        }
        let slug = text(fields, "slug").trim().to_lowercase();
        let shaped = slug.len() <= 48
            && !slug.starts_with('-')
            && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !shaped {
            fault(
                "slug",
                t!("An address is up to 48 small letters, digits and hyphens, and begins with a letter or digit"),
            );
        }
        let industry = text(fields, "industry");
        if !self.state.platform.services.catalogs.industries().any(|(slug, _)| slug == industry) {
            fault("industry", t!("Choose the industry that fits best"));
        }
        let currency = text(fields, "currency");
        if domain::currency::decimals(&currency).is_none() {
            fault("currency", t!("Choose the currency that you count in"));
        }
        let timezone = text(fields, "timezone");
        if !platform::clock::is_zone(&timezone) {
            fault("timezone", t!("Choose the time zone that you work in"));
        }
        let slug = if slug.is_empty() { name.clone() } else { slug };
        let sample = text(fields, "sample") == "true";
        if faults.is_empty() {
            Ok(NewWorkspace { name, slug, industry, currency, timezone, sample })
        } else {
            Err(faults)
        }
    }

    /// That of the page on which it was asked.
    fn language(&self) -> &'static str {
        words::current().tag()
    }

    /// What a new workspace begins with. It is there without, and gets it at the next start.
    /// Sample records are made before its owner enters, in a task of its own: a closed tab leaves none half made.
    async fn furnish(&self, made: &MadeWorkspace) {
        let folder = self.state.config.packs.as_deref();
        let Some(library) = LIBRARY.get_or_init(|| start::library(folder).ok()) else { return };
        let (platform, made) = (self.state.platform.clone(), made.clone());
        let work = tokio::spawn(async move {
            if let Err(error) = packs::start::furnish(&platform, library, made.tenant).await {
                tracing::warn!(tenant = %made.tenant, %error, "a new workspace was not given its first rows");
            }
            // A pack of one's own may have no recipe for them.
            if !made.sample || library.recipe(&made.industry).is_none() {
                return;
            }
            if let Err(error) = seed(&platform, library, &made.industry, Size::Small, &made.slug).await {
                tracing::warn!(tenant = %made.tenant, %error, "a new workspace was not given its sample records");
            }
        });
        if let Err(error) = work.await {
            tracing::error!(%error, "a new workspace was not furnished to the end");
        }
    }

    /// Signs somebody in who has just made an account, and goes on.
    async fn enter(&self, session: &Session, user: UserId, next: &str) -> Response {
        let agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        match self.state.platform.services.auth.users.begin(session, user.0, Some(self.info.address), agent).await {
            Ok(_) => Redirect::to(next).into_response(),
            Err(_) => Redirect::to("/sign-in").into_response(),
        }
    }

    fn said(&self, words: &str, next: &str) -> Response {
        let mut response = Redirect::to(next).into_response();
        if let Some(cookie) = cookies::flash(words, self.state.config.secure()) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// Currency and time zone of the first country that the browser's languages name.
fn guess(headers: &HeaderMap) -> (&'static str, &'static str) {
    const PLACES: &[(&str, &str, &str)] = &[
        ("KE", "KES", "Africa/Nairobi"),
        ("TZ", "TZS", "Africa/Dar_es_Salaam"),
        ("UG", "UGX", "Africa/Kampala"),
        ("RW", "RWF", "Africa/Kigali"),
        ("ET", "ETB", "Africa/Addis_Ababa"),
        ("NG", "NGN", "Africa/Lagos"),
        ("GH", "GHS", "Africa/Accra"),
        ("ZA", "ZAR", "Africa/Johannesburg"),
        ("EG", "EGP", "Africa/Cairo"),
        ("MA", "MAD", "Africa/Casablanca"),
        ("ZM", "ZMW", "Africa/Lusaka"),
        ("GB", "GBP", "Europe/London"),
        ("IE", "EUR", "Europe/Dublin"),
        ("DE", "EUR", "Europe/Berlin"),
        ("FR", "EUR", "Europe/Paris"),
        ("ES", "EUR", "Europe/Madrid"),
        ("IT", "EUR", "Europe/Rome"),
        ("NL", "EUR", "Europe/Amsterdam"),
        ("AT", "EUR", "Europe/Vienna"),
        ("PT", "EUR", "Europe/Lisbon"),
        ("CH", "CHF", "Europe/Zurich"),
        ("SE", "SEK", "Europe/Stockholm"),
        ("NO", "NOK", "Europe/Oslo"),
        ("PL", "PLN", "Europe/Warsaw"),
        ("IN", "INR", "Asia/Kolkata"),
        ("AE", "AED", "Asia/Dubai"),
        ("CA", "CAD", "America/Toronto"),
        ("AU", "AUD", "Australia/Sydney"),
        ("JP", "JPY", "Asia/Tokyo"),
        ("BR", "BRL", "America/Sao_Paulo"),
        ("US", "USD", "America/New_York"),
    ];
    let languages = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tags = languages.split(',').map(|tag| tag.split(';').next().unwrap_or_default().trim());
    tags.filter_map(|tag| tag.rsplit_once('-'))
        .find_map(|(_, country)| PLACES.iter().find(|(code, ..)| code.eq_ignore_ascii_case(country)))
        .map_or(("USD", "UTC"), |(_, currency, zone)| (currency, zone))
}

/// Pages without a link: their form, empty.
pub async fn form(
    State(state): State<App>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let address = uri.path_and_query().map_or("/", |address| address.as_str());
    asked.page(address, Some(asked.choosing())).await
}

/// The same for somebody who has an account and wants another workspace.
pub async fn new_workspace_form(
    _: Person,
    state: State<App>,
    info: Extension<RequestInfo>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    form(state, info, headers, uri).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_country_of_the_languages_is_guessed() {
        let guessed = |languages: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, languages.parse().unwrap());
            guess(&headers)
        };
        assert_eq!(guessed("sw-KE,sw;q=0.9,en-GB;q=0.8"), ("KES", "Africa/Nairobi"));
        assert_eq!(guessed("sw, en-tz;q=0.5"), ("TZS", "Africa/Dar_es_Salaam"));
        assert_eq!(guessed("en"), ("USD", "UTC"));
        assert_eq!(guess(&HeaderMap::new()), ("USD", "UTC"));
    }
}
