//! Help: every link of it leads somewhere, it speaks of what is on the screen, and it is found from every page. Then the first steps of a new
//! workspace, which end.

use crate::support::{Client, Server};
use axum::http::StatusCode;
use domain::help::PLACES;
use domain::onboarding::{FirstStep, FirstSteps, ListFirstSteps, PutFirstStepsAway};
use modules::help::article::{address_in, articles, find, links};
use packs::seed::{Size, seed};
use platform::Caller;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The Markdown of all articles, each with its key.
fn texts() -> Vec<(String, String)> {
    let whole = |article: &modules::help::article::Article| {
        let parts: Vec<&str> = article.parts.iter().map(|part| part.body.as_str()).collect();
        format!("{}\n{}", article.lead, parts.join("\n"))
    };
    articles().iter().map(|article| (article.entry.key.clone(), whole(article))).collect()
}

#[test]
fn every_page_leads_to_an_article_and_a_part_that_are_there() {
    for place in PLACES {
        let article = find(place.article).unwrap_or_else(|| panic!("{} has no article {}", place.route, place.article));
        let there = place.part.is_empty() || article.parts.iter().any(|part| part.part.anchor == place.part);
        assert!(there, "{}: {} has no part {}", place.route, place.article, place.part);
    }
}

fn sources(folder: &Path, endings: &[&str], text: &mut String) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, endings, text);
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Pages lead into the help beside the foot of the rail: from an empty list, from a refusal.
#[test]
fn what_pages_link_to_in_the_help_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut said = String::new();
    sources(&root.join("app/src"), &["rs"], &mut said);
    let linked: BTreeSet<&str> = said.split("\"help/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let linked: Vec<&str> = linked.into_iter().filter(|link| !link.contains('{')).collect();
    assert!(linked.len() > 2, "{linked:?}");
    for link in linked {
        let (key, part) = link.split_once('#').unwrap_or((link, ""));
        let article = find(key).unwrap_or_else(|| panic!("a page links to the article {key}"));
        assert!(part.is_empty() || article.parts.iter().any(|known| known.part.anchor == part), "{link}");
    }
}

/// What stands in bold is what the screen says. Renaming a control without its article fails here.
#[test]
fn labels_in_bold_are_those_of_the_screens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut said = String::new();
    sources(&root.join("app"), &["rs"], &mut said);
    sources(&root.join("server/packs"), &["toml"], &mut said);
    let (mut looked, mut unknown) = (0, Vec::new());
    for (key, text) in texts() {
        for label in text.split("**").skip(1).step_by(2) {
            looked += 1;
            let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
            // "New lead" and "Add up 5 leads" are put together from a word and a name.
            let verb = label.split(' ').next().unwrap_or_default();
            let composed = said.contains(&format!("\"{label} {{"))
                || label.contains(' ') && said.contains(&format!("\"{verb} {{"));
            if !composed && !said.contains(&format!("\"{label}\"")) {
                unknown.push(format!("{key}: {label}"));
            }
        }
    }
    assert!(unknown.is_empty(), "no screen says {unknown:#?}");
    assert!(looked > 120, "{looked} labels");
}

#[tokio::test]
async fn every_article_and_every_page_that_it_names_opens() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    server.world.furnish(&tenant).await;
    let (owner, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let mut pages = BTreeSet::new();
    for (key, text) in texts() {
        let (status, page) = owner.page(&format!("/w/lakeside/help/{key}")).await;
        assert_eq!(status, StatusCode::OK, "{key}");
        let article = find(&key).unwrap();
        assert!(page.contains(&article.entry.title), "{key}");
        for part in &article.parts {
            assert!(page.contains(&format!("<h2 id=\"{}\">", part.part.anchor)), "{key}: {}", part.part.title);
        }
        for link in links(&text).into_iter().filter(|link| link.starts_with("page:")) {
            pages.insert((key.clone(), address_in("lakeside", link).unwrap()));
        }
    }
    assert!(pages.len() > 25, "{} pages", pages.len());
    for (key, address) in pages {
        let (status, _) = owner.page(&address).await;
        assert_eq!(status, StatusCode::OK, "{key} leads to {address}");
    }
    server.end().await;
}

/// Where *Help* leads from a page.
async fn help_of(client: &Client, path: &str) -> String {
    let (_, page) = client.page(path).await;
    let tag = page.split("<a ").find(|tag| tag.split('>').next().unwrap_or_default().contains("title=\"Help\""));
    let href = tag.and_then(|tag| tag.split("href=\"").nth(1)?.split('"').next()).unwrap_or_default();
    href.to_owned()
}

#[tokio::test]
async fn help_is_for_every_member_and_for_nobody_else() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let harbour = server.world.tenant("harbour", "core").await;
    let (samuel, _) = server.signed_in(&lakeside, "Samuel", &["SALES_REP"]).await;
    let (neema, _) = server.signed_in(&harbour, "Neema", &["OWNER"]).await;
    for (path, wanted) in [
        ("/w/lakeside", "/w/lakeside/help/start#home"),
        ("/w/lakeside/leads?view=everything", "/w/lakeside/help/lists"),
        ("/w/lakeside/leads?view=calendar", "/w/lakeside/help/lists#calendar-and-timeline"),
        ("/w/lakeside/leads/new", "/w/lakeside/help/records#make-one"),
        ("/w/lakeside/settings/profile", "/w/lakeside/help/account#profile"),
        ("/w/lakeside/help/boards", "/w/lakeside/help"),
        // A page that is refused has its help too.
        ("/w/lakeside/settings/audit", "/w/lakeside/help/audit"),
    ] {
        assert_eq!(help_of(&samuel, path).await, wanted, "{path}");
    }
    // What one may not do is said in one line, and read all the same.
    let said = "it needs the permission people.key.create";
    let (status, page) = samuel.page("/w/lakeside/help/keys").await;
    assert!(status == StatusCode::OK && page.contains(said) && page.contains("id=\"make-a-key\""), "{page}");
    let (_, page) = samuel.page("/w/lakeside/help/exporting").await;
    assert!(!page.contains("it needs the permission"), "who exports anything at all is told nothing");
    let (_, page) = neema.page("/w/harbour/help/keys").await;
    assert!(!page.contains(said) && page.contains("href=\"/w/harbour/settings/keys\"") && !page.contains("lakeside"));
    // Another workspace, nobody, and no such article.
    let (status, _) = neema.page("/w/lakeside/help").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let answer = server.client().get("/w/lakeside/help/keys").await;
    assert!(answer.status().is_redirection() || answer.status() == StatusCode::UNAUTHORIZED, "{}", answer.status());
    for unknown in ["kyes", "%2e%2e%2fstart", "start.md", "%00"] {
        let (status, _) = samuel.page(&format!("/w/lakeside/help/{unknown}")).await;
        assert_eq!(status.as_u16() / 100, 4, "{unknown}");
    }
    server.end().await;
}

#[tokio::test]
async fn help_is_searched_by_words() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let search = async |words: &str| {
        let (status, page) = amina.page(&format!("/w/lakeside/help?q={words}")).await;
        assert_eq!(status, StatusCode::OK, "{words}");
        page.replace("<!>", "")
    };
    let all = search("").await;
    assert!(all.contains("By role") && all.contains("By subject") && all.contains("name=\"q\""));
    for article in articles().iter() {
        assert!(all.contains(&format!("href=\"/w/lakeside/help/{}\"", article.entry.key)), "{}", article.entry.key);
    }
    let found = search("undo%20IMPORT").await;
    assert!(found.contains("href=\"/w/lakeside/help/importing#undo-an-import\""), "{found}");
    assert!(!found.contains("By role"));
    let none = search("zebra%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(none.contains("No article has") && !none.contains("<script>alert(1)"));
    search(&"x".repeat(5_000)).await;
    // The palette's page has them too, behind what else it found.
    let (_, page) = amina.page("/w/lakeside/go?q=undo%20import").await;
    assert!(page.contains("href=\"/w/lakeside/help/importing#undo-an-import\""), "{page}");
    let (_, page) = amina.page("/w/lakeside/go?q=zebra").await;
    assert!(page.contains("Nothing found") && page.contains("href=\"/w/lakeside/help/search\""));
    server.end().await;
}

const IMPORT: &str = "\
insert into imports (tenant_id, id, entity, file_name, status, bytes, created, created_by)
values ($1, gen_random_uuid(), 'lead', 'leads.csv', $3, 1, 1, $2)";

async fn steps(server: &Server, caller: &Caller) -> FirstSteps {
    server.world.run(caller, ListFirstSteps {}).await.unwrap()
}

fn done(found: &FirstSteps) -> Vec<FirstStep> {
    found.steps.iter().filter(|state| state.done).map(|state| state.step).collect()
}

#[tokio::test]
async fn first_steps_know_what_is_done_and_end() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let other = server.world.tenant("harbour", "core").await;
    let (grace, caller) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let neema = server.world.member(&other, "Neema", &["OWNER"]).await;
    let pool = server.world.owner().await;

    let found = steps(&server, &caller).await;
    assert!(found.shown && done(&found).is_empty() && found.steps.len() == 4, "{found:?}");
    let (_, page) = grace.page("/w/lakeside").await;
    assert!(page.contains("First steps") && page.contains("0 of 4 done"), "{page}");
    for leads in ["settings/company", "leads/new", "leads/import", "settings/people?invite=1"] {
        assert!(page.contains(&format!("href=\"/w/lakeside/{leads}\"")), "{leads}");
    }

    // Each by what it leaves behind. Details without an address are not what documents need.
    let save = async |version: i64, address: Option<&str>| {
        let body = json!({ "version": version, "company": { "legalName": "Lakeside", "address": address } });
        let (status, answer) = grace.write(Method::POST, "/w/lakeside/api/v1/operations/company.save", &body).await;
        assert!(status.is_success(), "{answer}");
    };
    save(0, None).await;
    assert!(done(&steps(&server, &caller).await).is_empty());
    save(1, Some("Oginga Odinga Street 12")).await;
    assert_eq!(done(&steps(&server, &caller).await), [FirstStep::Company]);
    let (_, lead) = grace.write(Method::POST, "/w/lakeside/api/v1/leads", &json!({ "name": "Baraka" })).await;
    let id = lead["data"]["id"].as_str().unwrap().to_owned();
    let (status, _) = grace.write(Method::DELETE, &format!("/w/lakeside/api/v1/leads/{id}"), &json!({})).await;
    assert!(status.is_success());
    assert_eq!(done(&steps(&server, &caller).await), [FirstStep::Company, FirstStep::Record], "no step comes undone");
    for (status, count) in [("failed", 2), ("done", 3)] {
        let (tenant, member) = (tenant.id.0, caller.access.member.0);
        sqlx::query(IMPORT).bind(tenant).bind(member).bind(status).execute(&pool).await.unwrap();
        assert_eq!(done(&steps(&server, &caller).await).len(), count, "{status}");
    }
    // The automation is nobody whom one invites.
    assert!(steps(&server, &caller).await.shown);
    let john = server.world.member(&tenant, "John", &["ADMIN"]).await;
    for who in [&caller, &john] {
        let found = steps(&server, who).await;
        assert!(!found.shown && done(&found).len() == 4, "{found:?}");
    }
    let (_, page) = grace.page("/w/lakeside").await;
    assert!(!page.contains("First steps"));
    // Nothing of it is another workspace's.
    let found = steps(&server, &neema).await;
    assert!(found.shown && done(&found).is_empty(), "{found:?}");
    pool.close().await;
    server.end().await;
}

#[tokio::test]
async fn first_steps_are_put_away_by_each_and_are_not_for_everybody() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, caller) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (john, _) = server.signed_in(&tenant, "John", &["ADMIN"]).await;
    let (amina, manager) = server.signed_in(&tenant, "Amina", &["MANAGER"]).await;
    let (_, page) = amina.page("/w/lakeside").await;
    assert!(!page.contains("First steps"));
    let refused = server.world.run(&manager, PutFirstStepsAway {}).await.unwrap_err();
    assert_eq!(refused.kind, domain::Kind::Forbidden);
    let form = "/w/lakeside/do/onboarding.put_away";
    let sent = amina.form(form, &[("_page", "/w/lakeside")]).await;
    assert_eq!(sent.status(), StatusCode::FORBIDDEN);

    for key in ["one", "two"] {
        let sent = grace.form(form, &[("_page", "/w/lakeside"), ("_key", key)]).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    }
    let (_, page) = grace.page("/w/lakeside").await;
    assert!(!page.contains("First steps"));
    let (_, page) = john.page("/w/lakeside").await;
    assert!(page.contains("First steps"), "each their own");
    let pool = server.world.owner().await;
    let told: i64 = sqlx::query_scalar(
        "select count(*) from changes where operation = 'onboarding.put_away' and outcome = 'done' and entity = 'first_steps'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(told, 1, "once more says nothing new");
    assert!(!steps(&server, &caller).await.shown);
    pool.close().await;
    server.end().await;
}

#[tokio::test]
async fn first_steps_are_for_new_workspaces_and_no_demo() {
    let server = Server::new().await;
    let demo = server.world.tenant("motors", "automotive").await;
    let old = server.world.tenant("lakeside", "core").await;
    let grace = server.world.member(&demo, "Grace", &["OWNER"]).await;
    let neema = server.world.member(&old, "Neema", &["OWNER"]).await;
    assert!(steps(&server, &grace).await.shown && steps(&server, &neema).await.shown);
    seed(&server.world.platform, &server.world.library, "automotive", Size::Small, "motors").await.unwrap();
    assert!(!steps(&server, &grace).await.shown);
    let pool = server.world.owner().await;
    let age = "update tenants set created_at = '2020-01-01' where id = $1";
    sqlx::query(age).bind(old.id.0).execute(&pool).await.unwrap();
    assert!(!steps(&server, &neema).await.shown);
    pool.close().await;
    server.end().await;
}
