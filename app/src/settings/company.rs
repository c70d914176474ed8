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
use words::t;

const OPERATION: &str = "company.save";

#[component]
pub fn CompanyPage() -> impl IntoView {
    let page = use_page();
    load(company_page(page)).into_any()
}

async fn company_page(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let view = page.backend()?.run(GetCompany {}).await?;
    let missing = (!viewer.grants.allows(UPDATE)).then(|| t!("Needs the permission {permission}", permission = UPDATE));
    let notice = missing.clone().map(|missing| {
        view! { <Notice title=t!("You can look at these details, and not change them")>{missing}</Notice> }
    });
    let replay = page.replay_of(OPERATION);
    let body = form(&page, &viewer, &view, replay.as_deref(), missing);
    let text = t!(
        "What invoices, order confirmations and receipts say of their sender. Documents are drawn with what stands here now."
    );
    let content = view! {
        <Page narrow=true>
            <PageHeader title=t!("Company") text/>
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
        view! { <FormErrors errors title=t!("The details were not saved")/> }
    });
    let boxes = Boxes { replay, fixed: missing.is_some() };
    let held: &Company = &view.company;
    let workspace = t!("{workspace} when empty.", workspace = viewer.workspace);
    let business = [
        boxes.line("legalName", t!("Name"), &held.legal_name, Some(&workspace), "organization"),
        boxes.text("address", t!("Address"), &held.address, t!("As it stands on an envelope, a line each.")),
        boxes.line("taxNumber", t!("Tax number"), &held.tax_number, None, "off"),
        boxes.line("registration", t!("Registration number"), &held.registration, None, "off"),
    ];
    let contact = [
        boxes.line("email", t!("E-mail"), &held.email, None, "email"),
        boxes.line("phone", t!("Phone"), &held.phone, None, "tel"),
        boxes.line("website", t!("Web site"), &held.website, None, "url"),
    ];
    let bank = [
        boxes.line("accountName", t!("Account holder"), &held.account_name, None, "off"),
        boxes.line("bank", t!("Bank"), &held.bank, None, "off"),
        boxes.line("branch", t!("Branch"), &held.branch, None, "off"),
        boxes.line("accountNumber", t!("Account number"), &held.account_number, None, "off"),
        boxes.line("iban", t!("IBAN"), &held.iban, None, "off"),
        boxes.line("swift", t!("BIC (SWIFT)"), &held.swift, None, "off"),
        boxes.text(
            "paymentInstructions",
            t!("Other ways to pay"),
            &held.payment_instructions,
            t!("A till number, say. A line each."),
        ),
    ];
    let papers = [
        boxes.line(
            "paymentTerms",
            t!("Payment terms"),
            &held.payment_terms,
            Some(t!("Beside the due date, such as \"30 days net\".")),
            "off",
        ),
        boxes.text(
            "invoiceNote",
            t!("Note on invoices"),
            &held.invoice_note,
            t!("At the end of each, such as a word of thanks."),
        ),
    ];
    let own = page.path.clone();
    let version = view.version.to_string();
    let save = match missing {
        Some(reason) => view! { <SubmitButton reason>{t!("Save details")}</SubmitButton> }.into_any(),
        None => view! { <SubmitButton>{t!("Save details")}</SubmitButton> }.into_any(),
    };
    view! {
        <form class="form" method="post" action=viewer.action(OPERATION)>
            {errors}
            {hidden("version", version)}
            {envelope(page, "company", &own, t!("Details saved"))}
            <FormSection title=t!("Business")><div class="form-grid">{business}</div></FormSection>
            <FormSection title=t!("Contact" in "section")><div class="form-grid is-two">{contact}</div></FormSection>
            <FormSection title=t!("Bank account") text=t!("Where customers pay. It stands on every invoice.")>
                <div class="form-grid is-two">{bank}</div>
            </FormSection>
            <FormSection title=t!("On documents")><div class="form-grid">{papers}</div></FormSection>
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
