//! Every template in both languages, as it goes out. Reviewed by reading.

use crate::world::{Post, invoice, paper};

#[tokio::test]
async fn every_template_in_every_language() {
    let post = Post::new().await;
    for template in [
        "invoice_notification",
        "payment_reminder",
        "order_confirmation",
        "payment_receipt",
        "tracking_email",
        "approval_request",
    ] {
        for language in ["en", "sw"] {
            let mut message = invoice(&format!("{template}:{language}"));
            message.template = template.to_owned();
            message.language = Some(language.to_owned());
            message.attachments = paper(1);
            message.values.insert("link".to_owned(), "/approvals".into());
            let queued = post.send(message).await.unwrap();
            let preview = post.preview(queued.message).await;
            assert_eq!(preview.language, language);
            let shown = format!("Subject: {}\n\n{}\n\n---\n\n{}", preview.subject, preview.text, preview.html);
            insta::assert_snapshot!(format!("{template}_{language}"), shown);
        }
    }
    // One that nobody speaks is answered in English.
    let mut message = invoice("french");
    message.language = Some("fr".to_owned());
    let queued = post.send(message).await.unwrap();
    assert_eq!(post.preview(queued.message).await.language, "en");
    post.world.end().await;
}
