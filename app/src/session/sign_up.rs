//! Signing up, confirming it, the first owner of an installation, and another workspace for somebody who has an account.

use super::facts::AccountFacts;
use super::parts::{Typed, choosing, facts, new_password, workspace_fields};
use super::recovery::void;
use crate::layout::Title;
use crate::page::use_page;
use crate::records::post::hidden;
use leptos::prelude::*;
use ui::{AuthShell, Notice, SubmitButton, TextInput, Tone};

#[component]
pub fn SignUpPage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "sign_up");
    let foot = view! { "Have an account already? "<a class="link" href="/sign-in">"Sign in"</a> };
    if page.query("sent").is_some() && !typed.refused() {
        return view! {
            <Title text="Confirm your address · Nexus"/>
            <AuthShell title="Look at your mail" text="A mail with the next step is on its way to the address that you typed. Your workspace is made when you open its link, which is good for 24 hours." foot=foot.into_any()>
                <p class="auth-note">"Nothing there after a few minutes? Look among unwanted mail, or "<a class="link" href="/sign-up">"sign up again"</a>"."</p>
            </AuthShell>
        }
        .into_any();
    }
    view! {
        <Title text="Create a workspace · Nexus"/>
        <AuthShell title="Create a workspace" text="For you and the people whom you invite." foot=foot.into_any()>
            {typed.notice()}
            <form method="post" action="/sign-up">
                {person(&typed)}
                {workspace_fields(&typed, &choosing())}
                <SubmitButton>"Create the workspace"</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}

fn person(typed: &Typed) -> AnyView {
    view! {
        <TextInput name="name" label="Your name" value=typed.value("name") error=typed.error("name") autocomplete="name" required=true autofocus=true/>
        <TextInput name="login" label="E-mail or phone" value=typed.value("login") error=typed.error("login") autocomplete="username" inputmode="email" required=true hint="A phone number gets a code instead of a mail"/>
        {new_password(typed, "Password", None)}
    }
    .into_any()
}

#[component]
pub fn ConfirmSignUpPage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "confirm_sign_up");
    let Some(AccountFacts::SignUp { name, login, workspace }) = facts() else {
        return void("Sign up again", "/sign-up");
    };
    let text = format!("{name}, you confirm that {login} is yours, and {workspace} is made.");
    let action = page.path.clone();
    view! {
        <Title text="Open the workspace · Nexus"/>
        <AuthShell title="Open your workspace" text>
            {typed.notice()}
            <form method="post" action=action><SubmitButton>"Open the workspace"</SubmitButton></form>
        </AuthShell>
    }
    .into_any()
}

#[component]
pub fn SignUpCodePage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "sign_up_code");
    let of = typed.value_or("of", page.query("of").unwrap_or_default());
    let foot = view! { "No code after a minute? "<a class="link" href="/sign-up">"Sign up again"</a> };
    view! {
        <Title text="Code · Nexus"/>
        <AuthShell title="Type the code" text="A message with six digits is on its way to your phone. The code is good for 10 minutes." foot=foot.into_any()>
            {typed.notice()}
            <form method="post" action="/sign-up/code">
                <input type="hidden" name="of" value=of/>
                <TextInput name="code" label="Code" error=typed.error("code") autocomplete="one-time-code" inputmode="numeric" required=true autofocus=true maxlength=10/>
                <SubmitButton>"Open the workspace"</SubmitButton>
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
    view! {
        <Title text="Set up Nexus"/>
        <AuthShell title="Set up Nexus" text="You are the first one here. Make your account and the first workspace, which you own.">
            {typed.notice()}
            <form method="post" action="/setup">
                <input type="hidden" name="token" value=token/>
                {person(&typed)}
                {workspace_fields(&typed, &choosing())}
                <SubmitButton>"Create the workspace"</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}

#[component]
pub fn NewWorkspacePage() -> impl IntoView {
    let page = use_page();
    let typed = Typed::of(&page, "new_workspace");
    let foot = view! { <a class="link" href="/workspaces">"Back to your workspaces"</a> };
    let choosing = choosing();
    let none = choosing
        .industries
        .is_empty()
        .then(|| view! { <Notice tone=Tone::Warning>"This server knows no industry."</Notice> });
    view! {
        <Title text="Create a workspace · Nexus"/>
        <AuthShell title="Create a workspace" text="With an account, you own as many as you like." foot=foot.into_any()>
            {typed.notice()}
            {none}
            <form method="post" action="/workspaces/new">
                {hidden("_key", format!("{}-workspace", page.form_key))}
                {workspace_fields(&typed, &choosing)}
                <SubmitButton>"Create the workspace"</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}
