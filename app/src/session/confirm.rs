//! Proving once more who one is. What was to be done travels along in the form and goes on from here.

use super::provider;
use crate::layout::Title;
use crate::page::{About, use_page};
use crate::records::post::hidden;
use leptos::prelude::*;
use ui::{AuthShell, ButtonKind, Notice, SubmitButton, TextInput, Tone};
use words::t;

#[component]
pub fn ConfirmPage() -> impl IntoView {
    let page = use_page();
    let Some(about) = page.about.clone() else { return crate::layout::missing() };
    let About::Confirm(confirm) = about.as_ref() else { return crate::layout::missing() };
    let failed = confirm.problem.clone().map(|message| view! { <Notice tone=Tone::Negative>{message}</Notice> });
    let carried: Vec<_> = confirm.fields.iter().map(|(name, value)| hidden(name.clone(), value.clone())).collect();
    let carried_again: Vec<_> =
        confirm.fields.iter().map(|(name, value)| hidden(name.clone(), value.clone())).collect();
    let field = if confirm.by_code {
        view! { <TextInput name="_code" label=t!("Code") autocomplete="one-time-code" inputmode="numeric" required=true autofocus=true hint=t!("Six digits of your app, or a recovery code.")/> }.into_any()
    } else {
        view! { <TextInput name="_password" label=t!("Password") r#type="password" autocomplete="current-password" required=true autofocus=true/> }.into_any()
    };
    let with = if confirm.by_code { "code" } else { "password" };
    let (other, other_words) =
        if confirm.by_code { ("password", t!("Use your password")) } else { ("code", t!("Use a code instead")) };
    let switch = confirm.has_factor.then(|| {
        view! {
            <form method="post" action=confirm.action.clone() class="auth-switch">
                {carried_again}
                {hidden("_with", other)}
                <SubmitButton kind=ButtonKind::Ghost>{other_words}</SubmitButton>
            </form>
        }
    });
    let staff = confirm.base == "/admin";
    // Fields do not travel that far: what was to be done is done again, from where it was.
    let next = confirm.fields.iter().find(|(name, _)| name == "next" && confirm.action == "/confirm");
    let next = next.map_or(confirm.back.as_str(), |(_, next)| next.as_str());
    let again = if staff || confirm.by_code { None } else { provider::again(&page, next) };
    let brand = if staff { t!("Nexus platform") } else { "" };
    let (back, action) = (confirm.back.clone(), confirm.action.clone());
    let foot = view! { <a class="link" href=back>{t!("Cancel")}</a> };
    view! {
        <Title text=format!("{} · Nexus", t!("Confirm that it is you"))/>
        <AuthShell
            title=t!("Confirm that it is you")
            text=t!("This cannot be done by somebody who only found your browser open. Nothing that you typed is lost, and you are not asked again for five minutes.")
            brand
            admin=staff
            foot=foot.into_any()
        >
            {failed}
            <form method="post" action=action>
                {carried}
                {hidden("_with", with)}
                {field}
                <SubmitButton>{t!("Confirm and go on")}</SubmitButton>
            </form>
            {switch}
            {again}
        </AuthShell>
    }
    .into_any()
}
