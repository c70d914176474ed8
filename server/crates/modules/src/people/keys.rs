//! Keys of programs: making one, listing and revoking them. What a key may do is worked out where it comes in (`platform/src/auth/api_keys.rs`).

use super::roles_guard::not_above;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use domain::people::keys::{MANAGE_KEYS, MOST_DAYS, MOST_PER_MINUTE, PER_MINUTE};
use domain::people::{CreateKey, KeyAccess, KeyRow, ListKeys, NewKey, RevokeKey};
use domain::permission::is_pattern;
use domain::{Error, FieldError, Grants, Kind, Reach, Result, Verb};
use platform::auth::Bearer;
use platform::random::token_hash;
use platform::{Change, Ctx, db_error};
use serde_json::json;
use sqlx::FromRow;
use sqlx::types::Json;
use std::net::IpAddr;
use uuid::Uuid;
use words::t;

/// Keys that somebody has at once.
const MOST_KEYS: i64 = 50;
const MOST_SCOPES: usize = 200;
const MOST_ADDRESSES: usize = 50;
/// Revoked keys are listed for a month, so that it can be seen that they are gone.
const REVOKED_DAYS: i64 = 30;

const COUNT: &str = "\
select count(*) from api_keys where tenant_id = $1 and member_id = $2 and revoked_at is null and coalesce(expires_at > $3, true)";
const INSERT: &str = "\
insert into api_keys (tenant_id, id, member_id, name, hash, prefix, scopes, addresses, per_minute, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8::text[]::cidr[], $9, $10, $11)";
const LIST: &str = "\
select k.id, k.name, k.prefix, k.scopes, k.addresses::text[] as addresses, k.per_minute::bigint as per_minute, k.member_id as member, m.name as member_name,
    m.status = 'ACTIVE' as awake, k.created_at, k.expires_at, k.last_used_at, k.revoked_at
from api_keys k join members m on m.tenant_id = k.tenant_id and m.id = k.member_id
where k.tenant_id = $1 and ($2 or k.member_id = $3) and coalesce(k.revoked_at > $4, true)
order by k.revoked_at is not null, k.created_at desc, k.id desc limit 500";
const HOLD: &str = "\
select k.name, k.member_id as member, k.revoked_at is not null as revoked, m.name as member_name, m.roles
from api_keys k join members m on m.tenant_id = k.tenant_id and m.id = k.member_id where k.tenant_id = $1 and k.id = $2 for update of k";
const REVOKE: &str = "update api_keys set revoked_at = $3, revoked_by = $4 where tenant_id = $1 and id = $2";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    prefix: String,
    scopes: Json<Grants>,
    addresses: Vec<String>,
    per_minute: i64,
    member: Uuid,
    member_name: String,
    awake: bool,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Held {
    name: String,
    member: Uuid,
    revoked: bool,
    member_name: String,
    roles: Vec<String>,
}

pub async fn create_key(ctx: &mut Ctx, create: CreateKey) -> Result<NewKey> {
    person(ctx)?;
    let mut faults = Vec::new();
    let name = named(&create.name).map_err(|fault| faults.push(fault)).unwrap_or_default();
    let scopes = scopes(&ctx.access.grants, &create).map_err(|fault| faults.push(fault)).unwrap_or_default();
    let addresses = addresses(create.addresses.as_deref().unwrap_or_default());
    let addresses = addresses.map_err(|fault| faults.push(fault)).unwrap_or_default();
    let per_minute = create.per_minute.unwrap_or(PER_MINUTE);
    if !(1..=MOST_PER_MINUTE).contains(&per_minute) {
        let message = t!("Choose from 1 to {most} requests a minute", most = MOST_PER_MINUTE);
        faults.push(fault("perMinute", message));
    }
    if create.days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        faults.push(fault("days", t!("Choose from 1 to {most} days", most = MOST_DAYS)));
    }
    if !faults.is_empty() {
        return Err(Error::fields(faults));
    }
    let (tenant, member, now, id) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now(), ctx.new_id());
    let count: i64 = sqlx::query_scalar(COUNT)
        .bind(tenant)
        .bind(member)
        .bind(now)
        .fetch_one(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if count >= MOST_KEYS {
        return Err(Error::conflict(t!(
            "You have {most} keys already. Revoke those that nothing uses any more",
            most = MOST_KEYS
        )));
    }
    let key = Bearer::Key.mint(ctx.services.random.as_ref());
    let prefix = Bearer::Key.shown(&key);
    let expires_at = create.days.map(|days| now + Duration::days(days));
    sqlx::query(INSERT)
        .bind(tenant)
        .bind(id)
        .bind(member)
        .bind(&name)
        .bind(token_hash(key.as_bytes()).to_vec())
        .bind(&prefix)
        .bind(Json(&scopes))
        .bind(&addresses)
        .bind(i32::try_from(per_minute).map_err(|_| Error::internal())?)
        .bind(now)
        .bind(expires_at)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    ctx.changed(Change {
        entity: "api_key".to_owned(),
        record: Some(id),
        before: None,
        after: Some(json!({
            "name": name, "prefix": prefix, "scopes": scopes, "addresses": addresses, "perMinute": per_minute,
            "expiresAt": expires_at.map(text),
        })),
        event: Some("people.key.created".to_owned()),
    });
    Ok(NewKey { id, name, prefix, key: Some(key) })
}

pub async fn list_keys(ctx: &mut Ctx, _: ListKeys) -> Result<Vec<KeyRow>> {
    person(ctx)?;
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let all = ctx.access.grants.allows(MANAGE_KEYS);
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(tenant)
        .bind(all)
        .bind(member)
        .bind(now - Duration::days(REVOKED_DAYS))
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(rows.into_iter().map(|row| shown(row, now)).collect())
}

fn shown(row: Row, now: DateTime<Utc>) -> KeyRow {
    let state = match (row.revoked_at, row.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= now => "expired",
        _ if !row.awake => "asleep",
        _ => "active",
    };
    KeyRow {
        id: row.id,
        name: row.name,
        prefix: row.prefix,
        scopes: row.scopes.0,
        addresses: row.addresses,
        per_minute: row.per_minute,
        member: row.member,
        member_name: row.member_name,
        state: state.to_owned(),
        created_at: text(row.created_at),
        expires_at: row.expires_at.map(text),
        last_used_at: row.last_used_at.map(text),
        revoked_at: row.revoked_at.map(text),
    }
}

pub async fn revoke_key(ctx: &mut Ctx, revoke: RevokeKey) -> Result<()> {
    person(ctx)?;
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let held: Option<Held> =
        sqlx::query_as(HOLD).bind(tenant).bind(revoke.id).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    // Another's key is like one that never was, for who does not look after them.
    let held = held.filter(|key| key.member == member || ctx.access.grants.allows(MANAGE_KEYS));
    let held = held.ok_or_else(Error::not_found)?;
    if held.member != member {
        not_above(ctx, &held.member_name, &held.roles).await?;
    }
    if held.revoked {
        return Ok(());
    }
    sqlx::query(REVOKE)
        .bind(tenant)
        .bind(revoke.id)
        .bind(now)
        .bind(member)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    ctx.changed(Change {
        entity: "api_key".to_owned(),
        record: Some(revoke.id),
        before: Some(json!({ "name": held.name, "revoked": false })),
        after: Some(json!({ "name": held.name, "revoked": true })),
        event: Some("people.key.revoked".to_owned()),
    });
    Ok(())
}

/// Keys are a person's. Whoever acts for them has no business with what goes on acting after that.
fn person(ctx: &Ctx) -> Result<()> {
    if ctx.access.impersonation.is_some() {
        return Err(Error::impersonated());
    }
    match (ctx.access.user, ctx.access.key) {
        (Some(_), None) => Ok(()),
        (_, Some(_)) => Err(Error::not_by_key()),
        (None, None) => Err(Error::new(Kind::Forbidden, t!("Keys are made by people, not by automation"))),
    }
}

fn named(name: &str) -> Result<String, FieldError> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        1..=80 if !name.chars().any(char::is_control) => Ok(name),
        _ => Err(fault("name", t!("Say in 1 to 80 characters what the key is for").to_owned())),
    }
}

/// What the key is let do: never more than its maker holds now, so that it does not rise with them.
fn scopes(held: &Grants, create: &CreateKey) -> Result<Grants, FieldError> {
    let all = |area: &str, verbs: &[Verb]| {
        verbs.iter().map(|verb| (format!("{area}.*.{}", verb.as_str()), Reach::All)).collect::<Vec<_>>()
    };
    let verbs = |access: &str| match access {
        "write" => Some(Verb::ALL.as_slice()),
        "read" => Some(&[Verb::Read][..]),
        _ => None,
    };
    let wanted = match create.access {
        KeyAccess::Read => all("*", &[Verb::Read]),
        KeyAccess::Write => all("*", &Verb::ALL),
        KeyAccess::Areas => {
            let mut wanted = Vec::new();
            for (area, access) in create.areas.iter().filter(|(_, access)| *access != "none") {
                let verbs = verbs(access).filter(|_| is_pattern(&format!("{area}.*.*")));
                let verbs = verbs.ok_or_else(|| fault("access", t!("{area} is open as read, write or none", area)))?;
                wanted.extend(all(area, verbs));
            }
            wanted
        }
        KeyAccess::Scopes => return chosen(held, &create.scopes),
    };
    let scopes = held.within(&Grants(wanted.into_iter().collect()));
    if scopes.0.is_empty() {
        return Err(fault(
            "access",
            t!("Choose something that you may do yourself; this key would open nothing").to_owned(),
        ));
    }
    Ok(scopes)
}

/// Grants that were named one by one.
fn chosen(held: &Grants, scopes: &Grants) -> Result<Grants, FieldError> {
    if scopes.0.is_empty() || scopes.0.len() > MOST_SCOPES {
        let example = "{ \"crm.*.read\": \"all\" }";
        let message = t!("Name 1 to {most} permissions, such as {example}", most = MOST_SCOPES, example);
        return Err(fault("scopes", message));
    }
    if let Some(wrong) = scopes.0.keys().find(|pattern| !is_pattern(pattern)) {
        return Err(fault(
            "scopes",
            t!("{wrong} is no permission: those are area.noun.verb, each a word or a star", wrong),
        ));
    }
    match held.beyond(scopes) {
        Some((pattern, reach)) => {
            let rows = reach.rows();
            Err(fault("scopes", t!("{pattern} for {rows} goes beyond your own roles", pattern, rows)))
        }
        None => Ok(scopes.clone()),
    }
}

/// Networks as PostgreSQL writes them: a lone address is a network of one, and what stands behind the prefix is cleared.
fn addresses(typed: &str) -> Result<Vec<String>, FieldError> {
    let words: Vec<&str> =
        typed.split(|letter: char| letter.is_whitespace() || letter == ',').filter(|word| !word.is_empty()).collect();
    if words.len() > MOST_ADDRESSES {
        let message = t!("Name at most {most} addresses or networks", most = MOST_ADDRESSES);
        return Err(fault("addresses", message));
    }
    let networks = words.into_iter().map(|word| {
        network(word).ok_or_else(|| {
            let message = t!("{word} is no address and no network. Write 203.0.113.7 or 203.0.113.0/24", word);
            fault("addresses", message)
        })
    });
    networks.collect()
}

fn network(word: &str) -> Option<String> {
    let (address, length) = word.split_once('/').map_or((word, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    // A mapped address is compared as the one that it maps, so a length would mean something else.
    let canonical = address.to_canonical();
    let whole = if canonical.is_ipv4() { 32 } else { 128 };
    let length = match length {
        None => whole,
        Some(_) if canonical != address => return None,
        Some(length) => length.parse::<u32>().ok().filter(|length| (1..=whole).contains(length))?,
    };
    let base = match canonical {
        IpAddr::V4(address) => IpAddr::from((address.to_bits() & (u32::MAX << (32 - length))).to_be_bytes()),
        IpAddr::V6(address) => IpAddr::from((address.to_bits() & (u128::MAX << (128 - length))).to_be_bytes()),
    };
    Some(format!("{base}/{length}"))
}

fn fault(field: &str, message: String) -> FieldError {
    FieldError { field: field.to_owned(), message }
}

fn text(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_as_they_are_meant() {
        for (typed, read) in [
            ("203.0.113.7", "203.0.113.7/32"),
            ("203.0.113.7/24", "203.0.113.0/24"),
            ("10.1.2.3/1", "0.0.0.0/1"),
            ("::ffff:203.0.113.7", "203.0.113.7/32"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("2001:db8::1", "2001:db8::1/128"),
        ] {
            assert_eq!(network(typed).as_deref(), Some(read), "{typed}");
        }
        for wrong in [
            "",
            "localhost",
            "203.0.113.7/33",
            "203.0.113.7/0",
            "::/0",
            "1.2.3",
            "::ffff:1.2.3.4/96",
            "1.2.3.4/",
            "1.2.3.4/-1",
        ] {
            assert_eq!(network(wrong), None, "{wrong}");
        }
        assert_eq!(addresses("10.0.0.1,\n 10.0.0.2\t::1").unwrap().len(), 3);
        assert!(addresses("").unwrap().is_empty());
        assert_eq!(addresses("10.0.0.1 nonsense").unwrap_err().field, "addresses");
    }

    #[test]
    fn a_choice_never_goes_beyond_its_maker() {
        let held = Grants([("crm.*.read".to_owned(), Reach::Own), ("crm.lead.update".to_owned(), Reach::Team)].into());
        let ask = |access, areas: &[(&str, &str)], list: &[(&str, Reach)]| {
            let create = CreateKey {
                name: "x".to_owned(),
                access,
                areas: areas.iter().map(|(area, access)| ((*area).to_owned(), (*access).to_owned())).collect(),
                scopes: Grants(list.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect()),
                addresses: None,
                days: None,
                per_minute: None,
            };
            scopes(&held, &create)
        };
        for access in [KeyAccess::Read, KeyAccess::Write] {
            assert_eq!(held.beyond(&ask(access, &[], &[]).unwrap()), None);
        }
        assert_eq!(ask(KeyAccess::Read, &[], &[]).unwrap().reach("crm.lead.update"), None);
        assert_eq!(ask(KeyAccess::Write, &[], &[]).unwrap().reach("crm.lead.update"), Some(Reach::Team));
        assert!(ask(KeyAccess::Areas, &[("sales", "write")], &[]).is_err(), "nothing of it is held");
        assert!(ask(KeyAccess::Areas, &[("crm", "none")], &[]).is_err());
        assert!(ask(KeyAccess::Areas, &[("crm", "all")], &[]).is_err());
        assert!(ask(KeyAccess::Areas, &[("c*m", "read")], &[]).is_err());
        assert!(ask(KeyAccess::Areas, &[("crm", "read"), ("sales", "none")], &[]).is_ok());
        assert!(ask(KeyAccess::Scopes, &[], &[("crm.lead.read", Reach::Own)]).is_ok());
        for beyond in [("crm.lead.read", Reach::All), ("*.*.*", Reach::Own), ("crm.lead.delete", Reach::Own)] {
            assert!(ask(KeyAccess::Scopes, &[], &[beyond]).is_err(), "{beyond:?}");
        }
        assert!(ask(KeyAccess::Scopes, &[], &[]).is_err());
    }
}
