//! The audit trail in the hands of an operator: verify it, write it into a file, move its oldest part out of the database.

use crate::config::Config;
use crate::{out, start};
use anyhow::{Context, Result, bail};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use platform::audit::anchor::{self, Anchors};
use platform::audit::chain::Fault;
use platform::audit::{file, verify};
use platform::clock::{Clock, SystemClock};
use serde::Serialize;
use sqlx::{Connection, PgConnection};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Read the audit trail again, and say what is not as it was and where. Ends with 1 if anything is.
    Verify {
        /// Slug or id of a workspace; all of them unless it is given.
        #[arg(long)]
        tenant: Option<String>,
        /// An exported or archived file, verified without a database.
        #[arg(long, conflicts_with = "tenant")]
        file: Option<PathBuf>,
        /// Another folder of anchors than that of the data folder, such as the copy on another machine.
        #[arg(long)]
        anchors: Option<PathBuf>,
        /// One line of JSON for each workspace.
        #[arg(long)]
        json: bool,
    },
    /// Write a workspace's trail into a new file that can be verified by itself.
    Export {
        #[arg(long)]
        tenant: String,
        #[arg(long)]
        to: PathBuf,
    },
    /// Move what was sealed before a day into a new file. The chain goes on in the database from where the file ends.
    Archive {
        #[arg(long)]
        tenant: String,
        /// YYYY-MM-DD, in UTC.
        #[arg(long)]
        before: NaiveDate,
        #[arg(long)]
        to: PathBuf,
    },
}

pub async fn audit(config: Config, wanted: Arguments) -> Result<ExitCode> {
    match wanted.command {
        Command::Verify { tenant: _, file: Some(path), anchors, json } => {
            let anchors = kept(&config, anchors)?;
            let report = file::verify(&path, &anchors)?;
            let words = format!(
                "{}: {} changes in seals {} to {}, compared with {} anchors",
                report.slug,
                report.changes,
                report.after + 1,
                report.through,
                report.anchors
            );
            Ok(told(json, &report, &words, &report.faults, &anchors)?)
        }
        Command::Verify { tenant, file: None, anchors, json } => verify_database(&config, tenant, anchors, json).await,
        Command::Export { tenant, to } => {
            let written = over_database(&config, async |conn| {
                Ok(file::export(conn, &tenant, None, SystemClock.now(), &to).await?)
            });
            let written = written.await?;
            out::line(&format!(
                "{tenant}: {} changes written to {}",
                written.end.changes - written.from.changes,
                to.display()
            ));
            Ok(ExitCode::SUCCESS)
        }
        Command::Archive { tenant, before, to } => archive(&config, &tenant, before, &to).await,
    }
}

async fn verify_database(
    config: &Config,
    tenant: Option<String>,
    anchors: Option<PathBuf>,
    json: bool,
) -> Result<ExitCode> {
    let keyring = start::keyring(config)?;
    let reports = over_database(config, async |conn| {
        // Read after the database began: it may be the one that this command starts.
        let anchors = kept(config, anchors.clone())?;
        let reports = verify::database(conn, &keyring, &anchors, tenant.as_deref()).await?;
        Ok((reports, anchors))
    });
    let (reports, anchors) = reports.await?;
    if reports.is_empty() {
        bail!("There is no workspace {}", tenant.unwrap_or_default());
    }
    let mut code = ExitCode::SUCCESS;
    for report in &reports {
        let archived =
            if report.archived > 0 { format!(", archived up to seal {}", report.archived) } else { String::new() };
        let words = format!(
            "{}: {} changes in {} seals{archived}, {} not sealed yet, compared with {} anchors",
            report.slug, report.changes, report.seals, report.pending, report.anchors
        );
        if told(json, report, &words, &report.faults, &Anchors::default())? != ExitCode::SUCCESS {
            code = ExitCode::FAILURE;
        }
    }
    for fault in &anchors.faults {
        out::error(&format!("anchors: {fault}"));
        code = ExitCode::FAILURE;
    }
    Ok(code)
}

/// Says what was found, and whether it is whole.
fn told(json: bool, report: &impl Serialize, words: &str, faults: &[Fault], anchors: &Anchors) -> Result<ExitCode> {
    const SHOWN: usize = 50;
    for fault in &anchors.faults {
        out::error(&format!("anchors: {fault}"));
    }
    let whole = faults.is_empty() && anchors.faults.is_empty();
    if json {
        out::line(&serde_json::to_string(report)?);
    } else {
        out::line(&format!("{words}: {}", if whole { "whole" } else { "NOT WHOLE" }));
        for fault in faults.iter().take(SHOWN) {
            let seal = fault.seq.map(|seq| format!("seal {seq}, ")).unwrap_or_default();
            let change = fault.change.map(|id| format!("change {id}: ")).unwrap_or_default();
            out::line(&format!("  {seal}{change}{}", fault.what));
        }
        if faults.len() > SHOWN {
            out::line(&format!("  and {} more; --json lists all", faults.len() - SHOWN));
        }
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn archive(config: &Config, tenant: &str, before: NaiveDate, to: &std::path::Path) -> Result<ExitCode> {
    let (keyring, now) = (start::keyring(config)?, SystemClock.now());
    let before: DateTime<Utc> = before.and_time(NaiveTime::MIN).and_utc();
    if before > now {
        bail!("{} is not over yet; archive what is from before today", before.format("%Y-%m-%d"));
    }
    let written = over_database(config, async |conn| {
        let anchors = kept(config, None)?;
        Ok(file::archive(conn, &keyring, &anchors, tenant, before, now, to).await?)
    });
    let written = written.await?;
    out::line(&format!(
        "{tenant}: {} changes moved to {}. Keep it where nobody changes it, and verify it with `nexus audit verify --file`",
        written.end.changes - written.from.changes,
        to.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// The owner's connection: the one role that sees every workspace and may remove changes.
async fn over_database<T>(config: &Config, work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>) -> Result<T> {
    let connected = start::database(config).await?;
    let done = async {
        let mut conn = PgConnection::connect(&connected.owner).await.context("The database cannot be reached")?;
        work(&mut conn).await
    };
    let done = done.await;
    connected.leave().await?;
    done
}

/// Anchors, where there are any and a key to read them with.
fn kept(config: &Config, folder: Option<PathBuf>) -> Result<Anchors> {
    let folder = folder.unwrap_or_else(|| anchor::folder(&config.data_dir));
    match start::known_keyring(config)? {
        Some(keyring) => anchor::read(&folder, &keyring).context("The anchors cannot be read"),
        None => Ok(Anchors::default()),
    }
}
