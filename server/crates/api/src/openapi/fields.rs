//! Fields as schemas: as rows show them and as writes take them. What is taken is wider than what is shown: `check` of `domain::schema::value`
//! trims text, reads numbers in either form and takes an empty text for nothing.

use super::View;
use domain::currency;
use domain::schema::{ADDRESS, Choice, Entity, Field, FieldKind, LONGEST_URL, MOST_REFERENCES, States};
use domain::text::listed;
use serde_json::{Map, Value, json};

/// Names of an entity's components: a row, what makes one, what changes one.
pub struct Names {
    pub row: String,
    pub new: String,
    pub change: String,
    pub whole: String,
    /// What a move may set on its way.
    pub moved: String,
}

pub fn names(entity: &Entity) -> Names {
    let noun: String = entity
        .key
        .split('_')
        .map(|word| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>())
        .collect();
    Names {
        row: format!("{noun}Record"),
        new: format!("{noun}New"),
        change: format!("{noun}Change"),
        whole: format!("{noun}Whole"),
        moved: format!("{noun}Move"),
    }
}

pub fn components(view: &View, entity: &Entity) -> Vec<(String, Value)> {
    let names = names(entity);
    vec![
        (names.row, row(view, entity)),
        (names.new, values(view, entity, true, None)),
        (names.change, values(view, entity, false, Some("The one that was read; not needed beside If-Match"))),
        (names.whole, values(view, entity, true, Some("The one that was read; not needed beside If-Match"))),
        (
            names.moved,
            values(view, entity, false, Some("The one that was read; without it the move is made whatever it is now")),
        ),
    ]
}

/// Every member that a whole row has.
pub fn members(view: &View, entity: &Entity) -> Vec<String> {
    ["id", "version"]
        .map(str::to_owned)
        .into_iter()
        .chain(view.readable(entity).map(|field| field.key.clone()))
        .collect()
}

fn row(view: &View, entity: &Entity) -> Value {
    let mut properties = Map::new();
    properties.insert("id".to_owned(), json!({ "type": "string", "format": "uuid", "readOnly": true }));
    properties.insert("version".to_owned(), version("Grows with every change"));
    for field in view.readable(entity) {
        let mut schema = shown(entity, field);
        described(&mut schema, field);
        if field.read_only {
            schema["readOnly"] = json!(true);
        }
        properties.insert(field.key.clone(), schema);
    }
    properties.insert(
        "_labels".to_owned(),
        json!({ "type": "object", "additionalProperties": { "anyOf": [
            { "type": "string" }, { "type": "array", "items": { "type": ["string", "null"] } },
        ] }, "readOnly": true,
            "description": "What references, members and files are called, by field, of several references a list in the order of the ids; `{field}.state` says `held` or `refused` of a file that cannot be fetched" }),
    );
    properties.insert(
        "deletedAt".to_owned(),
        json!({ "type": "string", "format": "date-time", "readOnly": true, "description": "Only on rows in the trash" }),
    );
    json!({
        "type": "object", "title": entity.labels.one, "properties": properties, "required": ["id", "version"],
        "additionalProperties": false,
    })
}

fn values(view: &View, entity: &Entity, whole: bool, versioned: Option<&str>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    // A new row may name its pipeline; afterwards it is moved.
    let begun = versioned.is_none().then(|| entity.pipeline_field()).flatten();
    for field in view.writable(entity).chain(begun) {
        let needed = field.required && field.default.is_none();
        if whole && needed {
            required.push(field.key.clone());
        }
        let mut schema = taken(field, !field.required);
        described(&mut schema, field);
        if let Some(default) = &field.default {
            schema["default"] = default.clone();
        }
        properties.insert(field.key.clone(), schema);
    }
    if let Some(says) = versioned {
        properties.insert("version".to_owned(), version(says));
    }
    json!({
        "type": "object", "title": entity.labels.one, "properties": properties, "required": required, "additionalProperties": false,
    })
}

fn version(says: &str) -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 1, "description": says })
}

fn described(schema: &mut Value, field: &Field) {
    schema["title"] = json!(field.label);
    let mut says: Vec<String> = field.help.iter().cloned().collect();
    if let FieldKind::Reference { entity } = &field.kind {
        says.push(format!("The id of a row of {entity}"));
    }
    if let FieldKind::References { entity } = &field.kind {
        says.push(format!("The ids of rows of {entity}"));
    }
    if let FieldKind::AnyReference { entities } = &field.kind {
        says.push(format!("The entity and the id of a row of {}", listed(entities, "or")));
    }
    if field.kind == FieldKind::Member {
        says.push("The id of a member".to_owned());
    }
    if let Some(takes) = field.upload() {
        says.push(format!("The id of a file: {}. `files.attach` keeps one and answers its id", takes.says()));
    }
    if let Some(permission) = &field.permissions.read {
        says.push(format!("Seen with {permission}"));
    }
    if let Some(permission) = &field.permissions.write {
        says.push(format!("Changed with {permission}"));
    }
    if field.unique {
        says.push("No two rows share it".to_owned());
    }
    if !says.is_empty() {
        schema["description"] = json!(says.join(". "));
    }
}

/// As a row shows it.
fn shown(entity: &Entity, field: &Field) -> Value {
    let always = field.required
        || matches!(field.kind, FieldKind::State | FieldKind::Number)
        || matches!(field.key.as_str(), "createdAt" | "updatedAt");
    let schema = match &field.kind {
        FieldKind::Text { max } | FieldKind::LongText { max } => json!({ "type": "string", "maxLength": max }),
        FieldKind::Email => json!({ "type": "string", "format": "idn-email", "maxLength": 254 }),
        FieldKind::Phone => json!({ "type": "string", "maxLength": 40 }),
        FieldKind::Country => json!({ "type": "string", "pattern": "^[A-Z]{2}$" }),
        FieldKind::Integer { .. } => json!({ "type": "integer", "format": "int64" }),
        FieldKind::Decimal { scale, .. } => json!({ "type": "string", "pattern": decimals(*scale, true) }),
        FieldKind::Money { .. } => json!({ "$ref": "#/components/schemas/Amount" }),
        FieldKind::Boolean => json!({ "type": "boolean" }),
        FieldKind::Date { .. } => json!({ "type": "string", "format": "date" }),
        FieldKind::Datetime => json!({ "type": "string", "format": "date-time" }),
        FieldKind::Option { options } => {
            json!({ "type": "string", "enum": options.iter().map(|choice| &choice.key).collect::<Vec<_>>() })
        }
        FieldKind::Options { options } => choices(options),
        FieldKind::References { .. } => references(),
        FieldKind::AnyReference { entities } => any_reference(entities),
        FieldKind::Percentage { scale, .. } => json!({ "type": "string", "pattern": decimals(*scale, true) }),
        FieldKind::Duration { .. } => json!({ "type": "integer", "format": "int64" }),
        FieldKind::Url => json!({ "type": "string", "format": "iri", "maxLength": LONGEST_URL }),
        FieldKind::Address => json!({ "$ref": "#/components/schemas/PostalAddress" }),
        FieldKind::Geo => json!({ "$ref": "#/components/schemas/GeoPoint" }),
        FieldKind::Reference { .. } | FieldKind::Member | FieldKind::File { .. } | FieldKind::Image { .. } => {
            json!({ "type": "string", "format": "uuid" })
        }
        FieldKind::State => {
            let states = entity.states.iter().flat_map(|states| &states.list);
            json!({ "type": "string", "enum": states.map(|state| &state.key).collect::<Vec<_>>() })
        }
        FieldKind::Number => json!({ "type": "string" }),
        FieldKind::Checklist => ticks(entity),
    };
    if always { schema } else { or_null(schema) }
}

/// What is done, by the items that the description knows.
fn ticks(entity: &Entity) -> Value {
    let tick = json!({
        "type": "object", "required": ["by", "at"], "additionalProperties": false,
        "properties": { "by": or_null(json!({ "type": "string", "format": "uuid" })), "at": { "type": "string", "format": "date-time" } },
    });
    let items = entity.states.iter().flat_map(States::items);
    let properties: Map<String, Value> = items
        .map(|(state, item)| {
            let mut tick = tick.clone();
            tick["title"] = json!(item.label);
            tick["description"] = json!(format!("Of {}. There once it is done", state.label));
            (item.key.clone(), tick)
        })
        .collect();
    // An item that a description gave up is still in the rows that had it.
    json!({ "type": "object", "properties": properties, "additionalProperties": tick })
}

/// As a write takes it. `empty` is whether the field may hold nothing.
fn taken(field: &Field, empty: bool) -> Value {
    let schema = match &field.kind {
        // What cannot be stored is refused; what must hold something holds more than blanks.
        FieldKind::Text { max } | FieldKind::LongText { max } => {
            let pattern = if empty { r"^[^\u0000]*$" } else { r"^[^\u0000]*[^\s\u0000][^\u0000]*$" };
            json!({ "type": "string", "maxLength": max, "pattern": pattern })
        }
        FieldKind::Email => or_blank(json!({ "type": "string", "format": "email", "maxLength": 254 })),
        FieldKind::Phone => or_blank(json!({
            "type": "string", "maxLength": 40,
            "pattern": r"^[ +().,/#*xXeEtT-]*([0-9][ +().,/#*xXeEtT-]*){3,25}$",
        })),
        FieldKind::Country => or_blank(json!({ "type": "string", "pattern": "^[A-Za-z]{2}$" })),
        FieldKind::Integer { min, max } => {
            let mut schema = json!({ "type": "integer", "format": "int64" });
            schema["minimum"] = json!(min.unwrap_or(i64::MIN));
            schema["maximum"] = json!(max.unwrap_or(i64::MAX));
            schema
        }
        FieldKind::Decimal { scale, .. } => {
            json!({ "anyOf": [{ "type": "string", "pattern": decimals(*scale, false) }, { "type": "number" }] })
        }
        FieldKind::Money { allow_negative: true } => json!({ "$ref": "#/components/schemas/AmountInput" }),
        FieldKind::Money { allow_negative: false } => json!({ "$ref": "#/components/schemas/PositiveAmountInput" }),
        FieldKind::Boolean => json!({ "type": "boolean" }),
        FieldKind::Date { .. } => or_blank(json!({ "type": "string", "format": "date" })),
        FieldKind::Datetime => or_blank(json!({ "type": "string", "format": "date-time" })),
        FieldKind::Option { options } => {
            json!({ "type": "string", "enum": options.iter().map(|choice| &choice.key).collect::<Vec<_>>() })
        }
        FieldKind::Options { options } => choices(options),
        FieldKind::References { .. } => references(),
        FieldKind::AnyReference { entities } => any_reference(entities),
        FieldKind::Percentage { scale, .. } => {
            json!({ "anyOf": [{ "type": "string", "pattern": decimals(*scale, false) }, { "type": "number" }] })
        }
        FieldKind::Duration { min, max } => {
            let most = max.unwrap_or(3_600_000_000);
            json!({ "type": "integer", "format": "int64", "minimum": min.unwrap_or(0), "maximum": most })
        }
        FieldKind::Url => or_blank(json!({
            "type": "string", "maxLength": LONGEST_URL, "pattern": r"^https?://[a-z0-9]+\.[a-z]{2,8}(/[a-zA-Z0-9/._-]*)?$",
        })),
        FieldKind::Address => json!({ "$ref": "#/components/schemas/PostalAddressInput" }),
        FieldKind::Geo => json!({ "$ref": "#/components/schemas/GeoPointInput" }),
        FieldKind::Reference { .. } | FieldKind::Member | FieldKind::File { .. } | FieldKind::Image { .. } => {
            json!({ "type": "string", "format": "uuid" })
        }
        FieldKind::State | FieldKind::Number => json!({ "type": "string" }),
        // Set by ticking: no write takes it.
        FieldKind::Checklist => json!({ "type": "object" }),
    };
    if empty { or_null(schema) } else { schema }
}

/// Digits with at most so many decimals; exactly so many where a row shows them.
fn decimals(scale: u32, shown: bool) -> String {
    match (scale, shown) {
        (0, _) => r"^-?[0-9]{1,18}$".to_owned(),
        (_, true) => format!(r"^-?[0-9]+\.[0-9]{{{scale}}}$"),
        (_, false) => format!(r"^-?[0-9]{{1,12}}(\.[0-9]{{1,{scale}}})?$"),
    }
}

fn references() -> Value {
    json!({ "type": "array", "items": { "type": "string", "format": "uuid" }, "maxItems": MOST_REFERENCES })
}

/// A row of one of these entities.
fn any_reference(entities: &[String]) -> Value {
    json!({
        "type": "object",
        "properties": { "entity": { "type": "string", "enum": entities }, "id": { "type": "string", "format": "uuid" } },
        "required": ["entity", "id"], "additionalProperties": false,
    })
}

fn choices(options: &[Choice]) -> Value {
    let keys: Vec<&String> = options.iter().map(|choice| &choice.key).collect();
    json!({ "type": "array", "items": { "type": "string", "enum": keys } })
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

/// An empty text is nothing.
fn or_blank(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "string", "maxLength": 0 }] })
}

/// Amounts as they are shown and as they are taken: how many decimals there are goes by the currency.
pub fn amounts() -> Vec<(String, Value)> {
    let taken = |sign: &str| {
        let by_decimals: Vec<Value> = [0, 2, 3]
            .into_iter()
            .map(|scale| {
                let codes: Vec<&&str> =
                    currency::CODES.iter().filter(|code| currency::decimals(code) == Some(scale)).collect();
                let fraction = if scale == 0 { String::new() } else { format!(r"(\.[0-9]{{1,{scale}}})?") };
                let amount = json!({ "type": "string", "pattern": format!("^{sign}[0-9]{{1,12}}{fraction}$") });
                json!({
                    "type": "object", "properties": { "amount": { "anyOf": [amount, { "type": "number" }] }, "currency": { "type": "string", "enum": codes } },
                    "required": ["amount", "currency"], "additionalProperties": false,
                })
            })
            .collect();
        json!({ "anyOf": by_decimals, "description": "An amount with the decimals of its currency" })
    };
    vec![
        (
            "Amount".to_owned(),
            json!({
                "type": "object", "description": "An amount with the decimals of its currency",
                "properties": {
                    "amount": { "type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["12.50"] },
                    "currency": { "type": "string", "enum": currency::CODES },
                },
                "required": ["amount", "currency"], "additionalProperties": false,
            }),
        ),
        ("AmountInput".to_owned(), taken("-?")),
        ("PositiveAmountInput".to_owned(), taken("")),
    ]
}

/// Postal addresses and points, as they are shown and as they are taken.
pub fn places() -> Vec<(String, Value)> {
    let parts = |blank: bool| {
        let part = |(key, label): &(&str, &str)| {
            let (pattern, max) = if *key == "country" { ("^[A-Z]{2}$", 2) } else { (r"^[^\u0000]*$", 200) };
            let schema = json!({ "type": "string", "title": label, "maxLength": max, "pattern": pattern });
            ((*key).to_owned(), if blank { or_null(schema) } else { schema })
        };
        let properties: Map<String, Value> = ADDRESS.iter().map(part).collect();
        json!({
            "type": "object", "description": "A postal address; parts that are empty are left out. The country is two letters of ISO 3166-1",
            "properties": properties, "additionalProperties": false,
        })
    };
    let degrees = |shown: bool| {
        let degree = |most: u32| match shown {
            true => json!({ "type": "string", "pattern": decimals(6, true) }),
            false => json!({ "type": "number", "minimum": -i64::from(most), "maximum": most, "multipleOf": 0.000_001 }),
        };
        json!({
            "type": "object", "description": "A point in degrees of WGS 84, to six decimals",
            "properties": { "lat": degree(90), "lon": degree(180) }, "required": ["lat", "lon"], "additionalProperties": false,
        })
    };
    vec![
        ("PostalAddress".to_owned(), parts(false)),
        ("PostalAddressInput".to_owned(), parts(true)),
        ("GeoPoint".to_owned(), degrees(true)),
        ("GeoPointInput".to_owned(), degrees(false)),
    ]
}
