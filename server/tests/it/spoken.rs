//! Languages: every text that the sources say has its entry in every catalogue, and a page is said in one language from its title to its foot.

mod sources;

use crate::support::{Client, Server};
use axum::http::StatusCode;
use domain::Grants;
use domain::people::{CreateKey, KeyAccess};
use packs::seed::{Size, seed};
use reqwest::Method;
use serde_json::{Value, json};
use sources::{Said, said};
use std::collections::{BTreeMap, BTreeSet};
use words::{Entry, Language};

/// Every language but the one of the sources.
fn others() -> impl Iterator<Item = Language> {
    Language::ALL.into_iter().filter(|language| *language != Language::English)
}

/// The places of a text: `{name}`.
fn places(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// The English of an entry, without what tells it from another.
fn english(key: &str) -> &str {
    key.split_once('\u{4}').map_or(key, |(_, text)| text)
}

#[test]
fn every_text_has_its_entry_and_every_entry_its_text() {
    let texts = said();
    assert!(texts.len() > 1_000, "{} texts", texts.len());
    for language in others() {
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        let mut faults = Vec::new();
        for (catalog, found) in words::entries(language) {
            for entry in found {
                if entries.contains_key(&entry.key) {
                    faults.push(format!("{catalog}: there is another entry for {:?}", entry.key));
                }
                entries.insert(entry.key.clone(), entry);
            }
        }
        for (key, Said { many, file }) in &texts {
            match entries.get(key) {
                None => faults.push(format!("{file}: nothing stands for {key:?}")),
                Some(entry) if entry.many != *many => faults.push(format!("{file}: {key:?} is counted otherwise")),
                Some(_) => {}
            }
        }
        for (key, entry) in &entries {
            if !texts.contains_key(key) {
                faults.push(format!("nothing says {key:?}"));
            }
            let wanted = places(entry.many.as_deref().unwrap_or_else(|| english(key)));
            for text in &entry.texts {
                // "One row" may leave its count out.
                let short = entry.many.is_some() && places(text).is_subset(&wanted);
                if text.trim().is_empty() || places(text) != wanted && !short {
                    faults.push(format!("{key:?} has other places than {text:?}"));
                }
            }
            if entry.texts.len() != 1 + usize::from(entry.many.is_some()) {
                faults.push(format!("{key:?} has {} texts", entry.texts.len()));
            }
        }
        assert!(faults.is_empty(), "{}: {} faults\n{}", language.tag(), faults.len(), faults.join("\n"));
        println!("language={} texts={}", language.tag(), entries.len());
    }
}

/// Code of islands runs where only one catalogue is.
#[test]
fn what_islands_say_goes_to_the_browser() {
    for language in others() {
        let there: BTreeSet<String> = words::of_browser(language).into_iter().map(|(key, _)| key).collect();
        let texts = said();
        let of_islands = texts.iter().filter(|(_, said)| sources::in_the_browser(&said.file));
        let missing: Vec<_> = of_islands.filter(|(key, _)| !there.contains(*key)).collect();
        assert!(missing.is_empty(), "{missing:#?} must stand in {}/islands.po", language.tag());
        assert!(there.len() > 20, "{} entries", there.len());
    }
}

/// What descriptions call things is in the catalogues beside them.
#[test]
fn every_word_of_the_packs_is_said() {
    let library = packs::Library::load().unwrap();
    let (catalogs, words) = (library.catalogs(), library.words());
    for language in others() {
        let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let all = catalogs.industries().chain([("core", catalogs.core())]);
        for (slug, catalog) in all {
            let mut texts: BTreeSet<String> = catalog.texts().into_iter().collect();
            let pack = library.pack(slug).unwrap();
            texts.extend(pack.roles.iter().map(|role| role.label.clone()));
            wanted.insert(slug.to_owned(), texts);
        }
        let mut missing = Vec::new();
        for (slug, texts) in &wanted {
            for text in texts {
                if words.said(slug, language, text).is_none() {
                    missing.push(format!("{slug}: {text}"));
                }
            }
        }
        assert!(missing.is_empty(), "{}: nothing stands for {missing:#?}", language.tag());
    }
}

/// What a person reads of a page or hears of it: its texts, and the attributes that name things.
fn texts_of(page: &str) -> BTreeSet<String> {
    let body = page.split_once("<body").map_or(page, |(_, body)| body);
    let mut found = BTreeSet::new();
    let mut keep = |text: &str| {
        let text = text.trim();
        if text.chars().filter(|letter| letter.is_alphabetic()).count() > 2 {
            found.insert(text.to_owned());
        }
    };
    let mut rest = body;
    while let Some((text, after)) = rest.split_once('<') {
        keep(text.rsplit('>').next().unwrap_or_default());
        let inside = ["script", "style", "svg"].into_iter().find(|name| after.starts_with(name));
        let tag = after.split_once('>').map_or(after, |(tag, _)| tag);
        for name in ["title", "aria-label", "placeholder", "alt"] {
            tag.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).for_each(&mut keep);
        }
        rest = match inside.and_then(|name| after.split_once(&format!("</{name}>"))) {
            Some((_, after)) => after,
            None => after.split_once('>').map_or("", |(_, after)| after),
        };
    }
    found
}

/// Every string of an answer.
fn strings(value: &Value, found: &mut String) {
    match value {
        Value::String(text) => found.push_str(&format!("{text}\n")),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(members) => members.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

/// What a page says that it is in.
fn language_of(page: &str) -> &str {
    let tag = page.split("<html").nth(1).and_then(|rest| rest.split('>').next()).unwrap_or_default();
    tag.split(" lang=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

/// What is alike in both languages, and what people wrote or brought along.
const ALIKE: &[&str] = &[
    "Nexus",
    "WhatsApp",
    "Excel",
    "BIC (SWIFT)",
    "English",
    "Kiswahili",
    "Grace",
    "lakeside workspace",
    "Ctrl",
    "Esc",
    "Enter",
    "Space",
    // The demo's approvals say what they said when they were asked for.
    "Approve: order ORD-000001",
    "Approve: order ORD-000003",
];

/// A value of a record, a key, an amount, a code, a day of a month that is called alike.
fn is_own(text: &str, data: &str) -> bool {
    let alike = |word: &str| {
        word.len() < 2
            || word.chars().all(char::is_uppercase)
            || ["Jan", "Feb", "Apr", "Jun", "Jul", "Sep", "Nov", "min"].contains(&word)
    };
    data.contains(text)
        || text.contains(['/', '@', '_'])
        || text.contains('.') && !text.contains(' ') && text.to_lowercase() == text
        || ALIKE.contains(&text)
        || text.split(|letter: char| !letter.is_alphabetic()).all(alike)
}

/// The pages of a workspace that has something in it, once for somebody who reads English and once for somebody who reads Swahili.
#[tokio::test]
async fn a_page_is_said_in_one_language() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "automotive").await;
    server.world.furnish(&tenant).await;
    let (owner, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let library = packs::Library::load().unwrap();
    seed(&server.world.platform, &library, "automotive", Size::Small, "lakeside").await.unwrap();
    let mut paths: Vec<String> = [
        "",
        "leads?view=board",
        "leads?filter=status = qualified or owner = me&sort=-value&group=status",
        "leads?choose=columns",
        "leads?add.field=value",
        "leads?sort=vlaue",
        "leads?trash=1",
        "tasks?view=calendar",
        "tasks?view=calendar&scale=agenda",
        "opportunities?view=timeline",
        "leads/new",
        "leads/import",
        "leads/views",
        "leads/bulk",
        "ledger",
        "ledger/receivables",
        "dashboards",
        "dashboards/sales",
        "workflows",
        "runs",
        "approvals",
        "notifications",
        "help",
        "help/filters",
        "go?q=a",
        "settings",
        "settings/security",
        "settings/people",
        "settings/profile",
        "settings/company",
        "settings/locations",
        "settings/roles",
        "settings/roles/MANAGER",
        "settings/audit",
        "settings/keys",
        "settings/sessions",
        "settings/feedback",
        "feedback",
        "nothing-of-the-kind",
    ]
    .map(str::to_owned)
    .to_vec();
    let (catalog, mut data) = (library.catalog("automotive").unwrap(), String::new());
    for entity in catalog.iter() {
        let (_, rows) = owner.json(&format!("/w/lakeside/api/v1/{}?limit=100", entity.plural)).await;
        strings(&rows, &mut data);
        paths.push(entity.plural.clone());
        if let Some(id) = rows.pointer("/data/0/id").and_then(Value::as_str) {
            let record = format!("{}/{id}", entity.plural);
            paths.extend(["", "/edit", "/access", "/versions", "/merge"].map(|page| format!("{record}{page}")));
        }
    }
    assert!(paths.len() > 90, "{}", paths.len());
    let address = |path: &str| format!("/w/lakeside/{}", path.replace(' ', "%20")).trim_end_matches('/').to_owned();
    let mut english = BTreeMap::new();
    for path in &paths {
        let (_, page) = owner.page(&address(path)).await;
        assert_eq!(language_of(&page), "en", "{path}");
        english.insert(path, texts_of(&page));
    }
    let spoken = "update users set language = 'sw' where name = 'Grace'";
    sqlx::query(spoken).execute(&server.world.owner().await).await.unwrap();
    let (mut stays, mut said) = (BTreeMap::<String, Vec<String>>::new(), 0);
    for path in &paths {
        let (_, page) = owner.page(&address(path)).await;
        assert_eq!(language_of(&page), "sw", "{path}");
        for text in texts_of(&page) {
            said += 1;
            if english[path].contains(&text) && !text.split(" · ").all(|part| is_own(part, &data)) {
                stays.entry(text).or_default().push(path.clone());
            }
        }
    }
    assert!(stays.is_empty(), "said in English on pages in Swahili: {stays:#?}");
    println!("language=sw pages={} texts={said}", paths.len());
    server.end().await;
}

/// An operation refuses in a task of its own: what it says reaches each person in their language, also where both ask at once, and a program in
/// English.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_said_in_the_language_of_whoever_hears_it() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (zuhura, caller) = server.signed_in(&tenant, "Zuhura", &["OWNER"]).await;
    let spoken = "update users set language = 'sw' where name = 'Zuhura'";
    sqlx::query(spoken).execute(&server.world.owner().await).await.unwrap();
    let wrong = [
        ("entity", "lead"),
        ("values.name", "Asha"),
        ("values.email", "asha.example.com"),
        ("_page", "/w/lakeside/leads/new"),
    ];
    let refused = async |client: &Client| {
        let answer = client.form("/w/lakeside/do/records.create", &wrong).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        answer.text().await.unwrap()
    };
    for _ in 0..20 {
        let (english, swahili) = tokio::join!(refused(&grace), refused(&zuhura));
        assert!(english.contains("it has no @") && !english.contains("haina @"), "{english}");
        assert!(swahili.contains("haina @") && !swahili.contains("it has no @"), "{swahili}");
    }
    // What a key does is said to whoever wrote the program.
    let key = CreateKey {
        name: "Program".to_owned(),
        access: KeyAccess::Write,
        areas: BTreeMap::new(),
        scopes: Grants::default(),
        addresses: None,
        days: None,
        per_minute: None,
    };
    let key = server.world.run(&caller, key).await.unwrap().key.unwrap();
    let body = json!({ "name": "Asha", "email": "asha.example.com" });
    let program = server.client();
    let request = program.request(Method::POST, "/w/lakeside/api/v1/leads").bearer_auth(key);
    let request =
        request.header("content-type", "application/json").header("accept-language", "sw").body(body.to_string());
    let answer = program.send(request.header("idempotency-key", "one")).await;
    let said = answer.text().await.unwrap();
    assert!(said.contains("it has no @"), "{said}");
    server.end().await;
}
