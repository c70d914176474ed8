//! Signing up, confirming it, the first owner of an installation, and another workspace for somebody who has an account.

use super::facts::AccountFacts;
use super::parts::{Typed, below, choosing, facts, languages, linked, new_password, workspace_fields};
use super::recovery::void;
use crate::layout::Title;
use crate::page::use_page;
use crate::records::post::hidden;
use leptos::prelude::*;
use ui::{AuthShell, Notice, SubmitButton, TextInput, Tone};
use words::t;

#[component]
pub fn SignUpPage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "sign_up");
    let help = linked(t!("Have an account already? {link}"), "/sign-in", t!("Sign in"));
    let foot = below(help, page.address());
    if page.query("sent").is_some() && !typed.refused() {
        return view! {
            <Title text=format!("{} · Nexus", t!("Confirm your address"))/>
            <AuthShell title=t!("Look at your mail") text=t!("A mail with the next step is on its way to the address that you typed. Your workspace is made when you open its link, which is good for 24 hours.") foot>
                <p class="auth-note">{linked(t!("Nothing there after a few minutes? Look among unwanted mail, or {link}."), "/sign-up", t!("sign up again"))}</p>
            </AuthShell>
        }
        .into_any();
    }
    view! {
        <Title text=format!("{} · Nexus", t!("Create a workspace"))/>
        <AuthShell title=t!("Create a workspace") text=t!("For you and the people whom you invite.") foot>
            {typed.notice()}
            <form method="post" action="/sign-up">
                {person(&typed)}
                {workspace_fields(&typed, &choosing())}
                <SubmitButton>{t!("Create the workspace")}</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}

fn person(typed: &Typed) -> AnyView {
    view! {
        <TextInput name="name" label=t!("Your name") value=typed.value("name") error=typed.error("name") autocomplete="name" required=true autofocus=true/>
        <TextInput name="login" label=t!("E-mail or phone") value=typed.value("login") error=typed.error("login") autocomplete="username" inputmode="email" required=true hint=t!("A phone number gets a code instead of a mail")/>
        {new_password(typed, t!("Password"), None)}
    }
    .into_any()
}

#[component]
pub fn ConfirmSignUpPage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "confirm_sign_up");
    let Some(AccountFacts::SignUp { name, login, workspace }) = facts() else {
        return void(t!("Sign up again"), "/sign-up");
    };
    let text = t!("{name}, you confirm that {login} is yours, and {workspace} is made.", name, login, workspace);
    let action = page.path.clone();
    view! {
        <Title text=format!("{} · Nexus", t!("Open the workspace"))/>
        <AuthShell title=t!("Open your workspace") text foot=languages(page.address())>
            {typed.notice()}
            <form method="post" action=action><SubmitButton>{t!("Open the workspace")}</SubmitButton></form>
        </AuthShell>
    }
    .into_any()
}

#[component]
pub fn SignUpCodePage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "sign_up_code");
    let of = typed.value_or("of", page.query("of").unwrap_or_default());
    let help = linked(t!("No code after a minute? {link}"), "/sign-up", t!("Sign up again"));
    // A refused form has it among its fields.
    let foot = below(help, page.with_query(&[("of", Some(of.as_str()))]));
    view! {
        <Title text=format!("{} · Nexus", t!("Code"))/>
        <AuthShell title=t!("Type the code") text=t!("A message with six digits is on its way to your phone. The code is good for 10 minutes.") foot>
            {typed.notice()}
            <form method="post" action="/sign-up/code">
                <input type="hidden" name="of" value=of/>
                <TextInput name="code" label=t!("Code") error=typed.error("code") autocomplete="one-time-code" inputmode="numeric" required=true autofocus=true maxlength=10/>
                <SubmitButton>{t!("Open the workspace")}</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}

#[component]
pub fn SetupPage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "setup");
    let token = typed.value_or("token", page.query("token").unwrap_or_default());
    let foot = languages(page.with_query(&[("token", Some(token.as_str()))]));
    view! {
        <Title text=t!("Set up Nexus")/>
        <AuthShell title=t!("Set up Nexus") text=t!("You are the first one here. Make your account and the first workspace, which you own.") foot>
            {typed.notice()}
            <form method="post" action="/setup">
                <input type="hidden" name="token" value=token/>
                {person(&typed)}
                {workspace_fields(&typed, &choosing())}
                <SubmitButton>{t!("Create the workspace")}</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}

#[component]
pub fn NewWorkspacePage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "new_workspace");
    let foot = view! { <a class="link" href="/workspaces">{t!("Back to your workspaces")}</a> };
    let choosing = choosing();
    let none = choosing
        .industries
        .is_empty()
        .then(|| view! { <Notice tone=Tone::Warning>{t!("This server knows no industry.")}</Notice> });
    view! {
        <Title text=format!("{} · Nexus", t!("Create a workspace"))/>
        <AuthShell title=t!("Create a workspace") text=t!("With an account, you own as many as you like.") foot=foot.into_any()>
            {typed.notice()}
            {none}
            <form method="post" action="/workspaces/new">
                {hidden("_key", format!("{}-workspace", page.form_key))}
                {workspace_fields(&typed, &choosing)}
                <SubmitButton>{t!("Create the workspace")}</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}
