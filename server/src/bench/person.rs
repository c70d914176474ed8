//! Somebody who is signed in, and what they ask for as their browser does.

use super::client::{Connection, request};
use super::process::Nexus;
use super::world::World;
use anyhow::{Context, Result, bail};
use domain::Operation;
use serde_json::Value;

pub struct Person {
    pub connection: Connection,
    /// The path that everything of it lies under.
    pub workspace: String,
    pub cookie: String,
}

impl Person {
    pub async fn sign_in(world: &World, nexus: &Nexus) -> Result<Self> {
        let cookie = world.sign_in(nexus.address).await?;
        Self::known(world, nexus, cookie).await
    }

    /// Somebody who has these cookies already.
    pub async fn known(world: &World, nexus: &Nexus, cookie: String) -> Result<Self> {
        Ok(Self { connection: Connection::open(nexus.address).await?, workspace: world.path(), cookie })
    }

    pub async fn operation(&mut self, name: &str, input: &Value) -> Result<Value> {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("sec-fetch-site", "same-origin"),
        ];
        let path = format!("{}/api/v1/operations/{name}", self.workspace);
        let answer = self.connection.send(&request("POST", &path, &headers, &input.to_string())).await?;
        let body = self.connection.body(answer)?;
        if answer.status != 200 {
            bail!("{name} answered {}: {}", answer.status, String::from_utf8_lossy(&body));
        }
        let mut body: Value = serde_json::from_slice(&body).with_context(|| format!("{name} answered no JSON"))?;
        Ok(body["data"].take())
    }

    /// The same with the types of the operation.
    pub async fn run<O: Operation>(&mut self, operation: &O) -> Result<O::Output> {
        let output = self.operation(O::NAME, &serde_json::to_value(operation)?).await?;
        serde_json::from_value(output).with_context(|| format!("{} answered something else", O::NAME))
    }
}
