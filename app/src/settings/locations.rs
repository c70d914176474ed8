//! Locations of the workspace: branches, showrooms, depots.

use super::settings_frame;
use crate::page::{PageContext, Viewer, load, use_page};
use crate::records::post::{envelope, hidden};
use crate::session::Typed;
use domain::Result;
use domain::people::{ListLocations, Location};
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, EmptyState, Icon, LinkButton, Page, PageHeader, Panel, Size, Stack, SubmitButton, TextInput,
};
use words::{t, tn};

#[component]
pub fn LocationsPage() -> impl IntoView {
    let page = use_page();
    load(locations_page(page)).into_any()
}

async fn locations_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let locations = page.backend()?.run(ListLocations {}).await?;
    let lacking = |permission: &str| {
        (!viewer.grants.allows(permission)).then(|| t!("Needs the permission {permission}", permission))
    };
    let (add, rename) = (lacking("people.location.create"), lacking("people.location.update"));
    let list = if locations.is_empty() {
        view! { <EmptyState icon="map-pin" title=t!("No location yet") text=t!("A business with several branches or showrooms adds them here, and says of each member where they belong.")/> }.into_any()
    } else {
        let rows: Vec<_> = locations.iter().map(|location| row(&page, &viewer, location, rename.as_deref())).collect();
        view! { <ul class="row-list">{rows}</ul> }.into_any()
    };
    let form = form(&page, &viewer, add);
    let content = view! {
        <Page narrow=true>
            <PageHeader title=t!("Locations") text=t!("Where people work. A role may reach as far as a member's location.")/>
            <Stack><Panel title=t!("Locations") flush=true>{list}</Panel>{form}</Stack>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "Locations", content.into_any()))
}

fn row(page: &PageContext, viewer: &Viewer, location: &Location, lacking: Option<&str>) -> AnyView {
    let id = location.id.to_string();
    let replayed = page.replay_of("people.rename_location").is_some_and(|replay| replay.value("id") == Some(&id));
    if lacking.is_none() && (page.query("rename") == Some(&id) || replayed) {
        return edited(page, viewer, location, replayed);
    }
    let detail = match location.members {
        0 => t!("Nobody belongs here").to_owned(),
        members => tn!(members, "One person", "{count} people"),
    };
    let href = format!("{}?rename={id}", page.path);
    let reason = lacking.map(str::to_owned);
    view! {
        <li data-id=id>
            <div class="row-link">
                <Icon name="map-pin"/>
                <span class="row-text"><span class="row-title" dir="auto">{location.name.clone()}</span><span class="row-detail">{detail}</span></span>
                <span class="row-end"><LinkButton href size=Size::Small reason=reason>{t!("Rename")}</LinkButton></span>
            </div>
        </li>
    }
    .into_any()
}

fn edited(page: &PageContext, viewer: &Viewer, location: &Location, replayed: bool) -> AnyView {
    let typed = Typed::of(page, if replayed { "people.rename_location" } else { "" });
    let field = format!("name-{}", location.id);
    view! {
        <li data-id=location.id.to_string()>
            <form class="row-form" method="post" action=viewer.action("people.rename_location")>
                {hidden("id", location.id.to_string())}
                {envelope(page, &format!("rename-{}", location.id), &page.path, t!("Location renamed"))}
                <TextInput id=field name="name" label=t!("Name of the location") bare=true value=typed.value_or("name", &location.name) error=typed.error("name") required=true autofocus=true/>
                <SubmitButton>{t!("Save")}</SubmitButton>
                <LinkButton href=page.path.clone() kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
            </form>
        </li>
    }
    .into_any()
}

fn form(page: &PageContext, viewer: &Viewer, reason: Option<String>) -> AnyView {
    let typed = Typed::of(page, "people.add_location");
    let content = view! {
            {typed.notice()}
            <form class="row-form is-bare" method="post" action=viewer.action("people.add_location")>
                {envelope(page, "add", &page.path, t!("Location added"))}
                <TextInput name="name" label=t!("Name") bare=true placeholder=t!("Nairobi showroom") value=typed.value("name") error=typed.error("name") required=true/>
                <Button r#type="submit" icon="plus" reason=reason>{t!("Add")}</Button>
            </form>
    };
    view! { <Panel title=t!("Add a location")>{content}</Panel> }.into_any()
}
