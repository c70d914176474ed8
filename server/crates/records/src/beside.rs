//! What stands beside records and names them by entity and id: notes and files. When two records become one, it goes with them.

use crate::sql::Bind;
use domain::Result;
use domain::schema::Entity;
use platform::{Change, Ctx, Statement};
use serde_json::json;
use uuid::Uuid;
use words::mark;

/// A table beside records.
pub struct Beside {
    /// As changes and people name it.
    pub key: &'static str,
    /// Said with `words::say`.
    pub many: &'static str,
    count: &'static str,
    turn: &'static str,
    /// One of them, if it still belongs to the record that it was given.
    turn_one: &'static str,
}

macro_rules! beside {
    ($key:literal, $many:expr, $table:literal, $which:literal) => {
        Beside {
            key: $key,
            many: $many,
            count: concat!(
                "select count(*) from ",
                $table,
                " where tenant_id = $1 and entity = $2 and record_id = $3",
                $which
            ),
            turn: concat!(
                "update ",
                $table,
                " set record_id = $4 where tenant_id = $1 and entity = $2 and record_id = $3",
                $which,
                " returning id"
            ),
            turn_one: concat!(
                "update ",
                $table,
                " set record_id = $4 where tenant_id = $1 and entity = $2 and record_id = $3 and id = $5 returning id"
            ),
        }
    };
}

/// What is the value of a field does not stand beside: it goes with its value.
pub const FILES: Beside = beside!("file", mark!("Files"), "files", " and field is null");
pub const ALL: &[Beside] = &[beside!("note", mark!("Notes"), "notes", ""), FILES];

impl Beside {
    fn binds(ctx: &Ctx, entity: &Entity, record: Uuid) -> Vec<Bind> {
        vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::text(entity.key.clone()), Bind::Id(Some(record))]
    }

    pub async fn count(&self, ctx: &mut Ctx, entity: &Entity, record: Uuid) -> Result<i64> {
        let binds = Self::binds(ctx, entity, record);
        let rows = ctx.fetch(Statement::new(self.count, binds)).await?;
        rows.first().map_or(Ok(0), |row| row.get(0))
    }

    /// Gives those of one record to another, with a change for each.
    pub async fn turn(&self, ctx: &mut Ctx, entity: &Entity, from: Uuid, to: Uuid) -> Result<()> {
        let mut binds = Self::binds(ctx, entity, from);
        binds.push(Bind::Id(Some(to)));
        let rows = ctx.fetch(Statement::new(self.turn, binds)).await?;
        for row in &rows {
            self.tell(ctx, row.get(0)?, from, to);
        }
        Ok(())
    }

    /// Whether it was still there to be given back.
    pub async fn turn_one(&self, ctx: &mut Ctx, entity: &Entity, id: Uuid, from: Uuid, to: Uuid) -> Result<bool> {
        let mut binds = Self::binds(ctx, entity, from);
        binds.extend([Bind::Id(Some(to)), Bind::Id(Some(id))]);
        let turned = !ctx.fetch(Statement::new(self.turn_one, binds)).await?.is_empty();
        if turned {
            self.tell(ctx, id, from, to);
        }
        Ok(turned)
    }

    fn tell(&self, ctx: &mut Ctx, id: Uuid, from: Uuid, to: Uuid) {
        ctx.changed(Change {
            entity: self.key.to_owned(),
            record: Some(id),
            before: Some(json!({ "recordId": from })),
            after: Some(json!({ "recordId": to })),
            event: None,
        });
    }
}
