//! The functions of the language: a closed set, so that an unknown name is found while parsing.

use crate::fault;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Abs,
    AddDays,
    AddWorkingDays,
    Coalesce,
    Contains,
    Date,
    DaysBetween,
    Duration,
    EndsWith,
    Has,
    Lower,
    Max,
    Min,
    Money,
    Now,
    Number,
    Round,
    Size,
    StartsWith,
    Sum,
    Text,
    Today,
    Trim,
    Upper,
}

/// The most arguments of a function that takes any number.
const MANY: usize = 100;

/// Name, function, fewest and most arguments.
const ALL: [(&str, Function, usize, usize); 24] = [
    ("abs", Function::Abs, 1, 1),
    ("addDays", Function::AddDays, 2, 2),
    ("addWorkingDays", Function::AddWorkingDays, 2, 2),
    ("coalesce", Function::Coalesce, 1, MANY),
    ("contains", Function::Contains, 2, 2),
    ("date", Function::Date, 1, 1),
    ("daysBetween", Function::DaysBetween, 2, 2),
    ("duration", Function::Duration, 1, 1),
    ("endsWith", Function::EndsWith, 2, 2),
    ("has", Function::Has, 1, 1),
    ("lower", Function::Lower, 1, 1),
    ("max", Function::Max, 1, MANY),
    ("min", Function::Min, 1, MANY),
    ("money", Function::Money, 2, 2),
    ("now", Function::Now, 0, 0),
    ("number", Function::Number, 1, 1),
    ("round", Function::Round, 1, 2),
    ("size", Function::Size, 1, 1),
    ("startsWith", Function::StartsWith, 2, 2),
    ("sum", Function::Sum, 1, 1),
    ("text", Function::Text, 1, 1),
    ("today", Function::Today, 0, 0),
    ("trim", Function::Trim, 1, 1),
    ("upper", Function::Upper, 1, 1),
];

impl Function {
    /// By its name, or by its name in capitals as spreadsheets write it: `TODAY`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let capitals = !name.contains(|letter: char| letter.is_ascii_lowercase());
        let found = |known: &str| if capitals { known.eq_ignore_ascii_case(name) } else { known == name };
        ALL.iter().find(|(known, ..)| found(known)).map(|(_, function, ..)| *function)
    }

    pub(crate) fn meant(name: &str) -> Option<&'static str> {
        fault::meant(name, ALL.iter().map(|(known, ..)| *known))
    }

    pub(crate) fn name(self) -> &'static str {
        ALL.iter().find(|(_, function, ..)| *function == self).map_or("", |(name, ..)| name)
    }

    /// Fewest and most arguments.
    pub(crate) fn arguments(self) -> (usize, usize) {
        ALL.iter().find(|(_, function, ..)| *function == self).map_or((0, 0), |(_, _, least, most)| (*least, *most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_its_name_and_by_its_capitals() {
        for (name, function, ..) in ALL {
            assert_eq!(Function::named(name), Some(function));
            assert_eq!(Function::named(&name.to_uppercase()), Some(function));
            assert_eq!(function.name(), name);
        }
        assert_eq!(Function::named("Today"), None);
        assert_eq!(Function::meant("adddays"), Some("addDays"));
    }
}
