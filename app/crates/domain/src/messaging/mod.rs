//! Messages to people outside the workspace: what is sent, shown, repeated and taken back.

use crate::operation::{Operation, OperationKind, Requires, declare};
use crate::permission::Verb;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Documents that may go with one message.
pub const MAX_ATTACHMENTS: usize = 10;

/// Queues a message in the caller's transaction. A worker delivers it after the commit, and never before.
///
/// The text is made now, from the template, so that what was sent is what is kept. The same `key` answers the first message and changes
/// nothing, whoever asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendMessage {
    #[serde(default)]
    pub channel: Channel,
    /// Name of a template: `invoice_notification`.
    pub template: String,
    /// `en`, `sw`; the workspace's own when absent, and English where the template does not speak it.
    #[serde(default)]
    pub language: Option<String>,
    pub to: String,
    /// Instead of the template's own.
    #[serde(default)]
    pub subject: Option<String>,
    /// Where answers go; to the caller when absent, where the caller is a person.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// What the template names: `{ "invoice": { "invoiceNumber": "INV-000123", … } }`. More than it names does no harm.
    #[serde(default)]
    pub values: Map<String, Value>,
    /// What the message is about; its owner owns the message too.
    #[serde(default)]
    pub record: Option<RecordRef>,
    /// Rendered when the message is delivered.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Makes the message happen once in the workspace.
    pub key: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    #[default]
    Email,
}

impl Channel {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct RecordRef {
    /// Key of a described entity.
    pub entity: String,
    pub id: Uuid,
}

/// A document by its kind and the record that it is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Attachment {
    pub document: String,
    pub id: Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Queued {
    pub message: Uuid,
    /// False where the key had made a message before.
    pub created: bool,
}

/// The message as its reader will see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessagePreview {
    pub id: Uuid,
    pub number: String,
    pub status: String,
    pub version: i64,
    pub to: String,
    pub reply_to: Option<String>,
    pub subject: String,
    pub template: String,
    pub language: String,
    /// Plain text.
    pub text: String,
    /// A whole document without scripts, images or anything else that would be loaded. Show it in a frame with `sandbox`.
    pub html: String,
    pub attachments: Vec<Attachment>,
    pub record: Option<RecordRef>,
    /// The message that this one repeats.
    pub repeats: Option<Uuid>,
    /// What went wrong last, in words.
    pub error: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    pub sent_at: Option<String>,
}

/// Every try to deliver a message, the first one first, and when the next one is due.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeliveryLog {
    pub attempts: Vec<DeliveryAttempt>,
    /// RFC 3339; none where nothing more is going to happen.
    pub next_at: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeliveryAttempt {
    pub attempt: i64,
    /// RFC 3339.
    pub at: String,
    pub outcome: DeliveryOutcome,
    /// What the mail server said, or what kept us from asking it.
    pub response: Option<String>,
    pub duration_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// Under way.
    Started,
    /// The worker died on the way; whether the mail server had the message is not known.
    Lost,
    Sent,
    /// No mail server is configured; shown, and not sent.
    Sandboxed,
    /// Something that may pass; tried again.
    Waiting,
    Failed,
}

impl DeliveryOutcome {
    pub const ALL: [Self; 6] = [Self::Started, Self::Lost, Self::Sent, Self::Sandboxed, Self::Waiting, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Lost => "lost",
            Self::Sent => "sent",
            Self::Sandboxed => "sandboxed",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

const fn requires(verb: Verb) -> Requires<'static> {
    Requires::Entity { entity: "message", verb }
}

impl Operation for SendMessage {
    const NAME: &'static str = "messaging.send";
    const KIND: OperationKind = OperationKind::Write;
    type Output = Queued;
    fn requires(&self) -> Requires<'_> {
        requires(Verb::Create)
    }
}

declare!(
    /// The message as it is, or will be, delivered.
    "messaging.preview" Read requires(Verb::Read), PreviewMessage { id: Uuid } -> MessagePreview
);
declare!(
    "messaging.deliveries" Read requires(Verb::Read), ListDeliveries { id: Uuid } -> DeliveryLog
);
declare!(
    /// Queues the same text again, as a new message that names the one it repeats. Refused while that one is still on its way.
    "messaging.resend" Write requires(Verb::Create), ResendMessage {
        id: Uuid,
        /// Makes the repetition happen once; a fresh one when absent.
        #[serde(default)]
        key: Option<String>,
    } -> Queued
);
declare!(
    /// Takes a message back that has not been handed to a mail server.
    "messaging.cancel" Write requires(Verb::Update), CancelMessage { id: Uuid } -> ()
);
