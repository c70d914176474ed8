//! Two records that are one: those that look alike, which value stays field by field, what would move, and the way back. `/merge`,
//! `/merge?with={id}`, where this record is the one that stays.

use super::list_parts::lower;
use super::post::{envelope, hidden};
use super::values::Values;
use super::{address, form};
use crate::layout::workspace_frame;
use crate::page::{LIKE, LOOK, PageContext, Replay, Viewer, load, set_status, use_page};
use crate::time::Clock;
use domain::records::{
    Alike, AlikeRecords, GetRecord, LatestMerge, ListRecords, MergeMoves, MergePlan, PreviewMerge, Record,
};
use domain::schema::value::{Rules, read};
use domain::schema::{Count, Entity, Field, ListQuery};
use domain::{BackendHandle, Error, Result, Verb};
use leptos::prelude::*;
use std::sync::Arc;
use ui::{
    ButtonKind, Cell, DataTable, EmptyState, FormActions, HeadCell, LinkButton, Notice, Page, PageHeader, Panel, Row,
    SearchInput, Stack, SubmitButton, TextLink, Tone,
};
use uuid::Uuid;
use words::t;

/// Rows that a search offers.
const OFFERED: u32 = 10;

#[component]
pub fn MergePage() -> impl IntoView {
    let page = use_page();
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity(address::plural(&page))?;
    let id = address::id(&page)?;
    for verb in [Verb::Update, Verb::Delete] {
        if !viewer.may(&entity, verb) {
            return Err(Error::forbidden(entity.permission(verb), &viewer.role));
        }
    }
    let kept = backend.run(GetRecord { entity: entity.key.clone(), id }).await?;
    let other = super::post::argument(&page, "with").and_then(|id| Uuid::try_parse(id).ok());
    let problem = page.replay.as_deref().filter(|replay| replay.operation.ends_with("merge")).map(|replay| {
        set_status(replay.error.kind.status());
        form::problems(replay, &entity, t!("Nothing was merged"))
    });
    let content = match other {
        Some(other) => {
            let merged = backend.run(GetRecord { entity: entity.key.clone(), id: other }).await?;
            let plan = PreviewMerge { entity: entity.key.clone(), kept: id, merged: other };
            let plan = backend.run(plan).await?;
            chosen(&page, &viewer, &entity, &kept, &merged, &plan)
        }
        None => choose(&page, &viewer, &backend, &entity, &kept).await?,
    };
    let title = t!("Merge {record}", record = address::title(&entity, &kept));
    let text = t!(
        "Two {entities} that are the same become one. It can be taken back for 30 days.",
        entities = lower(&entity.labels.many)
    );
    let body = view! { <Page><PageHeader title text/><Stack>{problem}{content}</Stack></Page> }.into_any();
    Ok(workspace_frame(&page, address::crumbs(&viewer, &entity, &kept, Some(t!("Merge"))), None, None, body))
}

/// Which other one: those that look alike, and a search.
async fn choose(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Arc<Entity>,
    kept: &Record,
) -> Result<AnyView> {
    let asked = AlikeRecords { entity: entity.key.clone(), values: kept.values.clone(), except: Some(kept.id) };
    let alike = backend.run(asked).await?;
    let undo = undo(page, viewer, backend, entity, kept).await?;
    let found = match page.query("search") {
        Some(words) => {
            let query = ListQuery {
                search: Some(words.to_owned()),
                limit: OFFERED,
                count: Count::None,
                ..ListQuery::default()
            };
            backend.run(ListRecords { entity: entity.key.clone(), query }).await?.take_records()?
        }
        None => Vec::new(),
    };
    let found: Vec<AnyView> = found
        .iter()
        .filter(|record| record.id != kept.id)
        .map(|record| {
            offer(page, record.id, &address::title(entity, record), record.text("number").unwrap_or_default())
        })
        .collect();
    let many = lower(&entity.labels.many);
    let looks = if alike.is_empty() {
        let text = t!(
            "No other {entity} has the same e-mail, telephone or name and company.",
            entity = lower(&entity.labels.one)
        );
        view! { <EmptyState icon="users" title=t!("Nothing looks the same") text/> }.into_any()
    } else {
        let same = |one: &Alike| t!("Same {field}", field = lower(&one.same));
        let rows: Vec<AnyView> = alike.iter().map(|one| offer(page, one.id, &one.title, &same(one))).collect();
        view! { <ul class="row-list">{rows}</ul> }.into_any()
    };
    let nothing = (page.query("search").is_some() && found.is_empty())
        .then(|| view! { <p class="hint">{t!("No other {entities} match.", entities = many)}</p> });
    let value = page.query("search").map(str::to_owned);
    let search = view! {
        <form class="decide" method="get" action=page.path.clone() role="search">
            <SearchInput name="search" label=t!("Find in {entities}", entities = many) value/>
            <SubmitButton kind=ButtonKind::Secondary>{t!("Find")}</SubmitButton>
        </form>
    };
    Ok(view! {
        {undo}
        <Panel title=t!("Looks like the same") flush=true>{looks}</Panel>
        <Panel title=t!("Another one")>
            {search}
            {nothing}
            <ul class="row-list">{found}</ul>
        </Panel>
    }
    .into_any())
}

fn offer(page: &PageContext, id: Uuid, title: &str, detail: &str) -> AnyView {
    let (href, title, detail) = (format!("{}?with={id}", page.path), title.to_owned(), detail.to_owned());
    view! {
        <li><div class="row-link"><span class="row-text"><span class="row-title"><TextLink href><bdi>{title}</bdi></TextLink></span><span class="row-detail">{detail}</span></span></div></li>
    }
    .into_any()
}

/// The way back, where this record came out of a merge.
async fn undo(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    kept: &Record,
) -> Result<Option<AnyView>> {
    let Some(merge) = backend.run(LatestMerge { entity: entity.key.clone(), id: kept.id }).await? else {
        return Ok(None);
    };
    let when = Clock::new(&page.now, &viewer.timezone).words(&merge.at);
    let here = address::of(viewer, entity, kept);
    let text =
        t!("It was merged {when}. Both come back as they were; what was changed since stays and is named.", when);
    let form = view! {
        <form method="post" action=viewer.action("records.unmerge")>
            {hidden("entity", entity.key.clone())}
            {hidden("merge", merge.id.to_string())}
            {envelope(page, "unmerge", &here, "")}
            <SubmitButton kind=ButtonKind::Secondary icon="undo-2">{t!("Make them two again")}</SubmitButton>
        </form>
    };
    Ok(Some(view! { <Panel title=t!("Take the last merge back")><p>{text}</p>{form}</Panel> }.into_any()))
}

/// Field by field which value stays, and what moves.
fn chosen(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    kept: &Record,
    merged: &Record,
    plan: &MergePlan,
) -> AnyView {
    let (one, other) = (named(entity, kept), named(entity, merged));
    let values = Values::of(page);
    let fields: Vec<&Field> = plan.fields.iter().filter_map(|key| entity.field(key)).collect();
    let rows: Vec<AnyView> =
        fields.iter().map(|field| row(page, viewer, entity, &values, field, [kept, merged], [&one, &other])).collect();
    let head = view! { <HeadCell label=t!("Field")/><HeadCell label=one.clone()/><HeadCell label=other.clone()/> };
    let table = (!rows.is_empty()).then(|| {
        view! { <Panel title=t!("What stays") flush=true><div class="as-cards"><DataTable label=t!("Which value stays") head=head.into_any() inline=true>{rows}</DataTable></div></Panel> }
    });
    let others = plan.others.then(|| t!("Others that are not yours to see").to_owned());
    let moves = plan.moves.iter().map(said).chain(others);
    let moves: Vec<AnyView> = moves.map(|words| view! { <li>{words}</li> }.into_any()).collect();
    let moves = if moves.is_empty() {
        view! { <p>{t!("Nothing points at the one that goes.")}</p> }.into_any()
    } else {
        view! { <ul class="stack">{moves}</ul> }.into_any()
    };
    let refused = plan.refused.clone().map(|why| {
        view! { <Notice tone=Tone::Warning title=t!("These two cannot be merged")>{why}</Notice> }
    });
    let reason = plan.refused.clone();
    let next = address::of(viewer, entity, kept);
    let done = t!("{merged} merged into {kept}", merged = other, kept = one);
    let swapped = viewer.path(&format!("{}/{}/merge?with={}", entity.plural, merged.id, kept.id));
    let text = t!("{kept} stays. {merged} goes to the trash.", kept = one, merged = other);
    let again = page.path.clone();
    view! {
        {refused}
        <p>{text}" "<TextLink href=swapped>{t!("The other way round")}</TextLink></p>
        <form class="stack" method="post" action=viewer.action("records.merge")>
            {hidden("entity", entity.key.clone())}
            {hidden("kept", kept.id.to_string())}
            {hidden("merged", merged.id.to_string())}
            {hidden("version", kept.version.to_string())}
            {hidden("mergedVersion", merged.version.to_string())}
            {envelope(page, "merge", &next, &done)}
            {table}
            <Panel title=t!("What moves")>{moves}</Panel>
            <FormActions>
                <SubmitButton reason>{t!("Merge them")}</SubmitButton>
                <LinkButton href=again kind=ButtonKind::Ghost>{t!("Choose another")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any()
}

/// Two of one name are told apart by their numbers.
fn named(entity: &Entity, record: &Record) -> String {
    let title = address::title(entity, record);
    match record.text("number") {
        Some(number) if number != title => format!("{title} ({number})"),
        _ => title,
    }
}

fn said(moves: &MergeMoves) -> String {
    match moves.by.as_str() {
        "" => format!("{}: {}", moves.what, moves.count),
        by => t!("{what}: {count} (by {field})", what = moves.what, count = moves.count, field = lower(by)),
    }
}

/// Two radio buttons; the value that is there wins over none.
fn row(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    values: &Values,
    field: &Field,
    [kept, merged]: [&Record; 2],
    [one, other]: [&str; 2],
) -> AnyView {
    let name = format!("take.{}", field.key);
    let lacks = kept.values.get(&field.key).is_none_or(serde_json::Value::is_null);
    let typed = page.replay_of("records.merge").and_then(|replay| replay.value(&name).map(str::to_owned));
    let side = typed.unwrap_or_else(|| if lacks { "merged" } else { "kept" }.to_owned());
    let closed = form::write_missing(viewer, field).is_some();
    let cell = |value: &'static str, record: &Record, of: &str| {
        let (shown, name, of) = (values.cell(entity, field, record), name.clone(), of.to_owned());
        let spoken = t!("{field} of {record}", field = field.label, record = of);
        let checked = side == value;
        view! { <Cell label=of><label class="choice"><input class="radio" type="radio" name=name value=value checked=checked disabled=closed aria-label=spoken/>{shown}</label></Cell> }
    };
    let (first, second) = (cell("kept", kept, one), cell("merged", merged, other));
    let label = field.label.clone();
    view! { <Row><Cell label=t!("Field") lead=true>{label}</Cell>{first}{second}</Row> }.into_any()
}

/// Above a form that was held back because there is one like it: what looks the same, with the way there.
pub fn warning(viewer: &Viewer, entity: &Entity, replay: &Replay) -> Option<AnyView> {
    let alike: Vec<Alike> = replay.value(LIKE).and_then(|alike| serde_json::from_str(alike).ok())?;
    Some(there_already(viewer, entity, &alike))
}

/// The same while somebody types, where the island of the form asks for it: of the values that stand in the address.
pub async fn looked_up(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
) -> Result<Option<AnyView>> {
    if page.query(LOOK).is_none() {
        return Ok(None);
    }
    let rules = Rules { today: Clock::new(&page.now, &viewer.timezone).today() };
    // What cannot be read yet looks like nothing.
    let typed = |field: &Field| {
        let text = page.query(&format!("values.{}", field.key))?;
        read(field, None, text, "", rules).ok().map(|value| (field.key.clone(), value))
    };
    let values = entity.signs().into_iter().flatten().filter(|field| form::may_see(viewer, field)).filter_map(typed);
    let asked = AlikeRecords { entity: entity.key.clone(), values: values.collect(), except: None };
    let alike = backend.run(asked).await?;
    if alike.is_empty() {
        return Ok(None);
    }
    let warning = there_already(viewer, entity, &alike);
    Ok(Some(view! { <div data-region="alike">{warning}</div> }.into_any()))
}

/// The names of the controls by which a new record is known again, for the island: groups with a space between them, and within a group `+` between
/// what counts together.
pub fn told_apart(entity: &Entity, fields: &[&Field]) -> String {
    let offered = |field: &Field| fields.iter().any(|known| known.key == field.key);
    let group = |sign: Vec<&Field>| {
        let names: Vec<String> =
            sign.iter().filter(|field| offered(field)).map(|field| format!("values.{}", field.key)).collect();
        // What a record is called comes first, and is no sign by itself.
        let whole = sign.first().is_some_and(|first| offered(first)) && names.len() >= sign.len().min(2);
        whole.then(|| names.join("+"))
    };
    entity.signs().into_iter().filter_map(group).collect::<Vec<_>>().join(" ")
}

fn there_already(viewer: &Viewer, entity: &Entity, alike: &[Alike]) -> AnyView {
    let rows: Vec<AnyView> = alike
        .iter()
        .map(|one| {
            let href = viewer.path(&format!("{}/{}", entity.plural, one.id));
            let title = one.title.clone();
            let (before, after) = words::around(t!("{record} ({number}): same {field}"), "record");
            let field = lower(&one.same);
            let [before, after] =
                [before, after].map(|text| words::fill(text, &[("number", &one.number), ("field", &field)]));
            view! { <li>{before}<TextLink href><bdi>{title}</bdi></TextLink>{after}</li> }.into_any()
        })
        .collect();
    let title = t!("There may be such a {entity} already", entity = lower(&entity.labels.one));
    view! { <Notice tone=Tone::Warning title><ul class="stack">{rows}</ul></Notice> }.into_any()
}
