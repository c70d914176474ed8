//! Calculating with money: exact in between, rounded once and by name, and an error where a 64-bit integer ends.

use super::{Money, MoneyError, ScaleError, parse_scaled, scaled};
use crate::currency;
use serde::{Deserialize, Serialize};
use std::fmt;
use words::t;

/// Decimals of quantities, and of per cents.
pub const QUANTITY_SCALE: u32 = 3;
/// Decimals of exchange rates.
pub const RATE_SCALE: u32 = 8;

/// What becomes of the part that is smaller than the smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// The nearer one; from the middle away from zero.
    HalfUp,
    /// The nearer one; from the middle to the even one.
    HalfEven,
    /// Towards zero.
    Down,
}

/// A per cent with three decimals: 16 is `16.000`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Percent(i64);

impl Percent {
    pub const HUNDRED: Self = Self(100_000);

    /// In thousandths of a per cent, from none to all of it.
    pub fn from_thousandths(thousandths: i64) -> Option<Self> {
        (0..=Self::HUNDRED.0).contains(&thousandths).then_some(Self(thousandths))
    }

    pub const fn thousandths(self) -> i64 {
        self.0
    }
}

impl TryFrom<String> for Percent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let thousandths = parse_scaled(&text, QUANTITY_SCALE).map_err(|problem| match problem {
            ScaleError::TooManyDecimals => {
                t!("{text} has more than {scale} decimals", text, scale = QUANTITY_SCALE)
            }
            _ => t!("{text} is not a per cent; write a number from 0 to 100", text),
        })?;
        Self::from_thousandths(thousandths).ok_or_else(|| t!("{text} is not between 0 and 100", text))
    }
}

impl From<Percent> for String {
    fn from(percent: Percent) -> Self {
        scaled(percent.0, QUANTITY_SCALE)
    }
}

/// `16%`, `8.875%`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", short(self.0, QUANTITY_SCALE))
    }
}

/// A scaled number without the zeros at its end: `12`, `1.5`.
pub fn short(value: i64, scale: u32) -> String {
    let text = scaled(value, scale);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// What is to pay with and without tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxed {
    pub net: Money,
    pub tax: Money,
    pub total: Money,
}

impl Money {
    pub fn zero(currency: &str) -> Result<Self, MoneyError> {
        Self::from_minor(0, currency)
    }

    fn with(&self, minor: i128) -> Result<Self, MoneyError> {
        let minor = i64::try_from(minor).map_err(|_| MoneyError::TooLarge)?;
        Ok(Self { minor, currency: self.currency.clone() })
    }

    pub const fn is_zero(&self) -> bool {
        self.minor == 0
    }

    pub fn checked_neg(&self) -> Result<Self, MoneyError> {
        self.with(-i128::from(self.minor))
    }

    pub fn checked_sub(&self, other: &Self) -> Result<Self, MoneyError> {
        self.checked_add(&other.checked_neg()?)
    }

    /// The sum of amounts of one currency; nothing of `currency` where there are none.
    pub fn sum<'a>(currency: &str, amounts: impl IntoIterator<Item = &'a Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency)?, |sum, amount| sum.checked_add(amount))
    }

    /// Times a quantity that is scaled by ten to the power of `scale`.
    pub fn times(&self, quantity: i64, scale: u32, rounding: Rounding) -> Result<Self, MoneyError> {
        let product = i128::from(self.minor) * i128::from(quantity);
        self.with(divide(product, power(scale)?, rounding)?)
    }

    pub fn percent(&self, percent: Percent, rounding: Rounding) -> Result<Self, MoneyError> {
        self.times(percent.0, QUANTITY_SCALE + 2, rounding)
    }

    /// Less a discount; the discount is rounded, not what remains.
    pub fn discounted(&self, percent: Percent) -> Result<Self, MoneyError> {
        self.checked_sub(&self.percent(percent, Rounding::HalfUp)?)
    }

    /// Tax on top of this amount, rounded half up.
    pub fn taxed(self, percent: Percent) -> Result<Taxed, MoneyError> {
        let tax = self.percent(percent, Rounding::HalfUp)?;
        Ok(Taxed { total: self.checked_add(&tax)?, tax, net: self })
    }

    /// The tax that is in this amount, rounded half up. The inverse of [`Money::taxed`].
    pub fn taxed_within(self, percent: Percent) -> Result<Taxed, MoneyError> {
        let (part, whole) = (i128::from(percent.0), i128::from(Percent::HUNDRED.0 + percent.0));
        let tax = self.with(divide(i128::from(self.minor) * part, whole, Rounding::HalfUp)?)?;
        Ok(Taxed { net: self.checked_sub(&tax)?, tax, total: self })
    }

    /// Parts by weight that add up to the whole: what is left over goes, a smallest unit each, to those who lost most by rounding down, the
    /// first of equals first.
    pub fn allocate(&self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let all: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if all == 0 {
            return Err(MoneyError::NothingToShare);
        }
        let amount = u128::from(self.minor.unsigned_abs());
        let shares: Vec<(u128, u128)> = weights
            .iter()
            .map(|weight| {
                let product = amount * u128::from(*weight);
                (product / all, product % all)
            })
            .collect();
        let given: u128 = shares.iter().map(|(share, _)| share).sum();
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|left, right| shares[*right].1.cmp(&shares[*left].1).then(left.cmp(right)));
        let extra = usize::try_from(amount - given).map_err(|_| MoneyError::TooLarge)?;
        let mut parts: Vec<u128> = shares.into_iter().map(|(share, _)| share).collect();
        for index in order.into_iter().take(extra) {
            parts[index] += 1;
        }
        let sign = if self.minor < 0 { -1 } else { 1 };
        parts.into_iter().map(|part| self.with(sign * i128::try_from(part).unwrap_or(i128::MAX))).collect()
    }

    /// In another currency, of which `rate` (scaled by [`RATE_SCALE`]) are one whole unit of this one.
    pub fn converted(&self, rate: i64, to: &str, rounding: Rounding) -> Result<Self, MoneyError> {
        let digits = |code: &str| currency::decimals(code).ok_or_else(|| MoneyError::UnknownCurrency(code.to_owned()));
        let product = i128::from(self.minor) * i128::from(rate);
        let numerator = product.checked_mul(power(digits(to)?)?).ok_or(MoneyError::TooLarge)?;
        let minor = divide(numerator, power(digits(&self.currency)? + RATE_SCALE)?, rounding)?;
        Self::from_minor(i64::try_from(minor).map_err(|_| MoneyError::TooLarge)?, to)
    }
}

fn power(scale: u32) -> Result<i128, MoneyError> {
    10i128.checked_pow(scale).ok_or(MoneyError::TooLarge)
}

/// `divisor` is positive.
fn divide(number: i128, divisor: i128, rounding: Rounding) -> Result<i128, MoneyError> {
    let (whole, rest) = (number / divisor, number % divisor);
    let twice = rest.unsigned_abs().checked_mul(2).ok_or(MoneyError::TooLarge)?;
    let away = match (rounding, twice.cmp(&divisor.unsigned_abs())) {
        (Rounding::Down, _) | (_, std::cmp::Ordering::Less) => false,
        (_, std::cmp::Ordering::Greater) | (Rounding::HalfUp, std::cmp::Ordering::Equal) => true,
        (Rounding::HalfEven, std::cmp::Ordering::Equal) => whole % 2 != 0,
    };
    Ok(if away { whole + number.signum() } else { whole })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(minor: i64, currency: &str) -> Money {
        Money::from_minor(minor, currency).unwrap()
    }

    fn percent(thousandths: i64) -> Percent {
        Percent::from_thousandths(thousandths).unwrap()
    }

    #[test]
    fn rounds_as_it_is_told() {
        // 0.125, 0.375 and their negatives, to two decimals.
        let cases = [
            (125, Rounding::HalfUp, 13),
            (-125, Rounding::HalfUp, -13),
            (125, Rounding::HalfEven, 12),
            (375, Rounding::HalfEven, 38),
            (-375, Rounding::HalfEven, -38),
            (129, Rounding::Down, 12),
            (-129, Rounding::Down, -12),
        ];
        for (tenths, rounding, wanted) in cases {
            assert_eq!(money(tenths, "EUR").times(100, 3, rounding).unwrap().minor(), wanted, "{tenths} {rounding:?}");
        }
    }

    #[test]
    fn every_currency_has_its_own_decimals() {
        let taxed = |minor, code| money(minor, code).taxed(percent(16_000)).unwrap().tax.minor();
        assert_eq!((taxed(1003, "JPY"), taxed(1003, "KES"), taxed(1003, "KWD")), (160, 160, 160));
        assert_eq!(money(1000, "JPY").converted(850_000_000, "KWD", Rounding::HalfUp).unwrap().amount(), "8500.000");
        assert_eq!(money(1999, "USD").converted(12_950_000_000, "KES", Rounding::HalfUp).unwrap().minor(), 258_871);
        assert_eq!(money(1999, "USD").converted(15_612_500_000, "JPY", Rounding::HalfUp).unwrap().minor(), 3121);
    }

    #[test]
    fn thirds_add_up() {
        let parts: Vec<i64> = money(100, "EUR").allocate(&[1, 1, 1]).unwrap().iter().map(Money::minor).collect();
        assert_eq!(parts, [34, 33, 33]);
        let parts: Vec<i64> = money(-100, "EUR").allocate(&[1, 1, 1]).unwrap().iter().map(Money::minor).collect();
        assert_eq!(parts, [-34, -33, -33]);
        assert_eq!(money(1, "EUR").allocate(&[0, 0]), Err(MoneyError::NothingToShare));
        assert_eq!(money(1, "EUR").allocate(&[]), Err(MoneyError::NothingToShare));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let most = money(i64::MAX, "EUR");
        assert_eq!(most.checked_add(&money(1, "EUR")), Err(MoneyError::TooLarge));
        assert_eq!(money(i64::MIN, "EUR").checked_neg(), Err(MoneyError::TooLarge));
        assert_eq!(most.times(2000, 3, Rounding::HalfUp), Err(MoneyError::TooLarge));
        assert_eq!(most.clone().taxed(percent(1)), Err(MoneyError::TooLarge));
        assert_eq!(most.converted(i64::MAX, "KWD", Rounding::HalfUp), Err(MoneyError::TooLarge));
        assert_eq!(most.checked_sub(&money(1, "USD")), Err(MoneyError::DifferentCurrencies));
        assert_eq!(most.allocate(&[u64::MAX, u64::MAX]).unwrap().len(), 2);
    }

    #[test]
    fn per_cents_read_and_print() {
        assert_eq!(Percent::try_from("8.875".to_owned()).unwrap().to_string(), "8.875%");
        assert_eq!(Percent::try_from("16".to_owned()).unwrap().to_string(), "16%");
        for wrong in ["-1", "100.001", "1.2345", "much"] {
            assert!(Percent::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    const AMOUNT: std::ops::Range<i64> = -900_000_000_000_000..900_000_000_000_000;

    fn code() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["JPY", "KES", "KWD", "EUR", "UGX"])
    }

    // L-02: a hundred thousand cases of each, and no counter-example.
    proptest! {
        #![proptest_config(ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn shares_sum_to_the_whole_and_are_fair(minor in AMOUNT, weights in prop::collection::vec(0u64..1_000_000, 1..9), code in code()) {
            let whole = money(minor, code);
            let all: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            match whole.allocate(&weights) {
                Err(problem) => prop_assert!(all == 0 && problem == MoneyError::NothingToShare),
                Ok(parts) => {
                    prop_assert_eq!(Money::sum(code, &parts).unwrap(), whole);
                    for (part, weight) in parts.iter().zip(&weights) {
                        // Within one unit of the exact share.
                        let exact = i128::from(minor) * i128::from(*weight);
                        let off = (i128::from(part.minor()) * i128::try_from(all).unwrap() - exact).unsigned_abs();
                        prop_assert!(off < all, "{} of {}", part.minor(), minor);
                    }
                }
            }
        }

        #[test]
        fn tax_on_top_and_tax_within_are_inverse(minor in AMOUNT, rate in 0i64..=100_000, code in code()) {
            let there = money(minor, code).taxed(percent(rate)).unwrap();
            prop_assert_eq!(&there.net.checked_add(&there.tax).unwrap(), &there.total);
            let back = there.total.clone().taxed_within(percent(rate)).unwrap();
            prop_assert_eq!(&back, &there);
            // From any total: what is taken apart adds up again.
            let apart = money(minor, code).taxed_within(percent(rate)).unwrap();
            prop_assert_eq!(apart.net.checked_add(&apart.tax).unwrap(), money(minor, code));
        }

        #[test]
        fn discount_then_tax_of_a_line_adds_up(minor in 0i64..900_000_000_000, quantity in 1i64..1_000_000, off in 0i64..=100_000, rate in 0i64..=100_000, code in code()) {
            let gross = money(minor, code).times(quantity, QUANTITY_SCALE, Rounding::HalfUp).unwrap();
            let net = gross.discounted(percent(off)).unwrap();
            prop_assert!(net.minor() >= 0 && net.minor() <= gross.minor());
            let line = net.taxed(percent(rate)).unwrap();
            prop_assert!(line.total.minor() >= line.net.minor());
            prop_assert_eq!(line.total.minor(), line.net.minor() + line.tax.minor());
            // Half up: never further than half a unit from the exact tax.
            let exact = i128::from(line.net.minor()) * i128::from(rate);
            prop_assert!((i128::from(line.tax.minor()) * 100_000 - exact).unsigned_abs() <= 50_000);
        }

        #[test]
        fn adding_and_taking_away_agree_or_refuse(left in any::<i64>(), right in any::<i64>(), code in code()) {
            let (left, right) = (money(left, code), money(right, code));
            match left.checked_add(&right) {
                Ok(sum) => prop_assert_eq!(sum.minor(), left.minor() + right.minor()),
                Err(problem) => prop_assert!(problem == MoneyError::TooLarge && left.minor().checked_add(right.minor()).is_none()),
            }
            if let Ok(rest) = left.checked_sub(&right) {
                prop_assert_eq!(rest.checked_add(&right).unwrap(), left);
            }
        }

        /// Payments and refunds over the life of an invoice: what is paid stays between nothing and all of it.
        #[test]
        fn a_refund_is_never_more_than_was_paid(total in 1i64..1_000_000, moves in prop::collection::vec(-1_000_000i64..1_000_000, 1..12)) {
            let total = money(total, "KES");
            let mut paid = Money::zero("KES").unwrap();
            for step in moves {
                let next = paid.checked_add(&money(step, "KES")).unwrap();
                if next.minor() >= 0 && total.checked_sub(&next).unwrap().minor() >= 0 {
                    paid = next;
                }
                let open = total.checked_sub(&paid).unwrap();
                prop_assert!(open.minor() >= 0 && open.checked_add(&paid).unwrap() == total);
            }
        }

        #[test]
        fn prints_what_it_reads_in_every_currency(minor in -9_000_000_000_000_000i64..9_000_000_000_000_000, code in prop::sample::select(currency::CODES)) {
            let money = money(minor, code);
            prop_assert_eq!(Money::parse(&money.amount(), code).unwrap(), money);
        }
    }
}
