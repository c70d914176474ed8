//! The exercise pack beside the packs of this build, and whether it says everything that a description can say.

use serde_json::Value;
use std::collections::BTreeSet;

/// As a workspace names it.
pub const INDUSTRY: &str = "exercise";
const ENTITIES: [&str; 3] =
    ["exercise/entities/piece.toml", "exercise/entities/part.toml", "exercise/entities/loan.toml"];

/// Every shape of a description with where it stands in one. Parts of a place are members, of a list each of them.
const SHAPES: [(&str, &str); 13] = [
    ("Field", "fields"),
    ("FieldPermissions", "fields.permissions"),
    ("Pattern", "fields.pattern"),
    ("Rollup", "fields.rollup"),
    ("Choice", "fields.kind.options"),
    ("States", "states"),
    ("Pipeline", "states.pipelines"),
    ("State", "states.list"),
    ("Item", "states.list.checklist"),
    ("Transition", "states.transitions"),
    ("Gate", "states.transitions.gate"),
    ("Approval", "states.transitions.gate.approval"),
    ("View", "views"),
];
/// The same of words of which one is chosen.
const WORDS: [(&str, &str); 4] = [
    ("FieldKind", "fields.kind.type"),
    ("Aggregate", "fields.rollup.what"),
    ("StateKind", "states.list.kind"),
    ("ViewKind", "views.kind"),
];
/// Kinds that no description names: the catalogue adds their fields to every entity.
const STANDARD: [&str; 3] = ["state", "number", "checklist"];

pub fn library() -> packs::Library {
    packs::Library::from_files(&testkit::pack_files())
        .unwrap_or_else(|faults| panic!("the exercise pack is at fault: {faults:#?}"))
}

/// Every value at a dotted place.
fn at<'a>(values: &[&'a Value], place: &str) -> Vec<&'a Value> {
    let mut found: Vec<&Value> = values.to_vec();
    for part in place.split('.') {
        let members = found.iter().filter_map(|value| value.get(part));
        found = members
            .flat_map(|value| value.as_array().map_or_else(|| vec![value], |all| all.iter().collect()))
            .collect();
    }
    found
}

/// The words that a schema allows.
fn words(schema: &Value) -> Vec<&str> {
    let branches = schema["oneOf"].as_array().into_iter().flatten();
    let own = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    own.chain(schema["const"].as_str())
        .chain(branches.flat_map(|branch| match branch["properties"].get("type") {
            Some(kind) => words(kind),
            None => words(branch),
        }))
        .collect()
}

fn members(schema: &Value) -> impl Iterator<Item = &str> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str())
}

/// Fails where descriptions know something that the pack does not say: then it goes through nothing.
pub fn is_whole() {
    let files = testkit::pack_files();
    let described: Vec<Value> = ENTITIES.iter().map(|file| toml::from_str(&files[*file]).unwrap()).collect();
    let described: Vec<&Value> = described.iter().collect();
    let schema = packs::schema::entity();
    let shapes = &schema["definitions"];
    let mut lacking = Vec::new();
    for (shape, place) in SHAPES {
        let said: BTreeSet<&str> = at(&described, place)
            .into_iter()
            .filter_map(Value::as_object)
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        let known: Vec<&str> = members(&shapes[shape]).collect();
        assert!(!known.is_empty(), "the schema has no {shape}");
        lacking.extend(known.iter().filter(|name| !said.contains(*name)).map(|name| format!("{shape} {name}")));
    }
    for (shape, place) in WORDS {
        let said: BTreeSet<&str> = at(&described, place).into_iter().filter_map(Value::as_str).collect();
        let known = words(&shapes[shape]);
        assert!(known.len() > 2, "the schema has {} words for {shape}", known.len());
        let missing = known.iter().filter(|word| !said.contains(*word) && !STANDARD.contains(*word));
        lacking.extend(missing.map(|word| format!("{shape} {word}")));
    }
    // What a kind can say of itself, said by a field of that kind.
    let kinds = at(&described, "fields.kind");
    for branch in shapes["FieldKind"]["oneOf"].as_array().into_iter().flatten() {
        let word = branch["properties"]["type"]["const"].as_str().unwrap_or_default();
        let of: Vec<&&Value> = kinds.iter().filter(|kind| kind["type"] == word).collect();
        let unsaid =
            members(branch).filter(|name| !STANDARD.contains(&word) && of.iter().all(|kind| kind.get(*name).is_none()));
        lacking.extend(unsaid.map(|name| format!("{word} {name}")));
    }
    assert!(lacking.is_empty(), "server/tests/packs/exercise does not say: {lacking:#?}");
}
