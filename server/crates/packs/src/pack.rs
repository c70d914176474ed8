//! The files of a pack beside its entities: `pack.toml` and overlays over core entities.

use crate::roles::JobRole;
use domain::schema::{Entity, Labels, States, View};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `pack.toml`: what an industry is called and what it brings along. `industry` to `sampleData` are the shape of the source documents,
/// kept as they are; the server reads the rest.
#[derive(Debug, Clone, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pack {
    /// Name of the folder and word in paths: `automotive`.
    pub slug: String,
    /// As the source documents call it.
    pub industry: String,
    /// For people.
    pub label: String,
    /// Leads the external keys of demo records: `AUTO`.
    pub key_prefix: String,
    /// Name of an icon of the design system.
    #[serde(default)]
    pub icon: Option<String>,
    #[serde(default)]
    pub modules: Vec<String>,
    #[serde(default)]
    pub features: Vec<String>,
    #[serde(default)]
    pub apis: Vec<String>,
    #[serde(default)]
    pub automations: Vec<String>,
    #[serde(default)]
    pub integrations: Vec<String>,
    /// Records that a full demo of the industry holds, by plural.
    #[serde(default)]
    pub sample_data: BTreeMap<String, u32>,
    /// Entities in the order of the navigation; those not named follow in the order of their keys.
    #[serde(default)]
    pub navigation: Vec<String>,
    /// Job roles of the industry, beside those of every workspace.
    #[serde(default)]
    pub roles: Vec<JobRole>,
    /// What core entities are called here, by key.
    #[serde(default)]
    pub nouns: BTreeMap<String, Labels>,
}

/// `overlays/<entity>.toml`: what an industry sees differently in an entity of the core. The table stays the same.
#[derive(Debug, Clone, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Overlay {
    /// Key of the core entity.
    pub entity: String,
    #[serde(default)]
    pub icon: Option<String>,
    #[serde(default)]
    pub help: Option<String>,
    /// Other words for fields, by key.
    #[serde(default)]
    pub fields: BTreeMap<String, Relabel>,
    /// The whole pipeline in place of the core's.
    #[serde(default)]
    pub states: Option<States>,
    /// Views by key: a known key replaces the view, a new one is added.
    #[serde(default)]
    pub views: Vec<View>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Relabel {
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub help: Option<String>,
    #[serde(default)]
    pub group: Option<String>,
    /// Header words of files, beside the core's.
    #[serde(default)]
    pub aliases: Vec<String>,
}

impl Overlay {
    pub(crate) fn apply(&self, entity: &mut Entity) {
        if let Some(icon) = &self.icon {
            entity.icon.clone_from(icon);
        }
        if self.help.is_some() {
            entity.help.clone_from(&self.help);
        }
        for field in &mut entity.fields {
            let Some(other) = self.fields.get(&field.key) else { continue };
            if let Some(label) = &other.label {
                // The core's word still finds the field in a file.
                field.aliases.push(field.label.to_lowercase());
                field.label.clone_from(label);
            }
            if other.help.is_some() {
                field.help.clone_from(&other.help);
            }
            if other.group.is_some() {
                field.group.clone_from(&other.group);
            }
            field.aliases.extend(other.aliases.iter().cloned());
        }
        if self.states.is_some() {
            entity.states.clone_from(&self.states);
        }
        for view in &self.views {
            match entity.views.iter_mut().find(|known| known.key == view.key) {
                Some(known) => known.clone_from(view),
                None => entity.views.push(view.clone()),
            }
        }
    }
}
