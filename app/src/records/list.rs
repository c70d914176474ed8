//! The list of any described entity, at `/w/{workspace}/{plural}`.

use super::filter_fold::{Added, added};
use super::filter_form::{self, Line};
use super::list_state::{ListState, Unreadable, columns};
use super::sentence::{Names, pointed};
use super::{address, bulk_parts, chooser, dates, form, grouped, list_parts, live, past, saved, table, widths};
use crate::islands::{BoardHands, ListHands};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, redirect, set_status, use_page};
use domain::people::ListMembers;
use domain::records::{GetRecord, ListRecords, Page};
use domain::schema::{Count, Entity, Field, FieldKind, Filter, ListQuery, ViewKind};
use domain::{BackendHandle, Kind, Result};
use leptos::prelude::*;
use std::sync::Arc;
use ui::{Button, Crumb, FillPage, Notice, TextInput, Tone};
use uuid::Uuid;
use words::t;

#[component]
pub fn ListPage() -> impl IntoView {
    let page = use_page();
    load(list_page(page)).into_any()
}

async fn list_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let entity = viewer.entity(address::plural(&page))?;
    let views = saved::load(&page.backend()?, &entity).await;
    if let Some(first) = saved::standard(&views).filter(|_| page.query.is_empty() && page.replay.is_none()) {
        redirect(&page.with_query(&[("view", Some(&first.id.to_string()))]));
        return Ok(().into_any());
    }
    let (state, problems) = ListState::read(&page, &entity, &views)?;
    if let Some(there) = widths::folded(&page, &state).filter(|_| problems.is_empty()) {
        redirect(&there);
        return Ok(().into_any());
    }
    let other = match state.view.kind {
        ViewKind::Table => None,
        ViewKind::Board => Some(super::board::board_view(page.clone(), viewer.clone(), entity.clone(), &views).await?),
        ViewKind::Calendar | ViewKind::Timeline => {
            Some(dates::dated_view(page.clone(), viewer.clone(), entity.clone(), &views).await?)
        }
    };
    if let Some(other) = other {
        return Ok(view! { <ListHands/><BoardHands/>{other} }.into_any());
    }
    let past = state.as_of.as_deref().map(|at| past::banner(&page, &viewer, at, page.with_query(&[("as_of", None)])));
    let content = content(&page, &viewer, &entity, state.clone(), problems).await?;
    let undone = page.replay.as_deref().map(|replay| {
        set_status(replay.error.kind.status());
        let problems = form::problems(replay, &entity, t!("That was not done"));
        view! { <div class="page-notices">{problems}</div> }
    });
    let tabs = list_parts::tabs(&page, &viewer, &entity, &state.view, &views);
    let actions = state.as_of.is_none().then(|| list_parts::actions(&viewer, &entity, &state));
    let crumbs = vec![Crumb::here(entity.labels.many.clone())];
    let title = entity.labels.many.clone();
    let content = view! { <FillPage title>{past}{undone}{content}</FillPage> }.into_any();
    let list = workspace_frame(&page, crumbs, Some(tabs), actions, content);
    Ok(view! { <ListHands/><BoardHands/>{list} }.into_any())
}

/// Bar, rows and foot; or what in the address cannot be read.
async fn content(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Arc<Entity>,
    state: ListState,
    problems: Vec<Unreadable>,
) -> Result<AnyView> {
    let backend = page.backend()?;
    if !problems.is_empty() {
        set_status(Kind::Invalid.status());
        return Ok(unreadable(page, viewer, entity, &state, problems));
    }
    let Some((bar, line)) = narrowing(page, viewer, &backend, entity, &state).await? else {
        return Ok(().into_any());
    };
    let columns = columns(viewer, entity, &state.view);
    let said = saved::notices(page, viewer, entity, &state);
    let chooser = chooser::draw(page, viewer, entity, &state, &columns);
    let rows = match &state.group {
        Some(group) => grouped::draw(page, viewer, &backend, entity, &state, &columns, group).await,
        None => rows(page, viewer, &backend, entity, &state, &columns).await,
    };
    let region = match rows {
        Ok(rows) => rows,
        Err(error) if error.kind == Kind::Invalid => {
            set_status(Kind::Invalid.status());
            return Ok(unreadable(page, viewer, entity, &state, vec![culprit(page, &state, &error)]));
        }
        Err(error) => return Err(error),
    };
    let live = state.as_of.is_none().then(|| live::bar(page, viewer, entity, None));
    Ok(view! { {bar}{said}{line}{chooser}{live}<div class="list-region" data-region="list" data-entity=entity.key.clone()>{region}</div> }
        .into_any())
}

/// The filters as a sentence, and the line that one of them is typed into. Nothing, where a condition came with the address: the browser is led to the
/// page that has it.
pub async fn narrowing(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    state: &ListState,
) -> Result<Option<(AnyView, Option<AnyView>)>> {
    let refused = match added(page, viewer, backend, entity, state).await? {
        Added::Nothing => None,
        Added::Refused(message) => {
            set_status(Kind::Invalid.status());
            Some(message)
        }
        Added::Filter(filter) => {
            let filter = state.filter_parameter(Some(&filter));
            redirect(&filter_form::done_href(page, filter.as_deref()));
            return Ok(None);
        }
    };
    let names = names(viewer, backend, entity, state.filter.as_ref()).await?;
    let bar = list_parts::filter_bar(page, viewer, entity, state, &names);
    let line = Line { page, viewer, entity, state, names: &names }.draw(backend, refused).await?;
    Ok(Some((bar, line)))
}

/// The rows as one table, with what there is in all.
async fn rows(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    state: &ListState,
    columns: &[&Field],
) -> Result<AnyView> {
    let query = state.query(keys(columns));
    let mut answer = backend.run(ListRecords { entity: entity.key.clone(), query }).await?;
    let rows = answer.take_records()?;
    if rows.is_empty() {
        let any = state.narrowed() && any_row(backend, entity, state.trash).await?;
        return Ok(list_parts::empty(page, viewer, entity, state, any));
    }
    let totals = grouped::totals(page, viewer, backend, entity, state, columns).await?;
    let chosen = bulk_parts::bar(page, viewer, entity, state, answer.total);
    Ok(view! {
        {chosen}
        {table::table(page, viewer, entity, state, columns, &rows)}
        {totals}
        {list_parts::foot(page, entity, state, &answer)}
        {past::ask(page)}
    }
    .into_any())
}

/// What a row needs to be drawn.
pub fn keys(columns: &[&Field]) -> Vec<String> {
    columns.iter().map(|field| field.key.clone()).chain(["number", "updatedBy"].map(str::to_owned)).collect()
}

/// Whether the list has any row at all.
async fn any_row(backend: &BackendHandle, entity: &Entity, trash: bool) -> Result<bool> {
    let query =
        ListQuery { limit: 1, count: Count::None, trash, fields: vec!["number".to_owned()], ..ListQuery::default() };
    let page: Page = backend.run(ListRecords { entity: entity.key.clone(), query }).await?;
    Ok(page.returned > 0)
}

/// Names of what the filter points at, for its sentence. What cannot be read is left out.
pub async fn names(
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    filter: Option<&Filter>,
) -> Result<Names> {
    let mut names = Names::new();
    let Some(filter) = filter else { return Ok(names) };
    let pointed = pointed(entity, filter);
    if pointed.iter().any(|(field, _)| field.kind == FieldKind::Member) {
        let members = backend.run(ListMembers {}).await?;
        names.extend(members.into_iter().map(|member| (member.id.to_string(), member.name)));
    }
    for (field, id) in pointed {
        let (target, key) = match field.target() {
            Some(target) => (target.as_str(), Uuid::try_parse(id).ok()),
            None => match field.read_pointer(id) {
                Ok(pointed) => (pointed.entity, pointed.id),
                Err(_) => continue,
            },
        };
        let Some(target) = viewer.catalog.get(target) else { continue };
        let name = match key {
            None => Some(t!("any {entity}", entity = list_parts::lower(&target.labels.one))),
            Some(key) => {
                let row = backend.run(GetRecord { entity: target.key.clone(), id: key }).await;
                row.ok().map(|row| address::title(target, &row))
            }
        };
        names.extend(name.map(|name| (id.to_owned(), name)));
    }
    Ok(names)
}

/// Which parameter the engine refused.
pub fn culprit(page: &PageContext, state: &ListState, error: &domain::Error) -> Unreadable {
    let named = error.fields.first().map(|field| field.field.as_str());
    let parameter = match named {
        Some("cursor") => "cursor",
        Some("sort") => "sort",
        Some("group") => "group",
        Some("fields") => "columns",
        Some("limit") => "limit",
        Some("offset") => "offset",
        Some("search") => "search",
        Some("asOf") => "as_of",
        _ if state.filter.is_none() && state.cursor.is_some() => "cursor",
        _ => "filter",
    };
    let text = match parameter {
        "filter" => state.filter.as_ref().map(Filter::print).unwrap_or_default(),
        other => page.query(other).unwrap_or_default().to_owned(),
    };
    Unreadable { parameter, text, message: error.message.clone() }
}

/// The address holds something that cannot be read: what, why, the text to mend, and the way out.
pub fn unreadable(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    state: &ListState,
    problems: Vec<Unreadable>,
) -> AnyView {
    let bar = list_parts::filter_bar(page, viewer, entity, state, &Names::new());
    let notices: Vec<_> = problems.into_iter().map(|problem| problem_notice(page, problem)).collect();
    view! { {bar}<div class="page-notices">{notices}</div> }.into_any()
}

fn problem_notice(page: &PageContext, problem: Unreadable) -> AnyView {
    let Unreadable { parameter, text, message } = problem;
    let title = match parameter {
        "filter" => t!("The filter cannot be read"),
        "sort" => t!("The order cannot be read"),
        "cursor" | "offset" => t!("The place in the list cannot be read"),
        "search" => t!("The search cannot be read"),
        "columns" => t!("The columns cannot be read"),
        "group" => t!("The groups cannot be read"),
        "as_of" => t!("The past cannot be shown"),
        "pipeline" => t!("The pipeline cannot be shown"),
        "date" | "end" => t!("The days cannot be read"),
        "on" | "scale" => t!("The place in the calendar cannot be read"),
        _ => t!("The page size cannot be read"),
    };
    // A view may bring a filter of its own, or groups: an empty one takes it away.
    let nothing = matches!(parameter, "filter" | "group").then_some("");
    let clear = page.with_query(&[(parameter, nothing)]);
    let mend = (!matches!(parameter, "cursor" | "offset" | "group" | "pipeline")).then(|| {
        let hidden: Vec<_> = filter_form::kept(page, &[parameter])
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect();
        view! {
            <form class="mend" method="get" action=page.path.clone()>
                {hidden}
                <TextInput name=parameter label=t!("What the address says") value=text bare=true/>
                <Button r#type="submit">{t!("Try again")}</Button>
            </form>
        }
    });
    view! {
        <Notice tone=Tone::Negative title>
            <p>{message}</p>
            {mend}
            <p><a class="link" href=clear>{t!("Clear it and show the list")}</a></p>
        </Notice>
    }
    .into_any()
}
