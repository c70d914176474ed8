//! The audit trail is proven whole, and found out when it is not.

#![expect(clippy::disallowed_methods, reason = "a superuser who tampers asks nobody, and verifying is measured")]

mod every;
mod feedback;
mod trail;

use nexus_server::start;
use platform::audit::anchor::{self, Anchors};
use platform::audit::chain::{Leaf, Stored, digest, head};
use platform::audit::verify::{self, Report};
use platform::audit::{file, seal};
use platform::{Caller, Change};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::{TestTenant, TestWorld};
use uuid::Uuid;

/// Numbers that come out the same twice.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}

async fn world() -> (TestWorld, TestTenant, Caller) {
    let world = TestWorld::new(|registry| *registry = start::registry()).await;
    let tenant = world.tenant("lakeside", "core").await;
    let caller = world.member(&tenant, "Amina", &["OWNER"]).await;
    (world, tenant, caller)
}

/// Changes in transactions of a few each, sealed in between. Every other transaction is a key's.
async fn fill(world: &TestWorld, caller: &Caller, count: usize) {
    let client = platform::audit::Client { address: Some("192.0.2.7".into()), agent: Some("Firefox".into()) };
    let origin = platform::ctx::Origin {
        client: Some(std::sync::Arc::new(client)),
        ..world.platform.origin(Some(Uuid::from_u128(9)))
    };
    let caller = Caller { origin, session: Some(Uuid::from_u128(7)), ..caller.clone() };
    let key = Some(platform::access::Key { id: Uuid::from_u128(8), per_minute: 600 });
    let by_key =
        Caller { access: std::sync::Arc::new(platform::Access { key, ..(*caller.access).clone() }), ..caller.clone() };
    for at in 0..count {
        let mut ctx = world.open(if at % 2 == 0 { &caller } else { &by_key }).await;
        for part in 0..3 {
            ctx.changed(Change {
                entity: "lead".into(),
                record: Some(Uuid::from_u128(at as u128)),
                before: Some(json!({ "name": format!("Lead {at}"), "value": part })),
                after: Some(json!({ "name": format!("Lead {at} \u{1b}[31m\r\nINFO forged"), "value": 1.5 })),
                event: None,
            });
        }
        ctx.commit().await.unwrap();
        if at % 4 == 3 {
            seal_all(world).await;
        }
    }
    seal_all(world).await;
}

/// Until nothing is left: other tests of this cluster may hold transactions open for a moment.
async fn seal_all(world: &TestWorld) {
    let owner = PgConnection::connect(&world.urls.owner).await;
    let mut owner = owner.unwrap();
    for _ in 0..600 {
        seal::run_once(&world.platform).await.unwrap();
        let left: i64 = sqlx::query_scalar(
            "select (select count(*) from changes) - (select coalesce(sum(changes), 0)::bigint from change_heads)
                + (select coalesce(sum(a.changes), 0)::bigint from (select max(changes) as changes from change_archives group by tenant_id) a)",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        if left == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("changes were not sealed");
}

async fn check(conn: &mut PgConnection, world: &TestWorld, anchors: &Anchors) -> Report {
    let reports = verify::within(conn, &world.services().keyring, anchors, Some("lakeside")).await.unwrap();
    reports.into_iter().next().unwrap()
}

/// What a superuser may do to one row, with the table it is done to. `$c` is a change, `$a` one that a key made, `$d` another one, `$s` a
/// seal's number.
const TAMPERINGS: &[(&str, &str)] = &[
    ("change", "update changes set at = at + interval '1 second' where id = '$c'"),
    ("change", "update changes set operation = 'records.delete' where id = '$c'"),
    ("change", "update changes set entity = 'customer' where id = '$c'"),
    ("change", "update changes set record_id = gen_random_uuid() where id = '$c'"),
    ("change", "update changes set record_id = null where id = '$c'"),
    ("change", "update changes set actor_id = (select id from members where id <> changes.actor_id limit 1) where id = '$c'"),
    ("change", "update changes set actor_id = null where id = '$c'"),
    ("change", "update changes set cause_kind = 'import' where id = '$c'"),
    ("change", "update changes set cause_id = gen_random_uuid() where id = '$c'"),
    ("change", "update changes set request_id = null where id = '$c'"),
    ("change", "update changes set through_kind = 'impersonation', through_id = gen_random_uuid() where id = '$c'"),
    ("change", "update changes set through_kind = null, through_id = null where id = '$a'"),
    ("change", "update changes set through_kind = 'impersonation' where id = '$a'"),
    ("change", "update changes set through_id = gen_random_uuid() where id = '$a'"),
    ("change", "update changes set before = jsonb_set(before, '{name}', '\"Nobody\"') where id = '$c'"),
    ("change", "update changes set before = null where id = '$c'"),
    ("change", "update changes set after = after || '{\"value\": 2}' where id = '$c'"),
    ("change", "update changes set after = after - 'value' where id = '$c'"),
    ("change", "update changes set after = before, before = after where id = '$c'"),
    ("change", "update changes set salt = decode(repeat('00', 16), 'hex') where id = '$c'"),
    ("change", "update changes set digest = decode(repeat('00', 32), 'hex') where id = '$c'"),
    ("change", "update changes set address = '198.51.100.1' where id = '$c'"),
    ("change", "update changes set address = null where id = '$c'"),
    ("change", "update changes set agent = 'curl' where id = '$c'"),
    ("change", "update changes set session_id = null where id = '$c'"),
    ("change", "update changes set outcome = 'refused' where id = '$c'"),
    ("change", "update changes set xid = '5' where id = '$c'"),
    ("change", "update changes set id = overlay(id::text placing '0000' from 25)::uuid where id = '$c'"),
    ("change", "update changes set tenant_id = (select id from tenants where slug = 'other'), actor_id = null where id = '$c'"),
    ("change", "update changes set before = null, after = null, salt = null, address = null, agent = null where id = '$c'"),
    ("change", "delete from changes where id = '$c'"),
    (
        "change",
        "with d as (select * from changes where id = '$d') update changes c set before = d.before, after = d.after, salt = d.salt, digest = d.digest from d where c.id = '$c'",
    ),
    (
        "insert",
        "insert into changes (tenant_id, id, at, operation, entity, record_id, actor_id, cause_kind, before, after, salt, digest, outcome, xid)
         select tenant_id, overlay(id::text placing 'ffff' from 25)::uuid, at, operation, entity, record_id, actor_id, cause_kind, before, after, salt, digest, outcome, xid
         from changes where id = '$c'",
    ),
    ("tail", "delete from changes where id in (select unnest(changes) from change_seals where seq = (select max(seq) from change_seals))"),
    ("tail", "delete from change_seals where seq = (select max(seq) from change_seals)"),
    ("seal", "update change_seals set sealed_at = sealed_at + interval '1 second' where seq = $s"),
    ("seal", "update change_seals set head = decode(repeat('11', 32), 'hex') where seq = $s"),
    ("seal", "update change_seals set changes = array_append(changes[2:], changes[1]) where seq = $s"),
    ("seal", "update change_seals set changes = changes[2:] where seq = $s"),
    ("seal", "update change_seals set changes = array_append(changes, changes[1]) where seq = $s"),
    ("seal", "update change_seals set seq = seq + 100000 where seq = $s"),
    ("seal", "delete from change_seals where seq = $s"),
    ("head", "update change_heads set seq = seq - 1 where tenant_id = '$t'"),
    ("head", "update change_heads set head = decode(repeat('11', 32), 'hex') where tenant_id = '$t'"),
    ("head", "update change_heads set changes = changes + 1 where tenant_id = '$t'"),
    ("head", "delete from change_heads where tenant_id = '$t'"),
];

/// G-04. 500 single tamperings by whoever owns the tables: all are found, and each at its place. Nothing is found where nothing was done.
#[tokio::test]
async fn every_tampering_is_found_at_its_place() {
    let (world, tenant, caller) = world().await;
    let other = world.tenant("other", "core").await;
    world.member(&other, "Baraka", &["OWNER"]).await;
    world.member(&tenant, "Chausiku", &["USER"]).await;
    fill(&world, &caller, 40).await;
    let mut conn = PgConnection::connect(&world.urls.owner).await.unwrap();
    let clean = check(&mut conn, &world, &Anchors::default()).await;
    assert_eq!((clean.faults.len(), clean.changes, clean.pending), (0, 120, 0), "{:?}", clean.faults);
    let places: Vec<(i64, Vec<Uuid>)> =
        sqlx::query_as("select seq, changes from change_seals where tenant_id = $1 order by seq")
            .bind(tenant.id.0)
            .fetch_all(&mut conn)
            .await
            .unwrap();
    let by_key: Vec<Uuid> =
        sqlx::query_scalar("select id from changes where through_kind = 'api_key'").fetch_all(&mut conn).await.unwrap();
    let sealed = |id: &Uuid| places.iter().find(|(_, changes)| changes.contains(id)).map(|(seq, _)| (*seq, *id));
    let by_key: Vec<(i64, Uuid)> = by_key.iter().filter_map(sealed).collect();
    assert_eq!(by_key.len(), 60);
    let (mut dice, mut found, mut kinds) = (Dice(0x5eed_1234_9876), 0, HashMap::new());
    for round in 0..500 {
        // Each once, then any.
        let drawn = dice.below(TAMPERINGS.len());
        let (kind, sql) = TAMPERINGS.get(round).copied().unwrap_or(TAMPERINGS[drawn]);
        let (seq, changes) = &places[dice.below(places.len())];
        let drawn = (*seq, changes[dice.below(changes.len())]);
        let (seq, change) = if sql.contains("$a") { by_key[dice.below(by_key.len())] } else { drawn };
        let another = places[(usize::try_from(seq).unwrap()) % places.len()].1[0];
        let sql = sql
            .replace("$a", &change.to_string())
            .replace("$c", &change.to_string())
            .replace("$d", &another.to_string())
            .replace("$s", &seq.to_string())
            .replace("$t", &tenant.id.to_string());
        let mut tx = conn.begin().await.unwrap();
        let done = sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut *tx).await.unwrap();
        assert!(done.rows_affected() > 0, "{sql}");
        let report = check(&mut tx, &world, &Anchors::default()).await;
        tx.rollback().await.unwrap();
        let last = places.last().unwrap().0;
        let right = report.faults.iter().any(|fault| match kind {
            "change" => fault.seq == Some(seq) && fault.change.is_none_or(|found| found == change),
            "insert" => fault.change.is_some_and(|found| found != change),
            "tail" => fault.seq.is_some_and(|seq| seq >= last),
            // A link that was altered shows there or, where it was the last, at the head.
            "seal" => fault.seq.is_some_and(|found| found == seq || found == seq + 1),
            _ => fault.seq.is_some_and(|found| found >= last),
        });
        assert!(right, "round {round}: {sql}\n{:#?}", report.faults);
        found += u32::from(right);
        *kinds.entry(kind).or_insert(0) += 1;
    }
    println!("bar=G-04 n=500 found={found} ways={} kinds={kinds:?} pass=1", TAMPERINGS.len());
    conn.close().await.unwrap();
    world.end().await;
}

/// G-05. Whoever may write everything in the database rewrites a change, every seal after it and the head: the database alone shows nothing,
/// the anchors do. Lines of anchors cannot be made, altered or taken out of the middle either.
#[tokio::test]
async fn a_chain_that_was_rewritten_does_not_fit_its_anchors() {
    let (world, tenant, caller) = world().await;
    let folder = std::env::temp_dir().join(format!("nexus-anchors-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let mut known = HashMap::new();
    for _ in 0..5 {
        fill(&world, &caller, 4).await;
        assert_eq!(anchor::write(&world.platform, &folder, &mut known).await.unwrap(), 1);
    }
    assert_eq!(anchor::write(&world.platform, &folder, &mut known).await.unwrap(), 0, "a head that stays is kept once");
    let keyring = world.services().keyring.clone();
    let anchors = anchor::read(&folder, &keyring).unwrap();
    assert_eq!((anchors.by_tenant[&tenant.id.0].len(), anchors.faults.len()), (5, 0));
    let mut conn = PgConnection::connect(&world.urls.owner).await.unwrap();
    let clean = check(&mut conn, &world, &anchors).await;
    assert!(clean.faults.is_empty() && clean.anchors == 5, "{:?}", clean.faults);
    let (mut dice, mut found) = (Dice(0xa11_ce55), 0);
    for round in 0..100 {
        let mut tx = conn.begin().await.unwrap();
        rewrite(&mut tx, tenant.id.0, &mut dice).await;
        let alone = check(&mut tx, &world, &Anchors::default()).await;
        assert!(alone.faults.is_empty(), "round {round} was not rewritten well: {:?}", alone.faults);
        let with = check(&mut tx, &world, &anchors).await;
        assert!(with.faults.iter().any(|fault| fault.what.contains("anchor")), "round {round}");
        found += 1;
        tx.rollback().await.unwrap();
    }
    // The whole trail of a workspace thrown away, heads included.
    let mut tx = conn.begin().await.unwrap();
    for sql in ["delete from changes", "delete from change_seals", "delete from change_heads"] {
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
    }
    assert!(check(&mut tx, &world, &Anchors::default()).await.faults.is_empty());
    assert_eq!(check(&mut tx, &world, &anchors).await.faults.len(), 5);
    tx.rollback().await.unwrap();
    tampered_anchors(&folder, &keyring);
    println!("bar=G-05 n=100 found={found} pass=1");
    std::fs::remove_dir_all(&folder).unwrap();
    conn.close().await.unwrap();
    world.end().await;
}

/// As somebody would who knows how it is done, and has no key.
async fn rewrite(conn: &mut PgConnection, tenant: Uuid, dice: &mut Dice) {
    #[expect(clippy::type_complexity, reason = "number, time, changes and head, read once")]
    let seals: Vec<(i64, chrono::DateTime<chrono::Utc>, Vec<Uuid>, Vec<u8>)> =
        sqlx::query_as("select seq, sealed_at, changes, head from change_seals where tenant_id = $1 order by seq")
            .bind(tenant)
            .fetch_all(&mut *conn)
            .await
            .unwrap();
    let begin = dice.below(seals.len());
    let victim = seals[begin].2[dice.below(seals[begin].2.len())];
    let mut row = stored(conn, victim).await;
    row.after = Some(json!({ "name": "Nothing happened here" }));
    sqlx::query("update changes set after = $2, digest = $3 where id = $1")
        .bind(victim)
        .bind(&row.after)
        .bind(digest(&row))
        .execute(&mut *conn)
        .await
        .unwrap();
    let mut previous = if begin == 0 { vec![0; 32] } else { seals[begin - 1].3.clone() };
    for (seq, sealed_at, changes, _) in &seals[begin..] {
        let mut leaves = Vec::new();
        for id in changes {
            leaves.push(Leaf::from(&stored(conn, *id).await).hash());
        }
        previous = head(tenant, *seq, &previous, *sealed_at, &leaves);
        sqlx::query("update change_seals set head = $3 where tenant_id = $1 and seq = $2")
            .bind(tenant)
            .bind(seq)
            .bind(&previous)
            .execute(&mut *conn)
            .await
            .unwrap();
    }
    sqlx::query("update change_heads set head = $2 where tenant_id = $1")
        .bind(tenant)
        .bind(&previous)
        .execute(&mut *conn)
        .await
        .unwrap();
}

async fn stored(conn: &mut PgConnection, id: Uuid) -> Stored {
    sqlx::query_as(
        "select tenant_id, id, at, operation, entity, record_id, actor_id, cause_kind, cause_id, request_id, before, after, salt, digest,
            address, agent, session_id, outcome, through_kind, through_id, xid::text as xid from changes where id = $1",
    )
    .bind(id)
    .fetch_one(conn)
    .await
    .unwrap()
}

fn tampered_anchors(folder: &Path, keyring: &platform::secret::Keyring) {
    let path = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // Whichever seal the second one is of: two may have been made before the next was kept.
    let altered = text.replacen(lines[1], &lines[1].replacen("\"seq\":", "\"seq\":9", 1), 1);
    assert_ne!(altered, text);
    let without = [&lines[..1], &lines[2..]].concat().join("\n");
    let foreign = format!("{text}{{}}\n");
    for (what, text) in [("altered", altered), ("missing", without), ("is no anchor", foreign)] {
        std::fs::write(&path, text).unwrap();
        let faults = anchor::read(folder, keyring).unwrap().faults;
        assert!(faults.iter().any(|fault| fault.contains(what)), "{what}: {faults:?}");
    }
    let other = platform::secret::Keyring::generate("k1", &platform::random::SystemRandom);
    let other = platform::secret::Keyring::parse(other.expose()).unwrap();
    std::fs::write(&path, text).unwrap();
    assert!(!anchor::read(folder, &other).unwrap().faults.is_empty(), "another key makes other codes");
}

/// G-07, G-08. The oldest part goes into a file; file and database verify, together and by themselves; each line of the file is one event,
/// whatever was typed. A file that was altered, cut or made up is found out, and so is an archive that never was.
#[tokio::test]
async fn the_chain_goes_on_behind_an_archive() {
    let (world, tenant, caller) = world().await;
    let folder = std::env::temp_dir().join(format!("nexus-archive-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    fill(&world, &caller, 12).await;
    let mut known = HashMap::new();
    anchor::write(&world.platform, &folder, &mut known).await.unwrap();
    world.clock.advance(chrono::Duration::days(400));
    fill(&world, &caller, 8).await;
    anchor::write(&world.platform, &folder, &mut known).await.unwrap();
    let (keyring, now) = (world.services().keyring.clone(), platform::clock::Clock::now(world.clock.as_ref()));
    let anchors = anchor::read(&folder, &keyring).unwrap();
    let mut conn = PgConnection::connect(&world.urls.owner).await.unwrap();
    let whole = folder.join("whole.audit");
    file::export(&mut conn, "lakeside", None, now, &whole).await.unwrap();
    let report = file::verify(&whole, &anchors).unwrap();
    assert_eq!((report.changes, report.faults.len(), report.anchors), (60, 0, 2), "{:?}", report.faults);
    let path = folder.join("old.audit");
    let before = now - chrono::Duration::days(200);
    let written = file::archive(&mut conn, &keyring, &anchors, "lakeside", before, now, &path).await.unwrap();
    assert_eq!(written.end.changes, 36);
    let left: i64 = sqlx::query_scalar("select count(*) from changes").fetch_one(&mut conn).await.unwrap();
    assert_eq!(left, 24, "what was archived is gone from the database");
    fill(&world, &caller, 4).await;
    let report = check(&mut conn, &world, &anchors).await;
    assert_eq!((report.changes, report.archived, report.faults.len()), (72, written.end.seq, 0), "{:?}", report.faults);
    let old = file::verify(&path, &anchors).unwrap();
    assert_eq!((old.changes, old.faults.len()), (36, 0), "{:?}", old.faults);
    assert!(
        file::archive(&mut conn, &keyring, &anchors, "lakeside", before, now, &folder.join("again.audit"))
            .await
            .is_err()
    );
    // One event a line, and nothing that a terminal would obey.
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\\u001b[31m\\r\\nINFO forged") && !text.contains(['\u{1b}', '\r']));
    assert_eq!(
        text.lines().filter(|line| serde_json::from_str::<Value>(line).unwrap().get("change").is_some()).count(),
        36
    );
    let lines: Vec<&str> = text.lines().collect();
    let some = lines.len() / 2;
    for (what, lines) in [
        ("altered", lines.iter().map(|line| line.replace("Lead 3", "Lead 4")).collect::<Vec<_>>()),
        ("cut", lines[..lines.len() - 1].iter().map(|line| (*line).to_owned()).collect()),
        (
            "without a line",
            lines.iter().enumerate().filter(|(at, _)| *at != some).map(|(_, line)| (*line).to_owned()).collect(),
        ),
        (
            "with a line twice",
            lines
                .iter()
                .enumerate()
                .flat_map(|(at, line)| vec![(*line).to_owned(); 1 + usize::from(at == some)])
                .collect(),
        ),
    ] {
        let bent = folder.join("bent.audit");
        std::fs::write(&bent, lines.join("\n")).unwrap();
        let faults = file::verify(&bent, &Anchors::default()).unwrap().faults;
        assert!(!faults.is_empty(), "a file that is {what} passes");
    }
    // Somebody throws changes away and says that they are archived.
    let mut tx = conn.begin().await.unwrap();
    for sql in [
        "insert into change_archives select tenant_id, seq, head, (select max(changes) from change_heads), '', now(), 'k1', '' from change_seals order by seq desc limit 1",
        "delete from changes",
        "delete from change_seals",
    ] {
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
    }
    let forged = check(&mut tx, &world, &Anchors::default()).await;
    assert!(forged.faults.iter().any(|fault| fault.what.contains("archive")), "{:?}", forged.faults);
    tx.rollback().await.unwrap();
    println!("bar=G-07 archived=36 kept=36 pass=1\nbar=G-08 lines=36 pass=1");
    std::fs::remove_dir_all(&folder).unwrap();
    let _ = tenant;
    conn.close().await.unwrap();
    world.end().await;
}

/// What verifying and sealing cost, on a chain as long as that of the bar.
#[tokio::test]
async fn a_long_chain_is_sealed_and_verified_quickly() {
    let (world, _, caller) = world().await;
    for _ in 0..13 {
        let mut ctx = world.open(&caller).await;
        for at in 0..500 {
            let (entity, after) = ("lead".to_owned(), Some(json!({ "name": format!("Lead {at}") })));
            ctx.changed(Change { entity, record: Some(Uuid::from_u128(at)), before: None, after, event: None });
        }
        ctx.commit().await.unwrap();
    }
    let began = Instant::now();
    seal_all(&world).await;
    let sealed = began.elapsed();
    let mut conn = PgConnection::connect(&world.urls.owner).await.unwrap();
    let began = Instant::now();
    let report = check(&mut conn, &world, &Anchors::default()).await;
    let verified = began.elapsed();
    assert_eq!((report.changes, report.faults.len()), (6500, 0));
    println!("bar=G-04 sealed={} in={sealed:?} verified_in={verified:?}", report.changes);
    conn.close().await.unwrap();
    world.end().await;
}
