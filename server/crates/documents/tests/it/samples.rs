//! Documents to test with and to look at.

#![allow(dead_code, reason = "each test file and the gallery use a part")]
#![allow(clippy::unwrap_used, reason = "a test stops where its world breaks")]

use chrono::NaiveDate;
use documents::*;
use domain::Money;

pub fn money(minor: i64, currency: &str) -> Money {
    Money::from_minor(minor, currency).unwrap()
}

pub fn seller() -> Business {
    Business {
        name: "Lakeside Motors Ltd".into(),
        address: vec!["Kenyatta Avenue 14".into(), "40100 Kisumu".into(), "Kenya".into()],
        tax_id: Some("P051234567X".into()),
        contact: vec!["accounts@lakeside.example".into(), "+254 57 202 4410".into()],
    }
}

pub fn buyer() -> Business {
    Business {
        name: "Otieno & Daughters Transport".into(),
        address: vec!["Plot 7, Industrial Area".into(), "00100 Nairobi".into()],
        tax_id: Some("P059876543K".into()),
        contact: vec![],
    }
}

const PARTS: [(&str, Option<&str>); 5] = [
    ("Brake pads, front axle", Some("Ceramic, set of four · part BP-2217-F")),
    ("Full service, 60,000 km", None),
    ("Engine oil 5W-30, fully synthetic", Some("Litres, as drained and refilled")),
    ("Wheel alignment", None),
    ("Alternator, reconditioned", Some("24 months of warranty; the old part was returned against the deposit")),
];

pub fn line(index: usize, currency: &str) -> InvoiceLine {
    let (description, detail) = PARTS[index % PARTS.len()];
    let unit = 85_000 + 131_750 * (index as i64 % 7);
    let quantity = 1 + index as i64 % 4;
    InvoiceLine {
        description: description.into(),
        detail: detail.map(Into::into),
        quantity: quantity.to_string(),
        unit_price: money(unit, currency),
        tax_rate: "16%".into(),
        tax: money((unit * quantity * 16 + 50) / 100, currency),
        total: money(unit * quantity, currency),
    }
}

/// An invoice of that many lines.
pub fn invoice_input(lines: usize) -> InvoiceInput {
    with_lines((0..lines).map(|index| line(index, "KES")).collect(), "KES")
}

pub fn with_lines(lines: Vec<InvoiceLine>, currency: &str) -> InvoiceInput {
    let subtotal: i64 = lines.iter().map(|line| line.total.minor()).sum();
    let tax: i64 = lines.iter().map(|line| line.tax.minor()).sum();
    let paid = (subtotal + tax) / 4;
    InvoiceInput {
        head: Head {
            page: PageSize::A4,
            logo: None,
            seller: seller(),
            buyer: buyer(),
            number: "INV-2026-0041".into(),
            issued: NaiveDate::from_ymd_opt(2026, 3, 3),
            terms: Some("30 days net".into()),
            reference: Some("PO 7781".into()),
            currency: currency.into(),
            notes: vec![
                "Parts stay the property of Lakeside Motors until they are paid for. Thank you for your business."
                    .into(),
            ],
            footer: "Lakeside Motors Ltd · Registered in Kenya, CPR/2011/44871".into(),
        },
        invoice_date: "3 March 2026".into(),
        due_date: Some("2 April 2026".into()),
        lines,
        subtotal: money(subtotal, currency),
        taxes: vec![TaxTotal { rate: "16%".into(), base: money(subtotal, currency), tax: money(tax, currency) }],
        total: money(subtotal + tax, currency),
        amount_paid: money(paid, currency),
        balance_due: money(subtotal + tax - paid, currency),
        bank: Some(BankDetails {
            account_name: Some("Lakeside Motors Ltd".into()),
            bank: Some("Equity Bank Kenya".into()),
            branch: Some("Kisumu".into()),
            account_number: Some("0180 2945 1120 3".into()),
            swift: Some("EQBLKENA".into()),
            more: vec![Fact::new("M-PESA paybill", "247247")],
            ..BankDetails::default()
        }),
    }
}

pub fn order_input() -> OrderInput {
    let line = |description: &str, detail: Option<&str>, quantity: &str, unit: i64, total: i64| OrderLine {
        description: description.into(),
        detail: detail.map(Into::into),
        quantity: quantity.into(),
        unit_price: money(unit, "KES"),
        total: money(total, "KES"),
    };
    OrderInput {
        head: Head {
            page: PageSize::A4,
            logo: None,
            seller: seller(),
            buyer: buyer(),
            number: "SO-1187".into(),
            issued: NaiveDate::from_ymd_opt(2026, 2, 20),
            terms: Some("Half with the order, half on delivery".into()),
            reference: None,
            currency: "KES".into(),
            notes: vec!["Delivery depends on the clearance at Mombasa port.".into()],
            footer: "Lakeside Motors Ltd · Registered in Kenya, CPR/2011/44871".into(),
        },
        order_date: "20 February 2026".into(),
        expected_delivery: Some("12 March 2026".into()),
        lines: vec![
            line("Isuzu FRR 90, chassis cab", Some("White · 5,193 cc · year 2026"), "2", 582_000_000, 1_164_000_000),
            line("Tipper body, 7 m³", None, "2", 96_500_000, 193_000_000),
        ],
        subtotal: money(1_357_000_000, "KES"),
        taxes: vec![TaxTotal { rate: "16%".into(), base: money(1_357_000_000, "KES"), tax: money(217_120_000, "KES") }],
        total: money(1_574_120_000, "KES"),
        deliver_to: vec!["Otieno & Daughters Transport".into(), "Mombasa Road, gate 3".into(), "Nairobi".into()],
    }
}

pub fn receipt_input() -> ReceiptInput {
    let allocation = |number: &str, date: &str, total: i64, paid: i64| Allocation {
        invoice_number: number.into(),
        invoice_date: date.into(),
        invoice_total: money(total, "KES"),
        paid: money(paid, "KES"),
        balance_due: money(total - paid, "KES"),
    };
    ReceiptInput {
        head: Head {
            page: PageSize::A4,
            logo: None,
            seller: seller(),
            buyer: buyer(),
            number: "RCT-0310".into(),
            issued: NaiveDate::from_ymd_opt(2026, 3, 18),
            reference: Some("SCK4H7Q2LM".into()),
            currency: "KES".into(),
            notes: vec![],
            footer: "Lakeside Motors Ltd · Registered in Kenya, CPR/2011/44871".into(),
            terms: None,
        },
        payment_date: "18 March 2026".into(),
        method: Some("M-PESA".into()),
        amount: money(15_000_000, "KES"),
        allocations: vec![
            allocation("INV-2026-0041", "3 March 2026", 9_860_000, 9_860_000),
            allocation("INV-2026-0044", "9 March 2026", 6_032_000, 5_000_000),
        ],
        unallocated: money(140_000, "KES"),
    }
}

/// A square with a ring in it.
pub fn logo() -> Logo {
    const SIDE: u32 = 120;
    let pixel = |index: u32| {
        let (x, y) = ((index % SIDE) as f32 - 59.5, (index / SIDE) as f32 - 59.5);
        let distance = x.hypot(y);
        if (30.0..44.0).contains(&distance) { [255, 255, 255, 255] } else { [59, 72, 199, 255] }
    };
    let data: Vec<u8> = (0..SIDE * SIDE).flat_map(pixel).collect();
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&data).unwrap();
    writer.finish().unwrap();
    Logo { png, alternative: "Lakeside Motors".into() }
}

/// An invoice whose customer and lines are Arabic.
pub fn arabic_customer() -> InvoiceInput {
    let mut input = invoice_input(4);
    input.head.buyer = Business {
        name: "شركة النيل للنقل والخدمات اللوجستية".into(),
        address: vec!["شارع الجمهورية 25، الطابق 3".into(), "الخرطوم".into(), "السودان".into()],
        tax_id: Some("300123456700003".into()),
        contact: vec!["+249 183 770 000".into()],
    };
    input.lines[0].description = "وسادات فرامل أمامية (Brembo P 83 024)".into();
    input.lines[0].detail = Some("طقم من 4 قطع، خزفية".into());
    input.lines[2].description = "زيت محرك 5W-30 اصطناعي بالكامل".into();
    input.lines[2].detail = None;
    input.lines[3].description = "כיוון גלגלים לרכב מסחרי".into();
    input.head.notes = vec!["شكراً لتعاملكم معنا. يُرجى ذكر رقم الفاتورة INV-2026-0041 عند الدفع.".into()];
    input
}

/// Words for what is read from right to left.
pub const ARABIC: Words<'static> = Words {
    language: "ar",
    direction: Direction::RightToLeft,
    invoice: "فاتورة",
    order_confirmation: "تأكيد الطلب",
    receipt: "إيصال",
    from: "من",
    issued_by: "أصدره",
    bill_to: "فاتورة إلى",
    customer: "العميل",
    received_from: "استُلم من",
    deliver_to: "التسليم إلى",
    tax_id: "الرقم الضريبي",
    invoice_number: "رقم الفاتورة",
    invoice_date: "تاريخ الفاتورة",
    due_date: "تاريخ الاستحقاق",
    order_number: "رقم الطلب",
    order_date: "تاريخ الطلب",
    expected_delivery: "التسليم المتوقع",
    receipt_number: "رقم الإيصال",
    payment_date: "تاريخ الدفع",
    payment_method: "طريقة الدفع",
    terms: "شروط الدفع",
    reference: "المرجع",
    currency: "العملة",
    due_by: "{amount} مستحق بحلول {date}",
    received_on: "{amount} استُلم في {date}",
    lines: "البنود",
    paid_invoices: "الفواتير المدفوعة",
    totals: "المجاميع",
    description: "الوصف",
    quantity: "الكمية",
    unit_price: "سعر الوحدة",
    tax_rate: "النسبة",
    tax: "الضريبة",
    amount: "المبلغ",
    invoice_total: "إجمالي الفاتورة",
    paid_now: "المدفوع الآن",
    subtotal: "المجموع الفرعي",
    tax_on: "ضريبة \u{200e}{rate} على \u{200e}{base}",
    total: "الإجمالي",
    amount_paid: "المدفوع",
    balance_due: "المبلغ المستحق",
    in_your_favour: "رصيد لصالحكم",
    amount_received: "المبلغ المستلم",
    unallocated: "رصيد في الحساب",
    how_to_pay: "طريقة الدفع",
    account_name: "اسم الحساب",
    bank: "البنك",
    branch: "الفرع",
    account_number: "رقم الحساب",
    notes: "ملاحظات",
    page_label: "صفحة {page} من {pages}",
    ..ENGLISH
};

/// The same from right to left, under Arabic words.
pub fn right_to_left() -> Document {
    let mut input = arabic_customer();
    input.invoice_date = "3 مارس 2026".into();
    input.due_date = Some("2 أبريل 2026".into());
    input.head.terms = Some("30 يوماً".into());
    input.head.logo = Some(logo());
    invoice(&input, &ARABIC)
}

/// What the lines add up to, at each rate and altogether, with a quarter of it paid.
pub fn settle(input: &mut InvoiceInput) {
    let currency = input.head.currency.clone();
    let sum = |amount: fn(&InvoiceLine) -> &Money, rate: Option<&str>| {
        let lines = input.lines.iter().filter(|line| rate.is_none_or(|rate| line.tax_rate == rate));
        money(lines.map(|line| amount(line).minor()).sum(), &currency)
    };
    let mut rates: Vec<&str> = Vec::new();
    for line in &input.lines {
        if !rates.contains(&&*line.tax_rate) {
            rates.push(&line.tax_rate);
        }
    }
    let at = |rate: &str| TaxTotal {
        rate: rate.to_owned(),
        base: sum(|line| &line.total, Some(rate)),
        tax: sum(|line| &line.tax, Some(rate)),
    };
    let (subtotal, tax) = (sum(|line| &line.total, None), sum(|line| &line.tax, None));
    let total = subtotal.minor() + tax.minor();
    input.taxes = rates.into_iter().map(at).collect();
    input.subtotal = subtotal;
    input.total = money(total, &currency);
    input.amount_paid = money(total / 4, &currency);
    input.balance_due = money(total - total / 4, &currency);
}

/// The order that an invoice came from.
pub fn order_of(input: &InvoiceInput) -> OrderInput {
    let line = |line: &InvoiceLine| OrderLine {
        description: line.description.clone(),
        detail: line.detail.clone(),
        quantity: line.quantity.clone(),
        unit_price: line.unit_price.clone(),
        total: line.total.clone(),
    };
    OrderInput {
        head: Head { number: input.head.number.replace("INV", "SO"), ..input.head.clone() },
        order_date: input.invoice_date.clone(),
        expected_delivery: input.due_date.clone(),
        lines: input.lines.iter().map(line).collect(),
        subtotal: input.subtotal.clone(),
        taxes: input.taxes.clone(),
        total: input.total.clone(),
        deliver_to: std::iter::once(&input.head.buyer.name).chain(&input.head.buyer.address).cloned().collect(),
    }
}

/// A payment of half of as many invoices as this one has lines; of none where nothing was to pay.
pub fn receipt_of(input: &InvoiceInput) -> ReceiptInput {
    let currency = &input.head.currency;
    let allocation = |(index, line): (usize, &InvoiceLine)| Allocation {
        invoice_number: format!("{}/{}", input.head.number, index + 1),
        invoice_date: input.invoice_date.clone(),
        invoice_total: line.total.clone(),
        paid: money(line.total.minor() / 2, currency),
        balance_due: money(line.total.minor() - line.total.minor() / 2, currency),
    };
    let owed = input.lines.iter().filter(|line| line.total.minor() > 0);
    let allocations: Vec<Allocation> = owed.enumerate().map(allocation).collect();
    let paid: i64 = allocations.iter().map(|allocation| allocation.paid.minor()).sum();
    let unallocated = money(140_000, currency);
    ReceiptInput {
        head: Head { number: input.head.number.replace("INV", "RCT"), terms: None, ..input.head.clone() },
        payment_date: input.invoice_date.clone(),
        method: Some("M-PESA".into()),
        amount: money(paid + unallocated.minor(), currency),
        allocations,
        unallocated,
    }
}
