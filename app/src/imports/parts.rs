//! What the pages of the import wizard share: the steps, the words for a state, the table of problems.

use crate::page::{PageContext, Viewer};
use crate::time::Clock;
use domain::imports::{Import, ImportStatus, KeptRow, Problem};
use domain::money::group_thousands;
use domain::records::UndoPreview;
use domain::schema::Entity;
use leptos::prelude::*;
use ui::{
    Blank, ButtonKind, Cell, DataTable, FormActions, HeadCell, LinkButton, Panel, Progress, Row, Step, Steps, TextLink,
    Tone,
};
use words::{t, tn};

/// Where one is in the wizard.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Upload,
    Map,
    Preview,
    Import,
    Done,
}

/// The steps; those that can be gone back to are links to `import`, the page of this import.
pub fn steps(place: Place, import: Option<&str>) -> AnyView {
    let back = |label: &str, query: &str| match import {
        Some(path) if matches!(place, Place::Map | Place::Preview) => Step::link(label, format!("{path}{query}")),
        _ => Step::new(label),
    };
    let items = vec![
        Step::new(t!("Upload")),
        back(t!("Map columns"), "?step=map"),
        back(t!("Look at it"), ""),
        Step::new(t!("Import")),
    ];
    view! { <div class="import-steps"><Steps label=t!("Steps of the import") items current=place as usize/></div> }
        .into_any()
}

pub fn status(status: ImportStatus) -> (&'static str, Tone) {
    match status {
        ImportStatus::Uploaded => (t!("Uploaded"), Tone::Neutral),
        ImportStatus::Mapped => (t!("Ready"), Tone::Info),
        ImportStatus::Queued => (t!("Waiting"), Tone::Info),
        ImportStatus::Running => (t!("Running"), Tone::Accent),
        ImportStatus::Done => (t!("Done"), Tone::Positive),
        ImportStatus::Failed => (t!("Failed"), Tone::Negative),
        ImportStatus::Undoing => (t!("Being taken back"), Tone::Accent),
        ImportStatus::Undone => (t!("Undone"), Tone::Neutral),
    }
}

/// "Lead" inside a sentence.
pub fn lower(label: &str) -> String {
    crate::records::lower(label)
}

/// `9,900 leads`, `1 lead`.
pub fn counted(value: i64, one: &str, many: &str) -> String {
    let label = lower(if value == 1 { one } else { many });
    t!("{number} {label}", number = group_thousands(&value.to_string()), label)
}

/// `9,900 rows`, `1 row`.
pub fn rows_words(count: i64) -> String {
    tn!(count, "{shown} row", "{shown} rows", shown = group_thousands(&count.to_string()))
}

/// What taking rows back would come to.
pub fn foretold(would: &UndoPreview) -> String {
    let number = |count: i64| group_thousands(&count.to_string());
    let mut said = tn!(
        would.back,
        "As things are, {shown} row would be taken back.",
        "As things are, {shown} rows would be taken back.",
        shown = number(would.back)
    );
    let mut add = |more: String| {
        said.push(' ');
        said.push_str(&more);
    };
    match would.kept() {
        0 => add(t!("None would stay.").to_owned()),
        kept => add(t!(
            "{kept} would stay: {changed} changed since, {barred} not yours to take back, {other} for another reason.",
            kept = number(kept),
            changed = number(would.changed),
            barred = number(would.barred),
            other = number(would.other)
        )),
    }
    if would.more {
        add(t!("There are more than 10,000 rows; this counts the first 10,000 of them.").to_owned());
    }
    said
}

/// Rows, columns, values and reasons of what was refused.
pub fn problems(label: &str, problems: &[Problem]) -> AnyView {
    let head = view! {
        <HeadCell label=t!("Row") numeric=true/>
        <HeadCell label=t!("Column")/>
        <HeadCell label=t!("Value")/>
        <HeadCell label=t!("Why it is refused")/>
    };
    let rows: Vec<AnyView> = problems.iter().map(problem).collect();
    view! { <div class="as-cards import-problems"><DataTable label=label.to_owned() head=head.into_any() inline=true>{rows}</DataTable></div> }.into_any()
}

fn problem(problem: &Problem) -> AnyView {
    let row = group_thousands(&problem.row.to_string());
    let reason = problem.reason.clone();
    let column = match problem.column.clone() {
        Some(column) => view! { <bdi>{column}</bdi> }.into_any(),
        None => t!("The whole row").into_any(),
    };
    let value = match problem.value.clone().filter(|value| !value.is_empty()) {
        Some(value) => view! { <span class="import-value" dir="auto">{value}</span> }.into_any(),
        None => view! { <Blank/> }.into_any(),
    };
    view! {
        <Row>
            <Cell label=t!("Row") numeric=true>{row}</Cell>
            <Cell label=t!("Column") lead=true>{column}</Cell>
            <Cell label=t!("Value")>{value}</Cell>
            <Cell label=t!("Why")>{reason}</Cell>
        </Row>
    }
    .into_any()
}

/// "10,000 rows · 1.4 MB · Joyce Mwangi, 5 min ago".
pub fn file_words(import: &Import, clock: Clock) -> String {
    let size = match import.bytes {
        bytes @ 0..10_000 => t!("{count} bytes", count = group_thousands(&bytes.to_string())),
        bytes @ 10_000..1_000_000 => format!("{} kB", bytes / 1_000),
        bytes => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    };
    let when = clock.words(&import.created_at);
    let who = import.created_by.as_ref().map_or_else(|| when.clone(), |name| format!("{name}, {when}"));
    format!("{} · {size} · {who}", rows_words(import.rows))
}

/// Path of an import's page.
pub fn path(viewer: &crate::page::Viewer, import: &Import) -> String {
    viewer.path(&format!("imports/{}", import.id))
}

/// A job over rows that waits or runs.
pub struct Working<'a> {
    pub id: uuid::Uuid,
    pub status: &'a str,
    /// "Importing leads"
    pub doing: &'a str,
    pub done: i64,
    pub rows: i64,
    pub refused: i64,
    /// Path of the list that the rows are in.
    pub list: String,
}

/// How far it is. Without a script the page asks again every two seconds; with one, what is in `Progress` is drawn anew, so the figures stand there.
pub fn working(page: &PageContext, work: &Working<'_>) -> AnyView {
    let (done, rows) = (work.done.unsigned_abs(), work.rows.unsigned_abs());
    let number = |value: u64| group_thousands(&value.to_string());
    let mut detail = t!("{done} of {all} rows", done = number(done), all = number(rows));
    if work.refused > 0 {
        let refused = t!("{count} refused so far", count = number(work.refused.unsigned_abs()));
        detail = format!("{detail} · {refused}");
    }
    let (next, list, label) = (page.address(), work.list.clone(), work.doing.to_owned());
    view! {
        <noscript><meta http-equiv="refresh" content="2"/></noscript>
        <div class="import-progress" data-import=work.id.to_string() data-status=work.status.to_owned()>
            <Progress label value=done max=rows detail tone=Tone::Accent/>
            <p class="page-text">{t!("You may leave this page; the work goes on, and the page tells how far it is when you come back.")}</p>
            <FormActions>
                <LinkButton href=next kind=ButtonKind::Secondary icon="refresh-cw">{t!("Look again")}</LinkButton>
                <LinkButton href=list kind=ButtonKind::Ghost>{t!("To the list")}</LinkButton>
            </FormActions>
        </div>
    }
    .into_any()
}

/// Rows by their names, each with what is to be said of it. Those that the viewer may not see have none.
pub fn reasons(viewer: &Viewer, entity: &Entity, title: &'static str, why: &'static str, rows: &[KeptRow]) -> AnyView {
    let head = view! { <HeadCell label=entity.labels.one.clone()/><HeadCell label=why/> };
    let lines: Vec<AnyView> = rows
        .iter()
        .map(|row| {
            let (label, title, reason) = (entity.labels.one.clone(), row.title.clone(), row.reason.clone());
            let href = viewer.path(&format!("{}/{}", entity.plural, row.id));
            let name = if title.is_empty() {
                t!("Out of your sight").into_any()
            } else {
                view! { <TextLink href>{title}</TextLink> }.into_any()
            };
            view! {
                <Row>
                    <Cell label lead=true>{name}</Cell>
                    <Cell label=why>{reason}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    let table = view! {
        <div class="as-cards"><DataTable label=title head=head.into_any() inline=true>{lines}</DataTable></div>
    }
    .into_any();
    view! { <Panel title flush=true>{table}</Panel> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::{Working, working};
    use crate::records::fixture::page;
    use leptos::prelude::*;

    #[test]
    fn what_was_refused_so_far_stands_among_the_figures() {
        let drawn = |refused| {
            let work = Working {
                id: uuid::Uuid::nil(),
                status: "running",
                doing: "Importing leads",
                done: 1_200,
                rows: 5_000,
                refused,
                list: "/w/lakeside/leads".to_owned(),
            };
            let html = Owner::new().with(|| working(&page(&[]), &work).to_html());
            let (_, figures) = html.split_once("progress-detail\">").unwrap();
            figures.split('<').next().unwrap().to_owned()
        };
        assert_eq!(drawn(0), "1,200 of 5,000 rows");
        assert_eq!(drawn(7), "1,200 of 5,000 rows · 7 refused so far");
    }
}
