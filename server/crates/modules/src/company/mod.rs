//! `company.get`, `company.save`: who the workspace is on paper.

use domain::company::{Company, CompanyView, GetCompany, LINE, SaveCompany, TEXT};
use domain::{Error, FieldError, Kind, Result};
use platform::{Bind, Change, Ctx, Registry, Row, Statement, db_error};
use serde_json::json;
use words::t;

pub fn register(registry: &mut Registry) {
    registry.add(get).add(save);
}

const GET: &str = "\
select version, legal_name, address, tax_number, registration, email, phone, website, account_name, bank, branch, account_number, iban, swift,
    payment_instructions, payment_terms, invoice_note
from companies where tenant_id = $1";

// Whoever was first has version 1; a second one who had read nothing finds it taken.
const SAVE: &str = "\
insert into companies (tenant_id, updated_at, updated_by, legal_name, address, tax_number, registration, email, phone, website, account_name,
    bank, branch, account_number, iban, swift, payment_instructions, payment_terms, invoice_note)
values ($1, $2, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
on conflict (tenant_id) do update set updated_at = $2, updated_by = $3, version = companies.version + 1, legal_name = $5, address = $6,
    tax_number = $7, registration = $8, email = $9, phone = $10, website = $11, account_name = $12, bank = $13, branch = $14,
    account_number = $15, iban = $16, swift = $17, payment_instructions = $18, payment_terms = $19, invoice_note = $20
where companies.version = $4
returning version";

pub async fn get(ctx: &mut Ctx, _: GetCompany) -> Result<CompanyView> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0))];
    let rows = ctx.fetch(Statement::new(GET, binds)).await?;
    match rows.first() {
        Some(row) => Ok(CompanyView { version: row.get(0)?, company: read(row)? }),
        None => Ok(CompanyView { version: 0, company: Company::default() }),
    }
}

fn read(row: &Row) -> Result<Company> {
    Ok(Company {
        legal_name: row.get(1)?,
        address: row.get(2)?,
        tax_number: row.get(3)?,
        registration: row.get(4)?,
        email: row.get(5)?,
        phone: row.get(6)?,
        website: row.get(7)?,
        account_name: row.get(8)?,
        bank: row.get(9)?,
        branch: row.get(10)?,
        account_number: row.get(11)?,
        iban: row.get(12)?,
        swift: row.get(13)?,
        payment_instructions: row.get(14)?,
        payment_terms: row.get(15)?,
        invoice_note: row.get(16)?,
    })
}

pub async fn save(ctx: &mut Ctx, save: SaveCompany) -> Result<CompanyView> {
    let company = tidy(save.company)?;
    let before = get(ctx, GetCompany {}).await?;
    if before.version != save.version {
        return Err(stale());
    }
    if before.company == company {
        // A form that is sent again as it stands says nothing new.
        return Ok(before);
    }
    let (tenant, now, member) = (ctx.access.tenant.0, ctx.now(), ctx.access.member.0);
    let version: Option<i64> = sqlx::query_scalar(SAVE)
        .bind(tenant)
        .bind(now)
        .bind(member)
        .bind(save.version)
        .bind(&company.legal_name)
        .bind(&company.address)
        .bind(&company.tax_number)
        .bind(&company.registration)
        .bind(&company.email)
        .bind(&company.phone)
        .bind(&company.website)
        .bind(&company.account_name)
        .bind(&company.bank)
        .bind(&company.branch)
        .bind(&company.account_number)
        .bind(&company.iban)
        .bind(&company.swift)
        .bind(&company.payment_instructions)
        .bind(&company.payment_terms)
        .bind(&company.invoice_note)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let version = version.ok_or_else(stale)?;
    ctx.changed(Change {
        entity: "company".to_owned(),
        record: None,
        before: Some(json!(before.company)),
        after: Some(json!(company)),
        event: Some("settings.company.saved".to_owned()),
    });
    Ok(CompanyView { version, company })
}

fn stale() -> Error {
    Error::new(
        Kind::Conflict,
        t!("Somebody has saved these details since you opened them. Open the page again, then make your changes"),
    )
}

/// Blanks around what was typed go, what is empty is nothing, and what is too long or no address is told at its field.
fn tidy(mut company: Company) -> Result<Company> {
    let mut faults = Vec::new();
    let lines = [
        ("legalName", &mut company.legal_name),
        ("taxNumber", &mut company.tax_number),
        ("registration", &mut company.registration),
        ("email", &mut company.email),
        ("phone", &mut company.phone),
        ("website", &mut company.website),
        ("accountName", &mut company.account_name),
        ("bank", &mut company.bank),
        ("branch", &mut company.branch),
        ("accountNumber", &mut company.account_number),
        ("iban", &mut company.iban),
        ("swift", &mut company.swift),
        ("paymentTerms", &mut company.payment_terms),
    ];
    for (name, value) in lines {
        held(name, value, LINE, &mut faults);
        if value.as_ref().is_some_and(|text| text.contains(['\n', '\r'])) {
            faults.push(fault(name, t!("One line only")));
        }
    }
    let texts = [
        ("address", &mut company.address),
        ("paymentInstructions", &mut company.payment_instructions),
        ("invoiceNote", &mut company.invoice_note),
    ];
    for (name, value) in texts {
        held(name, value, TEXT, &mut faults);
    }
    let wrong = |email: &String| !email.contains('@') || email.contains(char::is_whitespace);
    if company.email.as_ref().is_some_and(wrong) {
        faults.push(fault("email", t!("An e-mail address looks like accounts@example.com")));
    }
    if let Some(iban) = company.iban.as_ref().filter(|iban| !is_iban(iban)) {
        faults.push(fault("iban", &t!("{iban} is not an IBAN: a letter or digit in it is wrong or missing", iban)));
    }
    if faults.is_empty() { Ok(company) } else { Err(Error::fields(faults)) }
}

fn held(name: &str, value: &mut Option<String>, most: usize, faults: &mut Vec<FieldError>) {
    *value = value.take().map(|text| text.trim().replace("\r\n", "\n")).filter(|text| !text.is_empty());
    let Some(text) = value else { return };
    if text.chars().count() > most {
        faults.push(fault(name, &t!("At most {most} letters", most)));
    } else if text.contains(|letter: char| letter.is_control() && letter != '\n') {
        faults.push(fault(name, t!("It has a letter that cannot be printed")));
    }
}

fn fault(name: &str, message: &str) -> FieldError {
    FieldError { field: format!("company.{name}"), message: message.to_owned() }
}

/// ISO 13616: the first four letters moved to the end, letters as numbers, the remainder by 97 is 1.
fn is_iban(text: &str) -> bool {
    let plain: Vec<char> = text.chars().filter(|letter| *letter != ' ').collect();
    if !(15..=34).contains(&plain.len()) || !plain.iter().all(char::is_ascii_alphanumeric) {
        return false;
    }
    let (head, rest) = plain.split_at(4);
    let digits = rest.iter().chain(head).filter_map(|letter| letter.to_digit(36));
    digits.fold(0, |sum, digit| (sum * if digit > 9 { 100 } else { 10 } + digit) % 97) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_is_checked_by_its_digits() {
        for right in ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "FR1420041010050500013M02606"] {
            assert!(is_iban(right), "{right}");
        }
        for wrong in ["GB82 WEST 1234 5698 7654 33", "DE8937040044053201300", "", "GB82", "GB82-WEST-1234-5698-7654-32"]
        {
            assert!(!is_iban(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        let company = Company {
            legal_name: Some("x".repeat(201)),
            address: Some("  ".to_owned()),
            email: Some("nobody".to_owned()),
            bank: Some("a\nb".to_owned()),
            iban: Some("DE00".to_owned()),
            invoice_note: Some(" Thank you.\r\nCome again. ".to_owned()),
            ..Company::default()
        };
        let error = tidy(company.clone()).unwrap_err();
        let fields: Vec<&str> = error.fields.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["company.legalName", "company.bank", "company.email", "company.iban"]);
        let right = Company { legal_name: None, email: None, bank: None, iban: None, ..company };
        let kept = tidy(right).unwrap();
        assert_eq!((kept.address, kept.invoice_note.as_deref()), (None, Some("Thank you.\nCome again.")));
    }
}
