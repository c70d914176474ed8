//! The roles of one member, on a page of its own: the list of people leads here.

use super::settings_frame;
use crate::page::{PageContext, load, set_status, use_page};
use crate::records::post::{envelope, hidden};
use domain::people::{ListMembers, ListRoles, RoleRow, SET_ROLES, SetRoles};
use domain::{Error, Operation, Result};
use leptos::prelude::*;
use ui::{
    ButtonKind, Checkbox, FormActions, LinkButton, Notice, Page, PageHeader, Panel, Stack, SubmitButton, TextLink, Tone,
};
use uuid::Uuid;
use words::t;

#[component]
pub fn MemberRolesPage() -> impl IntoView {
    let page = use_page();
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let id = page.path.rsplit('/').nth(1).and_then(|id| Uuid::try_parse(id).ok()).ok_or_else(Error::not_found)?;
    let roles = backend.run(ListRoles {}).await?;
    let members = backend.run(ListMembers {}).await?;
    let member = members.into_iter().find(|member| member.id == id).ok_or_else(Error::not_found)?;
    let replay = page.replay_of(SetRoles::NAME);
    if let Some(replay) = &page.replay {
        set_status(replay.error.kind.status());
    }
    // A role of theirs that goes beyond the viewer's closes all of them: taking it away is as much as giving it.
    let above = roles.iter().filter(|role| member.roles.contains(&role.key)).find_map(|role| role.beyond.clone());
    let reason = viewer
        .lacks(SET_ROLES)
        .or_else(|| (member.status == "automation").then(|| t!("The automation keeps its role").to_owned()))
        .or(above);
    let held = |role: &RoleRow| match replay.as_deref() {
        Some(replay) => replay.value(&format!("roles.{}", role.key)).is_some(),
        None => member.roles.contains(&role.key),
    };
    let boxes = |ladder: bool| -> Vec<AnyView> {
        roles
            .iter()
            .filter(|role| role.rank.is_some() == ladder)
            .map(|role| {
                let (name, label, checked) =
                    (format!("roles.{}", role.key), viewer.catalog.say(&role.label).to_owned(), held(role));
                let disabled = reason.is_some() || (role.beyond.is_some() && !checked);
                let about = (!role.about.is_empty()).then(|| role.about.clone());
                let hint = role.beyond.clone().filter(|_| disabled).or(about);
                view! { <Checkbox name label checked disabled hint/> }.into_any()
            })
            .collect()
    };
    let problem = replay.as_deref().map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("The roles were not set")>{message}</Notice> }
    });
    let notice = reason.clone().map(|reason| {
        view! { <Notice tone=Tone::Neutral title=t!("These roles are only to be looked at")>{reason}"."</Notice> }
    });
    let (people, name) = (viewer.path("settings/people"), member.name.clone());
    let done = t!("Roles of {name} set. They hold from the next click on", name);
    let title = t!("Roles of {name}", name);
    let help = view! { <TextLink href=viewer.path("settings/roles")>{t!("What each role may do")}</TextLink> };
    let (ladder, jobs) = (boxes(true), boxes(false));
    let (action, subject) = (viewer.action(SetRoles::NAME), hidden("member", id.to_string()));
    let envelope = envelope(&page, "set-roles", &people, &done);
    let content = view! {
        <Page narrow=true>
            <PageHeader title text=t!("Several may be held; what any of them grants counts.") actions=help.into_any()/>
            <form method="post" action=action>
                <Stack>
                    {problem}
                    {notice}
                    {subject}
                    {envelope}
                    <Panel title=t!("The ladder") text=t!("Each step can do more than the one below.")><div class="stack">{ladder}</div></Panel>
                    <Panel title=t!("Job roles")><div class="stack">{jobs}</div></Panel>
                    <FormActions>
                        <SubmitButton reason>{t!("Set roles")}</SubmitButton>
                        <LinkButton href=people kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
                    </FormActions>
                </Stack>
            </form>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "People", content.into_any()))
}
