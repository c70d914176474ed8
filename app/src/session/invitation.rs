//! An invitation as whoever opens its link sees it.

use super::facts::{AccountFacts, InvitationFacts, Looker};
use super::parts::{Typed, facts, languages, new_password};
use super::provider;
use super::recovery::void;
use crate::layout::Title;
use crate::layout::nav::role_words;
use crate::page::{encode, use_page};
use leptos::prelude::*;
use ui::{AuthShell, Button, LinkButton, Notice, SubmitButton, TextInput, Tone};
use words::t;

#[component]
pub fn InvitationPage() -> impl IntoView {
    let page = use_page();
    let Some(AccountFacts::Invitation(invitation)) = facts() else { return void(t!("Sign in"), "/sign-in") };
    let InvitationFacts { workspace, inviter, name, login, roles, looker } = invitation;
    let typed = Typed::of(&page, "accept_invitation");
    let roles: Vec<String> = roles.iter().map(|role| role_words(role)).collect();
    let text = t!("{inviter} invites you to {workspace}, as {roles}.", inviter, workspace, roles = roles.join(", "));
    let join = t!("Join {workspace}", workspace);
    let (title, button) = (format!("{join} · Nexus"), join.clone());
    let action = page.path.clone();
    // A provider vouches for addresses, not for numbers.
    let other = if login.contains('@') { provider::way(&page, t!("Join with {provider}"), &action) } else { None };
    let content = match looker {
        Looker::New => view! {
            <form method="post" action=action>
                <TextInput name="login" label=t!("You sign in with") value=login readonly=true autocomplete="username"/>
                <TextInput name="name" label=t!("Your name") value=typed.value_or("name", name.as_deref().unwrap_or_default()) error=typed.error("name") autocomplete="name" required=true autofocus=true/>
                {new_password(&typed, t!("Password"), None)}
                <SubmitButton>{t!("Join")}</SubmitButton>
            </form>
            {other}
        }
        .into_any(),
        Looker::Invited => view! { <form method="post" action=action><SubmitButton>{button}</SubmitButton></form> }.into_any(),
        Looker::SignedOut => {
            let href = format!("/sign-in?next={}", encode(&action));
            view! {
                <p class="auth-note">{t!("There is an account for {login}. Sign in with it, and you come back here.", login)}</p>
                <LinkButton href kind=ui::ButtonKind::Primary>{t!("Sign in")}</LinkButton>
            }
            .into_any()
        }
        Looker::Other(other) => view! {
            <Notice tone=Tone::Warning title=t!("This invitation is for somebody else")>
                {t!("It is for {login}, and you are signed in as {other}. Sign out and open it again, or ask for an invitation of your own.", login, other)}
            </Notice>
            <form method="post" action="/sign-out"><Button icon="log-out" r#type="submit">{t!("Sign out")}</Button></form>
        }
        .into_any(),
    };
    view! {
        <Title text=title/>
        <AuthShell title=join text foot=languages(page.address())>
            {typed.notice()}
            {content}
        </AuthShell>
    }
    .into_any()
}
