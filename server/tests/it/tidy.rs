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

/// Every way in which text becomes a query: the wrappers that vouch for it, what carries it to a driver past them, and what makes a constant of it.
const QUERY_MAKERS: [&str; 13] = [
    "AssertSqlSafe(",
    "Statement {",
    ".text.push",
    "into_sql_str(",
    "SqlStr::",
    "batch_execute(",
    "simple_query(",
    "query_typed(",
    "prepare_typed",
    "raw_sql(",
    "QueryBuilder",
    "Box::leak(",
    ".leak()",
];

/// Where that is done and how often, with the test that sends hostile input there; or, where nobody's input comes, with the reason.
const QUERY_PLACES: &[(&str, &str, usize, &str)] = &[
    // The engine's builder: names from descriptions, everything else bound.
    ("server/crates/records/src/sql.rs", ".text.push", 13, "probes_in_every_place_are_only_text"),
    ("server/crates/records/src/sql.rs", "Statement {", 1, "probes_in_every_place_are_only_text"),
    ("server/crates/records/src/sql.rs", "AssertSqlSafe(", 1, "every_filter_and_sort_of_leads_is_served_by_an_index"),
    ("server/crates/records/src/sql.rs", "raw_sql(", 1, "every_filter_and_sort_of_leads_is_served_by_an_index"),
    // The first statement of a transaction, with a UUID that was parsed.
    ("server/crates/platform/src/db.rs", "AssertSqlSafe(", 1, "every_table_is_closed_to_every_other_context"),
    ("server/crates/platform/src/db.rs", "into_sql_str(", 1, "every_table_is_closed_to_every_other_context"),
    // With it the claim of a key, whose words go as digits; the rest are constants.
    ("server/crates/platform/src/db.rs", "raw_sql(", 4, "replayed_to_the_byte_and_refused_for_another_body"),
    ("server/crates/platform/src/read.rs", "batch_execute(", 4, "two_thousand_cancelled_reads_leave_nothing_open"),
    // What carries a statement to either driver.
    ("server/crates/platform/src/read.rs", "query_typed(", 1, "either_driver_answers_the_same"),
    ("server/crates/platform/src/read.rs", "prepare_typed", 1, "either_driver_answers_the_same"),
    ("server/crates/platform/src/statement.rs", "AssertSqlSafe(", 1, "either_driver_answers_the_same"),
    ("server/crates/platform/src/statement.rs", "Statement {", 2, "either_driver_answers_the_same"),
    // Names of databases that the server makes itself.
    ("server/crates/cluster/src/roles.rs", "AssertSqlSafe(", 2, "other_databases_come_and_go"),
    ("server/crates/cluster/src/roles.rs", "raw_sql(", 3, "other_databases_come_and_go"),
    ("server/crates/cluster/src/template.rs", "AssertSqlSafe(", 2, "copies_begin_as_their_template_which_is_made_once"),
    // Tables that descriptions ask for, as the owner of the schema, when an operator starts the server with packs of their own.
    (
        "server/crates/packs/src/ddl/make.rs",
        "AssertSqlSafe(",
        1,
        "a_folder_of_packs_brings_its_tables_and_nothing_else",
    ),
    ("server/crates/packs/src/ddl/make.rs", "raw_sql(", 1, "a_folder_of_packs_brings_its_tables_and_nothing_else"),
    // The benchmark fills a database of its own, and no request comes there.
    ("server/src/bench/ceiling.rs", "Box::leak(", 1, "-"),
    ("server/src/bench/data.rs", "AssertSqlSafe(", 2, "-"),
    ("server/src/bench/data.rs", "raw_sql(", 1, "-"),
    ("server/src/bench/flow.rs", "raw_sql(", 2, "-"),
];

/// E-02. Text becomes SQL in the places above and in no other; from everybody else, statements are constants.
#[test]
fn sql_is_made_from_text_in_reviewed_places_only() {
    let (mut counted, mut sources) = (Vec::new(), String::new());
    for (path, text) in all("server", ".rs") {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        if name.contains("/tests/") || name.ends_with("/tests.rs") || name.starts_with("server/crates/testkit/") {
            sources.push_str(&text);
            continue;
        }
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for maker in QUERY_MAKERS {
            let count = code.matches(maker).count();
            if count > 0 {
                counted.push((name.clone(), maker, count));
            }
        }
    }
    let wanted = |(name, maker, count): &(String, &str, usize)| {
        QUERY_PLACES.iter().any(|place| (place.0, place.1, place.2) == (name.as_str(), *maker, *count))
    };
    let unknown: Vec<_> = counted.iter().filter(|found| !wanted(found)).collect();
    assert!(unknown.is_empty(), "text becomes SQL where nobody has looked: {unknown:#?}");
    assert_eq!(counted.len(), QUERY_PLACES.len(), "a place on the list is gone");
    let mut held = 0;
    for (name, maker, _, test) in QUERY_PLACES.iter().filter(|place| place.3 != "-") {
        assert!(sources.contains(&format!("fn {test}(")), "{name} {maker} names {test}, which is not there");
        held += 1;
    }
    println!("bar=E-02 makers={} places={} with_a_test={held} unknown=0 pass=1", QUERY_MAKERS.len(), counted.len());
}

/// E-07. One module makes HTTP clients, so that no other can forget what an address must not be.
#[test]
fn outbound_calls_have_one_client() {
    let mut makers = Vec::new();
    for (path, text) in all("server", ".rs") {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let tests = name.contains("/tests/")
            || name.starts_with("server/crates/testkit/")
            || name.starts_with("server/src/bench/");
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let makes = [
            "reqwest::Client",
            "reqwest::get",
            "Client::builder()",
            "ClientBuilder",
            "hyper_util::client",
            "hyper::client",
        ];
        if !tests && makes.iter().any(|make| text.contains(make)) {
            makers.push(name);
        }
    }
    println!("bar=E-07 makers={} pass=1", makers.len());
    assert_eq!(makers, ["server/crates/platform/src/egress.rs"]);
}

/// The title of `leptos_meta` is not escaped. Ours is.
#[test]
fn titles_are_escaped() {
    for (path, text) in all("app", ".rs") {
        let ours = path.ends_with("layout/title.rs");
        let theirs = text.contains("leptos_meta::Title")
            || text.split("use leptos_meta::").skip(1).any(|rest| {
                let names = rest.split(';').next().unwrap_or_default();
                names.contains('*') || names.split(['{', '}', ',', ' ']).any(|name| name == "Title")
            });
        assert!(ours || !theirs, "{} has a title that is not escaped", path.display());
    }
}

/// An icon that is not in the sprite leaves a hole.
#[test]
fn every_icon_is_in_the_sprite() {
    let sprite = fs::read_to_string(root().join("public/icons.svg")).unwrap();
    let mut looked = 0;
    for (folder, ending, mark) in
        [("app", ".rs", "icon=\""), ("app", ".rs", "<Icon name=\""), ("server/packs", ".toml", "icon = \"")]
    {
        for (path, text) in all(folder, ending) {
            for rest in text.split(mark).skip(1) {
                let icon = rest.split('"').next().unwrap_or_default();
                assert!(sprite.contains(&format!("id=\"{icon}\"")), "{} wants the icon {icon}", path.display());
                looked += 1;
            }
        }
    }
    assert!(looked > 60, "{looked} icons");
}

/// What a style sheet writes is in no catalogue, and read out in English to everybody.
#[test]
fn style_sheets_say_nothing() {
    let (mut looked, mut said) = (0, Vec::new());
    for (path, text) in all("style", ".css") {
        for line in text.lines().map(str::trim).filter(|line| line.starts_with("content:")) {
            looked += 1;
            // Escapes are signs, such as arrows.
            let letters = |text: &str| {
                text.split_whitespace().any(|word| !word.starts_with('\\') && word.contains(char::is_alphabetic))
            };
            if line.split('"').skip(1).step_by(2).any(letters) {
                said.push(format!("{}: {line}", path.display()));
            }
        }
    }
    assert!(looked > 10 && said.is_empty(), "of {looked}: {said:?}");
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
        #[serde(default)]
        tests: Vec<String>,
        /// In place of tests.
        command: Option<String>,
        /// Of the build that has the tests.
        #[serde(default)]
        features: String,
    }
    let bars: std::collections::BTreeMap<String, Bar> =
        toml::from_str(&fs::read_to_string(root().join("server/tests/bars.toml")).unwrap()).unwrap();
    let sources: String =
        ["server", "app"].into_iter().flat_map(|folder| all(folder, ".rs")).map(|(_, text)| text).collect();
    for (id, bar) in &bars {
        assert!(!bar.says.is_empty() && bar.tests.is_empty() == bar.command.is_some(), "{id}");
        if let Some(script) = bar.command.as_deref().and_then(|command| command.split(' ').next()) {
            assert!(root().join(script).is_file(), "{id} names {script}, which is not there");
        }
        assert!(bar.features.is_empty() || bar.features.starts_with("nexus/"), "{id}");
        for test in &bar.tests {
            if let Some((file, title)) = test.strip_prefix("browser ").and_then(|test| test.split_once(": ")) {
                let spec = fs::read_to_string(root().join("end2end/tests").join(file)).unwrap_or_default();
                assert!(spec.contains(&format!("test('{title}'")), "{id} names {test}, which is not there");
                continue;
            }
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
    let sources: String = ["server", "app"].iter().flat_map(|top| all(top, ".rs")).map(|(_, text)| text).collect();
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
            let test = test.rsplit([':', ' ']).next().unwrap_or_default();
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
