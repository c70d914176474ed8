//! A server on a port of its own, over a world of its own, and people who talk to it.

use nexus_server::config::Config;
use nexus_server::{net, site, start, worker};
use platform::Caller;
use platform::shelf::Shelf;
use reqwest::header::{self, HeaderMap};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{PASSWORD, TestTenant, TestWorld};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub struct Server {
    pub world: TestWorld,
    pub base: String,
    /// Where the server keeps its files: `outbox` holds the mails that it did not send.
    pub data: std::path::PathBuf,
    /// Where files of records lie.
    pub files: std::path::PathBuf,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    background: Option<worker::Background>,
}

impl Server {
    pub async fn new() -> Self {
        Self::with(net::Limits::default()).await
    }

    pub async fn with(limits: net::Limits) -> Self {
        let (files, shelf) = folder();
        Self { files, ..Self::keeping(shelf, limits).await }
    }

    /// With packs of the test's own.
    pub async fn of(library: packs::Library) -> Self {
        let (files, shelf) = folder();
        let registry = |registry: &mut platform::Registry| {
            *registry = start::registry();
            registry.hook(shelf);
        };
        let world = TestWorld::of(library, registry).await;
        Self { files, ..Self::over(world, net::Limits::default()).await }
    }

    /// With a file store of the test's own.
    pub async fn with_shelf(shelf: Shelf) -> Self {
        Self::keeping(shelf, net::Limits::default()).await
    }

    async fn keeping(shelf: Shelf, limits: net::Limits) -> Self {
        let registry = |registry: &mut platform::Registry| {
            *registry = start::registry();
            registry.hook(shelf);
        };
        Self::over(TestWorld::new(registry).await, limits).await
    }

    pub async fn over(world: TestWorld, limits: net::Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        // Servers of one process are told apart by their ports.
        let port = base.rsplit(':').next().unwrap_or_default();
        let data = std::env::temp_dir().join(format!("nexus-it-{}-{port}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        let settings = HashMap::from([
            ("NEXUS_BASE_URL".to_owned(), base.clone()),
            ("NEXUS_DATA_DIR".to_owned(), data.to_string_lossy().into_owned()),
            // Tests ask faster than people do.
            ("NEXUS_LIMIT_ADDRESS".to_owned(), "1000000".to_owned()),
            ("NEXUS_LIMIT_MEMBER".to_owned(), "1000000".to_owned()),
            ("NEXUS_LIMIT_WORKSPACE".to_owned(), "1000000".to_owned()),
        ]);
        let config = Config::read(&settings).unwrap();
        let app = start::app(config, world.platform.clone());
        let (stop, stopped) = watch::channel(false);
        let workflows = start::workflow_templates(&world.library);
        let tools = worker::Tools { mailer: Arc::new(integrations::Sandbox), workflows };
        let background = worker::start(&app, true, tools, stopped.clone());
        let serving = tokio::spawn(net::serve(listener, site::router(app), limits, stopped));
        Self { world, base, data, files: std::path::PathBuf::new(), stop, serving, background: Some(background) }
    }

    /// What handlers share, made anew over the same world.
    pub fn app(&self) -> nexus_server::state::App {
        let settings = HashMap::from([("NEXUS_BASE_URL".to_owned(), self.base.clone())]);
        start::app(Config::read(&settings).unwrap(), self.world.platform.clone())
    }

    /// Every route as `nexus routes` prints it.
    pub fn routes(&self) -> Vec<api::RouteInfo> {
        site::table(&self.app()).routes().to_vec()
    }

    /// Waits until what follows by itself (the index, workflows, messages) is done: nothing is queued, and the readers of events stand still.
    pub async fn settle(&self) {
        let owner = self.world.owner().await;
        let mut before = String::new();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now: String = sqlx::query_scalar(
                "select (select count(*) from jobs where state in ('queued', 'running'))::text || ' ' || (select count(*) from events)::text
                    || ' ' || coalesce((select string_agg(name || event_id::text, ',' order by name) from event_consumers), '')",
            )
            .fetch_one(&owner)
            .await
            .unwrap();
            if now == before && now.starts_with("0 ") {
                break;
            }
            before = now;
        }
        owner.close().await;
    }

    pub fn client(&self) -> Client {
        client_at(&self.base)
    }

    /// Somebody with these roles, signed in by the form.
    pub async fn signed_in(&self, tenant: &TestTenant, name: &str, roles: &[&str]) -> (Client, Caller) {
        let email = format!("{}@{}.example", name.to_lowercase(), tenant.slug);
        let user = self.world.user(name, &email).await;
        let member = self.world.join(tenant, user, roles, None).await;
        let client = self.client();
        let answer = client.form("/sign-in", &[("login", &email), ("password", PASSWORD)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{name} signs in");
        (client, self.world.caller(tenant, member).await)
    }

    /// Somebody with these roles and a session, without a password: hashing hundreds of them would test patience.
    pub async fn entered(&self, tenant: &TestTenant, name: &str, roles: &[&str]) -> (Client, Caller) {
        let caller = self.world.member(tenant, name, roles).await;
        let client = self.client();
        client.set_cookie("nexus", &self.session(caller.access.user.unwrap()).await);
        (client, caller)
    }

    /// The cookie of a session that was begun without the form.
    pub async fn session(&self, user: domain::UserId) -> String {
        let users = self.world.services().auth.users.clone();
        let session = tower_sessions::Session::new(None, Arc::new(users.clone()), None);
        users.begin(&session, user.0, None, Some("test")).await.unwrap();
        session.id().unwrap().to_string()
    }

    pub async fn end(mut self) {
        let _ = self.stop.send(true);
        if let Some(background) = self.background.take() {
            background.end().await;
        }
        let _ = tokio::time::timeout(Duration::from_secs(5), &mut self.serving).await;
        self.serving.abort();
        let _ = std::fs::remove_dir_all(&self.data);
        let _ = std::fs::remove_dir_all(&self.files);
        self.world.end().await;
    }
}

/// A folder of a server's own for files, and the store that keeps them there.
fn folder() -> (std::path::PathBuf, Shelf) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let files = std::env::temp_dir().join(format!("nexus-it-files-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&files);
    let shelf = Shelf { store: Arc::new(integrations::ObjectFiles::local(&files).unwrap()), scanner: None };
    (files, shelf)
}

/// A number that a long form of a test is given by a variable of the environment.
pub fn wanted(name: &str, usual: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "a test may be told how long to go on")]
    let wanted = std::env::var(name).ok().and_then(|value| value.parse().ok());
    wanted.unwrap_or(usual)
}

/// A page without what differs from request to request: nonces, ids and the moment.
pub fn steady(page: &str) -> String {
    let mut out = String::new();
    for word in page.split(['"', '\'', '<', '>', ' ', '=']) {
        // A nonce has no digit once in forty times, so every long word goes; those that are the same on every page are no loss.
        let coded =
            word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(&byte));
        let differs = coded || word.contains('T') && word.ends_with('Z');
        if !differs {
            out.push_str(word);
            out.push(' ');
        }
    }
    out
}

/// Somebody who is not signed in, at any server.
pub fn client_at(base: &str) -> Client {
    Client { base: base.to_owned(), cookies: Arc::default(), http: http() }
}

/// The same from an address of its own: all of 127.0.0.0/8 is this machine.
pub fn client_from(base: &str, address: std::net::IpAddr) -> Client {
    Client { base: base.to_owned(), cookies: Arc::default(), http: http_from(Some(address)) }
}

fn http() -> reqwest::Client {
    http_from(None)
}

#[expect(clippy::disallowed_methods, reason = "tests talk to the server from outside")]
fn http_from(address: Option<std::net::IpAddr>) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .local_address(address)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

/// A browser, as far as headers and cookies go.
#[derive(Clone)]
pub struct Client {
    pub base: String,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    http: reqwest::Client,
}

impl Client {
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let cookies = self.cookies.lock().unwrap();
        let line: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.request(method, format!("{}{path}", self.base)).header("sec-fetch-site", "same-origin");
        if line.is_empty() { request } else { request.header(header::COOKIE, line.join("; ")) }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Response {
        let answer = request.send().await.expect("the server answers");
        self.keep(answer.headers());
        answer
    }

    fn keep(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap();
        for line in headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).unwrap_or_default();
            if line.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(self.request(Method::GET, path)).await
    }

    /// As a browser asks for a page.
    pub async fn page(&self, path: &str) -> (StatusCode, String) {
        let answer = self.send(self.request(Method::GET, path).header(header::ACCEPT, "text/html")).await;
        (answer.status(), answer.text().await.unwrap())
    }

    pub async fn json(&self, path: &str) -> (StatusCode, Value) {
        let answer = self.get(path).await;
        (answer.status(), body(answer).await)
    }

    pub async fn write(&self, method: Method, path: &str, value: &Value) -> (StatusCode, Value) {
        let request =
            self.request(method, path).header(header::CONTENT_TYPE, "application/json").body(value.to_string());
        let answer = self.send(request).await;
        (answer.status(), body(answer).await)
    }

    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html")
            .body(encoded(fields));
        self.send(request).await
    }
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", app::page::encode(name), app::page::encode(value)))
        .collect();
    pairs.join("&")
}

async fn body(answer: Response) -> Value {
    let text = answer.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// Rows and cells of a CSV file.
pub fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

/// Sends a form as a browser sends one with files: the name of the part, that of the file, what is in it.
pub async fn in_parts(
    client: &Client,
    path: &str,
    fields: &[(String, String)],
    files: &[(String, String, &[u8])],
) -> Response {
    let mut body = Vec::new();
    let mut part = |head: String, content: &[u8]| {
        body.extend_from_slice(format!("--cut\r\ncontent-disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    for (name, value) in fields {
        part(format!("name=\"{name}\""), value.as_bytes());
    }
    for (name, file, content) in files {
        part(format!("name=\"{name}\"; filename=\"{}\"", file.replace('"', "%22")), content);
    }
    body.extend_from_slice(b"--cut--\r\n");
    let request = client
        .request(Method::POST, path)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
        .body(body);
    client.send(request).await
}
