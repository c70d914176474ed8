//! How text becomes the words that search knows: the same way for what is indexed and for what is looked for.

use domain::text::normal;

/// Words of a query beyond this many are left out.
pub const MAX_WORDS: usize = 8;
/// Longer words are cut here on both sides, so that they still meet.
pub const MAX_LETTERS: usize = 64;

/// Letters and digits in their normal form, split at everything else, each word once, in the order of the text.
pub fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in normal(text).split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word: String = word.chars().take(MAX_LETTERS).collect();
        if !out.contains(&word) {
            out.push(word);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits_once_each() {
        assert_eq!(words("  Åsa  O'Neill, ASA@x.com "), ["åsa", "o", "neill", "asa", "x", "com"]);
        assert_eq!(words("LEAD-000012"), ["lead", "000012"]);
        assert_eq!(words("100% _ \\ '"), ["100"]);
        assert!(words(" -- ").is_empty());
        assert_eq!(words(&"x".repeat(100))[0].len(), MAX_LETTERS);
    }
}
