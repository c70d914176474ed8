//! The job that delivers a message: takes it up, renders what goes with it, asks the mailer, and writes down what came of it.
//!
//! Two transactions, each fenced by the job's claim, and the mail server between them. Killed before the first, nothing happened; after the
//! second, the job is done. Killed between them, the next worker cannot know whether the server had the mail: it sends it again under the
//! same Message-ID, and the try without an answer stays in the log as lost. Nothing else happens twice.
//!
//! What may pass (a server that is away, busy, or does not accept our sign-in) is tried again with growing waits for about a day and a half.
//! What cannot get better (an address that the server refuses, a document that cannot be made) fails at once.

use super::attach;
use super::render::line;
use super::store;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::messaging::DeliveryOutcome;
use domain::records::Values;
use domain::{Kind, Result, TenantId, Verb};
use jobs::{BoxFuture, Claimed, Handler, Outcome};
use platform::capability::{Delivery, Mail, Mailer};
use platform::{Caller, Ctx, Platform, Stop, TxMode, auth, db_error};
use records::{Edit, Held};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use words::mark;

pub const KIND: &str = "messaging.deliver";
/// With waits that double from seconds up to an hour: about a day and a half.
pub const MAX_TRIES: i32 = 48;
/// How long a message of a suspended workspace waits before it is looked at again.
const SUSPENDED: Duration = Duration::from_secs(3600);
/// Letters of what a mail server said that are kept.
const LONGEST_ANSWER: usize = 500;

const TAKE: &str = "\
update messages set status = 'sending', attempts = coalesce(attempts, 0) + 1, version = version + 1, updated_at = $3
where tenant_id = $1 and id = $2 and status in ('queued', 'sending') and deleted_at is null
returning attempts, recipient, reply_to, subject, language, body_text, body_html, key, created_at";
const DROP: &str = "\
update messages set status = 'cancelled', version = version + 1, updated_at = $3
where tenant_id = $1 and id = $2 and status in ('queued', 'sending') and deleted_at is not null";
const WAIT: &str = "\
update messages set status = 'queued', error = $4, version = version + 1, updated_at = $3
where tenant_id = $1 and id = $2 and status = 'sending'";
const LOST: &str = "\
update delivery_attempts set outcome = 'lost' where tenant_id = $1 and message_id = $2 and outcome = 'started'";
const STARTED: &str = "\
insert into delivery_attempts (tenant_id, message_id, attempt, at, outcome) values ($1, $2, $3, $4, 'started')";
const ANSWERED: &str = "\
update delivery_attempts set outcome = $4, response = $5, duration_ms = $6 where tenant_id = $1 and message_id = $2 and attempt = $3";

pub struct DeliveryJob {
    platform: Arc<Platform>,
    mailer: Arc<dyn Mailer>,
}

pub fn delivery_job(platform: Arc<Platform>, mailer: Arc<dyn Mailer>) -> DeliveryJob {
    DeliveryJob { platform, mailer }
}

impl Handler for DeliveryJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let id = job.payload.get("message").and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok());
            let (Some(tenant), Some(message)) = (job.scope, id) else {
                return Outcome::Fail("the job names no workspace and message".to_owned());
            };
            let work =
                Work { platform: &self.platform, mailer: self.mailer.as_ref(), job, tenant: TenantId(tenant), message };
            match work.run().await {
                Ok(outcome) => outcome,
                Err(Stop::Lost) => Outcome::Retry("another worker has taken the message over".to_owned()),
                // The workspace is suspended or closed. Its mail waits for it.
                Err(Stop::Error(error)) if matches!(error.kind, Kind::Forbidden | Kind::NotFound) => {
                    Outcome::Later(SUSPENDED)
                }
                Err(Stop::Error(error)) => Outcome::Retry(error.to_string()),
            }
        })
    }
}

/// A message that this worker has in hand.
#[derive(FromRow)]
struct Taken {
    attempts: i64,
    recipient: String,
    reply_to: Option<String>,
    subject: String,
    language: String,
    body_text: String,
    body_html: String,
    key: String,
    created_at: DateTime<Utc>,
}

struct Work<'a> {
    platform: &'a Arc<Platform>,
    mailer: &'a dyn Mailer,
    job: &'a Claimed,
    tenant: TenantId,
    message: Uuid,
}

impl Work<'_> {
    async fn run(&self) -> Result<Outcome, Stop> {
        let Some(taken) = self.take().await? else { return Ok(Outcome::Done) };
        let clock = &self.platform.services.clock;
        let from = clock.now();
        let delivery = match self.mail(&taken).await {
            Ok(mail) => self.mailer.deliver(&mail).await,
            Err(error) if matches!(error.kind, Kind::Internal | Kind::Unavailable | Kind::Conflict) => {
                Delivery::Later(format!("What goes with it could not be made: {error}"))
            }
            Err(error) => Delivery::Refused(format!("What goes with it could not be made: {error}")),
        };
        let took = (clock.now() - from).num_milliseconds().max(0);
        self.settle(&taken, delivery, took).await
    }

    async fn open(&self, mode: TxMode) -> Result<Ctx> {
        let access = auth::automation(&self.platform.services.pools, self.tenant).await?;
        let mut origin = self.platform.origin(None);
        (origin.cause_kind, origin.cause_id) = ("delivery", Some(self.message));
        let caller = Caller { access: Arc::new(access), session: None, origin };
        self.platform.open(&caller, KIND, mode).await
    }

    /// Takes the message up, unless it was cancelled, thrown away or delivered; then the job is done.
    async fn take(&self) -> Result<Option<Taken>, Stop> {
        let mut ctx = self.open(TxMode::ReadWrite).await?;
        let (tenant, now) = (self.tenant.0, ctx.now());
        let taken: Option<Taken> = sqlx::query_as(TAKE)
            .bind(tenant)
            .bind(self.message)
            .bind(now)
            .fetch_optional(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        let conn = ctx.conn().await?;
        let Some(taken) = taken else {
            sqlx::query(DROP).bind(tenant).bind(self.message).bind(now).execute(&mut *conn).await.map_err(db_error)?;
            self.job.finish(conn).await?;
            ctx.commit().await?;
            return Ok(None);
        };
        sqlx::query(LOST).bind(tenant).bind(self.message).execute(&mut *conn).await.map_err(db_error)?;
        let started = sqlx::query(STARTED).bind(tenant).bind(self.message).bind(taken.attempts).bind(now);
        started.execute(&mut *conn).await.map_err(db_error)?;
        self.job.fence(conn).await?;
        ctx.commit().await?;
        Ok(Some(taken))
    }

    /// The mail with its documents, which are made now, with the rights of the workspace's automation.
    async fn mail(&self, taken: &Taken) -> Result<Mail> {
        let mut ctx = self.open(TxMode::ReadOnly).await?;
        let mut attachments = Vec::new();
        for attachment in store::attachments(&mut ctx, self.message).await? {
            attachments.push(attach::file(&mut ctx, &attachment).await?);
        }
        Ok(Mail {
            id: mail_id(self.tenant, &taken.key),
            date: taken.created_at.into(),
            sender: line(&ctx.access.workspace),
            to: taken.recipient.clone(),
            reply_to: taken.reply_to.clone(),
            subject: taken.subject.clone(),
            language: taken.language.clone(),
            text: taken.body_text.clone(),
            html: taken.body_html.clone(),
            attachments,
        })
    }

    async fn settle(&self, taken: &Taken, delivery: Delivery, took: i64) -> Result<Outcome, Stop> {
        let last = self.job.is_last_attempt();
        let mut ctx = self.open(TxMode::ReadWrite).await?;
        let (outcome, response) = match &delivery {
            Delivery::Sent(answer) => (DeliveryOutcome::Sent, shortened(answer)),
            // In English, as all that is kept; it is said where it is shown.
            Delivery::Sandboxed => {
                (DeliveryOutcome::Sandboxed, mark!("No mail server is configured; the message was not sent").to_owned())
            }
            Delivery::Later(answer) if last => {
                let given_up = format!("Given up after {} tries. The last answer: {answer}", taken.attempts);
                (DeliveryOutcome::Failed, shortened(&given_up))
            }
            Delivery::Later(answer) => (DeliveryOutcome::Waiting, shortened(answer)),
            Delivery::Refused(answer) => (DeliveryOutcome::Failed, shortened(answer)),
        };
        let answered = sqlx::query(ANSWERED)
            .bind(self.tenant.0)
            .bind(self.message)
            .bind(taken.attempts)
            .bind(outcome.as_str())
            .bind(&response)
            .bind(took);
        answered.execute(ctx.conn().await?).await.map_err(db_error)?;
        if outcome == DeliveryOutcome::Waiting {
            let now = ctx.now();
            let wait = sqlx::query(WAIT).bind(self.tenant.0).bind(self.message).bind(now).bind(&response);
            wait.execute(ctx.conn().await?).await.map_err(db_error)?;
            self.job.fence(ctx.conn().await?).await?;
            ctx.commit().await?;
            return Ok(Outcome::Retry(response));
        }
        self.end(&mut ctx, outcome, response).await?;
        ctx.flush().await?;
        self.job.finish(ctx.conn().await?).await?;
        ctx.commit().await?;
        Ok(Outcome::Done)
    }

    /// The message's last state, with its change and its event.
    async fn end(&self, ctx: &mut Ctx, outcome: DeliveryOutcome, response: String) -> Result<()> {
        let entity = store::entity(ctx)?;
        let held = self.held(ctx, &entity).await?;
        let mut values = Values::new();
        let (status, error) = match outcome {
            DeliveryOutcome::Sent => ("sent", Value::Null),
            DeliveryOutcome::Sandboxed => ("sandboxed", Value::Null),
            _ => ("failed", json!(response)),
        };
        values.insert("error".to_owned(), error);
        if outcome == DeliveryOutcome::Sent {
            values.insert("sentAt".to_owned(), json!(ctx.now().to_rfc3339_opts(SecondsFormat::Secs, true)));
        }
        records::write(ctx, &entity, &held, Edit { values, status: Some(status.to_owned()), deleted: None }, status)
            .await?;
        Ok(())
    }

    /// It may have been thrown away while it was under way.
    async fn held(&self, ctx: &mut Ctx, entity: &domain::schema::Entity) -> Result<Held> {
        match records::hold(ctx, entity, self.message, Verb::Update, false).await {
            Err(error) if error.kind == Kind::NotFound => {
                records::hold(ctx, entity, self.message, Verb::Update, true).await
            }
            held => held,
        }
    }
}

/// The same for every try at a message, and telling nothing of its key.
fn mail_id(tenant: TenantId, key: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(tenant.0.as_bytes());
    hash.update(key.as_bytes());
    hash.finalize().iter().take(16).fold(String::with_capacity(32), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// What a server says is its own; it is kept in one line, without what a terminal or a page could stumble over.
fn shortened(answer: &str) -> String {
    line(answer).chars().take(LONGEST_ANSWER).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_called_the_same_at_every_try_and_differently_elsewhere() {
        let (one, two) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        assert_eq!(mail_id(one, "invoice:1"), mail_id(one, "invoice:1"));
        assert_ne!(mail_id(one, "invoice:1"), mail_id(two, "invoice:1"));
        assert_ne!(mail_id(one, "invoice:1"), mail_id(one, "invoice:2"));
        assert_eq!(mail_id(one, "x").len(), 32);
    }

    #[test]
    fn answers_are_kept_short_and_in_one_line() {
        assert_eq!(shortened("550 no\r\nsuch\u{1b}[31m user"), "550 no such[31m user");
        assert_eq!(shortened(&"x".repeat(9000)).len(), LONGEST_ANSWER);
    }
}
