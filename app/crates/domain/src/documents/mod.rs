//! Printed documents: an invoice, the confirmation of an order, the receipt of a payment. Screen and file come from one model.

use crate::operation::{Operation, OperationKind, Requires};
use crate::permission::Verb;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a document is about. Whoever may read that record may read its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Invoice,
    OrderConfirmation,
    /// Of a payment.
    Receipt,
}

impl DocumentKind {
    pub const fn entity(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::OrderConfirmation => "order",
            Self::Receipt => "payment",
        }
    }
}

/// The document as markup for a page, under the classes of the documents' style sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct DocumentHtml {
    pub kind: DocumentKind,
    pub id: Uuid,
    /// BCP 47; the workspace's language when absent.
    #[serde(default)]
    pub language: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct HtmlDocument {
    /// `Invoice INV-000041`.
    pub title: String,
    pub html: String,
}

/// The document as a PDF.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct DocumentFile {
    pub kind: DocumentKind,
    pub id: Uuid,
    #[serde(default)]
    pub language: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PdfDocument {
    /// `invoice-INV-000041.pdf`.
    pub name: String,
    /// Base64.
    pub content: String,
}

impl Operation for DocumentHtml {
    const NAME: &'static str = "documents.html";
    const KIND: OperationKind = OperationKind::Read;
    type Output = HtmlDocument;
    fn requires(&self) -> Requires<'_> {
        Requires::Entity { entity: self.kind.entity(), verb: Verb::Read }
    }
}

impl Operation for DocumentFile {
    const NAME: &'static str = "documents.file";
    const KIND: OperationKind = OperationKind::Read;
    type Output = PdfDocument;
    fn requires(&self) -> Requires<'_> {
        Requires::Entity { entity: self.kind.entity(), verb: Verb::Read }
    }
}
