//! Who calls: put into the request by the server after the session (or key) was read.

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::schema::{Catalog, Entity};
use domain::{Error, Operation, Result};
use platform::Idempotent;
use platform::{Caller, Platform, Reply};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

#[derive(Clone)]
pub struct ApiCaller {
    pub platform: Arc<Platform>,
    pub caller: Caller,
    pub request: Uuid,
}

impl ApiCaller {
    pub fn catalog(&self) -> Arc<Catalog> {
        self.platform.services.catalogs.of(&self.caller.access.industry)
    }

    /// The entity behind a path segment. One that this workspace's industry lacks is as unknown as one that never was.
    pub fn entity(&self, plural: &str) -> Result<Arc<Entity>, Problem> {
        self.catalog().by_plural(plural).cloned().ok_or_else(|| self.problem(Error::not_found()))
    }

    pub fn problem(&self, error: Error) -> Problem {
        Problem { error, request: Some(self.request) }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.platform.services.clock.now()
    }

    pub fn timestamp(&self) -> String {
        self.now().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// Runs a typed operation.
    pub async fn run<O: Operation>(&self, operation: O) -> Result<O::Output, Problem> {
        self.platform.clone().backend(self.caller.clone()).run(operation).await.map_err(|error| self.problem(error))
    }

    /// Runs an operation by name; with a key, once per key.
    pub async fn run_json(&self, name: &str, input: Value, once: Option<Idempotent>) -> Result<Reply, Problem> {
        let answer = match once {
            Some(once) => self.platform.clone().run_once(self.caller.clone(), name.to_owned(), input, once).await,
            None => {
                let backend = self.platform.clone().backend(self.caller.clone());
                backend.0.run_json(name, input).await.map(|json| Reply { json, replayed: false })
            }
        };
        answer.map_err(|error| self.problem(error))
    }
}

impl<S: Sync> FromRequestParts<S> for ApiCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or(Problem { error: Error::unauthenticated(), request: None })
    }
}
