//! What a customer receives: the page, the PDF, and that both say the same.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where something is not as it should be")]

mod cases;
mod hostile;
mod html;
mod layout;
mod pdf;
mod reader;
mod samples;
