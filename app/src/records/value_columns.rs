//! The columns of a board that the values of a field make. Choices, and yes and no, have a column each, also where they have no card; of rows,
//! members and countries those that occur have one, the most frequent first.

use super::columns::{Column, Weight, column_test};
use super::grouped::NONE;
use super::list_parts::lower;
use super::list_state::{ListState, readable};
use super::values::hue;
use crate::page::{PageContext, Viewer};
use domain::records::{BoardColumn, Group, GroupBy, ListRecords, Record, SummariseRecords};
use domain::schema::{Count, Entity, Field, FieldKind, ListQuery, View, value};
use domain::{BackendHandle, Result};
use serde_json::Value;
use ui::{Hue, StateShape};
use words::t;

/// Columns of values that are not described; what else occurs is counted, and filtered by.
pub const MOST_COLUMNS: usize = 20;
/// Cards of a column that was asked to show more; the rest is in the list.
pub const MOST_CARDS: u32 = 100;
/// Columns that show more at once.
const MOST_OPEN: usize = 3;
/// Cards of a column.
const CARDS: u32 = 20;
/// The same where there are more columns than [`MANY`]: each card offers every column.
const FEWER_CARDS: u32 = 10;
const MANY: usize = 10;
/// Sums by value and currency that `records.summarise` answers with; of more than these some are not counted.
const COUNTED: usize = 1000;

/// A board as it is laid out.
pub struct Laid<'a> {
    pub columns: Vec<Column<'a>>,
    /// Where a card may be moved to, in the order of the columns; none where the columns are states, which have moves of their own.
    pub targets: Vec<Target>,
    pub beyond: Option<Beyond>,
}

impl<'a> Laid<'a> {
    pub fn of_states(columns: Vec<Column<'a>>) -> Self {
        Self { columns, targets: Vec::new(), beyond: None }
    }
}

/// A value that a card may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As a form sends it; empty for none.
    pub key: String,
    pub label: String,
    /// Why no card comes here, whoever moves it.
    pub closed: Option<String>,
    /// What is to be known before another card comes, where there is no place left.
    pub full: Option<String>,
}

/// What has no column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beyond {
    pub values: usize,
    pub rows: i64,
    /// There are more of them than were counted.
    pub uncounted: bool,
}

/// The field whose values make the columns; none where the state does.
pub fn grouping<'a>(entity: &'a Entity, view: &View) -> Option<&'a Field> {
    let field = entity.field(view.group.as_deref()?)?;
    (field.is_grouping() && field.kind != FieldKind::State).then_some(field)
}

/// The key of the column that holds the row.
pub fn key_of(field: &Field, record: &Record) -> String {
    match record.values.get(&field.key) {
        Some(Value::String(key)) => key.clone(),
        Some(Value::Bool(yes)) => yes.to_string(),
        _ => String::new(),
    }
}

/// How the address calls a column.
pub fn in_address(key: &str) -> &str {
    if key.is_empty() { NONE } else { key }
}

/// The columns that show more cards, by the address: those that were asked last, where it names many.
pub fn opened(page: &PageContext) -> Vec<&str> {
    let mut keys: Vec<&str> = page.query("open").map(|keys| keys.split(',').collect()).unwrap_or_default();
    keys.split_off(keys.len().saturating_sub(MOST_OPEN))
}

/// All columns are counted and added up in one query, and each that has cards is read by its own.
pub async fn lay<'a>(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &'a Entity,
    state: &ListState,
    field: &Field,
) -> Result<Laid<'a>> {
    let query = ListQuery { count: Count::None, cursor: None, offset: 0, ..state.query(Vec::new()) };
    let measure = state.view.measure.clone();
    let measure = measure.filter(|key| entity.field(key).is_some_and(|field| readable(viewer, field)));
    let summary = SummariseRecords {
        entity: entity.key.clone(),
        query: query.clone(),
        group: GroupBy::Field(field.key.clone()),
        measure,
        limit: None,
        inner: None,
        weighted: true,
    };
    let groups = backend.run(summary).await?;
    let (spots, beyond) = spots(field, &groups);
    let usual = if spots.len() > MANY { FEWER_CARDS } else { CARDS };
    let opened = opened(page);
    let (mut columns, mut targets) = (Vec::new(), Vec::new());
    for spot in spots {
        let limit = if opened.contains(&in_address(&spot.key)) { MOST_CARDS } else { usual };
        let cards = match spot.group {
            Some(group) if group.count > 0 => first(backend, entity, &query, field, &spot.key, limit).await?,
            _ => Vec::new(),
        };
        let (column, target) = spot.drawn(field, cards);
        columns.push(column);
        targets.push(target);
    }
    Ok(Laid { columns, targets, beyond })
}

/// The first cards of a column.
async fn first(
    backend: &BackendHandle,
    entity: &Entity,
    query: &ListQuery,
    field: &Field,
    key: &str,
    limit: u32,
) -> Result<Vec<Record>> {
    let test = column_test(&field.key, key);
    let filter = Some(match query.filter.clone() {
        Some(filter) => filter.and(test),
        None => test,
    });
    let query = ListQuery { filter, limit, ..query.clone() };
    backend.run(ListRecords { entity: entity.key.clone(), query }).await?.take_records()
}

/// A column before its cards are known.
struct Spot<'a> {
    key: String,
    /// None for rows and members: their cards tell what they are called, as far as the reader may know.
    label: Option<String>,
    hue: Hue,
    group: Option<&'a Group>,
}

/// The columns in their order, and what there is no room for. `groups` come with the largest first.
fn spots<'a>(field: &Field, groups: &'a [Group]) -> (Vec<Spot<'a>>, Option<Beyond>) {
    let named = |key: &str| groups.iter().find(|group| group.key.as_deref() == Some(key));
    let mut spots: Vec<Spot<'a>> = described(field)
        .into_iter()
        .map(|(key, label, hue)| Spot { group: named(&key), key, label: Some(label), hue })
        .collect();
    let filled = |group: &&Group| group.key.as_deref().is_some_and(|key| !key.is_empty());
    let known = |group: &&Group| spots.iter().any(|spot| Some(spot.key.as_str()) == group.key.as_deref());
    let mut others: Vec<&Group> = groups.iter().filter(filled).filter(|group| !known(group)).collect();
    let left = others.split_off(others.len().min(MOST_COLUMNS));
    let pointing = matches!(field.kind, FieldKind::Member | FieldKind::Reference { .. });
    for group in others {
        let key = group.key.clone().unwrap_or_default();
        let shown = || value::show(field, None, &Value::String(key.clone()), None);
        let label = (!pointing).then(shown);
        spots.push(Spot { key, label, hue: Hue::default(), group: Some(group) });
    }
    let without = groups.iter().find(|group| group.key.as_deref().unwrap_or_default().is_empty());
    if without.is_some_and(|group| group.count > 0) || !(field.required || field.read_only) {
        spots.push(Spot { key: String::new(), label: Some(nothing(field)), hue: hue(Some(8), 0), group: without });
    }
    let counted: usize = groups.iter().map(|group| group.sums.len() + 1).sum();
    let beyond = (!left.is_empty()).then(|| Beyond {
        values: left.len(),
        rows: left.iter().map(|group| group.count).sum(),
        uncounted: counted >= COUNTED,
    });
    (spots, beyond)
}

/// Values that have a column whether they occur or not: key, label and hue.
fn described(field: &Field) -> Vec<(String, String, Hue)> {
    match &field.kind {
        FieldKind::Boolean => [(true, t!("yes")), (false, t!("no"))]
            .map(|(value, word)| {
                (value.to_string(), format!("{}: {word}", field.label), hue(None, usize::from(!value)))
            })
            .into(),
        _ => {
            let choices = field.choices().iter().enumerate();
            choices.map(|(at, choice)| (choice.key.clone(), choice.label.clone(), hue(choice.hue, at))).collect()
        }
    }
}

/// What the column of rows without a value is called.
fn nothing(field: &Field) -> String {
    match field.kind {
        FieldKind::Member => t!("Nobody").to_owned(),
        FieldKind::Boolean => t!("{field}: not said", field = field.label),
        _ => t!("No {field}", field = lower(&field.label)),
    }
}

impl Spot<'_> {
    /// With its cards, and as a place to move cards to.
    fn drawn(self, field: &Field, cards: Vec<Record>) -> (Column<'static>, Target) {
        let Self { key, label, hue, group } = self;
        let told = || cards.first().and_then(|card| card.label(&field.key)).filter(|label| !label.is_empty());
        let pointed = label.is_none();
        let label = label.or_else(|| told().map(str::to_owned));
        let closed = match &label {
            None => Some(t!("It cannot be chosen").to_owned()),
            Some(_) if key.is_empty() && field.required => Some(t!("{field} is required", field = field.label)),
            Some(_) => None,
        };
        let hue = if pointed { label.as_deref().map_or(hue, Hue::of) } else { hue };
        let gone = if field.kind == FieldKind::Member { t!("Somebody who left") } else { t!("Not yours to see") };
        let label = label.unwrap_or_else(|| gone.to_owned());
        let content = BoardColumn {
            state: key.clone(),
            count: group.map_or(0, |group| group.count),
            sums: group.map(|group| group.sums.clone()).unwrap_or_default(),
            cards,
        };
        let weight = group.map(|group| Weight::Sums(group.weighted.clone()));
        let choice = field.choices().iter().find(|choice| choice.key == key);
        let limit = choice.and_then(|choice| choice.limit).map(u64::from);
        let shape = StateShape::Open;
        let column = Column { key, label, hue, shape, weight, limit, held: None, gate: Vec::new(), content };
        let target = Target { key: column.key.clone(), label: column.label.clone(), closed, full: column.full() };
        (column, target)
    }
}

#[cfg(test)]
mod tests {
    use super::{Beyond, MOST_COLUMNS, grouping, in_address, key_of, spots};
    use crate::records::fixture::entity;
    use domain::records::{Group, Record, Sum};
    use domain::schema::{Field, View};
    use serde_json::{Value, json};

    fn field(kind: &Value, more: &Value) -> Field {
        let mut field = json!({ "key": "source", "label": "Source", "kind": kind, "indexed": true });
        field.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        serde_json::from_value(field).unwrap()
    }

    fn options(more: &Value) -> Field {
        let options = [json!({ "key": "fair", "label": "A fair" }), json!({ "key": "web", "label": "The web" })];
        field(&json!({ "type": "option", "options": options }), more)
    }

    fn group(key: Option<&str>, count: i64) -> Group {
        Group { key: key.map(str::to_owned), count, ..Group::default() }
    }

    fn drawn(field: &Field, groups: &[Group]) -> Vec<(String, String, i64)> {
        let (spots, _) = spots(field, groups);
        spots
            .into_iter()
            .map(|spot| {
                let (column, _) = spot.drawn(field, Vec::new());
                (column.key, column.label, column.content.count)
            })
            .collect()
    }

    fn column(key: &str, label: &str, count: i64) -> (String, String, i64) {
        (key.to_owned(), label.to_owned(), count)
    }

    #[test]
    fn choices_have_a_column_each_in_their_order_and_no_row_is_lost() {
        let groups = [group(Some("web"), 3), group(Some("fax"), 2), group(None, 1)];
        let wanted = [
            column("fair", "A fair", 0),
            column("web", "The web", 3),
            column("fax", "fax", 2),
            column("", "No source", 1),
        ];
        assert_eq!(drawn(&options(&json!({})), &groups), wanted);
        // What has to be filled in has no column for nothing, unless there are rows from before.
        let required = options(&json!({ "required": true }));
        assert_eq!(drawn(&required, &groups[..1]), &wanted[..2]);
        let closed: Vec<bool> = spots(&required, &groups)
            .0
            .into_iter()
            .map(|spot| spot.drawn(&required, Vec::new()).1.closed.is_some())
            .collect();
        assert_eq!(closed, [false, false, false, true]);
    }

    #[test]
    fn a_choice_has_its_limit_and_its_rows_the_chances_of_their_states() {
        let fair = json!({ "key": "fair", "label": "A fair", "limit": 2 });
        let source = field(&json!({ "type": "option", "options": [fair] }), &json!({}));
        let weighted = vec![Sum { currency: Some("KES".to_owned()), amount: "7".to_owned() }];
        let groups = [Group { weighted, ..group(Some("fair"), 2) }];
        let (column, target) = spots(&source, &groups).0.swap_remove(0).drawn(&source, Vec::new());
        assert_eq!((column.limit, column.weighted("KES").as_deref()), (Some(2), Some("KES 7")));
        assert_eq!(target.full.as_deref(), Some("Full: 2 of 2"));
    }

    #[test]
    fn yes_and_no_are_columns_and_so_is_what_nobody_said() {
        let yes = field(&json!({ "type": "boolean" }), &json!({}));
        let wanted =
            [column("true", "Source: yes", 0), column("false", "Source: no", 4), column("", "Source: not said", 0)];
        assert_eq!(drawn(&yes, &[group(Some("false"), 4)]), wanted);
    }

    #[test]
    fn of_rows_and_members_the_most_frequent_have_columns_and_the_others_are_counted() {
        let member = field(&json!({ "type": "member" }), &json!({}));
        let many: Vec<Group> = (0..25).map(|at| group(Some(&format!("m{at}")), 100 - at)).collect();
        let (shown, beyond) = spots(&member, &many);
        assert_eq!(shown.len(), MOST_COLUMNS + 1);
        assert_eq!((shown[0].key.as_str(), shown[MOST_COLUMNS].label.as_deref()), ("m0", Some("Nobody")));
        assert_eq!(beyond, Some(Beyond { values: 5, rows: 80 + 79 + 78 + 77 + 76, uncounted: false }));
        assert_eq!(spots(&member, &many[..3]).1, None);
        let most: Vec<Group> = (0..1000).map(|at| group(Some(&format!("m{at}")), 1)).collect();
        assert!(spots(&member, &most).1.unwrap().uncounted);
    }

    #[test]
    fn whom_no_card_names_is_nobody_to_move_to() {
        let member = field(&json!({ "type": "member" }), &json!({}));
        let card = |labels: Value| -> Record {
            let id = uuid::Uuid::nil();
            serde_json::from_value(json!({ "id": id, "version": 1, "source": "m", "_labels": labels })).unwrap()
        };
        let target = |cards: Vec<Record>| {
            let groups = [group(Some("m"), 1)];
            let spot = spots(&member, &groups).0.swap_remove(0);
            let (_, target) = spot.drawn(&member, cards);
            (target.label, target.closed.is_some())
        };
        assert_eq!(target(vec![card(json!({ "source": "Amina" }))]), ("Amina".to_owned(), false));
        assert_eq!(target(vec![card(json!({}))]), ("Somebody who left".to_owned(), true));
    }

    #[test]
    fn a_card_stands_in_the_column_of_its_value() {
        let member = field(&json!({ "type": "member" }), &json!({}));
        let key = |value: Value| {
            let record = json!({ "id": uuid::Uuid::nil(), "version": 1, "source": value });
            key_of(&member, &serde_json::from_value(record).unwrap())
        };
        assert_eq!([key(json!("m")), key(json!(true)), key(json!(null))], ["m", "true", ""]);
        assert_eq!([in_address(""), in_address("m")], ["-", "m"]);
    }

    #[test]
    fn states_make_the_columns_unless_another_field_does() {
        let entity = entity();
        let view = |group: Option<&str>| View { group: group.map(str::to_owned), ..entity.views[0].clone() };
        let key = |group| grouping(&entity, &view(group)).map(|field| field.key.as_str());
        assert_eq!(
            [key(None), key(Some("status")), key(Some("name")), key(Some("owner"))],
            [None, None, None, Some("owner")]
        );
    }
}
