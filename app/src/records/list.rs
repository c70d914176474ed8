//! The list of any described entity, at `/w/{workspace}/{plural}`.

use super::filter_fold::{Added, added};
use super::filter_form::{self, Line};
use super::list_state::{ListState, Unreadable, columns};
use super::sentence::{Names, pointed};
use super::{address, list_parts, table};
use crate::islands::{BoardHands, ListHands};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, redirect, set_status, use_page};
use domain::people::ListMembers;
use domain::records::{GetRecord, ListRecords, Page};
use domain::schema::{Count, Entity, FieldKind, Filter, ListQuery, ViewKind};
use domain::{BackendHandle, Kind, Result};
use leptos::prelude::*;
use std::sync::Arc;
use ui::{Button, Crumb, FillPage, Notice, TextInput, Tone};
use uuid::Uuid;

#[component]
pub fn ListPage() -> impl IntoView {
    let page = use_page();
    load(list_page(page)).into_any()
}

async fn list_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let entity = viewer.entity(address::plural(&page))?;
    let (state, problems) = ListState::read(&page, &entity)?;
    if state.view.kind == ViewKind::Board {
        let board = super::board::board_view(page, viewer, entity, state.view).await?;
        return Ok(view! { <ListHands/><BoardHands/>{board} }.into_any());
    }
    let content = content(&page, &viewer, &entity, state.clone(), problems).await?;
    let tabs = list_parts::tabs(&page, &viewer, &entity, &state.view);
    let actions = list_parts::actions(&page, &viewer, &entity);
    let crumbs = vec![Crumb::here(entity.labels.many.clone())];
    let title = entity.labels.many.clone();
    let content = view! { <FillPage title>{content}</FillPage> }.into_any();
    let list = workspace_frame(&page, crumbs, Some(tabs), Some(actions), content);
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
    let refused = match added(page, viewer, &backend, entity, &state).await? {
        Added::Nothing => None,
        Added::Refused(message) => {
            set_status(Kind::Invalid.status());
            Some(message)
        }
        Added::Filter(filter) => {
            let filter = state.filter_parameter(Some(&filter));
            redirect(&filter_form::done_href(page, filter.as_deref()));
            return Ok(().into_any());
        }
    };
    let columns = columns(viewer, entity, &state.view);
    let query = state.query(columns.iter().map(|field| field.key.clone()).chain(["number".to_owned()]).collect());
    let answer = match backend.run(ListRecords { entity: entity.key.clone(), query }).await {
        Ok(answer) => answer,
        Err(error) if error.kind == Kind::Invalid => {
            set_status(Kind::Invalid.status());
            return Ok(unreadable(page, viewer, entity, &state, vec![culprit(page, &state, &error)]));
        }
        Err(error) => return Err(error),
    };
    let names = names(viewer, &backend, entity, state.filter.as_ref()).await?;
    let bar = list_parts::filter_bar(page, viewer, entity, &state, &names);
    let line = Line { page, viewer, entity, state: &state, names: &names }.draw(&backend, refused).await?;
    let rows = answer.records()?;
    let region = if rows.is_empty() {
        let any = state.narrowed() && any_row(&backend, entity, state.trash).await?;
        list_parts::empty(page, viewer, entity, &state, any)
    } else {
        view! {
            {table::table(page, viewer, entity, &state, &columns, &rows)}
            {list_parts::foot(page, entity, &state, &answer)}
        }
        .into_any()
    };
    Ok(view! { {bar}{line}<div class="list-region" data-region="list" data-entity=entity.key.clone()>{region}</div> }
        .into_any())
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
        let (FieldKind::Reference { entity: target }, Ok(key)) = (&field.kind, Uuid::try_parse(id)) else { continue };
        if let Ok(row) = backend.run(GetRecord { entity: target.clone(), id: key }).await {
            let title = viewer.catalog.get(target).map_or_else(|| id.to_owned(), |target| address::title(target, &row));
            names.insert(id.to_owned(), title);
        }
    }
    Ok(names)
}

/// Which parameter the engine refused.
fn culprit(page: &PageContext, state: &ListState, error: &domain::Error) -> Unreadable {
    let named = error.fields.first().map(|field| field.field.as_str());
    let parameter = match named {
        Some("cursor") => "cursor",
        Some("sort") => "sort",
        Some("limit") => "limit",
        Some("offset") => "offset",
        Some("search") => "search",
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
fn unreadable(
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
        "filter" => "The filter cannot be read",
        "sort" => "The order cannot be read",
        "cursor" | "offset" => "The place in the list cannot be read",
        "search" => "The search cannot be read",
        _ => "The page size cannot be read",
    };
    let clear = page.with_query(&[(parameter, None)]);
    let mend = (!matches!(parameter, "cursor" | "offset")).then(|| {
        let hidden: Vec<_> = filter_form::kept(page, &[parameter])
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect();
        view! {
            <form class="mend" method="get" action=page.path.clone()>
                {hidden}
                <TextInput name=parameter label="What the address says" value=text bare=true/>
                <Button r#type="submit">"Try again"</Button>
            </form>
        }
    });
    view! {
        <Notice tone=Tone::Negative title>
            <p>{message}</p>
            {mend}
            <p><a class="link" href=clear>"Clear it and show the list"</a></p>
        </Notice>
    }
    .into_any()
}
