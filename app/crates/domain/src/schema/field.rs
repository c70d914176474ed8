//! One field of an entity: its type, its rules, and the columns that hold it.

use super::upload::{PICTURE_BYTES, UPLOAD_BYTES};
use crate::permission::Grants;
use crate::text::snake;
use serde::{Deserialize, Serialize};
use words::mark;

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
    /// What the server computes the value from, over the fields of the same row: `price * (1 - discount / 100)`. Such a field is read only.
    #[serde(default)]
    pub formula: Option<String>,
    /// What is counted or added up over the rows of another entity that point at this one. Such a field is read only and has no column.
    #[serde(default)]
    pub rollup: Option<Rollup>,
    /// How a text has to be written, beside what its type asks for.
    #[serde(default)]
    pub pattern: Option<Pattern>,
}

/// A figure over rows that point here, computed when it is read: of the rows that the reader may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rollup {
    /// Whose rows.
    pub entity: String,
    /// Their reference to this entity.
    pub via: String,
    pub what: Aggregate,
    /// What is added up or compared; none for a count.
    #[serde(default)]
    pub field: Option<String>,
    /// Which of the rows, as a list is filtered: `status in (approved, shipped)`.
    #[serde(default)]
    pub filter: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    Count,
    /// Of money there is one where all amounts are of one currency.
    Sum,
    Min,
    Max,
}

/// A shape of texts, such as that of a chassis number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// A regular expression that the whole value meets, in the syntax of the crate `regex-lite`.
    pub regex: String,
    /// What is asked for, in words that follow "write it as": `17 letters and digits, such as WVWZZZ1JZXW000001`.
    pub says: String,
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
    /// A share in percent: an exact decimal kept as a scaled bigint, `12.50` for 12.5 %.
    Percentage {
        #[serde(default = "default_percentage_scale")]
        scale: u32,
        /// Scaled, as with decimals.
        #[serde(default)]
        min: Option<i64>,
        #[serde(default)]
        max: Option<i64>,
    },
    /// A length of time in whole seconds; people write `1h 30m`.
    Duration {
        /// Seconds.
        #[serde(default)]
        min: Option<i64>,
        #[serde(default)]
        max: Option<i64>,
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
    /// Several of the choices at once, in the order of the description.
    Options {
        options: Vec<Choice>,
    },
    /// An address of the web, with http or https.
    Url,
    /// A postal address in five parts: see [`ADDRESS`].
    Address,
    /// A point on the earth in degrees of WGS 84, to six decimals (a decimetre).
    Geo,
    /// A row of another described entity.
    Reference {
        entity: String,
    },
    /// Rows of another described entity, any number of them, in no order.
    References {
        entity: String,
    },
    /// A row of one of several described entities: a customer, a lead or an opportunity.
    AnyReference {
        entities: Vec<String>,
    },
    /// A file that is kept with the record.
    File {
        /// Media types that are taken, such as `application/pdf`; any but programs where none is named.
        #[serde(default)]
        accept: Vec<String>,
        /// Bytes.
        #[serde(default = "default_file_bytes")]
        max_size: u32,
    },
    /// A picture that is kept with the record and shown in it.
    Image {
        /// Media types that are taken: PNG, JPEG, GIF and WebP where none is named.
        #[serde(default)]
        accept: Vec<String>,
        /// Bytes.
        #[serde(default = "default_picture_bytes")]
        max_size: u32,
    },
    /// A member of the workspace.
    Member,
    /// The state of the entity; its values are the description's states and it changes by transition only.
    State,
    /// The natural key, `LEAD-000123`, made by the server.
    Number,
    /// What is done of the checklists of the states, item by item; it changes by ticking only.
    Checklist,
}

#[cfg(not(target_arch = "wasm32"))]
impl Pattern {
    /// The expression, held to the whole value. Kept once read: a list of many rows asks for it many times.
    pub fn compiled(&self) -> Result<std::sync::Arc<regex_lite::Regex>, String> {
        use std::collections::HashMap;
        use std::sync::{Arc, LazyLock, Mutex, PoisonError};
        static READ: LazyLock<Mutex<HashMap<String, Arc<regex_lite::Regex>>>> = LazyLock::new(Mutex::default);
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(regex) = read.get(&self.regex) {
            return Ok(regex.clone());
        }
        let regex = regex_lite::Regex::new(&format!("^(?:{})$", self.regex)).map_err(|error| error.to_string())?;
        let regex = Arc::new(regex);
        read.insert(self.regex.clone(), regex.clone());
        Ok(regex)
    }
}

fn default_text_max() -> u32 {
    255
}

fn default_long_text_max() -> u32 {
    65_536
}

fn default_percentage_scale() -> u32 {
    2
}

fn default_file_bytes() -> u32 {
    UPLOAD_BYTES
}

fn default_picture_bytes() -> u32 {
    PICTURE_BYTES
}

/// Rows that one field points at.
pub const MOST_REFERENCES: usize = 100;
/// Longest address of the web, in characters.
pub const LONGEST_URL: u32 = 2_048;
/// Parts of a postal address with what they are called, as a form shows them and a file names them: said with `words::say`.
pub const ADDRESS: [(&str, &str); 5] = [
    ("street", mark!("Street and number")),
    ("postcode", mark!("Postcode")),
    ("city", mark!("City")),
    ("region", mark!("Region or county")),
    ("country", mark!("Country")),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub key: String,
    pub label: String,
    /// 1 to 8, the design system's fixed order.
    #[serde(default)]
    pub hue: Option<u8>,
    /// Rows that are to have this value at once, at most. A board points out where there are more; none is kept from coming.
    #[serde(default)]
    pub limit: Option<u16>,
    /// In a catalogue in another language: what the description calls it. Files may say either.
    #[serde(skip)]
    pub also: Option<String>,
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
    /// One text column for each part of an address, `<name>_street` and so on, in the order of [`ADDRESS`].
    Address(Vec<String>),
    /// Millionths of a degree: `<name>_lat bigint` and `<name>_lon bigint`.
    Geo { lat: String, lon: String },
    /// One uuid column for each entity that may be pointed at, `<name>_customer_id` and so on, of which one at most is filled: each is held by a
    /// key of its own, as that of any reference.
    Any(Vec<String>),
    /// No column: a figure over other rows.
    Elsewhere,
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
            FieldKind::File { .. } | FieldKind::Image { .. } => format!("{}_id", snake(&self.key)),
            FieldKind::References { .. } => format!("{}_ids", snake(&self.key)),
            FieldKind::State => "status".to_owned(),
            _ => snake(&self.key),
        }
    }

    pub fn storage(&self) -> Storage {
        if self.rollup.is_some() {
            return Storage::Elsewhere;
        }
        let name = self.column();
        let sql = match &self.kind {
            FieldKind::Text { .. } | FieldKind::Email if self.indexed || self.unique => {
                return Storage::Normalised { norm: format!("{name}_norm"), name };
            }
            FieldKind::Money { .. } => {
                return Storage::Money { minor: format!("{name}_minor"), currency: format!("{name}_currency") };
            }
            FieldKind::Address => {
                return Storage::Address(ADDRESS.iter().map(|(part, _)| format!("{name}_{part}")).collect());
            }
            FieldKind::Geo => return Storage::Geo { lat: format!("{name}_lat"), lon: format!("{name}_lon") },
            FieldKind::AnyReference { entities } => {
                return Storage::Any(entities.iter().map(|entity| self.column_to(entity)).collect());
            }
            FieldKind::Text { .. }
            | FieldKind::LongText { .. }
            | FieldKind::Email
            | FieldKind::Phone
            | FieldKind::Country
            | FieldKind::Url
            | FieldKind::Option { .. }
            | FieldKind::State
            | FieldKind::Number => "text",
            FieldKind::Options { .. } => "text[]",
            FieldKind::References { .. } => "uuid[]",
            FieldKind::Integer { .. }
            | FieldKind::Decimal { .. }
            | FieldKind::Percentage { .. }
            | FieldKind::Duration { .. } => "bigint",
            FieldKind::Boolean => "boolean",
            FieldKind::Date { .. } => "date",
            FieldKind::Datetime => "timestamptz",
            FieldKind::Reference { .. } | FieldKind::Member | FieldKind::File { .. } | FieldKind::Image { .. } => {
                "uuid"
            }
            FieldKind::Checklist => "jsonb",
        };
        Storage::Column { name, sql }
    }

    /// The column that filters and sorts use, with its SQL type.
    pub fn ordering(&self) -> (String, &'static str) {
        match self.storage() {
            Storage::Column { name, sql } => (name, sql),
            Storage::Normalised { norm, .. } => (norm, "text"),
            Storage::Money { minor, .. } => (minor, "bigint"),
            // No list is sorted by a place; whether there is one is asked of the part that always is.
            Storage::Address(columns) => (columns.into_iter().next().unwrap_or_default(), "text"),
            Storage::Geo { lat, .. } => (lat, "bigint"),
            Storage::Any(columns) => (columns.into_iter().next().unwrap_or_default(), "uuid"),
            Storage::Elsewhere => (String::new(), "text"),
        }
    }

    /// The column of the digits of a telephone number, which the database fills by itself: the number is kept as it was typed, and by its digits it
    /// is known again. Of indexed fields alone.
    pub fn digits_column(&self) -> Option<String> {
        let kept = self.indexed && self.rollup.is_none() && matches!(self.kind, FieldKind::Phone);
        kept.then(|| format!("{}_digits", self.column()))
    }

    /// Every column that holds a part of the value, or follows from it.
    pub fn columns(&self) -> Vec<String> {
        match self.storage() {
            Storage::Column { name, .. } => std::iter::once(name).chain(self.digits_column()).collect(),
            Storage::Normalised { name, norm } => vec![name, norm],
            Storage::Money { minor, currency } => vec![minor, currency],
            Storage::Address(columns) | Storage::Any(columns) => columns,
            Storage::Geo { lat, lon } => vec![lat, lon],
            Storage::Elsewhere => Vec::new(),
        }
    }

    /// Whether the values have an order that an index holds.
    pub const fn is_ordered(&self) -> bool {
        self.rollup.is_none()
            && !self.is_upload()
            && !matches!(
                self.kind,
                FieldKind::Options { .. }
                    | FieldKind::References { .. }
                    | FieldKind::AnyReference { .. }
                    | FieldKind::Address
                    | FieldKind::Geo
            )
    }

    /// Whether lists are sorted by it. What has no order may still have indexes, by which it is filtered.
    pub const fn is_sorting(&self) -> bool {
        self.indexed && self.is_ordered()
    }

    /// The parts of a value that forms and files carry one by one, with what they are called, which is said with `words::say`. Empty for a value
    /// that is one text.
    pub const fn parts(&self) -> &'static [(&'static str, &'static str)] {
        match self.kind {
            FieldKind::Money { .. } => &[("amount", mark!("Amount")), ("currency", mark!("currency"))],
            FieldKind::Address => &ADDRESS,
            _ => &[],
        }
    }

    /// The names under which columns of a file fill the field, with what each is called: its key, `value.currency`, `address.city`.
    pub fn targets(&self) -> Vec<(String, String)> {
        let whole = (self.key.clone(), self.label.clone());
        let part = |(part, label): &(&str, &str)| match *part {
            // The amount is the field itself, and the currency may go without saying.
            "amount" => whole.clone(),
            part => (format!("{}.{part}", self.key), format!("{} {}", self.label, words::say(label).to_lowercase())),
        };
        if self.parts().is_empty() { vec![whole] } else { self.parts().iter().map(part).collect() }
    }

    /// Whether the value follows from others, by a formula or from other rows.
    pub const fn is_computed(&self) -> bool {
        self.formula.is_some() || self.rollup.is_some()
    }

    /// Whether forms send more than one value under the field's name.
    pub const fn is_many(&self) -> bool {
        matches!(self.kind, FieldKind::Options { .. } | FieldKind::References { .. })
    }

    /// The one entity whose rows the value points at: one of them, or several. `entities` has those of a field that points at rows of any.
    pub const fn target(&self) -> Option<&String> {
        match &self.kind {
            FieldKind::Reference { entity } | FieldKind::References { entity } => Some(entity),
            _ => None,
        }
    }

    /// The table that holds what several references of a row point at, kept by the database beside the column: it holds them to rows that are
    /// there, and finds who points at one.
    pub fn link_table(&self, table: &str) -> Option<String> {
        matches!(self.kind, FieldKind::References { .. }).then(|| format!("{table}_{}", snake(&self.key)))
    }

    /// Decimals of a number that the database keeps as a whole one.
    pub const fn scale(&self) -> Option<u32> {
        match self.kind {
            FieldKind::Integer { .. } | FieldKind::Duration { .. } => Some(0),
            FieldKind::Decimal { scale, .. } | FieldKind::Percentage { scale, .. } => Some(scale),
            _ => None,
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

    pub fn choices(&self) -> &[Choice] {
        match &self.kind {
            FieldKind::Option { options } | FieldKind::Options { options } => options,
            _ => &[],
        }
    }

    /// Whether rows can be put into groups by it: what it holds has to come more than once, and its rows can be asked for again.
    pub const fn is_grouping(&self) -> bool {
        self.indexed
            && matches!(
                self.kind,
                FieldKind::State
                    | FieldKind::Option { .. }
                    | FieldKind::Reference { .. }
                    | FieldKind::Member
                    | FieldKind::Boolean
                    | FieldKind::Country
            )
    }

    /// Whether a row can stand by the day of this field.
    pub const fn is_dated(&self) -> bool {
        self.indexed && matches!(self.kind, FieldKind::Date { .. } | FieldKind::Datetime)
    }

    /// When a row was made or last touched, which every row has.
    pub fn is_stamp(&self) -> bool {
        matches!(self.key.as_str(), "createdAt" | "updatedAt")
    }

    pub const fn is_numeric(&self) -> bool {
        matches!(self.kind, FieldKind::Money { .. }) || self.scale().is_some()
    }

    /// Whether a sum of the values says anything: one of shares does not.
    pub const fn adds_up(&self) -> bool {
        self.is_numeric() && self.rollup.is_none() && !matches!(self.kind, FieldKind::Percentage { .. })
    }
}
