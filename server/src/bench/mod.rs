//! `nexus bench`: speed, size and memory, held against floors. Every speed is a ratio within one run to the ceiling, the smallest server
//! that answers the same request with the same SQL, because timings of a shared machine alone say nothing. docs/bench.md tells how to read it.

mod bars;
pub mod ceiling;
mod client;
mod data;
mod flow;
mod load;
mod page;
mod process;
mod report;
mod speed;
mod world;

use crate::config::Config;
use crate::out;
use anyhow::{Context, Result, bail};
use bars::{BARS, Measured};
use process::Nexus;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use world::World;

/// Of each measurement, after one round to warm up.
const ROUNDS: usize = 5;
/// Clients that ask again as soon as they have an answer.
const CONNECTIONS: usize = 16;
/// How long a server is left alone before it counts as idle.
const IDLE: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub struct Arguments {
    /// Leads in the measured workspace; several sizes are measured one after the other.
    #[arg(long, value_delimiter = ',', default_value = "100000,1000000")]
    rows: Vec<u32>,
    /// Measure these alone, such as P-01,P-05.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Length of a round of either side.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Write the figures into this file as well.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Keep database and logs in this folder, and use what an earlier run has left there.
    #[arg(long)]
    keep: Option<PathBuf>,
}

impl Arguments {
    fn wants(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only.eq_ignore_ascii_case(id))
    }

    fn wants_any(&self, ids: &[&str]) -> bool {
        ids.iter().any(|id| self.wants(id))
    }

    fn check(&self) -> Result<()> {
        if let Some(unknown) = self.only.iter().find(|only| BARS.iter().all(|bar| !bar.id.eq_ignore_ascii_case(only))) {
            let mut known: Vec<&str> = BARS.iter().map(|bar| bar.id).collect();
            known.dedup();
            bail!("{unknown} is not measured here; there are {}", known.join(", "));
        }
        if self.rows.is_empty() || self.rows.iter().any(|rows| *rows < 1000) || self.seconds == 0 {
            bail!("Use at least 1000 rows and at least one second");
        }
        Ok(())
    }
}

pub async fn bench(config: Config, arguments: Arguments) -> Result<ExitCode> {
    arguments.check()?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // Whatever was started ends with the future that holds it.
    let measured = tokio::select! {
        measured = measure(config, &arguments) => measured?,
        _ = interrupt.recv() => bail!("Stopped before it was done"),
        _ = terminate.recv() => bail!("Stopped before it was done"),
    };
    report::print(&measured);
    if let Some(file) = &arguments.json {
        let text = report::json(&measured, &arguments);
        std::fs::write(file, text).with_context(|| format!("{} could not be written", file.display()))?;
        out::line(&format!("The figures are in {}", file.display()));
    }
    let missed = measured.iter().filter(|measured| !measured.holds()).count();
    if missed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    out::error(&format!("{missed} of {} floors are missed", measured.len()));
    Ok(ExitCode::FAILURE)
}

async fn measure(config: Config, arguments: &Arguments) -> Result<Vec<Measured>> {
    let mut measured = Vec::new();
    let mut sizes = arguments.rows.clone();
    sizes.sort_unstable();
    let mut world = World::open(config, arguments.keep.clone()).await?;
    for (at, rows) in sizes.into_iter().enumerate() {
        world.fill(rows).await?;
        if at == 0 {
            measured.extend(weights(&world, arguments).await?);
            measured.extend(flow::measure(&world, arguments, rows).await?);
        }
        measured.extend(speed::measure(&world, arguments, rows).await?);
    }
    if arguments.wants("P-16") {
        out::line("Starting Nexus with its database to start first ...");
        measured.push(Measured::new("P-16", "cold", world.cold_starts(ROUNDS).await?));
    }
    world.end().await?;
    // Sorting keeps the order of sizes.
    measured.sort_by_key(|measured| BARS.iter().position(|bar| std::ptr::eq(bar, measured.bar)));
    Ok(measured)
}

/// What does not depend on the number of rows.
async fn weights(world: &World, arguments: &Arguments) -> Result<Vec<Measured>> {
    let mut measured = Vec::new();
    if arguments.wants("P-16") {
        out::line("Starting Nexus against a running database ...");
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let nexus = Nexus::start(world).await?;
            times.push(nexus.started_in.as_secs_f64());
            nexus.stop().await?;
        }
        measured.push(Measured::new("P-16", "running", load::median(&mut times)));
    }
    if arguments.wants_any(&["P-09", "P-10", "P-15"]) {
        let nexus = Nexus::start(world).await?;
        if arguments.wants("P-15") {
            out::line("Leaving Nexus idle for ten seconds ...");
            tokio::time::sleep(IDLE).await;
            measured.push(Measured::new("P-15", "idle", nexus.memory()?));
        }
        if arguments.wants_any(&["P-09", "P-10"]) {
            let cookie = world.sign_in(nexus.address).await?;
            let cold = page::cold(nexus.address, &format!("{}/leads", world.path()), &cookie).await?;
            for line in &cold.lines {
                out::line(line);
            }
            if arguments.wants("P-09") {
                measured.push(Measured::new("P-09", "bytes", cold.kilobytes));
                measured.push(Measured::new("P-09", "requests", cold.requests));
            }
            if arguments.wants("P-10") {
                measured.push(Measured::new("P-10", "", cold.wasm_kilobytes));
            }
        }
        nexus.stop().await?;
    }
    Ok(measured)
}
