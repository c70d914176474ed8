//! Documents of what was sold, billed and paid: the same model as markup and as a file.

use crate::world::World;
use domain::Kind;
use domain::company::{Company, GetCompany, SaveCompany};
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

/// Documents carry who the workspace is on paper, as it was saved last; two who save at once do not overwrite each other.
#[tokio::test]
async fn documents_carry_the_company_that_was_saved() {
    let world = World::new().await;
    let invoice = world.posted("100", true).await;
    let html = DocumentHtml { kind: DocumentKind::Invoice, id: invoice, language: None };
    assert!(!world.run(html.clone()).await.unwrap().html.contains("Kisumu 40100"));
    let company = Company {
        legal_name: Some("Lake Motors Ltd".into()),
        address: Some("Oginga Odinga Street 12\nKisumu 40100".into()),
        tax_number: Some("P051234567X".into()),
        bank: Some("Ziwa Bank".into()),
        iban: Some("DE89 3704 0044 0532 0130 00".into()),
        payment_terms: Some("30 days net".into()),
        invoice_note: Some("Thank you.".into()),
        ..Company::default()
    };
    let first = SaveCompany { version: 0, company: company.clone() };
    assert_eq!(world.run(first.clone()).await.unwrap().version, 1);
    assert_eq!(world.run(first).await.unwrap_err().kind, Kind::Conflict);
    // Saved again as it is, it is no change.
    let same = SaveCompany { version: 1, company: company.clone() };
    assert_eq!(world.run(same).await.unwrap().version, 1);
    let drawn = world.run(html).await.unwrap().html;
    for word in [
        "Lake Motors Ltd",
        "Oginga Odinga Street 12",
        "Kisumu 40100",
        "P051234567X",
        "Ziwa Bank",
        "DE89",
        "30 days net",
        "Thank you.",
    ] {
        assert!(drawn.contains(word), "the invoice does not say {word}: {drawn}");
    }
    let viewer = world.test.member(&world.tenant, "Vera", &["USER"]).await;
    assert_eq!(world.test.run(&viewer, GetCompany {}).await.unwrap().company, company);
    let change = SaveCompany { version: 1, company: Company::default() };
    let refused = world.test.run(&viewer, change.clone()).await.unwrap_err();
    assert_eq!(
        (refused.kind, refused.required_permission.as_deref()),
        (Kind::Forbidden, Some("settings.company.update"))
    );
    let other = world.test.tenant("elsewhere", "core").await;
    let stranger = world.test.member(&other, "Otto", &["OWNER"]).await;
    assert_eq!(world.test.run(&stranger, GetCompany {}).await.unwrap().version, 0);
    assert_eq!(world.run(change).await.unwrap().version, 2);
    world.end().await;
}
