//! Where the values of paths come from.

use crate::types::Type;
use crate::value::Value;
use serde_json::Value as Json;
use std::borrow::Cow;

/// Answers the values of the paths that `Checked::reads` lists.
pub trait Values {
    /// The value at a path, read as `ty`; null where nothing is there. The error says what is wrong with it, and becomes a fault.
    fn get(&self, path: &[String], ty: &Type) -> Result<Value, String>;
}

/// Values in the wire form of records, by the names of roots: `{ "order": { "id": "…", "status": "shipped", "customer": { … } } }`.
///
/// A reference through which a field is read must hold the record, with its `id`, in the place of the id.
#[derive(Debug, Clone, Copy)]
pub struct JsonValues<'j>(pub &'j Json);

impl Values for JsonValues<'_> {
    fn get(&self, path: &[String], ty: &Type) -> Result<Value, String> {
        walk(self.0, path)
            .and_then(|json| Value::from_json(&json, ty))
            .map_err(|problem| format!("{} {problem}", path.join(".")))
    }
}

/// The value below `json`; through a list, the list of what is below its items.
pub(crate) fn walk<'j>(json: &'j Json, path: &[String]) -> Result<Cow<'j, Json>, String> {
    let Some((first, rest)) = path.split_first() else { return Ok(Cow::Borrowed(json)) };
    match json {
        Json::Null => Ok(Cow::Owned(Json::Null)),
        Json::Object(fields) => fields.get(first).map_or(Ok(Cow::Owned(Json::Null)), |below| walk(below, rest)),
        Json::Array(items) => {
            let below = items.iter().map(|item| walk(item, path).map(Cow::into_owned));
            below.collect::<Result<_, _>>().map(|items| Cow::Owned(Json::Array(items)))
        }
        _ => Err(format!(
            "cannot be read: {first} is asked of a single value, such as the id of a record that was not given"
        )),
    }
}
