//! Many rows at once.

use crate::world::{World, at, object};
use domain::Kind;
use domain::records::{Record, Values};
use platform::Caller;
use records::{NewRow, Removed, Updated, create_many, remove_many, revert_many, update_many};
use serde_json::{Value, json};

fn rows(values: &[Value]) -> Vec<NewRow> {
    values.iter().map(|values| NewRow { id: None, values: object(values.clone()), status: None }).collect()
}

fn given(record: &Record, values: Value) -> (uuid::Uuid, i64, Values) {
    (record.id, record.version, object(values))
}

#[tokio::test]
async fn many_are_made_at_once_and_told_one_by_one() {
    let world = World::new().await;
    let user = &world.here.user;
    let mut ctx = world.open(user).await;
    let mut wanted = rows(&[json!({ "name": "One", "email": "a@x.co" }), json!({ "name": "Two", "owner": null })]);
    wanted.push(NewRow {
        id: None,
        values: object(json!({ "name": "Won", "value": { "amount": "1.00", "currency": "KES" } })),
        status: Some("won".to_owned()),
    });
    let made = create_many(&mut ctx, &world.lead(), wanted).await.unwrap();
    ctx.commit().await.unwrap();
    assert_eq!(
        made.iter().map(|made| made.number.as_str()).collect::<Vec<_>>(),
        ["LEAD-000001", "LEAD-000002", "LEAD-000003"]
    );
    let leads = [0, 1, 2].map(|n: usize| made[n].id);
    let one = world.get(user, "lead", leads[0]).await.unwrap();
    let two = world.get(user, "lead", leads[1]).await.unwrap();
    let won = world.get(user, "lead", leads[2]).await.unwrap();
    assert_eq!((one.label("owner"), two.text("owner"), won.text("status")), (Some("Uma User"), None, Some("won")));
    assert_eq!((world.count("changes").await, world.count("events").await), (3, 3));
    // A gate is a gate, and a value that is taken makes none of them.
    let mut ctx = world.open(user).await;
    let gated = vec![NewRow { id: None, values: object(json!({ "name": "x" })), status: Some("won".to_owned()) }];
    let error = create_many(&mut ctx, &world.lead(), gated).await.unwrap_err();
    at(&error, "value");
    let error = create_many(
        &mut ctx,
        &world.lead(),
        rows(&[json!({ "name": "x" }), json!({ "name": "y", "email": "A@X.co" })]),
    )
    .await
    .unwrap_err();
    assert_eq!(at(&error, "email"), "Another lead already has this e-mail: LEAD-000001");
    drop(ctx);
    assert_eq!(world.count("leads").await, 3);
    world.end().await;
}

#[tokio::test]
async fn many_are_changed_and_put_back() {
    let world = World::new().await;
    let user = &world.here.user;
    let a = world.create(user, "lead", json!({ "name": "A", "city": "Kisumu", "company": "Old" })).await.unwrap();
    let b = world
        .create(user, "lead", json!({ "name": "B", "value": { "amount": "2", "currency": "EUR" } }))
        .await
        .unwrap();
    let c = world.lead_of(user, "C").await;
    let d = world.lead_of(&world.there.user, "D").await;
    let stale = world.update(user, "lead", &c, json!({ "city": "x" })).await.unwrap();
    let mut ctx = world.open(user).await;
    let edits = vec![
        given(&a, json!({ "city": "Nairobi", "name": "A" })),
        given(&b, json!({ "company": "New", "value": null })),
        given(&c, json!({ "city": "y" })),
        given(&d, json!({ "city": "y" })),
        given(&stale, json!({ "city": "x" })),
    ];
    let done = update_many(&mut ctx, &world.lead(), edits).await.unwrap();
    assert_eq!(done[0], Updated::Changed { version: 2, before: object(json!({ "city": "Kisumu" })) });
    assert_eq!(
        done[1],
        Updated::Changed {
            version: 2,
            before: object(json!({ "company": null, "value": { "amount": "2.00", "currency": "EUR" } }))
        }
    );
    assert_eq!((&done[2], &done[3]), (&Updated::Stale { version: 2 }, &Updated::Missing));
    ctx.commit().await.unwrap();
    let (a2, b2) = (world.get(user, "lead", a.id).await.unwrap(), world.get(user, "lead", b.id).await.unwrap());
    assert_eq!((a2.text("city"), a2.text("company"), a2.version), (Some("Nairobi"), Some("Old"), 2));
    assert_eq!((b2.text("company"), &b2.values["value"], b2.text("city")), (Some("New"), &Value::Null, None));
    // A move through `update_many` passes its gate, putting back does not ask.
    let mut ctx = world.open(user).await;
    let done = update_many(
        &mut ctx,
        &world.lead(),
        vec![given(&b2, json!({ "status": "won" })), given(&a2, json!({ "status": "contacted" }))],
    )
    .await
    .unwrap();
    assert!(matches!(&done[0], Updated::Refused(error) if error.message == "Move to Won needs Value"), "{done:?}");
    assert!(matches!(done[1], Updated::Changed { .. }));
    let done = revert_many(&mut ctx, &world.lead(), vec![given(&b2, json!({ "status": "won", "company": null }))])
        .await
        .unwrap();
    assert!(matches!(done[0], Updated::Changed { .. }));
    ctx.commit().await.unwrap();
    assert_eq!(world.get(user, "lead", b.id).await.unwrap().text("status"), Some("won"));
    // Nobody changes what is out of reach, whatever the door.
    let mut ctx = world.open(&world.here.rep).await;
    assert_eq!(
        update_many(&mut ctx, &world.lead(), vec![given(&a2, json!({ "city": "z" }))]).await.unwrap(),
        [Updated::Missing]
    );
    drop(ctx);
    let mut ctx = world.open(&world.here.viewer).await;
    assert_eq!(
        update_many(&mut ctx, &world.lead(), vec![given(&a2, json!({ "city": "z" }))]).await.unwrap_err().kind,
        Kind::Forbidden
    );
    drop(ctx);
    world.end().await;
}

#[tokio::test]
async fn many_are_removed_unless_they_are_needed() {
    let world = World::new().await;
    let user = &world.here.user;
    let free = world.lead_of(user, "free").await;
    let used = world.lead_of(user, "used").await;
    let newer = world.lead_of(user, "newer").await;
    let foreign = world.lead_of(&world.there.user, "foreign").await;
    world.create(user, "sample", json!({ "name": "S", "lead": used.id })).await.unwrap();
    world.update(user, "lead", &newer, json!({ "city": "x" })).await.unwrap();
    let mut ctx = world.open(user).await;
    let all = [&free, &used, &newer, &foreign].map(|lead| (lead.id, lead.version)).to_vec();
    let done = remove_many(&mut ctx, &world.lead(), all).await.unwrap();
    assert_eq!(done, [Removed::Gone, Removed::InUse, Removed::Stale { version: 2 }, Removed::Missing]);
    ctx.commit().await.unwrap();
    assert_eq!(world.names(user, "createdAt is not empty").await, ["newer", "used"]);
    let (before, after): (Value, Option<Value>) =
        sqlx::query_as("select before, after from changes where record_id = $1 and after is null")
            .bind(free.id)
            .fetch_one(&world.owner)
            .await
            .unwrap();
    assert_eq!((before["name"].as_str(), after), (Some("free"), None));
    world.end().await;
}

/// What somebody made is taken back by them for thirty days, and by whoever may delete it at any time.
#[tokio::test]
async fn rows_of_others_are_removed_by_who_may_delete_them() {
    let world = World::new().await;
    let (user, admin) = (&world.here.user, &world.here.admin);
    let theirs = world.lead_of(admin, "theirs").await;
    let given = json!({ "name": "given away", "owner": admin.access.member.to_string() });
    let young = world.create(user, "lead", given.clone()).await.unwrap();
    let kept = world.lead_of(user, "kept").await;
    let remove = async |caller: &Caller, lead: &Record| {
        let mut ctx = world.open(caller).await;
        let done = remove_many(&mut ctx, &world.lead(), vec![(lead.id, lead.version)]).await.unwrap();
        ctx.commit().await.unwrap();
        done[0]
    };
    assert_eq!(remove(user, &theirs).await, Removed::Forbidden);
    assert_eq!(remove(user, &young).await, Removed::Gone);
    let old = world.create(user, "lead", given).await.unwrap();
    world.test.clock.advance(chrono::Duration::days(31));
    assert_eq!(remove(user, &old).await, Removed::Forbidden);
    // Of their own records they may delete each, however old.
    assert_eq!(remove(user, &kept).await, Removed::Gone);
    assert_eq!(remove(admin, &theirs).await, Removed::Gone);
    assert_eq!(remove(admin, &old).await, Removed::Gone);
    assert_eq!(world.count("leads").await, 0);
    world.end().await;
}
