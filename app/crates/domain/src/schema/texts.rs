//! The texts of descriptions: every word that people read of them, in one place, so that a catalogue can be said in another language.

use super::{Catalog, Dashboard, Entity, Field, FieldKind, States};
use std::collections::HashMap;
use std::sync::Arc;

impl Catalog {
    /// The same catalogue in other words, by the English ones; what they lack stays. What fields and choices were called before is kept
    /// beside it, so that a file may say either.
    #[must_use]
    pub fn reworded(&self, words: HashMap<String, String>) -> Self {
        let mut reworded = self.clone();
        reworded.each_text(&mut |text| {
            if let Some(said) = words.get(text) {
                text.clone_from(said);
            }
        });
        reworded.words = Arc::new(words);
        for (entity, before) in reworded.entities.values_mut().zip(self.entities.values()) {
            remember(Arc::make_mut(entity), before);
        }
        reworded
    }

    /// A text that a workspace was given when it began, such as the name of a role or of a workflow: as the industry calls it in the language
    /// of this catalogue, or as Nexus does. What people wrote themselves stays.
    pub fn say<'a>(&'a self, text: &'a str) -> &'a str {
        self.words.get(text).map_or_else(|| words::say(text), String::as_str)
    }

    /// Every text that people read, in the order of the descriptions; some stand in several places.
    pub fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        self.clone().each_text(&mut |text| texts.push(text.clone()));
        texts
    }

    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        each(&mut self.industry_label);
        for entity in self.entities.values_mut() {
            of_entity(Arc::make_mut(entity), each);
        }
        for dashboard in &mut self.dashboards {
            of_dashboard(Arc::make_mut(dashboard), each);
        }
    }
}

fn remember(entity: &mut Entity, before: &Entity) {
    for (field, before) in entity.fields.iter_mut().zip(&before.fields) {
        if field.label != before.label {
            field.aliases.push(before.label.clone());
        }
        if let (
            FieldKind::Option { options } | FieldKind::Options { options },
            FieldKind::Option { options: others } | FieldKind::Options { options: others },
        ) = (&mut field.kind, &before.kind)
        {
            for (choice, before) in options.iter_mut().zip(others) {
                choice.also = Some(before.label.clone());
            }
        }
    }
    let states = entity.states.iter_mut().flat_map(|states| &mut states.list);
    for (state, before) in states.zip(before.states.iter().flat_map(|states| &states.list)) {
        state.also = Some(before.label.clone());
    }
}

fn of_entity(entity: &mut Entity, each: &mut dyn FnMut(&mut String)) {
    each(&mut entity.labels.one);
    each(&mut entity.labels.many);
    entity.help.iter_mut().for_each(&mut *each);
    entity.managed.iter_mut().for_each(&mut *each);
    for field in &mut entity.fields {
        of_field(field, each);
    }
    if let Some(states) = &mut entity.states {
        of_states(states, each);
    }
    for view in &mut entity.views {
        each(&mut view.label);
    }
}

fn of_field(field: &mut Field, each: &mut dyn FnMut(&mut String)) {
    each(&mut field.label);
    field.help.iter_mut().for_each(&mut *each);
    field.group.iter_mut().for_each(&mut *each);
    if let Some(pattern) = &mut field.pattern {
        each(&mut pattern.says);
    }
    if let FieldKind::Option { options } | FieldKind::Options { options } = &mut field.kind {
        for choice in options {
            each(&mut choice.label);
        }
    }
}

fn of_states(states: &mut States, each: &mut dyn FnMut(&mut String)) {
    each(&mut states.label);
    for pipeline in &mut states.pipelines {
        each(&mut pipeline.label);
    }
    for state in &mut states.list {
        each(&mut state.label);
        for item in &mut state.checklist {
            each(&mut item.label);
            item.help.iter_mut().for_each(&mut *each);
        }
    }
    for transition in &mut states.transitions {
        each(&mut transition.label);
    }
}

fn of_dashboard(dashboard: &mut Dashboard, each: &mut dyn FnMut(&mut String)) {
    each(&mut dashboard.title);
    dashboard.help.iter_mut().for_each(&mut *each);
    for block in &mut dashboard.blocks {
        each(&mut block.title);
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::{Rules, read};
    use super::super::{Catalog, Entity};
    use chrono::NaiveDate;
    use serde_json::json;
    use std::collections::HashMap;

    const RULES: Rules = Rules { today: NaiveDate::MIN };

    fn catalog() -> Catalog {
        let lead: Entity = serde_json::from_value(json!({
            "key": "lead", "plural": "leads", "area": "crm", "table": "leads", "prefix": "LEAD", "icon": "box",
            "labels": { "one": "Lead", "many": "Leads" }, "title": "name",
            "fields": [
                { "key": "name", "label": "Name", "kind": { "type": "text" } },
                { "key": "source", "label": "Source", "kind": { "type": "option", "options": [{ "key": "walk", "label": "Walk-in" }] } },
            ],
            "states": {
                "label": "Stage", "initial": "new", "list": [{ "key": "new", "label": "Fresh" }],
                "transitions": [{ "name": "again", "label": "Start again", "from": ["new"], "to": "new", "gate": {} }],
            },
            "views": [{ "key": "all", "label": "All", "kind": "table", "fields": ["name"] }],
        }))
        .unwrap();
        Catalog::build("core", "Core", vec![lead]).unwrap()
    }

    #[test]
    fn everything_that_people_read_is_reworded_and_nothing_else() {
        let plain = catalog();
        let said = plain.reworded(plain.texts().into_iter().map(|text| (text.clone(), format!("<{text}>"))).collect());
        assert_eq!((said.say("Stage"), said.say("Nobody's")), ("<Stage>", "Nobody's"));
        assert!(said.texts().iter().all(|text| text.starts_with('<')), "{:?}", said.texts());
        let stripped: Vec<String> = said.texts().iter().map(|text| text.replace(['<', '>'], "")).collect();
        assert_eq!(stripped, plain.texts());
        for text in ["Lead", "Leads", "Name", "Source", "Walk-in", "Stage", "Fresh", "Start again", "All", "Core"] {
            assert!(plain.texts().iter().any(|known| known == text), "{text}");
        }
        let (plain, said) = (plain.get("lead").unwrap(), said.get("lead").unwrap());
        assert_eq!((&said.key, &said.plural, &said.title), (&plain.key, &plain.plural, &plain.title));
    }

    fn word(text: &str, said: &str) -> HashMap<String, String> {
        HashMap::from([(text.to_owned(), said.to_owned())])
    }

    #[test]
    fn a_file_may_say_either() {
        let said = catalog().reworded(word("Walk-in", "Aliyeingia"));
        let lead = said.get("lead").unwrap();
        let source = lead.field("source").unwrap();
        for text in ["Aliyeingia", "walk-in", "walk"] {
            let found = read(source, lead.states.as_ref(), text, "", RULES);
            assert_eq!(found, Ok(json!("walk")), "{text}");
        }
        let refused = read(source, lead.states.as_ref(), "zzzz", "", RULES).unwrap_err();
        assert!(refused.contains("Aliyeingia") && !refused.contains("Walk-in"), "{refused}");
        let said = catalog().reworded(word("Source", "Chanzo"));
        assert_eq!(said.get("lead").unwrap().field("source").unwrap().aliases, ["Source"]);
    }
}
