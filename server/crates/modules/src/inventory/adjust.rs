//! Stock is put right by hand: something was delivered, broken, found or counted.

use super::stock::{self, Level, Step};
use domain::inventory::{Adjust, StockLevel};
use domain::money::{QUANTITY_SCALE, parse_scaled, scaled, short};
use domain::records::GetRecord;
use domain::{Error, Result};
use platform::Ctx;
use std::collections::BTreeSet;
use words::t;

/// A thousand million of anything is a slip of the hand.
const MOST: i64 = 1_000_000_000_000;

pub async fn adjust(ctx: &mut Ctx, operation: Adjust) -> Result<StockLevel> {
    let product = ctx.run(GetRecord { entity: "product".to_owned(), id: operation.product }).await?;
    let reason = operation.reason.trim();
    if reason.is_empty() {
        return Err(Error::field("reason", t!("Say why the stock changes")));
    }
    let levels = stock::lock(ctx, &BTreeSet::from([operation.product])).await?;
    let Some(level) = levels.get(&operation.product).copied() else {
        let name = product.text("name").unwrap_or_default();
        return Err(Error::conflict(t!("{name} is not stocked; mark it as stocked first", name)));
    };
    let (field, change) = change(&operation, level)?;
    let after = Level { on_hand: level.on_hand + change, ..level };
    if after.on_hand < level.reserved {
        let text = |amount: i64| short(amount, QUANTITY_SCALE);
        let (on_hand, reserved) = (text(level.on_hand), text(level.reserved));
        let message = if level.reserved == 0 {
            t!("There are {on_hand} on hand; no more can go", on_hand)
        } else {
            t!("{reserved} of {on_hand} are reserved for orders in picking; put those on hold first", reserved, on_hand)
        };
        return Err(Error::field(field, message));
    }
    if change != 0 {
        let step = Step { product: operation.product, quantity: change, reserved: 0 };
        stock::apply(ctx, "adjust", None, Some(reason), &levels, vec![step]).await?;
    }
    let text = |amount: i64| scaled(amount, QUANTITY_SCALE);
    Ok(StockLevel {
        product: operation.product,
        on_hand: text(after.on_hand),
        reserved: text(after.reserved),
        available: text(after.on_hand - after.reserved),
    })
}

/// By how much, and which field said so.
fn change(operation: &Adjust, level: Level) -> Result<(&'static str, i64)> {
    let read = |field: &'static str, text: &str| match parse_scaled(text, QUANTITY_SCALE) {
        Ok(amount) if amount.abs() <= MOST => Ok(amount),
        _ => {
            let message = t!("{text} is not a quantity; write a number with at most three decimals", text);
            Err(Error::field(field, message))
        }
    };
    match (&operation.by, &operation.counted) {
        (Some(by), None) => match read("by", by)? {
            0 => Err(Error::field("by", t!("Say by how much, such as 5 or -2"))),
            change => Ok(("by", change)),
        },
        (None, Some(counted)) => match read("counted", counted)? {
            counted if counted < 0 => Err(Error::field("counted", t!("Nobody counts fewer than none"))),
            counted => Ok(("counted", counted - level.on_hand)),
        },
        _ => Err(Error::field("by", t!("Say either by how much the stock changes, or what was counted"))),
    }
}
