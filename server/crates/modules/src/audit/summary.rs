//! `audit.summary`: what was done and by whom in the last days, and how far the trail is sealed.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use domain::audit::{AuditSummary, Sealed, SummariseAudit, Tally};
use domain::{Error, Result};
use platform::{Bind, Ctx, Statement};
use std::collections::BTreeMap;
use uuid::Uuid;
use words::t;

const DAYS: u16 = 30;
const MOST_DAYS: u16 = 366;
const SHOWN: usize = 10;

const COUNTS: &str = "\
select c.operation, c.outcome, c.actor_id, max(m.name), count(*)
from changes c left join members m on m.tenant_id = c.tenant_id and m.id = c.actor_id
where c.tenant_id = $1 and c.id >= $2 group by c.operation, c.outcome, c.actor_id";
const SEALED: &str = "\
select h.seq, h.changes, h.head, s.sealed_at from change_heads h
left join change_seals s on s.tenant_id = h.tenant_id and s.seq = h.seq where h.tenant_id = $1";

pub async fn summary(ctx: &mut Ctx, operation: SummariseAudit) -> Result<AuditSummary> {
    let days = operation.days.unwrap_or(DAYS);
    if days == 0 || days > MOST_DAYS {
        let message = t!("A summary covers 1 to {most} days, not {days}", most = MOST_DAYS, days);
        return Err(Error::field("days", message));
    }
    let tenant = Bind::Id(Some(ctx.access.tenant.0));
    let since = (ctx.now() - Duration::days(i64::from(days))).timestamp_millis();
    let first = Uuid::from_u128(u128::try_from(since).unwrap_or_default() << 80);
    let rows = ctx.fetch(Statement::new(COUNTS, vec![tenant.clone(), Bind::Id(Some(first))])).await?;
    let mut summary = AuditSummary {
        days,
        entries: 0,
        refused: 0,
        sign_ins: 0,
        exports: 0,
        operations: Vec::new(),
        people: Vec::new(),
        sealed: None,
    };
    let (mut operations, mut people) = (BTreeMap::<String, i64>::new(), BTreeMap::<Uuid, (String, i64)>::new());
    for row in &rows {
        let (operation, outcome, count): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(4)?);
        summary.entries += count;
        match (outcome.as_str(), operation.as_str()) {
            ("refused", _) => summary.refused += count,
            (_, "people.sign_in") => summary.sign_ins += count,
            (_, "records.export" | "audit.export") => summary.exports += count,
            _ => {}
        }
        *operations.entry(operation).or_default() += count;
        if let Some(person) = row.get::<Option<Uuid>>(2)? {
            let name = row.get::<Option<String>>(3)?.unwrap_or_default();
            people.entry(person).or_insert((name, 0)).1 += count;
        }
    }
    summary.operations =
        most(operations.into_iter().map(|(key, count)| Tally { label: key.clone(), key, count }).collect());
    let people = people.into_iter().map(|(id, (label, count))| Tally { key: id.to_string(), label, count });
    summary.people = most(people.collect());
    let sealed = ctx.fetch(Statement::new(SEALED, vec![tenant])).await?;
    summary.sealed = sealed.first().map(sealed_of).transpose()?;
    Ok(summary)
}

fn most(mut tallies: Vec<Tally>) -> Vec<Tally> {
    tallies.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.label.cmp(&other.label)));
    tallies.truncate(SHOWN);
    tallies
}

fn sealed_of(row: &platform::Row) -> Result<Sealed> {
    let (head, at): (Vec<u8>, Option<DateTime<Utc>>) = (row.get(2)?, row.get(3)?);
    Ok(Sealed {
        seq: row.get(0)?,
        changes: row.get(1)?,
        at: at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        head: head.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}
