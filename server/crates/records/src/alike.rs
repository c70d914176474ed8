//! `records.alike`: rows that look like one that is about to be made or changed. It warns and forbids nothing: what may not be there twice is
//! unique in its description.

use crate::project::{readable, tenant};
use crate::reach;
use crate::select::living;
use crate::sql::{Bind, Sql};
use crate::store::columns;
use domain::records::{Alike, AlikeRecords, Values};
use domain::schema::{Entity, Field, FieldKind};
use domain::{Result, Verb};
use platform::Ctx;
use serde_json::Value;
use words::t;

/// Rows that are named.
const MOST: u32 = 5;
/// Digits by which a telephone number is known again.
const FEWEST: usize = 7;

/// What has to be the same, and what it is called.
struct Sign<'a> {
    fields: Vec<&'a Field>,
    label: String,
}

pub async fn alike(ctx: &mut Ctx, operation: AlikeRecords) -> Result<Vec<Alike>> {
    let entity = ctx.entity(&operation.entity)?;
    let reach = ctx.reach(&entity, Verb::Read)?;
    let access = ctx.access.clone();
    let Some(title) = entity.field(&entity.title).filter(|field| readable(&access, field)) else {
        return Ok(Vec::new());
    };
    let mut found: Vec<Alike> = Vec::new();
    for sign in signs(ctx, &entity, &operation.values) {
        let mut sql = Sql::new("select t.id, t.number, ");
        let tenant = tenant(&mut sql, &access);
        sql.column("t", &title.column()).push("::text from ").name(&entity.table).push(" t where ");
        living(&mut sql, tenant, true);
        reach::and(&mut sql, &access, reach, tenant);
        for field in &sign.fields {
            let value = operation.values.get(&field.key).unwrap_or(&Value::Null);
            if field.kind == FieldKind::Phone {
                // Numbers are kept as they were typed, so that every row is looked at: once for a form that says another number.
                sql.push(" and regexp_replace(").column("t", &field.column()).push(", '[^0-9]', '', 'g') = ");
                sql.bind(Bind::text(digits(value)));
                continue;
            }
            let (ordering, _) = field.ordering();
            for (_, bind) in columns(field, value)?.into_iter().filter(|(column, _)| *column == ordering) {
                sql.push(" and ").column("t", &ordering).push(" = ");
                sql.bind(bind);
            }
        }
        if let Some(except) = operation.except {
            sql.push(" and t.id <> ");
            sql.bind(Bind::Id(Some(except)));
        }
        sql.push(" order by t.id limit ").number(MOST);
        for row in &sql.all(ctx).await? {
            let id = row.get(0)?;
            if found.iter().all(|alike| alike.id != id) {
                let title = row.get::<Option<String>>(2)?.unwrap_or_default();
                found.push(Alike { id, number: row.get(1)?, title, same: sign.label.clone() });
            }
        }
    }
    found.truncate(MOST as usize);
    Ok(found)
}

/// E-mail and telephone by themselves, name and company together. A name alone is no sign: people share names.
fn signs<'a>(ctx: &Ctx, entity: &'a Entity, values: &Values) -> Vec<Sign<'a>> {
    let said = |field: &&Field| {
        let value = values.get(&field.key).unwrap_or(&Value::Null);
        readable(&ctx.access, field)
            && (field.kind != FieldKind::Phone || digits(value).len() >= FEWEST)
            && value.as_str().is_some_and(|text| !text.trim().is_empty())
    };
    let alone = entity
        .fields
        .iter()
        .filter(|field| field.indexed && matches!(field.kind, FieldKind::Email | FieldKind::Phone))
        .filter(said)
        .map(|field| Sign { fields: vec![field], label: field.label.clone() });
    let together: Vec<&Field> =
        ["company", "customer"].iter().filter_map(|key| entity.field(key)).filter(said).take(1).collect();
    let title = entity.field(&entity.title).filter(said);
    let both = title.zip(together.first().copied()).map(|(title, other)| Sign {
        fields: vec![title, other],
        label: t!("{first} and {second}", first = title.label, second = other.label.to_lowercase()),
    });
    alone.chain(both).collect()
}

fn digits(value: &Value) -> String {
    value.as_str().unwrap_or_default().chars().filter(char::is_ascii_digit).collect()
}
