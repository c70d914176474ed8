//! What a caller sends, held to the description: every field that is wrong is named at once.

use crate::get::Held;
use crate::kept;
use crate::project::readable;
use crate::reach;
use crate::sql::{Bind, Sql};
use domain::records::Values;
use domain::schema::pointing;
use domain::schema::value::{Rules, check};
use domain::schema::{Entity, Field, FieldKind, PIPELINE};
use domain::text::nearest;
use domain::{Error, FieldError, Reach, Result, Verb};
use platform::{Access, Ctx};
use serde_json::Value;
use uuid::Uuid;
use words::t;

/// Faults that are told at once.
const MOST_FAULTS: usize = 50;

/// Rows that are pointed at are kept from the trash until the transaction ends, as their foreign key would keep them a little later. Whoever is
/// taking one there is waited for, and the row is then judged as they left it: a merge turns what points at a row, and would miss what comes
/// to point at it meanwhile.
pub const KEPT: &str = " for key share";

/// Who fills in the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A caller: fields of the server are refused.
    Caller,
    /// An operation of ours, which may also set what only the server sets.
    Server,
}

/// The values in their canonical form. Nothing is added and nothing dropped; what is not writable is refused by name.
pub fn checked(
    access: &Access,
    entity: &Entity,
    values: &Values,
    by: By,
    rules: Rules,
) -> Result<Values, Vec<FieldError>> {
    let mut out = Values::new();
    let mut faults = Vec::new();
    for (key, value) in values {
        // Whoever sends more than this does not read what is wrong with it, and looking for what was meant costs.
        if faults.len() == MOST_FAULTS {
            let message = t!("More than {most} fields are wrong; the others were not looked at", most = MOST_FAULTS);
            faults.push(FieldError { field: String::new(), message });
            break;
        }
        match one(access, entity, key, value, by, rules) {
            Ok(value) => {
                out.insert(key.clone(), value);
            }
            Err(message) => faults.push(FieldError { field: key.clone(), message }),
        }
    }
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}

fn one(access: &Access, entity: &Entity, key: &str, value: &Value, by: By, rules: Rules) -> Result<Value, String> {
    let Some(field) = entity.field(key).filter(|field| readable(access, field)) else {
        return Err(unknown(access, entity, key));
    };
    match field.kind {
        FieldKind::State => {
            return Err(t!(
                "{field} changes by a move such as those that the record offers, not by an edit",
                field = field.label
            ));
        }
        FieldKind::Number => return Err(t!("{field} is given by the server", field = field.label)),
        FieldKind::Checklist if by == By::Caller => {
            return Err(t!("{field} is ticked item by item", field = field.label));
        }
        _ if field.key == PIPELINE && field.read_only && by == By::Caller => {
            return Err(t!("{field} changes by a move into another one, not by an edit", field = field.label));
        }
        _ if field.read_only && by == By::Caller => {
            return Err(t!("{field} is set by the server", field = field.label));
        }
        _ => {}
    }
    let value = check(field, value, rules)?;
    if field.required && value.is_null() { Err(needed(field)) } else { Ok(value) }
}

/// Refuses values of fields that the caller may see and not change. Every way of writing what a caller sent passes here: one row, many at
/// once, a move, an import. `values` is what differs from the row; a new one differs in what is not empty.
pub fn permitted(access: &Access, entity: &Entity, values: &Values) -> Result<()> {
    let closed = |(key, _): &(&String, &Value)| entity.field(key).is_none_or(|field| !field.writable(&access.grants));
    let refused: Vec<&Field> = values.iter().filter(closed).filter_map(|(key, _)| entity.field(key)).collect();
    let Some(first) = refused.first() else { return Ok(()) };
    let needs = |field: &Field| {
        let missing = field.permissions.read.as_deref().filter(|permission| !access.grants.allows(permission));
        missing.or_else(|| field.write_missing(&access.grants)).unwrap_or_default().to_owned()
    };
    let fields = refused
        .iter()
        .map(|field| FieldError {
            field: field.key.clone(),
            message: t!(
                "{field} needs the permission {permission}; leave it as it is",
                field = field.label,
                permission = needs(field)
            ),
        })
        .collect();
    Err(Error { fields, ..Error::forbidden(needs(first), &access.role) })
}

/// The values that say something: an empty one is no claim on a field of a new row.
pub fn filled(values: &Values) -> Values {
    values.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn unknown(access: &Access, entity: &Entity, key: &str) -> String {
    let names = entity.editable().filter(|field| readable(access, field)).map(|field| field.key.as_str());
    let hint = nearest(key, names).map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
    t!("{one} has no field {key}{hint}", one = entity.labels.one, key, hint)
}

pub fn needed(field: &Field) -> String {
    t!("{field} is required", field = field.label)
}

/// Adds what a new row has without being told, and names what is missing.
pub fn completed(ctx: &Ctx, entity: &Entity, values: &mut Values, rules: Rules) -> Result<(), Vec<FieldError>> {
    let mut faults = Vec::new();
    for field in entity.editable() {
        if !values.contains_key(&field.key) {
            if let Some(value) = &field.default {
                match check(field, value, rules) {
                    Ok(value) => {
                        values.insert(field.key.clone(), value);
                    }
                    Err(message) => faults.push(FieldError { field: field.key.clone(), message }),
                }
            } else if field.key == "owner" {
                values.insert(field.key.clone(), Value::String(ctx.access.member.to_string()));
            }
        }
        if field.required && values.get(&field.key).is_none_or(Value::is_null) {
            faults.push(FieldError { field: field.key.clone(), message: needed(field) });
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// What is said of a row that is pointed at and cannot be: the same whether it is elsewhere, out of reach or nowhere.
pub fn no_such(field: &Field) -> String {
    t!("{field} points at something that does not exist, or is not yours to see", field = field.label)
}

/// The id that a value is, or that stands in it beside its entity.
pub fn id_of(value: &Value) -> Option<Uuid> {
    let id = value.as_str().or_else(|| pointing::parts(value).map(|(_, id)| id))?;
    Uuid::try_parse(id).ok()
}

/// The ids of several references.
pub fn ids_of(value: &Value) -> Option<Vec<Uuid>> {
    value.as_array()?.iter().map(id_of).collect()
}

/// What a value points at. Of several references those that none of the rows has: what somebody else put there, where this caller may not see
/// it, stays while they change the rest.
fn added(field: &Field, value: &Value, held: &[&Held]) -> Vec<Uuid> {
    let Some(mut ids) = ids_of(value) else { return id_of(value).into_iter().collect() };
    let known: Vec<Uuid> = held.iter().filter_map(|held| ids_of(held.values.get(&field.key)?)).flatten().collect();
    ids.retain(|id| !known.contains(id));
    ids
}

/// Rows of the target, named `t`, that the caller may see and that are not in the trash.
fn living(sql: &mut Sql, access: &Access, target: &Entity, tenant: crate::sql::Argument) {
    sql.push(" t where t.tenant_id = ").again(tenant).push(" and t.deleted_at is null");
    match access.grants.reach(&target.permission(Verb::Read)) {
        Some(reach) => reach::and(sql, access, reach, tenant),
        None => {
            sql.push(" and false");
        }
    }
}

/// Looks up, in one statement, every row and member that the values point at, and whether the owner is one to whom the caller may give a
/// record: who may change only their own records cannot hand them to others, or take others' for their own. `held` are the rows that the values
/// are written to or come from, none for a new one: their files may be held, and what they point at already is in no question. It locks, so it
/// is for those who write.
pub async fn pointing(
    ctx: &mut Ctx,
    entity: &Entity,
    held: &[&Held],
    values: &Values,
    verb: Verb,
) -> Result<Vec<FieldError>> {
    let access = ctx.access.clone();
    let catalog = ctx.catalog.clone();
    let mut sql = Sql::new("select ");
    let tenant = crate::project::tenant(&mut sql, &access);
    let mut asked: Vec<(&Field, String)> = Vec::new();
    for field in &entity.fields {
        let Some(value) = values.get(&field.key) else { continue };
        let ids = added(field, value, held);
        let Some(&id) = ids.first() else { continue };
        match &field.kind {
            FieldKind::References { entity: target } => {
                let Some(target) = catalog.get(target) else { continue };
                sql.push(if asked.is_empty() { "" } else { ", " }).push("(select count(*) from (select t.id from ");
                sql.name(&target.table);
                living(&mut sql, &access, target, tenant);
                sql.push(" and t.id = any (");
                let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
                sql.bind(Bind::ids(ids));
                sql.push(") order by t.id").push(KEPT).push(") t) = ").number(count);
                asked.push((field, no_such(field)));
                continue;
            }
            FieldKind::Member if id == access.member.0 => continue,
            FieldKind::Member => {
                sql.push(if asked.is_empty() { "" } else { ", " })
                    .push("exists (select from members t where t.tenant_id = ");
                sql.again(tenant).push(" and t.id = ");
            }
            FieldKind::Reference { .. } | FieldKind::AnyReference { .. } => {
                let target = pointing::parts(value).map(|(entity, _)| entity).or(field.target().map(String::as_str));
                let Some(target) = target.and_then(|target| catalog.get(target)) else { continue };
                sql.push(if asked.is_empty() { "" } else { ", " }).push("exists (select from ").name(&target.table);
                living(&mut sql, &access, target, tenant);
                sql.push(" and t.id = ");
            }
            FieldKind::File { .. } | FieldKind::Image { .. } => {
                sql.push(if asked.is_empty() { "" } else { ", " });
                let rows: Vec<Uuid> = held.iter().map(|held| held.id).collect();
                kept::fits(&mut sql, &access, entity, field, tenant, &rows);
            }
            _ => continue,
        }
        sql.bind(Bind::Id(Some(id)));
        sql.push(if field.target().is_some() { KEPT } else { "" }).push(")");
        asked.push((field, if field.is_upload() { kept::no_such(field) } else { no_such(field) }));
    }
    if let Some(field) = entity.field("owner")
        && let Some(value) = values.get("owner")
        && let Some(message) =
            giving(&mut sql, &access, ctx.reach(entity, verb)?, id_of(value), tenant, asked.is_empty())
    {
        asked.push((field, message));
    }
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let row = sql.one(ctx).await?;
    let mut faults: Vec<FieldError> = Vec::new();
    for (at, (field, message)) in asked.into_iter().enumerate() {
        let good: bool = row.get(at)?;
        if !good && faults.iter().all(|fault| fault.field != field.key) {
            faults.push(FieldError { field: field.key.clone(), message });
        }
    }
    Ok(faults)
}

/// Appends whether the owner is within reach, where that is in question at all.
fn giving(
    sql: &mut Sql,
    access: &Access,
    reach: Reach,
    owner: Option<Uuid>,
    tenant: crate::sql::Argument,
    first: bool,
) -> Option<String> {
    if owner == Some(access.member.0) {
        return None;
    }
    let comma = if first { "" } else { ", " };
    match reach {
        Reach::All => return None,
        Reach::Own => {
            sql.push(comma).push("false");
        }
        Reach::Team | Reach::Location => {
            sql.push(comma).push("coalesce(");
            sql.bind(Bind::Id(owner));
            sql.push(" = any (array(");
            reach::members_below(sql, access, tenant);
            sql.push(")), false)");
        }
    }
    Some(match reach {
        Reach::Own => t!("You may keep records for yourself only; ask a manager to hand them over").to_owned(),
        _ => t!("You may give records to yourself and the people below you only").to_owned(),
    })
}

/// One error for all of them.
pub fn all_right(faults: Vec<FieldError>) -> Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(Error::fields(faults)) }
}
