//! A printed document as a page: the same model that the PDF is written from.

use crate::layout::workspace_frame;
use crate::page::{PageContext, load, use_page};
use crate::records::address;
use domain::documents::{DocumentHtml, DocumentKind};
use domain::records::GetRecord;
use domain::{Error, Result};
use leptos::prelude::*;
use ui::{LinkButton, Page, PageHeader};
use words::t;

#[component]
pub fn DocumentPage() -> impl IntoView {
    let page = use_page();
    load(document(page)).into_any()
}

async fn document(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity(address::plural(&page))?;
    let kind = [DocumentKind::Invoice, DocumentKind::OrderConfirmation, DocumentKind::Receipt]
        .into_iter()
        .find(|kind| kind.entity() == entity.key)
        .ok_or_else(Error::not_found)?;
    let id = address::id(&page)?;
    let language = page.query("language").map(str::to_owned);
    let (record, drawn) = futures::try_join!(
        backend.run(GetRecord { entity: entity.key.clone(), id }),
        backend.run(DocumentHtml { kind, id, language })
    )?;
    let pdf = (kind == DocumentKind::Invoice).then(|| {
        let href = viewer.path(&format!("api/v1/invoices/{id}/pdf"));
        view! { <LinkButton href icon="download">"PDF"</LinkButton> }.into_any()
    });
    let title = drawn.title.clone();
    // Written by the document's own writer, which escapes every string.
    let html = drawn.html;
    let body = view! {
        <Page>
            <PageHeader title actions=pdf/>
            <link rel="stylesheet" href="/document.css"/>
            <div class="document-sheet" inner_html=html></div>
        </Page>
    }
    .into_any();
    let crumbs = address::crumbs(&viewer, &entity, &record, Some(t!("Document")));
    Ok(workspace_frame(&page, crumbs, None, None, body))
}
