//! The matrix: every operation and every route as every role, and as whoever has no business here, about objects of the caller, of a
//! colleague, of another workspace, out of the trash, and about none that ever was. Who may is said in `matrix/operations.toml`; how far the
//! role's permission reaches, in the roles that new workspaces get.
//!
//! Whatever is refused is followed by a look at every table (`tables.rs`). Nothing stops at the first cell that is wrong: each is told with its
//! operation, role, object, what should have come and what came.

mod calls;
pub mod fixtures;
mod kinds;
mod made;
mod outsiders;
mod own;
mod routes;
mod rows;
mod staff;
mod tables;

use fixtures::CANARY;
use futures::future::join_all;
use made::World;
use reqwest::StatusCode;
use tables::Watch;

/// What stands in every text of the other workspace.
const THEIRS: &str = "CANARY harbour";
/// Letters of an answer that are shown where it is wrong.
const SHOWN: usize = 400;

/// A call, and what is wrong with its answer.
struct Cell {
    denied: bool,
    fault: Option<String>,
}

impl Cell {
    fn of(what: &str, right: bool, wanted: &str, status: StatusCode, body: &str) -> Self {
        let shown = || body.chars().take(SHOWN).collect::<String>();
        Self { denied: false, fault: (!right).then(|| format!("{what}: wanted {wanted}, got {status} {}", shown())) }
    }

    /// Of a call that has to be refused.
    fn refused(what: &str, right: bool, wanted: &str, status: StatusCode, body: &str) -> Self {
        let canary = if body.contains(CANARY) { " and no canary" } else { "" };
        Self { denied: true, ..Self::of(what, right, &format!("{wanted}{canary}"), status, body) }
    }
}

#[derive(Default)]
struct Tally {
    cells: usize,
    denied: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, cells: impl IntoIterator<Item = Cell>) {
        for cell in cells {
            self.cells += 1;
            self.denied += usize::from(cell.denied);
            self.wrong.extend(cell.fault);
        }
    }

    /// Since the last look, by calls that were all refused or only read.
    fn unchanged(&mut self, what: &str, changed: &[String]) {
        self.cells += 1;
        if !changed.is_empty() {
            self.wrong.push(format!("{what}: was refused or only read, and changed {}", changed.join(", ")));
        }
    }

    /// Says the figures, then stops where anything is wrong.
    #[expect(clippy::print_stdout, reason = "a test tells its figures")]
    fn end(&self, part: &str, least: usize) {
        println!(
            "bar=A-05 part={part} cells={} denied={} wrong={} pass={}",
            self.cells,
            self.denied,
            self.wrong.len(),
            i32::from(self.wrong.is_empty())
        );
        assert!(self.wrong.is_empty(), "{} wrong:\n{}", self.wrong.len(), self.wrong.join("\n"));
        assert!(self.cells >= least, "only {} cells", self.cells);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_by_everybody_about_everything() {
    let rows = rows::all();
    let World { server, mut ours, people, made } = World::new(&rows).await;
    let (mut watch, mut tally) = (Watch::new(&server).await, Tally::default());
    // What is refused, first, so that whatever changes then is a fault.
    for (name, row) in &rows {
        let calls = people.iter().map(|person| calls::denied(person, name, row, &made));
        tally.add(join_all(calls).await.into_iter().flatten());
        tally.unchanged(name, &watch.changed().await);
    }
    // What ends the session, or the membership, comes last.
    for last in [false, true] {
        for person in &people {
            for (name, row) in rows.iter().filter(|(_, row)| row.last == last) {
                tally.add(calls::allowed(person, name, row, &mut ours).await);
            }
        }
    }
    println!("roles={} operations={} tables={}", people.len(), rows::operations(&rows), watch.tables());
    record(&tally, people.len(), rows::operations(&rows));
    drop(watch);
    server.end().await;
    tally.end("operations", 5000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_by_everybody() {
    let rows = rows::all();
    let World { server, people, made, .. } = World::new(&rows).await;
    let routes = routes::rows(&server);
    let (mut watch, mut tally) = (Watch::new(&server).await, Tally::default());
    for (name, route) in &routes {
        let calls = people.iter().map(|person| routes::walk(person, name, route, &rows, &made));
        tally.add(join_all(calls).await.into_iter().flatten());
        tally.unchanged(name, &watch.changed().await);
    }
    for (name, row) in &rows {
        let calls = people.iter().map(|person| routes::form(person, name, row, &made));
        tally.add(join_all(calls).await.into_iter().flatten());
        tally.unchanged(&format!("form {name}"), &watch.changed().await);
    }
    drop(watch);
    server.end().await;
    tally.end("routes", 2500);
}

/// The tables by which the matrix says who may what.
const WRITTEN: [&str; 2] = [rows::OPERATIONS, routes::ROUTES];

fn kept() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matrix.json")
}

/// Keeps the figures for the page that shows them, where that is asked for.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment, and dates its run")]
fn record(tally: &Tally, roles: usize, operations: usize) {
    if std::env::var("NEXUS_RECORD").is_err() {
        return;
    }
    let run = domain::admin::MatrixRun {
        at: chrono::Utc::now().format("%Y-%m-%d").to_string(),
        cells: tally.cells,
        denied: tally.denied,
        roles,
        operations,
        wrong: tally.wrong.len(),
        tables: modules::admin::fingerprint(&WRITTEN),
        current: false,
    };
    std::fs::write(kept(), serde_json::to_string(&run).unwrap() + "\n").unwrap();
}

/// What `/admin/proof` shows is a run of these tables, and so of these operations: each of them has its row there.
#[test]
fn the_recorded_run_is_of_this_build() {
    let run: domain::admin::MatrixRun = serde_json::from_str(&std::fs::read_to_string(kept()).unwrap()).unwrap();
    let operations = rows::operations(&rows::all());
    let again = "run NEXUS_RECORD=1 scripts/bars A-05, and keep server/tests/matrix.json with the change";
    assert_eq!(run.operations, operations, "the recorded run knows other operations: {again}");
    assert_eq!(run.tables, modules::admin::fingerprint(&WRITTEN), "the recorded run is of other tables: {again}");
    assert_eq!(run.wrong, 0, "the recorded run has cells that are wrong: {again}");
}
