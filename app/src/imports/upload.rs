//! The first step of an import: choose a file. Below it the imports of before.

use super::parts::{self, Place};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, load, set_status, use_page};
use crate::records::post::hidden;
use crate::time::Clock;
use domain::imports::{Import, ListImports, MAX_FILE_BYTES};
use domain::money::group_thousands;
use domain::schema::Entity;
use domain::{Error, Result, Verb};
use leptos::prelude::*;
use ui::{
    Badge, ButtonKind, Cell, Crumb, DataTable, FileInput, FormActions, FormError, FormErrors, HeadCell, LinkButton,
    Page, PageHeader, Panel, Row, Stack, SubmitButton, TextInput, TextLink,
};
use words::t;

#[component]
pub fn UploadPage() -> impl IntoView {
    let page = use_page();
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let plural = page.path.trim_start_matches('/').split('/').nth(2).unwrap_or_default();
    let entity = viewer.entity(plural)?;
    if !viewer.may(&entity, Verb::Import) {
        return Err(Error::forbidden(entity.permission(Verb::Import), &viewer.role));
    }
    let past = backend.run(ListImports { entity: entity.key.clone() }).await?;
    let list = viewer.path(&entity.plural);
    let many = parts::lower(&entity.labels.many);
    let (title, form, past) =
        (t!("Import {entities}", entities = many), form(&page, &viewer, &entity), past_imports(&page, &viewer, &past));
    let body = view! {
        <Page narrow=true>
            <Stack>
                <PageHeader title text=t!("Nothing is written before you have seen what would happen, and a whole import can be undone.")/>
                {parts::steps(Place::Upload, None)}
                {form}
                {past}
            </Stack>
        </Page>
    }
    .into_any();
    let crumbs = vec![Crumb::link(entity.labels.many.clone(), list), Crumb::here(t!("Import"))];
    Ok(workspace_frame(&page, crumbs, None, None, body))
}

fn form(page: &PageContext, viewer: &Viewer, entity: &Entity) -> AnyView {
    let refused = page.replay_of("imports.create");
    if let Some(replay) = &refused {
        set_status(replay.error.kind.status());
    }
    let refused = refused.as_deref();
    let about_sheet = refused.is_some_and(|replay| replay.error.fields.iter().any(|fault| fault.field == "sheet"));
    let sheet = refused.and_then(|replay| replay.value("sheet")).unwrap_or_default().to_owned();
    let message = refused.map(|replay| replay.error.message.clone());
    let field = if about_sheet { "sheet" } else { "file" };
    let errors: Vec<FormError> = message.iter().map(|message| FormError::new(field, message.clone())).collect();
    let (sheet_error, error) = if about_sheet { (message, None) } else { (None, message) };
    let list = viewer.path(&entity.plural);
    let action = format!("{list}/import");
    let megabytes = MAX_FILE_BYTES / (1024 * 1024);
    let hint = t!(
        "A spreadsheet (.xlsx), or CSV separated by commas, semicolons or tabs; at most {megabytes} MB. Any order of columns; you say next what each one means.",
        megabytes
    );
    view! {
        <FormErrors errors title=t!("The file was not taken")/>
        <form class="form" method="post" action=action enctype="multipart/form-data">
            {hidden("_key", format!("{}-upload", page.form_key))}
            <FileInput name="file" label=t!("File") accept=".csv,.tsv,.txt,.xlsx,.xlsm,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" hint error required=true/>
            <TextInput name="sheet" label=t!("Sheet") value=sheet hint=t!("Of a spreadsheet with several. Left empty: the first that holds anything.") error=sheet_error/>
            <FormActions>
                <SubmitButton icon="upload">{t!("Upload and map columns")}</SubmitButton>
                <LinkButton href=list kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any()
}

fn past_imports(page: &PageContext, viewer: &Viewer, past: &[Import]) -> Option<AnyView> {
    if past.is_empty() {
        return None;
    }
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! {
        <HeadCell label=t!("File")/>
        <HeadCell label=t!("Status")/>
        <HeadCell label=t!("Rows") numeric=true/>
        <HeadCell label=t!("Created") numeric=true/>
        <HeadCell label=t!("Refused") numeric=true/>
        <HeadCell label=t!("When")/>
    };
    let rows: Vec<AnyView> = past.iter().map(|import| past_row(viewer, clock, import)).collect();
    let table = view! { <div class="as-cards"><DataTable label=t!("Imports of before") head=head.into_any() inline=true>{rows}</DataTable></div> }.into_any();
    Some(
        view! { <div class="import-past"><Panel title=t!("Imports of before") flush=true>{table}</Panel></div> }
            .into_any(),
    )
}

fn past_row(viewer: &Viewer, clock: Clock, import: &Import) -> AnyView {
    let href = viewer.path(&format!("imports/{}", import.id));
    let number = |value: i64| group_thousands(&value.to_string());
    let (words, tone) = parts::status(import.status);
    let (file, rows, created, refused) =
        (import.file_name.clone(), number(import.rows), number(import.created), number(import.refused));
    let when = clock.moment(&import.created_at);
    let by = import.created_by.clone().map(|name| {
        let (before, after) = words::around(t!("by {name}"), "name");
        view! { " "{before}<bdi>{name}</bdi>{after} }
    });
    view! {
        <Row>
            <Cell label=t!("File") lead=true><TextLink href>{file}</TextLink></Cell>
            <Cell label=t!("Status")><Badge tone>{words}</Badge></Cell>
            <Cell label=t!("Rows") numeric=true>{rows}</Cell>
            <Cell label=t!("Created") numeric=true>{created}</Cell>
            <Cell label=t!("Refused") numeric=true>{refused}</Cell>
            <Cell label=t!("When")><span>{when}{by}</span></Cell>
        </Row>
    }
    .into_any()
}
