//! Notes on records, and who is mentioned in them. A mention is a row of its own: what tells people of it reads those.

pub(crate) mod markdown;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::records::{AddNote, DeleteNote, EditNote, ListNotes, MENTIONED, NOTE_LENGTH, Note, PinNote, RestoreNote};
use domain::schema::Entity;
use domain::{Error, Kind, Result, Verb};
use platform::{Bind, Change, Ctx, Registry, Row, Statement};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;
use words::t;

/// Notes of one record that are shown.
const MOST: usize = 500;

macro_rules! notes {
    ($which:literal) => {
        concat!(
            "select n.id, n.version, n.author_id, m.name, n.body, n.pinned_at is not null, n.created_at, n.edited_at, n.deleted_at is not null
from notes n join members m on m.tenant_id = n.tenant_id and m.id = n.author_id
where n.tenant_id = $1 and n.entity = $2 and n.record_id = $3 and ",
            $which
        )
    };
}
// Those that were deleted are there for the quarter of an hour in which people notice.
const LIST: &str = notes!(
    "(n.deleted_at is null or n.author_id = $4 and n.deleted_at > $5) order by n.pinned_at is null, n.created_at desc, n.id desc limit 500"
);
const ONE: &str = notes!("n.id = $4 for update of n");
const MEMBERS: &str = "select id, name from members where tenant_id = $1 and status = 'ACTIVE' and kind = 'person' order by id limit 2000";
const MENTIONS: &str = "\
select t.note_id, t.member_id, m.name from mentions t join members m on m.tenant_id = t.tenant_id and m.id = t.member_id
where t.tenant_id = $1 and t.note_id = any ($2) order by t.note_id, t.member_id";
const INSERT: &str = "\
insert into notes (tenant_id, id, entity, record_id, author_id, body, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
const BODY: &str = "\
update notes set body = $3, version = version + 1, edited_at = $4 where tenant_id = $1 and id = $2";
const DELETE: &str = "update notes set deleted_at = $3 where tenant_id = $1 and id = $2";
const PIN: &str = "update notes set pinned_at = $3 where tenant_id = $1 and id = $2";
const FORGET: &str = "delete from mentions where tenant_id = $1 and note_id = $2 and not member_id = any ($3)";
const MENTION: &str = "\
insert into mentions (tenant_id, note_id, member_id, mentioned_at) select $1, $2, m, $4 from unnest($3::uuid[]) m on conflict do nothing
returning member_id";

/// Minutes in which a deleted note is offered back to its author.
const OFFERED: i64 = 15;

pub fn register(registry: &mut Registry) {
    registry.add(list).add(add).add(edit).add(delete).add(restore).add(pin);
}

pub async fn list(ctx: &mut Ctx, input: ListNotes) -> Result<Vec<Note>> {
    let entity = ctx.entity(&input.entity)?;
    records::visible(ctx, &entity, input.record).await?;
    let since = ctx.now() - chrono::Duration::minutes(OFFERED);
    let mut binds = of(ctx, &entity, input.record);
    binds.extend([Bind::Id(Some(ctx.access.member.0)), Bind::Moment(Some(since))]);
    let rows = ctx.fetch(Statement::new(LIST, binds)).await?;
    notes(ctx, &entity, input.record, &rows).await
}

pub async fn add(ctx: &mut Ctx, input: AddNote) -> Result<Note> {
    let entity = open(ctx, &input.entity, input.record).await?;
    let body = body(&input.body)?;
    let (id, now) = (ctx.new_id(), ctx.now());
    let mut binds = tenant_and(ctx, id);
    binds.extend([
        Bind::text(entity.key.clone()),
        Bind::Id(Some(input.record)),
        Bind::Id(Some(ctx.access.member.0)),
        Bind::text(body.clone()),
        Bind::Moment(Some(now)),
    ]);
    ctx.fetch(Statement::new(INSERT, binds)).await?;
    let mentioned = mention(ctx, id, &body).await?;
    let after = json!({ "entity": entity.key, "recordId": input.record, "body": body });
    written(ctx, id, None, after, &mentioned);
    one(ctx, &entity, input.record, id).await
}

pub async fn edit(ctx: &mut Ctx, input: EditNote) -> Result<Note> {
    let entity = open(ctx, &input.entity, input.record).await?;
    let note = one(ctx, &entity, input.record, input.id).await?;
    if note.deleted {
        return Err(Error::not_found());
    }
    if !note.own {
        return Err(Error::new(Kind::Forbidden, t!("Only who wrote a note may change it. Write one of your own")));
    }
    if note.version != input.version {
        return Err(Error::conflict(t!("This note was changed after you read it. Nothing was saved; read it again")));
    }
    let body = body(&input.body)?;
    if body == note.body {
        return Ok(note);
    }
    let mut binds = tenant_and(ctx, input.id);
    binds.extend([Bind::text(body.clone()), Bind::Moment(Some(ctx.now()))]);
    ctx.fetch(Statement::new(BODY, binds)).await?;
    let mentioned = mention(ctx, input.id, &body).await?;
    written(ctx, input.id, Some(json!({ "body": note.body })), json!({ "body": body }), &mentioned);
    one(ctx, &entity, input.record, input.id).await
}

pub async fn delete(ctx: &mut Ctx, input: DeleteNote) -> Result<Note> {
    gone(ctx, &input.entity, input.record, input.id, true).await
}

pub async fn restore(ctx: &mut Ctx, input: RestoreNote) -> Result<Note> {
    gone(ctx, &input.entity, input.record, input.id, false).await
}

async fn gone(ctx: &mut Ctx, key: &str, record: Uuid, id: Uuid, deleted: bool) -> Result<Note> {
    let entity = open(ctx, key, record).await?;
    let note = one(ctx, &entity, record, id).await?;
    if !note.may_delete {
        let message = t!("Only who wrote a note, or may delete the record, may take it away");
        return Err(Error::new(Kind::Forbidden, message));
    }
    if note.deleted == deleted {
        return Ok(note);
    }
    let at = deleted.then(|| ctx.now());
    let mut binds = tenant_and(ctx, id);
    binds.push(Bind::Moment(at));
    ctx.fetch(Statement::new(DELETE, binds)).await?;
    told(ctx, id, Some(json!({ "deleted": !deleted })), Some(json!({ "deleted": deleted })));
    one(ctx, &entity, record, id).await
}

pub async fn pin(ctx: &mut Ctx, input: PinNote) -> Result<Note> {
    let entity = open(ctx, &input.entity, input.record).await?;
    let note = one(ctx, &entity, input.record, input.id).await?;
    if note.deleted {
        return Err(Error::not_found());
    }
    if note.pinned == input.pinned {
        return Ok(note);
    }
    let at = input.pinned.then(|| ctx.now());
    let mut binds = tenant_and(ctx, input.id);
    binds.push(Bind::Moment(at));
    ctx.fetch(Statement::new(PIN, binds)).await?;
    told(ctx, input.id, Some(json!({ "pinned": note.pinned })), Some(json!({ "pinned": input.pinned })));
    one(ctx, &entity, input.record, input.id).await
}

/// The record that somebody writes beside: they may change it, and it is not in the trash.
async fn open(ctx: &mut Ctx, key: &str, record: Uuid) -> Result<Arc<Entity>> {
    let entity = ctx.entity(key)?;
    records::hold(ctx, &entity, record, Verb::Update, false).await?;
    Ok(entity)
}

fn body(text: &str) -> Result<String> {
    let text = text.replace("\r\n", "\n").trim().to_owned();
    if text.is_empty() {
        return Err(Error::field("body", t!("Write something first")));
    }
    if text.chars().count() > NOTE_LENGTH {
        return Err(Error::field("body", t!("A note holds up to 20,000 characters. Keep the rest as a file")));
    }
    if text.contains('\0') {
        return Err(Error::field("body", t!("The text holds a character that cannot be stored")));
    }
    Ok(text)
}

fn of(ctx: &Ctx, entity: &Entity, record: Uuid) -> Vec<Bind> {
    vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::text(entity.key.clone()), Bind::Id(Some(record))]
}

fn tenant_and(ctx: &Ctx, id: Uuid) -> Vec<Bind> {
    vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(id))]
}

async fn one(ctx: &mut Ctx, entity: &Entity, record: Uuid, id: Uuid) -> Result<Note> {
    let mut binds = of(ctx, entity, record);
    binds.push(Bind::Id(Some(id)));
    let rows = ctx.fetch(Statement::new(ONE, binds)).await?;
    notes(ctx, entity, record, &rows).await?.pop().ok_or_else(Error::not_found)
}

async fn notes(ctx: &mut Ctx, entity: &Entity, record: Uuid, rows: &[Row]) -> Result<Vec<Note>> {
    let ids = rows.iter().take(MOST).map(|row| row.get(0)).collect::<Result<Vec<Uuid>>>()?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::ids(ids.iter().copied())];
    let mut mentioned: HashMap<Uuid, Vec<(Uuid, String)>> = HashMap::new();
    for row in &ctx.fetch(Statement::new(MENTIONS, binds)).await? {
        mentioned.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    // Of this record, not of any: who may delete only what is theirs takes away nobody's notes on what is a colleague's.
    let deletes = records::reaches(ctx, entity, record, Verb::Delete).await?;
    let me = ctx.access.member.0;
    rows.iter()
        .take(MOST)
        .map(|row| {
            let (id, author): (Uuid, Uuid) = (row.get(0)?, row.get(2)?);
            let body: String = row.get(4)?;
            let mentions = mentioned.remove(&id).unwrap_or_default();
            // Both the whole name and the first word of it may stand in the text.
            let names: Vec<String> =
                mentions.iter().flat_map(|(_, name)| [name.clone(), first(name).to_owned()]).collect();
            let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
            Ok(Note {
                id,
                version: row.get(1)?,
                author,
                author_name: row.get(3)?,
                html: markdown::html(&body, &names),
                body,
                mentions: mentions.into_iter().map(|(member, _)| member).collect(),
                pinned: row.get(5)?,
                at: moment(row.get(6)?),
                edited_at: row.get::<Option<DateTime<Utc>>>(7)?.map(moment),
                own: author == me,
                may_delete: author == me || deletes,
                deleted: row.get(8)?,
            })
        })
        .collect()
}

fn first(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

/// Keeps who is mentioned: by the whole name, or by the first word of it where one person alone has that. Answers those who were not before.
async fn mention(ctx: &mut Ctx, note: Uuid, body: &str) -> Result<Vec<Uuid>> {
    let members = if body.contains('@') {
        let rows = ctx.fetch(Statement::new(MEMBERS, vec![Bind::Id(Some(ctx.access.tenant.0))])).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<Vec<(Uuid, String)>>>()?
    } else {
        Vec::new()
    };
    let mentioned = mentioned(body, &members);
    let mut binds = tenant_and(ctx, note);
    binds.push(Bind::ids(mentioned.iter().copied()));
    ctx.fetch(Statement::new(FORGET, binds.clone())).await?;
    if mentioned.is_empty() {
        return Ok(Vec::new());
    }
    binds.push(Bind::Moment(Some(ctx.now())));
    ctx.fetch(Statement::new(MENTION, binds)).await?.iter().map(|row| row.get(0)).collect()
}

fn mentioned(body: &str, members: &[(Uuid, String)]) -> Vec<Uuid> {
    let mut found = Vec::new();
    for (at, _) in body.match_indices('@') {
        if body[..at].ends_with(char::is_alphanumeric) {
            continue;
        }
        let behind = &body[at + 1..];
        let whole = members
            .iter()
            .filter_map(|(id, name)| markdown::begins_with(behind, name).map(|length| (length, *id)))
            .max_by_key(|(length, _)| *length);
        let by_first: Vec<Uuid> = members
            .iter()
            .filter(|(_, name)| markdown::begins_with(behind, first(name)).is_some())
            .map(|(id, _)| *id)
            .collect();
        let meant = whole.map(|(_, id)| id).or(if let [only] = by_first.as_slice() { Some(*only) } else { None });
        if let Some(id) = meant.filter(|id| !found.contains(id)) {
            found.push(id);
        }
    }
    found
}

/// What a note says now, and the event of it where somebody is mentioned anew.
fn written(ctx: &mut Ctx, note: Uuid, before: Option<Value>, mut after: Value, mentioned: &[Uuid]) {
    let event = (!mentioned.is_empty()).then(|| MENTIONED.to_owned());
    if event.is_some() {
        after["mentioned"] = json!(mentioned);
    }
    ctx.changed(Change { entity: "note".to_owned(), record: Some(note), before, after: Some(after), event });
}

fn told(ctx: &mut Ctx, note: Uuid, before: Option<Value>, after: Option<Value>) {
    ctx.changed(Change { entity: "note".to_owned(), record: Some(note), before, after, event: None });
}

#[cfg(test)]
mod tests {
    use super::mentioned;
    use uuid::Uuid;

    #[test]
    fn names_behind_an_at_are_mentions() {
        let id = Uuid::from_u128;
        let members: Vec<(Uuid, String)> = [(1, "Amina Otieno"), (2, "Amina Wanjiru"), (3, "Brian Kip")]
            .map(|(number, name)| (id(number), name.to_owned()))
            .to_vec();
        assert_eq!(mentioned("@amina otieno and @Brian, @brian kip", &members), [id(1), id(3)]);
        assert!(mentioned("@Amina is one of two; me@brian.example is an address; @Brians", &members).is_empty());
        assert!(mentioned("@", &members).is_empty());
    }
}
