//! Saved views of lists and boards: kept, opened, changed by whoever they belong to. A team's view is locked and its version compared before
//! it is written, so that nobody's changes are lost without a word.

use domain::schema::{Entity, Filter, Sort, ViewKind};
use domain::views::{
    CreateView, DeleteView, LONGEST_LABEL, ListViews, MOST, MoveView, SCALES, SaveView, SavedView, TEAM, UpdateView,
    ViewContent, column_parts, column_width,
};
use domain::{Error, FieldError, Kind, Result, Verb};
use platform::{Bind, Change, Ctx, Registry, Row, Statement, db_error};
use serde_json::json;
use sqlx::types::Json;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;
use words::t;

const LIST: &str = "\
select v.id, v.entity, v.label, v.content::text, v.team, m.name, v.pinned, v.standard, v.version
from saved_views v join members m on m.tenant_id = v.tenant_id and m.id = v.owner_id
where v.tenant_id = $1 and v.entity = $2 and (v.team or v.owner_id = $3) order by v.team desc, v.position, v.id limit 1000";
/// Of every entity, for finding one by its name.
const LIST_ALL: &str = "\
select v.id, v.entity, v.label, v.content::text, v.team, m.name, v.pinned, v.standard, v.version
from saved_views v join members m on m.tenant_id = v.tenant_id and m.id = v.owner_id
where v.tenant_id = $1 and (v.team or v.owner_id = $2) order by v.entity, v.team desc, v.position, v.id limit 1000";
// Joined with whoever changed it last, the view would not be found by those who waited for somebody else to change it.
const LOCK: &str = "\
select v.id, v.entity, v.label, v.content, v.team, v.owner_id, v.pinned, v.standard, v.position, v.version,
    (select m.name from members m where m.tenant_id = v.tenant_id and m.id = v.updated_by) as changer
from saved_views v where v.tenant_id = $1 and v.id = $2 and (v.team or v.owner_id = $3) for update of v";
const COUNT: &str = "select count(*) from saved_views where tenant_id = $1 and entity = $2 and owner_id = $3";
const INSERT: &str = "\
insert into saved_views (tenant_id, id, entity, owner_id, team, label, content, pinned, position, created_at, updated_at, updated_by)
values ($1, $2, $3, $4, $5, $6, $7, $8,
    (select coalesce(max(position), 0) + 1 from saved_views where tenant_id = $1 and entity = $3), $9, $9, $4)";
const SAVE: &str = "\
update saved_views set content = $3, version = version + 1, updated_at = $4, updated_by = $5 where tenant_id = $1 and id = $2";
const UPDATE: &str = "\
update saved_views set label = $3, team = $4, pinned = $5, standard = $6, version = version + 1, updated_at = $7, updated_by = $8
where tenant_id = $1 and id = $2";
// The list opens with one view only.
const NO_STANDARD: &str = "\
update saved_views set standard = false
where tenant_id = $1 and entity = $2 and id <> $3 and standard and team = $4 and ($4 or owner_id = $5)";
const ORDER: &str = "\
select id from saved_views where tenant_id = $1 and entity = $2 and team = $3 and ($3 or owner_id = $4) order by position, id for update";
const PLACE: &str = "\
update saved_views v set position = p.place from unnest($2::uuid[]) with ordinality as p (id, place)
where v.tenant_id = $1 and v.id = p.id and v.position <> p.place";
const DELETE: &str = "delete from saved_views where tenant_id = $1 and id = $2";

pub fn register(registry: &mut Registry) {
    registry.add(list).add(create).add(save).add(update).add(move_view).add(delete);
}

/// A view as it stands, locked.
#[derive(sqlx::FromRow)]
struct Held {
    id: Uuid,
    entity: String,
    label: String,
    content: Json<ViewContent>,
    team: bool,
    owner_id: Uuid,
    pinned: bool,
    standard: bool,
    position: i32,
    version: i64,
    changer: String,
}

/// Every list and board asks for them, and they seldom change.
pub async fn list(ctx: &mut Ctx, input: ListViews) -> Result<Vec<SavedView>> {
    let name = format!("views {}", input.entity.as_deref().unwrap_or_default());
    if let Some(views) = ctx.kept::<Vec<SavedView>>(&name) {
        return Ok(views.to_vec());
    }
    let views = read_all(ctx, &input).await?;
    ctx.keep(name, Arc::new(views.clone()));
    Ok(views)
}

async fn read_all(ctx: &mut Ctx, input: &ListViews) -> Result<Vec<SavedView>> {
    let (tenant, member) = (Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(ctx.access.member.0)));
    let statement = match &input.entity {
        Some(key) => {
            ctx.entity(key)?;
            Statement::new(LIST, vec![tenant, Bind::text(key), member])
        }
        None => Statement::new(LIST_ALL, vec![tenant, member]),
    };
    let rows = ctx.fetch(statement).await?;
    let grants = &ctx.access.grants;
    let teams = grants.allows(TEAM);
    // Of what this workspace no longer has, and of lists that are not the caller's to see, there are none.
    let seen = |key: &String| {
        let entity = ctx.catalog.get(key).filter(|entity| grants.allows(&entity.permission(Verb::Read)));
        entity.map(|entity| entity.known_to(grants))
    };
    let (mut entities, mut views) = (BTreeMap::new(), Vec::with_capacity(rows.len()));
    for row in &rows {
        if let Some(known) = entities.entry(row.get::<String>(1)?).or_insert_with_key(seen) {
            views.push(read(row, teams, matches!(known, Cow::Owned(_)).then_some(&**known))?);
        }
    }
    Ok(views)
}

fn read(row: &Row, teams: bool, known: Option<&Entity>) -> Result<SavedView> {
    let content: String = row.get(3)?;
    let (content, masked) = known_part(known, serde_json::from_str(&content).map_err(|_| Error::internal())?);
    let team: bool = row.get(4)?;
    Ok(SavedView {
        id: row.get(0)?,
        entity: row.get(1)?,
        label: row.get(2)?,
        content,
        masked,
        team,
        owner: row.get(5)?,
        pinned: row.get(6)?,
        standard: row.get(7)?,
        version: row.get(8)?,
        may_change: !team || teams,
    })
}

/// What a view says to somebody who may not read every field: nothing of a filter, an order or a column that they may not know. And whether that
/// leaves something out. `known` is none where they may read all of it.
fn known_part(known: Option<&Entity>, content: ViewContent) -> (ViewContent, bool) {
    let Some(known) = known else { return (content, false) };
    let whole = content.clone();
    let holds = |key: &String| known.field(key).is_some();
    let there = |column: &&str| column_parts(column).any(|(key, _)| known.field(key).is_some());
    let columns = |columns: String| columns.split(',').filter(there).collect::<Vec<_>>().join(",");
    let part = ViewContent {
        filter: content.filter.filter(|text| Filter::parse(text, known).is_ok()),
        sort: content.sort.filter(|text| Sort::parse_list(text, known).is_ok()),
        columns: content.columns.map(columns),
        group: content.group.filter(holds),
        measure: content.measure.filter(holds),
        date: content.date.filter(holds),
        end: content.end.filter(holds),
        ..content
    };
    let masked = part != whole;
    (part, masked)
}

async fn one(ctx: &mut Ctx, entity: &str, id: Uuid) -> Result<SavedView> {
    let views = list(ctx, ListViews { entity: Some(entity.to_owned()) }).await?;
    views.into_iter().find(|view| view.id == id).ok_or_else(Error::not_found)
}

pub async fn create(ctx: &mut Ctx, input: CreateView) -> Result<SavedView> {
    let entity = ctx.entity(&input.entity)?;
    if input.team {
        ctx.require(TEAM)?;
    }
    let label = label(&input.label)?;
    let content = checked(&entity.known_to(&ctx.access.grants), input.content)?;
    let (tenant, member, now, id) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now(), ctx.new_id());
    let held: i64 = sqlx::query_scalar(COUNT)
        .bind(tenant)
        .bind(&entity.key)
        .bind(member)
        .fetch_one(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if held >= MOST {
        let message = t!("You keep {most} views here already. Delete one that you no longer use", most = MOST);
        return Err(Error::conflict(message));
    }
    sqlx::query(INSERT)
        .bind(tenant)
        .bind(id)
        .bind(&entity.key)
        .bind(member)
        .bind(input.team)
        .bind(&label)
        .bind(Json(&content))
        .bind(input.pinned)
        .bind(now)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let after = json!({ "entity": entity.key, "label": label, "content": content, "team": input.team });
    report(ctx, id, None, Some(after));
    one(ctx, &entity.key, id).await
}

pub async fn save(ctx: &mut Ctx, input: SaveView) -> Result<SavedView> {
    let held = lock(ctx, input.id, Some(input.version)).await?;
    let entity = ctx.entity(&held.entity)?;
    let known = entity.known_to(&ctx.access.grants);
    let narrower = matches!(known, Cow::Owned(_)).then_some(&*known);
    if known_part(narrower, held.content.0.clone()).1 {
        let message =
            t!("This view names more than is yours to see, which would be lost. Save what you see under another name");
        return Err(Error::conflict(message));
    }
    let content = checked(&known, input.content)?;
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    if content != held.content.0 {
        sqlx::query(SAVE)
            .bind(tenant)
            .bind(held.id)
            .bind(Json(&content))
            .bind(now)
            .bind(member)
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        // The entity beside it, so that the trail can tell whom the filter may be shown.
        let before = json!({ "entity": held.entity, "content": held.content.0 });
        report(ctx, held.id, Some(before), Some(json!({ "entity": held.entity, "content": content })));
    }
    one(ctx, &entity.key, held.id).await
}

pub async fn update(ctx: &mut Ctx, input: UpdateView) -> Result<SavedView> {
    let held = lock(ctx, input.id, Some(input.version)).await?;
    if input.team != held.team {
        ctx.require(TEAM)?;
    }
    // A view of the team becomes private with the one who made it, and with nobody else: it would vanish before their eyes.
    if held.team && !input.team && held.owner_id != ctx.access.member.0 {
        return Err(Error::field("team", t!("Only who made it can keep it for themselves")));
    }
    let label = label(&input.label)?;
    let before = json!({ "label": held.label, "team": held.team, "pinned": held.pinned, "standard": held.standard });
    let after = json!({ "label": label, "team": input.team, "pinned": input.pinned, "standard": input.standard });
    if before == after {
        return one(ctx, &held.entity, held.id).await;
    }
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    if input.standard {
        sqlx::query(NO_STANDARD)
            .bind(tenant)
            .bind(&held.entity)
            .bind(held.id)
            .bind(input.team)
            .bind(held.owner_id)
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
    }
    sqlx::query(UPDATE)
        .bind(tenant)
        .bind(held.id)
        .bind(&label)
        .bind(input.team)
        .bind(input.pinned)
        .bind(input.standard)
        .bind(now)
        .bind(member)
        .execute(ctx.conn().await?)
        .await
        .map_err(refused)?;
    report(ctx, held.id, Some(before), Some(after));
    one(ctx, &held.entity, held.id).await
}

pub async fn move_view(ctx: &mut Ctx, input: MoveView) -> Result<()> {
    let held = lock(ctx, input.id, None).await?;
    let (tenant, member) = (ctx.access.tenant.0, ctx.access.member.0);
    let mut ids: Vec<Uuid> = sqlx::query_scalar(ORDER)
        .bind(tenant)
        .bind(&held.entity)
        .bind(held.team)
        .bind(member)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let Some(at) = ids.iter().position(|id| *id == held.id) else { return Err(Error::not_found()) };
    let to = if input.up { at.checked_sub(1) } else { Some(at + 1).filter(|to| *to < ids.len()) };
    let Some(to) = to else { return Ok(()) };
    ids.swap(at, to);
    sqlx::query(PLACE).bind(tenant).bind(ids).execute(ctx.conn().await?).await.map_err(db_error)?;
    report(ctx, held.id, Some(json!({ "position": held.position })), Some(json!({ "position": to + 1 })));
    Ok(())
}

pub async fn delete(ctx: &mut Ctx, input: DeleteView) -> Result<()> {
    let held = lock(ctx, input.id, Some(input.version)).await?;
    let tenant = ctx.access.tenant.0;
    sqlx::query(DELETE).bind(tenant).bind(held.id).execute(ctx.conn().await?).await.map_err(db_error)?;
    let before = json!({ "entity": held.entity, "label": held.label, "content": held.content.0, "team": held.team });
    report(ctx, held.id, Some(before), None);
    Ok(())
}

/// The view, if it is one that the caller may change, as it was when they opened it.
async fn lock(ctx: &mut Ctx, id: Uuid, version: Option<i64>) -> Result<Held> {
    let (tenant, member) = (ctx.access.tenant.0, ctx.access.member.0);
    let held: Option<Held> = sqlx::query_as(LOCK)
        .bind(tenant)
        .bind(id)
        .bind(member)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let held = held.ok_or_else(Error::not_found)?;
    let entity = ctx.entity(&held.entity)?;
    ctx.require(&entity.permission(Verb::Read))?;
    if held.team {
        ctx.require(TEAM)?;
    }
    if version.is_some_and(|version| version != held.version) {
        let message = t!(
            "{name} has changed the view {view} since you opened it. Open it again, or save what you see under another name",
            name = held.changer,
            view = held.label
        );
        return Err(Error::new(Kind::Stale, message));
    }
    Ok(held)
}

/// Two who choose what the list opens with at the same time.
fn refused(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("saved_views_standard_team" | "saved_views_standard_own") => {
            Error::conflict(t!("Another view was made the one that opens at the same moment. Try again"))
        }
        _ => db_error(error),
    }
}

fn label(typed: &str) -> Result<String> {
    let label = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if label.is_empty() || label.chars().count() > LONGEST_LABEL {
        return Err(Error::field("label", t!("A view has a name of 1 to {most} characters", most = LONGEST_LABEL)));
    }
    Ok(label)
}

/// What an address could say of this entity today.
fn checked(entity: &Entity, content: ViewContent) -> Result<ViewContent> {
    let filled = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let content = ViewContent {
        kind: filled(content.kind),
        filter: filled(content.filter),
        sort: filled(content.sort),
        columns: filled(content.columns),
        group: filled(content.group),
        measure: filled(content.measure),
        totals: filled(content.totals),
        date: filled(content.date),
        end: filled(content.end),
        scale: filled(content.scale),
        pipeline: filled(content.pipeline),
    };
    let mut faults = Vec::new();
    let mut fault =
        |field: &str, message: String| faults.push(FieldError { field: format!("content.{field}"), message });
    if content.kind.as_deref().is_some_and(|kind| ViewKind::from_name(kind).is_none()) {
        fault("kind", t!("A view is a table, a board, a calendar or a timeline").to_owned());
    }
    if content.scale.as_deref().is_some_and(|scale| !SCALES.contains(&scale)) {
        fault("scale", t!("A calendar shows one of: {scales}", scales = SCALES.join(", ")));
    }
    if let Some(key) = content.pipeline.as_deref()
        && entity.states.as_ref().is_none_or(|states| states.pipeline(key).is_none())
    {
        fault("pipeline", t!("{entities} have no pipeline {key}", entities = entity.labels.many, key));
    }
    for (name, key) in [("date", &content.date), ("end", &content.end)] {
        let Some(key) = key.as_deref() else { continue };
        if entity.field(key).is_none_or(|field| !field.is_dated()) {
            fault(name, t!("{entities} have no days by {key}", entities = entity.labels.many, key));
        }
    }
    if let Some(Err(error)) = content.filter.as_deref().map(|text| Filter::parse(text, entity)) {
        fault("filter", error.to_string());
    }
    if let Some(Err(error)) = content.sort.as_deref().map(|text| Sort::parse_list(text, entity)) {
        fault("sort", error.to_string());
    }
    let columns = || column_parts(content.columns.as_deref().unwrap_or_default());
    let keys = columns().map(|(key, _)| key);
    for key in keys.chain(content.group.as_deref()).chain(content.measure.as_deref()) {
        if entity.field(key).is_none() {
            fault("columns", t!("{entity} has no field {key}", entity = entity.labels.one, key));
        }
    }
    for width in columns().filter_map(|(_, width)| width) {
        if let Err(message) = column_width(width) {
            fault("columns", message);
        }
    }
    if faults.is_empty() { Ok(content) } else { Err(Error::fields(faults)) }
}

fn report(ctx: &mut Ctx, id: Uuid, before: Option<serde_json::Value>, after: Option<serde_json::Value>) {
    ctx.changed(Change { entity: "saved_view".to_owned(), record: Some(id), before, after, event: None });
}
