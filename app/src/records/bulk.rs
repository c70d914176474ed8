//! Many rows at once, at `/w/{workspace}/{plural}/bulk`: what to do with them. Then the page of the change: how far it is, what was refused and
//! why, and the way back.

use super::address;
use super::bulk_parts::{Meant, shelf, unnamed};
use super::choices::Choices;
use super::form::{self, Draft, Look};
use super::list_parts::{lower, total_words};
use super::post::{envelope, hidden, making, own_address, way_back};
use crate::imports::outcome::tile;
use crate::imports::parts::{Working, counted, foretold, reasons, working};
use crate::islands::ProgressHands;
use crate::layout::workspace_frame;
use crate::page::{PageContext, Replay, Viewer, load, set_status, use_page};
use domain::imports::KeptRow;
use domain::records::{
    Bulk, BulkAction, BulkRows, BulkStatus, GetBulk, ListRecords, MOST_ROWS, PreviewUndoBulk, Record, Total,
};
use domain::schema::{Count, Entity, Field, ListQuery};
use domain::{BackendHandle, Error, Result, Verb};
use leptos::prelude::*;
use ui::{
    ButtonKind, Choice, Crumb, DialogPage, EmptyState, FormActions, FormError, FormErrors, LinkButton, Notice, Page,
    PageHeader, Panel, RadioGroup, Select, Stack, SubmitButton, Tiles, Tone,
};
use uuid::Uuid;
use words::{t, tn};

const START: &str = "records.bulk";
const UNDO: &str = "records.undo_bulk";
/// Bytes of an address that whatever stands between here and the browser lets pass.
const LONGEST_ADDRESS: usize = 4096;

#[component]
pub fn BulkPage() -> impl IntoView {
    let page = use_page();
    load(bulk_page(page)).into_any()
}

async fn bulk_page(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let entity = viewer.entity(address::plural(&page))?;
    let list = way_back(&page, &viewer.slug, viewer.path(&entity.plural));
    let replay = page.replay_of(START);
    if let Some(replay) = &replay {
        set_status(replay.error.kind.status());
    }
    let (title, content) = match Meant::read(&page, replay.as_deref(), &entity) {
        Err(message) => (t!("Nothing can be done with these rows").to_owned(), nothing(&message, &list)),
        Ok(meant) => {
            let total = total(&backend, &entity, &meant).await?;
            if total.value == 0 {
                let message = t!("Tick the boxes before the {rows} that you mean", rows = lower(&entity.labels.many));
                (t!("No row is chosen").to_owned(), nothing(&message, &list))
            } else {
                let (page, bare) = (meant.page(&page), unnamed(&page));
                let (meant, replay) = (&meant, replay.as_deref());
                let desk = Desk { page: &page, bare: &bare, viewer: &viewer, entity: &entity, meant, replay };
                (total_words(&entity, total), desk.draw(&backend, total, &list).await?)
            }
        }
    };
    let crumbs =
        vec![Crumb::link(entity.labels.many.clone(), viewer.path(&entity.plural)), Crumb::here(t!("Many at once"))];
    let body = view! { <Page narrow=true><Stack><PageHeader title/>{content}</Stack></Page> }.into_any();
    Ok(workspace_frame(&page, crumbs, None, None, body))
}

fn nothing(message: &str, list: &str) -> AnyView {
    let action =
        view! { <LinkButton href=list.to_owned() kind=ButtonKind::Primary>{t!("Back to the list")}</LinkButton> };
    let text = message.to_owned();
    view! { <EmptyState icon="square-check" title=t!("Nothing is changed") text action=action.into_any()/> }.into_any()
}

/// How many rows are meant.
async fn total(backend: &BackendHandle, entity: &Entity, meant: &Meant) -> Result<Total> {
    if meant.ids.is_empty() && !meant.all {
        return Ok(Total { value: 0, exact: true });
    }
    let query = ListQuery {
        filter: meant.filter.clone(),
        search: meant.search.clone(),
        ids: meant.ids.clone(),
        trash: meant.trash,
        limit: 1,
        fields: vec!["number".to_owned()],
        count: Count::Estimated,
        ..ListQuery::default()
    };
    let answer = backend.run(ListRecords { entity: entity.key.clone(), query }).await?;
    Ok(answer.total.unwrap_or(Total { value: 0, exact: true }))
}

/// What can be done with the rows.
struct Desk<'a> {
    page: &'a PageContext,
    /// The same without the rows, which the forms say themselves.
    bare: &'a PageContext,
    viewer: &'a Viewer,
    entity: &'a Entity,
    meant: &'a Meant,
    replay: Option<&'a Replay>,
}

impl Desk<'_> {
    async fn draw(&self, backend: &BackendHandle, total: Total, list: &str) -> Result<AnyView> {
        let refused = self.replay.map(|replay| form::problems(replay, self.entity, t!("Nothing was changed")));
        let many = (total.value > i64::from(MOST_ROWS)).then(|| {
            view! { <Notice tone=Tone::Warning title=t!("That is too many at once")>{t!("Up to 100,000 rows are changed in one go. Narrow the list first.")}</Notice> }
        });
        let panels = if self.meant.trash {
            view! { {self.restore()}{self.export()} }.into_any()
        } else {
            let field = self.field(backend).await?;
            view! { {field}{self.states()}{self.export()}{self.delete(total)} }.into_any()
        };
        let words = t!("Back to the {rows}", rows = lower(&self.entity.labels.many));
        let (back, place) = (list.to_owned(), self.replay.map(|_| self.place()));
        Ok(view! { {place}{refused}{many}{panels}<p><a class="link" href=back>{words}</a></p> }.into_any())
    }

    /// Where the answer to a form stands from here on: what its frame says of that knows nothing of the rows, and comes after it. More of them than fit into
    /// an address leave it where the form was sent to, where it can be sent once more.
    fn place(&self) -> AnyView {
        let own = own_address(self.page);
        let address = if own.len() <= LONGEST_ADDRESS { own } else { String::new() };
        view! { <div hidden=true data-address=address></div> }.into_any()
    }

    /// A form that does something to the rows; they are its hidden half.
    fn form(&self, action: &'static str, inside: AnyView) -> AnyView {
        self.form_for(action, view! { {hidden("action", action)}{inside} }.into_any())
    }

    /// The same where it is inside that says what is done to them.
    fn form_for(&self, purpose: &'static str, inside: AnyView) -> AnyView {
        let next = self.viewer.path("bulk/{id}");
        let shelf = shelf(self.viewer, self.entity, self.meant.trash);
        view! {
            <form class="form" method="post" action=self.viewer.action(START) data-begins=shelf>
                {hidden("entity", self.entity.key.clone())}
                {self.meant.fields()}
                {making(self.bare, purpose, &next, "")}
                {inside}
            </form>
        }
        .into_any()
    }

    /// What the form had said when it was refused, or sent to look something up.
    fn said(&self, name: &str) -> Option<&str> {
        self.replay.and_then(|replay| replay.value(name)).or_else(|| self.page.query(name))
    }

    /// Which field, then its control.
    async fn field(&self, backend: &BackendHandle) -> Result<Option<AnyView>> {
        let fields: Vec<&Field> = form::fields_of(self.viewer, self.entity)
            .into_iter()
            .filter(|field| !field.unique && !field.is_upload())
            .collect();
        if fields.is_empty() || !self.viewer.may(self.entity, Verb::Update) {
            return Ok(None);
        }
        let mut sent = self.replay.into_iter().flat_map(|replay| &replay.fields).chain(self.page.query.iter());
        let typed = sent.find_map(|(name, _)| name.strip_prefix("values.")?.split('.').next());
        let asked = self.page.query("field").or(typed);
        let chosen = asked.and_then(|key| fields.iter().copied().find(|field| field.key == key));
        let links: Vec<_> = fields
            .iter()
            .map(|field| {
                let href = self.page.with_query(&[("field", Some(&field.key))]);
                let current = chosen.is_some_and(|chosen| chosen.key == field.key).then_some("true");
                view! { <a class="link" href=href aria-current=current>{field.label.clone()}</a> }
            })
            .collect();
        let form = match chosen {
            Some(field) => Some(self.field_form(backend, field).await?),
            None => None,
        };
        let text = if chosen.is_some_and(Field::is_many) {
            t!("Every row gets these values in the place of its own, or beside them, or loses them.")
        } else {
            t!("Every row gets the same value.")
        };
        Ok(Some(
            view! {
                <Panel title=t!("Change a field") text>
                    <nav class="bulk-fields" aria-label=t!("Fields")>{links}</nav>
                    {form}
                </Panel>
            }
            .into_any(),
        ))
    }

    async fn field_form(&self, backend: &BackendHandle, field: &Field) -> Result<AnyView> {
        let choices = Choices::load(self.page, self.viewer, backend, &[field], None::<&Record>).await?;
        let draft =
            Draft { page: self.page, viewer: self.viewer, record: None, replay: self.replay, choices: &choices };
        let first = form::default_button(&draft, &[field]);
        let control = form::control(&draft, field, Look { autofocus: true, ..Look::default() });
        let button = view! { <FormActions><SubmitButton>{t!("Change them")}</SubmitButton></FormActions> };
        if !field.is_many() {
            return Ok(self.form("set", view! { {first}{control}{button} }.into_any()));
        }
        let choices = vec![
            Choice::new("set", t!("Replace what a row has")),
            Choice::new("add", t!("Add to what a row has")),
            Choice::new("remove", t!("Take out of what a row has")),
        ];
        let value = self.said("action").unwrap_or("set").to_owned();
        let how = view! { <RadioGroup name="action" label=t!("With these values") choices value/> };
        Ok(self.form_for("set", view! { {first}{control}{how}{button} }.into_any()))
    }

    fn states(&self) -> Option<AnyView> {
        let states = self.entity.states.as_ref().filter(|_| self.viewer.may(self.entity, Verb::Update))?;
        let reached = |key: &str| states.transitions.iter().any(|step| step.to == key && !step.internal);
        let open = states.list.iter().filter(|state| reached(&state.key));
        let choices: Vec<Choice> =
            open.map(|state| Choice::new(state.key.clone(), states.whole_label(state))).collect();
        if choices.is_empty() {
            return None;
        }
        let value = self.replay.and_then(|replay| replay.value("to")).map(str::to_owned);
        let text = t!("Each passes the gate of its own move; what is missing is said of each.");
        let form = self.form(
            "move",
            view! {
                <Select name="to" label=states.label.clone() choices value blank=t!("Choose") required=true/>
                <FormActions><SubmitButton>{t!("Move them")}</SubmitButton></FormActions>
            }
            .into_any(),
        );
        let title = t!("Move to another {field}", field = lower(&states.label));
        Some(view! { <Panel title text>{form}</Panel> }.into_any())
    }

    fn delete(&self, total: Total) -> Option<AnyView> {
        let may = self.viewer.may(self.entity, Verb::Delete);
        let words = t!("Move {rows} to the trash", rows = total_words(self.entity, total));
        may.then(|| {
            let button = view! { <FormActions><SubmitButton kind=ButtonKind::Danger icon="trash-2">{words}</SubmitButton></FormActions> };
            let form = self.form("delete", button.into_any());
            let text = t!("They lie in the trash, from where they can be restored.");
            view! { <Panel title=t!("Delete") text>{form}</Panel> }.into_any()
        })
    }

    fn restore(&self) -> Option<AnyView> {
        self.viewer.may(self.entity, Verb::Delete).then(|| {
            let button =
                view! { <FormActions><SubmitButton icon="undo-2">{t!("Restore them")}</SubmitButton></FormActions> };
            let form = self.form("restore", button.into_any());
            view! { <Panel title=t!("Restore") text=t!("They are where they were before.")>{form}</Panel> }.into_any()
        })
    }

    fn export(&self) -> Option<AnyView> {
        self.viewer.may(self.entity, Verb::Export).then(|| {
            let links = [("csv", "CSV"), ("xlsx", "Excel"), ("json", "JSON")].map(|(kind, name)| {
                let href = self.meant.export_href(self.viewer, self.entity, kind);
                view! { <LinkButton href icon="download">{name}</LinkButton> }
            });
            view! { <Panel title=t!("Export")><FormActions>{links.into_iter().collect::<Vec<_>>()}</FormActions></Panel> }
                .into_any()
        })
    }
}

#[component]
pub fn BulkProgressPage() -> impl IntoView {
    let page = use_page();
    load(progress_page(page)).into_any()
}

async fn progress_page(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let id = page.path.trim_start_matches('/').split('/').nth(3).unwrap_or_default();
    let id = Uuid::try_parse(id).map_err(|_| Error::not_found())?;
    let bulk = backend.run(GetBulk { id }).await?;
    let entity = viewer.catalog.get(&bulk.entity).cloned().ok_or_else(Error::not_found)?;
    if let Some(replay) = &page.replay {
        set_status(replay.error.kind.status());
    }
    let content = match bulk.status {
        BulkStatus::Queued | BulkStatus::Running => {
            let queued = bulk.status == BulkStatus::Queued;
            let doing = if queued { t!("Waiting for its turn") } else { t!("Working on the rows") };
            let list = viewer.path(&entity.plural);
            let (done, rows, refused) = (bulk.done(), bulk.rows, bulk.refused);
            working(&page, &Working { id, status: bulk.status.as_str(), doing, done, rows, refused, list })
        }
        BulkStatus::Undoing => {
            let (doing, list) = (t!("Putting the rows back"), viewer.path(&entity.plural));
            let (done, rows, status) = (bulk.taken_back(), bulk.changed, bulk.status.as_str());
            working(&page, &Working { id, status, doing, done, rows, refused: 0, list })
        }
        BulkStatus::Done | BulkStatus::Failed if page.query("undo").is_some() => {
            confirm_undo(&page, &viewer, &backend, &bulk).await?
        }
        BulkStatus::Done | BulkStatus::Failed | BulkStatus::Undone => {
            result(&page, &viewer, &backend, &entity, &bulk).await?
        }
    };
    // Whatever has become of the change since its way back was asked for.
    let refused = page.replay_of(UNDO).map(|replay| {
        let errors = vec![FormError::new("", replay.error.message.clone())];
        view! { <FormErrors errors title=t!("It was not taken back")/> }
    });
    let title = said(&entity, &bulk);
    let crumbs =
        vec![Crumb::link(entity.labels.many.clone(), viewer.path(&entity.plural)), Crumb::here(t!("Many at once"))];
    let body = view! { <Page><Stack><PageHeader title/>{refused}{content}</Stack></Page> }.into_any();
    let frame = workspace_frame(&page, crumbs, None, None, body);
    Ok(view! { <ProgressHands/>{frame} }.into_any())
}

/// "Set Owner of 12 leads".
fn said(entity: &Entity, bulk: &Bulk) -> String {
    let rows = counted(bulk.rows, &entity.labels.one, &entity.labels.many);
    let label = |key: &String| entity.field(key).map_or_else(|| key.clone(), |field| field.label.clone());
    let fields = || bulk.change.values.keys().map(label).collect::<Vec<_>>().join(", ");
    match bulk.change.action {
        BulkAction::Set => t!("Set {fields} of {rows}", fields = fields(), rows),
        BulkAction::Add => t!("Add to {fields} of {rows}", fields = fields(), rows),
        BulkAction::Remove => t!("Take out of {fields} of {rows}", fields = fields(), rows),
        BulkAction::Move => {
            let to = bulk.change.to.as_deref().unwrap_or_default();
            t!("Move {rows} to {state}", rows, state = entity.state_label(to))
        }
        BulkAction::Delete => t!("Move {rows} to the trash", rows),
        BulkAction::Restore => t!("Restore {rows}", rows),
    }
}

async fn result(
    page: &PageContext,
    viewer: &Viewer,
    backend: &BackendHandle,
    entity: &Entity,
    bulk: &Bulk,
) -> Result<AnyView> {
    let (title, tone) = match bulk.status {
        BulkStatus::Undone if bulk.kept > 0 && bulk.reverted == 0 => (t!("Nothing was taken back"), Tone::Warning),
        BulkStatus::Undone if bulk.kept > 0 => (t!("Not everything was taken back"), Tone::Warning),
        BulkStatus::Undone => (t!("It was taken back"), Tone::Positive),
        BulkStatus::Failed => (t!("It stopped before the end"), Tone::Negative),
        _ if bulk.refused > 0 => (t!("Done, except for what was refused"), Tone::Warning),
        _ => (t!("Done"), Tone::Positive),
    };
    let text = match (&bulk.error, bulk.status) {
        (Some(error), _) => t!("{error}. What was changed stays, and can be taken back.", error),
        (None, BulkStatus::Undone) if bulk.kept > 0 => {
            tn!(
                bulk.kept,
                "{rows} was kept; its reason is below.",
                "{rows} were kept; their reasons are below.",
                rows = counted(bulk.kept, &entity.labels.one, &entity.labels.many),
            )
        }
        (None, BulkStatus::Undone) => t!("Every row is as it was before.").to_owned(),
        (None, _) => t!("{rows} changed.", rows = counted(bulk.changed, &entity.labels.one, &entity.labels.many)),
    };
    let tiles = [
        tile(t!("Changed"), bulk.changed, t!("by this")),
        tile(t!("Left as they were"), bulk.unchanged, t!("were so already")),
        tile(t!("Refused"), bulk.refused, t!("with their reasons below")),
    ];
    let tiles = view! { <Tiles>{tiles.into_iter().collect::<Vec<_>>()}</Tiles> };
    let rows = if bulk.refused + bulk.kept > 0 { backend.run(BulkRows { id: bulk.id }).await? } else { Vec::new() };
    let rows: Vec<KeptRow> = rows
        .into_iter()
        .map(|row| KeptRow { id: row.id, title: row.title.unwrap_or_default(), reason: row.reason })
        .collect();
    let table = (!rows.is_empty()).then(|| reasons(viewer, entity, t!("Refused and kept rows"), t!("Why"), &rows));
    let undo = (bulk.changed > 0 && bulk.status != BulkStatus::Undone).then(|| {
        let href = format!("{}?undo=1", page.path);
        view! { <LinkButton href icon="undo-2">{t!("Take it back")}</LinkButton> }
    });
    let list = viewer.path(&entity.plural);
    let show = t!("To the {rows}", rows = lower(&entity.labels.many));
    Ok(view! {
        <Notice tone title>{text}</Notice>
        {tiles}
        <FormActions><LinkButton href=list kind=ButtonKind::Primary>{show}</LinkButton>{undo}</FormActions>
        {table}
    }
    .into_any())
}

async fn confirm_undo(page: &PageContext, viewer: &Viewer, backend: &BackendHandle, bulk: &Bulk) -> Result<AnyView> {
    let would = backend.run(PreviewUndoBulk { id: bulk.id }).await?;
    let (here, close) = (page.path.clone(), page.path.clone());
    let text = t!(
        "Every row gets back what it had. Those that something stands in the way of are kept, and listed with the reason."
    );
    let text = format!("{text} {}", foretold(&would));
    let form = view! {
        <form class="form" method="post" action=viewer.action(UNDO)>
            {hidden("id", bulk.id.to_string())}
            {envelope(page, "undo-bulk", &here, "")}
            <FormActions>
                <SubmitButton kind=ButtonKind::Danger icon="undo-2">{t!("Take it back")}</SubmitButton>
                <LinkButton href=here kind=ButtonKind::Ghost>{t!("Keep it")}</LinkButton>
            </FormActions>
        </form>
    }
    .into_any();
    Ok(view! { <DialogPage title=t!("Take this change back?") text close_href=close>{form}</DialogPage> }.into_any())
}
