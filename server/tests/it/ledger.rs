//! G-14: the ledger of OWASP ASVS 5.0 (docs/asvs.toml) has an answer to every requirement of levels 1 and 2, names only what is there, and leaves
//! no requirement of level 1 open.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The levels of the requirements of each section, in order; those of level 3 are not in the ledger. Without chapter 17.
const SECTIONS: &str = "\
1.1 22
1.2 1111122223
1.3 112222222223
1.4 222
1.5 123
2.1 122
2.2 112
2.3 12223
2.4 23
3.1 3
3.2 113
3.3 12223
3.4 11222233
3.5 11122333
3.6 3
3.7 22333
4.1 12233
4.2 23333
4.3 22
4.4 1222
5.1 2
5.2 112333
5.3 113
5.4 222
6.1 122
6.2 111111112222
6.3 11223333
6.4 112233
6.5 22222333
6.6 2223
6.7 33
6.8 2222
7.1 222
7.2 1111
7.3 22
7.4 11222
7.5 223
7.6 22
8.1 1233
8.2 1123
8.3 133
8.4 23
9.1 111
9.2 1222
10.1 22
10.2 223
10.3 22223
10.4 1111122222233333
10.5 22222
10.6 22
10.7 222
11.1 2233
11.2 22233
11.3 11233
11.4 1222
11.5 23
11.6 23
11.7 33
12.1 12233
12.2 11
12.3 22223
13.1 2333
13.2 222223
13.3 2233
13.4 1222233
14.1 22
14.2 12223333
14.3 122
15.1 12233
15.2 12233
15.3 1222222
15.4 3333
16.1 2
16.2 22222
16.3 2222
16.4 222
16.5 2223";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    level: u8,
    answer: String,
    about: String,
    #[serde(default)]
    by: Vec<String>,
    #[serde(default)]
    why: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "target" {
            sources(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Every requirement with its level.
fn wanted() -> BTreeMap<String, u8> {
    let mut wanted = BTreeMap::new();
    for line in SECTIONS.lines() {
        let (section, levels) = line.split_once(' ').unwrap();
        for (at, level) in levels.bytes().enumerate().filter(|(_, level)| *level < b'3') {
            wanted.insert(format!("V{section}.{}", at + 1), level - b'0');
        }
    }
    wanted
}

fn is_file(named: &str) -> bool {
    named.contains('/') || !named.contains("::") && named.contains('.')
}

#[test]
fn every_requirement_has_an_answer_that_can_be_looked_up() {
    let ledger: BTreeMap<String, Row> =
        toml::from_str(&std::fs::read_to_string(root().join("docs/asvs.toml")).unwrap()).unwrap();
    let wanted = wanted();
    assert_eq!(wanted.len(), 246, "the standard has 246 of them");
    let missing: Vec<&String> = wanted.keys().filter(|id| !ledger.contains_key(*id)).collect();
    assert!(missing.is_empty(), "{missing:?} have no row in docs/asvs.toml");
    let mut code = String::new();
    for folder in ["server", "app"] {
        sources(&root().join(folder), &mut code);
    }
    let (mut by_test, mut count) = (0, BTreeMap::new());
    for (id, row) in &ledger {
        assert_eq!(wanted.get(id), Some(&row.level), "{id} is not of level {}", row.level);
        assert!(!row.about.is_empty(), "{id}");
        match row.answer.as_str() {
            "yes" => assert!(!row.by.is_empty(), "{id} is said to hold, and nothing shows it"),
            "no" | "n/a" => assert!(row.by.is_empty() && row.why.len() >= 8, "{id} does not say why"),
            other => panic!("{id} is answered by {other}"),
        }
        for named in &row.by {
            let test = named.rsplit(' ').next().unwrap_or_default().rsplit("::").next().unwrap_or_default();
            let there =
                if is_file(named) { root().join(named).exists() } else { code.contains(&format!("fn {test}(")) };
            assert!(there, "{id} names {named}, which is not there");
        }
        by_test += u32::from(row.by.iter().any(|named| !is_file(named)));
        *count.entry((row.level, row.answer.as_str())).or_insert(0) += 1;
    }
    let of = |level: u8, answer: &'static str| count.get(&(level, answer)).copied().unwrap_or(0);
    println!(
        "bar=G-14 rows={} by_test={by_test} level1_yes={} level1_na={} level1_no={} level2_yes={} level2_na={} level2_no={}",
        ledger.len(),
        of(1, "yes"),
        of(1, "n/a"),
        of(1, "no"),
        of(2, "yes"),
        of(2, "n/a"),
        of(2, "no")
    );
    assert_eq!(of(1, "no"), 0, "a requirement of level 1 is open");
}
