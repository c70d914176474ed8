//! What of a dashboard does not fit the descriptions: words that nobody knows, and charts that lack what they draw.

use super::{Block, ChartKind, Dashboard, Grouping, MOST_BLOCKS};
use crate::schema::value::{self, Rules};
use crate::schema::{Catalog, Entity, Field, FieldKind, Filter};
use crate::text::nearest;
use std::collections::BTreeSet;

/// What is wrong, where, and what was probably meant. The loader adds file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardFault {
    /// Dotted place inside the description: `blocks.won.group`.
    pub place: String,
    /// The word in question, for finding the line.
    pub word: String,
    pub message: String,
    pub meant: Option<String>,
}

/// What a chart makes of a part of its description.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    Nothing,
    /// Groups of time.
    Time,
    /// Groups by what a field holds.
    Values,
    /// Groups by what has an order of its own: states and options.
    Ordered,
    Either,
    /// Values, or none.
    Perhaps,
}

impl ChartKind {
    const fn wants(self) -> (Wants, Wants) {
        match self {
            Self::Number | Self::Gauge => (Wants::Nothing, Wants::Nothing),
            Self::Sparkline | Self::Area => (Wants::Time, Wants::Nothing),
            Self::Line => (Wants::Time, Wants::Perhaps),
            Self::Bar => (Wants::Either, Wants::Nothing),
            Self::Ranks | Self::Donut => (Wants::Values, Wants::Nothing),
            Self::Stacked => (Wants::Either, Wants::Values),
            Self::Funnel => (Wants::Ordered, Wants::Nothing),
            Self::Cohort => (Wants::Time, Wants::Time),
        }
    }
}

impl Dashboard {
    /// Everything that does not fit the catalogue.
    pub fn check(&self, catalog: &Catalog) -> Vec<DashboardFault> {
        let mut faults = Faults::default();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
        if self.key.is_empty() || !self.key.bytes().all(plain) {
            let message = format!("{} stands in paths and must be lower case letters, digits, _ and -", self.key);
            faults.add("", &self.key, message, None);
        }
        match self.blocks.len() {
            0 => faults.add("", "blocks", format!("{} has no blocks", self.key), None),
            1..=MOST_BLOCKS => {}
            more => {
                faults.add("", "blocks", format!("{} has {more} blocks; {MOST_BLOCKS} is the most", self.key), None);
            }
        }
        let mut seen = BTreeSet::new();
        for block in &self.blocks {
            if !seen.insert(&block.key) {
                faults.add("blocks", &block.key, format!("{} is the key of two blocks", block.key), None);
            }
            match catalog.get(&block.entity) {
                Some(entity) => Inspection { block, entity, faults: &mut faults }.all(),
                None => {
                    let meant = nearest(&block.entity, catalog.iter().map(|entity| entity.key.as_str()));
                    let place = format!("blocks.{}", block.key);
                    faults.add(&place, &block.entity, format!("{} is not an entity", block.entity), meant);
                }
            }
        }
        faults.0
    }
}

#[derive(Default)]
struct Faults(Vec<DashboardFault>);

impl Faults {
    fn add(&mut self, place: &str, word: &str, message: String, meant: Option<&str>) {
        let meant = meant.map(str::to_owned);
        self.0.push(DashboardFault { place: place.to_owned(), word: word.to_owned(), message, meant });
    }
}

struct Inspection<'a> {
    block: &'a Block,
    entity: &'a Entity,
    faults: &'a mut Faults,
}

impl<'a> Inspection<'a> {
    fn all(&mut self) {
        let block = self.block;
        for (part, text) in [("filter", &block.filter), ("of", &block.of)] {
            let Some(text) = text.as_deref().filter(|text| !text.trim().is_empty()) else { continue };
            match Filter::parse(text, self.entity) {
                Ok(filter) => self.words(part, &filter),
                Err(problem) => {
                    let place = format!("blocks.{}", block.key);
                    // The line of the part: its text may stand in another block too.
                    self.faults.add(&place, part, problem.message, problem.meant.as_deref());
                }
            }
        }
        self.gauge();
        let (group, series) = block.chart.wants();
        self.grouping("group", block.group.as_ref(), group);
        self.grouping("series", block.series.as_ref(), series);
        self.cohort();
        if let Some(key) = &block.measure
            && let Some(field) = self.field("measure", key)
            && !field.adds_up()
        {
            self.say("measure", format!("{key} is nothing that adds up"));
        }
        self.date();
    }

    /// States and options are words of the description; one that is none would only be noticed when the page is drawn.
    fn words(&mut self, part: &'static str, filter: &Filter) {
        match filter {
            Filter::All(filters) | Filter::Any(filters) => filters.iter().for_each(|filter| self.words(part, filter)),
            Filter::Test(test) => {
                let Some(field) = self.entity.field(&test.field) else { return };
                if !matches!(field.kind, FieldKind::State | FieldKind::Option { .. } | FieldKind::Options { .. }) {
                    return;
                }
                let rules = Rules { today: chrono::NaiveDate::default() };
                for text in &test.values {
                    if let Err(message) = value::read(field, self.entity.states.as_ref(), text, "", rules) {
                        self.say(part, message);
                    }
                }
            }
        }
    }

    /// At the key of the block that the fault is about.
    fn say(&mut self, part: &str, message: String) {
        self.faults.add(&format!("blocks.{}", self.block.key), part, message, None);
    }

    fn field(&mut self, part: &str, key: &str) -> Option<&'a Field> {
        let found = self.entity.field(key);
        if found.is_none() {
            let meant = nearest(key, self.entity.fields.iter().map(|field| field.key.as_str()));
            let message = format!("{key} is not a field of {}", self.entity.key);
            self.faults.add(&format!("blocks.{}", self.block.key), part, message, meant);
        }
        found
    }

    fn gauge(&mut self) {
        let block = self.block;
        match (block.chart, &block.of) {
            (ChartKind::Gauge, None) => {
                self.say("chart", format!("{} shows a part of something; say of what in `of`", block.key));
            }
            (ChartKind::Gauge, Some(_)) | (_, None) => {}
            (_, Some(_)) => self.say("of", format!("{} is no gauge, so nothing is asked of `of`", block.key)),
        }
    }

    fn grouping(&mut self, part: &'static str, grouping: Option<&Grouping>, wants: Wants) {
        let key = &self.block.key;
        let Some(grouping) = grouping else {
            if !matches!(wants, Wants::Nothing | Wants::Perhaps) {
                self.say("chart", format!("{key} lacks {part}, which its chart is drawn by"));
            }
            return;
        };
        if wants == Wants::Nothing {
            self.say(part, format!("the chart of {key} draws no {part}; take it out"));
            return;
        }
        let name = &grouping.field;
        let Some(field) = self.field(part, name) else { return };
        match (grouping.by, field.is_dated()) {
            (Some(_), false) => self.say(part, format!("{name} is not an indexed date or datetime, so it has no `by`")),
            (None, true) => self.say(part, format!("{name} is a day; say by = \"day\", \"week\" or \"month\"")),
            (Some(_), true) if !matches!(wants, Wants::Time | Wants::Either) => {
                self.say(part, format!("the chart of {key} is no course of time; name a field with values for {part}"));
            }
            (None, false) if wants == Wants::Time => {
                self.say(part, format!("the chart of {key} is a course of time; name a date for {part}"));
            }
            (None, false) if !field.is_grouping() => {
                self.say(part, format!("{} cannot be grouped by {name}", self.entity.labels.many));
            }
            (None, false) if wants == Wants::Ordered && !ordered(field) => {
                self.say(part, format!("{name} has no order of its own; a funnel goes through states or options"));
            }
            _ => {}
        }
    }

    fn cohort(&mut self) {
        let block = self.block;
        if block.chart == ChartKind::Cohort
            && let (Some(group), Some(series)) = (&block.group, &block.series)
            && group.by != series.by
        {
            self.say("series", format!("{} counts steps of one length; say the same `by` twice", block.key));
        }
    }

    /// What is drawn over time shows the days that the page is narrowed to, and no others.
    fn date(&mut self) {
        let block = self.block;
        let Some(key) = &block.date else { return };
        let Some(field) = self.field("date", key) else { return };
        if !field.is_dated() {
            self.say("date", format!("{key} is not an indexed date or datetime"));
        } else if let Some(group) = block.group.as_ref().filter(|group| group.by.is_some() && group.field != *key) {
            self.say(
                "date",
                format!("{} is drawn over {}, which is its date; take `date` out", block.key, group.field),
            );
        }
    }
}

const fn ordered(field: &Field) -> bool {
    matches!(field.kind, FieldKind::State | FieldKind::Option { .. })
}

#[cfg(test)]
mod tests;
