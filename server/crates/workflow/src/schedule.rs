//! When a schedule ticks next, on the wall clock of the workspace.

use crate::trigger::{minutes, ticks};
use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use domain::Result;
use domain::workflow::{Frequency, Trigger};
use platform::{Ctx, db_error};

/// The database's clock, by which schedules are due.
pub async fn now(ctx: &mut Ctx) -> Result<DateTime<Utc>> {
    sqlx::query_scalar("select now()").fetch_one(ctx.conn().await?).await.map_err(db_error)
}

/// The first tick after `now`; none for what is no schedule. Weeks begin on Monday, months on the first. A time that a clock skips comes an
/// hour later, one that it shows twice comes once.
pub fn next(trigger: &Trigger, zone: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let frequency = ticks(trigger)?;
    let zone: Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    if frequency == Frequency::Hourly {
        let hour = now.timestamp().div_euclid(3600) + 1;
        return DateTime::from_timestamp(hour * 3600, 0);
    }
    let minutes = minutes(trigger.at.as_deref())?;
    let mut day = now.with_timezone(&zone).date_naive();
    // Today may still be ahead; of what begins a week or month, the next one certainly is.
    for _ in 0..3 {
        day = beginning(frequency, day)?;
        let at = at(zone, day, minutes);
        if at > now {
            return Some(at);
        }
        day = match frequency {
            Frequency::Weekly => day + Duration::days(7),
            Frequency::Monthly => day.checked_add_months(Months::new(1))?,
            _ => day + Duration::days(1),
        };
    }
    None
}

fn beginning(frequency: Frequency, day: NaiveDate) -> Option<NaiveDate> {
    match frequency {
        Frequency::Weekly => Some(day - Duration::days(i64::from(day.weekday().num_days_from_monday()))),
        Frequency::Monthly => day.with_day(1),
        _ => Some(day),
    }
}

fn at(zone: Tz, day: NaiveDate, minutes: u32) -> DateTime<Utc> {
    let wall = day.and_hms_opt(minutes / 60, minutes % 60, 0).unwrap_or_default();
    let moment = zone.from_local_datetime(&wall).earliest();
    let moment = moment.or_else(|| zone.from_local_datetime(&(wall + Duration::hours(1))).earliest());
    moment.map_or_else(|| wall.and_utc(), |moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::workflow::TriggerKind;

    fn trigger(frequency: Frequency, at: &str) -> Trigger {
        Trigger {
            on: TriggerKind::Schedule,
            entity: None,
            also: None,
            fields: Vec::new(),
            when: None,
            event: None,
            frequency: Some(frequency),
            at: Some(at.to_owned()),
            filter: None,
            field: None,
            days: 0,
        }
    }

    fn after(frequency: Frequency, at: &str, zone: &str, now: &str) -> String {
        next(&trigger(frequency, at), zone, now.parse().unwrap()).unwrap().to_rfc3339()
    }

    #[test]
    fn the_wall_clock_of_the_workspace_counts() {
        // 12:00 UTC is 15:00 in Nairobi.
        let now = "2026-11-20T12:00:00Z";
        assert_eq!(after(Frequency::Daily, "16:00", "Africa/Nairobi", now), "2026-11-20T13:00:00+00:00");
        assert_eq!(after(Frequency::Daily, "15:00", "Africa/Nairobi", now), "2026-11-21T12:00:00+00:00");
        assert_eq!(after(Frequency::Weekly, "07:00", "UTC", now), "2026-11-23T07:00:00+00:00");
        assert_eq!(after(Frequency::Monthly, "07:00", "UTC", now), "2026-12-01T07:00:00+00:00");
        assert_eq!(after(Frequency::Hourly, "07:00", "UTC", now), "2026-11-20T13:00:00+00:00");
    }

    #[test]
    fn a_time_that_a_clock_skips_comes_an_hour_later() {
        assert_eq!(
            after(Frequency::Daily, "02:30", "Europe/Berlin", "2026-03-28T12:00:00Z"),
            "2026-03-29T01:30:00+00:00"
        );
        // Shown twice: the first.
        assert_eq!(
            after(Frequency::Daily, "02:30", "Europe/Berlin", "2026-10-24T12:00:00Z"),
            "2026-10-25T00:30:00+00:00"
        );
    }
}
