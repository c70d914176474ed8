//! Where one is signed in, and the way to end it.

use super::{agent, settings_frame};
use crate::page::{PageContext, Viewer, load, use_page};
use crate::records::post::{envelope, hidden};
use crate::time::Clock;
use domain::Result;
use domain::people::{ListSessions, SessionRow};
use leptos::prelude::*;
use ui::{Badge, Button, Icon, Notice, Page, PageHeader, Panel, Size, Tone};

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
    let rows: Vec<_> = sessions.iter().map(|session| row(&page, &viewer, session, clock)).collect();
    let problem = page.replay.as_ref().map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative title="The session was not ended">{message}</Notice> }
    });
    let actions = (others > 0).then(|| end_others(&page, &viewer));
    let text = "Every browser in which you are signed in. End those that you do not know.";
    let content = view! {
        <Page narrow=true>
            <PageHeader title="Sessions" text/>
            {problem}
            <Panel title="Signed in" actions=actions flush=true><ul class="row-list">{rows}</ul></Panel>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "Sessions", content.into_any()))
}

fn row(page: &PageContext, viewer: &Viewer, session: &SessionRow, clock: Clock) -> AnyView {
    let name = agent::words(session.agent.as_deref());
    let seen = format!("last seen {}", clock.words(&session.last_seen_at));
    let detail = session.address.iter().cloned().chain([seen]).collect::<Vec<_>>().join(" · ");
    let title = format!(
        "Signed in {}, ends {} at the latest",
        clock.full(&session.created_at),
        clock.full(&session.expires_at)
    );
    let end = if session.current {
        view! { <Badge tone=Tone::Positive>"This one"</Badge> }.into_any()
    } else {
        end(page, viewer, session)
    };
    let icon = agent::icon(session.agent.as_deref());
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
            {envelope(page, &format!("end-{}", session.id), &own, "Session ended")}
            <Button size=Size::Small r#type="submit">"End"</Button>
        </form>
    }
    .into_any()
}

fn end_others(page: &PageContext, viewer: &Viewer) -> AnyView {
    let own = page.path.clone();
    view! {
        <form method="post" action=viewer.action("people.end_other_sessions")>
            {envelope(page, "end-others", &own, "All other sessions ended")}
            <Button size=Size::Small r#type="submit">"End all others"</Button>
        </form>
    }
    .into_any()
}
