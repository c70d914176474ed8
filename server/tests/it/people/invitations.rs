//! Invitations: who may give what, for whom they are, and that they are good once.

use super::*;
use crate::authz::role;
use domain::Grants;
use domain::people::{AddLocation, Invite};
use domain::permission::{ROLES, Reach};
use serde_json::json;

/// What a role may give, written down by hand: an independent word against `roles_guard`. `HIRING` is a manager who may
/// invite as well.
fn may_give(giver: &str) -> &'static [&'static str] {
    match giver {
        "OWNER" => &[
            "VIEWER",
            "USER",
            "MANAGER",
            "ADMIN",
            "OWNER",
            "SALES_REP",
            "SALES_MANAGER",
            "FINANCE_MANAGER",
            "WAREHOUSE",
        ],
        "ADMIN" => {
            &["VIEWER", "USER", "MANAGER", "ADMIN", "SALES_REP", "SALES_MANAGER", "FINANCE_MANAGER", "WAREHOUSE"]
        }
        "HIRING" => &["VIEWER", "USER", "MANAGER", "SALES_REP"],
        _ => &[],
    }
}

/// B-03. Every role tries to invite into every role; nobody gives more than they hold.
#[tokio::test]
async fn nobody_invites_above_themselves() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (mut executed, mut allowed, mut escalations) = (0, 0, 0);
    let invites = Grants([("people.member.create".to_owned(), Reach::All)].into());
    role(&server, &tenant, "HIRING", &invites).await;
    let givers = ROLES.iter().map(|role| (role.key, vec![role.key])).chain([("HIRING", vec!["MANAGER", "HIRING"])]);
    for (giver, held) in givers {
        let caller = server.world.member(&tenant, &format!("G {giver}"), &held).await;
        for role in ROLES {
            let login = format!("{giver}-{}@new.example", role.key);
            let invite = Invite { login, name: None, roles: vec![role.key.to_owned()], manager: None, location: None };
            let result = server.world.run(&caller, invite).await;
            executed += 1;
            allowed += u32::from(result.is_ok());
            let right = may_give(giver).contains(&role.key);
            escalations += u32::from(result.is_ok() && !right);
            assert_eq!(result.is_ok(), right, "{giver} gives {}: {result:?}", role.key);
            if let Err(error) = result {
                assert_eq!(error.kind, domain::Kind::Forbidden);
                assert!(error.required_permission.is_some(), "what is missing is named: {error:?}");
            }
        }
    }
    println!("bar=B-03-invitations n={executed} allowed={allowed} escalations={escalations} pass=1");
    assert_eq!((executed, escalations), (90, 0));
    server.end().await;
}

#[tokio::test]
async fn somebody_new_joins_by_the_link_of_the_mail() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    assert_eq!(invite(&grace, &tenant, "Neema@New.example", "SALES_REP").await.status(), StatusCode::SEE_OTHER);
    let (_, page) = grace.page("/w/lakeside/settings/people").await;
    assert!(page.contains("Neema@New.example") && page.contains("Take back"), "{page}");
    let path = link(&server, &mail(&server, "invitation", "Neema@New.example").await);
    let neema = server.client();
    let (status, page) = neema.page(&path).await;
    assert!(
        status == 200 && page.contains("Join lakeside workspace") && page.contains("Sales representative"),
        "{page}"
    );
    // C-12 here too; what was typed stays, the password does not.
    let weak = neema.form(&path, &[("name", "Neema Hassan"), ("password", "password1")]).await;
    assert_eq!(weak.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let weak = weak.text().await.unwrap();
    assert!(weak.contains("tried first") && weak.contains("Neema Hassan") && !weak.contains("password1"), "{weak}");
    let joined = neema.form(&path, &[("name", "Neema Hassan"), ("password", PASSWORD)]).await;
    assert_eq!((joined.status(), location(&joined)), (StatusCode::SEE_OTHER, "/w/lakeside"));
    assert_eq!(neema.get("/w/lakeside/api/v1/leads").await.status(), 200, "signed in and in");
    assert_eq!(neema.get("/w/lakeside/settings/people").await.status(), 200);
    assert_eq!(server.client().page(&path).await.0, StatusCode::NOT_FOUND, "good once");
    // It is in the log, under the new member's own name.
    let owner = server.world.owner().await;
    let joined: i64 = sqlx::query_scalar(
        "select count(*) from changes c join members m on m.tenant_id = c.tenant_id and m.id = c.actor_id
         where c.operation = 'people.accept_invitation' and m.name = 'Neema Hassan' and c.record_id = m.id",
    )
    .fetch_one(&owner)
    .await
    .unwrap();
    assert_eq!(joined, 1);
    owner.close().await;
    server.end().await;
}

/// B-03. Bound to one address and one workspace, single use.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_for_one_address_and_good_once() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    // Somebody else, so that Grace can lose her role further down.
    server.world.member(&tenant, "Olive", &["OWNER"]).await;
    invite(&grace, &tenant, "neema@new.example", "USER").await;
    let first = link(&server, &mail(&server, "invitation", "neema@new.example").await);
    let bob = stranger(&server, "Bob", "bob@else.example").await;
    let (status, page) = bob.page(&first).await;
    assert!(status == 200 && page.contains("neema@new.example") && page.contains("bob@else.example"), "{page}");
    assert_eq!(bob.form(&first, &[]).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(bob.get("/w/lakeside/api/v1/leads").await.status(), StatusCode::NOT_FOUND);
    // Sent again: the link before is void.
    let id = pending(&server).await;
    let again = grace.form("/w/lakeside/do/people.resend_invitation", &[("id", &id)]).await;
    assert_eq!(again.status(), StatusCode::SEE_OTHER);
    let second = link(&server, &mail(&server, "invitation", "neema@new.example").await);
    assert_eq!(server.client().page(&first).await.0, StatusCode::NOT_FOUND);
    // Twenty presses at once, by the person whom it is for.
    let neema = stranger(&server, "Neema", "neema@new.example").await;
    let presses = (0..20).map(|_| {
        let (neema, path) = (neema.clone(), second.clone());
        tokio::spawn(async move { neema.form(&path, &[]).await.status() })
    });
    let mut joined = 0;
    for press in presses.collect::<Vec<_>>() {
        joined += u32::from(press.await.unwrap() == StatusCode::SEE_OTHER);
    }
    assert_eq!(joined, 1);
    println!("bar=B-03-single-use presses=20 accepted={joined} pass=1");
    assert_eq!(neema.get("/w/lakeside/api/v1/leads").await.status(), 200);
    // Another workspace's id is like one that never was.
    let other = server.world.tenant("hillside", "core").await;
    let (hilda, _) = server.signed_in(&other, "Hilda", &["OWNER"]).await;
    invite(&grace, &tenant, "third@new.example", "USER").await;
    let theirs = pending(&server).await;
    for operation in ["people.resend_invitation", "people.revoke_invitation"] {
        let path = format!("/w/hillside/api/v1/operations/{operation}");
        let mut answers = Vec::new();
        for id in [theirs.as_str(), "0199a000-0000-7000-8000-000000000000"] {
            let (status, mut body) = hilda.write(reqwest::Method::POST, &path, &json!({ "id": id })).await;
            body.as_object_mut().unwrap().remove("requestId");
            answers.push((status, body.to_string()));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0].0, StatusCode::NOT_FOUND);
    }
    // What its giver has lost since, it does not give; nor after seven days, nor once taken back.
    let third = link(&server, &mail(&server, "invitation", "third@new.example").await);
    let pool = server.world.owner().await;
    let person = stranger(&server, "Third", "third@new.example").await;
    let change = "update members set roles = $2 where id = $1";
    let me = owner.access.member.0;
    sqlx::query(change).bind(me).bind(vec!["VIEWER"]).execute(&pool).await.unwrap();
    assert_eq!(person.form(&third, &[]).await.status(), StatusCode::FORBIDDEN);
    sqlx::query(change).bind(me).bind(vec!["OWNER"]).execute(&pool).await.unwrap();
    assert_eq!(person.page(&third).await.0, StatusCode::OK);
    server.world.clock.advance(chrono::Duration::days(7));
    assert_eq!(person.page(&third).await.0, StatusCode::NOT_FOUND);
    pool.close().await;
    server.end().await;
}

/// Under whom and where somebody is put is asked again when they come: by then the giver may reach less.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_puts_nobody_where_its_giver_no_longer_reaches() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let owner = server.world.member(&tenant, "Grace", &["OWNER"]).await;
    for (key, reach) in [("TEAM", Reach::Team), ("LOCAL", Reach::Location), ("ALL", Reach::All), ("OWN", Reach::Own)] {
        let mut grants = Grants([("crm.lead.read".to_owned(), reach)].into());
        role(&server, &tenant, key, &grants).await;
        grants.0.insert("people.member.create".to_owned(), Reach::All);
        role(&server, &tenant, &format!("HIRES_{key}"), &grants).await;
    }
    let nairobi = server.world.run(&owner, AddLocation { name: "Nairobi".to_owned() }).await.unwrap().id;
    let peter = server.world.member(&tenant, "Peter", &["TEAM"]).await.access.member.0;
    let nina = server.world.member(&tenant, "Nina", &["HIRES_ALL"]).await;
    let pool = server.world.owner().await;
    for (given, place, left) in
        [("OWN", (Some(peter), None), "HIRES_TEAM"), ("LOCAL", (None, Some(nairobi)), "HIRES_LOCAL")]
    {
        let login = format!("{}@new.example", given.to_lowercase());
        let (manager, location) = place;
        let invite = Invite { login: login.clone(), name: None, roles: vec![given.to_owned()], location, manager };
        server.world.run(&nina, invite).await.unwrap();
        let path = link(&server, &mail(&server, "invitation", &login).await);
        let person = stranger(&server, given, &login).await;
        for (holds, status) in [(left, StatusCode::FORBIDDEN), ("HIRES_ALL", StatusCode::SEE_OTHER)] {
            let change = "update members set roles = $2 where id = $1";
            sqlx::query(change).bind(nina.access.member.0).bind(vec![holds]).execute(&pool).await.unwrap();
            assert_eq!(person.form(&path, &[]).await.status(), status, "{given} by {holds}");
        }
    }
    pool.close().await;
    server.end().await;
}

async fn pending(server: &Server) -> String {
    let owner = server.world.owner().await;
    let id: uuid::Uuid =
        sqlx::query_scalar("select id from invitations where status = 'PENDING' order by created_at desc limit 1")
            .fetch_one(&owner)
            .await
            .unwrap();
    owner.close().await;
    id.to_string()
}

/// C-08, of the links of this part: what is in the mail is nowhere in the database.
#[tokio::test]
async fn links_are_kept_as_hashes_alone() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    invite(&grace, &tenant, "neema@new.example", "USER").await;
    let invited = link(&server, &mail(&server, "invitation", "neema@new.example").await);
    server.client().form("/forgot-password", &[("login", "grace@lakeside.example")]).await;
    let reset = link(&server, &mail(&server, "forgot", "grace@lakeside.example").await);
    let owner = server.world.owner().await;
    for path in [invited, reset] {
        let token = path.rsplit('/').next().unwrap().to_owned();
        assert!(token.len() >= 43, "{token}");
        for (table, sql) in [
            ("invitations", "select count(*) from invitations t where t::text like '%' || $1 || '%'"),
            ("account_links", "select count(*) from account_links t where t::text like '%' || $1 || '%'"),
            ("jobs", "select count(*) from jobs t where t::text like '%' || $1 || '%'"),
            ("changes", "select count(*) from changes t where t::text like '%' || $1 || '%'"),
            ("idempotency_keys", "select count(*) from idempotency_keys t where t::text like '%' || $1 || '%'"),
        ] {
            let hits: i64 = sqlx::query_scalar(sql).bind(&token).fetch_one(&owner).await.unwrap();
            assert_eq!(hits, 0, "{table}");
        }
    }
    owner.close().await;
    server.end().await;
}
