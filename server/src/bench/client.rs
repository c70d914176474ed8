//! A client of little cost of its own: one connection, one request at a time, answers counted and thrown away.

use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

pub struct Connection {
    stream: TcpStream,
    /// The answer that was read last.
    buffer: Vec<u8>,
}

/// Where the parts of an answer lie in the buffer.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub status: u16,
    pub head: usize,
    pub total: usize,
    chunked: bool,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        Self::from(Ipv4Addr::UNSPECIFIED, address).await
    }

    /// The same from one of this machine's addresses.
    pub async fn from(local: Ipv4Addr, address: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((local, 0)))?;
        let stream = socket.connect(address).await.with_context(|| format!("{address} could not be reached"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(256 * 1024) })
    }

    pub async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        let head = self.ask(request).await?;
        let (status, length) = read_head(&self.buffer[..head])?;
        let total = match length {
            Some(length) => {
                while self.buffer.len() < head + length {
                    self.more().await?;
                }
                head + length
            }
            None => self.chunks(head).await?,
        };
        Ok(Answer { status, head, total, chunked: length.is_none() })
    }

    /// The same for an answer of whatever length: its body passes by as it comes, without the marks between chunks, and none of it is kept.
    /// Answers the status once the body has come to its end.
    pub async fn pass(&mut self, request: &[u8], mut piece: impl FnMut(&[u8])) -> Result<u16> {
        let head = self.ask(request).await?;
        let (status, length) = read_head(&self.buffer[..head])?;
        self.buffer.drain(..head);
        if let Some(length) = length {
            self.pieces(length, &mut piece).await?;
            return Ok(status);
        }
        loop {
            let line = self.line(0).await?;
            let size = chunk_size(&self.buffer[..line])?;
            self.buffer.drain(..line + 2);
            self.pieces(size, &mut piece).await?;
            // The line that a chunk ends with.
            self.pieces(2, &mut |_: &[u8]| {}).await?;
            if size == 0 {
                return Ok(status);
            }
        }
    }

    /// So much of the body, as it comes.
    async fn pieces(&mut self, mut left: usize, piece: &mut impl FnMut(&[u8])) -> Result<()> {
        while left > 0 {
            if self.buffer.is_empty() {
                self.more().await?;
            }
            let length = left.min(self.buffer.len());
            piece(&self.buffer[..length]);
            self.buffer.drain(..length);
            left -= length;
        }
        Ok(())
    }

    /// Sends, and reads until the head of the answer is there. Answers where it ends.
    async fn ask(&mut self, request: &[u8]) -> Result<usize> {
        self.stream.write_all(request).await.context("The request could not be sent")?;
        self.buffer.clear();
        let mut searched = 0;
        loop {
            if let Some(at) = find(&self.buffer[searched..], b"\r\n\r\n") {
                return Ok(searched + at + 4);
            }
            searched = self.buffer.len().saturating_sub(3);
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.buffer).await.context("The answer could not be read")? {
            0 => bail!("The server closed the connection before its answer was complete"),
            _ => Ok(()),
        }
    }

    /// Reads up to the end of the last chunk.
    async fn chunks(&mut self, mut at: usize) -> Result<usize> {
        loop {
            let line = self.line(at).await?;
            let size = chunk_size(&self.buffer[at..line])?;
            let end = line + 2 + size + 2;
            while self.buffer.len() < end {
                self.more().await?;
            }
            if size == 0 {
                return Ok(end);
            }
            at = end;
        }
    }

    /// Where the line ends that begins here.
    async fn line(&mut self, at: usize) -> Result<usize> {
        loop {
            if let Some(end) = find(&self.buffer[at..], b"\r\n") {
                return Ok(at + end);
            }
            self.more().await?;
        }
    }

    pub fn head(&self, answer: Answer) -> String {
        String::from_utf8_lossy(&self.buffer[..answer.head]).into_owned()
    }

    pub fn body(&self, answer: Answer) -> Result<Vec<u8>> {
        let mut rest = &self.buffer[answer.head..answer.total];
        if !answer.chunked {
            return Ok(rest.to_vec());
        }
        let mut body = Vec::with_capacity(rest.len());
        while let Some(line) = find(rest, b"\r\n") {
            let size = chunk_size(&rest[..line])?;
            let start = line + 2;
            if size == 0 {
                break;
            }
            body.extend_from_slice(&rest[start..start + size]);
            rest = &rest[start + size + 2..];
        }
        Ok(body)
    }
}

/// Status and length of the body; no length where it comes in chunks.
fn read_head(head: &[u8]) -> Result<(u16, Option<usize>)> {
    let text = std::str::from_utf8(head).context("The head of the answer is not text")?;
    let status = text.get(9..12).and_then(|status| status.parse().ok()).context("The answer has no status")?;
    let mut length = None;
    for line in text.split("\r\n").skip(1) {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse().context("The length of the answer is not a number")?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Ok((status, None));
        }
    }
    Ok((status, Some(length.unwrap_or(0))))
}

fn chunk_size(line: &[u8]) -> Result<usize> {
    let text = std::str::from_utf8(line).unwrap_or_default();
    usize::from_str_radix(text.split(';').next().unwrap_or_default().trim(), 16)
        .context("A chunk of the answer has no size")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The bytes of a request. `headers` are complete lines.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: bench.example\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A server that answers one request with these pieces and goes.
    async fn serving(pieces: &'static [&'static str]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut sink = [0; 1024];
            let _ = stream.read(&mut sink).await.unwrap();
            for piece in pieces {
                stream.write_all(piece.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        Connection::open(address).await.unwrap()
    }

    async fn answered(pieces: &'static [&'static str]) -> (u16, String) {
        let mut connection = serving(pieces).await;
        let answer = connection.send(&request("GET", "/", &[], "")).await.unwrap();
        (answer.status, String::from_utf8(connection.body(answer).unwrap()).unwrap())
    }

    #[tokio::test]
    async fn answers_are_read_whole_however_they_come() {
        let whole = answered(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"]).await;
        assert_eq!(whole, (200, "hello".to_owned()));
        let torn = answered(&[
            "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r",
            "\n5\r\nhel",
            "lo\r\n6\r\n world\r\n0\r\n",
            "\r\n",
        ])
        .await;
        assert_eq!(torn, (201, "hello world".to_owned()));
        let none = answered(&["HTTP/1.1 303 See Other\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"]).await;
        assert_eq!(none, (303, String::new()));
    }

    async fn passed(pieces: &'static [&'static str]) -> Result<(u16, String)> {
        let (mut connection, mut text) = (serving(pieces).await, String::new());
        let piece = |piece: &[u8]| text.push_str(std::str::from_utf8(piece).unwrap());
        let status = connection.pass(&request("GET", "/", &[], ""), piece).await?;
        assert!(connection.buffer.is_empty());
        Ok((status, text))
    }

    #[tokio::test]
    async fn what_passes_by_is_all_of_it_and_is_not_kept() {
        let whole = passed(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "lo"]).await.unwrap();
        assert_eq!(whole, (200, "hello".to_owned()));
        let torn = passed(&[
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r",
            "\nhel",
            "lo\r\n6\r\n world\r",
            "\n0\r\n\r\n",
        ])
        .await;
        assert_eq!(torn.unwrap(), (200, "hello world".to_owned()));
        let cut = passed(&["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"]).await;
        assert!(cut.is_err());
    }
}
