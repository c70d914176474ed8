//! Rows that look alike, two that become one, and two again.

use crate::world::{World, at, object, with};
use domain::records::{
    AlikeRecords, GetRecord, LatestMerge, MergeRecords, Merged, PreviewMerge, Record, RestoreRecord, UnmergeRecords,
    UpdateRecord,
};
use domain::{Grants, Kind, Reach, Result};
use platform::Caller;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// Tables that a merge of leads and samples may touch, without what every write leaves: the version, and who wrote last and when.
async fn fingerprint(world: &World) -> String {
    let mut parts = Vec::new();
    for table in [
        "leads",
        "samples",
        "customers",
        "contacts",
        "opportunities",
        "activities",
        "tasks",
        "orders",
        "notes",
        "files",
    ] {
        let sql = format!(
            "select coalesce(md5(string_agg(row, '|' order by row)), 'empty')
             from (select (to_jsonb(t) - array['version', 'updated_at', 'updated_by'])::text as row from {table} t) rows"
        );
        let part: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&world.owner).await.unwrap();
        parts.push(format!("{table}={part}"));
    }
    parts.join(" ")
}

/// Every column of every table that holds this id under a foreign key, wherever it stands.
async fn left_behind(world: &World, id: Uuid) -> Vec<String> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select c.relname::text, a.attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
         join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
         where c.relkind = 'r' and a.atttypid = 'uuid'::regtype and a.attnum > 0 and not a.attisdropped
           and c.relname not in ('changes', 'events', 'merges', 'search_terms') and c.relname not like 'changes\\_%' and c.relname not like 'events\\_%'",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let mut found = Vec::new();
    for (table, column) in columns {
        if column == "id" {
            continue;
        }
        let sql = format!("select count(*) from \"{table}\" where \"{column}\" = $1");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).bind(id).fetch_one(&world.owner).await.unwrap();
        if count > 0 {
            found.push(format!("{table}.{column}"));
        }
    }
    found
}

fn merge_of(kept: &Record, merged: &Record, take: &[(&str, &str)]) -> MergeRecords {
    MergeRecords {
        entity: "lead".to_owned(),
        kept: kept.id,
        merged: merged.id,
        version: Some(kept.version),
        merged_version: Some(merged.version),
        take: take.iter().map(|(key, side)| ((*key).to_owned(), (*side).to_owned())).collect(),
    }
}

async fn unmerge(world: &World, caller: &Caller, merge: Uuid) -> Result<domain::records::Unmerged> {
    world.run(caller, UnmergeRecords { entity: "lead".to_owned(), merge }).await
}

/// The caller with these permissions and no others.
fn granted(caller: &Caller, grants: &[(&str, Reach)]) -> Caller {
    let grants = grants.iter().map(|(key, reach)| ((*key).to_owned(), *reach)).collect();
    with(caller, |access| access.grants = Grants(grants))
}

/// All that a merge of leads may touch but samples.
const BESIDE_SAMPLES: [(&str, Reach); 3] =
    [("crm.lead.*", Reach::All), ("crm.activity.*", Reach::All), ("crm.task.*", Reach::All)];

fn and_of_samples(caller: &Caller, more: &[(&str, Reach)]) -> Caller {
    granted(caller, &[&BESIDE_SAMPLES[..], more].concat())
}

fn has_digit(text: &str) -> bool {
    text.chars().any(|letter| letter.is_ascii_digit())
}

/// Two leads, with activities, tasks and samples that point at the second, one of them in the trash, and a note and a file of its own.
async fn two(world: &World) -> (Record, Record, Record) {
    let here = &world.here;
    let kept = json!({ "name": "Amina Otieno", "email": "amina@lake.example", "city": "Kisumu" });
    let kept = world.create(&here.user, "lead", kept).await.unwrap();
    let merged = json!({ "name": "A. Otieno", "email": "a.otieno@lake.example", "company": "Lake Motors", "phone": "+254711000111" });
    let merged = world.create(&here.user, "lead", merged).await.unwrap();
    let sample = world.create(&here.user, "sample", json!({ "name": "Points", "lead": merged.id })).await.unwrap();
    let gone = world.create(&here.user, "sample", json!({ "name": "In the trash", "lead": merged.id })).await.unwrap();
    let delete = domain::records::DeleteRecord { entity: "sample".to_owned(), id: gone.id, version: None };
    world.run(&here.admin, delete).await.unwrap();
    world
        .create(&here.user, "activity", json!({ "subject": "Called", "kind": "call", "lead": merged.id }))
        .await
        .unwrap();
    world.create(&here.user, "task", json!({ "title": "Call back", "lead": merged.id })).await.unwrap();
    for (table, rest) in [
        ("notes", "author_id, body, created_at) values ($1, gen_random_uuid(), 'lead', $2, $3, 'A note', now())"),
        (
            "files",
            "uploaded_by, name, media_type, bytes, sha256, state, uploaded_at) values ($1, gen_random_uuid(), 'lead', $2, $3, 'a.pdf', 'application/pdf', 3, decode(repeat('00', 32), 'hex'), 'ready', now())",
        ),
    ] {
        sqlx::query(AssertSqlSafe(format!("insert into {table} (tenant_id, id, entity, record_id, {rest}")))
            .bind(here.tenant.id.0)
            .bind(merged.id)
            .bind(here.user.access.member.0)
            .execute(&world.owner)
            .await
            .unwrap();
    }
    (kept, merged, sample)
}

#[tokio::test]
async fn a_merge_leaves_nothing_behind_and_its_undo_puts_everything_back() {
    let world = World::new().await;
    let here = &world.here;
    let (kept, merged, _) = two(&world).await;
    let before = fingerprint(&world).await;
    assert_eq!(left_behind(&world, merged.id).await.len(), 5, "what points at it");

    let plan = PreviewMerge { entity: "lead".to_owned(), kept: kept.id, merged: merged.id };
    let plan = world.run(&here.admin, plan).await.unwrap();
    let moves: BTreeMap<&str, i64> = plan.moves.iter().map(|moves| (moves.what.as_str(), moves.count)).collect();
    assert_eq!(moves, BTreeMap::from([("Activities", 1), ("Files", 1), ("Notes", 1), ("Samples", 2), ("Tasks", 1)]));
    assert_eq!(plan.refused, None);
    assert!(
        plan.fields.contains(&"email".to_owned()) && plan.fields.contains(&"company".to_owned()),
        "{:?}",
        plan.fields
    );
    assert_eq!(fingerprint(&world).await, before, "a preview changes nothing");

    let Merged { merge, record, .. } =
        world.run(&here.admin, merge_of(&kept, &merged, &[("email", "merged"), ("name", "kept")])).await.unwrap();
    assert_eq!(record.text("name"), Some("Amina Otieno"));
    assert_eq!(record.text("email"), Some("a.otieno@lake.example"), "the unique value that was chosen");
    assert_eq!(record.text("company"), Some("Lake Motors"), "what it lacked");
    assert_eq!(record.text("city"), Some("Kisumu"));
    let left = left_behind(&world, merged.id).await;
    assert!(left.is_empty(), "{left:?}");
    let gone = world.run(&here.admin, GetRecord { entity: "lead".to_owned(), id: merged.id }).await.unwrap();
    assert!(gone.deleted_at.is_some());
    for id in [kept.id, merged.id] {
        let latest = world.run(&here.admin, LatestMerge { entity: "lead".to_owned(), id }).await.unwrap();
        assert_eq!(latest.map(|latest| latest.id), Some(merge));
    }

    let undone = unmerge(&world, &here.admin, merge).await.unwrap();
    assert!(undone.kept.is_empty(), "{undone:?}");
    let after = fingerprint(&world).await;
    println!("bar=K-08 moved=6 left={} same={} pass={}", left.len(), after == before, i32::from(after == before));
    assert_eq!(after, before);
    assert_eq!(unmerge(&world, &here.admin, merge).await.unwrap_err().kind, Kind::Conflict, "once");
    let latest = world.run(&here.admin, LatestMerge { entity: "lead".to_owned(), id: kept.id }).await.unwrap();
    assert_eq!(latest, None);
    world.end().await;
}

#[tokio::test]
async fn what_was_changed_since_stays_and_is_named() {
    let world = World::new().await;
    let here = &world.here;
    let (kept, merged, sample) = two(&world).await;
    let done = world.run(&here.admin, merge_of(&kept, &merged, &[("email", "merged")])).await.unwrap();
    let edit = json!({ "company": "Lake Motors Ltd" });
    world.update(&here.user, "lead", &done.record, edit).await.unwrap();
    let third = world.lead_of(&here.user, "Third").await;
    let sample = world.get(&here.user, "sample", sample.id).await.unwrap();
    world.update(&here.user, "sample", &sample, json!({ "lead": third.id })).await.unwrap();
    let undone = unmerge(&world, &here.admin, done.merge).await.unwrap();
    assert_eq!(undone.kept.len(), 2, "{undone:?}");
    assert!(undone.kept.iter().any(|kept| kept == "Company of Amina Otieno"), "{undone:?}");
    assert!(undone.said.contains("stays"), "{undone:?}");
    let first = world.get(&here.user, "lead", kept.id).await.unwrap();
    assert_eq!((first.text("company"), first.text("email")), (Some("Lake Motors Ltd"), Some("amina@lake.example")));
    let second = world.get(&here.user, "lead", merged.id).await.unwrap();
    assert_eq!((second.deleted_at, second.values.get("company")), (None, Some(&json!("Lake Motors"))));
    let sample = world.get(&here.user, "sample", sample.id).await.unwrap();
    assert_eq!(sample.values.get("lead"), Some(&json!(third.id)), "the later change stays");
    world.end().await;
}

#[tokio::test]
async fn a_merge_is_refused_whole() {
    let world = World::new().await;
    let here = &world.here;
    let (kept, merged, _) = two(&world).await;
    let before = fingerprint(&world).await;
    let operation = || merge_of(&kept, &merged, &[]);
    let kind = async |caller: &Caller, operation: MergeRecords| world.run(caller, operation).await.unwrap_err().kind;
    assert_eq!(kind(&here.viewer, operation()).await, Kind::Forbidden);
    // May delete only their own.
    let other = world.lead_of(&here.admin, "The admin's").await;
    assert_eq!(kind(&here.user, merge_of(&kept, &other, &[])).await, Kind::Forbidden);
    assert_eq!(kind(&here.rep, operation()).await, Kind::NotFound);
    assert_eq!(kind(&world.there.admin, operation()).await, Kind::NotFound);
    assert_eq!(kind(&here.admin, merge_of(&kept, &kept, &[])).await, Kind::Invalid);
    assert_eq!(kind(&here.admin, merge_of(&kept, &merged, &[("number", "merged")])).await, Kind::Invalid);
    assert_eq!(kind(&here.admin, merge_of(&kept, &merged, &[("email", "both")])).await, Kind::Invalid);
    let stale = MergeRecords { merged_version: Some(merged.version + 1), ..operation() };
    assert_eq!(kind(&here.admin, stale).await, Kind::Stale);
    // Who may change leads and not what points at them.
    let half = with(&here.admin, |access| {
        access.grants = domain::Grants(
            [("crm.lead.*", domain::Reach::All), ("*.*.read", domain::Reach::All)]
                .map(|(key, reach)| (key.to_owned(), reach))
                .into(),
        );
    });
    assert_eq!(kind(&half, operation()).await, Kind::Forbidden);
    let plan = PreviewMerge { entity: "lead".to_owned(), kept: kept.id, merged: merged.id };
    assert!(world.run(&half, plan).await.unwrap().refused.is_some(), "the preview says so too");
    let order = fingerprint(&world).await;
    assert_eq!(order.split(' ').skip(1).collect::<Vec<_>>(), before.split(' ').skip(1).collect::<Vec<_>>());
    // After thirty days it stays.
    let done = world.run(&here.admin, operation()).await.unwrap();
    assert_eq!(unmerge(&world, &here.viewer, done.merge).await.unwrap_err().kind, Kind::Forbidden);
    assert_eq!(unmerge(&world, &world.there.admin, done.merge).await.unwrap_err().kind, Kind::NotFound);
    // Somebody took the unique value meanwhile.
    let taken =
        world.create(&here.user, "lead", json!({ "name": "Other", "email": "a.otieno@lake.example" })).await.unwrap();
    let refused = unmerge(&world, &here.admin, done.merge).await.unwrap_err();
    assert!(refused.message.contains("already has this") || !refused.fields.is_empty(), "{refused:?}");
    let restore = RestoreRecord { entity: "lead".to_owned(), id: merged.id };
    assert_eq!(world.run(&here.admin, restore).await.unwrap_err().kind, Kind::Conflict);
    drop(taken);
    world.test.clock.advance(chrono::Duration::days(31));
    assert_eq!(unmerge(&world, &here.admin, done.merge).await.unwrap_err().kind, Kind::Conflict);
    world.end().await;
}

/// What is no entity stays as it is, as lines of the ledger do: whose there are does not go, and everybody else does.
#[tokio::test]
async fn what_no_entity_describes_is_not_left_pointing_at_what_went() {
    let world = World::new().await;
    let here = &world.here;
    let (kept, merged, _) = two(&world).await;
    let posted = "create table postings_of_test (tenant_id uuid not null, id uuid not null, lead_id uuid,
            foreign key (tenant_id, lead_id) references leads (tenant_id, id));
        call secure_tenant_table('postings_of_test', 'insert')";
    sqlx::raw_sql(posted).execute(&world.owner).await.unwrap();
    let plan =
        |kept: Uuid, merged: Uuid| world.run(&here.admin, PreviewMerge { entity: "lead".to_owned(), kept, merged });
    assert_eq!(plan(kept.id, merged.id).await.unwrap().refused, None, "nothing is posted yet");
    let post = "insert into postings_of_test (tenant_id, id, lead_id) values ($1, gen_random_uuid(), $2)";
    let post = sqlx::query(post).bind(here.admin.access.tenant.0).bind(merged.id);
    post.execute(&world.owner).await.unwrap();
    let why = plan(kept.id, merged.id).await.unwrap().refused.expect("a reason");
    assert!(why.contains("kept as they are") && why.contains("the other way round"), "{why}");
    let before = fingerprint(&world).await;
    let refused = world.run(&here.admin, merge_of(&kept, &merged, &[])).await.unwrap_err();
    assert_eq!((refused.kind, refused.message), (Kind::Conflict, why));
    assert_eq!(fingerprint(&world).await, before);
    assert_eq!(plan(merged.id, kept.id).await.unwrap().refused, None);
    world.end().await;
}

#[tokio::test]
async fn a_merge_is_taken_back_by_those_alone_who_may_change_what_it_turned() {
    let world = World::new().await;
    let here = &world.here;
    let (kept, merged, _) = two(&world).await;
    let done = world.run(&here.admin, merge_of(&kept, &merged, &[])).await.unwrap();
    let before = fingerprint(&world).await;
    // No permission at all, none over these rows, and rows of which they may not know.
    let reads = ("*.*.read", Reach::All);
    let none = granted(&here.admin, &[("crm.lead.*", Reach::All), reads]);
    let others = and_of_samples(&here.admin, &[reads, ("crm.sample.update", Reach::Own)]);
    let blind = and_of_samples(&here.admin, &[("crm.sample.update", Reach::Own)]);
    for (caller, kind, named) in
        [(none, Kind::Forbidden, "update"), (others, Kind::Conflict, "samples"), (blind, Kind::Conflict, "records")]
    {
        let refused = unmerge(&world, &caller, done.merge).await.unwrap_err();
        assert_eq!(refused.kind, kind, "{refused:?}");
        assert!(refused.message.contains(named) && !has_digit(&refused.message), "{refused:?}");
        assert_eq!(fingerprint(&world).await, before, "{named}: nothing is put back by halves");
    }
    let latest = world.run(&here.admin, LatestMerge { entity: "lead".to_owned(), id: kept.id }).await.unwrap();
    assert_eq!(latest.map(|latest| latest.id), Some(done.merge), "it can still be taken back");
    assert!(unmerge(&world, &here.admin, done.merge).await.unwrap().kept.is_empty());
    world.end().await;
}

#[tokio::test]
async fn what_stays_is_named_to_those_alone_who_may_see_it() {
    let world = World::new().await;
    let here = &world.here;
    let (kept, merged, sample) = two(&world).await;
    let done = world.run(&here.admin, merge_of(&kept, &merged, &[])).await.unwrap();
    let third = world.lead_of(&here.user, "Third").await;
    let sample = world.get(&here.user, "sample", sample.id).await.unwrap();
    world.update(&here.user, "sample", &sample, json!({ "lead": third.id })).await.unwrap();
    let own = [("crm.sample.read", Reach::Own), ("crm.sample.update", Reach::All)];
    let undone = unmerge(&world, &and_of_samples(&here.admin, &own), done.merge).await.unwrap();
    assert_eq!(undone.kept, ["samples that are not yours to see"], "{undone:?}");
    world.end().await;
}

#[tokio::test]
async fn a_hidden_value_is_not_put_back_by_those_who_may_not_write_it() {
    let world = World::new().await;
    let here = &world.here;
    let kept = world.create(&here.user, "sample", json!({ "name": "Stays" })).await.unwrap();
    let merged = world.create(&here.user, "sample", json!({ "name": "Goes" })).await.unwrap();
    let margin = json!({ "margin": { "amount": "5.00", "currency": "KES" } });
    let merged = world.update(&here.admin, "sample", &merged, margin.clone()).await.unwrap();
    let operation = MergeRecords { entity: "sample".to_owned(), ..merge_of(&kept, &merged, &[]) };
    let done = world.run(&here.admin, operation).await.unwrap();
    assert_eq!(done.record.values.get("margin"), margin.get("margin"));
    let back = || UnmergeRecords { entity: "sample".to_owned(), merge: done.merge };
    let refused = world.run(&here.user, back()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    assert!(!refused.message.contains("margin") && refused.required_permission.is_none(), "{refused:?}");
    let still = world.get(&here.admin, "sample", kept.id).await.unwrap();
    assert_eq!(still.values.get("margin"), margin.get("margin"));
    assert!(world.run(&here.admin, back()).await.unwrap().kept.is_empty());
    world.end().await;
}

#[tokio::test]
async fn a_preview_counts_what_the_caller_sees_and_waits_for_nobody() {
    let world = World::new().await;
    let here = &world.here;
    let (kept, merged, sample) = two(&world).await;
    let plan = || PreviewMerge { entity: "lead".to_owned(), kept: kept.id, merged: merged.id };
    let moves = |plan: &domain::records::MergePlan| -> BTreeMap<String, i64> {
        plan.moves.iter().map(|moves| (moves.what.clone(), moves.count)).collect()
    };
    let whole = world.run(&here.admin, plan()).await.unwrap();
    assert!(!whole.others && whole.refused.is_none() && moves(&whole).contains_key("Samples"), "{whole:?}");
    let own = [("crm.sample.read", Reach::Own), ("crm.sample.update", Reach::Own)];
    let beside = [("crm.lead.*", Reach::All), ("crm.activity.*", Reach::All)];
    let part = granted(&here.admin, &[&beside[..], &own[..]].concat());
    let seen = world.run(&part, plan()).await.unwrap();
    let sight = ["Activities", "Files", "Notes"].map(|what| (what.to_owned(), 1));
    assert_eq!(moves(&seen), BTreeMap::from(sight), "no count of what is out of sight");
    let why = seen.refused.unwrap();
    assert!(seen.others && why.contains("not yours to change") && !has_digit(&why), "{why}");
    let refused = world.run(&part, merge_of(&kept, &merged, &[])).await.unwrap_err();
    assert!(refused.message == why, "the merge says the same: {refused:?}");
    // Somebody is writing all of them.
    let mut writing = world.open(&here.user).await;
    for (entity, record) in [("lead", &kept), ("lead", &merged), ("sample", &sample)] {
        let (entity, values) = (entity.to_owned(), object(json!({ "name": "Being written" })));
        let edit = UpdateRecord { entity, id: record.id, version: Some(record.version), values, base: None };
        writing.run(edit).await.unwrap();
    }
    let asked = tokio::time::timeout(Duration::from_secs(5), world.run(&here.admin, plan())).await;
    assert_eq!(asked.expect("a preview takes no locks").unwrap().moves, whole.moves);
    drop(writing);
    world.end().await;
}

#[tokio::test]
async fn nothing_comes_to_point_at_a_row_while_it_is_merged() {
    let world = World::new().await;
    let here = &world.here;
    let (kept, merged, _) = two(&world).await;
    let third = world.lead_of(&here.user, "Third").await;
    let other = world.create(&here.user, "sample", json!({ "name": "Other", "lead": third.id })).await.unwrap();
    let mut merging = world.open(&here.admin).await;
    merging.run(merge_of(&kept, &merged, &[])).await.unwrap();
    let making = world.create(&here.user, "sample", json!({ "name": "Late", "lead": merged.id }));
    let turning = world.update(&here.user, "sample", &other, json!({ "lead": merged.id }));
    let ending = async {
        world.test.somebody_waits().await;
        // The other one of the two comes as well.
        tokio::time::sleep(Duration::from_millis(200)).await;
        merging.commit().await.unwrap();
    };
    let (made, turned, ()) = tokio::join!(making, turning, ending);
    for refused in [made.unwrap_err(), turned.unwrap_err()] {
        assert_eq!(refused.kind, Kind::Invalid);
        assert!(at(&refused, "lead").contains("does not exist"), "{refused:?}");
    }
    let left = left_behind(&world, merged.id).await;
    assert!(left.is_empty(), "{left:?}");
    // What is not merged is pointed at as ever, by many at once.
    let many = (0..8).map(|_| world.create(&here.user, "sample", json!({ "name": "Many", "lead": kept.id })));
    for made in futures::future::join_all(many).await {
        made.unwrap();
    }
    world.end().await;
}

#[tokio::test]
async fn rows_that_look_alike_are_named_to_those_who_may_see_them() {
    let world = World::new().await;
    let here = &world.here;
    let first = json!({ "name": "Amina Otieno", "email": "amina@lake.example", "phone": "+254 711 000 111", "company": "Lake Motors" });
    let first = world.create(&here.user, "lead", first).await.unwrap();
    let alike = async |caller: &Caller, values: Value, except: Option<Uuid>| {
        let asked = AlikeRecords { entity: "lead".to_owned(), values: object(values), except };
        let found = world.run(caller, asked).await.unwrap();
        found.into_iter().map(|alike| alike.same).collect::<Vec<_>>()
    };
    assert_eq!(alike(&here.user, json!({ "email": "amina@lake.example" }), None).await, ["E-mail"]);
    assert_eq!(alike(&here.user, json!({ "phone": "+254711000111" }), None).await, ["Phone"]);
    assert_eq!(
        alike(&here.user, json!({ "name": "AMINA  otieno", "company": "lake motors" }), None).await,
        ["Name and company"]
    );
    assert!(alike(&here.user, json!({ "name": "Amina Otieno" }), None).await.is_empty(), "people share names");
    assert!(alike(&here.user, json!({ "email": "amina@lake.example" }), Some(first.id)).await.is_empty(), "itself");
    assert!(alike(&here.rep, json!({ "email": "amina@lake.example" }), None).await.is_empty(), "out of reach");
    assert!(alike(&world.there.admin, json!({ "email": "amina@lake.example" }), None).await.is_empty());
    world.end().await;
}
