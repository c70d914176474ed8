//! Whatever the views of the shipped packs ask for is served by indexes, over tables that are large, under row security, as the role that serves
//! tenants: lists, boards, calendars and timelines; and what counts and adds up reads each of its rows once. Then leads by every condition in
//! every order.

use crate::filled::fill;
use crate::logged::Logged;
use crate::plans::{Rule, faults};
use crate::world::{query, with};
use domain::records::{BoardRecords, GroupBy, SummariseRecords};
use domain::schema::query::MAX_LIMIT;
use domain::schema::{Comparison, Count, Entity, Field, Filter, ListQuery, Sort, Test, View, ViewKind, stretch};
use platform::Caller;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use testkit::TestWorld;

/// Rows of each table in the workspace that is looked at, and of another one beside it.
const ROWS: i64 = 20_000;
const BESIDE: i64 = 2_000;
/// What a table has to hold at least, for the planner to have a choice.
const LARGE: f64 = 20_000.0;
/// A page of 50, and the row behind it.
const PAGE: f64 = 51.0;
/// What each step of a plan may read of a large table for such a page.
const READ: f64 = 1_500.0;
/// Cards of a column.
const CARDS: u32 = 20;

/// Views that may do what others may not: the entity and the view, the beginning of what is said of the plan, and why.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("invoice timeline", "reads", ENDED),
    ("opportunity timeline", "reads", ENDED),
    ("order timeline", "reads", ENDED),
    ("price timeline", "reads", ENDED),
    ("task timeline", "reads", ENDED),
    ("invoice timeline", "sorts", LASTING),
    ("opportunity timeline", "sorts", LASTING),
    ("order timeline", "sorts", LASTING),
    ("price timeline", "sorts", LASTING),
    ("task timeline", "sorts", LASTING),
];
/// PostgreSQL takes those that last for spread evenly over the years.
const ENDED: &str =
    "in the order of their beginnings, rows that ended before the stretch stand before those that last into it";
const LASTING: &str = "what lasts into the stretch is found by the index of its end, and put among what begins in it";

/// An entity as an industry has it, and somebody who may see all of it.
struct Shown {
    caller: Caller,
    entity: Arc<Entity>,
}

impl Shown {
    fn name(&self, view: &View) -> String {
        format!("{} {}", self.entity.key, view.key)
    }
}

/// The entities of the core, and of each industry those that it has made its own.
fn shown(world: &TestWorld, caller: &Caller) -> Vec<Shown> {
    let catalogs = &world.services().catalogs;
    let core = catalogs.core();
    let of = |industry: &str, entity: &Arc<Entity>| Shown {
        caller: with(caller, |access| access.industry = industry.to_owned()),
        entity: entity.clone(),
    };
    let mut all: Vec<Shown> = core.iter().map(|entity| of("core", entity)).collect();
    for (industry, catalog) in catalogs.industries() {
        let own = catalog.iter().filter(|entity| core.get(&entity.key).is_none_or(|known| known != *entity));
        all.extend(own.map(|entity| of(industry, entity)));
    }
    all
}

/// The rows of a view, without a count of them.
fn asked(entity: &Entity, view: &View, sort: bool) -> ListQuery {
    let sort = if sort { view.sort.as_deref().unwrap_or_default() } else { "" };
    let plain = query(entity, view.filter.as_deref().unwrap_or_default(), sort);
    ListQuery { count: Count::None, ..plain }
}

fn narrowed(query: ListQuery, by: Filter) -> ListQuery {
    let filter = Some(match query.filter {
        Some(filter) => filter.and(by),
        None => by,
    });
    ListQuery { filter, ..query }
}

/// A page of a calendar or a timeline: some weeks around today.
fn dated(entity: &Entity, view: &View) -> Option<ListQuery> {
    let field = |key: &Option<String>| key.as_deref().and_then(|key| entity.field(key));
    let date = field(&view.date).or_else(|| entity.dated().next())?;
    let within = stretch(date, field(&view.end), "2026-10-26".parse().unwrap(), "2026-12-07".parse().unwrap());
    let sort = vec![Sort { field: date.key.clone(), descending: false }];
    Some(ListQuery { sort, limit: MAX_LIMIT, ..narrowed(asked(entity, view, false), within) })
}

/// The field whose values make the columns of a board, where that is not the state.
fn columns<'a>(entity: &'a Entity, view: &View) -> Option<&'a Field> {
    view.group.as_deref().filter(|key| *key != "status").and_then(|key| entity.field(key))
}

/// Every list that a view asks for, with what is asked for.
fn lists(entity: &Entity, view: &View) -> Vec<(String, ListQuery)> {
    match view.kind {
        ViewKind::Table => vec![(String::new(), asked(entity, view, true))],
        ViewKind::Calendar | ViewKind::Timeline => {
            dated(entity, view).into_iter().map(|query| (String::new(), query)).collect()
        }
        ViewKind::Board => {
            let Some(field) = columns(entity, view) else { return Vec::new() };
            let test = |comparison, values| Filter::Test(Test { field: field.key.clone(), comparison, values });
            let one = |key: &str| (format!(" {key}"), test(Comparison::Equals, vec![key.to_owned()]));
            let cards = field.choices().iter().map(|choice| one(&choice.key));
            let all = cards.chain([(" without".to_owned(), test(Comparison::Empty, Vec::new()))]);
            all.map(|(column, test)| {
                let first = ListQuery { limit: CARDS, ..asked(entity, view, true) };
                (column, narrowed(first, test))
            })
            .collect()
        }
    }
}

/// What stands at the foot of a list, and what its groups and the columns of a board are counted by.
fn summaries(entity: &Entity, view: &View) -> Vec<SummariseRecords> {
    let query = asked(entity, view, false);
    let numbers = || {
        let named = view.fields.iter().chain(&view.measure).filter_map(|key| entity.field(key));
        named.filter(|field| field.adds_up())
    };
    let summary = |group: GroupBy, measure: Option<&Field>| {
        let (entity, measure) = (entity.key.clone(), measure.map(|field| field.key.clone()));
        SummariseRecords { entity, query: query.clone(), group, measure, limit: None, inner: None, weighted: false }
    };
    let totals = numbers().map(|field| summary(GroupBy::All, Some(field)));
    let groups = entity.fields.iter().filter(|field| field.is_grouping());
    let groups = groups.map(|field| summary(GroupBy::Field(field.key.clone()), numbers().next()));
    totals.chain(groups).collect()
}

/// The plans of a list, as the engine explains them.
async fn explained(
    world: &TestWorld,
    caller: &Caller,
    entity: &str,
    query: &ListQuery,
    rule: &Rule<'_>,
) -> Vec<String> {
    let mut ctx = world.open(caller).await;
    let role: String =
        sqlx::query_scalar("select current_user::text").fetch_one(ctx.conn().await.unwrap()).await.unwrap();
    assert_eq!(role, "nexus_app");
    match records::explain(&mut ctx, entity, query, true).await {
        Ok(plans) => plans.iter().flat_map(|plan| faults(&plan[0]["Plan"], rule)).collect(),
        Err(error) => vec![format!("cannot be explained: {error:?}")],
    }
}

/// What is wrong, without what the list above allows.
#[expect(clippy::print_stdout, reason = "a test tells what it lets pass")]
fn told(name: &str, column: &str, found: Vec<String>, wrong: &mut Vec<String>) {
    for fault in found {
        match ALLOWED.iter().find(|(view, begin, _)| *view == name && fault.starts_with(begin)) {
            Some((.., why)) => println!("{name}{column} {fault}: {why}"),
            None => wrong.push(format!("{name}{column} {fault}")),
        }
    }
}

async fn look_at_lists(
    world: &TestWorld,
    all: &[Shown],
    large: &BTreeMap<String, f64>,
    wrong: &mut Vec<String>,
) -> usize {
    let mut looked = 0;
    for shown in all {
        for view in &shown.entity.views {
            for (column, query) in lists(&shown.entity, view) {
                let (page, read) = if query.limit == MAX_LIMIT { (501.0, READ * 2.0) } else { (PAGE, READ) };
                let rule = Rule { large, page, read, counted: None };
                let found = explained(world, &shown.caller, &shown.entity.key, &query, &rule).await;
                told(&shown.name(view), &column, found, wrong);
                looked += 1;
            }
        }
    }
    looked
}

/// What was run, for judging its plans.
struct Run {
    name: String,
    what: String,
    table: String,
    page: f64,
}

async fn look_at_figures(
    world: &TestWorld,
    all: &[Shown],
    large: &BTreeMap<String, f64>,
    wrong: &mut Vec<String>,
) -> usize {
    let mut logged = match Logged::begin(world).await {
        Ok(logged) => logged,
        Err(error) => {
            wrong.push(format!("PostgreSQL tells nothing of the plans of boards and summaries: {error}"));
            return 0;
        }
    };
    let (mut runs, mut known) = (Vec::new(), BTreeSet::new());
    for shown in all {
        let entity = &shown.entity;
        for view in entity.views.iter().filter(|view| matches!(view.kind, ViewKind::Table | ViewKind::Board)) {
            let run = |what: String, page: f64| Run { name: shown.name(view), what, table: entity.table.clone(), page };
            for summary in summaries(entity, view) {
                // Views of an entity share what they do not narrow.
                if !known.insert(format!("{} {summary:?}", shown.caller.access.industry)) {
                    continue;
                }
                let run = run(format!(" by {:?} of {:?}", summary.group, summary.measure), PAGE);
                if let Err(error) = logged.run(&shown.caller, summary).await {
                    wrong.push(format!("{}{} is refused: {error:?}", run.name, run.what));
                }
                runs.push(run);
            }
            if view.kind == ViewKind::Board && columns(entity, view).is_none() {
                let run = run(" cards".to_owned(), cards_of(entity));
                if let Err(error) = logged.run(&shown.caller, board(entity, view)).await {
                    wrong.push(format!("{} is refused: {error:?}", run.name));
                }
                runs.push(run);
            }
        }
    }
    // It can fail: without the index of its order, a board is noticed.
    let lead = all.iter().find(|shown| shown.entity.key == "lead").unwrap();
    let view = lead.entity.first_view(ViewKind::Board).unwrap();
    let owner = world.owner().await;
    sqlx::raw_sql("drop index leads_created_at_order").execute(&owner).await.unwrap();
    logged.run(&lead.caller, board(&lead.entity, view)).await.unwrap();
    let mut plans = logged.end().await;
    owner.close().await;
    let rule = Rule { large, page: cards_of(&lead.entity), read: READ, counted: Some(&lead.entity.table) };
    let without = plans.pop().unwrap_or_default();
    if without.iter().all(|plan| faults(&plan["Plan"], &rule).is_empty()) {
        wrong.push(format!("nothing is said of a board without the index of its order: {without:?}"));
    }
    for (run, plans) in runs.iter().zip(&plans) {
        let rule = Rule { large, page: run.page, read: READ, counted: Some(&run.table) };
        let mut found: Vec<String> = plans.iter().flat_map(|plan| faults(&plan["Plan"], &rule)).collect();
        if plans.is_empty() {
            found.push("was run, and the log has no plan of it".to_owned());
        }
        told(&run.name, &run.what, found, wrong);
    }
    runs.len()
}

fn board(entity: &Entity, view: &View) -> BoardRecords {
    let (query, measure) = (asked(entity, view, true), view.measure.clone());
    BoardRecords { entity: entity.key.clone(), query, measure, cards: CARDS }
}

/// Cards of all columns together: rows with a value of what orders them, and rows without.
fn cards_of(entity: &Entity) -> f64 {
    let states = entity.states.as_ref().map_or(0, |states| states.list.len());
    f64::from(CARDS) * 2.0 * f64::from(u32::try_from(states).unwrap())
}

#[tokio::test]
async fn every_view_of_every_entity_is_served_by_indexes() {
    let world = TestWorld::new(records::register).await;
    let (here, there) = (world.tenant("here", "core").await, world.tenant("there", "core").await);
    let ada = world.member(&here, "Ada", &["ADMIN"]).await;
    let eve = world.member(&there, "Eve", &["ADMIN"]).await;
    let large = fill(&world, &[(&ada, ROWS), (&eve, BESIDE)], &[]).await;
    let all = shown(&world, &ada);
    let small = large.iter().filter(|(_, rows)| **rows < LARGE);
    let mut wrong: Vec<String> = small.map(|(table, rows)| format!("{table} holds {rows} rows: too few")).collect();
    let lists = look_at_lists(&world, &all, &large, &mut wrong).await;
    let figures = look_at_figures(&world, &all, &large, &mut wrong).await;
    println!(
        "entities={} tables={} lists={lists} figures={figures} wrong={} pass={}",
        all.len(),
        large.len(),
        wrong.len(),
        u8::from(wrong.is_empty())
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.end().await;
}

/// Conditions that few rows meet: those are found by an index, and may be put in order, whatever the order is.
const NARROW: &[&str] = &[
    "number = LEAD-000777",
    "name starts with \"name 77\"",
    "email = \"7919@x.example\"",
    "phone = \"+254 77\"",
    "company = \"company 77\"",
    "company is empty",
    "city = \"city 77\"",
    "value > 9990",
    "enquiredOn = 2026-01-01",
    "createdAt >= 2026-11-20",
    "updatedAt >= 2026-11-20",
];

/// Conditions that many meet: the rows are read in their order until the page is full.
const WIDE: &[&str] = &[
    "status = contacted",
    "status not in (won, lost)",
    "name is not empty",
    "phone starts with \"+254 1\"",
    "city is not empty",
    "country = KE",
    "country is empty",
    "value > 5000",
    "value is not empty",
    "source = web_form",
    "source is empty",
    "enquiredOn >= 2025-01-01",
    "owner = me",
    "customer is not empty",
    "createdAt >= 2026-01-01",
    "updatedAt >= 2026-01-01",
];

/// Pairs of a condition and an order that may read more, and why: the field of either.
const RELATED: &[(&str, &str, &str)] =
    &[("createdAt", "number", "numbers rise with the moments in which rows are made, which no statistics tell")];

#[tokio::test]
async fn every_condition_of_leads_in_every_order_is_served_by_an_index() {
    let world = TestWorld::new(records::register).await;
    let (here, there) = (world.tenant("here", "core").await, world.tenant("there", "core").await);
    let ada = world.member(&here, "Ada", &["ADMIN"]).await;
    let eve = world.member(&there, "Eve", &["ADMIN"]).await;
    let large = fill(&world, &[(&ada, 30_000), (&eve, 3_000)], &["leads"]).await;
    let lead = world.services().catalogs.core().get("lead").unwrap().clone();
    let owner = world.owner().await;
    let customer: String = sqlx::query_scalar(
        "select customer_id::text from leads where tenant_id = $1 and customer_id is not null order by id limit 1",
    )
    .bind(here.id.0)
    .fetch_one(&owner)
    .await
    .unwrap();
    owner.close().await;
    let customer = format!("customer = {customer}");
    let narrow = NARROW.iter().copied().chain([customer.as_str()]).map(|filter| (filter, READ));
    let conditions: Vec<(&str, f64)> = narrow.chain(WIDE.iter().map(|filter| (*filter, PAGE))).collect();

    let field_of = |filter: &str| filter.split(' ').next().unwrap_or_default().to_owned();
    let named: BTreeSet<String> = conditions.iter().map(|&(filter, _)| field_of(filter)).collect();
    let left_out = lead.fields.iter().filter(|field| field.indexed && !Comparison::offered(field).is_empty());
    let left_out = left_out.filter(|field| !named.contains(&field.key));
    let mut wrong: Vec<String> =
        left_out.map(|field| format!("{} is new: say what it is asked for", field.key)).collect();

    let mut looked = 0;
    for field in lead.fields.iter().filter(|field| field.is_sorting()) {
        for &(filter, page) in &conditions {
            for sort in [field.key.clone(), format!("-{}", field.key)] {
                let query = ListQuery { count: Count::None, ..query(&lead, filter, &sort) };
                let rule = Rule { large: &large, page, read: READ, counted: None };
                let found = explained(&world, &ada, "lead", &query, &rule).await;
                looked += 1;
                if RELATED.iter().any(|(of, by, _)| *of == field_of(filter) && *by == field.key) {
                    continue;
                }
                wrong.extend(found.into_iter().map(|fault| format!("{filter}, sorted by {sort}: {fault}")));
            }
        }
    }
    println!("pairs={looked} wrong={} pass={}", wrong.len(), u8::from(wrong.is_empty()));
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.end().await;
}
