//! A database of its own for each test, in a cluster that all tests of the folder share and that stops with the last of them.

use cluster::Cluster;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;

static NEXT: AtomicU32 = AtomicU32::new(0);

pub struct TestDb {
    cluster: Cluster,
    name: String,
    pub app: PgPool,
    pub platform: PgPool,
    pub owner: PgPool,
}

impl TestDb {
    pub async fn new() -> Self {
        let cluster =
            Cluster::start_throwaway(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("test-cluster")).await.unwrap();
        let name = format!("jobs_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let urls = cluster.database(&name).await.unwrap();
        let pool = |url: String| PgPoolOptions::new().max_connections(12).connect_lazy(&url).unwrap();
        let db = Self { cluster, name, app: pool(urls.app), platform: pool(urls.platform), owner: pool(urls.owner) };
        db.migrate().await;
        db
    }

    async fn migrate(&self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../migrations");
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
        files.sort();
        for file in files {
            let sql = std::fs::read_to_string(&file).unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&self.owner)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }

    pub async fn tenant(&self) -> Uuid {
        let id = Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) + 1);
        sqlx::query(
            "insert into tenants (id, slug, name, industry) values ($1, 't-' || right($1::text, 12), 'Test', 'core')",
        )
        .bind(id)
        .execute(&self.platform)
        .await
        .unwrap();
        id
    }

    pub async fn close(self) {
        for pool in [&self.app, &self.platform, &self.owner] {
            pool.close().await;
        }
        self.cluster.drop_database(&self.name).await.unwrap();
        self.cluster.stop().await.unwrap();
    }
}
