//! The one door from pages to the business. The server makes a `Backend` for each request, already bound to who asks and where, and
//! provides it to the pages, which never see a context, a pool or a session.

use crate::error::{Error, Result};
use crate::operation::Operation;
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
pub type AnyBox = Box<dyn Any + Send>;

pub trait Backend: Send + Sync {
    /// Runs an operation for the bound caller. `operation` holds the struct whose `Operation::NAME` is `name`; the answer holds its output.
    fn run_any(&self, name: &'static str, operation: AnyBox) -> BoxFuture<'static, Result<AnyBox>>;

    /// The same by name with JSON on both sides, for callers that cannot name the type: a workflow step, the API, an island.
    fn run_json(&self, name: &str, operation: serde_json::Value) -> BoxFuture<'static, Result<String>>;
}

#[derive(Clone)]
pub struct BackendHandle(pub Arc<dyn Backend>);

impl BackendHandle {
    pub async fn run<O: Operation>(&self, operation: O) -> Result<O::Output> {
        let answer = self.0.run_any(O::NAME, Box::new(operation)).await?;
        // A registry that answers another type is a defect that the catalogue test reports; here it must not take the process down.
        answer.downcast::<O::Output>().map(|output| *output).map_err(|_| Error::internal())
    }
}
