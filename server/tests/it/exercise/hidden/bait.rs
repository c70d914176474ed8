//! What stands in fields that nobody may see: a value of every kind that occurs nowhere else, and every way in which pages and the API could say
//! it. A kind that is added has to be added here, or nothing compiles.

use super::search::{Canary, Form, On};
use crate::exercise::samples::upload;
use crate::exercise::world::{World, operation, text_of, written};
use chrono::{Days, NaiveDate};
use domain::Money;
use domain::schema::value::show;
use domain::schema::{Catalog, Entity, Field, FieldKind, Storage};
use reqwest::Method;
use serde_json::{Map, Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// What the pack of the test describes.
pub const OWN: [&str; 3] = ["piece", "part", "loan"];
/// Beginnings of words, one for each value of a field.
pub const ROOTS: [&str; 4] = ["zorilla", "quokka", "numbat", "kinkajou"];
pub const PAST: usize = 0;
pub const OTHER: usize = 1;
pub const NOW: usize = 2;
pub const GONE: usize = 3;
const VALUES: [&str; 4] = ["what it was", "of the other row", "what it is", "of the row in the trash"];
/// Names of the two rows that are not in the trash. They are no secret, but where they stand may be one.
pub const TITLES: [&str; 2] = ["First ammonite", "Second ammonite"];
pub const PARTS: [&str; 2] = ["Left flange", "Right flange"];
/// Islands where nobody lives.
const COUNTRIES: [&str; 4] = ["BV", "HM", "GS", "TF"];
/// A count of fewer stands on every page.
const FEW: i64 = 1_000;

/// A row that a hidden field points at.
pub struct Target {
    pub field: String,
    pub entity: String,
    pub id: String,
    pub number: usize,
}

pub struct Bait<'a> {
    pub world: &'a World,
    pub catalog: &'a Catalog,
    pub canaries: Vec<Canary>,
    pub targets: Vec<Target>,
    /// Members who stand in a field. Once they are suspended no list of members offers them.
    pub keepers: Vec<Uuid>,
}

/// The fields that only those see who hold a permission of theirs.
pub fn hidden(entity: &Entity) -> impl Iterator<Item = &Field> {
    entity.fields.iter().filter(|field| field.permissions.read.is_some())
}

/// Ends in a letter of its own, so that no word begins another one.
pub fn word_of(entity: &str, key: &str, number: usize) -> String {
    let own = if entity == OWN[0] { "" } else { entity };
    format!("{}{own}{}x", ROOTS[number], key.to_lowercase())
}

pub fn word(entity: &Entity, field: &Field, number: usize) -> String {
    word_of(&entity.key, &field.key, number)
}

pub fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

/// `price`, or `part.cost`.
pub fn name_of(entity: &Entity, field: &Field) -> String {
    if entity.key == OWN[0] { field.key.clone() } else { format!("{}.{}", entity.key, field.key) }
}

/// Whether it points at rows of the pack itself, which have names of their own.
fn inside(field: &Field) -> bool {
    field.entities().iter().any(|entity| OWN.contains(&entity.as_str()))
}

/// A number that no other value of any field has.
fn turn(entity: &Entity, field: &Field, number: usize) -> usize {
    let before = OWN.iter().position(|own| *own == entity.key).unwrap_or(OWN.len()) * 50;
    let place = entity.fields.iter().position(|other| other.key == field.key).unwrap_or_default();
    (before + place) * ROOTS.len() + number
}

fn decimal(whole: usize, scale: u32) -> String {
    let digits = &"273645"[..usize::try_from(scale).unwrap()];
    if digits.is_empty() { whole.to_string() } else { format!("{whole}.{digits}") }
}

fn day(year: i32, month: u32, day: u32, later: usize) -> String {
    let first = NaiveDate::from_ymd_opt(year, month, day).unwrap();
    (first + Days::new(u64::try_from(later).unwrap())).to_string()
}

/// The value of a field that points nowhere.
fn plain(field: &Field, word: &str, turn: usize, number: usize) -> Value {
    match &field.kind {
        FieldKind::Text { .. } if field.pattern.is_some() => json!(format!("QX-{}", 711 + turn)),
        FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Option { .. } => json!(word),
        FieldKind::Options { .. } => json!([word]),
        FieldKind::Email => json!(format!("{word}@canary.example")),
        FieldKind::Url => json!(format!("https://{word}.example/{number}")),
        FieldKind::Phone => json!(format!("+254 738 19{}", 1_000 + turn)),
        FieldKind::Country => json!(COUNTRIES[number]),
        FieldKind::Integer { .. } => json!(3_011 + 5 * turn),
        FieldKind::Decimal { scale, .. } => json!(decimal(211 + 2 * turn, *scale)),
        FieldKind::Percentage { scale, .. } => json!(decimal(31 + turn % 61, *scale)),
        FieldKind::Money { .. } => json!({ "amount": format!("{}.19", 617_382 + 1_013 * turn), "currency": "KES" }),
        FieldKind::Duration { .. } => json!(180_060 + 120 * turn),
        FieldKind::Boolean => json!(true),
        FieldKind::Date { .. } => json!(day(1987, 3, 14, turn)),
        FieldKind::Datetime => json!(format!("{}T04:17:00Z", day(2031, 7, 19, turn))),
        FieldKind::Address => json!({
            "street": format!("{word} 4"), "postcode": "PQ 7193", "city": format!("{word} town"),
            "region": format!("{word} shire"), "country": "IO",
        }),
        FieldKind::Geo => json!({
            "lat": format!("-41.{}", 918_273 + 10 * turn), "lon": format!("163.{}", 645_519 + 10 * turn),
        }),
        FieldKind::Reference { .. }
        | FieldKind::References { .. }
        | FieldKind::AnyReference { .. }
        | FieldKind::Member
        | FieldKind::File { .. }
        | FieldKind::Image { .. } => panic!("{} points at something", field.key),
        FieldKind::State | FieldKind::Number | FieldKind::Checklist => {
            panic!("{} is of a kind that no description names", field.key)
        }
    }
}

fn text(text: impl Into<String>) -> Form {
    Form::Text(text.into())
}

fn figure(text: impl Into<String>) -> Form {
    Form::Figure(text.into())
}

/// Where the value of a field stands, of one that says what every page says: a tick, a count of few. Elements and members of JSON name the field.
fn place(field: &Field) -> Vec<Form> {
    vec![text(format!("data-field=\"{}\"", field.key)), text(format!("{}\":", field.key))]
}

/// Every way in which a value can be said, and where saying it means that it got out.
fn forms(entity: &Entity, field: &Field, value: &Value, number: usize) -> (On, Vec<Form>) {
    let raw = value.as_str().unwrap_or_default();
    let said = show(field, None, value, None);
    let own = || vec![Form::Word(word(entity, field, number))];
    match &field.kind {
        FieldKind::Boolean => (On::But("named"), place(field)),
        FieldKind::Integer { .. } if value.as_i64().is_some_and(|count| count < FEW) => {
            (On::But("named"), place(field))
        }
        FieldKind::Text { .. } if field.pattern.is_some() => (On::Anywhere, vec![figure(raw)]),
        FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Email | FieldKind::Url
            if field.is_computed() =>
        {
            (On::Anywhere, vec![text(raw)])
        }
        FieldKind::Text { .. }
        | FieldKind::LongText { .. }
        | FieldKind::Email
        | FieldKind::Url
        | FieldKind::Option { .. }
        | FieldKind::Options { .. }
        | FieldKind::Address
        | FieldKind::File { .. }
        | FieldKind::Image { .. } => (On::Anywhere, own()),
        // The filter of the trail names every member who ever was.
        FieldKind::Member => (On::But("audit page"), own()),
        // The page of a row says what the row is called.
        FieldKind::Reference { .. } | FieldKind::References { .. } | FieldKind::AnyReference { .. } => {
            (On::But("target"), own())
        }
        FieldKind::Phone => {
            let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
            (On::Anywhere, vec![text(raw.trim_start_matches('+')), text(digits)])
        }
        FieldKind::Country | FieldKind::Decimal { .. } => (On::Anywhere, vec![figure(raw)]),
        FieldKind::Percentage { .. } => (On::Anywhere, vec![figure(raw), figure(said.trim_end_matches('%'))]),
        FieldKind::Integer { .. } | FieldKind::Duration { .. } => {
            (On::Anywhere, vec![figure(value.to_string()), figure(said)])
        }
        FieldKind::Money { .. } => {
            let amount = value["amount"].as_str().unwrap_or_default();
            (On::Anywhere, vec![figure(amount), figure(said.rsplit(' ').next().unwrap_or_default())])
        }
        // A calendar says the days that it was asked for.
        FieldKind::Date { .. } => (On::But("days"), vec![text(raw), figure(said)]),
        FieldKind::Datetime => {
            let day = said.split(',').next().unwrap_or_default();
            (On::But("days"), vec![text(&raw[..10]), figure(day)])
        }
        FieldKind::Geo => {
            let part = |part: &str| text(value[part].as_str().unwrap_or_default().trim_start_matches('-'));
            (On::Anywhere, vec![part("lat"), part("lon")])
        }
        FieldKind::State | FieldKind::Number | FieldKind::Checklist => {
            panic!("{} is of a kind that no description names", field.key)
        }
    }
}

impl<'a> Bait<'a> {
    pub fn new(world: &'a World, catalog: &'a Catalog) -> Self {
        Self { world, catalog, canaries: Vec::new(), targets: Vec::new(), keepers: Vec::new() }
    }

    /// A row that the field is to point at, named by its word.
    async fn target(&mut self, field: &Field, target: &str, word: &str, number: usize) -> String {
        let entity = self.catalog.get(target).unwrap();
        let named = Value::Object(Map::from_iter([(entity.title.clone(), json!(capital(word)))]));
        let made = written(&self.world.grace, Method::POST, &format!("/{}", entity.plural), &named).await;
        let id = text_of(&made, "id");
        let (field, entity) = (field.key.clone(), target.to_owned());
        self.targets.push(Target { field, entity, id: id.clone(), number });
        id
    }

    async fn keeper(&mut self, word: &str) -> String {
        let world = self.world;
        let member = world.server.world.member(&world.tenant, &capital(word), &["VIEWER"]).await.access.member;
        self.keepers.push(member.0);
        member.to_string()
    }

    /// A file of the kind that the field takes, whose name and content say its word.
    async fn file(&self, entity: &Entity, field: &Field, word: &str) -> String {
        let (name, content) = upload(field).unwrap();
        let ending = name.rsplit('.').next().unwrap_or_default();
        let content = [content, b" ".as_slice(), word.as_bytes()].concat();
        let file =
            json!({ "entity": entity.key, "field": field.key, "name": format!("{word}.{ending}"), "content": content });
        text_of(&operation(&self.world.grace, "files.attach", &file).await, "id")
    }

    async fn value(&mut self, entity: &Entity, field: &Field, number: usize) -> Value {
        let (word, turn) = (word(entity, field, number), turn(entity, field, number));
        match &field.kind {
            FieldKind::Reference { entity: target } => Value::String(self.target(field, target, &word, number).await),
            FieldKind::References { entity: target } => {
                Value::Array(vec![Value::String(self.target(field, target, &word, number).await)])
            }
            FieldKind::AnyReference { entities } => {
                let target = &entities[number % entities.len()];
                let id = self.target(field, target, &word, number).await;
                json!({ "entity": target, "id": id })
            }
            FieldKind::Member => Value::String(self.keeper(&word).await),
            FieldKind::File { .. } | FieldKind::Image { .. } => Value::String(self.file(entity, field, &word).await),
            _ => plain(field, &word, turn, number),
        }
    }

    /// A value of its own for every hidden field that is filled in, as REST takes them.
    pub async fn values(&mut self, entity: &Entity, number: usize) -> Map<String, Value> {
        let mut values = Map::new();
        for field in hidden(entity).filter(|field| !field.read_only && !inside(field)) {
            values.insert(field.key.clone(), self.value(entity, field, number).await);
        }
        values
    }

    /// A new row of the pack; its id. Where it points at another row of the pack, it is that one.
    pub async fn row(&mut self, entity: &Entity, title: &str, number: usize, at: Option<&str>) -> String {
        let mut values = self.values(entity, number).await;
        values.insert(entity.title.clone(), json!(title));
        if let Some(at) = at {
            values.extend(hidden(entity).filter(|field| inside(field)).map(|field| (field.key.clone(), json!(at))));
        }
        let path = format!("/{}", entity.plural);
        text_of(&written(&self.world.grace, Method::POST, &path, &Value::Object(values)).await, "id")
    }

    /// Fills what only the server sets, and never does for a pack of a test.
    pub async fn stamped(&self, entity: &Entity, id: &str, number: usize) {
        let owner = self.world.server.world.owner().await;
        for field in hidden(entity).filter(|field| field.read_only && !field.is_computed()) {
            let Storage::Column { name, sql: "text" } = field.storage() else {
                panic!("nobody has said how {} is filled", field.key);
            };
            let sql = format!("update {} set {name} = $1 where id = $2", entity.table);
            let (word, id) = (word(entity, field, number), id.parse::<Uuid>().unwrap());
            let done = sqlx::query(AssertSqlSafe(sql)).bind(word).bind(id).execute(&owner).await.unwrap();
            assert_eq!(done.rows_affected(), 1, "{}", field.key);
        }
        owner.close().await;
    }

    /// Learns what a row holds, as somebody reads it who may see everything.
    pub fn learn(&mut self, entity: &Entity, row: &Value, number: usize) {
        for field in hidden(entity) {
            let value = &row[&field.key];
            if value.is_null() {
                assert!(field.read_only, "{} is empty: {row}", field.key);
                continue;
            }
            let (on, forms) = if inside(field) {
                let title = row["_labels"][&field.key].as_str().unwrap();
                (On::Only(entity.key.clone()), vec![text(title)])
            } else {
                forms(entity, field, value, number)
            };
            self.note(name_of(entity, field), VALUES[number], on, forms);
        }
    }

    fn note(&mut self, field: String, of: &'static str, on: On, forms: Vec<Form>) {
        // The place of a tick is the same whatever the row.
        let known = self.canaries.iter().any(|canary| canary.field == field && canary.forms == forms);
        if !known {
            self.canaries.push(Canary { field, of, needed: true, on, forms });
        }
    }

    /// Rows give themselves away by where they stand: on the day of a hidden date, on the page of what they point at, among those that look alike.
    pub fn learn_places(&mut self) {
        let catalog = self.catalog;
        let titles = |titles: [&str; 2]| titles.map(text).into_iter().collect::<Vec<Form>>();
        for entity in OWN.iter().filter_map(|key| catalog.get(key)) {
            for field in hidden(entity) {
                let (key, name) = (&field.key, name_of(entity, field));
                if inside(field) {
                    let on = On::Only(format!("tab of {}", entity.plural));
                    self.note(name, "the rows that point here", on, titles(PARTS));
                } else if entity.key != OWN[0] {
                    continue;
                } else if field.is_dated() {
                    self.note(name, "the row on its day", On::Only(format!("days by {key}")), titles(TITLES));
                } else if !field.entities().is_empty() {
                    self.note(name, "the rows that point there", On::Only(format!("target of {key}")), titles(TITLES));
                } else if field.indexed && matches!(field.kind, FieldKind::Email | FieldKind::Phone) {
                    self.note(name, "the row that has it", On::Only(format!("duplicates of {key}")), titles(TITLES));
                }
            }
        }
    }

    /// A field that somebody may not read is offered to them by no form.
    pub fn learn_offers(&mut self) {
        let piece = self.world.piece.clone();
        for field in hidden(&piece) {
            let key = &field.key;
            let control = vec![text(format!("values.{key}\"")), text(format!("values.{key}."))];
            let column = vec![figure(format!("add.field={key}")), text(format!("column-{key}\""))];
            let many = vec![figure(format!("field={key}"))];
            let target = vec![text(format!("value=\"{key}\"")), text(format!("value=\"{key}."))];
            for (of, screens, forms) in [
                ("a control", "form", control),
                ("a column or a condition", "list", column),
                ("a change of many rows", "bulk page", many),
                ("a column of a file", "import mapping", target),
            ] {
                let (field, on) = (key.clone(), On::Only(screens.to_owned()));
                self.canaries.push(Canary { field, of, needed: false, on, forms });
            }
        }
    }

    /// What the amounts of both rows add up to says nearly as much as they do.
    pub fn learn_sums(&mut self, rows: [&Value; 2]) {
        let piece = self.world.piece.clone();
        for field in hidden(&piece).filter(|field| field.adds_up()) {
            let money = |row: &Value| {
                let value = &row[&field.key];
                Money::parse(value["amount"].as_str()?, value["currency"].as_str()?).ok()
            };
            let sum = money(rows[0]).zip(money(rows[1])).and_then(|(one, other)| one.checked_add(&other).ok());
            if let Some(sum) = sum {
                let forms = vec![figure(sum.amount()), figure(sum.display_amount())];
                let (field, on) = (field.key.clone(), On::Anywhere);
                self.canaries.push(Canary { field, of: "the sum of both rows", needed: false, on, forms });
            }
        }
    }

    /// What the file of an import says of every field of it.
    pub fn learn_import(&mut self, fields: &[&Field]) {
        let piece = self.world.piece.clone();
        for field in fields {
            let forms = vec![Form::Word(word(&piece, field, PAST))];
            let on = On::Only("import of the owner".to_owned());
            self.canaries.push(Canary { field: field.key.clone(), of: "its cell", needed: true, on, forms });
        }
    }
}
