//! The page that shows how workspaces are kept apart says what the database says, and says it when something is not as it should be.

use crate::support::{Client, Server};
use reqwest::StatusCode;
use sqlx::AssertSqlSafe;
use testkit::PASSWORD;

async fn staff(server: &Server) -> Client {
    let services = server.world.services();
    let hash = services.auth.passwords().hash(PASSWORD, services.random.as_ref()).await.unwrap();
    let (pool, clock, random) = (&services.pools.platform, services.clock.as_ref(), services.random.as_ref());
    platform::auth::create_staff(pool, clock, random, "Jane", "jane@nexus.example", "ADMIN", &hash).await.unwrap();
    let client = server.client();
    let answer = client.form("/admin/sign-in", &[("login", "jane@nexus.example"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    client
}

#[tokio::test]
async fn the_page_says_what_the_database_says() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    assert_eq!(amina.get("/admin/proof").await.status(), StatusCode::NOT_FOUND, "it is for the platform's staff");
    let jane = staff(&server).await;
    let owner = server.world.owner().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
         where c.relkind in ('r', 'p') and not c.relispartition order by 1",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    let (status, page) = jane.page("/admin/proof").await;
    assert_eq!(status, StatusCode::OK);
    for name in tables.iter().map(String::as_str).chain(["nexus_app", "nexus_platform", "nexus_ai", "nexus_owner"]) {
        assert!(page.contains(&format!(">{name}<")), "{name} is not on the page");
    }
    assert!(page.contains("are sealed off") && !page.contains("Not everything is as it should be"), "{page}");
    assert!(page.contains("A-05") && page.contains("Row security is on and forced"), "the promises are there");
    let mut told = 0;
    for (fault, back, says) in [
        (
            "alter table invitations no force row level security",
            "alter table invitations force row level security",
            "invitations is not sealed off",
        ),
        (
            "alter table leads disable row level security",
            "alter table leads enable row level security",
            "leads is not sealed off",
        ),
        (
            "create policy ajar on roles for select to nexus_app using (true)",
            "drop policy ajar on roles",
            "roles is not sealed off",
        ),
        ("create policy ajar on roles using (true)", "drop policy ajar on roles", "roles is not sealed off"),
        (
            "alter policy tenant on members to nexus_ai",
            "alter policy tenant on members to nexus_app",
            "members is not sealed off",
        ),
    ] {
        sqlx::query(AssertSqlSafe(fault.to_owned())).execute(&owner).await.unwrap();
        let (_, page) = jane.page("/admin/proof").await;
        told += u32::from(page.contains(says) && page.contains("Not everything is as it should be"));
        assert!(page.contains(says), "{fault} is not told");
        sqlx::query(AssertSqlSafe(back.to_owned())).execute(&owner).await.unwrap();
    }
    let (_, page) = jane.page("/admin/proof").await;
    assert!(page.contains("are sealed off"), "as before");
    println!("bar=A-01 part=page tables={} planted=5 told={told}", tables.len());
    owner.close().await;
    server.end().await;
}
