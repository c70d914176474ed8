//! C-08, F-10 and F-11: what people keep secret is nowhere in a dump of the database, in the log at its most talkative, or on a page that says
//! what went wrong; every column that looks as if it held a secret is on the reviewed list; nothing prints one.

#![expect(clippy::disallowed_methods, reason = "the server is another process with the real time")]

use crate::support::{Client, client_at};
use nexus_server::middleware::request::shown;
use platform::rotation::{COLUMNS, Kept};
use platform::secret::{Keyring, Secret, Vault};
use platform::{TenantTx, TxMode};
use reqwest::{Method, Response, StatusCode, header};
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use testkit::{SmtpSink, TestWorld};
use tokio::process::{Child, Command};
use totp_rs::Builder;

const FIRST: &str = "violet-harbour-canary-61 first";
const SECOND: &str = "violet-harbour-canary-62 second";
const THIRD: &str = "violet-harbour-canary-63 third";
const WRONG: &str = "violet-harbour-canary-64 wrong";
const STAFF: &str = "violet-harbour-canary-65 staff";
const CREDENTIAL: &str = "sk_live_violet-harbour-canary-66";
const MAIL_PASSWORD: &str = "violetharbourcanary67";

/// The product as it is run, saying everything it can say.
struct Process {
    child: Child,
    base: String,
    data: PathBuf,
    log: PathBuf,
}

impl Process {
    async fn start(world: &TestWorld, keys: &str, mail: Option<&str>) -> Self {
        let mut port = [0; 2];
        world.services().random.fill(&mut port);
        let address = format!("127.0.0.1:{}", 30_000 + u16::from_le_bytes(port) % 2_000);
        let name = format!("nexus-secrets-{}-{}", std::process::id(), address.rsplit(':').next().unwrap_or_default());
        let data = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&data);
        std::fs::create_dir_all(&data).unwrap();
        let (base, log) = (format!("http://{address}"), data.join("log"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_nexus"));
        command
            .env_remove("PORT")
            .env_remove("TRUSTED_PROXIES")
            .env("DATABASE_URL", &world.urls.app)
            .env("DATABASE_OWNER_URL", &world.urls.owner)
            .env("DATABASE_PLATFORM_URL", &world.urls.platform)
            .env("DATABASE_MAX_CONNECTIONS", "10")
            .env("NEXUS_ENCRYPTION_KEYS", keys)
            .env("NEXUS_DATA_DIR", &data)
            .env("NEXUS_SITE_ADDR", &address)
            .env("NEXUS_BASE_URL", &base)
            .env("NEXUS_LOG", "json")
            .env("RUST_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .kill_on_drop(true);
        if let Some(mail) = mail {
            command.env("SMTP_URL", mail).env("MAIL_FROM", "post@nexus.example");
        }
        let process = Self { child: command.spawn().unwrap(), base, data, log };
        let client = client_at(&process.base);
        for _ in 0..600 {
            if client.request(Method::GET, "/readyz").send().await.is_ok_and(|answer| answer.status() == StatusCode::OK)
            {
                return process;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server did not start:\n{}", process.said());
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    /// The path of the link in the mail of this template, from the folder for mails that nobody sends.
    async fn link(&self, template: &str) -> String {
        for _ in 0..400 {
            for file in std::fs::read_dir(self.data.join("outbox")).into_iter().flatten().flatten() {
                let text = std::fs::read_to_string(file.path()).unwrap();
                if file.file_name().to_string_lossy().ends_with(&format!("-{template}.txt"))
                    && let Some(line) = text.lines().find(|line| line.starts_with("http"))
                {
                    return line.strip_prefix(&self.base).unwrap().to_owned();
                }
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no mail {template} came")
    }

    async fn end(mut self) -> String {
        self.child.kill().await.unwrap();
        let said = self.said();
        let _ = std::fs::remove_dir_all(&self.data);
        said
    }
}

/// What nobody else may ever read, by name.
#[derive(Default)]
struct Canaries(BTreeMap<String, Vec<String>>);

impl Canaries {
    /// In every spelling that a log or a dump might have.
    fn plant(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= 12, "{name} is too short to be looked for: {secret}");
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let encoded = app::page::encode(secret);
        let mut spelled = vec![secret.to_owned(), secret.replace(' ', "+"), encoded, hex(secret.as_bytes())];
        for alphabet in
            [base64::engine::general_purpose::URL_SAFE_NO_PAD, base64::engine::general_purpose::STANDARD_NO_PAD]
        {
            spelled.push(base64::Engine::encode(&alphabet, secret));
            spelled.extend(base64::Engine::decode(&alphabet, secret).ok().map(|raw| hex(&raw)));
        }
        spelled.retain(|spelling| spelling.len() >= 12);
        spelled.dedup();
        self.0.entry(name.to_owned()).or_default().extend(spelled);
    }

    /// Names of those that stand in a text.
    fn found_in(&self, text: &str) -> Vec<&str> {
        let stands = |spelled: &Vec<String>| spelled.iter().any(|spelling| text.contains(spelling.as_str()));
        self.0.iter().filter(|(_, spelled)| stands(spelled)).map(|(name, _)| name.as_str()).collect()
    }
}

fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).map_or("", |(_, rest)| rest);
    rest.split_once(after).map_or("", |(found, _)| found).to_owned()
}

/// Pages that say what went wrong, with what led to them.
#[derive(Default)]
struct Errors(Vec<(String, String)>);

impl Errors {
    async fn keep(&mut self, about: &str, answer: Response, status: StatusCode) {
        assert_eq!(answer.status(), status, "{about}");
        let headers = format!("{:?}", answer.headers());
        self.0.push((about.to_owned(), headers + &answer.text().await.unwrap()));
    }
}

/// Whoever got something wrong waits a second before the next try.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(1200)).await;
}

async fn dump(owner: &PgPool) -> BTreeMap<String, Vec<String>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I', relname) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    let mut dumped = BTreeMap::new();
    for table in tables {
        let sql = AssertSqlSafe(format!("select t::text from {table} t"));
        dumped.insert(table, sqlx::query_scalar(sql).fetch_all(owner).await.unwrap());
    }
    dumped
}

async fn change(owner: &PgPool, sql: &'static str) {
    sqlx::query(sql).execute(owner).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_secret_is_in_no_dump_no_log_and_no_error() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    let tenant = world.tenant("lakeside", "core").await;
    let services = world.services();
    let (clock, random, passwords) = (services.clock.as_ref(), services.random.as_ref(), services.auth.passwords());
    let hash = passwords.hash(FIRST, random).await.unwrap();
    let pool = &services.pools.platform;
    let user =
        platform::auth::create_user(pool, clock, random, "Amina", "amina@lakeside.example", &hash).await.unwrap();
    world.join(&tenant, user, &["OWNER"], None).await;
    let hash = passwords.hash(STAFF, random).await.unwrap();
    platform::auth::create_staff(pool, clock, random, "Jane", "jane@nexus.example", "ADMIN", &hash).await.unwrap();
    let keys = Keyring::generate("k1", random);
    let keyring = Keyring::parse(keys.expose()).unwrap();
    let mut canaries = Canaries::default();
    let mut errors = Errors::default();
    for (name, password) in [("first password", FIRST), ("second password", SECOND), ("third password", THIRD)] {
        canaries.plant(name, password);
    }
    canaries.plant("wrong password", WRONG);
    canaries.plant("password of staff", STAFF);
    canaries.plant("credential", CREDENTIAL);
    canaries.plant("mail password", MAIL_PASSWORD);
    canaries.plant("outer key", keys.expose().split(':').nth(1).unwrap());

    // A credential of the workspace, as steps of workflows use them.
    let vault = Vault { tenant: tenant.id, keyring: &keyring, random };
    let mut tx = TenantTx::begin(&services.pools.app, tenant.id, TxMode::ReadWrite).await.unwrap();
    let value = Secret::new(CREDENTIAL.as_bytes().to_vec());
    vault.put(tx.conn(), "stripe", &value, uuid::Uuid::from_u128(77)).await.unwrap();
    tx.commit().await.unwrap();

    let server = Process::start(&world, keys.expose(), None).await;
    let login = ("login", "amina@lakeside.example");
    let amina = client_at(&server.base);
    let wrong = amina.form("/sign-in", &[login, ("password", WRONG)]).await;
    errors.keep("a wrong password", wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    pause().await;
    assert_eq!(amina.form("/sign-in", &[login, ("password", FIRST)]).await.status(), StatusCode::SEE_OTHER);
    canaries.plant("first session", &amina.cookie("nexus").unwrap());
    canaries.plant("device", &amina.cookie("nexus_device").unwrap());

    // A new password, and a second factor.
    let password = "/w/lakeside/account/password";
    let refused = amina.form(password, &[("current", WRONG), ("password", SECOND)]).await;
    errors.keep("a wrong password before", refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    pause().await;
    let changed = amina.form(password, &[("current", FIRST), ("password", SECOND)]).await;
    assert_eq!(changed.status(), StatusCode::SEE_OTHER);
    canaries.plant("second session", &amina.cookie("nexus").unwrap());
    assert_eq!(amina.form("/second-factor/prepare", &[]).await.status(), StatusCode::SEE_OTHER);
    let (_, page) = amina.page("/second-factor").await;
    let seed = between(&page, "scan-seed\">", "<").replace(' ', "");
    canaries.plant("seed", &seed);
    let raw = totp_rs::Secret::try_from_base32(&seed).unwrap();
    let totp = Builder::new().with_secret(raw).with_account_name("asa").with_issuer(Some("Nexus")).build().unwrap();
    let moment = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
    let refused = amina.form("/second-factor", &[("code", "000000")]).await;
    // Draws the picture once more, for whom it is: no page about an error.
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    pause().await;
    let done = amina.form("/second-factor", &[("code", &totp.generate(moment).to_string())]).await;
    assert_eq!(done.status(), StatusCode::OK);
    let page = done.text().await.unwrap();
    let recovery: Vec<String> = page.split("<code>").skip(1).map(|rest| between(rest, "", "<")).collect();
    assert_eq!(recovery.len(), 10);
    for code in &recovery {
        canaries.plant("recovery codes", code);
        canaries.plant("recovery codes", &code.replace('-', ""));
    }
    // The page with the seed is about somebody else's from here on.
    assert_eq!(amina.form("/sign-out", &[]).await.status(), StatusCode::SEE_OTHER);
    let again = client_at(&server.base);
    again.form("/sign-in", &[login, ("password", SECOND)]).await;
    canaries.plant("half-open sign-in", &again.cookie("nexus_half").unwrap());
    let refused = again.form("/sign-in/code", &[("code", "0000-0000-0000-0000-0000-0000")]).await;
    errors.keep("a wrong recovery code", refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    pause().await;
    let entered = again.form("/sign-in/code", &[("code", &recovery[0])]).await;
    assert_eq!(entered.status(), StatusCode::SEE_OTHER);
    canaries.plant("third session", &again.cookie("nexus").unwrap());

    // An invitation, a forgotten password, somebody who signs up.
    let page = ("_page", "/w/lakeside/settings/people");
    let invite = [("login", "new@lakeside.example"), ("roles.USER", "true"), page];
    let invited = again.form("/w/lakeside/do/people.invite", &invite).await;
    assert_eq!(invited.status(), StatusCode::SEE_OTHER);
    let invitation = server.link("invitation").await;
    let guest = client_at(&server.base);
    guest.form("/forgot-password", &[login]).await;
    let forgot = server.link("forgot").await;
    let new = [
        ("name", "Baraka"),
        ("login", "baraka@new.example"),
        ("password", THIRD),
        ("workspace", "Hillside"),
        ("industry", "automotive"),
        ("currency", "KES"),
        ("timezone", "Africa/Nairobi"),
    ];
    guest.form("/sign-up", &new).await;
    let sign_up = server.link("sign_up").await;
    for (name, path) in [("invitation", &invitation), ("reset", &forgot), ("sign-up", &sign_up)] {
        canaries.plant(name, path.rsplit('/').next().unwrap());
        assert_eq!(client_at(&server.base).page(path).await.0, StatusCode::OK, "{name}");
        let lost = guest.get(&format!("{path}/further")).await;
        assert_eq!(lost.status(), StatusCode::NOT_FOUND, "{name}");
    }
    assert_eq!(guest.form(&forgot, &[("password", "short")]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(guest.form(&forgot, &[("password", THIRD)]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(guest.form(&sign_up, &[]).await.status(), StatusCode::SEE_OTHER);
    canaries.plant("session of who signed up", &guest.cookie("nexus").unwrap());
    let staff = client_at(&server.base);
    staff.form("/admin/sign-in", &[("login", "jane@nexus.example"), ("password", STAFF)]).await;
    canaries.plant("session of staff", &staff.cookie("nexus-staff").unwrap());

    // Faults of every kind, with secrets in hand.
    faults(&owner, &guest, &staff, &mut errors).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut said = server.end().await;

    // A mail server that will not have our password.
    let sink = SmtpSink::start().await;
    let mail = format!("smtp://post:{MAIL_PASSWORD}@{}", sink.address);
    let sending = Process::start(&world, keys.expose(), Some(&mail)).await;
    client_at(&sending.base).form("/forgot-password", &[("login", "baraka@new.example")]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    said += &sending.end().await;
    sink.stop().await;

    let dumped = dump(&owner).await;
    assert!(
        said.contains("\"level\":\"TRACE\"") && said.contains("/reset-password/"),
        "the log tells little: {}",
        said.len()
    );
    assert!(!dumped["sessions"].is_empty() && dumped["secrets"].len() == 1 && !dumped["account_links"].is_empty());
    let mut hits = Vec::new();
    hits.extend(canaries.found_in(&said).into_iter().map(|name| format!("the log holds: {name}")));
    for (table, rows) in &dumped {
        hits.extend(canaries.found_in(&rows.join("\n")).into_iter().map(|name| format!("{table} holds: {name}")));
    }
    for (about, page) in &errors.0 {
        hits.extend(canaries.found_in(page).into_iter().map(|name| format!("the page about {about} holds: {name}")));
    }
    let rows: usize = dumped.values().map(Vec::len).sum();
    println!(
        "bar=C-08 canaries={} rows={rows} log_bytes={} error_pages={} hits={}",
        canaries.0.len(),
        said.len(),
        errors.0.len(),
        hits.len()
    );
    assert!(hits.is_empty(), "{hits:#?}");
    shapes(&owner).await;
    owner.close().await;
    world.end().await;
}

/// Requests that carry secrets and go wrong, by the caller's fault and by the server's.
async fn faults(owner: &PgPool, guest: &Client, staff: &Client, errors: &mut Errors) {
    let operation = "/w/hillside/api/v1/operations/people.change_password";
    for (about, body) in [
        ("a number for a password", format!("{{\"current\": \"{THIRD}\", \"password\": 5}}")),
        (
            "a password twice",
            format!("{{\"current\": \"{THIRD}\", \"current\": \"{WRONG}\", \"password\": \"{SECOND}\"}}"),
        ),
        ("half a body", format!("{{\"current\": \"{THIRD}\", \"password\": \"{SECOND}")),
        (
            "a field too many",
            format!("{{\"current\": \"{WRONG}\", \"password\": \"{SECOND}\", \"pasword\": \"{THIRD}\"}}"),
        ),
    ] {
        let request =
            guest.request(Method::POST, operation).header(header::CONTENT_TYPE, "application/json").body(body);
        let answer = guest.send(request).await;
        let status = answer.status();
        assert!(status.is_client_error(), "{about}: {status}");
        errors.keep(about, answer, status).await;
    }
    change(owner, "alter table user_credentials rename to user_credentials_gone").await;
    let failed = guest.form("/sign-in", &[("login", "baraka@new.example"), ("password", THIRD)]).await;
    errors.keep("a table that is gone", failed, StatusCode::INTERNAL_SERVER_ERROR).await;
    change(owner, "alter table user_credentials_gone rename to user_credentials").await;
    change(owner, "alter table sessions rename to sessions_gone").await;
    let failed = guest.get("/w/hillside/leads").await;
    let status = failed.status();
    assert!(status.is_server_error(), "{status}");
    errors.keep("sessions that are gone", failed, status).await;
    change(owner, "alter table sessions_gone rename to sessions").await;
    change(owner, "alter table leads rename to leads_gone").await;
    for (client, path) in [(guest, "/w/hillside/leads"), (staff, "/admin")] {
        let failed = client.get(path).await;
        errors.keep("records that are gone", failed, StatusCode::INTERNAL_SERVER_ERROR).await;
    }
    change(owner, "alter table leads_gone rename to leads").await;
}

/// What the list says of a column is what stands in it.
async fn shapes(owner: &PgPool) {
    for (table, column, kept) in COLUMNS {
        let wrong = match kept {
            Kept::Open(_) => continue,
            Kept::Hashed => format!("octet_length({column}) <> 32"),
            Kept::Password => format!("{column} not like '$argon2id$v=19$m=%,t=%,p=%$%'"),
            // A nonce of 24 bytes and a tag of 16 are around the secret.
            Kept::Sealed | Kept::SealedByWorkspace => format!("octet_length({column}) <= 40"),
        };
        let sql = AssertSqlSafe(format!("select count(*) from {table} where {wrong}"));
        let count: i64 = sqlx::query_scalar(sql).fetch_one(owner).await.unwrap();
        assert_eq!(count, 0, "{table}.{column} is not kept as the list says");
    }
}

/// Every column whose name or kind says secret is on the list, and what is on the list is there.
#[tokio::test]
async fn every_column_that_looks_secret_was_looked_at() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    let suspects = suspicious(&owner).await;
    let unknown: Vec<&String> = suspects.iter().filter(|name| !is_listed(name)).collect();
    assert!(unknown.is_empty(), "{unknown:#?} look secret and are not on the list of platform::rotation");
    assert!(suspects.len() > 25, "{suspects:?}");
    let all: Vec<String> = sqlx::query_scalar(
        "select table_name || '.' || column_name from information_schema.columns where table_schema = 'public'",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    let gone: Vec<String> = COLUMNS
        .iter()
        .map(|(table, column, _)| format!("{table}.{column}"))
        .filter(|name| !all.contains(name))
        .collect();
    assert!(gone.is_empty(), "{gone:?} are on the list and not in the database");
    // The query must be able to find one.
    for planted in ["add column api_token text", "add column pin bytea", "add column smtp_password text"] {
        sqlx::query(AssertSqlSafe(format!("alter table locations {planted}"))).execute(&owner).await.unwrap();
    }
    let found = suspicious(&owner).await.into_iter().filter(|name| !is_listed(name)).count();
    let secrets = COLUMNS.iter().filter(|(.., kept)| !matches!(kept, Kept::Open(_))).count();
    println!("bar=F-11 columns_looked_at={} secret={secrets} unlisted=0 planted=3 found={found}", suspects.len());
    assert_eq!(found, 3);
    owner.close().await;
    world.end().await;
}

fn is_listed(name: &str) -> bool {
    COLUMNS.iter().any(|(table, column, _)| format!("{table}.{column}") == *name)
}

async fn suspicious(owner: &PgPool) -> Vec<String> {
    // Partitions repeat their parent; descriptions of entities are business data, whose secrets would have to be declared.
    sqlx::query_scalar(
        "select c.relname || '.' || a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relkind in ('r', 'p') and not c.relispartition and a.atttypid in ('bytea'::regtype, 'text'::regtype, 'varchar'::regtype)
           and (a.atttypid = 'bytea'::regtype
             or a.attname ~ '(secret|token|passw|passphrase|credential|seed|sealed|api_?key|private|hash|salt|cookie|session|otp|pin$)')
         order by 1",
    )
    .fetch_all(owner)
    .await
    .unwrap()
}

/// A route that takes a token has a path that no log shows.
#[test]
fn no_log_line_shows_the_token_of_a_path() {
    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/site/mod.rs")).unwrap();
    let mut walked = 0;
    for path in table.split('"').filter(|text| text.starts_with('/') && text.contains("{token}")) {
        assert!(!shown(&path.replace("{token}", "violet-harbour")).contains("violet"), "{path}");
        walked += 1;
    }
    assert!(walked >= 8, "{walked} routes with a token");
    assert_eq!(shown("/w/lakeside/leads"), "/w/lakeside/leads");
}

/// A struct that prints itself holds what opens something only as a `Secret`.
#[test]
fn nothing_with_a_secret_prints_itself() {
    const NAMES: [&str; 10] = [
        "password",
        "token",
        "secret",
        "seed",
        "code",
        "keys",
        "encryption_keys",
        "cookie",
        "smtp_url",
        "password_hash",
    ];
    // Other codes: of accounts, of kinds of errors, and those that show that an anchor or an archive is ours.
    const REVIEWED: [&str; 7] = [
        "chart.rs: pub struct Account { code",
        "anchor.rs: pub struct Anchor { code",
        "verify.rs: pub struct Archive { code",
        "reports.rs: pub struct AccountBalance { code",
        "reports.rs: pub struct LedgerPage { code",
        "mod.rs: pub struct EntryLine { code",
        "error.rs: pub struct Error { code",
    ];
    let mut found = Vec::new();
    let mut structs = 0;
    for folder in ["server", "app"] {
        for (path, text) in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)) {
            for (head, body) in printing(&text) {
                structs += 1;
                for line in body.lines().map(str::trim) {
                    let Some((name, kind)) = line.trim_start_matches("pub ").split_once(": ") else { continue };
                    let plain = ["String", "&'a str", "Vec<u8>", "Option<String>", "Vec<String>", "Option<&'a str>"];
                    if NAMES.contains(&name) && plain.contains(&kind.trim_end_matches(',')) {
                        found.push(format!("{}: {head} {name}", path.file_name().unwrap().to_string_lossy()));
                    }
                }
            }
        }
    }
    found.retain(|name| !REVIEWED.contains(&name.as_str()));
    assert!(structs > 200, "{structs}");
    assert!(found.is_empty(), "{found:#?} print what they hold");
}

fn rust_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "target" | "tests" | "examples") {
            found.extend(rust_files(&path));
        } else if name.ends_with(".rs") {
            found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// Name and fields of every struct and variant that derives `Debug`.
fn printing(text: &str) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    for part in text.split("#[derive(").skip(1) {
        let Some((derived, rest)) = part.split_once(")]") else { continue };
        let Some(head) = rest.lines().find(|line| line.contains("struct ") || line.contains("enum ")) else { continue };
        let Some(begin) = rest.find(head) else { continue };
        if derived.contains("Debug") && head.ends_with('{') {
            let body = &rest[begin..];
            found.push((head.trim().to_owned(), body.split_once("\n}").map_or(body, |(body, _)| body)));
        }
    }
    found
}
