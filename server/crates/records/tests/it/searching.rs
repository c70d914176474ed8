//! Search over the table of words.

use crate::world::World;
use domain::records::{Record, SearchRecords};
use domain::schema::ListQuery;
use platform::Caller;
use serde_json::json;

impl World {
    /// The words of a record, as the indexer would write them.
    async fn indexed(&self, caller: &Caller, entity: &str, record: &Record, weight: i16) {
        for word in records::words(&format!(
            "{} {}",
            record.text("name").unwrap_or_default(),
            record.text("number").unwrap_or_default()
        )) {
            sqlx::query(
                "insert into search_terms (tenant_id, term, entity, record_id, weight) values ($1, $2, $3, $4, $5)",
            )
            .bind(caller.access.tenant.0)
            .bind(word)
            .bind(entity)
            .bind(record.id)
            .bind(weight)
            .execute(&self.owner)
            .await
            .unwrap();
        }
    }

    async fn found(&self, caller: &Caller, words: &str) -> Vec<String> {
        let hits = self.run(caller, SearchRecords { words: words.to_owned(), limit: 20 }).await.unwrap();
        hits.iter().map(|hit| format!("{} {}", hit.entity, hit.title)).collect()
    }
}

#[tokio::test]
async fn words_are_found_by_their_beginnings_within_reach() {
    let world = World::new().await;
    let here = &world.here;
    let company =
        world.create(&here.rep, "lead", json!({ "name": "Lakeside Motors", "company": "Lake Group" })).await.unwrap();
    world.indexed(&here.rep, "lead", &company, 10).await;
    let other = world.lead_of(&here.admin, "Lake View").await;
    world.indexed(&here.admin, "lead", &other, 10).await;
    let customer = world.create(&here.admin, "customer", json!({ "name": "Motor Lake" })).await.unwrap();
    world.indexed(&here.admin, "customer", &customer, 5).await;
    let foreign = world.lead_of(&world.there.admin, "Lake Foreign").await;
    world.indexed(&world.there.admin, "lead", &foreign, 99).await;
    // The whole word counts more than its beginning, and a heavier field more than a lighter.
    assert_eq!(
        world.found(&here.admin, "lake").await,
        ["lead Lake View", "customer Motor Lake", "lead Lakeside Motors"]
    );
    assert_eq!(world.found(&here.admin, "MOTOR lak").await, ["customer Motor Lake", "lead Lakeside Motors"]);
    assert_eq!(world.found(&here.rep, "lake").await, ["lead Lakeside Motors"]);
    assert_eq!(world.found(&here.admin, "lead-000002").await, ["lead Lake View"]);
    assert!(world.found(&here.admin, "lake foreign").await.is_empty());
    assert!(world.found(&here.admin, "% _").await.is_empty());
    let hit = &world.run(&here.rep, SearchRecords { words: "lakes".to_owned(), limit: 1 }).await.unwrap()[0];
    assert_eq!((hit.subtitle.as_deref(), hit.status.as_deref(), hit.id), (Some("Lake Group"), Some("new"), company.id));
    // What is in the trash is not found.
    world
        .run(&here.admin, domain::records::DeleteRecord { entity: "lead".to_owned(), id: other.id, version: None })
        .await
        .unwrap();
    assert_eq!(world.found(&here.admin, "view").await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test]
async fn a_list_is_narrowed_by_words() {
    let world = World::new().await;
    let user = &world.here.user;
    for name in ["Lake View", "Lake House", "Hill House"] {
        let lead = world.lead_of(user, name).await;
        world.indexed(user, "lead", &lead, 10).await;
    }
    let names = async |text: &str| {
        let query = ListQuery { search: Some(text.to_owned()), ..crate::world::query(&world.lead(), "", "name") };
        let page = world.list(user, "lead", query).await.unwrap();
        assert_eq!(page.total.unwrap().value, i64::from(page.returned));
        page.records().unwrap().iter().map(|lead| lead.text("name").unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("la").await, ["Lake House", "Lake View"]);
    assert_eq!(names("hou LAKE").await, ["Lake House"]);
    assert_eq!(names("house view").await, Vec::<String>::new());
    assert_eq!(names("  ").await.len(), 3);
    assert_eq!(names("%").await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test]
async fn ones_own_row_is_found_among_a_thousand_of_others() {
    let world = World::new().await;
    let here = &world.here;
    let mut ctx = world.open(&here.admin).await;
    let rows = (0..1000).map(|n| records::NewRow {
        values: crate::world::object(json!({ "name": format!("Lake {n}") })),
        ..records::NewRow::default()
    });
    records::create_many(&mut ctx, &world.lead(), rows.collect()).await.unwrap();
    ctx.commit().await.unwrap();
    let mine = world.lead_of(&here.rep, "Lakeside").await;
    world.indexed(&here.rep, "lead", &mine, 10).await;
    let fill = "insert into search_terms select tenant_id, 'lake', 'lead', id, 10 from leads where name like 'Lake %'";
    sqlx::raw_sql(fill).execute(&world.owner).await.unwrap();
    assert_eq!(world.found(&here.rep, "lake").await, ["lead Lakeside"]);
    let some = world.found(&here.admin, "lake").await;
    assert_eq!(some.len(), 20);
    // Which of the thousand does not hang on how PostgreSQL comes by them.
    let otherwise = "alter table search_terms drop constraint search_terms_pkey; drop index search_terms_by_record;
        update search_terms set weight = weight where md5(record_id::text) < '8'";
    sqlx::raw_sql(otherwise).execute(&world.owner).await.unwrap();
    assert_eq!(world.found(&here.admin, "lake").await, some);
    world.end().await;
}
