//! Where one is signed in, and the way to end it; and the same of a member, for those who look after them.

use super::{agent, settings_frame};
use crate::page::{PageContext, Viewer, load, use_page};
use crate::records::post::{envelope, hidden};
use crate::time::Clock;
use domain::people::{ListMemberSessions, ListMembers, ListSessions, SessionRow};
use domain::{Error, Result};
use leptos::prelude::*;
use ui::{Badge, Button, EmptyState, Icon, Notice, Page, PageHeader, Panel, Size, Tone};
use uuid::Uuid;
use words::t;

#[component]
pub fn SessionsPage() -> impl IntoView {
    let page = use_page();
    load(sessions_page(page)).into_any()
}

async fn sessions_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let mut sessions = page.backend()?.run(ListSessions {}).await?;
    sessions.sort_by_key(|session| !session.current);
    let clock = Clock::new(&page.now, &viewer.timezone);
    let others = sessions.iter().filter(|session| !session.current).count();
    let rows: Vec<_> = sessions.iter().map(|session| row(session, clock, || end(&page, &viewer, session))).collect();
    let problem = page.replay.as_ref().map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("The session was not ended")>{message}</Notice> }
    });
    let actions = (others > 0).then(|| end_others(&page, &viewer));
    let text = t!("Every browser and program in which you are signed in. End those that you do not know.");
    let content = view! {
        <Page narrow=true>
            <PageHeader title=t!("Sessions") text/>
            {problem}
            <Panel title=t!("Signed in") actions=actions flush=true><ul class="row-list">{rows}</ul></Panel>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "Sessions", content.into_any()))
}

#[component]
pub fn MemberSessionsPage() -> impl IntoView {
    let page = use_page();
    load(member_sessions_page(page)).into_any()
}

async fn member_sessions_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let id = page.path.trim_end_matches("/sessions").rsplit('/').next().unwrap_or_default();
    let member = Uuid::try_parse(id).map_err(|_| Error::not_found())?;
    let backend = page.backend()?;
    let sessions = backend.run(ListMemberSessions { member }).await?;
    let members = backend.run(ListMembers {}).await?;
    let name = members.into_iter().find(|row| row.id == member).map(|row| row.name).ok_or_else(Error::not_found)?;
    let clock = Clock::new(&page.now, &viewer.timezone);
    let rows: Vec<_> = sessions
        .iter()
        .map(|session| row(session, clock, || end_of_member(&page, &viewer, member, Some(session.id))))
        .collect();
    let problem = page.replay.as_ref().map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title=t!("The session was not ended")>{message}</Notice> }
    });
    let list = if rows.is_empty() {
        view! { <EmptyState icon="monitor" title=t!("Not signed in") text=t!("{name} is not signed in to this workspace anywhere.", name)/> }.into_any()
    } else {
        view! { <ul class="row-list">{rows}</ul> }.into_any()
    };
    let actions = (!sessions.is_empty()).then(|| end_of_member(&page, &viewer, member, None));
    let text = t!("Browsers in which this workspace was opened. Where else they are signed in is theirs to know.");
    let content = view! {
        <Page narrow=true>
            <PageHeader title=t!("Sessions of {name}", name) text/>
            {problem}
            <Panel title=t!("Signed in") actions=actions flush=true>{list}</Panel>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "People", content.into_any()))
}

fn end_of_member(page: &PageContext, viewer: &Viewer, member: Uuid, one: Option<Uuid>) -> AnyView {
    let own = page.path.clone();
    let (purpose, done, words) = match one {
        Some(id) => (format!("end-{id}"), t!("Session ended"), t!("End")),
        None => ("end-all".to_owned(), t!("All sessions ended"), t!("End all")),
    };
    view! {
        <form method="post" action=viewer.action("people.end_member_sessions")>
            {hidden("member", member.to_string())}
            {one.map(|id| hidden("id", id.to_string()))}
            {envelope(page, &purpose, &own, done)}
            <Button size=Size::Small r#type="submit">{words}</Button>
        </form>
    }
    .into_any()
}

fn row(session: &SessionRow, clock: Clock, end: impl FnOnce() -> AnyView) -> AnyView {
    let name = match (session.token, session.agent.as_deref()) {
        (false, agent) => agent::words(agent),
        (true, None) => t!("API token").to_owned(),
        (true, agent) => t!("API token, by {browser}", browser = agent::words(agent)),
    };
    let seen = t!("last seen {when}", when = clock.words(&session.last_seen_at));
    let detail = session.address.iter().cloned().chain([seen]).collect::<Vec<_>>().join(" · ");
    let title = t!(
        "Signed in {begin}, ends {end} at the latest",
        begin = clock.full(&session.created_at),
        end = clock.full(&session.expires_at)
    );
    let end =
        if session.current { view! { <Badge tone=Tone::Positive>{t!("This one")}</Badge> }.into_any() } else { end() };
    let icon = if session.token { "key" } else { agent::icon(session.agent.as_deref()) };
    view! {
        <li data-id=session.id.to_string()>
            <div class="row-link">
                <Icon name=icon/>
                <span class="row-text"><span class="row-title">{name}</span><span class="row-detail" title=title>{detail}</span></span>
                <span class="row-end">{end}</span>
            </div>
        </li>
    }
    .into_any()
}

fn end(page: &PageContext, viewer: &Viewer, session: &SessionRow) -> AnyView {
    let own = page.path.clone();
    view! {
        <form method="post" action=viewer.action("people.end_session")>
            {hidden("id", session.id.to_string())}
            {envelope(page, &format!("end-{}", session.id), &own, t!("Session ended"))}
            <Button size=Size::Small r#type="submit">{t!("End")}</Button>
        </form>
    }
    .into_any()
}

fn end_others(page: &PageContext, viewer: &Viewer) -> AnyView {
    let own = page.path.clone();
    view! {
        <form method="post" action=viewer.action("people.end_other_sessions")>
            {envelope(page, "end-others", &own, t!("All other sessions ended"))}
            <Button size=Size::Small r#type="submit">{t!("End all others")}</Button>
        </form>
    }
    .into_any()
}
