//! Packs of an operator's own beside those of the build (`NEXUS_PACKS`).

use nexus_server::config::Config;
use nexus_server::start::{self, Connected};
use std::collections::HashMap;
use std::path::Path;
use testkit::TestWorld;

/// The tables of a folder of packs are made once, in a database that has those of the build and what lies in them; what else differs is
/// nobody's to change at a start.
#[tokio::test]
async fn a_folder_of_packs_brings_its_tables_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packs");
    let setting = HashMap::from([("NEXUS_PACKS".to_owned(), folder.display().to_string())]);
    let config = Config::read(&setting).unwrap();
    let library = start::library(config.packs.as_deref()).unwrap();
    assert!(library.pack("exercise").is_some() && library.pack("automotive").is_some());
    // None of it is in the build.
    let build = start::library(None).unwrap();
    assert!(build.pack("exercise").is_none() && build.catalog("exercise").is_none());

    let world = TestWorld::new(|registry| *registry = start::registry()).await;
    let connected = Connected {
        app: world.urls.app.clone(),
        owner: world.urls.owner.clone(),
        platform: world.urls.platform.clone(),
        cluster: None,
    };
    let owner = world.owner().await;
    let tables = || async {
        let sql =
            "select count(*) from pg_class where relname like 'exercise\\_%' and relkind = 'r' and relforcerowsecurity";
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&owner).await.unwrap()
    };
    assert_eq!(connected.tables(&build).await.unwrap(), 0);
    assert_eq!(tables().await, 0);
    // Two processes may start at once.
    let (one, other) = tokio::join!(connected.tables(&library), connected.tables(&library));
    // Pieces, parts and loans, each made once.
    assert_eq!(one.unwrap() + other.unwrap(), 3);
    assert!(tables().await >= 3);
    assert_eq!(connected.tables(&library).await.unwrap(), 0);

    // Indexes that are others: on a table of the folder one is made anew, on one of the build it may be that of a release beside this one.
    let narrowed = "drop index exercise_pieces_trash; drop index leads_trash;
        create index exercise_pieces_trash on exercise_pieces (tenant_id, id) where deleted_at is not null;
        create index leads_trash on leads (tenant_id, id) where deleted_at is not null";
    sqlx::raw_sql(narrowed).execute(&owner).await.unwrap();
    assert_eq!(connected.tables(&library).await.unwrap(), 0);
    let anew: Vec<bool> = sqlx::query_scalar(
        "select pg_get_indexdef(c.oid) like '%(tenant_id, deleted_at, id)%' from pg_class c
        where c.relname in ('exercise_pieces_trash', 'leads_trash') order by c.relname",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    assert_eq!(anew, [true, false]);

    sqlx::query("alter table exercise_pieces drop column story").execute(&owner).await.unwrap();
    let refused = connected.tables(&library).await.unwrap_err().to_string();
    assert!(refused.contains("nexus check --ddl"), "{refused}");
    owner.close().await;
    world.end().await;
}
