//! Driving a server: a number of clients, each asking again as soon as it has its answer.

use super::bars::Side;
use super::client::Connection;
use anyhow::{Result, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Makes the bytes of the n-th request.
pub type Requests = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// What is asked of one side.
#[derive(Clone)]
pub struct Work {
    pub address: SocketAddr,
    pub requests: Requests,
    /// Every answer has to have it: a refusal is quick and must not count.
    pub status: u16,
    /// Requests made so far, so that no two rounds make the same.
    pub made: Arc<AtomicU64>,
}

impl Work {
    pub fn new(address: SocketAddr, status: u16, requests: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self { address, requests: Arc::new(requests), status, made: Arc::default() }
    }

    pub async fn drive(&self, clients: usize, time: Duration) -> Result<Side> {
        let mut connections = Vec::with_capacity(clients);
        for _ in 0..clients {
            connections.push(Connection::open(self.address).await?);
        }
        let (began, mut tasks) = (Instant::now(), JoinSet::new());
        for connection in connections {
            tasks.spawn(self.clone().ask(connection, began + time));
        }
        let mut taken = Vec::new();
        while let Some(done) = tasks.join_next().await {
            taken.extend(done??);
        }
        let lasted = began.elapsed().as_secs_f64();
        taken.sort_unstable();
        let at = |share: f64| {
            taken.get((taken.len() as f64 * share) as usize).copied().unwrap_or_default().as_secs_f64() * 1e3
        };
        Ok(Side { per_second: taken.len() as f64 / lasted, p50: at(0.5), p99: at(0.99) })
    }

    async fn ask(self, mut connection: Connection, until: Instant) -> Result<Vec<Duration>> {
        let mut taken = Vec::with_capacity(16 * 1024);
        loop {
            let request = (self.requests)(self.made.fetch_add(1, Ordering::Relaxed));
            let began = Instant::now();
            let answer = connection.send(&request).await?;
            let now = Instant::now();
            if answer.status != self.status {
                let body = connection.body(answer)?;
                let body = String::from_utf8_lossy(&body[..body.len().min(400)]).into_owned();
                bail!("{} was expected, but the answer was {}: {body}", self.status, answer.status);
            }
            taken.push(now - began);
            if now >= until {
                return Ok(taken);
            }
        }
    }
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

/// The value that this share of them does not exceed.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let place = (values.len() as f64 * share).ceil() as usize;
    values.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

/// Each figure's median on its own.
pub fn medians(sides: &[Side]) -> Side {
    let of = |figure: fn(&Side) -> f64| median(&mut sides.iter().map(figure).collect::<Vec<_>>());
    Side { per_second: of(|side| side.per_second), p50: of(|side| side.p50), p99: of(|side| side.p99) }
}

#[cfg(test)]
mod tests {
    use super::{median, quantile};

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&mut []), 0.0);
    }

    #[test]
    fn three_of_four_are_not_above_the_third() {
        assert_eq!(quantile(&mut [4.0, 1.0, 3.0, 2.0], 0.75), 3.0);
        assert_eq!(quantile(&mut [1.0], 0.75), 1.0);
    }
}
