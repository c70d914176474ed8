//! The versions of a record: who made each and what it changed, one opened, two compared, and the way back to one. `/versions`,
//! `?version=3`, `?version=3&with=5`.

use super::list_parts::lower;
use super::post::{envelope, hidden};
use super::rights::Reached;
use super::values::Values;
use super::{address, form, timeline};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, set_status, use_page};
use crate::time::Clock;
use domain::records::{GetRecord, PastRecord, Record, RecordVersion, RecordVersions};
use domain::schema::{Entity, Field};
use domain::{BackendHandle, Result, Verb};
use leptos::prelude::*;
use serde_json::Value;
use ui::{
    ButtonKind, Cell, Choice, DataTable, HeadCell, LinkButton, Notice, Page, PageHeader, Panel, Row, Select, Size,
    Stack, SubmitButton, TextInput, Timeline, TimelineItem,
};
use uuid::Uuid;
use words::t;

/// Versions of one page.
const MOST: u32 = 50;

#[component]
pub fn VersionsPage() -> impl IntoView {
    let page = use_page();
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity(address::plural(&page))?;
    let id = address::id(&page)?;
    let record = backend.run(GetRecord { entity: entity.key.clone(), id }).await?;
    let number = |name: &str| page.query(name).and_then(|number| number.parse::<i64>().ok());
    let (heading, content) = match (number("version"), number("with")) {
        (Some(one), Some(other)) if one != other => {
            let (older, newer) = (one.min(other), one.max(other));
            let heading = t!("Versions {older} and {newer}", older, newer);
            (heading, compared(&page, &viewer, &backend, &entity, &record, older, newer).await?)
        }
        (Some(version), _) => {
            let heading = t!("Version {version}", version);
            (heading, opened(&page, &viewer, &backend, &entity, &record, version).await?)
        }
        (None, _) => (t!("Versions").to_owned(), listed(&page, &viewer, &backend, &entity, &record).await?),
    };
    let title = t!("{versions} of {record}", versions = heading, record = address::title(&entity, &record));
    let body = view! { <Page><PageHeader title/><Stack>{content}</Stack></Page> }.into_any();
    let crumbs = address::crumbs(&viewer, &entity, &record, Some(&heading));
    Ok(workspace_frame(&page, crumbs, None, None, body))
}

fn here(viewer: &Viewer, entity: &Entity, record: &Record) -> String {
    format!("{}/versions", address::of(viewer, entity, record))
}

async fn listed(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
) -> Result<AnyView> {
    let before = page.query("before").and_then(|version| version.parse().ok());
    let versions =
        backend.run(RecordVersions { entity: entity.key.clone(), id: record.id, limit: MOST, before }).await?;
    let path = here(viewer, entity, record);
    let older =
        versions.last().filter(|version| versions.len() == MOST as usize && version.version > 1).map(|version| {
            let href = format!("{path}?before={}", version.version);
            view! { <div class="timeline-older"><LinkButton href>{t!("Show older")}</LinkButton></div> }
        });
    let compare = (versions.len() > 1).then(|| compare_form(&path, &versions));
    let moment = moment_form(viewer, entity, record);
    let clock = Clock::new(&page.now, &viewer.timezone);
    let lines: Vec<AnyView> = versions.iter().map(|version| line(&path, entity, clock, version)).collect();
    Ok(view! { {compare}{moment}<Panel><Timeline label=t!("Versions")>{lines}</Timeline>{older}</Panel> }.into_any())
}

fn line(path: &str, entity: &Entity, clock: Clock, version: &RecordVersion) -> AnyView {
    let change = &version.change;
    let actor = change.actor.clone().unwrap_or_else(|| "Nexus".to_owned());
    let href = format!("{path}?version={}", version.version);
    let (icon, _, words) = timeline::told(entity, change);
    let name = t!("Version {version}", version = version.version);
    let title = view! { <a class="link" href=href>{name}</a>" · "<b>{actor}</b>" "{words} }.into_any();
    let when = clock.moment(&change.at);
    let changes: Vec<AnyView> =
        if timeline::is_creation(change) { Vec::new() } else { timeline::changed_fields(entity, change) };
    view! { <TimelineItem icon title when>{changes}</TimelineItem> }.into_any()
}

/// Two of them beside each other.
fn compare_form(path: &str, versions: &[RecordVersion]) -> AnyView {
    let choices = || -> Vec<Choice> {
        let choice =
            |one: &RecordVersion| Choice::new(one.version.to_string(), t!("Version {version}", version = one.version));
        versions.iter().map(choice).collect()
    };
    let (newest, next) = (versions[0].version.to_string(), versions[1].version.to_string());
    view! {
        <form class="decide" method="get" action=path.to_owned()>
            <Select name="version" label=t!("Compare") choices=choices() value=next/>
            <Select name="with" label=t!("With") choices=choices() value=newest/>
            <SubmitButton kind=ButtonKind::Secondary>{t!("Compare")}</SubmitButton>
        </form>
    }
    .into_any()
}

/// The record as it stood at a moment.
fn moment_form(viewer: &Viewer, entity: &Entity, record: &Record) -> AnyView {
    view! {
        <form class="decide" method="get" action=address::of(viewer, entity, record)>
            <TextInput name="as_of" label=t!("As it stood on") r#type="datetime-local" required=true/>
            <SubmitButton kind=ButtonKind::Secondary>{t!("Show it")}</SubmitButton>
        </form>
    }
    .into_any()
}

async fn at(backend: &BackendHandle, entity: &Entity, id: Uuid, version: i64) -> Result<Record> {
    backend.run(PastRecord { entity: entity.key.clone(), id, version: Some(version), at: None }).await
}

/// One version whole, with the way back to its values.
async fn opened(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
    version: i64,
) -> Result<AnyView> {
    let was = at(backend, entity, record.id, version).await?;
    let path = here(viewer, entity, record);
    let problem = page.replay_of("records.put_back").map(|replay| {
        set_status(replay.error.kind.status());
        form::problems(&replay, entity, t!("Nothing was put back"))
    });
    let back = if version == record.version {
        let text = t!("This is what the {entity} holds now.", entity = lower(&entity.labels.one));
        view! { <Notice>{text}</Notice> }.into_any()
    } else {
        put_back(page, viewer, backend, entity, record, version).await?
    };
    let step = |label: &'static str, to: i64| {
        let href = format!("{path}?version={to}");
        (1..=record.version)
            .contains(&to)
            .then(|| view! { <LinkButton href kind=ButtonKind::Ghost size=Size::Small>{label}</LinkButton> })
    };
    let (earlier, later) = (step(t!("The one before"), version - 1), step(t!("The one after"), version + 1));
    let values = super::past::values(page, viewer, entity, &was);
    Ok(view! { {problem}{back}<Panel>{values}</Panel><div class="decide">{earlier}{later}<LinkButton href=path kind=ButtonKind::Ghost size=Size::Small>{t!("All versions")}</LinkButton></div> }
        .into_any())
}

async fn put_back(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
    version: i64,
) -> Result<AnyView> {
    let reached = Reached::load(viewer, backend, entity, Verb::Update, std::iter::once(record)).await?;
    let trash = record.deleted_at.is_some().then(|| t!("It is in the trash. Restore it first").to_owned());
    let reason = trash.or_else(|| reached.missing(viewer, entity, Verb::Update, record));
    let next = address::of(viewer, entity, record);
    let differ = format!("{}?version={version}&with={}", here(viewer, entity, record), record.version);
    Ok(view! {
        <form class="decide" method="post" action=viewer.action("records.put_back")>
            {hidden("entity", entity.key.clone())}
            {hidden("id", record.id.to_string())}
            {hidden("version", record.version.to_string())}
            {hidden("oldVersion", version.to_string())}
            {envelope(page, "put-back", &next, "")}
            <SubmitButton icon="rotate-ccw" reason>{t!("Put these values back")}</SubmitButton>
            <LinkButton href=differ kind=ButtonKind::Ghost>{t!("What is different now")}</LinkButton>
        </form>
    }
    .into_any())
}

/// The fields in which two versions differ.
async fn compared(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
    older: i64,
    newer: i64,
) -> Result<AnyView> {
    let (was, is) = (at(backend, entity, record.id, older).await?, at(backend, entity, record.id, newer).await?);
    let path = here(viewer, entity, record);
    let differing: Vec<&Field> = entity
        .fields
        .iter()
        .filter(|field| form::may_see(viewer, field) && !matches!(field.key.as_str(), "updatedAt" | "updatedBy"))
        .filter(|field| held(&was, field) != held(&is, field))
        .collect();
    let all = view! { <div class="decide"><LinkButton href=path.clone() kind=ButtonKind::Ghost size=Size::Small>{t!("All versions")}</LinkButton></div> };
    if differing.is_empty() {
        return Ok(view! { <Notice>{t!("Both hold the same values.")}</Notice>{all} }.into_any());
    }
    let values = Values::of(page);
    let (one, other) = (t!("Version {version}", version = older), t!("Version {version}", version = newer));
    let head = view! { <HeadCell label=t!("Field")/><HeadCell label=one.clone()/><HeadCell label=other.clone()/> };
    let rows: Vec<AnyView> = differing
        .into_iter()
        .map(|field| {
            let (then, now) = (values.cell(entity, field, &was), values.cell(entity, field, &is));
            let (label, one, other) = (field.label.clone(), one.clone(), other.clone());
            view! { <Row><Cell label=t!("Field") lead=true>{label}</Cell><Cell label=one>{then}</Cell><Cell label=other>{now}</Cell></Row> }
                .into_any()
        })
        .collect();
    Ok(view! {
        <Panel flush=true><div class="as-cards"><DataTable label=t!("What differs") head=head.into_any() inline=true>{rows}</DataTable></div></Panel>
        {all}
    }
    .into_any())
}

fn held<'a>(record: &'a Record, field: &Field) -> &'a Value {
    record.values.get(&field.key).unwrap_or(&Value::Null)
}
