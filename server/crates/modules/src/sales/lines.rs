//! Lines of an order: completed from products, prices and tax rates, calculated, and written as one set.

use super::price::Prices;
use domain::money::{Percent, QUANTITY_SCALE, Rounding, parse_scaled, short};
use domain::sales::LineInput;
use domain::{Error, FieldError, Money, Result};
use platform::{Ctx, db_error};
use serde_json::{Value, json};
use sqlx::FromRow;
use std::collections::HashMap;
use uuid::Uuid;
use words::t;

const MOST_LINES: usize = 1000;
const MOST_OF_ONE: i64 = 1_000_000_000_000;
const LONGEST: usize = 500;

const PRODUCTS: &str = "\
select id, name, status, price_minor, price_currency, tax_rate_id from products
where tenant_id = $1 and id = any($2) and deleted_at is null";

const RATES: &str = "select id, percent from tax_rates where tenant_id = $1 and id = any($2) and deleted_at is null";

const CLEAR: &str = "delete from order_lines where tenant_id = $1 and order_id = $2";

const INSERT: &str = "\
insert into order_lines (tenant_id, id, order_id, position, product_id, description, quantity, currency, unit_price_minor, discount,
    tax_rate_id, tax_percent, net_minor, tax_minor, total_minor)
select $1, l.id, $2, l.position::integer, l.product, l.description, l.quantity, $3, l.unit_price, l.discount, l.tax_rate, l.percent, l.net,
    l.tax, l.net + l.tax
from unnest($4::uuid[], $5::uuid[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::uuid[], $11::bigint[], $12::bigint[],
    $13::bigint[]) with ordinality l (id, product, description, quantity, unit_price, discount, tax_rate, percent, net, tax, position)";

/// A line with everything known.
#[derive(Debug, Clone)]
pub struct Line {
    pub product: Option<Uuid>,
    pub description: String,
    pub quantity: i64,
    pub unit_price: Money,
    pub discount: Percent,
    pub tax_rate: Option<Uuid>,
    pub tax_percent: Percent,
    pub net: Money,
    pub tax: Money,
}

/// What the lines of one currency add up to.
pub struct Sums {
    pub net: Money,
    pub tax: Money,
    pub total: Money,
}

#[derive(FromRow)]
struct Product {
    id: Uuid,
    name: String,
    status: String,
    price_minor: Option<i64>,
    price_currency: Option<String>,
    tax_rate_id: Option<Uuid>,
}

impl Product {
    fn price(&self) -> Option<Money> {
        Money::from_minor(self.price_minor?, self.price_currency.as_deref()?).ok()
    }
}

/// What the lines name, looked up at once.
struct Known {
    products: HashMap<Uuid, Product>,
    rates: HashMap<Uuid, Percent>,
    prices: Prices,
}

/// Everything that is wrong is told together: `lines.2.quantity` is the quantity of the second line.
pub async fn complete(
    ctx: &mut Ctx,
    currency: &str,
    customer: Option<Uuid>,
    inputs: &[LineInput],
) -> Result<Vec<Line>> {
    if inputs.len() > MOST_LINES {
        let message = t!("{count} lines are too many; {most} fit", count = inputs.len(), most = MOST_LINES);
        return Err(Error::field("lines", message));
    }
    let known = known(ctx, currency, customer, inputs).await?;
    let (mut lines, mut faults) = (Vec::with_capacity(inputs.len()), Vec::new());
    for (at, input) in (1..).zip(inputs) {
        match line(&known, currency, input) {
            Ok(line) => lines.push(line),
            Err((field, message)) => faults.push(FieldError { field: format!("lines.{at}.{field}"), message }),
        }
    }
    if faults.is_empty() { Ok(lines) } else { Err(Error::fields(faults)) }
}

async fn known(ctx: &mut Ctx, currency: &str, customer: Option<Uuid>, inputs: &[LineInput]) -> Result<Known> {
    let (tenant, day) = (ctx.access.tenant.0, ctx.today());
    let wanted: Vec<Uuid> = inputs.iter().filter_map(|input| input.product).collect();
    let query = sqlx::query_as(PRODUCTS).bind(tenant).bind(&wanted);
    let products: Vec<Product> = query.fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let of_products = products.iter().filter_map(|product| product.tax_rate_id);
    let rates: Vec<Uuid> = inputs.iter().filter_map(|input| input.tax_rate).chain(of_products).collect();
    let query = sqlx::query_as(RATES).bind(tenant).bind(rates);
    let rates: Vec<(Uuid, i64)> = query.fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    Ok(Known {
        prices: Prices::of(ctx, &wanted, customer, currency, day).await?,
        products: products.into_iter().map(|product| (product.id, product)).collect(),
        rates: rates.into_iter().filter_map(|(id, percent)| Some((id, Percent::from_thousandths(percent)?))).collect(),
    })
}

type Fault = (&'static str, String);

fn line(known: &Known, currency: &str, input: &LineInput) -> Result<Line, Fault> {
    let product = match input.product {
        Some(id) => {
            Some(known.products.get(&id).ok_or_else(|| ("product", t!("There is no such product").to_owned()))?)
        }
        None => None,
    };
    if let Some(product) = product.filter(|product| product.status != "active") {
        return Err(("product", t!("{product} is no longer sold", product = product.name)));
    }
    let description = description(input, product)?;
    let quantity = quantity(input.quantity.as_deref().unwrap_or("1"))?;
    let unit_price = unit_price(known, currency, input, product, quantity)?;
    let discount = input.discount.unwrap_or_default();
    let tax_rate = input.tax_rate.or(product.and_then(|product| product.tax_rate_id));
    let tax_percent = match tax_rate {
        Some(id) => *known.rates.get(&id).ok_or_else(|| ("taxRate", t!("There is no such tax rate").to_owned()))?,
        None => Percent::default(),
    };
    let large = |problem: domain::money::MoneyError| ("unitPrice", problem.to_string());
    let gross = unit_price.times(quantity, QUANTITY_SCALE, Rounding::HalfUp).map_err(large)?;
    let taxed = gross.discounted(discount).and_then(|net| net.taxed(tax_percent)).map_err(large)?;
    Ok(Line {
        product: product.map(|product| product.id),
        description,
        quantity,
        unit_price,
        discount,
        tax_rate,
        tax_percent,
        net: taxed.net,
        tax: taxed.tax,
    })
}

fn description(input: &LineInput, product: Option<&Product>) -> Result<String, Fault> {
    let typed = input.description.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let text = typed.or(product.map(|product| product.name.as_str()));
    let text = text.ok_or_else(|| ("description", t!("Name a product, or say what is sold").to_owned()))?;
    let length = text.chars().count();
    if length > LONGEST || text.contains('\0') {
        let message = t!("{length} characters are too many; at most {most} fit", length, most = LONGEST);
        return Err(("description", message));
    }
    Ok(text.to_owned())
}

fn quantity(text: &str) -> Result<i64, Fault> {
    match parse_scaled(text, QUANTITY_SCALE) {
        Ok(quantity @ 1..=MOST_OF_ONE) => Ok(quantity),
        Ok(..=0) => Err(("quantity", t!("Sell more than none").to_owned())),
        _ => Err(("quantity", t!("{text} is not a quantity; write a number with at most three decimals", text))),
    }
}

fn unit_price(
    known: &Known,
    currency: &str,
    input: &LineInput,
    product: Option<&Product>,
    quantity: i64,
) -> Result<Money, Fault> {
    if let Some(typed) = input.unit_price.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        let price = Money::parse(typed, currency).map_err(|problem| ("unitPrice", problem.to_string()))?;
        return if price.minor() < 0 {
            Err(("unitPrice", t!("A price is not below zero; give a discount instead").to_owned()))
        } else {
            Ok(price)
        };
    }
    let Some(product) = product else { return Err(("unitPrice", t!("Say what one of it costs").to_owned())) };
    let own = product.price();
    let price = known.prices.one(product.id, quantity, own.as_ref()).map_err(|error| ("unitPrice", error.message))?;
    price.ok_or_else(|| {
        ("unitPrice", t!("{product} has no price in {currency}; type one", product = product.name, currency))
    })
}

impl Sums {
    pub fn of(currency: &str, lines: &[Line]) -> Result<Self> {
        let net = Money::sum(currency, lines.iter().map(|line| &line.net))?;
        let tax = Money::sum(currency, lines.iter().map(|line| &line.tax))?;
        Ok(Self { total: net.checked_add(&tax)?, net, tax })
    }
}

/// As the history keeps it: enough to see what was ordered.
pub fn told(lines: &[Line]) -> Value {
    let one = |line: &Line| {
        let quantity = short(line.quantity, QUANTITY_SCALE);
        json!({ "product": line.product, "description": line.description, "quantity": quantity, "net": line.net, "tax": line.tax })
    };
    lines.iter().map(one).collect()
}

pub async fn replace(ctx: &mut Ctx, order: Uuid, currency: &str, lines: &[Line]) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    sqlx::query(CLEAR).bind(tenant).bind(order).execute(ctx.conn().await?).await.map_err(db_error)?;
    let ids: Vec<Uuid> = lines.iter().map(|_| ctx.new_id()).collect();
    sqlx::query(INSERT)
        .bind(tenant)
        .bind(order)
        .bind(currency)
        .bind(ids)
        .bind(lines.iter().map(|line| line.product).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.description.as_str()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.quantity).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.unit_price.minor()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.discount.thousandths()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.tax_rate).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.tax_percent.thousandths()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.net.minor()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.tax.minor()).collect::<Vec<_>>())
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(())
}
