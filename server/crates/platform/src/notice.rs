//! What members are told in the product: written here by whoever has something to tell, in the transaction of what it follows from.
//!
//! With a line goes an event that names the member and nothing else: the pages that the member has open count anew (`live`). Nothing starts from
//! it. Who has a hundred unread lines has no such event: their pages count no further.

use crate::ctx::Ctx;
use crate::db::db_error;
use crate::services::Services;
use crate::statement::{Bind, Statement};
use domain::workflow::NotificationKind;
use domain::{Result, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

/// The entity of the event that a member was told something; its record is the member.
pub const ENTITY: &str = "notification";

/// What is not told to those who do not want it, nor to who has been told `beside`. The event is as far from its beginning as events get that start
/// nothing (`workflow::matcher::MAX_DEPTH`): a workflow that waits for it would tell somebody something forever.
macro_rules! tell {
    ($again:literal, $fresh:literal) => {
        concat!(
            "with told as (
    insert into notifications (tenant_id, id, member_id, kind, title, body, entity, record_id, key, at)
    select $1, n.id, n.member_id, n.kind, n.title, n.body, n.entity, n.record_id, n.key, $2
    from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::text[], $11::text[])
        as n (id, member_id, kind, title, body, entity, record_id, key, beside)
    join members m on m.tenant_id = $1 and m.id = n.member_id and m.status = 'ACTIVE' and m.kind = 'person'
    where not exists (select from notification_mutes q where q.tenant_id = $1 and q.member_id = n.member_id and q.kind = n.kind)
        and not exists (select from notifications o where o.tenant_id = $1 and o.member_id = n.member_id and o.key = n.beside)
    on conflict (tenant_id, member_id, key) ",
            $again,
            "
    returning id, member_id, ",
            $fresh,
            " as fresh
)
insert into events (tenant_id, id, at, type, entity, record_id, source, correlation_id, depth)
select distinct on (t.member_id) $1, t.id, $2::timestamptz, 'workflow.notification.told', $12::text, t.member_id, 'told', t.id, 8::smallint
from told t where t.fresh and (select count(*) from (
    select from notifications u
    where u.tenant_id = $1 and u.member_id = t.member_id and u.read_at is null and (u.snoozed_until is null or u.snoozed_until <= $2) limit 100
) unread) < 100
order by t.member_id, t.id"
        )
    };
}

const TELL: &str = tell!("do nothing", "true");
/// A row that was there before has a transaction that locked it.
const TELL_AGAIN: &str =
    tell!("do update set count = notifications.count + 1, at = excluded.at, body = excluded.body", "(xmax = 0)");
/// To a hundred at most, as the count beside every page (`auth::workspace`).
const UNREAD: &str = "\
select count(*) from (select from notifications n
    where n.tenant_id = $1 and n.member_id = $2 and n.read_at is null and (n.snoozed_until is null or n.snoozed_until <= $3) limit 100) told";

/// A line for one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub member: Uuid,
    pub kind: NotificationKind,
    /// In the member's language. Nothing of a record stands in it but what kind of record it is and where it stands: what it is called is looked
    /// up when the line is read, for who may read it then.
    pub title: String,
    pub body: Option<String>,
    pub entity: Option<String>,
    pub record: Option<Uuid>,
    /// A member has each key once.
    pub key: String,
    /// Not told to whom has been told this.
    pub beside: Option<String>,
}

/// Tells members; what one was told already by its key stays as it is.
pub async fn tell(ctx: &mut Ctx, notices: &[Notice]) -> Result<()> {
    let (services, tenant) = (ctx.services.clone(), ctx.access.tenant);
    let told = write(TELL, &services, ctx.conn().await?, tenant, notices).await?;
    ctx.wrote_events |= told;
    Ok(())
}

/// Tells one member; what was told already by its key is counted once more, and stays read where it was.
pub async fn tell_again(ctx: &mut Ctx, notice: Notice) -> Result<()> {
    let (services, tenant) = (ctx.services.clone(), ctx.access.tenant);
    let told = write(TELL_AGAIN, &services, ctx.conn().await?, tenant, &[notice]).await?;
    ctx.wrote_events |= told;
    Ok(())
}

/// [`tell`] where there is nobody to act as any more. Whoever commits wakes those who wait for events.
pub async fn tell_within(
    services: &Services,
    conn: &mut PgConnection,
    tenant: TenantId,
    notices: &[Notice],
) -> Result<()> {
    write(TELL, services, conn, tenant, notices).await.map(|_| ())
}

/// How much waits unread for the caller.
pub async fn unread(ctx: &mut Ctx) -> Result<u64> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let binds = vec![Bind::Id(Some(tenant)), Bind::Id(Some(member)), Bind::Moment(Some(now))];
    let rows = ctx.fetch(Statement::new(UNREAD, binds)).await?;
    rows.first().map_or(Ok(0), |row| row.get::<i64>(0).map(i64::unsigned_abs))
}

/// Whether somebody was told something that they had not been told before.
async fn write(
    sql: &'static str,
    services: &Services,
    conn: &mut PgConnection,
    tenant: TenantId,
    notices: &[Notice],
) -> Result<bool> {
    if notices.is_empty() {
        return Ok(false);
    }
    let id = |_: &Notice| services.ids.next(services.clock.as_ref(), services.random.as_ref());
    let done = sqlx::query(sql)
        .bind(tenant.0)
        .bind(services.clock.now())
        .bind(notices.iter().map(id).collect::<Vec<Uuid>>())
        .bind(notices.iter().map(|notice| notice.member).collect::<Vec<Uuid>>())
        .bind(notices.iter().map(|notice| notice.kind.key().to_owned()).collect::<Vec<String>>())
        .bind(notices.iter().map(|notice| notice.title.clone()).collect::<Vec<String>>())
        .bind(notices.iter().map(|notice| notice.body.clone()).collect::<Vec<Option<String>>>())
        .bind(notices.iter().map(|notice| notice.entity.clone()).collect::<Vec<Option<String>>>())
        .bind(notices.iter().map(|notice| notice.record).collect::<Vec<Option<Uuid>>>())
        .bind(notices.iter().map(|notice| notice.key.clone()).collect::<Vec<String>>())
        .bind(notices.iter().map(|notice| notice.beside.clone()).collect::<Vec<Option<String>>>())
        .bind(ENTITY)
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(done.rows_affected() > 0)
}
