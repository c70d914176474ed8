//! The views of an entity, at `/w/{workspace}/{plural}/views`: what is on the screen becomes one, and those that there are get other names,
//! other places, and go.

use super::address;
use super::list_parts::lower;
use super::list_state::ListState;
use super::post::{envelope, hidden, making};
use super::saved::{content_fields, load as load_views};
use super::sentence::Reader;
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, set_status, use_page};
use crate::session::Typed;
use crate::time::Clock;
use domain::Result;
use domain::schema::{Entity, Sort};
use domain::views::{SavedView, TEAM};
use leptos::prelude::*;
use std::collections::BTreeMap;
use ui::{
    Badge, Button, ButtonKind, Checkbox, Crumb, EmptyState, FormActions, LinkButton, Page, PageHeader, Panel, Size,
    Stack, SubmitButton, TextInput, Tone,
};
use words::t;

#[component]
pub fn ViewsPage() -> impl IntoView {
    let page = use_page();
    load(views_page(page)).into_any()
}

async fn views_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let entity = viewer.entity(address::plural(&page))?;
    let views = load_views(&page.backend()?, &entity).await;
    if let Some(replay) = &page.replay {
        set_status(replay.error.kind.status());
    }
    let (state, problems) = ListState::read(&page, &entity, &views)?;
    let keep = (problems.is_empty() && !page.query.is_empty() && page.query("edit").is_none())
        .then(|| keep_form(&page, &viewer, &entity, &state));
    let many = lower(&entity.labels.many);
    let list = if views.is_empty() {
        let text = t!(
            "Narrow, sort or group the {entities}, then choose “Save as”: the list comes back as it was, under a name.",
            entities = many
        );
        view! { <EmptyState icon="star" title=t!("No view saved yet") text/> }.into_any()
    } else {
        let rows: Vec<_> = views.iter().map(|saved| row(&page, &viewer, &entity, saved)).collect();
        view! { <ul class="row-list">{rows}</ul> }.into_any()
    };
    let text = t!("Private ones are yours alone. Those of the team stand with everybody who may see the list.");
    let refused = Typed::of(&page, refused_of(&page)).notice();
    let body = view! {
        <Page narrow=true>
            <PageHeader title=t!("Views of {entities}", entities = many) text/>
            <Stack>{keep}{refused}<Panel title=t!("Saved views") flush=true>{list}</Panel></Stack>
        </Page>
    }
    .into_any();
    let crumbs = vec![Crumb::link(entity.labels.many.clone(), viewer.path(&entity.plural)), Crumb::here(t!("Views"))];
    Ok(workspace_frame(&page, crumbs, None, None, body))
}

/// The operations whose refusal is said above the list; the others say it beside their own fields.
fn refused_of(page: &PageContext) -> &'static str {
    ["views.move", "views.delete"].into_iter().find(|name| page.replay_of(name).is_some()).unwrap_or_default()
}

fn keep_form(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState) -> AnyView {
    let typed = Typed::of(page, "views.create");
    let next = viewer.path(&format!("{}?view={{id}}", entity.plural));
    let lacking = viewer.lacks(TEAM);
    let back = viewer.path(&entity.plural);
    let content = state.content();
    let form = view! {
            <form class="form" method="post" action=viewer.action("views.create")>
                {typed.notice()}
                {hidden("entity", entity.key.clone())}
                {content_fields(&content)}
                {making(page, "keep", &next, t!("View saved"))}
                <TextInput name="label" label=t!("Name") maxlength=80 value=typed.value("label") error=typed.error("label") required=true autofocus=true/>
                {switches(lacking.as_deref(), Switches { team: false, pinned: true, standard: None }, "new")}
                <FormActions>
                    <SubmitButton>{t!("Save the view")}</SubmitButton>
                    <LinkButton href=back kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
                </FormActions>
            </form>
    }
    .into_any();
    view! { <Panel title=t!("Save this list as a view") text=said(page, viewer, entity, state)>{form}</Panel> }
        .into_any()
}

/// What the view will hold, read out.
fn said(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState) -> String {
    let names = BTreeMap::new();
    let clock = Clock::new(&page.now, &viewer.timezone);
    let reader = Reader { entity, catalog: Some(&viewer.catalog), names: &names, clock };
    let mut rows = state.filter.as_ref().map_or_else(
        || t!("All {entities}", entities = lower(&entity.labels.many)),
        |filter| t!("{entities} whose {filter}", entities = entity.labels.many, filter = reader.phrase(filter)),
    );
    let label = |key: &str| entity.field(key).map_or_else(|| key.to_owned(), |field| field.label.clone());
    let sorts = state.sort.iter().map(|Sort { field, descending }| {
        let field = label(field);
        if *descending { t!("{field}, the largest first", field) } else { field }
    });
    if let Some(fields) = sorts.reduce(|first, next| t!("{first}, then {next}", first, next)) {
        rows = t!("{rows}; sorted by {fields}", rows, fields);
    }
    if let Some(key) = state.group.as_deref() {
        rows = t!("{rows}; grouped by {field}", rows, field = label(key));
    }
    if state.view.kind.is_dated() {
        let mut kind = t!("As a {kind}", kind = lower(state.view.kind.label()));
        if let Some(key) = state.dates.date.as_deref() {
            kind = t!("{kind} by {field}", kind, field = label(key));
        }
        if let Some(key) = state.dates.end.as_deref() {
            kind = t!("{kind} until {field}", kind, field = label(key));
        }
        return format!("{rows}. {kind}.");
    }
    let columns: Vec<String> = state.view.fields.iter().map(|key| label(key)).collect();
    let shown = t!("Shown: {fields}", fields = columns.join(", "));
    format!("{rows}. {shown}.")
}

#[derive(Clone, Copy)]
struct Switches {
    team: bool,
    pinned: bool,
    standard: Option<bool>,
}

/// Whose it is and where it stands. An unticked box sends nothing, so each is preceded by its "no".
fn switches(lacking: Option<&str>, now: Switches, id: &str) -> AnyView {
    let Switches { team, pinned, standard } = now;
    let hint = lacking.map_or_else(|| t!("Everybody who may see the list has it.").to_owned(), str::to_owned);
    let disabled = lacking.is_some();
    let standard = standard.map(|checked| {
        view! {
            {hidden("standard", "false")}
            <Checkbox name="standard" id=format!("standard-{id}") label=t!("The list opens with it") checked/>
        }
    });
    // A box that cannot be changed sends nothing: what holds is said by the hidden field.
    let held = if disabled && team { "true" } else { "false" };
    view! {
        {hidden("team", held)}
        <Checkbox name="team" id=format!("team-{id}") label=t!("For the team") hint checked=team disabled/>
        {hidden("pinned", "false")}
        <Checkbox name="pinned" id=format!("pinned-{id}") label=t!("Pinned among the tabs") checked=pinned/>
        {standard}
    }
    .into_any()
}

fn row(page: &PageContext, viewer: &Viewer, entity: &Entity, saved: &SavedView) -> AnyView {
    let id = saved.id.to_string();
    let replayed = page.replay_of("views.update").is_some_and(|replay| replay.value("id") == Some(&id));
    if saved.may_change && (page.query("edit") == Some(&id) || replayed) {
        return edited(page, viewer, saved, replayed);
    }
    let kind = saved.content.view_kind().label();
    let whose = if saved.team { t!("Team, made by {owner}", owner = saved.owner) } else { t!("Private").to_owned() };
    let open = viewer.path(&format!("{}?view={id}", entity.plural));
    let edit = format!("{}?edit={id}", page.path);
    let reason = (!saved.may_change).then(|| t!("Needs the permission {permission}", permission = TEAM));
    let marks = [(saved.pinned, t!("Pinned")), (saved.standard, t!("Opens first"))];
    let marks: Vec<_> = marks
        .into_iter()
        .filter(|(on, _)| *on)
        .map(|(_, word)| view! { " "<Badge tone=Tone::Neutral>{word}</Badge> })
        .collect();
    let moves = saved.may_change.then(|| {
        view! { {turn(page, viewer, saved, true)}{turn(page, viewer, saved, false)} }
    });
    view! {
        <li data-id=id>
            <div class="row-link">
                <ui::Icon name=if saved.team { "users" } else { "star" }/>
                <span class="row-text">
                    <a class="row-title" href=open dir="auto">{saved.label.clone()}</a>
                    <span class="row-detail">{format!("{kind} · {whose}")}{marks}</span>
                </span>
                <span class="row-end view-acts">
                    {moves}
                    <LinkButton href=edit size=Size::Small reason>{t!("Edit")}</LinkButton>
                </span>
            </div>
        </li>
    }
    .into_any()
}

/// One place up or down.
fn turn(page: &PageContext, viewer: &Viewer, saved: &SavedView, up: bool) -> AnyView {
    let (word, icon) = if up { ("up", "arrow-up") } else { ("down", "arrow-down") };
    let label = if up { t!("Move {view} up", view = saved.label) } else { t!("Move {view} down", view = saved.label) };
    view! {
        <form method="post" action=viewer.action("views.move")>
            {hidden("id", saved.id.to_string())}
            {hidden("up", up.to_string())}
            {envelope(page, &format!("{word}-{}", saved.id), &page.path, "")}
            <button class="btn btn-ghost btn-icon size-s" type="submit" aria-label=label.clone() title=label.clone()><ui::Icon name=icon/></button>
        </form>
    }
    .into_any()
}

fn edited(page: &PageContext, viewer: &Viewer, saved: &SavedView, replayed: bool) -> AnyView {
    let typed = Typed::of(page, if replayed { "views.update" } else { "" });
    let id = saved.id.to_string();
    let (lacking, cancel) = (viewer.lacks(TEAM), page.path.clone());
    let now = Switches { team: saved.team, pinned: saved.pinned, standard: Some(saved.standard) };
    view! {
        <li data-id=id.clone()>
            <div class="view-edit">
                <form class="form" method="post" action=viewer.action("views.update")>
                    {typed.notice()}
                    {hidden("id", id.clone())}
                    {hidden("version", saved.version.to_string())}
                    {envelope(page, &format!("update-{id}"), &page.path, t!("View changed"))}
                    <TextInput id=format!("label-{id}") name="label" label=t!("Name of the view") maxlength=80 value=typed.value_or("label", &saved.label) error=typed.error("label") required=true autofocus=true/>
                    {switches(lacking.as_deref(), now, &id)}
                    <FormActions>
                        <SubmitButton>{t!("Save")}</SubmitButton>
                        <LinkButton href=cancel kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
                    </FormActions>
                </form>
                <form method="post" action=viewer.action("views.delete")>
                    {hidden("id", id.clone())}
                    {hidden("version", saved.version.to_string())}
                    {envelope(page, &format!("delete-{id}"), &page.path, t!("View deleted"))}
                    <Button kind=ButtonKind::Danger size=Size::Small icon="trash-2" r#type="submit">{t!("Delete this view")}</Button>
                </form>
            </div>
        </li>
    }
    .into_any()
}
