//! Help inside the product: what an article is, and which one belongs to which page.

mod places;

pub use places::{PLACES, Place, Shown, place};

use crate::operation::{Requires, declare};
use crate::schema::Catalog;
use crate::{Grants, Verb};
use serde::{Deserialize, Serialize};

declare!(
    /// Every article, or those that hold every word. Guides by role come first.
    "help.list" Read Requires::Member, ListHelp { #[serde(default)] words: String } -> Vec<HelpEntry>
);
declare!(
    /// One article. An unknown key is *not found*.
    "help.read" Read Requires::Member, ReadHelp { key: String } -> HelpArticle
);

/// A part of an article, with the anchor that leads to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct HelpPart {
    pub anchor: String,
    pub title: String,
}

/// An article as it stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct HelpEntry {
    pub key: String,
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// By role, where the others are by subject.
    pub guide: bool,
    /// Permissions of which one is enough for what it is about; none where everybody may. `*.*.import` is importing of anything described.
    pub needs: Vec<String>,
    /// The part that holds the words, where one does.
    pub part: Option<HelpPart>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct HelpArticle {
    pub entry: HelpEntry,
    pub parts: Vec<HelpPart>,
    /// The text. Written by the server from its own Markdown, so it holds nothing that acts.
    pub html: String,
}

impl HelpEntry {
    /// Whether somebody with these grants may do something of what the article is about.
    pub fn concerns(&self, grants: &Grants, catalog: &Catalog) -> bool {
        self.needs.is_empty() || self.needs.iter().any(|need| held(need, grants, catalog))
    }
}

fn held(need: &str, grants: &Grants, catalog: &Catalog) -> bool {
    match need.strip_prefix("*.*.") {
        Some(word) => Verb::ALL
            .into_iter()
            .filter(|verb| verb.as_str() == word)
            .any(|verb| catalog.iter().any(|entity| grants.allows(&entity.permission(verb)))),
        None => grants.allows(need),
    }
}
