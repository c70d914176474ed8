//! A run, step by step: what caused it, each attempt with what went in and came out, what it changed, and what followed from that.

use super::frame;
use super::parts::{Names, approval_badge, flat, run_chip, run_words};
use super::runs;
use crate::layout::nav::words;
use crate::page::{PageContext, Viewer, encode, load, use_page};
use crate::records::address;
use crate::records::post::{envelope, hidden};
use crate::time::Clock;
use domain::Result;
use domain::workflow::{AttemptRow, CauseLink, EffectRow, GetRun, RunState, RunView, Step};
use leptos::prelude::*;
use serde_json::Value;
use ui::{
    Badge, ButtonKind, ChangedField, Crumb, DescriptionList, DescriptionRow, EmptyState, FormError, FormErrors, Icon,
    LinkButton, Mono, Notice, Page, PageHeader, Panel, Stack, SubmitButton, TextLink, Timeline, TimelineItem, Tone,
};

#[component]
pub fn RunPage() -> impl IntoView {
    let page = use_page();
    load(run(page)).into_any()
}

async fn run(page: PageContext) -> Result<AnyView> {
    let (viewer, backend) = (page.viewer()?, page.backend()?);
    let view = backend.run(GetRun { id: address::id(&page)? }).await?;
    let about = std::iter::once((view.run.entity.clone(), view.run.record));
    let effects = view.effects.iter().map(|effect| (Some(effect.entity.clone()), effect.record));
    let followed = view.consequences.iter().map(|run| (run.entity.clone(), run.record));
    let causes = view.causes.iter().map(|cause| (cause.entity.clone(), cause.record));
    let names = Names::load(&viewer, &backend, about.chain(effects).chain(followed).chain(causes)).await;
    let clock = Clock::new(&page.now, &viewer.timezone);
    let desk = Desk { page: &page, viewer: &viewer, names: &names, clock, view: &view };
    let chosen = desk.chosen();
    let (title, actions, notices, facts) =
        (view.run.workflow_name.clone(), desk.actions(), desk.notices(), desk.facts());
    let (line, step) = (desk.line(chosen), desk.chosen_step(chosen));
    let (effects, consequences) = (desk.effects(), desk.consequences());
    let body = view! {
        <Page>
            <PageHeader title actions/>
            <Stack>
                {notices}
                {facts}
                <div class="run-desk">
                    <Panel title="Steps">{line}</Panel>
                    <div class="run-chosen">{step}</div>
                </div>
                {effects}
                {consequences}
            </Stack>
        </Page>
    };
    let crumbs = vec![Crumb::link("Runs", viewer.path("runs")), Crumb::here(view.run.workflow_name.clone())];
    Ok(frame(&page, &viewer, crumbs, "", body.into_any()))
}

struct Desk<'a> {
    page: &'a PageContext,
    viewer: &'a Viewer,
    names: &'a Names,
    clock: Clock,
    view: &'a RunView,
}

impl Desk<'_> {
    fn actions(&self) -> AnyView {
        let (id, state) = (self.view.run.id, self.view.run.state);
        let form =
            |operation: &'static str, verb: &'static str, icon: &'static str, kind: ButtonKind, done: &'static str| {
                let permission = format!("workflow.run.{}", operation.trim_end_matches("_run"));
                let reason =
                    (!self.viewer.grants.allows(&permission)).then(|| format!("Needs the permission {permission}"));
                view! {
                    <form method="post" action=self.viewer.action(&format!("workflow.{operation}"))>
                        {hidden("id", id.to_string())}
                        {envelope(self.page, operation, &self.page.address(), done)}
                        <SubmitButton kind icon reason>{verb}</SubmitButton>
                    </form>
                }
                .into_any()
            };
        let retry = matches!(state, RunState::Failed | RunState::Paused)
            .then(|| form("retry_run", "Go on from here", "rotate-ccw", ButtonKind::Primary, "The run goes on"));
        let cancel = (!state.is_final())
            .then(|| form("cancel_run", "Cancel", "x", ButtonKind::Secondary, "The run was cancelled"));
        view! { {run_chip(state)}{cancel}{retry} }.into_any()
    }

    fn notices(&self) -> AnyView {
        let refused = self.page.replay.as_deref().map(|replay| {
            crate::page::set_status(replay.error.kind.status());
            let errors = vec![FormError::new("", replay.error.message.clone())];
            view! { <FormErrors errors title="That was not done"/> }
        });
        let run = &self.view.run;
        let failed = run.error.clone().map(|error| {
            let title = run
                .step
                .clone()
                .map_or_else(|| run_words(run.state).to_owned(), |step| format!("{} at {step}", run_words(run.state)));
            view! { <Notice tone=Tone::Negative title>{error}</Notice> }
        });
        let asked: Vec<AnyView> = self
            .view
            .approvals
            .iter()
            .filter(|approval| approval.state == "PENDING")
            .map(|approval| {
                let href = self.viewer.path(&format!("approvals/{}", approval.id));
                let action = view! { <LinkButton href>"See what is asked"</LinkButton> }.into_any();
                let title = approval.title.clone();
                view! { <Notice tone=Tone::Warning title="Waits for approval" action>{title}</Notice> }.into_any()
            })
            .collect();
        let due = self.view.due_at.as_deref().filter(|_| run.state == RunState::Waiting).map(|at| {
            let at = self.clock.moment(at);
            view! { <Notice tone=Tone::Info title="Waits">"It goes on by itself "{at}"."</Notice> }
        });
        view! { {refused}{failed}{asked}{due} }.into_any()
    }

    fn facts(&self) -> AnyView {
        let run = &self.view.run;
        let about = self.names.link(self.viewer, run.entity.as_deref(), run.record);
        let href = self.viewer.path(&format!("workflows/{}?version={}", run.workflow, run.version));
        let version = format!("Version {}", run.version);
        let began = self.clock.moment(&run.created_at);
        let ended = run.finished_at.as_deref().map(|at| {
            let at = self.clock.moment(at);
            view! { <DescriptionRow label="Ended">{at}</DescriptionRow> }
        });
        let outcome = run
            .outcome
            .clone()
            .map(|outcome| view! { <DescriptionRow label="Outcome">{words(&outcome)}</DescriptionRow> });
        let causes: Vec<AnyView> =
            self.view.causes.iter().map(|cause| cause_line(self.viewer, self.names, self.clock, cause)).collect();
        view! {
            <Panel>
                <DescriptionList>
                    <DescriptionRow label="About">{about}</DescriptionRow>
                    <DescriptionRow label="Workflow"><TextLink href>{version}</TextLink></DescriptionRow>
                    <DescriptionRow label="Began">{began}</DescriptionRow>
                    {ended}
                    {outcome}
                    <DescriptionRow label="Because"><ol class="causes">{causes}</ol></DescriptionRow>
                </DescriptionList>
            </Panel>
        }
        .into_any()
    }

    fn attempts<'b>(&'b self, step: &'b str) -> impl Iterator<Item = &'b AttemptRow> {
        self.view
            .attempts
            .iter()
            .filter(move |attempt| attempt.step == step || attempt.step.starts_with(&format!("{step}[")))
    }

    /// The step named in the address, else the one that failed or is due, else the last that was done.
    fn chosen(&self) -> Option<&Step> {
        let steps = &self.view.definition.steps;
        let named = |key: &str| steps.iter().find(|step| step.key == key);
        self.page
            .query("step")
            .and_then(named)
            .or_else(|| self.view.run.step.as_deref().and_then(named))
            .or_else(|| self.view.attempts.last().and_then(|attempt| named(&attempt.step)))
            .or_else(|| steps.first())
    }

    fn line(&self, chosen: Option<&Step>) -> AnyView {
        let items: Vec<AnyView> = self
            .view
            .definition
            .steps
            .iter()
            .map(|step| {
                let tries = self.attempts(&step.key).count();
                let last = self.attempts(&step.key).last();
                let (icon, tone, said) = standing(last);
                let href = format!("{}?step={}#step", self.page.path, encode(&step.key));
                let name = step.label.clone().unwrap_or_else(|| words(&step.kind));
                let took = last.and_then(took).map(|took| format!(" · {took}")).unwrap_or_default();
                let tries = if tries > 1 { format!(" · {tries} tries") } else { String::new() };
                let current = chosen.is_some_and(|chosen| chosen.key == step.key).then_some("step");
                view! {
                    <li class=format!("flow-step flow-{tone}")>
                        <span class="flow-mark"><Icon name=icon/></span>
                        <a class="flow-link" href=href aria-current=current>
                            <span class="flow-name" dir="auto">{name}</span>
                            <span class="flow-kind">{format!("{said}{took}{tries}")}</span>
                        </a>
                    </li>
                }
                .into_any()
            })
            .collect();
        view! { <ol class="flow">{items}</ol> }.into_any()
    }

    fn chosen_step(&self, chosen: Option<&Step>) -> AnyView {
        let Some(step) = chosen else {
            return view! { <EmptyState icon="workflow" title="This workflow has no steps" text="Its runs end as soon as they begin."/> }.into_any();
        };
        let tries: Vec<AnyView> = self.attempts(&step.key).map(|attempt| self.attempt(attempt)).collect();
        let title = step.label.clone().unwrap_or_else(|| words(&step.kind));
        let content = if tries.is_empty() { "It has not been reached.".into_any() } else { tries.into_any() };
        let approvals: Vec<AnyView> = self
            .view
            .approvals
            .iter()
            .filter(|approval| approval.step.as_deref() == Some(step.key.as_str()))
            .map(|approval| {
                let href = self.viewer.path(&format!("approvals/{}", approval.id));
                let title = approval.title.clone();
                view! { <p>{approval_badge(&approval.state)}" "<TextLink href>{title}</TextLink></p> }.into_any()
            })
            .collect();
        view! { <div id="step"><Panel title>{content}{approvals}</Panel></div> }.into_any()
    }

    fn attempt(&self, attempt: &AttemptRow) -> AnyView {
        let (_, _, said) = standing(Some(attempt));
        let heading = format!("Try {}: {said}", attempt.attempt);
        let when = self.clock.moment(&attempt.started_at);
        let error = attempt.error.as_ref().map(|error| {
            let message = error.get("message").and_then(Value::as_str).map_or_else(|| error.to_string(), str::to_owned);
            view! { <Notice tone=Tone::Negative>{message}</Notice> }
        });
        view! {
            <section class="run-try">
                <h3>{heading}<span class="flow-kind">" · "{when}</span></h3>
                {error}
                {values("What went in", &attempt.input)}
                {values("What came out", &attempt.output)}
            </section>
        }
        .into_any()
    }

    fn effects(&self) -> Option<AnyView> {
        if self.view.effects.is_empty() {
            return None;
        }
        let items: Vec<AnyView> = self.view.effects.iter().map(|effect| self.effect(effect)).collect();
        Some(
            view! { <Panel title="What it changed"><Timeline label="What it changed">{items}</Timeline></Panel> }
                .into_any(),
        )
    }

    fn effect(&self, effect: &EffectRow) -> AnyView {
        let created = effect.before.is_null();
        let verb = if created { "made " } else { "changed " };
        let link = self.names.link(self.viewer, Some(&effect.entity), effect.record);
        let what = super::parts::entity_words(self.viewer, &effect.entity);
        let title = view! { {verb}{what}" "{link} }.into_any();
        let when = self.clock.moment(&effect.at);
        let before: std::collections::HashMap<String, String> = flat(&effect.before).into_iter().collect();
        let fields: Vec<AnyView> = flat(&effect.after)
            .into_iter()
            .filter(|(key, _)| key != "version")
            .map(|(key, after)| {
                let label = words(&spaced(&key));
                match before.get(&key) {
                    Some(before) => view! { <ChangedField label before=before.clone() after=after/> }.into_any(),
                    None => view! { <p class="changed"><span class="changed-label">{label}</span><ins class="changed-after" dir="auto">{after}</ins></p> }.into_any(),
                }
            })
            .collect();
        let icon = if created { "plus" } else { "pencil" };
        view! { <TimelineItem icon title when>{fields}</TimelineItem> }.into_any()
    }

    fn consequences(&self) -> Option<AnyView> {
        if self.view.consequences.is_empty() {
            return None;
        }
        let table = runs::table(self.page, self.viewer, self.names, &self.view.consequences);
        Some(
            view! { <section class="run-followed"><h2 class="panel-title">"What followed"</h2>{table}</section> }
                .into_any(),
        )
    }
}

/// Icon, tone and word of how a step stands.
fn standing(attempt: Option<&AttemptRow>) -> (&'static str, &'static str, &'static str) {
    match attempt.map(|attempt| attempt.outcome.as_str()) {
        Some("done") => ("check", "done", "Done"),
        Some("skipped") => ("chevron-down", "skipped", "Passed over"),
        Some("waiting") => ("clock", "waiting", "Waiting"),
        Some("failed") => ("x", "failed", "Failed"),
        _ => ("circle-dot", "open", "Not reached"),
    }
}

/// "120 ms", between the start and the end of a try.
fn took(attempt: &AttemptRow) -> Option<String> {
    let moment = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
    let spent = moment(attempt.finished_at.as_deref()?)? - moment(&attempt.started_at)?;
    let milliseconds = spent.num_milliseconds();
    Some(if milliseconds < 1000 { format!("{milliseconds} ms") } else { format!("{} s", spent.num_seconds()) })
}

fn values(title: &'static str, value: &Value) -> Option<AnyView> {
    let rows: Vec<AnyView> = flat(value)
        .into_iter()
        .map(|(label, value)| view! { <DescriptionRow label><Mono>{value}</Mono></DescriptionRow> }.into_any())
        .collect();
    (!rows.is_empty()).then(|| view! { <DescriptionList title>{rows}</DescriptionList> }.into_any())
}

/// `dueDate` as `due date`.
fn spaced(key: &str) -> String {
    let mut out = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            out.push(' ');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// One link of a chain of causes: who or what, on what, when.
pub fn cause_line(viewer: &Viewer, names: &Names, clock: Clock, cause: &CauseLink) -> AnyView {
    let what = cause.what.clone();
    let what = match (cause.kind.as_str(), cause.id) {
        ("run", Some(id)) => {
            let href = viewer.path(&format!("runs/{id}"));
            view! { "Run of "<TextLink href>{what}</TextLink> }.into_any()
        }
        ("import", Some(id)) => {
            let href = viewer.path(&format!("imports/{id}"));
            view! { <TextLink href>"An import"</TextLink> }.into_any()
        }
        ("event", _) => view! { <Mono>{what}</Mono> }.into_any(),
        // A person, said as a sentence.
        _ => {
            return view! { <li class="cause">{what}" "<span class="flow-kind">{clock.moment(&cause.at)}</span></li> }
                .into_any();
        }
    };
    let about = cause.record.is_some().then(|| {
        let link = names.link(viewer, cause.entity.as_deref(), cause.record);
        view! { " on "{link} }
    });
    let actor = cause.actor.clone().map(|actor| view! { " by "<b>{actor}</b> });
    let when = clock.moment(&cause.at);
    view! { <li class="cause">{what}{about}{actor}" "<span class="flow-kind">{when}</span></li> }.into_any()
}

/// Says of a badge what kind of change it stands for.
pub fn operation_badge(operation: &str) -> AnyView {
    let label = words(operation.rsplit('.').next().unwrap_or(operation));
    view! { <Badge>{label}</Badge> }.into_any()
}
