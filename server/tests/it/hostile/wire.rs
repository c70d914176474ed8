//! Request lines, headers and frames of bodies that nobody sends by accident, byte by byte, each with what it may be answered. Zero is a
//! connection that was closed without a word.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than the server waits for the end of headers in this test.
const PATIENCE: Duration = Duration::from_secs(10);
/// Who has answered whole and says nothing more for so long waits for the next request.
const QUIET: Duration = Duration::from_millis(300);
/// Who has to close gets more time, but less than after which the server closes by itself.
const CLOSING: Duration = Duration::from_secs(3);

pub struct Case {
    pub what: &'static str,
    pub bytes: Vec<u8>,
    pub may: &'static [u16],
    /// Whether the connection has to end, because nobody can say where the next request would begin.
    pub closes: bool,
}

pub struct Seen {
    /// Zero where there was none, and every one where there were more.
    pub statuses: Vec<u16>,
    pub closed: bool,
    pub text: String,
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// What stands behind a body that came in chunks; nothing while it has not ended.
fn behind_chunks(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let line = find(bytes, b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).ok()?.trim(), 16).ok()?;
        // Each ends with a line end of its own, the last one too.
        bytes = bytes.get(line + 2 + size + 2..)?;
        if size == 0 {
            return Some(bytes);
        }
    }
}

/// The statuses of whole answers, and whether nothing of another one stands behind them.
fn answers(mut bytes: &[u8]) -> (Vec<u16>, bool) {
    let mut statuses = Vec::new();
    while let Some(end) = find(bytes, b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let rest = &bytes[end + 4..];
        let behind = match (value("content-length:"), value("transfer-encoding:")) {
            (Some(length), _) => rest.get(length.parse::<usize>().unwrap()..),
            (None, Some(_)) => behind_chunks(rest),
            (None, None) => Some(rest),
        };
        let Some(behind) = behind else { return (statuses, false) };
        statuses.push(head.split(' ').nth(1).unwrap().parse().unwrap());
        bytes = behind;
    }
    (statuses, bytes.is_empty())
}

/// Sends what a case sends, without ending it from this side, and reads until the server closes or waits for more. Where it waits, a request
/// of the same connection has to be answered as itself.
pub async fn exchange(address: &str, case: &Case) -> Seen {
    let what = case.what;
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that has heard enough reads no further.
    let _ = timeout(PATIENCE, stream.write_all(&case.bytes)).await;
    let quiet = if case.closes { CLOSING } else { QUIET };
    let (mut answer, mut piece) = (Vec::new(), vec![0; 16 * 1024]);
    let closed = loop {
        let (statuses, whole) = answers(&answer);
        let answered = whole && !statuses.is_empty();
        match timeout(if answered { quiet } else { PATIENCE }, stream.read(&mut piece)).await {
            Ok(Ok(0) | Err(_)) => break true,
            Ok(Ok(read)) => answer.extend_from_slice(&piece[..read]),
            Err(_) => {
                assert!(answered, "{what}: neither answered nor closed: {}", String::from_utf8_lossy(&answer));
                break false;
            }
        }
    };
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (mut statuses, whole) = answers(&answer);
    assert!(whole, "{what}: broken off: {text}");
    if !closed {
        let next = b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let _ = stream.write_all(next).await;
        let mut own = Vec::new();
        let read = timeout(PATIENCE, stream.read_to_end(&mut own)).await;
        assert!(read.is_ok_and(|read| read.is_ok()), "{what}: the next request is not answered");
        let own = String::from_utf8_lossy(&own);
        assert!(own.starts_with("HTTP/1.1 200 ") && own.ends_with("\r\n\r\nok"), "{what}: the next one hears {own}");
    }
    if statuses.is_empty() {
        statuses.push(0);
    }
    Seen { statuses, closed, text }
}

/// A request that would make a lead of this name, if anybody took it for one.
pub fn hidden(cookie: &str, name: &str) -> String {
    let form = format!("entity=lead&values.name={name}");
    format!(
        "POST /w/lakeside/do/records.create HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncookie: nexus={cookie}\r\n\
         content-type: application/x-www-form-urlencoded\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// Request lines, headers and paths. `cookie` is that of somebody who is signed in.
pub fn lines(cookie: &str) -> Vec<Case> {
    // What cannot be read ends the connection.
    let case = |what: &'static str, bytes: &[u8], may: &'static [u16]| {
        let closes = matches!(may, [400 | 414 | 431, ..]);
        Case { what, bytes: bytes.to_vec(), may, closes }
    };
    let line = |what: &'static str, line: &str, may: &'static [u16]| {
        case(what, format!("{line}\r\nhost: x\r\n\r\n").as_bytes(), may)
    };
    let get = |what: &'static str, rest: &str, may: &'static [u16]| {
        case(what, format!("GET / HTTP/1.1\r\nhost: x\r\n{rest}\r\n").as_bytes(), may)
    };
    let ours = |what: &'static str, method: &str, may: &'static [u16]| {
        let head = format!("{method} /livez HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\n\r\n");
        case(what, head.as_bytes(), may)
    };
    let path = |what: &'static str, path: &str, may: &'static [u16]| {
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\ncookie: nexus={cookie}\r\n\r\n");
        Case { what, bytes: head.into_bytes(), may, closes: false }
    };
    let long = "x".repeat(100_000);
    let many = |count: usize| (0..count).map(|at| format!("h{at}: x\r\n")).collect::<String>();
    vec![
        case("line ends alone", b"\r\n\r\n\r\n", &[0]),
        case("words", b"hello there\r\n\r\n", &[400]),
        case("bytes", &[0, 1, 2, 255, 254, 13, 10, 13, 10], &[400]),
        case("TLS on a plain port", &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 13, 10, 13, 10], &[400]),
        case("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[0]),
        case("no version", b"GET /\r\n\r\n", &[400]),
        line("a version to come", "GET / HTTP/9.9", &[400]),
        line("a version in small letters", "GET / http/1.1", &[400]),
        line("two blanks", "GET  / HTTP/1.1", &[400]),
        line("a tab in place of a blank", "GET\t/ HTTP/1.1", &[400]),
        line("a blank in the path", "GET /a b HTTP/1.1", &[400]),
        line("no method", " / HTTP/1.1", &[400]),
        line("an unknown method", "BREW /livez HTTP/1.1", &[403]),
        line("a method in small letters", "get /livez HTTP/1.1", &[403]),
        line("a long method", &format!("{} /livez HTTP/1.1", "X".repeat(200)), &[403]),
        line("TRACE", "TRACE / HTTP/1.1", &[403]),
        ours("an unknown method of our own page", "BREW", &[405]),
        ours("TRACE of our own page", "TRACE", &[405]),
        case("CONNECT", b"CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n", &[403, 400, 404, 405]),
        line("an asterisk", "OPTIONS * HTTP/1.1", &[404]),
        line("a long line", &format!("GET /{long} HTTP/1.1"), &[414, 431, 0]),
        line("a line that just fits", &format!("GET /{} HTTP/1.1", "x".repeat(60_000)), &[404]),
        get("a long header", &format!("x-long: {long}\r\n"), &[431, 0]),
        get("a header of 64 KB", &format!("x-long: {}\r\n", "x".repeat(64 * 1024)), &[431, 0]),
        get("200 headers", &many(200), &[431]),
        get("500 headers", &many(500), &[431]),
        get("a header without a name", ": x\r\n", &[400]),
        get("a header without a colon", "x-bad\r\n", &[400]),
        get("a blank before the colon", "x-bad : x\r\n", &[400]),
        get("a blank in a name", "x bad: x\r\n", &[400]),
        get("a control character in a name", "x\u{1}bad: x\r\n", &[400]),
        get("a letter that is no ASCII in a name", "x-é: x\r\n", &[400]),
        get("a folded header", "x-a: 1\r\n  2\r\n", &[400]),
        get("a header folded with a tab", "x-a: 1\r\n\t2\r\n", &[400]),
        case("a blank before the first header", b"GET / HTTP/1.1\r\n host: x\r\n\r\n", &[400]),
        get("NUL in a header", "x-a: a\0b\r\n", &[400]),
        get("a bare carriage return in a header", "x-a: a\rb\r\n", &[400]),
        get("an escape in a header", "x-a: \u{1b}[31m\r\n", &[400]),
        get("a deletion in a cookie", "cookie: nexus=\u{7f}\r\n", &[400]),
        get("a cookie of rubbish", "cookie: nexus=\"; =; ;;;; a=b=c\r\n", &[303]),
        get("a cookie that is no ASCII", "cookie: nexus=é\r\n", &[303]),
        get("an expectation of rubbish", "expect: the-unexpected\r\n", &[303]),
        get("an upgrade", "connection: upgrade\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n", &[303]),
        get("an upgrade to a socket", "connection: upgrade\r\nupgrade: websocket\r\n", &[303]),
        case("no host", b"GET /w/lakeside HTTP/1.1\r\n\r\n", &[401]),
        case("two hosts", b"GET /w/lakeside HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", &[401]),
        case("a host with a blank", b"GET /w/lakeside HTTP/1.1\r\nhost: a b\r\n\r\n", &[401]),
        case(
            "a range of rubbish",
            b"GET /favicon.svg HTTP/1.1\r\nhost: x\r\nrange: bytes=-1-5,9-\r\n\r\n",
            &[404, 416],
        ),
        case("bare bytes in a path", b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n", &[400]),
        line("an absolute address", "GET http://evil.example/admin HTTP/1.1", &[401]),
        path("%00 in the workspace", "/w/a%00b", &[400, 404]),
        path("%00 in an entity", "/w/lakeside/a%00b", &[400, 404]),
        path("%00 in an id", "/w/lakeside/api/v1/leads/%00", &[404]),
        path("half a percent", "/w/%", &[404]),
        path("overlong UTF-8 in the workspace", "/w/%c0%ae%c0%ae", &[400]),
        path("overlong UTF-8 in an id", "/w/lakeside/api/v1/leads/%c0%ae", &[400]),
        path("dots", "/pkg/../../../../etc/passwd", &[404]),
        path("dots in percents", "/pkg/..%2f..%2f..%2fetc%2fpasswd", &[404]),
        path("dots in percents twice", "/pkg/..%252f..%252fetc%252fpasswd", &[404]),
        path("backslashes", "/pkg/..\\..\\etc\\passwd", &[404]),
        path("a way out of an id", "/w/lakeside/api/v1/leads/..%2f..%2fadmin", &[404]),
        path("two slashes", "//evil.example/%2e%2e", &[404]),
        path("a parameter of the path", "/w/lakeside;x=1/leads", &[404]),
        path("capital letters", "/W/LAKESIDE", &[404]),
    ]
}

/// Bodies whose frame can be read in two ways. In one of them a second request stands behind the first; it makes a lead that is called by the
/// number of its case.
pub fn frames(cookie: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut add = |what: &'static str,
                   version: &str,
                   make: &dyn Fn(&str) -> (String, String),
                   may: &'static [u16],
                   closes: bool| {
        let (headers, body) = make(&hidden(cookie, &format!("Hidden{}", cases.len())));
        let head = format!(
            "POST /preferences HTTP/{version}\r\nhost: x\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\n{headers}\r\n\r\n{body}"
        );
        cases.push(Case { what, bytes: head.into_bytes(), may, closes });
    };
    let (refused, alone): (&'static [u16], &'static [u16]) = (&[400], &[303]);
    for (what, first) in [
        ("two lengths", "0\r\ncontent-length: 9"),
        ("two lengths in one line", "0, 9"),
        ("the same length twice in one line", "0, 0"),
        ("a length below nothing", "-1"),
        ("a length beyond everything", "99999999999999999999"),
        ("a length with a sign", "+0"),
        ("a length to another base", "0x0"),
        ("a length with a blank", "0 0"),
        ("a length with a point", "0.0"),
        ("a length with a letter", "0a"),
        ("an empty length", ""),
    ] {
        add(what, "1.1", &|hidden| (format!("content-length: {first}"), hidden.to_owned()), refused, true);
    }
    let most = "content-length: 18446744073709551615";
    add("the longest length", "1.1", &|hidden| (most.to_owned(), hidden.to_owned()), &[400, 413, 431], true);
    // Read by the chunks, as the standard has it, and closed behind them; or refused.
    let ended = |hidden: &str| format!("0\r\n\r\n{hidden}");
    let (length, chunks) = (|text: &str| format!("content-length: {}", text.len()), "transfer-encoding: chunked");
    let both = |hidden: &str| (format!("{}\r\n{chunks}", length(&ended(hidden))), ended(hidden));
    add("a length and chunks", "1.1", &both, alone, true);
    let both = |hidden: &str| (format!("{chunks}\r\n{}", length(&ended(hidden))), ended(hidden));
    add("chunks and a length", "1.1", &both, alone, true);
    let inside = |hidden: &str| format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    let short = |hidden: &str| (format!("content-length: 4\r\n{chunks}"), inside(hidden));
    add("a length that ends before the chunks", "1.1", &short, alone, true);
    for (what, coding) in [
        ("chunks of a strange kind", "transfer-encoding: xchunked"),
        ("chunks under something else", "transfer-encoding: chunked, identity"),
        ("chunks and then none", "transfer-encoding: chunked\r\ntransfer-encoding: identity"),
        ("chunks in quotes", "transfer-encoding: \"chunked\""),
        ("chunks with a parameter", "transfer-encoding: chunked;q=1"),
        ("a blank before the colon of chunks", "transfer-encoding : chunked"),
        ("a blank before chunks", "x: y\r\n transfer-encoding: chunked"),
        ("a strange blank before chunks", "transfer-encoding: \u{b}chunked"),
        ("NUL behind chunks", "transfer-encoding: chunked\0"),
        ("folded chunks", "transfer-encoding:\r\n chunked"),
        ("a carriage return before chunks", "x: y\rtransfer-encoding: chunked"),
    ] {
        let both = |hidden: &str| (format!("{}\r\n{coding}", length(&ended(hidden))), ended(hidden));
        add(what, "1.1", &both, refused, true);
    }
    add("chunks before there were any", "1.0", &|hidden| (chunks.to_owned(), ended(hidden)), refused, true);
    let other = |hidden: &str| (format!("{}\r\ntransfer_encoding: chunked", length(&ended(hidden))), ended(hidden));
    add("what only looks like chunks", "1.1", &other, alone, false);
    let (digits, names, extension) = ("f".repeat(17), "t: x\r\n".repeat(200), "x".repeat(20_000));
    for (what, body) in [
        ("a chunk without a size", "zz\r\n".to_owned()),
        ("a chunk below nothing", "-1\r\n".to_owned()),
        ("a chunk to another base", "0x1\r\nx\r\n".to_owned()),
        ("a blank before a size", " 1\r\nx\r\n".to_owned()),
        ("a chunk beyond everything", format!("{digits}\r\nx\r\n")),
        ("a chunk longer than it says", "3\r\nabcdef\r\n0\r\n\r\n".to_owned()),
        ("a chunk shorter than it says", "5\r\nabc\r\n0\r\n\r\n".to_owned()),
        ("line feeds around a chunk", "1\nx\n0\n\n".to_owned()),
        ("a line feed in an extension", "1;a\nb\r\nx\r\n0\r\n\r\n".to_owned()),
        ("a long extension", format!("1;{extension}\r\nx\r\n0\r\n\r\n")),
        ("200 headers behind the chunks", format!("1\r\nx\r\n0\r\n{names}\r\n")),
        ("a broken header behind the chunks", "1\r\nx\r\n0\r\nx y: z\r\n\r\n".to_owned()),
    ] {
        add(what, "1.1", &|hidden| (chunks.to_owned(), format!("{body}{hidden}")), refused, true);
    }
    cases
}

/// Requests whose body is another request, and that are answered before their body was asked for.
pub fn unread(cookie: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut add = |what: &'static str, line: &str, padding: usize, may: &'static [u16], closes: bool| {
        let body = "x".repeat(padding) + &hidden(cookie, &format!("Unread{}", cases.len()));
        let head = format!("{line}\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        cases.push(Case { what, bytes: head.into_bytes(), may, closes });
    };
    add("a body of a page that has none", "GET /livez HTTP/1.1", 0, &[200], false);
    add("a body of a page that is not there", "GET /nothing HTTP/1.1", 0, &[404], false);
    add("a body of another site", "POST /sign-in HTTP/1.1", 0, &[403], false);
    add(
        "a body of another site that nobody waits for",
        "POST /sign-in HTTP/1.1\r\nexpect: 100-continue",
        0,
        &[403],
        false,
    );
    add("a long body of another site", "POST /sign-in HTTP/1.1", 1 << 20, &[403, 0], true);
    let ours =
        "POST /preferences HTTP/1.1\r\nsec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded";
    add("a body that is too long", ours, 3 << 20, &[413, 0], true);
    cases
}
