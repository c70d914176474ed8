//! Acting for a member of a workspace: for whom, why, how long.

use crate::layout::admin_frame;
use crate::page::{About, use_page};
use crate::records::post::hidden;
use leptos::prelude::*;
use ui::{
    Choice, Crumb, EmptyState, FormActions, LinkButton, Notice, Page, PageHeader, Panel, Select, SubmitButton,
    TextArea, Tone,
};
use words::t;

#[component]
pub fn ImpersonatePage() -> impl IntoView {
    let page = use_page();
    let Some(about) = page.about.clone() else { return crate::layout::missing() };
    let About::Impersonate(ask) = about.as_ref() else { return crate::layout::missing() };
    let replay = page.replay_of("impersonate");
    let typed = |name: &str| replay.as_ref().and_then(|replay| replay.value(name)).unwrap_or_default().to_owned();
    let error = |name: &str| replay.as_ref().and_then(|replay| replay.error_for(name)).unwrap_or_default().to_owned();
    let failed = replay.as_ref().filter(|replay| replay.error.fields.is_empty()).map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("Nothing was begun")>{message}</Notice> }
    });
    let members =
        ask.members.iter().map(|(id, name, detail)| Choice::new(id.clone(), format!("{name} ({detail})"))).collect();
    let minutes = [("15", t!("15 minutes")), ("30", t!("30 minutes")), ("60", t!("An hour"))];
    let minutes = minutes.into_iter().map(|(value, label)| Choice::new(value, label)).collect();
    let chosen = Some(typed("minutes")).filter(|minutes| !minutes.is_empty()).unwrap_or_else(|| "15".to_owned());
    let (slug, tenant) = (ask.slug.clone(), ask.tenant.clone());
    let whom = view! { <Select name="member" label=t!("Member") choices=members value=typed("member") blank=t!("Choose a member") required=true error=error("member")/> }.into_any();
    let why = view! { <TextArea name="reason" label=t!("Reason") rows=3 value=typed("reason") required=true maxlength=500 error=error("reason") hint=t!("For example: ticket 4711, the order list stays empty")/> }.into_any();
    let how_long = view! { <Select name="minutes" label=t!("For" in "duration") choices=minutes value=chosen required=true error=error("minutes")/> }.into_any();
    let content = if ask.allowed {
        view! {
            {failed}
            <Panel title=t!("For whom, and why") text=t!("The workspace reads both, with your name, in its own log. Passwords, second factors, keys and exports stay closed to you.")>
                <form class="stack" method="post" action="/admin/impersonate">
                    {hidden("workspace", slug)}
                    {hidden("tenant", tenant)}
                    {whom}
                    {why}
                    {how_long}
                    <FormActions><SubmitButton>{t!("Act for this member")}</SubmitButton><LinkButton href="/admin">{t!("Cancel")}</LinkButton></FormActions>
                </form>
            </Panel>
        }
        .into_any()
    } else {
        let action = view! { <LinkButton href="/admin">{t!("Back to tenants")}</LinkButton> }.into_any();
        view! { <EmptyState icon="lock" title=t!("This workspace lets nobody in") text=t!("Its administrators do not allow support to act for members. They can under Settings, Security.") action/> }.into_any()
    };
    let crumbs = vec![Crumb::link(t!("Tenants"), "/admin"), Crumb::here(ask.workspace.clone())];
    let content = view! { <Page narrow=true><PageHeader title=t!("Act for a member")/>{content}</Page> };
    admin_frame(&page, crumbs, content.into_any())
}
