//! what a workspace has in files, made or uploaded, is nobody else's; and what a process keeps between requests is kept by workspace.

use crate::matrix::fixtures::{CANARY, Fixtures};
use crate::support::{Client, Server};
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Answers as a browser gets them: status, bytes, where it is led.
async fn fetched(client: &Client, path: &str) -> (u16, Vec<u8>) {
    let answer = client.send(client.request(Method::GET, path).header(header::ACCEPT, "text/html")).await;
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_a_workspace_are_nobody_elses() {
    let server = Server::new().await;
    let (lakeside, harbour) =
        (server.world.tenant("lakeside", "core").await, server.world.tenant("harbour", "core").await);
    let mut fixtures = Fixtures::new(&server, &lakeside, "Grace").await;
    let (owner, _) = server.signed_in(&lakeside, "Olive", &["OWNER"]).await;
    let (stranger, _) = server.signed_in(&harbour, "Neema", &["OWNER"]).await;
    let (ended, _) = server.signed_in(&lakeside, "Ended", &["OWNER"]).await;
    let cookie = ended.cookie("nexus").unwrap();
    ended.form("/sign-out", &[]).await;
    ended.set_cookie("nexus", &cookie);
    let (invoice, import, message) = (
        fixtures.make("invoice", None).await,
        fixtures.make("import", None).await,
        fixtures.make("message", None).await,
    );
    fixtures.make("lead", None).await;
    let files = [
        format!("/invoices/{invoice}/document"),
        format!("/api/v1/invoices/{invoice}/pdf"),
        format!("/api/v1/invoices/{invoice}/pdf?language=sw"),
        format!("/imports/{import}"),
        format!("/imports/{import}/errors.csv"),
        format!("/messages/{message}"),
        format!("/messages/{message}/content.html"),
        "/leads/export.csv".to_owned(),
        "/api/v1/leads/export".to_owned(),
        "/settings/audit.csv".to_owned(),
    ];
    let (mut asked, mut shown, mut leaked) = (0, 0, Vec::new());
    for file in &files {
        let path = format!("/w/lakeside{file}");
        let (status, bytes) = fetched(&owner, &path).await;
        assert!(!matches!(status, 401 | 403 | 404) && status < 500, "{path}: {status}");
        shown += usize::from(holds(&bytes, CANARY) || bytes.starts_with(b"%PDF"));
        let others = [
            ("a stranger", &stranger, path.clone(), &[404][..]),
            ("nobody", &server.client(), path.clone(), &[303, 401]),
            ("an ended session", &ended, path.clone(), &[303, 401]),
            // By their own workspace: what is named is not there, and a list is that of their own rows.
            (
                "a stranger at home",
                &stranger,
                format!("/w/harbour{file}"),
                if file.contains('-') { &[404] } else { &[200] },
            ),
        ];
        for (who, client, path, right) in others {
            let (status, bytes) = fetched(client, &path).await;
            asked += 1;
            if !right.contains(&status) || holds(&bytes, &format!("{CANARY} lakeside")) || bytes.starts_with(b"%PDF") {
                leaked.push(format!("{who}: {path} answers {status}"));
            }
        }
    }
    assert!(leaked.is_empty(), "{leaked:#?}");
    assert!(shown >= 7, "only {shown} of {} files had something to leak", files.len());
    println!("bar=A-12 files={} asked={asked} with_content={shown} leaked=0 pass=1", files.len());
    server.end().await;
}

/// Numbers that a process takes ahead are those of one workspace: however many one uses, the other's begin at their own beginning.
#[tokio::test]
async fn numbers_taken_ahead_are_those_of_one_workspace() {
    let server = Server::new().await;
    let mut firsts = Vec::new();
    for slug in ["lakeside", "harbour"] {
        let tenant = server.world.tenant(slug, "core").await;
        let (owner, _) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
        let mut numbers = Vec::new();
        for at in 0..30 {
            let lead = json!({ "name": format!("Lead {at}") });
            let (status, body) = owner.write(Method::POST, &format!("/w/{slug}/api/v1/leads"), &lead).await;
            assert_eq!(status, StatusCode::CREATED, "{body}");
            numbers.push(body["data"]["number"].to_string());
        }
        let apart: BTreeSet<&String> = numbers.iter().collect();
        assert_eq!(apart.len(), 30, "{numbers:?}");
        // Later ones depend on how soon the next block was there.
        firsts.push(numbers.swap_remove(0));
    }
    assert_eq!(firsts[0], firsts[1], "one workspace's numbers go on where the other's stood");
    server.end().await;
}

/// What outlives a request in a process, with what it is kept by. Reviewed: whatever holds something of a workspace is found by its id.
const KEPT: &[(&str, &str, &str)] = &[
    (
        "server/crates/records/src/memo.rs",
        "pub numbers: Mutex<HashMap<(Uuid, String), Series>>,",
        "workspace and entity",
    ),
    (
        "server/crates/records/src/memo.rs",
        "estimates: Mutex<HashMap<String, (DateTime<Utc>, i64)>>,",
        "a text that ends with the workspace (total.rs, key)",
    ),
    (
        "server/crates/records/src/memo.rs",
        "static MEMOS: Mutex<Vec<(Weak<Services>, Arc<Memo>)>> = Mutex::new(Vec::new());",
        "the process; the two above",
    ),
    (
        "server/crates/workflow/src/engine.rs",
        "shelf: Mutex<HashMap<(Uuid, Uuid, i32), Shelved>>,",
        "workspace, workflow and version",
    ),
    ("server/crates/workflow/src/engine.rs", "access: Mutex<HashMap<Uuid, (Instant, Arc<Access>)>>,", "workspace"),
    (
        "server/crates/workflow/src/worker.rs",
        "struct Held(Arc<Mutex<HashMap<Uuid, (Uuid, i64)>>>);",
        "run; holds its workspace and its lease's token, nothing of what is in it",
    ),
    (
        "server/crates/jobs/src/worker.rs",
        "struct Held(Arc<Mutex<HashMap<Uuid, Holding>>>);",
        "job; holds its lease, nothing of what is in it",
    ),
    (
        "server/crates/api/src/openapi/mod.rs",
        "pub struct Documents(Mutex<HashMap<Seen, Arc<str>>>);",
        "industry and what is hidden; describes the product, holds nothing of a workspace",
    ),
    (
        "server/crates/integrations/src/smtp.rs",
        "free: Mutex<Vec<Transport>>,",
        "nothing: connections to the mail server",
    ),
    (
        "server/crates/platform/src/presence.rs",
        "rooms: Mutex<HashMap<Room, BTreeMap<Uuid, Guest>>>,",
        "workspace and record; who has it open, read by those who may see it",
    ),
    (
        "server/crates/platform/src/live/seats.rs",
        "pub struct Seats(Arc<Mutex<HashMap<Key, usize>>>);",
        "workspace and member; counts their streams",
    ),
    (
        "server/crates/platform/src/live/looks.rs",
        "pub struct Looks<T>(Mutex<HashMap<Arc<Viewer>, Found<T>>>);",
        "one batch of changes, by workspace, member and rights; gone with the batch",
    ),
    ("server/crates/platform/src/live/looks.rs", "type Found<T> = Arc<OnceCell<T>>;", "what the one above holds"),
    (
        "server/crates/platform/src/auth/kept.rs",
        "pub(super) struct Memberships(Mutex<HashMap<(Vec<u8>, String), Membership>>);",
        "session and workspace; used while the session holds and the workspace's number stands (migration 36)",
    ),
    (
        "server/crates/platform/src/still.rs",
        "pub struct Still(Mutex<HashMap<Place, Kept>>);",
        "workspace and member; used while the workspace's number stands (migrations 36 to 38)",
    ),
    ("server/src/net.rs", "struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);", "address; counts connections"),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// No store between requests that was not looked at.
#[test]
fn what_a_process_keeps_was_looked_at() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["server/src", "app/src"] {
        sources(&root.join(folder), &mut files);
    }
    for part in std::fs::read_dir(root.join("server/crates")).unwrap().flatten() {
        if part.file_name() != "testkit" {
            sources(&part.path().join("src"), &mut files);
        }
    }
    let stores = [
        "Mutex<HashMap<",
        "Mutex<BTreeMap<",
        "Mutex<Vec<",
        "Mutex<VecDeque<",
        "Mutex<HashSet<",
        "RwLock<",
        "DashMap<",
        "OnceCell<",
    ];
    let mut found = Vec::new();
    for file in &files {
        let name = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file).unwrap();
        for line in text.split("#[cfg(test)]").next().unwrap_or_default().lines().map(str::trim) {
            if !line.starts_with("//") && !line.starts_with("use ") && stores.iter().any(|store| line.contains(store)) {
                found.push((name.clone(), line.to_owned()));
            }
        }
    }
    let known =
        |file: &str, line: &str| KEPT.iter().any(|(own, store, by)| *own == file && *store == line && !by.is_empty());
    // A guard's type names the store that it locks.
    let new: Vec<_> = found.iter().filter(|(file, line)| !line.contains("MutexGuard<") && !known(file, line)).collect();
    assert!(new.is_empty(), "say in KEPT by what these are kept, or do not keep them: {new:#?}");
    for (file, store, _) in KEPT {
        assert!(found.iter().any(|(own, line)| own == file && line == store), "{file} has no {store} any more");
    }
    println!("bar=A-12 stores={} unprefixed=0 pass=1", KEPT.len());
}
