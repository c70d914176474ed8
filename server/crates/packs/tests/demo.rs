//! Demo records: the same every time, sound by their descriptions, and nobody's.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use chrono::NaiveDate;
use domain::schema::checklist::tick;
use domain::schema::value::{self, Rules};
use domain::schema::{STATUS_SINCE, StateKind};
use packs::Library;
use packs::demo::{Generated, Generator, Owner, Setting, Size};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const INDUSTRIES: [&str; 2] = ["automotive", "home-showrooms"];

fn base() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).unwrap()
}

/// Records by entity.
fn make(library: &Library, industry: &str, tenant: &str, size: Size) -> BTreeMap<String, Vec<Generated>> {
    let catalog = library.catalog(industry).unwrap();
    let owner = |id, roles: &[&str]| Owner {
        id: Uuid::from_u128(id),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    let owners =
        vec![owner(1, &["USER", "SURVEYOR"]), owner(2, &["CONSULTANT"]), owner(3, &["DESIGNER", "CONSULTANT"])];
    let setting = Setting { tenant: tenant.to_owned(), size, base: base(), owners };
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
    INDUSTRIES.into_iter().for_each(fits);
}

fn fits(industry: &str) {
    let library = Library::load().unwrap();
    let catalog = library.catalog(industry).unwrap();
    let made = make(&library, industry, "acme", Size::Large);
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
        for (entity, list) in INDUSTRIES.into_iter().flat_map(|industry| make(&library, industry, "acme", size)) {
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
    for (_, list) in INDUSTRIES.into_iter().flat_map(|industry| make(&library, industry, "acme", Size::Large)) {
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

/// Projects of every stage, held by whoever has the role of the stage where anybody has it, with everything done that the stages before ask for.
#[test]
fn demo_projects_have_come_to_their_stage_as_any_project_does() {
    let library = Library::load().unwrap();
    let project = library.catalog("home-showrooms").unwrap().get("project").unwrap().clone();
    let states = project.states.as_ref().unwrap();
    let made = make(&library, "home-showrooms", "acme", Size::Medium).remove("project").unwrap();
    let (mut seen, mut over) = (BTreeSet::new(), 0);
    for record in &made {
        let state = states.get(record.state.as_deref().unwrap()).unwrap();
        seen.insert(&state.key);
        let owner = match state.owner_role.as_deref().unwrap() {
            "SURVEYOR" => &[1][..],
            "CONSULTANT" => &[2, 3],
            "DESIGNER" => &[3],
            _ => &[1, 2, 3],
        };
        let held = Uuid::try_parse(record.values["owner"].as_str().unwrap()).unwrap();
        assert!(owner.iter().any(|id| held == Uuid::from_u128(*id)), "{} is {held}'s", record.key);
        let ticks = record.values.get("checklist").cloned().unwrap_or_default();
        for (of, item) in states.items() {
            let (before, done) = (states.position(&of.key) < states.position(&state.key), tick(&ticks, &item.key));
            assert!(!before || done.is_some(), "{} left {} with {} open", record.key, of.key, item.key);
            assert!(before || of.key == state.key || done.is_none(), "{} did {} ahead of time", record.key, item.key);
        }
        let since = record.values[STATUS_SINCE].as_str().unwrap().get(..10).unwrap().parse::<NaiveDate>().unwrap();
        assert!(since < base());
        over += u32::from(state.kind == StateKind::Open && state.due(since).unwrap() < base());
    }
    assert_eq!(seen.len(), 13, "{seen:?}");
    assert!((10..70).contains(&over), "{over} of {} are over time", made.len());
}
