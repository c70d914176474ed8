//! Fields with a formula, computed where rows are written.

use crate::get::Held;
use domain::records::Values;
use domain::schema::{Entity, Field};
use domain::{Error, Result};
use expr::Formula;
use serde_json::Value;

/// The formulas of an entity, in the order of the description: later ones may read earlier ones.
pub struct Formulas<'a>(Vec<(&'a Field, Formula)>);

impl<'a> Formulas<'a> {
    pub fn of(entity: &'a Entity) -> Result<Self> {
        let mut found = Vec::new();
        for field in entity.fields.iter().filter(|field| field.formula.is_some()) {
            // Descriptions are checked when they are loaded.
            let formula = Formula::of(entity, field).map_err(|problem| {
                tracing::error!(field = field.key, problem, "a formula that was not checked reached a row");
                Error::internal()
            })?;
            found.extend(formula.map(|formula| (field, formula)));
        }
        Ok(Self(found))
    }

    /// Adds the computed values to those of a new row.
    pub fn fill(&self, values: &mut Values, status: Option<&str>) {
        let stated = match status {
            Some(status) if !self.0.is_empty() => values.insert("status".to_owned(), Value::String(status.to_owned())),
            _ => None,
        };
        for (field, formula) in &self.0 {
            values.insert(field.key.clone(), formula.value(field, values));
        }
        if status.is_some() && !self.0.is_empty() {
            match stated {
                Some(stated) => values.insert("status".to_owned(), stated),
                None => values.remove("status"),
            };
        }
    }

    /// Adds to the values that a row is given what becomes of its computed ones.
    pub fn follow(&self, held: &Held, values: &mut Values, status: Option<&str>) {
        if self.0.is_empty() {
            return;
        }
        let mut whole = held.values.clone();
        whole.extend(values.clone());
        if let Some(status) = status {
            whole.insert("status".to_owned(), Value::String(status.to_owned()));
        }
        for (field, formula) in &self.0 {
            let value = formula.value(field, &whole);
            if held.values.get(&field.key).unwrap_or(&Value::Null) != &value {
                values.insert(field.key.clone(), value.clone());
            }
            whole.insert(field.key.clone(), value);
        }
    }
}
