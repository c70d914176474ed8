//! Every move of a piece, in the order of the description: refused with what is missing named, as long as anything is,
//! and then made.

use super::samples::{sample, upload};
use super::world::{API, Faults, PIECES, World, operation, pair, read, send, text, text_of, written};
use domain::permission::role_label;
use domain::schema::{Field, State, Transition};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

/// A row on its way, and what was found wrong with it.
struct Walk<'a> {
    world: &'a World,
    id: String,
    faults: Faults,
}

pub async fn gone_through(world: &World) {
    let made = written(&world.mia, Method::POST, "/pieces", &json!({ "name": "Walker" })).await;
    let mut walk = Walk { world, id: text_of(&made, "id"), faults: Faults::default() };
    let states = world.piece.states.as_ref().unwrap();
    for transition in &states.transitions {
        if transition.internal {
            walk.kept_inside(transition).await;
        } else {
            walk.step(transition).await;
        }
    }
    walk.faults.none("moves and their gates", 40);
}

impl Walk<'_> {
    async fn row(&self) -> Value {
        self.world.read(&self.id).await
    }

    async fn page(&self, rest: &str) -> (StatusCode, String) {
        self.world.grace.page(&format!("{PIECES}/{}{rest}", self.id)).await
    }

    fn state(&self, key: &str) -> &State {
        self.world.piece.states.as_ref().and_then(|states| states.get(key)).unwrap()
    }

    /// Tries the move, as the owner of the workspace.
    async fn tried(&self, transition: &Transition, values: &Value) -> (StatusCode, Value) {
        let path = format!("{API}/pieces/{}/transitions/{}", self.id, transition.name);
        self.world.grace.write(Method::POST, &path, values).await
    }

    /// Tries the move, which has to be refused with all of these words.
    async fn refused(&mut self, transition: &Transition, values: &Value, words: &[String], step: &str) {
        let (status, answer) = self.tried(transition, values).await;
        let said = answer["message"].as_str().or(answer["detail"].as_str()).unwrap_or_default();
        let right = status == StatusCode::CONFLICT && words.iter().all(|word| said.contains(word.as_str()));
        self.faults.unless(right, &transition.name, step, format!("{status} {answer}; it is to name {words:?}"));
    }

    async fn step(&mut self, transition: &Transition) {
        let row = self.row().await;
        let from = text_of(&row, "status");
        assert!(
            transition.starts_from(&from),
            "{} does not start from {from}: mend the order of the pack",
            transition.name
        );
        self.other_states(&from).await;
        self.of_a_role(transition).await;
        self.filled_in(transition, &from).await;
        let values = self.handed_over(transition).await;
        let gate = &transition.gate;
        if gate.approval.is_some() {
            self.agreed(transition, &values).await;
        } else if gate.requires.is_empty() && !gate.checklist && gate.roles.is_empty() {
            self.by_form(transition).await;
        } else {
            let (status, answer) = self.tried(transition, &values).await;
            self.faults.unless(status == StatusCode::OK, &transition.name, "with all that it asks for", &answer);
        }
        self.arrived(transition).await;
    }

    /// States to which no move leads from here are refused.
    async fn other_states(&mut self, from: &str) {
        let states = self.world.piece.states.as_ref().unwrap();
        let open: Vec<&str> = states.from(from).filter(|step| !step.internal).map(|step| step.to.as_str()).collect();
        for state in states.list.iter().filter(|state| state.key != from && !open.contains(&state.key.as_str())) {
            let version = self.row().await["version"].clone();
            let input = json!({ "entity": "piece", "id": self.id, "version": version, "to": state.key });
            let path = format!("{API}/operations/records.transition");
            let (status, answer) = self.world.grace.write(Method::POST, &path, &input).await;
            self.faults.unless(status == StatusCode::CONFLICT, &state.key, "where no move leads", answer);
        }
    }

    /// A role that the gate asks for, tried by somebody without it.
    async fn of_a_role(&mut self, transition: &Transition) {
        if transition.gate.roles.is_empty() {
            return;
        }
        let path = format!("{API}/pieces/{}/transitions/{}", self.id, transition.name);
        let (status, answer) = self.world.mia.write(Method::POST, &path, &json!({})).await;
        let said = answer.to_string();
        let named =
            transition.gate.roles.iter().all(|role| said.contains(role.as_str()) || said.contains(&role_label(role)));
        self.faults.unless(status == StatusCode::FORBIDDEN && named, &transition.name, "without the role", said);
        let (_, page) = self.world.mia.page(&format!("{PIECES}/{}", self.id)).await;
        let closed = |role: &String| page.contains(&format!("Needs the role {}", role_label(role)));
        let told = transition.gate.roles.iter().all(closed);
        self.faults.unless(told, &transition.name, "the page for somebody without the role", "the role is not named");
    }

    /// Fields and the checklist: what is missing is named until nothing is.
    async fn filled_in(&mut self, transition: &Transition, from: &str) {
        let row = self.row().await;
        let world = self.world;
        let missing: Vec<&Field> = transition
            .gate
            .requires
            .iter()
            .filter_map(|key| world.piece.field(key))
            .filter(|field| row[&field.key].is_null())
            .collect();
        let items: Vec<(String, String)> = match transition.gate.checklist {
            true => self.state(from).checklist.iter().map(|item| (item.key.clone(), item.label.clone())).collect(),
            false => Vec::new(),
        };
        let mut open: Vec<String> = missing.iter().map(|field| field.label.clone()).collect();
        open.extend(items.iter().map(|(_, label)| label.clone()));
        for (key, label) in &items {
            self.refused(transition, &json!({}), &open, "what is missing").await;
            let version = self.row().await["version"].clone();
            let tick = json!({ "entity": "piece", "id": self.id, "version": version, "item": key, "done": true });
            let ticked = operation(&self.world.grace, "records.tick", &tick).await;
            let done = ticked["checklist"].get(key.as_str()).is_some();
            self.faults.unless(done, key, "a tick", &ticked["checklist"]);
            open.retain(|word| word != label);
        }
        if !missing.is_empty() {
            let (status, page) = self.page(&format!("?move={}", transition.to)).await;
            for field in &missing {
                let mark = format!("values.{}", field.key);
                let asked = status == StatusCode::OK && page.contains(&mark) && text(&page).contains(&field.label);
                self.faults.unless(asked, &field.key, "the page that asks for it", status);
            }
        }
        for field in missing {
            self.refused(transition, &json!({}), &open, "what is missing").await;
            let value = match upload(field) {
                Some((name, content)) => {
                    let file = json!({ "entity": "piece", "field": field.key, "name": name, "content": content });
                    operation(&world.grace, "files.attach", &file).await["id"].clone()
                }
                None => sample(field, 0, &world.known).unwrap().value,
            };
            let mut values = Map::from_iter([(field.key.clone(), value)]);
            values.insert("version".to_owned(), self.row().await["version"].clone());
            written(&world.grace, Method::PATCH, &format!("/pieces/{}", self.id), &Value::Object(values)).await;
            open.retain(|word| *word != field.label);
        }
    }

    /// An owner of the role that the state asks for; what the move has to bring along.
    async fn handed_over(&mut self, transition: &Transition) -> Value {
        let Some(role) = self.state(&transition.to).owner_role.clone() else { return json!({}) };
        let inspector = self.world.known.members[0].clone();
        let words = [role_label(&role), inspector.name.clone()];
        self.refused(transition, &json!({}), &words, "an owner without the role").await;
        let (_, page) = self.page(&format!("?move={}", transition.to)).await;
        let offered = page.contains("values.owner") && page.contains(&inspector.id);
        self.faults.unless(
            offered,
            &transition.name,
            "the page that asks for an owner",
            "the inspector is not offered",
        );
        json!({ "owner": inspector.id })
    }

    /// Held back until somebody agrees, whose decision takes the move.
    async fn agreed(&mut self, transition: &Transition, values: &Value) {
        self.refused(transition, values, &["needs an approval".to_owned()], "before anybody agreed").await;
        let asked = operation(&self.world.mia, "workflow.list_approvals", &json!({})).await;
        let mine = asked
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["record"] == *self.id && row["transition"] == *transition.name);
        let Some(mine) = mine else {
            return self.faults.unless(false, &transition.name, "the approval", &asked);
        };
        // What the move asks for was filled in after the approval was asked for.
        let decision = json!({ "id": mine["id"], "decision": "approve", "version": mine["version"] });
        operation(&self.world.mia, "workflow.decide_approval", &decision).await;
    }

    /// What asks for nothing, by the button of the page.
    async fn by_form(&mut self, transition: &Transition) {
        let version = self.row().await["version"].to_string();
        let fields = [
            pair("entity", "piece"),
            pair("id", &self.id),
            pair("version", &version),
            pair("to", &transition.to),
            pair("_key", &transition.name),
            pair("_page", &format!("{PIECES}/{}", self.id)),
        ];
        let answer = send(&self.world.grace, "records.transition", &fields, &[]).await;
        self.faults.unless(answer.status() == StatusCode::SEE_OTHER, &transition.name, "by its form", answer.status());
    }

    /// In the state that the move leads to, with what the state says: its days, what may be done there, its name on the
    /// page.
    async fn arrived(&mut self, transition: &Transition) {
        let row = self.row().await;
        let state = self.state(&transition.to).clone();
        self.faults.unless(row["status"] == *state.key, &transition.name, "after the move", &row["status"]);
        let due = row["statusDue"].as_str();
        self.faults.unless(due.is_some() == state.sla_days.is_some(), &state.key, "its days", &row["statusDue"]);
        let (_, page) = self.page("").await;
        self.faults.unless(text(&page).contains(&state.label), &state.key, "the page", "its name");
        let listed = read(&self.world.grace, &format!("/pieces?status={}", state.key)).await;
        let there = listed.as_array().unwrap().iter().any(|row| row["id"] == *self.id);
        self.faults.unless(there, &state.key, "the list of the state", "the row");
        let change = json!({ "version": row["version"], "story": format!("Was {}.", state.label) });
        let path = format!("{API}/pieces/{}", self.id);
        let (status, answer) = self.world.grace.write(Method::PATCH, &path, &change).await;
        let wanted = if state.allows("EDIT") { StatusCode::OK } else { StatusCode::CONFLICT };
        self.faults.unless(status == wanted, &state.key, "an edit there", answer);
    }

    /// A move that only an operation of its own may take.
    async fn kept_inside(&mut self, transition: &Transition) {
        let from = text_of(&self.row().await, "status");
        assert!(
            transition.starts_from(&from),
            "{} does not start from {from}: mend the order of the pack",
            transition.name
        );
        let (status, answer) = self.tried(transition, &json!({})).await;
        let refused = matches!(status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT);
        self.faults.unless(refused, &transition.name, "a move of an operation's own", answer);
        let (_, page) = self.page("").await;
        let told = page.contains(&format!("Only by the action “{}”", transition.label.to_lowercase()));
        self.faults.unless(told, &transition.name, "the page", "it does not say who moves it");
        let row = self.row().await;
        self.faults.unless(row["status"] == *from, &transition.name, "after it was refused", &row["status"]);
    }
}

/// What is made of parts: counted and added up, and ended by the move that the description names for it.
pub async fn parts(world: &World, piece: &str) {
    let mut faults = Faults::default();
    for (name, amount, day, hours, ended) in [
        ("Body", "10.00", "2026-09-03", 3600, false),
        ("Lid", "15.50", "2026-09-05", 10_800, false),
        ("Handle", "99.00", "2026-09-01", 60, true),
    ] {
        let cost = json!({ "amount": amount, "currency": "KES" });
        let part = json!({ "name": name, "piece": piece, "cost": cost, "boughtOn": day, "hours": hours });
        let made = written(&world.grace, Method::POST, "/parts", &part).await;
        if ended {
            let path = format!("/parts/{}", text_of(&made, "id"));
            let gone = written(&world.grace, Method::DELETE, &path, &json!({ "version": made["version"] })).await;
            let kept = gone["status"] == "scrapped" && gone["deletedAt"].is_null();
            faults.unless(kept, "deletion", "a row that is ended", &gone);
        }
    }
    let row = world.read(piece).await;
    world.hold(&mut faults, &row, 0, true, "with its parts");
    faults.none("parts", 25);
}
