//! `workflow.why`: from a change up to the person or the source that began it.

use super::{moment, sight};
use domain::Result;
use domain::workflow::{CauseLink, Why, WhyRow};
use platform::{Bind, Ctx, Statement};
use std::collections::BTreeMap;
use uuid::Uuid;
use words::t;

// From each change to the run that made it, to the event that began the run, to the change that the event told of, and so on.
const CHAIN: &str = concat!(
    "with recursive chain (root, level, change_id, cause_kind, cause_id, at, run_id, event_id) as (
    select c.id, 0, c.id, c.cause_kind, c.cause_id, c.at, r.id, r.event_id from changes c
    left join runs r on c.cause_kind = 'run' and r.tenant_id = $1 and r.id = c.cause_id
    where c.tenant_id = $1 and c.id = any ($2)
    union all
    select chain.root, chain.level + 1, p.id, p.cause_kind, p.cause_id, p.at, r.id, r.event_id from chain
    join events e on e.tenant_id = $1 and e.id = chain.event_id
    join changes p on p.tenant_id = $1 and p.id = e.change_id
    left join runs r on p.cause_kind = 'run' and r.tenant_id = $1 and r.id = p.cause_id
    where chain.level < 16
)
select chain.root, chain.cause_kind, chain.cause_id, (select ",
    platform::actor_name!(),
    " from changes c",
    platform::actor_joins!(),
    "where c.tenant_id = $1 and c.id = chain.change_id),
    ",
    moment!("chain.at"),
    ", chain.run_id, w.name, ",
    moment!("r.created_at"),
    ", r.entity, r.record_id,
    e.type, e.entity, e.record_id, ",
    moment!("e.at"),
    ", e.id, (select m.name from members m where m.tenant_id = $1 and m.id = r.started_by)
from chain
left join runs r on r.tenant_id = $1 and r.id = chain.run_id
left join workflows w on w.tenant_id = $1 and w.id = r.workflow_id
left join events e on e.tenant_id = $1 and e.id = chain.event_id
order by chain.root, chain.level"
);
const CHANGES: &str = concat!(
    "select id, ", moment!("at"), ", operation, (select coalesce(jsonb_agg(k), '[]')::text from jsonb_object_keys(coalesce(after, before, '{}')) k where k <> 'version')
from changes where tenant_id = $1 and record_id = $2 and entity = $3 order by id desc limit $4"
);

pub async fn why(ctx: &mut Ctx, why: Why) -> Result<Vec<WhyRow>> {
    let entity = ctx.entity(&why.entity)?;
    // Who may not see the record learns nothing of it.
    records::visible(ctx, &entity, why.id).await?;
    let hidden: Vec<&str> = entity
        .fields
        .iter()
        .filter(|field| !records::readable(&ctx.access, field))
        .map(|field| field.key.as_str())
        .collect();
    let binds = vec![
        Bind::Id(Some(ctx.access.tenant.0)),
        Bind::Id(Some(why.id)),
        Bind::text(&why.entity),
        Bind::Int(Some(i64::from(why.limit.clamp(1, 200)))),
    ];
    let mut rows = Vec::new();
    for row in ctx.fetch(Statement::new(CHANGES, binds)).await? {
        let mut fields: Vec<String> = serde_json::from_str(row.get(3)?).unwrap_or_default();
        fields.retain(|field| !hidden.contains(&field.as_str()));
        rows.push(WhyRow { change: row.get(0)?, at: row.get(1)?, operation: row.get(2)?, fields, causes: Vec::new() });
    }
    let mut causes = causes(ctx, rows.iter().map(|row| row.change)).await?;
    for row in &mut rows {
        row.causes = causes.remove(&row.change).unwrap_or_default();
    }
    sight::causes(ctx, rows.iter_mut().flat_map(|row| row.causes.iter_mut()).collect()).await?;
    Ok(rows)
}

/// The causes of each change, from the nearest to the first.
pub async fn causes(ctx: &mut Ctx, changes: impl IntoIterator<Item = Uuid>) -> Result<BTreeMap<Uuid, Vec<CauseLink>>> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::ids(changes)];
    let mut causes: BTreeMap<Uuid, Vec<CauseLink>> = BTreeMap::new();
    for row in ctx.fetch(Statement::new(CHAIN, binds)).await? {
        let links = causes.entry(row.get(0)?).or_default();
        let kind: String = row.get(1)?;
        let run: Option<Uuid> = row.get(5)?;
        if kind != "run" || run.is_none() {
            let actor: Option<String> = row.get(3)?;
            links.push(CauseLink {
                what: origin(&kind, actor.as_deref()),
                kind,
                id: row.get(2)?,
                entity: None,
                record: None,
                actor,
                at: row.get(4)?,
            });
            continue;
        }
        links.push(CauseLink {
            kind,
            what: row.get::<Option<String>>(6)?.unwrap_or_default(),
            id: run,
            entity: row.get(8)?,
            record: row.get(9)?,
            actor: None,
            at: row.get::<Option<String>>(7)?.unwrap_or_default(),
        });
        let event: Option<String> = row.get(10)?;
        let actor: Option<String> = row.get(15)?;
        links.push(match event {
            Some(what) => CauseLink {
                kind: "event".to_owned(),
                what,
                id: row.get(14)?,
                entity: row.get(11)?,
                record: row.get(12)?,
                actor: None,
                at: row.get::<Option<String>>(13)?.unwrap_or_default(),
            },
            None => CauseLink {
                kind: "request".to_owned(),
                what: t!("Started by hand").to_owned(),
                id: None,
                entity: None,
                record: None,
                actor,
                at: row.get::<Option<String>>(7)?.unwrap_or_default(),
            },
        });
    }
    Ok(causes)
}

fn origin(kind: &str, actor: Option<&str>) -> String {
    let who = actor.unwrap_or_else(|| t!("somebody who is gone"));
    match kind {
        "request" => t!("{who} did it", who),
        "import" => t!("{who} imported it", who),
        "seed" => t!("Demo records were made").to_owned(),
        "event" => t!("The time came").to_owned(),
        other => t!("{who}, by {cause}", who, cause = cause(other)),
    }
}

fn cause(kind: &str) -> &str {
    match kind {
        "bulk" => t!("bulk" in "cause"),
        "merge" => t!("merge" in "cause"),
        "undo" => t!("undo" in "cause"),
        "delivery" => t!("delivery" in "cause"),
        "hand_over" => t!("hand_over" in "cause"),
        "start" => t!("start" in "cause"),
        "sign_in" => t!("sign_in" in "cause"),
        "impersonation" => t!("impersonation" in "cause"),
        "api_key" => t!("api_key" in "cause"),
        other => other,
    }
}
