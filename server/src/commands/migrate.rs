//! Bring the database up to date.

use crate::config::Config;
use crate::{out, start};
use anyhow::Result;
use std::process::ExitCode;

pub async fn migrate(config: &Config) -> Result<ExitCode> {
    let connected = start::database(config).await?;
    let new = connected.migrate().await;
    connected.leave().await?;
    match new? {
        0 => out::line("The database is up to date"),
        new => out::line(&format!("{new} migrations were run; the database is up to date")),
    }
    Ok(ExitCode::SUCCESS)
}
