//! Starts a change of many rows: checks what can be checked before the first, and writes down which rows are meant.

use super::run::KIND;
use super::store;
use crate::input::By;
use crate::on_behalf::asked;
use crate::select::{Rows, rows};
use crate::sql::Bind;
use crate::stop::TRIES;
use crate::update::given;
use domain::records::{Bulk, BulkAction, BulkChange, BulkRecords, MOST_NAMED, MOST_ROWS, Values};
use domain::schema::{Count, Entity, Field, Filter, ListQuery};
use domain::{Error, Grants, Result, Verb};
use jobs::NewJob;
use platform::{Ctx, db_error};
use serde_json::json;
use uuid::Uuid;
use words::t;

pub async fn bulk(ctx: &mut Ctx, input: BulkRecords) -> Result<Bulk> {
    let entity = ctx.entity(&input.entity)?;
    let change = checked(ctx, &entity, &input)?;
    let query = meant(&ctx.access.grants, &entity, &input)?;
    let id = ctx.new_id();
    store::insert(ctx, id, &entity, &change).await?;
    let count = write_down(ctx, &entity, &query, id).await?;
    if count == 0 {
        return Err(Error::conflict(t!("None of these rows is there any more. Look at the list again")));
    }
    if count > i64::from(MOST_ROWS) {
        return Err(Error::conflict(t!(
            "More than 100,000 rows are changed in parts. Narrow the list, and change one part after the other"
        )));
    }
    store::count(ctx, id, count).await?;
    let payload = asked(ctx, "bulk", id);
    let job = NewJob::new(ctx.new_id(), KIND, payload).scope(ctx.access.tenant.0).attempts(TRIES);
    let job = job.unique(format!("bulk:{id}"));
    jobs::enqueue(ctx.conn().await?, job).await.map_err(db_error)?;
    store::changed(ctx, id, json!({ "entity": entity.key, "change": change, "rows": count }));
    store::load(ctx, id).await
}

/// What is to be done to each row. What one row after the other would be refused for alike is refused here, once.
fn checked(ctx: &Ctx, entity: &Entity, input: &BulkRecords) -> Result<BulkChange> {
    let mut change = BulkChange { action: input.action, values: Values::new(), to: None };
    match input.action {
        BulkAction::Set | BulkAction::Add | BulkAction::Remove => {
            if input.values.is_empty() {
                return Err(Error::field("values", t!("Say which field gets which value")));
            }
            for key in input.values.keys() {
                if entity.field(key).is_some_and(Field::is_upload) {
                    let label = entity.field(key).map_or(key.as_str(), |field| &field.label);
                    let message = t!("{field} is a file of one row. Set it there", field = label);
                    return Err(Error::field(key.clone(), message));
                }
                if entity.field(key).is_some_and(|field| field.unique) {
                    let label = entity.field(key).map_or(key.as_str(), |field| &field.label);
                    return Err(Error::field(key.clone(), t!("No two rows have the same {field}", field = label)));
                }
            }
            change.values = given(ctx, entity, &input.values, By::Caller)?;
            if input.action != BulkAction::Set {
                several(entity, &change.values)?;
            }
            crate::input::permitted(&ctx.access, entity, &change.values)?;
        }
        BulkAction::Move => {
            let to = input.to.as_deref().unwrap_or_default();
            let states = entity.states.as_ref();
            if states.is_none_or(|states| states.get(to).is_none()) {
                return Err(Error::field("to", t!("{many} have no such state", many = entity.labels.many)));
            }
            change.to = Some(to.to_owned());
            if !input.values.is_empty() {
                change.values = given(ctx, entity, &input.values, By::Caller)?;
            }
        }
        BulkAction::Delete | BulkAction::Restore => {}
    }
    Ok(change)
}

/// Values are added to what holds several of them, and there have to be some. After what the caller sent was read: a field that is not theirs to know
/// is not named here.
fn several(entity: &Entity, values: &Values) -> Result<()> {
    for (key, value) in values {
        let Some(field) = entity.field(key) else { continue };
        if !field.is_many() {
            let message =
                t!("{field} holds one value: set it. Fields that hold several are added to", field = field.label);
            return Err(Error::field(key.clone(), message));
        }
        if value.is_null() {
            return Err(Error::field(key.clone(), t!("Say which values of {field} are meant", field = field.label)));
        }
    }
    Ok(())
}

fn meant(grants: &Grants, entity: &Entity, input: &BulkRecords) -> Result<ListQuery> {
    if input.all != input.ids.is_empty() {
        return Err(Error::field("ids", t!("Name rows, or say that all that match are meant")));
    }
    if input.ids.len() > MOST_NAMED {
        let message = t!("Up to {most} rows are named; more are meant by a filter", most = MOST_NAMED);
        return Err(Error::field("ids", message));
    }
    let filter = input.filter.as_deref().map(str::trim).filter(|text| input.all && !text.is_empty());
    let filter = filter.map(|text| Filter::parse(text, &entity.known_to(grants)));
    Ok(ListQuery {
        filter: filter.transpose().map_err(|error| Error::field("filter", error.to_string()))?,
        search: input.search.clone().filter(|text| input.all && !text.is_empty()),
        ids: input.ids.clone(),
        count: Count::None,
        trash: input.action == BulkAction::Restore,
        ..ListQuery::default()
    })
}

/// The rows that the caller sees, whether or not they may change them: those that they may not are refused one by one, with the reason.
async fn write_down(ctx: &mut Ctx, entity: &Entity, query: &ListQuery, id: Uuid) -> Result<i64> {
    let reach = ctx.reach(entity, Verb::Read)?;
    let Rows { mut sql, tenant, matching, .. } = rows(ctx, entity, query, reach).await?;
    sql.push("with meant as (insert into bulk_rows (tenant_id, bulk_id, position, record_id) select ").again(tenant);
    sql.push(", ");
    sql.bind(Bind::Id(Some(id)));
    sql.push(", row_number() over (order by c.id), c.id from (select t.id from ").name(&entity.table).push(" t where ");
    sql.place(&matching).push(" limit ").number(MOST_ROWS + 1);
    sql.push(") c returning 1) select count(*) from meant");
    let counted = sql.all_on(ctx.conn().await?).await?;
    counted.first().ok_or_else(Error::internal)?.get(0)
}
