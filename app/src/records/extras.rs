//! What some entities show on their page beside what every record has. One line for each.

use crate::page::{PageContext, Viewer};
use crate::{finance, sales};
use domain::records::Record;
use domain::schema::Entity;
use domain::{BackendHandle, Result};
use leptos::prelude::*;
use words::t;

/// Above the tabs.
pub async fn panel(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
) -> Result<Option<AnyView>> {
    Ok(match entity.key.as_str() {
        "order" => Some(sales::order_panel(viewer, backend, record).await?),
        "invoice" => Some(finance::invoice_panel(page, viewer, backend, record).await?),
        "journal_entry" => Some(finance::entry_panel(viewer, backend, record).await?),
        _ => None,
    })
}

/// Among the buttons of the head.
pub fn actions(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record) -> AnyView {
    let buttons = [
        sales::order_links(viewer, entity, record),
        sales::make_order_link(page, viewer, entity, record),
        finance::invoice_actions(viewer, entity, record),
    ];
    buttons.into_iter().flatten().collect::<Vec<AnyView>>().into_any()
}

/// What the page asks instead of showing the record, by its query.
pub fn dialog(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    record: &Record,
) -> Option<Result<(String, AnyView)>> {
    let asked = entity.key == "invoice" && page.query("pay").is_some();
    asked.then(|| Ok((t!("Payment").to_owned(), finance::payment_dialog(page, viewer, entity, record)?)))
}
