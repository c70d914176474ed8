//! Pipelines on pages, where an entity has several: which one a board shows, and in which one a record is.

use super::list_state::ListState;
use crate::page::PageContext;
use domain::records::Record;
use domain::schema::{Comparison, Entity, Filter, PIPELINE, Pipeline, Test};
use leptos::prelude::*;
use ui::{Chip, SegmentedControl, TabItem};

/// The pipeline whose states make the columns: the one that the address or the view names, else the first.
pub fn shown<'a>(entity: &'a Entity, state: &ListState) -> Option<&'a Pipeline> {
    let states = entity.states.as_ref()?;
    state.pipeline.as_deref().and_then(|key| states.pipeline(key)).or(states.pipelines.first())
}

/// The rows of a pipeline, by its states: a row of the past says its state, whatever the description called a pipeline then.
pub fn test(entity: &Entity, pipeline: &Pipeline) -> Filter {
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
    Some(view! { <div class="board-pipelines"><SegmentedControl label="Pipeline" items/></div> }.into_any())
}

/// The pipeline of a record, beside its state.
pub fn chip(entity: &Entity, record: &Record) -> Option<AnyView> {
    let pipeline = entity.states.as_ref()?.pipeline_of(record.text("status")?)?;
    let (title, label) = (format!("Pipeline: {}", pipeline.label), pipeline.label.clone());
    Some(view! { <Chip title><span class="sr-only">"Pipeline: "</span>{label}</Chip> }.into_any())
}
