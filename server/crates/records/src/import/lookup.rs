//! Members and rows that a file names in words: looked up for a whole batch at once, remembered for the next.

use crate::input::KEPT;
use crate::project::{self, title_column};
use crate::reach;
use crate::sql::{Bind, Sql};
use domain::schema::{Entity, Storage};
use domain::text::normal;
use domain::{Reach, Result};
use platform::{Ctx, db_error};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;
use words::t;

/// What a word turned out to name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    One {
        id: Uuid,
        title: String,
    },
    /// So many that none is meant.
    Many(usize),
    Nobody,
    Suspended(String),
}

/// A row or member that was found, with its name for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub id: Uuid,
    pub title: String,
}

#[derive(Debug, Default)]
pub struct Lookup {
    members: Option<HashMap<String, Named>>,
    /// By entity, then by the normal form of what the file says.
    rows: HashMap<String, HashMap<String, Named>>,
    /// Whether rows that are found are kept from the trash until the transaction ends.
    keeps: bool,
}

const MEMBERS: &str = "select id, name, email_norm, status from members";

impl Lookup {
    /// For whoever writes what points at the rows, which takes locks.
    pub fn keeping() -> Self {
        Self { keeps: true, ..Self::default() }
    }

    /// Makes [`Lookup::member`] answer.
    pub async fn load_members(&mut self, ctx: &mut Ctx) -> Result<()> {
        if self.members.is_some() {
            return Ok(());
        }
        let rows: Vec<(Uuid, String, Option<String>, String)> =
            sqlx::query_as(MEMBERS).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
        let mut named = HashMap::with_capacity(rows.len() * 2);
        for (id, name, email, status) in rows {
            let found = if status == "ACTIVE" {
                Named::One { id, title: name.clone() }
            } else {
                Named::Suspended(name.clone())
            };
            if let Some(email) = email {
                named.insert(email, found.clone());
            }
            named.entry(normal(&name)).and_modify(more).or_insert(found);
        }
        self.members = Some(named);
        Ok(())
    }

    /// A member by e-mail address or name, or why not.
    pub fn member(&self, text: &str) -> Result<Target, String> {
        match self.members.as_ref().and_then(|members| members.get(&normal(text))) {
            Some(Named::One { id, title }) => Ok(Target { id: *id, title: title.clone() }),
            Some(Named::Many(count)) => {
                Err(t!("{text} is the name of {count} members; use the e-mail address", text, count))
            }
            Some(Named::Suspended(name)) => {
                Err(t!("{name} is suspended in this workspace; choose an active member", name))
            }
            Some(Named::Nobody) | None => Err(t!("{text} is not a member of this workspace", text)),
        }
    }

    /// Makes [`Lookup::row`] answer for these words.
    pub async fn load_rows<'t>(
        &mut self,
        ctx: &mut Ctx,
        entity: &Entity,
        texts: impl Iterator<Item = &'t str>,
    ) -> Result<()> {
        let known = self.rows.entry(entity.key.clone()).or_default();
        let wanted: BTreeSet<String> =
            texts.map(normal).filter(|text| !text.is_empty() && !known.contains_key(text)).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        for (id, number, title) in find_rows(ctx, entity, &wanted, self.keeps).await? {
            for word in BTreeSet::from([normal(&number), normal(&title)]) {
                if wanted.contains(&word) {
                    known.entry(word).and_modify(more).or_insert(Named::One { id, title: title.clone() });
                }
            }
        }
        for word in wanted {
            known.entry(word).or_insert(Named::Nobody);
        }
        Ok(())
    }

    /// Whether several rows have the name, so that none of them is meant.
    pub fn is_shared(&self, entity: &str, text: &str) -> bool {
        let named = self.rows.get(entity).and_then(|rows| rows.get(&normal(text)));
        matches!(named, Some(Named::Many(_)))
    }

    /// A row by its natural key or its title, or why not.
    pub fn row(&self, entity: &str, text: &str) -> Result<Target, String> {
        match self.rows.get(entity).and_then(|rows| rows.get(&normal(text))) {
            Some(Named::One { id, title }) => Ok(Target { id: *id, title: title.clone() }),
            Some(Named::Many(count)) => {
                Err(t!("{text} is the name of {count} records; use the number of the one that is meant", text, count))
            }
            _ => Err(t!("{text} is not a known {entity}; use its number or its exact name", text, entity)),
        }
    }
}

fn more(named: &mut Named) {
    *named = Named::Many(if let Named::Many(count) = named { *count + 1 } else { 2 });
}

/// The members to whom somebody of this reach may give records; nothing where to everybody. Who reaches their own records only gives to
/// nobody but themselves.
pub async fn owners(ctx: &mut Ctx, reach: Reach) -> Result<Option<HashSet<Uuid>>> {
    let access = ctx.access.clone();
    match reach {
        Reach::All => Ok(None),
        Reach::Own => Ok(Some(HashSet::from([access.member.0]))),
        Reach::Team | Reach::Location => {
            let mut sql = Sql::default();
            let tenant = sql.argument(Bind::Id(Some(access.tenant.0)));
            reach::members_below(&mut sql, &access, tenant);
            let rows = sql.all(ctx).await?;
            rows.iter().map(|row| row.get(0)).collect::<Result<_>>().map(Some)
        }
    }
}

/// Two arms instead of one `or`, so that each uses its own index. Somebody who may not read such rows does not learn which there are.
async fn find_rows(
    ctx: &mut Ctx,
    entity: &Entity,
    words: &BTreeSet<String>,
    keeps: bool,
) -> Result<Vec<(Uuid, String, String)>> {
    let access = ctx.access.clone();
    let Some((show, reach)) = title_column(&access, entity) else { return Ok(Vec::new()) };
    let Some(title) = entity.field(&entity.title) else { return Ok(Vec::new()) };
    let (by, _) = title.ordering();
    let lowered = matches!(title.storage(), Storage::Normalised { .. });
    let mut sql = Sql::default();
    let tenant = project::tenant(&mut sql, &access);
    for number in [true, false] {
        sql.push(if number { "" } else { " union " })
            .push("select f.id, f.number, f.title from (select t.id, t.number, ");
        sql.column("t", &show)
            .push(" as title from ")
            .name(&entity.table)
            .push(" t where t.tenant_id = ")
            .again(tenant)
            .push(" and ");
        if number {
            sql.push("t.number = any (");
            sql.bind(Bind::texts(words.iter().map(|word| word.to_uppercase())));
        } else if lowered {
            sql.column("t", &by).push(" = any (");
            sql.bind(Bind::texts(words.iter().cloned()));
        } else {
            sql.push("lower(").column("t", &by).push(") = any (");
            sql.bind(Bind::texts(words.iter().cloned()));
        }
        sql.push(") and t.deleted_at is null");
        reach::and(&mut sql, &access, reach, tenant);
        sql.push(if keeps { KEPT } else { "" }).push(") f");
    }
    let rows = sql.all(ctx).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}
