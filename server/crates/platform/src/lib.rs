//! What every operation stands on: the context, the tenant transaction, the dispatcher, changes and events, sessions, secrets, limits and
//! the one way out of the process.
//!
//! Nothing here knows a business. Clock, randomness, pools and HTTP are reached through it and banned elsewhere (clippy.toml).

pub mod access;
pub mod audit;
pub mod auth;
pub mod capability;
pub mod change;
pub mod clock;
pub mod ctx;
pub mod db;
pub mod dispatch;
pub mod egress;
pub mod idempotency;
pub mod limit;
pub mod live;
pub mod migrate;
pub mod notice;
pub mod presence;
pub mod random;
pub mod read;
pub mod rotation;
pub mod secret;
pub mod services;
pub mod shared;
pub mod shelf;
pub mod statement;
pub mod still;
pub mod stop;
pub mod wake;

pub use access::{Access, StaffAccess, Through, Waiting};
pub use change::Change;
pub use ctx::{Ctx, StaffCtx};
pub use db::{Durable, Pools, Readers, TenantPool, TenantTx, TxMode, db_error};
pub use dispatch::{Caller, Platform, Registry, Reply};
pub use idempotency::Idempotent;
pub use notice::Notice;
pub use services::{Catalogs, Services};
pub use shared::Shared;
pub use statement::{Bind, Row, Statement};
pub use stop::Stop;
