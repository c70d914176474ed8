//! Controls of a special kind: money and files.

use leptos::prelude::*;
use words::t;

use super::choice::{Choice, options};
use super::frame::{Field, Wiring, wiring};
use crate::MaybeText;

/// An amount with its currency. The amount is sent as `name`, the currency as `{name}Currency` unless named.
#[component]
pub fn MoneyInput(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    /// The plain decimal, without grouping: "480000.00".
    #[prop(optional, into)]
    value: MaybeText,
    /// Codes that may be chosen; one alone is shown as text and still sent.
    currencies: Vec<String>,
    #[prop(optional, into)] currency: MaybeText,
    #[prop(optional, into)] currency_name: MaybeText,
    #[prop(optional, into)] id: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    #[prop(optional)] readonly: bool,
    #[prop(optional)] bare: bool,
) -> impl IntoView {
    let id = id.unwrap_or(name.clone());
    let Wiring { described_by, invalid } = wiring(&id, &hint, &error);
    let currency_name = currency_name.unwrap_or(format!("{name}Currency"));
    let currency_label = t!("Currency of {label}", label);
    let chosen = currency.into_option().or_else(|| currencies.first().cloned()).unwrap_or_default();
    let unit = if currencies.len() < 2 {
        view! { <span class="money-unit">{chosen.clone()}<input type="hidden" name=currency_name value=chosen/></span> }
            .into_any()
    } else {
        let codes = currencies.into_iter().map(|code| Choice::new(code.clone(), code)).collect();
        view! { <select class="money-unit" name=currency_name aria-label=currency_label>{options(codes, Some(&chosen))}</select> }.into_any()
    };
    view! {
        <Field id=id.clone() label hint error required bare>
            <span class="input money-input">
                {unit}
                <input
                    id=id
                    name=name
                    type="text"
                    inputmode="decimal"
                    autocomplete="off"
                    value=value.unwrap_or_default()
                    required=required
                    readonly=readonly
                    aria-describedby=described_by
                    aria-invalid=invalid
                />
            </span>
        </Field>
    }
    .into_any()
}

/// Chooses a file; the form must be `enctype="multipart/form-data"`. `accept` as in HTML (".csv,text/csv").
#[component]
pub fn FileInput(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] accept: MaybeText,
    #[prop(optional)] multiple: bool,
    #[prop(optional, into)] id: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    #[prop(optional)] bare: bool,
) -> impl IntoView {
    let id = id.unwrap_or(name.clone());
    let Wiring { described_by, invalid } = wiring(&id, &hint, &error);
    view! {
        <Field id=id.clone() label hint error required bare>
            <input
                class="file"
                id=id
                name=name
                type="file"
                accept=accept.into_option()
                multiple=multiple
                required=required
                aria-describedby=described_by
                aria-invalid=invalid
            />
        </Field>
    }
    .into_any()
}
