//! A forgotten password, and a new address to confirm.

use super::facts::AccountFacts;
use super::parts::{Typed, below, facts, languages, linked, new_password};
use crate::layout::Title;
use crate::page::use_page;
use leptos::prelude::*;
use ui::{AuthShell, LinkButton, Notice, SubmitButton, TextInput, Tone};
use words::t;

#[component]
pub fn ForgotPasswordPage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "forgot_password");
    let back = view! { <a class="link" href="/sign-in">{t!("Back to signing in")}</a> };
    let content = if page.query("sent").is_some() && !typed.refused() {
        view! {
            <Notice tone=Tone::Positive title=t!("Look at your mail")>
                {t!("If there is an account with what you typed, a link to choose a new password is on its way. It is good for 30 minutes.")}
            </Notice>
            <p class="auth-note">{linked(t!("Nothing there after a few minutes? Look among unwanted mail, or {link}."), "/forgot-password", t!("try again"))}</p>
        }
        .into_any()
    } else {
        view! {
            {typed.notice()}
            <form method="post" action="/forgot-password">
                <TextInput name="login" label=t!("E-mail or phone") value=typed.value("login") error=typed.error("login") autocomplete="username" inputmode="email" required=true autofocus=true/>
                <SubmitButton>{t!("Send a link")}</SubmitButton>
            </form>
        }
        .into_any()
    };
    view! {
        <Title text=format!("{} · Nexus", t!("Forgotten password"))/>
        <AuthShell title=t!("Forgot your password?") text=t!("Type what you sign in with, and we send a link to choose a new one.") foot=below(back.into_any(), page.address())>{content}</AuthShell>
    }
    .into_any()
}

#[component]
pub fn ResetPasswordPage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "reset_password");
    let Some(AccountFacts::Reset { login }) = facts() else {
        return void(t!("Ask for another link"), "/forgot-password");
    };
    let text = t!("For {login}. It signs you out everywhere, and you sign in with it afterwards.", login);
    let action = page.path.clone();
    view! {
        <Title text=format!("{} · Nexus", t!("New password"))/>
        <AuthShell title=t!("Choose a new password") text foot=languages(page.address())>
            {typed.notice()}
            <form method="post" action=action>
                {new_password(&typed, t!("New password"), Some(login))}
                <SubmitButton>{t!("Set the password")}</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}

#[component]
pub fn ConfirmEmailPage() -> impl IntoView {
    let page = use_page();
    let Some(AccountFacts::Email { email }) = facts() else { return void(t!("Sign in"), "/sign-in") };
    let typed = Typed::of(&page, "confirm_email");
    let text = t!("You sign in with {email} from then on.", email);
    let action = page.path.clone();
    view! {
        <Title text=format!("{} · Nexus", t!("Confirm address"))/>
        <AuthShell title=t!("Confirm your new address") text foot=languages(page.address())>
            {typed.notice()}
            <form method="post" action=action><SubmitButton>{t!("Confirm the address")}</SubmitButton></form>
        </AuthShell>
    }
    .into_any()
}

/// A link that never was, was used, or ran out: one page for all of them.
pub fn void(next: &'static str, href: &'static str) -> AnyView {
    let page = use_page();
    view! {
        <Title text=format!("{} · Nexus", t!("Link no longer good"))/>
        <AuthShell title=t!("This link is no longer good") text=t!("It was used, it ran out, or a newer one took its place.") foot=languages(page.address())>
            <LinkButton href=href>{next}</LinkButton>
        </AuthShell>
    }
    .into_any()
}
