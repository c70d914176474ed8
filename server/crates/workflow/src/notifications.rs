//! What a member was told, and what of it they want to be told: everybody's own, and nobody else's.

use chrono::{DateTime, Datelike, Days, SecondsFormat, TimeDelta, Utc};
use domain::workflow::{
    ChooseNotifications, ListNotificationKinds, ListNotifications, NotificationChoice, NotificationKind,
    NotificationRow, ReadNotifications, SnoozeNotification, SnoozeUntil, Snoozed,
};
use domain::{Error, Result, text::nearest};
use platform::{Bind, Change, Ctx, Statement, clock, db_error};
use serde_json::{Map, Value};
use words::t;

const LIST: &str = "\
select id, title, body, entity, record_id,
    to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), to_char(read_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), kind, count
from notifications where tenant_id = $1 and member_id = $2 and (not $3 or read_at is null)
    and (snoozed_until is null or snoozed_until <= $5) order by id desc limit $4";

const READ: &str = "update notifications set read_at = $4 where tenant_id = $1 and member_id = $2 and id = any ($3) and read_at is null";

const SNOOZE: &str = "\
update notifications set snoozed_until = $4, read_at = null where tenant_id = $1 and member_id = $2 and id = $3";
/// At which hour of a day what was put off comes back.
const MORNING: &str = "08:00";

const MUTED: &str = "select kind from notification_mutes where tenant_id = $1 and member_id = $2";
const UNMUTE: &str = "delete from notification_mutes where tenant_id = $1 and member_id = $2 and not kind = any ($3)";
const MUTE: &str = "\
insert into notification_mutes (tenant_id, member_id, kind, muted_at) select $1, $2, k, $4 from unnest($3::text[]) k on conflict do nothing";

pub async fn list_notifications(ctx: &mut Ctx, list: ListNotifications) -> Result<Vec<NotificationRow>> {
    let mut binds = own(ctx);
    let limit = Bind::Int(Some(i64::from(list.limit.min(500))));
    binds.extend([Bind::Bool(Some(list.unread)), limit, Bind::Moment(Some(ctx.now()))]);
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
                count: row.get(8)?,
            })
        })
        .collect()
}

pub async fn read_notifications(ctx: &mut Ctx, read: ReadNotifications) -> Result<u64> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let done = sqlx::query(READ).bind(tenant).bind(member).bind(read.ids).bind(now);
    Ok(done.execute(ctx.conn().await?).await.map_err(db_error)?.rows_affected())
}

pub async fn snooze_notification(ctx: &mut Ctx, snooze: SnoozeNotification) -> Result<Snoozed> {
    let (tenant, member) = (ctx.access.tenant.0, ctx.access.member.0);
    let until = back(snooze.until, ctx.access.clock_zone(), ctx.now());
    let done = sqlx::query(SNOOZE).bind(tenant).bind(member).bind(snooze.id).bind(until);
    match done.execute(ctx.conn().await?).await.map_err(db_error)?.rows_affected() {
        0 => Err(Error::not_found()),
        _ => Ok(Snoozed { id: snooze.id, until: until.to_rfc3339_opts(SecondsFormat::Secs, true) }),
    }
}

/// When it comes back. Where the clocks skip that hour of the morning, a day has gone by.
fn back(until: SnoozeUntil, zone: &str, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = clock::today_in(zone, now);
    let days = match until {
        SnoozeUntil::Hour => return now + TimeDelta::hours(1),
        SnoozeUntil::Tomorrow => 1,
        SnoozeUntil::Monday => 7 - u64::from(today.weekday().num_days_from_monday()),
    };
    let morning = today.checked_add_days(Days::new(days)).map(|day| format!("{day}T{MORNING}"));
    morning.and_then(|morning| clock::moment_in(zone, &morning)).unwrap_or_else(|| now + TimeDelta::days(1))
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

#[cfg(test)]
mod tests {
    use super::{SnoozeUntil, back};
    use chrono::{DateTime, Utc};

    #[test]
    fn what_is_put_off_comes_back_in_the_morning_of_its_reader() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // Friday in New York, Saturday in Nairobi.
        let now = at("2026-11-20T23:30:00Z");
        for (until, zone, moment) in [
            (SnoozeUntil::Hour, "Africa/Nairobi", "2026-11-21T00:30:00Z"),
            (SnoozeUntil::Tomorrow, "Africa/Nairobi", "2026-11-22T05:00:00Z"),
            (SnoozeUntil::Tomorrow, "America/New_York", "2026-11-21T13:00:00Z"),
            (SnoozeUntil::Monday, "Africa/Nairobi", "2026-11-23T05:00:00Z"),
            (SnoozeUntil::Monday, "America/New_York", "2026-11-23T13:00:00Z"),
        ] {
            assert_eq!(back(until, zone, now), at(moment), "{until:?} in {zone}");
        }
        // On a Monday the next one is meant.
        let monday = at("2026-11-23T06:00:00Z");
        assert_eq!(back(SnoozeUntil::Monday, "UTC", monday), at("2026-11-30T08:00:00Z"));
        assert_eq!(
            back(SnoozeUntil::Tomorrow, "Europe/Berlin", at("2026-10-24T12:00:00Z")),
            at("2026-10-25T07:00:00Z")
        );
    }
}
