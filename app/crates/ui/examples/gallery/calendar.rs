//! A month: single days, what lasts, a full day, today.

use leptos::prelude::*;
use nexus_ui::*;

use crate::shell::staff;

fn card(title: &'static str, hue: usize, shape: StateShape, time: Option<&'static str>, part: DayPart) -> AnyView {
    let menu = view! {
        <Menu icon="ellipsis" name=format!("Move {title}") size=Size::Small side=MenuSide::End>
            <MenuLabel>"Move to day"</MenuLabel>
            <DateInput name="day" id=format!("day-{title}-{}", part.rest) label="Due on" value="2026-11-18"/>
        </Menu>
    };
    let mark = view! { <StateDot shape/> }.into_any();
    let meta = view! { <span class="cal-state">"Open"</span><CardField label="Customer">"Lakeside Motors"</CardField> };
    let menu = (!part.rest).then(|| menu.into_any());
    view! { <DayCard id=title title=title href="record.html" hue=Hue::nth(hue) mark time part meta=meta.into_any() menu handle=true/> }
        .into_any()
}

/// Cards of a day of November.
fn cards(day: u32) -> Vec<AnyView> {
    let single = DayPart::default();
    let lasts = |from: u32, until: u32| DayPart {
        begun: day > from,
        goes_on: day < until,
        rest: day > from && day % 7 != 2,
        lane: 0,
    };
    match day {
        4 => vec![card("Call Amina Otieno", 0, StateShape::Open, Some("09:30"), single)],
        12..=17 => vec![card("Stock count in the yard", 4, StateShape::Half, None, lasts(12, 17))],
        18 => vec![
            card("Send the quotation to Pearl Couriers", 0, StateShape::Open, None, single),
            card("Test drive, two pick-ups", 3, StateShape::Half, Some("14:00"), DayPart { lane: 1, ..single }),
            card("Ring the county office back", 2, StateShape::Done, None, DayPart { lane: 2, ..single }),
            card("حافلات سياحية", 6, StateShape::Quarter, None, DayPart { lane: 3, ..single }),
        ],
        _ => Vec::new(),
    }
}

fn day(day: u32) -> AnyView {
    let more = (day == 18).then(|| view! { <a class="cal-more" href="?day">"+ 3 more"</a> });
    let cards = cards(day);
    let mut class = "cal-day".to_owned();
    for (on, name) in [(day == 20, " is-today"), (day < 20, " is-past"), (cards.is_empty(), " is-empty")] {
        class.push_str(if on { name } else { "" });
    }
    let month = (day == 1).then(|| "Nov".to_owned());
    view! {
        <td class=class>
            <DayHead href="?day" label=format!("{day} November 2026") number=day month words=format!("{day} Nov") today=day == 20 new_href="form.html" new_label="New task"/>
            <ul class="cal-cards">{cards}</ul>
            {more}
        </td>
    }
    .into_any()
}

pub fn page() -> AnyView {
    let kinds = vec![
        TabItem::new("Table", "list.html", false).icon("table-2"),
        TabItem::new("Board", "board.html", false).icon("square-kanban"),
        TabItem::new("Calendar", "?", true).icon("calendar"),
    ];
    let weekdays = [
        ("Mon", "Monday"),
        ("Tue", "Tuesday"),
        ("Wed", "Wednesday"),
        ("Thu", "Thursday"),
        ("Fri", "Friday"),
        ("Sat", "Saturday"),
        ("Sun", "Sunday"),
    ]
    .map(|(short, long)| (short.to_owned(), long.to_owned()))
    .to_vec();
    // The second of November is a Monday.
    let weeks: Vec<_> =
        (0..4).map(|week| view! { <tr>{(0..7).map(|at| day(2 + week * 7 + at)).collect::<Vec<_>>()}</tr> }).collect();
    let content = view! {
        <FillPage title="Tasks: Calendar">
            <FilterBar end=view! { <SegmentedControl label="View as" items=kinds/> }.into_any()>
                <LinkButton href="?add" kind=ButtonKind::Ghost size=Size::Small icon="plus">"Filter"</LinkButton>
            </FilterBar>
            <div class="cal-scroll"><CalendarTable label="Tasks by due on, November 2026" weekdays>{weeks}</CalendarTable></div>
        </FillPage>
    };
    staff("board", vec![Crumb::here("Tasks")], None, None, content.into_any())
}
