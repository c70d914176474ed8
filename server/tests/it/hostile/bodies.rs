//! Bodies that nobody sends by accident, and how they are sent.

use crate::support::{Client, Server};
use axum::body::Bytes;
use reqwest::{Method, StatusCode, header};
use std::fmt::Write as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// What every refusal has to be made in, measured from the first byte that was too much.
pub const SOON: Duration = Duration::from_secs(1);
/// A wait of this length counts as what it is, whatever else the machine does meanwhile.
const LONG: Duration = Duration::from_secs(5);
/// What is answered before it was read to its end may be cut off while it is still sent; what comes in one piece may not.
const CUT_OFF_BEYOND: usize = 8 << 10;
pub const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=cut";

/// A moment by the clock, and by what this process had computed until then: others on the machine make the clock go on, and not that.
#[derive(Clone, Copy)]
pub struct Moment {
    at: Instant,
    computed: Duration,
}

impl Moment {
    pub fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The second field, the name, may hold blanks. In user mode and in the kernel's, in hundredths of a second.
        let fields = stat.rsplit_once(')').map_or("", |(_, after)| after).split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Self { at: Instant::now(), computed: Duration::from_millis(ticks * 10) }
    }

    /// How long it is since then on a machine that does nothing else.
    pub fn since(self, earlier: Self) -> Duration {
        let took = self.at.saturating_duration_since(earlier.at);
        if took >= LONG { took } else { took.min(self.computed.saturating_sub(earlier.computed)) }
    }
}

pub struct Hostile {
    pub what: &'static str,
    pub kind: &'static str,
    pub content: Bytes,
}

/// How much of what is counted by the piece. One more part than a form may have in either.
#[derive(Clone, Copy)]
pub struct Amounts {
    pub keys: usize,
    pub fields: usize,
}

/// As much as fits into what is read.
pub const MUCH: Amounts = Amounts { keys: 90_000, fields: 200_000 };
/// Enough to be refused, for what is sent to very many paths.
pub const ENOUGH: Amounts = Amounts { keys: 5_000, fields: 10_001 };

pub fn bodies(amounts: Amounts) -> Vec<Hostile> {
    let body = |what, kind, content: Vec<u8>| Hostile { what, kind, content: content.into() };
    let keys = |count: usize| {
        let mut text = "{".to_owned();
        for at in 0..count {
            let _ = write!(text, "\"k{at}\":1,");
        }
        (text + "\"name\":\"x\"}").into_bytes()
    };
    let part = "content-disposition: form-data; name=\"values.name\"\r\n";
    let many: String =
        (0..10_001).map(|at| format!("--cut\r\ncontent-disposition: form-data; name=\"x{at}\"\r\n\r\n1\r\n")).collect();
    let inner = "--in\r\ncontent-disposition: file; filename=\"a.csv\"\r\n\r\nname\r\n--in--\r\n";
    let nested = format!("--cut\r\n{part}content-type: multipart/mixed; boundary=in\r\n\r\n{inner}--cut--\r\n");
    let asked = ["login", "password", "name", "code", "workspace", "slug", "token", "of", "next", "values.name"];
    let everywhere: Vec<String> = asked.iter().map(|name| format!("{name}=a%00b")).collect();
    vec![
        body("too long", JSON, format!("{{\"name\":\"{}\"}}", "x".repeat(3 << 20)).into_bytes()),
        body("a form too long", FORM, format!("name={}", "x".repeat(3 << 20)).into_bytes()),
        body("a million keys", JSON, keys(1_000_000)),
        body("deep", JSON, ("[".repeat(100_000) + &"]".repeat(100_000)).into_bytes()),
        body("deep objects", JSON, ("{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000)).into_bytes()),
        body("many keys", JSON, keys(amounts.keys)),
        body("a number without end", JSON, br#"{"name":"x","value":{"amount":1e999,"currency":"KES"}}"#.to_vec()),
        body("twice the same key", JSON, br#"{"name":"x","name":"y","nmae":1}"#.to_vec()),
        body("a mark of the byte order", JSON, b"\xef\xbb\xbf{\"name\":\"x\"}".to_vec()),
        body("half a letter", JSON, br#"{"name":"\ud800"}"#.to_vec()),
        body("no UTF-8", JSON, b"{\"name\":\"\xff\xfe\"}".to_vec()),
        body("NUL", JSON, br#"{"name":"a\u0000b"}"#.to_vec()),
        body("bytes behind it", JSON, br#"{"name":"x"}{"name":"y"}"#.to_vec()),
        body("nothing", JSON, Vec::new()),
        body("a list", JSON, b"[]".to_vec()),
        body("a word", JSON, b"null".to_vec()),
        body("the wrong kind", "text/plain", br#"{"name":"x"}"#.to_vec()),
        body("no boundary", "multipart/form-data", b"--x\r\n\r\n--x--".to_vec()),
        body("another boundary", PARTS, format!("--other\r\n{part}\r\nx\r\n--other--\r\n").into_bytes()),
        body("parts without an end", PARTS, format!("--cut\r\n{part}\r\nx").into_bytes()),
        body("a part without a name", PARTS, b"--cut\r\nx: y\r\n\r\nx\r\n--cut--\r\n".to_vec()),
        body("ten thousand parts and one", PARTS, (many + "--cut--\r\n").into_bytes()),
        body("parts in a part", PARTS, nested.into_bytes()),
        body("a form with NUL", FORM, b"entity=lead&values.name=a%00b".to_vec()),
        body("NUL in everything that is asked for", FORM, everywhere.join("&").into_bytes()),
        body("a form that is no UTF-8", FORM, b"entity=lead&values.name=%ff%fe".to_vec()),
        body("a form of many fields", FORM, "a=1&".repeat(amounts.fields).into_bytes()),
        body("a form of deep names", FORM, format!("{}=1", vec!["a"; 20_000].join(".")).into_bytes()),
    ]
}

pub struct Answer {
    pub status: StatusCode,
    pub text: String,
    pub took: Duration,
}

/// Sends a body. A connection that breaks off is the refusal of a body that is too long, and of no other.
pub async fn send(client: &Client, method: Method, path: &str, body: &Hostile) -> Answer {
    let began = Moment::now();
    let request = client.request(method, path).header(header::CONTENT_TYPE, body.kind).body(body.content.clone());
    // A connection on which a body was refused unread is closed by the server, perhaps while the next request goes out.
    let request = request.header(header::CONNECTION, "close");
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            let text = answer.text().await.unwrap_or_default();
            Answer { status, text, took: Moment::now().since(began) }
        }
        Err(error) => {
            let cut_off = body.content.len() > CUT_OFF_BEYOND && !error.is_timeout() && !error.is_connect();
            assert!(cut_off, "{} at {path}: {error}", body.what);
            Answer { status: StatusCode::PAYLOAD_TOO_LARGE, text: String::new(), took: Moment::now().since(began) }
        }
    }
}

const TEN_GIGABYTES: u64 = 10 << 30;

/// Ten gigabytes chunk by chunk, by somebody who is signed in. Refused with 413, soon after they are more than is taken, and read no further.
pub async fn endless(server: &Server, client: &Client, path: &str, kind: &str, begins: &str, taken: u64) -> Duration {
    let cookie = client.cookie("nexus").expect("a session");
    let stream = TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let answered = tokio::spawn(async move {
        let (mut head, mut piece) = (Vec::new(), [0; 4096]);
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match timeout(Duration::from_secs(60), from.read(&mut piece)).await {
                Ok(Ok(read)) if read > 0 => head.extend_from_slice(&piece[..read]),
                _ => break,
            }
        }
        (String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned(), Moment::now())
    });
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncookie: nexus={cookie}\r\nsec-fetch-site: same-origin\r\ncontent-type: {kind}\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{begins}\r\n",
        begins.len()
    );
    to.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let (mut written, mut beyond) = (0, None);
    while written < TEN_GIGABYTES && !answered.is_finished() {
        match timeout(Duration::from_secs(5), to.write_all(chunk.as_bytes())).await {
            Ok(Ok(())) => written += 0x10000,
            // Closed, or not read any more.
            Ok(Err(_)) | Err(_) => break,
        }
        if written > taken && beyond.is_none() {
            beyond = Some(Moment::now());
        }
    }
    let (answer, at) = answered.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{path}, after {} MB: {answer:?}", written >> 20);
    // What lies in buffers of sockets was sent as well, and read by nobody.
    assert!(written < taken + (32 << 20), "{path}: {} MB were taken", written >> 20);
    let late = beyond.map_or(Duration::ZERO, |beyond| at.since(beyond));
    assert!(late < SOON, "{path}: refused {late:?} after it was too much");
    late
}

/// A gzip file that holds `content` as it is, so that whoever unpacks it finds it.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let checksum = content.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
    });
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend_from_slice(content);
    file.extend((!checksum).to_le_bytes());
    file.extend(u32::from(length).to_le_bytes());
    file
}

pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) * 1024
}
