//! The recipe of demo records, as `demo.toml` holds it.

use crate::lint::Finding;
use domain::schema::{Catalog, Entity, FieldKind, STATUS_SINCE};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recipe {
    /// Words that templates draw from, by the name they have there: `{model}`.
    #[serde(default)]
    pub lists: BTreeMap<String, Vec<String>>,
    /// Names made of two words each. In a batch no combination comes twice, so addresses made from them are unique.
    #[serde(default)]
    pub pairs: BTreeMap<String, Pair>,
    pub places: Vec<Place>,
    /// In the order of creation.
    pub batches: Vec<Batch>,
    /// What is done with customers and products once they are there.
    #[serde(default)]
    pub trade: Option<Trade>,
}

/// Orders, and how far they have come.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trade {
    /// One order for so many records of the size.
    #[serde(default = "one")]
    pub one_in: u32,
    /// States of orders by weight.
    pub states: BTreeMap<String, u32>,
    /// How many of a hundred invoices are paid, and how many of the others in part.
    pub paid: u8,
    pub partly: u8,
    /// What is on the shelf of each product in the beginning, from the first to the second.
    pub stock: (i64, i64),
    /// The currency of every fourth order.
    pub abroad: String,
    /// About what 100 US dollars are in each currency: the exchange rates of the workspace.
    pub hundred_dollars: BTreeMap<String, i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    pub first: Vec<String>,
    pub second: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    pub city: String,
    pub country: String,
    pub currency: String,
    /// About what 100 US dollars are in the currency, for amounts that look right.
    pub hundred_dollars: i64,
    /// Each `#` becomes a digit. Numbers that nobody can have.
    pub phone: String,
    #[serde(default = "one")]
    pub weight: u32,
}

/// Records of one entity.
#[derive(Debug, Clone, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Batch {
    pub entity: String,
    /// 1 master data, 2 transactions, 3 people, 4 finance, 5 compliance.
    pub phase: u8,
    /// One record for so many of the size: vendors are a fifth of the customers. Rounded up.
    #[serde(default = "one")]
    pub one_in: u32,
    /// Where in the pairs and places the batch starts. Batches with the same start are about the same people and firms.
    #[serde(default)]
    pub start: u32,
    /// What belongs to the business itself is all at the first place, in its currency.
    #[serde(default)]
    pub home: bool,
    /// States by weight; all in the initial state when empty.
    #[serde(default)]
    pub states: BTreeMap<String, u32>,
    /// Days from the base date, from the first to the second, on which records came into the state in which they stand. Of an entity whose
    /// states say how long that may be.
    #[serde(default)]
    pub since: Option<(i64, i64)>,
    pub fields: BTreeMap<String, Field>,
    /// Fields that are different once the state is no longer an open one.
    #[serde(default)]
    pub settled: BTreeMap<String, Field>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Field {
    /// How many of a hundred records have it. A field that a state requires is always filled.
    #[serde(default = "always")]
    pub chance: u8,
    /// Only every so many-th record has it, counted from `turn`: what a record is about either one thing or another.
    #[serde(default = "one")]
    pub every: u32,
    #[serde(default)]
    pub turn: u32,
    pub draw: Draw,
}

#[derive(Debug, Clone, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Draw {
    /// Text with places for drawn words: `{person}`, `{person.mail}`, `{company.mail}`, `{city}`, `{country}`, `{phone}`, any list.
    Text(String),
    /// Dollars from the first to the second, in steps of the third, turned into the money of the place.
    Money(i64, i64, i64),
    /// Words by weight.
    Words(BTreeMap<String, u32>),
    /// Days from the base date, from the first to the second.
    Day(i64, i64),
    /// A moment in office hours, so many days from the base date.
    Moment(i64, i64),
    /// The record of another entity that has the same place in its batch.
    Record(String),
    Truth(bool),
    Number(i64, i64),
}

fn one() -> u32 {
    1
}

fn always() -> u8 {
    100
}

/// How much of everything (requirement 118).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    Small,
    Medium,
    Large,
}

impl Size {
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.as_str() == text)
    }

    /// Of each kind, unless the recipe says fewer.
    pub const fn records(self) -> u32 {
        match self {
            Self::Small => 10,
            Self::Medium => 100,
            Self::Large => 1000,
        }
    }

    /// Where the size begins in the pairs, so that sizes side by side have no person or firm in common.
    pub(super) const fn offset(self) -> u32 {
        match self {
            Self::Small => 0,
            Self::Medium => Self::Small.records(),
            Self::Large => Self::Small.records() + Self::Medium.records(),
        }
    }

    /// In the external keys of demo records.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::Small => 'S',
            Self::Medium => 'M',
            Self::Large => 'L',
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Batch {
    pub fn count(&self, size: Size) -> u32 {
        size.records().div_ceil(self.one_in.max(1))
    }

    /// Whether a template of the batch names the pair.
    fn uses(&self, pair: &str) -> bool {
        let templates = self.fields.values().chain(self.settled.values()).filter_map(|field| match &field.draw {
            Draw::Text(template) => Some(template),
            _ => None,
        });
        templates.flat_map(|template| placeholders(template)).any(|name| name.split('.').next() == Some(pair))
    }

    /// What is drawn for a field of a record in this state.
    pub(super) fn field<'a>(&'a self, key: &str, settled: bool) -> Option<&'a Field> {
        self.settled.get(key).filter(|_| settled).or_else(|| self.fields.get(key))
    }
}

/// Mail of demo people goes to domains that RFC 2606 keeps for examples.
const MAIL_DOMAINS: [&str; 4] = ["example.com", "example.org", "example.net", ".example"];

impl Recipe {
    pub(crate) fn check(&self, catalog: &Catalog) -> Vec<Finding> {
        let mut check = Check { recipe: self, findings: Vec::new(), made: Vec::new() };
        check.words();
        for batch in &self.batches {
            check.batch(batch, catalog);
            check.made.push(&batch.entity);
        }
        if let Some(trade) = &self.trade {
            check.trade(trade, catalog);
        }
        check.findings
    }
}

struct Check<'a> {
    recipe: &'a Recipe,
    findings: Vec<Finding>,
    made: Vec<&'a str>,
}

impl<'a> Check<'a> {
    fn add(&mut self, place: &str, word: &str, message: String) {
        self.findings.push(Finding { place: place.to_owned(), word: word.to_owned(), message });
    }

    fn trade(&mut self, trade: &Trade, catalog: &Catalog) {
        for needed in ["customer", "product"] {
            if !self.made.contains(&needed) {
                self.add("trade", needed, format!("trade needs a batch of {needed}"));
            }
        }
        let states = catalog.get("order").and_then(|order| order.states.as_ref());
        for state in trade.states.keys() {
            if states.is_none_or(|states| states.get(state).is_none()) {
                self.add("trade", state, format!("{state} is not a state of order"));
            }
        }
        for currency in trade.hundred_dollars.keys().chain([&trade.abroad]) {
            if domain::Money::parse("1", currency).is_err() {
                self.add("trade", currency, format!("{currency} is not a currency"));
            }
        }
    }

    fn words(&mut self) {
        if self.recipe.places.iter().all(|place| place.weight == 0) {
            self.add("", "places", "places are missing".to_owned());
        }
        for place in &self.recipe.places {
            if domain::Money::parse("1", &place.currency).is_err() {
                self.add("places", &place.currency, format!("{} is not a currency", place.currency));
            }
        }
        for (name, list) in &self.recipe.lists {
            if list.is_empty() {
                self.add("lists", name, format!("{name} is empty"));
            }
        }
        for (name, pair) in &self.recipe.pairs {
            let users = self.recipe.batches.iter().filter(|batch| batch.uses(name));
            let most =
                users.map(|batch| (batch.start + Size::Large.offset() + batch.count(Size::Large)) as usize).max();
            let combinations = pair.first.len() * pair.second.len();
            if most.is_some_and(|most| combinations < most) {
                self.add(
                    "pairs",
                    name,
                    format!("{name} has {combinations} combinations, fewer than the largest batch needs"),
                );
            }
        }
    }

    fn batch(&mut self, batch: &'a Batch, catalog: &Catalog) {
        let Some(entity) = catalog.get(&batch.entity) else {
            self.add("batches", &batch.entity, format!("{} is not an entity", batch.entity));
            return;
        };
        for state in batch.states.keys() {
            if entity.states.as_ref().and_then(|states| states.get(state)).is_none() {
                self.add("batches", state, format!("{state} is not a state of {}", entity.key));
            }
        }
        if batch.since.is_some() && entity.field(STATUS_SINCE).is_none() {
            self.add("batches", "since", format!("no state of {} says how long a record may stand in it", entity.key));
        }
        for (key, field) in batch.fields.iter().chain(&batch.settled) {
            self.field(key, field, entity);
        }
        for field in entity.editable().filter(|field| field.required && !batch.fields.contains_key(&field.key)) {
            self.add("batches", &batch.entity, format!("{} of {} is required and not drawn", field.key, entity.key));
        }
    }

    fn field(&mut self, key: &str, drawn: &'a Field, entity: &Entity) {
        let Some(field) = entity.field(key).filter(|field| !field.read_only) else {
            self.add("batches", key, format!("{key} is not a field of {} that can be filled in", entity.key));
            return;
        };
        let fits = match (&drawn.draw, &field.kind) {
            (
                Draw::Text(_),
                FieldKind::Text { .. }
                | FieldKind::LongText { .. }
                | FieldKind::Phone
                | FieldKind::Country
                | FieldKind::Url,
            ) => true,
            (Draw::Text(template), FieldKind::Email) => MAIL_DOMAINS.iter().any(|domain| template.ends_with(domain)),
            (Draw::Money(..), FieldKind::Money { .. })
            | (Draw::Day(..), FieldKind::Date { .. })
            | (Draw::Moment(..), FieldKind::Datetime)
            | (Draw::Truth(_), FieldKind::Boolean)
            | (
                Draw::Number(..),
                FieldKind::Integer { .. }
                | FieldKind::Decimal { .. }
                | FieldKind::Percentage { .. }
                | FieldKind::Duration { .. },
            ) => true,
            (Draw::Words(words), FieldKind::Option { options } | FieldKind::Options { options }) => {
                words.keys().all(|word| options.iter().any(|option| option.key == *word))
            }
            (Draw::Record(target), FieldKind::Reference { entity }) => {
                target == entity && self.made.contains(&target.as_str())
            }
            _ => false,
        };
        if !fits {
            self.add("batches", key, format!("what is drawn for {key} does not fit the field of {}", entity.key));
        }
        if let Draw::Text(template) = &drawn.draw {
            for name in placeholders(template) {
                let base = name.split('.').next().unwrap_or(name);
                let known = self.recipe.lists.contains_key(name)
                    || self.recipe.pairs.contains_key(base)
                    || matches!(name, "city" | "country" | "currency" | "phone");
                if !known {
                    self.add(
                        "batches",
                        template,
                        format!("{{{name}}} is neither a list, a pair nor a part of a place"),
                    );
                }
            }
        }
    }
}

/// Names between braces.
pub(super) fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}
