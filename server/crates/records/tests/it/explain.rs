//! Every filter and sort that a view can offer is served by an index, under row security, as the role that serves tenants.

use crate::world::{World, object, query};
use domain::records::AlikeRecords;
use domain::schema::{Comparison, Entity, Field, FieldKind, Filter, ListQuery, Sort, Test, stretch};
use serde_json::{Value, json};
use testkit::TestTenant;

const ROWS: i32 = 50_000;
/// A page of 51 rows reads no more than this many.
const BOUND: f64 = 1_500.0;

/// Leads with common and rare values in every field; a tenth as many in the other workspace.
pub async fn plenty(world: &World, count: i32) {
    const FILL: &str = "\
insert into leads (tenant_id, id, number, status, name, name_norm, email, email_norm, phone, company, company_norm, city, city_norm, country,
    value_minor, value_currency, source, enquired_on, owner_id, created_by, created_at, updated_at)
select $1, md5($1::text || i)::uuid, 'LEAD-' || lpad(i::text, 6, '0'),
    case when i % 10000 = 1 then 'lost' else (array['new', 'contacted', 'qualified', 'proposal', 'negotiation', 'won'])[1 + i % 6] end,
    'Name ' || md5(i::text), 'name ' || md5(i::text), i || '@x.com', i || '@x.com', '+254 ' || i,
    'Company ' || i % 5000, 'company ' || i % 5000, 'City ' || i % 300, case when i % 10 = 0 then '' else 'city ' || i % 300 end,
    case when i % 10000 = 1 then 'UG' when i % 3 = 0 then null else 'KE' end,
    case when i % 10 = 0 then null else i * 100::bigint end, case when i % 10 = 0 then null else 'KES' end,
    case when i % 10000 = 1 then 'partner' when i % 4 = 0 then null else 'referral' end,
    case when i % 8 = 0 then null else date '2026-11-20' - i % 3000 end,
    case when i % 10000 = 1 then $3 else $2 end, $2, now() - make_interval(secs => i), now() - make_interval(secs => i)
from generate_series(1, $4) i";
    for (people, count) in [(&world.here, count), (&world.there, count / 10)] {
        sqlx::query(FILL)
            .bind(people.tenant.id.0)
            .bind(people.admin.access.member.0)
            .bind(people.rep.access.member.0)
            .bind(count)
            .execute(&world.owner)
            .await
            .unwrap();
    }
    sqlx::raw_sql("vacuum analyze leads").execute(&world.owner).await.unwrap();
}

/// Nodes of the plan that read the table, and what is wrong with them.
fn faults(plan: &Value, narrowed: bool, out: &mut Vec<String>) {
    let text = |key: &str| plan[key].as_str().unwrap_or_default();
    let reads = text("Relation Name") == "leads" || text("Index Name").starts_with("leads_");
    if reads && text("Node Type") == "Seq Scan" {
        out.push("reads the whole table".to_owned());
    }
    if reads && text("Node Type").contains("Index") {
        let condition = text("Index Cond");
        if narrowed && !condition.is_empty() && !condition.contains(" AND ") {
            out.push(format!("the index {} is used by workspace only: {condition}", text("Index Name")));
        }
    }
    if reads {
        let loops = plan["Actual Loops"].as_f64().unwrap_or(1.0);
        let read = (plan["Actual Rows"].as_f64().unwrap_or(0.0)
            + plan["Rows Removed by Filter"].as_f64().unwrap_or(0.0))
            * loops;
        if read > BOUND {
            out.push(format!("reads {read} rows"));
        }
    }
    for child in plan["Plans"].as_array().into_iter().flatten() {
        faults(child, narrowed, out);
    }
}

async fn judge(world: &World, query: &ListQuery, narrowed: bool) -> Vec<String> {
    let mut ctx = world.open(&world.here.admin).await;
    let role: String =
        sqlx::query_scalar("select current_user::text").fetch_one(ctx.conn().await.unwrap()).await.unwrap();
    assert_eq!(role, "nexus_app");
    let mut out = Vec::new();
    for plan in records::explain(&mut ctx, "lead", query, true).await.unwrap() {
        faults(&plan[0]["Plan"], narrowed, &mut out);
    }
    out
}

fn sorts(entity: &Entity) -> Vec<Sort> {
    let fields = entity.fields.iter().filter(|field| field.indexed);
    fields.flat_map(|field| [false, true].map(|descending| Sort { field: field.key.clone(), descending })).collect()
}

/// An operand that few rows have, so that an index is worth using.
fn rare(world: &World, field: &Field, comparison: Comparison) -> Vec<String> {
    let late = matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual);
    let one = match field.key.as_str() {
        "number" => "LEAD-000777",
        "name" => "name c4ca4238",
        "email" => "777@x",
        "phone" => "+254 777",
        "company" => "company 777",
        "city" => "city 77",
        "country" => "UG",
        "status" => "lost",
        "source" => "partner",
        "value" if late => "49990",
        "value" => "10",
        "enquiredOn" if late => "2026-11-20",
        "enquiredOn" => "2018-09-06",
        "createdAt" | "updatedAt" if late => "2999-01-01",
        "createdAt" | "updatedAt" => "2000-01-01",
        "owner" => return vec![world.here.rep.access.member.to_string()],
        "customer" => "00000000-0000-0000-0000-000000000001",
        other => panic!("{other} is new: say what is rare in it"),
    };
    vec![one.to_owned()]
}

/// Comparisons that most rows satisfy narrow nothing: there the order of the list has to carry the page.
fn narrows(field: &Field, comparison: Comparison) -> bool {
    match comparison {
        Comparison::NotEquals | Comparison::NotIn | Comparison::NotEmpty => false,
        // Every row has one.
        Comparison::Empty => {
            !matches!(field.kind, FieldKind::State)
                && !matches!(field.key.as_str(), "country" | "source" | "value" | "enquiredOn" | "city" | "customer")
        }
        _ => true,
    }
}

#[tokio::test]
async fn every_filter_and_sort_of_leads_is_served_by_an_index() {
    let world = World::new().await;
    plenty(&world, ROWS).await;
    let entity = world.lead();
    let mut bad = Vec::new();
    for sort in sorts(&entity) {
        let query = ListQuery { sort: vec![sort.clone()], ..ListQuery::default() };
        bad.extend(judge(&world, &query, false).await.into_iter().map(|fault| format!("sort {sort:?} {fault}")));
        // Deep in the list it is no different.
        let mut page = world.list(&world.here.admin, "lead", ListQuery { limit: 500, ..query.clone() }).await.unwrap();
        for _ in 0..3 {
            let Some(cursor) = page.next else { break };
            page = world
                .list(&world.here.admin, "lead", ListQuery { limit: 500, cursor: Some(cursor), ..query.clone() })
                .await
                .unwrap();
        }
        for cursor in [page.next, page.previous].into_iter().flatten() {
            let query = ListQuery { cursor: Some(cursor), ..query.clone() };
            bad.extend(
                judge(&world, &query, true).await.into_iter().map(|fault| format!("cursor of {sort:?} {fault}")),
            );
        }
    }
    for (field, comparison) in offered(&entity) {
        let values = if matches!(comparison, Comparison::Empty | Comparison::NotEmpty) {
            Vec::new()
        } else {
            rare(&world, field, comparison)
        };
        let test = Test { field: field.key.clone(), comparison, values };
        let query = ListQuery { filter: Some(Filter::Test(test.clone())), ..ListQuery::default() };
        let narrowed = narrows(field, comparison);
        bad.extend(judge(&world, &query, narrowed).await.into_iter().map(|fault| format!("filter {test:?} {fault}")));
    }
    for view in &entity.views {
        let query =
            query(&entity, view.filter.as_deref().unwrap_or_default(), view.sort.as_deref().unwrap_or_default());
        bad.extend(judge(&world, &query, false).await.into_iter().map(|fault| format!("view {} {fault}", view.key)));
    }
    assert!(bad.is_empty(), "{bad:#?}");
    world.end().await;
}

/// A month of a calendar is a range over the index of its field. With an end it is two, of which what lasts into the month is found by either.
#[tokio::test]
async fn every_stretch_of_days_is_served_by_an_index() {
    let world = World::new().await;
    plenty(&world, ROWS).await;
    let entity = world.lead();
    let field = |key: &str| entity.field(key).unwrap();
    let mut bad = Vec::new();
    for (date, end, from, until, narrowed) in [
        ("enquiredOn", None, "2026-10-26", "2026-12-07", true),
        ("enquiredOn", None, "2018-10-01", "2018-11-01", true),
        ("enquiredOn", None, "2020-05-05", "2020-05-06", true),
        // Nobody enquires then, and nothing was touched.
        ("enquiredOn", Some("updatedAt"), "2090-01-01", "2090-02-01", true),
        // All were touched since: the order of the days carries the page.
        ("enquiredOn", Some("updatedAt"), "2020-05-01", "2020-06-01", false),
        ("createdAt", None, "2000-01-01", "2090-01-01", false),
        ("updatedAt", Some("enquiredOn"), "1990-01-01", "1990-02-01", false),
    ] {
        let filter = stretch(field(date), end.map(field), from.parse().unwrap(), until.parse().unwrap());
        let sort = vec![Sort { field: date.to_owned(), descending: false }];
        let query = ListQuery { filter: Some(filter), sort, limit: 500, ..ListQuery::default() };
        let found = judge(&world, &query, narrowed).await;
        bad.extend(found.into_iter().map(|fault| format!("{date} {end:?} {from} {fault}")));
    }
    assert!(bad.is_empty(), "{bad:#?}");
    // It can fail: without the index, it does.
    sqlx::raw_sql("drop index leads_enquired_on_order").execute(&world.owner).await.unwrap();
    let filter = stretch(field("enquiredOn"), None, "2026-11-01".parse().unwrap(), "2026-12-01".parse().unwrap());
    let sort = vec![Sort { field: "enquiredOn".to_owned(), descending: false }];
    let query = ListQuery { filter: Some(filter), sort, limit: 500, ..ListQuery::default() };
    assert!(!judge(&world, &query, true).await.is_empty());
    world.end().await;
}

fn offered(entity: &Entity) -> Vec<(&Field, Comparison)> {
    entity
        .fields
        .iter()
        .flat_map(|field| Comparison::offered(field).iter().map(move |comparison| (field, *comparison)))
        .collect()
}

/// The test above can fail: without the index, it does.
#[tokio::test]
async fn a_missing_index_is_noticed() {
    let world = World::new().await;
    plenty(&world, ROWS).await;
    let entity = world.lead();
    let filter = query(&entity, "source = partner", "");
    let sort = query(&entity, "", "-value");
    assert!(judge(&world, &filter, true).await.is_empty());
    assert!(judge(&world, &sort, false).await.is_empty());
    sqlx::raw_sql("drop index leads_source_order; drop index leads_value_minor_order")
        .execute(&world.owner)
        .await
        .unwrap();
    assert!(!judge(&world, &filter, true).await.is_empty());
    assert!(!judge(&world, &sort, false).await.is_empty());
    world.end().await;
}

/// A policy whose tenant is compared by something that leaks would turn every list into a scan; this is what it would look like.
#[tokio::test]
async fn row_security_is_part_of_the_plan() {
    let world = World::new().await;
    plenty(&world, 5_000).await;
    let nowhere = TestTenant { id: domain::TenantId(uuid::Uuid::from_u128(1)), slug: "nowhere".to_owned() };
    let mut ctx = world.open(&world.here.admin).await;
    sqlx::query("select set_config('app.tenant_id', $1, true)")
        .bind(nowhere.id.to_string())
        .execute(ctx.conn().await.unwrap())
        .await
        .unwrap();
    // The statement asks for this workspace, the transaction is another's: nothing is found.
    let plans = records::explain(&mut ctx, "lead", &ListQuery::default(), true).await.unwrap();
    assert_eq!(plans[0][0]["Plan"]["Actual Rows"].as_f64(), Some(0.0));
    drop(ctx);
    world.end().await;
}

/// Each form that is filled in looks for rows like its own, in a table of any size.
#[tokio::test]
async fn what_looks_alike_is_found_by_an_index() {
    let world = World::new().await;
    plenty(&world, ROWS).await;
    let plans = async |values: Value| {
        let asked = AlikeRecords { entity: "lead".to_owned(), values: object(values), except: None };
        let mut ctx = world.open(&world.here.admin).await;
        let role: String =
            sqlx::query_scalar("select current_user::text").fetch_one(ctx.conn().await.unwrap()).await.unwrap();
        assert_eq!(role, "nexus_app");
        let plans = records::explain_alike(&mut ctx, &asked).await.unwrap();
        drop(ctx);
        let mut out = Vec::new();
        for plan in &plans {
            faults(&plan[0]["Plan"], true, &mut out);
        }
        let found = world.run(&world.here.admin, asked).await.unwrap();
        (plans.len(), out, found.into_iter().map(|alike| (alike.number, alike.same)).collect::<Vec<_>>())
    };
    let number = "LEAD-012345".to_owned();
    for (values, same) in [
        // Typed in another way than it is kept.
        (json!({ "phone": "(254) 123-45" }), "Phone"),
        (json!({ "email": "12345@X.com" }), "E-mail"),
        (json!({ "name": "name 827ccb0eea8a706c4c34a16891f84e7b", "company": "company 2345" }), "Name and company"),
    ] {
        let (looks, faults, found) = plans(values.clone()).await;
        assert!(looks == 1 && faults.is_empty(), "{values}: {faults:#?}");
        assert_eq!(found, [(number.clone(), same.to_owned())], "{values}");
    }
    // It can fail: without the index, it does.
    sqlx::raw_sql("drop index leads_phone_digits_order").execute(&world.owner).await.unwrap();
    let (_, faults, _) = plans(json!({ "phone": "+254 12345" })).await;
    assert!(!faults.is_empty());
    world.end().await;
}
