//! An order begins: from a deal that was won, or for a customer.

use super::lines;
use super::save_order_lines;
use domain::records::{GetRecord, Record, Values};
use domain::sales::{GetOrder, LineInput, MakeOrder, OrderView};
use domain::schema::StateKind;
use domain::schema::value::money;
use domain::{Error, Money, Result, Verb, currency};
use platform::Ctx;
use records::By;
use serde_json::{Value, json};
use words::t;

pub async fn make_order(ctx: &mut Ctx, operation: MakeOrder) -> Result<OrderView> {
    let deal = match operation.opportunity {
        Some(id) => Some(won(ctx, id).await?),
        None => None,
    };
    let of_deal = |key: &str| deal.as_ref().and_then(|deal| deal.values.get(key)).cloned().unwrap_or_default();
    let given = |id: Option<uuid::Uuid>, key: &str| id.map_or_else(|| of_deal(key), |id| json!(id));
    let value = money(&of_deal("value"));
    let code = code(ctx, &operation, value.as_ref())?;
    let mut values = Values::new();
    values.insert("customer".to_owned(), given(operation.customer, "customer"));
    values.insert("contact".to_owned(), given(operation.contact, "contact"));
    values.insert("opportunity".to_owned(), json!(operation.opportunity));
    values.insert("currency".to_owned(), json!(code));
    values.insert("reference".to_owned(), json!(operation.reference));
    values.insert("deliverOn".to_owned(), json!(operation.deliver_on));
    values.insert("notes".to_owned(), json!(operation.notes));
    if let Some(owner) = operation.owner {
        values.insert("owner".to_owned(), json!(owner));
    } else if let Some(owner) = deal.as_ref().and_then(|deal| deal.values.get("owner")).filter(|owner| !owner.is_null())
    {
        values.insert("owner".to_owned(), owner.clone());
    }
    values.retain(|key, value| !value.is_null() || key == "customer");
    let entity = ctx.entity("order")?;
    let order = records::insert(ctx, &entity, &values, By::Server).await?;
    let inputs = inputs(operation.lines, deal.as_ref(), value.as_ref(), &code);
    if !inputs.is_empty() {
        let customer = order.text("customer").and_then(|id| uuid::Uuid::try_parse(id).ok());
        let lines = lines::complete(ctx, &code, customer, &inputs).await?;
        let held = records::hold(ctx, &entity, order.id, Verb::Read, false).await?;
        save_order_lines::write(ctx, &held, &code, &lines).await?;
    }
    ctx.run(GetOrder { id: order.id }).await
}

/// The opportunity, which somebody has to have won.
async fn won(ctx: &mut Ctx, id: uuid::Uuid) -> Result<Record> {
    let entity = ctx.entity("opportunity")?;
    let deal = ctx.run(GetRecord { entity: "opportunity".to_owned(), id }).await.map_err(|mut error| {
        if error.kind == domain::Kind::NotFound {
            error = Error::field("opportunity", t!("There is no such opportunity, or it is not yours to see"));
        }
        error
    })?;
    let status = deal.text("status").unwrap_or_default();
    let state = entity.states.as_ref().and_then(|states| states.get(status));
    if deal.deleted_at.is_some() || state.is_none_or(|state| state.kind != StateKind::Won) {
        let (one, state) = (entity.labels.one.to_lowercase(), entity.state_label(status));
        let message = t!("This {entity} is {state}; an order is made from it once it is won", entity = one, state);
        return Err(Error::conflict(message));
    }
    Ok(deal)
}

fn code(ctx: &Ctx, operation: &MakeOrder, value: Option<&Money>) -> Result<String> {
    let typed = operation.currency.as_deref().map(|code| code.trim().to_uppercase()).filter(|code| !code.is_empty());
    let code = typed.or_else(|| value.map(|value| value.currency().to_owned())).unwrap_or(ctx.access.currency.clone());
    match currency::decimals(&code) {
        Some(_) => Ok(code),
        None => {
            Err(Error::field("currency", t!("{code} is not a currency; use three letters such as KES or EUR", code)))
        }
    }
}

/// A deal that names no lines is sold as what it is called, at its value.
fn inputs(lines: Vec<LineInput>, deal: Option<&Record>, value: Option<&Money>, code: &str) -> Vec<LineInput> {
    match (lines.is_empty(), deal, value) {
        (true, Some(deal), Some(value)) if value.currency() == code => vec![LineInput {
            description: deal.values.get("name").and_then(Value::as_str).map(str::to_owned),
            unit_price: Some(value.amount()),
            ..LineInput::default()
        }],
        _ => lines,
    }
}
