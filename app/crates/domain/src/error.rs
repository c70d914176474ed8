//! One error for everything that can be refused. Kind to status, code and title is one table, used by pages and API alike.
//!
//! Details that only an operator may see (a query, a path, a type name) never enter this type: they are logged where they occur, with the
//! reference that the person sees.

use serde::{Deserialize, Serialize};
use std::fmt;
use words::{t, tn};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Somebody else was at the same thing: the same once more may well be done.
pub const BUSY: &str = "busy";
pub const CONFIRMATION_REQUIRED: &str = "confirmation_required";
pub const CODE_REQUIRED: &str = "code_required";
pub const IMPERSONATED: &str = "impersonated";
pub const NOT_BY_KEY: &str = "not_by_key";
pub const SECOND_FACTOR_REQUIRED: &str = "second_factor_required";

/// The few kinds of refusal that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The input breaks a rule; `fields` says which and where.
    Invalid,
    /// Nobody is signed in, or the session ended.
    Unauthenticated,
    /// Signed in, but the permission is missing.
    Forbidden,
    /// No such row, or not one that this caller may know of.
    NotFound,
    /// The state of the world forbids it: a duplicate, a transition whose gate is closed.
    Conflict,
    /// The row changed since it was read; `conflict` holds both sides.
    Stale,
    /// The request names no version to compare with.
    VersionRequired,
    /// The idempotency key was used for another request.
    KeyReused,
    /// The body or a part of it is larger than allowed.
    TooLarge,
    RateLimited,
    Unavailable,
    Internal,
}

impl Kind {
    /// HTTP status of the API. Forms answer 409 where the API answers 412 (architecture: stale writes).
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Stale => 412,
            Self::TooLarge => 413,
            Self::KeyReused => 422,
            Self::VersionRequired => 428,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// The `error` member of a problem body: the words of requirements 42 to 46 where they give them.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Invalid => "Validation failed",
            Self::Unauthenticated => "Unauthorized",
            Self::Forbidden => "Insufficient permissions",
            Self::NotFound => "Resource not found",
            Self::Conflict => "Conflict",
            Self::Stale => "Changed by somebody else",
            Self::VersionRequired => "Version required",
            Self::KeyReused => "Idempotency key used before",
            Self::TooLarge => "Too large",
            Self::RateLimited => "Too many requests",
            Self::Unavailable => "Unavailable",
            Self::Internal => "Internal server error",
        }
    }
}

/// What is wrong with one field, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

/// Both sides of a stale write, per field, as raw values: what it was when read, what was sent, what it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StaleWrite {
    pub entity: String,
    pub id: uuid::Uuid,
    /// The version that the caller read.
    pub read_version: i64,
    /// The version that the row has now.
    pub current_version: i64,
    /// Who changed it last and when (RFC 3339), where the caller may know.
    pub changed_by: Option<String>,
    pub changed_at: Option<String>,
    pub fields: Vec<StaleField>,
    /// The row as it is now, in the form that `records.get` answers.
    pub current: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaleField {
    pub field: String,
    pub was: serde_json::Value,
    pub yours: serde_json::Value,
    pub theirs: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Error {
    pub kind: Kind,
    /// What happened, why, and what to do next; shown to the person.
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_permission: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Box<StaleWrite>>,
    /// What a client may act on by itself: `confirmation_required`, `second_factor_required`, `impersonated`,
    /// `code_required`, `not_by_key`, `busy`, and why a key is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Seconds until another try makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            fields: Vec::new(),
            required_permission: None,
            user_role: None,
            resource_id: None,
            conflict: None,
            code: None,
            retry_after: None,
        }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    /// One field is wrong.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// Several fields are wrong.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let message = match fields.as_slice() {
            [one] => one.message.clone(),
            many => tn!(many.len(), "{count} field needs another look", "{count} fields need another look"),
        };
        Self { fields, ..Self::new(Kind::Invalid, message) }
    }

    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, t!("There is nothing here, or it is not yours to see"))
    }

    pub fn unauthenticated() -> Self {
        Self::new(Kind::Unauthenticated, t!("Missing or invalid authentication"))
    }

    pub fn forbidden(permission: impl Into<String>, role: impl Into<String>) -> Self {
        let permission = permission.into();
        Self {
            required_permission: Some(permission.clone()),
            user_role: Some(role.into()),
            ..Self::new(
                Kind::Forbidden,
                t!("This needs the permission {permission}; ask an administrator of the workspace", permission),
            )
        }
    }

    /// The session is good, but who asks has not proved who they are for a while.
    pub fn confirmation_required() -> Self {
        Self {
            code: Some(CONFIRMATION_REQUIRED.to_owned()),
            ..Self::new(
                Kind::Forbidden,
                t!(
                    "This needs a confirmation from the last five minutes. Confirm at /confirm with your password or a code, then send it again"
                ),
            )
        }
    }

    /// The workspace asks for a second factor, and the person has none yet.
    pub fn second_factor_required() -> Self {
        Self {
            code: Some(SECOND_FACTOR_REQUIRED.to_owned()),
            ..Self::new(
                Kind::Forbidden,
                t!("This workspace asks for a second factor, and you have none yet. Set one up at /second-factor"),
            )
        }
    }

    /// Support staff act for somebody, and this is for that person alone.
    pub fn impersonated() -> Self {
        Self {
            code: Some(IMPERSONATED.to_owned()),
            ..Self::new(
                Kind::Forbidden,
                t!(
                    "You act for somebody else. Their account, people and roles, keys, the company's details, approvals, workflows and exports are theirs alone; ask them to do it"
                ),
            )
        }
    }

    /// What only people do.
    pub fn not_by_key() -> Self {
        Self {
            code: Some(NOT_BY_KEY.to_owned()),
            ..Self::new(
                Kind::Forbidden,
                t!(
                    "A key cannot do this, whatever its scopes: it is for a person who is signed in and can confirm who they are"
                ),
            )
        }
    }

    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// Something broke on our side. The caller logs the cause; the person sees a reference.
    pub fn internal() -> Self {
        Self::new(
            Kind::Internal,
            t!(
                "Something went wrong on our side. Nothing was saved; try again, and tell support the reference if it happens again"
            ),
        )
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self { retry_after: Some(2), ..Self::new(Kind::Unavailable, message) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
