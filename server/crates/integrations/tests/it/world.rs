//! A workspace with a person who sends, a document that can go along, and workers over a mail server.

use domain::backend::BoxFuture;
use domain::messaging::{
    Attachment, Channel, DeliveryLog, ListDeliveries, MessagePreview, PreviewMessage, Queued, SendMessage,
};
use domain::{Error, Result};
use integrations::{Smtp, SmtpSettings};
use jobs::{Queue, Running, Worker, WorkerConfig};
use modules::messaging::delivery_job;
use platform::capability::{BaseUrl, DocumentSource, Documents, File, Mailer};
use platform::{Caller, Ctx};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use testkit::{SmtpSink, TestTenant, TestWorld};
use uuid::Uuid;

pub struct Post {
    pub world: TestWorld,
    pub tenant: TestTenant,
    pub amina: Caller,
}

/// A document for each id but nil, which is no record.
struct Papers;

impl DocumentSource for Papers {
    fn kinds(&self) -> &'static [&'static str] {
        &["paper"]
    }

    /// Even what is no record may go along: that it cannot be made turns out when it is delivered.
    fn permitted<'a>(&'a self, _: &'a mut Ctx, _: &'a str, _: Uuid) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn pdf<'a>(&'a self, ctx: &'a mut Ctx, kind: &'a str, id: Uuid) -> BoxFuture<'a, Result<File>> {
        Box::pin(async move {
            if id.is_nil() {
                return Err(Error::not_found());
            }
            let content = format!("%PDF-1.7 {kind} {id} of {}", ctx.access.slug).into_bytes();
            Ok(File { name: format!("{kind}-1.pdf"), media_type: "application/pdf", content })
        })
    }
}

impl Post {
    pub async fn new() -> Self {
        let world = TestWorld::new(|registry| {
            records::register(registry);
            modules::register(registry);
            registry.hook(Documents::new(Papers)).hook(BaseUrl("https://nexus.example".to_owned()));
        })
        .await;
        let tenant = world.tenant("lakeside", "core").await;
        let amina = world.member(&tenant, "Amina", &["MANAGER"]).await;
        Self { world, tenant, amina }
    }

    pub async fn send(&self, message: SendMessage) -> Result<Queued> {
        self.world.run(&self.amina, message).await
    }

    pub async fn preview(&self, id: Uuid) -> MessagePreview {
        self.world.run(&self.amina, PreviewMessage { id }).await.unwrap()
    }

    pub async fn log(&self, id: Uuid) -> DeliveryLog {
        self.world.run(&self.amina, ListDeliveries { id }).await.unwrap()
    }

    pub fn mailer(&self, url: &str) -> Arc<dyn Mailer> {
        let mut settings = SmtpSettings::read(url, "post@nexus.example").unwrap();
        settings.timeout = Duration::from_millis(1500);
        Arc::new(Smtp::new(settings).unwrap())
    }

    /// A worker that tries again soon.
    pub fn worker(&self, mailer: Arc<dyn Mailer>) -> Running {
        let config = WorkerConfig {
            name: format!("mail-{}", Uuid::from_u128(1)),
            lease: Duration::from_secs(2),
            poll: Duration::from_millis(30),
            retry_base: Duration::from_millis(100),
            retry_cap: Duration::from_millis(400),
            ..WorkerConfig::default()
        };
        let queue = Queue::new(self.world.services().pools.platform.clone());
        Worker::new(queue, config).with(delivery_job(self.world.platform.clone(), mailer)).start()
    }

    pub fn worker_to(&self, sink: &SmtpSink) -> Running {
        self.worker(self.mailer(&sink.url()))
    }

    /// Waits until the message is in this state.
    pub async fn until(&self, id: Uuid, status: &str) -> MessagePreview {
        for _ in 0..400 {
            let message = self.preview(id).await;
            if message.status == status {
                return message;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{id} did not become {status}: {:#?}\n{:#?}", self.preview(id).await, self.log(id).await)
    }
}

pub fn values() -> Map<String, Value> {
    let values = json!({
        "customer": { "name": "Kisumu Traders" },
        "invoice": {
            "invoiceNumber": "INV-000123",
            "totalAmount": { "amount": "12500.00", "currency": "KES" },
            "openAmount": { "amount": "2500.00", "currency": "KES" },
            "dueDate": "2026-12-20",
            "daysOverdue": 12,
        },
        "order": { "number": "ORD-000077", "totalAmount": { "amount": "12500.00", "currency": "KES" }, "shippedOn": "2026-11-20" },
        "payment": { "amount": { "amount": "10000.00", "currency": "KES" }, "receivedOn": "2026-11-19" },
        "shipment": { "carrier": "Posta", "trackingNumber": "KE123456789" },
        "approval": { "title": "Order ORD-000077", "requestedBy": "Joyce", "amount": { "amount": "12500.00", "currency": "KES" } },
        "somethingElse": true,
    });
    values.as_object().unwrap().clone()
}

/// An invoice to a customer, under this key.
pub fn invoice(key: &str) -> SendMessage {
    SendMessage {
        channel: Channel::Email,
        template: "invoice_notification".to_owned(),
        language: None,
        to: "accounts@kisumu-traders.example".to_owned(),
        subject: None,
        reply_to: None,
        values: values(),
        record: None,
        attachments: Vec::new(),
        key: key.to_owned(),
    }
}

pub fn paper(id: u128) -> Vec<Attachment> {
    vec![Attachment { document: "paper".to_owned(), id: Uuid::from_u128(id) }]
}
