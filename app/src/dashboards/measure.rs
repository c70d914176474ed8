//! What a group comes to: the number that is drawn, and the text that is read. Amounts of several currencies are never one number: marks are as large
//! as what they hold in one of them, and their texts name all.

use domain::money::{Money, group_thousands, parse_scaled, scaled};
use domain::records::{Group, Sum};
use domain::schema::{Entity, Field, FieldKind, duration};
use std::collections::BTreeMap;
use words::t;

/// Currencies that a text names.
const NAMED: usize = 3;

pub struct Measure<'a> {
    field: Option<&'a Field>,
    /// In which money is drawn.
    currency: String,
    /// Whether something is in another.
    pub mixed: bool,
}

impl<'a> Measure<'a> {
    /// Money is drawn in the workspace's own currency where there is any in it, else in the first that there is.
    pub fn of<'g>(field: Option<&'a Field>, groups: impl IntoIterator<Item = &'g Group>, own: &str) -> Self {
        let all: Vec<&str> = groups
            .into_iter()
            .flat_map(|group| &group.sums)
            .filter(|sum| !is_zero(&sum.amount))
            .filter_map(|sum| sum.currency.as_deref())
            .collect();
        let held = all.iter().find(|code| **code == own).or(all.first()).copied().unwrap_or(own);
        Self { field, currency: held.to_owned(), mixed: all.iter().any(|code| *code != held) }
    }

    pub fn currency(&self) -> Option<&str> {
        matches!(self.field?.kind, FieldKind::Money { .. }).then_some(self.currency.as_str())
    }

    /// For the size of a mark only.
    pub fn value(&self, group: &Group) -> f64 {
        if self.field.is_none() {
            return to_float(&group.count.to_string());
        }
        let sum = group.sums.iter().find(|sum| sum.currency.as_deref() == self.currency());
        sum.map_or(0.0, |sum| to_float(&sum.amount))
    }

    pub fn text(&self, group: &Group) -> String {
        match self.field.map(|field| &field.kind) {
            None => group_thousands(&group.count.to_string()),
            Some(FieldKind::Money { .. }) => self.amounts(&group.sums),
            Some(FieldKind::Duration { .. }) => {
                duration::show(group.sums.first().and_then(|sum| sum.amount.parse().ok()).unwrap_or(0))
            }
            Some(_) => group.sums.first().map_or_else(|| "0".to_owned(), |sum| grouped(&sum.amount)),
        }
    }

    /// "KES 480,000, EUR 5", the currency that is drawn first.
    fn amounts(&self, sums: &[Sum]) -> String {
        let money = |sum: &Sum| Money::parse(&sum.amount, sum.currency.as_deref()?).ok();
        let mut all: Vec<Money> = sums.iter().filter_map(money).filter(|money| money.minor() != 0).collect();
        all.sort_by_key(|money| money.currency() != self.currency);
        match all.len() {
            0 => Money::from_minor(0, &self.currency).map(|none| none.display()).unwrap_or_default(),
            1..=NAMED => all.iter().map(Money::display).collect::<Vec<_>>().join(", "),
            more => {
                let named: Vec<String> = all.iter().take(NAMED).map(Money::display).collect();
                t!("{amounts} and {count} more", amounts = named.join(", "), count = more - NAMED)
            }
        }
    }

    /// What the figures are: the head of their column.
    pub fn head(&self, entity: &Entity) -> String {
        match (self.field, self.currency()) {
            (None, _) => entity.labels.many.clone(),
            (Some(field), Some(currency)) if !self.mixed => t!("{field} in {currency}", field = field.label, currency),
            (Some(field), _) => field.label.clone(),
        }
    }
}

fn is_zero(amount: &str) -> bool {
    amount.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'))
}

fn to_float(text: &str) -> f64 {
    text.parse().unwrap_or(0.0)
}

/// `1234.50` as `1,234.50`.
fn grouped(amount: &str) -> String {
    match amount.split_once('.') {
        Some((whole, fraction)) => format!("{}.{fraction}", group_thousands(whole)),
        None => group_thousands(amount),
    }
}

/// Several groups as one.
pub fn merged<'g>(groups: impl IntoIterator<Item = &'g Group>) -> Group {
    let mut count = 0;
    let mut sums: BTreeMap<&Option<String>, (i64, u32)> = BTreeMap::new();
    for group in groups {
        count += group.count;
        for sum in &group.sums {
            let decimals = sum.amount.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            let decimals = u32::try_from(decimals).unwrap_or(0);
            let Ok(amount) = parse_scaled(&sum.amount, decimals) else { continue };
            let held = sums.entry(&sum.currency).or_insert((0, decimals));
            held.0 = held.0.saturating_add(amount);
        }
    }
    let sums = sums
        .into_iter()
        .map(|(currency, (amount, decimals))| Sum { currency: currency.clone(), amount: scaled(amount, decimals) });
    Group { count, sums: sums.collect(), ..Group::default() }
}

#[cfg(test)]
mod tests {
    use super::{Measure, merged};
    use crate::records::fixture::entity;
    use domain::records::{Group, Sum};

    fn group(count: i64, sums: &[(&str, &str)]) -> Group {
        let sum = |(currency, amount): &(&str, &str)| Sum {
            currency: Some((*currency).to_owned()).filter(|currency| !currency.is_empty()),
            amount: (*amount).to_owned(),
        };
        Group { count, sums: sums.iter().map(sum).collect(), ..Group::default() }
    }

    #[test]
    fn rows_are_counted_where_nothing_is_added_up() {
        let (entity, groups) = (entity(), [group(1_234, &[])]);
        let count = Measure::of(None, &groups, "KES");
        assert!((count.value(&groups[0]) - 1_234.0).abs() < 1e-9);
        assert_eq!((count.text(&groups[0]).as_str(), count.head(&entity).as_str()), ("1,234", "Leads"));
        assert!(count.currency().is_none() && !count.mixed);
    }

    #[test]
    fn money_is_drawn_in_one_currency_and_read_in_all() {
        let entity = entity();
        let value = entity.field("value");
        let groups = [group(2, &[("EUR", "5.00"), ("KES", "480000.00")]), group(1, &[("KES", "-20.50")])];
        let own = Measure::of(value, &groups, "KES");
        assert!((own.value(&groups[0]) - 480_000.0).abs() < 1e-9 && (own.value(&groups[1]) + 20.5).abs() < 1e-9);
        assert_eq!(own.text(&groups[0]), "KES 480,000, EUR 5");
        assert_eq!(own.text(&group(1, &[])), "KES 0");
        assert!(own.mixed && own.head(&entity) == "Value");
        // Nothing in the own one: the first that there is.
        let foreign = [group(1, &[("EUR", "5.00"), ("KES", "0.00")])];
        let measure = Measure::of(value, &foreign, "KES");
        assert_eq!((measure.currency(), measure.mixed), (Some("EUR"), false));
        assert_eq!(measure.head(&entity), "Value in EUR");
        let many = group(5, &[("EUR", "1.00"), ("GBP", "1.00"), ("KES", "1.00"), ("UGX", "1"), ("USD", "1.00")]);
        assert_eq!(Measure::of(value, [&many], "KES").text(&many), "KES 1, EUR 1, GBP 1 and 2 more");
    }

    #[test]
    fn groups_become_one_without_losing_a_cent() {
        let all = merged(&[group(2, &[("EUR", "0.10"), ("KES", "1.00")]), group(3, &[("EUR", "0.20"), ("JPY", "7")])]);
        assert_eq!(all, group(5, &[("EUR", "0.30"), ("JPY", "7"), ("KES", "1.00")]));
        assert_eq!(merged(&[]), Group::default());
        let numbers = merged(&[group(1, &[("", "-3")]), group(1, &[("", "5")])]);
        assert_eq!(numbers.sums[0].amount, "2");
    }
}
