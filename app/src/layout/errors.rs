//! The page that stands in for a refused one: what happened, why, what to do, and the reference for support.

use super::{admin_frame, workspace_frame};
use crate::layout::Title;
use crate::page::{PageContext, Replay, STAND_IN, Viewer, set_status};
use crate::records::post::hidden;
use domain::error::{CONFIRMATION_REQUIRED, IMPERSONATED, SECOND_FACTOR_REQUIRED};
use domain::{Error, Kind};
use leptos::prelude::*;
use ui::{Button, ButtonKind, Crumb, DescriptionList, DescriptionRow, ErrorPage, LinkButton};
use words::t;

/// Stays inside the frame where there is one, so that the way out is where it always is.
pub fn refused(page: &PageContext, error: &Error) -> AnyView {
    set_status(error.kind.status());
    let title = match error.code.as_deref() {
        Some(CONFIRMATION_REQUIRED) => t!("Confirm that it is you"),
        Some(IMPERSONATED) => t!("Not yours to see"),
        Some(SECOND_FACTOR_REQUIRED) => t!("A second factor is needed"),
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
    if let Some(replay) = page.replay_of("ended") {
        return ended(&page, &replay);
    }
    let error = page.replay_of("refused").map_or_else(Error::not_found, |replay| replay.error.clone());
    refused(&page, &error)
}

/// A form that came after its session had ended. What was typed is nowhere but on this page: it can be read and copied, and goes from here once its
/// sender is signed in beside it.
fn ended(page: &PageContext, replay: &Replay) -> AnyView {
    set_status(replay.error.kind.status());
    let said = |(name, value): &&(String, String)| !name.starts_with('_') && !value.trim().is_empty();
    let typed: Vec<AnyView> = replay
        .fields
        .iter()
        .filter(said)
        .map(|(name, value)| {
            let (label, value) = (name.strip_prefix("values.").unwrap_or(name).to_owned(), value.clone());
            view! { <DescriptionRow label>{value}</DescriptionRow> }.into_any()
        })
        .collect();
    let nothing = typed.is_empty();
    let back = replay.value("_page").unwrap_or("/");
    let href = format!("{}?next={}", replay.value("_sign_in").unwrap_or("/sign-in"), crate::page::encode(back));
    let carried = |(name, _): &&(String, String)| !matches!(name.as_str(), "_action" | "_sign_in");
    let again = replay.value("_action").map(|action| {
        let fields: Vec<AnyView> =
            replay.fields.iter().filter(carried).map(|(name, value)| hidden(name.clone(), value.clone())).collect();
        let action = action.to_owned();
        view! {
            <form method="post" action=action>{fields}<Button r#type="submit">{t!("Send it again")}</Button></form>
        }
    });
    let text = if again.is_some() {
        t!("Your session ended before you sent this, so nothing was done. Sign in, which opens beside this page, \
             then come back here and send it again. Leave this page open until then: \
             what you typed is kept nowhere else.")
    } else if nothing {
        t!("Your session ended before you sent this, so nothing was done. Sign in and do it again.")
    } else {
        t!("Your session ended before you sent this, so nothing was done. Sign in, which opens beside this page. \
             What you typed is below, to be copied; it is kept nowhere else.")
    };
    let action = view! {
        <a class="btn btn-primary" href=href target="_blank" rel="noopener">{t!("Sign in")}</a>
        {again}
    };
    let list = (!nothing).then(|| view! { <DescriptionList title=t!("What you typed")>{typed}</DescriptionList> });
    view! {
        <Title text=format!("{} · Nexus", t!("Your session ended"))/>
        <main class="content" id="main">
            <ErrorPage status=replay.error.kind.status() title=t!("Your session ended") text reference=page.reference.clone() action=action.into_any()/>
            {list}
        </main>
    }
    .into_any()
}

/// What happened, in the words of the person who looks.
fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid | Kind::VersionRequired | Kind::KeyReused => t!("This address cannot be read"),
        Kind::Unauthenticated => t!("Sign in to see this"),
        Kind::Forbidden => t!("You may not see this"),
        Kind::NotFound => t!("There is nothing here"),
        Kind::Conflict | Kind::Stale => t!("Somebody was faster"),
        Kind::TooLarge => t!("That is too large"),
        Kind::RateLimited => t!("Too many requests"),
        Kind::Unavailable => t!("Nexus is not ready"),
        Kind::Internal => t!("Something broke on our side"),
    }
}

/// Where one is, in the bar above.
fn place(kind: Kind) -> &'static str {
    match kind {
        Kind::NotFound => t!("Not found"),
        Kind::Forbidden => t!("No access"),
        _ => t!("Not shown" in "page"),
    }
}

fn text(page: &PageContext, error: &Error) -> String {
    match error.kind {
        Kind::NotFound => {
            t!("The address may be mistyped, the record may be in the trash or gone, or it belongs to somebody \
             whose records you may not see.")
            .to_owned()
        }
        // It says already what to do.
        Kind::Forbidden if error.code.is_some() => sentence(&error.message),
        Kind::Forbidden => {
            let needed = match error.required_permission.as_deref() {
                Some(permission) => t!(
                    "It needs the permission {permission}, which your role does not have. \
                     Ask an administrator of the workspace",
                    permission
                ),
                None => error.message.clone(),
            };
            match page.viewer.as_ref().map(|viewer| super::nav::role_words(&viewer.role)) {
                Some(role) => format!("{needed}. {}", t!("Your role is {role}.", role)),
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
        return view! { <LinkButton href kind=ButtonKind::Primary>{t!("Confirm that it is you")}</LinkButton> }
            .into_any();
    }
    if error.is(IMPERSONATED) {
        // To the workspace that they act in.
        return view! { <LinkButton href="/" kind=ButtonKind::Primary>{t!("Go back")}</LinkButton> }.into_any();
    }
    if error.is(SECOND_FACTOR_REQUIRED) {
        return view! { <LinkButton href="/second-factor?required=1" kind=ButtonKind::Primary>{t!("Set up a second factor")}</LinkButton> }.into_any();
    }
    match error.kind {
        Kind::Unauthenticated => {
            let href = format!("/sign-in?next={}", crate::page::encode(&again));
            view! { <LinkButton href kind=ButtonKind::Primary>{t!("Sign in")}</LinkButton> }.into_any()
        }
        Kind::Unavailable | Kind::Internal | Kind::RateLimited => {
            // An empty address is the one that the browser shows.
            let again = if page.path == STAND_IN { String::new() } else { again };
            view! {
                <LinkButton href=again kind=ButtonKind::Primary icon="refresh-cw">{t!("Try again")}</LinkButton>
                <LinkButton href=home>{t!("Go to home")}</LinkButton>
            }
            .into_any()
        }
        _ => {
            let other = page.viewer.as_ref().and_then(|viewer| beside(viewer, error.kind));
            view! { <LinkButton href=home kind=ButtonKind::Primary>{t!("Go to home")}</LinkButton>{other} }.into_any()
        }
    }
}

/// What helps beside going home: looking for what is not there, and reading who may do what.
fn beside(viewer: &Viewer, kind: Kind) -> Option<AnyView> {
    let (path, label) = match kind {
        Kind::NotFound => ("go", t!("Search for it")),
        Kind::Forbidden => ("help/people#when-something-is-greyed-out", t!("How permissions work")),
        _ => return None,
    };
    Some(view! { <LinkButton href=viewer.path(path)>{label}</LinkButton> }.into_any())
}
