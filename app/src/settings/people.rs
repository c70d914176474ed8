//! Everyone in the workspace, with their roles, and who is invited.

use super::{invite, settings_frame};
use crate::page::{PageContext, Viewer, load, use_page};
use domain::Result;
use domain::people::{GivableRoles, ListInvitations, ListLocations, ListMembers, Location, Member};
use leptos::prelude::*;
use ui::{
    Badge, Blank, ButtonKind, Cell, Chip, DataTable, EmptyState, HeadCell, LinkButton, Notice, Page, PageHeader, Panel,
    Person, Row, SearchInput, Size, Stack, TextLink, Tone,
};
use uuid::Uuid;
use words::{say, t, tn};

#[component]
pub fn PeoplePage() -> impl IntoView {
    let page = use_page();
    load(people_page(page)).into_any()
}

async fn people_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let backend = page.backend()?;
    let members = backend.run(ListMembers {}).await?;
    let locations = backend.run(ListLocations {}).await?;
    let may_invite = viewer.grants.allows("people.member.create");
    let invitations =
        if viewer.grants.allows("people.member.read") { backend.run(ListInvitations {}).await? } else { Vec::new() };
    let asked = page.query("invite").is_some() || page.replay_of("people.invite").is_some();
    let form = if may_invite && asked {
        let roles = backend.run(GivableRoles {}).await?;
        Some(invite::form(&page, &viewer, &roles, &members, &locations))
    } else {
        None
    };
    let words = page.query("q").unwrap_or_default().to_owned();
    let shown: Vec<&Member> =
        members.iter().filter(|member| member.status != "left" && matches(member, &words)).collect();
    let people = members.iter().filter(|member| matches!(member.status.as_str(), "active" | "suspended")).count();
    let text = tn!(people, "One person works in this workspace.", "{count} people work in this workspace.");
    let button = if asked { None } else { Some(invite_button(&viewer, may_invite)) };
    let refused = page.replay.as_ref().filter(|replay| replay.operation != "people.invite").map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("Nothing was changed")>{message}</Notice> }
    });
    let table = table(&viewer, &members, &locations, &shown, &words);
    let waiting = invite::waiting(&page, &viewer, &invitations, may_invite);
    let search = view! {
        <form class="toolbar-search" method="get" action=page.path.clone() role="search"><SearchInput name="q" label=t!("Find a person") value=words/></form>
    };
    let content = view! {
        <Page>
            <PageHeader title=t!("People") text actions=button/>
            <Stack>
                {refused}
                {form}
                {waiting}
                <Panel title=t!("Members") actions=search.into_any() flush=true>{table}</Panel>
            </Stack>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "People", content.into_any()))
}

fn invite_button(viewer: &Viewer, may: bool) -> AnyView {
    let href = viewer.path("settings/people?invite=1");
    if may {
        view! { <LinkButton href kind=ButtonKind::Primary icon="user-plus">{t!("Invite somebody")}</LinkButton> }
            .into_any()
    } else {
        let reason = viewer.lacks("people.member.create");
        view! { <LinkButton href icon="user-plus" reason>{t!("Invite somebody")}</LinkButton> }.into_any()
    }
}

fn matches(member: &Member, words: &str) -> bool {
    let words = words.trim().to_lowercase();
    let roles = member.role_labels.iter().map(|role| say(role).to_lowercase());
    let email = member.email.iter().map(|email| email.to_lowercase());
    words.is_empty() || roles.chain(email).chain([member.name.to_lowercase()]).any(|text| text.contains(&words))
}

fn table(viewer: &Viewer, members: &[Member], locations: &[Location], shown: &[&Member], words: &str) -> AnyView {
    if shown.is_empty() {
        let title = t!("Nobody is called {words}", words);
        let everybody = viewer.path("settings/people");
        let action = view! { <LinkButton href=everybody>{t!("Show everybody")}</LinkButton> }.into_any();
        return view! { <EmptyState icon="users" title text=t!("Look for a part of a name, an address or a role.") action/> }
            .into_any();
    }
    let with_places = !locations.is_empty();
    let place = with_places.then(|| view! { <HeadCell label=t!("Location")/> });
    let head = view! {
        <HeadCell label=t!("Name")/>
        <HeadCell label=t!("Roles")/>
        <HeadCell label=t!("E-mail")/>
        <HeadCell label=t!("Reports to")/>
        {place}
        <HeadCell label=t!("Status")/>
    };
    let rows: Vec<_> = shown.iter().map(|member| row(viewer, members, locations, member, with_places)).collect();
    view! { <div class="as-cards"><DataTable label=t!("People") head=head.into_any() inline=true>{rows}</DataTable></div> }
        .into_any()
}

fn row(viewer: &Viewer, members: &[Member], locations: &[Location], member: &Member, with_places: bool) -> AnyView {
    let name = member.name.clone();
    let you = (member.id == viewer.member).then(|| view! { " "<Badge>{t!("You")}</Badge> });
    let roles: Vec<_> = member
        .role_labels
        .iter()
        .map(|words| {
            let words = say(words).to_owned();
            view! { <Chip>{words}</Chip>" " }
        })
        .collect();
    let email = match member.email.clone() {
        Some(email) => view! { <TextLink href=format!("mailto:{email}")>{email}</TextLink> }.into_any(),
        None => view! { <Blank/> }.into_any(),
    };
    let manager = match member.manager.and_then(|manager| name_of(members, manager)) {
        Some(name) => view! { <Person name size=Size::Small/> }.into_any(),
        None => view! { <Blank label=t!("nobody")/> }.into_any(),
    };
    let place = with_places.then(|| {
        let name = member
            .location
            .and_then(|id| locations.iter().find(|place| place.id == id))
            .map(|place| place.name.clone());
        let shown = match name {
            Some(name) => name.into_any(),
            None => view! { <Blank/> }.into_any(),
        };
        view! { <Cell label=t!("Location")>{shown}</Cell> }
    });
    let status = match member.status.as_str() {
        "active" => t!("Active" in "person").into_any(),
        "automation" => t!("Automation").into_any(),
        _ => view! { <Badge tone=Tone::Warning>{t!("Suspended" in "person")}</Badge> }.into_any(),
    };
    let opens = member.status != "automation" && viewer.grants.allows("people.member.read");
    let lead = if opens {
        let href = viewer.path(&format!("settings/people/{}", member.id));
        view! { <Person name size=Size::Small href=href/> }.into_any()
    } else {
        view! { <Person name size=Size::Small/> }.into_any()
    };
    view! {
        <Row id=member.id.to_string()>
            <Cell label=t!("Name") lead=true>{lead}{you}</Cell>
            <Cell label=t!("Roles")><span class="chips">{roles}</span></Cell>
            <Cell label=t!("E-mail")>{email}</Cell>
            <Cell label=t!("Reports to")>{manager}</Cell>
            {place}
            <Cell label=t!("Status")>{status}</Cell>
        </Row>
    }
    .into_any()
}

pub fn name_of(members: &[Member], id: Uuid) -> Option<String> {
    members.iter().find(|member| member.id == id).map(|member| member.name.clone())
}
