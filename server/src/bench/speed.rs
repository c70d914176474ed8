//! The ratios: the same request to the ceiling and to Nexus, in turns.

use super::bars::{Measured, Side, Sides};
use super::client::{Connection, request};
use super::load::{Work, medians};
use super::process::{Ceiling, Nexus};
use super::world::World;
use super::{Arguments, CONNECTIONS, ROUNDS};
use crate::out;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Records that are asked for one by one.
const SAMPLE: u32 = 2000;

/// The rows that take part in the list that is measured.
fn list_path(world: &World) -> String {
    let filter = app::page::encode("status not in (won, lost)");
    format!("{}/api/v1/leads?filter={filter}&sort=-createdAt&limit=50&count=none", world.path())
}

/// One request, as either side is asked for it.
struct Pair {
    id: &'static str,
    ceiling: Work,
    nexus: Work,
    writes: bool,
}

pub async fn measure(world: &World, arguments: &Arguments, rows: u32) -> Result<Vec<Measured>> {
    if !arguments.wants_any(&["P-01", "P-02", "P-03", "P-05", "P-15"]) {
        return Ok(Vec::new());
    }
    let (nexus, ceiling) = (Nexus::start(world).await?, Ceiling::start(world).await?);
    let cookie = world.sign_in(nexus.address).await?;
    let pairs = pairs(world, ceiling.address, nexus.address, &cookie, rows).await?;
    let mut measured = Vec::new();
    for pair in pairs {
        let loaded = pair.id == "P-01" && arguments.wants("P-15");
        if !arguments.wants(pair.id) && !loaded {
            continue;
        }
        out::line(&format!("Measuring {} over {rows} leads ...", pair.id));
        let (sides, memory) = pair.run(&nexus, Duration::from_secs(arguments.seconds)).await?;
        if arguments.wants(pair.id) {
            let value = sides.nexus.per_second / sides.ceiling.per_second;
            measured.push(Measured { rows: Some(rows), sides: Some(sides), ..Measured::new(pair.id, "", value) });
        }
        if loaded {
            measured.push(Measured { rows: Some(rows), ..Measured::new("P-15", "loaded", memory) });
        }
        if pair.writes {
            world.tidy().await?;
        }
    }
    ceiling.stop().await?;
    nexus.stop().await?;
    Ok(measured)
}

impl Pair {
    /// Medians of either side, and the most memory that Nexus was seen to hold.
    async fn run(&self, nexus: &Nexus, time: Duration) -> Result<(Sides, f64)> {
        let (mut ceilings, mut ours, mut memory) = (Vec::new(), Vec::new(), 0f64);
        for round in 0..=ROUNDS {
            // Who goes first changes, so that a machine that slows down slows both.
            let mut pair = [None::<Side>; 2];
            for side in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
                let work = if side == 0 { &self.ceiling } else { &self.nexus };
                pair[side] = Some(
                    work.drive(CONNECTIONS, time)
                        .await
                        .with_context(|| format!("Measuring {} came to an end", self.id))?,
                );
                memory = memory.max(nexus.memory()?);
                if self.writes {
                    nexus.settle().await?;
                }
            }
            // The first round warms up.
            if let ([Some(ceiling), Some(nexus)], true) = (pair, round > 0) {
                ceilings.push(ceiling);
                ours.push(nexus);
            }
        }
        Ok((Sides { ceiling: medians(&ceilings), nexus: medians(&ours) }, memory))
    }
}

/// In the order in which they are measured: what writes comes last.
async fn pairs(world: &World, ceiling: SocketAddr, nexus: SocketAddr, cookie: &str, rows: u32) -> Result<Vec<Pair>> {
    let list = list_path(world);
    let page = format!("{}/leads", world.path());
    let ids = Arc::new(world.sample(rows, SAMPLE).await?);
    let read = |path: &str, accept: &str| {
        let bytes = request("GET", path, &[("cookie", cookie), ("accept", accept)], "");
        move |_| bytes.clone()
    };
    let bare = |path: &str| {
        let bytes = request("GET", path, &[], "");
        move |_| bytes.clone()
    };
    let records = |base: String, cookie: String| {
        let ids = ids.clone();
        move |number: u64| {
            let id = ids[usize::try_from(number).unwrap_or_default() % ids.len()];
            request("GET", &format!("{base}/{id}"), &[("cookie", &cookie), ("accept", "application/json")], "")
        }
    };
    let api = format!("{}/api/v1/leads", world.path());
    same(ceiling, &request("GET", "/leads", &[], ""), nexus, &read(&list, "application/json")(0)).await?;
    let one = (records("/leads".to_owned(), String::new()), records(api.clone(), cookie.to_owned()));
    same(ceiling, &one.0(0), nexus, &one.1(0)).await?;
    let run = unique();
    Ok(vec![
        Pair {
            id: "P-01",
            ceiling: Work::new(ceiling, 200, bare("/leads")),
            nexus: Work::new(nexus, 200, read(&list, "application/json")),
            writes: false,
        },
        Pair {
            id: "P-02",
            ceiling: Work::new(ceiling, 200, one.0),
            nexus: Work::new(nexus, 200, one.1),
            writes: false,
        },
        Pair {
            id: "P-05",
            ceiling: Work::new(ceiling, 200, bare("/leads.html")),
            nexus: Work::new(nexus, 200, read(&page, "text/html")),
            writes: false,
        },
        Pair {
            id: "P-03",
            ceiling: Work::new(ceiling, 201, creation("/leads".to_owned(), String::new(), format!("c{run}"))),
            nexus: Work::new(nexus, 201, creation(api, cookie.to_owned(), format!("n{run}"))),
            writes: true,
        },
    ])
}

/// A different lead each time, under a key of its own.
fn creation(path: String, cookie: String, run: String) -> impl Fn(u64) -> Vec<u8> {
    move |number| {
        let body = format!(
            r#"{{"name":"New Lead {number}","email":"{run}-{number}@new.example","phone":"+254 700 {number}","company":"New Company {}","city":"Nairobi","country":"KE","value":{{"amount":"{}.50","currency":"USD"}},"source":"web_form"}}"#,
            number % 1000,
            100 + number % 10_000,
        );
        let key = format!("{run}-{number}");
        let headers = [
            ("cookie", cookie.as_str()),
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("sec-fetch-site", "same-origin"),
            ("idempotency-key", &key),
        ];
        request("POST", &path, &headers, &body)
    }
}

/// Tells the rows of one run from those of another over a kept database.
fn unique() -> String {
    use platform::clock::Clock;
    platform::clock::SystemClock.now().timestamp_millis().to_string()
}

/// A ratio means something only where both sides answer the same.
async fn same(ceiling: SocketAddr, bare: &[u8], nexus: SocketAddr, ours: &[u8]) -> Result<()> {
    let (left, right) = (data(ceiling, bare).await?, data(nexus, ours).await?);
    if left == right {
        return Ok(());
    }
    let first = |value: &Value| value.as_array().and_then(|rows| rows.first()).unwrap_or(value).to_string();
    bail!("The ceiling does not answer what Nexus answers.\n  ceiling: {}\n  Nexus:   {}", first(&left), first(&right))
}

async fn data(address: SocketAddr, request: &[u8]) -> Result<Value> {
    let mut connection = Connection::open(address).await?;
    let answer = connection.send(request).await?;
    let body = connection.body(answer)?;
    if answer.status != 200 {
        bail!("{address} answered {}: {}", answer.status, String::from_utf8_lossy(&body));
    }
    let mut body: Value = serde_json::from_slice(&body)?;
    Ok(body["data"].take())
}
