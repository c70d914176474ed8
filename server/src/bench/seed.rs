//! How long a demo workspace takes: the command that makes one, as a process.

use super::{load, process, speed, world};
use crate::out;
use anyhow::{Result, bail};
use std::process::Stdio;
use tokio::time::Instant;
use world::World;

const ROUNDS: usize = 3;

/// Median seconds from the start of the command to its end. The database runs, and has every workspace of the measurement in it.
pub async fn measure(world: &World) -> Result<f64> {
    let run = speed::unique();
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let slug = format!("demo-{run}-{round}");
        out::line(&format!("Seeding the demo workspace {slug} ..."));
        let mut command = process::nexus(world)?;
        command.args(["seed", "--industry", world::INDUSTRY, "--size", "large", "--tenant", &slug]);
        let began = Instant::now();
        let done = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
        times.push(began.elapsed().as_secs_f64());
        let said = String::from_utf8_lossy(&done.stdout);
        if !done.status.success() || !said.contains("records made") {
            let fault = String::from_utf8_lossy(&done.stderr);
            bail!("The demo workspace was not made: {said}{}", fault.lines().next_back().unwrap_or_default());
        }
    }
    Ok(load::median(&mut times))
}
