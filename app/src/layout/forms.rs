//! The hidden fields that every form of a workspace sends along.

use crate::page::PageContext;
use leptos::prelude::*;

/// What a form tells the server beside its operation.
#[derive(Debug, Clone, Default)]
pub struct Hidden<'a> {
    /// Where to go when it worked.
    pub next: &'a str,
    /// What to say then: "Lead saved".
    pub done: &'a str,
}

/// `_page` (drawn again when the form is refused), `_next`, `_done`, and `_key`, by which a form that is sent twice counts once.
/// `name` tells the forms of one page apart.
pub fn hidden(page: &PageContext, name: &str, hidden: &Hidden<'_>) -> AnyView {
    let done = (!hidden.done.is_empty()).then(|| view! { <input type="hidden" name="_done" value=hidden.done.to_owned()/> });
    view! {
        <input type="hidden" name="_page" value=page.address()/>
        <input type="hidden" name="_next" value=hidden.next.to_owned()/>
        <input type="hidden" name="_key" value=form_key(page, name)/>
        {done}
    }
    .into_any()
}

/// A key that no other form of this page has.
fn form_key(page: &PageContext, name: &str) -> String {
    if name.is_empty() { page.form_key.clone() } else { format!("{}-{name}", page.form_key) }
}
