//! `add_note`: a note on the timeline of a record, by the same operation as the box above it.

use super::{Facts, Inputs, Intent, StepType, target};
use crate::check::Checking;
use crate::needs::{Doing, Whose};
use chrono::SecondsFormat;
use domain::records::Values;
use domain::schema::{Entity, FieldKind};
use domain::workflow::{Answer, Audience, InputDescriptor, InputKind, StepDescriptor};
use domain::{Result, Verb};
use expr::Type;
use serde_json::{Value, json};
use words::t;

pub const STEP: StepType = StepType { kind: "add_note", describe, check, answers, needs, act };

const ACTIVITY: &str = "activity";

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "add_note".into(),
        label: t!("Add a note").into(),
        help: t!(
            "Writes a note on the timeline of a record: the one that set the workflow off, unless another is named."
        )
        .into(),
        icon: "sticky-note".into(),
        inputs: vec![
            InputDescriptor::new("entity", t!("What" in "step"), InputKind::Entity),
            InputDescriptor::new("record", t!("Which" in "step"), InputKind::Expression { answers: Answer::Record })
                .help(t!("An expression such as order.customer.")),
            InputDescriptor::new("subject", t!("Subject"), InputKind::Text).required(),
            InputDescriptor::new("notes", t!("Text" in "step"), InputKind::Text),
            InputDescriptor::new("member", t!("For the member"), InputKind::Expression { answers: Answer::Record })
                .help(t!("Whose note it is. The owner of the record that set the workflow off when it is left out.")),
        ],
    }
}

fn check(checking: &mut Checking<'_>) {
    let Some(about) = checking.entity() else { return };
    let Some(activity) = checking.catalog.get(ACTIVITY) else {
        return checking.fault("type", t!("There are no activities here, and a note is one of them"));
    };
    if !points_at(activity, &about.key) {
        let known = checking.catalog.iter().filter(|entity| points_at(activity, &entity.key));
        let known: Vec<&str> = known.map(|entity| entity.labels.many.as_str()).collect();
        let message = t!(
            "{entities} have no notes; those that have are {known}",
            entities = about.labels.many,
            known = known.join(", ")
        );
        checking.fault("input.entity", message);
    }
}

/// A reference that is called like its entity.
fn points_at(activity: &Entity, key: &str) -> bool {
    let field = activity.field(key).filter(|field| !field.read_only);
    field.is_some_and(|field| matches!(&field.kind, FieldKind::Reference { entity } if entity == key))
}

fn answers(_: &Checking<'_>) -> Type {
    Type::reference(ACTIVITY)
}

fn needs(doing: &mut Doing<'_>) {
    let (Some(about), Some(activity)) = (doing.entity(), doing.known(ACTIVITY)) else { return };
    doing.rows(Whose::Target, &about, &[Verb::Read]);
    doing.rows(Whose::New, &activity, &[Verb::Create]);
    doing.writes(&activity, ["kind", "subject", "notes", "happenedOn", "owner", about.key.as_str()]);
}

fn act(inputs: &Inputs, facts: &Facts) -> Result<Vec<Intent>> {
    let (entity, id) = target(inputs, facts)?;
    let mut values = Values::new();
    values.insert("kind".to_owned(), json!("note"));
    values.insert("subject".to_owned(), json!(inputs.required("subject")?));
    values.insert("notes".to_owned(), inputs.text("notes").map_or(Value::Null, |notes| json!(notes)));
    values.insert("happenedOn".to_owned(), json!(facts.now.to_rfc3339_opts(SecondsFormat::Secs, true)));
    values.insert(entity, json!(id));
    // Who may see only what is their own sees the note as well.
    let owner = inputs.id("member")?.or(facts.owner).map(Audience::Member);
    Ok(vec![Intent::Create { entity: ACTIVITY.to_owned(), values, owner }])
}
