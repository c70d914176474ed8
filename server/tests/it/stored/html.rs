//! Reads a page strictly enough to say whether anything that was typed became more than text. Not a browser: it splits a page into tags, attributes
//! and text by the rules of the HTML standard, and everything odd about them is a fault. The tree has no HTML parser, and would need one for
//! this alone; the browser itself looks at the same in `end2end/tests/hostile.spec.ts`.

/// In every payload.
pub const MARK: &str = "pwn";

#[derive(Debug, Default)]
pub struct Reading {
    /// How often a payload is in the page, as text or in an attribute.
    pub shown: usize,
    pub faults: Vec<String>,
}

/// Elements whose content is text up to their end tag.
const RAW: [&str; 4] = ["script", "style", "textarea", "title"];
/// Elements that no page of ours has, or has without anything that was typed.
const NEVER: [&str; 9] = ["object", "embed", "base", "applet", "frame", "frameset", "math", "foreignobject", "animate"];
const ADDRESSES: [&str; 8] = ["href", "src", "action", "formaction", "data", "xlink:href", "srcdoc", "poster"];

pub fn read(page: &str) -> Reading {
    let mut reading = Reading::default();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        reading.text(&rest[..at]);
        rest = &rest[at..];
        rest = if let Some(comment) = rest.strip_prefix("<!--") {
            let end = comment.find("-->").unwrap_or(comment.len());
            if comment[..end].contains(MARK) {
                reading.fault("in a comment", &comment[..end]);
            }
            comment.get(end + 3..).unwrap_or_default()
        } else if rest.starts_with("<!") || rest.starts_with("</") {
            let end = rest.find('>').map_or(rest.len(), |end| end + 1);
            if rest[..end].contains(MARK) {
                reading.fault("in a closing tag or a declaration", &rest[..end]);
            }
            &rest[end..]
        } else if rest[1..].starts_with(|first: char| first.is_ascii_alphabetic()) {
            reading.tag(&rest[1..])
        } else {
            // Text to a browser, and yet nothing of ours writes it so.
            reading.fault("a bare <", &rest[..rest.len().min(40)]);
            &rest[1..]
        };
    }
    reading.text(rest);
    reading
}

impl Reading {
    fn fault(&mut self, what: &str, text: &str) {
        self.faults.push(format!("{what}: {}", text.chars().take(160).collect::<String>()));
    }

    fn text(&mut self, text: &str) {
        self.shown += text.matches(MARK).count();
    }

    /// A tag from its name on; what follows it.
    fn tag<'a>(&mut self, text: &'a str) -> &'a str {
        let end = text.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').unwrap_or(text.len());
        let (name, mut rest) = (text[..end].to_ascii_lowercase(), &text[end..]);
        let mut attributes: Vec<(String, String)> = Vec::new();
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if rest.is_empty() || rest.starts_with('>') {
                rest = rest.get(1..).unwrap_or_default();
                break;
            }
            let end = rest.find(|c: char| c.is_ascii_whitespace() || "/>=".contains(c)).unwrap_or(rest.len()).max(1);
            let end = (end..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
            let key = rest[..end].to_ascii_lowercase();
            rest = rest[end..].trim_start();
            let mut value = String::new();
            if let Some(after) = rest.strip_prefix('=') {
                let after = after.trim_start();
                let quote = after.chars().next().filter(|first| matches!(first, '"' | '\''));
                let (from, end) = match quote {
                    Some(quote) => (&after[1..], after[1..].find(quote)),
                    None => (after, after.find(|c: char| c.is_ascii_whitespace() || c == '>')),
                };
                let end = end.unwrap_or(from.len());
                value = from[..end].to_owned();
                rest = from.get(end + usize::from(quote.is_some())..).unwrap_or_default();
                if quote.is_none() && value.contains(MARK) {
                    self.fault("a value without quotes", &value);
                }
            }
            if attributes.iter().any(|(other, _)| *other == key) {
                self.fault("an attribute twice", &format!("{name} {key}"));
            }
            attributes.push((key, value));
        }
        self.judge(&name, &attributes);
        if !RAW.contains(&name.as_str()) {
            return rest;
        }
        let lower = rest.to_ascii_lowercase();
        let end = lower.find(&format!("</{name}")).unwrap_or(rest.len());
        let content = &rest[..end];
        // Nothing in a script or a style may end it, however it is read.
        if content.contains(MARK) && (content.contains('<') || name == "style") {
            self.fault(&format!("inside <{name}>"), content);
        }
        self.text(content);
        &rest[end..]
    }

    fn judge(&mut self, name: &str, attributes: &[(String, String)]) {
        let value = |wanted: &str| attributes.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
        if name.contains(MARK) || NEVER.contains(&name) {
            self.fault("an element", name);
        }
        if name == "script" && value("nonce").is_none_or(str::is_empty) {
            self.fault("a script without a nonce", &format!("{attributes:?}"));
        }
        if name == "meta" && value("http-equiv").is_some_and(|kind| kind.eq_ignore_ascii_case("refresh")) {
            self.fault("a refresh", &format!("{attributes:?}"));
        }
        for (key, value) in attributes {
            let odd = key.contains(MARK) || key.starts_with("on") || key.contains(['"', '\'', '<']);
            if odd || value.contains('<') {
                self.fault("an attribute", &format!("{name} {key}={value}"));
            }
            if key == "style" && value.contains(MARK) {
                self.fault("a style", value);
            }
            if ADDRESSES.contains(&key.as_str()) && runs(value) {
                self.fault("an address that runs", &format!("{name} {key}={value}"));
            }
            self.shown += value.matches(MARK).count();
        }
    }
}

/// Whether a browser would run what an address says. It passes over blanks and control characters.
fn runs(address: &str) -> bool {
    let plain = address.replace("&#58;", ":").replace("&colon;", ":").replace("&#x3a;", ":");
    let plain: String = plain.chars().filter(|c| !c.is_ascii_control() && *c != ' ').collect();
    let plain = plain.to_ascii_lowercase();
    ["javascript:", "vbscript:", "data:text", "data:application", "data:image/svg"]
        .iter()
        .any(|kind| plain.starts_with(kind))
}

/// The reader must be able to find something.
#[test]
fn every_way_out_of_a_text_is_found() {
    for page in [
        "<p><pwn-1></p>",
        "<p><script>pwn(1)</script></p>",
        "<p><img src=x onerror=pwn(1)></p>",
        "<input value=\"\"><svg onload=pwn(1)>\">",
        "<input value='x' onmouseover='pwn(1)'>",
        "<a href=\"javascript:pwn(1)\">x</a>",
        "<a href=\" java\tscript:pwn(1)\">x</a>",
        "<a href=\"data:text/html,pwn\">x</a>",
        "<textarea>x</textarea><pwn-8></textarea>",
        "<title></title><pwn-7></title>",
        "<script nonce=\"n\">var a = \"</script><script>pwn(6)</script>\";</script>",
        "<script nonce=\"n\">var a = \"<!--pwn\";</script>",
        "<!-- pwn --><p></p>",
        "<p title=pwn>x</p>",
        "<base href=//pwn/>",
        "<meta http-equiv=\"refresh\" content=\"0;url=//pwn\">",
        "<p>a < pwn</p>",
        "</p pwn>",
        "<input value=\"<pwn-1>\">",
        "<p style=\"background:url(//pwn)\">x</p>",
    ] {
        assert!(!read(page).faults.is_empty(), "{page}");
    }
    let fine = read(
        "<!DOCTYPE html><html><head><title>&lt;pwn&gt;</title><script nonce=\"n\">let a = 1 < 2;</script></head><body class=x>\
         <input value=\"&lt;pwn-1&gt;&quot;\" disabled><a href=\"/w/x?q=%3Cpwn%3E\">&lt;script&gt;pwn(1)&lt;/script&gt;</a><br/></body></html>",
    );
    assert!(fine.faults.is_empty() && fine.shown == 4, "{fine:?}");
}
