//! Changes and events, written once, in the transaction of what they report, by one statement.

use crate::audit::chain::{Stored, digest};
use crate::ctx::Ctx;
use crate::idempotency::{self, Idempotent};
use domain::Result;
use serde_json::Value;
use uuid::Uuid;

/// One change of one row, as the operation that makes it reports it.
#[derive(Debug, Clone)]
pub struct Change {
    pub entity: String,
    pub record: Option<Uuid>,
    /// Values before and after, by field key: those that differ for an update, all of them for a creation or removal.
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// Type of the event that tells of it: `crm.lead.created`. None for what no workflow should ever start from.
    pub event: Option<String>,
}

macro_rules! insert {
    ($beside:literal) => {
        concat!(
            "with written as (
    insert into changes (tenant_id, id, at, operation, entity, record_id, actor_id, cause_kind, cause_id, request_id, before, after, salt, digest, address, agent, session_id, outcome, through_kind, through_id)
    select $1, c.id, $2, $3, c.entity, c.record_id, $4, $5, $6, $7, c.before::jsonb, c.after::jsonb, c.salt, c.digest, $23, $24, $25, $26, $27, $28
    from unnest($8::uuid[], $9::text[], $10::uuid[], $11::text[], $12::text[], $13::bytea[], $14::bytea[])
        as c (id, entity, record_id, before, after, salt, digest)
)",
            $beside,
            " insert into events (tenant_id, id, at, type, entity, record_id, change_id, actor_id, source, correlation_id, causation_id, depth)
select $1, e.id, $2, e.type, e.entity, e.record_id, e.change_id, $4, $5, $15, $16, $17
from unnest($18::uuid[], $19::text[], $20::text[], $21::uuid[], $22::uuid[]) as e (id, type, entity, record_id, change_id)"
        )
    };
}

const INSERT: &str = insert!("");
/// With the reply to whoever sends the same request again: one round trip less than writing it by itself.
const INSERT_AND_REPLY: &str = insert!(
    ", answered as (
    insert into idempotency_keys (tenant_id, member_id, route, key, body_hash, status, reply, created_at, rights)
    values ($1, $4, $29, $30, $31, 200, $32, $2, $33)
)"
);

#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    entities: Vec<String>,
    records: Vec<Option<Uuid>>,
    befores: Vec<Option<String>>,
    afters: Vec<Option<String>>,
    salts: Vec<Vec<u8>>,
    digests: Vec<Vec<u8>>,
    event_ids: Vec<Uuid>,
    event_types: Vec<String>,
    event_entities: Vec<String>,
    event_records: Vec<Option<Uuid>>,
    event_changes: Vec<Uuid>,
}

/// Writes what the context has collected, and the reply to a request that may be sent again. Called by the dispatcher before it commits,
/// and by jobs before theirs.
pub(crate) async fn write(ctx: &mut Ctx, changes: Vec<Change>, reply: Option<(&Idempotent, &str)>) -> Result<()> {
    if changes.is_empty() {
        return match reply {
            Some((once, json)) => {
                let (holder, now) = (ctx.access.holder(), ctx.now());
                idempotency::finish(ctx.conn().await?, &holder, once, now, json).await
            }
            None => Ok(()),
        };
    }
    let (tenant, at, operation) = (ctx.access.tenant.0, ctx.now(), ctx.operation);
    let (actor, session, outcome) = (ctx.access.member.0, ctx.session, ctx.outcome);
    let origin = ctx.origin.clone();
    let client = origin.client.as_deref().cloned().unwrap_or_default();
    // From the access and not from the origin: operations set their own cause there.
    let (through_kind, through_id) = ctx.access.through().map(|through| (through.kind, through.id)).unzip();
    let mut columns = Columns::default();
    for change in changes {
        let Change { entity, record, before, after, event } = change;
        columns.push(
            ctx,
            event,
            Stored {
                tenant_id: tenant,
                id: Uuid::nil(),
                at,
                operation: operation.to_owned(),
                entity,
                record_id: record,
                actor_id: Some(actor),
                cause_kind: origin.cause_kind.to_owned(),
                cause_id: origin.cause_id,
                request_id: origin.request,
                before,
                after,
                salt: vec![0; 16],
                digest: Vec::new(),
                address: client.address.clone(),
                agent: client.agent.clone(),
                session_id: session,
                outcome: outcome.to_owned(),
                through_kind: through_kind.map(str::to_owned),
                through_id,
                // The database's to know.
                xid: String::new(),
            },
        );
    }
    let mut query = sqlx::query(if reply.is_some() { INSERT_AND_REPLY } else { INSERT })
        .bind(tenant)
        .bind(at)
        .bind(operation)
        .bind(actor)
        .bind(origin.cause_kind)
        .bind(origin.cause_id)
        .bind(origin.request)
        .bind(columns.ids)
        .bind(columns.entities)
        .bind(columns.records)
        .bind(columns.befores)
        .bind(columns.afters)
        .bind(columns.salts)
        .bind(columns.digests)
        .bind(origin.correlation)
        .bind(origin.causation)
        .bind(origin.depth)
        .bind(columns.event_ids)
        .bind(columns.event_types)
        .bind(columns.event_entities)
        .bind(columns.event_records)
        .bind(columns.event_changes)
        .bind(client.address)
        .bind(client.agent)
        .bind(session)
        .bind(outcome)
        .bind(through_kind)
        .bind(through_id);
    if let Some((once, json)) = reply {
        let rights = ctx.access.holder().rights;
        query = query.bind(&once.route).bind(&once.key).bind(&once.body_hash).bind(json).bind(rights);
    }
    query.execute(ctx.conn().await?).await.map_err(idempotency::refused)?;
    ctx.wrote_events = true;
    Ok(())
}

impl Columns {
    fn push(&mut self, ctx: &Ctx, event: Option<String>, mut row: Stored) {
        row.id = ctx.new_id();
        ctx.services.random.fill(&mut row.salt);
        self.digests.push(digest(&row));
        if let Some(event) = event {
            self.event_ids.push(ctx.new_id());
            self.event_types.push(event);
            self.event_entities.push(row.entity.clone());
            self.event_records.push(row.record_id);
            self.event_changes.push(row.id);
        }
        self.ids.push(row.id);
        self.entities.push(row.entity);
        self.records.push(row.record_id);
        self.befores.push(row.before.as_ref().map(Value::to_string));
        self.afters.push(row.after.as_ref().map(Value::to_string));
        self.salts.push(row.salt);
    }
}
