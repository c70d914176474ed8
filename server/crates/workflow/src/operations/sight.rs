//! What of runs their readers see. A run works with the automation's eyes; its log, its questions and the list of what it changed are read by people
//! who have fewer. Whatever stands there is shown to those who may see the rows that it was taken from or written to, as `records.get` would answer
//! them. The rest says that it is withheld, beside the step's name, its state and its times.
//!
//! Which rows a step saw is found out from its definition: the run's own record, the rows that it names, and those that steps before it answered.
//! Of what it reached through references the log does not keep which it was, so that is for those who see all rows of that kind.

use super::definitions;
use crate::check::{Compiled, CompiledStep, Operations, compile};
use crate::needs::{self, Doing, Whose};
use domain::schema::{Catalog, Entity};
use domain::workflow::{ApprovalRow, AttemptRow, CauseLink, Definition, EffectRow, RunRow, RunView};
use domain::{Grants, Reach, Result, Verb};
use expr::Read;
use platform::{Bind, Ctx, Statement};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;
use words::t;

const RUNS: &str = "\
select r.id, r.entity, r.record_id, r.context::text, r.workflow_id, r.version, v.definition::text from runs r
join workflow_versions v on v.tenant_id = r.tenant_id and v.workflow_id = r.workflow_id and v.version = r.version
where r.tenant_id = $1 and r.id = any ($2)";

/// Titles of the rows that a record points at, beside its values.
const LABELS: &str = "_labels";

/// A row by its entity.
type Place = (String, Uuid);
/// A step of a run; none is its beginning.
type At = (Uuid, Option<String>);

/// Whether the reader sees whichever row it is.
fn reads_all(grants: &Grants, entity: &Entity) -> bool {
    grants.reach(&entity.permission(Verb::Read)) == Some(Reach::All)
}

fn withheld() -> &'static str {
    t!("Withheld: your roles do not let you see the record that this is about")
}

/// Whether there is nothing that the reader may not see. Most who read runs are such, and pay nothing for the others.
fn sees_all(ctx: &Ctx) -> bool {
    let grants = &ctx.access.grants;
    let all = |permission: &str| grants.reach(permission) == Some(Reach::All);
    all(needs::ADDRESSES)
        && ctx.catalog.iter().all(|entity| {
            [Verb::Read, Verb::Delete].iter().all(|verb| all(&entity.permission(*verb)))
                && entity.fields.iter().all(|field| records::readable(&ctx.access, field))
        })
}

/// Those of the rows that the reader may see.
async fn legible(ctx: &mut Ctx, asked: Vec<Place>) -> Result<HashSet<Place>> {
    let mut by_entity: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for (entity, id) in asked {
        by_entity.entry(entity).or_default().push(id);
    }
    let mut seen = HashSet::new();
    for (key, ids) in by_entity {
        let Some(entity) = ctx.catalog.get(&key).cloned() else { continue };
        let ids = records::legible(ctx, &entity, &ids).await?;
        seen.extend(ids.into_iter().map(|id| (key.clone(), id)));
    }
    Ok(seen)
}

/// Where the values of a step come from and go to.
#[derive(Debug, Default)]
struct Sources {
    rows: BTreeSet<Place>,
    /// Something among it is not for this reader, whichever row it was.
    closed: bool,
}

impl Sources {
    fn closed() -> Self {
        Self { closed: true, ..Self::default() }
    }

    /// A row of an entity; any of them where nobody can tell.
    fn row(&mut self, grants: &Grants, entity: &Entity, id: Option<Uuid>) {
        match id {
            Some(id) => self.rows.extend([(entity.key.clone(), id)]),
            None => self.closed |= !reads_all(grants, entity),
        }
    }

    fn are_open(&self, seen: &HashSet<Place>) -> bool {
        !self.closed && self.rows.iter().all(|row| seen.contains(row))
    }
}

/// A run, as far as it says which rows its steps saw.
struct Seen {
    about: Option<Place>,
    /// What its steps answered.
    context: Value,
    /// None where the version no longer fits the descriptions.
    compiled: Option<Arc<Compiled>>,
}

impl Seen {
    fn record(&self) -> Option<Uuid> {
        self.about.as_ref().map(|(_, id)| *id)
    }

    /// Of a step, or of the beginning; `attempt` says more than the definition does.
    fn sources(&self, grants: &Grants, key: Option<&str>, attempt: Option<&AttemptRow>) -> Sources {
        let Some(compiled) = self.compiled.as_deref() else { return Sources::closed() };
        let step = key.map(|key| compiled.step(key));
        let reads = match step {
            Some(Some(step)) => &step.reads,
            Some(None) => return Sources::closed(),
            None => &compiled.reads,
        };
        let closed = grants.beyond(&needs::beside_rows(compiled, reads)).is_some();
        let mut found = Sources { rows: self.about.iter().cloned().collect(), closed };
        for read in reads {
            self.read(&mut found, grants, compiled, read);
        }
        if let Some(step) = step.flatten() {
            self.deeds(&mut found, grants, compiled, step, attempt);
        }
        found
    }

    /// Whether the definition of a step names a hidden field: to read it, which is found out already, or to set it.
    fn names(&self, key: Option<&str>, hidden: &HashSet<String>) -> bool {
        let step = self.compiled.as_deref().zip(key).and_then(|(compiled, key)| compiled.step(key));
        step.is_some_and(|step| names_any(&json!(step.step), hidden))
    }

    /// Whether the reader may know what went wrong with a step. The automation is told which row is in the way, such as the one that has a value
    /// already, and that may be any row of what the step makes or changes.
    fn tells(&self, grants: &Grants, key: Option<&str>) -> bool {
        let Some((compiled, key)) = self.compiled.as_deref().zip(key) else { return true };
        let step = compiled.step(key);
        step.is_none_or(|step| Doing::of(compiled, step).deeds.iter().all(|(_, entity)| reads_all(grants, entity)))
    }

    fn read(&self, found: &mut Sources, grants: &Grants, compiled: &Compiled, read: &Read) {
        let Some(key) = &read.record else {
            // What an operation answered is of rows that nobody can tell.
            let answering = read.path.first().and_then(|root| compiled.step(root));
            let deeds = answering.map(|step| Doing::of(compiled, step).deeds).unwrap_or_default();
            for (_, entity) in deeds.iter().filter(|(whose, _)| *whose == Whose::Any) {
                found.row(grants, entity, None);
            }
            return;
        };
        let Some(entity) = compiled.catalog.get(key) else { return };
        let id = match read.path.split_last() {
            Some((_, [root])) if compiled.is_own(root) => self.record(),
            Some((_, [root])) => self.answered(root),
            _ => None,
        };
        found.row(grants, entity, id);
    }

    /// The row that an earlier step answered, or bound to a name.
    fn answered(&self, root: &str) -> Option<Uuid> {
        ["answers", "binds"].iter().find_map(|part| id_of(self.context.get(*part)?.get(root)?))
    }

    fn deeds(
        &self,
        found: &mut Sources,
        grants: &Grants,
        compiled: &Compiled,
        step: &CompiledStep,
        attempt: Option<&AttemptRow>,
    ) {
        for (whose, entity) in Doing::of(compiled, step).deeds {
            match whose {
                Whose::Target if !step.step.input.contains_key("record") => found.row(grants, &entity, self.record()),
                Whose::Target => {
                    let id = attempt.and_then(|attempt| id_of(attempt.input.get("record")?));
                    found.row(grants, &entity, id);
                }
                // As long as there is none, there is nothing of it to see.
                Whose::New => {
                    let id = attempt.and_then(|attempt| id_of(attempt.output.get("id")?));
                    if id.is_some() {
                        found.row(grants, &entity, id);
                    }
                }
                Whose::Any => found.row(grants, &entity, None),
            }
        }
    }
}

/// A record as expressions answer it: its id, or its values with the id among them.
fn id_of(value: &Value) -> Option<Uuid> {
    let text = value.as_str().or_else(|| value.get("id").and_then(Value::as_str))?;
    Uuid::try_parse(text).ok()
}

async fn load(ctx: &mut Ctx, runs: Vec<Uuid>) -> Result<HashMap<Uuid, Seen>> {
    if runs.is_empty() {
        return Ok(HashMap::new());
    }
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::ids(runs)];
    let rows = ctx.fetch(Statement::new(RUNS, binds)).await?;
    let (catalog, operations) = (ctx.catalog.clone(), definitions::operations(ctx));
    let mut versions: HashMap<(Uuid, i32), Option<Arc<Compiled>>> = HashMap::new();
    let mut found = HashMap::new();
    for row in &rows {
        let (entity, record): (Option<String>, Option<Uuid>) = (row.get(1)?, row.get(2)?);
        let (context, definition): (&str, &str) = (row.get(3)?, row.get(6)?);
        let version = versions.entry((row.get(4)?, row.get(5)?));
        let compiled = version.or_insert_with(|| ready(definition, &catalog, &operations)).clone();
        let context = serde_json::from_str(context).unwrap_or_default();
        found.insert(row.get(0)?, Seen { about: entity.zip(record), context, compiled });
    }
    Ok(found)
}

fn ready(definition: &str, catalog: &Arc<Catalog>, operations: &Operations) -> Option<Arc<Compiled>> {
    let definition: Definition = serde_json::from_str(definition).ok()?;
    compile(&definition, catalog, operations).ok().map(Arc::new)
}

/// Those of the steps whose values the reader may see; of steps that have failed, those of which also what went wrong.
async fn open(ctx: &mut Ctx, asked: Vec<At>, failed: bool) -> Result<HashSet<At>> {
    let runs = load(ctx, asked.iter().map(|(run, _)| *run).collect()).await?;
    let (access, hidden) = (ctx.access.clone(), hidden_fields(ctx));
    let mut sources = Vec::with_capacity(asked.len());
    for at in asked {
        let key = at.1.as_deref();
        let shown = |seen: &&Seen| !seen.names(key, &hidden) && (!failed || seen.tells(&access.grants, key));
        if let Some(seen) = runs.get(&at.0).filter(shown) {
            let found = seen.sources(&access.grants, key, None);
            sources.push((at, found));
        }
    }
    let rows = sources.iter().flat_map(|(_, found)| found.rows.iter().cloned()).collect();
    let seen = legible(ctx, rows).await?;
    Ok(sources.into_iter().filter(|(_, found)| found.are_open(&seen)).map(|(at, _)| at).collect())
}

/// Runs in a list: workflow, state and times are everybody's who reads runs. Which record it was, and what went wrong with it, is not.
pub async fn runs(ctx: &mut Ctx, runs: &mut [RunRow]) -> Result<()> {
    if sees_all(ctx) {
        return Ok(());
    }
    let about = |run: &RunRow| run.entity.clone().zip(run.record);
    let seen = legible(ctx, runs.iter().filter_map(about).collect()).await?;
    let failed = runs.iter().filter(|run| run.error.is_some()).map(|run| (run.id, run.step.clone())).collect();
    let open = open(ctx, failed, true).await?;
    for run in runs {
        if about(run).is_some_and(|row| !seen.contains(&row)) {
            run.record = None;
        }
        if run.error.is_some() && !open.contains(&(run.id, run.step.clone())) {
            run.error = Some(withheld().to_owned());
        }
    }
    Ok(())
}

/// A run with everything that belongs to it, but for its questions, which [`approvals`] looks after.
pub async fn run(ctx: &mut Ctx, view: &mut RunView) -> Result<()> {
    if sees_all(ctx) {
        return Ok(());
    }
    runs(ctx, std::slice::from_mut(&mut view.run)).await?;
    runs(ctx, &mut view.consequences).await?;
    let whole = attempts(ctx, view.run.id, &view.definition, &mut view.attempts).await?;
    effects(ctx, &mut view.effects, whole).await?;
    causes(ctx, view.causes.iter_mut().collect()).await
}

/// Answers whether nothing was withheld.
async fn attempts(ctx: &mut Ctx, run: Uuid, definition: &Definition, attempts: &mut [AttemptRow]) -> Result<bool> {
    let (access, runs) = (ctx.access.clone(), load(ctx, vec![run]).await?);
    let mut sources = Vec::with_capacity(attempts.len());
    for attempt in attempts.iter() {
        let seen = runs.get(&run);
        sources.push(
            seen.map_or_else(Sources::closed, |seen| seen.sources(&access.grants, Some(&attempt.step), Some(attempt))),
        );
    }
    let rows = sources.iter().flat_map(|found| found.rows.iter().cloned()).collect();
    let seen = legible(ctx, rows).await?;
    let hidden = hidden_fields(ctx);
    let counted = ctx.catalog.iter().flat_map(|entity| &entity.fields).filter(|field| field.rollup.is_some());
    let mut gone: HashSet<String> = counted.map(|field| field.key.clone()).collect();
    gone.extend(hidden.iter().cloned().chain([LABELS.to_owned()]));
    let mut whole = true;
    for (attempt, sources) in attempts.iter_mut().zip(&sources) {
        let step = definition.steps.iter().find(|step| step.key == attempt.step);
        whole &= if sources.are_open(&seen) {
            conceal(attempt, step.map(|step| json!(step)).as_ref(), &hidden, &gone)
        } else {
            withhold(attempt, withheld());
            false
        };
        let told = runs.get(&run).is_none_or(|seen| seen.tells(&access.grants, Some(&attempt.step)));
        if attempt.error.is_some() && !told {
            hush(attempt);
            whole = false;
        }
    }
    Ok(whole)
}

/// Keys of all fields that the caller may not read.
fn hidden_fields(ctx: &Ctx) -> HashSet<String> {
    let fields = ctx.catalog.iter().flat_map(|entity| &entity.fields);
    fields.filter(|field| !records::readable(&ctx.access, field)).map(|field| field.key.clone()).collect()
}

/// A record among what a step took in and gave out loses the fields that its reader may not see, and what it gave out whatever else is counted or
/// named beside a record. Of a step whose definition names a hidden field nothing is shown: an expression may have made anything of it. Answers
/// whether the step is shown.
fn conceal(attempt: &mut AttemptRow, step: Option<&Value>, hidden: &HashSet<String>, gone: &HashSet<String>) -> bool {
    if step.is_none_or(|step| names_any(step, hidden)) {
        withhold(attempt, t!("Not shown: the step uses a field that your roles do not let you read"));
        return false;
    }
    strip(&mut attempt.input, hidden);
    strip(&mut attempt.output, gone);
    true
}

fn withhold(attempt: &mut AttemptRow, note: &str) {
    (attempt.input, attempt.output) = (json!(note), Value::Null);
    hush(attempt);
}

fn hush(attempt: &mut AttemptRow) {
    attempt.error = attempt.error.as_ref().map(|_| json!({ "message": t!("Not shown" in "step") }));
}

fn names_any(value: &Value, hidden: &HashSet<String>) -> bool {
    match value {
        Value::String(text) => text
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .any(|word| hidden.contains(word)),
        Value::Array(items) => items.iter().any(|item| names_any(item, hidden)),
        Value::Object(members) => members.iter().any(|(key, value)| hidden.contains(key) || names_any(value, hidden)),
        _ => false,
    }
}

fn strip(value: &mut Value, hidden: &HashSet<String>) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !hidden.contains(key));
            members.values_mut().for_each(|value| strip(value, hidden));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, hidden)),
        _ => {}
    }
}

/// What no description knows, an approval or a note, says something of the rows that the run saw: it is shown where all of its log is (`whole`).
async fn effects(ctx: &mut Ctx, effects: &mut [EffectRow], whole: bool) -> Result<()> {
    let rows = effects.iter().filter_map(|effect| Some((effect.entity.clone(), effect.record?))).collect();
    let seen = legible(ctx, rows).await?;
    let (access, catalog) = (ctx.access.clone(), ctx.catalog.clone());
    for effect in effects {
        let described = catalog.get(&effect.entity);
        let shown = match (described, effect.record) {
            (Some(_), Some(record)) => seen.contains(&(effect.entity.clone(), record)),
            (Some(entity), None) => reads_all(&access.grants, entity),
            (None, _) => whole,
        };
        if !shown {
            // That it was there before is told, not what it was.
            effect.before = if effect.before.is_null() { Value::Null } else { json!({}) };
            effect.after = json!(withheld());
            effect.record = effect.record.filter(|_| described.is_none());
        } else if let Some(entity) = described {
            for image in [&mut effect.before, &mut effect.after] {
                if let Value::Object(values) = image {
                    values.retain(|key, _| entity.field(key).is_none_or(|field| records::readable(&access, field)));
                }
            }
        }
    }
    Ok(())
}

/// A chain of causes leads on past a record that the reader may not see, and does not say which it was.
pub async fn causes(ctx: &mut Ctx, links: Vec<&mut CauseLink>) -> Result<()> {
    if sees_all(ctx) {
        return Ok(());
    }
    let rows = links.iter().filter_map(|link| link.entity.clone().zip(link.record)).collect();
    let (seen, catalog) = (legible(ctx, rows).await?, ctx.catalog.clone());
    for link in links {
        let row = link.entity.clone().zip(link.record).filter(|(entity, _)| catalog.get(entity).is_some());
        link.record = link.record.filter(|_| row.is_none_or(|row| seen.contains(&row)));
    }
    Ok(())
}

/// Questions, each with whether it concerns the reader: those who are asked and those who asked see it whole.
pub async fn approvals(ctx: &mut Ctx, found: &mut [(ApprovalRow, bool)]) -> Result<()> {
    if found.iter().all(|(_, concerned)| *concerned) || sees_all(ctx) {
        return Ok(());
    }
    let rows = found.iter().filter_map(|(row, _)| row.entity.clone().zip(row.record)).collect();
    let seen = legible(ctx, rows).await?;
    let steps = found.iter().filter_map(|(row, _)| Some((row.run?, row.step.clone()))).collect();
    let open = open(ctx, steps, false).await?;
    let (access, catalog) = (ctx.access.clone(), ctx.catalog.clone());
    for (row, concerned) in found {
        if *concerned {
            continue;
        }
        let visible = row.entity.clone().zip(row.record).is_none_or(|row| seen.contains(&row));
        let told = match row.run {
            Some(run) => open.contains(&(run, row.step.clone())),
            // Of a move: it says what the record is called.
            None => {
                let entity = row.entity.as_deref().and_then(|key| catalog.get(key));
                let title = entity.and_then(|entity| entity.field(&entity.title));
                title.is_none_or(|title| records::readable(&access, title))
            }
        };
        if !visible {
            row.record = None;
            row.version = None;
            row.changed_by.clear();
        }
        if !visible || !told {
            row.title = withheld().to_owned();
            row.decisions.iter_mut().for_each(|decision| decision.reason = None);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "made in place")]
    fn attempt(output: Value) -> AttemptRow {
        serde_json::from_value(json!({
            "step": "note", "attempt": 1, "outcome": "done", "input": { "text": "CANARY" }, "output": output, "error": { "message": "CANARY" },
            "startedAt": "2026-11-20T12:00:00Z", "finishedAt": null,
        }))
        .unwrap()
    }

    /// B-05.
    #[test]
    fn a_run_shows_no_more_than_its_reader_may_see() {
        let hidden = HashSet::from(["cost".to_owned()]);
        let gone = HashSet::from(["cost".to_owned(), "figure".to_owned(), LABELS.to_owned()]);
        for step in [
            json!({ "input": { "text": "'Costs ' + product.cost" } }),
            json!({ "when": "cost > 1" }),
            json!({ "input": { "values": { "cost": "1" } } }),
        ] {
            let mut shown = attempt(json!({ "id": 1, "cost": "CANARY" }));
            assert!(!conceal(&mut shown, Some(&step), &hidden, &gone));
            let text = serde_json::to_string(&shown).unwrap();
            assert!(!text.contains("CANARY") && text.contains("Not shown"), "{text}");
        }
        let step = json!({ "input": { "text": "product.costly" } });
        let row = json!({ "cost": "SECRET", "figure": 7, "_labels": { "customer": "SECRET" }, "name": "Axle" });
        let mut shown = attempt(json!({ "id": 1, "rows": [row] }));
        assert!(conceal(&mut shown, Some(&step), &hidden, &gone));
        assert_eq!(shown.output, json!({ "id": 1, "rows": [{ "name": "Axle" }] }));
        assert_eq!(shown.input, json!({ "text": "CANARY" }));
        conceal(&mut shown, None, &hidden, &gone);
        assert_eq!(shown.output, Value::Null);
    }
}
