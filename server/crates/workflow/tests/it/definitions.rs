//! What is wrong with a definition is told when it is saved: every step, every field, at once; and nobody below an administrator saves one.

use crate::world::World;
use domain::Kind;
use domain::workflow::{EditStep, GetWorkflow, ListStepTypes, ListWorkflows, SaveWorkflow, TestWorkflow};
use serde_json::{Value, json};

fn told(error: &domain::Error) -> Vec<String> {
    error.fields.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect()
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let world = World::new().await;
    let error = world
        .save(json!({
            "key": "Bad Key", "name": " ",
            "trigger": { "on": "transitioned", "entity": "ordr", "when": "order.status == SHIPED", "at": "25:00" },
            "conditions": ["order.totalAmont > 0", "1 +"],
            "steps": [{ "key": "a", "type": "create_rekord" }],
            "maxPerMinute": 0,
        }))
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    insta::assert_snapshot!("faults_of_the_head", told(&error).join("\n"));
    let error = world
        .save(json!({
            "key": "faulty", "name": "Faulty",
            "trigger": { "on": "transitioned", "entity": "order", "when": "order.status == SHIPED", "fields": ["stauts"] },
            "conditions": ["order.totalAmont > 0", "order.totalAmount"],
            "steps": [
                { "key": "a", "type": "create_record", "input": { "entity": "task", "values": { "titel": "'x'", "dueOn": "order.totalAmount", "number": "'T'", "priority": "'hihg'" } } },
                { "key": "a", "type": "update_record", "when": "nobody.there", "input": { "values": { "note": "order.pieces", "pieces": "'{{order.note}}'" } } },
                { "key": "order", "type": "transition", "input": { "to": "shiped" } },
                { "key": "b", "type": "run_operation", "input": { "operation": "sales.create_invoce", "values": {} }, "binds": { "x": "invoise" } },
                { "key": "c", "type": "branch", "input": { "if": "order.pieces > 1", "then": "a", "else": "nowhere" }, "next": "c" },
                { "key": "d", "type": "approval", "input": { "title": "{{order.nothing}}", "policy": "most" } },
                { "key": "e", "type": "wait", "input": {} },
                { "key": "f", "type": "post_ledger", "input": { "account": "AR" } },
                { "key": "g", "type": "escalate", "input": { "level": 99, "title": "x" } },
                { "key": "h", "type": "notify", "input": { "title": "x", "colour": "red" } },
                { "key": "i", "type": "run_operation", "input": { "operation": "people.end_session", "values": {} } },
                { "key": "j", "type": "send_message", "input": { "channel": "pigeon", "template": "t", "to": 7 } },
                { "key": "k", "type": "add_note", "input": { "subject": "{{order.nothing}}", "member": "order.pieces" } },
                { "key": "l", "type": "add_note", "input": { "entity": "customer" } },
            ],
        }))
        .await
        .unwrap_err();
    insta::assert_snapshot!("faults_of_the_steps", told(&error).join("\n"));
    assert!(world.run(&world.admin, ListWorkflows {}).await.unwrap().is_empty(), "nothing is kept of it");
    world.end().await;
}

/// What a step is about is known when it is saved, and fits.
#[tokio::test]
async fn a_step_that_could_find_no_record_is_not_saved() {
    let world = World::new().await;
    let hourly = json!({ "on": "schedule", "frequency": "HOURLY" });
    let created = json!({ "on": "created", "entity": "order" });
    let update = |input: Value| json!([{ "key": "a", "type": "update_record", "input": input }]);
    for (trigger, input, place, words) in [
        (&hourly, json!({ "values": { "nonsense": "1" } }), "steps.a.input.entity", "set off by no record"),
        (&hourly, json!({ "entity": "order", "values": {} }), "steps.a.input.record", "Say which order"),
        (&created, json!({ "entity": "customer", "values": {} }), "steps.a.input.record", "Say which Customer"),
        (
            &created,
            json!({ "record": "order.customer", "values": {} }),
            "steps.a.input.record",
            "say customer under What",
        ),
        (
            &created,
            json!({ "entity": "customer", "record": "order", "values": {} }),
            "steps.a.input.record",
            "This is one of the orders",
        ),
    ] {
        let definition = json!({ "key": "lost", "name": "Lost", "trigger": trigger, "steps": update(input.clone()) });
        let error = world.save(definition).await.expect_err(&input.to_string());
        let found = error.fields.iter().find(|fault| fault.field == place);
        assert!(found.is_some_and(|fault| fault.message.contains(words)), "{input}: {error:?}");
    }
    let fits = update(json!({ "entity": "customer", "record": "order.customer", "values": {} }));
    let fits = json!({ "key": "found", "name": "Found", "trigger": created, "steps": fits });
    world.save(fits).await.expect("it can be found");
    world.end().await;
}

/// A reference to a row of any of several entities is read by its parts, and written as a fixed entity with an expression for the row.
#[tokio::test]
async fn a_step_points_at_a_row_of_one_of_several_entities() {
    let world = World::new().await;
    let with = |about: &Value| {
        json!({
            "key": "points", "name": "Points", "trigger": { "on": "created", "entity": "order" },
            "conditions": ["order.about == null", "order.about.entity != 'lead'"],
            "steps": [{ "key": "a", "type": "update_record", "input": { "values": { "about": about } } }],
        })
    };
    for (about, place, words) in [
        (json!({ "entity": "lead", "id": "order.customer" }), "about.id", "a record of lead is wanted here"),
        (json!({ "entity": "order", "id": "order.customer" }), "about.entity", "order is not a known customer or lead"),
        (json!({ "entity": "customer" }), "about", "is written as an entity and an id"),
        (json!("order.customer"), "about", "a record of any_reference is wanted here"),
    ] {
        let error = world.save(with(&about)).await.expect_err(&about.to_string());
        let place = format!("steps.a.input.values.{place}");
        let found = error.fields.iter().find(|fault| fault.field == place);
        assert!(found.is_some_and(|fault| fault.message.contains(words)), "{about}: {error:?}");
    }
    world.workflow(with(&json!({ "entity": "customer", "id": "order.customer" }))).await;
    let customer = world.create("customer", json!({ "name": "Kisumu Traders" })).await.id;
    let (one, none) = (
        world.create("order", json!({ "customer": customer })).await.id,
        world.create("order", json!({ "note": "of nobody" })).await.id,
    );
    world.settle().await;
    let about = async |id: uuid::Uuid| world.get("order", id).await.values["about"].clone();
    assert_eq!(about(one).await, json!({ "entity": "customer", "id": customer }));
    assert_eq!(about(none).await, Value::Null);
    world.end().await;
}

#[tokio::test]
async fn hostile_definitions_are_refused_and_do_no_harm() {
    let world = World::new().await;
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    let long = "x".repeat(200_000);
    let step = |when: &str| json!({ "key": "a", "type": "wait", "when": when, "input": { "for": 1 } });
    let many: Vec<Value> =
        (0..500).map(|at| json!({ "key": format!("s{at}"), "type": "wait", "input": { "for": 1 } })).collect();
    for steps in [
        json!([step(&deep)]),
        json!([step(&long)]),
        json!(many),
        json!([]),
        json!([{ "key": "__proto__", "type": "wait", "input": { "for": 1 } }]),
        json!([{ "key": "a", "type": "wait", "input": { "for": i64::MAX } }]),
        json!([{ "key": "a", "type": "wait", "input": { "for": 1 }, "next": "a" }]),
        json!([{ "key": "a", "type": "update_record", "input": { "values": { "note'; drop table runs; --": "'x'" } } }]),
    ] {
        let error = world
            .save(json!({ "key": "hostile", "name": "Hostile", "trigger": { "on": "created", "entity": "order" }, "steps": steps }))
            .await
            .unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{error:?}");
        assert!(error.fields.iter().all(|fault| fault.message.len() < 10_000));
    }
    world.end().await;
}

/// F-12: a workflow has no way to name a credential: no step takes one, by id or by name, no expression reads one, and a version that was
/// changed in the database to name one starts nothing. Whoever brings credentials has to say here whose they are.
#[tokio::test]
async fn no_workflow_names_a_credential() {
    let world = World::new().await;
    let created = json!({ "on": "created", "entity": "order" });
    let names = ["credential", "credentialId", "credentials", "auth", "secret", "apiKey", "password", "token"];
    let mut refused = 0;
    for step in world.run(&world.admin, ListStepTypes {}).await.unwrap() {
        for name in names {
            assert!(step.inputs.iter().all(|input| input.key != name), "{} takes {name}", step.kind);
            for value in [json!("smtp"), json!(world.tenant.id.0), json!({ "id": 1 })] {
                let steps = json!([{ "key": "a", "type": step.kind, "input": { name: value } }]);
                let definition = json!({ "key": "c", "name": "C", "trigger": created, "steps": steps });
                let error = world.save(definition).await.expect_err(name);
                let place = format!("steps.a.input.{name}");
                let fault = error.fields.iter().find(|fault| fault.field == place);
                assert!(fault.is_some_and(|fault| fault.message.contains("has no input")), "{place}: {error:?}");
                refused += 1;
            }
        }
    }
    for root in ["credentials", "credential", "secrets", "env", "settings", "keys", "api_keys", "users", "workspace"] {
        for read in [root.to_owned(), format!("{root}.smtp"), format!("{root}.smtp.password")] {
            let step = json!({ "key": "a", "type": "notify", "input": { "roles": ["ADMIN"], "title": format!("{{{{{read}}}}}") } });
            let when = json!({ "key": "a", "type": "wait", "when": format!("{read} == 'x'"), "input": { "for": 1 } });
            let note = json!({ "key": "a", "type": "update_record", "input": { "values": { "note": read } } });
            for step in [step, when, note] {
                let definition = json!({ "key": "c", "name": "C", "trigger": created, "steps": [step] });
                let error = world.save(definition).await.expect_err(&read);
                assert_eq!(error.kind, Kind::Invalid, "{read}: {error:?}");
                refused += 1;
            }
        }
    }
    let saved = world
        .workflow(json!({
            "key": "tell", "name": "Tell", "trigger": created,
            "steps": [{ "key": "a", "type": "notify", "input": { "roles": ["ADMIN"], "title": "x" } }],
        }))
        .await;
    sqlx::query(
        "update workflow_versions set definition = jsonb_set(definition, '{steps,0,input,credential}', '\"smtp\"')
         where workflow_id = $1",
    )
    .bind(saved.id)
    .execute(&world.owner)
    .await
    .unwrap();
    // As another process meets it, which has not read the version before.
    let engine = world.another("later", std::time::Duration::from_secs(30));
    world.create("order", json!({ "pieces": 1 })).await;
    workflow::matcher::Matcher::new(engine).round().await.unwrap();
    let runs: i64 = sqlx::query_scalar("select count(*) from runs").fetch_one(&world.owner).await.unwrap();
    assert_eq!(runs, 0, "a version that names a credential starts nothing");
    println!("bar=F-12 refused={refused} runs={runs}");
    world.end().await;
}

#[tokio::test]
async fn only_administrators_change_workflows() {
    let world = World::new().await;
    let definition = json!({
        "key": "mine", "name": "Mine", "trigger": { "on": "created", "entity": "order" },
        "steps": [{ "key": "a", "type": "run_operation", "input": { "operation": "test.count", "values": { "what": "'x'" } } }],
    });
    for roles in [["VIEWER"], ["USER"], ["MANAGER"], ["SALES_MANAGER"]] {
        let caller = world.member(&format!("Of {}", roles[0]), &roles).await;
        let save =
            SaveWorkflow { id: None, version: None, definition: serde_json::from_value(definition.clone()).unwrap() };
        let error = world.run(&caller, save).await.unwrap_err();
        assert_eq!(error.kind, Kind::Forbidden, "{roles:?}");
    }
    let saved = world.save(definition.clone()).await.unwrap();
    assert_eq!((saved.version, saved.active), (1, false));
    // Another workspace knows nothing of it.
    let there = world.test.tenant("there", "core").await;
    let stranger = world.test.member(&there, "Stranger", &["OWNER"]).await;
    assert!(world.run(&stranger, ListWorkflows {}).await.unwrap().is_empty());
    let error = world.run(&stranger, GetWorkflow { id: saved.id, version: None }).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    let error = world.save(definition).await.unwrap_err();
    assert_eq!(error.fields[0].field, "key", "{error:?}");
    world.end().await;
}

#[tokio::test]
async fn step_types_describe_their_forms() {
    let world = World::new().await;
    let types = world.run(&world.admin, ListStepTypes {}).await.unwrap();
    insta::assert_json_snapshot!("step_types", types);
    world.end().await;
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_touches_nothing() {
    let world = World::new().await;
    let customer = world.create("customer", json!({ "name": "Kisumu", "email": "a@kisumu.example" })).await;
    let order = world
        .create("order", json!({ "customer": customer.id, "totalAmount": crate::world::kes("20000.00"), "pieces": 2 }))
        .await;
    const TABLES: [&str; 9] = [
        "test_orders",
        "tasks",
        "activities",
        "changes",
        "events",
        "runs",
        "approvals",
        "notifications",
        "number_series",
    ];
    let before = world.test.fingerprint(&TABLES).await;
    let definition = json!({
        "key": "try", "name": "Try", "trigger": { "on": "created", "entity": "order", "when": "order.pieces > 1" },
        "steps": [
            { "key": "skip", "type": "notify", "when": "order.pieces > 5", "input": { "roles": ["ADMIN"], "title": "x" } },
            { "key": "ask", "type": "approval", "when": "order.totalAmount > 10000", "input": { "title": "{{customer.name}}", "roles": ["ADMIN"] } },
            { "key": "task", "type": "create_task", "input": { "title": "For {{customer.name}}", "dueOn": "addDays(today(), 2)" } },
            { "key": "change", "type": "update_record", "input": { "values": { "note": "'seen'" } } },
            { "key": "remark", "type": "add_note", "input": { "entity": "customer", "record": "order.customer", "subject": "{{order.number}}" } },
        ],
    });
    let definition = serde_json::from_value(definition).unwrap();
    let tried = world
        .run(&world.admin, TestWorkflow { id: None, definition: Some(definition), record: Some(order.id) })
        .await
        .unwrap();
    assert!(tried.begins);
    insta::assert_snapshot!("rehearsal", crate::shown::shown(&serde_json::to_value(&tried).unwrap()));
    assert_eq!(world.test.fingerprint(&TABLES).await, before);
    world.end().await;
}

#[tokio::test]
async fn icons_of_step_types_are_in_the_design_system() {
    let world = World::new().await;
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../app/crates/ui/icons.txt");
    let icons = std::fs::read_to_string(file).unwrap();
    for step in world.run(&world.admin, ListStepTypes {}).await.unwrap() {
        assert!(icons.lines().any(|icon| icon == step.icon), "{} has no icon {}", step.kind, step.icon);
    }
    world.end().await;
}

/// A step as its form has it: a new version, or the faults at their boxes and nothing kept.
#[tokio::test]
async fn a_step_is_edited_by_its_form() {
    let world = World::new().await;
    let saved = world
        .workflow(json!({
            "key": "tell", "name": "Tell", "trigger": { "on": "created", "entity": "order" },
            "steps": [{ "key": "ask", "type": "approval", "input": { "title": "Look", "roles": ["SALES_MANAGER"] } }],
        }))
        .await;
    let edit = |input: Value, retries: Option<&str>, version: i32| EditStep {
        id: saved.id,
        version,
        step: "ask".to_owned(),
        label: Some("Somebody looks".to_owned()),
        when: None,
        retries: retries.map(|retries| json!(retries)),
        on_error: None,
        input: input.as_object().cloned().unwrap(),
    };
    let good = json!({ "title": "Look at {{order.number}}", "roles": "SALES_MANAGER, ADMIN", "selfApproval": "true", "required": "2" });
    let row = world.run(&world.admin, edit(good.clone(), Some("5"), 1)).await.unwrap();
    assert_eq!(row.version, 2);
    let step =
        world.run(&world.admin, GetWorkflow { id: saved.id, version: None }).await.unwrap().definition.steps.remove(0);
    assert_eq!((step.label.as_deref(), step.retries), (Some("Somebody looks"), Some(5)));
    let expected = json!({ "title": "Look at {{order.number}}", "roles": ["SALES_MANAGER", "ADMIN"], "selfApproval": true, "required": 2 });
    assert_eq!(Value::Object(step.input), expected);
    let wrong = json!({ "title": "{{order.nothing}}", "roles": "SALES_MANAGER" });
    let error = world.run(&world.admin, edit(wrong, None, 2)).await.unwrap_err();
    assert_eq!(error.fields.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["steps.ask.input.title"]);
    let error = world.run(&world.admin, edit(good.clone(), Some("many"), 2)).await.unwrap_err();
    assert_eq!(error.fields[0].field, "steps.ask.retries");
    // Saved again as it is, it says nothing new.
    assert_eq!(world.run(&world.admin, edit(good.clone(), Some("5"), 2)).await.unwrap().version, 2);
    // Somebody has saved another version meanwhile.
    assert_eq!(world.run(&world.admin, edit(good, None, 1)).await.unwrap_err().kind, Kind::Conflict);
    assert_eq!(world.number("select count(*) from workflow_versions").await, 2);
    world.end().await;
}
