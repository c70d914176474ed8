//! Measures.

use crate::config::Config;
use anyhow::Result;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {}

pub async fn bench(_config: Config, _arguments: Arguments) -> Result<ExitCode> {
    anyhow::bail!("being written")
}
