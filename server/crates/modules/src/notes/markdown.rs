//! Markdown to HTML that can do nothing. Every element that may come out is written here by hand and every text is escaped, so that what is not
//! on this list cannot come out, whatever the parser makes of the input: no raw HTML, no image, no attribute but the address of a link, and
//! no link but to http, https and mailto.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeStream};

/// Elements inside each other; deeper ones are written flat.
const DEEPEST: usize = 24;

/// `names` are those of the members mentioned: where they stand behind an `@` they are marked.
pub fn html(text: &str, names: &[String]) -> String {
    written(text, names, &|_| None, "<br>")
}

/// [`html`] of a text that is the product's own: a link that `inside` knows leads where it says, which is no other site, and lines end where the
/// page ends them.
pub fn linking(text: &str, inside: &dyn Fn(&str) -> Option<String>) -> String {
    written(text, &[], inside, " ")
}

/// `line` is what the end of a line of the text becomes.
fn written(text: &str, names: &[String], inside: &dyn Fn(&str) -> Option<String>, line: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut open: Vec<&'static str> = Vec::new();
    for event in TextMergeStream::new(Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH)) {
        match event {
            Event::Start(tag) => start(&tag, inside, &mut open, &mut out),
            Event::End(end) => finish(end, &mut open, &mut out),
            Event::Text(text) => mentioning(&text, names, &mut out),
            Event::Code(code) => {
                out.push_str("<code>");
                escape(&code, &mut out);
                out.push_str("</code>");
            }
            // Shown as it was typed: it is text like any other.
            Event::Html(html) | Event::InlineHtml(html) => escape(&html, &mut out),
            Event::SoftBreak => out.push_str(line),
            Event::HardBreak => out.push_str("<br>"),
            Event::Rule => out.push_str("<hr>"),
            _ => {}
        }
    }
    while let Some(element) = open.pop() {
        close(element, &mut out);
    }
    out
}

fn start(tag: &Tag<'_>, inside: &dyn Fn(&str) -> Option<String>, open: &mut Vec<&'static str>, out: &mut String) {
    if let Tag::Link { dest_url, .. } = tag
        && let Some(address) = inside(dest_url)
    {
        out.push_str("<a href=\"");
        escape(&address, out);
        out.push_str("\">");
        open.push("a");
        return;
    }
    let element = match tag {
        Tag::Paragraph => "p",
        // A page has headings of its own.
        Tag::Heading { .. } => "h4",
        Tag::BlockQuote(_) => "blockquote",
        Tag::CodeBlock(CodeBlockKind::Indented | CodeBlockKind::Fenced(_)) => "pre",
        Tag::List(Some(_)) => "ol",
        Tag::List(None) => "ul",
        Tag::Item => "li",
        Tag::Emphasis => "em",
        Tag::Strong => "strong",
        Tag::Strikethrough => "del",
        Tag::Link { dest_url, .. } if harmless(dest_url) => {
            out.push_str("<a rel=\"nofollow noopener noreferrer\" href=\"");
            escape(dest_url, out);
            out.push_str("\">");
            open.push("a");
            return;
        }
        _ => "",
    };
    let element = if open.len() >= DEEPEST { "" } else { element };
    if !element.is_empty() {
        out.push('<');
        out.push_str(element);
        out.push('>');
    }
    open.push(element);
}

fn finish(_: TagEnd, open: &mut Vec<&'static str>, out: &mut String) {
    // Every start was noted, so that ends pair up by their order.
    if let Some(element) = open.pop() {
        close(element, out);
    }
}

fn close(element: &str, out: &mut String) {
    if !element.is_empty() {
        out.push_str("</");
        out.push_str(element);
        out.push('>');
    }
}

/// Whether a link may lead there. What a browser would skip at the beginning or inside of a scheme makes it none of these.
fn harmless(address: &str) -> bool {
    let clean = !address.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    let lower = address.to_ascii_lowercase();
    clean && ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme))
}

fn mentioning(text: &str, names: &[String], out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, behind) = rest.split_at(at);
        escape(before, out);
        let name = names.iter().filter_map(|name| begins_with(&behind[1..], name)).max();
        match name.filter(|_| !before.ends_with(char::is_alphanumeric)) {
            Some(length) => {
                out.push_str("<b class=\"mention\">");
                escape(&behind[..=length], out);
                out.push_str("</b>");
                rest = &behind[length + 1..];
            }
            None => {
                out.push('@');
                rest = &behind[1..];
            }
        }
    }
    escape(rest, out);
}

/// Bytes of the text that say the name, in whatever letters, if a word ends there.
pub fn begins_with(text: &str, name: &str) -> Option<usize> {
    let mut letters = text.char_indices();
    for wanted in name.chars() {
        let (_, letter) = letters.next()?;
        if !letter.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    match letters.next() {
        None => Some(text.len()),
        Some((at, letter)) => (!letter.is_alphanumeric()).then_some(at),
    }
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::html;

    fn plain(text: &str) -> String {
        html(text, &[])
    }

    #[test]
    fn what_people_write_comes_out() {
        assert_eq!(plain("**Call** back\non _Monday_"), "<p><strong>Call</strong> back<br>on <em>Monday</em></p>");
        assert_eq!(plain("- one\n- two"), "<ul><li>one</li><li>two</li></ul>");
        assert_eq!(plain("# Plan\n\n`x < 1`"), "<h4>Plan</h4><p><code>x &lt; 1</code></p>");
        assert_eq!(
            plain("[site](https://lake.example/?a=1&b=2)"),
            "<p><a rel=\"nofollow noopener noreferrer\" href=\"https://lake.example/?a=1&amp;b=2\">site</a></p>"
        );
        assert_eq!(plain("<a.otieno@lake.example>"), "<p>a.otieno@lake.example</p>");
    }

    #[test]
    fn links_inside_lead_where_they_are_said_to() {
        let inside = |address: &str| address.strip_prefix("page:").map(|rest| format!("/w/a\"b/{rest}"));
        let out = super::linking("[Leads](page:leads),\n[x](/leads), [y](help:z)", &inside);
        assert_eq!(out, "<p><a href=\"/w/a&quot;b/leads\">Leads</a>, x, y</p>");
    }

    #[test]
    fn mentions_are_marked() {
        let names = ["Amina Otieno".to_owned(), "Amina".to_owned(), "Brian".to_owned()];
        assert_eq!(
            html("ask @amina otieno, not me@brian.example or @Brians", &names),
            "<p>ask <b class=\"mention\">@amina otieno</b>, not me@brian.example or @Brians</p>"
        );
    }

    /// D-06: whatever is written, only the elements of the list come out, with no attribute but those of a link.
    #[test]
    fn nothing_that_acts_comes_out() {
        let hostile = [
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](java&#115;cript:alert(1))",
            "[x](<java\tscript:alert(1)>)",
            "[x](&#1;javascript:alert(1))",
            "[x](\u{0}javascript:alert(1))",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](vbscript:msgbox(1))",
            "[x](//evil.example)",
            "[x](/w/lakeside/do/records.delete)",
            "<javascript:alert(1)>",
            "![x](https://evil.example/pixel.png)",
            "![x](javascript:alert(1))",
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<svg/onload=alert(1)>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<style>*{display:none}</style>",
            "<iframe srcdoc='<script>1</script>'>",
            "[x](https://a.example\"onmouseover=\"alert(1))",
            "[x](https://a.example \"title\\\" onclick=\\\"alert(1)\")",
            "```\"><script>alert(1)</script>\nx\n```",
            "[x]: javascript:alert(1)\n\n[x]",
            "`<img src=x onerror=1>`",
            "<!-- --><script>1</script>",
            "<b onclick=alert(1)>x</b>",
            "[<img src=x onerror=1>](https://a.example)",
            "<https://a.example/\"onx=1>",
            &"> ".repeat(5_000),
            &"[".repeat(5_000),
            &"*a **b ".repeat(2_000),
        ];
        let allowed =
            ["p", "h4", "blockquote", "pre", "ol", "ul", "li", "em", "strong", "del", "a", "code", "br", "hr"];
        let (mut looked, mut wrong) = (0, Vec::new());
        for text in hostile {
            let out = plain(text);
            for piece in out.split('<').skip(1) {
                looked += 1;
                let inside = piece.split('>').next().unwrap();
                let name = inside.trim_start_matches('/').split(' ').next().unwrap();
                let attributes = inside.strip_prefix(name).unwrap_or_default();
                let link = attributes
                    .strip_prefix(" rel=\"nofollow noopener noreferrer\" href=\"")
                    .and_then(|rest| rest.strip_suffix('"'))
                    .is_some_and(|href| {
                        ["http://", "https://", "mailto:"].iter().any(|scheme| href.starts_with(scheme))
                            && !href.contains('"')
                    });
                let bare = inside.trim_start_matches('/') == name;
                if !allowed.contains(&name) || !(bare || name == "a" && link) {
                    wrong.push(format!("{text}: {inside}"));
                }
            }
        }
        println!(
            "bar=D-06 hostile={} elements={looked} wrong={} pass={}",
            hostile.len(),
            wrong.len(),
            i32::from(wrong.is_empty())
        );
        assert!(wrong.is_empty() && looked > 30, "{wrong:#?}");
    }
}
