//! What the business asks of the world outside, as traits: delivering mail, and rendering documents to go with it.
//!
//! The business names what it wants; who does it is put together at start. Whatever answers here may be slow, away or wrong, and says so in
//! its answer rather than by an error that somebody has to guess the meaning of.

use crate::ctx::Ctx;
use domain::Result;
use domain::backend::BoxFuture;
use std::fmt;
use std::time::SystemTime;
use uuid::Uuid;

/// Where people reach this server, without a slash at the end: for links in messages. An extension point of the registry.
#[derive(Debug, Clone)]
pub struct BaseUrl(pub String);

/// A finished mail. Every part has been checked: no line breaks in what becomes a header.
#[derive(Clone)]
pub struct Mail {
    /// The same for every try at the same message, so that a receiver recognises one that comes twice. Letters, digits and `-`; the mailer
    /// adds its domain.
    pub id: String,
    /// When the message was made.
    pub date: SystemTime,
    /// Shown beside the sender's address: the workspace's name.
    pub sender: String,
    pub to: String,
    pub reply_to: Option<String>,
    pub subject: String,
    pub language: String,
    pub text: String,
    pub html: String,
    pub attachments: Vec<File>,
}

/// Its words may hold a link that opens an account.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).field("to", &self.to).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: String,
    /// `application/pdf`.
    pub media_type: &'static str,
    pub content: Vec<u8>,
}

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The server took it, in its words.
    Sent(String),
    /// Nothing is configured that could send it.
    Sandboxed,
    /// Something that may pass: the server is away, busy or wants it later.
    Later(String),
    /// This message will not be taken, however often it is offered.
    Refused(String),
}

pub trait Mailer: Send + Sync + 'static {
    /// May be asked again for a mail that was sent, after a crash. Ends in bounded time.
    fn deliver<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Delivery>;
}

/// Renders documents as files.
pub trait DocumentSource: Send + Sync + 'static {
    /// Names under which its documents are asked for: `invoice`.
    fn kinds(&self) -> &'static [&'static str];

    /// Whether the caller may have the document of a record: refused just as when they ask for it. Whatever is made later, with other rights, is
    /// asked about here first.
    fn permitted<'a>(&'a self, ctx: &'a mut Ctx, kind: &'a str, id: Uuid) -> BoxFuture<'a, Result<()>>;

    /// The document of a record, seen with the caller's rights: a record that the caller may not read is not found.
    fn pdf<'a>(&'a self, ctx: &'a mut Ctx, kind: &'a str, id: Uuid) -> BoxFuture<'a, Result<File>>;
}

/// A source as an extension point: `registry.hook(Documents::new(InvoiceDocuments))`.
pub struct Documents(Box<dyn DocumentSource>);

impl Documents {
    pub fn new(source: impl DocumentSource) -> Self {
        Self(Box::new(source))
    }

    pub fn kinds(&self) -> &'static [&'static str] {
        self.0.kinds()
    }

    pub fn renders(&self, kind: &str) -> bool {
        self.0.kinds().contains(&kind)
    }

    pub async fn permitted(&self, ctx: &mut Ctx, kind: &str, id: Uuid) -> Result<()> {
        self.0.permitted(ctx, kind, id).await
    }

    pub async fn pdf(&self, ctx: &mut Ctx, kind: &str, id: Uuid) -> Result<File> {
        self.0.pdf(ctx, kind, id).await
    }
}
