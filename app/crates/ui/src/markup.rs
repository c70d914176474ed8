//! Markup as text. What a list holds by the hundred (cells, chips, dates, links) is written straight into a string, escaped by `maud`: as
//! trees of views the same rows were most of what drawing a list cost. The components of the same names are these functions as views; only
//! `Row`, `Cell`, `RowActions` and `MenuLink`, which hold other views, are written in both ways, and tests beside them hold those to each other.

use leptos::prelude::*;
use leptos::tachys::html::InertElement;

pub use maud::{Markup, PreEscaped, Render, html};

/// Markup as a view. Inside an island it has one element at its root, or hydration would lose its place.
pub fn drawn(markup: Markup) -> AnyView {
    InertElement::new(markup.into_string()).into_any()
}

/// Text for what lists hold by the hundred. `maud` escapes one byte after the other; most texts have nothing to escape, which is seen at a glance,
/// and go into the string whole.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(pub &'a str);

impl Render for Text<'_> {
    fn render_to(&self, out: &mut String) {
        // Without a way out of the loop, so that it looks at sixteen bytes at a time.
        let special = |found: bool, byte: u8| found | matches!(byte, b'&' | b'<' | b'>' | b'"');
        if self.0.bytes().fold(false, special) {
            self.0.render_to(out);
        } else {
            out.push_str(self.0);
        }
    }
}

/// Places of a [`Mould`] that are filled anew each time. A mould is made of descriptions and addresses alone, which do not have these characters.
pub const HOLES: [&str; 3] = ["\u{1}", "\u{2}", "\u{3}"];

/// Markup that is the same for every row but for its [`HOLES`], which stand where a text or other markup comes: drawn once, then copied.
#[derive(Clone, Debug)]
pub struct Mould {
    /// What stands before each hole, and which one it is.
    parts: Vec<(String, usize)>,
    end: String,
}

impl Mould {
    pub fn of(markup: Markup) -> Self {
        let text = markup.into_string();
        let (mut parts, mut rest) = (Vec::new(), text.as_str());
        while let Some(at) = rest.find(|letter| matches!(letter, '\u{1}'..='\u{3}')) {
            let (before, behind) = rest.split_at(at);
            let hole = HOLES.iter().position(|hole| behind.starts_with(hole)).unwrap_or_default();
            parts.push((before.to_owned(), hole));
            rest = &behind[1..];
        }
        Self { parts, end: rest.to_owned() }
    }

    /// Appends it, and has each hole filled, in their order.
    pub fn pour(&self, out: &mut String, mut fill: impl FnMut(usize, &mut String)) {
        for (before, hole) in &self.parts {
            out.push_str(before);
            fill(*hole, out);
        }
        out.push_str(&self.end);
    }

    /// [`Self::pour`] with a text for each hole.
    pub fn pour_texts(&self, out: &mut String, texts: [&str; 2]) {
        self.pour(out, |hole, out| Text(texts.get(hole).copied().unwrap_or_default()).render_to(out));
    }
}

/// For holding text and component to each other: as HTML, without the marks that Leptos leaves for itself and with the attributes of each element in
/// alphabetical order.
#[cfg(test)]
pub(crate) fn plain(view: AnyView) -> Vec<String> {
    let html = view.to_html().replace("<!>", "").replace(" class=\"\"", "");
    let tags = html.split_inclusive('>').map(|piece| {
        let (text, tag) = piece.split_at(piece.find('<').unwrap_or(piece.len()));
        let (name, attributes) = tag.trim_end_matches('>').split_once(' ').unwrap_or((tag, ""));
        let mut attributes: Vec<&str> = attributes.trim_end_matches('"').split("\" ").collect();
        attributes.sort_unstable();
        format!("{text}{name} {attributes:?}")
    });
    tags.collect()
}

#[cfg(test)]
mod tests {
    use super::{HOLES, Mould, Text, html};

    #[test]
    fn a_mould_is_the_markup_with_its_holes_filled() {
        let drawn = |id: &str, name: &str| html! { a href={ "/leads/" (id) } title=(name) { (name) " & more" } };
        let (mould, mut poured) = (Mould::of(drawn(HOLES[0], HOLES[1])), String::new());
        for (id, name) in [("7", "Lake & Sons"), ("8", "<b>"), ("", "")] {
            poured.clear();
            mould.pour_texts(&mut poured, [id, name]);
            assert_eq!(poured, drawn(id, name).into_string());
        }
        let whole = Mould::of(html! { td { (HOLES[2]) } });
        poured.clear();
        whole.pour(&mut poured, |hole, out| out.push_str(if hole == 2 { "<i></i>" } else { "other" }));
        assert_eq!(poured, "<td><i></i></td>");
    }

    #[test]
    fn text_is_escaped_as_any_other() {
        for text in ["", "Lake & Sons", "<b>", "a > b", "say \"yes\"", "it's", "Åsa Otieno 東京", "a\u{0}b\n"] {
            let (quick, usual) = (html! { a title=(Text(text)) { (Text(text)) } }, html! { a title=(text) { (text) } });
            assert_eq!(quick.into_string(), usual.into_string(), "{text}");
        }
    }
}
