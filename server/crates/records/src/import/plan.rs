//! A mapping, checked against the description: which column feeds which field.

use domain::error::FieldError;
use domain::imports::{Existing, Mapping};
use domain::schema::{Entity, Field, FieldKind};
use domain::text::nearest;
use domain::{Error, Grants, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use words::t;

/// A field and the columns that hold it.
#[derive(Debug, Clone)]
pub struct Planned {
    pub field: Field,
    /// Of a value of several parts the first that is mapped: problems name it.
    pub column: usize,
    /// Columns of the parts, where a value has parts.
    pub parts: BTreeMap<&'static str, usize>,
}

impl Planned {
    pub fn part(&self, part: &str) -> Option<usize> {
        self.parts.get(part).copied()
    }
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub entity: Arc<Entity>,
    /// Names of the columns, for problems.
    pub names: Vec<String>,
    pub fields: Vec<Planned>,
    pub key: Option<String>,
    pub existing: Existing,
    /// Currency of amounts that come without one.
    pub currency: String,
}

impl Plan {
    /// Refuses a mapping that cannot work, naming everything that is wrong with it: `columns.3` is the fourth column.
    pub fn new(entity: Arc<Entity>, grants: &Grants, names: Vec<String>, mapping: &Mapping) -> Result<Self> {
        let mut faults = Vec::new();
        let mut fields: Vec<Planned> = Vec::new();
        // Of the column that each field was first mapped by.
        let mut positions: Vec<u32> = Vec::new();
        for (&position, target) in &mapping.columns {
            let mut fault = |message: String| faults.push(FieldError { field: format!("columns.{position}"), message });
            let Some(column) = usize::try_from(position).ok().filter(|column| *column < names.len()) else {
                let column = u64::from(position) + 1;
                fault(t!("The file has no column {column}; it has {count}", column, count = names.len()));
                continue;
            };
            let (key, named) = target.split_once('.').map_or((target.as_str(), None), |(key, part)| (key, Some(part)));
            let Some(field) = entity.importable(grants).find(|field| field.key == key) else {
                fault(unknown(&entity, grants, target));
                continue;
            };
            let part = match (named, field.parts()) {
                (None, []) => None,
                // An amount goes by the name of its field.
                (None, [(first, _), ..]) if field.targets().first().is_some_and(|(target, _)| target == key) => {
                    Some(*first)
                }
                (named, parts) => match parts.iter().find(|(part, _)| Some(*part) == named) {
                    Some((part, _)) => Some(*part),
                    None => {
                        fault(no_part(field, named));
                        continue;
                    }
                },
            };
            let Some(planned) = fields.iter_mut().find(|planned| planned.field.key == key) else {
                let parts = part.map(|part| (part, column)).into_iter().collect();
                fields.push(Planned { field: field.clone(), column, parts });
                positions.push(position);
                continue;
            };
            match part {
                Some(part) if !planned.parts.contains_key(part) => {
                    planned.parts.insert(part, column);
                }
                Some(part) if part != "amount" => {
                    let field = &field.label;
                    fault(t!("The {part} of {field} is mapped to two columns; choose one", part, field));
                }
                _ => fault(t!("{field} is mapped to two columns; choose one", field = field.label)),
            }
        }
        for (planned, position) in fields.iter_mut().zip(positions) {
            if !matches!(planned.field.kind, FieldKind::Money { .. }) {
                continue;
            }
            match planned.part("amount") {
                Some(amount) => planned.column = amount,
                None => faults.push(FieldError {
                    field: format!("columns.{position}"),
                    message: t!(
                        "The currency is mapped, but no column holds the amount of {field}",
                        field = planned.field.key
                    ),
                }),
            }
        }
        check_whole(&entity, &fields, mapping, &mut faults);
        if !faults.is_empty() {
            return Err(Error::fields(faults));
        }
        Ok(Self {
            entity,
            names,
            fields,
            key: mapping.key.clone(),
            existing: mapping.existing,
            currency: mapping.currency.clone().unwrap_or_default().trim().to_uppercase(),
        })
    }

    pub fn planned(&self, key: &str) -> Option<&Planned> {
        self.fields.iter().find(|planned| planned.field.key == key)
    }
}

fn no_part(field: &Field, named: Option<&str>) -> String {
    let parts: Vec<String> = field.targets().into_iter().map(|(target, _)| target).collect();
    let (label, known) = (&field.label, parts.join(", "));
    match named {
        Some("currency") => t!("{field} is not an amount, so it has no currency", field = label),
        Some(named) if parts.len() > 1 => {
            t!("{field} has no {part}; map one of {parts}", field = label, part = named, parts = known)
        }
        Some(named) => t!("{field} is one value and has no {part}", field = label, part = named),
        None => t!("{field} is filled by its parts; map one of {parts}", field = label, parts = known),
    }
}

fn unknown(entity: &Entity, grants: &Grants, target: &str) -> String {
    let upload = entity.field(target).filter(|field| field.is_upload() && field.readable(grants));
    if let Some(field) = upload {
        return t!(
            "{field} is a file, which no cell of a sheet holds. Send it with the form of the record",
            field = field.label
        );
    }
    let known = entity.importable(grants).map(|field| field.key.as_str());
    let meant = nearest(target, known).map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
    let many = &entity.labels.many;
    t!("{key} is not a field of {many} that a file can fill{meant}", key = target, many, meant)
}

/// What no single column is to blame for.
fn check_whole(entity: &Entity, fields: &[Planned], mapping: &Mapping, faults: &mut Vec<FieldError>) {
    let mut fault = |field: &str, message: String| faults.push(FieldError { field: field.to_owned(), message });
    let mapped = |key: &str| fields.iter().any(|planned| planned.field.key == key);
    for field in entity.editable().filter(|field| field.required && field.default.is_none() && !mapped(&field.key)) {
        fault("columns", t!("{field} is required; choose the column that holds it", field = field.label));
    }
    if let Some(key) = &mapping.key {
        match entity.field(key) {
            Some(field) if !field.unique => {
                let message =
                    t!("{field} may be the same in two rows, so no row can be recognised by it", field = field.label);
                fault("key", message);
            }
            Some(field) if !mapped(key) => {
                let message = t!("Rows are to be recognised by {field}, but no column holds it", field = field.label);
                fault("key", message);
            }
            Some(_) => {}
            None => fault("key", t!("{key} is not a field of {many}", key, many = entity.labels.many)),
        }
    } else if mapping.existing == Existing::Update {
        fault("key", t!("Choose the field by which existing rows are recognised").to_owned());
    }
    if let Some(currency) = mapping.currency.as_deref().map(str::trim).filter(|currency| !currency.is_empty())
        && domain::currency::decimals(&currency.to_uppercase()).is_none()
    {
        let message = t!("{code} is not a currency; use a three-letter code such as KES or EUR", code = currency);
        fault("currency", message);
    }
}
