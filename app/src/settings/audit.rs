//! The audit trail: who did what, when, from where, and what came of it.

use super::trail_words::{operation_words, thing_words, value_words};
use super::{agent, settings_frame};
use crate::page::{PageContext, Viewer, encode, load, use_page};
use crate::time::Clock;
use domain::Result;
use domain::audit::{
    AuditChange, AuditEntry, AuditPage as Entries, AuditQuery, AuditSummary, ListAudit, SummariseAudit,
};
use domain::people::{ListMembers, Member};
use domain::schema::value;
use leptos::prelude::*;
use serde_json::Value;
use ui::{
    Badge, Blank, ButtonKind, Cell, ChangedField, Choice, DataTable, DateInput, EmptyState, HeadCell, Icon, LinkButton,
    Notice, Page, PageHeader, Panel, Row, Select, Size, Stack, StatTile, SubmitButton, TextInput, TextLink, Tone,
};
use words::{t, tn};

/// Parameters of the filter.
const FILTERS: [&str; 9] = ["person", "operation", "entity", "outcome", "from", "to", "record", "request", "change"];
/// Days that the counts cover.
const DAYS: u16 = 7;
/// Longer values are cut here; the file and the API have all of them.
const EXCERPT: usize = 300;

#[component]
pub fn AuditPage() -> impl IntoView {
    let page = use_page();
    load(audit_page(page)).into_any()
}

async fn audit_page(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let named = page.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    // What cannot be read is said, and the rest of the page stands.
    let (query, fault) = match AuditQuery::from_pairs(named) {
        Ok(query) => (query, None),
        Err(error) => (AuditQuery::default(), Some(error)),
    };
    let (entries, summary, members) = (
        backend.run(ListAudit { query: query.clone() }).await?,
        backend.run(SummariseAudit { days: Some(DAYS) }).await?,
        backend.run(ListMembers {}).await?,
    );
    let file = file_address(&page, &viewer);
    let actions = view! { <LinkButton href=file icon="download">{t!("Export CSV")}</LinkButton> }.into_any();
    let problem = fault.map(|error| {
        let said: Vec<String> =
            error.fields.iter().map(|field| format!("{}: {}", value_words(&field.field), field.message)).collect();
        view! { <Notice tone=Tone::Warning title=t!("The filter was not understood")>{said.join(". ")}</Notice> }
    });
    let (tiles, filter, list) =
        (tiles(&page, &summary), filter(&page, &viewer, &members, &query), list(&page, &viewer, &entries));
    let further = entries.next.map(|before| {
        let href = page.with_query(&[("before", Some(&before.to_string()))]);
        view! { <LinkButton href icon="chevron-down">{t!("Older entries")}</LinkButton> }
    });
    let text = t!(
        "Everything that was done here, signing in and refusals included. Entries cannot be changed, and are sealed so that it shows if they were."
    );
    let content = view! {
        <Page>
            <PageHeader title=t!("Audit trail") text actions/>
            <Stack>{tiles}{problem}{filter}{list}{further}</Stack>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "Audit trail", content.into_any()))
}

fn file_address(page: &PageContext, viewer: &Viewer) -> String {
    let pairs: Vec<String> =
        FILTERS.iter().filter_map(|name| page.query(name).map(|value| format!("{name}={}", encode(value)))).collect();
    let path = viewer.path("settings/audit.csv");
    if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
}

fn tiles(page: &PageContext, summary: &AuditSummary) -> AnyView {
    let clock = Clock::new(&page.now, "UTC");
    let note = tn!(summary.days, "in one day", "in {count} days");
    let own = |name: &str, value: &str| format!("{}?{name}={value}", page.path);
    let refused = own("outcome", "refused");
    let (sign_ins, exports) = (own("operation", "people.sign_in"), own("operation", "records.export"));
    let (sealed, until) = match &summary.sealed {
        Some(sealed) => {
            let at = sealed.at.as_deref().map(|at| clock.words(at)).unwrap_or_default();
            (sealed.changes.to_string(), at)
        }
        None => ("0".to_owned(), t!("nothing yet").to_owned()),
    };
    view! {
        <div class="audit-tiles">
            <StatTile label=t!("Entries") value=summary.entries.to_string() note=note.clone() href=page.path.clone()/>
            <StatTile label=t!("Sign-ins") value=summary.sign_ins.to_string() note=note.clone() href=sign_ins/>
            <StatTile label=t!("Refused") value=summary.refused.to_string() note=note.clone() href=refused/>
            <StatTile label=t!("Exports") value=summary.exports.to_string() note=note href=exports/>
            <StatTile label=t!("Sealed") value=sealed note=until/>
        </div>
    }
    .into_any()
}

fn filter(page: &PageContext, viewer: &Viewer, members: &[Member], query: &AuditQuery) -> AnyView {
    let people =
        members.iter().map(|member| Choice::new(member.id.to_string(), member.name.clone())).collect::<Vec<_>>();
    let mut entities: Vec<Choice> =
        viewer.catalog.iter().map(|entity| Choice::new(entity.key.clone(), entity.labels.many.clone())).collect();
    let others =
        [("session", t!("Sessions")), ("member", t!("Members")), ("role", t!("Roles")), ("change", t!("Changes"))];
    entities.extend(others.map(|(key, label)| Choice::new(key, label)));
    let outcomes = vec![Choice::new("done", t!("Done")), Choice::new("refused", t!("Refused" in "outcome"))];
    let typed = |name: &str| page.query(name).map(str::to_owned);
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
    let (from, to) = (day(query.from), day(query.to));
    // A record, a request or one entry comes from a link, and stays until it is taken out.
    let narrowed: Vec<AnyView> = ["record", "request", "change"]
        .into_iter()
        .filter_map(|name| typed(name).map(|value| view! { <input type="hidden" name=name value=value/> }.into_any()))
        .collect();
    let words = if narrowed.is_empty() { "" } else { t!("Only what belongs to the link that led here.") };
    let cleared = FILTERS.iter().any(|name| page.query(name).is_some()).then(|| {
        let href = page.path.clone();
        view! { <LinkButton href size=Size::Small>{t!("Clear")}</LinkButton> }
    });
    view! {
        <form class="audit-filter" method="get" action=page.path.clone() role="search" aria-label=t!("Filter the audit trail")>
            {narrowed}
            <Select name="person" label=t!("Person") choices=people value=typed("person") blank=t!("Anybody")/>
            <TextInput name="operation" label=t!("Operation") value=typed("operation") placeholder="records.update"/>
            <Select name="entity" label=t!("About") choices=entities value=typed("entity") blank=t!("Anything")/>
            <Select name="outcome" label=t!("Outcome") choices=outcomes value=typed("outcome") blank=t!("Any")/>
            <DateInput name="from" label=t!("From" in "day") value=from/>
            <DateInput name="to" label=t!("To" in "day") value=to/>
            <div class="audit-filter-end"><SubmitButton size=Size::Small kind=ButtonKind::Secondary>{t!("Filter" in "verb")}</SubmitButton>{cleared}<span class="hint">{words}</span></div>
        </form>
    }
    .into_any()
}

fn list(page: &PageContext, viewer: &Viewer, entries: &Entries) -> AnyView {
    if entries.entries.is_empty() {
        let action = view! { <LinkButton href=page.path.clone()>{t!("Show all entries")}</LinkButton> }.into_any();
        return view! { <EmptyState icon="history" title=t!("No entries") text=t!("Nothing that fits was done. Widen the filter.") action/> }.into_any();
    }
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! {
        <HeadCell label=t!("What")/>
        <HeadCell label=t!("Who")/>
        <HeadCell label=t!("About")/>
        <HeadCell label=t!("When")/>
        <HeadCell label=t!("From")/>
        <HeadCell label=t!("Undo") hidden_label=true/>
    };
    let rows: Vec<AnyView> = entries.entries.iter().map(|entry| row(page, viewer, clock, entry)).collect();
    view! {
        <Panel flush=true>
            <div class="as-cards audit-list"><DataTable label=t!("Audit trail") head=head.into_any() inline=true>{rows}</DataTable></div>
        </Panel>
    }
    .into_any()
}

fn row(page: &PageContext, viewer: &Viewer, clock: Clock, entry: &AuditEntry) -> AnyView {
    let who = entry.name.clone().unwrap_or_else(|| "Nexus".to_owned());
    let refused = (entry.outcome == "refused")
        .then(|| view! { " "<Badge tone=Tone::Negative>{t!("Refused" in "outcome")}</Badge> });
    let cause = (entry.cause != "request" && entry.cause != "sign_in")
        .then(|| view! { <span class="row-detail">{t!("by {cause}", cause = cause_words(&entry.cause))}</span> });
    let (operation, key) = (operation_words(&entry.operation), entry.operation.clone());
    let (about, details) = (about(viewer, entry), details(viewer, entry));
    let when = clock.moment(&entry.at);
    let from = match (&entry.address, &entry.agent) {
        (None, None) => view! { <Blank label=t!("the server")/> }.into_any(),
        (address, agent) => {
            let (address, title) = (address.clone(), agent.clone().unwrap_or_default());
            let browser = agent::words(agent.as_deref());
            view! { <span title=title>{address}<span class="row-detail">{browser}</span></span> }.into_any()
        }
    };
    let undo = may_undo(viewer, entry).then(|| {
        let href = viewer.path(&format!("undo?change={}&back={}", entry.id, encode(&page.address())));
        view! { <LinkButton href size=Size::Small icon="undo-2">{t!("Undo")}</LinkButton> }
    });
    let id = entry.id.to_string();
    view! {
        <Row id>
            <Cell label=t!("What") lead=true><span title=key>{operation}</span>{refused}{cause}{details}</Cell>
            <Cell label=t!("Who")><bdi>{who}</bdi></Cell>
            <Cell label=t!("About")>{about}</Cell>
            <Cell label=t!("When")>{when}</Cell>
            <Cell label=t!("From")>{from}</Cell>
            <Cell label=t!("Undo")>{undo}</Cell>
        </Row>
    }
    .into_any()
}

/// Only what changed a record that is described can be taken back by itself.
fn may_undo(viewer: &Viewer, entry: &AuditEntry) -> bool {
    entry.outcome == "done"
        && entry.record.is_some()
        && !entry.changes.is_empty()
        && !matches!(entry.cause.as_str(), "import" | "seed")
        && viewer.catalog.get(&entry.entity).is_some()
}

fn cause_words(cause: &str) -> &str {
    match cause {
        "api_key" => t!("an API key"),
        "run" => t!("a workflow"),
        "import" => t!("an import"),
        "bulk" => t!("a change of many rows"),
        "export" => t!("an export"),
        "merge" => t!("a merge"),
        "undo" => t!("an undo"),
        "seed" => t!("the demo data"),
        "delivery" => t!("a delivery"),
        other => other,
    }
}

fn about(viewer: &Viewer, entry: &AuditEntry) -> AnyView {
    let entity = viewer.catalog.get(&entry.entity);
    let label = entity.map_or_else(|| thing_words(&entry.entity), |entity| entity.labels.one.clone());
    match (entity, entry.record) {
        (Some(entity), Some(record)) => {
            let named = entry.changes.iter().find(|change| change.field == entity.title);
            let name = named.and_then(|change| change.after.as_str().or_else(|| change.before.as_str()));
            let name = name.map(|name| view! { <span class="row-detail"><bdi>{name.to_owned()}</bdi></span> });
            let href = viewer.path(&format!("{}/{record}", entity.plural));
            view! { <TextLink href>{label}</TextLink>{name} }.into_any()
        }
        _ => label.into_any(),
    }
}

fn details(viewer: &Viewer, entry: &AuditEntry) -> Option<AnyView> {
    if let Some(reason) = entry.reason.clone() {
        return Some(view! { <span class="row-detail">{reason}</span> }.into_any());
    }
    let count = entry.changes.len();
    if count == 0 {
        return None;
    }
    let summary = tn!(count, "{count} value", "{count} values");
    let lines: Vec<AnyView> = entry.changes.iter().map(|change| changed(viewer, &entry.entity, change)).collect();
    let fold = view! { <details class="timeline-fold"><summary><Icon name="chevron-right"/>{summary}</summary>{lines}</details> };
    Some(fold.into_any())
}

/// One value as it was and as it is.
pub fn changed(viewer: &Viewer, entity: &str, change: &AuditChange) -> AnyView {
    let entity = viewer.catalog.get(entity);
    let field = entity.and_then(|entity| entity.field(&change.field));
    let show = |side: &Value| {
        let text = match (field, side) {
            (Some(field), side) => value::show(field, entity.and_then(|entity| entity.states.as_ref()), side, None),
            (None, Value::Null) => String::new(),
            (None, Value::String(text)) => text.clone(),
            (None, other) => other.to_string(),
        };
        match text.char_indices().nth(EXCERPT) {
            Some((end, _)) => format!("{} …", &text[..end]),
            None => text,
        }
    };
    let label = if field.is_some() { change.label.clone() } else { value_words(&change.label) };
    view! { <ChangedField label before=show(&change.before) after=show(&change.after)/> }.into_any()
}
