//! The page: what each document looks like in both languages, and that nothing in it could do harm.

use crate::cases;
use crate::reader::{letters, pdf_pages};
use crate::samples::*;
use documents::*;

fn six() -> [(&'static str, Document); 6] {
    [
        ("invoice_en", invoice(&invoice_input(3), &ENGLISH)),
        ("invoice_sw", invoice(&invoice_input(3), &SWAHILI)),
        ("order_confirmation_en", order_confirmation(&order_input(), &ENGLISH)),
        ("order_confirmation_sw", order_confirmation(&order_input(), &SWAHILI)),
        ("receipt_en", receipt(&receipt_input(), &ENGLISH)),
        ("receipt_sw", receipt(&receipt_input(), &SWAHILI)),
    ]
}

#[test]
fn documents_read_as_they_did() {
    for (name, document) in six() {
        insta::assert_snapshot!(name, html::fragment(&document));
    }
}

#[test]
fn the_model_is_what_it_was() {
    insta::assert_json_snapshot!("model", invoice(&invoice_input(1), &ENGLISH));
}

#[test]
fn a_page_links_its_style_sheet_and_loads_nothing_else() {
    let mut input = invoice_input(1);
    input.head.logo = Some(logo());
    let page = html::page(&invoice(&input, &ENGLISH), "/documents.css?v=\"1\"&x");
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">"));
    assert!(page.contains("<title>Invoice INV-2026-0041</title>"));
    assert!(page.contains("href=\"/documents.css?v=&quot;1&quot;&amp;x\""));
    assert_eq!(page.matches(" src=").count(), 1);
    assert!(page.contains(" src=\"data:image/png;base64,iVBOR"));
    for banned in ["<script", " style=", "<style", " on", "http:", "https:"] {
        let in_markup =
            page.split('<').filter_map(|part| part.split('>').next()).any(|tag| format!("<{tag}").contains(banned));
        assert!(!in_markup, "{banned}");
    }
}

#[test]
fn whatever_is_typed_stays_text() {
    let attack = "\"><script>alert('1')</script>&amp;\u{202e}\0";
    let mut input = invoice_input(1);
    input.head.number = attack.into();
    input.head.buyer.name = attack.into();
    input.head.seller.address = vec![attack.into()];
    input.head.terms = Some(attack.into());
    input.lines[0].description = attack.into();
    input.lines[0].detail = Some(attack.into());
    input.lines[0].quantity = attack.into();
    input.taxes[0].rate = attack.into();
    input.head.notes = vec![attack.into()];
    input.head.footer = attack.into();
    input.head.logo = Some(Logo { png: vec![], alternative: attack.into() });
    input.bank.as_mut().unwrap().more = vec![Fact::new(attack, attack)];
    let mut document = invoice(&input, &ENGLISH);
    document.language = attack.into();
    document.table.caption = attack.into();
    let page = html::page(&document, attack);
    assert!(!page.contains("<script") && !page.contains('\u{202e}') && !page.contains('\0'));
    assert!(page.matches("&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;").count() > 15);
}

#[test]
fn tables_say_what_their_cells_are() {
    let html = html::fragment(&right_to_left());
    assert!(html.contains("lang=\"ar\" dir=\"rtl\""));
    assert_eq!(html.matches("<th scope=\"col\"").count(), 6);
    assert_eq!(html.matches("<th scope=\"row\"").count(), 5);
    assert_eq!(html.matches("<caption").count(), 2);
    assert!(html.contains("<td class=\"doc-end\"><bdi>850.00</bdi>"));
    assert!(html.contains("<p class=\"doc-name\" dir=\"auto\">شركة النيل"));
}

#[test]
fn every_table_has_a_form_for_the_phone() {
    for (name, document) in cases::documents() {
        let columns = document.table.columns.len();
        let rule = format!(".doc-table:has(col:nth-child({columns})) {{\n      --doc-columns: {};", columns - 1);
        assert!(html::CSS.contains(&rule), "{name} has {columns} columns");
    }
}

#[test]
fn a_receipt_without_invoices_has_no_empty_table() {
    let mut input = receipt_input();
    input.allocations.clear();
    assert!(!html::fragment(&receipt(&input, &ENGLISH)).contains("doc-table"));
}

/// A buyer whom the reader may not see, or of whom only a part.
#[test]
fn whoever_is_not_named_has_no_label() {
    let said = |buyer: Business| {
        let mut input = invoice_input(1);
        input.head.buyer = buyer;
        let document = invoice(&input, &ENGLISH);
        (html::fragment(&document), letters(&pdf_pages(&pdf::write(&document).unwrap(), false).concat()))
    };
    let (page, paper) = said(Business::default());
    assert!(!page.contains("Bill to") && !paper.contains(&letters("Bill to")), "{page}\n{paper}");
    assert_eq!(page.matches("doc-name").count(), 1, "{page}");
    let (page, paper) = said(Business { address: vec!["Naivasha".into()], ..Business::default() });
    assert!(page.contains("Bill to") && paper.contains(&letters("Bill to")), "{page}\n{paper}");
    assert!(page.contains("Naivasha") && page.matches("doc-name").count() == 1, "{page}");
}

#[test]
fn what_is_due_is_said_once_and_rightly() {
    let lead = |paid: i64, due_date: Option<&str>| {
        let mut input = invoice_input(1);
        input.due_date = due_date.map(Into::into);
        input.balance_due = money(input.total.minor() - paid, "KES");
        invoice(&input, &ENGLISH).lead
    };
    assert_eq!(lead(0, Some("2 April 2026")).as_deref(), Some("KES\u{a0}986.00 due by 2 April 2026"));
    assert_eq!(lead(98_600, Some("2 April 2026")).as_deref(), Some("Paid in full"));
    assert_eq!(lead(99_600, Some("2 April 2026")), None);
    assert_eq!(lead(0, None), None);
}

#[test]
fn what_the_seller_owes_is_not_called_due() {
    let last = |name: &str| cases::document(name).totals.pop().unwrap();
    assert_eq!(
        (&*last("credit-invoice").label, &*last("credit-invoice").value),
        ("Balance in your favour", "KES\u{a0}6,014.60")
    );
    assert_eq!(last("paid-invoice").label, "Balance due");
    assert!(html::fragment(&cases::document("credit-line-invoice")).contains("<bdi>−4,802.50</bdi>"));
}

#[test]
fn a_receipt_adds_up() {
    let document = receipt(&receipt_input(), &ENGLISH);
    let totals: Vec<(&str, &str)> = document.totals.iter().map(|total| (&*total.label, &*total.value)).collect();
    let received = ("Amount received", "KES\u{a0}150,000.00");
    assert_eq!(totals, [("Invoices paid", "148,600.00"), ("Kept on account", "1,400.00"), received]);
    // Where all of it paid invoices, or none did, there is nothing to add.
    let mut input = receipt_input();
    input.unallocated = money(0, "KES");
    input.amount = money(14_860_000, "KES");
    assert_eq!(receipt(&input, &ENGLISH).totals.len(), 1);
    // Where rows are withheld from the reader, what they come to is not.
    let mut withheld = input.clone();
    withheld.allocations.truncate(1);
    let document = receipt(&withheld, &ENGLISH);
    assert_eq!((document.table.rows.len(), document.totals.len()), (1, 2));
    assert_eq!((&*document.totals[0].label, &*document.totals[0].value), ("Invoices paid", "148,600.00"));
    input.unallocated = input.amount.clone();
    assert_eq!(receipt(&input, &ENGLISH).totals.len(), 2);
}

#[test]
fn how_to_pay_is_said_while_something_is_due() {
    let mut input = invoice_input(1);
    assert_eq!(invoice(&input, &ENGLISH).sections[0].heading, "How to pay");
    input.balance_due = money(0, "KES");
    assert_eq!(invoice(&input, &ENGLISH).sections[0].heading, "Notes");
}

#[test]
fn amounts_name_their_currency_where_it_is_not_the_documents() {
    let mut input = invoice_input(1);
    input.lines[0].unit_price = money(1_000, "USD");
    let document = invoice(&input, &ENGLISH);
    assert_eq!(document.table.rows[0][2].main, "USD\u{a0}10.00");
    assert_eq!(document.table.rows[0][5].main, "850.00");
}
