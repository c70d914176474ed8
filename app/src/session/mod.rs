//! Signing in, choosing a workspace, and what leads to an account: signing up, invitations, forgotten passwords.

mod facts;
mod invitation;
mod parts;
mod provider;
mod recovery;
mod sign_up;

pub use facts::{AccountFacts, Choosing, Industry, InvitationFacts, Looker};
pub use invitation::InvitationPage;
pub(crate) use parts::{Typed, new_password, zones};
pub use recovery::{ConfirmEmailPage, ForgotPasswordPage, ResetPasswordPage};
pub use sign_up::{ConfirmSignUpPage, NewWorkspacePage, SetupPage, SignUpCodePage, SignUpPage};

pub mod about;
mod code;
mod confirm;
mod factor;

pub use code::CodePage;
pub use confirm::ConfirmPage;
pub use factor::SecondFactorPage;

use crate::layout::Title;
use crate::page::{WorkspaceLink, use_page};
use leptos::prelude::*;
use parts::{below, linked};
use ui::{AuthShell, Avatar, Button, ButtonKind, EmptyState, Icon, LinkButton, Notice, SubmitButton, TextInput, Tone};
use words::t;

#[component]
pub fn SignInPage() -> impl IntoView {
    let page = use_page();
    let replay = page.replay_of("sign_in");
    let login = replay.as_ref().and_then(|replay| replay.value("login")).unwrap_or_default().to_owned();
    let failed = replay.as_ref().map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative>{message}</Notice> }
    });
    let said = page
        .flash
        .clone()
        .filter(|_| failed.is_none())
        .map(|words| view! { <Notice tone=Tone::Positive>{words}</Notice> });
    let next = page.query("next").unwrap_or_default().to_owned();
    let other = provider::way(&page, t!("Sign in with {provider}"), &next);
    // After a wrong password the login stands already; the password is what comes next.
    let typed = !login.is_empty();
    view! {
        <Title text=format!("{} · Nexus", t!("Sign in"))/>
        <AuthShell title=t!("Sign in") foot=below(without_account(), page.address())>
            {said}
            {failed}
            <form method="post" action="/sign-in">
                <input type="hidden" name="next" value=next/>
                <TextInput name="login" label=t!("E-mail or phone") value=login autocomplete="username" inputmode="email" required=true autofocus=!typed/>
                <TextInput name="password" label=t!("Password") r#type="password" autocomplete="current-password" required=true autofocus=typed/>
                <SubmitButton>{t!("Sign in")}</SubmitButton>
            </form>
            {other}
            <p class="auth-note"><a class="link" href="/forgot-password">{t!("Forgot your password?")}</a></p>
        </AuthShell>
    }
    .into_any()
}

fn without_account() -> AnyView {
    let text = t!("No account yet? {link}, or ask an administrator of yours to invite you.");
    linked(text, "/sign-up", t!("Create a workspace"))
}

#[component]
pub fn WorkspacesPage() -> impl IntoView {
    let links = use_context::<Vec<WorkspaceLink>>().unwrap_or_default();
    let content = if links.is_empty() {
        view! {
            <EmptyState
                icon="building-2"
                title=t!("No workspace yet")
                text=t!("Ask an administrator of the workspace that you work in to invite you; it then stands here.")
            />
        }
        .into_any()
    } else {
        let items: Vec<_> = links.into_iter().map(|link| view! { <li>{workspace(link)}</li> }).collect();
        view! { <ul class="choice-list">{items}</ul> }.into_any()
    };
    let sign_out = view! {
        <LinkButton href="/workspaces/new" kind=ButtonKind::Ghost icon="plus">{t!("Create a workspace")}</LinkButton>
        <form method="post" action="/sign-out"><Button kind=ButtonKind::Ghost icon="log-out" r#type="submit">{t!("Sign out")}</Button></form>
    };
    view! {
        <Title text=format!("{} · Nexus", t!("Workspaces"))/>
        <AuthShell title=t!("Choose a workspace") foot=sign_out.into_any()>{content}</AuthShell>
    }
    .into_any()
}

fn workspace(link: WorkspaceLink) -> AnyView {
    let WorkspaceLink { slug, name, industry } = link;
    let industry = words::say(&crate::layout::nav::words(&industry)).to_owned();
    view! {
        <a class="choice-link" href=format!("/w/{slug}")>
            <Avatar name=name.clone() square=true/>
            <span class="choice-text"><span class="choice-name" dir="auto">{name}</span><span class="choice-detail">{industry}</span></span>
            <Icon name="chevron-right"/>
        </a>
    }
    .into_any()
}
