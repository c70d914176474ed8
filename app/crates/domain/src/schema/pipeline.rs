//! Pipelines: several ways through the states of one entity, such as new business and renewals.
//!
//! The states of all pipelines stand in one list, each in one pipeline, so that a state says by itself in which pipeline a row is. Whatever
//! is kept, filtered or counted by state needs to know nothing of pipelines. A row holds its pipeline as a value beside its state; whatever
//! writes the state writes it too.

use super::{Choice, Entity, Field, State, States};
use serde::{Deserialize, Serialize};

/// Key of the standard field that holds the pipeline of a row, where the description has several.
pub const PIPELINE: &str = "pipeline";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pipeline {
    /// Stable, stored with every row: `renewals`.
    pub key: String,
    pub label: String,
    /// The state in which a row begins here, and comes to from another pipeline.
    pub initial: String,
}

impl States {
    /// The pipeline with this key.
    pub fn pipeline(&self, key: &str) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.key == key)
    }

    /// The pipeline that a state is in; nothing where the entity has but one way, or no such state.
    pub fn pipeline_of(&self, state: &str) -> Option<&Pipeline> {
        self.pipeline(self.get(state)?.pipeline.as_deref()?)
    }

    /// The pipeline of a state, where that is another one than that of the state `from`.
    pub fn crossed(&self, from: &str, to: &str) -> Option<&Pipeline> {
        let pipeline = self.pipeline_of(to)?;
        (self.pipeline_of(from) != Some(pipeline)).then_some(pipeline)
    }

    /// Whether a row may begin in the state without a move that leads there.
    pub fn begins(&self, state: &str) -> bool {
        self.initial == state || self.pipelines.iter().any(|pipeline| pipeline.initial == state)
    }

    /// The states of a pipeline, in the order of the description; of an entity that has but one way all of them.
    pub fn along<'a>(&'a self, pipeline: Option<&'a Pipeline>) -> impl Iterator<Item = &'a State> {
        let key = pipeline.map(|pipeline| pipeline.key.as_str());
        self.list.iter().filter(move |state| key.is_none() || state.pipeline.as_deref() == key)
    }

    /// The state with the name of its pipeline before it, for places where states of several stand together.
    pub fn whole_label(&self, state: &State) -> String {
        match self.pipeline_of(&state.key) {
            Some(pipeline) => format!("{}: {}", pipeline.label, state.label),
            None => state.label.clone(),
        }
    }

    /// Writes out what `*` of a transition stands for where there are pipelines: the other states of the pipeline that it leads to.
    pub(super) fn write_out(&mut self) {
        if self.pipelines.is_empty() {
            return;
        }
        let list = &self.list;
        for transition in &mut self.transitions {
            if !transition.from.iter().any(|from| from == "*") {
                continue;
            }
            let pipeline = list.iter().find(|state| state.key == transition.to).map(|state| &state.pipeline);
            let beside = list.iter().filter(|state| Some(&state.pipeline) == pipeline && state.key != transition.to);
            transition.from = beside.map(|state| state.key.clone()).collect();
        }
    }

    /// The pipelines as the choices of the field that holds them.
    pub(super) fn pipeline_choices(&self) -> Vec<Choice> {
        let choice = |pipeline: &Pipeline| Choice {
            key: pipeline.key.clone(),
            label: pipeline.label.clone(),
            hue: None,
            limit: None,
            also: None,
        };
        self.pipelines.iter().map(choice).collect()
    }
}

impl Entity {
    /// The field that holds the pipeline of a row, where there are several. A new row may be given it; afterwards it changes by moves only.
    pub fn pipeline_field(&self) -> Option<&Field> {
        self.field(PIPELINE).filter(|_| self.states.as_ref().is_some_and(|states| !states.pipelines.is_empty()))
    }

    /// Fields that a person fills in for a new row: those of an edit, and the pipeline in which it begins.
    pub fn creatable(&self) -> impl Iterator<Item = &Field> {
        self.editable().chain(self.pipeline_field())
    }
}

/// What is wrong with the pipelines: the place, the word in question and what to do, for each.
pub(super) fn faults(states: &States) -> Vec<(String, String, String)> {
    let mut faults = Vec::new();
    let mut fault = |place: String, word: &str, message: String| faults.push((place, word.to_owned(), message));
    for state in &states.list {
        let place = format!("states.list.{}", state.key);
        let key = &state.key;
        match state.pipeline.as_deref() {
            None if states.pipelines.is_empty() => {}
            None => fault(place, "pipeline", format!("{key} is in no pipeline; say in which one, `pipeline = ...`")),
            Some(named) if states.pipeline(named).is_none() => {
                let known: Vec<&str> = states.pipelines.iter().map(|pipeline| pipeline.key.as_str()).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                fault(
                    place,
                    "pipeline",
                    format!("{key} is in the pipeline {named}, which is not described; known are {known}"),
                );
            }
            Some(_) => {}
        }
        let named: Vec<&str> = states
            .list
            .iter()
            .filter(|other| other.key == *key)
            .filter_map(|state| state.pipeline.as_deref())
            .collect();
        if let [first, second, ..] = named.as_slice()
            && state.pipeline.as_deref() == Some(*first)
            && first != second
        {
            let message = format!(
                "{key} is a state of {first} and of {second}; a row is told by its state where it stands, so call one {second}_{key} or the like"
            );
            fault("states.list".to_owned(), key, message);
        }
    }
    for (at, pipeline) in states.pipelines.iter().enumerate() {
        let Pipeline { key, initial, .. } = pipeline;
        let place = format!("states.pipelines.{key}");
        if states.pipelines.iter().position(|other| other.key == *key) != Some(at) {
            fault("states.pipelines".to_owned(), key, format!("{key} is the key of two pipelines"));
        }
        if states.pipeline_of(initial) != Some(pipeline) {
            fault(place, initial, format!("{initial} is no state of {key}, so no row can begin there"));
        }
    }
    if let Some(first) = states.pipelines.first().filter(|first| first.initial != states.initial) {
        let message = format!(
            "rows begin in {}, but the first pipeline begins in {}; say the same",
            states.initial, first.initial
        );
        fault("states".to_owned(), "initial", message);
    }
    for transition in &states.transitions {
        for from in transition.from.iter().filter(|from| *from != "*") {
            if let Some(pipeline) = states.crossed(from, &transition.to) {
                let message = format!(
                    "{} leads from {from} into the pipeline {}; moves stay in their pipeline, and a row is moved into another without one",
                    transition.name, pipeline.key
                );
                fault(format!("states.transitions.{}", transition.name), from, message);
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::Catalog;
    use super::*;
    use serde_json::{Value, json};

    fn described(states: &Value) -> Value {
        json!({
            "key": "deal", "plural": "deals", "area": "crm", "table": "deals", "prefix": "DEAL", "icon": "box", "title": "name",
            "labels": { "one": "Deal", "many": "Deals" },
            "fields": [{ "key": "name", "label": "Name", "kind": { "type": "text" } }],
            "states": states,
        })
    }

    fn two() -> Value {
        let state =
            |key: &str, pipeline: &str| json!({ "key": key, "label": key.to_uppercase(), "pipeline": pipeline });
        let step = |name: &str, from: &[&str], to: &str| json!({ "name": name, "label": name, "from": from, "to": to });
        json!({
            "label": "Stage",
            "initial": "fresh",
            "pipelines": [
                { "key": "new", "label": "New business", "initial": "fresh" },
                { "key": "renewals", "label": "Renewals", "initial": "due" },
            ],
            "list": [state("fresh", "new"), state("won", "new"), state("due", "renewals"), state("renewed", "renewals")],
            "transitions": [step("win", &["fresh"], "won"), step("renew", &["*"], "renewed")],
        })
    }

    fn built(states: &Value) -> Result<Entity, Vec<String>> {
        let entity: Entity = serde_json::from_value(described(states)).unwrap();
        match Catalog::build("core", "Core", vec![entity]) {
            Ok(catalog) => Ok((**catalog.get("deal").unwrap()).clone()),
            Err(faults) => Err(faults.into_iter().map(|fault| format!("{}: {}", fault.place, fault.message)).collect()),
        }
    }

    #[test]
    fn a_state_says_its_pipeline_and_a_star_stays_inside() {
        let entity = built(&two()).unwrap();
        let states = entity.states.as_ref().unwrap();
        assert_eq!(states.pipeline_of("won").unwrap().key, "new");
        assert_eq!(states.crossed("won", "due").unwrap().label, "Renewals");
        assert!(states.crossed("fresh", "won").is_none() && states.crossed("fresh", "nowhere").is_none());
        assert!(states.begins("fresh") && states.begins("due") && !states.begins("won"));
        let along: Vec<&str> = states.along(states.pipeline("renewals")).map(|state| state.key.as_str()).collect();
        assert_eq!(along, ["due", "renewed"]);
        assert_eq!(states.along(None).count(), 4);
        assert_eq!(states.whole_label(states.get("due").unwrap()), "Renewals: DUE");
        assert!(states.between("due", "renewed").is_some());
        for other in ["fresh", "won", "renewed"] {
            assert!(states.between(other, "renewed").is_none(), "{other}");
        }
    }

    #[test]
    fn the_pipeline_is_a_field_where_there_are_several() {
        let entity = built(&two()).unwrap();
        let field = entity.pipeline_field().unwrap();
        assert!(field.read_only && field.required && field.indexed);
        assert_eq!(field.default, Some(json!("new")));
        assert_eq!(
            field.choices().iter().map(|choice| choice.label.as_str()).collect::<Vec<_>>(),
            ["New business", "Renewals"]
        );
        assert!(entity.creatable().any(|field| field.key == PIPELINE));
        assert!(!entity.editable().any(|field| field.key == PIPELINE));
        let mut one = two();
        one.as_object_mut().unwrap().remove("pipelines");
        for state in one["list"].as_array_mut().unwrap() {
            state.as_object_mut().unwrap().remove("pipeline");
        }
        let entity = built(&one).unwrap();
        assert!(entity.pipeline_field().is_none() && entity.field(PIPELINE).is_none());
        let states = entity.states.as_ref().unwrap();
        assert!(states.pipeline_of("won").is_none() && states.crossed("fresh", "due").is_none());
        assert!(states.between("fresh", "renewed").is_some(), "a star means every other state where there is one way");
    }

    #[test]
    fn what_is_wrong_with_pipelines_is_named() {
        let wrong = |change: &dyn Fn(&mut Value), words: &str| {
            let mut states = two();
            change(&mut states);
            let faults = built(&states).expect_err(words);
            assert!(faults.iter().any(|fault| fault.contains(words)), "{words}: {faults:#?}");
        };
        wrong(&|states| states["list"][1]["pipeline"] = Value::Null, "won is in no pipeline");
        wrong(
            &|states| states["list"][1]["pipeline"] = json!("old"),
            "which is not described; known are new, renewals",
        );
        wrong(&|states| states["list"][3]["key"] = json!("won"), "won is a state of new and of renewals");
        wrong(&|states| states["pipelines"][1]["initial"] = json!("won"), "won is no state of renewals");
        wrong(&|states| states["pipelines"][1]["key"] = json!("new"), "new is the key of two pipelines");
        wrong(&|states| states["initial"] = json!("due"), "rows begin in due, but the first pipeline begins in fresh");
        wrong(&|states| states["transitions"][0]["from"] = json!(["due"]), "win leads from due into the pipeline new");
        wrong(&|states| states["pipelines"] = json!([]), "known are none");
    }
}
