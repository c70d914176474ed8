//! Inputs of steps: each text becomes the expression or template that its place asks for, or a fault there.

use super::{Checking, unknown_entity};
use crate::input::Input;
use chrono::NaiveDate;
use domain::records::Values;
use domain::schema::value::{Rules, check as check_value};
use domain::schema::{Entity, Field, FieldKind, pointing};
use domain::text::nearest;
use domain::workflow::{Answer, InputDescriptor, InputKind};
use expr::{Checked, EntityScope, Expr, Fault, Names, Scope, Template, Type};
use serde_json::Value;
use words::t;

impl Checking<'_> {
    pub(super) fn inputs(&mut self, described: &[InputDescriptor]) -> Vec<(String, Input)> {
        for key in self.step.input.keys() {
            if !described.iter().any(|input| input.key == *key) {
                let meant = nearest(key, described.iter().map(|input| input.key.as_str()));
                let meant = meant.map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
                let message = t!("{kind} has no input {key}{meant}", kind = self.step.kind, key, meant);
                self.fault(format!("input.{key}"), message);
            }
        }
        let mut inputs = Vec::new();
        for input in described {
            let place = format!("input.{}", input.key);
            match self.step.input.get(&input.key) {
                None if input.required => self.fault(place, t!("{input} is needed", input = input.label)),
                None => {}
                Some(value) => {
                    if let Some(ready) = self.input(&place, &input.kind, value) {
                        inputs.push((input.key.clone(), ready));
                    }
                }
            }
        }
        inputs
    }

    fn input(&mut self, place: &str, kind: &InputKind, value: &Value) -> Option<Input> {
        match (kind, value) {
            (InputKind::Text, Value::String(text)) => self.text(place, text),
            (InputKind::Expression { answers }, Value::String(text)) => self.answer(place, text, *answers),
            (InputKind::Values { of }, Value::Object(values)) => self.values(place, of.as_deref(), values),
            (InputKind::Entity, Value::String(key)) => {
                if self.catalog.get(key).is_none() {
                    let message = unknown_entity(self.catalog, key);
                    self.fault(place, message);
                }
                Some(Input::Fixed(value.clone()))
            }
            (InputKind::Operation, Value::String(_)) | (InputKind::Flag, Value::Bool(_)) => {
                Some(Input::Fixed(value.clone()))
            }
            (InputKind::Number, Value::Number(number)) if number.is_i64() => Some(Input::Fixed(value.clone())),
            (InputKind::Step, Value::String(target)) => {
                self.forwards(place, target);
                Some(Input::Fixed(value.clone()))
            }
            (InputKind::Choice { options }, Value::String(word)) => self.choice(place, options, word),
            (InputKind::Roles | InputKind::Choices { .. }, Value::Array(words))
                if words.iter().all(|word| word.as_str().is_some_and(|word| !word.trim().is_empty())) =>
            {
                if let InputKind::Choices { options } = kind {
                    for word in words.iter().filter_map(Value::as_str) {
                        self.choice(place, options, word);
                    }
                }
                Some(Input::Fixed(value.clone()))
            }
            _ => {
                self.fault(place, t!("This should be {kind}", kind = wanted(kind)));
                None
            }
        }
    }

    fn choice(&mut self, place: &str, options: &[String], word: &str) -> Option<Input> {
        if options.iter().any(|option| option == word) {
            return Some(Input::Fixed(Value::String(word.to_owned())));
        }
        self.fault(place, t!("{word} is not one of {options}", word, options = options.join(", ")));
        None
    }

    /// Values by name. With an entity, each has to fit its field.
    fn values(&mut self, place: &str, of: Option<&str>, values: &Values) -> Option<Input> {
        let entity = match of {
            None => None,
            // Without one the step is about nothing, which is told at its place.
            Some("entity") => Some(self.entity()?),
            Some(key) => Some(self.catalog.get(key)?.clone()),
        };
        let mut fields = Vec::new();
        for (key, value) in values {
            let place = format!("{place}.{key}");
            let ready = match &entity {
                Some(entity) => self.field(&place, entity, key, value),
                None => self.free(&place, value),
            };
            fields.extend(ready.map(|input| (key.clone(), input)));
        }
        Some(Input::Fields(fields))
    }

    /// A value of a field of an entity.
    fn field(&mut self, place: &str, entity: &Entity, key: &str, value: &Value) -> Option<Input> {
        let Some(field) = entity.field(key) else {
            let meant = nearest(key, entity.editable().map(|field| field.key.as_str()));
            let meant = meant.map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
            self.fault(place, t!("{entity} has no field {key}{meant}", entity = entity.labels.one, key, meant));
            return None;
        };
        // A new record may begin in any pipeline.
        let begins = self.step.kind == "create_record" && entity.pipeline_field().is_some_and(|own| own.key == key);
        if (field.read_only && !begins) || matches!(field.kind, FieldKind::State | FieldKind::Number) {
            self.fault(place, t!("{field} is set by the server", field = field.label));
            return None;
        }
        let ty = {
            let scope = EntityScope::new(self.catalog, Names::new());
            scope.field(&entity.key, key).map_or(Type::Any, |found| found.ty)
        };
        match value {
            Value::String(text) if text.contains("{{") => {
                if ty == Type::Text {
                    return self.text(place, text);
                }
                let words = t!(
                    "{field} takes an expression, not a text with {braces} in it",
                    field = field.label,
                    braces = "{{ }}"
                );
                self.fault(place, words);
                None
            }
            Value::String(text) => self.expression(place, text, Some(&ty)).map(Input::Expression),
            Value::Object(parts) if field.is_any_reference() => self.pointed(place, field, parts),
            fixed => {
                let far = NaiveDate::from_ymd_opt(2100, 12, 31).unwrap_or_default();
                match check_value(field, fixed, Rules { today: far }) {
                    Ok(canonical) => Some(Input::Fixed(canonical)),
                    Err(problem) => {
                        self.fault(place, problem);
                        None
                    }
                }
            }
        }
    }

    /// A row of one of several entities: which of them is fixed, and which row an expression, as it is of any reference.
    fn pointed(&mut self, place: &str, field: &Field, parts: &Values) -> Option<Input> {
        let part = |name: &str| parts.get(name).and_then(Value::as_str);
        let (Some(entity), Some(id), 2) = (part("entity"), part("id"), parts.len()) else {
            self.fault(place, t!("{field} is written as an entity and an id", field = field.label));
            return None;
        };
        if !field.points_at(entity) {
            let message = t!("{entity} is not a known {known}", entity, known = pointing::known(field.entities()));
            self.fault(format!("{place}.entity"), message);
            return None;
        }
        let row = self.expression(&format!("{place}.id"), id, Some(&Type::reference(entity)))?;
        let entity = Input::Fixed(Value::String(entity.to_owned()));
        Some(Input::Fields(vec![("entity".to_owned(), entity), ("id".to_owned(), Input::Expression(row))]))
    }

    /// A value for an operation or a template, whatever its shape.
    fn free(&mut self, place: &str, value: &Value) -> Option<Input> {
        match value {
            Value::String(text) if text.contains("{{") => self.text(place, text),
            Value::String(text) => self.expression(place, text, None).map(Input::Expression),
            Value::Object(parts) => {
                let one = |(key, value): (&String, &Value)| {
                    self.free(&format!("{place}.{key}"), value).map(|input| (key.clone(), input))
                };
                Some(Input::Fields(parts.iter().filter_map(one).collect()))
            }
            fixed => Some(Input::Fixed(fixed.clone())),
        }
    }

    pub(super) fn condition(&mut self, place: &str, text: &str) -> Option<Checked> {
        self.expression(place, text, Some(&Type::Bool))
    }

    fn answer(&mut self, place: &str, text: &str, answer: Answer) -> Option<Input> {
        let wanted = match answer {
            Answer::Flag => Some(Type::Bool),
            Answer::Number => Some(Type::Number),
            Answer::Money => Some(Type::Money),
            Answer::Any | Answer::Moment | Answer::Record => None,
        };
        let checked = self.expression(place, text, wanted.as_ref())?;
        let fits = match answer {
            Answer::Moment => matches!(checked.ty(), Type::Date | Type::Datetime | Type::Any | Type::Null),
            Answer::Record => matches!(checked.ty(), Type::Reference(_) | Type::Text | Type::Record(_) | Type::Any),
            _ => true,
        };
        if !fits {
            let wanted = if answer == Answer::Moment { t!("a day or a moment") } else { t!("a record") };
            self.fault(place, t!("This is {found}, but {wanted} is wanted here", found = checked.ty().words(), wanted));
        }
        Some(Input::Expression(checked))
    }

    fn expression(&mut self, place: &str, text: &str, wanted: Option<&Type>) -> Option<Checked> {
        let checked = match Expr::parse(text) {
            Err(fault) => Err(vec![fault]),
            Ok(parsed) => {
                let scope = EntityScope::new(self.catalog, self.names.clone());
                match wanted {
                    Some(wanted) => parsed.check_as(&scope, wanted),
                    None => parsed.check(&scope),
                }
            }
        };
        checked.map_err(|faults| self.told(place, &faults)).ok()
    }

    fn text(&mut self, place: &str, text: &str) -> Option<Input> {
        let checked = match Template::parse(text) {
            Err(fault) => Err(vec![fault]),
            Ok(parsed) => parsed.check(&EntityScope::new(self.catalog, self.names.clone())),
        };
        checked.map(Input::Text).map_err(|faults| self.told(place, &faults)).ok()
    }

    fn told(&mut self, place: &str, faults: &[Fault]) {
        for fault in faults {
            self.fault(place, fault.to_string());
        }
    }
}

fn wanted(kind: &InputKind) -> &'static str {
    match kind {
        InputKind::Text => t!("a text"),
        InputKind::Expression { .. } => t!("an expression, as a text"),
        InputKind::Values { .. } => t!("values by name"),
        InputKind::Entity => t!("the key of an entity"),
        InputKind::Roles | InputKind::Choices { .. } => t!("a list of words"),
        InputKind::Operation => t!("the name of an operation"),
        InputKind::Step => t!("the key of a later step"),
        InputKind::Choice { .. } => t!("one of the choices"),
        InputKind::Number => t!("a whole number"),
        InputKind::Flag => t!("true or false"),
    }
}
