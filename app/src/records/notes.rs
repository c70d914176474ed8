//! Notes of a record: the box that writes one, how one stands in the stream, and what its author may do with it.

use super::form;
use super::post::{argument, base_address, envelope, hidden, making};
use crate::page::{LOOK, PageContext, Viewer};
use crate::time::Clock;
use domain::people::ListMembers;
use domain::records::{Note, Record};
use domain::schema::Entity;
use domain::{BackendHandle, Result, Verb};
use leptos::prelude::*;
use ui::{Badge, ButtonKind, Composer, LinkButton, Notice, Size, SubmitButton, TextArea, TimelineItem, Tone};
use words::t;

/// The record that the form writes beside.
fn of(entity: &Entity, record: &Record) -> AnyView {
    view! { {hidden("entity", entity.key.clone())}{hidden("record", record.id.to_string())} }.into_any()
}

/// Whom a note may mention, where the island of the form asks for that: on no other page.
pub async fn mentionable(page: &PageContext, backend: &BackendHandle) -> Result<Option<AnyView>> {
    if page.query(LOOK).is_none() {
        return Ok(None);
    }
    let members = backend.run(ListMembers {}).await?.into_iter().filter(|member| member.status == "active");
    let mut names: Vec<String> = members.map(|member| member.name).collect();
    names.sort();
    names.dedup();
    let names: Vec<_> = names.into_iter().map(|name| view! { <li>{name}</li> }).collect();
    Ok(Some(view! { <ul data-region="members" hidden=true>{names}</ul> }.into_any()))
}

/// Writes a note. `None` where nothing can be written to the record.
pub fn composer(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record) -> Option<AnyView> {
    if record.deleted_at.is_some() {
        return None;
    }
    if let Some(reason) = viewer.missing(entity, Verb::Update) {
        let text = t!("{reason} to write notes here.", reason);
        return Some(view! { <Notice tone=Tone::Neutral>{text}</Notice> }.into_any());
    }
    let problem = form::refused(page, entity, "notes.add", t!("The note was not saved"));
    let replay = page.replay_of("notes.add");
    let value = replay.as_deref().and_then(|replay| replay.value("body")).map(str::to_owned);
    let hint = t!("Markdown. @ and a name mentions somebody.");
    let foot =
        view! { <span class="hint">{hint}</span><SubmitButton size=Size::Small>{t!("Save note")}</SubmitButton> };
    let autofocus = page.query("write") == Some("note");
    let placeholder = t!("Write a note");
    let text =
        view! { <TextArea name="body" label=t!("Note") value rows=3 bare=true required=true autofocus placeholder/> };
    Some(
        view! {
            <form
                id="note"
                method="post"
                action=viewer.action("notes.add")
                data-form="note"
                data-mentions=t!("Members")
            >
                {problem}
                {of(entity, record)}
                {making(page, "note", &base_address(page, &[]), t!("Note saved"))}
                <Composer foot=foot.into_any()>{text}</Composer>
            </form>
        }
        .into_any(),
    )
}

/// One note in the stream.
pub fn item(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    record: &Record,
    clock: Clock,
    note: &Note,
    when: AnyView,
) -> AnyView {
    let author = note.author_name.clone();
    let edited = note.edited_at.as_deref().map(|at| format!(" · {}", t!("edited {when}", when = clock.words(at))));
    let pinned = note.pinned.then(|| view! { " "<Badge tone=Tone::Accent>{t!("Pinned")}</Badge> });
    if note.deleted {
        let back = button(
            page,
            viewer,
            entity,
            record,
            note,
            &Act {
                operation: "notes.restore",
                purpose: "note-back",
                label: t!("Restore"),
                done: t!("Note restored"),
                field: None,
            },
        );
        let (before, after) = words::around(t!("{author} took a note away"), "author");
        let title = view! { {before}<b>{author}</b>{after}{back} }.into_any();
        return view! { <TimelineItem icon="trash-2" title when/> }.into_any();
    }
    let (before, after) = words::around(t!("{author} wrote a note"), "author");
    let title = view! { {before}<b>{author}</b>{after}{edited}{pinned} }.into_any();
    let body = if argument(page, "note") == Some(note.id.to_string().as_str()) && note.own {
        editor(page, viewer, entity, record, note)
    } else {
        let acts = acts(page, viewer, entity, record, note);
        let html = note.html.clone();
        view! { <div class="timeline-note note-body" dir="auto" inner_html=html></div>{acts} }.into_any()
    };
    let id = note.id.to_string();
    view! { <TimelineItem icon="sticky-note" tone=Tone::Info title when><div data-note=id>{body}</div></TimelineItem> }
        .into_any()
}

/// A button that does one thing with a note.
struct Act {
    operation: &'static str,
    purpose: &'static str,
    label: &'static str,
    done: &'static str,
    field: Option<(&'static str, &'static str)>,
}

fn button(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record, note: &Note, act: &Act) -> AnyView {
    let Act { operation, purpose, label, done, field } = *act;
    view! {
        <form class="note-act" method="post" action=viewer.action(operation)>
            {of(entity, record)}
            {hidden("id", note.id.to_string())}
            {field.map(|(name, value)| hidden(name, value))}
            {envelope(page, &format!("{purpose}-{}", note.id.simple()), &base_address(page, &[]), done)}
            <SubmitButton kind=ButtonKind::Ghost size=Size::Small>{label}</SubmitButton>
        </form>
    }
    .into_any()
}

fn acts(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record, note: &Note) -> Option<AnyView> {
    if record.deleted_at.is_some() || !viewer.may(entity, Verb::Update) {
        return None;
    }
    let id = note.id.to_string();
    let edit = note.own.then(|| {
        let href = format!("{}#note-{id}", base_address(page, &[("note", &id)]));
        view! { <LinkButton href kind=ButtonKind::Ghost size=Size::Small>{t!("Edit")}</LinkButton> }
    });
    let (label, value) = if note.pinned { (t!("Unpin"), "false") } else { (t!("Pin"), "true") };
    let done = if note.pinned { t!("Note unpinned") } else { t!("Note pinned") };
    let pin = Act { operation: "notes.pin", purpose: "note-pin", label, done, field: Some(("pinned", value)) };
    let pin = button(page, viewer, entity, record, note, &pin);
    let delete = note.may_delete.then(|| {
        let act = Act {
            operation: "notes.delete",
            purpose: "note-gone",
            label: t!("Delete"),
            done: t!("Note deleted. It can be restored from the timeline"),
            field: None,
        };
        button(page, viewer, entity, record, note, &act)
    });
    Some(view! { <div class="note-acts">{edit}{pin}{delete}</div> }.into_any())
}

fn editor(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record, note: &Note) -> AnyView {
    let problem = form::refused(page, entity, "notes.edit", t!("The note was not saved"));
    let replay = page.replay_of("notes.edit");
    let value = replay.as_deref().and_then(|replay| replay.value("body")).unwrap_or(&note.body).to_owned();
    let back = base_address(page, &[]);
    view! {
        <form
            id=format!("note-{}", note.id)
            method="post"
            action=viewer.action("notes.edit")
            data-mentions=t!("Members")
        >
            {problem}
            {of(entity, record)}
            {hidden("id", note.id.to_string())}
            {hidden("version", note.version.to_string())}
            {envelope(page, "note-edit", &back, t!("Note saved"))}
            <TextArea name="body" label=t!("Note") value rows=5 bare=true required=true/>
            <div class="inline-actions">
                <SubmitButton size=Size::Small>{t!("Save note")}</SubmitButton>
                <LinkButton href=back.clone() kind=ButtonKind::Ghost size=Size::Small>{t!("Cancel")}</LinkButton>
            </div>
        </form>
    }
    .into_any()
}
