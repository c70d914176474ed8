//! A workspace of the exercise pack in which every field carries a payload as far as its kind lets it: as it is, in the shape of the kind, or as the
//! name of what the field points at. Behind each payload stands a tag of its own, so that a page can be asked which of them it shows.

use crate::stored::PAYLOADS;
use crate::stored::html::MARK;
use crate::support::{Client, Server};
use app::page::encode;
use domain::schema::{Catalog, Entity, Field, FieldKind, pointing};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use testkit::TestTenant;
use uuid::Uuid;

pub const API: &str = "/w/exhibit/api/v1";
pub const PIECES: &str = "/w/exhibit/pieces";
/// As a workspace names the pack.
const INDUSTRY: &str = "exercise";
/// Of all payloads: an element, both ways out of an attribute, the end of a script, an address that runs, a template, a link of Markdown.
const SOME: [usize; 7] = [1, 2, 3, 5, 10, 14, 21];
/// What a spreadsheet would compute.
const RUN: [&str; 4] = ["=1+1 pwn", "+1+1 pwn", "@SUM(pwn)", "-1+pwn"];
/// Payloads, and rows that hold one each.
pub const COUNT: usize = SOME.len() + RUN.len();
/// From what a row was made of to what it was changed to: the payload behind its own.
const ON: usize = 4 * COUNT + 1;

/// By its number, the first behind the last again.
pub fn payload(n: usize) -> &'static str {
    let n = n % COUNT;
    SOME.get(n).map_or_else(|| RUN[n - SOME.len()], |at| PAYLOADS[*at].as_str())
}

pub fn tag(key: &str, n: usize) -> String {
    format!("{MARK}-{key}-{n:03}")
}

/// A payload with its tag.
pub fn told(key: &str, n: usize) -> String {
    format!("{} {}", payload(n), tag(key, n))
}

/// What is left of a payload where letters are not allowed.
fn without(n: usize, letters: &str) -> String {
    payload(n).chars().filter(|letter| !letter.is_whitespace() && !letters.contains(*letter)).take(30).collect()
}

/// A value, and the texts of it that pages show; none where it can be no text.
#[derive(Clone)]
pub struct Said {
    pub value: Value,
    pub texts: Vec<String>,
}

impl Said {
    fn whole(text: String) -> Self {
        Self { value: json!(text), texts: vec![text] }
    }

    fn mute(value: Value) -> Self {
        Self { value, texts: Vec::new() }
    }
}

/// A row, with the number of what it was made of, and of what it holds but for its files.
pub struct Row {
    pub id: String,
    pub first: usize,
    pub now: usize,
}

/// Kinds by what became of a payload in them.
#[derive(Default)]
pub struct Kinds {
    pub kept: BTreeSet<String>,
    pub refused: BTreeSet<String>,
}

pub fn kind(field: &Field) -> String {
    serde_json::to_value(&field.kind).unwrap()["type"].as_str().unwrap().to_owned()
}

pub struct Hall {
    pub server: Server,
    tenant: TestTenant,
    owner: PgPool,
    pub catalog: Arc<Catalog>,
    pub piece: Arc<Entity>,
    /// Plants, and is called by a payload herself.
    pub grace: Client,
    /// Looks.
    pub amina: Client,
    /// What there is to point at, and files, by the key of the field.
    named: BTreeMap<String, Vec<Said>>,
    /// Keys of the fields that can say a payload.
    pub saying: Vec<String>,
    pub rows: Vec<Row>,
}

impl Hall {
    pub async fn open() -> Self {
        let library = packs::Library::from_files(&testkit::pack_files()).unwrap_or_else(|faults| panic!("{faults:#?}"));
        let catalog = library.catalog(INDUSTRY).unwrap();
        let piece = catalog.get("piece").unwrap().clone();
        let server = Server::of(library).await;
        let tenant = server.world.tenant("exhibit", INDUSTRY).await;
        server.world.furnish(&tenant).await;
        let (grace, caller) = server.signed_in(&tenant, "Grace", &["OWNER", "INSPECTOR"]).await;
        let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER", "INSPECTOR"]).await;
        let owner = server.world.owner().await;
        let (named, saying, rows) = (BTreeMap::new(), Vec::new(), Vec::new());
        let hall = Self { server, tenant, owner, catalog, piece, grace, amina, named, saying, rows };
        hall.call(caller.access.member.0, &told("actor", 0)).await;
        hall
    }

    pub async fn end(self) {
        self.owner.close().await;
        self.server.end().await;
    }

    /// A write that has to work.
    pub async fn write(&self, method: Method, path: &str, body: &Value) -> Value {
        let (status, answer) = self.grace.write(method, &format!("{API}{path}"), body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer.get("data").cloned().unwrap_or(answer)
    }

    pub async fn run(&self, operation: &str, input: &Value) -> Value {
        self.write(Method::POST, &format!("/operations/{operation}"), input).await
    }

    pub async fn read(&self, path: &str) -> Value {
        let (status, answer) = self.amina.json(&format!("{API}{path}")).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer["data"].clone()
    }

    /// A form of Grace's.
    pub async fn form(&self, operation: &str, fields: &[(String, String)]) -> Response {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.grace.form(&format!("/w/exhibit/do/{operation}"), &fields).await
    }

    /// Nobody may be called like this by a form; what stands in the table is drawn all the same.
    async fn call(&self, member: Uuid, name: &str) {
        let done = sqlx::query("update members set name = $1 where tenant_id = $2 and id = $3")
            .bind(name)
            .bind(self.tenant.id.0)
            .bind(member)
            .execute(&self.owner)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    /// Each payload in every field of one row: what is refused is refused at its field, and what is not is kept to the letter.
    pub async fn tried(&self) -> Kinds {
        let mut kinds = Kinds::default();
        for n in 0..COUNT {
            let given = |fields: &[&Field]| -> Value {
                fields.iter().map(|field| (field.key.clone(), json!(payload(n)))).collect::<Map<String, Value>>().into()
            };
            let fields: Vec<&Field> = self.piece.fields.iter().collect();
            assert!(fields.len() <= 50, "{} faults are not told at once: try the fields in parts", fields.len());
            let (status, answer) = self.grace.write(Method::POST, &format!("{API}/pieces"), &given(&fields)).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{}: {answer}", payload(n));
            let why = |field: &&Field| answer["details"][&field.key].as_str().is_some_and(|why| !why.is_empty());
            let (refused, rest): (Vec<&Field>, Vec<&Field>) = fields.into_iter().partition(why);
            let made = self.write(Method::POST, "/pieces", &given(&rest)).await;
            for field in &rest {
                let held = &made[&field.key];
                assert!(*held == payload(n), "{} neither keeps nor refuses {}: {held}", field.key, payload(n));
            }
            kinds.kept.extend(rest.iter().map(|field| kind(field)));
            kinds.refused.extend(refused.iter().map(|field| kind(field)));
        }
        kinds
    }

    /// The nearest to payload `n` that the field takes; nothing for what no form holds. A kind that is added has to be added here, or nothing compiles.
    pub fn said(&self, field: &Field, n: usize) -> Option<Said> {
        let (key, even) = (field.key.as_str(), n.is_multiple_of(2));
        Some(match &field.kind {
            FieldKind::Text { .. } if field.pattern.is_some() => Said::mute(json!(format!("AB-{:03}", 100 + n))),
            FieldKind::Text { .. } | FieldKind::LongText { .. } => Said::whole(told(key, n)),
            FieldKind::Email => Said::whole(format!("{}-{}@pwn.example", without(n, "@,;:<>()[]\\\""), tag(key, n))),
            FieldKind::Url => Said::whole(format!("https://pwn.example/{}?{}", without(n, "\"<>\\^`{|}"), tag(key, n))),
            FieldKind::Address => {
                let text = told(key, n);
                let value = json!({ "street": text, "postcode": text, "city": text, "region": text, "country": "KE" });
                Said { value, texts: vec![text] }
            }
            // No letters fit, but signs that a spreadsheet takes for the beginning of a formula.
            FieldKind::Phone => Said::mute(json!(format!("{}254 700 {n:06}", if even { '+' } else { '-' }))),
            FieldKind::Geo => Said::mute(json!({ "lat": "-1.292100", "lon": "36.821900" })),
            FieldKind::Country => Said::mute(json!("KE")),
            FieldKind::Integer { .. } => Said::mute(json!(n % 100)),
            FieldKind::Decimal { .. } => Said::mute(json!("1.5")),
            FieldKind::Percentage { .. } => Said::mute(json!("12.5")),
            FieldKind::Duration { .. } => Said::mute(json!(5_400)),
            FieldKind::Money { allow_negative } => {
                let amount = if *allow_negative { "-5.25" } else { "5.25" };
                Said::mute(json!({ "amount": amount, "currency": "KES" }))
            }
            FieldKind::Boolean => Said::mute(json!(even)),
            FieldKind::Date { .. } => Said::mute(json!("2026-10-02")),
            FieldKind::Datetime => Said::mute(json!("2026-10-05T06:30:00Z")),
            FieldKind::Option { options } => Said::mute(json!(options[n % options.len()].key)),
            FieldKind::Options { options } => Said::mute(json!([options[n % options.len()].key])),
            FieldKind::Reference { .. }
            | FieldKind::References { .. }
            | FieldKind::AnyReference { .. }
            | FieldKind::Member
            | FieldKind::File { .. }
            | FieldKind::Image { .. } => {
                let named = self.named.get(key)?;
                named[n % named.len()].clone()
            }
            FieldKind::State | FieldKind::Number | FieldKind::Checklist => return None,
        })
    }

    pub fn texts(&self, key: &str, n: usize) -> Vec<String> {
        let field = self.piece.field(key).unwrap();
        self.said(field, n).map(|said| said.texts).unwrap_or_default()
    }

    pub fn is_upload(&self, key: &str) -> bool {
        self.piece.field(key).is_some_and(Field::is_upload)
    }

    /// Fields that hold rows or members.
    pub fn pointing(&self) -> impl Iterator<Item = &Field> {
        let points = |field: &&Field| !field.entities().is_empty() || field.kind == FieldKind::Member;
        self.piece.editable().filter(points)
    }

    /// Everything that a row was made to say.
    pub fn began(&self, row: &Row) -> Vec<String> {
        self.saying.iter().flat_map(|key| self.texts(key, row.first)).collect()
    }

    /// Everything that it says now.
    pub fn holds(&self, row: &Row) -> Vec<String> {
        let number = |key: &str| if self.is_upload(key) { row.first } else { row.now };
        self.saying.iter().flat_map(|key| self.texts(key, number(key))).collect()
    }

    /// Without its files.
    pub fn words(&self, n: usize) -> Vec<String> {
        self.saying.iter().filter(|key| !self.is_upload(key)).flat_map(|key| self.texts(key, n)).collect()
    }

    pub fn name(&self, row: &Row) -> Vec<String> {
        self.texts(&self.piece.title, row.now)
    }

    pub fn columns(&self) -> String {
        self.piece.fields.iter().map(|field| field.key.as_str()).collect::<Vec<_>>().join(",")
    }

    /// Values for a row, with its files or without.
    fn values(&self, n: usize, files: bool) -> Value {
        let fields = self.piece.editable().filter(|field| files || !field.is_upload());
        let values = fields.filter_map(|field| Some((field.key.clone(), self.said(field, n)?.value)));
        Value::Object(values.collect())
    }

    /// What a form sends of the fields that say something, but for files.
    pub fn typed(&self, n: usize) -> Vec<(String, String)> {
        let fields = self.saying.iter().filter(|key| !self.is_upload(key));
        fields.flat_map(|key| typed(key, &self.said(self.piece.field(key).unwrap(), n).unwrap().value)).collect()
    }

    /// A change of a row by Grace.
    pub async fn touch(&self, at: usize, mut values: Value) {
        let path = format!("/pieces/{}", self.rows[at].id);
        values["version"] = self.read(&path).await["version"].clone();
        self.write(Method::PATCH, &path, &values).await;
    }

    /// Another payload in all of a row but its files.
    pub async fn change(&mut self, at: usize, n: usize) {
        self.touch(at, self.values(n, false)).await;
        self.rows[at].now = n;
    }

    /// What fields point at, and a row for each payload. Answers the moment at which the rows were made; each was changed since.
    pub async fn plant(&mut self) -> String {
        let piece = self.piece.clone();
        for field in piece.editable() {
            let mut named = Vec::new();
            for n in 0..COUNT {
                named.extend(self.pointed(field, n).await);
            }
            if matches!(field.kind, FieldKind::References { .. }) {
                named = two_each(&named);
            }
            if !named.is_empty() {
                self.named.insert(field.key.clone(), named);
            }
        }
        let says = |field: &&Field| self.said(field, 0).is_some_and(|said| !said.texts.is_empty());
        self.saying = piece.editable().filter(says).map(|field| field.key.clone()).collect();
        for n in 0..COUNT {
            let made = self.write(Method::POST, "/pieces", &self.values(n, true)).await;
            self.rows.push(Row { id: made["id"].as_str().unwrap().to_owned(), first: n, now: n });
        }
        let moment = self.server.world.services().clock.now().to_rfc3339();
        self.server.world.clock.advance(chrono::Duration::seconds(30));
        for at in 0..COUNT {
            self.change(at, at + ON).await;
        }
        moment
    }

    /// What the field points at for payload `n`, made here.
    async fn pointed(&self, field: &Field, n: usize) -> Option<Said> {
        let text = told(&field.key, n);
        let value = match &field.kind {
            FieldKind::Reference { entity } | FieldKind::References { entity } => json!(self.row(entity, &text).await),
            FieldKind::AnyReference { entities } => {
                let entity = &entities[n % entities.len()];
                json!({ "entity": entity, "id": self.row(entity, &text).await })
            }
            FieldKind::Member => {
                let called = format!("{} {n}", field.key);
                let member = self.server.world.member(&self.tenant, &called, &["USER"]).await.access.member.0;
                self.call(member, &text).await;
                json!(member)
            }
            FieldKind::File { .. } | FieldKind::Image { .. } => {
                let input = json!({ "entity": "piece", "field": field.key, "name": text, "content": content(field) });
                let file = self.run("files.attach", &input).await;
                let name = file["name"].as_str().unwrap().to_owned();
                assert!(name.contains(&tag(&field.key, n)), "{name}");
                return Some(Said { value: file["id"].clone(), texts: vec![name] });
            }
            _ => return None,
        };
        Some(Said { value, texts: vec![text] })
    }

    async fn row(&self, entity: &str, name: &str) -> String {
        let entity = self.catalog.get(entity).unwrap();
        let body = json!({ entity.title.as_str(): name });
        let made = self.write(Method::POST, &format!("/{}", entity.plural), &body).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Fields whose payload the API does not give back, by itself or in its labels.
    pub async fn lost(&self) -> Vec<String> {
        let rows = self.read(&format!("/pieces?limit=100&filter={}", encode("code is not empty"))).await;
        let mut lost = Vec::new();
        for row in &self.rows {
            let found = rows.as_array().unwrap().iter().find(|found| found["id"] == *row.id).unwrap();
            let held = strings(found);
            lost.extend(self.holds(row).into_iter().filter(|text| !held.contains(text)));
        }
        lost
    }
}

/// Each with the one behind it.
fn two_each(named: &[Said]) -> Vec<Said> {
    let next = named.iter().cycle().skip(1);
    let two = named.iter().zip(next).map(|(one, other)| Said {
        value: json!([one.value, other.value]),
        texts: [one.texts.as_slice(), &other.texts].concat(),
    });
    two.collect()
}

/// Of a file that the field takes.
pub fn content(field: &Field) -> &'static [u8] {
    match field.kind {
        FieldKind::Image { .. } => b"\x89PNG\r\n\x1a\n\0\0\0\rIHDRexercise".as_slice(),
        _ => b"%PDF-1.7\nexercise".as_slice(),
    }
}

/// Every text in a value, at whatever depth.
pub fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(strings).collect(),
        Value::Object(members) => members.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

pub fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// A value as a form sends it.
fn typed(key: &str, value: &Value) -> Vec<(String, String)> {
    let name = format!("values.{key}");
    match value {
        Value::Array(all) => all.iter().flat_map(|one| typed(key, one)).collect(),
        Value::Object(parts) => match pointing::written(value) {
            Some(pointer) => vec![(name, pointer)],
            None => parts.iter().map(|(part, text)| pair(&format!("{name}.{part}"), text.as_str().unwrap())).collect(),
        },
        one => vec![pair(&name, one.as_str().unwrap())],
    }
}
