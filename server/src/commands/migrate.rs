//! Bring the database up to date.

use crate::config::Config;
use crate::start::Connected;
use crate::{out, start};
use anyhow::Result;
use std::process::ExitCode;

pub async fn migrate(config: &Config) -> Result<ExitCode> {
    let connected = start::database(config).await?;
    let new = brought(config, &connected).await;
    connected.leave().await?;
    match new? {
        (0, 0) => out::line("The database is up to date"),
        (new, 0) => out::line(&format!("{new} migrations were run; the database is up to date")),
        (new, tables) => {
            out::line(&format!(
                "{new} migrations were run and {tables} tables of packs made; the database is up to date"
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Migrations that were new, and tables of an operator's own packs.
async fn brought(config: &Config, connected: &Connected) -> Result<(usize, usize)> {
    let new = connected.migrate().await?;
    let Some(folder) = config.packs.as_deref() else { return Ok((new, 0)) };
    let tables = connected.tables(&start::library(Some(folder))?).await?;
    Ok((new, tables))
}
