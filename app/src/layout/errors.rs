//! The page that stands in for a refused one: what happened, why, what to do, and the reference for support.

use super::{admin_frame, workspace_frame};
use crate::layout::Title;
use crate::page::{PageContext, set_status};
use domain::error::{CONFIRMATION_REQUIRED, IMPERSONATED, SECOND_FACTOR_REQUIRED};
use domain::{Error, Kind};
use leptos::prelude::*;
use ui::{ButtonKind, Crumb, ErrorPage, LinkButton};

/// Stays inside the frame where there is one, so that the way out is where it always is.
pub fn refused(page: &PageContext, error: &Error) -> AnyView {
    set_status(error.kind.status());
    let title = match error.code.as_deref() {
        Some(CONFIRMATION_REQUIRED) => "Confirm that it is you",
        Some(IMPERSONATED) => "Not yours to see",
        Some(SECOND_FACTOR_REQUIRED) => "A second factor is needed",
        _ => title(error.kind),
    };
    let content = view! {
        <ErrorPage
            status=error.kind.status()
            title
            text=text(page, error)
            reference=page.reference.clone()
            action=ways_out(page, error)
        />
    }
    .into_any();
    let crumbs = vec![Crumb::here(place(error.kind))];
    if page.viewer.is_some() {
        return workspace_frame(page, crumbs, None, None, content);
    }
    if page.staff.is_some() {
        return admin_frame(page, crumbs, content);
    }
    view! { <Title text=format!("{title} · Nexus")/><main class="content" id="main">{content}</main> }.into_any()
}

/// No such page; or the page of a request that the server refused before any page could be drawn.
pub fn missing() -> AnyView {
    let page = crate::page::use_page();
    let error = page.replay_of("refused").map_or_else(Error::not_found, |replay| replay.error.clone());
    refused(&page, &error)
}

/// What happened, in the words of the person who looks.
const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid | Kind::VersionRequired | Kind::KeyReused => "This address cannot be read",
        Kind::Unauthenticated => "Sign in to see this",
        Kind::Forbidden => "You may not see this",
        Kind::NotFound => "There is nothing here",
        Kind::Conflict | Kind::Stale => "Somebody was faster",
        Kind::TooLarge => "That is too large",
        Kind::RateLimited => "Too many requests",
        Kind::Unavailable => "Nexus is not ready",
        Kind::Internal => "Something broke on our side",
    }
}

/// Where one is, in the bar above.
const fn place(kind: Kind) -> &'static str {
    match kind {
        Kind::NotFound => "Not found",
        Kind::Forbidden => "No access",
        _ => "Not shown",
    }
}

fn text(page: &PageContext, error: &Error) -> String {
    match error.kind {
        Kind::NotFound => {
            "The address may be mistyped, the record may be in the trash or gone, or it belongs to somebody whose records you may not see.".to_owned()
        }
        // It says already what to do.
        Kind::Forbidden if error.code.is_some() => sentence(&error.message),
        Kind::Forbidden => {
            let needed = error.required_permission.as_deref().map_or_else(|| error.message.clone(), |permission| {
                format!("It needs the permission {permission}, which your role does not have. Ask an administrator of the workspace")
            });
            match page.viewer.as_ref().map(|viewer| super::nav::role_words(&viewer.role)) {
                Some(role) => format!("{needed}. Your role is {role}."),
                None => format!("{needed}."),
            }
        }
        _ => sentence(&error.message),
    }
}

fn sentence(message: &str) -> String {
    if message.ends_with(['.', '?']) { message.to_owned() } else { format!("{message}.") }
}

fn ways_out(page: &PageContext, error: &Error) -> AnyView {
    let home = match (&page.viewer, &page.staff) {
        (Some(viewer), _) => viewer.path(""),
        (None, Some(_)) => "/admin".to_owned(),
        (None, None) => "/workspaces".to_owned(),
    };
    let again = page.address();
    if error.is(CONFIRMATION_REQUIRED) {
        let href = format!("/confirm?next={}", crate::page::encode(&again));
        return view! { <LinkButton href kind=ButtonKind::Primary>"Confirm that it is you"</LinkButton> }.into_any();
    }
    if error.is(IMPERSONATED) {
        // To the workspace that they act in.
        return view! { <LinkButton href="/" kind=ButtonKind::Primary>"Go back"</LinkButton> }.into_any();
    }
    if error.is(SECOND_FACTOR_REQUIRED) {
        return view! { <LinkButton href="/second-factor?required=1" kind=ButtonKind::Primary>"Set up a second factor"</LinkButton> }.into_any();
    }
    match error.kind {
        Kind::Unauthenticated => {
            let href = format!("/sign-in?next={}", crate::page::encode(&again));
            view! { <LinkButton href kind=ButtonKind::Primary>"Sign in"</LinkButton> }.into_any()
        }
        Kind::Unavailable | Kind::Internal | Kind::RateLimited => view! {
            <LinkButton href=again kind=ButtonKind::Primary icon="refresh-cw">"Try again"</LinkButton>
            <LinkButton href=home>"Go to home"</LinkButton>
        }
        .into_any(),
        _ => view! { <LinkButton href=home kind=ButtonKind::Primary>"Go to home"</LinkButton> }.into_any(),
    }
}
