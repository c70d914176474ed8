//! Who is meant by a role, a member, or those above a member; and telling them.

use domain::workflow::{Audience, ListNotifications, NotificationRow, Notified, Notify, ReadNotifications};
use domain::{Error, Result};
use platform::{Bind, Ctx, Statement, db_error};
use uuid::Uuid;

const BY_ROLE: &str = "\
select id from members where tenant_id = $1 and status = 'ACTIVE' and kind = 'person' and roles && $2::text[] order by id";
const BY_ID: &str = "select id from members where tenant_id = $1 and id = $2 and status = 'ACTIVE' and kind = 'person'";
// `union` would end the walk should somebody be their own manager's manager; the level ends it anyway.
const ABOVE: &str = "\
with recursive up (id, level) as (
    select manager_id, 1 from members where tenant_id = $1 and id = $2
    union all
    select m.manager_id, up.level + 1 from members m join up on m.id = up.id where m.tenant_id = $1 and up.level < $3
)
select m.id from up join members m on m.tenant_id = $1 and m.id = up.id
where up.level = $3 and m.status = 'ACTIVE' and m.kind = 'person'";

const TELL: &str = "\
insert into notifications (tenant_id, id, member_id, title, body, entity, record_id, key, at)
select $1, n.id, n.member_id, $2, $3, $4, $5, $6, $7 from unnest($8::uuid[], $9::uuid[]) as n (id, member_id)
on conflict (tenant_id, member_id, key) do nothing";

const LIST: &str = "\
select id, title, body, entity, record_id,
    to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), to_char(read_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
from notifications where tenant_id = $1 and member_id = $2 and (not $3 or read_at is null) order by id desc limit $4";

const READ: &str = "update notifications set read_at = $4 where tenant_id = $1 and member_id = $2 and id = any ($3) and read_at is null";

/// In the order of their ids: whoever has been a member the longest comes first.
pub async fn members(ctx: &mut Ctx, audience: &Audience) -> Result<Vec<Uuid>> {
    let found = match audience {
        Audience::Role(role) => by_role(ctx, vec![role.clone()]).await?,
        Audience::Member(id) => ids(ctx, BY_ID, vec![Bind::Id(Some(*id))]).await?,
        Audience::Above { member, level } => {
            let binds = vec![Bind::Id(Some(*member)), Bind::Int(Some(i64::from(*level)))];
            ids(ctx, ABOVE, binds).await?
        }
    };
    match audience {
        // Nobody is that far up: those who run the workspace are.
        Audience::Above { .. } if found.is_empty() => by_role(ctx, vec!["ADMIN".to_owned(), "OWNER".to_owned()]).await,
        _ => Ok(found),
    }
}

async fn by_role(ctx: &mut Ctx, roles: Vec<String>) -> Result<Vec<Uuid>> {
    ids(ctx, BY_ROLE, vec![Bind::texts(roles)]).await
}

async fn ids(ctx: &mut Ctx, sql: &'static str, mut binds: Vec<Bind>) -> Result<Vec<Uuid>> {
    binds.insert(0, Bind::Id(Some(ctx.access.tenant.0)));
    ctx.fetch(Statement::new(sql, binds)).await?.iter().map(|row| row.get(0)).collect()
}

pub async fn notify(ctx: &mut Ctx, notify: Notify) -> Result<Notified> {
    if notify.title.trim().is_empty() {
        return Err(Error::field("title", "Say what there is to tell"));
    }
    let members = members(ctx, &notify.to).await?;
    let ids: Vec<Uuid> = members.iter().map(|_| ctx.new_id()).collect();
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    if !members.is_empty() {
        sqlx::query(TELL)
            .bind(tenant)
            .bind(&notify.title)
            .bind(&notify.body)
            .bind(&notify.entity)
            .bind(notify.record)
            .bind(&notify.key)
            .bind(now)
            .bind(ids)
            .bind(&members)
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
    }
    Ok(Notified { members })
}

pub async fn list_notifications(ctx: &mut Ctx, list: ListNotifications) -> Result<Vec<NotificationRow>> {
    let binds = vec![
        Bind::Id(Some(ctx.access.tenant.0)),
        Bind::Id(Some(ctx.access.member.0)),
        Bind::Bool(Some(list.unread)),
        Bind::Int(Some(i64::from(list.limit.min(500)))),
    ];
    let rows = ctx.fetch(Statement::new(LIST, binds)).await?;
    rows.iter()
        .map(|row| {
            Ok(NotificationRow {
                id: row.get(0)?,
                title: row.get(1)?,
                body: row.get(2)?,
                entity: row.get(3)?,
                record: row.get(4)?,
                at: row.get(5)?,
                read_at: row.get(6)?,
            })
        })
        .collect()
}

pub async fn read_notifications(ctx: &mut Ctx, read: ReadNotifications) -> Result<u64> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let done = sqlx::query(READ).bind(tenant).bind(member).bind(read.ids).bind(now);
    Ok(done.execute(ctx.conn().await?).await.map_err(db_error)?.rows_affected())
}
