//! A month or a week as a table of days. On a phone the same table is a list of the days that hold something: the style sheet lays it out anew.

use super::super::list_parts::lower;
use super::card::{Pen, card};
use super::place::{Event, Piece, lanes};
use super::window::Scale;
use crate::time::named;
use chrono::{Datelike, NaiveDate, Weekday};
use leptos::prelude::*;
use ui::{CalendarTable, DayHead};
use words::t;

/// Rows that a day has room for; where there are more, the link to the others takes the place of the last.
const OF_A_MONTH: usize = 4;
const OF_A_WEEK: usize = 20;

pub fn draw(pen: &Pen<'_>, events: &[Event<'_>], cut: Option<NaiveDate>) -> AnyView {
    let window = pen.plan.window;
    let week = window.scale == Scale::Week;
    let room = if week { OF_A_WEEK } else { OF_A_MONTH };
    let days: Vec<NaiveDate> = window.days().collect();
    let rows: Vec<_> = days
        .chunks(7)
        .map(|week| {
            let pieces = lanes(events, week);
            let cells: Vec<AnyView> =
                week.iter().zip(pieces).map(|(day, pieces)| cell(pen, *day, &pieces, room, cut)).collect();
            view! { <tr>{cells}</tr> }
        })
        .collect();
    let name = |day: &NaiveDate| (named(*day, "%a"), named(*day, "%A"));
    let weekdays = days.iter().take(7).map(name).collect();
    let label = t!(
        "{rows} by {field}, {days}",
        rows = pen.entity.labels.many,
        field = pen.plan.date.label,
        days = window.title(),
    );
    let empty = events.is_empty().then(|| super::agenda::nothing(pen));
    view! {
        <div class="cal-scroll">
            <CalendarTable label weekdays week>{rows}</CalendarTable>
            <div class="cal-none">{empty}</div>
        </div>
    }
    .into_any()
}

fn cell(pen: &Pen<'_>, day: NaiveDate, pieces: &[Piece<'_, '_>], room: usize, cut: Option<NaiveDate>) -> AnyView {
    let window = pen.plan.window;
    let today = window.today();
    let class = classes(&[
        ("cal-day", true),
        ("is-today", day == today),
        ("is-past", day < today),
        ("is-other", !window.own(day)),
        ("is-weekend", matches!(day.weekday(), Weekday::Sat | Weekday::Sun)),
        ("is-empty", pieces.is_empty()),
    ]);
    let room = if pieces.iter().all(|piece| piece.lane < room) { room } else { room - 1 };
    let fits = |piece: &&Piece<'_, '_>| piece.lane < room;
    let cards: Vec<AnyView> = pieces.iter().filter(fits).map(|piece| card(pen, *piece)).collect();
    let more = pieces.len() - cards.len();
    let foot = (more > 0).then(|| {
        let label = t!("{count} more on {day}", count = more, day = named(day, "%-d %B"));
        view! { <a class="cal-more" href=day_href(pen, day) aria-label=label>{t!("+ {count} more", count = more)}</a> }
    });
    let unread = unread(day, cut, pieces.is_empty());
    view! {
        <td class=class data-column=day.to_string() data-title=title(day) data-closed=super::closed(pen.plan.date, day, today)>
            {heading(pen, day, pieces.len())}
            <ul class="cal-cards">{cards}</ul>
            {foot}
            {unread}
        </td>
    }
    .into_any()
}

pub fn classes(all: &[(&'static str, bool)]) -> String {
    all.iter().filter(|(_, on)| *on).map(|(class, _)| *class).collect::<Vec<_>>().join(" ")
}

/// Said where the read ended before the day, or on it.
pub fn unread(day: NaiveDate, cut: Option<NaiveDate>, empty: bool) -> Option<AnyView> {
    let cut = cut.filter(|cut| *cut <= day)?;
    let words = if cut < day && empty { t!("Not shown") } else { t!("Not all shown") };
    Some(view! { <p class="cal-unread">{words}</p> }.into_any())
}

pub fn title(day: NaiveDate) -> String {
    named(day, "%A, %-d %B")
}

/// The day by itself.
pub fn day_href(pen: &Pen<'_>, day: NaiveDate) -> String {
    pen.page.with_query(&[("scale", Some(Scale::Day.key())), ("on", Some(&day.to_string()))])
}

/// The number of the day, which leads to it, and the way to something new on it.
pub fn heading(pen: &Pen<'_>, day: NaiveDate, count: usize) -> AnyView {
    let today = day == pen.plan.window.today();
    // Begins with what is seen of it, so that whoever speaks to the page can say that.
    let (whole, rows) = (named(day, "%a %-d %b %Y"), pen.counted(count));
    let label = if today { t!("{day}, today, {rows}", day = whole, rows) } else { format!("{whole}, {rows}") };
    let month = (day.day() == 1).then(|| named(day, "%b"));
    let new_label = t!("New {entity} on {day}", entity = lower(&pen.entity.labels.one), day = named(day, "%-d %B"));
    view! {
        <DayHead
            href=day_href(pen, day)
            label
            number=day.day()
            month
            words=named(day, "%a %-d %b")
            today
            new_href=pen.new_href(day)
            new_label
        />
    }
    .into_any()
}
