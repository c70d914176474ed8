//! Mails about accounts, which belong to no workspace: the job that makes the link, writes the mail and gives it to the mailer.
//!
//! What asks for a mail writes down who asked, never a link and never whether there is an account; both are found here, out of sight of the
//! request. Where no mail server is configured the mail goes to a file in `outbox`, so that a person can go on; the log says which, and
//! holds no link.

use super::account_text::{self, Filled};
use domain::{Result, TenantId, UserId};
use jobs::{BoxFuture, Claimed, Handler, NewJob, Outcome};
use platform::auth::{self, SignUpMail};
use platform::capability::{Delivery, Mail, Mailer};
use platform::random::uuid_v7;
use platform::secret::Secret;
use platform::{Ctx, Platform, Services, db_error};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use std::path::PathBuf;
use std::sync::Arc;
use uuid::Uuid;

pub const KIND: &str = "accounts.mail";
/// With waits that double: about a day. Links are made anew at every try.
const MAX_TRIES: i32 = 16;

/// A mail to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum AccountMail {
    Forgot {
        login: String,
    },
    SignUp {
        id: Uuid,
    },
    Invitation {
        tenant: Uuid,
        id: Uuid,
    },
    Email {
        user: Uuid,
        email: String,
    },
    EmailChanged {
        name: String,
        language: String,
        before: String,
        email: String,
    },
    PasswordChanged {
        user: Uuid,
    },
    /// The account opens by a provider from now on.
    ProviderLinked {
        user: Uuid,
        provider: String,
    },
}

/// Queues a mail in the transaction of an operation.
pub async fn queue(ctx: &mut Ctx, mail: &AccountMail) -> Result<()> {
    let services = ctx.services.clone();
    queue_in(ctx.conn().await?, &services, mail).await
}

async fn queue_in(conn: &mut PgConnection, services: &Services, mail: &AccountMail) -> Result<()> {
    let id = uuid_v7(services.clock.as_ref(), services.random.as_ref());
    let mut job = NewJob::new(id, KIND, json!(mail)).attempts(MAX_TRIES);
    // What a workspace asks for is queued under its name: its role sees no other jobs.
    if let AccountMail::Invitation { tenant, .. } = mail {
        job = job.scope(*tenant);
    }
    jobs::enqueue(conn, job).await.map_err(db_error)?;
    Ok(())
}

/// The same for requests of people who are in no workspace.
pub async fn queue_now(services: &Services, mail: &AccountMail) -> Result<()> {
    let mut conn = services.pools.platform.acquire().await.map_err(db_error)?;
    queue_in(&mut conn, services, mail).await?;
    services.wake.after_commit();
    Ok(())
}

pub struct AccountMailJob {
    platform: Arc<Platform>,
    mailer: Arc<dyn Mailer>,
    base_url: String,
    outbox: PathBuf,
}

pub fn account_mail_job(
    platform: Arc<Platform>,
    mailer: Arc<dyn Mailer>,
    base_url: String,
    outbox: PathBuf,
) -> AccountMailJob {
    AccountMailJob { platform, mailer, base_url, outbox }
}

/// A mail that is ready to be written.
struct Letter {
    template: &'static str,
    language: String,
    /// E-mail address or number.
    to: String,
    by_phone: bool,
    sender: String,
    path: String,
    values: Vec<(&'static str, String)>,
    /// Of those links of which an account is sent only so many.
    link: Option<Secret<String>>,
}

impl Handler for AccountMailJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let mail: AccountMail = match serde_json::from_value(job.payload.clone()) {
                Ok(mail) => mail,
                Err(error) => return Outcome::Fail(format!("the job names no mail: {error}")),
            };
            match self.letter(mail).await {
                Ok(Some(letter)) => {
                    let outcome = self.send(job, &letter).await;
                    self.sent(&letter, &outcome).await;
                    outcome
                }
                Ok(None) => Outcome::Done,
                Err(error) => Outcome::Retry(error.to_string()),
            }
        })
    }
}

impl AccountMailJob {
    /// What to write and to whom; nothing where nobody is to be written to.
    async fn letter(&self, mail: AccountMail) -> Result<Option<Letter>> {
        let services = &self.platform.services;
        let auth = &services.auth;
        Ok(match mail {
            AccountMail::Forgot { login } => auth.password_link(&login).await?.map(|link| {
                let by_phone = link.email.is_none();
                let to = link.email.or(link.phone).unwrap_or_default();
                let path = format!("/reset-password/{}", link.token.expose());
                Letter { by_phone, link: Some(link.token), ..letter("forgot", link.language, to, link.name, path) }
            }),
            AccountMail::SignUp { id } => auth.sign_up_mail(id).await?.map(signed_up),
            AccountMail::Invitation { tenant, id } => self.invitation(TenantId(tenant), id).await?,
            AccountMail::Email { user, email } => auth.email_link(UserId(user), &email).await?.map(|link| {
                let (template, path) = match link.taken {
                    true => ("email_taken", "/sign-in".to_owned()),
                    false => ("email", format!("/email/{}", link.token.expose())),
                };
                letter(template, link.language, email, link.name, path)
            }),
            AccountMail::EmailChanged { name, language, before, email } => {
                Some(Letter { to: before, ..letter("email_changed", language, email, name, "/sign-in".to_owned()) })
            }
            AccountMail::PasswordChanged { user } => self.to_owner("password_changed", user).await?,
            AccountMail::ProviderLinked { user, provider } => {
                self.to_owner("provider_linked", user).await?.map(|mut letter| {
                    letter.values.push(("provider", provider));
                    letter
                })
            }
        })
    }

    /// About what happened to an account, to the address of whoever it belongs to.
    async fn to_owner(&self, template: &'static str, user: Uuid) -> Result<Option<Letter>> {
        let found: Option<(String, Option<String>, String)> =
            sqlx::query_as("select name, email, language from users where id = $1 and status = 'ACTIVE'")
                .bind(user)
                .fetch_optional(&self.platform.services.pools.platform)
                .await
                .map_err(db_error)?;
        Ok(found
            .and_then(|(name, email, language)| Some(letter(template, language, email?, name, "/sign-in".to_owned()))))
    }

    async fn invitation(&self, tenant: TenantId, id: Uuid) -> Result<Option<Letter>> {
        let services = &self.platform.services;
        let made =
            auth::invitation_link(&services.pools, services.clock.as_ref(), services.random.as_ref(), tenant, id)
                .await?;
        Ok(made.map(|(token, mail)| {
            let path = format!("/invitations/{}", token.expose());
            let language = words::Language::parse(&mail.language).unwrap_or_default();
            let roles = words::within(language, || {
                mail.roles.iter().map(|role| role_words(role)).collect::<Vec<_>>().join(", ")
            });
            let mut letter = letter("invitation", mail.language, mail.login, mail.name.unwrap_or_default(), path);
            letter.by_phone = mail.by_phone;
            letter.values.extend([("workspace", mail.workspace.clone()), ("inviter", mail.inviter), ("roles", roles)]);
            Letter { sender: mail.workspace, ..letter }
        }))
    }

    async fn send(&self, job: &Claimed, letter: &Letter) -> Outcome {
        let link = format!("{}{}", self.base_url, letter.path);
        let Some(filled) = account_text::fill(letter.template, &letter.language, &link, &letter.values) else {
            return Outcome::Fail(format!("there is no text {}", letter.template));
        };
        // Nobody here sends to phones: a provider for it would stand behind a trait of its own.
        if letter.by_phone {
            return self.show(job, letter, &filled);
        }
        let mail = Mail {
            id: job.id.simple().to_string(),
            date: self.platform.services.clock.now().into(),
            sender: account_text::one_line(&letter.sender),
            to: letter.to.clone(),
            reply_to: None,
            subject: filled.subject.clone(),
            language: filled.language.to_owned(),
            text: filled.text.clone(),
            html: filled.html.clone(),
            attachments: Vec::new(),
        };
        match self.mailer.deliver(&mail).await {
            Delivery::Sent(_) => Outcome::Done,
            Delivery::Sandboxed => self.show(job, letter, &filled),
            Delivery::Later(answer) => Outcome::Retry(answer),
            Delivery::Refused(answer) => {
                tracing::warn!(mail = letter.template, answer, "a mail about an account was refused");
                Outcome::Fail(answer)
            }
        }
    }

    /// A link that went nowhere must not count as one that the owner holds: the next try makes another.
    async fn sent(&self, letter: &Letter, outcome: &Outcome) {
        let Some(link) = letter.link.as_ref().filter(|_| !matches!(outcome, Outcome::Done)) else { return };
        if let Err(error) = self.platform.services.auth.forget_password_link(link.expose()).await {
            tracing::warn!(%error, "a link that was not sent counts as one that was");
        }
    }

    /// Into the outbox: this installation cannot send it. What opens something stays out of the log, which more people read.
    fn show(&self, job: &Claimed, letter: &Letter, filled: &Filled) -> Outcome {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.outbox.join(format!("{}-{}.txt", job.id.simple(), letter.template));
        tracing::info!(
            to = letter.to,
            subject = filled.subject,
            file = %path.display(),
            "not sent, because nothing here sends it; it stands in the file"
        );
        let written = std::fs::create_dir_all(&self.outbox).and_then(|()| {
            let mut file =
                std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            writeln!(file, "To: {}\nSubject: {}\n\n{}", letter.to, filled.subject, filled.text)
        });
        match written {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Retry(format!("the outbox could not be written: {error}")),
        }
    }
}

fn letter(template: &'static str, language: String, login: String, name: String, path: String) -> Letter {
    let values = vec![("name", name), ("login", login.clone())];
    Letter { template, language, to: login, by_phone: false, sender: "Nexus".to_owned(), path, values, link: None }
}

fn signed_up(mail: SignUpMail) -> Letter {
    let sign_in = || "/sign-in".to_owned();
    match mail {
        SignUpMail::Known { login, name, language } => Letter {
            by_phone: login.phone.is_some(),
            ..letter("sign_up_known", language, login.shown, name, sign_in())
        },
        SignUpMail::Link { token, login, name, language } => {
            letter("sign_up", language, login.shown, name, format!("/sign-up/{}", token.expose()))
        }
        SignUpMail::Code { code, login, name, language } => {
            let mut letter = letter("sign_up_code", language, login.shown, name, sign_in());
            letter.values.push(("code", code.into_exposed()));
            Letter { by_phone: true, ..letter }
        }
    }
}

/// `SALES_REP` as "Sales representative".
fn role_words(role: &str) -> String {
    let seeded = domain::permission::ROLES.iter().find(|seed| seed.key == role);
    seeded.map_or_else(|| role.to_lowercase().replace('_', " "), |seed| words::say(seed.label).to_owned())
}
