//! Templates of the packs, which every workspace gets as workflows of its own: it may change them, switch them off or delete them, and what
//! it did stays.

use crate::engine::{Engine, unless_closed};
use crate::schedule;
use domain::Result;
use domain::workflow::Definition;
use platform::{Ctx, TxMode, db_error};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

/// Definitions by the slug of the industry whose workspaces get them; `core` for workspaces without one.
#[derive(Debug, Clone, Default)]
pub struct Templates(Arc<HashMap<String, Vec<Definition>>>);

impl Templates {
    pub fn new(by_industry: HashMap<String, Vec<Definition>>) -> Self {
        Self(Arc::new(by_industry))
    }

    pub fn of(&self, industry: &str) -> &[Definition] {
        self.0.get(industry).or_else(|| self.0.get("core")).map(Vec::as_slice).unwrap_or_default()
    }
}

// A template that was deleted there stays deleted.
const MISSING: &str = "\
select k from unnest($2::text[]) k where not exists (select from workflows w where w.tenant_id = $1 and (w.template = k or (w.key = k and w.deleted_at is null)))";
// It is listening since the workspace began: an order that was shipped in its first second counts.
const INSTALL: &str = "\
with made as (
    insert into workflows (tenant_id, id, key, name, active, version, template, entity, trigger, active_since, next_tick_at, created_by,
        created_at, updated_at)
    select $1, $2, $3, $4, $5, 1, $3, $6, $7, (select created_at from tenants where id = $1), $8, $9, $10, $10
    on conflict do nothing returning id
)
insert into workflow_versions (tenant_id, workflow_id, version, definition, created_by, created_at)
select $1, made.id, 1, $11::jsonb, $9, $10 from made";
const TENANTS: &str = "\
select t.id from tenants t where t.deleted_at is null and t.status in ('TRIAL', 'ACTIVE')
    and not exists (select from workflows w where w.tenant_id = t.id and w.template is not null) limit 100";

/// Gives a workspace the templates that it has not seen yet.
pub async fn furnish(engine: &Engine, tenant: Uuid) -> Result<()> {
    // A closed workspace has no automation, and needs no workflows.
    let Some(caller) = unless_closed(engine.caller(tenant).await)? else { return Ok(()) };
    let templates = engine.templates.of(&caller.access.industry);
    if templates.is_empty() {
        return Ok(());
    }
    let mut ctx = engine.platform.open(&caller, "workflow.furnish", TxMode::ReadWrite).await?;
    let keys: Vec<&str> = templates.iter().map(|template| template.key.as_str()).collect();
    let missing: Vec<String> =
        sqlx::query_scalar(MISSING).bind(tenant).bind(keys).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    for template in templates.iter().filter(|template| missing.contains(&template.key)) {
        install(&mut ctx, template).await?;
    }
    ctx.commit().await
}

async fn install(ctx: &mut Ctx, template: &Definition) -> Result<()> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let id = ctx.new_id();
    let database = schedule::now(ctx).await?;
    let next = schedule::next(&template.trigger, &ctx.access.timezone, database);
    let definition = serde_json::to_string(template).map_err(|_| domain::Error::internal())?;
    sqlx::query(INSTALL)
        .bind(tenant)
        .bind(id)
        .bind(&template.key)
        .bind(&template.name)
        .bind(template.active)
        .bind(&template.trigger.entity)
        .bind(crate::operations::word(template.trigger.on))
        .bind(next)
        .bind(member)
        .bind(now)
        .bind(definition)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(())
}

/// Furnishes new workspaces as they come.
pub async fn furnish_forever(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let pool = engine.platform.services.pools.platform.clone();
    while !*stop.borrow() {
        let tenants: Vec<Uuid> = match sqlx::query_scalar(TENANTS).fetch_all(&pool).await {
            Ok(tenants) => tenants,
            Err(error) => {
                tracing::warn!(%error, "could not look for workspaces without workflows");
                Vec::new()
            }
        };
        for tenant in tenants {
            if let Err(error) = furnish(&engine, tenant).await {
                tracing::warn!(%tenant, %error, "a workspace could not be given its workflows");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(engine.config.poll * 10) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}
