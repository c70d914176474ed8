//! `workflow.list_approvals` and `workflow.get_approval`.

use crate::approvals::{ended, is_asked};
use domain::workflow::{ApprovalRow, DecisionRow, GetApproval, ListApprovals};
use domain::{Error, Result};
use platform::{Bind, Ctx, Row, Statement};
use serde::Deserialize;
use uuid::Uuid;
use words::t;

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "select a.id, a.title, a.state, a.entity, a.record_id, a.run_id, a.step, a.transition,
    to_jsonb(a.roles)::text, (select coalesce(jsonb_agg(jsonb_build_array(m.id, m.name)), '[]')::text from members m where m.tenant_id = a.tenant_id and m.id = any (a.members)),
    a.policy, a.required::int8, (select r.name from members r where r.tenant_id = a.tenant_id and r.id = a.requested_by),
    to_char(a.created_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), to_char(a.expires_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
    to_char(a.decided_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
    (select coalesce(jsonb_agg(jsonb_build_object('member', m.name, 'id', d.member_id, 'decision', d.decision, 'reason', d.reason,
        'at', to_char(d.at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) order by d.at, d.member_id), '[]')::text
        from approval_decisions d join members m on m.tenant_id = d.tenant_id and m.id = d.member_id
        where d.tenant_id = a.tenant_id and d.approval_id = a.id),
    a.requested_by, a.self_approval
from approvals a where a.tenant_id = $1 and ",
            $condition
        )
    };
}

const MINE: &str =
    select!("a.state = 'PENDING' and (a.roles && $2::text[] or $3 = any (a.members)) order by a.id limit $4");
const ALL: &str = select!("true order by a.id desc limit $2");
const ONE: &str = select!("a.id = $2");
const OF_RUN: &str = select!("a.run_id = $2 order by a.id");

#[derive(Deserialize)]
struct Decided {
    id: Uuid,
    #[serde(flatten)]
    row: DecisionRow,
}

pub async fn list_approvals(ctx: &mut Ctx, list: ListApprovals) -> Result<Vec<ApprovalRow>> {
    let limit = Bind::Int(Some(i64::from(list.limit.min(500))));
    let tenant = Bind::Id(Some(ctx.access.tenant.0));
    let statement = if list.all {
        ctx.require("workflow.run.read")?;
        Statement::new(ALL, vec![tenant, limit])
    } else {
        let roles = Bind::texts(ctx.access.roles.iter().map(String::as_str));
        Statement::new(MINE, vec![tenant, roles, Bind::Id(Some(ctx.access.member.0)), limit])
    };
    rows(ctx, statement).await
}

/// Those who are asked, those who asked, and those who may read runs see it; for others there is none.
pub async fn get_approval(ctx: &mut Ctx, get: GetApproval) -> Result<ApprovalRow> {
    let tenant = Bind::Id(Some(ctx.access.tenant.0));
    let statement = Statement::new(ONE, vec![tenant, Bind::Id(Some(get.id))]);
    let found = ctx.fetch(statement).await?;
    let (row, seen) = read(ctx, found.first().ok_or_else(Error::not_found)?)?;
    if seen || ctx.require("workflow.run.read").is_ok() { Ok(row) } else { Err(Error::not_found()) }
}

/// As the caller who has just decided sees it.
pub async fn one(ctx: &mut Ctx, id: Uuid) -> Result<ApprovalRow> {
    let tenant = Bind::Id(Some(ctx.access.tenant.0));
    rows(ctx, Statement::new(ONE, vec![tenant, Bind::Id(Some(id))])).await?.pop().ok_or_else(Error::not_found)
}

pub async fn of_run(ctx: &mut Ctx, run: Uuid) -> Result<Vec<ApprovalRow>> {
    let tenant = Bind::Id(Some(ctx.access.tenant.0));
    rows(ctx, Statement::new(OF_RUN, vec![tenant, Bind::Id(Some(run))])).await
}

async fn rows(ctx: &mut Ctx, statement: Statement) -> Result<Vec<ApprovalRow>> {
    let found = ctx.fetch(statement).await?;
    found.iter().map(|row| read(ctx, row).map(|(row, _)| row)).collect()
}

/// The row, and whether it concerns the caller.
fn read(ctx: &Ctx, row: &Row) -> Result<(ApprovalRow, bool)> {
    fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
        serde_json::from_str(text).map_err(|_| Error::internal())
    }
    let roles: Vec<String> = parsed(row.get(8)?)?;
    let members: Vec<(Uuid, String)> = parsed(row.get(9)?)?;
    let decided: Vec<Decided> = parsed(row.get(16)?)?;
    let (requested_by, self_approval): (Option<Uuid>, bool) = (row.get(17)?, row.get(18)?);
    let state: String = row.get(2)?;
    let me = ctx.access.member.0;
    let ids: Vec<Uuid> = members.iter().map(|(id, _)| *id).collect();
    let asked = is_asked(&ctx.access, &roles, &ids);
    let because = if state != "PENDING" {
        Some(t!("It was {state} already", state = ended(&state)))
    } else if !asked {
        Some(t!("Others are asked").to_owned())
    } else if requested_by == Some(me) && !self_approval {
        Some(t!("You began this yourself, so somebody else has to decide it").to_owned())
    } else if decided.iter().any(|decision| decision.id == me) {
        Some(t!("You have decided; it waits for others").to_owned())
    } else {
        None
    };
    let approved = decided.iter().filter(|decision| decision.row.decision == "approve").count();
    let required: i64 = row.get(11)?;
    let shown = ApprovalRow {
        id: row.get(0)?,
        title: row.get(1)?,
        state,
        entity: row.get(3)?,
        record: row.get(4)?,
        run: row.get(5)?,
        step: row.get(6)?,
        transition: row.get(7)?,
        roles,
        members: members.into_iter().map(|(_, name)| name).collect(),
        policy: row.get(10)?,
        required: i16::try_from(required).unwrap_or(i16::MAX),
        approved: i64::try_from(approved).unwrap_or(i64::MAX),
        requested_by: row.get(12)?,
        created_at: row.get(13)?,
        expires_at: row.get(14)?,
        decided_at: row.get(15)?,
        decisions: decided.into_iter().map(|decision| decision.row).collect(),
        mine: because.is_none(),
        because,
    };
    Ok((shown, asked || requested_by == Some(me)))
}
