//! The JSON Schemas of pack files, derived from the types that they are read into. Editors follow the `#:schema` line of each file; the
//! loader holds files to the same schemas.

use crate::demo::Recipe;
use crate::start::Beginning;
use crate::{Overlay, Pack};
use domain::schema::{Dashboard, Entity};
use domain::workflow::Definition;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// A schema under its file name in `server/packs/_schema`.
pub struct Schema {
    pub file: &'static str,
    pub schema: Value,
}

pub fn entity() -> Value {
    of::<Entity>()
}

pub fn pack() -> Value {
    of::<Pack>()
}

pub fn overlay() -> Value {
    of::<Overlay>()
}

pub fn demo() -> Value {
    of::<Recipe>()
}

pub fn workflow() -> Value {
    of::<Definition>()
}

pub fn records() -> Value {
    of::<Beginning>()
}

pub fn dashboard() -> Value {
    of::<Dashboard>()
}

pub fn all() -> Vec<Schema> {
    let schema = |file, schema| Schema { file, schema };
    vec![
        schema("entity.schema.json", entity()),
        schema("pack.schema.json", pack()),
        schema("overlay.schema.json", overlay()),
        schema("demo.schema.json", demo()),
        schema("workflow.schema.json", workflow()),
        schema("records.schema.json", records()),
        schema("dashboard.schema.json", dashboard()),
    ]
}

impl Schema {
    /// As the file holds it.
    pub fn print(&self) -> String {
        format!("{:#}\n", self.schema)
    }
}

/// Draft 7: what editors of TOML understand.
fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value()
}
