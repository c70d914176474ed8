//! Runs, newest first: of everything, of one workflow or of one record.

use super::frame;
use super::parts::{Names, run_chip, run_words};
use crate::page::{PageContext, Viewer, encode, load, use_page};
use crate::time::Clock;
use domain::Result;
use domain::workflow::{ListRuns, RunRow, RunState};
use leptos::prelude::*;
use ui::{
    Blank, Cell, Crumb, DataTable, EmptyState, HeadCell, LinkButton, Page, PageHeader, Panel, Row, SegmentedControl,
    TabItem, TextLink, Toolbar,
};
use uuid::Uuid;
use words::t;

const LIMIT: u32 = 50;
/// States by which the list can be narrowed; the others pass within moments.
const STATES: [RunState; 5] =
    [RunState::Failed, RunState::WaitingApproval, RunState::Waiting, RunState::Paused, RunState::Completed];

#[component]
pub fn RunsPage() -> impl IntoView {
    let page = use_page();
    load(runs(page)).into_any()
}

async fn runs(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let id = |name: &str| page.query(name).and_then(|id| Uuid::try_parse(id).ok());
    let state = page.query("state").and_then(RunState::parse);
    let query = ListRuns { workflow: id("workflow"), record: id("record"), state, before: id("before"), limit: LIMIT };
    let narrowed = query.workflow.is_some() || query.record.is_some() || state.is_some();
    let rows = backend.run(query).await?;
    let names = Names::load(&viewer, &backend, rows.iter().map(|row| (row.entity.clone(), row.record))).await;
    let content = if rows.is_empty() {
        let (text, next) = if narrowed {
            (t!("None fits what is chosen above."), Some((viewer.path("runs"), t!("Show all runs"))))
        } else {
            let may = viewer.grants.allows("workflow.workflow.read");
            let workflows = may.then(|| (viewer.path("workflows"), t!("See the workflows")));
            (t!("A run begins when what a workflow waits for happens."), workflows)
        };
        let action = next.map(|(href, label)| view! { <LinkButton href>{label}</LinkButton> }.into_any());
        view! { <EmptyState icon="history" title=t!("No runs") text action/> }.into_any()
    } else {
        table(&page, &viewer, &names, &rows)
    };
    let one = rows
        .first()
        .filter(|_| page.query("workflow").is_some())
        .map(|row| viewer.catalog.say(&row.workflow_name).to_owned());
    let title = one.map_or_else(|| t!("Runs").to_owned(), |name| t!("Runs of {workflow}", workflow = name));
    let (states, further) = (states(&page, state), further(&page, &rows));
    let body = view! { <Page><PageHeader title/>{states}{content}{further}</Page> }.into_any();
    Ok(frame(&page, &viewer, vec![Crumb::here(t!("Runs"))], "Runs", body))
}

fn states(page: &PageContext, chosen: Option<RunState>) -> AnyView {
    let mut items =
        vec![TabItem::new(t!("All"), page.with_query(&[("state", None), ("before", None)]), chosen.is_none())];
    items.extend(STATES.into_iter().map(|state| {
        let href = page.with_query(&[("state", Some(state.as_str())), ("before", None)]);
        TabItem::new(run_words(state), href, chosen == Some(state))
    }));
    view! { <Toolbar label=t!("State")><SegmentedControl label=t!("State") items/></Toolbar> }.into_any()
}

pub fn table(page: &PageContext, viewer: &Viewer, names: &Names, rows: &[RunRow]) -> AnyView {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! {
        <HeadCell label=t!("Run")/>
        <HeadCell label=t!("About")/>
        <HeadCell label=t!("State")/>
        <HeadCell label=t!("Began")/>
        <HeadCell label=t!("What stopped it")/>
    };
    let lines: Vec<AnyView> = rows
        .iter()
        .map(|row| {
            let (name, href) =
                (viewer.catalog.say(&row.workflow_name).to_owned(), viewer.path(&format!("runs/{}", row.id)));
            let about = names.link(viewer, row.entity.as_deref(), row.record);
            let (state, began) = (run_chip(row.state), clock.moment(&row.created_at));
            let error = match &row.error {
                Some(error) => view! { <bdi>{error.clone()}</bdi> }.into_any(),
                None => view! { <Blank label=t!("nothing")/> }.into_any(),
            };
            view! {
                <Row id=row.id.to_string()>
                    <Cell label=t!("Run") lead=true><TextLink href>{name}</TextLink></Cell>
                    <Cell label=t!("About")>{about}</Cell>
                    <Cell label=t!("State")>{state}</Cell>
                    <Cell label=t!("Began")>{began}</Cell>
                    <Cell label=t!("What stopped it")>{error}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    view! {
        <Panel flush=true>
            <div class="as-cards"><DataTable label=t!("Runs") head=head.into_any() inline=true>{lines}</DataTable></div>
        </Panel>
    }
    .into_any()
}

fn further(page: &PageContext, rows: &[RunRow]) -> Option<AnyView> {
    let last = rows.last().filter(|_| rows.len() == LIMIT as usize)?;
    let base = page.with_query(&[("before", None)]);
    let joint = if base.contains('?') { '&' } else { '?' };
    let href = format!("{base}{joint}before={}", encode(&last.id.to_string()));
    Some(view! { <LinkButton href icon="chevron-down">{t!("Older runs")}</LinkButton> }.into_any())
}
