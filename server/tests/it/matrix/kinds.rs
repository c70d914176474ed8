//! Every kind of record that the descriptions of an industry know, as every role: read, changed and thrown away as one's own, as a colleague's, out
//! of the trash and as another workspace's, and named by lists where it may be seen and nowhere else. A new description is in it by itself.

use super::calls::send;
use super::fixtures::Fixtures;
use super::made::{Person, people};
use super::rows::{Object, Row, Wanted, wanted};
use super::tables::Watch;
use super::{Cell, THEIRS, Tally};
use crate::references::sample;
use crate::support::Server;
use domain::Verb;
use domain::schema::{Catalog, Entity, FieldKind};
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::Arc;
use testkit::TestTenant;
use uuid::Uuid;

/// A record of the kind in either workspace.
struct Kind {
    entity: Arc<Entity>,
    ours: Uuid,
    theirs: Uuid,
}

/// An operation, its input, what it needs, and whether it is tried about every object.
type Call = (&'static str, &'static str, Verb, bool);

const CALLS: [Call; 13] = [
    ("records.get", r#"{ "entity": "ENTITY", "id": "{id}" }"#, Verb::Read, true),
    ("records.timeline", r#"{ "entity": "ENTITY", "id": "{id}", "limit": 5 }"#, Verb::Read, true),
    ("records.versions", r#"{ "entity": "ENTITY", "id": "{id}", "limit": 5 }"#, Verb::Read, false),
    ("records.latest_merge", r#"{ "entity": "ENTITY", "id": "{id}" }"#, Verb::Read, false),
    ("notes.list", r#"{ "entity": "ENTITY", "record": "{id}" }"#, Verb::Read, true),
    ("files.list", r#"{ "entity": "ENTITY", "record": "{id}" }"#, Verb::Read, true),
    ("workflow.why", r#"{ "entity": "ENTITY", "id": "{id}", "limit": 5 }"#, Verb::Read, false),
    ("records.update", r#"{ "entity": "ENTITY", "id": "{id}", "version": 1, "values": {} }"#, Verb::Update, true),
    ("records.put_back", PUT_BACK, Verb::Update, false),
    ("notes.add", r#"{ "entity": "ENTITY", "record": "{id}", "body": "Matrix" }"#, Verb::Update, true),
    ("files.upload", UPLOAD, Verb::Update, false),
    ("records.delete", r#"{ "entity": "ENTITY", "id": "{id}", "version": 1 }"#, Verb::Delete, true),
    ("records.restore", r#"{ "entity": "ENTITY", "id": "{id}" }"#, Verb::Delete, true),
];

/// What names rows: the operation, its input, what it needs.
const LISTS: [(&str, &str, Verb); 5] = [
    ("records.list", r#"{ "entity": "ENTITY", "query": { "ids": ["{id}"] } }"#, Verb::Read),
    ("records.export", r#"{ "entity": "ENTITY", "query": { "ids": ["{id}"] } }"#, Verb::Export),
    ("records.may", r#"{ "entity": "ENTITY", "ids": ["{id}"], "verb": "read" }"#, Verb::Read),
    ("records.may", r#"{ "entity": "ENTITY", "ids": ["{id}"], "verb": "update" }"#, Verb::Update),
    ("records.may", r#"{ "entity": "ENTITY", "ids": ["{id}"], "verb": "delete" }"#, Verb::Delete),
];
const PUT_BACK: &str = r#"{ "entity": "ENTITY", "id": "{id}", "version": 1, "oldVersion": 1 }"#;
const UPLOAD: &str = r#"{ "entity": "ENTITY", "record": "{id}", "name": "a.txt", "content": [65] }"#;
const TRASH: &str = r#"{ "entity": "ENTITY", "query": { "ids": ["{id}"], "trash": true } }"#;

impl Kind {
    fn row(&self, input: &str, verb: Verb) -> Row {
        let input = input.replace("ENTITY", &self.entity.key);
        let about = Some(self.entity.key.clone());
        Row { about, input, ..Row::needing(self.entity.permission(verb)) }
    }

    fn id(&self, object: Object) -> String {
        let id = if object == Object::Foreign { self.theirs } else { self.ours };
        id.to_string()
    }

    /// Everything about one object, as one person.
    async fn about(&self, person: &Person, object: Object) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (name, input, verb, everywhere) in CALLS {
            if everywhere || object == Object::Colleagues {
                cells.extend(self.call(person, name, self.row(input, verb), object).await);
            }
        }
        if object == Object::Trashed {
            let trash = Row { trash: true, ..self.row(TRASH, Verb::Read) };
            cells.push(self.named(person, "records.list", &trash, object).await);
            cells.push(self.named(person, "records.list", &self.row(LISTS[0].1, Verb::Read), object).await);
            return cells;
        }
        for (name, input, verb) in LISTS {
            cells.push(self.named(person, name, &self.row(input, verb), object).await);
        }
        cells
    }

    /// A read, or a write that is refused.
    async fn call(&self, person: &Person, name: &str, mut row: Row, object: Object) -> Option<Cell> {
        let reads = row.needs == self.entity.permission(Verb::Read);
        // What is thrown away is there for who may do that, and for them it would come back.
        row.trash = reads || name == "records.restore";
        // What is not in the trash is not found there; nor a version that never was.
        row.refused = matches!(name, "records.restore" | "records.put_back").then_some(404);
        let wanted = wanted(&row, &person.grants, Some(object));
        if wanted == Wanted::Allowed && !reads {
            return None;
        }
        let id = self.id(object);
        let (status, body) = send(&person.client, name, &row, &id, person.member).await;
        let (text, what) = (body.to_string(), self.what(person, name, object));
        let clean = !text.contains(THEIRS);
        Some(match wanted {
            Wanted::Allowed => Cell::of(&what, status.is_success() && clean, "a success", status, &text),
            _ => {
                let right = row.refuses(wanted, status.as_u16()) && clean;
                Cell::refused(&what, right, &format!("{wanted:?}"), status, &text)
            }
        })
    }

    /// An answer that names the row where it should, and nowhere else.
    async fn named(&self, person: &Person, name: &str, row: &Row, object: Object) -> Cell {
        let id = self.id(object);
        let wanted = wanted(row, &person.grants, Some(object));
        let (status, body) = send(&person.client, name, row, &id, person.member).await;
        let text = body.to_string();
        let named = text.contains(&id);
        let what = format!("{} {}", self.what(person, name, object), row.input);
        match wanted {
            Wanted::Forbidden => {
                Cell::refused(&what, status == StatusCode::FORBIDDEN && !named, "Forbidden", status, &text)
            }
            Wanted::Allowed => Cell::of(&what, status.is_success() && named, "the row", status, &text),
            _ => {
                // There is no trash at all for whoever may throw nothing away.
                let none = row.trash && person.grants.reach(&self.entity.permission(Verb::Delete)).is_none();
                let right = if none { status == StatusCode::FORBIDDEN } else { status.is_success() };
                Cell::refused(&what, right && !named, "an answer without the row", status, &text)
            }
        }
    }

    fn what(&self, person: &Person, name: &str, object: Object) -> String {
        format!("{} {name} of a {} {object:?}", person.role, self.entity.key)
    }
}

/// Gives records away and throws them into the trash past every rule of the database: what is looked at is who sees them then.
struct Hand(PgConnection);

impl Hand {
    async fn new(server: &Server) -> Self {
        let mut admin = PgConnection::connect(&server.world.urls.admin).await.unwrap();
        sqlx::query("set session_replication_role = replica").execute(&mut admin).await.unwrap();
        Self(admin)
    }

    async fn owner(&mut self, kind: &Kind) -> Option<Uuid> {
        let sql = AssertSqlSafe(format!("select owner_id from {} where id = $1", kind.entity.table));
        sqlx::query_scalar(sql).bind(kind.ours).fetch_one(&mut self.0).await.unwrap()
    }

    async fn put(&mut self, kind: &Kind, owner: Option<Uuid>, gone: bool) {
        let set = "owner_id = $2, deleted_at = case when $3 then now() end";
        let sql = AssertSqlSafe(format!("update {} set {set} where id = $1", kind.entity.table));
        let done = sqlx::query(sql).bind(kind.ours).bind(owner).bind(gone).execute(&mut self.0).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{} has lost its record", kind.entity.key);
    }

    /// Some record of a kind in a workspace.
    async fn any(&mut self, entity: &Entity, tenant: &TestTenant) -> Option<Uuid> {
        let which = "tenant_id = $1 and deleted_at is null order by id limit 1";
        let sql = AssertSqlSafe(format!("select id from {} where {which}", entity.table));
        sqlx::query_scalar(sql).bind(tenant.id.0).fetch_optional(&mut self.0).await.unwrap()
    }
}

/// A record of every kind: of those that come about by an operation by that, of all others as they are described.
async fn fill(fixtures: &mut Fixtures, catalog: &Catalog, hand: &mut Hand, tenant: &TestTenant) {
    for kind in ["lead", "opportunity", "order", "message", "invoice"] {
        fixtures.make(kind, None).await;
    }
    let paid = fixtures.make("posted_invoice", None).await;
    fixtures.post("/operations/finance.record_payment", &json!({ "invoice": paid, "amount": "1" })).await;
    for entity in catalog.iter().filter(|entity| entity.managed.is_none()) {
        if hand.any(entity, tenant).await.is_some() {
            continue;
        }
        let mut values = Map::new();
        for field in entity.editable().filter(|field| field.required && field.default.is_none()) {
            let value = match &field.kind {
                FieldKind::Reference { entity } => json!(hand.any(catalog.get(entity).unwrap(), tenant).await),
                FieldKind::Text { max } if field.key == entity.title && *max >= 60 => json!(fixtures.canary),
                _ => sample(field),
            };
            values.insert(field.key.clone(), value);
        }
        fixtures.post(&format!("/{}", entity.plural), &Value::Object(values)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_record_by_everybody() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let harbour = server.world.tenant("harbour", "automotive").await;
    let mut ours = Fixtures::new(&server, &lakeside, "Grace").await;
    let mut theirs = Fixtures::new(&server, &harbour, "Neema").await;
    let people = people(&server, &lakeside).await;
    let catalog = server.world.services().catalogs.of("automotive");
    let mut hand = Hand::new(&server).await;
    fill(&mut ours, &catalog, &mut hand, &lakeside).await;
    fill(&mut theirs, &catalog, &mut hand, &harbour).await;
    let mut kinds = Vec::new();
    for entity in catalog.iter() {
        let (ours, theirs) = (hand.any(entity, &lakeside).await, hand.any(entity, &harbour).await);
        let (Some(ours), Some(theirs)) = (ours, theirs) else { panic!("there is no {}", entity.key) };
        kinds.push(Kind { entity: entity.clone(), ours, theirs });
    }
    server.settle().await;
    let grace = Some(ours.me.0);
    let (mut watch, mut tally) = (Watch::new(&server).await, Tally::default());
    for kind in &kinds {
        let before = hand.owner(kind).await;
        for (object, gone) in [(Object::Colleagues, false), (Object::Foreign, false), (Object::Trashed, true)] {
            hand.put(kind, grace, gone).await;
            let calls = people.iter().map(|person| kind.about(person, object));
            tally.add(join_all(calls).await.into_iter().flatten());
        }
        for person in &people {
            hand.put(kind, Some(person.member.0), false).await;
            tally.add(kind.about(person, Object::Own).await);
        }
        hand.put(kind, before, false).await;
        tally.unchanged(&kind.entity.key, &watch.changed().await);
    }
    drop((watch, hand));
    server.end().await;
    println!("kinds={} roles={} lists={}", kinds.len(), people.len(), LISTS.len());
    assert!(kinds.len() >= 15, "only {} kinds", kinds.len());
    tally.end("kinds", 5000);
}
