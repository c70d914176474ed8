//! Which columns of a row a caller gets, and how a row becomes JSON.
//!
//! Only readable fields are selected at all. PostgreSQL sends plain columns and the JSON is written here: measured on 50 rows of 15 fields,
//! `json_build_object` with its formatting of money and moments costs more than twice what the whole plain select does. Titles of
//! referenced rows are joined after the limit, so that they are looked up for the rows of the page only.

mod put;

use crate::figure::Figure;
use crate::reach;
use crate::sql::{Argument, Bind, Sql};
use chrono::{DateTime, Utc};
use domain::records::{Record, Values};
use domain::schema::{Catalog, Entity, Field, FieldKind, Storage};
use domain::text::nearest;
use domain::{Error, Reach, Result, Verb};
use platform::{Access, Ctx, Row};
use put::{Sink, printed};
use serde_json::Value;
use std::ops::Range;
use uuid::Uuid;
use words::t;

/// Whether the caller may know a field. A field without a permission of its own goes with its entity.
pub fn readable(access: &Access, field: &Field) -> bool {
    field.readable(&access.grants)
}

/// A field that this caller may name, in a filter, a sort or a selection. One that exists but is hidden is as unknown as one that is not.
pub fn known<'a>(access: &Access, entity: &'a Entity, key: &str, place: &str) -> Result<&'a Field> {
    if let Some(field) = entity.field(key).filter(|field| readable(access, field)) {
        return Ok(field);
    }
    let names = entity.fields.iter().filter(|field| readable(access, field)).map(|field| field.key.as_str());
    let hint = nearest(key, names).map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
    Err(Error::field(place, t!("{one} has no field {key}{hint}", one = entity.labels.one, key, hint)))
}

/// Columns every selection begins with.
const ID: usize = 0;
const VERSION: usize = 1;
const DELETED: usize = 2;

pub struct Projection<'a> {
    columns: Vec<String>,
    shown: Vec<Shown<'a>>,
    labels: Vec<Label<'a>>,
    figures: Vec<Figure<'a>>,
}

struct Shown<'a> {
    field: &'a Field,
    /// Place among the columns, or among the figures where the value is one.
    at: usize,
    /// The currency of money, the longitude of a point.
    beside: usize,
    /// Places among the labels: none for what points nowhere, one for each entity that it may point at.
    labels: Range<usize>,
}

/// The title of a row that a column points at.
struct Label<'a> {
    column: String,
    target: Target<'a>,
}

enum Target<'a> {
    /// Nothing to look up: the title, or none where the column is empty.
    Known(Option<String>),
    Member,
    /// What a file is called.
    File,
    /// Whether it may be fetched, of the file whose name stands before.
    FileState,
    Row {
        entity: &'a Entity,
        title: String,
        reach: Reach,
    },
    /// Of several rows, as a list in the order of the ids.
    Rows {
        entity: &'a Entity,
        title: String,
        reach: Reach,
    },
}

impl<'a> Projection<'a> {
    /// The readable fields among `asked`, or all readable ones.
    pub fn of(access: &Access, catalog: &'a Catalog, entity: &'a Entity, asked: &[String]) -> Result<Self> {
        let mut projection = Self::empty();
        if asked.is_empty() {
            for field in entity.fields.iter().filter(|field| readable(access, field)) {
                projection.add(access, catalog, field);
            }
        }
        for key in asked.iter().filter(|key| !matches!(key.as_str(), "id" | "version")) {
            let field = known(access, entity, key, "fields")?;
            if projection.shown.iter().all(|shown| shown.field.key != field.key) {
                projection.add(access, catalog, field);
            }
        }
        Ok(projection)
    }

    /// Everything, without titles: what a write compares with. Never shown to anybody as it is.
    pub fn whole(entity: &'a Entity) -> Self {
        let mut projection = Self::empty();
        for field in entity.fields.iter().filter(|field| field.rollup.is_none()) {
            projection.show(field, Vec::new());
        }
        projection
    }

    /// Figures over other rows stay empty: what they were at another time nobody wrote down.
    #[must_use]
    pub fn without_figures(mut self) -> Self {
        self.figures.clear();
        self
    }

    fn empty() -> Self {
        Self {
            columns: ["id", "version", "deleted_at"].map(str::to_owned).to_vec(),
            shown: Vec::new(),
            labels: Vec::new(),
            figures: Vec::new(),
        }
    }

    /// Position of a column in the rows, added if it is not there.
    pub fn column(&mut self, name: &str) -> usize {
        if let Some(at) = self.columns.iter().position(|column| column == name) {
            return at;
        }
        self.columns.push(name.to_owned());
        self.columns.len() - 1
    }

    /// Columns that stand one behind the other; the position of the first.
    fn columns_of(&mut self, names: &[String]) -> usize {
        let first = self.columns.len();
        self.columns.extend_from_slice(names);
        first
    }

    fn show(&mut self, field: &'a Field, labels: Vec<Label<'a>>) {
        let (at, beside) = match field.storage() {
            Storage::Column { name, .. } | Storage::Normalised { name, .. } => (self.column(&name), 0),
            Storage::Money { minor, currency } => (self.column(&minor), self.column(&currency)),
            Storage::Geo { lat, lon } => (self.column(&lat), self.column(&lon)),
            Storage::Address(columns) | Storage::Any(columns) => (self.columns_of(&columns), 0),
            // None until it is counted.
            Storage::Elsewhere => (usize::MAX, 0),
        };
        let first = self.labels.len();
        self.labels.extend(labels);
        let labels = first..self.labels.len();
        if field.is_upload() && !labels.is_empty() {
            self.labels.push(Label { column: field.column(), target: Target::FileState });
        }
        self.shown.push(Shown { field, at, beside, labels });
    }

    /// A field with its title, or with what it counts, as far as the reader may see them: for others they are empty.
    fn add(&mut self, access: &Access, catalog: &'a Catalog, field: &'a Field) {
        self.show(field, labels(access, catalog, field));
        let Some(figure) = field.rollup.as_ref().and_then(|rollup| Figure::of(access, catalog, rollup)) else { return };
        if let Some(shown) = self.shown.last_mut() {
            shown.at = self.figures.len();
            self.figures.push(figure);
        }
    }

    /// For a row that is just made: what an empty column points at has no title, and a member's own name is known. Most new rows point at
    /// nothing else, and joins that find nothing were a good part of what making one took. `ids` says what it knows of the columns of the row.
    pub fn settle(&mut self, access: &Access, ids: impl Fn(&str) -> Option<Option<Uuid>>) {
        for label in &mut self.labels {
            // Those of several stand in a column of ids, which is not asked for here.
            let Some(id) = ids(&label.column).filter(|_| !matches!(label.target, Target::Rows { .. })) else {
                continue;
            };
            let own = id == Some(access.member.0) && matches!(label.target, Target::Member);
            if own || id.is_none() {
                label.target = Target::Known(own.then(|| access.name.clone()));
            }
        }
    }

    /// Columns of the inner select: `t.a, t.b`.
    pub fn columns(&self, sql: &mut Sql, alias: &'static str) {
        for (at, name) in self.columns.iter().enumerate() {
            sql.push(if at == 0 { "" } else { ", " }).column(alias, name);
        }
    }

    /// Columns of the outer select, over rows named `r`, with the titles behind.
    pub fn select(&self, sql: &mut Sql) {
        self.columns(sql, "r");
        for (number, label) in self.labels.iter().enumerate() {
            let table = label.table(number);
            sql.push(", ");
            match &label.target {
                Target::Known(title) => {
                    sql.bind(Bind::Text(title.clone()));
                }
                Target::Member | Target::File => {
                    sql.alias("l", table).push(".name");
                }
                Target::FileState => {
                    sql.alias("l", table).push(".state");
                }
                Target::Row { title, .. } => {
                    sql.alias("l", table).push(".").name(title);
                }
                Target::Rows { .. } => {
                    sql.alias("l", table).push(".titles");
                }
            }
        }
        for number in 0..self.figures.len() {
            sql.push(", ").alias("f", number).push(".figure, ").alias("f", number).push(".beside");
        }
    }

    /// Position of the first column after all of `select`.
    pub fn width(&self) -> usize {
        self.columns.len() + self.labels.len() + 2 * self.figures.len()
    }

    /// The joins that find the titles of rows named `r`. A title that the caller may not read is not found.
    pub fn joins(&self, sql: &mut Sql, ctx: &Ctx, tenant: Argument) -> Result<()> {
        let access = &ctx.access;
        for (number, label) in self.labels.iter().enumerate() {
            match &label.target {
                // A state stands in the table of the name before it.
                Target::Known(_) | Target::FileState => continue,
                Target::Rows { entity, title, reach } => {
                    titles(sql, access, (*entity, title.as_str(), *reach), (number, label.column.as_str()), tenant);
                    continue;
                }
                Target::Member => sql.push(" left join members "),
                Target::File => sql.push(" left join files "),
                Target::Row { entity, .. } => sql.push(" left join ").name(&entity.table).push(" "),
            };
            sql.alias("l", number).push(" on ").alias("l", number).push(".tenant_id = ").again(tenant).push(" and ");
            sql.alias("l", number).push(".id = ").column("r", &label.column);
            if let Target::Row { reach, .. } = &label.target
                && *reach != Reach::All
            {
                sql.push(" and ");
                reach::within(sql, access, *reach, tenant, |sql| {
                    sql.alias("l", number);
                });
            }
        }
        for (number, figure) in self.figures.iter().enumerate() {
            figure.join(sql, ctx, tenant, number)?;
        }
        Ok(())
    }

    pub fn id(row: &Row) -> Result<Uuid> {
        row.get(ID)
    }

    /// The row as `records.get` answers it.
    pub fn record(&self, row: &Row) -> Result<Record> {
        let mut values = Values::new();
        for shown in &self.shown {
            let mut value = Value::Null;
            self.put(shown, row, &mut value)?;
            values.insert(shown.field.key.clone(), value);
        }
        let mut labels = Values::new();
        self.each_label(row, |key, label| {
            labels.insert(key.to_owned(), label.value());
        })?;
        let deleted_at = Self::deleted(row)?.map(printed);
        Ok(Record { id: Self::id(row)?, version: row.get(VERSION)?, values, labels, deleted_at })
    }

    /// Writes the row as `records.list` answers it: [`Projection::record`] as JSON.
    pub fn write(&self, row: &Row, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"{\"id\":");
        out.id(row.get(ID)?);
        out.extend_from_slice(b",\"version\":");
        out.integer(row.get(VERSION)?);
        for shown in &self.shown {
            out.push(b',');
            out.text(&shown.field.key);
            out.push(b':');
            self.put(shown, row, &mut *out)?;
        }
        let mut first = true;
        self.each_label(row, |key, label| {
            out.extend_from_slice(if first { b",\"_labels\":{" } else { b"," });
            first = false;
            out.text(key);
            out.push(b':');
            match label {
                Called::One(title) => out.text(title),
                Called::Several(titles) => out.value(&titles),
            }
        })?;
        if !first {
            out.push(b'}');
        }
        if let Some(deleted) = Self::deleted(row)? {
            out.extend_from_slice(b",\"deletedAt\":");
            out.text(&printed(deleted));
        }
        out.push(b'}');
        Ok(())
    }

    fn deleted(row: &Row) -> Result<Option<DateTime<Utc>>> {
        row.get(DELETED)
    }

    fn put(&self, shown: &Shown<'_>, row: &Row, out: impl Sink) -> Result<()> {
        match shown.field.rollup {
            Some(_) if shown.at < self.figures.len() => {
                let at = self.columns.len() + self.labels.len() + 2 * shown.at;
                Shown { field: shown.field, at, beside: at + 1, labels: 0..0 }.put(row, out)
            }
            Some(_) => {
                out.null();
                Ok(())
            }
            None => shown.put(row, out),
        }
    }

    /// Tells what each value is called that points at something. Beside the name of a file that cannot be fetched stands why not: `logo.state` is
    /// `held` or `refused`.
    fn each_label(&self, row: &Row, mut tell: impl FnMut(&str, Called<'_>)) -> Result<()> {
        for shown in self.shown.iter().filter(|shown| !shown.labels.is_empty()) {
            let (number, key) = (shown.labels.start, shown.field.key.as_str());
            if matches!(self.labels.get(number), Some(Label { target: Target::Rows { .. }, .. })) {
                if let Some(titles) = row.get::<Option<Vec<Option<String>>>>(self.columns.len() + number)? {
                    tell(key, Called::Several(titles));
                }
                continue;
            }
            let Some(title) = self.title(row, &shown.labels)? else { continue };
            tell(key, Called::One(title));
            if let Some(state) = self.state(row, number)? {
                tell(&format!("{key}.state"), Called::One(state));
            }
        }
        Ok(())
    }

    /// What a value is called: of a row of one of several entities the title that is there.
    fn title<'r>(&self, row: &'r Row, labels: &Range<usize>) -> Result<Option<&'r str>> {
        for number in labels.clone() {
            if let Some(title) = row.get::<Option<&str>>(self.columns.len() + number)? {
                return Ok(Some(title));
            }
        }
        Ok(None)
    }

    /// Why a file cannot be fetched, of the one whose name is that label.
    fn state<'r>(&self, row: &'r Row, name: usize) -> Result<Option<&'r str>> {
        match self.labels.get(name + 1) {
            Some(Label { target: Target::FileState, .. }) => {
                let state = row.get::<Option<&str>>(self.columns.len() + name + 1)?;
                Ok(state.filter(|state| *state != "ready"))
            }
            _ => Ok(None),
        }
    }
}

/// What a value that points at something is called.
enum Called<'a> {
    One(&'a str),
    Several(Vec<Option<String>>),
}

impl Called<'_> {
    fn value(self) -> Value {
        match self {
            Self::One(title) => title.into(),
            Self::Several(titles) => titles.into(),
        }
    }
}

impl Label<'_> {
    /// The number of the joined table that holds it: a file's state stands in the table of its name.
    const fn table(&self, own: usize) -> usize {
        if matches!(self.target, Target::FileState) { own - 1 } else { own }
    }
}

/// The titles of what a field points at, of the entities that the caller may read.
fn labels<'a>(access: &Access, catalog: &'a Catalog, field: &Field) -> Vec<Label<'a>> {
    let of = |target: Target<'a>| vec![Label { column: field.column(), target }];
    match &field.kind {
        // The names of colleagues are everybody's: they show who owns what.
        FieldKind::Member => of(Target::Member),
        FieldKind::File { .. } | FieldKind::Image { .. } => of(Target::File),
        _ => field.entities().iter().filter_map(|key| pointed(access, catalog, field, key)).collect(),
    }
}

/// The title of rows of one entity that a field points at.
fn pointed<'a>(access: &Access, catalog: &'a Catalog, field: &Field, key: &str) -> Option<Label<'a>> {
    let entity = catalog.get(key)?;
    let (title, reach) = title_column(access, entity)?;
    let target = match field.kind {
        FieldKind::References { .. } => Target::Rows { entity, title, reach },
        _ => Target::Row { entity, title, reach },
    };
    Some(Label { column: field.column_to(key), target })
}

/// Joins the titles of several rows as one list, empty for those that the caller may not see. They are looked up one by one, by their keys.
fn titles(
    sql: &mut Sql,
    access: &Access,
    (entity, title, reach): (&Entity, &str, Reach),
    (number, column): (usize, &str),
    tenant: Argument,
) {
    sql.push(" left join lateral (select array_agg(x.").name(title).push(" order by u.place) as titles from unnest(");
    sql.column("r", column).push(") with ordinality u (id, place) left join ").name(&entity.table);
    sql.push(" x on x.tenant_id = ").again(tenant).push(" and x.id = u.id");
    if reach != Reach::All {
        sql.push(" and ");
        reach::within(sql, access, reach, tenant, |sql| {
            sql.push("x");
        });
    }
    sql.push(") ").alias("l", number).push(" on true");
}

/// The column that names a row of the entity, for callers who may read it, with how far they may.
pub fn title_column(access: &Access, entity: &Entity) -> Option<(String, Reach)> {
    let reach = access.grants.reach(&entity.permission(Verb::Read))?;
    let title = entity.field(&entity.title).filter(|field| readable(access, field))?;
    match title.storage() {
        Storage::Normalised { name, .. } | Storage::Column { name, sql: "text" } => Some((name, reach)),
        _ => None,
    }
}

/// The argument that every statement begins with. Row security enforces the tenant; the planner needs to see it as a condition too.
pub fn tenant(sql: &mut Sql, access: &Access) -> Argument {
    sql.argument(Bind::Id(Some(access.tenant.0)))
}
