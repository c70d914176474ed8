//! A row, and a page of rows.

use super::Values;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use uuid::Uuid;

/// One row as a caller may see it. `values` holds the readable fields only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(try_from = "Values")]
pub struct Record {
    pub id: Uuid,
    pub version: i64,
    #[serde(flatten)]
    pub values: Values,
    /// Titles of referenced rows and members, and names of files, by field key; of several references a list.
    #[serde(rename = "_labels", skip_serializing_if = "Map::is_empty")]
    pub labels: Map<String, Value>,
    /// RFC 3339; only on rows in the trash.
    #[serde(rename = "deletedAt", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
}

/// Reading takes the object as it is and sorts out what is not a value: half the work of letting serde look for it in a flattened map.
impl TryFrom<Values> for Record {
    type Error = &'static str;

    fn try_from(mut values: Values) -> Result<Self, Self::Error> {
        let id = values.remove("id").and_then(|id| Uuid::try_parse(id.as_str()?).ok()).ok_or("a record needs an id")?;
        let version =
            values.remove("version").and_then(|version| version.as_i64()).ok_or("a record needs a version")?;
        let labels = match values.remove("_labels") {
            Some(Value::Object(labels)) => labels,
            _ => Map::new(),
        };
        let deleted_at = match values.remove("deletedAt") {
            Some(Value::String(at)) => Some(at),
            _ => None,
        };
        Ok(Self { id, version, values, labels, deleted_at })
    }
}

impl Record {
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).and_then(Value::as_str)
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).and_then(Value::as_str)
    }

    /// What the rows of several references are called, in the order of their ids; nothing for one that the reader may not see.
    pub fn titles(&self, key: &str) -> Vec<Option<&str>> {
        self.labels.get(key).and_then(Value::as_array).into_iter().flatten().map(Value::as_str).collect()
    }

    /// The label in one text: of several references the names that may be seen, as a cell of a file holds them.
    pub fn label_text(&self, key: &str) -> Option<Cow<'_, str>> {
        let label = self.labels.get(key)?;
        match label.as_str() {
            Some(one) => Some(one.into()),
            None => Some(self.titles(key).into_iter().flatten().collect::<Vec<_>>().join("; ").into()),
        }
    }
}

/// One page of rows.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Page {
    pub rows: Rows,
    pub returned: u32,
    pub total: Option<Total>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Cursor of the page before, where the query came with one.
    pub previous: Option<String>,
}

impl Page {
    pub fn records(&self) -> crate::Result<Vec<Record>> {
        match &self.rows {
            Rows::Json(rows) => parsed(rows),
            Rows::Records(records) => Ok(records.clone()),
        }
    }

    /// The same, without leaving any in the page.
    pub fn take_records(&mut self) -> crate::Result<Vec<Record>> {
        match &mut self.rows {
            Rows::Json(rows) => parsed(rows),
            Rows::Records(records) => Ok(std::mem::take(records)),
        }
    }
}

fn parsed(rows: &RawValue) -> crate::Result<Vec<Record>> {
    serde_json::from_str(rows.get()).map_err(|_| crate::Error::internal())
}

/// The rows of a page, in the form that its asker has a use for. As JSON they are an array of records.
#[derive(Debug)]
pub enum Rows {
    /// The array as the engine wrote it, passed on unparsed.
    Json(Box<RawValue>),
    /// For pages, which are drawn in the process that read the rows: writing JSON there and reading it again is a good part of drawing a list.
    Records(Vec<Record>),
}

impl Rows {
    pub fn json(&self) -> crate::Result<Cow<'_, str>> {
        match self {
            Self::Json(rows) => Ok(rows.get().into()),
            Self::Records(records) => {
                serde_json::to_string(records).map(Cow::Owned).map_err(|_| crate::Error::internal())
            }
        }
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(rows) => rows.serialize(serializer),
            Self::Records(records) => records.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::Json)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Rows {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Rows".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<Record>::json_schema(generator)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Total {
    pub value: i64,
    pub exact: bool,
}
