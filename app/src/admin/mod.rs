//! The platform realm: its own sign-in, the tenants, and how they are kept apart.

mod impersonate;
mod proof;
mod tenants;

pub use impersonate::ImpersonatePage;
pub use proof::ProofPage;
pub use tenants::TenantsPage;

use crate::layout::Title;
use crate::page::use_page;
use leptos::prelude::*;
use ui::{AuthShell, Notice, SubmitButton, TextInput, Tone};
use words::t;

#[component]
pub fn AdminSignInPage() -> impl IntoView {
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
    let typed = !login.is_empty();
    view! {
        <Title text=t!("Platform sign-in · Nexus")/>
        <AuthShell title=t!("Platform sign-in") text=t!("For the staff who run Nexus. Sessions end after 15 minutes without use.") brand=t!("Nexus platform") admin=true>
            {said}
            {failed}
            <form method="post" action="/admin/sign-in">
                <input type="hidden" name="next" value=next/>
                <TextInput name="login" label=t!("E-mail") r#type="email" value=login autocomplete="username" required=true autofocus=!typed/>
                <TextInput name="password" label=t!("Password") r#type="password" autocomplete="current-password" required=true autofocus=typed/>
                <SubmitButton>{t!("Sign in")}</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}
