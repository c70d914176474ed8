//! A workflow does no more than its author may do, and its runs show no more than their reader may see.

use crate::world::World;
use domain::operation::CATALOGUE;
use domain::records::DeleteRecord;
use domain::workflow::{
    EditStep, GetApproval, GetRun, ListApprovals, ListRuns, RunState, RunView, SaveWorkflow, SetActive, WorkflowRow,
};
use domain::{Kind, Result};
use platform::Caller;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use workflow::runnable;

/// Somebody with one role, of these grants.
async fn holder(world: &World, key: &str, grants: &Value) -> Caller {
    sqlx::query("insert into roles (tenant_id, key, label, grants) values ($1, $2, $2, $3::jsonb)")
        .bind(world.tenant.id.0)
        .bind(key)
        .bind(grants.to_string())
        .execute(&world.owner)
        .await
        .unwrap();
    world.member(key, &[key]).await
}

async fn list(world: &World, caller: &Caller, record: Option<Uuid>) -> Vec<domain::workflow::RunRow> {
    let list = ListRuns { workflow: None, record, state: None, before: None, limit: 50 };
    world.run(caller, list).await.expect("runs")
}

/// Everything of a run but its definition, as it goes over the wire.
fn wire(view: &RunView) -> String {
    serde_json::to_string(&(&view.run, &view.causes, &view.attempts, &view.approvals, &view.effects)).unwrap()
}

fn input<'v>(view: &'v RunView, step: &str) -> &'v Value {
    &view.attempts.iter().find(|attempt| attempt.step == step).expect("an attempt").input
}

fn is_withheld(value: &Value) -> bool {
    value.as_str().is_some_and(|note| note.starts_with("Withheld"))
}

/// Two orders with a run each: one that is the reader's, and one that is somebody else's.
async fn looked_at(world: &World, reader: &Caller) -> (Uuid, Uuid) {
    world
        .workflow(json!({
            "key": "look", "name": "Look", "trigger": { "on": "created", "entity": "order" },
            "steps": [
                { "key": "tell", "type": "run_operation", "input": { "operation": "test.count", "values": { "what": "order.note" } } },
                { "key": "mark", "type": "update_record", "input": { "values": { "pieces": "7" } } },
                { "key": "greet", "type": "run_operation", "input": { "operation": "test.count", "values": { "what": "customer.name" } } },
                { "key": "task", "type": "create_task", "input": { "title": "See {{order.note}}" } },
                { "key": "ask", "type": "approval", "input": { "title": "{{order.note}}?", "roles": ["OWNER"] } },
            ],
        }))
        .await;
    let customer = world.create("customer", json!({ "name": "CANARY of the customer" })).await.id;
    let (owner, note) = (reader.access.member.0, "CANARY of hers");
    let hers = world.create("order", json!({ "customer": customer, "note": note, "owner": owner })).await.id;
    let theirs = world.create("order", json!({ "customer": customer, "note": "CANARY of others" })).await.id;
    world.settle().await;
    (hers, theirs)
}

#[tokio::test]
async fn a_run_shows_rows_to_those_who_may_see_them() {
    let world = World::new().await;
    let grants = json!({ "workflow.run.read": "all", "sales.order.read": "own" });
    let rita = holder(&world, "READER", &grants).await;
    let (hers, theirs) = looked_at(&world, &rita).await;
    let all = world.runs().await;
    let of = |record: Uuid| all.iter().find(|run| run.record == Some(record)).expect("a run").id;
    let whole = world.view(of(theirs)).await;
    assert!(wire(&whole).contains("CANARY of others") && wire(&whole).contains("CANARY of the customer"));
    // Her own: what was read of it and done to it, and nothing of the customer and the task that she may not see.
    let own = world.run(&rita, GetRun { id: of(hers) }).await.unwrap();
    assert_eq!(input(&own, "tell")["values"]["what"], "CANARY of hers");
    assert_eq!(own.attempts[1].output["id"], json!(hers));
    assert_eq!((own.run.record, own.approvals[0].title.as_str()), (Some(hers), "CANARY of hers?"));
    assert!(is_withheld(input(&own, "greet")) && is_withheld(input(&own, "task")), "{:#?}", own.attempts);
    assert!(!wire(&own).contains("of the customer"));
    let effect = |view: &RunView, entity: &str| view.effects.iter().find(|effect| effect.entity == entity).cloned();
    assert_eq!(effect(&own, "order").unwrap().after["pieces"], 7);
    let task = effect(&own, "task").unwrap();
    assert!(is_withheld(&task.after) && task.record.is_none(), "{task:?}");
    // Of the other one: that it ran, its steps with state and times, and no more.
    let other = world.run(&rita, GetRun { id: of(theirs) }).await.unwrap();
    let text = wire(&other);
    assert!(!text.contains("CANARY") && !text.contains(&theirs.to_string()), "{text}");
    let steps = |view: &RunView| {
        let attempts = view.attempts.iter();
        attempts.map(|step| format!("{} {} {}", step.step, step.outcome, step.started_at)).collect::<Vec<_>>()
    };
    assert_eq!((steps(&other), other.run.state), (steps(&whole), RunState::WaitingApproval));
    assert!(other.attempts.iter().all(|attempt| is_withheld(&attempt.input) && attempt.output.is_null()));
    assert_eq!(other.effects.len(), whole.effects.len());
    assert!(other.effects.iter().all(|effect| is_withheld(&effect.after)), "{:#?}", other.effects);
    let order = effect(&other, "order").unwrap();
    assert!(order.before == json!({}) && order.record.is_none(), "{order:?}");
    // In lists: which runs there are, not of what.
    let listed: Vec<_> = list(&world, &rita, None).await.into_iter().filter_map(|run| run.record).collect();
    assert_eq!((list(&world, &rita, None).await.len(), listed), (2, vec![hers]));
    assert_eq!(list(&world, &rita, Some(hers)).await.len(), 1);
    assert!(list(&world, &rita, Some(theirs)).await.is_empty());
    let asked = world.run(&rita, ListApprovals { all: true, limit: 50 }).await.unwrap();
    let hidden: Vec<_> = asked.iter().filter(|row| row.title.starts_with("Withheld")).collect();
    assert!(asked.len() == 2 && hidden.len() == 1 && hidden[0].record.is_none(), "{asked:#?}");
    let one = world.run(&rita, GetApproval { id: hidden[0].id }).await.unwrap();
    assert!(one.title.starts_with("Withheld") && one.record.is_none(), "{one:?}");
    world.end().await;
}

/// As `records.get` has it for what lies in the trash; what is gone for good is left to whoever sees all rows.
#[tokio::test]
async fn what_is_in_the_trash_or_gone_shows_in_runs_as_elsewhere() {
    let world = World::new().await;
    let grants = json!({ "workflow.run.read": "all", "sales.order.read": "own" });
    let rita = holder(&world, "READER", &grants).await;
    let vera = world.member("Vera", &["VIEWER"]).await;
    let (hers, _) = looked_at(&world, &rita).await;
    let run = world.runs().await.into_iter().find(|run| run.record == Some(hers)).unwrap().id;
    let sees = async |caller: &Caller| {
        let view = world.run(caller, GetRun { id: run }).await.unwrap();
        // The task that came of it is read by whoever reads tasks.
        let told = serde_json::to_string(&(&view.attempts, &view.approvals)).unwrap();
        assert_eq!(view.run.record.is_some(), told.contains("CANARY of hers"), "{view:#?}");
        view.run.record.is_some()
    };
    assert!(sees(&rita).await && sees(&vera).await && sees(&world.admin).await);
    let version = Some(world.get("order", hers).await.version);
    world.run(&world.admin, DeleteRecord { entity: "order".to_owned(), id: hers, version }).await.unwrap();
    assert!(!sees(&rita).await && !sees(&vera).await && sees(&world.admin).await);
    sqlx::query("delete from test_orders where id = $1").bind(hers).execute(&world.owner).await.unwrap();
    assert!(!sees(&rita).await && sees(&vera).await && sees(&world.admin).await);
    world.end().await;
}

#[tokio::test]
async fn what_went_wrong_is_told_to_those_who_may_see_the_record() {
    let world = World::new().await;
    let rita = holder(&world, "READER", &json!({ "workflow.run.*": "all" })).await;
    let vera = world.member("Vera", &["VIEWER"]).await;
    let fail = json!({ "key": "fail", "type": "run_operation", "input": { "operation": "test.fail", "values": { "kind": "'invalid'" } } });
    let created = json!({ "on": "created", "entity": "customer" });
    world.workflow(json!({ "key": "w", "name": "W", "trigger": created, "steps": [fail] })).await;
    world.create("customer", json!({ "name": "Kisumu Traders" })).await;
    world.settle().await;
    for (caller, told) in [(&rita, false), (&vera, true), (&world.admin, true)] {
        let run = list(&world, caller, None).await.remove(0);
        assert_eq!(run.state, RunState::Failed);
        let error = run.error.unwrap_or_default();
        assert_eq!((error.contains("never do"), error.starts_with("Withheld")), (told, !told), "{error}");
        let view = world.run(caller, GetRun { id: run.id }).await.unwrap();
        assert_eq!(wire(&view).contains("never do"), told, "{view:#?}");
    }
    let again = world.run(&rita, domain::workflow::RetryRun { id: world.only().await.run.id }).await.unwrap();
    assert!(again.record.is_none(), "{again:?}");
    world.end().await;
}

/// The automation sees all rows and is told which of them is in the way; readers of its runs are not, unless they see all of them too.
#[tokio::test]
async fn what_went_wrong_names_no_row_that_its_reader_may_not_see() {
    let world = World::new().await;
    let grants = json!({ "workflow.run.read": "all", "sales.order.read": "own", "crm.*.read": "own" });
    let rita = holder(&world, "READER", &grants).await;
    let vera = world.member("Vera", &["VIEWER"]).await;
    let values = json!({ "name": "CANARY", "email": "kisumu@traders.example" });
    let taken = world.create("customer", values).await.text("number").unwrap().to_owned();
    let made = json!({ "entity": "customer", "values": { "name": "'New'", "email": "'kisumu@traders.example'" } });
    world
        .workflow(json!({
            "key": "w", "name": "W", "trigger": { "on": "created", "entity": "order" },
            "steps": [{ "key": "make", "type": "create_record", "input": made, "retries": 0 }],
        }))
        .await;
    let hers = world.create("order", json!({ "owner": rita.access.member.0 })).await.id;
    world.settle().await;
    for (caller, told) in [(&rita, false), (&vera, true), (&world.admin, true)] {
        let run = list(&world, caller, Some(hers)).await.remove(0);
        assert_eq!((run.state, run.record), (RunState::Failed, Some(hers)));
        let error = run.error.unwrap_or_default();
        assert_eq!((error.contains(&taken), error.starts_with("Withheld")), (told, !told), "{error}");
        let view = world.run(caller, GetRun { id: run.id }).await.unwrap();
        assert_eq!(wire(&view).contains(&taken), told, "{view:#?}");
        // That it failed is told, and what it was to do with her own record.
        assert!(view.attempts[0].error.is_some() && input(&view, "make")["values"]["name"] == "New", "{view:#?}");
    }
    world.end().await;
}

fn definition(key: &str, trigger: &Value, condition: Option<&str>, step: &Value) -> Value {
    let mut step = step.clone();
    step["key"] = json!("a");
    let conditions: Vec<&str> = condition.into_iter().collect();
    json!({ "key": key, "name": key, "trigger": trigger, "conditions": conditions, "steps": [step] })
}

async fn save(world: &World, caller: &Caller, definition: Value) -> Result<WorkflowRow> {
    let definition = serde_json::from_value(definition).expect("the shape of a definition");
    world.run(caller, SaveWorkflow { id: None, version: None, definition }).await
}

/// Each with what its author holds, and the one permission that is missing; and saved once that is there too.
#[tokio::test]
async fn nobody_has_a_workflow_do_what_they_may_not_do() {
    let world = World::new().await;
    let of = |entity: &str| json!({ "on": "created", "entity": entity });
    let by_hand = json!({ "on": "by_hand" });
    let step = |kind: &str, input: Value| json!({ "type": kind, "input": input });
    let run =
        |operation: &str, values: Value| step("run_operation", json!({ "operation": operation, "values": values }));
    let wait = step("wait", json!({ "for": 1 }));
    let note = |value: &str| step("update_record", json!({ "values": { "note": value } }));
    let about = json!({ "entity": "customer", "record": "order.customer", "subject": "x" });
    let tell = |title: &str| step("notify", json!({ "roles": ["ADMIN"], "title": title }));
    let mail = json!({ "channel": "email", "template": "t", "to": "'a@b.example'", "document": "invoice", "documentOf": "order.id" });
    let invoice = json!({ "order": "order.id", "dueOn": "today()" });
    let (order, change, margin) =
        (("sales.order.read", "all"), ("sales.order.update", "all"), ("sales.order.read_margin", "own"));
    let cases = vec![
        (of("order"), None, wait.clone(), vec![], "sales.order.read"),
        (of("order"), None, wait.clone(), vec![("sales.order.read", "location")], "sales.order.read"),
        (of("order"), Some("order.margin > 1"), wait.clone(), vec![order], "sales.order.read_margin"),
        (of("order"), None, note("'x'"), vec![order], "sales.order.update"),
        (of("order"), None, note("'x'"), vec![order, ("sales.order.update", "team")], "sales.order.update"),
        (of("order"), None, note("customer.name"), vec![order, change], "crm.customer.read"),
        (
            of("order"),
            None,
            step("update_record", json!({ "values": { "margin": "1" } })),
            vec![order, change, margin],
            "sales.order.write_margin",
        ),
        (of("order"), None, step("transition", json!({ "to": "shipped" })), vec![order], "sales.order.update"),
        (
            by_hand.clone(),
            None,
            step("create_record", json!({ "entity": "task", "values": { "title": "'x'" } })),
            vec![],
            "crm.task.create",
        ),
        (by_hand.clone(), None, step("create_task", json!({ "title": "x" })), vec![], "crm.task.create"),
        (of("order"), None, step("add_note", about), vec![order, ("crm.customer.read", "all")], "crm.activity.create"),
        (by_hand.clone(), None, tell("x"), vec![], "workflow.notification.send"),
        (
            of("order"),
            None,
            tell("{{order.owner.email}}"),
            vec![order, ("workflow.notification.send", "all")],
            "people.member.read",
        ),
        (
            by_hand.clone(),
            None,
            step("escalate", json!({ "level": 1, "title": "x" })),
            vec![],
            "workflow.notification.send",
        ),
        (of("order"), None, step("send_message", mail), vec![order], "sales.invoice.read"),
        (
            of("invoice"),
            None,
            step("post_ledger", json!({ "invoice": "invoice.id" })),
            vec![("sales.invoice.read", "all")],
            "sales.invoice.update",
        ),
        (of("order"), None, run("sales.create_invoice", invoice), vec![order, margin], "sales.invoice.create"),
        (
            of("customer"),
            None,
            run("records.delete", json!({ "entity": "'customer'", "id": "customer.id" })),
            vec![("crm.customer.read", "all")],
            "crm.customer.delete",
        ),
        // The record as a whole.
        (of("order"), None, run("test.count", json!({ "what": "order" })), vec![order], "sales.order.read_margin"),
    ];
    for (number, (trigger, condition, step, held, lacking)) in cases.into_iter().enumerate() {
        let mut grants: Map<String, Value> =
            held.into_iter().map(|(key, reach)| (key.to_owned(), json!(reach))).collect();
        grants.insert("workflow.workflow.save".to_owned(), json!("all"));
        let author = holder(&world, &format!("AUTHOR_{number}"), &json!(grants)).await;
        let wanted = definition(&format!("w{number}"), &trigger, condition, &step);
        let error = save(&world, &author, wanted.clone()).await.expect_err(lacking);
        assert_eq!((error.kind, error.required_permission.as_deref()), (Kind::Forbidden, Some(lacking)), "{error:?}");
        assert!(error.fields.len() == 1 && error.message.contains(lacking), "{error:?}");
        let (place, named) = (error.fields[0].field.as_str(), error.message.starts_with("The step a needs"));
        assert_eq!(place, if named { "steps.a.type" } else { "trigger.entity" }, "{error:?}");
        grants.insert(lacking.to_owned(), json!("all"));
        let author = holder(&world, &format!("AUTHOR_{number}_WITH_MORE"), &json!(grants)).await;
        let saved = save(&world, &author, wanted).await.unwrap_or_else(|error| panic!("{lacking}: {error:?}"));
        world.run(&author, SetActive { id: saved.id, active: true }).await.expect("it is switched on");
    }
    world.end().await;
}

/// The automation has a role that gates ask for. Whoever saves a move through one needs it as well, whatever else they may do.
#[tokio::test]
async fn nobody_passes_a_gate_by_a_workflow() {
    let world = World::new().await;
    let mighty = holder(&world, "MIGHTY", &json!({ "*.*.*": "all" })).await;
    // What is worked out when it runs may also be a rejection, which is for whoever approves.
    let both = world.member("Both", &["MIGHTY", "ADMIN", "SALES_MANAGER"]).await;
    let order = world.create("order", json!({})).await.id;
    world.go(&mighty, "order", order, "shipped").await.unwrap();
    assert_eq!(world.go(&mighty, "order", order, "delivered").await.unwrap_err().kind, Kind::Forbidden);
    let of = |entity: &str| json!({ "on": "created", "entity": entity });
    let moving = |to: &str| json!({ "type": "transition", "input": { "to": to } });
    let convert = json!({ "operation": "crm.convert_lead", "values": { "id": "lead.id" } });
    let gated = [
        ("order", moving("delivered"), "ADMIN"),
        ("order", moving("Delivered"), "ADMIN"),
        ("order", moving("{{order.note}}"), "SALES_MANAGER"),
        ("lead", json!({ "type": "run_operation", "input": convert }), "ADMIN"),
    ];
    for (number, (entity, step, role)) in gated.into_iter().enumerate() {
        let wanted = definition(&format!("w{number}"), &of(entity), None, &step);
        let refused = |error: domain::Error| {
            let told = (error.kind, error.fields.len(), error.fields[0].field.as_str());
            assert_eq!(told, (Kind::Forbidden, 1, "steps.a.type"), "{step}: {error:?}");
            assert!(error.message.contains(&format!("needs the role {role}")), "{step}: {error:?}");
        };
        refused(save(&world, &mighty, wanted.clone()).await.expect_err("a gate of a role that they lack"));
        let saved = save(&world, &both, wanted).await.unwrap_or_else(|error| panic!("{step}: {error:?}"));
        refused(world.run(&mighty, SetActive { id: saved.id, active: true }).await.unwrap_err());
        world.run(&both, SetActive { id: saved.id, active: true }).await.expect("it is switched on");
    }
    // Other moves of the same entity ask for no role.
    save(&world, &mighty, definition("other", &of("order"), None, &moving("shipped"))).await.expect("no gate");
    world.end().await;
}

/// What somebody else has saved, or a template, is switched on and changed only by those who may do what it does.
#[tokio::test]
async fn nobody_switches_on_what_they_may_not_do() {
    let world = World::new().await;
    let grants = json!({ "workflow.workflow.save": "all", "workflow.workflow.read": "all", "sales.order.read": "all" });
    let author = holder(&world, "AUTHOR", &grants).await;
    let change = json!({ "type": "update_record", "input": { "values": { "note": "'x'" } } });
    let wanted = definition("w", &json!({ "on": "created", "entity": "order" }), None, &change);
    let saved = save(&world, &world.admin, wanted.clone()).await.unwrap();
    let refused = |error: domain::Error| {
        assert_eq!(error.required_permission.as_deref(), Some("sales.order.update"), "{error:?}");
        assert!(error.kind == Kind::Forbidden && error.message.starts_with("The step a needs"), "{error:?}");
    };
    refused(world.run(&author, SetActive { id: saved.id, active: true }).await.unwrap_err());
    let edit = EditStep {
        id: saved.id,
        version: 1,
        step: "a".to_owned(),
        label: Some("Another".to_owned()),
        when: None,
        retries: None,
        on_error: None,
        input: change["input"].as_object().cloned().unwrap(),
    };
    refused(world.run(&author, edit).await.unwrap_err());
    let definition = serde_json::from_value(wanted).unwrap();
    refused(world.run(&author, SaveWorkflow { id: Some(saved.id), version: Some(1), definition }).await.unwrap_err());
    world.run(&world.admin, SetActive { id: saved.id, active: true }).await.unwrap();
    // To stop something takes no more than the right to change workflows.
    assert!(!world.run(&author, SetActive { id: saved.id, active: false }).await.unwrap().active);
    assert_eq!(world.number("select count(*) from workflow_versions").await, 1);
    world.end().await;
}

/// However much the author may do: of people, settings, the trail, undo and whatever else is not on the list.
#[tokio::test]
async fn what_is_not_for_workflows_is_not_saved() {
    let world = World::new().await;
    let by_hand = json!({ "on": "by_hand" });
    let run = |operation: &str, values: Value| {
        let input = json!({ "operation": operation, "values": values });
        definition("w", &by_hand, None, &json!({ "type": "run_operation", "input": input }))
    };
    let open: Vec<&str> = runnable::names().collect();
    let mut refused = 0;
    for name in CATALOGUE.iter().filter(|name| !open.contains(*name)) {
        let error = world.save(run(name, json!({}))).await.expect_err(name);
        let told: Vec<_> = error.fields.iter().map(|fault| (fault.field.as_str(), fault.message.as_str())).collect();
        assert_eq!(told, [("steps.a.input.operation", format!("{name} is not for workflows").as_str())]);
        refused += 1;
    }
    assert_eq!(refused + open.len(), CATALOGUE.len());
    // What a workflow deletes has to be known when it is saved.
    for entity in [json!("form.entity"), json!("{{form.entity}}"), json!("'nothing'"), json!("lead"), Value::Null] {
        let error = world.save(run("records.delete", json!({ "entity": entity, "id": "form.id" }))).await.unwrap_err();
        let found = error.fields.iter().find(|fault| fault.message.starts_with("Name an entity as a text"));
        assert!(found.is_some_and(|fault| fault.field == "steps.a.input.values.entity"), "{entity}: {error:?}");
    }
    world.save(run("records.delete", json!({ "entity": "'lead'", "id": "form.id" }))).await.expect("it is known");
    let mail = json!({ "channel": "email", "template": "t", "to": "form.to", "document": "{{form.document}}" });
    let mail = definition("m", &by_hand, None, &json!({ "type": "send_message", "input": mail }));
    let error = world.save(mail).await.unwrap_err();
    assert!(error.fields.len() == 1 && error.fields[0].field == "steps.a.input.document", "{error:?}");
    world.end().await;
}
