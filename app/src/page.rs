//! What a page knows of its request, and how it loads, refuses and shows what a form got wrong.

use domain::schema::{Catalog, Entity};
use domain::{BackendHandle, Error, Grants, Result, Verb};
use leptos::prelude::*;
use std::future::Future;
use std::sync::Arc;
use ui::{Density, Theme};
use uuid::Uuid;
use words::t;

/// One workspace of the person, for the switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceLink {
    pub slug: String,
    pub name: String,
    pub industry: String,
}

/// Who looks at the page, in the workspace of its URL.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub slug: String,
    pub workspace: String,
    pub currency: String,
    pub timezone: String,
    pub member: Uuid,
    pub name: String,
    pub email: Option<String>,
    pub role: String,
    /// Every role held; `role` is the highest.
    pub roles: Vec<String>,
    pub grants: Grants,
    pub catalog: Arc<Catalog>,
    pub workspaces: Vec<WorkspaceLink>,
    pub waiting: Waiting,
    /// Support staff act for the person: who, and until when (RFC 3339).
    pub acted_for: Option<ActedFor>,
}

/// What waits for the viewer: unread notifications, and approvals to decide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    pub notifications: u64,
    pub approvals: u64,
}

/// Support staff at work in somebody's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActedFor {
    pub staff: String,
    pub until: String,
}

impl Viewer {
    pub fn may(&self, entity: &Entity, verb: Verb) -> bool {
        self.missing(entity, verb).is_none()
    }

    /// Why a control is greyed out, or nothing where it may be used.
    pub fn missing(&self, entity: &Entity, verb: Verb) -> Option<String> {
        if let (Verb::Create | Verb::Import, Some(how)) = (verb, &entity.managed) {
            return Some(how.clone());
        }
        self.lacks(&entity.permission(verb))
    }

    /// Why something that a permission opens is greyed out, or nothing where the viewer holds it.
    pub fn lacks(&self, permission: &str) -> Option<String> {
        (!self.grants.allows(permission)).then(|| t!("Needs the permission {permission}", permission))
    }

    /// A path inside the workspace: `viewer.path("leads")` is `/w/lakeside/leads`.
    pub fn path(&self, rest: &str) -> String {
        if rest.is_empty() { format!("/w/{}", self.slug) } else { format!("/w/{}/{rest}", self.slug) }
    }

    /// Where a form of this operation posts to.
    pub fn action(&self, operation: &str) -> String {
        format!("/w/{}/do/{operation}", self.slug)
    }

    /// The described entity behind a path segment, or *not found*.
    pub fn entity(&self, plural: &str) -> Result<Arc<Entity>> {
        self.catalog
            .by_plural(plural)
            .filter(|entity| self.may(entity, Verb::Read))
            .cloned()
            .ok_or_else(Error::not_found)
    }
}

/// Who looks at a page of the platform realm.
#[derive(Debug, Clone)]
pub struct StaffViewer {
    pub name: String,
    pub email: String,
    pub role: String,
}

/// A field of forms that make something: with it, the same again within minutes is asked about before it is done; with [`ASK`], so is what looks like a
/// record that is there.
pub const ALIKE: &str = "_alike";
pub const ASK: &str = "ask";
/// Of what may look alike, such as calls.
pub const AGAIN: &str = "again";
/// What a form says in the place of a moment that the server is to fill in when it is sent.
pub const NOW: &str = "now";
/// In the fields of a form that was asked about.
pub const ASKED: &str = "_asked";
/// What a form that was held back looks like, as JSON: `domain::records::Alike`.
pub const LIKE: &str = "_like";
/// In the address of a form for a new record: what looks like the values that stand there too, which its island asks while somebody types. In that of a
/// record: whom its notes may mention.
pub const LOOK: &str = "_look";
/// A field of forms whose write is offered back at once, with the words that say that it was done.
pub const UNDO: &str = "_undo";
/// The path of a page that stands in for one that could not be drawn. The browser shows the address that it asked for.
pub const STAND_IN: &str = "/_refused";
/// Letters of [`PageContext::form_key`].
const FORM_KEY: usize = 22;

/// A form that was refused: the page it came from is drawn again with what was typed and what is wrong.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Stable name of the operation, or `sign_in`.
    pub operation: String,
    /// As posted, in order.
    pub fields: Vec<(String, String)>,
    pub error: Error,
}

impl Replay {
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The token of the page that the form stood on.
    pub fn form_key(&self) -> Option<&str> {
        self.value("_key").and_then(|key| key.get(..FORM_KEY))
    }

    /// What is wrong with a field, by its key: `name`, also where the form calls it `values.name`.
    pub fn error_for(&self, field: &str) -> Option<&str> {
        self.error.fields.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

/// Everything that the server hands to the pages for one request.
#[derive(Clone)]
pub struct PageContext {
    pub path: String,
    /// Decoded query parameters, in order.
    pub query: Arc<Vec<(String, String)>>,
    pub theme: Theme,
    pub density: Density,
    /// Bound to the caller; absent on pages that anyone may see.
    pub backend: Option<BackendHandle>,
    pub viewer: Option<Arc<Viewer>>,
    pub staff: Option<Arc<StaffViewer>>,
    /// What the write before this page did, once: "Lead saved".
    pub flash: Option<String>,
    pub replay: Option<Arc<Replay>>,
    /// Of the request, for error pages.
    pub reference: String,
    /// Now, RFC 3339 in UTC: pages read no clock.
    pub now: String,
    /// Makes the keys that let a form be sent once: a token that no other page has.
    pub form_key: String,
    /// What a page of sign-in or of the own account is about.
    pub about: Option<Arc<About>>,
    /// Whom people may sign in with in place of a password, by name.
    pub provider: Option<String>,
}

pub use crate::session::about::{About, ConfirmPage, FactorPage, ImpersonatePage, Picture};

impl PageContext {
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub fn viewer(&self) -> Result<Arc<Viewer>> {
        self.viewer.clone().ok_or_else(Error::not_found)
    }

    pub fn backend(&self) -> Result<BackendHandle> {
        self.backend.clone().ok_or_else(Error::not_found)
    }

    /// The refused form, if it was one of this operation.
    pub fn replay_of(&self, operation: &str) -> Option<Arc<Replay>> {
        self.replay.clone().filter(|replay| replay.operation == operation)
    }

    /// This page's address with some parameters replaced; `None` removes one. Paging parameters go unless they are set.
    pub fn with_query(&self, changes: &[(&str, Option<&str>)]) -> String {
        let kept = self
            .query
            .iter()
            .filter(|(key, _)| {
                !matches!(key.as_str(), "cursor" | "offset") && !changes.iter().any(|(name, _)| name == key)
            })
            .map(|(key, value)| (key.as_str(), value.as_str()));
        let set = changes.iter().filter_map(|(key, value)| value.map(|value| (*key, value)));
        let pairs: Vec<String> =
            kept.chain(set).map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }

    /// This page's own address, as forms send it along in `_page`.
    pub fn address(&self) -> String {
        let pairs: Vec<String> =
            self.query.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }
}

/// Percent-encodes a query component.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The request of this page. Read it at the top of a component, before anything is awaited.
pub fn use_page() -> PageContext {
    expect_context::<PageContext>()
}

/// Draws what the future answers. A refusal becomes the error page with its status.
pub fn load(future: impl Future<Output = Result<AnyView>> + Send + 'static) -> AnyView {
    let page = use_page();
    let drawn = Suspend::new(async move {
        match future.await {
            Ok(view) => view,
            Err(error) => crate::layout::refused(&page, &error),
        }
    });
    view! { <Suspense fallback=|| ()>{drawn}</Suspense> }.into_any()
}

/// Sets the status of the answer; has no meaning in the browser.
#[cfg(feature = "ssr")]
pub fn set_status(status: u16) {
    if let (Some(response), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(status))
    {
        response.set_status(status);
    }
}

#[cfg(not(feature = "ssr"))]
pub fn set_status(_status: u16) {}

/// Answers with another address, to be read with GET.
#[cfg(feature = "ssr")]
pub fn redirect(address: &str) {
    if let (Some(response), Ok(location)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::HeaderValue::from_str(address))
    {
        response.insert_header(http::header::LOCATION, location);
        set_status(303);
    }
}

#[cfg(not(feature = "ssr"))]
pub fn redirect(_address: &str) {}
