//! An invoice that should not have been: its posting is reversed, its number stays.

use super::reverse_entry::reverse;
use super::values::id;
use domain::finance::{CancelInvoice, GetInvoice, InvoiceView};
use domain::records::{GetRecord, Values};
use domain::{Error, Result, Verb};
use platform::Ctx;
use serde_json::json;
use words::t;

pub async fn cancel_invoice(ctx: &mut Ctx, operation: CancelInvoice) -> Result<InvoiceView> {
    let entity = ctx.entity("invoice")?;
    let held = records::hold(ctx, &entity, operation.invoice, Verb::Update, false).await?;
    let number = held.text("number");
    match held.text("status") {
        "draft" | "posted" => {}
        "cancelled" => return Err(Error::conflict(t!("{number} is cancelled already", number))),
        _ => return Err(Error::conflict(t!("{number} has payments; it cannot be cancelled any more", number))),
    }
    if operation.reason.trim().is_empty() {
        return Err(Error::field("reason", t!("Say why it is cancelled")));
    }
    if let Some(entry) = id(&held.values, "entry") {
        // Reversing is part of cancelling, so it asks for what posting asked for.
        ctx.require("finance.journal_entry.create")?;
        let entry = ctx.run(GetRecord { entity: "journal_entry".to_owned(), id: entry }).await?;
        reverse(ctx, &entry, &operation.reason, None).await?;
    }
    // Kept with the invoice, whoever reads it later.
    let notes = match held.values.get("notes").and_then(serde_json::Value::as_str) {
        Some(notes) => format!("{notes}\nCancelled: {}", operation.reason.trim()),
        None => format!("Cancelled: {}", operation.reason.trim()),
    };
    let mut values = Values::new();
    values.insert("notes".to_owned(), json!(notes));
    values.insert("daysOverdue".to_owned(), json!(0));
    records::transition_internal(ctx, &entity, operation.invoice, None, "cancel", &values).await?;
    ctx.run(GetInvoice { id: operation.invoice }).await
}
