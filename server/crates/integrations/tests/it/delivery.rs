//! What reaches the mail server: once, with everything, and whatever the server does in between.

use crate::world::{Post, invoice, paper};
use domain::messaging::DeliveryOutcome;
use domain::records::RecordTimeline;
use integrations::Sandbox;
use std::sync::Arc;
use std::time::Duration;
use testkit::{SmtpFault, SmtpSink};

fn outcomes(log: &domain::messaging::DeliveryLog) -> Vec<DeliveryOutcome> {
    log.attempts.iter().map(|attempt| attempt.outcome).collect()
}

#[tokio::test]
async fn a_mail_arrives_once_with_both_bodies_and_its_document() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    let worker = post.worker_to(&sink);
    let mut message = invoice("invoice:1");
    message.attachments = paper(7);
    let queued = post.send(message).await.unwrap();
    let sent = post.until(queued.message, "sent").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mails = sink.mails();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    let mail = &mails[0];
    assert_eq!(mail.to, ["<accounts@kisumu-traders.example>"]);
    assert!(mail.from.starts_with("<post@nexus.example>"), "{}", mail.from);
    assert_eq!(mail.header("Subject").as_deref(), Some("Invoice INV-000123 from lakeside workspace"));
    assert_eq!(mail.header("From").as_deref(), Some("\"lakeside workspace\" <post@nexus.example>"));
    assert_eq!(mail.header("Reply-To").as_deref(), Some("amina@lakeside.example"));
    assert!(mail.message_id().ends_with("@nexus.example>"), "{}", mail.message_id());
    for part in
        ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf", "paper-1.pdf"]
    {
        assert!(mail.wire.contains(part), "{part} is not in\n{}", mail.wire);
    }
    assert!(sent.sent_at.is_some() && sent.error.is_none());
    let log = post.log(queued.message).await;
    assert_eq!(outcomes(&log), [DeliveryOutcome::Sent]);
    assert!(log.attempts[0].response.as_deref().unwrap().starts_with("250"), "{log:?}");
    assert_eq!(log.next_at, None);
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn the_message_tells_its_story() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    let queued = post.send(invoice("story")).await.unwrap();
    post.world.clock.advance(chrono::Duration::seconds(7));
    let worker = post.worker_to(&sink);
    post.until(queued.message, "sent").await;
    let ask = RecordTimeline { entity: "message".to_owned(), id: queued.message, limit: 10, before: None };
    let timeline = post.world.run(&post.amina, ask).await.unwrap();
    let told: Vec<(&str, Option<&str>)> =
        timeline.iter().map(|entry| (entry.operation.as_str(), entry.actor.as_deref())).collect();
    assert_eq!(told, [("messaging.deliver", Some("Automation")), ("messaging.send", Some("Amina"))]);
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn a_dead_server_is_waited_for_and_said_so() {
    let post = Post::new().await;
    let sink = SmtpSink::start().await;
    let (address, url) = (sink.address, sink.url());
    sink.stop().await;
    let worker = post.worker(post.mailer(&url));
    let queued = post.send(invoice("dead")).await.unwrap();
    let (mut waiting, mut log) = (post.preview(queued.message).await, post.log(queued.message).await);
    for _ in 0..200 {
        (waiting, log) = (post.preview(queued.message).await, post.log(queued.message).await);
        // What a try came to is written a moment before when the next one is.
        if waiting.status == "queued" && log.attempts.len() >= 2 && log.next_at.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(waiting.status, "queued");
    assert!(waiting.error.as_deref().unwrap().contains("cannot be reached"), "{waiting:?}");
    assert!(log.next_at.is_some());
    let sink = SmtpSink::at(address).await;
    let sent = post.until(queued.message, "sent").await;
    assert_eq!(sent.error, None);
    assert_eq!(sink.mails().len(), 1);
    let outcomes = outcomes(&post.log(queued.message).await);
    let (last, before) = outcomes.split_last().unwrap();
    assert_eq!(*last, DeliveryOutcome::Sent);
    assert!(before.len() >= 2 && before.iter().all(|outcome| *outcome == DeliveryOutcome::Waiting), "{before:?}");
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    sink.fail(&[SmtpFault::Busy, SmtpFault::SignIn, SmtpFault::Reset, SmtpFault::Silence]);
    let worker = post.worker_to(&sink);
    let queued = post.send(invoice("passes")).await.unwrap();
    post.until(queued.message, "sent").await;
    assert_eq!(sink.mails().len(), 1);
    let log = post.log(queued.message).await;
    let words: Vec<&str> = log.attempts.iter().filter_map(|attempt| attempt.response.as_deref()).collect();
    let expected = ["asks to try later", "check SMTP_URL", "cannot be reached", "did not answer within", "250"];
    assert_eq!(words.len(), expected.len(), "{words:#?}");
    for (words, expected) in words.iter().zip(expected) {
        assert!(words.contains(expected), "{expected} is not in {words}");
    }
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn what_cannot_get_better_fails_at_once() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    sink.fail(&[SmtpFault::NoSuchUser]);
    let worker = post.worker_to(&sink);
    let refused = post.send(invoice("refused")).await.unwrap();
    let failed = post.until(refused.message, "failed").await;
    assert!(failed.error.as_deref().unwrap().contains("No such user here"), "{failed:?}");
    let log = post.log(refused.message).await;
    assert_eq!((outcomes(&log), log.next_at.clone()), (vec![DeliveryOutcome::Failed], None));
    // A document that cannot be made is nobody's passing trouble.
    let mut message = invoice("no document");
    message.attachments = paper(0);
    let unmade = post.send(message).await.unwrap();
    let failed = post.until(unmade.message, "failed").await;
    assert!(failed.error.as_deref().unwrap().contains("could not be made"), "{failed:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(sink.mails().is_empty());
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_a_second_mail_of_the_same_name_and_nothing_else() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    sink.fail(&[SmtpFault::TakenUnsaid]);
    let worker = post.worker_to(&sink);
    let queued = post.send(invoice("unsaid")).await.unwrap();
    post.until(queued.message, "sent").await;
    assert_eq!(sink.counts().into_values().collect::<Vec<_>>(), [2]);
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

/// The worker is pulled out while the mail server holds the mail without a word: what a `kill -9` there looks like to the database.
#[tokio::test]
async fn a_worker_that_dies_on_the_way_is_followed_by_another() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    sink.fail(&[SmtpFault::Silence]);
    let first = post.worker_to(&sink);
    let queued = post.send(invoice("killed")).await.unwrap();
    post.until(queued.message, "sending").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(first);
    let second = post.worker_to(&sink);
    post.until(queued.message, "sent").await;
    assert_eq!(sink.counts().into_values().collect::<Vec<_>>(), [1]);
    assert_eq!(outcomes(&post.log(queued.message).await), [DeliveryOutcome::Lost, DeliveryOutcome::Sent]);
    second.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn two_workers_send_each_message_once() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    let (one, two) = (post.worker_to(&sink), post.worker_to(&sink));
    let mut ids = Vec::new();
    for at in 0..40 {
        ids.push(post.send(invoice(&format!("both:{at}"))).await.unwrap().message);
    }
    for id in ids {
        post.until(id, "sent").await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let counts = sink.counts();
    assert_eq!(counts.len(), 40);
    assert!(counts.values().all(|count| *count == 1), "{counts:#?}");
    one.stop(Duration::from_secs(1)).await;
    two.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn without_a_mail_server_a_message_is_shown_and_not_sent() {
    let post = Post::new().await;
    let worker = post.worker(Arc::new(Sandbox));
    let queued = post.send(invoice("sandbox")).await.unwrap();
    let shown = post.until(queued.message, "sandboxed").await;
    assert_eq!((shown.sent_at, shown.error), (None, None));
    assert!(shown.html.contains("INV-000123"));
    let log = post.log(queued.message).await;
    assert_eq!(outcomes(&log), [DeliveryOutcome::Sandboxed]);
    assert!(log.attempts[0].response.as_deref().unwrap().contains("No mail server is configured"));
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}
