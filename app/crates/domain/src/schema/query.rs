//! A list query: what the URL of a list page and `GET /api/v1/{entity}` both say, in the same words.

use super::filter::FilterError;
use super::{Entity, Field, Filter};
use crate::text::nearest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use words::t;

pub const DEFAULT_LIMIT: u32 = 50;
pub const MAX_LIMIT: u32 = 500;
/// Fields that a list is sorted by at once.
pub const MAX_SORTS: usize = 3;
/// Totals are exact up to here; beyond, a marked estimate unless an exact one is asked for.
pub const EXACT_TOTAL: i64 = 10_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ListQuery {
    pub filter: Option<Filter>,
    /// Fields in order, up to [`MAX_SORTS`]; the id breaks ties.
    pub sort: Vec<Sort>,
    pub search: Option<String>,
    /// These rows alone, where any are named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<Uuid>,
    pub limit: u32,
    pub offset: u32,
    /// Opaque, from `next` of the page before.
    pub cursor: Option<String>,
    /// Keys of the fields wanted; all readable ones when empty.
    pub fields: Vec<String>,
    pub count: Count,
    /// Rows in the trash instead of the living ones.
    pub trash: bool,
    /// The rows as they stood at a moment: RFC 3339, or a day or a time on the workspace's clock. For lists, boards and summaries.
    pub as_of: Option<String>,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            filter: None,
            sort: Vec::new(),
            search: None,
            ids: Vec::new(),
            limit: DEFAULT_LIMIT,
            offset: 0,
            cursor: None,
            fields: Vec::new(),
            count: Count::default(),
            trash: false,
            as_of: None,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Count {
    #[default]
    Estimated,
    Exact,
    None,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Sort {
    pub field: String,
    pub descending: bool,
}

impl Sort {
    /// `-value,name`: fields in order, a minus for descending. Only indexed fields that have an order can be sorted by.
    pub fn parse_list(text: &str, entity: &Entity) -> Result<Vec<Self>, FilterError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let sorts: Vec<Self> = parts.map(|part| Self::parse(part, entity)).collect::<Result<_, _>>()?;
        let twice =
            sorts.iter().enumerate().any(|(at, sort)| sorts[..at].iter().any(|other| other.field == sort.field));
        if twice || sorts.len() > MAX_SORTS {
            let message = t!("A list is sorted by up to {most} fields, each named once", most = MAX_SORTS);
            return Err(FilterError { message, meant: None });
        }
        Ok(sorts)
    }

    fn parse(part: &str, entity: &Entity) -> Result<Self, FilterError> {
        let (descending, key) = part.strip_prefix('-').map_or((false, part), |key| (true, key));
        let sortable = || entity.fields.iter().filter(|field| field.is_sorting());
        // Requirement 36 writes snake_case sort keys; both spellings are accepted.
        match sortable().find(|field| field.key == key || crate::text::snake(&field.key) == key) {
            Some(field) => Ok(Self { field: field.key.clone(), descending }),
            None => Err(FilterError {
                message: t!("{key} cannot be sorted by", key),
                meant: nearest(key, sortable().map(|field| field.key.as_str())).map(str::to_owned),
            }),
        }
    }

    pub fn print_list(sorts: &[Self]) -> String {
        let parts: Vec<String> =
            sorts.iter().map(|sort| format!("{}{}", if sort.descending { "-" } else { "" }, sort.field)).collect();
        parts.join(",")
    }

    pub fn of<'a>(&self, entity: &'a Entity) -> Option<&'a Field> {
        entity.field(&self.field)
    }
}
