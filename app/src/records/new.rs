//! A new row of any described entity. A link may fill fields in: `/leads/new?customer={id}`, and name the page to go back to.

use super::address;
use super::choices::Choices;
use super::form::{self, Draft};
use super::list_parts::lower;
use super::merge;
use super::post::{hidden, making, way_back};
use super::upload;
use crate::layout::workspace_frame;
use crate::page::{PageContext, load, use_page};
use domain::{Error, Result, Verb};
use leptos::prelude::*;
use ui::{ButtonKind, Crumb, FormActions, LinkButton, Page, PageHeader, SubmitButton};
use words::t;

#[component]
pub fn NewPage() -> impl IntoView {
    let page = use_page();
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity(address::plural(&page))?;
    if let Some(how) = &entity.managed {
        return Err(Error::conflict(how.clone()));
    }
    if !viewer.may(&entity, Verb::Create) {
        return Err(Error::forbidden(entity.permission(Verb::Create), &viewer.role));
    }
    let mut fields = form::fields_of(&viewer, &entity);
    // In the first pipeline, unless another one is chosen; behind the name, in which one begins to type.
    let behind = fields.len().min(1);
    fields.splice(behind..behind, entity.pipeline_field().filter(|field| field.writable(&viewer.grants)));
    // A file is kept by whoever may change rows.
    fields.retain(|field| !field.is_upload() || viewer.may(&entity, Verb::Update));
    let replay = page.replay_of("records.create");
    let choices = Choices::load(&page, &viewer, &backend, &fields, None).await?;
    let looked_up = merge::looked_up(&page, &viewer, &backend, &entity).await?;
    let draft = Draft { page: &page, viewer: &viewer, record: None, replay: replay.as_deref(), choices: &choices };
    let one = lower(&entity.labels.one);
    let list = viewer.path(&entity.plural);
    let cancel = way_back(&page, &viewer.slug, list.clone());
    let next = way_back(&page, &viewer.slug, format!("{list}/{{id}}"));
    let (title, verb) = (t!("New {entity}", entity = one), t!("Create {entity}", entity = one));
    let (refused, done) =
        (t!("The {entity} was not saved", entity = one), t!("{entity} created", entity = entity.labels.one));
    let form = view! {
        <form class="form" method="post" enctype=upload::enctype(&fields) action=viewer.action("records.create") data-form="new" data-alike=merge::told_apart(&entity, &fields)>
            {replay.as_deref().map(|replay| form::problems(replay, &entity, &refused))}
            {replay.as_deref().and_then(|replay| merge::warning(&viewer, &entity, replay))}
            {looked_up}
            <p class="sr-only" role="status" data-said=""></p>
            {form::default_button(&draft, &fields)}
            {hidden("entity", entity.key.clone())}
            {making(&page, "new", &next, &done)}
            {form::sections(&draft, &fields)}
            <FormActions>
                <SubmitButton>{verb}</SubmitButton>
                <LinkButton href=cancel kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any();
    let text = entity.help.clone();
    let crumbs = vec![Crumb::link(entity.labels.many.clone(), list), Crumb::here(title.clone())];
    let body = view! { <Page narrow=true><PageHeader title text/>{form}</Page> }.into_any();
    Ok(workspace_frame(&page, crumbs, None, None, body))
}
