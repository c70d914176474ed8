//! Dashboards: pages of charts that a pack describes (`domain::schema::dashboard`), over the days that the address says. Every figure is counted by
//! `records.summarise` for whoever looks, so that nobody sees a sum of rows that are not theirs, and leads to the rows behind it.

mod block;
mod cohort;
mod days;
mod draw;
mod measure;

use self::block::{Asked, visible};
use self::days::{Days, controls};
use self::draw::{Desk, Drawn};
use crate::islands::ChartHands;
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, set_status, use_page};
use crate::time::Clock;
use domain::schema::{BlockSize, Dashboard};
use domain::{Error, Kind, Result};
use futures::future::try_join_all;
use leptos::prelude::*;
use std::sync::Arc;
use ui::{
    Cell, Crumb, DataTable, EmptyState, HeadCell, LinkButton, Notice, Page, PageHeader, Panel, Row, Stack, TextLink,
    Tiles, Tone,
};
use words::t;

/// Blocks that are asked for at once: one page must not take every connection.
const AT_ONCE: usize = 4;

#[component]
pub fn DashboardsPage() -> impl IntoView {
    let page = use_page();
    load(async move { list(&page) }).into_any()
}

#[component]
pub fn DashboardPage() -> impl IntoView {
    let page = use_page();
    load(dashboard(page)).into_any()
}

/// Dashboards of which the viewer may see something.
pub fn offered(viewer: &Viewer) -> impl Iterator<Item = &Arc<Dashboard>> {
    viewer.catalog.dashboards().iter().filter(|board| board.blocks.iter().any(|block| visible(viewer, block)))
}

fn list(page: &PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let rows: Vec<AnyView> = offered(&viewer)
        .map(|board| {
            let href = viewer.path(&format!("dashboards/{}", board.key));
            let (title, help) = (board.title.clone(), board.help.clone().unwrap_or_default());
            view! {
                <Row>
                    <Cell label=t!("Dashboard") lead=true><TextLink href>{title}</TextLink></Cell>
                    <Cell label=t!("What it shows")>{help}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    let content = if rows.is_empty() {
        let action =
            view! { <LinkButton href=viewer.path("help/people#roles")>{t!("How roles work")}</LinkButton> }.into_any();
        view! { <EmptyState icon="layout-dashboard" title=t!("No dashboards for you") text=t!("They show records that you may not read. Ask whoever sees to roles.") action/> }.into_any()
    } else {
        let head = view! { <HeadCell label=t!("Dashboard")/><HeadCell label=t!("What it shows")/> }.into_any();
        view! { <Panel flush=true><div class="as-cards"><DataTable label=t!("Dashboards") head inline=true>{rows}</DataTable></div></Panel> }
            .into_any()
    };
    let body = view! { <Page><PageHeader title=t!("Dashboards")/>{content}</Page> }.into_any();
    Ok(workspace_frame(page, vec![Crumb::here(t!("Dashboards"))], None, None, body))
}

async fn dashboard(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let key = page.path.rsplit('/').next().unwrap_or_default();
    let board = viewer.catalog.dashboard(key).cloned().ok_or_else(Error::not_found)?;
    let today = Clock::new(&page.now, &viewer.timezone).today();
    let content = match Days::read(&page, board.range, today) {
        Ok(days) => {
            let backend = page.backend()?;
            let desk = Desk { viewer: &viewer, backend: &backend, today };
            let (bar, blocks) = (controls(&page, Ok(days)), blocks(desk, &board, days).await?);
            view! { {bar}{blocks} }.into_any()
        }
        Err(wrong) => {
            set_status(Kind::Invalid.status());
            let said = wrong.range.clone().unwrap_or_else(|| t!("These days cannot be shown: see below.").to_owned());
            let bar = controls(&page, Err(&wrong));
            view! { <Notice tone=Tone::Negative>{said}</Notice>{bar} }.into_any()
        }
    };
    let (title, text) = (board.title.clone(), board.help.clone());
    let body = view! { <Page><PageHeader title text/><Stack>{content}</Stack></Page> }.into_any();
    let crumbs = vec![Crumb::link(t!("Dashboards"), viewer.path("dashboards")), Crumb::here(board.title.clone())];
    let frame = workspace_frame(&page, crumbs, None, None, body);
    Ok(view! { <ChartHands/>{frame} }.into_any())
}

/// The row of figures, and the charts below it. What the viewer may not read is left out.
async fn blocks(desk: Desk<'_>, board: &Dashboard, days: Days) -> Result<AnyView> {
    let asked: Vec<Asked<'_>> = board.blocks.iter().filter_map(|block| Asked::of(desk.viewer, block, days)).collect();
    if asked.is_empty() {
        let text = t!("It shows records that you may not read. Ask whoever sees to roles.");
        return Ok(view! { <EmptyState icon="lock" title=t!("Nothing here is yours to see") text/> }.into_any());
    }
    let (mut tiles, mut charts): (Vec<AnyView>, Vec<AnyView>) = (Vec::new(), Vec::new());
    for some in asked.chunks(AT_ONCE) {
        for drawn in try_join_all(some.iter().map(|asked| draw::draw(desk, asked))).await? {
            match drawn {
                Drawn::Tile(tile) => tiles.push(tile),
                Drawn::Chart(chart, BlockSize::Half) => charts.push(chart),
                Drawn::Chart(chart, BlockSize::Full) => {
                    charts.push(view! { <div class="is-wide">{chart}</div> }.into_any());
                }
            }
        }
    }
    let tiles = (!tiles.is_empty()).then(|| view! { <Tiles>{tiles}</Tiles> });
    let charts = (!charts.is_empty()).then(|| view! { <div class="columns board-charts">{charts}</div> });
    Ok(view! { {tiles}{charts} }.into_any())
}
