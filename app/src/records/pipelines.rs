//! Pipelines on pages, where an entity has several: which one a board shows, and in which one a record is.

use super::list_state::ListState;
use crate::page::PageContext;
use domain::records::Record;
use domain::schema::{Comparison, Entity, Filter, PIPELINE, Pipeline, Test};
use leptos::prelude::*;
use ui::{Chip, SegmentedControl, TabItem};
use words::t;

/// The pipeline whose states make the columns: the one that the address or the view names, else the first.
pub fn shown<'a>(entity: &'a Entity, state: &ListState) -> Option<&'a Pipeline> {
    let states = entity.states.as_ref()?;
    state.pipeline.as_deref().and_then(|key| states.pipeline(key)).or(states.pipelines.first())
}

/// The rows of a pipeline, by its states: a row of the past says its state, whatever the description called a pipeline then.
pub fn rows(entity: &Entity, pipeline: &Pipeline) -> Filter {
    let states = entity.states.iter().flat_map(|states| states.along(Some(pipeline)));
    let values = states.map(|state| state.key.clone()).collect();
    Filter::Test(Test { field: "status".to_owned(), comparison: Comparison::In, values })
}

/// A link for each pipeline, over a board that is made by states.
pub fn switch(page: &PageContext, entity: &Entity, state: &ListState) -> Option<AnyView> {
    let by_state = state.view.group.as_deref().is_none_or(|group| group == "status");
    let current = shown(entity, state).filter(|_| by_state)?;
    let pipelines = entity.states.as_ref().map(|states| states.pipelines.as_slice()).unwrap_or_default();
    let items: Vec<TabItem> = pipelines
        .iter()
        .map(|pipeline| {
            let href = page.with_query(&[(PIPELINE, Some(&pipeline.key))]);
            TabItem::new(pipeline.label.clone(), href, pipeline.key == current.key)
        })
        .collect();
    Some(view! { <div class="board-pipelines"><SegmentedControl label=t!("Pipeline") items/></div> }.into_any())
}

/// The pipeline of a record, beside its state.
pub fn chip(entity: &Entity, record: &Record) -> Option<AnyView> {
    let pipeline = entity.states.as_ref()?.pipeline_of(record.text("status")?)?;
    let (title, label) = (t!("Pipeline: {pipeline}", pipeline = pipeline.label), pipeline.label.clone());
    let (before, _) = words::around(t!("Pipeline: {pipeline}"), "pipeline");
    Some(view! { <Chip title><span class="sr-only">{before}</span>{label}</Chip> }.into_any())
}

#[cfg(test)]
mod tests {
    use super::{rows, shown};
    use crate::records::fixture::page;
    use crate::records::list_state::ListState;
    use domain::schema::{Catalog, Entity};
    use domain::views::{SavedView, ViewContent};
    use serde_json::json;
    use std::sync::Arc;

    fn entity() -> Arc<Entity> {
        let state = |key: &str, pipeline: &str| json!({ "key": key, "label": key, "pipeline": pipeline });
        let described = json!({
            "key": "deal", "plural": "deals", "area": "crm", "table": "deals", "prefix": "DEAL",
            "labels": { "one": "Deal", "many": "Deals" }, "icon": "box", "title": "name",
            "fields": [{ "key": "name", "label": "Name", "kind": { "type": "text" }, "indexed": true }],
            "states": {
                "label": "Stage", "initial": "fresh", "transitions": [],
                "pipelines": [
                    { "key": "new", "label": "New business", "initial": "fresh" },
                    { "key": "renewals", "label": "Renewals", "initial": "due" },
                ],
                "list": [state("fresh", "new"), state("won", "new"), state("due", "renewals")],
            },
            "views": [{ "key": "board", "label": "Board", "kind": "board", "fields": ["name"] }],
        });
        let entity: Entity = serde_json::from_value(described).unwrap();
        Catalog::build("core", "Core", vec![entity]).unwrap().get("deal").unwrap().clone()
    }

    fn kept(pipeline: &str) -> SavedView {
        let content = ViewContent {
            kind: Some("board".to_owned()),
            pipeline: Some(pipeline.to_owned()),
            ..ViewContent::default()
        };
        SavedView {
            id: uuid::Uuid::from_u128(7),
            entity: "deal".to_owned(),
            label: "Mine".to_owned(),
            content,
            team: false,
            owner: "Amina".to_owned(),
            pinned: true,
            standard: false,
            version: 1,
            may_change: true,
            masked: false,
        }
    }

    #[test]
    fn a_board_shows_one_pipeline_and_the_first_unless_another_is_named() {
        let entity = entity();
        let read = |query: &[(&str, &str)], views: &[SavedView]| {
            let (state, problems) = ListState::read(&page(query), &entity, views).unwrap();
            let key = shown(&entity, &state).unwrap().key.clone();
            (key, state.changed(&page(query)), problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>())
        };
        assert_eq!(read(&[("view", "board")], &[]), ("new".to_owned(), false, Vec::new()));
        assert_eq!(
            read(&[("view", "board"), ("pipeline", "renewals")], &[]),
            ("renewals".to_owned(), false, Vec::new())
        );
        let (key, _, problems) = read(&[("view", "board"), ("pipeline", "renewal")], &[]);
        assert_eq!(
            (key.as_str(), problems),
            ("new", vec!["Deals have no pipeline renewal; did you mean renewals?".to_owned()])
        );
        // A view that somebody keeps remembers its own, and tells when another one is looked at.
        let id = uuid::Uuid::from_u128(7).to_string();
        assert_eq!(read(&[("view", &id)], &[kept("renewals")]), ("renewals".to_owned(), false, Vec::new()));
        assert_eq!(
            read(&[("view", &id), ("pipeline", "new")], &[kept("renewals")]),
            ("new".to_owned(), true, Vec::new())
        );
        assert_eq!(read(&[("view", &id)], &[kept("gone")]).0, "new");
    }

    #[test]
    fn what_is_shown_is_what_a_view_keeps_and_what_is_asked_for() {
        let entity = entity();
        let (state, _) = ListState::read(&page(&[("view", "board"), ("pipeline", "renewals")]), &entity, &[]).unwrap();
        assert_eq!(state.content().pipeline.as_deref(), Some("renewals"));
        let states = entity.states.as_ref().unwrap();
        assert_eq!(rows(&entity, states.pipeline("new").unwrap()).print(), "status in (fresh, won)");
    }
}
