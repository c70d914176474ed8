//! Databases that begin as another one is: what each test of one set of migrations would otherwise make anew.

use crate::Cluster;
use crate::roles::{Urls, check_name};
use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::future::Future;

/// Held while a template is made: whoever asks meanwhile waits for it.
const LOCK: i64 = 7304;

impl Cluster {
    /// A new database `name` that begins as `template` is. The template is filled by `make` once in this cluster, by whoever is first.
    ///
    /// # Errors
    /// Whatever `make` answers, and what the database refuses.
    pub async fn copy<F>(&self, template: &str, name: &str, make: impl FnOnce(Urls) -> F) -> Result<Urls>
    where
        F: Future<Output = Result<()>>,
    {
        check_name(template)?;
        check_name(name)?;
        let mut admin = PgConnection::connect(&self.urls().admin).await?;
        sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut admin).await?;
        let ready: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = $1 and datistemplate)")
                .bind(template)
                .fetch_one(&mut admin)
                .await?;
        if !ready {
            // Half of one, where making it was cut off.
            let _ = self.drop_database(template).await;
            make(self.database(template).await?).await?;
            let done = format!("alter database {template} with is_template true allow_connections false");
            sqlx::query(AssertSqlSafe(done)).execute(&mut admin).await?;
        }
        sqlx::query("select pg_advisory_unlock($1)").bind(LOCK).execute(&mut admin).await?;
        // What a test that was killed left under this name.
        self.drop_database(name).await?;
        let copy = format!("create database {name} template {template} owner nexus_owner");
        sqlx::query(AssertSqlSafe(copy)).execute(&mut admin).await?;
        admin.close().await?;
        self.database(name).await
    }
}
