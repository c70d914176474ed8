//! Reads back what was written: the text of a PDF as a viewer copies it, and the text of a page as a browser shows it.

use hayro_syntax::Pdf;
use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction;
use hayro_syntax::object::{Dict, Object, Stream, String as PdfString};
use hayro_syntax::page::Page;
use std::collections::HashMap;

/// What each page says, in the order of drawing. With `repeated` the heads and feet too.
pub fn pdf_pages(bytes: &[u8], repeated: bool) -> Vec<String> {
    let pdf = Pdf::new(bytes.to_vec()).unwrap();
    pdf.pages().iter().map(|page| Reading::of(page, repeated)).collect()
}

type Characters = HashMap<Vec<u8>, String>;

#[derive(Default)]
struct Reading {
    out: String,
    font: Characters,
    /// For what is open, whether its text counts.
    open: Vec<bool>,
    /// The parts of one run of glyphs, and whether they come last first.
    run: Vec<String>,
    reversed: bool,
}

impl Reading {
    fn of(page: &Page, repeated: bool) -> String {
        let mut reading = Self::default();
        let mut operations: TypedIter = page.typed_operations();
        while let Some(operation) = operations.next() {
            match operation {
                TypedInstruction::TextFont(font) => {
                    reading.font = characters(&page.resources().get_font(font.0).unwrap());
                }
                TypedInstruction::ShowText(shown) => reading.show(shown.0.as_bytes()),
                TypedInstruction::ShowTexts(shown) => {
                    for part in shown.0.iter::<Object>() {
                        if let Object::String(text) = part {
                            reading.show(text.as_bytes());
                        }
                    }
                }
                TypedInstruction::BeginMarkedContent(begun) => {
                    reading.open.push(true);
                    reading.reversed |= begun.0.as_str() == "ReversedChars";
                }
                TypedInstruction::BeginMarkedContentWithProperties(begun) => {
                    let artifact = begun.0.as_str() == "Artifact" && !repeated;
                    let instead = match begun.1 {
                        Object::Dict(properties) => properties.get::<PdfString>("ActualText"),
                        _ => None,
                    };
                    if let (Some(text), true) = (&instead, reading.counts()) {
                        reading.run.push(text_string(text.as_bytes()));
                    }
                    reading.open.push(!artifact && instead.is_none());
                }
                TypedInstruction::EndText(_) => reading.end_run(),
                TypedInstruction::EndMarkedContent(_) => {
                    reading.open.pop().unwrap();
                }
                _ => {}
            }
        }
        assert!(reading.open.is_empty());
        reading.out
    }

    fn counts(&self) -> bool {
        self.open.iter().all(|counts| *counts)
    }

    fn show(&mut self, bytes: &[u8]) {
        if !self.counts() {
            return;
        }
        let letters = bytes.chunks(2).map(|code| self.font.get(code).cloned().unwrap_or_default());
        self.run.extend(letters);
    }

    fn end_run(&mut self) {
        if std::mem::take(&mut self.reversed) {
            self.run.reverse();
        }
        self.out.push_str(&std::mem::take(&mut self.run).concat());
    }
}

/// The table from codes to characters.
fn characters(font: &Dict) -> Characters {
    let table = font.get::<Stream>("ToUnicode").unwrap().decoded().unwrap().into_owned();
    let table = String::from_utf8(table).unwrap();
    let mut found = HashMap::new();
    for block in table.split("beginbfchar").skip(1) {
        for line in block.split("endbfchar").next().unwrap().lines().filter(|line| line.starts_with('<')) {
            let (code, text) = line.split_once("> <").unwrap();
            found.insert(hex(code.trim_start_matches('<')), utf16(&hex(text.trim_end_matches('>'))));
        }
    }
    assert!(!table.contains("beginbfrange"), "this reader knows single characters only");
    found
}

fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<char> = digits.chars().filter(char::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).unwrap()
}

fn text_string(bytes: &[u8]) -> String {
    match bytes.strip_prefix(&[0xfe, 0xff]) {
        Some(rest) => utf16(rest),
        None => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// What a fragment says to a reader, without captions, which a sighted one does not see.
pub fn html_text(html: &str) -> String {
    let mut rest = html.to_owned();
    while let Some(start) = rest.find("<caption") {
        let end = rest[start..].find("</caption>").unwrap();
        rest.replace_range(start..start + end + "</caption>".len(), "");
    }
    let mut out = String::new();
    for part in rest.split('<') {
        out.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// White space is layout: lines are broken elsewhere. Marks of direction have done their work once a line is laid out.
pub fn letters(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && !matches!(letter, '\u{200e}' | '\u{200f}')).collect()
}
