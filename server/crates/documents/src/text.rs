//! What happens to every string before it is drawn, and how words with holes are filled.

use unicode_bidi::{BidiClass, bidi_class};

/// More marks than this on one letter are a prank: they would climb over the lines above.
const MARKS: usize = 4;

/// Text that is safe to draw: no control characters, no characters that turn the direction of what follows, no piles of marks, white space as
/// HTML shows it. Line ends stay, as `\n`.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\r' if letters.peek() == Some(&'\n') => continue,
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            '\t' | '\u{b}' | '\u{c}' => ' ',
            unseen if is_unseen(unseen) => continue,
            other => other,
        };
        marks = if bidi_class(letter) == BidiClass::NSM { marks + 1 } else { 0 };
        if marks <= MARKS {
            push(&mut out, letter);
        }
    }
    out.truncate(out.trim_end_matches([' ', '\n']).len());
    out
}

/// Spaces around a line end, spaces after spaces and empty lines at the beginning say nothing.
fn push(out: &mut String, letter: char) {
    match letter {
        ' ' if out.is_empty() || out.ends_with([' ', '\n']) => {}
        '\n' => {
            out.truncate(out.trim_end_matches(' ').len());
            if !out.is_empty() {
                out.push('\n');
            }
        }
        _ => out.push(letter),
    }
}

/// Controls, soft hyphens, embeddings, overrides and isolates, marks of byte order, tags, and what Unicode promises never to be a character.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' |
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e007f}')
        || u32::from(letter) & 0xfffe == 0xfffe
}

/// Fills `{name}` in `template`. What is filled in is not read again, so that a customer's name may hold braces.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once('{') {
        out.push_str(before);
        let known = tail.split_once('}').and_then(|(name, after)| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, after))
        });
        if let Some((value, after)) = known {
            out.push_str(value);
            rest = after;
        } else {
            out.push('{');
            rest = tail;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cleans_what_would_do_harm() {
        let cases = [
            ("a\0b\u{7f}c\u{9b}d", "abcd"),
            ("pay \u{202e}0001\u{202c} now", "pay 0001 now"),
            ("\u{2066}a\u{2069}\u{feff}b\u{fff9}\u{ffff}\u{1fffe}", "ab"),
            ("  a \t b  \r\n  c\u{2028}d \n\n", "a b\nc\nd"),
            ("KES\u{a0}5", "KES\u{a0}5"),
            ("\n \n", ""),
            ("a\n\nb", "a\n\nb"),
            ("\u{200f}سلام\u{200c}", "\u{200f}سلام\u{200c}"),
        ];
        for (given, wanted) in cases {
            assert_eq!(clean(given), wanted, "{given:?}");
        }
        assert_eq!(clean(&format!("e{}", "\u{301}".repeat(500))), format!("e{}", "\u{301}".repeat(MARKS)));
    }

    #[test]
    fn fills_once() {
        assert_eq!(fill("Page {page} of {pages}", &[("page", "{pages}"), ("pages", "3")]), "Page {pages} of 3");
        assert_eq!(fill("{unknown} {page", &[("page", "1")]), "{unknown} {page");
    }

    proptest! {
        #[test]
        fn clean_text_stays_as_it_is(given in any::<String>()) {
            let once = clean(&given);
            prop_assert_eq!(clean(&once), once);
        }
    }
}
