//! Who a long job of this crate works for: the member who asked, and who acted for them when they did. It lies in the job's payload. They are told
//! where it was stopped.

use domain::workflow::NotificationKind;
use domain::{MemberId, Result, TenantId};
use jobs::Claimed;
use platform::dispatch::Caller;
use platform::{Ctx, Notice, Platform, Services, auth, db_error, notice};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;
use words::Language;

/// The payload of a job about `what`, as [`Asker::of`] and [`named`] read it.
pub fn asked(ctx: &Ctx, what: &str, id: Uuid) -> Value {
    let impersonation = ctx.access.impersonation.as_ref().map(|acted| acted.id);
    json!({
        what: id, "member": ctx.access.member, "impersonation": impersonation, "language": words::current().tag(),
        "correlation": ctx.origin.correlation,
    })
}

/// From here on the transaction waits a moment at most for what others hold: a request does not stand in line for a batch of a job, yet is not
/// refused because what was answered a millisecond ago is still being rolled back. [`wait_as_usual`] ends it.
pub async fn wait_briefly(ctx: &mut Ctx) -> Result<()> {
    sqlx::query("set local lock_timeout = '250ms'").execute(ctx.conn().await?).await.map_err(db_error)?;
    Ok(())
}

pub async fn wait_as_usual(ctx: &mut Ctx) -> Result<()> {
    sqlx::query("set local lock_timeout to default").execute(ctx.conn().await?).await.map_err(db_error)?;
    Ok(())
}

/// An id of the payload.
pub fn named(job: &Claimed, key: &str) -> Option<Uuid> {
    id(&job.payload, key)
}

fn id(payload: &Value, key: &str) -> Option<Uuid> {
    payload.get(key).and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok())
}

/// Keys are none here: they start no job that goes on beyond them (`domain::operation::PEOPLE_ONLY`).
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// The job's own, whatever the payload says.
    pub tenant: TenantId,
    member: MemberId,
    impersonation: Option<Uuid>,
    /// What its batches have in common with the request that asked for them, so that they are one act to whoever is told of it.
    correlation: Option<Uuid>,
    /// That in which it was asked: a file names choices as they are called there, and what is refused is told in it.
    pub language: Language,
}

impl Asker {
    /// None where the payload names nobody.
    pub fn of(job: &Claimed) -> Option<Self> {
        Self::read(TenantId(job.scope?), &job.payload)
    }

    pub fn read(tenant: TenantId, payload: &Value) -> Option<Self> {
        let impersonation = id(payload, "impersonation");
        let support = payload.get("impersonation").is_some_and(|given| !given.is_null());
        // Whoever acted for the member is not taken for the member because their id cannot be read.
        if support && impersonation.is_none() {
            return None;
        }
        let language = payload.get("language").and_then(Value::as_str).and_then(Language::parse);
        Some(Self {
            tenant,
            member: MemberId(id(payload, "member")?),
            impersonation,
            correlation: id(payload, "correlation"),
            language: language.unwrap_or_default(),
        })
    }

    /// Whose it is, where no payload says who asked: to tell them.
    pub fn owner(tenant: TenantId, member: Uuid) -> Self {
        let (member, language) = (MemberId(member), Language::default());
        Self { tenant, member, impersonation: None, correlation: None, language }
    }

    /// Tells the member that the job was stopped; `what` leads to its page, which says why. Not as the member: that they may not do any more what they
    /// asked for can be the reason.
    pub async fn stopped(
        &self,
        services: &Services,
        conn: &mut PgConnection,
        job: Uuid,
        what: (&str, Uuid),
        title: String,
    ) -> Result<()> {
        let notice = Notice {
            member: self.member.0,
            kind: NotificationKind::Failure,
            title,
            body: None,
            entity: Some(what.0.to_owned()),
            record: Some(what.1),
            key: format!("stopped:{job}"),
            beside: None,
        };
        notice::tell_within(services, conn, self.tenant, &[notice]).await
    }

    /// As they stand now: what was taken away from them since they asked is refused. Changes say that they came by `cause`.
    pub async fn caller(&self, platform: &Arc<Platform>, cause: (&'static str, Uuid)) -> Result<Caller> {
        let (pools, now) = (&platform.services.pools, platform.services.clock.now());
        let access = auth::member_of_job(pools, self.tenant, self.member, self.impersonation, now).await?;
        let mut origin = platform.origin(None);
        (origin.cause_kind, origin.cause_id) = (cause.0, Some(cause.1));
        origin.correlation = self.correlation.unwrap_or(origin.correlation);
        Ok(Caller { access: Arc::new(access), session: None, origin })
    }
}
