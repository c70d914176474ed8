//! Where files lie, and who looks into them first: traits that the outside is put behind, and the one maker of keys.

use domain::backend::BoxFuture;
use domain::{Result, TenantId};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

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
