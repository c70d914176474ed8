//! What matcher, worker and timers share: the platform, the templates, workflows that are ready to run, and the automation's access.

use crate::check::{Compiled, Operations, compile};
use crate::templates::Templates;
use domain::workflow::{Definition, DefinitionFault};
use domain::{Error, Kind, Result, TenantId};
use platform::{Access, Bind, Caller, Platform, auth};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How long the automation's access is kept: as long as a change of a workspace may take to reach what is running.
const ACCESS_KEPT: Duration = Duration::from_secs(1);
/// More than this, and all of it is forgotten: it is read again when it is needed.
const MOST: usize = 10_000;

const VERSION: &str =
    "select definition::text from workflow_versions where tenant_id = $1 and workflow_id = $2 and version = $3::int8";

#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// For people who look at a run: host and process, say.
    pub name: String,
    /// After this time without a sign of life another worker takes over.
    pub lease: Duration,
    /// How often to look when nobody wakes.
    pub poll: Duration,
    /// Runs at once.
    pub concurrency: usize,
    /// Runs claimed at once.
    pub batch: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            name: format!("workflow-{}", std::process::id()),
            lease: Duration::from_secs(30),
            poll: Duration::from_millis(500),
            concurrency: 8,
            batch: 32,
        }
    }
}

/// A version that can run, or why it cannot.
pub type Shelved = Arc<Result<Compiled, Vec<DefinitionFault>>>;

pub struct Engine {
    pub platform: Arc<Platform>,
    pub config: EngineConfig,
    pub templates: Templates,
    operations: Operations,
    /// Versions never change, so what was made of one is kept.
    shelf: Mutex<HashMap<(Uuid, Uuid, i32), Shelved>>,
    access: Mutex<HashMap<Uuid, (Instant, Arc<Access>)>>,
}

impl Engine {
    pub fn new(platform: Arc<Platform>, templates: Templates, config: EngineConfig) -> Arc<Self> {
        let operations = platform.registry().infos().map(|info| info.name.to_owned()).collect();
        Arc::new(Self { platform, config, templates, operations, shelf: Mutex::default(), access: Mutex::default() })
    }

    /// A version, ready to run under the descriptions of the workspace's industry.
    pub async fn version(&self, access: &Access, workflow: Uuid, version: i32) -> Result<Shelved> {
        let key = (access.tenant.0, workflow, version);
        if let Some(known) = self.shelf.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(known.clone());
        }
        let binds =
            vec![Bind::Id(Some(access.tenant.0)), Bind::Id(Some(workflow)), Bind::Int(Some(i64::from(version)))];
        let rows = self.platform.services.pools.ask_platform(VERSION, binds).await?;
        let text: String = rows.first().ok_or_else(Error::not_found)?.get(0)?;
        let catalog = self.platform.services.catalogs.of(&access.industry);
        let shelved = Arc::new(match serde_json::from_str::<Definition>(&text) {
            Ok(definition) => compile(&definition, &catalog, &self.operations),
            Err(error) => Err(vec![DefinitionFault {
                step: None,
                field: "definition".to_owned(),
                message: format!("This version cannot be read any more: {error}"),
            }]),
        });
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.len() >= MOST {
            shelf.clear();
        }
        shelf.insert(key, shelved.clone());
        Ok(shelved)
    }

    /// What workflows act as.
    pub async fn access(&self, tenant: Uuid) -> Result<Arc<Access>> {
        if let Some((since, access)) = self.access.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant)
            && since.elapsed() < ACCESS_KEPT
        {
            return Ok(access.clone());
        }
        let access = Arc::new(auth::automation(&self.platform.services.pools, TenantId(tenant)).await?);
        let mut kept = self.access.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(tenant, (Instant::now(), access.clone()));
        Ok(access)
    }

    /// The automation, for what the engine does of its own.
    pub async fn caller(&self, tenant: Uuid) -> Result<Caller> {
        let mut origin = self.platform.origin(None);
        origin.cause_kind = "event";
        Ok(Caller { access: self.access(tenant).await?, session: None, origin })
    }
}

/// What was asked of a workspace's automation, or nothing where the workspace is closed or gone: there the automation is nobody. Every other fault
/// is passed on: a database that did not answer may answer next time, and whoever took it for a closed workspace would pass over its events for good.
pub fn unless_closed<T>(asked: Result<T>) -> Result<Option<T>> {
    match asked {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Forbidden) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Faults in one sentence, for a run that could not begin.
pub fn told(faults: &[DefinitionFault]) -> String {
    let all: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.place(), fault.message)).collect();
    format!("The workflow no longer fits the descriptions: {}", all.join("; "))
}
