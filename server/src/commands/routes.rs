//! Every route, as JSON lines: what tests and reviewers walk.

use crate::config::Config;
use crate::{out, site, start};
use anyhow::Result;
use platform::{Platform, Pools};
use std::process::ExitCode;
use std::sync::Arc;

/// Needs no database: nothing is asked of the pools.
pub fn routes(config: Config) -> Result<ExitCode> {
    let library = start::library()?;
    let idle = || sqlx::postgres::PgPoolOptions::new().connect_lazy("postgres://nobody@localhost/none");
    let pools = Pools { app: idle()?, platform: idle()?, readers: None };
    let services = start::services(&config, pools, &library)?;
    let app = start::app(config, Platform::new(Arc::new(services), start::registry()));
    for route in site::table(&app).routes() {
        out::line(&serde_json::to_string(route)?);
    }
    Ok(ExitCode::SUCCESS)
}
