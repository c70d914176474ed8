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
    let targets: Vec<(String, &Field, bool)> = entity
        .importable(grants)
        .flat_map(|field| {
            let money = matches!(field.kind, FieldKind::Money { .. });
            std::iter::once((field.key.clone(), field, false)).chain(money.then(|| (field.currency_key(), field, true)))
        })
        .collect();
    let single_money = targets.iter().filter(|(_, _, currency)| *currency).count() == 1;
    let mut found: Vec<(Fit, u32, &str)> = Vec::new();
    for (position, name) in (0_u32..).zip(columns) {
        let words = words(name);
        for (target, field, is_currency) in &targets {
            let fit = if *is_currency { fits_currency(&words, field, single_money) } else { fits(&words, field) };
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
    mapped.retain(|_, target| target.strip_suffix(".currency").is_none_or(|amount| taken.contains(amount)));
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

/// "Currency" is the currency of the amount where there is but one; otherwise the header must say which.
fn fits_currency(words: &str, field: &Field, single: bool) -> Option<Fit> {
    let of = |name: &str| {
        words == format!("{} currency", self::words(name)) || words == format!("currency {}", self::words(name))
    };
    if of(&field.label) || of(&field.key) || field.aliases.iter().any(|alias| of(alias)) {
        return Some(Fit::Label);
    }
    (single && matches!(words, "currency" | "currency code" | "ccy" | "cur")).then_some(Fit::Alias)
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
