//! The packs as they are shipped, and packs with one mistake each.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test is told by its environment to write files anew")]

use domain::schema::{FieldKind, Filter, ViewKind};
use packs::{Fault, Library};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs")
}

fn shipped() -> BTreeMap<String, String> {
    fn walk(folder: &Path, base: &Path, files: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, base, files);
            } else {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(&folder(), &folder(), &mut files);
    files
}

/// Faults after replacing `from` by `to` in a file.
fn faults(file: &str, from: &str, to: &str) -> Vec<String> {
    let mut files = shipped();
    let text = files.get_mut(file).unwrap_or_else(|| panic!("there is no {file}"));
    assert!(text.contains(from), "{file} has no {from}");
    *text = text.replacen(from, to, 1);
    Library::from_files(&files).err().unwrap_or_default().iter().map(Fault::to_string).collect()
}

fn line(file: &str, of: &str) -> usize {
    let text = shipped().remove(file).unwrap();
    text.lines().position(|line| line.contains(of)).unwrap_or_else(|| panic!("{file} has no {of}")) + 1
}

#[test]
fn what_is_shipped_is_sound() {
    let library = Library::load()
        .unwrap_or_else(|faults| panic!("{}", faults.iter().map(|fault| format!("\n{fault}")).collect::<String>()));
    let core = library.catalog("core").unwrap();
    let keys: Vec<&str> = core.iter().map(|entity| entity.key.as_str()).collect();
    assert_eq!(keys[..6], ["lead", "opportunity", "customer", "contact", "order", "product"]);
    assert_eq!(keys.len(), 16);
    let templates: Vec<&str> = library.workflows("core").iter().map(|template| template.key.as_str()).collect();
    assert_eq!(templates, ["low_stock_alert", "order_to_invoice", "payment_reminder", "won_deal_note"]);
    let automotive = library.catalog("automotive").unwrap();
    assert_eq!(automotive.get("opportunity").unwrap().labels.one, "Vehicle sale");
    let stages: Vec<&str> = automotive
        .get("opportunity")
        .unwrap()
        .states
        .as_ref()
        .unwrap()
        .list
        .iter()
        .map(|state| state.label.as_str())
        .collect();
    assert_eq!(stages, ["Enquiry", "Test drive", "Quotation", "Finance", "Delivery booked", "Won", "Lost"]);
    assert_eq!(core.get("opportunity").unwrap().labels.one, "Opportunity");
    assert!(core.get("dealer").is_none() && automotive.by_plural("dealers").is_some());
    assert_eq!(library.industries().map(|pack| pack.slug.as_str()).collect::<Vec<_>>(), ["automotive"]);
    assert!(library.catalog("banking").is_none());
}

#[test]
fn every_icon_is_in_the_design_system() {
    let icons = include_str!("../../../../app/crates/ui/icons.txt");
    let library = Library::load().unwrap();
    for industry in ["core", "automotive"] {
        for entity in library.catalog(industry).unwrap().iter() {
            assert!(
                icons.lines().any(|icon| icon.trim() == entity.icon),
                "{}: there is no icon {}",
                entity.key,
                entity.icon
            );
        }
    }
}

#[test]
fn every_entity_can_be_listed_and_what_moves_has_a_board() {
    for entity in Library::load().unwrap().catalog("automotive").unwrap().iter() {
        assert!(entity.first_view(ViewKind::Table).is_some(), "{}", entity.key);
        for view in &entity.views {
            view.filter.iter().for_each(|filter| drop(Filter::parse(filter, entity).unwrap()));
        }
        let title = entity.field(&entity.title).unwrap();
        // The number is the server's own and always there.
        let text = title.required && matches!(title.kind, FieldKind::Text { .. });
        assert!(title.indexed && (text || title.kind == FieldKind::Number), "{}", entity.key);
    }
}

/// Headers of files from elsewhere that must find their field without a hand.
#[test]
fn foreign_headers_find_their_fields() {
    let library = Library::load().unwrap();
    let lead = library.catalog("core").unwrap().get("lead").unwrap().clone();
    let known = |header: &str| {
        let wanted = domain::text::normal(header);
        let mut found = lead.fields.iter().filter(|field| {
            field.aliases.iter().chain([&field.label, &field.key]).any(|word| domain::text::normal(word) == wanted)
        });
        let first = found.next().map(|field| field.key.clone());
        assert!(found.next().is_none(), "{header} fits two fields");
        first
    };
    for (header, field) in [
        ("Full Name", "name"),
        ("E-mail", "email"),
        ("Mobile", "phone"),
        ("Company", "company"),
        ("City", "city"),
        ("Country", "country"),
        ("Deal size", "value"),
        ("Pipeline step", "status"),
        ("Lead source", "source"),
        ("Created on", "enquiredOn"),
        ("Owner e-mail", "owner"),
        ("Comment", "notes"),
    ] {
        assert_eq!(known(header).as_deref(), Some(field), "{header}");
    }
}

const LEAD: &str = "_core/entities/lead.toml";

#[test]
fn an_unknown_field_in_a_view_is_named_with_its_line() {
    let mistaken = faults(
        LEAD,
        "\"company\", \"status\", \"value\", \"source\"",
        "\"company\", \"stauts\", \"value\", \"source\"",
    );
    let at = line(LEAD, "\"company\", \"status\", \"value\", \"source\"");
    assert_eq!(mistaken, [format!("server/packs/{LEAD}:{at}: stauts is not a field; did you mean status?")]);
}

#[test]
fn each_kind_of_mistake_is_named_with_its_line() {
    let opportunity = "automotive/overlays/opportunity.toml";
    #[rustfmt::skip]
    let cases = [
        // file, what stands there, the mistake, the line that is named, the words
        (LEAD, "readOnly = true", "readonly = true", "readOnly = true", "readonly is not known here; did you mean readOnly?"),
        (LEAD, "{ type = \"email\" }", "{ type = \"emial\" }", "{ type = \"email\" }", "emial is not a type; did you mean email?"),
        (LEAD, "{ type = \"email\" }", "{ type = \"email\", max = 5 }", "{ type = \"email\" }", "max is not known here; known are type"),
        (LEAD, "search = 10", "search = \"10\"", "search = 10", "search should be a whole number"),
        (LEAD, "search = 10", "search = 99999", "search = 10", "search is out of range"),
        (LEAD, "kind = \"board\"", "kind = \"borad\"", "kind = \"board\"", "borad is not a kind; did you mean board?"),
        (LEAD, "initial = \"new\"", "initial = \"nwe\"", "initial = \"new\"", "nwe is not a state; did you mean new?"),
        (LEAD, "gate = { requires = [\"company\"] }", "gate = { requires = [\"compny\"] }", "gate = { requires = [\"company\"] }", "compny is not a field; did you mean company?"),
        (LEAD, "to = \"qualified\"", "to = \"qualifed\"", "to = \"qualified\"", "qualifed is not a state; did you mean qualified?"),
        (LEAD, "entity = \"customer\"", "entity = \"custommer\"", "entity = \"customer\"", "custommer is not an entity; did you mean customer?"),
        (LEAD, "key = \"city\"", "key = \"createdAt\"", "key = \"city\"", "createdAt is a standard field and cannot be described again"),
        (LEAD, "filter = \"status not in (won, lost)\"", "filter = \"stage not in (won, lost)\"", "filter = \"status not in (won, lost)\"", "Lead has no field stage"),
        (LEAD, "sort = \"-enquiredOn\"", "sort = \"-nextStep\"", "sort = \"-enquiredOn\"", "nextStep cannot be sorted by"),
        (LEAD, "title = \"name\"", "title = \"nmae\"", "title = \"name\"", "nmae is not a field; did you mean name?"),
        (LEAD, "kind = { type = \"long_text\" }", "kind = { type = \"long_text\" }\nindexed = true", "group = \"Notes\"", "notes is long text, which cannot be indexed"),
        (LEAD, "key = \"nextStep\"", "key = \"valueMinor\"", "key = \"nextStep\"", "valueMinor and value would share the column value_minor"),
        (LEAD, "key = \"company\"", "key = \"group\"", "key = \"company\"", "group must be camelCase and no word of SQL"),
        (LEAD, "aliases = [\"town\"", "aliases = [\"mobile\", \"town\"", "aliases = [\"town\"", "mobile names both phone and city"),
        ("automotive/pack.toml", "\"dealer\"", "\"daeler\"", "\"dealer\"", "daeler is not an entity; did you mean dealer?"),
        ("automotive/pack.toml", "slug = \"automotive\"", "slug = \"cars\"", "slug = \"automotive\"", "slug is cars, but the file is named after automotive"),
        (opportunity, "[fields.closeOn]", "[fields.closesOn]", "[fields.closeOn]", "closesOn is not a field; did you mean closeOn?"),
        (opportunity, "initial = \"enquiry\"", "initial = \"inquiry\"", "initial = \"enquiry\"", "inquiry is not a state; did you mean enquiry?"),
        ("automotive/demo.toml", "won = 6,", "wun = 6,", "won = 6,", "wun is not a state of lead"),
        ("automotive/demo.toml", "{ money = [14000, 260000, 500] }", "{ money = [14000, 260000] }", "{ money = [14000, 260000, 500] }", "money has 2 values where 3 belong"),
        ("automotive/demo.toml", "office@{company.mail}.example", "office@{company.mail}.co.ke", "email = { draw = { text = \"office", "what is drawn for email does not fit the field of customer"),
    ];
    for (file, from, to, at, message) in cases {
        let found = faults(file, from, to);
        let expected = format!("server/packs/{file}:{}: {message}", line(file, at));
        assert!(found.contains(&expected), "\n{to}\nexpected {expected}\n   found {found:#?}");
    }
}

#[test]
fn broken_syntax_and_strange_files_are_named() {
    let found = faults(LEAD, "key = \"lead\"", "key = \"lead");
    assert!(found[0].starts_with(&format!("server/packs/{LEAD}:{}: ", line(LEAD, "key = \"lead\""))), "{found:?}");
    let mut files = shipped();
    files.insert("automotive/views.toml".to_owned(), String::new());
    let found = Library::from_files(&files).unwrap_err();
    assert!(found[0].to_string().starts_with("server/packs/automotive/views.toml: a pack has"), "{found:?}");
}

/// `NEXUS_BLESS=1 cargo test -p nexus-packs` writes the files anew after a change of the types.
#[test]
fn the_schema_files_are_what_the_types_say() {
    for schema in packs::schema::all() {
        let path = folder().join("_schema").join(schema.file);
        if std::env::var_os("NEXUS_BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, schema.print()).unwrap();
        }
        let file = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(file == schema.print(), "{} is out of date: NEXUS_BLESS=1 cargo test -p nexus-packs", path.display());
    }
}

#[test]
fn every_workspace_begins_with_accounts_and_an_industry_may_have_its_own() {
    const CHART: &str = "_core/records/ledger_account.toml";
    let library = Library::load().unwrap();
    for industry in ["core", "automotive", "unknown"] {
        let entities: Vec<&str> = library.beginnings(industry).iter().map(|begin| begin.entity.as_str()).collect();
        assert_eq!(entities, ["ledger_account", "tax_rate"], "{industry}");
    }
    let chart = &library.beginnings("core")[0];
    for purpose in ["receivable", "bank", "sales", "tax", "exchange"] {
        let holds =
            |row: &&std::collections::BTreeMap<String, String>| row.get("purpose").is_some_and(|p| p == purpose);
        assert_eq!(chart.rows.iter().filter(holds).count(), 1, "{purpose}");
    }
    let mut files = shipped();
    let own = "entity = \"ledger_account\"\nrows = [{ code = \"1\", name = \"Till\", type = \"asset\" }]\n";
    files.insert("automotive/records/ledger_account.toml".to_owned(), own.to_owned());
    let library = Library::from_files(&files).unwrap();
    assert_eq!(library.beginnings("automotive")[0].rows.len(), 1);
    assert_eq!(library.beginnings("core")[0].rows.len(), chart.rows.len());
    // A fault says where.
    let found = faults(
        CHART,
        "{ code = \"3000\", name = \"Owner's capital\", type = \"equity\" }",
        "{ code = \"3000\", nam = \"x\", type = \"odd\" }",
    );
    assert!(found.iter().any(|fault| fault.contains("nam is not a field")), "{found:?}");
    assert!(found.iter().any(|fault| fault.contains("name of ledger_account is required")), "{found:?}");
    assert!(
        found.iter().any(|fault| fault.starts_with(&format!("server/packs/{CHART}:")) && fault.contains("odd")),
        "{found:?}"
    );
}
