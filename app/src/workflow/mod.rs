//! What happens by itself, for people to look at and to decide: approvals, workflows, their runs, and why a record is as it is.

mod approvals;
mod definition;
mod notifications;
mod parts;
mod run;
mod runs;
mod step_form;
mod why;
mod workflows;

pub use approvals::{ApprovalPage, ApprovalsPage};
pub use definition::WorkflowPage;
pub use notifications::NotificationsPage;
pub use parts::run_chip;
pub use run::RunPage;
pub use runs::RunsPage;
pub use why::WhyPage;
pub use workflows::WorkflowsPage;

use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer};
use leptos::prelude::*;
use ui::{Crumb, TabItem, Tabs};
use words::{mark, t};

/// A page of this area, with the tabs between its lists; `here` is the English label of one of them, or nothing.
fn frame(page: &PageContext, viewer: &Viewer, crumbs: Vec<Crumb>, here: &'static str, content: AnyView) -> AnyView {
    let mut places = vec![(mark!("Workflows"), "workflows"), (mark!("Runs"), "runs")];
    places.retain(|_| viewer.grants.allows("workflow.workflow.read"));
    let items = places
        .into_iter()
        .map(|(label, path)| TabItem::new(words::say(label), viewer.path(path), label == here))
        .collect();
    let tabs = (!here.is_empty()).then(|| view! { <Tabs label=t!("Workflows") items/> }.into_any());
    workspace_frame(page, crumbs, tabs, None, content)
}
