//! The chart of accounts: an account by its code, its purpose or its id. Postings look for purposes, so that a workspace may number and
//! name its accounts as it likes.

use domain::text::normal;
use domain::{Error, Result};
use platform::{Ctx, db_error};
use sqlx::FromRow;
use uuid::Uuid;
use words::t;

const FIND: &str = "\
select id, code, name, status from ledger_accounts
where tenant_id = $1 and deleted_at is null and (code_norm = $2 or purpose = $3 or id = $4)
order by (id = $4) desc nulls last, (code_norm = $2) desc limit 1";

#[derive(Debug, Clone, FromRow)]
pub struct Account {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    status: String,
}

/// Words that people and templates use for a purpose.
const NAMES: [(&str, &str); 7] = [
    ("ar", "receivable"),
    ("receivables", "receivable"),
    ("accounts receivable", "receivable"),
    ("cash", "bank"),
    ("revenue", "sales"),
    ("vat", "tax"),
    ("fx", "exchange"),
];

/// `receivable`, `AR`, `1100` or an id. An account that is closed takes no postings.
pub async fn open(ctx: &mut Ctx, field: &str, name: &str) -> Result<Account> {
    let account = find(ctx, name).await?.ok_or_else(|| missing(field, name))?;
    if account.status == "active" {
        return Ok(account);
    }
    let Account { code, name, .. } = &account;
    let message = t!("The account {code} {name} is closed; reopen it or name another", code, name);
    Err(Error::field(field, message))
}

/// The same, closed or not: for reading.
pub async fn any(ctx: &mut Ctx, field: &str, name: &str) -> Result<Account> {
    find(ctx, name).await?.ok_or_else(|| missing(field, name))
}

async fn find(ctx: &mut Ctx, name: &str) -> Result<Option<Account>> {
    let tenant = ctx.access.tenant.0;
    let word = normal(name);
    let purpose = NAMES.iter().find(|(alias, _)| *alias == word).map_or(word.as_str(), |(_, purpose)| *purpose);
    let query = sqlx::query_as(FIND).bind(tenant).bind(&word).bind(purpose).bind(Uuid::try_parse(name).ok());
    query.fetch_optional(ctx.conn().await?).await.map_err(db_error)
}

fn missing(field: &str, name: &str) -> Error {
    let message =
        t!("No account has the code or the purpose {name}; choose one under Accounts, or give one that purpose", name);
    Error::field(field, message)
}
