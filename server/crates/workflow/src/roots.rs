//! The values that expressions read: the record that a run is about, what earlier steps answered, and whatever is reached through
//! references, read when something asks for it and once per transaction.

use crate::check::{Compiled, aliases};
use crate::trigger::Images;
use chrono::{DateTime, NaiveDateTime, Utc};
use domain::records::Record;
use domain::schema::Catalog;
use domain::{Kind, Result};
use expr::{Env, MEMBER, Read};
use platform::{Bind, Ctx, Statement};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// By the names of roots.
#[derive(Debug, Clone, Default)]
pub struct Roots(pub Value);

impl Roots {
    /// The record as it is now, or as the event left it where `after` is given, and `previous` as it was before.
    pub async fn of_record(
        ctx: &mut Ctx,
        workflow: &Compiled,
        record: Option<Uuid>,
        before: Option<&Map<String, Value>>,
        after: Option<&Map<String, Value>>,
    ) -> Result<Self> {
        let mut roots = Map::new();
        if let (Some(entity), Some(record)) = (&workflow.entity, record) {
            let mut now = fetch(ctx, &workflow.catalog, &entity.key, record).await?;
            if let Value::Object(now) = &mut now {
                let mut was = now.clone();
                now.extend(after.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
                match before {
                    Some(before) => {
                        was.extend(now.clone());
                        was.extend(before.iter().map(|(key, value)| (key.clone(), value.clone())));
                        roots.insert("previous".to_owned(), Value::Object(was));
                    }
                    None => drop(roots.insert("previous".to_owned(), Value::Null)),
                }
                for (alias, _) in aliases(entity) {
                    roots.insert(alias.to_owned(), now.get(alias).cloned().unwrap_or_default());
                }
            }
            if let Some(also) = &workflow.definition.trigger.also {
                roots.insert(also.clone(), now.clone());
            }
            roots.insert(entity.key.clone(), now);
        }
        Ok(Self(Value::Object(roots)))
    }

    /// A record that was read already.
    pub fn of_wire(workflow: &Compiled, record: Value) -> Self {
        let mut roots = Self(Value::Object(Map::new()));
        if let Some(entity) = &workflow.entity {
            for (alias, _) in aliases(entity) {
                roots.set(alias, record.get(alias).cloned().unwrap_or_default());
            }
            if let Some(also) = &workflow.definition.trigger.also {
                roots.set(also, record.clone());
            }
            roots.set(&entity.key, record);
        }
        roots
    }

    /// Made of what the event itself says, where that is all that the trigger and the conditions ask for: nothing has to be read then.
    pub fn of_images(workflow: &Compiled, record: Option<Uuid>, images: &Images) -> Option<Self> {
        let (entity, id, after) = (workflow.entity.as_ref()?, record?, images.after.as_ref()?);
        // What a creation does not say is empty, but for what the server adds beside it.
        let told = |key: &str| match &images.before {
            None => !["createdAt", "createdBy", "updatedAt", "updatedBy"].contains(&key),
            Some(_) => after.contains_key(key),
        };
        let said = |read: &Read| match read.path.as_slice() {
            [root, key, ..] if *root == entity.key || Some(root) == workflow.definition.trigger.also.as_ref() => {
                key == "id" || told(key)
            }
            [root, ..] if root == "event" => true,
            [root, key, ..] if root == "previous" => {
                images.before.as_ref().is_none_or(|before| before.contains_key(key))
            }
            [root, ..] => aliases(entity).any(|(alias, _)| alias == root) && told(root),
            [] => false,
        };
        if !workflow.reads.iter().all(said) {
            return None;
        }
        let mut now = after.clone();
        now.insert("id".to_owned(), json!(id));
        let mut roots = Self::of_wire(workflow, Value::Object(now.clone()));
        let was = images.before.as_ref().map(|before| {
            now.extend(before.clone());
            Value::Object(now)
        });
        roots.set("previous", was.unwrap_or_default());
        Some(roots)
    }

    pub fn set(&mut self, name: &str, value: Value) {
        if let Value::Object(roots) = &mut self.0 {
            roots.insert(name.to_owned(), value);
        }
    }

    /// The record behind a root, where it was read.
    pub fn record(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0.get(name).and_then(Value::as_object)
    }

    /// Reads what these fields need and is not here yet: a reference that a field is asked of gives way to its record.
    pub async fn gather(&mut self, ctx: &mut Ctx, catalog: &Catalog, reads: &[Read]) -> Result<()> {
        // Shorter paths first: a reference is followed only once its own record is here.
        let followed: BTreeSet<(usize, &[String], &str)> = reads
            .iter()
            .filter_map(|read| {
                let (_, container) = read.path.split_last()?;
                Some((container.len(), container, read.record.as_deref()?))
            })
            .filter(|(length, ..)| *length > 0)
            .collect();
        for (_, container, entity) in followed {
            for place in places(&self.0, container) {
                let id = match self.0.pointer(&place) {
                    Some(Value::String(id)) => Uuid::try_parse(id).ok(),
                    _ => None,
                };
                if let Some(id) = id {
                    let record = fetch(ctx, catalog, entity, id).await?;
                    if let Some(slot) = self.0.pointer_mut(&place) {
                        *slot = record;
                    }
                }
            }
        }
        Ok(())
    }

    /// The run's own record as a write of its own left it.
    pub fn saw(&mut self, workflow: &Compiled, record: &Record) {
        let fresh = Self::of_wire(workflow, wire(record.clone()));
        if let (Value::Object(roots), Value::Object(fresh)) = (&mut self.0, fresh.0) {
            roots.extend(fresh);
        }
    }
}

/// Where a path leads: through several references to each of them.
fn places(roots: &Value, path: &[String]) -> Vec<String> {
    let mut found = vec![String::new()];
    for name in path {
        found = found.iter().flat_map(|place| items(roots, &format!("{place}/{name}"))).collect();
    }
    found
}

/// A place, or those of its items where a list stands there.
fn items(roots: &Value, place: &str) -> Vec<String> {
    match roots.pointer(place) {
        Some(Value::Array(list)) => (0..list.len()).map(|at| format!("{place}/{at}")).collect(),
        _ => vec![place.to_owned()],
    }
}

/// A record in the wire form, with id and version.
pub fn wire(record: Record) -> Value {
    let mut values = record.values;
    values.insert("id".to_owned(), json!(record.id));
    values.insert("version".to_owned(), json!(record.version));
    Value::Object(values)
}

/// A record; null where it is gone or not to be seen.
async fn fetch(ctx: &mut Ctx, catalog: &Catalog, entity: &str, id: Uuid) -> Result<Value> {
    if entity == MEMBER {
        return member(ctx, id).await;
    }
    let Some(entity) = catalog.get(entity).cloned() else { return Ok(Value::Null) };
    match records::visible(ctx, &entity, id).await {
        Ok(record) => Ok(wire(record)),
        Err(error) if error.kind == Kind::NotFound => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

async fn member(ctx: &mut Ctx, id: Uuid) -> Result<Value> {
    const MEMBER: &str = "select name, email from members where tenant_id = $1 and id = $2";
    let tenant = Bind::Id(Some(ctx.access.tenant.0));
    let rows = ctx.fetch(Statement::new(MEMBER, vec![tenant, Bind::Id(Some(id))])).await?;
    let Some(row) = rows.first() else { return Ok(Value::Null) };
    let (name, email): (String, Option<String>) = (row.get(0)?, row.get(1)?);
    Ok(json!({ "id": id, "name": name, "email": email }))
}

/// Evaluates in the workspace's day and zone.
pub fn with_env<T>(ctx: &Ctx, evaluate: impl FnOnce(&Env<'_>) -> T) -> T {
    let zone = ctx.access.timezone.parse().unwrap_or(chrono_tz::UTC);
    let local = move |moment: DateTime<Utc>| -> NaiveDateTime { moment.with_timezone(&zone).naive_local() };
    evaluate(&Env { today: ctx.today(), local: &local, ..Env::utc(ctx.now()) })
}

#[cfg(test)]
mod tests {
    use super::places;
    use serde_json::json;

    #[test]
    fn a_path_goes_through_each_of_several() {
        let roots = json!({ "deal": { "customer": "1", "participants": ["2", { "customer": "3" }], "none": null } });
        let of = |path: &[&str]| places(&roots, &path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["deal", "customer"]), ["/deal/customer"]);
        assert_eq!(of(&["deal", "participants"]), ["/deal/participants/0", "/deal/participants/1"]);
        assert_eq!(
            of(&["deal", "participants", "customer"]),
            ["/deal/participants/0/customer", "/deal/participants/1/customer"]
        );
        assert_eq!(of(&["deal", "none"]), ["/deal/none"]);
    }
}
