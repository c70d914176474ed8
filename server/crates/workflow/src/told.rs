//! Tells members what concerns them and what they did not do themselves: that they are mentioned, that a record became theirs, that a record of
//! theirs was moved (`moved`), that a decision is asked of them.
//!
//! It is given the events that the matcher reads, so nothing that was committed is skipped. Reading an event again after a restart tells
//! nothing twice: the key of a notification is made from what happened, and a member has each key once. What demo data tells has happened in
//! its story, and is told to nobody.

mod moved;

use crate::engine::{Engine, unless_closed};
use crate::matcher::Event;
use crate::trigger::Images;
use domain::Result;
use domain::records::MENTIONED;
use domain::schema::{Catalog, FieldKind};
use domain::workflow::NotificationKind;
use moved::Moved;
use platform::{Ctx, Notice, Services, TxMode, db_error, notice};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;
use words::{Language, t, within};

/// The event of an approval that is asked for.
pub const ASKED: &str = "workflow.approval.asked";
/// Records that one act gave to a member and that are told one by one; more are told as one.
const SINGLY: usize = 3;

/// The lines of a member that an act may go on from: a job is one act, and its batches are read one after the other.
const LATELY: &str = "\
select m.id, n.key from unnest($2::uuid[]) as m (id) cross join lateral (
    select o.key from notifications o where o.tenant_id = $1 and o.member_id = m.id order by o.id desc limit 50
) n";
const NAMES: &str = "select id, name from members where tenant_id = $1 and id = any ($2)";
const LANGUAGES: &str = "\
select m.id, u.language from members m join users u on u.id = m.user_id where m.tenant_id = $1 and m.id = any ($2)";
const NOTES: &str =
    "select id, entity, record_id from notes where tenant_id = $1 and id = any ($2) and deleted_at is null";
const DECIDERS: &str = "\
select a.id, a.title, m.id from approvals a
join members m on m.tenant_id = a.tenant_id and m.status = 'ACTIVE' and m.kind = 'person' and (m.roles && a.roles or m.id = any (a.members))
where a.tenant_id = $1 and a.id = any ($2) and a.state = 'PENDING' and (a.self_approval or m.id is distinct from a.requested_by)
order by a.id, m.id";

/// What of the events of one workspace concerns somebody.
#[derive(Debug, Default)]
struct Concerns {
    mentions: Vec<Mention>,
    given: Vec<Given>,
    moved: Vec<Moved>,
    approvals: Vec<Uuid>,
}

#[derive(Debug)]
struct Mention {
    note: Uuid,
    by: Option<Uuid>,
    members: Vec<Uuid>,
}

/// A record that somebody made another's.
#[derive(Debug)]
struct Given {
    to: Uuid,
    by: Option<Uuid>,
    entity: String,
    record: Uuid,
    /// What the acts of one request or job have in common.
    act: Uuid,
}

/// Tells what is to be told of these events of a workspace, in a transaction of its own. Answers whether there was something.
pub async fn tell(engine: &Arc<Engine>, tenant: Uuid, events: &[&Event]) -> Result<bool> {
    let concerns = concerns(events);
    if concerns.is_empty() {
        return Ok(false);
    }
    // A closed workspace's automation is nobody, and nobody works there.
    let Some(caller) = unless_closed(engine.caller(tenant).await)? else { return Ok(false) };
    let services = &engine.platform.services;
    let catalog = || services.catalogs.of(&caller.access.industry);
    let mut ctx = engine.platform.open(&caller, "workflow.tell", TxMode::ReadWrite).await?;
    let names = names(&mut ctx, &concerns).await?;
    let deciders = deciders(&mut ctx, &concerns.approvals).await?;
    let moved = moved::theirs(&mut ctx, concerns.moved.iter().collect()).await?;
    let told = concerns.told().chain(moved.iter().map(|(owner, ..)| *owner));
    let told = told.chain(deciders.iter().map(|(_, _, member)| *member)).collect();
    let speaks = languages(services, tenant, told).await?;
    let owners = concerns.given.iter().map(|given| given.to).chain(moved.iter().map(|(owner, ..)| *owner));
    let owners: HashSet<Uuid> = owners.collect();
    let lately = Lately::of(&mut ctx, owners).await?;
    let mut lines = given(&catalog, &names, &speaks, &lately, &concerns.given);
    lines.extend(moved::lines(&catalog, &speaks, &lately, moved));
    lines.extend(mentioned(&mut ctx, &names, &speaks, &concerns.mentions).await?);
    lines.extend(deciders.into_iter().map(|asked| decision(&speaks, asked)));
    notice::tell(&mut ctx, &lines).await?;
    ctx.commit().await?;
    Ok(!lines.is_empty())
}

fn concerns(events: &[&Event]) -> Concerns {
    let mut found = Concerns::default();
    for event in events.iter().filter(|event| !event.seeded) {
        let Some(record) = event.record_id else { continue };
        match event.kind.as_str() {
            ASKED => found.approvals.push(record),
            MENTIONED => {
                let members = ids(Images::read(None, event.after.as_deref()).value("mentioned"));
                let members: Vec<Uuid> = members.into_iter().filter(|id| Some(*id) != event.actor_id).collect();
                if !members.is_empty() {
                    found.mentions.push(Mention { note: record, by: event.actor_id, members });
                }
            }
            _ => match new_owner(event, record) {
                Some(given) => found.given.push(given),
                None => found.moved.extend(moved::by_a_member(event, record)),
            },
        }
    }
    found
}

/// Nothing where the record stays with whom it was, or somebody took it themselves, be it through a workflow that they set off.
fn new_owner(event: &Event, record: Uuid) -> Option<Given> {
    // Read as JSON only where the word is in it at all: most changes are of something else.
    let entity =
        event.entity.clone().filter(|_| event.after.as_deref().is_some_and(|after| after.contains("\"owner\"")))?;
    let images = Images::read(event.before.as_deref(), event.after.as_deref());
    let owner = |image: Option<&Value>| image.and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
    let to = owner(images.value("owner"))?;
    let before = owner(images.before.as_ref().and_then(|before| before.get("owner")));
    let own = [event.actor_id, event.started_by, before].contains(&Some(to));
    (!own).then_some(Given { to, by: event.actor_id, entity, record, act: event.correlation_id })
}

fn ids(value: Option<&Value>) -> Vec<Uuid> {
    let texts = value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    texts.filter_map(|text| Uuid::try_parse(text).ok()).collect()
}

/// What members read; who is not in it reads English.
pub type Speaks = HashMap<Uuid, Language>;

pub async fn languages(services: &Services, tenant: Uuid, members: Vec<Uuid>) -> Result<Speaks> {
    if members.is_empty() {
        return Ok(Speaks::new());
    }
    let rows = sqlx::query_as(LANGUAGES).bind(tenant).bind(members);
    let rows: Vec<(Uuid, String)> = rows.fetch_all(&services.pools.platform).await.map_err(db_error)?;
    Ok(rows.into_iter().filter_map(|(member, tag)| Some((member, Language::parse(&tag)?))).collect())
}

/// A title as the member who is told reads it.
pub fn said(speaks: &Speaks, member: Uuid, title: impl FnOnce() -> String) -> String {
    within(speaks.get(&member).copied().unwrap_or_default(), title)
}

/// What members were told last, by the keys of the lines.
#[derive(Debug, Default)]
pub struct Lately(HashMap<Uuid, HashSet<String>>);

impl Lately {
    async fn of(ctx: &mut Ctx, members: HashSet<Uuid>) -> Result<Self> {
        let mut lately = Self::default();
        if members.is_empty() {
            return Ok(lately);
        }
        let (tenant, members) = (ctx.access.tenant.0, members.into_iter().collect::<Vec<_>>());
        let rows = sqlx::query_as(LATELY).bind(tenant).bind(members);
        let rows: Vec<(Uuid, String)> = rows.fetch_all(ctx.conn().await?).await.map_err(db_error)?;
        for (member, key) in rows {
            lately.0.entry(member).or_default().insert(key);
        }
        Ok(lately)
    }

    /// Whether these of one act, and those of it that the member was told one by one already, are more than are told so. What is read again counts
    /// once. The key of a line is that of its act with one word more.
    fn is_many(&self, member: Uuid, together: &str, keys: &[String]) -> bool {
        let told = self.0.get(&member).into_iter().flatten();
        let before = told.filter(|key| key.rsplit_once(':').is_some_and(|(act, _)| act == together));
        let all: HashSet<&String> = keys.iter().chain(before).collect();
        all.len() > SINGLY
    }
}

/// Up to a few records one by one, more of one act in one line. `catalog` answers in the language that is spoken.
fn given(
    catalog: &dyn Fn() -> Arc<Catalog>,
    names: &HashMap<Uuid, String>,
    speaks: &Speaks,
    lately: &Lately,
    all: &[Given],
) -> Vec<Notice> {
    let mut acts: BTreeMap<(Uuid, &str, Uuid), Vec<&Given>> = BTreeMap::new();
    for given in all {
        acts.entry((given.act, &given.entity, given.to)).or_default().push(given);
    }
    let mut lines = Vec::new();
    for ((act, entity, member), given) in acts {
        // Of what is described alone, and where the owner is a member: other tables have words like it.
        let plain = catalog();
        let Some(described) = plain.get(entity) else { continue };
        if !described.field("owner").is_some_and(|field| matches!(field.kind, FieldKind::Member)) {
            continue;
        }
        let by = given[0].by.and_then(|by| names.get(&by)).map_or("Nexus", String::as_str);
        let labels = || catalog().get(entity).map(|entity| entity.labels.clone());
        let together = format!("given:{act}:{entity}");
        let line = |title: String, record: Option<Uuid>, key: String, beside: Option<String>| Notice {
            member,
            kind: NotificationKind::Assignment,
            title,
            body: None,
            entity: Some(entity.to_owned()),
            record,
            key,
            beside,
        };
        let keys: Vec<String> = given.iter().map(|one| format!("{together}:{}", one.record)).collect();
        if lately.is_many(member, &together, &keys) {
            let title = said(speaks, member, || {
                let many = labels().map(|labels| labels.many.to_lowercase()).unwrap_or_default();
                t!("Several {entities} assigned to you by {by}", entities = many, by)
            });
            lines.push(line(title, None, together, None));
            continue;
        }
        for (one, key) in given.into_iter().zip(keys) {
            let title = said(speaks, member, || {
                let one = labels().map(|labels| labels.one).unwrap_or_default();
                t!("{entity} assigned to you by {by}", entity = one, by)
            });
            lines.push(line(title, Some(one.record), key, Some(together.clone())));
        }
    }
    lines
}

/// What a note says is read where the note is: not everybody who is mentioned may see the record.
async fn mentioned(
    ctx: &mut Ctx,
    names: &HashMap<Uuid, String>,
    speaks: &Speaks,
    all: &[Mention],
) -> Result<Vec<Notice>> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let (tenant, notes): (Uuid, Vec<Uuid>) = (ctx.access.tenant.0, all.iter().map(|mention| mention.note).collect());
    let rows: Vec<(Uuid, String, Uuid)> =
        sqlx::query_as(NOTES).bind(tenant).bind(notes).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let mut lines = Vec::new();
    for Mention { note, by, members } in all {
        let Some((_, entity, record)) = rows.iter().find(|(id, ..)| id == note) else { continue };
        let by = by.and_then(|by| names.get(&by)).map_or("Nexus", String::as_str);
        lines.extend(members.iter().map(|member| Notice {
            member: *member,
            kind: NotificationKind::Mention,
            title: said(speaks, *member, || t!("{by} mentioned you in a note", by)),
            body: None,
            entity: Some(entity.clone()),
            record: Some(*record),
            key: format!("mention:{note}"),
            beside: None,
        }));
    }
    Ok(lines)
}

/// Approvals that are asked for, each with its title and one of those who may decide.
async fn deciders(ctx: &mut Ctx, approvals: &[Uuid]) -> Result<Vec<(Uuid, String, Uuid)>> {
    if approvals.is_empty() {
        return Ok(Vec::new());
    }
    let tenant = ctx.access.tenant.0;
    sqlx::query_as(DECIDERS).bind(tenant).bind(approvals).fetch_all(ctx.conn().await?).await.map_err(db_error)
}

fn decision(speaks: &Speaks, (id, title, member): (Uuid, String, Uuid)) -> Notice {
    Notice {
        member,
        kind: NotificationKind::Approval,
        title: said(speaks, member, || t!("You are asked to decide: {title}", title)),
        body: None,
        entity: Some("approval".to_owned()),
        record: Some(id),
        key: format!("approval:{id}"),
        beside: None,
    }
}

/// Names of those who did something.
async fn names(ctx: &mut Ctx, concerns: &Concerns) -> Result<HashMap<Uuid, String>> {
    let by = concerns.mentions.iter().map(|mention| mention.by).chain(concerns.given.iter().map(|given| given.by));
    let ids: Vec<Uuid> = by.flatten().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let tenant = ctx.access.tenant.0;
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as(NAMES).bind(tenant).bind(ids).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    Ok(rows.into_iter().collect())
}

impl Concerns {
    /// Whom mentions and records that were given are told.
    fn told(&self) -> impl Iterator<Item = Uuid> {
        self.mentions
            .iter()
            .flat_map(|mention| mention.members.iter().copied())
            .chain(self.given.iter().map(|given| given.to))
    }

    fn is_empty(&self) -> bool {
        self.mentions.is_empty() && self.given.is_empty() && self.moved.is_empty() && self.approvals.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Given, Lately, given};
    use domain::schema::{Catalog, Entity};
    use serde_json::json;
    use std::collections::HashMap;
    use std::sync::Arc;
    use uuid::Uuid;
    use words::Language;

    fn catalog() -> Catalog {
        let lead: Entity = serde_json::from_value(json!({
            "key": "lead", "plural": "leads", "area": "crm", "table": "leads", "prefix": "LEAD", "icon": "box",
            "labels": { "one": "Lead", "many": "Leads" }, "title": "name",
            "fields": [{ "key": "name", "label": "Name", "kind": { "type": "text" } }],
        }))
        .unwrap();
        Catalog::build("core", "Core", vec![lead]).unwrap()
    }

    #[test]
    fn a_few_records_are_told_one_by_one_and_many_of_one_act_as_one() {
        let id = Uuid::from_u128;
        let names = HashMap::from([(id(1), "Grace".to_owned())]);
        let act = |act: u128, to: u128, entity: &str, records: std::ops::Range<u128>| {
            let one = |record| Given {
                to: id(to),
                by: Some(id(1)),
                entity: entity.to_owned(),
                record: id(record),
                act: id(act),
            };
            records.map(one).collect::<Vec<_>>()
        };
        let described = Arc::new(catalog());
        let catalog = || described.clone();
        let speaks = HashMap::from([(id(3), Language::Swahili)]);
        let none = Lately::default();
        let few = given(&catalog, &names, &speaks, &none, &act(7, 2, "lead", 10..13));
        assert!(few.len() == 3 && few.iter().all(|line| line.title == "Lead assigned to you by Grace"), "{few:?}");
        assert_eq!(few.iter().filter_map(|line| line.record).collect::<Vec<_>>(), [id(10), id(11), id(12)]);
        let mut all = act(7, 2, "lead", 10..410);
        all.extend(act(7, 3, "lead", 500..501));
        let many = given(&catalog, &names, &speaks, &none, &all);
        assert_eq!(many.len(), 2, "{many:?}");
        assert_eq!((many[0].title.as_str(), many[0].record), ("Several leads assigned to you by Grace", None));
        // Each reads their own language.
        assert_eq!((many[1].member, many[1].title.as_str()), (id(3), "Umekabidhiwa na Grace: Lead"));
        // The rest of the same act, read later, is not told beside the line for all of it.
        let rest = given(&catalog, &names, &speaks, &none, &act(7, 2, "lead", 410..411));
        assert_eq!(rest[0].beside.as_deref(), Some(many[0].key.as_str()));
        // Few at a time, and many of the act in all: those are one line. The same few once more stay what they are, and so does another act.
        let lately = Lately(HashMap::from([(id(2), few.iter().map(|line| line.key.clone()).collect())]));
        assert_eq!(given(&catalog, &names, &speaks, &lately, &act(7, 2, "lead", 13..14)), [many[0].clone()]);
        assert_eq!(given(&catalog, &names, &speaks, &lately, &act(7, 2, "lead", 10..13)), few);
        let other = given(&catalog, &names, &speaks, &lately, &act(8, 2, "lead", 13..14));
        assert_eq!(other[0].record, Some(id(13)));
        // What is not described has words like it, and is nobody's.
        assert!(given(&catalog, &names, &speaks, &none, &act(8, 2, "import", 1..2)).is_empty());
    }
}
