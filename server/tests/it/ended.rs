//! Forms that come too late: after the session ended, and a second time after the first one ended it. And who is not led to the platform's door.

use crate::support::Server;
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use testkit::PASSWORD;

#[tokio::test]
async fn a_form_after_the_session_ended_is_shown_what_it_said() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["USER"]).await;
    amina.set_cookie("nexus", "00000000000000000000000000000000");
    let before = server.world.fingerprint(&["leads"]).await;
    let typed = [
        ("entity", "lead"),
        ("values.name", "Typed <b>for an hour</b>"),
        ("values.postCode", "00100"),
        ("_page", "/w/lakeside/leads/new"),
        ("_key", "abc-new"),
    ];
    let answer = amina.form("/w/lakeside/do/records.create", &typed).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let page = answer.text().await.unwrap();
    for part in
        ["Your session ended", "Typed &lt;b&gt;for an hour", "/sign-in?next=", "Send it again", "abc-new", "00100"]
    {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("<b>for an hour"), "{page}");
    // A secret does not come back, and what has lost one does not go again.
    let typed = [("name", "Typed"), ("password", "never sent back"), ("_code", "123456"), ("_key", "abc-new")];
    let page = amina.form("/w/lakeside/do/records.create", &typed).await.text().await.unwrap();
    assert!(page.contains("Typed") && !page.contains("Send it again"), "{page}");
    assert!(!page.contains("never sent back") && !page.contains("123456"), "{page}");
    assert_eq!(server.world.fingerprint(&["leads"]).await, before);
    // A form of the account has secrets in it: nothing of it is shown, but it is a page.
    let answer = amina.form("/confirm", &[("_password", PASSWORD), ("note", "typed")]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Your session ended") && !page.contains(PASSWORD), "{page}");
    // A program hears it as before.
    let (status, body) = amina.write(Method::POST, "/w/lakeside/api/v1/leads", &json!({ "name": "x" })).await;
    assert_eq!((status, &body["error"]), (StatusCode::UNAUTHORIZED, &json!("Unauthorized")));
    server.end().await;
}

/// Both clicks of a double click change the password once, lead to the same page, and leave a session that holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_changed_once_by_a_form_sent_twice() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, caller) = server.signed_in(&lakeside, "Amina", &["USER"]).await;
    let fields = [("current", PASSWORD), ("password", "a different long passphrase"), ("_key", "abc-password")];
    let (one, two) = (amina.clone(), amina.clone());
    let path = "/w/lakeside/account/password";
    let (one, two) = tokio::join!(one.form(path, &fields), two.form(path, &fields));
    for answer in [&one, &two] {
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[header::LOCATION], "/w/lakeside/settings/profile");
    }
    assert_eq!(amina.get("/w/lakeside/api/v1/leads").await.status(), StatusCode::OK);
    let owner = server.world.owner().await;
    let changed: i64 =
        sqlx::query_scalar("select count(*) from changes where actor_id = $1 and operation = 'people.change_password'")
            .bind(caller.access.member.0)
            .fetch_one(&owner)
            .await
            .unwrap();
    assert_eq!(changed, 1);
    owner.close().await;
    server.end().await;
}

#[tokio::test]
async fn leaving_twice_leads_to_the_same_place() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["USER"]).await;
    for slug in ["lakeside", "lakeside", "never-was"] {
        let fields = [("_next", "/workspaces"), ("_key", "abc-leave")];
        let answer = amina.form(&format!("/w/{slug}/do/people.leave"), &fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{slug}");
        assert_eq!(answer.headers()[header::LOCATION], "/workspaces", "{slug}");
    }
    server.end().await;
}

/// B-09. To people of workspaces the platform's pages are not there; nobody is led to its sign-in page.
#[tokio::test]
async fn the_platform_is_not_there_for_people_of_workspaces() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let nobody = server.client();
    let mut walked = 0;
    for route in server.routes().iter().filter(|route| route.guard == api::Guard::Staff) {
        // Ends a session of the staff, where there is one, and leads everybody to the same place.
        if route.path == "/admin/sign-out" {
            continue;
        }
        let method: Method = route.method.parse().unwrap();
        let answer = grace.send(grace.request(method.clone(), &route.path)).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {}", route.path);
        let answer = nobody.send(nobody.request(method.clone(), &route.path)).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {}", route.path);
        walked += 1;
    }
    assert!(walked > 5, "only {walked} routes were walked");
    let (status, page) = grace.page("/admin").await;
    assert!(status == StatusCode::NOT_FOUND && page.contains("There is nothing here"), "{page}");
    assert_eq!(nobody.page("/admin").await.0, StatusCode::SEE_OTHER);
    server.end().await;
}
