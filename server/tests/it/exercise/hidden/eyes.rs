//! Somebody who looks at the product: whatever a screen answers is kept whole, with the name of the screen.

use crate::exercise::world::API;
use crate::support::Client;
use app::page::encode;
use reqwest::{Method, Response, header};
use serde_json::Value;
use std::io::{Cursor, Read as _};

/// One answer.
pub struct Look {
    /// Of several addresses the same one: `list`, `merge`.
    pub screen: String,
    /// What was asked for.
    pub what: String,
    pub body: String,
}

pub struct Eyes<'a> {
    client: &'a Client,
    pub who: &'static str,
    pub seen: Vec<Look>,
    /// Screens that answered otherwise than they have to. One that is refused shows nothing, and proves as much.
    pub odd: Vec<String>,
}

impl<'a> Eyes<'a> {
    pub fn of(client: &'a Client, who: &'static str) -> Self {
        Self { client, who, seen: Vec::new(), odd: Vec::new() }
    }

    pub fn unless(&mut self, right: bool, screen: &str, what: &str, said: &str) {
        if !right {
            self.odd.push(format!("{screen}, {what}: {said}"));
        }
    }

    /// `shown` is whether it is answered, or else refused.
    async fn keep(&mut self, screen: &str, what: &str, shown: bool, answer: Response) -> String {
        let status = answer.status();
        let bytes = answer.bytes().await.unwrap();
        let body = if bytes.starts_with(b"PK\x03\x04") {
            unpacked(&bytes)
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let right = if shown { status.is_success() } else { status.is_client_error() };
        self.unless(right, screen, what, status.as_str());
        self.seen.push(Look { screen: screen.to_owned(), what: what.to_owned(), body: body.clone() });
        body
    }

    /// A page or a file that is answered.
    pub async fn page(&mut self, screen: &str, path: &str) -> String {
        self.ask(screen, path, true).await
    }

    pub async fn ask(&mut self, screen: &str, path: &str, shown: bool) -> String {
        let wanted = if path.contains("/api/v1/") { "application/json" } else { "text/html" };
        let request = self.client.request(Method::GET, path).header(header::ACCEPT, wanted);
        let answer = self.client.send(request).await;
        self.keep(screen, path, shown, answer).await
    }

    /// What REST answers to a body.
    pub async fn write(&mut self, screen: &str, method: Method, path: &str, body: &Value, shown: bool) -> Value {
        let what = format!("{method} {path}");
        let request = self.client.request(method, &format!("{API}{path}"));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        let answer = self.client.send(request).await;
        let said = self.keep(screen, &what, shown, answer).await;
        serde_json::from_str(&said).unwrap_or_default()
    }

    /// What an operation answers.
    pub async fn call(&mut self, screen: &str, name: &str, input: &Value, shown: bool) -> Value {
        let path = format!("/operations/{name}");
        let mut answer = self.write(screen, Method::POST, &path, input, shown).await;
        answer["data"].take()
    }

    /// A form that is refused, with the page on which it stood.
    pub async fn post(&mut self, screen: &str, operation: &str, fields: &[(String, String)]) -> String {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let path = format!("/w/exhibit/do/{operation}");
        let answer = self.client.form(&path, &fields).await;
        self.keep(screen, &path, false, answer).await
    }

    /// What a page that is open hears first.
    pub async fn stream(&mut self, screen: &str, entity: &str, record: &str, since: &str) {
        let path = format!("/w/exhibit/stream?entity={entity}&record={record}&since={}", encode(since));
        let request = self.client.request(Method::GET, &path).header(header::ACCEPT, "text/event-stream");
        let mut answer = self.client.send(request).await;
        let status = answer.status();
        let heard = answer.chunk().await.unwrap().unwrap_or_default();
        let body = String::from_utf8_lossy(&heard).into_owned();
        self.unless(status.is_success() && !body.is_empty(), screen, &path, status.as_str());
        self.seen.push(Look { screen: screen.to_owned(), what: path, body });
    }
}

/// What stands in all parts of a workbook.
fn unpacked(bytes: &[u8]) -> String {
    let mut book = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut out = String::new();
    for at in 0..book.len() {
        let mut part = Vec::new();
        book.by_index(at).unwrap().read_to_end(&mut part).unwrap();
        out.push_str(&String::from_utf8_lossy(&part));
    }
    out
}
