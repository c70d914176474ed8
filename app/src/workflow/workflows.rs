//! The workflows of the workspace: what sets each off, whether it is on, and how its runs went.

use super::frame;
use crate::layout::nav::words;
use crate::page::{PageContext, Viewer, load, use_page};
use crate::records::post::{envelope, hidden};
use crate::time::Clock;
use domain::Result;
use domain::money::group_thousands;
use domain::workflow::{ListWorkflows, WorkflowRow};
use leptos::prelude::*;
use ui::{
    Badge, Blank, ButtonKind, Cell, Crumb, DataTable, EmptyState, HeadCell, Page, PageHeader, Panel, Row, Size,
    SubmitButton, TextLink, Tone,
};

#[component]
pub fn WorkflowsPage() -> impl IntoView {
    let page = use_page();
    load(workflows(page)).into_any()
}

async fn workflows(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let rows = page.backend()?.run(ListWorkflows {}).await?;
    let on = rows.iter().filter(|row| row.active).count();
    let text =
        format!("{on} of {} are on. A change makes a new version; runs that have begun stay on theirs.", rows.len());
    let content = if rows.is_empty() {
        view! { <EmptyState icon="workflow" title="No workflows yet" text="What should happen by itself stands here. Workflows come with the industry of a workspace."/> }.into_any()
    } else {
        table(&page, &viewer, &rows)
    };
    let body = view! { <Page><PageHeader title="Workflows" text/>{content}</Page> }.into_any();
    Ok(frame(&page, &viewer, vec![Crumb::here("Workflows")], "Workflows", body))
}

fn table(page: &PageContext, viewer: &Viewer, rows: &[WorkflowRow]) -> AnyView {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! {
        <HeadCell label="Name"/>
        <HeadCell label="Starts"/>
        <HeadCell label="Steps" numeric=true/>
        <HeadCell label="Runs in 30 days" numeric=true/>
        <HeadCell label="Last run"/>
        <HeadCell label="State"/>
    };
    let lines: Vec<AnyView> = rows
        .iter()
        .map(|row| {
            let (name, href) = (row.name.clone(), viewer.path(&format!("workflows/{}", row.id)));
            let runs_href = viewer.path(&format!("runs?workflow={}", row.id));
            let failed = (row.failed > 0).then(|| {
                let words = format!("{} failed", row.failed);
                view! { " "<Badge tone=Tone::Negative>{words}</Badge> }
            });
            let last = match &row.last_run_at {
                Some(at) => clock.moment(at),
                None => view! { <Blank label="never"/> }.into_any(),
            };
            let (steps, runs) = (row.steps.to_string(), group_thousands(&row.runs.to_string()));
            let (starts, switch) = (starts(viewer, row), switch(page, viewer, row));
            view! {
                <Row id=row.id.to_string()>
                    <Cell label="Name" lead=true><TextLink href>{name}</TextLink></Cell>
                    <Cell label="Starts">{starts}</Cell>
                    <Cell label="Steps" numeric=true>{steps}</Cell>
                    <Cell label="Runs in 30 days" numeric=true><TextLink href=runs_href>{runs}</TextLink>{failed}</Cell>
                    <Cell label="Last run">{last}</Cell>
                    <Cell label="State">{switch}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    view! {
        <Panel flush=true>
            <div class="as-cards"><DataTable label="Workflows" head=head.into_any() inline=true>{lines}</DataTable></div>
        </Panel>
    }
    .into_any()
}

/// "When an order is moved", "Every day".
fn starts(viewer: &Viewer, row: &WorkflowRow) -> String {
    let one = row.entity.as_deref().map(|entity| super::parts::entity_words(viewer, entity));
    match (row.trigger.as_str(), one) {
        ("created", Some(one)) => format!("{one} created"),
        ("updated", Some(one)) => format!("{one} changed"),
        ("transitioned", Some(one)) => format!("{one} moved"),
        ("deleted", Some(one)) => format!("{one} deleted"),
        ("threshold", Some(one)) => format!("{one} crosses a threshold"),
        ("date_reached", Some(one)) => format!("A day of {one} comes"),
        ("schedule", Some(one)) => format!("On a schedule, for each {one}"),
        ("schedule", None) => "On a schedule".to_owned(),
        ("by_hand", _) => "By hand".to_owned(),
        (other, _) => words(other),
    }
}

/// On or off, with the button that turns it.
pub fn switch(page: &PageContext, viewer: &Viewer, row: &WorkflowRow) -> AnyView {
    let (tone, said, verb, to) = if row.active {
        (Tone::Positive, "On", "Turn off", "false")
    } else {
        (Tone::Neutral, "Off", "Turn on", "true")
    };
    let missing = (!viewer.grants.allows("workflow.workflow.save"))
        .then(|| "Needs the permission workflow.workflow.save".to_owned());
    let done = if row.active { format!("{} is off", row.name) } else { format!("{} is on", row.name) };
    view! {
        <form class="decide" method="post" action=viewer.action("workflow.set_active")>
            <Badge tone>{said}</Badge>
            {hidden("id", row.id.to_string())}
            {hidden("active", to)}
            {envelope(page, &format!("switch-{}", row.id), &page.address(), &done)}
            <SubmitButton kind=ButtonKind::Ghost size=Size::Small reason=missing>{verb}</SubmitButton>
        </form>
    }
    .into_any()
}
