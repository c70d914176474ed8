//! Paths that the requirements name beside the generic ones (R61, R62, R66): the PDF of an invoice and a payment on it, stock and its
//! adjustment. Each is an operation under another name.

use crate::caller::ApiCaller;
use crate::problem::Problem;
use crate::records::{self, ListPath, Pairs, Write, json_text, mark_replay, record_id};
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Error;
use domain::documents::{DocumentFile, DocumentKind};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct InvoicePath {
    id: String,
}

/// The file that goes with the mail, as far as the caller may know what is in it.
pub async fn invoice_pdf(
    caller: ApiCaller,
    Path(path): Path<InvoicePath>,
    Query(pairs): Pairs,
) -> Result<Response, Problem> {
    let id = record_id(&caller, &path.id)?;
    let language = pairs.into_iter().find(|(key, _)| key == "language").map(|(_, value)| value);
    let file = caller.run(DocumentFile { kind: DocumentKind::Invoice, id, language }).await?;
    let content = STANDARD.decode(&file.content).map_err(|_| caller.problem(Error::internal()))?;
    let disposition = HeaderValue::from_str(&format!("inline; filename=\"{}\"", file.name));
    let disposition = disposition.map_err(|_| caller.problem(Error::internal()))?;
    let kind = HeaderValue::from_static("application/pdf");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], content).into_response())
}

pub async fn pay_invoice(
    caller: ApiCaller,
    Path(path): Path<InvoicePath>,
    request: Write,
) -> Result<Response, Problem> {
    let mut input = if request.body.is_empty() { domain::records::Values::new() } else { request.object(&caller)? };
    input.insert("invoice".to_owned(), json!(record_id(&caller, &path.id)?));
    let reply = caller.run_json("finance.record_payment", Value::Object(input), request.once).await?;
    let mut response = json_text(StatusCode::CREATED, format!(r#"{{"data":{}}}"#, reply.json));
    mark_replay(&mut response, &reply);
    Ok(response)
}

/// What is stocked: products with what is on hand. Everything that a list of products takes is taken here.
pub async fn inventory(caller: ApiCaller, Query(mut pairs): Pairs) -> Result<Response, Problem> {
    let stocked = "stocked = true";
    match pairs.iter_mut().find(|(key, _)| key == "filter") {
        Some((_, filter)) if !filter.trim().is_empty() => *filter = format!("{stocked} and ({filter})"),
        _ => pairs.push(("filter".to_owned(), stocked.to_owned())),
    }
    records::list(caller, Path(ListPath { entity: "products".to_owned() }), Query(pairs)).await
}

pub async fn adjust(caller: ApiCaller, request: Write) -> Result<Response, Problem> {
    // Before the body is looked at: who may not do it is not told what is wrong with it.
    caller.caller.access.require("inventory.stock.update").map_err(|error| caller.problem(error))?;
    let input = Value::Object(request.object(&caller)?);
    let reply = caller.run_json("inventory.adjust", input, request.once).await?;
    let mut response = json_text(StatusCode::OK, format!(r#"{{"data":{}}}"#, reply.json));
    mark_replay(&mut response, &reply);
    Ok(response)
}
