//! What a member was told, and what of it they want to be told: everybody's own, and nobody else's.

use domain::workflow::{
    ChooseNotifications, ListNotificationKinds, ListNotifications, NotificationChoice, NotificationKind,
    NotificationRow, ReadNotifications,
};
use domain::{Error, Result, text::nearest};
use platform::{Bind, Change, Ctx, Statement, db_error};
use serde_json::{Map, Value};
use words::t;

const LIST: &str = "\
select id, title, body, entity, record_id,
    to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), to_char(read_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), kind
from notifications where tenant_id = $1 and member_id = $2 and (not $3 or read_at is null) order by id desc limit $4";

const READ: &str = "update notifications set read_at = $4 where tenant_id = $1 and member_id = $2 and id = any ($3) and read_at is null";

const MUTED: &str = "select kind from notification_mutes where tenant_id = $1 and member_id = $2";
const UNMUTE: &str = "delete from notification_mutes where tenant_id = $1 and member_id = $2 and not kind = any ($3)";
const MUTE: &str = "\
insert into notification_mutes (tenant_id, member_id, kind, muted_at) select $1, $2, k, $4 from unnest($3::text[]) k on conflict do nothing";

pub async fn list_notifications(ctx: &mut Ctx, list: ListNotifications) -> Result<Vec<NotificationRow>> {
    let mut binds = own(ctx);
    binds.extend([Bind::Bool(Some(list.unread)), Bind::Int(Some(i64::from(list.limit.min(500))))]);
    let rows = ctx.fetch(Statement::new(LIST, binds)).await?;
    rows.iter()
        .map(|row| {
            let kind: String = row.get(7)?;
            Ok(NotificationRow {
                id: row.get(0)?,
                kind: NotificationKind::from_key(&kind).ok_or_else(Error::internal)?,
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

pub async fn notification_kinds(ctx: &mut Ctx, _: ListNotificationKinds) -> Result<Vec<NotificationChoice>> {
    let binds = own(ctx);
    let rows = ctx.fetch(Statement::new(MUTED, binds)).await?;
    let muted = rows.iter().map(|row| row.get(0)).collect::<Result<Vec<String>>>()?;
    let choice = |kind: NotificationKind| NotificationChoice { kind, told: muted.iter().all(|key| key != kind.key()) };
    Ok(NotificationKind::ALL.map(choice).to_vec())
}

pub async fn choose_notifications(ctx: &mut Ctx, choose: ChooseNotifications) -> Result<Vec<NotificationChoice>> {
    for key in choose.kinds.keys() {
        if NotificationKind::from_key(key).is_none() {
            let meant = nearest(key, NotificationKind::ALL.iter().map(|kind| kind.key()));
            let meant = meant.map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
            return Err(Error::invalid(t!("Nobody is told of {key}{meant}", key, meant)));
        }
    }
    let before = notification_kinds(ctx, ListNotificationKinds {}).await?;
    let told = |kind: NotificationKind| choose.kinds.get(kind.key()).copied().unwrap_or_default();
    let after: Vec<NotificationChoice> =
        NotificationKind::ALL.map(|kind| NotificationChoice { kind, told: told(kind) }).to_vec();
    if after == before {
        return Ok(after);
    }
    let muted = after.iter().filter(|choice| !choice.told).map(|choice| choice.kind.key());
    let mut binds = own(ctx);
    binds.push(Bind::texts(muted));
    ctx.fetch(Statement::new(UNMUTE, binds.clone())).await?;
    binds.push(Bind::Moment(Some(ctx.now())));
    ctx.fetch(Statement::new(MUTE, binds)).await?;
    let image = |choices: &[NotificationChoice]| -> Value {
        choices
            .iter()
            .map(|choice| (choice.kind.key().to_owned(), Value::Bool(choice.told)))
            .collect::<Map<String, Value>>()
            .into()
    };
    let (before, after_image) = (image(&before), image(&after));
    ctx.changed(Change {
        entity: "notification_kinds".to_owned(),
        record: Some(ctx.access.member.0),
        before: Some(before),
        after: Some(after_image),
        event: None,
    });
    Ok(after)
}

/// The workspace and the caller.
fn own(ctx: &Ctx) -> Vec<Bind> {
    vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(ctx.access.member.0))]
}
