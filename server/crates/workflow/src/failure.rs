//! When a step fails: another try, the step's own way out, or the end; written down under the same fence as success.

use crate::check::Compiled;
use crate::engine::Engine;
use crate::perform::{OPERATION, next};
use crate::store::{Attempt, Claimed, Fenced, Place, advance};
use crate::told::{languages, said};
use domain::workflow::{NotificationKind, Retry};
use domain::{Error, Kind, Result};
use platform::{Caller, Ctx, Notice, TxMode, db_error, notice};
use serde_json::Value;
use uuid::Uuid;
use words::t;

const AUTHOR: &str = "\
select v.created_by from workflows w join workflow_versions v on v.tenant_id = w.tenant_id and v.workflow_id = w.id and v.version = w.version
where w.tenant_id = $1 and w.id = $2";

/// Whether another try could go better.
fn may_pass(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Invalid
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Unauthenticated
            | Kind::VersionRequired
            | Kind::KeyReused
            | Kind::TooLarge
    )
}

/// Writes a failure down and says what follows from it: another try, the step's own way out, or the end.
pub async fn fail(
    engine: &Engine,
    caller: &Caller,
    run: &Claimed,
    compiled: &Compiled,
    at: usize,
    input: Value,
    error: Error,
) -> Result<()> {
    let Some(step) = compiled.steps.get(at) else { return Err(error) };
    // It was done in nobody's request, so the dispatcher has told nobody that it was refused.
    if error.kind == Kind::Forbidden {
        platform::audit::refused(&engine.platform, caller, OPERATION, &error).await;
    }
    let retry = compiled.definition.retry;
    let most = step.step.retries.unwrap_or(retry.max_retries);
    let again = may_pass(error.kind) && u32::try_from(run.tries).unwrap_or(u32::MAX) < most;
    let kept = serde_json::to_value(&error).unwrap_or_default();
    let key = step.step.key.clone();
    let (state, next, tries, pause) = match (again, step.step.on_error.as_deref()) {
        (true, _) => ("PENDING", Some(key.clone()), run.tries + 1, backoff(engine, retry, run.tries)),
        (false, Some(way)) => {
            let next = compiled.steps.get(next(compiled, Some(way), at)).map(|step| step.step.key.clone());
            (if next.is_some() { "PENDING" } else { "COMPLETED" }, next, 0, 0.0)
        }
        (false, None) => ("FAILED", Some(key.clone()), run.tries, 0.0),
    };
    tracing::warn!(run = %run.id, step = key, state, error = %error, "a step of a workflow failed");
    let ctx = engine.platform.open(caller, OPERATION, TxMode::ReadWrite).await?;
    let now = ctx.now();
    let error = Some(kept.clone());
    let attempt =
        Attempt { step: key, outcome: "failed", input, output: None, error, started_at: now, finished_at: now };
    let error = (state != "COMPLETED" && tries > 0 || state == "FAILED").then_some(kept);
    let place = Place { state, step: next, context: run.context.clone(), tries, pause, error, outcome: None };
    written(engine, ctx, run, &place, &[attempt]).await
}

/// Ends a run that cannot even begin.
pub async fn give_up(engine: &Engine, caller: &Caller, run: &Claimed, error: Error) -> Result<()> {
    let ctx = engine.platform.open(caller, OPERATION, TxMode::ReadWrite).await?;
    let error = serde_json::to_value(&error).ok();
    let place = Place {
        state: "FAILED",
        step: run.step.clone(),
        context: run.context.clone(),
        tries: run.tries,
        pause: 0.0,
        error,
        outcome: None,
    };
    written(engine, ctx, run, &place, &[]).await
}

async fn written(engine: &Engine, mut ctx: Ctx, run: &Claimed, place: &Place, attempts: &[Attempt]) -> Result<()> {
    match advance(&mut ctx, run, place, attempts).await {
        Ok(()) => {
            if place.state == "FAILED" {
                tell(&mut ctx, run.workflow_id).await?;
            }
            ctx.commit().await?;
            engine.platform.services.wake.after_commit();
            Ok(())
        }
        Err(Fenced::Lost) => Ok(()),
        Err(Fenced::Failed(error)) => Err(error),
    }
}

/// Tells whoever saved the version that new runs follow. What fails again within the hour is counted in the same line. What the workflow is called
/// does not stand there: it is looked up for who may still read it.
async fn tell(ctx: &mut Ctx, workflow: Uuid) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    let author: Option<Uuid> = sqlx::query_scalar(AUTHOR)
        .bind(tenant)
        .bind(workflow)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let Some(member) = author else { return Ok(()) };
    let services = ctx.services.clone();
    let speaks = languages(&services, tenant, vec![member]).await?;
    let notice = Notice {
        member,
        kind: NotificationKind::Failure,
        title: said(&speaks, member, || t!("A run of a workflow that you saved has failed").to_owned()),
        body: None,
        entity: Some("workflow".to_owned()),
        record: Some(workflow),
        key: format!("failed:{workflow}:{}", ctx.now().format("%Y-%m-%dT%H")),
        beside: None,
    };
    notice::tell_again(ctx, notice).await
}

/// Doubles with every try up to the cap; between half and all of it, so that what failed together does not come back together.
fn backoff(engine: &Engine, retry: Retry, tries: i32) -> f64 {
    let exponent = tries.clamp(0, 30);
    let whole = (f64::from(retry.base_seconds) * f64::powi(2.0, exponent)).min(f64::from(retry.cap_seconds));
    let mut byte = [0];
    engine.platform.services.random.fill(&mut byte);
    whole * (0.5 + f64::from(byte[0]) / 510.0)
}
