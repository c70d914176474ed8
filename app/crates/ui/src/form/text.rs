//! Controls that take text.

use leptos::prelude::*;
use words::t;

use super::frame::{Field, Wiring, wiring};
use crate::{Icon, Kbd, MaybeText};

/// One line of text; `type` is the input's own (`email`, `password`, `tel`, `number`, `url`).
#[component]
pub fn TextInput(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: MaybeText,
    #[prop(default = "text")] r#type: &'static str,
    #[prop(optional, into)] id: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    #[prop(optional)] readonly: bool,
    #[prop(optional)] bare: bool,
    #[prop(optional)] autofocus: bool,
    #[prop(optional, into)] placeholder: MaybeText,
    #[prop(optional, into)] autocomplete: MaybeText,
    #[prop(optional, into)] inputmode: MaybeText,
    #[prop(optional, into)] form: MaybeText,
    #[prop(optional)] maxlength: Option<u32>,
) -> impl IntoView {
    let id = id.unwrap_or(name.clone());
    let Wiring { described_by, invalid } = wiring(&id, &hint, &error);
    view! {
        <Field id=id.clone() label hint error required bare>
            <input
                class="input"
                id=id
                name=name
                type=r#type
                value=value.unwrap_or_default()
                dir="auto"
                required=required
                readonly=readonly
                autofocus=autofocus
                placeholder=placeholder.into_option()
                autocomplete=autocomplete.into_option()
                inputmode=inputmode.into_option()
                form=form.into_option()
                maxlength=maxlength.map(|length| length.to_string())
                aria-describedby=described_by
                aria-invalid=invalid
            />
        </Field>
    }
    .into_any()
}

#[component]
pub fn TextArea(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: MaybeText,
    #[prop(default = 4)] rows: u32,
    #[prop(optional, into)] id: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    #[prop(optional)] readonly: bool,
    #[prop(optional)] bare: bool,
    #[prop(optional, into)] placeholder: MaybeText,
    #[prop(optional)] maxlength: Option<u32>,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let id = id.unwrap_or(name.clone());
    let Wiring { described_by, invalid } = wiring(&id, &hint, &error);
    view! {
        <Field id=id.clone() label hint error required bare>
            <textarea
                class="input textarea"
                id=id
                name=name
                rows=rows.to_string()
                dir="auto"
                required=required
                readonly=readonly
                placeholder=placeholder.into_option()
                maxlength=maxlength.map(|length| length.to_string())
                autofocus=autofocus
                aria-describedby=described_by
                aria-invalid=invalid
            >
                {value.unwrap_or_default()}
            </textarea>
        </Field>
    }
    .into_any()
}

/// A day, or a day and a time; the value is ISO 8601 as the browser's own control wants it.
#[component]
pub fn DateInput(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: MaybeText,
    #[prop(optional)] with_time: bool,
    #[prop(optional, into)] id: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    #[prop(optional)] readonly: bool,
    #[prop(optional)] bare: bool,
    #[prop(optional, into)] min: MaybeText,
    #[prop(optional, into)] max: MaybeText,
) -> impl IntoView {
    let id = id.unwrap_or(name.clone());
    let Wiring { described_by, invalid } = wiring(&id, &hint, &error);
    view! {
        <Field id=id.clone() label hint error required bare>
            <input
                class="input input-date"
                id=id
                name=name
                type=if with_time { "datetime-local" } else { "date" }
                value=value.unwrap_or_default()
                min=min.into_option()
                max=max.into_option()
                required=required
                readonly=readonly
                aria-describedby=described_by
                aria-invalid=invalid
            />
        </Field>
    }
    .into_any()
}

/// The search box of a list or page, inside a GET form. `shortcut` shows the key that leads here.
#[component]
pub fn SearchInput(
    #[prop(default = "q".to_owned(), into)] name: String,
    #[prop(default = t!("Search").to_owned(), into)] label: String,
    #[prop(optional, into)] value: MaybeText,
    #[prop(optional, into)] id: MaybeText,
    #[prop(optional, into)] placeholder: MaybeText,
    #[prop(optional, into)] form: MaybeText,
    #[prop(optional, into)] shortcut: MaybeText,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let placeholder = placeholder.unwrap_or(label.clone());
    let shortcut =
        shortcut.into_option().map(|keys| view! { <span class="search-key" aria-hidden="true"><Kbd keys/></span> });
    view! {
        <span class="search">
            <Icon name="search"/>
            <input
                class="input"
                type="search"
                id=id.into_option()
                name=name
                value=value.unwrap_or_default()
                dir="auto"
                placeholder=placeholder
                aria-label=label
                autocomplete="off"
                autofocus=autofocus
                form=form.into_option()
            />
            {shortcut}
        </span>
    }
    .into_any()
}
