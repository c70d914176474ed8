//! The world itself: two workspaces that see nothing of each other.

use testkit::TestWorld;

#[tokio::test]
async fn a_world_has_workspaces_with_members() {
    let world = TestWorld::new(|_| {}).await;
    let lakeside = world.tenant("lakeside", "automotive").await;
    let harbour = world.tenant("harbour", "core").await;
    let amina = world.member(&lakeside, "Amina", &["USER"]).await;
    let john = world.member(&harbour, "John", &["VIEWER"]).await;
    assert_eq!((amina.access.role.as_str(), john.access.role.as_str()), ("USER", "VIEWER"));
    let mut ctx = world.open(&amina).await;
    let names: Vec<String> = sqlx::query_scalar("select name from members where kind = 'person' order by name")
        .fetch_all(ctx.conn().await.unwrap())
        .await
        .unwrap();
    assert_eq!(names, ["Amina"]);
    drop(ctx);
    world.end().await;
}
