//! Days one under the other, each with all of its rows: an agenda of some weeks, or one day.

use super::card::{Pen, card};
use super::grid::{classes, heading, title, unread};
use super::place::{Event, lanes};
use super::window::Scale;
use chrono::NaiveDate;
use domain::Verb;
use leptos::prelude::*;
use ui::{ButtonKind, EmptyState, LinkButton};
use words::t;

pub fn draw(pen: &Pen<'_>, events: &[Event<'_>], cut: Option<NaiveDate>) -> AnyView {
    let window = pen.plan.window;
    let today = window.today();
    let days: Vec<NaiveDate> = window.days().collect();
    let sections: Vec<AnyView> = days
        .iter()
        .zip(lanes(events, &days))
        .map(|(day, pieces)| {
            let day = *day;
            let class = classes(&[
                ("cal-day", true),
                ("is-today", day == today),
                ("is-past", day < today),
                ("is-empty", pieces.is_empty() && window.scale != Scale::Day),
            ]);
            let cards: Vec<AnyView> = pieces.iter().map(|piece| card(pen, *piece)).collect();
            view! {
                <section
                    class=class
                    data-column=day.to_string()
                    data-title=title(day)
                    data-closed=super::closed(pen.plan.date, day, today)
                >
                    {heading(pen, day, pieces.len())}
                    <ul class="cal-cards">{cards}</ul>
                    {unread(day, cut, pieces.is_empty())}
                </section>
            }
            .into_any()
        })
        .collect();
    let label = t!(
        "{rows} by {field}, {days}",
        rows = pen.entity.labels.many,
        field = pen.plan.date.label,
        days = window.title(),
    );
    let empty = events.is_empty().then(|| nothing(pen));
    view! {
        <div class="cal-scroll">
            <div class="cal cal-agenda" data-days="" role="group" aria-label=label>{sections}</div>
            {empty}
        </div>
    }
    .into_any()
}

/// Nothing stands on these days: the one next action.
pub fn nothing(pen: &Pen<'_>) -> AnyView {
    let window = pen.plan.window;
    let (rows, days) = (super::super::lower(&pen.entity.labels.many), window.title());
    let title = if window.scale == Scale::Day {
        t!("No {rows} on {days}", rows, days)
    } else {
        t!("No {rows} in {days}", rows, days)
    };
    let text = t!("{rows} stand here by {field}.", rows = pen.entity.labels.many, field = pen.plan.date.label);
    let day = if window.has_today() { window.today() } else { window.on };
    let action = pen.new_href(day).filter(|_| pen.viewer.may(pen.entity, Verb::Create)).map(|href| {
        let label = t!("New {entity}", entity = super::super::lower(&pen.entity.labels.one));
        view! { <LinkButton href icon="plus" kind=ButtonKind::Primary>{label}</LinkButton> }.into_any()
    });
    view! { <EmptyState icon="calendar" title text action/> }.into_any()
}
