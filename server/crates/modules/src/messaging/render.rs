//! Fills a template in. Shown values are escaped in HTML and cleaned everywhere: nothing that a customer typed can become a header, markup,
//! or turn the writing direction of what follows it.

use super::template::{Library, Template, Wanted};
use chrono::{DateTime, NaiveDateTime, Utc};
use domain::{Error, FieldError, Result};
use expr::{CheckedTemplate, Env, EvalFault, JsonValues, Type, Values as _};
use platform::Ctx;
use serde_json::{Map, Value, json};
use words::t;

/// Letters of a subject; a longer one is cut.
pub const MAX_SUBJECT: usize = 255;
/// Letters of a text or of its HTML.
const MAX_BODY: usize = 262_144;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub language: &'static str,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What is needed beside the caller's values.
pub struct Given<'a> {
    pub name: &'a str,
    pub language: &'a str,
    pub subject: Option<&'a str>,
    /// A whole address; absent where the message is about no page.
    pub link: Option<String>,
    /// Whether documents go with it.
    pub attached: bool,
    pub values: Map<String, Value>,
}

pub fn render(ctx: &Ctx, library: &Library, template: &Template, given: Given<'_>) -> Result<Rendered> {
    let mut values = wanted(template, given.name, given.values)?;
    if template.link && given.link.is_none() {
        let message =
            t!("The template {name} leads to a page; say which record the message is about", name = given.name);
        return Err(Error::field("record", message));
    }
    values.insert("link".to_owned(), json!(given.link));
    values.insert("attached".to_owned(), json!(given.attached));
    values.insert("workspace".to_owned(), json!({ "name": ctx.access.workspace }));
    let zone = ctx.access.timezone.parse::<chrono_tz::Tz>().unwrap_or(chrono_tz::UTC);
    let local = move |moment: DateTime<Utc>| -> NaiveDateTime { moment.with_timezone(&zone).naive_local() };
    let env = Env { today: ctx.today(), local: &local, ..Env::utc(ctx.now()) };
    let (language, texts) = template.texts(given.language).ok_or_else(Error::internal)?;
    let mut values = Value::Object(values);
    let show = |template: &CheckedTemplate, values: &Value, escape: &dyn Fn(&str) -> String| {
        template.render_with(&JsonValues(values), &env, escape).map_err(|fault| unfit(given.name, &fault))
    };
    let subject = match given.subject {
        Some(subject) => line(subject),
        None => line(&show(&texts.subject, &values, &line)?),
    };
    let subject = cut(&subject, MAX_SUBJECT);
    let preheader = line(&show(&texts.preheader, &values, &line)?);
    let text = show(&texts.text, &values, &clean)?;
    let content = show(&texts.html, &values, &html)?;
    for (name, value) in [("language", language), ("subject", &subject), ("preheader", &preheader)] {
        values[name] = json!(value);
    }
    let (before, after) = (show(&library.before, &values, &html)?, show(&library.after, &values, &html)?);
    let html = format!("{before}{content}{after}");
    if text.chars().count() > MAX_BODY || html.chars().count() > MAX_BODY {
        return Err(Error::field("values", t!("The message would be longer than {most} letters", most = MAX_BODY)));
    }
    Ok(Rendered { language, subject, text: text.trim().to_owned(), html })
}

/// The values that the template shows, and those alone. Every one that is missing or of another kind is named.
fn wanted(template: &Template, name: &str, mut given: Map<String, Value>) -> Result<Map<String, Value>> {
    let mut faults = Vec::new();
    let mut out: Map<String, Value> = Map::new();
    for wanted in &template.values {
        let value = taken(&mut given, wanted);
        let fault = |message: String| FieldError { field: format!("values.{}", wanted.path()), message };
        let (path, kind) = (wanted.path(), kind(&wanted.ty));
        if value.is_null() && !wanted.optional {
            faults.push(fault(t!("The template {name} shows {path}, {kind}; give it", name, path, kind)));
        } else if let Err(problem) = JsonValues(&json!({ "it": value })).get(&["it".to_owned()], &wanted.ty) {
            faults.push(fault(t!("{path} should be {kind}: {problem}", path, kind, problem)));
        }
        if let Some(fields) = out.entry(&wanted.root).or_insert_with(|| json!({})).as_object_mut() {
            fields.insert(wanted.field.clone(), value);
        }
    }
    if faults.is_empty() { Ok(out) } else { Err(Error::fields(faults)) }
}

/// The kinds of values that a template declares.
fn kind(ty: &Type) -> &'static str {
    match ty {
        Type::Number => t!("a number"),
        Type::Money => t!("an amount of money"),
        Type::Date => t!("a date"),
        Type::Datetime => t!("a moment"),
        _ => t!("a text"),
    }
}

fn taken(given: &mut Map<String, Value>, wanted: &Wanted) -> Value {
    let Some(fields) = given.get_mut(&wanted.root).and_then(Value::as_object_mut) else { return Value::Null };
    let names = [Some(&wanted.field), wanted.alias.as_ref()];
    let found = names.into_iter().flatten().find_map(|name| fields.get(name).filter(|value| !value.is_null()));
    // An empty text says as little as none.
    found.filter(|value| value.as_str().is_none_or(|text| !text.trim().is_empty())).cloned().unwrap_or_default()
}

fn unfit(name: &str, fault: &EvalFault) -> Error {
    Error::field("values", t!("The template {name} could not be filled in: {fault}", name, fault))
}

/// Text as it may stand in a mail: no control characters, and none that turn the writing direction of what follows.
pub fn clean(text: &str) -> String {
    let kept = |c: &char| match c {
        '\n' | '\t' => true,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => false,
        // The separators of lines and paragraphs are line breaks to some.
        '\u{2028}' | '\u{2029}' => false,
        c => !c.is_control(),
    };
    text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(kept).collect()
}

/// The same in one line.
pub fn line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same inside HTML, in text and in attributes in quotes.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("<br>"),
            c => out.push(c),
        }
    }
    out
}

fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_no_header_no_markup_and_turn_nothing_around() {
        assert_eq!(line("Hello\r\nBcc: all@example.com"), "Hello Bcc: all@example.com");
        assert_eq!(line("a\u{2028}b\u{85}c\u{0}d"), "abcd");
        assert_eq!(clean("one\r\ntwo\rthree"), "one\ntwo\nthree");
        assert_eq!(clean("\u{202e}gpj.exe\u{202c}"), "gpj.exe");
        assert_eq!(html("<b title='x'>&\"\n"), "&lt;b title=&#39;x&#39;&gt;&amp;&quot;<br>");
        assert_eq!(clean("שלום مرحبا"), "שלום مرحبا");
    }

    #[test]
    fn a_long_subject_is_cut_between_letters() {
        let subject = cut(&"ü".repeat(10_000), MAX_SUBJECT);
        assert_eq!(subject.chars().count(), MAX_SUBJECT);
        assert!(subject.ends_with("ü…"));
        assert_eq!(cut("short", MAX_SUBJECT), "short");
    }
}
