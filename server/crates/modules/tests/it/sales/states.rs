//! L-13: every pair of states, by every role, against the table of the source and what was decided beside it.

use crate::world::World;
use domain::Kind;
use domain::sales::{CreateInvoice, SaveOrderLines};
use platform::Caller;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Requirements 143 to 149, as the source writes them: state, where it may go, what may be done, whether it is final.
const SOURCE: [(&str, &[&str], &[&str], bool); 7] = [
    ("DRAFT", &["SUBMITTED", "CANCELLED"], &["EDIT", "DELETE"], false),
    ("SUBMITTED", &["APPROVED", "REJECTED"], &["VIEW", "EDIT_ITEMS"], false),
    ("APPROVED", &["PICKING", "CANCELLED"], &["VIEW", "CREATE_SHIPMENT"], false),
    ("PICKING", &["SHIPPED", "ON_HOLD"], &["VIEW", "UPDATE_ITEMS"], false),
    ("SHIPPED", &["DELIVERED", "RETURNED"], &["VIEW", "TRACK"], false),
    ("DELIVERED", &["INVOICED", "RETURNED"], &["VIEW", "CREATE_RETURN"], true),
    ("CANCELLED", &[], &["VIEW"], true),
];

/// Ours: four states that the source uses and does not define, a way out of ON_HOLD and REJECTED, and what a draft is good for.
const ADDED: [(&str, &[&str], &[&str]); 5] = [
    ("REJECTED", &["DRAFT"], &["VIEW"]),
    ("ON_HOLD", &["PICKING", "CANCELLED"], &["VIEW"]),
    ("RETURNED", &[], &["VIEW"]),
    ("INVOICED", &[], &["VIEW"]),
    ("DRAFT", &[], &["VIEW", "EDIT_ITEMS"]),
];

/// The state that an order goes through on its way to another one.
const WAYS: [(&str, &[&str]); 11] = [
    ("DRAFT", &[]),
    ("SUBMITTED", &["submitted"]),
    ("APPROVED", &["submitted", "approved"]),
    ("PICKING", &["submitted", "approved", "picking"]),
    ("ON_HOLD", &["submitted", "approved", "picking", "on_hold"]),
    ("SHIPPED", &["submitted", "approved", "picking", "shipped"]),
    ("DELIVERED", &["submitted", "approved", "picking", "shipped", "delivered"]),
    ("INVOICED", &["submitted", "approved", "picking", "shipped", "delivered", "invoiced"]),
    ("REJECTED", &["submitted", "rejected"]),
    ("RETURNED", &["submitted", "approved", "picking", "shipped", "returned"]),
    ("CANCELLED", &["cancelled"]),
];

/// Roles, whether they may change orders of others, and whether they decide on them.
const ROLES: [(&str, bool, bool); 8] = [
    ("VIEWER", false, false),
    ("USER", true, false),
    ("MANAGER", true, false),
    ("ADMIN", true, false),
    ("SALES_REP", false, false),
    ("SALES_MANAGER", false, true),
    ("FINANCE_MANAGER", false, false),
    ("WAREHOUSE", true, false),
];

fn allowed() -> BTreeSet<(String, String)> {
    let source = SOURCE.iter().flat_map(|(from, to, ..)| to.iter().map(move |to| (from, to)));
    let added = ADDED.iter().flat_map(|(from, to, _)| to.iter().map(move |to| (from, to)));
    source.chain(added).map(|(from, to)| (from.to_lowercase(), to.to_lowercase())).collect()
}

/// An order of somebody else in a state, with an invoice where the state or the next one asks for it.
async fn placed(world: &World, way: &[&str], owner: &Caller) -> Uuid {
    let order = world.order_at("100", false).await.order;
    sqlx::query("update orders set owner_id = $1 where id = $2")
        .bind(owner.access.member.0)
        .bind(order.id)
        .execute(&world.owner)
        .await
        .unwrap();
    for state in way {
        if *state == "invoiced" {
            invoiced(world, order.id).await;
        }
        world.along(order.id, &[state]).await;
    }
    if way.last() == Some(&"delivered") {
        invoiced(world, order.id).await;
    }
    order.id
}

async fn invoiced(world: &World, order: Uuid) {
    let made = world.run(CreateInvoice { order, due_on: None, issued_on: None }).await.unwrap();
    world.run(domain::finance::PostInvoice { invoice: made.invoice }).await.unwrap();
}

#[tokio::test]
async fn only_the_listed_moves_by_those_who_may() {
    let world = World::new().await;
    let allowed = allowed();
    assert_eq!(allowed.len(), 15);
    let mut callers = Vec::new();
    for (role, writes, decides) in ROLES {
        callers.push((role, world.test.member(&world.tenant, role, &[role]).await, writes, decides));
    }
    // The row belongs to the manager, whose reach is the team: one's own at least.
    let manager = callers.iter().find(|(role, ..)| *role == "SALES_MANAGER").unwrap().1.clone();
    let (mut moved, mut refused) = (0, 0);
    for (from, way) in WAYS {
        let from = from.to_lowercase();
        // Refusals change nothing, so one order serves all of them; a move takes a fresh one.
        let standing = placed(&world, way, &manager).await;
        for (to, _) in WAYS {
            let to = to.to_lowercase();
            let listed = allowed.contains(&(from.clone(), to.clone()));
            for (role, caller, writes, decides) in &callers {
                let writes = *writes || *role == "SALES_MANAGER";
                let decision = from == "submitted" && matches!(to.as_str(), "approved" | "rejected");
                let may = writes && (!decision || *decides);
                if listed && may {
                    let order = placed(&world, way, &manager).await;
                    let record = world.go(caller, order, &to).await;
                    let record = record.unwrap_or_else(|error| panic!("{role} from {from} to {to}: {error:?}"));
                    assert_eq!(record.text("status"), Some(to.as_str()));
                    moved += 1;
                } else {
                    let error =
                        world.go(caller, standing, &to).await.expect_err(&format!("{role} from {from} to {to}"));
                    let kinds: &[Kind] = match (listed, writes) {
                        (true, _) | (false, false) => &[Kind::Forbidden, Kind::NotFound],
                        (false, true) => &[Kind::Conflict],
                    };
                    assert!(kinds.contains(&error.kind), "{role} from {from} to {to}: {error:?}");
                    refused += 1;
                }
            }
        }
        assert_eq!(world.get("order", standing).await.text("status"), Some(from.as_str()), "a refusal moved it");
        // The database itself, past everything above it.
        for (to, _) in WAYS {
            let to = to.to_lowercase();
            if to != from && !allowed.contains(&(from.clone(), to.clone())) {
                let tried = world.attempt(&format!("update orders set status = '{to}' where id = '{standing}'")).await;
                assert_eq!(tried.unwrap().1, "orders_moves", "{from} to {to}");
            }
        }
    }
    println!("{moved} moves made, {refused} refused");
    assert_eq!(moved + refused, 11 * 11 * ROLES.len());
    world.end().await;
}

#[tokio::test]
async fn the_description_says_what_the_tables_say() {
    let world = World::new().await;
    let catalog = world.test.library.catalog("core").unwrap();
    let states = catalog.get("order").unwrap().states.clone().unwrap();
    assert_eq!(states.list.len(), 11);
    let described: BTreeSet<(String, String)> = states
        .transitions
        .iter()
        .flat_map(|transition| transition.from.iter().map(|from| (from.clone(), transition.to.clone())))
        .collect();
    assert_eq!(described, allowed());
    let mut actions: Vec<(String, BTreeSet<&str>)> = Vec::new();
    for (state, _, does) in
        SOURCE.iter().map(|(state, to, does, _)| (state, to, does)).chain(ADDED.iter().map(|(s, t, a)| (s, t, a)))
    {
        match actions.iter_mut().find(|(known, _)| *known == state.to_lowercase()) {
            Some((_, known)) => known.extend(does.iter()),
            None => actions.push((state.to_lowercase(), does.iter().copied().collect())),
        }
    }
    for (key, wanted) in actions {
        let state = states.get(&key).unwrap();
        let held: BTreeSet<&str> = state.actions.as_ref().unwrap().iter().map(String::as_str).collect();
        assert_eq!(held, wanted, "{key}");
    }
    let approval =
        states.transitions.iter().find(|transition| transition.to == "approved").unwrap().gate.approval.clone();
    assert_eq!(approval.unwrap().roles, ["SALES_MANAGER"]);
    world.end().await;
}

#[tokio::test]
async fn approving_is_told_and_an_empty_order_is_not_submitted() {
    let world = World::new().await;
    let order = world.order(&[]).await;
    let error = world.go(&world.boss, order.order.id, "submitted").await.unwrap_err();
    assert_eq!((error.kind, error.fields[0].field.as_str()), (Kind::Conflict, "lines"));
    let order = world.order_at("100", true).await.order;
    world.along(order.id, &["submitted", "approved"]).await;
    let approved = world.get("order", order.id).await;
    assert_eq!(approved.text("approvedAt"), Some("2026-11-20T12:00:00Z"));
    assert_eq!(approved.text("approvedBy"), Some(world.boss.access.member.to_string().as_str()));
    // Requirement 143 to 149: what a state does not allow.
    let save = SaveOrderLines { id: order.id, version: Some(approved.version), currency: None, lines: vec![] };
    let error = world.run(save).await.unwrap_err();
    assert_eq!(error.message, "This order is Approved: it can no longer be given other lines");
    world.end().await;
}

/// Sixteen at once ask for two different moves of one order: one is made.
#[tokio::test]
async fn of_moves_at_once_one_is_made() {
    let world = World::new().await.shared();
    for _ in 0..5 {
        let order = world.order_at("100", false).await.order.id;
        world.along(order, &["submitted"]).await;
        let tries = (0..16).map(|at| {
            let world = world.clone();
            let to = if at % 2 == 0 { "approved" } else { "rejected" };
            tokio::spawn(async move { world.go(&world.boss, order, to).await.is_ok() })
        });
        let made = futures::future::join_all(tries).await.into_iter().filter(|made| *made.as_ref().unwrap()).count();
        assert_eq!(made, 1);
    }
    World::done(world).await;
}
