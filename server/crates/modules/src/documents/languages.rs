//! The languages that documents are written in.

use chrono::{Datelike, NaiveDate};
use documents::{ENGLISH, SWAHILI, Words};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Swahili,
}

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SWAHILI_MONTHS: [&str; 12] = [
    "Januari", "Februari", "Machi", "Aprili", "Mei", "Juni", "Julai", "Agosti", "Septemba", "Oktoba", "Novemba",
    "Desemba",
];

impl Language {
    /// `sw`, `sw-KE`; English for what there are no words for yet.
    pub fn of(tag: &str) -> Self {
        if tag.split(['-', '_']).next() == Some("sw") { Self::Swahili } else { Self::English }
    }

    pub const fn words(self) -> &'static Words<'static> {
        match self {
            Self::English => &ENGLISH,
            Self::Swahili => &SWAHILI,
        }
    }

    /// `20 November 2026`.
    pub fn date(self, day: NaiveDate) -> String {
        let months = match self {
            Self::English => ENGLISH_MONTHS,
            Self::Swahili => SWAHILI_MONTHS,
        };
        format!("{} {} {}", day.day(), months[day.month0() as usize % 12], day.year())
    }

    /// What an invoice in this state says instead of what is due, so that nobody pays it.
    pub fn warning(self, status: &str) -> Option<&'static str> {
        match (self, status) {
            (Self::English, "draft") => Some("This is a draft. Nothing is to be paid on it yet."),
            (Self::English, "cancelled") => Some("This invoice is cancelled. Nothing is to be paid on it."),
            (Self::Swahili, "draft") => Some("Hii ni rasimu. Hakuna cha kulipa bado."),
            (Self::Swahili, "cancelled") => Some("Ankara hii imefutwa. Hakuna kinacholipwa."),
            _ => None,
        }
    }

    /// A key of the payment's methods, in words.
    pub fn method(self, key: &str) -> &'static str {
        match (self, key) {
            (Self::English, "mobile_money") => "Mobile money",
            (Self::English, "card") => "Card",
            (Self::English, "cash") => "Cash",
            (Self::English, "cheque") => "Cheque",
            (Self::English, _) => "Bank transfer",
            (Self::Swahili, "mobile_money") => "Pesa kwa simu",
            (Self::Swahili, "card") => "Kadi",
            (Self::Swahili, "cash") => "Taslimu",
            (Self::Swahili, "cheque") => "Hundi",
            (Self::Swahili, _) => "Uhamisho wa benki",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_the_language() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        assert_eq!(Language::of("en").date(day), "2 March 2026");
        assert_eq!(Language::of("sw-KE").date(day), "2 Machi 2026");
    }
}
