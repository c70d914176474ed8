//! What a page gets to know of its request.

use super::cookies;
use crate::middleware::request::RequestInfo;
use crate::state::App;
use app::page::{ActedFor, PageContext, StaffViewer, Viewer, Waiting, WorkspaceLink};
use axum::http::HeaderMap;
use base64::Engine;
use chrono::SecondsFormat;
use domain::Result;
use platform::{Access, Caller, StaffAccess};
use std::sync::Arc;
use ui::{Density, Theme};

/// Of a page that anyone may see.
pub fn public(state: &App, headers: &HeaderMap, info: RequestInfo, address: &str) -> PageContext {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let (theme, density) = look(headers, state.config.secure());
    let mut key = [0; 16];
    state.platform.services.random.fill(&mut key);
    PageContext {
        path: path.to_owned(),
        query: Arc::new(cookies::query_pairs(query)),
        theme,
        density,
        backend: None,
        viewer: None,
        staff: None,
        flash: cookies::read_flash(headers, state.config.secure()),
        replay: None,
        reference: info.id.to_string(),
        now: state.platform.services.clock.now().to_rfc3339_opts(SecondsFormat::Millis, true),
        about: None,
        provider: super::oidc::name(state),
        form_key: base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key),
    }
}

/// Of a page inside a workspace.
pub async fn workspace(
    state: &App,
    headers: &HeaderMap,
    info: RequestInfo,
    address: &str,
    caller: &Caller,
) -> Result<PageContext> {
    let page = public(state, headers, info, address);
    let viewer = viewer(state, &caller.access).await?;
    Ok(PageContext {
        backend: Some(state.platform.clone().page_backend(caller.clone())),
        viewer: Some(Arc::new(viewer)),
        ..page
    })
}

/// Of a page of the platform realm.
pub fn staff(
    state: &App,
    headers: &HeaderMap,
    info: RequestInfo,
    address: &str,
    access: &Arc<StaffAccess>,
) -> PageContext {
    let viewer = StaffViewer { name: access.name.clone(), email: access.email.clone(), role: access.role.clone() };
    PageContext {
        backend: Some(state.platform.clone().staff_backend(access.clone())),
        staff: Some(Arc::new(viewer)),
        ..public(state, headers, info, address)
    }
}

async fn viewer(state: &App, access: &Access) -> Result<Viewer> {
    let services = &state.platform.services;
    Ok(Viewer {
        slug: access.slug.clone(),
        workspace: access.workspace.clone(),
        currency: access.currency.clone(),
        timezone: access.clock_zone().to_owned(),
        member: access.member.0,
        name: access.name.clone(),
        email: access.email.clone(),
        role: access.role.clone(),
        roles: access.roles.clone(),
        grants: access.grants.clone(),
        catalog: services.catalogs.of(&access.industry),
        workspaces: match (&access.workspaces, access.user) {
            (Some(known), _) => known.iter().cloned().map(link).collect(),
            (None, Some(user)) => links(state, user).await?,
            (None, None) => Vec::new(),
        },
        waiting: Waiting { notifications: access.waiting.notifications, approvals: access.waiting.approvals },
        acted_for: access.impersonation.as_ref().map(|acted| ActedFor {
            staff: acted.staff.clone(),
            until: acted.until.to_rfc3339_opts(SecondsFormat::Secs, true),
        }),
    })
}

pub async fn links(state: &App, user: domain::UserId) -> Result<Vec<WorkspaceLink>> {
    let found = platform::auth::workspaces(&state.platform.services.pools, user).await?;
    Ok(found.into_iter().map(link).collect())
}

fn link(link: platform::auth::WorkspaceLink) -> WorkspaceLink {
    WorkspaceLink { slug: link.slug, name: link.name, industry: link.industry }
}

/// `dark.compact`, from the cookie.
fn look(headers: &HeaderMap, secure: bool) -> (Theme, Density) {
    let (theme, density) =
        cookies::read(headers, cookies::LOOK, secure).and_then(|look| look.split_once('.')).unwrap_or_default();
    (Theme::parse(theme), Density::parse(density))
}
