//! The realm of staff: its own second factor, acting for members, and nothing shared with people.

use super::confirm::input;
use super::{LEADS, act_for, is_shut, location, operation, set_up, staff, world};
use crate::authz::{anything, apart};
use api::Guard;
use chrono::Duration;
use domain::operation::{IN_PERSON, SENSITIVE, open_to_support};
use domain::{OperationKind, Realm};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::PASSWORD;

/// Writes of the areas that hold people, rights, the company and what goes on by itself which support may do in a member's name: what a member sees of
/// them is what they ask support about, and none of it outlasts the hour or reaches somebody else.
const OPEN_TO_SUPPORT: &[&str] = &[
    "audit.preview_undo",
    "audit.send_feedback",
    "audit.undo",
    "people.add_location",
    "people.rename_location",
    "workflow.cancel_run",
    "workflow.notify",
    "workflow.read_notifications",
    "workflow.retry_run",
    "workflow.snooze_notification",
    "workflow.start",
];

/// B-08. Whether support may do it is decided for each write that could outlast the hour: a new one is on one of the lists.
#[tokio::test]
async fn what_outlasts_the_hour_is_closed_to_support() {
    let (server, _) = world().await;
    assert!(IN_PERSON.is_sorted() && OPEN_TO_SUPPORT.is_sorted(), "both are searched by halves");
    let mut undecided = Vec::new();
    for info in server.world.platform.registry().infos() {
        let guarded = ["people.", "company.", "audit.", "workflow."].iter().any(|area| info.name.starts_with(area));
        let writes = info.kind == OperationKind::Write && info.realm == Realm::Workspace;
        if guarded && writes && open_to_support(info.name) != OPEN_TO_SUPPORT.binary_search(&info.name).is_ok() {
            undecided.push(info.name);
        }
    }
    assert!(undecided.is_empty(), "IN_PERSON, SENSITIVE or OPEN_TO_SUPPORT: {undecided:?}");
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
    let (status, page) = sales.page("/admin/impersonate?workspace=lakeside").await;
    assert!(status == 403 && !page.contains("Amina"), "who is a member of what is for those who may act for them");
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
    // Nor who belongs to the workspace, what is decided, and what would go on without them.
    for name in IN_PERSON {
        let mut input = anything();
        input.as_object_mut().unwrap().extend(apart(name).as_object().unwrap().clone());
        let (status, body) = operation(&support, name, &input).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (403, Some("impersonated")), "{name}: {body}");
        closed += 1;
    }
    assert_eq!(support.get("/w/lakeside/settings/audit.csv").await.status(), 403);
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
    let id = lead["data"]["id"].as_str().unwrap();
    let (_, timeline) = amina.json(&format!("{LEADS}/{id}/timeline")).await;
    assert_eq!(timeline["data"][0]["actor"], json!("Jane SUPPORT for Amina"), "{timeline}");
    let (_, trail) = amina.json(&format!("/w/lakeside/api/v1/audit/logs?record={id}")).await;
    assert_eq!(trail["data"][0]["name"], json!("Jane SUPPORT for Amina"), "{trail}");

    // Over after an hour to the second.
    server.world.clock.advance(Duration::seconds(59 * 60 + 59));
    assert_eq!(support.get(LEADS).await.status(), 200);
    server.world.clock.advance(Duration::seconds(2));
    assert_eq!(support.get(LEADS).await.status(), 401);
    // Nobody stopped it: the clean-up does, once, and says so.
    let app = server.app();
    assert_eq!(nexus_server::site::impersonation::end_overdue(&app, 10).await.unwrap(), 1);
    assert_eq!(nexus_server::site::impersonation::end_overdue(&app, 10).await.unwrap(), 0);
    let ended: (bool, Value) = sqlx::query_as(
        "select i.ended_at = i.ends_at, c.after from impersonations i
         join changes c on c.tenant_id = i.tenant_id and c.record_id = i.id and c.entity = 'impersonation' order by c.id desc limit 1",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(ended.0 && ended.1["reason"] == json!("Its time was over"), "{ended:?}");

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
        // To people of workspaces the platform's own pages are not there.
        let answer = client.send(client.request(method.clone(), &path)).await;
        let absent = route.guard == Guard::Staff && answer.status() == StatusCode::NOT_FOUND;
        crossed += u32::from(!is_shut(&answer) && !absent);
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
