//! Files and pictures as values: the control that chooses one, and how one looks in a list and in a record.
//!
//! The form sends the id of what is there, a box in which another can be chosen, and a tick that takes it out; the server keeps what was chosen
//! first and puts its id in the place of the old one. So a form that is refused for something else has the file already.

use super::form::{Draft, Look, ended};
use super::post::{base_address, envelope, hidden};
use crate::page::{PageContext, Viewer};
use domain::Verb;
use domain::records::Record;
use domain::schema::{Entity, Field, Upload};
use leptos::prelude::*;
use ui::markup::{Markup, html};
use ui::{ButtonKind, FileInput, Size, SubmitButton, Tick};
use words::t;

/// How a form of these fields is sent: with a file among them, in parts.
pub fn enctype(fields: &[&Field]) -> Option<&'static str> {
    fields.iter().any(|field| field.is_upload()).then_some("multipart/form-data")
}

/// `held` is the id of what is there.
pub fn control(
    draft: &Draft<'_>,
    field: &Field,
    takes: Upload<'_>,
    look: Look,
    held: String,
    error: Option<String>,
) -> AnyView {
    let name = format!("values.{}", field.key);
    let hint = match &field.help {
        Some(help) => format!("{} {}.", ended(help), takes.says()),
        None => format!("{}.", takes.says()),
    };
    // What is there need not be chosen again.
    let required = look.required && held.is_empty();
    let there = (!held.is_empty()).then(|| there(draft, field, &held));
    view! {
        <div class="upload">
            {hidden(name.clone(), held)}
            <FileInput
                name=format!("_file.{}", field.key)
                id=name
                label=field.label.clone()
                accept=takes.kinds().join(",")
                hint
                error
                required
                bare=look.bare
            />
            {there}
        </div>
    }
    .into_any()
}

/// What is chosen now, and the tick that takes it out.
fn there(draft: &Draft<'_>, field: &Field, held: &str) -> AnyView {
    let sent_as = format!("_name.{}", field.key);
    let own = draft.record.filter(|record| record.text(&field.key) == Some(held));
    // A file that was sent with this form before and is no record's yet.
    let sent = draft.replay.and_then(|replay| replay.value(&sent_as)).or_else(|| draft.page.query(&sent_as));
    let called = match own {
        Some(record) => record.label(&field.key).map(str::to_owned),
        None => sent.map(str::to_owned),
    };
    let carried = sent.filter(|_| own.is_none()).map(|sent| hidden(sent_as.clone(), sent));
    let (without, called) = (format!("_without.{}", field.key), called.unwrap_or_else(|| t!("a file").to_owned()));
    let (before, after) = words::around(t!("There is {file}"), "file");
    view! {
        {carried}
        <div class="upload-there">
            <span>{before}<bdi>{called}</bdi>{after}</span>
            <Tick id=without.clone() name=without label=t!("Take it out") value="on"/>
        </div>
    }
    .into_any()
}

/// The file of a field of a row: a picture where it is one, else its name. What the scanner has not passed is named and not fetched.
pub fn cell(slug: &str, entity: &Entity, field: &Field, record: &Record, id: &str) -> Markup {
    let called = record.label(&field.key).unwrap_or(t!("A file"));
    match record.label(&format!("{}.state", field.key)) {
        Some("held") => return html! { bdi { (called) } " " span.upload-state { (t!("waits for the scanner")) } },
        Some(_) => {
            let found = t!("something harmful was found in it");
            return html! { bdi { (called) } " " span.upload-state { (found) } };
        }
        None => {}
    }
    let href = format!("/w/{slug}/{}/{}/files/{id}", entity.plural, record.id);
    if field.upload().is_some_and(|takes| takes.picture) {
        let alt = format!("{}: {called}", field.label);
        html! { a.upload-picture href=(href) { img src=(href) alt=(alt) loading="lazy"; } }
    } else {
        html! { a.link href=(href) { bdi { (called) } } }
    }
}

/// Has a file that is held looked at once more.
pub fn again(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record, field: &Field) -> Option<AnyView> {
    let held = field.is_upload() && record.label(&format!("{}.state", field.key)) == Some("held");
    if !held || record.deleted_at.is_some() || !viewer.may(entity, Verb::Update) {
        return None;
    }
    let id = record.text(&field.key)?;
    let purpose = format!("files-scan-{id}");
    Some(
        view! {
            <form class="note-act" method="post" action=viewer.action("files.scan")>
                {hidden("entity", entity.key.clone())}
                {hidden("record", record.id.to_string())}
                {hidden("id", id)}
                {envelope(page, &purpose, &base_address(page, &[]), t!("File scanned"))}
                <SubmitButton kind=ButtonKind::Ghost size=Size::Small>{t!("Scan again")}</SubmitButton>
            </form>
        }
        .into_any(),
    )
}
