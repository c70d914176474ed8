//! Files of a record: the form that keeps one, and how one stands in the stream.

use super::form;
use super::post::{base_address, envelope, hidden};
use crate::page::{PageContext, Viewer};
use domain::Verb;
use domain::records::{FileEntry, Record};
use domain::schema::{Entity, upload};
use leptos::prelude::*;
use ui::{Badge, ButtonKind, Composer, FileInput, Notice, Size, SubmitButton, TimelineItem, Tone};
use words::t;

/// Keeps a file with the record.
pub fn composer(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record) -> Option<AnyView> {
    if record.deleted_at.is_some() {
        return None;
    }
    if let Some(reason) = viewer.missing(entity, Verb::Update) {
        let text = t!("{reason} to keep files here.", reason);
        return Some(view! { <Notice tone=Tone::Neutral>{text}</Notice> }.into_any());
    }
    let problem = form::refused(page, entity, "files.upload", t!("The file was not kept"));
    let action = viewer.path(&format!("{}/{}/files", entity.plural, record.id));
    let foot = view! { <span class="hint">{t!("Up to 25 MB. Programs are not kept.")}</span><SubmitButton size=Size::Small>{t!("Keep file")}</SubmitButton> };
    let input = view! { <FileInput name="file" label=t!("File") required=true/> };
    Some(
        view! {
            <form id="file" method="post" action=action enctype="multipart/form-data" data-form="file">
                {problem}
                {hidden("_key", format!("{}-file", page.form_key))}
                <Composer foot=foot.into_any()>{input}</Composer>
            </form>
        }
        .into_any(),
    )
}

/// One file in the stream.
pub fn item(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    record: &Record,
    file: &FileEntry,
    when: AnyView,
) -> AnyView {
    let (who, name) = (file.uploaded_by.clone(), file.name.clone());
    let href = viewer.path(&format!("{}/{}/files/{}", entity.plural, record.id, file.id));
    if file.deleted {
        let (label, done) = (t!("Restore"), t!("File restored"));
        let back = act(page, viewer, entity, record, file, "files.restore", label, done);
        // Whoever kept it is named first in every language.
        let (_, after) = words::around(t!("{who}’s file {name} was taken away"), "who");
        let (of, gone) = words::around(after, "name");
        let title = view! { <b>{who}</b>{of}<bdi>{name}</bdi>{gone}{back} }.into_any();
        return view! { <TimelineItem icon="trash-2" title when/> }.into_any();
    }
    let shown = file.state == "ready";
    let link = if shown {
        view! { <a class="link" href=href.clone() download=(!file.shown_inline()).then_some("")><bdi>{name}</bdi></a> }
            .into_any()
    } else {
        view! { <bdi>{name}</bdi> }.into_any()
    };
    let state = match file.state.as_str() {
        "held" => Some(view! { " "<Badge tone=Tone::Warning>{t!("Waits for the scanner")}</Badge> }.into_any()),
        "refused" => {
            Some(view! { " "<Badge tone=Tone::Negative>{t!("Something harmful was found in it")}</Badge> }.into_any())
        }
        _ => None,
    };
    let (_, after) = words::around(t!("{who} kept {file}"), "who");
    let (kept, _) = words::around(after, "file");
    let title = view! { <b>{who}</b>{kept}{link}", "{upload::size(file.bytes)}{state} }.into_any();
    let picture = (shown && file.shown_inline()).then(|| {
        let (alt, source) = (t!("Picture: {name}", name = file.name), href.clone());
        view! { <a href=href><img class="file-picture" src=source alt=alt loading="lazy"/></a> }
    });
    let may = record.deleted_at.is_none() && viewer.may(entity, Verb::Update);
    let again = (may && file.state == "held")
        .then(|| act(page, viewer, entity, record, file, "files.scan", t!("Scan again"), t!("File scanned")));
    let delete = may.then(|| {
        let done = t!("File deleted. It can be restored from the timeline");
        act(page, viewer, entity, record, file, "files.delete", t!("Delete"), done)
    });
    let id = file.id.to_string();
    view! {
        <TimelineItem icon="paperclip" tone=Tone::Info title when>
            <div data-file=id>{picture}<div class="note-acts">{again}{delete}</div></div>
        </TimelineItem>
    }
    .into_any()
}

#[expect(clippy::too_many_arguments, reason = "a button is these")]
fn act(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    record: &Record,
    file: &FileEntry,
    operation: &'static str,
    label: &'static str,
    done: &str,
) -> AnyView {
    let purpose = format!("{}-{}", operation.replace('.', "-"), file.id.simple());
    view! {
        <form class="note-act" method="post" action=viewer.action(operation)>
            {hidden("entity", entity.key.clone())}
            {hidden("record", record.id.to_string())}
            {hidden("id", file.id.to_string())}
            {envelope(page, &purpose, &base_address(page, &[]), done)}
            <SubmitButton kind=ButtonKind::Ghost size=Size::Small>{label}</SubmitButton>
        </form>
    }
    .into_any()
}
