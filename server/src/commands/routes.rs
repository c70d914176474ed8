//! Every route, as JSON lines: what tests and reviewers walk.

use crate::config::Config;
use crate::{out, site, start};
use anyhow::Result;
use platform::{Platform, Pools, TenantPool};
use std::process::ExitCode;
use std::sync::Arc;

/// Needs no database: nothing is asked of the pools.
pub fn routes(config: Config) -> Result<ExitCode> {
    let library = start::library(config.packs.as_deref())?;
    let options: sqlx::postgres::PgConnectOptions = "postgres://nobody@localhost/none".parse()?;
    let platform = sqlx::postgres::PgPoolOptions::new().connect_lazy_with(options.clone());
    let pools = Pools { app: TenantPool::lazy(options, 1), platform, readers: None };
    let services = start::services(&config, pools, &library)?;
    let app = start::app(config, Platform::new(Arc::new(services), start::registry()));
    for route in site::table(&app).routes() {
        out::line(&serde_json::to_string(route)?);
    }
    Ok(ExitCode::SUCCESS)
}
