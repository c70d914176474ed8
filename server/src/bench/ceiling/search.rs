//! Search as you type, by the statement that Nexus runs for somebody who may read everything (`records.search`): the beginnings of words in
//! a stretch of the index, ranked, and then what names the rows that were found.

use super::{Answer, App, Fault, json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use std::cmp::Reverse;
use std::collections::HashMap;
use uuid::Uuid;

const ONE_WORD: &str = "\
select entity, record_id from ((select s.entity, s.record_id, s.term, s.weight from search_terms s
    where s.tenant_id = $1 and s.term >= $2 and s.term < $3 and s.entity = any ($4) order by s.term, s.entity, s.record_id limit 300)) c
group by entity, record_id order by max(c.weight + case when c.term = $5 then 100 else 0 end) desc, min(c.term), record_id limit 80";
const TWO_WORDS: &str = "\
select entity, record_id from ((select s.entity, s.record_id, s.term, s.weight from search_terms s
    where s.tenant_id = $1 and s.term >= $2 and s.term < $3
    and exists (select from search_terms o where o.tenant_id = $1 and o.record_id = s.record_id and o.entity = s.entity
        and (o.term >= $6 and o.term < $7))
    and s.entity = any ($4) order by s.term, s.entity, s.record_id limit 300)) c
group by entity, record_id order by max(c.weight + case when c.term = $5 then 100 else 0 end) desc, min(c.term), record_id limit 80";
const HITS: &str = "\
select r.id, r.version, r.deleted_at, r.name, r.company, r.number, r.status from leads r
where r.tenant_id = $1 and r.deleted_at is null and r.id = any ($2)";

/// As the operation takes it. Twice as many rows are ranked as are shown, and that number stands in the statements.
#[derive(Deserialize)]
pub(super) struct Asked {
    words: String,
    limit: usize,
}

#[derive(Serialize)]
struct Hit {
    entity: &'static str,
    id: Uuid,
    title: String,
    subtitle: Option<String>,
    status: String,
}

/// Answers one word or two. What Nexus does beside, for words of which hardly a row has any, is not here: nobody asks for such words.
pub(super) async fn search(State(ceiling): App, axum::Json(asked): axum::Json<Asked>) -> Result<Response, Fault> {
    let mut words = records::words(&asked.words);
    words.sort_by_key(|word| Reverse(word.chars().count()));
    let (first, second) = match words.as_slice() {
        [first] => (first, None),
        [first, second] => (first, Some(second)),
        _ => return Ok(StatusCode::BAD_REQUEST.into_response()),
    };
    let query = sqlx::query_as::<_, (String, Uuid)>(if second.is_some() { TWO_WORDS } else { ONE_WORD });
    let mut query = query.bind(ceiling.tenant).bind(first).bind(after(first)).bind(&ceiling.entities).bind(first);
    if let Some(second) = second {
        query = query.bind(second).bind(after(second));
    }
    let ranked = query.fetch_all(&ceiling.pool).await.map_err(Fault)?;
    let ids: Vec<Uuid> = ranked.iter().map(|(_, id)| *id).collect();
    let rows = sqlx::query(HITS).bind(ceiling.tenant).bind(&ids).fetch_all(&ceiling.pool).await.map_err(Fault)?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let id: Uuid = row.try_get(0).map_err(Fault)?;
        let (title, subtitle) = (row.try_get(3).map_err(Fault)?, row.try_get(4).map_err(Fault)?);
        found.insert(id, Hit { entity: "lead", id, title, subtitle, status: row.try_get(6).map_err(Fault)? });
    }
    let hits: Vec<Hit> = ids.iter().filter_map(|id| found.remove(id)).take(asked.limit).collect();
    Ok(json(StatusCode::OK, &Answer { data: hits, pagination: None }))
}

/// The least text behind every text that begins so.
fn after(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if let Some(last) = letters.last_mut() {
        *last = char::from_u32(u32::from(*last) + 1).unwrap_or(*last);
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn a_stretch_ends_behind_the_last_letter() {
        assert_eq!((after("a").as_str(), after("lak").as_str()), ("b", "lal"));
    }
}
