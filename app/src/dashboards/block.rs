//! A block as it is asked for: its rows, its axes, and the way from every mark to exactly the rows that it counts.

use super::days::{Days, step_label};
use crate::page::{Viewer, encode};
use crate::records::values::hue;
use crate::records::{address, group_label};
use domain::people::ListMembers;
use domain::records::{Group, GroupBy, Inner, ListRecords, SummariseRecords};
use domain::schema::{
    Block, Comparison, Count, Entity, Field, FieldKind, Filter, Grouping, ListQuery, Step, Test, stretch,
};
use domain::{BackendHandle, Result, Verb};
use std::collections::HashMap;
use std::sync::Arc;
use ui::Hue;
use uuid::Uuid;
use words::t;

/// A block whose rows, fields and filters are all the viewer's to read.
pub struct Asked<'a> {
    pub block: &'a Block,
    pub entity: Arc<Entity>,
    pub days: Days,
    filter: Option<Filter>,
    of: Option<Filter>,
}

/// A place on an axis: a group of time, what a field holds, or all that stands beyond the limit.
#[derive(Debug, Clone)]
pub struct Spot {
    pub label: String,
    pub hue: Hue,
    key: Option<String>,
    rest: bool,
    /// A stretch of the page's own days, which says all that they say.
    timed: bool,
    /// What rows here have in common; none where no filter can say it.
    test: Option<Filter>,
}

/// Whether the viewer may see a block at all: its entity, and the fields that it is made by. What its filters name is looked at when it is drawn.
pub fn visible(viewer: &Viewer, block: &Block) -> bool {
    let Some(entity) = viewer.catalog.get(&block.entity) else { return false };
    let fields = [&block.group, &block.series].into_iter().flatten().map(|grouping| &grouping.field);
    let mut fields = fields.chain(&block.measure).chain(&block.date);
    viewer.may(entity, Verb::Read)
        && fields.all(|key| entity.field(key).is_some_and(|field| field.readable(&viewer.grants)))
}

/// Whether every field that a filter names is the viewer's to read.
fn clear(viewer: &Viewer, entity: &Entity, filter: &Filter) -> bool {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().all(|filter| clear(viewer, entity, filter)),
        Filter::Test(test) => entity.field(&test.field).is_some_and(|field| field.readable(&viewer.grants)),
    }
}

impl<'a> Asked<'a> {
    /// Nothing, where any part of it may not be read.
    pub fn of(viewer: &Viewer, block: &'a Block, days: Days) -> Option<Self> {
        if !visible(viewer, block) {
            return None;
        }
        let entity = viewer.catalog.get(&block.entity)?.clone();
        // Both were read when the packs were loaded; one that no longer can be is not drawn as if it were not there.
        let read = |text: &Option<String>| match text.as_deref().filter(|text| !text.trim().is_empty()) {
            None => Some(None),
            Some(text) => Filter::parse(text, &entity).ok().filter(|filter| clear(viewer, &entity, filter)).map(Some),
        };
        let (filter, of) = (read(&block.filter)?, read(&block.of)?);
        Some(Self { block, entity, days, filter, of })
    }

    pub fn field(&self, grouping: &Option<Grouping>) -> Option<&Field> {
        self.entity.field(&grouping.as_ref()?.field)
    }

    pub fn measured(&self) -> Option<&Field> {
        self.entity.field(self.block.measure.as_deref()?)
    }

    /// Whether the days of the page narrow it.
    pub fn is_dated(&self) -> bool {
        self.block.narrowed_by().is_some()
    }

    /// The step of its groups of time, as long as the days of the page make it.
    pub fn step(&self) -> Option<Step> {
        Some(self.days.step(self.block.group.as_ref()?.by?))
    }

    /// All rows of the block.
    pub fn rows(&self) -> Option<Filter> {
        let field = self.block.narrowed_by().and_then(|key| self.entity.field(key));
        both(self.filter.clone(), field.map(|field| self.days.filter(field)))
    }

    /// Of a gauge: the rows of which a part is shown, and that part.
    pub fn whole_and_part(&self) -> (Option<Filter>, Option<Filter>) {
        let field = self.block.narrowed_by().and_then(|key| self.entity.field(key));
        let whole = both(self.of.clone(), field.map(|field| self.days.filter(field)));
        (whole.clone(), both(whole, self.filter.clone()))
    }

    /// The rows at places of the axes. A group of time says all days itself.
    pub fn at(&self, spots: &[&Spot]) -> Option<Filter> {
        let timed = spots.iter().any(|spot| spot.timed);
        let mut filter = if timed { self.filter.clone() } else { self.rows() };
        for spot in spots {
            filter = both(filter, Some(spot.test.clone()?));
        }
        filter
    }

    /// The list of the rows of a filter; the empty one takes the filter of the list's own view away.
    pub fn link(&self, viewer: &Viewer, filter: Option<&Filter>) -> String {
        let written = filter.map(Filter::print).unwrap_or_default();
        viewer.path(&format!("{}?filter={}", self.entity.plural, encode(&written)))
    }

    /// To the rows at places of the axes, where a filter can say which they are.
    pub fn link_at(&self, viewer: &Viewer, spots: &[&Spot]) -> Option<String> {
        let sayable = spots.iter().all(|spot| spot.test.is_some());
        sayable.then(|| self.link(viewer, self.at(spots).as_ref()))
    }

    async fn run(
        &self,
        backend: &BackendHandle,
        filter: Option<Filter>,
        group: GroupBy,
        limit: Option<u32>,
        inner: Option<Inner>,
    ) -> Result<Vec<Group>> {
        let query = ListQuery { filter, count: Count::None, ..ListQuery::default() };
        let (entity, measure) = (self.entity.key.clone(), self.block.measure.clone());
        backend.run(SummariseRecords { entity, query, group, measure, limit, inner, weighted: false }).await
    }

    /// Everything that matches, as one.
    pub async fn all(&self, backend: &BackendHandle, filter: Option<Filter>) -> Result<Group> {
        let groups = self.run(backend, filter, GroupBy::All, None, None).await?;
        Ok(super::measure::merged(&groups))
    }

    /// The groups of the block, up to the limits, with those of its series inside.
    pub async fn groups(&self, backend: &BackendHandle, limit: u32, inner: u32) -> Result<Vec<Group>> {
        let Some(group) = &self.block.group else { return Ok(Vec::new()) };
        let step = self.step();
        // Groups of time are as many as the days make, which is bounded already.
        let limit = if step.is_some() { None } else { Some(limit) };
        let series = self
            .block
            .series
            .as_ref()
            .map(|series| Inner { group: series.group_by(series.by.and(step)), limit: Some(inner) });
        self.run(backend, self.rows(), group.group_by(step), limit, series).await
    }

    /// Every group of time of the days, also those in which nothing was.
    pub fn times(&self, field: &Field, step: Step) -> Vec<Spot> {
        let begins = self.days.begins(step).into_iter().enumerate();
        begins
            .map(|(place, begin)| {
                let (from, until) = self.days.within(step, begin);
                Spot {
                    label: step_label(step, begin),
                    hue: Hue::nth(place),
                    key: Some(step.key(begin)),
                    rest: false,
                    timed: true,
                    test: Some(stretch(field, None, from, until)),
                }
            })
            .collect()
    }

    /// A place for each of the groups, in their order.
    pub async fn values(
        &self,
        viewer: &Viewer,
        backend: &BackendHandle,
        field: &Field,
        groups: &[Group],
    ) -> Result<Vec<Spot>> {
        let names = names(viewer, backend, field, groups).await?;
        Ok(spots(&self.entity, field, &names, groups))
    }
}

/// What is called how, and is found how.
pub fn spots(entity: &Entity, field: &Field, names: &HashMap<String, String>, groups: &[Group]) -> Vec<Spot> {
    let named: Vec<Option<&str>> =
        groups.iter().filter(|group| !group.rest).map(|group| group.key.as_deref()).collect();
    let spot = |(place, group): (usize, &Group)| {
        let key = group.key.as_deref();
        let (label, hue, test) = if group.rest {
            (t!("Others").to_owned(), Hue::nth(7), rest_test(field, &named))
        } else {
            let hue = hue(described(entity, field, key), place);
            (group_label(entity, field, names, key), hue, value_test(field, key))
        };
        Spot { label, hue, key: group.key.clone(), rest: group.rest, timed: false, test }
    };
    groups.iter().enumerate().map(spot).collect()
}

impl Spot {
    /// A place that is no group of its own, by what its rows have in common.
    pub fn new(label: impl Into<String>, test: Option<Filter>) -> Self {
        Self { label: label.into(), hue: Hue::default(), key: None, rest: false, timed: false, test }
    }

    pub fn is_rest(&self) -> bool {
        self.rest
    }

    /// The group that stands here.
    pub fn find<'g>(&self, groups: &'g [Group]) -> Option<&'g Group> {
        groups.iter().find(|group| group.key == self.key && group.rest == self.rest)
    }
}

fn both(one: Option<Filter>, other: Option<Filter>) -> Option<Filter> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.and(other)),
        (one, other) => one.or(other),
    }
}

fn test(field: &Field, comparison: Comparison, values: Vec<String>) -> Option<Filter> {
    let offered = Comparison::offered(field).contains(&comparison);
    offered.then(|| Filter::Test(Test { field: field.key.clone(), comparison, values }))
}

/// Rows that hold this, or nothing.
pub fn value_test(field: &Field, key: Option<&str>) -> Option<Filter> {
    match key.filter(|key| !key.is_empty()) {
        Some(key) => test(field, Comparison::Equals, vec![key.to_owned()]),
        None => test(field, Comparison::Empty, Vec::new()),
    }
}

/// Rows that hold one of these.
pub fn any_test(field: &Field, keys: &[&str]) -> Option<Filter> {
    test(field, Comparison::In, keys.iter().map(|key| (*key).to_owned()).collect())
}

/// Rows that hold none of what is named. Those that hold nothing are among them, unless nothing is named too.
fn rest_test(field: &Field, named: &[Option<&str>]) -> Option<Filter> {
    let keys: Vec<String> = named.iter().flatten().map(|key| (*key).to_owned()).collect();
    let others = if keys.is_empty() { None } else { Some(test(field, Comparison::NotIn, keys)?) };
    let filled = if named.contains(&None) { Some(test(field, Comparison::NotEmpty, Vec::new())?) } else { None };
    both(others, filled)
}

/// The hue that a description gives a state or an option.
fn described(entity: &Entity, field: &Field, key: Option<&str>) -> Option<u8> {
    let key = key?;
    match &field.kind {
        FieldKind::State => entity.states.as_ref()?.get(key)?.hue,
        _ => field.choices().iter().find(|choice| choice.key == key)?.hue,
    }
}

/// Names of the members and rows that make groups. What cannot be read has none.
async fn names(
    viewer: &Viewer,
    backend: &BackendHandle,
    field: &Field,
    groups: &[Group],
) -> Result<HashMap<String, String>> {
    match &field.kind {
        FieldKind::Member => {
            let members = backend.run(ListMembers {}).await?;
            Ok(members.into_iter().map(|member| (member.id.to_string(), member.name)).collect())
        }
        FieldKind::Reference { entity } => {
            let target = viewer.catalog.get(entity).filter(|target| viewer.may(target, Verb::Read));
            let ids: Vec<Uuid> =
                groups.iter().filter_map(|group| Uuid::try_parse(group.key.as_deref()?).ok()).collect();
            let Some(target) = target.filter(|_| !ids.is_empty()) else { return Ok(HashMap::new()) };
            let limit = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            let fields = vec![target.title.clone(), "number".to_owned()];
            let query = ListQuery { ids, limit, fields, count: Count::None, ..ListQuery::default() };
            let rows = backend.run(ListRecords { entity: target.key.clone(), query }).await?.take_records()?;
            Ok(rows.iter().map(|row| (row.id.to_string(), address::title(target, row))).collect())
        }
        _ => Ok(HashMap::new()),
    }
}
