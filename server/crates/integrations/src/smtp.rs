//! Mail by SMTP.
//!
//! What the server answers decides what becomes of a message: 4xx, silence and a server that is away may pass; 5xx about this mail will not.
//! A server that refuses our sign-in says nothing about the mail, so the mail waits until the settings are right.

use domain::backend::BoxFuture;
use lettre::address::AddressError;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use platform::capability::{Delivery, Mail, Mailer};
use std::error::Error as _;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where mail goes, and from whom it comes.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// `smtps://`, `starttls://` or `smtp://`, with user and password where the server asks for them.
    url: String,
    from: Address,
    /// For one mail altogether, whatever the server does.
    pub timeout: Duration,
}

/// The URL holds a password.
impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings").field("from", &self.from.to_string()).finish_non_exhaustive()
    }
}

/// What is wrong with the settings, each with the name of the setting.
pub type Faults = Vec<(&'static str, String)>;

const TIMEOUT: Duration = Duration::from_secs(60);
/// Connections that are kept open for the next mail, and for how long.
const CONNECTIONS: usize = 4;
const IDLE: Duration = Duration::from_secs(30);
/// Answers of a server that does not accept us: they say nothing about the mail.
const SIGN_IN: [u16; 5] = [454, 530, 534, 535, 538];

impl SmtpSettings {
    pub fn read(url: &str, from: &str) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let url = transport_url(url).map_err(|problem| faults.push(("SMTP_URL", problem))).ok();
        let from =
            from.parse::<Address>().map_err(|problem| faults.push(("MAIL_FROM", not_an_address(from, problem)))).ok();
        match (url, from) {
            (Some(url), Some(from)) => Ok(Self { url, from, timeout: TIMEOUT }),
            _ => Err(faults),
        }
    }
}

fn not_an_address(text: &str, problem: AddressError) -> String {
    if text.is_empty() {
        return "is missing; with SMTP_URL it must be the address that messages come from, such as invoices@example.com".to_owned();
    }
    format!("{text} is not an address such as invoices@example.com: {problem}")
}

/// The URL as the transport reads it. Nothing of it is repeated in a fault: it may hold a password.
fn transport_url(given: &str) -> Result<String, String> {
    const SHAPE: &str = "is not of the form smtps://user:password@mail.example.com";
    let (scheme, rest) = given.split_once("://").ok_or(SHAPE)?;
    if rest.contains(['?', '#']) {
        return Err("takes no options behind a ? or #; write starttls:// where the server begins in clear".to_owned());
    }
    let url = match scheme {
        "smtps" => given.to_owned(),
        "starttls" => format!("smtp://{}?tls=required", rest.trim_end_matches('/')),
        "smtp" if rest.contains('@') && !is_local(rest) => {
            return Err("smtp:// would send the password in clear; use smtps:// or starttls://".to_owned());
        }
        "smtp" => given.to_owned(),
        _ => return Err("does not begin with smtps://, starttls:// or smtp://".to_owned()),
    };
    match Transport::from_url(&url) {
        Ok(_) => Ok(url),
        Err(_) => Err(SHAPE.to_owned()),
    }
}

fn is_local(rest: &str) -> bool {
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|local| host.strip_prefix(local).is_some_and(|after| after.is_empty() || after.starts_with([':', '/'])))
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Keeps connections for the next mail. A transport holds one of them, and is out of reach while a mail is under way: one that was given up
/// in the middle, by a timeout or because the job was taken away, is never used again. Its server may still answer the mail before, and the
/// answer would be taken for one to the next.
pub struct Smtp {
    settings: SmtpSettings,
    free: Mutex<Vec<Transport>>,
}

impl Smtp {
    pub fn new(settings: SmtpSettings) -> Result<Self, smtp::Error> {
        let first = transport(&settings)?;
        Ok(Self { settings, free: Mutex::new(vec![first]) })
    }

    async fn send(&self, mail: &Mail) -> Delivery {
        let message = match compose(mail, &self.settings.from) {
            Ok(message) => message,
            Err(problem) => return Delivery::Refused(problem),
        };
        let free = self.locked().pop();
        let transport = match free.map_or_else(|| transport(&self.settings), Ok) {
            Ok(transport) => transport,
            Err(error) => return outcome(&error),
        };
        let Ok(answer) = tokio::time::timeout(self.settings.timeout, transport.send(message)).await else {
            let seconds = self.settings.timeout.as_secs().max(1);
            return Delivery::Later(format!("The mail server did not answer within {seconds} seconds"));
        };
        let mut free = self.locked();
        if free.len() < CONNECTIONS {
            free.push(transport);
        }
        drop(free);
        match answer {
            Ok(response) => {
                let words: Vec<&str> = response.message().collect();
                Delivery::Sent(format!("{} {}", response.code(), words.join(" ")).trim_end().to_owned())
            }
            Err(error) => outcome(&error),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Transport>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn transport(settings: &SmtpSettings) -> Result<Transport, smtp::Error> {
    let pool = PoolConfig::new().max_size(1).idle_timeout(IDLE);
    Ok(Transport::from_url(&settings.url)?.timeout(Some(settings.timeout)).pool_config(pool).build())
}

impl Mailer for Smtp {
    fn deliver<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Delivery> {
        Box::pin(self.send(mail))
    }
}

fn outcome(error: &smtp::Error) -> Delivery {
    let words = whole(error);
    let code = error.status().map(u16::from);
    if code.is_some_and(|code| SIGN_IN.contains(&code)) {
        return Delivery::Later(format!(
            "The mail server does not accept this server's sign-in; check SMTP_URL: {words}"
        ));
    }
    if error.is_permanent() || error.is_client() {
        return Delivery::Refused(format!("The mail server refused the message: {words}"));
    }
    if error.is_transient() {
        return Delivery::Later(format!("The mail server asks to try later: {words}"));
    }
    Delivery::Later(format!("The mail server cannot be reached: {words}"))
}

/// An error with its causes, in one line.
fn whole(error: &smtp::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        // Some errors repeat their cause in their own words.
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = next.source();
    }
    words
}

/// The mail as it goes over the wire: plain text and HTML as alternatives, documents beside them.
fn compose(mail: &Mail, from: &Address) -> Result<Message, String> {
    for (what, text) in [("subject", &mail.subject), ("address", &mail.to), ("sender's name", &mail.sender)] {
        if text.contains(['\r', '\n', '\0']) {
            return Err(format!("The {what} holds a line break, which would become a header of its own"));
        }
    }
    let address =
        |text: &str| text.parse::<Address>().map_err(|problem| format!("{text} is not an address: {problem}"));
    let sender = Some(mail.sender.clone()).filter(|name| !name.is_empty());
    let mut builder = Message::builder()
        .message_id(Some(format!("<{}@{}>", mail.id, from.domain())))
        .date(mail.date)
        .from(Mailbox::new(sender, from.clone()))
        .to(Mailbox::new(None, address(&mail.to)?))
        .subject(mail.subject.as_str());
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    // Out-of-office programs leave it unanswered.
    for (name, value) in [("Auto-Submitted", "auto-generated"), ("Content-Language", mail.language.as_str())] {
        builder = builder.raw_header(HeaderValue::new(
            HeaderName::new_from_ascii(name.to_owned()).map_err(|problem| problem.to_string())?,
            value.to_owned(),
        ));
    }
    let bodies = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let message = if mail.attachments.is_empty() {
        builder.multipart(bodies)
    } else {
        let mut parts = MultiPart::mixed().multipart(bodies);
        for file in &mail.attachments {
            let kind = ContentType::parse(file.media_type).map_err(|problem| problem.to_string())?;
            let name: String = file.name.chars().filter(|c| !c.is_control()).collect();
            parts = parts.singlepart(part(name, file.content.clone(), kind));
        }
        builder.multipart(parts)
    };
    message.map_err(|problem| format!("The mail could not be put together: {problem}"))
}

fn part(name: String, content: Vec<u8>, kind: ContentType) -> SinglePart {
    Attachment::new(name).body(content, kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn mail() -> Mail {
        Mail {
            id: "0123".to_owned(),
            date: SystemTime::UNIX_EPOCH,
            sender: "Lakeside".to_owned(),
            to: "amina@example.com".to_owned(),
            reply_to: None,
            subject: "Invoice".to_owned(),
            language: "en".to_owned(),
            text: "Hello".to_owned(),
            html: "<p>Hello</p>".to_owned(),
            attachments: Vec::new(),
        }
    }

    fn settings(url: &str, from: &str) -> Result<SmtpSettings, Vec<&'static str>> {
        SmtpSettings::read(url, from).map_err(|faults| faults.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn settings_are_whole_or_name_what_is_wrong() {
        for good in [
            "smtps://user:pass@mail.example.com",
            "starttls://user:p%40ss@mail.example.com:587",
            "smtp://127.0.0.1:2525",
            "smtp://user:pass@localhost:1025",
        ] {
            assert!(settings(good, "a@example.com").is_ok(), "{good}");
        }
        for bad in [
            "mail.example.com",
            "http://mail.example.com",
            "smtps://",
            "smtp://user:pass@mail.example.com",
            "smtp://user:pass@localhost.example.com",
            "smtp://mail.example.com?tls=none",
        ] {
            assert_eq!(settings(bad, "a@example.com").unwrap_err(), ["SMTP_URL"], "{bad}");
        }
        assert_eq!(settings("x", "nobody").unwrap_err(), ["SMTP_URL", "MAIL_FROM"]);
        let faults = SmtpSettings::read("smtp://user:hunter2@mail.example.com", "").unwrap_err();
        assert!(!format!("{faults:?}").contains("hunter2"));
        let settings = SmtpSettings::read("smtps://user:hunter2@mail.example.com", "a@example.com").unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn a_line_break_becomes_no_header() {
        let from: Address = "from@example.com".parse().unwrap();
        let mails = [
            Mail { subject: "x\r\nBcc: all@example.com".to_owned(), ..mail() },
            Mail { sender: "x\nBcc: all@example.com".to_owned(), ..mail() },
            Mail { to: "a@example.com\r\nBcc: all@example.com".to_owned(), ..mail() },
            Mail { reply_to: Some("a@example.com\r\nBcc: all@example.com".to_owned()), ..mail() },
        ];
        for mail in mails {
            assert!(compose(&mail, &from).is_err(), "{mail:?}");
        }
        assert!(compose(&mail(), &from).is_ok());
    }

    #[test]
    fn names_and_subjects_in_any_script_stay_one_header_each() {
        let from: Address = "from@example.com".parse().unwrap();
        let mail = Mail {
            sender: "\"Ünïon\" <evil@example.com>, مرحبا".to_owned(),
            subject: format!("שלום {}", "x".repeat(240)),
            ..mail()
        };
        let wire = String::from_utf8(compose(&mail, &from).unwrap().formatted()).unwrap();
        let head = wire.split("\r\n\r\n").next().unwrap();
        assert!(head.is_ascii(), "{head}");
        assert!(head.contains("from@example.com") && !head.contains("evil@example.com"), "{head}");
        assert!(head.contains("Message-ID: <0123@example.com>"), "{head}");
        let own = head.lines().filter(|line| !line.starts_with([' ', '\t']));
        let names: Vec<&str> = own.filter_map(|line| line.split(':').next()).collect();
        assert_eq!(names.iter().filter(|name| **name == "From").count(), 1);
        assert!(!names.contains(&"Bcc"), "{head}");
    }
}
