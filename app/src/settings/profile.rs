//! The caller's own account: name, number, language, time zone, address, password, and leaving.

use super::settings_frame;
use crate::page::{PageContext, Viewer, load, use_page};
use crate::records::post::envelope;
use crate::session::{Typed, new_password, zones};
use crate::time::Clock;
use domain::Result;
use domain::people::{GetProfile, Profile};
use leptos::prelude::*;
use ui::{
    Button, ButtonKind, Choice, FormActions, LinkButton, Notice, Page, PageHeader, Panel, Select, Stack, SubmitButton,
    TextInput, Tone,
};
use words::{Language, t};

#[component]
pub fn ProfilePage() -> impl IntoView {
    let page = use_page();
    load(profile_page(page)).into_any()
}

async fn profile_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let profile = page.backend()?.run(GetProfile {}).await?;
    let (about, address) = (about(&page, &viewer, &profile), address(&page, &viewer, &profile));
    let (password, leaving) = (password(&page, &viewer, &profile), leaving(&page, &viewer));
    let content = view! {
        <Page narrow=true>
            <PageHeader title=t!("Profile") text=t!("Of your account, in every workspace that you work in.")/>
            <Stack>{about}{address}{password}{leaving}</Stack>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "Profile", content.into_any()))
}

fn about(page: &PageContext, viewer: &Viewer, profile: &Profile) -> AnyView {
    let typed = Typed::of(page, "people.update_profile");
    let languages = Language::ALL.into_iter().map(|language| Choice::new(language.tag(), language.name())).collect();
    let zone = profile.timezone.clone().unwrap_or_default();
    let zone = typed.value_or("timezone", &zone);
    let blank = t!("As the workspace ({zone})", zone = profile.workspace_timezone.replace('_', " "));
    let content = view! {
            {typed.notice()}
            <form class="stack" method="post" action=viewer.action("people.update_profile")>
                {envelope(page, "profile", &page.path, t!("Profile saved"))}
                <div class="form-grid is-two">
                    <TextInput name="name" label=t!("Name") value=typed.value_or("name", &profile.name) error=typed.error("name") autocomplete="name" required=true/>
                    <TextInput name="phone" label=t!("Phone") value=typed.value_or("phone", profile.phone.as_deref().unwrap_or_default()) error=typed.error("phone") r#type="tel" autocomplete="tel" hint=t!("With its country. It is for reaching you: you do not sign in with it")/>
                    <Select name="language" label=t!("Language") choices=languages value=typed.value_or("language", &profile.language) error=typed.error("language") hint=t!("Pages and mails speak it")/>
                    <Select name="timezone" label=t!("Time zone") choices=zones(&zone) value=zone.clone() blank error=typed.error("timezone") hint=t!("Times are shown and typed in it; days are those of the workspace")/>
                </div>
                <FormActions><SubmitButton>{t!("Save profile")}</SubmitButton></FormActions>
            </form>
    };
    view! { <Panel title=t!("You")>{content}</Panel> }.into_any()
}

fn address(page: &PageContext, viewer: &Viewer, profile: &Profile) -> AnyView {
    let typed = Typed::of(page, "people.change_email");
    let pending = profile.pending_email.clone().map(|email| {
        view! { <Notice tone=Tone::Info>{t!("A link is on its way to {email}. Your address changes when it is opened.", email)}</Notice> }
    });
    let phone = profile.login_phone.as_deref().unwrap_or_default();
    let text = match &profile.email {
        Some(email) if phone.is_empty() => t!("You sign in with {email}.", email),
        Some(email) => t!("You sign in with {email} or {phone}.", email, phone),
        None => t!("You sign in with {phone}. An address lets you choose a new password by mail.", phone),
    };
    let content = view! {
            {pending}
            {typed.notice()}
            <form class="stack" method="post" action=viewer.action("people.change_email")>
                {envelope(page, "email", &page.path, t!("Look at the mail of the new address"))}
                <TextInput name="email" label=t!("New address") r#type="email" value=typed.value("email") error=typed.error("email") autocomplete="email" required=true hint=t!("It holds once you open the link that we send there")/>
                <FormActions><Button r#type="submit">{t!("Change the address")}</Button></FormActions>
            </form>
    };
    view! { <Panel title=t!("E-mail") text>{content}</Panel> }.into_any()
}

fn password(page: &PageContext, viewer: &Viewer, profile: &Profile) -> AnyView {
    let typed = Typed::of(page, "people.change_password");
    let clock = Clock::new(&page.now, &viewer.timezone);
    let text = t!(
        "Changed {when}. Another one ends every other session of yours.",
        when = clock.words(&profile.password_changed_at)
    );
    let login = profile.email.clone().or_else(|| profile.login_phone.clone());
    let content = view! {
            {typed.notice()}
            <form class="stack" method="post" action=viewer.path("account/password")>
                {envelope(page, "password", &page.path, "")}
                <TextInput name="current" label=t!("Present password") r#type="password" error=typed.error("current") autocomplete="current-password" required=true/>
                {new_password(&typed, t!("New password"), login)}
                <FormActions><Button r#type="submit">{t!("Change the password")}</Button></FormActions>
            </form>
    };
    view! { <Panel title=t!("Password") text>{content}</Panel> }.into_any()
}

/// Asked once more before it is done.
fn leaving(page: &PageContext, viewer: &Viewer) -> AnyView {
    let typed = Typed::of(page, "people.leave");
    let text = t!(
        "You lose access to {workspace} at once. What you own stays there, under your name.",
        workspace = viewer.workspace
    );
    let leave = t!("Leave {workspace}", workspace = viewer.workspace);
    let stay = page.path.clone();
    let content = if page.query("leave").is_some() || typed.refused() {
        view! {
            <form method="post" action=viewer.action("people.leave")>
                {envelope(page, "leave", "/workspaces", t!("You left the workspace"))}
                <FormActions>
                    <Button kind=ButtonKind::Danger r#type="submit">{leave}</Button>
                    <LinkButton href=stay kind=ButtonKind::Ghost>{t!("Stay")}</LinkButton>
                </FormActions>
            </form>
        }
        .into_any()
    } else {
        view! { <LinkButton href=format!("{}?leave=1", page.path) icon="log-out">{t!("Leave the workspace")}</LinkButton> }
            .into_any()
    };
    let notice = typed.notice();
    view! { <Panel title=t!("Leave") text>{notice}{content}</Panel> }.into_any()
}
