//! Verbs of sales that are more than a change of fields.

use crate::operation::{Operation, OperationKind, Requires};
use crate::permission::Verb;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Turns a lead into a customer with a contact and, unless declined, an opportunity; the lead is won and points at them.
/// Converting a lead twice is refused. An existing customer may be named instead of a new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConvertLead {
    pub id: Uuid,
    pub version: Option<i64>,
    /// Customer to attach to; a new one is made from the lead when absent.
    #[serde(default)]
    pub customer: Option<Uuid>,
    /// Name of the opportunity; none is made when absent.
    #[serde(default)]
    pub opportunity: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Converted {
    pub lead: Uuid,
    pub customer: Uuid,
    pub contact: Option<Uuid>,
    pub opportunity: Option<Uuid>,
}

impl Operation for ConvertLead {
    const NAME: &'static str = "crm.convert_lead";
    const KIND: OperationKind = OperationKind::Write;
    type Output = Converted;
    fn requires(&self) -> Requires<'_> {
        Requires::Entity { entity: "lead", verb: Verb::Update }
    }
}
