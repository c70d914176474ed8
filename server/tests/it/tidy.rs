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
    let server = [
        "platform",
        "jobs",
        "records",
        "modules",
        "packs",
        "api",
        "documents",
        "testkit",
        "cluster",
        "workflow",
        "integrations",
    ];
    for (path, text) in all("app", "Cargo.toml") {
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            assert!(!server.contains(&name) && !line.contains("server/"), "{}: {line}", path.display());
        }
    }
}

/// Text becomes SQL in reviewed places: the engine's statement builder, the transaction's first statement, and what carries a statement to
/// either driver, which takes constants from everybody else.
#[test]
fn sql_is_made_from_text_in_reviewed_places_only() {
    let reviewed = [
        "server/crates/records/src/sql.rs",
        "server/crates/platform/src/db.rs",
        "server/crates/platform/src/statement.rs",
        "server/crates/platform/src/read.rs",
    ];
    for (path, text) in all("server", ".rs") {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let exempt = reviewed.contains(&name.as_str())
            || name.contains("/tests/")
            || name.starts_with("server/crates/testkit/")
            || name.starts_with("server/crates/cluster/")
            || name.starts_with("server/src/bench/");
        let made = text.contains("AssertSqlSafe") || text.contains("Statement {");
        assert!(exempt || !made, "{name} makes SQL from text");
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

/// What a crate of the browser side stands on, without what only runs in the compiler.
fn browser_tree(arguments: &[&str]) -> String {
    let mut command = std::process::Command::new(env!("CARGO"));
    command.current_dir(root()).args([
        "tree",
        "--locked",
        "--offline",
        "-p",
        "frontend",
        "--target",
        "wasm32-unknown-unknown",
        "-e",
        "normal,no-proc-macro",
    ]);
    let answer = command.args(arguments).output().unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8(answer.stdout).unwrap()
}

/// A browser that waits for code that it cannot use waits too long.
#[test]
fn the_browser_side_stands_on_nothing_of_the_server() {
    let tree = browser_tree(&["--prefix", "none", "--format", "{p}"]);
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"leptos") && names.contains(&"nexus-app"), "this is not the tree: {tree}");
    for banned in [
        "sqlx",
        "sqlx-core",
        "tokio",
        "axum",
        "leptos_axum",
        "hyper",
        "reqwest",
        "rustls",
        "regex",
        "chrono-tz",
        "csv",
        "argon2",
    ] {
        assert!(!names.contains(&banned), "{banned} is in the browser side");
    }
    // Leptos reads its settings with it, on the server only: nothing of it is linked. From anywhere else it would be.
    let users = browser_tree(&["--prefix", "depth", "--invert", "toml", "--depth", "2"]);
    let users: Vec<&str> = users
        .lines()
        .filter_map(|line| line.strip_prefix('1').or_else(|| line.strip_prefix('2'))?.split(' ').next())
        .collect();
    assert_eq!(users, ["config", "leptos_config"], "toml is in the browser side");
}

/// Where the last build of the browser side is, if there was one.
fn built() -> Option<(String, Vec<u8>)> {
    let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_path_buf();
    let mut newest = None;
    for site in [target.join("site"), root().join("target/site")] {
        let mut found = Vec::new();
        files(&site.join("pkg"), ".wasm", &mut found);
        let dated = found.into_iter().filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)));
        newest = newest.max(dated.max());
    }
    let (date, wasm) = newest?;
    // A build from before the last change of an island says nothing of it.
    if fs::metadata(root().join("app/src/islands/mod.rs")).and_then(|data| data.modified()).ok()? > date {
        return None;
    }
    let mut scripts = Vec::new();
    files(wasm.parent()?, ".js", &mut scripts);
    let script = scripts.into_iter().max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok())?;
    Some((fs::read_to_string(script).unwrap(), fs::read(wasm).unwrap()))
}

/// The linker drops an island that nothing names, and a page that asks for it stays dead. Looks at what was built, where something was.
#[test]
fn every_island_reaches_the_browser() {
    let source = fs::read_to_string(root().join("app/src/islands/mod.rs")).unwrap();
    let islands: Vec<&str> =
        source.split("#[island]").skip(1).filter_map(|rest| rest.split("pub fn ").nth(1)?.split('(').next()).collect();
    assert_eq!(islands, app::islands::island_names(), "the list of islands is not the islands");
    assert!(
        fs::read_to_string(root().join("frontend/src/lib.rs")).unwrap().contains("pub use app::*"),
        "the islands are not linked"
    );
    let Some((script, wasm)) = built() else { return };
    for island in islands {
        let name = format!("{island}_");
        assert!(script.contains(&name), "the browser's script does not export {island}");
        assert!(
            wasm.windows(name.len()).any(|window| window == name.as_bytes()),
            "the browser's code does not hold {island}"
        );
    }
}

/// A promise is held by tests that are there.
#[test]
fn every_bar_names_tests_that_exist() {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Bar {
        says: String,
        tests: Vec<String>,
    }
    let bars: std::collections::BTreeMap<String, Bar> =
        toml::from_str(&fs::read_to_string(root().join("server/tests/bars.toml")).unwrap()).unwrap();
    let sources: String =
        ["server", "app"].into_iter().flat_map(|folder| all(folder, ".rs")).map(|(_, text)| text).collect();
    for (id, bar) in &bars {
        assert!(!bar.says.is_empty() && !bar.tests.is_empty(), "{id}");
        for test in &bar.tests {
            let path = test.split(' ').next_back().unwrap_or_default().trim_end_matches("::");
            let name = path.rsplit("::").next().unwrap_or_default();
            let there = if test.ends_with("::") { format!("mod {name}") } else { format!("fn {name}(") };
            assert!(sources.contains(&there), "{id} names {test}, which is not there");
        }
    }
}

/// A fault that can no longer be planted proves nothing (scripts/planted-faults).
#[test]
fn every_planted_fault_still_applies() {
    let bars = fs::read_to_string(root().join("server/tests/bars.toml")).unwrap();
    let sources: String = all("server", ".rs").into_iter().map(|(_, text)| text).collect();
    let git = std::process::Command::new("git").arg("--version").output().is_ok_and(|answer| answer.status.success());
    let (mut planted, mut numbers) = (0, Vec::new());
    for (path, text) in all("server/tests/faults", ".patch") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        numbers.push(name.split('-').next().unwrap_or_default().to_owned());
        let head: std::collections::BTreeMap<&str, &str> =
            text.split_once("\n\n").unwrap_or_default().0.lines().filter_map(|line| line.split_once(": ")).collect();
        assert!(
            bars.contains(&format!("\n[{}]\n", head["bar"])),
            "{name} breaks {}, which nobody promises",
            head["bar"]
        );
        assert!(head["says"].len() > 20 && head["package"].starts_with("nexus"), "{name}");
        for test in head["tests"].split(", ") {
            let test = test.rsplit("::").next().unwrap_or_default();
            assert!(sources.contains(&format!("fn {test}(")), "{name} names {test}, which is not there");
        }
        if git {
            let checked = std::process::Command::new("git")
                .current_dir(root())
                .args(["apply", "--check"])
                .arg(&path)
                .output()
                .unwrap();
            assert!(checked.status.success(), "{name}: {}", String::from_utf8_lossy(&checked.stderr));
        }
        planted += 1;
    }
    numbers.sort();
    numbers.dedup();
    assert!(planted >= 20 && numbers.len() == planted, "{planted} faults with {} numbers", numbers.len());
    println!("bar=N-01 faults={planted} applied={}", if git { planted } else { 0 });
}
