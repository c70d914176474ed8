//! One member: who they report to and where they belong, what they own, and what can be done about them.

use super::invite::choices;
use super::settings_frame;
use crate::page::{PageContext, Viewer, load, use_page};
use crate::records::post::{envelope, hidden};
use crate::session::Typed;
use domain::people::{ListLocations, ListMembers, Location, Member, Owned, OwnedRecords};
use domain::{Error, Result};
use leptos::prelude::*;
use ui::{
    Badge, Button, ButtonKind, Chip, DescriptionList, DescriptionRow, FormActions, LinkButton, Notice, Page,
    PageHeader, Panel, Select, Size, Stack, SubmitButton, TextInput, Tone,
};
use uuid::Uuid;
use words::{say, t, tn};

#[component]
pub fn MemberPage() -> impl IntoView {
    let page = use_page();
    load(member_page(page)).into_any()
}

async fn member_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let backend = page.backend()?;
    let id = Uuid::try_parse(page.path.rsplit('/').next().unwrap_or_default()).map_err(|_| Error::not_found())?;
    let owned = backend.run(OwnedRecords { member: id }).await?;
    let members = backend.run(ListMembers {}).await?;
    let member =
        members.iter().find(|member| member.id == id && member.status != "automation").ok_or_else(Error::not_found)?;
    let locations = backend.run(ListLocations {}).await?;
    let reason = viewer.lacks("people.member.update");
    let refused = page.replay.as_ref().filter(|replay| replay.error.fields.is_empty()).map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("Nothing was changed")>{message}</Notice> }
    });
    let edit = edit(&page, &viewer, &members, &locations, member, reason.clone());
    let records = records(&page, &viewer, &members, member, &owned, reason.clone());
    let access =
        (member.status != "left" && member.id != viewer.member).then(|| access(&page, &viewer, member, reason));
    let (name, email, about) = (member.name.clone(), member.email.clone(), about(&viewer, member));
    let content = view! {
        <Page narrow=true>
            <PageHeader title=name text=email/>
            <Stack>{refused}{about}{edit}{records}{access}</Stack>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "People", content.into_any()))
}

fn about(viewer: &Viewer, member: &Member) -> AnyView {
    let roles: Vec<_> = member
        .role_labels
        .iter()
        .map(|words| {
            let words = say(words).to_owned();
            view! { <Chip>{words}</Chip>" " }
        })
        .collect();
    let status = match member.status.as_str() {
        "active" => t!("Active" in "person").into_any(),
        "left" => view! { <Badge>{t!("Left")}</Badge> }.into_any(),
        _ => view! { <Badge tone=Tone::Warning>{t!("Suspended" in "person")}</Badge> }.into_any(),
    };
    let link = |label: &'static str, rest: &str, permission: &'static str| {
        let href = viewer.path(&format!("settings/people/{}/{rest}", member.id));
        let reason = viewer.lacks(permission);
        view! { <LinkButton href size=Size::Small reason>{label}</LinkButton> }
    };
    let actions = (member.status != "left").then(|| {
        let roles = link(t!("Change roles"), "roles", "people.member.set_roles");
        let sessions = link(t!("Sessions"), "sessions", "people.session.manage");
        view! { {roles}{sessions} }.into_any()
    });
    view! {
        <Panel title=t!("Roles and sessions") actions>
            <DescriptionList>
                <DescriptionRow label=t!("Roles")><span class="chips">{roles}</span></DescriptionRow>
                <DescriptionRow label=t!("Status")>{status}</DescriptionRow>
            </DescriptionList>
        </Panel>
    }
    .into_any()
}

fn edit(
    page: &PageContext,
    viewer: &Viewer,
    members: &[Member],
    locations: &[Location],
    member: &Member,
    reason: Option<String>,
) -> AnyView {
    let typed = Typed::of(page, "people.update_member");
    let managers = choices(
        members
            .iter()
            .filter(|other| other.status == "active" && other.id != member.id)
            .map(|m| (m.id.to_string(), m.name.clone())),
    );
    let places = choices(locations.iter().map(|place| (place.id.to_string(), place.name.clone())));
    let held = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let (manager, location) = (held(member.manager), held(member.location));
    let content = view! {
            <form class="stack" method="post" action=viewer.action("people.update_member")>
                {hidden("id", member.id.to_string())}
                {envelope(page, "update", &page.path, t!("Saved"))}
                <TextInput name="name" label=t!("Name") value=typed.value_or("name", &member.name) error=typed.error("name") required=true/>
                <div class="form-grid is-two">
                    <Select name="manager" label=t!("Reports to") choices=managers value=typed.value_or("manager", &manager) blank=t!("Nobody") error=typed.error("manager") hint=t!("Sees what their team owns, where a role reaches so far")/>
                    <Select name="location" label=t!("Location") choices=places value=typed.value_or("location", &location) blank=t!("None") error=typed.error("location")/>
                </div>
                <FormActions><SubmitButton reason=reason>{t!("Save")}</SubmitButton></FormActions>
            </form>
    };
    view! { <Panel title=t!("Place in the workspace")>{content}</Panel> }.into_any()
}

fn records(
    page: &PageContext,
    viewer: &Viewer,
    members: &[Member],
    member: &Member,
    owned: &[Owned],
    reason: Option<String>,
) -> AnyView {
    let total: i64 = owned.iter().map(|owned| owned.count).sum();
    if total == 0 {
        let note = t!("{name} owns no record that you can see.", name = member.name);
        return view! { <Panel title=t!("Records")><p class="panel-note">{note}</p></Panel> }.into_any();
    }
    let typed = Typed::of(page, "people.hand_over");
    let rows: Vec<_> = owned
        .iter()
        .map(|owned| {
            let (label, count) = (owned.label.clone(), owned.count);
            view! { <DescriptionRow label>{count}</DescriptionRow> }
        })
        .collect();
    let others = choices(
        members
            .iter()
            .filter(|other| other.status == "active" && other.id != member.id)
            .map(|m| (m.id.to_string(), m.name.clone())),
    );
    let text = tn!(
        total,
        "{name} owns {count} record that you can see.",
        "{name} owns {count} records that you can see.",
        name = member.name
    );
    let label = tn!(total, "Hand the record over", "Hand {count} records over");
    let content = view! {
            <div class="stack">
                <DescriptionList>{rows}</DescriptionList>
                <form class="stack" method="post" action=viewer.action("people.hand_over")>
                    {hidden("from", member.id.to_string())}
                    {envelope(page, "hand-over", &page.path, t!("The records are being handed over; it takes a moment"))}
                    <Select name="to" label=t!("New owner") choices=others value=typed.value("to") blank=t!("Choose somebody") required=true error=typed.error("to")/>
                    <FormActions><Button r#type="submit" icon="users" reason=reason>{label}</Button></FormActions>
                </form>
            </div>
    };
    view! { <Panel title=t!("Records") text>{content}</Panel> }.into_any()
}

fn access(page: &PageContext, viewer: &Viewer, member: &Member, reason: Option<String>) -> AnyView {
    let suspended = member.status == "suspended";
    let (operation, label, icon, done, kind, text) = if suspended {
        (
            "people.restore_member",
            t!("Restore"),
            "rotate-ccw",
            t!("Restored"),
            ButtonKind::default(),
            t!("Restoring lets them work here again, with the roles that they have."),
        )
    } else {
        (
            "people.suspend_member",
            t!("Suspend"),
            "ban",
            t!("Suspended" in "person"),
            ButtonKind::Danger,
            t!(
                "Suspending keeps them out from their next click on. Their records and their name stay; hand the records over if somebody is to go on with them."
            ),
        )
    };
    let content = view! {
            <form method="post" action=viewer.action(operation)>
                {hidden("id", member.id.to_string())}
                {envelope(page, operation, &page.path, done)}
                <Button kind icon r#type="submit" reason=reason>{label}</Button>
            </form>
    };
    view! { <Panel title=t!("Access") text>{content}</Panel> }.into_any()
}
