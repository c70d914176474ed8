//! Signing up: a person and a workspace that wait until the address is confirmed.
//!
//! A request writes down what was typed and hashes the password, whoever the address belongs to; whether it has an account already is found
//! out by the worker, which says so in the mail. So neither the answer nor its time tells anybody who has an account.

use super::accounts::{NewTenant, add_member, create_tenant, create_user};
use super::password::check_password;
use super::recovery::{TOKEN_BYTES, hash};
use super::sign_in::Auth;
use super::{Login, login_of};
use crate::clock::Clock;
use crate::db::{Pools, db_error};
use crate::random::{Random, token, token_hash, uuid_v7};
use crate::secret::Secret;
use chrono::Duration;
use domain::{Error, Kind, Result, TenantId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;
use words::t;

const HOURS: i64 = 24;
const CODE_MINUTES: i64 = 10;
/// Times that a code from a phone may be tried: one guess in 200,000 hits.
const TRIES: i16 = 5;
/// Names tried for an address that is taken, `lakeside-2` and so on, before one is made up.
const NEXT_NAMES: u32 = 20;

const PEND: &str = "\
insert into sign_ups (id, name, email, email_norm, phone, password_hash, language, workspace, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const SEND: &str = "\
select s.name, s.email, s.phone, s.language, exists (select from users u where u.email_norm = s.email_norm or u.phone = s.phone) as known
from sign_ups s where s.id = $1 and s.used_at is null and s.expires_at > $2";
const OPEN: &str = "\
select id, name, coalesce(email, phone) as login, workspace->>'name' as workspace from sign_ups
where key = $1 and used_at is null and expires_at > $2";
const TAKE: &str = "\
update sign_ups set used_at = $2 where key = $1 and used_at is null and expires_at > $2
returning id, name, coalesce(email, phone) as login, password_hash, language, workspace";
const ONE_BY_ONE: &str = "select pg_advisory_xact_lock(hashtextextended($1::text || ':workspace', 0))";
const MADE: &str = "select slug, name from tenants where id = $1 and deleted_at is null";
// The try is counted whether it is right or not, and before anybody is told.
const COUNT: &str = "update sign_ups set tries = tries + 1 where id = $1 and used_at is null and expires_at > $2 and tries < $3 returning code";
const TAKE_BY_CODE: &str = "\
update sign_ups set used_at = $2 where id = $1 and used_at is null and expires_at > $2
returning id, name, coalesce(email, phone) as login, password_hash, language, workspace";

/// A workspace as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWorkspace {
    pub name: String,
    /// The address wished for; another one is found where it is taken.
    pub slug: String,
    pub industry: String,
    pub currency: String,
    pub timezone: String,
    /// Filled with sample records, to look around in.
    #[serde(default)]
    pub sample: bool,
}

/// A workspace that was made just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeWorkspace {
    pub tenant: TenantId,
    pub slug: String,
    pub industry: String,
    /// Sample records were asked for.
    pub sample: bool,
}

/// What somebody who signs up has typed.
#[derive(Clone, Copy)]
pub struct SignUp<'a> {
    pub name: &'a str,
    pub login: &'a str,
    pub password: &'a str,
    pub language: &'a str,
    pub workspace: &'a NewWorkspace,
}

/// What the worker sends to somebody who signed up.
#[derive(Debug, Clone)]
pub enum SignUpMail {
    /// The address has an account; it is told so.
    Known { login: Login, name: String, language: String },
    /// A link for an address.
    Link { token: Secret<String>, login: Login, name: String, language: String },
    /// A code for a phone.
    Code { code: Secret<String>, login: Login, name: String, language: String },
}

/// A sign-up that waits.
#[derive(Debug, Clone, FromRow)]
pub struct Waiting {
    pub id: Uuid,
    pub name: String,
    pub login: String,
    pub workspace: String,
}

#[derive(FromRow)]
struct Taken {
    id: Uuid,
    name: String,
    login: String,
    password_hash: String,
    language: String,
    workspace: sqlx::types::Json<NewWorkspace>,
}

#[derive(FromRow)]
struct Sent {
    name: String,
    email: Option<String>,
    phone: Option<String>,
    language: String,
    known: bool,
}

impl Auth {
    /// Writes a sign-up down. Nothing of it exists before [`Auth::take_sign_up`].
    pub async fn pend_sign_up(&self, new: SignUp<'_>) -> Result<(Uuid, Login)> {
        let login = login_of(new.login)?;
        check_password(new.password, &[new.name, &login.shown, &new.workspace.name])?;
        let password_hash = self.passwords().hash(new.password, self.random.as_ref()).await?;
        let (id, now) = (uuid_v7(self.clock.as_ref(), self.random.as_ref()), self.clock.now());
        let until = if login.phone.is_some() { Duration::minutes(CODE_MINUTES) } else { Duration::hours(HOURS) };
        sqlx::query(PEND)
            .bind(id)
            .bind(new.name.trim())
            .bind(login.email.is_some().then_some(&login.shown))
            .bind(&login.email)
            .bind(&login.phone)
            .bind(password_hash)
            .bind(new.language)
            .bind(sqlx::types::Json(new.workspace))
            .bind(now)
            .bind(now + until)
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        Ok((id, login))
    }

    /// What to send for it, with a new link or code; the one before is void. `None` where it is over.
    pub async fn sign_up_mail(&self, id: Uuid) -> Result<Option<SignUpMail>> {
        let sent: Option<Sent> =
            sqlx::query_as(SEND).bind(id).bind(self.clock.now()).fetch_optional(&self.pool).await.map_err(db_error)?;
        let Some(Sent { name, email, phone, language, known }) = sent else { return Ok(None) };
        let login = login_of(email.or(phone).as_deref().unwrap_or_default())?;
        if known {
            return Ok(Some(SignUpMail::Known { login, name, language }));
        }
        if login.phone.is_some() {
            let code = self.code();
            sqlx::query("update sign_ups set code = $2 where id = $1")
                .bind(id)
                .bind(code_hash(id, &code))
                .execute(&self.pool)
                .await
                .map_err(db_error)?;
            return Ok(Some(SignUpMail::Code { code: code.into(), login, name, language }));
        }
        let token = token(self.random.as_ref(), TOKEN_BYTES);
        sqlx::query("update sign_ups set key = $2 where id = $1")
            .bind(id)
            .bind(hash(&token))
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(Some(SignUpMail::Link { token: token.into(), login, name, language }))
    }

    /// Six digits, each as likely as the others.
    fn code(&self) -> String {
        loop {
            let mut bytes = [0; 4];
            self.random.fill(&mut bytes);
            let number = u32::from_be_bytes(bytes);
            if number < u32::MAX / 1_000_000 * 1_000_000 {
                return format!("{:06}", number % 1_000_000);
            }
        }
    }

    pub async fn open_sign_up(&self, token: &str) -> Result<Option<Waiting>> {
        sqlx::query_as(OPEN).bind(hash(token)).bind(self.clock.now()).fetch_optional(&self.pool).await.map_err(db_error)
    }

    /// Makes what a confirmed sign-up asked for: person, workspace, ownership.
    pub async fn take_sign_up(&self, pools: &Pools, token: &str) -> Result<(UserId, MadeWorkspace)> {
        let taken: Option<Taken> = sqlx::query_as(TAKE)
            .bind(hash(token))
            .bind(self.clock.now())
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        self.make(pools, taken.ok_or_else(void)?).await
    }

    /// The same by the code that was sent to a phone.
    pub async fn take_sign_up_by_code(&self, pools: &Pools, id: Uuid, code: &str) -> Result<(UserId, MadeWorkspace)> {
        let now = self.clock.now();
        let wanted: Option<Option<Vec<u8>>> = sqlx::query_scalar(COUNT)
            .bind(id)
            .bind(now)
            .bind(TRIES)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        if wanted.flatten().is_none_or(|wanted| wanted != code_hash(id, &digits)) {
            return Err(Error::field(
                "code",
                t!(
                    "This is not the code, or it is no longer good. Look at the newest message, or sign up again for another code"
                ),
            ));
        }
        let taken: Option<Taken> =
            sqlx::query_as(TAKE_BY_CODE).bind(id).bind(now).fetch_optional(&self.pool).await.map_err(db_error)?;
        self.make(pools, taken.ok_or_else(void)?).await
    }

    async fn make(&self, pools: &Pools, taken: Taken) -> Result<(UserId, MadeWorkspace)> {
        let made = async {
            let (clock, random) = (self.clock.as_ref(), self.random.as_ref());
            let user = create_user(&self.pool, clock, random, &taken.name, &taken.login, &taken.password_hash).await?;
            sqlx::query("update users set language = $2 where id = $1")
                .bind(user.0)
                .bind(&taken.language)
                .execute(&self.pool)
                .await
                .map_err(db_error)?;
            let made = make_workspace(pools, clock, random, user, &taken.workspace, &taken.language, None).await?;
            Ok::<_, Error>((user, made))
        };
        match made.await {
            // The account was made by another sign-up in the meantime; what is left of this one is a workspace to make from inside.
            Err(error) if error.kind == Kind::Invalid => Err(Error::conflict(t!(
                "There is an account with this address by now. Sign in, and choose \"Create a workspace\""
            ))),
            Err(error) => {
                let back = sqlx::query("update sign_ups set used_at = null where id = $1").bind(taken.id);
                back.execute(&self.pool).await.map_err(db_error)?;
                Err(error)
            }
            made => made,
        }
    }
}

impl Auth {
    /// Another workspace of somebody who has an account. By the key of the form it is made once, however often the form is sent: its id comes
    /// from that key. Answers its address, where it was made before.
    pub async fn another_workspace(
        &self,
        pools: &Pools,
        owner: UserId,
        new: &NewWorkspace,
        language: &str,
        key: &str,
    ) -> Result<Result<MadeWorkspace, String>> {
        let hash = token_hash(format!("workspace {} {key}", owner.0).as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        let id = TenantId(uuid::Builder::from_random_bytes(bytes).into_uuid());
        // The second click waits here until the first one is done, and finds what it made.
        let mut tx = self.begin_tx().await?;
        sqlx::query(ONE_BY_ONE).bind(id.0).execute(tx.conn()).await.map_err(db_error)?;
        let made: Option<(String, String)> =
            sqlx::query_as(MADE).bind(id.0).fetch_optional(tx.conn()).await.map_err(db_error)?;
        if let Some((slug, name)) = made {
            if name != new.name.trim() {
                let message =
                    t!("This form has made {name} already. Open the page anew to make another workspace", name);
                return Err(Error::field("workspace", message));
            }
            return Ok(Err(slug));
        }
        let (clock, random) = (self.clock.as_ref(), self.random.as_ref());
        let made = make_workspace(pools, clock, random, owner, new, language, Some(id)).await?;
        tx.commit().await.map_err(db_error)?;
        Ok(Ok(made))
    }
}

/// A workspace with this person as its owner, under the address wished for or the next one that is free.
pub async fn make_workspace(
    pools: &Pools,
    clock: &dyn Clock,
    random: &dyn Random,
    owner: UserId,
    new: &NewWorkspace,
    language: &str,
    id: Option<TenantId>,
) -> Result<MadeWorkspace> {
    let base = slug_of(&new.slug);
    for name in (1..=NEXT_NAMES + 1).map(|number| named(&base, number, random)) {
        let tenant = NewTenant {
            id,
            currency: new.currency.clone(),
            timezone: new.timezone.clone(),
            locale: language.to_owned(),
            ..NewTenant::new(name.clone(), new.name.trim(), new.industry.clone())
        };
        match create_tenant(pools, clock, random, &tenant).await {
            Ok(tenant) => {
                add_member(pools, clock, random, tenant, owner, &["OWNER"], None).await?;
                let (industry, sample) = (new.industry.clone(), new.sample);
                return Ok(MadeWorkspace { tenant, slug: name, industry, sample });
            }
            Err(error) if error.fields.iter().any(|field| field.field == "slug") => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::conflict(t!("No address could be found for this workspace. Give it another name")))
}

fn named(base: &str, number: u32, random: &dyn Random) -> String {
    match number {
        1 => base.to_owned(),
        2..=NEXT_NAMES => format!("{base}-{number}"),
        _ => {
            let mut bytes = [0; 5];
            random.fill(&mut bytes);
            bytes.iter().fold(format!("{base}-"), |name, byte| format!("{name}{byte:02x}"))
        }
    }
}

/// A name as an address: `Lakeside Motors Ltd.` is `lakeside-motors-ltd`.
pub(super) fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in domain::text::normal(name).chars() {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug: String = slug.chars().take(48).collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "workspace".to_owned() } else { slug.to_owned() }
}

fn code_hash(id: Uuid, code: &str) -> Vec<u8> {
    token_hash(format!("{id}:{code}").as_bytes()).to_vec()
}

fn void() -> Error {
    Error::new(
        Kind::NotFound,
        t!("This link is no longer good: it was used or it ran out. Sign in if you have an account, or sign up again"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_an_address() {
        assert_eq!(slug_of("Lakeside Motors Ltd."), "lakeside-motors-ltd");
        assert_eq!(slug_of("  Åsa & Söner "), slug_of("Åsa & Söner"));
        assert_eq!(slug_of("株式会社"), "workspace");
        assert_eq!(slug_of("-- 7 Seas --"), "7-seas");
        assert!(slug_of(&"x".repeat(200)).len() <= 48);
    }
}
