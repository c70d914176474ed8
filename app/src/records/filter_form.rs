//! "+ filter" without a script: a menu of fields, each a link; then one line with the comparisons and a control that fits the field.
//! What the line sends is folded into `filter=` by `filter_fold`.

use super::filter_fold::{beside, changed, sent_values};
use super::filter_tree::{Join, Place};
use super::list_state::{CHOSEN, ListState, PARAMETERS, readable};
use super::sentence::Names;
use crate::page::{PageContext, Viewer};
use domain::people::ListMembers;
use domain::schema::{Comparison, Entity, Field, FieldKind, Filter};
use domain::text::listed;
use domain::{BackendHandle, Result, Verb};
use leptos::prelude::*;
use ui::markup::{PreEscaped, Render, drawn};
use ui::{
    ButtonKind, Checkbox, Choice, DateInput, LinkButton, Menu, MenuLinkOf, Select, Size, SubmitButton, TextInput,
    Toolbar, menu_link,
};
use words::t;

/// The fields that can be filtered by, as links to the line below.
pub fn menu(page: &PageContext, viewer: &Viewer, entity: &Entity) -> AnyView {
    let mut items = String::new();
    for field in fields(viewer, entity) {
        let mut changes = LINE.to_vec();
        changes[0] = ("add.field", Some(&field.key));
        let (href, label, icon) = (page.with_query(&changes), field.label.as_str(), Some(icon(&field.kind)));
        menu_link(MenuLinkOf { href: &href, label, icon, ..MenuLinkOf::default() }).render_to(&mut items);
    }
    let items = drawn(PreEscaped(items));
    view! { <Menu label=t!("Filter") icon="plus" size=Size::Small>{items}</Menu> }.into_any()
}

fn fields<'a>(viewer: &'a Viewer, entity: &'a Entity) -> impl Iterator<Item = &'a Field> {
    entity.fields.iter().filter(|field| readable(viewer, field) && !Comparison::offered(field).is_empty())
}

/// Begins a condition beside another one.
pub fn beside_href(page: &PageContext, place: &Place, join: Join) -> String {
    let (place, join) = (place.print(), if join == Join::Or { "or" } else { "and" });
    let mut changes = LINE.to_vec();
    changes.retain(|(name, _)| !matches!(*name, "add.to" | "add.join"));
    changes.extend([("add.to", Some(place.as_str())), ("add.join", Some(join))]);
    page.with_query(&changes)
}

fn icon(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::State => "circle-dot",
        FieldKind::Option { .. } | FieldKind::Options { .. } => "tag",
        FieldKind::Percentage { .. } => "percent",
        FieldKind::Duration { .. } => "clock",
        FieldKind::Url => "globe",
        FieldKind::Address | FieldKind::Geo => "map-pin",
        FieldKind::Member => "user",
        FieldKind::Reference { .. } | FieldKind::References { .. } | FieldKind::AnyReference { .. } => "link",
        FieldKind::File { .. } | FieldKind::Image { .. } => "paperclip",
        FieldKind::Money { .. } => "banknote",
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Number => "hash",
        FieldKind::Date { .. } | FieldKind::Datetime => "calendar",
        FieldKind::Email => "mail",
        FieldKind::Phone => "phone",
        FieldKind::Country => "globe",
        FieldKind::Boolean | FieldKind::Checklist => "square-check",
        FieldKind::Text { .. } | FieldKind::LongText { .. } => "file-text",
    }
}

/// The parameters of the line below the filters.
const LINE: [(&str, Option<&str>); 6] = [
    ("add.field", None),
    ("add.op", None),
    ("add.value", None),
    ("add.at", None),
    ("add.to", None),
    ("add.join", None),
];

/// This page with another filter, and without the line that made it.
pub fn done_href(page: &PageContext, filter: Option<&str>) -> String {
    let mut changes = LINE.to_vec();
    changes.push(("filter", filter));
    page.with_query(&changes)
}

/// Opens the line with a condition that is there, for change.
pub fn edit_href(page: &PageContext, condition: &Filter, place: &Place) -> Option<String> {
    let Filter::Test(test) = condition else { return None };
    let place = place.print();
    let mut changes = LINE.to_vec();
    changes.retain(|(name, _)| !matches!(*name, "add.field" | "add.at"));
    changes.extend([("add.field", Some(test.field.as_str())), ("add.at", Some(place.as_str()))]);
    Some(page.with_query(&changes))
}

/// What the line starts with: what was sent and refused, else the condition that is being changed.
struct Draft {
    comparison: Option<String>,
    values: Vec<String>,
    error: Option<String>,
}

fn draft(page: &PageContext, state: &ListState, names: &Names, error: Option<String>) -> Draft {
    match changed(page, state).filter(|_| error.is_none()) {
        Some((_, test)) => Draft {
            comparison: Some(symbol_without_list(test.comparison).to_owned()),
            values: test.values.iter().map(|value| named(page, names, value)).collect(),
            error,
        },
        None => {
            let values = sent_values(page).into_iter().map(str::to_owned).collect();
            Draft { comparison: page.query("add.op").map(str::to_owned), values, error }
        }
    }
}

/// A row that a condition points at is written by its name; members stand in a select, by id.
fn named(page: &PageContext, names: &Names, value: &str) -> String {
    let key = page.query("add.field").unwrap_or_default();
    let reference = page.viewer.as_ref().and_then(|viewer| viewer.entity(super::address::plural(page)).ok());
    // All rows of an entity have no name that could be looked for.
    let is_row = |field: &Field| !field.entities().is_empty() && !value.ends_with(":*");
    let is_reference = reference.and_then(|entity| entity.field(key).map(is_row)).unwrap_or(false);
    names.get(value).filter(|_| is_reference).cloned().unwrap_or_else(|| value.to_owned())
}

/// "is" and "is one of" are one choice of the line.
const fn symbol_without_list(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::In => Comparison::Equals.symbol(),
        Comparison::NotIn => Comparison::NotEquals.symbol(),
        other => other.symbol(),
    }
}

/// What drawing the line needs.
pub struct Line<'a> {
    pub page: &'a PageContext,
    pub viewer: &'a Viewer,
    pub entity: &'a Entity,
    pub state: &'a ListState,
    pub names: &'a Names,
}

impl Line<'_> {
    /// The line under the filters in which a condition is made, where the URL names its field.
    pub async fn draw(&self, backend: &BackendHandle, refused: Option<String>) -> Result<Option<AnyView>> {
        let page = self.page;
        let field =
            page.query("add.field").and_then(|key| self.entity.field(key)).filter(|field| readable(self.viewer, field));
        let Some(field) = field else { return Ok(self.choice()) };
        let draft = draft(page, self.state, self.names, refused);
        let comparisons = comparisons(&draft, field);
        let control = control(backend, self.viewer, self.entity, field, &draft).await?;
        let cancel = page.with_query(&LINE);
        let place =
            page.query("add.at").map(|place| view! { <input type="hidden" name="add.at" value=place.to_owned()/> });
        let group = ["add.to", "add.join"].into_iter().filter_map(|name| page.query(name).map(|value| (name, value)));
        let group: Vec<_> =
            group.map(|(name, value)| view! { <input type="hidden" name=name value=value.to_owned()/> }).collect();
        let verb = match (place.is_some(), beside(page, self.state)) {
            (true, _) => t!("Change filter"),
            (false, Some((_, Join::Or))) => t!("Or this"),
            (false, Some((_, Join::And))) => t!("And this"),
            (false, None) => t!("Add filter"),
        };
        let hidden: Vec<_> =
            kept(page, &[]).map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect();
        let (path, label, key) = (page.path.clone(), field.label.clone(), field.key.clone());
        let shortcuts = shortcuts(page, self.viewer, field);
        Ok(Some(
            view! {
                <form class="filter-line" method="get" action=path>
                    {hidden}
                    {place}
                    {group}
                    <input type="hidden" name="add.field" value=key/>
                    <Toolbar label=t!("Filter")>
                        <strong class="filter-line-field">{label}</strong>
                        {comparisons}
                        {control}
                        <SubmitButton size=Size::Small>{verb}</SubmitButton>
                        <LinkButton href=cancel kind=ButtonKind::Ghost size=Size::Small>{t!("Cancel")}</LinkButton>
                        {shortcuts}
                    </Toolbar>
                </form>
            }
            .into_any(),
        ))
    }

    /// Beside a condition, before it is said of which field: the fields as links.
    fn choice(&self) -> Option<AnyView> {
        let (page, (_, join)) = (self.page, beside(self.page, self.state)?);
        let links: Vec<_> = fields(self.viewer, self.entity)
            .map(|field| {
                let href = page.with_query(&[("add.field", Some(&field.key)), ("add.op", None), ("add.value", None)]);
                view! { <a class="link" href=href>{field.label.clone()}</a> }
            })
            .collect();
        let word = if join == Join::Or { t!("or") } else { t!("and") };
        let cancel = page.with_query(&LINE);
        Some(
            view! {
                <nav class="filter-line filter-choice" aria-label=t!("Fields of the condition")>
                    <strong class="filter-line-field">{word}</strong>
                    {links}
                    <LinkButton href=cancel kind=ButtonKind::Ghost size=Size::Small>{t!("Cancel")}</LinkButton>
                </nav>
            }
            .into_any(),
        )
    }
}

/// The parameters of the list that a GET form sends along as hidden fields.
pub fn kept(page: &PageContext, without: &[&str]) -> impl Iterator<Item = (String, String)> {
    let of_list = |key: &str| PARAMETERS.contains(&key) || CHOSEN.contains(&key);
    page.query.iter().filter(move |(key, _)| of_list(key) && !without.contains(&key.as_str())).cloned()
}

/// The comparisons that the field offers, said as people say them; those with a list are the same words as those without.
fn comparisons(draft: &Draft, field: &Field) -> AnyView {
    let days = matches!(field.kind, FieldKind::Date { .. } | FieldKind::Datetime);
    let choices: Vec<Choice> = Comparison::offered(field)
        .iter()
        .filter(|comparison| !matches!(comparison, Comparison::In | Comparison::NotIn))
        .map(|comparison| {
            let words = if field.is_many() { comparison.words_of_many() } else { comparison.words(days) };
            Choice::new(comparison.symbol(), words)
        })
        .collect();
    let value = draft.comparison.clone();
    view! { <Select name="add.op" label=t!("Comparison") choices value bare=true/> }.into_any()
}

async fn control(
    backend: &BackendHandle,
    viewer: &Viewer,
    entity: &Entity,
    field: &Field,
    draft: &Draft,
) -> Result<AnyView> {
    let first = draft.values.first().cloned();
    let error = draft.error.clone();
    let many = |choices: Vec<(String, String)>| boxes(choices, draft);
    Ok(match &field.kind {
        // Asked for is only whether there is one.
        FieldKind::File { .. } | FieldKind::Image { .. } => ().into_any(),
        FieldKind::Option { options } | FieldKind::Options { options } => {
            many(options.iter().map(|choice| (choice.key.clone(), choice.label.clone())).collect())
        }
        FieldKind::State => {
            let states = entity.states.as_ref().map(|states| states.list.as_slice()).unwrap_or_default();
            many(states.iter().map(|state| (state.key.clone(), state.label.clone())).collect())
        }
        FieldKind::Member => {
            let members = backend.run(ListMembers {}).await?;
            let mut choices = vec![Choice::new("me", t!("Me ({name})", name = viewer.name))];
            choices.extend(
                members
                    .into_iter()
                    .filter(|member| member.id != viewer.member)
                    .map(|member| Choice::new(member.id.to_string(), member.name)),
            );
            let value = first.unwrap_or_else(|| "me".to_owned());
            view! { <Select name="add.value" label=t!("Member") choices value error bare=true/> }.into_any()
        }
        FieldKind::Boolean => {
            let choices = vec![Choice::new("true", t!("Yes")), Choice::new("false", t!("No"))];
            view! { <Select name="add.value" label=t!("Value") choices value=first bare=true/> }.into_any()
        }
        FieldKind::Date { .. } | FieldKind::Datetime => {
            view! { <DateInput name="add.value" label=t!("Day") value=first error bare=true/> }.into_any()
        }
        kind => {
            let placeholder = placeholder(viewer, kind);
            let inputmode = field.is_numeric().then_some("decimal");
            view! { <TextInput name="add.value" label=t!("Value") value=first error placeholder inputmode autofocus=true bare=true/> }.into_any()
        }
    })
}

fn placeholder(viewer: &Viewer, kind: &FieldKind) -> String {
    match kind {
        FieldKind::Money { .. } => t!("5000, or 5000 {currency}", currency = viewer.currency),
        FieldKind::Country => "KE, UG".to_owned(),
        FieldKind::Reference { entity } | FieldKind::References { entity } => {
            let label = viewer.catalog.get(entity).map_or(t!("record"), |target| target.labels.one.as_str());
            t!("Name of the {entity}", entity = label.to_lowercase())
        }
        FieldKind::AnyReference { entities } => {
            let label = |entity: &String| viewer.catalog.get(entity).map(|target| target.labels.one.to_lowercase());
            let labels: Vec<String> = entities.iter().filter_map(label).collect();
            t!("Name of the {entity}", entity = listed(&labels, t!("or")))
        }
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } => t!("A number").to_owned(),
        FieldKind::Percentage { .. } => t!("In percent").to_owned(),
        FieldKind::Duration { .. } => "1h 30m".to_owned(),
        _ => t!("What it says").to_owned(),
    }
}

/// A few choices, any number of them.
fn boxes(choices: Vec<(String, String)>, draft: &Draft) -> AnyView {
    let boxes: Vec<_> = choices
        .into_iter()
        .map(|(value, label)| {
            let checked = draft.values.contains(&value);
            view! { <Checkbox name="add.value" id=format!("add-{value}") value label checked/> }
        })
        .collect();
    let error = draft.error.clone().map(|error| view! { <p class="field-error">{error}</p> });
    view! { <fieldset class="filter-boxes"><legend class="sr-only">{t!("Values")}</legend>{boxes}{error}</fieldset> }
        .into_any()
}

/// What people ask for, one click each: spans of days, and rows of one entity where there may be several.
fn shortcuts(page: &PageContext, viewer: &Viewer, field: &Field) -> Option<AnyView> {
    let link = |label: String, op: &str, value: &str| {
        let href = page.with_query(&[("add.op", Some(op)), ("add.value", Some(value))]);
        view! { <a class="link" href=href>{label}</a> }
    };
    if field.is_any_reference() {
        let targets = field.entities().iter().filter_map(|entity| viewer.catalog.get(entity));
        let links: Vec<_> = targets
            .filter(|target| viewer.may(target, Verb::Read))
            .map(|target| {
                let label = t!("Any {entity}", entity = target.labels.one.to_lowercase());
                link(label, Comparison::Equals.symbol(), &field.pointer(&target.key, "*"))
            })
            .collect();
        return Some(view! { <span class="filter-shortcuts">{links}</span> }.into_any());
    }
    if !matches!(field.kind, FieldKind::Date { .. } | FieldKind::Datetime) {
        return None;
    }
    let links = [7, 30, 90].map(|days| link(t!("Last {days} days", days), ">=", &format!("today-{days}")));
    Some(view! { <span class="filter-shortcuts">{links.into_iter().collect::<Vec<_>>()}</span> }.into_any())
}
