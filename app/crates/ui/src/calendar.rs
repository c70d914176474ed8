//! Calendars: a table of days, the head of a day, and what stands on it. Moving is the app's; these are the shells with the hooks it needs (`data-`
//! attributes). On a phone the style sheet makes a list of the table, so each part is drawn for both.

use leptos::prelude::*;
use words::t;

use crate::{Hue, Icon, MaybeText, Slot};

/// Whole weeks as a table; children are its rows. `weekdays` are the short and the long name of each column.
#[component]
pub fn CalendarTable(
    /// For those who hear it: "Tasks by due on, November 2026".
    #[prop(into)]
    label: String,
    weekdays: Vec<(String, String)>,
    /// A single week has larger cards.
    #[prop(optional)]
    week: bool,
    children: Children,
) -> impl IntoView {
    let class = if week { "cal cal-week" } else { "cal cal-month" };
    let heads: Vec<_> =
        weekdays.into_iter().map(|(short, long)| view! { <th scope="col" abbr=long>{short}</th> }).collect();
    view! {
        <table class=class data-days="">
            <caption class="sr-only">{label}</caption>
            <thead><tr>{heads}</tr></thead>
            <tbody>{children()}</tbody>
        </table>
    }
    .into_any()
}

/// The number of a day, which leads to it, and the way to something new on it.
#[component]
pub fn DayHead(
    #[prop(into)] href: String,
    /// "Sat 28 Nov 2026, today, 3 tasks"
    #[prop(into)]
    label: String,
    number: u32,
    /// Of the first day of a month: "Dec".
    #[prop(optional, into)]
    month: MaybeText,
    /// In a list of days: "Sat 28 Nov".
    #[prop(into)]
    words: String,
    #[prop(optional)] today: bool,
    #[prop(optional, into)] new_href: MaybeText,
    #[prop(optional, into)] new_label: MaybeText,
) -> impl IntoView {
    let month = month.into_option().map(|month| view! { <span class="cal-of-month">{month}</span> });
    let label_of_new = new_label.unwrap_or(t!("New" in "verb"));
    let new = new_href.into_option().map(|href| {
        view! { <a class="cal-new" href=href aria-label=label_of_new.clone() title=label_of_new><Icon name="plus"/></a> }
    });
    view! {
        <div class="cal-head">
            <h3 class="cal-date">
                <a href=href aria-label=label aria-current=today.then_some("date") data-day-link="">
                    <span class="cal-num">{number}</span>
                    " "
                    {month}
                    <span class="cal-long">{words}</span>
                </a>
            </h3>
            {new}
        </div>
    }
    .into_any()
}

/// How much of something that lasts stands on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayPart {
    /// It began on an earlier day.
    pub begun: bool,
    /// It goes on to a later day.
    pub goes_on: bool,
    /// Not the first of its days that are shown: its name stands there.
    pub rest: bool,
    /// Place from the top, the same on all of its days.
    pub lane: usize,
}

/// What stands on a day: state, time and name; `meta` is what a list has room for beside them.
#[component]
pub fn DayCard(
    /// Becomes `data-id`.
    #[prop(into)]
    id: String,
    #[prop(into)] title: String,
    #[prop(into)] href: String,
    #[prop(optional)] hue: Hue,
    /// The shape of its state, in the hue.
    #[prop(optional, into)]
    mark: Slot,
    /// "14:30"
    #[prop(optional, into)]
    time: MaybeText,
    #[prop(optional)] part: DayPart,
    #[prop(optional, into)] meta: Slot,
    /// The "Move to day" menu.
    #[prop(optional, into)]
    menu: Slot,
    #[prop(optional)] handle: bool,
) -> impl IntoView {
    let DayPart { begun, goes_on, rest, lane } = part;
    let mut class = format!("card cal-card {} lane-{lane}", hue.class());
    for (on, name) in [(begun, " is-cut-start"), (goes_on, " is-cut-end"), (rest, " is-rest")] {
        class.push_str(if on { name } else { "" });
    }
    let grip = handle.then(
        || view! { <span class="card-handle" data-handle="" aria-hidden="true"><Icon name="grip-vertical"/></span> },
    );
    let time = time.into_option().map(|time| view! { <span class="cal-time">{time}</span> });
    let begun = begun.then(|| view! { <span class="sr-only">{format!("{} ", t!("Goes on:"))}</span> });
    let menu = menu.wrap(|menu| view! { <div class="card-menu">{menu}</div> }.into_any());
    let tip = title.clone();
    view! {
        <li class=class data-id=id>
            {grip}
            <span class="cal-mark">{mark.into_option()}</span>
            {time}
            <a class="card-title" href=href dir="auto" title=tip>{begun}{title}</a>
            <span class="cal-meta">{meta.into_option()}</span>
            {menu}
        </li>
    }
    .into_any()
}
