//! The home page: am I on track, and what moved.

use leptos::prelude::*;
use nexus_ui::*;

use crate::shell::staff;

fn weeks() -> Vec<Datum> {
    [
        ("1 Sep", 2.1),
        ("8 Sep", 2.9),
        ("15 Sep", 1.8),
        ("22 Sep", 3.4),
        ("29 Sep", 3.1),
        ("6 Oct", 4.2),
        ("13 Oct", 3.7),
        ("20 Oct", 5.1),
        ("27 Oct", 4.4),
        ("3 Nov", 5.9),
        ("10 Nov", 5.2),
        ("17 Nov", 6.6),
    ]
    .into_iter()
    .map(|(week, value)| Datum::new(week, value * 1e6, format!("KES {value} M")).href("#rows"))
    .collect()
}

fn tiles() -> AnyView {
    view! {
        <Tiles>
            <StatTile label="Won this month" value="KES 18.2 M" href="#1" delta=view! { <Delta trend=Trend::Up text="+12 %" good=true/> }.into_any() note="on last month" spark=vec![2.0, 3.0, 2.4, 4.0, 3.6, 5.0, 4.8, 6.2]/>
            <StatTile label="Open pipeline" value="KES 91.4 M" href="#2" delta=view! { <Delta trend=Trend::Flat text="0 %"/> }.into_any() note="on last month" spark=vec![5.0, 5.2, 5.1, 5.3, 5.0, 5.1, 5.2, 5.1]/>
            <StatTile label="New leads" value="312" href="#3" delta=view! { <Delta trend=Trend::Down text="−8 %" good=false/> }.into_any() note="on last month" spark=vec![6.0, 5.5, 5.8, 5.0, 4.9, 4.6, 4.7, 4.2]/>
            <StatTile label="Days to first call" value="1.4" href="#4" delta=view! { <Delta trend=Trend::Down text="−0.6" good=true/> }.into_any() note="goal 2.0" spark=vec![3.0, 2.8, 2.9, 2.2, 2.0, 1.9, 1.6, 1.4]/>
        </Tiles>
    }
    .into_any()
}

fn charts() -> AnyView {
    let funnel = [("New", 312.0), ("Contacted", 241.0), ("Qualified", 128.0), ("Proposal", 61.0), ("Converted", 34.0)];
    let stages =
        funnel.into_iter().map(|(name, value)| Datum::new(name, value, format!("{value}")).href("#stage")).collect();
    let sources =
        [("Referral", 9.2), ("Walk-in", 5.4), ("Website", 4.1), ("Trade fair Nairobi 2026", 2.0), ("WhatsApp", 1.3)];
    let sources = sources
        .into_iter()
        .map(|(name, value)| Datum::new(name, value, format!("KES {value} M")).href("#source"))
        .collect();
    let last: Vec<_> = weeks().into_iter().map(|datum| Datum { value: datum.value * 0.8 + 4e5, ..datum }).collect();
    view! {
        <Columns>
            <ChartPanel title="Won value is up 12 % on last month">
                <BarChart title="Won value by week" data=weeks() column="Week" value_column="Won"/>
            </ChartPanel>
            <ChartPanel title="The team is ahead of last year since October">
                <LineChart title="Won value this year and last" column="Week" series=vec![Series::new("This year", weeks()), Series { hue: Some(Hue::nth(7)), ..Series::new("Last year", last) }]/>
            </ChartPanel>
            <ChartPanel title="Half of qualified leads get a proposal">
                <Funnel title="Leads by stage this month" stages=stages/>
            </ChartPanel>
            <ChartPanel title="Referrals bring the most">
                <BarList title="Won value by source" data=sources hue=Hue::nth(1)/>
            </ChartPanel>
            {more_charts()}
        </Columns>
    }
    .into_any()
}

fn more_charts() -> AnyView {
    let parts = [("Qualification", 40.0), ("Proposal", 31.4), ("Negotiation", 20.0)];
    let parts: Vec<_> = parts
        .into_iter()
        .map(|(name, value)| Datum::new(name, value, format!("KES {value} M")).href("#part"))
        .collect();
    let layer = |name: &str, share: f64| {
        let points = weeks().into_iter().map(|datum| Datum { value: datum.value * share, ..datum });
        Series::new(name, points.collect())
    };
    let cohort = |month: &str, whole: f64, steps: &[f64]| {
        let cell = |value: &f64| Some(Datum::new("", *value, value.to_string()).href("#cell"));
        let empty = std::iter::repeat_n(None, 3 - steps.len());
        Cohort {
            whole: Datum::new(month, whole, whole.to_string()).href("#cohort"),
            steps: steps.iter().map(cell).chain(empty).collect(),
        }
    };
    let cohorts = vec![
        cohort("Sep 2026", 20.0, &[2.0, 11.0, 3.0]),
        cohort("Oct 2026", 31.0, &[4.0, 9.0]),
        cohort("Nov 2026", 12.0, &[1.0]),
    ];
    let steps = ["Same month", "+1", "+2"].map(str::to_owned).to_vec();
    let (part, whole) = (Datum::new("Won", 9.0, "9").href("#won"), Datum::new("All", 20.0, "20").href("#all"));
    view! {
        <ChartPanel title="Proposals are worth a third of the pipeline">
            <Donut title="Open pipeline by stage" data=parts total="KES 91.4 M" column="Stage" value_column="Value"/>
        </ChartPanel>
        <ChartPanel title="Referrals grow, walk-ins do not">
            <StackedChart title="Leads by week and source" series=vec![layer("Referral", 0.6), layer("Walk-in", 0.4)] column="Week"/>
        </ChartPanel>
        <ChartPanel title="Nearly half of what is decided is won">
            <Gauge title="Won of what was decided" part whole note="This quarter" hue=Hue::nth(2)/>
        </ChartPanel>
        <ChartPanel title="Clients sign in the month after they ask">
            <CohortGrid title="Months from enquiry to contract" cohorts steps column="Asked" hue=Hue::nth(2)/>
        </ChartPanel>
    }
    .into_any()
}

fn today() -> AnyView {
    let head = view! { <HeadCell label="Task"/><HeadCell label="Record"/><HeadCell label="Due"/><HeadCell label="Value" numeric=true/> };
    let row = |task: &'static str, record: &'static str, due: &'static str, late: bool, value: &'static str| {
        let badge = late.then(|| view! { " "<Badge tone=Tone::Negative>"Late"</Badge> });
        view! {
            <Row>
                <Cell label="Task" lead=true><a href="#t">{task}</a></Cell>
                <Cell label="Record">{record}</Cell>
                <Cell label="Due">{due}{badge}</Cell>
                <Cell label="Value" numeric=true>{value}</Cell>
            </Row>
        }
    };
    view! {
        <Panel title="Today" flush=true actions=view! { <LinkButton href="#all" kind=ButtonKind::Ghost size=Size::Small>"All tasks"</LinkButton> }.into_any()>
            <DataTable label="Tasks due today" head=head.into_any() inline=true>
                {row("Call Amina about leasing", "Amina Otieno", "10:00", false, "KES 480,000")}
                {row("Send revised quote", "Baraka Mushi", "Yesterday", true, "TZS 92,400,000")}
                {row("Prepare contract", "Grace Nakato", "16:30", false, "UGX 41,000,000")}
            </DataTable>
        </Panel>
    }
    .into_any()
}

pub fn page() -> AnyView {
    let range = vec![
        TabItem::new("Week", "?w", false),
        TabItem::new("Month", "?m", true),
        TabItem::new("Quarter", "?q", false),
    ];
    let actions = view! { <SegmentedControl label="Period" items=range/> };
    let content = view! {
        <Page>
            <PageHeader title="Good morning, Joyce" text="Saturday 21 November · three tasks today, one is late"/>
            <Stack>
                {tiles()}
                {today()}
                {charts()}
            </Stack>
        </Page>
    };
    staff("home", vec![Crumb::here("Home")], None, Some(actions.into_any()), content.into_any())
}
