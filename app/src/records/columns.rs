//! The columns of a board: what they are called and hold. Those of the states are made here, those of values in `value_columns`.

use super::list_state::ListState;
use super::pipelines;
use super::values::{hue, state_shape};
use crate::home::money::{Sums, short};
use domain::money::{Money, group_thousands};
use domain::records::{BoardColumn, BoardRecords, Sum};
use domain::schema::{Comparison, Count, Entity, Field, Filter, ListQuery, StateKind, Test, View};
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
    /// In per cent, for weighted sums.
    pub probability: Option<u8>,
    /// Open states age; won, lost and done ones do not.
    pub ages: bool,
    /// What must be filled in to come here, as labels.
    pub gate: Vec<&'a Field>,
    pub content: BoardColumn,
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
            probability: described.probability.filter(|_| described.kind == StateKind::Open),
            ages: described.kind == StateKind::Open,
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

    /// What the column is worth by its chance, in the workspace's own currency.
    pub fn weighted(&self, own: &str) -> Option<String> {
        let chance = i128::from(self.probability?);
        let money = Sums::of(&self.content.sums, own).own.filter(|money| money.minor() != 0)?;
        let minor = i64::try_from(i128::from(money.minor()) * chance / 100).ok()?;
        Money::from_minor(minor, money.currency()).ok().map(|money| short(&money))
    }
}

#[cfg(test)]
mod tests {
    use super::Column;
    use domain::records::{BoardColumn, Sum};
    use ui::{Hue, StateShape};

    fn column(sums: &[(&str, &str)]) -> Column<'static> {
        let sums = sums
            .iter()
            .map(|(currency, amount)| Sum { currency: Some((*currency).to_owned()), amount: (*amount).to_owned() });
        let key = || "gold".to_owned();
        Column {
            key: key(),
            label: "Gold".to_owned(),
            hue: Hue::default(),
            shape: StateShape::Open,
            probability: Some(25),
            ages: false,
            gate: Vec::new(),
            content: BoardColumn { state: key(), count: 3, sums: sums.collect(), cards: Vec::new() },
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
}
