//! What goes along with a message: documents that whoever sends it gets by asking for them, and no others.

use crate::world::World;
use domain::documents::{DocumentFile, DocumentKind};
use domain::finance::{PostInvoice, RecordPayment};
use domain::messaging::{Attachment, CancelMessage, Channel, ResendMessage, SendMessage};
use domain::sales::CreateInvoice;
use domain::{Error, Grants, Kind, Reach};
use platform::access::Key;
use platform::{Caller, auth};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const TABLES: &[&str] = &["messages", "message_attachments", "jobs", "changes", "events"];

fn message(key: &str, document: &str, id: Uuid) -> SendMessage {
    let values = json!({
        "customer": { "name": "Lake Transport" },
        "invoice": {
            "invoiceNumber": "INV-000001", "dueDate": "2026-12-20",
            "totalAmount": { "amount": "116.00", "currency": "KES" },
        },
    });
    SendMessage {
        channel: Channel::Email,
        template: "invoice_notification".into(),
        language: None,
        to: "somebody@else.example".into(),
        subject: None,
        reply_to: None,
        values: values.as_object().unwrap().clone(),
        record: None,
        attachments: vec![Attachment { document: document.into(), id }],
        key: key.into(),
    }
}

/// A member of a role of their own.
async fn holding(world: &World, name: &str, grants: Value) -> Caller {
    let role = name.to_uppercase();
    sqlx::query("insert into roles (tenant_id, key, label, grants) values ($1, $2, $2, $3)")
        .bind(world.tenant.id.0)
        .bind(&role)
        .bind(grants)
        .execute(&world.owner)
        .await
        .unwrap();
    world.test.member(&world.tenant, name, &[&role]).await
}

fn told(error: &Error) -> (Kind, Option<&str>, &str) {
    (error.kind, error.required_permission.as_deref(), error.message.as_str())
}

#[tokio::test]
async fn a_document_goes_along_only_where_who_sends_it_gets_it() {
    let world = World::new().await;
    let order = world.shipped("100", true).await;
    let invoice = world.run(CreateInvoice { order, due_on: None, issued_on: None }).await.unwrap().invoice;
    world.run(PostInvoice { invoice }).await.unwrap();
    let paid = RecordPayment { invoice, amount: None, received_on: None, method: None, reference: None };
    let payment = world.run(paid).await.unwrap().payment;
    let papers = [
        ("invoice", DocumentKind::Invoice, invoice),
        ("order_confirmation", DocumentKind::OrderConfirmation, order),
        ("receipt", DocumentKind::Receipt, payment),
    ];

    // May send, and read nothing of the finances; or only what is their own; or is a key or support of somebody like that.
    let rita = world.test.member(&world.tenant, "Rita", &["SALES_REP"]).await;
    let own = json!({
        "messaging.*.create": "all", "messaging.*.read": "all", "sales.*.read": "own", "finance.*.read": "own",
    });
    let otto = holding(&world, "Otto", own).await;
    let mut access = (*world.boss.access).clone();
    access.grants = Grants([("messaging.message.create".to_owned(), Reach::All)].into());
    access.key = Some(Key { id: Uuid::from_u128(7), per_minute: 60 });
    let program = Caller { access: Arc::new(access), ..world.boss.clone() };
    let support = world.test.acted_for(&rita).await;
    let before = world.test.fingerprint(TABLES).await;
    for (who, caller) in [("rita", &rita), ("otto", &otto), ("a narrow key", &program), ("support", &support)] {
        for (document, kind, id) in papers {
            let asked = world.run_as(caller, DocumentFile { kind, id, language: None }).await.unwrap_err();
            let sent = world.run_as(caller, message(who, document, id)).await.unwrap_err();
            assert_eq!(told(&sent), told(&asked), "{who}: {document}");
            assert_eq!(sent.kind == Kind::NotFound, who == "otto" || kind.entity() == "order" && who != "a narrow key");
        }
    }
    // One that never was is refused as one that is out of reach.
    let nothing = world.run_as(&otto, message("nothing", "invoice", Uuid::from_u128(404))).await.unwrap_err();
    assert_eq!(nothing.kind, Kind::NotFound);
    assert_eq!(world.test.fingerprint(TABLES).await, before, "something was queued");

    // Who gets a document sends it: in person, with support acting for them, and as a step of a workflow.
    let helped = world.test.acted_for(&world.boss).await;
    let access = auth::automation(&world.test.services().pools, world.tenant.id).await.unwrap();
    let automation = Caller { access: Arc::new(access), session: None, origin: world.test.platform.origin(None) };
    for (who, caller) in [("boss", &world.boss), ("helped", &helped), ("automation", &automation)] {
        for (document, _, id) in papers {
            let key = format!("{who}: {document}");
            assert!(world.run_as(caller, message(&key, document, id)).await.unwrap().created, "{key}");
        }
    }
    assert_eq!(world.number("select count(*) from message_attachments").await, 9);

    // A repetition makes the documents anew, so that it asks anew.
    let first = world.run(message("first", "invoice", invoice)).await.unwrap().message;
    world.run(CancelMessage { id: first }).await.unwrap();
    let again = ResendMessage { id: first, key: None };
    assert_eq!(world.run_as(&otto, again.clone()).await.unwrap_err().kind, Kind::NotFound);
    assert!(world.run(again).await.unwrap().created);
    world.end().await;
}
