//! Files as values of fields: which a row may hold, and how one that was sent becomes the row's own.
//!
//! A file is kept for one field of one entity, and is nobody's until a row is written with it. What was kept for another row or field, or was sent
//! by somebody else, is no value: by naming its id nobody comes to see what is theirs.

use crate::input::id_of;
use crate::sql::{Argument, Bind, Sql};
use domain::Result;
use domain::records::Values;
use domain::schema::{Entity, Field};
use platform::{Access, Ctx, Statement};
use uuid::Uuid;
use words::t;

const CLAIM: &str = "\
update files set record_id = $4 where tenant_id = $1 and entity = $2 and id = any ($3) and record_id is null";

/// Begins the condition that a file may be the value of the field in one of the rows; its id follows.
pub fn fits(sql: &mut Sql, access: &Access, entity: &Entity, field: &Field, tenant: Argument, rows: &[Uuid]) {
    sql.push("exists (select from files t where t.tenant_id = ").again(tenant).push(" and t.entity = ");
    sql.bind(Bind::text(entity.key.clone()));
    sql.push(" and t.field = ");
    sql.bind(Bind::text(field.key.clone()));
    sql.push(" and t.deleted_at is null and t.state <> 'refused' and (t.record_id = any (");
    sql.bind(Bind::ids(rows.iter().copied()));
    sql.push(") or (t.record_id is null and t.uploaded_by = ");
    sql.bind(Bind::Id(Some(access.member.0)));
    sql.push(")) and t.id = ");
}

/// What is said of a file that is none of the field's.
pub fn no_such(field: &Field) -> String {
    t!("{field} is no file that was kept for it; send one with the form, or by files.attach", field = field.label)
}

/// Gives the files among the values to the row that was written with them.
pub async fn claim(ctx: &mut Ctx, entity: &Entity, row: Uuid, values: &Values) -> Result<()> {
    let ids: Vec<Uuid> = ids(entity, values).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let binds =
        vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::text(entity.key.clone()), Bind::ids(ids), Bind::Id(Some(row))];
    ctx.fetch(Statement::new(CLAIM, binds)).await.map(drop)
}

/// The files among the values.
pub fn ids<'a>(entity: &'a Entity, values: &'a Values) -> impl Iterator<Item = Uuid> + 'a {
    let uploads = entity.fields.iter().filter(|field| field.is_upload());
    uploads.filter_map(|field| values.get(&field.key).and_then(id_of))
}
