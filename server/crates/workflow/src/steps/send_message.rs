//! `send_message`: a message from a template. It is queued in the step's transaction under a key that every try of the step repeats, and
//! delivered afterwards.

use super::{Facts, Inputs, Intent, StepType, anything};
use crate::check::Checking;
use crate::needs::{Doing, Whose};
use domain::documents::DocumentKind;
use domain::workflow::{Answer, InputDescriptor, InputKind, StepDescriptor};
use domain::{Result, Verb};
use serde_json::{Value, json};
use words::t;

pub const STEP: StepType = StepType { kind: "send_message", describe, check, answers: anything, needs, act };

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "send_message".into(),
        label: t!("Send a message").into(),
        help: t!("Sends a message made from a template. It leaves once, even where the step has to be tried again.")
            .into(),
        icon: "mail".into(),
        inputs: vec![
            InputDescriptor::new("channel", t!("Channel"), InputKind::Choice { options: vec!["email".into()] })
                .required(),
            InputDescriptor::new("template", t!("Template"), InputKind::Text).required(),
            InputDescriptor::new("to", t!("To" in "message"), InputKind::Expression { answers: Answer::Any })
                .required()
                .help(t!("An address, such as customer.email.")),
            InputDescriptor::new("language", t!("Language"), InputKind::Text),
            InputDescriptor::new("subject", t!("Subject"), InputKind::Text)
                .help(t!("The template's own where it is left out.")),
            InputDescriptor::new("values", t!("Values for the template"), InputKind::Values { of: None }),
            InputDescriptor::new("document", t!("Attach as PDF"), InputKind::Text)
                .help(t!("A kind of document, such as invoice.")),
            InputDescriptor::new(
                "documentOf",
                t!("Of which record"),
                InputKind::Expression { answers: Answer::Record },
            ),
        ],
    }
}

/// What is read for the document has to be known when the step is saved.
fn check(checking: &mut Checking<'_>) {
    if checking.literal("document").is_some_and(|document| document.contains("{{")) {
        checking.fault("input.document", t!("Name the kind of document as it is; it cannot depend on a value"));
    }
}

fn needs(doing: &mut Doing<'_>) {
    if let Some(message) = doing.known("message") {
        doing.rows(Whose::New, &message, &[Verb::Create]);
    }
    // The document is made with the automation's rights. One that nobody knows is refused when the step runs.
    let kind = doing.literal("document").and_then(|kind| serde_json::from_value::<DocumentKind>(json!(kind)).ok());
    if let Some(source) = kind.and_then(|kind| doing.known(kind.entity())) {
        doing.reads(&source);
    }
}

fn act(inputs: &Inputs, facts: &Facts) -> Result<Vec<Intent>> {
    let attachments = match (inputs.text("document"), inputs.id("documentOf")?.or(facts.record)) {
        (Some(document), Some(id)) => vec![json!({ "document": document, "id": id })],
        _ => Vec::new(),
    };
    let mut input = json!({
        "channel": inputs.required("channel")?,
        "template": inputs.required("template")?,
        "to": inputs.required("to")?,
        "values": inputs.values("values"),
        "record": facts.subject(),
        "attachments": attachments,
        "key": facts.key(0),
    });
    for optional in ["subject", "language"] {
        if let Some(text) = inputs.text(optional) {
            input[optional] = Value::String(text.to_owned());
        }
    }
    Ok(vec![Intent::Run { operation: "messaging.send".into(), input }])
}
