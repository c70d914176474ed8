//! The matrix: every operation as every role, and as nobody, a stranger, somebody suspended and somebody whose session has ended,
//! about objects of the caller, of a colleague, of another workspace, out of the trash, and about none that ever was. Who may is said in
//! `matrix/operations.toml`; how far the role's permission reaches, in the roles that new workspaces get.

pub mod fixtures;
mod routes;

use crate::support::{Client, Server};
use domain::permission::{ROLES, Reach};
use domain::{Grants, MemberId};
use fixtures::{CANARY, Fixtures, NEVER};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use testkit::TestTenant;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    needs: String,
    #[serde(default)]
    about: Option<String>,
    input: String,
    /// By which the object is seen, where that is another one.
    #[serde(default)]
    sees: Option<String>,
    /// For those only whose permission reaches everybody's.
    #[serde(default)]
    all: bool,
    /// Whether the permission is asked for once the object was found.
    #[serde(default)]
    late: bool,
    /// Whether it is about what is in the trash.
    #[serde(default)]
    restores: bool,
    /// Whether those who may delete the object see it in the trash too.
    #[serde(default)]
    trash: bool,
    /// Statuses that an allowed call may have beside the usual ones.
    #[serde(default)]
    also: Vec<u16>,
    /// What a call about something that the caller cannot see answers, where it is not 404.
    #[serde(default)]
    unseen: Option<u16>,
}

impl Row {
    /// For what needs a permission and no more.
    fn needing(needs: String) -> Self {
        Self { needs, ..Self::default() }
    }

    /// Of the same noun as the permission.
    fn verb(&self, verb: &str) -> String {
        format!("{}.{verb}", self.needs.rsplit_once('.').unwrap_or_default().0)
    }

    /// By which permission the object is seen.
    fn sees(&self) -> String {
        self.sees.clone().unwrap_or_else(|| self.verb("read"))
    }
}

/// Whose the object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Object {
    Own,
    Colleagues,
    Trashed,
    Foreign,
    Random,
}

const OBJECTS: [Object; 5] = [Object::Own, Object::Colleagues, Object::Trashed, Object::Foreign, Object::Random];

fn rows() -> BTreeMap<String, Row> {
    toml::from_str(include_str!("matrix/operations.toml")).unwrap_or_else(|fault| panic!("operations.toml: {fault}"))
}

/// A role's grants as a new workspace has them.
fn grants(role: &str) -> Grants {
    let seed = ROLES.iter().find(|seed| seed.key == role).unwrap();
    Grants(seed.grants.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect())
}

/// What the table says about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Allowed,
    /// The permission is missing: 403, whatever the object.
    Forbidden,
    /// The object cannot be seen: as if it never was.
    Unseen,
}

fn wanted(row: &Row, held: &Grants, object: Option<Object>) -> Wanted {
    let ours = !matches!(object, Some(Object::Trashed | Object::Foreign | Object::Random));
    let reach = if row.needs == "member" { Some(Reach::All) } else { held.reach(&row.needs) };
    let Some(reach) = reach.filter(|reach| !row.all || *reach == Reach::All) else {
        return if row.late && !ours { Wanted::Unseen } else { Wanted::Forbidden };
    };
    // What may be seen and not changed is refused in words; what may not be seen never was.
    let seen = if row.needs == "member" { Some(Reach::All) } else { held.reach(&row.sees()) };
    match object {
        None | Some(Object::Own) if row.sees.is_none() || seen.is_some() => Wanted::Allowed,
        Some(Object::Colleagues) if seen == Some(Reach::All) && reach == Reach::All => Wanted::Allowed,
        Some(Object::Colleagues) if seen == Some(Reach::All) && row.sees.is_none() && !row.restores => {
            Wanted::Forbidden
        }
        Some(Object::Trashed) if row.trash && held.reach(&row.verb("delete")) == Some(Reach::All) => Wanted::Allowed,
        _ => Wanted::Unseen,
    }
}

#[derive(Default)]
struct Tally {
    cells: usize,
    denied: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn check(&mut self, what: &str, right: bool, found: impl FnOnce() -> String) {
        self.cells += 1;
        if !right {
            self.wrong.push(format!("{what}: {}", found()));
        }
    }
}

struct Person {
    role: &'static str,
    client: Client,
    member: MemberId,
    grants: Grants,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_by_everybody_about_everything() {
    let rows = rows();
    for name in domain::operation::CATALOGUE.iter().filter(|name| !name.starts_with("admin.")) {
        assert!(rows.contains_key(*name), "{name} has no row in tests/it/matrix/operations.toml");
    }
    for name in rows.keys() {
        assert!(domain::operation::CATALOGUE.contains(&name.as_str()), "{name} is no operation");
    }
    let server = Server::new().await;
    let routes = routes::rows(&server);
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let harbour = server.world.tenant("harbour", "automotive").await;
    let mut ours = Fixtures::new(&server, &lakeside, "Grace").await;
    let mut theirs = Fixtures::new(&server, &harbour, "Neema").await;
    let mut people = Vec::new();
    for seed in ROLES {
        let (client, caller) = server.signed_in(&lakeside, &format!("P{}", seed.key), &[seed.key]).await;
        people.push(Person { role: seed.key, client, member: caller.access.member, grants: grants(seed.key) });
    }
    let mut tally = Tally::default();

    // What is refused, first, so that whatever changes then is a fault.
    outsiders(&server, &lakeside, &rows, &mut ours, &mut tally).await;
    let mut made = BTreeMap::new();
    for row in rows.values().filter_map(|row| row.about.as_deref()) {
        made.entry((row, Object::Foreign as u8)).or_insert(theirs.make(row, None).await);
        made.entry((row, Object::Colleagues as u8)).or_insert(ours.make(row, None).await);
        if let Some(trashed) = ours.trashed(row).await {
            made.insert((row, Object::Trashed as u8), trashed);
        }
    }
    server.settle().await;
    let before = server.world.fingerprint(fixtures::TABLES).await;
    for person in &people {
        for (name, row) in &rows {
            denied(person, name, row, &made, &mut tally).await;
        }
        routes::walk(person, &routes, &rows, &made, &mut tally).await;
        routes::forms(person, &rows, &made, &mut tally).await;
    }
    server.settle().await;
    let after = server.world.fingerprint(fixtures::TABLES).await;
    let changed: Vec<_> = before.split(' ').zip(after.split(' ')).filter(|(before, after)| before != after).collect();
    tally.check("refused calls change nothing", changed.is_empty(), || format!("{changed:?}"));

    for person in &people {
        for (name, row) in &rows {
            allowed(person, name, row, &mut ours, &mut tally).await;
        }
    }
    println!(
        "bar=A-05 cells={} denied={} roles={} operations={} wrong={} pass={}",
        tally.cells,
        tally.denied,
        people.len(),
        rows.len(),
        tally.wrong.len(),
        i32::from(tally.wrong.is_empty())
    );
    record(&tally, people.len(), rows.len());
    assert!(tally.wrong.is_empty(), "{} wrong:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
    assert!(tally.cells > 1500, "only {} cells", tally.cells);
    server.end().await;
}

/// Keeps the figures for the page that shows them, where that is asked for.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment, and dates its run")]
fn record(tally: &Tally, roles: usize, operations: usize) {
    if std::env::var("NEXUS_RECORD").is_err() {
        return;
    }
    let tables = [include_str!("matrix/operations.toml"), include_str!("matrix/routes.toml")];
    let run = domain::admin::MatrixRun {
        at: chrono::Utc::now().format("%Y-%m-%d").to_string(),
        cells: tally.cells,
        denied: tally.denied,
        roles,
        operations,
        wrong: tally.wrong.len(),
        tables: modules::admin::fingerprint(&tables),
        current: false,
    };
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matrix.json");
    std::fs::write(path, serde_json::to_string(&run).unwrap() + "\n").unwrap();
}

async fn call(client: &Client, name: &str, row: &Row, id: &str, me: MemberId) -> (StatusCode, Value) {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let key = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string();
    let input = row.input.replace("{id}", id).replace("{me}", &me.0.to_string()).replace("{key}", &key);
    let input: Value = serde_json::from_str(&input).unwrap_or_else(|fault| panic!("{name}: {fault}: {input}"));
    client.write(Method::POST, &format!("/w/lakeside/api/v1/operations/{name}"), &input).await
}

/// Nobody, a stranger, somebody suspended, somebody whose session has ended.
async fn outsiders(
    server: &Server,
    tenant: &TestTenant,
    rows: &BTreeMap<String, Row>,
    ours: &mut Fixtures,
    tally: &mut Tally,
) {
    let elsewhere = server.world.tenant("elsewhere", "automotive").await;
    let (stranger, at) = server.signed_in(&elsewhere, "Stranger", &["OWNER"]).await;
    let (suspended, caller) = server.signed_in(tenant, "Suspended", &["OWNER"]).await;
    let (ended, _) = server.signed_in(tenant, "Ended", &["OWNER"]).await;
    let owner = server.world.owner().await;
    let suspend = sqlx::query("update members set status = 'SUSPENDED' where id = $1").bind(caller.access.member.0);
    suspend.execute(&owner).await.unwrap();
    ended.clone().form("/sign-out", &[]).await;
    owner.close().await;
    for (name, row) in rows {
        let id = match &row.about {
            Some(about) => ours.make(about, None).await,
            None => NEVER.to_owned(),
        };
        let nobody = server.client();
        for (who, client, right) in [
            ("nobody", &nobody, StatusCode::UNAUTHORIZED),
            ("a stranger", &stranger, StatusCode::NOT_FOUND),
            ("somebody suspended", &suspended, StatusCode::NOT_FOUND),
            ("an ended session", &ended, StatusCode::UNAUTHORIZED),
        ] {
            let (status, body) = call(client, name, row, &id, at.access.member).await;
            let clean = !body.to_string().contains(CANARY);
            tally.denied += 1;
            tally.check(&format!("{who}: {name}"), status == right && clean, || format!("{status} {body}"));
        }
    }
}

/// Calls that the table refuses.
async fn denied(person: &Person, name: &str, row: &Row, made: &BTreeMap<(&str, u8), String>, tally: &mut Tally) {
    let objects: Vec<Option<Object>> = if row.about.is_some() { OBJECTS.map(Some).to_vec() } else { vec![None] };
    let mut unseen = Vec::new();
    for object in objects {
        let wanted = wanted(row, &person.grants, object);
        let id = match (row.about.as_deref(), object) {
            (Some(_), Some(Object::Random)) => Some(NEVER.to_owned()),
            // Without the permission it does not matter whose it is.
            (Some(about), Some(Object::Own)) => made.get(&(about, Object::Colleagues as u8)).cloned(),
            (Some(about), Some(object)) => made.get(&(about, object as u8)).cloned(),
            _ => Some(String::new()),
        };
        let Some(id) = id.filter(|_| wanted != Wanted::Allowed) else { continue };
        if object == Some(Object::Trashed) && row.restores && wanted == Wanted::Unseen {
            continue;
        }
        let (status, body) = call(&person.client, name, row, &id, person.member).await;
        let right = match wanted {
            Wanted::Forbidden => status == StatusCode::FORBIDDEN,
            _ => row.unseen.map_or(status == StatusCode::NOT_FOUND, |unseen| status.as_u16() == unseen),
        };
        let clean = object != Some(Object::Foreign) || !body.to_string().contains(CANARY);
        tally.denied += 1;
        tally.check(&format!("{} {name} {object:?}", person.role), right && clean, || format!("{status} {body}"));
        if wanted == Wanted::Unseen && matches!(object, Some(Object::Foreign | Object::Random)) {
            let mut body = body;
            if let Some(body) = body.as_object_mut() {
                body.remove("requestId");
            }
            unseen.push((status, body.to_string().replace(&id, "ID")));
        }
    }
    // another workspace's is byte for byte like one that never was.
    if let [one, other] = unseen.as_slice() {
        tally.check(&format!("{} {name} foreign and random", person.role), one == other, || {
            format!("{one:?} {other:?}")
        });
    }
}

/// Calls that the table allows, each about an object made for it.
async fn allowed(person: &Person, name: &str, row: &Row, ours: &mut Fixtures, tally: &mut Tally) {
    let objects: &[Option<Object>] =
        if row.about.is_some() { &[Some(Object::Own), Some(Object::Colleagues)] } else { &[None] };
    for object in objects {
        if wanted(row, &person.grants, *object) != Wanted::Allowed {
            continue;
        }
        // It would end the session that the next rows need.
        if matches!(name, "people.end_other_sessions" | "people.leave") {
            continue;
        }
        let id = match (row.about.as_deref(), object) {
            (Some(about), Some(Object::Own)) => match ours.owned(about, person.member).await {
                Some(id) => id,
                // Owned by nobody: for a narrower reach it is nobody's own.
                None if [&row.needs, &row.sees()]
                    .into_iter()
                    .any(|needs| person.grants.reach(needs).is_some_and(|reach| reach < Reach::All)) =>
                {
                    continue;
                }
                None => ours.make(about, Some(person.member)).await,
            },
            (Some(about), _) => ours.make(about, Some(person.member)).await,
            _ => String::new(),
        };
        if row.restores {
            ours.trash(&id).await;
        }
        let (status, body) = call(&person.client, name, row, &id, person.member).await;
        let code = status.as_u16();
        let right = (!matches!(code, 401 | 403 | 404) && code < 500) || row.also.contains(&code);
        tally.check(&format!("{} {name} {object:?}", person.role), right, || format!("{status} {body}"));
    }
}
