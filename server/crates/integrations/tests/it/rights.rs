//! Who may see and do what: another workspace nothing, a viewer no more than look.

use crate::world::{Post, invoice};
use domain::Kind;
use domain::messaging::{CancelMessage, ListDeliveries, PreviewMessage, ResendMessage};
use std::time::Duration;
use testkit::SmtpSink;

#[tokio::test]
async fn a_second_workspace_sees_nothing() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    let queued = post.send(invoice("shared key")).await.unwrap();
    let other = post.world.tenant("hillside", "core").await;
    let bob = post.world.member(&other, "Bob", &["OWNER"]).await;
    let id = queued.message;
    let missing = [
        post.world.run(&bob, PreviewMessage { id }).await.err(),
        post.world.run(&bob, ListDeliveries { id }).await.err(),
        post.world.run(&bob, ResendMessage { id, key: None }).await.err(),
        post.world.run(&bob, CancelMessage { id }).await.err(),
    ];
    for error in missing {
        assert_eq!(error.map(|error| error.kind), Some(Kind::NotFound));
    }
    // The same key is another one there.
    let own = post.world.run(&bob, invoice("shared key")).await.unwrap();
    assert!(own.created && own.message != id);
    let worker = post.worker_to(&sink);
    post.until(id, "sent").await;
    for _ in 0..200 {
        if sink.mails().len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(sink.counts().len(), 2, "the two have names of their own");
    let senders: Vec<_> = sink.mails().iter().filter_map(|mail| mail.header("From")).collect();
    assert!(
        senders.iter().any(|sender| sender.contains("hillside"))
            && senders.iter().any(|sender| sender.contains("lakeside"))
    );
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}

#[tokio::test]
async fn a_viewer_looks_and_does_nothing() {
    let post = Post::new().await;
    let queued = post.send(invoice("look")).await.unwrap();
    let viewer = post.world.member(&post.tenant, "Vera", &["VIEWER"]).await;
    let id = queued.message;
    post.world.run(&viewer, PreviewMessage { id }).await.unwrap();
    let before = post.world.fingerprint(&["messages", "jobs"]).await;
    let refused = [
        post.world.run(&viewer, invoice("viewer")).await.err(),
        post.world.run(&viewer, ResendMessage { id, key: None }).await.err(),
        post.world.run(&viewer, CancelMessage { id }).await.err(),
    ];
    for error in refused {
        assert_eq!(error.map(|error| error.kind), Some(Kind::Forbidden));
    }
    assert_eq!(post.world.fingerprint(&["messages", "jobs"]).await, before);
    // A representative sees the own ones alone.
    let rep = post.world.member(&post.tenant, "Rita", &["SALES_REP"]).await;
    assert_eq!(post.world.run(&rep, PreviewMessage { id }).await.unwrap_err().kind, Kind::NotFound);
    let own = post.world.run(&rep, invoice("rep")).await.unwrap();
    post.world.run(&rep, PreviewMessage { id: own.message }).await.unwrap();
    post.world.end().await;
}
