//! The one route that every form posts to: read the fields, keep the files among them, run the operation once, go on, or draw the page again with
//! what was typed.
//!
//! A form that is sent twice is answered twice with the same address: by its key while the page is the same, whether the first is done or
//! still under way. A page that is drawn anew, as after Back, has another key; forms that make something ask before they make the same again
//! (`_alike`).

use super::confirm::Asked;
use super::form_values::{Here, operation, own};
use super::sent::Sent;
use super::sign_in::Door;
use super::{confirm, cookies, draw};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use app::page::{ALIKE, ASK, ASKED, About, LIKE, Replay, UNDO, encode};
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::error::CONFIRMATION_REQUIRED;
use domain::operation::SHOWN_ONCE;
use domain::records::{AlikeRecords, DeleteRecord};
use domain::schema::FieldKind;
use domain::schema::value::Rules;
use domain::{Error, Kind, Operation, Result};
use platform::Caller;
use platform::Idempotent;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tower_sessions::Session;
use uuid::Uuid;
use words::{t, tn};

/// How long the second click of a double click waits for what the first one does.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Minutes in which the same again is asked about.
const ALIKE_MINUTES: i64 = 10;

#[derive(Deserialize)]
pub struct FormPath {
    operation: String,
}

pub async fn run(
    State(state): State<App>,
    Path(path): Path<FormPath>,
    session: Session,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let mut sent = match Sent::read(request).await {
        Ok(sent) => sent,
        Err(refusal) => return refusal,
    };
    let kept = sent.keep(&state, &caller).await;
    let mut fields = sent.fields;
    let home = format!("/w/{}", caller.access.slug);
    let action = format!("{home}/do/{}", path.operation);
    let back = draw::local_path(own(&fields, "_page").as_deref(), &home);
    let asked = Asked {
        state: &state,
        door: Door::People,
        session: &session,
        headers: &headers,
        info,
        action: &action,
        back: &back,
    };
    // The password is no part of what was asked for: neither the operation nor the key's hash of the body ever sees it.
    if confirm::brings_proof(&fields) {
        fields = match asked.confirmed(fields).await {
            Ok(fields) => fields,
            Err(page) => return page,
        };
    }
    let once = own(&fields, "_key").map(|key| {
        Idempotent::new(format!("FORM {}", path.operation), key, content(&fields).as_bytes()).patient(PATIENCE)
    });
    let alike = match kept {
        Ok(()) => done_alike(&state, &caller, &fields, once.as_ref()).await,
        Err(error) => Err(error),
    };
    let tried = match alike {
        Ok(false) => match looks_like(&state, &caller, &path.operation, &fields, once.as_ref()).await {
            Some((one, like)) => {
                fields.extend([(ASKED.to_owned(), "yes".to_owned()), (LIKE.to_owned(), like)]);
                Err(Error::conflict(t!(
                    "There may be such a {entity} already. Look at it; send this again if you mean another one",
                    entity = one
                )))
            }
            None => attempt(&state, &caller, &path.operation, &fields, once).await,
        },
        Ok(true) => {
            fields.push((ASKED.to_owned(), "yes".to_owned()));
            Err(Error::conflict(t!(
                "You sent the same a few minutes ago, and it was done. Send it again if you mean it once more"
            )))
        }
        Err(error) => Err(error),
    };
    match tried {
        Ok(output) => match shown_once(&path.operation, &output) {
            Some((place, about)) => {
                draw::shown(&state, &headers, info, &caller, &format!("{home}/{place}"), about).await
            }
            None => {
                // What goes to the trash is offered back at once, and what its form says is.
                let offered = path.operation == DeleteRecord::NAME || own(&fields, UNDO).is_some();
                let undo = offered.then_some(info.id);
                onward(&state, &caller, &fields, &output, undo)
            }
        },
        Err(error) if error.is(CONFIRMATION_REQUIRED) => asked.page(fields, false, None).await,
        Err(error) => {
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

/// The page that shows what is shown once, drawn right here: an address to go on to could not carry it.
fn shown_once(operation: &str, output: &Value) -> Option<(&'static str, About)> {
    let shown = SHOWN_ONCE.iter().any(|(known, _)| *known == operation);
    let about = serde_json::from_value(output.clone()).map(About::NewKey);
    shown.then_some(("settings/keys", about.ok()?))
}

/// What the form says, without what belongs to the form itself.
fn content(fields: &[(String, String)]) -> String {
    let said = fields.iter().filter(|(name, _)| !name.starts_with('_'));
    said.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

/// Whether a form that asks to be asked comes with what its sender had done a few minutes ago.
async fn done_alike(
    state: &App,
    caller: &Caller,
    fields: &[(String, String)],
    once: Option<&Idempotent>,
) -> Result<bool> {
    let (Some(once), Some(_)) = (once, own(fields, ALIKE)) else { return Ok(false) };
    let since = state.platform.services.clock.now() - chrono::Duration::minutes(ALIKE_MINUTES);
    state.platform.did_alike(caller, once, since).await
}

/// What a form that asks to be asked looks like, where it makes a record or changes what records are told apart by. What has to be unique is
/// left to the write, which refuses it by name; so is a form that cannot be read.
async fn looks_like(
    state: &App,
    caller: &Caller,
    name: &str,
    fields: &[(String, String)],
    once: Option<&Idempotent>,
) -> Option<(String, String)> {
    own(fields, ALIKE).filter(|what| what == ASK && matches!(name, "records.create" | "records.update"))?;
    let catalog = state.platform.services.catalogs.of(&caller.access.industry);
    let entity = catalog.get(&own(fields, "entity")?)?.clone();
    let input = input(state, caller, fields).ok()?;
    let values = input.get("values")?.as_object()?.clone();
    let tells_apart = |key: &str| {
        key == entity.title
            || matches!(key, "company" | "customer")
            || entity.field(key).is_some_and(|field| matches!(field.kind, FieldKind::Email | FieldKind::Phone))
    };
    let base = input.get("base");
    let changed = |(key, value): (&String, &Value)| {
        tells_apart(key) && base.and_then(|base| base.get(key)).is_none_or(|was| was != value)
    };
    if !values.iter().any(changed) {
        return None;
    }
    let except = own(fields, "id").and_then(|id| id.parse().ok());
    let asked = AlikeRecords { entity: entity.key.clone(), values, except };
    let mut alike = state.platform.clone().backend(caller.clone()).run(asked).await.ok()?;
    alike.retain(|alike| entity.fields.iter().all(|field| !field.unique || field.label != alike.same));
    if alike.is_empty() {
        return None;
    }
    // Asked after the look: what the first of two clicks made, which looks like itself, was made under this key.
    if let Some(once) = once
        && state.platform.was_done(caller, once).await.ok()?
    {
        return None;
    }
    Some((entity.labels.one.to_lowercase(), serde_json::to_string(&alike).ok()?))
}

/// The operation's input, as the form says it to the member here and now.
fn input(state: &App, caller: &Caller, fields: &[(String, String)]) -> Result<Value> {
    let services = &state.platform.services;
    let (catalog, now) = (services.catalogs.of(&caller.access.industry), services.clock.now());
    let rules = Rules { today: platform::clock::today_in(&caller.access.timezone, now) };
    operation(&catalog, &caller.access.grants, fields, Here { rules, zone: caller.access.clock_zone(), now })
}

async fn attempt(
    state: &App,
    caller: &Caller,
    name: &str,
    fields: &[(String, String)],
    once: Option<Idempotent>,
) -> Result<Value> {
    let input = input(state, caller, fields)?;
    let json = match once {
        Some(once) => {
            let reply = state.platform.clone().run_once(caller.clone(), name.to_owned(), input, once).await;
            reply.map_err(in_words)?.json
        }
        None => state.platform.clone().backend(caller.clone()).0.run_json(name, input).await?,
    };
    serde_json::from_str(&json).map_err(|_| Error::internal())
}

/// A used key, for who knows of none: a page that the browser kept was sent again with other values.
pub fn in_words(error: Error) -> Error {
    match error.kind {
        Kind::KeyReused => Error::new(
            Kind::KeyReused,
            t!("This form was sent before, with other values. Look at what it did; send it again if you mean this too"),
        ),
        _ => error,
    }
}

/// To where the form wanted to go, with its words for the next page. `{id}`, `{order.id}` and other members of the answer may stand in the address.
fn onward(state: &App, caller: &Caller, fields: &[(String, String)], output: &Value, undo: Option<Uuid>) -> Response {
    let home = format!("/w/{}", caller.access.slug);
    let next = own(fields, "_next").unwrap_or_else(|| own(fields, "_page").unwrap_or_else(|| home.clone()));
    let next = filled(&next, output);
    let mut response = Redirect::to(&draw::local_path(Some(&next), &home)).into_response();
    if let Some(words) = own(fields, "_done").or_else(|| said(output))
        && let Some(cookie) = cookies::flash_with(&words, undo, state.config.secure())
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

/// What some operations have to say of what they did: an undo of an import, of which rows may be kept, and which a worker may go on with.
fn said(output: &Value) -> Option<String> {
    if let Some(said) = output.get("said").and_then(Value::as_str) {
        return Some(said.to_owned());
    }
    let kept = output.get("kept")?.as_array()?.len();
    let removed = output.get("removed")?.as_i64()?;
    let number = |name: &str| output.get(name).and_then(Value::as_i64).unwrap_or_default();
    let (reverted, waiting) = (number("reverted"), number("waiting"));
    if waiting > 0 {
        return Some(tn!(waiting, "{count} is being put back", "{count} are being put back"));
    }
    let mut said = Vec::new();
    if removed > 0 || reverted == 0 {
        said.push(tn!(removed, "{count} row removed", "{count} rows removed"));
    }
    if reverted > 0 {
        said.push(tn!(reverted, "{count} row put back", "{count} rows put back"));
    }
    if kept > 0 {
        said.push(tn!(
            kept,
            "{count} kept for the reason that the import lists",
            "{count} kept for the reasons that the import lists"
        ));
    }
    Some(said.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{filled, said};
    use serde_json::json;

    #[test]
    fn an_undo_says_what_went_what_was_put_back_and_what_stays() {
        let undone = |removed: i64, reverted: i64, kept: usize, waiting: i64| {
            let kept = vec![json!({}); kept];
            said(&json!({ "removed": removed, "reverted": reverted, "kept": kept, "waiting": waiting }))
        };
        assert_eq!(undone(2, 0, 0, 0).as_deref(), Some("2 rows removed"));
        assert_eq!(undone(0, 40, 0, 0).as_deref(), Some("40 rows put back"), "of an import that only changed rows");
        let all = "1 row removed, 1 row put back, 2 kept for the reasons that the import lists";
        assert_eq!(undone(1, 1, 2, 0).as_deref(), Some(all));
        assert_eq!(undone(0, 0, 0, 250).as_deref(), Some("250 are being put back"));
    }

    #[test]
    fn members_of_the_answer_stand_in_the_address() {
        let output = json!({ "id": "7", "order": { "id": "{id}" } });
        assert_eq!(filled("/orders/{order.id}/lines?of={id}&none={x}", &output), "/orders/{id}/lines?of=7&none=");
        assert_eq!(filled("/a{b", &output), "/a{b");
    }
}
