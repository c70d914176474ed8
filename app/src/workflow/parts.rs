//! Pieces that several of these pages show: the state of a run, a record by its name, a value as people read it.

use crate::layout::nav::words;
use crate::page::Viewer;
use crate::records::address;
use domain::BackendHandle;
use domain::records::GetRecord;
use domain::workflow::RunState;
use leptos::prelude::*;
use serde_json::Value;
use std::collections::HashMap;
use ui::{Badge, Blank, Hue, StateChip, StateShape, TextLink, Tone};
use uuid::Uuid;
use words::t;

pub fn run_words(state: RunState) -> &'static str {
    match state {
        RunState::Pending => t!("Waiting for a worker"),
        RunState::Running => t!("Running"),
        RunState::Waiting => t!("Waiting"),
        RunState::WaitingApproval => t!("Waiting for approval"),
        RunState::Paused => t!("Held"),
        RunState::Completed => t!("Completed"),
        RunState::Failed => t!("Failed"),
        RunState::Cancelled => t!("Cancelled"),
    }
}

/// A chip with a shape of its own for each state, so that nothing depends on the colour.
pub fn run_chip(state: RunState) -> AnyView {
    let (hue, shape) = match state {
        RunState::Pending => (0, StateShape::Open),
        RunState::Running => (0, StateShape::Half),
        RunState::Waiting => (1, StateShape::Quarter),
        RunState::WaitingApproval => (4, StateShape::Quarter),
        RunState::Paused => (4, StateShape::Paused),
        RunState::Completed => (2, StateShape::Done),
        RunState::Failed => (7, StateShape::Lost),
        RunState::Cancelled => (5, StateShape::Lost),
    };
    view! { <StateChip label=run_words(state) hue=Hue::nth(hue) shape/> }.into_any()
}

pub fn approval_badge(state: &str) -> AnyView {
    let (tone, label) = match state {
        "PENDING" => (Tone::Warning, t!("Pending").to_owned()),
        "APPROVED" => (Tone::Positive, t!("Approved").to_owned()),
        "REJECTED" => (Tone::Negative, t!("Rejected").to_owned()),
        "EXPIRED" => (Tone::Neutral, t!("Expired").to_owned()),
        "CANCELLED" => (Tone::Neutral, t!("Cancelled").to_owned()),
        other => (Tone::Neutral, words(other)),
    };
    view! { <Badge tone>{label}</Badge> }.into_any()
}

/// Names and addresses of records, for those that the viewer may read.
#[derive(Default)]
pub struct Names(HashMap<(String, Uuid), (String, String)>);

impl Names {
    pub async fn load(
        viewer: &Viewer,
        backend: &BackendHandle,
        wanted: impl Iterator<Item = (Option<String>, Option<Uuid>)>,
    ) -> Self {
        let mut names = Self::default();
        for (entity, record) in wanted.filter_map(|(entity, record)| Some((entity?, record?))) {
            let key = (entity, record);
            if names.0.contains_key(&key) {
                continue;
            }
            // An approval is no record, and has a page for those whom it concerns.
            if key.0 == "approval" {
                let href = viewer.path(&format!("approvals/{}", key.1));
                names.0.insert(key, (t!("Approval").to_owned(), href));
                continue;
            }
            let Some(described) = viewer.catalog.get(&key.0).filter(|entity| viewer.may(entity, domain::Verb::Read))
            else {
                continue;
            };
            // What may not be read, or is gone, is named by its kind alone.
            if let Ok(row) = backend.run(GetRecord { entity: key.0.clone(), id: record }).await {
                names.0.insert(key, (address::title(described, &row), address::of(viewer, described, &row)));
            }
        }
        names
    }

    /// Where the record is, for who may read it.
    pub fn address(&self, entity: Option<&str>, record: Option<Uuid>) -> Option<String> {
        self.0.get(&(entity?.to_owned(), record?)).map(|(_, href)| href.clone())
    }

    pub fn link(&self, viewer: &Viewer, entity: Option<&str>, record: Option<Uuid>) -> AnyView {
        let (Some(entity), Some(record)) = (entity, record) else { return view! { <Blank/> }.into_any() };
        match self.0.get(&(entity.to_owned(), record)) {
            Some((title, href)) => {
                let (title, href) = (title.clone(), href.clone());
                view! { <TextLink href><bdi>{title}</bdi></TextLink> }.into_any()
            }
            None => entity_words(viewer, entity).into_any(),
        }
    }
}

pub fn entity_words(viewer: &Viewer, entity: &str) -> String {
    viewer.catalog.get(entity).map_or_else(|| words(entity), |entity| entity.labels.one.clone())
}

/// A value of a step as a person reads it: texts bare, money as money, the rest as it is written.
pub fn value_words(value: &Value) -> String {
    match value {
        Value::Null => t!("empty").to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(_) => money(value).map_or_else(|| value.to_string(), |money| money.display()),
        other => other.to_string(),
    }
}

/// An amount with its currency, and nothing else.
fn money(value: &Value) -> Option<domain::Money> {
    serde_json::from_value(value.clone()).ok().filter(|_| value.as_object().is_some_and(|members| members.len() == 2))
}

/// The members of an object, each with its value in words. Members of members are written with dots.
pub fn flat(value: &Value) -> Vec<(String, String)> {
    fn walk(prefix: &str, value: &Value, out: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) if money(value).is_none() => {
                for (key, value) in members {
                    let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    walk(&name, value, out);
                }
            }
            other => out.push((prefix.to_owned(), value_words(other))),
        }
    }
    let mut out = Vec::new();
    walk("", value, &mut out);
    out.retain(|(key, _)| !key.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_of_members_have_dots_and_money_is_money() {
        let value = json!({ "values": { "customer": "Lake", "amount": { "amount": "1250.50", "currency": "KES" } }, "n": 3, "none": null });
        let said = flat(&value);
        assert!(said.contains(&("values.amount".to_owned(), "KES 1,250.50".to_owned())), "{said:?}");
        assert!(said.contains(&("none".to_owned(), "empty".to_owned())));
        assert_eq!(said.len(), 4);
    }
}
