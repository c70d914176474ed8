//! Words that are nearly the same: which rests they share, so that an equality finds them, and how far they are from each other.

use crate::sql::{Bind, Sql};
use domain::{Result, TenantId};
use platform::{Ctx, db_error};
use sqlx::PgConnection;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Shorter words have too many neighbours to be of help, and nobody mistypes the beginning of something longer than this by one letter only.
const LETTERS: RangeInclusive<usize> = 4..=24;
/// Neighbours that are looked for instead of a word.
const NEIGHBOURS: usize = 5;

const KNOWN: &str =
    "select term from search_spellings where tenant_id = $1 and spelling = any ($2) and term = spelling";
const INSERT: &str = "\
insert into search_spellings (tenant_id, spelling, term)
select $1, t.spelling, t.term from unnest($2::text[], $3::text[]) as t (spelling, term) on conflict do nothing";
const FORGET: &str = "\
delete from search_spellings p where p.tenant_id = $1 and p.term = any ($2)
and not exists (select from search_terms s where s.tenant_id = p.tenant_id and s.term = p.term)";

/// Whether a word stands among the spellings: letters alone. Numbers and addresses mean another one when a sign differs.
pub fn is_spelled(word: &str) -> bool {
    LETTERS.contains(&word.chars().count()) && word.chars().all(char::is_alphabetic)
}

/// The word, and what is left of it without one letter.
fn spellings(word: &str) -> BTreeSet<String> {
    let without = word.char_indices().map(|(at, letter)| [&word[..at], &word[at + letter.len_utf8()..]].concat());
    without.chain([word.to_owned()]).collect()
}

/// Letters that are missing, too many, others, or in the other order than the one beside them.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut now = vec![row + 1];
        for (column, beside) in other.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != beside);
            let mut best = replaced.min(last[column + 1] + 1).min(now[column] + 1);
            if row > 0 && column > 0 && *letter == other[column - 1] && one[row - 1] == *beside {
                best = best.min(before_last[column - 1] + 1);
            }
            now.push(best);
        }
        before_last = std::mem::replace(&mut last, now);
    }
    last[other.len()]
}

/// Words that records have and that differ from this one by a single slip, in their order.
pub async fn neighbours(ctx: &mut Ctx, word: &str) -> Result<Vec<String>> {
    if !is_spelled(word) {
        return Ok(Vec::new());
    }
    let access = ctx.access.clone();
    let mut sql = Sql::new("select distinct term from search_spellings where tenant_id = ");
    sql.bind(Bind::Id(Some(access.tenant.0)));
    sql.push(" and spelling = any (");
    sql.bind(Bind::texts(spellings(word)));
    sql.push(") order by term");
    let rows = sql.all(ctx).await?;
    let terms: Vec<String> = rows.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
    Ok(terms.into_iter().filter(|term| distance(term, word) == 1).take(NEIGHBOURS).collect())
}

/// Adds words that are not there yet.
pub async fn learn(conn: &mut PgConnection, tenant: TenantId, words: &BTreeSet<&str>) -> Result<()> {
    let words: Vec<&str> = words.iter().copied().filter(|word| is_spelled(word)).collect();
    if words.is_empty() {
        return Ok(());
    }
    let known: Vec<String> =
        sqlx::query_scalar(KNOWN).bind(tenant.0).bind(&words).fetch_all(&mut *conn).await.map_err(db_error)?;
    let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
    let (mut rests, mut terms) = (Vec::new(), Vec::new());
    for word in words.into_iter().filter(|word| !known.contains(word)) {
        for rest in spellings(word) {
            rests.push(rest);
            terms.push(word);
        }
    }
    if !terms.is_empty() {
        sqlx::query(INSERT).bind(tenant.0).bind(rests).bind(terms).execute(conn).await.map_err(db_error)?;
    }
    Ok(())
}

/// Removes words that no record has any more: what was forgotten must not be found among spellings either.
pub async fn forget<'a>(
    conn: &mut PgConnection,
    tenant: TenantId,
    words: impl Iterator<Item = &'a String>,
) -> Result<()> {
    let words: Vec<&str> = words.map(String::as_str).filter(|word| is_spelled(word)).collect();
    if !words.is_empty() {
        sqlx::query(FORGET).bind(tenant.0).bind(words).execute(conn).await.map_err(db_error)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_one_apart_and_share_a_rest() {
        for (one, other) in [
            ("amina", "amnia"),
            ("amina", "amin"),
            ("amina", "aminaa"),
            ("amina", "emina"),
            ("otieno", "otineo"),
            ("östra", "ostra"),
            ("lake", "lkae"),
            ("wanjiku", "wanjikuu"),
        ] {
            assert_eq!((distance(one, other), distance(other, one)), (1, 1), "{one} {other}");
            assert!(!spellings(one).is_disjoint(&spellings(other)), "{one} {other}");
        }
        for (one, other, far) in [("amina", "amina", 0), ("amina", "asha", 3), ("lake", "ekal", 3), ("", "abc", 3)] {
            assert_eq!((distance(one, other), distance(other, one)), (far, far), "{one} {other}");
        }
    }

    #[test]
    fn words_of_letters_are_spelled() {
        assert!(is_spelled("lake") && is_spelled("östra") && is_spelled("小林智也"));
        for word in ["lak", "000012", "a1b2", "x.y@z", &"x".repeat(25)] {
            assert!(!is_spelled(word), "{word}");
        }
    }
}
