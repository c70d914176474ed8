//! What pages that are open hear: rows that changed, of their workspace and within reach, and nothing of what is in them.

use crate::factor::act_for;
use crate::support::{Client, Server};
use domain::people::{EndMemberSessions, SetRoles, SuspendMember};
use domain::records::{CreateRecord, UpdateRecord};
use domain::workflow::{Audience, Notify};
use platform::Caller;
use platform::clock::Clock;
use platform::live::OF_MEMBER;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const CANARY: &str = "CANARY-LIVE";

/// A stream as a browser reads it.
struct Stream {
    answer: Response,
    text: String,
    /// The id of the last event that was read.
    id: String,
}

impl Stream {
    async fn open(client: &Client, since: Option<&str>) -> Self {
        Self::at(client, "/w/lakeside/stream", since).await
    }

    /// Of the page of a lead.
    async fn about(client: &Client, workspace: &str, lead: Uuid) -> Self {
        Self::at(client, &format!("/w/{workspace}/stream?entity=lead&record={lead}"), None).await
    }

    async fn at(client: &Client, path: &str, since: Option<&str>) -> Self {
        let mut request = client.request(Method::GET, path).header(header::ACCEPT, "text/event-stream");
        if let Some(since) = since {
            request = request.header("last-event-id", since);
        }
        let answer = client.send(request).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut stream = Self { answer, text: String::new(), id: String::new() };
        assert_eq!(stream.next().await.as_deref(), Some("place {}"));
        stream
    }

    /// The next event, as its name and data; nothing where the stream ends or is silent for two seconds.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    line.map(str::to_owned)
                };
                let (name, data, id) =
                    (field("event").unwrap_or_else(|| "message".to_owned()), field("data"), field("id"));
                self.text = rest.to_owned();
                if let Some(id) = id {
                    self.id = id;
                }
                match data {
                    Some(data) => return Some(format!("{name} {data}")),
                    None => continue,
                }
            }
            let more = tokio::time::timeout(Duration::from_secs(2), self.answer.chunk()).await.ok()?.ok()??;
            self.text.push_str(&String::from_utf8_lossy(&more));
        }
    }

    /// Whether it comes to its end within a second.
    async fn ends(&mut self) -> bool {
        let end = async { while self.answer.chunk().await.is_ok_and(|more| more.is_some()) {} };
        tokio::time::timeout(Duration::from_secs(1), end).await.is_ok()
    }

    /// How much it says waits for the listener, once it says so; nothing where it falls silent before.
    async fn unread(&mut self) -> Option<u64> {
        while let Some(event) = self.next().await {
            assert!(!event.contains(CANARY), "{event}");
            if let Some(data) = event.strip_prefix("told ") {
                let data: Value = serde_json::from_str(data).unwrap();
                return data["unread"].as_u64();
            }
        }
        None
    }

    /// Who else has the record open, as it was said last before it fell silent; nothing where it says nothing of that.
    async fn colleagues(&mut self) -> Option<Vec<String>> {
        let mut said = None;
        // Shorter than a stream lasts, however often it is asked.
        while let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(700), self.next()).await {
            let Some(data) = event.strip_prefix("here ") else { continue };
            let data: Value = serde_json::from_str(data).unwrap();
            said = Some(serde_json::from_value(data["names"].clone()).unwrap());
        }
        said
    }

    /// Rows that it tells of until it is silent: which, and whether the listener did it.
    async fn told(&mut self) -> Vec<(Uuid, bool)> {
        let mut told = Vec::new();
        while let Some(event) = self.next().await {
            assert!(!event.contains(CANARY), "{event}");
            let Some(data) = event.strip_prefix("message ") else { continue };
            let data: Value = serde_json::from_str(data).unwrap();
            for change in data["changes"].as_array().unwrap() {
                assert_eq!(change["entity"], "lead");
                told.push((change["id"].as_str().unwrap().parse().unwrap(), change["own"].as_bool().unwrap()));
            }
        }
        told.sort_unstable();
        told
    }
}

async fn lead(server: &Server, caller: &Caller) -> Uuid {
    let values = json!({ "name": CANARY }).as_object().cloned().unwrap();
    server.world.run(caller, CreateRecord { entity: "lead".to_owned(), values }).await.unwrap().id
}

#[tokio::test]
async fn each_hears_of_the_rows_that_they_see() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let elsewhere = server.world.tenant("elsewhere", "core").await;
    let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (john, rep) = server.signed_in(&tenant, "John", &["SALES_REP"]).await;
    let (asha, nothing) = server.signed_in(&tenant, "Asha", &[]).await;
    let stranger = server.world.member(&elsewhere, "Faith", &["OWNER"]).await;
    let mut heard =
        [Stream::open(&grace, None).await, Stream::open(&john, None).await, Stream::open(&asha, None).await];
    let (hers, his) = (lead(&server, &owner).await, lead(&server, &rep).await);
    lead(&server, &stranger).await;
    let mut told = Vec::new();
    for stream in &mut heard {
        told.push(stream.told().await);
    }
    let pair = |own: Uuid, other: Uuid| {
        let mut pair = vec![(own, true), (other, false)];
        pair.sort_unstable();
        pair
    };
    assert_eq!(told[0], pair(hers, his), "all of the workspace, and which are one's own doing");
    let reach = rep.access.grants.reach("crm.lead.read").unwrap();
    let seen = if reach == domain::Reach::All { pair(his, hers) } else { vec![(his, true)] };
    assert_eq!(told[1], seen, "a representative: {reach:?}");
    assert!(told[2].is_empty() && nothing.access.roles.is_empty());

    // Who comes back hears what they missed, from where they were.
    let last = heard[0].id.clone();
    drop(heard);
    let missed = lead(&server, &rep).await;
    let mut again = Stream::open(&grace, Some(&last)).await;
    assert!(again.told().await.contains(&(missed, false)), "something may be told twice, nothing is left out");
    // A page says when it was drawn: what came since is told, though nobody was listening.
    let moment = (server.world.clock.now() - chrono::Duration::seconds(1)).to_rfc3339();
    let mut page = Stream::open(&grace, Some(&moment)).await;
    assert!(page.told().await.contains(&(missed, false)));
    println!("bar=A-08 streams=5 canaries=0 pass=1");
    server.end().await;
}

/// Whoever is told something hears on every page how much waits for them, also when they come back; nobody else hears of it.
#[tokio::test]
async fn who_is_told_something_hears_how_much_waits() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (john, caller) = server.signed_in(&tenant, "John", &["USER"]).await;
    let tell = async |key: &str| {
        let notify = Notify {
            to: Audience::Member(caller.access.member.0),
            title: CANARY.to_owned(),
            body: Some(CANARY.to_owned()),
            entity: None,
            record: None,
            key: key.to_owned(),
        };
        server.world.run(&owner, notify).await.unwrap();
    };
    let [mut one, mut other] = [Stream::open(&john, None).await, Stream::open(&john, None).await];
    let mut hers = Stream::open(&grace, None).await;
    let place = one.id.clone();
    tell("a").await;
    assert_eq!([one.unread().await, other.unread().await], [Some(1); 2]);
    assert_eq!(hers.unread().await, None, "it is not hers");
    tell("a").await;
    assert_eq!(one.unread().await, None, "told once by a key");
    drop((one, other, hers));
    tell("b").await;
    let mut again = Stream::open(&john, Some(&place)).await;
    assert_eq!(again.unread().await, Some(2), "what came meanwhile");

    // However much others were told meanwhile: his pages missed nothing of that, and fetch nothing for it.
    let place = again.id.clone();
    drop(again);
    for number in 0..8 {
        server.world.member(&tenant, &format!("Clerk {number}"), &["WAREHOUSE"]).await;
    }
    for number in 0..75 {
        let (to, title, key) = (Audience::Role("WAREHOUSE".to_owned()), CANARY.to_owned(), number.to_string());
        let notify = Notify { to, title, body: None, entity: None, record: None, key };
        assert_eq!(server.world.run(&owner, notify).await.unwrap().members.len(), 8);
    }
    let moment = (server.world.clock.now() - chrono::Duration::seconds(1)).to_rfc3339();
    for heard in [place, moment] {
        let mut again = Stream::open(&john, Some(&heard)).await;
        while let Some(event) = again.next().await {
            assert!(event.starts_with("told "), "{heard}: {event}");
        }
    }
    server.end().await;
}

/// Who has a record open hears who else does: colleagues who may see it, and nobody beyond.
#[tokio::test]
async fn colleagues_at_the_same_record_know_of_each_other() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let elsewhere = server.world.tenant("elsewhere", "core").await;
    let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (john, _) = server.signed_in(&tenant, "John", &["MANAGER"]).await;
    let (asha, _) = server.signed_in(&tenant, "Asha", &[]).await;
    let (rita, _) = server.entered(&tenant, "Rita", &["SALES_REP"]).await;
    let (faith, _) = server.signed_in(&elsewhere, "Faith", &["OWNER"]).await;
    let (here, other) = (lead(&server, &owner).await, lead(&server, &owner).await);
    let mut first = Stream::about(&grace, "lakeside", here).await;
    assert_eq!(first.colleagues().await, Some(Vec::new()), "alone");
    // Those who may not see it, those of another workspace and those at another record are nobody.
    let mut blind = Stream::about(&asha, "lakeside", here).await;
    assert_eq!(blind.colleagues().await, None);
    // She may read leads, and this one is not hers.
    let mut narrow = Stream::about(&rita, "lakeside", here).await;
    assert_eq!(narrow.colleagues().await, None);
    let mut stranger = Stream::about(&faith, "elsewhere", here).await;
    assert_eq!(stranger.colleagues().await, None);
    let beside = Stream::about(&john, "lakeside", other).await;
    assert_eq!(first.colleagues().await, None, "nobody came");
    drop(beside);
    let mut second = Stream::about(&john, "lakeside", here).await;
    assert_eq!(second.colleagues().await, Some(vec!["Grace".to_owned()]));
    assert_eq!(first.colleagues().await, Some(vec!["John".to_owned()]));
    // The same member in a second tab is not somebody else, and closing one is not leaving.
    let tab = Stream::about(&john, "lakeside", here).await;
    drop(tab);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(first.colleagues().await, None);
    drop(second);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(first.colleagues().await, Some(Vec::new()), "gone");
    server.end().await;
}

/// Support staff who act for a member look in unseen: to their colleagues nobody has come, and of colleagues they are told nothing.
#[tokio::test]
async fn who_acts_for_a_member_stands_at_no_record() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (_, owner) = server.entered(&tenant, "Grace", &["OWNER"]).await;
    let (john, _) = server.entered(&tenant, "John", &["MANAGER"]).await;
    let support = crate::factor::staff(&server, "SUPPORT").await;
    let begun = act_for(&server, &support, &tenant, &owner, "ticket 4711, empty list", "60").await;
    assert_eq!(begun.status(), StatusCode::SEE_OTHER);
    let here = lead(&server, &owner).await;
    let mut colleague = Stream::about(&john, "lakeside", here).await;
    assert_eq!(colleague.colleagues().await, Some(Vec::new()), "alone");
    let mut looking = Stream::about(&support, "lakeside", here).await;
    assert_eq!(looking.colleagues().await, None);
    assert_eq!(colleague.colleagues().await, None, "nobody came");
    server.end().await;
}

/// Whoever is shut out may be told of nothing more once their stream has ended, and it ends by itself; a page that only listens keeps no
/// session alive.
#[tokio::test]
async fn a_stream_is_asked_for_like_anything_else() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (john, caller) = server.signed_in(&tenant, "John", &["USER"]).await;
    let grace = server.world.member(&tenant, "Grace", &["OWNER"]).await;
    let status = async |client: &Client, accept: &str| {
        let request = client.request(Method::GET, "/w/lakeside/stream").header(header::ACCEPT, accept);
        client.send(request).await.status()
    };
    let owner = server.world.owner().await;
    let seen = async || -> String {
        sqlx::query_scalar("select max(last_seen_at)::text from sessions").fetch_one(&owner).await.unwrap()
    };
    let before = seen().await;
    server.world.clock.advance(chrono::Duration::minutes(5));
    assert_eq!(status(&john, "text/event-stream").await, StatusCode::OK);
    assert_eq!(seen().await, before, "listening is not working");
    assert_eq!(status(&john, "text/html").await, StatusCode::BAD_REQUEST, "no page");
    assert_ne!(seen().await, before, "but asking for it as one is");
    assert_eq!(status(&server.client(), "text/event-stream").await, StatusCode::UNAUTHORIZED);
    server.world.run(&grace, SuspendMember { id: caller.access.member.0 }).await.unwrap();
    assert_ne!(status(&john, "text/event-stream").await, StatusCode::OK);
    owner.close().await;
    server.end().await;
}

/// B-04. Who is shut out, given another role, or signed out elsewhere hears nothing more; the others go on hearing.
#[tokio::test]
async fn other_rights_end_a_stream_at_once() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (john, member) = server.signed_in(&tenant, "John", &["USER"]).await;
    let mut hears = Stream::open(&grace, None).await;
    let id = member.access.member.0;
    let mut other_role = Stream::open(&john, None).await;
    server
        .world
        .run(&owner, SetRoles { member: id, roles: vec!["MANAGER".to_owned(), "USER".to_owned()] })
        .await
        .unwrap();
    assert!(other_role.ends().await, "another role");
    let mut signed_out = Stream::open(&john, None).await;
    server.world.run(&owner, EndMemberSessions { member: id, id: None }).await.unwrap();
    assert!(signed_out.ends().await, "signed out");
    assert!(hears.ends().await, "it is not said whose sessions ended, so all are looked at anew");
    let john = server.client();
    john.form("/sign-in", &[("login", "john@lakeside.example"), ("password", testkit::PASSWORD)]).await;
    let (mut hears, mut suspended) = (Stream::open(&grace, None).await, Stream::open(&john, None).await);
    server.world.run(&owner, SuspendMember { id }).await.unwrap();
    assert!(suspended.ends().await, "suspended");
    let made = lead(&server, &owner).await;
    assert_eq!(hears.told().await, [(made, true)]);
    server.end().await;
}

/// One member with many pages takes nothing from the others: there is an end to their streams, and it is theirs alone.
#[tokio::test]
async fn a_member_has_so_many_streams_and_no_more() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (john, _) = server.signed_in(&tenant, "John", &["USER"]).await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let ask = async |client: &Client| {
        let request = client.request(Method::GET, "/w/lakeside/stream").header(header::ACCEPT, "text/event-stream");
        client.send(request).await
    };
    let mut held = Vec::new();
    for _ in 0..OF_MEMBER {
        held.push(Stream::open(&john, None).await);
    }
    let refused = ask(&john).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert!(refused.text().await.unwrap().contains("Close some of them"));
    assert_eq!(ask(&grace).await.status(), StatusCode::OK, "others listen");
    // Closing a page gives its place back, as soon as the server notices.
    held.pop();
    let mut status = StatusCode::TOO_MANY_REQUESTS;
    for _ in 0..300 {
        status = ask(&john).await.status();
        if status == StatusCode::OK {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(status, StatusCode::OK);
    drop(held);
    server.end().await;
}

/// A place that somebody made up costs no walk through all that ever happened: what is older than hours is not looked for.
#[tokio::test]
async fn what_is_long_past_is_not_told_one_by_one() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (_, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let old = lead(&server, &owner).await;
    server.world.clock.advance(chrono::Duration::hours(3));
    let (john, _) = server.signed_in(&tenant, "John", &["USER"]).await;
    let new = lead(&server, &owner).await;
    let now = server.world.clock.now();
    let place = |moment: chrono::DateTime<chrono::Utc>| format!("1.{}.{}", Uuid::nil(), moment.timestamp_millis());
    for moment in [now, now + chrono::Duration::days(400_000)] {
        let told = Stream::open(&john, Some(&place(moment))).await.told().await;
        assert!(told.contains(&(new, false)) && !told.iter().any(|(row, _)| *row == old), "{moment}: {told:?}");
    }
    let earlier = now - chrono::Duration::minutes(61);
    let long_ago =
        [place(earlier), format!("1.{}", Uuid::nil()), earlier.to_rfc3339(), "1970-01-01T00:00:00Z".to_owned()];
    for heard in long_ago {
        let mut stream = Stream::open(&john, Some(&heard)).await;
        assert_eq!(stream.next().await.as_deref(), Some("many {}"), "{heard}");
        assert!(stream.told().await.is_empty(), "{heard}");
    }
    server.end().await;
}

/// A stop ends the streams: nobody waits for a page that only listens.
#[tokio::test]
async fn streams_end_with_the_server() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (john, caller) = server.signed_in(&tenant, "John", &["USER"]).await;
    let mut stream = Stream::open(&john, None).await;
    let record = lead(&server, &caller).await;
    let values = json!({ "name": "Other" }).as_object().cloned().unwrap();
    let update = UpdateRecord { entity: "lead".to_owned(), id: record, version: Some(1), values, base: None };
    server.world.run(&caller, update).await.unwrap();
    let told = stream.told().await;
    assert!(!told.is_empty(), "it tells before it ends");
    assert!(told.iter().all(|told| *told == (record, true)), "of one row only: {told:?}");
    tokio::time::timeout(Duration::from_secs(15), server.end())
        .await
        .expect("the server stops though somebody listens");
    assert!(stream.next().await.is_none());
}
