//! The frame around the pages, and what is drawn when a page is refused.

use crate::page::{PageContext, set_status};
use domain::Error;
use leptos::prelude::*;

/// The page that stands in for a refused one: what happened, what to do, and the reference.
pub fn refused(page: &PageContext, error: &Error) -> AnyView {
    set_status(error.kind.status());
    let _ = page;
    view! { <main><h1>{error.kind.title()}</h1><p>{error.message.clone()}</p></main> }.into_any()
}

/// No such page.
pub fn missing() -> AnyView {
    let page = crate::page::use_page();
    refused(&page, &Error::not_found())
}
