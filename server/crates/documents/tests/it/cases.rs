//! What documents must stand: one sale, changed in each way that has to look right, and written as every kind of document.

#![allow(dead_code, reason = "the gallery asks for all of them, tests for one")]
#![allow(clippy::unwrap_used, reason = "a test stops where its world breaks")]

use crate::samples::*;
use documents::*;

/// An invoice of `lines` in `currency`, and what is changed in it.
struct Case {
    name: &'static str,
    lines: usize,
    currency: &'static str,
    words: &'static Words<'static>,
    change: fn(&mut InvoiceInput),
}

const fn case(name: &'static str, lines: usize, change: fn(&mut InvoiceInput)) -> Case {
    Case { name, lines, currency: "KES", words: &ENGLISH, change }
}

const CASES: [Case; 20] = [
    case("one-line", 1, |_| {}),
    case("two-hundred-lines", 200, |_| {}),
    case("long-names", 4, long_names),
    case("long-words", 4, long_words),
    case("long-notes", 3, long_notes),
    case("large-amounts", 3, large_amounts),
    case("arabic", 4, arabic),
    case("hebrew", 4, hebrew),
    Case { words: &ARABIC, ..case("right-to-left", 4, right_to_left) },
    Case { words: &ARABIC, ..case("right-to-left-sixty-lines", 60, right_to_left) },
    Case { words: &SWAHILI, ..case("swahili", 3, swahili) },
    Case { currency: "JPY", ..case("yen", 3, |_| {}) },
    Case { currency: "KWD", ..case("dinar", 3, |_| {}) },
    case("two-rates", 6, two_rates),
    case("credit-line", 4, credit_line),
    case("credit", 2, credit),
    case("paid", 2, paid),
    case("branded", 3, |input| input.head.logo = Some(logo())),
    case("letter", 30, |input| input.head.page = PageSize::Letter),
    case("bare", 1, bare),
];

/// Every case as every kind of document, under a name to keep it as.
pub fn documents() -> Vec<(String, Document)> {
    let mut found = Vec::new();
    for case in &CASES {
        let mut input = with_lines((0..case.lines).map(|index| line(index, case.currency)).collect(), case.currency);
        (case.change)(&mut input);
        let kinds = [
            ("invoice", invoice(&input, case.words)),
            ("order", order_confirmation(&order_of(&input), case.words)),
            ("receipt", receipt(&receipt_of(&input), case.words)),
        ];
        found.extend(kinds.map(|(kind, document)| (format!("{}-{kind}", case.name), document)));
    }
    found
}

/// One of them.
pub fn document(name: &str) -> Document {
    documents().into_iter().find(|(known, _)| known == name).map(|(_, document)| document).unwrap()
}

fn long_names(input: &mut InvoiceInput) {
    input.head.seller.name =
        "The Great Lakes Agricultural Machinery, Spare Parts and Cold Chain Logistics Cooperative Society Limited"
            .into();
    input.head.buyer.name =
        "Otieno, Wanjiru, Abdirahman & Daughters General Transport, Clearing and Forwarding Company (Nairobi West) Limited"
            .into();
    input.head.terms = Some("Thirty days net from the end of the month in which the goods were received".into());
    input.lines[0].description = "Hydraulic cylinder, double acting, with seal kit, mounting brackets, hoses and quick couplings for the loader of the tractor that was delivered in January".into();
    input.lines[1].detail = Some("Fitted on site; the old cylinder was drained, cleaned, packed and returned to the manufacturer with the shipment of the following week".into());
    input.lines[2].quantity = "1,250.75 kilogrammes".into();
}

/// Nothing in them allows a line to end.
fn long_words(input: &mut InvoiceInput) {
    input.head.seller.contact =
        vec!["accounts.receivable.department@great-lakes-agricultural-machinery.example".into()];
    input.head.buyer.name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".into();
    input.head.number = "INV-2026-KISUMU-WEST-DEPOT-0000000041-REVISION-3".into();
    input.head.reference = Some("PO:7781:4F8A77120093BBE10C5D77AA90331EF0C4F8A77120093BBE10C5D77AA90331EF0".into());
    input.lines[1].description = "SN:4F8A77120093BBE10C5D77AA90331EF0C4F8A77120093BBE10C5D77AA90331EF0".into();
    input.lines[2].detail = Some("Hochdruckhydraulikzylinderdichtungssatzbefestigungswinkelschnellkupplung".into());
}

fn long_notes(input: &mut InvoiceInput) {
    let address = [
        "Block C, third floor, room 318",
        "Great Lakes Commercial Centre",
        "Plot LR 209/11542, off Lunga Lunga Road, opposite the old weighbridge",
        "Industrial Area",
        "PO Box 48812",
        "00100 Nairobi",
        "Nairobi County",
        "Kenya",
    ];
    input.head.buyer.address = address.map(Into::into).to_vec();
    let claim = "Goods remain the property of the seller until they are paid for in full. Claims are made within seven days of delivery, in writing, with photographs of the parts and of their packaging. ";
    input.head.notes = (1..=8).map(|number| format!("{number}. {}", claim.repeat(4))).collect();
    input.head.footer = "Great Lakes Commercial Centre Ltd · Registered in Kenya, CPR/2011/44871 · Directors: A. Otieno, B. Wanjiru, C. Abdirahman · Regulated by the Energy and Petroleum Regulatory Authority, licence EPRA/2291/2025".into();
}

fn large_amounts(input: &mut InvoiceInput) {
    input.lines[1].unit_price = money(98_765_432_109_876, "KES");
    input.lines[1].total = money(987_654_321_098_760, "KES");
    input.lines[1].tax = money(158_024_691_375_802, "KES");
    settle(input);
}

fn arabic(input: &mut InvoiceInput) {
    *input = arabic_customer();
    input.head.buyer.name = "شركة Nile Trading رقم 7 (الخرطوم)".into();
}

fn hebrew(input: &mut InvoiceInput) {
    input.head.buyer = Business {
        name: "אלון Motors 2000 בע\"מ (תל אביב)".into(),
        address: vec!["רחוב הרצל 14, קומה 3".into(), "6688123 תל אביב-יפו".into()],
        tax_id: Some("514032158".into()),
        contact: vec!["+972 3 555 0142".into()],
    };
    input.lines[0].description = "רפידות בלם קדמיות (Brembo P 83 024), סט של 4".into();
    input.lines[0].detail = Some("מק\"ט BP-2217-F · קרמי".into());
    input.lines[2].description = "Engine oil 5W-30 שמן מנוע סינתטי".into();
    input.head.notes = vec!["תודה! נא לציין את מספר החשבונית INV-2026-0041 בעת התשלום.".into()];
}

fn right_to_left(input: &mut InvoiceInput) {
    let lines = std::mem::take(&mut input.lines);
    arabic(input);
    input.lines = lines;
    input.lines[0].description = "وسادات فرامل أمامية (Brembo P 83 024)".into();
    input.lines[0].detail = Some("طقم من 4 قطع، خزفية".into());
    input.invoice_date = "3 مارس 2026".into();
    input.due_date = Some("2 أبريل 2026".into());
    input.head.terms = Some("30 يوماً".into());
    input.head.logo = Some(logo());
    settle(input);
}

fn swahili(input: &mut InvoiceInput) {
    input.invoice_date = "3 Machi 2026".into();
    input.due_date = Some("2 Aprili 2026".into());
    input.head.terms = Some("Siku 30".into());
    input.head.notes =
        vec!["Vipuri ni mali ya Lakeside Motors hadi vilipiwe. Asante kwa kufanya biashara nasi.".into()];
}

fn two_rates(input: &mut InvoiceInput) {
    for line in &mut input.lines[2..4] {
        line.tax_rate = "8%".into();
        line.tax = money(line.total.minor() * 8 / 100, "KES");
    }
    for line in &mut input.lines[4..] {
        line.tax_rate = "0%".into();
        line.tax = money(0, "KES");
    }
    let discounted = &mut input.lines[1];
    discounted.detail = Some("FS-60K · −12.5%".into());
    discounted.total = money(discounted.total.minor() * 875 / 1000, "KES");
    discounted.tax = money(discounted.total.minor() * 16 / 100, "KES");
    settle(input);
}

fn credit_line(input: &mut InvoiceInput) {
    let returned = &mut input.lines[3];
    returned.description = "Deposit on the old alternator, returned".into();
    returned.quantity = "−1".into();
    returned.total = money(-returned.unit_price.minor(), "KES");
    returned.tax = money(-returned.unit_price.minor() * 16 / 100, "KES");
    settle(input);
}

/// More came back than was sold.
fn credit(input: &mut InvoiceInput) {
    for line in &mut input.lines {
        line.quantity = format!("−{}", line.quantity);
        line.total = money(-line.total.minor(), "KES");
        line.tax = money(-line.tax.minor(), "KES");
    }
    settle(input);
    input.amount_paid = money(0, "KES");
    input.balance_due = input.total.clone();
}

fn paid(input: &mut InvoiceInput) {
    input.amount_paid = input.total.clone();
    input.balance_due = money(0, "KES");
}

/// As little as a new workspace knows.
fn bare(input: &mut InvoiceInput) {
    input.head.seller = Business { name: "Lakeside Motors".into(), ..Business::default() };
    input.head.buyer = Business { name: "東京商事 😀 Trading".into(), ..Business::default() };
    input.head.terms = None;
    input.head.reference = None;
    input.head.notes.clear();
    input.head.footer = "Lakeside Motors".into();
    input.bank = None;
}
