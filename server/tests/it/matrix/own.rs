//! Objects that the matrix alone asks for: what is somebody's own, what lies beside a record, and what has come a part of its way. An id with a
//! slash is that of a record and of what lies beside it.

use super::fixtures::{Fixtures, Someone};
use crate::support::Client;
use domain::{Grants, MemberId};
use platform::auth;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

impl Fixtures {
    async fn run_by(&self, client: &Client, operation: &str, input: &Value) -> Value {
        self.post_by(client, &format!("/operations/{operation}"), input).await
    }

    async fn run(&self, operation: &str, input: &Value) -> Value {
        self.post(&format!("/operations/{operation}"), input).await
    }

    /// What is worked on in the background, once it has come so far.
    async fn until(&self, client: &Client, operation: &str, input: &Value, far: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..400 {
            let found = self.run_by(client, operation, input).await;
            if far(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{operation} {input} does not come to its end");
    }

    async fn lead(&self, owner: MemberId) -> String {
        self.id("/leads", &json!({ "name": self.canary, "owner": owner.0 })).await
    }

    /// One of a kind that members own, made by the workspace's owner for somebody; nothing where it has no owners, or they make it themselves.
    pub async fn owned(&mut self, kind: &str, owner: MemberId) -> Option<String> {
        self.next();
        Some(match kind {
            "lead" => self.lead(owner).await,
            "gone_lead" => {
                let lead = self.lead(owner).await;
                self.trash("leads", &lead).await;
                lead
            }
            "customer" => self.id("/customers", &json!({ "name": self.canary, "owner": owner.0 })).await,
            "opportunity" => self.opportunity(owner).await,
            "booked" => self.booked(owner).await,
            "order" => self.order(Some(owner)).await,
            "shipped" => self.shipped(owner).await.0,
            "invoice" | "draft_invoice" => self.invoiced(owner).await,
            "posted_invoice" => {
                let invoice = self.invoiced(owner).await;
                self.run("finance.post_invoice", &json!({ "invoice": invoice })).await;
                invoice
            }
            "message" => self.written(owner).await,
            "sent" => {
                let message = self.written(owner).await;
                let asked = json!({ "id": message });
                let sent = |found: &Value| found["status"] != "queued" && found["status"] != "sending";
                self.until(&self.owner, "messaging.preview", &asked, sent).await;
                message
            }
            "change" => self.change(owner).await,
            "pair" => {
                let (kept, merged) = (self.lead(owner).await, self.lead(owner).await);
                format!("{kept}/{merged}")
            }
            "merge" => {
                let (kept, merged) = (self.lead(owner).await, self.lead(owner).await);
                let merge = json!({ "entity": "lead", "kept": kept, "merged": merged });
                text(&self.run("records.merge", &merge).await["merge"])
            }
            "file" => self.file(owner).await,
            "gone_file" => {
                let file = self.file(owner).await;
                let (record, id) = file.split_once('/')?;
                self.run("files.delete", &json!({ "entity": "lead", "record": record, "id": id })).await;
                file
            }
            _ => return None,
        })
    }

    /// A vehicle sale before delivery, with its checklist: in its second version.
    async fn booked(&self, owner: MemberId) -> String {
        let value = json!({ "amount": "100", "currency": "KES" });
        let deal = json!({
            "name": self.canary, "customer": self.customer, "owner": owner.0, "value": value, "closeOn": "2026-12-20",
        });
        let deal = self.id("/opportunities", &deal).await;
        self.post(&format!("/opportunities/{deal}/transitions/book_delivery"), &json!({})).await;
        deal
    }

    async fn invoiced(&self, owner: MemberId) -> String {
        let (order, _) = self.shipped(owner).await;
        text(&self.run("sales.create_invoice", &json!({ "order": order })).await["invoice"])
    }

    /// A message about somebody's lead is theirs as well.
    async fn written(&mut self, owner: MemberId) -> String {
        let (lead, number) = (self.lead(owner).await, self.next());
        let message = json!({
            "template": "invoice_notification", "to": "canary@kisumu.example", "key": format!("m{number}"),
            "record": { "entity": "lead", "id": lead },
            "values": {
                "customer": { "name": self.canary },
                "invoice": { "invoiceNumber": "INV-1", "dueDate": "2026-12-20", "totalAmount": { "amount": "1.00", "currency": "KES" } },
            },
        });
        text(&self.run("messaging.send", &message).await["message"])
    }

    /// Of a lead: that its city was filled in.
    async fn change(&self, owner: MemberId) -> String {
        let lead = self.lead(owner).await;
        let update = json!({ "entity": "lead", "id": lead, "version": 1, "values": { "city": "Kisumu" } });
        self.run("records.update", &update).await;
        let trail = self.run("audit.list", &json!({ "query": { "record": lead, "limit": 1 } })).await;
        text(&trail["entries"][0]["id"])
    }

    async fn file(&self, owner: MemberId) -> String {
        let lead = self.lead(owner).await;
        let file = json!({ "entity": "lead", "record": lead, "name": "canary.txt", "content": self.canary.as_bytes() });
        let id = text(&self.run("files.upload", &file).await["id"]);
        format!("{lead}/{id}")
    }

    /// One that only they themselves can make, or be told of; nothing where they may not, or the kind is none of those.
    pub async fn by(&mut self, kind: &str, who: &Someone, held: &Grants) -> Option<String> {
        let (client, number) = (&who.client, self.next());
        let needs = match kind {
            "note" | "gone_note" | "bulk" => "crm.lead.update",
            "export" => "crm.lead.export",
            "import" | "mapped_import" | "done_import" => "crm.lead.import",
            "key" => "people.key.create",
            "view" => "inventory.product.read",
            "session" | "question" | "notification" => "",
            _ => return None,
        };
        if !needs.is_empty() && !held.allows(needs) {
            return None;
        }
        Some(match kind {
            "note" | "gone_note" => {
                let lead = self.lead(who.member).await;
                let note = json!({ "entity": "lead", "record": lead, "body": self.canary });
                let note = text(&self.run_by(client, "notes.add", &note).await["id"]);
                if kind == "gone_note" {
                    let gone = json!({ "entity": "lead", "record": lead, "id": note });
                    self.run_by(client, "notes.delete", &gone).await;
                }
                format!("{lead}/{note}")
            }
            "bulk" => {
                let lead = self.lead(who.member).await;
                let change =
                    json!({ "entity": "lead", "action": "set", "ids": [lead], "values": { "city": "Kisumu" } });
                let bulk = text(&self.run_by(client, "records.bulk", &change).await["id"]);
                let done = |found: &Value| found["status"] == "done";
                self.until(client, "records.get_bulk", &json!({ "id": bulk }), done).await;
                bulk
            }
            "export" => {
                let asked = json!({ "entity": "lead", "format": "csv" });
                let export = text(&self.run_by(client, "exports.start", &asked).await["id"]);
                let done = |found: &Value| found["status"] == "done";
                self.until(client, "exports.get", &json!({ "id": export }), done).await;
                export
            }
            "import" | "mapped_import" | "done_import" => self.import(kind, client).await,
            "key" => {
                let key = json!({ "name": format!("{} {number}", self.canary), "access": "read" });
                text(&self.run_by(client, "people.create_key", &key).await["id"])
            }
            "view" => {
                let view = json!({ "entity": "product", "label": format!("{} {number}", self.canary) });
                text(&self.run_by(client, "views.create", &view).await["id"])
            }
            "session" => self.session(who).await,
            "question" => self.question(&who.role).await,
            _ => {
                let (to, key) = (json!({ "member": who.member.0 }), format!("n{number}"));
                self.run("workflow.notify", &json!({ "to": to, "title": self.canary, "key": key })).await;
                text(&self.run_by(client, "workflow.list_notifications", &json!({})).await[0]["id"])
            }
        })
    }

    async fn import(&self, kind: &str, client: &Client) -> String {
        let content: Vec<u8> = format!("name\n{}\n", self.canary).into_bytes();
        let import = json!({ "entity": "lead", "fileName": "a.csv", "content": content });
        let id = text(&self.run_by(client, "imports.create", &import).await["id"]);
        if kind != "import" {
            let columns = json!({ "header": true, "columns": { "0": "name" }, "existing": "skip" });
            self.run_by(client, "imports.map", &json!({ "id": id, "mapping": columns })).await;
        }
        if kind == "done_import" {
            let asked = json!({ "id": id });
            self.run_by(client, "imports.start", &asked).await;
            self.until(client, "imports.get", &asked, |found| found["status"] == "done").await;
        }
        id
    }

    /// Another session than the one by which they ask.
    async fn session(&self, who: &Someone) -> String {
        let users = self.services.auth.users.clone();
        let session = tower_sessions::Session::new(None, Arc::new(users.clone()), None);
        users.begin(&session, who.user.0, None, Some("another")).await.unwrap().to_string()
    }

    /// An approval that whoever holds the role is asked for.
    async fn question(&self, role: &str) -> String {
        let ask = json!({ "key": "ask", "type": "approval", "input": { "title": self.canary, "roles": [role] } });
        let run = self.started(&json!([ask])).await;
        let asked = |found: &Value| found["approvals"].as_array().is_some_and(|approvals| !approvals.is_empty());
        let found = self.until(&self.owner, "workflow.get_run", &json!({ "id": run }), asked).await;
        text(&found["approvals"][0]["id"])
    }

    /// A run of these steps, about a task of the workspace's owner.
    async fn started(&self, steps: &Value) -> String {
        let (workflow, task) = (self.workflow_of(steps).await, self.task().await);
        self.id("/operations/workflow.start", &json!({ "id": workflow, "record": task })).await
    }

    async fn task(&self) -> String {
        self.id("/tasks", &json!({ "title": self.canary })).await
    }

    /// One of a kind that is nobody's own.
    pub async fn of_the_workspace(&mut self, kind: &str) -> Option<String> {
        let number = self.next();
        let name = format!("{} {number}", self.canary);
        Some(match kind {
            "ledger_entry" => {
                let posting = json!({
                    "account": "1000", "debit": true, "counterAccount": "4000", "amount": "10", "description": name,
                });
                text(&self.run("finance.post_ledger", &posting).await["entry"])
            }
            "member" => self.member(&name, number).await,
            "role" => text(&self.run("people.create_role", &json!({ "label": name })).await["key"]),
            "location" => self.id("/operations/people.add_location", &json!({ "name": name })).await,
            "invitation" => {
                let login = format!("canary.{number}@{}.example", self.slug);
                self.id("/operations/people.invite", &json!({ "login": login, "roles": ["VIEWER"] })).await
            }
            "team_view" => {
                let view = json!({ "entity": "product", "label": name, "team": true, "pinned": true });
                self.id("/operations/views.create", &view).await
            }
            "runnable" => {
                let (workflow, task) = (self.workflow().await, self.task().await);
                format!("{workflow}/{task}")
            }
            "waiting" => {
                let wait = json!({ "key": "pause", "type": "wait", "input": { "for": 30, "unit": "days" } });
                self.started(&json!([wait])).await
            }
            _ => return None,
        })
    }

    /// Somebody with the lowest role, who never comes in.
    async fn member(&self, name: &str, number: usize) -> String {
        let (pools, clock, random) =
            (&self.services.pools, self.services.clock.as_ref(), self.services.random.as_ref());
        let email = format!("member.{number}@{}.example", self.slug);
        let user = auth::create_user(&pools.platform, clock, random, name, &email, "unusable").await.unwrap();
        let member = auth::add_member(pools, clock, random, self.tenant, user, &["VIEWER"], None).await.unwrap();
        member.0.to_string()
    }
}
