//! Who may enter which workspace, and with what.

use crate::database::TestDb;
use domain::{Kind, Reach};
use nexus_platform::auth::{self, NewTenant};
use nexus_platform::random::SystemRandom;

#[tokio::test]
async fn access_is_read_in_one_go_and_merges_roles() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let user = db.user(&auth, "asa@example.com").await;
    let tenant = db.tenant("acme").await;
    let member = db.member(tenant, user, &["SALES_REP", "VIEWER", "SALES_MANAGER"]).await;
    let access = auth::access(&db.pools, user, "acme").await.unwrap();
    assert_eq!((access.tenant, access.member, access.user), (tenant, member, Some(user)));
    assert_eq!((access.role.as_str(), access.roles.len()), ("VIEWER", 3));
    assert_eq!(access.grants.reach("crm.lead.read"), Some(Reach::All));
    assert_eq!(access.grants.reach("crm.lead.update"), Some(Reach::Team));
    assert_eq!(access.grants.reach("finance.invoice.update"), None);
    assert_eq!(
        (access.currency.as_str(), access.timezone.as_str(), access.industry.as_str()),
        ("USD", "UTC", "automotive")
    );
    assert_eq!(auth::member(&db.pools, tenant, member).await.unwrap().name, "Åsa Öberg");
    let machine = auth::automation(&db.pools, tenant).await.unwrap();
    assert_eq!((machine.user, machine.role.as_str()), (None, "ADMIN"));
    db.close().await;
}

#[tokio::test]
async fn a_stranger_learns_nothing_and_a_member_of_a_suspended_one_is_told() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let (asa, ben) = (db.user(&auth, "asa@example.com").await, db.user(&auth, "ben@example.com").await);
    let (acme, _) = (db.tenant("acme").await, db.tenant("other").await);
    // Not its owner: the last one cannot be suspended.
    db.member(acme, asa, &["ADMIN"]).await;
    let pool = &db.pools.platform;
    let pools = &db.pools;
    let there = auth::access(pools, ben, "acme").await.unwrap_err();
    assert_eq!(there, auth::access(pools, ben, "nowhere").await.unwrap_err());
    assert_eq!(there.kind, Kind::NotFound);
    assert_eq!(
        auth::workspaces(pools, asa).await.unwrap().iter().map(|link| link.slug.as_str()).collect::<Vec<_>>(),
        ["acme"]
    );
    assert!(auth::workspaces(pools, ben).await.unwrap().is_empty());
    for (sql, kind) in [
        ("update tenants set status = 'SUSPENDED' where slug = 'acme'", Kind::Forbidden),
        ("update tenants set status = 'TRIAL', deleted_at = now() where slug = 'acme'", Kind::NotFound),
    ] {
        sqlx::query(sql).execute(pool).await.unwrap();
        let refused = auth::access(pools, asa, "acme").await.unwrap_err();
        assert_eq!(refused.kind, kind, "{}", refused.message);
        assert_eq!(auth::access(pools, ben, "acme").await.unwrap_err(), there);
        assert!(auth::workspaces(pools, asa).await.unwrap().is_empty());
    }
    sqlx::query("update tenants set deleted_at = null").execute(pool).await.unwrap();
    assert!(auth::access(pools, asa, "acme").await.is_ok());
    sqlx::query("update members set status = 'SUSPENDED' where user_id is not null").execute(&db.owner).await.unwrap();
    assert_eq!(auth::access(pools, asa, "acme").await.unwrap_err(), there);
    sqlx::query("update members set status = 'ACTIVE'").execute(&db.owner).await.unwrap();
    sqlx::query("update users set status = 'DISABLED'").execute(pool).await.unwrap();
    assert_eq!(auth::access(pools, asa, "acme").await.unwrap_err(), there);
    db.close().await;
}

#[tokio::test]
async fn what_cannot_be_is_said_at_the_field() {
    let db = TestDb::new().await;
    let auth = db.auth();
    let user = db.user(&auth, "asa@example.com").await;
    let tenant = db.tenant("acme").await;
    db.member(tenant, user, &["USER"]).await;
    let (pools, clock) = (&db.pools, db.clock.as_ref());
    let create = |slug: &'static str| async move {
        auth::create_tenant(pools, clock, &SystemRandom, &NewTenant::new(slug, "X", "core")).await
    };
    for slug in ["acme", "Not A Slug", ""] {
        assert_eq!(create(slug).await.unwrap_err().fields[0].field, "slug", "{slug}");
    }
    let again =
        auth::create_user(&pools.platform, clock, &SystemRandom, "Åsa", "ASA@example.com", "x").await.unwrap_err();
    assert_eq!(again.fields[0].field, "email");
    assert!(auth::create_user(&pools.platform, clock, &SystemRandom, "Åsa", "neither", "x").await.is_err());
    let twice = auth::add_member(pools, clock, &SystemRandom, tenant, user, &["USER"], None).await.unwrap_err();
    assert_eq!(twice.kind, Kind::Conflict);
    let other = db.user(&auth, "ben@example.com").await;
    let unknown =
        auth::add_member(pools, clock, &SystemRandom, tenant, other, &["USER", "WIZARD"], None).await.unwrap_err();
    assert_eq!(unknown.fields[0].field, "roles");
    auth::ensure_roles(&pools.app, tenant).await.unwrap();
    db.close().await;
}

/// A server that ran for longer than its partitions reached starts again, and what the default partition has caught is still read.
#[tokio::test]
async fn a_month_that_the_default_partition_caught_gets_none_of_its_own() {
    let db = TestDb::new().await;
    let tenant = db.tenant("acme").await;
    let caught = "insert into events (tenant_id, id, type, source, correlation_id)
        values ($1, uuid_floor(date_trunc('month', now()) + interval '14 months 3 days'), 'crm.lead.created', 'api', gen_random_uuid())
        returning tableoid::regclass::text";
    let table: String = sqlx::query_scalar(caught).bind(tenant.0).fetch_one(&db.owner).await.unwrap();
    assert_eq!(table, "events_default");
    for _ in 0..2 {
        sqlx::query("call ensure_partitions(15)").execute(&db.owner).await.unwrap();
    }
    let made = "select count(*), count(*) filter (where c.relname = to_char(date_trunc('month', now()) + interval '15 months', '\"events_\"YYYYMM'))
        from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'events'::regclass";
    let (all, last): (i64, i64) = sqlx::query_as(made).fetch_one(&db.owner).await.unwrap();
    // One before this month, this one, fifteen to come, of which one is left out, and the default.
    assert_eq!((all, last), (17, 1));
    let there: i64 = sqlx::query_scalar("select count(*) from events where tenant_id = $1")
        .bind(tenant.0)
        .fetch_one(&db.owner)
        .await
        .unwrap();
    assert_eq!(there, 1);
    db.close().await;
}
