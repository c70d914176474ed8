//! The board of any described entity: a column for each state, or for each choice of an option field, with count, sums and cards. Every
//! card can be moved without a script by its menu; `data-` attributes let an island move it by hand and by keys.

use super::list_parts::{self, lower};
use super::list_state::{ListState, Unreadable};
use super::post::{envelope, hidden, own_address, subject};
use super::transition::{self, Offer, Target};
use super::values::{Values, hue, state_shape};
use super::{address, form, list};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, encode, set_status};
use domain::money::{Money, group_thousands};
use domain::records::{BoardColumn, BoardRecords, Group, GroupBy, ListRecords, Record, Sum, SummariseRecords};
use domain::schema::{Choice, Comparison, Count, Entity, Field, FieldKind, Filter, ListQuery, StateKind, Test, View};
use domain::{BackendHandle, Kind, Result, Verb};
use leptos::prelude::*;
use std::sync::Arc;
use ui::{
    Avatar, Board, BoardCard, ButtonKind, CardField, Chip, Crumb, FillPage, Hue, LinkButton, Menu, MenuItem, MenuLabel,
    MenuSide, Notice, Size, StateDot, StateShape, Tone,
};

/// Cards drawn in a column; the rest is in the list.
const CARDS: u32 = 25;
/// Fields on a card beside its title.
const LINES: usize = 2;
/// Days without a change after which a card is pointed out.
const STALE_DAYS: i64 = 14;

/// What a column needs to be drawn, whatever makes it.
struct Column<'a> {
    key: String,
    label: String,
    hue: Hue,
    shape: StateShape,
    /// In per cent, for weighted sums.
    probability: Option<u8>,
    /// Open states age; won, lost and done ones do not.
    ages: bool,
    /// What must be filled in to come here, as labels.
    gate: Vec<&'a Field>,
    content: BoardColumn,
}

pub async fn board_view(page: PageContext, viewer: Arc<Viewer>, entity: Arc<Entity>, view: View) -> Result<AnyView> {
    let backend = page.backend()?;
    let (state, problems) = ListState::read(&page, &entity)?;
    let names = list::names(&viewer, &backend, &entity, state.filter.as_ref()).await?;
    let bar = list_parts::filter_bar(&page, &viewer, &entity, &state, &names);
    let content = if problems.is_empty() {
        let columns = columns(&backend, &entity, &state, &view).await?;
        draw(&page, &viewer, &entity, &state, &view, &columns)
    } else {
        set_status(Kind::Invalid.status());
        unreadable(problems)
    };
    let refused = page.replay.as_deref().map(|replay| {
        set_status(replay.error.kind.status());
        let problems = form::problems(replay, &entity, "It was not moved");
        view! { <div class="page-notices">{problems}</div> }
    });
    let heading = format!("{}: {}", entity.labels.many, view.label);
    let tabs = list_parts::tabs(&page, &viewer, &entity, &view);
    let actions = list_parts::actions(&page, &viewer, &entity);
    let body = view! { <FillPage title=heading>{bar}{refused}{content}</FillPage> }.into_any();
    let crumbs = vec![Crumb::here(entity.labels.many.clone())];
    Ok(workspace_frame(&page, crumbs, Some(tabs), Some(actions), body))
}

fn unreadable(problems: Vec<Unreadable>) -> AnyView {
    let lines: Vec<_> = problems.into_iter().map(|problem| view! { <p>{problem.message}</p> }).collect();
    view! { <div class="page-notices"><Notice tone=Tone::Negative title="The address cannot be read">{lines}</Notice></div> }.into_any()
}

/// The columns in the order of the description.
async fn columns<'a>(
    backend: &BackendHandle,
    entity: &'a Entity,
    state: &ListState,
    view: &View,
) -> Result<Vec<Column<'a>>> {
    let group = view.group.as_deref().unwrap_or("status");
    match entity.field(group) {
        Some(field) if matches!(field.kind, FieldKind::Option { .. }) => {
            option_columns(backend, entity, state, view, field).await
        }
        _ => state_columns(backend, entity, state, view).await,
    }
}

async fn state_columns<'a>(
    backend: &BackendHandle,
    entity: &'a Entity,
    state: &ListState,
    view: &View,
) -> Result<Vec<Column<'a>>> {
    let Some(states) = &entity.states else { return Ok(Vec::new()) };
    let query = ListQuery { count: Count::None, ..state.query(Vec::new()) };
    let operation = BoardRecords { entity: entity.key.clone(), query, measure: view.measure.clone(), cards: CARDS };
    let mut found = backend.run(operation).await?;
    let columns = states.list.iter().enumerate().map(|(place, described)| {
        let at = found.iter().position(|column| column.state == described.key);
        let empty = || BoardColumn { state: described.key.clone(), count: 0, sums: Vec::new(), cards: Vec::new() };
        let gates = states.transitions.iter().filter(|step| step.to == described.key && !step.internal);
        let needs = gates.map(|step| &step.gate.requires).min_by_key(|requires| requires.len());
        Column {
            key: described.key.clone(),
            label: described.label.clone(),
            hue: hue(described.hue, place),
            shape: state_shape(states, &described.key),
            probability: described.probability.filter(|_| described.kind == StateKind::Open),
            ages: described.kind == StateKind::Open,
            gate: needs.into_iter().flatten().filter_map(|key| entity.field(key)).collect(),
            content: at.map_or_else(empty, |at| found.swap_remove(at)),
        }
    });
    Ok(columns.collect())
}

/// Columns of an option field are counted in one query, and each is read by its own.
async fn option_columns<'a>(
    backend: &BackendHandle,
    entity: &'a Entity,
    state: &ListState,
    view: &View,
    field: &'a Field,
) -> Result<Vec<Column<'a>>> {
    let query = ListQuery { count: Count::None, ..state.query(Vec::new()) };
    let summary = SummariseRecords {
        entity: entity.key.clone(),
        query: query.clone(),
        group: GroupBy::Field(field.key.clone()),
        measure: view.measure.clone(),
    };
    let groups = backend.run(summary).await?;
    let without = groups.iter().any(|group| group.key.is_none() && group.count > 0);
    let nothing = Choice { key: String::new(), label: format!("No {}", lower(&field.label)), hue: Some(8) };
    let choices = field.choices().iter().chain(without.then_some(&nothing));
    let mut columns = Vec::new();
    for (place, choice) in choices.enumerate() {
        let filter = Some(match query.filter.clone() {
            Some(filter) => filter.and(column_test(&field.key, &choice.key)),
            None => column_test(&field.key, &choice.key),
        });
        let page = ListQuery { filter, limit: CARDS, cursor: None, offset: 0, ..query.clone() };
        let cards = backend.run(ListRecords { entity: entity.key.clone(), query: page }).await?.records()?;
        let group = groups.iter().find(|group| group.key.as_deref().unwrap_or_default() == choice.key);
        columns.push(option_column(choice, place, group, cards));
    }
    Ok(columns)
}

/// The rows of one column; the column without a key holds those without a value.
fn column_test(field: &str, key: &str) -> Filter {
    let (comparison, values) =
        if key.is_empty() { (Comparison::Empty, Vec::new()) } else { (Comparison::Equals, vec![key.to_owned()]) };
    Filter::Test(Test { field: field.to_owned(), comparison, values })
}

fn option_column<'a>(choice: &Choice, place: usize, group: Option<&Group>, cards: Vec<Record>) -> Column<'a> {
    Column {
        key: choice.key.clone(),
        label: choice.label.clone(),
        hue: hue(choice.hue, place),
        shape: StateShape::Open,
        probability: None,
        ages: false,
        gate: Vec::new(),
        content: BoardColumn {
            state: choice.key.clone(),
            count: group.map_or(0, |group| group.count),
            sums: group.map(|group| group.sums.clone()).unwrap_or_default(),
            cards,
        },
    }
}

/// What every card of a board shares.
struct Pen<'a> {
    page: &'a PageContext,
    viewer: &'a Viewer,
    entity: &'a Entity,
    /// The option field that makes the columns; none where the state does.
    group: Option<&'a Field>,
    values: Values,
    lines: Vec<&'a Field>,
    owner: Option<&'a Field>,
    /// What is to be done next, where the entity knows.
    step: Option<&'a Field>,
}

fn draw(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    state: &ListState,
    view: &View,
    columns: &[Column<'_>],
) -> AnyView {
    let group = view
        .group
        .as_deref()
        .and_then(|key| entity.field(key))
        .filter(|field| matches!(field.kind, FieldKind::Option { .. }));
    let shown = view.fields.iter().filter_map(|key| entity.field(key)).filter(|field| form::may_see(viewer, field));
    let lines = shown.filter(|field| field.key != entity.title && field.key != "owner").take(LINES).collect();
    let (owner, step) = (entity.field("owner"), entity.field("nextStep").filter(|field| form::may_see(viewer, field)));
    let pen = Pen { page, viewer, entity, group, values: Values::of(page), lines, owner, step };
    let drawn: Vec<AnyView> = columns.iter().map(|column| draw_column(&pen, state, column)).collect();
    let label = format!("{} by {}", entity.labels.many, group.map_or("stage", |field| &field.label));
    view! {
        <div
            class="board-region"
            data-region="board"
            data-entity=entity.key.clone()
            data-plural=entity.plural.clone()
            data-group=group.map(|field| field.key.clone())
        >
            <Board label>{drawn}</Board>
        </div>
    }
    .into_any()
}

fn draw_column(pen: &Pen<'_>, state: &ListState, column: &Column<'_>) -> AnyView {
    let cards: Vec<AnyView> = column.content.cards.iter().map(|record| card(pen, column, record)).collect();
    let count = u64::try_from(column.content.count).unwrap_or_default();
    let more = count.saturating_sub(column.content.cards.len() as u64);
    let foot = (more > 0).then(|| {
        let (href, words) =
            (list_of(pen, state, column), format!("{} more in the list", group_thousands(&more.to_string())));
        view! { <LinkButton href size=Size::Small kind=ButtonKind::Ghost>{words}</LinkButton> }.into_any()
    });
    let sum = sum_words(&column.content.sums, &pen.viewer.currency);
    let weighted = column.probability.and_then(|chance| weighted(&column.content.sums, &pen.viewer.currency, chance));
    let needs = column.gate.iter().map(|field| field.key.clone()).collect::<Vec<_>>().join(" ");
    let gate = (!column.gate.is_empty()).then(|| format!("Needs {}", transition::labels(&column.gate)));
    view! {
        <ui::BoardColumn
            attr:data-gate=gate
            attr:data-requires=needs
            id=column.key.clone()
            title=column.label.clone()
            count
            sum
            weighted
            hue=column.hue
            shape=column.shape
            foot
        >
            {cards}
        </ui::BoardColumn>
    }
    .into_any()
}

/// The list that holds all rows of a column.
fn list_of(pen: &Pen<'_>, state: &ListState, column: &Column<'_>) -> String {
    let field = pen.group.map_or("status", |field| &field.key);
    let test = column_test(field, &column.key);
    let filter = match state.filter.clone() {
        Some(filter) => filter.and(test),
        None => test,
    };
    let search = state.search.as_deref().map(|search| format!("&search={}", encode(search))).unwrap_or_default();
    pen.viewer.path(&format!("{}?filter={}{search}", pen.entity.plural, encode(&filter.print())))
}

fn card(pen: &Pen<'_>, column: &Column<'_>, record: &Record) -> AnyView {
    let Pen { page, viewer, entity, .. } = *pen;
    let lines: Vec<AnyView> = pen
        .lines
        .iter()
        .filter(|field| record.values.get(&field.key).is_some_and(|value| !value.is_null()))
        .map(|field| {
            let value = pen.values.cell(entity, field, record);
            view! { <CardField label=field.label.clone()>{value}</CardField> }.into_any()
        })
        .collect();
    let fields = (!lines.is_empty()).then(|| lines.into_any());
    let menu = match pen.group {
        Some(field) => option_menu(pen, field, record),
        None => {
            let targets = transition::targets(viewer, entity, record);
            transition::move_menu(page, viewer, entity, record, &targets, true)
        }
    };
    let open = pen.group.is_none().then(|| open_targets(&transition::targets(viewer, entity, record)));
    view! {
        <BoardCard
            attr:data-card=""
            attr:data-version=record.version.to_string()
            attr:data-state=column.key.clone()
            attr:data-open=open
            id=record.id.to_string()
            title=address::title(entity, record)
            href=address::of(viewer, entity, record)
            fields
            chips=chips(pen, column, record)
            menu=menu
            handle=viewer.may(entity, Verb::Update)
        />
    }
    .into_any()
}

/// States that a card may be dropped on; the others are closed while it is held.
fn open_targets(targets: &[Target<'_>]) -> String {
    let open = targets.iter().filter(|target| !matches!(target.offer, Offer::Closed(_)));
    open.map(|target| target.state.key.clone()).collect::<Vec<_>>().join(" ")
}

/// How long nothing has happened, what comes next, and whose it is.
fn chips(pen: &Pen<'_>, column: &Column<'_>, record: &Record) -> Option<AnyView> {
    let touched = record.text("updatedAt").or_else(|| record.text("createdAt"));
    let days = touched.and_then(|at| pen.values.clock.days_since(at)).filter(|days| column.ages && *days > 0);
    let age = days.map(|days| {
        let tone = if days >= STALE_DAYS { Tone::Warning } else { Tone::Neutral };
        let (title, text) = (format!("Nothing has changed for {days} days"), format!("{days} d"));
        view! { <Chip tone title icon="clock">{text}</Chip> }
    });
    let owner = pen.owner.and_then(|field| record.label(&field.key)).map(|name| {
        let (title, spoken) = (format!("Owner: {name}"), format!("Owner: {name}"));
        view! { <span class="card-owner" title=title><Avatar name size=Size::Small/><span class="sr-only">{spoken}</span></span> }
    });
    let step = pen.step.and_then(|field| record.text(&field.key)).map(|step| {
        let (title, step) = (format!("Next step: {step}"), step.to_owned());
        view! { <span class="card-step" title=title><span class="sr-only">"Next step: "</span><span dir="auto">{step}</span></span> }
    });
    (age.is_some() || step.is_some() || owner.is_some()).then(|| view! { {age}{step}{owner} }.into_any())
}

/// Cards in columns of an option move by setting the field.
fn option_menu(pen: &Pen<'_>, field: &Field, record: &Record) -> AnyView {
    let Pen { page, viewer, entity, .. } = *pen;
    let now = record.text(&field.key);
    let reason = viewer.missing(entity, Verb::Update);
    let items: Vec<AnyView> = field
        .choices()
        .iter()
        .enumerate()
        .filter(|(_, choice)| now != Some(choice.key.as_str()))
        .map(|(place, choice)| {
            let class = format!("state-mark {}", hue(choice.hue, place).class());
            let (name, value, reason) = (format!("values.{}", field.key), choice.key.clone(), reason.clone());
            let label = choice.label.clone();
            view! { <MenuItem name value reason><span class=class><StateDot/></span>{label}</MenuItem> }.into_any()
        })
        .collect();
    let done = format!("{} moved", entity.labels.one);
    let name = format!("Move {}", address::title(entity, record));
    let read = record.values.get(&field.key).cloned().unwrap_or_default().to_string();
    let title = format!("Change {}", lower(&field.label));
    let form = view! {
        <form method="post" action=viewer.action("records.update")>
            {subject(entity, record)}
            {hidden(format!("base.{}", field.key), read)}
            {envelope(page, &format!("move-{}", record.id), &own_address(page), &done)}
            <MenuLabel>{title}</MenuLabel>
            {items}
        </form>
    };
    view! { <Menu icon="ellipsis" name size=Size::Small side=MenuSide::End>{form}</Menu> }.into_any()
}

/// The workspace's own currency first, and how many others there are: amounts of different currencies are never added up.
fn sum_words(sums: &[Sum], own: &str) -> Option<String> {
    let first = sums.iter().find(|sum| sum.currency.as_deref() == Some(own)).or_else(|| sums.first())?;
    let words = match first.currency.as_deref() {
        Some(currency) => short_money(&Money::parse(&first.amount, currency).ok()?),
        None => group_thousands(&first.amount),
    };
    Some(match sums.len() - 1 {
        0 => words,
        1 => format!("{words} + 1 currency"),
        others => format!("{words} + {others} currencies"),
    })
}

fn weighted(sums: &[Sum], own: &str, chance: u8) -> Option<String> {
    let sum = sums.iter().find(|sum| sum.currency.as_deref() == Some(own)).or_else(|| sums.first())?;
    let currency = sum.currency.as_deref()?;
    let money = Money::parse(&sum.amount, currency).ok()?;
    let minor = i128::from(money.minor()) * i128::from(chance) / 100;
    Some(short_money(&Money::from_minor(i64::try_from(minor).ok()?, currency).ok()?))
}

/// `KES 91.4 M`: a head of a column has no room for every digit, and the list has them.
fn short_money(money: &Money) -> String {
    let whole = money.amount();
    let digits = whole.split('.').next().unwrap_or(&whole);
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let (cut, unit) = match digits.len() {
        0..=5 => return money.display(),
        6 => (3, "k"),
        7..=9 => (6, "M"),
        _ => (9, "bn"),
    };
    let (head, rest) = digits.split_at(digits.len() - cut);
    let tenth = &rest[..1];
    let fraction = if tenth == "0" || head.len() > 2 { String::new() } else { format!(".{tenth}") };
    format!("{} {sign}{}{fraction} {unit}", money.currency(), group_thousands(head))
}

#[cfg(test)]
mod tests {
    use super::{short_money, sum_words};
    use domain::Money;
    use domain::records::Sum;

    #[test]
    fn large_sums_are_short() {
        for (amount, words) in [
            ("950.50", "KES 950.50"),
            ("48000", "KES 48,000"),
            ("480000", "KES 480 k"),
            ("1250000", "KES 1.2 M"),
            ("91400000", "KES 91.4 M"),
            ("-2000000000", "KES -2 bn"),
        ] {
            assert_eq!(short_money(&Money::parse(amount, "KES").unwrap()), words);
        }
    }

    #[test]
    fn the_own_currency_leads_and_the_others_are_counted() {
        let sum = |currency: &str, amount: &str| Sum { currency: Some(currency.to_owned()), amount: amount.to_owned() };
        assert_eq!(
            sum_words(&[sum("EUR", "5"), sum("KES", "7"), sum("USD", "9")], "KES").unwrap(),
            "KES 7 + 2 currencies"
        );
        assert_eq!(sum_words(&[], "KES"), None);
    }
}
