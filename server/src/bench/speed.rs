//! The ratios to the ceiling: the same request to both, in turns.

use super::bars::Measured;
use super::client::request;
use super::load::Work;
use super::pair::{Pair, same};
use super::process::{Ceiling, Nexus};
use super::world::World;
use super::{Arguments, CONNECTIONS, sizes, typing};
use crate::out;
use anyhow::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Records that are asked for one by one.
const SAMPLE: u32 = 2000;

/// The list that is measured, with other parameters at its end.
pub fn list_path(world: &World, parameters: &str) -> String {
    let filter = app::page::encode("status not in (won, lost)");
    format!("{}/api/v1/leads?filter={filter}&{parameters}", world.path())
}

/// `compared`: sizes are held against each other, for which some of the ratios are taken whether they are asked for or not.
pub async fn measure(world: &World, arguments: &Arguments, rows: u32, compared: bool) -> Result<Vec<Measured>> {
    let wants = |id: &str| arguments.wants(id) || (compared && sizes::compares(id));
    if !["P-01", "P-02", "P-03", "P-04", "P-05", "P-15"].into_iter().any(wants) {
        return Ok(Vec::new());
    }
    if wants("P-04") {
        world.index().await?;
    }
    let (nexus, ceiling) = (Nexus::start(world).await?, Ceiling::start(world, arguments.planned_once).await?);
    let cookie = world.sign_in(nexus.address).await?;
    let mut pairs = pairs(world, ceiling.address, nexus.address, &cookie, rows).await?;
    if wants("P-04") {
        pairs.insert(0, typing::pair(world, ceiling.address, nexus.address, &cookie).await?);
    }
    let mut measured = Vec::new();
    for pair in pairs {
        let loaded = pair.id == "P-01" && arguments.wants("P-15");
        if !wants(pair.id) && !loaded {
            continue;
        }
        out::line(&format!("Measuring {} over {rows} leads ...", pair.id));
        let (sides, memory) = pair.run(&nexus, Duration::from_secs(arguments.seconds)).await?;
        if pair.id == "P-04" {
            measured.extend(typing::figures(sides).map(|figure| figure.over(rows)));
        } else {
            measured.push(Measured::ratio(pair.id, "", sides).over(rows));
        }
        if loaded {
            measured.push(Measured::new("P-15", "loaded", memory).over(rows));
        }
        if pair.writes {
            world.tidy().await?;
        }
    }
    ceiling.stop().await?;
    nexus.stop().await?;
    Ok(measured)
}

/// In the order in which they are measured: what writes comes last.
async fn pairs(world: &World, ceiling: SocketAddr, nexus: SocketAddr, cookie: &str, rows: u32) -> Result<Vec<Pair>> {
    let list = list_path(world, "sort=-createdAt&limit=50&count=none");
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
    same((ceiling, &bare("/leads")(0)), (nexus, &read(&list, "application/json")(0))).await?;
    let one = (records("/leads".to_owned(), String::new()), records(api.clone(), cookie.to_owned()));
    same((ceiling, &one.0(0)), (nexus, &one.1(0))).await?;
    let run = unique();
    Ok(vec![
        Pair {
            id: "P-01",
            base: Work::new(ceiling, 200, bare("/leads")),
            nexus: Work::new(nexus, 200, read(&list, "application/json")),
            clients: CONNECTIONS,
            writes: false,
        },
        Pair {
            id: "P-02",
            base: Work::new(ceiling, 200, one.0),
            nexus: Work::new(nexus, 200, one.1),
            clients: CONNECTIONS,
            writes: false,
        },
        Pair {
            id: "P-05",
            base: Work::new(ceiling, 200, bare("/leads.html")),
            nexus: Work::new(nexus, 200, read(&page, "text/html")),
            clients: CONNECTIONS,
            writes: false,
        },
        Pair {
            id: "P-03",
            base: Work::new(ceiling, 201, creation("/leads".to_owned(), String::new(), format!("c{run}"))),
            nexus: Work::new(nexus, 201, creation(api, cookie.to_owned(), format!("n{run}"))),
            clients: CONNECTIONS,
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
pub fn unique() -> String {
    use platform::clock::Clock;
    platform::clock::SystemClock.now().timestamp_millis().to_string()
}
