//! What a browser with an empty cache fetches until a list page can be used.

use super::client::{Connection, request};
use anyhow::{Result, bail};
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;

pub struct Cold {
    /// Heads and bodies as they came over the wire.
    pub kilobytes: f64,
    pub requests: f64,
    pub wasm_kilobytes: f64,
    /// One for each file, for people.
    pub lines: Vec<String>,
}

/// Fetches a page with everything that it and what it fetches name.
pub async fn cold(address: SocketAddr, path: &str, cookie: &str) -> Result<Cold> {
    let mut connection = Connection::open(address).await?;
    let mut cold = Cold { kilobytes: 0.0, requests: 0.0, wasm_kilobytes: 0.0, lines: Vec::new() };
    let (mut waiting, mut seen) = (VecDeque::from([path.to_owned()]), BTreeSet::from([path.to_owned()]));
    while let Some(path) = waiting.pop_front() {
        let ask = |encoding: &str| {
            request("GET", &path, &[("cookie", cookie), ("accept", "text/html,*/*"), ("accept-encoding", encoding)], "")
        };
        // The first answer is what a browser would get and is weighed; the second can be read.
        let answer = connection.send(&ask("br")).await?;
        if answer.status != 200 {
            bail!("{path}, which the list page needs, answered {}. Build the browser side first", answer.status);
        }
        let (wire, kilobytes) = (answer.total, answer.total as f64 / 1024.0);
        cold.kilobytes += kilobytes;
        cold.requests += 1.0;
        cold.lines.push(format!("  {:>8.1} KB  {path}", wire as f64 / 1024.0));
        if path.ends_with(".wasm") {
            cold.wasm_kilobytes += (answer.total - answer.head) as f64 / 1024.0;
            continue;
        }
        let plain = connection.send(&ask("identity")).await?;
        let text = String::from_utf8_lossy(&connection.body(plain)?).into_owned();
        for link in links(&path, &text) {
            if seen.insert(link.clone()) {
                waiting.push_back(link);
            }
        }
    }
    if cold.wasm_kilobytes == 0.0 {
        bail!("The list page names no wasm, so what makes it interactive was not weighed");
    }
    Ok(cold)
}

/// What a file makes the browser fetch.
fn links(path: &str, text: &str) -> Vec<String> {
    let found = if path.ends_with(".css") {
        of_style(text)
    } else if path.ends_with(".js") {
        of_script(text)
    } else if path.contains('.') {
        Vec::new()
    } else {
        of_page(text)
    };
    found.into_iter().filter_map(|link| resolved(path, &link)).collect()
}

/// A path of this server without its fragment; nothing for data and other sites.
fn resolved(base: &str, link: &str) -> Option<String> {
    let link = link.split('#').next().unwrap_or_default();
    if link.is_empty() || link.starts_with("//") || link.contains(':') {
        return None;
    }
    if link.starts_with('/') {
        return Some(link.to_owned());
    }
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    Some(format!("{folder}/{}", link.trim_start_matches("./")))
}

/// Elements that fetch by themselves; an anchor or a form waits for its reader.
fn of_page(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for tag in html.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let attribute = match tag.split_whitespace().next() {
            Some("link" | "use") => "href=\"",
            Some("script" | "img") => "src=\"",
            _ => continue,
        };
        if let Some((_, rest)) = tag.split_once(attribute) {
            found.extend(rest.split('"').next().map(|link| link.replace("&amp;", "&")));
        }
    }
    found
}

/// Files that a sheet uses. Of fonts only those that hold Latin letters: a browser fetches the others when a page needs them.
fn of_style(css: &str) -> Vec<String> {
    let mut found = Vec::new();
    for block in css.split('}') {
        if block.contains("@font-face") && !first_letters(block) {
            continue;
        }
        for rest in block.split("url(").skip(1) {
            found.extend(rest.split(')').next().map(|link| link.trim_matches(['"', '\'', ' ']).to_owned()));
        }
    }
    found
}

/// Whether a font holds the letter A: no ranges at all, or one such as `U+20-7E` around it.
fn first_letters(face: &str) -> bool {
    let Some((_, ranges)) = face.split_once("unicode-range:") else { return true };
    let ranges = ranges.split(';').next().unwrap_or_default();
    ranges.split(',').any(|range| {
        let range = range.trim().trim_start_matches(['U', 'u']).trim_start_matches('+');
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let edge = |text: &str, wild: &str| u32::from_str_radix(&text.replace('?', wild), 16).ok();
        edge(from, "0").zip(edge(to, "F")).is_some_and(|(from, to)| (from..=to).contains(&u32::from('A')))
    })
}

fn of_script(script: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, quote) in
        [("from '", '\''), ("from \"", '"'), ("from'", '\''), ("from\"", '"'), ("import('", '\''), ("import(\"", '"')]
    {
        for rest in script.split(start).skip(1) {
            found.extend(
                rest.split(quote)
                    .next()
                    .filter(|link| link.starts_with(['.', '/']) && link.len() < 300)
                    .map(str::to_owned),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_what_it_fetches_and_not_what_it_leads_to() {
        let html = r##"<link rel="stylesheet" href="/pkg/a.css"><a href="/w/x/leads">x</a><svg><use href="/icons.svg#x"></use></svg>
            <script type="module" src="/pkg/b.js"></script><img src="data:image/png;base64,x"><form action="/do">"##;
        assert_eq!(links("/w/x/leads", html), ["/pkg/a.css", "/icons.svg", "/pkg/b.js"]);
    }

    #[test]
    fn fonts_are_fetched_for_the_letters_of_the_page() {
        let css = "@font-face{src:url(/fonts/latin.woff2);unicode-range:U+20-7E,U+131}@font-face{src:url(\"/fonts/ext.woff2\");unicode-range:U+100-2BA}\
            @font-face{src:local(\"Arial\")}.a{background:url('../x.svg')}";
        assert_eq!(links("/pkg/a.css", css), ["/fonts/latin.woff2", "/pkg/../x.svg"]);
    }

    #[test]
    fn scripts_are_followed() {
        assert_eq!(
            links("/pkg/a.js", "import { x } from './snippets/y.js'; import('/pkg/z.js')"),
            ["/pkg/snippets/y.js", "/pkg/z.js"]
        );
    }
}
