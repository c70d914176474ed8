//! D-05 and D-12 of records: in every kind of field what was typed stays text on every screen, and in every file that comes out. The description is read:
//! a kind that is added comes along once it is in the exercise pack, and nothing compiles until it is known what it makes of a payload.

mod jobs;
mod lists;
mod plant;
mod records;
mod sheets;

use super::Tally;
use super::html::MARK;
use crate::support::Client;
use plant::Hall;
use reqwest::{Method, Response, StatusCode, header};
use sheets::Cells;
use std::collections::{BTreeMap, BTreeSet};

/// What was seen, by the kind of the screen.
#[derive(Default)]
struct Seen {
    tally: Tally,
    shown: BTreeMap<&'static str, usize>,
    /// Texts that a page was asked for.
    asked: usize,
    lacking: Vec<String>,
}

impl Seen {
    /// A page that has to be there.
    async fn page(&mut self, screen: &'static str, client: &Client, path: &str) -> String {
        self.refused(screen, client, path, StatusCode::OK).await
    }

    /// The same of one that is answered otherwise.
    async fn refused(&mut self, screen: &'static str, client: &Client, path: &str, wanted: StatusCode) -> String {
        let request = client.request(Method::GET, path).header(header::ACCEPT, "text/html");
        self.taken(screen, path, client.send(request).await, wanted).await
    }

    /// Reads an answer as a browser would, and gives back what it says, without the signs that stand for letters.
    async fn taken(&mut self, screen: &'static str, what: &str, answer: Response, wanted: StatusCode) -> String {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.text().await.unwrap();
        let before = self.tally.shown;
        self.tally.judge(&format!("{screen}: {what}"), status, &headers, &body);
        *self.shown.entry(screen).or_default() += self.tally.shown - before;
        if status != wanted {
            self.lacking.push(format!("{screen}: {what} answers {status} and not {wanted}"));
        }
        decoded(&body)
    }

    /// A file that no browser reads as a page.
    fn counted(&mut self, screen: &'static str, text: &str) {
        *self.shown.entry(screen).or_default() += text.matches(MARK).count();
    }

    /// Notes which of the texts a page does not say to the letter.
    fn shows(&mut self, screen: &'static str, page: &str, texts: &[String]) {
        if texts.is_empty() {
            self.lacking.push(format!("{screen} was asked for nothing"));
        }
        self.asked += texts.len();
        let gone = texts.iter().filter(|text| !page.contains(text.as_str()));
        self.lacking.extend(gone.map(|text| format!("{screen} does not show {text}")));
    }

    /// Every screen showed something, all that it was asked for, and nothing that is more than text.
    #[expect(clippy::print_stdout, reason = "a test tells its figures")]
    fn end(self, kinds: &str) {
        let silent: Vec<_> = self.shown.iter().filter(|(_, shown)| **shown == 0).map(|(screen, _)| screen).collect();
        let faults = &self.tally.faults;
        let good = silent.is_empty() && self.lacking.is_empty() && faults.is_empty();
        println!(
            "bar=D-05 screens={} {kinds} pages={} shown={} asked={} lacking={} faults={} pass={}",
            self.shown.len(),
            self.tally.pages,
            self.tally.shown,
            self.asked,
            self.lacking.len(),
            faults.len(),
            u8::from(good)
        );
        assert!(faults.is_empty(), "{} faults, among them {:#?}", faults.len(), &faults[..faults.len().min(20)]);
        assert!(silent.is_empty(), "these screens showed no payload: {silent:?}");
        let lacking = &self.lacking[..self.lacking.len().min(60)];
        assert!(lacking.is_empty(), "{} things were not shown, among them {lacking:#?}", self.lacking.len());
        assert!(self.shown.len() >= 75, "only {} kinds of screens were looked at: {:?}", self.shown.len(), self.shown);
        assert!(self.asked > 2_000 && self.tally.pages > 200, "{} texts on {} pages", self.asked, self.tally.pages);
    }
}

/// A page, or a part of a file, with letters in the place of the signs that stand for them.
fn decoded(page: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(page.to_owned(), |text, (sign, letter)| text.replace(sign, letter))
}

/// Kinds that a description can name, and those that the catalogue adds.
fn described() -> BTreeSet<String> {
    let schema = packs::schema::entity();
    let branches = schema["definitions"]["FieldKind"]["oneOf"].as_array().unwrap();
    branches.iter().map(|branch| branch["properties"]["type"]["const"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_field_stays_text_on_every_screen() {
    let mut hall = Hall::open().await;
    let kinds = hall.tried().await;
    let known: BTreeSet<String> = kinds.kept.union(&kinds.refused).cloned().collect();
    assert_eq!(known, described(), "the exercise pack has no field of some kind");
    let moment = hall.plant().await;
    let saying: BTreeSet<String> = hall.saying.iter().map(|key| plant::kind(hall.piece.field(key).unwrap())).collect();
    assert!(kinds.kept.is_subset(&saying) && saying.len() >= 11, "only {saying:?} say a payload");
    assert_eq!(hall.lost().await, Vec::<String>::new(), "what the API does not give back");
    hall.server.settle().await;
    let (mut seen, mut cells) = (Seen::default(), Cells::default());
    sheets::taken_out(&hall, &mut seen, &mut cells).await;
    lists::tables(&hall, &mut seen, &moment).await;
    lists::grouped(&hall, &mut seen).await;
    lists::boards(&hall, &mut seen, &moment).await;
    lists::dated(&hall, &mut seen).await;
    lists::filtered(&hall, &mut seen).await;
    lists::searched(&hall, &mut seen).await;
    records::pages(&hall, &mut seen, &moment).await;
    records::parts(&hall, &mut seen).await;
    records::notes(&hall, &mut seen).await;
    records::files(&hall, &mut seen).await;
    records::present(&hall, &mut seen).await;
    records::refused(&hall, &mut seen).await;
    records::conflict(&mut hall, &mut seen).await;
    records::thrown_away(&hall, &mut seen).await;
    records::merged(&hall, &mut seen).await;
    jobs::bulk(&hall, &mut seen).await;
    jobs::import(&hall, &mut seen, &mut cells).await;
    lists::views(&hall, &mut seen).await;
    cells.end();
    let (kept, refused) = (kinds.kept.len(), kinds.refused.len());
    seen.end(&format!("kinds={} kept={kept} refused={refused} saying={}", known.len(), saying.len()));
    hall.end().await;
}
