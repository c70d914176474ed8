//! What would become of each row: the same check before the import, for the preview, and in it.
//!
//! Rows are checked in batches, so that what has to be asked of the database is asked once per batch. All that is wrong with a row is
//! collected, not only the first thing. Nothing is written here.

use super::arrival;
use super::csv::Row;
use super::existing::{self, Found};
use super::lookup::{self, Lookup, Target};
use super::plan::{Plan, Planned};
use crate::holder::Holders;
use domain::imports::{Existing, Problem};
use domain::records::Values;
use domain::schema::value::{self, Rules};
use domain::schema::{Field, FieldKind, PIPELINE, pointing};
use domain::text::listed;
use domain::{Result, Verb};
use platform::Ctx;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;
use words::t;

/// Rows that are checked, and written, at once.
pub const BATCH: usize = 500;
/// Under this key an update carries the state.
const STATUS: &str = "status";
/// Of a cell, in a problem.
const SHOWN_CHARS: usize = 200;

/// A row of the file with its number, from 1.
#[derive(Debug)]
pub struct Numbered {
    pub row: i64,
    pub read: Row,
}

#[derive(Debug)]
pub struct Checked {
    pub row: i64,
    pub cells: Vec<String>,
    pub values: Values,
    /// What the row has if it is a new one.
    pub defaults: Values,
    pub status: Option<String>,
    /// Key of the pipeline that the file says.
    pub pipeline: Option<String>,
    /// Names of members and rows that the values point at, by field key.
    pub labels: HashMap<String, String>,
    pub problems: Vec<Problem>,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Create,
    Update(Update),
    /// Exists, and is either left alone or equal already.
    Unchanged(Uuid),
    Refused,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    pub id: Uuid,
    pub version: i64,
    /// Fields that differ, before and after.
    pub before: Values,
    pub after: Values,
}

pub struct Checker {
    pub plan: Plan,
    rules: Rules,
    lookup: Lookup,
    holders: Holders,
    /// To whom the caller may give records, where not to everybody.
    owners: Option<HashSet<Uuid>>,
    /// Values of unique fields that earlier rows have taken: field key and normal form, to the row.
    taken: HashMap<(usize, String), i64>,
}

impl Checker {
    pub async fn new(ctx: &mut Ctx, plan: Plan) -> Result<Self> {
        let reach = ctx.reach(&plan.entity, Verb::Create)?;
        let owners = lookup::owners(ctx, reach).await?;
        let (lookup, holders, taken) = (Lookup::default(), Holders::default(), HashMap::new());
        Ok(Self { plan, rules: Rules { today: ctx.today() }, lookup, holders, owners, taken })
    }

    /// Forgets who is a member and which rows there are, because time has passed. Those that are found from here on are kept from the trash: what
    /// points at them is written next.
    pub fn refresh(&mut self) {
        self.lookup = Lookup::keeping();
    }

    pub async fn check(&mut self, ctx: &mut Ctx, rows: Vec<Numbered>) -> Result<Vec<Checked>> {
        self.load(ctx, &rows).await?;
        self.holders = Holders::load(ctx, &self.plan.entity).await?;
        let mut checked: Vec<Checked> = rows.into_iter().map(|row| self.read(row)).collect();
        let found = self.find_existing(ctx, &checked).await?;
        let mut existing = Vec::new();
        for row in &mut checked {
            self.settle(ctx, row, &found);
            if let Verdict::Update(update) = &row.verdict {
                existing.push(update.id);
            }
        }
        if !existing.is_empty() {
            self.compare(ctx, &mut checked, existing).await?;
        }
        Ok(checked)
    }

    /// Takes note of a row that an earlier run has worked already, so that later rows cannot repeat its key.
    pub fn take_note(&mut self, row: &Numbered) {
        for (position, planned) in unique(&self.plan) {
            let text = row.read.cells.get(planned.column).map_or("", |cell| plain(cell));
            if let Ok(Value::String(text)) = value::read(&planned.field, None, text, "", self.rules) {
                self.taken.entry((position, existing::unique_form(&planned.field, &text))).or_insert(row.row);
            }
        }
    }

    async fn load(&mut self, ctx: &mut Ctx, rows: &[Numbered]) -> Result<()> {
        for planned in &self.plan.fields {
            match &planned.field.kind {
                FieldKind::Member => self.lookup.load_members(ctx).await?,
                FieldKind::Reference { entity } => {
                    let entity = ctx.entity(entity)?;
                    let texts =
                        rows.iter().filter_map(|row| row.read.cells.get(planned.column)).map(|cell| plain(cell));
                    self.lookup.load_rows(ctx, &entity, texts).await?;
                }
                FieldKind::AnyReference { entities } => {
                    for key in entities {
                        let entity = ctx.entity(key)?;
                        let cells =
                            rows.iter().filter_map(|row| row.read.cells.get(planned.column)).map(|cell| plain(cell));
                        let texts = cells.flat_map(|cell| named(&planned.field, key, cell));
                        self.lookup.load_rows(ctx, &entity, texts).await?;
                    }
                }
                FieldKind::References { entity } => {
                    let entity = ctx.entity(entity)?;
                    let cells =
                        rows.iter().filter_map(|row| row.read.cells.get(planned.column)).map(|cell| plain(cell));
                    self.lookup.load_rows(ctx, &entity, cells.flat_map(readings)).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads every mapped cell of a row by its field.
    fn read(&self, numbered: Numbered) -> Checked {
        let Numbered { row, read } = numbered;
        let mut checked = Checked::new(row, read.cells);
        let whole =
            read.faults.iter().any(|fault| fault.column.is_none()) || checked.cells.len() < self.plan.names.len();
        for fault in read.faults {
            checked.problem_at(&self.plan, fault.column, fault.reason);
        }
        if whole {
            return checked;
        }
        for planned in &self.plan.fields {
            if self.plan.names.get(planned.column).is_none_or(|name| !checked.names(name)) {
                self.read_field(&mut checked, planned);
            }
        }
        self.fill(&mut checked);
        checked
    }

    /// What a new row has without being told.
    fn fill(&self, checked: &mut Checked) {
        for field in self.plan.entity.editable().filter(|field| !checked.values.contains_key(&field.key)) {
            if let Some(Ok(value)) = field.default.as_ref().map(|value| value::check(field, value, self.rules)) {
                checked.defaults.insert(field.key.clone(), value);
            }
        }
    }

    fn read_field(&self, checked: &mut Checked, planned: &Planned) {
        let field = &planned.field;
        if !matches!(field.kind, FieldKind::Money { .. }) && !planned.parts.is_empty() {
            let part = |part: &str| planned.part(part).map(|column| plain(checked.cell(column)));
            let read = value::read_parts(field, part, self.rules);
            return self.take(checked, planned, read);
        }
        let text = plain(checked.cell(planned.column)).trim().to_owned();
        let code = planned.part("currency");
        let currency = code.map(|column| checked.cell(column).trim().to_uppercase()).filter(|text| !text.is_empty());
        if let Some(currency) = &currency
            && !text.is_empty()
            && domain::currency::decimals(currency).is_none()
        {
            let reason = t!("{code} is not a currency; use a three-letter code such as KES or EUR", code = currency);
            return checked.problem_at(&self.plan, code, reason);
        }
        let read = self.read_value(field, &text, currency.as_deref().unwrap_or(&self.plan.currency), checked);
        self.take(checked, planned, read);
    }

    fn take(&self, checked: &mut Checked, planned: &Planned, read: Result<Value, String>) {
        let field = &planned.field;
        match read {
            Ok(Value::Null) if field.required && field.default.is_none() => {
                checked.problem_at(
                    &self.plan,
                    Some(planned.column),
                    t!("{field} is empty, and it is required", field = field.label),
                );
            }
            // An empty cell says nothing: a new row gets the default, an existing one keeps what it has.
            Ok(Value::Null) => {}
            Ok(Value::String(state)) if matches!(field.kind, FieldKind::State) => checked.status = Some(state),
            Ok(Value::String(key)) if field.key == PIPELINE => checked.pipeline = Some(key),
            Ok(value) => {
                checked.values.insert(field.key.clone(), value);
            }
            Err(reason) => checked.problem_at(&self.plan, Some(planned.column), reason),
        }
    }

    fn read_value(&self, field: &Field, text: &str, currency: &str, checked: &mut Checked) -> Result<Value, String> {
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let target = match &field.kind {
            FieldKind::Member => self.lookup.member(text)?,
            FieldKind::Reference { entity } => self.lookup.row(entity, text)?,
            FieldKind::References { entity } => return self.read_several(field, entity, text, checked),
            FieldKind::AnyReference { entities } => return self.read_any(field, entities, text, checked),
            _ => return value::read(field, self.plan.entity.states.as_ref(), text, currency, self.rules),
        };
        if field.key == "owner" && self.owners.as_ref().is_some_and(|owners| !owners.contains(&target.id)) {
            let name = target.title;
            return Err(t!("You may not give records to {name}; ask a manager to hand them over", name));
        }
        checked.labels.insert(field.key.clone(), target.title);
        Ok(Value::String(target.id.to_string()))
    }

    /// Several rows in one cell. A name may hold a comma, and then it is the whole, or stands between semicolons.
    fn read_several(&self, field: &Field, entity: &str, text: &str, checked: &mut Checked) -> Result<Value, String> {
        let found = match self.lookup.row(entity, text) {
            Ok(one) => vec![one],
            Err(_) => pieces(text).map(|piece| self.lookup.row(entity, piece)).collect::<Result<_, _>>()?,
        };
        let ids = found.iter().map(|target| Value::String(target.id.to_string())).collect();
        let names: Vec<&str> = found.iter().map(|target| target.title.as_str()).collect();
        checked.labels.insert(field.key.clone(), names.join(", "));
        value::check(field, &ids, self.rules)
    }

    /// A row of one of several entities: `Customer: Lake Ltd`, or a number or a name that one of them alone has.
    fn read_any(&self, field: &Field, entities: &[String], text: &str, checked: &mut Checked) -> Result<Value, String> {
        let (entity, target) = match field.split_pointer(text) {
            (Some(entity), rest) => match self.lookup.row(entity, rest) {
                Ok(target) => (entity, target),
                // A name may begin like that too.
                Err(reason) => self.row_of_any(entities, text).map_err(|_| reason)?,
            },
            (None, _) => self.row_of_any(entities, text)?,
        };
        checked.labels.insert(field.key.clone(), format!("{}: {}", pointing::heading(entity), target.title));
        Ok(pointing::value(entity, target.id))
    }

    /// The only row of these entities that is called so.
    fn row_of_any<'e>(&self, entities: &'e [String], text: &str) -> Result<(&'e str, Target), String> {
        if let Some(entity) = entities.iter().find(|entity| self.lookup.is_shared(entity, text)) {
            return Err(self.lookup.row(entity, text).err().unwrap_or_default());
        }
        let mut found: Vec<(&str, Target)> =
            entities.iter().filter_map(|entity| Some((entity.as_str(), self.lookup.row(entity, text).ok()?))).collect();
        if found.len() > 1 {
            let kinds: Vec<String> = found.iter().map(|(entity, _)| pointing::words(entity)).collect();
            let first = found.first().map(|(entity, _)| pointing::heading(entity)).unwrap_or_default();
            let kinds = listed(&kinds, t!("and"));
            return Err(t!("{text} is the name of a {kinds}; say which, such as {first}: {text}", text, kinds, first));
        }
        found.pop().ok_or_else(|| {
            t!(
                "{text} is not a known {entities}; use its number, or its kind and its exact name",
                text,
                entities = pointing::known(entities)
            )
        })
    }

    async fn find_existing(&self, ctx: &mut Ctx, rows: &[Checked]) -> Result<HashMap<(usize, String), Found>> {
        let mut found = HashMap::new();
        for (position, planned) in unique(&self.plan) {
            let values: Vec<String> = rows.iter().filter_map(|row| row.unique(&planned.field)).collect();
            for (value, row) in existing::by_unique(ctx, &self.plan.entity, &planned.field, &values).await? {
                found.insert((position, value), row);
            }
        }
        Ok(found)
    }

    /// Decides what becomes of a row, and takes its unique values for it.
    fn settle(&mut self, ctx: &Ctx, checked: &mut Checked, found: &HashMap<(usize, String), Found>) {
        let mut same = None;
        let mut values = Vec::new();
        for (position, planned) in unique(&self.plan) {
            let Some(value) = checked.unique(&planned.field) else { continue };
            let slot = (position, value);
            if let Some(row) = self.taken.get(&slot) {
                let label = &planned.field.label;
                let reason = t!("{field} is the same as in row {row}; two rows cannot share it", field = label, row);
                checked.problem_at(&self.plan, Some(planned.column), reason);
            } else if self.plan.key.as_deref() == Some(planned.field.key.as_str()) {
                same = found.get(&slot);
            }
            values.push((slot, planned.column));
        }
        for (slot, column) in &values {
            if let Some(other) = found.get(slot)
                && same.is_none_or(|same| same.id != other.id)
                && !self.taken.contains_key(slot)
                // What is left alone takes nothing from anybody.
                && !(same.is_some() && self.plan.existing == Existing::Skip)
            {
                let reason = match &other.number {
                    Some(number) => t!("{number} has this already; two rows cannot share it", number),
                    None => t!("Another row has this already; two rows cannot share it").to_owned(),
                };
                checked.problem_at(&self.plan, Some(*column), reason);
            }
        }
        if same.is_none() {
            arrival::check_new(ctx, &self.plan, &self.holders, checked);
        }
        if !checked.problems.is_empty() {
            return;
        }
        checked.verdict = match (same, self.plan.existing) {
            (None, _) => {
                checked.values.append(&mut checked.defaults);
                Verdict::Create
            }
            (Some(row), Existing::Skip) => Verdict::Unchanged(row.id),
            (Some(row), Existing::Update) => Verdict::Update(Update {
                id: row.id,
                version: row.version,
                before: Values::new(),
                after: Values::new(),
            }),
        };
        self.taken.extend(values.into_iter().map(|(slot, _)| (slot, checked.row)));
    }

    /// Existing rows: what differs, whether it may be changed, and whether the state may follow.
    async fn compare(&mut self, ctx: &mut Ctx, checked: &mut [Checked], ids: Vec<Uuid>) -> Result<()> {
        let reach = ctx.reach(&self.plan.entity, Verb::Update)?;
        let stand = existing::stand(ctx, &self.plan, reach, ids).await?;
        for row in checked {
            let Verdict::Update(mut update) = row.verdict.clone() else { continue };
            row.verdict = Verdict::Refused;
            let Some(current) = stand.get(&update.id) else {
                let reason = t!("The row exists already, and you may not change it");
                row.problem_at(&self.plan, None, reason.to_owned());
                continue;
            };
            update.version = current.version;
            for (key, after) in &row.values {
                update.differ(key, current.values.get(key), after);
            }
            arrival::check_pipeline(&self.plan, row, current);
            if let Some(to) = row.status.clone().filter(|status| current.status.as_ref() != Some(status)) {
                arrival::check_move(ctx, &self.plan, &self.holders, row, (&update, current), &to);
                update.differ(STATUS, current.values.get(STATUS), &Value::String(to));
            }
            if !row.problems.is_empty() {
                continue;
            }
            row.verdict = if update.after.is_empty() { Verdict::Unchanged(update.id) } else { Verdict::Update(update) };
        }
        Ok(())
    }
}

impl Update {
    fn differ(&mut self, key: &str, before: Option<&Value>, after: &Value) {
        let before = before.unwrap_or(&Value::Null);
        if before != after {
            self.before.insert(key.to_owned(), before.clone());
            self.after.insert(key.to_owned(), after.clone());
        }
    }
}

/// Mapped fields whose values no two rows may share, with their place in the plan.
fn unique(plan: &Plan) -> impl Iterator<Item = (usize, &Planned)> {
    plan.fields.iter().enumerate().filter(|(_, planned)| planned.field.unique)
}

/// The names in a cell of several: between semicolons or lines where there are such, else between commas.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let by: &[char] = if text.contains([';', '\n']) { &[';', '\n'] } else { &[','] };
    text.split(by).map(str::trim).filter(|piece| !piece.is_empty())
}

/// What a cell of several may name: the whole of it, and each piece.
fn readings(text: &str) -> impl Iterator<Item = &str> {
    std::iter::once(text.trim()).chain(pieces(text))
}

/// What a cell may name among rows of an entity: the whole of it, and what stands behind the entity's name.
fn named<'t>(field: &Field, key: &str, cell: &'t str) -> impl Iterator<Item = &'t str> + use<'t> {
    let behind = match field.split_pointer(cell) {
        (Some(entity), rest) if entity == key => Some(rest),
        _ => None,
    };
    std::iter::once(cell.trim()).chain(behind)
}

/// A cell as it was before an export put a quote in front of it so that no spreadsheet takes it for a formula.
pub fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(super::problems::FORMULA) => rest,
        _ => cell,
    }
}

impl Checked {
    fn new(row: i64, cells: Vec<String>) -> Self {
        Self {
            row,
            cells,
            values: Values::new(),
            defaults: Values::new(),
            status: None,
            pipeline: None,
            labels: HashMap::new(),
            problems: Vec::new(),
            verdict: Verdict::Refused,
        }
    }

    fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// The normal form of a unique value, where the row has one.
    fn unique(&self, field: &Field) -> Option<String> {
        self.values.get(&field.key).and_then(Value::as_str).map(|text| existing::unique_form(field, text))
    }

    /// Whether a problem of this column is known.
    pub fn names(&self, column: &str) -> bool {
        self.problems.iter().any(|problem| problem.column.as_deref() == Some(column))
    }

    pub fn problem_at(&mut self, plan: &Plan, column: Option<usize>, reason: String) {
        let value = column.map(|column| self.cell(column).chars().take(SHOWN_CHARS).collect());
        let column = column.and_then(|column| plan.names.get(column).cloned());
        self.problems.push(Problem { row: self.row, column, value, reason });
    }
}
