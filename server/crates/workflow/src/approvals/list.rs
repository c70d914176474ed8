//! `workflow.list_approvals` and `workflow.get_approval`.

use crate::approvals::since::{self, Changed};
use crate::approvals::{ended, is_asked};
use crate::operations::sight;
use domain::workflow::{ApprovalRow, DecisionRow, GetApproval, ListApprovals};
use domain::{Error, Result};
use platform::{Bind, Ctx, Row, Statement};
use records::Hold;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
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
        'version', d.version, 'at', to_char(d.at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) order by d.at, d.member_id), '[]')::text
        from approval_decisions d join members m on m.tenant_id = d.tenant_id and m.id = d.member_id
        where d.tenant_id = a.tenant_id and d.approval_id = a.id),
    a.requested_by, a.self_approval, a.record_version
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
    /// Of the record that was decided about.
    version: i64,
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
    let (row, seen) = read(ctx, statement).await?.pop().ok_or_else(Error::not_found)?;
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
    Ok(read(ctx, statement).await?.into_iter().map(|(row, _)| row).collect())
}

/// The rows, and whether each concerns the caller.
async fn read(ctx: &mut Ctx, statement: Statement) -> Result<Vec<(ApprovalRow, bool)>> {
    let found = ctx.fetch(statement).await?;
    let mut found = found.iter().map(|row| Found::read(ctx, row)).collect::<Result<Vec<Found>>>()?;
    let versions = versions(ctx, &found).await?;
    for row in found.iter_mut().map(|found| &mut found.row).filter(|row| row.state == "PENDING") {
        row.version = row.record.and_then(|record| versions.get(&record).copied());
    }
    // Hardly any: most records are left alone while they wait.
    let changed: Vec<Uuid> = found.iter().filter(|found| found.is_changed()).map(|found| found.row.id).collect();
    let changes = since::changes(ctx, &changed).await?;
    let me = ctx.access.member.0;
    let mut rows: Vec<_> = found.into_iter().map(|found| found.shown(me, &changes)).collect();
    sight::approvals(ctx, &mut rows).await?;
    Ok(rows)
}

/// The versions that the records of undecided approvals have now.
async fn versions(ctx: &mut Ctx, found: &[Found]) -> Result<HashMap<Uuid, i64>> {
    let mut wanted: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
    for row in found.iter().map(|found| &found.row).filter(|row| row.state == "PENDING") {
        if let (Some(entity), Some(record)) = (&row.entity, row.record) {
            wanted.entry(entity.as_str()).or_default().push(record);
        }
    }
    let mut versions = HashMap::new();
    for (key, ids) in wanted {
        // Of what no description has, there is nothing to know.
        if let Some(entity) = ctx.catalog.get(key).cloned() {
            versions.extend(records::versions(ctx, &entity, &ids, Hold::Looked).await?);
        }
    }
    Ok(versions)
}

/// An approval by itself, before anything is known of its record.
struct Found {
    row: ApprovalRow,
    decided: Vec<Decided>,
    asked: bool,
    requested_by: Option<Uuid>,
    self_approval: bool,
    record_version: Option<i64>,
}

impl Found {
    fn read(ctx: &Ctx, row: &Row) -> Result<Self> {
        fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
            serde_json::from_str(text).map_err(|_| Error::internal())
        }
        let roles: Vec<String> = parsed(row.get(8)?)?;
        let members: Vec<(Uuid, String)> = parsed(row.get(9)?)?;
        let ids: Vec<Uuid> = members.iter().map(|(id, _)| *id).collect();
        let required: i64 = row.get(11)?;
        Ok(Self {
            asked: is_asked(&ctx.access, &roles, &ids),
            decided: parsed(row.get(16)?)?,
            requested_by: row.get(17)?,
            self_approval: row.get(18)?,
            record_version: row.get(19)?,
            row: ApprovalRow {
                id: row.get(0)?,
                title: row.get(1)?,
                state: row.get(2)?,
                entity: row.get(3)?,
                record: row.get(4)?,
                version: None,
                changed_by: Vec::new(),
                run: row.get(5)?,
                step: row.get(6)?,
                transition: row.get(7)?,
                roles,
                members: members.into_iter().map(|(_, name)| name).collect(),
                policy: row.get(10)?,
                required: i16::try_from(required).unwrap_or(i16::MAX),
                approved: 0,
                requested_by: row.get(12)?,
                created_at: row.get(13)?,
                expires_at: row.get(14)?,
                decided_at: row.get(15)?,
                decisions: Vec::new(),
                mine: false,
                because: None,
            },
        })
    }

    /// Whether the record has another version than when this was asked for.
    fn is_changed(&self) -> bool {
        self.record_version.zip(self.row.version).is_some_and(|(asked, now)| asked != now)
    }

    /// As a member sees it, and whether it concerns them.
    fn shown(self, me: Uuid, changes: &[Changed]) -> (ApprovalRow, bool) {
        let Self { mut row, decided, asked, requested_by, self_approval, .. } = self;
        let pending = row.state == "PENDING";
        let changes: Vec<&Changed> = changes.iter().filter(|change| change.approval == row.id).collect();
        row.changed_by = since::names(changes.iter().copied());
        // What counts is about the version of now; once it is decided, about the one that it was decided with.
        let last = decided.iter().map(|decision| decision.version).max();
        let about = if pending { row.version.or(Some(0)) } else { last };
        let counts = |decision: &Decided| Some(decision.version) == about;
        row.because = if !pending {
            Some(t!("It was {state} already", state = ended(&row.state)))
        } else if !asked {
            Some(t!("Others are asked").to_owned())
        } else if requested_by == Some(me) && !self_approval {
            Some(t!("You began this yourself, so somebody else has to decide it").to_owned())
        } else if !self_approval && changes.iter().any(|change| change.actor == Some(me)) {
            Some(t!("You have changed it since it was asked for, so somebody else has to decide it").to_owned())
        } else if decided.iter().any(|decision| decision.id == me && counts(decision)) {
            Some(t!("You have decided; it waits for others").to_owned())
        } else {
            None
        };
        row.mine = row.because.is_none();
        let approved = decided.iter().filter(|decision| counts(decision) && decision.row.decision == "approve").count();
        row.approved = i64::try_from(approved).unwrap_or(i64::MAX);
        let shown = |decision: Decided| DecisionRow { outdated: !counts(&decision), ..decision.row };
        row.decisions = decided.into_iter().map(shown).collect();
        (row, asked || requested_by == Some(me))
    }
}
