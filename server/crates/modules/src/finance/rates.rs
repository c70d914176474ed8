//! The exchange rate of a day.

use chrono::NaiveDate;
use domain::money::RATE_SCALE;
use domain::text::normal;
use domain::{Error, Result};
use platform::{Ctx, db_error};
use words::t;

/// One for one.
pub const PAR: i64 = 10_i64.pow(RATE_SCALE);

const FIND: &str = "\
select rate from exchange_rates
where tenant_id = $1 and currency_norm = $2 and valid_from <= $3 and deleted_at is null
order by valid_from desc, id desc limit 1";

/// Units of the workspace's currency for one of `currency`, times 10^8.
pub async fn at(ctx: &mut Ctx, currency: &str, on: NaiveDate) -> Result<i64> {
    let base = ctx.access.currency.clone();
    if currency == base {
        return Ok(PAR);
    }
    let tenant = ctx.access.tenant.0;
    let query = sqlx::query_scalar(FIND).bind(tenant).bind(normal(currency)).bind(on);
    let rate: Option<i64> = query.fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    rate.ok_or_else(|| {
        let message = t!(
            "There is no exchange rate of {currency} into {base} for {day}; add one under Exchange rates, then try again",
            currency,
            base,
            day = on
        );
        Error::field("currency", message)
    })
}
