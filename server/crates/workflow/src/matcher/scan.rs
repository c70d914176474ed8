//! Schedules over records: which of them a tick is about.

use super::decide::{Holds, test};
use crate::check::Compiled;
use crate::roots::{Roots, wire};
use domain::records::{ListRecords, Record};
use domain::schema::{Count, Filter, ListQuery};
use domain::workflow::{Trigger, TriggerKind};
use domain::{Error, Result};
use platform::Ctx;
use uuid::Uuid;

/// Of one tick. A schedule that finds more should have a narrower filter.
const MOST: usize = 20_000;

/// Records of which the trigger's expression and the conditions hold, or could not be worked out.
pub async fn records(ctx: &mut Ctx, compiled: &Compiled) -> Result<Vec<(Uuid, Holds)>> {
    let Some(entity) = compiled.entity.clone() else { return Ok(Vec::new()) };
    let text = filter(&compiled.definition.trigger);
    let filter = text.map(|text| Filter::parse(&text, &entity)).transpose();
    let filter = filter.map_err(|problem| Error::field("trigger.filter", problem.to_string()))?;
    let mut query = ListQuery { filter, limit: 500, count: Count::None, ..ListQuery::default() };
    let mut found = Vec::new();
    loop {
        let page = ctx.run(ListRecords { entity: entity.key.clone(), query: query.clone() }).await?;
        for record in page.records()? {
            let id = record.id;
            match one(ctx, compiled, record).await? {
                Holds::No => {}
                holds => found.push((id, holds)),
            }
        }
        match page.next {
            Some(next) if found.len() < MOST => query.cursor = Some(next),
            Some(_) => {
                tracing::warn!(
                    workflow = compiled.definition.key,
                    MOST,
                    "a schedule found more records than it may start runs for"
                );
                return Ok(found);
            }
            None => return Ok(found),
        }
    }
}

async fn one(ctx: &mut Ctx, compiled: &Compiled, record: Record) -> Result<Holds> {
    let mut roots = Roots::of_wire(compiled, wire(record));
    roots.gather(ctx, &compiled.catalog, &compiled.reads).await?;
    Ok(test(ctx, compiled, &roots))
}

/// The filter that an index answers.
fn filter(trigger: &Trigger) -> Option<String> {
    let day = match (trigger.on, &trigger.field) {
        // Its day was so many days ago.
        (TriggerKind::DateReached, Some(field)) => match trigger.days {
            0 => Some(format!("{field} = today")),
            days => Some(format!("{field} = today{:+}", -days)),
        },
        _ => None,
    };
    match (day, &trigger.filter) {
        (Some(day), Some(own)) => Some(format!("{day} and ({own})")),
        (day, own) => day.or_else(|| own.clone()),
    }
}
