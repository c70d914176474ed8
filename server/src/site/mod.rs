//! Everything a browser meets: pages, forms, sign-in, files.

mod account;
mod audit;
mod confirm;
pub mod cookies;
pub mod draw;
mod files;
mod form_values;
mod forms;
pub mod health;
pub mod impersonation;
mod kept;
mod live;
pub mod machine;
mod mail;
pub mod member;
#[cfg_attr(not(feature = "oidc"), path = "no_oidc.rs")]
mod oidc;
mod page_context;
mod preferences;
mod second_factor;
mod sent;
pub mod sign_in;
mod staff_tokens;
pub mod static_files;
mod tokens;

use crate::middleware::request::RequestInfo;
use crate::state::App;
use api::problem::Problem;
use api::{Guard, Table};
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use sign_in::Door;

/// The refusal of a request that has no page to go back to.
pub fn problem(error: &domain::Error, request: &Request) -> Problem {
    Problem { error: error.clone(), request: request.extensions().get::<RequestInfo>().map(|info| info.id) }
}

/// What people and staff have alike: the second page of signing in, confirmation, and the second factor.
fn own_account(door: Door, guard: Guard) -> Table<App> {
    Table::new()
        .route(Method::GET, "/sign-in/code", Guard::Public, get(sign_in::code_page))
        .route(Method::POST, "/sign-in/code", Guard::Public, post(sign_in::code))
        .route(Method::GET, "/confirm", guard, get(confirm::show))
        .route(Method::POST, "/confirm", guard, post(confirm::confirm))
        .route(Method::GET, "/second-factor", guard, get(second_factor::show))
        .route(Method::POST, "/second-factor", guard, post(second_factor::finish))
        .route(Method::POST, "/second-factor/prepare", guard, post(second_factor::prepare))
        .route(Method::POST, "/second-factor/codes", guard, post(second_factor::codes))
        .route(Method::POST, "/second-factor/off", guard, post(second_factor::off))
        .map(|router| router.layer(axum::Extension(door)))
}

/// Every path of the server, with the layers that guard it.
pub fn table(app: &App) -> Table<App> {
    let workspace = Table::new()
        .route(Method::POST, "/do/{operation}", Guard::Workspace, post(forms::run))
        .route(Method::POST, "/{entity}/import", Guard::Workspace, post(files::upload).layer(files::upload_limit()))
        .route(Method::GET, "/{entity}/export.csv", Guard::Workspace, get(files::export))
        .route(Method::GET, "/{entity}/export.xlsx", Guard::Workspace, get(files::export))
        .route(Method::GET, "/{entity}/export.json", Guard::Workspace, get(files::export))
        .route(Method::GET, "/imports/{id}/errors.csv", Guard::Workspace, get(files::error_file))
        .route(Method::GET, "/exports", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/exports/{id}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/exports/{id}/file", Guard::Workspace, get(files::exported_file))
        .route(Method::GET, "/", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/go", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/help", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/help/{key}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/dashboards", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/dashboards/{key}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/security", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/keys", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/sessions", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/people/{id}/sessions", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/people", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/company", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/people/{id}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/profile", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/locations", Guard::Workspace, get(draw::page))
        .route(Method::POST, "/account/password", Guard::Workspace, post(account::change_password))
        .route(Method::GET, "/settings/people/{id}/roles", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/roles", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/roles/{key}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/audit", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/settings/audit.csv", Guard::Workspace, get(audit::csv))
        .route(Method::GET, "/settings/feedback", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/feedback", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/undo", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/imports/{id}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/stream", Guard::Workspace, get(live::stream))
        .route(Method::GET, "/notifications", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/approvals", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/approvals/{id}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/workflows", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/workflows/{id}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/runs", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/runs/{id}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/ledger", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/ledger/receivables", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/ledger/accounts/{id}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/orders/{id}/lines", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}/{id}/document", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/messages/{id}/content.html", Guard::Workspace, get(mail::content))
        .route(Method::GET, "/messages/{id}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}/new", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}/import", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}/views", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}/bulk", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/bulk/{id}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}/{id}", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}/{id}/edit", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}/{id}/access", Guard::Workspace, get(draw::page))
        .route(Method::POST, "/{entity}/{id}/files", Guard::Workspace, post(kept::upload).layer(kept::upload_limit()))
        .route(Method::GET, "/{entity}/{id}/files/{file}", Guard::Workspace, get(kept::content))
        .route(Method::GET, "/{entity}/{id}/merge", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}/{id}/versions", Guard::Workspace, get(draw::page))
        .route(Method::GET, "/{entity}/{id}/why", Guard::Workspace, get(draw::page))
        .nest("/api/v1", api::table())
        .map(|router| router.layer(from_fn_with_state(app.clone(), member::of_path)));
    let api = api::table().map(|router| router.layer(from_fn_with_state(app.clone(), member::only_one)));
    // Requirements 58 to 66: the same under the name of an industry, for workspaces of it.
    let industry = api::table().map(|router| {
        router.layer(from_fn(member::of_industry)).layer(from_fn_with_state(app.clone(), member::only_one))
    });
    let people = Table::new()
        .route(Method::GET, "/", Guard::Public, get(sign_in::home))
        .route(Method::GET, "/sign-in", Guard::Public, get(draw::public_page))
        .route(Method::POST, "/sign-in", Guard::Public, post(sign_in::sign_in))
        .merge(oidc::table())
        .merge(own_account(Door::People, Guard::Person))
        .route(Method::POST, "/impersonation/stop", Guard::Person, post(impersonation::stop))
        .route(Method::POST, "/sign-out", Guard::Person, post(sign_in::sign_out))
        .route(Method::GET, "/forgot-password", Guard::Public, get(account::form))
        .route(Method::POST, "/forgot-password", Guard::Public, post(account::forgot))
        .route(Method::GET, "/reset-password/{token}", Guard::Public, get(account::reset_page))
        .route(Method::POST, "/reset-password/{token}", Guard::Public, post(account::reset))
        .route(Method::GET, "/sign-up", Guard::Public, get(account::form))
        .route(Method::POST, "/sign-up", Guard::Public, post(account::sign_up))
        .route(Method::GET, "/sign-up/code", Guard::Public, get(account::form))
        .route(Method::POST, "/sign-up/code", Guard::Public, post(account::code))
        .route(Method::GET, "/sign-up/{token}", Guard::Public, get(account::confirm_page))
        .route(Method::POST, "/sign-up/{token}", Guard::Public, post(account::confirm))
        .route(Method::GET, "/invitations/{token}", Guard::Public, get(account::invitation_page))
        .route(Method::POST, "/invitations/{token}", Guard::Public, post(account::accept))
        .route(Method::GET, "/email/{token}", Guard::Public, get(account::email_page))
        .route(Method::POST, "/email/{token}", Guard::Public, post(account::confirm_email))
        .route(Method::GET, "/setup", Guard::Public, get(account::setup_page))
        .route(Method::POST, "/setup", Guard::Public, post(account::setup))
        .route(Method::GET, "/workspaces", Guard::Person, get(draw::workspaces))
        .route(Method::GET, "/workspaces/new", Guard::Person, get(account::new_workspace_form))
        .route(Method::POST, "/workspaces/new", Guard::Person, post(account::new_workspace))
        .route(Method::GET, "/dashboard/sales", Guard::Person, get(sign_in::home))
        .route(Method::POST, "/preferences", Guard::Public, post(preferences::save))
        .route(Method::POST, "/api/v1/auth/register", Guard::Public, post(account::register))
        .route(Method::POST, "/api/v1/auth/login", Guard::Public, post(tokens::login))
        .route(Method::POST, "/api/v1/auth/refresh", Guard::Public, post(tokens::refresh))
        .route(Method::POST, "/api/v1/auth/logout", Guard::Public, post(tokens::logout))
        .route(Method::GET, "/api/v1/auth/me", Guard::Person, get(tokens::me))
        .nest("/w/{workspace}", workspace)
        .nest("/api/v1", api)
        .nest("/api/{industry}", industry)
        .map(|router| router.layer(sign_in::user_sessions(app)));
    let staff = Table::new()
        .route(Method::GET, "/sign-in", Guard::Public, get(draw::public_page))
        .route(Method::POST, "/sign-in", Guard::Public, post(sign_in::staff_sign_in))
        .merge(own_account(Door::Staff, Guard::Staff))
        .route(Method::GET, "/impersonate", Guard::Staff, get(impersonation::show))
        .route(Method::POST, "/impersonate", Guard::Staff, post(impersonation::begin))
        .route(Method::POST, "/sign-out", Guard::Staff, post(sign_in::staff_sign_out))
        .route(Method::GET, "/proof", Guard::Staff, get(draw::staff_page))
        .route(Method::GET, "/", Guard::Staff, get(draw::staff_page))
        .map(|router| router.layer(sign_in::staff_sessions(app)));
    Table::new()
        .route(Method::GET, "/livez", Guard::Public, get(health::livez))
        .route(Method::GET, "/readyz", Guard::Public, get(health::readyz))
        .route(Method::GET, "/health", Guard::Public, get(health::health))
        .merge(people)
        .route(Method::POST, "/api/admin/auth/login", Guard::Public, post(staff_tokens::login))
        .route(Method::POST, "/api/admin/auth/refresh", Guard::Public, post(staff_tokens::refresh))
        .route(Method::POST, "/api/admin/auth/logout", Guard::Public, post(staff_tokens::logout))
        .route(Method::GET, "/api/admin/auth/verify", Guard::Staff, get(staff_tokens::verify))
        .nest("/admin", staff)
}

/// The whole server as one router.
pub fn router(app: App) -> axum::Router {
    use crate::middleware::{cross_site, headers, isolate, language, limits, request};
    table(&app)
        .into_router()
        .method_not_allowed_fallback(draw::no_page)
        .fallback(draw::missing)
        .layer(from_fn_with_state(app.clone(), limits::by_address))
        .layer(from_fn_with_state(app.clone(), cross_site::cross_site))
        .merge(static_files::router(&app))
        .layer(tower_http::compression::CompressionLayer::new())
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(draw::panicked))
        .layer(from_fn_with_state(app.clone(), draw::broken))
        .layer(from_fn_with_state(app.clone(), language::language))
        .layer(from_fn(headers::headers))
        .layer(from_fn_with_state(app.clone(), request::request))
        .layer(from_fn(isolate::isolate))
        .with_state(app)
}
