//! The home of a workspace: am I on track (four figures), what moves (two charts), what do I do next (my tasks, new leads). Above them, while the
//! workspace is new, the first steps of whoever sets it up.
//!
//! Each block stands by itself: it is left out where its entity is not described or may not be read.

mod figures;
mod lists;
pub mod money;
mod steps;

use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, encode, load, use_page};
use crate::time::{Clock, named};
use domain::finance::ReceivablesByAge;
use domain::records::{Group, GroupBy, SummariseRecords};
use domain::schema::{Entity, Filter, ListQuery, StateKind};
use domain::{BackendHandle, Error, Reach, Result, Verb};
use figures::{Leads, Pipeline, Tasks, Won};
use futures::try_join;
use leptos::prelude::*;
use std::sync::Arc;
use ui::{Columns, Crumb, Page, PageHeader, Stack, Tiles};
use words::t;

#[component]
pub fn HomePage() -> impl IntoView {
    let page = use_page();
    load(home_page(page)).into_any()
}

/// What every block is given.
struct Home {
    page: PageContext,
    viewer: Arc<Viewer>,
    backend: BackendHandle,
    clock: Clock,
}

async fn home_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let clock = Clock::new(&page.now, &viewer.timezone);
    let home = Home { backend: page.backend()?, page, viewer, clock };
    let (leads, pipeline, won, tasks, my_tasks, new_leads, owed, steps) = try_join!(
        Leads::load(&home),
        Pipeline::load(&home),
        Won::load(&home),
        Tasks::load(&home),
        lists::my_tasks(&home),
        lists::new_leads(&home),
        owed(&home),
        steps::first_steps(&home),
    )?;
    let tiles: Vec<AnyView> = [
        leads.as_ref().map(|leads| leads.tile(&home)),
        pipeline.as_ref().map(|pipeline| pipeline.tile(&home)),
        won.as_ref().map(|won| won.tile(&home)),
        tasks.as_ref().map(|tasks| tasks.tile(&home)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let charts: Vec<AnyView> =
        [won.as_ref().and_then(|won| won.chart(&home)), leads.as_ref().and_then(|leads| leads.chart(&home)), owed]
            .into_iter()
            .flatten()
            .collect();
    let lists: Vec<AnyView> = [my_tasks, new_leads].into_iter().flatten().collect();
    let today = named(clock.today(), "%A, %-d %B %Y");
    let tiles = (!tiles.is_empty()).then(|| view! { <Tiles>{tiles}</Tiles> });
    let charts = (!charts.is_empty()).then(|| view! { <Columns>{charts}</Columns> });
    let lists = (!lists.is_empty()).then(|| view! { <Columns>{lists}</Columns> });
    let content =
        view! { <Page><PageHeader title=t!("Today") text=today/><Stack>{steps}{tiles}{charts}{lists}</Stack></Page> };
    Ok(workspace_frame(&home.page, vec![Crumb::here(t!("Home"))], None, None, content.into_any()))
}

impl Home {
    /// The description, if the workspace has it and the viewer may read its rows.
    fn entity(&self, key: &str) -> Option<Arc<Entity>> {
        self.viewer.catalog.get(key).filter(|entity| self.viewer.may(entity, Verb::Read)).cloned()
    }

    async fn summarise(
        &self,
        entity: &Entity,
        filter: &str,
        group: GroupBy,
        measure: Option<&str>,
    ) -> Result<Vec<Group>> {
        let query = ListQuery { filter: filter_of(entity, filter)?, ..ListQuery::default() };
        let (entity, measure) = (entity.key.clone(), measure.map(str::to_owned));
        let operation = SummariseRecords { entity, query, group, measure, limit: None, inner: None, weighted: false };
        self.backend.run(operation).await
    }

    async fn count(&self, entity: &Entity, filter: &str) -> Result<i64> {
        Ok(self.summarise(entity, filter, GroupBy::All, None).await?.iter().map(|group| group.count).sum())
    }

    /// The list of the rows behind a figure: a view of the description where one has this very filter.
    fn rows(&self, entity: &Entity, filter: &str) -> String {
        let written = filter_of(entity, filter).ok().flatten().map(|filter| filter.print()).unwrap_or_default();
        let view = entity.views.iter().find(|view| view.filter.as_deref() == Some(written.as_str()));
        self.viewer.path(&match view {
            Some(view) => format!("{}?view={}", entity.plural, encode(&view.key)),
            None => format!("{}?filter={}", entity.plural, encode(&written)),
        })
    }
}

fn filter_of(entity: &Entity, text: &str) -> Result<Option<Filter>> {
    if text.is_empty() {
        return Ok(None);
    }
    Filter::parse(text, entity).map(Some).map_err(|_| Error::internal())
}

/// What customers owe by age, for those who may read every invoice: it adds them up.
async fn owed(home: &Home) -> Result<Option<AnyView>> {
    let Some(invoice) = home.entity("invoice") else { return Ok(None) };
    if home.viewer.grants.reach(&invoice.permission(Verb::Read)) != Some(Reach::All) {
        return Ok(None);
    }
    let receivables = home.backend.run(ReceivablesByAge::default()).await?;
    let any = receivables.buckets.iter().any(|bucket| bucket.count > 0);
    Ok(any.then(|| crate::finance::age_chart(&home.viewer, &receivables)))
}

/// "status not in (won, lost)": the rows that are still being worked, whatever the states are called here.
fn open_filter(entity: &Entity) -> String {
    let closed: Vec<&str> = entity
        .states
        .iter()
        .flat_map(|states| &states.list)
        .filter(|state| state.kind != StateKind::Open)
        .map(|state| state.key.as_str())
        .collect();
    match closed.as_slice() {
        [] => String::new(),
        [one] => format!("status != {one}"),
        many => format!("status not in ({})", many.join(", ")),
    }
}

/// "status = won".
fn won_filter(entity: &Entity) -> Option<String> {
    let states = entity.states.as_ref()?;
    states.list.iter().find(|state| state.kind == StateKind::Won).map(|state| format!("status = {}", state.key))
}
