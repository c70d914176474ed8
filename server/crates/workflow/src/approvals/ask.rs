//! Opening an approval.

use crate::approvals::since;
use crate::steps::Question;
use crate::store::Claimed;
use crate::told::ASKED;
use domain::Result;
use domain::schema::{Entity, Transition};
use platform::{Change, Ctx, db_error};
use records::Hold;
use serde_json::json;
use uuid::Uuid;

const ASK: &str = "\
insert into approvals (tenant_id, id, title, run_id, step, entity, record_id, transition, roles, members, policy, required, self_approval,
    requested_by, expires_at, on_expiry, created_at, record_version)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, now() + make_interval(secs => $15::float8), $16, $17, $18)
on conflict do nothing";

/// Whoever's act led to this: of a run, the person at its beginning.
const STARTER: &str = "select coalesce((select started_by from runs where tenant_id = $1 and id = $2), $3)";

pub async fn for_step(ctx: &mut Ctx, run: &Claimed, step: &str, question: &Question) -> Result<Uuid> {
    let id = ctx.new_id();
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    #[expect(clippy::cast_precision_loss, reason = "an interval takes seconds as a float")]
    let expires = question.expires_in.map(|seconds| seconds as f64);
    let members: Vec<Uuid> = question.member.into_iter().collect();
    let version = version(ctx, run.entity.as_deref(), run.record_id).await?;
    sqlx::query(ASK)
        .bind(tenant)
        .bind(id)
        .bind(&question.title)
        .bind(run.id)
        .bind(step)
        .bind(&run.entity)
        .bind(run.record_id)
        .bind(None::<String>)
        .bind(&question.roles)
        .bind(members)
        .bind(&question.policy)
        .bind(question.required)
        .bind(question.self_approval)
        .bind(run.started_by)
        .bind(expires)
        .bind(&question.on_expiry)
        .bind(now)
        .bind(version)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    tell(ctx, id, &question.title);
    Ok(id)
}

/// For a move that a gate holds back. One is open for a record and move at a time.
pub async fn for_move(ctx: &mut Ctx, entity: &Entity, record: Uuid, name: &str, transition: &Transition) -> Result<()> {
    let Some(gate) = &transition.gate.approval else { return Ok(()) };
    let id = ctx.new_id();
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    let run = ctx.origin.cause_id.filter(|_| ctx.origin.cause_kind == "run");
    let actor = ctx.access.member.0;
    let starter: Option<Uuid> = sqlx::query_scalar(STARTER)
        .bind(tenant)
        .bind(run)
        .bind(actor)
        .fetch_one(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    // After the move: this is what was made of the record.
    let version = version(ctx, Some(entity.key.as_str()), Some(record)).await?;
    let title = format!("{}: {} {name}", transition.label, entity.labels.one.to_lowercase());
    let asked = sqlx::query(ASK)
        .bind(tenant)
        .bind(id)
        .bind(&title)
        .bind(None::<Uuid>)
        .bind(None::<String>)
        .bind(&entity.key)
        .bind(record)
        .bind(&transition.name)
        .bind(&gate.roles)
        .bind(Vec::<Uuid>::new())
        .bind(if gate.required > 1 { "count" } else { "any" })
        .bind(i16::try_from(gate.required.max(1)).unwrap_or(i16::MAX))
        .bind(false)
        .bind(starter)
        .bind(None::<f64>)
        .bind("reject")
        .bind(now)
        .bind(version)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if asked.rows_affected() == 1 {
        tell(ctx, id, &title);
    }
    Ok(())
}

/// What is asked about is the record as it is now.
async fn version(ctx: &mut Ctx, entity: Option<&str>, record: Option<Uuid>) -> Result<Option<i64>> {
    Ok(since::standing(ctx, entity, record, Hold::Looked).await?.map(|(_, version)| version))
}

fn tell(ctx: &mut Ctx, id: Uuid, title: &str) {
    ctx.changed(Change {
        entity: "approval".to_owned(),
        record: Some(id),
        before: None,
        after: Some(json!({ "state": "PENDING", "title": title })),
        event: Some(ASKED.to_owned()),
    });
}
