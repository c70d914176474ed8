//! Writes a document as HTML: no scripts, no inline styles, nothing loaded but the style sheet, so that the strictest policy lets it through.
//! [`CSS`] is served as a file; it has rules for the screen and for the printer.

use crate::model::{Align, Cell, Direction, Document, Emphasis, Fact, Logo, Party, Section, Table, Total};
use crate::text::clean;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// The style sheet of a fragment and of a page. Every class begins with `doc-`.
pub const CSS: &str = include_str!("document.css");

/// A whole page, which finds [`CSS`] at the address `stylesheet`.
pub fn page(document: &Document, stylesheet: &str) -> String {
    let mut out = Html::default();
    out.raw("<!DOCTYPE html>\n<html");
    out.attribute("lang", &document.language);
    out.attribute("dir", direction(document));
    out.raw("><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>");
    out.text(&document.name);
    out.raw("</title><link rel=\"stylesheet\"");
    out.attribute("href", stylesheet);
    out.raw("></head>\n<body class=\"doc-page\">\n");
    out.document(document);
    out.raw("</body></html>\n");
    out.0
}

/// The document alone, for a page that has its own head and links [`CSS`].
pub fn fragment(document: &Document) -> String {
    let mut out = Html::default();
    out.document(document);
    out.0
}

const fn direction(document: &Document) -> &'static str {
    match document.direction {
        Direction::LeftToRight => "ltr",
        Direction::RightToLeft => "rtl",
    }
}

#[derive(Default)]
struct Html(String);

impl Html {
    fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Cleaned and escaped; ends of lines become breaks.
    fn text(&mut self, text: &str) {
        for letter in clean(text).chars() {
            match letter {
                '\n' => self.raw("<br>"),
                other => self.letter(other),
            }
        }
    }

    fn letter(&mut self, letter: char) {
        match letter {
            '&' => self.raw("&amp;"),
            '<' => self.raw("&lt;"),
            '>' => self.raw("&gt;"),
            '"' => self.raw("&quot;"),
            '\'' => self.raw("&#39;"),
            other => self.0.push(other),
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        // Writing to a string does not fail.
        let _ = write!(self.0, " {name}=\"");
        for letter in clean(value).chars() {
            self.letter(letter);
        }
        self.raw("\"");
    }

    /// An element with words of the document's own language and direction.
    fn words(&mut self, open: &str, text: &str, close: &str) {
        let _ = write!(self.0, "<{open}>");
        self.text(text);
        let _ = writeln!(self.0, "</{close}>");
    }

    /// An element whose text has a direction of its own.
    fn data(&mut self, open: &str, text: &str, close: &str) {
        let _ = write!(self.0, "<{open} dir=\"auto\">");
        self.text(text);
        let _ = writeln!(self.0, "</{close}>");
    }

    /// A number among text of either direction.
    fn number(&mut self, text: &str) {
        self.raw("<bdi>");
        self.text(text);
        self.raw("</bdi>");
    }

    fn document(&mut self, document: &Document) {
        self.raw("<article class=\"doc\"");
        self.attribute("lang", &document.language);
        self.attribute("dir", direction(document));
        self.raw(">\n<header class=\"doc-head\">\n");
        self.words("h1 class=\"doc-title\"", &document.title, "h1");
        if let Some(logo) = &document.logo {
            self.logo(logo);
        }
        self.raw("</header>\n<div class=\"doc-parties\">\n");
        self.party(&document.issuer);
        self.party(&document.recipient);
        self.facts(&document.facts);
        self.raw("</div>\n");
        if let Some(lead) = &document.lead {
            self.words("p class=\"doc-lead\"", lead, "p");
        }
        self.table(&document.table);
        self.totals(&document.totals_caption, &document.totals);
        for section in &document.sections {
            self.section(section);
        }
        if !document.footer.is_empty() {
            self.raw("<footer class=\"doc-foot\">");
            self.data("p", &document.footer, "p");
            self.raw("</footer>\n");
        }
        self.raw("</article>\n");
    }

    fn logo(&mut self, logo: &Logo) {
        self.raw("<img class=\"doc-logo\"");
        self.attribute("alt", &logo.alternative);
        self.raw(" src=\"data:image/png;base64,");
        STANDARD.encode_string(&logo.png, &mut self.0);
        self.raw("\">\n");
    }

    fn party(&mut self, party: &Party) {
        if party.is_empty() {
            return;
        }
        self.raw("<section class=\"doc-party\">\n");
        self.words("h2 class=\"doc-label\"", &party.label, "h2");
        if !party.name.is_empty() {
            self.data("p class=\"doc-name\"", &party.name, "p");
        }
        for line in &party.lines {
            self.data("p", line, "p");
        }
        self.raw("</section>\n");
    }

    fn facts(&mut self, facts: &[Fact]) {
        if facts.is_empty() {
            return;
        }
        self.raw("<dl class=\"doc-facts\">\n");
        for fact in facts {
            self.raw("<div>");
            self.words("dt", &fact.label, "dt");
            self.data("dd", &fact.value, "dd");
            self.raw("</div>\n");
        }
        self.raw("</dl>\n");
    }

    fn caption(&mut self, caption: &str) {
        self.raw("<caption class=\"doc-unseen\">");
        self.text(caption);
        self.raw("</caption>\n");
    }

    fn table(&mut self, table: &Table) {
        if table.rows.is_empty() || table.columns.is_empty() {
            return;
        }
        // A wide table is scrolled on a narrow screen, by keyboard too.
        self.raw("<div class=\"doc-scroll\" role=\"region\" tabindex=\"0\"");
        self.attribute("aria-label", &table.caption);
        self.raw(">\n<table class=\"doc-table\">\n");
        self.caption(&table.caption);
        self.columns(table);
        self.raw("<thead><tr>\n");
        for column in &table.columns {
            let open =
                if column.align == Align::End { "th scope=\"col\" class=\"doc-end\"" } else { "th scope=\"col\"" };
            self.words(open, &column.label, "th");
        }
        self.raw("</tr></thead>\n<tbody>\n");
        for row in &table.rows {
            self.row(row, table);
        }
        self.raw("</tbody>\n</table>\n</div>\n");
    }

    /// Widths as classes, in steps of five percent: a policy that forbids inline styles forbids them here too.
    fn columns(&mut self, table: &Table) {
        let asked: u32 = table.columns.iter().map(|column| u32::from(column.width.max(1))).sum();
        self.raw("<colgroup>");
        for column in &table.columns {
            let steps = (u32::from(column.width.max(1)) * 40 / asked).div_ceil(2).max(1);
            let _ = write!(self.0, "<col class=\"doc-w{}\">", steps * 5);
        }
        self.raw("</colgroup>\n");
    }

    fn row(&mut self, row: &[Cell], table: &Table) {
        self.raw("<tr>\n");
        for (index, column) in table.columns.iter().enumerate() {
            let Some(cell) = row.get(index) else {
                self.raw("<td></td>\n");
                continue;
            };
            if column.align == Align::End {
                self.raw("<td class=\"doc-end\">");
                self.number(&cell.main);
            } else {
                self.raw("<td>");
                self.data("div", &cell.main, "div");
            }
            if let Some(detail) = &cell.detail {
                self.data("div class=\"doc-detail\"", detail, "div");
            }
            self.raw("</td>\n");
        }
        self.raw("</tr>\n");
    }

    fn totals(&mut self, caption: &str, totals: &[Total]) {
        if totals.is_empty() {
            return;
        }
        self.raw("<table class=\"doc-totals\">\n");
        self.caption(caption);
        self.raw("<tbody>\n");
        for total in totals {
            self.raw(match total.emphasis {
                Emphasis::Plain => "<tr>",
                Emphasis::Strong => "<tr class=\"doc-strong\">",
                Emphasis::Grand => "<tr class=\"doc-grand\">",
            });
            self.words("th scope=\"row\"", &total.label, "th");
            self.raw("<td class=\"doc-end\">");
            self.number(&total.value);
            self.raw("</td></tr>\n");
        }
        self.raw("</tbody>\n</table>\n");
    }

    fn section(&mut self, section: &Section) {
        self.raw("<section class=\"doc-section\">\n");
        self.words("h2", &section.heading, "h2");
        self.facts(&section.facts);
        for paragraph in &section.paragraphs {
            self.data("p", paragraph, "p");
        }
        self.raw("</section>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::colours;

    #[test]
    fn screen_and_paper_have_the_same_colours() {
        for colour in colours() {
            assert!(CSS.contains(&colour), "{colour} is not in the style sheet");
        }
    }

    #[test]
    fn every_class_that_is_written_is_styled() {
        let source = include_str!("html.rs");
        for class in source.split("class=\\\"").skip(1).filter_map(|rest| rest.split(['\\', '{']).next()) {
            assert!(CSS.contains(&format!(".{class}")), "{class} has no rule");
        }
        for step in 1..=20 {
            assert!(CSS.contains(&format!(".doc-w{} {{", step * 5)));
        }
    }

    #[test]
    fn the_style_sheet_loads_nothing() {
        assert!(!CSS.contains("url(") && !CSS.contains("@import"));
    }
}
