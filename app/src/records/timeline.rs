//! What happened to a record, newest first, grouped by day: its changes, and the activities about it.

use super::address;
use super::list_parts::lower;
use super::post::base_address;
use super::related::Related;
use crate::page::{PageContext, Viewer, encode};
use crate::time::Clock;
use domain::records::{FieldChange, ListRecords, Record, RecordTimeline, TimelineEntry};
use domain::schema::{Comparison, Count, Entity, Field, FieldKind, Filter, ListQuery, Sort, Test, value};
use domain::{BackendHandle, Result, Verb};
use leptos::prelude::*;
use ui::{ChangedField, EmptyState, Icon, LinkButton, Time, Timeline, TimelineDay, TimelineItem, TimelineNote, Tone};
use uuid::Uuid;

/// Entries of one page.
const ENTRIES: u32 = 40;
/// More changed fields than this are folded away.
const FOLDED: usize = 6;
/// Notes longer than this are cut; the activity itself has all of it.
const EXCERPT: usize = 600;

/// One line of the stream, with the moment that it is sorted by.
struct Line {
    at: String,
    activity: bool,
    view: AnyView,
}

/// `activities` is how rows of that entity point at this record, where they do.
pub async fn view(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
    activities: Option<&Related>,
) -> Result<AnyView> {
    let before = page.query("before").and_then(|id| Uuid::try_parse(id).ok());
    let until = page.query("until").filter(|_| before.is_some());
    let entries =
        backend.run(RecordTimeline { entity: entity.key.clone(), id: record.id, limit: ENTRIES, before }).await?;
    let last = entries.last().map(|entry| (entry.id, entry.at.clone()));
    let more = entries.len() == ENTRIES as usize;
    let clock = Clock::new(&page.now, &viewer.timezone);
    let mut lines: Vec<Line> = entries
        .iter()
        .map(|entry| Line {
            at: entry.at.clone(),
            activity: false,
            view: change_item(page, viewer, entity, clock, entry),
        })
        .collect();
    if let Some(activities) = activities {
        // Those of the stretch of time that this page of changes covers.
        let from = last.as_ref().filter(|_| more).map(|(_, at)| at.as_str());
        for row in recent(backend, activities, record.id).await? {
            let Some(at) = moment(&activities.entity, &row) else { continue };
            if from.is_none_or(|from| at.as_str() >= from) && until.is_none_or(|until| at.as_str() < until) {
                let view = activity_item(page, viewer, &activities.entity, clock, &row, &at);
                lines.push(Line { at, activity: true, view });
            }
        }
        // Newest first, to the second; what was written down in the second of a change stands above it.
        lines.sort_by(|one, other| second(&other.at).cmp(second(&one.at)).then(other.activity.cmp(&one.activity)));
    }
    if lines.is_empty() {
        return Ok(view! { <EmptyState icon="clock" title="Nothing has happened yet" text="Changes, notes and calls appear here."/> }.into_any());
    }
    let older = last.filter(|_| more).map(|(id, at)| {
        let href = base_address(page, &[("before", &id.to_string()), ("until", &at)]);
        view! { <div class="timeline-older"><LinkButton href>"Show older"</LinkButton></div> }
    });
    Ok(view! { <Timeline>{by_day(clock, lines)}</Timeline>{older} }.into_any())
}

fn second(at: &str) -> &str {
    at.get(..19).unwrap_or(at)
}

fn by_day(clock: Clock, lines: Vec<Line>) -> Vec<AnyView> {
    let mut views = Vec::with_capacity(lines.len() + 8);
    let mut day = String::new();
    for line in lines {
        let heading = clock.heading(&line.at);
        if heading != day {
            views.push(view! { <TimelineDay label=heading.clone()/> }.into_any());
            day = heading;
        }
        views.push(line.view);
    }
    views
}

/// Under the heading of its day: how long ago today, the time of day before.
fn moment_in_day(clock: Clock, at: &str) -> AnyView {
    let full = clock.full(at);
    match full.split_once(", ") {
        Some((_, time)) if clock.heading(at) != "Today" => {
            let text = time.to_owned();
            view! { <Time datetime=at text full/> }.into_any()
        }
        _ => clock.moment(at),
    }
}

/// A change of the record as a sentence, with what was and what is.
fn change_item(page: &PageContext, viewer: &Viewer, entity: &Entity, clock: Clock, entry: &TimelineEntry) -> AnyView {
    let changes: Vec<(&Field, &FieldChange)> =
        entry.changes.iter().filter_map(|change| known_field(entity, change).map(|field| (field, change))).collect();
    let cause = entry.cause.as_ref().map_or("request", |cause| cause.kind.as_str());
    let (icon, tone, words) = sentence(entity, entry, &changes, cause);
    let actor = entry.actor.clone().unwrap_or_else(|| "Nexus".to_owned());
    let import = entry.cause.as_ref().filter(|cause| cause.kind == "import").and_then(|cause| cause.id);
    let href = import.map(|id| viewer.path(&format!("imports/{id}")));
    let undo = undo_link(page, viewer, entity, entry);
    let title = view! { <b>{actor}</b>" "{words}{undo} }.into_any();
    let lines: Vec<AnyView> = changes.iter().map(|(field, change)| changed(entity, field, change)).collect();
    let body = if lines.is_empty() {
        None
    } else if lines.len() > FOLDED || is_creation(entry) {
        let summary = if lines.len() == 1 { "1 field".to_owned() } else { format!("{} fields", lines.len()) };
        Some(view! { <details class="timeline-fold"><summary><Icon name="chevron-right"/>{summary}</summary>{lines}</details> }.into_any())
    } else {
        Some(lines.into_any())
    };
    let when = moment_in_day(clock, &entry.at);
    match body {
        Some(body) => view! { <TimelineItem icon tone title when href>{body}</TimelineItem> }.into_any(),
        None => view! { <TimelineItem icon tone title when href/> }.into_any(),
    }
}

/// The way to take a change back, for those who may write here. What an import did is taken back on the import's page.
fn undo_link(page: &PageContext, viewer: &Viewer, entity: &Entity, entry: &TimelineEntry) -> Option<AnyView> {
    let cause = entry.cause.as_ref().map_or("request", |cause| cause.kind.as_str());
    let verb = if is_creation(entry) { Verb::Delete } else { Verb::Update };
    if matches!(cause, "import" | "seed") || entry.changes.is_empty() || !viewer.may(entity, verb) {
        return None;
    }
    let href = viewer.path(&format!("undo?change={}&back={}", entry.id, encode(&page.address())));
    Some(view! { " · "<a class="link" href=href>"Undo"</a> }.into_any())
}

/// What a person cares to see of a change: not the marks of the change itself.
fn known_field<'a>(entity: &'a Entity, change: &FieldChange) -> Option<&'a Field> {
    entity
        .field(&change.field)
        .filter(|field| !matches!(field.key.as_str(), "createdAt" | "createdBy" | "updatedAt" | "updatedBy" | "number"))
}

/// The number is given once, when the row is made, whichever operation made it.
fn is_creation(entry: &TimelineEntry) -> bool {
    entry.operation == "records.create"
        || entry.changes.iter().any(|change| change.field == "number" && change.before.is_null())
}

fn sentence(
    entity: &Entity,
    entry: &TimelineEntry,
    changes: &[(&Field, &FieldChange)],
    cause: &str,
) -> (&'static str, Tone, String) {
    let one = lower(&entity.labels.one);
    if is_creation(entry) {
        return match cause {
            "import" => ("upload", Tone::Neutral, format!("imported this {one}")),
            "seed" => ("plus", Tone::Neutral, format!("created this {one} with the demo data")),
            _ => ("plus", Tone::Positive, format!("created this {one}")),
        };
    }
    let moved = changes
        .iter()
        .find(|(field, _)| matches!(field.kind, FieldKind::State))
        .and_then(|(_, change)| change.after.as_str());
    match (entry.operation.as_str(), cause) {
        ("records.delete", _) => ("trash-2", Tone::Negative, "moved it to the trash".to_owned()),
        ("records.restore", _) => ("rotate-ccw", Tone::Neutral, "restored it from the trash".to_owned()),
        ("crm.convert_lead", _) => ("user-check", Tone::Positive, "converted it".to_owned()),
        ("imports.undo", _) => ("undo-2", Tone::Warning, "undid an import".to_owned()),
        (_, "undo") if moved.is_none() && !changes.is_empty() => {
            ("undo-2", Tone::Neutral, format!("took back {}", field_words(changes)))
        }
        (_, "import") if !changes.is_empty() => {
            ("upload", Tone::Neutral, format!("changed {} by an import", field_words(changes)))
        }
        _ => match moved {
            Some(state) => ("arrow-right", Tone::Accent, format!("moved it to {}", entity.state_label(state))),
            None if changes.is_empty() => ("pencil", Tone::Neutral, "saved it".to_owned()),
            None => ("pencil", Tone::Neutral, format!("changed {}", field_words(changes))),
        },
    }
}

fn field_words(changes: &[(&Field, &FieldChange)]) -> String {
    let fields: Vec<&Field> = changes.iter().map(|(field, _)| *field).collect();
    if fields.len() > 3 { format!("{} fields", fields.len()) } else { super::transition::labels(&fields) }
}

fn changed(entity: &Entity, field: &Field, change: &FieldChange) -> AnyView {
    let show = |side: &serde_json::Value, label: &Option<String>| {
        value::show(field, entity.states.as_ref(), side, label.as_deref())
    };
    let before = excerpt(&show(&change.before, &change.before_label));
    let after = excerpt(&show(&change.after, &change.after_label));
    view! { <ChangedField label=field.label.clone() before after/> }.into_any()
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// The newest rows that point at this record.
async fn recent(backend: &BackendHandle, related: &Related, id: Uuid) -> Result<Vec<Record>> {
    let test = Test { field: related.field.clone(), comparison: Comparison::Equals, values: vec![id.to_string()] };
    let query = ListQuery {
        filter: Some(Filter::Test(test)),
        sort: vec![Sort { field: "createdAt".to_owned(), descending: true }],
        limit: ENTRIES,
        count: Count::None,
        ..ListQuery::default()
    };
    backend.run(ListRecords { entity: related.entity.key.clone(), query }).await?.records()
}

/// When an activity happened: its own moment, else when it was written down.
fn moment(entity: &Entity, row: &Record) -> Option<String> {
    let own = entity.fields.iter().find(|field| matches!(field.kind, FieldKind::Datetime) && !field.read_only);
    own.and_then(|field| row.text(&field.key)).or_else(|| row.text("createdAt")).map(str::to_owned)
}

fn activity_item(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    clock: Clock,
    row: &Record,
    at: &str,
) -> AnyView {
    let kind = entity.subtitle.as_deref().and_then(|key| entity.field(key));
    let key = kind.and_then(|field| row.text(&field.key)).unwrap_or_default();
    let word = kind
        .map_or_else(String::new, |field| value::show(field, None, &serde_json::Value::String(key.to_owned()), None));
    let icon = match key {
        "call" => "phone",
        "meeting" => "users",
        "mail" => "mail",
        "visit" => "map-pin",
        _ => "sticky-note",
    };
    let actor = row.label("owner").or_else(|| row.label("createdBy")).unwrap_or("Somebody").to_owned();
    let href = format!("{}?back={}", address::of(viewer, entity, row), encode(&page.address()));
    let subject = address::title(entity, row);
    let title = view! { <b>{actor}</b>" · "{word}": "<a class="link" href=href dir="auto">{subject}</a> }.into_any();
    let when = moment_in_day(clock, at);
    let notes = entity
        .fields
        .iter()
        .find(|field| matches!(field.kind, FieldKind::LongText { .. }))
        .and_then(|field| row.text(&field.key));
    match notes.map(excerpt) {
        Some(notes) => {
            view! { <TimelineItem icon tone=Tone::Info title when><TimelineNote>{notes}</TimelineNote></TimelineItem> }
                .into_any()
        }
        None => view! { <TimelineItem icon tone=Tone::Info title when/> }.into_any(),
    }
}
