//! The second factor, confirmation, what workspaces ask of sessions, and support staff acting for members, over HTTP.

mod acted;
mod confirm;
mod limits;
mod staff;

use crate::support::{Client, Server};
use api::Guard;
use chrono::Duration;
use platform::Caller;
use platform::clock::Clock;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use testkit::{PASSWORD, TestTenant};
use totp_rs::{Builder, Secret, Totp};

/// A phone with an authenticator app.
pub struct Phone {
    totp: Totp,
    recovery: Vec<String>,
}

impl Phone {
    pub fn code(&self, server: &Server) -> String {
        self.totp.generate(u64::try_from(server.world.clock.now().timestamp()).unwrap()).to_string()
    }
}

/// Sets a second factor up by its pages. `base` is empty for people and `/admin` for staff.
pub async fn set_up(server: &Server, client: &Client, base: &str) -> Phone {
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

pub async fn staff(server: &Server, role: &str) -> Client {
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

/// C-02. A new id at nine transitions, the one before dead, and an id that nobody gave out never taken.
#[tokio::test]
async fn the_id_is_new_at_every_transition() {
    let (server, tenant) = world().await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let user = caller.access.user.unwrap();
    let grace = server.world.member(&tenant, "Grace", &["OWNER"]).await;
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

    // With the next page: what is under way with the id before is not lost.
    let old = now(&amina).unwrap();
    assert_eq!(amina.page("/w/lakeside/leads").await.0, StatusCode::OK);
    let roles = vec!["OWNER".to_owned(), "SALES_REP".to_owned()];
    server.world.run(&grace, domain::people::SetRoles { member: caller.access.member.0, roles }).await.unwrap();
    assert_eq!(opens(&server, &old).await, StatusCode::OK, "until then it holds");
    assert_eq!(amina.page("/w/lakeside/leads").await.0, StatusCode::OK);
    moved("role given", old, now(&amina)).await;
    let same = now(&amina);
    assert_eq!(amina.page("/w/lakeside/leads").await.0, StatusCode::OK);
    assert_eq!(now(&amina), same, "once");

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
    println!("bar=C-02 transitions={}/9 ({}) planted_adopted=0 pass=1", passed.len(), passed.join(", "));
    server.end().await;
}

/// Begins to act for a member, by the form of the platform.
pub async fn act_for(
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
