//! What waits for a member: counted on every page, shown to nobody else, read by a form.

use crate::support::Server;
use axum::http::StatusCode;
use domain::Kind;
use domain::records::{
    AddNote, BulkAction, BulkRecords, CreateRecord, EditNote, GetRecord, Record, TransitionRecord, UpdateRecord, Values,
};
use domain::workflow::{
    Audience, ListApprovals, ListNotifications, NotificationKind, Notify, SnoozeNotification, SnoozeUntil,
};
use platform::Caller;
use serde_json::{Value, json};
use uuid::Uuid;

/// What the rail says beside a place.
fn counted(page: &str, place: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("title=\"{place}\""))?;
    let link = rest.split_once("</a>")?.0;
    let count = link.split_once("class=\"count")?.1.split_once('>')?.1;
    Some(count.split('<').next().unwrap_or_default().trim().to_owned())
}

#[tokio::test]
async fn what_waits_is_counted_and_read_by_whom_it_waits_for() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["MANAGER"]).await;
    let (john, _) = server.signed_in(&tenant, "John", &["USER"]).await;
    let grace = server.world.member(&tenant, "Grace", &["OWNER"]).await;
    let tell = async |title: &str, key: &str| {
        let notify = Notify {
            to: Audience::Member(caller.access.member.0),
            title: title.to_owned(),
            body: Some("Call <b>back</b>".to_owned()),
            entity: None,
            record: None,
            key: key.to_owned(),
        };
        server.world.clock.advance(chrono::Duration::seconds(1));
        server.world.run(&grace, notify).await.unwrap();
    };
    for (title, key) in [("First", "a"), ("First", "a"), ("Second", "b")] {
        tell(title, key).await;
    }
    let (status, page) = amina.page("/w/lakeside/notifications").await;
    assert_eq!((status, counted(&page, "Notifications").as_deref()), (StatusCode::OK, Some("2")), "told once by a key");
    assert!(page.contains("Call &lt;b&gt;back&lt;/b&gt;") && page.find("Second") < page.find("First"), "newest first");
    let (_, page) = john.page("/w/lakeside/notifications").await;
    assert!(counted(&page, "Notifications").is_none() && !page.contains("Second"), "each their own");

    let told = server.world.run(&caller, ListNotifications { unread: false, limit: 10 }).await.unwrap();
    let first = told[1].id.to_string();
    // Nobody reads for others.
    john.form("/w/lakeside/do/workflow.read_notifications", &[("ids[0]", &first)]).await;
    let (_, page) = amina.page("/w/lakeside/leads").await;
    assert_eq!(counted(&page, "Notifications").as_deref(), Some("2"), "on every page");
    let read = amina.form("/w/lakeside/do/workflow.read_notifications", &[("ids[0]", &first)]).await;
    assert_eq!(read.status(), StatusCode::SEE_OTHER);
    let (_, page) = amina.page("/w/lakeside/notifications?show=unread").await;
    assert!(
        counted(&page, "Notifications").as_deref() == Some("1") && page.contains("Second") && !page.contains("First")
    );

    // Asked by role, by name, by themselves, of others, and decided.
    let owner = server.world.owner().await;
    let me = caller.access.member.0;
    for (number, (roles, members, requested_by, state)) in (1_u128..).zip([
        (vec!["MANAGER"], vec![], None, "PENDING"),
        (vec![], vec![me], None, "PENDING"),
        (vec!["MANAGER"], vec![], Some(me), "PENDING"),
        (vec!["OWNER"], vec![], None, "PENDING"),
        (vec!["MANAGER"], vec![], None, "APPROVED"),
    ]) {
        sqlx::query(
            "insert into approvals (tenant_id, id, title, record_id, transition, roles, members, requested_by, state, decided_at)
             values ($1, $2, 'May it?', $3, 'x', $4, $5, $6, $7, case when $7 = 'PENDING' then null else now() end)",
        )
        .bind(tenant.id.0)
        .bind(Uuid::from_u128(number))
        .bind(Uuid::from_u128(number))
        .bind(roles)
        .bind(members)
        .bind(requested_by)
        .bind(state)
        .execute(&owner)
        .await
        .unwrap();
    }
    let (_, page) = amina.page("/w/lakeside").await;
    assert_eq!(counted(&page, "Approvals").as_deref(), Some("2"));
    let mine = server.world.run(&caller, ListApprovals { all: false, limit: 10 }).await.unwrap();
    assert_eq!(mine.iter().filter(|row| row.mine).count(), 2, "what is counted can be decided");
    owner.close().await;
    server.end().await;
}

/// Each as a request of its own.
async fn run<O: domain::Operation>(server: &Server, caller: &Caller, operation: O) -> domain::Result<O::Output> {
    let caller = Caller { origin: server.world.platform.origin(None), ..caller.clone() };
    server.world.run(&caller, operation).await
}

/// What somebody was told, by kind: what one round tells has one moment.
async fn told(server: &Server, caller: &Caller) -> Vec<(NotificationKind, String)> {
    let rows = run(server, caller, ListNotifications { unread: false, limit: 50 }).await.unwrap();
    let mut rows: Vec<_> = rows.into_iter().map(|row| (row.kind, row.title)).collect();
    rows.sort_by_key(|(kind, title)| (kind.key(), title.clone()));
    rows
}

fn owned(name: &str, owner: &Caller) -> Value {
    json!({ "name": name, "owner": owner.access.member.0 })
}

async fn lead(server: &Server, caller: &Caller, values: Value) -> Record {
    let Value::Object(values) = values else { panic!("{values}") };
    server.world.clock.advance(chrono::Duration::seconds(1));
    run(server, caller, CreateRecord { entity: "lead".to_owned(), values }).await.unwrap()
}

#[tokio::test]
async fn one_is_told_what_others_did_and_what_one_wants_to_be_told() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, john) = (
        server.world.member(&tenant, "Grace Wanjiru", &["OWNER"]).await,
        server.signed_in(&tenant, "John Otieno", &["USER"]).await,
    );
    let (browser, john) = john;
    let amina = server.world.member(&tenant, "Amina", &["MANAGER"]).await;
    let other = server.world.tenant("kisumu", "core").await;
    let stranger = server.world.member(&other, "John Otieno", &["OWNER"]).await;

    // What one does oneself is no news; what another gives one is, to nobody else.
    lead(&server, &john, owned("My own", &john)).await;
    let given = lead(&server, &grace, owned("Baraka", &john)).await;
    server.settle().await;
    let assigned = (NotificationKind::Assignment, "Lead assigned to you by Grace Wanjiru".to_owned());
    assert_eq!(told(&server, &john).await, std::slice::from_ref(&assigned));
    let update = |record: &Record, values: Value| UpdateRecord {
        entity: "lead".to_owned(),
        id: record.id,
        version: Some(record.version),
        values: values.as_object().unwrap().clone(),
        base: None,
    };
    let moved = run(&server, &grace, update(&given, owned("Baraka", &amina))).await.unwrap();
    // Another field, and the same owner once more: no news.
    let renamed = run(&server, &grace, update(&moved, owned("Baraka Traders", &amina))).await.unwrap();
    server.settle().await;
    assert_eq!(told(&server, &amina).await, std::slice::from_ref(&assigned));
    assert_eq!(told(&server, &john).await.len(), 1);

    // A mention, once for a note however often it is written anew, and never for who writes it.
    let id = run(&server, &grace, update(&renamed, owned("Baraka Traders", &john))).await.unwrap().id;
    let (entity, record) = ("lead".to_owned(), id);
    let add = |body: &str| AddNote { entity: entity.clone(), record, body: body.to_owned() };
    let note = run(&server, &grace, add("@John and @Grace, call them")).await.unwrap();
    let body = "@John Otieno, @Amina, call them today".to_owned();
    let edit = EditNote { entity: entity.clone(), record, id: note.id, version: note.version, body };
    run(&server, &grace, edit).await.unwrap();
    server.settle().await;
    let mention = (NotificationKind::Mention, "Grace Wanjiru mentioned you in a note".to_owned());
    assert_eq!(told(&server, &john).await, [assigned.clone(), assigned.clone(), mention.clone()]);
    assert_eq!(told(&server, &amina).await, [assigned, mention]);
    assert!(told(&server, &grace).await.is_empty() && told(&server, &stranger).await.is_empty());
    let (_, page) = browser.page("/w/lakeside/notifications").await;
    assert!(page.contains("Baraka Traders") && page.contains("mentioned you in a note"));
    assert!(!page.contains("call them"), "what the note says stands where the note is");

    // Read anew from the beginning, as after a restore of the place: nothing is told twice.
    let before = told(&server, &john).await;
    let owner = server.world.owner().await;
    sqlx::query("delete from event_consumers where name = 'workflow'").execute(&owner).await.unwrap();
    server.settle().await;
    assert_eq!(told(&server, &john).await, before);

    // What is not ticked is told no more, and what was told stays.
    let (_, page) = browser.page("/w/lakeside/notifications?show=kinds").await;
    assert_eq!(page.matches("name=\"kinds.").count(), 6);
    let choose = "/w/lakeside/do/workflow.choose_notifications";
    let sent = browser.form(choose, &[("kinds.assignment", "true"), ("kinds.approval", "true")]).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    run(&server, &grace, add("@John, once more")).await.unwrap();
    let third = lead(&server, &grace, owned("Chausiku", &john)).await;
    server.settle().await;
    let now = told(&server, &john).await;
    assert_eq!(now.len(), before.len() + 1, "{now:?} of {}", third.id);
    let assignments = now.iter().filter(|(kind, _)| *kind == NotificationKind::Assignment).count();
    assert_eq!(assignments, 3);
    let notify = Notify {
        to: Audience::Member(john.access.member.0),
        title: "By a workflow".to_owned(),
        body: None,
        entity: None,
        record: None,
        key: "w".to_owned(),
    };
    run(&server, &grace, notify).await.unwrap();
    assert_eq!(told(&server, &john).await.len(), now.len());
    let here = "/w/lakeside/notifications?show=kinds";
    let wrong = browser.form(choose, &[("kinds.mentions", "true"), ("_page", here)]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().await.unwrap().contains("did you mean mention?"));
    owner.close().await;
    server.end().await;
}

#[tokio::test]
async fn one_is_told_where_others_moved_what_is_ones_own() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let grace = server.world.member(&tenant, "Grace Wanjiru", &["OWNER"]).await;
    let amina = server.world.member(&tenant, "Amina", &["MANAGER"]).await;
    // Who sees their own leads and no others.
    let (browser, john) = server.signed_in(&tenant, "John", &["SALES_REP"]).await;
    let lead = lead(&server, &john, owned("Baraka Traders", &john)).await;
    let go = async |caller: &Caller, to: &str| {
        server.world.clock.advance(chrono::Duration::seconds(1));
        let (entity, to, values) = ("lead".to_owned(), Some(to.to_owned()), Values::new());
        let step = TransitionRecord { entity, id: lead.id, version: None, name: None, to, pipeline: None, values };
        run(&server, caller, step).await.unwrap();
        server.settle().await;
    };
    go(&john, "contacted").await;
    assert!(told(&server, &john).await.is_empty(), "what one does oneself is no news");
    go(&grace, "new").await;
    let moved = (NotificationKind::Stage, "Lead moved from Contacted to New by Grace Wanjiru".to_owned());
    assert_eq!(told(&server, &john).await, std::slice::from_ref(&moved));
    assert!(told(&server, &grace).await.is_empty() && told(&server, &amina).await.is_empty());
    let (_, page) = browser.page("/w/lakeside/notifications").await;
    assert!(page.contains("Contacted to New") && page.contains("Baraka Traders"));

    // Whoever does not want to be told of it is not.
    let choose = "/w/lakeside/do/workflow.choose_notifications";
    browser.form(choose, &[("kinds.assignment", "true")]).await;
    go(&grace, "contacted").await;
    assert_eq!(told(&server, &john).await, std::slice::from_ref(&moved));

    // What it is called stands in no line of who may not read it any more.
    let version = run(&server, &grace, GetRecord { entity: "lead".to_owned(), id: lead.id }).await;
    let version = Some(version.unwrap().version);
    let Value::Object(values) = json!({ "owner": amina.access.member.0 }) else { unreachable!() };
    let give = UpdateRecord { entity: "lead".to_owned(), id: lead.id, version, values, base: None };
    run(&server, &grace, give).await.unwrap();
    let (_, page) = browser.page("/w/lakeside/notifications").await;
    assert!(page.contains("Contacted to New") && !page.contains("Baraka Traders"));
    server.end().await;
}

/// A change of many rows is worked in batches, and is one act to whoever is told of it, be it of many of their rows in each batch or of few.
#[tokio::test]
async fn one_is_told_once_of_a_change_of_many_rows() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let grace = server.world.member(&tenant, "Grace Wanjiru", &["OWNER"]).await;
    let john = server.world.member(&tenant, "John Otieno", &["USER"]).await;
    let amina = server.world.member(&tenant, "Amina", &["USER"]).await;
    let mut ctx = server.world.open(&grace).await;
    let entity = ctx.entity("lead").unwrap();
    // 120 of John's, and two of Amina's at the beginning of each batch of 50.
    let rows = (0..126).map(|n| {
        let Value::Object(values) = owned(&format!("Lead {n}"), if n % 50 < 2 { &amina } else { &john }) else {
            unreachable!()
        };
        records::NewRow { id: None, values, status: None }
    });
    records::create_many(&mut ctx, &entity, rows.collect()).await.unwrap();
    ctx.commit().await.unwrap();
    let (action, to) = (BulkAction::Move, Some("contacted".to_owned()));
    let all = BulkRecords { entity: "lead".to_owned(), action, to, all: true, ..BulkRecords::default() };
    assert_eq!(run(&server, &grace, all).await.unwrap().rows, 126);
    server.settle().await;
    let moved = async |caller: &Caller| -> Vec<String> {
        let told = told(&server, caller).await.into_iter();
        told.filter(|(kind, _)| *kind == NotificationKind::Stage).map(|(_, title)| title).collect()
    };
    let several = "Several of your leads moved by Grace Wanjiru";
    assert_eq!(moved(&john).await, [several]);
    // The first two stand by themselves where they were read before the others were moved.
    let hers = moved(&amina).await;
    assert!(hers.len() <= 3 && hers.iter().filter(|title| *title == several).count() == 1, "{hers:?}");
    server.end().await;
}

#[tokio::test]
async fn what_is_put_off_comes_back_unread() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["MANAGER"]).await;
    let john = server.world.member(&tenant, "John", &["USER"]).await;
    let grace = server.world.member(&tenant, "Grace", &["OWNER"]).await;
    let notify = Notify {
        to: Audience::Member(caller.access.member.0),
        title: "Call them back".to_owned(),
        body: None,
        entity: None,
        record: None,
        key: "a".to_owned(),
    };
    server.world.run(&grace, notify).await.unwrap();
    let list = || ListNotifications { unread: false, limit: 10 };
    let id = run(&server, &caller, list()).await.unwrap()[0].id;
    let (_, page) = amina.page("/w/lakeside/notifications").await;
    assert_eq!(page.matches("name=\"until\"").count(), 3);
    // Nobody puts off what others were told.
    let wrong = run(&server, &john, SnoozeNotification { id, until: SnoozeUntil::Hour }).await.unwrap_err();
    assert_eq!(wrong.kind, Kind::NotFound);
    let key = id.to_string();
    amina.form("/w/lakeside/do/workflow.read_notifications", &[("ids[0]", &key)]).await;
    let put_off = [("id", key.as_str()), ("until", "hour")];
    let sent = amina.form("/w/lakeside/do/workflow.snooze_notification", &put_off).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    for show in ["", "?show=unread"] {
        let (_, page) = amina.page(&format!("/w/lakeside/notifications{show}")).await;
        assert!(!page.contains("Call them back") && counted(&page, "Notifications").is_none(), "{show}");
    }
    server.world.clock.advance(chrono::Duration::minutes(61));
    let again = server.client();
    again.form("/sign-in", &[("login", "amina@lakeside.example"), ("password", testkit::PASSWORD)]).await;
    let (_, page) = again.page("/w/lakeside/notifications?show=unread").await;
    assert!(page.contains("Call them back") && counted(&page, "Notifications").as_deref() == Some("1"), "unread again");
    assert!(run(&server, &caller, list()).await.unwrap()[0].read_at.is_none());
    server.end().await;
}
