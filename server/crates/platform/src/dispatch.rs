//! The dispatcher: every operation, from wherever it comes, passes here. It checks the permission, opens the tenant transaction, runs the
//! handler, writes change rows and events, and commits, once.

use crate::access::{Access, StaffAccess};
use crate::audit;
use crate::ctx::{Ctx, Origin, StaffCtx};
use crate::db::{TenantTx, TxMode, db_error};
use crate::idempotency::{self, Idempotent};
use crate::services::Services;
use crate::shared::{Asked, Remembered, Shared};
use chrono::{DateTime, Utc};
use domain::backend::{AnyBox, BoxFuture};
use domain::operation::{SENSITIVE, SENSITIVE_BY_KEY, SHOWN_ONCE, open_to_keys, open_to_support};
use domain::{Backend, BackendHandle, Error, Kind, Operation, OperationKind, Realm, Requires, Result, Verb};
use schemars::{Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;
use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use words::t;

/// How long a second request waits between two looks for the answer of the first.
const PAUSE: Duration = Duration::from_millis(50);

/// An `async fn(&mut Ctx, O) -> Result<O::Output>`. A trait of its own, because `AsyncFn` cannot say that its future is `Send`.
pub trait HandlerFn<'a, C: 'a, O: Operation>: Send + Sync {
    type Future: Future<Output = Result<O::Output>> + Send + 'a;
    fn call(&self, ctx: &'a mut C, operation: O) -> Self::Future;
}

impl<'a, C: 'a, O: Operation, F, Fut> HandlerFn<'a, C, O> for F
where
    F: Fn(&'a mut C, O) -> Fut + Send + Sync,
    Fut: Future<Output = Result<O::Output>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, ctx: &'a mut C, operation: O) -> Fut {
        self(ctx, operation)
    }
}

type Run<C> = Arc<dyn for<'a> Fn(&'a mut C, AnyBox) -> BoxFuture<'a, Result<AnyBox>> + Send + Sync>;

/// Says whether what an operation requires is held.
type Permit<'a> = &'a dyn Fn(Requires<'_>) -> Result<()>;

#[derive(Clone)]
enum Handler {
    Workspace(Run<Ctx>),
    Platform(Run<StaffCtx>),
}

/// What the catalogue of operations says of one.
#[derive(Debug, Clone, Serialize)]
pub struct OperationInfo {
    pub name: &'static str,
    pub kind: OperationKind,
    pub realm: Realm,
}

/// What an operation takes and answers, as schemas.
#[derive(Clone, Copy)]
pub struct Shape {
    pub input: fn(&mut SchemaGenerator) -> Schema,
    pub output: fn(&mut SchemaGenerator) -> Schema,
}

#[derive(Clone)]
struct Entry {
    info: OperationInfo,
    shape: Shape,
    handler: Handler,
    requires: fn(&AnyBox, Permit<'_>) -> Result<()>,
    decode: fn(Value) -> Result<AnyBox>,
    encode: fn(AnyBox) -> Result<String>,
}

/// Every operation that can run, by its stable name.
#[derive(Default, Clone)]
pub struct Registry {
    entries: BTreeMap<&'static str, Entry>,
    twice: Vec<&'static str>,
    hooks: HashMap<TypeId, Vec<Arc<dyn Any + Send + Sync>>>,
}

impl Registry {
    pub fn add<O: Operation, F>(&mut self, handler: F) -> &mut Self
    where
        F: for<'a> HandlerFn<'a, Ctx, O> + 'static,
    {
        self.insert::<O>(Handler::Workspace(erase::<Ctx, O, F>(handler)))
    }

    pub fn add_staff<O: Operation, F>(&mut self, handler: F) -> &mut Self
    where
        F: for<'a> HandlerFn<'a, StaffCtx, O> + 'static,
    {
        self.insert::<O>(Handler::Platform(erase::<StaffCtx, O, F>(handler)))
    }

    /// Adds to an extension point: its type is known to the crate that asks for it and to those that add to it.
    pub fn hook<H: Any + Send + Sync>(&mut self, hook: H) -> &mut Self {
        self.hooks.entry(TypeId::of::<H>()).or_default().push(Arc::new(hook));
        self
    }

    /// Everything that was added to an extension point, in that order.
    pub fn hooks<H: Any + Send + Sync>(&self) -> Vec<Arc<H>> {
        let added = self.hooks.get(&TypeId::of::<H>()).into_iter().flatten();
        added.filter_map(|hook| hook.clone().downcast().ok()).collect()
    }

    fn insert<O: Operation>(&mut self, handler: Handler) -> &mut Self {
        let entry = Entry {
            info: OperationInfo { name: O::NAME, kind: O::KIND, realm: O::REALM },
            shape: Shape {
                input: SchemaGenerator::subschema_for::<O>,
                output: SchemaGenerator::subschema_for::<O::Output>,
            },
            handler,
            requires: |operation, check| check(downcast_ref::<O>(operation)?.requires()),
            decode: |value| match serde_json::from_value::<O>(value) {
                Ok(operation) => Ok(Box::new(operation)),
                Err(error) => Err(Error::invalid(t!("The operation's input is not right: {error}", error))),
            },
            encode: |output| {
                let output = output.downcast::<O::Output>().map_err(|_| Error::internal())?;
                serde_json::to_string(&output).map_err(|_| Error::internal())
            },
        };
        if self.entries.insert(O::NAME, entry).is_some() {
            self.twice.push(O::NAME);
        }
        self
    }

    /// Names every operation of `catalogue` that has no handler, every handler that the catalogue lacks, and every name used twice.
    pub fn check(&self, catalogue: &[&str]) -> Result<(), Vec<String>> {
        let missing = catalogue
            .iter()
            .filter(|name| !self.entries.contains_key(*name))
            .map(|name| format!("{name} has no handler"));
        let unknown = self
            .entries
            .keys()
            .filter(|name| !catalogue.contains(name))
            .map(|name| format!("{name} is not in the catalogue"));
        let twice = self.twice.iter().map(|name| format!("{name} is registered twice"));
        let faults: Vec<String> = missing.chain(unknown).chain(twice).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    pub fn infos(&self) -> impl Iterator<Item = &OperationInfo> {
        self.entries.values().map(|entry| &entry.info)
    }

    pub fn shapes(&self) -> impl Iterator<Item = (&OperationInfo, Shape)> {
        self.entries.values().map(|entry| (&entry.info, entry.shape))
    }
}

fn downcast_ref<O: Any>(operation: &AnyBox) -> Result<&O> {
    operation.downcast_ref::<O>().ok_or_else(Error::internal)
}

fn erase<C, O: Operation, F>(handler: F) -> Run<C>
where
    C: Send + 'static,
    F: for<'a> HandlerFn<'a, C, O> + 'static,
{
    let handler = Arc::new(handler);
    Arc::new(move |ctx, operation| {
        let handler = handler.clone();
        Box::pin(async move {
            let operation = operation.downcast::<O>().map_err(|_| Error::internal())?;
            let output = handler.call(ctx, *operation).await?;
            Ok(Box::new(output) as AnyBox)
        })
    })
}

/// Who asks and why: what the transport knows when it makes a backend.
#[derive(Clone)]
pub struct Caller {
    pub access: Arc<Access>,
    pub session: Option<Uuid>,
    pub origin: Origin,
}

/// The JSON answer of a write that may have been answered before.
#[derive(Debug, Clone)]
pub struct Reply {
    pub json: String,
    pub replayed: bool,
}

pub struct Platform {
    pub services: Arc<Services>,
    registry: Registry,
}

impl Platform {
    pub fn new(services: Arc<Services>, registry: Registry) -> Arc<Self> {
        Arc::new(Self { services, registry })
    }

    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A door bound to one caller.
    pub fn backend(self: Arc<Self>, caller: Caller) -> BackendHandle {
        BackendHandle(Arc::new(Bound { platform: self, caller, asked: Asked::default() }))
    }

    /// The same for a page, which draws what it is answered ([`Shared::drawn`]).
    pub fn page_backend(self: Arc<Self>, caller: Caller) -> BackendHandle {
        let asked = Remembered { shared: Arc::new(Shared::of_page()), ..Remembered::default() };
        BackendHandle(Arc::new(Bound { platform: self, caller, asked: Arc::new(asked) }))
    }

    pub fn staff_backend(self: Arc<Self>, access: Arc<StaffAccess>) -> BackendHandle {
        BackendHandle(Arc::new(StaffBound { platform: self, access }))
    }

    pub fn origin(&self, request: Option<Uuid>) -> Origin {
        let correlation = crate::random::uuid_v7(self.services.clock.as_ref(), self.services.random.as_ref());
        Origin { request, cause_kind: "request", cause_id: None, correlation, causation: None, depth: 0, client: None }
    }

    /// A context with an open transaction, for jobs, seeding and tests. The caller commits it.
    pub async fn open(self: &Arc<Self>, caller: &Caller, operation: &'static str, mode: TxMode) -> Result<Ctx> {
        let tx = match mode {
            // Begun at once, so that what holds up the database is known before anything is worked out.
            TxMode::ReadWrite => {
                Some(TenantTx::begin(&self.services.pools.app, caller.access.tenant, mode).await.map_err(db_error)?)
            }
            TxMode::ReadOnly => None,
        };
        Ok(self.context(caller, operation, mode, tx))
    }

    fn context(self: &Arc<Self>, caller: &Caller, operation: &'static str, mode: TxMode, tx: Option<TenantTx>) -> Ctx {
        Ctx {
            catalog: self.services.catalogs.of(&caller.access.industry),
            access: caller.access.clone(),
            services: self.services.clone(),
            origin: caller.origin.clone(),
            operation,
            session: caller.session,
            shared: Arc::default(),
            platform: self.clone(),
            mode,
            tx,
            changes: Vec::new(),
            outcome: "done",
            wrote_events: false,
        }
    }

    fn entry(&self, name: &str, realm: Realm) -> Result<&Entry> {
        self.registry.entries.get(name).filter(|entry| entry.info.realm == realm).ok_or_else(Error::not_found)
    }

    /// Checked before any transaction begins.
    fn permitted(&self, entry: &Entry, operation: &AnyBox, access: &Access) -> Result<()> {
        // Support does not do what is the member's alone, not by the way of another operation either.
        if access.impersonation.is_some() && !open_to_support(entry.info.name) {
            return Err(Error::impersonated());
        }
        (entry.requires)(operation, &|requires| match requires {
            Requires::Member => Ok(()),
            Requires::Permission(permission) => access.require(permission).map(|_| ()),
            Requires::Entity { entity, verb } => self.entity_permitted(access, entity, verb),
            Requires::Staff(_) => Err(Error::not_found()),
        })
    }

    /// What the caller is, before what they may: a key does not do what only people do.
    fn admitted(&self, entry: &Entry, operation: &AnyBox, access: &Access) -> Result<()> {
        if access.key.is_some() {
            let name = entry.info.name;
            (entry.requires)(operation, &|requires| {
                if open_to_keys(name, requires) { Ok(()) } else { Err(Error::not_by_key()) }
            })?;
        }
        self.permitted(entry, operation, access)
    }

    fn entity_permitted(&self, access: &Access, key: &str, verb: Verb) -> Result<()> {
        let catalog = self.services.catalogs.of(&access.industry);
        let entity = catalog.get(key).ok_or_else(Error::not_found)?;
        access.require(&entity.permission(verb)).map(|_| ())
    }

    /// What a stolen or borrowed session is not enough for. Jobs and runs go on: whoever set them going was asked.
    async fn confirmed(&self, name: &str, session: Option<Uuid>, origin: &Origin) -> Result<()> {
        if !is_sensitive(name) {
            return Ok(());
        }
        match session {
            Some(handle) if self.services.auth.users.is_confirmed(handle).await? => Ok(()),
            Some(_) => Err(Error::confirmation_required()),
            // A key, or nothing of a browser: somebody asks, and cannot confirm.
            None if origin.request.is_some() && !SENSITIVE_BY_KEY.contains(&name) => {
                Err(Error::confirmation_required())
            }
            None => Ok(()),
        }
    }

    /// `asked` is whether this backend was asked for a confirmation already: an export goes on for longer than a confirmation holds.
    async fn run(self: Arc<Self>, caller: Caller, name: String, operation: AnyBox, asked: Asked) -> Result<AnyBox> {
        let entry = self.entry(&name, Realm::Workspace)?.clone();
        let result = self.attempt(&caller, &entry, operation, &asked).await;
        self.told(&caller, &entry, result).await
    }

    /// Passes an answer on; that a member was refused is written down first.
    async fn told<T>(self: &Arc<Self>, caller: &Caller, entry: &Entry, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && error.kind == Kind::Forbidden
        {
            audit::refused(self, caller, entry.info.name, error).await;
        }
        result
    }

    async fn attempt(
        self: &Arc<Self>,
        caller: &Caller,
        entry: &Entry,
        operation: AnyBox,
        asked: &Asked,
    ) -> Result<AnyBox> {
        self.admitted(entry, &operation, &caller.access)?;
        if is_sensitive(entry.info.name) && asked.allowed.get() != Some(&entry.info.name) {
            self.confirmed(entry.info.name, caller.session, &caller.origin).await?;
            let _ = asked.allowed.set(entry.info.name);
        }
        let Handler::Workspace(run) = &entry.handler else { return Err(Error::not_found()) };
        let (mut ctx, writes) = self.begin(caller, entry).await?;
        ctx.shared = asked.shared.clone();
        let output = run(&mut ctx, operation).await?;
        if writes {
            ctx.commit().await?;
        }
        Ok(output)
    }

    async fn begin(self: &Arc<Self>, caller: &Caller, entry: &Entry) -> Result<(Ctx, bool)> {
        let writes = entry.info.kind == OperationKind::Write;
        let mode = if writes { TxMode::ReadWrite } else { TxMode::ReadOnly };
        Ok((self.open(caller, entry.info.name, mode).await?, writes))
    }

    /// Runs a write by name once per key: key row, change, event and answer commit together.
    pub async fn run_once(
        self: Arc<Self>,
        caller: Caller,
        name: String,
        input: Value,
        once: Idempotent,
    ) -> Result<Reply> {
        let entry = self.entry(&name, Realm::Workspace)?.clone();
        let operation = (entry.decode)(input)?;
        apart(self.once(caller, entry, operation, once)).await
    }

    /// The same for an operation that would be too large as JSON: a file.
    pub async fn run_typed_once<O: Operation>(
        self: Arc<Self>,
        caller: Caller,
        operation: O,
        once: Idempotent,
    ) -> Result<O::Output> {
        let entry = self.entry(O::NAME, Realm::Workspace)?.clone();
        let reply = apart(self.once(caller, entry, Box::new(operation), once)).await?;
        serde_json::from_str(&reply.json).map_err(|_| Error::internal())
    }

    async fn once(self: Arc<Self>, caller: Caller, entry: Entry, operation: AnyBox, once: Idempotent) -> Result<Reply> {
        let result = self.attempt_once(&caller, &entry, operation, &once).await;
        self.told(&caller, &entry, result).await
    }

    async fn attempt_once(
        self: &Arc<Self>,
        caller: &Caller,
        entry: &Entry,
        operation: AnyBox,
        once: &Idempotent,
    ) -> Result<Reply> {
        self.admitted(entry, &operation, &caller.access)?;
        self.confirmed(entry.info.name, caller.session, &caller.origin).await?;
        let Handler::Workspace(run) = &entry.handler else { return Err(Error::not_found()) };
        let mut ctx = match self.claim(caller, entry, once).await? {
            Ok(ctx) => ctx,
            Err(json) => return Ok(Reply { json, replayed: true }),
        };
        let output = run(&mut ctx, operation).await?;
        let json = (entry.encode)(output)?;
        ctx.commit_with(Some((once, &kept(entry.info.name, &json)?))).await?;
        Ok(Reply { json, replayed: false })
    }

    /// Claims a key: the context to go on in, or the reply of the request that has done it. While that one is at it, whoever is patient waits,
    /// with no connection in hand.
    async fn claim(self: &Arc<Self>, caller: &Caller, entry: &Entry, once: &Idempotent) -> Result<Result<Ctx, String>> {
        let holder = caller.access.holder();
        let mut waited = Duration::ZERO;
        loop {
            match idempotency::begin(&self.services.pools.app, &holder, once).await {
                Ok(claimed) => {
                    return Ok(claimed.map(|tx| self.context(caller, entry.info.name, TxMode::ReadWrite, Some(tx))));
                }
                Err(error) if idempotency::is_in_flight(&error) && waited < once.patience => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(PAUSE).await;
            waited += PAUSE;
        }
    }

    /// Whether the member had the same done under another key since then: what who went back and pressed again is asked about.
    pub async fn did_alike(self: &Arc<Self>, caller: &Caller, once: &Idempotent, since: DateTime<Utc>) -> Result<bool> {
        let mut ctx = self.open(caller, "idempotency.alike", TxMode::ReadOnly).await?;
        idempotency::alike(&mut ctx, once, since).await
    }

    /// Whether just this was done under its key already: whatever is sent once more is answered as the first time.
    pub async fn was_done(self: &Arc<Self>, caller: &Caller, once: &Idempotent) -> Result<bool> {
        let mut ctx = self.open(caller, "idempotency.done", TxMode::ReadOnly).await?;
        Ok(idempotency::reply(&mut ctx, once).await?.is_some())
    }

    pub(crate) async fn run_nested<O: Operation>(&self, ctx: &mut Ctx, operation: O) -> Result<O::Output> {
        let entry = self.entry(O::NAME, Realm::Workspace)?.clone();
        let output = self.nested(ctx, &entry, Box::new(operation)).await?;
        output.downcast::<O::Output>().map(|output| *output).map_err(|_| Error::internal())
    }

    pub(crate) async fn run_named(&self, ctx: &mut Ctx, name: &str, input: Value) -> Result<Value> {
        let entry = self.entry(name, Realm::Workspace)?.clone();
        let operation = (entry.decode)(input)?;
        let output = self.nested(ctx, &entry, operation).await?;
        serde_json::from_str(&(entry.encode)(output)?).map_err(|_| Error::internal())
    }

    /// What decides about an operation that is asked for directly, without running it.
    pub(crate) async fn may<O: Operation>(&self, ctx: &Ctx, operation: O) -> Result<()> {
        let entry = self.entry(O::NAME, Realm::Workspace)?;
        let operation: AnyBox = Box::new(operation);
        self.admitted(entry, &operation, &ctx.access)?;
        self.confirmed(O::NAME, ctx.session, &ctx.origin).await
    }

    async fn nested(&self, ctx: &mut Ctx, entry: &Entry, operation: AnyBox) -> Result<AnyBox> {
        self.permitted(entry, &operation, &ctx.access)?;
        self.confirmed(entry.info.name, ctx.session, &ctx.origin).await?;
        let Handler::Workspace(run) = &entry.handler else { return Err(Error::not_found()) };
        // Changes made so far belong to the operation outside.
        ctx.flush().await?;
        let outside = std::mem::replace(&mut ctx.operation, entry.info.name);
        let result = run(ctx, operation).await;
        if result.is_ok() {
            ctx.flush().await?;
        }
        ctx.operation = outside;
        result
    }

    async fn run_staff(self: Arc<Self>, access: Arc<StaffAccess>, name: String, operation: AnyBox) -> Result<AnyBox> {
        let entry = self.entry(&name, Realm::Platform)?.clone();
        (entry.requires)(&operation, &|requires| match requires {
            Requires::Staff(roles) if roles.contains(&access.role.as_str()) => Ok(()),
            _ => Err(Error::forbidden(entry.info.name, &access.role)),
        })?;
        let Handler::Platform(run) = &entry.handler else { return Err(Error::not_found()) };
        let tx = TenantTx::begin_platform(&self.services.pools.platform).await.map_err(db_error)?;
        let mut ctx = StaffCtx { access, services: self.services.clone(), operation: entry.info.name, tx };
        let output = run(&mut ctx, operation).await?;
        if entry.info.kind == OperationKind::Write {
            ctx.tx.commit().await.map_err(db_error)?;
        }
        Ok(output)
    }
}

/// What is kept of an answer for a request that is sent again: all of it but what is shown once.
fn kept<'a>(name: &str, json: &'a str) -> Result<Cow<'a, str>> {
    let Some((_, member)) = SHOWN_ONCE.iter().find(|(known, _)| *known == name) else { return Ok(Cow::Borrowed(json)) };
    let mut answer: Value = serde_json::from_str(json).map_err(|_| Error::internal())?;
    *answer.get_mut(*member).ok_or_else(Error::internal)? = Value::Null;
    Ok(Cow::Owned(answer.to_string()))
}

/// Runs in a task of its own, in the language of whoever asks.
async fn apart<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    joined(tokio::spawn(words::carry(work)).await)
}

/// A panic in a handler is a fault of ours, not the end of the process.
fn joined<T>(result: std::result::Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    result.unwrap_or_else(|error| {
        tracing::error!(%error, "an operation did not finish");
        Err(Error::internal())
    })
}

fn is_sensitive(name: &str) -> bool {
    SENSITIVE.binary_search(&name).is_ok()
}

struct Bound {
    platform: Arc<Platform>,
    caller: Caller,
    asked: Asked,
}

impl Backend for Bound {
    fn run_any(&self, name: &'static str, operation: AnyBox) -> BoxFuture<'static, Result<AnyBox>> {
        let (platform, caller, asked) = (self.platform.clone(), self.caller.clone(), self.asked.clone());
        // A task of its own: a closed tab must not cut a write in two.
        Box::pin(async move { apart(platform.run(caller, name.to_owned(), operation, asked)).await })
    }

    fn run_json(&self, name: &str, input: Value) -> BoxFuture<'static, Result<String>> {
        let (platform, caller, name) = (self.platform.clone(), self.caller.clone(), name.to_owned());
        let asked = self.asked.clone();
        Box::pin(async move {
            let entry = platform.entry(&name, Realm::Workspace)?.clone();
            let operation = (entry.decode)(input)?;
            let output = apart(platform.run(caller, name, operation, asked)).await?;
            (entry.encode)(output)
        })
    }
}

struct StaffBound {
    platform: Arc<Platform>,
    access: Arc<StaffAccess>,
}

impl Backend for StaffBound {
    fn run_any(&self, name: &'static str, operation: AnyBox) -> BoxFuture<'static, Result<AnyBox>> {
        let (platform, access) = (self.platform.clone(), self.access.clone());
        Box::pin(async move { apart(platform.run_staff(access, name.to_owned(), operation)).await })
    }

    fn run_json(&self, name: &str, input: Value) -> BoxFuture<'static, Result<String>> {
        let (platform, access, name) = (self.platform.clone(), self.access.clone(), name.to_owned());
        Box::pin(async move {
            let entry = platform.entry(&name, Realm::Platform)?.clone();
            let operation = (entry.decode)(input)?;
            let output = apart(platform.run_staff(access, name, operation)).await?;
            (entry.encode)(output)
        })
    }
}
