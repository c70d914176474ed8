//! What support does while acting for a member names them, whatever the operation gives as its cause: in the timeline, in the trail, and in
//! what the chain is made of.

use super::{LEADS, act_for, location, operation, staff, world};
use crate::support::{Client, Server};
use platform::audit::anchor::Anchors;
use platform::audit::verify;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::time::Duration;

const BY: &str = "Jane SUPPORT for Amina";

async fn lead(client: &Client, lead: Value) -> String {
    let (status, answer) = client.write(Method::POST, LEADS, &lead).await;
    assert_eq!(status, 201, "{answer}");
    answer["data"]["id"].as_str().unwrap().to_owned()
}

async fn done(client: &Client, name: &str, input: Value) -> Value {
    let (status, answer) = operation(client, name, &input).await;
    assert_eq!(status, 200, "{name}: {answer}");
    answer["data"].clone()
}

fn texts(answer: &Value, keys: [&str; 3]) -> Vec<[String; 3]> {
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    answer["data"].as_array().unwrap().iter().map(|entry| keys.map(|key| text(entry, key))).collect()
}

/// Operation, cause and name of all that happened to a lead, the newest first.
async fn trail(client: &Client, lead: &str) -> Vec<[String; 3]> {
    let (_, answer) = client.json(&format!("/w/lakeside/api/v1/audit/logs?record={lead}&limit=100")).await;
    texts(&answer, ["operation", "cause", "name"])
}

/// Verified when all of it is sealed, which happens behind the requests.
async fn verified(server: &Server) -> i64 {
    let mut conn = PgConnection::connect(&server.world.urls.owner).await.unwrap();
    let keyring = &server.world.services().keyring;
    for _ in 0..600 {
        let reports = verify::database(&mut conn, keyring, &Anchors::default(), Some("lakeside")).await.unwrap();
        let report = reports.into_iter().next().unwrap();
        assert!(report.faults.is_empty(), "{:?}", report.faults);
        if report.pending == 0 {
            conn.close().await.unwrap();
            return report.changes;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the trail is not sealed");
}

#[tokio::test]
async fn what_support_merges_and_takes_back_names_them() {
    let (server, tenant) = world().await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    // The second has what the first lacks, so that both are changed.
    let kept = lead(&amina, json!({ "name": "Baraka" })).await;
    let merged = lead(&amina, json!({ "name": "Chausiku", "city": "Nairobi" })).await;
    let support = staff(&server, "SUPPORT").await;
    let begun = act_for(&server, &support, &tenant, &caller, "ticket 4711, two leads are one", "60").await;
    assert_eq!(location(&begun), "/w/lakeside");

    let merge = json!({ "entity": "lead", "kept": kept, "merged": merged });
    let merge = done(&support, "records.merge", merge).await["merge"].clone();
    done(&support, "records.unmerge", json!({ "entity": "lead", "merge": merge })).await;
    let (_, now) = support.json(&format!("{LEADS}/{kept}")).await;
    let change = json!({ "city": "Kisumu", "version": now["data"]["version"] });
    let (status, answer) = support.write(Method::PATCH, &format!("{LEADS}/{kept}"), &change).await;
    assert!(status.is_success(), "{answer}");
    let (_, entries) =
        amina.json(&format!("/w/lakeside/api/v1/audit/logs?record={kept}&operation=records.update")).await;
    let update = entries["data"][0]["id"].clone();
    done(&support, "audit.undo", json!({ "change": update })).await;
    // A refusal is somebody's too.
    assert_eq!(operation(&support, "records.export", &json!({ "entity": "lead" })).await.0, 403);

    let mut causes = Vec::new();
    for id in [&kept, &merged] {
        let mut trail = trail(&amina, id).await;
        assert_eq!(trail.pop().unwrap(), ["records.create", "request", "Amina"]);
        assert!(trail.len() >= 2 && trail.iter().all(|[.., name]| name == BY), "{trail:?}");
        causes.extend(trail.into_iter().map(|[_, cause, _]| cause));
        let (_, answer) = amina.json(&format!("{LEADS}/{id}/timeline")).await;
        let mut timeline = texts(&answer, ["operation", "id", "actor"]);
        assert_eq!(timeline.pop().unwrap()[2], "Amina");
        assert!(timeline.len() >= 2 && timeline.iter().all(|[.., name]| name == BY), "{timeline:?}");
    }
    for cause in ["merge", "undo", "impersonation"] {
        assert!(causes.iter().any(|other| other == cause), "{cause} is not among {causes:?}");
    }

    // Over: what Amina takes back is hers.
    assert_eq!(location(&support.form("/impersonation/stop", &[]).await), "/admin");
    let merge = json!({ "entity": "lead", "kept": kept, "merged": merged });
    done(&amina, "records.merge", merge).await;
    assert_eq!(trail(&amina, &kept).await[0], ["records.merge", "merge", "Amina"]);

    // Every entry between the beginning and the end is theirs, and none other; the chain knows it.
    let pool = server.world.owner().await;
    let (all, acted): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where c.through_kind = 'impersonation' and c.through_id = i.id)
         from impersonations i join changes c on c.tenant_id = i.tenant_id and c.request_id is not null and c.entity <> 'impersonation'
           and c.id > (select b.id from changes b where b.operation = 'account.impersonate' order by b.id limit 1)
           and c.id < (select e.id from changes e where e.operation = 'account.impersonate' order by e.id desc limit 1)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(all > 6 && all == acted, "{acted} of {all}");
    pool.close().await;
    assert!(verified(&server).await > all);
    server.end().await;
}
