//! Exports that are too large to wait for, over HTTP: asked for from the list, written behind a page that says how far they are, and fetched once
//! more only by whoever started them, while they may and have confirmed it.

use crate::support::{Client, Server};
use chrono::Duration;
use domain::exports::GetExport;
use modules::files::erase;
use platform::Caller;
use platform::clock::Clock;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::{PASSWORD, TestTenant};

const API: &str = "/w/lakeside/api/v1";
/// A little more than goes out at once.
const ROWS: i32 = 52_000;
const FILL: &str = "\
insert into leads (tenant_id, id, number, status, name, name_norm, city, city_norm, created_by, created_at, updated_at)
select $1, md5(i::text)::uuid, 'L-' || i, 'new', 'Name ' || i, 'name ' || i, 'Nairobi', 'nairobi', $2,
    now() - make_interval(secs => i), now() from generate_series(1, $3) i";

fn location(answer: &Response) -> String {
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

async fn run(client: &Client, operation: &str, input: &Value) -> Value {
    let (status, answer) = client.write(Method::POST, &format!("{API}/operations/{operation}"), input).await;
    assert_eq!(status, StatusCode::OK, "{operation}: {answer}");
    answer["data"].clone()
}

/// As a browser follows a link.
async fn followed(client: &Client, path: &str) -> Response {
    client.send(client.request(Method::GET, path).header(header::ACCEPT, "text/html")).await
}

/// The page of an export that has ended.
async fn ended(client: &Client, place: &str) -> String {
    for _ in 0..1200 {
        let (status, page) = client.page(place).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        if !page.contains("data-import") {
            return page;
        }
        assert!(page.contains("of about") && page.contains("do/exports.cancel"), "{page}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{place} does not end");
}

async fn plenty(server: &Server, tenant: &TestTenant, amina: &Caller) {
    let owner = server.world.owner().await;
    let made = sqlx::query(FILL).bind(tenant.id.0).bind(amina.access.member.0).bind(ROWS).execute(&owner).await;
    assert_eq!(made.unwrap().rows_affected(), u64::try_from(ROWS).unwrap());
    sqlx::raw_sql("vacuum analyze leads").execute(&owner).await.unwrap();
    owner.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_export_is_written_behind_its_page() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let harbour = server.world.tenant("harbour", "core").await;
    let (amina, caller) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (john, _) = server.signed_in(&lakeside, "John", &["OWNER"]).await;
    let (nora, _) = server.signed_in(&harbour, "Nora", &["OWNER"]).await;
    plenty(&server, &lakeside, &caller).await;

    // From the list: a question in place of a file that takes long. Few rows, rows for programs and workbooks go out at once.
    let asked = followed(&amina, "/w/lakeside/leads/export.csv?sort=name&fields=name,city").await;
    assert_eq!(asked.status(), StatusCode::SEE_OTHER);
    let question = location(&asked);
    assert_eq!(question, "/w/lakeside/exports?of=leads&format=csv&sort=name&fields=name%2Ccity");
    let few = followed(&amina, "/w/lakeside/leads/export.csv?filter=name%20%3D%20%22Name%207%22&fields=name").await;
    assert_eq!((few.status(), few.text().await.unwrap().lines().count()), (StatusCode::OK, 2));
    let (_, page) = amina.page(&question).await;
    assert!(page.contains("do/exports.start") && page.contains("Export leads"), "{page}");
    assert!(page.contains("name=\"fields\" value=\"name,city\"") && page.contains("name=\"sort\" value=\"name\""));

    let fields = [
        ("entity", "lead"),
        ("format", "csv"),
        ("sort", "name"),
        ("fields", "name,city"),
        ("_page", question.as_str()),
        ("_next", "/w/lakeside/exports/{id}"),
    ];
    let answer = amina.form("/w/lakeside/do/exports.start", &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
    let place = location(&answer);
    let page = ended(&amina, &place).await;
    assert!(page.contains("The file is written") && page.contains("52,000 rows"), "{page}");
    let file = format!("{place}/file");
    assert!(page.contains(&format!("href=\"{file}\"")));
    let answer = amina.get(&file).await;
    assert_eq!(answer.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"leads.csv\"");
    assert!(answer.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/csv"));
    let text = answer.text().await.unwrap();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!((lines.len(), lines[0]), (52_001, "Name,City"));
    assert_eq!(lines[1..].iter().collect::<BTreeSet<_>>().len(), 52_000, "nothing twice, nothing missing");
    let (_, page) = amina.page("/w/lakeside/exports").await;
    assert!(page.contains("leads.csv") && page.contains(&place), "{page}");

    // Somebody else's is none, for colleagues as for strangers.
    for (client, slug) in [(&john, "lakeside"), (&nora, "harbour"), (&nora, "lakeside")] {
        for path in [&place, &file] {
            let path = path.replacen("lakeside", slug, 1);
            assert_eq!(client.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
    let owner = server.world.owner().await;
    let id = place.rsplit('/').next().unwrap();
    let left: i64 = sqlx::query_scalar(
        "select count(*) from changes where operation = 'records.export' and after->>'export' = $1 and (after->>'rows')::bigint = 52000",
    )
    .bind(id)
    .fetch_one(&owner)
    .await
    .unwrap();
    assert_eq!(left, 1);

    // As an array, and of nothing, it is what the stream is.
    let query = "filter=city%20%3D%20Nowhere&format=json";
    let empty = json!({ "entity": "lead", "format": "json", "filter": "city = Nowhere" });
    let empty = run(&amina, "exports.start", &empty).await;
    let place = format!("/w/lakeside/exports/{}", empty["id"].as_str().unwrap());
    ended(&amina, &place).await;
    let written = amina.get(&format!("{place}/file")).await.text().await.unwrap();
    let streamed = amina.get(&format!("{API}/leads/export?{query}")).await.text().await.unwrap();
    assert_eq!((written.as_str(), streamed.as_str()), ("[]", "[]"));

    // One that failed says why, and leads to the same question once more.
    let failed = "update exports set status = 'failed', error = 'The store is full' where id = $1";
    let ended: uuid::Uuid = empty["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(sqlx::query(failed).bind(ended).execute(&owner).await.unwrap().rows_affected(), 1);
    let (_, page) = amina.page(&place).await;
    assert!(page.contains("The store is full") && page.contains("Start again"), "{page}");
    let again = page.split("href=\"/w/lakeside/exports?").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let (_, question) = amina.page(&format!("/w/lakeside/exports?{}", again.replace("&amp;", "&"))).await;
    assert!(question.contains("name=\"filter\" value=\"city = Nowhere\""), "{again}: {question}");
    assert!(question.contains("name=\"format\" value=\"json\""), "{question}");
    let done = "update exports set status = 'done', error = null where id = $1";
    assert_eq!(sqlx::query(done).bind(ended).execute(&owner).await.unwrap().rows_affected(), 1);

    // After five minutes a session alone takes nothing out, neither at the start nor at the end.
    server.world.clock.advance(Duration::seconds(301));
    assert_eq!(amina.get(&file).await.status(), StatusCode::FORBIDDEN);
    assert!(location(&followed(&amina, &file).await).starts_with("/confirm?next=%2Fw%2Flakeside%2Fexports%2F"));
    assert_eq!(amina.form("/w/lakeside/do/exports.start", &fields).await.status(), StatusCode::FORBIDDEN);
    let confirmed = amina.form("/confirm", &[("_with", "password"), ("_password", PASSWORD), ("next", &file)]).await;
    assert_eq!(confirmed.status(), StatusCode::SEE_OTHER);
    assert_eq!(amina.get(&file).await.status(), StatusCode::OK);
    sqlx::query("update members set roles = '{VIEWER}' where id = $1")
        .bind(caller.access.member.0)
        .execute(&owner)
        .await
        .unwrap();
    assert_eq!(amina.get(&file).await.status(), StatusCode::FORBIDDEN);

    // Seven days later it is gone, and its parts go from the store.
    server.world.clock.advance(Duration::days(7));
    let caller = server.world.caller(&lakeside, caller.access.member).await;
    let gone = server.world.run(&caller, GetExport { id: id.parse().unwrap() }).await.unwrap_err();
    assert_eq!(gone, domain::Error::not_found());
    let pool = &server.world.services().pools.platform;
    let folder = server.files.join(lakeside.id.0.simple().to_string());
    let stored = || std::fs::read_dir(&folder).into_iter().flatten().count();
    let parts = stored();
    assert_eq!(parts, 12, "eleven of up to 5,000 rows, and the empty one");
    assert_eq!(records::exports::expired(pool, server.world.clock.now(), 100).await.unwrap(), 2);
    // Whoever began to fetch one a moment ago reads it to its end.
    assert_eq!((erase::contents(&server.world.platform, pool, 100).await.unwrap(), stored()), (0, parts));
    server.world.clock.advance(Duration::hours(6));
    assert_eq!(erase::contents(&server.world.platform, pool, 100).await.unwrap(), u64::try_from(parts).unwrap());
    assert_eq!(stored(), 0);
    owner.close().await;
    server.end().await;
}
