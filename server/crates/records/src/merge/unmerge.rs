//! `records.latest_merge` and `records.unmerge`: the way back, for thirty days.
//!
//! The changes of the merge are read, the newest first, and what nobody has changed since is put back; what somebody has stays, and is told.
//! It asks for what the merge asked for: a row that would be written has to be the caller's to change, or nothing is.

use super::{called, not_yours};
use crate::beside;
use crate::get::{Held, hold, in_sight, lock};
use crate::input;
use crate::many::{store, tell};
use crate::project::readable;
use crate::sql::Bind;
use crate::write::{Edit, write};
use chrono::{DateTime, Duration, Utc};
use domain::records::{LatestMerge, PastMerge, UnmergeRecords, Unmerged, Values};
use domain::schema::Entity;
use domain::{Error, Reach, Result, Verb};
use platform::{Access, Ctx, Statement};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;
use words::t;

/// Days in which a merge can be taken back.
const DAYS: i64 = 30;

const FIND: &str = "\
select kept_id, merged_id, merged_at, undone_at from merges where tenant_id = $1 and id = $2 and entity = $3 for update";
const END: &str = "update merges set undone_at = $3, undone_by = $4 where tenant_id = $1 and id = $2";
/// The merge of a record that is not undone, the newest: `kept` or `merged`.
const LATEST: &str = "\
select id, merged_at from merges
where tenant_id = $1 and entity = $2 and (kept_id = $3 or merged_id = $3) and undone_at is null order by merged_at desc limit 1";
/// Ids begin with their moment, so that only the partitions of that day are read.
const CHANGES: &str = "\
select c.entity, c.record_id, c.before::text, c.after::text from changes c
where c.tenant_id = $1 and c.cause_kind = 'merge' and c.cause_id = $2 and c.outcome = 'done' and c.id >= $3 and c.id < $4
order by c.id desc";

/// The merge that a record came out of or went into, while it can be taken back.
pub async fn latest_merge(ctx: &mut Ctx, operation: LatestMerge) -> Result<Option<PastMerge>> {
    let entity = ctx.entity(&operation.entity)?;
    crate::get::visible(ctx, &entity, operation.id).await?;
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::text(entity.key.clone()), Bind::Id(Some(operation.id))];
    let rows = ctx.fetch(Statement::new(LATEST, binds)).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (id, at): (Uuid, DateTime<Utc>) = (row.get(0)?, row.get(1)?);
    let at_text = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    Ok((ctx.now() - at <= Duration::days(DAYS)).then_some(PastMerge { id, at: at_text }))
}

pub async fn unmerge(ctx: &mut Ctx, operation: UnmergeRecords) -> Result<Unmerged> {
    let entity = ctx.entity(&operation.entity)?;
    let tenant = Bind::Id(Some(ctx.access.tenant.0));
    let binds = vec![tenant.clone(), Bind::Id(Some(operation.merge)), Bind::text(entity.key.clone())];
    let rows = ctx.fetch(Statement::new(FIND, binds)).await?;
    let row = rows.first().ok_or_else(Error::not_found)?;
    let (kept, merged): (Uuid, Uuid) = (row.get(0)?, row.get(1)?);
    let (at, undone): (DateTime<Utc>, Option<DateTime<Utc>>) = (row.get(2)?, row.get(3)?);
    // Who may undo it may change the one and take the other out of the trash.
    hold(ctx, &entity, kept, Verb::Update, false).await?;
    let reach = ctx.reach(&entity, Verb::Delete)?.min(ctx.reach(&entity, Verb::Read)?);
    let goes_back = lock(ctx, &entity, &[merged], reach).await?.pop().ok_or_else(Error::not_found)?;
    if undone.is_some() {
        return Err(Error::conflict(t!("This merge was taken back already")));
    }
    if ctx.now() - at > Duration::days(DAYS) {
        return Err(Error::conflict(t!("A merge can be taken back for {days} days; this one is older", days = DAYS)));
    }
    (ctx.origin.cause_kind, ctx.origin.cause_id) = ("undo", Some(operation.merge));
    let changes = changes(ctx, operation.merge, at).await?;
    let mut undo = Undo::of(ctx, kept, merged, &changes).await?;
    if !goes_back.deleted {
        let title = title(&ctx.access, &entity, &goes_back);
        undo.stays(t!("{title} was taken out of the trash since", title));
    }
    for change in &changes {
        match beside::ALL.iter().find(|table| table.key == change.entity) {
            Some(table) => {
                let owner = |values: &Values| values.get("recordId").and_then(input::id_of).ok_or_else(Error::internal);
                let (from, to) = (owner(&change.after)?, owner(&change.before)?);
                if table.turn_one(ctx, &entity, change.record, from, to).await? {
                    undo.done += 1;
                }
            }
            None => undo.take_back(ctx, change).await?,
        }
    }
    let binds = vec![
        tenant,
        Bind::Id(Some(operation.merge)),
        Bind::Moment(Some(ctx.now())),
        Bind::Id(Some(ctx.access.member.0)),
    ];
    ctx.fetch(Statement::new(END, binds)).await?;
    let said = match undo.kept.len() {
        0 => t!("Both are as they were before the merge").to_owned(),
        _ => t!("They are two again. What was changed since stays: {kept}", kept = undo.kept.join("; ")),
    };
    Ok(Unmerged { id: kept, merged, done: undo.done, kept: undo.kept, said })
}

/// One change that the merge made.
struct Turned {
    entity: String,
    record: Uuid,
    before: Values,
    after: Values,
}

/// Those of a merge, the newest first.
async fn changes(ctx: &mut Ctx, merge: Uuid, at: DateTime<Utc>) -> Result<Vec<Turned>> {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    let id = |millis: u128| Bind::Id(Some(Uuid::from_u128(millis << 80)));
    let (from, until) = (id(millis.saturating_sub(60_000)), id(millis + 900_000));
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(merge)), from, until];
    let mut changes = Vec::new();
    for row in &ctx.fetch(Statement::new(CHANGES, binds)).await? {
        let side = |at: usize| -> Result<Values> {
            let text: Option<&str> = row.get(at)?;
            text.map_or(Ok(Values::new()), |text| serde_json::from_str(text).map_err(|_| Error::internal()))
        };
        let record: Option<Uuid> = row.get(1)?;
        if let Some(record) = record {
            changes.push(Turned { entity: row.get(0)?, record, before: side(2)?, after: side(3)? });
        }
    }
    Ok(changes)
}

struct Undo {
    /// The one that stayed.
    stayed: Uuid,
    /// Rows that the caller may change, and those that they may see, of those that the merge changed.
    mine: HashSet<Uuid>,
    seen: HashSet<Uuid>,
    done: u32,
    /// What stays as it is, in words.
    kept: Vec<String>,
}

impl Undo {
    /// Both of the two were held already: the one to be changed, the other to come out of the trash.
    async fn of(ctx: &mut Ctx, stayed: Uuid, merged: Uuid, changes: &[Turned]) -> Result<Self> {
        let mut rows: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
        for change in changes {
            rows.entry(&change.entity).or_default().push(change.record);
        }
        let (mut mine, mut seen) = (HashSet::from([stayed]), HashSet::from([stayed, merged]));
        for (key, mut ids) in rows {
            let Some(entity) = ctx.catalog.get(key).cloned() else { continue };
            ids.sort_unstable();
            ids.dedup();
            match ctx.access.grants.reach(&entity.permission(Verb::Update)) {
                None => {}
                Some(Reach::All) => mine.extend(&ids),
                Some(reach) => mine.extend(lock(ctx, &entity, &ids, reach).await?.iter().map(|held| held.id)),
            }
            seen.extend(in_sight(ctx, &entity, ids).await?);
        }
        Ok(Self { stayed, mine, seen, done: 0, kept: Vec::new() })
    }

    fn stays(&mut self, line: String) {
        if !self.kept.contains(&line) {
            self.kept.push(line);
        }
    }

    /// One change of the merge, as far as nobody has gone on from there.
    async fn take_back(&mut self, ctx: &mut Ctx, change: &Turned) -> Result<()> {
        let Turned { entity: key, record: id, before, after } = change;
        let Some(entity) = ctx.catalog.get(key).cloned() else { return Ok(()) };
        let Some(held) = lock(ctx, &entity, &[*id], Reach::All).await?.pop() else {
            self.stays(t!("some of the {many}, removed for good", many = called(&ctx.access, &entity)));
            return Ok(());
        };
        let nothing = Value::Null;
        if after.get("deletedAt").is_some_and(|at| !at.is_null()) {
            if held.deleted {
                write_back(ctx, &entity, &held, Edit { deleted: Some(false), ..Edit::default() }).await?;
                self.done += 1;
            }
            return Ok(());
        }
        let mut values = Values::new();
        for (field, was) in before.iter().filter_map(|(field, was)| Some((entity.field(field)?, was))) {
            let (now, became) =
                (held.values.get(&field.key).unwrap_or(&nothing), after.get(&field.key).unwrap_or(&nothing));
            if now == became {
                values.insert(field.key.clone(), was.clone());
            } else if now != was {
                // A hidden field is not named to those who may not know it, nor a row to those who may not see it.
                let label = if readable(&ctx.access, field) { field.label.as_str() } else { t!("another field") };
                let line = if self.seen.contains(id) {
                    t!("{field} of {title}", field = label, title = title(&ctx.access, &entity, &held))
                } else {
                    t!("{many} that are not yours to see", many = called(&ctx.access, &entity))
                };
                self.stays(line);
            }
        }
        if !values.is_empty() {
            self.permitted(&ctx.access, &entity, *id, &values)?;
            let edits = [(held, values)];
            store(ctx, &entity, &edits).await?;
            for (held, values) in edits {
                tell(ctx, &entity, &held, values);
            }
            self.done += 1;
        }
        Ok(())
    }

    /// Whether the caller may write these values. The fields of the row that stayed were chosen by somebody who may write each of them.
    fn permitted(&self, access: &Access, entity: &Entity, id: Uuid, values: &Values) -> Result<()> {
        if !self.mine.contains(&id) {
            return Err(not_yours(access, entity, t!("has to take the merge back")));
        }
        let closed = |key: &String| {
            entity.field(key).is_some_and(|field| !field.is_computed() && !field.writable(&access.grants))
        };
        if id == self.stayed && values.keys().any(closed) {
            return Err(Error::conflict(t!(
                "The merge changed fields that are not yours to change. Somebody who may has to take it back"
            )));
        }
        Ok(())
    }
}

/// Out of the trash; a unique value that somebody has taken since is said in words.
async fn write_back(ctx: &mut Ctx, entity: &Entity, held: &Held, edit: Edit) -> Result<()> {
    if let Some(taken) = crate::refuse::holder(ctx, entity, &held.values, Some(held.id)).await? {
        return Err(taken);
    }
    write(ctx, entity, held, edit, "restored").await.map(drop)
}

fn title(access: &Access, entity: &Entity, held: &Held) -> String {
    let known = |key: &str| entity.field(key).is_some_and(|field| readable(access, field));
    let titles = [entity.title.as_str(), "number"].into_iter().filter(|key| known(key));
    let title = titles.map(|key| held.text(key)).find(|text| !text.is_empty());
    title.unwrap_or(&entity.labels.one).to_owned()
}
