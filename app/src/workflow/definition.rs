//! One workflow: what sets it off, its conditions, its steps in the order in which they are done, and its versions. A step is read as a
//! sentence and edited as a form.

use super::frame;
use super::parts::entity_words;
use super::step_form;
use super::workflows::switch;
use crate::layout::nav::words;
use crate::page::{PageContext, Viewer, load, use_page};
use crate::records::address;
use crate::time::Clock;
use domain::Result;
use domain::workflow::{GetWorkflow, ListStepTypes, Step, StepDescriptor, Trigger, TriggerKind, WorkflowView};
use leptos::prelude::*;
use serde_json::Value;
use ui::{
    Badge, ButtonKind, Cell, Crumb, DataTable, DescriptionList, DescriptionRow, FormError, FormErrors, HeadCell, Icon,
    LinkButton, Mono, Page, PageHeader, Panel, Row, Size, Stack, TextLink, Tone,
};

#[component]
pub fn WorkflowPage() -> impl IntoView {
    let page = use_page();
    load(workflow(page)).into_any()
}

async fn workflow(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let version = page.query("version").and_then(|version| version.parse().ok());
    let id = address::id(&page)?;
    let (view, types) = futures::try_join!(backend.run(GetWorkflow { id, version }), backend.run(ListStepTypes {}))?;
    let crumbs = vec![Crumb::link("Workflows", viewer.path("workflows")), Crumb::here(view.row.name.clone())];
    if let Some(step) = page.query("step").and_then(|key| view.definition.steps.iter().find(|step| step.key == key)) {
        let form = step_form::view(&page, &viewer, &view, step, &types)?;
        return Ok(frame(&page, &viewer, crumbs, "", form));
    }
    let runs = viewer.path(&format!("runs?workflow={id}"));
    let actions = view! {
        {switch(&page, &viewer, &view.row)}
        <LinkButton href=runs icon="history">"Runs"</LinkButton>
    };
    let faults = (!view.faults.is_empty()).then(|| {
        let errors = view.faults.iter().map(|fault| FormError::new(fault.place(), fault.message.clone())).collect();
        view! { <FormErrors errors title="It can no longer run as it is"/> }
    });
    let text = view.definition.help.clone().unwrap_or_default();
    let title = view.row.name.clone();
    let (beginning, steps, versions) =
        (beginning(&viewer, &view), steps(&page, &viewer, &view, &types), versions(&page, &viewer, &view));
    let body = view! {
        <Page>
            <PageHeader title text actions=actions.into_any()/>
            <Stack>{faults}{beginning}{steps}{versions}</Stack>
        </Page>
    };
    Ok(frame(&page, &viewer, crumbs, "", body.into_any()))
}

fn beginning(viewer: &Viewer, view: &WorkflowView) -> AnyView {
    let definition = &view.definition;
    let trigger = trigger_words(viewer, &definition.trigger);
    let when = definition
        .trigger
        .when
        .clone()
        .map(|when| view! { <DescriptionRow label="When"><Mono>{when}</Mono></DescriptionRow> });
    let conditions: Vec<AnyView> = definition
        .conditions
        .iter()
        .map(|condition| {
            let condition = condition.clone();
            view! { <p><Mono>{condition}</Mono></p> }.into_any()
        })
        .collect();
    let conditions =
        (!conditions.is_empty()).then(|| view! { <DescriptionRow label="Only if">{conditions}</DescriptionRow> });
    let retry = definition.retry;
    let retries = format!(
        "{} more tries, the first after {} s, then each time twice as long, at most {} s",
        retry.max_retries, retry.base_seconds, retry.cap_seconds
    );
    let next = view.row.next_tick_at.clone().filter(|_| view.row.active).map(|at| {
        view! { <DescriptionRow label="Next time">{at}</DescriptionRow> }
    });
    view! {
        <Panel title="Starts">
            <DescriptionList>
                <DescriptionRow label="Trigger">{trigger}</DescriptionRow>
                {when}
                {conditions}
                {next}
                <DescriptionRow label="If a step fails">{retries}</DescriptionRow>
            </DescriptionList>
        </Panel>
    }
    .into_any()
}

fn trigger_words(viewer: &Viewer, trigger: &Trigger) -> String {
    let one = trigger.entity.as_deref().map(|entity| entity_words(viewer, entity)).unwrap_or_default();
    let often = trigger.frequency.map(|frequency| words(&format!("{frequency:?}")).to_lowercase());
    match trigger.on {
        TriggerKind::Created => format!("{one} is created"),
        TriggerKind::Updated if trigger.fields.is_empty() => format!("{one} is changed"),
        TriggerKind::Updated => format!("{} of {one} is changed", trigger.fields.join(" or ")),
        TriggerKind::Transitioned => format!("{one} is moved to another state"),
        TriggerKind::Deleted => format!("{one} is deleted"),
        TriggerKind::Threshold => format!("{one} crosses the threshold below"),
        TriggerKind::Event => format!("The event {}", trigger.event.as_deref().unwrap_or_default()),
        TriggerKind::Schedule if one.is_empty() => format!("Every {}", often.unwrap_or_default()),
        TriggerKind::Schedule => {
            format!("{}, for each {one} of which the condition below holds", words(&often.unwrap_or_default()))
        }
        TriggerKind::DateReached => {
            format!("{} days after {} of {one}", trigger.days, trigger.field.as_deref().unwrap_or_default())
        }
        TriggerKind::ByHand => "Somebody starts it".to_owned(),
    }
}

/// The steps as a line from top to bottom.
fn steps(page: &PageContext, viewer: &Viewer, view: &WorkflowView, types: &[StepDescriptor]) -> AnyView {
    let missing = (!viewer.grants.allows("workflow.workflow.save"))
        .then(|| "Needs the permission workflow.workflow.save".to_owned());
    let items: Vec<AnyView> = view
        .definition
        .steps
        .iter()
        .map(|step| {
            let descriptor = types.iter().find(|descriptor| descriptor.kind == step.kind);
            let icon = descriptor.map_or("circle-dot", |descriptor| descriptor.icon.as_str()).to_owned();
            let kind = descriptor.map_or_else(|| words(&step.kind), |descriptor| descriptor.label.clone());
            let name = step.label.clone().unwrap_or_else(|| kind.clone());
            let key = step.key.clone();
            let href = format!("{}?step={}", page.path, crate::page::encode(&step.key));
            let edit = view! { <LinkButton href icon="pencil" size=Size::Small kind=ButtonKind::Ghost reason=missing.clone()>"Edit"</LinkButton> };
            view! {
                <li class="flow-step">
                    <span class="flow-mark"><Icon name=icon/></span>
                    <div class="flow-body">
                        <header class="flow-head"><h3 dir="auto">{name}</h3><span class="flow-kind">{kind}" · "<Mono>{key}</Mono></span>{edit}</header>
                        {facts(step)}
                    </div>
                </li>
            }
            .into_any()
        })
        .collect();
    view! { <Panel title="Steps"><ol class="flow">{items}</ol></Panel> }.into_any()
}

fn facts(step: &Step) -> AnyView {
    let mut rows: Vec<(String, String)> = Vec::new();
    if let Some(when) = &step.when {
        rows.push(("Only if".to_owned(), when.clone()));
    }
    rows.extend(inputs("", &Value::Object(step.input.clone())));
    if let Some(next) = &step.next {
        rows.push(("Then".to_owned(), next.clone()));
    }
    if let Some(on_error) = &step.on_error {
        rows.push(("If it fails".to_owned(), on_error.clone()));
    }
    if let Some(retries) = step.retries {
        rows.push(("More tries".to_owned(), retries.to_string()));
    }
    let rows: Vec<AnyView> = rows
        .into_iter()
        .map(|(label, value)| view! { <DescriptionRow label><Mono>{value}</Mono></DescriptionRow> }.into_any())
        .collect();
    view! { <DescriptionList>{rows}</DescriptionList> }.into_any()
}

/// Inputs as they are written: expressions and texts, not their values.
fn inputs(prefix: &str, value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| {
                inputs(&if prefix.is_empty() { words(key) } else { format!("{prefix}: {key}") }, value)
            })
            .collect(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(super::parts::value_words).collect();
            vec![(prefix.to_owned(), items.join(", "))]
        }
        other => vec![(prefix.to_owned(), super::parts::value_words(other))],
    }
}

fn versions(page: &PageContext, viewer: &Viewer, view: &WorkflowView) -> AnyView {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! { <HeadCell label="Version"/><HeadCell label="Made"/><HeadCell label="By"/> };
    let shown: i32 = page.query("version").and_then(|version| version.parse().ok()).unwrap_or(view.row.version);
    let rows: Vec<AnyView> = view
        .versions
        .iter()
        .map(|version| {
            let href = format!("{}?version={}", page.path, version.version);
            let current = (version.version == view.row.version)
                .then(|| view! { " "<Badge tone=Tone::Positive>"Current"</Badge> });
            let here = (version.version == shown).then(|| view! { " "<Badge>"Shown"</Badge> });
            let by = version.created_by.clone().unwrap_or_else(|| "Template".to_owned());
            let (number, at) = (version.version.to_string(), clock.moment(&version.created_at));
            view! {
                <Row>
                    <Cell label="Version" lead=true><TextLink href>{number}</TextLink>{current}{here}</Cell>
                    <Cell label="Made">{at}</Cell>
                    <Cell label="By">{by}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    view! {
        <Panel title="Versions" flush=true>
            <div class="as-cards"><DataTable label="Versions" head=head.into_any() inline=true>{rows}</DataTable></div>
        </Panel>
    }
    .into_any()
}
