//! Demo records: the same every time, sound by their descriptions, and nobody's.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use chrono::NaiveDate;
use domain::schema::value::{self, Rules};
use packs::Library;
use packs::demo::{Generated, Generator, Setting, Size};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn base() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).unwrap()
}

/// Records by entity.
fn make(library: &Library, industry: &str, tenant: &str, size: Size) -> BTreeMap<String, Vec<Generated>> {
    let catalog = library.catalog(industry).unwrap();
    let setting =
        Setting { tenant: tenant.to_owned(), size, base: base(), owners: vec![Uuid::from_u128(1), Uuid::from_u128(2)] };
    let prefix = &library.pack(industry).unwrap().key_prefix;
    let generator = Generator::new(library.recipe(industry).unwrap(), &catalog, prefix, setting);
    generator.batches().map(|batch| (batch.entity.clone(), generator.records(batch).collect())).collect()
}

#[test]
fn the_same_workspace_gets_the_same_records_and_another_one_others() {
    let library = Library::load().unwrap();
    let first = make(&library, "automotive", "acme", Size::Medium);
    assert_eq!(first, make(&library, "automotive", "acme", Size::Medium));
    let other = make(&library, "automotive", "baobab", Size::Medium);
    assert_ne!(first["lead"][0].values, other["lead"][0].values);
    assert_ne!(first["lead"][0].id, other["lead"][0].id);
    assert_eq!(first["customer"][6].key, "AUTO-CUST-M-0007");
}

#[test]
fn sizes_are_ten_a_hundred_and_a_thousand() {
    let library = Library::load().unwrap();
    for (size, records, dealers) in [(Size::Small, 10, 2), (Size::Medium, 100, 20), (Size::Large, 1000, 200)] {
        let made = make(&library, "automotive", "acme", size);
        for (entity, list) in &made {
            assert_eq!(list.len(), if entity == "dealer" { dealers } else { records }, "{entity} {size}");
        }
        assert_eq!(made.len(), 8);
    }
}

#[test]
fn every_record_fits_its_description_and_passes_the_gate_of_its_state() {
    let library = Library::load().unwrap();
    let catalog = library.catalog("automotive").unwrap();
    let made = make(&library, "automotive", "acme", Size::Large);
    let ids: BTreeMap<&str, BTreeSet<String>> = made
        .iter()
        .map(|(entity, list)| (entity.as_str(), list.iter().map(|record| record.id.to_string()).collect()))
        .collect();
    for (key, list) in &made {
        let entity = catalog.get(key).unwrap();
        for record in list {
            for (name, given) in &record.values {
                let field = entity.field(name).unwrap();
                let checked = value::check(field, given, Rules { today: base() });
                assert_eq!(checked.as_ref(), Ok(given), "{} {name}", record.key);
                if let domain::schema::FieldKind::Reference { entity } = &field.kind {
                    assert!(ids[entity.as_str()].contains(given.as_str().unwrap()), "{} points nowhere", record.key);
                }
            }
            for field in entity.editable().filter(|field| field.required) {
                assert!(record.values.contains_key(&field.key), "{} has no {}", record.key, field.key);
            }
            let Some(state) = &record.state else { continue };
            let states = entity.states.as_ref().unwrap();
            for transition in states.transitions.iter().filter(|transition| transition.to == *state) {
                for field in &transition.gate.requires {
                    assert!(record.values.contains_key(field), "{} is {state} without {field}", record.key);
                }
            }
        }
    }
}

/// Whatever sizes are seeded one after the other into the same workspace.
#[test]
fn keys_ids_and_addresses_come_once() {
    let library = Library::load().unwrap();
    let (mut ids, mut keys, mut mails) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for size in Size::ALL {
        for (entity, list) in make(&library, "automotive", "acme", size) {
            for record in list {
                assert!(ids.insert(record.id) && keys.insert(record.key.clone()), "{}", record.key);
                if let Some(mail) = record.values.get("email") {
                    assert!(
                        mails.insert((entity.clone(), mail.to_string())),
                        "{} has the {mail} of another",
                        record.key
                    );
                }
            }
        }
    }
}

#[test]
fn nobody_real_can_be_reached_or_charged() {
    let library = Library::load().unwrap();
    for (_, list) in make(&library, "automotive", "acme", Size::Large) {
        for (name, given) in list.iter().flat_map(|record| &record.values) {
            let Value::String(text) = given else { continue };
            if name == "email" {
                assert!(text.ends_with(".example") || text.ends_with("@example.com"), "{text}");
            }
            if name == "phone" {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                assert!(digits.contains("000") || digits.contains("7700900"), "{text} could be somebody's");
            }
            if name != "lead" && Uuid::try_parse(text).is_err() {
                assert!(!looks_like_a_card(text), "{text}");
            }
        }
    }
}

/// 13 to 19 digits in a row that pass the check of ISO/IEC 7812.
fn looks_like_a_card(text: &str) -> bool {
    let digits: Vec<u32> =
        text.chars().filter(|letter| !" -".contains(*letter)).map_while(|letter| letter.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => *digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}

#[test]
fn a_demo_looks_like_a_business() {
    let library = Library::load().unwrap();
    let made = make(&library, "automotive", "acme", Size::Medium);
    let states = |entity: &str| {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        made[entity].iter().for_each(|record| *counts.entry(record.state.as_deref().unwrap()).or_default() += 1);
        counts
    };
    assert!(
        states("lead").len() == 7 && states("opportunity").len() == 7,
        "{:?} {:?}",
        states("lead"),
        states("opportunity")
    );
    let countries: BTreeSet<&str> =
        made["customer"].iter().filter_map(|record| record.values["country"].as_str()).collect();
    assert!(countries.len() >= 6, "{countries:?}");
    let sample = &made["opportunity"][0];
    let customer =
        made["customer"].iter().find(|customer| sample.values["customer"] == customer.id.to_string()).unwrap();
    assert_eq!(customer.ordinal, sample.ordinal);
}
