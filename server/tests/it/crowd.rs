//! L-05. Sixty-four people at one list and at one board, over HTTP: what was answered with success is there, once, in the order in which it was
//! answered; and whoever pages through the list meanwhile sees every row that was there all the time exactly once.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::TestTenant;
use uuid::Uuid;

const API: &str = "/w/lakeside/api/v1";
const PEOPLE: usize = 64;
/// Tries after which somebody says that they never get through.
const PATIENCE: u64 = 1_000;
/// States between which a card is moved to and fro, with the moves that lead there.
const OPEN: [(&str, &str); 5] = [
    ("new", "restart"),
    ("contacted", "contact"),
    ("qualified", "qualify"),
    ("proposal", "propose"),
    ("negotiation", "negotiate"),
];

/// What somebody does to what others are at too: they read it, and write it with the version that they read.
enum Task {
    /// A line of their own into the notes of a lead.
    Add { lead: String, tag: String },
    /// A lead into another open state, so many further than the one it is in.
    Move { lead: String, by: usize },
    /// A city of their own into the filter of a view of the team.
    Keep { view: String, city: String },
}

enum Tried {
    /// The version that is there now.
    Done(i64),
    /// Somebody was faster.
    Late,
    /// No connection was free.
    Busy,
    Wrong(String),
}

fn told(status: StatusCode, answer: &Value) -> Tried {
    match status {
        StatusCode::OK | StatusCode::CREATED => Tried::Done(answer["data"]["version"].as_i64().unwrap_or_default()),
        StatusCode::PRECONDITION_FAILED => Tried::Late,
        StatusCode::SERVICE_UNAVAILABLE => Tried::Busy,
        other => Tried::Wrong(format!("{other} {answer}")),
    }
}

async fn write(client: &Client, method: Method, path: &str, version: Option<i64>, body: &Value) -> (StatusCode, Value) {
    let mut request = client.request(method, path).header(header::CONTENT_TYPE, "application/json");
    if let Some(version) = version {
        request = request.header(header::IF_MATCH, format!("\"{version}\""));
    }
    let answer = client.send(request.body(body.to_string())).await;
    let status = answer.status();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn operation(client: &Client, name: &str, input: &Value) -> (StatusCode, Value) {
    write(client, Method::POST, &format!("{API}/operations/{name}"), None, input).await
}

impl Task {
    /// What it is about.
    fn id(&self) -> &str {
        match self {
            Self::Add { lead, .. } | Self::Move { lead, .. } => lead,
            Self::Keep { view, .. } => view,
        }
    }

    async fn attempt(&self, client: &Client) -> Tried {
        if let Self::Keep { view, city } = self {
            return keep(client, view, city).await;
        }
        let path = format!("{API}/leads/{}", self.id());
        let (status, read) = client.json(&path).await;
        if status != StatusCode::OK {
            return told(status, &read);
        }
        let lead = &read["data"];
        let version = lead["version"].as_i64();
        let (status, answer) = match self {
            Self::Add { tag, .. } => {
                let notes = format!("{}{tag}", lead["notes"].as_str().unwrap_or_default());
                write(client, Method::PATCH, &path, version, &json!({ "notes": notes })).await
            }
            Self::Move { by, .. } => {
                let Some(at) = OPEN.iter().position(|(state, _)| lead["status"] == *state) else {
                    return Tried::Wrong(format!("a lead stands in {}", lead["status"]));
                };
                let (_, name) = OPEN[(at + by) % OPEN.len()];
                write(client, Method::POST, &format!("{path}/transitions/{name}"), version, &json!({})).await
            }
            Self::Keep { .. } => return Tried::Wrong("a view is no lead".to_owned()),
        };
        told(status, &answer)
    }
}

async fn keep(client: &Client, view: &str, city: &str) -> Tried {
    let (status, views) = operation(client, "views.list", &json!({ "entity": "lead" })).await;
    if status != StatusCode::OK {
        return told(status, &views);
    }
    let found = views["data"].as_array().into_iter().flatten().find(|found| found["id"] == view);
    let Some(found) = found else { return Tried::Wrong(format!("the view is gone: {views}")) };
    let filter = found["content"]["filter"].as_str().unwrap_or_default().trim_end_matches(')');
    let content = json!({ "filter": format!("{filter}, {city})") });
    let input = json!({ "id": view, "version": found["version"], "content": content });
    let (status, answer) = operation(client, "views.save", &input).await;
    told(status, &answer)
}

/// One of the crowd, and what came of their work.
struct Seat {
    number: usize,
    client: Client,
    member: Uuid,
    /// What was answered with success: what it was about, and the version that is there since.
    done: Vec<(String, i64)>,
    made: Vec<String>,
    late: usize,
    busy: usize,
    wrong: Vec<String>,
}

impl Seat {
    async fn work(&mut self, task: Task) {
        for tried in 0..PATIENCE {
            match task.attempt(&self.client).await {
                Tried::Done(version) => return self.done.push((task.id().to_owned(), version)),
                Tried::Late => self.late += 1,
                Tried::Busy => self.busy += 1,
                Tried::Wrong(why) => return self.wrong.push(format!("{}: {why}", self.number)),
            }
            // Those who were too late come back one after the other.
            let turn = u64::try_from(self.number).unwrap_or_default() + 25 * tried.min(8);
            tokio::time::sleep(Duration::from_millis(turn)).await;
        }
        self.wrong.push(format!("{} never came through with {}", self.number, task.id()));
    }

    async fn make(&mut self, lead: Value) {
        for _ in 0..PATIENCE {
            let (status, answer) = write(&self.client, Method::POST, &format!("{API}/leads"), None, &lead).await;
            match told(status, &answer) {
                Tried::Done(_) => {
                    let id = answer["data"]["id"].as_str().unwrap_or_default().to_owned();
                    return self.made.push(id);
                }
                Tried::Busy => self.busy += 1,
                _ => return self.wrong.push(format!("{} makes no lead: {status} {answer}", self.number)),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.wrong.push(format!("{} never came through with a lead", self.number));
    }

    /// A write that does not say what it has seen.
    async fn unseen(&mut self, lead: &str) {
        let (status, answer) =
            write(&self.client, Method::PATCH, &format!("{API}/leads/{lead}"), None, &json!({ "city": "Unseen" }))
                .await;
        if !matches!(status, StatusCode::PRECONDITION_REQUIRED | StatusCode::SERVICE_UNAVAILABLE) {
            self.wrong.push(format!("{} writes without a version: {status} {answer}", self.number));
        }
    }
}

async fn crowd(server: &Server, tenant: &TestTenant) -> Vec<Seat> {
    let mut seats = Vec::new();
    for number in 0..PEOPLE {
        let (client, caller) = server.entered(tenant, &format!("Writer {number}"), &["MANAGER"]).await;
        let (done, made, wrong) = (Vec::new(), Vec::new(), Vec::new());
        seats.push(Seat { number, client, member: caller.access.member.0, done, made, late: 0, busy: 0, wrong });
    }
    seats
}

/// Leads with these values, by their ids in the order of the values.
async fn leads(server: &Server, tenant: &TestTenant, values: Vec<Value>) -> Vec<String> {
    let maker = server.world.member(tenant, "Maker", &["MANAGER"]).await;
    let mut ctx = server.world.open(&maker).await;
    let entity = ctx.entity("lead").unwrap();
    let row = |values: Value| records::NewRow { id: None, values: values.as_object().cloned().unwrap(), status: None };
    let made = records::create_many(&mut ctx, &entity, values.into_iter().map(row).collect()).await.unwrap();
    ctx.commit().await.unwrap();
    made.into_iter().map(|made| made.id.to_string()).collect()
}

/// A change of a lead as the trail tells it.
#[derive(Debug, sqlx::FromRow)]
struct Told {
    lead: String,
    version: i64,
    was: Option<String>,
    became: Option<String>,
    actor: Option<Uuid>,
}

const TOLD: &str = "\
select record_id::text as lead, (after ->> 'version')::bigint as version,
    before ->> 'status' as was, after ->> 'status' as became, actor_id as actor
from changes where entity = 'lead' and before is not null and after is not null and outcome = 'done' order by 1, 2";

/// What was answered and what is there: every answer of success stands in the trail once, under the name of whoever got it, nothing else does, and
/// each row has been written as often. Answers the trail.
async fn compare(server: &Server, seats: &[Seat], wrong: &mut Vec<String>) -> Vec<Told> {
    let owner = server.world.owner().await;
    let trail: Vec<Told> = sqlx::query_as(TOLD).fetch_all(&owner).await.unwrap();
    let there: Vec<(String, i64)> =
        sqlx::query_as("select id::text, version from leads order by 1").fetch_all(&owner).await.unwrap();
    owner.close().await;
    let there: BTreeMap<String, i64> = there.into_iter().collect();
    let mut answered: Vec<(String, i64, Option<Uuid>)> = Vec::new();
    for seat in seats {
        let leads = seat.done.iter().filter(|(id, _)| there.contains_key(id));
        answered.extend(leads.map(|(id, version)| (id.clone(), *version, Some(seat.member))));
        for id in seat.made.iter().filter(|id| there.get(*id) != Some(&1)) {
            wrong.push(format!("{} made {id}, of which there is the version {:?}", seat.number, there.get(id)));
        }
    }
    answered.sort();
    let told: Vec<(String, i64, Option<Uuid>)> =
        trail.iter().map(|told| (told.lead.clone(), told.version, told.actor)).collect();
    let (left, right): (BTreeSet<_>, BTreeSet<_>) = (answered.iter().collect(), told.iter().collect());
    wrong.extend(left.difference(&right).map(|lost| format!("answered, and not in the trail: {lost:?}")));
    wrong.extend(right.difference(&left).map(|more| format!("in the trail, and answered to nobody: {more:?}")));
    if (answered.len(), told.len()) != (left.len(), right.len()) {
        wrong.push(format!("{} answers and {} entries tell of {} changes", answered.len(), told.len(), left.len()));
    }
    for (id, version) in &there {
        let written = answered.iter().filter(|(lead, ..)| lead == id).count();
        if i64::try_from(written).ok() != Some(version - 1) {
            wrong.push(format!("{id} was written {written} times and is at version {version}"));
        }
    }
    trail
}

#[expect(clippy::print_stdout, reason = "a test tells its figures")]
fn end(name: &str, seats: Vec<Seat>, passes: usize, mut wrong: Vec<String>) {
    let (mut done, mut made, mut late, mut busy) = (0, 0, 0, 0);
    for seat in seats {
        (done, made) = (done + seat.done.len(), made + seat.made.len());
        (late, busy) = (late + seat.late, busy + seat.busy);
        wrong.extend(seat.wrong);
    }
    if late == 0 {
        wrong.push("nobody was too late: they did not write at the same time".to_owned());
    }
    println!(
        "bar=L-05 {name} people={PEOPLE} writes={done} made={made} stale={late} busy={busy} passes={passes} \
         wrong={} pass={}",
        wrong.len(),
        u8::from(wrong.is_empty())
    );
    let first: Vec<&String> = wrong.iter().take(60).collect();
    assert!(wrong.is_empty(), "{} wrong, among them {first:#?}", wrong.len());
}

/// Rows that are there all the time, and those of them at which everybody is.
const ROWS: usize = 300;
const HOT: usize = 8;

/// Each begins with something else: a view, new leads, notes, moves.
async fn write_to_the_list(mut seat: Seat, rows: Arc<Vec<String>>, view: String) -> Seat {
    let number = seat.number;
    for round in 0..4 {
        match (number + round) % 4 {
            0 => seat.work(Task::Keep { view: view.clone(), city: format!("w{number}") }).await,
            1 => {
                for n in 0..2 {
                    // Between those that are there, wherever a reader stands.
                    let name = format!("Lead {:03} of writer {number}", (number * 37 + n * 150) % ROWS);
                    seat.make(json!({ "name": name, "city": "Kisumu" })).await;
                }
            }
            2 => {
                for n in 0..2 {
                    let (lead, tag) = (rows[(number + n * 3) % HOT].clone(), format!("<{number}.{n}>"));
                    seat.work(Task::Add { lead, tag }).await;
                }
            }
            _ => {
                let own = rows[HOT + number * 4].clone();
                seat.unseen(&own).await;
                for by in 1..3 {
                    seat.work(Task::Move { lead: own.clone(), by }).await;
                }
            }
        }
    }
    seat
}

/// From the first page to the last, over and over while others write.
async fn page_through(
    client: Client,
    sort: &str,
    rows: Arc<Vec<String>>,
    busy: Arc<AtomicBool>,
) -> (usize, Vec<String>) {
    let (mut passes, mut wrong) = (0, Vec::new());
    while busy.load(Ordering::Relaxed) || passes < 2 {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let path = format!("{API}/leads?sort={sort}&limit=25&count=none&cursor={cursor}");
            let (status, page) = client.json(&path).await;
            if status == StatusCode::SERVICE_UNAVAILABLE {
                continue;
            }
            if status != StatusCode::OK {
                wrong.push(format!("sorted by {sort}: {status} {page}"));
                return (passes, wrong);
            }
            for row in page["data"].as_array().into_iter().flatten() {
                *seen.entry(row["id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
            }
            match page["pagination"]["next"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        let missed = rows.iter().filter(|row| !seen.contains_key(*row));
        wrong.extend(missed.map(|row| format!("sorted by {sort}, pass {passes}: {row} was not seen")));
        let twice = seen.iter().filter(|(_, times)| **times > 1);
        wrong
            .extend(twice.map(|(row, times)| format!("sorted by {sort}, pass {passes}: {row} was seen {times} times")));
        passes += 1;
    }
    (passes, wrong)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_write_to_a_list_and_a_reader_misses_no_row() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let values = (0..ROWS).map(|n| {
        let value = json!({ "amount": "10", "currency": "KES" });
        json!({ "name": format!("Lead {n:03}"), "company": "Lake Motors", "value": value })
    });
    let rows = Arc::new(leads(&server, &lakeside, values.collect()).await);
    let (reader, _) = server.entered(&lakeside, "Reader", &["MANAGER"]).await;
    let team = json!({ "entity": "lead", "label": "Ours", "team": true, "content": { "filter": "city in (start)" } });
    let (status, made) = operation(&reader, "views.create", &team).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let view = made["data"]["id"].as_str().unwrap().to_owned();

    let busy = Arc::new(AtomicBool::new(true));
    let readers: Vec<_> = ["name", "-name", "-createdAt", "number"]
        .map(|sort| tokio::spawn(page_through(reader.clone(), sort, rows.clone(), busy.clone())))
        .into_iter()
        .collect();
    let seats = crowd(&server, &lakeside).await;
    let writing: Vec<_> =
        seats.into_iter().map(|seat| tokio::spawn(write_to_the_list(seat, rows.clone(), view.clone()))).collect();
    let mut seats = Vec::new();
    for task in writing {
        seats.push(task.await.unwrap());
    }
    busy.store(false, Ordering::Relaxed);
    let (mut passes, mut wrong) = (0, Vec::new());
    for task in readers {
        let (made, missed) = task.await.unwrap();
        passes += made;
        wrong.extend(missed);
    }

    compare(&server, &seats, &mut wrong).await;
    let made: usize = seats.iter().map(|seat| seat.made.len()).sum();
    let owner = server.world.owner().await;
    let (count, unseen): (i64, i64) =
        sqlx::query_as("select count(*), count(*) filter (where city = 'Unseen') from leads")
            .fetch_one(&owner)
            .await
            .unwrap();
    if (usize::try_from(count).unwrap(), unseen) != (ROWS + made, 0) {
        wrong.push(format!("{count} leads, {unseen} of them written unseen, of {ROWS} and {made} that were made"));
    }
    let notes: String =
        sqlx::query_scalar("select coalesce(string_agg(notes, ''), '') from leads").fetch_one(&owner).await.unwrap();
    for (number, n) in (0..PEOPLE).flat_map(|number| [(number, 0), (number, 1)]) {
        let found = notes.matches(&format!("<{number}.{n}>")).count();
        if found != 1 {
            wrong.push(format!("the note {n} of {number} is there {found} times"));
        }
    }
    // The view has everybody's city, and as many versions as were answered.
    let (filter, version): (String, i64) =
        sqlx::query_as("select content ->> 'filter', version from saved_views where id = $1::uuid")
            .bind(&view)
            .fetch_one(&owner)
            .await
            .unwrap();
    let cities: Vec<&str> = filter.split(['(', ')', ',', ' ']).collect();
    for number in 0..PEOPLE {
        let found = cities.iter().filter(|city| **city == format!("w{number}")).count();
        if found != 1 {
            wrong.push(format!("the city of {number} is {found} times in the view: {filter}"));
        }
    }
    let mut versions: Vec<i64> =
        seats.iter().flat_map(|seat| &seat.done).filter(|(id, _)| *id == view).map(|(_, version)| *version).collect();
    versions.sort_unstable();
    if versions != (2..=version).collect::<Vec<_>>() || versions.len() != PEOPLE {
        wrong.push(format!("the view is at version {version}, and answered were {versions:?}"));
    }
    owner.close().await;
    end("list", seats, passes, wrong);
    server.end().await;
}

const CARDS: usize = 12;
const MOVES: usize = 4;

async fn move_cards(mut seat: Seat, cards: Arc<Vec<String>>) -> Seat {
    for n in 0..MOVES {
        let lead = cards[(seat.number * 5 + n * 7) % CARDS].clone();
        seat.work(Task::Move { lead, by: 1 + (seat.number + n) % (OPEN.len() - 1) }).await;
    }
    seat
}

/// Columns of the board: their cards and what these are worth in minor units.
async fn columns(client: &Client) -> Result<BTreeMap<String, (i64, i64)>, String> {
    let input = json!({ "entity": "lead", "measure": "value", "cards": 3 });
    let (status, board) = operation(client, "records.board", &input).await;
    let Some(found) = board["data"].as_array().filter(|_| status == StatusCode::OK) else {
        return Err(format!("{status} {board}"));
    };
    let worth = |column: &Value| -> i64 {
        let sums = column["sums"].as_array().into_iter().flatten();
        sums.filter_map(|sum| sum["amount"].as_str()?.replace('.', "").parse::<i64>().ok()).sum()
    };
    let column = |column: &Value| {
        let state = column["state"].as_str().unwrap_or_default().to_owned();
        (state, (column["count"].as_i64().unwrap_or_default(), worth(column)))
    };
    Ok(found.iter().map(column).collect())
}

/// Looks at the board over and over: at no moment a card is in two columns, or in none.
async fn watch(client: Client, all: (i64, i64), busy: Arc<AtomicBool>) -> (usize, Vec<String>) {
    let (mut passes, mut wrong) = (0, Vec::new());
    while busy.load(Ordering::Relaxed) || passes < 2 {
        match columns(&client).await {
            Ok(columns) => {
                let sum = columns.values().fold((0, 0), |sum, column| (sum.0 + column.0, sum.1 + column.1));
                if sum != all {
                    wrong.push(format!("look {passes}: {sum:?} instead of {all:?}: {columns:?}"));
                }
                passes += 1;
            }
            Err(error) if error.starts_with("503") => {}
            Err(error) => {
                wrong.push(error);
                break;
            }
        }
    }
    (passes, wrong)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_move_cards_of_a_board_and_lose_none() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let values = (1..=CARDS).map(|n| {
        let value = json!({ "amount": n.to_string(), "currency": "KES" });
        json!({ "name": format!("Card {n:02}"), "company": "Lake Motors", "value": value })
    });
    let cards = Arc::new(leads(&server, &lakeside, values.collect()).await);
    let (reader, _) = server.entered(&lakeside, "Reader", &["MANAGER"]).await;
    let count = i64::try_from(CARDS).unwrap();
    let busy = Arc::new(AtomicBool::new(true));
    let watching = tokio::spawn(watch(reader.clone(), (count, count * (count + 1) / 2 * 100), busy.clone()));
    let seats = crowd(&server, &lakeside).await;
    let moving: Vec<_> = seats.into_iter().map(|seat| tokio::spawn(move_cards(seat, cards.clone()))).collect();
    let mut seats = Vec::new();
    for task in moving {
        seats.push(task.await.unwrap());
    }
    busy.store(false, Ordering::Relaxed);
    let (passes, mut wrong) = watching.await.unwrap();

    let trail = compare(&server, &seats, &mut wrong).await;
    if trail.len() != PEOPLE * MOVES {
        wrong.push(format!("the trail tells of {} moves, and {} were made", trail.len(), PEOPLE * MOVES));
    }
    // Each move begins where the one before ended.
    let mut at: BTreeMap<&str, (i64, &str)> = cards.iter().map(|card| (card.as_str(), (1, "new"))).collect();
    for told in &trail {
        let (was, became) = (told.was.as_deref().unwrap_or_default(), told.became.as_deref().unwrap_or_default());
        let before = at.insert(&told.lead, (told.version, became));
        if before != Some((told.version - 1, was)) {
            wrong.push(format!("{told:?} follows {before:?}"));
        }
    }
    let owner = server.world.owner().await;
    let stand: Vec<(String, i64, String)> =
        sqlx::query_as("select id::text, version, status from leads").fetch_all(&owner).await.unwrap();
    for (id, version, status) in &stand {
        if at.get(id.as_str()) != Some(&(*version, status.as_str())) {
            wrong.push(format!(
                "{id} is {status} at version {version}, and was last told of as {:?}",
                at.get(id.as_str())
            ));
        }
    }
    let table: Vec<(String, i64, i64)> = sqlx::query_as(
        "select status, count(*), sum(value_minor)::bigint from leads where deleted_at is null group by 1",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    owner.close().await;
    let table: BTreeMap<String, (i64, i64)> =
        table.into_iter().map(|(state, count, sum)| (state, (count, sum))).collect();
    match columns(&reader).await {
        Ok(mut board) => {
            board.retain(|_, column| *column != (0, 0));
            if board != table {
                wrong.push(format!("the board shows {board:?}, and the table holds {table:?}"));
            }
        }
        Err(error) => wrong.push(error),
    }
    end("board", seats, passes, wrong);
    server.end().await;
}
