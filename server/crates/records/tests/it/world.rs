//! Two workspaces with people of every reach, and an entity that has a field of every type.

use crate::sample;
use domain::records::{CreateRecord, GetRecord, ListRecords, Page, Record, UpdateRecord, Values};
use domain::schema::{Catalog, Entity, Filter, ListQuery, Sort};
use domain::{Error, Operation, Result};
use platform::{Access, Caller, Catalogs, Ctx, Platform, Registry, Services, TxMode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::sync::Arc;
use testkit::{TestTenant, TestWorld};
use uuid::Uuid;

pub struct World {
    pub test: TestWorld,
    pub platform: Arc<Platform>,
    pub catalog: Arc<Catalog>,
    pub owner: PgPool,
    pub here: People,
    pub there: People,
}

/// A workspace and who works in it.
pub struct People {
    pub tenant: TestTenant,
    pub admin: Caller,
    pub user: Caller,
    pub viewer: Caller,
    /// Reads and changes what is theirs.
    pub rep: Caller,
    pub other_rep: Caller,
    /// Reads what is theirs and the rep's.
    pub boss: Caller,
}

impl World {
    pub async fn new() -> Self {
        let test = TestWorld::new(records::register).await;
        let owner = test.owner().await;
        let catalog = sample::catalog(&test.library);
        sqlx::raw_sql(AssertSqlSafe(sample::table(&catalog))).execute(&owner).await.expect("the sample's table");
        let platform = platform(&test, catalog.clone());
        let here = people(&test, "here").await;
        let there = people(&test, "there").await;
        Self { test, platform, catalog, owner, here, there }
    }

    pub fn lead(&self) -> Arc<Entity> {
        self.catalog.get("lead").expect("leads").clone()
    }

    pub fn sample(&self) -> Arc<Entity> {
        self.catalog.get("sample").expect("samples").clone()
    }

    pub async fn run<O: Operation>(&self, caller: &Caller, operation: O) -> Result<O::Output> {
        self.platform.clone().backend(caller.clone()).run(operation).await
    }

    pub async fn open(&self, caller: &Caller) -> Ctx {
        self.platform.open(caller, "test", TxMode::ReadWrite).await.expect("a context")
    }

    pub async fn create(&self, caller: &Caller, entity: &str, values: Value) -> Result<Record> {
        self.run(caller, CreateRecord { entity: entity.to_owned(), values: object(values) }).await
    }

    pub async fn lead_of(&self, caller: &Caller, name: &str) -> Record {
        self.create(caller, "lead", json!({ "name": name })).await.expect("a lead")
    }

    pub async fn get(&self, caller: &Caller, entity: &str, id: Uuid) -> Result<Record> {
        self.run(caller, GetRecord { entity: entity.to_owned(), id }).await
    }

    pub async fn update(&self, caller: &Caller, entity: &str, record: &Record, values: Value) -> Result<Record> {
        let update = UpdateRecord {
            entity: entity.to_owned(),
            id: record.id,
            version: Some(record.version),
            values: object(values),
            base: None,
        };
        self.run(caller, update).await
    }

    pub async fn list(&self, caller: &Caller, entity: &str, query: ListQuery) -> Result<Page> {
        self.run(caller, ListRecords { entity: entity.to_owned(), query }).await
    }

    /// Every row that matches, as one page.
    pub async fn all(&self, caller: &Caller, entity: &str, filter: Option<Filter>) -> Result<Vec<Record>> {
        let query = ListQuery { filter, limit: 500, ..ListQuery::default() };
        self.list(caller, entity, query).await?.records()
    }

    pub async fn names(&self, caller: &Caller, filter: &str) -> Vec<String> {
        let filter = Filter::parse(filter, &self.lead()).expect("a filter");
        let mut names: Vec<String> = self
            .all(caller, "lead", Some(filter))
            .await
            .expect("leads")
            .iter()
            .map(|lead| lead.text("name").unwrap_or_default().to_owned())
            .collect();
        names.sort();
        names
    }

    /// Number of rows in a table, whoever's they are.
    pub async fn count(&self, table: &'static str) -> i64 {
        let sql = format!("select count(*) from {table}");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.owner).await.expect("a count")
    }

    pub async fn end(self) {
        self.owner.close().await;
        self.test.end().await;
    }
}

/// The same services with a catalogue that has the sample in it.
fn platform(test: &TestWorld, catalog: Arc<Catalog>) -> Arc<Platform> {
    let services = test.services();
    let services = Services {
        pools: services.pools.clone(),
        auth: services.auth.clone(),
        clock: services.clock.clone(),
        random: services.random.clone(),
        ids: services.ids.clone(),
        catalogs: Catalogs::new(
            catalog,
            services.catalogs.industries().map(|(slug, described)| (slug.to_owned(), described.clone())),
        ),
        keyring: services.keyring.clone(),
        egress: services.egress.clone(),
        wake: services.wake.clone(),
        still: Arc::default(),
    };
    let mut registry = Registry::default();
    records::register(&mut registry);
    registry.hook(crate::moves::hook());
    Platform::new(Arc::new(services), registry)
}

async fn people(test: &TestWorld, slug: &str) -> People {
    let tenant = test.tenant(slug, "core").await;
    let admin = test.member(&tenant, "Ada Admin", &["ADMIN"]).await;
    let user = test.member(&tenant, "Uma User", &["USER"]).await;
    let viewer = test.member(&tenant, "Vic Viewer", &["VIEWER"]).await;
    let boss = test.member(&tenant, "Bea Boss", &["SALES_MANAGER"]).await;
    let other_rep = test.member(&tenant, "Rob Rep", &["SALES_REP"]).await;
    let person = test.user("Rita Rep", &format!("rita@{slug}.example")).await;
    let member = test.join(&tenant, person, &["SALES_REP"], Some(boss.access.member)).await;
    let rep = test.caller(&tenant, member).await;
    People { tenant, admin, user, viewer, rep, other_rep, boss }
}

/// The caller with other access: for what no role of a new workspace has.
pub fn with(caller: &Caller, change: impl FnOnce(&mut Access)) -> Caller {
    let mut access = (*caller.access).clone();
    change(&mut access);
    Caller { access: Arc::new(access), ..caller.clone() }
}

pub fn object(value: Value) -> Values {
    match value {
        Value::Object(values) => values,
        other => panic!("{other} is no object"),
    }
}

pub fn query(entity: &Entity, filter: &str, sort: &str) -> ListQuery {
    ListQuery {
        filter: (!filter.is_empty()).then(|| Filter::parse(filter, entity).expect("a filter")),
        sort: Sort::parse_list(sort, entity).expect("a sort"),
        ..ListQuery::default()
    }
}

/// The message at a field.
pub fn at<'a>(error: &'a Error, field: &str) -> &'a str {
    error
        .fields
        .iter()
        .find(|fault| fault.field == field)
        .map_or_else(|| panic!("nothing is said of {field}: {error:?}"), |fault| &fault.message)
}
