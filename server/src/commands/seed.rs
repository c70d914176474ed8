//! Demo records for a workspace.

use crate::config::Config;
use crate::{out, start};
use anyhow::{Result, bail};
use packs::seed::{Outcome, Size};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    /// Slug of the industry, such as automotive.
    #[arg(long)]
    industry: String,
    /// small (10 records of each kind), medium (100) or large (1,000).
    #[arg(long, default_value = "small")]
    size: String,
    /// Slug of the workspace; it is made when there is none.
    #[arg(long)]
    tenant: String,
}

pub async fn seed(config: Config, wanted: Arguments) -> Result<ExitCode> {
    let library = start::library(config.packs.as_deref())?;
    if library.pack(&wanted.industry).is_none() {
        let known: Vec<&str> = library.industries().map(|pack| pack.slug.as_str()).collect();
        bail!("{} is not an industry of this build; known are: {}", wanted.industry, known.join(", "));
    }
    let Some(size) = Size::parse(&wanted.size) else {
        bail!("{} is not a size; use small, medium or large", wanted.size)
    };
    let connected = start::database(&config).await?;
    connected.migrate().await?;
    if config.packs.is_some() {
        connected.tables(&library).await?;
    }
    let platform = start::platform(&config, &connected, &library).await?;
    let seeded = packs::seed::seed(&platform, &library, &wanted.industry, size, &wanted.tenant).await;
    platform.services.pools.close().await;
    connected.leave().await?;
    match seeded? {
        Outcome::Seeded { records } => out::line(&format!("{}: {records} records made", wanted.tenant)),
        Outcome::AlreadySeeded => out::line(&format!("{}: seeded before; nothing was changed", wanted.tenant)),
    }
    Ok(ExitCode::SUCCESS)
}
