//! The languages that documents are written in.

use chrono::NaiveDate;
use documents::{ENGLISH, SWAHILI, Words};
use words::Language;

/// What documents say in a language of the pages.
pub trait Printed {
    /// The words that stand around the data.
    fn words(self) -> &'static Words<'static>;

    /// `20 November 2026`.
    fn date(self, day: NaiveDate) -> String;

    /// What an invoice in this state says instead of what is due, so that nobody pays it.
    fn warning(self, status: &str) -> Option<&'static str>;

    /// A key of the payment's methods, in words.
    fn method(self, key: &str) -> &'static str;
}

impl Printed for Language {
    fn words(self) -> &'static Words<'static> {
        match self {
            Self::English => &ENGLISH,
            Self::Swahili => &SWAHILI,
        }
    }

    fn date(self, day: NaiveDate) -> String {
        words::within(self, || domain::calendar::named(day, "%-d %B %Y"))
    }

    fn warning(self, status: &str) -> Option<&'static str> {
        match (self, status) {
            (Self::English, "draft") => Some("This is a draft. Nothing is to be paid on it yet."),
            (Self::English, "cancelled") => Some("This invoice is cancelled. Nothing is to be paid on it."),
            (Self::Swahili, "draft") => Some("Hii ni rasimu. Hakuna cha kulipa bado."),
            (Self::Swahili, "cancelled") => Some("Ankara hii imefutwa. Hakuna kinacholipwa."),
            _ => None,
        }
    }

    fn method(self, key: &str) -> &'static str {
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
        assert_eq!(Language::parse("en").unwrap().date(day), "2 March 2026");
        assert_eq!(Language::parse("sw-KE").unwrap().date(day), "2 Machi 2026");
    }
}
