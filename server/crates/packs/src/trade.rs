//! Demo trade: orders on their way, invoices, payments. Unlike other demo records these are not rows that are written, but what people would
//! have done: the same operations, one after another, so that stock, ledger and numbers are right because nothing else can be.

use crate::demo::{Dice, Generated, Size, Trade};
use chrono::{Days, NaiveDate};
use domain::finance::{Amount, PostInvoice, RecordPayment};
use domain::inventory::Adjust;
use domain::money::{RATE_SCALE, Rounding, scaled};
use domain::records::{CreateRecord, TransitionRecord, Values};
use domain::sales::{CreateInvoice, LineInput, MakeOrder};
use domain::schema::value::money;
use domain::{Error, Money, Result};
use platform::{Ctx, db_error};
use serde_json::json;
use uuid::Uuid;

const RATED: &str = "select exists (select from exchange_rates where tenant_id = $1 and deleted_at is null)";
const TAX: &str = "\
select id from tax_rates where tenant_id = $1 and status = 'active' and deleted_at is null order by created_at, number limit 1";

/// What the trade is made from.
pub struct Market<'a> {
    pub trade: &'a Trade,
    /// Slug of the workspace.
    pub tenant: &'a str,
    pub size: Size,
    pub base: NaiveDate,
    pub owners: &'a [Uuid],
    pub customers: Vec<Uuid>,
    /// With what one of it costs.
    pub products: Vec<(Uuid, Money)>,
}

/// Customers that buy, and products that have a price, among what was generated.
impl Market<'_> {
    pub fn add(&mut self, entity: &str, records: &[Generated]) {
        match entity {
            "customer" => {
                let active = records.iter().filter(|record| record.state.as_deref() == Some("active"));
                self.customers.extend(active.map(|record| record.id));
            }
            "product" => {
                let priced = |record: &Generated| Some((record.id, money(record.values.get("price")?)?));
                let active = records.iter().filter(|record| record.state.as_deref() == Some("active"));
                self.products.extend(active.filter_map(priced));
            }
            _ => {}
        }
    }

    /// Answers how many orders, invoices and payments were made.
    pub async fn run(&self, ctx: &mut Ctx) -> Result<u64> {
        let Some(home) = self.trade.hundred_dollars.get(&ctx.access.currency).copied() else {
            // Without a rate into the workspace's currency nothing could be posted.
            return Ok(0);
        };
        if self.customers.is_empty() || self.products.is_empty() {
            return Ok(0);
        }
        self.rates(ctx, home).await?;
        for (at, (product, _)) in self.products.iter().enumerate() {
            let by = self.dice("stock", at).between(self.trade.stock.0, self.trade.stock.1);
            let reason = "Opening stock".to_owned();
            ctx.run(Adjust { product: *product, by: Some(by.to_string()), counted: None, reason }).await?;
        }
        let tenant = ctx.access.tenant.0;
        let tax: Option<Uuid> =
            sqlx::query_scalar(TAX).bind(tenant).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
        let mut made = 0;
        for at in 0..self.size.records().div_ceil(self.trade.one_in.max(1)) as usize {
            made += self.order(ctx, at, home, tax).await?;
        }
        Ok(made)
    }

    fn dice(&self, what: &str, at: usize) -> Dice {
        Dice::of(&[self.tenant, "trade", self.size.as_str(), what, &at.to_string()])
    }

    async fn rates(&self, ctx: &mut Ctx, home: i64) -> Result<()> {
        let tenant = ctx.access.tenant.0;
        let query = sqlx::query_scalar(RATED).bind(tenant);
        if query.fetch_one(ctx.conn().await?).await.map_err(db_error)? {
            return Ok(());
        }
        let from = self.base.checked_sub_days(Days::new(365)).ok_or_else(Error::internal)?;
        for (currency, hundred) in &self.trade.hundred_dollars {
            if *currency == ctx.access.currency {
                continue;
            }
            let rate = home.checked_mul(10_i64.pow(RATE_SCALE)).map(|rate| rate / (*hundred).max(1));
            let rate = scaled(rate.ok_or_else(Error::internal)?, RATE_SCALE);
            let mut values = Values::new();
            values.insert("currency".to_owned(), json!(currency));
            values.insert("rate".to_owned(), json!(rate));
            values.insert("validFrom".to_owned(), json!(from));
            ctx.run(CreateRecord { entity: "exchange_rate".to_owned(), values }).await?;
        }
        Ok(())
    }

    async fn order(&self, ctx: &mut Ctx, at: usize, home: i64, tax: Option<Uuid>) -> Result<u64> {
        let mut dice = self.dice("order", at);
        let abroad = at % 4 == 3 && self.trade.hundred_dollars.contains_key(&self.trade.abroad);
        let currency = if abroad { self.trade.abroad.clone() } else { ctx.access.currency.clone() };
        let mut lines = Vec::new();
        for place in 0..=usize::try_from(dice.below(3)).unwrap_or_default() {
            let (product, price) = &self.products[(at * 3 + place) % self.products.len()];
            lines.push(LineInput {
                product: Some(*product),
                quantity: Some(dice.between(1, 4).to_string()),
                unit_price: Some(self.price(price, &currency, home)?.amount()),
                tax_rate: tax,
                ..LineInput::default()
            });
        }
        let order = MakeOrder {
            customer: self.customers.get(at * 7 % self.customers.len()).copied(),
            currency: Some(currency),
            owner: self.dice("owner", at).pick(self.owners).copied(),
            deliver_on: self.base.checked_add_days(Days::new(dice.below(30))),
            lines,
            ..MakeOrder::default()
        };
        let order = ctx.run(order).await?.order.id;
        let state = dice.weighted(self.trade.states.iter().map(|(state, weight)| (state, *weight)));
        self.along(ctx, order, state.map_or("draft", String::as_str), &mut dice).await
    }

    fn price(&self, price: &Money, currency: &str, home: i64) -> Result<Money> {
        let hundred = |code: &str| self.trade.hundred_dollars.get(code).copied().unwrap_or(home);
        let rate =
            i128::from(hundred(currency)) * 10_i128.pow(RATE_SCALE) / i128::from(hundred(price.currency()).max(1));
        let rate = i64::try_from(rate).map_err(|_| Error::internal())?;
        Ok(price.converted(rate, currency, Rounding::HalfUp)?)
    }

    /// The way of an order into a state, with what happens on it.
    async fn along(&self, ctx: &mut Ctx, order: Uuid, state: &str, dice: &mut Dice) -> Result<u64> {
        let way: &[&str] = match state {
            "submitted" => &["submitted"],
            "rejected" => &["submitted", "rejected"],
            "approved" => &["submitted", "approved"],
            "picking" => &["submitted", "approved", "picking"],
            "on_hold" => &["submitted", "approved", "picking", "on_hold"],
            "shipped" => &["submitted", "approved", "picking", "shipped"],
            "delivered" => &["submitted", "approved", "picking", "shipped", "delivered"],
            "invoiced" => &["submitted", "approved", "picking", "shipped", "delivered", "invoiced"],
            "cancelled" => &["cancelled"],
            _ => &[],
        };
        let mut made = 1;
        for step in way {
            if *step == "invoiced" {
                made += self.invoice(ctx, order, dice).await?;
            }
            let transition = TransitionRecord {
                entity: "order".to_owned(),
                id: order,
                version: None,
                name: None,
                to: Some((*step).to_owned()),
                pipeline: None,
                values: Values::new(),
            };
            ctx.run(transition).await?;
        }
        if matches!(state, "shipped" | "delivered") {
            made += self.invoice(ctx, order, dice).await?;
        }
        Ok(made)
    }

    async fn invoice(&self, ctx: &mut Ctx, order: Uuid, dice: &mut Dice) -> Result<u64> {
        let today = ctx.today();
        let back = |days: u64| self.base.min(today).checked_sub_days(Days::new(days)).ok_or_else(Error::internal);
        let days = dice.below(140);
        let issued = back(days)?;
        let made = ctx.run(CreateInvoice { order, due_on: None, issued_on: Some(issued) }).await?;
        ctx.run(PostInvoice { invoice: made.invoice }).await?;
        let (whole, part) = (dice.percent(self.trade.paid), dice.percent(self.trade.partly));
        if !whole && !part {
            return Ok(1);
        }
        let view = ctx.run(domain::finance::GetInvoice { id: made.invoice }).await?;
        let total = view.invoice.values.get("totalAmount").and_then(money).ok_or_else(Error::internal)?;
        let half = total.allocate(&[2, 3])?.swap_remove(0);
        let methods = ["bank_transfer", "mobile_money", "card", "cheque"];
        let payment = RecordPayment {
            invoice: made.invoice,
            amount: (!whole && !half.is_zero()).then_some(Amount::Money(half)),
            received_on: Some(back(dice.below(days + 1))?),
            method: dice.pick(&methods).map(|method| (*method).to_owned()),
            reference: Some(format!("DEMO{:06}", dice.below(1_000_000))),
        };
        ctx.run(payment).await?;
        Ok(2)
    }
}
