//! What a workspace begins with: rows that it may change and that nobody puts back, such as a chart of accounts and tax rates. The core
//! describes them in `records/*.toml`; an industry that has a file for the same entity has its own instead.

use crate::Library;
use crate::lint::Finding;
use crate::roles;
use domain::records::Values;
use domain::schema::value::{Rules, read};
use domain::schema::{Catalog, Entity};
use domain::{Result, TenantId};
use platform::auth;
use platform::{Caller, Ctx, Platform, TxMode, db_error};
use records::NewRow;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// The first rows of one entity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Beginning {
    pub entity: String,
    /// Values by field, as a person types them.
    pub rows: Vec<BTreeMap<String, String>>,
}

const OPERATION: &str = "workspace.furnish";

/// Workspaces that have no account at all: those that were made by a build which did not know of accounts.
const BARE: &str = "\
select t.id from tenants t where t.deleted_at is null and t.status in ('TRIAL', 'ACTIVE')
    and not exists (select from ledger_accounts a where a.tenant_id = t.id) order by t.id";

const FURNISHED: &str = "select exists (select from ledger_accounts where tenant_id = $1)";

/// Gives every workspace that lacks it what a workspace begins with. Answers how many there were.
pub async fn furnish_all(platform: &Arc<Platform>, library: &Library) -> Result<usize> {
    let pool = &platform.services.pools.platform;
    let bare: Vec<Uuid> = sqlx::query_scalar(BARE).fetch_all(pool).await.map_err(db_error)?;
    for tenant in &bare {
        furnish(platform, library, TenantId(*tenant)).await?;
    }
    Ok(bare.len())
}

/// Roles that the workspace lacks, and its first rows unless it had them before. Answers how many rows were made.
pub async fn furnish(platform: &Arc<Platform>, library: &Library, tenant: TenantId) -> Result<usize> {
    let pools = &platform.services.pools;
    auth::ensure_roles(&pools.app, tenant).await?;
    let access = Arc::new(auth::automation(pools, tenant).await?);
    let mut caller = Caller { access, session: None, origin: platform.origin(None) };
    caller.origin.cause_kind = "start";
    let mut ctx = platform.open(&caller, OPERATION, TxMode::ReadWrite).await?;
    if let Some(pack) = library.pack(&ctx.access.industry) {
        roles::furnish(&mut ctx, &pack.roles).await?;
    }
    let made = fill(&mut ctx, library).await?;
    ctx.commit().await?;
    Ok(made)
}

async fn fill(ctx: &mut Ctx, library: &Library) -> Result<usize> {
    let tenant = ctx.access.tenant.0;
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(format!("{OPERATION} {tenant}"))
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let query = sqlx::query_scalar(FURNISHED).bind(tenant);
    if query.fetch_one(ctx.conn().await?).await.map_err(db_error)? {
        return Ok(0);
    }
    let rules = Rules { today: ctx.today() };
    let mut made = 0;
    for beginning in library.beginnings(&ctx.access.industry) {
        let entity = ctx.entity(&beginning.entity)?;
        let rows = beginning.rows.iter().map(|row| row_of(&entity, row, rules));
        made += records::create_many(ctx, &entity, rows.collect()).await?.len();
        ctx.flush().await?;
    }
    Ok(made)
}

/// What was checked when the packs were loaded.
fn row_of(entity: &Entity, typed: &BTreeMap<String, String>, rules: Rules) -> NewRow {
    let mut values = Values::new();
    for (key, text) in typed {
        if let Some(field) = entity.field(key)
            && let Ok(value) = read(field, entity.states.as_ref(), text, "", rules)
        {
            values.insert(key.clone(), value);
        }
    }
    // Nobody's: everybody's.
    values.insert("owner".to_owned(), Value::Null);
    NewRow { values, ..NewRow::default() }
}

impl Beginning {
    /// What of it does not fit the description.
    pub(crate) fn check(&self, catalog: &Catalog) -> Vec<Finding> {
        let find = |word: &str, message: String| Finding { place: "rows".to_owned(), word: word.to_owned(), message };
        let Some(entity) = catalog.get(&self.entity) else {
            return vec![find(&self.entity, format!("{} is not an entity", self.entity))];
        };
        // No date stands among first rows, so any day will do.
        let rules = Rules { today: chrono::NaiveDate::default() };
        let mut findings = Vec::new();
        for row in &self.rows {
            for (key, text) in row {
                match entity.field(key).filter(|field| !field.read_only) {
                    None => findings
                        .push(find(key, format!("{key} is not a field of {} that can be filled in", entity.key))),
                    Some(field) => {
                        if let Err(message) = read(field, entity.states.as_ref(), text, "", rules) {
                            findings.push(find(text, format!("{key}: {message}")));
                        }
                    }
                }
            }
            for field in entity.editable().filter(|field| field.required && field.default.is_none()) {
                if !row.contains_key(&field.key) {
                    findings.push(find(&self.entity, format!("{} of {} is required", field.key, entity.key)));
                }
            }
        }
        findings
    }
}
