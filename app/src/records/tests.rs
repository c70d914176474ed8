//! What the pages of a record promise, drawn with a small description and a backend that answers from it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    reason = "a test stops where its world breaks"
)]

use super::choices::Choices;
use super::conflict;
use super::form::{self, Draft, Look};
use super::holders::Holders;
use super::post::{own_address, way_back};
use super::rights::Reached;
use super::standing;
use super::transition::{Offer, card_menu, next_step, targets};
use super::value_columns::Target;
use super::value_move;
use crate::page::{PageContext, Replay, Viewer};
use crate::time::Clock;
use domain::backend::{AnyBox, Backend, BoxFuture};
use domain::error::{StaleField, StaleWrite};
use domain::people::Member;
use domain::permission::{Grants, Reach};
use domain::records::Record;
use domain::schema::{Catalog, Entity, Field};
use domain::{BackendHandle, Error, FieldError, Kind, Result};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

fn described() -> Vec<Entity> {
    let base = |key: &str, fields: Value, states: Value| {
        json!({
            "key": key, "plural": format!("{key}s"), "area": "crm", "table": format!("{key}s"), "prefix": "X",
            "labels": { "one": key, "many": format!("{key}s") }, "icon": "target", "title": "name", "fields": fields, "states": states,
        })
    };
    let lead = base(
        "lead",
        json!([
            { "key": "name", "label": "Name", "kind": { "type": "text" }, "required": true },
            { "key": "company", "label": "Company", "kind": { "type": "text" } },
            { "key": "value", "label": "Value", "kind": { "type": "money" } },
            { "key": "vip", "label": "Important", "kind": { "type": "boolean" } },
            { "key": "pay", "label": "Pay", "kind": { "type": "integer" }, "permissions": { "read": "crm.pay.read" } },
        ]),
        json!({
            "label": "Stage", "initial": "new",
            "list": [
                { "key": "new", "label": "New" }, { "key": "qualified", "label": "Qualified" }, { "key": "offer", "label": "Offer" },
                { "key": "won", "label": "Won", "kind": "won" }, { "key": "lost", "label": "Lost", "kind": "lost" },
            ],
            "transitions": [
                { "name": "qualify", "label": "Qualify", "from": ["new"], "to": "qualified" },
                { "name": "offer", "label": "Send offer", "from": ["new"], "to": "offer", "gate": { "requires": ["company", "value"] } },
                { "name": "lose", "label": "Lose", "from": ["new"], "to": "lost", "gate": { "roles": ["OWNER"] } },
                { "name": "convert", "label": "Convert", "from": ["*"], "to": "won", "internal": true },
            ],
        }),
    );
    let customer = base(
        "customer",
        json!([{ "key": "name", "label": "Name", "kind": { "type": "text" } }]),
        json!({
            "label": "Status", "initial": "active",
            "list": [{ "key": "active", "label": "Active" }, { "key": "inactive", "label": "Inactive", "kind": "done" }],
            "transitions": [{ "name": "deactivate", "label": "Deactivate", "from": ["active"], "to": "inactive" }],
        }),
    );
    let visit = base(
        "visit",
        json!([{ "key": "name", "label": "Name", "kind": { "type": "text" } }]),
        json!({
            "label": "Stage", "initial": "booked",
            "list": [
                { "key": "booked", "label": "Booked", "slaDays": 3, "checklist": [
                    { "key": "sizes", "label": "Sizes taken", "help": "Twice" }, { "key": "photos", "label": "Photos taken" },
                ] },
                { "key": "measured", "label": "Measured", "slaDays": 2, "ownerRole": "SURVEYOR" },
                { "key": "closed", "label": "Closed", "kind": "done" },
            ],
            "transitions": [
                { "name": "measure", "label": "Measure", "from": ["booked"], "to": "measured", "gate": { "checklist": true } },
                { "name": "close", "label": "Close", "from": ["measured"], "to": "closed" },
            ],
        }),
    );
    [lead, customer, visit].into_iter().map(|entity| serde_json::from_value(entity).unwrap()).collect()
}

/// Knows nobody and nothing, which is enough for what is tested here.
struct Nothing;

impl Backend for Nothing {
    fn run_any(&self, _name: &'static str, _operation: AnyBox) -> BoxFuture<'static, Result<AnyBox>> {
        Box::pin(async { Err(Error::not_found()) })
    }

    fn run_json(&self, _name: &str, _operation: Value) -> BoxFuture<'static, Result<String>> {
        Box::pin(async { Err(Error::not_found()) })
    }
}

fn viewer(permissions: &[&str]) -> Arc<Viewer> {
    let grants = permissions.iter().map(|permission| ((*permission).to_owned(), Reach::All)).collect();
    Arc::new(Viewer {
        slug: "a".to_owned(),
        workspace: "A".to_owned(),
        currency: "KES".to_owned(),
        timezone: "Africa/Nairobi".to_owned(),
        member: Uuid::nil(),
        name: "Joyce".to_owned(),
        email: None,
        role: "USER".to_owned(),
        roles: vec!["USER".to_owned()],
        grants: Grants(grants),
        catalog: Arc::new(Catalog::build("core", "Core", described()).unwrap()),
        workspaces: Vec::new(),
        waiting: crate::page::Waiting::default(),
        acted_for: None,
    })
}

fn page(path: &str, query: &[(&str, &str)], replay: Option<Replay>) -> PageContext {
    PageContext {
        path: path.to_owned(),
        query: Arc::new(query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()),
        theme: ui::Theme::System,
        density: ui::Density::Regular,
        backend: Some(BackendHandle(Arc::new(Nothing))),
        viewer: Some(viewer(&["*.*.*"])),
        staff: None,
        flash: None,
        replay: replay.map(Arc::new),
        reference: String::new(),
        now: "2026-11-21T09:30:00Z".to_owned(),
        form_key: "k".to_owned(),
        about: None,
        provider: None,
    }
}

fn row(status: &str, values: Value) -> Record {
    let mut record = json!({ "id": Uuid::nil(), "version": 3, "status": status, "name": "Amina" });
    record.as_object_mut().unwrap().extend(values.as_object().cloned().unwrap_or_default());
    serde_json::from_value(record).unwrap()
}

fn drawn(view: impl FnOnce() -> AnyView) -> String {
    Owner::new().with(|| view().to_html())
}

fn replay(operation: &str, fields: &[(&str, &str)], error: Error) -> Replay {
    let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Replay { operation: operation.to_owned(), fields, error }
}

#[test]
fn every_other_state_is_offered_asked_for_or_refused_with_its_reason() {
    let viewer = viewer(&["crm.lead.*"]);
    let entity = viewer.catalog.get("lead").unwrap();
    let record = row("new", json!({ "company": "Lakeside", "value": null }));
    let told: Vec<String> = targets(&viewer, entity, &record, &Reached::Every, &Holders::default())
        .into_iter()
        .map(|target| match target.offer {
            Offer::Open => format!("{} open", target.state.key),
            Offer::Asks(fields) => format!("{} asks {}", target.state.key, fields[0].key),
            Offer::Closed(reason) => format!("{}: {reason}", target.state.key),
        })
        .collect();
    assert_eq!(
        told,
        ["qualified open", "offer asks value", "won: Only by the action “convert”", "lost: Needs the role Owner"]
            .map(str::to_owned)
    );
}

#[test]
fn the_other_pipelines_stand_behind_the_states_of_its_own() {
    let state = |key: &str, pipeline: &str| json!({ "key": key, "label": key.to_uppercase(), "pipeline": pipeline });
    let described = json!({
        "key": "deal", "plural": "deals", "area": "crm", "table": "deals", "prefix": "D", "icon": "target", "title": "name",
        "labels": { "one": "Deal", "many": "Deals" },
        "fields": [{ "key": "name", "label": "Name", "kind": { "type": "text" } }],
        "states": {
            "label": "Stage", "initial": "fresh",
            "pipelines": [
                { "key": "business", "label": "New business", "initial": "fresh" },
                { "key": "renewals", "label": "Renewals", "initial": "due" },
            ],
            "list": [state("fresh", "business"), state("won", "business"), state("due", "renewals"), state("done", "renewals")],
            "transitions": [{ "name": "win", "label": "Win", "from": ["*"], "to": "won" }],
        },
    });
    let entity: Entity = serde_json::from_value(described).unwrap();
    let entity = Catalog::build("core", "Core", vec![entity]).unwrap().get("deal").unwrap().clone();
    let (viewer, page) = (viewer(&["crm.deal.*"]), page("/w/a/deals", &[("view", "board")], None));
    let told = |record: &Record| -> Vec<String> {
        let targets = targets(&viewer, &entity, record, &Reached::Every, &Holders::default());
        targets.iter().map(|target| format!("{} {}", target.state.key, target.pipeline.is_some())).collect()
    };
    assert_eq!(told(&row("fresh", json!({}))), ["won false", "due true"]);
    assert_eq!(told(&row("done", json!({}))), ["due false", "fresh true"]);
    let record = row("fresh", json!({}));
    let targets = targets(&viewer, &entity, &record, &Reached::Every, &Holders::default());
    let html = drawn(|| card_menu(&page, &viewer, &entity, &record, &targets));
    let (own, other) =
        (html.find("name=\"to\" value=\"won\"").unwrap(), html.find("name=\"pipeline\" value=\"renewals\"").unwrap());
    let between = html.find("Move to another pipeline").unwrap();
    assert!(own < between && between < other && html.contains("Renewals: DUE"), "{html}");
}

#[test]
fn without_the_permission_every_move_names_it() {
    let viewer = viewer(&["crm.lead.read"]);
    let entity = viewer.catalog.get("lead").unwrap();
    let record = row("new", json!({}));
    let page = page("/w/a/leads", &[("view", "board")], None);
    let html = drawn(|| {
        card_menu(
            &page,
            &viewer,
            entity,
            &record,
            &targets(&viewer, entity, &record, &Reached::Every, &Holders::default()),
        )
    });
    assert!(html.contains("Needs the permission crm.lead.update") && !html.contains("name=\"to\""), "{html}");
}

#[test]
fn the_menu_of_a_card_moves_it_and_comes_back_to_the_board() {
    let page = page("/w/a/leads", &[("view", "board"), ("search", "a b")], None);
    let viewer = page.viewer().unwrap();
    let entity = viewer.catalog.get("lead").unwrap();
    let record = row("new", json!({}));
    let html = drawn(|| {
        card_menu(
            &page,
            &viewer,
            entity,
            &record,
            &targets(&viewer, entity, &record, &Reached::Every, &Holders::default()),
        )
    });
    assert!(
        html.contains("action=\"/w/a/do/records.transition\"") && html.contains("name=\"to\" value=\"qualified\""),
        "{html}"
    );
    assert!(html.contains("name=\"_page\" value=\"/w/a/leads?view=board&amp;search=a%20b\""), "{html}");
    assert!(html.contains("name=\"version\" value=\"3\"") && html.contains("Asks for Company and Value"), "{html}");
}

fn owner(more: Value) -> Field {
    let mut field = json!({ "key": "owner", "label": "Owner", "kind": { "type": "member" }, "indexed": true });
    field.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    serde_json::from_value(field).unwrap()
}

#[test]
fn a_card_in_columns_of_a_value_is_moved_by_setting_it() {
    let page = page("/w/a/leads", &[("view", "board"), ("group", "owner")], None);
    let viewer = page.viewer().unwrap();
    let entity = viewer.catalog.get("lead").unwrap();
    let target = |key: &str, label: &str, closed: Option<&str>| Target {
        key: key.to_owned(),
        label: label.to_owned(),
        closed: closed.map(str::to_owned),
        full: None,
    };
    let targets = [
        target("m1", "Amina", None),
        Target { full: Some("Full: 5 of 5".to_owned()), ..target("m2", "John", None) },
        target("m3", "Left", Some("Gone")),
        target("", "Nobody", None),
    ];
    let (record, field) = (row("new", json!({ "owner": "m1" })), owner(json!({})));
    let reason = value_move::missing(&viewer, entity, &field, &record, &Reached::Every);
    assert_eq!(reason, None);
    let html = drawn(|| value_move::menu(&page, &viewer, entity, &field, &record, &targets, reason));
    assert!(
        html.contains("action=\"/w/a/do/records.update\"") && html.contains("name=\"version\" value=\"3\""),
        "{html}"
    );
    assert!(html.contains("name=\"base.owner\" value=\"&quot;m1&quot;\"") && html.contains("_undo"), "{html}");
    // Each other value once, none as a button without one, and what is closed with its reason.
    assert!(
        html.contains("value=\"m2\"") && !html.contains("value=\"m1\"") && !html.contains("value=\"m3\""),
        "{html}"
    );
    assert_eq!(html.matches("name=\"values.owner\"").count(), 2, "{html}");
    assert!(html.contains("Gone") && html.contains("Nobody") && html.contains("Another owner"), "{html}");
    // What is full takes it, and says so.
    assert!(html.contains("Full: 5 of 5"), "{html}");
}

#[test]
fn a_card_stays_where_the_field_the_permission_or_the_system_keeps_it() {
    let why = |permissions: &[&str], field: Value| {
        let viewer = viewer(permissions);
        let entity = viewer.catalog.get("lead").unwrap();
        let field = owner(field);
        value_move::missing(&viewer, entity, &field, &row("new", json!({})), &Reached::Every).unwrap_or_default()
    };
    let guarded = || json!({ "permissions": { "write": "crm.lead.give" } });
    assert_eq!(why(&["crm.lead.*"], json!({})), "");
    assert_eq!(why(&["crm.lead.read"], json!({})), "Needs the permission crm.lead.update");
    assert_eq!(why(&["crm.lead.update"], guarded()), "Needs the permission crm.lead.give");
    assert_eq!(why(&["crm.lead.*"], guarded()), "");
    assert_eq!(why(&["*.*.*"], json!({ "readOnly": true })), "Owner is set by the system: nothing is moved here");
}

#[test]
fn a_flow_has_a_next_step_and_a_mere_status_has_none() {
    let viewer = viewer(&["*.*.*"]);
    let step = |key: &str, status: &str| {
        let entity = viewer.catalog.get(key).unwrap();
        let record = row(status, json!({}));
        next_step(entity, &record, &targets(&viewer, entity, &record, &Reached::Every, &Holders::default()))
            .map(|target| target.state.key.clone())
    };
    assert_eq!(step("lead", "new").as_deref(), Some("qualified"));
    assert_eq!(step("lead", "won"), None);
    assert_eq!(step("customer", "active"), None);
}

#[test]
fn a_refused_form_keeps_what_was_typed_and_says_what_is_wrong() {
    let error =
        Error::fields(vec![FieldError { field: "value".to_owned(), message: "48o is not an amount".to_owned() }]);
    let typed = replay(
        "records.update",
        &[("values.name", "<b>"), ("values.value.amount", "48o"), ("values.value.currency", "EUR")],
        error,
    );
    let page = page("/w/a/leads/1/edit", &[], None);
    let viewer = page.viewer().unwrap();
    let entity = viewer.catalog.get("lead").unwrap();
    let record = row("new", json!({ "value": { "amount": "7.00", "currency": "KES" } }));
    let choices = Choices::default();
    let draft = Draft { page: &page, viewer: &viewer, record: Some(&record), replay: Some(&typed), choices: &choices };
    let field = |key: &str| entity.field(key).unwrap();
    let money = drawn(|| form::control(&draft, field("value"), Look::default()));
    assert!(money.contains("value=\"48o\"") && money.contains("<option value=\"EUR\" selected"), "{money}");
    assert!(money.contains("48o is not an amount") && money.contains("aria-invalid=\"true\""), "{money}");
    let name = drawn(|| form::control(&draft, field("name"), Look::default()));
    assert!(name.contains("value=\"&lt;b&gt;\""), "{name}");
    let tick = drawn(|| form::control(&draft, field("vip"), Look::default()));
    let (unticked, ticked) = (tick.find("type=\"hidden\"").unwrap(), tick.find("type=\"checkbox\"").unwrap());
    assert!(unticked < ticked, "the tick must come after what stands for none: {tick}");
    let base = drawn(|| form::base(&draft, &[field("value")]).into_any());
    assert!(base.contains("name=\"base.value\"") && base.contains("7.00") && !base.contains("48o"), "{base}");
}

#[test]
fn fields_with_a_permission_of_their_own_are_not_in_the_form() {
    let keys = |permissions: &[&str]| {
        let viewer = viewer(permissions);
        let entity = viewer.catalog.get("lead").unwrap().clone();
        form::fields_of(&viewer, &entity).iter().any(|field| field.key == "pay")
    };
    assert!(!keys(&["crm.lead.*"]) && keys(&["crm.lead.*", "crm.pay.read"]));
}

#[test]
fn a_form_that_looked_something_up_forgets_its_draft_in_its_address() {
    let page = page(
        "/w/a/leads/1",
        &[
            ("_edit", "company"),
            ("_key", "x"),
            ("values.company", "L"),
            ("version", "2"),
            ("find.company", "l"),
            ("tab", "tasks"),
        ],
        None,
    );
    assert_eq!(own_address(&page), "/w/a/leads/1?tab=tasks&edit=company");
}

#[test]
fn the_way_back_stays_inside_the_workspace() {
    for (back, wanted) in [
        ("/w/a/leads?view=board", "/w/a/leads?view=board"),
        ("//evil.example", "/here"),
        ("/w/b/leads", "/here"),
        ("/w/a/\\\\evil", "/here"),
    ] {
        let page = page("/w/a/leads/1", &[("back", back)], None);
        assert_eq!(way_back(&page, "a", "/here".to_owned()), wanted);
    }
}

fn stale() -> Error {
    let money = |amount: &str, currency: &str| json!({ "amount": amount, "currency": currency });
    let field = |field: &str, was: Value, yours: Value, theirs: Value| StaleField {
        field: field.to_owned(),
        was,
        yours,
        theirs,
    };
    let conflict = StaleWrite {
        entity: "lead".to_owned(),
        id: Uuid::nil(),
        read_version: 3,
        current_version: 9,
        changed_by: Some("Ali".to_owned()),
        changed_at: Some("2026-11-21T09:20:00Z".to_owned()),
        fields: vec![
            field("company", json!("Lake"), json!("Lakeside Ltd"), json!("Lakeside")),
            field("name", json!("Amina"), json!("Amina"), json!("Amina Otieno")),
            field("value", Value::Null, money("5.00", "KES"), money("6.00", "EUR")),
        ],
        current: serde_json::to_value(row("new", json!({ "company": "Lakeside" }))).unwrap(),
    };
    Error { conflict: Some(Box::new(conflict)), ..Error::new(Kind::Stale, "late") }
}

#[test]
fn a_stale_save_shows_what_it_was_yours_and_theirs_and_lets_one_choose() {
    let page = page("/w/a/leads/1/edit", &[], Some(replay("records.update", &[], stale())));
    let (viewer, backend) = (page.viewer().unwrap(), page.backend().unwrap());
    let entity = viewer.catalog.get("lead").unwrap().clone();
    let owner = Owner::new();
    let view = finish(conflict::of(&page, &viewer, &backend, &entity), &owner).unwrap().unwrap();
    let html = owner.with(|| view.to_html());
    let radio = |name: &str, value: &str, checked: bool| {
        let tag = format!("name=\"{name}\" value=\"{value}\"");
        let at = html.find(&tag).unwrap_or_else(|| panic!("{tag} in {html}"));
        let rest = &html[at..at + html[at..].find('>').unwrap()];
        assert_eq!(rest.contains("checked"), checked, "{rest}");
    };
    // Changed by both: mine is chosen. Changed by the other alone: theirs is. Money of two currencies is chosen in both its parts.
    radio("values.company", "Lakeside Ltd", true);
    radio("values.company", "Lakeside", false);
    radio("values.name", "Amina Otieno", true);
    radio("values.name", "Amina", false);
    radio("values.value.amount", "5.00", true);
    radio("values.value.currency", "EUR", false);
    assert!(
        html.contains(">Lake<") && html.contains("Ali saved a change 10 min ago") && html.contains("Both changed"),
        "{html}"
    );
    assert!(html.contains("name=\"version\" value=\"9\""), "{html}");
}

/// Drives a future that never waits for anything outside.
fn finish<T>(future: impl Future<Output = T>, owner: &Owner) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match owner.with(|| future.as_mut().poll(&mut context)) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the page waits for something"),
    }
}

fn surveyor(id: u128, roles: &[&str]) -> Member {
    let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    Member {
        id: Uuid::from_u128(id),
        name: format!("Member {id}"),
        email: None,
        roles: texts(roles),
        role_labels: roles.iter().map(|_| "Site surveyor".to_owned()).collect(),
        status: "active".to_owned(),
        manager: None,
        location: None,
    }
}

#[test]
fn a_step_waits_for_its_checklist_and_asks_for_an_owner_of_the_role() {
    let viewer = viewer(&["crm.visit.*"]);
    let entity = viewer.catalog.get("visit").unwrap();
    let tick = json!({ "by": null, "at": "2026-11-20T10:00:00Z" });
    let all = json!({ "sizes": tick, "photos": tick });
    let offer = |ticks: &Value, owner: u128, holders: &Holders| {
        let record = row("booked", json!({ "checklist": ticks, "owner": Uuid::from_u128(owner) }));
        let targets = targets(&viewer, entity, &record, &Reached::Every, holders);
        let next = next_step(entity, &record, &targets).map(|target| target.state.key.clone());
        match &targets[0].offer {
            Offer::Open => (next, "open".to_owned()),
            Offer::Asks(fields) => (next, format!("asks {}", fields[0].key)),
            Offer::Closed(reason) => (next, reason.clone()),
        }
    };
    let measured = || Some("measured".to_owned());
    let nobody_knows = Holders::default();
    let one = json!({ "sizes": tick });
    assert_eq!(offer(&one, 1, &nobody_knows), (measured(), "Open on the checklist: Photos taken".to_owned()));
    assert_eq!(offer(&Value::Null, 1, &nobody_knows).1, "Open on the checklist: Sizes taken, Photos taken");
    // Without a look at who has which role the move asks, and the server says.
    assert_eq!(offer(&all, 1, &nobody_knows).1, "asks owner");
    let holders = Holders::of(vec![surveyor(1, &["SURVEYOR"]), surveyor(2, &["USER"])]);
    assert_eq!((offer(&all, 1, &holders).1, offer(&all, 2, &holders).1), ("open".to_owned(), "asks owner".to_owned()));
    let gone = Holders::of(vec![Member { status: "suspended".to_owned(), ..surveyor(1, &["SURVEYOR"]) }]);
    assert_eq!(
        offer(&all, 1, &gone),
        (measured(), "Needs an owner with the role Site surveyor, which nobody has yet".to_owned())
    );
}

#[test]
fn chips_say_how_long_a_row_may_stand_and_what_is_done() {
    let viewer = viewer(&["crm.visit.*"]);
    let entity = viewer.catalog.get("visit").unwrap();
    let clock = Clock::new("2026-11-21T09:30:00Z", "Africa/Nairobi");
    let stands = json!({ "statusSince": "2026-11-15T08:00:00Z", "statusDue": "2026-11-18", "checklist": { "sizes": { "by": null, "at": "2026-11-15T08:00:00Z" } } });
    let record = row("booked", stands);
    let due = drawn(|| standing::due_chip(clock, entity, &record).into_any());
    assert!(
        due.contains("3 days over") && due.contains("In Booked since 15 Nov 2026, 11:00, due by 18 Nov 2026"),
        "{due}"
    );
    let done = drawn(|| standing::done_chip(entity, &record).into_any());
    assert!(done.contains("1 of 2 done"), "{done}");
    let closed = row("closed", json!({ "statusSince": "2026-11-15T08:00:00Z", "statusDue": null }));
    assert!(standing::due_chip(clock, entity, &closed).is_none() && standing::done_chip(entity, &closed).is_none());
}
