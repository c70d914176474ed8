//! The texts of mails about accounts: `server/templates/accounts/<language>.toml`, a table each. What people typed is cleaned and escaped.

use crate::messaging::render::{clean, html, line};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const LANGUAGES: [(&str, &str); 2] = [
    ("en", include_str!("../../../../templates/accounts/en.toml")),
    ("sw", include_str!("../../../../templates/accounts/sw.toml")),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    subject: String,
    button: String,
    text: String,
}

type Texts = BTreeMap<String, Text>;

static TEXTS: LazyLock<Vec<(&str, Result<Texts, toml::de::Error>)>> =
    LazyLock::new(|| LANGUAGES.into_iter().map(|(language, text)| (language, toml::from_str(text))).collect());

pub struct Filled {
    pub language: &'static str,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The text of this name in the language, or in English where there is none. `link` alone in a paragraph is a button in HTML.
pub fn fill(name: &str, language: &str, link: &str, values: &[(&'static str, String)]) -> Option<Filled> {
    let (language, texts) = TEXTS.iter().find(|(known, _)| *known == language).or_else(|| TEXTS.first())?;
    let text = texts.as_ref().ok()?.get(name)?;
    let subject = line(&filled(&text.subject, link, values, &line));
    let paragraphs: Vec<&str> = text.text.trim().split("\n\n").collect();
    let plain: Vec<String> = paragraphs.iter().map(|part| filled(part, link, values, &clean)).collect();
    let rich: String = paragraphs.iter().map(|part| paragraph(part, link, &text.button, values)).collect();
    Some(Filled {
        language,
        subject: subject.clone(),
        text: plain.join("\n\n"),
        html: document(language, &subject, &rich),
    })
}

pub fn one_line(text: &str) -> String {
    line(text)
}

/// Every `{{name}}` replaced once; what is filled in is not looked at again.
fn filled(text: &str, link: &str, values: &[(&'static str, String)], show: &dyn Fn(&str) -> String) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, tail)) = rest.split_once("{{") {
        let Some((name, after)) = tail.split_once("}}") else { break };
        out.push_str(before);
        if name == "link" {
            out.push_str(&show(link));
        } else if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            // Nobody's name is not greeted: "Hello,".
            if value.is_empty() {
                out.truncate(out.trim_end_matches(' ').len());
            }
            out.push_str(&show(value));
        }
        rest = after;
    }
    out + rest
}

fn paragraph(text: &str, link: &str, button: &str, values: &[(&'static str, String)]) -> String {
    if text.trim() == "{{link}}" {
        return format!(
            "<p style=\"margin:24px 0\"><a href=\"{}\" style=\"display:inline-block;padding:10px 18px;border-radius:6px;background-color:#1f5fbf;color:#ffffff;text-decoration:none;font-weight:600\">{}</a></p>",
            html(link),
            html(button)
        );
    }
    format!("<p dir=\"auto\" style=\"margin:0 0 16px\">{}</p>", filled(text, link, values, &html))
}

fn document(language: &str, subject: &str, content: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title></head>\
         <body style=\"margin:0;padding:0;font-family:Inter,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5\">\
         <div style=\"max-width:560px;margin:0 auto;padding:32px 24px\">{content}</div></body></html>",
        html(subject)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text() {
        let names: Vec<Vec<&String>> =
            TEXTS.iter().map(|(_, texts)| texts.as_ref().unwrap().keys().collect()).collect();
        assert!(names.len() == 2 && names[0] == names[1] && names[0].len() == 10, "{names:?}");
    }

    #[test]
    fn what_people_typed_is_no_markup_and_no_header() {
        let values = [("name", "<b>{{login}}</b>\r\nBcc: x@y.example".to_owned()), ("login", "a@b.example".to_owned())];
        let mail = fill("forgot", "fr", "https://nexus.example/reset-password/x", &values).unwrap();
        assert_eq!(mail.language, "en");
        assert!(mail.html.contains("&lt;b&gt;{{login}}&lt;/b&gt;") && !mail.html.contains("<b>"), "{}", mail.html);
        assert!(mail.html.contains("href=\"https://nexus.example/reset-password/x\""));
        let nameless = fill("invitation", "en", "l", &[("name", String::new())]).unwrap();
        assert!(nameless.text.starts_with("Hello,\n"), "{}", nameless.text);
        let invited =
            fill("invitation", "sw", "l", &[("inviter", "A\r\nBcc: b".to_owned()), ("workspace", "W".to_owned())])
                .unwrap();
        assert_eq!(invited.subject, "A Bcc: b anakualika kwenye W");
    }
}
