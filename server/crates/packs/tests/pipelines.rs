//! Pipelines in descriptions: what is wrong with them, with file and line, and the column that they ask for.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use packs::ddl::{self, Rule};
use packs::{Fault, Library};
use std::collections::BTreeMap;

const LOAN: &str = "exercise/entities/loan.toml";
const OVERLAY: &str = "overlays/opportunity.toml";

fn library(files: &BTreeMap<String, String>) -> Library {
    Library::from_files(files).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

#[test]
fn each_kind_of_mistake_is_named_with_its_line() {
    let whole = testkit::pack_files();
    let line = |of: &str| whole[LOAN].lines().position(|line| line.contains(of)).unwrap() + 1;
    #[rustfmt::skip]
    let cases = [
        // What stands there, the mistake, the line that is named, the words.
        ("key = \"bought\"", "key = \"lent\"", "key = \"lent\"", "lent is a state of lending and of selling; a row is told by its state where it stands, so call one selling_lent or the like"),
        ("pipeline = \"selling\"", "pipeline = \"seling\"", "pipeline = \"selling\"", "priced is in the pipeline seling, which is not described; known are lending, selling"),
        ("initial = \"priced\"", "initial = \"lent\"", "initial = \"priced\"", "lent is no state of selling, so no row can begin there"),
        ("initial = \"asked\"", "initial = \"lent\"", "initial = \"asked\"", "rows begin in lent, but the first pipeline begins in asked; say the same"),
        ("from = [\"priced\"]", "from = [\"lent\"]", "from = [\"priced\"]", "buy leads from lent into the pipeline selling; moves stay in their pipeline, and a row is moved into another without one"),
        ("key = \"selling\"", "key = \"lending\"", "key = \"lending\"", "lending is the key of two pipelines"),
        ("key = \"selling\"", "key = \"kept\"", "key = \"selling\"", "kept is the key of a state too; call one of them otherwise"),
        ("label = \"Selling\"", "label = \" \"", "key = \"selling\"", "selling has no words"),
        ("label = \"Selling\"", "lable = \"Selling\"", "label = \"Selling\"", "lable is not known here; did you mean label?"),
        ("key = \"forSale\"", "key = \"pipeline\"", "key = \"forSale\"", "pipeline is a standard field and cannot be described again"),
    ];
    for (from, to, at, message) in cases {
        let mut files = whole.clone();
        let text = files.get_mut(LOAN).unwrap();
        assert!(text.contains(from), "{LOAN} has no {from}");
        *text = text.replacen(from, to, 1);
        let found: Vec<String> =
            Library::from_files(&files).err().unwrap_or_default().iter().map(Fault::to_string).collect();
        let expected = format!("server/packs/{LOAN}:{}: {message}", line(at));
        assert!(found.contains(&expected), "\n{to}\nexpected {expected}\n   found {found:#?}");
    }
}

#[test]
fn a_state_without_its_pipeline_is_named() {
    let mut files = testkit::pack_files();
    let text = files.get_mut(LOAN).unwrap();
    *text = text.replacen("label = \"Lent out\"\npipeline = \"lending\"\n", "label = \"Lent out\"\n", 1);
    let found = Library::from_files(&files).err().unwrap_or_default();
    let said = |words: &str| found.iter().any(|fault| fault.to_string().contains(words));
    assert!(said("lent is in no pipeline; say in which one, `pipeline = ...`"), "{found:#?}");
}

#[test]
fn rows_that_are_there_are_in_the_first_one() {
    let tables = library(&testkit::pack_files()).tables();
    let loans: Vec<ddl::Table> = tables.into_iter().filter(|table| table.name == "exercise_loans").collect();
    let printed = ddl::print(&loans);
    for wanted in [
        "pipeline text collate \"C\" not null default 'lending'",
        "constraint exercise_loans_pipeline_known check (pipeline in ('lending', 'selling'))",
        "create index exercise_loans_pipeline_order on exercise_loans (tenant_id, pipeline, id) where deleted_at is null",
    ] {
        assert!(printed.contains(wanted), "{wanted} in {printed}");
    }
    assert_eq!(printed.matches("    pipeline text").count(), 1);
}

/// Industries share tables: the column holds what any of them has, and those without pipelines do not see it.
#[test]
fn pipelines_of_two_industries_share_a_column() {
    let mut files = testkit::pack_files();
    let own = files[&format!("automotive/{OVERLAY}")].clone();
    let with = |key: &str| {
        let pipelines = format!(
            "initial = \"enquiry\"\npipelines = [{{ key = \"{key}\", label = \"Sales\", initial = \"enquiry\" }}]"
        );
        own.replacen("initial = \"enquiry\"", &pipelines, 1).replace("hue = ", &format!("pipeline = \"{key}\", hue = "))
    };
    let (cars, pieces) = (with("cars"), with("pieces"));
    files.insert(format!("automotive/{OVERLAY}"), cars);
    files.insert(format!("exercise/{OVERLAY}"), pieces);
    let library = library(&files);
    let tables = library.tables();
    let deals = tables.iter().find(|table| table.name == "opportunities").unwrap();
    let column = deals.columns.iter().find(|column| column.name == "pipeline").unwrap();
    assert_eq!((column.required, column.default.as_deref()), (true, Some("'cars'")));
    let check = deals.checks.iter().find(|check| check.name == "opportunities_pipeline_known").unwrap();
    assert!(matches!(&check.rule, Rule::Known { words, .. } if *words == ["cars", "pieces"]), "{check:?}");
    let field =
        |industry: &str| library.catalog(industry).unwrap().get("opportunity").unwrap().pipeline_field().cloned();
    assert!(field("core").is_none() && field("home-showrooms").is_none());
    let keys =
        |industry: &str| field(industry).unwrap().choices().iter().map(|one| one.key.clone()).collect::<Vec<_>>();
    assert_eq!((keys("automotive"), keys("exercise")), (vec!["cars".to_owned()], vec!["pieces".to_owned()]));
}
