//! Canaries, and looking for them in every byte of an answer: as it came, with the codes of HTML and of addresses resolved, and as the text
//! that is read.

use super::bait::ROOTS;
use crate::exercise::world::text;
use std::collections::{BTreeSet, HashMap};

/// No word of a canary is shorter.
const SHORTEST: usize = 8;
/// How HTML writes what would be read as its own.
const CODES: [(&str, char); 6] =
    [("&quot;", '"'), ("&#x27;", '\''), ("&#39;", '\''), ("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&')];

/// Where finding it means that it got out.
#[derive(PartialEq)]
pub enum On {
    Anywhere,
    /// Everywhere but on screens whose name begins so: those show it by right, or say again what was asked.
    But(&'static str),
    /// On screens whose name begins so: elsewhere it is no secret.
    Only(String),
}

#[derive(PartialEq)]
pub enum Form {
    /// In capital or small letters, as a part of any word.
    Word(String),
    /// As it is; it begins with a letter or a digit.
    Text(String),
    /// As it is and by itself: it could be a part of an id.
    Figure(String),
}

/// What a hidden field holds, in all its forms.
pub struct Canary {
    /// `price`, or `part.cost`.
    pub field: String,
    /// Which of its values.
    pub of: &'static str,
    /// Whether somebody who may see everything has to find it.
    pub needed: bool,
    pub on: On,
    pub forms: Vec<Form>,
}

impl Canary {
    fn counts_on(&self, screen: &str) -> bool {
        match &self.on {
            On::Anywhere => true,
            On::But(beginning) => !screen.starts_with(beginning),
            On::Only(beginning) => screen.starts_with(beginning.as_str()),
        }
    }
}

impl Form {
    fn stands_at(&self, view: &str, at: usize) -> bool {
        let beside = |letter: char| letter.is_alphanumeric() || "_-/+".contains(letter);
        match self {
            Self::Word(_) => false,
            Self::Text(text) => view[at..].starts_with(text.as_str()),
            Self::Figure(figure) => {
                let rest = view[at..].strip_prefix(figure.as_str());
                rest.is_some_and(|rest| !rest.starts_with(beside) && !view[..at].ends_with(beside))
            }
        }
    }
}

/// All canaries at once: pages are long, and there are hundreds of both.
pub struct Search<'a> {
    canaries: &'a [Canary],
    /// Texts and figures by the run of letters and digits that they begin with.
    begun: HashMap<&'a str, Vec<(usize, &'a Form)>>,
    words: Vec<(usize, &'a str)>,
}

impl<'a> Search<'a> {
    pub fn of(canaries: &'a [Canary]) -> Self {
        let mut search = Self { canaries, begun: HashMap::new(), words: Vec::new() };
        for (at, canary) in canaries.iter().enumerate() {
            for form in &canary.forms {
                match form {
                    Form::Word(word) => {
                        assert!(word.len() >= SHORTEST && ROOTS.iter().any(|root| word.starts_with(root)), "{word}");
                        search.words.push((at, word.as_str()));
                    }
                    Form::Text(text) | Form::Figure(text) => {
                        let (place, run) = runs(text).next().unwrap_or_else(|| panic!("{} has no form", canary.field));
                        assert_eq!(place, 0, "{text} begins with neither a letter nor a digit");
                        search.begun.entry(run).or_default().push((at, form));
                    }
                }
            }
        }
        search
    }

    /// Places of the canaries that got out by this answer.
    pub fn found(&self, screen: &str, body: &str) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for view in [body.to_owned(), resolved(body), text(body)] {
            for (at, run) in runs(&view) {
                let begun = self.begun.get(run).into_iter().flatten();
                found.extend(begun.filter(|(_, form)| form.stands_at(&view, at)).map(|(canary, _)| *canary));
                if run.len() >= SHORTEST {
                    let small = run.to_ascii_lowercase();
                    if ROOTS.iter().any(|root| small.contains(root)) {
                        let there = self.words.iter().filter(|(_, word)| small.contains(word));
                        found.extend(there.map(|(canary, _)| *canary));
                    }
                }
            }
        }
        found.retain(|at| self.canaries[*at].counts_on(screen));
        found
    }
}

/// Runs of letters and digits with their places.
fn runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let apart = |letter: char| !letter.is_ascii_alphanumeric();
    let mut next = 0;
    text.split_inclusive(apart).filter_map(move |piece| {
        let at = next;
        next += piece.len();
        let run = piece.trim_end_matches(apart);
        (!run.is_empty()).then_some((at, run))
    })
}

/// The answer with the codes of HTML and of addresses resolved, its elements and their attributes included.
fn resolved(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find(['&', '%']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (letter, length) = code(rest);
        out.push(letter);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// The letter that a code at the beginning of a text stands for, and how long the code is. What is none stands for itself.
fn code(text: &str) -> (char, usize) {
    if let Some((code, letter)) = CODES.iter().find(|(code, _)| text.starts_with(code)) {
        return (*letter, code.len());
    }
    let byte = text.strip_prefix('%').and_then(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok());
    match byte.filter(u8::is_ascii) {
        Some(byte) => (char::from(byte), 3),
        None => (text.chars().next().unwrap_or_default(), 1),
    }
}
