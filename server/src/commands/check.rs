//! Packs, descriptions and the database against each other.

use crate::config::Config;
use crate::{out, start};
use anyhow::Result;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    /// Print the statements that make the tables of the descriptions.
    #[arg(long)]
    ddl: bool,
}

pub async fn check(config: Config, wanted: Arguments) -> Result<ExitCode> {
    let library = start::library()?;
    if wanted.ddl {
        out::line(&packs::ddl::print(&library.tables()));
        return Ok(ExitCode::SUCCESS);
    }
    let connected = start::database(&config).await?;
    connected.migrate().await?;
    let pool = sqlx::PgPool::connect(&connected.owner).await?;
    let differences = packs::ddl::compare(&pool, &library.tables()).await;
    pool.close().await;
    connected.leave().await?;
    let differences = differences?;
    for difference in &differences {
        out::line(&difference.to_string());
    }
    if differences.is_empty() {
        out::line("Packs, descriptions and database agree");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
