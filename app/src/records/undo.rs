//! Undo: what it would put back and what it could not, before it is done.

use super::post::{envelope, hidden, way_back};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, use_page};
use crate::settings::{changed, operation_words};
use crate::time::Clock;
use domain::audit::{PreviewUndo, UndoPlan, UndoStep};
use domain::{Error, Result};
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, Crumb, Icon, LinkButton, Notice, Page, PageHeader, Panel, Stack, TextLink, Tone};
use uuid::Uuid;
use words::t;

#[component]
pub fn UndoPage() -> impl IntoView {
    let page = use_page();
    load(undo(page)).into_any()
}

async fn undo(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let id = |name: &str| page.query(name).and_then(|id| Uuid::try_parse(id).ok());
    let (change, request, alone) = (id("change"), id("request"), page.query("alone").is_some());
    if change.is_none() && request.is_none() {
        return Err(Error::not_found());
    }
    let plan = page.backend()?.run(PreviewUndo { change, request, alone }).await?;
    let back = way_back(&page, &viewer.slug, viewer.path(""));
    let problem = page.replay_of("audit.undo").map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("Nothing was taken back")>{message}</Notice> }
    });
    let clock = Clock::new(&page.now, &viewer.timezone);
    let who = plan.actor.clone().unwrap_or_else(|| "Nexus".to_owned());
    let text = t!(
        "{operation} by {who}, {when}.",
        operation = operation_words(&plan.operation),
        who,
        when = clock.full(&plan.at)
    );
    let steps: Vec<AnyView> = plan.steps.iter().map(|step| view_of(&viewer, step)).collect();
    let title = match plan.steps.len() {
        1 => t!("One change").to_owned(),
        count => t!("{count} changes, the newest first", count),
    };
    let (form, only) = (form(&page, &plan, change, request, alone, &back), only(&page, &plan, alone));
    let content = view! {
        <Page narrow=true>
            <PageHeader title=t!("Undo") text/>
            <Stack>
                {problem}
                <Panel title flush=true><ul class="row-list undo-steps">{steps}</ul></Panel>
                {form}
                {only}
            </Stack>
        </Page>
    };
    Ok(workspace_frame(&page, vec![Crumb::here(t!("Undo"))], None, None, content.into_any()))
}

fn form(
    page: &PageContext,
    plan: &UndoPlan,
    change: Option<Uuid>,
    request: Option<Uuid>,
    alone: bool,
    back: &str,
) -> AnyView {
    let viewer = page.viewer.clone();
    let action = viewer.map(|viewer| viewer.action("audit.undo")).unwrap_or_default();
    let cancel = back.to_owned();
    if plan.done == 0 {
        return view! {
            <Notice tone=Tone::Warning title=t!("There is nothing to take back")>{t!("Each change says why it stays.")}</Notice>
            <div class="decide"><LinkButton href=cancel>{t!("Back")}</LinkButton></div>
        }
        .into_any();
    }
    let label = match plan.done {
        1 => t!("Take it back").to_owned(),
        count => t!("Take back {count} changes", count),
    };
    view! {
        <form class="decide" method="post" action=action>
            {change.map(|id| hidden("change", id.to_string()))}
            {request.map(|id| hidden("request", id.to_string()))}
            {alone.then(|| hidden("alone", "true"))}
            {envelope(page, "undo", back, "")}
            <Button kind=ButtonKind::Primary icon="undo-2" r#type="submit">{label}</Button>
            <LinkButton href=cancel>{t!("Cancel")}</LinkButton>
        </form>
    }
    .into_any()
}

/// Of many changes made at once, the way to take back the one that was asked about.
fn only(page: &PageContext, plan: &UndoPlan, alone: bool) -> Option<AnyView> {
    let offered = !alone && plan.steps.len() > 1 && page.query("change").is_some();
    offered.then(|| {
        let href = page.with_query(&[("alone", Some("1"))]);
        let together = t!("They were made together.");
        view! { <p class="hint">{together}" "<TextLink href>{t!("Take back only the one you came from")}</TextLink></p> }
            .into_any()
    })
}

fn view_of(viewer: &Viewer, step: &UndoStep) -> AnyView {
    let entity = viewer.catalog.get(&step.entity);
    let label = entity.map_or_else(|| t!("Something else").to_owned(), |entity| entity.labels.one.clone());
    let name = match (entity, step.record) {
        (Some(entity), Some(record)) => {
            let href = viewer.path(&format!("{}/{record}", entity.plural));
            let title = if step.title.is_empty() { label.clone() } else { step.title.clone() };
            view! { <TextLink href><bdi>{title}</bdi></TextLink> }.into_any()
        }
        _ => label.clone().into_any(),
    };
    let (icon, badge) = match step.action.as_deref() {
        Some("trash") => ("trash-2", view! { <Badge tone=Tone::Warning>{t!("To the trash")}</Badge> }.into_any()),
        Some("restore") => {
            ("rotate-ccw", view! { <Badge tone=Tone::Positive>{t!("Out of the trash")}</Badge> }.into_any())
        }
        Some(_) => ("undo-2", view! { <Badge tone=Tone::Positive>{t!("Put back")}</Badge> }.into_any()),
        None => ("lock", view! { <Badge>{t!("Stays")}</Badge> }.into_any()),
    };
    let fields: Vec<AnyView> = step.fields.iter().map(|change| changed(viewer, &step.entity, change)).collect();
    let kept: Vec<AnyView> =
        step.kept.iter().map(|why| view! { <p class="undo-kept">{why.clone()}</p> }.into_any()).collect();
    view! {
        <li data-id=step.change.to_string()>
            <div class="row-link">
                <Icon name=icon/>
                <span class="row-text"><span class="row-title">{name}</span><span class="row-detail">{label}</span>{fields}{kept}</span>
                <span class="row-end">{badge}</span>
            </div>
        </li>
    }
    .into_any()
}
