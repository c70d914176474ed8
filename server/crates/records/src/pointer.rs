//! What points at rows of an entity: every reference to it, alone or among those to other entities, and every field of several references.

use crate::sql::{Argument, Sql};
use domain::schema::{Catalog, Entity, Field};
use std::sync::Arc;

/// A field that points at rows of an entity, and whose it is.
pub struct Pointer {
    pub entity: Arc<Entity>,
    pub field: Field,
    /// Of the field's columns the one that points at this entity.
    column: String,
}

pub fn pointing_at(catalog: &Catalog, entity: &Entity) -> Vec<Pointer> {
    let of = |other: &Arc<Entity>| {
        let fields = other.fields.iter().filter(|field| field.points_at(&entity.key));
        let pointer = |field: &Field| {
            let column = field.column_to(&entity.key);
            Pointer { entity: other.clone(), field: field.clone(), column }
        };
        fields.map(pointer).collect::<Vec<_>>()
    };
    catalog.iter().flat_map(of).collect()
}

impl Pointer {
    /// Begins the condition that a row `o` of this entity points at the row `t`; what else holds of `o` may follow, then its end.
    pub fn any(&self, sql: &mut Sql, tenant: Argument) {
        sql.push("exists (select from ")
            .name(&self.entity.table)
            .push(" o where o.tenant_id = ")
            .again(tenant)
            .push(" and ");
        self.at(sql, "o", tenant, |sql| {
            sql.push("t.id");
        });
    }

    /// The condition that a row named `alias` points at the row that `id` names.
    pub fn at(&self, sql: &mut Sql, alias: &'static str, tenant: Argument, id: impl FnOnce(&mut Sql)) {
        match self.field.link_table(&self.entity.table) {
            None => {
                sql.column(alias, &self.column).push(" = ");
                id(sql);
            }
            Some(links) => {
                sql.push("exists (select from ").name(&links).push(" k where k.tenant_id = ").again(tenant);
                sql.push(" and k.from_id = ").column(alias, "id").push(" and k.to_id = ");
                id(sql);
                sql.push(")");
            }
        }
    }
}
