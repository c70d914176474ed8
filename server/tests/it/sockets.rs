//! The accept loop: clients that send nothing, or very slowly, hold no place for long; everyone else is served meanwhile.

use crate::support::Server;
use nexus_server::net::Limits;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn short() -> Limits {
    Limits { first_byte: Duration::from_millis(300), headers: Duration::from_millis(500), ..Limits::default() }
}

fn address(server: &Server) -> String {
    server.base.trim_start_matches("http://").to_owned()
}

/// Waits until the server closes, and answers whether it did within the time.
async fn closed(mut stream: TcpStream, within: Duration) -> bool {
    let mut rest = Vec::new();
    tokio::time::timeout(within, stream.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn silent_and_slow_clients_are_closed_and_others_served() {
    let server = Server::with(short()).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(address(&server)).await.unwrap());
    }
    let mut slow = TcpStream::connect(address(&server)).await.unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
    let answer = server.client().get("/livez").await;
    assert_eq!(answer.status(), 200, "others are served meanwhile");
    for stream in silent {
        assert!(closed(stream, Duration::from_secs(3)).await, "a silent socket is closed");
    }
    assert!(closed(slow, Duration::from_secs(3)).await, "headers that never end are cut off");
    server.end().await;
}

#[tokio::test]
async fn a_connection_that_fell_silent_is_closed() {
    let server = Server::with(short()).await;
    let mut stream = TcpStream::connect(address(&server)).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 512];
    assert!(stream.read(&mut first).await.unwrap() > 0, "the first request is answered");
    assert!(closed(stream, Duration::from_secs(3)).await, "silence between requests ends the connection");
    server.end().await;
}

#[tokio::test]
async fn one_address_cannot_take_every_place() {
    let server = Server::with(Limits { per_address: 5, first_byte: Duration::from_secs(5), ..Limits::default() }).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(TcpStream::connect(address(&server)).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let extra = TcpStream::connect(address(&server)).await.unwrap();
    assert!(closed(extra, Duration::from_secs(2)).await, "the sixth is turned away at once");
    drop(held);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.client().get("/livez").await.status(), 200, "places come back");
    server.end().await;
}

/// Asks for `/livez` so many times at once, and answers after how long all of the answers were there.
async fn exchange(stream: &mut TcpStream, requests: usize) -> Duration {
    let began = tokio::time::Instant::now();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".repeat(requests).as_slice()).await.unwrap();
    let mut heard = Vec::new();
    let mut piece = [0; 4096];
    while heard.windows(12).filter(|window| window == b"HTTP/1.1 200").count() < requests || !heard.ends_with(b"ok") {
        let length = stream.read(&mut piece).await.unwrap();
        assert!(length > 0, "closed after {}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&piece[..length]);
    }
    began.elapsed()
}

#[tokio::test]
async fn answers_do_not_wait_for_acknowledgements() {
    let server = Server::new().await;
    let mut stream = TcpStream::connect(address(&server)).await.unwrap();
    // Linux acknowledges at once until a connection has gone to and fro for a while, and then with what it sends next.
    for _ in 0..30 {
        exchange(&mut stream, 1).await;
    }
    let mut times = Vec::new();
    for _ in 0..20 {
        times.push(exchange(&mut stream, 2).await);
        exchange(&mut stream, 1).await;
    }
    times.sort_unstable();
    // Without TCP_NODELAY the second answer of two waits until the first is acknowledged, which takes 40 ms. On a busy machine some take as long, and
    // not most.
    assert!(times[5] < Duration::from_millis(30), "20 pairs of answers took {times:?}");
    server.end().await;
}
