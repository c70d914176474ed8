//! Export of many rows: written down when it is started, written into the file store by a job, part by part, and fetched by whoever started it.

mod meant;
mod run;
mod store;

pub use run::{ExportJob, KIND, Writer, job_handler};
pub(crate) use store::ends;
pub use store::expired;

use crate::list::{exportable, foretold, leaving};
use crate::on_behalf::asked;
use crate::stop::TRIES;
use domain::exports::{
    CancelExport, Export, ExportFile, ExportStatus, FetchExport, GetExport, ListExports, MOST_AT_A_TIME, StartExport,
    fields,
};
use domain::records::ExportRecords;
use domain::schema::query::MAX_LIMIT;
use domain::schema::{Count, Entity, Filter, FilterError, ListQuery, Sort};
use domain::{Error, Grants, Kind, Operation, Reach, Result};
use jobs::NewJob;
use meant::Meant;
use platform::{Change, Ctx, Registry, db_error};
use serde_json::{Value, json};
use uuid::Uuid;
use words::t;

pub fn register(registry: &mut Registry) {
    registry.add(start).add(get).add(list).add(cancel).add(fetch);
}

async fn start(ctx: &mut Ctx, input: StartExport) -> Result<Export> {
    let entity = ctx.entity(&input.entity)?;
    let reach = leaving(ctx, &entity)?;
    let query = wanted(&ctx.access.grants, &entity, &input)?;
    exportable(ctx, &entity, &query, reach).await?;
    if store::open(ctx).await? >= MOST_AT_A_TIME {
        return Err(Error::conflict(t!(
            "{most} exports of yours are being written already. Wait for one of them, or cancel it",
            most = MOST_AT_A_TIME
        )));
    }
    let total = foretold(ctx, &entity, &query, reach).await?.map(|total| total.value);
    let meant = Meant::by(ctx, reach).await?;
    let id = ctx.new_id();
    let name = format!("{}.{}", entity.plural, input.format.as_str());
    let new = store::New { entity: &entity, format: input.format, query: &query, reach, meant, total, name };
    store::insert(ctx, id, &new).await?;
    let job = NewJob::new(ctx.new_id(), KIND, asked(ctx, "export", id));
    let job = job.scope(ctx.access.tenant.0).attempts(TRIES).unique(format!("export:{id}"));
    jobs::enqueue(ctx.conn().await?, job).await.map_err(db_error)?;
    changed(ctx, id, json!({ "entity": entity.key, "format": input.format, "status": "queued" }));
    Ok(store::load(ctx, id).await?.export)
}

/// What the pages of the file are asked for. Fields that the caller may not know are as unknown as those that there are not.
fn wanted(grants: &Grants, entity: &Entity, input: &StartExport) -> Result<ListQuery> {
    let known = entity.known_to(grants);
    let wrong = |field: &'static str| move |error: FilterError| Error::field(field, error.to_string());
    let filter = said(input.filter.as_deref()).map(|text| Filter::parse(text, &known));
    let sort = said(input.sort.as_deref()).map(|text| Sort::parse_list(text, &known));
    let keys = said(input.fields.as_deref()).unwrap_or_default().split(',').map(str::trim);
    let mut keys: Vec<String> = keys.filter(|key| !key.is_empty()).map(str::to_owned).collect();
    if keys.is_empty() {
        keys = fields(entity, grants);
    }
    Ok(ListQuery {
        filter: filter.transpose().map_err(wrong("filter"))?,
        sort: sort.transpose().map_err(wrong("sort"))?.unwrap_or_default(),
        search: said(input.search.as_deref()).map(str::to_owned),
        fields: keys,
        trash: input.trash,
        limit: MAX_LIMIT,
        count: Count::None,
        ..ListQuery::default()
    })
}

fn said(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

async fn get(ctx: &mut Ctx, input: GetExport) -> Result<Export> {
    Ok(store::load(ctx, input.id).await?.export)
}

async fn list(ctx: &mut Ctx, _: ListExports) -> Result<Vec<Export>> {
    store::list(ctx).await
}

async fn cancel(ctx: &mut Ctx, input: CancelExport) -> Result<Export> {
    let before = store::load(ctx, input.id).await?.export;
    if store::cancel(ctx, before.id).await? {
        changed(ctx, before.id, json!({ "status": "cancelled", "rows": before.rows }));
    }
    Ok(store::load(ctx, before.id).await?.export)
}

async fn fetch(ctx: &mut Ctx, input: FetchExport) -> Result<ExportFile> {
    let kept = store::load(ctx, input.id).await?;
    let entity = ctx.entity(&kept.export.entity)?;
    let reach = leaving(ctx, &entity)?;
    if !leaves(ctx, &kept, reach).await? {
        let message = t!("You may not export all that is in this file any more. Export what you may");
        return Err(Error::new(Kind::Forbidden, message));
    }
    exportable(ctx, &entity, &kept.export.query, kept.reach).await?;
    if kept.export.status != ExportStatus::Done {
        return Err(Error::conflict(t!("This file is not written to its end. Its page says how far it is")));
    }
    let export = kept.export;
    let query = &export.query;
    // In the trail it is what it is for whoever reads that: an export.
    ctx.operation = ExportRecords::NAME;
    ctx.changed(Change {
        entity: entity.key.clone(),
        record: None,
        before: None,
        after: Some(json!({
            "export": export.id, "filter": query.filter, "search": query.search, "fields": query.fields,
            "trash": query.trash, "rows": export.rows,
        })),
        event: None,
    });
    Ok(ExportFile { file_name: export.file_name, format: export.format, parts: kept.parts })
}

/// Whether all rows of a file are within what the caller may export by now.
async fn leaves(ctx: &mut Ctx, kept: &store::Kept, reach: Reach) -> Result<bool> {
    if reach == Reach::All || reach < kept.reach {
        return Ok(reach >= kept.reach);
    }
    Ok(kept.meant.is_within(&Meant::by(ctx, kept.reach).await?))
}

/// Reports a step of the whole, for the audit trail.
fn changed(ctx: &mut Ctx, id: Uuid, after: Value) {
    ctx.changed(Change {
        entity: "export".to_owned(),
        record: Some(id),
        before: None,
        after: Some(after),
        event: None,
    });
}
