//! The frames around the pages, and what is drawn when a page is refused.

mod admin;
mod errors;
pub mod nav;
pub mod places;
mod title;

pub use admin::admin_frame;
pub use errors::{missing, refused};
pub use title::Title;

use crate::islands::{self, DeskHands, LiveHands, PaletteHands};
use crate::page::{PageContext, Viewer};
use crate::time::Clock;
use leptos::prelude::*;
use ui::{AppShell, Breadcrumbs, Button, Crumb, Notice, Size, Toast, Tone};
use words::t;

/// A page of a workspace inside its frame. The last crumb is where one stands and names the document. A page that knows no viewer is drawn
/// without a frame.
pub fn workspace_frame(
    page: &PageContext,
    crumbs: Vec<Crumb>,
    tabs: Option<AnyView>,
    actions: Option<AnyView>,
    content: AnyView,
) -> AnyView {
    let Some(viewer) = page.viewer.clone() else {
        return view! { <main class="content" id="main">{content}</main> }.into_any();
    };
    view! {
        <Title text=document_title(&crumbs, &viewer.workspace)/>
        // Before the content, since islands come alive in the order of the page.
        <PaletteHands/>
        <DeskHands/>
        <LiveHands/>
        <AppShell
            workspace=nav::workspace_switch(page, &viewer)
            search_href=viewer.path("go")
            search_label=t!("Search or go to")
            sections=nav::sections(&page.path, &viewer)
            foot=nav::foot(page, &viewer)
            user=nav::user(&viewer)
            bottom=nav::bottom(&page.path, &viewer)
            crumbs=view! { <Breadcrumbs items=crumbs/> }.into_any()
            tabs=tabs
            actions=actions
            banner=banner(page, &viewer)
            flash=flash(page)
        >
            {content}
        </AppShell>
        {islands::dialogs()}
        {told(page, &viewer)}
    }
    .into_any()
}

/// Where a page says how much waits for the viewer, to those who hear it, once there is more than when it was drawn. It names the stream that tells,
/// and where the page is, which the answer to a form is not.
fn told(page: &PageContext, viewer: &Viewer) -> AnyView {
    let (one, many) = (t!("1 unread notification"), t!("# unread notifications"));
    let (stream, since, address) = (viewer.path("stream"), page.now.clone(), page.address());
    view! {
        <div
            class="sr-only"
            aria-live="polite"
            data-told=stream
            data-since=since
            data-one=one
            data-many=many
            data-address=address
        ></div>
    }
    .into_any()
}

/// "Leads · Lakeside Motors".
fn document_title(crumbs: &[Crumb], place: &str) -> String {
    match crumbs.last() {
        Some(crumb) => format!("{} · {place}", crumb.label),
        None => place.to_owned(),
    }
}

/// On every page while support staff act for the person: who, until when, and the way to stop.
fn banner(page: &PageContext, viewer: &Viewer) -> Option<AnyView> {
    let acted = viewer.acted_for.clone()?;
    let until = Clock::new(&page.now, &viewer.timezone).full(&acted.until);
    let words = t!(
        "{staff} of Nexus support acts for {name} until {until}. \
         Everything done is written into the workspace's log with both names.",
        staff = acted.staff,
        name = viewer.name,
        until
    );
    let stop = view! {
        <form method="post" action="/impersonation/stop"><Button size=Size::Small r#type="submit">{t!("Stop")}</Button></form>
    };
    Some(
        view! {
            <Notice tone=Tone::Warning banner=true action=stop.into_any()>
                <span data-acted-for="">{words}</span>
            </Notice>
        }
        .into_any(),
    )
}

/// What the write before this page did.
fn flash(page: &PageContext) -> Option<AnyView> {
    let flash = page.flash.clone()?;
    // The second line is the request that can be taken back.
    let (words, request) = flash.split_once('\n').unwrap_or((&flash, ""));
    let words = words.to_owned();
    let undo = page.viewer.as_ref().zip(uuid::Uuid::try_parse(request).ok()).map(|(viewer, request)| {
        let href = viewer.path(&format!("undo?request={request}&back={}", crate::page::encode(&page.address())));
        view! { <a class="link" href=href>{t!("Undo")}</a> }.into_any()
    });
    Some(match undo {
        Some(action) => view! { <Toast action>{words}</Toast> }.into_any(),
        None => view! { <Toast>{words}</Toast> }.into_any(),
    })
}
