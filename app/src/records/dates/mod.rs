//! The calendar and the timeline of any described entity that has days: one read of the rows of a stretch, drawn as a month, a week, a list of days or
//! bars. Everything is in the address, so that going on, back and elsewhere are links.

mod agenda;
mod asked;
mod bars;
mod card;
mod grid;
mod place;
mod toolbar;
mod window;

pub use asked::{Dates, view};

use self::card::Pen;
use self::place::Event;
use self::window::{Scale, Window, span};
use super::list_state::{ListState, Unreadable, readable};
use super::rights::Reached;
use super::values::Values;
use super::{form, list, list_parts, live, past, saved};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, set_status};
use chrono::NaiveDate;
use domain::money::group_thousands;
use domain::records::{ListRecords, Record, Total};
use domain::schema::query::{MAX_LIMIT, MAX_SORTS};
use domain::schema::{Entity, Field, FieldKind, ListQuery, Sort, ViewKind, stretch};
use domain::views::SavedView;
use domain::{Error, Kind, Result, Verb};
use leptos::prelude::*;
use std::sync::Arc;
use ui::{Crumb, FillPage, Notice, Tone};
use words::t;

/// What is shown, by which field, for how many days.
struct Plan<'a> {
    kind: ViewKind,
    date: &'a Field,
    end: Option<&'a Field>,
    /// The field that makes the groups of a timeline.
    group: Option<&'a Field>,
    /// Fields of which one can be chosen instead.
    offered: Vec<&'a Field>,
    window: Window,
}

impl<'a> Plan<'a> {
    /// Not found, where nothing has a day that the viewer may know.
    fn read(
        page: &PageContext,
        viewer: &Viewer,
        entity: &'a Entity,
        state: &ListState,
        problems: &mut Vec<Unreadable>,
    ) -> Result<Self> {
        let offered = offered(viewer, entity);
        let chosen = |key: &Option<String>| offered.iter().find(|field| Some(&field.key) == key.as_ref()).copied();
        let date = chosen(&state.dates.date).or(offered.first().copied()).ok_or_else(Error::not_found)?;
        let end = chosen(&state.dates.end).filter(|end| end.key != date.key);
        let kind = state.view.kind;
        let group = state.group.as_deref().filter(|_| kind == ViewKind::Timeline).and_then(|key| entity.field(key));
        let group = group.filter(|field| readable(viewer, field));
        let today = Values::of(page).clock.today();
        let on = match page.query("on").map(|text| (text, Window::read(text))) {
            Some((_, Ok(day))) => day,
            Some((text, Err(message))) => {
                problems.push(Unreadable { parameter: "on", text: text.to_owned(), message });
                today
            }
            None => today,
        };
        let scale = Scale::read(kind, state.dates.scale.as_deref());
        let window = Window::of(scale, on, today, kind == ViewKind::Calendar);
        Ok(Self { kind, date, end, group, offered, window })
    }

    fn query(&self, viewer: &Viewer, entity: &Entity, state: &ListState) -> ListQuery {
        let within = stretch(self.date, self.end, self.window.from, self.window.until);
        let filter = state.filter.clone().map_or(within.clone(), |filter| filter.and(within));
        let by_day = Sort { field: self.date.key.clone(), descending: false };
        let then = state.sort.iter().filter(|sort| sort.field != by_day.field).cloned();
        let sort = std::iter::once(by_day.clone()).chain(then).take(MAX_SORTS).collect();
        let fields = self.fields(viewer, entity, state).iter().map(|field| field.key.clone()).collect();
        ListQuery { filter: Some(filter), sort, limit: MAX_LIMIT, offset: 0, cursor: None, ..state.query(fields) }
    }

    /// What is drawn of a row.
    fn fields(&self, viewer: &Viewer, entity: &'a Entity, state: &ListState) -> Vec<&'a Field> {
        let fixed = [entity.title.as_str(), "number", "status", "owner"];
        let shown = state.view.fields.iter().map(String::as_str);
        let named = fixed.into_iter().chain(shown).filter_map(|key| entity.field(key));
        let mut fields: Vec<&Field> = Vec::new();
        for field in named.chain([self.date]).chain(self.end).chain(self.group).chain(card::marking(entity)) {
            if readable(viewer, field) && fields.iter().all(|known| known.key != field.key) {
                fields.push(field);
            }
        }
        fields
    }

    /// Rows that last stand on each of their days; those that do not, on one.
    fn events<'r>(&self, values: &Values, rows: &'r [Record]) -> Vec<Event<'r>> {
        rows.iter().filter_map(|row| Event::of(values.clock, self.date, self.end, row)).collect()
    }
}

/// Fields by whose days rows can stand, for this viewer. Nothing where only the moments have days that every row has.
pub fn offered<'a>(viewer: &Viewer, entity: &'a Entity) -> Vec<&'a Field> {
    let fields: Vec<&Field> = entity.dated().filter(|field| readable(viewer, field)).collect();
    if fields.iter().all(|field| field.is_stamp()) { Vec::new() } else { fields }
}

/// The rows of a stretch, and how many there are.
struct Found {
    rows: Vec<Record>,
    total: Option<Total>,
    /// The day at which the read ended, where there are more rows than it takes: this one may lack some, and those behind it all.
    cut: Option<NaiveDate>,
}

pub async fn dated_view(
    page: PageContext,
    viewer: Arc<Viewer>,
    entity: Arc<Entity>,
    views: &[SavedView],
) -> Result<AnyView> {
    let (state, mut problems) = ListState::read(&page, &entity, views)?;
    let plan = Plan::read(&page, &viewer, &entity, &state, &mut problems)?;
    let Some(content) = content(&page, &viewer, &entity, &state, &plan, problems).await? else {
        return Ok(().into_any());
    };
    let heading = format!("{}: {}, {}", entity.labels.many, state.view.label, plan.window.title());
    let tabs = list_parts::tabs(&page, &viewer, &entity, &state.view, views);
    let actions = state.as_of.is_none().then(|| list_parts::actions(&viewer, &entity, &state));
    let past = state.as_of.as_deref().map(|at| past::banner(&page, &viewer, at, page.with_query(&[("as_of", None)])));
    let body = view! { <FillPage title=heading>{past}{content}</FillPage> }.into_any();
    let crumbs = vec![Crumb::here(entity.labels.many.clone())];
    Ok(workspace_frame(&page, crumbs, Some(tabs), actions, body))
}

/// Bar, what was refused, and the days; nothing where the browser is led on.
async fn content(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    state: &ListState,
    plan: &Plan<'_>,
    problems: Vec<Unreadable>,
) -> Result<Option<AnyView>> {
    let backend = page.backend()?;
    if !problems.is_empty() {
        set_status(Kind::Invalid.status());
        return Ok(Some(list::unreadable(page, viewer, entity, state, problems)));
    }
    let Some((bar, line)) = list::narrowing(page, viewer, &backend, entity, state).await? else { return Ok(None) };
    let found = match read(viewer, &backend, entity, state, plan, Values::of(page)).await {
        Ok(found) => found,
        Err(error) if error.kind == Kind::Invalid => {
            set_status(Kind::Invalid.status());
            let culprit = list::culprit(page, state, &error);
            return Ok(Some(list::unreadable(page, viewer, entity, state, vec![culprit])));
        }
        Err(error) => return Err(error),
    };
    let reached = Reached::load(viewer, &backend, entity, Verb::Update, found.rows.iter()).await?;
    let pen = Pen::new(page, viewer, entity, state, plan, &reached);
    let events = plan.events(&pen.values, &found.rows);
    let days = match (plan.kind, plan.window.scale) {
        (ViewKind::Timeline, _) => bars::draw(&pen, &events),
        (_, Scale::Day | Scale::Agenda) => agenda::draw(&pen, &events, found.cut),
        _ => grid::draw(&pen, &events, found.cut),
    };
    let said = saved::notices(page, viewer, entity, state);
    let refused = refused(page, &pen, &found.rows);
    let live = state.as_of.is_none().then(|| live::bar(page, viewer, entity, None));
    let (head, limit) = (toolbar::draw(&pen, state, &found), limited(&found));
    let ask = past::ask(page);
    Ok(Some(
        view! {
            {bar}{said}{refused}{line}{live}
            <div
                class="dates-region"
                data-region="dates"
                data-entity=entity.key.clone()
                data-plural=entity.plural.clone()
            >
                {head}{limit}{days}
            </div>
            {ask}
        }
        .into_any(),
    ))
}

/// One range over the index of the field, under row security, as far as the caller's reach goes.
async fn read(
    viewer: &Viewer,
    backend: &domain::BackendHandle,
    entity: &Entity,
    state: &ListState,
    plan: &Plan<'_>,
    values: Values,
) -> Result<Found> {
    let query = plan.query(viewer, entity, state);
    let mut answer = backend.run(ListRecords { entity: entity.key.clone(), query }).await?;
    let rows = answer.take_records()?;
    let last = rows.last().and_then(|row| Event::of(values.clock, plan.date, None, row)).map(|event| event.from);
    let cut = last.filter(|_| answer.next.is_some());
    Ok(Found { rows, total: answer.total, cut })
}

/// "500 of 2,310 shown, up to 14 Nov 2026. Narrow the filter or choose fewer days."
fn limited(found: &Found) -> Option<AnyView> {
    let until = found.cut?;
    let (shown, day) = (found.rows.len(), span(until, until));
    let all = found.total.map(|total| (group_thousands(&total.value.to_string()), total.exact));
    let words = match all {
        Some((all, true)) => t!("{shown} of {all} shown, up to {day}.", shown, all, day),
        Some((all, false)) => t!("{shown} of about {all} shown, up to {day}.", shown, all, day),
        None => t!("{shown} shown, up to {day}.", shown, day),
    };
    let words = format!("{words} {}", t!("Narrow the filter or choose fewer days to see the rest."));
    Some(view! { <div class="page-notices"><Notice tone=Tone::Warning>{words}</Notice></div> }.into_any())
}

/// Why a row was not moved, with the form once more: what was chosen stays.
fn refused(page: &PageContext, pen: &Pen<'_>, rows: &[Record]) -> Option<AnyView> {
    let replay = page.replay.as_deref().filter(|replay| replay.operation != "views.save")?;
    set_status(replay.error.kind.status());
    let problems = form::problems(replay, pen.entity, t!("It was not moved"));
    let record = replay.value("id").and_then(|id| rows.iter().find(|row| row.id.to_string() == id));
    let again = record.and_then(|record| card::again(pen, record, replay));
    Some(view! { <div class="page-notices">{problems}{again}</div> }.into_any())
}

/// Why nothing can stand on a day, where the field says so.
fn closed(field: &Field, day: NaiveDate, today: NaiveDate) -> Option<String> {
    let past = matches!(field.kind, FieldKind::Date { past: true });
    (past && day > today).then(|| t!("{field} cannot be after today", field = field.label))
}
