//! Exports of many rows, at `/w/{workspace}/exports`: the start of one, those of the last days, and how far one is. The list leads here where a
//! file would keep its reader waiting.

use crate::imports::parts::{lower, rows_words};
use crate::islands::ProgressHands;
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, encode, load, set_status, use_page};
use crate::records::post::{envelope, hidden, making};
use crate::time::Clock;
use domain::exports::{Export, ExportFormat, ExportStatus, GetExport, ListExports};
use domain::money::group_thousands;
use domain::schema::{Entity, Filter, ListQuery, Sort};
use domain::{Error, Result, Verb};
use leptos::prelude::*;
use ui::{
    Badge, ButtonKind, Cell, Crumb, DataTable, EmptyState, FormActions, FormError, FormErrors, HeadCell, LinkButton,
    Notice, Page, PageHeader, Panel, Progress, Row, Stack, SubmitButton, TextLink, Tone,
};
use uuid::Uuid;
use words::t;

const START: &str = "exports.start";
const CANCEL: &str = "exports.cancel";

#[component]
pub fn ExportsPage() -> impl IntoView {
    let page = use_page();
    load(overview(page)).into_any()
}

async fn overview(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let asked = page.query("of").map(|plural| viewer.entity(plural)).transpose()?;
    let exports = backend.run(ListExports {}).await?;
    let form = asked.map(|entity| start(&page, &viewer, &entity));
    let list = match exports.as_slice() {
        [] if form.is_some() => None,
        [] => {
            let text = t!("Whatever has too many rows to wait for is written here when you export it from its list.");
            Some(view! { <EmptyState icon="download" title=t!("No exports yet") text/> }.into_any())
        }
        exports => Some(table(&page, &viewer, exports)),
    };
    let body = view! { <Page narrow=true><Stack><PageHeader title=t!("Exports")/>{form}{list}</Stack></Page> };
    Ok(workspace_frame(&page, vec![Crumb::here(t!("Exports"))], None, None, body.into_any()))
}

/// The question before the work: what the list was asked for comes along as it was.
fn start(page: &PageContext, viewer: &Viewer, entity: &Entity) -> AnyView {
    let replay = page.replay_of(START);
    if let Some(replay) = &replay {
        set_status(replay.error.kind.status());
    }
    let errors: Vec<FormError> = replay.iter().map(|replay| FormError::new("", replay.error.message.clone())).collect();
    let format = page.query("format").and_then(ExportFormat::parse).unwrap_or_default();
    let carried = ["filter", "sort", "search", "fields", "trash"];
    let carried = carried.map(|name| page.query(name).map(|value| hidden(name, value)));
    let (next, list) = (viewer.path("exports/{id}"), viewer.path(&entity.plural));
    let title = t!("Export {entities}", entities = lower(&entity.labels.many));
    let text = t!(
        "These are so many that the file is written while you do something else. You see how far it is, and fetch it here for seven days."
    );
    let (key, format) = (hidden("entity", entity.key.clone()), hidden("format", format.as_str()));
    let carried: Vec<_> = carried.into_iter().flatten().collect();
    let (action, once) = (viewer.action(START), making(page, "export", &next, ""));
    let reason = viewer.missing(entity, Verb::Export);
    view! {
        <FormErrors errors title=t!("The export was not started")/>
        <Panel title text>
            <form class="form" method="post" action=action>
                {key}
                {format}
                {carried}
                {once}
                <FormActions>
                    <SubmitButton icon="download" reason>{t!("Write the file")}</SubmitButton>
                    <LinkButton href=list kind=ButtonKind::Ghost>{t!("Back to the list")}</LinkButton>
                </FormActions>
            </form>
        </Panel>
    }
    .into_any()
}

/// The query by which the page that starts an export is asked for this one.
pub fn asking(entity: &Entity, query: &ListQuery, format: &str) -> String {
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let parameters = [
        ("of", Some(entity.plural.clone())),
        ("format", Some(format.to_owned())),
        ("filter", query.filter.as_ref().map(Filter::print)),
        ("sort", filled(Sort::print_list(&query.sort))),
        ("search", query.search.clone()),
        ("fields", filled(query.fields.join(","))),
        ("trash", query.trash.then(|| "true".to_owned())),
    ];
    let said = parameters.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", encode(&value?))));
    said.collect::<Vec<_>>().join("&")
}

fn status(status: ExportStatus) -> (&'static str, Tone) {
    match status {
        ExportStatus::Queued => (t!("Waiting"), Tone::Info),
        ExportStatus::Running => (t!("Running"), Tone::Accent),
        ExportStatus::Done => (t!("Done"), Tone::Positive),
        ExportStatus::Failed => (t!("Failed"), Tone::Negative),
        ExportStatus::Cancelled => (t!("Cancelled"), Tone::Neutral),
    }
}

fn table(page: &PageContext, viewer: &Viewer, exports: &[Export]) -> AnyView {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! {
        <HeadCell label=t!("File")/>
        <HeadCell label=t!("Status")/>
        <HeadCell label=t!("Rows") numeric=true/>
        <HeadCell label=t!("When")/>
    };
    let rows: Vec<AnyView> = exports
        .iter()
        .map(|export| {
            let href = viewer.path(&format!("exports/{}", export.id));
            let (file, (words, tone)) = (export.file_name.clone(), status(export.status));
            let (rows, when) = (group_thousands(&export.rows.to_string()), clock.moment(&export.created_at));
            view! {
                <Row>
                    <Cell label=t!("File") lead=true><TextLink href>{file}</TextLink></Cell>
                    <Cell label=t!("Status")><Badge tone>{words}</Badge></Cell>
                    <Cell label=t!("Rows") numeric=true>{rows}</Cell>
                    <Cell label=t!("When")>{when}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    let table = view! {
        <div class="as-cards"><DataTable label=t!("Your exports") head=head.into_any() inline=true>{rows}</DataTable></div>
    };
    view! { <Panel title=t!("Your exports") flush=true>{table.into_any()}</Panel> }.into_any()
}

#[component]
pub fn ExportPage() -> impl IntoView {
    let page = use_page();
    load(one(page)).into_any()
}

async fn one(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let id = page.path.trim_start_matches('/').split('/').nth(3).unwrap_or_default();
    let id = Uuid::try_parse(id).map_err(|_| Error::not_found())?;
    let export = backend.run(GetExport { id }).await?;
    if let Some(replay) = &page.replay {
        set_status(replay.error.kind.status());
    }
    let content =
        if export.status.is_open() { working(&page, &viewer, &export) } else { ended(&page, &viewer, &export) };
    let title = export.file_name.clone();
    let crumbs = vec![Crumb::link(t!("Exports"), viewer.path("exports")), Crumb::here(export.file_name.clone())];
    let body = view! { <Page narrow=true><Stack><PageHeader title/>{content}</Stack></Page> }.into_any();
    let frame = workspace_frame(&page, crumbs, None, None, body);
    Ok(view! { <ProgressHands/>{frame} }.into_any())
}

/// How far it is. Without a script the page asks again every two seconds.
fn working(page: &PageContext, viewer: &Viewer, export: &Export) -> AnyView {
    let number = |value: i64| group_thousands(&value.to_string());
    // There may be more than were foretold.
    let total = export.total.unwrap_or_default().max(export.rows);
    let detail = t!("{done} of about {all} rows", done = number(export.rows), all = number(total));
    let (value, max) = (export.rows.unsigned_abs(), total.unsigned_abs());
    let queued = export.status == ExportStatus::Queued;
    let label = if queued { t!("Waiting for its turn") } else { t!("Writing the file") };
    let errors: Vec<FormError> =
        page.replay_of(CANCEL).iter().map(|replay| FormError::new("", replay.error.message.clone())).collect();
    let here = page.path.clone();
    view! {
        <noscript><meta http-equiv="refresh" content="2"/></noscript>
        <FormErrors errors title=t!("The export goes on")/>
        <div class="import-progress" data-import=export.id.to_string() data-status=export.status.as_str()>
            <Progress label value max detail tone=Tone::Accent/>
            <p class="page-text">{t!("You may leave this page; the work goes on, and the page tells how far it is when you come back.")}</p>
            <form class="form" method="post" action=viewer.action(CANCEL)>
                {hidden("id", export.id.to_string())}
                {envelope(page, "cancel", &here, "")}
                <FormActions>
                    <LinkButton href=here kind=ButtonKind::Secondary icon="refresh-cw">{t!("Look again")}</LinkButton>
                    <SubmitButton kind=ButtonKind::Ghost>{t!("Cancel")}</SubmitButton>
                </FormActions>
            </form>
        </div>
    }
    .into_any()
}

fn ended(page: &PageContext, viewer: &Viewer, export: &Export) -> AnyView {
    let entity = viewer.catalog.get(&export.entity);
    let list = entity.map_or_else(|| viewer.path("exports"), |entity| viewer.path(&entity.plural));
    let until = Clock::new(&page.now, &viewer.timezone).full(&export.expires_at);
    let rows = rows_words(export.rows);
    let (title, tone, text) = match export.status {
        ExportStatus::Failed => {
            let why = export.error.clone().unwrap_or_else(|| t!("It stopped, and left no reason behind").to_owned());
            (t!("The export stopped"), Tone::Negative, t!("{why}. No file was made.", why))
        }
        ExportStatus::Cancelled => (t!("Cancelled"), Tone::Neutral, t!("No file was made.").to_owned()),
        _ => (t!("The file is written"), Tone::Positive, t!("{rows}. It can be fetched until {until}.", rows, until)),
    };
    let fetch = (export.status == ExportStatus::Done).then(|| {
        let href = format!("{}/file", page.path);
        view! { <LinkButton href kind=ButtonKind::Primary icon="download">{t!("Fetch the file")}</LinkButton> }
    });
    // What came to no file is asked for once more with the same words.
    let again = entity.filter(|_| export.status != ExportStatus::Done).map(|entity| {
        let asked = asking(entity, &export.query, export.format.as_str());
        let href = viewer.path(&format!("exports?{asked}"));
        view! { <LinkButton href kind=ButtonKind::Primary icon="refresh-cw">{t!("Start again")}</LinkButton> }
    });
    view! {
        <Notice tone title>{text}</Notice>
        <FormActions>{fetch}{again}<LinkButton href=list kind=ButtonKind::Ghost>{t!("To the list")}</LinkButton></FormActions>
    }
    .into_any()
}
