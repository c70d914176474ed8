//! Writes documents to look at, as HTML and as PDF: `cargo run -p nexus-documents --example specimens -- DIR`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool for the person at the keyboard"
)]

#[path = "../tests/it/samples.rs"]
mod samples;

use documents::*;
use samples::*;
use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("specimens DIR"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("document.css"), html::CSS).unwrap();
    for (name, document) in specimens() {
        let pdf = pdf::write(&document).unwrap();
        println!("{name}: {} pages, {} bytes", layout::compose(&document).pages.len(), pdf.len());
        std::fs::write(folder.join(format!("{name}.pdf")), pdf).unwrap();
        std::fs::write(folder.join(format!("{name}.html")), html::page(&document, "document.css")).unwrap();
    }
}

fn specimens() -> Vec<(&'static str, Document)> {
    let mut branded = invoice_input(3);
    branded.head.logo = Some(logo());
    let mut letter = invoice_input(30);
    letter.head.page = PageSize::Letter;
    let mut yen = with_lines((0..3).map(|index| line(index, "JPY")).collect(), "JPY");
    yen.amount_paid = money(0, "JPY");
    yen.balance_due = yen.total.clone();
    let mut paid = invoice_input(2);
    paid.amount_paid = paid.total.clone();
    paid.balance_due = money(0, "KES");
    let mut missing = invoice_input(2);
    missing.head.buyer.name = "東京商事 😀 Trading".into();
    let mut swahili = invoice_input(3);
    swahili.invoice_date = "3 Machi 2026".into();
    swahili.due_date = Some("2 Aprili 2026".into());
    swahili.head.terms = Some("Siku 30".into());
    swahili.head.notes =
        vec!["Vipuri ni mali ya Lakeside Motors hadi vilipiwe. Asante kwa kufanya biashara nasi.".into()];
    vec![
        ("one-line", invoice(&invoice_input(1), &ENGLISH)),
        ("branded", invoice(&branded, &ENGLISH)),
        ("two-hundred-lines", invoice(&invoice_input(200), &ENGLISH)),
        ("letter", invoice(&letter, &ENGLISH)),
        ("long-names", invoice(&long_names(), &ENGLISH)),
        ("arabic-customer", invoice(&arabic_customer(), &ENGLISH)),
        ("right-to-left", right_to_left()),
        ("yen", invoice(&yen, &ENGLISH)),
        ("paid", invoice(&paid, &ENGLISH)),
        ("missing-glyphs", invoice(&missing, &ENGLISH)),
        ("swahili", invoice(&swahili, &SWAHILI)),
        ("order", order_confirmation(&order_input(), &ENGLISH)),
        ("order-swahili", order_confirmation(&order_input(), &SWAHILI)),
        ("receipt", receipt(&receipt_input(), &ENGLISH)),
        ("receipt-swahili", receipt(&receipt_input(), &SWAHILI)),
    ]
}
