//! Over the days: where one stands, the ways back, on and to today, by which field rows stand, and how many days are shown.

use super::super::list_parts::{lower, total_words};
use super::super::list_state::{ListState, readable};
use super::card::{Pen, moves, why_not};
use super::window::Scale;
use super::{Found, Plan};
use crate::page::{PageContext, encode};
use chrono::NaiveDate;
use domain::schema::{Comparison, Field, Filter, Test, ViewKind};
use leptos::prelude::*;
use ui::{
    ButtonKind, Icon, LinkButton, Menu, MenuLabel, MenuLink, MenuSeparator, MenuSide, SegmentedControl, Size, TabItem,
};
use words::t;

pub fn draw(pen: &Pen<'_>, state: &ListState, found: &Found) -> AnyView {
    let window = pen.plan.window;
    let to = |day: Option<NaiveDate>| day.map(|day| pen.page.with_query(&[("on", Some(&day.to_string()))]));
    let today = pen.page.with_query(&[("on", None)]);
    let words = found.total.map(|total| total_words(pen.entity, total));
    let hint = moves(pen).then(|| {
        view! {
            <p class="sr-only" id="days-help">
                {t!("Arrows go from day to day and from card to card. Space takes a card, arrows choose its day, Enter puts it there, Escape leaves it.")}
            </p>
        }
    });
    let fixed = why_not(pen).map(|reason| view! { <span class="dates-fixed"><Icon name="lock"/>{reason}</span> });
    view! {
        <div class="toolbar dates-bar">
            <div class="toolbar-start">
                {turn(to(window.before()), t!("Back"), "chevron-left", "prev")}
                {turn(to(window.after()), t!("On" in "to the next days"), "chevron-right", "next")}
                <LinkButton href=today size=Size::Small kind=ButtonKind::Secondary>{t!("Today")}</LinkButton>
                <h2 class="dates-title">{window.title()}</h2>
                <span class="dates-count">{words}</span>
                {fixed}
                {hint}
            </div>
            <div class="toolbar-end">{fields(pen, state)}{scales(pen)}</div>
        </div>
    }
    .into_any()
}

fn turn(href: Option<String>, label: &'static str, icon: &'static str, rel: &'static str) -> AnyView {
    match href {
        Some(href) => view! { <a class="btn btn-ghost btn-icon size-s" href=href rel=rel aria-label=label title=label><Icon name=icon/></a> }.into_any(),
        None => view! { <span class="btn btn-ghost btn-icon size-s is-off" aria-hidden="true"><Icon name=icon/></span> }.into_any(),
    }
}

fn scales(pen: &Pen<'_>) -> AnyView {
    let window = pen.plan.window;
    let items = Scale::offered(pen.plan.kind)
        .iter()
        .map(|scale| {
            let href = pen.page.with_query(&[("scale", Some(scale.key()))]);
            TabItem::new(words::say(scale.label()), href, *scale == window.scale)
        })
        .collect();
    view! { <SegmentedControl label=t!("Days shown") items/> }.into_any()
}

/// By which field rows stand and until when they last, and what makes the groups of a timeline.
fn fields(pen: &Pen<'_>, state: &ListState) -> AnyView {
    let Plan { kind, date, end, group, ref offered, .. } = *pen.plan;
    let choice = |parameter: &'static str, field: &Field, active: bool| {
        let href = pen.page.with_query(&[(parameter, Some(&field.key))]);
        let label = field.label.clone();
        view! { <MenuLink href active>{label}</MenuLink> }.into_any()
    };
    let by: Vec<AnyView> = offered.iter().map(|field| choice("date", field, field.key == date.key)).collect();
    let until: Vec<AnyView> = offered
        .iter()
        .filter(|field| field.key != date.key)
        .map(|field| choice("end", field, end.is_some_and(|end| end.key == field.key)))
        .collect();
    let until = (!until.is_empty()).then(|| {
        let href = none_href(pen.page, "end", state.view.end.is_some());
        view! { <MenuSeparator/><MenuLabel>{t!("Lasting until")}</MenuLabel>{until}<MenuLink href active=end.is_none()>{t!("That day alone")}</MenuLink> }
    });
    let without = without(pen, state);
    let label = match end {
        None => date.label.clone(),
        Some(end) => t!("{start} to {end}", start = date.label, end = lower(&end.label)),
    };
    view! {
        <Menu label icon="calendar" size=Size::Small side=MenuSide::End>
            <MenuLabel>{t!("By the day of")}</MenuLabel>
            {by}
            {until}
            {without}
        </Menu>
        {(kind == ViewKind::Timeline).then(|| grouping(pen, state, group))}
    }
    .into_any()
}

fn grouping(pen: &Pen<'_>, state: &ListState, group: Option<&Field>) -> AnyView {
    let fields = pen.entity.fields.iter().filter(|field| readable(pen.viewer, field) && field.is_grouping());
    let items: Vec<_> = fields
        .map(|field| {
            let href = pen.page.with_query(&[("group", Some(&field.key))]);
            let (label, active) = (field.label.clone(), group.is_some_and(|group| group.key == field.key));
            view! { <MenuLink href active>{label}</MenuLink> }
        })
        .collect();
    let label = group.map_or_else(|| t!("Group").to_owned(), |group| group.label.clone());
    let none = group.is_some().then(|| {
        let href = none_href(pen.page, "group", state.view.group.is_some());
        view! { <MenuLink href icon="x">{t!("No groups")}</MenuLink> }
    });
    view! { <Menu label icon="layers" size=Size::Small side=MenuSide::End>{items}{none}</Menu> }.into_any()
}

/// The page without a field; where the view itself names one, the empty parameter takes it away.
fn none_href(page: &PageContext, parameter: &str, own: bool) -> String {
    page.with_query(&[(parameter, own.then_some(""))])
}

/// The list of rows that no calendar shows, since they have no day.
fn without(pen: &Pen<'_>, state: &ListState) -> Option<AnyView> {
    let date = pen.plan.date;
    if !date.nullable_ordering() {
        return None;
    }
    let table = pen.entity.first_view(ViewKind::Table)?;
    let empty = Filter::Test(Test { field: date.key.clone(), comparison: Comparison::Empty, values: Vec::new() });
    let filter = state.filter.clone().map_or(empty.clone(), |filter| filter.and(empty));
    let path = format!("{}?view={}&filter={}", pen.entity.plural, encode(&table.key), encode(&filter.print()));
    let label = t!("Those without {field}", field = lower(&date.label));
    let href = pen.viewer.path(&path);
    Some(view! { <MenuSeparator/><MenuLink href icon="table-2">{label}</MenuLink> }.into_any())
}
