//! Objects that operations are about, made over the API by the owner of their workspace. Every text in them is a canary.

use crate::support::{Client, Server};
use domain::MemberId;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::TestTenant;

/// In every text of a fixture, with the name of its workspace behind it.
pub const CANARY: &str = "CANARY";
/// The id of nothing.
pub const NEVER: &str = "0199a000-0000-7000-8000-000000000000";
/// What was done: a refusal is written down too, and changes nothing.
const DONE: &str =
    "(select * from changes where outcome = 'done' and entity <> 'session' and operation not like '%.export')";
/// Everything that a call may change. Not: what readers of changes derive, keys and counters of requests.
pub const TABLES: &[&str] = &[
    "members",
    "roles",
    "api_keys",
    "companies",
    "leads",
    "merges",
    "notes",
    "mentions",
    "files",
    "customers",
    "contacts",
    "opportunities",
    "activities",
    "tasks",
    "products",
    "prices",
    "orders",
    "order_lines",
    "invoices",
    "invoice_lines",
    "payments",
    "journal_entries",
    "journal_lines",
    "stock_movements",
    "tax_rates",
    "ledger_accounts",
    "messages",
    "delivery_attempts",
    "workflows",
    "workflow_versions",
    "runs",
    "waitpoints",
    "approvals",
    "approval_decisions",
    "notifications",
    "imports",
    "import_rows",
    "saved_views",
    "bulk_changes",
    "bulk_rows",
    DONE,
    "events",
    "sessions",
    "idempotency_keys",
];

pub struct Fixtures {
    owner: Client,
    api: String,
    me: MemberId,
    manager: Client,
    customer: String,
    product: String,
    account: String,
    /// What is made once and asked about many times.
    shared: BTreeMap<String, String>,
    made: usize,
    canary: String,
}

impl Fixtures {
    pub async fn new(server: &Server, tenant: &TestTenant, name: &str) -> Self {
        server.world.furnish(tenant).await;
        let (owner, caller) = server.signed_in(tenant, name, &["OWNER"]).await;
        let (manager, _) = server.signed_in(tenant, &format!("{name}s manager"), &["SALES_MANAGER"]).await;
        let mut fixtures = Self {
            owner,
            api: format!("/w/{}/api/v1", tenant.slug),
            me: caller.access.member,
            manager,
            customer: String::new(),
            product: String::new(),
            account: String::new(),
            shared: BTreeMap::new(),
            made: 0,
            canary: format!("{CANARY} {}", tenant.slug),
        };
        let customer = json!({ "name": fixtures.canary, "email": "canary@kisumu.example" });
        fixtures.customer = fixtures.post("/customers", &customer).await["id"].as_str().unwrap().to_owned();
        let price = json!({ "amount": "100", "currency": "KES" });
        let product = json!({ "name": fixtures.canary, "sku": "C-1", "price": price });
        fixtures.product = fixtures.post("/products", &product).await["id"].as_str().unwrap().to_owned();
        let stock = json!({ "product": fixtures.product, "by": "100000", "reason": "Delivered" });
        fixtures.post("/inventory/adjust", &stock).await;
        let (_, accounts) = fixtures.owner.json(&format!("{}/ledger-accounts?limit=1", fixtures.api)).await;
        fixtures.account = accounts["data"][0]["id"].as_str().unwrap().to_owned();
        fixtures
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.owner.write(Method::POST, &format!("{}{path}", self.api), body).await;
        assert!(status.is_success(), "{path} {body}: {status} {answer}");
        answer["data"].clone()
    }

    async fn id(&self, path: &str, body: &Value) -> String {
        let made = self.post(path, body).await;
        made["id"].as_str().unwrap_or_else(|| panic!("{path}: {made}")).to_owned()
    }

    /// Somebody's own, where the kind has owners.
    pub async fn owned(&mut self, kind: &str, owner: MemberId) -> Option<String> {
        match kind {
            "lead" => Some(self.id("/leads", &json!({ "name": self.canary, "owner": owner.0 })).await),
            "customer" => Some(self.id("/customers", &json!({ "name": self.canary, "owner": owner.0 })).await),
            "opportunity" => Some(self.opportunity(owner).await),
            "order" => Some(self.order(Some(owner)).await),
            _ => None,
        }
    }

    async fn opportunity(&self, owner: MemberId) -> String {
        let deal = json!({ "name": self.canary, "customer": self.customer, "owner": owner.0 });
        self.id("/opportunities", &deal).await
    }

    async fn order(&self, owner: Option<MemberId>) -> String {
        let lines = json!([{ "product": self.product, "quantity": "1" }]);
        let owner = owner.unwrap_or(self.me).0;
        let order = json!({ "customer": self.customer, "notes": self.canary, "owner": owner, "lines": lines });
        let order = self.post("/operations/sales.make_order", &order).await;
        order["order"]["id"].as_str().unwrap().to_owned()
    }

    /// An object of a kind, the workspace owner's. `reader` is who it will be shown to, where it is somebody's alone.
    pub async fn make(&mut self, kind: &str, reader: Option<MemberId>) -> String {
        self.made += 1;
        match kind {
            "lead" => self.id("/leads", &json!({ "name": self.canary, "notes": self.canary })).await,
            "customer" => self.customer.clone(),
            "opportunity" => self.opportunity(self.me).await,
            "product" => self.product.clone(),
            "account" => self.account.clone(),
            "order" => self.order(None).await,
            "import" => {
                let content: Vec<u8> = format!("name\n{}\n", self.canary).into_bytes();
                let import = json!({ "entity": "lead", "fileName": "a.csv", "content": content });
                self.id("/operations/imports.create", &import).await
            }
            "message" => self.message().await,
            "workflow" => self.workflow().await,
            "notification" => self.notification(reader.unwrap_or(self.me)).await,
            "session" => {
                let (_, sessions) = self
                    .owner
                    .write(Method::POST, &format!("{}/operations/people.list_sessions", self.api), &json!({}))
                    .await;
                sessions["data"][0]["id"].as_str().unwrap().to_owned()
            }
            "invoice" | "entry" | "run" | "approval" => {
                if !self.shared.contains_key(kind) {
                    self.share().await;
                }
                self.shared[kind].clone()
            }
            other => panic!("nobody knows how to make {other}"),
        }
    }

    async fn message(&self) -> String {
        let message = json!({
            "template": "invoice_notification", "to": "canary@kisumu.example", "key": format!("m{}", self.made),
            "values": {
                "customer": { "name": self.canary },
                "invoice": { "invoiceNumber": "INV-1", "dueDate": "2026-12-20", "totalAmount": { "amount": "1.00", "currency": "KES" } },
            },
        });
        let queued = self.post("/operations/messaging.send", &message).await;
        queued["message"].as_str().unwrap().to_owned()
    }

    async fn workflow(&self) -> String {
        let steps = json!([{ "key": "look", "type": "branch", "input": { "if": "task.title != ''", "else": "end" } }]);
        let trigger = json!({ "on": "by_hand", "entity": "task" });
        let definition =
            json!({ "key": format!("c{}", self.made), "name": self.canary, "trigger": trigger, "steps": steps });
        let id = self.id("/operations/workflow.save", &json!({ "definition": definition })).await;
        self.post("/operations/workflow.set_active", &json!({ "id": id, "active": true })).await;
        id
    }

    async fn notification(&self, member: MemberId) -> String {
        let notify = json!({ "to": { "member": member.0 }, "title": self.canary, "key": format!("n{}", self.made) });
        self.post("/operations/workflow.notify", &notify).await;
        // Only whoever it is for can see it; what reads do not need is that it exists.
        let (_, list) = self
            .owner
            .write(Method::POST, &format!("{}/operations/workflow.list_notifications", self.api), &json!({}))
            .await;
        list["data"][0]["id"].as_str().unwrap_or(NEVER).to_owned()
    }

    /// An order on its whole way: its approval, its invoice, the entry, a run.
    async fn share(&mut self) {
        let order = self.order(None).await;
        let step = async |fixtures: &Self, step: &str| {
            fixtures.post(&format!("/orders/{order}/transitions/{step}"), &json!({})).await;
        };
        step(self, "submit").await;
        let approvals = format!("{}/operations/workflow.list_approvals", self.api);
        let (_, asked) = self.manager.write(Method::POST, &approvals, &json!({})).await;
        let approval = asked["data"][0]["id"].as_str().unwrap().to_owned();
        let decide = format!("{}/operations/workflow.decide_approval", self.api);
        let (status, answer) =
            self.manager.write(Method::POST, &decide, &json!({ "id": approval, "decision": "approve" })).await;
        assert!(status.is_success(), "{answer}");
        step(self, "pick").await;
        step(self, "ship").await;
        let invoice = self.post("/operations/sales.create_invoice", &json!({ "order": order })).await;
        let invoice = invoice["invoice"].as_str().unwrap().to_owned();
        let posted = self.post("/operations/finance.post_invoice", &json!({ "invoice": invoice })).await;
        self.shared.insert("approval".to_owned(), approval);
        self.shared.insert("invoice".to_owned(), invoice);
        self.shared.insert("entry".to_owned(), posted["entry"].as_str().unwrap().to_owned());
        let workflow = self.workflow().await;
        let task = self.id("/tasks", &json!({ "title": self.canary })).await;
        let started = json!({ "id": workflow, "record": task });
        let run = self.id("/operations/workflow.start", &started).await;
        self.shared.insert("run".to_owned(), run);
    }

    /// One of the kind in the trash, where it has one.
    pub async fn trashed(&mut self, kind: &str) -> Option<String> {
        if kind != "lead" {
            return None;
        }
        let id = self.make(kind, None).await;
        self.trash(&id).await;
        Some(id)
    }

    pub async fn trash(&self, lead: &str) {
        let path = format!("{}/leads/{lead}", self.api);
        let (status, answer) = self.owner.write(Method::DELETE, &path, &json!({})).await;
        assert!(status.is_success(), "{answer}");
    }
}
