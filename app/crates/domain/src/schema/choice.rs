//! Choices and states as people and files call them.

use super::{Choice, State};
use crate::text::{nearest, normal};
use serde_json::Value;
use words::t;

/// What stands between two of several choices.
const BETWEEN: [char; 3] = [',', ';', '\n'];

/// Several choices behind each other. A label may itself hold what stands between two: the longest stretch that is one counts as one.
pub(super) fn read_choices(text: &str, choices: &[Called<'_>]) -> Result<Vec<Value>, String> {
    let within = choices.iter().map(Called::commas).max().unwrap_or_default();
    let mut parts: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    for (at, separator) in text.match_indices(BETWEEN) {
        parts.push((start, at));
        start = at + separator.len();
    }
    parts.push((start, text.len()));
    let (mut chosen, mut at) = (Vec::new(), 0);
    while let Some((start, end)) = parts.get(at).copied() {
        let joined = (at..parts.len().min(at + within + 1)).rev().find_map(|last| {
            let stretch = text[start..parts[last].1].trim();
            Some((read_choice(stretch, choices.iter().copied()).ok()?, last))
        });
        match joined {
            Some((choice, last)) => {
                chosen.push(choice);
                at = last;
            }
            None if text[start..end].trim().is_empty() => {}
            None => chosen.push(read_choice(text[start..end].trim(), choices.iter().copied())?),
        }
        at += 1;
    }
    Ok(chosen)
}

/// What a choice or a state may be called in a file.
#[derive(Clone, Copy)]
pub(super) struct Called<'a> {
    key: &'a str,
    label: &'a str,
    also: Option<&'a str>,
}

impl<'a> Called<'a> {
    pub fn choice(choice: &'a Choice) -> Self {
        Self { key: &choice.key, label: &choice.label, also: choice.also.as_deref() }
    }

    pub fn state(state: &'a State) -> Self {
        Self { key: &state.key, label: &state.label, also: state.also.as_deref() }
    }

    fn is(&self, wanted: &str) -> bool {
        [Some(self.key), Some(self.label), self.also].into_iter().flatten().any(|name| normal(name) == wanted)
    }

    /// How often it holds what stands between two choices.
    fn commas(&self) -> usize {
        let count = |name: &str| name.matches(BETWEEN).count();
        count(self.label).max(self.also.map(count).unwrap_or_default())
    }
}

pub(super) fn read_choice<'a>(given: &str, choices: impl Iterator<Item = Called<'a>> + Clone) -> Result<Value, String> {
    let wanted = normal(given);
    let found = choices.clone().find(|choice| choice.is(&wanted));
    match found {
        Some(choice) => Ok(Value::String(choice.key.to_owned())),
        None => Err(not_a_choice(given, choices.map(|choice| choice.label))),
    }
}

pub(super) fn not_a_choice<'a>(given: &str, labels: impl Iterator<Item = &'a str>) -> String {
    let labels: Vec<&str> = labels.collect();
    match nearest(given, labels.iter().copied()) {
        Some(meant) => t!("{text} is not one of the choices; did you mean {meant}?", text = given, meant),
        None => t!("{text} is not one of the choices: {choices}", text = given, choices = labels.join(", ")),
    }
}
