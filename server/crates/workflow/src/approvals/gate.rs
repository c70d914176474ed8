//! The state machine's approvals (requirements 144 and 150): asked for when a record comes into a state from which a move needs them, held
//! against whoever makes that move by hand, and used up by the move.

use crate::approvals::{ask, deciders, either, end};
use domain::backend::BoxFuture;
use domain::{Error, Result};
use platform::{Ctx, db_error};
use records::{Move, TransitionHook};
use uuid::Uuid;
use words::t;

const READY: &str = "\
select exists (select from approvals where tenant_id = $1 and record_id = $2 and transition = $3 and run_id is null
    and state = 'APPROVED' and taken_at is null)";
const SO_FAR: &str = "\
select count(d.member_id) from approvals a left join approval_decisions d
    on d.tenant_id = a.tenant_id and d.approval_id = a.id and d.decision = 'approve' and d.version = $4
where a.tenant_id = $1 and a.record_id = $2 and a.transition = $3 and a.run_id is null and a.state = 'PENDING'";
// Whatever was agreed to in the state that is left counts for nothing afterwards.
const USED: &str = "\
update approvals set taken_at = now() where tenant_id = $1 and record_id = $2 and run_id is null and state = 'APPROVED' and taken_at is null";
const LEFT: &str = "\
update approvals set state = 'CANCELLED', decided_at = now()
where tenant_id = $1 and record_id = $2 and run_id is null and state = 'PENDING' returning id";

pub fn hook() -> TransitionHook {
    TransitionHook { entity: None, before: Some(before), after: Some(after) }
}

fn before<'a>(ctx: &'a mut Ctx, making: &'a mut Move) -> BoxFuture<'a, Result<()>> {
    Box::pin(hold_back(ctx, making))
}

fn after<'a>(ctx: &'a mut Ctx, made: &'a Move) -> BoxFuture<'a, Result<()>> {
    Box::pin(arrived(ctx, made))
}

async fn hold_back(ctx: &mut Ctx, making: &Move) -> Result<()> {
    // What demo data tells of was agreed to in its story.
    let seeded = ctx.origin.cause_kind == "seed";
    let Some(gate) = making.transition.gate.approval.as_ref().filter(|_| !seeded) else { return Ok(()) };
    let tenant = ctx.access.tenant.0;
    let ready: bool = sqlx::query_scalar(READY)
        .bind(tenant)
        .bind(making.held.id)
        .bind(&making.transition.name)
        .fetch_one(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if ready {
        return Ok(());
    }
    let so_far: i64 = sqlx::query_scalar(SO_FAR)
        .bind(tenant)
        .bind(making.held.id)
        .bind(&making.transition.name)
        .bind(making.held.version)
        .fetch_one(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let who = deciders(ctx, &gate.roles, &[]).await?;
    let (label, roles) = (&making.transition.label, either(&gate.roles));
    Err(Error::conflict(if gate.required == 1 {
        t!("{label} needs an approval by {roles}; {who} can give it under My approvals", label, roles, who)
    } else {
        t!(
            "{label} has {so_far} of {required} approvals by {roles}; {who} can give them under My approvals",
            label,
            so_far,
            required = gate.required,
            roles,
            who
        )
    }))
}

async fn arrived(ctx: &mut Ctx, made: &Move) -> Result<()> {
    let Some(states) = &made.entity.states else { return Ok(()) };
    // Most entities know no approvals, and their moves should not pay for them.
    if states.transitions.iter().all(|transition| transition.gate.approval.is_none()) {
        return Ok(());
    }
    let (tenant, record) = (ctx.access.tenant.0, made.held.id);
    sqlx::query(USED).bind(tenant).bind(record).execute(ctx.conn().await?).await.map_err(db_error)?;
    let left: Vec<Uuid> =
        sqlx::query_scalar(LEFT).bind(tenant).bind(record).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    for id in left {
        end::tell(ctx, id, "CANCELLED");
    }
    let name = match made.held.text(&made.entity.title) {
        "" => made.held.text("number"),
        title => title,
    };
    for transition in states.from(&made.transition.to).filter(|transition| transition.gate.approval.is_some()) {
        ask::for_move(ctx, &made.entity, record, name, transition).await?;
    }
    Ok(())
}
