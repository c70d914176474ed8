//! Upload and mapping: what the wizard does before anything is read row by row.

use super::plan::Plan;
use super::{file, propose, sheet, sniff, store};
use domain::imports::{CreateImport, Import, ImportStatus, MAX_FILE_BYTES, MapImport, Mapping};
use domain::schema::Entity;
use domain::{Error, Kind, Result, Verb};
use platform::{Ctx, db_error};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;
use words::t;

/// Rows that the mapping page shows.
const SAMPLE_ROWS: usize = 5;
/// Of a cell, in the sample.
const SAMPLE_CHARS: usize = 120;
const MAX_COLUMNS: usize = 500;
const MAX_NAME_CHARS: usize = 200;

const INSERT: &str = "\
insert into imports (tenant_id, id, entity, file_name, bytes, columns, sample, header_doubt, mapping, rows, created_by, location_id, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

const UPDATE: &str = "\
update imports set status = 'mapped', mapping = $3, columns = $4, sample = $5, rows = $6 where tenant_id = $1 and id = $2";

// Of an earlier import that worked with the same columns.
const REMEMBERED: &str = "\
select mapping from imports where tenant_id = $1 and entity = $2 and columns = $3 and status in ('done', 'undone') order by id desc limit 1";

/// What the first look at a file gives.
struct Shape {
    columns: Vec<String>,
    sample: Vec<Vec<String>>,
    rows: i64,
}

pub async fn create(ctx: &mut Ctx, input: CreateImport) -> Result<Import> {
    let entity = ctx.entity(&input.entity)?;
    ctx.require(&entity.permission(Verb::Import))?;
    if let Some(how) = &entity.managed {
        return Err(Error::conflict(t!("{how}. They cannot be imported", how)));
    }
    if input.content.len() > MAX_FILE_BYTES {
        let size = MAX_FILE_BYTES / (1024 * 1024);
        return Err(Error::new(
            Kind::TooLarge,
            t!("The file is larger than {size} MB. Split it and import the parts one after the other", size),
        ));
    }
    let input = as_csv(input).await?;
    sniff::check_kind(&input.content)?;
    let seen = file::glance(&input.content, SAMPLE_ROWS + 1)?.ok_or_else(empty)?;
    if let Some(fault) = seen.first.faults.first() {
        let message = t!("The first row cannot be read: {reason}", reason = fault.reason);
        return Err(Error::field("content", message));
    }
    if seen.first.cells.len() > MAX_COLUMNS {
        let count = seen.first.cells.len();
        return Err(Error::field(
            "content",
            t!("The file has {count} columns; at most {most} can be imported", count, most = MAX_COLUMNS),
        ));
    }
    let doubt = sniff::header_doubt(&seen.first.cells);
    let header = !doubt.as_ref().is_some_and(|doubt| doubt.is_data);
    if header && seen.rows == 1 {
        return Err(Error::field(
            "content",
            t!("The file has only a header and no rows below it. Choose a file with at least one row"),
        ));
    }
    let shape = shape(seen, header);
    let mapping = proposal(ctx, &entity, &shape, header).await?;
    let id = ctx.new_id();
    insert(ctx, id, &entity, &input, &shape, doubt.map(|doubt| doubt.reason), &mapping).await?;
    store::keep_file(ctx, id, &input.content).await?;
    store::changed(
        ctx,
        id,
        json!({ "status": "uploaded", "entity": entity.key, "fileName": file_name(&input.file_name), "rows": shape.rows }),
    );
    Ok(store::load(ctx, id).await?.0)
}

/// A spreadsheet goes on as the CSV of one sheet, and its name says which.
async fn as_csv(input: CreateImport) -> Result<CreateImport> {
    if !sheet::is_archive(&input.content) {
        return match input.sheet.as_deref().map(str::trim) {
            None | Some("") => Ok(input),
            Some(_) => {
                let message = t!("A CSV file has no sheets. Leave the name of the sheet empty");
                Err(Error::field("sheet", message))
            }
        };
    }
    let CreateImport { entity, file_name, content, sheet } = input;
    // Unpacking and reading take a moment of a processor. A parser that gives up on what somebody made to harm it, gives up on that file.
    let language = words::current();
    let read = move || words::within(language, || sheet::read(&content, sheet.as_deref()));
    let read = tokio::task::spawn_blocking(read);
    let sheet::Sheet { name, one_of_many, content } = read.await.map_err(|_| sheet::damaged())??;
    let file_name = if one_of_many { format!("{file_name}, sheet {name}") } else { file_name };
    Ok(CreateImport { entity, file_name, content, sheet: Some(name) })
}

fn empty() -> Error {
    Error::field("content", t!("The file is empty. Choose one with a header and at least one row"))
}

fn shape(seen: file::Glance, header: bool) -> Shape {
    let count = seen.first.cells.len();
    let columns = sniff::column_names(header.then_some(seen.first.cells.as_slice()), count);
    let first = (!header).then_some(seen.first.cells);
    let cut = |row: Vec<String>| row.into_iter().map(|cell| cell.chars().take(SAMPLE_CHARS).collect()).collect();
    let sample = first.into_iter().chain(seen.sample).take(SAMPLE_ROWS).map(cut).collect();
    Shape { columns, sample, rows: seen.rows - i64::from(header) }
}

/// The mapping that worked for these columns before, or one from the words of the header.
async fn proposal(ctx: &mut Ctx, entity: &std::sync::Arc<Entity>, shape: &Shape, header: bool) -> Result<Mapping> {
    let tenant = ctx.access.tenant.0;
    if !header {
        return Ok(Mapping {
            header,
            ..propose::propose_by_content(entity, &ctx.access.grants, &shape.sample, &ctx.access.currency)
        });
    }
    let before: Option<Json<Mapping>> = sqlx::query_scalar(REMEMBERED)
        .bind(tenant)
        .bind(&entity.key)
        .bind(Json(&shape.columns))
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if let Some(Json(mapping)) = before
        && mapping.header
        && Plan::new(entity.clone(), &ctx.access.grants, shape.columns.clone(), &mapping).is_ok()
    {
        // How to meet existing rows is decided anew each time: the careful way is the default.
        return Ok(Mapping { existing: Mapping::default().existing, ..mapping });
    }
    Ok(propose::propose(entity, &ctx.access.grants, &shape.columns, &ctx.access.currency))
}

async fn insert(
    ctx: &mut Ctx,
    id: Uuid,
    entity: &Entity,
    input: &CreateImport,
    shape: &Shape,
    doubt: Option<String>,
    mapping: &Mapping,
) -> Result<()> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let location = ctx.access.location;
    sqlx::query(INSERT)
        .bind(tenant)
        .bind(id)
        .bind(&entity.key)
        .bind(file_name(&input.file_name))
        .bind(i64::try_from(input.content.len()).unwrap_or(i64::MAX))
        .bind(Json(&shape.columns))
        .bind(Json(&shape.sample))
        .bind(doubt)
        .bind(Json(mapping))
        .bind(shape.rows)
        .bind(member)
        .bind(location)
        .bind(now)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(())
}

/// The last part of whatever path a browser sent, without what no name holds.
fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    let clean = clean.trim();
    if clean.is_empty() { "import.csv".to_owned() } else { clean.to_owned() }
}

pub async fn map(ctx: &mut Ctx, input: MapImport) -> Result<Import> {
    let (import, entity) = store::lock(ctx, input.id).await?;
    if !matches!(import.status, ImportStatus::Uploaded | ImportStatus::Mapped) {
        return Err(Error::conflict(t!(
            "This import has been started, so its columns cannot be mapped anew. Upload the file again"
        )));
    }
    let mapping = without_blanks(input.mapping);
    let shape = if mapping.header == import.mapping.header {
        Shape { columns: import.columns, sample: import.sample, rows: import.rows }
    } else {
        reshape(ctx, &import, mapping.header).await?
    };
    if shape.rows == 0 {
        return Err(Error::field("header", t!("The file has one row only, so that row cannot be the header")));
    }
    Plan::new(entity, &ctx.access.grants, shape.columns.clone(), &mapping)?;
    let tenant = ctx.access.tenant.0;
    sqlx::query(UPDATE)
        .bind(tenant)
        .bind(import.id)
        .bind(Json(&mapping))
        .bind(Json(&shape.columns))
        .bind(Json(&shape.sample))
        .bind(shape.rows)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    store::changed(ctx, import.id, json!({ "status": "mapped", "mapping": mapping }));
    Ok(store::load(ctx, import.id).await?.0)
}

/// A form sends every choice, also those that were not made.
fn without_blanks(mut mapping: Mapping) -> Mapping {
    mapping.columns.retain(|_, target| !target.trim().is_empty());
    mapping.key = mapping.key.filter(|key| !key.trim().is_empty());
    mapping.currency = mapping.currency.filter(|currency| !currency.trim().is_empty());
    mapping
}

/// The names, the sample and the count once the first row turns out to be a header after all, or none.
async fn reshape(ctx: &mut Ctx, import: &Import, header: bool) -> Result<Shape> {
    let mut file = file::File::open(ctx, import.id, import.bytes, false).await?;
    let mut rows = file.batch(ctx, SAMPLE_ROWS + 1).await?.into_iter().map(|row| row.read);
    let first = rows.next().ok_or_else(empty)?;
    let all = import.rows + i64::from(import.mapping.header);
    Ok(shape(file::Glance { first, sample: rows.map(|row| row.cells).collect(), rows: all }, header))
}
