//! What the viewer was told. Opening something that is unread is a form, since it marks the line as read; a link changes nothing.

use super::parts::{Names, entity_words};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, encode, load, set_status, use_page};
use crate::records::post::{envelope, hidden};
use crate::time::Clock;
use domain::workflow::{
    ListNotificationKinds, ListNotifications, NotificationChoice, NotificationKind, NotificationRow, SnoozeUntil,
};
use domain::{Result, Verb};
use leptos::prelude::*;
use ui::{
    Badge, ButtonKind, Cell, Checkbox, Crumb, DataTable, EmptyState, FormActions, FormError, FormErrors, HeadCell,
    LinkButton, Menu, MenuItem, MenuSide, Page, PageHeader, Panel, Row, Size, Stack, SubmitButton, TabItem, Tabs,
    TextLink, Tone,
};
use words::t;

const LIMIT: u32 = 100;
const READ: &str = "workflow.read_notifications";
const CHOOSE: &str = "workflow.choose_notifications";
const SNOOZE: &str = "workflow.snooze_notification";

#[component]
pub fn NotificationsPage() -> impl IntoView {
    let page = use_page();
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let unread = page.query("show") == Some("unread");
    let kinds = page.query("show") == Some("kinds") || page.replay_of(CHOOSE).is_some();
    let items = vec![
        TabItem::new(t!("All"), page.path.clone(), !unread && !kinds),
        TabItem::new(t!("Unread"), format!("{}?show=unread", page.path), unread && !kinds),
        TabItem::new(t!("What you are told"), format!("{}?show=kinds", page.path), kinds),
    ];
    let tabs = view! { <Tabs label=t!("Notifications") items/> }.into_any();
    if kinds {
        let choices = backend.run(ListNotificationKinds {}).await?;
        let form = chooser(&page, &viewer, &choices);
        let body = view! { <Page narrow=true><PageHeader title=t!("What you are told")/><Stack>{form}</Stack></Page> };
        return Ok(workspace_frame(&page, vec![Crumb::here(t!("Notifications"))], Some(tabs), None, body.into_any()));
    }
    let rows = backend.run(ListNotifications { unread, limit: LIMIT }).await?;
    let names = Names::load(&viewer, &backend, rows.iter().map(|row| (row.entity.clone(), row.record))).await;
    let refused = page.replay_of(READ).map(|replay| {
        set_status(replay.error.kind.status());
        let errors = vec![FormError::new("", replay.error.message.clone())];
        view! { <FormErrors errors title=t!("They were not marked as read")/> }
    });
    let kept = page.replay_of(SNOOZE).map(|replay| {
        set_status(replay.error.kind.status());
        let errors = vec![FormError::new("", replay.error.message.clone())];
        view! { <FormErrors errors title=t!("It was not put off")/> }
    });
    let all = read_all(&page, &viewer, &rows);
    let content = if rows.is_empty() {
        let title = if unread { t!("Nothing unread") } else { t!("Nothing yet") };
        let (href, label) = if unread {
            (page.path.clone(), t!("Show all"))
        } else {
            (format!("{}?show=kinds", page.path), t!("Choose what you are told"))
        };
        let action = view! { <LinkButton href>{label}</LinkButton> }.into_any();
        view! { <EmptyState icon="bell" title text=t!("What workflows and people have to tell you stands here, the newest first.") action/> }.into_any()
    } else {
        table(&page, &viewer, &names, &rows)
    };
    let body = view! {
        <Page><PageHeader title=t!("Notifications")/>{refused}{kept}<Stack>{content}</Stack></Page>
    };
    Ok(workspace_frame(&page, vec![Crumb::here(t!("Notifications"))], Some(tabs), all, body.into_any()))
}

/// A tick for each kind. What was told stays; what is told from now on is what is ticked.
fn chooser(page: &PageContext, viewer: &Viewer, choices: &[NotificationChoice]) -> AnyView {
    let replay = page.replay_of(CHOOSE);
    let refused = replay.as_ref().map(|replay| {
        set_status(replay.error.kind.status());
        let errors = vec![FormError::new("", replay.error.message.clone())];
        view! { <FormErrors errors title=t!("Nothing was saved")/> }
    });
    let boxes: Vec<AnyView> = choices
        .iter()
        .map(|choice| {
            let name = format!("kinds.{}", choice.kind.key());
            let checked = replay.as_ref().map_or(choice.told, |replay| replay.value(&name).is_some());
            view! { <Checkbox name label=choice.kind.label() checked hint=choice.kind.help()/> }.into_any()
        })
        .collect();
    let content = view! {
        {refused}
        <form class="stack" method="post" action=viewer.action(CHOOSE)>
            {envelope(page, "kinds", &page.address(), t!("Saved. It holds from now on"))}
            {boxes}
            <FormActions><SubmitButton>{t!("Save")}</SubmitButton></FormActions>
        </form>
    };
    let text = t!(
        "What is not ticked is not told. You find it where it happened: in the notes of a record, in your lists, under Approvals."
    );
    view! { <Panel title=t!("Tell me of") text>{content}</Panel> }.into_any()
}

/// The list of the viewer's own records of a kind, where one line stands for several of them.
fn own_rows(viewer: &Viewer, entity: &str) -> AnyView {
    let Some(entity) = viewer.catalog.get(entity).filter(|entity| viewer.may(entity, Verb::Read)) else {
        return entity_words(viewer, entity).into_any();
    };
    let href = viewer.path(&format!("{}?filter={}", entity.plural, encode("owner = me")));
    let label = t!("Your {entities}", entities = entity.labels.many.to_lowercase());
    view! { <TextLink href>{label}</TextLink> }.into_any()
}

/// Marks what this page shows; what was told since it was drawn stays unread.
fn read_all(page: &PageContext, viewer: &Viewer, rows: &[NotificationRow]) -> Option<AnyView> {
    let unread: Vec<&NotificationRow> = rows.iter().filter(|row| row.read_at.is_none()).collect();
    if unread.is_empty() {
        return None;
    }
    let ids: Vec<AnyView> =
        unread.iter().enumerate().map(|(at, row)| hidden(format!("ids[{at}]"), row.id.to_string())).collect();
    Some(
        view! {
            <form method="post" action=viewer.action(READ)>
                {ids}
                {envelope(page, "all", &page.address(), "")}
                <SubmitButton size=Size::Small kind=ButtonKind::Secondary icon="check">{t!("Mark all as read")}</SubmitButton>
            </form>
        }
        .into_any(),
    )
}

fn table(page: &PageContext, viewer: &Viewer, names: &Names, rows: &[NotificationRow]) -> AnyView {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! {
        <HeadCell label=t!("What")/>
        <HeadCell label=t!("About")/>
        <HeadCell label=t!("When")/>
        <HeadCell label=t!("Read" in "state")/>
    };
    let lines: Vec<AnyView> = rows
        .iter()
        .map(|row| {
            let (title, body, at) = (row.title.clone(), row.body.clone(), clock.moment(&row.at));
            let body = body.map(|body| view! { <span class="row-detail" dir="auto">{body}</span> });
            let about = match (row.kind, row.entity.as_deref(), row.record) {
                (NotificationKind::Assignment | NotificationKind::Stage, Some(entity), None) => own_rows(viewer, entity),
                (_, entity, record) => names.link(viewer, entity, record),
            };
            let (state, snooze) = (state(page, viewer, names, row), snooze(page, viewer, row));
            let often = (row.count > 1).then(|| {
                let times = t!("{count} times", count = row.count);
                view! { " "<Badge>{times}</Badge> }
            });
            view! {
                <Row id=row.id.to_string()>
                    <Cell label=t!("What") lead=true><span class="row-text"><span dir="auto">{title}</span>{often}{body}</span></Cell>
                    <Cell label=t!("About")>{about}</Cell>
                    <Cell label=t!("When")>{at}</Cell>
                    <Cell label=t!("Read" in "state")><div class="decide">{state}{snooze}</div></Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    view! {
        <Panel flush=true>
            <div class="as-cards"><DataTable label=t!("Notifications") head=head.into_any() inline=true>{lines}</DataTable></div>
        </Panel>
    }
    .into_any()
}

fn state(page: &PageContext, viewer: &Viewer, names: &Names, row: &NotificationRow) -> AnyView {
    if row.read_at.is_some() {
        return view! { <span class="text-muted">{t!("Read" in "state")}</span> }.into_any();
    }
    let form = |purpose: &str, next: String, label: &'static str| {
        view! {
            <form method="post" action=viewer.action(READ)>
                {hidden("ids[0]", row.id.to_string())}
                {envelope(page, &format!("{purpose}-{}", row.id), &next, "")}
                <SubmitButton size=Size::Small kind=ButtonKind::Ghost>{label}</SubmitButton>
            </form>
        }
    };
    let open = names.address(row.entity.as_deref(), row.record).map(|href| form("open", href, t!("Open" in "verb")));
    view! {
        <Badge tone=Tone::Info>{t!("New")}</Badge>
        {open}
        {form("read", page.address(), t!("Mark as read"))}
    }
    .into_any()
}

/// Puts the line off. The times are those of the viewer's clock, and found out where the form is sent to.
fn snooze(page: &PageContext, viewer: &Viewer, row: &NotificationRow) -> AnyView {
    let items: Vec<AnyView> = SnoozeUntil::ALL
        .iter()
        .map(|until| view! { <MenuItem name="until" value=until.key()>{until.label()}</MenuItem> }.into_any())
        .collect();
    let (action, id) = (viewer.action(SNOOZE), hidden("id", row.id.to_string()));
    let sent = envelope(page, &format!("snooze-{}", row.id), &page.address(), t!("Put off. It comes back unread"));
    view! {
        <Menu icon="clock" name=t!("Put off") size=Size::Small side=MenuSide::End>
            <form method="post" action=action>
                {id}
                {sent}
                {items}
            </form>
        </Menu>
    }
    .into_any()
}
