//! The page of a message: what it says, to whom, what became of it, and what can still be done. The outbox is the generic list.

mod content;
mod deliveries;

use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, set_status, use_page};
use crate::records::post::{argument, envelope, hidden, making};
use crate::records::values::state_chip;
use crate::records::{RecordPage, address, lower};
use crate::time::Clock;
use domain::messaging::{DeliveryLog, ListDeliveries, MessagePreview, PreviewMessage};
use domain::schema::Entity;
use domain::{Result, Verb};
use leptos::prelude::*;
use ui::{
    ButtonKind, Crumb, DescriptionList, DescriptionRow, Menu, MenuLink, MenuSide, Mono, Notice, RecordLayout, Stack,
    SubmitButton, TextLink, Tone,
};
use words::t;

/// Questions that the generic page asks of any record.
const GENERIC: [&str; 4] = ["delete", "edit", "move", "tab"];

#[component]
pub fn MessagePage() -> impl IntoView {
    let page = use_page();
    if GENERIC.iter().any(|name| argument(&page, name).is_some()) {
        return view! { <RecordPage/> }.into_any();
    }
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity("messages")?;
    let id = address::id(&page)?;
    let message = backend.run(PreviewMessage { id }).await?;
    let log = backend.run(ListDeliveries { id }).await?;
    if let Some(replay) = &page.replay {
        set_status(replay.error.kind.status());
    }
    let clock = Clock::new(&page.now, &viewer.timezone);
    let (title, number) = (message.subject.clone(), message.number.clone());
    let state = state_chip(entity.states.as_ref(), &message.status);
    let chips = view! { {state}<Mono>{number}</Mono> }.into_any();
    let actions = actions(&page, &viewer, &entity, &message);
    let about = about(&viewer, &message, clock);
    let notices = notices(&page, &message, &log, clock);
    let frames = content::view(&viewer, &message);
    let tries = deliveries::view(&log, clock);
    let body = view! {
        {notices}
        <RecordLayout title chips actions about><div class="message-main"><Stack>{frames}{tries}</Stack></div></RecordLayout>
    }
    .into_any();
    let crumbs = vec![Crumb::link(entity.labels.many.clone(), viewer.path("messages")), Crumb::here(message.subject)];
    Ok(workspace_frame(&page, crumbs, None, None, body))
}

/// What can be done depends on where the message is: taken back while it waits, repeated once its way has ended.
fn actions(page: &PageContext, viewer: &Viewer, entity: &Entity, message: &MessagePreview) -> AnyView {
    let cancel = matches!(message.status.as_str(), "queued" | "sending").then(|| {
        let reason = viewer.missing(entity, Verb::Update);
        view! {
            <form method="post" action=viewer.action("messaging.cancel")>
                {hidden("id", message.id.to_string())}
                {envelope(page, "cancel", &page.path, t!("Message cancelled"))}
                <SubmitButton kind=ButtonKind::Secondary icon="x" reason>{t!("Cancel")}</SubmitButton>
            </form>
        }
    });
    let resend = (!matches!(message.status.as_str(), "queued" | "sending")).then(|| {
        // Messages are not made by hand, but whoever may have one made may have it made again.
        let reason = viewer.lacks(&entity.permission(Verb::Create));
        let next = viewer.path("messages/{message}");
        view! {
            <form method="post" action=viewer.action("messaging.resend")>
                {hidden("id", message.id.to_string())}
                {making(page, "resend", &next, t!("Queued once more"))}
                <SubmitButton kind=ButtonKind::Secondary icon="send" reason>{t!("Resend")}</SubmitButton>
            </form>
        }
    });
    let (history, list) = (format!("{}?tab=history", page.path), viewer.path(&entity.plural));
    let (icon, all) = (entity.icon.clone(), t!("All {entities}", entities = lower(&entity.labels.many)));
    view! {
        {cancel}
        {resend}
        <Menu icon="ellipsis" name=t!("More actions") kind=ButtonKind::Secondary side=MenuSide::End>
            <MenuLink href=history icon="history">{t!("Fields and history")}</MenuLink>
            <MenuLink href=list icon>{all}</MenuLink>
        </Menu>
    }
    .into_any()
}

/// Why something was refused, and what the message's state means for whoever wonders where the mail is.
fn notices(page: &PageContext, message: &MessagePreview, log: &DeliveryLog, clock: Clock) -> AnyView {
    let notice = |tone: Tone, title: &str, text: String| {
        let title = title.to_owned();
        view! { <div class="record-notice"><Notice tone title>{text}</Notice></div> }.into_any()
    };
    let refused = page
        .replay
        .as_ref()
        .map(|replay| notice(Tone::Negative, t!("That was not done"), replay.error.message.clone()));
    let error = message.error.clone().unwrap_or_default();
    let state = match message.status.as_str() {
        "failed" => Some(notice(Tone::Negative, t!("This message was not delivered"), error)),
        "queued" if !error.is_empty() => {
            let text = match log.next_at.as_deref() {
                Some(at) => t!("{error}. Next try: {when}", error, when = clock.full(at)),
                None => error,
            };
            Some(notice(Tone::Warning, t!("Not delivered yet"), text))
        }
        "sandboxed" => {
            let text = t!(
                "No mail server is configured, so it is shown here and was not sent. Once SMTP_URL and MAIL_FROM are set, Resend sends it."
            );
            Some(notice(Tone::Info, t!("Not sent"), text.to_owned()))
        }
        _ => None,
    };
    view! { {refused}{state} }.into_any()
}

fn about(viewer: &Viewer, message: &MessagePreview, clock: Clock) -> AnyView {
    let row = |label: &str, value: String| {
        let label = label.to_owned();
        view! { <DescriptionRow label><span dir="auto">{value}</span></DescriptionRow> }.into_any()
    };
    let mut rows = vec![row(t!("To" in "recipient"), message.to.clone())];
    rows.extend(message.reply_to.clone().map(|address| row(t!("Answers go to"), address)));
    rows.push(row(t!("Template"), message.template.replace('_', " ")));
    rows.push(row(t!("Language"), if message.language == "sw" { t!("Swahili") } else { t!("English") }.to_owned()));
    let documents: Vec<String> =
        message.attachments.iter().map(|attachment| attachment.document.replace('_', " ")).collect();
    if !documents.is_empty() {
        rows.push(row(t!("Goes with it"), documents.join(", ")));
    }
    let link = |label: &str, href: String, text: String| {
        let label = label.to_owned();
        view! { <DescriptionRow label><TextLink href>{text}</TextLink></DescriptionRow> }.into_any()
    };
    if let Some(record) = &message.record
        && let Some(entity) = viewer.catalog.get(&record.entity)
    {
        let href = viewer.path(&format!("{}/{}", entity.plural, record.id));
        rows.push(link(t!("About"), href, t!("The {entity}", entity = lower(&entity.labels.one))));
    }
    if let Some(repeats) = message.repeats {
        let href = viewer.path(&format!("messages/{repeats}"));
        rows.push(link(t!("Repeats"), href, t!("An earlier message").to_owned()));
    }
    let mut times = vec![moment(t!("Made"), &message.created_at, clock)];
    times.extend(message.sent_at.as_deref().map(|at| moment(t!("Sent"), at, clock)));
    view! {
        <div class="about">
            <DescriptionList title=t!("Message")>{rows}</DescriptionList>
            <DescriptionList title=t!("Times")>{times}</DescriptionList>
        </div>
    }
    .into_any()
}

fn moment(label: &str, at: &str, clock: Clock) -> AnyView {
    let (label, moment) = (label.to_owned(), clock.moment(at));
    view! { <DescriptionRow label>{moment}</DescriptionRow> }.into_any()
}
