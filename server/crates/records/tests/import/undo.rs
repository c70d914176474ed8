//! Taking an import back.

use crate::support::*;
use chrono::Duration;
use domain::imports::{Existing, Import, ImportStatus, ListKept, Undone};
use domain::records::{DeleteRecord, RecordTimeline, TransitionRecord, UpdateRecord};
use domain::{Kind, records::Values};
use platform::Caller;
use records::index;
use serde_json::json;
use testkit::{TestTenant, TestWorld};

fn one(key: &str, value: &str) -> Values {
    Values::from_iter([(key.to_owned(), json!(value))])
}

#[tokio::test]
async fn rows_that_were_worked_on_since_are_kept_and_listed() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    some_lead(&world, &amina, "Old").await;
    let before = world.fingerprint(&BUSINESS).await;
    let content: String = std::iter::once("Name,E-mail\n".to_owned())
        .chain((0..1200).map(|n| format!("Lead {n},l{n}@x.example\n")))
        .collect();
    let done = import(&world, &amina, "lead", &content, Existing::Skip).await;
    assert_eq!(done.created, 1200);
    let [changed, moved, trashed, used] = ["l3@x.example", "l500@x.example", "l777@x.example", "l1100@x.example"];
    let row = lead(&world, &amina, changed).await;
    let update = UpdateRecord {
        entity: "lead".into(),
        id: row.id,
        version: Some(row.version),
        values: one("city", "Kisumu"),
        base: None,
    };
    world.run(&amina, update).await.unwrap();
    let row = lead(&world, &amina, moved).await;
    let step = TransitionRecord {
        entity: "lead".into(),
        id: row.id,
        version: Some(1),
        name: None,
        to: Some("contacted".into()),
        pipeline: None,
        values: Values::new(),
    };
    world.run(&amina, step).await.unwrap();
    let row = lead(&world, &amina, trashed).await;
    world.run(&amina, DeleteRecord { entity: "lead".into(), id: row.id, version: Some(1) }).await.unwrap();
    let row = lead(&world, &amina, used).await;
    create(&world, &amina, "task", json!({ "title": "Call", "lead": row.id })).await;

    let undone = undo(&world, &amina, &done).await.unwrap();
    assert_eq!((undone.removed, undone.reverted), (1196, 0));
    let mut kept: Vec<(&str, &str)> = undone.kept.iter().map(|row| (row.title.as_str(), row.reason.as_str())).collect();
    kept.sort_unstable();
    let since = "It was changed since the import";
    assert_eq!(
        kept,
        [
            ("Lead 1100", "Another record refers to it"),
            ("Lead 3", since),
            ("Lead 500", since),
            ("Lead 777", "It was moved to the trash since the import")
        ]
    );
    let now = get(&world, &amina, &done).await;
    assert_eq!((now.status, now.kept), (ImportStatus::Undone, 4));
    let mut listed = world.run(&amina, ListKept { id: done.id }).await.unwrap();
    listed.sort_by_key(|row| row.id);
    let mut expected = undone.kept.clone();
    expected.sort_by_key(|row| row.id);
    assert_eq!(listed, expected);
    assert_eq!(all(&world, &amina, "lead", "").await.len(), 4, "the old one and three of those that were kept");
    assert_ne!(world.fingerprint(&BUSINESS).await, before);
    world.end().await;
}

#[tokio::test]
async fn what_was_changed_is_put_back() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    for name in ["Asha", "Zuri", "Neema"] {
        some_lead(&world, &amina, name).await;
    }
    let was = all(&world, &amina, "lead", "").await;
    let content = "Name,E-mail,City,Stage,Value,Currency\n\
        Asha B,asha@x.example,Kisumu,Proposal,12,KES\n\
        Zuri,zuri@x.example,Nairobi,,,\n\
        Neema,neema@x.example,Mombasa,Contacted,,\n\
        New,new@x.example,,,,\n";
    let done = import(&world, &amina, "lead", content, Existing::Update).await;
    assert_eq!((done.created, done.updated), (1, 3));
    let neema = lead(&world, &amina, "neema@x.example").await;
    let update =
        UpdateRecord { entity: "lead".into(), id: neema.id, version: Some(2), values: one("city", "Lamu"), base: None };
    world.run(&amina, update).await.unwrap();
    let undone = undo(&world, &amina, &done).await.unwrap();
    assert_eq!((undone.removed, undone.reverted, undone.kept.len()), (1, 2, 1));
    let now = all(&world, &amina, "lead", "").await;
    assert_eq!(now.len(), 3);
    for (was, now) in was.iter().zip(&now).take(2) {
        let business = |row: &domain::records::Record| {
            let mut values = row.values.clone();
            values.remove("updatedAt");
            values
        };
        assert_eq!(business(was), business(now), "put back, the move past its gate too");
        assert_eq!(now.version, 3);
    }
    assert_eq!((now[2].text("city"), now[2].text("status")), (Some("Lamu"), Some("contacted")));
    // The timeline says where it came from and where it went.
    let timeline = world
        .run(&amina, RecordTimeline { entity: "lead".into(), id: now[0].id, limit: 10, before: None })
        .await
        .unwrap();
    let causes: Vec<Option<uuid::Uuid>> = timeline
        .iter()
        .filter_map(|entry| entry.cause.as_ref())
        .filter(|cause| cause.kind == "import")
        .map(|cause| cause.id)
        .collect();
    assert_eq!(causes, [Some(done.id), Some(done.id)]);
    world.end().await;
}

#[tokio::test]
async fn an_undo_leaves_no_words_behind() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let before = world.fingerprint(&BUSINESS).await;
    let done = import(&world, &amina, "lead", "Name,E-mail\nFindme,find@x.example\n", Existing::Skip).await;
    while index::run_once(&world.platform).await.unwrap() > 0 {}
    assert_ne!(world.fingerprint(&["search_terms"]).await, "search_terms=empty");
    undo(&world, &amina, &done).await.unwrap();
    assert_eq!(world.fingerprint(&BUSINESS).await, before);
    let error = undo(&world, &amina, &done).await.unwrap_err();
    assert!(error.kind == Kind::Conflict && error.message.contains("already"), "{error}");
    let waiting = ready(&world, &amina, "lead", "Name\nX\n", Existing::Skip).await;
    assert!(undo(&world, &amina, &waiting).await.unwrap_err().message.contains("not been started"));
    start(&world, &amina, &waiting).await.unwrap();
    assert!(undo(&world, &amina, &waiting).await.unwrap_err().message.contains("still being worked on"));
    world.end().await;
}

const NOT_DELETED: &str =
    "You may not delete it. Without that permission only one's own imports of the last 30 days are taken back";
const NOT_CHANGED: &str =
    "You may not change it. Without that permission only one's own imports of the last 30 days are taken back";

/// Titles and reasons, in the order of the titles.
fn reasons(undone: &Undone) -> Vec<(&str, &str)> {
    let mut kept: Vec<(&str, &str)> = undone.kept.iter().map(|row| (row.title.as_str(), row.reason.as_str())).collect();
    kept.sort_unstable();
    kept
}

/// Says what a role grants: the verbs of leads, and how far each goes.
async fn grant(world: &TestWorld, role: &str, verbs: &[(&str, &str)]) {
    let grants: serde_json::Map<_, _> =
        verbs.iter().map(|(verb, reach)| (format!("crm.lead.{verb}"), json!(reach))).collect();
    let owner = world.owner().await;
    let set = sqlx::query("update roles set grants = $1 where key = $2").bind(json!(grants)).bind(role);
    set.execute(&owner).await.unwrap();
    owner.close().await;
}

/// A member with a role of just these grants.
async fn granted(world: &TestWorld, demo: &TestTenant, role: &str, verbs: &[(&str, &str)]) -> Caller {
    grant(world, role, verbs).await;
    world.member(demo, role, &[role]).await
}

/// B-02. Who may import and delete what is theirs does not remove what a colleague brought in, however it is asked; and what they do leaves
/// the way back to those who may.
#[tokio::test]
async fn rows_of_a_colleague_stay_for_want_of_the_permission_to_delete_them() {
    let world = world().await;
    let (demo, amina) = demo(&world).await;
    let uma = world.member(&demo, "Uma", &["USER"]).await;
    let before = world.fingerprint(&BUSINESS).await;
    let content = "Name,E-mail,Owner e-mail\nA,a@x.example,\nB,b@x.example,\nC,c@x.example,uma@demo.example\n";
    let done = import(&world, &amina, "lead", content, Existing::Skip).await;
    assert_eq!(done.created, 3);
    let undone = undo(&world, &uma, &done).await.unwrap();
    assert_eq!((undone.removed, undone.reverted), (1, 0), "the one that she owns");
    assert_eq!(reasons(&undone), [("A", NOT_DELETED), ("B", NOT_DELETED)]);
    let mut listed = world.run(&uma, ListKept { id: done.id }).await.unwrap();
    listed.sort_by(|one, other| one.title.cmp(&other.title));
    assert_eq!(listed.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(), ["A", "B"]);
    let names: Vec<Option<String>> =
        all(&world, &amina, "lead", "").await.iter().map(|lead| lead.text("name").map(str::to_owned)).collect();
    assert_eq!(names, [Some("A".to_owned()), Some("B".to_owned())]);
    // As often as they like; then whoever imported takes back the rest, to the last word.
    assert_eq!(undo(&world, &uma, &done).await.unwrap().removed, 0);
    let rest = undo(&world, &amina, &done).await.unwrap();
    assert_eq!((rest.removed, rest.kept.len()), (2, 0));
    let now: Import = get(&world, &amina, &done).await;
    assert_eq!((now.status, now.kept), (ImportStatus::Undone, 0));
    assert!(world.run(&amina, ListKept { id: done.id }).await.unwrap().is_empty());
    assert_eq!(world.fingerprint(&BUSINESS).await, before);
    assert_eq!(undo(&world, &amina, &done).await.unwrap_err().kind, Kind::Conflict);
    world.end().await;
}

/// One's own import is taken back without a permission for thirty days, all of it; after that as anybody's.
#[tokio::test]
async fn an_import_of_ones_own_is_taken_back_for_thirty_days() {
    const CHANGES: [(&str, &str); 4] = [("read", "all"), ("create", "all"), ("update", "all"), ("import", "all")];
    const IMPORTS: [(&str, &str); 3] = [("read", "all"), ("create", "all"), ("import", "all")];
    let world = world().await;
    let (demo, amina) = demo(&world).await;
    let clerk = granted(&world, &demo, "WAREHOUSE", &CHANGES).await;
    let other = granted(&world, &demo, "FINANCE_MANAGER", &IMPORTS).await;
    for name in ["Asha", "Zuri"] {
        some_lead(&world, &amina, name).await;
    }
    let (young, old) = (
        "Name,E-mail,City\nAsha,asha@x.example,Kisumu\nKito,kito@x.example,\n",
        "Name,E-mail,City\nZuri,zuri@x.example,Lamu\nLela,lela@x.example,\n",
    );
    let young = import(&world, &clerk, "lead", young, Existing::Update).await;
    let old = import(&world, &clerk, "lead", old, Existing::Update).await;
    assert_eq!((young.created, young.updated, old.created, old.updated), (1, 1, 1, 1));
    // The permission to change goes; what was done is still theirs to take back.
    world.clock.advance(Duration::days(29));
    grant(&world, "WAREHOUSE", &IMPORTS).await;
    let barred = world.caller(&demo, clerk.access.member).await;
    let undone = undo(&world, &barred, &young).await.unwrap();
    assert_eq!((undone.removed, undone.reverted, undone.kept.len()), (1, 1, 0));
    assert_eq!(lead(&world, &amina, "asha@x.example").await.text("city"), None);
    // A colleague never may, and after thirty days nobody may any more by having done it.
    let before = world.fingerprint(&BUSINESS).await;
    for (caller, days) in [(&other, 2), (&barred, 0)] {
        world.clock.advance(Duration::days(days));
        let undone = undo(&world, caller, &old).await.unwrap();
        assert_eq!((undone.removed, undone.reverted), (0, 0));
        assert_eq!(reasons(&undone), [("Lela", NOT_DELETED), ("Zuri", NOT_CHANGED)]);
        assert_eq!(world.fingerprint(&BUSINESS).await, before);
    }
    // What they may change goes back, and what they may not delete stays for who may.
    let undone = undo(&world, &clerk, &old).await.unwrap();
    assert_eq!((undone.removed, undone.reverted), (0, 1));
    assert_eq!(reasons(&undone), [("Lela", NOT_DELETED)]);
    let undone = undo(&world, &amina, &old).await.unwrap();
    assert_eq!((undone.removed, undone.kept.len()), (1, 0));
    assert_eq!(all(&world, &amina, "lead", "").await.len(), 2);
    world.end().await;
}

/// A row that was given to somebody else since is kept, and called by its name only to those who see it.
#[tokio::test]
async fn what_was_kept_is_not_named_to_who_may_not_see_it() {
    let world = world().await;
    let (demo, amina) = demo(&world).await;
    let verbs = [("read", "own"), ("create", "all"), ("update", "own"), ("import", "all")];
    let rep = granted(&world, &demo, "WAREHOUSE", &verbs).await;
    let reader = granted(&world, &demo, "FINANCE_MANAGER", &[("read", "all"), ("import", "all")]).await;
    let content = "Name,E-mail\nMine,mine@x.example\nTaken,taken@x.example\n";
    let done = import(&world, &rep, "lead", content, Existing::Skip).await;
    let taken = lead(&world, &amina, "taken@x.example").await;
    let mut values = one("owner", &amina.access.member.to_string());
    values.extend(one("name", "CANARY 918273"));
    let update = UpdateRecord { entity: "lead".into(), id: taken.id, version: Some(1), values, base: None };
    world.run(&amina, update).await.unwrap();
    let undone = undo(&world, &rep, &done).await.unwrap();
    assert_eq!((undone.removed, reasons(&undone)), (1, vec![("", "It was changed since the import")]));
    assert_eq!(world.run(&rep, ListKept { id: done.id }).await.unwrap(), undone.kept);
    let title = async |caller: &Caller| {
        let listed = world.run(caller, ListKept { id: done.id }).await.unwrap();
        assert_eq!(listed.len(), 1);
        listed[0].title.clone()
    };
    assert_eq!((title(&amina).await.as_str(), title(&reader).await.as_str()), ("CANARY 918273", "CANARY 918273"));
    // What lies in the trash is there for those who may empty it.
    world.run(&amina, DeleteRecord { entity: "lead".into(), id: taken.id, version: None }).await.unwrap();
    assert_eq!((title(&amina).await.as_str(), title(&reader).await.as_str()), ("CANARY 918273", ""));
    world.end().await;
}
