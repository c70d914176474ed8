//! The kill campaign: a server and two workers are killed with `kill -9` and frozen past their leases, at random moments, while orders are
//! shipped. Every shipped order must have one invoice, one balanced posting, one mail and one task, and nothing may be stuck afterwards.
//!
//! Five kills in the suite. `scripts/kill-campaign [KILLS] [SEED]` makes it long. The last line printed tells seed and figures.

mod clerk;
mod fleet;
mod posts;

use crate::support::{Client, client_at};
use clerk::{agree, insist, picked, step};
use fleet::{Fleet, Interrupted, SERVER};
use serde_json::json;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{PASSWORD, SmtpSink, TestTenant, TestWorld};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(2);
/// How long after the last order was shipped everything has to be at rest.
const REST: Duration = Duration::from_secs(30);
/// Orders shipped around each kill, and which of them a finance manager is asked about.
const BATCH: usize = 6;
const LARGE: usize = 5;
const STOCK: u32 = 1_000_000;
/// Part of all steps that has to have been done again; below it, the kills hit nothing.
const EXERCISED: f64 = 0.05;

const ORDERS: &str = "select count(*) from orders where status = 'shipped'";
const INVOICES: &str = "select order_id::text, count(*) from invoices group by 1";
const NUMBERS: &str = "select count(*), count(distinct number), max(substr(number, 5)::int8)::int8 from invoices";
const POSTINGS: &str = "\
select i.order_id::text, count(e.id) from invoices i
left join journal_entries e on e.source_entity = 'invoice' and e.source_record = i.id::text group by 1";
const UNBALANCED: &str = "\
select count(*) from (select entry_id from journal_lines group by entry_id, currency
    having sum(debit_minor) <> sum(credit_minor) or sum(base_debit_minor) <> sum(base_credit_minor)) wrong";
const TASKS: &str = "select title, count(*) from tasks group by 1";
const MESSAGES: &str = "select recipient, count(*) from messages group by 1";
const ON_HAND: &str = "select (quantity_after / 1000)::int8, (reserved_after / 1000)::int8 from stock_movements order by sequence desc limit 1";
const RUNS: &str = "select state, count(*) from runs group by 1";
const UNDONE: &str = "\
select 'run ' || state || coalesce(' ' || error::text, '') from runs where state not in ('COMPLETED', 'CANCELLED')
union all select 'job ' || kind || ' ' || state || coalesce(' ' || error, '') from jobs where state in ('queued', 'running')
union all select 'message ' || status || coalesce(' ' || error, '') from messages where status in ('queued', 'sending')";
const DONE: &str = "select id, state from runs where state in ('COMPLETED', 'FAILED', 'CANCELLED')";
// Nobody has it, and nobody is about to: what people would see as a run that hangs.
const STUCK: &str = "\
select count(*) from runs where (state = 'RUNNING' and (lease_until is null or lease_until < now() - interval '20 seconds'))
    or (state = 'PENDING' and due_at < now() - interval '20 seconds')";
const STEPS: &str = "\
select (select count(*) from step_attempts) + (select count(*) from delivery_attempts), count(*) from step_attempts where run_id = any($1)";
const LOST: &str = "select count(*) from delivery_attempts where outcome = 'lost'";

/// SplitMix64: the same seed, the same campaign, as far as processes can be repeated.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }

    fn millis(&mut self, most: usize) -> Duration {
        Duration::from_millis(self.below(most) as u64)
    }
}

#[expect(clippy::disallowed_methods, reason = "a campaign is made long by whoever runs it")]
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}: {text} is no number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_shipped_under_kills_are_invoiced_posted_and_mailed_once() {
    let (kills, seed) = (setting("NEXUS_KILLS", 5), setting("NEXUS_KILL_SEED", 20_261_128));
    let sink = SmtpSink::start().await;
    let world = TestWorld::new(|registry| *registry = nexus_server::start::registry()).await;
    let lakeside = world.tenant("lakeside", "core").await;
    let mut campaign = Campaign::start(world, &lakeside, &sink, seed).await;
    let mut done = 0;
    // Where the kills hit too little, as they may on a busy machine, there are some more.
    while done < kills || (done < kills * 2 && campaign.again().await.part() < EXERCISED) {
        campaign.round(done).await;
        done += 1;
    }
    campaign.judge(done, seed, &sink).await;
}

struct Campaign {
    world: TestWorld,
    owner: PgPool,
    fleet: Fleet,
    dice: Dice,
    sales: Client,
    product: serde_json::Value,
    made: usize,
    quantity: u32,
    runs: BTreeSet<Uuid>,
    jobs: usize,
    frozen: usize,
    stop: Arc<AtomicBool>,
    violations: Arc<Mutex<BTreeSet<String>>>,
    others: Vec<JoinHandle<()>>,
}

impl Campaign {
    async fn start(world: TestWorld, tenant: &TestTenant, sink: &SmtpSink, seed: u64) -> Self {
        world.furnish(tenant).await;
        let mut people = Vec::new();
        for (name, role) in [("grace", "OWNER"), ("john", "SALES_MANAGER"), ("faith", "FINANCE_MANAGER")] {
            let email = format!("{name}@lakeside.example");
            let user = world.user(name, &email).await;
            world.join(tenant, user, &[role], None).await;
            people.push(email);
        }
        let owner = world.owner().await;
        let fleet = Fleet::start(&world, &sink.url(), LEASE).await;
        let base = format!("http://{}", fleet.address);
        let mut clients = Vec::new();
        for email in &people {
            clients.push(signed_in(&base, email).await);
        }
        let [sales, john, faith] = <[Client; 3]>::try_from(clients).ok().unwrap();
        let price = json!({ "amount": "100", "currency": "KES" });
        let product = json!({ "name": "Brake pad", "sku": "BP-1", "price": price });
        let product = insist(&sales, "/products", &product, "product").await["id"].clone();
        let adjust = json!({ "product": product, "by": STOCK.to_string(), "reason": "Delivered" });
        insist(&sales, "/inventory/adjust", &adjust, "stock").await;
        let saved = json!({ "definition": follow_up() });
        let saved = insist(&sales, "/operations/workflow.save", &saved, "follow-up").await;
        let active = json!({ "id": saved["id"], "active": true });
        insist(&sales, "/operations/workflow.set_active", &active, "follow-up-active").await;
        wait_for_the_template(&owner).await;
        let (stop, violations) = (Arc::<AtomicBool>::default(), Arc::<Mutex<BTreeSet<String>>>::default());
        let others = vec![
            agree(john, stop.clone()),
            agree(faith, stop.clone()),
            tokio::spawn(watch(owner.clone(), stop.clone(), violations.clone())),
        ];
        let runs = BTreeSet::new();
        let dice = Dice(seed);
        Self {
            world,
            owner,
            fleet,
            dice,
            sales,
            product,
            made: 0,
            quantity: 0,
            runs,
            jobs: 0,
            frozen: 0,
            stop,
            violations,
            others,
        }
    }

    /// Ships some orders at once, and kills or freezes one of the processes while their workflows are at it.
    async fn round(&mut self, kill: u64) {
        let mut ready = JoinSet::new();
        for _ in 0..BATCH {
            self.made += 1;
            let quantity = if self.made % BATCH == LARGE { 200 } else { 2 };
            self.quantity += quantity;
            let (sales, product, number) = (self.sales.clone(), self.product.clone(), self.made);
            ready.spawn(async move { picked(&sales, &product, number, quantity).await });
        }
        let orders = ready.join_all().await;
        let mut shipping = JoinSet::new();
        for order in orders {
            let sales = self.sales.clone();
            shipping.spawn(async move { step(&sales, &order, "ship").await });
        }
        // Of five, one is the server and one a worker that freezes.
        match kill % 5 {
            3 => {
                tokio::time::sleep(self.dice.millis(150)).await;
                let left = self.fleet.kill(SERVER).await;
                self.count(left);
            }
            4 => {
                let worker = self.at_work().await;
                let left = self.fleet.freeze(worker).await;
                self.frozen += 1;
                self.count(left);
                // Long enough that the others take over before it wakes up in the middle of what it did.
                tokio::time::sleep(LEASE * 2 + self.dice.millis(1000)).await;
                self.fleet.thaw(worker);
            }
            _ => {
                let worker = self.at_work().await;
                let left = self.fleet.kill(worker).await;
                self.count(left);
            }
        }
        shipping.join_all().await;
    }

    /// A worker that has something in hand, at a random moment of it.
    async fn at_work(&mut self) -> usize {
        let until = Instant::now() + Duration::from_secs(3);
        let mut which = 1 + self.dice.below(self.fleet.workers());
        while self.fleet.in_hand(which).await == 0 && Instant::now() < until {
            which = 1 + which % self.fleet.workers();
        }
        tokio::time::sleep(self.dice.millis(15)).await;
        which
    }

    async fn again(&self) -> Again {
        let interrupted: Vec<Uuid> = self.runs.iter().copied().collect();
        let (all, again): (i64, i64) = sqlx::query_as(STEPS).bind(&interrupted).fetch_one(&self.owner).await.unwrap();
        Again { all, again: again + self.jobs as i64 }
    }

    fn count(&mut self, left: Interrupted) {
        self.runs.extend(left.runs);
        self.jobs += left.jobs.len();
    }

    #[expect(clippy::print_stdout, reason = "the line of figures is what a campaign is run for")]
    async fn judge(self, kills: u64, seed: u64, sink: &SmtpSink) {
        let shipped = Instant::now();
        let mut undone: Vec<String>;
        loop {
            undone = sqlx::query_scalar(UNDONE).fetch_all(&self.owner).await.unwrap();
            let begun: i64 = sqlx::query_scalar("select count(*) from runs").fetch_one(&self.owner).await.unwrap();
            if (undone.is_empty() && begun >= self.made as i64 * 2) || shipped.elapsed() > REST {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let rested = shipped.elapsed();
        let again = self.again().await;
        self.stop.store(true, Ordering::Relaxed);
        for other in self.others {
            other.await.unwrap();
        }
        let mut faults: Vec<String> = self.violations.lock().unwrap().iter().cloned().collect();
        faults.extend(undone.into_iter().take(5).map(|what| format!("not done {} s later: {what}", REST.as_secs())));
        let orders: i64 = sqlx::query_scalar(ORDERS).fetch_one(&self.owner).await.unwrap();
        let wanted = self.made;
        let mut must = |what: &str, found: String, should: String| {
            if found != should {
                faults.push(format!("{what}: {found} in place of {should}"));
            }
        };
        must("orders shipped", orders.to_string(), wanted.to_string());
        for (what, sql) in [("invoices", INVOICES), ("postings", POSTINGS), ("tasks", TASKS), ("messages", MESSAGES)] {
            let found: Vec<(Option<String>, i64)> = sqlx::query_as(sql).fetch_all(&self.owner).await.unwrap();
            let more: Vec<_> = found.iter().filter(|(_, count)| *count != 1).collect();
            must(&format!("{what} of an order"), format!("{more:?}"), "[]".to_owned());
            must(&format!("orders with {what}"), found.len().to_string(), wanted.to_string());
        }
        let numbers: (i64, i64, i64) = sqlx::query_as(NUMBERS).fetch_one(&self.owner).await.unwrap();
        let all = wanted as i64;
        must("numbers of invoices", format!("{numbers:?}"), format!("{:?}", (all, all, all)));
        let unbalanced: i64 = sqlx::query_scalar(UNBALANCED).fetch_one(&self.owner).await.unwrap();
        must("unbalanced entries", unbalanced.to_string(), "0".to_owned());
        let stock: (i64, i64) = sqlx::query_as(ON_HAND).fetch_one(&self.owner).await.unwrap();
        must("stock", format!("{stock:?}"), format!("{:?}", (i64::from(STOCK - self.quantity), 0)));
        let states: Vec<(String, i64)> = sqlx::query_as(RUNS).fetch_all(&self.owner).await.unwrap();
        must("runs", format!("{states:?}"), format!("{:?}", [("COMPLETED", all * 2)]));

        // On the wire a mail may come twice, when its worker died before it had written down that it was taken; under the same name.
        let mails = sink.mails();
        let mut named = BTreeMap::<String, BTreeSet<String>>::new();
        for mail in &mails {
            named.entry(mail.to.concat()).or_default().insert(mail.message_id());
        }
        let twice: Vec<_> = named.iter().filter(|(_, ids)| ids.len() != 1).collect();
        must("mails of an order", format!("{twice:?}"), "[]".to_owned());
        must("customers with mail", named.len().to_string(), wanted.to_string());
        let lost: i64 = sqlx::query_scalar(LOST).fetch_one(&self.owner).await.unwrap();
        if mails.len() as i64 - all > lost {
            faults
                .push(format!("{} mails came again, and only {lost} tries are known to be lost", mails.len() - wanted));
        }

        if again.part() < EXERCISED {
            faults.push("too few steps were interrupted: the campaign proves nothing".to_owned());
        }
        println!(
            "bar=H-02 seed={seed} kills={kills} frozen={} orders={wanted} runs={} steps={} reruns={} ({:.1} %) jobs_interrupted={} \
             mails={} resent={} rest={:.1}s faults={} pass={}",
            self.frozen,
            all * 2,
            again.all,
            again.again,
            again.part() * 100.0,
            self.jobs,
            mails.len(),
            mails.len() - wanted.min(mails.len()),
            rested.as_secs_f64(),
            faults.len(),
            i32::from(faults.is_empty()),
        );
        assert!(faults.is_empty(), "{faults:#?}\nThe log is in {}", self.fleet.log().display());
        self.fleet.end().await;
        self.owner.close().await;
        self.world.end().await;
    }
}

/// Steps and deliveries, and those of them that were begun, cut off, and done again.
struct Again {
    all: i64,
    again: i64,
}

impl Again {
    fn part(&self) -> f64 {
        self.again as f64 / self.all as f64
    }
}

/// Done once for each shipped order, and nothing but the engine sees to it: a second task would be as good as the first.
fn follow_up() -> serde_json::Value {
    json!({
        "key": "follow_up", "name": "Follow up", "active": true, "maxPerMinute": 100_000,
        "trigger": { "on": "transitioned", "entity": "order", "when": "order.status == 'SHIPPED'" },
        "steps": [
            { "key": "worth_it", "type": "branch", "input": { "if": "order.totalAmount > 0", "else": "end" } },
            { "key": "call", "type": "create_task", "input": { "role": ["OWNER"], "title": "Call about {{ order.number }}", "dueOn": "today()" } },
        ],
    })
}

async fn signed_in(base: &str, email: &str) -> Client {
    let client = client_at(base);
    let until = Instant::now() + Duration::from_secs(30);
    while client.request(reqwest::Method::GET, "/livez").send().await.is_err() {
        assert!(Instant::now() < until, "the server does not come up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let answer = client.form("/sign-in", &[("login", email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), reqwest::StatusCode::SEE_OTHER, "{email} signs in");
    client
}

/// New workspaces get their workflows from a worker, shortly after they are made.
async fn wait_for_the_template(owner: &PgPool) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let there: bool =
            sqlx::query_scalar("select exists (select from workflows where key = 'order_to_invoice' and active)")
                .fetch_one(owner)
                .await
                .unwrap();
        if there {
            return;
        }
        assert!(Instant::now() < until, "the workspace has no workflow Order to Invoice");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What must hold at every moment: what has ended stays so, entries balance, nothing lies about.
async fn watch(owner: PgPool, stop: Arc<AtomicBool>, violations: Arc<Mutex<BTreeSet<String>>>) {
    let mut ended = BTreeMap::<Uuid, String>::new();
    let tell = |what: String| {
        violations.lock().unwrap().insert(what);
    };
    while !stop.load(Ordering::Relaxed) {
        for (run, state) in sqlx::query_as::<_, (Uuid, String)>(DONE).fetch_all(&owner).await.unwrap() {
            ended.insert(run, state);
        }
        let known: Vec<Uuid> = ended.keys().copied().collect();
        let now: Vec<(Uuid, String)> = sqlx::query_as("select id, state from runs where id = any($1)")
            .bind(&known)
            .fetch_all(&owner)
            .await
            .unwrap();
        for (run, state) in now {
            if ended.get(&run) != Some(&state) {
                tell(format!("run {run} had ended and is now {state}"));
            }
        }
        if sqlx::query_scalar::<_, i64>(UNBALANCED).fetch_one(&owner).await.unwrap() > 0 {
            tell("an entry did not balance".to_owned());
        }
        if sqlx::query_scalar::<_, i64>(STUCK).fetch_one(&owner).await.unwrap() > 0 {
            tell("a run had no worker and no reason to wait".to_owned());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
