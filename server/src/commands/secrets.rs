//! The keys that seal secrets, in the hands of an operator: which ones are in use, moving to a new one, and making one.

use crate::config::Config;
use crate::{out, start};
use anyhow::{Context, Result};
use platform::Pools;
use platform::random::SystemRandom;
use platform::rotation::{self, Rotated};
use platform::secret::Keyring;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Say how much each key seals.
    Status,
    /// Seal anew, by the first key, whatever another one seals. Ends with 1 while something is left.
    Rotate {
        /// Rows that are looked at in one go.
        #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        batch: i64,
    },
    /// Print a new key, to be put before the others in NEXUS_ENCRYPTION_KEYS.
    NewKey {
        /// Its name: letters, digits, - and _.
        id: String,
    },
}

/// Connections beside those of the servers that run.
const CONNECTIONS: u32 = 4;

pub async fn secrets(config: Config, wanted: Arguments) -> Result<ExitCode> {
    if let Command::NewKey { id } = &wanted.command {
        let key = Keyring::generate(id, &SystemRandom);
        Keyring::parse(key.expose()).context("This cannot be the name of a key")?;
        out::line(key.expose());
        return Ok(ExitCode::SUCCESS);
    }
    let connected = start::database(&config).await?;
    let done = async {
        // Read after the database began: the managed one keeps its key beside it.
        let keyring = start::keyring(&config)?;
        let pools = Pools::connect(&connected.app, &connected.platform, CONNECTIONS)
            .await
            .context("The database did not accept the server's roles")?;
        let done = over(&pools, &keyring, &wanted.command).await;
        pools.close().await;
        done
    };
    let done = done.await;
    connected.leave().await?;
    done
}

async fn over(pools: &Pools, keyring: &Keyring, command: &Command) -> Result<ExitCode> {
    if let Command::Rotate { batch } = command {
        let Rotated { workspace_keys, second_factors, stuck } =
            rotation::rotate(pools, keyring, &SystemRandom, *batch).await?;
        out::line(&format!("Sealed anew: {workspace_keys} keys of workspaces, {second_factors} second factors"));
        if stuck > 0 {
            out::error(&format!("{stuck} could not be opened with the keys at hand; the log says which"));
        }
    }
    let mut left = 0;
    for (key, rows) in rotation::by_key(&pools.platform).await? {
        let current = key == keyring.current();
        left += if current { 0 } else { rows };
        out::line(&format!("{key}: seals {rows}{}", if current { ", and everything new" } else { "" }));
    }
    if left > 0 {
        out::line(&format!("{left} left under other keys than {}: none of those may go yet", keyring.current()));
        return Ok(ExitCode::from(u8::from(matches!(command, Command::Rotate { .. }))));
    }
    out::line(&format!("Nothing is left under another key than {}: the others may go", keyring.current()));
    Ok(ExitCode::SUCCESS)
}
