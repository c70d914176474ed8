//! A crowd at the door: two hundred people sign in at the same moment, and others go on reading pages. Hashing a password takes a core for
//! twenty milliseconds and twenty megabytes, so this is where a few can starve many.

use super::bars::Measured;
use super::client::{Connection, request};
use super::process::Nexus;
use super::world::{GUESTS, World, guest};
use super::{Arguments, ROUNDS, load};
use crate::out;
use anyhow::{Result, bail};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What became of one crowd.
struct Crowd {
    inside: usize,
    /// Told to come back in a moment.
    refused: usize,
    /// The longest that one of them waited for the answer.
    slowest: Duration,
    /// Of pages meanwhile, milliseconds.
    pages: f64,
}

pub async fn measure(world: &World, arguments: &Arguments) -> Result<Vec<Measured>> {
    if !arguments.wants("C-11") {
        return Ok(Vec::new());
    }
    let nexus = Nexus::start(world).await?;
    out::line(&format!("{GUESTS} people sign in at once, {ROUNDS} times ..."));
    // One page has to be made before it is as quick as the others.
    quiet(nexus.address, Duration::from_secs(1)).await?;
    let (mut longer, mut slowest, mut most) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..ROUNDS {
        let quiet = quiet(nexus.address, Duration::from_secs(arguments.seconds)).await?;
        nexus.forget_peak()?;
        let before = nexus.memory()?;
        let crowd = crowd(world, nexus.address).await?;
        most = most.max(nexus.peak()? - before);
        let Crowd { inside, refused, pages, .. } = crowd;
        out::line(&format!("  {inside} inside, {refused} to come back; pages {quiet:.1} -> {pages:.1} ms"));
        longer.push((pages - quiet).max(0.0));
        slowest.push(crowd.slowest.as_secs_f64());
    }
    nexus.stop().await?;
    Ok(vec![
        Measured::new("C-11", "pages", load::median(&mut longer)),
        Measured::new("C-11", "answer", slowest.into_iter().fold(0.0, f64::max)),
        Measured::new("C-11", "memory", most),
    ])
}

/// Reads a page that has nothing to do with signing in, over and over. Answers the 99th percentile of the times, milliseconds.
async fn glances(address: SocketAddr, go_on: impl Fn() -> bool) -> Result<f64> {
    let mut connection = Connection::open(address).await?;
    let page = request("GET", "/sign-in", &[("accept", "text/html")], "");
    let mut times = Vec::new();
    while go_on() {
        let began = Instant::now();
        let answer = connection.send(&page).await?;
        if answer.status != 200 {
            bail!("The sign-in page answered {}", answer.status);
        }
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(load::quantile(&mut times, 0.99))
}

/// While nobody signs in.
async fn quiet(address: SocketAddr, time: Duration) -> Result<f64> {
    let until = Instant::now() + time;
    glances(address, || Instant::now() < until).await
}

/// Everybody from an address of their own, because one address has few tries; connected first, so that all ask at the same moment.
async fn crowd(world: &World, address: SocketAddr) -> Result<Crowd> {
    let start = Arc::new(Barrier::new(usize::from(GUESTS) + 1));
    let mut guests = JoinSet::new();
    for number in 1..=GUESTS {
        let mut connection = Connection::from(Ipv4Addr::new(127, 0, 1, number), address).await?;
        let (form, start) = (world.credentials(&guest(number)), start.clone());
        guests.spawn(async move {
            start.wait().await;
            let began = Instant::now();
            let status = connection.send(&form).await?.status;
            anyhow::Ok((status, began.elapsed()))
        });
    }
    let over = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(glances(address, {
        let over = over.clone();
        move || !over.load(Ordering::Relaxed)
    }));
    let mut crowd = Crowd { inside: 0, refused: 0, slowest: Duration::ZERO, pages: 0.0 };
    start.wait().await;
    while let Some(answer) = guests.join_next().await {
        let (status, took) = answer??;
        match status {
            303 => crowd.inside += 1,
            429 | 503 => crowd.refused += 1,
            status => bail!("Signing in answered {status}"),
        }
        crowd.slowest = crowd.slowest.max(took);
    }
    over.store(true, Ordering::Relaxed);
    crowd.pages = reader.await??;
    if crowd.inside == 0 {
        bail!("Nobody got in");
    }
    Ok(crowd)
}
