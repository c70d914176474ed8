//! A workspace with orders, invoices and products of the test's own beside the core's customers and tasks, and an engine that is turned by
//! hand.

use crate::stubs;
use domain::records::{CreateRecord, GetRecord, Record, TransitionRecord, UpdateRecord, Values};
use domain::schema::{Catalog, Entity, FieldKind};
use domain::workflow::{Definition, GetRun, ListRuns, RunRow, RunView, SaveWorkflow, SetActive, WorkflowRow};
use domain::{Operation, Result};
use platform::{Caller, Catalogs, Platform, Registry, Services};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use testkit::{TestTenant, TestWorld};
use uuid::Uuid;
use workflow::matcher::Matcher;
use workflow::{Engine, EngineConfig, Templates, timers, worker};

pub struct World {
    pub test: TestWorld,
    pub platform: Arc<Platform>,
    pub engine: Arc<Engine>,
    pub matcher: tokio::sync::Mutex<Matcher>,
    pub owner: PgPool,
    pub tenant: TestTenant,
    pub admin: Caller,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Vec::new(), EngineConfig::default()).await
    }

    pub async fn with(templates: Vec<Definition>, config: EngineConfig) -> Self {
        let test = TestWorld::new(|_| {}).await;
        let owner = test.owner().await;
        let catalog = catalog(&test.library);
        for key in ["order", "invoice", "product"] {
            sqlx::raw_sql(AssertSqlSafe(table(&catalog, key))).execute(&owner).await.expect("a table of the test");
        }
        let tenant = test.tenant("lakeside", "core").await;
        for role in ["FINANCE_MANAGER", "WAREHOUSE"] {
            sqlx::query("insert into roles (tenant_id, key, label, grants) values ($1, $2, $2, '{\"*.*.read\": \"all\"}') on conflict do nothing")
                .bind(tenant.id.0)
                .bind(role)
                .execute(&owner)
                .await
                .unwrap();
        }
        let admin = test.member(&tenant, "Ada Admin", &["ADMIN"]).await;
        let platform = platform(&test, catalog);
        let config = EngineConfig { poll: Duration::from_millis(20), ..config };
        let templates = Templates::new(HashMap::from([("core".to_owned(), templates)]));
        let engine = Engine::new(platform.clone(), templates, config);
        let matcher = tokio::sync::Mutex::new(Matcher::new(engine.clone()));
        Self { test, platform, engine, matcher, owner, tenant, admin }
    }

    /// Another engine over the same database, as another process would have.
    pub fn another(&self, name: &str, lease: Duration) -> Arc<Engine> {
        let config = EngineConfig { name: name.to_owned(), lease, ..EngineConfig::default() };
        Engine::new(self.platform.clone(), Templates::default(), config)
    }

    pub async fn member(&self, name: &str, roles: &[&str]) -> Caller {
        self.test.member(&self.tenant, name, roles).await
    }

    pub async fn run<O: Operation>(&self, caller: &Caller, operation: O) -> Result<O::Output> {
        let caller = Caller { origin: self.platform.origin(None), ..caller.clone() };
        self.platform.clone().backend(caller).run(operation).await
    }

    pub async fn create(&self, entity: &str, values: Value) -> Record {
        self.create_as(&self.admin, entity, values).await
    }

    pub async fn create_as(&self, caller: &Caller, entity: &str, values: Value) -> Record {
        self.run(caller, CreateRecord { entity: entity.to_owned(), values: object(values) }).await.expect("a record")
    }

    pub async fn get(&self, entity: &str, id: Uuid) -> Record {
        self.run(&self.admin, GetRecord { entity: entity.to_owned(), id }).await.expect("a record")
    }

    pub async fn update(&self, entity: &str, id: Uuid, values: Value) -> Record {
        let version = Some(self.get(entity, id).await.version);
        let update = UpdateRecord { entity: entity.to_owned(), id, version, values: object(values), base: None };
        self.run(&self.admin, update).await.expect("an update")
    }

    pub async fn go(&self, caller: &Caller, entity: &str, id: Uuid, to: &str) -> Result<Record> {
        let to = Some(to.to_owned());
        let entity = entity.to_owned();
        self.run(
            caller,
            TransitionRecord { entity, id, version: None, name: None, to, pipeline: None, values: Values::new() },
        )
        .await
    }

    /// Saves a workflow and switches it on.
    pub async fn workflow(&self, definition: Value) -> WorkflowRow {
        let saved = self.save(definition).await.unwrap_or_else(|error| panic!("{error:#?}"));
        self.run(&self.admin, SetActive { id: saved.id, active: true }).await.expect("it is switched on")
    }

    pub async fn save(&self, definition: Value) -> Result<WorkflowRow> {
        let definition = serde_json::from_value(definition).expect("the shape of a definition");
        self.run(&self.admin, SaveWorkflow { id: None, version: None, definition }).await
    }

    pub async fn match_events(&self) -> usize {
        self.matcher.lock().await.round().await.expect("a round")
    }

    /// Turns matcher, worker and timers until nothing is left to do now.
    pub async fn settle(&self) {
        for _ in 0..200 {
            let mut done = self.match_events().await;
            done += worker::run_once(&self.engine).await.expect("the worker");
            done += timers::run_once(&self.engine).await.expect("the timers");
            if done == 0 {
                return;
            }
        }
        panic!("there was always something left to do");
    }

    /// Lets every pause be over.
    pub async fn skip_pauses(&self) {
        for sql in [
            "update runs set due_at = now() where state = 'PENDING'",
            "update waitpoints set due_at = now() where state = 'open' and kind = 'time'",
            "update approvals set expires_at = now() where state = 'PENDING' and expires_at is not null",
        ] {
            sqlx::query(sql).execute(&self.owner).await.unwrap();
        }
    }

    pub async fn runs(&self) -> Vec<RunRow> {
        let list = ListRuns { workflow: None, record: None, state: None, before: None, limit: 500 };
        let mut runs = self.run(&self.admin, list).await.expect("runs");
        let order: Vec<Uuid> =
            sqlx::query_scalar("select id from runs order by begun_at").fetch_all(&self.owner).await.unwrap();
        runs.sort_by_key(|run| order.iter().position(|id| *id == run.id));
        runs
    }

    pub async fn view(&self, id: Uuid) -> RunView {
        self.run(&self.admin, GetRun { id }).await.expect("a run")
    }

    pub async fn only(&self) -> RunView {
        let runs = self.runs().await;
        assert_eq!(runs.len(), 1, "{runs:#?}");
        self.view(runs[0].id).await
    }

    pub async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.owner).await.expect("a number")
    }

    /// Effects by what the stub says it did.
    pub async fn effects(&self, what: &str) -> i64 {
        sqlx::query_scalar("select count(*) from changes where entity = 'effect' and after ->> 'what' = $1")
            .bind(what)
            .fetch_one(&self.owner)
            .await
            .expect("a count")
    }

    /// H-13: nothing runs without a living lease, nothing that has ended goes on, nothing waits without something to wait for.
    pub async fn holds(&self) {
        let broken = self
            .number(
                "select count(*) from runs r where
                    (state = 'RUNNING' and lease_until < now() - interval '60 s')
                    or (state in ('COMPLETED', 'FAILED', 'CANCELLED') and (lease_until is not null or finished_at is null))
                    or (state = 'WAITING' and not exists (select from waitpoints w where w.tenant_id = r.tenant_id and w.run_id = r.id and w.state = 'open' and w.due_at is not null))
                    or (state = 'WAITING_APPROVAL' and not exists (select from approvals a where a.tenant_id = r.tenant_id and a.run_id = r.id and a.state = 'PENDING'))
                    or (state = 'PENDING' and due_at = 'infinity')",
            )
            .await;
        assert_eq!(broken, 0, "runs that are not what they say they are");
    }

    pub async fn end(self) {
        self.holds().await;
        self.owner.close().await;
        drop(self.matcher);
        self.test.end().await;
    }
}

pub fn object(value: Value) -> Values {
    match value {
        Value::Object(values) => values,
        other => panic!("{other} is no object"),
    }
}

pub fn kes(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "KES" })
}

fn platform(test: &TestWorld, catalog: Arc<Catalog>) -> Arc<Platform> {
    let services = test.services();
    let services = Services {
        pools: services.pools.clone(),
        auth: services.auth.clone(),
        clock: services.clock.clone(),
        random: services.random.clone(),
        ids: services.ids.clone(),
        catalogs: Catalogs::new(catalog, []),
        keyring: services.keyring.clone(),
        egress: services.egress.clone(),
        wake: services.wake.clone(),
        still: Arc::default(),
    };
    let mut registry = Registry::default();
    records::register(&mut registry);
    workflow::register(&mut registry);
    stubs::register(&mut registry);
    Platform::new(Arc::new(services), registry)
}

fn table(catalog: &Catalog, key: &str) -> String {
    let entity = catalog.get(key).expect("an entity");
    let states = entity.states.iter().flat_map(|states| states.list.iter().map(|state| state.key.clone())).collect();
    let target = |key: &str| catalog.get(key).map(|entity| entity.table.as_str());
    packs::ddl::print(&[packs::ddl::describe(entity, &states, target)])
}

/// Leads, customers, opportunities, activities and tasks as the core has them, without what of them points elsewhere, and with a role that the moves of
/// operations ask for; orders, invoices and products of the test's own.
pub fn catalog(library: &packs::Library) -> Arc<Catalog> {
    const KEPT: [&str; 5] = ["lead", "customer", "opportunity", "activity", "task"];
    const OWN: [&str; 3] = ["order", "invoice", "product"];
    let core = library.catalog("core").expect("the core");
    let standard = ["number", "status", "owner", "createdAt", "createdBy", "updatedAt", "updatedBy"];
    let mut described: Vec<Entity> = core
        .iter()
        .filter(|entity| KEPT.contains(&entity.key.as_str()))
        .map(|entity| {
            let mut entity = (**entity).clone();
            entity.fields.retain(|field| {
                let elsewhere = matches!(&field.kind,
                    FieldKind::Reference { entity } | FieldKind::References { entity, .. } if !KEPT.contains(&entity.as_str()));
                // Figures over orders are over the core's, which are not these.
                !standard.contains(&field.key.as_str()) && !elsewhere && field.rollup.is_none()
            });
            entity.views.clear();
            let states = entity.states.iter_mut().flat_map(|states| &mut states.transitions);
            for transition in states.filter(|transition| transition.internal) {
                transition.gate.roles = vec!["ADMIN".to_owned()];
            }
            entity
        })
        .collect();
    described.extend(OWN.map(own));
    Arc::new(Catalog::build("core", "Core", described).unwrap_or_else(|faults| panic!("{faults:#?}")))
}

fn own(key: &str) -> Entity {
    let field = |key: &str, kind: Value| json!({ "key": key, "label": key, "kind": kind });
    let date = |key: &str| json!({ "key": key, "label": key, "kind": { "type": "date" }, "indexed": true });
    let reference = |entity: &str| field(entity, json!({ "type": "reference", "entity": entity }));
    let money = |key: &str| field(key, json!({ "type": "money" }));
    let whole = |key: &str| field(key, json!({ "type": "integer" }));
    let go = |name: &str, from: &[&str], to: &str| json!({ "name": name, "label": name, "from": from, "to": to });
    let (fields, title, list, transitions): (Vec<Value>, &str, Vec<&str>, Vec<Value>) = match key {
        "order" => {
            let mut approve = go("approve", &["submitted"], "approved");
            approve["gate"] = json!({ "approval": { "roles": ["SALES_MANAGER"], "required": 1 } });
            let mut deliver = go("deliver", &["shipped"], "delivered");
            deliver["gate"] = json!({ "roles": ["ADMIN"] });
            let mut release = go("release", &["approved"], "released");
            release["gate"] = json!({ "approval": { "roles": ["FINANCE_MANAGER", "SALES_MANAGER"], "required": 2 } });
            (
                vec![
                    reference("customer"),
                    money("totalAmount"),
                    whole("pieces"),
                    json!({
                        "key": "margin", "label": "margin", "kind": { "type": "integer" },
                        "permissions": { "read": "sales.order.read_margin", "write": "sales.order.write_margin" },
                    }),
                    field("note", json!({ "type": "text" })),
                    field("about", json!({ "type": "any_reference", "entities": ["customer", "lead"] })),
                    json!({ "key": "approvedAt", "label": "Approved", "kind": { "type": "datetime" }, "readOnly": true }),
                    json!({ "key": "approvedBy", "label": "Approved by", "kind": { "type": "member" }, "readOnly": true }),
                ],
                "number",
                vec!["draft", "submitted", "approved", "released", "rejected", "shipped", "delivered", "cancelled"],
                vec![
                    go("submit", &["draft"], "submitted"),
                    approve,
                    go("reject", &["submitted"], "rejected"),
                    release,
                    go("revise", &["rejected"], "draft"),
                    go("ship", &["draft", "approved"], "shipped"),
                    deliver,
                    go("cancel", &["draft", "submitted", "approved"], "cancelled"),
                ],
            )
        }
        "invoice" => (
            vec![
                reference("order"),
                reference("customer"),
                money("totalAmount"),
                money("openAmount"),
                date("dueDate"),
                whole("daysOverdue"),
            ],
            "number",
            vec!["posted", "partially_paid", "paid"],
            vec![go("pay", &["posted"], "paid")],
        ),
        _ => (
            vec![
                field("sku", json!({ "type": "text" })),
                whole("quantity"),
                whole("reorderPoint"),
                whole("reorderQuantity"),
                whole("leadTime"),
            ],
            "sku",
            vec!["active", "discontinued"],
            vec![],
        ),
    };
    let list: Vec<Value> = list.into_iter().map(|key| json!({ "key": key, "label": key })).collect();
    serde_json::from_value(json!({
        "key": key, "plural": format!("{key}s"), "area": "sales", "table": format!("test_{key}s"), "prefix": key[..3].to_uppercase(),
        "labels": { "one": key, "many": format!("{key}s") }, "icon": "box", "title": title, "fields": fields,
        "states": { "label": "Status", "initial": list[0]["key"], "list": list, "transitions": transitions },
    }))
    .expect("a description")
}
