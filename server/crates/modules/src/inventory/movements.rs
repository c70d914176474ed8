//! What has happened to the stock of a product, newest first.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::inventory::{Movement, MovementPage, Movements};
use domain::money::{QUANTITY_SCALE, scaled};
use domain::records::GetRecord;
use domain::{Error, Result};
use platform::{Bind, Ctx, Row, Statement};
use words::t;

const ROWS: &str = "\
select s.id, s.kind, s.quantity, s.reserved, s.quantity_after, s.reserved_after, s.order_id, s.reason, m.name, s.created_at, s.sequence
from stock_movements s join members m on m.tenant_id = s.tenant_id and m.id = s.created_by
where s.tenant_id = $1 and s.product_id = $2 and s.sequence < $3 order by s.sequence desc limit $4";

pub async fn movements(ctx: &mut Ctx, operation: Movements) -> Result<MovementPage> {
    let limit = operation.limit.unwrap_or(50);
    if !(1..=500).contains(&limit) {
        return Err(Error::field("limit", t!("Use a whole number from 1 to 500")));
    }
    ctx.run(GetRecord { entity: "product".to_owned(), id: operation.product }).await?;
    let binds = vec![
        Bind::Id(Some(ctx.access.tenant.0)),
        Bind::Id(Some(operation.product)),
        Bind::Int(Some(operation.before.unwrap_or(i64::MAX))),
        Bind::Int(Some(i64::from(limit) + 1)),
    ];
    let rows = ctx.fetch(Statement::new(ROWS, binds)).await?;
    let movements: Vec<Movement> = rows.iter().take(limit as usize).map(movement).collect::<Result<_>>()?;
    let more = rows.len() > movements.len();
    let next = movements.last().map(|last| last.sequence).filter(|_| more);
    Ok(MovementPage { movements, next })
}

fn movement(row: &Row) -> Result<Movement> {
    let amount = |at| -> Result<String> { Ok(scaled(row.get(at)?, QUANTITY_SCALE)) };
    let at: DateTime<Utc> = row.get(9)?;
    Ok(Movement {
        id: row.get(0)?,
        sequence: row.get(10)?,
        kind: row.get(1)?,
        quantity: amount(2)?,
        reserved: amount(3)?,
        on_hand_after: amount(4)?,
        reserved_after: amount(5)?,
        order: row.get(6)?,
        reason: row.get(7)?,
        actor: row.get(8)?,
        at: at.to_rfc3339_opts(SecondsFormat::Secs, true),
    })
}
