//! What an invoice's page shows beside its fields: its lines, what was paid, and the form for a payment. And the lines of a journal entry.

use super::option_words;
use crate::page::{PageContext, Viewer};
use crate::records::address;
use crate::records::post::{hidden, making};
use crate::sales::{Shown, table};
use crate::time::Clock;
use domain::finance::{EntryView, GetEntry, GetInvoice, InvoiceLine, InvoiceView};
use domain::records::Record;
use domain::schema::Entity;
use domain::{BackendHandle, Error, Money, Result, Verb};
use leptos::prelude::*;
use ui::{
    ButtonKind, Cell, Choice, DataTable, DateInput, DialogPage, FormActions, FormError, FormErrors, FormSection,
    HeadCell, LinkButton, Panel, Row, Select, SubmitButton, TextInput, TextLink,
};
use words::t;

const PAY: &str = "finance.record_payment";

pub async fn invoice_panel(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    record: &Record,
) -> Result<AnyView> {
    let view = backend.run(GetInvoice { id: record.id }).await?;
    let lines = table(viewer, &view.invoice, view.lines.iter().map(shown).collect());
    let payments = payments(page, viewer, &view);
    Ok(view! { <Panel title=t!("Lines") flush=true>{lines}</Panel>{payments} }.into_any())
}

fn shown(line: &InvoiceLine) -> Shown<'_> {
    Shown {
        product: line.product,
        sku: line.sku.as_deref(),
        description: &line.description,
        quantity: &line.quantity,
        unit: line.unit.as_deref(),
        unit_price: &line.unit_price,
        discount: line.discount,
        tax_percent: line.tax_percent,
        net: &line.net,
        standing: None,
    }
}

fn payments(page: &PageContext, viewer: &Viewer, view: &InvoiceView) -> Option<AnyView> {
    if view.payments.is_empty() {
        return None;
    }
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! { <HeadCell label=t!("Payment")/><HeadCell label=t!("Received")/><HeadCell label=t!("How")/><HeadCell label=t!("Amount") numeric=true/> };
    let rows: Vec<AnyView> = view
        .payments
        .iter()
        .map(|payment| {
            let (number, href) = (payment.number.clone(), viewer.path(&format!("payments/{}", payment.payment)));
            let (day, amount) = (clock.day(&payment.received_on.to_string()), payment.amount.display());
            let how = option_words(viewer, "payment", "method", &payment.method);
            let reference = payment.reference.clone().map(|reference| format!(", {reference}"));
            view! {
                <Row>
                    <Cell label=t!("Payment") lead=true><TextLink href>{number}</TextLink></Cell>
                    <Cell label=t!("Received")>{day}</Cell>
                    <Cell label=t!("How")>{how}{reference}</Cell>
                    <Cell label=t!("Amount") numeric=true>{amount}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    Some(
        view! {
            <Panel title=t!("Payments") flush=true>
                <div class="as-cards"><DataTable label=t!("Payments") head=head.into_any() inline=true>{rows}</DataTable></div>
            </Panel>
        }
        .into_any(),
    )
}

/// What is open on an invoice.
fn open(record: &Record) -> Option<Money> {
    let value = record.values.get("openAmount")?;
    serde_json::from_value(value.clone()).ok()
}

/// "Record payment" and the document.
pub fn invoice_actions(viewer: &Viewer, entity: &Entity, record: &Record) -> Option<AnyView> {
    if entity.key != "invoice" {
        return None;
    }
    let here = address::of(viewer, entity, record);
    let pay = open(record).filter(|open| open.minor() > 0 && record.text("status") != Some("cancelled")).map(|_| {
        let payment = viewer.catalog.get("payment");
        let reason = payment.and_then(|payment| viewer.lacks(&payment.permission(Verb::Create)));
        let href = format!("{here}?pay=1");
        view! { <LinkButton href icon="banknote" kind=ButtonKind::Primary reason>{t!("Record payment")}</LinkButton> }
    });
    let (document, pdf) = (format!("{here}/document"), viewer.path(&format!("api/v1/invoices/{}/pdf", record.id)));
    Some(
        view! {
            <LinkButton href=document icon="file-text">{t!("Invoice")}</LinkButton>
            <LinkButton href=pdf icon="download">"PDF"</LinkButton>
            {pay}
        }
        .into_any(),
    )
}

/// `?pay=1`: how much came in, when and how.
pub fn payment_dialog(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record) -> Result<AnyView> {
    let open = open(record)
        .filter(|open| open.minor() > 0)
        .ok_or_else(|| Error::conflict(t!("Nothing is open on this invoice")))?;
    let here = address::of(viewer, entity, record);
    let replay = page.replay_of(PAY);
    let typed = |name: &str| replay.as_deref().and_then(|replay| replay.value(name)).map(str::to_owned);
    let wrong = |name: &str| replay.as_deref().and_then(|replay| replay.error_for(name)).map(str::to_owned);
    let errors = replay.as_deref().map(|replay| {
        let mut errors: Vec<FormError> = replay
            .error
            .fields
            .iter()
            .map(|fault| FormError::new(fault.field.clone(), fault.message.clone()))
            .collect();
        if errors.is_empty() {
            errors.push(FormError::new("", replay.error.message.clone()));
        }
        view! { <FormErrors errors title=t!("The payment was not recorded")/> }
    });
    let today = Clock::new(&page.now, &viewer.timezone).today().to_string();
    let amount = typed("amount").or_else(|| Some(open.amount()));
    let received = typed("receivedOn").or(Some(today));
    let methods = [
        ("bank_transfer", t!("Bank transfer")),
        ("mobile_money", t!("Mobile money")),
        ("card", t!("Card")),
        ("cash", t!("Cash")),
        ("cheque", t!("Cheque")),
    ]
    .into_iter()
    .map(|(key, label)| Choice::new(key, label))
    .collect::<Vec<_>>();
    let label = t!("Amount in {currency}", currency = open.currency());
    let hint = t!("{amount} is open; a part of it will do.", amount = open.display());
    let (amount_wrong, day_wrong, method_wrong) = (wrong("amount"), wrong("receivedOn"), wrong("method"));
    let (method, reference) = (typed("method"), typed("reference"));
    let (close, cancel) = (here.clone(), here.clone());
    let section = view! {
        <FormSection two_columns=true>
            <TextInput name="amount" label value=amount error=amount_wrong hint inputmode="decimal" required=true autocomplete="off" autofocus=true/>
            <DateInput name="receivedOn" label=t!("Received on") value=received error=day_wrong required=true/>
            <Select name="method" label=t!("How") choices=methods value=method error=method_wrong/>
            <TextInput name="reference" label=t!("Reference") value=reference hint=t!("As it stands on the statement.") autocomplete="off" maxlength=120/>
        </FormSection>
    };
    let form = view! {
        <form class="form" method="post" action=viewer.action(PAY)>
            {errors}
            {hidden("invoice", record.id.to_string())}
            {making(page, "pay", &here, t!("Payment recorded"))}
            {section}
            <FormActions>
                <SubmitButton icon="banknote">{t!("Record payment")}</SubmitButton>
                <LinkButton href=cancel kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any();
    let title = t!("Payment of {record}", record = address::title(entity, record));
    Ok(view! { <DialogPage title close_href=close>{form}</DialogPage> }.into_any())
}

/// The two or more sides of an entry.
pub async fn entry_panel(viewer: &Viewer, backend: &BackendHandle, record: &Record) -> Result<AnyView> {
    let view: EntryView = backend.run(GetEntry { id: record.id }).await?;
    let head = view! { <HeadCell label=t!("Account")/><HeadCell label=t!("Text")/><HeadCell label=t!("Debit") numeric=true/><HeadCell label=t!("Credit") numeric=true/> };
    let side = |money: &Money| if money.minor() == 0 { String::new() } else { money.display() };
    let rows: Vec<AnyView> = view
        .lines
        .iter()
        .map(|line| {
            let (name, href) =
                (format!("{} {}", line.code, line.name), viewer.path(&format!("ledger/accounts/{}", line.account)));
            let (text, debit, credit) = (line.description.clone(), side(&line.debit), side(&line.credit));
            view! {
                <Row>
                    <Cell label=t!("Account") lead=true><TextLink href>{name}</TextLink></Cell>
                    <Cell label=t!("Text")><bdi>{text}</bdi></Cell>
                    <Cell label=t!("Debit") numeric=true>{debit}</Cell>
                    <Cell label=t!("Credit") numeric=true>{credit}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    let reversed = view.reversed_by.map(|entry| {
        let href = viewer.path(&format!("journal-entries/{entry}"));
        let (before, after) = words::around(t!("Taken back by {entry}."), "entry");
        view! { <p class="page-text">{before}<TextLink href>{t!("another entry")}</TextLink>{after}</p> }
    });
    Ok(view! {
        {reversed}
        <Panel title=t!("Lines") flush=true>
            <div class="as-cards"><DataTable label=t!("Lines") head=head.into_any() inline=true>{rows}</DataTable></div>
        </Panel>
    }
    .into_any())
}
