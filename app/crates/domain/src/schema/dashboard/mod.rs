//! Dashboards: which charts stand on a page, and over which rows. Data of a pack, held to the catalogue as views are.

mod check;
mod days;

pub use check::DashboardFault;
pub use days::{Range, Step};

use crate::records::GroupBy;
use serde::{Deserialize, Serialize};

/// Blocks of one page: a row of figures, and as many charts as one can take in.
pub const MOST_BLOCKS: usize = 12;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dashboard {
    /// In paths: `sales`.
    pub key: String,
    pub title: String,
    /// What it answers, as a sentence.
    #[serde(default)]
    pub help: Option<String>,
    /// The days that it opens with.
    #[serde(default)]
    pub range: Range,
    /// In the order of the page; figures stand before charts.
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Block {
    /// Unique on the page.
    pub key: String,
    pub title: String,
    pub chart: ChartKind,
    /// Key of the entity whose rows are counted.
    pub entity: String,
    /// In the syntax of `filter=`.
    #[serde(default)]
    pub filter: Option<String>,
    /// Gauges: the rows of which those of the filter are a part, in the syntax of `filter=`; all where it is empty.
    #[serde(default)]
    pub of: Option<String>,
    /// What makes the marks.
    #[serde(default)]
    pub group: Option<Grouping>,
    /// What makes the parts of each mark, or the columns of a cohort.
    #[serde(default)]
    pub series: Option<Grouping>,
    /// The money or number field that is added up; rows are counted where there is none.
    #[serde(default)]
    pub measure: Option<String>,
    /// The date or datetime that the days of the page narrow. Groups by time bring it along; without one the block shows how things stand.
    #[serde(default)]
    pub date: Option<String>,
    #[serde(default)]
    pub size: BlockSize,
}

/// A field by which rows come together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grouping {
    pub field: String,
    /// For dates and datetimes: how long a stretch makes one group.
    #[serde(default)]
    pub by: Option<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    Number,
    Sparkline,
    Line,
    Area,
    Bar,
    Ranks,
    Stacked,
    Donut,
    Funnel,
    Cohort,
    Gauge,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BlockSize {
    #[default]
    Half,
    Full,
}

impl ChartKind {
    /// Whether it is one figure, which stands in the row above the charts.
    pub const fn is_tile(self) -> bool {
        matches!(self, Self::Number | Self::Sparkline)
    }
}

impl Grouping {
    /// As the engine is asked; `step` where the page has too many days for the one described.
    pub fn group_by(&self, step: Option<Step>) -> GroupBy {
        let field = self.field.clone();
        match step.or(self.by) {
            None => GroupBy::Field(field),
            Some(Step::Day) => GroupBy::Day(field),
            Some(Step::Week) => GroupBy::Week(field),
            Some(Step::Month) => GroupBy::Month(field),
        }
    }
}

impl Block {
    /// The field that the days of the page narrow.
    pub fn narrowed_by(&self) -> Option<&str> {
        let grouped = self.group.as_ref().filter(|group| group.by.is_some()).map(|group| group.field.as_str());
        self.date.as_deref().or(grouped)
    }
}
