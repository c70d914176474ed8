//! What was answered once is answered again to whoever may still see it.

use crate::sample::MARGIN;
use crate::world::{World, with};
use domain::{Kind, Reach};
use platform::{Caller, Idempotent};
use serde_json::json;

/// B-05. The answer of a write shows fields; sent once more, it shows no field of which the permission is gone, and nothing is done twice.
#[tokio::test]
async fn an_answer_is_not_shown_again_once_a_permission_is_gone() {
    let world = World::new().await;
    let seeing = with(&world.here.user, |access| {
        access.grants.0.insert(MARGIN.to_owned(), Reach::All);
    });
    let margin = json!({ "amount": "918273.00", "currency": "KES" });
    let input = json!({ "entity": "sample", "values": { "name": "A", "margin": margin } });
    let once = Idempotent::new("POST /samples".to_owned(), "k".to_owned(), b"body");
    let send = async |caller: &Caller| {
        let (name, platform) = ("records.create".to_owned(), world.platform.clone());
        platform.run_once(caller.clone(), name, input.clone(), once.clone()).await
    };
    let first = send(&seeing).await.unwrap();
    let again = send(&seeing).await.unwrap();
    assert!(first.json.contains("918273") && !first.replayed, "{}", first.json);
    assert_eq!((again.json, again.replayed), (first.json, true));
    // Neither without the field, nor as somebody whose roles or place are others, though the grants be the same.
    let elsewhere = with(&seeing, |access| access.location = Some(uuid::Uuid::nil()));
    let promoted = with(&seeing, |access| access.roles.push("INSPECTOR".to_owned()));
    for caller in [&world.here.user, &elsewhere, &promoted] {
        let error = send(caller).await.unwrap_err();
        assert_eq!((error.kind, error.retry_after), (Kind::Conflict, None), "{error}");
        assert!(error.message.starts_with("This was done already") && !format!("{error:?}").contains("918273"));
    }
    // What the operation itself asks for is asked for before the key is looked up.
    let barred = with(&seeing, |access| access.grants.0.clear());
    assert_eq!(send(&barred).await.unwrap_err().kind, Kind::Forbidden);
    assert!(send(&seeing).await.unwrap().replayed);
    assert_eq!(world.count("samples").await, 1);
    world.end().await;
}
