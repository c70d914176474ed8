//! `records.search` and the words of a list: by the beginnings of words, over a plain table of words (index.rs fills it).
//!
//! A range of words is the only kind of text search that row security leaves indexed. Where it finds little, words that are one slip away are
//! looked for too ([`spelling`]); they stand below what was typed.

use crate::filter::after;
use crate::project::{Projection, readable};
use crate::reach;
use crate::spelling;
use crate::sql::{Argument, Bind, Sql};
use crate::words::{MAX_WORDS, words};
use ::words::t;
use domain::records::{Record, SearchHit, SearchRecords};
use domain::schema::value::show;
use domain::schema::{Catalog, Entity};
use domain::{Error, Reach, Result, Verb};
use platform::Ctx;
use std::collections::HashMap;
use uuid::Uuid;

const MOST_HITS: u32 = 50;
/// Words looked at before they are ranked. A short beginning has many; those nearest to what was typed come first in the index.
const CANDIDATES: u32 = 300;
/// As the index has them: of thousands of rows with the same word each search looks at the same ones.
const NEAREST: &str = "s.term, s.entity, s.record_id";
/// Whoever finds fewer may have mistyped.
const FEW: usize = 5;

/// Appends that a row named `t` has every word of the text; one without any word matches nothing.
pub fn having_words(sql: &mut Sql, entity: &Entity, tenant: Argument, text: &str) {
    let mut words = words(text);
    words.truncate(MAX_WORDS);
    if text.trim().is_empty() {
        return;
    }
    if words.is_empty() {
        sql.push(" and false");
    } else {
        sql.varies("search");
    }
    for word in &words {
        sql.push(" and exists (select from search_terms s where s.tenant_id = ").again(tenant).push(" and s.entity = ");
        sql.bind(Bind::text(&entity.key));
        sql.push(" and s.record_id = t.id and ");
        beginning(sql, "s", word);
        sql.push(")");
    }
}

fn beginning(sql: &mut Sql, alias: &'static str, word: &str) {
    sql.push(alias).push(".term >= ");
    sql.bind(Bind::text(word));
    if let Some(end) = after(word) {
        sql.push(" and ").push(alias).push(".term < ");
        sql.bind(Bind::text(end));
    }
}

pub async fn search(ctx: &mut Ctx, operation: SearchRecords) -> Result<Vec<SearchHit>> {
    if operation.limit == 0 || operation.limit > MOST_HITS {
        let message = t!("A search shows 1 to {most} hits, not {asked}", most = MOST_HITS, asked = operation.limit);
        return Err(Error::field("limit", message));
    }
    let mut words = words(&operation.words);
    words.truncate(MAX_WORDS);
    // The longest word begins the fewest others.
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    let Some((first, others)) = words.split_first() else { return Ok(Vec::new()) };
    let catalog = ctx.catalog.clone();
    let others: Vec<Word> = others.iter().map(|word| Word { beginning: word, near: Vec::new() }).collect();
    let found = ranked(ctx, &catalog, &[Start::Beginning(first)], &others, operation.limit).await?;
    let mut hits = shown(ctx, &catalog, found, operation.limit).await?;
    if hits.len() < FEW {
        let near = mistyped(ctx, &catalog, &words, operation.limit).await?;
        let more = shown(ctx, &catalog, near, operation.limit).await?;
        let more: Vec<SearchHit> = more.into_iter().filter(|hit| hits.iter().all(|known| known.id != hit.id)).collect();
        hits.extend(more);
        hits.truncate(operation.limit as usize);
    }
    Ok(hits)
}

/// The rows that were found, as they are shown, in their order.
async fn shown(ctx: &mut Ctx, catalog: &Catalog, ranked: Vec<(String, Uuid)>, limit: u32) -> Result<Vec<SearchHit>> {
    let mut found: HashMap<Uuid, SearchHit> = HashMap::new();
    for (entity, ids) in by_entity(&ranked) {
        if let Some(entity) = catalog.get(entity) {
            found.extend(hits(ctx, catalog, entity, ids).await?);
        }
    }
    // Words of a row that has just gone to the trash may still be there; more was ranked than is shown, to make up for it.
    let hits = ranked.into_iter().filter_map(|(_, id)| found.remove(&id));
    Ok(hits.take(limit as usize).collect())
}

/// What would be found had every word been typed right: each as it stands, or as one of the words of records that it is one slip away from.
async fn mistyped(ctx: &mut Ctx, catalog: &Catalog, words: &[String], limit: u32) -> Result<Vec<(String, Uuid)>> {
    let mut all = Vec::new();
    for word in words {
        all.push(Word { beginning: word, near: spelling::neighbours(ctx, word).await? });
    }
    if all.iter().all(|word| word.near.is_empty()) {
        return Ok(Vec::new());
    }
    // Begins with a word that has neighbours, since those are few.
    let at = all.iter().position(|word| !word.near.is_empty()).unwrap_or_default();
    let first = all.remove(at);
    let itself = std::iter::once(Start::Exactly(first.beginning));
    let starts: Vec<Start> = itself.chain(first.near.iter().map(|term| Start::Exactly(term))).collect();
    ranked(ctx, catalog, &starts, &all, limit).await
}

/// Where a search enters the index.
#[derive(Clone, Copy)]
enum Start<'a> {
    Beginning(&'a str),
    Exactly(&'a str),
}

/// Another word that a row has to have: one that begins so, or one of these.
struct Word<'a> {
    beginning: &'a str,
    near: Vec<String>,
}

/// Entity and id of the best rows within reach, best first.
async fn ranked(
    ctx: &mut Ctx,
    catalog: &Catalog,
    starts: &[Start<'_>],
    others: &[Word<'_>],
    limit: u32,
) -> Result<Vec<(String, Uuid)>> {
    let access = ctx.access.clone();
    let (mut whole, mut part) = (Vec::new(), Vec::new());
    for entity in catalog.iter() {
        match access.grants.reach(&entity.permission(Verb::Read)) {
            Some(Reach::All) => whole.push(entity.key.as_str()),
            Some(reach) => part.push((entity, reach)),
            None => {}
        }
    }
    if whole.is_empty() && part.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("select entity, record_id from (");
    let tenant = crate::project::tenant(&mut sql, &access);
    let mut between = "(";
    for start in starts {
        if !whole.is_empty() {
            sql.push(std::mem::replace(&mut between, " union all ("));
            // Words of all these entities stand beside each other, so that one stretch of the index answers for all.
            sql.push("select s.entity, s.record_id, s.term, s.weight from search_terms s where ");
            candidates(&mut sql, tenant, *start, others);
            sql.push(" and s.entity = any (");
            sql.bind(Bind::texts(whole.iter().copied()));
            sql.push(") order by ").push(NEAREST).push(" limit ").number(CANDIDATES).push(")");
        }
        for (entity, reach) in &part {
            sql.push(std::mem::replace(&mut between, " union all ("));
            // Joined rather than looked up afterwards: somebody with a few rows of their own is found through those.
            sql.push("select s.entity, s.record_id, s.term, s.weight from search_terms s join ").name(&entity.table);
            sql.push(" t on t.tenant_id = s.tenant_id and t.id = s.record_id where ");
            candidates(&mut sql, tenant, *start, others);
            sql.push(" and s.entity = ");
            sql.bind(Bind::text(&entity.key));
            sql.push(" and ");
            crate::select::living(&mut sql, tenant, true);
            reach::and(&mut sql, &access, *reach, tenant);
            sql.push(" order by ").push(NEAREST).push(" limit ").number(CANDIDATES).push(")");
        }
    }
    // A word that is exactly what was typed counts more than one that only begins so.
    sql.push(") c group by entity, record_id order by max(c.weight + case when c.term = ");
    sql.bind(Bind::text(typed(starts)));
    sql.push(" then 100 else 0 end) desc, min(c.term), record_id limit ")
        .number(limit.saturating_mul(2))
        .ordered_by("");
    let rows = sql.all(ctx).await?;
    let ranked = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?)));
    ranked.collect()
}

/// The word that stood there: the first start of a search is what was typed.
fn typed<'a>(starts: &[Start<'a>]) -> &'a str {
    match starts.first() {
        Some(Start::Beginning(word) | Start::Exactly(word)) => word,
        None => "",
    }
}

fn candidates(sql: &mut Sql, tenant: Argument, start: Start<'_>, others: &[Word<'_>]) {
    sql.push("s.tenant_id = ").again(tenant).push(" and ");
    match start {
        Start::Beginning(word) => beginning(sql, "s", word),
        Start::Exactly(word) => {
            sql.push("s.term = ");
            sql.bind(Bind::text(word));
        }
    }
    if !others.is_empty() {
        // Whether the rows of one word are read until enough of them have the other, or both are counted out, hangs on how many there are of each.
        sql.varies("search");
    }
    for word in others {
        sql.push(" and exists (select from search_terms o where o.tenant_id = ").again(tenant);
        sql.push(" and o.record_id = s.record_id and o.entity = s.entity and (");
        beginning(sql, "o", word.beginning);
        if !word.near.is_empty() {
            sql.push(" or o.term = any (");
            sql.bind(Bind::texts(word.near.iter().map(String::as_str)));
            sql.push(")");
        }
        sql.push("))");
    }
}

fn by_entity(ranked: &[(String, Uuid)]) -> HashMap<&str, Vec<Uuid>> {
    let mut out: HashMap<&str, Vec<Uuid>> = HashMap::new();
    for (entity, id) in ranked {
        out.entry(entity).or_default().push(*id);
    }
    out
}

/// What the hits show: the fields that name a row, as far as the caller may read them.
async fn hits(ctx: &mut Ctx, catalog: &Catalog, entity: &Entity, ids: Vec<Uuid>) -> Result<Vec<(Uuid, SearchHit)>> {
    let access = ctx.access.clone();
    let keys = [Some(&entity.title), entity.subtitle.as_ref()];
    let wanted: Vec<String> = keys
        .into_iter()
        .flatten()
        .map(String::as_str)
        .chain(["number", "status"])
        .filter(|key| entity.field(key).is_some_and(|field| readable(&access, field)))
        .map(str::to_owned)
        .collect();
    let projection = Projection::of(&access, catalog, entity, &wanted)?;
    let mut sql = Sql::new("select ");
    let tenant = crate::project::tenant(&mut sql, &access);
    projection.select(&mut sql);
    sql.push(" from ").name(&entity.table).push(" r");
    projection.joins(&mut sql, ctx, tenant)?;
    sql.push(" where r.tenant_id = ").again(tenant).push(" and r.deleted_at is null and r.id = any (");
    sql.bind(Bind::ids(ids));
    sql.push(")");
    let reach = access.grants.reach(&entity.permission(Verb::Read)).ok_or_else(Error::internal)?;
    if reach != Reach::All {
        sql.push(" and ");
        reach::within(&mut sql, &access, reach, tenant, |sql| {
            sql.push("r");
        });
    }
    let rows = sql.all(ctx).await?;
    rows.iter().map(|row| projection.record(row).map(|record| (record.id, hit(entity, &record)))).collect()
}

fn hit(entity: &Entity, record: &Record) -> SearchHit {
    let shown = |key: &str| {
        let value = record.values.get(key)?;
        let text = show(entity.field(key)?, entity.states.as_ref(), value, record.label(key));
        (!text.is_empty()).then_some(text)
    };
    let title = shown(&entity.title).or_else(|| shown("number")).unwrap_or_default();
    SearchHit {
        entity: entity.key.clone(),
        id: record.id,
        title,
        subtitle: entity.subtitle.as_deref().and_then(shown),
        status: record.text("status").map(str::to_owned),
    }
}
