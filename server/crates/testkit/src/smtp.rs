//! A mail server for tests: speaks enough SMTP to take mail, keeps what it got, and fails in the ways that real ones do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the server does instead of taking a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpFault {
    /// 451 to the recipient: come back later.
    Busy,
    /// 550 to the recipient: there is nobody of that name.
    NoSuchUser,
    /// Takes the connection and says nothing.
    Silence,
    /// Closes the connection in the middle of the mail.
    Reset,
    /// Takes the mail and closes the connection without saying so: the sender cannot know.
    TakenUnsaid,
    /// 530 to the sender: sign in first.
    SignIn,
}

/// A mail as it came over the wire.
#[derive(Debug, Clone)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    /// Headers and body, with the dots of SMTP taken out.
    pub wire: String,
}

impl Received {
    /// The first header of a name, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.wire.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    pub fn message_id(&self) -> String {
        self.header("Message-ID").unwrap_or_default()
    }
}

#[derive(Default)]
struct State {
    mails: Vec<Received>,
    /// The next connections' faults, first come first served; afterwards everything works.
    faults: Vec<SmtpFault>,
    always: Option<SmtpFault>,
    connections: usize,
}

/// Stops listening when it is dropped.
pub struct SmtpSink {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: watch::Sender<bool>,
    listening: JoinHandle<()>,
}

impl SmtpSink {
    pub async fn start() -> Self {
        Self::at("127.0.0.1:0".parse().expect("an address")).await
    }

    /// On an address that a test has used before: a server that comes back.
    pub async fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port for the mail server");
        let address = listener.local_addr().expect("the address listened on");
        let state = Arc::new(Mutex::new(State::default()));
        let (stop, stopped) = watch::channel(false);
        let listening = tokio::spawn(listen(listener, state.clone(), stopped));
        Self { address, state, stop, listening }
    }

    /// For `SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The next mails are met by these, in this order.
    pub fn fail(&self, faults: &[SmtpFault]) {
        self.locked(|state| state.faults.extend_from_slice(faults));
    }

    /// Every mail from now on; `None` to take them again.
    pub fn fail_always(&self, fault: Option<SmtpFault>) {
        self.locked(|state| state.always = fault);
    }

    pub fn mails(&self) -> Vec<Received> {
        self.locked(|state| state.mails.clone())
    }

    pub fn connections(&self) -> usize {
        self.locked(|state| state.connections)
    }

    /// How often each Message-ID arrived.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for mail in self.mails() {
            *counts.entry(mail.message_id()).or_default() += 1;
        }
        counts
    }

    /// Ends every connection and gives the port back.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.listening).await;
    }

    fn locked<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, state: Arc<Mutex<State>>, mut stopped: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, _)) = accepted else { continue };
        let (state, mut stopped) = (state.clone(), stopped.clone());
        state.lock().unwrap_or_else(PoisonError::into_inner).connections += 1;
        tokio::spawn(async move {
            tokio::select! {
                _ = talk(stream, state) => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        });
    }
}

fn next_fault(state: &Mutex<State>) -> Option<SmtpFault> {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if state.faults.is_empty() { state.always } else { Some(state.faults.remove(0)) }
}

/// One connection, which may bring many mails.
async fn talk(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    write.write_all(b"220 sink.example ESMTP\r\n").await?;
    let (mut from, mut to, mut fault) = (String::new(), Vec::new(), None);
    let mut line = String::new();
    loop {
        line.clear();
        if read.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let upper = command.to_ascii_uppercase();
        let answer = if upper.starts_with("EHLO") || upper.starts_with("HELO") {
            "250-sink.example\r\n250 8BITMIME\r\n"
        } else if upper.starts_with("MAIL FROM:") {
            fault = next_fault(&state);
            (from, to) = (command[10..].to_owned(), Vec::new());
            match fault {
                Some(SmtpFault::Silence) => std::future::pending().await,
                Some(SmtpFault::SignIn) => "530 5.7.0 Authentication required\r\n",
                _ => "250 2.1.0 Ok\r\n",
            }
        } else if upper.starts_with("RCPT TO:") {
            match fault {
                Some(SmtpFault::Busy) => "451 4.3.0 Try again later\r\n",
                Some(SmtpFault::NoSuchUser) => "550 5.1.1 No such user here\r\n",
                _ => {
                    to.push(command[8..].to_owned());
                    "250 2.1.5 Ok\r\n"
                }
            }
        } else if upper == "DATA" {
            write.write_all(b"354 End with a dot\r\n").await?;
            if fault == Some(SmtpFault::Reset) {
                let _ = read.read_line(&mut line).await?;
                return Ok(());
            }
            let wire = data(&mut read).await?;
            let mail = Received { from: from.clone(), to: to.clone(), wire };
            state.lock().unwrap_or_else(PoisonError::into_inner).mails.push(mail);
            if fault == Some(SmtpFault::TakenUnsaid) {
                return Ok(());
            }
            "250 2.0.0 Taken\r\n"
        } else if upper == "QUIT" {
            write.write_all(b"221 Bye\r\n").await?;
            return Ok(());
        } else {
            // RSET, NOOP, and whatever else needs no answer of its own.
            "250 Ok\r\n"
        };
        write.write_all(answer.as_bytes()).await?;
    }
}

/// Up to the line with a dot alone.
async fn data(read: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<String> {
    let mut wire = String::new();
    loop {
        let mut line = String::new();
        if read.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(wire);
        }
        wire.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
