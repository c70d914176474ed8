//! The columns of a board: what they are called and hold. Those of the states are made here, those of values in `value_columns`.

use super::list_state::ListState;
use super::pipelines;
use super::values::{hue, state_shape};
use crate::home::money::{Sums, short};
use domain::money::{Money, group_thousands};
use domain::records::{BoardColumn, BoardRecords, Sum};
use domain::schema::{Comparison, Count, Entity, Field, Filter, ListQuery, Test, View};
use domain::{BackendHandle, Result};
use ui::{Hue, StateShape};
use words::t;

/// Cards drawn in a column; the rest is in the list.
const CARDS: u32 = 20;

/// What a column needs to be drawn, whatever makes it.
pub struct Column<'a> {
    pub key: String,
    pub label: String,
    pub hue: Hue,
    pub shape: StateShape,
    /// What its weighted sum is made of.
    pub weight: Option<Weight>,
    /// Cards that it is to hold at once, at most: more are pointed out, and none is kept out.
    pub limit: Option<u64>,
    /// The rows that take its places, where the board shows others than those.
    pub held: Option<u64>,
    /// What must be filled in to come here, as labels.
    pub gate: Vec<&'a Field>,
    pub content: BoardColumn,
}

/// What makes the weighted sum of a column.
pub enum Weight {
    /// The chance of the one state that all its rows are in, in per cent.
    Chance(u8),
    /// The sums of rows in several states, each weighed by its own.
    Sums(Vec<Sum>),
}

/// The columns of the states, in the order of the description.
pub async fn state_columns<'a>(
    backend: &BackendHandle,
    entity: &'a Entity,
    state: &ListState,
    view: &View,
) -> Result<Vec<Column<'a>>> {
    let Some(states) = &entity.states else { return Ok(Vec::new()) };
    let mut query = ListQuery { count: Count::None, ..state.query(Vec::new()) };
    let pipeline = pipelines::shown(entity, state);
    if let Some(pipeline) = pipeline {
        let own = pipelines::rows(entity, pipeline);
        query.filter = Some(match query.filter.take() {
            Some(filter) => filter.and(own),
            None => own,
        });
    }
    let operation = BoardRecords { entity: entity.key.clone(), query, measure: view.measure.clone(), cards: CARDS };
    let mut found = backend.run(operation).await?;
    let columns = states.along(pipeline).map(|described| {
        let at = found.iter().position(|column| column.state == described.key);
        let empty = || BoardColumn { state: described.key.clone(), count: 0, sums: Vec::new(), cards: Vec::new() };
        let gates = states.transitions.iter().filter(|step| step.to == described.key && !step.internal);
        let needs = gates.map(|step| &step.gate.requires).min_by_key(|requires| requires.len());
        Column {
            key: described.key.clone(),
            label: described.label.clone(),
            hue: hue(described.hue, states.position(&described.key)),
            shape: state_shape(states, &described.key),
            weight: described.chance().map(Weight::Chance),
            limit: described.limit.map(u64::from),
            held: None,
            gate: needs.into_iter().flatten().filter_map(|key| entity.field(key)).collect(),
            content: at.map_or_else(empty, |at| found.swap_remove(at)),
        }
    });
    Ok(columns.collect())
}

/// The rows of one column; the column without a key holds those without a value.
pub fn column_test(field: &str, key: &str) -> Filter {
    let (comparison, values) =
        if key.is_empty() { (Comparison::Empty, Vec::new()) } else { (Comparison::Equals, vec![key.to_owned()]) };
    Filter::Test(Test { field: field.to_owned(), comparison, values })
}

/// The workspace's own currency first, and what else there is: amounts of different currencies are never added up.
pub fn sum_words(sums: &[Sum], own: &str) -> Option<String> {
    match sums {
        [] => None,
        [Sum { currency: None, amount }, ..] => Some(group_thousands(amount)),
        sums => {
            let sums = Sums::of(sums, own);
            let counted = usize::from(sums.own.as_ref().is_none_or(|own| own.minor() == 0));
            // The head of a column has room for two.
            let headline = sums.headline();
            Some(match sums.others.len().saturating_sub(counted) {
                0 => headline,
                1 => format!("{headline} + {}", sums.rest().unwrap_or_default()),
                more => t!("{sum} + {count} currencies", sum = headline, count = more),
            })
        }
    }
}

impl Column<'_> {
    pub fn sum(&self, own: &str) -> Option<String> {
        sum_words(&self.content.sums, own)
    }

    /// What the column is worth by the chances of its rows, in the workspace's own currency.
    pub fn weighted(&self, own: &str) -> Option<String> {
        let money = |sums: &[Sum]| Sums::of(sums, own).own.filter(|money| money.minor() != 0);
        match self.weight.as_ref()? {
            Weight::Sums(sums) => money(sums).map(|money| short(&money)),
            Weight::Chance(chance) => {
                let money = money(&self.content.sums)?;
                let minor = i64::try_from(i128::from(money.minor()) * i128::from(*chance) / 100).ok()?;
                Money::from_minor(minor, money.currency()).ok().map(|money| short(&money))
            }
        }
    }

    pub fn count(&self) -> u64 {
        u64::try_from(self.content.count).unwrap_or_default()
    }

    /// Said before another card comes to where there is no place left. It may come all the same: a limit is what a team promised itself, and no gate.
    pub fn full(&self) -> Option<String> {
        let (count, limit) = (self.held.unwrap_or_else(|| self.count()), self.limit?);
        (count >= limit).then(|| t!("Full: {count} of {limit}", count = group_thousands(&count.to_string()), limit))
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, Weight};
    use domain::records::{BoardColumn, Sum};
    use ui::{Hue, StateShape};

    fn sums(sums: &[(&str, &str)]) -> Vec<Sum> {
        sums.iter()
            .map(|(currency, amount)| Sum { currency: Some((*currency).to_owned()), amount: (*amount).to_owned() })
            .collect()
    }

    fn column(of: &[(&str, &str)]) -> Column<'static> {
        let key = || "gold".to_owned();
        Column {
            key: key(),
            label: "Gold".to_owned(),
            hue: Hue::default(),
            shape: StateShape::Open,
            weight: Some(Weight::Chance(25)),
            limit: None,
            held: None,
            gate: Vec::new(),
            content: BoardColumn { state: key(), count: 3, sums: sums(of), cards: Vec::new() },
        }
    }

    #[test]
    fn the_own_currency_leads_and_is_weighted() {
        let mixed = column(&[("EUR", "5.00"), ("KES", "2000000.00")]);
        assert_eq!(mixed.sum("KES").unwrap(), "KES 2 M + EUR 5");
        assert_eq!(column(&[("EUR", "5"), ("USD", "5"), ("KES", "1")]).sum("KES").unwrap(), "KES 1 + 2 currencies");
        assert_eq!(column(&[("EUR", "5"), ("USD", "5")]).sum("KES").unwrap(), "EUR 5 + USD 5");
        assert_eq!(mixed.weighted("KES").unwrap(), "KES 500,000");
        assert_eq!((column(&[]).sum("KES"), column(&[]).weighted("KES")), (None, None));
        assert_eq!(column(&[("EUR", "5.00")]).weighted("KES"), None);
    }

    #[test]
    fn what_was_weighed_row_by_row_is_told_as_it_is() {
        let weighed = |of: &[(&str, &str)]| Column { weight: Some(Weight::Sums(sums(of))), ..column(&[("KES", "8")]) };
        assert_eq!(weighed(&[("EUR", "1.00"), ("KES", "3.00")]).weighted("KES").unwrap(), "KES 3");
        assert_eq!((weighed(&[("EUR", "1.00")]).weighted("KES"), weighed(&[]).weighted("KES")), (None, None));
    }

    #[test]
    fn a_column_is_full_at_its_limit() {
        let full = |limit| Column { limit, ..column(&[]) }.full();
        assert_eq!([full(None), full(Some(4))], [None, None]);
        assert_eq!([full(Some(3)).unwrap(), full(Some(2)).unwrap()], ["Full: 3 of 3", "Full: 3 of 2"]);
        // Whatever a filter leaves of them on the board.
        let narrowed = Column { limit: Some(6), held: Some(8), ..column(&[]) };
        assert_eq!(narrowed.full().unwrap(), "Full: 8 of 6");
    }
}
