//! The same request to two sides, or two requests to one of them, in turns.

use super::ROUNDS;
use super::bars::{Side, Sides};
use super::client::Connection;
use super::load::{Work, medians};
use super::process::Nexus;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

/// What is measured, and what it is compared with.
pub struct Pair {
    pub id: &'static str,
    pub base: Work,
    pub nexus: Work,
    /// Each asks again as soon as it has an answer.
    pub clients: usize,
    pub writes: bool,
}

impl Pair {
    /// Medians of either side, and the most memory that Nexus was seen to hold.
    pub async fn run(&self, nexus: &Nexus, time: Duration) -> Result<(Sides, f64)> {
        let (mut bases, mut ours, mut memory) = (Vec::new(), Vec::new(), 0f64);
        for round in 0..=ROUNDS {
            // Who goes first changes, so that a machine that slows down slows both.
            let mut pair = [None::<Side>; 2];
            for side in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
                let work = if side == 0 { &self.base } else { &self.nexus };
                pair[side] = Some(
                    work.drive(self.clients, time)
                        .await
                        .with_context(|| format!("Measuring {} came to an end", self.id))?,
                );
                memory = memory.max(nexus.memory()?);
                if self.writes {
                    nexus.settle().await?;
                }
            }
            // The first round warms up.
            if let ([Some(base), Some(nexus)], true) = (pair, round > 0) {
                bases.push(base);
                ours.push(nexus);
            }
        }
        Ok((Sides { base: medians(&bases), nexus: medians(&ours) }, memory))
    }
}

/// Who is asked, and for what.
pub type Asked<'a> = (SocketAddr, &'a [u8]);

/// A ratio means something only where both sides answer the same, and something.
pub async fn same(base: Asked<'_>, ours: Asked<'_>) -> Result<()> {
    let left = answer(base).await?["data"].take();
    let right = answer(ours).await?["data"].take();
    let nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    if left == right && !nothing(&left) {
        return Ok(());
    }
    let rows = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let (left, right) = (rows(&left), rows(&right));
    let alike = left.iter().zip(&right).take_while(|(one, other)| one == other).count();
    let first = |rows: &[Value]| rows.get(alike).map_or_else(|| "nothing".to_owned(), ToString::to_string);
    bail!(
        "Both sides have to answer the same, and something.\n  asked:    {}\n  row:      {alike}\n  expected: {}\n  Nexus:    {}",
        String::from_utf8_lossy(ours.1).lines().next().unwrap_or_default(),
        first(&left),
        first(&right)
    )
}

/// The JSON that a request is answered with.
pub async fn answer((address, request): Asked<'_>) -> Result<Value> {
    let mut connection = Connection::open(address).await?;
    let answer = connection.send(request).await?;
    let body = connection.body(answer)?;
    if answer.status != 200 {
        bail!("{address} answered {}: {}", answer.status, String::from_utf8_lossy(&body));
    }
    Ok(serde_json::from_slice(&body)?)
}
