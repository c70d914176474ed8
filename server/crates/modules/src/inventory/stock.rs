//! Stock moves: reserved when an order is picked, gone when it ships, back when it is let go or returned.
//!
//! Products are locked in the order of their ids before anything is compared, so that two orders for the same products neither sell one
//! piece twice nor wait for each other in a circle. All lines move or none does. What the server compares, the checks of the table hold too.

use domain::money::{QUANTITY_SCALE, scaled, short};
use domain::{Error, FieldError, Kind, Result};
use platform::{Change, Ctx, db_error};
use serde_json::{Value, json};
use sqlx::FromRow;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use words::t;

const LOCK: &str = "\
select id, coalesce(quantity, 0), coalesce(reserved, 0) from products
where tenant_id = $1 and id = any($2) and stocked order by id for update";

const MOVE: &str = "\
insert into stock_movements (tenant_id, id, product_id, kind, quantity, reserved, order_id, reason, created_by, created_at)
select $1, m.id, m.product, $2, m.quantity, m.reserved, $3, $4, $5, $6
from unnest($7::uuid[], $8::uuid[], $9::bigint[], $10::bigint[]) with ordinality m (id, product, quantity, reserved, place)
order by m.place";

/// Lines of an order whose product is stocked, or has something reserved from a time when it was.
const LINES: &str = "\
select l.id, l.position, l.description, l.product_id, l.quantity, l.reserved, l.shipped
from order_lines l join products p on p.tenant_id = l.tenant_id and p.id = l.product_id
where l.tenant_id = $1 and l.order_id = $2 and p.stocked order by l.position";

const MARK: &str = "\
update order_lines l set reserved = m.reserved, shipped = m.shipped
from unnest($2::uuid[], $3::bigint[], $4::bigint[]) m (id, reserved, shipped) where l.tenant_id = $1 and l.id = m.id";

/// What there is of a product, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    pub on_hand: i64,
    pub reserved: i64,
}

impl Level {
    fn free(self) -> i64 {
        self.on_hand - self.reserved
    }

    fn told(self) -> Value {
        json!({ "quantity": scaled(self.on_hand, QUANTITY_SCALE), "reserved": scaled(self.reserved, QUANTITY_SCALE) })
    }
}

#[derive(Debug, FromRow)]
struct Line {
    id: Uuid,
    position: i32,
    description: String,
    product_id: Uuid,
    quantity: i64,
    reserved: i64,
    shipped: i64,
}

/// One movement to be.
pub struct Step {
    pub product: Uuid,
    pub quantity: i64,
    pub reserved: i64,
}

/// The products among these that are stocked, locked.
pub async fn lock(ctx: &mut Ctx, products: &BTreeSet<Uuid>) -> Result<BTreeMap<Uuid, Level>> {
    let tenant = ctx.access.tenant.0;
    let ids: Vec<Uuid> = products.iter().copied().collect();
    let query = sqlx::query_as(LOCK).bind(tenant).bind(ids);
    let rows: Vec<(Uuid, i64, i64)> = query.fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    Ok(rows.into_iter().map(|(id, on_hand, reserved)| (id, Level { on_hand, reserved })).collect())
}

/// Every line of the order, or none: the refusal says of each line that cannot be had what is asked for and what there is.
pub async fn reserve(ctx: &mut Ctx, order: Uuid) -> Result<()> {
    let lines = lines(ctx, order).await?;
    let levels = levels(ctx, &lines).await?;
    enough(&lines, &levels, |line| line.quantity - line.reserved)?;
    let steps = steps(&lines, |line| (0, line.quantity - line.reserved));
    apply(ctx, "reserve", Some(order), None, &levels, steps).await?;
    mark(ctx, &lines, |line| (line.quantity, line.shipped)).await
}

/// What was reserved is free again.
pub async fn release(ctx: &mut Ctx, order: Uuid) -> Result<()> {
    let lines = lines(ctx, order).await?;
    let levels = levels(ctx, &lines).await?;
    let steps = steps(&lines, |line| (0, -line.reserved));
    apply(ctx, "release", Some(order), None, &levels, steps).await?;
    mark(ctx, &lines, |line| (0, line.shipped)).await
}

/// The goods leave. What was not reserved, because its product became stocked meanwhile, has to be there.
pub async fn ship(ctx: &mut Ctx, order: Uuid) -> Result<()> {
    let lines = lines(ctx, order).await?;
    let levels = levels(ctx, &lines).await?;
    enough(&lines, &levels, |line| line.quantity - line.reserved)?;
    let steps = steps(&lines, |line| (-line.quantity, -line.reserved));
    apply(ctx, "ship", Some(order), None, &levels, steps).await?;
    mark(ctx, &lines, |line| (0, line.quantity)).await
}

/// The goods come back onto the shelf.
pub async fn take_back(ctx: &mut Ctx, order: Uuid) -> Result<()> {
    let lines = lines(ctx, order).await?;
    let levels = levels(ctx, &lines).await?;
    let steps = steps(&lines, |line| (line.shipped, 0));
    apply(ctx, "take_back", Some(order), None, &levels, steps).await?;
    mark(ctx, &lines, |line| (line.reserved, 0)).await
}

async fn lines(ctx: &mut Ctx, order: Uuid) -> Result<Vec<Line>> {
    let tenant = ctx.access.tenant.0;
    let query = sqlx::query_as(LINES).bind(tenant).bind(order);
    query.fetch_all(ctx.conn().await?).await.map_err(db_error)
}

async fn levels(ctx: &mut Ctx, lines: &[Line]) -> Result<BTreeMap<Uuid, Level>> {
    lock(ctx, &lines.iter().map(|line| line.product_id).collect()).await
}

/// In the order of the lines: an earlier one takes what a later one then lacks.
fn enough(lines: &[Line], levels: &BTreeMap<Uuid, Level>, asked: fn(&Line) -> i64) -> Result<()> {
    let mut free: BTreeMap<Uuid, i64> = levels.iter().map(|(id, level)| (*id, level.free())).collect();
    let mut missing = Vec::new();
    for line in lines {
        let left = free.entry(line.product_id).or_default();
        let wanted = asked(line);
        if wanted > *left {
            let on_hand = levels.get(&line.product_id).map_or(0, |level| level.on_hand);
            missing.push(FieldError {
                field: format!("lines.{}", line.position),
                message: lack(line, wanted, *left, on_hand),
            });
        }
        *left = (*left - wanted).max(0);
    }
    if missing.is_empty() {
        return Ok(());
    }
    let told: Vec<&str> = missing.iter().map(|fault| fault.message.as_str()).collect();
    let message = told.join("; ");
    Err(Error { kind: Kind::Conflict, message, ..Error::fields(missing) })
}

/// `Line 2, Brake pad: 3 asked for, 1 on hand`.
fn lack(line: &Line, asked: i64, free: i64, on_hand: i64) -> String {
    let text = |amount: i64| short(amount, QUANTITY_SCALE);
    let (whole, part) = (text(on_hand), text(free));
    let there = match free {
        free if free == on_hand => t!("{on_hand} on hand", on_hand = whole),
        0 => t!("{on_hand} on hand, all of it taken", on_hand = whole),
        _ => t!("{on_hand} on hand, {free} of it free", on_hand = whole, free = part),
    };
    let (what, asked) = (&line.description, text(asked));
    t!("Line {line}, {what}: {asked} asked for, {there}", line = line.position, what, asked, there)
}

fn steps(lines: &[Line], change: fn(&Line) -> (i64, i64)) -> Vec<Step> {
    let mut sums: BTreeMap<Uuid, Step> = BTreeMap::new();
    for line in lines {
        let (quantity, reserved) = change(line);
        let step = sums.entry(line.product_id).or_insert(Step { product: line.product_id, quantity: 0, reserved: 0 });
        step.quantity += quantity;
        step.reserved += reserved;
    }
    sums.into_values().filter(|step| step.quantity != 0 || step.reserved != 0).collect()
}

/// Writes the movements and tells of each product what it had and has.
pub async fn apply(
    ctx: &mut Ctx,
    kind: &str,
    order: Option<Uuid>,
    reason: Option<&str>,
    levels: &BTreeMap<Uuid, Level>,
    steps: Vec<Step>,
) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let ids: Vec<Uuid> = steps.iter().map(|_| ctx.new_id()).collect();
    sqlx::query(MOVE)
        .bind(tenant)
        .bind(kind)
        .bind(order)
        .bind(reason)
        .bind(member)
        .bind(now)
        .bind(ids)
        .bind(steps.iter().map(|step| step.product).collect::<Vec<_>>())
        .bind(steps.iter().map(|step| step.quantity).collect::<Vec<_>>())
        .bind(steps.iter().map(|step| step.reserved).collect::<Vec<_>>())
        .execute(ctx.conn().await?)
        .await
        .map_err(refused)?;
    for step in steps {
        let was = levels.get(&step.product).copied().unwrap_or(Level { on_hand: 0, reserved: 0 });
        let is = Level { on_hand: was.on_hand + step.quantity, reserved: was.reserved + step.reserved };
        ctx.changed(Change {
            entity: "product".to_owned(),
            record: Some(step.product),
            before: Some(was.told()),
            after: Some(is.told()),
            event: Some("inventory.product.stock_moved".to_owned()),
        });
    }
    Ok(())
}

async fn mark(ctx: &mut Ctx, lines: &[Line], change: fn(&Line) -> (i64, i64)) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    let (reserved, shipped): (Vec<i64>, Vec<i64>) = lines.iter().map(change).unzip();
    let ids: Vec<Uuid> = lines.iter().map(|line| line.id).collect();
    let query = sqlx::query(MARK).bind(tenant).bind(ids).bind(reserved).bind(shipped);
    query.execute(ctx.conn().await?).await.map_err(db_error)?;
    Ok(())
}

/// The database's own refusal, should what was compared not hold: somebody else's movement came between.
fn refused(error: sqlx::Error) -> Error {
    let constraint = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
    match constraint {
        Some("products_quantity_range" | "products_reserved_range" | "products_reserved_covered") => Error::conflict(
            t!("There is not enough on hand for that. Nothing was moved; look at the stock and try again"),
        ),
        Some("stock_movements_stocked") => Error::conflict(t!("This product is not stocked; mark it as stocked first")),
        _ => db_error(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(position: i32, product: u128, quantity: i64) -> Line {
        Line {
            id: Uuid::nil(),
            position,
            description: "Brake pad".to_owned(),
            product_id: Uuid::from_u128(product),
            quantity,
            reserved: 0,
            shipped: 0,
        }
    }

    #[test]
    fn each_line_that_cannot_be_had_says_why() {
        let levels = BTreeMap::from([
            (Uuid::from_u128(1), Level { on_hand: 1000, reserved: 0 }),
            (Uuid::from_u128(2), Level { on_hand: 5000, reserved: 4000 }),
        ]);
        let lines = [line(1, 1, 1000), line(2, 1, 3000), line(3, 2, 2500)];
        let error = enough(&lines, &levels, |line| line.quantity).unwrap_err();
        assert_eq!(
            error.message,
            "Line 2, Brake pad: 3 asked for, 1 on hand, all of it taken; Line 3, Brake pad: 2.5 asked for, 5 on hand, 1 of it free"
        );
        assert_eq!((error.kind, error.fields[1].field.as_str()), (Kind::Conflict, "lines.3"));
        let error = enough(&lines[1..2], &levels, |line| line.quantity).unwrap_err();
        assert_eq!(error.message, "Line 2, Brake pad: 3 asked for, 1 on hand");
        assert!(enough(&lines[..1], &levels, |line| line.quantity).is_ok());
    }
}
