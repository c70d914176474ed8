//! The words of the made leads, by the same code that indexes what people write: search would find nothing otherwise, since no event tells
//! of rows that the database made.

use super::data::run;
use super::world::{INDUSTRY, World};
use crate::{out, start};
use anyhow::{Context, Result};
use domain::TenantId;
use domain::schema::Entity;
use sqlx::PgConnection;
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Rows whose words are written by one statement, as the indexer does it.
const ROWS: usize = 500;
/// Connections that write beside each other.
const WRITERS: usize = 2;

const MISSING: &str = "\
select l.id from leads l where l.tenant_id = $1 and l.deleted_at is null
and not exists (select from search_terms s where s.tenant_id = l.tenant_id and s.record_id = l.id) order by l.id";

/// The ceiling knows leads alone.
const OTHERS: &str = "delete from search_terms where tenant_id = $1 and entity <> 'lead'";

/// Adds the words of the leads that have none, and takes out those of everything else.
pub async fn fill(world: &World, tenant: TenantId) -> Result<()> {
    let mut admin = world.admin().await?;
    sqlx::query(OTHERS).bind(tenant.0).execute(&mut admin).await?;
    let missing: Vec<Uuid> = sqlx::query_scalar(MISSING).bind(tenant.0).fetch_all(&mut admin).await?;
    if missing.is_empty() {
        return Ok(());
    }
    if tenant == world.tenant {
        out::line(&format!("Indexing the words of {} leads ...", missing.len()));
    }
    let catalog = start::library(None)?.catalog(INDUSTRY).context("The industry of the measurement is missing")?;
    let lead = catalog.get("lead").context("The industry of the measurement has no leads")?;
    let mut writers = JoinSet::new();
    for part in missing.chunks(missing.len().div_ceil(WRITERS)) {
        let mut writer = world.admin().await?;
        // What is lost in a crash is missing the next time.
        run(&mut writer, "set synchronous_commit = off").await?;
        // A plan that was made while the index was empty would read all of it, again and again.
        run(&mut writer, "set plan_cache_mode = force_custom_plan").await?;
        writers.spawn(write(writer, tenant, lead.clone(), part.to_vec()));
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    Ok(())
}

async fn write(mut writer: PgConnection, tenant: TenantId, lead: Arc<Entity>, ids: Vec<Uuid>) -> Result<()> {
    for ids in ids.chunks(ROWS) {
        records::index::index_rows(&mut writer, tenant, &lead, ids).await?;
    }
    Ok(())
}

/// What the planner has to know of them.
pub async fn finish(admin: &mut PgConnection) -> Result<()> {
    run(admin, "vacuum (analyze) search_terms").await?;
    run(admin, "vacuum (analyze) search_spellings").await?;
    run(admin, "checkpoint").await
}
