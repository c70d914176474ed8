//! E-06: whatever a URL looks like, nothing inside is ever connected to.

use nexus_platform::egress::{Egress, EgressConfig, EgressError, Lookup, Outgoing};
use reqwest::Method;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Listens on a loopback address and counts who comes.
struct Canary {
    port: u16,
    visits: Arc<AtomicU32>,
}

impl Canary {
    async fn on(address: &str, answer: &'static str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let visits = Arc::new(AtomicU32::new(0));
        let counted = visits.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _ = stream.read(&mut request).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { port, visits }
    }

    fn visits(&self) -> u32 {
        self.visits.load(Ordering::SeqCst)
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-kept: yes\r\nconnection: close\r\n\r\nhello";

/// Answers from a list, one after the other, for every name alike.
struct Answers {
    list: Vec<&'static str>,
    asked: AtomicUsize,
}

impl Lookup for Answers {
    fn lookup(&self, _: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst).min(self.list.len() - 1);
        let found = self.list[turn].split(' ').map(|address| address.parse().unwrap()).collect();
        Box::pin(async move { Ok(found) })
    }
}

fn answering(list: &[&'static str]) -> Answers {
    Answers { list: list.to_vec(), asked: AtomicUsize::new(0) }
}

fn config() -> EgressConfig {
    EgressConfig {
        connect_timeout: Duration::from_millis(300),
        timeout: Duration::from_secs(2),
        ..EgressConfig::default()
    }
}

fn get(url: impl Into<String>) -> Outgoing {
    Outgoing::new(Method::GET, url)
}

/// `{p}` is the canary's port.
#[rustfmt::skip]
const SPELLINGS: &[&str] = &[
    "http://127.0.0.1:{p}/", "http://localhost:{p}/", "http://LOCALHOST:{p}/", "http://localhost.:{p}/", "http://foo.localhost:{p}/", "http://127.1:{p}/",
    "http://127.0.1:{p}/", "http://2130706433:{p}/", "http://0x7f000001:{p}/", "http://0x7f.1:{p}/", "http://0x7F.0x0.0x0.0x1:{p}/", "http://017700000001:{p}/",
    "http://0177.0.0.1:{p}/", "http://0177.0.0.01:{p}/", "http://127.0.0.1.:{p}/", "http://127.0.0.2:{p}/", "http://127.255.255.254:{p}/", "http://0:{p}/",
    "http://0.0.0.0:{p}/", "http://0x0:{p}/", "http://[::1]:{p}/", "http://[::]:{p}/", "http://[0:0:0:0:0:0:0:1]:{p}/", "http://[0000::0001]:{p}/",
    "http://[::ffff:127.0.0.1]:{p}/", "http://[::ffff:7f00:1]:{p}/", "http://[::127.0.0.1]:{p}/", "http://[64:ff9b::127.0.0.1]:{p}/", "http://[64:ff9b::7f00:1]:{p}/",
    "http://[64:ff9b:1::7f00:1]:{p}/", "http://[2002:7f00:1::]:{p}/", "http://[2002:7f00:0001::1]:{p}/", "http://[2001::1]:{p}/", "http://[fc00::1]:{p}/",
    "http://[fd12:3456:789a::1]:{p}/", "http://[fe80::1]:{p}/", "http://[fec0::1]:{p}/", "http://[ff02::1]:{p}/", "http://[2001:db8::1]:{p}/", "http://[3fff::1]:{p}/",
    "http://[100::1]:{p}/", "http://10.0.0.1:{p}/", "http://10.255.255.255:{p}/", "http://172.16.0.1:{p}/", "http://172.31.255.255:{p}/", "http://192.168.1.1:{p}/",
    "http://100.64.0.1:{p}/", "http://100.100.100.200:{p}/", "http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/", "http://2852039166/",
    "http://0xa9fea9fe/", "http://[::ffff:169.254.169.254]/", "http://[fd00:ec2::254]/", "http://168.63.129.16/", "http://192.0.0.192/", "http://198.18.0.1:{p}/",
    "http://192.0.2.1:{p}/", "http://203.0.113.1:{p}/", "http://224.0.0.1:{p}/", "http://240.0.0.1:{p}/", "http://255.255.255.255:{p}/",
    "http://metadata.google.internal/", "http://metadata/", "http://instance-data/", "http://kubernetes.default.svc.cluster.local/", "http://printer.local:{p}/",
    "http://router.lan:{p}/", "http://box.home.arpa:{p}/", "http://user@127.0.0.1:{p}/", "http://example.com@127.0.0.1:{p}/", "http://example.com:80@127.0.0.1:{p}/",
    "http://127.0.0.1:{p}#@example.com/", "http://127.0.0.1:{p}\\@example.com/", "http:\\\\127.0.0.1:{p}\\", "http:127.0.0.1:{p}/", "http:///127.0.0.1:{p}/",
    "HTTP://127.0.0.1:{p}/", "hTtP://127。0。0。1:{p}/", "http://127．0．0．1:{p}/", "http://127｡0｡0｡1:{p}/", "http://①②⑦.⓪.⓪.①:{p}/", "http://%31%32%37.0.0.1:{p}/",
    "http://loc%61lhost:{p}/", "http://ｌｏｃａｌｈｏｓｔ:{p}/", "http://lo\u{ad}calhost:{p}/", " http://127.0.0.1:{p}/", "http://127.0.0.1:{p}/\t", "ht\ntp://127.0.0.1:{p}/",
    "https://127.0.0.1:{p}/", "https://[::1]:{p}/", "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "gopher://127.0.0.1:{p}/_x", "dict://127.0.0.1:{p}/",
    "ftp://127.0.0.1:{p}/", "unix:/var/run/docker.sock", "unix:///var/run/docker.sock", "ws://127.0.0.1:{p}/", "jar:http://127.0.0.1:{p}/!/", "ldap://127.0.0.1:{p}/",
    "data:text/plain,hello", "javascript:alert(1)", "//127.0.0.1:{p}/", "127.0.0.1:{p}", "", "http://", "http://:{p}/", "http://[::1%25lo]:{p}/", "http://127.0.0.1 :{p}/",
];

#[tokio::test]
async fn no_spelling_reaches_the_inside() {
    assert!(SPELLINGS.len() >= 70);
    let canaries = [
        Canary::on("127.0.0.1:0", OK).await,
        Canary::on("[::1]:0", OK).await,
        Canary::on("0.0.0.0:0", OK).await,
        Canary::on("127.0.0.2:0", OK).await,
    ];
    let egress = Egress::new(config()).unwrap();
    let mut refused_alike = 0;
    for spelling in SPELLINGS {
        for canary in &canaries {
            let url = spelling.replace("{p}", &canary.port.to_string());
            match egress.send(get(&url)).await {
                Err(EgressError::Unreachable) => refused_alike += 1,
                Err(EgressError::BadUrl(_)) => {}
                other => panic!("{url}: {other:?}"),
            }
        }
    }
    let visits: u32 = canaries.iter().map(Canary::visits).sum();
    println!(
        "{} spellings at {} canaries: {visits} connections, {refused_alike} refused like a closed port",
        SPELLINGS.len(),
        canaries.len()
    );
    assert_eq!(visits, 0);
    for (host, port) in [
        ("127.0.0.1", canaries[0].port),
        ("::1", canaries[1].port),
        ("localhost", canaries[0].port),
        ("0x7f.1", canaries[0].port),
        ("127.0.0.1:1@x", 80),
    ] {
        assert!(egress.connect(host, port).await.is_err(), "{host}");
    }
    assert_eq!(canaries.iter().map(Canary::visits).sum::<u32>(), 0);
    // The control: the canaries do sing.
    tokio::net::TcpStream::connect(("127.0.0.1", canaries[0].port)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(canaries[0].visits(), 1);
}

/// A name that looks public and is not, also when its answer changes between looks, and when one of several answers is inside.
#[tokio::test]
async fn a_name_is_judged_by_the_address_that_is_connected_to() {
    let canary = Canary::on("127.0.0.1:0", OK).await;
    for answers in [
        &["127.0.0.1"][..],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["10.0.0.1 127.0.0.1"],
        // Public at the first look, inside at the next: the one that connects is the one that counts.
        &["8.8.8.8", "127.0.0.1"],
    ] {
        let egress = Egress::with_lookup(config(), answering(answers)).unwrap();
        for _ in 0..3 {
            let url = format!("http://rebind.example.com:{}/", canary.port);
            assert_eq!(egress.send(get(url)).await.unwrap_err(), EgressError::Unreachable, "{answers:?}");
            assert!(egress.connect("rebind.example.com", canary.port).await.is_err());
        }
    }
    assert_eq!(canary.visits(), 0);
}

#[tokio::test]
async fn what_is_allowed_is_reached_on_its_port_alone() {
    let (canary, other) = (Canary::on("127.0.0.1:0", OK).await, Canary::on("127.0.0.1:0", OK).await);
    let allow = vec![format!("127.0.0.1:{}", canary.port), format!("models.internal:{}", canary.port)];
    let egress = Egress::with_lookup(EgressConfig { allow, ..config() }, answering(&["127.0.0.1"])).unwrap();
    for host in ["127.0.0.1", "0x7f.1", "models.internal", "MODELS.internal"] {
        let answer = egress.send(get(format!("http://{host}:{}/", canary.port))).await.unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice(), answer.headers["x-kept"].as_bytes()),
            (200, &b"hello"[..], &b"yes"[..])
        );
        assert!(egress.send(get(format!("http://{host}:{}/", other.port))).await.is_err());
    }
    assert!(egress.connect("127.0.0.1", canary.port).await.is_ok());
    assert_eq!(other.visits(), 0);
}

#[tokio::test]
async fn redirects_are_answers_and_large_or_slow_answers_are_cut() {
    let inside = Canary::on("127.0.0.1:0", OK).await;
    let location: &'static str =
        format!("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{}/\r\ncontent-length: 0\r\n\r\n", inside.port)
            .leak();
    let moved = Canary::on("127.0.0.1:0", location).await;
    let large = Canary::on("127.0.0.1:0", "HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n").await;
    let body: &'static str = format!("HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n{}", "x".repeat(200)).leak();
    let too_large = Canary::on("127.0.0.1:0", body).await;
    let allow = [&moved, &large, &too_large].map(|canary| format!("127.0.0.1:{}", canary.port)).to_vec();
    let egress = Egress::new(EgressConfig { allow, max_body: 100, ..config() }).unwrap();
    let url = |canary: &Canary| format!("http://127.0.0.1:{}/", canary.port);
    assert_eq!(egress.send(get(url(&moved))).await.unwrap().status, 302);
    assert_eq!(inside.visits(), 0);
    // The body never comes: the connection ends first.
    assert_eq!(egress.send(get(url(&large))).await.unwrap_err(), EgressError::Unreachable);
    assert_eq!(egress.send(get(url(&too_large))).await.unwrap_err(), EgressError::TooLarge(100));
}
