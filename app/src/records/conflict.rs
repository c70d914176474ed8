//! The page of a stale save: per field what it was, what it is now and what was typed, with a choice for each.

use super::address;
use super::choices::{self, Choices};
use super::form::{control_text, typed};
use super::post::{envelope, hidden, way_back};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Replay, Viewer, set_status};
use crate::time::Clock;
use domain::error::{StaleField, StaleWrite};
use domain::records::Record;
use domain::schema::{Entity, Field, FieldKind, pointing, value};
use domain::{BackendHandle, Kind, Result};
use leptos::prelude::*;
use serde_json::Value;
use ui::{
    Badge, Blank, ButtonKind, Cell, DataTable, FormActions, HeadCell, LinkButton, Page, PageHeader, Row, SubmitButton,
    Tone,
};
use words::t;

/// A field of the stale save with its three values in words.
struct Contested<'a> {
    field: &'a Field,
    values: &'a StaleField,
    was: String,
    theirs: String,
    yours: String,
}

impl Contested<'_> {
    /// Both sides changed it, to different things.
    fn clash(&self) -> bool {
        self.values.yours != self.values.was && self.values.theirs != self.values.was
    }

    /// What one did not touch stays as the other left it.
    fn takes_yours(&self) -> bool {
        self.values.yours != self.values.was
    }
}

/// The conflict page, if the form that was refused is a change of a row that somebody else had changed.
pub async fn of(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
) -> Result<Option<AnyView>> {
    let Some(replay) = page.replay_of("records.update") else { return Ok(None) };
    let Some(stale) = replay.error.conflict.as_deref().filter(|stale| stale.entity == entity.key) else {
        return Ok(None);
    };
    let Ok(current) = serde_json::from_value::<Record>(stale.current.clone()) else { return Ok(None) };
    let touched: Vec<(&Field, &StaleField)> = stale
        .fields
        .iter()
        .filter(|values| values.yours != values.theirs)
        .filter_map(|values| entity.field(&values.field).map(|field| (field, values)))
        .collect();
    let fields: Vec<&Field> = touched.iter().map(|(field, _)| *field).collect();
    let offered = Choices::load(page, viewer, backend, &fields, Some(&current)).await?;
    let mut contested = Vec::new();
    for (field, values) in touched {
        let mut words = [String::new(), String::new(), String::new()];
        for (place, side) in [&values.was, &values.theirs, &values.yours].into_iter().enumerate() {
            let label = match side.as_str() {
                Some(id) if points_elsewhere(field) => {
                    Some(choices::name(viewer, backend, &offered, field, &current, id).await)
                }
                Some(id) if field.is_upload() => file_name(&replay, field, &current, id),
                None if field.is_any_reference() => match pointing::written(side) {
                    Some(id) => Some(choices::name(viewer, backend, &offered, field, &current, &id).await),
                    None => None,
                },
                None if field.target().is_some() => names(viewer, backend, &offered, field, &current, side).await,
                _ => None,
            };
            words[place] = match label {
                // Says already what it is.
                Some(label) if field.is_any_reference() => label,
                label => value::show(field, entity.states.as_ref(), side, label.as_deref()),
            };
        }
        let [was, theirs, yours] = words;
        contested.push(Contested { field, values, was, theirs, yours });
    }
    set_status(Kind::Conflict.status());
    let body = draw(page, viewer, entity, stale, &current, &contested);
    let crumbs = address::crumbs(viewer, entity, &current, Some(t!("Changed by somebody else")));
    Ok(Some(workspace_frame(page, crumbs, None, None, body)))
}

/// What several references are called.
async fn names(
    viewer: &Viewer,
    backend: &BackendHandle,
    offered: &Choices,
    field: &Field,
    current: &Record,
    side: &Value,
) -> Option<String> {
    let mut names = Vec::new();
    for id in side.as_array()?.iter().filter_map(Value::as_str) {
        names.push(choices::name(viewer, backend, offered, field, current, id).await);
    }
    Some(names.join(", "))
}

/// What a file is called: the one that is there, or the one that the form brought. Of one that was taken out meanwhile nobody knows here.
fn file_name(replay: &Replay, field: &Field, current: &Record, id: &str) -> Option<String> {
    let sent = || replay.value(&format!("values.{}", field.key)) == Some(id);
    match current.text(&field.key) == Some(id) {
        true => current.label(&field.key).map(str::to_owned),
        false => sent().then(|| replay.value(&format!("_name.{}", field.key)).map(str::to_owned)).flatten(),
    }
}

fn points_elsewhere(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Reference { .. } | FieldKind::Member)
}

fn draw(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    stale: &StaleWrite,
    current: &Record,
    contested: &[Contested<'_>],
) -> AnyView {
    let title = address::title(entity, current);
    let here = address::of(viewer, entity, current);
    let back = way_back(page, &viewer.slug, here);
    let clock = Clock::new(&page.now, &viewer.timezone);
    let who = stale.changed_by.as_deref().unwrap_or(t!("Somebody else"));
    let text = match stale.changed_at.as_deref() {
        Some(at) => t!(
            "{who} saved a change {when}, after you had opened it. Nothing of yours is lost: choose for each field what it \
             should be.",
            who,
            when = clock.words(at),
        ),
        None => t!(
            "{who} saved a change, after you had opened it. Nothing of yours is lost: choose for each field what it \
             should be.",
            who,
        ),
    };
    let theirs = match stale.changed_by.as_deref() {
        Some(who) => t!("{who} now", who),
        None => t!("Theirs now").to_owned(),
    };
    let head = view! {
        <HeadCell label=t!("Field")/>
        <HeadCell label=t!("It was")/>
        <HeadCell label=theirs.clone()/>
        <HeadCell label=t!("Yours")/>
    };
    let rows: Vec<AnyView> = contested.iter().map(|one| row(one, &theirs)).collect();
    let bases: Vec<AnyView> =
        contested.iter().map(|one| hidden(format!("base.{}", one.field.key), one.values.theirs.to_string())).collect();
    let heading = t!("{title} was changed while you edited it", title);
    let form = view! {
        <form class="form conflict" method="post" action=viewer.action("records.update") data-form="conflict">
            {hidden("entity", entity.key.clone())}
            {hidden("id", stale.id.to_string())}
            {hidden("version", stale.current_version.to_string())}
            {bases}
            {envelope(page, "conflict", &back, &t!("{entity} saved", entity = entity.labels.one))}
            <div class="as-cards"><DataTable label=t!("Changed fields") head=head.into_any() inline=true>{rows}</DataTable></div>
            <FormActions>
                <SubmitButton>{t!("Save what is chosen")}</SubmitButton>
                <LinkButton href=back kind=ButtonKind::Ghost>{t!("Keep theirs, drop mine")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any();
    view! { <Page><PageHeader title=heading text/>{form}</Page> }.into_any()
}

fn row(one: &Contested<'_>, theirs: &str) -> AnyView {
    let badge = one.clash().then(|| view! { <Badge tone=Tone::Warning>{t!("Both changed")}</Badge> });
    let takes_yours = one.takes_yours();
    let (label, was) = (one.field.label.clone(), words(&one.was));
    let (whose, now) = (theirs.to_owned(), side(one, &one.values.theirs, &one.theirs, Some(theirs), !takes_yours));
    let yours = side(one, &one.values.yours, &one.yours, None, takes_yours);
    view! {
        <Row>
            <Cell label=t!("Field") lead=true><span class="conflict-field">{label} {badge}</span></Cell>
            <Cell label=t!("It was")>{was}</Cell>
            <Cell label=whose>{now}</Cell>
            <Cell label=t!("Yours")>{yours}</Cell>
        </Row>
    }
    .into_any()
}

fn words(text: &str) -> AnyView {
    if text.is_empty() {
        return view! { <Blank/> }.into_any();
    }
    let text = text.to_owned();
    view! { <span class="value-text" dir="auto">{text}</span> }.into_any()
}

/// One side as a radio button. Money is an amount and a currency, which one radio button cannot send: where both sides name the same
/// currency it goes along, else it is chosen by itself. `theirs` is what the other side is called, and nothing where it is the viewer's own.
fn side(one: &Contested<'_>, raw: &Value, text: &str, theirs: Option<&str>, checked: bool) -> AnyView {
    let whose = theirs.unwrap_or(t!("yours"));
    let name = format!("values.{}", one.field.key);
    if !matches!(one.field.kind, FieldKind::Money { .. }) {
        return radio(&name, &typed(one.field, raw), words(text), &one.field.label, whose, checked);
    }
    let part = |value: &Value, part: &str| control_text(value, Some(part));
    let amount = radio(&format!("{name}.amount"), &part(raw, "amount"), words(text), &one.field.label, whose, checked);
    let (ours, other) = (part(&one.values.yours, "currency"), part(&one.values.theirs, "currency"));
    let currency_name = format!("{name}.currency");
    let currency = if ours == other || ours.is_empty() || other.is_empty() {
        // Sent once, with the side that is drawn last.
        theirs.is_none().then(|| hidden(currency_name, if ours.is_empty() { other } else { ours }))
    } else {
        let code = part(raw, "currency");
        let label = t!("Currency of {field}", field = one.field.label);
        Some(radio(&currency_name, &code, words(&code), &label, whose, checked))
    };
    view! { {amount}{currency} }.into_any()
}

fn radio(name: &str, value: &str, text: AnyView, label: &str, whose: &str, checked: bool) -> AnyView {
    let spoken = format!("{label}, {whose}: ");
    view! {
        <label class="choice">
            <input class="check radio" type="radio" name=name.to_owned() value=value.to_owned() checked=checked/>
            <span><span class="sr-only">{spoken}</span>{text}</span>
        </label>
    }
    .into_any()
}
