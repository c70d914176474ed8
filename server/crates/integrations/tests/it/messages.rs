//! Sending once, repeating, taking back.

use crate::world::{Post, invoice, paper};
use domain::messaging::{CancelMessage, RecordRef, ResendMessage};
use domain::records::{CreateRecord, DeleteRecord, GetRecord};
use domain::{Error, Kind};
use serde_json::json;
use std::time::Duration;
use testkit::SmtpSink;
use uuid::Uuid;

const TABLES: &[&str] = &["messages", "message_attachments", "jobs", "changes", "events"];

#[tokio::test]
async fn the_same_key_queues_one() {
    let post = Post::new().await;
    let mut message = invoice("once");
    message.attachments = paper(1);
    let first = post.send(message.clone()).await.unwrap();
    assert!(first.created);
    let before = post.world.fingerprint(TABLES).await;
    let mut other = message.clone();
    other.to = "somebody@else.example".to_owned();
    let second = post.send(other).await.unwrap();
    assert_eq!((second.message, second.created), (first.message, false));
    assert_eq!(post.world.fingerprint(TABLES).await, before);
    post.world.end().await;
}

#[tokio::test]
async fn of_eight_at_once_with_one_key_one_queues() {
    let post = Post::new().await;
    let backend = post.world.backend(&post.amina);
    let sends: Vec<_> = (0..8)
        .map(|_| {
            let backend = backend.clone();
            tokio::spawn(async move { backend.run(invoice("rush")).await })
        })
        .collect();
    let mut answers = Vec::new();
    for send in sends {
        answers.push(send.await.unwrap().unwrap());
    }
    assert_eq!(answers.iter().filter(|answer| answer.created).count(), 1, "{answers:#?}");
    assert!(answers.iter().all(|answer| answer.message == answers[0].message));
    post.world.end().await;
}

#[tokio::test]
async fn a_caller_that_fails_afterwards_sends_nothing() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    let worker = post.worker_to(&sink);
    let mut ctx = post.world.open(&post.amina).await;
    let queued = ctx.run(invoice("undone")).await.unwrap();
    drop(ctx);
    tokio::time::sleep(Duration::from_millis(400)).await;
    let gone = post.world.run(&post.amina, GetRecord { entity: "message".to_owned(), id: queued.message }).await;
    assert_eq!(gone.unwrap_err().kind, Kind::NotFound);
    assert!(sink.mails().is_empty());
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn a_message_that_waits_can_be_taken_back() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    let queued = post.send(invoice("back")).await.unwrap();
    post.world.run(&post.amina, CancelMessage { id: queued.message }).await.unwrap();
    // Again is no error: it is cancelled.
    post.world.run(&post.amina, CancelMessage { id: queued.message }).await.unwrap();
    let thrown = post.send(invoice("trash")).await.unwrap();
    let version = post.preview(thrown.message).await.version;
    let delete = DeleteRecord { entity: "message".to_owned(), id: thrown.message, version: Some(version) };
    post.world.run(&post.amina, delete).await.unwrap();
    let other = post.send(invoice("other")).await.unwrap();
    let worker = post.worker_to(&sink);
    post.until(other.message, "sent").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(sink.mails().len(), 1);
    assert_eq!(post.preview(queued.message).await.status, "cancelled");
    assert_eq!(post.preview(thrown.message).await.status, "cancelled");
    let error = post.world.run(&post.amina, CancelMessage { id: other.message }).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert_eq!(error.message, "This message is sent already; there is nothing left to cancel");
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn a_repetition_is_a_message_of_its_own_that_names_the_first() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    let mut message = invoice("first");
    message.attachments = paper(3);
    let first = post.send(message).await.unwrap();
    let early = post.world.run(&post.amina, ResendMessage { id: first.message, key: None }).await.unwrap_err();
    assert_eq!(early.kind, Kind::Conflict);
    let worker = post.worker_to(&sink);
    post.until(first.message, "sent").await;
    let resend = ResendMessage { id: first.message, key: Some("again".to_owned()) };
    let again = post.world.run(&post.amina, resend.clone()).await.unwrap();
    let twice = post.world.run(&post.amina, resend).await.unwrap();
    assert_eq!((again.created, twice.created, again.message), (true, false, twice.message));
    let sent = post.until(again.message, "sent").await;
    assert_eq!(sent.repeats, Some(first.message));
    assert_eq!(sent.attachments, paper(3));
    let mails = sink.mails();
    assert_eq!((mails.len(), sink.counts().len()), (2, 2), "a repetition has a Message-ID of its own");
    assert_eq!(mails[0].header("Subject"), mails[1].header("Subject"));
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn a_message_about_a_record_is_its_owners_and_leads_there() {
    let post = Post::new().await;
    let joyce = post.world.member(&post.tenant, "Joyce", &["USER"]).await;
    let values = json!({ "name": "Kisumu Traders", "owner": joyce.access.member });
    let create = CreateRecord { entity: "customer".to_owned(), values: values.as_object().unwrap().clone() };
    let customer = post.world.run(&post.amina, create).await.unwrap();
    let mut message = invoice("about");
    message.template = "approval_request".to_owned();
    message.record = Some(RecordRef { entity: "customer".to_owned(), id: customer.id });
    let queued = post.send(message.clone()).await.unwrap();
    let record =
        post.world.run(&post.amina, GetRecord { entity: "message".to_owned(), id: queued.message }).await.unwrap();
    assert_eq!(record.values["owner"], json!(joyce.access.member));
    let preview = post.preview(queued.message).await;
    let page = format!("https://nexus.example/w/lakeside/customers/{}", customer.id);
    assert!(preview.text.contains(&page) && preview.html.contains(&format!("href=\"{page}\"")), "{}", preview.text);
    // Another page of the workspace, and never one of somebody else's.
    message.values.insert("link".to_owned(), json!("/approvals"));
    message.key = "approvals".to_owned();
    let queued = post.send(message.clone()).await.unwrap();
    assert!(post.preview(queued.message).await.text.contains("https://nexus.example/w/lakeside/approvals"));
    for (key, value) in [("evil", json!("https://evil.example")), ("number", json!(7))] {
        message.values.insert("link".to_owned(), value);
        message.key = key.to_owned();
        assert_eq!(fields(post.send(message.clone()).await.unwrap_err()), ["values.link"]);
    }
    message.values.remove("link");
    message.record = Some(RecordRef { entity: "customer".to_owned(), id: Uuid::from_u128(404) });
    assert_eq!(fields(post.send(message.clone()).await.unwrap_err()), ["record"]);
    message.record = None;
    assert_eq!(fields(post.send(message).await.unwrap_err()), ["record"]);
    post.world.end().await;
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let post = Post::new().await;
    let before = post.world.fingerprint(TABLES).await;
    let with = |change: &dyn Fn(&mut domain::messaging::SendMessage)| {
        let mut message = invoice("bad");
        change(&mut message);
        message
    };
    let no_values = with(&|message| message.values = serde_json::Map::new());
    let wanted = ["customer.name", "invoice.dueDate", "invoice.invoiceNumber", "invoice.totalAmount"];
    assert_eq!(fields(post.send(no_values).await.unwrap_err()), wanted.map(|path| format!("values.{path}")));
    let wrong_date = with(&|message| message.values["invoice"]["dueDate"] = json!("soon"));
    assert_eq!(fields(post.send(wrong_date).await.unwrap_err()), ["values.invoice.dueDate"]);
    let typo = with(&|message| message.template = "invoice_notificaton".to_owned());
    let error = post.send(typo).await.unwrap_err();
    assert!(error.fields[0].message.contains("did you mean invoice_notification?"), "{error:?}");
    let unknown = with(&|message| {
        message.attachments =
            vec![domain::messaging::Attachment { document: "poem".to_owned(), id: Uuid::from_u128(1) }];
    });
    let error = post.send(unknown).await.unwrap_err();
    assert!(error.fields[0].message.starts_with("There is no document poem; there are "), "{error:?}");
    let many = with(&|message| message.attachments = (1..=11).flat_map(paper).collect());
    assert_eq!(fields(post.send(many).await.unwrap_err()), ["attachments"]);
    assert_eq!(fields(post.send(with(&|message| message.key = " ".to_owned())).await.unwrap_err()), ["key"]);
    assert_eq!(post.world.fingerprint(TABLES).await, before);
    // The plain record operations make none.
    let by_hand = CreateRecord { entity: "message".to_owned(), values: domain::records::Values::new() };
    assert!(post.world.run(&post.amina, by_hand).await.is_err());
    post.world.end().await;
}

fn fields(error: Error) -> Vec<String> {
    assert_eq!(error.kind, Kind::Invalid, "{error:?}");
    error.fields.into_iter().map(|fault| fault.field).collect()
}
