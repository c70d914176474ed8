//! Many rows at once: as each by itself, with what was refused, and back again.

use domain::records::{
    Bulk, BulkAction, BulkRecords, BulkRows, BulkStatus, CreateRecord, DeleteRecord, GetBulk, GetRecord, ListRecords,
    Record, RecordTimeline, UndoBulk, UpdateRecord,
};
use domain::schema::ListQuery;
use domain::{Kind, Result};
use jobs::{Queue, Worker, WorkerConfig};
use platform::Caller;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{TestTenant, TestWorld};
use uuid::Uuid;

pub struct Desk {
    pub world: TestWorld,
    pub tenant: TestTenant,
    pub boss: Caller,
}

impl Desk {
    pub async fn new() -> Self {
        Self::of(TestWorld::new(records::register).await).await
    }

    pub async fn of(world: TestWorld) -> Self {
        let tenant = world.tenant("here", "core").await;
        let boss = world.member(&tenant, "Bea", &["MANAGER"]).await;
        Self { world, tenant, boss }
    }

    async fn lead(&self, values: Value) -> Record {
        let values = values.as_object().cloned().unwrap();
        self.world.run(&self.boss, CreateRecord { entity: "lead".to_owned(), values }).await.unwrap()
    }

    async fn leads(&self, count: usize) -> Vec<Record> {
        let mut leads = Vec::new();
        for at in 0..count {
            leads.push(self.lead(json!({ "name": format!("Lead {at}"), "city": "Nairobi" })).await);
        }
        leads
    }

    pub async fn get(&self, id: Uuid) -> Record {
        self.world.run(&self.boss, GetRecord { entity: "lead".to_owned(), id }).await.unwrap()
    }

    pub async fn update(&self, record: &Record, values: Value) -> Record {
        let (id, version) = (record.id, Some(record.version));
        let values = values.as_object().cloned().unwrap();
        let update = UpdateRecord { entity: "lead".to_owned(), id, version, values, base: None };
        self.world.run(&self.boss, update).await.unwrap()
    }

    pub async fn start(&self, caller: &Caller, bulk: BulkRecords) -> Result<Bulk> {
        self.world.run(caller, BulkRecords { entity: "lead".to_owned(), ..bulk }).await
    }

    /// Has a worker bring it to its end.
    pub async fn work(&self, caller: &Caller, id: Uuid) -> Bulk {
        let config = WorkerConfig { poll: Duration::from_millis(20), ..WorkerConfig::default() };
        let handler = records::bulk::job_handler(self.world.platform.clone());
        let queue = Queue::new(self.world.services().pools.platform.clone());
        let running = Worker::new(queue, config).with(handler).start();
        let mut now = self.world.run(caller, GetBulk { id }).await.unwrap();
        for _ in 0..3000 {
            if !matches!(now.status, BulkStatus::Queued | BulkStatus::Running | BulkStatus::Undoing) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            now = self.world.run(caller, GetBulk { id }).await.unwrap();
        }
        running.stop(Duration::from_secs(5)).await;
        now
    }

    pub async fn done(&self, caller: &Caller, bulk: BulkRecords) -> Bulk {
        let bulk = self.start(caller, bulk).await.unwrap();
        let done = self.work(caller, bulk.id).await;
        assert_eq!(done.status, BulkStatus::Done, "{:?}", done.error);
        done
    }

    pub async fn reasons(&self, caller: &Caller, bulk: &Bulk) -> Vec<(Option<String>, String)> {
        let rows = self.world.run(caller, BulkRows { id: bulk.id }).await.unwrap();
        rows.into_iter().map(|row| (row.title, row.reason)).collect()
    }

    async fn count(&self, trash: bool) -> u32 {
        let query = ListQuery { trash, ..ListQuery::default() };
        self.world.run(&self.boss, ListRecords { entity: "lead".to_owned(), query }).await.unwrap().returned
    }
}

pub fn set(ids: Vec<Uuid>, values: Value) -> BulkRecords {
    let Value::Object(values) = values else { panic!("{values} is no object") };
    BulkRecords { action: BulkAction::Set, ids, values, ..BulkRecords::default() }
}

/// Values beside those that rows have, or taken out of them.
fn mixed(entity: &str, action: BulkAction, rows: &[Record], values: Value) -> BulkRecords {
    let ids = rows.iter().map(|row| row.id).collect();
    BulkRecords { entity: entity.to_owned(), action, ..set(ids, values) }
}

#[tokio::test]
async fn a_field_of_all_that_match_is_set_and_put_back_except_where_somebody_worked_since() {
    let desk = Desk::new().await;
    // More than two batches.
    let leads = desk.leads(120).await;
    let other = desk.lead(json!({ "name": "Elsewhere", "city": "Mombasa" })).await;
    let bulk = BulkRecords {
        all: true,
        filter: Some("city = Nairobi".to_owned()),
        ..set(Vec::new(), json!({ "city": "Kisumu" }))
    };
    let done = desk.done(&desk.boss, bulk).await;
    assert_eq!((done.rows, done.changed, done.unchanged, done.refused), (120, 120, 0, 0));
    assert_eq!(desk.get(leads[7].id).await.text("city"), Some("Kisumu"));
    assert_eq!(desk.get(other.id).await.version, other.version);
    let timeline = RecordTimeline { entity: "lead".to_owned(), id: leads[7].id, limit: 5, before: None };
    let cause = desk.world.run(&desk.boss, timeline).await.unwrap()[0].cause.clone().unwrap();
    assert_eq!((cause.kind.as_str(), cause.id), ("bulk", Some(done.id)));

    let edited = desk.update(&desk.get(leads[3].id).await, json!({ "city": "Eldoret" })).await;
    let undone = desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept, undone.waiting), (119, 1, 0));
    println!("bar=L-05 undone={} kept={}", undone.reverted, undone.kept);
    let kept = desk.get(edited.id).await;
    assert_eq!((kept.text("city"), kept.version), (Some("Eldoret"), edited.version));
    assert_eq!(desk.get(leads[7].id).await.text("city"), Some("Nairobi"));
    let reasons = desk.reasons(&desk.boss, &done).await;
    assert_eq!(reasons, [(Some("Lead 3".to_owned()), "It was changed since".to_owned())]);
    let again = desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap_err();
    assert_eq!(again.kind, Kind::Conflict);
    desk.world.end().await;
}

/// Of several references: read, changed and written row by row, each with its own before and after.
#[tokio::test]
async fn values_are_added_to_what_each_row_has_and_taken_out_and_both_are_taken_back() {
    let desk = Desk::new().await;
    let made = async |entity: &str, values: Value| {
        let values = values.as_object().cloned().unwrap();
        desk.world.run(&desk.boss, CreateRecord { entity: entity.to_owned(), values }).await.unwrap()
    };
    let mut people: Vec<Uuid> = Vec::new();
    for name in ["Amina", "Brian", "Chao"] {
        people.push(made("contact", json!({ "name": name })).await.id);
    }
    people.sort();
    let [amina, brian, chao] = people[..] else { panic!("three people") };
    let customer = made("customer", json!({ "name": "Lake" })).await.id;
    let had = [json!(null), json!([brian]), json!([amina, chao])];
    let mut deals = Vec::new();
    for participants in &had {
        deals.push(
            made("opportunity", json!({ "name": "Deal", "customer": customer, "participants": participants })).await,
        );
    }
    let now = async || {
        let mut now = Vec::new();
        for deal in &deals {
            let get = GetRecord { entity: "opportunity".to_owned(), id: deal.id };
            now.push(desk.world.run(&desk.boss, get).await.unwrap().values["participants"].clone());
        }
        now
    };
    let run = async |action: BulkAction, participants: Value| {
        let bulk = mixed("opportunity", action, &deals, json!({ "participants": participants }));
        let begun = desk.world.run(&desk.boss, bulk).await.unwrap();
        desk.work(&desk.boss, begun.id).await
    };

    let added = run(BulkAction::Add, json!([amina])).await;
    assert_eq!((added.changed, added.unchanged, added.refused), (2, 1, 0), "{:?}", added.error);
    assert_eq!(now().await, [json!([amina]), json!([amina, brian]), json!([amina, chao])]);
    let timeline = RecordTimeline { entity: "opportunity".to_owned(), id: deals[1].id, limit: 5, before: None };
    let newest = desk.world.run(&desk.boss, timeline).await.unwrap().remove(0);
    let change = newest.changes.iter().find(|change| change.field == "participants").unwrap();
    assert_eq!((&change.before, &change.after), (&json!([brian]), &json!([amina, brian])));
    assert_eq!(newest.cause.unwrap().id, Some(added.id));
    let undone = desk.world.run(&desk.boss, UndoBulk { id: added.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept), (2, 0));
    assert_eq!(now().await, had);

    let removed = run(BulkAction::Remove, json!([brian, chao])).await;
    assert_eq!((removed.changed, removed.unchanged, removed.refused), (2, 1, 0), "{:?}", removed.error);
    assert_eq!(now().await, [json!(null), json!(null), json!([amina])]);
    let undone = desk.world.run(&desk.boss, UndoBulk { id: removed.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept), (2, 0));
    assert_eq!(now().await, had);
    desk.world.end().await;
}

/// Of several options; and what holds one value, or is given none, is refused before the first row.
#[tokio::test]
async fn options_are_added_where_a_field_holds_several_and_nowhere_else() {
    let desk = Desk::new().await;
    let cars = desk.world.tenant("cars", "automotive").await;
    let boss = desk.world.member(&cars, "Cara", &["MANAGER"]).await;
    let mut dealers = Vec::new();
    for services in [json!(null), json!(["fleet"]), json!(["service", "fleet"])] {
        let values = json!({ "name": "House", "services": services }).as_object().cloned().unwrap();
        dealers.push(desk.world.run(&boss, CreateRecord { entity: "dealer".to_owned(), values }).await.unwrap());
    }
    let add = mixed("dealer", BulkAction::Add, &dealers, json!({ "services": ["parts", "fleet"] }));
    let begun = desk.world.run(&boss, add).await.unwrap();
    let added = desk.work(&boss, begun.id).await;
    assert_eq!((added.changed, added.unchanged, added.refused), (3, 0, 0), "{:?}", added.error);
    let remove = mixed("dealer", BulkAction::Remove, &dealers, json!({ "services": ["service"] }));
    let begun = desk.world.run(&boss, remove).await.unwrap();
    let removed = desk.work(&boss, begun.id).await;
    assert_eq!((removed.changed, removed.unchanged, removed.refused), (1, 2, 0), "{:?}", removed.error);
    for dealer in &dealers {
        let now = desk.world.run(&boss, GetRecord { entity: "dealer".to_owned(), id: dealer.id }).await.unwrap();
        assert_eq!(now.values["services"], json!(["parts", "fleet"]), "in the order of the description");
    }
    for (values, field) in [
        (json!({ "city": "Nairobi" }), "city"),
        (json!({ "services": [] }), "services"),
        (json!({ "services": ["haircut"] }), "services"),
        (json!({}), "values"),
    ] {
        for action in [BulkAction::Add, BulkAction::Remove] {
            let told = format!("{action:?} {values}");
            let refused = desk.world.run(&boss, mixed("dealer", action, &dealers, values.clone())).await.unwrap_err();
            assert!(refused.kind == Kind::Invalid && refused.fields[0].field == field, "{told}: {refused:?}");
        }
    }
    // Whose row it is not to change, it is not by this either.
    let uma = desk.world.member(&cars, "Uma", &["VIEWER"]).await;
    let add = mixed("dealer", BulkAction::Add, &dealers, json!({ "services": ["charging"] }));
    assert_eq!(desk.world.run(&uma, add).await.unwrap_err().kind, Kind::Forbidden);
    desk.world.end().await;
}

#[tokio::test]
async fn a_move_of_many_passes_the_gate_of_each() {
    let desk = Desk::new().await;
    let ready = desk.lead(json!({ "name": "Ready", "value": { "amount": "10", "currency": "KES" } })).await;
    let bare = desk.lead(json!({ "name": "Bare" })).await;
    let bulk = BulkRecords {
        action: BulkAction::Move,
        ids: vec![ready.id, bare.id],
        to: Some("proposal".to_owned()),
        ..BulkRecords::default()
    };
    let done = desk.done(&desk.boss, bulk).await;
    assert_eq!((done.changed, done.refused), (1, 1));
    // Once, though the two of them could not go as one.
    let moved = desk.get(ready.id).await;
    assert_eq!((moved.text("status"), moved.version), (Some("proposal"), ready.version + 1));
    assert_eq!(desk.get(bare.id).await.text("status"), Some("new"));
    let reasons = desk.reasons(&desk.boss, &done).await;
    assert!(matches!(&reasons[..], [(Some(title), why)] if title == "Bare" && why.contains("Value")), "{reasons:?}");
    desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
    assert_eq!(desk.get(ready.id).await.text("status"), Some("new"));
    desk.world.end().await;
}

#[tokio::test]
async fn what_one_may_not_do_to_a_row_one_may_not_do_to_many() {
    let desk = Desk::new().await;
    let mine = desk.world.member(&desk.tenant, "Uma", &["USER"]).await;
    let leads = desk.leads(2).await;
    let own = desk.update(&leads[1], json!({ "owner": mine.access.member })).await;
    // They read all of them, and delete their own alone.
    let bulk = BulkRecords {
        action: BulkAction::Delete,
        ids: leads.iter().map(|lead| lead.id).collect(),
        ..BulkRecords::default()
    };
    let done = desk.done(&mine, bulk).await;
    assert_eq!((done.changed, done.refused), (1, 1));
    assert_eq!((desk.count(false).await, desk.count(true).await), (1, 1));
    assert!(desk.reasons(&mine, &done).await[0].1.contains("crm.lead.delete"));
    // Nobody else sees what they did, and a viewer begins nothing.
    let error = desk.world.run(&desk.boss, GetBulk { id: done.id }).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    let viewer = desk.world.member(&desk.tenant, "Vic", &["VIEWER"]).await;
    let error = desk.start(&viewer, set(vec![own.id], json!({ "city": "X" }))).await.unwrap_err();
    assert_eq!(error.kind, Kind::Forbidden);
    // A row of another workspace is none.
    let there = desk.world.tenant("there", "core").await;
    let stranger = desk.world.member(&there, "Sam", &["ADMIN"]).await;
    let error = desk.start(&stranger, set(vec![own.id], json!({ "city": "X" }))).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    desk.world.end().await;
}

#[tokio::test]
async fn the_trash_is_filled_and_emptied_and_both_are_taken_back() {
    let desk = Desk::new().await;
    let leads = desk.leads(3).await;
    let ids: Vec<Uuid> = leads.iter().map(|lead| lead.id).collect();
    let delete = BulkRecords { action: BulkAction::Delete, ids: ids.clone(), ..BulkRecords::default() };
    let done = desk.done(&desk.boss, delete.clone()).await;
    assert_eq!((done.changed, desk.count(true).await), (3, 3));
    let undone = desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
    assert_eq!((undone.reverted, desk.count(false).await), (3, 3));

    let done = desk.done(&desk.boss, delete).await;
    let restore = BulkRecords { action: BulkAction::Restore, ids, ..BulkRecords::default() };
    let restored = desk.done(&desk.boss, restore).await;
    assert_eq!((restored.changed, desk.count(true).await), (3, 0));
    // Restored and edited since: neither undo touches it.
    let edited = desk.update(&desk.get(leads[0].id).await, json!({ "city": "Eldoret" })).await;
    let undone = desk.world.run(&desk.boss, UndoBulk { id: restored.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept), (2, 1));
    assert_eq!(desk.get(edited.id).await.deleted_at, None);
    let undone = desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept), (0, 3));
    desk.world.end().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_the_first_row() {
    let desk = Desk::new().await;
    let lead = &desk.leads(1).await[0];
    let refused = async |bulk: BulkRecords| desk.start(&desk.boss, bulk).await.unwrap_err();
    for (bulk, kind) in [
        (set(Vec::new(), json!({ "city": "X" })), Kind::Invalid),
        (set(vec![lead.id], json!({})), Kind::Invalid),
        (set(vec![lead.id], json!({ "score": "many" })), Kind::Invalid),
        (BulkRecords { all: true, ..set(vec![lead.id], json!({ "city": "X" })) }, Kind::Invalid),
        (
            BulkRecords {
                all: true,
                filter: Some("stauts = new".to_owned()),
                ..set(Vec::new(), json!({ "city": "X" }))
            },
            Kind::Invalid,
        ),
        (
            BulkRecords {
                action: BulkAction::Move,
                ids: vec![lead.id],
                to: Some("nowhere".to_owned()),
                ..BulkRecords::default()
            },
            Kind::Invalid,
        ),
        (set(vec![Uuid::from_u128(1)], json!({ "city": "X" })), Kind::Conflict),
    ] {
        let told = format!("{bulk:?}");
        assert_eq!(refused(bulk).await.kind, kind, "{told}");
    }
    // Gone between the start and its turn: said, and the others go on.
    let more = desk.leads(1).await;
    let bulk = desk.start(&desk.boss, set(vec![lead.id, more[0].id], json!({ "city": "X" }))).await.unwrap();
    let delete = DeleteRecord { entity: "lead".to_owned(), id: lead.id, version: None };
    desk.world.run(&desk.boss, delete).await.unwrap();
    let done = desk.work(&desk.boss, bulk.id).await;
    assert_eq!((done.changed, done.refused), (1, 1));
    desk.world.end().await;
}

/// More rows than a request waits for: a worker puts them back, in batches, and says how far it is.
#[tokio::test]
async fn a_large_change_is_taken_back_by_a_worker_in_batches() {
    let desk = Desk::new().await;
    let leads = desk.leads(250).await;
    let bulk = BulkRecords { all: true, ..set(Vec::new(), json!({ "city": "Kisumu" })) };
    let done = desk.done(&desk.boss, bulk).await;
    let edited = desk.update(&desk.get(leads[3].id).await, json!({ "city": "Eldoret" })).await;
    let asked = desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
    assert_eq!((asked.reverted, asked.kept, asked.waiting), (0, 0, 250));
    assert_eq!(asked.said, "250 are being put back");
    let now = desk.world.run(&desk.boss, GetBulk { id: done.id }).await.unwrap();
    assert_eq!((now.status, now.taken_back()), (BulkStatus::Undoing, 0));
    assert_eq!(desk.get(leads[7].id).await.text("city"), Some("Kisumu"), "nothing happens in the request");
    let again = desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap_err();
    assert!(again.kind == Kind::Conflict && again.message.contains("being taken back"), "{again}");
    let other = desk.world.member(&desk.tenant, "Uma", &["MANAGER"]).await;
    let theirs = desk.world.run(&other, UndoBulk { id: done.id }).await.unwrap_err();
    assert_eq!(theirs.kind, Kind::NotFound, "whoever started it takes it back");

    let undone = desk.work(&desk.boss, done.id).await;
    assert_eq!((undone.status, undone.reverted, undone.kept), (BulkStatus::Undone, 249, 1), "{:?}", undone.error);
    assert_eq!(desk.get(leads[7].id).await.text("city"), Some("Nairobi"));
    assert_eq!(desk.get(edited.id).await.version, edited.version);
    let reasons = desk.reasons(&desk.boss, &undone).await;
    assert_eq!(reasons, [(Some("Lead 3".to_owned()), "It was changed since".to_owned())]);
    let timeline = RecordTimeline { entity: "lead".to_owned(), id: leads[7].id, limit: 1, before: None };
    let newest = desk.world.run(&desk.boss, timeline).await.unwrap().remove(0);
    assert_eq!((newest.operation.as_str(), newest.actor.as_deref()), ("records.undo_bulk", Some("Bea")));
    assert_eq!(newest.cause.unwrap().id, Some(done.id));
    let owner = desk.world.owner().await;
    let batches: i64 = sqlx::query_scalar(
        "select count(distinct xid) from changes where operation = 'records.undo_bulk' and entity = 'lead'",
    )
    .fetch_one(&owner)
    .await
    .unwrap();
    assert_eq!(batches, 5, "fifty rows each");
    owner.close().await;
    desk.world.end().await;
}

#[tokio::test]
async fn what_was_taken_away_stops_the_way_back_and_it_goes_on_later() {
    let desk = Desk::new().await;
    let leads = desk.leads(210).await;
    let done = desk.done(&desk.boss, BulkRecords { all: true, ..set(Vec::new(), json!({ "city": "Kisumu" })) }).await;
    let owner = desk.world.owner().await;
    let roles = async |role: &str| {
        sqlx::query("update members set roles = array[$2::text] where id = $1")
            .bind(desk.boss.access.member.0)
            .bind(role)
            .execute(&owner)
            .await
            .unwrap();
    };
    let now = async || desk.world.caller(&desk.tenant, desk.boss.access.member).await;
    desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
    roles("VIEWER").await;
    let stopped = desk.work(&desk.boss, done.id).await;
    assert_eq!((stopped.status, stopped.taken_back()), (BulkStatus::Failed, 0));
    assert!(stopped.error.as_deref().unwrap_or_default().contains("crm.lead.update"), "{:?}", stopped.error);
    let told: Vec<(Uuid, String)> =
        sqlx::query_as("select record_id, title from notifications where member_id = $1 and kind = 'failure'")
            .bind(desk.boss.access.member.0)
            .fetch_all(&owner)
            .await
            .unwrap();
    assert_eq!(told, [(done.id, "Taking back your change of many rows was stopped".to_owned())]);
    let refused = desk.world.run(&now().await, UndoBulk { id: done.id }).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Forbidden);
    assert_eq!(desk.get(leads[0].id).await.text("city"), Some("Kisumu"));

    roles("MANAGER").await;
    desk.world.run(&now().await, UndoBulk { id: done.id }).await.unwrap();
    let undone = desk.work(&desk.boss, done.id).await;
    assert_eq!((undone.status, undone.reverted, undone.error), (BulkStatus::Undone, 210, None));
    owner.close().await;
    desk.world.end().await;
}

#[tokio::test]
async fn one_row_that_cannot_be_put_back_keeps_no_other() {
    let desk = Desk::new().await;
    let leads = desk.leads(5).await;
    let done = desk.done(&desk.boss, BulkRecords { all: true, ..set(Vec::new(), json!({ "city": "Kisumu" })) }).await;
    let owner = desk.world.owner().await;
    // As something that came to be asked of rows since.
    sqlx::query(
        "alter table leads add constraint leads_city_shape check (name <> 'Lead 3' or city <> 'Nairobi') not valid",
    )
    .execute(&owner)
    .await
    .unwrap();
    let undone = desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept), (4, 1));
    assert_eq!(desk.get(leads[3].id).await.text("city"), Some("Kisumu"));
    assert_eq!(desk.get(leads[4].id).await.text("city"), Some("Nairobi"));
    let reasons = desk.reasons(&desk.boss, &done).await;
    assert!(matches!(&reasons[..], [(Some(title), why)] if title == "Lead 3" && why.contains("City")), "{reasons:?}");
    owner.close().await;
    desk.world.end().await;
}

/// A request does not stand in line, with a connection in hand, for whoever holds the change.
#[tokio::test]
async fn a_change_that_somebody_holds_is_not_waited_for() {
    let desk = Desk::new().await;
    desk.leads(1).await;
    let done = desk.done(&desk.boss, BulkRecords { all: true, ..set(Vec::new(), json!({ "city": "Kisumu" })) }).await;
    let mut holder = desk.world.open(&desk.boss).await;
    sqlx::query("select from bulk_changes where id = $1 for update")
        .bind(done.id)
        .execute(holder.conn().await.unwrap())
        .await
        .unwrap();
    let undo = desk.world.run(&desk.boss, UndoBulk { id: done.id });
    let refused = tokio::time::timeout(Duration::from_secs(5), undo).await.expect("an answer at once").unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    holder.commit().await.unwrap();
    desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
    desk.world.end().await;
}
