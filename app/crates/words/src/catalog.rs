//! The catalogues, and how a text finds its entry.

use crate::{Language, current};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Texts of a language by the English ones; for one and for many where it counts.
type Texts = HashMap<String, [&'static str; 2]>;

/// By [`Language::index`]; English needs none.
static SPOKEN: [OnceLock<Texts>; Language::ALL.len()] = [const { OnceLock::new() }; Language::ALL.len()];

/// A text in the language that is spoken, by its English one (with a context before it: [`crate::key`]).
pub fn say(text: &str) -> &str {
    match current() {
        Language::English => english(text),
        other => find(other, text).map_or_else(|| english(text), |[one, _]| *one),
    }
}

/// The text for so many.
pub fn say_many<'a>(one: &'a str, many: &'a str, count: u64) -> &'a str {
    let language = current();
    let is_one = language.is_one(count);
    let found = if language == Language::English { None } else { find(language, one) };
    let [one, many] = found.copied().unwrap_or([one, many]);
    if is_one { one } else { many }
}

/// Without its context.
fn english(text: &str) -> &str {
    text.split_once('\u{4}').map_or(text, |(_, text)| text)
}

fn find(language: Language, text: &str) -> Option<&'static [&'static str; 2]> {
    texts(language)?.get(text)
}

#[cfg(target_arch = "wasm32")]
fn texts(language: Language) -> Option<&'static Texts> {
    SPOKEN[language.index()].get()
}

#[cfg(not(target_arch = "wasm32"))]
fn texts(language: Language) -> Option<&'static Texts> {
    Some(SPOKEN[language.index()].get_or_init(|| files::texts(language)))
}

/// In the browser: what its page brought along. The first call counts.
pub fn provide(language: Language, entries: impl IntoIterator<Item = (String, String)>) {
    let _ = SPOKEN[language.index()].set(entries.into_iter().map(|(key, text)| (key, [leak(text); 2])).collect());
}

/// A text of a catalogue lives as long as the process: there is a fixed number of them.
fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

#[cfg(not(target_arch = "wasm32"))]
pub use files::{Entry, entries, of_browser, parse};

#[cfg(not(target_arch = "wasm32"))]
mod files {
    use super::{Texts, leak};
    use crate::Language;
    use polib::message::MessageView;
    use rust_embed::RustEmbed;

    /// The catalogue of what islands say, which goes to the browser.
    const BROWSER: &str = "islands";

    #[derive(RustEmbed)]
    #[folder = "languages/"]
    struct Files;

    /// One entry of a catalogue.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Entry {
        /// With its context before it, as gettext joins them.
        pub key: String,
        /// The English text for many, where it counts.
        pub many: Option<String>,
        /// One text, or one for one and one for many.
        pub texts: Vec<String>,
    }

    /// The entries of each catalogue of a language, by the catalogue's name.
    ///
    /// # Panics
    /// If a catalogue is not one: they are part of the build, and a test reads each.
    #[expect(clippy::expect_used, reason = "files of the build, which a test reads")]
    pub fn entries(language: Language) -> Vec<(String, Vec<Entry>)> {
        let folder = format!("{}/", language.tag());
        let mut found = Vec::new();
        for path in Files::iter().filter(|path| path.starts_with(&folder) && path.ends_with(".po")) {
            let file = Files::get(&path).expect("a file that was listed");
            let name = path.trim_start_matches(&folder).trim_end_matches(".po").to_owned();
            found.push((name, parse(&file.data).unwrap_or_else(|error| panic!("{path}: {error}"))));
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found
    }

    /// What a catalogue says, in the order of its file; of a pack's too, which lies beside its descriptions.
    pub fn parse(content: &[u8]) -> Result<Vec<Entry>, String> {
        let catalog = polib::po_file::parse_from_reader(content).map_err(|error| error.to_string())?;
        let entry = |message: &dyn MessageView| Entry {
            key: match message.msgctxt() {
                Some(context) => format!("{context}\u{4}{}", message.msgid()),
                None => message.msgid().to_owned(),
            },
            many: message.msgid_plural().ok().map(str::to_owned),
            texts: match message.msgstr_plural() {
                Ok(texts) => texts.clone(),
                Err(_) => message.msgstr().map(|text| vec![text.to_owned()]).unwrap_or_default(),
            },
        };
        Ok(catalog.messages().map(entry).collect())
    }

    pub(super) fn texts(language: Language) -> Texts {
        entries(language).into_iter().flat_map(|(_, entries)| entries).filter_map(pair).collect()
    }

    fn pair(entry: Entry) -> Option<(String, [&'static str; 2])> {
        let mut texts = entry.texts.into_iter().filter(|text| !text.is_empty()).map(leak);
        let one = texts.next()?;
        Some((entry.key, [one, texts.next().unwrap_or(one)]))
    }

    /// What a page brings along for its islands: English and the language's own.
    pub fn of_browser(language: Language) -> Vec<(String, String)> {
        let catalogs = entries(language).into_iter().filter(|(name, _)| name == BROWSER);
        catalogs
            .flat_map(|(_, entries)| entries)
            .filter_map(|entry| entry.texts.into_iter().next().map(|text| (entry.key, text)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Language, t, tn, within};

    #[test]
    fn texts_are_said_in_the_language_that_is_spoken() {
        let fields = |count| tn!(count, "{count} field needs another look", "{count} fields need another look");
        let said = || [t!("Save").to_owned(), t!("Open" in "verb").to_owned(), fields(1), fields(2)];
        assert_eq!(said(), ["Save", "Open", "1 field needs another look", "2 fields need another look"]);
        let looked = ["Sehemu 1 inahitaji kuangaliwa tena", "Sehemu 2 zinahitaji kuangaliwa tena"];
        assert_eq!(within(Language::Swahili, said), ["Hifadhi", "Fungua", looked[0], looked[1]]);
    }

    #[test]
    fn what_no_catalogue_has_is_said_in_english() {
        let name = "Amani";
        let said =
            within(Language::Swahili, || (t!("No catalogue has this of {name}", name), t!("Nor this" in "test")));
        assert_eq!(said, ("No catalogue has this of Amani".to_owned(), "Nor this"));
    }
}
