//! The second page of signing in: the code. The same for people and for staff.

use super::parts::below;
use crate::layout::Title;
use crate::page::use_page;
use leptos::prelude::*;
use ui::{AuthShell, Checkbox, Notice, SubmitButton, TextInput, Tone};
use words::t;

#[component]
pub fn CodePage() -> impl IntoView {
    let page = use_page();
    let staff = page.path.starts_with("/admin");
    let replay = page.replay_of("sign_in_code");
    let failed = replay.as_ref().map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative>{message}</Notice> }
    });
    let next = page.query("next").unwrap_or_default().to_owned();
    // A browser of the staff is always asked.
    let trust = (!staff).then(|| {
        let ticked = replay.as_ref().is_some_and(|replay| replay.value("trust").is_some());
        view! { <Checkbox name="trust" label=t!("Do not ask for a code in this browser for 30 days") checked=ticked/> }
    });
    let recovery = page.query("with") == Some("recovery");
    let other = other_way(&page, recovery);
    let field = if recovery {
        view! { <TextInput name="code" label=t!("Recovery code") autocomplete="off" required=true autofocus=true hint=t!("24 letters and digits. Each code works once.")/> }.into_any()
    } else {
        view! { <TextInput name="code" label=t!("Code") autocomplete="one-time-code" inputmode="numeric" required=true autofocus=true maxlength=40/> }.into_any()
    };
    let text = if recovery {
        t!("Type one of the recovery codes that you kept when you set up your second factor.")
    } else {
        t!("Open your authenticator app and type the six digits that it shows for Nexus.")
    };
    let brand = if staff { t!("Nexus platform") } else { "" };
    let (action, back) = if staff { ("/admin/sign-in/code", "/admin/sign-in") } else { ("/sign-in/code", "/sign-in") };
    let foot = view! { {other}" · "<a class="link" href=back>{t!("Start again")}</a> };
    view! {
        <Title text=format!("{} · Nexus", t!("Your code"))/>
        <AuthShell title=t!("Your code") text brand admin=staff foot=below(foot.into_any(), page.address())>
            {failed}
            <form method="post" action=action>
                <input type="hidden" name="next" value=next/>
                {field}
                {trust}
                <SubmitButton>{t!("Sign in")}</SubmitButton>
            </form>
        </AuthShell>
    }
    .into_any()
}

fn other_way(page: &crate::page::PageContext, recovery: bool) -> AnyView {
    let href = page.with_query(&[("with", (!recovery).then_some("recovery"))]);
    let words = if recovery { t!("Use the app instead") } else { t!("Use a recovery code") };
    view! { <a class="link" href=href>{words}</a> }.into_any()
}
