//! D-07 and D-10: payloads in every parameter of every route, in its path, its query and its body, and in every field of every form.

use super::{PAYLOADS, TELLTALES, Tally};
use crate::matrix::fixtures::Fixtures;
use crate::support::{Client, Server, encoded};
use app::page::encode;
use reqwest::{Method, header};
use serde_json::{Map, Value, json};

/// An element behind a quote, the other quote, the end of a script, and a line break.
const SOME: [usize; 4] = [2, 3, 5, 27];
/// Names that some page or handler reads from a query.
const QUERY: &[&str] = &[
    "view",
    "filter",
    "sort",
    "search",
    "limit",
    "offset",
    "cursor",
    "fields",
    "count",
    "trash",
    "q",
    "page",
    "edit",
    "move",
    "convert",
    "next",
    "_next",
    "_page",
    "status",
    "before",
    "from",
    "until",
    "member",
    "entity",
    "record",
    "kind",
    "operation",
    "change",
    "code",
    "login",
    "error",
    "__err",
    "__path",
];
/// Names that some form sends.
const FIELDS: &[&str] = &[
    "entity",
    "id",
    "version",
    "to",
    "name",
    "values.name",
    "values.email",
    "values.value",
    "values.value.currency",
    "login",
    "email",
    "phone",
    "password",
    "code",
    "next",
    "theme",
    "density",
    "title",
    "reason",
    "amount",
    "invoice",
    "order",
    "customer",
    "product",
    "member",
    "label",
    "key",
    "about",
    "roles.USER",
    "lines.0.description",
    "definition",
    "token",
    "_page",
    "_next",
    "_key",
    "_alike",
    "_password",
    "_code",
];
/// They would end what the next ones need, and need nothing for it.
const ENDS: [&str; 3] = ["people.leave", "people.end_other_sessions", "people.end_session"];

struct Echo {
    tally: Tally,
    client: Client,
    lead: String,
}

impl Echo {
    async fn send(&mut self, method: &Method, path: &str, body: Option<(&str, String)>) {
        let accept = if path.contains("/api/") { "application/json" } else { "text/html" };
        let mut request = self.client.request(method.clone(), path).header(header::ACCEPT, accept);
        if let Some((kind, body)) = body {
            request = request.header(header::CONTENT_TYPE, kind).body(body);
        }
        let answer = self.client.clone().send(request).await;
        self.tally.answer(&format!("{method} {path}"), answer).await;
    }

    /// With the payload in one parameter of the path at a time, and with none.
    fn paths(&self, route: &str, payload: &str) -> Vec<String> {
        let usual = |path: &str| {
            path.replace("{workspace}", "lakeside")
                .replace("{industry}", "automotive")
                .replace("{entity}", "leads")
                .replace("{id}", &self.lead)
                .replace("{key}", "USER")
                .replace("{name}", "qualify")
                .replace("{operation}", "records.create")
                .replace("{token}", "nothing")
        };
        let mut paths = vec![usual(route)];
        for part in route.split('/').filter(|part| part.starts_with('{')) {
            paths.push(usual(&route.replace(part, &encode(payload))));
        }
        paths
    }

    async fn route(&mut self, method: &Method, route: &str, payload: &str) {
        let fields: Vec<(&str, &str)> = FIELDS.iter().map(|name| (*name, payload)).collect();
        let query: Vec<(&str, &str)> = QUERY.iter().map(|name| (*name, payload)).collect();
        for (at, path) in self.paths(route, payload).into_iter().enumerate() {
            if method == Method::GET {
                self.send(method, &path, None).await;
                if at == 0 {
                    self.send(method, &format!("{path}?{}", encoded(&query)), None).await;
                }
                continue;
            }
            let object: Map<String, Value> = FIELDS.iter().map(|name| ((*name).to_owned(), json!(payload))).collect();
            self.send(method, &path, Some(("application/x-www-form-urlencoded", encoded(&fields)))).await;
            self.send(method, &path, Some(("application/json", Value::Object(object).to_string()))).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_comes_back_as_text_and_refusals_tell_nothing() {
    assert!(TELLTALES.len() >= 60);
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let mut fixtures = Fixtures::new(&server, &lakeside, "Olive").await;
    let lead = fixtures.make("lead", None).await;
    let (client, grace) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let mut echo = Echo { tally: Tally::default(), client, lead };
    let routes = server.routes();
    for payload in SOME.map(|at| PAYLOADS[at].as_str()) {
        for route in &routes {
            let method: Method = route.method.parse().unwrap();
            echo.route(&method, &route.path, payload).await;
            if route.path.ends_with("sign-out") {
                echo.client.set_cookie("nexus", &server.session(grace.access.user.unwrap()).await);
            }
        }
        // Those whose queries are read word by word: one parameter at a time.
        for page in [
            "/leads",
            "/go",
            "/settings/audit",
            "/undo",
            "/runs",
            "/approvals",
            "/leads/new",
            "/api/v1/leads",
            "/api/v1/audit/logs",
        ] {
            for name in QUERY {
                echo.send(&Method::GET, &format!("/w/lakeside{page}?{name}={}", encode(payload)), None).await;
            }
            echo.send(&Method::GET, &format!("/w/lakeside{page}?{}=1", encode(payload)), None).await;
        }
        for operation in domain::operation::CATALOGUE.iter().filter(|name| !ENDS.contains(name)) {
            let fields: Vec<(&str, &str)> = FIELDS
                .iter()
                .map(|name| (*name, if *name == "_page" { "/w/lakeside/leads/new" } else { payload }))
                .collect();
            let form = Some(("application/x-www-form-urlencoded", encoded(&fields)));
            echo.send(&Method::POST, &format!("/w/lakeside/do/{operation}"), form).await;
        }
        // A form of a page that draws what was typed again.
        let typed = [
            ("entity", "lead"),
            ("values.name", payload),
            ("values.email", payload),
            ("_page", "/w/lakeside/leads/new"),
        ];
        let form = Some(("application/x-www-form-urlencoded", encoded(&typed)));
        echo.send(&Method::POST, "/w/lakeside/do/records.create", form).await;
    }
    let tally = echo.tally;
    println!(
        "bar=D-07 routes={} operations={} payloads={} sent={} shown={} faults={} pass={}",
        routes.len(),
        domain::operation::CATALOGUE.len(),
        SOME.len(),
        tally.pages,
        tally.shown,
        tally.faults.len(),
        u8::from(tally.faults.is_empty())
    );
    println!(
        "bar=D-10 telltales={} refusals={} pass={}",
        TELLTALES.len(),
        tally.refusals,
        u8::from(tally.faults.is_empty())
    );
    assert!(
        tally.faults.is_empty(),
        "{} faults, among them {:#?}",
        tally.faults.len(),
        &tally.faults[..tally.faults.len().min(40)]
    );
    assert!(tally.pages > 2_000 && tally.shown > 500, "{} sent and {} shown", tally.pages, tally.shown);
    assert!(tally.refusals > 500, "only {} were refused", tally.refusals);
    server.end().await;
}
