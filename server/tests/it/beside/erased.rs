//! Files go for good: after their days, where room is needed, and where a process died over them. First what is counted, then the content.

use super::files::keys;
use crate::support::Server;
use domain::records::{AttachFile, CreateRecord, DeleteFile, FileEntry, RestoreFile, UploadFile, WORKSPACE_BYTES};
use domain::{Kind, Operation, Result, TenantId};
use modules::files::erase;
use platform::Caller;
use platform::clock::Clock;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDRCANARY-LOGO";

struct World {
    server: Server,
    owner: PgPool,
    tenant: TenantId,
    grace: Caller,
}

impl World {
    async fn new() -> Self {
        let server = Server::new().await;
        let lakeside = server.world.tenant("lakeside", "automotive").await;
        let grace = server.world.member(&lakeside, "Grace", &["OWNER"]).await;
        let owner = server.world.owner().await;
        Self { server, owner, tenant: lakeside.id, grace }
    }

    async fn run<O: Operation>(&self, operation: O) -> Result<O::Output> {
        let caller = Caller { origin: self.server.world.platform.origin(None), ..self.grace.clone() };
        self.server.world.run(&caller, operation).await
    }

    async fn dealer(&self, values: Value) -> Result<Uuid> {
        let mut all = json!({ "name": "Lake Motors", "tier": "gold" }).as_object().cloned().unwrap();
        all.extend(values.as_object().cloned().unwrap());
        Ok(self.run(CreateRecord { entity: "dealer".to_owned(), values: all }).await?.id)
    }

    async fn upload(&self, record: Uuid, bytes: usize) -> Result<FileEntry> {
        let (entity, name) = ("dealer".to_owned(), "notes.txt".to_owned());
        self.run(UploadFile { entity, record, name, content: vec![b'x'; bytes] }).await
    }

    async fn attach(&self) -> Uuid {
        let (entity, field, name) = ("dealer".to_owned(), "logo".to_owned(), "logo.png".to_owned());
        self.run(AttachFile { entity, field, name, content: PNG.to_vec() }).await.unwrap().id
    }

    async fn delete(&self, record: Uuid, id: Uuid) {
        self.run(DeleteFile { entity: "dealer".to_owned(), record, id }).await.unwrap();
    }

    async fn restore(&self, record: Uuid, id: Uuid) -> Result<FileEntry> {
        self.run(RestoreFile { entity: "dealer".to_owned(), record, id }).await
    }

    /// As large as if it had been.
    async fn pretend(&self, file: Uuid, bytes: i64) {
        let pretended = sqlx::query("update files set bytes = $2 where id = $1").bind(file).bind(bytes);
        assert_eq!(pretended.execute(&self.owner).await.unwrap().rows_affected(), 1);
    }

    fn later(&self, by: chrono::Duration) {
        self.server.world.clock.advance(by);
    }

    /// Rows of files that were deleted, and of those that are nobody's, that went.
    async fn swept(&self) -> (u64, u64) {
        let (pool, now) = (&self.server.world.services().pools.platform, self.server.world.clock.now());
        (erase::deleted(pool, now, 100).await.unwrap(), erase::nobodys(pool, now, 100).await.unwrap())
    }

    async fn contents(&self) -> u64 {
        let platform = &self.server.world.platform;
        erase::contents(platform, &platform.services.pools.platform, 100).await.unwrap()
    }

    async fn files(&self) -> Vec<Uuid> {
        sqlx::query_scalar("select id from files order by id").fetch_all(&self.owner).await.unwrap()
    }

    async fn erasures(&self) -> i64 {
        sqlx::query_scalar("select count(*) from erasures").fetch_one(&self.owner).await.unwrap()
    }

    /// Files whose content lies in the store.
    fn stored(&self) -> Vec<String> {
        keys(&self.server.files)
    }

    fn key(&self, file: Uuid) -> String {
        format!("{}/{}", self.tenant.0.simple(), file.simple())
    }

    async fn end(self) {
        self.owner.close().await;
        self.server.end().await;
    }
}

#[tokio::test]
async fn what_was_deleted_and_what_is_nobodys_goes_after_its_days() {
    let world = World::new().await;
    let harbour = world.server.world.tenant("harbour", "automotive").await;
    let neema = world.server.world.member(&harbour, "Neema", &["OWNER"]).await;
    let (logo, nobodys) = (world.attach().await, world.attach().await);
    let dealer = world.dealer(json!({ "logo": logo })).await.unwrap();
    let (kept, gone) = (world.upload(dealer, 3).await.unwrap().id, world.upload(dealer, 5).await.unwrap().id);
    world.delete(dealer, gone).await;
    // Of another workspace, younger by two days.
    world.later(chrono::Duration::hours(23));
    let elsewhere = AttachFile {
        entity: "dealer".to_owned(),
        field: "logo".to_owned(),
        name: "logo.png".to_owned(),
        content: PNG.to_vec(),
    };
    let elsewhere = world.server.world.run(&neema, elsewhere).await.unwrap().id;
    assert_eq!(world.swept().await, (0, 0), "not yet");
    world.later(chrono::Duration::hours(2));
    assert_eq!(world.swept().await, (0, 1), "what was attached a day ago and is in no record");
    let late = world.dealer(json!({ "logo": nobodys })).await.unwrap_err();
    assert!(late.fields.iter().any(|field| field.field.ends_with("logo")), "{late:?}");
    world.later(chrono::Duration::days(28));
    assert_eq!(world.swept().await, (0, 1), "that of the other workspace");
    world.later(chrono::Duration::days(1));
    assert_eq!(world.swept().await, (1, 0), "what was deleted a month ago");
    assert_eq!(world.swept().await, (0, 0));

    // The process dies here: nothing is counted or given back, and the next sweep finds what is left in the store.
    let mut left = vec![logo, kept];
    left.sort_unstable();
    assert_eq!(world.files().await, left);
    assert_eq!(world.restore(dealer, gone).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!((world.stored().len(), world.erasures().await), (5, 3));
    assert_eq!(world.contents().await, 3);
    let mut stored = world.stored();
    let mut expected: Vec<String> = left.iter().map(|file| world.key(*file)).collect();
    stored.sort_unstable();
    expected.sort_unstable();
    assert_eq!(stored, expected, "and not {elsewhere}");
    assert_eq!((world.contents().await, world.erasures().await), (0, 0));
    world.end().await;
}

/// Content that is stored and comes to be no file, because the process dies before the commit.
#[tokio::test]
async fn an_upload_that_is_cut_short_leaves_nothing() {
    let world = World::new().await;
    let dealer = world.dealer(json!({})).await.unwrap();
    let mut ctx = world.server.world.open(&world.grace).await;
    let upload = UploadFile {
        entity: "dealer".to_owned(),
        record: dealer,
        name: "notes.txt".to_owned(),
        content: b"CANARY".to_vec(),
    };
    ctx.run(upload).await.unwrap();
    drop(ctx);
    let kept = world.upload(dealer, 4).await.unwrap().id;
    assert_eq!(world.files().await, [kept]);
    assert_eq!((world.stored().len(), world.erasures().await), (2, 1));
    assert_eq!(world.contents().await, 0, "an upload may be under way");
    world.later(chrono::Duration::minutes(61));
    assert_eq!(world.contents().await, 1);
    assert_eq!((world.stored(), world.erasures().await), (vec![world.key(kept)], 0));
    // A sweep that died behind the store and before the table: what is gone there already is no fault.
    let again =
        sqlx::query("insert into erasures (tenant_id, id, due_at) values ($1, gen_random_uuid(), '2026-01-01')");
    again.bind(world.tenant.0).execute(&world.owner).await.unwrap();
    assert_eq!((world.contents().await, world.erasures().await), (1, 0));
    world.end().await;
}

/// A workspace that was filled and emptied takes files again, as soon as what was deleted is no longer offered back.
#[tokio::test]
async fn what_was_deleted_gives_way_to_what_is_uploaded() {
    let world = World::new().await;
    let dealer = world.dealer(json!({})).await.unwrap();
    let (large, small) = (world.upload(dealer, 1).await.unwrap().id, world.upload(dealer, 50).await.unwrap().id);
    world.pretend(large, WORKSPACE_BYTES - 100).await;
    let full = world.upload(dealer, 60).await.unwrap_err();
    assert!(full.kind == Kind::TooLarge && full.fields[0].message.contains("10 GB"), "{full:?}");
    world.delete(dealer, large).await;
    world.later(chrono::Duration::minutes(1));
    world.delete(dealer, small).await;
    assert_eq!(world.upload(dealer, 60).await.unwrap_err().kind, Kind::TooLarge, "they are offered back still");
    assert_eq!(world.stored().len(), 2, "what is refused is not stored");
    world.later(chrono::Duration::minutes(16));
    let new = world.upload(dealer, 60).await.unwrap().id;
    // The oldest went, and no more than had to.
    assert_eq!(world.restore(dealer, large).await.unwrap_err().kind, Kind::NotFound);
    world.restore(dealer, small).await.unwrap();
    let mut left = vec![small, new];
    left.sort_unstable();
    assert_eq!(world.files().await, left);
    assert_eq!((world.contents().await, world.stored().len()), (1, 2));
    world.end().await;
}

#[tokio::test]
async fn two_uploads_do_not_take_the_same_room() {
    let world = World::new().await;
    let mut dealers = Vec::new();
    for _ in 0..4 {
        dealers.push(world.dealer(json!({})).await.unwrap());
    }
    let large = world.upload(dealers[0], 1).await.unwrap().id;
    world.pretend(large, WORKSPACE_BYTES - 15).await;
    let all = futures::future::join_all(dealers.iter().map(|dealer| world.upload(*dealer, 10))).await;
    let (kept, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    assert_eq!((kept.len(), refused.len()), (1, 3), "{refused:?}");
    assert!(refused.into_iter().all(|refused| refused.unwrap_err().kind == Kind::TooLarge));
    let used: i64 = sqlx::query_scalar("select sum(bytes)::bigint from files").fetch_one(&world.owner).await.unwrap();
    assert_eq!(used, WORKSPACE_BYTES - 5);
    world.end().await;
}
