//! Export of many rows by a job: every row once, whatever happens to the workers; for whoever started it, as long as they may.

use domain::backend::BoxFuture;
use domain::exports::{
    CancelExport, Export, ExportFormat, ExportStatus, FetchExport, GetExport, ListExports, Place, StartExport,
};
use domain::records::{CreateRecord, Page};
use domain::schema::Entity;
use domain::{Error, Kind, Result};
use jobs::{Queue, Running, Worker, WorkerConfig};
use platform::Caller;
use platform::clock::Clock;
use platform::shelf::{FileKey, FileStore, Shelf};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{TestTenant, TestWorld};
use uuid::Uuid;

/// A file store in memory.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl Memory {
    fn keys(&self) -> BTreeSet<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }

    pub fn text(&self, key: &FileKey) -> String {
        String::from_utf8(self.0.lock().unwrap()[key.as_str()].clone()).unwrap()
    }
}

impl FileStore for Memory {
    fn put<'a>(&'a self, key: &'a FileKey, content: Vec<u8>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.0.lock().unwrap().insert(key.as_str().to_owned(), content);
            Ok(())
        })
    }

    fn get<'a>(&'a self, key: &'a FileKey) -> BoxFuture<'a, Result<Vec<u8>>> {
        let found = self.0.lock().unwrap().get(key.as_str()).cloned();
        Box::pin(async move { found.ok_or_else(Error::not_found) })
    }

    fn delete<'a>(&'a self, key: &'a FileKey) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.0.lock().unwrap().remove(key.as_str());
            Ok(())
        })
    }
}

/// A name a line, between a beginning and an end.
fn lines(_: ExportFormat, _: &Arc<Entity>, fields: &[String], page: &Page, place: Place) -> Result<Vec<u8>> {
    assert!(fields.contains(&"name".to_owned()) && !fields.contains(&"createdBy".to_owned()), "{fields:?}");
    let mut text = if place.first { "begin\n".to_owned() } else { String::new() };
    for record in page.records()? {
        text = text + record.text("name").unwrap_or_default() + "\n";
    }
    Ok((text + if place.last { "end\n" } else { "" }).into_bytes())
}

pub struct Desk {
    pub world: TestWorld,
    tenant: TestTenant,
    pub owner: PgPool,
    pub grace: Caller,
    pub memory: Memory,
    /// After which a worker that died is relieved.
    pub lease: Duration,
}

impl Desk {
    async fn new(leads: usize) -> Self {
        Self::with(leads, |memory| memory, &[]).await
    }

    /// Where parts go into the memory by way of another store, and sessions begin with these settings.
    pub async fn with<S: FileStore>(leads: usize, store: impl FnOnce(Memory) -> S, settings: &[(&str, &str)]) -> Self {
        let memory = Memory::default();
        let shelf = Shelf { store: Arc::new(store(memory.clone())), scanner: None };
        let register = |registry: &mut platform::Registry| {
            records::register(registry);
            registry.hook(shelf);
        };
        let world = TestWorld::with_settings(register, settings).await;
        let tenant = world.tenant("lakeside", "core").await;
        let grace = world.member(&tenant, "Grace", &["MANAGER"]).await;
        for at in 0..leads {
            let values = json!({ "name": format!("Lead {at}"), "city": "Nairobi" }).as_object().cloned().unwrap();
            world.run(&grace, CreateRecord { entity: "lead".to_owned(), values }).await.unwrap();
        }
        let owner = world.owner().await;
        Self { world, tenant, owner, grace, memory, lease: Duration::from_millis(300) }
    }

    pub async fn end(self) {
        self.owner.close().await;
        self.world.end().await;
    }

    pub async fn start(&self, caller: &Caller) -> Result<Export> {
        self.world.run(caller, StartExport { entity: "lead".to_owned(), ..StartExport::default() }).await
    }

    pub async fn get(&self, export: &Export) -> Export {
        self.world.run(&self.grace, GetExport { id: export.id }).await.unwrap()
    }

    fn worker(&self) -> Running {
        let config = WorkerConfig {
            lease: self.lease,
            poll: Duration::from_millis(20),
            retry_base: Duration::from_millis(20),
            retry_cap: Duration::from_millis(200),
            ..WorkerConfig::default()
        };
        let handler = records::exports::job_handler(self.world.platform.clone(), lines).in_parts_of(5);
        Worker::new(Queue::new(self.world.services().pools.platform.clone()), config).with(handler).start()
    }

    /// As it is once more rows than these are written, or it has ended.
    async fn beyond(&self, export: &Export, rows: i64) -> Export {
        for _ in 0..6000 {
            let now = self.get(export).await;
            if !now.status.is_open() || now.rows > rows {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the export stands still: {:?}", self.get(export).await);
    }

    /// Has a worker bring it to its end.
    pub async fn work(&self, export: &Export) -> Export {
        let running = self.worker();
        let ended = self.beyond(export, i64::MAX).await;
        running.stop(Duration::from_secs(5)).await;
        ended
    }

    /// Has a worker write some of it, and pulls the plug.
    pub async fn half(&self, export: &Export) -> Export {
        let running = self.worker();
        let half = self.beyond(export, 0).await;
        drop(running);
        assert!(half.status == ExportStatus::Running, "the plug was pulled too late: {half:?}");
        half
    }

    async fn roles(&self, role: &str) {
        let changed = sqlx::query("update members set roles = array[$2::text] where id = $1")
            .bind(self.grace.access.member.0)
            .bind(role)
            .execute(&self.owner);
        assert_eq!(changed.await.unwrap().rows_affected(), 1);
    }

    /// Has somebody work elsewhere, or under somebody else.
    async fn place(&self, member: &Caller, column: &str, value: Option<Uuid>) {
        let sql = format!("update members set {column} = $2 where id = $1");
        let placed = sqlx::query(AssertSqlSafe(sql)).bind(member.access.member.0).bind(value).execute(&self.owner);
        assert_eq!(placed.await.unwrap().rows_affected(), 1);
    }

    async fn role(&self, key: &str, reach: &str) {
        sqlx::query("insert into roles (tenant_id, key, label, grants) values ($1, $2, $2, $3)")
            .bind(self.tenant.id.0)
            .bind(key)
            .bind(json!({ "crm.lead.read": "all", "crm.lead.export": reach }))
            .execute(&self.owner)
            .await
            .unwrap();
    }

    async fn fetch(&self, export: &Export) -> Result<(), Kind> {
        let fetched = self.world.run(&self.now().await, FetchExport { id: export.id }).await;
        fetched.map(drop).map_err(|error| error.kind)
    }

    async fn now(&self) -> Caller {
        self.world.caller(&self.tenant, self.grace.access.member).await
    }

    pub fn key(&self, part: Uuid) -> FileKey {
        FileKey::new(self.tenant.id, part)
    }

    async fn erasures(&self) -> BTreeSet<String> {
        let waiting: Vec<Uuid> = sqlx::query_scalar("select id from erasures").fetch_all(&self.owner).await.unwrap();
        waiting.into_iter().map(|id| self.key(id).as_str().to_owned()).collect()
    }
}

/// Workers die again and again, some between storing a part and counting it in: the file has every row once, and what does not count is to go.
#[tokio::test(flavor = "multi_thread")]
async fn workers_that_die_cost_no_row_and_double_none() {
    let desk = Desk::new(200).await;
    let export = desk.start(&desk.grace).await.unwrap();
    assert_eq!((export.status, export.rows, export.total), (ExportStatus::Queued, 0, Some(200)));
    assert_eq!(export.file_name, "leads.csv");
    let mut rows = 0;
    for killed in 0..4 {
        let running = desk.worker();
        rows = desk.beyond(&export, rows).await.rows;
        tokio::time::sleep(Duration::from_millis(7 * killed)).await;
        drop(running);
    }
    let before = desk.get(&export).await;
    assert!(before.status == ExportStatus::Running && before.rows < 200, "the crashes came too late: {before:?}");
    let export = desk.work(&export).await;
    assert_eq!((export.status, export.rows), (ExportStatus::Done, 200), "{:?}", export.error);
    let file = desk.world.run(&desk.grace, FetchExport { id: export.id }).await.unwrap();
    assert_eq!((file.parts.len(), file.file_name.as_str()), (40, "leads.csv"));
    let text: String = file.parts.iter().map(|part| desk.memory.text(&desk.key(*part))).collect();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[201]), (202, "begin", "end"));
    let names: BTreeSet<&str> = lines[1..201].iter().copied().collect();
    assert!(names.len() == 200 && names.iter().all(|name| name.starts_with("Lead ")), "{names:?}");
    let counted: BTreeSet<String> = file.parts.iter().map(|part| desk.key(*part).as_str().to_owned()).collect();
    let waiting = desk.erasures().await;
    assert!(counted.is_disjoint(&waiting), "a part that counts would go");
    let stray: BTreeSet<String> = desk.memory.keys().difference(&counted).cloned().collect();
    assert!(stray.is_subset(&waiting), "{stray:?} would stay for good");
    // Each page that was committed is in the trail, and so is that the file left.
    let told: (i64, i64) = sqlx::query_as(
        "select coalesce(sum((after->>'rows')::bigint) filter (where cause_kind = 'export'), 0)::bigint,
            count(*) filter (where after->>'export' = $1)
         from changes where operation = 'records.export' and entity = 'lead' and outcome = 'done'",
    )
    .bind(export.id.to_string())
    .fetch_one(&desk.owner)
    .await
    .unwrap();
    assert_eq!(told, (200, 1));
    desk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_away_ends_an_export_in_the_middle_and_closes_its_file() {
    let desk = Desk::new(120).await;
    let export = desk.start(&desk.grace).await.unwrap();
    let half = desk.half(&export).await;
    desk.roles("VIEWER").await;
    let failed = desk.work(&export).await;
    assert_eq!(failed.status, ExportStatus::Failed);
    assert!(failed.rows >= half.rows && failed.rows < 120, "{failed:?}");
    assert!(failed.error.as_deref().unwrap_or_default().contains("crm.lead.export"), "{:?}", failed.error);
    let told: Vec<(Uuid, String, String)> =
        sqlx::query_as("select record_id, entity, title from notifications where member_id = $1 and kind = 'failure'")
            .bind(desk.grace.access.member.0)
            .fetch_all(&desk.owner)
            .await
            .unwrap();
    assert_eq!(told, [(export.id, "export".to_owned(), "Your export was stopped".to_owned())]);
    let fetched = desk.world.run(&desk.now().await, FetchExport { id: export.id }).await.unwrap_err();
    assert_eq!(fetched.kind, Kind::Forbidden);

    // Still allowed, and not as far: a file of half of each would be neither.
    desk.roles("MANAGER").await;
    let export = desk.start(&desk.now().await).await.unwrap();
    desk.half(&export).await;
    desk.role("NARROW", "own").await;
    desk.roles("NARROW").await;
    let failed = desk.work(&export).await;
    assert!(failed.error.as_deref().unwrap_or_default().starts_with("How far you may export"), "{:?}", failed.error);

    // Written to its end, and not theirs to take out any more.
    desk.roles("MANAGER").await;
    let export = desk.start(&desk.now().await).await.unwrap();
    assert_eq!(desk.work(&export).await.status, ExportStatus::Done);
    desk.roles("NARROW").await;
    let fetched = desk.world.run(&desk.now().await, FetchExport { id: export.id }).await.unwrap_err();
    assert_eq!(fetched.kind, Kind::Forbidden);
    desk.roles("MANAGER").await;
    assert!(desk.world.run(&desk.now().await, FetchExport { id: export.id }).await.is_ok());
    desk.end().await;
}

/// The word for a reach stays when the member works elsewhere or has another team. A file is of the rows that it meant when it was started, is fetched
/// while it means all of them still, and never has some of each.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_of_the_rows_that_its_reach_meant() {
    let desk = Desk::new(60).await;
    for reach in ["location", "team"] {
        desk.role(&reach.to_uppercase(), reach).await;
    }
    let (nairobi, mombasa) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for (id, name) in [(nairobi, "Nairobi"), (mombasa, "Mombasa")] {
        let made = sqlx::query("insert into locations (tenant_id, id, name) values ($1, $2, $3)");
        made.bind(desk.tenant.id.0).bind(id).bind(name).execute(&desk.owner).await.unwrap();
    }
    let stopped = "Your location or your team is another";
    let at = async |place: Uuid| desk.place(&desk.grace, "location_id", Some(place)).await;
    desk.roles("LOCATION").await;
    at(nairobi).await;
    let export = desk.start(&desk.now().await).await.unwrap();
    assert_eq!(desk.work(&export).await.status, ExportStatus::Done);
    assert_eq!(desk.fetch(&export).await, Ok(()));
    at(mombasa).await;
    assert_eq!(desk.fetch(&export).await, Err(Kind::Forbidden), "the file of a location that was left");
    // Whoever may take out all rows may take out these.
    desk.roles("MANAGER").await;
    assert_eq!(desk.fetch(&export).await, Ok(()));
    desk.roles("LOCATION").await;
    let export = desk.start(&desk.now().await).await.unwrap();
    desk.half(&export).await;
    at(nairobi).await;
    let failed = desk.work(&export).await;
    assert!(failed.status == ExportStatus::Failed && failed.rows < 60, "{failed:?}");
    assert!(failed.error.as_deref().unwrap_or_default().starts_with(stopped), "{:?}", failed.error);

    desk.roles("TEAM").await;
    let mut team = Vec::new();
    for name in ["Joyce", "Otieno"] {
        team.push(desk.world.member(&desk.tenant, name, &["USER"]).await);
    }
    let grace = Some(desk.grace.access.member.0);
    let export = desk.start(&desk.now().await).await.unwrap();
    desk.half(&export).await;
    desk.place(&team[0], "manager_id", grace).await;
    let failed = desk.work(&export).await;
    assert!(failed.error.as_deref().unwrap_or_default().starts_with(stopped), "{failed:?}");
    let export = desk.start(&desk.now().await).await.unwrap();
    assert_eq!(desk.work(&export).await.status, ExportStatus::Done);
    desk.place(&team[1], "manager_id", grace).await;
    assert_eq!(desk.fetch(&export).await, Ok(()), "one more in the team takes nothing from it");
    desk.place(&team[0], "manager_id", None).await;
    assert_eq!(desk.fetch(&export).await, Err(Kind::Forbidden), "and one less does");
    desk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_whose_it_is_and_goes_after_its_days() {
    let desk = Desk::new(60).await;
    let world = &desk.world;
    let export = desk.start(&desk.grace).await.unwrap();
    let half = desk.half(&export).await;
    let colleague = world.member(&desk.tenant, "Joyce", &["OWNER"]).await;
    let there = world.tenant("harbour", "core").await;
    let stranger = world.member(&there, "Neema", &["OWNER"]).await;
    for caller in [&colleague, &stranger] {
        let id = export.id;
        assert_eq!(world.run(caller, GetExport { id }).await.unwrap_err(), Error::not_found());
        assert_eq!(world.run(caller, CancelExport { id }).await.unwrap_err(), Error::not_found());
        assert_eq!(world.run(caller, FetchExport { id }).await.unwrap_err(), Error::not_found());
        assert!(world.run(caller, ListExports {}).await.unwrap().is_empty());
    }
    // Nobody exports in another person's name, and nobody keeps all workers busy.
    let support = world.acted_for(&desk.grace).await;
    assert_eq!(desk.start(&support).await.unwrap_err().kind, Kind::Forbidden);
    let viewer = world.member(&desk.tenant, "Vera", &["VIEWER"]).await;
    assert_eq!(desk.start(&viewer).await.unwrap_err().kind, Kind::Forbidden);
    let unknown = StartExport { entity: "lead".to_owned(), fields: Some("nmae".to_owned()), ..StartExport::default() };
    assert_eq!(world.run(&desk.grace, unknown).await.unwrap_err().kind, Kind::Invalid);
    for _ in 0..2 {
        desk.start(&desk.grace).await.unwrap();
    }
    assert_eq!(desk.start(&desk.grace).await.unwrap_err().kind, Kind::Conflict);

    // Stopped in the middle it stays where it was, and its parts go.
    let fetch = FetchExport { id: export.id };
    assert_eq!(world.run(&desk.grace, fetch.clone()).await.unwrap_err().kind, Kind::Conflict);
    for _ in 0..2 {
        let stopped = world.run(&desk.grace, CancelExport { id: export.id }).await.unwrap();
        assert_eq!(stopped.status, ExportStatus::Cancelled);
    }
    let others = world.run(&desk.grace, ListExports {}).await.unwrap();
    assert_eq!(others.len(), 3);
    for other in others.iter().filter(|other| other.id != export.id) {
        assert_eq!(desk.work(other).await.status, ExportStatus::Done);
    }
    let stopped = desk.get(&export).await;
    assert!(stopped.status == ExportStatus::Cancelled && stopped.rows >= half.rows, "{stopped:?}");
    assert_eq!(world.run(&desk.grace, fetch).await.unwrap_err().kind, Kind::Conflict);

    let pool = &world.services().pools.platform;
    let swept = async || records::exports::expired(pool, world.clock.now(), 100).await.unwrap();
    assert_eq!(swept().await, 0);
    world.clock.advance(chrono::Duration::days(1));
    assert_eq!((swept().await, world.run(&desk.grace, ListExports {}).await.unwrap().len()), (1, 2));
    world.clock.advance(chrono::Duration::days(6));
    let id = others[0].id;
    assert_eq!(world.run(&desk.grace, GetExport { id }).await.unwrap_err(), Error::not_found());
    assert_eq!((swept().await, swept().await), (2, 0));
    // Whatever lies in the store is to go from there.
    assert!(desk.memory.keys().is_subset(&desk.erasures().await));
    assert!(desk.memory.keys().len() >= 24);
    desk.end().await;
}
