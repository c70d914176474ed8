//! Everyone in the workspace, with their roles.

use super::settings_frame;
use crate::layout::nav::role_words;
use crate::page::{PageContext, Viewer, load, use_page};
use domain::Result;
use domain::people::{ListMembers, Member};
use leptos::prelude::*;
use ui::{Badge, Blank, Cell, Chip, DataTable, HeadCell, Page, PageHeader, Panel, Person, Row, Size, TextLink, Tone};
use uuid::Uuid;

#[component]
pub fn PeoplePage() -> impl IntoView {
    let page = use_page();
    load(people_page(page)).into_any()
}

async fn people_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let members = page.backend()?.run(ListMembers {}).await?;
    let head = view! {
        <HeadCell label="Name"/>
        <HeadCell label="Role"/>
        <HeadCell label="E-mail"/>
        <HeadCell label="Reports to"/>
        <HeadCell label="Status"/>
    };
    let rows: Vec<_> = members.iter().map(|member| row(&viewer, &members, member)).collect();
    let people = members.iter().filter(|member| member.status != "automation").count();
    let text = if people == 1 {
        "One person works in this workspace.".to_owned()
    } else {
        format!("{people} people work in this workspace.")
    };
    let content = view! {
        <Page>
            <PageHeader title="People" text/>
            <Panel flush=true>
                <div class="as-cards"><DataTable label="People" head=head.into_any() inline=true>{rows}</DataTable></div>
            </Panel>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "People", content.into_any()))
}

fn row(viewer: &Viewer, members: &[Member], member: &Member) -> AnyView {
    let name = member.name.clone();
    let you = (member.id == viewer.member).then(|| view! { " "<Badge>"You"</Badge> });
    let roles: Vec<_> = member
        .roles
        .iter()
        .map(|role| {
            let words = role_words(role);
            view! { <Chip>{words}</Chip>" " }
        })
        .collect();
    let email = match member.email.clone() {
        Some(email) => view! { <TextLink href=format!("mailto:{email}")>{email}</TextLink> }.into_any(),
        None => view! { <Blank/> }.into_any(),
    };
    let manager = match member.manager.and_then(|manager| name_of(members, manager)) {
        Some(name) => view! { <Person name size=Size::Small/> }.into_any(),
        None => view! { <Blank label="nobody"/> }.into_any(),
    };
    let status = match member.status.as_str() {
        "active" => "Active".into_any(),
        "automation" => "Automation".into_any(),
        _ => view! { <Badge tone=Tone::Warning>"Suspended"</Badge> }.into_any(),
    };
    view! {
        <Row id=member.id.to_string()>
            <Cell label="Name" lead=true><Person name size=Size::Small/>{you}</Cell>
            <Cell label="Role">{roles}</Cell>
            <Cell label="E-mail">{email}</Cell>
            <Cell label="Reports to">{manager}</Cell>
            <Cell label="Status">{status}</Cell>
        </Row>
    }
    .into_any()
}

fn name_of(members: &[Member], id: Uuid) -> Option<String> {
    members.iter().find(|member| member.id == id).map(|member| member.name.clone())
}
