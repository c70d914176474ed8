//! The frames around the pages, and what is drawn when a page is refused.

mod admin;
mod errors;
pub mod nav;

pub use admin::admin_frame;
pub use errors::{missing, refused};

use crate::islands::{self, DeskHands, PaletteHands};
use crate::page::PageContext;
use leptos::prelude::*;
use leptos_meta::Title;
use ui::{AppShell, Breadcrumbs, Crumb, Toast};

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
        <AppShell
            workspace=nav::workspace_switch(page, &viewer)
            search_href=viewer.path("go")
            search_label="Search or go to"
            sections=nav::sections(&page.path, &viewer)
            foot=nav::foot(&page.path, &viewer)
            user=nav::user(&viewer)
            bottom=nav::bottom(&page.path, &viewer)
            crumbs=view! { <Breadcrumbs items=crumbs/> }.into_any()
            tabs=tabs
            actions=actions
            flash=flash(page)
        >
            {content}
        </AppShell>
        {islands::dialogs(viewer.path("go"))}
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

/// What the write before this page did.
fn flash(page: &PageContext) -> Option<AnyView> {
    let words = page.flash.clone()?;
    Some(view! { <Toast>{words}</Toast> }.into_any())
}
