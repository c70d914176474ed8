//! What the sources say: the first texts of every `t!`, `tn!` and `mark!`.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A text of the sources.
#[derive(Debug, Clone)]
pub struct Said {
    /// The text for many, where it counts.
    pub many: Option<String>,
    pub file: String,
}

/// Every text, by its key.
pub fn said() -> BTreeMap<String, Said> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["app", "server"] {
        walk(&root.join(folder), &mut files);
    }
    let mut found = BTreeMap::new();
    for path in files {
        let file = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if file.contains("/tests/") || file.ends_with("/tests.rs") || file.starts_with("app/crates/words/") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
        read(tokens, &file, &mut found);
    }
    found
}

/// Whether what a file says is said in the browser.
pub fn in_the_browser(file: &str) -> bool {
    file.starts_with("app/src/islands/") && !file.ends_with("/mod.rs") && !file.ends_with("/frame.rs")
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn read(tokens: TokenStream, file: &str, found: &mut BTreeMap<String, Said>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if is_for_tests(&tokens[at..]) {
            // What it stands before: up to the end of an item.
            at += 2;
            while at < tokens.len() && !ends(&tokens[at]) {
                at += 1;
            }
        } else if let Some((name, group)) = call(&tokens[at..]) {
            keep(name, group.stream(), file, found);
            read(group.stream(), file, found);
            at += 2;
        } else if let TokenTree::Group(group) = &tokens[at] {
            read(group.stream(), file, found);
        }
        at += 1;
    }
}

/// `#[cfg(test)]`
fn is_for_tests(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(mark), TokenTree::Group(group), ..]
        if mark.as_char() == '#' && group.stream().to_string().replace(' ', "") == "cfg(test)")
}

fn ends(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(mark) => mark.as_char() == ';',
        _ => false,
    }
}

/// `t!(…)`
fn call(tokens: &[TokenTree]) -> Option<(&'static str, &Group)> {
    let [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(group), ..] = tokens else { return None };
    let name = ["t", "tn", "mark"].into_iter().find(|known| name == known).filter(|_| mark.as_char() == '!')?;
    Some((name, group))
}

fn keep(name: &str, inside: TokenStream, file: &str, found: &mut BTreeMap<String, Said>) {
    let mut parts = vec![Vec::new()];
    for token in inside {
        match &token {
            TokenTree::Punct(mark) if mark.as_char() == ',' => parts.push(Vec::new()),
            _ => parts.last_mut().unwrap().push(token),
        }
    }
    let text = |at: usize| {
        let part = parts.get(at)?;
        let text = literal(part.first()?)?;
        Some(match part.get(2).and_then(literal) {
            Some(context) => format!("{context}\u{4}{text}"),
            None => text,
        })
    };
    // A count may hold commas of its own only inside of brackets, which are one token.
    let (key, many) = if name == "tn" { (text(1), text(2)) } else { (text(0), None) };
    let key = key.unwrap_or_else(|| panic!("{file}: a {name}! without its text"));
    let said = Said { many, file: file.to_owned() };
    if let Some(other) = found.insert(key.clone(), said.clone()) {
        assert_eq!(other.many, said.many, "{file} and {} count {key:?} differently", other.file);
    }
}

fn literal(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())
}
