//! `audit.list` and `audit.export`: entries of the trail, newest first.

use super::withheld::Withheld;
use chrono::{DateTime, Days, NaiveDate, SecondsFormat, TimeZone, Utc};
use domain::audit::{AuditChange, AuditEntry, AuditPage, AuditQuery, ExportAudit, ListAudit, MOST};
use domain::{Error, Result};
use platform::{Bind, Change, Ctx, Row, Statement};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use words::t;

const LIMIT: u32 = 50;

/// The id begins with the moment, so days are a stretch of the key.
const ENTRIES: &str = concat!(
    "select c.id, c.at, c.operation, c.entity, c.record_id, c.actor_id, ",
    platform::actor_name!(),
    ", c.outcome, c.cause_kind, c.cause_id, c.request_id, c.session_id,
    c.address, c.agent, c.before::text, c.after::text from changes c",
    platform::actor_joins!(),
    "where c.tenant_id = $1 and c.id >= $2 and c.id < $3
  and ($4::uuid is null or c.actor_id = $4) and ($5::text is null or c.operation = $5) and ($6::text is null or c.entity = $6)
  and ($7::uuid is null or c.record_id = $7) and ($8::uuid is null or c.request_id = $8) and ($9::text is null or c.outcome = $9)
  and ($10::uuid is null or c.id = $10)
order by c.id desc limit $11"
);

pub async fn list(ctx: &mut Ctx, operation: ListAudit) -> Result<AuditPage> {
    page(ctx, &operation.query).await
}

pub async fn export(ctx: &mut Ctx, operation: ExportAudit) -> Result<AuditPage> {
    let page = page(ctx, &operation.query).await?;
    ctx.changed(Change {
        entity: "change".to_owned(),
        record: None,
        before: None,
        after: Some(json!({ "query": operation.query, "entries": page.entries.len() })),
        event: None,
    });
    Ok(page)
}

async fn page(ctx: &mut Ctx, query: &AuditQuery) -> Result<AuditPage> {
    let limit = query.limit.unwrap_or(LIMIT);
    if limit == 0 || limit > MOST {
        let message = t!("A page of the audit trail has 1 to {most} entries, not {limit}", most = MOST, limit);
        return Err(Error::field("limit", message));
    }
    let zone = ctx.access.timezone.clone();
    let first = query.from.map_or(Uuid::nil(), |day| first_id(&zone, day));
    let end =
        query.to.and_then(|day| day.checked_add_days(Days::new(1))).map_or(Uuid::max(), |day| first_id(&zone, day));
    let end = query.before.map_or(end, |before| end.min(before));
    let binds = vec![
        Bind::Id(Some(ctx.access.tenant.0)),
        Bind::Id(Some(first)),
        Bind::Id(Some(end)),
        Bind::Id(query.person),
        Bind::Text(query.operation.clone()),
        Bind::Text(query.entity.clone()),
        Bind::Id(query.record),
        Bind::Id(query.request),
        Bind::Text(query.outcome.clone()),
        Bind::Id(query.change),
        Bind::Int(Some(i64::from(limit))),
    ];
    let mut statement = Statement::new(ENTRIES, binds);
    // Which filters are set decides which index serves.
    statement.fresh = true;
    let rows = ctx.fetch(statement).await?;
    let entries = rows.iter().map(|row| entry(ctx, row)).collect::<Result<Vec<_>>>()?;
    let next = entries.last().filter(|_| entries.len() == limit as usize).map(|entry| entry.id);
    Ok(AuditPage { entries, next })
}

/// The least id of a day, as clocks in the workspace count it.
fn first_id(zone: &str, day: NaiveDate) -> Uuid {
    let zone = zone.parse::<chrono_tz::Tz>().unwrap_or(chrono_tz::UTC);
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    let at = zone.from_local_datetime(&midnight).earliest().map_or_else(|| midnight.and_utc(), |at| at.to_utc());
    Uuid::from_u128(u128::try_from(at.timestamp_millis()).unwrap_or_default() << 80)
}

fn entry(ctx: &Ctx, row: &Row) -> Result<AuditEntry> {
    let at: DateTime<Utc> = row.get(1)?;
    let (entity, outcome): (String, String) = (row.get(3)?, row.get(7)?);
    let side = |at: usize| -> Result<Value> {
        let text: Option<&str> = row.get(at)?;
        text.map_or(Ok(Value::Null), |text| serde_json::from_str(text).map_err(|_| Error::internal()))
    };
    let (before, after) = (side(14)?, side(15)?);
    let refused = outcome == "refused";
    let reason = after.get("reason").and_then(Value::as_str).filter(|_| refused).map(str::to_owned);
    Ok(AuditEntry {
        id: row.get(0)?,
        at: at.to_rfc3339_opts(SecondsFormat::Millis, true),
        operation: row.get(2)?,
        record: row.get(4)?,
        person: row.get(5)?,
        name: row.get(6)?,
        reason,
        cause: row.get(8)?,
        cause_id: row.get(9)?,
        request: row.get(10)?,
        session: row.get(11)?,
        address: row.get(12)?,
        agent: row.get(13)?,
        changes: if refused { Vec::new() } else { changes(ctx, &entity, &before, &after) },
        entity,
        outcome,
    })
}

/// What was and what became of it: by the description where there is one, so that nobody reads here what the record hides from them; else by
/// the names that the operation gave.
pub fn changes(ctx: &Ctx, entity: &str, before: &Value, after: &Value) -> Vec<AuditChange> {
    let empty = Map::new();
    let side = |value: &Value| value.as_object().cloned().unwrap_or_else(|| empty.clone());
    let (before, after) = (side(before), side(after));
    let of = |side: &Map<String, Value>, key: &str| side.get(key).cloned().unwrap_or(Value::Null);
    let described = ctx.catalog.get(entity);
    let mut keys: Vec<(String, String)> = match described {
        Some(entity) => {
            let readable = entity.fields.iter().filter(|field| records::readable(&ctx.access, field));
            readable.map(|field| (field.key.clone(), field.label.clone())).collect()
        }
        None => before.keys().chain(after.keys()).map(|key| (key.clone(), key.clone())).collect(),
    };
    // What no description names and every row has, and what an export tells of itself.
    let own = ["deletedAt", "filter", "search", "ids", "asOf", "trash", "sort", "fields", "rows", "continued"];
    if let Some(entity) = described {
        // A field of that name is read as a field is, or not at all.
        let own = own.iter().filter(|key| entity.field(key).is_none());
        keys.extend(own.map(|key| ((*key).to_owned(), (*key).to_owned())));
    }
    let withheld = Withheld::of(ctx, entity, [&before, &after]);
    let mut out: Vec<AuditChange> = Vec::new();
    for (field, label) in keys {
        let (mut before, mut after) = (of(&before, &field), of(&after, &field));
        if before != after && out.iter().all(|change| change.field != field) {
            withheld.hide(&field, [&mut before, &mut after]);
            out.push(AuditChange { field, label, before, after });
        }
    }
    out
}
