//! A database of its own for each test, in a cluster that all tests of the folder share and that stops with the last of them.

use cluster::{Cluster, Urls};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::path::Path;
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
        let template = format!("template_{}", platform::migrate::fingerprint());
        let migrated = async |urls: Urls| platform::migrate::migrate(&urls.owner).await.map(|_| ()).map_err(Into::into);
        let urls = cluster.copy(&template, &name, migrated).await.unwrap();
        let pool = |url: String| PgPoolOptions::new().max_connections(12).connect_lazy(&url).unwrap();
        Self { cluster, name, app: pool(urls.app), platform: pool(urls.platform), owner: pool(urls.owner) }
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
