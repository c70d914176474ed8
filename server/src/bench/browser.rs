//! The list page in Chromium, with nothing cached: when its rows can be read, and when its keys are heard. In turns with the ceiling's page, whose
//! rows have neither style nor script: how long a browser takes is as much the machine's doing as the page's.

use super::bars::Measured;
use super::load::quantile;
use super::world::World;
use crate::out;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Handed to Node.js, which finds Playwright in `node_modules` of the folder that `nexus bench` is run in.
const SCRIPT: &str = include_str!("browser.mjs");
const LOADS: u32 = 20;
const ROWS: u32 = 50;
const SHARE: f64 = 0.75;
/// Longest wait for all of it.
const PATIENCE: Duration = Duration::from_secs(300);

/// The last line of the script: milliseconds of each load, or why there are none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Seen {
    /// Of the ceiling's rows.
    bare: Vec<f64>,
    readable: Vec<f64>,
    interactive: Vec<f64>,
    /// Moments on the way there, by name.
    ways: BTreeMap<String, Vec<f64>>,
    absent: Option<String>,
}

/// Without a browser the rows say so.
pub async fn measure(world: &World, ceiling: SocketAddr, address: SocketAddr, cookie: &str) -> Result<Vec<Measured>> {
    let page = json!({
        "address": format!("http://{address}"), "path": format!("{}/leads", world.path()), "cookie": cookie,
        "bare": format!("http://{ceiling}/leads.html"), "rows": ROWS, "loads": LOADS,
    });
    let Some(mut seen) = load(&page.to_string()).await? else { return Ok(absent("no Node.js")) };
    if let Some(why) = &seen.absent {
        return Ok(absent(why));
    }
    if seen.bare.is_empty() || seen.readable.is_empty() || seen.interactive.is_empty() {
        bail!("The browser loaded nothing");
    }
    let (bare, readable) = (quantile(&mut seen.bare, SHARE), quantile(&mut seen.readable, SHARE));
    out::line(&format!("  rows readable {readable:.0} ms, those of the ceiling {bare:.0} ms"));
    let way: Vec<String> =
        seen.ways.iter_mut().map(|(name, times)| format!("{name} {:.0} ms", quantile(times, SHARE))).collect();
    out::line(&format!("  {}", way.join(", ")));
    Ok(vec![
        Measured::new("P-11", "readable", readable / bare),
        Measured::new("P-11", "interactive", quantile(&mut seen.interactive, SHARE)),
    ])
}

fn absent(why: &str) -> Vec<Measured> {
    ["readable", "interactive"].map(|part| Measured::absent("P-11", part, why)).into()
}

/// What the script saw; nothing where nobody runs scripts.
async fn load(page: &str) -> Result<Option<Seen>> {
    let mut command = Command::new("node");
    // The cookie signs in, so it is nothing for the list of processes.
    command.args(["--input-type=module", "-"]).env("BENCH_PAGE", page);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("Node.js could not be started"),
    };
    let mut script = child.stdin.take().context("Node.js takes no script")?;
    script.write_all(SCRIPT.as_bytes()).await?;
    drop(script);
    let done =
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await.context("The browser took too long")??;
    let said = String::from_utf8_lossy(&done.stdout);
    let (Some(last), true) = (said.lines().next_back(), done.status.success()) else {
        bail!("The browser failed: {}", String::from_utf8_lossy(&done.stderr).trim());
    };
    Ok(Some(serde_json::from_str(last).context("The browser said something else than figures")?))
}
