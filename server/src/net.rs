//! The accept loop. `axum::serve` sets no header timeout, waits for ever on silent clients at shutdown, and leaves TCP_NODELAY off, which
//! makes every streamed answer wait 40 ms for the client's acknowledgement.

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

/// Bytes of the names and values of a request's headers. hyper bounds by it what it waits for, which one large read passes by.
const MOST_HEADER_BYTES: usize = 64 * 1024;

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until the first byte of the first request.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its headers, and of silence between requests.
    pub headers: Duration,
    pub connections: usize,
    pub per_address: usize,
    /// For requests in flight after the stop was asked for.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(10),
            headers: Duration::from_secs(15),
            connections: 4096,
            per_address: 1024,
            drain: Duration::from_secs(25),
        }
    }
}

/// Serves until `stop` turns true, then drains.
pub async fn serve(listener: TcpListener, app: Router, limits: Limits, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let addresses = Addresses::default();
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or a connection that died in the queue: wait a little instead of spinning.
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            // The guard of the value is dropped in here: it cannot travel between threads.
            () = async { let _ = stop.wait_for(|stop| *stop).await; } => break,
        };
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let Some(seat) = addresses.take(peer.ip(), limits.per_address) else { continue };
        let _ = stream.set_nodelay(true);
        let (app, watcher) = (app.clone(), graceful.watcher());
        tokio::spawn(async move {
            connection(stream, peer, app, limits, watcher).await;
            drop((place, seat));
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off after {} seconds", limits.drain.as_secs());
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    limits: Limits,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // hyper's own timer starts with the first byte; a client that never sends one would hold its place for ever.
    let mut byte = [0];
    match tokio::time::timeout(limits.first_byte, stream.peek(&mut byte)).await {
        Ok(Ok(read)) if read > 0 => {}
        _ => return,
    }
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let app = app.clone();
        async move {
            if header_bytes(request.headers()) >= MOST_HEADER_BYTES {
                let mut refusal = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response();
                refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                return Ok(refusal);
            }
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            app.oneshot(request).await
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .max_headers(100)
        .max_buf_size(MOST_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// Open connections by address.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

struct Seat {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    fn take(&self, address: IpAddr, most: usize) -> Option<Seat> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { addresses: self.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}
