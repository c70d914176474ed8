//! What a description may not say although its shape is right: columns that clash, indexes that cannot be, words that mean two things.
//! `domain::schema::Catalog` checks what is said among entities; this checks what the tables and the screens need.

use crate::sources::{self, Source};
use domain::Verb;
use domain::schema::checklist::CHECKLIST;
use domain::schema::upload::UPLOAD_BYTES;
use domain::schema::value::{self, Rules};
use domain::schema::{Entity, Field, FieldKind, PIPELINE, STATUS_DUE, STATUS_SINCE, State, StateKind, Storage};
use domain::text::{nearest, normal};
use std::collections::{BTreeMap, BTreeSet};

/// A fault before its line is known.
pub(crate) struct Finding {
    /// As in `CatalogFault`: a dotted place and the word in question.
    pub place: String,
    pub word: String,
    pub message: String,
}

/// PostgreSQL cuts longer names off, and two cut names can be the same.
const LONGEST_NAME: usize = 63;
/// Longest text whose normal form surely fits an index entry, four bytes a letter.
const LONGEST_INDEXED: u32 = 600;

/// Days that a row may stand in a state at most.
const LONGEST_STAY: u16 = 3650;

/// Cards that a column may be said to hold at most.
const LARGEST_LIMIT: u16 = 999;

/// Columns that every table has, whatever its description says.
const OWN_COLUMNS: [&str; 10] = [
    "tenant_id",
    "id",
    "location_id",
    "version",
    "custom",
    "deleted_at",
    "created_at",
    "updated_at",
    "created_by",
    "updated_by",
];

/// Columns of standard fields that a table has or may come to have.
const STANDARD_COLUMNS: [&str; 6] = ["owner_id", "status", "status_since", "status_due", "checklist", PIPELINE];

#[rustfmt::skip]
const RESERVED: [&str; 77] = [
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "both", "case", "cast", "check", "collate", "column",
    "constraint", "create", "current_catalog", "current_date", "current_role", "current_time", "current_timestamp", "current_user",
    "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "from", "grant",
    "group", "having", "in", "initially", "intersect", "into", "lateral", "leading", "limit", "localtime", "localtimestamp", "not",
    "null", "offset", "on", "only", "or", "order", "placing", "primary", "references", "returning", "select", "session_user", "some",
    "symmetric", "system_user", "table", "then", "to", "trailing", "true", "union", "unique", "user", "using", "variadic", "when",
    "where", "window",
];

/// `all` are the entities of the industry, this one among them.
pub(crate) fn entity<'a>(entity: &'a Entity, all: &'a [&'a Entity]) -> Vec<Finding> {
    let mut lint = Lint { entity, all, findings: Vec::new() };
    lint.names();
    for field in &entity.fields {
        lint.field(field);
    }
    lint.columns();
    lint.aliases();
    lint.states();
    lint.views();
    lint.findings
}

struct Lint<'a> {
    entity: &'a Entity,
    all: &'a [&'a Entity],
    findings: Vec<Finding>,
}

impl Lint<'_> {
    fn add(&mut self, place: &str, word: &str, message: impl Into<String>) {
        self.findings.push(Finding { place: place.to_owned(), word: word.to_owned(), message: message.into() });
    }

    fn names(&mut self) {
        let entity = self.entity;
        // Key and area stand in permissions and events, never in SQL: an order may be called one.
        for (place, word) in [("key", &entity.key), ("area", &entity.area)] {
            if !is_name(word) {
                self.add(place, word, format!("{word} must be lower case letters, digits and _"));
            }
        }
        if !is_sql_name(&entity.table) {
            let message = format!("{} must be lower case letters, digits and _ , and no word of SQL", entity.table);
            self.add("table", &entity.table, message);
        }
        if entity.prefix.is_empty()
            || !entity.prefix.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        {
            self.add("prefix", &entity.prefix, format!("the prefix {} must be capital letters", entity.prefix));
        }
        if !entity.plural.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            self.add(
                "plural",
                &entity.plural,
                format!("{} stands in paths and must be lower case letters and -", entity.plural),
            );
        }
    }

    fn field(&mut self, field: &Field) {
        let place = format!("fields.{}", field.key);
        let camel = field.key.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
            && field.key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !camel || !is_sql_name(&field.column()) {
            self.add("fields", &field.key, format!("{} must be camelCase and no word of SQL", field.key));
        }
        match &field.kind {
            FieldKind::Text { max } if (field.indexed || field.unique) && *max > LONGEST_INDEXED => {
                self.add(
                    &place,
                    "max",
                    format!("{} is too long for an index; at most {LONGEST_INDEXED} letters", field.key),
                );
            }
            FieldKind::LongText { .. } if field.indexed || field.unique => {
                self.add(&place, "indexed", format!("{} is long text, which cannot be indexed", field.key));
            }
            FieldKind::State | FieldKind::Number | FieldKind::Checklist if !is_standard(field) => {
                self.add(&place, &field.key, format!("{} has a type that only standard fields have", field.key));
            }
            FieldKind::File { .. } | FieldKind::Image { .. } => self.upload(&place, field),
            FieldKind::AnyReference { .. } if field.unique => {
                let message = format!("{} points at rows of several entities, which no index holds to one", field.key);
                self.add(&place, "unique", message);
            }
            FieldKind::Option { options } | FieldKind::Options { options } => {
                self.options(&place, options.iter().map(|choice| (choice.key.as_str(), choice.hue)));
                self.limits(&place, field);
            }
            _ => {}
        }
        if field.search.is_some()
            && !matches!(field.storage(), Storage::Column { sql: "text", .. } | Storage::Normalised { .. })
        {
            self.add(&place, "search", format!("{} is not text, so search cannot find it", field.key));
        }
        if field.indexed && !field.is_ordered() && !field.is_any_reference() {
            self.add(&place, "indexed", format!("{} has no order that an index could hold", field.key));
        }
        if let Some(pattern) = &field.pattern {
            if !matches!(field.kind, FieldKind::Text { .. } | FieldKind::Phone) {
                self.add(&place, "pattern", format!("{} is not text, so it has no pattern", field.key));
            }
            if let Err(problem) = pattern.compiled() {
                self.add(&place, "pattern", format!("the pattern of {} cannot be read: {problem}", field.key));
            }
        }
        if let Err(problem) = expr::Formula::of(self.entity, field) {
            self.add(&place, "formula", format!("the formula of {}: {problem}", field.key));
        }
        if field.rollup.is_some() && field.formula.is_some() {
            self.add(&place, "rollup", format!("{} is either a formula or a figure over other rows", field.key));
        }
        if (field.formula.is_some() || field.rollup.is_some())
            && (field.required || field.default.is_some() || field.unique)
        {
            let message = format!("{} is computed, so it is neither required nor unique and has no default", field.key);
            self.add(&place, &field.key, message);
        }
        if field.unique && !field.indexed {
            self.add(&place, "unique", format!("{} is unique, so it is indexed too; say so", field.key));
        }
        let sources = sources::of(self.entity, field, self.all);
        if let Some(message) = sources::told(self.entity, field, &sources) {
            self.add(&place, if field.rollup.is_some() { "rollup" } else { "formula" }, message);
        }
        self.restricted(&place, field, &sources);
        let today = chrono::NaiveDate::default();
        if let Some(default) = &field.default
            && let Err(problem) = value::check(field, default, Rules { today })
        {
            self.add(&place, "default", format!("the default of {} does not fit: {problem}", field.key));
        }
    }

    /// What not everybody may read or write must not stand where everybody looks, nor keep others from making rows.
    fn restricted(&mut self, place: &str, field: &Field, sources: &[Source<'_>]) {
        for permission in [&field.permissions.read, &field.permissions.write].into_iter().flatten() {
            let parts: Vec<&str> = permission.split('.').collect();
            let own = parts.len() == 3 && parts[0] == self.entity.area && parts.iter().all(|part| is_name(part));
            // A figure over rows of another area asks for what a field of those asks for.
            if !own && sources.iter().all(|source| source.permission != permission) {
                let message = format!("{permission} must be {}.noun.verb in lower case letters", self.entity.area);
                self.add(place, permission, message);
            }
            if let Some(verb) = Verb::ALL.iter().find(|verb| parts.last() == Some(&verb.as_str())) {
                let verb = verb.as_str();
                let message =
                    format!("{permission} ends in a verb of rows, which `*.*.{verb}` grants to nearly everybody");
                self.add(place, permission, message);
            }
        }
        let restricted = field.permissions.write.is_some() || !field.is_open();
        if restricted && field.required && field.default.is_none() {
            self.add(
                place,
                "required",
                format!("{} is required, so everybody who makes a row has to write it", field.key),
            );
        }
        if field.is_open() {
            return;
        }
        let entity = self.entity;
        let named = |text: &Option<String>| {
            let words = text.as_deref().unwrap_or_default().split(|c: char| !c.is_ascii_alphanumeric());
            words.into_iter().any(|word| word == field.key)
        };
        if entity.title == field.key || entity.subtitle.as_deref() == Some(&field.key) {
            self.add(place, &field.key, format!("{} names a row, so everybody has to read it", field.key));
        }
        for view in &entity.views {
            let by = [&view.filter, &view.sort, &view.group, &view.measure, &view.date, &view.end];
            if by.into_iter().any(named) {
                let message = format!("the view {} is made by {}, which not everybody may read", view.key, field.key);
                self.add(place, &field.key, message);
            }
        }
    }

    /// What a file may be has to be something that its content tells, and nothing may ask for one where none can be given.
    fn upload(&mut self, place: &str, field: &Field) {
        let Some(takes) = field.upload() else { return };
        for unknown in takes.unknown() {
            let meant = nearest(unknown, takes.choices()).map(|meant| format!("; did you mean {meant}?"));
            let known = || format!("; say one of {}", takes.choices().collect::<Vec<_>>().join(", "));
            let message =
                format!("{} accepts {unknown}, which is not told by content{}", field.key, meant.unwrap_or_else(known));
            self.add(place, unknown, message);
        }
        if !(1..=UPLOAD_BYTES).contains(&takes.max_size) {
            let message = format!("the maxSize of {} is {} bytes; say 1 to {UPLOAD_BYTES}", field.key, takes.max_size);
            self.add(place, "maxSize", message);
        }
        if field.required {
            let message = format!(
                "{} is a file, which no import brings, so that it is not required; let the gate of a move ask for it",
                field.key
            );
            self.add(place, "required", message);
        }
        if field.default.is_some() {
            self.add(place, "default", format!("{} is a file, which has no default", field.key));
        }
    }

    fn options<'b>(&mut self, place: &str, options: impl Iterator<Item = (&'b str, Option<u8>)>) {
        let mut seen = BTreeSet::new();
        for (key, hue) in options {
            if !seen.insert(key) {
                self.add(place, key, format!("{key} is offered twice"));
            }
            if hue.is_some_and(|hue| !(1..=8).contains(&hue)) {
                self.add(place, key, format!("the hue of {key} is not between 1 and 8"));
            }
            if !key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
                self.add(place, key, format!("{key} must be lower case letters, digits and _"));
            }
        }
    }

    /// Limits of choices, which are of use where the choices make columns.
    fn limits(&mut self, place: &str, field: &Field) {
        for choice in field.choices() {
            let (place, key) = (format!("{place}.kind.options.{}", choice.key), &choice.key);
            self.limit(&place, key, choice.limit);
            if choice.limit.is_some() && !field.is_grouping() {
                let field = &field.key;
                let message =
                    format!("{key} has a limit, and {field} makes no columns of a board, as an indexed option does");
                self.add(&place, "limit", message);
            }
        }
    }

    /// How many cards a column is to hold.
    fn limit(&mut self, place: &str, key: &str, limit: Option<u16>) {
        if let Some(limit) = limit.filter(|limit| !(1..=LARGEST_LIMIT).contains(limit)) {
            let message = format!(
                "the limit of {key} is {limit}; say 1 to {LARGEST_LIMIT}, or leave it out where any number may stand"
            );
            self.add(place, "limit", message);
        }
    }

    fn columns(&mut self) {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for field in &self.entity.fields {
            for column in field.columns() {
                if !is_standard(field)
                    && (OWN_COLUMNS.contains(&column.as_str()) || STANDARD_COLUMNS.contains(&column.as_str()))
                {
                    self.add(
                        "fields",
                        &field.key,
                        format!("{} would be the column {column}, which every table has", field.key),
                    );
                }
                // The longest name made from it ends in `_order`.
                if self.entity.table.len() + column.len() + "__order".len() > LONGEST_NAME {
                    self.add(
                        "fields",
                        &field.key,
                        format!("{} makes names of more than {LONGEST_NAME} letters", field.key),
                    );
                }
                if let Some(other) = seen.insert(column.clone(), field.key.clone()) {
                    self.add(
                        "fields",
                        &field.key,
                        format!("{} and {other} would share the column {column}", field.key),
                    );
                }
            }
        }
    }

    /// A header word that fits two fields would map a column by chance.
    fn aliases(&mut self) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        let filled =
            |field: &&Field| !field.read_only || matches!(field.kind, FieldKind::State) || field.key == PIPELINE;
        for field in self.entity.fields.iter().filter(filled) {
            let own: BTreeSet<String> = field.aliases.iter().chain([&field.label]).map(|word| normal(word)).collect();
            for word in own {
                if let Some(other) = seen.insert(word.clone(), &field.key) {
                    self.add(
                        &format!("fields.{}", field.key),
                        &word,
                        format!("{word} names both {other} and {}", field.key),
                    );
                }
            }
        }
    }

    fn states(&mut self) {
        let Some(states) = &self.entity.states else { return };
        self.options("states.list", states.list.iter().map(|state| (state.key.as_str(), state.hue)));
        for state in &states.list {
            if state.probability.is_some_and(|chance| chance > 100) {
                self.add("states.list", &state.key, format!("the probability of {} is more than 100", state.key));
            }
            if !states.begins(&state.key) && !states.transitions.iter().any(|transition| transition.to == state.key) {
                self.add("states.list", &state.key, format!("no transition leads to {}", state.key));
            }
        }
        for state in &states.list {
            self.standing(state);
        }
        for pipeline in &states.pipelines {
            let key = &pipeline.key;
            if !is_name(key) {
                self.add("states.pipelines", key, format!("{key} must be lower case letters, digits and _"));
            }
            // A menu of moves names both.
            if states.get(key).is_some() {
                self.add(
                    "states.pipelines",
                    key,
                    format!("{key} is the key of a state too; call one of them otherwise"),
                );
            }
            if pipeline.label.trim().is_empty() {
                self.add("states.pipelines", key, format!("{key} has no words"));
            }
        }
        let mut seen = BTreeSet::new();
        for transition in &states.transitions {
            if !seen.insert(&transition.name) {
                self.add(
                    "states.transitions",
                    &transition.name,
                    format!("{} is the name of two transitions", transition.name),
                );
            }
        }
        if let Some(name) = states.deletion.as_ref().filter(|name| !seen.contains(name)) {
            self.add("states.deletion", name, format!("there is no transition {name}"));
        }
    }

    /// How long a row may stand in a state, and what is to be done there.
    fn standing(&mut self, state: &State) {
        let (place, key) = (format!("states.list.{}", state.key), &state.key);
        match state.sla_days {
            Some(0) => {
                let message = format!(
                    "the slaDays of {key} is 0; say 1 to {LONGEST_STAY}, or leave it out where nothing is late"
                );
                self.add(&place, "slaDays", message);
            }
            Some(days) if days > LONGEST_STAY => {
                self.add(&place, "slaDays", format!("the slaDays of {key} is {days}; {LONGEST_STAY} is the most"));
            }
            Some(_) if state.kind != StateKind::Open => {
                self.add(&place, "slaDays", format!("{key} ends the way, so nothing is late there; take slaDays out"));
            }
            _ => {}
        }
        self.limit(&place, key, state.limit);
        if !state.checklist.is_empty() && !state.allows("EDIT") {
            let message = format!("nobody can tick a checklist in {key}, because its actions leave EDIT out");
            self.add(&place, "checklist", message);
        }
        let place = format!("{place}.checklist");
        for item in &state.checklist {
            if !is_name(&item.key) {
                self.add(&place, &item.key, format!("{} must be lower case letters, digits and _", item.key));
            }
            if item.label.trim().is_empty() {
                self.add(&place, &item.key, format!("{} has no words", item.key));
            }
        }
    }

    fn views(&mut self) {
        let mut seen = BTreeSet::new();
        for view in &self.entity.views {
            if !seen.insert(&view.key) {
                self.add("views", &view.key, format!("{} is the key of two views", view.key));
            }
        }
    }
}

fn is_standard(field: &Field) -> bool {
    matches!(
        field.key.as_str(),
        "number"
            | "status"
            | "owner"
            | "createdAt"
            | "createdBy"
            | "updatedAt"
            | "updatedBy"
            | PIPELINE
            | STATUS_SINCE
            | STATUS_DUE
            | CHECKLIST
    )
}

fn is_name(word: &str) -> bool {
    word.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_sql_name(word: &str) -> bool {
    is_name(word) && !RESERVED.contains(&word)
}
