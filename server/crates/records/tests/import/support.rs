//! Uploading, running and looking, in one line each.

use domain::Result;
use domain::imports::{
    CreateImport, Existing, GetImport, Import, ImportStatus, ListKept, MapImport, Mapping, Preview, PreviewImport,
    StartImport, UndoImport, Undone,
};
use domain::records::{CreateRecord, ListRecords, Record};
use domain::schema::{Filter, ListQuery};
use jobs::{Queue, Running, Worker, WorkerConfig};
use platform::dispatch::Caller;
use serde_json::json;
use std::time::Duration;
use testkit::{TestTenant, TestWorld};

pub async fn world() -> TestWorld {
    TestWorld::new(records::register).await
}

/// A workspace called demo with the members that the example file names.
pub async fn demo(world: &TestWorld) -> (TestTenant, Caller) {
    let demo = world.tenant("demo", "core").await;
    let amina = world.member(&demo, "Amina", &["MANAGER"]).await;
    world.member(&demo, "John", &["USER"]).await;
    (demo, amina)
}

pub fn worker(world: &TestWorld, lease: Duration) -> Running {
    let config = WorkerConfig {
        lease,
        poll: Duration::from_millis(20),
        retry_base: Duration::from_millis(20),
        ..WorkerConfig::default()
    };
    let handler = records::import::job_handler(world.platform.clone());
    Worker::new(Queue::new(world.services().pools.platform.clone()), config).with(handler).start()
}

pub async fn upload(world: &TestWorld, caller: &Caller, entity: &str, content: &[u8]) -> Result<Import> {
    let create = CreateImport {
        entity: entity.to_owned(),
        file_name: "C:\\my files\\list.csv".to_owned(),
        content: content.to_vec(),
        sheet: None,
    };
    world.run(caller, create).await
}

pub async fn map(world: &TestWorld, caller: &Caller, import: &Import, mapping: Mapping) -> Result<Import> {
    world.run(caller, MapImport { id: import.id, mapping }).await
}

pub async fn preview(world: &TestWorld, caller: &Caller, import: &Import) -> Preview {
    world.run(caller, PreviewImport { id: import.id }).await.unwrap()
}

/// Uploads, takes the proposed mapping and leaves the import ready to start.
pub async fn ready(world: &TestWorld, caller: &Caller, entity: &str, content: &str, existing: Existing) -> Import {
    let import = upload(world, caller, entity, content.as_bytes()).await.unwrap();
    let mapping = Mapping { existing, ..import.mapping.clone() };
    map(world, caller, &import, mapping).await.unwrap()
}

pub async fn start(world: &TestWorld, caller: &Caller, import: &Import) -> Result<Import> {
    world.run(caller, StartImport { id: import.id }).await
}

/// Starts the import and has a worker bring it to its end.
pub async fn finish(world: &TestWorld, caller: &Caller, import: &Import) -> Import {
    start(world, caller, import).await.unwrap();
    let running = worker(world, Duration::from_secs(30));
    let ended = ended(world, caller, import).await;
    running.stop(Duration::from_secs(5)).await;
    ended
}

pub async fn ended(world: &TestWorld, caller: &Caller, import: &Import) -> Import {
    for _ in 0..6000 {
        let now = get(world, caller, import).await;
        if !matches!(now.status, ImportStatus::Queued | ImportStatus::Running | ImportStatus::Undoing) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the import does not end: {:?}", get(world, caller, import).await);
}

pub async fn get(world: &TestWorld, caller: &Caller, import: &Import) -> Import {
    world.run(caller, GetImport { id: import.id }).await.unwrap()
}

/// The whole way.
pub async fn import(world: &TestWorld, caller: &Caller, entity: &str, content: &str, existing: Existing) -> Import {
    let import = ready(world, caller, entity, content, existing).await;
    let import = finish(world, caller, &import).await;
    assert_eq!(import.status, ImportStatus::Done, "{:?}", import.error);
    import
}

/// Takes it back, by a worker where it is too large for a request; then what came of it in all.
pub async fn undo(world: &TestWorld, caller: &Caller, import: &Import) -> Result<Undone> {
    let undone = world.run(caller, UndoImport { id: import.id }).await?;
    if undone.waiting == 0 {
        return Ok(undone);
    }
    let running = worker(world, Duration::from_secs(30));
    let now = ended(world, caller, import).await;
    running.stop(Duration::from_secs(5)).await;
    assert_eq!(now.status, ImportStatus::Undone, "{:?}", now.error);
    let kept = world.run(caller, ListKept { id: import.id }).await?;
    Ok(Undone { removed: now.removed, reverted: now.reverted, kept, waiting: 0 })
}

pub async fn create(world: &TestWorld, caller: &Caller, entity: &str, values: serde_json::Value) -> Record {
    let values = values.as_object().cloned().unwrap();
    world.run(caller, CreateRecord { entity: entity.to_owned(), values }).await.unwrap()
}

/// The rows that match, by number.
pub async fn all(world: &TestWorld, caller: &Caller, entity: &str, filter: &str) -> Vec<Record> {
    let catalog = world.services().catalogs.core().clone();
    let filter = (!filter.is_empty()).then(|| Filter::parse(filter, catalog.get(entity).unwrap()).unwrap());
    let query = ListQuery { filter, limit: 500, ..ListQuery::default() };
    let mut rows =
        world.run(caller, ListRecords { entity: entity.to_owned(), query }).await.unwrap().records().unwrap();
    rows.sort_by_key(|row| row.text("number").map(str::to_owned));
    rows
}

pub async fn lead(world: &TestWorld, caller: &Caller, email: &str) -> Record {
    let mut rows = all(world, caller, "lead", &format!("email = \"{email}\"")).await;
    assert_eq!(rows.len(), 1, "{email}");
    rows.remove(0)
}

pub async fn some_lead(world: &TestWorld, caller: &Caller, name: &str) -> Record {
    let email = format!("{}@x.example", name.to_lowercase().replace(' ', "."));
    create(world, caller, "lead", json!({ "name": name, "email": email })).await
}

/// Rows and reasons that were refused.
pub async fn refusals(world: &TestWorld, caller: &Caller, import: &Import) -> Vec<(i64, Option<String>, String)> {
    let problems = world.run(caller, domain::imports::ListProblems { id: import.id }).await.unwrap();
    problems.into_iter().map(|problem| (problem.row, problem.column, problem.reason)).collect()
}

/// Everything that an import may touch and an undo has to put back.
pub const BUSINESS: [&str; 7] =
    ["leads", "customers", "contacts", "opportunities", "activities", "tasks", "search_terms"];
