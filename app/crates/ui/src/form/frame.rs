//! The frame around a control, and the parts of a form that are no control.

use leptos::prelude::*;
use words::t;

use crate::{Icon, MaybeText};

/// What a control says of itself to assistive technology.
pub(crate) struct Wiring {
    pub described_by: Option<String>,
    pub invalid: Option<&'static str>,
}

pub(crate) fn wiring(id: &str, hint: &MaybeText, error: &MaybeText) -> Wiring {
    let parts: Vec<String> = [(hint.is_some(), "hint"), (error.is_some(), "error")]
        .into_iter()
        .filter(|(present, _)| *present)
        .map(|(_, suffix)| format!("{id}-{suffix}"))
        .collect();
    Wiring { described_by: (!parts.is_empty()).then(|| parts.join(" ")), invalid: error.is_some().then_some("true") }
}

/// Label, control, hint, error. For a control of your own: give it `id`, and `aria-describedby` of `{id}-hint` and
/// `{id}-error` where they are present. `bare` keeps the label for those who hear it only.
#[component]
pub fn Field(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    #[prop(optional)] bare: bool,
    children: Children,
) -> impl IntoView {
    let mark = required.then(|| view! { <span class="field-required" aria-hidden="true">"*"</span> });
    let label_class = if bare { "sr-only" } else { "field-label" };
    let invalid = error.is_some();
    let hint = hint.into_option().map(|hint| view! { <p class="field-hint" id=format!("{id}-hint")>{hint}</p> });
    let error = error.into_option().map(|error| {
        view! { <p class="field-error" id=format!("{id}-error")><Icon name="circle-alert"/><span>{error}</span></p> }
    });
    view! {
        <div class="field" class:is-invalid=invalid>
            <label class=label_class for=id>{label}{mark}</label>
            {children()}
            {hint}
            {error}
        </div>
    }
    .into_any()
}

/// One fault of a form, as [`FormErrors`] lists it.
#[derive(Clone, Debug, Default)]
pub struct FormError {
    /// Id of the control; empty for a fault of the whole form.
    pub field: String,
    pub message: String,
}

impl FormError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// All faults above the form, each linking to its control. Draws nothing when there are none.
#[component]
pub fn FormErrors(
    errors: Vec<FormError>,
    #[prop(default = t!("This could not be saved").to_owned(), into)] title: String,
) -> impl IntoView {
    if errors.is_empty() {
        return ().into_any();
    }
    let items: Vec<_> = errors
        .into_iter()
        .map(|FormError { field, message }| {
            if field.is_empty() {
                view! { <li>{message}</li> }.into_any()
            } else {
                view! { <li><a href=format!("#{field}")>{message}</a></li> }.into_any()
            }
        })
        .collect();
    view! {
        <div class="notice tone-negative form-errors" role="alert">
            <Icon name="circle-alert"/>
            <div class="notice-body"><strong class="notice-title">{title}</strong><ul class="form-errors-list">{items}</ul></div>
        </div>
    }
    .into_any()
}

/// Fields in one or two columns under a heading.
#[component]
pub fn FormSection(
    #[prop(optional, into)] title: MaybeText,
    #[prop(optional, into)] text: MaybeText,
    #[prop(optional)] two_columns: bool,
    children: Children,
) -> impl IntoView {
    let legend = title.into_option().map(|title| view! { <legend class="form-legend">{title}</legend> });
    let text = text.into_option().map(|text| view! { <p class="form-text">{text}</p> });
    let class = if two_columns { "form-grid is-two" } else { "form-grid" };
    view! { <fieldset class="form-section">{legend}{text}<div class=class>{children()}</div></fieldset> }.into_any()
}

/// The foot of a form: the verb first, the way out beside it.
#[component]
pub fn FormActions(children: Children) -> impl IntoView {
    view! { <div class="form-actions">{children()}</div> }.into_any()
}
