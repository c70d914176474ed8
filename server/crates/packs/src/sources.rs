//! What a computed field follows from. A value that not everybody may read is told by whatever is computed from it, so that such a field asks for
//! the same permission: whatever roles grant, nobody then reads the one without the other.

use domain::schema::{Entity, Field, Filter};
use expr::Formula;
use std::collections::BTreeSet;

/// A field that not everybody may read, and that another one follows from.
pub(crate) struct Source<'a> {
    entity: &'a Entity,
    field: &'a Field,
    pub permission: &'a str,
}

/// All of a field, those behind other computed ones included. `all` are the entities of the industry.
pub(crate) fn of<'a>(entity: &'a Entity, field: &'a Field, all: &[&'a Entity]) -> Vec<Source<'a>> {
    let mut seen = BTreeSet::from([(entity.key.as_str(), field.key.as_str())]);
    let mut found = Vec::new();
    follow(entity, field, all, &mut seen, &mut found);
    found
}

/// Figures may stand in formulas and formulas in figures, in a circle even; each field is looked at once.
fn follow<'a>(
    entity: &'a Entity,
    field: &'a Field,
    all: &[&'a Entity],
    seen: &mut BTreeSet<(&'a str, &'a str)>,
    found: &mut Vec<Source<'a>>,
) {
    for (entity, field) in read_by(entity, field, all) {
        if !seen.insert((entity.key.as_str(), field.key.as_str())) {
            continue;
        }
        if let Some(permission) = &field.permissions.read {
            found.push(Source { entity, field, permission });
        }
        follow(entity, field, all, seen, found);
    }
}

/// What a field reads itself. What cannot be read is a fault of its own, which is told elsewhere.
fn read_by<'a>(entity: &'a Entity, field: &'a Field, all: &[&'a Entity]) -> Vec<(&'a Entity, &'a Field)> {
    if let Ok(Some(formula)) = Formula::of(entity, field) {
        return formula.reads(entity).into_iter().map(|read| (entity, read)).collect();
    }
    let Some(rollup) = &field.rollup else { return Vec::new() };
    let Some(from) = all.iter().copied().find(|other| other.key == rollup.entity) else { return Vec::new() };
    // A count of the rows of which something holds tells that of a row.
    let mut keys: BTreeSet<String> = rollup.field.iter().chain([&rollup.via]).cloned().collect();
    if let Some(Ok(filter)) = rollup.filter.as_deref().map(|text| Filter::parse(text, from)) {
        named(&filter, &mut keys);
    }
    keys.iter().filter_map(|key| Some((from, from.field(key)?))).collect()
}

/// The fields that a filter names.
fn named(filter: &Filter, keys: &mut BTreeSet<String>) {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().for_each(|filter| named(filter, keys)),
        Filter::Test(test) => {
            keys.insert(test.field.clone());
        }
    }
}

/// What is wrong with a field of the entity that follows from these, and what to write.
pub(crate) fn told(entity: &Entity, field: &Field, sources: &[Source<'_>]) -> Option<String> {
    let name = |source: &Source<'_>| {
        let own = source.entity.key == entity.key;
        if own { source.field.key.clone() } else { format!("{} of {}", source.field.key, source.entity.key) }
    };
    let one = sources.first()?;
    let (key, permission, first) = (&field.key, one.permission, name(one));
    if let Some(other) = sources.iter().find(|source| source.permission != permission) {
        let (second, others) = (name(other), other.permission);
        return Some(format!(
            "{key} is computed from {first}, which asks for {permission}, and from {second}, which asks for {others}; \
             give the two the same permission, or leave one of them out"
        ));
    }
    let kept = field.permissions.read.as_deref() == Some(permission);
    (!kept).then(|| {
        format!(
            "{key} is computed from {first}, which asks for {permission}, and would tell it; \
             write permissions = {{ read = \"{permission}\" }} here too"
        )
    })
}
