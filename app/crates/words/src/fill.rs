//! Places in texts: `{name}`.

use std::fmt::{Display, Write};

/// The text with its places filled. What is filled in is not looked at again, and a place that nobody fills stays as it is.
pub fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut out = String::with_capacity(text.len() + 16 * values.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let filled = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            let _ = write!(out, "{value}");
            Some(after)
        });
        rest = filled.unwrap_or_else(|| {
            out.push('{');
            after
        });
    }
    out.push_str(rest);
    out
}

/// What stands before a place and after it, where markup goes between: `around(t!("Read {terms} first"), "terms")`.
pub fn around<'a>(text: &'a str, place: &str) -> (&'a str, &'a str) {
    text.split_once(&format!("{{{place}}}")).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once() {
        assert_eq!(fill("{a} of {b}", &[("a", &1), ("b", &"{a}")]), "1 of {a}");
        assert_eq!(fill("{a}, {gone} {", &[("a", &"x")]), "x, {gone} {");
        assert_eq!(around("Read {terms} first", "terms"), ("Read ", " first"));
    }
}
