//! The form of one step, drawn from its type's description. Saving it makes a new version of the workflow.

use crate::layout::nav::words;
use crate::page::{PageContext, Replay, Viewer, set_status};
use crate::records::post::{envelope, hidden};
use domain::schema::{Catalog, Entity};
use domain::workflow::{InputDescriptor, InputKind, Step, StepDescriptor, WorkflowView};
use domain::{Error, Result};
use leptos::prelude::*;
use serde_json::Value;
use ui::{
    ButtonKind, Checkbox, Choice, DialogPage, FormActions, FormError, FormErrors, FormSection, LinkButton, Select,
    SubmitButton, TextArea, TextInput,
};
use words::t;

pub const OPERATION: &str = "workflow.edit_step";

pub fn view(
    page: &PageContext,
    viewer: &Viewer,
    workflow: &WorkflowView,
    step: &Step,
    types: &[StepDescriptor],
) -> Result<AnyView> {
    let descriptor = types.iter().find(|descriptor| descriptor.kind == step.kind).ok_or_else(Error::not_found)?;
    let replay = page.replay_of(OPERATION);
    let errors = replay.as_deref().map(|replay| {
        set_status(replay.error.kind.status());
        let mut errors: Vec<FormError> = replay
            .error
            .fields
            .iter()
            .map(|fault| FormError::new(fault.field.clone(), fault.message.clone()))
            .collect();
        if errors.is_empty() {
            errors.push(FormError::new("", replay.error.message.clone()));
        }
        view! { <FormErrors errors title=t!("The workflow could not run like this")/> }
    });
    let own = workflow.definition.trigger.entity.as_deref();
    let taken = descriptor.inputs.iter().map(|input| input.key.as_str()).collect();
    let form = Form { replay: replay.as_deref(), step, own, taken, catalog: &viewer.catalog };
    let inputs: Vec<AnyView> =
        descriptor.inputs.iter().flat_map(|input| form.input(input, step.input.get(&input.key))).collect();
    let passed = t!("An expression; the step is passed over where it does not hold.");
    let named = [
        form.text("label", t!("Name"), step.label.clone(), false, None),
        form.text("when", t!("Only if"), step.when.clone(), true, Some(passed)),
    ];
    let retries = step.retries.map(|retries| retries.to_string());
    let go_on = t!("continue, or the key of a later step. The run fails when empty.");
    let failing = [
        form.text("retries", t!("More tries"), retries, false, Some(t!("As the workflow has it when empty."))),
        form.text("onError", t!("Go on with"), step.on_error.clone(), false, Some(go_on)),
    ];
    let back = page.path.clone();
    let title = step.label.clone().unwrap_or_else(|| descriptor.label.clone());
    let version = workflow.row.version.to_string();
    let (help, cancel) = (descriptor.help.clone(), back.clone());
    let body = view! {
        <form class="form" method="post" action=viewer.action(OPERATION)>
            {errors}
            {hidden("id", workflow.row.id.to_string())}
            {hidden("version", version)}
            {hidden("step", step.key.clone())}
            {envelope(page, &format!("step-{}", step.key), &back, t!("Saved as a new version"))}
            <FormSection>{named}</FormSection>
            <FormSection title=t!("What it does") text=help>{inputs}</FormSection>
            <FormSection title=t!("If it fails")>{failing}</FormSection>
            <FormActions>
                <SubmitButton>{t!("Save as a new version")}</SubmitButton>
                <LinkButton href=cancel kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any();
    let text = t!("Runs that have begun stay on the version that they began with.");
    Ok(view! { <ui::Page><DialogPage title text close_href=back wide=true>{body}</DialogPage></ui::Page> }.into_any())
}

struct Form<'a> {
    replay: Option<&'a Replay>,
    step: &'a Step,
    /// The entity that sets the workflow off.
    own: Option<&'a str>,
    /// Fields for which the step's type has a box of its own.
    taken: Vec<&'a str>,
    catalog: &'a Catalog,
}

impl Form<'_> {
    /// What was typed, else what is there; and what is wrong with it.
    fn held(&self, name: &str, value: Option<String>) -> (Option<String>, Option<String>) {
        let typed = self.replay.map(|replay| replay.value(name).unwrap_or_default().to_owned());
        let place = format!("steps.{}.{name}", self.step.key);
        let wrong = self.replay.and_then(|replay| replay.error_for(&place).or_else(|| replay.error_for(name)));
        (typed.or(value), wrong.map(str::to_owned))
    }

    fn text(&self, name: &str, label: &str, value: Option<String>, code: bool, hint: Option<&str>) -> AnyView {
        let (value, error) = self.held(name, value);
        let hint = hint.map(str::to_owned);
        let (name, label) = (name.to_owned(), label.to_owned());
        if code {
            return view! { <TextArea name label value error hint rows=2/> }.into_any();
        }
        view! { <TextInput name label value error hint autocomplete="off"/> }.into_any()
    }

    /// Whose fields the values of an input are.
    fn entity(&self, of: Option<&str>) -> Option<&Entity> {
        let key = match of? {
            "entity" => self.step.input.get("entity").and_then(Value::as_str).or(self.own)?,
            key => key,
        };
        self.catalog.get(key).map(AsRef::as_ref)
    }

    fn input(&self, input: &InputDescriptor, value: Option<&Value>) -> Vec<AnyView> {
        let name = format!("input.{}", input.key);
        match (&input.kind, value) {
            // A box for each value that is set; those of the other fields are folded away.
            (InputKind::Values { of }, value) => {
                let set = value.and_then(Value::as_object).cloned().unwrap_or_default();
                let entity = self.entity(of.as_deref());
                let label = |key: &str| {
                    let field = entity.and_then(|entity| entity.field(key));
                    let called = field.map_or_else(|| words(key), |field| field.label.clone());
                    format!("{}: {called}", input.label)
                };
                let boxed = |key: &str, value: Option<String>| {
                    self.text(&format!("{name}.{key}"), &label(key), value, true, None)
                };
                let mut boxes: Vec<AnyView> = set.iter().map(|(key, value)| boxed(key, Some(written(value)))).collect();
                let others: Vec<&str> = entity
                    .iter()
                    .flat_map(|entity| entity.editable())
                    .map(|field| field.key.as_str())
                    .filter(|key| !set.contains_key(*key) && !self.taken.contains(key))
                    .collect();
                if !others.is_empty() {
                    let typed = |key: &&str| self.replay.and_then(|replay| replay.value(&format!("{name}.{key}")));
                    let open =
                        set.is_empty() || others.iter().any(|key| typed(key).is_some_and(|text| !text.is_empty()));
                    let folded: Vec<AnyView> = others.into_iter().map(|key| boxed(key, None)).collect();
                    boxes.push(
                        view! {
                            <details class="form-fold" open=open>
                                <summary>{t!("Further fields")}</summary>
                                <div class="form-fold-body">{folded}</div>
                            </details>
                        }
                        .into_any(),
                    );
                }
                boxes
            }
            (InputKind::Choice { options }, value) => {
                let (value, error) = self.held(&name, value.map(written));
                let choices = options.iter().map(|option| Choice::new(option.clone(), option_words(option))).collect();
                // Nothing chosen stays nothing: the first of them would be saved with whatever else was changed.
                let blank = (!input.required).then(|| t!("As it comes").to_owned());
                let (label, hint, required) = (input.label.clone(), input.help.clone(), input.required);
                vec![view! { <Select name label choices value blank error hint required/> }.into_any()]
            }
            (InputKind::Flag, value) => {
                let checked = self.held(&name, value.map(written)).0.as_deref() == Some("true");
                let (label, hint) = (input.label.clone(), input.help.clone());
                vec![view! { <Checkbox name label checked hint/> }.into_any()]
            }
            (kind, value) => {
                let long = matches!(kind, InputKind::Text | InputKind::Expression { .. });
                vec![self.text(&name, &input.label, value.map(written), long, input.help.as_deref())]
            }
        }
    }
}

/// What a step offers to choose from.
fn option_words(option: &str) -> String {
    let said = match option {
        "any" => t!("Any" in "people"),
        "all" => t!("All" in "people"),
        "count" => t!("Count"),
        "reject" => t!("Reject"),
        "approve" => t!("Approve"),
        "fail" => t!("Fail"),
        "email" => t!("Email"),
        "minutes" => t!("Minutes"),
        "hours" => t!("Hours"),
        "days" => t!("Days"),
        "low" => t!("Low"),
        "medium" => t!("Medium"),
        "high" => t!("High"),
        "urgent" => t!("Urgent"),
        other => return words(other),
    };
    said.to_owned()
}

/// As a person types it: texts bare, several with commas.
fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
