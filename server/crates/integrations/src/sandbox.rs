//! The mailer where no mail server is configured. The message says so, and its page shows what would have gone out.

use domain::backend::BoxFuture;
use platform::capability::{Delivery, Mail, Mailer};

#[derive(Debug, Clone, Copy, Default)]
pub struct Sandbox;

impl Mailer for Sandbox {
    fn deliver<'a>(&'a self, _: &'a Mail) -> BoxFuture<'a, Delivery> {
        Box::pin(async { Delivery::Sandboxed })
    }
}
