//! The four figures and the two charts, from counts and sums that the database makes.

use super::money::{Sums, change};
use super::{Home, open_filter, won_filter};
use crate::records::lower;
use crate::time::named;
use chrono::{Datelike, Months, NaiveDate};
use domain::money::group_thousands;
use domain::records::{Group, GroupBy, Sum};
use domain::schema::{Entity, FieldKind, StateKind};
use domain::{Money, Result};
use leptos::prelude::*;
use std::sync::Arc;
use ui::{BarChart, BarList, ChartPanel, Datum, Delta, EmptyState, Hue, LinkButton, StatTile, Trend};
use words::t;

/// Months in the chart.
const MONTHS: u32 = 12;

fn number(value: i64) -> String {
    group_thousands(&value.to_string())
}

fn count_words(count: i64, one: &str, many: &str) -> String {
    t!("{count} {things}", count = number(count), things = lower(if count == 1 { one } else { many }))
}

/// Open leads, and where they stand.
pub struct Leads {
    entity: Arc<Entity>,
    by_state: Vec<Group>,
    fresh: i64,
}

impl Leads {
    pub async fn load(home: &Home) -> Result<Option<Self>> {
        let Some(entity) = home.entity("lead") else { return Ok(None) };
        let (by_state, fresh) = futures::try_join!(
            home.summarise(&entity, "", GroupBy::Field("status".to_owned()), None),
            home.count(&entity, "createdAt >= today-6"),
        )?;
        Ok(Some(Self { entity, by_state, fresh }))
    }

    fn count_of(&self, state: &str) -> i64 {
        self.by_state.iter().find(|group| group.key.as_deref() == Some(state)).map_or(0, |group| group.count)
    }

    fn open(&self) -> i64 {
        let states =
            self.entity.states.iter().flat_map(|states| &states.list).filter(|state| state.kind == StateKind::Open);
        states.map(|state| self.count_of(&state.key)).sum()
    }

    pub fn tile(&self, home: &Home) -> AnyView {
        let label = t!("Open {entities}", entities = lower(&self.entity.labels.many));
        let note = match self.fresh {
            0 => t!("None new in seven days").to_owned(),
            fresh => t!("{count} new in seven days", count = number(fresh)),
        };
        view! { <StatTile label value=number(self.open()) note href=home.rows(&self.entity, &open_filter(&self.entity))/> }.into_any()
    }

    /// How many stand where, as lying bars; or what to do where there is none.
    pub fn chart(&self, home: &Home) -> Option<AnyView> {
        let states = self.entity.states.as_ref()?;
        let many = lower(&self.entity.labels.many);
        if self.by_state.iter().all(|group| group.count == 0) {
            let import = home.viewer.path(&format!("{}/import", self.entity.plural));
            let reason = home.viewer.missing(&self.entity, domain::Verb::Import);
            let label = t!("Import {entities}", entities = many);
            let action = view! { <LinkButton href=import icon="upload" reason>{label}</LinkButton> }.into_any();
            let (icon, title) = (self.entity.icon.clone(), t!("No {entities} yet", entities = many));
            let heading = t!("Where the {entities} stand", entities = many);
            let text = t!("Bring in the ones that you have, from a spreadsheet or a CSV file.");
            return Some(
                view! {
                    <ChartPanel title=heading>
                        <EmptyState icon title text action/>
                    </ChartPanel>
                }
                .into_any(),
            );
        }
        let open: Vec<_> = states.list.iter().filter(|state| state.kind == StateKind::Open).collect();
        let data: Vec<Datum> = open
            .iter()
            .map(|state| {
                let count = self.count_of(&state.key);
                let href = home.rows(&self.entity, &format!("status = {}", state.key));
                Datum::new(state.label.clone(), count as f64, number(count)).href(href)
            })
            .collect();
        let most = open.iter().max_by_key(|state| self.count_of(&state.key))?;
        let title = t!(
            "{count} of {all} open {entities} are in {state}",
            count = number(self.count_of(&most.key)),
            all = number(self.open()),
            entities = many,
            state = most.label
        );
        Some(view! { <ChartPanel title=title.clone()><BarList title data hue=Hue::nth(0)/></ChartPanel> }.into_any())
    }
}

/// What may still be won.
pub struct Pipeline {
    entity: Arc<Entity>,
    by_state: Vec<Group>,
}

impl Pipeline {
    pub async fn load(home: &Home) -> Result<Option<Self>> {
        let Some((entity, measure)) = deal(home) else { return Ok(None) };
        let by_state =
            home.summarise(&entity, &open_filter(&entity), GroupBy::Field("status".to_owned()), Some(&measure)).await?;
        Ok(Some(Self { entity, by_state }))
    }

    pub fn tile(&self, home: &Home) -> AnyView {
        let currency = &home.viewer.currency;
        let sums = Sums::of(self.by_state.iter().flat_map(|group| &group.sums), currency);
        let count: i64 = self.by_state.iter().map(|group| group.count).sum();
        let words = count_words(count, &self.entity.labels.one, &self.entity.labels.many);
        let note = [sums.rest().map(|rest| format!("+ {rest}")), Some(words)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ");
        view! { <StatTile label=t!("Open pipeline") value=sums.headline() note href=home.rows(&self.entity, &open_filter(&self.entity))/> }.into_any()
    }
}

/// The opportunity and its money field.
fn deal(home: &Home) -> Option<(Arc<Entity>, String)> {
    let entity = home.entity("opportunity")?;
    let value = entity.field("value").filter(|field| matches!(field.kind, FieldKind::Money { .. }))?;
    let readable = value.readable(&home.viewer.grants);
    let key = value.key.clone();
    readable.then_some((entity, key))
}

fn minor(sums: &[Sum], currency: &str) -> i64 {
    let own = sums.iter().find(|sum| sum.currency.as_deref() == Some(currency));
    own.and_then(|sum| Money::parse(&sum.amount, currency).ok()).map_or(0, |money| money.minor())
}

/// What was won, by the month of the expected close.
pub struct Won {
    entity: Arc<Entity>,
    filter: String,
    months: Vec<Group>,
}

impl Won {
    pub async fn load(home: &Home) -> Result<Option<Self>> {
        let Some((entity, measure)) = deal(home) else { return Ok(None) };
        let (Some(won), Some(_)) = (won_filter(&entity), entity.field("closeOn")) else { return Ok(None) };
        let today = home.clock.today();
        let since = first_of_month(today, MONTHS - 1);
        let until = first_of_month(today, 0).checked_add_months(Months::new(1)).unwrap_or(today);
        let filter = format!("{won} and closeOn >= {since} and closeOn < {until}");
        let months = home.summarise(&entity, &filter, GroupBy::Month("closeOn".to_owned()), Some(&measure)).await?;
        Ok(Some(Self { entity, filter: won, months }))
    }

    fn month(&self, month: NaiveDate) -> Option<&Group> {
        let key = month.format("%Y-%m").to_string();
        self.months.iter().find(|group| group.key.as_deref() == Some(key.as_str()))
    }

    fn minor_of(&self, month: NaiveDate, currency: &str) -> i64 {
        self.month(month).map_or(0, |group| minor(&group.sums, currency))
    }

    fn rows_of(&self, home: &Home, month: NaiveDate) -> String {
        let next = month.checked_add_months(Months::new(1)).unwrap_or(month);
        home.rows(&self.entity, &format!("{} and closeOn >= {month} and closeOn < {next}", self.filter))
    }

    pub fn tile(&self, home: &Home) -> AnyView {
        let currency = &home.viewer.currency;
        let (this, last) = (first_of_month(home.clock.today(), 0), first_of_month(home.clock.today(), 1));
        let group = self.month(this);
        let sums = Sums::of(group.iter().flat_map(|group| &group.sums), currency);
        let delta = change(self.minor_of(this, currency), self.minor_of(last, currency)).map(delta);
        let count = group.map_or(0, |group| group.count);
        let words = match &delta {
            Some(_) => t!("on last month").to_owned(),
            None if count == 0 => t!("Nothing yet").to_owned(),
            None => count_words(count, &self.entity.labels.one, &self.entity.labels.many),
        };
        let note = [Some(words), sums.rest().map(|rest| format!("+ {rest}"))]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ");
        view! { <StatTile label=t!("Won this month") value=sums.headline() delta=delta note href=self.rows_of(home, this)/> }.into_any()
    }

    /// The workspace's currency where anything was won in it, else the first in which something was.
    fn currency(&self, home: &Home) -> Option<String> {
        let own = home.viewer.currency.as_str();
        let sums = || self.months.iter().flat_map(|group| &group.sums);
        let held = |currency: &str| sums().any(|sum| sum.currency.as_deref() == Some(currency));
        if held(own) { Some(own.to_owned()) } else { sums().find_map(|sum| sum.currency.clone()) }
    }

    /// Upright bars, a month each, in one currency: sums of several would mean nothing.
    pub fn chart(&self, home: &Home) -> Option<AnyView> {
        let currency = self.currency(home)?;
        let today = home.clock.today();
        let data = (0..MONTHS)
            .rev()
            .map(|ago| {
                let month = first_of_month(today, ago);
                let money = Money::from_minor(self.minor_of(month, &currency), &currency).ok();
                let text = money.as_ref().map(Money::display).unwrap_or_default();
                // For the height of a bar only; what is read is the text.
                let height = money.and_then(|money| money.amount().parse::<f64>().ok()).unwrap_or(0.0);
                Datum::new(named(month, "%b %Y"), height.max(0.0), text).href(self.rows_of(home, month))
            })
            .collect();
        let title = self.sentence(today, &currency);
        let value_column = t!("Won in {currency}", currency);
        Some(
            view! {
                <ChartPanel title=title.clone()>
                    <BarChart title data column=t!("Month") value_column hue=Hue::nth(2)/>
                </ChartPanel>
            }
            .into_any(),
        )
    }

    /// What the chart shows, in words.
    fn sentence(&self, today: NaiveDate, currency: &str) -> String {
        let (this, last) =
            (self.minor_of(first_of_month(today, 0), currency), self.minor_of(first_of_month(today, 1), currency));
        match change(this, last) {
            Some(0) => t!("Won value in {currency} is as last month", currency),
            Some(change) if change > 0 => {
                t!("Won value in {currency} is up {change} % on last month", currency, change = number(change))
            }
            Some(change) => t!(
                "Won value in {currency} is down {change} % on last month so far",
                currency,
                change = number(-change)
            ),
            None if this > 0 => t!("Something was won in {currency} this month, nothing last month", currency),
            None => t!("Nothing was won in {currency} this month or last", currency),
        }
    }
}

fn delta(change: i64) -> AnyView {
    let (trend, good) = match change {
        0 => (Trend::Flat, None),
        up if up > 0 => (Trend::Up, Some(true)),
        _ => (Trend::Down, Some(false)),
    };
    let text = if change > 0 { format!("+{} %", number(change)) } else { format!("{} %", number(change)) };
    match good {
        Some(good) => view! { <Delta trend text good/> }.into_any(),
        None => view! { <Delta trend text/> }.into_any(),
    }
}

/// The first day of the month that is `ago` months before this one.
fn first_of_month(today: NaiveDate, ago: u32) -> NaiveDate {
    let first = today.with_day(1).unwrap_or(today);
    first.checked_sub_months(Months::new(ago)).unwrap_or(first)
}

/// My tasks that are due.
pub struct Tasks {
    entity: Arc<Entity>,
    due: i64,
    overdue: i64,
}

/// Mine, still open: the filter of the description's own view where it says the same.
pub fn mine(entity: &Entity) -> String {
    let open = entity.states.iter().flat_map(|states| &states.list).filter(|state| state.kind == StateKind::Open);
    let keys: Vec<&str> = open.map(|state| state.key.as_str()).collect();
    match keys.as_slice() {
        [] => "owner = me".to_owned(),
        keys => format!("owner = me and status in ({})", keys.join(", ")),
    }
}

impl Tasks {
    pub async fn load(home: &Home) -> Result<Option<Self>> {
        let Some(entity) = home.entity("task").filter(|entity| entity.field("dueOn").is_some()) else {
            return Ok(None);
        };
        let mine = mine(&entity);
        let (due, overdue) = (format!("{mine} and dueOn <= today"), format!("{mine} and dueOn < today"));
        let (due, overdue) = futures::try_join!(home.count(&entity, &due), home.count(&entity, &overdue))?;
        Ok(Some(Self { entity, due, overdue }))
    }

    pub fn tile(&self, home: &Home) -> AnyView {
        let note = match (self.due, self.overdue) {
            (0, _) => t!("Nothing is waiting for you").to_owned(),
            (_, 0) => t!("All of them today").to_owned(),
            (_, overdue) => t!("{count} overdue", count = number(overdue)),
        };
        let label = t!("My {entities} due", entities = lower(&self.entity.labels.many));
        let href = home.rows(&self.entity, &format!("{} and dueOn <= today", mine(&self.entity)));
        view! { <StatTile label value=number(self.due) note href/> }.into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::first_of_month;

    #[test]
    fn months_go_back_over_the_year() {
        let day = |text: &str| text.parse().unwrap();
        assert_eq!(first_of_month(day("2026-01-31"), 0), day("2026-01-01"));
        assert_eq!(first_of_month(day("2026-01-31"), 2), day("2025-11-01"));
    }
}
