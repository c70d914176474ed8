//! Which column probably holds which field, by the words of the header.

use domain::Grants;
use domain::imports::Mapping;
use domain::schema::{Entity, Field, FieldKind};
use std::collections::{BTreeMap, BTreeSet};

/// How well a header fits a target; the better fit takes the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Alias,
    Key,
    Label,
}

/// Proposes a target for every column that one is known for. No field is proposed twice.
pub fn propose(entity: &Entity, grants: &Grants, columns: &[String], currency: &str) -> Mapping {
    let targets: Vec<(String, &Field)> = entity
        .importable(grants)
        .flat_map(|field| field.targets().into_iter().map(move |(target, _)| (target, field)))
        .collect();
    let single = |part: &str| targets.iter().filter(|(target, _)| target.ends_with(part)).count() == 1;
    let singles: BTreeSet<&str> = PART_WORDS.iter().map(|(part, _)| *part).filter(|part| single(part)).collect();
    let mut found: Vec<(Fit, u32, &str)> = Vec::new();
    for (position, name) in (0_u32..).zip(columns) {
        let words = words(name);
        for (target, field) in &targets {
            let fit = match target.split_once('.') {
                Some((_, part)) => fits_part(&words, field, part, singles.contains(format!(".{part}").as_str())),
                None => fits(&words, field),
            };
            found.extend(fit.map(|fit| (fit, position, target.as_str())));
        }
    }
    // Best first; among equals the column that comes first in the file.
    found.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
    let mut mapped: BTreeMap<u32, String> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (_, position, target) in found {
        if !mapped.contains_key(&position) && taken.insert(target) {
            mapped.insert(position, target.to_owned());
        }
    }
    // A currency without its amount means nothing.
    let amounts: BTreeSet<String> = mapped.values().filter(|target| !target.contains('.')).cloned().collect();
    mapped.retain(|_, target| target.strip_suffix(".currency").is_none_or(|amount| amounts.contains(amount)));
    let key = entity.fields.iter().find(|field| field.unique && mapped.values().any(|target| *target == field.key));
    let money = mapped
        .values()
        .any(|target| entity.field(target).is_some_and(|field| matches!(field.kind, FieldKind::Money { .. })));
    Mapping {
        header: true,
        key: key.map(|field| field.key.clone()),
        currency: money.then(|| currency.to_owned()),
        columns: mapped,
        ..Mapping::default()
    }
}

fn fits(words: &str, field: &Field) -> Option<Fit> {
    if words.is_empty() {
        None
    } else if words == self::words(&field.label) {
        Some(Fit::Label)
    } else if words == self::words(&domain::text::snake(&field.key)) || words == field.key.to_lowercase() {
        Some(Fit::Key)
    } else {
        field.aliases.iter().any(|alias| words == self::words(alias)).then_some(Fit::Alias)
    }
}

/// What a part of a value is called where a header names no field.
const PART_WORDS: [(&str, &[&str]); 6] = [
    (".currency", &["currency", "currency code", "ccy", "cur"]),
    (".street", &["street", "street and number", "address", "address line 1", "street address"]),
    (".postcode", &["postcode", "post code", "postal code", "zip", "zip code"]),
    (".city", &["city", "town"]),
    (".region", &["region", "state", "county", "province", "region or county"]),
    (".country", &["country", "country code"]),
];

/// "Currency" is the currency of the amount where there is but one; otherwise the header must say which.
fn fits_part(words: &str, field: &Field, part: &str, single: bool) -> Option<Fit> {
    let said = field.parts().iter().find(|(key, _)| *key == part).map(|(_, label)| *label);
    // A file may come from somebody who reads another language.
    let names = [Some(part.to_owned()), said.map(self::words), said.map(|label| self::words(::words::say(label)))];
    let of = |name: &str| {
        names.iter().flatten().any(|part| {
            words == format!("{} {part}", self::words(name)) || words == format!("{part} {}", self::words(name))
        })
    };
    if of(&field.label) || of(&field.key) || field.aliases.iter().any(|alias| of(alias)) {
        return Some(Fit::Label);
    }
    let known = PART_WORDS.iter().find(|(key, _)| key.strip_prefix('.') == Some(part));
    (single && known.is_some_and(|(_, all)| all.contains(&words))).then_some(Fit::Alias)
}

/// Lower case, without punctuation: `E-mail:` and `e mail` are the same words.
fn words(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    domain::text::normal(&spaced)
}

/// Without a header only what the cells give away is proposed: columns of addresses, when there is one field for them.
pub fn propose_by_content(entity: &Entity, grants: &Grants, sample: &[Vec<String>], currency: &str) -> Mapping {
    let mut mapping = propose(entity, grants, &[], currency);
    let mut emails = entity.importable(grants).filter(|field| matches!(field.kind, FieldKind::Email));
    let (Some(field), None) = (emails.next(), emails.next()) else { return mapping };
    let width = sample.first().map_or(0, Vec::len);
    let is_email = |cell: &String| cell.contains('@') && !cell.contains(' ');
    let found = (0..width).find(|column| sample.iter().all(|row| row.get(*column).is_some_and(is_email)));
    if let Some(position) = found.and_then(|column| u32::try_from(column).ok()) {
        mapping.columns.insert(position, field.key.clone());
        mapping.key = field.unique.then(|| field.key.clone());
    }
    mapping
}
