//! That a record was moved to another state: told to whom it belongs, where another person moved it.
//!
//! What a workflow moves is not told of by itself: it is the echo of what somebody did, and a workflow that has something to say has a step for it.

use super::{Lately, Speaks, said};
use crate::matcher::Event;
use crate::trigger::Images;
use domain::Result;
use domain::schema::Catalog;
use domain::workflow::NotificationKind;
use platform::{Ctx, Notice, db_error};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use uuid::Uuid;
use words::t;

// Automation is a member too, and no person.
const PEOPLE: &str = "select id, name from members where tenant_id = $1 and id = any ($2) and kind = 'person'";

/// A record that a member moved, whosever it is.
#[derive(Debug, Clone)]
pub struct Moved {
    event: Uuid,
    by: Uuid,
    entity: String,
    record: Uuid,
    from: String,
    to: String,
    /// What the acts of one request or job have in common.
    act: Uuid,
}

/// Nothing where no state changed, or a workflow did it.
pub fn by_a_member(event: &Event, record: Uuid) -> Option<Moved> {
    let by = event.actor_id.filter(|_| event.cause_run.is_none())?;
    // Read as JSON only where the word is in it at all: most changes are of something else.
    let moved = [&event.before, &event.after];
    let of_a_state = |image: &&Option<String>| image.as_deref().is_some_and(|image| image.contains("\"status\""));
    let entity = event.entity.clone().filter(|_| moved.iter().all(of_a_state))?;
    let images = Images::read(event.before.as_deref(), event.after.as_deref());
    let state = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let from = state(images.before.as_ref().and_then(|before| before.get("status")))?;
    let to = state(images.value("status"))?;
    let act = event.correlation_id;
    (from != to).then_some(Moved { event: event.id, by, entity, record, from, to, act })
}

/// Those that a person moved and that are somebody else's now: whose, by whom, and what happened. Of what is described with states alone: other
/// tables have words like it.
pub async fn theirs(ctx: &mut Ctx, moved: Vec<&Moved>) -> Result<Vec<(Uuid, String, Moved)>> {
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
    for one in &moved {
        rows.entry(&one.entity).or_default().push(one.record);
    }
    let catalog = ctx.catalog.clone();
    let mut owners: HashMap<Uuid, Uuid> = HashMap::new();
    for (key, ids) in rows {
        let Some(entity) = catalog.get(key).filter(|entity| entity.states.is_some()) else { continue };
        owners.extend(records::owners(ctx, entity, &ids).await?);
    }
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let (tenant, by): (Uuid, Vec<Uuid>) = (ctx.access.tenant.0, moved.iter().map(|moved| moved.by).collect());
    let people: Vec<(Uuid, String)> =
        sqlx::query_as(PEOPLE).bind(tenant).bind(by).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let people: HashMap<Uuid, String> = people.into_iter().collect();
    let told = |moved: &Moved| {
        let (owner, by) = (owners.get(&moved.record)?, people.get(&moved.by)?);
        (*owner != moved.by).then(|| (*owner, by.clone(), moved.clone()))
    };
    Ok(moved.into_iter().filter_map(told).collect())
}

/// Up to a few records one by one, more of one act in one line. `catalog` answers in the language that is spoken.
pub fn lines(
    catalog: &dyn Fn() -> Arc<Catalog>,
    speaks: &Speaks,
    lately: &Lately,
    moved: Vec<(Uuid, String, Moved)>,
) -> Vec<Notice> {
    let mut acts: BTreeMap<(Uuid, String, Uuid), Vec<(String, Moved)>> = BTreeMap::new();
    for (owner, by, moved) in moved {
        acts.entry((moved.act, moved.entity.clone(), owner)).or_default().push((by, moved));
    }
    let mut lines = Vec::new();
    for ((act, entity, member), moved) in acts {
        let together = format!("moved:{act}:{entity}");
        let line = |title: String, record: Option<Uuid>, key: String, beside: Option<String>| Notice {
            member,
            kind: NotificationKind::Stage,
            title,
            body: None,
            entity: Some(entity.clone()),
            record,
            key,
            beside,
        };
        let keys: Vec<String> = moved.iter().map(|(_, one)| format!("{together}:{}", one.event)).collect();
        if let (Some((by, _)), true) = (moved.first(), lately.is_many(member, &together, &keys)) {
            let title = said(speaks, member, || {
                let described = catalog();
                let many = described.get(&entity).map(|entity| entity.labels.many.to_lowercase()).unwrap_or_default();
                t!("Several of your {entities} moved by {by}", entities = many, by)
            });
            lines.push(line(title, None, together, None));
            continue;
        }
        for ((by, one), key) in moved.iter().zip(keys) {
            let title = said(speaks, member, || {
                let described = catalog();
                let Some(entity) = described.get(&entity) else { return String::new() };
                let (from, to) = (entity.state_label(&one.from), entity.state_label(&one.to));
                t!("{entity} moved from {from} to {to} by {by}", entity = entity.labels.one, from, to, by)
            });
            lines.push(line(title, Some(one.record), key, Some(together.clone())));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Lately, Moved, by_a_member, lines};
    use crate::matcher::Event;
    use chrono::DateTime;
    use domain::schema::{Catalog, Entity};
    use serde_json::json;
    use std::collections::HashMap;
    use std::sync::Arc;
    use uuid::Uuid;
    use words::Language;

    fn event(before: Option<&str>, after: Option<&str>) -> Event {
        Event {
            xid: "1".to_owned(),
            horizon: "1".to_owned(),
            id: Uuid::from_u128(1),
            tenant_id: Uuid::nil(),
            at: DateTime::UNIX_EPOCH,
            kind: "crm.lead.moved".to_owned(),
            entity: Some("lead".to_owned()),
            record_id: Some(Uuid::from_u128(9)),
            actor_id: Some(Uuid::from_u128(2)),
            correlation_id: Uuid::from_u128(7),
            depth: 0,
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            seeded: false,
            cause_run: None,
            cause_workflow: None,
            started_by: None,
        }
    }

    #[test]
    fn a_move_is_a_change_of_state_by_a_member() {
        let record = Uuid::from_u128(9);
        let (new, won) = (Some(r#"{"status": "new"}"#), Some(r#"{"status": "won", "score": 3}"#));
        let moved = by_a_member(&event(new, won), record).unwrap();
        assert_eq!((moved.from.as_str(), moved.to.as_str(), moved.record), ("new", "won", record));
        // Made in that state, moved nowhere, and of something else.
        for (before, after) in
            [(None, won), (new, new), (Some(r#"{"score": 2}"#), Some(r#"{"score": 3}"#)), (new, None)]
        {
            assert!(by_a_member(&event(before, after), record).is_none(), "{before:?} {after:?}");
        }
        let echo = Event { cause_run: Some(Uuid::from_u128(5)), ..event(new, won) };
        assert!(by_a_member(&echo, record).is_none(), "by a workflow");
        let nobody = Event { actor_id: None, ..event(new, won) };
        assert!(by_a_member(&nobody, record).is_none());
    }

    #[test]
    fn a_few_moves_are_told_one_by_one_and_many_of_one_act_as_one() {
        let id = Uuid::from_u128;
        let lead: Entity = serde_json::from_value(json!({
            "key": "lead", "plural": "leads", "area": "crm", "table": "leads", "prefix": "LEAD", "icon": "box",
            "labels": { "one": "Lead", "many": "Leads" }, "title": "name",
            "fields": [{ "key": "name", "label": "Name", "kind": { "type": "text" } }],
        }))
        .unwrap();
        let described = Arc::new(Catalog::build("core", "Core", vec![lead]).unwrap());
        let catalog = || described.clone();
        let speaks = HashMap::from([(id(3), Language::Swahili)]);
        let act = |owner: u128, records: std::ops::Range<u128>| {
            let one = |record| Moved {
                event: id(record),
                by: id(1),
                entity: "lead".to_owned(),
                record: id(record),
                from: "new".to_owned(),
                to: "won".to_owned(),
                act: id(7),
            };
            records.map(|record| (id(owner), "Grace".to_owned(), one(record))).collect::<Vec<_>>()
        };
        let none = Lately::default();
        let few = lines(&catalog, &speaks, &none, act(2, 10..13));
        assert!(
            few.len() == 3 && few.iter().all(|line| line.title == "Lead moved from new to won by Grace"),
            "{few:?}"
        );
        let many = lines(&catalog, &speaks, &none, [act(2, 10..90), act(3, 90..91)].concat());
        assert_eq!(many.len(), 2, "{many:?}");
        assert_eq!((many[0].title.as_str(), many[0].record), ("Several of your leads moved by Grace", None));
        assert_eq!((many[1].member, many[1].title.as_str()), (id(3), "Grace amehamisha Lead kutoka new hadi won"));
        // The rest of the same act, read later, is not told beside the line for all of it.
        let rest = lines(&catalog, &speaks, &none, act(2, 90..91));
        assert_eq!(rest[0].beside.as_deref(), Some(many[0].key.as_str()));
        // Few at a time, and many of the act in all: those are one line. The same few once more stay what they are.
        let lately = Lately(HashMap::from([(id(2), few.iter().map(|line| line.key.clone()).collect())]));
        assert_eq!(lines(&catalog, &speaks, &lately, act(2, 13..14)), [many[0].clone()]);
        assert_eq!(lines(&catalog, &speaks, &lately, act(2, 10..13)), few);
    }
}
