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
use domain::workflow::{
    Frequency, GetWorkflow, ListStepTypes, Step, StepDescriptor, Trigger, TriggerKind, WorkflowView,
};
use leptos::prelude::*;
use serde_json::Value;
use ui::{
    Badge, ButtonKind, Cell, Crumb, DataTable, DescriptionList, DescriptionRow, FormError, FormErrors, HeadCell, Icon,
    LinkButton, Mono, Page, PageHeader, Panel, Row, Size, Stack, TextLink, Tone,
};
use words::t;

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
    let crumbs =
        vec![Crumb::link(t!("Workflows"), viewer.path("workflows")), Crumb::here(viewer.catalog.say(&view.row.name))];
    if let Some(step) = page.query("step").and_then(|key| view.definition.steps.iter().find(|step| step.key == key)) {
        let form = step_form::view(&page, &viewer, &view, step, &types)?;
        return Ok(frame(&page, &viewer, crumbs, "", form));
    }
    let runs = viewer.path(&format!("runs?workflow={id}"));
    let actions = view! {
        {switch(&page, &viewer, &view.row)}
        <LinkButton href=runs icon="history">{t!("Runs")}</LinkButton>
    };
    let faults = (!view.faults.is_empty()).then(|| {
        let errors = view.faults.iter().map(|fault| FormError::new(fault.place(), fault.message.clone())).collect();
        view! { <FormErrors errors title=t!("It can no longer run as it is")/> }
    });
    let text = viewer.catalog.say(view.definition.help.as_deref().unwrap_or_default()).to_owned();
    let title = viewer.catalog.say(&view.row.name).to_owned();
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
        .map(|when| view! { <DescriptionRow label=t!("When" in "condition")><Mono>{when}</Mono></DescriptionRow> });
    let conditions: Vec<AnyView> = definition
        .conditions
        .iter()
        .map(|condition| {
            let condition = condition.clone();
            view! { <p><Mono>{condition}</Mono></p> }.into_any()
        })
        .collect();
    let conditions =
        (!conditions.is_empty()).then(|| view! { <DescriptionRow label=t!("Only if")>{conditions}</DescriptionRow> });
    let retry = definition.retry;
    let retries = t!(
        "{tries} more tries, the first after {first} s, then each time twice as long, at most {most} s",
        tries = retry.max_retries,
        first = retry.base_seconds,
        most = retry.cap_seconds
    );
    let next = view.row.next_tick_at.clone().filter(|_| view.row.active).map(|at| {
        view! { <DescriptionRow label=t!("Next time")>{at}</DescriptionRow> }
    });
    view! {
        <Panel title=t!("Starts")>
            <DescriptionList>
                <DescriptionRow label=t!("Trigger")>{trigger}</DescriptionRow>
                {when}
                {conditions}
                {next}
                <DescriptionRow label=t!("If a step fails")>{retries}</DescriptionRow>
            </DescriptionList>
        </Panel>
    }
    .into_any()
}

fn trigger_words(viewer: &Viewer, trigger: &Trigger) -> String {
    let one = trigger.entity.as_deref().map(|entity| entity_words(viewer, entity)).unwrap_or_default();
    match trigger.on {
        TriggerKind::Created => t!("{entity} is created", entity = one),
        TriggerKind::Updated if trigger.fields.is_empty() => t!("{entity} is changed", entity = one),
        TriggerKind::Updated => {
            let fields = trigger.fields.join(format!(" {} ", t!("or")).as_str());
            t!("{fields} of {entity} is changed", fields, entity = one)
        }
        TriggerKind::Transitioned => t!("{entity} is moved to another state", entity = one),
        TriggerKind::Deleted => t!("{entity} is deleted", entity = one),
        TriggerKind::Threshold => t!("{entity} crosses the threshold below", entity = one),
        TriggerKind::Event => t!("The event {event}", event = trigger.event.as_deref().unwrap_or_default()),
        TriggerKind::Schedule if one.is_empty() => often(trigger.frequency).to_owned(),
        TriggerKind::Schedule => {
            let often = often(trigger.frequency);
            t!("{often}, for each {entity} of which the condition below holds", often, entity = one)
        }
        TriggerKind::DateReached => t!(
            "{days} days after {field} of {entity}",
            days = trigger.days,
            field = trigger.field.as_deref().unwrap_or_default(),
            entity = one
        ),
        TriggerKind::ByHand => t!("Somebody starts it").to_owned(),
    }
}

fn often(frequency: Option<Frequency>) -> &'static str {
    match frequency {
        Some(Frequency::Hourly) => t!("Every hour"),
        Some(Frequency::Daily) => t!("Every day"),
        Some(Frequency::Weekly) => t!("Every week"),
        Some(Frequency::Monthly) => t!("Every month"),
        None => t!("On a schedule"),
    }
}

/// The steps as a line from top to bottom.
fn steps(page: &PageContext, viewer: &Viewer, view: &WorkflowView, types: &[StepDescriptor]) -> AnyView {
    let missing = viewer.lacks("workflow.workflow.save");
    let items: Vec<AnyView> = view
        .definition
        .steps
        .iter()
        .map(|step| {
            let descriptor = types.iter().find(|descriptor| descriptor.kind == step.kind);
            let icon = descriptor.map_or("circle-dot", |descriptor| descriptor.icon.as_str()).to_owned();
            let kind = descriptor.map_or_else(|| words(&step.kind), |descriptor| descriptor.label.clone());
            let label = step.label.as_deref().map(|label| viewer.catalog.say(label).to_owned());
            let name = label.unwrap_or_else(|| kind.clone());
            let key = step.key.clone();
            let href = format!("{}?step={}", page.path, crate::page::encode(&step.key));
            let edit = view! { <LinkButton href icon="pencil" size=Size::Small kind=ButtonKind::Ghost reason=missing.clone()>{t!("Edit")}</LinkButton> };
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
    view! { <Panel title=t!("Steps")><ol class="flow">{items}</ol></Panel> }.into_any()
}

fn facts(step: &Step) -> AnyView {
    let mut rows: Vec<(String, String)> = Vec::new();
    if let Some(when) = &step.when {
        rows.push((t!("Only if").to_owned(), when.clone()));
    }
    rows.extend(inputs("", &Value::Object(step.input.clone())));
    if let Some(next) = &step.next {
        rows.push((t!("Then").to_owned(), next.clone()));
    }
    if let Some(on_error) = &step.on_error {
        rows.push((t!("If it fails").to_owned(), on_error.clone()));
    }
    if let Some(retries) = step.retries {
        rows.push((t!("More tries").to_owned(), retries.to_string()));
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
    let head = view! { <HeadCell label=t!("Version")/><HeadCell label=t!("Made")/><HeadCell label=t!("By")/> };
    let shown: i32 = page.query("version").and_then(|version| version.parse().ok()).unwrap_or(view.row.version);
    let rows: Vec<AnyView> = view
        .versions
        .iter()
        .map(|version| {
            let href = format!("{}?version={}", page.path, version.version);
            let current = (version.version == view.row.version)
                .then(|| view! { " "<Badge tone=Tone::Positive>{t!("Current")}</Badge> });
            let here = (version.version == shown).then(|| view! { " "<Badge>{t!("Shown")}</Badge> });
            let by = version.created_by.clone().unwrap_or_else(|| t!("Template").to_owned());
            let (number, at) = (version.version.to_string(), clock.moment(&version.created_at));
            view! {
                <Row>
                    <Cell label=t!("Version") lead=true><TextLink href>{number}</TextLink>{current}{here}</Cell>
                    <Cell label=t!("Made")>{at}</Cell>
                    <Cell label=t!("By")>{by}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    view! {
        <Panel title=t!("Versions") flush=true>
            <div class="as-cards"><DataTable label=t!("Versions") head=head.into_any() inline=true>{rows}</DataTable></div>
        </Panel>
    }
    .into_any()
}
