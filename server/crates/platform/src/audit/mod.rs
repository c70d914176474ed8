//! The audit trail and the proof that it is whole.
//!
//! `changes` is written by the transactions that it tells of (`change.rs`). Behind them [`seal`] hashes what was committed onto one chain for
//! each workspace, within a second, so that no writer ever waits for a chain. [`anchor`] keeps the heads of the chains outside the database,
//! under a key that the database never sees: whoever rewrites rows, seals and heads together is found out by those. [`verify`] reads all of it
//! again, and says what is not as it was and where. [`file`] writes chains into files that can be verified without a database, and moves old
//! parts of them there.

mod actor;
pub mod anchor;
pub mod chain;
pub mod file;
pub mod seal;
pub mod sign_ins;
pub mod verify;

use crate::change::Change;
use crate::db::TxMode;
use crate::dispatch::{Caller, Platform};
use domain::Error;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;

/// As sessions keep it.
const AGENT_CHARS: usize = 400;

/// The browser or program at the other end, as far as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    pub address: Option<String>,
    pub agent: Option<String>,
}

impl Client {
    pub fn new(address: IpAddr, agent: Option<&str>) -> Self {
        let agent = agent.map(|agent| agent.chars().filter(|letter| !letter.is_control()).take(AGENT_CHARS).collect());
        Self { address: Some(address.to_canonical().to_string()), agent }
    }
}

/// Writes down that a member was refused: who, what, from where, and the permission that was missing. The refusal is told either way; that it
/// could not be written down stands in the log.
pub async fn refused(platform: &Arc<Platform>, caller: &Caller, operation: &'static str, error: &Error) {
    tracing::warn!(
        operation,
        tenant = %caller.access.tenant,
        member = %caller.access.member,
        permission = error.required_permission,
        "refused"
    );
    let wrote = async {
        let mut ctx = platform.open(caller, operation, TxMode::ReadWrite).await?;
        ctx.outcome = "refused";
        // `crm.lead.update` is about leads.
        let named = error.required_permission.as_deref().and_then(|permission| permission.split('.').nth(1));
        let entity = named.unwrap_or("workspace").to_owned();
        ctx.changed(Change {
            entity,
            record: None,
            before: None,
            after: Some(json!({ "permission": error.required_permission, "reason": error.message })),
            event: None,
        });
        ctx.commit().await
    };
    if let Err(error) = wrote.await {
        tracing::error!(%error, operation, "a refusal could not be written down");
    }
}
