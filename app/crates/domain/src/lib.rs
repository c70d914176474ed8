//! What Nexus is about, without saying how it is done: errors, operations, descriptions of entities, values, filters and permissions.
//!
//! This crate is compiled for the browser too. It does no IO, reads no clock, draws no random number and depends on nothing that would
//! weigh in the wasm bundle. Each folder below is an area and carries the same name in `modules`, `app` and the tests.

pub mod admin;
pub mod audit;
pub mod backend;
pub mod calendar;
pub mod company;
pub mod crm;
pub mod currency;
pub mod documents;
pub mod error;
pub mod exports;
pub mod finance;
pub mod help;
pub mod id;
pub mod imports;
pub mod inventory;
pub mod messaging;
pub mod money;
pub mod onboarding;
pub mod operation;
pub mod people;
pub mod permission;
pub mod records;
pub mod sales;
pub mod schema;
pub mod text;
pub mod views;
pub mod workflow;

pub use backend::{Backend, BackendHandle};
pub use error::{Error, FieldError, Kind, Result};
pub use id::{MemberId, TenantId, UserId};
pub use money::Money;
pub use operation::{Operation, OperationKind, Realm, Requires};
pub use permission::{Grants, Reach, Verb};
