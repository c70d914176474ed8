//! The document of the API, for whoever makes a client without a server at hand. Nothing is hidden in it, and it needs no database.

use crate::config::Config;
use crate::{out, start};
use anyhow::{Result, bail};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    /// The industry whose entities are described, as `nexus seed` names it.
    #[arg(long, default_value = "core")]
    industry: String,
}

pub fn openapi(config: &Config, wanted: &Arguments) -> Result<ExitCode> {
    let library = start::library(config.packs.as_deref())?;
    let Some(catalog) = library.catalog(&wanted.industry) else {
        let known: Vec<&str> = library.industries().map(|pack| pack.slug.as_str()).collect();
        bail!("{} is no industry; there are core, {}", wanted.industry, known.join(", "));
    };
    let document = api::openapi::document(&start::registry(), &catalog, None, api::openapi::any_workspace());
    out::line(&format!("{document:#}"));
    Ok(ExitCode::SUCCESS)
}
