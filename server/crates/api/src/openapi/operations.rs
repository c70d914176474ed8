//! The types of operations as components: what they take and what they answer, derived from the structs themselves.

use domain::audit::AuditEntry;
use domain::records::{RecordVersion, TimelineEntry};
use platform::Registry;
use platform::dispatch::OperationInfo;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// One operation of the workspace realm, with references into the components.
pub struct Described {
    pub info: OperationInfo,
    pub input: Value,
    pub output: Value,
}

pub struct Types {
    pub operations: Vec<Described>,
    pub timeline: Value,
    pub versions: Value,
    pub entries: Value,
    pub components: Map<String, Value>,
}

const COMPONENTS: &str = "#/components/schemas/";
/// Behind the names of types that are taken, since what is taken and what is answered may differ.
const TAKEN: &str = "Input";

impl Types {
    pub fn of(registry: &Registry) -> Self {
        let settings = || {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path = "/components/schemas".into();
            settings
        };
        let mut taken = SchemaGenerator::new(settings().for_deserialize());
        let mut answered = SchemaGenerator::new(settings().for_serialize());
        let operations = registry
            .shapes()
            .filter(|(info, _)| info.realm == domain::Realm::Workspace)
            .map(|(info, shape)| Described {
                info: info.clone(),
                input: renamed((shape.input)(&mut taken).to_value()),
                output: plain((shape.output)(&mut answered).to_value()),
            })
            .collect();
        let timeline = plain(answered.subschema_for::<Vec<TimelineEntry>>().to_value());
        let versions = plain(answered.subschema_for::<Vec<RecordVersion>>().to_value());
        let entries = plain(answered.subschema_for::<Vec<AuditEntry>>().to_value());
        let mut components: Map<String, Value> =
            answered.take_definitions(true).into_iter().map(|(name, schema)| (name, plain(schema))).collect();
        components.extend(
            taken.take_definitions(true).into_iter().map(|(name, schema)| (format!("{name}{TAKEN}"), renamed(schema))),
        );
        Self { operations, timeline, versions, entries, components }
    }

    pub fn get(&self, name: &str) -> Option<&Described> {
        self.operations.iter().find(|described| described.info.name == name)
    }

    /// The input of an operation without a member that the path says already.
    pub fn input_without(&self, name: &str, member: &str) -> Value {
        let reference = self.get(name).and_then(|described| described.input["$ref"].as_str()).unwrap_or_default();
        let schema = reference.strip_prefix(COMPONENTS).and_then(|component| self.components.get(component));
        let mut schema = schema.cloned().unwrap_or_else(|| json!({ "type": "object" }));
        if let Some(properties) = schema["properties"].as_object_mut() {
            properties.remove(member);
        }
        if let Some(required) = schema["required"].as_array_mut() {
            required.retain(|name| name != member);
        }
        schema
    }
}

/// Formats of Rust's numbers mean nothing elsewhere; minima say the same.
fn plain(schema: Value) -> Value {
    walk(schema, &|_| ())
}

fn renamed(schema: Value) -> Value {
    walk(schema, &|reference| reference.push_str(TAKEN))
}

fn walk(mut schema: Value, rename: &dyn Fn(&mut String)) -> Value {
    if let Value::Object(members) = &mut schema {
        if members
            .get("format")
            .and_then(Value::as_str)
            .is_some_and(|format| format.starts_with("uint") || format == "int8" || format == "int16")
        {
            members.remove("format");
        }
        for (key, value) in members.iter_mut() {
            match value {
                Value::String(reference) if key == "$ref" => rename(reference),
                other => *other = walk(other.take(), rename),
            }
        }
    } else if let Value::Array(items) = &mut schema {
        for item in items {
            *item = walk(item.take(), rename);
        }
    }
    schema
}
