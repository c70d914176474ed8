//! The board, with a column over its limit and a gate.

use leptos::prelude::*;
use nexus_ui::*;

use crate::shell::staff;

fn card(
    title: &'static str,
    company: &'static str,
    value: &'static str,
    age: &'static str,
    stale: bool,
    next: Option<&'static str>,
) -> AnyView {
    let fields =
        view! { <CardField label="Customer">{company}</CardField><CardField label="Value">{value}</CardField> };
    let tone = if stale { Tone::Warning } else { Tone::Neutral };
    let next = next.map(|next| view! { <Chip icon="calendar">{next}</Chip> });
    let chips = view! { <Chip tone icon="clock" title="Days in this stage">{age}</Chip>{next} };
    let menu = view! {
        <Menu icon="ellipsis" name=format!("Move {title}") size=Size::Small side=MenuSide::End>
            <MenuLabel>"Move to"</MenuLabel>
            <MenuItem icon="arrow-right">"Proposal"</MenuItem>
            <MenuItem icon="arrow-right" reason="Needs an amount and a close date">"Won"</MenuItem>
            <MenuItem icon="arrow-right">"Lost"</MenuItem>
        </Menu>
    };
    view! { <BoardCard id=title title=title href="record.html" fields=fields.into_any() chips=chips.into_any() menu=menu.into_any() handle=true/> }
        .into_any()
}

fn columns() -> AnyView {
    view! {
        <BoardColumn id="qualify" title="Qualify" count=12 sum="KES 6.2 M" weighted="KES 1.2 M" hue=Hue::nth(0) shape=StateShape::Open>
            {card("12 pick-ups for county office", "Nakuru County", "KES 4,800,000", "3 d", false, Some("Call Thu"))}
            {card("Fleet trial, 3 vans", "Pearl Couriers", "KES 620,000", "9 d", false, None)}
            {card("School bus refurbishment and ten-year maintenance contract", "Mbeki School Transport", "KES 780,000", "31 d", true, Some("Visit 28 Nov"))}
        </BoardColumn>
        <BoardColumn id="proposal" title="Proposal" count=9 limit=Some(8) sum="KES 14.9 M" weighted="KES 7.5 M" hue=Hue::nth(3) shape=StateShape::Half>
            {card("Ambulances, phase 2", "Mombasa Health", "KES 9,400,000", "5 d", false, Some("Board 2 Dec"))}
            {card("Lease of 8 sedans", "Lakeside Motors", "KES 3,100,000", "14 d", true, None)}
            {card("حافلات سياحية", "النيل للسيارات", "EGP 310,000", "1 d", false, Some("Demo Mon"))}
            {card("Spare parts frame order", "Coast Auto Parts", "KES 1,280,000", "2 d", false, None)}
        </BoardColumn>
        <BoardColumn id="negotiation" title="Negotiation" count=4 sum="KES 5.0 M" weighted="KES 3.8 M" hue=Hue::nth(6) shape=StateShape::ThreeQuarters>
            {card("Trucks with telematics", "Highveld Haulage", "KES 2,900,000", "6 d", false, Some("Sign Fri"))}
            {card("Two recovery vehicles", "Rift Rescue", "KES 2,100,000", "8 d", false, None)}
        </BoardColumn>
        <BoardColumn
            id="won"
            title="Won"
            count=21
            sum="KES 31.4 M"
            hue=Hue::nth(2)
            shape=StateShape::Done
            gate="Needs an amount, a close date and an approved quote"
            foot=view! { <LinkButton href="?more" kind=ButtonKind::Ghost size=Size::Small>"Show 18 more"</LinkButton> }.into_any()
        >
            {card("Delivery scooters", "Dakar Transit", "KES 940,000", "12 Nov", false, None)}
        </BoardColumn>
        <BoardColumn id="lost" title="Lost" count=0 sum="KES 0" hue=Hue::nth(5) shape=StateShape::Lost>""</BoardColumn>
    }
    .into_any()
}

pub fn page() -> AnyView {
    let tabs = vec![TabItem::new("Open deals", "?", true), TabItem::new("Mine", "?mine", false)];
    let kinds = vec![
        TabItem::new("Table", "list.html", false).icon("table-2"),
        TabItem::new("Board", "?", true).icon("square-kanban"),
    ];
    let actions =
        view! { <LinkButton href="form.html" kind=ButtonKind::Primary icon="plus">"New opportunity"</LinkButton> };
    let content = view! {
        <FillPage title="Opportunities">
            <FilterBar end=view! { <SegmentedControl label="View as" items=kinds/> }.into_any()>
                <FilterChip field="Owner" relation="is" value="me or my team" remove_href="?1"/>
                <LinkButton href="?add" kind=ButtonKind::Ghost size=Size::Small icon="plus">"Filter"</LinkButton>
            </FilterBar>
            <Board label="Opportunities by stage">{columns()}</Board>
        </FillPage>
    };
    let tabs = view! { <Tabs label="Views" items=tabs/> };
    staff(
        "board",
        vec![Crumb::here("Opportunities")],
        Some(tabs.into_any()),
        Some(actions.into_any()),
        content.into_any(),
    )
}
