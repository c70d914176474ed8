//! From what a provider says to a person who has an account.

use super::id_token::Told;
use super::journey::Journey;
use super::{Provider, Returned, words};
use crate::audit::Client;
use crate::audit::sign_ins::SignIn as Written;
use crate::auth::second_factor::{HALF_MINUTES, Owner};
use crate::auth::sign_in::Auth;
use crate::auth::{Login, Proved, login_of};
use crate::db::db_error;
use crate::random::{token, token_hash};
use crate::secret::Secret;
use chrono::Duration;
use domain::{Result, UserId};
use uuid::Uuid;

/// Who somebody is at the provider, with an address that it has verified and that may come in this way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub issuer: String,
    pub subject: String,
    pub email: String,
    /// For comparing.
    pub email_norm: String,
    pub name: Option<String>,
}

/// Whoever came back.
#[derive(Debug)]
pub struct Came {
    /// As it was asked for when the journey began: not checked.
    pub next: String,
    pub entry: Entry,
}

#[derive(Debug)]
pub enum Entry {
    /// Nothing else is asked. Follow it by [`Sessions::begin`](crate::auth::Sessions::begin) and [`Sessions::prove`](crate::auth::Sessions::prove).
    Whole { user: UserId, linked: bool, proved: Proved },
    /// A code comes next, as after a password.
    Half(Secret<String>),
    /// Nobody has an account under the address.
    Stranger { person: Person, proved: Proved },
}

// The address is kept as the provider has it now.
const BY_IDENTITY: &str = "\
update user_identities i set last_used_at = $3, email = $4 from users u
where i.issuer = $1 and i.subject = $2 and u.id = i.user_id returning u.id, u.status";

const BY_ADDRESS: &str = "\
select u.id, u.status, exists (select from second_factors f where f.owner = u.id),
    exists (select from user_identities i where i.user_id = u.id and i.issuer = $2)
from users u where u.email_norm = $1";

const LINK: &str = "\
insert into user_identities (issuer, subject, user_id, email, linked_at, last_used_at) values ($1, $2, $3, $4, $5, $5) on conflict do nothing";

const OWNER: &str = "select user_id from user_identities where issuer = $1 and subject = $2";

const HALF: &str = "\
insert into half_sign_ins (key, user_id, created_at, expires_at, issuer, subject, email) values ($1, $2, $3, $4, $5, $6, $7)";

impl Auth {
    pub(super) async fn entry(
        &self,
        provider: &Provider,
        journey: &Journey,
        told: Told,
        returned: Returned<'_>,
    ) -> Result<Came> {
        let (settings, now) = (&provider.settings, self.clock.now());
        // A moment to come is none.
        let at = told.proved_at.map(|at| at.min(now));
        if journey.again && !at.is_some_and(|at| journey.is_since(at)) {
            return Err(words::not_again(&settings.name));
        }
        let proved = Proved { at, strong: told.strong && settings.trust_mfa };
        let person = vouched_for(provider, told)?;
        let known: Option<(Uuid, String)> = sqlx::query_as(BY_IDENTITY)
            .bind(&person.issuer)
            .bind(&person.subject)
            .bind(now)
            .bind(&person.email)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        let entry = match known {
            Some((user, status)) => {
                self.is_open(user, &status, &person, &returned).await?;
                let asked = !proved.strong && self.needs_code(Owner::User(user), returned.device).await?;
                match asked {
                    true => Entry::Half(self.half_by_provider(user, &person, false).await?),
                    false => Entry::Whole { user: UserId(user), linked: false, proved },
                }
            }
            None => self.first_time(provider, person, proved, &returned).await?,
        };
        Ok(Came { next: journey.next.clone(), entry })
    }

    /// By the address, which the provider has verified and which nobody has here without having confirmed it.
    async fn first_time(
        &self,
        provider: &Provider,
        person: Person,
        proved: Proved,
        returned: &Returned<'_>,
    ) -> Result<Entry> {
        let found: Option<(Uuid, String, bool, bool)> = sqlx::query_as(BY_ADDRESS)
            .bind(&person.email_norm)
            .bind(&person.issuer)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        let Some((user, status, factor, linked)) = found else { return Ok(Entry::Stranger { person, proved }) };
        self.is_open(user, &status, &person, returned).await?;
        if linked {
            self.write_refusal(user, &person, returned).await?;
            return Err(words::another(&provider.settings.name, &person.email));
        }
        // Whatever this browser was let off and whatever the provider asked for: this once the code is asked for here.
        if factor {
            return self.half_by_provider(user, &person, true).await.map(Entry::Half);
        }
        let linked = self.link_person(provider, UserId(user), &person).await?;
        Ok(Entry::Whole { user: UserId(user), linked, proved })
    }

    /// Puts an account and a person of the provider together. Whether that is new.
    pub async fn link_person(&self, provider: &Provider, user: UserId, person: &Person) -> Result<bool> {
        let made = sqlx::query(LINK)
            .bind(&person.issuer)
            .bind(&person.subject)
            .bind(user.0)
            .bind(&person.email)
            .bind(self.clock.now())
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        if made.rows_affected() == 1 {
            return Ok(true);
        }
        // Somebody was faster: the same person in another tab, or another one.
        let owner: Option<Uuid> = sqlx::query_scalar(OWNER)
            .bind(&person.issuer)
            .bind(&person.subject)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        if owner == Some(user.0) { Ok(false) } else { Err(words::another(&provider.settings.name, &person.email)) }
    }

    async fn is_open(&self, user: Uuid, status: &str, person: &Person, returned: &Returned<'_>) -> Result<()> {
        if status == "ACTIVE" {
            return Ok(());
        }
        self.write_refusal(user, person, returned).await?;
        Err(words::closed(&person.email))
    }

    async fn write_refusal(&self, user: Uuid, person: &Person, returned: &Returned<'_>) -> Result<()> {
        let client = Client::new(returned.address, returned.agent);
        let issuer = Some(person.issuer.clone());
        self.write_down(&Written { user: Some(user), refused: true, client, issuer, ..Written::default() }).await
    }

    /// A half-open sign-in of somebody who came from a provider; with `link` the two are put together once the code is right.
    async fn half_by_provider(&self, user: Uuid, person: &Person, link: bool) -> Result<Secret<String>> {
        let (value, now) = (token(self.random.as_ref(), 32), self.clock.now());
        sqlx::query(HALF)
            .bind(token_hash(value.as_bytes()).to_vec())
            .bind(user)
            .bind(now)
            .bind(now + Duration::minutes(HALF_MINUTES))
            .bind(&person.issuer)
            .bind(link.then_some(&person.subject))
            .bind(link.then_some(&person.email))
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(value.into())
    }
}

/// An address that is one, verified, and of a domain that may come in this way.
fn vouched_for(provider: &Provider, told: Told) -> Result<Person> {
    let settings = &provider.settings;
    // Of letters beyond ASCII some become others when case is folded: the address of one mailbox would find the account of another.
    let address = told.email.filter(|address| address.is_ascii()).unwrap_or_default();
    let Ok(Login { email: Some(email_norm), shown, .. }) = login_of(&address) else {
        return Err(words::no_address(&settings.name));
    };
    if !told.verified {
        return Err(words::unverified(&settings.name, &shown));
    }
    let domain = email_norm.rsplit('@').next().unwrap_or_default();
    if !settings.domains.iter().any(|known| known == domain) {
        return Err(words::elsewhere(&settings.name, &shown));
    }
    Ok(Person { issuer: settings.issuer.clone(), subject: told.subject, email: shown, email_norm, name: told.name })
}
