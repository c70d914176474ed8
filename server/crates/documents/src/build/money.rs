//! Amounts as they stand in columns: all decimals of the currency, thousands apart, so that points line up.

use domain::Money;
use domain::money::group_thousands;

/// Writes amounts of one document.
pub(super) struct Amounts<'a> {
    /// The currency of the document, which its columns do not repeat.
    pub currency: &'a str,
}

impl Amounts<'_> {
    /// `1,250.00`; with its code where the currency is another than the document's.
    pub fn short(&self, money: &Money) -> String {
        if money.currency() == self.currency { digits(money) } else { self.full(money) }
    }

    /// `KES 1,250.00`, never broken between code and figures.
    pub fn full(&self, money: &Money) -> String {
        format!("{}\u{a0}{}", money.currency(), digits(money))
    }

    /// `KES 1,250.00` for what is owed the other way.
    pub fn full_reversed(&self, money: &Money) -> String {
        money.checked_neg().map_or_else(|_| self.full(money), |reversed| self.full(&reversed))
    }
}

/// With a minus that is as wide as a figure and that a screen reader says, not a hyphen.
fn digits(money: &Money) -> String {
    let amount = money.amount();
    let (sign, amount) = amount.strip_prefix('-').map_or(("", &*amount), |rest| ("−", rest));
    match amount.split_once('.') {
        Some((whole, fraction)) => format!("{sign}{}.{fraction}", group_thousands(whole)),
        None => format!("{sign}{}", group_thousands(amount)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decimal_of_the_currency_is_shown() {
        let amounts = Amounts { currency: "KES" };
        let money = |minor, code| Money::from_minor(minor, code).unwrap();
        assert_eq!(amounts.short(&money(125_000_000, "KES")), "1,250,000.00");
        assert_eq!(amounts.short(&money(-5, "KES")), "−0.05");
        assert_eq!(amounts.full(&money(-125_000, "KES")), "KES\u{a0}−1,250.00");
        assert_eq!(amounts.full_reversed(&money(-125_000, "KES")), "KES\u{a0}1,250.00");
        assert_eq!(amounts.short(&money(1_234_500, "KWD")), "KWD\u{a0}1,234.500");
        assert_eq!(amounts.full(&money(48_000, "JPY")), "JPY\u{a0}48,000");
    }
}
