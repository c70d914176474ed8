//! Pieces that several of these pages show: the state of a run, a record by its name, a value as people read it.

use crate::layout::nav::words;
use crate::page::Viewer;
use crate::records::{address, titled};
use domain::workflow::{GetWorkflow, RunState};
use domain::{BackendHandle, Verb};
use leptos::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
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
    /// The records of one entity by one statement, however many there are.
    pub async fn load(
        viewer: &Viewer,
        backend: &BackendHandle,
        wanted: impl Iterator<Item = (Option<String>, Option<Uuid>)>,
    ) -> Self {
        let mut names = Self::default();
        let mut by_entity: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
        for (entity, record) in wanted.filter_map(|(entity, record)| Some((entity?, record?))) {
            by_entity.entry(entity).or_default().insert(record);
        }
        for (entity, ids) in by_entity {
            if let Some(described) = viewer.catalog.get(&entity) {
                if !viewer.may(described, Verb::Read) {
                    continue;
                }
                // What may not be read, or is gone, is named by its kind alone.
                let ids: Vec<Uuid> = ids.into_iter().collect();
                for row in titled(viewer, backend, described, &ids).await {
                    let named = (address::title(described, &row), address::of(viewer, described, &row));
                    names.0.insert((entity.clone(), row.id), named);
                }
            } else {
                for id in ids {
                    let key = (entity.clone(), id);
                    if let Some(named) = beside(viewer, backend, &key).await {
                        names.0.insert(key, named);
                    }
                }
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

/// What is no record, and has a page for those whom it concerns.
async fn beside(viewer: &Viewer, backend: &BackendHandle, (kind, id): &(String, Uuid)) -> Option<(String, String)> {
    let (name, place) = match kind.as_str() {
        "approval" => (t!("Approval"), "approvals"),
        "bulk_change" => (t!("Bulk change"), "bulk"),
        "export" => (t!("Export" in "noun"), "exports"),
        "import" => (t!("Import" in "noun"), "imports"),
        "workflow" => {
            // Named for those alone who may read it.
            let found = backend.run(GetWorkflow { id: *id, version: None }).await.ok()?;
            return Some((found.row.name, viewer.path(&format!("workflows/{id}"))));
        }
        _ => return None,
    };
    Some((name.to_owned(), viewer.path(&format!("{place}/{id}"))))
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
    use crate::records::fixture::{catalog, viewer};
    use domain::backend::{AnyBox, BoxFuture};
    use domain::records::{ListRecords, Page, Record, Rows};
    use domain::{Backend, Error};
    use futures::FutureExt;
    use serde_json::json;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Answers lists and nothing else, and counts what it is asked.
    struct Counting(AtomicUsize);

    impl Backend for Counting {
        fn run_any(&self, _: &'static str, operation: AnyBox) -> BoxFuture<'static, domain::Result<AnyBox>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let asked = operation.downcast::<ListRecords>().map(|list| list.query.ids).map_err(|_| Error::internal());
            Box::pin(async move {
                let row = |id: Uuid| {
                    let values = json!({ "id": id, "version": 1, "name": format!("Lead {}", id.as_u128()) });
                    serde_json::from_value::<Record>(values).unwrap()
                };
                let rows = Rows::Records(asked?.into_iter().map(row).collect());
                let page = Page { rows, returned: 0, total: None, next: None, previous: None };
                Ok(Box::new(page) as AnyBox)
            })
        }

        fn run_json(&self, _: &str, _: Value) -> BoxFuture<'static, domain::Result<String>> {
            Box::pin(async { Err(Error::internal()) })
        }
    }

    #[test]
    fn a_hundred_records_of_an_entity_are_named_by_one_question() {
        let viewer = Viewer { catalog: Arc::new(catalog()), ..viewer() };
        let counting = Arc::new(Counting(AtomicUsize::new(0)));
        let backend = BackendHandle(counting.clone());
        let wanted = (0..200).map(|number| (Some("lead".to_owned()), Some(Uuid::from_u128(number % 100))));
        let names = Names::load(&viewer, &backend, wanted.chain([(None, None)])).now_or_never().unwrap();
        assert_eq!((names.0.len(), counting.0.load(Ordering::Relaxed)), (100, 1));
        let (name, href) = &names.0[&("lead".to_owned(), Uuid::from_u128(7))];
        assert_eq!((name.as_str(), href), ("Lead 7", &viewer.path(&format!("leads/{}", Uuid::from_u128(7)))));
    }

    #[test]
    fn members_of_members_have_dots_and_money_is_money() {
        let value = json!({ "values": { "customer": "Lake", "amount": { "amount": "1250.50", "currency": "KES" } }, "n": 3, "none": null });
        let said = flat(&value);
        assert!(said.contains(&("values.amount".to_owned(), "KES 1,250.50".to_owned())), "{said:?}");
        assert!(said.contains(&("none".to_owned(), "empty".to_owned())));
        assert_eq!(said.len(), 4);
    }
}
