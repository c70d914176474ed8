//! `nexus bench`: speed, size and memory, held against floors. Wherever there is something to compare with, a speed is a ratio within one
//! run, mostly to the ceiling, the smallest server that answers the same request with the same SQL, because timings of a shared machine
//! alone say nothing. docs/bench.md tells how to read it.

mod bars;
mod browser;
mod bulk;
pub mod ceiling;
mod client;
mod data;
mod door;
mod export;
mod flow;
mod import;
mod lists;
mod load;
mod page;
mod pair;
mod person;
mod process;
mod report;
mod rise;
mod seed;
mod sizes;
mod speed;
mod terms;
mod typing;
mod world;

use crate::config::Config;
use crate::out;
use anyhow::{Context, Result, bail};
use bars::{BARS, Measured};
use process::{Ceiling, Nexus};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use world::World;

/// Of each measurement, after one round to warm up.
const ROUNDS: usize = 5;
/// Clients that ask again as soon as they have an answer.
const CONNECTIONS: usize = 16;

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
    /// Leads in the file that is imported.
    #[arg(long, default_value_t = 100_000)]
    import_rows: u32,
    /// The ceiling plans its statements once, as Nexus does, and not as often as PostgreSQL would by itself: a harder yardstick.
    #[arg(long)]
    planned_once: bool,
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
        if self.sizes().len() < 2 && !self.only.is_empty() && self.wants("P-06") {
            bail!("P-06 holds two sizes against each other: name two of them with --rows");
        }
        if self.rows.is_empty()
            || self.rows.iter().any(|rows| *rows < 1000)
            || self.seconds == 0
            || self.import_rows == 0
        {
            bail!("Use at least 1000 rows, at least one second, and import something");
        }
        Ok(())
    }

    /// Fewest leads first.
    fn sizes(&self) -> Vec<u32> {
        let mut sizes = self.rows.clone();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
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
    let mut sheet = Sheet { arguments, measured: Vec::new() };
    let sizes = arguments.sizes();
    // There is at least one.
    let (fewest, most) = (sizes[0], sizes[sizes.len() - 1]);
    let compared = fewest < most && arguments.wants("P-06");
    let mut world = World::open(config, arguments.keep.clone()).await?;
    for rows in sizes {
        world.fill(rows).await?;
        if rows == fewest {
            sheet.take(weights(&world, arguments).await?);
            sheet.take(door::measure(&world, arguments).await?);
            sheet.take(flow::measure(&world, arguments, rows).await?);
        }
        sheet.take(speed::measure(&world, arguments, rows, compared).await?);
        if rows == most {
            sheet.take(lists::measure(&world, arguments, rows).await?);
            sheet.take(import::measure(&world, arguments, rows).await?);
            sheet.take(export::measure(&world, arguments, rows).await?);
            sheet.take(bulk::measure(&world, arguments, rows).await?);
        }
    }
    if compared {
        sheet.take(sizes::compare(&sheet.measured, fewest, most));
    }
    if arguments.wants("P-17") {
        sheet.take(vec![Measured::new("P-17", "", seed::measure(&world).await?)]);
    }
    if arguments.wants("P-16") {
        out::line("Starting Nexus with its database to start first ...");
        sheet.take(vec![Measured::new("P-16", "cold", world.cold_starts(ROUNDS).await?)]);
    }
    world.end().await?;
    let mut measured = sheet.measured;
    // Some were needed for others only.
    measured.retain(|measured| arguments.wants(measured.bar.id));
    // Sorting keeps the order of sizes.
    measured.sort_by_key(|measured| BARS.iter().position(|bar| std::ptr::eq(bar, measured.bar)));
    Ok(measured)
}

/// The figures so far. Each is told as it comes: all of them together take more than an hour.
struct Sheet<'a> {
    arguments: &'a Arguments,
    measured: Vec<Measured>,
}

impl Sheet<'_> {
    fn take(&mut self, measured: Vec<Measured>) {
        for measured in measured.iter().filter(|measured| self.arguments.wants(measured.bar.id)) {
            out::line(&report::told(measured));
        }
        self.measured.extend(measured);
    }
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
    if arguments.wants_any(&["P-09", "P-10", "P-11", "P-15"]) {
        let nexus = Nexus::start(world).await?;
        if arguments.wants("P-15") {
            measured.push(Measured::new("P-15", "idle", nexus.idle().await?));
        }
        let cookie = world.sign_in(nexus.address).await?;
        if arguments.wants_any(&["P-09", "P-10"]) {
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
        if arguments.wants("P-11") {
            out::line("Loading the list page in a browser ...");
            let ceiling = Ceiling::start(world, arguments.planned_once).await?;
            measured.extend(browser::measure(world, ceiling.address, nexus.address, &cookie).await?);
            ceiling.stop().await?;
        }
        nexus.stop().await?;
    }
    Ok(measured)
}
