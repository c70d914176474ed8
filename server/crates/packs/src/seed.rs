//! Fills a workspace with demo records (requirements 118 and 130 to 137): by phases, in one transaction, and only what is not there yet.
//!
//! The records are the pack's recipe; they go through the same engine as any other write, so they are checked, numbered, audited and
//! found by search. A second run of the same size finds its mark in `demo_audit`; a run after a failed one finds nothing half done.

pub use crate::demo::Size;

use crate::Library;
use crate::demo::{Generated, Generator, Owner, Setting};
use crate::start::furnish;
use crate::trade::Market;
use chrono::{DateTime, Utc};
use domain::records::Values;
use domain::schema::{Entity, FieldKind};
use domain::text::normal;
use domain::{Error, Kind, Result, TenantId};
use platform::auth::{self, NewTenant};
use platform::{Caller, Ctx, Platform, TxMode, db_error};
use records::NewRow;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Seeded {
        records: u64,
    },
    /// This size of this industry is in the workspace already; nothing was touched.
    AlreadySeeded,
}

/// Seeds the workspace with this slug; makes it when there is none.
pub async fn seed(
    platform: &Arc<Platform>,
    library: &Library,
    industry: &str,
    size: Size,
    tenant: &str,
) -> Result<Outcome> {
    let workspace = workspace(platform, library, industry, tenant).await?;
    furnish(platform, library, workspace.id).await?;
    let mut caller = Caller {
        access: Arc::new(auth::automation(&platform.services.pools, workspace.id).await?),
        session: None,
        origin: platform.origin(None),
    };
    caller.origin.cause_kind = "seed";
    caller.origin.cause_id = Some(caller.origin.correlation);
    let run = Run { library, industry, size, slug: tenant, workspace };
    let mut ctx = platform.open(&caller, OPERATION, TxMode::ReadWrite).await?;
    match run.fill(&mut ctx).await {
        Ok(outcome) => {
            ctx.commit().await?;
            Ok(outcome)
        }
        Err(error) => {
            drop(ctx);
            // In a transaction of its own: the one that failed takes its rows with it.
            let mut ctx = platform.open(&caller, OPERATION, TxMode::ReadWrite).await?;
            run.audit(&mut ctx, "seed_failed", 0, Some(&error.message)).await?;
            ctx.commit().await?;
            Err(error)
        }
    }
}

const OPERATION: &str = "demo.seed";

struct Workspace {
    id: TenantId,
    made_at: DateTime<Utc>,
}

async fn workspace(platform: &Arc<Platform>, library: &Library, industry: &str, slug: &str) -> Result<Workspace> {
    const FIND: &str = "select id, industry, created_at from tenants where slug = $1 and deleted_at is null";
    let services = &platform.services;
    let pack = library
        .pack(industry)
        .ok_or_else(|| Error::field("industry", format!("{industry} is not an industry of this build")))?;
    let find =
        || sqlx::query_as::<_, (Uuid, String, DateTime<Utc>)>(FIND).bind(slug).fetch_optional(&services.pools.platform);
    if let Some((id, has, made_at)) = find().await.map_err(db_error)? {
        if has != industry {
            let message = format!(
                "{slug} is a workspace of the industry {has}; choose that one, or another workspace for {industry}"
            );
            return Err(Error::field("industry", message));
        }
        return Ok(Workspace { id: TenantId(id), made_at });
    }
    let new = NewTenant::new(slug, format!("{} {}", pack.label, title(slug)), industry);
    let id = auth::create_tenant(&services.pools, services.clock.as_ref(), services.random.as_ref(), &new).await?;
    Ok(Workspace { id, made_at: services.clock.now() })
}

/// `north-coast` as `North Coast`.
fn title(slug: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    slug.split('-').filter(|part| !part.is_empty()).map(word).collect::<Vec<_>>().join(" ")
}

struct Run<'a> {
    library: &'a Library,
    industry: &'a str,
    size: Size,
    slug: &'a str,
    workspace: Workspace,
}

impl Run<'_> {
    async fn fill(&self, ctx: &mut Ctx) -> Result<Outcome> {
        // Two runs at once would make everything twice and fail at the end; the second waits and finds the work done.
        let tenant = ctx.access.tenant.0;
        sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(format!("demo.seed {tenant}"))
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        if self.seeded(ctx).await? {
            return Ok(Outcome::AlreadySeeded);
        }
        let missing = || {
            Error::new(
                Kind::Invalid,
                format!("The pack {} has no demo.toml, so there is nothing to seed", self.industry),
            )
        };
        let (recipe, pack) =
            self.library.recipe(self.industry).zip(self.library.pack(self.industry)).ok_or_else(missing)?;
        let catalog = ctx.catalog.clone();
        let setting = Setting {
            tenant: self.slug.to_owned(),
            size: self.size,
            base: platform::clock::today_in(&ctx.access.timezone, self.workspace.made_at),
            owners: owners(ctx).await?,
        };
        let base = setting.base;
        let owners: Vec<Uuid> = setting.owners.iter().map(|owner| owner.id).collect();
        let generator = Generator::new(recipe, &catalog, &pack.key_prefix, setting);
        let (mut present, mut records) = (HashSet::new(), 0);
        let (mut goods, mut generated) = (0, Vec::new());
        for batch in generator.batches() {
            let entity = ctx.entity(&batch.entity)?;
            let batch_of: Vec<Generated> = generator.records(batch).collect();
            if matches!(entity.key.as_str(), "customer" | "product") {
                generated.push((entity.key.clone(), batch_of.clone()));
            }
            let made = insert(ctx, &entity, batch_of, &mut present).await?;
            if entity.key == "product" {
                goods = made;
            }
            tracing::info!(tenant = self.slug, phase = batch.phase, entity = entity.key, made, "demo records made");
            records += made;
        }
        // Products that were there before have been traded with before.
        if let Some(trade) = recipe.trade.as_ref().filter(|_| goods > 0) {
            let (customers, products) = (Vec::new(), Vec::new());
            let tenant = self.slug;
            let mut market = Market { trade, tenant, size: self.size, base, owners: &owners, customers, products };
            for (entity, mut list) in generated {
                list.retain(|record| present.contains(&record.id));
                market.add(&entity, &list);
            }
            records += market.run(ctx).await?;
        }
        self.audit(ctx, "seed_completed", records, None).await?;
        Ok(Outcome::Seeded { records })
    }

    async fn seeded(&self, ctx: &mut Ctx) -> Result<bool> {
        let tenant = ctx.access.tenant.0;
        sqlx::query_scalar(
            "select exists (select from demo_audit
             where tenant_id = $1 and industry = $2 and size = $3 and action = 'seed_completed')",
        )
        .bind(tenant)
        .bind(self.industry)
        .bind(self.size.as_str())
        .fetch_one(ctx.conn().await?)
        .await
        .map_err(db_error)
    }

    /// Requirement 133.
    async fn audit(&self, ctx: &mut Ctx, action: &str, records: u64, error: Option<&str>) -> Result<()> {
        let (tenant, id, now) = (ctx.access.tenant.0, ctx.new_id(), ctx.now());
        sqlx::query(
            "insert into demo_audit (tenant_id, id, industry, size, action, records_created, error, at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(tenant)
        .bind(id)
        .bind(self.industry)
        .bind(self.size.as_str())
        .bind(action)
        .bind(i64::try_from(records).unwrap_or(i64::MAX))
        .bind(error)
        .bind(now)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
        Ok(())
    }
}

/// People of the workspace, in the order in which they joined.
async fn owners(ctx: &mut Ctx) -> Result<Vec<Owner>> {
    let tenant = ctx.access.tenant.0;
    let rows: Vec<(Uuid, Vec<String>)> = sqlx::query_as(
        "select id, roles from members where tenant_id = $1 and kind = 'person' and status = 'ACTIVE' order by created_at, id",
    )
    .bind(tenant)
    .fetch_all(ctx.conn().await?)
    .await
    .map_err(db_error)?;
    Ok(rows.into_iter().map(|(id, roles)| Owner { id, roles }).collect())
}

/// Makes those records that are not there: neither by their key (requirement 135) nor by a value that must be unique. A record that points
/// at one that was left out goes without, or is left out too where it cannot. `present` grows by what there is afterwards.
async fn insert(ctx: &mut Ctx, entity: &Entity, records: Vec<Generated>, present: &mut HashSet<Uuid>) -> Result<u64> {
    let known: HashSet<Uuid> = existing(ctx, entity, &records).await?.into_iter().collect();
    let taken = taken(ctx, entity, &records).await?;
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        if known.contains(&record.id) {
            present.insert(record.id);
            continue;
        }
        let mut values = record.values;
        let clash = taken.iter().any(|(key, held)| {
            values.get(key).and_then(Value::as_str).is_some_and(|value| held.contains(&normal(value)))
        });
        if clash || !connected(entity, &mut values, present) {
            continue;
        }
        // Nobody owns what there are no people for; without a word about it the engine would give it to whoever seeds.
        values.entry("owner").or_insert(Value::Null);
        present.insert(record.id);
        rows.push(NewRow { id: Some(record.id), values, status: record.state });
    }
    let made = records::create_many(ctx, entity, rows).await?.len() as u64;
    ctx.flush().await?;
    Ok(made)
}

async fn existing(ctx: &mut Ctx, entity: &Entity, records: &[Generated]) -> Result<HashSet<Uuid>> {
    ::records::known_ids(ctx, entity, records.iter().map(|record| record.id).collect()).await
}

/// Values of unique text fields that other rows hold already, in their normal form.
async fn taken(ctx: &mut Ctx, entity: &Entity, records: &[Generated]) -> Result<Vec<(String, HashSet<String>)>> {
    let mut out = Vec::new();
    for field in entity.fields.iter().filter(|field| field.unique) {
        let values: Vec<String> = records
            .iter()
            .filter_map(|record| record.values.get(&field.key))
            .filter_map(Value::as_str)
            .map(normal)
            .collect();
        let held = ::records::held_values(ctx, entity, field, values).await?;
        out.push((field.key.clone(), held));
    }
    Ok(out)
}

/// Takes away references to records that are not there; false where one of them is required.
fn connected(entity: &Entity, values: &mut Values, present: &HashSet<Uuid>) -> bool {
    for field in entity.fields.iter().filter(|field| matches!(field.kind, FieldKind::Reference { .. })) {
        let target = values.get(&field.key).and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
        if target.is_some_and(|target| !present.contains(&target)) {
            if field.required {
                return false;
            }
            values.remove(&field.key);
        }
    }
    true
}
