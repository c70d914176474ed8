//! Confirmation of what is sensitive, by every way in.

use super::{location, operation, world};
use chrono::Duration;
use domain::operation::SENSITIVE;
use platform::Caller;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use testkit::PASSWORD;

/// How each sensitive operation is called. One that is missing here fails the test below.
pub fn input(name: &str, member: &Caller) -> Option<Value> {
    Some(match name {
        "audit.export" => json!({}),
        "company.save" => json!({ "version": 1, "company": { "iban": "GB33BUKB20201555555555" } }),
        "exports.fetch" => json!({ "id": "0199a000-0000-7000-8000-000000000000" }),
        "exports.start" => json!({ "entity": "lead", "format": "csv" }),
        "people.invite" => json!({ "login": "stranger@elsewhere.example", "roles": ["OWNER"] }),
        "people.end_member_sessions" => json!({ "member": member.access.member.0 }),
        "people.end_session" => json!({ "id": "0199a000-0000-7000-8000-000000000000" }),
        "people.save_security" => json!({ "secondFactor": "nobody", "supportAccess": true }),
        "records.export" => json!({ "entity": "lead", "query": { "limit": 1 } }),
        "people.end_other_sessions" => json!({}),
        "people.change_email" => json!({ "email": "olive.new@lakeside.example" }),
        "people.hand_over" => json!({ "from": member.access.member.0, "to": member.access.member.0 }),
        "people.create_key" => json!({ "name": "Made by a stolen session", "access": "write" }),
        "people.create_role" => json!({ "label": "Made by a stolen session" }),
        "people.delete_role" => json!({ "key": "WAREHOUSE", "version": 1 }),
        "people.set_roles" => json!({ "member": member.access.member.0, "roles": ["OWNER"] }),
        "people.update_role" => json!({ "key": "WAREHOUSE", "version": 1, "label": "Renamed" }),
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
    let guarded = ["sessions", "security_policies", "companies", "invitations", "roles", "api_keys"];
    let (mut ways, before) = (0, server.world.fingerprint(&guarded).await);
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
    assert_eq!(server.world.fingerprint(&guarded).await, before, "nothing happened");
    for file in ["/w/lakeside/leads/export.csv", "/w/lakeside/settings/audit.csv"] {
        assert_eq!(owner.get(file).await.status(), 403, "{file}");
    }
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
    let count = "select count(*) from changes where operation = 'people.save_security' and outcome = 'done'";
    let saved: i64 = sqlx::query_scalar(count).fetch_one(&pool).await.unwrap();
    assert_eq!(saved, 1);
    pool.close().await;
    server.end().await;
}
