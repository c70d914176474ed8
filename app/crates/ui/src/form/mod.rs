//! Forms: plain controls that post without a script, each with its label, hint and error wired for assistive technology.
//!
//! A control's id is its name unless said otherwise, so that [`FormErrors`] can link to `#name`.

mod choice;
mod frame;
mod special;
mod text;

pub use choice::*;
pub use frame::*;
pub use special::*;
pub use text::*;
