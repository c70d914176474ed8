//! Reads go through a second driver where the database is on this machine. Where it is not, they go through the one that writes: the answers
//! must be the same.

use crate::support::Server;
use nexus_server::{net, start};
use reqwest::Method;
use serde_json::json;
use testkit::TestWorld;

const ASKED: &[&str] = &[
    "",
    "/leads",
    "/leads?view=board",
    "/leads?view=calendar&date=createdAt",
    "/leads?filter=value%20%3E%201000&sort=-value",
    "/leads/{id}",
    "/go?q=amina",
    "/settings/people",
    "/api/v1/leads?sort=-name&limit=2",
    "/api/v1/leads?filter=status%20%3D%20new&count=exact",
    "/api/v1/leads/{id}",
    "/api/v1/leads/{id}/timeline",
    "/api/v1/leads/00000000-0000-7000-8000-000000000000",
    "/api/v1/leads?filter=nonsense",
];

/// What a member is answered, without what no two worlds share: ids, nonces and the port.
async fn answers(server: &Server) -> Vec<String> {
    let tenant = server.world.tenant("lakeside", "automotive").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let mut id = String::new();
    for (name, amount) in [("Amina Otieno", "1250.50"), ("Brian Kiptoo", "900.00"), ("Chebet Rono", "48000.00")] {
        let lead = json!({ "name": name, "value": { "amount": amount, "currency": "KES" } });
        let (_, body) = amina.write(Method::POST, "/w/lakeside/api/v1/leads", &lead).await;
        id = body["data"]["id"].as_str().unwrap().to_owned();
        // Of rows made in one instant the ids decide which comes first.
        server.world.clock.advance(chrono::Duration::seconds(1));
    }
    let mut said = Vec::new();
    for path in ASKED {
        let path = format!("/w/lakeside{}", path.replace("{id}", &id));
        let answer = amina.send(amina.request(Method::GET, &path)).await;
        let status = answer.status();
        let body = answer.text().await.unwrap();
        assert!(!status.is_server_error(), "{path}: {status} {body}");
        said.push(shared(&format!("{path} {status} {body}").replace(&amina.base, "")));
    }
    said
}

/// The text with ids, keys of forms and nonces blanked.
fn shared(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut out = String::new();
    for piece in text.split_inclusive(|c| !word(c)) {
        let bare = piece.trim_end_matches(|c| !word(c));
        out += if bare.len() >= 22 { "#" } else { piece };
    }
    let nonce = text.split_once("nonce=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(nonce, _)| nonce);
    nonce.map_or_else(|| out.clone(), |nonce| out.replace(nonce, "#"))
}

#[tokio::test(flavor = "multi_thread")]
async fn either_driver_answers_the_same() {
    let two = Server::new().await;
    assert!(two.world.services().pools.readers.is_some(), "the test's database is on this machine");
    let one = TestWorld::with_pools(|registry| *registry = start::registry(), |pools| pools.readers = None).await;
    let one = Server::over(one, net::Limits::default()).await;
    let (with, without) = (answers(&two).await, answers(&one).await);
    for (with, without) in with.iter().zip(&without) {
        let same = with.bytes().zip(without.bytes()).take_while(|(one, other)| one == other).count();
        let part =
            |text: &str| text.get(same.saturating_sub(200)..).unwrap_or_default().chars().take(400).collect::<String>();
        assert!(with == without, "two drivers: {}\none driver: {}", part(with), part(without));
    }
    two.end().await;
    one.end().await;
}
