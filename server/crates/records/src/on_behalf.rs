//! Who a long job of this crate works for: the member who asked, and who acted for them when they did. It lies in the job's payload.

use domain::{MemberId, Result, TenantId};
use jobs::Claimed;
use platform::dispatch::Caller;
use platform::{Ctx, Platform, auth};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;
use words::Language;

/// The payload of a job about `what`, as [`Asker::of`] and [`named`] read it.
pub fn asked(ctx: &Ctx, what: &str, id: Uuid) -> Value {
    let impersonation = ctx.access.impersonation.as_ref().map(|acted| acted.id);
    let language = words::current().tag();
    json!({ what: id, "member": ctx.access.member, "impersonation": impersonation, "language": language })
}

/// An id of the payload.
pub fn named(job: &Claimed, key: &str) -> Option<Uuid> {
    job.payload.get(key).and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok())
}

/// Keys are none here: they start no job that goes on beyond them (`domain::operation::PEOPLE_ONLY`).
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// The job's own, whatever the payload says.
    pub tenant: TenantId,
    member: MemberId,
    impersonation: Option<Uuid>,
    /// That in which it was asked: a file names choices as they are called there, and what is refused is told in it.
    pub language: Language,
}

impl Asker {
    /// None where the payload names nobody.
    pub fn of(job: &Claimed) -> Option<Self> {
        let impersonation = named(job, "impersonation");
        let support = job.payload.get("impersonation").is_some_and(|given| !given.is_null());
        // Whoever acted for the member is not taken for the member because their id cannot be read.
        if support && impersonation.is_none() {
            return None;
        }
        let language = job.payload.get("language").and_then(Value::as_str).and_then(Language::parse);
        Some(Self {
            tenant: TenantId(job.scope?),
            member: MemberId(named(job, "member")?),
            impersonation,
            language: language.unwrap_or_default(),
        })
    }

    /// As they stand now: what was taken away from them since they asked is refused. Changes say that they came by `cause`.
    pub async fn caller(&self, platform: &Arc<Platform>, cause: (&'static str, Uuid)) -> Result<Caller> {
        let (pools, now) = (&platform.services.pools, platform.services.clock.now());
        let access = auth::member_of_job(pools, self.tenant, self.member, self.impersonation, now).await?;
        let mut origin = platform.origin(None);
        (origin.cause_kind, origin.cause_id) = (cause.0, Some(cause.1));
        Ok(Caller { access: Arc::new(access), session: None, origin })
    }
}
