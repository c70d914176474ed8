//! The articles: Markdown files beside this one, compiled in. A file begins with its title, a sentence that says what it is about, and, where not
//! everybody may do that, `Needs:` with permissions of which one is enough. Its parts begin with `##`, and the words of that line are their anchor.
//!
//! Those in other languages lie in a folder of their tag, part for part as the English ones, whose anchors they take.
//!
//! A link is `help:filters#groups` (another article, or a part of one), `page:settings/people` (a page of the workspace), or whole.

use crate::notes::markdown;
use domain::help::{HelpArticle, HelpEntry, HelpPart};
use domain::text::normal;
use std::sync::LazyLock;
use words::Language;

macro_rules! articles {
    ($($key:literal)*) => {
        &[$(($key, [include_str!(concat!("articles/", $key, ".md")), include_str!(concat!("articles/sw/", $key, ".md"))])),*]
    };
}

/// In the order in which they are listed, each in every language, in the order of [`Language::ALL`]. Guides by role begin with this word.
const FILES: &[(&str, [&str; Language::ALL.len()])] = articles!(
    "guide-salesperson" "guide-manager" "guide-administrator"
    "start" "lists" "filters" "boards" "records" "search" "keyboard"
    "importing" "exporting" "trash" "audit"
    "orders" "messages" "dashboards" "notifications" "approvals" "workflows"
    "people" "company" "keys" "account"
);
const GUIDE: &str = "guide-";

static ARTICLES: LazyLock<[Vec<Article>; Language::ALL.len()]> = LazyLock::new(|| {
    let read = |language: Language| FILES.iter().map(move |(key, texts)| Article::read(key, texts[language.index()]));
    let plain: Vec<Article> = read(Language::English).collect();
    Language::ALL.map(|language| read(language).zip(&plain).map(|(article, plain)| article.anchored(plain)).collect())
});

/// Those in the language that is spoken.
pub fn articles() -> &'static [Article] {
    &ARTICLES[words::current().index()]
}

/// An article, taken apart.
#[derive(Debug)]
pub struct Article {
    pub entry: HelpEntry,
    /// Markdown before the first part.
    pub lead: String,
    pub parts: Vec<Part>,
    /// All of it, as it is searched.
    pub words: String,
}

#[derive(Debug)]
pub struct Part {
    pub part: HelpPart,
    /// Markdown.
    pub body: String,
    /// Its heading and text, as they are searched.
    pub words: String,
}

pub fn find(key: &str) -> Option<&'static Article> {
    articles().iter().find(|article| article.entry.key == key)
}

impl Article {
    fn read(key: &str, text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let title = lines.next().unwrap_or_default().trim_start_matches("# ").to_owned();
        let (needs, summary): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("Needs: "));
        let needs = needs.iter().flat_map(|line| line.trim_start_matches("Needs: ").split(", ")).map(str::to_owned);
        let mut pieces = format!("\n{body}").split("\n## ").map(str::to_owned).collect::<Vec<_>>().into_iter();
        let lead = pieces.next().unwrap_or_default();
        let parts: Vec<Part> = pieces.map(|piece| Part::read(&piece)).collect();
        let words = normal(&format!("{head}\n{body}"));
        let entry = HelpEntry {
            key: key.to_owned(),
            title,
            summary: summary.join(" "),
            guide: key.starts_with(GUIDE),
            needs: needs.collect(),
            part: None,
        };
        Self { entry, lead, parts, words }
    }

    /// With the anchors of the English one, so that a link leads to the same part in every language.
    fn anchored(mut self, plain: &Self) -> Self {
        for (own, plain) in self.parts.iter_mut().zip(&plain.parts) {
            own.part.anchor.clone_from(&plain.part.anchor);
        }
        self
    }

    /// As it is shown in a workspace.
    pub fn shown(&self, slug: &str) -> HelpArticle {
        let inside = |address: &str| address_in(slug, address);
        let mut html = markdown::linking(&self.lead, &inside);
        for Part { part, body, .. } in &self.parts {
            // Anchors are letters and hyphens, and titles have no markup: a test holds the articles to it.
            html.push_str(&format!("<section><h2 id=\"{}\">{}</h2>", part.anchor, part.title));
            html.push_str(&markdown::linking(body, &inside));
            html.push_str("</section>");
        }
        let parts = self.parts.iter().map(|part| part.part.clone()).collect();
        HelpArticle { entry: self.entry.clone(), parts, html }
    }
}

impl Part {
    fn read(piece: &str) -> Self {
        let (title, body) = piece.split_once('\n').unwrap_or((piece, ""));
        let title = title.trim().to_owned();
        let part = HelpPart { anchor: anchor(&title), title };
        Self { part, body: body.to_owned(), words: normal(piece) }
    }
}

/// "Many rows at once" as `many-rows-at-once`.
fn anchor(title: &str) -> String {
    let letters = title.to_lowercase();
    let words = letters.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// Where a link of an article leads in a workspace.
pub fn address_in(slug: &str, address: &str) -> Option<String> {
    if let Some(article) = address.strip_prefix("help:") {
        return Some(format!("/w/{slug}/help/{article}"));
    }
    let page = address.strip_prefix("page:")?;
    Some(if page.is_empty() { format!("/w/{slug}") } else { format!("/w/{slug}/{page}") })
}

/// What the links of a text lead to, as they are written.
pub fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::{FILES, articles, find, links};
    use std::collections::BTreeSet;
    use words::{Language, within};

    /// Every article in every language, with its key and Markdown.
    fn each(mut look: impl FnMut(&super::Article, &str, &str)) {
        for language in Language::ALL {
            within(language, || {
                for (article, (key, texts)) in articles().iter().zip(FILES) {
                    look(article, &format!("{key} ({})", language.tag()), texts[language.index()]);
                }
            });
        }
    }

    #[test]
    fn every_file_is_an_article() {
        let listed: BTreeSet<String> = FILES.iter().map(|(key, _)| (*key).to_owned()).collect();
        for folder in ["", "/sw"] {
            let folder = format!("{}/src/help/articles{folder}", env!("CARGO_MANIFEST_DIR"));
            let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
            let keys: BTreeSet<String> = files.filter_map(|name| name.strip_suffix(".md").map(str::to_owned)).collect();
            assert_eq!(keys, listed);
        }
    }

    #[test]
    fn every_article_has_what_an_article_has() {
        each(|article, key, text| {
            assert!(text.starts_with("# ") && text.ends_with('\n'), "{key} begins with its title");
            assert!(article.entry.summary.ends_with('.') && article.entry.summary.len() < 160, "{key} says what it is");
            assert!(!text.contains("\n### ") && text.matches("\n# ").count() == 0, "{key} has one level of parts");
            assert!(text.lines().count() < 90, "{key} is short");
            let anchors: BTreeSet<&str> = article.parts.iter().map(|part| part.part.anchor.as_str()).collect();
            assert_eq!(anchors.len(), article.parts.len(), "{key} has two parts of one name");
            for part in &article.parts {
                let plain = |letter: char| letter.is_alphanumeric() || " ,'-".contains(letter);
                assert!(part.part.title.chars().all(plain) && !part.body.trim().is_empty(), "{key}: {part:?}");
            }
            for need in &article.entry.needs {
                assert!(domain::permission::is_pattern(need), "{key} needs {need}");
            }
        });
    }

    /// Whoever reads another language reads the same: as many parts, the same links, the same needs.
    #[test]
    fn an_article_is_the_same_in_every_language() {
        each(|article, key, text| {
            let plain = within(Language::English, || find(&article.entry.key)).unwrap();
            assert_eq!(article.entry.needs, plain.entry.needs, "{key}");
            assert_eq!(article.parts.len(), plain.parts.len(), "{key}");
            let (_, texts) = FILES.iter().find(|(file, _)| *file == article.entry.key).unwrap();
            let mut wanted = links(texts[Language::English.index()]);
            let mut found = links(text);
            wanted.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, wanted, "{key}");
        });
    }

    /// A link leads to an article and a part that are there; pages are looked up by the server's tests, which know them.
    #[test]
    fn every_link_between_articles_leads_somewhere() {
        let mut looked = 0;
        each(|_, key, text| {
            for link in links(text) {
                looked += 1;
                if let Some(place) = link.strip_prefix("help:") {
                    let (article, part) = place.split_once('#').map_or((place, None), |(key, part)| (key, Some(part)));
                    let found = find(article).unwrap_or_else(|| panic!("{key} links to {link}"));
                    let there = |wanted| found.parts.iter().any(|known| known.part.anchor == wanted);
                    assert!(part.is_none_or(there), "{key} links to {link}");
                } else {
                    assert!(link.starts_with("page:") || link.starts_with("https://"), "{key} links to {link}");
                }
            }
        });
        assert!(looked > 80, "{looked} links");
    }

    /// Every link becomes one, inside the workspace that asks; nothing of the Markdown is left in what is shown.
    #[test]
    fn articles_come_out_whole() {
        each(|article, key, text| {
            let shown = article.shown("lakeside");
            assert_eq!(shown.html.matches("<a ").count(), links(text).len(), "{key}");
            assert!(!shown.html.contains("](") && !shown.html.contains("**") && !shown.html.contains("<h4>"), "{key}");
            for part in &shown.parts {
                assert!(shown.html.contains(&format!("<h2 id=\"{}\">", part.anchor)), "{key}");
            }
            assert!(!shown.html.contains("href=\"/") || shown.html.contains("href=\"/w/lakeside"), "{key}");
        });
    }
}
