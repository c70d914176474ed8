//! Turning a lead into a customer and, unless declined, an opportunity (`?convert=1` of the lead).

use super::address;
use super::choices::Choices;
use super::form;
use super::list_parts::lower;
use super::post::{carried, envelope, hidden, subject};
use crate::page::{PageContext, Viewer};
use domain::records::Record;
use domain::schema::{Entity, Field};
use domain::{BackendHandle, Error, Result, Verb};
use leptos::prelude::*;
use ui::{ButtonKind, Choice, DialogPage, FormActions, FormSection, LinkButton, Select, SubmitButton, TextInput};
use words::t;

pub const OPERATION: &str = "crm.convert_lead";

/// Whether this entity converts at all.
pub fn converts(entity: &Entity) -> bool {
    entity.key == "lead" && entity.field("customer").is_some()
}

/// What a lead became, by field.
pub fn became(record: &Record) -> bool {
    record.text("customer").is_some()
}

/// Why it cannot be converted now.
pub fn reason(viewer: &Viewer, entity: &Entity, record: &Record) -> Option<String> {
    if record.deleted_at.is_some() {
        return Some(t!("It is in the trash").to_owned());
    }
    viewer.missing(entity, Verb::Update).or_else(|| {
        let customer = viewer.catalog.get("customer")?;
        viewer.missing(customer, Verb::Create)
    })
}

pub async fn view(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
) -> Result<AnyView> {
    let here = address::of(viewer, entity, record);
    let one = lower(&entity.labels.one);
    if !viewer.may(entity, Verb::Update) {
        return Err(Error::forbidden(entity.permission(Verb::Update), &viewer.role));
    }
    if became(record) {
        return Err(Error::conflict(t!(
            "This {entity} was converted before; its page names what it became",
            entity = one,
        )));
    }
    if let Some(reason) = reason(viewer, entity, record) {
        return Err(Error::conflict(reason));
    }
    let Some(field) = entity.field("customer") else { return Err(Error::not_found()) };
    let fields: [&Field; 1] = [field];
    let offered = Choices::load(page, viewer, backend, &fields, Some(record)).await?.of(field);
    let replay = page.replay_of(OPERATION);
    let typed = |name: &str| {
        replay
            .as_deref()
            .and_then(|replay| replay.value(name))
            .or_else(|| page.query(&format!("values.{name}")))
            .map(str::to_owned)
    };
    let title = address::title(entity, record);
    let company = record.text("company").filter(|company| !company.is_empty()).unwrap_or(&title).to_owned();
    let deal = typed("opportunity").unwrap_or_else(|| company.clone());
    let customer = label_of(viewer, "customer");
    let opportunity = label_of(viewer, "opportunity");
    let mut choices = offered.choices.clone();
    choices.insert(0, Choice::new("", t!("New {entity}: {name}", entity = lower(&customer), name = company)));
    let text = if company == title {
        t!(
            "Choose the {customer} it belongs to, or {title} becomes a new one. The {lead} counts as won and stays, with \
             links to both.",
            customer = lower(&customer),
            title,
            lead = one,
        )
    } else {
        t!(
            "Choose the {customer} it belongs to, or {company} becomes a new one, with {title} as its contact. The {lead} \
             counts as won and stays, with links to both.",
            customer = lower(&customer),
            company,
            title,
            lead = one,
        )
    };
    let find = offered.more.then(|| find(page, offered.found.clone(), &customer));
    let (heading, verb) = (t!("Convert {title}", title), t!("Convert {entity}", entity = one));
    let (chosen, close) = (typed("customer"), here.clone());
    let form = view! {
        {find}
        <form class="form" method="post" action=viewer.action(OPERATION)>
            {replay.as_deref().map(|replay| form::problems(replay, entity, t!("It was not converted")))}
            {subject(entity, record)}
            {envelope(page, "convert", &here, &t!("{entity} converted", entity = entity.labels.one))}
            <FormSection>
                <Select name="customer" label=customer choices value=chosen/>
                <TextInput
                    name="opportunity"
                    label=opportunity
                    value=deal
                    hint=t!("Clear the name if there is no deal to follow yet.")
                    maxlength=200
                    autocomplete="off"
                />
            </FormSection>
            <FormActions>
                <SubmitButton>{verb}</SubmitButton>
                <LinkButton href=here kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any();
    Ok(view! { <DialogPage title=heading text close_href=close>{form}</DialogPage> }.into_any())
}

fn label_of(viewer: &Viewer, key: &str) -> String {
    viewer.catalog.get(key).map_or_else(|| key.to_owned(), |entity| entity.labels.one.clone())
}

/// Looks for an existing customer: a page of its own, so that nothing typed is in the way.
fn find(page: &PageContext, words: Option<String>, customer: &str) -> AnyView {
    let label = t!("Find an existing {entity}", entity = lower(customer));
    view! {
        <form class="reference-find" method="get" action=page.path.clone()>
            {hidden("convert", "1")}
            {carried(page)}
            <input class="input" type="search" name="find.customer" value=words placeholder=label.clone() aria-label=label autocomplete="off"/>
            <button class="btn btn-secondary size-m" type="submit">{t!("Find")}</button>
        </form>
    }
    .into_any()
}
