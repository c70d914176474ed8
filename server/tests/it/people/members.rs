//! Members: suspending, managers, handing over, leaving; the caller's own account; locations.

use super::*;
use domain::imports::{CreateImport, GetImport, ListImports};
use domain::people::{
    AddLocation, HandOver, Invite, Leave, ListMembers, OwnedRecords, RestoreMember, SuspendMember, UpdateMember,
    UpdateProfile,
};
use domain::records::CreateRecord;
use domain::{Grants, Kind, MemberId, Reach};
use reqwest::Method;
use serde_json::{Value, json};

const NEW: &str = "a different long passphrase";

fn place(id: uuid::Uuid, manager: Option<MemberId>) -> UpdateMember {
    UpdateMember { id, name: "Somebody".to_owned(), manager: manager.map(|manager| manager.0), location: None }
}

#[tokio::test]
async fn a_suspended_member_is_out_on_the_next_request() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let (manager, _) = server.signed_in(&tenant, "John", &["MANAGER"]).await;
    let id = caller.access.member.0.to_string();
    let page = format!("/w/lakeside/settings/people/{id}");
    let (status, drawn) = grace.page(&page).await;
    assert!(status == 200 && drawn.contains("Suspend") && drawn.contains("Reports to"), "{drawn}");
    let done = grace.form("/w/lakeside/do/people.suspend_member", &[("id", &id), ("_page", &page)]).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    assert_eq!(amina.get("/w/lakeside/api/v1/leads").await.status(), StatusCode::NOT_FOUND);
    assert!(grace.page(&page).await.1.contains("Restore"));
    server.world.run(&owner, RestoreMember { id: caller.access.member.0 }).await.unwrap();
    assert_eq!(amina.get("/w/lakeside/api/v1/leads").await.status(), 200);
    // Nobody acts on who holds more, nor on themselves.
    let above = owner.access.member.0.to_string();
    let path = "/w/lakeside/api/v1/operations/people.suspend_member";
    let (status, body) = manager.write(Method::POST, path, &json!({ "id": above })).await;
    assert!(status == StatusCode::CONFLICT || status == StatusCode::FORBIDDEN, "{body}");
    let (status, _) = grace.write(Method::POST, path, &json!({ "id": above })).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, _) = amina.write(Method::POST, path, &json!({ "id": above })).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    server.end().await;
}

/// L-06 and B-03: of 64 owners who leave at once one stays, and the last one is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_owner_stays() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let mut owners = Vec::new();
    for number in 0..64 {
        owners.push(server.world.member(&tenant, &format!("Owner {number}"), &["OWNER"]).await);
    }
    let leaving: Vec<_> = owners
        .iter()
        .map(|owner| {
            let backend = server.world.backend(owner);
            tokio::spawn(async move { backend.run(Leave {}).await })
        })
        .collect();
    let (mut left, mut refused) = (0, 0);
    for one in leaving {
        match one.await.unwrap() {
            Ok(()) => left += 1,
            Err(error) if error.kind == Kind::Conflict => refused += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    let pool = server.world.owner().await;
    let there: i64 =
        sqlx::query_scalar("select count(*) from members where status = 'ACTIVE' and 'OWNER' = any(roles)")
            .fetch_one(&pool)
            .await
            .unwrap();
    println!("bar=L-06-last-owner n=64 left={left} refused={refused} owners={there} pass=1");
    assert_eq!((left, refused, there), (63, 1, 1));
    pool.close().await;
    server.end().await;
}

#[tokio::test]
async fn managers_form_no_circle() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let owner = server.world.member(&tenant, "Grace", &["OWNER"]).await;
    let mut chain = Vec::new();
    for name in ["A", "B", "C"] {
        chain.push(server.world.member(&tenant, name, &["USER"]).await.access.member);
    }
    server.world.run(&owner, place(chain[0].0, Some(chain[1]))).await.unwrap();
    server.world.run(&owner, place(chain[1].0, Some(chain[2]))).await.unwrap();
    for (of, manager) in [(2, 0), (2, 1), (1, 0), (0, 0)] {
        let refused = server.world.run(&owner, place(chain[of].0, Some(chain[manager]))).await.unwrap_err();
        assert_eq!(refused.fields[0].field, "manager", "{refused:?}");
    }
    // Two that are right each, at once.
    for _ in 0..20 {
        for id in &chain {
            server.world.run(&owner, place(id.0, None)).await.unwrap();
        }
        let (left, right) = tokio::join!(
            server.world.run(&owner, place(chain[0].0, Some(chain[1]))),
            server.world.run(&owner, place(chain[1].0, Some(chain[0])))
        );
        assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
    }
    server.end().await;
}

/// B-03. Nobody reaches more rows, nor lets somebody do so, by saying who reports to whom or where somebody works.
#[tokio::test]
async fn nobody_rises_by_a_manager_or_a_location() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let owner = server.world.member(&tenant, "Grace", &["OWNER"]).await;
    let people = [("people.member.update", Reach::All), ("people.member.create", Reach::All)];
    for (key, reach) in [("OWN", Reach::Own), ("TEAM", Reach::Team), ("LOCAL", Reach::Location)] {
        let mut grants = Grants(["read", "import"].map(|verb| (format!("crm.lead.{verb}"), reach)).into());
        crate::authz::role(&server, &tenant, key, &grants).await;
        grants.0.extend(people.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)));
        crate::authz::role(&server, &tenant, &format!("PEOPLE_{key}"), &grants).await;
    }
    let hana = server.world.member(&tenant, "Hana", &["PEOPLE_TEAM"]).await;
    let john = server.world.member(&tenant, "John", &["OWN"]).await;
    let otto = server.world.member(&tenant, "Otto", &["OWN"]).await;
    let peter = server.world.member(&tenant, "Peter", &["TEAM"]).await;
    let lars = server.world.member(&tenant, "Lars", &["PEOPLE_LOCAL"]).await;
    let id = |caller: &platform::Caller| caller.access.member.0;
    let under = |one: &platform::Caller, manager: &platform::Caller| place(id(one), Some(manager.access.member));
    server.world.run(&owner, under(&otto, &hana)).await.unwrap();

    // Oneself, somebody else, and somebody below whom oneself stands: each would reach John's leads.
    for manager in [&hana, &peter, &otto] {
        let refused = server.world.run(&hana, under(&john, manager)).await.unwrap_err();
        assert_eq!((refused.kind, refused.fields[0].field.as_str()), (Kind::Forbidden, "manager"), "{refused:?}");
    }
    // Otto's are in her reach already, so she may say who else reads them below her.
    server.world.run(&owner, under(&peter, &hana)).await.unwrap();
    server.world.run(&hana, under(&otto, &peter)).await.unwrap();
    // Who reaches all rows gives nothing that they lack; who stays where they are gains nothing.
    server.world.run(&owner, under(&john, &peter)).await.unwrap();
    server.world.run(&hana, UpdateMember { name: "Johnny".to_owned(), ..under(&john, &peter) }).await.unwrap();
    let invite = Invite { manager: Some(id(&hana)), ..invitation("new@lakeside.example", &["OWN"]) };
    assert_eq!(server.world.run(&hana, invite).await.unwrap_err().kind, Kind::Forbidden);

    let nairobi = server.world.run(&owner, AddLocation { name: "Nairobi".to_owned() }).await.unwrap().id;
    let at = |one: &platform::Caller| UpdateMember { location: Some(nairobi), ..place(id(one), None) };
    let refused = server.world.run(&lars, at(&lars)).await.unwrap_err();
    assert_eq!((refused.kind, refused.fields[0].field.as_str()), (Kind::Forbidden, "location"), "{refused:?}");
    server.world.run(&lars, at(&otto)).await.unwrap();
    let invite = Invite { location: Some(nairobi), ..invitation("new@lakeside.example", &["LOCAL"]) };
    assert_eq!(server.world.run(&lars, invite).await.unwrap_err().kind, Kind::Forbidden);
    server.world.run(&owner, at(&lars)).await.unwrap();
    let lars = server.world.caller(&tenant, lars.access.member).await;
    let invite = Invite { location: Some(nairobi), ..invitation("new@lakeside.example", &["LOCAL"]) };
    server.world.run(&lars, invite).await.unwrap();

    // Grants for a location include the team: John's leads are of Mombasa, and are so when he works in Nairobi. Nor do his imports come with him.
    let mombasa = server.world.run(&owner, AddLocation { name: "Mombasa".to_owned() }).await.unwrap().id;
    let works = |location| UpdateMember { location: Some(location), ..place(id(&john), None) };
    server.world.run(&owner, works(mombasa)).await.unwrap();
    let caller = server.world.caller(&tenant, john.access.member).await;
    let (entity, file_name, content) = ("lead".to_owned(), "leads.csv".to_owned(), b"Name\nCanary\n".to_vec());
    let import = CreateImport { entity, file_name, content, sheet: None };
    let import = GetImport { id: server.world.run(&caller, import).await.unwrap().id };
    for location in [mombasa, nairobi] {
        server.world.run(&lars, works(location)).await.unwrap();
        let his = UpdateMember { manager: Some(id(&lars)), ..works(location) };
        let refused = server.world.run(&lars, his).await.unwrap_err();
        assert_eq!((refused.kind, refused.fields[0].field.as_str()), (Kind::Forbidden, "manager"), "{refused:?}");
        assert_eq!(server.world.run(&lars, import.clone()).await.unwrap_err().kind, Kind::NotFound, "{location}");
        let listed = server.world.run(&lars, ListImports { entity: "lead".to_owned() }).await.unwrap();
        assert!(listed.is_empty(), "{location}");
    }
    let caller = server.world.caller(&tenant, john.access.member).await;
    assert!(caller.access.location == Some(nairobi) && server.world.run(&caller, import).await.is_ok());
    let invite = Invite { manager: Some(id(&lars)), ..invitation("other@lakeside.example", &["OWN"]) };
    let refused = server.world.run(&lars, invite).await.unwrap_err();
    assert_eq!((refused.kind, refused.fields[0].field.as_str()), (Kind::Forbidden, "manager"), "{refused:?}");
    // Of whoever is in his team already he says who else there reads their leads.
    let mona = server.world.member(&tenant, "Mona", &["LOCAL"]).await;
    for one in [&mona, &otto] {
        server.world.run(&owner, under(one, &lars)).await.unwrap();
    }
    server.world.run(&lars, under(&otto, &mona)).await.unwrap();
    server.end().await;
}

fn invitation(login: &str, roles: &[&str]) -> Invite {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    Invite { login: login.to_owned(), name: None, roles, location: None, manager: None }
}

#[tokio::test]
async fn records_are_handed_over() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let amina = server.world.member(&tenant, "Amina", &["USER"]).await;
    let john = server.world.member(&tenant, "John", &["USER"]).await;
    for number in 0..7 {
        for (entity, field) in [("lead", "name"), ("customer", "name"), ("task", "title")] {
            let values = json!({ field: format!("{entity} {number}"), "owner": amina.access.member.0 });
            let Value::Object(values) = values else { panic!() };
            server.world.run(&owner, CreateRecord { entity: entity.to_owned(), values }).await.unwrap();
        }
    }
    let before = server.world.run(&owner, OwnedRecords { member: amina.access.member.0 }).await.unwrap();
    assert_eq!(before.iter().map(|owned| owned.count).sum::<i64>(), 21, "{before:?}");
    let id = amina.access.member.0.to_string();
    assert!(grace.page(&format!("/w/lakeside/settings/people/{id}")).await.1.contains("Hand 21 records over"));
    let handing = HandOver { from: amina.access.member.0, to: john.access.member.0 };
    assert_eq!(server.world.run(&owner, handing.clone()).await.unwrap().records, 21);
    server.world.platform.services.wake.after_commit();
    let mut there = 0;
    for _ in 0..400 {
        let owned = server.world.run(&owner, OwnedRecords { member: john.access.member.0 }).await.unwrap();
        there = owned.iter().map(|owned| owned.count).sum::<i64>();
        if there == 21 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(there, 21);
    let to_self = server.world.run(&owner, HandOver { from: handing.from, to: handing.from }).await.unwrap_err();
    assert_eq!(to_self.kind, Kind::Invalid);
    server.end().await;
}

#[tokio::test]
async fn who_left_may_be_invited_again() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    assert!(amina.page("/w/lakeside/settings/profile?leave=1").await.1.contains("Leave lakeside workspace"));
    let left = amina.form("/w/lakeside/do/people.leave", &[("_next", "/workspaces")]).await;
    assert_eq!(location(&left), "/workspaces");
    assert_eq!(amina.get("/w/lakeside/api/v1/leads").await.status(), StatusCode::NOT_FOUND);
    assert!(!grace.page("/w/lakeside/settings/people").await.1.contains("amina@lakeside.example"));
    let refused = server.world.run(&owner, RestoreMember { id: caller.access.member.0 }).await.unwrap_err();
    assert!(refused.message.contains("Invite them again"), "{refused:?}");
    invite(&grace, &tenant, "amina@lakeside.example", "VIEWER").await;
    let path = link(&server, &mail(&server, "invitation", "amina@lakeside.example").await);
    let back = amina.form(&path, &[]).await;
    assert_eq!(location(&back), "/w/lakeside");
    let members = server.world.run(&owner, ListMembers {}).await.unwrap();
    let same = members.iter().find(|member| member.id == caller.access.member.0).unwrap();
    assert_eq!((same.status.as_str(), same.roles.as_slice()), ("active", &["VIEWER".to_owned()][..]));
    server.end().await;
}

/// A number of the profile is one to be reached at, and it may be anybody's: nobody signs in with it, sets a password by it or learns whose it is. Support
/// does not type one in another's name.
#[tokio::test]
async fn a_number_of_the_profile_opens_nothing_and_tells_nothing() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let page = "/w/lakeside/settings/profile";
    // Somebody signs in with the first of them; the second is nobody's.
    let owner = server.world.user("Otieno", "+254 712 345 678").await;
    for number in ["+254712345678", "+254712345679"] {
        let typed = [("name", "Amina"), ("phone", number), ("language", "en"), ("_page", page)];
        let saved = amina.form("/w/lakeside/do/people.update_profile", &typed).await;
        assert_eq!(saved.status(), StatusCode::SEE_OTHER, "{number}");
        let drawn = amina.page(page).await.1;
        assert!(drawn.contains(number) && drawn.contains("You sign in with amina@lakeside.example."), "{drawn}");
    }
    let auth = server.world.services().auth.clone();
    assert!(auth.password_link("+254712345679").await.unwrap().is_none(), "a new password by a number of the profile");
    assert_eq!(sign_in(&server, "+254712345679", PASSWORD).await.1, StatusCode::UNPROCESSABLE_ENTITY);
    // Whose number it is signs up with it.
    server.client().form("/sign-up", &sign_up::fields("+254712345679")).await;
    assert!(mail(&server, "sign_up_code", "+254712345679").await.contains("code"));

    // Who has proven a number reads it there, and changes it by no profile.
    let member = server.world.join(&tenant, owner, &["USER"], None).await;
    let (otieno, status) = sign_in(&server, "+254712345678", PASSWORD).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    for number in ["+254712345670", ""] {
        let typed = [("name", "Otieno"), ("phone", number), ("language", "en"), ("_page", page)];
        let saved = otieno.form("/w/lakeside/do/people.update_profile", &typed).await;
        assert_eq!(saved.status(), StatusCode::SEE_OTHER, "{number}");
        assert!(otieno.page(page).await.1.contains("You sign in with +254712345678."));
    }
    assert_eq!(sign_in(&server, "+254712345670", PASSWORD).await.1, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(sign_in(&server, "+254712345678", PASSWORD).await.1, StatusCode::SEE_OTHER);
    let member = server.world.caller(&tenant, member).await;
    for caller in [&caller, &member] {
        let acted = server.world.acted_for(caller).await;
        let update = UpdateProfile {
            name: "Jane".to_owned(),
            phone: Some("+254712345671".to_owned()),
            language: "en".to_owned(),
            timezone: None,
        };
        let refused = server.world.run(&acted, update).await.unwrap_err();
        assert_eq!(refused.code.as_deref(), Some("impersonated"));
    }
    server.end().await;
}

#[tokio::test]
async fn a_person_changes_profile_password_and_address() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let (other, _) = sign_in(&server, "amina@lakeside.example", PASSWORD).await;
    let page = "/w/lakeside/settings/profile";
    let saved = amina
        .form(
            "/w/lakeside/do/people.update_profile",
            &[
                ("name", "Amina Otieno"),
                ("phone", "+254 712 345 678"),
                ("language", "sw"),
                ("timezone", "Europe/Berlin"),
                ("_page", page),
            ],
        )
        .await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let drawn = amina.page(page).await.1;
    assert!(drawn.contains("Amina Otieno") && drawn.contains("+254712345678"), "{drawn}");
    let wrong = amina
        .form(
            "/w/lakeside/do/people.update_profile",
            &[("name", "Amina"), ("phone", "x"), ("language", "sw"), ("_page", page)],
        )
        .await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Password: the present one is asked for, the session gets a new id, the others end.
    let cookie = amina.cookie("nexus").unwrap();
    let wrong = amina.form("/w/lakeside/account/password", &[("current", "not it at all"), ("password", NEW)]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // The profile says Swahili since a moment ago.
    assert!(wrong.text().await.unwrap().contains("si nenosiri lako la sasa"));
    server.world.clock.advance(chrono::Duration::seconds(30));
    let changed = amina.form("/w/lakeside/account/password", &[("current", PASSWORD), ("password", NEW)]).await;
    assert_eq!(changed.status(), StatusCode::SEE_OTHER);
    assert_ne!(amina.cookie("nexus").unwrap(), cookie, "a new id");
    assert_eq!(amina.get("/w/lakeside/api/v1/leads").await.status(), 200);
    assert_eq!(other.get("/w/lakeside/api/v1/leads").await.status(), StatusCode::UNAUTHORIZED);
    let told = mail(&server, "password_changed", "amina@lakeside.example").await;
    assert!(told.contains("Nenosiri lako limebadilishwa"), "in the language of the profile: {told}");
    // Address: nothing changes before the link is opened; the old address is told.
    amina.form("/w/lakeside/do/people.change_email", &[("email", "amina@new.example"), ("_page", page)]).await;
    let path = link(&server, &mail(&server, "email", "amina@new.example").await);
    assert!(amina.page(page).await.1.contains("amina@new.example"));
    assert_eq!(sign_in(&server, "amina@new.example", NEW).await.1, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(amina.page(&path).await.0, StatusCode::OK);
    assert_eq!(amina.form(&path, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(amina.form(&path, &[]).await.status(), StatusCode::NOT_FOUND, "good once");
    mail(&server, "email_changed", "amina@lakeside.example").await;
    assert_eq!(sign_in(&server, "amina@new.example", NEW).await.1, StatusCode::SEE_OTHER);
    let members = server.world.run(&caller, ListMembers {}).await.unwrap();
    assert!(members.iter().any(|member| member.email.as_deref() == Some("amina@new.example")), "{members:?}");
    // No change row holds a password.
    let pool = server.world.owner().await;
    let hits: i64 = sqlx::query_scalar(
        "select count(*) from changes t where t::text like '%' || $1 || '%' or t::text like '%argon2%'",
    )
    .bind(NEW)
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(hits, 0);
    pool.close().await;
    server.end().await;
}

#[tokio::test]
async fn locations_are_added_renamed_and_said_of_members() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (viewer, _) = server.signed_in(&tenant, "Peter", &["VIEWER"]).await;
    let page = "/w/lakeside/settings/locations";
    assert!(grace.page(page).await.1.contains("No location yet"));
    let added =
        grace.form("/w/lakeside/do/people.add_location", &[("name", "Nairobi showroom"), ("_page", page)]).await;
    assert_eq!(added.status(), StatusCode::SEE_OTHER);
    let twice =
        grace.form("/w/lakeside/do/people.add_location", &[("name", "nairobi  Showroom"), ("_page", page)]).await;
    assert_eq!(twice.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text().await.unwrap().contains("already"));
    let (_, drawn) = viewer.page(page).await;
    assert!(
        drawn.contains("Nairobi showroom") && drawn.contains("Needs the permission people.location.create"),
        "{drawn}"
    );
    let refused = viewer.form("/w/lakeside/do/people.add_location", &[("name", "Mine"), ("_page", page)]).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    // Another workspace's location is like none.
    let other = server.world.tenant("hillside", "core").await;
    let hilda = server.world.member(&other, "Hilda", &["OWNER"]).await;
    let theirs = server.world.run(&hilda, AddLocation { name: "Theirs".to_owned() }).await.unwrap();
    let me = owner.access.member.0;
    let update = UpdateMember { id: me, name: "Grace".to_owned(), manager: None, location: Some(theirs.id) };
    assert_eq!(server.world.run(&owner, update).await.unwrap_err().fields[0].field, "location");
    let suspend = server.world.run(&hilda, SuspendMember { id: me }).await.unwrap_err();
    assert_eq!(suspend.kind, Kind::NotFound);
    server.end().await;
}
