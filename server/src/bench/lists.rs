//! What a place deep in a list, another order and a total cost, held against the first page of the same list.

use super::bars::Measured;
use super::client::request;
use super::load::Work;
use super::pair::{Pair, answer, same};
use super::process::Nexus;
use super::speed::list_path;
use super::world::{INDUSTRY, World};
use super::{Arguments, CONNECTIONS};
use crate::{out, start};
use anyhow::{Context, Result};
use std::time::Duration;

const ROWS: u64 = 50;
/// The page that is looked at, or the last full one where there are fewer.
const DEEP: u64 = 10_000;
/// How long each order is asked for, to find the slowest.
const GLANCE: Duration = Duration::from_secs(1);
/// The order of P-01.
const NEWEST: &str = "-createdAt";

/// The list under other parameters, as its reader asks for it.
struct List<'a> {
    world: &'a World,
    nexus: &'a Nexus,
    cookie: String,
}

pub async fn measure(world: &World, arguments: &Arguments, rows: u32) -> Result<Vec<Measured>> {
    if !arguments.wants_any(&["P-07", "P-08"]) {
        return Ok(Vec::new());
    }
    let nexus = Nexus::start(world).await?;
    let list = List { world, nexus: &nexus, cookie: world.sign_in(nexus.address).await? };
    let time = Duration::from_secs(arguments.seconds);
    let mut measured = Vec::new();
    if arguments.wants("P-07") {
        let deep = list.deep().await?;
        measured.push(list.against(("P-07", "deep"), &deep, time).await?.over(rows));
        let slowest = list.slowest().await?;
        measured.push(list.against(("P-07", "sort"), &ordered(&slowest), time).await?.over(rows));
    }
    if arguments.wants("P-08") {
        // The total that a page shows: counted up to a bound, beyond it an estimate, which is kept for a minute.
        let total = format!("sort={NEWEST}&limit={ROWS}&count=estimated");
        measured.push(list.against(("P-08", ""), &total, time).await?.over(rows));
    }
    nexus.stop().await?;
    Ok(measured)
}

fn ordered(sort: &str) -> String {
    format!("sort={sort}&limit={ROWS}&count=none")
}

impl List<'_> {
    fn request(&self, parameters: &str) -> Vec<u8> {
        let headers = [("cookie", self.cookie.as_str()), ("accept", "application/json")];
        request("GET", &list_path(self.world, parameters), &headers, "")
    }

    fn work(&self, parameters: &str) -> Work {
        let bytes = self.request(parameters);
        Work::new(self.nexus.address, 200, move |_| bytes.clone())
    }

    /// A measurement of the list under these parameters, against its first page in the order of P-01.
    async fn against(
        &self,
        (id, part): (&'static str, &'static str),
        parameters: &str,
        time: Duration,
    ) -> Result<Measured> {
        out::line(&format!("Measuring {id}: {parameters} ..."));
        let pair = Pair {
            id,
            base: self.work(&ordered(NEWEST)),
            nexus: self.work(parameters),
            clients: CONNECTIONS,
            writes: false,
        };
        let (sides, _) = pair.run(self.nexus, time).await?;
        Ok(Measured::ratio(id, part, sides))
    }

    /// Parameters of the page that ten thousand steps would lead to. Skipping to the row before it gives the cursor that the last of these
    /// steps would have given.
    async fn deep(&self) -> Result<String> {
        let address = self.nexus.address;
        let counted = answer((address, &self.request("limit=1&count=exact"))).await?;
        let total = counted["pagination"]["total"].as_u64().context("The list has no total")?;
        let page = DEEP.min(total / ROWS).max(2);
        if page < DEEP {
            out::line(&format!("The list ends before page {DEEP}; page {page} is measured"));
        }
        let skipped = ROWS * (page - 1);
        let before = format!("sort={NEWEST}&limit=1&offset={}&count=none", skipped - 1);
        let before = answer((address, &self.request(&before))).await?;
        let cursor = before["pagination"]["next"].as_str().context("The list gives no cursor")?;
        let deep = format!("{}&cursor={}", ordered(NEWEST), app::page::encode(cursor));
        let by_skipping = self.request(&format!("{}&offset={skipped}", ordered(NEWEST)));
        same((address, &by_skipping), (address, &self.request(&deep))).await?;
        Ok(deep)
    }

    /// The order, of all that the list offers, in which its first page takes longest.
    async fn slowest(&self) -> Result<String> {
        let catalog = start::library(None)?.catalog(INDUSTRY).context("The industry of the measurement is missing")?;
        let lead = catalog.get("lead").context("The industry of the measurement has no leads")?;
        let keys = lead.fields.iter().filter(|field| field.is_sorting()).map(|field| &field.key);
        let sorts: Vec<String> = keys.flat_map(|key| [key.clone(), format!("-{key}")]).collect();
        out::line(&format!("Looking for the slowest of {} orders ...", sorts.len()));
        let mut slowest = (f64::INFINITY, NEWEST.to_owned());
        for sort in sorts {
            let work = self.work(&ordered(&sort));
            let side = work.drive(CONNECTIONS, GLANCE).await.with_context(|| format!("Sorting by {sort} failed"))?;
            if side.per_second < slowest.0 {
                slowest = (side.per_second, sort);
            }
        }
        Ok(slowest.1)
    }
}
