//! Support staff acting for a member: what they set going behind their requests names them, and ends with what lets them act.

use domain::imports::{CreateImport, GetImport, Import, ImportStatus, MapImport, StartImport, UndoImport};
use domain::records::{
    Bulk, BulkRecords, BulkStatus, CreateRecord, GetBulk, GetRecord, RecordTimeline, UNDONE_AT_ONCE, UndoBulk, Values,
};
use jobs::{Queue, Running, Worker, WorkerConfig};
use platform::Caller;
use serde_json::json;
use sqlx::PgPool;
use std::time::Duration;
use testkit::{TestTenant, TestWorld};
use uuid::Uuid;

const BY: &str = "Jane Support for Grace";
const OVER: &str = "does not act for them any more";

struct Desk {
    world: TestWorld,
    tenant: TestTenant,
    owner: PgPool,
    grace: Caller,
}

impl Desk {
    async fn new() -> Self {
        let world = TestWorld::new(records::register).await;
        let tenant = world.tenant("lakeside", "core").await;
        let grace = world.member(&tenant, "Grace", &["MANAGER"]).await;
        let owner = world.owner().await;
        Self { world, tenant, owner, grace }
    }

    async fn end(self) {
        self.owner.close().await;
        self.world.end().await;
    }

    fn worker(&self) -> Running {
        let config = WorkerConfig { poll: Duration::from_millis(20), ..WorkerConfig::default() };
        Worker::new(Queue::new(self.world.services().pools.platform.clone()), config)
            .with(records::bulk::job_handler(self.world.platform.clone()))
            .with(records::import::job_handler(self.world.platform.clone()))
            .start()
    }

    async fn lead(&self, name: &str) -> Uuid {
        let values = Values::from_iter([("name".to_owned(), json!(name)), ("city".to_owned(), json!("Nairobi"))]);
        self.world.run(&self.grace, CreateRecord { entity: "lead".to_owned(), values }).await.unwrap().id
    }

    async fn city(&self, id: Uuid) -> String {
        let lead = self.world.run(&self.grace, GetRecord { entity: "lead".to_owned(), id }).await.unwrap();
        lead.text("city").unwrap_or_default().to_owned()
    }

    async fn set_city(&self, caller: &Caller, id: Uuid, city: &str) -> Bulk {
        let values = Values::from_iter([("city".to_owned(), json!(city))]);
        let bulk = BulkRecords { entity: "lead".to_owned(), ids: vec![id], values, ..BulkRecords::default() };
        self.world.run(caller, bulk).await.unwrap()
    }

    /// Has a worker bring a change of many rows to its end.
    async fn work(&self, id: Uuid) -> Bulk {
        let running = self.worker();
        for _ in 0..1500 {
            let now = self.world.run(&self.grace, GetBulk { id }).await.unwrap();
            if !matches!(now.status, BulkStatus::Queued | BulkStatus::Running) {
                running.stop(Duration::from_secs(5)).await;
                return now;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the change does not end");
    }

    /// Operation and name of who did it, the newest first.
    async fn timeline(&self, id: Uuid) -> Vec<(String, String)> {
        let timeline = RecordTimeline { entity: "lead".to_owned(), id, limit: 50, before: None };
        let entries = self.world.run(&self.grace, timeline).await.unwrap();
        entries.into_iter().map(|entry| (entry.operation, entry.actor.unwrap_or_default())).collect()
    }

    /// Changes by their cause: all of them, and those that name the impersonation.
    async fn told(&self, cause: Uuid, impersonation: Uuid) -> (i64, i64) {
        sqlx::query_as(
            "select count(*), count(*) filter (where through_kind = 'impersonation' and through_id = $2)
             from changes where cause_id = $1",
        )
        .bind(cause)
        .bind(impersonation)
        .fetch_one(&self.owner)
        .await
        .unwrap()
    }

    async fn import(&self, caller: &Caller, content: &str) -> Import {
        let create = CreateImport {
            entity: "lead".to_owned(),
            file_name: "leads.csv".to_owned(),
            content: content.as_bytes().to_vec(),
            sheet: None,
        };
        let import = self.world.run(caller, create).await.unwrap();
        let map = MapImport { id: import.id, mapping: import.mapping.clone() };
        self.world.run(caller, map).await.unwrap()
    }

    async fn worked_import(&self, caller: &Caller, id: Uuid) -> Import {
        let running = self.worker();
        for _ in 0..1500 {
            let now = self.world.run(caller, GetImport { id }).await.unwrap();
            if !matches!(now.status, ImportStatus::Queued | ImportStatus::Running | ImportStatus::Undoing) {
                running.stop(Duration::from_secs(5)).await;
                return now;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the import does not end");
    }
}

fn impersonation(caller: &Caller) -> Uuid {
    caller.access.impersonation.as_ref().unwrap().id
}

#[tokio::test]
async fn a_change_of_many_rows_and_its_undo_name_who_acted() {
    let desk = Desk::new().await;
    let lead = desk.lead("Amina").await;
    let support = desk.world.acted_for(&desk.grace).await;
    let bulk = desk.set_city(&support, lead, "Kisumu").await;
    let done = desk.work(bulk.id).await;
    assert_eq!((done.status, done.changed), (BulkStatus::Done, 1), "{:?}", done.error);
    desk.world.run(&support, UndoBulk { id: bulk.id }).await.unwrap();
    assert_eq!(desk.city(lead).await, "Nairobi");
    let told = desk.timeline(lead).await;
    let names: Vec<&str> = told.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, [BY, BY, "Grace"], "{told:?}");
    let (all, by_support) = desk.told(bulk.id, impersonation(&support)).await;
    // The row and the end of the way there, the row and the end of the way back.
    assert_eq!((all, by_support), (4, 4));

    // What Grace does herself goes on being hers alone.
    let bulk = desk.set_city(&desk.grace, lead, "Eldoret").await;
    desk.work(bulk.id).await;
    assert_eq!(desk.timeline(lead).await[0].1, "Grace");
    assert_eq!(desk.told(bulk.id, impersonation(&support)).await.1, 0);
    desk.end().await;
}

#[tokio::test]
async fn a_change_of_many_rows_ends_with_what_lets_support_act() {
    let desk = Desk::new().await;
    let lead = desk.lead("Amina").await;
    let auth = desk.world.services().auth.clone();
    let refused = async |bulk: Bulk, why: &str| {
        let failed = desk.work(bulk.id).await;
        assert_eq!((failed.status, failed.changed), (BulkStatus::Failed, 0), "{why}");
        assert!(failed.error.as_deref().unwrap_or_default().contains(OVER), "{why}: {:?}", failed.error);
        assert_eq!(desk.city(lead).await, "Nairobi", "{why}");
    };

    let support = desk.world.acted_for(&desk.grace).await;
    let bulk = desk.set_city(&support, lead, "Kisumu").await;
    auth.end_impersonation(impersonation(&support)).await.unwrap().unwrap();
    refused(bulk, "stopped").await;

    let support = desk.world.acted_for(&desk.grace).await;
    let bulk = desk.set_city(&support, lead, "Kisumu").await;
    desk.world.clock.advance(chrono::Duration::minutes(60));
    refused(bulk, "its time is over").await;

    let support = desk.world.acted_for(&desk.grace).await;
    let bulk = desk.set_city(&support, lead, "Kisumu").await;
    let disabled =
        "update staff set status = 'DISABLED' where id = (select staff_id from impersonations where id = $1)";
    sqlx::query(disabled).bind(impersonation(&support)).execute(&desk.owner).await.unwrap();
    refused(bulk, "the staff's account is disabled").await;

    let support = desk.world.acted_for(&desk.grace).await;
    let bulk = desk.set_city(&support, lead, "Kisumu").await;
    sqlx::query("insert into security_policies (tenant_id, support_access, updated_at) values ($1, false, now())")
        .bind(desk.tenant.id.0)
        .execute(&desk.owner)
        .await
        .unwrap();
    refused(bulk, "the workspace forbids it").await;
    sqlx::query("delete from security_policies").execute(&desk.owner).await.unwrap();

    // An impersonation of somebody else, or one that cannot be read, does not turn into the member in person.
    let other = desk.world.member(&desk.tenant, "Uma", &["MANAGER"]).await;
    let elsewhere = desk.world.acted_for(&other).await;
    let support = desk.world.acted_for(&desk.grace).await;
    let bulk = desk.set_city(&support, lead, "Kisumu").await;
    sqlx::query(
        "update jobs set payload = payload || jsonb_build_object('impersonation', $1::text) where state = 'queued'",
    )
    .bind(impersonation(&elsewhere).to_string())
    .execute(&desk.owner)
    .await
    .unwrap();
    refused(bulk, "of another member").await;
    desk.end().await;
}

#[tokio::test]
async fn an_import_and_its_undo_name_who_acted_and_it_stops_with_them() {
    let desk = Desk::new().await;
    let support = desk.world.acted_for(&desk.grace).await;
    let import = desk.import(&support, "Name,City\nBaraka,Nairobi\nChausiku,Kisumu\n").await;
    desk.world.run(&support, StartImport { id: import.id }).await.unwrap();
    let done = desk.worked_import(&desk.grace, import.id).await;
    assert_eq!((done.status, done.created), (ImportStatus::Done, 2), "{:?}", done.error);
    let made =
        "select record_id from changes where cause_kind = 'import' and cause_id = $1 and entity = 'lead' limit 1";
    let lead: Uuid = sqlx::query_scalar(made).bind(import.id).fetch_one(&desk.owner).await.unwrap();
    assert_eq!(desk.timeline(lead).await.last().unwrap().1, BY);
    let (there, by_support) = desk.told(import.id, impersonation(&support)).await;
    assert!(there >= 2 && there == by_support, "{by_support} of {there}");
    let undone = desk.world.run(&support, UndoImport { id: import.id }).await.unwrap();
    assert_eq!(undone.removed, 2);
    let (all, by_support) = desk.told(import.id, impersonation(&support)).await;
    assert!(all > there && all == by_support, "{by_support} of {all}");

    let import = desk.import(&support, "Name,City\nDalila,Nairobi\n").await;
    desk.world.run(&support, StartImport { id: import.id }).await.unwrap();
    desk.world.services().auth.end_impersonation(impersonation(&support)).await.unwrap().unwrap();
    let failed = desk.worked_import(&desk.grace, import.id).await;
    assert_eq!((failed.status, failed.created), (ImportStatus::Failed, 0));
    assert!(failed.error.as_deref().unwrap_or_default().contains(OVER), "{:?}", failed.error);
    // The member whose import it is may go on with it, in person.
    desk.world.run(&desk.grace, StartImport { id: import.id }).await.unwrap();
    let done = desk.worked_import(&desk.grace, import.id).await;
    assert_eq!((done.status, done.created), (ImportStatus::Done, 1), "{:?}", done.error);
    assert_eq!(desk.told(import.id, impersonation(&support)).await.1, 0);
    desk.end().await;
}

#[tokio::test]
async fn the_way_back_of_a_large_import_ends_with_what_lets_support_act() {
    let desk = Desk::new().await;
    let all = UNDONE_AT_ONCE + 1;
    let rows = (0..all).map(|n| format!("Lead {n},Nairobi\n"));
    let content: String = std::iter::once("Name,City\n".to_owned()).chain(rows).collect();
    let id = desk.import(&desk.grace, &content).await.id;
    desk.world.run(&desk.grace, StartImport { id }).await.unwrap();
    let done = desk.worked_import(&desk.grace, id).await;
    assert_eq!((done.status, done.created), (ImportStatus::Done, all), "{:?}", done.error);
    let support = desk.world.acted_for(&desk.grace).await;
    let asked = desk.world.run(&support, UndoImport { id }).await.unwrap();
    assert_eq!((asked.removed, asked.waiting), (0, all));
    desk.world.services().auth.end_impersonation(impersonation(&support)).await.unwrap().unwrap();
    let failed = desk.worked_import(&desk.grace, id).await;
    assert_eq!((failed.status, failed.removed, failed.left()), (ImportStatus::Failed, 0, all));
    assert!(failed.error.as_deref().unwrap_or_default().contains(OVER), "{:?}", failed.error);
    // The member whose import it is takes it back in person.
    desk.world.run(&desk.grace, UndoImport { id }).await.unwrap();
    let undone = desk.worked_import(&desk.grace, id).await;
    assert_eq!((undone.status, undone.removed, undone.error), (ImportStatus::Undone, all, None));
    desk.end().await;
}
