//! Moving a record from state to state: which targets are open, which ask for something first, why the others are closed, and the forms.

use super::address;
use super::choices::Choices;
use super::form::{self, Draft};
use super::holders::{Hand, Holders};
use super::post::{envelope, hidden, own_address, subject, way_back};
use super::rights::Reached;
use super::standing::ticks;
use super::upload;
use super::values::{hue, state_shape};
use crate::page::{PageContext, Viewer, encode};
use domain::permission::role_label;
use domain::records::Record;
use domain::schema::{Entity, Field, PIPELINE, Pipeline, State, StateKind, States, Transition};
use domain::{BackendHandle, Error, Result, Verb};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;
use ui::{
    ButtonKind, DialogPage, FormActions, LinkButton, Menu, MenuItem, MenuLabel, MenuLink, MenuSide, Size, StateDot,
    SubmitButton,
};
use words::t;

/// A state that the record is not in.
pub struct Target<'a> {
    pub state: &'a State,
    pub step: Option<&'a Transition>,
    /// The pipeline that the record comes into, where it is another one. No transition leads there.
    pub pipeline: Option<&'a Pipeline>,
    pub offer: Offer<'a>,
    /// What is to be known before it goes there, where the state has no place left; boards know.
    pub full: Option<String>,
}

impl Target<'_> {
    /// The verb on a button.
    fn verb(&self) -> String {
        match (self.step, self.pipeline) {
            (Some(step), _) => step.label.clone(),
            (None, Some(pipeline)) => t!("Move to {state}", state = pipeline.label),
            (None, None) => self.state.label.clone(),
        }
    }

    /// What a form sends to go there.
    fn sent(&self) -> (&'static str, String) {
        match self.pipeline {
            Some(pipeline) => (PIPELINE, pipeline.key.clone()),
            None => ("to", self.state.key.clone()),
        }
    }
}

pub enum Offer<'a> {
    Open,
    /// Fields that must be filled in first; the move asks for them.
    Asks(Vec<&'a Field>),
    /// Why not.
    Closed(String),
}

/// Every other state of the record's pipeline, in the order of the description; then those in which the other pipelines begin.
pub fn targets<'a>(
    viewer: &Viewer,
    entity: &'a Entity,
    record: &Record,
    reached: &Reached,
    holders: &Holders,
) -> Vec<Target<'a>> {
    let (Some(states), Some(from)) = (&entity.states, record.text("status")) else { return Vec::new() };
    let own = states.pipeline_of(from);
    let others = states.along(own).filter(|state| state.key != from).map(|state| {
        let step =
            states.transitions.iter().find(|step| step.starts_from(from) && step.to == state.key && !step.internal);
        let offer = offer(viewer, entity, states, (record, reached, holders), from, state, step);
        Target { state, step, pipeline: None, offer, full: None }
    });
    let elsewhere = states.pipelines.iter().filter(|pipeline| Some(*pipeline) != own).filter_map(|pipeline| {
        let state = states.get(&pipeline.initial)?;
        let closed = record.deleted_at.is_some().then(|| t!("It is in the trash").to_owned());
        let offer = match closed.or_else(|| reached.missing(viewer, entity, Verb::Update, record)) {
            Some(reason) => Offer::Closed(reason),
            None => asked(viewer, entity, (record, holders), state, Vec::new()),
        };
        Some(Target { state, step: None, pipeline: Some(pipeline), offer, full: None })
    });
    others.chain(elsewhere).collect()
}

fn offer<'a>(
    viewer: &Viewer,
    entity: &'a Entity,
    states: &States,
    (record, reached, holders): (&Record, &Reached, &Holders),
    from: &str,
    state: &State,
    step: Option<&Transition>,
) -> Offer<'a> {
    let Some(step) = step else {
        let own_way = states.between(from, &state.key).map(|step| step.label.to_lowercase());
        return Offer::Closed(match own_way {
            Some(verb) => t!("Only by the action “{verb}”", verb),
            None => t!("No step leads here from {state}", state = entity.state_label(from)),
        });
    };
    if record.deleted_at.is_some() {
        return Offer::Closed(t!("It is in the trash").to_owned());
    }
    if let Some(missing) = reached.out_of_reach(viewer, entity, Verb::Update, record) {
        return Offer::Closed(missing);
    }
    if !step.gate.roles.is_empty() && !step.gate.roles.iter().any(|role| viewer.roles.contains(role)) {
        return Offer::Closed(t!("Needs the role {role}", role = role_words(&step.gate.roles)));
    }
    if step.gate.checklist
        && let Some(here) = states.get(from)
    {
        let open: Vec<&str> = here.open_items(ticks(record)).iter().map(|item| item.label.as_str()).collect();
        if !open.is_empty() {
            return Offer::Closed(t!("Open on the checklist: {items}", items = open.join(", ")));
        }
    }
    let missing = required(viewer, entity, step).filter(|field| is_empty(record, &field.key));
    asked(viewer, entity, (record, holders), state, missing.collect())
}

/// The fields of the gate that the viewer may read. Whether another one holds a value the page does not know; the server does, when it is asked to
/// move.
fn required<'a>(viewer: &Viewer, entity: &'a Entity, step: &Transition) -> impl Iterator<Item = &'a Field> {
    let fields: Vec<&Field> = step.gate.requires.iter().filter_map(|key| entity.field(key)).collect();
    fields.into_iter().filter(|field| field.readable(&viewer.grants))
}

/// What has to be filled in before the record comes into the state: what its way asks for, and an owner who fits.
fn asked<'a>(
    viewer: &Viewer,
    entity: &'a Entity,
    (record, holders): (&Record, &Holders),
    state: &State,
    mut missing: Vec<&'a Field>,
) -> Offer<'a> {
    match holders.hand(state, record) {
        Hand::Fits => {}
        Hand::Asks => {
            missing.retain(|field| field.key != "owner");
            missing.extend(entity.field("owner"));
        }
        Hand::Nobody => {
            let role = holders.label(state.owner_role.as_deref().unwrap_or_default());
            return Offer::Closed(t!("Needs an owner with the role {role}, which nobody has yet", role));
        }
    }
    if let Some((field, needs)) = missing.iter().find_map(|field| Some((field, form::write_missing(viewer, field)?))) {
        return Offer::Closed(t!("Needs {field} first: {needs}", field = field.label, needs));
    }
    if missing.is_empty() { Offer::Open } else { Offer::Asks(missing) }
}

fn is_empty(record: &Record, key: &str) -> bool {
    match record.values.get(key) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    }
}

fn role_words(roles: &[String]) -> String {
    roles.iter().map(|role| role_label(role)).collect::<Vec<_>>().join(&format!(" {} ", t!("or")))
}

/// Labels joined as people write them: "Value and Expected close".
pub fn labels(fields: &[&Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.label.as_str()).collect();
    domain::text::listed(&names, t!("and"))
}

/// The step that a person most likely takes next: the nearest state further on, never a loss. Only a flow has one: it ends in two ways, well
/// or not (won and lost, done and cancelled), or its stages have days and checklists. A mere status such as active and inactive has no next.
pub fn next_step<'a, 'b>(entity: &Entity, record: &Record, targets: &'b [Target<'a>]) -> Option<&'b Target<'a>> {
    let states = entity.states.as_ref()?;
    let from = record.text("status")?;
    let ends = states.along(states.pipeline_of(from)).filter(|state| state.kind != StateKind::Open).count();
    let staged = states.timed() || states.items().next().is_some();
    if (ends < 2 && !staged) || states.get(from).is_some_and(|state| state.kind != StateKind::Open) {
        return None;
    }
    let ahead = |target: &&Target<'_>| {
        let further = states.position(&target.state.key) > states.position(from);
        further && target.pipeline.is_none() && target.state.kind != StateKind::Lost
    };
    // What a checklist closes is shown with what is open on it: it is the next step all the same.
    let stands = |target: &&Target<'_>| {
        !matches!(target.offer, Offer::Closed(_)) || target.step.is_some_and(|step| step.gate.checklist)
    };
    targets.iter().filter(ahead).find(stands)
}

/// Where the page is that asks for what a gate needs.
fn asking_page(viewer: &Viewer, entity: &Entity, record: &Record, state: &State, back: &str) -> String {
    let path = viewer.path(&format!("{}/{}", entity.plural, record.id));
    format!("{path}?move={}&back={}", encode(&state.key), encode(back))
}

/// The button for one target, a form of its own.
pub fn step_button(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    record: &Record,
    target: &Target<'_>,
) -> AnyView {
    let label = target.verb();
    let here = own_address(page);
    match &target.offer {
        Offer::Open => view! {
            <form method="post" action=viewer.action("records.transition")>
                {subject(entity, record)}
                {sent(target)}
                {envelope(page, "step", &here, &t!("Moved to {state}", state = target.state.label))}
                <SubmitButton>{label}</SubmitButton>
            </form>
        }
        .into_any(),
        Offer::Asks(_) => {
            let href = asking_page(viewer, entity, record, target.state, &here);
            view! { <LinkButton href kind=ButtonKind::Primary>{label}</LinkButton> }.into_any()
        }
        Offer::Closed(reason) => {
            let reason = reason.clone();
            view! { <SubmitButton reason>{label}</SubmitButton> }.into_any()
        }
    }
}

/// "Move to" of a record: every other state, the closed ones with their reason. One form, one button for each open target.
pub fn move_menu(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    record: &Record,
    targets: &[Target<'_>],
) -> AnyView {
    let Some(states) = &entity.states else { return ().into_any() };
    let here = own_address(page);
    let items = targets.iter().map(|target| {
        let state = target.state;
        let class = format!("state-mark {}", hue(state.hue, states.position(&state.key)).class());
        let label = label(states, target);
        let dot = view! { <span class=class><StateDot shape=state_shape(states, &state.key)/></span>{label} };
        menu_item(viewer, entity, record, target, &here, dot.into_any())
    });
    let form = menu_form(page, viewer, entity, record, &here, parted(targets, items.collect()));
    view! { <Menu label=t!("Move to") kind=ButtonKind::Secondary>{form}</Menu> }.into_any()
}

/// The same on a card of a board. A board holds hundreds of them, so they are drawn as plainly as can be.
pub fn card_menu(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    record: &Record,
    targets: &[Target<'_>],
) -> AnyView {
    let name = t!("Move {record}", record = address::title(entity, record));
    let content = match viewer.missing(entity, Verb::Update) {
        Some(reason) => view! { <MenuItem reason>{t!("Move")}</MenuItem> }.into_any(),
        None => {
            let here = own_address(page);
            let items = targets.iter().map(|target| {
                let label = entity.states.as_ref().map(|states| label(states, target)).into_any();
                menu_item(viewer, entity, record, target, &here, label)
            });
            menu_form(page, viewer, entity, record, &here, parted(targets, items.collect()))
        }
    };
    view! { <Menu icon="ellipsis" name size=Size::Small side=MenuSide::End>{content}</Menu> }.into_any()
}

/// What a target is called in a menu.
fn label(states: &States, target: &Target<'_>) -> String {
    if target.pipeline.is_some() { states.whole_label(target.state) } else { target.state.label.clone() }
}

/// The items of a menu, those that lead out of the pipeline below words that say so.
fn parted(targets: &[Target<'_>], mut items: Vec<AnyView>) -> Vec<AnyView> {
    if let Some(first) = targets.iter().position(|target| target.pipeline.is_some()) {
        items.insert(first, view! { <MenuLabel>{t!("Move to another pipeline")}</MenuLabel> }.into_any());
    }
    items
}

fn sent(target: &Target<'_>) -> AnyView {
    let (name, value) = target.sent();
    hidden(name, value)
}

fn menu_form(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    record: &Record,
    here: &str,
    items: Vec<AnyView>,
) -> AnyView {
    view! {
        <form method="post" action=viewer.action("records.transition")>
            {subject(entity, record)}
            {envelope(page, &record.id.simple().to_string(), here, &t!("{entity} moved", entity = entity.labels.one))}
            <MenuLabel>{t!("Move to")}</MenuLabel>
            {items}
        </form>
    }
    .into_any()
}

fn menu_item(
    viewer: &Viewer,
    entity: &Entity,
    record: &Record,
    target: &Target<'_>,
    here: &str,
    label: AnyView,
) -> AnyView {
    match &target.offer {
        Offer::Open => {
            let ((name, value), hint) = (target.sent(), target.full.clone());
            view! { <MenuItem name value hint>{label}</MenuItem> }.into_any()
        }
        Offer::Asks(fields) => {
            let href = asking_page(viewer, entity, record, target.state, here);
            let asks = t!("Asks for {fields}", fields = labels(fields));
            let hint = match &target.full {
                Some(full) => format!("{asks}. {full}"),
                None => asks,
            };
            view! { <MenuLink href hint>{label}</MenuLink> }.into_any()
        }
        Offer::Closed(reason) => {
            let reason = reason.clone();
            view! { <MenuItem reason>{label}</MenuItem> }.into_any()
        }
    }
}

/// The small form that asks for what the gate of a move needs, at `?move={state}` of the record.
pub async fn asking_view(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Arc<Entity>,
    record: &Record,
    to: &str,
) -> Result<AnyView> {
    if !viewer.may(entity, Verb::Update) {
        return Err(Error::forbidden(entity.permission(Verb::Update), &viewer.role));
    }
    let reached = Reached::load(viewer, backend, entity, Verb::Update, std::iter::once(record)).await?;
    let holders = Holders::load(viewer, backend, entity).await?;
    let target = targets(viewer, entity, record, &reached, &holders).into_iter().find(|target| target.state.key == to);
    let here = viewer.path(&format!("{}/{}", entity.plural, record.id));
    let back = way_back(page, &viewer.slug, here);
    let Some(target) = target.filter(|target| target.step.is_some() || target.pipeline.is_some()) else {
        return Err(Error::conflict(t!(
            "No step leads to {state} from here; go back and choose another",
            state = entity.state_label(to)
        )));
    };
    let (state, verb, sent) = (target.state, target.verb(), sent(&target));
    let fields: Vec<&Field> = match target.offer {
        Offer::Closed(reason) => return Err(Error::conflict(reason)),
        Offer::Open => Vec::new(),
        Offer::Asks(asked) => {
            let mut fields: Vec<&Field> =
                target.step.into_iter().flat_map(|step| required(viewer, entity, step)).collect();
            for field in asked {
                if fields.iter().all(|known| known.key != field.key) {
                    fields.push(field);
                }
            }
            fields
        }
    };
    let replay = page.replay_of("records.transition");
    let mut choices = Choices::load(page, viewer, backend, &fields, Some(record)).await?;
    let handed = state.owner_role.as_deref().filter(|_| fields.iter().any(|field| field.key == "owner"));
    if let Some(role) = handed {
        choices.keep("owner", |id| holders.offers(role, id));
    }
    let draft = Draft { page, viewer, record: Some(record), replay: replay.as_deref(), choices: &choices };
    let look = |at: usize| form::Look { autofocus: at == 0, ..form::Look::asked() };
    let controls: Vec<AnyView> =
        fields.iter().enumerate().map(|(at, field)| form::control(&draft, field, look(at))).collect();
    let title = address::title(entity, record);
    let text = match fields.as_slice() {
        [] => t!("{record} moves to {state}.", record = title, state = state.label),
        needed => t!(
            "{record} moves to {state} once {fields} is filled in.",
            record = title,
            state = state.label,
            fields = labels(needed)
        ),
    };
    let text = match handed {
        Some(role) => {
            let there = t!("There it belongs to somebody with the role {role}.", role = holders.label(role));
            format!("{text} {there}")
        }
        None => text,
    };
    // Who hands a row over may not see it afterwards.
    let out_of_sight =
        handed.is_some() && viewer.grants.reach(&entity.permission(Verb::Read)) != Some(domain::Reach::All);
    let next = if out_of_sight { viewer.path(&entity.plural) } else { back.clone() };
    let (heading, close) = (verb.clone(), back.clone());
    let form = view! {
        <form class="form" method="post" enctype=upload::enctype(&fields) action=viewer.action("records.transition")>
            {replay.as_deref().map(|replay| form::problems(replay, entity, t!("It was not moved")))}
            {form::default_button(&draft, &fields)}
            {subject(entity, record)}
            {sent}
            {envelope(page, "asked", &next, &t!("Moved to {state}", state = state.label))}
            <div class="form-grid">{controls}</div>
            <FormActions>
                <SubmitButton>{verb}</SubmitButton>
                <LinkButton href=back kind=ButtonKind::Ghost>{t!("Cancel")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any();
    Ok(view! { <DialogPage title=heading text close_href=close>{form}</DialogPage> }.into_any())
}
