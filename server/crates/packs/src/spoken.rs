//! What packs call things in other languages: a gettext catalogue for each, beside the descriptions (`sw.po`).

use std::collections::{BTreeMap, HashMap};
use words::Language;

/// Of one pack, by language and English text.
#[derive(Debug, Clone, Default)]
pub struct PackWords(BTreeMap<&'static str, HashMap<String, String>>);

impl PackWords {
    /// Takes in the catalogue of a language, by its tag.
    pub fn read(&mut self, language: &str, text: &str) -> Result<(), String> {
        let mut spoken = Language::ALL.into_iter().filter(|known| *known != Language::English);
        let Some(known) = spoken.find(|known| known.tag() == language) else {
            return Err(format!("{language} is no language that is spoken beside English; sw is"));
        };
        let entries = words::parse(text.as_bytes()).map_err(|error| format!("it is no gettext catalogue: {error}"))?;
        let pairs = entries.into_iter().filter_map(|entry| Some((entry.key, entry.texts.into_iter().next()?)));
        self.0.insert(known.tag(), pairs.filter(|(_, text)| !text.is_empty()).collect());
        Ok(())
    }

    fn of(&self, language: Language) -> Option<&HashMap<String, String>> {
        self.0.get(language.tag())
    }
}

/// Of all packs, by slug.
#[derive(Debug, Clone, Default)]
pub struct Words(BTreeMap<String, PackWords>);

impl Words {
    /// What a pack says for an English text of its descriptions: its own word, or else the core's.
    pub fn said(&self, industry: &str, language: Language, text: &str) -> Option<&str> {
        let mut packs = [industry, "core"].into_iter().filter_map(|slug| self.0.get(slug)?.of(language));
        packs.find_map(|words| words.get(text)).map(String::as_str)
    }

    /// Everything that is said in a workspace of an industry, by the English texts.
    pub fn of(&self, industry: &str, language: Language) -> HashMap<String, String> {
        let packs = ["core", industry].into_iter().filter_map(|slug| self.0.get(slug)?.of(language));
        packs.flatten().map(|(text, said)| (text.clone(), said.clone())).collect()
    }
}

impl FromIterator<(String, PackWords)> for Words {
    fn from_iter<I: IntoIterator<Item = (String, PackWords)>>(packs: I) -> Self {
        Self(packs.into_iter().collect())
    }
}
