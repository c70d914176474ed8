//! Saved views around a list: their tabs, what an open one says of itself, and the ways to keep what is on the screen.

use super::list_parts::lower;
use super::list_state::ListState;
use super::post::{envelope, hidden};
use crate::page::{PageContext, Viewer, encode};
use domain::BackendHandle;
use domain::schema::{Entity, PIPELINE};
use domain::views::{ListViews, SavedView, ViewContent};
use leptos::prelude::*;
use ui::{Badge, Button, ButtonKind, LinkButton, Notice, Size, TabItem, Tone};
use words::t;

/// The views that stand beside those of the description. A list is shown without them rather than not at all.
pub async fn load(backend: &BackendHandle, entity: &Entity) -> Vec<SavedView> {
    backend.run(ListViews { entity: Some(entity.key.clone()) }).await.unwrap_or_default()
}

/// What the list opens with when its address asks for nothing: one's own choice before the team's.
pub fn standard(views: &[SavedView]) -> Option<&SavedView> {
    let standard = |team: bool| views.iter().find(|view| view.standard && view.team == team);
    standard(false).or_else(|| standard(true))
}

/// Those that are pinned, and the one that is open.
pub fn tabs(viewer: &Viewer, entity: &Entity, views: &[SavedView], current: &str) -> Vec<TabItem> {
    let shown = views.iter().filter(|view| view.pinned || view.id.to_string() == current);
    shown
        .map(|view| {
            let id = view.id.to_string();
            let href = viewer.path(&format!("{}?view={id}", entity.plural));
            let tab = TabItem::new(view.label.clone(), href, id == current);
            if view.team { tab.icon("users") } else { tab.icon("star") }
        })
        .collect()
}

/// The page where this list becomes a view, with all that it says.
pub fn keep_href(page: &PageContext, viewer: &Viewer, entity: &Entity) -> String {
    let said = page.query.iter().filter(|(key, _)| super::list_state::PARAMETERS.contains(&key.as_str()));
    let pairs: Vec<String> = said.map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    let path = viewer.path(&format!("{}/views", entity.plural));
    if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
}

/// What a view is made of, as hidden fields.
pub fn content_fields(content: &ViewContent) -> Vec<AnyView> {
    let parts = [
        ("kind", &content.kind),
        ("filter", &content.filter),
        ("sort", &content.sort),
        ("columns", &content.columns),
        ("group", &content.group),
        ("measure", &content.measure),
        ("totals", &content.totals),
        ("date", &content.date),
        ("end", &content.end),
        ("scale", &content.scale),
        ("pipeline", &content.pipeline),
    ];
    let filled = parts.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value.clone())));
    filled.map(|(name, value)| hidden(format!("content.{name}"), value)).collect()
}

/// "Changed", with Save, Save as and the way back. Shown while the list says something else than its view.
pub fn changed(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState) -> Option<AnyView> {
    if !state.changed(page) {
        return None;
    }
    let own =
        ["filter", "sort", "columns", "group", "totals", "date", "end", "scale", PIPELINE].map(|name| (name, None));
    let reset = page.with_query(&own);
    let keep = keep_href(page, viewer, entity);
    let save = state
        .saved
        .as_ref()
        .filter(|saved| saved.may_change && !saved.masked)
        .map(|saved| save_form(page, viewer, state, saved));
    Some(
        view! {
            <span class="view-changed">
                <Badge tone=Tone::Warning>{t!("Changed" in "view")}</Badge>
                {save}
                <LinkButton href=keep size=Size::Small kind=ButtonKind::Ghost>{t!("Save as")}</LinkButton>
                <a class="link filter-reset" href=reset>{t!("Back to {view}", view = state.view.label)}</a>
            </span>
        }
        .into_any(),
    )
}

fn save_form(page: &PageContext, viewer: &Viewer, state: &ListState, saved: &SavedView) -> AnyView {
    let next = format!("{}?view={}", page.path, saved.id);
    view! {
        <form class="view-save" method="post" action=viewer.action("views.save")>
            {hidden("id", saved.id.to_string())}
            {hidden("version", saved.version.to_string())}
            {content_fields(&state.content())}
            {envelope(page, "save-view", &next, t!("View saved"))}
            <Button kind=ButtonKind::Secondary size=Size::Small r#type="submit">{t!("Save")}</Button>
        </form>
    }
    .into_any()
}

/// Why a view was not saved, and what an open view names that is gone.
pub fn notices(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState) -> Option<AnyView> {
    let refused = page.replay_of("views.save").map(|replay| {
        crate::page::set_status(replay.error.kind.status());
        let (message, keep) = (replay.error.message.clone(), keep_href(page, viewer, entity));
        view! {
            <Notice tone=Tone::Negative title=t!("The view was not saved")>
                <p>{message}</p>
                <p><a class="link" href=keep>{t!("Save it under another name")}</a></p>
            </Notice>
        }
    });
    let gone = (!state.gone.is_empty()).then(|| {
        let lines: Vec<_> = state.gone.iter().map(|line| view! { <li>{line.clone()}</li> }).collect();
        let text = t!(
            "It names what {entities} no longer have for you. It is shown without that.",
            entities = lower(&entity.labels.many)
        );
        let title = t!("This view is not what it was");
        view! { <Notice tone=Tone::Warning title><p>{text}</p><ul>{lines}</ul></Notice> }
    });
    (refused.is_some() || gone.is_some()).then(|| view! { <div class="page-notices">{refused}{gone}</div> }.into_any())
}

/// "2 views saved" as the way to all of them.
pub fn manage(viewer: &Viewer, entity: &Entity) -> AnyView {
    let href = viewer.path(&format!("{}/views", entity.plural));
    let label = t!("Views of {entities}", entities = lower(&entity.labels.many));
    view! { <a class="btn btn-ghost size-s btn-icon" href=href aria-label=label.clone() title=label.clone()><ui::Icon name="star"/></a> }
        .into_any()
}
