//! One row of any described entity: what it is, what can be done with it, what happened, what belongs to it.

use super::holders::Holders;
use super::list_parts::lower;
use super::post::{base_address, envelope, subject};
use super::related::{self, Related};
use super::rights::Reached;
use super::values::state_chip;
use super::{
    about, address, checklist, composer, conflict, convert, extras, files, form, live, notes, past, pipelines,
    standing, timeline, transition,
};
use crate::layout::workspace_frame;
use crate::page::{PageContext, Replay, Viewer, load, set_status, use_page};
use crate::time::Clock;
use domain::records::{GetRecord, Record};
use domain::schema::Entity;
use domain::{BackendHandle, Error, Result, Verb};
use leptos::prelude::*;
use std::sync::Arc;
use ui::{
    ButtonKind, DialogPage, FormActions, LinkButton, Menu, MenuLink, MenuSeparator, MenuSide, Mono, Notice, Page,
    RecordLayout, RecordPane, SegmentedControl, Size, SubmitButton, TabItem, Tone,
};
use words::t;

#[component]
pub fn RecordPage() -> impl IntoView {
    let page = use_page();
    load(draw(page)).into_any()
}

async fn draw(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity(address::plural(&page))?;
    let id = address::id(&page)?;
    if let Some(at) = past::moment(&page) {
        return past::record(&page, &viewer, &backend, &entity, id, at).await;
    }
    if let Some(view) = conflict::of(&page, &viewer, &backend, &entity).await? {
        return Ok(view);
    }
    let record = backend.run(GetRecord { entity: entity.key.clone(), id }).await?;
    if let Some(replay) = &page.replay {
        set_status(replay.error.kind.status());
    }
    if let Some((name, dialog)) = dialog(&page, &viewer, &backend, &entity, &record).await? {
        let crumbs = address::crumbs(&viewer, &entity, &record, Some(&name));
        let dialog = view! { <Page>{dialog}</Page> }.into_any();
        return Ok(workspace_frame(&page, crumbs, None, None, dialog));
    }
    let about = about::view(&page, &viewer, &backend, &entity, &record).await?;
    let rights = Rights::load(&viewer, &backend, &entity, &record).await?;
    let main = main_column(&page, &viewer, &backend, &entity, &record, &rights).await?;
    let notices = notices(&page, &viewer, &entity, &record);
    let title = address::title(&entity, &record);
    let chips = chips(Clock::new(&page.now, &viewer.timezone), &entity, &record);
    let actions = record.deleted_at.is_none().then(|| actions(&page, &viewer, &entity, &record, &rights));
    let live = live::bar(&page, &viewer, &entity, Some(record.id));
    let body = view! {
        {live}
        {notices}
        <RecordLayout title chips actions about>{main}</RecordLayout>
    }
    .into_any();
    let crumbs = address::crumbs(&viewer, &entity, &record, None);
    Ok(workspace_frame(&page, crumbs, None, None, body))
}

/// What the page asks instead of showing the record: a move, a conversion, a deletion.
async fn dialog(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Arc<Entity>,
    record: &Record,
) -> Result<Option<(String, AnyView)>> {
    if let Some(to) = super::post::argument(page, "move") {
        let view = transition::asking_view(page, viewer, backend, entity, record, to).await?;
        return Ok(Some((t!("Move to {state}", state = entity.state_label(to)), view)));
    }
    if page.query("convert").is_some() && convert::converts(entity) {
        let view = convert::view(page, viewer, backend, entity, record).await?;
        return Ok(Some((t!("Convert").to_owned(), view)));
    }
    if let Some(dialog) = extras::dialog(page, viewer, entity, record) {
        return dialog.map(Some);
    }
    if page.query("delete").is_some() {
        return Ok(Some((t!("Delete").to_owned(), confirm_delete(page, viewer, entity, record)?)));
    }
    Ok(None)
}

/// Tabs, and what the chosen one holds.
async fn main_column(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    record: &Record,
    rights: &Rights,
) -> Result<AnyView> {
    let mut around = related::of(viewer, entity);
    related::count(backend, record.id, &mut around).await?;
    let tabs = related::tabs(page, &around);
    let chosen = super::post::argument(page, "tab").and_then(|tab| around.iter().find(|one| one.tab == tab));
    let content = match chosen {
        Some(related) => related::list(page, viewer, backend, record, related).await?,
        None => {
            let activities: Option<&Related> = around.iter().find(|one| one.entity.key == "activity");
            let composer = composers(page, viewer, entity, record, activities);
            let stream = timeline::view(page, viewer, backend, entity, record, &around).await?;
            let mentionable = notes::mentionable(page, backend).await?;
            view! { {composer}{mentionable}{stream} }.into_any()
        }
    };
    let panel = extras::panel(page, viewer, backend, entity, record).await?;
    let panel = panel.map(|panel| view! { <div class="record-extra stack">{panel}</div> });
    let checklist = checklist::view(page, viewer, backend, entity, record, &rights.update).await?;
    let checklist = checklist.map(|checklist| view! { <div class="record-extra stack">{checklist}</div> });
    Ok(view! { {panel}{checklist}{tabs}<RecordPane>{content}</RecordPane> }.into_any())
}

/// What can be written down here: an activity, where activities point here, a note, or a file.
fn composers(
    page: &PageContext,
    viewer: &Viewer,
    entity: &Entity,
    record: &Record,
    activities: Option<&Related>,
) -> Option<AnyView> {
    let activity = activities.and_then(|related| composer::view(page, viewer, record, related));
    let write = page.replay.as_deref().map_or_else(
        || page.query("write"),
        |replay| match replay.operation.as_str() {
            "notes.add" => Some("note"),
            "files.upload" => Some("file"),
            _ => page.query("write"),
        },
    );
    if record.deleted_at.is_some() {
        return activity;
    }
    let chosen = match write {
        Some(kind @ ("note" | "file")) => kind,
        _ if activity.is_none() => "note",
        _ => "activity",
    };
    let base = base_address(page, &[]);
    let mark = if base.contains('?') { '&' } else { '?' };
    let mut items = Vec::new();
    if activity.is_some() {
        items.push(TabItem::new(t!("Activity"), base.clone(), chosen == "activity").icon("phone"));
    }
    items.push(TabItem::new(t!("Note"), format!("{base}{mark}write=note#note"), chosen == "note").icon("sticky-note"));
    items.push(TabItem::new(t!("File"), format!("{base}{mark}write=file#file"), chosen == "file").icon("paperclip"));
    let form = match chosen {
        "note" => notes::composer(page, viewer, entity, record),
        "file" => files::composer(page, viewer, entity, record),
        _ => activity,
    };
    Some(view! { <div class="composers"><SegmentedControl label=t!("Write down") items/>{form}</div> }.into_any())
}

/// Pipeline, state, number and how long it may still stand there, beside the name.
fn chips(clock: Clock, entity: &Entity, record: &Record) -> AnyView {
    let state = record
        .text("status")
        .filter(|_| entity.states.is_some())
        .map(|state| state_chip(entity.states.as_ref(), state));
    let pipeline = pipelines::chip(entity, record);
    let number = record.text("number").map(str::to_owned).map(|number| view! { <Mono>{number}</Mono> });
    let due = standing::due_chip(clock, entity, record);
    view! { {pipeline}{state}{due}{number}{live::colleagues()} }.into_any()
}

/// How far the viewer's permissions go with this row, and who could own it.
struct Rights {
    update: Reached,
    delete: Reached,
    holders: Holders,
}

impl Rights {
    async fn load(viewer: &Viewer, backend: &BackendHandle, entity: &Entity, record: &Record) -> Result<Self> {
        let of = |verb| Reached::load(viewer, backend, entity, verb, std::iter::once(record));
        let holders = Holders::load(viewer, backend, entity).await?;
        Ok(Self { update: of(Verb::Update).await?, delete: of(Verb::Delete).await?, holders })
    }
}

fn actions(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record, rights: &Rights) -> AnyView {
    let targets = transition::targets(viewer, entity, record, &rights.update, &rights.holders);
    let step = transition::next_step(entity, record, &targets)
        .map(|target| transition::step_button(page, viewer, entity, record, target));
    let moves = (!targets.is_empty()).then(|| transition::move_menu(page, viewer, entity, record, &targets));
    let here = address::of(viewer, entity, record);
    let convert = (convert::converts(entity) && !convert::became(record)).then(|| {
        let reach = || rights.update.out_of_reach(viewer, entity, Verb::Update, record);
        let reason = convert::reason(viewer, entity, record).or_else(reach);
        view! { <LinkButton href=format!("{here}?convert=1") icon="user-check" reason>{t!("Convert")}</LinkButton> }
    });
    let edit = rights.update.missing(viewer, entity, Verb::Update, record);
    let reason = rights.delete.missing(viewer, entity, Verb::Delete, record);
    let (edit_href, delete_href) = (format!("{here}/edit"), format!("{here}?delete=1"));
    let (list, icon) = (viewer.path(&entity.plural), entity.icon.clone());
    let all = t!("All {entities}", entities = lower(&entity.labels.many));
    let log = log_call(page, viewer, entity);
    let log_button = log.clone().map(|(href, reason)| {
        view! { <span class="at-desk"><LinkButton href icon="phone" reason>{t!("Log a call")}</LinkButton></span> }
    });
    let log_item = log.map(|(href, reason)| {
        view! { <span class="on-phone"><MenuLink href icon="phone" reason>{t!("Log a call")}</MenuLink></span> }
    });
    let extra = extras::actions(page, viewer, entity, record);
    let (why, who, versions) = (format!("{here}/why"), format!("{here}/access"), format!("{here}/versions"));
    let merge = entity.managed.is_none().then(|| {
        let (href, reason) = (format!("{here}/merge"), edit.clone().or_else(|| reason.clone()));
        view! { <MenuLink href icon="git-merge" reason>{t!("Merge with another")}</MenuLink> }
    });
    let who_closed = viewer.lacks("people.member.read");
    view! {
        <LinkButton href=edit_href icon="pencil" reason=edit>{t!("Edit")}</LinkButton>
        {log_button}
        {convert}
        {extra}
        {moves}
        {step}
        <Menu icon="ellipsis" name=t!("More actions") kind=ButtonKind::Secondary side=MenuSide::End>
            <MenuLink href=list icon>{all}</MenuLink>
            {log_item}
            <MenuLink href=versions icon="history">{t!("Versions")}</MenuLink>
            <MenuLink href=why icon="circle-question-mark">{t!("Why is it like this?")}</MenuLink>
            <MenuLink href=who icon="users" reason=who_closed>{t!("Who can see this?")}</MenuLink>
            {merge}
            <MenuSeparator/>
            <MenuLink href=delete_href icon="trash-2" reason>{t!("Move to the trash")}</MenuLink>
        </Menu>
    }
    .into_any()
}

/// Where a call is written down, and why it may not be, where activities point at this entity. It stands in the head; a phone has no room for it
/// there, and has it in the menu.
fn log_call(page: &PageContext, viewer: &Viewer, entity: &Entity) -> Option<(String, Option<String>)> {
    let activity =
        related::of(viewer, entity).into_iter().find(|one| one.entity.key == "activity" && !one.read_only)?;
    let reason = viewer.missing(&activity.entity, Verb::Create);
    Some((format!("{}?log=call#composer", page.path), reason))
}

/// What stands above the record: that it is in the trash, what it became, why something was refused.
fn notices(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record) -> AnyView {
    let refused = page.replay.as_deref().filter(|replay| stands_above(page, replay)).map(|replay| {
        let problems = form::problems(replay, entity, t!("That was not done"));
        view! { <div class="record-notice">{problems}</div> }
    });
    let trash = record.deleted_at.as_deref().map(|at| trash_notice(page, viewer, entity, record, at));
    view! { {refused}{trash} }.into_any()
}

/// Forms with fields say beside them what is wrong; the others have nobody else to say it.
fn stands_above(page: &PageContext, replay: &Replay) -> bool {
    match replay.operation.as_str() {
        "records.update" => super::post::argument(page, "edit").is_none(),
        "records.create" | "notes.add" | "notes.edit" | "files.upload" => false,
        _ => true,
    }
}

fn trash_notice(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record, at: &str) -> AnyView {
    let clock = Clock::new(&page.now, &viewer.timezone);
    let one = lower(&entity.labels.one);
    let reason = viewer.missing(entity, Verb::Delete);
    let here = base_address(page, &[]);
    let restore = view! {
        <form method="post" action=viewer.action("records.restore")>
            {subject(entity, record)}
            {envelope(page, "restore", &here, &t!("{entity} restored", entity = entity.labels.one))}
            <SubmitButton kind=ButtonKind::Secondary size=Size::Small icon="rotate-ccw" reason>{t!("Restore")}</SubmitButton>
        </form>
    };
    let text = t!(
        "This {entity} was moved to the trash {when}. Lists and searches leave it out.",
        entity = one,
        when = clock.words(at)
    );
    view! { <div class="record-notice"><Notice tone=Tone::Warning title=t!("In the trash") action=restore.into_any()>{text}</Notice></div> }.into_any()
}

fn confirm_delete(page: &PageContext, viewer: &Viewer, entity: &Entity, record: &Record) -> Result<AnyView> {
    if !viewer.may(entity, Verb::Delete) {
        return Err(Error::forbidden(entity.permission(Verb::Delete), &viewer.role));
    }
    let here = address::of(viewer, entity, record);
    let title = address::title(entity, record);
    let done = t!("{record} moved to the trash", record = title);
    let problem = page.replay_of("records.delete");
    let (heading, close) = (t!("Move {record} to the trash?", record = title), here.clone());
    let text = t!(
        "Lists, boards and searches leave it out. It can be restored from the trash, with everything that belongs to \
         it."
    );
    let form = view! {
        {problem.as_deref().map(|replay| form::problems(replay, entity, t!("It was not moved to the trash")))}
        <form method="post" action=viewer.action("records.delete")>
            {subject(entity, record)}
            {envelope(page, "delete", &viewer.path(&entity.plural), &done)}
            <FormActions>
                <SubmitButton kind=ButtonKind::Danger icon="trash-2">{t!("Move to the trash")}</SubmitButton>
                <LinkButton href=here kind=ButtonKind::Ghost>{t!("Keep it")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any();
    Ok(view! { <DialogPage title=heading text close_href=close>{form}</DialogPage> }.into_any())
}
