//! Swahili, in the words that Kenyan and Tanzanian businesses print: `ankara` for an invoice, `stakabadhi` for a receipt, `kodi` for a tax.

use super::Words;
use crate::model::Direction;

pub const SWAHILI: Words<'static> = Words {
    language: "sw",
    direction: Direction::LeftToRight,

    invoice: "Ankara",
    order_confirmation: "Uthibitisho wa agizo",
    receipt: "Stakabadhi",

    from: "Kutoka kwa",
    issued_by: "Imetolewa na",
    bill_to: "Ankara kwa",
    customer: "Mteja",
    received_from: "Malipo kutoka kwa",
    deliver_to: "Peleka kwa",
    tax_id: "Namba ya kodi",

    invoice_number: "Namba ya ankara",
    invoice_date: "Tarehe ya ankara",
    due_date: "Mwisho wa kulipa",
    order_number: "Namba ya agizo",
    order_date: "Tarehe ya agizo",
    expected_delivery: "Inatarajiwa kufika",
    receipt_number: "Namba ya stakabadhi",
    payment_date: "Tarehe ya malipo",
    payment_method: "Njia ya malipo",
    terms: "Masharti ya malipo",
    reference: "Kumbukumbu",
    currency: "Sarafu",

    due_by: "Lipa {amount} kufikia {date}",
    paid_in_full: "Imelipwa yote",
    received_on: "{amount} zimepokelewa tarehe {date}",

    lines: "Bidhaa na huduma",
    paid_invoices: "Ankara zilizolipwa",
    totals: "Jumla",

    description: "Maelezo",
    quantity: "Idadi",
    unit_price: "Bei ya kimoja",
    tax_rate: "Kiwango",
    tax: "Kodi",
    amount: "Kiasi",
    invoice_total: "Jumla ya ankara",
    paid_now: "Kilicholipwa sasa",

    subtotal: "Jumla ndogo",
    tax_on: "Kodi {rate} ya {base}",
    total: "Jumla kuu",
    amount_paid: "Kiasi kilicholipwa",
    balance_due: "Salio linalodaiwa",
    in_your_favour: "Salio kwa faida yako",
    amount_received: "Kiasi kilichopokelewa",
    unallocated: "Kimebaki kwenye akaunti",

    how_to_pay: "Jinsi ya kulipa",
    account_name: "Jina la akaunti",
    bank: "Benki",
    branch: "Tawi",
    account_number: "Namba ya akaunti",
    notes: "Maelezo ya ziada",

    page_label: "Ukurasa {page} kati ya {pages}",
};
