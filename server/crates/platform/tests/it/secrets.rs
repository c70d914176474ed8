//! F-10: secrets open only in their place, survive a change of keys, and are nowhere in clear.

use crate::database::TestDb;
use domain::TenantId;
use nexus_platform::random::{Random, SystemRandom, uuid_v7};
use nexus_platform::secret::{Keyring, Secret, Vault};
use nexus_platform::{TenantPool, TenantTx, TxMode};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

const PLAIN: &[u8] = b"sk_live_the-plaintext-nobody-may-find";

fn key(id: &str) -> String {
    Keyring::generate(id, &SystemRandom).into_exposed()
}

fn vault(tenant: TenantId, keyring: &Keyring) -> Vault<'_> {
    Vault { tenant, keyring, random: &SystemRandom }
}

async fn put(pool: &TenantPool, vault: &Vault<'_>, name: &str, value: &[u8]) -> Uuid {
    let mut tx = TenantTx::begin(pool, vault.tenant, TxMode::ReadWrite).await.unwrap();
    let mut id = [0; 16];
    SystemRandom.fill(&mut id);
    let id = vault.put(tx.conn(), name, &Secret::new(value.to_vec()), Uuid::from_bytes(id)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn get(pool: &TenantPool, vault: &Vault<'_>, name: &str) -> domain::Result<Option<Vec<u8>>> {
    let mut tx = TenantTx::begin(pool, vault.tenant, TxMode::ReadOnly).await.unwrap();
    Ok(vault.get(tx.conn(), name).await?.map(Secret::into_exposed))
}

#[tokio::test]
async fn put_get_replace_delete() {
    let db = TestDb::new().await;
    let ring = Keyring::parse(&key("k1")).unwrap();
    let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
    let (mine, theirs) = (vault(acme, &ring), vault(other, &ring));
    let app = &db.pools.app;
    let first = put(app, &mine, "stripe", b"one").await;
    assert_eq!(put(app, &mine, "stripe", b"two").await, first);
    put(app, &theirs, "stripe", b"theirs").await;
    assert_eq!(get(app, &mine, "stripe").await.unwrap().unwrap(), b"two");
    assert_eq!(get(app, &theirs, "stripe").await.unwrap().unwrap(), b"theirs");
    assert_eq!(get(app, &mine, "twilio").await.unwrap(), None);
    let mut tx = TenantTx::begin(app, acme, TxMode::ReadWrite).await.unwrap();
    assert!(mine.delete(tx.conn(), "stripe").await.unwrap());
    assert!(!mine.delete(tx.conn(), "stripe").await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(get(app, &theirs, "stripe").await.unwrap().unwrap(), b"theirs");
    db.close().await;
}

#[tokio::test]
async fn a_ciphertext_opens_nowhere_else() {
    let db = TestDb::new().await;
    let ring = Keyring::parse(&key("k1")).unwrap();
    let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
    let (mine, theirs) = (vault(acme, &ring), vault(other, &ring));
    let app = &db.pools.app;
    put(app, &mine, "a", PLAIN).await;
    put(app, &mine, "b", b"another").await;
    put(app, &theirs, "a", b"theirs").await;
    let swap = |sql: &'static str| {
        let owner = db.owner.clone();
        async move { sqlx::query(sql).execute(&owner).await.unwrap() }
    };
    swap("create table kept as select tenant_id, id, name, sealed, key_id from secrets").await;
    swap("create table kept_keys as select tenant_id, id, sealed from tenant_keys").await;
    let restore = || async {
        swap("update secrets s set sealed = k.sealed, key_id = k.key_id from kept k where k.tenant_id = s.tenant_id and k.id = s.id").await;
        swap("update tenant_keys t set sealed = k.sealed from kept_keys k where k.tenant_id = t.tenant_id and k.id = t.id").await;
    };
    // Between rows of one workspace.
    swap("update secrets s set sealed = k.sealed from kept k where k.tenant_id = s.tenant_id and k.name <> s.name")
        .await;
    assert!(get(app, &mine, "a").await.is_err() && get(app, &mine, "b").await.is_err());
    restore().await;
    assert_eq!(get(app, &mine, "a").await.unwrap().unwrap(), PLAIN);
    // Between workspaces, the secret alone, then the key as well.
    swap("update secrets s set sealed = k.sealed from kept k where k.tenant_id <> s.tenant_id and k.name = s.name")
        .await;
    assert!(get(app, &mine, "a").await.is_err() && get(app, &theirs, "a").await.is_err());
    swap("update tenant_keys t set sealed = k.sealed from kept_keys k where k.tenant_id <> t.tenant_id").await;
    assert!(get(app, &mine, "a").await.is_err() && get(app, &theirs, "a").await.is_err());
    restore().await;
    assert_eq!(get(app, &theirs, "a").await.unwrap().unwrap(), b"theirs");
    // A row that is given another id.
    swap("update secrets set id = gen_random_uuid()").await;
    assert!(get(app, &mine, "a").await.is_err());
    db.close().await;
}

#[tokio::test]
async fn keys_are_rotated_while_secrets_stay_readable() {
    let db = TestDb::new().await;
    let (old, new) = (key("old"), key("new"));
    let before = Keyring::parse(&old).unwrap();
    let both = Keyring::parse(&format!("{new},{old}")).unwrap();
    let after = Keyring::parse(&new).unwrap();
    let tenant = db.tenant("acme").await;
    let app = &db.pools.app;
    for name in ["a", "b", "c"] {
        put(app, &vault(tenant, &before), name, name.as_bytes()).await;
    }
    assert!(get(app, &vault(tenant, &after), "a").await.is_err());
    for turn in [1, 0] {
        let mut tx = TenantTx::begin(app, tenant, TxMode::ReadWrite).await.unwrap();
        assert_eq!(vault(tenant, &both).rotate(tx.conn()).await.unwrap(), turn);
        tx.commit().await.unwrap();
        for name in ["a", "b", "c"] {
            assert_eq!(get(app, &vault(tenant, &both), name).await.unwrap().unwrap(), name.as_bytes());
            assert_eq!(get(app, &vault(tenant, &after), name).await.unwrap().unwrap(), name.as_bytes());
        }
    }
    assert!(get(app, &vault(tenant, &before), "a").await.is_err());
    db.close().await;
}

#[tokio::test]
async fn the_plaintext_is_nowhere_in_the_database() {
    let db = TestDb::new().await;
    let ring_text = key("k1");
    let ring = Keyring::parse(&ring_text).unwrap();
    let tenant = db.tenant("acme").await;
    put(&db.pools.app, &vault(tenant, &ring), "stripe", PLAIN).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I', relname) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
    )
    .fetch_all(&db.owner)
    .await
    .unwrap();
    assert!(tables.len() > 20);
    let plain = String::from_utf8(PLAIN.to_vec()).unwrap();
    let hex: String = PLAIN.iter().map(|byte| format!("{byte:02x}")).collect();
    let outer = ring_text.split(':').nth(1).unwrap();
    for table in tables {
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("select t::text from {table} t")))
            .fetch_all(&db.owner)
            .await
            .unwrap();
        for row in rows {
            assert!(![plain.as_str(), hex.as_str(), outer].iter().any(|needle| row.contains(needle)), "{table}");
        }
    }
    // The assistant's role may not even look at the ciphertext.
    let refused: bool = sqlx::query_scalar("select not has_table_privilege('nexus_ai', 'secrets', 'select')")
        .fetch_one(&db.owner)
        .await
        .unwrap();
    assert!(refused);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_store_one_secret() {
    let db = TestDb::new().await;
    let ring = std::sync::Arc::new(Keyring::parse(&key("k1")).unwrap());
    let tenant = db.tenant("acme").await;
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..16_u8 {
        let (app, ring) = (db.pools.app.clone(), ring.clone());
        tasks.spawn(async move { put(&app, &vault(tenant, &ring), "stripe", &[turn]).await });
    }
    let ids: std::collections::HashSet<Uuid> = tasks.join_all().await.into_iter().collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(get(&db.pools.app, &vault(tenant, &ring), "stripe").await.unwrap().unwrap().len(), 1);
    assert_eq!(uuid_v7(db.clock.as_ref(), &SystemRandom).get_version_num(), 7);
    db.close().await;
}
