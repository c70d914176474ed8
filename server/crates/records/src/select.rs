//! What every reading of rows has in common: which rows a caller's query means.

use crate::filter::{self, Scope};
use crate::project::tenant;
use crate::reach;
use crate::search::having_words;
use crate::sql::{Argument, Piece, Sql};
use domain::schema::{Entity, ListQuery};
use domain::{Error, Reach, Result, Verb};
use platform::{Access, Ctx};

/// A statement in the making: its tenant, and the condition for its rows.
pub struct Rows {
    pub sql: Sql,
    pub tenant: Argument,
    /// On rows named `t`.
    pub matching: Piece,
}

/// The rows of the entity that match the query and lie within the caller's reach.
pub fn rows(ctx: &Ctx, entity: &Entity, query: &ListQuery, reach: Reach) -> Result<Rows> {
    let mut sql = Sql::default();
    let tenant = tenant(&mut sql, &ctx.access);
    let trash = if query.trash { Some(ctx.reach(entity, Verb::Delete)?) } else { None };
    let matching = sql.piece(|sql| {
        living(sql, tenant, !query.trash);
        reach::and(sql, &ctx.access, reach, tenant);
        if let Some(delete) = trash.filter(|delete| *delete < reach) {
            reach::and(sql, &ctx.access, delete, tenant);
        }
        if let Some(filter) = &query.filter {
            sql.push(" and ");
            filter::compile(sql, &Scope::of(ctx, entity), filter)?;
        }
        if let Some(text) = query.search.as_deref() {
            if text.contains('\0') {
                return Err(Error::field("search", "The text holds a character that cannot be stored"));
            }
            having_words(sql, entity, tenant, text);
        }
        Ok(())
    })?;
    Ok(Rows { sql, tenant, matching })
}

/// Written out as the indexes have it: they hold either the living rows or those in the trash.
pub fn living(sql: &mut Sql, tenant: Argument, living: bool) {
    sql.push("t.tenant_id = ").again(tenant);
    sql.push(if living { " and t.deleted_at is null" } else { " and t.deleted_at is not null" });
}

/// One row by id, in the trash or not, within the reach.
pub fn one(sql: &mut Sql, access: &Access, reach: Reach, tenant: Argument, id: uuid::Uuid) {
    sql.push("t.tenant_id = ").again(tenant).push(" and t.id = ");
    sql.bind(crate::sql::Bind::Id(Some(id)));
    reach::and(sql, access, reach, tenant);
}
