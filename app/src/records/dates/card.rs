//! A row on a day: its name and state, the way to it, and the form that moves it to another day. Hands and keys send the same form.

use super::super::address;
use super::super::form::{self, may_see};
use super::super::list_parts::lower;
use super::super::list_state::ListState;
use super::super::post::{envelope, hidden, own_address, subject};
use super::super::rights::Reached;
use super::super::values::{Values, hue, state_shape};
use super::Plan;
use super::place::{Event, Piece};
use crate::page::{PageContext, Replay, Viewer, encode};
use domain::Verb;
use domain::records::Record;
use domain::schema::{Entity, Field, FieldKind, ViewKind};
use leptos::prelude::*;
use ui::{
    Avatar, ButtonKind, CardField, DateInput, DayCard, DayPart, Hue, Menu, MenuItem, MenuLabel, MenuSide, Size,
    StateDot, StateShape, SubmitButton,
};
use words::t;

/// Fields on a card beside its title.
const LINES: usize = 2;

/// What everything that is drawn of one page shares.
pub struct Pen<'a> {
    pub page: &'a PageContext,
    pub viewer: &'a Viewer,
    pub entity: &'a Entity,
    pub plan: &'a Plan<'a>,
    pub values: Values,
    lines: Vec<&'a Field>,
    /// Rows that the viewer may change.
    reached: &'a Reached,
    /// What moving a row sets, the day first; nothing where nobody may, whatever the row.
    moving: Vec<&'a Field>,
    as_of: Option<&'a str>,
}

impl<'a> Pen<'a> {
    pub fn new(
        page: &'a PageContext,
        viewer: &'a Viewer,
        entity: &'a Entity,
        state: &'a ListState,
        plan: &'a Plan<'a>,
        reached: &'a Reached,
    ) -> Self {
        let marking = marking(entity).map(|field| &field.key);
        let shown = state.view.fields.iter().filter_map(|key| entity.field(key)).filter(|field| may_see(viewer, field));
        let beside = |field: &&Field| {
            ![&entity.title, &plan.date.key].contains(&&field.key)
                && !matches!(field.key.as_str(), "owner" | "status")
                && marking != Some(&field.key)
        };
        let lines = shown.filter(beside).take(LINES).collect();
        let writable = |field: &&Field| !field.read_only && field.writable(&viewer.grants);
        let first = Some(plan.date).filter(writable).filter(|_| state.as_of.is_none() && !state.trash);
        let moving = first.into_iter().chain(plan.end.filter(|end| first.is_some() && writable(end))).collect();
        let as_of = state.as_of.as_deref();
        Self { page, viewer, entity, plan, values: Values::of(page), lines, reached, moving, as_of }
    }

    /// The form that makes a row on this day, for those who may and where the day is the form's to set.
    pub fn new_href(&self, day: chrono::NaiveDate) -> Option<String> {
        let date = self.moving.first().filter(|_| self.viewer.may(self.entity, Verb::Create))?;
        if super::closed(date, day, self.plan.window.today()).is_some() {
            return None;
        }
        // In the morning, which is nearer to what is meant than midnight.
        let at = if matches!(date.kind, FieldKind::Datetime) { format!("{day}T09:00") } else { day.to_string() };
        let back = encode(&own_address(self.page));
        let path = self.viewer.path(&format!("{}/new", self.entity.plural));
        Some(format!("{path}?{}={}&back={back}", encode(&date.key), encode(&at)))
    }

    pub fn href(&self, record: &Record) -> String {
        let href = address::of(self.viewer, self.entity, record);
        self.as_of.map_or(href.clone(), |at| format!("{href}?as_of={}", encode(at)))
    }

    /// "3 tasks", "no tasks".
    pub fn counted(&self, count: usize) -> String {
        match count {
            0 => t!("no {rows}", rows = lower(&self.entity.labels.many)),
            1 => t!("{count} {rows}", count, rows = lower(&self.entity.labels.one)),
            _ => t!("{count} {rows}", count, rows = lower(&self.entity.labels.many)),
        }
    }
}

/// The option that tells rows apart where no state does.
pub fn marking(entity: &Entity) -> Option<&Field> {
    if entity.states.is_some() {
        return None;
    }
    entity.fields.iter().find(|field| field.is_open() && matches!(field.kind, FieldKind::Option { .. }))
}

/// The state of a row: hue, shape, word.
pub struct Mark {
    pub hue: Hue,
    pub shape: Option<StateShape>,
    pub word: Option<String>,
}

impl Mark {
    pub fn of(entity: &Entity, record: &Record) -> Self {
        if let (Some(states), Some(key)) = (&entity.states, record.text("status")) {
            let described = states.get(key).and_then(|state| state.hue);
            let word = Some(entity.state_label(key).to_owned());
            return Self { hue: hue(described, states.position(key)), shape: Some(state_shape(states, key)), word };
        }
        let choice = marking(entity).and_then(|field| {
            let key = record.text(&field.key)?;
            field.choices().iter().enumerate().find(|(_, choice)| choice.key == key)
        });
        match choice {
            Some((place, choice)) => {
                Self { hue: hue(choice.hue, place), shape: None, word: Some(choice.label.clone()) }
            }
            None => Self { hue: Hue::default(), shape: None, word: None },
        }
    }
}

/// The shape of a state; a square where there is none.
pub fn dot(shape: Option<StateShape>) -> AnyView {
    match shape {
        Some(shape) => view! { <StateDot shape/> }.into_any(),
        None => view! { <span class="option-mark"></span> }.into_any(),
    }
}

/// A piece of a row on one of its days. Its menu stands on the first of them.
pub fn card(pen: &Pen<'_>, piece: Piece<'_, '_>) -> AnyView {
    let Piece { event: Event { record, time, .. }, cut: (begun, goes_on), first, lane } = piece;
    let Mark { hue, shape, word } = Mark::of(pen.entity, record);
    let word = word.map(|word| view! { <span class="cal-state" dir="auto">{word}</span> });
    let movable = movable(pen, record);
    let handle = movable.is_ok();
    view! {
        <DayCard
            attr:data-card=""
            attr:data-version=record.version.to_string()
            id=record.id.to_string()
            title=address::title(pen.entity, record)
            href=pen.href(record)
            hue
            mark=dot(shape)
            time=time.clone().filter(|_| !begun)
            part=DayPart { begun, goes_on, rest: !first, lane }
            meta=view! { {word}{lines(pen, record)}{owner(pen, record)} }.into_any()
            menu=first.then(|| menu(pen, record, movable)).flatten()
            handle
        />
    }
    .into_any()
}

fn lines(pen: &Pen<'_>, record: &Record) -> Vec<AnyView> {
    let filled = |field: &&&Field| record.values.get(&field.key).is_some_and(|value| !value.is_null());
    let cell = |field: &&Field| {
        let value = pen.values.cell(pen.entity, field, record);
        view! { <CardField label=field.label.clone()>{value}</CardField> }.into_any()
    };
    pen.lines.iter().filter(filled).map(cell).collect()
}

fn owner(pen: &Pen<'_>, record: &Record) -> Option<AnyView> {
    let name = pen.entity.field("owner").and_then(|field| record.label(&field.key))?;
    let title = t!("Owner: {name}", name);
    let spoken = title.clone();
    Some(
        view! { <span class="card-owner" title=title><Avatar name size=Size::Small/><span class="sr-only">{spoken}</span></span> }
            .into_any(),
    )
}

/// Whether the viewer may move the row, or why not; an empty reason where nobody may, whatever the row.
fn movable(pen: &Pen<'_>, record: &Record) -> Result<(), String> {
    if pen.moving.is_empty() || record.deleted_at.is_some() {
        return Err(String::new());
    }
    pen.reached.missing(pen.viewer, pen.entity, Verb::Update, record).map_or(Ok(()), Err)
}

fn menu(pen: &Pen<'_>, record: &Record, movable: Result<(), String>) -> Option<AnyView> {
    let name = t!("Move {title} to another day", title = address::title(pen.entity, record));
    let content = match movable {
        Ok(()) => view! { <MenuLabel>{t!("Move to day")}</MenuLabel>{move_form(pen, record, None)} }.into_any(),
        Err(reason) if reason.is_empty() => return None,
        Err(reason) => view! { <MenuItem reason>{t!("Move to day")}</MenuItem> }.into_any(),
    };
    Some(view! { <Menu icon="ellipsis" name size=Size::Small side=MenuSide::End>{content}</Menu> }.into_any())
}

/// The day, and the end that moves along, as the versioned update of the row.
fn move_form(pen: &Pen<'_>, record: &Record, replay: Option<&Replay>) -> AnyView {
    let Pen { page, viewer, entity, .. } = *pen;
    let base: Vec<AnyView> = pen
        .moving
        .iter()
        .map(|field| {
            let read = record.values.get(&field.key).cloned().unwrap_or_default().to_string();
            hidden(format!("base.{}", field.key), read)
        })
        .collect();
    let place = if replay.is_some() { "again" } else { "day" };
    let controls: Vec<AnyView> = pen.moving.iter().map(|field| control(pen, field, record, replay, place)).collect();
    let done = t!("{entity} moved", entity = entity.labels.one);
    let purpose = format!("{place}-{}", record.id.simple());
    view! {
        <form class="day-form" method="post" action=viewer.action("records.update") data-moves="">
            {subject(entity, record)}
            {base}
            {envelope(page, &purpose, &own_address(page), &done)}
            {controls}
            <SubmitButton kind=ButtonKind::Secondary size=Size::Small>{t!("Move")}</SubmitButton>
        </form>
    }
    .into_any()
}

fn control(pen: &Pen<'_>, field: &Field, record: &Record, replay: Option<&Replay>, place: &str) -> AnyView {
    let name = format!("values.{}", field.key);
    let held = record.text(&field.key).unwrap_or_default();
    let with_time = matches!(field.kind, FieldKind::Datetime);
    let shown = if with_time { pen.values.clock.shown(held) } else { held.to_owned() };
    let value = replay.and_then(|replay| replay.value(&name)).map_or(shown, str::to_owned);
    let max = matches!(field.kind, FieldKind::Date { past: true }).then(|| pen.plan.window.today().to_string());
    // The list of what is wrong leads to the control by its name.
    let id = if replay.is_some() { name.clone() } else { format!("{place}-{}-{}", record.id.simple(), field.key) };
    let label = field.label.clone();
    let required = field.required || field.key == pen.plan.date.key;
    let error = replay.and_then(|replay| replay.error_for(&field.key)).map(str::to_owned);
    view! { <DateInput name id label value with_time max required error/> }.into_any()
}

/// The same form over the page, after it was refused.
pub fn again(pen: &Pen<'_>, record: &Record, replay: &Replay) -> Option<AnyView> {
    if replay.operation != "records.update" || movable(pen, record).is_err() {
        return None;
    }
    let title = t!("Move {title}", title = address::title(pen.entity, record));
    let label = title.clone();
    Some(view! { <section class="day-again" aria-label=label><h2>{title}</h2>{move_form(pen, record, Some(replay))}</section> }.into_any())
}

/// Whether a row can be moved at all on this page. The bars of a timeline stand still.
pub fn moves(pen: &Pen<'_>) -> bool {
    pen.plan.kind == ViewKind::Calendar && !pen.moving.is_empty() && pen.viewer.may(pen.entity, Verb::Update)
}

/// Why nobody moves rows by this field, for those who wonder.
pub fn why_not(pen: &Pen<'_>) -> Option<String> {
    let date = pen.plan.date;
    if pen.plan.kind != ViewKind::Calendar || pen.as_of.is_some() || !pen.moving.is_empty() {
        return None;
    }
    form::write_missing(pen.viewer, date).or_else(|| {
        date.read_only.then(|| t!("{field} is set by the system: nothing is moved here", field = date.label))
    })
}
