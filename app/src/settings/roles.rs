//! Roles of the workspace: the list, and one role with its grants.

use super::roles_grid::{self, Grid};
use super::settings_frame;
use crate::page::{PageContext, Viewer, load, set_status, use_page};
use crate::records::post::{envelope, hidden};
use domain::people::{CreateRole, DeleteRole, ListRoles, MANAGE, RoleRow, UpdateRole};
use domain::{Error, Operation, Result};
use leptos::prelude::*;
use ui::{
    Badge, Blank, ButtonKind, Cell, Chip, Choice, DataTable, FormActions, FormError, FormErrors, HeadCell, LinkButton,
    Mono, Notice, Page, PageHeader, Panel, Row, Select, Size, Stack, SubmitButton, TextArea, TextInput, TextLink, Tone,
};
use words::{t, tn};

#[component]
pub fn RolesPage() -> impl IntoView {
    let page = use_page();
    load(roles_page(page)).into_any()
}

async fn roles_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let roles = page.backend()?.run(ListRoles {}).await?;
    if let Some(replay) = &page.replay {
        set_status(replay.error.kind.status());
    }
    let head = view! {
        <HeadCell label=t!("Role")/>
        <HeadCell label=t!("Held by") numeric=true/>
        <HeadCell label=t!("Decides")/>
        <HeadCell label=t!("Yours to give")/>
    };
    let rows: Vec<AnyView> = roles.iter().map(|role| row(&viewer, role)).collect();
    let text =
        t!("What people may do, and with whose records. A member may hold several; what any of them grants counts.");
    let maker = new_role(&page, &viewer, &roles);
    let content = view! {
        <Page>
            <PageHeader title=t!("Roles") text/>
            <Stack>
                <Panel flush=true>
                    <div class="as-cards"><DataTable label=t!("Roles") head=head.into_any() inline=true>{rows}</DataTable></div>
                </Panel>
                {maker}
            </Stack>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "Roles", content.into_any()))
}

fn row(viewer: &Viewer, role: &RoleRow) -> AnyView {
    let (href, label) = (path_of(viewer, &role.key), viewer.catalog.say(&role.label).to_owned());
    let kind = kind_words(role);
    let about = if role.about.is_empty() { kind } else { role.about.clone() };
    let members = match role.members {
        0 => view! { <Blank label=t!("nobody")/> }.into_any(),
        count => count.to_string().into_any(),
    };
    let decides = decides(viewer, role);
    let give = match &role.beyond {
        None => view! { <Chip tone=Tone::Positive icon="check">{t!("Yes")}</Chip> }.into_any(),
        Some(why) => view! { <Chip title=why.clone() icon="lock">{t!("Beyond yours")}</Chip> }.into_any(),
    };
    view! {
        <Row id=role.key.clone()>
            <Cell label=t!("Role") lead=true><TextLink href>{label}</TextLink><span class="role-about">{about}</span></Cell>
            <Cell label=t!("Held by") numeric=true>{members}</Cell>
            <Cell label=t!("Decides")>{decides}</Cell>
            <Cell label=t!("Yours to give")>{give}</Cell>
        </Row>
    }
    .into_any()
}

/// Its place on the ladder, if it has one.
fn kind_words(role: &RoleRow) -> String {
    match role.rank {
        Some(rank) => t!("Step {rank} of the ladder", rank),
        None => t!("Job role").to_owned(),
    }
}

/// The first things that ask for it, and how many more.
fn decides(viewer: &Viewer, role: &RoleRow) -> AnyView {
    let names: Vec<&str> = role.decides.iter().map(|one| viewer.catalog.say(&one.what)).collect();
    match names.as_slice() {
        [] => view! { <Blank label=t!("nothing")/> }.into_any(),
        [one] => (*one).to_owned().into_any(),
        [first, rest @ ..] => {
            let title = names.join(", ");
            view! { <span title=title>{t!("{first} and {count} more", first, count = rest.len())}</span> }.into_any()
        }
    }
}

fn path_of(viewer: &Viewer, key: &str) -> String {
    viewer.path(&format!("settings/roles/{key}"))
}

fn new_role(page: &PageContext, viewer: &Viewer, roles: &[RoleRow]) -> AnyView {
    let replay = page.replay_of(CreateRole::NAME);
    let typed = |name: &str| replay.as_deref().and_then(|replay| replay.value(name)).map(str::to_owned);
    let error = |name: &str| replay.as_deref().and_then(|replay| replay.error_for(name)).map(str::to_owned);
    let problem = replay.as_deref().filter(|replay| replay.error.fields.is_empty()).map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("The role was not made")>{message}</Notice> }
    });
    // A copy has no place on the ladder; what counts is what it grants.
    let choices = roles
        .iter()
        .map(|role| {
            let choice = Choice::new(role.key.clone(), viewer.catalog.say(&role.label));
            if viewer.grants.beyond(&role.grants).is_none() { choice } else { choice.refused(t!("beyond yours")) }
        })
        .collect();
    let reason = viewer.lacks(MANAGE);
    let envelope = envelope(page, "new-role", &path_of(viewer, "{key}"), t!("Role made. Now say what it may do"));
    let (action, label, copy) = (viewer.action(CreateRole::NAME), typed("label"), typed("copyOf"));
    let (label_error, copy_error) = (error("label"), error("copyOf"));
    view! {
        <Panel title=t!("New role") text=t!("Begin with what another role may do, then change it.")>
            <form class="stack" method="post" action=action>
                {problem}
                {envelope}
                <div class="form-grid is-two">
                    <TextInput name="label" label=t!("Name") value=label error=label_error required=true autocomplete="off" placeholder=t!("Showroom lead")/>
                    <Select name="copyOf" label=t!("Copy of") choices value=copy error=copy_error blank=t!("Nothing yet")/>
                </div>
                <FormActions><SubmitButton icon="plus" reason>{t!("Make the role")}</SubmitButton></FormActions>
            </form>
        </Panel>
    }
    .into_any()
}

#[component]
pub fn RolePage() -> impl IntoView {
    let page = use_page();
    load(role_page(page)).into_any()
}

async fn role_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let roles = page.backend()?.run(ListRoles {}).await?;
    let key = page.path.rsplit('/').next().unwrap_or_default();
    let role = roles.into_iter().find(|role| role.key == key).ok_or_else(Error::not_found)?;
    let replay = page.replay_of(UpdateRole::NAME);
    if let Some(replay) = &page.replay {
        set_status(replay.error.kind.status());
    }
    let reason = viewer.lacks(MANAGE).or_else(|| role.fixed.clone());
    let notice = reason.clone().map(|reason| {
        view! { <Notice tone=Tone::Neutral title=t!("This role is only to be looked at")>{reason}"."</Notice> }
    });
    let held = match role.members {
        0 => t!("held by nobody").to_owned(),
        many => tn!(many, "held by one member", "held by {count} members"),
    };
    let text = format!("{}, {held}.", kind_words(&role));
    let (title, key) = (viewer.catalog.say(&role.label).to_owned(), role.key.clone());
    let decided = decides_panel(&viewer, &role);
    let editor = editor(&page, &viewer, &role, replay.as_deref(), reason);
    let delete = delete(&page, &viewer, &role);
    let content = view! {
        <Page>
            <PageHeader title text actions=view! { <Mono>{key}</Mono> }.into_any()/>
            <Stack>{notice}{decided}{editor}{delete}</Stack>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "Roles", content.into_any()))
}

fn decides_panel(viewer: &Viewer, role: &RoleRow) -> Option<AnyView> {
    let items: Vec<AnyView> = role
        .decides
        .iter()
        .map(|one| {
            let what = viewer.catalog.say(&one.what).to_owned();
            match one.workflow {
                Some(id) => {
                    let href = viewer.path(&format!("workflows/{id}"));
                    view! { <li><TextLink href>{what}</TextLink>" "<Badge>{t!("Approval in a workflow")}</Badge></li> }
                        .into_any()
                }
                None => view! { <li>{what}" "<Badge>{t!("Move of a record")}</Badge></li> }.into_any(),
            }
        })
        .collect();
    (!items.is_empty()).then(|| {
        view! { <Panel title=t!("What its holders decide") text=t!("These wait for somebody who holds this role.")><ul class="decides">{items}</ul></Panel> }
            .into_any()
    })
}

fn editor(
    page: &PageContext,
    viewer: &Viewer,
    role: &RoleRow,
    replay: Option<&crate::page::Replay>,
    reason: Option<String>,
) -> AnyView {
    let typed = |name: &str, now: &str| replay.and_then(|replay| replay.value(name)).unwrap_or(now).to_owned();
    let error = |name: &str| replay.and_then(|replay| replay.error_for(name)).map(str::to_owned);
    let problem = replay.map(|replay| {
        let errors = vec![FormError::new("", replay.error.message.clone())];
        view! { <FormErrors errors title=t!("The role was not saved")/> }
    });
    let closed = reason.is_some();
    let grid = roles_grid::view(&Grid { viewer, role, replay, closed });
    let own = page.path.clone();
    let seeded = domain::permission::ROLES.iter().any(|seed| seed.key == role.key);
    let hint = seeded.then(|| t!("Comes with Nexus and keeps its name.").to_owned());
    let (label, about) = (typed("label", &role.label), typed("about", &role.about));
    let (label_error, about_error, fixed) = (error("label"), error("about"), closed || seeded);
    let all = viewer.path("settings/roles");
    view! {
        <form class="stack" method="post" action=viewer.action(UpdateRole::NAME)>
            {problem}
            {hidden("key", role.key.clone())}
            {hidden("version", role.version.to_string())}
            {hidden("grants.none", "false")}
            {envelope(page, "role", &own, t!("Role saved. It holds from the next click on"))}
            <Panel title=t!("Name")>
                <div class="form-grid is-two">
                    <TextInput name="label" label=t!("Name") value=label error=label_error hint required=true readonly=fixed autocomplete="off"/>
                    <TextArea name="about" label=t!("What it is for") value=about error=about_error rows=2/>
                </div>
            </Panel>
            <p class="grants-legend">
                {t!("Each cell says whose records: one's own, those of the team below, those of the location, or all. In brackets: what a wider row or column gives already.")}
            </p>
            {grid}
            <FormActions>
                <SubmitButton reason>{t!("Save role")}</SubmitButton>
                <LinkButton href=all kind=ButtonKind::Ghost>{t!("All roles")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any()
}

fn delete(page: &PageContext, viewer: &Viewer, role: &RoleRow) -> AnyView {
    let reason = viewer.lacks(MANAGE).or_else(|| role.kept.clone());
    let problem = page.replay_of(DeleteRole::NAME).map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("The role was not deleted")>{message}</Notice> }
    });
    let text = reason
        .clone()
        .map(|reason| format!("{reason}."))
        .unwrap_or_else(|| t!("Nobody holds it, so nobody loses anything.").to_owned());
    let (next, done) = (viewer.path("settings/roles"), t!("{role} deleted", role = viewer.catalog.say(&role.label)));
    let (action, envelope) = (viewer.action(DeleteRole::NAME), envelope(page, "delete-role", &next, &done));
    let (key, version) = (hidden("key", role.key.clone()), hidden("version", role.version.to_string()));
    view! {
        <Panel title=t!("Delete") text>
            <form method="post" action=action>
                {problem}
                {key}
                {version}
                {envelope}
                <SubmitButton kind=ButtonKind::Danger size=Size::Small icon="trash-2" reason>{t!("Delete role")}</SubmitButton>
            </form>
        </Panel>
    }
    .into_any()
}
