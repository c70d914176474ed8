//! The yardstick: the smallest axum and sqlx server that answers the requests of the measurement with the statements that Nexus runs for
//! them, without sessions, workspaces, permissions, change rows or descriptions. `nexus bench` starts it as a process of its own.

mod rows;
mod search;

use super::world::INDUSTRY;
use crate::{out, start};
use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use platform::clock::{Clock, SystemClock};
use platform::random::{SystemRandom, uuid_v7};
use rows::{Lead, Line};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

#[derive(clap::Args)]
pub struct Arguments {
    #[arg(long)]
    database: String,
    #[arg(long)]
    tenant: Uuid,
    #[arg(long)]
    member: Uuid,
    #[arg(long)]
    planned_once: bool,
}

macro_rules! columns {
    ($alias:literal) => {
        concat!(
            $alias,
            ".id, ",
            $alias,
            ".version, ",
            $alias,
            ".deleted_at, ",
            $alias,
            ".name, ",
            $alias,
            ".email, ",
            $alias,
            ".phone, ",
            $alias,
            ".company, ",
            $alias,
            ".city, ",
            $alias,
            ".country, ",
            $alias,
            ".value_minor, ",
            $alias,
            ".value_currency, ",
            $alias,
            ".source, ",
            $alias,
            ".enquired_on, ",
            $alias,
            ".next_step, ",
            $alias,
            ".notes, ",
            $alias,
            ".customer_id, ",
            $alias,
            ".opportunity_id, ",
            $alias,
            ".number, ",
            $alias,
            ".status, ",
            $alias,
            ".owner_id, ",
            $alias,
            ".created_at, ",
            $alias,
            ".created_by, ",
            $alias,
            ".updated_at, ",
            $alias,
            ".updated_by"
        )
    };
}
const TITLES: &str = "l0.name as customer_title, l1.name as opportunity_title, l2.name as owner_title, l3.name as creator_title, l4.name as updater_title";
const JOINS: &str = "\
left join customers l0 on l0.tenant_id = $1 and l0.id = r.customer_id
left join opportunities l1 on l1.tenant_id = $1 and l1.id = r.opportunity_id
left join members l2 on l2.tenant_id = $1 and l2.id = r.owner_id
left join members l3 on l3.tenant_id = $1 and l3.id = r.created_by
left join members l4 on l4.tenant_id = $1 and l4.id = r.updated_by";
const TABLE: &str = "\
select r.id, r.version, r.deleted_at, r.name, r.company, r.status, r.value_minor, r.value_currency, r.source, r.country, r.owner_id,
    r.enquired_on, r.number, l0.name as owner_title
from (select t.id, t.version, t.deleted_at, t.name, t.company, t.status, t.value_minor, t.value_currency, t.source, t.country, t.owner_id,
        t.enquired_on, t.number
    from leads t where t.tenant_id = $1 and t.deleted_at is null and t.status <> all ($2) and t.enquired_on is not null
    order by t.enquired_on desc, t.id desc limit 51) r
left join members l0 on l0.tenant_id = $1 and l0.id = r.owner_id order by r.enquired_on desc, r.id desc";
/// What the open leads leave out.
const CLOSED: [&str; 2] = ["won", "lost"];
const LIMIT: usize = 50;

struct Ceiling {
    pool: PgPool,
    tenant: Uuid,
    member: Uuid,
    /// Of everything whose words are looked through: the index holds the words of all of it side by side.
    entities: Vec<String>,
    list: &'static str,
    one: &'static str,
    create: &'static str,
    numbers: AtomicI64,
}
type App = State<Arc<Ceiling>>;

pub async fn serve(arguments: Arguments) -> Result<ExitCode> {
    // As many connections as Nexus has for tenants, and not asked after before each use either.
    let plans = if arguments.planned_once { "force_generic_plan" } else { "auto" };
    let options = PgConnectOptions::from_str(&arguments.database)?.options([("plan_cache_mode", plans)]);
    let pool = PgPoolOptions::new().max_connections(20).test_before_acquire(false).connect_with(options).await?;
    let text = |sql: String| -> &'static str { Box::leak(sql.into_boxed_str()) };
    let catalog = start::library(None)?.catalog(INDUSTRY).context("The industry of the measurement is missing")?;
    let ceiling = Ceiling {
        pool,
        tenant: arguments.tenant,
        member: arguments.member,
        entities: catalog.iter().map(|entity| entity.key.clone()).collect(),
        list: text(format!(
            "select {}, {TITLES} from (select {} from leads t where t.tenant_id = $1 and t.deleted_at is null and t.status <> all ($2)
             order by t.created_at desc, t.id desc limit 51) r {JOINS} order by r.created_at desc, r.id desc",
            columns!("r"),
            columns!("t"),
        )),
        one: text(format!(
            "select {}, {TITLES} from (select {} from leads t where t.tenant_id = $1 and t.id = $2 and t.deleted_at is null) r {JOINS}",
            columns!("r"),
            columns!("t"),
        )),
        create: text(format!(
            "with r as (insert into leads (tenant_id, created_by, created_at, updated_by, updated_at, id, number, status, name, name_norm,
                email, email_norm, phone, company, company_norm, city, city_norm, country, value_minor, value_currency, source, owner_id)
             values ($1, $2, $3, $2, $3, $4, $5, 'new', $6, lower($6), $7, lower($7), $8, $9, lower($9), $10, lower($10), $11, $12, $13, $14, $2)
             returning *) select {}, {TITLES} from r {JOINS}",
            columns!("r"),
        )),
        numbers: AtomicI64::new(SystemClock.now().timestamp_micros()),
    };
    let routes = Router::new()
        .route("/leads", get(list).post(create))
        .route("/leads/{id}", get(one))
        .route("/leads.html", get(html))
        .route("/search", post(search::search))
        .with_state(Arc::new(ceiling));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    out::line(&format!("The ceiling is at http://{}", listener.local_addr()?));
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes).await?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Answer<T> {
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination: Option<Pagination>,
}

#[derive(Serialize)]
struct Pagination {
    limit: usize,
    offset: usize,
    next: Option<String>,
}

struct Fault(sqlx::Error);

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

fn json(status: StatusCode, answer: &impl Serialize) -> Response {
    let body = serde_json::to_vec(answer).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn list(State(ceiling): App) -> Result<Response, Fault> {
    let query = sqlx::query_as::<_, Lead>(ceiling.list).bind(ceiling.tenant).bind(&CLOSED[..]);
    let mut rows = query.fetch_all(&ceiling.pool).await.map_err(Fault)?;
    let more = rows.len() > LIMIT;
    rows.truncate(LIMIT);
    let next = rows.last().filter(|_| more).map(|row| format!("{}_{}", row.created_at.timestamp_micros(), row.id));
    Ok(json(StatusCode::OK, &Answer { data: rows, pagination: Some(Pagination { limit: LIMIT, offset: 0, next }) }))
}

async fn one(State(ceiling): App, Path(id): Path<Uuid>) -> Result<Response, Fault> {
    let query = sqlx::query_as::<_, Lead>(ceiling.one).bind(ceiling.tenant).bind(id);
    Ok(match query.fetch_optional(&ceiling.pool).await.map_err(Fault)? {
        Some(lead) => json(StatusCode::OK, &Answer { data: lead, pagination: None }),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

#[derive(Deserialize)]
struct NewLead {
    name: String,
    email: String,
    phone: String,
    company: String,
    city: String,
    country: String,
    value: NewWorth,
    source: String,
}

#[derive(Deserialize)]
struct NewWorth {
    amount: String,
    currency: String,
}

async fn create(State(ceiling): App, axum::Json(new): axum::Json<NewLead>) -> Result<Response, Fault> {
    let minor = new.value.amount.replace('.', "").parse::<i64>().unwrap_or_default();
    let number = format!("C-{}", ceiling.numbers.fetch_add(1, Ordering::Relaxed));
    let query = sqlx::query_as::<_, Lead>(ceiling.create)
        .bind(ceiling.tenant)
        .bind(ceiling.member)
        .bind(SystemClock.now())
        .bind(uuid_v7(&SystemClock, &SystemRandom))
        .bind(number)
        .bind(new.name)
        .bind(new.email)
        .bind(new.phone)
        .bind(new.company)
        .bind(new.city)
        .bind(new.country)
        .bind(minor)
        .bind(new.value.currency)
        .bind(new.source);
    let lead = query.fetch_one(&ceiling.pool).await.map_err(Fault)?;
    Ok(json(StatusCode::CREATED, &Answer { data: lead, pagination: None }))
}

async fn html(State(ceiling): App) -> Result<Html<String>, Fault> {
    let query = sqlx::query_as::<_, Line>(TABLE).bind(ceiling.tenant).bind(&CLOSED[..]);
    let rows = query.fetch_all(&ceiling.pool).await.map_err(Fault)?;
    let mut page = String::with_capacity(32 * 1024);
    page.push_str("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Leads</title></head><body><table><thead><tr>");
    for head in ["Name", "Company", "Stage", "Value", "Source", "Country", "Owner", "Enquired on"] {
        page.push_str(&format!("<th>{head}</th>"));
    }
    page.push_str("</tr></thead><tbody>");
    for row in rows.iter().take(LIMIT) {
        let text = |text: &Option<String>| escaped(text.as_deref().unwrap_or_default());
        // Writing to memory does not fail.
        let _ = write!(
            page,
            "<tr><td><a href=\"/leads/{}\">{}</a> {}</td><td>{}</td><td>{}</td><td>{} {}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            row.id,
            escaped(&row.name),
            row.number,
            text(&row.company),
            row.status,
            row.value.amount(),
            row.value.value_currency.as_deref().unwrap_or_default(),
            text(&row.source),
            text(&row.country),
            text(&row.owner_title),
            row.enquired_on.map(|on| on.to_string()).unwrap_or_default(),
        );
    }
    page.push_str("</tbody></table></body></html>");
    Ok(Html(page))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
