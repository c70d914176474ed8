//! One field of many leads, as many as one change may have: set by a job and put back by another, as somebody does it from the list.

use super::bars::Measured;
use super::person::Person;
use super::rise::Rise;
use super::speed::unique;
use super::world::World;
use super::{Arguments, data};
use crate::out;
use anyhow::{Result, bail};
use domain::records::{Bulk, BulkAction, BulkRecords, BulkStatus, GetBulk, MOST_ROWS, UndoBulk, Values};
use serde_json::Value;
use sqlx::PgConnection;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How often it is asked how far a job is.
const LOOK: Duration = Duration::from_millis(250);
/// Longest wait for one of them: rows are changed one by one, as each by itself.
const PATIENCE: Duration = Duration::from_secs(3600);

const IN_CITY: &str = "select count(*) from leads where tenant_id = $1 and city = $2";

pub async fn measure(world: &World, arguments: &Arguments, rows: u32) -> Result<Vec<Measured>> {
    if !arguments.wants("P-15") {
        return Ok(Vec::new());
    }
    let count = i64::from(rows.min(MOST_ROWS));
    let mut admin = world.admin().await?;
    let last = data::keep(&mut admin, world.tenant, count).await?;
    // Nobody is there yet.
    let city = format!("Bench {}", unique());
    let change = change(&format!("createdAt <= \"{last}\""), &city);
    let mut rise = Rise::start(world).await?;
    out::line(&format!("Changing {count} of {rows} leads at once ..."));
    let bulk = there(&mut rise.person, &change, count).await?;
    is_in(&mut admin, world, &city, count).await?;
    out::line("Taking that back ...");
    back(&mut rise.person, bulk, count).await?;
    is_in(&mut admin, world, &city, 0).await?;
    let most = rise.end().await?;
    world.tidy().await?;
    Ok(vec![Measured::new("P-15", "bulk", most).over(rows)])
}

fn change(filter: &str, city: &str) -> BulkRecords {
    BulkRecords {
        entity: "lead".to_owned(),
        action: BulkAction::Set,
        all: true,
        filter: Some(filter.to_owned()),
        values: Values::from_iter([("city".to_owned(), Value::from(city))]),
        ..BulkRecords::default()
    }
}

/// Ends when every row is changed.
async fn there(person: &mut Person, change: &BulkRecords, count: i64) -> Result<Uuid> {
    let bulk = person.run(change).await?;
    let bulk = ended(person, bulk.id).await?;
    if bulk.status != BulkStatus::Done || bulk.changed != count {
        let Bulk { changed, unchanged, refused, error, .. } = bulk;
        let error = error.unwrap_or_default();
        bail!("Of {count} leads {changed} were changed, {unchanged} were so already, {refused} were refused: {error}");
    }
    Ok(bulk.id)
}

/// Ends when every row is put back.
async fn back(person: &mut Person, id: Uuid, count: i64) -> Result<()> {
    person.run(&UndoBulk { id }).await?;
    let bulk = ended(person, id).await?;
    if bulk.status != BulkStatus::Undone || bulk.reverted != count {
        let Bulk { reverted, kept, error, .. } = bulk;
        bail!("Of {count} leads {reverted} were put back, {kept} were kept: {}", error.unwrap_or_default());
    }
    Ok(())
}

/// Asks how far it is, as its page does, until the job is at its end.
async fn ended(person: &mut Person, id: Uuid) -> Result<Bulk> {
    let until = Instant::now() + PATIENCE;
    loop {
        let bulk = person.run(&GetBulk { id }).await?;
        match bulk.status {
            BulkStatus::Done | BulkStatus::Failed | BulkStatus::Undone => return Ok(bulk),
            BulkStatus::Queued | BulkStatus::Running | BulkStatus::Undoing if Instant::now() > until => {
                let (done, seconds) = (bulk.done() + bulk.taken_back(), PATIENCE.as_secs());
                bail!("Only {done} of {} rows were come to in {seconds} s", bulk.rows);
            }
            BulkStatus::Queued | BulkStatus::Running | BulkStatus::Undoing => tokio::time::sleep(LOOK).await,
        }
    }
}

/// Asks the database itself, whatever the job says that it did.
async fn is_in(admin: &mut PgConnection, world: &World, city: &str, expected: i64) -> Result<()> {
    let found: i64 = sqlx::query_scalar(IN_CITY).bind(world.tenant.0).bind(city).fetch_one(admin).await?;
    if found != expected {
        bail!("{found} leads hold the changed value, and {expected} should");
    }
    Ok(())
}
