//! An entity: its names, its table, its fields, its states and the views that it offers.

use super::{Field, FieldKind, FieldPermissions, States};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entity {
    /// Stable, singular: `lead`. Permissions, events and rows of `changes` carry it.
    pub key: String,
    /// In paths: `leads`.
    pub plural: String,
    /// The module it belongs to: `crm`.
    pub area: String,
    pub table: String,
    /// Of the natural key: `LEAD` gives `LEAD-000001`.
    pub prefix: String,
    pub labels: Labels,
    /// Name of an icon of the design system.
    pub icon: String,
    /// The field that names a row.
    pub title: String,
    /// A second line beside the name.
    #[serde(default)]
    pub subtitle: Option<String>,
    #[serde(default)]
    pub help: Option<String>,
    /// For rows that come about by an operation of their own: how, as a sentence for people. They are not made by hand or by import.
    #[serde(default)]
    pub managed: Option<String>,
    pub fields: Vec<Field>,
    #[serde(default)]
    pub states: Option<States>,
    #[serde(default)]
    pub views: Vec<View>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Labels {
    pub one: String,
    pub many: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct View {
    pub key: String,
    pub label: String,
    pub kind: ViewKind,
    /// Columns of a table, lines of a card.
    pub fields: Vec<String>,
    /// In the syntax of `filter=`.
    #[serde(default)]
    pub filter: Option<String>,
    /// In the syntax of `sort=`.
    #[serde(default)]
    pub sort: Option<String>,
    /// Boards: the field that makes the columns; the state unless it is given.
    #[serde(default)]
    pub group: Option<String>,
    /// Boards: the money or number field that columns add up.
    #[serde(default)]
    pub measure: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    Table,
    Board,
}

impl Entity {
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Fields that a person fills in.
    pub fn editable(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.read_only)
    }

    pub fn permission(&self, verb: crate::Verb) -> String {
        format!("{}.{}.{}", self.area, self.key, verb.as_str())
    }

    pub fn view(&self, key: &str) -> Option<&View> {
        self.views.iter().find(|view| view.key == key)
    }

    pub fn first_view(&self, kind: ViewKind) -> Option<&View> {
        self.views.iter().find(|view| view.kind == kind)
    }

    /// Fields that a file may fill: what a person may edit, and the state.
    pub fn importable<'a>(&'a self, grants: &'a crate::Grants) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(|field| {
            let open = match field.kind {
                FieldKind::State => !self.moves_one_by_one(),
                _ => !field.read_only,
            };
            open && field.writable(grants)
        })
    }

    /// Whether a move sets other things going, so that rows are not moved by import or many at once.
    pub fn moves_one_by_one(&self) -> bool {
        let asks = |states: &States| states.transitions.iter().any(|transition| transition.gate.approval.is_some());
        self.managed.is_some() || self.states.as_ref().is_some_and(asks)
    }

    /// Label of a state, or the key where the description no longer knows it.
    pub fn state_label<'a>(&'a self, key: &'a str) -> &'a str {
        self.states.as_ref().and_then(|states| states.get(key)).map_or(key, |state| &state.label)
    }
}

/// Fields that every entity has, whatever its description says. The catalogue appends them.
pub(super) fn standard_fields(states: Option<&States>) -> Vec<Field> {
    let fixed = |key: &str, label: &str, kind: FieldKind, indexed: bool, read_only: bool| Field {
        key: key.to_owned(),
        label: label.to_owned(),
        kind,
        required: false,
        unique: false,
        indexed,
        search: None,
        personal: false,
        read_only,
        default: None,
        help: None,
        group: None,
        permissions: FieldPermissions::default(),
        aliases: Vec::new(),
    };
    let mut fields = vec![Field { search: Some(8), ..fixed("number", "Number", FieldKind::Number, true, true) }];
    if let Some(states) = states {
        fields.push(Field {
            aliases: [
                "status",
                "stage",
                "state",
                "step",
                "phase",
                "pipeline step",
                "pipeline stage",
                "lead status",
                "deal stage",
            ]
            .map(str::to_owned)
            .to_vec(),
            ..fixed("status", &states.label, FieldKind::State, true, true)
        });
    }
    fields.push(Field {
        aliases: [
            "owner e-mail",
            "owner email",
            "owner name",
            "assigned to",
            "assignee",
            "responsible",
            "account manager",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..fixed("owner", "Owner", FieldKind::Member, true, false)
    });
    fields.push(fixed("createdAt", "Created", FieldKind::Datetime, true, true));
    fields.push(fixed("createdBy", "Created by", FieldKind::Member, false, true));
    fields.push(fixed("updatedAt", "Last touched", FieldKind::Datetime, true, true));
    fields.push(fixed("updatedBy", "Changed by", FieldKind::Member, false, true));
    fields
}
