//! Inputs of steps: texts of a definition that became expressions and templates, and their values.

use crate::steps::Inputs;
use domain::{Error, Result};
use expr::{Checked, CheckedTemplate, Env, Read, Values as Source};
use serde_json::{Map, Value};

/// An input that is known to make sense.
#[derive(Debug, Clone)]
pub enum Input {
    Fixed(Value),
    Expression(Checked),
    Text(CheckedTemplate),
    Fields(Vec<(String, Self)>),
}

impl Input {
    /// Every field that its value depends on.
    pub fn reads(&self, into: &mut Vec<Read>) {
        match self {
            Self::Fixed(_) => {}
            Self::Expression(checked) => into.extend_from_slice(checked.reads()),
            Self::Text(text) => into.extend_from_slice(text.reads()),
            Self::Fields(fields) => fields.iter().for_each(|(_, input)| input.reads(into)),
        }
    }

    fn value(&self, place: &str, values: &dyn Source, env: &Env<'_>) -> Result<Value> {
        let failed = |fault: expr::EvalFault| Error::field(place, format!("{place}: {fault}"));
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Expression(checked) => checked.eval(values, env).map(|value| value.to_json()).map_err(failed),
            Self::Text(text) => text.render(values, env).map(Value::String).map_err(failed),
            Self::Fields(fields) => {
                let one = |(key, input): &(String, Self)| {
                    Ok((key.clone(), input.value(&format!("{place}.{key}"), values, env)?))
                };
                fields.iter().map(one).collect::<Result<Map<_, _>>>().map(Value::Object)
            }
        }
    }
}

/// The values of all inputs of a step.
pub fn evaluate(inputs: &[(String, Input)], values: &dyn Source, env: &Env<'_>) -> Result<Inputs> {
    let one = |(key, input): &(String, Input)| Ok((key.clone(), input.value(key, values, env)?));
    inputs.iter().map(one).collect::<Result<_>>().map(Inputs)
}
