//! Inviting somebody: the form, and the invitations that wait.

use crate::page::{PageContext, Viewer};
use crate::records::post::{envelope, hidden};
use crate::session::Typed;
use crate::time::Clock;
use domain::people::{GivableRole, Invitation, Location, Member};
use leptos::prelude::*;
use ui::{
    Badge, Button, Checkbox, Choice, FormActions, Icon, LinkButton, Panel, Select, Size, SubmitButton, TextInput, Tone,
};
use words::{say, t};

pub fn form(
    page: &PageContext,
    viewer: &Viewer,
    roles: &[GivableRole],
    members: &[Member],
    locations: &[Location],
) -> AnyView {
    let typed = Typed::of(page, "people.invite");
    let own = page.path.clone();
    let managers =
        choices(members.iter().filter(|member| member.status == "active").map(|m| (m.id.to_string(), m.name.clone())));
    let places = choices(locations.iter().map(|place| (place.id.to_string(), place.name.clone())));
    let ticks: Vec<_> = roles.iter().map(|role| tick(&typed, viewer, role)).collect();
    let roles_error = typed.error("roles").map(|error| {
        view! { <p class="field-error" id="roles-error"><Icon name="circle-alert"/><span>{error}</span></p> }
    });
    let cancel = viewer.path("settings/people");
    let location = (!locations.is_empty()).then(|| {
        view! { <Select name="location" label=t!("Location") choices=places value=typed.value("location") blank=t!("None") error=typed.error("location")/> }
    });
    let content = view! {
            {typed.notice()}
            <form class="stack" method="post" action=viewer.action("people.invite")>
                {envelope(page, "invite", &own, t!("Invitation on its way"))}
                <div class="form-grid is-two">
                    <TextInput name="login" label=t!("E-mail or phone") value=typed.value("login") error=typed.error("login") inputmode="email" autocomplete="off" required=true autofocus=true/>
                    <TextInput name="name" label=t!("Name") value=typed.value("name") error=typed.error("name") autocomplete="off" hint=t!("For the greeting; they may change it")/>
                    <Select name="manager" label=t!("Reports to") choices=managers value=typed.value("manager") blank=t!("Nobody") error=typed.error("manager")/>
                    {location}
                </div>
                <fieldset class="ticks">
                    <legend class="field-label">{t!("Roles")}</legend>
                    <div class="form-grid is-two">{ticks}</div>
                    {roles_error}
                </fieldset>
                <FormActions>
                    <SubmitButton icon="send">{t!("Send the invitation")}</SubmitButton>
                    <LinkButton href=cancel kind=ui::ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
                </FormActions>
            </form>
    };
    view! { <Panel title=t!("Invite somebody") text=t!("They get a link for their address alone, good once and for 7 days.")>{content}</Panel> }.into_any()
}

fn tick(typed: &Typed, viewer: &Viewer, role: &GivableRole) -> AnyView {
    let name = format!("roles.{}", role.key);
    let checked =
        if typed.refused() { !typed.value(&name).is_empty() } else { role.key == "USER" && role.beyond.is_none() };
    let hint = role.beyond.clone();
    let disabled = role.beyond.is_some();
    view! { <Checkbox name label=viewer.catalog.say(&role.label).to_owned() checked=checked && !disabled disabled hint=hint/> }
        .into_any()
}

pub fn choices(pairs: impl Iterator<Item = (String, String)>) -> Vec<Choice> {
    pairs.map(|(value, label)| Choice::new(value, label)).collect()
}

/// Those that wait to be taken up.
pub fn waiting(page: &PageContext, viewer: &Viewer, invitations: &[Invitation], may: bool) -> Option<AnyView> {
    if invitations.is_empty() {
        return None;
    }
    let clock = Clock::new(&page.now, &viewer.timezone);
    let rows: Vec<_> = invitations.iter().map(|invitation| row(page, viewer, invitation, clock, may)).collect();
    Some(view! { <Panel title=t!("Invited") flush=true><ul class="row-list">{rows}</ul></Panel> }.into_any())
}

fn row(page: &PageContext, viewer: &Viewer, invitation: &Invitation, clock: Clock, may: bool) -> AnyView {
    let roles = invitation.role_labels.iter().map(|label| say(label)).collect::<Vec<_>>().join(", ");
    let sent = match &invitation.sent_at {
        _ if invitation.expired => t!("ran out; send it again").to_owned(),
        Some(at) => t!("sent {when}", when = clock.words(at)),
        None => t!("on its way").to_owned(),
    };
    let detail = format!("{roles} · {} · {sent}", t!("by {name}", name = invitation.invited_by));
    let until = t!("Good until {when}", when = clock.full(&invitation.expires_at));
    let title = match &invitation.name {
        Some(name) => format!("{name} · {}", invitation.login),
        None => invitation.login.clone(),
    };
    let badge = invitation.expired.then(|| view! { <Badge tone=Tone::Warning>{t!("Ran out")}</Badge> });
    let actions = may.then(|| {
        view! {
            {act(page, viewer, invitation, "people.resend_invitation", t!("Send again"), t!("Invitation on its way once more"))}
            {act(page, viewer, invitation, "people.revoke_invitation", t!("Take back" in "invitation"), t!("Invitation taken back"))}
        }
    });
    view! {
        <li data-id=invitation.id.to_string()>
            <div class="row-link has-actions">
                <Icon name="mail"/>
                <span class="row-text"><span class="row-title" dir="auto">{title}</span><span class="row-detail" title=until>{detail}</span></span>
                <span class="row-end">{badge}{actions}</span>
            </div>
        </li>
    }
    .into_any()
}

fn act(
    page: &PageContext,
    viewer: &Viewer,
    invitation: &Invitation,
    operation: &'static str,
    label: &'static str,
    done: &'static str,
) -> AnyView {
    view! {
        <form method="post" action=viewer.action(operation)>
            {hidden("id", invitation.id.to_string())}
            {envelope(page, &format!("{operation}-{}", invitation.id), &page.path, done)}
            <Button size=Size::Small r#type="submit">{label}</Button>
        </form>
    }
    .into_any()
}
