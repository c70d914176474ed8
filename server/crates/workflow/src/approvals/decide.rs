//! `workflow.decide_approval`: one decision of one member. The decision that settles it lets the run go on, or takes the move.
//!
//! The approval's row is locked while it is decided, expired or cancelled, so of all who try at once one is first; the others are told what
//! came of it. The record is locked before the approval, in the order in which a move by hand locks them, so that the version that is decided
//! about is the one that the record has.

use crate::approvals::{Approval, deciders, end, ended, is_asked, list, since};
use crate::waits;
use domain::records::Values;
use domain::schema::{Entity, REJECTED};
use domain::workflow::{ApprovalRow, DecideApproval, Decision};
use domain::{Error, Kind, Reach, Result, Verb};
use platform::{Access, Change, Ctx, db_error};
use records::Hold;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;
use words::t;

const DECIDE: &str = "\
insert into approval_decisions (tenant_id, approval_id, member_id, decision, reason, at, version) values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing";
// Whoever agreed to an earlier version has not agreed to this one.
const AGREED: &str = "\
select d.member_id, m.roles from approval_decisions d join members m on m.tenant_id = d.tenant_id and m.id = d.member_id
where d.tenant_id = $1 and d.approval_id = $2 and d.decision = 'approve' and d.version = $3";
/// Of a decision about no record.
const NO_VERSION: i64 = 0;
const MOST_REASON: usize = 2000;

pub async fn decide_approval(ctx: &mut Ctx, decide: DecideApproval) -> Result<ApprovalRow> {
    let reason = decide.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
    if decide.decision == Decision::Reject && reason.is_none() {
        return Err(Error::field("reason", t!("Say why it is rejected: whoever asked has to know what to change")));
    }
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > MOST_REASON) {
        return Err(Error::field("reason", t!("At most {most} characters", most = MOST_REASON)));
    }
    let seen = Approval::read(ctx, decide.id).await?;
    if !is_asked(&ctx.access, &seen.roles, &seen.members) {
        return Err(not_asked(ctx, &seen).await?);
    }
    let standing = match (&seen.transition, &seen.entity, seen.record_id) {
        (Some(_), Some(key), Some(record)) => {
            let entity = ctx.entity(key)?;
            let outside = trust(ctx, &entity);
            let held = records::hold(ctx, &entity, record, Verb::Update, false).await;
            ctx.access = outside;
            let version = held?.version;
            Some((entity, version))
        }
        _ => since::standing(ctx, seen.entity.as_deref(), seen.record_id, Hold::Locked).await?,
    };
    let approval = Approval::lock(ctx, decide.id).await?;
    open(ctx, &approval).await?;
    if let Some((entity, version)) = &standing {
        since::check(ctx, &approval, entity, *version, decide.version).await?;
    }
    let version = standing.as_ref().map_or(NO_VERSION, |(_, version)| *version);
    write(ctx, &approval, decide.decision, reason.as_deref(), version).await?;
    let settled = match decide.decision {
        Decision::Reject => Some("REJECTED"),
        Decision::Approve => agreed(ctx, &approval, version).await?.then_some("APPROVED"),
    };
    if let Some(state) = settled {
        end::settle(ctx, approval.id, state).await?;
        tell(ctx, &approval, state, reason.as_deref());
        let entity = standing.as_ref().map(|(entity, _)| &**entity);
        follow(ctx, &approval, entity, state, reason.as_deref()).await?;
    }
    list::one(ctx, approval.id).await
}

async fn not_asked(ctx: &mut Ctx, approval: &Approval) -> Result<Error> {
    let who = deciders(ctx, &approval.roles, &approval.members).await?;
    let message = t!("This is not yours to decide; {who} can", who);
    Ok(Error { user_role: Some(ctx.access.role.clone()), ..Error::new(Kind::Forbidden, message) })
}

/// Refuses what comes too late, and whoever may not decide what they set going themselves.
async fn open(ctx: &mut Ctx, approval: &Approval) -> Result<()> {
    if approval.state != "PENDING" {
        let state = ended(&approval.state);
        return Err(Error::conflict(t!("This was {state} already; nothing is left to decide", state)));
    }
    if approval.late {
        return Err(Error::conflict(t!("The time for this is over; nothing is left to decide")));
    }
    if approval.requested_by == Some(ctx.access.member.0) && !approval.self_approval {
        let others: Vec<String> = approval.roles.clone();
        let who = deciders(ctx, &others, &approval.members).await?;
        let message = t!("You began this yourself, so somebody else has to decide it: {who}", who);
        return Err(Error { user_role: Some(ctx.access.role.clone()), ..Error::new(Kind::Forbidden, message) });
    }
    Ok(())
}

async fn write(
    ctx: &mut Ctx,
    approval: &Approval,
    decision: Decision,
    reason: Option<&str>,
    version: i64,
) -> Result<()> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let word = if decision == Decision::Approve { "approve" } else { "reject" };
    let written = sqlx::query(DECIDE)
        .bind(tenant)
        .bind(approval.id)
        .bind(member)
        .bind(word)
        .bind(reason)
        .bind(now)
        .bind(version)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if written.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::conflict(t!("You have decided this already; it waits for others")))
    }
}

/// Requirement 150: `approval_count >= required_approvals`, or everybody who was named, of the same version.
async fn agreed(ctx: &mut Ctx, approval: &Approval, version: i64) -> Result<bool> {
    let tenant = ctx.access.tenant.0;
    let query = sqlx::query_as(AGREED).bind(tenant).bind(approval.id).bind(version);
    let agreed: Vec<(Uuid, Vec<String>)> = query.fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    Ok(match approval.policy.as_str() {
        "all" => {
            let roles = approval.roles.iter().all(|role| agreed.iter().any(|(_, held)| held.contains(role)));
            let members = approval.members.iter().all(|member| agreed.iter().any(|(agreed, _)| agreed == member));
            roles && members
        }
        "count" => agreed.len() >= usize::try_from(approval.required).unwrap_or(1),
        _ => !agreed.is_empty(),
    })
}

fn tell(ctx: &mut Ctx, approval: &Approval, state: &str, reason: Option<&str>) {
    ctx.changed(Change {
        entity: "approval".to_owned(),
        record: Some(approval.id),
        before: Some(json!({ "state": "PENDING" })),
        after: Some(json!({ "state": state, "reason": reason, "by": ctx.access.member, "record": approval.record_id })),
        event: Some(format!("workflow.approval.{}", state.to_lowercase())),
    });
}

async fn follow(
    ctx: &mut Ctx,
    approval: &Approval,
    entity: Option<&Entity>,
    state: &str,
    reason: Option<&str>,
) -> Result<()> {
    if let (Some(run), Some(step)) = (approval.run_id, &approval.step) {
        let payload = json!({ "decision": state.to_lowercase(), "by": ctx.access.member, "reason": reason });
        waits::resolve(ctx, run, step, &payload).await?;
        ctx.services.wake.after_commit();
        return Ok(());
    }
    let (Some(entity), Some(record), Some(transition)) = (entity, approval.record_id, &approval.transition) else {
        return Ok(());
    };
    let (name, values) = if state == "APPROVED" {
        (Some(transition.clone()), approved(ctx, entity))
    } else {
        (way_back(entity, transition), Values::new())
    };
    let Some(name) = name else { return Ok(()) };
    let outside = trust(ctx, entity);
    let moved = records::transition_internal(ctx, entity, record, None, &name, &values).await;
    ctx.access = outside;
    moved.map(|_| ())
}

/// Requirement 150: who approved it and when, where the entity keeps that.
fn approved(ctx: &Ctx, entity: &Entity) -> Values {
    let mut values = Values::new();
    let now = ctx.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for (key, value) in [("approvedAt", Value::String(now)), ("approvedBy", json!(ctx.access.member))] {
        if entity.field(key).is_some() {
            values.insert(key.to_owned(), value);
        }
    }
    values
}

/// The move to the state `rejected` that starts where the other one would have.
fn way_back(entity: &Entity, transition: &str) -> Option<String> {
    let states = entity.states.as_ref()?;
    let held = states.transitions.iter().find(|held| held.name == transition)?;
    let back = states
        .transitions
        .iter()
        .find(|back| back.to == REJECTED && held.from.iter().any(|from| from != "*" && back.starts_from(from)));
    back.map(|back| back.name.clone())
}

/// Whoever is asked to decide may take this one move, even where they could not change the record otherwise. Answers the access to go back
/// to.
fn trust(ctx: &mut Ctx, entity: &Entity) -> Arc<Access> {
    let outside = ctx.access.clone();
    let mut access = (*outside).clone();
    for verb in [Verb::Read, Verb::Update] {
        access.grants.0.insert(entity.permission(verb), Reach::All);
    }
    ctx.access = Arc::new(access);
    outside
}
