//! What every request passes, whatever it asks for.

pub mod cross_site;
pub mod headers;
pub mod isolate;
pub mod language;
pub mod limits;
pub mod request;
