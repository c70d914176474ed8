//! What to do next: my open tasks by their day, and the leads that came in last.

use super::Home;
use super::figures::mine;
use crate::records::lower;
use crate::records::values::{Values, state_chip};
use domain::records::{ListRecords, Record};
use domain::schema::{Count, Entity, ListQuery, Sort};
use domain::{Result, Verb};
use leptos::prelude::*;
use ui::{Badge, ButtonKind, EmptyState, Icon, LinkButton, Panel, Size, Tone};
use words::t;

const ROWS: u32 = 6;

/// The first rows of a list, drawn as lines of a panel.
async fn rows(home: &Home, entity: &Entity, filter: &str, sort: Option<Sort>, fields: &[&str]) -> Result<Vec<Record>> {
    let mut wanted: Vec<String> = vec![entity.title.clone(), "number".to_owned()];
    wanted.extend(fields.iter().filter(|key| entity.field(key).is_some()).map(|key| (*key).to_owned()));
    let query = ListQuery {
        filter: super::filter_of(entity, filter)?,
        sort: sort.into_iter().collect(),
        limit: ROWS,
        fields: wanted,
        count: Count::None,
        ..ListQuery::default()
    };
    home.backend.run(ListRecords { entity: entity.key.clone(), query }).await?.take_records()
}

pub async fn my_tasks(home: &Home) -> Result<Option<AnyView>> {
    let Some(entity) = home.entity("task") else { return Ok(None) };
    let filter = mine(&entity);
    let sort = entity.field("dueOn").map(|_| Sort { field: "dueOn".to_owned(), descending: false });
    let rows = rows(home, &entity, &filter, sort, &["dueOn", "status", "lead", "customer"]).await?;
    let title = t!("My {entities}", entities = lower(&entity.labels.many));
    let all = home.rows(&entity, &filter);
    if rows.is_empty() {
        let new = home.viewer.path(&format!("{}/new", entity.plural));
        let label = t!("New {entity}", entity = lower(&entity.labels.one));
        let action = view! { <LinkButton href=new icon="plus" reason=home.viewer.missing(&entity, Verb::Create)>{label}</LinkButton> }.into_any();
        let title_empty = t!("Nothing is waiting for you");
        let text = t!("What you have to do stands here, the nearest day first.");
        let body = view! { <EmptyState icon="circle-check" title=title_empty text action/> };
        return Ok(Some(view! { <Panel title>{body}</Panel> }.into_any()));
    }
    let values = Values::of(&home.page);
    let overdue =
        |record: &Record| record.text("dueOn").is_some_and(|due| due < home.clock.today().to_string().as_str());
    let lines: Vec<_> = rows
        .iter()
        .map(|record| {
            let due = record.text("dueOn").map(|due| {
                let late = overdue(record).then(|| view! { <Badge tone=Tone::Negative>{t!("Late")}</Badge> });
                view! { {late}{values.clock.day(due)} }
            });
            let about = record.label("lead").or_else(|| record.label("customer")).map(str::to_owned);
            line(home, &entity, record, about, due.into_any())
        })
        .collect();
    Ok(Some(panel(title, all, lines)))
}

pub async fn new_leads(home: &Home) -> Result<Option<AnyView>> {
    let Some(entity) = home.entity("lead") else { return Ok(None) };
    let sort = Sort { field: "createdAt".to_owned(), descending: true };
    let rows = rows(home, &entity, "", Some(sort), &["company", "status", "createdAt"]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let values = Values::of(&home.page);
    let lines: Vec<_> = rows
        .iter()
        .map(|record| {
            let state = record.text("status").map(|status| state_chip(entity.states.as_ref(), status));
            let when = record.text("createdAt").map(|moment| values.clock.moment(moment));
            let company = record.text("company").map(str::to_owned);
            line(home, &entity, record, company, view! { {state}<span class="row-when">{when}</span> }.into_any())
        })
        .collect();
    let all = home.viewer.path(&format!("{}?filter=&sort=-createdAt", entity.plural));
    Ok(Some(panel(t!("Newest {entities}", entities = lower(&entity.labels.many)), all, lines)))
}

fn line(home: &Home, entity: &Entity, record: &Record, detail: Option<String>, end: AnyView) -> AnyView {
    let href = home.viewer.path(&format!("{}/{}", entity.plural, record.id));
    let title = record.text(&entity.title).or_else(|| record.text("number")).unwrap_or(&entity.labels.one).to_owned();
    let detail =
        detail.filter(|text| !text.is_empty()).map(|text| view! { <span class="row-detail" dir="auto">{text}</span> });
    view! {
        <li>
            <a class="row-link" href=href>
                <Icon name=entity.icon.clone()/>
                <span class="row-title" dir="auto">{title}</span>
                {detail}
                <span class="row-end">{end}</span>
            </a>
        </li>
    }
    .into_any()
}

fn panel(title: String, all: String, lines: Vec<AnyView>) -> AnyView {
    let actions =
        view! { <LinkButton href=all size=Size::Small kind=ButtonKind::Ghost>{t!("Show all")}</LinkButton> }.into_any();
    view! { <Panel title actions flush=true><ul class="row-list">{lines}</ul></Panel> }.into_any()
}
