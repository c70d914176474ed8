//! What a step type is called and what it wants to know: the form of a step is drawn from this.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepDescriptor {
    /// `create_record`
    pub kind: String,
    /// Verb for people: "Create a record".
    pub label: String,
    pub help: String,
    /// Name of an icon of the design system.
    pub icon: String,
    pub inputs: Vec<InputDescriptor>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InputDescriptor {
    pub key: String,
    pub label: String,
    pub kind: InputKind,
    pub required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InputKind {
    /// A text in which `{{ }}` shows values.
    Text,
    /// An expression that answers this.
    Expression {
        answers: Answer,
    },
    /// Values by name, each an expression or, where it has `{{ }}` in it, a text. Of the fields of the entity that the input `of` names.
    Values {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
    },
    /// Key of a description; the trigger's own where it is left out.
    Entity,
    /// Keys of roles.
    Roles,
    /// Stable name of an operation.
    Operation,
    /// Key of a later step, or `end`.
    Step,
    Choice {
        options: Vec<String>,
    },
    /// Some of them.
    Choices {
        options: Vec<String>,
    },
    Number,
    Flag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Any,
    Flag,
    Number,
    Money,
    /// A day or a moment.
    Moment,
    /// The id of a record or member.
    Record,
}

impl InputDescriptor {
    pub fn new(key: &str, label: &str, kind: InputKind) -> Self {
        Self { key: key.to_owned(), label: label.to_owned(), kind, required: false, help: None }
    }

    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    #[must_use]
    pub fn help(self, help: &str) -> Self {
        Self { help: Some(help.to_owned()), ..self }
    }
}
