//! `/w/{workspace}/stream`: what changes while a page is open, as server-sent events. Each names rows that the caller may see, and nothing of what
//! is in them: the page fetches itself again, by the same door as ever. A page of one record says which, and hears who else has it open.
//!
//! A stream ends after a while, and at once where rights changed or a session was ended; its browser comes back with the place that it was told
//! last. So session, membership and roles are looked at anew by the layers that every request passes, and who is shut out hears nothing more.

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
use domain::{Error, Result, Verb};
use platform::live::{Batch, MOST_MISSED, Place, Rows, Seat, Shown, Told, Viewer};
use platform::presence::Here;
use platform::{Bind, Caller, Statement, TxMode, notice};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
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
/// Who comes back after longer is told that much may have changed, and nothing of what.
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
    /// What is told before anything new, the last first: where the stream stands, and what happened before it began.
    first: Vec<Event>,
    /// Nothing comes any more.
    over: bool,
    /// Of the page of a record.
    here: Option<Here>,
    viewer: Arc<Viewer>,
    /// Given back with the stream.
    _seat: Seat,
}

impl Listening {
    async fn begin(state: App, caller: Caller, heard: Option<&str>, record: Option<(String, Uuid)>) -> Result<Self> {
        let seat = state.live.seats.take(caller.access.tenant, caller.access.member)?;
        // Before what was missed is looked up, so that nothing falls in between.
        let (receiver, place) = state.live.listen().await?;
        let (missed, shown) = missed(&state, &caller, heard).await?;
        let (ends, viewer) = (Instant::now() + LASTS, Viewer::of(&caller.access));
        let (first, here) = (Vec::new(), None);
        let mut listening =
            Self { state, caller, receiver, shown, ends, first, over: false, here, viewer, _seat: seat };
        if let Some((entity, record)) = record {
            listening.arrive(&entity, record).await?;
        }
        let me = (listening.caller.access.member.0, notice::ENTITY);
        let tells = |missed: &[Told]| missed.iter().any(|told| (told.record_id, told.entity.as_str()) == me);
        if missed.as_deref().is_none_or(tells) {
            let unread = listening.unread().await?;
            listening.first.push(waits(unread)?);
        }
        let event = match missed {
            None => Some(many(place)),
            Some(missed) if missed.is_empty() => None,
            Some(missed) => {
                let seen = listening.look(rows(missed.iter())).await?;
                listening.event(&missed, &seen, place)?
            }
        };
        listening.first.extend(event);
        listening.first.push(stands(place));
        Ok(listening)
    }

    /// Stands at a record that the caller may see. Support staff look in without being seen: they are none of the colleagues.
    async fn arrive(&mut self, key: &str, record: Uuid) -> Result<()> {
        let access = &self.caller.access;
        let Some(entity) = self.state.platform.services.catalogs.of(&access.industry).get(key).cloned() else {
            return Ok(());
        };
        if access.impersonation.is_some() || !access.grants.allows(&entity.permission(Verb::Read)) {
            return Ok(());
        }
        let visible = {
            let _turn = self.state.live.turn().await?;
            let mut ctx = self.state.platform.open(&self.caller, "live.stream", TxMode::ReadOnly).await?;
            records::visible(&mut ctx, &entity, record).await.is_ok()
        };
        if visible {
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
            let _turn = self.state.live.turn().await?;
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
            // The browser comes back, and whether it may still listen is looked at by the layers that every request passes.
            let Caller { access, session, .. } = &self.caller;
            if batch.unsettles(access.tenant, access.member, *session) {
                return None;
            }
            match self.told(&batch).await {
                Ok(events) => {
                    self.first = events;
                    if let Some(event) = self.first.pop() {
                        return Some(event);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a listener could not be told what changed");
                    return None;
                }
            }
        }
    }

    /// What of a batch the caller may see, and how much waits for them where they were told something; the last first. The count comes before the
    /// place moves: who is cut off in between counts once more.
    async fn told(&self, batch: &Batch) -> Result<Vec<Event>> {
        let (tenant, member) = (self.caller.access.tenant, self.caller.access.member);
        let told: Vec<Told> = batch.of(tenant, self.shown.as_ref()).cloned().collect();
        let mut events = Vec::new();
        if !told.is_empty() {
            // At all rows of the workspace, though this page shows some of them already: the member's other pages take it from there.
            let seen = batch.seen(&self.viewer, || self.look(rows(batch.of(tenant, None)))).await?;
            events.extend(self.event(&told, &seen, batch.place)?);
        }
        if batch.tells(tenant, member) {
            events.push(waits(batch.unread(&self.viewer, || self.unread()).await?)?);
        }
        Ok(events)
    }

    /// How much waits for the caller, as the rail counts it.
    async fn unread(&self) -> Result<u64> {
        let _turn = self.state.live.turn().await?;
        let mut ctx = self.state.platform.open(&self.caller, "live.stream", TxMode::ReadOnly).await?;
        notice::unread(&mut ctx).await
    }

    /// Which of these rows the caller may see.
    async fn look(&self, rows: Rows) -> Result<Rows> {
        let access = &self.caller.access;
        let catalog = self.state.platform.services.catalogs.of(&access.industry);
        let _turn = self.state.live.turn().await?;
        let mut ctx = self.state.platform.open(&self.caller, "live.stream", TxMode::ReadOnly).await?;
        let mut seen = Rows::new();
        for (key, ids) in rows {
            let Some(entity) = catalog.get(&key).filter(|entity| access.grants.allows(&entity.permission(Verb::Read)))
            else {
                continue;
            };
            let ids: Vec<Uuid> = ids.into_iter().collect();
            let ids = records::seen(&mut ctx, entity, &ids).await?;
            seen.insert(key, ids.into_iter().collect());
        }
        Ok(seen)
    }

    /// Names what was told of rows that are seen; nothing where there are none.
    fn event(&self, told: &[Told], seen: &Rows, place: Place) -> Result<Option<Event>> {
        let me = self.caller.access.member.0;
        let mut touched: BTreeMap<(&str, Uuid), bool> = BTreeMap::new();
        let visible = |told: &&Told| seen.get(&told.entity).is_some_and(|rows| rows.contains(&told.record_id));
        for told in told.iter().filter(visible) {
            // Own work is no news, unless somebody else touched the row too.
            let own = touched.entry((told.entity.as_str(), told.record_id)).or_insert(true);
            *own = *own && told.actor_id == Some(me);
        }
        if touched.is_empty() {
            return Ok(None);
        }
        let change = |((entity, id), own): ((&str, Uuid), bool)| json!({ "entity": entity, "id": id, "own": own });
        let changes: Vec<Value> = touched.into_iter().map(change).collect();
        let event = Event::default().id(place.to_string()).json_data(json!({ "changes": changes }));
        event.map(Some).map_err(|_| Error::internal())
    }
}

/// What happened since a browser heard something last, nothing where that is too much or too long ago to be told; and what its page shows.
async fn missed(state: &App, caller: &Caller, heard: Option<&str>) -> Result<(Option<Vec<Told>>, Option<Shown>)> {
    let (tenant, member) = (caller.access.tenant, caller.access.member);
    let Some(heard) = heard else { return Ok((Some(Vec::new()), None)) };
    let place = heard.parse::<Place>().ok();
    let moment = match place {
        Some(place) => place.moment(),
        None => heard
            .parse::<DateTime<Utc>>()
            .map_err(|_| Error::field("since", "Write a moment as 2026-11-21T09:30:00Z, or the id of an event"))?,
    };
    let services = &state.platform.services;
    if services.clock.now() - moment > OLDEST {
        return Ok((None, None));
    }
    let (missed, shown) = match place {
        Some(place) => (state.live.missed(&services.pools, tenant, member, place).await?, None),
        None => {
            let (missed, shown) = state.live.since(&services.pools, tenant, member, moment).await?;
            (missed, Some(shown))
        }
    };
    Ok(((missed.len() <= MOST_MISSED).then_some(missed), shown))
}

/// The rows that were touched.
fn rows<'a>(told: impl Iterator<Item = &'a Told>) -> Rows {
    let mut rows = Rows::new();
    for told in told {
        rows.entry(told.entity.clone()).or_default().insert(told.record_id);
    }
    rows
}

/// From where the browser goes on when it comes back.
fn stands(place: Place) -> Event {
    Event::default().event("place").id(place.to_string()).retry(RETRY).data("{}")
}

/// How much waits for the listener. It moves no place.
fn waits(unread: u64) -> Result<Event> {
    Event::default().event("told").json_data(json!({ "unread": unread })).map_err(|_| Error::internal())
}

/// More happened than is told one by one.
fn many(place: Place) -> Event {
    Event::default().event("many").id(place.to_string()).data("{}")
}
