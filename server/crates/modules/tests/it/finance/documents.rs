//! Documents of what was sold, billed and paid: the same model as markup and as a file.

use crate::world::World;
use domain::Kind;
use domain::documents::{DocumentFile, DocumentHtml, DocumentKind};
use domain::finance::RecordPayment;

#[tokio::test]
async fn invoice_order_and_receipt_say_what_was_agreed() {
    let world = World::new().await;
    let pad = world.product("Brake pad", 5).await;
    let order = world.order(&[(pad, 2)]).await.order.id;
    world.along(order, &["submitted", "approved", "picking", "shipped"]).await;
    let invoice =
        world.run(domain::sales::CreateInvoice { order, due_on: None, issued_on: None }).await.unwrap().invoice;
    let draft = DocumentHtml { kind: DocumentKind::Invoice, id: invoice, language: None };
    assert!(world.run(draft).await.unwrap().html.contains("This is a draft."));
    world.run(domain::finance::PostInvoice { invoice }).await.unwrap();
    let half = Some(domain::finance::Amount::Text("1000".into()));
    let paid = RecordPayment {
        invoice,
        amount: half,
        received_on: None,
        method: Some("mobile_money".into()),
        reference: Some("QX12".into()),
    };
    let payment = world.run(paid).await.unwrap().payment;
    for (kind, id, words) in [
        (
            DocumentKind::Invoice,
            invoice,
            &["INV-000001", "Lake Transport", "Brake pad", "16%", "2,320.00", "1,320.00", "20 December 2026"][..],
        ),
        (DocumentKind::OrderConfirmation, order, &["ORD-0000", "20 November 2026", "2,320.00"]),
        (DocumentKind::Receipt, payment, &["PAY-0000", "Mobile money", "QX12", "1,000.00", "INV-000001"]),
    ] {
        let html = world.run(DocumentHtml { kind, id, language: None }).await.unwrap();
        for word in words {
            assert!(html.html.contains(word), "{kind:?} does not say {word}: {}", html.html);
        }
        let file = world.run(DocumentFile { kind, id, language: None }).await.unwrap();
        assert!(file.name.ends_with(".pdf") && file.content.starts_with("JVBERi"), "{}", file.name);
        let again = world.run(DocumentFile { kind, id, language: None }).await.unwrap();
        assert_eq!(file, again, "the same document has the same bytes");
    }
    let swahili = world
        .run(DocumentHtml { kind: DocumentKind::Invoice, id: invoice, language: Some("sw".into()) })
        .await
        .unwrap();
    assert!(swahili.html.contains("20 Desemba 2026"), "{}", swahili.html);
    // Whoever may not read the record may not read its document.
    let warehouse = world.test.member(&world.tenant, "Wes", &["WAREHOUSE"]).await;
    let html = DocumentHtml { kind: DocumentKind::Invoice, id: invoice, language: None };
    assert_eq!(world.test.run(&warehouse, html).await.unwrap_err().kind, Kind::Forbidden);
    let mut ctx = world.test.open(&world.boss).await;
    let source = ctx.hooks::<platform::capability::Documents>();
    let file = source[0].pdf(&mut ctx, "receipt", payment).await.unwrap();
    assert_eq!((&file.content[..5], file.media_type), (&b"%PDF-"[..], "application/pdf"));
    drop(ctx);
    world.end().await;
}
