//! The words under which a value is found.

use crate::words::{MAX_LETTERS, words};
use domain::schema::{Field, FieldKind};
use domain::text::normal;
use std::collections::BTreeMap;

/// Digits at the end of a phone number that people type without what stands before them.
const PHONE_TAILS: std::ops::RangeInclusive<usize> = 7..=10;

/// Adds the words of one value; of equal ones the heaviest counts.
pub fn weigh(weighed: &mut BTreeMap<String, i16>, field: &Field, text: &str, weight: i16) {
    for term in terms(&field.kind, text) {
        let held = weighed.entry(term).or_insert(weight);
        *held = (*held).max(weight);
    }
}

/// The words under which a value is found: those of its text, and whole what people paste whole.
fn terms(kind: &FieldKind, text: &str) -> Vec<String> {
    let mut terms = words(text);
    match kind {
        FieldKind::Email => terms.extend(whole(text)),
        FieldKind::Phone => {
            let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
            let tail = |length: usize| digits[digits.len().saturating_sub(length)..].iter().collect::<String>();
            terms.extend((!digits.is_empty()).then(|| tail(MAX_LETTERS)));
            terms.extend(PHONE_TAILS.filter(|length| *length < digits.len()).map(tail));
            // Words are looked for by their beginnings: what begins another one need not stand there itself.
            let all = terms.clone();
            terms.retain(|term| all.iter().all(|other| other == term || !other.starts_with(term.as_str())));
        }
        FieldKind::Number => {
            // What stands before the digits is the same in every row, and begins the whole.
            terms.retain(|term| !term.chars().all(char::is_alphabetic));
            terms.extend(whole(text));
            let digits = text.rsplit('-').next().unwrap_or_default().trim_start_matches('0');
            terms.extend(whole(digits));
        }
        _ => {}
    }
    terms
}

fn whole(text: &str) -> Option<String> {
    let term: String = normal(text).chars().take(MAX_LETTERS).collect();
    (!term.is_empty()).then_some(term)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn of(kind: &FieldKind, text: &str) -> BTreeSet<String> {
        terms(kind, text).into_iter().collect()
    }

    fn set(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|term| (*term).to_owned()).collect()
    }

    #[test]
    fn words_are_found_and_wholes_beside_them() {
        assert_eq!(
            of(&FieldKind::Text { max: 200 }, "Åsa  O'Neill, Östra-Vägen"),
            set(&["åsa", "o", "neill", "östra", "vägen"])
        );
        assert_eq!(of(&FieldKind::Text { max: 200 }, "小林 智也"), set(&["小林", "智也"]));
        assert_eq!(of(&FieldKind::Email, "Asa.B@x.example"), set(&["asa", "b", "x", "example", "asa.b@x.example"]));
        assert_eq!(of(&FieldKind::Number, "LEAD-000120"), set(&["000120", "lead-000120", "120"]));
        assert_eq!(of(&FieldKind::Text { max: 200 }, " - "), set(&[]));
    }

    #[test]
    fn phones_are_found_by_their_tails() {
        let found = of(&FieldKind::Phone, "+254 722 000111");
        for term in ["254722000111", "2000111", "722000111"] {
            assert!(found.contains(term), "{term}: {found:?}");
        }
        // Found by the longer ones.
        assert!(!found.contains("254") && !found.contains("722"), "{found:?}");
        assert!(of(&FieldKind::Phone, "").is_empty());
    }

    #[test]
    fn the_heaviest_of_equal_words_counts() {
        let name = |weight| Field {
            key: "name".into(),
            label: "Name".into(),
            kind: FieldKind::Text { max: 9 },
            required: false,
            unique: false,
            indexed: true,
            search: Some(weight),
            personal: false,
            read_only: false,
            default: None,
            help: None,
            group: None,
            permissions: domain::schema::FieldPermissions::default(),
            aliases: Vec::new(),
            formula: None,
            rollup: None,
            pattern: None,
        };
        let mut weighed = BTreeMap::new();
        weigh(&mut weighed, &name(4), "Lake", 4);
        weigh(&mut weighed, &name(9), "lake side", 9);
        weigh(&mut weighed, &name(2), "LAKE", 2);
        assert_eq!(weighed, BTreeMap::from([("lake".to_owned(), 9), ("side".to_owned(), 9)]));
    }
}
