//! Small text rules that both sides must agree on.

/// `nextStep` becomes `next_step`: wire names to SQL names, in this one place.
pub fn snake(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 4);
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
            out.push(letter.to_ascii_lowercase());
        } else {
            out.push(letter);
        }
    }
    out
}

/// The form in which text is compared, sorted and searched: trimmed, lower case, inner white space collapsed.
pub fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

/// Words as people list them: "Value, Owner and Expected close", with `last` for the "and".
pub fn listed<T: AsRef<str>>(words: &[T], last: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// Bytes; longer words are like no other.
const LONGEST_WORD: usize = 256;

/// The nearest of `known` to `word`, if it is near enough to be what was meant. Edit distance of at most a third of the word.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a word that long, and comparing it costs.
    let word = if word.len() > LONGEST_WORD { return None } else { word };
    known
        .into_iter()
        .map(|candidate| (distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count().max(3) / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edit distance in characters in which two letters swapped count as one slip (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (i, from) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in right.iter().enumerate() {
            let mut least = (rows[i][j] + usize::from(from != to)).min(row[j] + 1).min(rows[i][j + 1] + 1);
            if i > 0 && j > 0 && *from == right[j - 1] && left[i - 1] == *to {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_and_normal() {
        assert_eq!(snake("enquiredOn"), "enquired_on");
        assert_eq!(normal("  Åsa\n  ÖBERG "), "åsa öberg");
    }

    #[test]
    fn nearest_finds_typing_slips_only() {
        assert_eq!(nearest("stauts", ["status", "name"]), Some("status"));
        assert_eq!(nearest("emial", ["email", "phone"]), Some("email"));
        assert_eq!(nearest("banana", ["status", "name"]), None);
    }
}
