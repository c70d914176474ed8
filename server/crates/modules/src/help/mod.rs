//! `help.list`, `help.read`: the articles of the product, which are part of it and the same for every workspace. What they link to is inside the
//! caller's own.

pub mod article;

use article::{Article, articles};
use domain::help::{HelpArticle, HelpEntry, ListHelp, ReadHelp};
use domain::{Error, Result, text::normal};
use platform::{Ctx, Registry};

/// Letters of a search that are read; nobody types more.
const LONGEST: usize = 200;

pub fn register(registry: &mut Registry) {
    registry.add(list).add(read);
}

pub async fn list(_: &mut Ctx, list: ListHelp) -> Result<Vec<HelpEntry>> {
    Ok(found(&list.words))
}

pub async fn read(ctx: &mut Ctx, read: ReadHelp) -> Result<HelpArticle> {
    let article = article::find(&read.key).ok_or_else(Error::not_found)?;
    Ok(article.shown(&ctx.access.slug))
}

/// Those that hold every word. Those whose name does come first, then those of which one part does; within that they stay in their order.
fn found(words: &str) -> Vec<HelpEntry> {
    let words: String = words.chars().take(LONGEST).collect();
    let words = normal(&words);
    if words.is_empty() {
        return articles().iter().map(|article| article.entry.clone()).collect();
    }
    let words: Vec<&str> = words.split(' ').collect();
    let mut hits: Vec<(u8, HelpEntry)> = articles().iter().filter_map(|article| hit(article, &words)).collect();
    hits.sort_by_key(|(rank, _)| *rank);
    hits.into_iter().map(|(_, entry)| entry).collect()
}

fn hit(article: &Article, words: &[&str]) -> Option<(u8, HelpEntry)> {
    let entry = article.entry.clone();
    if holds(&normal(&entry.title), words) {
        return Some((0, entry));
    }
    let titled = article.parts.iter().find(|part| holds(&normal(&part.part.title), words));
    if let Some(part) = titled {
        return Some((1, HelpEntry { part: Some(part.part.clone()), ..entry }));
    }
    if let Some(part) = article.parts.iter().find(|part| holds(&part.words, words)) {
        return Some((2, HelpEntry { part: Some(part.part.clone()), ..entry }));
    }
    holds(&article.words, words).then_some((3, entry))
}

/// Whether each word begins one of the text's.
fn holds(text: &str, words: &[&str]) -> bool {
    words.iter().all(|word| {
        text.match_indices(word).any(|(at, _)| !text[..at].chars().next_back().is_some_and(char::is_alphanumeric))
    })
}

#[cfg(test)]
mod tests {
    use super::{found, holds};

    #[test]
    fn a_word_is_found_at_the_beginning_of_words() {
        assert!(holds("move to day", &["day", "mo"]) && holds("(csv)", &["csv"]));
        assert!(!holds("today", &["day"]) && !holds("move", &["move", "day"]));
    }

    #[test]
    fn names_lead_and_parts_are_named() {
        let keys = |words: &str| found(words).into_iter().map(|entry| entry.key).collect::<Vec<_>>();
        assert_eq!(keys("Importing").first().map(String::as_str), Some("importing"));
        assert!(keys("zebra crossing").is_empty());
        assert_eq!(keys(" ").len(), keys("").len());
        assert_eq!(keys(&"x".repeat(10_000)), Vec::<String>::new());
        let undone = found("undo import");
        let entry = undone.iter().find(|entry| entry.key == "importing").unwrap();
        assert_eq!(entry.part.as_ref().map(|part| part.anchor.as_str()), Some("undo-an-import"));
    }
}
