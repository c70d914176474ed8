//! B-05 for the screens of records: a field that a role may not read never reaches it, whatever kind it is of and whatever is asked, also in the
//! source of the page. Every field of the exercise pack gets a permission, every one of them holds what occurs nowhere else, and every byte of
//! every answer is searched for it. Somebody who may see everything finds it by the same ways.

mod asked;
mod bait;
mod closed;
mod eyes;
mod screens;
mod search;
mod setting;

use super::pack;
use bait::{OWN, hidden, name_of};
use eyes::{Eyes, Look};
use search::Search;
use setting::Setting;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Screens that show hidden fields, or offer them, to whoever may see them. The others show none to anybody: search knows only what everybody may
/// read.
const SHOWING: [&str; 30] = [
    "list",
    "board",
    "record",
    "tab of parts",
    "form: new",
    "form: edit",
    "versions",
    "as it stood",
    "undo",
    "trash",
    "merge",
    "conflict",
    "bulk page",
    "import mapping",
    "import of the owner",
    "export",
    "file",
    "history",
    "audit page",
    "audit file",
    "audit logs",
    "audit of exports",
    "audit of views",
    "audit of files",
    "views",
    "rest",
    "part list",
    "part page",
    "loan list",
    "loan page",
];

/// Each canary that got out, with the answer that let it out.
fn found<'a>(search: &Search<'_>, eyes: &'a Eyes<'_>) -> Vec<(usize, &'a Look)> {
    let looked = eyes.seen.iter();
    looked.flat_map(|look| search.found(&look.screen, &look.body).into_iter().map(move |at| (at, look))).collect()
}

/// Every field that is described and does not name a row is closed, and there is one of every kind among them.
fn closed_fields(setting: &Setting) -> usize {
    let mut kinds = HashSet::new();
    let mut fields = 0;
    for entity in OWN.iter().filter_map(|key| setting.catalog.get(key)) {
        for field in hidden(entity) {
            kinds.insert(std::mem::discriminant(&field.kind));
            fields += 1;
            let name = name_of(entity, field);
            let there = setting.canaries.iter().any(|canary| canary.needed && canary.field == name);
            assert!(there, "no row holds a canary in {name}");
        }
    }
    assert!(kinds.len() >= 24 && fields >= 40, "{fields} fields of {} kinds are closed", kinds.len());
    fields
}

#[tokio::test]
async fn what_a_role_may_not_read_is_on_no_screen() {
    pack::is_whole();
    let setting = Setting::new().await;
    let fields = closed_fields(&setting);
    let mut reader = Eyes::of(&setting.reader, "reader");
    screens::all(&setting, &mut reader).await;
    asked::placed(&setting, &mut reader, false).await;
    asked::by_name(&setting, &mut reader).await;
    let mut owner = Eyes::of(&setting.world.grace, "owner");
    screens::all(&setting, &mut owner).await;
    screens::whole(&setting, &mut owner).await;
    asked::placed(&setting, &mut owner, true).await;

    let search = Search::of(&setting.canaries);
    let mut leaks: BTreeMap<String, &str> = BTreeMap::new();
    for (at, look) in found(&search, &reader) {
        let canary = &setting.canaries[at];
        leaks.entry(format!("{}: {} ({})", canary.field, look.screen, canary.of)).or_insert(&look.what);
    }
    let control = found(&search, &owner);
    let seen: BTreeSet<usize> = control.iter().map(|(at, _)| *at).collect();
    let screens: BTreeSet<&str> = control.iter().map(|(_, look)| look.screen.as_str()).collect();
    let needed = setting.canaries.iter().enumerate().filter(|(at, canary)| canary.needed && !seen.contains(at));
    let mut unseen: Vec<String> = needed.map(|(_, canary)| format!("{}: {}", canary.field, canary.of)).collect();
    unseen.extend(SHOWING.iter().filter(|screen| !screens.contains(*screen)).map(|screen| format!("all of {screen}")));
    let odd: Vec<&String> = reader.odd.iter().chain(&owner.odd).collect();
    assert!(
        leaks.is_empty() && odd.is_empty() && unseen.is_empty(),
        "out of hidden fields: {leaks:#?}\nscreens that answer otherwise than they have to: {odd:#?}\n\
         not seen by whoever may see everything: {unseen:#?}"
    );
    let names: BTreeSet<&str> = reader.seen.iter().map(|look| look.screen.as_str()).collect();
    let looked = reader.seen.len();
    assert!(names.len() >= 50 && looked >= 180, "{looked} answers of {} screens were looked at", names.len());
    println!(
        "bar=B-05 fields={fields} screens={} looked={looked} bytes=0 control={} pass=1",
        names.len(),
        control.len()
    );
    setting.world.server.end().await;
}
