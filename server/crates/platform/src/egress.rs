//! The one way out of the process: an HTTP client that cannot be talked into reaching what is inside.
//!
//! A workspace may name any URL (a webhook, a step that calls a service), so every name is resolved here and every address is checked after
//! resolving and before connecting; the connection goes to the checked address and nowhere else, which closes the gap of a DNS answer that
//! changes in between. Redirects are not followed, proxies of the environment are not used, answers are cut off at a limit.
//! Whether an address was refused, closed or silent looks the same from outside: the difference would map the inner network.

use domain::Error;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{self, HeaderMap};
use reqwest::{Client, ClientBuilder, Method, Url, redirect};
use std::collections::HashSet;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// Looks a name up. A trait so that a test can give answers that change.
pub trait Lookup: Send + Sync + 'static {
    fn lookup(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The machine's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect()) })
    }
}

#[derive(Debug, Clone)]
pub struct EgressConfig {
    /// Inner services that may be reached all the same, each as `host:port`, written as they will be in a URL.
    pub allow: Vec<String>,
    pub connect_timeout: Duration,
    /// For one request altogether, the body of the answer included.
    pub timeout: Duration,
    /// Bytes of an answer's body.
    pub max_body: usize,
}

impl Default for EgressConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            max_body: 10 * 1024 * 1024,
        }
    }
}

/// A request to somewhere outside.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Shorter than the client's own limit; a longer one is cut to it.
    pub timeout: Option<Duration>,
}

impl Outgoing {
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: HeaderMap::new(), body: Vec::new(), timeout: None }
    }
}

#[derive(Debug, Clone)]
pub struct Incoming {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The address itself is wrong, whatever is behind it.
    #[error("The address {0}")]
    BadUrl(&'static str),
    /// Refused, closed, unknown or silent: on purpose one answer.
    #[error("The address could not be reached. Check that it is spelled right, public and answering, then try again")]
    Unreachable,
    #[error("The answer is larger than the {0} bytes that are read")]
    TooLarge(usize),
}

impl From<EgressError> for Error {
    fn from(error: EgressError) -> Self {
        match error {
            EgressError::Unreachable => Self::unavailable(error.to_string()),
            other => Self::invalid(other.to_string()),
        }
    }
}

/// Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Egress {
    client: Client,
    gate: Arc<Gate>,
    config: Arc<EgressConfig>,
}

impl Egress {
    /// Call once at start.
    pub fn new(config: EgressConfig) -> Result<Self, reqwest::Error> {
        Self::with_lookup(config, SystemLookup)
    }

    pub fn with_lookup(config: EgressConfig, lookup: impl Lookup) -> Result<Self, reqwest::Error> {
        // Only the first call in a process installs it; later ones find it there, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let gate = Arc::new(Gate::new(&config.allow, Arc::new(lookup)));
        // The machine's own authorities where it has any: a company's may be among them.
        let client = builder(&gate, &config).build().or_else(|error| {
            tracing::info!(%error, "this machine has no certificate authorities; using those that came with Nexus");
            let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
            builder(&gate, &config).tls_backend_preconfigured(tls).build()
        })?;
        Ok(Self { client, gate, config: Arc::new(config) })
    }

    /// Sends a request and reads the whole answer. A redirect is an answer like any other.
    pub async fn send(&self, mut request: Outgoing) -> Result<Incoming, EgressError> {
        let url = self.gate.check_url(&request.url)?;
        for ours in
            [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE]
        {
            request.headers.remove(ours);
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let timeout = request.timeout.map_or(self.config.timeout, |wanted| wanted.min(self.config.timeout));
        let sent = self
            .client
            .request(request.method, url)
            .headers(request.headers)
            .body(request.body)
            .timeout(timeout)
            .send()
            .await;
        let mut response = sent.map_err(|error| unreachable(&host, &error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&host, &error))? {
            if body.len() + chunk.len() > self.config.max_body {
                return Err(EgressError::TooLarge(self.config.max_body));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Incoming { status: response.status().as_u16(), headers: std::mem::take(response.headers_mut()), body })
    }

    /// A plain connection for protocols other than HTTP (mail), under the same checks.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, EgressError> {
        // A bare IPv6 address needs its brackets to be read as a host.
        let shown = if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() };
        let url = self.gate.check_url(&format!("http://{shown}:{port}/"))?;
        let name = url.host_str().unwrap_or_default();
        let addresses = match literal(name) {
            Some(address) => vec![address],
            None => self.gate.resolve(name).await.map_err(|error| unreachable(name, &error))?,
        };
        let targets: Vec<SocketAddr> = addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect();
        let connecting = tokio::time::timeout(self.config.connect_timeout, TcpStream::connect(targets.as_slice()));
        match connecting.await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(unreachable(name, &error)),
            Err(error) => Err(unreachable(name, &error)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the client that everybody else is told to use")]
fn builder(gate: &Arc<Gate>, config: &EgressConfig) -> ClientBuilder {
    Client::builder()
        .dns_resolver(CheckedResolver(gate.clone()))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("Nexus/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(config.connect_timeout)
        .timeout(config.timeout)
        .pool_idle_timeout(Duration::from_secs(30))
}

/// The cause is for the operator alone.
fn unreachable(host: &str, error: &dyn std::error::Error) -> EgressError {
    let mut cause = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        cause = format!("{cause}: {inner}");
        source = inner.source();
    }
    tracing::info!(host, cause, "an outgoing request did not get through");
    EgressError::Unreachable
}

/// Decides where a request may go.
struct Gate {
    /// `host:port`, as the URL parser writes them.
    allowed: HashSet<String>,
    allowed_hosts: HashSet<String>,
    lookup: Arc<dyn Lookup>,
}

impl Gate {
    fn new(allow: &[String], lookup: Arc<dyn Lookup>) -> Self {
        let mut allowed = HashSet::new();
        let mut allowed_hosts = HashSet::new();
        for url in allow.iter().filter_map(|entry| Url::parse(&format!("http://{entry}/")).ok()) {
            let host = url.host_str().unwrap_or_default();
            allowed.insert(format!("{host}:{}", url.port_or_known_default().unwrap_or_default()));
            allowed_hosts.insert(host.to_owned());
        }
        Self { allowed, allowed_hosts, lookup }
    }

    /// The URL in its canonical spelling (the parser turns every way to write an IPv4 address into the usual one), if it may be asked.
    fn check_url(&self, text: &str) -> Result<Url, EgressError> {
        let url = Url::parse(text.trim())
            .map_err(|_| EgressError::BadUrl("is not a URL. Write it like https://example.com/path"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(EgressError::BadUrl("must begin with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EgressError::BadUrl("must not carry a user name or password. Use a header for that"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(EgressError::BadUrl("names no host"))?;
        let port = url.port_or_known_default().unwrap_or_default();
        if self.allowed_hosts.contains(host) {
            // A host inside is opened port by port.
            return if self.allowed.contains(&format!("{host}:{port}")) {
                Ok(url)
            } else {
                Err(EgressError::Unreachable)
            };
        }
        match literal(host) {
            Some(address) if !is_public(address) => Err(refused(host, &[address])),
            None if is_inner_name(host) => Err(refused(host, &[])),
            _ => Ok(url),
        }
    }

    /// The addresses of a name that may be connected to; an error where none is left.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = self.lookup.lookup(name).await?;
        if self.allowed_hosts.contains(name) {
            return Ok(found);
        }
        let (public, inner): (Vec<IpAddr>, Vec<IpAddr>) = found.into_iter().partition(|address| is_public(*address));
        if public.is_empty() {
            refused(name, &inner);
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "no address of this name may be reached"));
        }
        Ok(public)
    }
}

fn refused(host: &str, addresses: &[IpAddr]) -> EgressError {
    tracing::warn!(host, ?addresses, "an outgoing request to an inner address was refused");
    EgressError::Unreachable
}

struct CheckedResolver(Arc<Gate>);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let gate = self.0.clone();
        Box::pin(async move {
            let addresses = gate.resolve(name.as_str()).await?;
            // Port 0 stands for the one of the URL.
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// The address, where a canonical host is one and not a name.
fn literal(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// Names that mean the inside by definition (RFC 6761, RFC 6762, RFC 8375) and the metadata services of clouds.
fn is_inner_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let last = host.rsplit('.').next().unwrap_or_default();
    // A name of one word is completed with the search list of this machine's own network.
    !host.contains('.')
        || matches!(last, "localhost" | "local" | "internal" | "localdomain" | "lan" | "intranet")
        || host.ends_with(".home.arpa")
}

/// Whether an address is out on the public internet. IPv6 by what is given out (2000::/3), less what is not a host of its own there.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

// IANA IPv4 special-purpose registry, and the host that answers for Azure's inside.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let inner = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 31, 196)
            | (192, 52, 193)
            | (192, 88, 99)
            | (192, 168, _)
            | (192, 175, 48)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !inner && address != Ipv4Addr::new(168, 63, 129, 16)
}

// Everything that carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo) is refused rather than unwrapped.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let given_out = a & 0xe000 == 0x2000;
    let special = matches!((a, b), (0x2001, 0..0x0200 | 0x0db8) | (0x2002, _) | (0x2620, 0x004f) | (0x3fff, 0..0x1000));
    given_out && !special
}
