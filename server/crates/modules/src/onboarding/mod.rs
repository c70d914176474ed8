//! `onboarding.steps`, `onboarding.put_away`: the first steps of a new workspace. Whether one is done is asked of the tables that it fills, rows in
//! the trash included, so that no step comes undone.

use chrono::Duration;
use domain::Result;
use domain::onboarding::{FirstStep, FirstSteps, ListFirstSteps, PutFirstStepsAway, StepState};
use platform::{Bind, Change, Ctx, Registry, Statement};
use serde_json::json;

/// For so long a workspace is new.
const NEW_DAYS: i64 = 60;

pub fn register(registry: &mut Registry) {
    registry.add(steps).add(put_away);
}

const STEPS: &str = "\
select t.created_at > $3,
    exists (select from demo_audit d where d.tenant_id = $1 and d.action = 'seed_completed'),
    exists (select from first_steps_put_away p where p.tenant_id = $1 and p.member_id = $2),
    exists (select from companies c where c.tenant_id = $1 and c.address is not null),
    exists (select from leads l where l.tenant_id = $1) or exists (select from customers c where c.tenant_id = $1),
    exists (select from imports i where i.tenant_id = $1 and i.status = 'done' and i.created + i.updated > 0),
    exists (select from invitations v where v.tenant_id = $1 and v.status <> 'REVOKED')
        or exists (select from members m where m.tenant_id = $1 and m.kind = 'person' and m.id <> $2)
from tenants t where t.id = $1";

const PUT_AWAY: &str = "\
insert into first_steps_put_away (tenant_id, member_id, put_away_at) values ($1, $2, $3) on conflict do nothing returning member_id";

pub async fn steps(ctx: &mut Ctx, _: ListFirstSteps) -> Result<FirstSteps> {
    let mut binds = own(ctx);
    binds.push(Bind::Moment(Some(ctx.now() - Duration::days(NEW_DAYS))));
    let rows = ctx.fetch(Statement::new(STEPS, binds)).await?;
    let Some(row) = rows.first() else { return Ok(FirstSteps { shown: false, steps: Vec::new() }) };
    let (new, demo, away): (bool, bool, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let steps = vec![
        StepState { step: FirstStep::Company, done: row.get(3)? },
        StepState { step: FirstStep::Record, done: row.get(4)? },
        StepState { step: FirstStep::Import, done: row.get(5)? },
        StepState { step: FirstStep::Invite, done: row.get(6)? },
    ];
    let left = steps.iter().any(|state| !state.done);
    Ok(FirstSteps { shown: new && !demo && !away && left, steps })
}

pub async fn put_away(ctx: &mut Ctx, _: PutFirstStepsAway) -> Result<FirstSteps> {
    let mut binds = own(ctx);
    binds.push(Bind::Moment(Some(ctx.now())));
    let kept = ctx.fetch(Statement::new(PUT_AWAY, binds)).await?;
    // Once more says nothing new.
    if !kept.is_empty() {
        ctx.changed(Change {
            entity: "first_steps".to_owned(),
            record: Some(ctx.access.member.0),
            before: Some(json!({ "putAway": false })),
            after: Some(json!({ "putAway": true })),
            event: None,
        });
    }
    steps(ctx, ListFirstSteps {}).await
}

/// The workspace and the caller.
fn own(ctx: &Ctx) -> Vec<Bind> {
    vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(ctx.access.member.0))]
}
