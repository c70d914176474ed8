//! Locations: listing, adding, renaming. None is removed: members, invitations and changes name them.

use domain::people::{AddLocation, ListLocations, Location, RenameLocation};
use domain::{Error, Result};
use platform::{Change, Ctx, db_error};
use serde_json::json;
use uuid::Uuid;
use words::t;

const LIST: &str = "\
select l.id, l.name, count(m.id) from locations l
left join members m on m.tenant_id = l.tenant_id and m.location_id = l.id and m.status = 'ACTIVE' and m.kind = 'person'
where l.tenant_id = $1 group by l.id, l.name order by lower(l.name), l.id limit 1000";
const ADD: &str = "insert into locations (tenant_id, id, name, created_at, updated_at) values ($1, $2, $3, $4, $4)";
const RENAME: &str = "\
with before as (select name from locations where tenant_id = $1 and id = $2 for update)
update locations l set name = $3, updated_at = $4 from before where l.tenant_id = $1 and l.id = $2 returning before.name";

pub async fn list_locations(ctx: &mut Ctx, _: ListLocations) -> Result<Vec<Location>> {
    let tenant = ctx.access.tenant.0;
    let rows: Vec<(Uuid, String, i64)> =
        sqlx::query_as(LIST).bind(tenant).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    Ok(rows.into_iter().map(|(id, name, members)| Location { id, name, members }).collect())
}

pub async fn add_location(ctx: &mut Ctx, add: AddLocation) -> Result<Location> {
    let name = name(&add.name)?;
    let (tenant, id, now) = (ctx.access.tenant.0, ctx.new_id(), ctx.now());
    let made = sqlx::query(ADD).bind(tenant).bind(id).bind(&name).bind(now).execute(ctx.conn().await?).await;
    made.map_err(|error| refused(error, &name))?;
    report(ctx, id, None, &name, "people.location.created");
    Ok(Location { id, name, members: 0 })
}

pub async fn rename_location(ctx: &mut Ctx, rename: RenameLocation) -> Result<()> {
    let name = name(&rename.name)?;
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    let before: Option<String> = sqlx::query_scalar(RENAME)
        .bind(tenant)
        .bind(rename.id)
        .bind(&name)
        .bind(now)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(|error| refused(error, &name))?;
    let before = before.ok_or_else(Error::not_found)?;
    if before != name {
        report(ctx, rename.id, Some(before), &name, "people.location.renamed");
    }
    Ok(())
}

fn name(typed: &str) -> Result<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 120 {
        return Err(Error::field("name", t!("A location has a name of 1 to 120 characters")));
    }
    Ok(name)
}

fn refused(error: sqlx::Error, name: &str) -> Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("locations_name_key") => Error::field("name", t!("There is a location called {name} already", name)),
        _ => db_error(error),
    }
}

fn report(ctx: &mut Ctx, id: Uuid, before: Option<String>, name: &str, event: &str) {
    ctx.changed(Change {
        entity: "location".to_owned(),
        record: Some(id),
        before: before.map(|before| json!({ "name": before })),
        after: Some(json!({ "name": name })),
        event: Some(event.to_owned()),
    });
}
