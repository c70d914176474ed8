//! What waits for the viewer's word. Deciding is always a form that is sent: a link, from a message or the list, only shows the question.

use super::parts::{Names, approval_badge, entity_words};
use crate::layout::nav::role_words;
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, set_status, use_page};
use crate::records::post::{envelope, hidden};
use crate::records::{address, sees_runs};
use crate::time::Clock;
use domain::workflow::{ApprovalRow, GetApproval, ListApprovals};
use domain::{BackendHandle, Result};
use leptos::prelude::*;
use ui::{
    Badge, ButtonKind, Cell, Crumb, DataTable, DescriptionList, DescriptionRow, EmptyState, FormActions, FormError,
    FormErrors, HeadCell, LinkButton, Notice, Page, PageHeader, Panel, Person, Row, Size, Stack, SubmitButton, TabItem,
    Tabs, TextArea, TextLink, Timeline, TimelineItem, TimelineNote, Tone,
};
use words::{t, tn};

/// Rows of a list.
const LIMIT: u32 = 100;
const DECIDE: &str = "workflow.decide_approval";

#[component]
pub fn ApprovalsPage() -> impl IntoView {
    let page = use_page();
    load(approvals(page)).into_any()
}

#[component]
pub fn ApprovalPage() -> impl IntoView {
    let page = use_page();
    load(approval(page)).into_any()
}

async fn approvals(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let all = page.query("show") == Some("all");
    let rows = backend.run(ListApprovals { all, limit: LIMIT }).await?;
    let names = names(&viewer, &backend, &rows).await;
    let tabs = tabs(&page, &viewer, all);
    let refused = page.replay_of(DECIDE).map(|replay| {
        set_status(replay.error.kind.status());
        let errors = vec![FormError::new("", replay.error.message.clone())];
        view! { <FormErrors errors title=t!("That was not decided")/> }
    });
    let text = match (all, rows.iter().filter(|row| row.mine).count()) {
        (true, _) => t!("Everything that waits for somebody or was decided.").to_owned(),
        (false, 0) => String::new(),
        (false, count) => tn!(count, "One thing waits for your word.", "{count} things wait for your word."),
    };
    let content = if rows.is_empty() {
        let title = if all { t!("Nothing was ever asked") } else { t!("Nothing waits for you") };
        view! { <EmptyState icon="circle-check" title text=t!("Orders and workflow steps that need your approval stand here, the oldest first.")/> }
            .into_any()
    } else {
        table(&page, &viewer, &names, &rows, all)
    };
    let body =
        view! { <Page><PageHeader title=t!("Approvals") text/>{refused}<Stack>{content}</Stack></Page> }.into_any();
    Ok(workspace_frame(&page, vec![Crumb::here(t!("Approvals"))], tabs, None, body))
}

fn tabs(page: &PageContext, viewer: &Viewer, all: bool) -> Option<AnyView> {
    sees_runs(viewer).then(|| {
        let items = vec![
            TabItem::new(t!("Mine"), page.path.clone(), !all),
            TabItem::new(t!("All"), format!("{}?show=all", page.path), all),
        ];
        view! { <Tabs label=t!("Approvals") items/> }.into_any()
    })
}

async fn names(viewer: &Viewer, backend: &BackendHandle, rows: &[ApprovalRow]) -> Names {
    Names::load(viewer, backend, rows.iter().map(|row| (row.entity.clone(), row.record))).await
}

fn table(page: &PageContext, viewer: &Viewer, names: &Names, rows: &[ApprovalRow], all: bool) -> AnyView {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! {
        <HeadCell label=t!("What")/>
        <HeadCell label=t!("About")/>
        <HeadCell label=t!("Asked by")/>
        <HeadCell label=t!("Asked")/>
        <HeadCell label=t!("Decision")/>
    };
    let lines: Vec<AnyView> = rows
        .iter()
        .map(|row| {
            let (title, href) = (row.title.clone(), viewer.path(&format!("approvals/{}", row.id)));
            let about = names.link(viewer, row.entity.as_deref(), row.record);
            let changed = (!row.changed_by.is_empty())
                .then(|| view! { " "<Badge tone=Tone::Warning>{t!("Changed since")}</Badge> });
            let by = person(row.requested_by.as_deref());
            let (at, decision) = (clock.moment(&row.created_at), decision(page, viewer, row, all));
            view! {
                <Row id=row.id.to_string()>
                    <Cell label=t!("What") lead=true><TextLink href>{title}</TextLink></Cell>
                    <Cell label=t!("About")>{about}{changed}</Cell>
                    <Cell label=t!("Asked by")>{by}</Cell>
                    <Cell label=t!("Asked")>{at}</Cell>
                    <Cell label=t!("Decision")>{decision}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    view! {
        <Panel flush=true>
            <div class="as-cards"><DataTable label=t!("Approvals") head=head.into_any() inline=true>{lines}</DataTable></div>
        </Panel>
    }
    .into_any()
}

fn person(name: Option<&str>) -> AnyView {
    match name {
        Some(name) => view! { <Person name=name.to_owned() size=Size::Small/> }.into_any(),
        None => t!("A workflow").into_any(),
    }
}

/// "Approve" at once; a rejection is asked for its reason first.
fn decision(page: &PageContext, viewer: &Viewer, row: &ApprovalRow, all: bool) -> AnyView {
    if row.state != "PENDING" || (all && !row.mine) {
        return approval_badge(&row.state);
    }
    let href = viewer.path(&format!("approvals/{}", row.id));
    view! {
        <div class="decide">
            <form method="post" action=viewer.action(DECIDE)>
                {subject(row, "approve")}
                {envelope(page, &format!("approve-{}", row.id), &page.address(), t!("Approved"))}
                <SubmitButton size=Size::Small reason=row.because.clone()>{t!("Approve")}</SubmitButton>
            </form>
            <LinkButton href=format!("{href}#reject") size=Size::Small kind=ButtonKind::Ghost reason=row.because.clone()>{t!("Reject")}</LinkButton>
        </div>
    }
    .into_any()
}

/// What is decided, and the version of its record that this page is about.
fn subject(row: &ApprovalRow, decision: &str) -> AnyView {
    let version = row.version.map(|version| hidden("version", version.to_string()));
    view! { {hidden("id", row.id.to_string())}{hidden("decision", decision)}{version} }.into_any()
}

async fn approval(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let row = backend.run(GetApproval { id: address::id(&page)? }).await?;
    let names = names(&viewer, &backend, std::slice::from_ref(&row)).await;
    let list = viewer.path("approvals");
    let (title, state) = (row.title.clone(), approval_badge(&row.state));
    let (refused, facts) = (refused(&page, &row), facts(&page, &viewer, &names, &row));
    let (question, decisions) = (question(&page, &viewer, &row), decisions(&page, &viewer, &row));
    let body = view! {
        <Page narrow=true>
            <PageHeader title actions=state/>
            <Stack>{refused}{facts}{question}{decisions}</Stack>
        </Page>
    };
    let crumbs = vec![Crumb::link(t!("Approvals"), list), Crumb::here(row.title.clone())];
    Ok(workspace_frame(&page, crumbs, None, None, body.into_any()))
}

fn facts(page: &PageContext, viewer: &Viewer, names: &Names, row: &ApprovalRow) -> AnyView {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let about = row.entity.as_deref().map(|entity| {
        let label = entity_words(viewer, entity);
        let link = names.link(viewer, Some(entity), row.record);
        view! { <DescriptionRow label>{link}</DescriptionRow> }
    });
    let run = row.run.filter(|_| sees_runs(viewer)).map(|run| {
        let href = viewer.path(&format!("runs/{run}"));
        view! { <DescriptionRow label=t!("Workflow")><TextLink href>{t!("See the run")}</TextLink></DescriptionRow> }
    });
    let who: Vec<String> = row.roles.iter().map(|role| role_words(role)).chain(row.members.iter().cloned()).collect();
    let needed = match (row.policy.as_str(), row.required) {
        ("all", _) => t!("All of them" in "people").to_owned(),
        (_, 1) => t!("One of them").to_owned(),
        (_, required) => t!("{count} of them", count = required),
    };
    let several = row.required > 1 || row.policy == "all";
    let needed = if several { t!("{needed}, {approved} so far", needed, approved = row.approved) } else { needed };
    let until = row.expires_at.as_deref().map(|at| {
        let at = clock.moment(at);
        view! { <DescriptionRow label=t!("Until")>{at}</DescriptionRow> }
    });
    let (by, at) = (person(row.requested_by.as_deref()), clock.moment(&row.created_at));
    let changed = (!row.changed_by.is_empty()).then(|| {
        let by = row.changed_by.join(", ");
        view! { <DescriptionRow label=t!("Since changed by")>{by}</DescriptionRow> }
    });
    view! {
        <Panel>
            <DescriptionList>
                {about}
                <DescriptionRow label=t!("Asked by")>{by}</DescriptionRow>
                <DescriptionRow label=t!("Asked")>{at}</DescriptionRow>
                {changed}
                <DescriptionRow label=t!("May decide")>{who.join(", ")}</DescriptionRow>
                <DescriptionRow label=t!("Needed")>{needed}</DescriptionRow>
                {until}
                {run}
            </DescriptionList>
        </Panel>
    }
    .into_any()
}

/// Why what was sent was not decided, whatever the page asks by now. A reason that no form of it holds any more is kept for copying.
fn refused(page: &PageContext, row: &ApprovalRow) -> Option<AnyView> {
    let replay = page.replay_of(DECIDE)?;
    set_status(replay.error.kind.status());
    let asked = is_asked(row);
    let mut errors: Vec<FormError> = replay
        .error
        .fields
        .iter()
        .map(|fault| {
            let control = if asked && fault.field == "reason" { "reason" } else { "" };
            FormError::new(control, fault.message.clone())
        })
        .collect();
    if errors.is_empty() {
        errors.push(FormError::new("", replay.error.message.clone()));
    }
    let typed = replay.value("reason").filter(|typed| !asked && !typed.trim().is_empty()).map(str::to_owned);
    let typed = typed.map(|typed| {
        view! { <Panel><TextArea name="typed" label=t!("What you typed") value=typed rows=3 readonly=true/></Panel> }
    });
    Some(view! { <FormErrors errors title=t!("That was not decided")/>{typed} }.into_any())
}

/// Whether the page has the forms to decide.
fn is_asked(row: &ApprovalRow) -> bool {
    row.state == "PENDING" && row.because.is_none()
}

fn question(page: &PageContext, viewer: &Viewer, row: &ApprovalRow) -> Option<AnyView> {
    if row.state != "PENDING" {
        return None;
    }
    if let Some(because) = row.because.clone() {
        return Some(view! { <Notice tone=Tone::Info title=t!("Not yours to decide")>{because}</Notice> }.into_any());
    }
    let replay = page.replay_of(DECIDE);
    let typed = replay.as_deref().and_then(|replay| replay.value("reason")).map(str::to_owned);
    let wrong = replay.as_deref().and_then(|replay| replay.error_for("reason")).map(str::to_owned);
    let next = viewer.path("approvals");
    let action = viewer.action(DECIDE);
    let approve = view! {
        <form class="form" method="post" action=action.clone()>
            {subject(row, "approve")}
            {envelope(page, "approve", &next, t!("Approved"))}
            <FormActions><SubmitButton icon="check">{t!("Approve")}</SubmitButton></FormActions>
        </form>
    }
    .into_any();
    let reject = view! {
        <form class="form" method="post" action=action>
            {subject(row, "reject")}
            {envelope(page, "reject", &next, t!("Rejected"))}
            <TextArea name="reason" label=t!("Reason") value=typed error=wrong rows=3 required=true hint=t!("Whoever asked reads it.")/>
            <FormActions><SubmitButton kind=ButtonKind::Danger icon="x">{t!("Reject")}</SubmitButton></FormActions>
        </form>
    }
    .into_any();
    Some(
        view! {
            <Panel title=t!("Approve")>{approve}</Panel>
            <div id="reject"><Panel title=t!("Reject")>{reject}</Panel></div>
        }
        .into_any(),
    )
}

fn decisions(page: &PageContext, viewer: &Viewer, row: &ApprovalRow) -> Option<AnyView> {
    if row.decisions.is_empty() {
        return None;
    }
    let clock = Clock::new(&page.now, &viewer.timezone);
    let items: Vec<AnyView> = row
        .decisions
        .iter()
        .map(|decision| {
            let (icon, said, tone) = match decision.decision.as_str() {
                "approve" => ("check", t!("{name} approved"), Tone::Positive),
                _ => ("x", t!("{name} rejected"), Tone::Negative),
            };
            let (before, after) = words::around(said, "name");
            let (name, when) = (decision.member.clone(), clock.moment(&decision.at));
            let title = view! { {before}<b>{name}</b>{after} }.into_any();
            let reason = decision.reason.clone().map(|reason| view! { <TimelineNote>{reason}</TimelineNote> });
            let outdated = decision.outdated.then(|| {
                view! { <TimelineNote>{t!("About an earlier version: it no longer counts")}</TimelineNote> }
            });
            view! { <TimelineItem icon tone title when>{reason}{outdated}</TimelineItem> }.into_any()
        })
        .collect();
    Some(view! { <Panel title=t!("Decisions")><Timeline label=t!("Decisions")>{items}</Timeline></Panel> }.into_any())
}
