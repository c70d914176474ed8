//! The timeline: a row of the table for each record, with its days as a bar. The table says in words what the bars show, and the bars are hidden from
//! those who hear it. Places are shares of the width, in attributes of SVG: the policy of the page lets no style stand in its markup.

use super::super::address;
use super::super::list_parts::lower;
use super::agenda::nothing;
use super::card::{Mark, Pen, dot};
use super::place::Event;
use super::window::{Scale, Window, span};
use crate::time::named;
use chrono::{Datelike, NaiveDate, Weekday};
use domain::schema::{Field, FieldKind, value};
use leptos::prelude::*;
use ui::markup::{drawn, html};
use words::t;

/// Height of a bar's row and of the bar in it, in pixels.
const ROW: u8 = 24;
const BAR: u8 = 14;

pub fn draw(pen: &Pen<'_>, events: &[Event<'_>]) -> AnyView {
    if events.is_empty() {
        return nothing(pen);
    }
    let (window, one) = (pen.plan.window, pen.entity.labels.one.clone());
    let groups = grouped(pen, events);
    let bodies: Vec<AnyView> = groups
        .into_iter()
        .enumerate()
        .map(|(at, (label, events))| {
            let id = format!("bars-{at}");
            let head = label.map(|label| {
                let count = pen.counted(events.len());
                view! {
                    <tr class="tl-group">
                        <th scope="rowgroup" colspan="2" id=id.clone()>
                            <span dir="auto">{label}</span>" "<span class="tl-count">{count}</span>
                        </th>
                    </tr>
                }
            });
            let rows: Vec<AnyView> = events.iter().map(|event| row(pen, event)).collect();
            view! { <tbody>{head}{rows}</tbody> }.into_any()
        })
        .collect();
    let (rows, days, date) = (&pen.entity.labels.many, window.title(), lower(&pen.plan.date.label));
    let label = match pen.plan.end {
        None => t!("{rows} by {field}, {days}", rows, field = date, days),
        Some(end) => t!("{rows} from {start} until {end}, {days}", rows, start = date, end = lower(&end.label), days),
    };
    let caption = label.clone();
    view! {
        <div class="tl-scroll" role="region" aria-label=label tabindex="0">
            <div class="tl">
                {ground(window)}
                <table class="tl-table">
                    <caption class="sr-only">{caption}</caption>
                    <thead>
                        <tr>
                            <th scope="col" class="tl-name">{one}</th>
                            <th scope="col" class="tl-cell"><span class="sr-only">{t!("Days")}</span>{ticks(window)}</th>
                        </tr>
                    </thead>
                    {bodies}
                </table>
            </div>
        </div>
    }
    .into_any()
}

/// The groups of the field in its own order, those without a value last.
fn grouped<'e, 'a>(pen: &Pen<'_>, events: &'e [Event<'a>]) -> Vec<(Option<String>, Vec<&'e Event<'a>>)> {
    let Some(field) = pen.plan.group else { return vec![(None, events.iter().collect())] };
    let mut groups: Vec<((usize, String), Vec<&Event<'a>>)> = Vec::new();
    for event in events {
        let key = group_of(pen, field, event);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(event),
            None => groups.push((key, vec![event])),
        }
    }
    groups.sort_by(|(one, _), (other, _)| one.cmp(other));
    groups.into_iter().map(|((_, label), events)| (Some(label), events)).collect()
}

/// Where a row's group stands among the others, and what it is called.
fn group_of(pen: &Pen<'_>, field: &Field, event: &Event<'_>) -> (usize, String) {
    let record = event.record;
    let held = record.values.get(&field.key).unwrap_or(&serde_json::Value::Null);
    let label = record.label(&field.key);
    let place = match (&field.kind, held.as_str()) {
        (_, None) if held.is_null() => usize::MAX,
        (FieldKind::State, Some(key)) => pen.entity.states.as_ref().map_or(0, |states| states.position(key)),
        (FieldKind::Option { options }, Some(key)) => {
            options.iter().position(|choice| choice.key == key).unwrap_or(options.len())
        }
        _ => 0,
    };
    let unseen = matches!(field.kind, FieldKind::Reference { .. } | FieldKind::AnyReference { .. } | FieldKind::Member)
        && label.is_none();
    let words = if held.is_null() {
        t!("No {field}", field = lower(&field.label))
    } else if unseen {
        // A row that the viewer may not see has no title, and its id is nobody's business.
        t!("{field} not yours to see", field = field.label)
    } else {
        value::show(field, pen.entity.states.as_ref(), held, label)
    };
    (place, words)
}

fn row(pen: &Pen<'_>, event: &Event<'_>) -> AnyView {
    let Event { record, from, until, .. } = event;
    let mark = Mark::of(pen.entity, record);
    let (title, href) = (address::title(pen.entity, record), pen.href(record));
    let tip = title.clone();
    let days = span(*from, *until);
    let (class, shape) = (format!("tl-row {}", mark.hue.class()), dot(mark.shape));
    let said = mark.word.clone().map_or_else(|| days.clone(), |word| format!("{word}, {days}"));
    let word = mark.word.map(|word| view! { <span class="sr-only">{word}", "</span> });
    view! {
        <tr class=class data-id=record.id.to_string()>
            <th scope="row" class="tl-name">
                <span class="tl-label"><span class="tl-mark">{shape}</span><a class="tl-title" href=href dir="auto" title=tip>{title}</a></span>
            </th>
            <td class="tl-cell"><span class="sr-only">{word}{days}</span>{bar(pen, event, &said)}</td>
        </tr>
    }
    .into_any()
}

/// A bar over all the days; a point where there is no end. What goes on beyond the edges has a mark there.
fn bar(pen: &Pen<'_>, event: &Event<'_>, said: &str) -> AnyView {
    let window = pen.plan.window;
    let (left, right) = shares(window, event.from, event.until);
    let middle = ROW / 2;
    let lasts = event.lasts;
    drawn(html! {
        svg.tl-track width="100%" height=(ROW) aria-hidden="true" {
            title { (said) }
            @if lasts {
                rect.tl-bar x=(percent(left)) width=(percent(right - left)) y=((ROW - BAR) / 2) height=(BAR) rx="4" {}
            } @else {
                circle.tl-point cx=(percent(f64::midpoint(left, right))) cy=(middle) r="6" {}
            }
            @if lasts && event.from < window.from { text.tl-on x="4" y=(middle) { "‹" } }
            @if lasts && event.until >= window.until { text.tl-on.is-end x="100%" dx="-4" y=(middle) { "›" } }
        }
    })
}

/// Where days begin and end, as shares of the stretch.
fn shares(window: Window, from: NaiveDate, until: NaiveDate) -> (f64, f64) {
    let days = days_of(window);
    let share = |day: NaiveDate| ((day - window.from).num_days() as f64 / days).clamp(0.0, 1.0);
    let behind = until.succ_opt().unwrap_or(until);
    (share(from), share(behind))
}

fn days_of(window: Window) -> f64 {
    (window.until - window.from).num_days().max(1) as f64
}

fn percent(share: f64) -> String {
    format!("{:.3}%", share * 100.0)
}

/// The months or weeks, and the days or weeks below them.
fn ticks(window: Window) -> AnyView {
    let days = days_of(window);
    let share = |day: NaiveDate| (day - window.from).num_days() as f64 / days;
    let width = 1.0 / days;
    let (above, below): (Vec<NaiveDate>, Vec<NaiveDate>) = match window.scale {
        Scale::Month => (mondays(window), window.days().collect()),
        _ => (window.days().filter(|day| day.day() == 1).collect(), mondays(window)),
    };
    let upper = |day: &NaiveDate| match window.scale {
        Scale::Month => t!("Week {number}", number = day.iso_week().week()),
        _ => named(*day, "%B"),
    };
    let today = window.holds(window.today()).then(|| window.today());
    drawn(html! {
        svg.tl-ticks width="100%" height="40" aria-hidden="true" {
            @for day in &above { text.tl-upper x=(percent(share(*day))) dx="6" y="14" { (upper(day)) } }
            @for day in &below {
                @let at = if window.scale == Scale::Month { share(*day) + width / 2.0 } else { share(*day) };
                text.tl-lower.is-middle[window.scale == Scale::Month].is-now[Some(*day) == today] x=(percent(at)) dx=(if window.scale == Scale::Month { 0 } else { 6 }) y="32" { (day.day()) }
            }
        }
    })
}

fn mondays(window: Window) -> Vec<NaiveDate> {
    window.days().filter(|day| day.weekday() == Weekday::Mon).collect()
}

/// Behind the bars: weekends or months, weeks, and today.
fn ground(window: Window) -> AnyView {
    let days = days_of(window);
    let share = |day: NaiveDate| (day - window.from).num_days() as f64 / days;
    let month = window.scale == Scale::Month;
    let weekends: Vec<NaiveDate> =
        window.days().filter(|day| month && matches!(day.weekday(), Weekday::Sat | Weekday::Sun)).collect();
    let firsts: Vec<NaiveDate> = window.days().filter(|day| !month && day.day() == 1 && *day > window.from).collect();
    let today = window.today();
    drawn(html! {
        svg.tl-ground width="100%" height="100%" aria-hidden="true" {
            @for day in &weekends { rect.tl-weekend x=(percent(share(*day))) width=(percent(1.0 / days)) y="0" height="100%" {} }
            @for day in &mondays(window) { line.tl-week x1=(percent(share(*day))) x2=(percent(share(*day))) y1="0" y2="100%" {} }
            @for day in &firsts { line.tl-month x1=(percent(share(*day))) x2=(percent(share(*day))) y1="0" y2="100%" {} }
            @if window.holds(today) {
                @let at = percent(share(today) + 0.5 / days);
                line.tl-today x1=(at) x2=(at) y1="0" y2="100%" {}
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::shares;
    use crate::records::dates::window::{Scale, Window};
    use chrono::NaiveDate;

    #[test]
    fn bars_lie_over_their_days_and_stop_at_the_edges() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let window = Window::of(Scale::Month, day("2026-11-10"), day("2026-11-28"), false);
        let of = |from: &str, until: &str| {
            let (left, right) = shares(window, day(from), day(until));
            ((left * 30.0).round(), (right * 30.0).round())
        };
        assert_eq!(of("2026-11-01", "2026-11-01"), (0.0, 1.0));
        assert_eq!(of("2026-11-30", "2026-11-30"), (29.0, 30.0));
        assert_eq!(of("2026-10-03", "2026-11-15"), (0.0, 15.0));
        assert_eq!(of("2026-11-16", "2027-02-01"), (15.0, 30.0));
    }
}
