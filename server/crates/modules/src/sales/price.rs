//! What a product costs: the closest price of the lists, or the product's own.

use chrono::NaiveDate;
use domain::{Money, Result};
use platform::{Ctx, db_error};
use sqlx::FromRow;
use uuid::Uuid;

const LISTED: &str = "\
select product_id, coalesce(from_quantity, 0) as from_quantity, unit_price_minor
from prices
where tenant_id = $1 and product_id = any($2) and (customer_id is null or customer_id = $3) and unit_price_currency = $4
    and coalesce(valid_from, $5) <= $5 and coalesce(valid_until, $5) >= $5 and deleted_at is null
order by customer_id is null, from_quantity desc nulls last, valid_from desc nulls last, id desc";

#[derive(Debug, FromRow)]
struct Listed {
    product_id: Uuid,
    from_quantity: i64,
    unit_price_minor: i64,
}

/// The prices that could count for these products, closest first.
pub struct Prices {
    currency: String,
    listed: Vec<Listed>,
}

impl Prices {
    pub async fn of(
        ctx: &mut Ctx,
        products: &[Uuid],
        customer: Option<Uuid>,
        currency: &str,
        day: NaiveDate,
    ) -> Result<Self> {
        let tenant = ctx.access.tenant.0;
        let query = sqlx::query_as(LISTED).bind(tenant).bind(products).bind(customer).bind(currency).bind(day);
        let listed = query.fetch_all(ctx.conn().await?).await.map_err(db_error)?;
        Ok(Self { currency: currency.to_owned(), listed })
    }

    /// Of a quantity in thousandths; `own` is the product's price.
    pub fn one(&self, product: Uuid, quantity: i64, own: Option<&Money>) -> Result<Option<Money>> {
        let fits = |listed: &&Listed| listed.product_id == product && listed.from_quantity <= quantity;
        if let Some(listed) = self.listed.iter().find(fits) {
            return Ok(Some(Money::from_minor(listed.unit_price_minor, &self.currency)?));
        }
        Ok(own.filter(|own| own.currency() == self.currency).cloned())
    }
}
