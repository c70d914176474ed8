//! Stock: what is on hand, what is reserved, and the movements that made it so.

use crate::operation::operation;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Changes what is on hand, with a reason: by an amount, or to what was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Adjust {
    pub product: Uuid,
    /// `5`, `-2.5`.
    #[serde(default)]
    pub by: Option<String>,
    /// What was found on the shelf.
    #[serde(default)]
    pub counted: Option<String>,
    pub reason: String,
}
operation!(Adjust: Write "inventory.adjust" by "inventory.stock.update" -> StockLevel);

/// Decimal strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StockLevel {
    pub product: Uuid,
    pub on_hand: String,
    pub reserved: String,
    /// On hand and not reserved.
    pub available: String,
}

/// The movements of a product, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Movements {
    pub product: Uuid,
    #[serde(default)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    pub before: Option<i64>,
}
operation!(Movements: Read "inventory.movements" of "product", Read -> MovementPage);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MovementPage {
    pub movements: Vec<Movement>,
    /// `before` of the next page.
    pub next: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Movement {
    pub id: Uuid,
    /// From 1 for each product.
    pub sequence: i64,
    /// adjust, reserve, release, ship, take_back.
    pub kind: String,
    pub quantity: String,
    pub reserved: String,
    pub on_hand_after: String,
    pub reserved_after: String,
    pub order: Option<Uuid>,
    pub reason: Option<String>,
    /// Name of the member.
    pub actor: String,
    /// RFC 3339.
    pub at: String,
}
