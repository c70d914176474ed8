//! What is open, by how long it is overdue: from the open items themselves, not from the account.

use super::whole;
use chrono::NaiveDate;
use domain::finance::{AgeBucket, AgedCustomer, Receivables, ReceivablesByAge};
use domain::money::Rounding;
use domain::{Money, Result};
use platform::{Bind, Ctx, Row, Statement};
use std::collections::BTreeMap;
use uuid::Uuid;

const OPEN: &str = "\
select i.customer_id, c.name, i.currency, i.rate,
    case when $2::date - i.due_date <= 30 then 0 when $2::date - i.due_date <= 60 then 1 when $2::date - i.due_date <= 90 then 2 else 3 end,
    sum(i.open_amount_minor)::bigint, count(*)
from invoices i join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
where i.tenant_id = $1 and i.status in ('posted', 'partially_paid') and i.deleted_at is null
group by 1, 2, 3, 4, 5";

/// Key, and the days overdue at its ends.
const BUCKETS: [(&str, &str); 4] = [
    ("0-30", "daysOverdue <= 30"),
    ("31-60", "daysOverdue >= 31 and daysOverdue <= 60"),
    ("61-90", "daysOverdue >= 61 and daysOverdue <= 90"),
    ("90+", "daysOverdue >= 91"),
];

const CUSTOMERS: usize = 100;

struct Item {
    customer: Uuid,
    name: String,
    open: Money,
    base: Money,
    bucket: usize,
    count: i64,
}

pub async fn receivables_by_age(ctx: &mut Ctx, operation: ReceivablesByAge) -> Result<Receivables> {
    whole(ctx, "finance.invoice.read")?;
    let on = operation.on.unwrap_or_else(|| ctx.today());
    let base = ctx.access.currency.clone();
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Date(Some(on))];
    let rows = ctx.fetch(Statement::new(OPEN, binds)).await?;
    let items: Vec<Item> = rows.iter().map(|row| item(row, &base)).collect::<Result<_>>()?;
    added_up(on, &base, &items)
}

fn item(row: &Row, base: &str) -> Result<Item> {
    let currency: String = row.get(2)?;
    let open = Money::from_minor(row.get(5)?, &currency)?;
    let bucket: i32 = row.get(4)?;
    Ok(Item {
        customer: row.get(0)?,
        name: row.get(1)?,
        base: open.converted(row.get(3)?, base, Rounding::HalfUp)?,
        open,
        bucket: usize::try_from(bucket).unwrap_or_default(),
        count: row.get(6)?,
    })
}

fn added_up(on: NaiveDate, base: &str, items: &[Item]) -> Result<Receivables> {
    let mut buckets = Vec::with_capacity(BUCKETS.len());
    for (place, (key, days)) in BUCKETS.into_iter().enumerate() {
        let inside: Vec<&Item> = items.iter().filter(|item| item.bucket == place).collect();
        let mut open: BTreeMap<&str, Vec<&Money>> = BTreeMap::new();
        for item in &inside {
            open.entry(item.open.currency()).or_default().push(&item.open);
        }
        buckets.push(AgeBucket {
            key: key.to_owned(),
            count: inside.iter().map(|item| item.count).sum(),
            open: open.into_iter().map(|(code, list)| Money::sum(code, list)).collect::<Result<_, _>>()?,
            base: Money::sum(base, inside.iter().map(|item| &item.base))?,
            filter: format!("status in (posted, partially_paid) and {days}"),
        });
    }
    Ok(Receivables { on, buckets, customers: customers(items)? })
}

fn customers(items: &[Item]) -> Result<Vec<AgedCustomer>> {
    let mut owing: BTreeMap<(&str, Uuid), Vec<&Item>> = BTreeMap::new();
    for item in items {
        owing.entry((item.open.currency(), item.customer)).or_default().push(item);
    }
    let mut by_currency: BTreeMap<&str, Vec<AgedCustomer>> = BTreeMap::new();
    for ((currency, customer), list) in owing {
        let of = |place: usize| list.iter().filter(move |item| item.bucket == place).map(|item| &item.open);
        let open = (0..BUCKETS.len()).map(|place| Money::sum(currency, of(place))).collect::<Result<Vec<_>, _>>()?;
        let name = list.first().map(|item| item.name.clone()).unwrap_or_default();
        let total = Money::sum(currency, &open)?;
        by_currency.entry(currency).or_default().push(AgedCustomer { customer, name, total, open });
    }
    let mut out = Vec::new();
    for mut list in by_currency.into_values() {
        list.sort_by(|left, right| right.total.minor().cmp(&left.total.minor()).then(left.name.cmp(&right.name)));
        list.truncate(CUSTOMERS);
        out.extend(list);
    }
    Ok(out)
}
