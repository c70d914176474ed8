//! One field of an entity: its type, its rules, and the columns that hold it.

use crate::permission::Grants;
use crate::text::snake;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Field {
    /// camelCase, as on the wire and in expressions; `snake_case` of it is the column.
    pub key: String,
    pub label: String,
    pub kind: FieldKind,
    #[serde(default)]
    pub required: bool,
    /// No two rows of a workspace that are not in the trash may share the value (compared in its normal form).
    #[serde(default)]
    pub unique: bool,
    /// Has an index: may be filtered and sorted by.
    #[serde(default)]
    pub indexed: bool,
    /// Found by search; a higher weight ranks higher.
    #[serde(default)]
    pub search: Option<i16>,
    /// Personal data of a natural person, for export and erasure.
    #[serde(default)]
    pub personal: bool,
    /// Set by the server; never taken from input.
    #[serde(default)]
    pub read_only: bool,
    #[serde(default)]
    pub default: Option<serde_json::Value>,
    #[serde(default)]
    pub help: Option<String>,
    /// Heading under which record and form show it.
    #[serde(default)]
    pub group: Option<String>,
    /// What a caller needs for this field, beside the entity's own permissions.
    #[serde(default)]
    pub permissions: FieldPermissions,
    /// Header words under which files from elsewhere carry this field; used to propose a mapping.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// Permissions of one field. Where none is named the field goes with its entity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FieldPermissions {
    /// Without it the field does not exist: it is neither selected, filtered, sorted, searched, exported nor written.
    #[serde(default)]
    pub read: Option<String>,
    /// Without it the value is seen and not changed.
    #[serde(default)]
    pub write: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum FieldKind {
    Text {
        #[serde(default = "default_text_max")]
        max: u32,
    },
    LongText {
        #[serde(default = "default_long_text_max")]
        max: u32,
    },
    Email,
    Phone,
    /// Two letters, ISO 3166-1.
    Country,
    Integer {
        #[serde(default)]
        min: Option<i64>,
        #[serde(default)]
        max: Option<i64>,
    },
    /// An exact decimal kept as a scaled bigint.
    Decimal {
        scale: u32,
        #[serde(default)]
        min: Option<i64>,
        #[serde(default)]
        max: Option<i64>,
    },
    Money {
        #[serde(default)]
        allow_negative: bool,
    },
    Boolean,
    Date {
        /// Refuse days after today (in the workspace's time zone).
        #[serde(default)]
        past: bool,
    },
    Datetime,
    Option {
        options: Vec<Choice>,
    },
    /// A row of another described entity.
    Reference {
        entity: String,
    },
    /// A member of the workspace.
    Member,
    /// The state of the entity; its values are the description's states and it changes by transition only.
    State,
    /// The natural key, `LEAD-000123`, made by the server.
    Number,
}

fn default_text_max() -> u32 {
    255
}

fn default_long_text_max() -> u32 {
    65_536
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub key: String,
    pub label: String,
    /// 1 to 8, the design system's fixed order.
    #[serde(default)]
    pub hue: Option<u8>,
}

/// Columns of a field in its entity's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// One column of this SQL type.
    Column { name: String, sql: &'static str },
    /// Text that is compared in its normal form: the value and `<name>_norm`.
    Normalised { name: String, norm: String },
    /// `<name>_minor bigint` and `<name>_currency text`.
    Money { minor: String, currency: String },
}

impl Field {
    /// Whether everybody who reads the row may know the value.
    pub const fn is_open(&self) -> bool {
        self.permissions.read.is_none()
    }

    pub fn readable(&self, grants: &Grants) -> bool {
        self.permissions.read.as_deref().is_none_or(|permission| grants.allows(permission))
    }

    /// The permission that is missing to change a field which the caller may read.
    pub fn write_missing(&self, grants: &Grants) -> Option<&str> {
        self.permissions.write.as_deref().filter(|permission| !grants.allows(permission))
    }

    pub fn writable(&self, grants: &Grants) -> bool {
        self.readable(grants) && self.write_missing(grants).is_none()
    }

    pub fn column(&self) -> String {
        match &self.kind {
            FieldKind::Reference { .. } | FieldKind::Member => match self.key.as_str() {
                "createdBy" | "updatedBy" => snake(&self.key),
                _ => format!("{}_id", snake(&self.key)),
            },
            FieldKind::State => "status".to_owned(),
            _ => snake(&self.key),
        }
    }

    pub fn storage(&self) -> Storage {
        let name = self.column();
        let sql = match &self.kind {
            FieldKind::Text { .. } | FieldKind::Email if self.indexed || self.unique => {
                return Storage::Normalised { norm: format!("{name}_norm"), name };
            }
            FieldKind::Money { .. } => {
                return Storage::Money { minor: format!("{name}_minor"), currency: format!("{name}_currency") };
            }
            FieldKind::Text { .. }
            | FieldKind::LongText { .. }
            | FieldKind::Email
            | FieldKind::Phone
            | FieldKind::Country
            | FieldKind::Option { .. }
            | FieldKind::State
            | FieldKind::Number => "text",
            FieldKind::Integer { .. } | FieldKind::Decimal { .. } => "bigint",
            FieldKind::Boolean => "boolean",
            FieldKind::Date { .. } => "date",
            FieldKind::Datetime => "timestamptz",
            FieldKind::Reference { .. } | FieldKind::Member => "uuid",
        };
        Storage::Column { name, sql }
    }

    /// The column that filters and sorts use, with its SQL type.
    pub fn ordering(&self) -> (String, &'static str) {
        match self.storage() {
            Storage::Column { name, sql } => (name, sql),
            Storage::Normalised { norm, .. } => (norm, "text"),
            Storage::Money { minor, .. } => (minor, "bigint"),
        }
    }

    /// Whether the ordering column may hold null. Normalised text never does: an empty value is an empty string.
    pub fn nullable_ordering(&self) -> bool {
        let set_by_server = self.read_only
            && matches!(self.key.as_str(), "createdAt" | "updatedAt" | "createdBy" | "updatedBy" | "version");
        let never = matches!(self.storage(), Storage::Normalised { .. })
            || matches!(self.kind, FieldKind::State | FieldKind::Number);
        !(never || self.required || set_by_server)
    }

    /// The key under which a form, a URL or a file carries a part of a money field.
    pub fn currency_key(&self) -> String {
        format!("{}.currency", self.key)
    }

    pub fn choices(&self) -> &[Choice] {
        match &self.kind {
            FieldKind::Option { options } => options,
            _ => &[],
        }
    }

    pub fn is_numeric(&self) -> bool {
        matches!(self.kind, FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Money { .. })
    }
}
