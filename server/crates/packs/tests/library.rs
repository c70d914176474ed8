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
    assert_eq!(
        library.industries().map(|pack| pack.slug.as_str()).collect::<Vec<_>>(),
        ["automotive", "home-showrooms"]
    );
    assert!(library.catalog("banking").is_none());
}

#[test]
fn every_icon_is_in_the_design_system() {
    let icons = include_str!("../../../../app/crates/ui/icons.txt");
    let library = Library::load().unwrap();
    for industry in ["core", "automotive", "home-showrooms"] {
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
    let library = Library::load().unwrap();
    let catalogs = ["automotive", "home-showrooms"].map(|industry| library.catalog(industry).unwrap());
    for entity in catalogs.iter().flat_map(|catalog| catalog.iter()) {
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
const SALES: &str = "_core/dashboards/sales.toml";

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
    let (dealer, deal) = ("automotive/entities/dealer.toml", "_core/entities/opportunity.toml");
    let (showrooms, project) = ("home-showrooms/pack.toml", "home-showrooms/entities/project.toml");
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
        // Checklists, days and owners of a role.
        (project, "key = \"photos_taken\"", "key = \"sizes_taken\"", "key = \"sizes_taken\"", "sizes_taken is an item of survey_booked already, and a tick is kept by the key of its item; call it sizes_taken_survey_booked or the like"),
        (project, "key = \"plan_drawn\"", "key = \"sizes_taken\"", "key = \"plan_drawn\"", "sizes_taken is an item of survey_booked already, and a tick is kept by the key of its item; call it sizes_taken_survey_done or the like"),
        (project, "key = \"fitted\"", "key = \"Fitted\"", "key = \"fitted\"", "Fitted must be lower case letters, digits and _"),
        (project, "label = \"Everything fitted\"", "label = \" \"", "key = \"fitted\"", "fitted has no words"),
        (project, "label = \"Everything fitted\"", "label = \"Everything fitted\", hlep = \"All of it\"", "label = \"Everything fitted\"", "hlep is not known here; did you mean help?"),
        (project, "label = \"Back to the site\"", "label = \"Back to the site\"\ngate = { checklist = true }", "from = [\"completed\"]", "return asks for a checklist, and completed has none; describe one there, or take `checklist` out of the gate"),
        (project, "gate = { checklist = true }", "gate = { cheklist = true }", "gate = { checklist = true }", "cheklist is not known here; did you mean checklist?"),
        (project, "slaDays = 2\n", "slaDays = 0\n", "slaDays = 2", "the slaDays of enquiry is 0; say 1 to 3650, or leave it out where nothing is late"),
        (project, "slaDays = 2\n", "slaDays = 4000\n", "slaDays = 2", "the slaDays of enquiry is 4000; 3650 is the most"),
        (project, "slaDays = 2\n", "slaDays = -2\n", "slaDays = 2", "slaDays is out of range"),
        (project, "kind = \"done\"", "slaDays = 5\nkind = \"done\"", "kind = \"done\"", "completed ends the way, so nothing is late there; take slaDays out"),
        (project, "slaDays = 2\n", "slaDays = 2\nactions = [\"VIEW\"]\n", "label = \"Client called back\"", "nobody can tick a checklist in enquiry, because its actions leave EDIT out"),
        // Limits of columns.
        (project, "limit = 6\n", "limit = 0\n", "limit = 6", "the limit of design_in_progress is 0; say 1 to 999, or leave it out where any number may stand"),
        (project, "limit = 6\n", "limit = 1000\n", "limit = 6", "the limit of design_in_progress is 1000; say 1 to 999, or leave it out where any number may stand"),
        (project, "limit = 6\n", "limit = -6\n", "limit = 6", "limit is out of range"),
        (project, "limit = 6\n", "limits = 6\n", "limit = 6", "limits is not known here; did you mean limit?"),
        (LEAD, "label = \"Referral\", hue = 3", "label = \"Referral\", limit = 0", "key = \"referral\"", "the limit of referral is 0; say 1 to 999, or leave it out where any number may stand"),
        (dealer, "key = \"service\", label", "key = \"service\", limit = 5, label", "key = \"service\",", "service has a limit, and services makes no columns of a board, as an indexed option does"),
        (project, "ownerRole = \"SURVEYOR\"", "ownerRole = \"SURVEYER\"", "ownerRole = \"SURVEYOR\"", "SURVEYER is not a role; did you mean SURVEYOR?"),
        (project, "roles = [\"MANAGER\"]", "roles = [\"MANGER\"]", "roles = [\"MANAGER\"]", "MANGER is not a role; did you mean MANAGER?"),
        (project, "key = \"orderReference\"", "key = \"statusDue\"", "key = \"orderReference\"", "statusDue is a standard field and cannot be described again"),
        (showrooms, "key = \"SURVEYOR\"", "key = \"WAREHOUSE\"", "key = \"SURVEYOR\"", "there is a role WAREHOUSE already"),
        (showrooms, "label = \"Surveyor\"", "label = \"Designer\"", "label = \"Designer\"", "Designer is the name of another role"),
        (showrooms, "key = \"SURVEYOR\"", "key = \"Surveyor\"", "key = \"SURVEYOR\"", "Surveyor must be capital letters, digits and _"),
        (showrooms, "\"crm.project.update\" = \"own\"", "\"crm.projct.update\" = \"own\"", "\"crm.project.update\" = \"own\"", "crm.projct.update grants nothing; did you mean crm.project.update?"),
        (showrooms, "\"crm.project.update\" = \"own\"", "\"crm.project.update\" = \"mine\"", "\"crm.project.update\" = \"own\"", "mine is not a crm.project.update; known are all, own, team, location"),
        // Dashboards.
        (SALES, "chart = \"funnel\"", "chart = \"funel\"", "chart = \"funnel\"", "funel is not a chart; did you mean funnel?"),
        (SALES, "title = \"Sales\"", "title = \"Sales\"\ncolour = \"red\"", "help = \"What is open", "colour is not known here; known are blocks, help, key, range, title"),
        (SALES, "range = \"year\"", "range = \"yaer\"", "range = \"year\"", "yaer is not a range; did you mean year?"),
        (SALES, "key = \"sales\"", "key = \"sells\"", "key = \"sales\"", "key is sells, but the file is named after sales"),
        (SALES, "entity = \"activity\"", "entity = \"activty\"", "entity = \"activity\"", "activty is not an entity; did you mean activity?"),
        (SALES, "group = { field = \"source\" }", "group = { field = \"sauce\" }", "group = { field = \"source\" }", "sauce is not a field of lead; did you mean source?"),
        (SALES, "filter = \"status != lost\"", "filter = \"stauts != lost\"", "filter = \"status != lost\"", "Opportunity has no field stauts; did you mean status?"),
        (SALES, "of = \"status in (won, lost)\"\n", "", "chart = \"gauge\"", "win_rate shows a part of something; say of what in `of`"),
        (SALES, "key = \"stages\"", "key = \"pipeline\"", "key = \"pipeline\"", "pipeline is the key of two blocks"),
        // Several references.
        (deal, "type = \"references\", entity = \"contact\"", "type = \"references\", entity = \"contcat\"", "type = \"references\"", "contcat is not an entity; did you mean contact?"),
        (deal, "type = \"references\"", "type = \"referances\"", "type = \"references\"", "referances is not a type; did you mean references?"),
        (deal, "label = \"Participants\"", "label = \"Participants\"\nindexed = true", "type = \"references\"", "participants has no order that an index could hold"),
        // A row of one of several entities.
        (deal, "type = \"references\", entity = \"contact\"", "type = \"any_reference\", entities = [\"contact\", \"custmer\"]", "type = \"references\"", "custmer is not an entity; did you mean customer?"),
        (deal, "type = \"references\", entity = \"contact\"", "type = \"any_reference\", entities = [\"contact\", \"contact\"]", "type = \"references\"", "contact is named twice among the entities"),
        (deal, "type = \"references\", entity = \"contact\"", "type = \"any_reference\", entities = [\"contact\"]", "type = \"references\"", "contact is the only entity; name two or more, or use the type reference"),
        (deal, "type = \"references\", entity = \"contact\"", "type = \"any_reference\", entities = []", "key = \"participants\"", "participants names no entities; name two or more"),
        (deal, "{ type = \"references\", entity = \"contact\" }", "{ type = \"any_reference\", entities = [\"contact\", \"customer\"] }\nindexed = true\nunique = true", "aliases = [\"stakeholders\"", "participants points at rows of several entities, which no index holds to one"),
        // Files.
        (dealer, "\"image/webp\"", "\"image/svg+xml\"", "type = \"image\"", "logo accepts image/svg+xml, which is not told by content; say one of image/png, image/jpeg, image/gif, image/webp"),
        (dealer, "\"image/webp\"", "\"image/wbp\"", "type = \"image\"", "logo accepts image/wbp, which is not told by content; did you mean image/webp?"),
        (dealer, "maxSize = 2_000_000", "maxSize = 60_000_000", "type = \"image\"", "the maxSize of logo is 60000000 bytes; say 1 to 25000000"),
        (dealer, "maxSize = 2_000_000", "maxsize = 2_000_000", "type = \"image\"", "maxsize is not known here; did you mean maxSize?"),
        (dealer, "label = \"Logo\"", "label = \"Logo\"\nrequired = true", "type = \"image\"", "logo is a file, which no import brings, so that it is not required; let the gate of a move ask for it"),
        (dealer, "label = \"Logo\"", "label = \"Logo\"\nindexed = true", "type = \"image\"", "logo has no order that an index could hold"),
        ("automotive/demo.toml", "entity = \"lead\"\nphase = 2\n", "entity = \"lead\"\nphase = 2\nsince = [-3, 0]\n", "start = 1150", "no state of lead says how long a record may stand in it"),
    ];
    for (file, from, to, at, message) in cases {
        let found = faults(file, from, to);
        let expected = format!("server/packs/{file}:{}: {message}", line(file, at));
        assert!(found.contains(&expected), "\n{to}\nexpected {expected}\n   found {found:#?}");
    }
}

const PIECE: &str = "exercise/entities/piece.toml";
const PART: &str = "exercise/entities/part.toml";

/// B-05. A formula or a figure tells what it is computed from, so it is kept from the same readers.
#[test]
fn what_is_computed_asks_for_what_it_is_computed_from() {
    const WORTH: (&str, &str, &str) = (PIECE, "formula = \"price * copies\"", "formula = \"price - margin\"");
    const COST: (&str, &str, &str) =
        (PART, "key = \"cost\"", "key = \"cost\"\npermissions = { read = \"crm.part.see_cost\" }");
    let whole = testkit::pack_files();
    let found = |changes: &[(&str, &str, &str)]| -> Vec<String> {
        let mut files = whole.clone();
        for (file, from, to) in changes {
            let text = files.get_mut(*file).unwrap();
            assert!(text.contains(*from), "{file} has no {from}");
            *text = text.replacen(*from, to, 1);
        }
        Library::from_files(&files).err().unwrap_or_default().iter().map(Fault::to_string).collect()
    };
    let asks = |field: &str, source: &str, permission: &str| {
        format!(
            "{field} is computed from {source}, which asks for {permission}, and would tell it; \
             write permissions = {{ read = \"{permission}\" }} here too"
        )
    };
    let margin = "crm.piece.margin";
    #[rustfmt::skip]
    let cases = [
        // What is changed, the line that is named, the words.
        (vec![WORTH], WORTH.1, asks("worth", "margin", margin)),
        // By way of another one.
        (vec![WORTH, (PIECE, "formula = \"weight > 10\"", "formula = \"has(worth)\"")], "formula = \"weight > 10\"", asks("heavy", "margin", margin)),
        // What a figure adds up, goes over and is narrowed by.
        (vec![COST], "what = \"sum\"", asks("partCost", "cost of part", "crm.part.see_cost")),
        (vec![(PART, "key = \"piece\"", "key = \"piece\"\npermissions = { read = \"crm.part.see_piece\" }")], "what = \"count\"", asks("partCount", "piece of part", "crm.part.see_piece")),
        (vec![COST, (PIECE, "what = \"count\"", "what = \"count\", filter = \"cost > 5\"")], "what = \"count\"", asks("partCount", "cost of part", "crm.part.see_cost")),
        // No permission stands for two.
        (
            vec![WORTH, (PIECE, "key = \"price\"", "key = \"price\"\npermissions = { read = \"crm.piece.see_price\" }")],
            WORTH.1,
            "worth is computed from price, which asks for crm.piece.see_price, and from margin, which asks for crm.piece.margin; give the two the same permission, or leave one of them out".to_owned(),
        ),
    ];
    for (changes, at, message) in cases {
        let place = |text: &str| whole[PIECE].lines().position(|line| line.contains(text)).unwrap();
        let above = changes.iter().filter(|(file, from, _)| *file == PIECE && place(from) < place(at));
        let line = place(at) + 1 + above.map(|(.., to)| to.matches('\n').count()).sum::<usize>();
        let (faults, expected) = (found(&changes), format!("server/packs/{PIECE}:{line}: {message}"));
        assert!(faults.contains(&expected), "\n{changes:?}\nexpected {expected}\n   found {faults:#?}");
    }
    // With the same permission there is nothing to say, also where it is that of another area.
    let kept = format!("{}\npermissions = {{ read = \"{margin}\" }}", WORTH.2);
    assert_eq!(found(&[(WORTH.0, WORTH.1, kept.as_str())]), Vec::<String>::new());
    let total = "permissions = { read = \"sales.order.see_total\" }";
    let of_orders = format!("key = \"totalAmount\"\n{total}");
    let ordered = format!("key = \"ordered\"\n{total}");
    let (order, customer) = ("_core/entities/order.toml", "_core/entities/customer.toml");
    let closed = (order, "key = \"totalAmount\"", of_orders.as_str());
    let told = |faults: &[String]| faults.iter().any(|fault| fault.contains("entities/customer.toml"));
    assert!(told(&found(&[closed])));
    assert!(!told(&found(&[closed, (customer, "key = \"ordered\"", ordered.as_str())])));
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
    for industry in ["core", "automotive", "home-showrooms", "unknown"] {
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

/// The thirteen stages of a showroom project, each with what it asks for.
#[test]
fn a_showroom_project_goes_through_thirteen_stages() {
    let library = Library::load().unwrap();
    let catalog = library.catalog("home-showrooms").unwrap();
    let project = catalog.get("project").unwrap();
    let states = project.states.as_ref().unwrap();
    let stages: Vec<&str> = states.list.iter().map(|state| state.key.as_str()).collect();
    assert_eq!(
        stages,
        [
            "enquiry",
            "qualified",
            "showroom_visit",
            "survey_booked",
            "survey_done",
            "design_in_progress",
            "design_presented",
            "quote_sent",
            "contract_signed",
            "ordered",
            "install_scheduled",
            "installing",
            "completed",
        ]
    );
    for pair in stages.windows(2) {
        let step =
            states.between(pair[0], pair[1]).unwrap_or_else(|| panic!("no step from {} to {}", pair[0], pair[1]));
        assert!(step.gate.checklist, "{} asks for the checklist of {}", step.name, pair[0]);
    }
    let (last, open) = states.list.split_last().unwrap();
    assert!(
        open.iter().all(|state| state.sla_days.is_some() && !state.checklist.is_empty() && state.owner_role.is_some())
    );
    assert!(last.sla_days.is_none() && last.checklist.is_empty() && last.owner_role.is_some());
    for field in ["statusSince", "statusDue", "checklist"] {
        assert!(project.field(field).is_some_and(|field| field.read_only), "{field}");
        assert!(catalog.get("lead").unwrap().field(field).is_none(), "{field} of a lead");
    }
    assert_eq!((project.prefix.as_str(), catalog.get("customer").unwrap().labels.one.as_str()), ("PROJ", "Client"));
    let roles: Vec<&str> = library.pack("home-showrooms").unwrap().roles.iter().map(|role| role.key.as_str()).collect();
    assert_eq!(roles, ["CONSULTANT", "SURVEYOR", "DESIGNER", "COORDINATOR", "INSTALLER"]);
    assert!(library.workflows("home-showrooms").iter().any(|template| template.key == "stage_overdue"));
}

/// Industries share tables: what one asks of a core entity the table has, and the others do not see.
#[test]
fn a_checklist_of_one_industry_is_a_column_of_the_shared_table() {
    let library = Library::load().unwrap();
    let tables = library.tables();
    let columns = |name: &str| -> Vec<String> {
        let table = tables.iter().find(|table| table.name == name).unwrap();
        table.columns.iter().map(|column| format!("{} {}", column.name, column.sql)).collect()
    };
    for column in ["status_since timestamptz", "status_due date", "checklist jsonb"] {
        assert!(columns("opportunities").iter().any(|known| known == column), "{column}");
        assert!(columns("leads").iter().all(|known| known != column), "{column}");
    }
    assert!(library.catalog("core").unwrap().get("opportunity").unwrap().field("statusDue").is_none());
    assert!(library.catalog("automotive").unwrap().get("opportunity").unwrap().field("statusDue").is_some());
}

#[test]
fn an_industry_has_the_cores_dashboards_and_its_own() {
    let keys = |library: &Library, industry: &str| -> Vec<String> {
        library.catalog(industry).unwrap().dashboards().iter().map(|board| board.key.clone()).collect()
    };
    let library = Library::load().unwrap();
    assert_eq!(keys(&library, "core"), ["money", "sales"]);
    assert_eq!(keys(&library, "automotive"), ["money", "sales"]);
    assert_eq!(keys(&library, "home-showrooms"), ["money", "sales", "projects"]);
    // One of the same key stands in the place of the core's.
    let mut files = shipped();
    let own = "key = \"sales\"\ntitle = \"Cars\"\n[[blocks]]\nkey = \"dealers\"\ntitle = \"Dealers\"\nchart = \"number\"\nentity = \"dealer\"\n";
    files.insert("automotive/dashboards/sales.toml".to_owned(), own.to_owned());
    let library = Library::from_files(&files).unwrap();
    assert_eq!(keys(&library, "automotive"), ["money", "sales"]);
    assert_eq!(library.catalog("automotive").unwrap().dashboard("sales").unwrap().title, "Cars");
    assert_eq!(library.catalog("core").unwrap().dashboard("sales").unwrap().title, "Sales");
    // What another industry describes is not known here.
    files.insert("home-showrooms/dashboards/sales.toml".to_owned(), own.to_owned());
    let found: Vec<String> = Library::from_files(&files).unwrap_err().iter().map(Fault::to_string).collect();
    assert_eq!(found, ["server/packs/home-showrooms/dashboards/sales.toml:7: dealer is not an entity"]);
}

/// An operator's own packs: read beside the build's, under their own names, and never in their place.
#[test]
fn a_folder_brings_packs_beside_those_of_the_build() {
    let folder = tempfile::tempdir().unwrap();
    let said = |folder: &Path| -> Vec<String> {
        Library::load_with(folder).err().unwrap_or_default().iter().map(Fault::to_string).collect()
    };
    let nowhere = folder.path().join("nowhere");
    assert!(said(&nowhere)[0].contains("nowhere: it cannot be read"), "{:?}", said(&nowhere));
    assert!(said(folder.path())[0].ends_with("there is no pack in it"), "{:?}", said(folder.path()));

    let pack = folder.path().join("bakery");
    std::fs::create_dir(&pack).unwrap();
    let text = "slug = \"bakery\"\nindustry = \"Bakery\"\nlabel = \"Bakery\"\nkeyPrefix = \"BAKE\"\n";
    std::fs::write(pack.join("pack.toml"), text).unwrap();
    std::fs::write(pack.join("notes.md"), "for whoever keeps it").unwrap();
    let library = Library::load_with(folder.path()).unwrap();
    assert_eq!(
        library.industries().map(|pack| pack.slug.as_str()).collect::<Vec<_>>(),
        ["automotive", "bakery", "home-showrooms"]
    );
    assert!(library.catalog("bakery").unwrap().get("lead").is_some());
    assert_eq!(library.beginnings("bakery").len(), 2);

    std::fs::write(pack.join("pack.toml"), text.replace("label", "lable")).unwrap();
    let file = pack.join("pack.toml");
    let found = said(folder.path());
    let line = format!("{}:3: ", file.display());
    assert!(found.iter().any(|fault| fault.starts_with(&line)), "{found:?}");
    std::fs::write(&file, text).unwrap();

    std::fs::create_dir(folder.path().join("automotive")).unwrap();
    let found = said(folder.path());
    assert!(found.len() == 1 && found[0].contains("automotive: the build has a pack of this name"), "{found:?}");
}
