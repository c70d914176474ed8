//! What every reading of rows has in common: which rows a caller's query means.

use crate::filter::{self, Scope};
use crate::past;
use crate::project::tenant;
use crate::reach;
use crate::search::having_words;
use crate::sql::{Argument, Bind, Piece, Sql};
use domain::schema::{Entity, ListQuery};
use domain::{Error, Reach, Result, Verb};
use platform::{Access, Ctx};
use words::t;

/// A statement in the making: its tenant, and the condition for its rows.
pub struct Rows {
    pub sql: Sql,
    pub tenant: Argument,
    /// On rows named `t`.
    pub matching: Piece,
    /// Where the rows come from, as `t`: the table, or what it held at a moment.
    pub source: Piece,
    pub past: bool,
}

/// The rows of the entity that match the query and lie within the caller's reach.
pub async fn rows(ctx: &mut Ctx, entity: &Entity, query: &ListQuery, reach: Reach) -> Result<Rows> {
    let past = match &query.as_of {
        Some(_) if query.search.is_some() => {
            let message = t!("Rows as they were are not searched by words; use a filter such as name starts with");
            return Err(Error::field("search", message));
        }
        Some(moment) => Some(past::rows(ctx, entity, moment, reach, query).await?),
        None => None,
    };
    let (mut sql, whole) = (Sql::default(), past.is_some());
    let tenant = tenant(&mut sql, &ctx.access);
    let source = sql.piece(|sql| {
        match past {
            Some(rows) => past::table(sql, entity, &rows),
            None => {
                sql.name(&entity.table).push(" t");
            }
        }
        Ok(())
    })?;
    let trash = if query.trash { Some(ctx.reach(entity, Verb::Delete)?) } else { None };
    let matching = sql.piece(|sql| {
        living(sql, tenant, !query.trash);
        if whole {
            // Those within reach now were chosen before they were taken back.
        } else {
            reach::and(sql, &ctx.access, reach, tenant);
        }
        if let Some(delete) = trash.filter(|delete| !whole && *delete < reach) {
            reach::and(sql, &ctx.access, delete, tenant);
        }
        if !query.ids.is_empty() {
            sql.push(" and t.id = any (");
            sql.bind(Bind::ids(query.ids.iter().copied()));
            sql.push(")");
        }
        if let Some(filter) = &query.filter {
            sql.push(" and ");
            filter::compile(sql, &Scope { past: whole, ..Scope::of(ctx, entity, tenant) }, filter)?;
        }
        if let Some(text) = query.search.as_deref() {
            if text.contains('\0') {
                return Err(Error::field("search", t!("The text holds a character that cannot be stored")));
            }
            having_words(sql, entity, tenant, text);
        }
        Ok(())
    })?;
    Ok(Rows { sql, tenant, matching, source, past: whole })
}

/// Written out as the indexes have it: they hold either the living rows or those in the trash.
pub fn living(sql: &mut Sql, tenant: Argument, living: bool) {
    sql.push("t.tenant_id = ").again(tenant);
    sql.push(if living { " and t.deleted_at is null" } else { " and t.deleted_at is not null" });
}

/// One row by id, in the trash or not, within the reach.
pub fn one(sql: &mut Sql, access: &Access, reach: Reach, tenant: Argument, id: uuid::Uuid) {
    sql.push("t.tenant_id = ").again(tenant).push(" and t.id = ");
    sql.bind(Bind::Id(Some(id)));
    reach::and(sql, access, reach, tenant);
}
