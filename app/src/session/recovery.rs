//! A forgotten password, and a new address to confirm.

use super::facts::AccountFacts;
use super::parts::{Typed, facts, new_password};
use crate::layout::Title;
use crate::page::use_page;
use leptos::prelude::*;
use ui::{AuthShell, LinkButton, Notice, SubmitButton, TextInput, Tone};

#[component]
pub fn ForgotPasswordPage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "forgot_password");
    let back = view! { <a class="link" href="/sign-in">"Back to signing in"</a> };
    let content = if page.query("sent").is_some() && !typed.refused() {
        view! {
            <Notice tone=Tone::Positive title="Look at your mail">
                "If there is an account with what you typed, a link to choose a new password is on its way. It is good for 30 minutes."
            </Notice>
            <p class="auth-note">"Nothing there after a few minutes? Look among unwanted mail, or "<a class="link" href="/forgot-password">"try again"</a>"."</p>
        }
        .into_any()
    } else {
        view! {
            {typed.notice()}
            <form method="post" action="/forgot-password">
                <TextInput name="login" label="E-mail or phone" value=typed.value("login") error=typed.error("login") autocomplete="username" inputmode="email" required=true autofocus=true/>
                <SubmitButton>"Send a link"</SubmitButton>
            </form>
        }
        .into_any()
    };
    view! {
        <Title text="Forgotten password · Nexus"/>
        <AuthShell title="Forgot your password?" text="Type what you sign in with, and we send a link to choose a new one." foot=back.into_any()>{content}</AuthShell>
    }
    .into_any()
}

#[component]
pub fn ResetPasswordPage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "reset_password");
    let Some(AccountFacts::Reset { login }) = facts() else { return void("Ask for another link", "/forgot-password") };
    let text = format!("For {login}. It signs you out everywhere, and you sign in with it afterwards.");
    let action = page.path.clone();
    view! {
        <Title text="New password · Nexus"/>
        <AuthShell title="Choose a new password" text>
            {typed.notice()}
            <form method="post" action=action>
                {new_password(&typed, "New password", Some(login))}
                <SubmitButton>"Set the password"</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}

#[component]
pub fn ConfirmEmailPage() -> impl IntoView {
    let page = use_page();
    let Some(AccountFacts::Email { email }) = facts() else { return void("Sign in", "/sign-in") };
    let typed = Typed::of(&page, "confirm_email");
    let text = format!("You sign in with {email} from then on.");
    let action = page.path.clone();
    view! {
        <Title text="Confirm address · Nexus"/>
        <AuthShell title="Confirm your new address" text>
            {typed.notice()}
            <form method="post" action=action><SubmitButton>"Confirm the address"</SubmitButton></form>
        </AuthShell>
    }
    .into_any()
}

/// A link that never was, was used, or ran out: one page for all of them.
pub fn void(next: &'static str, href: &'static str) -> AnyView {
    view! {
        <Title text="Link no longer good · Nexus"/>
        <AuthShell title="This link is no longer good" text="It was used, it ran out, or a newer one took its place.">
            <LinkButton href=href>{next}</LinkButton>
        </AuthShell>
    }
    .into_any()
}
