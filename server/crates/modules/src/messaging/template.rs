//! The templates of messages: `server/templates/messages/<name>/` holds `template.toml`, which names the values that it shows, and one file
//! a language with subject, plain text and HTML. All of them are read and checked at start; a name that is not declared stops it.
//!
//! A release binary holds the files; in development they are read from disk at the start.

use expr::{CheckedTemplate, Names, Template as Source, Type};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use words::Language;

/// Languages that every template must speak. The first one is what a message falls back to.
pub const LANGUAGES: [&str; Language::ALL.len()] = [Language::English.tag(), Language::Swahili.tag()];

const FOLDER: &str = "server/templates/messages";
/// Where the layout takes the content.
const CONTENT: &str = "<!-- content -->";

#[derive(rust_embed::RustEmbed)]
#[folder = "../../templates/messages/"]
struct Files;

/// All templates of this build, or every fault in them.
static LIBRARY: LazyLock<Result<Library, Vec<String>>> = LazyLock::new(|| Library::from_files(&files()));

pub fn library() -> Result<&'static Library, &'static [String]> {
    LIBRARY.as_ref().map_err(Vec::as_slice)
}

fn files() -> BTreeMap<String, String> {
    Files::iter()
        .filter_map(|path| {
            let text = String::from_utf8_lossy(&Files::get(&path)?.data).into_owned();
            Some((path.into_owned(), text))
        })
        .collect()
}

#[derive(Debug)]
pub struct Library {
    templates: BTreeMap<String, Template>,
    /// Around the content.
    pub before: CheckedTemplate,
    pub after: CheckedTemplate,
}

#[derive(Debug)]
pub struct Template {
    /// Values that it shows, `invoice.dueDate`.
    pub values: Vec<Wanted>,
    /// It leads to a page, so it cannot do without one.
    pub link: bool,
    texts: BTreeMap<String, Texts>,
}

/// One value that a template shows.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub root: String,
    pub field: String,
    /// Another name under which the value may come.
    pub alias: Option<String>,
    pub ty: Type,
    pub optional: bool,
}

#[derive(Debug)]
pub struct Texts {
    pub subject: CheckedTemplate,
    /// What lists of mails show behind the subject.
    pub preheader: CheckedTemplate,
    pub text: CheckedTemplate,
    pub html: CheckedTemplate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    /// For whoever reads the folder.
    #[serde(rename = "about")]
    _about: String,
    #[serde(default)]
    link: bool,
    values: BTreeMap<String, BTreeMap<String, Kind>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Kind {
    /// `text`, or `text?` where it may be missing.
    Plain(String),
    Named {
        kind: String,
        alias: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    subject: String,
    preheader: String,
    text: String,
    html: String,
}

impl Library {
    pub fn get(&self, name: &str) -> Option<&Template> {
        self.templates.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.templates.keys().map(String::as_str)
    }

    /// Files by their path under the folder. Every fault of every file is in the answer.
    pub fn from_files(files: &BTreeMap<String, String>) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let mut folders: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
        let mut layout = None;
        for (path, text) in files {
            match path.split_once('/') {
                Some((folder, file)) => drop(folders.entry(folder).or_default().insert(file, text)),
                None if path == "layout.html" => layout = Some(text.as_str()),
                None => faults.push(format!("{FOLDER}/{path}: belongs to no template; put it in a folder of its own")),
            }
        }
        let parts = layout.and_then(|layout| layout.split_once(CONTENT));
        let (before, after) = parts.unwrap_or_else(|| {
            faults.push(format!("{FOLDER}/layout.html: is missing, or has no {CONTENT} in it"));
            ("", "")
        });
        let names = layout_names();
        let mut frame = |text| check("layout.html", "layout", text, &names, &mut faults);
        let (before, after) = (frame(before), frame(after));
        let mut templates = BTreeMap::new();
        for (name, files) in folders {
            if let Some(template) = Template::read(name, &files, &mut faults) {
                templates.insert(name.to_owned(), template);
            }
        }
        match (before, after) {
            (Some(before), Some(after)) if faults.is_empty() => Ok(Self { templates, before, after }),
            _ => Err(faults),
        }
    }
}

impl Template {
    /// In the language asked for, or in English; with the language that it is.
    pub fn texts(&self, language: &str) -> Option<(&'static str, &Texts)> {
        let speaks = |wanted: &str| LANGUAGES.into_iter().find(|language| *language == wanted);
        let found = speaks(language).and_then(|language| Some((language, self.texts.get(language)?)));
        found.or_else(|| Some((LANGUAGES[0], self.texts.get(LANGUAGES[0])?)))
    }

    fn read(name: &str, files: &BTreeMap<&str, &str>, faults: &mut Vec<String>) -> Option<Self> {
        let known = |file: &str| file == "template.toml" || LANGUAGES.iter().any(|l| file == format!("{l}.toml"));
        for file in files.keys().filter(|file| !known(file)) {
            faults.push(format!(
                "{FOLDER}/{name}/{file}: is no part of a template; a language is one of {}",
                LANGUAGES.join(", ")
            ));
        }
        let declared: Declared = parsed(name, "template.toml", files, faults)?;
        let mut values = Vec::new();
        for (root, fields) in declared.values {
            for (field, kind) in fields {
                match Wanted::new(&root, &field, &kind) {
                    Some(wanted) => values.push(wanted),
                    None => faults.push(format!(
                        "{FOLDER}/{name}/template.toml: {root}.{field} is none of text, number, money, date, datetime"
                    )),
                }
            }
        }
        let names = names(&values);
        let mut texts = BTreeMap::new();
        for language in LANGUAGES {
            let file = format!("{language}.toml");
            let Some(written) = parsed::<Written>(name, &file, files, faults) else { continue };
            if let Some(read) = written.checked(&format!("{name}/{file}"), &names, faults) {
                texts.insert(language.to_owned(), read);
            }
        }
        Some(Self { values, link: declared.link, texts })
    }
}

impl Wanted {
    fn new(root: &str, field: &str, kind: &Kind) -> Option<Self> {
        let (kind, alias) = match kind {
            Kind::Plain(kind) => (kind, None),
            Kind::Named { kind, alias } => (kind, Some(alias.clone())),
        };
        let ty = match kind.trim_end_matches('?') {
            "text" => Type::Text,
            "number" => Type::Number,
            "money" => Type::Money,
            "date" => Type::Date,
            "datetime" => Type::Datetime,
            _ => return None,
        };
        Some(Self { root: root.to_owned(), field: field.to_owned(), alias, ty, optional: kind.ends_with('?') })
    }

    pub fn path(&self) -> String {
        format!("{}.{}", self.root, self.field)
    }
}

impl Written {
    fn checked(&self, file: &str, names: &Names, faults: &mut Vec<String>) -> Option<Texts> {
        for (part, text) in [("subject", &self.subject), ("preheader", &self.preheader)] {
            if text.trim().is_empty() || text.contains(['\r', '\n']) {
                faults.push(format!("{FOLDER}/{file}: {part} must be one line that says something"));
            }
        }
        // Mail programs drop them, and a preview must not be able to run them.
        for banned in ["<script", "<style", "<iframe", "<form", " src=", "javascript:"] {
            if self.html.to_lowercase().contains(banned) {
                faults.push(format!("{FOLDER}/{file}: html must do without {banned}"));
            }
        }
        let mut part = |part: &str, text: &str| check(file, part, text, names, faults);
        let (subject, preheader) = (part("subject", &self.subject), part("preheader", &self.preheader));
        let (text, html) = (part("text", &self.text), part("html", &self.html));
        Some(Texts { subject: subject?, preheader: preheader?, text: text?, html: html? })
    }
}

fn parsed<T: serde::de::DeserializeOwned>(
    name: &str,
    file: &str,
    files: &BTreeMap<&str, &str>,
    faults: &mut Vec<String>,
) -> Option<T> {
    let Some(text) = files.get(file) else {
        faults.push(format!("{FOLDER}/{name}/{file}: is missing"));
        return None;
    };
    toml::from_str(text).map_err(|error| faults.push(format!("{FOLDER}/{name}/{file}: {}", error.message()))).ok()
}

fn check(file: &str, part: &str, text: &str, names: &Names, faults: &mut Vec<String>) -> Option<CheckedTemplate> {
    let checked = Source::parse(text).map_err(|fault| vec![fault]).and_then(|source| source.check(names));
    checked.map_err(|found| faults.extend(found.iter().map(|fault| format!("{FOLDER}/{file}: {part}: {fault}")))).ok()
}

/// What a template may show: what it declares, the workspace, the way to a page, and whether a document goes with it.
fn names(values: &[Wanted]) -> Names {
    let mut roots: BTreeMap<&str, Vec<(&str, Type)>> = BTreeMap::new();
    for value in values {
        roots.entry(&value.root).or_default().push((&value.field, value.ty.clone()));
    }
    roots
        .into_iter()
        .fold(server_names(), |names, (root, fields)| names.with(root, Type::record(root)).with_record(root, fields))
}

fn server_names() -> Names {
    Names::new()
        .with("link", Type::Text)
        .with("attached", Type::Bool)
        .with("workspace", Type::record("workspace"))
        .with_record("workspace", [("name", Type::Text)])
}

fn layout_names() -> Names {
    server_names().with("language", Type::Text).with("subject", Type::Text).with("preheader", Type::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_of_this_build_are_whole() {
        let library = library().unwrap_or_else(|faults| panic!("{faults:#?}"));
        let names: Vec<&str> = library.names().collect();
        assert_eq!(
            names,
            [
                "approval_request",
                "invoice_notification",
                "order_confirmation",
                "payment_receipt",
                "payment_reminder",
                "tracking_email"
            ]
        );
        for template in library.templates.values() {
            assert_eq!(template.texts.len(), LANGUAGES.len());
        }
    }

    #[test]
    fn every_fault_is_named_with_its_place() {
        let mut files = files();
        let mut edit = |path: &str, from: &str, to: &str| {
            let text = files.get_mut(path).unwrap();
            assert!(text.contains(from), "{path} has no {from}");
            *text = text.replace(from, to);
        };
        edit("invoice_notification/en.toml", "invoice.dueDate", "invoice.dueDay");
        edit("order_confirmation/template.toml", "totalAmount = \"money\"", "totalAmount = \"cash\"");
        edit("payment_receipt/sw.toml", "subject = \"", "subject = \"\\n");
        edit("tracking_email/en.toml", "<p", "<script></script><p");
        edit("layout.html", CONTENT, "");
        files.remove("payment_reminder/sw.toml");
        files.insert("payment_reminder/fr.toml".to_owned(), String::new());
        files.insert("stray.toml".to_owned(), String::new());
        let faults = Library::from_files(&files).unwrap_err().join("\n");
        for expected in [
            "invoice_notification/en.toml: text:",
            "dueDay",
            "order_confirmation/template.toml: order.totalAmount is none of",
            "payment_receipt/sw.toml: subject must be one line",
            "tracking_email/en.toml: html must do without <script",
            "layout.html: is missing, or has no",
            "payment_reminder/sw.toml: is missing",
            "payment_reminder/fr.toml: is no part",
            "stray.toml: belongs to no template",
        ] {
            assert!(faults.contains(expected), "{expected} is not in\n{faults}");
        }
    }

    #[test]
    fn a_language_that_is_not_spoken_becomes_english() {
        let template = library().unwrap().get("invoice_notification").unwrap();
        assert_eq!(template.texts("sw").unwrap().0, "sw");
        assert_eq!(template.texts("fr").unwrap().0, "en");
    }
}
