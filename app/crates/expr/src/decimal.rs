//! Exact decimals: a 128-bit integer that counts units of 10⁻¹⁸. Never a float, and never silently shortened.
//!
//! Sums, differences, remainders and comparisons are exact. Products and quotients are rounded half up in the eighteenth decimal. Whatever
//! is 10¹⁹ or more is refused, so every whole number of 64 bits fits and no intermediate step can overflow unseen.

use std::fmt;

/// A number with at most 19 digits before and 18 after the decimal point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

/// Digits after the decimal point.
pub const PLACES: u32 = 18;
const ONE: i128 = 1_000_000_000_000_000_000;
/// 10¹⁹ in units: the first value that is refused.
const LIMIT: i128 = 10 * ONE * ONE;

/// Why a number could not be read or computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalFault {
    NotANumber,
    TooManyDecimals,
    TooLarge,
    DivisionByZero,
}

impl fmt::Display for DecimalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "is not a number; write digits and at most one decimal point, such as 1250.50",
            Self::TooManyDecimals => "has more than 18 decimals",
            Self::TooLarge => "is too large; numbers have at most 19 digits before the decimal point",
            Self::DivisionByZero => "is divided by zero",
        })
    }
}

impl Decimal {
    pub const ZERO: Self = Self(0);

    fn bounded(units: i128) -> Result<Self, DecimalFault> {
        if -LIMIT < units && units < LIMIT { Ok(Self(units)) } else { Err(DecimalFault::TooLarge) }
    }

    /// Reads `1250`, `-0.05`, `+3.00`: ASCII digits and one point with digits on both sides. Zeros at the end are harmless.
    pub fn parse(text: &str) -> Result<Self, DecimalFault> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(DecimalFault::NotANumber),
            None => (digits, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(DecimalFault::NotANumber);
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        if fraction.len() > PLACES as usize {
            return Err(DecimalFault::TooManyDecimals);
        }
        if whole.len() > 19 {
            return Err(DecimalFault::TooLarge);
        }
        let digits = whole.bytes().chain(fraction.bytes().chain(std::iter::repeat(b'0')).take(PLACES as usize));
        let units = digits.fold(0, |units, digit| units * 10 + i128::from(digit - b'0'));
        Self::bounded(if negative { -units } else { units })
    }

    /// Reads a number of JSON. One with an exponent or with more decimals than fit was a float, and is rounded to what fits.
    pub fn from_json(number: &serde_json::Number) -> Result<Self, DecimalFault> {
        if let Ok(exact) = Self::parse(&number.to_string()) {
            return Ok(exact);
        }
        let plain = number.as_f64().map(|float| float.to_string()).ok_or(DecimalFault::NotANumber)?;
        let end = plain.find('.').map_or(plain.len(), |point| plain.len().min(point + 1 + PLACES as usize));
        Self::parse(&plain[..end])
    }

    pub fn checked_add(self, other: Self) -> Result<Self, DecimalFault> {
        Self::bounded(self.0 + other.0)
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, DecimalFault> {
        Self::bounded(self.0 - other.0)
    }

    /// Rounded half up in the eighteenth decimal.
    pub fn checked_mul(self, other: Self) -> Result<Self, DecimalFault> {
        let (quotient, remainder) = divide_wide(multiply_wide(self.0.unsigned_abs(), other.0.unsigned_abs()));
        let up = u128::from(remainder >= ONE.unsigned_abs() / 2);
        let rounded = quotient.ok_or(DecimalFault::TooLarge)?.saturating_add(up);
        Self::signed(rounded, (self.0 < 0) != (other.0 < 0))
    }

    /// Rounded half up in the eighteenth decimal.
    pub fn checked_div(self, other: Self) -> Result<Self, DecimalFault> {
        if other.0 == 0 {
            return Err(DecimalFault::DivisionByZero);
        }
        let (dividend, divisor) = (self.0.unsigned_abs(), other.0.unsigned_abs());
        let (mut quotient, mut remainder) = (dividend / divisor, dividend % divisor);
        for _ in 0..PLACES {
            // The remainder is below the divisor, which is below 10³⁷: ten times it fits.
            remainder *= 10;
            quotient = quotient.checked_mul(10).ok_or(DecimalFault::TooLarge)? + remainder / divisor;
            remainder %= divisor;
        }
        let rounded = quotient.saturating_add(u128::from(remainder * 2 >= divisor));
        Self::signed(rounded, (self.0 < 0) != (other.0 < 0))
    }

    /// What is left of a division whose quotient is cut to a whole number; it has the sign of the dividend.
    pub fn checked_rem(self, other: Self) -> Result<Self, DecimalFault> {
        if other.0 == 0 { Err(DecimalFault::DivisionByZero) } else { Ok(Self(self.0 % other.0)) }
    }

    fn signed(magnitude: u128, negative: bool) -> Result<Self, DecimalFault> {
        let units = i128::try_from(magnitude).map_err(|_| DecimalFault::TooLarge)?;
        Self::bounded(if negative { -units } else { units })
    }

    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Rounded to `places` decimals, halves away from zero as in commerce and in SQL: 2.5 is 3, -2.5 is -3.
    pub fn round(self, places: u32) -> Result<Self, DecimalFault> {
        let step = 10_i128.pow(PLACES.saturating_sub(places));
        let half = if self.0 < 0 { -(step / 2) } else { step / 2 };
        Self::bounded((self.0 + half) / step * step)
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The number as an integer, where it has no decimals and fits.
    pub fn whole(self) -> Option<i64> {
        if self.0 % ONE == 0 { i64::try_from(self.0 / ONE).ok() } else { None }
    }

    /// With exactly `places` decimals, rounded half up: `12.50`.
    pub fn to_fixed(self, places: u32) -> String {
        // Only the last half unit below the limit cannot be rounded; it is cut instead.
        let rounded = self.round(places).unwrap_or(self).0.unsigned_abs();
        let one = ONE.unsigned_abs();
        let sign = if self.0 < 0 && rounded > 0 { "-" } else { "" };
        let fraction = format!("{:018}", rounded % one);
        match places.min(PLACES) as usize {
            0 => format!("{sign}{}", rounded / one),
            places => format!("{sign}{}.{}", rounded / one, &fraction[..places]),
        }
    }
}

impl std::ops::Neg for Decimal {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        Self(i128::from(whole) * ONE)
    }
}

/// The shortest form that reads back as the same number: `12.5`, `-0.05`, `1250`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_fixed(PLACES);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

const LIMB: u128 = 1 << 64;

/// The product in four limbs of 64 bits, the least first.
fn multiply_wide(left: u128, right: u128) -> [u128; 4] {
    let (left, right) = ([left % LIMB, left / LIMB], [right % LIMB, right / LIMB]);
    let mut limbs = [0; 4];
    for (i, a) in left.into_iter().enumerate() {
        let mut carry = 0;
        for (j, b) in right.into_iter().enumerate() {
            let sum = limbs[i + j] + a * b + carry;
            limbs[i + j] = sum % LIMB;
            carry = sum / LIMB;
        }
        limbs[i + 2] = carry;
    }
    limbs
}

/// Divides by 10¹⁸: the quotient, if it fits, and the remainder.
fn divide_wide(limbs: [u128; 4]) -> (Option<u128>, u128) {
    let one = ONE.unsigned_abs();
    let (mut quotient, mut remainder) = ([0; 4], 0);
    for i in (0..4).rev() {
        let part = remainder * LIMB + limbs[i];
        quotient[i] = part / one;
        remainder = part % one;
    }
    let fits = quotient[2] == 0 && quotient[3] == 0;
    (fits.then(|| quotient[1] * LIMB + quotient[0]), remainder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn reads_and_prints_the_shortest_form() {
        let cases = [
            ("0", "0"),
            ("-0", "0"),
            ("007", "7"),
            ("+1.50", "1.5"),
            ("-0.05", "-0.05"),
            ("1250.000", "1250"),
            ("9999999999999999999.999999999999999999", "9999999999999999999.999999999999999999"),
            ("0.000000000000000001", "0.000000000000000001"),
        ];
        for (text, printed) in cases {
            assert_eq!(number(text).to_string(), printed, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number_or_does_not_fit() {
        for text in ["", "-", ".", "1.", ".5", "1e3", "1,000", "٣", "0x1", "1.2.3", " 1", "--1"] {
            assert_eq!(Decimal::parse(text), Err(DecimalFault::NotANumber), "{text}");
        }
        assert_eq!(Decimal::parse("10000000000000000000"), Err(DecimalFault::TooLarge));
        assert_eq!(Decimal::parse("0.0000000000000000001"), Err(DecimalFault::TooManyDecimals));
    }

    #[test]
    fn reads_numbers_of_json() {
        for (json, printed) in [
            ("0.1", "0.1"),
            ("12", "12"),
            ("1e3", "1000"),
            ("1e-7", "0.0000001"),
            ("-9223372036854775808", "-9223372036854775808"),
        ] {
            let value: serde_json::Number = serde_json::from_str(json).unwrap();
            assert_eq!(Decimal::from_json(&value).unwrap().to_string(), printed);
        }
        assert!(Decimal::from_json(&serde_json::from_str("1e300").unwrap()).is_err());
    }

    #[test]
    fn is_exact_where_floats_are_not() {
        assert_eq!(number("0.1").checked_add(number("0.2")), Ok(number("0.3")));
        assert_eq!(number("1.1").checked_mul(number("1.1")), Ok(number("1.21")));
        assert_eq!(number("1").checked_div(number("3")), Ok(number("0.333333333333333333")));
        assert_eq!(number("2").checked_div(number("3")), Ok(number("0.666666666666666667")));
        assert_eq!(number("-7.5").checked_rem(number("2")), Ok(number("-1.5")));
        assert_eq!(number("1000000000.01").checked_mul(number("1000000000")), Ok(number("1000000000010000000")));
    }

    #[test]
    fn overflow_and_division_by_zero_are_faults() {
        let large = number("9999999999999999999");
        assert_eq!(large.checked_add(number("1")), Err(DecimalFault::TooLarge));
        assert_eq!((-large).checked_sub(number("1")), Err(DecimalFault::TooLarge));
        assert_eq!(large.checked_mul(large), Err(DecimalFault::TooLarge));
        assert_eq!(large.checked_div(number("0.000000000000000001")), Err(DecimalFault::TooLarge));
        assert_eq!(large.checked_div(Decimal::ZERO), Err(DecimalFault::DivisionByZero));
        assert_eq!(large.checked_rem(Decimal::ZERO), Err(DecimalFault::DivisionByZero));
        assert_eq!(number("9999999999999999999.9").round(0), Err(DecimalFault::TooLarge));
    }

    #[test]
    fn rounds_halves_away_from_zero() {
        for (text, places, rounded) in [
            ("2.5", 0, "3"),
            ("-2.5", 0, "-3"),
            ("2.4999", 0, "2"),
            ("1.005", 2, "1.01"),
            ("1.0049", 2, "1"),
            ("-0.4", 0, "0"),
            ("1.5", 18, "1.5"),
            ("1.5", 99, "1.5"),
        ] {
            assert_eq!(number(text).round(places).unwrap().to_string(), rounded, "{text}");
        }
        assert_eq!(number("12.5").to_fixed(2), "12.50");
        assert_eq!(number("-0.004").to_fixed(2), "0.00");
        assert_eq!(number("1250.5").to_fixed(0), "1251");
    }

    #[test]
    fn whole_numbers_are_those_without_decimals() {
        assert_eq!(number("30").whole(), Some(30));
        assert_eq!(number("30.5").whole(), None);
        assert_eq!(number("9999999999999999999").whole(), None);
        assert_eq!(Decimal::from(i64::MIN).whole(), Some(i64::MIN));
    }

    /// Cents of a reference that computes in whole numbers.
    fn cents(units: i64) -> Decimal {
        Decimal::from(units).checked_div(Decimal::from(100)).unwrap()
    }

    proptest! {
        #[test]
        fn agrees_with_integers_of_128_bits(a in any::<i64>(), b in any::<i64>()) {
            let (wide_a, wide_b) = (i128::from(a), i128::from(b));
            prop_assert_eq!(cents(a).checked_add(cents(b)).unwrap().0, (wide_a + wide_b) * (ONE / 100));
            prop_assert_eq!(cents(a).checked_sub(cents(b)).unwrap().0, (wide_a - wide_b) * (ONE / 100));
            prop_assert_eq!(cents(a).cmp(&cents(b)), a.cmp(&b));
            // Products of cents count ten-thousandths.
            let product = wide_a * wide_b;
            match cents(a).checked_mul(cents(b)) {
                Ok(found) => prop_assert_eq!(found.0, product * (ONE / 10_000)),
                Err(_) => prop_assert!(product.abs() >= LIMIT / (ONE / 10_000)),
            }
            if b != 0 {
                prop_assert_eq!(cents(a).checked_rem(cents(b)).unwrap().0, (wide_a % wide_b) * (ONE / 100));
            }
        }

        #[test]
        fn division_is_the_nearest_quotient(a in any::<i32>(), b in any::<i32>().prop_filter("not zero", |b| *b != 0)) {
            let found = Decimal::from(i64::from(a)).checked_div(Decimal::from(i64::from(b))).unwrap().0;
            let (a, b) = (i128::from(a), i128::from(b));
            // Twice the distance between found × b and a × 10¹⁸ is at most one b.
            prop_assert!(2 * (found * b - a * ONE).abs() <= b.abs());
        }

        #[test]
        fn products_of_any_scale_are_rounded_once(a in -9_999_999_999_999_999_999i128..9_999_999_999_999_999_999, b in -9_999_999_999_999_999_999i128..9_999_999_999_999_999_999) {
            // Both below 10: the product of the units fits in 128 bits.
            let exact = a * b;
            let half = if exact < 0 { -(ONE / 2) } else { ONE / 2 };
            prop_assert_eq!(Decimal(a).checked_mul(Decimal(b)).unwrap().0, (exact + half) / ONE);
        }

        #[test]
        fn reads_what_it_prints(units in -(LIMIT - 1)..LIMIT) {
            prop_assert_eq!(Decimal::parse(&Decimal(units).to_string()), Ok(Decimal(units)));
        }

        #[test]
        fn never_panics(a in -(LIMIT - 1)..LIMIT, b in -(LIMIT - 1)..LIMIT, places in 0u32..40) {
            let (a, b) = (Decimal(a), Decimal(b));
            let _ = (a.checked_add(b), a.checked_sub(b), a.checked_mul(b), a.checked_div(b), a.checked_rem(b));
            let _ = (a.round(places), a.to_fixed(places), a.whole(), -a, a.abs());
        }

        #[test]
        fn any_text_is_a_number_or_refused(text in "\\PC{0,60}") {
            let _ = Decimal::parse(&text);
        }
    }
}
