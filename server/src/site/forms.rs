//! The one route that every form posts to: read the fields, run the operation once, go on, or draw the page again with what was typed.

use super::form_values::{operation, own};
use super::{cookies, draw};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use app::page::Replay;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::schema::value::Rules;
use domain::{Error, Result};
use platform::Caller;
use platform::dispatch::Idempotent;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub struct FormPath {
    operation: String,
}

pub async fn run(
    State(state): State<App>,
    Path(path): Path<FormPath>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = match std::str::from_utf8(&body) {
        Ok(text) => cookies::query_pairs(text),
        Err(_) => Vec::new(),
    };
    match attempt(&state, &caller, &path.operation, &fields, &body).await {
        Ok(output) => onward(&state, &caller, &fields, &output),
        Err(error) => {
            let home = format!("/w/{}", caller.access.slug);
            let address = draw::local_path(own(&fields, "_page").as_deref(), &home);
            // A form may only be drawn again on a page of its own workspace.
            let address = if address == home
                || address.starts_with(&format!("{home}/"))
                || address.starts_with(&format!("{home}?"))
            {
                address
            } else {
                home
            };
            let replay = Replay { operation: path.operation, fields, error };
            draw::replay(&state, &headers, info, &caller, &address, replay).await
        }
    }
}

async fn attempt(state: &App, caller: &Caller, name: &str, fields: &[(String, String)], body: &[u8]) -> Result<Value> {
    let services = &state.platform.services;
    let catalog = services.catalogs.of(&caller.access.industry);
    let rules = Rules { today: platform::clock::today_in(&caller.access.timezone, services.clock.now()) };
    let input = operation(&catalog, fields, rules, &caller.access.timezone)?;
    let json = match own(fields, "_key") {
        Some(key) => {
            let once = Idempotent::new(format!("FORM {name}"), key, body);
            state.platform.clone().run_once(caller.clone(), name.to_owned(), input, once).await?.json
        }
        None => state.platform.clone().backend(caller.clone()).0.run_json(name, input).await?,
    };
    serde_json::from_str(&json).map_err(|_| Error::internal())
}

/// To where the form wanted to go, with its words for the next page. `{id}`, `{order.id}` and other members of the answer may stand in the address.
fn onward(state: &App, caller: &Caller, fields: &[(String, String)], output: &Value) -> Response {
    let home = format!("/w/{}", caller.access.slug);
    let next = own(fields, "_next").unwrap_or_else(|| own(fields, "_page").unwrap_or_else(|| home.clone()));
    let next = filled(&next, output);
    let mut response = Redirect::to(&draw::local_path(Some(&next), &home)).into_response();
    if let Some(words) = own(fields, "_done").or_else(|| said(output))
        && let Some(cookie) = cookies::flash(&words, state.config.secure())
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The address with `{id}` or `{order.id}` taken from the answer. What is filled in is not looked at again.
fn filled(address: &str, output: &Value) -> String {
    let (mut done, mut rest) = (String::new(), address);
    while let Some((before, name, after)) =
        rest.split_once('{').and_then(|(before, tail)| tail.split_once('}').map(|(name, after)| (before, name, after)))
    {
        let found = name.split('.').try_fold(output, |value, member| value.get(member)).and_then(Value::as_str);
        done = done + before + found.unwrap_or_default();
        rest = after;
    }
    done + rest
}

/// What some operations have to say of what they did: an undo that kept rows.
fn said(output: &Value) -> Option<String> {
    if let Some(said) = output.get("said").and_then(Value::as_str) {
        return Some(said.to_owned());
    }
    let kept = output.get("kept")?.as_array()?.len();
    let removed = output.get("removed")?.as_i64()?;
    Some(match kept {
        0 => format!("{removed} rows removed"),
        kept => format!("{removed} rows removed, {kept} kept because they were changed since"),
    })
}

#[cfg(test)]
mod tests {
    use super::filled;
    use serde_json::json;

    #[test]
    fn members_of_the_answer_stand_in_the_address() {
        let output = json!({ "id": "7", "order": { "id": "{id}" } });
        assert_eq!(filled("/orders/{order.id}/lines?of={id}&none={x}", &output), "/orders/{id}/lines?of=7&none=");
        assert_eq!(filled("/a{b", &output), "/a{b");
    }
}
