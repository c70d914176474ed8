//! All fields of one row as a form. A save that came too late turns into the conflict page.

use super::choices::Choices;
use super::form::{self, Draft};
use super::list_parts::lower;
use super::post::{ask, envelope, hidden, way_back};
use super::rights::Reached;
use super::{address, conflict, merge, upload};
use crate::layout::workspace_frame;
use crate::page::{PageContext, load, use_page};
use domain::records::GetRecord;
use domain::{Error, Kind, Result, Verb};
use leptos::prelude::*;
use ui::{ButtonKind, Crumb, FormActions, LinkButton, Page, PageHeader, SubmitButton};
use words::t;

#[component]
pub fn EditPage() -> impl IntoView {
    let page = use_page();
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity(address::plural(&page))?;
    let id = address::id(&page)?;
    if !viewer.may(&entity, Verb::Update) {
        return Err(Error::forbidden(entity.permission(Verb::Update), &viewer.role));
    }
    if let Some(view) = conflict::of(&page, &viewer, &backend, &entity).await? {
        return Ok(view);
    }
    let record = backend.run(GetRecord { entity: entity.key.clone(), id }).await?;
    if record.deleted_at.is_some() {
        return Err(Error::conflict(t!(
            "This {entity} is in the trash; restore it before changing it",
            entity = lower(&entity.labels.one),
        )));
    }
    // Seen, and not within reach of the permission: said before anything is typed.
    let reached = Reached::load(&viewer, &backend, &entity, Verb::Update, std::iter::once(&record)).await?;
    if let Some(why) = reached.out_of_reach(&viewer, &entity, Verb::Update, &record) {
        let required_permission = Some(entity.permission(Verb::Update));
        return Err(Error { required_permission, ..Error::new(Kind::Forbidden, why) });
    }
    let fields = form::fields_of(&viewer, &entity);
    let replay = page.replay_of("records.update");
    let choices = Choices::load(&page, &viewer, &backend, &fields, Some(&record)).await?;
    let draft =
        Draft { page: &page, viewer: &viewer, record: Some(&record), replay: replay.as_deref(), choices: &choices };
    let one = lower(&entity.labels.one);
    let here = viewer.path(&format!("{}/{id}", entity.plural));
    let back = way_back(&page, &viewer.slug, here.clone());
    let title = address::title(&entity, &record);
    let (heading, verb) = (t!("Edit {title}", title), t!("Save {entity}", entity = one));
    let form = view! {
        <form class="form" method="post" enctype=upload::enctype(&fields) action=viewer.action("records.update") data-form="edit">
            {replay.as_deref().map(|replay| form::problems(replay, &entity, &t!("The {entity} was not saved", entity = one)))}
            {replay.as_deref().and_then(|replay| merge::warning(&viewer, &entity, replay))}
            {form::default_button(&draft, &fields)}
            {hidden("entity", entity.key.clone())}
            {hidden("id", id.to_string())}
            {hidden("version", form::read_version(&page, &record))}
            {form::base(&draft, &fields)}
            {envelope(&page, "edit", &back, &t!("{entity} saved", entity = entity.labels.one))}
            {ask(&page)}
            {form::sections(&draft, &fields)}
            <FormActions>
                <SubmitButton>{verb}</SubmitButton>
                <LinkButton href=back kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any();
    let body = view! { <Page narrow=true><PageHeader title=heading/>{form}</Page> }.into_any();
    let crumbs = vec![
        Crumb::link(entity.labels.many.clone(), viewer.path(&entity.plural)),
        Crumb::link(title.clone(), here),
        Crumb::here(t!("Edit")),
    ];
    Ok(workspace_frame(&page, crumbs, None, None, body))
}
