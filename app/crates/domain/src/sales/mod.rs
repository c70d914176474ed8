//! Orders and the invoices that they become.

use crate::money::{Money, Percent};
use crate::operation::operation;
use crate::records::Record;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One line as somebody types it. What is left out comes from the product: its name, its price for this customer, quantity and currency,
/// its tax rate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct LineInput {
    pub product: Option<Uuid>,
    pub description: Option<String>,
    /// A decimal string with at most three decimals; 1 when absent.
    pub quantity: Option<String>,
    /// A decimal string in the order's currency, without tax.
    pub unit_price: Option<String>,
    /// Per cent off the line.
    pub discount: Option<Percent>,
    pub tax_rate: Option<Uuid>,
}

/// Makes an order in its first state: from an opportunity, whose customer, contact, owner and currency it takes, or for a customer. Without
/// lines an opportunity's order gets one: the opportunity's name at its value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct MakeOrder {
    pub opportunity: Option<Uuid>,
    pub customer: Option<Uuid>,
    pub contact: Option<Uuid>,
    /// ISO 4217; the opportunity's or the workspace's when absent.
    pub currency: Option<String>,
    pub reference: Option<String>,
    pub deliver_on: Option<NaiveDate>,
    pub notes: Option<String>,
    /// The opportunity's owner or the caller when absent.
    pub owner: Option<Uuid>,
    pub lines: Vec<LineInput>,
}
operation!(MakeOrder: Write "sales.make_order" of "order", Create -> OrderView);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct GetOrder {
    pub id: Uuid,
}
operation!(GetOrder: Read "sales.get_order" of "order", Read -> OrderView);

/// Replaces all lines of an order that is still the version that was read. Refused in states without the action EDIT_ITEMS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SaveOrderLines {
    pub id: Uuid,
    pub version: Option<i64>,
    /// Another currency for the whole order.
    #[serde(default)]
    pub currency: Option<String>,
    #[serde(default)]
    pub lines: Vec<LineInput>,
}
operation!(SaveOrderLines: Write "sales.save_order_lines" of "order", Update -> OrderView);

/// An order with what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    pub order: Record,
    pub lines: Vec<OrderLine>,
    /// What its state allows: EDIT, EDIT_ITEMS, DELETE, CREATE_SHIPMENT, ...
    pub actions: Vec<String>,
    /// The invoice that it became, for those who may read invoices.
    pub invoice: Option<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    pub id: Uuid,
    /// From 1.
    pub position: i32,
    pub product: Option<Uuid>,
    pub sku: Option<String>,
    pub description: String,
    /// Decimal string, as are `reserved` and `shipped`.
    pub quantity: String,
    pub unit: Option<String>,
    pub unit_price: Money,
    pub discount: Percent,
    pub tax_rate: Option<Uuid>,
    pub tax_percent: Percent,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
    pub reserved: String,
    pub shipped: String,
}

/// Makes the invoice of an order that has shipped; an order has one, and a second call answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreateInvoice {
    pub order: Uuid,
    /// 30 days from its date when absent.
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
    /// Today when absent; never a day to come.
    #[serde(default)]
    pub issued_on: Option<NaiveDate>,
}
operation!(CreateInvoice: Write "sales.create_invoice" of "invoice", Create -> InvoiceCreated);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct InvoiceCreated {
    pub invoice: Uuid,
    pub number: String,
    /// False where it was there already.
    pub created: bool,
}
