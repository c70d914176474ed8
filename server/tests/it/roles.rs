//! Roles: nobody rises by themselves, the last owner stays, fields that not everybody may read, and who can see a record.

use crate::authz::role;
use crate::support::{Client, Server};
use domain::people::{CreateRole, DeleteRole, ListRoles, MANAGE, SET_ROLES, SetRoles, UpdateRole};
use domain::permission::{FIXED, ROLES};
use domain::records::{CreateRecord, GetRecord, MayRecords, RecordAccess};
use domain::{Error, Grants, Kind, Reach, Verb};
use futures::future::join_all;
use nexus_server::start;
use platform::Caller;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use testkit::{TestTenant, TestWorld};
use uuid::Uuid;

mod who;

async fn world() -> TestWorld {
    TestWorld::new(|registry| *registry = start::registry()).await
}

fn grants(list: &[(&str, Reach)]) -> Grants {
    Grants(list.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect())
}

/// Key, place on the ladder and grants of every role: those of a new workspace and three that somebody made.
fn roles() -> Vec<(&'static str, i16, Grants)> {
    let seeded = ROLES.iter().map(|seed| (seed.key, seed.rank.unwrap_or_default(), grants(seed.grants)));
    let made = [
        // May give roles, and holds little: whatever it gives beyond that would be a rise.
        ("HR", 0, grants(&[(SET_ROLES, Reach::All), ("people.*.read", Reach::All)])),
        (
            "TEAM_LEAD",
            0,
            grants(&[
                (SET_ROLES, Reach::All),
                (MANAGE, Reach::All),
                ("crm.*.*", Reach::Team),
                ("people.*.read", Reach::All),
            ]),
        ),
        ("CLERK", 0, grants(&[("crm.lead.read", Reach::Own), ("crm.lead.update", Reach::Own)])),
    ];
    seeded.chain(made).collect()
}

async fn make_roles(world: &TestWorld, tenant: &TestTenant) {
    let owner = world.owner().await;
    for (key, _, grants) in roles().into_iter().filter(|(key, ..)| ROLES.iter().all(|seed| seed.key != *key)) {
        sqlx::query("insert into roles (tenant_id, key, label, rank, grants) values ($1, $2, $2, null, $3)")
            .bind(tenant.id.0)
            .bind(key)
            .bind(sqlx::types::Json(grants))
            .execute(&owner)
            .await
            .unwrap();
    }
    owner.close().await;
}

/// Every permission that there is in a workspace without an industry, one by one.
fn universe(world: &TestWorld) -> BTreeSet<String> {
    let catalog = world.library.catalog("core").unwrap();
    let mut all: BTreeSet<String> = FIXED.iter().map(|fixed| fixed.key.to_owned()).collect();
    for entity in catalog.iter() {
        all.extend(Verb::ALL.map(|verb| entity.permission(verb)));
        let fields = entity.fields.iter();
        all.extend(fields.flat_map(|field| [&field.permissions.read, &field.permissions.write]).flatten().cloned());
    }
    all
}

async fn held(world: &TestWorld, member: Uuid) -> Vec<String> {
    let owner = world.owner().await;
    let roles =
        sqlx::query_scalar("select roles from members where id = $1").bind(member).fetch_one(&owner).await.unwrap();
    owner.close().await;
    roles
}

/// B-03. Every actor's role, every role that the target holds, every role that it is to get: R³ calls. What is allowed is worked out
/// permission by permission, not by the patterns that the server compares.
#[tokio::test]
async fn nobody_gives_what_they_lack() {
    let world = world().await;
    let tenant = world.tenant("lakeside", "core").await;
    make_roles(&world, &tenant).await;
    // An owner who is never touched, so that the last one is not what refuses.
    world.member(&tenant, "Grace", &["OWNER"]).await;
    let target = world.member(&tenant, "Target", &["VIEWER"]).await.access.member.0;
    let (all, roles) = (universe(&world), roles());
    let within = |lower: &(&str, i16, Grants), upper: &(&str, i16, Grants)| {
        lower.1 <= upper.1 && all.iter().all(|permission| lower.2.reach(permission) <= upper.2.reach(permission))
    };
    let owner = world.owner().await;
    let (mut triples, mut allowed, mut wrong) = (0, 0, Vec::new());
    for actor in &roles {
        let caller = world.member(&tenant, &format!("Actor {}", actor.0), &[actor.0]).await;
        for old in &roles {
            for new in &roles {
                sqlx::query("update members set roles = array[$2] where id = $1")
                    .bind(target)
                    .bind(old.0)
                    .execute(&owner)
                    .await
                    .unwrap();
                let answer = world.run(&caller, SetRoles { member: target, roles: vec![new.0.to_owned()] }).await;
                let roles: Vec<String> = sqlx::query_scalar("select roles from members where id = $1")
                    .bind(target)
                    .fetch_one(&owner)
                    .await
                    .unwrap();
                let wanted = actor.2.allows(SET_ROLES) && within(old, actor) && within(new, actor);
                triples += 1;
                allowed += usize::from(answer.is_ok());
                let stands = roles == [if answer.is_ok() { new.0 } else { old.0 }];
                let named = answer.as_ref().err().is_none_or(|error| {
                    error.kind == Kind::Forbidden && error.required_permission.as_deref() == Some(SET_ROLES)
                });
                if answer.is_ok() != wanted || !stands || !named {
                    wrong.push(format!("{} makes a {} a {}: {answer:?}", actor.0, old.0, new.0));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {triples}: {wrong:#?}", wrong.len());
    assert_eq!(triples, roles.len().pow(3));
    println!("bar=B-03 n={triples} roles={} allowed={allowed} escalations=0 pass=1", roles.len());
    owner.close().await;
    world.end().await;
}

/// B-03. Whoever edits roles grants no more than they hold, in any role, by any permission, as far as any reach.
#[tokio::test]
async fn nobody_edits_beyond_what_they_hold() {
    let world = world().await;
    let tenant = world.tenant("lakeside", "core").await;
    make_roles(&world, &tenant).await;
    let lead = world.member(&tenant, "Lead", &["TEAM_LEAD"]).await;
    let admin = world.member(&tenant, "Admin", &["ADMIN"]).await;
    let (all, mut tried) = (universe(&world), 0);
    let patterns: Vec<String> = all
        .iter()
        .cloned()
        .chain(["*.*.*", "crm.*.*", "crm.*.read", "*.lead.read", "people.*.*"].map(str::to_owned))
        .collect();
    for pattern in &patterns {
        for reach in Reach::ALL {
            let version = version(&world, &lead, "CLERK").await;
            let added = Grants([("crm.lead.read".to_owned(), Reach::Own), (pattern.clone(), reach)].into());
            let edit = UpdateRole {
                key: "CLERK".to_owned(),
                version: Some(version),
                label: None,
                about: None,
                grants: Some(added.clone()),
            };
            let answer = world.run(&lead, edit).await;
            let touched = all.iter().filter(|permission| added.reach(permission).is_some());
            let wanted =
                touched.clone().all(|permission| added.reach(permission) <= lead.access.grants.reach(permission))
                    && pattern != "*.lead.read";
            tried += 1;
            assert_eq!(answer.is_ok(), wanted, "{pattern} for {}: {answer:?}", reach.as_str());
            if let Err(error) = answer {
                assert_eq!(
                    (error.kind, error.required_permission.as_deref()),
                    (Kind::Forbidden, Some(pattern.as_str()))
                );
            }
        }
    }
    // A role beyond one's own is not edited at all, not even to take something from it; the two mighty ones by nobody.
    for (caller, key, kind) in [
        (&lead, "MANAGER", Kind::Forbidden),
        (&lead, "FINANCE_MANAGER", Kind::Forbidden),
        (&lead, "ADMIN", Kind::Conflict),
        (&admin, "ADMIN", Kind::Conflict),
        (&admin, "OWNER", Kind::Conflict),
    ] {
        let version = Some(version(&world, caller, key).await);
        let edit =
            UpdateRole { key: key.to_owned(), version, label: None, about: None, grants: Some(Grants::default()) };
        assert_eq!(world.run(caller, edit).await.unwrap_err().kind, kind, "{key}");
        let delete = DeleteRole { key: key.to_owned(), version };
        assert!(world.run(caller, delete).await.is_err(), "{key} is deleted");
        tried += 2;
    }
    // Nor by way of a copy.
    let copy = |of: &str| CreateRole { label: format!("Copy of {of}"), copy_of: Some(of.to_owned()) };
    for of in ["ADMIN", "OWNER", "MANAGER", "VIEWER"] {
        assert_eq!(world.run(&lead, copy(of)).await.unwrap_err().kind, Kind::Forbidden, "{of}");
        tried += 1;
    }
    assert_eq!(world.run(&lead, copy("CLERK")).await.unwrap().key, "COPY_OF_CLERK");
    // Automation gives no roles: whoever writes a workflow would rise by it.
    let automation = automation(&world, &tenant).await;
    let rise = SetRoles { member: lead.access.member.0, roles: vec!["ADMIN".to_owned()] };
    assert_eq!(world.run(&automation, rise).await.unwrap_err().kind, Kind::Forbidden);
    println!("bar=B-03 n={tried} edits escalations=0 pass=1");
    world.end().await;
}

async fn automation(world: &TestWorld, tenant: &TestTenant) -> Caller {
    let access = platform::auth::automation(&world.services().pools, tenant.id).await.unwrap();
    Caller { access: Arc::new(access), session: None, origin: world.platform.origin(None) }
}

async fn version(world: &TestWorld, caller: &Caller, key: &str) -> i64 {
    let roles = world.run(caller, ListRoles {}).await.unwrap();
    roles.into_iter().find(|role| role.key == key).unwrap().version
}

/// Lists say what a role is called by now, not what its key was made of.
#[tokio::test]
async fn lists_call_a_role_as_the_workspace_does() {
    let world = world().await;
    let tenant = world.tenant("lakeside", "core").await;
    let owner = world.member(&tenant, "Grace", &["OWNER"]).await;
    let rep = world.member(&tenant, "Rep", &["USER"]).await;
    let made = CreateRole { label: "Showroom lead".to_owned(), copy_of: None };
    assert_eq!(world.run(&owner, made).await.unwrap().key, "SHOWROOM_LEAD");
    let roles = vec!["USER".to_owned(), "SHOWROOM_LEAD".to_owned()];
    world.run(&owner, SetRoles { member: rep.access.member.0, roles }).await.unwrap();
    let label = Some("Head of the floor".to_owned());
    let version = Some(version(&world, &owner, "SHOWROOM_LEAD").await);
    let renamed = UpdateRole { key: "SHOWROOM_LEAD".to_owned(), version, label, about: None, grants: None };
    world.run(&owner, renamed).await.unwrap();
    let listed = world.run(&owner, domain::people::ListMembers {}).await.unwrap();
    let rep = listed.iter().find(|member| member.id == rep.access.member.0).unwrap();
    let shown: Vec<_> = rep.roles.iter().map(String::as_str).zip(rep.role_labels.iter().map(String::as_str)).collect();
    assert!(shown.contains(&("SHOWROOM_LEAD", "Head of the floor")), "{shown:?}");
    assert_eq!(shown.len(), 2);
    world.end().await;
}

#[tokio::test]
async fn a_role_lives_and_is_written_down() {
    let world = world().await;
    let tenant = world.tenant("lakeside", "core").await;
    let owner = world.member(&tenant, "Grace", &["OWNER"]).await;
    let rep = world.member(&tenant, "Rep", &["SALES_REP"]).await;
    let made = world
        .run(&owner, CreateRole { label: "  Showroom   lead ".to_owned(), copy_of: Some("SALES_REP".to_owned()) })
        .await
        .unwrap();
    assert_eq!((made.key.as_str(), made.label.as_str(), made.rank), ("SHOWROOM_LEAD", "Showroom lead", None));
    let again = world.run(&owner, CreateRole { label: "showroom LEAD".to_owned(), copy_of: None }).await.unwrap_err();
    assert_eq!(again.fields[0].field, "label");
    let edit = |version| UpdateRole {
        key: "SHOWROOM_LEAD".to_owned(),
        version,
        label: None,
        about: Some("Runs the floor".to_owned()),
        grants: Some(grants(&[("crm.*.read", Reach::All)])),
    };
    assert_eq!(world.run(&owner, edit(None)).await.unwrap_err().kind, Kind::VersionRequired);
    let saved = world.run(&owner, edit(Some(1))).await.unwrap();
    assert_eq!((saved.version, saved.grants.0.len()), (2, 1));
    assert_eq!(world.run(&owner, edit(Some(1))).await.unwrap_err().kind, Kind::Conflict);
    let give = SetRoles { member: rep.access.member.0, roles: vec!["SHOWROOM_LEAD".to_owned(), "VIEWER".to_owned()] };
    assert_eq!(world.run(&owner, give).await.unwrap(), ["VIEWER", "SHOWROOM_LEAD"]);
    let delete = || DeleteRole { key: "SHOWROOM_LEAD".to_owned(), version: Some(2) };
    let held = world.run(&owner, delete()).await.unwrap_err();
    assert!(held.message.contains("One member holds it"), "{held}");
    for roles in [vec![], vec!["NOBODY".to_owned()]] {
        let error = world.run(&owner, SetRoles { member: rep.access.member.0, roles }).await.unwrap_err();
        assert_eq!(error.fields[0].field, "roles");
    }
    let back = SetRoles { member: rep.access.member.0, roles: vec!["SALES_REP".to_owned()] };
    world.run(&owner, back).await.unwrap();
    world.run(&owner, delete()).await.unwrap();
    let missing = world.run(&owner, SetRoles { member: Uuid::from_u128(7), roles: vec!["USER".to_owned()] }).await;
    assert_eq!(missing.unwrap_err(), Error::not_found());
    let pool = world.owner().await;
    let told: Vec<(String, Option<Value>, Option<Value>)> = sqlx::query_as(
        "select operation, before, after from changes where entity = 'role' or (entity = 'member' and record_id = $1) order by operation",
    )
    .bind(rep.access.member.0)
    .fetch_all(&pool)
    .await
    .unwrap();
    let operations: Vec<&str> = told.iter().map(|(operation, ..)| operation.as_str()).collect();
    assert_eq!(
        operations,
        ["people.create_role", "people.delete_role", "people.set_roles", "people.set_roles", "people.update_role"]
    );
    let given = Some(json!({ "roles": ["VIEWER", "SHOWROOM_LEAD"] }));
    assert!(told.iter().any(|(.., after)| *after == given), "{told:?}");
    assert!(told[4].1.as_ref().unwrap()["grants"].get("crm.*.create").is_some() && told[1].2.is_none());
    pool.close().await;
    world.end().await;
}

/// L-06. 64 owners step down at the same moment, and pairs take each other's role away: one owner is left, whoever that is. Without the
/// trigger, as the control shows, none is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_owner_stays() {
    const OWNERS: usize = 64;
    let world = Arc::new(world().await);
    let pool = world.owner().await;
    let mut lines = Vec::new();
    for (round, guarded) in [("down", true), ("pairs", true), ("control", false)] {
        let tenant = world.tenant(round, "core").await;
        let mut owners = Vec::new();
        for number in 0..OWNERS {
            owners.push(world.member(&tenant, &format!("Owner {number}"), &["OWNER"]).await);
        }
        let switch = if guarded { "enable" } else { "disable" };
        sqlx::query(sqlx::AssertSqlSafe(format!("alter table members {switch} trigger members_keep_an_owner")))
            .execute(&pool)
            .await
            .unwrap();
        let calls = (0..OWNERS).map(|at| {
            let (world, caller) = (world.clone(), owners[at].clone());
            // Each themselves, or each the one beside them.
            let target = if round == "pairs" { at ^ 1 } else { at };
            let member = owners[target].access.member.0;
            tokio::spawn(async move { world.run(&caller, SetRoles { member, roles: vec!["USER".to_owned()] }).await })
        });
        let answers: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
        let left: i64 =
            sqlx::query_scalar("select count(*) from members where tenant_id = $1 and 'OWNER' = any (roles)")
                .bind(tenant.id.0)
                .fetch_one(&pool)
                .await
                .unwrap();
        let refused: Vec<&Error> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
        if guarded {
            assert_eq!((left, refused.len()), (1, 1), "{refused:?}");
            assert!(
                refused[0].kind == Kind::Conflict && refused[0].message.contains("at least one owner"),
                "{refused:?}"
            );
        } else {
            assert_eq!(left, 0, "the control must fail");
        }
        lines.push(format!("{round}={left}"));
    }
    println!("bar=L-06 n={OWNERS} owners left: {} pass=1", lines.join(" "));
    pool.close().await;
    Arc::into_inner(world).unwrap().end().await;
}

/// The cost of a product as the canary: in minor units, as a decimal, and as people write it.
const CANARIES: [&str; 3] = ["91827364", "918273.64", "918,273.64"];

fn found(text: &str) -> bool {
    CANARIES.iter().any(|canary| text.contains(canary))
}

/// Everything that shows a product, as one member gets it: what it is and every byte of it.
async fn everything(client: &Client, id: &str) -> Vec<(String, String)> {
    let api = "/w/lakeside/api/v1";
    let mut seen = Vec::new();
    let pages = [
        "products".to_owned(),
        "products?view=everything".to_owned(),
        "products?view=stock".to_owned(),
        "products?sort=-cost".to_owned(),
        "products?filter=cost+%3E+1".to_owned(),
        "products?filter=cost+%3E+918000".to_owned(),
        format!("products/{id}"),
        format!("products/{id}?edit=cost"),
        format!("products/{id}/edit"),
        format!("products/{id}/why"),
        format!("products/{id}/access"),
        "products/new".to_owned(),
        "go?q=918273".to_owned(),
        "go?q=Axle".to_owned(),
        "runs".to_owned(),
    ];
    for page in pages {
        let (_, html) = client.page(&format!("/w/lakeside/{page}")).await;
        seen.push((page, html));
    }
    for path in [
        format!("{api}/products"),
        format!("{api}/products?sort=cost"),
        format!("{api}/products?fields=name,cost"),
        format!("{api}/products?filter=cost%20%3E%201"),
        format!("{api}/products/{id}"),
        format!("{api}/products/{id}/timeline"),
        "/w/lakeside/products/export.csv".to_owned(),
        "/w/lakeside/products/export.csv?fields=name,cost".to_owned(),
        "/w/lakeside/products/export.csv?view=everything".to_owned(),
    ] {
        let text = client.get(&path).await.text().await.unwrap();
        seen.push((path, text));
    }
    let base = json!({ "entity": "product" });
    let calls = [
        ("records.list", json!({ "query": { "fields": ["name", "cost"] } })),
        ("records.list", json!({ "query": { "sort": [{ "field": "cost", "descending": true }] } })),
        ("records.export", json!({})),
        ("records.get", json!({ "id": id })),
        ("records.timeline", json!({ "id": id, "limit": 50 })),
        ("records.summarise", json!({ "group": "all", "measure": "cost" })),
        ("records.summarise", json!({ "group": { "field": "status" }, "measure": "cost" })),
        ("records.board", json!({ "measure": "cost", "cards": 10 })),
        ("records.access", json!({ "id": id })),
        ("records.search", json!({ "words": "918273", "limit": 10 })),
        ("records.search", json!({ "words": "Axle", "limit": 10 })),
        ("records.update", json!({ "id": id, "version": 0, "values": { "unit": "box" } })),
        ("workflow.why", json!({ "id": id, "limit": 20 })),
        ("imports.list", json!({})),
    ];
    for (name, input) in calls {
        let mut whole = base.clone();
        whole.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        let (_, body) = client.write(Method::POST, &format!("{api}/operations/{name}"), &whole).await;
        seen.push((format!("{name} {input}"), body.to_string()));
    }
    seen
}

/// B-05. A field that a role may not read reaches it by no way: pages, JSON, files, history, search, conflicts, sums, sorts. Whoever may read
/// it finds it by the same ways, which shows that the search for it works.
#[tokio::test]
async fn hidden_fields_reach_nobody_who_may_not_read_them() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (owner, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let api = "/w/lakeside/api/v1";
    let product = json!({ "name": "Axle", "sku": "AX-1", "price": { "amount": "1000000", "currency": "KES" } });
    let (_, made) = owner.write(Method::POST, &format!("{api}/products"), &product).await;
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    let cost =
        |amount: &str, version: i64| json!({ "version": version, "cost": { "amount": amount, "currency": "KES" } });
    for (amount, version) in [("918273.64", 1), ("7", 2), ("918273.64", 3)] {
        let (status, body) = owner.write(Method::PATCH, &format!("{api}/products/{id}"), &cost(amount, version)).await;
        assert_eq!(status, 200, "{body}");
    }
    let (mut looked, mut leaks) = (0, Vec::new());
    for key in ["VIEWER", "USER", "SALES_REP", "SALES_MANAGER"] {
        let (client, _) = server.signed_in(&tenant, key, &[key]).await;
        for (what, text) in everything(&client, &id).await {
            looked += 1;
            if found(&text) {
                leaks.push(format!("{key}: {what}"));
            }
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
    let mut control = 0;
    for key in ["MANAGER", "FINANCE_MANAGER"] {
        let (client, _) = server.signed_in(&tenant, key, &[key]).await;
        let seen = everything(&client, &id).await;
        let ways: Vec<&String> = seen.iter().filter(|(_, text)| found(text)).map(|(what, _)| what).collect();
        assert!(ways.len() >= 10, "{key} finds it by {ways:#?} only");
        control += ways.len();
    }
    println!("bar=B-05 n={looked} bytes=0 control={control} pass=1");
    server.end().await;
}

/// B-05 and B-06. Seen and not to be changed: every way of writing says the same, by the name of the permission, and changes nothing. The
/// same ways let somebody through who holds it.
#[tokio::test]
async fn every_way_of_writing_asks_for_the_same() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let rows = [("inventory.product.*", Reach::All), ("people.member.read", Reach::All)];
    let mut sees = grants(&[("inventory.product.read_cost", Reach::All), ("people.member.read", Reach::All)]);
    for verb in Verb::ALL {
        sees.0.insert(format!("inventory.product.{}", verb.as_str()), Reach::All);
    }
    role(&server, &tenant, "SEES_COST", &sees).await;
    role(&server, &tenant, "SETS_COST", &grants(&rows)).await;
    let (viewer, _) = server.signed_in(&tenant, "Vera", &["VIEWER"]).await;
    let (sees, _) = server.signed_in(&tenant, "Amina", &["SEES_COST"]).await;
    let (sets, _) = server.signed_in(&tenant, "Grace", &["SETS_COST"]).await;
    let mut decisions = 0;
    for (who, client, wanted) in [
        ("VIEWER", &viewer, Some("inventory.product")),
        ("SEES_COST", &sees, Some("inventory.product.write_cost")),
        ("SETS_COST", &sets, None),
    ] {
        for way in 0..7 {
            let product = json!({ "name": "Axle", "sku": format!("AX-{who}-{way}") });
            let (_, made) = sets.write(Method::POST, "/w/lakeside/api/v1/products", &product).await;
            let id = made["data"]["id"].as_str().unwrap().to_owned();
            let before = server.world.fingerprint(&["products", "changes"]).await;
            let (status, text) = write_cost(client, way, who, &id).await;
            decisions += 1;
            match wanted {
                Some(permission) => {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{who} by way {way}: {text}");
                    assert!(text.contains(permission), "{who} by way {way} is not told {permission}: {text}");
                    assert_eq!(server.world.fingerprint(&["products", "changes"]).await, before, "{who} by way {way}");
                }
                None => assert!(status.is_success() || status.is_redirection(), "{who} by way {way}: {status} {text}"),
            }
        }
    }
    println!("bar=B-06 n={decisions} decisions differing=0 pass=1");
    server.end().await;
}

async fn write_cost(client: &Client, way: usize, who: &str, id: &str) -> (StatusCode, String) {
    let cost = json!({ "amount": "5", "currency": "KES" });
    let (api, operation) = ("/w/lakeside/api/v1", |name: &str| format!("/w/lakeside/api/v1/operations/{name}"));
    let update = json!({ "entity": "product", "id": id, "version": 1, "values": { "cost": cost } });
    let form = |extra: &[(&str, &str)]| {
        let mut fields = vec![("entity", "product"), ("values.cost.amount", "5"), ("values.cost.currency", "KES")];
        fields.extend(extra.iter().map(|(name, value)| (*name, *value)).collect::<Vec<_>>());
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let json_of = |(status, body): (StatusCode, Value)| (status, body.to_string());
    match way {
        0 => json_of(
            client.write(Method::PATCH, &format!("{api}/products/{id}"), &json!({ "version": 1, "cost": cost })).await,
        ),
        1 => {
            let whole =
                json!({ "version": 1, "name": "Axle", "sku": format!("AX-{who}-1"), "stocked": true, "cost": cost });
            json_of(client.write(Method::PUT, &format!("{api}/products/{id}"), &whole).await)
        }
        2 => json_of(client.write(Method::POST, &operation("records.update"), &update).await),
        3 => {
            let made = json!({ "name": "Axle", "sku": format!("NEW-{who}"), "cost": cost });
            json_of(client.write(Method::POST, &format!("{api}/products"), &made).await)
        }
        4 => {
            let moved = json!({ "entity": "product", "id": id, "version": 1, "name": "deactivate", "values": { "cost": cost } });
            json_of(client.write(Method::POST, &operation("records.transition"), &moved).await)
        }
        5 => {
            let page = format!("/w/lakeside/products/{id}");
            post(client, "records.update", &form(&[("id", id), ("version", "1"), ("_page", &page)])).await
        }
        _ => {
            let sku = format!("FORM-{who}");
            post(
                client,
                "records.create",
                &form(&[("values.name", "Axle"), ("values.sku", &sku), ("_page", "/w/lakeside/products/new")]),
            )
            .await
        }
    }
}

async fn post(client: &Client, operation: &str, fields: &[(String, String)]) -> (StatusCode, String) {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = client.form(&format!("/w/lakeside/do/{operation}"), &fields).await;
    (answer.status(), answer.text().await.unwrap())
}
