//! What customers are called, what callers try, and what a workspace is named: none of it becomes a header, markup or another address.

use crate::world::{Post, invoice};
use domain::Kind;
use serde_json::json;
use std::time::Duration;
use testkit::SmtpSink;

#[tokio::test]
async fn an_address_is_one_line_and_one_address() {
    let post = Post::new().await;
    for (at, bad) in [
        "amina@example.com\r\nBcc: all@example.com",
        "amina@example.com\n",
        "amina@example.com, all@example.com",
        "Amina <amina@example.com>",
        "amina@example.com\u{2028}x",
        "amina",
        "@example.com",
        "amina@",
        "",
        "a\u{0}b@example.com",
    ]
    .into_iter()
    .enumerate()
    {
        let mut message = invoice(&format!("to:{at}"));
        message.to = bad.to_owned();
        let error = post.send(message).await.unwrap_err();
        assert_eq!((error.kind, error.fields[0].field.as_str()), (Kind::Invalid, "to"), "{bad:?}");
        let mut message = invoice(&format!("reply:{at}"));
        message.reply_to = Some(bad.to_owned());
        match post.send(message).await {
            Ok(_) => assert!(bad.is_empty(), "{bad:?}"),
            Err(error) => assert_eq!(error.fields[0].field, "replyTo", "{bad:?}"),
        }
    }
    let mut message = invoice("subject");
    message.subject = Some("Invoice\r\nBcc: all@example.com".to_owned());
    assert_eq!(post.send(message).await.unwrap_err().fields[0].field, "subject");
    post.world.end().await;
}

#[tokio::test]
async fn hostile_values_stay_values() {
    let (post, sink) = (Post::new().await, SmtpSink::start().await);
    let worker = post.worker_to(&sink);
    let long = "x".repeat(10_000);
    let names = [
        "Evil\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>\"'><a href='https://evil.example'>",
        "\u{202e}moc.live\u{202c} שלום مرحبا",
        "{{invoice.invoiceNumber}} {{7 * 7}}",
        ".\r\n.\r\nQUIT\r\n",
        &long,
    ];
    for (at, name) in names.into_iter().enumerate() {
        let mut message = invoice(&format!("hostile:{at}"));
        message.values["customer"]["name"] = json!(name);
        message.values["invoice"]["invoiceNumber"] = json!(name);
        let queued = post.send(message).await.unwrap();
        let sent = post.until(queued.message, "sent").await;
        assert!(sent.subject.chars().count() <= 255 && !sent.subject.contains(char::is_control), "{}", sent.subject);
        let html = sent.html.to_lowercase();
        assert!(
            !html.contains("<script") && !html.contains("<img") && !html.contains("evil.example'>"),
            "{}",
            sent.html
        );
        assert!(!sent.text.contains('\u{202e}') && !sent.text.contains('\r'));
        let mail = sink.mails().pop().unwrap();
        assert_eq!(mail.to, ["<accounts@kisumu-traders.example>"]);
        assert_eq!(mail.header("Bcc"), None, "{}", mail.wire);
    }
    assert_eq!(sink.mails().len(), 6);
    let braces = &sink.mails()[3];
    assert!(braces.wire.contains("{{invoice.invoiceNumber}} {{7 * 7}}"), "what a value says is not filled in again");
    worker.stop(Duration::from_secs(1)).await;
    post.world.end().await;
}
