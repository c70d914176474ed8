//! Operations of other parts, as far as workflows need them: each leaves a change, so that what happened can be counted.

use domain::records::{Record, Values};
use domain::{Error, Operation, OperationKind, Requires, Result};
use platform::{Change, Ctx, Registry, db_error};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;
use uuid::Uuid;
use workflow::KnownOperation;

macro_rules! stub {
    ($name:literal, $type:ident { $($(#[$m:meta])* $field:ident : $of:ty),* $(,)? }) => {
        #[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $type { $($(#[$m])* pub $field: $of,)* }

        impl Operation for $type {
            const NAME: &'static str = $name;
            const KIND: OperationKind = OperationKind::Write;
            type Output = Value;
            fn requires(&self) -> Requires<'_> {
                Requires::Member
            }
        }
    };
}

stub!("sales.create_invoice", CreateInvoice { order: Uuid, due_on: String });
stub!("finance.post_invoice", PostInvoice { invoice: Uuid, #[serde(default)] description: Option<String> });
stub!("messaging.send", Send {
    channel: String,
    template: String,
    to: String,
    #[serde(default)] subject: Option<String>,
    values: Value,
    record: Value,
    attachments: Vec<Value>,
    key: String,
});
stub!("test.count", Count { what: String });
stub!("test.fail", Fail { kind: String });
stub!("test.flaky", Flaky { times: u32 });
stub!("test.slow", Slow { milliseconds: u64 });

pub fn register(registry: &mut Registry) {
    registry.add(create_invoice).add(post_invoice).add(send).add(count).add(fail).add(flaky).add(slow);
    for name in [
        "sales.create_invoice",
        "finance.post_invoice",
        "messaging.send",
        "test.count",
        "test.fail",
        "test.flaky",
        "test.slow",
    ] {
        registry.hook(KnownOperation(name));
    }
}

fn told(ctx: &mut Ctx, entity: &str, record: Option<Uuid>, after: Value) {
    ctx.changed(Change { entity: entity.to_owned(), record, before: None, after: Some(after), event: None });
}

async fn create_invoice(ctx: &mut Ctx, create: CreateInvoice) -> Result<Value> {
    let made: Option<Uuid> = sqlx::query_scalar("select id from test_invoices where tenant_id = $1 and order_id = $2")
        .bind(ctx.access.tenant.0)
        .bind(create.order)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if let Some(invoice) = made {
        return Ok(json!({ "invoice": invoice, "created": false }));
    }
    let order = records::visible(ctx, &*ctx.entity("order")?, create.order).await?;
    let mut values = Values::new();
    values.insert("order".to_owned(), json!(create.order));
    values.insert("customer".to_owned(), order.values["customer"].clone());
    values.insert("totalAmount".to_owned(), order.values["totalAmount"].clone());
    values.insert("dueDate".to_owned(), json!(create.due_on));
    let entity = ctx.entity("invoice")?;
    let made: Record = records::insert(ctx, &entity, &values, records::By::Server).await?;
    Ok(json!({ "invoice": made.id, "created": true }))
}

async fn post_invoice(ctx: &mut Ctx, post: PostInvoice) -> Result<Value> {
    let entry = ctx.new_id();
    told(ctx, "journal_entry", Some(entry), json!({ "invoice": post.invoice, "description": post.description }));
    Ok(json!({ "entry": entry, "created": true }))
}

async fn send(ctx: &mut Ctx, send: Send) -> Result<Value> {
    let message = ctx.new_id();
    told(ctx, "message", Some(message), serde_json::to_value(send).unwrap());
    Ok(json!({ "message": message, "created": true }))
}

/// One effect that can be counted.
async fn count(ctx: &mut Ctx, count: Count) -> Result<Value> {
    told(ctx, "effect", None, json!({ "what": count.what }));
    Ok(json!({ "what": count.what }))
}

async fn fail(ctx: &mut Ctx, fail: Fail) -> Result<Value> {
    told(ctx, "effect", None, json!({ "what": "never" }));
    Err(match fail.kind.as_str() {
        "invalid" => Error::field("kind", "This will never do"),
        "forbidden" => Error::forbidden("test.fail", "ADMIN"),
        "missing" => Error::not_found(),
        _ => Error::unavailable("Not now"),
    })
}

/// Fails so many times in this process, then succeeds.
async fn flaky(ctx: &mut Ctx, flaky: Flaky) -> Result<Value> {
    static FAILED: Mutex<Vec<(Uuid, u32)>> = Mutex::new(Vec::new());
    let run = ctx.origin.cause_id.unwrap_or_default();
    told(ctx, "effect", None, json!({ "what": "flaky" }));
    let mut failed = FAILED.lock().unwrap();
    let place = failed.iter().position(|(id, _)| *id == run).unwrap_or_else(|| {
        failed.push((run, 0));
        failed.len() - 1
    });
    failed[place].1 += 1;
    if failed[place].1 <= flaky.times {
        Err(Error::unavailable("Not yet"))
    } else {
        Ok(json!({ "tries": failed[place].1 }))
    }
}

/// How many are in [`slow`] now, and the most that ever were, by workspace: the tests of a process may be at it together.
static INSIDE: Mutex<BTreeMap<Uuid, (u32, u32)>> = Mutex::new(BTreeMap::new());

pub fn most_inside(tenant: Uuid) -> u32 {
    INSIDE.lock().unwrap().get(&tenant).map_or(0, |(_, most)| *most)
}

async fn slow(ctx: &mut Ctx, slow: Slow) -> Result<Value> {
    told(ctx, "effect", None, json!({ "what": "slow" }));
    let tenant = ctx.access.tenant.0;
    {
        let mut all = INSIDE.lock().unwrap();
        let (now, most) = all.entry(tenant).or_default();
        *now += 1;
        *most = (*most).max(*now);
    }
    tokio::time::sleep(Duration::from_millis(slow.milliseconds)).await;
    if let Some((now, _)) = INSIDE.lock().unwrap().get_mut(&tenant) {
        *now -= 1;
    }
    Ok(json!({}))
}
