//! The list: filters as a sentence, the table, totals; with rows, with rows chosen, and empty.

use leptos::prelude::*;
use nexus_ui::*;

use crate::shell::staff;

struct Lead {
    name: &'static str,
    company: &'static str,
    stage: usize,
    value: &'static str,
    owner: &'static str,
    touched: &'static str,
    next: Option<&'static str>,
}

const STAGES: [(&str, StateShape); 6] = [
    ("New", StateShape::Open),
    ("Contacted", StateShape::Quarter),
    ("Qualified", StateShape::Half),
    ("Proposal", StateShape::ThreeQuarters),
    ("Converted", StateShape::Done),
    ("Lost", StateShape::Lost),
];

const LEADS: [Lead; 14] = [
    Lead {
        name: "Amina Otieno",
        company: "Lakeside Motors",
        stage: 2,
        value: "KES 480,000",
        owner: "Joyce Mwangi",
        touched: "2 h ago",
        next: Some("Call Thursday"),
    },
    Lead {
        name: "Baraka Mushi",
        company: "Kilimanjaro Tours",
        stage: 3,
        value: "TZS 92,400,000",
        owner: "Joyce Mwangi",
        touched: "3 h ago",
        next: Some("Send revised quote"),
    },
    Lead {
        name: "Wanjiru Kamau",
        company: "Kamau & Daughters Logistics",
        stage: 2,
        value: "KES 1,250,000",
        owner: "Peter Odhiambo",
        touched: "Yesterday",
        next: None,
    },
    Lead {
        name: "محمد عبد الرحمن",
        company: "النيل للسيارات",
        stage: 1,
        value: "EGP 310,000",
        owner: "Salma Idris",
        touched: "Yesterday",
        next: Some("Demo on Monday"),
    },
    Lead {
        name: "Chukwuemeka Oluwaseun Adebayo-Williams",
        company: "Lagos Island Fleet Management and Leasing Services Limited",
        stage: 0,
        value: "NGN 8,900,000",
        owner: "Salma Idris",
        touched: "2 days ago",
        next: None,
    },
    Lead {
        name: "Grace Nakato",
        company: "Pearl Couriers",
        stage: 3,
        value: "UGX 41,000,000",
        owner: "Peter Odhiambo",
        touched: "2 days ago",
        next: Some("Contract review"),
    },
    Lead {
        name: "Thabo Dlamini",
        company: "Highveld Haulage",
        stage: 4,
        value: "ZAR 712,000",
        owner: "Joyce Mwangi",
        touched: "3 days ago",
        next: None,
    },
    Lead {
        name: "Fatou Diallo",
        company: "Dakar Transit",
        stage: 2,
        value: "XOF 18,250,000",
        owner: "Salma Idris",
        touched: "4 days ago",
        next: Some("Call back after visit"),
    },
    Lead {
        name: "Daniel Kiprop",
        company: "",
        stage: 0,
        value: "",
        owner: "Peter Odhiambo",
        touched: "5 days ago",
        next: None,
    },
    Lead {
        name: "Zawadi Mbeki",
        company: "Mbeki School Transport",
        stage: 1,
        value: "KES 2,140,000",
        owner: "Joyce Mwangi",
        touched: "12 Nov",
        next: Some("Site visit"),
    },
    Lead {
        name: "Samuel Tesfaye",
        company: "Addis Ride",
        stage: 5,
        value: "ETB 1,900,000",
        owner: "Salma Idris",
        touched: "11 Nov",
        next: None,
    },
    Lead {
        name: "Neema Juma",
        company: "Zanzibar Spice Express",
        stage: 2,
        value: "TZS 27,000,000",
        owner: "Joyce Mwangi",
        touched: "9 Nov",
        next: Some("Finance approval"),
    },
    Lead {
        name: "Kofi Mensah",
        company: "Accra Motor Hub",
        stage: 3,
        value: "GHS 260,000",
        owner: "Peter Odhiambo",
        touched: "8 Nov",
        next: None,
    },
    Lead {
        name: "Aisha Bello",
        company: "Northern Star Buses",
        stage: 1,
        value: "NGN 64,000,000",
        owner: "Salma Idris",
        touched: "6 Nov",
        next: Some("Send brochure"),
    },
];

pub fn stage_chip(stage: usize) -> AnyView {
    let (label, shape) = STAGES[stage];
    let hue = [7, 0, 3, 6, 2, 5][stage];
    view! { <StateChip label=label hue=Hue::nth(hue) shape=shape/> }.into_any()
}

fn or_blank(text: &'static str) -> AnyView {
    if text.is_empty() { view! { <Blank/> }.into_any() } else { text.into_any() }
}

fn row(lead: &'static Lead, chosen: bool) -> AnyView {
    view! {
        <Row id=lead.name selected=chosen>
            <RowCheck value=lead.name label=format!("Choose {}", lead.name) checked=chosen form="bulk"/>
            <Cell label="Name" lead=true><a href="record.html">{lead.name}</a></Cell>
            <Cell label="Company">{or_blank(lead.company)}</Cell>
            <Cell label="Stage">{stage_chip(lead.stage)}</Cell>
            <Cell label="Value" numeric=true>{or_blank(lead.value)}</Cell>
            <Cell label="Owner"><Person name=lead.owner size=Size::Small/></Cell>
            <Cell label="Last touched"><Time datetime="2026-11-21T09:12:00Z" text=lead.touched full="21 November 2026, 12:12"/></Cell>
            <Cell label="Next step">{or_blank(lead.next.unwrap_or(""))}</Cell>
            <RowActions>
                <IconButton icon="panel-left" label="Peek" href="#peek" size=Size::Small/>
                <Menu icon="ellipsis" name="More" size=Size::Small side=MenuSide::End>
                    <MenuLink href="#edit" icon="pencil">"Edit"</MenuLink>
                    <MenuItem icon="trash-2" danger=true reason="Needs the permission sales.lead.delete">"Delete"</MenuItem>
                </Menu>
            </RowActions>
        </Row>
    }
    .into_any()
}

fn head() -> AnyView {
    view! {
        <HeadCheck form="bulk"/>
        <SortHead label="Name" href="?sort=name"/>
        <SortHead label="Company" href="?sort=company"/>
        <SortHead label="Stage" href="?sort=stage"/>
        <SortHead label="Value" href="?sort=value" direction=Some(SortDirection::Descending) numeric=true/>
        <SortHead label="Owner" href="?sort=owner"/>
        <SortHead label="Last touched" href="?sort=touched"/>
        <HeadCell label="Next step"/>
        <HeadActions/>
    }
    .into_any()
}

fn tabs() -> AnyView {
    let items = vec![
        TabItem::new("All open", "?view=open", true),
        TabItem::new("My leads", "?view=mine", false),
        TabItem::new("Gone quiet", "?view=quiet", false).count(38),
    ];
    view! { <Tabs label="Views" items/><IconButton icon="plus" label="New view" size=Size::Small/> }.into_any()
}

fn actions() -> AnyView {
    view! {
        <LinkButton href="import.html" icon="upload">"Import"</LinkButton>
        <LinkButton href="#export" icon="download">"Export"</LinkButton>
        <LinkButton href="form.html" kind=ButtonKind::Primary icon="plus">"New lead"</LinkButton>
    }
    .into_any()
}

fn view_controls() -> AnyView {
    let kinds = vec![
        TabItem::new("Table", "?view=table", true).icon("table-2"),
        TabItem::new("Board", "board.html", false).icon("square-kanban"),
    ];
    view! {
        <SegmentedControl label="View as" items=kinds/>
        <Menu label="Value" icon="arrow-down" size=Size::Small side=MenuSide::End>
            <MenuLabel>"Sort by"</MenuLabel>
            <MenuLink href="?sort=-value" active=true>"Value, highest first"</MenuLink>
            <MenuLink href="?sort=-touched">"Last touched, newest first"</MenuLink>
        </Menu>
        <IconButton icon="columns-3" label="Columns" size=Size::Small/>
    }
    .into_any()
}

fn filters() -> AnyView {
    view! {
        <FilterChip field="Stage" relation="is" value="Qualified or Proposal" remove_href="?1" edit_href="?e1"/>
        <FilterChip field="Value" relation="over" value="5,000" remove_href="?2" edit_href="?e2"/>
        <LinkButton href="?add" kind=ButtonKind::Ghost size=Size::Small icon="plus">"Filter"</LinkButton>
    }
    .into_any()
}

fn frame(bar: AnyView, body: AnyView) -> AnyView {
    let content = view! { <FillPage title="Leads">{bar}{body}</FillPage> };
    staff("list", vec![Crumb::here("Leads")], Some(tabs()), Some(actions()), content.into_any())
}

fn table(chosen: usize) -> AnyView {
    let rows: Vec<_> = LEADS.iter().chain(&LEADS).enumerate().map(|(index, lead)| row(lead, index < chosen)).collect();
    view! {
        <form id="bulk" method="post"></form>
        <DataTable label="Leads" head=head()>{rows}</DataTable>
        <TableFoot end=view! { <Pagination range="1–50" next="?page=2"/> }.into_any()>
            <span><b>"4,812"</b>" leads"</span>
            <span><b>"KES 91.4 M"</b></span>
            <span>"3 changed just now: "<TextLink href="?">"show"</TextLink></span>
        </TableFoot>
    }
    .into_any()
}

pub fn page() -> AnyView {
    let bar = view! { <FilterBar end=view_controls()>{filters()}</FilterBar> };
    frame(bar.into_any(), table(0))
}

pub fn bulk_page() -> AnyView {
    let bar = view! {
        <BulkBar text="3 chosen" clear_href="?">
            <Button size=Size::Small icon="user-check" form="bulk">"Assign"</Button>
            <Button size=Size::Small icon="arrow-right" form="bulk">"Move to stage"</Button>
            <Button size=Size::Small icon="tag" form="bulk">"Tag"</Button>
            <Button size=Size::Small icon="trash-2" reason="Needs the permission sales.lead.delete">"Delete"</Button>
        </BulkBar>
    };
    frame(bar.into_any(), table(3))
}

pub fn empty_page() -> AnyView {
    let bar = view! { <FilterBar end=view_controls()>{filters()}</FilterBar> };
    let action = view! {
        <LinkButton href="form.html" kind=ButtonKind::Primary icon="plus">"New lead"</LinkButton>
        <LinkButton href="import.html" icon="upload">"Import a file"</LinkButton>
    };
    let body = view! {
        <EmptyState icon="target" title="No leads yet" text="A lead is somebody who may buy. Add one by hand, or bring your list as a CSV file." action=action.into_any()/>
    };
    frame(bar.into_any(), body.into_any())
}
