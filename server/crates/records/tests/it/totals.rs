//! Totals: exact while they are small, an estimate that says so when they are not.

use crate::explain::plenty;
use crate::world::{World, query};
use domain::records::Total;
use domain::schema::{Count, ListQuery};

#[tokio::test]
async fn totals_are_exact_to_ten_thousand_and_estimated_beyond() {
    let world = World::new().await;
    plenty(&world, 30_000).await;
    let admin = &world.here.admin;
    let total = async |filter: &str, count: Count| {
        let query = ListQuery { count, limit: 1, fields: vec!["name".to_owned()], ..query(&world.lead(), filter, "") };
        world.list(admin, "lead", query).await.unwrap().total
    };
    let exact = |value| Some(Total { value, exact: true });
    assert_eq!(total("", Count::Exact).await, exact(30_000));
    assert_eq!(total("", Count::None).await, None);
    assert_eq!(
        total("status = won", Count::Estimated).await,
        exact(total("status = won", Count::Exact).await.unwrap().value)
    );
    let estimate = total("", Count::Estimated).await.unwrap();
    assert!(!estimate.exact && (24_000..36_000).contains(&estimate.value), "{estimate:?}");
    // Remembered for a minute, and asked again after it.
    sqlx::raw_sql("delete from leads where number > 'LEAD-020000'; analyze leads").execute(&world.owner).await.unwrap();
    assert_eq!(total("", Count::Estimated).await, Some(estimate));
    world.test.clock.advance(chrono::Duration::seconds(61));
    let later = total("", Count::Estimated).await.unwrap();
    assert!((16_000..24_000).contains(&later.value), "{later:?}");
    // Another workspace's rows are nobody's guess.
    let query = ListQuery { limit: 1, ..ListQuery::default() };
    let there = world.list(&world.there.admin, "lead", query).await.unwrap().total;
    assert_eq!(there, exact(3_000));
    let past = ListQuery { offset: 50_000, ..ListQuery::default() };
    assert_eq!(world.list(&world.there.admin, "lead", past).await.unwrap().total, exact(3_000));
    world.end().await;
}
