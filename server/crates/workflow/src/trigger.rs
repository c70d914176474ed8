//! Triggers: what is wrong with one, and which events one is about.

use crate::check::Checking;
use domain::schema::{Entity, FieldKind, Filter};
use domain::text::nearest;
use domain::workflow::{Frequency, Trigger, TriggerKind};
use serde_json::{Map, Value};
use words::t;

/// The event of a schedule's tick; its record is the workflow.
pub const TICKED: &str = "workflow.workflow.ticked";

/// What an event says of its record's fields: all of them for a creation, those that differ for a change.
#[derive(Debug, Clone, Default)]
pub struct Images {
    pub before: Option<Map<String, Value>>,
    pub after: Option<Map<String, Value>>,
}

impl Images {
    pub fn read(before: Option<&str>, after: Option<&str>) -> Self {
        let read = |text: Option<&str>| text.and_then(|text| serde_json::from_str(text).ok());
        Self { before: read(before), after: read(after) }
    }

    /// What the change made of a field, where it is of that field.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.after.as_ref().and_then(|after| after.get(key))
    }

    fn created(&self) -> bool {
        self.before.is_none() && self.after.is_some()
    }

    fn changed(&self, key: &str) -> bool {
        self.before.is_some() && self.after.as_ref().is_some_and(|after| after.contains_key(key))
    }

    fn deleted(&self) -> bool {
        self.changed("deletedAt") && self.after.as_ref().is_some_and(|after| !after["deletedAt"].is_null())
    }
}

/// Whether the event is of the kind that the trigger waits for. Its `when` is asked afterwards.
pub fn concerns(trigger: &Trigger, kind: &str, entity: Option<&str>, images: &Images) -> bool {
    if trigger.on == TriggerKind::Event {
        return trigger.event.as_deref() == Some(kind);
    }
    if trigger.entity.is_none() || trigger.entity.as_deref() != entity {
        return false;
    }
    let moved = images.changed("status");
    let touched = |fields: &[String]| fields.is_empty() || fields.iter().any(|field| images.changed(field));
    match trigger.on {
        TriggerKind::Created => images.created(),
        TriggerKind::Updated => images.before.is_some() && !images.changed("deletedAt") && touched(&trigger.fields),
        TriggerKind::Transitioned => moved && touched(&trigger.fields),
        TriggerKind::Deleted => images.deleted(),
        TriggerKind::Threshold => images.after.is_some() && !images.changed("deletedAt"),
        _ => false,
    }
}

/// Whether a schedule makes it tick.
pub fn ticks(trigger: &Trigger) -> Option<Frequency> {
    match trigger.on {
        TriggerKind::Schedule => Some(trigger.frequency.unwrap_or(Frequency::Daily)),
        TriggerKind::DateReached => Some(Frequency::Daily),
        _ => None,
    }
}

/// `07:00` as minutes after midnight.
pub fn minutes(at: Option<&str>) -> Option<u32> {
    let Some(at) = at else { return Some(7 * 60) };
    let (hours, minutes) = at.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// Tells all faults of a trigger but those of its expressions.
pub fn check(checking: &mut Checking<'_>, trigger: &Trigger, entity: Option<&Entity>) {
    let needs_entity = !matches!(trigger.on, TriggerKind::Event | TriggerKind::Schedule | TriggerKind::ByHand);
    if needs_entity && trigger.entity.is_none() {
        checking.fault("trigger.entity", t!("Say which records it is about"));
    }
    for field in &trigger.fields {
        known(checking, "trigger.fields", field, entity);
    }
    let wants = |given: bool, place: &str, message: &str, checking: &mut Checking<'_>| {
        if !given {
            checking.fault(place, message.to_owned());
        }
    };
    match trigger.on {
        TriggerKind::Event => wants(
            trigger.event.as_deref().is_some_and(|kind| !kind.trim().is_empty()),
            "trigger.event",
            t!("Name the type of the event, such as sales.order.shipped"),
            checking,
        ),
        TriggerKind::Threshold => {
            wants(trigger.when.is_some(), "trigger.when", t!("Say which threshold is crossed"), checking);
        }
        TriggerKind::Schedule => {
            wants(trigger.frequency.is_some(), "trigger.frequency", t!("Say how often"), checking);
        }
        TriggerKind::DateReached => date(checking, trigger, entity),
        _ => {}
    }
    if minutes(trigger.at.as_deref()).is_none() {
        checking.fault("trigger.at", t!("Write the time as 07:00"));
    }
    if let (Some(filter), Some(entity)) = (&trigger.filter, entity)
        && let Err(problem) = Filter::parse(filter, entity)
    {
        checking.fault("trigger.filter", problem.to_string());
    }
}

fn date(checking: &mut Checking<'_>, trigger: &Trigger, entity: Option<&Entity>) {
    let Some(key) = &trigger.field else {
        return checking.fault("trigger.field", t!("Name the date whose day is waited for"));
    };
    let Some(field) = known(checking, "trigger.field", key, entity) else { return };
    if !matches!(field.kind, FieldKind::Date { .. }) || !field.indexed {
        checking.fault("trigger.field", t!("{field} is not a date that has an index", field = field.label));
    }
    if trigger.days.abs() > 3660 {
        checking.fault("trigger.days", t!("At most 3,660 days before or after"));
    }
}

fn known<'e>(
    checking: &mut Checking<'_>,
    place: &str,
    key: &str,
    entity: Option<&'e Entity>,
) -> Option<&'e domain::schema::Field> {
    let entity = entity?;
    let field = entity.field(key);
    if field.is_none() {
        let meant = nearest(key, entity.fields.iter().map(|field| field.key.as_str()));
        let meant = meant.map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
        checking.fault(place, t!("{entity} has no field {key}{meant}", entity = entity.labels.one, key, meant));
    }
    field
}
