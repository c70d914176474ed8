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
use words::t;

#[component]
pub fn WorkflowsPage() -> impl IntoView {
    let page = use_page();
    load(workflows(page)).into_any()
}

async fn workflows(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let rows = page.backend()?.run(ListWorkflows {}).await?;
    let on = rows.iter().filter(|row| row.active).count();
    let text = t!(
        "{on} of {all} are on. A change makes a new version; runs that have begun stay on theirs.",
        on,
        all = rows.len()
    );
    let content = if rows.is_empty() {
        view! { <EmptyState icon="workflow" title=t!("No workflows yet") text=t!("What should happen by itself stands here. Workflows come with the industry of a workspace.")/> }.into_any()
    } else {
        table(&page, &viewer, &rows)
    };
    let body = view! { <Page><PageHeader title=t!("Workflows") text/>{content}</Page> }.into_any();
    Ok(frame(&page, &viewer, vec![Crumb::here(t!("Workflows"))], "Workflows", body))
}

fn table(page: &PageContext, viewer: &Viewer, rows: &[WorkflowRow]) -> AnyView {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! {
        <HeadCell label=t!("Name")/>
        <HeadCell label=t!("Starts")/>
        <HeadCell label=t!("Steps") numeric=true/>
        <HeadCell label=t!("Runs in 30 days") numeric=true/>
        <HeadCell label=t!("Last run")/>
        <HeadCell label=t!("State")/>
    };
    let lines: Vec<AnyView> = rows
        .iter()
        .map(|row| {
            let (name, href) = (viewer.catalog.say(&row.name).to_owned(), viewer.path(&format!("workflows/{}", row.id)));
            let runs_href = viewer.path(&format!("runs?workflow={}", row.id));
            let failed = (row.failed > 0).then(|| {
                let said = t!("{count} failed", count = row.failed);
                view! { " "<Badge tone=Tone::Negative>{said}</Badge> }
            });
            let last = match &row.last_run_at {
                Some(at) => clock.moment(at),
                None => view! { <Blank label=t!("never")/> }.into_any(),
            };
            let (steps, runs) = (row.steps.to_string(), group_thousands(&row.runs.to_string()));
            let (starts, switch) = (starts(viewer, row), switch(page, viewer, row));
            view! {
                <Row id=row.id.to_string()>
                    <Cell label=t!("Name") lead=true><TextLink href>{name}</TextLink></Cell>
                    <Cell label=t!("Starts")>{starts}</Cell>
                    <Cell label=t!("Steps") numeric=true>{steps}</Cell>
                    <Cell label=t!("Runs in 30 days") numeric=true><TextLink href=runs_href>{runs}</TextLink>{failed}</Cell>
                    <Cell label=t!("Last run")>{last}</Cell>
                    <Cell label=t!("State")>{switch}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    view! {
        <Panel flush=true>
            <div class="as-cards"><DataTable label=t!("Workflows") head=head.into_any() inline=true>{lines}</DataTable></div>
        </Panel>
    }
    .into_any()
}

/// "When an order is moved", "Every day".
fn starts(viewer: &Viewer, row: &WorkflowRow) -> String {
    let one = row.entity.as_deref().map(|entity| super::parts::entity_words(viewer, entity));
    match (row.trigger.as_str(), one) {
        ("created", Some(one)) => t!("{entity} created" in "trigger", entity = one),
        ("updated", Some(one)) => t!("{entity} changed" in "trigger", entity = one),
        ("transitioned", Some(one)) => t!("{entity} moved" in "trigger", entity = one),
        ("deleted", Some(one)) => t!("{entity} deleted" in "trigger", entity = one),
        ("threshold", Some(one)) => t!("{entity} crosses a threshold" in "trigger", entity = one),
        ("date_reached", Some(one)) => t!("A day of {entity} comes", entity = one),
        ("schedule", Some(one)) => t!("On a schedule, for each {entity}", entity = one),
        ("schedule", None) => t!("On a schedule").to_owned(),
        ("by_hand", _) => t!("By hand").to_owned(),
        (other, _) => words(other),
    }
}

/// On or off, with the button that turns it.
pub fn switch(page: &PageContext, viewer: &Viewer, row: &WorkflowRow) -> AnyView {
    let (tone, said, verb, to) = if row.active {
        (Tone::Positive, t!("On" in "switch"), t!("Turn off"), "false")
    } else {
        (Tone::Neutral, t!("Off" in "switch"), t!("Turn on"), "true")
    };
    let missing = viewer.lacks("workflow.workflow.save");
    let workflow = viewer.catalog.say(&row.name);
    let done = if row.active { t!("{workflow} is off", workflow) } else { t!("{workflow} is on", workflow) };
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
