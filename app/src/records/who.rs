//! Who can see a record, change it and delete it, and by which of their roles.

use super::address;
use super::list_parts::lower;
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, use_page};
use domain::people::ListMembers;
use domain::records::{AccessRow, Because, GetRecord, RecordAccess};
use domain::schema::Entity;
use domain::{Reach, Result};
use leptos::prelude::*;
use ui::{
    Badge, Blank, Cell, Chip, DataTable, HeadCell, Notice, Page, PageHeader, Panel, Person, Row, Size, Stack, TextLink,
    Tone,
};
use words::t;

#[component]
pub fn AccessPage() -> impl IntoView {
    let page = use_page();
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity(address::plural(&page))?;
    let id = address::id(&page)?;
    let record = backend.run(GetRecord { entity: entity.key.clone(), id }).await?;
    let rows = backend.run(RecordAccess { entity: entity.key.clone(), id }).await?;
    let members = backend.run(ListMembers {}).await?;
    let blind: Vec<String> = members
        .iter()
        .filter(|member| member.status == "active" && rows.iter().all(|row| row.member != member.id))
        .map(|member| member.name.clone())
        .collect();
    let head = view! {
        <HeadCell label=t!("Member")/>
        <HeadCell label=t!("Sees it")/>
        <HeadCell label=t!("Changes it")/>
        <HeadCell label=t!("Deletes it")/>
        <HeadCell label=t!("Does not see")/>
    };
    let lines: Vec<AnyView> = rows.iter().map(|row| line(&viewer, &entity, row)).collect();
    let people = rows.iter().filter(|row| !row.automation).count();
    let others = (!blind.is_empty()).then(|| others(&entity, &blind));
    let trash = record.deleted_at.is_some().then(|| {
        let text = t!("Only those who may delete it see it there, and nobody changes it.");
        view! { <Notice tone=Tone::Warning title=t!("In the trash")>{text}</Notice> }
    });
    let text = match people {
        1 => t!("One person can see it, by the role and as far as that role goes.").to_owned(),
        count => t!("{count} people can see it, each by the role named and as far as that role goes.", count),
    };
    let title = t!("Who can see {record}?", record = address::title(&entity, &record));
    let roles = viewer.grants.allows("people.role.read").then(|| {
        view! { <TextLink href=viewer.path("settings/roles")>{t!("What each role may do")}</TextLink> }.into_any()
    });
    let body = view! {
        <Page>
            <PageHeader title text actions=roles/>
            <Stack>
                {trash}
                <Panel flush=true>
                    <div class="as-cards"><DataTable label=t!("Who can see it") head=head.into_any() inline=true>{lines}</DataTable></div>
                </Panel>
                {others}
            </Stack>
        </Page>
    }
    .into_any();
    let crumbs = address::crumbs(&viewer, &entity, &record, Some(t!("Who can see this")));
    Ok(workspace_frame(&page, crumbs, None, None, body))
}

fn others(entity: &Entity, blind: &[String]) -> AnyView {
    let title = match blind.len() {
        1 => t!("One member cannot see it").to_owned(),
        count => t!("{count} members cannot see it", count),
    };
    let text = t!("Their roles do not reach this {entity}.", entity = lower(&entity.labels.one));
    let names = blind.join(", ");
    view! { <Panel title text><p dir="auto">{names}</p></Panel> }.into_any()
}

fn line(viewer: &Viewer, entity: &Entity, row: &AccessRow) -> AnyView {
    let name = row.name.clone();
    let who = if row.automation {
        view! { <Badge>{t!("Automation")}</Badge> }.into_any()
    } else if row.member == viewer.member {
        view! { <Person name size=Size::Small/>" "<Badge>{t!("You")}</Badge> }.into_any()
    } else {
        view! { <Person name size=Size::Small/> }.into_any()
    };
    let hidden: Vec<AnyView> = row
        .hidden
        .iter()
        .map(|key| {
            let label = entity.field(key).map_or_else(|| key.clone(), |field| field.label.clone());
            view! { <Chip icon="lock">{label}</Chip>" " }.into_any()
        })
        .collect();
    let hidden = if hidden.is_empty() { view! { <Blank label=t!("nothing")/> }.into_any() } else { hidden.into_any() };
    let all = t!("all {entities}", entities = lower(&entity.labels.many));
    let [read, update, delete] =
        [Some(&row.read), row.update.as_ref(), row.delete.as_ref()].map(|reason| because(reason, &all));
    view! {
        <Row id=row.member.to_string()>
            <Cell label=t!("Member") lead=true>{who}</Cell>
            <Cell label=t!("Sees it")>{read}</Cell>
            <Cell label=t!("Changes it")>{update}</Cell>
            <Cell label=t!("Deletes it")>{delete}</Cell>
            <Cell label=t!("Does not see")>{hidden}</Cell>
        </Row>
    }
    .into_any()
}

/// "Sales representative · their own"
fn because(because: Option<&Because>, all: &str) -> AnyView {
    let Some(because) = because else { return view! { <Blank label=t!("no")/> }.into_any() };
    let how = match because.reach {
        Reach::All => all,
        Reach::Own => t!("their own"),
        Reach::Team if because.own => t!("their own"),
        Reach::Team => t!("their team's"),
        Reach::Location if because.own => t!("their own"),
        Reach::Location => t!("their location's or team's"),
    };
    let how = how.to_owned();
    let role = because.role.clone();
    let title = t!("By the role {role}, which reaches {rows}", role, rows = because.reach.rows());
    view! { <span class="because" title=title><span>{role}</span><span class="because-how">{how}</span></span> }
        .into_any()
}
