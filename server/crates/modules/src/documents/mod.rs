//! Printed documents: what the business knows, as the crate `documents` draws it. Page, PDF and attachment come from the same model.

mod build;
mod languages;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use documents::{Document, html, pdf};
use domain::backend::BoxFuture;
use domain::documents::{DocumentFile, DocumentHtml, DocumentKind, HtmlDocument, PdfDocument};
use domain::{Error, Result};
use platform::capability::{DocumentSource, Documents, File};
use platform::{Bind, Ctx, Registry, Statement};
use uuid::Uuid;
use words::{Language, t};

/// The style sheet of what [`DocumentHtml`] answers.
pub const STYLE: &str = html::CSS;

pub fn register(registry: &mut Registry) {
    registry.add(document_html).add(document_file).hook(Documents::new(Source));
}

async fn document_html(ctx: &mut Ctx, operation: DocumentHtml) -> Result<HtmlDocument> {
    let document = draw(ctx, operation.kind, operation.id, operation.language.as_deref()).await?;
    Ok(HtmlDocument { html: html::fragment(&document), title: document.name })
}

async fn document_file(ctx: &mut Ctx, operation: DocumentFile) -> Result<PdfDocument> {
    let file = file(ctx, operation.kind, operation.id, operation.language.as_deref()).await?;
    Ok(PdfDocument { name: file.name, content: STANDARD.encode(file.content) })
}

/// For whoever attaches documents to messages.
struct Source;

impl DocumentSource for Source {
    fn kinds(&self) -> &'static [&'static str] {
        &["invoice", "order_confirmation", "receipt"]
    }

    fn permitted<'a>(&'a self, ctx: &'a mut Ctx, kind: &'a str, id: Uuid) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { permitted(ctx, named(kind)?, id).await })
    }

    fn pdf<'a>(&'a self, ctx: &'a mut Ctx, kind: &'a str, id: Uuid) -> BoxFuture<'a, Result<File>> {
        Box::pin(async move { file(ctx, named(kind)?, id, None).await })
    }
}

/// A kind by the name under which it is attached.
fn named(kind: &str) -> Result<DocumentKind> {
    match kind {
        "invoice" => Ok(DocumentKind::Invoice),
        "order_confirmation" => Ok(DocumentKind::OrderConfirmation),
        "receipt" => Ok(DocumentKind::Receipt),
        other => Err(Error::field("document", t!("There is no document {document}", document = other))),
    }
}

/// Whoever may ask for a document and sees the record that it is made from has it: shown, as a file, or with a message.
async fn permitted(ctx: &mut Ctx, kind: DocumentKind, id: Uuid) -> Result<()> {
    ctx.may(DocumentFile { kind, id, language: None }).await?;
    let entity = ctx.entity(kind.entity())?;
    records::visible(ctx, &entity, id).await.map(|_| ())
}

async fn file(ctx: &mut Ctx, kind: DocumentKind, id: Uuid, language: Option<&str>) -> Result<File> {
    let document = draw(ctx, kind, id, language).await?;
    let name = format!("{}.pdf", file_name(&document.name));
    // Shaping and writing take a while and wait for nothing: not on a thread that others wait for.
    let content = tokio::task::spawn_blocking(move || pdf::write(&document))
        .await
        .map_err(|error| broken(&error))?
        .map_err(|error| broken(&error))?;
    Ok(File { name, media_type: "application/pdf", content })
}

fn broken(error: &dyn std::fmt::Display) -> Error {
    tracing::error!(%error, "a document could not be written");
    Error::internal()
}

/// `Invoice INV-000041` as `invoice-INV-000041`.
fn file_name(name: &str) -> String {
    let (kind, number) = name.rsplit_once(' ').unwrap_or((name, ""));
    let kind: String = kind.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if number.is_empty() { kind } else { format!("{kind}-{number}") }
}

async fn draw(ctx: &mut Ctx, kind: DocumentKind, id: Uuid, language: Option<&str>) -> Result<Document> {
    const LOCALE: &str = "select locale from tenants where id = $1";
    permitted(ctx, kind, id).await?;
    let language = match language {
        Some(language) => Language::parse(language).unwrap_or_default(),
        None => {
            let tenant = Bind::Id(Some(ctx.access.tenant.0));
            let rows = ctx.fetch(Statement::new(LOCALE, vec![tenant])).await?;
            let locale: Option<String> = rows.first().map(|row| row.get(0)).transpose()?;
            locale.as_deref().and_then(Language::parse).unwrap_or_default()
        }
    };
    match kind {
        DocumentKind::Invoice => build::invoice(ctx, id, language).await,
        DocumentKind::OrderConfirmation => build::order_confirmation(ctx, id, language).await,
        DocumentKind::Receipt => build::receipt(ctx, id, language).await,
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn files_are_named_after_what_they_are() {
        assert_eq!(file_name("Invoice INV-000041"), "invoice-INV-000041");
        assert_eq!(file_name("Order confirmation ORD-000007"), "order-confirmation-ORD-000007");
    }
}
