//! Why a record is as it is: each change with the chain of causes, up to the person or the source that began it.

use super::parts::Names;
use super::run::{causes, operation_badge};
use crate::layout::nav::words;
use crate::layout::workspace_frame;
use crate::page::{PageContext, load, use_page};
use crate::records::address;
use crate::time::Clock;
use domain::Result;
use domain::records::GetRecord;
use domain::workflow::Why;
use leptos::prelude::*;
use ui::{EmptyState, Page, PageHeader, Panel, Stack};
use words::t;

const LIMIT: u32 = 50;

#[component]
pub fn WhyPage() -> impl IntoView {
    let page = use_page();
    load(why(page)).into_any()
}

async fn why(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity(address::plural(&page))?;
    let id = address::id(&page)?;
    let record = backend.run(GetRecord { entity: entity.key.clone(), id }).await?;
    let rows = backend.run(Why { entity: entity.key.clone(), id, limit: LIMIT }).await?;
    let about = rows.iter().flat_map(|row| &row.causes).map(|cause| (cause.entity.clone(), cause.record));
    let names = Names::load(&viewer, &backend, about).await;
    let clock = Clock::new(&page.now, &viewer.timezone);
    let items: Vec<AnyView> = rows
        .iter()
        .map(|row| {
            let causes = causes(&viewer, &names, clock, &row.causes);
            let fields: Vec<String> = row
                .fields
                .iter()
                .map(|key| entity.field(key).map_or_else(|| words(key), |field| field.label.clone()))
                .collect();
            let (what, when) = (operation_badge(&row.operation), clock.moment(&row.at));
            let title = if fields.is_empty() { t!("Made").to_owned() } else { fields.join(", ") };
            view! {
                <Panel title text=String::new()>
                    <p>{what}" "{when}</p>
                    <ol class="causes">{causes}</ol>
                </Panel>
            }
            .into_any()
        })
        .collect();
    let content = if items.is_empty() {
        view! { <EmptyState icon="history" title=t!("Nothing is on record") text=t!("Changes from before this was kept have no cause.")/> }.into_any()
    } else {
        view! { <Stack>{items}</Stack> }.into_any()
    };
    let title = t!("Why is {record} like this?", record = address::title(&entity, &record));
    let text = t!("The newest change first, each with what led to it.");
    let body = view! { <Page narrow=true><PageHeader title text/>{content}</Page> }.into_any();
    let crumbs = address::crumbs(&viewer, &entity, &record, Some(t!("Why")));
    Ok(workspace_frame(&page, crumbs, None, None, body))
}
