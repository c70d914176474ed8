//! A durable queue over PostgreSQL.
//!
//! A job is queued in the transaction of what it follows from. A worker claims it under a lease that it renews while it works; when the
//! worker dies, the lease runs out and another worker takes the job over under the next claim number. Work reaches the database at most once
//! per claim number: the business transaction calls [`fence`] (or [`finish`], which also ends the job) right before its commit, and a worker
//! that lost its job in the meantime fails there instead of committing. Toward the outside world a job runs at least once. One that works by
//! steps calls [`advance`] with each: its tries are counted anew from there.
//!
//! Leases are measured by the database's clock alone, so workers need not agree on the time. This crate knows no tenants: `scope` is a
//! column that it hands through.

mod claim;
mod queue;
mod worker;

pub use claim::Claimed;
pub use queue::{Fenced, NewJob, Queue, Stats, advance, enqueue, fence, finish};
pub use worker::{BoxFuture, Handler, Outcome, Running, Worker, WorkerConfig};
