//! An entity: its names, its table, its fields, its states and the views that it offers.

use super::checklist::CHECKLIST;
use super::{Field, FieldKind, FieldPermissions, PIPELINE, States};
use crate::Grants;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use words::t;

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
    /// Boards: the field that makes the columns; the state unless it is given. Timelines: the field that makes the groups.
    #[serde(default)]
    pub group: Option<String>,
    /// Boards: the money or number field that columns add up.
    #[serde(default)]
    pub measure: Option<String>,
    /// Calendars and timelines: the date or datetime that places a row. Where none is named the page takes the first one that there is.
    #[serde(default)]
    pub date: Option<String>,
    /// Calendars and timelines: the date or datetime that a row lasts until; without one it is a point.
    #[serde(default)]
    pub end: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    Table,
    Board,
    Calendar,
    Timeline,
}

impl ViewKind {
    pub const ALL: [Self; 4] = [Self::Table, Self::Board, Self::Calendar, Self::Timeline];

    /// As saved views say it, and `view=` of entities whose description has no view of the kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Board => "board",
            Self::Calendar => "calendar",
            Self::Timeline => "timeline",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Table => t!("Table"),
            Self::Board => t!("Board"),
            Self::Calendar => t!("Calendar"),
            Self::Timeline => t!("Timeline" in "view"),
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether rows stand by a day.
    pub const fn is_dated(self) -> bool {
        matches!(self, Self::Calendar | Self::Timeline)
    }
}

impl Entity {
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// As somebody knows it: without the fields that they may not read, so that one of those is as unknown in a filter, an order or a view as
    /// one that is not there, and is never what they are asked whether they meant. `Borrowed` where they may read all of it.
    pub fn known_to(&self, grants: &Grants) -> Cow<'_, Self> {
        if self.fields.iter().all(|field| field.readable(grants)) {
            return Cow::Borrowed(self);
        }
        let mut known = self.clone();
        known.fields.retain(|field| field.readable(grants));
        Cow::Owned(known)
    }

    /// Fields that a person fills in.
    pub fn editable(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.read_only)
    }

    /// By what a row is known again: e-mail and telephone each by itself, and what it is called together with its company, or else with its customer.
    /// What it is called alone is no sign: people share names.
    pub fn signs(&self) -> Vec<Vec<&Field>> {
        let alone = self.fields.iter().filter(|field| matches!(field.kind, FieldKind::Email | FieldKind::Phone));
        let mut signs: Vec<Vec<&Field>> = alone.filter(|field| field.indexed).map(|field| vec![field]).collect();
        let others: Vec<&Field> = ["company", "customer"].iter().filter_map(|key| self.field(key)).collect();
        if let (Some(title), false) = (self.field(&self.title), others.is_empty()) {
            signs.push([vec![title], others].concat());
        }
        signs
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

    /// Fields by whose day rows can stand: those of the description, then when a row was made and last touched. Only indexed ones, since a
    /// calendar asks for a stretch of days.
    pub fn dated(&self) -> impl Iterator<Item = &Field> {
        let dated = || self.fields.iter().filter(|field| field.is_dated());
        dated().filter(|field| !field.is_stamp()).chain(dated().filter(|field| field.is_stamp()))
    }

    /// Fields that the rows of a file may fill: what a person may edit, the state, and the pipeline of new rows. A cell holds no file.
    pub fn importable<'a>(&'a self, grants: &'a crate::Grants) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(|field| {
            let open = match field.kind {
                FieldKind::State => !self.moves_one_by_one(),
                _ if field.key == PIPELINE => self.pipeline_field().is_some() && self.managed.is_none(),
                _ => !field.read_only && !field.is_upload(),
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
        formula: None,
        rollup: None,
        pattern: None,
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
        if let Some(first) = states.pipelines.first() {
            let kind = FieldKind::Option { options: states.pipeline_choices() };
            let default = Some(serde_json::Value::String(first.key.clone()));
            fields.push(Field { required: true, default, ..fixed(PIPELINE, "Pipeline", kind, true, true) });
        }
        fields.extend(standing(states, fixed));
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

/// Key of the moment at which a row came into its state.
pub const STATUS_SINCE: &str = "statusSince";
/// Key of the day by which it is to leave it.
pub const STATUS_DUE: &str = "statusDue";

/// What is kept of a row's stay in its state, where the description asks for it: since when, until when, and what is done.
fn standing(states: &States, fixed: impl Fn(&str, &str, FieldKind, bool, bool) -> Field) -> Vec<Field> {
    let mut fields = Vec::new();
    if states.timed() {
        fields.push(fixed(STATUS_SINCE, &format!("{} since", states.label), FieldKind::Datetime, false, true));
        fields.push(fixed(STATUS_DUE, &format!("{} due", states.label), FieldKind::Date { past: false }, true, true));
    }
    if states.items().next().is_some() {
        fields.push(fixed(CHECKLIST, "Checklist", FieldKind::Checklist, false, true));
    }
    fields
}
