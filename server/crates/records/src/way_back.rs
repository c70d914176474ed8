//! What taking many rows back would come to, counted before somebody asks for it: one statement over the first rows, nothing locked and nothing
//! written. It judges as the way back itself does (`import::undo`, `bulk::undo`), except for what only a write can find out.

use crate::many::OWN_DAYS;
use crate::pointer::pointing_at;
use crate::project;
use crate::reach;
use crate::sql::{Argument, Bind, Sql};
use chrono::Duration;
use domain::imports::Import;
use domain::records::{Bulk, BulkAction, UndoPreview};
use domain::schema::Entity;
use domain::{Result, Verb};
use platform::{Access, Ctx};

/// Rows that are counted.
const COUNTED: u32 = 10_000;

/// Of the rows that an import left its mark on and that no undo has taken back.
pub async fn of_import(ctx: &mut Ctx, entity: &Entity, import: &Import) -> Result<UndoPreview> {
    let catalog = ctx.catalog.clone();
    let mut sql = Sql::new("with r as materialized (select record_id, version, outcome = 'created' as made from ");
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.push("import_rows where tenant_id = ").again(tenant).push(" and import_id = ");
    sql.bind(Bind::Id(Some(import.id)));
    sql.push(" and outcome in ('created', 'updated') and record_id is not null order by row_number desc limit ");
    sql.number(COUNTED).push(
        ") select f.fate, count(*) from (select case when t.id is null then 'gone' \
         when t.deleted_at is not null or t.version is distinct from r.version then 'changed' when ",
    );
    let (me, since) = (ctx.access.member.0, ctx.now() - Duration::days(OWN_DAYS));
    let me = sql.argument(Bind::Id(Some(me)));
    let since = sql.argument(Bind::Moment(Some(since)));
    sql.push("r.made and not coalesce(");
    permitted(&mut sql, &ctx.access, entity, Verb::Delete, tenant);
    sql.push(" or t.created_by = ").again(me).push(" and t.created_at >= ").again(since);
    sql.push(", false) then 'barred' when not r.made and not coalesce(");
    permitted(&mut sql, &ctx.access, entity, Verb::Update, tenant);
    sql.push(" or t.updated_by = ").again(me).push(" and t.updated_at >= ").again(since);
    sql.push(", false) then 'barred' when r.made and (false");
    for pointer in pointing_at(&catalog, entity) {
        sql.push(" or ");
        pointer.any(&mut sql, tenant);
        // Rows that go together may point at each other.
        if pointer.entity.table == entity.table {
            sql.push(" and o.id not in (select w.record_id from r w where w.made)");
        }
        sql.push(")");
    }
    sql.push(") then 'other' else 'back' end as fate");
    fates(ctx, sql, entity, tenant, import.left()).await
}

/// Of the rows that a change of many left its mark on. `by_hand` where its moves are not taken back at all.
pub async fn of_bulk(ctx: &mut Ctx, entity: &Entity, bulk: &Bulk, by_hand: bool) -> Result<UndoPreview> {
    let left = bulk.changed - bulk.taken_back();
    if by_hand {
        let (other, more) = (left.min(i64::from(COUNTED)), left > i64::from(COUNTED));
        return Ok(UndoPreview { other, more, ..UndoPreview::default() });
    }
    let mut sql = Sql::new("with r as materialized (select record_id, version from bulk_rows where tenant_id = ");
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.again(tenant).push(" and bulk_id = ");
    sql.bind(Bind::Id(Some(bulk.id)));
    sql.push(" and outcome = 'changed' and version is not null order by position limit ");
    sql.number(COUNTED).push(
        ") select f.fate, count(*) from (select case when t.id is null then 'other' \
         when t.version <> r.version",
    );
    if !matches!(bulk.change.action, BulkAction::Delete | BulkAction::Restore) {
        sql.push(" or t.deleted_at is not null");
    }
    sql.push(" then 'changed' when not coalesce(");
    permitted(&mut sql, &ctx.access, entity, bulk.change.action.verb(), tenant);
    sql.push(", false) then 'barred' else 'back' end as fate");
    fates(ctx, sql, entity, tenant, left).await
}

/// The condition that the caller sees the row `t` and may do this to it. Not where a permission is missing altogether.
fn permitted(sql: &mut Sql, access: &Access, entity: &Entity, verb: Verb, tenant: Argument) {
    let reaches = [verb, Verb::Read].map(|verb| access.grants.reach(&entity.permission(verb)));
    sql.push("(");
    if let [Some(reach), Some(sight)] = reaches {
        reach::within(sql, access, reach.min(sight), tenant, |sql| {
            sql.push("t");
        });
    } else {
        sql.push("false");
    }
    sql.push(")");
}

/// Counts the fates of the rows `r`, each beside its row `t`.
async fn fates(ctx: &mut Ctx, mut sql: Sql, entity: &Entity, tenant: Argument, left: i64) -> Result<UndoPreview> {
    sql.push(" from r left join ").name(&entity.table).push(" t on t.tenant_id = ").again(tenant);
    sql.push(" and t.id = r.record_id) f group by f.fate");
    let mut preview = UndoPreview { more: left > i64::from(COUNTED), ..UndoPreview::default() };
    for row in &sql.all(ctx).await? {
        let fate: String = row.get(0)?;
        let rows: i64 = row.get(1)?;
        match fate.as_str() {
            "back" => preview.back = rows,
            "changed" => preview.changed = rows,
            "barred" => preview.barred = rows,
            "other" => preview.other = rows,
            // Gone for good: neither put back nor kept.
            _ => {}
        }
    }
    Ok(preview)
}
