//! A run, step by step: what caused it, each attempt with what went in and came out, what it changed, and what followed from that.

use super::frame;
use super::parts::{Names, approval_badge, flat, run_chip, run_words};
use super::runs;
use crate::layout::nav::words;
use crate::page::{PageContext, Viewer, encode, load, use_page};
use crate::records::post::{envelope, hidden};
use crate::records::{address, sees_runs};
use crate::time::Clock;
use domain::workflow::{AttemptRow, CauseLink, EffectRow, GetRun, RunState, RunView, Step};
use domain::{Result, Verb};
use leptos::prelude::*;
use serde_json::Value;
use ui::{
    Badge, ButtonKind, ChangedField, Crumb, DescriptionList, DescriptionRow, EmptyState, FormError, FormErrors, Icon,
    LinkButton, Mono, Notice, Page, PageHeader, Panel, Stack, SubmitButton, TextLink, Timeline, TimelineItem, Tone,
};
use words::{t, tn};

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
        (viewer.catalog.say(&view.run.workflow_name).to_owned(), desk.actions(), desk.notices(), desk.facts());
    let (line, step) = (desk.line(chosen), desk.chosen_step(chosen));
    let (effects, consequences) = (desk.effects(), desk.consequences());
    let body = view! {
        <Page>
            <PageHeader title actions/>
            <Stack>
                {notices}
                {facts}
                <div class="run-desk">
                    <Panel title=t!("Steps")>{line}</Panel>
                    <div class="run-chosen">{step}</div>
                </div>
                {effects}
                {consequences}
            </Stack>
        </Page>
    };
    let crumbs =
        vec![Crumb::link(t!("Runs"), viewer.path("runs")), Crumb::here(viewer.catalog.say(&view.run.workflow_name))];
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
                let reason = self.viewer.lacks(&permission);
                view! {
                    <form method="post" action=self.viewer.action(&format!("workflow.{operation}"))>
                        {hidden("id", id.to_string())}
                        {envelope(self.page, operation, &self.page.address(), done)}
                        <SubmitButton kind icon reason>{verb}</SubmitButton>
                    </form>
                }
                .into_any()
            };
        let retry = matches!(state, RunState::Failed | RunState::Paused).then(|| {
            form("retry_run", t!("Go on from here"), "rotate-ccw", ButtonKind::Primary, t!("The run goes on"))
        });
        let cancel = (!state.is_final())
            .then(|| form("cancel_run", t!("Cancel"), "x", ButtonKind::Secondary, t!("The run was cancelled")));
        view! { {run_chip(state)}{cancel}{retry} }.into_any()
    }

    fn notices(&self) -> AnyView {
        let refused = self.page.replay.as_deref().map(|replay| {
            crate::page::set_status(replay.error.kind.status());
            let errors = vec![FormError::new("", replay.error.message.clone())];
            view! { <FormErrors errors title=t!("That was not done")/> }
        });
        let run = &self.view.run;
        let failed = run.error.clone().map(|error| {
            let state = run_words(run.state);
            let title = run.step.as_ref().map_or_else(|| state.to_owned(), |step| t!("{state} at {step}", state, step));
            view! { <Notice tone=Tone::Negative title>{error}</Notice> }
        });
        let asked: Vec<AnyView> = self
            .view
            .approvals
            .iter()
            .filter(|approval| approval.state == "PENDING")
            .map(|approval| {
                let href = self.viewer.path(&format!("approvals/{}", approval.id));
                let action = view! { <LinkButton href>{t!("See what is asked")}</LinkButton> }.into_any();
                let title = approval.title.clone();
                view! { <Notice tone=Tone::Warning title=t!("Waits for approval") action>{title}</Notice> }.into_any()
            })
            .collect();
        let due = self.view.due_at.as_deref().filter(|_| run.state == RunState::Waiting).map(|at| {
            let at = self.clock.moment(at);
            let (before, after) = words::around(t!("It goes on by itself {when}."), "when");
            view! { <Notice tone=Tone::Info title=t!("Waits")>{before}{at}{after}</Notice> }
        });
        view! { {refused}{failed}{asked}{due} }.into_any()
    }

    fn facts(&self) -> AnyView {
        let run = &self.view.run;
        let about = self.names.link(self.viewer, run.entity.as_deref(), run.record);
        let href = self.viewer.path(&format!("workflows/{}?version={}", run.workflow, run.version));
        let version = t!("Version {version}", version = run.version);
        let began = self.clock.moment(&run.created_at);
        let ended = run.finished_at.as_deref().map(|at| {
            let at = self.clock.moment(at);
            view! { <DescriptionRow label=t!("Ended")>{at}</DescriptionRow> }
        });
        let outcome = run
            .outcome
            .clone()
            .map(|outcome| view! { <DescriptionRow label=t!("Outcome")>{outcome_words(&outcome)}</DescriptionRow> });
        let causes = causes(self.viewer, self.names, self.clock, &self.view.causes);
        view! {
            <Panel>
                <DescriptionList>
                    <DescriptionRow label=t!("About")>{about}</DescriptionRow>
                    <DescriptionRow label=t!("Workflow")><TextLink href>{version}</TextLink></DescriptionRow>
                    <DescriptionRow label=t!("Began")>{began}</DescriptionRow>
                    {ended}
                    {outcome}
                    <DescriptionRow label=t!("Because")><ol class="causes">{causes}</ol></DescriptionRow>
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
                let label = step.label.as_deref().map(|label| self.viewer.catalog.say(label).to_owned());
                let name = label.unwrap_or_else(|| words(&step.kind));
                let took = last.and_then(took).map(|took| format!(" · {took}")).unwrap_or_default();
                let tries = if tries > 1 {
                    format!(" · {}", tn!(tries, "{count} try", "{count} tries"))
                } else {
                    String::new()
                };
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
            return view! { <EmptyState icon="workflow" title=t!("This workflow has no steps") text=t!("Its runs end as soon as they begin.")/> }.into_any();
        };
        let tries: Vec<AnyView> = self.attempts(&step.key).map(|attempt| self.attempt(attempt)).collect();
        let label = step.label.as_deref().map(|label| self.viewer.catalog.say(label).to_owned());
        let title = label.unwrap_or_else(|| words(&step.kind));
        let content = if tries.is_empty() { t!("It has not been reached.").into_any() } else { tries.into_any() };
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
        let heading = t!("Try {number}: {said}", number = attempt.attempt, said);
        let when = self.clock.moment(&attempt.started_at);
        let error = attempt.error.as_ref().map(|error| {
            let message = error.get("message").and_then(Value::as_str).map_or_else(|| error.to_string(), str::to_owned);
            view! { <Notice tone=Tone::Negative>{message}</Notice> }
        });
        view! {
            <section class="run-try">
                <h3>{heading}<span class="flow-kind">" · "{when}</span></h3>
                {error}
                {values(t!("What went in"), &attempt.input)}
                {values(t!("What came out"), &attempt.output)}
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
            view! { <Panel title=t!("What it changed")><Timeline label=t!("What it changed")>{items}</Timeline></Panel> }
                .into_any(),
        )
    }

    fn effect(&self, effect: &EffectRow) -> AnyView {
        let created = effect.before.is_null();
        let link = self.names.link(self.viewer, Some(&effect.entity), effect.record);
        let entity = super::parts::entity_words(self.viewer, &effect.entity);
        // The link takes the place that stays.
        let said = if created { t!("made {entity} {record}", entity) } else { t!("changed {entity} {record}", entity) };
        let (before, after) = words::around(&said, "record");
        let (before, after) = (before.to_owned(), after.to_owned());
        let title = view! { {before}{link}{after} }.into_any();
        let when = self.clock.moment(&effect.at);
        let before: std::collections::HashMap<String, String> = flat(&effect.before).into_iter().collect();
        let note = effect.after.as_str().map(|note| view! { <p class="changed">{note.to_owned()}</p> });
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
        view! { <TimelineItem icon title when>{note}{fields}</TimelineItem> }.into_any()
    }

    fn consequences(&self) -> Option<AnyView> {
        if self.view.consequences.is_empty() {
            return None;
        }
        let table = runs::table(self.page, self.viewer, self.names, &self.view.consequences);
        Some(
            view! { <section class="run-followed"><h2 class="panel-title">{t!("What followed")}</h2>{table}</section> }
                .into_any(),
        )
    }
}

/// Icon, tone and word of how a step stands.
fn standing(attempt: Option<&AttemptRow>) -> (&'static str, &'static str, &'static str) {
    match attempt.map(|attempt| attempt.outcome.as_str()) {
        Some("done") => ("check", "done", t!("Done")),
        Some("skipped") => ("chevron-down", "skipped", t!("Passed over")),
        Some("waiting") => ("clock", "waiting", t!("Waiting")),
        Some("failed") => ("x", "failed", t!("Failed")),
        _ => ("circle-dot", "open", t!("Not reached")),
    }
}

/// "120 ms", between the start and the end of a try.
fn took(attempt: &AttemptRow) -> Option<String> {
    let moment = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
    let spent = moment(attempt.finished_at.as_deref()?)? - moment(&attempt.started_at)?;
    let milliseconds = spent.num_milliseconds();
    Some(if milliseconds < 1000 {
        t!("{count} ms", count = milliseconds)
    } else {
        t!("{count} s", count = spent.num_seconds())
    })
}

fn values(title: &'static str, value: &Value) -> Option<AnyView> {
    // What is withheld is one sentence, and no values.
    if let Value::String(note) = value {
        return Some(view! { <p class="flow-kind">{note.clone()}</p> }.into_any());
    }
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

/// A chain of causes, the nearest first.
pub fn causes(viewer: &Viewer, names: &Names, clock: Clock, chain: &[CauseLink]) -> Vec<AnyView> {
    chain.iter().enumerate().map(|(at, cause)| cause_line(viewer, names, clock, cause, at > 0)).collect()
}

/// One link of it: who or what, on what, when. A `further` one is what the one before was because of.
fn cause_line(viewer: &Viewer, names: &Names, clock: Clock, cause: &CauseLink, further: bool) -> AnyView {
    let (of, end) = if further { words::around(t!("because of {cause}"), "cause") } else { ("", "") };
    let of = further.then(|| view! { <span class="cause-of">{of}</span> });
    let what = cause.what.clone();
    let led = match (cause.kind.as_str(), cause.id) {
        ("run", Some(id)) => {
            let (before, after) = words::around(t!("Run of {workflow}"), "workflow");
            let href = sees_runs(viewer).then(|| viewer.path(&format!("runs/{id}")));
            let what = linked(what, href);
            Some(view! { {before}{what}{after} }.into_any())
        }
        ("import", Some(id)) => {
            let brings = viewer.catalog.iter().any(|entity| viewer.may(entity, Verb::Import));
            Some(linked(t!("An import").to_owned(), brings.then(|| viewer.path(&format!("imports/{id}")))))
        }
        ("event", _) => Some(view! { <Mono>{what}</Mono> }.into_any()),
        _ => None,
    };
    // A person is said as a sentence.
    let sentence = led.is_none();
    let what = led.unwrap_or_else(|| cause.what.clone().into_any());
    let about = cause.record.filter(|_| !sentence).map(|record| {
        let link = names.link(viewer, cause.entity.as_deref(), Some(record));
        let (before, after) = words::around(t!("on {record}"), "record");
        view! { " "{before}{link}{after} }
    });
    let actor = cause.actor.clone().filter(|_| !sentence).map(|actor| {
        let (before, after) = words::around(t!("by {name}"), "name");
        view! { " "{before}<b>{actor}</b>{after} }
    });
    let when = clock.moment(&cause.at);
    view! { <li class="cause">{of}{what}{about}{actor}{end}" "<span class="flow-kind">{when}</span></li> }.into_any()
}

/// A link for those who may follow it.
fn linked(text: String, href: Option<String>) -> AnyView {
    match href {
        Some(href) => view! { <TextLink href>{text}</TextLink> }.into_any(),
        None => text.into_any(),
    }
}

/// Says of a badge what kind of change it stands for.
pub fn operation_badge(operation: &str) -> AnyView {
    let label = operation_words(operation.rsplit('.').next().unwrap_or(operation));
    view! { <Badge>{label}</Badge> }.into_any()
}

fn operation_words(verb: &str) -> String {
    let said = match verb {
        "create" => t!("Create"),
        "update" => t!("Update"),
        "transition" => t!("Transition"),
        "delete" => t!("Delete"),
        "restore" => t!("Restore"),
        "tick" => t!("Tick"),
        "merge" => t!("Merge"),
        "unmerge" => t!("Unmerge"),
        "undo" => t!("Undo"),
        "put_back" => t!("Put back" in "operation"),
        "bulk" => t!("Bulk"),
        "make_order" => t!("Make order"),
        "create_invoice" => t!("Create invoice"),
        "save_order_lines" => t!("Save order lines"),
        "record_payment" => t!("Record payment"),
        "convert_lead" => t!("Convert lead"),
        "send" => t!("Send"),
        "cancel" => t!("Cancel"),
        "seed" => t!("Seed"),
        other => return words(other),
    };
    said.to_owned()
}

/// How a run ended, where that was not at its last step.
fn outcome_words(outcome: &str) -> String {
    let said = match outcome {
        "cancelled" => t!("Cancelled"),
        "branched" => t!("Branched"),
        "rejected" => t!("Rejected"),
        "expired" => t!("Expired"),
        other => return words(other),
    };
    said.to_owned()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::{Names, causes};
    use crate::page::Viewer;
    use crate::records::fixture::viewer;
    use crate::time::Clock;
    use domain::workflow::CauseLink;
    use domain::{Grants, Reach};
    use leptos::prelude::*;
    use uuid::Uuid;

    fn said(viewer: &Viewer) -> Vec<String> {
        let at = "2026-11-21T09:00:00Z";
        let link = |kind: &str, what: &str| CauseLink {
            kind: kind.to_owned(),
            what: what.to_owned(),
            id: Some(Uuid::nil()),
            entity: None,
            record: None,
            actor: Some("Joyce".to_owned()),
            at: at.to_owned(),
        };
        let chain = [link("run", "Order to Invoice"), link("import", ""), link("request", "Joyce saved it")];
        let lines = || causes(viewer, &Names::default(), Clock::new(at, "Africa/Nairobi"), &chain);
        Owner::new().with(|| lines().into_iter().map(|line| line.to_html().replace("<!>", "")).collect())
    }

    #[test]
    fn each_further_cause_is_said_to_be_one() {
        let lines = said(&viewer());
        let further: Vec<bool> = lines.iter().map(|line| line.contains(">because of <")).collect();
        assert_eq!(further, [false, true, true], "{lines:?}");
        assert!(lines[2].contains("Joyce saved it") && !lines[2].contains("<b>Joyce</b>"), "{lines:?}");
    }

    #[test]
    fn what_a_viewer_may_not_see_is_no_link() {
        let lines = said(&viewer()).concat();
        assert!(lines.contains("Order to Invoice") && !lines.contains("href"), "{lines}");
        let grants = Grants([("workflow.run.read".to_owned(), Reach::All)].into());
        assert!(said(&Viewer { grants, ..viewer() })[0].contains("href=\"/w/lakeside/runs/"), "who sees runs");
    }
}
