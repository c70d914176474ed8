//! Rules of the tree that a compiler does not know.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && name != "node_modules" && name != ".git" {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

fn all(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(&root().join(folder), ending, &mut found);
    assert!(!found.is_empty(), "nothing under {folder} ends with {ending}");
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// With a path dependency, even an optional one, every edit of server code would rebuild the browser side.
#[test]
fn nothing_under_app_names_a_server_crate() {
    let server = ["platform", "jobs", "records", "modules", "packs", "api", "testkit", "cluster", "workflow", "integrations"];
    for (path, text) in all("app", "Cargo.toml") {
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            assert!(!server.contains(&name) && !line.contains("server/"), "{}: {line}", path.display());
        }
    }
}

/// Text becomes SQL in two reviewed places: the engine's statement builder and the transaction's first statement.
#[test]
fn sql_is_made_from_text_in_reviewed_places_only() {
    let reviewed = ["server/crates/records/src/sql.rs", "server/crates/platform/src/db.rs"];
    for (path, text) in all("server", ".rs") {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let exempt = reviewed.contains(&name.as_str())
            || name.contains("/tests/")
            || name.starts_with("server/crates/testkit/")
            || name.starts_with("server/crates/cluster/")
            || name.starts_with("server/src/bench/");
        assert!(exempt || !text.contains("AssertSqlSafe"), "{name} makes SQL from text");
    }
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    for folder in ["app", "server", "frontend"] {
        for (path, text) in all(folder, ".rs") {
            assert!(text.starts_with("//!"), "{} does not say what it is for", path.display());
        }
    }
}

#[test]
fn files_stay_readable() {
    for folder in ["app", "server", "frontend"] {
        for (path, text) in all(folder, ".rs") {
            let lines = text.lines().count();
            assert!(lines <= 600, "{} has {lines} lines", path.display());
        }
    }
}

/// Industries are data.
#[test]
fn packs_hold_no_code() {
    for ending in [".rs", ".sql", ".js"] {
        let mut found = Vec::new();
        files(&root().join("server/packs"), ending, &mut found);
        assert!(found.is_empty(), "{found:?}");
    }
}

/// A shipped migration is never edited, so its number stands once.
#[test]
fn migrations_are_numbered_once() {
    let mut numbers: Vec<String> = all("migrations", ".sql")
        .into_iter()
        .map(|(path, _)| path.file_name().unwrap().to_string_lossy().split('_').next().unwrap().to_owned())
        .collect();
    numbers.sort();
    let before = numbers.len();
    numbers.dedup();
    assert_eq!(numbers.len(), before);
}
