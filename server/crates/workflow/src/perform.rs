//! Going on with a run: evaluates steps, performs their intents, and commits what they did together with the run's new place.
//!
//! All steps that need nothing outside go into one transaction. When one of them fails, everything is rolled back; the steps before it are
//! then done again and committed by themselves, and the failure is written down: what has been done once is never done again.

use crate::approvals::ask;
use crate::check::{Compiled, CompiledStep};
use crate::engine::{Engine, told};
use crate::failure::{fail, give_up};
use crate::input::evaluate;
use crate::roots::{Roots, with_env};
use crate::steps::{Facts, Intent};
use crate::store::{Attempt, Claimed, Fenced, Place, advance};
use crate::trigger::Images;
use crate::{audience, waits};
use chrono::{DateTime, Utc};
use domain::records::{CreateRecord, Record, UpdateRecord, Values};
use domain::workflow::{CONTINUE, END};
use domain::{Error, Kind, Result, Verb};
use expr::JsonValues;
use platform::ctx::Origin;
use platform::{Caller, Ctx, TxMode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The name under which a run's own statements appear.
pub const OPERATION: &str = "workflow.run";

/// What earlier steps left for later ones.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Context {
    #[serde(default)]
    answers: Map<String, Value>,
    #[serde(default)]
    binds: BTreeMap<String, Value>,
    /// Of a run that a person started.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    form: Value,
}

/// Why a walk stopped before it could be committed.
enum Halt {
    Lost,
    /// The step at this place failed, after so many were done in this transaction.
    Step {
        at: usize,
        done: usize,
        input: Value,
        error: Error,
    },
    /// Nothing to do with a step: the database is away, say. The lease runs out, and another try is made.
    Other(Error),
}

impl From<Fenced> for Halt {
    fn from(fenced: Fenced) -> Self {
        match fenced {
            Fenced::Lost => Self::Lost,
            Fenced::Failed(error) => Self::Other(error),
        }
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Goes on with a run as far as it goes. What it did is committed when this returns, or nothing is.
pub async fn go_on(engine: &Engine, run: &Claimed) -> Result<()> {
    let caller = caller(engine, run).await?;
    let version = engine.version(&caller.access, run.workflow_id, run.version).await?;
    let compiled = match version.as_ref() {
        Ok(compiled) => compiled,
        Err(faults) => return give_up(engine, &caller, run, Error::invalid(told(faults))).await,
    };
    let mut most = usize::MAX;
    loop {
        match walk(engine, &caller, run, compiled, most).await {
            Ok(()) => return Ok(()),
            Err(Halt::Lost) => {
                tracing::warn!(run = %run.id, token = run.lease_token, "lost a run to another worker; what was done is rolled back");
                return Ok(());
            }
            Err(Halt::Other(error)) => return Err(error),
            Err(Halt::Step { at, done: 0, input, error }) => {
                return fail(engine, &caller, run, compiled, at, input, error).await;
            }
            Err(Halt::Step { done, .. }) => most = done.min(most.saturating_sub(1)),
        }
    }
}

async fn caller(engine: &Engine, run: &Claimed) -> Result<Caller> {
    let origin = Origin {
        request: None,
        cause_kind: "run",
        cause_id: Some(run.id),
        correlation: run.correlation_id,
        causation: run.event_type.as_ref().map(|_| run.event_id),
        depth: run.depth,
        client: None,
    };
    Ok(Caller { access: engine.access(run.tenant_id).await?, session: None, origin })
}

/// A run on its way through one transaction.
struct Walk<'w> {
    run: &'w Claimed,
    compiled: &'w Compiled,
    images: Images,
    context: Context,
    roots: Option<Roots>,
    attempts: Vec<Attempt>,
}

/// What came of a step.
enum Came {
    /// On to the step at this place; beyond the last one the run is complete.
    On(usize),
    End(String),
    Wait(&'static str),
}

async fn walk(engine: &Engine, caller: &Caller, run: &Claimed, compiled: &Compiled, most: usize) -> Result<(), Halt> {
    let mut ctx = engine.platform.open(caller, OPERATION, TxMode::ReadWrite).await?;
    let context = serde_json::from_str(&run.context).unwrap_or_default();
    let images = Images::read(run.before.as_deref(), run.after.as_deref());
    let mut walk = Walk { run, compiled, images, context, roots: None, attempts: Vec::new() };
    let mut at = run.step.as_deref().and_then(|key| compiled.position(key)).unwrap_or(0);
    let (mut state, mut outcome) = ("COMPLETED", None);
    while let Some(step) = compiled.steps.get(at) {
        if walk.attempts.len() >= most {
            state = "PENDING";
            break;
        }
        let done = walk.attempts.len();
        match walk.step(&mut ctx, step, at, done == 0).await {
            Ok(Came::On(next)) => at = next,
            Ok(Came::End(how)) => {
                (at, outcome) = (compiled.steps.len(), Some(how));
            }
            Ok(Came::Wait(waiting)) => {
                state = waiting;
                break;
            }
            Err((input, error)) => return Err(Halt::Step { at, done, input, error }),
        }
    }
    let place = Place {
        state,
        step: compiled.steps.get(at).map(|step| step.step.key.clone()),
        context: serde_json::to_string(&walk.context).map_err(|_| Error::internal())?,
        tries: 0,
        pause: 0.0,
        error: None,
        outcome,
    };
    advance(&mut ctx, run, &place, &walk.attempts).await?;
    ctx.commit().await?;
    // Another run may have waited in line for this one to end, and a run that was cut short goes on at once.
    engine.platform.services.wake.after_commit();
    Ok(())
}

impl Walk<'_> {
    async fn step(
        &mut self,
        ctx: &mut Ctx,
        step: &CompiledStep,
        at: usize,
        first: bool,
    ) -> Result<Came, (Value, Error)> {
        let started_at = ctx.now();
        let mut input = Value::Object(Map::new());
        let came = self.performed(ctx, step, at, first, &mut input).await;
        let (came, outcome, output) = came.map_err(|error| (input.clone(), error))?;
        let key = step.step.key.clone();
        let finished_at = ctx.now();
        self.attempts.push(Attempt { step: key, outcome, input, output, error: None, started_at, finished_at });
        Ok(came)
    }

    async fn performed(
        &mut self,
        ctx: &mut Ctx,
        step: &CompiledStep,
        at: usize,
        first: bool,
        input: &mut Value,
    ) -> Result<(Came, &'static str, Option<Value>)> {
        self.look(ctx, step).await?;
        let roots = self.roots.clone().unwrap_or_default();
        let values = JsonValues(&roots.0);
        if let Some(when) = &step.when {
            let holds = with_env(ctx, |env| when.test(&values, env));
            if !holds.map_err(|fault| Error::field("when", format!("when: {fault}")))? {
                return Ok((Came::On(self.after(step, at)), "skipped", None));
            }
        }
        let inputs = with_env(ctx, |env| evaluate(&step.inputs, &values, env))?;
        *input = Value::Object(inputs.0.clone());
        let resumed = self.run.resumed.as_deref().filter(|_| first).and_then(|text| serde_json::from_str(text).ok());
        let facts = self.facts(ctx.now(), step, resumed);
        let intents = (step.kind.act)(&inputs, &facts)?;
        self.perform(ctx, step, at, intents).await
    }

    fn facts(&self, now: DateTime<Utc>, step: &CompiledStep, resumed: Option<Value>) -> Facts {
        let record = self.compiled.entity.as_ref().and_then(|entity| self.roots.as_ref()?.record(&entity.key));
        let owner = record.and_then(|record| Uuid::try_parse(record.get("owner")?.as_str()?).ok());
        Facts {
            now,
            lineage: self.run.lineage,
            step: step.step.key.clone(),
            entity: self.run.entity.clone(),
            record: self.run.record_id,
            owner,
            resumed,
        }
    }

    /// Reads what the step reads.
    async fn look(&mut self, ctx: &mut Ctx, step: &CompiledStep) -> Result<()> {
        let mut roots = match self.roots.take() {
            Some(roots) => roots,
            None => self.fresh(ctx).await?,
        };
        roots.gather(ctx, &self.compiled.catalog, &step.reads).await?;
        self.roots = Some(roots);
        Ok(())
    }

    async fn fresh(&self, ctx: &mut Ctx) -> Result<Roots> {
        let before = self.images.before.as_ref();
        let mut roots = Roots::of_record(ctx, self.compiled, self.run.record_id, before, None).await?;
        let at = self.run.event_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        roots.set("event", json!({ "type": self.run.event_type, "at": at, "actor": self.run.event_actor }));
        roots.set("form", self.context.form.clone());
        for (name, value) in self.context.answers.iter().chain(&self.context.binds) {
            roots.set(name, value.clone());
        }
        Ok(roots)
    }

    async fn perform(
        &mut self,
        ctx: &mut Ctx,
        step: &CompiledStep,
        at: usize,
        intents: Vec<Intent>,
    ) -> Result<(Came, &'static str, Option<Value>)> {
        let mut output = Value::Null;
        let mut answer = Value::Null;
        for intent in intents {
            match intent {
                Intent::Run { operation, input } => {
                    output = ctx.run_named(&operation, input).await?;
                    // Whatever it was, records may look different now.
                    self.roots = None;
                    answer = match (step.kind.kind, output.get("id")) {
                        ("transition", Some(id)) => id.clone(),
                        _ => output.clone(),
                    };
                }
                Intent::Create { entity, values, owner } => {
                    let record = create(ctx, entity.clone(), values, owner).await?;
                    answer = json!(record.id);
                    output = named(&entity, &record);
                }
                Intent::Update { entity, id, values } => {
                    let record = self.update(ctx, &entity, id, values).await?;
                    self.saw(&entity, &record);
                    answer = json!(record.id);
                    output = named(&entity, &record);
                }
                Intent::Answer { value } => (answer, output) = (value.clone(), value),
                Intent::WaitFor { seconds } => {
                    waits::open(ctx, self.run.id, &step.step.key, "time", Some(seconds), None).await?;
                    return Ok((Came::Wait("WAITING"), "waiting", None));
                }
                Intent::WaitUntil { at } => {
                    waits::open(ctx, self.run.id, &step.step.key, "time", None, Some(at)).await?;
                    return Ok((Came::Wait("WAITING"), "waiting", None));
                }
                Intent::Ask(question) => {
                    waits::open(ctx, self.run.id, &step.step.key, "approval", None, None).await?;
                    let approval = ask::for_step(ctx, self.run, &step.step.key, &question).await?;
                    return Ok((Came::Wait("WAITING_APPROVAL"), "waiting", Some(json!({ "approval": approval }))));
                }
                Intent::Go { to } => {
                    self.keep(step, &answer, &output);
                    let next = self.compiled.position(&to).ok_or_else(Error::internal)?;
                    return Ok((Came::On(next), "done", Some(output)));
                }
                Intent::End { outcome } => {
                    self.keep(step, &answer, &output);
                    return Ok((Came::End(outcome), "done", Some(output)));
                }
                Intent::Fail { message } => return Err(Error::invalid(message)),
            }
        }
        self.keep(step, &answer, &output);
        Ok((Came::On(self.after(step, at)), "done", Some(output)))
    }

    /// Lets later steps know what this one answered.
    fn keep(&mut self, step: &CompiledStep, answer: &Value, output: &Value) {
        let context = &mut self.context;
        context.answers.insert(step.step.key.clone(), answer.clone());
        for name in step.step.binds.keys() {
            context.binds.insert(name.clone(), output.get(name).cloned().unwrap_or_default());
        }
        if let Some(roots) = &mut self.roots {
            roots.set(&step.step.key, answer.clone());
            for name in step.step.binds.keys() {
                roots.set(name, output.get(name).cloned().unwrap_or_default());
            }
        }
    }

    /// The record as an update left it, so that it need not be read again.
    fn saw(&mut self, entity: &str, record: &Record) {
        let own = self.run.record_id == Some(record.id) && self.run.entity.as_deref() == Some(entity);
        match &mut self.roots {
            Some(roots) if own => roots.saw(self.compiled, record),
            _ => self.roots = None,
        }
    }

    async fn update(&self, ctx: &mut Ctx, entity: &str, id: Uuid, values: Values) -> Result<Record> {
        let known = self.roots.as_ref().and_then(|roots| roots.record(entity));
        let known = known.filter(|record| record.get("id").and_then(Value::as_str) == Some(&id.to_string()));
        let update = |version, values| UpdateRecord {
            entity: entity.to_owned(),
            id,
            version: Some(version),
            values,
            base: None,
        };
        if let Some(version) = known.and_then(|record| record.get("version")?.as_i64()) {
            match ctx.run(update(version, values.clone())).await {
                // Somebody changed it since it was read: these fields are written all the same, over what it is now.
                Err(error) if error.kind == Kind::Stale => {}
                other => return other,
            }
        }
        let described = ctx.entity(entity)?;
        let held = records::hold(ctx, &described, id, Verb::Update, false).await?;
        ctx.run(update(held.version, values)).await
    }

    fn after(&self, step: &CompiledStep, at: usize) -> usize {
        next(self.compiled, step.step.next.as_deref(), at)
    }
}

/// What an attempt keeps of a record: which it is. Its values are in the change, where erasure finds them.
fn named(entity: &str, record: &Record) -> Value {
    json!({ "entity": entity, "id": record.id, "number": record.text("number"), "version": record.version })
}

pub fn next(compiled: &Compiled, named: Option<&str>, at: usize) -> usize {
    match named {
        None | Some(CONTINUE) => at + 1,
        Some(END) => compiled.steps.len(),
        Some(key) => compiled.position(key).unwrap_or(at + 1),
    }
}

async fn create(
    ctx: &mut Ctx,
    entity: String,
    mut values: Values,
    owner: Option<domain::workflow::Audience>,
) -> Result<Record> {
    if let Some(owner) = owner
        && let Some(member) = audience::members(ctx, &owner).await?.first()
    {
        values.insert("owner".to_owned(), json!(member));
    }
    values.retain(|_, value| !value.is_null());
    ctx.run(CreateRecord { entity, values }).await
}
