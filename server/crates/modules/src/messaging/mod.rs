//! Messages to people outside: made from templates and queued with what they follow from, delivered by a job after the commit.
//!
//! `template` holds what is written in `server/templates/messages`, `render` fills it in, `send`, `resend` and `cancel` are the operations
//! that write, `look` those that read, `attach` knows the documents that go along, `deliver` is the job. Which server takes the mail, or that
//! none does, is the mailer's business (`platform::capability`).

mod attach;
mod cancel;
mod deliver;
mod look;
pub(crate) mod render;
mod resend;
mod send;
mod store;
pub mod template;

pub use deliver::{DeliveryJob, delivery_job};

use platform::Registry;

pub fn register(registry: &mut Registry) {
    registry.add(send::send).add(resend::resend).add(cancel::cancel).add(look::preview).add(look::deliveries);
}
