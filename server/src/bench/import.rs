//! Import of leads from a CSV file, as somebody does it over HTTP: upload, the proposed mapping confirmed, started, and waited for.

use super::bars::Measured;
use super::client::request;
use super::person::Person;
use super::process::Nexus;
use super::speed::unique;
use super::world::World;
use super::{Arguments, load};
use crate::out;
use anyhow::{Result, bail};
use serde_json::json;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::time::Instant;

const ROUNDS: usize = 3;
/// How often it is asked how far an import is.
const LOOK: Duration = Duration::from_millis(50);
/// Longest wait for one of them.
const PATIENCE: Duration = Duration::from_secs(600);

const BOUNDARY: &str = "nexus-bench-7f3a9c51";
const HEADER: &str = "Name,E-mail,Phone,Company,City,Country,Value,Currency,Source,Enquired on\n";
const FIRST: [&str; 8] = ["Amina", "John", "Grace", "Peter", "Neema", "Samuel", "Zawadi", "Kofi"];
const LAST: [&str; 8] = ["Otieno", "Mwangi", "Kamau", "Hassan", "Njoroge", "Okafor", "Weber", "Smith"];
const CITIES: [(&str, &str); 4] = [("Nairobi", "KE"), ("Kampala", "UG"), ("Accra", "GH"), ("Berlin", "DE")];
const SOURCES: [&str; 4] = ["Web form", "Walk-in", "Referral", "Trade fair"];

pub async fn measure(world: &World, arguments: &Arguments, rows: u32) -> Result<Vec<Measured>> {
    if !arguments.wants_any(&["P-14", "P-15"]) {
        return Ok(Vec::new());
    }
    let count = arguments.import_rows;
    // One that has done nothing yet: what it held at most is read at the end.
    let nexus = Nexus::start(world).await?;
    let mut person = Person::sign_in(world, &nexus).await?;
    let run = unique();
    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        out::line(&format!("Importing {count} leads beside {rows} ..."));
        let file = upload(&csv(&format!("{run}-{round}"), count));
        let began = Instant::now();
        person.import(&file, count).await?;
        rates.push(f64::from(count) / began.elapsed().as_secs_f64());
        // The words of what came in are still to be indexed.
        nexus.settle().await?;
    }
    let mut measured = Vec::new();
    if arguments.wants("P-14") {
        measured.push(Measured::new("P-14", "", load::median(&mut rates)).over(rows));
    }
    if arguments.wants("P-15") {
        measured.push(Measured::new("P-15", "importing", nexus.peak()?).over(rows));
    }
    nexus.stop().await?;
    world.tidy().await?;
    Ok(measured)
}

/// A file of leads that nobody has yet: their addresses hang on `run`.
fn csv(run: &str, count: u32) -> String {
    let mut text = String::with_capacity(HEADER.len() + 140 * count as usize);
    text.push_str(HEADER);
    for number in 0..count as usize {
        let (city, country) = CITIES[number % CITIES.len()];
        // Writing to memory does not fail.
        let _ = writeln!(
            text,
            "{} {},lead{number}.{run}@company{}.example,+254 7{number:08},Imported Company {},{city},{country},{}.50,USD,{},2026-03-{:02}",
            FIRST[number % FIRST.len()],
            LAST[number / FIRST.len() % LAST.len()],
            number % 5000,
            number % 5000,
            100 + number % 90_000,
            SOURCES[number / 3 % SOURCES.len()],
            1 + number % 28,
        );
    }
    text
}

/// The form with the file, as a browser sends it.
fn upload(file: &str) -> String {
    format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"leads.csv\"\r\ncontent-type: text/csv\r\n\r\n\
         {file}\r\n--{BOUNDARY}--\r\n"
    )
}

impl Person {
    /// Ends when every row of the file has become a lead.
    async fn import(&mut self, file: &str, count: u32) -> Result<()> {
        let id = self.upload(file).await?;
        let uploaded = self.operation("imports.get", &json!({ "id": id })).await?;
        self.operation("imports.map", &json!({ "id": id, "mapping": uploaded["mapping"] })).await?;
        self.operation("imports.start", &json!({ "id": id })).await?;
        let until = Instant::now() + PATIENCE;
        loop {
            let import = self.operation("imports.get", &json!({ "id": id })).await?;
            match import["status"].as_str() {
                Some("done") if import["created"] == json!(count) => return Ok(()),
                Some("done" | "failed") => {
                    bail!(
                        "Of {count} rows {} became leads, {} were refused: {}",
                        import["created"],
                        import["refused"],
                        import["error"]
                    )
                }
                _ if Instant::now() > until => {
                    bail!("Only {} of {count} rows were imported in {} s", import["done"], PATIENCE.as_secs())
                }
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// The id of the import that the file has become.
    async fn upload(&mut self, file: &str) -> Result<String> {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("content-type", &kind),
            ("sec-fetch-site", "same-origin"),
            ("accept", "text/html"),
        ];
        let path = format!("{}/leads/import", self.workspace);
        let answer = self.connection.send(&request("POST", &path, &headers, file)).await?;
        let head = self.connection.head(answer);
        let to = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default();
        match to.rsplit_once("/imports/") {
            Some((_, id)) if answer.status == 303 => Ok(id.to_owned()),
            _ => bail!("The upload of the file answered {} and led to {to:?}", answer.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::csv;
    use std::collections::HashSet;

    #[test]
    fn a_file_has_as_many_leads_as_it_should_each_with_an_address_of_its_own() {
        let text = csv("x-0", 100);
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), 101);
        assert!(rows.iter().all(|row| row.len() == 10));
        assert_eq!(rows.iter().map(|row| row[1]).collect::<HashSet<_>>().len(), 101);
        assert_eq!(rows[1][..3], ["Amina Otieno", "lead0.x-0@company0.example", "+254 700000000"]);
    }
}
