//! Query parameters of a list, in the words that list pages use too.

use domain::schema::query::MAX_LIMIT;
use domain::schema::{Count, Entity, Filter, ListQuery, Sort};
use domain::{Error, FieldError, Result};
use words::t;

/// Characters of a search.
pub const MAX_SEARCH: usize = 255;

/// Reads `filter`, `sort`, `search`, `status`, `limit`, `offset`, `cursor`, `fields`, `count`, `trash` and `as_of`. Everything that is wrong is
/// named at once; unknown parameters are left to the page that knows them, unless `strict`.
pub fn list_query(entity: &Entity, pairs: &[(String, String)], strict: bool) -> Result<ListQuery> {
    let mut query = ListQuery::default();
    let mut faults = Vec::new();
    for (name, value) in pairs {
        let value = value.trim();
        // A form sends every field that it has; a program that sends an empty number means something else.
        let may_be_empty = !strict || matches!(name.as_str(), "filter" | "search" | "fields" | "cursor");
        if value.is_empty() && may_be_empty {
            continue;
        }
        if let Err(message) = apply(&mut query, entity, name, value, strict) {
            faults.push(FieldError { field: name.clone(), message });
        }
    }
    if faults.is_empty() { Ok(query) } else { Err(Error::fields(faults)) }
}

fn apply(query: &mut ListQuery, entity: &Entity, name: &str, value: &str, strict: bool) -> Result<(), String> {
    match name {
        "filter" => add_filter(query, Filter::parse(value, entity).map_err(|error| error.to_string())?),
        // A short form that requirement 36 asks for.
        "status" => add_filter(query, status_filter(entity, value)?),
        // Only a program gets this far with nothing.
        "sort" if value.is_empty() => return Err("Name the field to sort by".to_owned()),
        "sort" => query.sort = Sort::parse_list(value, entity).map_err(|error| error.to_string())?,
        "search" if strict && value.chars().count() > MAX_SEARCH => {
            return Err(format!("Search for {MAX_SEARCH} characters at most"));
        }
        "search" => query.search = Some(value.to_owned()),
        "limit" => query.limit = number(value, 1, MAX_LIMIT)?,
        "offset" => query.offset = number(value, 0, 1_000_000)?,
        "cursor" => query.cursor = Some(value.to_owned()),
        "fields" => query.fields = fields(entity, value)?,
        "count" => {
            query.count = match value {
                "exact" => Count::Exact,
                "estimated" => Count::Estimated,
                "none" => Count::None,
                _ => return Err(t!("Use exact, estimated or none").to_owned()),
            };
        }
        "trash" => {
            query.trash = match value {
                "1" | "true" => true,
                "0" | "false" => false,
                _ if strict => return Err("Use true or false".to_owned()),
                _ => false,
            };
        }
        "as_of" => query.as_of = Some(value.to_owned()),
        _ if strict => return Err(format!("{name} is not a parameter of a list")),
        _ => {}
    }
    Ok(())
}

fn add_filter(query: &mut ListQuery, filter: Filter) {
    query.filter = Some(match query.filter.take() {
        Some(present) => present.and(filter),
        None => filter,
    });
}

fn status_filter(entity: &Entity, value: &str) -> Result<Filter, String> {
    let Some(states) = &entity.states else { return Err(t!("{entity} has no status", entity = entity.labels.one)) };
    let key = value.to_lowercase();
    if states.get(&key).is_none() {
        let known: Vec<&str> = states.list.iter().map(|state| state.key.as_str()).collect();
        return Err(t!("{value} is not one of: {known}", value, known = known.join(", ")));
    }
    Filter::parse(&format!("status = {key}"), entity).map_err(|error| error.to_string())
}

fn number(value: &str, least: u32, most: u32) -> Result<u32, String> {
    value
        .parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| t!("Use a whole number from {least} to {most}", least, most))
}

fn fields(entity: &Entity, value: &str) -> Result<Vec<String>, String> {
    value
        .split(',')
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .map(|key| match entity.field(key) {
            Some(field) => Ok(field.key.clone()),
            None => {
                let meant = domain::text::nearest(key, entity.fields.iter().map(|field| field.key.as_str()));
                Err(meant.map_or_else(
                    || t!("{key} is not a field", key),
                    |meant| t!("{key} is not a field; did you mean {meant}?", key, meant),
                ))
            }
        })
        .collect()
}
