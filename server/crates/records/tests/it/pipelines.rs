//! Several pipelines of one entity: where a row begins, moves that stay inside, and the one that leads into another.

use crate::world::{World, at, object, query};
use domain::imports::{CreateImport, MapImport, PreviewImport};
use domain::records::{
    BoardRecords, GroupBy, MergeRecords, PastRecord, PutBack, Record, SummariseRecords, TickRecord, TransitionRecord,
};
use domain::schema::ListQuery;
use domain::{Kind, Result};
use platform::Caller;
use records::{NewRow, Updated, create_many, revert_many, update_many};
use serde_json::{Value, json};
use uuid::Uuid;

/// Where a row stands.
fn stands(record: &Record) -> (&str, &str) {
    (record.text("pipeline").unwrap_or_default(), record.text("status").unwrap_or_default())
}

impl World {
    async fn deal(&self, values: Value) -> Record {
        self.create(&self.here.admin, "deal", values).await.expect("a deal")
    }

    async fn walk(
        &self,
        caller: &Caller,
        record: &Record,
        goal: (Option<&str>, Option<&str>),
        values: Value,
    ) -> Result<Record> {
        let (to, pipeline) = (goal.0.map(str::to_owned), goal.1.map(str::to_owned));
        let (entity, version, values) = ("deal".to_owned(), Some(record.version), object(values));
        self.run(caller, TransitionRecord { entity, id: record.id, version, name: None, to, pipeline, values }).await
    }

    /// A deal that a representative may take into the renewals.
    async fn renewable(&self) -> Record {
        self.deal(json!({ "name": "Lake", "value": 7, "owner": self.here.rep.access.member })).await
    }
}

#[tokio::test]
async fn a_new_row_begins_in_the_pipeline_that_it_names() {
    let world = World::new().await;
    let admin = &world.here.admin;
    let plain = world.deal(json!({ "name": "A" })).await;
    assert_eq!(stands(&plain), ("new_business", "fresh"));
    assert_eq!((plain.text("statusDue"), &plain.values["again"]), (None, &json!(false)));
    let renewal = world.deal(json!({ "name": "B", "pipeline": "renewals" })).await;
    assert_eq!(stands(&renewal), ("renewals", "due"));
    assert_eq!((renewal.text("statusDue"), &renewal.values["again"]), (Some("2026-11-25"), &json!(true)));
    assert_eq!(stands(&world.deal(json!({ "name": "C", "pipeline": null })).await), ("new_business", "fresh"));

    let error = world.create(admin, "deal", json!({ "pipeline": "renewal" })).await.unwrap_err();
    assert!(at(&error, "pipeline").contains("is not one of the choices"), "{error:?}");
    assert!(at(&error, "name").contains("is required"), "what is missing is told with it: {error:?}");
    let error = world.create(admin, "deal", json!({ "name": "D", "status": "due" })).await.unwrap_err();
    assert!(at(&error, "status").contains("changes by a move"), "{error:?}");
    let error = world.update(admin, "deal", &plain, json!({ "pipeline": "renewals" })).await.unwrap_err();
    assert_eq!(at(&error, "pipeline"), "Pipeline changes by a move into another one, not by an edit");
    let error = world.create(admin, "lead", json!({ "name": "E", "pipeline": "renewals" })).await.unwrap_err();
    assert!(at(&error, "pipeline").contains("Lead has no field pipeline"), "{error:?}");
    assert_eq!(world.all(admin, "deal", None).await.unwrap().len(), 3);
    world.end().await;
}

#[tokio::test]
async fn a_move_stays_in_its_pipeline() {
    let world = World::new().await;
    let admin = &world.here.admin;
    let deal = world.deal(json!({ "name": "A", "value": 5 })).await;
    let error = world.walk(admin, &deal, (Some("renewed"), None), json!({})).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.contains("Renewed is a state of Renewals, and this deal is in New business"), "{error}");
    // What may start from every other state starts from those of its pipeline.
    let error = world.walk(admin, &deal, (Some("lapsed"), None), json!({})).await.unwrap_err();
    assert!(error.message.contains("Lapsed is a state of Renewals"), "{error}");
    let named = TransitionRecord {
        entity: "deal".to_owned(),
        id: deal.id,
        version: None,
        name: Some("lapse".to_owned()),
        to: None,
        pipeline: None,
        values: object(json!({})),
    };
    assert_eq!(world.run(admin, named.clone()).await.unwrap_err().kind, Kind::Conflict);
    let both = TransitionRecord { pipeline: Some("renewals".to_owned()), ..named };
    assert!(at(&world.run(admin, both).await.unwrap_err(), "name").contains("stays in its pipeline"));
    let offered = world.walk(admin, &deal, (Some("offered"), None), json!({})).await.unwrap();
    assert_eq!(stands(&offered), ("new_business", "offered"));
    // The pipeline that it is in already may be said, and changes nothing about the way.
    let error = world.walk(admin, &offered, (None, Some("new_business")), json!({})).await.unwrap_err();
    assert_eq!(error.message, "This deal is in New business already; say to which state it goes");
    let error = world.walk(admin, &deal, (Some("won"), Some("new_business")), json!({})).await.unwrap_err();
    assert_eq!(error.kind, Kind::Stale);
    let won = world.walk(admin, &offered, (Some("won"), Some("new_business")), json!({})).await.unwrap();
    assert_eq!(stands(&won), ("new_business", "won"));

    // Many at once, as an import or a change of many rows moves them.
    let renewal = world.deal(json!({ "name": "B", "value": 5, "pipeline": "renewals" })).await;
    let fresh = world.deal(json!({ "name": "C", "value": 5 })).await;
    let mut ctx = world.open(admin).await;
    let entity = ctx.entity("deal").unwrap();
    let to = || object(json!({ "status": "offered" }));
    let done = update_many(&mut ctx, &entity, vec![(renewal.id, 1, to()), (fresh.id, 1, to())]).await.unwrap();
    assert!(matches!(&done[0], Updated::Refused(error) if error.message.contains("is in Renewals")), "{done:?}");
    let Updated::Changed { before, .. } = &done[1] else { panic!("{done:?}") };
    assert!(!before.contains_key("pipeline"), "it did not change: {before:?}");
    revert_many(&mut ctx, &entity, vec![(fresh.id, 2, before.clone())]).await.unwrap();
    let back = records::visible(&mut ctx, &entity, fresh.id).await.unwrap();
    assert_eq!(stands(&back), ("new_business", "fresh"));
    world.end().await;
}

#[tokio::test]
async fn a_row_moves_into_another_pipeline() {
    let world = World::new().await;
    let here = &world.here;
    let deal = world.renewable().await;
    let into = (None, Some("renewals"));
    // Not by those who may not, and not from another workspace.
    assert_eq!(world.walk(&here.viewer, &deal, into, json!({})).await.unwrap_err().kind, Kind::Forbidden);
    assert_eq!(world.walk(&here.other_rep, &deal, into, json!({})).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(world.walk(&world.there.admin, &deal, into, json!({})).await.unwrap_err().kind, Kind::NotFound);
    // The state that it comes to asks for its owner.
    let own = json!({ "owner": here.user.access.member });
    let error = world.walk(&here.admin, &deal, into, own).await.unwrap_err();
    assert!(at(&error, "owner").contains("Due is for an owner with the role Sales representative"), "{error:?}");
    // What is wrong is named.
    let error = world.walk(&here.admin, &deal, (None, Some("renewal")), json!({})).await.unwrap_err();
    assert_eq!(at(&error, "pipeline"), "renewal is not a pipeline of Deals; did you mean renewals?");
    let error = world.walk(&here.admin, &deal, (Some("won"), Some("renewals")), json!({})).await.unwrap_err();
    assert_eq!(at(&error, "to"), "Won is no state of Renewals");
    let error = world.walk(&here.admin, &deal, (Some("renewd"), Some("renewals")), json!({})).await.unwrap_err();
    assert!(at(&error, "to").contains("did you mean renewed?"), "{error:?}");
    let lead = world.lead_of(&here.admin, "Lead").await;
    let of_a_lead = TransitionRecord {
        entity: "lead".to_owned(),
        id: lead.id,
        version: None,
        name: None,
        to: None,
        pipeline: Some("renewals".to_owned()),
        values: object(json!({})),
    };
    let error = world.run(&here.admin, of_a_lead).await.unwrap_err();
    assert_eq!(at(&error, "pipeline"), "Leads have one pipeline only");
    assert_eq!(world.get(&here.admin, "deal", deal.id).await.unwrap(), deal);

    let moved = world.walk(&here.rep, &deal, into, json!({})).await.unwrap();
    assert_eq!((stands(&moved), moved.version), (("renewals", "due"), 2));
    assert_eq!((moved.text("statusDue"), &moved.values["again"]), (Some("2026-11-25"), &json!(true)));
    let told: Vec<(String, Value, Value)> = sqlx::query_as(
        "select e.type, c.before, c.after from changes c join events e on e.change_id = c.id
         where c.record_id = $1 and c.operation = 'records.transition'",
    )
    .bind(deal.id)
    .fetch_all(&world.owner)
    .await
    .unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "crm.deal.due");
    assert_eq!((&told[0].1["status"], &told[0].1["pipeline"]), (&json!("fresh"), &json!("new_business")));
    assert_eq!((&told[0].2["status"], &told[0].2["pipeline"]), (&json!("due"), &json!("renewals")));
    // Once there, the moves of that pipeline hold, with their gates.
    let error = world.walk(&here.rep, &moved, (Some("renewed"), None), json!({})).await.unwrap_err();
    assert!(error.message.contains("Client called"), "{error}");
    world.end().await;
}

#[tokio::test]
async fn a_later_state_of_another_pipeline_asks_what_its_last_move_asks() {
    let world = World::new().await;
    let here = &world.here;
    let deal = world.deal(json!({ "name": "A", "owner": here.rep.access.member })).await;
    let late = (Some("renewed"), Some("renewals"));
    let error = world.walk(&here.admin, &deal, late, json!({})).await.unwrap_err();
    // Its checklist too, or a detour through another pipeline would pass it by.
    assert_eq!(error.message, "Move to Renewed needs Value, and what is open on the checklist of Due: Client called");
    let tick =
        TickRecord { entity: "deal".to_owned(), id: deal.id, version: Some(1), item: "called".to_owned(), done: true };
    let deal = world.run(&here.admin, tick).await.unwrap();
    let moved = world.walk(&here.admin, &deal, late, json!({ "value": 3 })).await.unwrap();
    assert_eq!((stands(&moved), moved.version, &moved.values["value"]), (("renewals", "renewed"), 3, &json!(3)));
    // Back to a named state of the first.
    let back = world.walk(&here.admin, &moved, (Some("won"), Some("new_business")), json!({})).await.unwrap();
    assert_eq!(stands(&back), ("new_business", "won"));
    // What nobody may edit stays where it is.
    let other = world.deal(json!({ "name": "B" })).await;
    let lost = world.walk(&here.admin, &other, (Some("lost"), None), json!({})).await.unwrap();
    let error = world.walk(&here.admin, &lost, (Some("lapsed"), Some("renewals")), json!({})).await.unwrap_err();
    assert_eq!(error.message, "This deal is Lost: it can no longer be changed");
    world.end().await;
}

#[tokio::test]
async fn rows_are_found_counted_and_remembered_by_pipeline() {
    let world = World::new().await;
    let here = &world.here;
    let deal = world.renewable().await;
    world.deal(json!({ "name": "B" })).await;
    world.deal(json!({ "name": "C", "pipeline": "renewals" })).await;
    let before = world.test.services().clock.now().to_rfc3339();
    world.test.clock.advance(chrono::Duration::hours(1));
    let moved = world.walk(&here.admin, &deal, (None, Some("renewals")), json!({})).await.unwrap();

    let entity = world.catalog.get("deal").unwrap().clone();
    let names = async |query: ListQuery| -> Vec<String> {
        let rows = world.list(&here.viewer, "deal", query).await.unwrap().records().unwrap();
        rows.iter().map(|row| row.text("name").unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(query(&entity, "pipeline = renewals", "name")).await, ["C", "Lake"]);
    assert_eq!(names(query(&entity, "pipeline != renewals", "name")).await, ["B"]);
    assert_eq!(names(query(&entity, "", "-pipeline,name")).await, ["C", "Lake", "B"]);
    let then = ListQuery { as_of: Some(before.clone()), ..query(&entity, "pipeline = renewals", "name") };
    assert_eq!(names(then).await, ["C"]);

    let summary = SummariseRecords {
        entity: "deal".to_owned(),
        query: ListQuery::default(),
        group: GroupBy::Field("pipeline".to_owned()),
        measure: None,
        limit: None,
        inner: None,
        weighted: false,
    };
    let groups = world.run(&here.viewer, summary).await.unwrap();
    let counted: Vec<(Option<&str>, i64)> = groups.iter().map(|group| (group.key.as_deref(), group.count)).collect();
    assert_eq!(counted, [(Some("renewals"), 2), (Some("new_business"), 1)]);
    let of = query(&entity, "pipeline = renewals", "");
    let board = BoardRecords { entity: "deal".to_owned(), query: of, measure: None, cards: 5 };
    let columns = world.run(&here.viewer, board).await.unwrap();
    let filled: Vec<(&str, i64)> =
        columns.iter().filter(|column| column.count > 0).map(|column| (column.state.as_str(), column.count)).collect();
    assert_eq!(filled, [("due", 2)]);
    // Another workspace has none of them.
    assert!(world.all(&world.there.admin, "deal", None).await.unwrap().is_empty());

    let past = PastRecord { entity: "deal".to_owned(), id: deal.id, version: None, at: Some(before) };
    assert_eq!(stands(&world.run(&here.admin, past).await.unwrap()), ("new_business", "fresh"));
    let back = PutBack { entity: "deal".to_owned(), id: deal.id, version: Some(moved.version), old_version: 1 };
    let kept = world.run(&here.admin, back).await.unwrap().kept;
    assert!(kept.contains(&"Pipeline was New business: a move leads there, not this".to_owned()), "{kept:?}");
    let merge = MergeRecords {
        entity: "deal".to_owned(),
        kept: world.deal(json!({ "name": "D" })).await.id,
        merged: deal.id,
        version: None,
        merged_version: None,
        take: [("pipeline".to_owned(), "merged".to_owned())].into(),
    };
    assert_eq!(world.run(&here.admin, merge.clone()).await.unwrap_err().kind, Kind::Invalid, "it is nothing to choose");
    let merged = world.run(&here.admin, MergeRecords { take: [].into(), ..merge }).await.unwrap();
    assert_eq!((stands(&merged.record), &merged.record.values["value"]), (("new_business", "fresh"), &json!(7)));
    world.end().await;
}

#[tokio::test]
async fn rows_of_a_file_name_their_pipeline() {
    let world = World::new().await;
    let admin = &world.here.admin;
    let there = world.deal(json!({ "name": "There", "code": "X1" })).await;
    let content = "Name,Code,Pipeline,Stage\nA,,Renewals,\nB,,renewals,Lapsed\nC,,New business,Due\nD,,Upsell,\nE,,,\nF,X1,Renewals,\n";
    let (entity, file_name) = ("deal".to_owned(), "deals.csv".to_owned());
    let create = CreateImport { entity, file_name, content: content.as_bytes().to_vec(), sheet: None };
    let import = world.run(admin, create).await.unwrap();
    let mut mapping = import.mapping.clone();
    assert!(mapping.columns.values().any(|target| target == "pipeline"), "{mapping:?}");
    mapping.key = Some("code".to_owned());
    mapping.existing = domain::imports::Existing::Update;
    world.run(admin, MapImport { id: import.id, mapping }).await.unwrap();
    let preview = world.run(admin, PreviewImport { id: import.id }).await.unwrap();
    let told: Vec<(i64, Option<&str>, &str)> = preview
        .problems
        .iter()
        .map(|problem| (problem.row, problem.column.as_deref(), problem.reason.as_str()))
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0], (3, Some("Pipeline"), "Due is no state of New business"));
    assert!(told[1].0 == 4 && told[1].2.contains("is not one of the choices"), "{told:?}");
    let says = "The row is in New business; into Renewals it is moved by its own page, not by a file";
    assert_eq!(told[2], (6, Some("Pipeline"), says));
    assert_eq!((preview.would_create, preview.would_update), (3, 0));
    assert_eq!(world.get(admin, "deal", there.id).await.unwrap(), there);

    // The rows themselves, whoever makes them: the state says the pipeline.
    let mut ctx = world.open(admin).await;
    let entity = ctx.entity("deal").unwrap();
    let row = |status: &str| NewRow {
        id: None,
        values: object(json!({ "name": "G", "value": 1, "pipeline": "new_business" })),
        status: Some(status.to_owned()),
    };
    let made = create_many(&mut ctx, &entity, vec![row("due"), row("renewed"), row("offered")]).await.unwrap();
    let ids: Vec<Uuid> = made.iter().map(|row| row.id).collect();
    for (id, wanted) in ids.iter().zip([("renewals", "due"), ("renewals", "renewed"), ("new_business", "offered")]) {
        let record = records::visible(&mut ctx, &entity, *id).await.unwrap();
        assert_eq!(stands(&record), wanted);
    }
    world.end().await;
}
