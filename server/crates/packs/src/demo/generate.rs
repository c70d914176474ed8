//! From a recipe to records. A record depends on the workspace, the industry, the size and its ordinal alone: never on the clock, on
//! other records or on the order of calls. Running twice makes the same records with the same ids.

use super::dice::{Dice, digest};
use super::recipe::{Batch, Draw, Field, Place, Recipe, Size, placeholders};
use chrono::{Days, NaiveDate, SecondsFormat};
use domain::Money;
use domain::records::Values;
use domain::schema::checklist::{self, CHECKLIST};
use domain::schema::{Catalog, Entity, FieldKind, STATUS_SINCE, State, StateKind};
use domain::text::normal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Whom the records are for.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Slug of the workspace.
    pub tenant: String,
    pub size: Size,
    /// The day that the dates of the records are around. For a workspace the day of its making: fixed, and near enough to look alive.
    pub base: NaiveDate,
    /// Members who own records, in a fixed order; nobody owns them when empty.
    pub owners: Vec<Owner>,
}

/// A member with the roles held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub id: Uuid,
    pub roles: Vec<String>,
}

pub struct Generator<'a> {
    recipe: &'a Recipe,
    catalog: &'a Catalog,
    prefix: &'a str,
    setting: Setting,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// From 1 within its batch.
    pub ordinal: u32,
    /// Natural key of the demo record, `AUTO-CUST-S-0007`, unique in its workspace.
    pub key: String,
    /// Made from a hash of the natural key (requirement 28), so that a record is recognised when it is there already.
    pub id: Uuid,
    pub values: Values,
    /// The state it belongs in, where the entity has states.
    pub state: Option<String>,
}

/// 30 November 2025: the moment in the ids of demo records. A constant, so that ids repeat.
const ID_MOMENT: u64 = 1_764_460_800_000;

impl<'a> Generator<'a> {
    /// `prefix` is the key prefix of the pack.
    pub fn new(recipe: &'a Recipe, catalog: &'a Catalog, prefix: &'a str, setting: Setting) -> Self {
        Self { recipe, catalog, prefix, setting }
    }

    /// Batches in the order of creation.
    pub fn batches(&self) -> impl Iterator<Item = &'a Batch> {
        let mut batches: Vec<&Batch> = self.recipe.batches.iter().collect();
        batches.sort_by_key(|batch| batch.phase);
        batches.into_iter()
    }

    /// All records of a batch, in order.
    pub fn records<'b>(&'b self, batch: &'b Batch) -> impl Iterator<Item = Generated> + 'b {
        let entity = self.catalog.get(&batch.entity).cloned();
        (1..=batch.count(self.setting.size))
            .filter_map(move |ordinal| entity.as_ref().map(|entity| self.record(batch, entity, ordinal)))
    }

    fn record(&self, batch: &Batch, entity: &Entity, ordinal: u32) -> Generated {
        let size = self.setting.size;
        let key = self.key(entity, ordinal);
        let mut dice =
            Dice::of(&[&self.setting.tenant, &self.catalog.industry, size.as_str(), &entity.key, &ordinal.to_string()]);
        let state = self.state(batch, entity, &mut dice);
        let kind = |state: &String| entity.states.as_ref().and_then(|states| states.get(state)).map(|state| state.kind);
        let settled = state.as_ref().and_then(kind).is_some_and(|kind| kind != StateKind::Open);
        let required = state.as_ref().map(|state| required(entity, state)).unwrap_or_default();
        let mut words = Words::new(self, batch, ordinal);
        let mut values = Values::new();
        for described in entity.editable() {
            let drawn = batch.field(&described.key, settled);
            // Thrown for every field, so that a changed chance of one leaves the others as they are.
            let mut dice = Dice::of(&[&key, &self.setting.tenant, &described.key]);
            let Some(field) = drawn else { continue };
            let drawn = ordinal % field.every.max(1) == field.turn && dice.percent(field.chance);
            let wanted = described.required || required.contains(&described.key.as_str()) || drawn;
            if wanted && let Some(value) = self.value(field, &mut dice, &mut words, ordinal) {
                values.insert(described.key.clone(), canonical(described, value));
            }
        }
        if let Some(owner) = self.owner(entity, state.as_deref(), &mut dice) {
            values.insert("owner".to_owned(), json!(owner));
        }
        self.stand(batch, entity, state.as_deref(), &key, &mut values);
        Generated { ordinal, id: self.id(entity, ordinal), key, values, state }
    }

    /// Somebody who has the role that the state asks for, where anybody has it.
    fn owner(&self, entity: &Entity, state: Option<&str>, dice: &mut Dice) -> Option<Uuid> {
        let role = described(entity, state).and_then(|state| state.owner_role.as_ref());
        let holds = |owner: &&Owner| role.is_none_or(|role| owner.roles.contains(role));
        let holders: Vec<Uuid> = self.setting.owners.iter().filter(holds).map(|owner| owner.id).collect();
        let all: Vec<Uuid> = self.setting.owners.iter().map(|owner| owner.id).collect();
        dice.pick(if holders.is_empty() { &all } else { &holders }).copied()
    }

    /// Since when the record stands in its state, and what is done of the checklists: all of the states before, some of its own.
    fn stand(&self, batch: &Batch, entity: &Entity, state: Option<&str>, key: &str, values: &mut Values) {
        let (Some(states), Some(state)) = (&entity.states, described(entity, state)) else { return };
        let mut dice = Dice::of(&[key, &self.setting.tenant, "standing"]);
        let (from, to) = batch.since.unwrap_or_default();
        let Some(day) = self.day(dice.between(from, to)) else { return };
        let Some(at) = day.and_hms_opt(7, 30, 0).map(|at| at.and_utc()) else { return };
        if batch.since.is_some() {
            values.insert(STATUS_SINCE.to_owned(), json!(at.to_rfc3339_opts(SecondsFormat::Secs, true)));
        }
        let place = states.position(&state.key);
        let mut ticks = Value::Null;
        for (of, item) in states.items() {
            // Of another pipeline nothing is done: the record never stood there.
            let behind = states.position(&of.key) < place && states.crossed(&state.key, &of.key).is_none();
            let done = behind || (of.key == state.key && dice.percent(50));
            if done {
                let owner = values.get("owner").and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
                ticks = checklist::with(&ticks, &item.key, Some(checklist::ticked(owner, at)));
            }
        }
        if !ticks.is_null() {
            values.insert(CHECKLIST.to_owned(), ticks);
        }
    }

    fn state(&self, batch: &Batch, entity: &Entity, dice: &mut Dice) -> Option<String> {
        let states = entity.states.as_ref()?;
        let drawn = dice.weighted(batch.states.iter().map(|(state, weight)| (state, *weight)));
        Some(drawn.cloned().unwrap_or_else(|| states.initial.clone()))
    }

    fn key(&self, entity: &Entity, ordinal: u32) -> String {
        format!("{}-{}-{}-{ordinal:04}", self.prefix, entity.prefix, self.setting.size.letter())
    }

    fn id(&self, entity: &Entity, ordinal: u32) -> Uuid {
        let hash = digest(&[&self.setting.tenant, &self.key(entity, ordinal)]);
        let mut random = [0; 10];
        random.copy_from_slice(&hash[..10]);
        uuid::Builder::from_unix_timestamp_millis(ID_MOMENT + u64::from(ordinal), &random).into_uuid()
    }

    fn value(&self, field: &Field, dice: &mut Dice, words: &mut Words<'_, '_>, ordinal: u32) -> Option<Value> {
        match &field.draw {
            Draw::Text(template) => Some(Value::String(words.fill(template, dice))),
            Draw::Money(least, most, step) => words.money(dice.between(*least, *most), *step),
            Draw::Words(weights) => dice
                .weighted(weights.iter().map(|(word, weight)| (word, *weight)))
                .map(|word| Value::String(word.clone())),
            Draw::Day(from, to) => Some(json!(self.day(dice.between(*from, *to))?.to_string())),
            Draw::Moment(from, to) => {
                let day = self.day(dice.between(*from, *to))?;
                let (hour, quarter) = (dice.between(8, 16), dice.below(4) * 15);
                Some(json!(format!("{day}T{hour:02}:{quarter:02}:00Z")))
            }
            Draw::Record(target) => {
                let batch = self.recipe.batches.iter().find(|batch| batch.entity == *target)?;
                let target = self.catalog.get(target)?;
                let ordinal = (ordinal - 1) % batch.count(self.setting.size) + 1;
                Some(json!(self.id(target, ordinal)))
            }
            Draw::Truth(truth) => Some(Value::Bool(*truth)),
            Draw::Number(least, most) => Some(json!(dice.between(*least, *most))),
        }
    }

    fn day(&self, offset: i64) -> Option<NaiveDate> {
        let days = Days::new(offset.unsigned_abs());
        if offset < 0 { self.setting.base.checked_sub_days(days) } else { self.setting.base.checked_add_days(days) }
    }
}

fn described<'a>(entity: &'a Entity, state: Option<&str>) -> Option<&'a State> {
    entity.states.as_ref()?.get(state?)
}

/// Whole numbers as the decimals of the field.
fn canonical(field: &domain::schema::Field, value: Value) -> Value {
    match (&field.kind, value.as_i64()) {
        (FieldKind::Decimal { scale, .. } | FieldKind::Percentage { scale, .. }, Some(whole)) => {
            json!(domain::money::scaled(whole.saturating_mul(10_i64.saturating_pow(*scale)), *scale))
        }
        // One of the choices is a list of one.
        (FieldKind::Options { .. }, None) if value.is_string() => json!([value]),
        _ => value,
    }
}

/// Fields that any way into a state asks for. Where stages have checklists, a record has gone through all those before its own.
fn required<'a>(entity: &'a Entity, state: &str) -> Vec<&'a str> {
    let Some(states) = &entity.states else { return Vec::new() };
    let staged = states.items().next().is_some();
    let behind = |to: &str| states.position(to) < states.position(state) && states.crossed(state, to).is_none();
    let gone = |to: &str| to == state || (staged && behind(to));
    let transitions = states.transitions.iter();
    transitions
        .filter(|transition| gone(&transition.to))
        .flat_map(|transition| &transition.gate.requires)
        .map(String::as_str)
        .collect()
}

/// The words of one record: a person that is named twice is the same person.
struct Words<'a, 'g> {
    generator: &'a Generator<'g>,
    place: Option<&'g Place>,
    /// Place in the shuffled pairs.
    position: u64,
    drawn: BTreeMap<String, String>,
}

impl<'a, 'g> Words<'a, 'g> {
    fn new(generator: &'a Generator<'g>, batch: &Batch, ordinal: u32) -> Self {
        let setting = &generator.setting;
        let position = u64::from(batch.start) + u64::from(setting.size.offset()) + u64::from(ordinal - 1);
        let mut dice = Dice::of(&[&setting.tenant, &generator.catalog.industry, "place", &position.to_string()]);
        let places = &generator.recipe.places;
        let drawn = dice.weighted(places.iter().map(|place| (place, place.weight)));
        let place = if batch.home { places.first() } else { drawn };
        Self { generator, place, position, drawn: BTreeMap::new() }
    }

    fn fill(&mut self, template: &str, dice: &mut Dice) -> String {
        let mut out = template.to_owned();
        for name in placeholders(template) {
            let word = self.word(name, dice);
            out = out.replacen(&format!("{{{name}}}"), &word, 1);
        }
        out
    }

    fn word(&mut self, name: &str, dice: &mut Dice) -> String {
        let place = self.place;
        match (name, place) {
            ("city", Some(place)) => return place.city.clone(),
            ("country", Some(place)) => return place.country.clone(),
            ("currency", Some(place)) => return place.currency.clone(),
            ("phone", Some(place)) => {
                let digit = |letter| {
                    if letter == '#' {
                        char::from(b'0' + u8::try_from(dice.below(10)).unwrap_or_default())
                    } else {
                        letter
                    }
                };
                return place.phone.chars().map(digit).collect();
            }
            _ => {}
        }
        if let Some((base, part)) = name.split_once('.') {
            let whole = self.pair(base);
            return if part == "mail" { mail(&whole, if base == "person" { '.' } else { '-' }) } else { whole };
        }
        if self.generator.recipe.pairs.contains_key(name) {
            return self.pair(name);
        }
        if let Some(drawn) = self.drawn.get(name) {
            return drawn.clone();
        }
        let drawn = self.generator.recipe.lists.get(name).and_then(|list| dice.pick(list)).cloned().unwrap_or_default();
        self.drawn.insert(name.to_owned(), drawn.clone());
        drawn
    }

    /// A combination that no other position has: multiplying by a number without common factor shuffles without repeating.
    fn pair(&self, name: &str) -> String {
        let Some(pair) = self.generator.recipe.pairs.get(name) else { return String::new() };
        let (first, second) = (pair.first.len() as u64, pair.second.len() as u64);
        let all = first * second;
        if all == 0 {
            return String::new();
        }
        let setting = &self.generator.setting;
        let mut dice = Dice::of(&[&setting.tenant, &self.generator.catalog.industry, "pair", name]);
        let offset = dice.below(all);
        let mut step = dice.below(all).max(1);
        while common_factor(step, all) != 1 {
            step += 1;
        }
        let index = (self.position % all * step + offset) % all;
        let word = |list: &[String], at: u64| {
            usize::try_from(at).ok().and_then(|at| list.get(at)).cloned().unwrap_or_default()
        };
        format!("{} {}", word(&pair.first, index / second), word(&pair.second, index % second))
    }

    /// Dollars as money of the place, rounded to a step that is round there too.
    fn money(&self, dollars: i64, step: i64) -> Option<Value> {
        let place = self.place?;
        let rounded = |amount: i64, step: i64| amount / step.max(1) * step.max(1);
        let amount = rounded(dollars, step).checked_mul(place.hundred_dollars)? / 100;
        let local = rounded(amount, if place.hundred_dollars > 5_000 { step * 50 } else { step });
        let money = Money::parse(&local.to_string(), &place.currency).ok()?;
        Some(json!({ "amount": money.amount(), "currency": place.currency }))
    }
}

fn common_factor(left: u64, right: u64) -> u64 {
    if right == 0 { left } else { common_factor(right, left % right) }
}

/// A name as it stands in an address: `Amina Otieno` as `amina.otieno`.
fn mail(name: &str, gap: char) -> String {
    let letters = normal(name)
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { gap })
        .collect::<String>();
    letters.split(gap).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(&gap.to_string())
}
