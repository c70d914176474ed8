//! Moves between states and their gates.

use crate::sample::MARGIN;
use crate::world::{World, at, object, with};
use domain::records::{CreateRecord, DeleteRecord, Record, TransitionRecord, UpdateRecord};
use domain::{Error, Kind, Reach, Result};
use platform::Caller;
use records::TransitionHook;
use serde_json::{Value, json};

impl World {
    async fn go(&self, caller: &Caller, entity: &str, record: &Record, to: &str, values: Value) -> Result<Record> {
        let id = record.id;
        self.run(
            caller,
            TransitionRecord {
                entity: entity.to_owned(),
                id,
                version: None,
                name: None,
                to: Some(to.to_owned()),
                pipeline: None,
                values: object(values),
            },
        )
        .await
    }

    async fn take(&self, caller: &Caller, entity: &str, record: &Record, name: &str) -> Result<Record> {
        let id = record.id;
        self.run(
            caller,
            TransitionRecord {
                entity: entity.to_owned(),
                id,
                version: None,
                name: Some(name.to_owned()),
                to: None,
                pipeline: None,
                values: object(json!({})),
            },
        )
        .await
    }
}

#[tokio::test]
async fn a_closed_gate_names_what_is_missing() {
    let world = World::new().await;
    let user = &world.here.user;
    let lead = world.lead_of(user, "Lake").await;
    let error = world.go(user, "lead", &lead, "proposal", json!({})).await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::Conflict, "Move to Proposal needs Value"));
    assert_eq!(at(&error, "value"), "Moving to Proposal needs Value");
    let error = world
        .go(user, "lead", &lead, "proposal", json!({ "value": { "amount": "x", "currency": "KES" } }))
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    let moved = world
        .go(user, "lead", &lead, "proposal", json!({ "value": { "amount": "10", "currency": "KES" } }))
        .await
        .unwrap();
    assert_eq!(
        (moved.text("status"), moved.version, &moved.values["value"]["amount"]),
        (Some("proposal"), 2, &json!("10.00"))
    );
    let told: (String, Value, Value) =
        sqlx::query_as("select e.type, c.before, c.after from changes c join events e on e.change_id = c.id where c.operation = 'records.transition'")
            .fetch_one(&world.owner)
            .await
            .unwrap();
    assert_eq!(told.0, "crm.lead.proposal");
    assert_eq!(told.1, json!({ "status": "new", "value": null, "version": 1 }));
    assert_eq!(told.2["status"], "proposal");
    // The value may not be taken away by the very move that needs it.
    let error = world.go(user, "lead", &lead, "negotiation", json!({ "value": null })).await.unwrap_err();
    assert_eq!(error.message, "Move to Negotiation needs Value");
    let sample = world.create(user, "sample", json!({ "name": "A" })).await.unwrap();
    let error = world.take(user, "sample", &sample, "finish").await.unwrap_err();
    assert_eq!((error.message.as_str(), error.fields.len()), ("Move to Ready needs price and day", 2));
    world.end().await;
}

/// B-05. What a gate asks for and the mover may not read is asked for without its name.
#[tokio::test]
async fn a_gate_does_not_name_what_may_not_be_read() {
    let world = World::new().await;
    let mut entity = (*world.sample()).clone();
    let steps = entity.states.as_mut().unwrap().transitions.iter_mut();
    steps.filter(|step| step.name == "finish").for_each(|step| step.gate.requires.push("margin".to_owned()));
    let values = object(json!({ "price": { "amount": "1", "currency": "EUR" }, "day": "2026-01-01" }));
    let user = &world.here.user;
    let error = records::arrival(&user.access, &entity, "ready", &values).unwrap_err();
    let wanted = (Kind::Conflict, "Move to Ready needs a field that you may not see");
    assert_eq!((error.kind, error.message.as_str()), wanted);
    assert!(!format!("{error:?}").contains("margin"), "{error:?}");
    let seeing = with(user, |access| {
        access.grants.0.insert(MARGIN.to_owned(), Reach::All);
    });
    let error = records::arrival(&seeing.access, &entity, "ready", &values).unwrap_err();
    assert_eq!(at(&error, "margin"), "Moving to Ready needs margin");
    world.end().await;
}

#[tokio::test]
async fn roles_keep_a_gate() {
    let world = World::new().await;
    let values = json!({ "name": "A", "price": { "amount": "1", "currency": "EUR" }, "day": "2026-01-01" });
    let sample = world.create(&world.here.user, "sample", values).await.unwrap();
    world.take(&world.here.user, "sample", &sample, "finish").await.unwrap();
    let error = world.take(&world.here.user, "sample", &sample, "release").await.unwrap_err();
    assert_eq!(error.kind, Kind::Forbidden);
    assert!(error.message.contains("the role ADMIN"), "{error}");
    assert_eq!(world.take(&world.here.admin, "sample", &sample, "release").await.unwrap().text("status"), Some("gone"));
    world.end().await;
}

#[tokio::test]
async fn unknown_and_impossible_moves_name_the_possible_ones() {
    let world = World::new().await;
    let user = &world.here.user;
    let lead = world.lead_of(user, "Lake").await;
    let error = world.take(user, "lead", &lead, "fly").await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(at(&error, "name").contains("Qualify (qualify)"), "{error}");
    let error = world.go(user, "lead", &lead, "wonn", json!({})).await.unwrap_err();
    assert!(at(&error, "to").contains("did you mean won"), "{error}");
    let error = world.take(user, "lead", &lead, "reopen").await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.contains("Mark as contacted (contact)"), "{error}");
    assert_eq!(world.go(user, "lead", &lead, "new", json!({})).await.unwrap_err().message, "This lead is New already");
    // The conversion's own move is nobody's to take.
    let error = world.take(user, "lead", &lead, "convert").await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(!error.message.contains("(convert)"), "{error}");
    assert_eq!(world.take(&world.here.viewer, "lead", &lead, "lose").await.unwrap_err().kind, Kind::Forbidden);
    world.end().await;
}

#[tokio::test]
async fn an_operation_of_ours_takes_internal_moves_and_sets_what_only_the_server_sets() {
    let world = World::new().await;
    let user = &world.here.user;
    let lead = world.lead_of(user, "Lake").await;
    let customer = world.create(user, "customer", json!({ "name": "Lake Ltd" })).await.unwrap();
    let mut ctx = world.open(user).await;
    let values = object(json!({ "customer": customer.id }));
    let won =
        records::transition_internal(&mut ctx, &world.lead(), lead.id, Some(1), "convert", &values).await.unwrap();
    ctx.commit().await.unwrap();
    assert_eq!((won.text("status"), won.label("customer")), (Some("won"), Some("Lake Ltd")));
    world.end().await;
}

/// What the samples' notes ask of a move.
pub fn hook() -> TransitionHook {
    TransitionHook {
        entity: Some("sample"),
        before: Some(|_, making| {
            Box::pin(async move {
                match making.held.text("note") {
                    "stay" => return Err(Error::conflict("This one stays")),
                    "count" => making.values.insert("pieces".to_owned(), json!(7)),
                    _ => None,
                };
                Ok(())
            })
        }),
        after: Some(|ctx, made| {
            Box::pin(async move {
                match made.held.text("note") {
                    "follow" => {
                        let values = json!({ "name": format!("After {}", made.held.text("name")) });
                        let input = json!({ "entity": "sample", "values": values });
                        ctx.run_named("records.create", input).await.map(|_| ())
                    }
                    "fail" => Err(Error::conflict("What follows could not be done")),
                    _ => Ok(()),
                }
            })
        }),
    }
}

#[tokio::test]
async fn hooks_refuse_add_and_follow_in_one_transaction() {
    let world = World::new().await;
    let admin = &world.here.admin;
    let note = |note: &str| CreateRecord {
        entity: "sample".to_owned(),
        values: object(json!({
            "name": format!("Sample {note}"), "note": note, "price": { "amount": "5", "currency": "KES" }, "day": "2026-11-20"
        })),
    };
    let mut made = Vec::new();
    for wanted in ["stay", "count", "follow", "fail"] {
        made.push(world.run(admin, note(wanted)).await.unwrap());
    }
    let refused = world.take(admin, "sample", &made[0], "finish").await.unwrap_err();
    assert_eq!((refused.kind, refused.message.as_str()), (Kind::Conflict, "This one stays"));
    let counted = world.take(admin, "sample", &made[1], "finish").await.unwrap();
    assert_eq!((counted.values["pieces"].clone(), counted.text("status")), (json!(7), Some("ready")));
    assert_eq!(world.count("samples").await, 4);
    world.take(admin, "sample", &made[2], "finish").await.unwrap();
    assert_eq!(world.count("samples").await, 5);
    // Nothing of a move stays whose consequence failed.
    world.take(admin, "sample", &made[3], "finish").await.unwrap_err();
    let failed = world.take(admin, "sample", &made[3], "vanish").await.unwrap_err();
    assert_eq!(failed.kind, Kind::Invalid, "it is still a draft, and vanishing is not offered");
    assert_eq!(world.count("changes where operation = 'records.transition'").await, 2);
    world.end().await;
}

/// What one transaction tells is read in the order in which it happened, within one millisecond too: the clock of this world stands still.
#[tokio::test]
async fn changes_of_one_transaction_keep_their_order() {
    let world = World::new().await;
    let admin = &world.here.admin;
    let mut ctx = world.open(admin).await;
    let mut told = Vec::new();
    for number in 0..40 {
        let name = format!("Number {number:02}");
        let created = json!({ "entity": "sample", "values": { "name": name } });
        ctx.run_named("records.create", created).await.unwrap();
        told.push(name);
    }
    ctx.commit().await.unwrap();
    let read: Vec<String> =
        sqlx::query_scalar("select after->>'name' from changes where entity = 'sample' order by id")
            .fetch_all(&world.owner)
            .await
            .unwrap();
    assert_eq!(read, told);
    world.end().await;
}

#[tokio::test]
async fn a_state_says_what_may_be_done() {
    let world = World::new().await;
    let admin = &world.here.admin;
    let values = json!({ "name": "Lamp", "price": { "amount": "5", "currency": "KES" }, "day": "2026-11-20" });
    let sample = world.run(admin, CreateRecord { entity: "sample".to_owned(), values: object(values) }).await.unwrap();
    world.take(admin, "sample", &sample, "finish").await.unwrap();
    let gone = world.take(admin, "sample", &sample, "release").await.unwrap();
    let update = UpdateRecord {
        entity: "sample".to_owned(),
        id: gone.id,
        version: Some(gone.version),
        values: object(json!({ "name": "Other" })),
        base: None,
    };
    let refused = world.run(admin, update).await.unwrap_err();
    assert_eq!(refused.message, "This sample is Gone: it can no longer be changed");
    let delete = DeleteRecord { entity: "sample".to_owned(), id: gone.id, version: None };
    assert_eq!(world.run(admin, delete).await.unwrap_err().kind, Kind::Conflict);
    world.end().await;
}
