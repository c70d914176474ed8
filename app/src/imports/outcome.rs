//! The steps after the mapping: what would happen, the work itself, and what came of it.

use super::parts::{self, Place, counted};
use crate::page::{PageContext, Viewer};
use crate::records::post::envelope;
use crate::records::values::Values;
use crate::time::Clock;
use domain::imports::{
    Existing, Import, ImportStatus, ListKept, ListProblems, Preview, PreviewImport, PreviewRow, PreviewUndoImport,
    Problem,
};
use domain::money::group_thousands;
use domain::records::Record;
use domain::schema::{Entity, Field, FieldKind};
use domain::{BackendHandle, Result};
use leptos::prelude::*;
use serde_json::Map;
use ui::{
    Badge, ButtonKind, Cell, DataTable, DialogPage, EmptyState, FormActions, HeadCell, LinkButton, Notice, Panel, Row,
    StatTile, SubmitButton, Tiles, Tone,
};
use uuid::Uuid;
use words::{t, tn};

/// Problems listed before the import; afterwards there are more, and a file of all.
const FORETOLD: usize = 12;
/// Problems listed on a page; the file has all of them.
const LISTED: usize = 100;

/// The third step: counts over the whole file, its first rows, and what is wrong in it.
pub async fn preview(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    import: &Import,
) -> Result<AnyView> {
    let preview = backend.run(PreviewImport { id: import.id }).await?;
    let here = parts::path(viewer, import);
    let (one, many) = (&entity.labels.one, &entity.labels.many);
    let good = preview.would_create + preview.would_update;
    let verb = match (preview.would_create, preview.would_update) {
        (_, 0) => t!("Import {rows}", rows = counted(good, one, many)),
        (0, _) => t!("Update {rows}", rows = counted(good, one, many)),
        _ => t!("Import and update {rows}", rows = counted(good, one, many)),
    };
    let reason = (good == 0).then(|| nothing_to_do(&preview));
    let mapping = format!("{here}?step=map");
    let first = first_rows(page, entity, import, &preview);
    let problems = (!preview.problems.is_empty()).then(|| {
        let first = &preview.problems[..preview.problems.len().min(FORETOLD)];
        problem_panel(t!("What would be refused"), preview.refused, first, None)
    });
    Ok(view! {
        {parts::steps(Place::Preview, Some(&here))}
        {preview_tiles(import, &preview)}
        <form class="import-go" method="post" action=viewer.action("imports.start")>
            <input type="hidden" name="id" value=import.id.to_string()/>
            {envelope(page, "start", &here, "")}
            <FormActions>
                <SubmitButton reason>{verb}</SubmitButton>
                <LinkButton href=mapping kind=ButtonKind::Ghost>{t!("Change the columns")}</LinkButton>
            </FormActions>
        </form>
        <div class="stack">{problems}{first}</div>
    }
    .into_any())
}

fn nothing_to_do(preview: &Preview) -> String {
    if preview.refused > 0 && preview.unchanged == 0 {
        t!("Every row would be refused; look at the reasons below, or change the columns").to_owned()
    } else {
        t!("Every row is there already; nothing would change").to_owned()
    }
}

pub fn tile(label: &str, value: i64, note: &str) -> AnyView {
    let (label, value, note) = (label.to_owned(), group_thousands(&value.to_string()), note.to_owned());
    view! { <StatTile label value note/> }.into_any()
}

fn preview_tiles(import: &Import, preview: &Preview) -> AnyView {
    let update = import.mapping.existing == Existing::Update;
    let third = if update {
        tile(t!("Would be updated"), preview.would_update, t!("exist already"))
    } else {
        tile(t!("Left as they are"), preview.unchanged, t!("exist already"))
    };
    let created = tile(t!("Would be created"), preview.would_create, t!("new rows"));
    let refused = tile(t!("Would be refused"), preview.refused, t!("with their reasons below"));
    let rows = tile(t!("Rows in the file"), import.rows, t!("without the header"));
    view! { <Tiles>{rows}{created}{third}{refused}</Tiles> }.into_any()
}

/// The first rows as they would become.
fn first_rows(page: &PageContext, entity: &Entity, import: &Import, preview: &Preview) -> Option<AnyView> {
    if preview.rows.is_empty() {
        return None;
    }
    let mapped: Vec<&str> = import.mapping.columns.values().map(|key| key.split('.').next().unwrap_or(key)).collect();
    let fields: Vec<&Field> = entity.fields.iter().filter(|field| mapped.contains(&field.key.as_str())).collect();
    let mut head: Vec<AnyView> = vec![view! { <HeadCell label=t!("Row") numeric=true/> }.into_any()];
    head.extend(
        fields
            .iter()
            .map(|field| view! { <HeadCell label=field.label.clone() numeric=field.is_numeric()/> }.into_any()),
    );
    let values = Values::of(page);
    let rows: Vec<AnyView> = preview.rows.iter().map(|row| preview_row(&values, entity, &fields, row)).collect();
    let table =
        view! { <DataTable label=t!("The first rows") head=head.into_any() inline=true>{rows}</DataTable> }.into_any();
    Some(view! { <div class="import-first"><Panel title=t!("The first rows, as they would become") flush=true>{table}</Panel></div> }.into_any())
}

fn preview_row(values: &Values, entity: &Entity, fields: &[&Field], row: &PreviewRow) -> AnyView {
    let number = group_thousands(&row.row.to_string());
    let refused = (!row.problems.is_empty()).then(|| view! { " "<Badge tone=Tone::Negative>{t!("Refused")}</Badge> });
    let record =
        Record { id: Uuid::nil(), version: 0, values: row.values.clone(), labels: Map::new(), deleted_at: None };
    let cells: Vec<AnyView> = fields
        .iter()
        .map(|field| {
            let (label, numeric) = (field.label.clone(), field.is_numeric());
            let value = match (&field.kind, record.text(&field.key)) {
                // A preview names members and rows instead of pointing at them.
                (
                    FieldKind::Member
                    | FieldKind::Reference { .. }
                    | FieldKind::References { .. }
                    | FieldKind::AnyReference { .. },
                    Some(name),
                ) => view! { <bdi>{name.to_owned()}</bdi> }.into_any(),
                _ => values.cell(entity, field, &record),
            };
            view! { <Cell label numeric>{value}</Cell> }.into_any()
        })
        .collect();
    view! { <Row><Cell label=t!("Row") numeric=true>{number}{refused}</Cell>{cells}</Row> }.into_any()
}

fn problem_panel(title: &str, count: i64, problems: &[Problem], download: Option<String>) -> AnyView {
    let shown = problems.len().min(LISTED);
    let text = match usize::try_from(count) {
        Ok(count) if count > shown => {
            t!("The first {shown}, of {all} refused rows.", shown, all = group_thousands(&count.to_string()))
        }
        _ => String::new(),
    };
    let actions = download.map(|href| {
        view! { <LinkButton href icon="download">{t!("Download the refused rows")}</LinkButton> }.into_any()
    });
    let table = parts::problems(title, &problems[..shown]);
    let title = title.to_owned();
    view! { <Panel title text actions flush=true>{table}</Panel> }.into_any()
}

/// While the job waits or runs.
pub fn progress(page: &PageContext, viewer: &Viewer, entity: &Entity, import: &Import) -> AnyView {
    let doing = t!("Importing {entities}", entities = parts::lower(&entity.labels.many));
    let steps = parts::steps(Place::Import, None);
    let work = parts::working(
        page,
        &parts::Working {
            id: import.id,
            status: import.status.as_str(),
            doing: if import.status == ImportStatus::Queued { t!("Waiting for its turn") } else { &doing },
            done: import.done,
            rows: import.rows,
            refused: import.refused,
            list: viewer.path(&entity.plural),
        },
    );
    view! { {steps}{work} }.into_any()
}

/// What came of it, with the way to the rows, the refused ones, and back.
pub async fn result(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    import: &Import,
) -> Result<AnyView> {
    if page.query("undo").is_some() {
        return confirm_undo(page, viewer, backend, entity, import).await;
    }
    let problems = if import.refused > 0 { backend.run(ListProblems { id: import.id }).await? } else { Vec::new() };
    let here = parts::path(viewer, import);
    let clock = Clock::new(&page.now, &viewer.timezone);
    let (one, many) = (&entity.labels.one, &entity.labels.many);
    let rows = counted(import.created, one, many);
    let said = match import.finished_at.as_deref() {
        Some(at) => t!("{rows} created {when}.", rows, when = clock.words(at)),
        None => t!("{rows} created.", rows),
    };
    let tiles = [
        tile(t!("Created"), import.created, t!("new rows")),
        tile(t!("Updated"), import.updated, t!("existed already")),
        tile(t!("Left as they were"), import.unchanged, t!("existed already")),
        tile(t!("Refused"), import.refused, t!("with their reasons below")),
    ];
    let tiles = view! { <Tiles>{tiles.into_iter().collect::<Vec<_>>()}</Tiles> };
    let download = format!("{here}/errors.csv");
    let panel =
        (import.refused > 0).then(|| problem_panel(t!("Refused rows"), import.refused, &problems, Some(download)));
    let sort = format!("{}?sort=-createdAt&filter=", viewer.path(&entity.plural));
    let undo = (import.created + import.updated > 0).then(|| {
        view! { <LinkButton href=format!("{here}?undo=1") icon="undo-2">{t!("Undo this import")}</LinkButton> }
    });
    let again = viewer.path(&format!("{}/import", entity.plural));
    let show = t!("Show the {entities}", entities = parts::lower(many));
    Ok(view! {
        {parts::steps(Place::Done, None)}
        <Notice tone=Tone::Positive title=t!("The import is done")>{said}</Notice>
        <div class="stack import-result">
            {tiles}
            <FormActions>
                <LinkButton href=sort kind=ButtonKind::Primary>{show}</LinkButton>
                {undo}
                <LinkButton href=again kind=ButtonKind::Ghost>{t!("Import another file")}</LinkButton>
            </FormActions>
            {panel}
        </div>
    }
    .into_any())
}

/// Says what goes and what stays, in general and counted, and asks once more.
pub async fn confirm_undo(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    import: &Import,
) -> Result<AnyView> {
    let would = backend.run(PreviewUndoImport { id: import.id }).await?;
    let here = parts::path(viewer, import);
    let created = counted(import.created, &entity.labels.one, &entity.labels.many);
    let text = match import.updated {
        _ if import.status == ImportStatus::Undone => t!(
            "{rows} were kept. Those that you may take back, and that nothing stands in the way of any more, go now.",
            rows = counted(import.kept, &entity.labels.one, &entity.labels.many)
        ),
        _ if import.undo_began_at.is_some() => {
            t!("It goes on with the rows that are left, and looks again at those that were kept.").to_owned()
        }
        0 => t!(
            "{created} made by this import are removed. Those that were changed since, or are not yours to delete, are kept and listed.",
            created
        ),
        updated => t!(
            "{created} made by this import are removed and {updated} put back to what they were. Those that were changed since, or are not yours to delete or change, are kept and listed.",
            created,
            updated = group_thousands(&updated.to_string())
        ),
    };
    let text = format!("{text} {}", parts::foretold(&would));
    let close = here.clone();
    let form = view! {
        <form class="form" method="post" action=viewer.action("imports.undo")>
            <input type="hidden" name="id" value=import.id.to_string()/>
            {envelope(page, "undo", &here, "")}
            <FormActions>
                <SubmitButton kind=ButtonKind::Danger icon="undo-2">{t!("Undo the import")}</SubmitButton>
                <LinkButton href=here kind=ButtonKind::Ghost>{t!("Keep it")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any();
    Ok(view! { <DialogPage title=t!("Undo this import?") text close_href=close>{form}</DialogPage> }.into_any())
}

/// Rows that were kept, with their reasons; nothing where there is none.
async fn kept_rows(
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    import: &Import,
) -> Result<Option<AnyView>> {
    if import.kept == 0 {
        return Ok(None);
    }
    let rows = backend.run(ListKept { id: import.id }).await?;
    let table =
        (!rows.is_empty()).then(|| parts::reasons(viewer, entity, t!("Kept rows"), t!("Why it was kept"), &rows));
    Ok(table)
}

/// While a worker takes the rows back.
pub async fn undoing(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    import: &Import,
) -> Result<AnyView> {
    let table = kept_rows(viewer, backend, entity, import).await?;
    let work = parts::working(
        page,
        &parts::Working {
            id: import.id,
            status: import.status.as_str(),
            doing: t!("Putting the rows back"),
            done: import.looked_at(),
            rows: import.marked(),
            refused: 0,
            list: viewer.path(&entity.plural),
        },
    );
    // There are more of them while it goes on.
    Ok(view! { {work}<div data-region="kept">{table}</div> }.into_any())
}

/// The undo ended before it was done: what was taken back is, and the rest can be.
pub async fn stopped(viewer: &Viewer, backend: &BackendHandle, entity: &Entity, import: &Import) -> Result<AnyView> {
    let table = kept_rows(viewer, backend, entity, import).await?;
    let here = parts::path(viewer, import);
    let why = import.error.clone().unwrap_or_else(|| t!("It stopped, and left no reason behind").to_owned());
    let number = |count: i64| group_thousands(&count.to_string());
    let text = t!(
        "{why}. {done} of {all} rows had been looked at; the others are as the import left them.",
        why,
        done = number(import.looked_at()),
        all = number(import.marked())
    );
    let list = viewer.path(&entity.plural);
    let rest = (import.left() > 0).then(|| {
        view! { <LinkButton href=format!("{here}?undo=1") icon="undo-2">{t!("Take back the rest")}</LinkButton> }
    });
    Ok(view! {
        <Notice tone=Tone::Negative title=t!("Taking it back stopped")>{text}</Notice>
        <FormActions>{rest}<LinkButton href=list kind=ButtonKind::Ghost>{t!("To the list")}</LinkButton></FormActions>
        {table}
    }
    .into_any())
}

/// After an undo: what was kept, and why.
pub async fn undone(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    import: &Import,
) -> Result<AnyView> {
    if import.kept > 0 && page.query("undo").is_some() {
        return confirm_undo(page, viewer, backend, entity, import).await;
    }
    let table = kept_rows(viewer, backend, entity, import).await?;
    let (one, many) = (&entity.labels.one, &entity.labels.many);
    let again = viewer.path(&format!("{}/import", entity.plural));
    let list = viewer.path(&entity.plural);
    let kept = (import.kept > 0).then(|| {
        let text = tn!(
            import.kept,
            "{rows} was kept; each is named below with its reason.",
            "{rows} were kept; each is named below with its reason.",
            rows = counted(import.kept, one, many)
        );
        view! { <Notice tone=Tone::Warning title=t!("Not everything was taken back")>{text}</Notice> }
    });
    let text = taken_back(entity, import);
    let here = parts::path(viewer, import);
    let more = (import.kept > 0).then(|| {
        view! { <LinkButton href=format!("{here}?undo=1") icon="undo-2">{t!("Take back what was kept")}</LinkButton> }
    });
    let action = view! {
        <LinkButton href=list kind=ButtonKind::Primary>{t!("To the list")}</LinkButton>
        <LinkButton href=again>{t!("Import a file")}</LinkButton>
        {more}
    };
    Ok(view! { {kept}<EmptyState icon="undo-2" title=t!("This import was undone") text action=action.into_any()/>{table} }
        .into_any())
}

/// What an undo came to, of the rows that the import made and of those that it changed.
fn taken_back(entity: &Entity, import: &Import) -> String {
    let rows = |count: i64| counted(count, &entity.labels.one, &entity.labels.many);
    let removed = (import.created > 0).then(|| {
        tn!(
            import.removed,
            "{rows} made by the import of {file} was removed.",
            "{rows} made by the import of {file} were removed.",
            rows = rows(import.removed),
            file = import.file_name
        )
    });
    let reverted = (import.updated > 0).then(|| {
        tn!(
            import.reverted,
            "{rows} changed by the import was put back to what it was before.",
            "{rows} changed by the import were put back to what they were before.",
            rows = rows(import.reverted)
        )
    });
    removed.into_iter().chain(reverted).collect::<Vec<_>>().join(" ")
}

/// The job as a whole could not be done.
pub fn failed(page: &PageContext, viewer: &Viewer, entity: &Entity, import: &Import) -> AnyView {
    let here = parts::path(viewer, import);
    let again = viewer.path(&format!("{}/import", entity.plural));
    let why = import.error.clone().unwrap_or_else(|| t!("It stopped, and left no reason behind").to_owned());
    let undo = (import.left() > 0).then(|| {
        view! { <LinkButton href=format!("{here}?undo=1") icon="undo-2">{t!("Undo this import")}</LinkButton> }
    });
    let text = t!(
        "{why}. {rows} had been worked on. What was written stays; importing the file again changes nothing that is there.",
        why,
        rows = parts::rows_words(import.done)
    );
    view! {
        {parts::steps(Place::Import, None)}
        <Notice tone=Tone::Negative title=t!("The import stopped")>{text}</Notice>
        <form class="import-go" method="post" action=viewer.action("imports.start")>
            <input type="hidden" name="id" value=import.id.to_string()/>
            {envelope(page, "start", &here, "")}
            <FormActions>
                <SubmitButton icon="refresh-cw">{t!("Try again")}</SubmitButton>
                {undo}
                <LinkButton href=again kind=ButtonKind::Ghost>{t!("Choose another file")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any()
}
