//! The second factor, confirmation, what workspaces ask of sessions, and support staff acting for members, over HTTP.

use crate::support::{Client, Server};
use api::Guard;
use chrono::Duration;
use domain::UserId;
use domain::operation::SENSITIVE;
use platform::Caller;
use platform::clock::Clock;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use testkit::{PASSWORD, TestTenant};
use totp_rs::{Builder, Secret, Totp};

/// A phone with an authenticator app.
struct Phone {
    totp: Totp,
    recovery: Vec<String>,
}

impl Phone {
    fn code(&self, server: &Server) -> String {
        self.totp.generate(u64::try_from(server.world.clock.now().timestamp()).unwrap()).to_string()
    }
}

/// Sets a second factor up by its pages. `base` is empty for people and `/admin` for staff.
async fn set_up(server: &Server, client: &Client, base: &str) -> Phone {
    let path = format!("{base}/second-factor");
    let begun = client.form(&format!("{path}/prepare"), &[]).await;
    assert_eq!(begun.status(), StatusCode::SEE_OTHER, "a seed is made");
    let (status, page) = client.page(&path).await;
    assert_eq!(status, StatusCode::OK);
    let seed = between(&page, "scan-seed\">", "<").replace(' ', "");
    let seed = Secret::try_from_base32(seed).unwrap();
    let totp = Builder::new().with_secret(seed).with_account_name("asa").with_issuer(Some("Nexus")).build().unwrap();
    let mut phone = Phone { totp, recovery: Vec::new() };
    let done = client.form(&path, &[("code", &phone.code(server))]).await;
    assert_eq!(done.status(), StatusCode::OK);
    let page = done.text().await.unwrap();
    phone.recovery = page.split("<code>").skip(1).map(|rest| between(rest, "", "<")).collect();
    assert_eq!(phone.recovery.len(), 10, "recovery codes are shown");
    let (_, again) = client.page(&path).await;
    assert!(!again.contains(&phone.recovery[0]), "and never again");
    server.world.clock.advance(Duration::seconds(60));
    phone
}

fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).map_or("", |(_, rest)| rest);
    rest.split_once(after).map_or("", |(found, _)| found).to_owned()
}

fn location(answer: &reqwest::Response) -> String {
    answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Nobody is signed in: said, or led to the sign-in.
fn is_shut(answer: &reqwest::Response) -> bool {
    answer.status() == StatusCode::UNAUTHORIZED || matches!(location(answer).as_str(), "/sign-in" | "/admin/sign-in")
}

const LEADS: &str = "/w/lakeside/api/v1/leads";

async fn opens(server: &Server, cookie: &str) -> StatusCode {
    let client = server.client();
    client.set_cookie("nexus", cookie);
    client.get(LEADS).await.status()
}

async fn operation(client: &Client, name: &str, input: &Value) -> (StatusCode, Value) {
    client.write(Method::POST, &format!("/w/lakeside/api/v1/operations/{name}"), input).await
}

async fn staff(server: &Server, role: &str) -> Client {
    let services = server.world.services();
    let hash = services.auth.passwords().hash(PASSWORD, services.random.as_ref()).await.unwrap();
    let (pool, email) = (&services.pools.platform, format!("{}@nexus.example", role.to_lowercase()));
    let (clock, random) = (services.clock.as_ref(), services.random.as_ref());
    platform::auth::create_staff(pool, clock, random, &format!("Jane {role}"), &email, role, &hash).await.unwrap();
    let client = server.client();
    let answer = client.form("/admin/sign-in", &[("login", &email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    client
}

async fn world() -> (Server, TestTenant) {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    (server, tenant)
}

/// The password alone opens nothing, on any route and under any name.
#[tokio::test]
async fn signing_in_has_two_pages_and_the_first_opens_nothing() {
    let (server, tenant) = world().await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let phone = set_up(&server, &amina, "").await;
    let login = [("login", "amina@lakeside.example"), ("password", PASSWORD), ("next", "/w/lakeside/leads")];

    let other = server.client();
    assert_eq!(location(&other.get("/sign-in/code").await), "/sign-in", "no code without a password");
    let answer = other.form("/sign-in", &login).await;
    assert_eq!(location(&answer), "/sign-in/code?next=%2Fw%2Flakeside%2Fleads");
    let half = other.cookie("nexus_half").expect("a half-open sign-in");
    assert!(other.cookie("nexus").is_none() && other.cookie("nexus_device").is_none());
    other.set_cookie("nexus", &half);
    let mut asked = 0;
    for route in server.routes().iter().filter(|route| route.guard != Guard::Public) {
        let path = route
            .path
            .replace("{workspace}", "lakeside")
            .replace("{industry}", "core")
            .replace("{entity}", "leads")
            .replace("{operation}", "records.create")
            .replace("{name}", "records.list")
            .replace("{id}", "0199a000-0000-7000-8000-000000000000");
        let answer = other.send(other.request(route.method.parse().unwrap(), &path)).await;
        assert!(is_shut(&answer), "{} {path}: {}", route.method, answer.status());
        other.set_cookie("nexus", &half);
        asked += 1;
    }
    assert!(asked > 80, "{asked}");

    let wrong = other.form("/sign-in/code", &[("code", "000000")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    server.world.clock.advance(Duration::seconds(20));
    let right = other.form("/sign-in/code", &[("code", &phone.code(&server)), ("next", "/w/lakeside/leads")]).await;
    assert_eq!(location(&right), "/w/lakeside/leads");
    assert_eq!(other.get(LEADS).await.status(), StatusCode::OK);
    assert!(other.cookie("nexus_half").is_none());

    // A recovery code does as well, and leads back to the start when the first half is over.
    let third = server.client();
    third.form("/sign-in", &login).await;
    assert_eq!(location(&third.form("/sign-in/code", &[("code", &phone.recovery[0])]).await), "/");
    let late = server.client();
    late.form("/sign-in", &login).await;
    server.world.clock.advance(Duration::seconds(601));
    assert_eq!(location(&late.form("/sign-in/code", &[("code", &phone.code(&server))]).await), "/sign-in");
    println!("half-open: {asked} routes refused");
    server.end().await;
}

/// C-02. A new id at seven transitions, the one before dead, and an id that nobody gave out never taken.
#[tokio::test]
async fn the_id_is_new_at_every_transition() {
    let (server, tenant) = world().await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let user = caller.access.user.unwrap();
    let login = [("login", "amina@lakeside.example"), ("password", PASSWORD)];
    let mut passed = Vec::new();
    let mut moved = async |name: &'static str, old: String, new: Option<String>| {
        let new = new.expect(name);
        assert_ne!(old, new, "{name}");
        assert_eq!(opens(&server, &old).await, StatusCode::UNAUTHORIZED, "{name}: the id before");
        assert_eq!(opens(&server, &new).await, StatusCode::OK, "{name}: the id after");
        passed.push(name);
    };
    let now = |client: &Client| client.cookie("nexus");

    let old = now(&amina).unwrap();
    amina.form("/sign-in", &login).await;
    moved("sign-in", old, now(&amina)).await;

    let old = now(&amina).unwrap();
    let phone = set_up(&server, &amina, "").await;
    moved("second factor set up", old, now(&amina)).await;

    let planted = "AAAAAAAAAAAAAAAAAAAAAA";
    let other = server.client();
    other.set_cookie("nexus", planted);
    other.form("/sign-in", &login).await;
    server.world.clock.advance(Duration::seconds(30));
    let answer = other.form("/sign-in/code", &[("code", &phone.code(&server))]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    moved("second factor at sign-in", planted.to_owned(), now(&other)).await;

    server.world.clock.advance(Duration::seconds(301));
    let old = now(&other).unwrap();
    assert_eq!(
        location(&other.form("/confirm", &[("_password", PASSWORD), ("next", "/w/lakeside")]).await),
        "/w/lakeside"
    );
    moved("confirmation", old, now(&other)).await;

    server.world.clock.advance(Duration::seconds(301));
    let old = now(&other).unwrap();
    let off = other.form("/second-factor/off", &[("_password", PASSWORD)]).await;
    assert_eq!(off.status(), StatusCode::SEE_OTHER, "confirmed and done in one go");
    moved("second factor removed", old, now(&other)).await;

    // As a change of password does it: every session ends, and signing in makes another.
    let (auth, old) = (&server.world.services().auth, now(&other).unwrap());
    auth.set_password(user, "another battery staple horse", &[], None).await.unwrap();
    other.form("/sign-in", &[("login", "amina@lakeside.example"), ("password", "another battery staple horse")]).await;
    moved("password", old, now(&other)).await;

    let support = staff(&server, "SUPPORT").await;
    let old = now(&other).unwrap();
    support.set_cookie("nexus", &old);
    let begun = act_for(&server, &support, &tenant, &caller, "ticket 4711, the list is empty", "60").await;
    assert_eq!(location(&begun), "/w/lakeside");
    moved("impersonation begun", old, now(&support)).await;

    let acting = now(&support).unwrap();
    assert_eq!(location(&support.form("/impersonation/stop", &[]).await), "/admin");
    assert!(now(&support).is_none());
    assert_eq!(opens(&server, &acting).await, StatusCode::UNAUTHORIZED, "impersonation stopped");
    passed.push("impersonation stopped");
    println!("bar=C-02 transitions={}/8 ({}) planted_adopted=0 pass=1", passed.len(), passed.join(", "));
    server.end().await;
}

async fn act_for(
    _server: &Server,
    client: &Client,
    tenant: &TestTenant,
    caller: &Caller,
    reason: &str,
    minutes: &str,
) -> reqwest::Response {
    let (tenant_id, member) = (tenant.id.0.to_string(), caller.access.member.0.to_string());
    let fields = [
        ("workspace", tenant.slug.as_str()),
        ("tenant", &tenant_id),
        ("member", &member),
        ("reason", reason),
        ("minutes", minutes),
    ];
    client.form("/admin/impersonate", &fields).await
}

/// C-04. A workspace may tighten both limits, exact to the second.
#[tokio::test]
async fn a_workspace_tightens_the_limits_of_sessions() {
    let (server, tenant) = world().await;
    let (owner, _) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let policy = json!({ "secondFactor": "nobody", "idleMinutes": 15, "absoluteMinutes": 60, "supportAccess": true });
    assert_eq!(operation(&owner, "people.save_security", &policy).await.0, StatusCode::OK);
    let (clock, sign_in) = (&server.world.clock, [("login", "amina@lakeside.example"), ("password", PASSWORD)]);
    let mut exact = 0;
    for (wait, status) in [(15 * 60 - 1, 200), (15 * 60 + 1, 401)] {
        amina.form("/sign-in", &sign_in).await;
        clock.advance(Duration::seconds(wait));
        assert_eq!(amina.get(LEADS).await.status(), status, "idle for {wait} s");
        exact += 1;
    }
    // Activity never carries a session past its end.
    amina.form("/sign-in", &sign_in).await;
    for _ in 0..5 {
        clock.advance(Duration::minutes(10));
        assert_eq!(amina.get(LEADS).await.status(), 200);
    }
    clock.advance(Duration::seconds(10 * 60 - 1));
    assert_eq!(amina.get(LEADS).await.status(), 200, "absolute - 1 s");
    clock.advance(Duration::seconds(2));
    assert_eq!(amina.get(LEADS).await.status(), 401, "absolute + 1 s");
    let page = amina.send(amina.request(Method::GET, "/w/lakeside/leads").header(header::ACCEPT, "text/html")).await;
    assert!(location(&page).starts_with("/sign-in?next="), "a page leads to the sign-in");
    println!("bar=C-04 exact={}/4 pass=1", exact + 2);
    server.end().await;
}

/// How each sensitive operation is called. One that is missing here fails the test below.
fn input(name: &str, member: &Caller) -> Option<Value> {
    Some(match name {
        "people.end_member_sessions" => json!({ "member": member.access.member.0 }),
        "people.end_session" => json!({ "id": "0199a000-0000-7000-8000-000000000000" }),
        "people.save_security" => json!({ "secondFactor": "nobody", "supportAccess": true }),
        "records.export" => json!({ "entity": "lead", "query": { "limit": 1 } }),
        "people.end_other_sessions" => json!({}),
        _ => return None,
    })
}

/// C-19. Every sensitive operation wants a confirmation of the last five minutes, by every way in; others do not.
#[tokio::test]
async fn sensitive_operations_want_a_confirmation() {
    let (server, tenant) = world().await;
    let (owner, caller) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    assert!(SENSITIVE.is_sorted(), "SENSITIVE is searched by halves");
    let clock = &server.world.clock;
    clock.advance(Duration::seconds(300));
    assert_ne!(operation(&owner, "people.end_other_sessions", &json!({})).await.0, 403, "five minutes to the second");
    clock.advance(Duration::seconds(1));
    let (mut ways, before) = (0, server.world.fingerprint(&["sessions", "security_policies"]).await);
    for name in SENSITIVE {
        let input = input(name, &caller).unwrap_or_else(|| panic!("say in `input` how {name} is called"));
        let (status, body) = operation(&owner, name, &input).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (403, Some("confirmation_required")), "{name}: {body}");
        let keyed = owner.request(Method::POST, &format!("/w/lakeside/api/v1/operations/{name}"));
        let keyed = keyed.header("idempotency-key", format!("{name}-key-of-a-try")).json(&input);
        assert_eq!(owner.send(keyed).await.status(), 403, "{name} with a key");
        let form = owner.form(&format!("/w/lakeside/do/{name}"), &[("_page", "/w/lakeside/settings")]).await;
        assert!(matches!(form.status().as_u16(), 403 | 422), "{name} by form: {}", form.status());
        ways += 3;
    }
    // Somebody who asks without a session, as a key does, cannot confirm.
    let key = Caller { session: None, origin: server.world.platform.origin(Some(tenant.id.0)), ..caller.clone() };
    let refused = server.world.run(&key, domain::people::EndOtherSessions {}).await.unwrap_err();
    assert!(refused.is("confirmation_required"));
    assert_eq!(server.world.fingerprint(&["sessions", "security_policies"]).await, before, "nothing happened");
    assert_eq!(owner.get("/w/lakeside/leads/export.csv").await.status(), 403);
    let page = owner.request(Method::GET, "/w/lakeside/leads/export.csv?sort=name").header(header::ACCEPT, "text/html");
    assert_eq!(location(&owner.send(page).await), "/confirm?next=%2Fw%2Flakeside%2Fleads%2Fexport.csv%3Fsort%3Dname");
    assert_eq!(owner.get("/w/lakeside/api/v1/leads").await.status(), 200, "everything else goes on");
    for path in ["/second-factor/prepare", "/second-factor", "/second-factor/codes", "/second-factor/off"] {
        assert_eq!(owner.form(path, &[("code", "123456")]).await.status(), 403, "{path}");
        ways += 1;
    }
    println!("bar=C-19 operations={0}/{0} account_routes=4/4 ways={ways} pass=1", SENSITIVE.len());
    server.end().await;
}

/// C-19. Without scripts a form is not lost: it goes on from the page that asks, and the password stays out of everything else.
#[tokio::test]
async fn a_form_goes_on_from_the_confirmation() {
    let (server, tenant) = world().await;
    let (owner, _) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    server.world.clock.advance(Duration::minutes(6));
    let typed = [
        ("_page", "/w/lakeside/settings/security"),
        ("_key", "key-of-this-form-and-no-other"),
        ("_done", "Security saved"),
        ("secondFactor", "roles"),
        ("roles.ADMIN", "true"),
        ("idleMinutes", "60"),
    ];
    let action = "/w/lakeside/do/people.save_security";
    let asked = owner.form(action, &typed).await;
    assert_eq!(asked.status(), 403);
    let page = asked.text().await.unwrap();
    for (name, value) in typed {
        assert!(page.contains(&format!("name=\"{name}\" value=\"{value}\"")), "{name} is carried along");
    }
    let with = |password: &'static str| [&typed[..], &[("_with", "password"), ("_password", password)]].concat();
    let wrong = owner.form(action, &with("not the password")).await;
    assert_eq!(wrong.status(), 422);
    let page = wrong.text().await.unwrap();
    assert!(page.contains("name=\"roles.ADMIN\"") && !page.contains("not the password"));
    server.world.clock.advance(Duration::seconds(20));
    let cookie = owner.cookie("nexus").unwrap();
    let done = owner.form(action, &with(PASSWORD)).await;
    assert_eq!(location(&done), "/w/lakeside/settings/security");
    assert_ne!(owner.cookie("nexus").unwrap(), cookie, "under a new id");
    let (_, policy) = operation(&owner, "people.get_security", &json!({})).await;
    assert_eq!(policy["data"]["secondFactorRoles"], json!(["ADMIN"]));
    assert_eq!(policy["data"]["idleMinutes"], json!(60));
    // Sent twice, done once; and the key's hash was made without the password.
    assert_eq!(owner.form(action, &with(PASSWORD)).await.status(), StatusCode::SEE_OTHER);
    let pool = server.world.owner().await;
    let count = "select count(*) from changes where operation = 'people.save_security'";
    let saved: i64 = sqlx::query_scalar(count).fetch_one(&pool).await.unwrap();
    assert_eq!(saved, 1);
    pool.close().await;
    server.end().await;
}

/// C-06. Five sessions end with the account and with the password.
#[tokio::test]
async fn sessions_end_with_what_they_stand_on() {
    let (server, tenant) = world().await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let user = caller.access.user.unwrap();
    let owner = server.world.owner().await;
    let mut ended = Vec::new();
    for cause in ["disabled", "password", "second factor"] {
        let mut cookies = Vec::new();
        for _ in 0..5 {
            cookies.push(begin(&server, user).await);
        }
        match cause {
            "disabled" => {
                sqlx::query("update users set status = 'DISABLED' where id = $1")
                    .bind(user.0)
                    .execute(&owner)
                    .await
                    .unwrap();
            }
            "password" => server.world.services().auth.set_password(user, PASSWORD, &[], None).await.unwrap(),
            _ => {
                amina.form("/sign-in", &[("login", "amina@lakeside.example"), ("password", PASSWORD)]).await;
                set_up(&server, &amina, "").await;
                assert_eq!(amina.get(LEADS).await.status(), 200, "who set it up stays");
            }
        }
        let mut dead = 0;
        for cookie in &cookies {
            dead += u32::from(opens(&server, cookie).await == StatusCode::UNAUTHORIZED);
        }
        assert_eq!(dead, 5, "{cause}");
        ended.push(format!("{cause} {dead}/5"));
        sqlx::query("update users set status = 'ACTIVE'").execute(&owner).await.unwrap();
    }
    println!("bar=C-06 {} pass=1", ended.join(", "));
    owner.close().await;
    server.end().await;
}

async fn begin(server: &Server, user: UserId) -> String {
    let users = server.world.services().auth.users.clone();
    let session = tower_sessions::Session::new(None, std::sync::Arc::new(users.clone()), None);
    users
        .begin(&session, user.0, "198.51.100.7".parse().ok(), Some("Mozilla/5.0 (X11; Linux) Firefox/140.0"))
        .await
        .unwrap();
    session.id().unwrap().to_string()
}

/// C-07. Lists with device and address; ends after a confirmation; an administrator sees what was in the workspace and no more.
#[tokio::test]
async fn sessions_of_a_member_are_listed_and_ended() {
    let (server, tenant) = world().await;
    let (admin, _) = server.signed_in(&tenant, "Ada", &["ADMIN"]).await;
    let (owner, owner_caller) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let (viewer, _) = server.signed_in(&tenant, "Vera", &["MANAGER"]).await;
    let (_, amina) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let user = amina.access.user.unwrap();
    let (here, elsewhere) = (begin(&server, user).await, begin(&server, user).await);
    assert_eq!(opens(&server, &here).await, 200);
    let member = json!({ "member": amina.access.member.0 });
    let (status, list) = operation(&admin, "people.list_member_sessions", &member).await;
    assert_eq!(status, 200, "{list}");
    let sessions = list["data"].as_array().unwrap();
    assert_eq!(sessions.len(), 1, "the one that was in this workspace");
    assert_eq!(sessions[0]["address"], json!("198.51.100.7"));
    assert!(sessions[0]["agent"].as_str().unwrap().contains("Firefox"));
    let page = admin.page(&format!("/w/lakeside/settings/people/{}/sessions", amina.access.member.0)).await;
    assert!(page.0 == 200 && page.1.contains("Firefox on Linux") && page.1.contains("198.51.100.7"));
    assert_eq!(operation(&viewer, "people.list_member_sessions", &member).await.0, 403, "a manager may not");
    let above = json!({ "member": owner_caller.access.member.0 });
    assert_eq!(operation(&admin, "people.end_member_sessions", &above).await.0, 403, "who stands above");
    assert_eq!(owner.get(LEADS).await.status(), 200);
    let foreign = json!({ "member": "0199a000-0000-7000-8000-000000000000" });
    assert_eq!(operation(&admin, "people.list_member_sessions", &foreign).await.0, 404);
    assert_eq!(operation(&admin, "people.end_member_sessions", &member).await.1["data"], json!(1));
    assert_eq!(opens(&server, &here).await, 401);
    assert_eq!(opens(&server, &elsewhere).await, 200, "what was never here goes on");
    server.end().await;
}

/// C-09. Thirty-two requests at once on one session, and nothing is lost, the session included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_requests_on_a_session_lose_nothing() {
    let (server, tenant) = world().await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let writes: Vec<_> = (0..32)
        .map(|n| {
            let amina = amina.clone();
            tokio::spawn(
                async move { amina.write(Method::POST, LEADS, &json!({ "name": format!("Lead {n}") })).await.0 },
            )
        })
        .collect();
    let mut kept = 0;
    for write in writes {
        kept += u32::from(write.await.unwrap() == StatusCode::CREATED);
    }
    assert_eq!(kept, 32);
    assert_eq!(amina.get(LEADS).await.status(), 200);
    println!("bar=C-09 kept={kept}/32 pass=1");
    server.end().await;
}

/// C-21. Nothing that somebody signed in may see stays in a cache, and signing out clears what is left.
#[tokio::test]
async fn nothing_stays_behind_in_the_browser() {
    let (server, tenant) = world().await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let mut seen = 0;
    for route in server.routes().iter().filter(|route| !route.mutates) {
        let path = route
            .path
            .replace("{workspace}", "lakeside")
            .replace("{entity}", "leads")
            .replace("{id}", "0199a000-0000-7000-8000-000000000000");
        let answer = amina.send(amina.request(Method::GET, &path).header(header::ACCEPT, "text/html")).await;
        let held =
            answer.headers().get(header::CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(held.contains("no-store"), "{path}: {held}");
        seen += 1;
    }
    let out = amina.form("/sign-out", &[]).await;
    assert!(out.headers()["clear-site-data"].to_str().unwrap().contains("\"cache\""));
    println!("bar=C-21 routes={seen}/{seen} clear_site_data=1 pass=1");
    server.end().await;
}

/// A workspace that asks for a second factor leads those who have none to set one up, and lets them do nothing else.
#[tokio::test]
async fn a_workspace_may_ask_for_a_second_factor() {
    let (server, tenant) = world().await;
    let (owner, _) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let set = async |policy: Value| operation(&owner, "people.save_security", &policy).await.0;
    assert_eq!(set(json!({ "secondFactor": "roles", "roles": { "USER": true } })).await, 200);
    assert_eq!(owner.get(LEADS).await.status(), 200, "another role");
    let (status, body) = amina.json(LEADS).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (403, Some("second_factor_required")));
    let (status, body) = amina.json("/api/v1/leads").await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (403, Some("second_factor_required")), "by the short path");
    let page = amina.send(amina.request(Method::GET, "/w/lakeside/leads").header(header::ACCEPT, "text/html")).await;
    assert_eq!(location(&page), "/second-factor?required=1&next=%2Fw%2Flakeside%2Fleads");
    let form = amina.form("/w/lakeside/do/records.create", &[("entity", "lead"), ("values.name", "Planted")]).await;
    assert_eq!(form.status(), 403);
    set_up(&server, &amina, "").await;
    assert_eq!(amina.get(LEADS).await.status(), 200);
    assert_eq!(set(json!({ "secondFactor": "roles" })).await, 400, "roles without a role");
    assert_eq!(set(json!({ "secondFactor": "roles", "roles": { "NOBODY": true } })).await, 400, "an unknown role");
    assert_eq!(set(json!({ "secondFactor": "nobody", "idleMinutes": 1 })).await, 400, "too short");
    assert_eq!(set(json!({ "secondFactor": "everybody" })).await, 200);
    assert_eq!(owner.get(LEADS).await.status(), 403, "the owner too");
    server.end().await;
}

/// B-08. Support acts for a member: with a reason, for an hour at most, under a banner, in the workspace's own log, and never as the person.
#[tokio::test]
async fn support_acts_for_a_member_within_bounds() {
    let (server, tenant) = world().await;
    let other = server.world.tenant("harbour", "core").await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let user = caller.access.user.unwrap();
    server.world.join(&other, user, &["OWNER"], None).await;
    let support = staff(&server, "SUPPORT").await;

    // A reason, and an hour at most.
    for (reason, minutes) in
        [("", "15"), ("short", "15"), ("ticket 4711, empty list", "61"), ("ticket 4711, empty list", "0")]
    {
        let refused = act_for(&server, &support, &tenant, &caller, reason, minutes).await;
        assert_eq!(refused.status(), 422, "{reason:?} for {minutes}");
        assert!(support.cookie("nexus").is_none());
    }
    let sales = staff(&server, "SALES").await;
    assert_eq!(act_for(&server, &sales, &tenant, &caller, "ticket 4711, empty list", "15").await.status(), 403);
    let begun = act_for(&server, &support, &tenant, &caller, "ticket 4711, empty list", "60").await;
    assert_eq!(location(&begun), "/w/lakeside");

    // A banner on every page, and the person's workspaces stay theirs.
    let (mut pages, mut bannered) = (0, 0);
    for path in [
        "/w/lakeside",
        "/w/lakeside/leads",
        "/w/lakeside/leads/new",
        "/w/lakeside/settings",
        "/w/lakeside/settings/people",
        "/w/lakeside/settings/security",
    ] {
        let (status, page) = support.page(path).await;
        assert_eq!(status, 200, "{path}");
        (pages, bannered) =
            (pages + 1, bannered + u32::from(page.contains("data-acted-for") && page.contains("Jane SUPPORT")));
        assert!(!page.contains("harbour"), "{path} tells of another workspace");
    }
    assert_eq!(pages, bannered);
    assert_eq!(support.get("/w/harbour/api/v1/leads").await.status(), 404, "bound to one workspace");

    // Nothing of the account, no sessions, no keys, no exports.
    let mut closed = 0;
    for name in SENSITIVE {
        let (status, body) = operation(&support, name, &input(name, &caller).unwrap()).await;
        assert_eq!(status, 403, "{name}: {body}");
        closed += 1;
    }
    assert_eq!(operation(&support, "people.list_sessions", &json!({})).await.0, 403);
    for route in server.routes().iter().filter(|route| route.guard == Guard::Person) {
        if matches!(route.path.as_str(), "/sign-out" | "/impersonation/stop" | "/dashboard/sales" | "/confirm") {
            continue;
        }
        let answer = support.send(support.request(route.method.parse().unwrap(), &route.path)).await;
        assert!(answer.status() == 403, "{} {}: {}", route.method, route.path, answer.status());
        closed += 1;
    }
    assert_eq!(support.form("/confirm", &[("_password", PASSWORD)]).await.status(), 403, "not even with the password");

    // In the workspace's own log, with both names; what is done meanwhile points at it.
    let (status, lead) = support.write(Method::POST, LEADS, &json!({ "name": "Made by support" })).await;
    assert_eq!(status, 201, "{lead}");
    let pool = server.world.owner().await;
    let logged: Vec<(String, Value)> = sqlx::query_as(
        "select e.type, c.after from changes c join events e on e.change_id = c.id and e.tenant_id = c.tenant_id
         where c.tenant_id = $1 and c.entity = 'impersonation' order by c.id",
    )
    .bind(tenant.id.0)
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(logged.len(), 1);
    assert_eq!(logged[0].0, "people.impersonation.began");
    assert_eq!(logged[0].1["staff"], json!("Jane SUPPORT"));
    assert_eq!(logged[0].1["member"]["name"], json!("Amina"));
    assert_eq!(logged[0].1["reason"], json!("ticket 4711, empty list"));
    let named: String = sqlx::query_scalar(
        "select i.staff_name from changes c join impersonations i on i.tenant_id = c.tenant_id and i.id = c.cause_id
         where c.cause_kind = 'impersonation' and c.entity = 'lead'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(named, "Jane SUPPORT");

    // Over after an hour to the second.
    server.world.clock.advance(Duration::seconds(59 * 60 + 59));
    assert_eq!(support.get(LEADS).await.status(), 200);
    server.world.clock.advance(Duration::seconds(2));
    assert_eq!(support.get(LEADS).await.status(), 401);

    // The workspace forbids it: what is under way ends on the next request, and nothing begins.
    let support = staff(&server, "ADMIN").await;
    assert_eq!(
        location(&act_for(&server, &support, &tenant, &caller, "ticket 4712, again", "30").await),
        "/w/lakeside"
    );
    amina.form("/sign-in", &[("login", "amina@lakeside.example"), ("password", PASSWORD)]).await;
    assert_eq!(support.get(LEADS).await.status(), 200);
    let forbid = json!({ "secondFactor": "nobody", "supportAccess": false });
    assert_eq!(operation(&amina, "people.save_security", &forbid).await.0, 200);
    assert_eq!(support.get(LEADS).await.status(), 404);
    assert_eq!(act_for(&server, &support, &tenant, &caller, "ticket 4713, again", "30").await.status(), 403);
    println!("bar=B-08 minutes=60 banner={bannered}/{pages} closed={closed} logged=1 forbidden=1 pass=1");
    pool.close().await;
    server.end().await;
}

/// B-09. The two realms share no cookie: people open nothing of the platform, staff nothing of a workspace.
#[tokio::test]
async fn the_realms_open_nothing_of_each_other() {
    let (server, tenant) = world().await;
    let (owner, _) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let admin = staff(&server, "SUPER_ADMIN").await;
    let (mut asked, mut crossed) = (0, 0);
    for route in server.routes() {
        let (client, cookie, other) = match route.guard {
            Guard::Public => continue,
            Guard::Staff => (&owner, "nexus", "nexus-staff"),
            Guard::Person | Guard::Workspace => (&admin, "nexus-staff", "nexus"),
        };
        let path = route
            .path
            .replace("{workspace}", "lakeside")
            .replace("{industry}", "core")
            .replace("{entity}", "leads")
            .replace("{id}", "0199a000-0000-7000-8000-000000000000");
        let method: Method = route.method.parse().unwrap();
        crossed += u32::from(!is_shut(&client.send(client.request(method.clone(), &path)).await));
        // The same value under the other realm's name.
        let forged = server.client();
        forged.set_cookie(other, &client.cookie(cookie).unwrap());
        crossed += u32::from(!is_shut(&forged.send(forged.request(method, &path)).await));
        asked += 2;
    }
    assert_eq!(crossed, 0);
    println!("bar=B-09 asked={asked} crossed={crossed} pass=1");
    server.end().await;
}

/// Staff have the same second factor in a realm of their own; administrators keep theirs.
#[tokio::test]
async fn staff_sign_in_with_a_code_too() {
    let (server, tenant) = world().await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let amina_phone = set_up(&server, &amina, "").await;
    let admin = staff(&server, "SUPER_ADMIN").await;
    let phone = set_up(&server, &admin, "/admin").await;
    let login = [("login", "super_admin@nexus.example"), ("password", PASSWORD)];
    let other = server.client();
    assert_eq!(location(&other.form("/admin/sign-in", &login).await), "/admin/sign-in/code");
    assert_eq!(other.get("/admin").await.status(), 401);
    // The halves of the two realms are not each other's.
    other.set_cookie("nexus_half", &other.cookie("nexus-staff_half").unwrap());
    let crossed = other.form("/sign-in/code", &[("code", &phone.code(&server))]).await;
    assert_eq!(location(&crossed), "/sign-in");
    assert!(other.cookie("nexus").is_none());
    let person = server.client();
    person.form("/sign-in", &[("login", "amina@lakeside.example"), ("password", PASSWORD)]).await;
    person.set_cookie("nexus-staff_half", &person.cookie("nexus_half").unwrap());
    let crossed = person.form("/admin/sign-in/code", &[("code", &amina_phone.code(&server))]).await;
    assert_eq!(location(&crossed), "/admin/sign-in");
    assert!(person.cookie("nexus-staff").is_none());

    server.world.clock.advance(Duration::seconds(60));
    other.form("/admin/sign-in", &login).await;
    assert_eq!(location(&other.form("/admin/sign-in/code", &[("code", &phone.code(&server))]).await), "/admin");
    assert_eq!(other.get("/admin").await.status(), 200);
    assert_eq!(other.form("/admin/second-factor/off", &[]).await.status(), 403, "administrators keep theirs");
    assert_eq!(location(&server.client().form("/admin/sign-in", &login).await), "/admin/sign-in/code");
    server.end().await;
}
