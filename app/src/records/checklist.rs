//! The checklist of a record: what its state asks to be done, each item a form of its own that ticks it or takes the tick back.

use super::post::{envelope, hidden, own_address, subject};
use super::rights::Reached;
use super::standing;
use crate::page::{PageContext, Viewer};
use crate::time::Clock;
use domain::people::ListMembers;
use domain::records::Record;
use domain::schema::checklist::{Item, Tick, tick};
use domain::schema::{Entity, State, States};
use domain::{BackendHandle, Result, Verb};
use leptos::prelude::*;
use std::collections::HashMap;
use ui::{Icon, Panel};
use uuid::Uuid;
use words::t;

/// What every item needs to be drawn.
struct Pen<'a> {
    page: &'a PageContext,
    viewer: &'a Viewer,
    entity: &'a Entity,
    record: &'a Record,
    names: HashMap<Uuid, String>,
    /// Why nothing can be ticked.
    closed: Option<String>,
}

/// The card of the state that the record is in, with those of the other states folded away below it.
pub async fn view(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
    reached: &Reached,
) -> Result<Option<AnyView>> {
    let Some(states) = entity.states.as_ref().filter(|states| states.items().next().is_some()) else {
        return Ok(None);
    };
    let trash = record.deleted_at.is_some().then(|| t!("It is in the trash").to_owned());
    let closed = trash.or_else(|| reached.missing(viewer, entity, Verb::Update, record));
    let names = names(backend, states, record).await?;
    let pen = Pen { page, viewer, entity, record, names, closed };
    let here = standing::state(entity, record).filter(|state| !state.checklist.is_empty());
    let pipeline = record.text("status").and_then(|status| states.pipeline_of(status));
    let others: Vec<&State> = states
        .along(pipeline)
        .filter(|state| !state.checklist.is_empty() && here.is_none_or(|here| here.key != state.key))
        .collect();
    let shown = here.map(|state| items(&pen, state));
    let title = match here {
        Some(state) => {
            let (done, all) = standing::progress(state, standing::ticks(record));
            t!("{state}: {done} of {all} done", state = state.label, done, all)
        }
        None => t!("Checklist").to_owned(),
    };
    let reason = pen.closed.clone();
    let folded = (!others.is_empty()).then(|| fold(&pen, here.is_some(), &others));
    Ok(Some(
        view! { <div class="checklist" id="checklist"><Panel title text=reason>{shown}{folded}</Panel></div> }
            .into_any(),
    ))
}

/// Who ticked what.
async fn names(backend: &BackendHandle, states: &States, record: &Record) -> Result<HashMap<Uuid, String>> {
    let ticks = standing::ticks(record);
    if states.items().all(|(_, item)| tick(ticks, &item.key).is_none_or(|tick| tick.by.is_none())) {
        return Ok(HashMap::new());
    }
    Ok(backend.run(ListMembers {}).await?.into_iter().map(|member| (member.id, member.name)).collect())
}

fn fold(pen: &Pen<'_>, beside: bool, others: &[&State]) -> AnyView {
    let summary = if beside { t!("Checklists of the other stages") } else { t!("Checklists of the stages") };
    let lists: Vec<AnyView> = others
        .iter()
        .map(|state| {
            let (done, all) = standing::progress(state, standing::ticks(pen.record));
            let heading = t!("{state}: {done} of {all} done", state = state.label, done, all);
            let list = items(pen, state);
            view! { <h3 class="desc-title">{heading}</h3>{list} }.into_any()
        })
        .collect();
    view! { <details class="timeline-fold"><summary><Icon name="chevron-right"/>{summary}</summary>{lists}</details> }
        .into_any()
}

fn items(pen: &Pen<'_>, state: &State) -> AnyView {
    let items: Vec<AnyView> = state.checklist.iter().map(|item| line(pen, item)).collect();
    view! { <ul class="todos">{items}</ul> }.into_any()
}

fn line(pen: &Pen<'_>, item: &Item) -> AnyView {
    let tick = tick(standing::ticks(pen.record), &item.key);
    let done = tick.is_some();
    let words = words(pen, item, tick);
    let line = if pen.closed.is_some() {
        let said = if done { t!("Done: {item}") } else { t!("Open: {item}") };
        let (says, _) = words::around(said, "item");
        view! { <div class="todo"><span class="sr-only">{says}</span>{words}</div> }.into_any()
    } else {
        form(pen, item, done, words)
    };
    view! { <li class:is-done=done data-item=item.key.clone()>{line}</li> }.into_any()
}

fn words(pen: &Pen<'_>, item: &Item, tick: Option<Tick<'_>>) -> AnyView {
    let clock = Clock::new(&pen.page.now, &pen.viewer.timezone);
    let who = tick.map(|tick| {
        let name = match tick.by {
            Some(by) => pen.names.get(&by).map_or(t!("Somebody who left"), String::as_str),
            None => t!("Demo data"),
        };
        let when = clock.moment(tick.at);
        view! { <span class="todo-who"><bdi>{name.to_owned()}</bdi>", "{when}</span> }
    });
    let help = item.help.clone().map(|help| view! { <span class="todo-help">{help}</span> });
    view! {
        <span class="todo-box"><Icon name="check"/></span>
        <span class="todo-words"><span class="todo-label">{item.label.clone()}</span>{help}</span>
        {who}
    }
    .into_any()
}

fn form(pen: &Pen<'_>, item: &Item, done: bool, words: AnyView) -> AnyView {
    let label = &item.label;
    let said = if done { t!("Taken back: {item}", item = label) } else { t!("Done: {item}", item = label) };
    let next = format!("{}#checklist", own_address(pen.page));
    let checked = if done { "true" } else { "false" };
    view! {
        <form method="post" action=pen.viewer.action("records.tick")>
            {subject(pen.entity, pen.record)}
            {hidden("item", item.key.clone())}
            {hidden("done", if done { "false" } else { "true" })}
            {envelope(pen.page, &format!("tick-{}", item.key), &next, &said)}
            <button class="todo" type="submit" role="checkbox" aria-checked=checked>{words}</button>
        </form>
    }
    .into_any()
}
