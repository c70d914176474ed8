//! L-09: invoices made at once, some of whose transactions are rolled back: no gap, no number twice, and the order of commit.

use crate::world::World;
use domain::sales::CreateInvoice;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[tokio::test]
async fn numbers_have_no_gap_and_stand_in_the_order_of_commit() {
    let world = World::new().await.shared();
    let mut orders = Vec::new();
    for _ in 0..96 {
        orders.push(world.shipped("10", false).await);
    }
    static TICK: AtomicU64 = AtomicU64::new(0);
    static KEPT: Mutex<Vec<(i64, u64, u64)>> = Mutex::new(Vec::new());
    let tries = orders.into_iter().enumerate().map(|(at, order)| {
        let world = world.clone();
        tokio::spawn(async move {
            // A third is rolled back after its number was taken, then tried again.
            for round in 0..2 {
                let mut ctx = begun(&world).await;
                let made = ctx.run(CreateInvoice { order, due_on: None, issued_on: None }).await.unwrap();
                if at % 3 == 0 && round == 0 {
                    drop(ctx);
                    continue;
                }
                let number: i64 = made.number.trim_start_matches("INV-").parse().unwrap();
                let sent = TICK.fetch_add(1, Ordering::SeqCst);
                ctx.commit().await.unwrap();
                let answered = TICK.fetch_add(1, Ordering::SeqCst);
                KEPT.lock().unwrap().push((number, sent, answered));
                return;
            }
        })
    });
    futures::future::join_all(tries).await.into_iter().for_each(|done| done.unwrap());
    let mut kept = KEPT.lock().unwrap().clone();
    kept.sort_unstable();
    let numbers: Vec<i64> = kept.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, (1..=96).collect::<Vec<_>>(), "gaps or doubles");
    // A later number was not committed and answered before an earlier one was even sent to commit.
    for pair in kept.windows(2) {
        assert!(pair[0].1 < pair[1].2, "{} was committed after {}", pair[0].0, pair[1].0);
    }
    assert_eq!(world.number("select count(distinct number) from invoices").await, 96);
    // The series itself cannot be turned back.
    for sql in ["update gapless_series set next = 1", "update gapless_series set next = next"] {
        assert_eq!(world.attempt(sql).await.unwrap().1, "gapless_series_only_rise");
    }
    assert_eq!(world.attempt("delete from gapless_series").await.unwrap().0, "42501");
    World::done(world).await;
}

/// Waits for its turn: ninety-six share sixteen connections.
async fn begun(world: &World) -> platform::Ctx {
    loop {
        let ctx = world.test.platform.open(&world.boss, "test", platform::TxMode::ReadWrite).await;
        match ctx {
            Ok(ctx) => return ctx,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
}
