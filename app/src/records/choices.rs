//! What the selects of a form offer: members, and rows of referenced entities. Fetched before the form is drawn, so that it works without
//! a script. A table with more rows than a select can hold gets a search beside it.

use crate::page::{PageContext, Viewer};
use domain::people::ListMembers;
use domain::records::{GetRecord, ListRecords, Record};
use domain::schema::{Count, Entity, Field, FieldKind, ListQuery, Sort, pointing};
use domain::{BackendHandle, Result, Verb};
use serde_json::Value;
use std::collections::BTreeMap;
use ui::Choice;
use uuid::Uuid;
use words::t;

/// Rows that a select offers; beyond, one searches.
const OFFERED: u32 = 200;
/// Rows that a search offers.
const FOUND: u32 = 50;

#[derive(Default)]
pub struct Choices {
    by_field: BTreeMap<String, Offered>,
}

#[derive(Clone, Default)]
pub struct Offered {
    pub choices: Vec<Choice>,
    /// There are more rows than are offered.
    pub more: bool,
    /// Words that were searched for.
    pub found: Option<String>,
}

impl Offered {
    /// What one select offers of several entities.
    fn join(&mut self, other: Self) {
        self.choices.extend(other.choices);
        self.more |= other.more;
        self.found = self.found.take().or(other.found);
    }
}

impl Choices {
    pub fn of(&self, field: &Field) -> Offered {
        self.by_field.get(&field.key).cloned().unwrap_or_default()
    }

    /// Leaves out what a field does not offer here.
    pub fn keep(&mut self, key: &str, offers: impl Fn(&str) -> bool) {
        if let Some(offered) = self.by_field.get_mut(key) {
            offered.choices.retain(|choice| offers(&choice.value));
        }
    }

    /// Loads what these fields need. `record` is the row as it is now: what it points at is always offered.
    pub async fn load(
        page: &PageContext,
        viewer: &Viewer,
        backend: &BackendHandle,
        fields: &[&Field],
        record: Option<&Record>,
    ) -> Result<Self> {
        let mut by_field = BTreeMap::new();
        let mut members: Option<Vec<Choice>> = None;
        for field in fields {
            let current = current(page, field, record);
            let mut offered = match &field.kind {
                FieldKind::Member => {
                    let choices = match members.clone() {
                        Some(choices) => choices,
                        None => members.insert(load_members(backend).await?).clone(),
                    };
                    Offered { choices, more: false, found: None }
                }
                FieldKind::Reference { .. } | FieldKind::References { .. } | FieldKind::AnyReference { .. } => {
                    let mut offered = Offered::default();
                    for target in field.entities().iter().filter_map(|entity| viewer.catalog.get(entity)) {
                        if viewer.may(target, Verb::Read) {
                            offered.join(load_rows(page, backend, target, field).await?);
                        }
                    }
                    offered
                }
                _ => continue,
            };
            for id in current {
                if !offered.choices.iter().any(|choice| choice.value == id) {
                    offered
                        .choices
                        .insert(0, Choice::new(id.clone(), label(viewer, backend, field, record, &id).await));
                }
            }
            by_field.insert(field.key.clone(), offered);
        }
        Ok(Self { by_field })
    }
}

/// Ids that the select must offer: what the row holds, and what was chosen in the form before.
fn current(page: &PageContext, field: &Field, record: Option<&Record>) -> Vec<String> {
    let posted = format!("values.{}", field.key);
    if field.is_many() {
        return several(page, field, record, &posted);
    }
    let typed = page.replay.as_ref().and_then(|replay| replay.value(&posted));
    let sent = [page.query(&posted), page.query(&field.key), typed].into_iter().flatten().map(str::to_owned);
    let mut ids: Vec<String> =
        record.and_then(|record| held(field, record)).into_iter().chain(sent).filter(|id| is_one(field, id)).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// What a row holds, as a select sends it.
fn held(field: &Field, record: &Record) -> Option<String> {
    if field.is_any_reference() {
        return pointing::written(record.values.get(&field.key)?);
    }
    record.text(&field.key).map(str::to_owned)
}

/// Whether this names one row, as a select of the field sends it.
fn is_one(field: &Field, sent: &str) -> bool {
    if field.is_any_reference() {
        return field.read_pointer(sent).is_ok_and(|pointed| pointed.id.is_some());
    }
    Uuid::try_parse(sent).is_ok()
}

/// The same where several are chosen.
fn several(page: &PageContext, field: &Field, record: Option<&Record>, posted: &str) -> Vec<String> {
    let held = record.and_then(|record| record.values.get(&field.key)).and_then(Value::as_array);
    let held = held.into_iter().flatten().filter_map(Value::as_str);
    let sent = page.replay.iter().flat_map(|replay| &replay.fields).chain(page.query.iter());
    let sent = sent.filter(|(name, _)| name == posted || *name == field.key).flat_map(|(_, ids)| ids.split(','));
    let mut ids: Vec<String> = held.chain(sent).filter(|id| Uuid::try_parse(id).is_ok()).map(str::to_owned).collect();
    ids.sort();
    ids.dedup();
    ids
}

async fn load_members(backend: &BackendHandle) -> Result<Vec<Choice>> {
    let members = backend.run(ListMembers {}).await?;
    Ok(members
        .into_iter()
        .filter(|member| member.status == "active")
        .map(|member| Choice::new(member.id.to_string(), member.name))
        .collect())
}

async fn load_rows(page: &PageContext, backend: &BackendHandle, target: &Entity, field: &Field) -> Result<Offered> {
    let words = page.query(&format!("find.{}", field.key)).map(str::to_owned);
    let limit = if words.is_some() { FOUND } else { OFFERED };
    let mut wanted = vec![target.title.clone(), "number".to_owned()];
    wanted.extend(target.subtitle.clone());
    let title_sorts = target.field(&target.title).is_some_and(|title| title.indexed);
    let query = ListQuery {
        search: words.clone(),
        sort: if title_sorts { vec![Sort { field: target.title.clone(), descending: false }] } else { Vec::new() },
        limit,
        fields: wanted,
        count: Count::None,
        ..ListQuery::default()
    };
    let mut answer = backend.run(ListRecords { entity: target.key.clone(), query }).await?;
    let choice = |row: &Record| {
        let value = field.pointer(&target.key, &row.id.to_string());
        Choice::new(value, kind_label(field, target, row_label(target, row)))
    };
    let choices = answer.take_records()?.iter().map(choice).collect();
    Ok(Offered { choices, more: answer.next.is_some() || words.is_some(), found: words })
}

/// Among rows of several entities each says first what it is.
fn kind_label(field: &Field, target: &Entity, label: String) -> String {
    if field.is_any_reference() { format!("{}: {label}", target.labels.one) } else { label }
}

/// The title, with the number where it tells rows of one name apart.
fn row_label(target: &Entity, row: &Record) -> String {
    let title = row.text(&target.title).unwrap_or_default();
    match row.text("number") {
        Some(number) if title.is_empty() => number.to_owned(),
        Some(number) => format!("{title} · {number}"),
        None => title.to_owned(),
    }
}

/// The name of a row or member that is chosen but not among those offered.
async fn label(viewer: &Viewer, backend: &BackendHandle, field: &Field, record: Option<&Record>, id: &str) -> String {
    let of_row = record.filter(|record| held(field, record).as_deref() == Some(id));
    let label = of_row.and_then(|record| record.label(&field.key)).map(str::to_owned);
    if field.kind == FieldKind::Member {
        return label.unwrap_or_else(|| t!("Somebody who left").to_owned());
    }
    let pointed = match field.target() {
        Some(entity) => Uuid::try_parse(id).ok().map(|id| (entity.as_str(), id)),
        None => field.read_pointer(id).ok().and_then(|pointed| Some((pointed.entity, pointed.id?))),
    };
    let target = pointed.and_then(|(entity, id)| Some((viewer.catalog.get(entity)?, id)));
    if let (Some((target, _)), Some(label)) = (target, &label) {
        return kind_label(field, target, label.clone());
    }
    if let Some((target, id)) = target
        && let Ok(row) = backend.run(GetRecord { entity: target.key.clone(), id }).await
    {
        return kind_label(field, target, row_label(target, &row));
    }
    if field.is_many() || field.is_any_reference() {
        return t!("Not yours to see").to_owned();
    }
    id.to_owned()
}

/// What an id of a field is called, for pages that show values from several moments.
pub async fn name(
    viewer: &Viewer,
    backend: &BackendHandle,
    offered: &Choices,
    field: &Field,
    record: &Record,
    id: &str,
) -> String {
    match offered.of(field).choices.iter().find(|choice| choice.value == id) {
        Some(choice) => choice.label.clone(),
        None => label(viewer, backend, field, Some(record), id).await,
    }
}
