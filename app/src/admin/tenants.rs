//! Every workspace with its plan, size and when somebody was last seen in it.

use crate::layout::admin_frame;
use crate::layout::nav::words;
use crate::page::{PageContext, load, use_page};
use crate::time::Clock;
use domain::admin::{ListTenants, TenantRow, Tenants};
use domain::money::group_thousands;
use domain::{Error, Result};
use leptos::prelude::*;
use ui::{
    Avatar, Badge, Blank, ButtonKind, Cell, Chip, Choice, Crumb, DataTable, EmptyState, FillPage, HeadCell, LinkButton,
    Pagination, Row, SearchInput, Select, Size, SubmitButton, TableFoot, Tone, Toolbar,
};
use words::{mark, t, tn};

const LIMIT: u32 = 50;
/// Roles that may act for a member; the server asks again.
const MAY_ACT: [&str; 3] = ["SUPER_ADMIN", "ADMIN", "SUPPORT"];
const STATUSES: [(&str, &str); 4] = [
    ("TRIAL", mark!("Trial")),
    ("ACTIVE", mark!("Active")),
    ("SUSPENDED", mark!("Suspended")),
    ("CLOSED", mark!("Closed")),
];

#[component]
pub fn TenantsPage() -> impl IntoView {
    let page = use_page();
    load(tenants_page(page)).into_any()
}

async fn tenants_page(page: PageContext) -> Result<AnyView> {
    if page.staff.is_none() {
        return Err(Error::unauthenticated());
    }
    let backend = page.backend()?;
    let before: u32 = page.query("offset").and_then(|text| text.parse().ok()).unwrap_or(0);
    let status = page.query("status").filter(|status| STATUSES.iter().any(|(key, _)| key == status)).map(str::to_owned);
    let search = page.query("search").map(str::to_owned);
    let narrowed = status.is_some() || search.is_some();
    let tenants =
        backend.run(ListTenants { search, status: status.clone(), limit: Some(LIMIT), offset: Some(before) }).await?;
    let region = if tenants.rows.is_empty() { empty(narrowed) } else { table(&page, &tenants, before) };
    let bar = bar(&page, status);
    let content = view! { <FillPage title=t!("Tenants")>{bar}<div class="list-region" data-region="list">{region}</div></FillPage> };
    Ok(admin_frame(&page, vec![Crumb::here(t!("Tenants"))], content.into_any()))
}

/// Search and status in one GET form.
fn bar(page: &PageContext, status: Option<String>) -> AnyView {
    let choices = STATUSES.into_iter().map(|(key, label)| Choice::new(key, words::say(label))).collect();
    let value = page.query("search").map(str::to_owned);
    view! {
        <form class="toolbar-form" method="get" action="/admin" role="search">
            <Toolbar label=t!("Narrow the list")>
                <SearchInput name="search" label=t!("Find a tenant") value/>
                <Select name="status" label=t!("Status") choices value=status blank=t!("Any status") bare=true/>
                <SubmitButton kind=ButtonKind::Secondary size=Size::Small>{t!("Show")}</SubmitButton>
            </Toolbar>
        </form>
    }
    .into_any()
}

fn empty(narrowed: bool) -> AnyView {
    if narrowed {
        let action = view! { <LinkButton href="/admin">{t!("Show all tenants")}</LinkButton> }.into_any();
        return view! { <EmptyState icon="funnel" title=t!("No tenant matches") text=t!("Every one of them has another name or status.") action/> }.into_any();
    }
    view! { <EmptyState icon="building-2" title=t!("No tenants yet") text=t!("A tenant is a workspace with its people. Make the first one with nexus seed.")/> }.into_any()
}

fn table(page: &PageContext, tenants: &Tenants, before: u32) -> AnyView {
    let may_act = page.staff.as_ref().is_some_and(|staff| MAY_ACT.contains(&staff.role.as_str()));
    let head = view! {
        <HeadCell label=t!("Workspace")/>
        <HeadCell label=t!("Industry")/>
        <HeadCell label=t!("Plan")/>
        <HeadCell label=t!("Status")/>
        <HeadCell label=t!("People") numeric=true/>
        <HeadCell label=t!("Leads") numeric=true/>
        <HeadCell label=t!("Last seen")/>
        <HeadCell label=t!("Created")/>
        {may_act.then(|| view! { <HeadCell label=t!("Support")/> })}
    };
    let clock = Clock::new(&page.now, "UTC");
    let rows: Vec<_> = tenants.rows.iter().map(|tenant| row(tenant, clock, may_act)).collect();
    view! {
        <DataTable label=t!("Tenants") head=head.into_any()>{rows}</DataTable>
        {foot(page, tenants, before)}
    }
    .into_any()
}

fn row(tenant: &TenantRow, clock: Clock, may_act: bool) -> AnyView {
    let number = |value: i64| group_thousands(&value.to_string());
    let (people, leads) = (number(tenant.members), number(tenant.leads));
    let seen = match &tenant.last_seen_at {
        Some(moment) => clock.moment(moment),
        None => view! { <Blank label=t!("never")/> }.into_any(),
    };
    let created = clock.moment(&tenant.created_at);
    // Both are keys; one whose words no catalogue has is said in English.
    let spoken = |key: &str| words::say(&words(key)).to_owned();
    let (name, slug, industry, plan) =
        (tenant.name.clone(), tenant.slug.clone(), spoken(&tenant.industry), spoken(&tenant.plan));
    let status = status(&tenant.status);
    let act = may_act.then(|| {
        let href = format!("/admin/impersonate?workspace={slug}");
        view! { <Cell label=t!("Support")><LinkButton href size=Size::Small>{t!("Act for a member")}</LinkButton></Cell> }
    });
    view! {
        <Row id=tenant.id.to_string()>
            <Cell label=t!("Workspace") lead=true>
                <span class="person"><Avatar name=name.clone() size=Size::Small square=true/><span class="person-name" dir="auto">{name}</span></span>
                " "
                <span class="mono">{slug}</span>
            </Cell>
            <Cell label=t!("Industry")>{industry}</Cell>
            <Cell label=t!("Plan")><Chip>{plan}</Chip></Cell>
            <Cell label=t!("Status")>{status}</Cell>
            <Cell label=t!("People") numeric=true>{people}</Cell>
            <Cell label=t!("Leads") numeric=true>{leads}</Cell>
            <Cell label=t!("Last seen")>{seen}</Cell>
            <Cell label=t!("Created")>{created}</Cell>
            {act}
        </Row>
    }
    .into_any()
}

/// Red only where somebody must act.
fn status(status: &str) -> AnyView {
    let label = STATUSES
        .iter()
        .find(|(key, _)| *key == status)
        .map_or_else(|| words(status), |(_, label)| words::say(label).to_owned());
    let tone = match status {
        "TRIAL" => Tone::Info,
        "SUSPENDED" => Tone::Warning,
        _ => Tone::Neutral,
    };
    view! { <Badge tone>{label}</Badge> }.into_any()
}

fn foot(page: &PageContext, tenants: &Tenants, before: u32) -> AnyView {
    let number = |value: i64| group_thousands(&value.to_string());
    let (first, last) = (i64::from(before) + 1, i64::from(before) + tenants.rows.len() as i64);
    let range =
        t!("{first}–{last} of {total}", first = number(first), last = number(last), total = number(tenants.total));
    let at = |offset: i64| page.with_query(&[("offset", (offset > 0).then(|| offset.to_string()).as_deref())]);
    let previous = (before > 0).then(|| at((i64::from(before) - i64::from(LIMIT)).max(0)));
    let next = (last < tenants.total).then(|| at(last));
    let total = tn!(tenants.total, "{shown} tenant", "{shown} tenants", shown = number(tenants.total));
    view! { <TableFoot end=view! { <Pagination range previous next/> }.into_any()>{total}</TableFoot> }.into_any()
}
