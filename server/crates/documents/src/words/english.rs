//! English.

use super::Words;
use crate::model::Direction;

pub const ENGLISH: Words<'static> = Words {
    language: "en",
    direction: Direction::LeftToRight,

    invoice: "Invoice",
    order_confirmation: "Order confirmation",
    receipt: "Receipt",

    from: "From",
    issued_by: "Issued by",
    bill_to: "Bill to",
    customer: "Customer",
    received_from: "Received from",
    deliver_to: "Deliver to",
    tax_id: "Tax ID",

    invoice_number: "Invoice number",
    invoice_date: "Invoice date",
    due_date: "Due date",
    order_number: "Order number",
    order_date: "Order date",
    expected_delivery: "Expected delivery",
    receipt_number: "Receipt number",
    payment_date: "Payment date",
    payment_method: "Payment method",
    terms: "Terms",
    reference: "Reference",
    currency: "Currency",

    due_by: "{amount} due by {date}",
    paid_in_full: "Paid in full",
    received_on: "{amount} received on {date}",

    lines: "Lines",
    paid_invoices: "Invoices paid",
    totals: "Totals",

    description: "Description",
    quantity: "Quantity",
    unit_price: "Unit price",
    tax_rate: "Tax rate",
    tax: "Tax",
    amount: "Amount",
    invoice_total: "Invoice total",
    paid_now: "Paid now",

    subtotal: "Subtotal",
    tax_on: "Tax {rate} on {base}",
    total: "Total",
    amount_paid: "Amount paid",
    balance_due: "Balance due",
    in_your_favour: "Balance in your favour",
    amount_received: "Amount received",
    unallocated: "Kept on account",

    how_to_pay: "How to pay",
    account_name: "Account name",
    bank: "Bank",
    branch: "Branch",
    account_number: "Account number",
    notes: "Notes",

    page_label: "Page {page} of {pages}",
};
