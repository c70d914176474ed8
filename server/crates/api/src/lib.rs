//! REST over the same operations as the pages. Every handler turns a request into an operation, runs it by name through the dispatcher and
//! turns the answer into JSON; none of them knows a business or a table.

mod audit;
mod business;
mod caller;
mod export;
pub mod openapi;
mod operations;
pub mod problem;
pub mod query;
mod records;
pub mod routes;

pub use caller::ApiCaller;
pub use export::{Format, csv_cell, file as export_file, part as export_part, stored as export_stored};
pub use routes::{Guard, RouteInfo, Table};

use axum::http::Method;
use axum::routing::{delete, get, patch, post, put};

/// The document of the API is made once and kept.
pub fn register(registry: &mut platform::Registry) {
    registry.hook(openapi::Documents::default());
}

/// The API below its base path. The server mounts it under `/api/v1` and under `/w/{workspace}/api/v1`, behind whatever puts an
/// [`ApiCaller`] into the request.
pub fn table<S: Clone + Send + Sync + 'static>() -> Table<S> {
    Table::new()
        .route(Method::GET, "/openapi.json", Guard::Workspace, get(openapi::show))
        .route(Method::GET, "/operations", Guard::Workspace, get(operations::list))
        .route(Method::POST, "/operations/{name}", Guard::Workspace, post(operations::run))
        .route(Method::GET, "/inventory", Guard::Workspace, get(business::inventory))
        .route(Method::PUT, "/inventory", Guard::Workspace, put(business::adjust))
        .route(Method::POST, "/inventory/adjust", Guard::Workspace, post(business::adjust))
        .route(Method::GET, "/invoices/{id}/pdf", Guard::Workspace, get(business::invoice_pdf))
        .route(Method::POST, "/invoices/{id}/pay", Guard::Workspace, post(business::pay_invoice))
        .route(Method::GET, "/audit/logs", Guard::Workspace, get(audit::logs))
        .route(Method::GET, "/audit/summary", Guard::Workspace, get(audit::summary))
        .route(Method::POST, "/audit/feedback", Guard::Workspace, post(audit::feedback))
        .route(Method::GET, "/{entity}", Guard::Workspace, get(records::list))
        .route(Method::POST, "/{entity}", Guard::Workspace, post(records::create))
        .route(Method::GET, "/{entity}/export", Guard::Workspace, get(export::export))
        .route(Method::GET, "/{entity}/{id}", Guard::Workspace, get(records::get))
        .route(Method::PUT, "/{entity}/{id}", Guard::Workspace, put(records::replace))
        .route(Method::PATCH, "/{entity}/{id}", Guard::Workspace, patch(records::update))
        .route(Method::DELETE, "/{entity}/{id}", Guard::Workspace, delete(records::delete))
        .route(Method::POST, "/{entity}/{id}/restore", Guard::Workspace, post(records::restore))
        .route(Method::POST, "/{entity}/{id}/transitions/{name}", Guard::Workspace, post(records::transition))
        .route(Method::GET, "/{entity}/{id}/timeline", Guard::Workspace, get(records::timeline))
        .route(Method::GET, "/{entity}/{id}/versions", Guard::Workspace, get(records::versions))
}
