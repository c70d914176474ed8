//! What happened to a record, newest first, grouped by day: its changes, what was written down and sent about it, and what began because of it.

use super::list_parts::lower;
use super::post::argument;
use super::related::Related;
use super::stream::{self, Around, Asked, Stretch};
use super::{address, files, notes};
use crate::page::{PageContext, Viewer, encode};
use crate::time::Clock;
use domain::records::{FieldChange, ListFiles, ListNotes, Record, TimelineEntry};
use domain::schema::checklist::tick;
use domain::schema::{Entity, Field, FieldKind, STATUS_DUE, STATUS_SINCE, value};
use domain::text::listed;
use domain::{BackendHandle, Result, Verb};
use leptos::prelude::*;
use ui::{
    ChangedField, EmptyState, Icon, LinkButton, SegmentedControl, TabItem, Time, Timeline, TimelineDay, TimelineItem,
    TimelineNote, Tone,
};
use words::{t, tn};

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

/// `around` is how other rows point at this record, activities and messages among them.
pub async fn view(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
    around: &[Related],
) -> Result<AnyView> {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let around = Around::of(around);
    let known = known_kinds(viewer, around.messages);
    let asked = argument(page, "kind").filter(|kind| known.iter().any(|(known, _)| known == kind));
    let asked = Asked::of(page, asked, clock);
    let stretch = Stretch::load(viewer, backend, entity, record.id, around, &asked).await?;
    let mut lines = beside(viewer, clock, &stretch, around.messages);
    lines.extend(stretch.changes.iter().map(|entry| {
        let view = change_item(page, viewer, entity, clock, entry);
        Line { at: entry.at.clone(), activity: false, view }
    }));
    if let Some(Related { entity: activity, .. }) = around.activities {
        let shown = stretch.activities.iter().filter(|(at, _)| stretch.holds(at));
        lines.extend(shown.map(|(at, row)| {
            let view = activity_item(page, viewer, activity, clock, row, at);
            Line { at: at.clone(), activity: true, view }
        }));
    }
    let mut pinned: Vec<AnyView> = Vec::new();
    if asked.wants("notes") {
        let notes = backend.run(ListNotes { entity: entity.key.clone(), record: record.id }).await?;
        for note in &notes {
            let view = |when| notes::item(page, viewer, entity, record, clock, note, when);
            if note.pinned && !note.deleted && asked.is_first() {
                pinned.push(view(clock.moment(&note.at)));
            } else if stretch.holds(&note.at) {
                lines.push(Line { at: note.at.clone(), activity: true, view: view(moment_in_day(clock, &note.at)) });
            }
        }
    }
    if asked.wants("files") {
        let files = backend.run(ListFiles { entity: entity.key.clone(), record: record.id }).await?;
        for file in files.iter().filter(|file| stretch.holds(&file.at)) {
            let view = files::item(page, viewer, entity, record, file, moment_in_day(clock, &file.at));
            lines.push(Line { at: file.at.clone(), activity: true, view });
        }
    }
    // Newest first, to the second; what was written down in the second of a change stands above it.
    lines.sort_by(|one, other| second(&other.at).cmp(second(&one.at)).then(other.activity.cmp(&one.activity)));
    let (kinds, older) = (kinds(page, &known, asked.kind), stretch.older(page));
    if lines.is_empty() && pinned.is_empty() && older.is_none() {
        let alone = known.iter().find(|(key, _)| Some(*key) == asked.kind).map(|(_, label)| label.to_lowercase());
        let (title, text) = match alone {
            Some(what) => (
                t!("No {entities} yet", entities = what),
                t!("Everything else about this record stands under Everything."),
            ),
            None => (t!("Nothing has happened yet").to_owned(), t!("Changes, notes and calls appear here.")),
        };
        return Ok(view! { {kinds}<EmptyState icon="clock" title text/> }.into_any());
    }
    let pinned = (!pinned.is_empty()).then(|| view! { <Timeline label=t!("Pinned notes")>{pinned}</Timeline> });
    let older = older.map(|href| {
        view! { <div class="timeline-older"><LinkButton href>{t!("Show older")}</LinkButton></div> }
    });
    let stream = (!lines.is_empty()).then(|| view! { <Timeline>{by_day(clock, lines)}</Timeline> });
    Ok(view! { {kinds}{pinned}{stream}{older} }.into_any())
}

/// What happened beside the record: messages about it, and runs.
fn beside(viewer: &Viewer, clock: Clock, stretch: &Stretch<'_>, messages: Option<&Related>) -> Vec<Line> {
    let mut lines = Vec::new();
    let line = |at: &str, view| Line { at: at.to_owned(), activity: true, view };
    if let Some(Related { entity, .. }) = messages {
        let shown = stretch.messages.iter().filter(|message| stretch.holds(stream::written(message)));
        lines.extend(
            shown.map(|message| line(stream::written(message), stream::message_item(viewer, entity, clock, message))),
        );
    }
    let shown = stretch.runs.iter().filter(|run| stretch.holds(&run.created_at));
    lines.extend(shown.map(|run| line(&run.created_at, stream::run_item(viewer, clock, run))));
    lines
}

/// What a stream can be narrowed to, with the words for it: what the viewer may read of it.
fn known_kinds(viewer: &Viewer, messages: Option<&Related>) -> Vec<(&'static str, String)> {
    let mut kinds = vec![
        ("changes", t!("Changes").to_owned()),
        ("notes", t!("Notes").to_owned()),
        ("activities", t!("Activities").to_owned()),
        ("files", t!("Files").to_owned()),
    ];
    kinds.extend(messages.map(|messages| ("messages", messages.label.clone())));
    kinds.extend(stream::sees_runs(viewer).then(|| ("runs", t!("Runs").to_owned())));
    kinds
}

fn kinds(page: &PageContext, known: &[(&'static str, String)], chosen: Option<&str>) -> AnyView {
    let tab = argument(page, "tab").map(|tab| format!("tab={}&", encode(tab))).unwrap_or_default();
    let all = if tab.is_empty() { page.path.clone() } else { format!("{}?{}", page.path, tab.trim_end_matches('&')) };
    let mut items = vec![TabItem::new(t!("Everything"), all, chosen.is_none())];
    items.extend(known.iter().map(|(key, label)| {
        TabItem::new(label.clone(), format!("{}?{tab}kind={key}", page.path), chosen == Some(*key))
    }));
    view! { <div class="timeline-kinds"><SegmentedControl label=t!("Shows") items/></div> }.into_any()
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
pub fn moment_in_day(clock: Clock, at: &str) -> AnyView {
    match clock.at(at).filter(|local| local.date() != clock.today()) {
        Some(local) => {
            let (text, full) = (local.format("%H:%M").to_string(), clock.full(at));
            view! { <Time datetime=at text full/> }.into_any()
        }
        None => clock.moment(at),
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
    // Its page is for those who bring files in.
    let href = import.filter(|_| viewer.may(entity, Verb::Import)).map(|id| viewer.path(&format!("imports/{id}")));
    let undo = undo_link(page, viewer, entity, entry);
    let title = view! { <b>{actor}</b>" "{words}{undo} }.into_any();
    // A tick is told whole by its sentence.
    let told = ticked(entity, &changes).is_some();
    let shown = changes.iter().filter(|_| !told);
    let lines: Vec<AnyView> = shown.map(|(field, change)| changed(entity, field, change)).collect();
    let body = if lines.is_empty() {
        None
    } else if lines.len() > FOLDED || is_creation(entry) {
        let summary = tn!(lines.len(), "{count} field", "{count} fields");
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

/// The way to take a change back, for those who may write here. What an import or a merge did is
/// taken back on its own page.
fn undo_link(page: &PageContext, viewer: &Viewer, entity: &Entity, entry: &TimelineEntry) -> Option<AnyView> {
    let cause = entry.cause.as_ref().map_or("request", |cause| cause.kind.as_str());
    let verb = if is_creation(entry) { Verb::Delete } else { Verb::Update };
    if matches!(cause, "import" | "seed" | "merge") || entry.changes.is_empty() || !viewer.may(entity, verb) {
        return None;
    }
    let href = viewer.path(&format!("undo?change={}&back={}", entry.id, encode(&page.address())));
    Some(view! { " · "<a class="link" href=href>{t!("Undo")}</a> }.into_any())
}

/// What a person cares to see of a change: not the marks of the change itself, nor what a move says already.
fn known_field<'a>(entity: &'a Entity, change: &FieldChange) -> Option<&'a Field> {
    let mark = |field: &&Field| {
        matches!(
            field.key.as_str(),
            "createdAt" | "createdBy" | "updatedAt" | "updatedBy" | "number" | STATUS_SINCE | STATUS_DUE
        )
    };
    entity.field(&change.field).filter(|field| !mark(field))
}

/// What was ticked, and what was taken back, in words, of a change that did nothing else.
fn ticked(entity: &Entity, changes: &[(&Field, &FieldChange)]) -> Option<String> {
    let [(Field { kind: FieldKind::Checklist, .. }, change)] = changes else { return None };
    let has = |side: &serde_json::Value, key: &str| tick(side, key).is_some();
    let labels = |from: &serde_json::Value, to: &serde_json::Value| -> Vec<String> {
        let items = entity.states.iter().flat_map(domain::schema::States::items).map(|(_, item)| item);
        items
            .filter(|item| !has(from, &item.key) && has(to, &item.key))
            .map(|item| format!("“{}”", item.label))
            .collect()
    };
    let (done, undone) = (labels(&change.before, &change.after), labels(&change.after, &change.before));
    match (done.as_slice(), undone.as_slice()) {
        ([], []) => None,
        (done, []) => Some(t!("ticked {items}", items = listed(done, t!("and")))),
        (_, undone) => Some(t!("took back the tick of {items}", items = listed(undone, t!("and")))),
    }
}

/// The number is given once, when the row is made, whichever operation made it.
pub fn is_creation(entry: &TimelineEntry) -> bool {
    entry.operation == "records.create"
        || entry.changes.iter().any(|change| change.field == "number" && change.before.is_null())
}

/// An entry in words: its icon, its tone and the sentence behind the name of who did it.
pub fn told(entity: &Entity, entry: &TimelineEntry) -> (&'static str, Tone, String) {
    let changes: Vec<(&Field, &FieldChange)> =
        entry.changes.iter().filter_map(|change| known_field(entity, change).map(|field| (field, change))).collect();
    let cause = entry.cause.as_ref().map_or("request", |cause| cause.kind.as_str());
    sentence(entity, entry, &changes, cause)
}

/// What an entry changed, field by field.
pub fn changed_fields(entity: &Entity, entry: &TimelineEntry) -> Vec<AnyView> {
    let known = entry.changes.iter().filter_map(|change| known_field(entity, change).map(|field| (field, change)));
    known.map(|(field, change)| changed(entity, field, change)).collect()
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
            "import" => ("upload", Tone::Neutral, t!("imported this {entity}", entity = one)),
            "seed" => ("plus", Tone::Neutral, t!("created this {entity} with the demo data", entity = one)),
            _ => ("plus", Tone::Positive, t!("created this {entity}", entity = one)),
        };
    }
    if let Some(words) = ticked(entity, changes) {
        return ("square-check", Tone::Neutral, words);
    }
    let moved = changes
        .iter()
        .find(|(field, _)| matches!(field.kind, FieldKind::State))
        .and_then(|(_, change)| change.after.as_str());
    match (entry.operation.as_str(), cause) {
        ("records.delete", _) => ("trash-2", Tone::Negative, t!("moved it to the trash").to_owned()),
        ("records.restore", _) => ("rotate-ccw", Tone::Neutral, t!("restored it from the trash").to_owned()),
        ("records.merge", _) => ("git-merge", Tone::Accent, t!("merged two records into one").to_owned()),
        ("records.unmerge", _) => ("undo-2", Tone::Warning, t!("took a merge back").to_owned()),
        ("crm.convert_lead", _) => ("user-check", Tone::Positive, t!("converted it").to_owned()),
        ("imports.undo", _) => ("undo-2", Tone::Warning, t!("undid an import").to_owned()),
        ("records.undo_bulk", _) => ("undo-2", Tone::Warning, t!("took back what was done to many").to_owned()),
        (_, "bulk") if moved.is_none() && !changes.is_empty() => {
            ("pencil", Tone::Neutral, t!("changed {fields}, with others", fields = field_words(changes)))
        }
        (_, "undo") if moved.is_none() && !changes.is_empty() => {
            ("undo-2", Tone::Neutral, t!("took back {fields}", fields = field_words(changes)))
        }
        (_, "import") if !changes.is_empty() => {
            ("upload", Tone::Neutral, t!("changed {fields} by an import", fields = field_words(changes)))
        }
        _ => match moved {
            Some(state) => ("arrow-right", Tone::Accent, t!("moved it to {state}", state = entity.state_label(state))),
            None if changes.is_empty() => ("pencil", Tone::Neutral, t!("saved it").to_owned()),
            None => ("pencil", Tone::Neutral, t!("changed {fields}", fields = field_words(changes))),
        },
    }
}

fn field_words(changes: &[(&Field, &FieldChange)]) -> String {
    let fields: Vec<&Field> = changes.iter().map(|(field, _)| *field).collect();
    if fields.len() > 3 {
        tn!(fields.len(), "{count} field", "{count} fields")
    } else {
        super::transition::labels(&fields)
    }
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
    let actor = row.label("owner").or_else(|| row.label("createdBy")).unwrap_or(t!("Somebody")).to_owned();
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
