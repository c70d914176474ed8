//! What goes with the moves of an order: it needs lines to be submitted, the right person to be approved, goods to be picked and shipped,
//! and an invoice to be closed. Known by where they lead, so that an industry may name its moves as it likes.

use crate::inventory::stock;
use domain::backend::BoxFuture;
use domain::schema::REJECTED;
use domain::{Error, Kind, Result};
use platform::{Ctx, db_error};
use records::{Move, TransitionHook};
use serde_json::json;
use uuid::Uuid;
use words::t;

const HAS_LINES: &str = "select exists (select from order_lines where tenant_id = $1 and order_id = $2)";

const INVOICE: &str =
    "select number, status from invoices where tenant_id = $1 and order_id = $2 and deleted_at is null";

pub fn hook() -> TransitionHook {
    TransitionHook { entity: Some("order"), before: Some(before), after: None }
}

fn before<'a>(ctx: &'a mut Ctx, making: &'a mut Move) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let order = making.held.id;
        match making.transition.to.as_str() {
            "submitted" => submit(ctx, order).await,
            "approved" => approve(ctx, making),
            REJECTED => decides(ctx, making),
            "picking" => stock::reserve(ctx, order).await,
            "on_hold" | "cancelled" => stock::release(ctx, order).await,
            "shipped" => {
                stock::ship(ctx, order).await?;
                making.values.insert("shippedOn".to_owned(), json!(ctx.today()));
                Ok(())
            }
            "delivered" => {
                making.values.insert("deliveredOn".to_owned(), json!(ctx.today()));
                Ok(())
            }
            "returned" => stock::take_back(ctx, order).await,
            "invoiced" => invoiced(ctx, making).await,
            _ => Ok(()),
        }
    })
}

async fn submit(ctx: &mut Ctx, order: Uuid) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    let query = sqlx::query_scalar(HAS_LINES).bind(tenant).bind(order);
    if query.fetch_one(ctx.conn().await?).await.map_err(db_error)? {
        return Ok(());
    }
    let message = t!("An order needs a line before it is submitted: add what is sold");
    Err(Error { kind: Kind::Conflict, ..Error::field("lines", message) })
}

/// Requirement 150: who approved, and when. What asked for the approval may have said so already.
fn approve(ctx: &mut Ctx, making: &mut Move) -> Result<()> {
    decides(ctx, making)?;
    let now = ctx.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    making.values.entry("approvedAt").or_insert_with(|| json!(now));
    making.values.entry("approvedBy").or_insert_with(|| json!(ctx.access.member));
    Ok(())
}

/// Approving and rejecting are for those whom the description names. Automation acts for them: an approval it finds given, and a workflow that
/// rejects is saved by one of them.
fn decides(ctx: &Ctx, making: &Move) -> Result<()> {
    let states = making.entity.states.as_ref();
    let roles = states.map(|states| states.deciders(making.held.text("status"))).unwrap_or_default();
    let held = ctx.access.roles.iter().any(|held| roles.contains(&held.as_str()));
    if roles.is_empty() || held || ctx.access.user.is_none() {
        return Ok(());
    }
    let roles = roles.join(format!(" {} ", t!("or")).as_str());
    let message = t!("This is for the role {roles} to decide; ask somebody who has it", roles);
    Err(Error { user_role: Some(ctx.access.role.clone()), ..Error::new(Kind::Forbidden, message) })
}

async fn invoiced(ctx: &mut Ctx, making: &Move) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    let query = sqlx::query_as(INVOICE).bind(tenant).bind(making.held.id);
    let found: Option<(String, String)> = query.fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    let nothing = crate::finance::values::money(&making.held.values, "totalAmount").is_ok_and(|total| total.is_zero());
    match found {
        None if nothing => Ok(()),
        None => Err(Error::conflict(t!("This order has no invoice yet; make one, then mark it as invoiced"))),
        Some((number, status)) if status == "draft" => {
            let message = t!("{number} is not posted yet; post it, then mark the order as invoiced", number);
            Err(Error::conflict(message))
        }
        Some(_) => Ok(()),
    }
}
