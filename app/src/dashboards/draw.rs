//! Blocks as they are drawn: one chart each, or a figure for the row above.

use super::block::{Asked, Spot, any_test};
use super::cohort;
use super::measure::{Measure, merged};
use crate::home::money::Sums;
use crate::page::Viewer;
use crate::records::lower;
use chrono::NaiveDate;
use domain::money::group_thousands;
use domain::records::Group;
use domain::schema::{BlockSize, ChartKind, Entity, Field, FieldKind, StateKind};
use domain::{BackendHandle, Error, Result};
use leptos::prelude::*;
use ui::{
    BarChart, BarList, ChartPanel, Datum, Donut, EmptyState, Funnel, Gauge, Hue, LineChart, Series, StackedChart,
    StatTile,
};
use words::t;

/// Groups of a chart by what a field holds, before the others are one.
const MOST_RANKS: u32 = 12;
const MOST_SLICES: u32 = 7;
const MOST_BARS: u32 = 24;
/// Lines and layers.
const MOST_SERIES: u32 = 6;
/// Stages and cohorts are as many as there are.
pub const ALL: u32 = 100;

pub enum Drawn {
    Tile(AnyView),
    Chart(AnyView, BlockSize),
}

/// Who looks, and when.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub viewer: &'a Viewer,
    pub backend: &'a BackendHandle,
    pub today: NaiveDate,
}

/// What marks are drawn with.
pub struct Pen<'a> {
    pub viewer: &'a Viewer,
    pub asked: &'a Asked<'a>,
    pub measure: Measure<'a>,
}

impl<'a> Pen<'a> {
    pub fn of<'g>(desk: Desk<'a>, asked: &'a Asked<'a>, groups: impl IntoIterator<Item = &'g Group>) -> Self {
        let measure = Measure::of(asked.measured(), groups, &desk.viewer.currency);
        Self { viewer: desk.viewer, asked, measure }
    }

    /// A mark at these places, and the way to its rows.
    pub fn datum(&self, spots: &[&Spot], label: &str, group: Option<&Group>) -> Datum {
        let nothing = Group::default();
        let group = group.unwrap_or(&nothing);
        let datum = Datum::new(label, self.measure.value(group), self.measure.text(group));
        Datum { href: self.asked.link_at(self.viewer, spots), ..datum }
    }

    fn points(&self, spots: &[Spot], groups: &[Group]) -> Vec<Datum> {
        spots.iter().map(|spot| self.datum(&[spot], &spot.label, spot.find(groups))).collect()
    }

    fn head(&self) -> String {
        self.measure.head(&self.asked.entity)
    }
}

pub async fn draw(desk: Desk<'_>, asked: &Asked<'_>) -> Result<Drawn> {
    let block = asked.block;
    let chart = match block.chart {
        ChartKind::Number => return Ok(Drawn::Tile(number(desk, asked).await?)),
        ChartKind::Sparkline => return Ok(Drawn::Tile(sparkline(desk, asked).await?)),
        ChartKind::Gauge => gauge(desk, asked).await?,
        ChartKind::Funnel => funnel(desk, asked).await?,
        ChartKind::Cohort => cohort::draw(desk, asked).await?,
        ChartKind::Ranks => ranks(desk, asked).await?,
        ChartKind::Donut => donut(desk, asked).await?,
        ChartKind::Bar => bars(desk, asked).await?,
        ChartKind::Line | ChartKind::Area | ChartKind::Stacked => layered(desk, asked).await?,
    };
    let title = block.title.clone();
    Ok(Drawn::Chart(view! { <ChartPanel title>{chart}</ChartPanel> }.into_any(), block.size))
}

fn count_words(entity: &Entity, count: i64) -> String {
    let word = if count == 1 { &entity.labels.one } else { &entity.labels.many };
    t!("{number} {label}", number = group_thousands(&count.to_string()), label = lower(word))
}

/// A figure of a row of figures: short, with what else is to be known of it below.
fn tile(desk: Desk<'_>, asked: &Asked<'_>, all: &Group, spark: Vec<f64>) -> AnyView {
    let pen = Pen::of(desk, asked, [all]);
    let money = pen.measure.currency().map(|_| Sums::of(&all.sums, &desk.viewer.currency));
    let value = money.as_ref().map_or_else(|| pen.measure.text(all), Sums::headline);
    let rest = money.and_then(|sums| sums.rest()).map(|rest| format!("+ {rest}"));
    let rows = asked.measured().map(|_| count_words(&asked.entity, all.count));
    let when = if asked.is_dated() { asked.days.words() } else { t!("Now").to_owned() };
    let note: Vec<String> = [rest, rows, Some(when)].into_iter().flatten().collect();
    let (label, href) = (asked.block.title.clone(), asked.link(desk.viewer, asked.rows().as_ref()));
    view! { <StatTile label value note=note.join(" · ") href spark/> }.into_any()
}

async fn number(desk: Desk<'_>, asked: &Asked<'_>) -> Result<AnyView> {
    let all = asked.all(desk.backend, asked.rows()).await?;
    Ok(tile(desk, asked, &all, Vec::new()))
}

async fn sparkline(desk: Desk<'_>, asked: &Asked<'_>) -> Result<AnyView> {
    let groups = asked.groups(desk.backend, ALL, ALL).await?;
    let pen = Pen::of(desk, asked, &groups);
    let points = pen.points(&times(asked)?, &groups);
    Ok(tile(desk, asked, &merged(&groups), points.iter().map(|point| point.value.max(0.0)).collect()))
}

/// The groups of time of a block that is drawn over time.
pub fn times(asked: &Asked<'_>) -> Result<Vec<Spot>> {
    let field = asked.field(&asked.block.group).ok_or_else(Error::internal)?;
    Ok(asked.times(field, asked.step().ok_or_else(Error::internal)?))
}

/// Where the marks stand, and what the axis is called.
async fn axis(desk: Desk<'_>, asked: &Asked<'_>, groups: &[Group]) -> Result<(Vec<Spot>, String)> {
    let field = asked.field(&asked.block.group).ok_or_else(Error::internal)?;
    match asked.step() {
        Some(step) => Ok((asked.times(field, step), step.label().to_owned())),
        None => Ok((asked.values(desk.viewer, desk.backend, field, groups).await?, field.label.clone())),
    }
}

/// What belongs there, in place of a chart of nothing.
pub fn empty(asked: &Asked<'_>) -> AnyView {
    let (icon, many) = (asked.entity.icon.clone(), lower(&asked.entity.labels.many));
    let (title, text) = if asked.is_dated() {
        let text = t!("Choose other days above to see earlier or later ones.");
        (t!("No {entities} in these days", entities = many), text)
    } else {
        (t!("No {entities} to show", entities = many), t!("They are counted here as soon as there are some."))
    };
    view! { <EmptyState icon title text/> }.into_any()
}

/// What has to be known to read the chart right.
pub fn note(pen: &Pen<'_>) -> Option<AnyView> {
    let now = (!pen.asked.is_dated()).then(|| t!("As things stand now, whatever the days.").to_owned());
    let drawn = pen.measure.currency().filter(|_| pen.measure.mixed);
    let mixed =
        drawn.map(|currency| t!("Drawn by what is in {currency}; the figures name other currencies.", currency));
    let words: Vec<String> = [now, mixed].into_iter().flatten().collect();
    (!words.is_empty()).then(|| view! { <p class="chart-note">{words.join(" ")}</p> }.into_any())
}

async fn bars(desk: Desk<'_>, asked: &Asked<'_>) -> Result<AnyView> {
    let groups = asked.groups(desk.backend, MOST_BARS, ALL).await?;
    if merged(&groups).count == 0 {
        return Ok(empty(asked));
    }
    let (spots, column) = axis(desk, asked, &groups).await?;
    let pen = Pen::of(desk, asked, &groups);
    let (title, data, value_column) = (asked.block.title.clone(), pen.points(&spots, &groups), pen.head());
    Ok(view! { {note(&pen)}<BarChart title data column value_column/> }.into_any())
}

async fn ranks(desk: Desk<'_>, asked: &Asked<'_>) -> Result<AnyView> {
    let groups = asked.groups(desk.backend, MOST_RANKS, ALL).await?;
    if merged(&groups).count == 0 {
        return Ok(empty(asked));
    }
    let (spots, _) = axis(desk, asked, &groups).await?;
    let pen = Pen::of(desk, asked, &groups);
    let mut ranked: Vec<(bool, Datum)> = spots.iter().map(Spot::is_rest).zip(pen.points(&spots, &groups)).collect();
    // The largest first; what is beyond them is no rank.
    ranked.sort_by(|one, other| one.0.cmp(&other.0).then(other.1.value.total_cmp(&one.1.value)));
    let (title, data) = (asked.block.title.clone(), ranked.into_iter().map(|(_, datum)| datum).collect());
    Ok(view! { {note(&pen)}<BarList title data hue=Hue::nth(1)/> }.into_any())
}

async fn donut(desk: Desk<'_>, asked: &Asked<'_>) -> Result<AnyView> {
    let groups = asked.groups(desk.backend, MOST_SLICES, ALL).await?;
    let all = merged(&groups);
    if all.count == 0 {
        return Ok(empty(asked));
    }
    let (spots, column) = axis(desk, asked, &groups).await?;
    let pen = Pen::of(desk, asked, &groups);
    let money = pen.measure.currency().map(|_| Sums::of(&all.sums, &desk.viewer.currency).headline());
    let total = money.unwrap_or_else(|| pen.measure.text(&all));
    let (title, data, value_column) = (asked.block.title.clone(), pen.points(&spots, &groups), pen.head());
    let hues: Vec<Hue> = spots.iter().map(|spot| spot.hue).collect();
    Ok(view! { {note(&pen)}<Donut title data total column value_column hues/> }.into_any())
}

/// Stages in their order, each with all that stands there or further on: what was lost on the way is not a stage.
pub fn stages<'e>(entity: &'e Entity, field: &'e Field) -> Vec<(&'e str, &'e str)> {
    match &field.kind {
        FieldKind::State => {
            let states = entity.states.iter().flat_map(|states| &states.list);
            let on = states.filter(|state| state.kind != StateKind::Lost);
            on.map(|state| (state.key.as_str(), state.label.as_str())).collect()
        }
        _ => field.choices().iter().map(|choice| (choice.key.as_str(), choice.label.as_str())).collect(),
    }
}

/// Of each stage the groups that stand there or further on, as one, and how they are found.
pub fn reached(field: &Field, stages: &[(&str, &str)], groups: &[Group]) -> Vec<(Spot, Group)> {
    (0..stages.len())
        .map(|at| {
            let keys: Vec<&str> = stages[at..].iter().map(|(key, _)| *key).collect();
            let there = groups.iter().filter(|group| group.key.as_deref().is_some_and(|key| keys.contains(&key)));
            (Spot::new(stages[at].1, any_test(field, &keys)), merged(there))
        })
        .collect()
}

async fn funnel(desk: Desk<'_>, asked: &Asked<'_>) -> Result<AnyView> {
    let groups = asked.groups(desk.backend, ALL, ALL).await?;
    let field = asked.field(&asked.block.group).ok_or_else(Error::internal)?;
    let reached = reached(field, &stages(&asked.entity, field), &groups);
    if reached.iter().all(|(_, group)| group.count == 0) {
        return Ok(empty(asked));
    }
    let pen = Pen::of(desk, asked, &groups);
    let stages = reached.iter().map(|(spot, group)| pen.datum(&[spot], &spot.label, Some(group))).collect();
    let title = asked.block.title.clone();
    Ok(view! { {note(&pen)}<Funnel title stages/> }.into_any())
}

async fn gauge(desk: Desk<'_>, asked: &Asked<'_>) -> Result<AnyView> {
    let (whole, part) = asked.whole_and_part();
    let (all, some) =
        futures::try_join!(asked.all(desk.backend, whole.clone()), asked.all(desk.backend, part.clone()))?;
    let pen = Pen::of(desk, asked, [&all]);
    let datum = |label: String, group: &Group, filter| {
        Datum::new(label, pen.measure.value(group), pen.measure.text(group))
            .href(asked.link(desk.viewer, Option::as_ref(filter)))
    };
    let (title, whole) = (asked.block.title.clone(), datum(t!("All of them").to_owned(), &all, &whole));
    let part = datum(title.clone(), &some, &part);
    let when = if asked.is_dated() { asked.days.words() } else { t!("Now").to_owned() };
    Ok(view! { <Gauge title part whole note=when hue=Hue::nth(2)/> }.into_any())
}

/// Lines or layers: one for each value of the series, the same in every group; a single one where there is no series.
async fn layered(desk: Desk<'_>, asked: &Asked<'_>) -> Result<AnyView> {
    let groups = asked.groups(desk.backend, MOST_BARS, MOST_SERIES).await?;
    if merged(&groups).count == 0 {
        return Ok(empty(asked));
    }
    let (spots, column) = axis(desk, asked, &groups).await?;
    let pen = Pen::of(desk, asked, &groups);
    let series = match asked.field(&asked.block.series) {
        None => vec![Series::new(pen.head(), pen.points(&spots, &groups))],
        Some(field) => {
            let found = inner(&asked.entity, field, &groups);
            let layers = asked.values(desk.viewer, desk.backend, field, &found).await?;
            layers.iter().map(|layer| layer_of(&pen, layer, &spots, &groups)).collect()
        }
    };
    let (title, chart) = (asked.block.title.clone(), asked.block.chart);
    let drawn = match chart {
        ChartKind::Stacked => view! { <StackedChart title series column/> }.into_any(),
        _ => {
            let plain = chart == ChartKind::Line;
            view! { <LineChart title series column plain/> }.into_any()
        }
    };
    Ok(view! { {note(&pen)}{drawn} }.into_any())
}

fn layer_of(pen: &Pen<'_>, layer: &Spot, spots: &[Spot], groups: &[Group]) -> Series {
    let points = spots.iter().map(|spot| {
        let group = spot.find(groups).and_then(|group| layer.find(&group.inner));
        pen.datum(&[spot, layer], &spot.label, group)
    });
    Series { hue: Some(layer.hue), ..Series::new(layer.label.clone(), points.collect()) }
}

/// The inner groups of all groups: states and options in their order, everything else largest first, and the others behind them.
fn inner(entity: &Entity, field: &Field, groups: &[Group]) -> Vec<Group> {
    let mut all: Vec<Group> = Vec::new();
    for group in groups.iter().flat_map(|group| &group.inner) {
        match all.iter_mut().find(|known| known.key == group.key && known.rest == group.rest) {
            Some(known) => known.count += group.count,
            None => all.push(Group { inner: Vec::new(), ..group.clone() }),
        }
    }
    let order: Vec<&str> = match &field.kind {
        FieldKind::State => {
            entity.states.iter().flat_map(|states| &states.list).map(|state| state.key.as_str()).collect()
        }
        _ => field.choices().iter().map(|choice| choice.key.as_str()).collect(),
    };
    let place = |group: &Group| order.iter().position(|key| Some(*key) == group.key.as_deref()).unwrap_or(usize::MAX);
    all.sort_by(|one, other| {
        let described = one.rest.cmp(&other.rest).then(place(one).cmp(&place(other)));
        described.then(other.count.cmp(&one.count)).then(one.key.cmp(&other.key))
    });
    all
}

#[cfg(test)]
mod tests;
