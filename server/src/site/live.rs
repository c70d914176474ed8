//! `/w/{workspace}/stream`: what changes while a page is open, as server-sent events. Each names rows that the caller may see, and nothing of what
//! is in them: the page fetches itself again, by the same door as ever. A page of one record says which, and hears who else has it open.
//!
//! A stream ends after a while and its browser comes back with the place that it was told last. So session, membership and roles are looked at
//! anew by the layers that every request passes, and nobody listens longer than that after being shut out.

use crate::middleware::request::RequestInfo;
use crate::state::App;
use api::problem::Problem;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::{Error, Result};
use platform::live::{Batch, MOST_MISSED, Place, Shown, Told};
use platform::presence::Here;
use platform::{Bind, Caller, Statement, TxMode};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::Instant;
use uuid::Uuid;

/// How long one stream lasts.
const LASTS: Duration = Duration::from_secs(20);
/// How soon a browser comes back.
const RETRY: Duration = Duration::from_millis(500);
/// Older pages are fetched anew.
const OLDEST: chrono::TimeDelta = chrono::TimeDelta::hours(1);

const NAMES: &str = "\
select name from members where tenant_id = $1 and id = any ($2) and status = 'ACTIVE' and kind = 'person' order by name, id";

#[derive(Deserialize)]
pub struct From {
    /// When the page was drawn, RFC 3339; or the id of the last event that was heard.
    #[serde(default)]
    since: Option<String>,
    /// Key of the entity whose record the page shows, and the record.
    #[serde(default)]
    entity: Option<String>,
    #[serde(default)]
    record: Option<Uuid>,
}

/// Whether a request is a page's own asking, which must not keep a session alive that nobody uses.
pub fn is_stream(parts: &Parts) -> bool {
    parts.uri.path().ends_with("/stream") && wants_events(&parts.headers)
}

fn wants_events(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept == "text/event-stream")
}

pub async fn stream(
    State(state): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Response {
    if !wants_events(&headers) {
        let error = Error::invalid("This is a stream of events. Ask for it with Accept: text/event-stream");
        return Problem { error, request: Some(info.id) }.into_response();
    }
    let record = from.entity.zip(from.record);
    let heard = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned).or(from.since);
    match Listening::begin(state, caller, heard.as_deref(), record).await {
        Ok(listening) => {
            let events = futures::stream::unfold(listening, |mut listening| async move {
                let event = listening.next().await?;
                Some((Ok::<_, Infallible>(event), listening))
            });
            Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(10))).into_response()
        }
        Err(error) => Problem { error, request: Some(info.id) }.into_response(),
    }
}

struct Listening {
    state: App,
    caller: Caller,
    receiver: broadcast::Receiver<Arc<Batch>>,
    /// What the page shows, where it begins to listen.
    shown: Option<Shown>,
    ends: Instant,
    /// What is told before anything new: where the stream stands, and what happened before it began.
    first: Vec<Event>,
    /// Nothing comes any more.
    over: bool,
    /// Of the page of a record.
    here: Option<Here>,
}

impl Listening {
    async fn begin(state: App, caller: Caller, heard: Option<&str>, record: Option<(String, Uuid)>) -> Result<Self> {
        // Before what was missed is looked up, so that nothing falls in between.
        let Some((receiver, place)) = state.live.listen().await else {
            return Err(Error::unavailable("The server is stopping"));
        };
        let pools = &state.platform.services.pools;
        let tenant = caller.access.tenant;
        let mut shown = None;
        let missed = match (heard, heard.and_then(|heard| heard.parse::<Place>().ok())) {
            (None, _) => Vec::new(),
            (_, Some(place)) => platform::live::missed(pools, tenant, place).await?,
            (Some(moment), None) => {
                let moment: DateTime<Utc> = moment.parse().map_err(|_| {
                    Error::field("since", "Write a moment as 2026-11-21T09:30:00Z, or the id of an event")
                })?;
                if state.platform.services.clock.now() - moment > OLDEST {
                    Vec::new()
                } else {
                    let (missed, drawn) = platform::live::since(pools, tenant, moment).await?;
                    shown = Some(drawn);
                    missed
                }
            }
        };
        let ends = Instant::now() + LASTS;
        let mut listening = Self { state, caller, receiver, shown, ends, first: Vec::new(), over: false, here: None };
        if let Some((entity, record)) = record {
            listening.arrive(&entity, record).await?;
        }
        if missed.len() > MOST_MISSED {
            listening.first.push(many(place));
        } else if let Some(event) = listening.told(missed.iter(), place).await? {
            listening.first.push(event);
        }
        listening.first.push(stands(place));
        Ok(listening)
    }

    /// Stands at a record that the caller may see. Support staff look in without being seen: they are none of the colleagues.
    async fn arrive(&mut self, key: &str, record: Uuid) -> Result<()> {
        let access = &self.caller.access;
        let Some(entity) = self.state.platform.services.catalogs.of(&access.industry).get(key).cloned() else {
            return Ok(());
        };
        if access.impersonation.is_some() || !access.grants.allows(&entity.permission(domain::Verb::Read)) {
            return Ok(());
        }
        let mut ctx = self.state.platform.open(&self.caller, "live.stream", TxMode::ReadOnly).await?;
        if records::visible(&mut ctx, &entity, record).await.is_ok() {
            self.here = Some(self.state.presence.arrive((access.tenant, record), access.member.0));
            // Also when nobody is: the stream before this one may have said otherwise.
            self.first.push(self.colleagues().await?);
        }
        Ok(())
    }

    /// Who else has the record open, by name.
    async fn colleagues(&self) -> Result<Event> {
        let others = self.here.as_ref().map(Here::others).unwrap_or_default();
        let mut names: Vec<String> = Vec::new();
        if !others.is_empty() {
            let mut ctx = self.state.platform.open(&self.caller, "live.stream", TxMode::ReadOnly).await?;
            let binds =
                vec![Bind::Id(Some(self.caller.access.tenant.0)), Bind::Ids(others.into_iter().map(Some).collect())];
            for row in ctx.fetch(Statement::new(NAMES, binds)).await? {
                names.push(row.get(0)?);
            }
        }
        Event::default().event("here").json_data(json!({ "names": names })).map_err(|_| Error::internal())
    }

    /// The next event; nothing where the stream ends.
    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.first.pop() {
            return Some(event);
        }
        if self.over {
            return None;
        }
        loop {
            let (receiver, here) = (&mut self.receiver, &mut self.here);
            let moved = async {
                match here {
                    Some(here) => here.moved().await,
                    None => std::future::pending().await,
                }
            };
            let heard = tokio::select! {
                heard = tokio::time::timeout_at(self.ends, receiver.recv()) => heard,
                () = moved => match self.colleagues().await {
                    Ok(event) => return Some(event),
                    Err(error) => {
                        tracing::warn!(%error, "a listener could not be told who else is here");
                        return None;
                    }
                },
            };
            let batch = match heard {
                Ok(Ok(batch)) => batch,
                // The browser comes back with its place and is told what it missed.
                Ok(Err(RecvError::Lagged(_) | RecvError::Closed)) => return None,
                Err(_) => {
                    // Asked before the last look: what was sent until then is in hand.
                    let place = self.state.live.place();
                    match self.receiver.try_recv() {
                        Ok(batch) => batch,
                        Err(TryRecvError::Empty) => {
                            self.over = true;
                            return place.map(stands);
                        }
                        Err(_) => return None,
                    }
                }
            };
            let told: Vec<Told> = batch.of(self.caller.access.tenant, self.shown.as_ref()).cloned().collect();
            match self.told(told.iter(), batch.place).await {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "a listener could not be told what changed");
                    return None;
                }
            }
        }
    }

    /// What of it the caller may see.
    async fn told(&self, told: impl Iterator<Item = &Told>, place: Place) -> Result<Option<Event>> {
        let mut touched: BTreeMap<&str, BTreeMap<Uuid, bool>> = BTreeMap::new();
        let me = self.caller.access.member.0;
        for told in told {
            // Own work is no news, unless somebody else touched the row too.
            let own = touched.entry(&told.entity).or_default().entry(told.record_id).or_insert(true);
            *own = *own && told.actor_id == Some(me);
        }
        let mut changes = Vec::new();
        let mut ctx = None;
        for (key, rows) in touched {
            let services = &self.state.platform.services;
            let Some(entity) = services.catalogs.of(&self.caller.access.industry).get(key).cloned() else { continue };
            if !self.caller.access.grants.allows(&entity.permission(domain::Verb::Read)) {
                continue;
            }
            let ctx = match &mut ctx {
                Some(ctx) => ctx,
                none => none.insert(self.state.platform.open(&self.caller, "live.stream", TxMode::ReadOnly).await?),
            };
            let ids: Vec<Uuid> = rows.keys().copied().collect();
            let seen: BTreeSet<Uuid> = records::seen(ctx, &entity, &ids).await?.into_iter().collect();
            for (id, own) in rows.into_iter().filter(|(id, _)| seen.contains(id)) {
                changes.push(json!({ "entity": key, "id": id, "own": own }));
            }
        }
        if changes.is_empty() {
            return Ok(None);
        }
        let event = Event::default().id(place.to_string()).json_data(json!({ "changes": changes }));
        event.map(Some).map_err(|_| Error::internal())
    }
}

/// From where the browser goes on when it comes back.
fn stands(place: Place) -> Event {
    Event::default().event("place").id(place.to_string()).retry(RETRY).data("{}")
}

/// More happened than is told one by one.
fn many(place: Place) -> Event {
    Event::default().event("many").id(place.to_string()).data("{}")
}
