//! Pages of a record's timeline: what comes forty at a time, how far back a page therefore knows everything, and what leads on to the next. And what
//! stands there that happened beside the record: what was written down and sent about it, and workflow runs.

use super::address;
use super::post::base_address;
use super::related::Related;
use super::timeline::moment_in_day;
use super::values::state_chip;
use crate::page::{PageContext, Viewer};
use crate::time::Clock;
use crate::workflow::run_chip;
use domain::records::{ListRecords, Record, RecordTimeline, TimelineEntry};
use domain::schema::query::MAX_LIMIT;
use domain::schema::{Comparison, Count, Entity, FieldKind, Filter, ListQuery, Sort, Test, value};
use domain::workflow::{ListRuns, RunRow};
use domain::{BackendHandle, Result};
use leptos::prelude::*;
use ui::{TimelineItem, Tone};
use uuid::Uuid;
use words::t;

/// Entries of one page, of each kind that may have many.
pub const ENTRIES: u32 = 40;
/// What is shown of a message; its text stays where it is.
const OF_A_MESSAGE: [&str; 6] = ["number", "subject", "status", "channel", "direction", "recipient"];
/// When a row was made.
const MADE: &str = "createdAt";

/// What points at the record and stands in its timeline.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    pub messages: Option<&'a Related>,
    pub activities: Option<&'a Related>,
}

impl<'a> Around<'a> {
    pub fn of(related: &'a [Related]) -> Self {
        Self {
            messages: related.iter().find(|one| one.is_messages()),
            activities: related.iter().find(|one| one.entity.key == "activity"),
        }
    }
}

/// What is asked for.
pub struct Asked<'a> {
    /// One kind alone.
    pub kind: Option<&'a str>,
    /// The change and the run behind which this page goes on.
    before: Option<Uuid>,
    run: Option<Uuid>,
    /// Of everything else what is older than this moment.
    until: Option<&'a str>,
}

impl<'a> Asked<'a> {
    pub fn of(page: &'a PageContext, kind: Option<&'a str>, clock: Clock) -> Self {
        let id = |name: &str| page.query(name).and_then(|id| Uuid::try_parse(id).ok());
        let until = page.query("until").filter(|until| clock.at(until).is_some());
        Self { kind, before: id("before"), run: id("run"), until }
    }

    pub fn wants(&self, kind: &str) -> bool {
        self.kind.is_none_or(|only| only == kind)
    }

    /// Whether nothing newer was left behind.
    pub fn is_first(&self) -> bool {
        self.before.is_none() && self.until.is_none()
    }
}

/// What comes forty at a time, and since when a page knows all of it.
pub struct Stretch<'a> {
    asked: &'a Asked<'a>,
    pub changes: Vec<TimelineEntry>,
    pub messages: Vec<Record>,
    /// What was written down, each with the moment that it stands at.
    pub activities: Vec<(String, Record)>,
    pub runs: Vec<RunRow>,
    /// There is more before this moment.
    from: Option<String>,
}

impl<'a> Stretch<'a> {
    /// Each kind takes a statement, where there can be any of it.
    pub async fn load(
        viewer: &Viewer,
        backend: &BackendHandle,
        entity: &Entity,
        record: Uuid,
        around: Around<'_>,
        asked: &'a Asked<'a>,
    ) -> Result<Self> {
        let mut changes = Vec::new();
        if asked.wants("changes") {
            let key = entity.key.clone();
            let query = RecordTimeline { entity: key, id: record, limit: ENTRIES, before: asked.before };
            changes = backend.run(query).await?;
        }
        let messages = match around.messages.filter(|messages| messages.count > 0 && asked.wants("messages")) {
            Some(messages) => about(viewer, backend, messages, record, asked.until).await?,
            None => Vec::new(),
        };
        let activities = around.activities.filter(|activities| activities.count > 0 && asked.wants("activities"));
        let (activities, written_since) = match activities {
            Some(activities) => written_down(viewer, backend, activities, record, asked.until).await?,
            None => (Vec::new(), None),
        };
        let mut runs = Vec::new();
        if asked.wants("runs") && sees_runs(viewer) {
            let (workflow, state) = (None, None);
            let query = ListRuns { workflow, record: Some(record), state, before: asked.run, limit: ENTRIES };
            runs = backend.run(query).await?;
            for run in &mut runs {
                run.created_at = to_the_second(&run.created_at);
            }
        }
        // Where changes go on is told by their ids, so that a second may be divided between two pages.
        let known = changes.last().filter(|_| is_full(&changes, ENTRIES)).map(|entry| entry.at.clone());
        let sent_since = whole_since(&messages, written, ENTRIES);
        let ran_since = whole_since(&runs, |run| run.created_at.as_str(), ENTRIES);
        let from = [known, sent_since, written_since, ran_since].into_iter().flatten().max();
        let mut stretch = Self { asked, changes, messages, activities, runs, from };
        let shown = stretch.changes.iter().take_while(|entry| stretch.knows(&entry.at)).count();
        stretch.changes.truncate(shown);
        Ok(stretch)
    }

    fn knows(&self, at: &str) -> bool {
        self.from.as_deref().is_none_or(|from| at >= from)
    }

    /// Whether something of this moment stands on this page. Of changes that is found out already.
    pub fn holds(&self, at: &str) -> bool {
        self.knows(at) && self.asked.until.is_none_or(|until| at < until)
    }

    /// The next page, where there is one.
    pub fn older(&self, page: &PageContext) -> Option<String> {
        let from = self.from.as_deref()?;
        let change = self.changes.last().map(|entry| entry.id).or(self.asked.before);
        let run = self.runs.iter().take_while(|run| self.knows(&run.created_at)).last().map(|run| run.id);
        let (change, run) = (change.map(|id| id.to_string()), run.or(self.asked.run).map(|id| id.to_string()));
        let until = self.asked.until.filter(|until| *until < from).unwrap_or(from);
        let mut set = vec![("until", until)];
        set.extend(change.as_deref().map(|id| ("before", id)));
        set.extend(run.as_deref().map(|id| ("run", id)));
        Some(base_address(page, &set))
    }
}

pub fn sees_runs(viewer: &Viewer) -> bool {
    viewer.grants.allows("workflow.run.read")
}

fn is_full<T>(found: &[T], most: u32) -> bool {
    u32::try_from(found.len()).is_ok_and(|found| found >= most)
}

/// Of what came newest first, and at most so many: since when there is nothing but this, where there may be more. Of its last second that is not
/// known.
fn whole_since<T>(found: &[T], at: fn(&T) -> &str, most: u32) -> Option<String> {
    let last = at(found.last().filter(|_| is_full(found, most))?);
    Some(found.iter().rev().map(at).find(|at| *at != last).unwrap_or(last).to_owned())
}

/// As everything else in the timeline has it.
fn to_the_second(at: &str) -> String {
    at.get(..19).map_or_else(|| at.to_owned(), |whole| format!("{whole}Z"))
}

/// When a message was made. How far it has got since is its state.
pub fn written(message: &Record) -> &str {
    message.text(MADE).unwrap_or_default()
}

/// Of rows that were made before a moment, or that a field of theirs puts there.
fn before(field: &str, until: &str) -> Filter {
    let (field, values) = (field.to_owned(), vec![until.to_owned()]);
    Filter::Test(Test { field, comparison: Comparison::Less, values })
}

/// Messages about a record, the newest first, as far as the viewer may read them.
async fn about(
    viewer: &Viewer,
    backend: &BackendHandle,
    messages: &Related,
    record: Uuid,
    until: Option<&str>,
) -> Result<Vec<Record>> {
    let mut filter = vec![messages.filter(record)];
    filter.extend(until.map(|until| before(MADE, until)));
    let readable = |key: &str| messages.entity.field(key).is_some_and(|field| field.readable(&viewer.grants));
    let shown = OF_A_MESSAGE.into_iter().filter(|key| readable(key));
    let query = ListQuery {
        filter: Some(Filter::All(filter)),
        sort: vec![Sort { field: MADE.to_owned(), descending: true }],
        limit: ENTRIES,
        count: Count::None,
        fields: shown.chain([MADE]).map(str::to_owned).collect(),
        ..ListQuery::default()
    };
    backend.run(ListRecords { entity: messages.entity.key.clone(), query }).await?.take_records()
}

/// What was written down about a record, the newest first, and since when that is all of it. An activity stands at its own moment; one that has none,
/// at the moment at which it was written down. Two lists, since no order has both.
async fn written_down(
    viewer: &Viewer,
    backend: &BackendHandle,
    activities: &Related,
    record: Uuid,
    until: Option<&str>,
) -> Result<(Vec<(String, Record)>, Option<String>)> {
    let own = happened(viewer, &activities.entity);
    let mut found: Vec<(String, Record)> = Vec::new();
    let mut from: Option<String> = None;
    for key in own.into_iter().chain([MADE]) {
        // Hardly any is without a moment of its own.
        if found.len() as u64 >= activities.count {
            break;
        }
        let mut filter = vec![activities.filter(record)];
        filter.extend(own.map(|own| {
            let comparison = if own == key { Comparison::NotEmpty } else { Comparison::Empty };
            Filter::Test(Test { field: own.to_owned(), comparison, values: Vec::new() })
        }));
        filter.extend(until.map(|until| before(key, until)));
        let (rows, most) = newest(backend, &activities.entity, Filter::All(filter), key).await?;
        let at = |row: &Record| row.text(key).map(str::to_owned);
        let rows: Vec<(String, Record)> = rows.into_iter().filter_map(|row| Some((at(&row)?, row))).collect();
        from = from.max(whole_since(&rows, |(at, _)| at.as_str(), most));
        found.extend(rows);
    }
    Ok((found, from))
}

/// The field that says when an activity happened, where the viewer may know.
fn happened<'a>(viewer: &Viewer, entity: &'a Entity) -> Option<&'a str> {
    let own = entity.fields.iter().find(|field| matches!(field.kind, FieldKind::Datetime) && !field.read_only);
    own.filter(|field| field.is_sorting() && field.readable(&viewer.grants)).map(|field| field.key.as_str())
}

/// The newest rows by a field, and how many there could have been. A page that is full of one second, as of rows that came in a file, asks for the rest
/// of that second too: it would be on no page.
async fn newest(backend: &BackendHandle, entity: &Entity, filter: Filter, key: &str) -> Result<(Vec<Record>, u32)> {
    let rows = latest(backend, entity, filter.clone(), key, ENTRIES).await?;
    let at = |row: Option<&Record>| row.and_then(|row| row.text(key)).map(str::to_owned);
    if is_full(&rows, ENTRIES) && at(rows.first()) == at(rows.last()) {
        return Ok((latest(backend, entity, filter, key, MAX_LIMIT).await?, MAX_LIMIT));
    }
    Ok((rows, ENTRIES))
}

async fn latest(
    backend: &BackendHandle,
    entity: &Entity,
    filter: Filter,
    key: &str,
    limit: u32,
) -> Result<Vec<Record>> {
    let query = ListQuery {
        filter: Some(filter),
        sort: vec![Sort { field: key.to_owned(), descending: true }],
        limit,
        count: Count::None,
        ..ListQuery::default()
    };
    backend.run(ListRecords { entity: entity.key.clone(), query }).await?.take_records()
}

/// A message: by which way it goes, to whom, what it is called, and how far it got.
pub fn message_item(viewer: &Viewer, entity: &Entity, clock: Clock, message: &Record) -> AnyView {
    let word = |key: &str| {
        let (field, value) = (entity.field(key)?, message.values.get(key)?);
        Some(value::show(field, None, value, None)).filter(|word| !word.is_empty())
    };
    let words: Vec<String> = ["channel", "direction", "recipient"].into_iter().filter_map(word).collect();
    let words = if words.is_empty() { entity.labels.one.clone() } else { words.join(" · ") };
    let (href, subject) = (address::of(viewer, entity, message), address::title(entity, message));
    let state = message.text("status").map(|state| state_chip(entity.states.as_ref(), state));
    let title = view! { <b>{words}</b>": "<a class="link" href=href dir="auto">{subject}</a>" "{state} };
    let when = moment_in_day(clock, written(message));
    view! { <TimelineItem icon="mail" tone=Tone::Info title=title.into_any() when/> }.into_any()
}

/// A run: of which workflow, and how far it got. What it saw and did is on its own page, for those who may see that.
pub fn run_item(viewer: &Viewer, clock: Clock, run: &RunRow) -> AnyView {
    let (href, name) = (viewer.path(&format!("runs/{}", run.id)), viewer.catalog.say(&run.workflow_name).to_owned());
    let state = run_chip(run.state);
    let title = view! { <b>{t!("Workflow")}</b>": "<a class="link" href=href dir="auto">{name}</a>" "{state} };
    let when = moment_in_day(clock, &run.created_at);
    view! { <TimelineItem icon="workflow" tone=Tone::Neutral title=title.into_any() when/> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES, to_the_second, whole_since};

    #[test]
    fn what_came_whole_goes_back_to_the_second_before_its_last() {
        let mut found: Vec<String> =
            (0..ENTRIES).rev().map(|second| format!("2026-11-20T12:00:{second:02}Z")).collect();
        assert_eq!(whole_since(&found, String::as_str, ENTRIES).as_deref(), Some("2026-11-20T12:00:01Z"));
        // Two of the last second: a third may be on the next page, so all of them are.
        if let Some(last) = found.iter_mut().rev().nth(1) {
            *last = "2026-11-20T12:00:00Z".to_owned();
        }
        assert_eq!(whole_since(&found, String::as_str, ENTRIES).as_deref(), Some("2026-11-20T12:00:02Z"));
        found.pop();
        assert_eq!(whole_since(&found, String::as_str, ENTRIES), None);
        assert_eq!(to_the_second("2026-11-20T12:00:01.123Z"), "2026-11-20T12:00:01Z");
    }
}
