//! Controls that choose.

use leptos::prelude::*;

use super::frame::{Field, Wiring, wiring};
use crate::{Icon, MaybeText};

/// One option of a select or a radio group.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: Option<String>,
    /// Why it cannot be chosen now; disables it.
    pub reason: Option<String>,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None, reason: None }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn refused(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

pub(crate) fn options(choices: Vec<Choice>, chosen: Option<&str>) -> Vec<AnyView> {
    choices
        .into_iter()
        .map(|choice| {
            let selected = chosen == Some(choice.value.as_str());
            let text = match &choice.reason {
                Some(reason) => format!("{} ({reason})", choice.label),
                None => choice.label,
            };
            view! { <option value=choice.value selected=selected disabled=choice.reason.is_some()>{text}</option> }
                .into_any()
        })
        .collect()
}

/// A native select. `blank` adds a first option with an empty value.
#[component]
pub fn Select(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    choices: Vec<Choice>,
    #[prop(optional, into)] value: MaybeText,
    #[prop(optional, into)] blank: MaybeText,
    #[prop(optional, into)] id: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    #[prop(optional)] disabled: bool,
    #[prop(optional)] bare: bool,
    #[prop(optional, into)] form: MaybeText,
) -> impl IntoView {
    let id = id.unwrap_or(name.clone());
    let Wiring { described_by, invalid } = wiring(&id, &hint, &error);
    let first = blank.into_option().map(|blank| view! { <option value="">{blank}</option> });
    let options = options(choices, value.as_deref());
    view! {
        <Field id=id.clone() label hint error required bare>
            <span class="select">
                <select
                    class="input"
                    id=id
                    name=name
                    required=required
                    disabled=disabled
                    form=form.into_option()
                    aria-describedby=described_by
                    aria-invalid=invalid
                >
                    {first}
                    {options}
                </select>
                <Icon name="chevron-down"/>
            </span>
        </Field>
    }
    .into_any()
}

#[component]
pub fn Checkbox(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(default = "true".to_owned(), into)] value: String,
    #[prop(optional)] checked: bool,
    #[prop(optional, into)] id: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    #[prop(optional)] disabled: bool,
) -> impl IntoView {
    let id = id.unwrap_or(name.clone());
    let Wiring { described_by, invalid } = wiring(&id, &hint, &error);
    let is_invalid = error.is_some();
    let hint = hint.into_option().map(|hint| view! { <span class="field-hint" id=format!("{id}-hint")>{hint}</span> });
    let error = error.into_option().map(|error| {
        view! { <p class="field-error" id=format!("{id}-error")><Icon name="circle-alert"/><span>{error}</span></p> }
    });
    view! {
        <div class="field" class:is-invalid=is_invalid>
            <div class="choice">
                <input
                    class="check"
                    type="checkbox"
                    id=id.clone()
                    name=name
                    value=value
                    checked=checked
                    required=required
                    disabled=disabled
                    aria-describedby=described_by
                    aria-invalid=invalid
                />
                <label for=id>{label}</label>
                {hint}
            </div>
            {error}
        </div>
    }
    .into_any()
}

/// Several controls of one value, under its name.
#[component]
pub fn FieldSet(
    /// Id that hint and error hang on.
    #[prop(into)]
    name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    /// The name is only heard.
    #[prop(optional)]
    bare: bool,
    children: Children,
) -> impl IntoView {
    let Wiring { described_by, invalid: _ } = wiring(&name, &hint, &error);
    let is_invalid = error.is_some();
    let mark = required.then(|| view! { <span class="field-required" aria-hidden="true">"*"</span> });
    let hint = hint.into_option().map(|hint| view! { <p class="field-hint" id=format!("{name}-hint")>{hint}</p> });
    let error = error.into_option().map(|error| {
        view! { <p class="field-error" id=format!("{name}-error")><Icon name="circle-alert"/><span>{error}</span></p> }
    });
    view! {
        <fieldset class="field" class:is-invalid=is_invalid aria-describedby=described_by>
            <legend class=if bare { "sr-only" } else { "field-label" }>{label}{mark}</legend>
            {children()}
            {hint}
            {error}
        </fieldset>
    }
    .into_any()
}

/// One of several ticks of a [`FieldSet`].
#[component]
pub fn Tick(
    #[prop(into)] id: String,
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    #[prop(optional)] checked: bool,
) -> impl IntoView {
    view! {
        <div class="choice">
            <input class="check" type="checkbox" id=id.clone() name=name value=value checked=checked/>
            <label for=id>{label}</label>
        </div>
    }
    .into_any()
}

/// One of a few, all in sight.
#[component]
pub fn RadioGroup(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    choices: Vec<Choice>,
    #[prop(optional, into)] value: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let Wiring { described_by, invalid } = wiring(&name, &hint, &error);
    let is_invalid = error.is_some();
    let items: Vec<_> = choices
        .into_iter()
        .enumerate()
        .map(|(index, choice)| {
            let id = if index == 0 { name.clone() } else { format!("{name}-{index}") };
            let hint =
                choice.reason.clone().or(choice.hint).map(|hint| view! { <span class="field-hint">{hint}</span> });
            let checked = value.as_deref() == Some(choice.value.as_str());
            view! {
                <div class="choice">
                    <input
                        class="check radio"
                        type="radio"
                        id=id.clone()
                        name=name.clone()
                        value=choice.value
                        checked=checked
                        required=required
                        disabled=choice.reason.is_some()
                    />
                    <label for=id>{choice.label}</label>
                    {hint}
                </div>
            }
        })
        .collect();
    let mark = required.then(|| view! { <span class="field-required" aria-hidden="true">"*"</span> });
    let hint = hint.into_option().map(|hint| view! { <p class="field-hint" id=format!("{name}-hint")>{hint}</p> });
    let error = error.into_option().map(|error| {
        view! { <p class="field-error" id=format!("{name}-error")><Icon name="circle-alert"/><span>{error}</span></p> }
    });
    view! {
        <fieldset class="field" class:is-invalid=is_invalid role="radiogroup" aria-describedby=described_by aria-invalid=invalid>
            <legend class="field-label">{label}{mark}</legend>
            <div class="choices">{items}</div>
            {hint}
            {error}
        </fieldset>
    }
    .into_any()
}
