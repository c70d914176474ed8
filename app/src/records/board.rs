//! The board of any described entity: a column for each state, or for each value of a field, with count, sums and cards. Every card can be
//! moved without a script by its menu; `data-` attributes let an island move it by hand and by keys.

use super::columns::{Column, column_test, state_columns};
use super::holders::Holders;
use super::list_parts::{self, lower, total_words};
use super::list_state::{ListState, Unreadable};
use super::rights::Reached;
use super::transition::{self, Offer, Target};
use super::value_columns::{self, Beyond, Laid, MOST_CARDS, MOST_COLUMNS};
use super::value_move;
use super::values::Values;
use super::{address, form, limits, list, live, past, pipelines, saved, standing};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Viewer, encode, set_status};
use domain::money::group_thousands;
use domain::records::{Record, Total};
use domain::schema::{Entity, Field, StateKind};
use domain::views::SavedView;
use domain::{Kind, Result, Verb};
use leptos::prelude::*;
use std::sync::Arc;
use ui::{
    Avatar, Board, BoardCard, ButtonKind, CardField, Chip, Crumb, FillPage, Icon, LinkButton, Notice, Size, Tone,
};
use words::{t, tn};

/// Fields on a card beside its title.
const LINES: usize = 2;
/// Days without a change after which a card is pointed out.
const STALE_DAYS: i64 = 14;

pub async fn board_view(
    page: PageContext,
    viewer: Arc<Viewer>,
    entity: Arc<Entity>,
    views: &[SavedView],
) -> Result<AnyView> {
    let backend = page.backend()?;
    let (state, problems) = ListState::read(&page, &entity, views)?;
    let view = state.view.clone();
    if !problems.is_empty() {
        set_status(Kind::Invalid.status());
    }
    let Some((bar, line)) = list::narrowing(&page, &viewer, &backend, &entity, &state).await? else {
        return Ok(().into_any());
    };
    let skip = problems.is_empty().then(|| view! { <a class="skip" href="#board">{t!("Skip to the board")}</a> });
    let content =
        if problems.is_empty() { content(&page, &viewer, &entity, &state).await? } else { unreadable(problems) };
    let said = saved::notices(&page, &viewer, &entity, &state);
    let refused = page.replay.as_deref().filter(|replay| replay.operation != "views.save").map(|replay| {
        set_status(replay.error.kind.status());
        let problems = form::problems(replay, &entity, t!("It was not moved"));
        view! { <div class="page-notices">{problems}</div> }
    });
    let heading = format!("{}: {}", entity.labels.many, view.label);
    let tabs = list_parts::tabs(&page, &viewer, &entity, &view, views);
    let actions = state.as_of.is_none().then(|| list_parts::actions(&viewer, &entity, &state));
    let past = state.as_of.as_deref().map(|at| past::banner(&page, &viewer, at, page.with_query(&[("as_of", None)])));
    // Whoever goes by keys comes past all that stands above the columns.
    let past = view! { {skip}{past} };
    let live = state.as_of.is_none().then(|| live::bar(&page, &viewer, &entity, None));
    let ask = past::ask(&page);
    let switch = pipelines::switch(&page, &entity, &state);
    let body =
        view! { <FillPage title=heading>{past}{bar}{line}{switch}{said}{refused}{live}{content}{ask}</FillPage> }
            .into_any();
    let crumbs = vec![Crumb::here(entity.labels.many.clone())];
    Ok(workspace_frame(&page, crumbs, Some(tabs), actions, body))
}

/// The columns with their cards, or what was asked for and cannot be had.
async fn content(page: &PageContext, viewer: &Viewer, entity: &Entity, state: &ListState) -> Result<AnyView> {
    let backend = page.backend()?;
    let group = value_columns::grouping(entity, &state.view);
    let laid = match group {
        Some(field) => value_columns::lay(page, viewer, &backend, entity, state, field).await,
        None => state_columns(&backend, entity, state, &state.view).await.map(Laid::of_states),
    };
    let mut laid = match laid {
        Ok(laid) => laid,
        // A field that the viewer may not read is as unknown here as one that is not there.
        Err(error) if error.kind == Kind::Invalid => {
            set_status(Kind::Invalid.status());
            return Ok(unreadable(vec![list::culprit(page, state, &error)]));
        }
        Err(error) => return Err(error),
    };
    if laid.columns.is_empty() && group.is_some() {
        return Ok(list_parts::empty(page, viewer, entity, state, state.narrowed()));
    }
    limits::held(viewer, &backend, entity, state, group, &mut laid).await;
    let cards = laid.columns.iter().flat_map(|column| &column.content.cards);
    let reached = Reached::load(viewer, &backend, entity, Verb::Update, cards).await?;
    let holders = Holders::load(viewer, &backend, entity).await?;
    Ok(draw(page, viewer, entity, state, &laid, group, (&reached, &holders)))
}

fn unreadable(problems: Vec<Unreadable>) -> AnyView {
    let lines: Vec<_> = problems.into_iter().map(|problem| view! { <p>{problem.message}</p> }).collect();
    view! { <div class="page-notices"><Notice tone=Tone::Negative title=t!("The address cannot be read")>{lines}</Notice></div> }.into_any()
}

/// What every card of a board shares.
struct Pen<'a> {
    page: &'a PageContext,
    viewer: &'a Viewer,
    entity: &'a Entity,
    /// The field whose values make the columns; none where the state does.
    group: Option<&'a Field>,
    /// What those values are.
    targets: &'a [value_columns::Target],
    /// Columns without a place left, by their keys, with the words for that.
    full: Vec<(&'a str, String)>,
    /// Columns that show more of their cards.
    opened: Vec<&'a str>,
    values: Values,
    lines: Vec<&'a Field>,
    owner: Option<&'a Field>,
    /// What is to be done next, where the entity knows.
    step: Option<&'a Field>,
    /// Cards that the viewer may move.
    reached: &'a Reached,
    holders: &'a Holders,
    /// The moment that is shown, where it is not now.
    as_of: Option<&'a str>,
}

fn draw(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    state: &ListState,
    laid: &Laid<'_>,
    group: Option<&Field>,
    (reached, holders): (&Reached, &Holders),
) -> AnyView {
    let shown =
        state.view.fields.iter().filter_map(|key| entity.field(key)).filter(|field| form::may_see(viewer, field));
    let lines = shown.filter(|field| field.key != entity.title && field.key != "owner").take(LINES).collect();
    let (owner, step) = (entity.field("owner"), entity.field("nextStep").filter(|field| form::may_see(viewer, field)));
    let full = laid.columns.iter().filter_map(|column| Some((column.key.as_str(), column.full()?))).collect();
    let pen = Pen {
        page,
        viewer,
        entity,
        group,
        targets: &laid.targets,
        full,
        opened: value_columns::opened(page),
        values: Values::of(page),
        lines,
        owner,
        step,
        reached,
        holders,
        as_of: state.as_of.as_deref(),
    };
    let drawn: Vec<AnyView> = laid.columns.iter().map(|column| draw_column(&pen, state, column)).collect();
    let by = group.map_or(t!("stage"), |field| &field.label);
    let label = t!("{rows} by {field}", rows = entity.labels.many, field = by);
    view! {
        <div
            class="board-region"
            data-region="board"
            data-entity=entity.key.clone()
            data-plural=entity.plural.clone()
            data-group=group.map(|field| field.key.clone())
        >
            {notes(&pen, laid.beyond)}
            <Board label attr:id="board">{drawn}</Board>
        </div>
    }
    .into_any()
}

fn draw_column(pen: &Pen<'_>, state: &ListState, column: &Column<'_>) -> AnyView {
    let cards: Vec<AnyView> = column.content.cards.iter().map(|record| card(pen, column, record)).collect();
    let count = column.count();
    let more = count.saturating_sub(column.content.cards.len() as u64);
    let foot = (more > 0).then(|| foot(pen, state, column, more));
    let (sum, weighted) = (column.sum(&pen.viewer.currency), column.weighted(&pen.viewer.currency));
    let needs = column.gate.iter().map(|field| field.key.clone()).collect::<Vec<_>>().join(" ");
    let gate = (!column.gate.is_empty()).then(|| t!("Needs {fields}", fields = transition::labels(&column.gate)));
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
            limit=column.limit
            held=column.held
            foot
        >
            {cards}
        </ui::BoardColumn>
    }
    .into_any()
}

/// The way to the cards that are not shown: a column of a value shows more of them once, beyond that there is the list.
fn foot(pen: &Pen<'_>, state: &ListState, column: &Column<'_>, more: u64) -> AnyView {
    let key = value_columns::in_address(&column.key);
    if pen.group.is_none() || pen.opened.contains(&key) {
        let words = t!("{count} more in the list", count = group_thousands(&more.to_string()));
        let href = list_of(pen, state, column);
        return view! { <LinkButton href size=Size::Small kind=ButtonKind::Ghost>{words}</LinkButton> }.into_any();
    }
    let keys: Vec<&str> = pen.opened.iter().copied().chain([key]).collect();
    let href = pen.page.with_query(&[("open", Some(&keys.join(",")))]);
    let shown = column.content.cards.len();
    let next = more.min(u64::from(MOST_CARDS).saturating_sub(shown as u64));
    let words = t!("Show {count} more", count = next);
    view! { <LinkButton attr:data-more=shown.to_string() href size=Size::Small kind=ButtonKind::Ghost>{words}</LinkButton> }
        .into_any()
}

/// What is to be known before one looks at the columns: that cards stay where they are, and that there are values without a column.
fn notes(pen: &Pen<'_>, beyond: Option<Beyond>) -> Option<AnyView> {
    let field = pen.group?;
    let fixed = value_move::fixed(pen.viewer, field).filter(|_| pen.as_of.is_none());
    let fixed =
        fixed.map(|reason| view! { <p class="board-note" data-fixed=""><Icon name="lock"/><span>{reason}</span></p> });
    let beyond = beyond.map(|Beyond { values, rows, uncounted }| {
        let (most, values) = (MOST_COLUMNS, group_thousands(&values.to_string()));
        let rows = total_words(pen.entity, Total { value: rows, exact: true });
        let words = if uncounted {
            t!(
                "Beside the {most} most frequent there are at least {values} more without a column, with {rows}.",
                most,
                values,
                rows,
            )
        } else {
            t!(
                "Beside the {most} most frequent there are {values} more without a column, with {rows}.",
                most,
                values,
                rows,
            )
        };
        let href = pen.page.with_query(&[("add.field", Some(&field.key)), ("open", None)]);
        let label = t!("Filter by {field}", field = lower(&field.label));
        view! { <p class="board-note" data-beyond=""><span>{words}" "<a class="link" href=href>{label}</a></span></p> }
    });
    (fixed.is_some() || beyond.is_some()).then(|| view! { {fixed}{beyond} }.into_any())
}

/// The list that holds all rows of a column.
fn list_of(pen: &Pen<'_>, state: &ListState, column: &Column<'_>) -> String {
    let field = pen.group.map_or("status", |field| &field.key);
    let test = column_test(field, &column.key);
    let filter = match state.filter.clone() {
        Some(filter) => filter.and(test),
        None => test,
    };
    let kept = [("search", &state.search), ("as_of", &state.as_of)];
    let rows = state.ids.iter().map(|id| format!("&row={id}"));
    let search: String = kept
        .iter()
        .filter_map(|(name, value)| value.as_deref().map(|value| format!("&{name}={}", encode(value))))
        .chain(rows)
        .collect();
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
    if let Some(at) = pen.as_of {
        let (id, title) = (record.id.to_string(), address::title(entity, record));
        let href = format!("{}?as_of={}", address::of(viewer, entity, record), encode(at));
        return view! { <BoardCard id title href fields chips=chips(pen, record)/> }.into_any();
    }
    let (menu, open, handle) = match pen.group {
        Some(field) => {
            let reason = value_move::missing(viewer, entity, field, record, pen.reached);
            let handle = reason.is_none();
            (value_move::menu(page, viewer, entity, field, record, pen.targets, reason), None, handle)
        }
        None => {
            let mut targets = transition::targets(viewer, entity, record, pen.reached, pen.holders);
            for target in &mut targets {
                let full = pen.full.iter().find(|(key, _)| *key == target.state.key);
                target.full = full.map(|(_, words)| words.clone());
            }
            let handle = pen.reached.out_of_reach(viewer, entity, Verb::Update, record).is_none();
            (transition::card_menu(page, viewer, entity, record, &targets), Some(open_targets(&targets)), handle)
        }
    };
    // What may be changed has an edit page, whose address the keys know.
    let edit = pen.reached.missing(viewer, entity, Verb::Update, record).is_none().then_some("");
    view! {
        <BoardCard
            attr:data-card=""
            attr:data-version=record.version.to_string()
            attr:data-state=column.key.clone()
            attr:data-open=open
            attr:data-edit=edit
            id=record.id.to_string()
            title=address::title(entity, record)
            href=address::of(viewer, entity, record)
            fields
            chips=chips(pen, record)
            menu=menu
            handle
        />
    }
    .into_any()
}

/// States that a card may be dropped on; the others are closed while it is held.
fn open_targets(targets: &[Target<'_>]) -> String {
    let open = targets.iter().filter(|target| !matches!(target.offer, Offer::Closed(_)));
    open.map(|target| target.state.key.clone()).collect::<Vec<_>>().join(" ")
}

/// How long it may still stand in its state or how long nothing has happened, how much is done, what comes next, and whose it is. What the columns
/// are made of is no matter: a row has its state all the same.
fn chips(pen: &Pen<'_>, record: &Record) -> Option<AnyView> {
    let touched = record.text("updatedAt").or_else(|| record.text("createdAt"));
    // What has ended does not age.
    let ages = standing::state(pen.entity, record).is_some_and(|state| state.kind == StateKind::Open);
    let days = touched.and_then(|at| pen.values.clock.days_since(at)).filter(|days| ages && *days > 0);
    let now = pen.as_of.is_none();
    let due = now.then(|| standing::due_chip(pen.values.clock, pen.entity, record)).flatten();
    let done = now.then(|| standing::done_chip(pen.entity, record)).flatten();
    let days = days.filter(|_| due.is_none());
    let age = days.map(|days| {
        let tone = if days >= STALE_DAYS { Tone::Warning } else { Tone::Neutral };
        let title = tn!(days, "Nothing has changed for {count} day", "Nothing has changed for {count} days");
        let text = t!("{days} d", days);
        view! { <Chip tone title icon="clock">{text}</Chip> }
    });
    let owner = pen.owner.and_then(|field| record.label(&field.key)).map(|name| {
        let title = t!("Owner: {name}", name);
        let spoken = title.clone();
        view! { <span class="card-owner" title=title><Avatar name size=Size::Small/><span class="sr-only">{spoken}</span></span> }
    });
    let step = pen.step.and_then(|field| record.text(&field.key)).map(|step| {
        let (spoken, _) = words::around(t!("Next step: {step}"), "step");
        let (title, step) = (t!("Next step: {step}", step), step.to_owned());
        view! { <span class="card-step" title=title><span class="sr-only">{spoken}</span><span dir="auto">{step}</span></span> }
    });
    let any = age.is_some() || due.is_some() || done.is_some() || step.is_some() || owner.is_some();
    any.then(|| view! { {due}{age}{done}{step}{owner} }.into_any())
}
