//! Feedback: the page on which everybody sends it, and the list for those who may read the trail (R74).

use super::settings_frame;
use crate::layout::nav::words;
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, use_page};
use crate::records::post::{hidden, making};
use crate::session::Typed;
use crate::time::Clock;
use domain::Result;
use domain::audit::{FEEDBACK, FEEDBACK_LENGTH, Feedback, ListFeedback};
use leptos::prelude::*;
use ui::{
    Badge, ButtonKind, Choice, Crumb, EmptyState, FormActions, Icon, LinkButton, Page, PageHeader, Panel, RadioGroup,
    Stack, SubmitButton, TextArea, TextLink, Tone,
};
use words::{around, say, t};

#[component]
pub fn SendFeedbackPage() -> impl IntoView {
    let page = use_page();
    load(send_page(page)).into_any()
}

async fn send_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let typed = Typed::of(&page, "audit.send_feedback");
    let home = viewer.path("");
    // Where it came from is the reader's address bar: what is no page of this workspace is left out, not refused.
    let from = page.query("from").unwrap_or_default();
    let own = from == home || from.strip_prefix(&home).is_some_and(|rest| rest.starts_with(['/', '?']));
    let from = if own { from.to_owned() } else { String::new() };
    let next = if own { from.clone() } else { home };
    let cancel = next.clone();
    let kinds = FEEDBACK.iter().map(|(kind, label)| Choice::new(*kind, say(label))).collect();
    let about = own.then(|| {
        let (href, shown) = (from.clone(), from.clone());
        let (before, after) = around(t!("It names the page that you come from: {page}"), "page");
        view! { <p class="hint">{before}<TextLink href>{shown}</TextLink>{after}</p> }
    });
    let action = viewer.action("audit.send_feedback");
    let most = u32::try_from(FEEDBACK_LENGTH).unwrap_or(u32::MAX);
    let envelope = making(&page, "feedback", &next, t!("Thank you. Your feedback is on its way"));
    let content = view! {
        <Page narrow=true>
            <PageHeader title=t!("Send feedback") text=t!("To those who look after this workspace. They see your name with it.")/>
            <Panel>
                {typed.notice()}
                <form class="stack" method="post" action=action>
                    {envelope}
                    {hidden("page", from)}
                    <RadioGroup name="kind" label=t!("What is it?") choices=kinds value=typed.value_or("kind", "idea") error=typed.error("kind") required=true/>
                    <TextArea name="text" label=t!("In your words") rows=6 value=typed.value("text") error=typed.error("text") maxlength=most required=true/>
                    {about}
                    <FormActions>
                        <SubmitButton icon="send">{t!("Send")}</SubmitButton>
                        <LinkButton href=cancel kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
                    </FormActions>
                </form>
            </Panel>
        </Page>
    };
    Ok(workspace_frame(&page, vec![Crumb::here(t!("Send feedback"))], None, None, content.into_any()))
}

#[component]
pub fn FeedbackPage() -> impl IntoView {
    let page = use_page();
    load(list_page(page)).into_any()
}

async fn list_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let before = page.query("before").and_then(|before| before.parse().ok());
    let found = page.backend()?.run(ListFeedback { before }).await?;
    let clock = Clock::new(&page.now, &viewer.timezone);
    let list = if found.entries.is_empty() {
        let action = view! { <LinkButton href=viewer.path("feedback")>{t!("Send feedback")}</LinkButton> }.into_any();
        view! { <EmptyState icon="message-square" title=t!("No feedback") text=t!("What people send from the foot of the menu stands here, and what reviewers say of entries of the audit trail.") action/> }.into_any()
    } else {
        let rows: Vec<AnyView> = found.entries.iter().map(|entry| row(&viewer, clock, entry)).collect();
        view! { <ul class="row-list">{rows}</ul> }.into_any()
    };
    let further = found.next.map(|before| {
        let href = page.with_query(&[("before", Some(&before.to_string()))]);
        view! { <LinkButton href icon="chevron-down">{t!("Older feedback")}</LinkButton> }
    });
    let content = view! {
        <Page narrow=true>
            <PageHeader title=t!("Feedback") text=t!("What people say of their work with Nexus, newest first. Each is an entry of the audit trail, so it stays as it was sent.")/>
            <Stack><Panel title=t!("Feedback") flush=true>{list}</Panel>{further}</Stack>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "Feedback", content.into_any()))
}

fn row(viewer: &Viewer, clock: Clock, entry: &Feedback) -> AnyView {
    let who = entry.name.clone().unwrap_or_else(|| "Nexus".to_owned());
    let kind = FEEDBACK.iter().find(|(kind, _)| *kind == entry.kind);
    let label = kind.map_or_else(|| verdict_words(&entry.kind), |(_, label)| say(label).to_owned());
    let tone = match entry.kind.as_str() {
        "problem" | "unexpected" => Tone::Warning,
        "praise" | "expected" => Tone::Positive,
        _ => Tone::Neutral,
    };
    let about = match (&entry.page, entry.change) {
        (Some(page), _) => Some((page.clone(), page.clone())),
        (None, Some(change)) => Some((
            viewer.path(&format!("settings/audit?change={change}")),
            t!("An entry of the audit trail").to_owned(),
        )),
        (None, None) => None,
    };
    let about = about.map(|(href, words)| view! { " · "<TextLink href>{words}</TextLink> });
    let (text, when) = (entry.text.clone().unwrap_or_default(), clock.moment(&entry.at));
    view! {
        <li id=entry.id.to_string()>
            <div class="row-link">
                <Icon name="message-square"/>
                <span class="row-text">
                    <span class="row-title is-whole" dir="auto">{text}</span>
                    <span class="row-detail"><bdi>{who}</bdi>" · "{when}{about}</span>
                </span>
                <span class="row-end"><Badge tone>{label}</Badge></span>
            </div>
        </li>
    }
    .into_any()
}

/// What a reviewer said of an entry.
fn verdict_words(verdict: &str) -> String {
    match verdict {
        "expected" => t!("Expected").to_owned(),
        "unexpected" => t!("Unexpected").to_owned(),
        "unsure" => t!("Unsure").to_owned(),
        other => words(other),
    }
}
