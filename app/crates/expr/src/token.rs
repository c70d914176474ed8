//! Text to tokens, one at a time.

use crate::decimal::Decimal;
use crate::fault::{Fault, Span};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<'s> {
    Name(&'s str),
    Number(Decimal),
    Text(String),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// `}}`, which ends an expression inside a text.
    Close,
    End,
}

impl Token<'_> {
    /// For people: what stands here.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Name(name) => (*name).to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(_) => "a text".to_owned(),
            Self::Symbol(symbol) => (*symbol).to_owned(),
            Self::Close => "}}".to_owned(),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Longer ones before their beginnings.
const SYMBOLS: [&str; 22] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ".", ",", "(", ")", "[", "]",
];

/// What other languages write, and what is written here.
const FOREIGN: [(&str, &str); 7] =
    [("===", "=="), ("!==", "!="), ("<>", "!="), ("**", "*"), ("=", "=="), ("&", "&&"), ("|", "||")];

pub(crate) struct Lexer<'s> {
    pub source: &'s str,
    pub at: usize,
}

impl<'s> Lexer<'s> {
    pub(crate) fn next(&mut self) -> Result<(Token<'s>, Span), Fault> {
        let rest = &self.source[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let start = self.at;
        let rest = &self.source[start..];
        let token = match rest.chars().next() {
            None => Token::End,
            Some(quote @ ('\'' | '"')) => self.text(quote)?,
            Some('0'..='9') => self.number()?,
            Some(letter) if starts_name(letter) => Token::Name(self.take(continues_name)),
            Some(other) => self.symbol(other)?,
        };
        Ok((token, Span::new(start, self.at)))
    }

    /// Takes the characters that belong, and answers them.
    fn take(&mut self, belongs: fn(char) -> bool) -> &'s str {
        let rest = &self.source[self.at..];
        let taken = &rest[..rest.find(|letter| !belongs(letter)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn fault(&self, start: usize, end: usize, message: impl Into<String>) -> Fault {
        Fault::new(self.source, Span::new(start, end), message)
    }

    fn symbol(&mut self, first: char) -> Result<Token<'s>, Fault> {
        let start = self.at;
        let rest = &self.source[start..];
        if rest.starts_with("}}") {
            self.at += 2;
            return Ok(Token::Close);
        }
        let foreign = FOREIGN.iter().find(|(foreign, _)| rest.starts_with(foreign));
        let known = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
        match (foreign, known) {
            (Some((foreign, here)), known) if known.is_none_or(|known| known.len() < foreign.len()) => {
                let message = format!("{foreign} is not an operator here");
                Err(self.fault(start, start + foreign.len(), message).meaning(Some(*here)))
            }
            (_, Some(known)) => {
                self.at += known.len();
                Ok(Token::Symbol(known))
            }
            _ => Err(self.unknown(first)),
        }
    }

    fn unknown(&self, first: char) -> Fault {
        let message = match first {
            '‘' | '’' | '“' | '”' | '`' => format!("{first} is not a quotation mark here; use ' or \""),
            _ if first.is_alphabetic() => {
                format!("{first} cannot stand in a name; names are made of a to z, A to Z, 0 to 9 and _")
            }
            _ if first.is_control() => "An invisible control character stands here; remove it".to_owned(),
            _ => format!("{first} has no meaning here"),
        };
        self.fault(self.at, self.at + first.len_utf8(), message)
    }

    fn number(&mut self) -> Result<Token<'s>, Fault> {
        let start = self.at;
        self.take(|letter| letter.is_ascii_digit());
        // `1.` before anything but a digit is left to the parser, which says what it expected.
        let mut fraction = self.source[self.at..].chars();
        if fraction.next() == Some('.') && fraction.next().is_some_and(|digit| digit.is_ascii_digit()) {
            self.at += 1;
            self.take(|letter| letter.is_ascii_digit());
        }
        let digits = &self.source[start..self.at];
        if !self.take(continues_name).is_empty() {
            let word = &self.source[start..self.at];
            let message = format!("{word} is neither a number nor a name; names do not begin with a digit");
            return Err(self.fault(start, self.at, message));
        }
        let shown = if digits.len() > 40 { "The number" } else { digits };
        Decimal::parse(digits)
            .map(Token::Number)
            .map_err(|problem| self.fault(start, self.at, format!("{shown} {problem}")))
    }

    fn text(&mut self, quote: char) -> Result<Token<'s>, Fault> {
        let start = self.at;
        self.at += quote.len_utf8();
        let mut out = String::new();
        while let Some(letter) = self.source[self.at..].chars().next() {
            let at = self.at;
            self.at += letter.len_utf8();
            match letter {
                _ if letter == quote => return Ok(Token::Text(out)),
                '\\' => {
                    let Some((escaped, length)) = unescape(&self.source[self.at..]) else {
                        let message = r#"\ begins an escape: \\ \' \" \n \r \t or \u and four hexadecimal digits"#;
                        return Err(self.fault(at, at + 1, message));
                    };
                    out.push(escaped);
                    self.at += length;
                }
                _ if letter.is_ascii_control() => {
                    let message = r"A text is written on one line; write \n for a new line and \t for a tab";
                    return Err(self.fault(at, at + 1, message));
                }
                _ => out.push(letter),
            }
        }
        Err(self.fault(start, start + 1, "The text that begins here is never closed"))
    }
}

/// What the letters after a backslash stand for, and how many bytes they take.
fn unescape(after: &str) -> Option<(char, usize)> {
    let simple = |letter| Some((letter, 1));
    match after.as_bytes().first()? {
        b'\\' => simple('\\'),
        b'\'' => simple('\''),
        b'"' => simple('"'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'u' => {
            let digits = after.get(1..5).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?).map(|letter| (letter, 5))
        }
        _ => None,
    }
}

/// The text between the quotes that need fewer escapes, so that it is never longer than it was written.
pub(crate) fn quoted(text: &str) -> String {
    let quote = if text.matches('\'').count() > text.matches('"').count() { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if letter == quote || letter == '\\' => out.extend(['\\', letter]),
            _ if letter.is_ascii_control() => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => out.push(letter),
        }
    }
    out.push(quote);
    out
}

pub(crate) fn starts_name(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_'
}

pub(crate) fn continues_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &str) -> Result<Vec<Token<'_>>, Fault> {
        let mut lexer = Lexer { source, at: 0 };
        let mut found = Vec::new();
        loop {
            match lexer.next()? {
                (Token::End, _) => return Ok(found),
                (token, _) => found.push(token),
            }
        }
    }

    #[test]
    fn every_symbol_is_one_token() {
        for symbol in SYMBOLS {
            assert_eq!(tokens(symbol), Ok(vec![Token::Symbol(symbol)]));
        }
        assert_eq!(tokens("a}}"), Ok(vec![Token::Name("a"), Token::Close]));
    }

    #[test]
    fn both_quotes_and_all_escapes() {
        let text = |text: &str| Ok(vec![Token::Text(text.to_owned())]);
        assert_eq!(tokens("'SHIPPED'"), text("SHIPPED"));
        assert_eq!(tokens(r#""it's""#), text("it's"));
        assert_eq!(tokens(r#"'\\ \' \" \n\r\t \u00e9'"#), text("\\ ' \" \n\r\t é"));
        for source in ["'\u{1}\n'", r"'\x'", r"'\ud800'", r"'\u12'", "'open", "'\\", "'tab\there'"] {
            assert!(tokens(source).is_err(), "{source:?}");
        }
    }

    #[test]
    fn quoting_takes_the_shorter_way() {
        for (text, shown) in [
            ("plain", "'plain'"),
            ("it's", "\"it's\""),
            ("'\"", "'\\'\"'"),
            ("a\n\u{1}\\", "'a\\n\\u0001\\\\'"),
            ("é“", "'é“'"),
        ] {
            assert_eq!(quoted(text), shown);
            assert_eq!(tokens(shown), Ok(vec![Token::Text(text.to_owned())]));
        }
    }

    #[test]
    fn what_other_languages_write_is_named() {
        for (source, meant) in [("a = 1", "=="), ("a === 1", "=="), ("a <> 1", "!="), ("a & b", "&&"), ("a | b", "||")]
        {
            assert_eq!(tokens(source).unwrap_err().meant.as_deref(), Some(meant), "{source}");
        }
        for source in
            ["12abc", "1e9", "größe", "“a”", "a; b", "{", "1\u{0}", "0.1234567890123456789", "99999999999999999999"]
        {
            assert!(tokens(source).is_err(), "{source:?}");
        }
    }
}
