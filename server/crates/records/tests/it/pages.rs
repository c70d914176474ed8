//! Pages, cursors and offsets under every sort.

use crate::world::{World, at, object, query};
use domain::Kind;
use domain::records::{DeleteRecord, ListRecords, Page, Rows};
use domain::schema::{Count, Entity, FieldKind, ListQuery, Sort};
use serde_json::{Value, json};
use std::cmp::Ordering;
use uuid::Uuid;

/// Rows with gaps and ties in every field. Half of them are made in the same instant.
pub async fn fill(world: &World, count: u32) {
    let mut leads = Vec::new();
    for name in ["L1", "L2"] {
        leads.push(world.lead_of(&world.here.user, name).await.id);
    }
    let mut ctx = world.open(&world.here.user).await;
    let entity = world.sample();
    for half in 0..2 {
        let rows = (0..count / 2)
            .map(|n| records::NewRow { id: None, values: object(row(n * 2 + half, &leads, world)), status: None })
            .collect();
        records::create_many(&mut ctx, &entity, rows).await.unwrap();
        world.test.clock.advance(chrono::Duration::minutes(400));
    }
    ctx.commit().await.unwrap();
}

fn row(n: u32, leads: &[Uuid], world: &World) -> Value {
    let maybe = |every: u32, value: Value| if n.is_multiple_of(every) { Value::Null } else { value };
    let letter = ["Ä", "b", "B", "zeta", "lake view", "lake", "Lake%", "l_ke"][n as usize % 8];
    let (amount, currency) =
        [("5000.00", "KES"), ("-1.50", "KES"), ("0.00", "EUR"), ("4938", "JPY"), ("12.345", "KWD")][n as usize % 5];
    json!({
        "name": format!("{letter} {}", n % 5),
        "code": maybe(3, json!(format!("C-{n}"))),
        "email": maybe(4, json!(format!("u{}@x.com", n % 9))),
        "phone": maybe(5, json!(format!("+254 {}", 700 + n % 6))),
        "country": maybe(3, json!(["KE", "DE", "UG"][n as usize % 3])),
        "pieces": maybe(4, json!(i64::from(n % 7) - 3)),
        "weight": maybe(5, json!(format!("{}.{:03}", n % 4, n % 3 * 250))),
        "price": maybe(6, json!({ "amount": amount, "currency": currency })),
        "fragile": maybe(3, json!(n.is_multiple_of(2))),
        "day": maybe(4, json!(format!("2026-11-{:02}", 15 + n % 10))),
        "moment": maybe(3, json!(format!("2026-11-{:02}T{:02}:30:00Z", 18 + n % 4, n % 24))),
        "colour": maybe(4, json!(["red", "green", "blue"][n as usize % 3])),
        "share": maybe(4, json!(format!("{}.{:02}", n % 6, n % 4 * 25))),
        "length": maybe(5, json!(u64::from(n % 5) * 1_800)),
        "site": maybe(3, json!(format!("https://s{}.example.com/{}", n % 4, n % 3))),
        "tags": maybe(4, json!(["new", "odd", "sold"][..1 + n as usize % 3])),
        "lead": maybe(2, json!(leads[n as usize % leads.len()])),
        "keeper": maybe(3, json!([world.here.user.access.member, world.here.rep.access.member][n as usize % 2])),
        "owner": maybe(7, json!([world.here.user.access.member, world.here.boss.access.member][n as usize % 2])),
    })
}

/// What sorts, of a value as it is shown.
fn key(entity: &Entity, key: &str, value: &Value) -> Option<(i128, String)> {
    let field = entity.field(key).unwrap();
    let normalised = !field.nullable_ordering() && matches!(field.kind, FieldKind::Text { .. } | FieldKind::Email);
    Some(match value {
        Value::Null if normalised => (0, String::new()),
        Value::Null => return None,
        Value::Bool(yes) => (i128::from(*yes), String::new()),
        Value::Number(number) => (number.as_i64().unwrap().into(), String::new()),
        Value::Object(_) => (domain::schema::value::money(value).unwrap().minor().into(), String::new()),
        Value::String(text) => match field.kind {
            FieldKind::Decimal { scale, .. } | FieldKind::Percentage { scale, .. } => {
                (domain::money::parse_scaled(text, scale).unwrap().into(), String::new())
            }
            FieldKind::Text { .. } | FieldKind::Email => (0, domain::text::normal(text)),
            _ => (0, text.clone()),
        },
        other => panic!("{other}"),
    })
}

fn ids(page: &Page) -> Vec<Uuid> {
    page.records().unwrap().iter().map(|record| record.id).collect()
}

fn assert_sorted(entity: &Entity, sort: &Sort, page: &Page) {
    let keys: Vec<_> = page
        .records()
        .unwrap()
        .iter()
        .map(|record| (key(entity, &sort.field, &record.values[&sort.field]), record.id))
        .collect();
    for pair in keys.windows(2) {
        let order = match (&pair[0].0, &pair[1].0) {
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (one, other) => {
                let order = one.cmp(other).then(pair[0].1.cmp(&pair[1].1));
                if sort.descending { order.reverse() } else { order }
            }
        };
        assert_eq!(order, Ordering::Less, "{sort:?}: {pair:?}");
    }
}

#[tokio::test]
async fn every_sort_is_walked_forward_and_back_without_loss() {
    let world = World::new().await;
    fill(&world, 60).await;
    let (entity, user) = (world.sample(), &world.here.user);
    let fields: Vec<_> = entity.fields.iter().filter(|field| field.indexed && field.is_open()).collect();
    assert!(fields.len() > 17);
    for field in fields {
        for descending in [false, true] {
            let sort = Sort { field: field.key.clone(), descending };
            let base = ListQuery { sort: vec![sort.clone()], limit: 7, ..ListQuery::default() };
            let whole = world.list(user, "sample", ListQuery { limit: 500, ..base.clone() }).await.unwrap();
            assert_eq!(whole.returned, 60);
            assert_sorted(&entity, &sort, &whole);
            let (mut walked, mut pages) = (Vec::new(), Vec::new());
            let mut cursor = None;
            loop {
                let page =
                    world.list(user, "sample", ListQuery { cursor: cursor.clone(), ..base.clone() }).await.unwrap();
                assert_eq!(page.previous.is_some(), cursor.is_some(), "{sort:?}");
                walked.extend(ids(&page));
                cursor = page.next.clone();
                pages.push(page);
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(walked, ids(&whole), "{sort:?}");
            let mut at = pages.len() - 1;
            let mut cursor = pages[at].previous.clone();
            while let Some(back) = cursor {
                at -= 1;
                let page = world.list(user, "sample", ListQuery { cursor: Some(back), ..base.clone() }).await.unwrap();
                assert_eq!(ids(&page), ids(&pages[at]), "{sort:?} page {at}");
                assert!(page.next.is_some());
                cursor = page.previous;
            }
            assert_eq!(at, 0, "{sort:?}");
            for offset in [0, 3, 29, 45, 57, 60, 99] {
                let page = world.list(user, "sample", ListQuery { offset, ..base.clone() }).await.unwrap();
                let expected: Vec<Uuid> = walked.iter().skip(offset as usize).take(7).copied().collect();
                assert_eq!(ids(&page), expected, "{sort:?} from {offset}");
                assert_eq!(page.total.unwrap().value, 60);
            }
        }
    }
    world.end().await;
}

/// Before or after, with rows without a value last in either direction.
fn compare(entity: &Entity, sort: &Sort, one: &domain::records::Record, other: &domain::records::Record) -> Ordering {
    let value = |record: &domain::records::Record| key(entity, &sort.field, &record.values[&sort.field]);
    match (value(one), value(other)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) if sort.descending => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
    }
}

#[tokio::test]
async fn sorts_by_several_fields_are_walked_forward_and_back_without_loss() {
    let world = World::new().await;
    fill(&world, 60).await;
    let (entity, user) = (world.sample(), &world.here.user);
    let mut walks = 0;
    for text in [
        "colour,pieces",
        "colour,-pieces",
        "-colour,name",
        "-fragile,-weight,day",
        "fragile,weight,-day",
        "name,-createdAt",
        "createdAt,country",
        "-owner,price,-code",
    ] {
        let sort = Sort::parse_list(text, &entity).unwrap();
        let base = ListQuery { sort: sort.clone(), limit: 7, ..ListQuery::default() };
        let whole = world.list(user, "sample", ListQuery { limit: 500, ..base.clone() }).await.unwrap();
        assert_eq!(whole.returned, 60);
        let falling = sort[0].descending;
        for pair in whole.records().unwrap().windows(2) {
            let ties = sort.iter().map(|sort| compare(&entity, sort, &pair[0], &pair[1]));
            let by_id = if falling { pair[1].id.cmp(&pair[0].id) } else { pair[0].id.cmp(&pair[1].id) };
            let order = ties.fold(Ordering::Equal, Ordering::then).then(by_id);
            assert_eq!(order, Ordering::Less, "{text}: {pair:?}");
        }
        let (mut walked, mut pages, mut cursor) = (Vec::new(), Vec::new(), None);
        loop {
            let page = world.list(user, "sample", ListQuery { cursor, ..base.clone() }).await.unwrap();
            walked.extend(ids(&page));
            cursor = page.next.clone();
            pages.push(page);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(walked, ids(&whole), "{text}");
        let mut at = pages.len() - 1;
        let mut cursor = pages[at].previous.clone();
        while let Some(back) = cursor {
            at -= 1;
            let page = world.list(user, "sample", ListQuery { cursor: Some(back), ..base.clone() }).await.unwrap();
            assert_eq!(ids(&page), ids(&pages[at]), "{text} page {at}");
            cursor = page.previous;
        }
        assert_eq!(at, 0, "{text}");
        // A cursor of one order is none of another that begins alike.
        let other = ListQuery { sort: sort[..1].to_vec(), cursor: pages[0].next.clone(), ..base };
        assert!(at_cursor(&world, other).await.contains("sorted by"));
        walks += pages.len();
    }
    assert!(walks > 60, "{walks} pages");
    world.end().await;
}

async fn at_cursor(world: &World, query: ListQuery) -> String {
    at(&world.list(&world.here.user, "sample", query).await.unwrap_err(), "cursor").to_owned()
}

#[tokio::test]
async fn a_cursor_holds_its_place_while_rows_come_and_go() {
    let world = World::new().await;
    let user = &world.here.user;
    for name in ["b", "d", "f", "h"] {
        world.lead_of(user, name).await;
    }
    let base = ListQuery { limit: 2, ..query(&world.lead(), "", "name") };
    let first = world.list(user, "lead", base.clone()).await.unwrap();
    world.lead_of(user, "a").await;
    world.lead_of(user, "e").await;
    let second = world.list(user, "lead", ListQuery { cursor: first.next, ..base }).await.unwrap();
    let names: Vec<String> =
        second.records().unwrap().iter().map(|lead| lead.text("name").unwrap().to_owned()).collect();
    assert_eq!(names, ["e", "f"]);
    world.end().await;
}

#[tokio::test]
async fn what_a_list_cannot_do_is_said() {
    let world = World::new().await;
    let user = &world.here.user;
    for name in ["a", "b", "c"] {
        world.lead_of(user, name).await;
    }
    let by_name = ListQuery { limit: 1, ..query(&world.lead(), "", "name") };
    let cursor = world.list(user, "lead", by_name.clone()).await.unwrap().next;
    let refused = async |query: ListQuery, field: &str| {
        let error = world.list(user, "lead", query).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        at(&error, field).to_owned()
    };
    let other = ListQuery { cursor: cursor.clone(), ..query(&world.lead(), "", "-name") };
    assert!(refused(other, "cursor").await.contains("sorted by name"));
    assert!(refused(ListQuery { cursor, ..ListQuery::default() }, "cursor").await.contains("sorted by name"));
    assert!(
        refused(ListQuery { cursor: Some("abc".to_owned()), ..ListQuery::default() }, "cursor")
            .await
            .contains("not a cursor")
    );
    for limit in [0, 501, u32::MAX] {
        assert!(refused(ListQuery { limit, ..ListQuery::default() }, "limit").await.contains("1 to 500"));
    }
    refused(ListQuery { offset: u32::MAX, ..ListQuery::default() }, "offset").await;
    refused(ListQuery { fields: vec!["nmae".to_owned()], ..ListQuery::default() }, "fields").await;
    let sort = |field: &str| Sort { field: field.to_owned(), descending: false };
    let four = ["name", "city", "company", "status"].map(sort).to_vec();
    refused(ListQuery { sort: four, ..ListQuery::default() }, "sort").await;
    refused(ListQuery { sort: vec![sort("notes")], ..ListQuery::default() }, "sort").await;
    refused(ListQuery { sort: vec![sort("nope")], ..ListQuery::default() }, "sort").await;
    world.end().await;
}

#[tokio::test]
async fn a_list_has_the_fields_asked_for_and_their_titles() {
    let world = World::new().await;
    let user = &world.here.user;
    world.create(user, "lead", json!({ "name": "Lake", "value": { "amount": "1", "currency": "KES" } })).await.unwrap();
    let fields = ["value", "owner", "name", "name", "id"].map(str::to_owned).to_vec();
    let page =
        world.list(user, "lead", ListQuery { fields, count: Count::None, ..ListQuery::default() }).await.unwrap();
    let rows: Value = serde_json::from_str(&page.rows.json().unwrap()).unwrap();
    let id = rows[0]["id"].clone();
    assert_eq!(
        rows,
        json!([{ "id": id, "version": 1, "value": { "amount": "1.00", "currency": "KES" }, "owner": user.access.member, "name": "Lake",
                 "_labels": { "owner": "Uma User" } }])
    );
    assert!(page.total.is_none() && page.next.is_none() && page.previous.is_none());
    world.end().await;
}

/// Pages draw records that never were JSON; everybody else is answered the text. In it and in them stands the same.
#[tokio::test]
async fn rows_for_pages_are_the_rows_of_the_api() {
    let world = World::new().await;
    let user = &world.here.user;
    fill(&world, 60).await;
    let gone = world.lead_of(user, "Gone").await;
    world.run(user, DeleteRecord { entity: "lead".to_owned(), id: gone.id, version: None }).await.unwrap();
    for (entity, trash) in [("sample", false), ("lead", false), ("lead", true)] {
        let list =
            ListRecords { entity: entity.to_owned(), query: ListQuery { trash, limit: 500, ..ListQuery::default() } };
        let page = world.platform.clone().page_backend(user.clone()).run(list.clone()).await.unwrap();
        let answer = world.run(user, list).await.unwrap();
        assert!(matches!((&page.rows, &answer.rows), (Rows::Records(_), Rows::Json(_))), "{entity}");
        let (drawn, told) = (page.records().unwrap(), answer.records().unwrap());
        assert!(!told.is_empty() && told.iter().all(|row| row.deleted_at.is_some() == trash), "{entity} {trash}");
        assert_eq!(drawn, told, "{entity} {trash}");
        let one = world.get(user, entity, drawn[0].id).await.unwrap();
        assert_eq!(one, told[0], "{entity} {trash}");
    }
    world.end().await;
}

/// Of a list in the order of states that leaves some out, the states at either end bound what is read. Every page is whole all the same, in either
/// direction and across a state in the middle that is left out.
#[tokio::test]
async fn a_list_in_the_order_of_states_leaves_some_out_and_loses_no_row() {
    let world = World::new().await;
    let user = &world.here.user;
    let all = ["contacted", "lost", "negotiation", "new", "proposal", "qualified", "won"];
    let mut ctx = world.open(user).await;
    let rows = all.iter().flat_map(|status| [status; 3]).enumerate().map(|(n, status)| records::NewRow {
        id: None,
        values: object(
            json!({ "name": format!("n{n}"), "company": "Lakeside", "value": { "amount": "1", "currency": "KES" } }),
        ),
        status: Some((*status).to_owned()),
    });
    records::create_many(&mut ctx, &world.lead(), rows.collect()).await.unwrap();
    ctx.commit().await.unwrap();
    let mut asked = 0;
    for (filter, left) in [
        ("status not in (won, lost)", vec!["contacted", "negotiation", "new", "proposal", "qualified"]),
        ("status in (lost, won)", vec!["lost", "won"]),
        ("status != contacted and status not in (won, qualified)", vec!["lost", "negotiation", "new", "proposal"]),
        ("status = new", vec!["new"]),
        ("status in (new) and status in (won)", vec![]),
        ("status = won or status = lost", vec!["lost", "won"]),
        ("name != nobody", all.to_vec()),
    ] {
        for sort in ["status", "-status"] {
            let mut wanted: Vec<&str> = left.iter().flat_map(|status| [*status; 3]).collect();
            if sort.starts_with('-') {
                wanted.reverse();
            }
            let (mut found, mut cursor) = (Vec::new(), None);
            loop {
                let mut query = ListQuery { limit: 2, cursor, ..query(&world.lead(), filter, sort) };
                query.fields = vec!["status".to_owned()];
                let mut page = world.list(user, "lead", query).await.unwrap();
                found.extend(page.take_records().unwrap().iter().map(|row| row.text("status").unwrap().to_owned()));
                asked += 1;
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(found, wanted, "{filter} by {sort}");
        }
    }
    assert!(asked > 40, "{asked} pages");
    world.end().await;
}
