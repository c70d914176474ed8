//! Sums in several currencies, short enough for a tile.

use domain::Money;
use domain::money::group_thousands;
use domain::records::Sum;
use words::t;

/// Sums by currency, the workspace's own first.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    pub own: Option<Money>,
    pub others: Vec<Money>,
}

impl Sums {
    pub fn of<'a>(sums: impl IntoIterator<Item = &'a Sum>, currency: &str) -> Self {
        let mut all = Self { own: Money::from_minor(0, currency).ok(), others: Vec::new() };
        for sum in sums {
            let Some(money) = sum.currency.as_deref().and_then(|currency| Money::parse(&sum.amount, currency).ok())
            else {
                continue;
            };
            all.add(&money);
        }
        all.others.retain(|money| money.minor() != 0);
        all
    }

    fn add(&mut self, money: &Money) {
        let held = self.own.iter_mut().chain(self.others.iter_mut()).find(|held| held.currency() == money.currency());
        match held {
            Some(held) => *held = held.checked_add(money).unwrap_or_else(|_| held.clone()),
            None => self.others.push(money.clone()),
        }
    }

    /// "KES 91.4 M"; the first other currency where there is nothing in the workspace's own.
    pub fn headline(&self) -> String {
        let own = self.own.as_ref().filter(|own| own.minor() != 0 || self.others.is_empty());
        own.or(self.others.first()).map(short).unwrap_or_default()
    }

    /// "USD 12,000, EUR 3.1 M": what the headline leaves out.
    pub fn rest(&self) -> Option<String> {
        let skip = usize::from(self.own.as_ref().is_none_or(|own| own.minor() == 0));
        let texts: Vec<String> = self.others.iter().skip(skip).map(short).collect();
        match texts.len() {
            0 => None,
            1..=2 => Some(texts.join(", ")),
            more => {
                let (first, second) = (&texts[0], &texts[1]);
                Some(t!("{first}, {second} and {count} more", first, second, count = more - 2))
            }
        }
    }
}

/// `KES 480,000`, `KES 91.4 M`, `KES 2.05 B`: from a million on in three figures.
pub fn short(money: &Money) -> String {
    let text = money.amount();
    let (whole, _) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let (unit, zeros) = match digits.len() {
        0..=6 => return money.display(),
        7..=9 => ("M", 6),
        _ => ("B", 9),
    };
    let (head, tail) = digits.split_at(digits.len() - zeros);
    let decimals = 3_usize.saturating_sub(head.len());
    let fraction = tail[..decimals].trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{} {sign}{}{point}{fraction} {unit}", money.currency(), group_thousands(head))
}

/// Change in whole per cent, rounded; nothing where there was nothing before.
pub fn change(now: i64, before: i64) -> Option<i64> {
    if before == 0 {
        return None;
    }
    let (now, before) = (i128::from(now), i128::from(before));
    let scaled = (now - before) * 200 / before.abs();
    let rounded = if scaled >= 0 { (scaled + 1) / 2 } else { (scaled - 1) / 2 };
    i64::try_from(rounded).ok()
}

#[cfg(test)]
mod tests {
    use super::{Sums, change, short};
    use domain::Money;
    use domain::records::Sum;

    fn sum(currency: &str, amount: &str) -> Sum {
        Sum { currency: Some(currency.to_owned()), amount: amount.to_owned() }
    }

    #[test]
    fn amounts_are_short_from_a_million_on() {
        let cases = [
            ("999999.00", "KES 999,999"),
            ("1000000", "KES 1 M"),
            ("91437000", "KES 91.4 M"),
            ("-2050000000", "KES -2.05 B"),
            ("123456789012", "KES 123 B"),
        ];
        for (amount, text) in cases {
            assert_eq!(short(&Money::parse(amount, "KES").unwrap()), text);
        }
    }

    #[test]
    fn own_currency_leads_and_the_rest_is_counted() {
        let sums = Sums::of(&[sum("EUR", "5.00"), sum("KES", "7.00"), sum("USD", "1.00"), sum("KES", "3.00")], "KES");
        assert_eq!(sums.headline(), "KES 10");
        assert_eq!(sums.rest().unwrap(), "EUR 5, USD 1");
        let foreign = Sums::of(&[sum("EUR", "5.00")], "KES");
        assert_eq!((foreign.headline().as_str(), foreign.rest()), ("EUR 5", None));
        assert_eq!(Sums::of(&[], "KES").headline(), "KES 0");
    }

    #[test]
    fn change_is_rounded_and_needs_something_before() {
        assert_eq!(change(112, 100), Some(12));
        assert_eq!(change(0, 300), Some(-100));
        assert_eq!(change(1, 3), Some(-67));
        assert_eq!(change(5, 0), None);
    }
}
