//! "+ filter" without a script: a menu of fields, each a link; then one line with the comparisons and a control that fits the field.
//! What is sent (`add.field`, `add.op`, `add.value`) is folded into `filter=`, and the browser goes on to that address.

use super::list_state::{ListState, PARAMETERS, readable};
use super::sentence::Names;
use crate::page::{PageContext, Viewer};
use domain::people::ListMembers;
use domain::records::ListRecords;
use domain::schema::value::{Rules, read};
use domain::schema::{Comparison, Count, Entity, Field, FieldKind, Filter, ListQuery, Test};
use domain::{BackendHandle, Result, Verb};
use leptos::prelude::*;
use ui::{ButtonKind, Checkbox, Choice, DateInput, LinkButton, Menu, MenuLink, Select, Size, SubmitButton, TextInput, Toolbar};
use uuid::Uuid;

/// Rows that one typed name may stand for.
const SAME_NAME: u32 = 20;

/// The fields that can be filtered by, as links to the line below.
pub fn menu(page: &PageContext, viewer: &Viewer, entity: &Entity) -> AnyView {
    let items: Vec<_> = entity
        .fields
        .iter()
        .filter(|field| readable(viewer, field) && !Comparison::offered(field).is_empty())
        .map(|field| {
            let (href, label) = (page.with_query(&[("add.field", Some(&field.key)), ("add.op", None), ("add.value", None), ("add.at", None)]), field.label.clone());
            view! { <MenuLink href icon=icon(&field.kind)>{label}</MenuLink> }
        })
        .collect();
    view! { <Menu label="Filter" icon="plus" size=Size::Small>{items}</Menu> }.into_any()
}

fn icon(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::State => "circle-dot",
        FieldKind::Option { .. } => "tag",
        FieldKind::Member => "user",
        FieldKind::Reference { .. } => "link",
        FieldKind::Money { .. } => "banknote",
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Number => "hash",
        FieldKind::Date { .. } | FieldKind::Datetime => "calendar",
        FieldKind::Email => "mail",
        FieldKind::Phone => "phone",
        FieldKind::Country => "globe",
        FieldKind::Boolean => "square-check",
        FieldKind::Text { .. } | FieldKind::LongText { .. } => "file-text",
    }
}

/// The parameters of the line below the filters.
const LINE: [(&str, Option<&str>); 4] = [("add.field", None), ("add.op", None), ("add.value", None), ("add.at", None)];

/// This page with another filter, and without the line that made it.
pub fn done_href(page: &PageContext, filter: Option<&str>) -> String {
    let mut changes = LINE.to_vec();
    changes.push(("filter", filter));
    page.with_query(&changes)
}

/// Opens the line with a condition that is there, for change. Groups are changed in the address only.
pub fn edit_href(page: &PageContext, condition: &Filter, place: usize) -> Option<String> {
    let Filter::Test(test) = condition else { return None };
    let place = place.to_string();
    Some(page.with_query(&[("add.field", Some(&test.field)), ("add.at", Some(&place)), ("add.op", None), ("add.value", None)]))
}

/// The condition that is being changed, with its place.
fn changed<'a>(page: &PageContext, state: &'a ListState) -> Option<(usize, &'a Test)> {
    let place: usize = page.query("add.at")?.parse().ok()?;
    let conditions = state.filter.as_ref()?.conditions();
    match conditions.get(place) {
        Some(Filter::Test(test)) => Some((place, test)),
        _ => None,
    }
}

/// The filter with one more condition, or with the one that was changed in its old place.
fn folded(page: &PageContext, state: &ListState, test: Filter) -> Filter {
    let Some(filter) = state.filter.clone() else { return test };
    match changed(page, state) {
        None => filter.and(test),
        Some((place, _)) => {
            let mut conditions: Vec<Filter> = filter.conditions().into_iter().cloned().collect();
            conditions[place] = test;
            if conditions.len() == 1 { conditions.remove(0) } else { Filter::All(conditions) }
        }
    }
}

/// What became of a condition that was sent.
pub enum Added {
    /// Nothing was sent.
    Nothing,
    /// The filter with it.
    Filter(Filter),
    /// Why it was refused.
    Refused(String),
}

/// Folds what was sent into the filter.
pub async fn added(page: &PageContext, viewer: &Viewer, backend: &BackendHandle, entity: &Entity, state: &ListState) -> Result<Added> {
    let (Some(key), Some(symbol)) = (page.query("add.field"), page.query("add.op")) else { return Ok(Added::Nothing) };
    let Some(field) = entity.field(key) else { return Ok(Added::Refused(format!("{} has no field {key}", entity.labels.one))) };
    let Some(comparison) = Comparison::from_symbol(symbol).filter(|comparison| Comparison::offered(field).contains(comparison)) else {
        return Ok(Added::Refused(format!("{} cannot be compared that way", field.label)));
    };
    let sent = sent_values(page);
    let values = match values(viewer, backend, field, entity, comparison, &sent).await? {
        Ok(values) => values,
        Err(message) => return Ok(Added::Refused(message)),
    };
    let comparison = match (comparison, values.len()) {
        (Comparison::Equals, 2..) => Comparison::In,
        (Comparison::NotEquals, 2..) => Comparison::NotIn,
        (Comparison::In, 1) => Comparison::Equals,
        (Comparison::NotIn, 1) => Comparison::NotEquals,
        (other, _) => other,
    };
    if !Comparison::offered(field).contains(&comparison) {
        return Ok(Added::Refused(format!("{} takes one value here; add a second condition for the other", field.label)));
    }
    let test = Filter::Test(Test { field: field.key.clone(), comparison, values });
    Ok(Added::Filter(folded(page, state, test)))
}

fn sent_values(page: &PageContext) -> Vec<&str> {
    page.query.iter().filter(|(key, value)| key == "add.value" && !value.trim().is_empty()).map(|(_, value)| value.trim()).collect()
}

/// The values of a condition as the filter writes them, or what is wrong with them.
async fn values(
    viewer: &Viewer,
    backend: &BackendHandle,
    field: &Field,
    entity: &Entity,
    comparison: Comparison,
    sent: &[&str],
) -> Result<std::result::Result<Vec<String>, String>> {
    if matches!(comparison, Comparison::Empty | Comparison::NotEmpty) {
        return Ok(Ok(Vec::new()));
    }
    if sent.is_empty() {
        return Ok(Err(format!("Say what {} is compared with", field.label)));
    }
    match &field.kind {
        FieldKind::Reference { entity: target } => named_rows(viewer, backend, target, sent).await,
        FieldKind::Country => Ok(Ok(sent.iter().flat_map(|text| text.split([',', ' '])).filter(|code| !code.is_empty()).map(str::to_uppercase).collect())),
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } => {
            // Whether a value is within the field's bounds does not matter to a comparison; whether it is a number does.
            let open = Field { kind: unbounded(&field.kind), ..field.clone() };
            let rules = Rules { today: chrono::NaiveDate::default() };
            let read = sent.iter().map(|text| read(&open, entity.states.as_ref(), text, &viewer.currency, rules).map(|_| plain(text)));
            Ok(read.collect())
        }
        FieldKind::Money { .. } => Ok(sent.iter().map(|text| amount(text)).collect()),
        _ => Ok(Ok(sent.iter().map(|text| (*text).to_owned()).collect())),
    }
}

/// `5,000` compares the figure whatever its currency; `5000 KES` asks for the currency too.
fn amount(text: &str) -> std::result::Result<String, String> {
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [figure] => match domain::money::parse_scaled(figure, 2) {
            Ok(minor) => Ok(domain::money::scaled(minor, 2).trim_end_matches(".00").to_owned()),
            Err(_) => Err(format!("{text} is not an amount; write 5000, or 5000 KES")),
        },
        [one, other] => {
            let (figure, code) = if one.starts_with(|first: char| first.is_alphabetic()) { (other, one) } else { (one, other) };
            let money = domain::Money::parse(figure, &code.to_uppercase()).map_err(|error| error.to_string())?;
            Ok(format!("{} {}", money.amount(), money.currency()))
        }
        _ => Err(format!("{text} is not an amount; write 5000, or 5000 KES")),
    }
}

fn unbounded(kind: &FieldKind) -> FieldKind {
    match kind {
        FieldKind::Decimal { scale, .. } => FieldKind::Decimal { scale: *scale, min: None, max: None },
        _ => FieldKind::Integer { min: None, max: None },
    }
}

fn plain(number: &str) -> String {
    number.chars().filter(|letter| *letter != ',').collect()
}

/// People write names; the filter holds ids. A name that several rows have stands for all of them.
async fn named_rows(viewer: &Viewer, backend: &BackendHandle, target: &str, names: &[&str]) -> Result<std::result::Result<Vec<String>, String>> {
    let Some(target) = viewer.catalog.get(target).filter(|target| viewer.may(target, Verb::Read)) else {
        return Ok(Err("You may not see what this field points at".to_owned()));
    };
    let mut ids = Vec::new();
    for name in names {
        if Uuid::try_parse(name).is_ok() {
            ids.push((*name).to_owned());
            continue;
        }
        let test = Test { field: target.title.clone(), comparison: Comparison::StartsWith, values: vec![(*name).to_owned()] };
        let query = ListQuery {
            filter: Some(Filter::Test(test)),
            limit: SAME_NAME,
            fields: vec![target.title.clone()],
            count: Count::None,
            ..ListQuery::default()
        };
        let rows = backend.run(ListRecords { entity: target.key.clone(), query }).await?.records()?;
        if rows.is_empty() {
            return Ok(Err(format!("There is no {} whose name begins with {name}", target.labels.one.to_lowercase())));
        }
        ids.extend(rows.iter().map(|row| row.id.to_string()));
    }
    Ok(Ok(ids))
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
    let is_reference = reference.and_then(|entity| entity.field(key).map(|field| matches!(field.kind, FieldKind::Reference { .. }))).unwrap_or(false);
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
        let field = page.query("add.field").and_then(|key| self.entity.field(key)).filter(|field| readable(self.viewer, field));
        let Some(field) = field else { return Ok(None) };
        let draft = draft(page, self.state, self.names, refused);
        let comparisons = comparisons(&draft, field);
        let control = control(backend, self.viewer, self.entity, field, &draft).await?;
        let cancel = page.with_query(&LINE);
        let place = page.query("add.at").map(|place| view! { <input type="hidden" name="add.at" value=place.to_owned()/> });
        let verb = if place.is_some() { "Change filter" } else { "Add filter" };
        let hidden: Vec<_> = kept(page, &[]).map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect();
        let (path, label, key) = (page.path.clone(), field.label.clone(), field.key.clone());
        let shortcuts = shortcuts(page, field);
        Ok(Some(
            view! {
                <form class="filter-line" method="get" action=path>
                    {hidden}
                    {place}
                    <input type="hidden" name="add.field" value=key/>
                    <Toolbar label="Filter">
                        <strong class="filter-line-field">{label}</strong>
                        {comparisons}
                        {control}
                        <SubmitButton size=Size::Small>{verb}</SubmitButton>
                        <LinkButton href=cancel kind=ButtonKind::Ghost size=Size::Small>"Cancel"</LinkButton>
                        {shortcuts}
                    </Toolbar>
                </form>
            }
            .into_any(),
        ))
    }
}

/// The parameters of the list that a GET form sends along as hidden fields.
pub fn kept(page: &PageContext, without: &[&str]) -> impl Iterator<Item = (String, String)> {
    page.query.iter().filter(|(key, _)| PARAMETERS.contains(&key.as_str()) && !without.contains(&key.as_str())).cloned()
}

/// The comparisons that the field offers, said as people say them; those with a list are the same words as those without.
fn comparisons(draft: &Draft, field: &Field) -> AnyView {
    let days = matches!(field.kind, FieldKind::Date { .. } | FieldKind::Datetime);
    let choices: Vec<Choice> = Comparison::offered(field)
        .iter()
        .filter(|comparison| !matches!(comparison, Comparison::In | Comparison::NotIn))
        .map(|comparison| Choice::new(comparison.symbol(), comparison.words(days)))
        .collect();
    let value = draft.comparison.clone();
    view! { <Select name="add.op" label="Comparison" choices value bare=true/> }.into_any()
}

async fn control(backend: &BackendHandle, viewer: &Viewer, entity: &Entity, field: &Field, draft: &Draft) -> Result<AnyView> {
    let first = draft.values.first().cloned();
    let error = draft.error.clone();
    let many = |choices: Vec<(String, String)>| boxes(choices, draft);
    Ok(match &field.kind {
        FieldKind::Option { options } => many(options.iter().map(|choice| (choice.key.clone(), choice.label.clone())).collect()),
        FieldKind::State => {
            let states = entity.states.as_ref().map(|states| states.list.as_slice()).unwrap_or_default();
            many(states.iter().map(|state| (state.key.clone(), state.label.clone())).collect())
        }
        FieldKind::Member => {
            let members = backend.run(ListMembers {}).await?;
            let mut choices = vec![Choice::new("me", format!("Me ({})", viewer.name))];
            choices.extend(members.into_iter().filter(|member| member.id != viewer.member).map(|member| Choice::new(member.id.to_string(), member.name)));
            let value = first.unwrap_or_else(|| "me".to_owned());
            view! { <Select name="add.value" label="Member" choices value error bare=true/> }.into_any()
        }
        FieldKind::Boolean => {
            let choices = vec![Choice::new("true", "Yes"), Choice::new("false", "No")];
            view! { <Select name="add.value" label="Value" choices value=first bare=true/> }.into_any()
        }
        FieldKind::Date { .. } | FieldKind::Datetime => {
            view! { <DateInput name="add.value" label="Day" value=first error bare=true/> }.into_any()
        }
        kind => {
            let placeholder = placeholder(viewer, kind);
            let inputmode = field.is_numeric().then_some("decimal");
            view! { <TextInput name="add.value" label="Value" value=first error placeholder inputmode autofocus=true bare=true/> }.into_any()
        }
    })
}

fn placeholder(viewer: &Viewer, kind: &FieldKind) -> String {
    match kind {
        FieldKind::Money { .. } => format!("5000, or 5000 {}", viewer.currency),
        FieldKind::Country => "KE, UG".to_owned(),
        FieldKind::Reference { entity } => {
            let label = viewer.catalog.get(entity).map_or("record", |target| target.labels.one.as_str());
            format!("Name of the {}", label.to_lowercase())
        }
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } => "A number".to_owned(),
        _ => "What it says".to_owned(),
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
    view! { <fieldset class="filter-boxes"><legend class="sr-only">"Values"</legend>{boxes}{error}</fieldset> }.into_any()
}

/// Spans that people ask for, one click each.
fn shortcuts(page: &PageContext, field: &Field) -> Option<AnyView> {
    if !matches!(field.kind, FieldKind::Date { .. } | FieldKind::Datetime) {
        return None;
    }
    let link = |label: &'static str, op: &str, value: &str| {
        let href = page.with_query(&[("add.op", Some(op)), ("add.value", Some(value))]);
        view! { <a class="link" href=href>{label}</a> }
    };
    Some(
        view! {
            <span class="filter-shortcuts">
                {link("Last 7 days", ">=", "today-7")}
                {link("Last 30 days", ">=", "today-30")}
                {link("Last 90 days", ">=", "today-90")}
            </span>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::{Added, added, amount, done_href, edit_href};
    use crate::records::fixture::{entity, page, viewer};
    use crate::records::list_state::ListState;
    use domain::backend::{AnyBox, BoxFuture};
    use domain::{Backend, BackendHandle, Error};
    use futures::FutureExt;
    use std::sync::Arc;

    /// Nothing here may ask the business.
    struct Nobody;

    impl Backend for Nobody {
        fn run_any(&self, _: &'static str, _: AnyBox) -> BoxFuture<'static, domain::Result<AnyBox>> {
            Box::pin(async { Err(Error::internal()) })
        }

        fn run_json(&self, _: &str, _: serde_json::Value) -> BoxFuture<'static, domain::Result<String>> {
            Box::pin(async { Err(Error::internal()) })
        }
    }

    fn fold(query: &[(&str, &str)]) -> Result<String, String> {
        let (page, entity) = (page(query), entity());
        let (state, _) = ListState::read(&page, &entity).unwrap();
        let backend = BackendHandle(Arc::new(Nobody));
        match added(&page, &viewer(), &backend, &entity, &state).now_or_never().unwrap().unwrap() {
            Added::Nothing => Ok(String::new()),
            Added::Filter(filter) => Ok(filter.print()),
            Added::Refused(message) => Err(message),
        }
    }

    #[test]
    fn a_condition_joins_the_filter() {
        let folded = fold(&[("add.field", "status"), ("add.op", "="), ("add.value", "new"), ("add.value", "qualified")]);
        assert_eq!(folded.unwrap(), "status not in (won, lost) and status in (new, qualified)");
        let folded = fold(&[("filter", ""), ("add.field", "value"), ("add.op", ">"), ("add.value", "5,000 kes")]);
        assert_eq!(folded.unwrap(), "value > \"5000.00 KES\"");
        assert_eq!(fold(&[("filter", ""), ("add.field", "name"), ("add.op", "is empty"), ("add.value", "x")]).unwrap(), "name is empty");
        assert_eq!(fold(&[]).unwrap(), "");
    }

    #[test]
    fn a_changed_condition_keeps_its_place() {
        let filter = ("filter", "status = new and score > 3");
        let change = [filter, ("add.at", "0"), ("add.field", "status"), ("add.op", "!="), ("add.value", "won")];
        assert_eq!(fold(&change).unwrap(), "status != won and score > 3");
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        for query in [
            vec![("add.field", "score"), ("add.op", ">"), ("add.value", "many")],
            vec![("add.field", "score"), ("add.op", "starts with"), ("add.value", "1")],
            vec![("add.field", "nothing"), ("add.op", "="), ("add.value", "1")],
            vec![("add.field", "status"), ("add.op", "=")],
            vec![("add.field", "secret"), ("add.op", "="), ("add.value", "x")],
        ] {
            assert!(fold(&query).is_err(), "{query:?}");
        }
        // Beyond the bounds of the field, but a number.
        assert!(fold(&[("add.field", "score"), ("add.op", ">"), ("add.value", "1,000")]).unwrap().ends_with("score > 1000"));
    }

    #[test]
    fn amounts_are_read_with_and_without_a_currency() {
        assert_eq!(amount("5,000").unwrap(), "5000");
        assert_eq!(amount("5000.50").unwrap(), "5000.50");
        assert_eq!(amount("kes 12").unwrap(), "12.00 KES");
        assert!(amount("about 5").is_err() && amount("5 zzz").is_err() && amount("").is_err());
    }

    #[test]
    fn links_of_the_line_keep_the_rest() {
        let page = page(&[("search", "a b"), ("add.field", "status"), ("add.at", "0"), ("cursor", "c")]);
        assert_eq!(done_href(&page, Some("x = 1")), "/w/lakeside/leads?search=a%20b&filter=x%20%3D%201");
        let (state, _) = ListState::read(&page, &entity()).unwrap();
        let href = edit_href(&page, state.filter.as_ref().unwrap(), 0).unwrap();
        assert_eq!(href, "/w/lakeside/leads?search=a%20b&add.field=status&add.at=0");
    }
}
