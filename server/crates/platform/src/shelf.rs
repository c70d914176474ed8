//! Where files lie, and who looks into them first: traits that the outside is put behind, and the one maker of keys. What is stored is written down
//! first, in `erasures`, so that whatever comes to count for nothing goes again.

use crate::ctx::Ctx;
use crate::db::db_error;
use crate::statement::{Bind, Statement};
use chrono::TimeDelta;
use domain::backend::BoxFuture;
use domain::{Error, Result, TenantId};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;
use words::t;

/// Where one file lies. Made here alone, from ids alone: every key begins with its workspace, and no name that somebody typed is part of one.
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey(String);

impl FileKey {
    pub fn new(tenant: TenantId, file: Uuid) -> Self {
        Self(format!("{}/{}", tenant.0.simple(), file.simple()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub trait FileStore: Send + Sync + 'static {
    fn put<'a>(&'a self, key: &'a FileKey, content: Vec<u8>) -> BoxFuture<'a, Result<()>>;

    /// Not found, where nothing lies there.
    fn get<'a>(&'a self, key: &'a FileKey) -> BoxFuture<'a, Result<Vec<u8>>>;

    /// Afterwards nothing lies there; nor need anything have lain there before.
    fn delete<'a>(&'a self, key: &'a FileKey) -> BoxFuture<'a, Result<()>>;
}

/// What a scanner found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scan {
    Clean,
    /// Its name for what is in there.
    Found(String),
    /// It could not be asked: the file is held until it can.
    Later(String),
}

pub trait Scanner: Send + Sync + 'static {
    fn scan<'a>(&'a self, content: &'a [u8]) -> BoxFuture<'a, Scan>;
}

/// An extension point of the registry. Without a scanner files are ready at once.
#[derive(Clone)]
pub struct Shelf {
    pub store: Arc<dyn FileStore>,
    pub scanner: Option<Arc<dyn Scanner>>,
}

/// Longer than it takes to store any content: what counts for nothing by then comes to count for nothing.
const STORING: TimeDelta = TimeDelta::hours(1);

const BEGIN: &str = "insert into erasures (tenant_id, id, due_at) values ($1, $2, $3)";
const KEPT: &str = "delete from erasures where tenant_id = $1 and id = $2 returning id";

/// Before content is stored, and outside of the transaction: what comes to be no file, since it is refused later or the process dies, goes again.
pub async fn begin(ctx: &Ctx, file: Uuid) -> Result<()> {
    let begun = sqlx::query(BEGIN).bind(ctx.access.tenant.0).bind(file).bind(ctx.now() + STORING);
    begun.execute(&ctx.services.pools.platform).await.map_err(db_error).map(drop)
}

/// Where the file is written: its content stays if the transaction commits.
pub async fn kept(ctx: &mut Ctx, file: Uuid) -> Result<()> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(file))];
    let struck = ctx.fetch(Statement::new(KEPT, binds)).await?;
    if struck.is_empty() {
        return Err(Error::unavailable(t!("Keeping the file took too long. Nothing was saved; try again")));
    }
    Ok(())
}

/// Where files lie in this process.
pub fn of(ctx: &Ctx) -> Result<Arc<Shelf>> {
    ctx.hooks::<Shelf>().first().cloned().ok_or_else(|| Error::unavailable(t!("No file store is set up here")))
}
