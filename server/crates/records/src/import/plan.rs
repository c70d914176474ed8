//! A mapping, checked against the description: which column feeds which field.

use domain::error::FieldError;
use domain::imports::{Existing, Mapping};
use domain::schema::{Entity, Field, FieldKind};
use domain::text::nearest;
use domain::{Error, Grants, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

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
                fault(format!("The file has no column {}; it has {}", u64::from(position) + 1, names.len()));
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
                    fault(format!("The {part} of {} is mapped to two columns; choose one", field.label));
                }
                _ => fault(format!("{} is mapped to two columns; choose one", field.label)),
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
                    message: format!("The currency is mapped, but no column holds the amount of {}", planned.field.key),
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
    match named {
        Some("currency") => format!("{} is not an amount, so it has no currency", field.label),
        Some(named) if parts.len() > 1 => format!("{} has no {named}; map one of {}", field.label, parts.join(", ")),
        Some(named) => format!("{} is one value and has no {named}", field.label),
        None => format!("{} is filled by its parts; map one of {}", field.label, parts.join(", ")),
    }
}

fn unknown(entity: &Entity, grants: &Grants, target: &str) -> String {
    let upload = entity.field(target).filter(|field| field.is_upload() && field.readable(grants));
    if let Some(field) = upload {
        return format!(
            "{} is a file, which no cell of a sheet holds. Send it with the form of the record",
            field.label
        );
    }
    let known = entity.importable(grants).map(|field| field.key.as_str());
    let meant = nearest(target, known).map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
    format!("{target} is not a field of {} that a file can fill{meant}", entity.labels.many)
}

/// What no single column is to blame for.
fn check_whole(entity: &Entity, fields: &[Planned], mapping: &Mapping, faults: &mut Vec<FieldError>) {
    let mut fault = |field: &str, message: String| faults.push(FieldError { field: field.to_owned(), message });
    let mapped = |key: &str| fields.iter().any(|planned| planned.field.key == key);
    for field in entity.editable().filter(|field| field.required && field.default.is_none() && !mapped(&field.key)) {
        fault("columns", format!("{} is required; choose the column that holds it", field.label));
    }
    if let Some(key) = &mapping.key {
        match entity.field(key) {
            Some(field) if !field.unique => {
                fault("key", format!("{} may be the same in two rows, so no row can be recognised by it", field.label));
            }
            Some(field) if !mapped(key) => {
                fault("key", format!("Rows are to be recognised by {}, but no column holds it", field.label));
            }
            Some(_) => {}
            None => fault("key", format!("{key} is not a field of {}", entity.labels.many)),
        }
    } else if mapping.existing == Existing::Update {
        fault("key", "Choose the field by which existing rows are recognised".to_owned());
    }
    if let Some(currency) = mapping.currency.as_deref().map(str::trim).filter(|currency| !currency.is_empty())
        && domain::currency::decimals(&currency.to_uppercase()).is_none()
    {
        fault("currency", format!("{currency} is not a currency; use a three-letter code such as KES or EUR"));
    }
}
