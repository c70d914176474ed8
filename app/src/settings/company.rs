//! Who the workspace is on paper. Whoever may not change it sees it all the same: it is what documents say.

use super::settings_frame;
use crate::page::{PageContext, Replay, Viewer, load, set_status, use_page};
use crate::records::post::{envelope, hidden};
use domain::Result;
use domain::company::{Company, CompanyView, GetCompany, UPDATE};
use leptos::prelude::*;
use ui::{
    FormActions, FormError, FormErrors, FormSection, Notice, Page, PageHeader, Panel, SubmitButton, TextArea, TextInput,
};

const OPERATION: &str = "company.save";

#[component]
pub fn CompanyPage() -> impl IntoView {
    let page = use_page();
    load(company_page(page)).into_any()
}

async fn company_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let view = page.backend()?.run(GetCompany {}).await?;
    let missing = (!viewer.grants.allows(UPDATE)).then(|| format!("Needs the permission {UPDATE}"));
    let notice = missing.clone().map(|missing| {
        view! { <Notice title="You can look at these details, and not change them">{missing}</Notice> }
    });
    let replay = page.replay_of(OPERATION);
    let body = form(&page, &viewer, &view, replay.as_deref(), missing);
    let text = "What invoices, order confirmations and receipts say of their sender. Documents are drawn with what stands here now.";
    let content = view! {
        <Page narrow=true>
            <PageHeader title="Company" text/>
            {notice}
            <Panel>{body}</Panel>
        </Page>
    };
    Ok(settings_frame(&page, &viewer, "Company", content.into_any()))
}

fn form(
    page: &PageContext,
    viewer: &Viewer,
    view: &CompanyView,
    replay: Option<&Replay>,
    missing: Option<String>,
) -> AnyView {
    let errors = replay.map(|replay| {
        set_status(replay.error.kind.status());
        let mut errors: Vec<FormError> = replay
            .error
            .fields
            .iter()
            .map(|fault| FormError::new(fault.field.clone(), fault.message.clone()))
            .collect();
        if errors.is_empty() {
            errors.push(FormError::new("", replay.error.message.clone()));
        }
        view! { <FormErrors errors title="The details were not saved"/> }
    });
    let boxes = Boxes { replay, fixed: missing.is_some() };
    let held: &Company = &view.company;
    let workspace = format!("{} when empty.", viewer.workspace);
    let business = [
        boxes.line("legalName", "Name", &held.legal_name, Some(&workspace), "organization"),
        boxes.text("address", "Address", &held.address, "As it stands on an envelope, a line each."),
        boxes.line("taxNumber", "Tax number", &held.tax_number, None, "off"),
        boxes.line("registration", "Registration number", &held.registration, None, "off"),
    ];
    let contact = [
        boxes.line("email", "E-mail", &held.email, None, "email"),
        boxes.line("phone", "Phone", &held.phone, None, "tel"),
        boxes.line("website", "Web site", &held.website, None, "url"),
    ];
    let bank = [
        boxes.line("accountName", "Account holder", &held.account_name, None, "off"),
        boxes.line("bank", "Bank", &held.bank, None, "off"),
        boxes.line("branch", "Branch", &held.branch, None, "off"),
        boxes.line("accountNumber", "Account number", &held.account_number, None, "off"),
        boxes.line("iban", "IBAN", &held.iban, None, "off"),
        boxes.line("swift", "BIC (SWIFT)", &held.swift, None, "off"),
        boxes.text(
            "paymentInstructions",
            "Other ways to pay",
            &held.payment_instructions,
            "A till number, say. A line each.",
        ),
    ];
    let papers = [
        boxes.line(
            "paymentTerms",
            "Payment terms",
            &held.payment_terms,
            Some("Beside the due date, such as \"30 days net\"."),
            "off",
        ),
        boxes.text(
            "invoiceNote",
            "Note on invoices",
            &held.invoice_note,
            "At the end of each, such as a word of thanks.",
        ),
    ];
    let own = page.path.clone();
    let version = view.version.to_string();
    let save = match missing {
        Some(reason) => view! { <SubmitButton reason>"Save details"</SubmitButton> }.into_any(),
        None => view! { <SubmitButton>"Save details"</SubmitButton> }.into_any(),
    };
    view! {
        <form class="form" method="post" action=viewer.action(OPERATION)>
            {errors}
            {hidden("version", version)}
            {envelope(page, "company", &own, "Details saved")}
            <FormSection title="Business"><div class="form-grid">{business}</div></FormSection>
            <FormSection title="Contact"><div class="form-grid is-two">{contact}</div></FormSection>
            <FormSection title="Bank account" text="Where customers pay. It stands on every invoice.">
                <div class="form-grid is-two">{bank}</div>
            </FormSection>
            <FormSection title="On documents"><div class="form-grid">{papers}</div></FormSection>
            <FormActions>{save}</FormActions>
        </form>
    }
    .into_any()
}

struct Boxes<'a> {
    replay: Option<&'a Replay>,
    /// Looked at by somebody who may not change it.
    fixed: bool,
}

impl Boxes<'_> {
    /// What was typed, else what is there; and what is wrong with it.
    fn held(&self, name: &str, value: &Option<String>) -> (String, Option<String>, Option<String>) {
        let name = format!("company.{name}");
        let typed = self.replay.map(|replay| replay.value(&name).unwrap_or_default().to_owned());
        let wrong = self.replay.and_then(|replay| replay.error_for(&name)).map(str::to_owned);
        (name, typed.or_else(|| value.clone()), wrong)
    }

    fn line(&self, name: &str, label: &str, value: &Option<String>, hint: Option<&str>, autocomplete: &str) -> AnyView {
        let (name, value, error) = self.held(name, value);
        let (label, hint, autocomplete) = (label.to_owned(), hint.map(str::to_owned), autocomplete.to_owned());
        view! { <TextInput name label value error hint autocomplete readonly=self.fixed/> }.into_any()
    }

    fn text(&self, name: &str, label: &str, value: &Option<String>, hint: &str) -> AnyView {
        let (name, value, error) = self.held(name, value);
        let (label, hint) = (label.to_owned(), Some(hint.to_owned()));
        view! { <div class="is-wide"><TextArea name label value error hint rows=3 readonly=self.fixed/></div> }
            .into_any()
    }
}
