//! The books: what every account stands at, what customers owe by age, and the lines of one account.

use super::option_words;
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, encode, load, use_page};
use crate::records::lower;
use crate::time::Clock;
use domain::finance::{Ledger, LedgerPage as Lines, Receivables, ReceivablesByAge, Trial, TrialBalance};
use domain::{Money, Result};
use leptos::prelude::*;
use ui::{
    BarList, Cell, ChartPanel, Crumb, DataTable, DateInput, Datum, EmptyState, HeadCell, Hue, LinkButton, Page,
    PageHeader, Panel, Row, Size, Stack, SubmitButton, TabItem, Tabs, TextLink,
};
use words::{mark, t};

#[component]
pub fn TrialBalancePage() -> impl IntoView {
    let page = use_page();
    load(trial(page)).into_any()
}

#[component]
pub fn ReceivablesPage() -> impl IntoView {
    let page = use_page();
    load(receivables(page)).into_any()
}

#[component]
pub fn LedgerPage() -> impl IntoView {
    let page = use_page();
    load(account(page)).into_any()
}

/// `here` is the English label of a tab, or nothing.
fn frame(page: &PageContext, viewer: &Viewer, crumbs: Vec<Crumb>, here: &'static str, content: AnyView) -> AnyView {
    let places = [(mark!("Trial balance"), "ledger"), (mark!("Receivables"), "ledger/receivables")];
    let items = places
        .into_iter()
        .map(|(label, path)| TabItem::new(words::say(label), viewer.path(path), label == here))
        .collect();
    let tabs = view! { <Tabs label=t!("Ledger") items/> }.into_any();
    workspace_frame(page, crumbs, Some(tabs), None, content)
}

/// Nothing where it is zero, so that the eye finds what is there.
fn amount(money: &Money) -> String {
    if money.minor() == 0 { String::new() } else { money.display_amount() }
}

fn day(page: &PageContext, name: &str) -> Option<chrono::NaiveDate> {
    page.query(name).and_then(|day| day.parse().ok())
}

async fn trial(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let trial = page.backend()?.run(TrialBalance { on: day(&page, "on") }).await?;
    let on = trial.on.to_string();
    let form = view! {
        <form class="decide" method="get" action=page.path.clone()>
            <DateInput name="on" label=t!("Up to") value=on bare=true/>
            <SubmitButton size=Size::Small kind=ui::ButtonKind::Secondary>{t!("Show")}</SubmitButton>
        </form>
    }
    .into_any();
    let content = if trial.accounts.is_empty() {
        let invoices = viewer.entity("invoices").ok();
        let action = invoices.map(|invoices| {
            let (href, label) =
                (viewer.path(&invoices.plural), t!("To the {entities}", entities = lower(&invoices.labels.many)));
            view! { <LinkButton href>{label}</LinkButton> }.into_any()
        });
        view! { <EmptyState icon="scale" title=t!("Nothing is posted yet") text=t!("Invoices and payments post to the ledger by themselves.") action/> }.into_any()
    } else {
        trial_table(&viewer, &trial)
    };
    let text = t!(
        "In {currency}. Debits and credits are equal: {amount}.",
        currency = trial.currency,
        amount = trial.debit.display()
    );
    let body = view! { <Page><PageHeader title=t!("Trial balance") text actions=form/>{content}</Page> }.into_any();
    Ok(frame(&page, &viewer, vec![Crumb::here(t!("Ledger"))], "Trial balance", body))
}

fn trial_table(viewer: &Viewer, trial: &Trial) -> AnyView {
    let head = view! {
        <HeadCell label=t!("Code")/>
        <HeadCell label=t!("Account")/>
        <HeadCell label=t!("Kind")/>
        <HeadCell label=t!("Debit") numeric=true/>
        <HeadCell label=t!("Credit") numeric=true/>
        <HeadCell label=t!("Balance") numeric=true/>
    };
    let rows: Vec<AnyView> = trial
        .accounts
        .iter()
        .map(|account| {
            let href = viewer.path(&format!("ledger/accounts/{}", account.account));
            let kind = option_words(viewer, "ledger_account", "type", &account.kind);
            let (code, name) = (account.code.clone(), account.name.clone());
            let (debit, credit, balance) =
                (amount(&account.debit), amount(&account.credit), account.balance.display_amount());
            view! {
                <Row>
                    <Cell label=t!("Code")>{code}</Cell>
                    <Cell label=t!("Account") lead=true><TextLink href><bdi>{name}</bdi></TextLink></Cell>
                    <Cell label=t!("Kind")>{kind}</Cell>
                    <Cell label=t!("Debit") numeric=true>{debit}</Cell>
                    <Cell label=t!("Credit") numeric=true>{credit}</Cell>
                    <Cell label=t!("Balance") numeric=true>{balance}</Cell>
                </Row>
            }
            .into_any()
        })
        .collect();
    let (debit, credit) = (trial.debit.display_amount(), trial.credit.display_amount());
    let foot = view! {
        <tr class="line-total is-total"><th scope="row" colspan="3">{t!("Total")}</th><td class="num">{debit}</td><td class="num">{credit}</td><td></td></tr>
    }
    .into_any();
    view! {
        <Panel flush=true>
            <div class="as-cards"><DataTable label=t!("Trial balance") head=head.into_any() foot inline=true>{rows}</DataTable></div>
        </Panel>
    }
    .into_any()
}

/// How long something is overdue, as people say the keys of the buckets.
pub fn bucket_words(key: &str) -> String {
    match key {
        "0-30" => t!("Up to 30 days").to_owned(),
        "90+" => t!("Over 90 days").to_owned(),
        range => match range.split_once('-') {
            Some((from, to)) => t!("{from} to {to} days", from, to),
            None => range.to_owned(),
        },
    }
}

/// The buckets as bars; each opens its invoices.
pub fn age_chart(viewer: &Viewer, receivables: &Receivables) -> AnyView {
    let total: i64 = receivables.buckets.iter().map(|bucket| bucket.base.minor()).sum();
    let late: i64 = receivables.buckets.iter().skip(1).map(|bucket| bucket.base.minor()).sum();
    let data: Vec<Datum> = receivables
        .buckets
        .iter()
        .map(|bucket| {
            let href = viewer.path(&format!("invoices?filter={}", encode(&bucket.filter)));
            // For the length of a bar only; what is read is the text.
            let length = bucket.base.amount().parse::<f64>().unwrap_or(0.0).max(0.0);
            Datum::new(bucket_words(&bucket.key), length, bucket.base.display()).href(href)
        })
        .collect();
    let title = match (total, late) {
        (0, _) => t!("Nobody owes anything").to_owned(),
        (_, 0) => t!("Nothing is more than 30 days late").to_owned(),
        _ => {
            let share = (i128::from(late) * 100 / i128::from(total.max(1))).max(1);
            t!("{share} % of what is owed is more than 30 days late", share)
        }
    };
    view! { <ChartPanel title=title.clone()><BarList title data hue=Hue::nth(4)/></ChartPanel> }.into_any()
}

async fn receivables(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let receivables = page.backend()?.run(ReceivablesByAge { on: day(&page, "on") }).await?;
    let chart = age_chart(&viewer, &receivables);
    let mut head = vec![view! { <HeadCell label=t!("Customer")/> }.into_any()];
    head.extend(receivables.buckets.iter().map(|bucket| {
        let label = bucket.key.clone();
        view! { <HeadCell label numeric=true/> }.into_any()
    }));
    head.push(view! { <HeadCell label=t!("Total") numeric=true/> }.into_any());
    let keys: Vec<String> = receivables.buckets.iter().map(|bucket| bucket.key.clone()).collect();
    let rows: Vec<AnyView> = receivables
        .customers
        .iter()
        .map(|customer| {
            let (name, href) = (customer.name.clone(), viewer.path(&format!("customers/{}", customer.customer)));
            let cells: Vec<AnyView> = keys
                .iter()
                .zip(&customer.open)
                .map(|(key, open)| {
                    let (label, open) = (key.clone(), amount(open));
                    view! { <Cell label numeric=true>{open}</Cell> }.into_any()
                })
                .collect();
            let total = customer.total.display();
            view! { <Row><Cell label=t!("Customer") lead=true><TextLink href><bdi>{name}</bdi></TextLink></Cell>{cells}<Cell label=t!("Total") numeric=true>{total}</Cell></Row> }.into_any()
        })
        .collect();
    let table = (!rows.is_empty()).then(|| {
        view! {
            <Panel title=t!("By customer") flush=true>
                <div class="as-cards"><DataTable label=t!("Receivables by customer") head=head.into_any() inline=true>{rows}</DataTable></div>
            </Panel>
        }
    });
    let body =
        view! { <Page><PageHeader title=t!("Receivables by age")/><Stack>{chart}{table}</Stack></Page> }.into_any();
    let crumbs = vec![Crumb::link(t!("Ledger"), viewer.path("ledger")), Crumb::here(t!("Receivables"))];
    Ok(frame(&page, &viewer, crumbs, "Receivables", body))
}

async fn account(page: PageContext) -> Result<AnyView> {
    let viewer = page.viewer()?;
    let account = page.path.rsplit('/').next().unwrap_or_default().to_owned();
    let (from, to) = (day(&page, "from"), day(&page, "to"));
    let cursor = page.query("cursor").map(str::to_owned);
    let lines = page.backend()?.run(Ledger { account, from, to, limit: None, cursor }).await?;
    let shown = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
    let (first, last) = (shown(from), shown(to));
    let form = view! {
        <form class="decide" method="get" action=page.path.clone()>
            <DateInput name="from" label=t!("From" in "day") value=first bare=true/>
            <DateInput name="to" label=t!("To" in "day") value=last bare=true/>
            <SubmitButton size=Size::Small kind=ui::ButtonKind::Secondary>{t!("Show")}</SubmitButton>
        </form>
    }
    .into_any();
    let content = if lines.lines.is_empty() {
        view! { <EmptyState icon="scale" title=t!("No postings in this time") text=t!("Choose other days above to see earlier or later ones.")/> }.into_any()
    } else {
        account_table(&page, &viewer, &lines)
    };
    let further = lines.next.as_deref().map(|next| {
        let href = page.with_query(&[("cursor", Some(next))]);
        view! { <LinkButton href icon="chevron-down">{t!("Further lines")}</LinkButton> }
    });
    let title = format!("{} {}", lines.code, lines.name);
    let crumbs = vec![Crumb::link(t!("Ledger"), viewer.path("ledger")), Crumb::here(title.clone())];
    let body = view! { <Page><PageHeader title actions=form/>{content}{further}</Page> }.into_any();
    Ok(frame(&page, &viewer, crumbs, "", body))
}

fn account_table(page: &PageContext, viewer: &Viewer, lines: &Lines) -> AnyView {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let head = view! {
        <HeadCell label=t!("Day")/>
        <HeadCell label=t!("Entry")/>
        <HeadCell label=t!("Text")/>
        <HeadCell label=t!("Debit") numeric=true/>
        <HeadCell label=t!("Credit") numeric=true/>
        <HeadCell label=t!("Balance") numeric=true/>
    };
    let opening = lines.opening.display();
    let mut rows = vec![
        view! { <Row><Cell label=t!("Day")>""</Cell><Cell label=t!("Entry")>""</Cell><Cell label=t!("Text")>{t!("Before")}</Cell><Cell label=t!("Debit") numeric=true>""</Cell><Cell label=t!("Credit") numeric=true>""</Cell><Cell label=t!("Balance") numeric=true>{opening}</Cell></Row> }
            .into_any(),
    ];
    rows.extend(lines.lines.iter().map(|line| {
        let href = viewer.path(&format!("journal-entries/{}", line.entry));
        let (day, number, text) =
            (clock.day(&line.posted_on.to_string()), line.number.clone(), line.description.clone());
        let (debit, credit, balance) =
            (amount(&line.base_debit), amount(&line.base_credit), line.balance.display_amount());
        view! {
            <Row>
                <Cell label=t!("Day")>{day}</Cell>
                <Cell label=t!("Entry") lead=true><TextLink href>{number}</TextLink></Cell>
                <Cell label=t!("Text")><bdi>{text}</bdi></Cell>
                <Cell label=t!("Debit") numeric=true>{debit}</Cell>
                <Cell label=t!("Credit") numeric=true>{credit}</Cell>
                <Cell label=t!("Balance") numeric=true>{balance}</Cell>
            </Row>
        }
        .into_any()
    }));
    view! {
        <Panel flush=true>
            <div class="as-cards"><DataTable label=t!("Lines of the account") head=head.into_any() inline=true>{rows}</DataTable></div>
        </Panel>
    }
    .into_any()
}
