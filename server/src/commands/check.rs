//! Packs, descriptions and the database against each other.

use crate::config::Config;
use crate::{out, start};
use anyhow::Result;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    /// Print the body of the migration that the database lacks: tables, columns, constraints and indexes that descriptions ask for.
    #[arg(long)]
    ddl: bool,
}

pub async fn check(config: Config, wanted: Arguments) -> Result<ExitCode> {
    let library = start::library(config.packs.as_deref())?;
    start::message_templates()?;
    let connected = start::database(&config).await?;
    connected.migrate().await?;
    let pool = sqlx::PgPool::connect(&connected.owner).await?;
    let differences = packs::ddl::compare(&pool, &library.tables()).await;
    pool.close().await;
    connected.leave().await?;
    let differences = differences?;
    if wanted.ddl && !differences.is_empty() {
        out::line(packs::ddl::alter(&differences).trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    for difference in &differences {
        out::line(&difference.to_string());
    }
    if differences.is_empty() {
        out::line("Packs, descriptions and database agree");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
