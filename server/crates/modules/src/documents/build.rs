//! From rows to the input of a document, as far as its reader may know them: what a role hides is left out, whoever the document is about.

use super::languages::Printed;
use crate::finance::values::{date, id, money};
use chrono::{DateTime, NaiveDate, Utc};
use documents::{
    Allocation, BankDetails, Business, Document, Head, InvoiceInput, InvoiceLine, OrderInput, OrderLine, PageSize,
    ReceiptInput, TaxTotal,
};
use domain::company::{Company, GetCompany};
use domain::finance::GetInvoice;
use domain::money::{Percent, QUANTITY_SCALE, parse_scaled, short};
use domain::records::{GetRecord, Record};
use domain::sales::GetOrder;
use domain::schema::Entity;
use domain::{Error, Money, Result, Verb};
use platform::{Bind, Ctx, Statement};
use uuid::Uuid;
use words::Language;

const CUSTOMER: &str = "\
select name, city, country, tax_number, email, phone from customers where tenant_id = $1 and id = $2";

const ALLOCATIONS: &str = "\
select i.id, i.number, i.invoice_date, i.total_amount_minor, a.amount_minor, i.open_amount_minor, a.currency
from payment_allocations a join invoices i on i.tenant_id = a.tenant_id and i.id = a.invoice_id
where a.tenant_id = $1 and a.payment_id = $2 order by i.number";
/// What a receipt says of an invoice.
const OF_INVOICE: [&str; 4] = ["number", "invoiceDate", "totalAmount", "openAmount"];

pub async fn invoice(ctx: &mut Ctx, id: Uuid, language: Language) -> Result<Document> {
    let view = ctx.run(GetInvoice { id }).await?;
    let values = &view.invoice.values;
    let issued = date(values, "invoiceDate")?;
    let status = view.invoice.text("status").unwrap_or_default();
    let cancelled = status == "cancelled";
    let total = money(values, "totalAmount")?;
    let taxes = view.lines.iter().map(|line| (line.tax_percent, &line.net, &line.tax));
    let company = ctx.run(GetCompany {}).await?.company;
    let mut head = head(ctx, &company, &view.invoice, issued, total.currency()).await?;
    head.terms.clone_from(&company.payment_terms);
    head.notes = company.invoice_note.iter().flat_map(|note| lines(note)).collect();
    let input = InvoiceInput {
        head,
        invoice_date: language.date(issued),
        due_date: Some(language.date(date(values, "dueDate")?)),
        taxes: taxes_of(total.currency(), taxes)?,
        lines: view
            .lines
            .iter()
            .map(|line| InvoiceLine {
                description: line.description.clone(),
                detail: detail(line.sku.as_deref(), line.discount),
                quantity: quantity(&line.quantity, line.unit.as_deref()),
                unit_price: line.unit_price.clone(),
                tax_rate: line.tax_percent.to_string(),
                tax: line.tax.clone(),
                total: line.net.clone(),
            })
            .collect(),
        subtotal: money(values, "netAmount")?,
        amount_paid: money(values, "paidAmount")?,
        balance_due: if cancelled { Money::zero(total.currency())? } else { money(values, "openAmount")? },
        total,
        bank: bank(&company),
    };
    let mut document = documents::invoice(&input, language.words());
    if let Some(warning) = language.warning(status) {
        document.lead = Some(warning.to_owned());
    }
    Ok(document)
}

pub async fn order_confirmation(ctx: &mut Ctx, id: Uuid, language: Language) -> Result<Document> {
    let view = ctx.run(GetOrder { id }).await?;
    let order = &view.order;
    let total = money(&order.values, "totalAmount")?;
    let made: DateTime<Utc> = order.text("createdAt").and_then(|at| at.parse().ok()).ok_or_else(Error::internal)?;
    let day = platform::clock::today_in(&ctx.access.timezone, made);
    let taxes = view.lines.iter().map(|line| (line.tax_percent, &line.net, &line.tax));
    let company = ctx.run(GetCompany {}).await?.company;
    let input = OrderInput {
        head: head(ctx, &company, order, day, total.currency()).await?,
        order_date: language.date(day),
        expected_delivery: date_of(order, "deliverOn").map(|day| language.date(day)),
        taxes: taxes_of(total.currency(), taxes)?,
        lines: view
            .lines
            .iter()
            .map(|line| OrderLine {
                description: line.description.clone(),
                detail: detail(line.sku.as_deref(), line.discount),
                quantity: quantity(&line.quantity, line.unit.as_deref()),
                unit_price: line.unit_price.clone(),
                total: line.net.clone(),
            })
            .collect(),
        subtotal: money(&order.values, "netAmount")?,
        total,
        deliver_to: order.text("deliverTo").unwrap_or_default().lines().map(str::to_owned).collect(),
    };
    Ok(documents::order_confirmation(&input, language.words()))
}

pub async fn receipt(ctx: &mut Ctx, id: Uuid, language: Language) -> Result<Document> {
    let payment = ctx.run(GetRecord { entity: "payment".to_owned(), id }).await?;
    let amount = money(&payment.values, "amount")?;
    let day = date(&payment.values, "receivedOn")?;
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(id))];
    let rows = ctx.fetch(Statement::new(ALLOCATIONS, binds)).await?;
    let invoices = rows.iter().map(|row| row.get(0)).collect::<Result<Vec<Uuid>>>()?;
    let known = known_invoices(ctx, &invoices).await?;
    let mut allocated = Money::zero(amount.currency())?;
    let mut allocations = Vec::with_capacity(known.len());
    for (row, invoice) in rows.iter().zip(&invoices) {
        let currency: String = row.get(6)?;
        let money = |at| -> Result<Money> { Ok(Money::from_minor(row.get(at)?, &currency)?) };
        let paid = money(4)?;
        // Of an invoice that the reader does not know, the sum alone is told.
        allocated = allocated.checked_add(&paid)?;
        if known.contains(invoice) {
            allocations.push(Allocation {
                invoice_number: row.get(1)?,
                invoice_date: language.date(row.get(2)?),
                invoice_total: money(3)?,
                paid,
                balance_due: money(5)?,
            });
        }
    }
    let company = ctx.run(GetCompany {}).await?.company;
    let input = ReceiptInput {
        head: head(ctx, &company, &payment, day, amount.currency()).await?,
        payment_date: language.date(day),
        method: payment.text("method").map(|method| language.method(method).to_owned()),
        unallocated: amount.checked_sub(&allocated)?,
        amount,
        allocations,
    };
    Ok(documents::receipt(&input, language.words()))
}

/// What every document begins with.
async fn head(ctx: &mut Ctx, company: &Company, record: &Record, issued: NaiveDate, currency: &str) -> Result<Head> {
    let buyer = match id(&record.values, "customer") {
        Some(customer) => buyer(ctx, customer).await?,
        None => Business::default(),
    };
    Ok(Head {
        page: PageSize::A4,
        logo: None,
        seller: seller(company, &ctx.access.workspace),
        buyer,
        number: record.text("number").unwrap_or_default().to_owned(),
        issued: Some(issued),
        reference: record.text("reference").map(str::to_owned),
        terms: None,
        currency: currency.to_owned(),
        notes: Vec::new(),
        footer: footer(company, &ctx.access.workspace),
    })
}

fn seller(company: &Company, workspace: &str) -> Business {
    let contact = [&company.email, &company.phone, &company.website];
    Business {
        name: company.legal_name.clone().unwrap_or_else(|| workspace.to_owned()),
        address: company.address.iter().flat_map(|address| lines(address)).collect(),
        tax_id: company.tax_number.clone(),
        contact: contact.into_iter().flatten().cloned().collect(),
    }
}

fn footer(company: &Company, workspace: &str) -> String {
    let name = company.legal_name.as_deref().unwrap_or(workspace);
    [Some(name), company.registration.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Where to pay, if anything is known of it.
fn bank(company: &Company) -> Option<BankDetails> {
    let details = BankDetails {
        account_name: company.account_name.clone(),
        bank: company.bank.clone(),
        branch: company.branch.clone(),
        account_number: company.account_number.clone(),
        iban: company.iban.clone(),
        swift: company.swift.clone(),
        more: Vec::new(),
        instructions: company.payment_instructions.iter().flat_map(|text| lines(text)).collect(),
    };
    (details != BankDetails::default()).then_some(details)
}

fn lines(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// The customer as the reader may see them; nobody where they are out of reach. One in the trash is named, as by titles everywhere.
async fn buyer(ctx: &mut Ctx, customer: Uuid) -> Result<Business> {
    let entity = ctx.entity("customer")?;
    if !records::reaches(ctx, &entity, customer, Verb::Read).await? {
        return Ok(Business::default());
    }
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(customer))];
    let rows = ctx.fetch(Statement::new(CUSTOMER, binds)).await?;
    let Some(row) = rows.first() else { return Ok(Business::default()) };
    let text = |key: &str, at: usize| -> Result<Option<String>> {
        if is_known(ctx, &entity, key) { row.get(at) } else { Ok(None) }
    };
    Ok(Business {
        name: text("name", 0)?.unwrap_or_default(),
        address: [text("city", 1)?, text("country", 2)?].into_iter().flatten().collect(),
        tax_id: text("taxNumber", 3)?,
        contact: [text("email", 4)?, text("phone", 5)?].into_iter().flatten().collect(),
    })
}

/// Which of these invoices a receipt may name: those that its reader may read, where all that it says of one is open to them.
async fn known_invoices(ctx: &mut Ctx, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let entity = ctx.entity("invoice")?;
    let whole = OF_INVOICE.iter().all(|key| is_known(ctx, &entity, key));
    if !whole || !ctx.access.grants.allows(&entity.permission(Verb::Read)) {
        return Ok(Vec::new());
    }
    records::seen(ctx, &entity, ids).await
}

fn is_known(ctx: &Ctx, entity: &Entity, key: &str) -> bool {
    entity.field(key).is_some_and(|field| records::readable(&ctx.access, field))
}

fn date_of(record: &Record, key: &str) -> Option<NaiveDate> {
    record.text(key).and_then(|text| text.parse().ok())
}

/// One total for each rate, the highest first. What bears no tax is summed too, unless nothing does: the sums are those of the tax return.
fn taxes_of<'a>(currency: &str, lines: impl Iterator<Item = (Percent, &'a Money, &'a Money)>) -> Result<Vec<TaxTotal>> {
    let mut totals: std::collections::BTreeMap<Percent, (Money, Money)> = std::collections::BTreeMap::new();
    for (percent, net, tax) in lines {
        let nothing = Money::zero(currency)?;
        let sum = totals.entry(percent).or_insert_with(|| (nothing.clone(), nothing));
        *sum = (sum.0.checked_add(net)?, sum.1.checked_add(tax)?);
    }
    if totals.keys().all(|percent| percent.thousandths() == 0) {
        return Ok(Vec::new());
    }
    let total = |(percent, (base, tax)): (Percent, (Money, Money))| TaxTotal { rate: percent.to_string(), base, tax };
    Ok(totals.into_iter().rev().map(total).collect())
}

/// `12`, `1.5 h`.
fn quantity(decimal: &str, unit: Option<&str>) -> String {
    let number =
        parse_scaled(decimal, QUANTITY_SCALE).map_or_else(|_| decimal.to_owned(), |n| short(n, QUANTITY_SCALE));
    match unit.filter(|unit| !unit.is_empty()) {
        Some(unit) => format!("{number} {unit}"),
        None => number,
    }
}

fn detail(sku: Option<&str>, discount: Percent) -> Option<String> {
    let off = (discount.thousandths() > 0).then(|| format!("−{discount}"));
    let parts: Vec<String> = sku.map(str::to_owned).into_iter().chain(off).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taxes_are_summed_for_each_rate_and_for_none() {
        let money = |minor| Money::from_minor(minor, "KES").unwrap();
        let sums = |lines: &[(i64, i64, i64)]| -> Vec<(String, i64, i64)> {
            let lines: Vec<(Percent, Money, Money)> = lines
                .iter()
                .map(|(percent, net, tax)| {
                    (Percent::from_thousandths(percent * 1000).unwrap(), money(*net), money(*tax))
                })
                .collect();
            let taxes = taxes_of("KES", lines.iter().map(|(percent, net, tax)| (*percent, net, tax))).unwrap();
            taxes.into_iter().map(|sum| (sum.rate, sum.base.minor(), sum.tax.minor())).collect()
        };
        let mixed = sums(&[(0, 700, 0), (16, 1000, 160), (8, 500, 40), (16, 200, 32)]);
        assert_eq!(mixed, [("16%".into(), 1200, 192), ("8%".into(), 500, 40), ("0%".into(), 700, 0)]);
        assert_eq!(sums(&[(0, 700, 0)]), []);
    }
}
