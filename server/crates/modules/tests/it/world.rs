//! A workspace with its chart of accounts, people of every role, something to sell and somebody to sell it to.

use domain::inventory::Adjust;
use domain::records::{CreateRecord, GetRecord, Record, TransitionRecord, Values};
use domain::sales::{CreateInvoice, InvoiceCreated, LineInput, MakeOrder, OrderView};
use domain::{Kind, Operation, Result};
use platform::Caller;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::sync::Arc;
use std::time::Duration;
use testkit::{TestTenant, TestWorld};
use uuid::Uuid;

pub struct World {
    pub test: TestWorld,
    pub owner: PgPool,
    pub tenant: TestTenant,
    /// Holds every role that an order's way asks for.
    pub boss: Caller,
    pub customer: Uuid,
    pub vat: Uuid,
}

impl World {
    pub async fn new() -> Self {
        let test = TestWorld::new(|registry| {
            records::register(registry);
            nexus_modules::register(registry);
        })
        .await;
        let owner = test.owner().await;
        let tenant = test.tenant("here", "core").await;
        test.furnish(&tenant).await;
        let boss = test.member(&tenant, "Bea Boss", &["ADMIN", "SALES_MANAGER"]).await;
        let mut world = Self { test, owner, tenant, boss, customer: Uuid::nil(), vat: Uuid::nil() };
        world.customer =
            world.create("customer", json!({ "name": "Lake Transport", "email": "lake@example.com" })).await.id;
        world.vat = world.create("tax_rate", json!({ "name": "Test 16", "percent": "16" })).await.id;
        world
    }

    pub async fn run<O: Operation + Clone>(&self, operation: O) -> Result<O::Output> {
        self.run_as(&self.boss, operation).await
    }

    /// Sixty-four at once share sixteen connections: who finds none in time tries again, as a browser would.
    pub async fn run_as<O: Operation + Clone>(&self, caller: &Caller, operation: O) -> Result<O::Output> {
        loop {
            match self.test.run(caller, operation.clone()).await {
                Err(error) if error.kind == Kind::Unavailable => tokio::time::sleep(Duration::from_millis(20)).await,
                done => return done,
            }
        }
    }

    pub async fn create(&self, entity: &str, values: Value) -> Record {
        let Value::Object(values) = values else { panic!("{values} is no object") };
        self.run(CreateRecord { entity: entity.to_owned(), values }).await.expect(entity)
    }

    pub async fn get(&self, entity: &str, id: Uuid) -> Record {
        self.run(GetRecord { entity: entity.to_owned(), id }).await.expect(entity)
    }

    /// A stocked product at 1,000 with tax, of which there are so many.
    pub async fn product(&self, name: &str, quantity: i64) -> Uuid {
        let values = json!({
            "name": name, "sku": name, "price": { "amount": "1000", "currency": "KES" }, "taxRate": self.vat, "stocked": true,
        });
        let product = self.create("product", values).await.id;
        if quantity > 0 {
            self.run(Adjust { product, by: Some(quantity.to_string()), counted: None, reason: "Delivered".into() })
                .await
                .expect("stock");
        }
        product
    }

    /// An order of these products and quantities.
    pub async fn order(&self, lines: &[(Uuid, i64)]) -> OrderView {
        let line = |(product, quantity): &(Uuid, i64)| LineInput {
            product: Some(*product),
            quantity: Some(quantity.to_string()),
            ..LineInput::default()
        };
        let lines = lines.iter().map(line).collect();
        self.run(MakeOrder { customer: Some(self.customer), lines, ..MakeOrder::default() }).await.expect("an order")
    }

    /// An order of one line at a price, with or without tax.
    pub async fn order_at(&self, price: &str, tax: bool) -> OrderView {
        let line = LineInput {
            description: Some("Work".into()),
            unit_price: Some(price.into()),
            tax_rate: tax.then_some(self.vat),
            ..LineInput::default()
        };
        let order = MakeOrder { customer: Some(self.customer), lines: vec![line], ..MakeOrder::default() };
        self.run(order).await.expect("an order")
    }

    pub async fn go(&self, caller: &Caller, order: Uuid, to: &str) -> Result<Record> {
        let operation = TransitionRecord {
            entity: "order".into(),
            id: order,
            version: None,
            name: None,
            to: Some(to.into()),
            pipeline: None,
            values: Values::new(),
        };
        self.run_as(caller, operation).await
    }

    pub async fn along(&self, order: Uuid, way: &[&str]) {
        for state in way {
            self.go(&self.boss, order, state).await.unwrap_or_else(|error| panic!("to {state}: {error:?}"));
        }
    }

    /// An order of one price that has shipped.
    pub async fn shipped(&self, price: &str, tax: bool) -> Uuid {
        let order = self.order_at(price, tax).await.order.id;
        self.along(order, &["submitted", "approved", "picking", "shipped"]).await;
        order
    }

    pub async fn invoice(&self, price: &str, tax: bool) -> InvoiceCreated {
        let order = self.shipped(price, tax).await;
        self.run(CreateInvoice { order, due_on: None, issued_on: None }).await.expect("an invoice")
    }

    /// The same, posted.
    pub async fn posted(&self, price: &str, tax: bool) -> Uuid {
        let invoice = self.invoice(price, tax).await.invoice;
        self.run(domain::finance::PostInvoice { invoice }).await.expect("a posting");
        invoice
    }

    pub async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.owner).await.expect(sql)
    }

    /// A statement as the server's own role in this workspace: its error code and constraint, if it is refused (at commit too).
    pub async fn attempt(&self, sql: &str) -> Option<(String, String)> {
        let pool = &self.test.services().pools.app;
        let mut tx = platform::TenantTx::begin(pool, self.tenant.id, platform::TxMode::ReadWrite).await.unwrap();
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(tx.conn()).await.map(|_| ());
        let done = match done {
            Ok(()) => tx.commit().await,
            error => error,
        };
        let error = done.err()?;
        let known = error.as_database_error().unwrap_or_else(|| panic!("{error}"));
        let code = known.code().unwrap_or_default().into_owned();
        Some((code, known.constraint().unwrap_or_default().to_owned()))
    }

    pub fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }

    /// After everybody who shared it has come back.
    pub async fn done(shared: Arc<Self>) {
        Arc::try_unwrap(shared).unwrap_or_else(|_| panic!("somebody still holds the world")).end().await;
    }

    pub async fn end(self) {
        self.owner.close().await;
        self.test.end().await;
    }
}
