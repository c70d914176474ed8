//! Objects that operations are about, made over the API by the owner of their workspace. Every text in them is a canary.

use crate::support::{Client, Server};
use domain::{MemberId, TenantId, UserId};
use platform::Services;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use testkit::TestTenant;

/// In every text of a fixture, with the name of its workspace behind it.
pub const CANARY: &str = "CANARY";
/// The id of nothing.
pub const NEVER: &str = "0199a000-0000-7000-8000-000000000000";
/// Kinds whose objects are somebody's; all others are the workspace's.
pub const OWNED: &[&str] = &[
    "booked",
    "bulk",
    "change",
    "customer",
    "done_import",
    "draft_invoice",
    "export",
    "file",
    "gone_file",
    "gone_lead",
    "gone_note",
    "import",
    "invoice",
    "key",
    "lead",
    "mapped_import",
    "merge",
    "message",
    "note",
    "notification",
    "opportunity",
    "order",
    "pair",
    "posted_invoice",
    "question",
    "sent",
    "session",
    "shipped",
    "view",
];

/// Somebody who makes what only they can make.
#[derive(Clone)]
pub struct Someone {
    pub client: Client,
    pub member: MemberId,
    pub user: UserId,
    pub role: String,
}

pub struct Fixtures {
    pub(super) owner: Client,
    pub(super) api: String,
    pub(super) tenant: TenantId,
    pub(super) slug: String,
    pub(super) services: Arc<Services>,
    pub(super) me: MemberId,
    user: UserId,
    manager: Client,
    /// Who has keys that others may revoke, where somebody was made for it: an owner's are no administrator's business.
    clerk: Option<Client>,
    pub(super) customer: String,
    pub(super) product: String,
    account: String,
    /// What is made once and asked about many times.
    shared: BTreeMap<String, String>,
    made: usize,
    pub(super) canary: String,
}

impl Fixtures {
    pub async fn new(server: &Server, tenant: &TestTenant, name: &str) -> Self {
        server.world.furnish(tenant).await;
        let (owner, caller) = server.signed_in(tenant, name, &["OWNER"]).await;
        let (manager, _) = server.signed_in(tenant, &format!("{name}s manager"), &["SALES_MANAGER"]).await;
        let mut fixtures = Self {
            owner,
            api: format!("/w/{}/api/v1", tenant.slug),
            tenant: tenant.id,
            slug: tenant.slug.clone(),
            services: server.world.services().clone(),
            me: caller.access.member,
            user: caller.access.user.unwrap(),
            manager,
            clerk: None,
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

    /// Makes an administrator whose keys are made for colleagues.
    pub async fn employ(&mut self, server: &Server, tenant: &TestTenant) {
        let (clerk, _) = server.signed_in(tenant, "Clerk", &["ADMIN"]).await;
        self.clerk = Some(clerk);
    }

    pub(super) async fn post_by(&self, client: &Client, path: &str, body: &Value) -> Value {
        let (status, answer) = client.write(Method::POST, &format!("{}{path}", self.api), body).await;
        assert!(status.is_success(), "{path} {body}: {status} {answer}");
        answer["data"].clone()
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Value {
        self.post_by(&self.owner, path, body).await
    }

    pub(super) async fn id(&self, path: &str, body: &Value) -> String {
        let made = self.post(path, body).await;
        made["id"].as_str().unwrap_or_else(|| panic!("{path}: {made}")).to_owned()
    }

    /// A number that nothing made before has.
    pub(super) fn next(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    pub(super) async fn opportunity(&self, owner: MemberId) -> String {
        let deal = json!({ "name": self.canary, "customer": self.customer, "owner": owner.0 });
        self.id("/opportunities", &deal).await
    }

    pub(super) async fn order(&self, owner: Option<MemberId>) -> String {
        let lines = json!([{ "product": self.product, "quantity": "1" }]);
        let owner = owner.unwrap_or(self.me).0;
        let order = json!({ "customer": self.customer, "notes": self.canary, "owner": owner, "lines": lines });
        let order = self.post("/operations/sales.make_order", &order).await;
        order["order"]["id"].as_str().unwrap().to_owned()
    }

    /// An object of a kind, the workspace owner's. `reader` is who it will be shown to, where it is somebody's alone.
    pub async fn make(&mut self, kind: &str, reader: Option<MemberId>) -> String {
        self.next();
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
            other => self.of_the_owner(other).await,
        }
    }

    /// The same of what the matrix alone asks for.
    async fn of_the_owner(&mut self, kind: &str) -> String {
        if let Some(id) = self.of_the_workspace(kind).await {
            return id;
        }
        if let Some(id) = self.owned(kind, self.me).await {
            return id;
        }
        let client = self.clerk.clone().filter(|_| kind == "key").unwrap_or_else(|| self.owner.clone());
        // Whoever is asked in the owner's place holds a role that nobody holds.
        let me = Someone { client, member: self.me, user: self.user, role: "JUDGE".to_owned() };
        let everything = super::rows::grants("OWNER");
        self.by(kind, &me, &everything).await.unwrap_or_else(|| panic!("nobody knows how to make {kind}"))
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

    pub(super) async fn workflow(&self) -> String {
        let steps = json!([{ "key": "look", "type": "branch", "input": { "if": "task.title != ''", "else": "end" } }]);
        self.workflow_of(&steps).await
    }

    /// One that is started by hand, with these steps.
    pub(super) async fn workflow_of(&self, steps: &Value) -> String {
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
        let (order, approval) = self.shipped(self.me).await;
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

    /// An order that has shipped, and the approval that it needed.
    pub(super) async fn shipped(&self, owner: MemberId) -> (String, String) {
        let order = self.order(Some(owner)).await;
        let step = async |step: &str| self.post(&format!("/orders/{order}/transitions/{step}"), &json!({})).await;
        step("submit").await;
        let asked = self.post_by(&self.manager, "/operations/workflow.list_approvals", &json!({})).await;
        let mut asked = asked.as_array().into_iter().flatten();
        let ours = asked.find(|approval| approval["record"] == order.as_str()).expect("an approval of the order");
        let approval = ours["id"].as_str().unwrap().to_owned();
        let decision = json!({ "id": approval, "decision": "approve" });
        self.post_by(&self.manager, "/operations/workflow.decide_approval", &decision).await;
        step("pick").await;
        step("ship").await;
        (order, approval)
    }

    /// One of the kind in the trash, where it has one; of what lies beside a record, the record is.
    pub async fn trashed(&mut self, kind: &str) -> Option<String> {
        let (entities, id) = match kind {
            "lead" | "note" | "file" => ("leads", self.make(kind, None).await),
            "customer" => ("customers", self.owned(kind, self.me).await?),
            "opportunity" => ("opportunities", self.make(kind, None).await),
            _ => return None,
        };
        self.trash(entities, id.split('/').next().unwrap_or_default()).await;
        Some(id)
    }

    pub(super) async fn trash(&self, entities: &str, id: &str) {
        let path = format!("{}/{entities}/{id}", self.api);
        let (status, answer) = self.owner.write(Method::DELETE, &path, &json!({})).await;
        assert!(status.is_success(), "{path}: {answer}");
    }
}
